"""Break the code on purpose, one small change at a time, and see whether a test notices.

    python tools/mutants.py stats --sample 60 --seed 1

A room's modules are changed in a copy of the project: a comparison turned or widened, a constant
moved by one, `and` for `or`, plus for minus, a `not` dropped. For each change the room's tests run
until the first failure. A change that no test notices survives: a test is missing, or the change
makes no difference; the latter are listed with their reason in `tools/equivalent_mutants.csv`.
Exit code 0 when at least 90 % of the changes that make a difference are caught.
"""

import argparse
import ast
import copy
import csv
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
EQUIVALENT = ROOT / "tools" / "equivalent_mutants.csv"
# Room: its folder, and how its tests are called.
ROOMS = {
    "stats": ("ivim/stats", ["test_stats_*.py"]),
    "audit/checks": ("ivim/audit/checks", ["test_audit_checks_*.py"]),
    "signal": ("ivim/signal", ["test_signal_*.py", "test_engine.py", "test_maps.py"]),
}
TURNED = {
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq, ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.In: ast.NotIn, ast.NotIn: ast.In,
}  # fmt: skip
SWAPPED = {ast.And: ast.Or, ast.Or: ast.And, ast.Add: ast.Sub, ast.Sub: ast.Add}
ENOUGH = 0.9


def variants(node):
    """The changed copies of one node of the syntax tree; none where nothing can be changed."""
    found = []
    if isinstance(node, ast.Compare):
        for at, operator in enumerate(node.ops):
            changed = copy.deepcopy(node)
            changed.ops[at] = TURNED[type(operator)]()
            found.append(changed)
    elif isinstance(node, (ast.BoolOp, ast.BinOp)) and type(node.op) in SWAPPED:
        changed = copy.deepcopy(node)
        changed.op = SWAPPED[type(node.op)]()
        found.append(changed)
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        found.append(copy.deepcopy(node.operand))
    elif isinstance(node, ast.Constant) and type(node.value) in (int, float):
        found += [ast.Constant(node.value + step) for step in (1, -1)]
    return found


def places(tree):
    """Each node that may change, with its parent and where it hangs; types and texts stay."""
    pending = [(tree, None, "", None)]
    while pending:
        node, parent, field, at = pending.pop(0)
        if parent is not None:
            yield node, parent, field, at
        for name, value in ast.iter_fields(node):
            if name in ("annotation", "returns") or isinstance(node, ast.JoinedStr):
                continue
            several = isinstance(value, list)
            for place, child in enumerate(value if several else [value]):
                if isinstance(child, ast.AST):
                    pending.append((child, node, name, place if several else None))


def changes(tree):
    """Each change of a module in turn, made in the tree while it is yielded and then undone."""
    for node, parent, field, at in list(places(tree)):
        for changed in variants(node):
            _hang(parent, field, at, ast.copy_location(changed, node))
            yield node, changed
            _hang(parent, field, at, node)


def mutants(path):
    """All changes of one module.

    Parameters
    ----------
    path : Path

    Returns
    -------
    list of dict
        ``path, number`` (of the change), ``line`` (its number), ``text`` (the line as it stands)
        and ``change``.
    """
    source = path.read_text(encoding="utf-8")
    lines, shown = source.splitlines(), path.relative_to(ROOT).as_posix()
    return [
        {
            "path": shown,
            "number": number,
            "line": node.lineno,
            "text": lines[node.lineno - 1].strip(),
            "change": f"{ast.unparse(node)} -> {ast.unparse(changed)}",
        }
        for number, (node, changed) in enumerate(changes(ast.parse(source)))
    ]


def changed_source(source, number):
    """The text of a module after one of its changes."""
    tree = ast.parse(source)
    for at, _ in enumerate(changes(tree)):
        if at == number:
            return ast.unparse(tree)
    msg = f"change {number} is not among those of the module"
    raise ValueError(msg)


def copied(folder):
    """A copy of the tracked and new files, and beside it the reference material that tests use."""
    project = folder / "project"
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    for name in listed.stdout.splitlines():
        if (ROOT / name).is_file():
            (project / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, project / name)
    if (ROOT.parent / "shared").exists():
        (folder / "shared").symlink_to((ROOT.parent / "shared").resolve())
    return project


def tests_of(room, path, project):
    """The room's test files in the copy, those with the module's name first."""
    folder = project / "tests"
    found = [test for pattern in ROOMS[room][1] for test in sorted(folder.glob(pattern))]
    found.sort(key=lambda test: not test.stem.endswith(f"_{path.stem}"))
    return [f"tests/{test.name}" for test in found]


def passes(project, tests, limit):
    """Whether the tests pass in the copy; a run over the limit counts as a failure."""
    command = [sys.executable, "-m", "pytest", "-x", "-q", "-o", "addopts=", "-p", "no:nbval"]
    settings = os.environ | {"PYTHONPATH": str(project), "PYTHONDONTWRITEBYTECODE": "1"}
    process = subprocess.Popen(
        [*command, "-p", "no:cacheprovider", *tests],
        cwd=project, env=settings, start_new_session=True,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        return process.wait(limit) == 0
    except subprocess.TimeoutExpired:
        return False
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def excused():
    """The changes that make no difference: path, line as it stands, change -> reason."""
    if not EQUIVALENT.exists():
        return {}
    with EQUIVALENT.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    return {(row["path"], row["text"], row["change"]): row["reason"] for row in rows}


def verdict(mutant, room, project, limit, reasons):
    """ "equivalent", "caught" or "survived"."""
    if (mutant["path"], mutant["text"], mutant["change"]) in reasons:
        return "equivalent"
    target = project / mutant["path"]
    before = target.read_text(encoding="utf-8")
    target.write_text(changed_source(before, mutant["number"]), encoding="utf-8")
    try:
        noticed = not passes(project, tests_of(room, target, project), limit)
    finally:
        target.write_text(before, encoding="utf-8")
    return "caught" if noticed else "survived"


def main():
    """Run the sample and print what was caught."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("room", choices=ROOMS, help="the room to change")
    parser.add_argument("--sample", type=int, default=50, help="how many changes (50)")
    parser.add_argument("--seed", type=int, default=1, help="decides which (1)")
    parser.add_argument("--limit", type=float, help="seconds per change (3 times a clean run)")
    parser.add_argument("--module", help="change this module alone, e.g. roc")
    options = parser.parse_args()
    # Ended from outside it still stops its tests and removes its copy.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(130))
    folder = ROOT / ROOMS[options.room][0]
    paths = [path for path in sorted(folder.glob("*.py")) if options.module in (None, path.stem)]
    every = [mutant for path in paths for mutant in mutants(path)]
    if not every:
        parser.error(f"nothing to change in {folder.relative_to(ROOT)}; modules: "
                     + ", ".join(sorted(path.stem for path in folder.glob("*.py"))))  # fmt: skip
    chosen = random.Random(options.seed).sample(every, min(options.sample, len(every)))
    counts = dict.fromkeys(("caught", "survived", "equivalent"), 0)
    reasons = excused()
    with tempfile.TemporaryDirectory() as temporary:
        project, start = copied(Path(temporary)), time.monotonic()
        if not passes(project, tests_of(options.room, paths[0], project), 1200):
            parser.error("the tests fail before anything is changed")
        limit = options.limit or 10 + 3 * (time.monotonic() - start)
        for mutant in chosen:
            outcome = verdict(mutant, options.room, project, limit, reasons)
            counts[outcome] += 1
            place = f"{mutant['path']}:{mutant['line']}"
            print(f"{outcome:10} {place}  {mutant['change']}  | {mutant['text']}", flush=True)
    told = counts["caught"] + counts["survived"]
    print(f"{counts['caught']} of {told} caught, {counts['equivalent']} equivalent, "
          f"{len(every)} changes possible in {options.room}")  # fmt: skip
    return 0 if counts["caught"] >= ENOUGH * told else 1


def _hang(parent, field, at, node):
    if at is None:
        setattr(parent, field, node)
    else:
        getattr(parent, field)[at] = node


if __name__ == "__main__":
    sys.exit(main())
