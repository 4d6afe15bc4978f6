"""Break the code on purpose, one small change at a time, and see whether a test notices.

    python tools/mutants.py stats --sample 60 --seed 1 [--write]
    python tools/mutants.py stats --again

A room's modules are changed in a copy of the project: a comparison turned or widened, a constant
moved by one, `and` for `or`, plus for minus, a `not` dropped. For each change the room's tests run
until the first failure, those of the module first and of these the quick ones. A change that no
test notices survives: a test is missing, or the change makes no difference; the latter are listed
with their reason in `tools/equivalent_mutants.csv`. ``--write`` puts the outcome into
``benchmarks/mutants.md``; ``--again`` tries those once more that the page lists as not caught,
after a test was added. Exit code 0 when at least 90 % of the changes that make a difference are
caught.
"""

import argparse
import ast
import copy
import csv
import multiprocessing
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
EQUIVALENT = ROOT / "tools" / "equivalent_mutants.csv"
PAGE = ROOT / "benchmarks" / "mutants.md"
# Room: its modules, and how its tests are called. Each change of the compiled solver is compiled
# anew, which takes a minute; so it is a room of its own, with a smaller sample.
_SIGNAL_TESTS = ["test_signal_*.py", "test_engine.py", "test_maps.py", "test_recipe.py"]
# What the auditor makes of the checks.
_AUDITOR = ["test_audit_engine.py", "test_audit_cases.py", "test_audit_designs.py"]
ROOMS = {
    "stats": ("ivim/stats/*.py", ["test_stats_*.py"]),
    "audit/checks": ("ivim/audit/checks/*.py", ["test_audit_checks_*.py", *_AUDITOR]),
    "signal": ("ivim/signal/[!s]*.py ivim/signal/sh*.py", _SIGNAL_TESTS),
    "signal/solver": ("ivim/signal/solver.py", _SIGNAL_TESTS),
}
COMPILED = {"ivim/signal/solver.py"}
LIBRARIES = ["pytest", "hypothesis", "numpy", "pandas", "scipy.stats", "scipy.optimize", "lmfit",
             "pingouin", "statsmodels.api", "numba"]  # fmt: skip
"""Loaded once; each run of tests is a fork of the process that has them."""
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


def tests_of(room, project):
    """The room's test files in the copy."""
    folder = project / "tests"
    found = [test for pattern in ROOMS[room][1] for test in sorted(folder.glob(pattern))]
    return [f"tests/{test.name}" for test in dict.fromkeys(found)]


def ordered(path, seconds, project):
    """The test files, those that have the module's name first, then those that speak of it; of
    these the quick ones first.

    Parameters
    ----------
    path : Path
        The module.
    seconds : dict of str to float
        What each test file takes.
    project : Path

    Returns
    -------
    list of str
    """
    word = re.compile(rf"\b{path.stem}\b")

    def rank(test):
        named = Path(test).stem.endswith(f"_{path.stem}")
        spoken = word.search((project / test).read_text(encoding="utf-8"))
        return 0 if named else 1 if spoken else 2, seconds[test]

    return sorted(seconds, key=rank)


def passes(project, tests, limit, cache=None):
    """Whether the tests pass in the copy; a run over the limit counts as a failure.

    Parameters
    ----------
    project : Path
    tests : list of str
    limit : float, s
    cache : Path, optional
        Where compiled code is kept; by default beside the copy.

    Returns
    -------
    bool
    """
    forked = "forkserver" in multiprocessing.get_all_start_methods()
    context = multiprocessing.get_context("forkserver" if forked else "spawn")
    if forked:
        context.set_forkserver_preload(LIBRARIES)
    cache = cache or project.parent / "compiled"
    process = context.Process(target=_run_tests, args=(str(project), tests, str(cache)))
    process.start()
    process.join(limit)
    if process.is_alive():
        _end(process)
        return False
    return process.exitcode == 0


def _run_tests(project, tests, cache):
    """The body of the process that runs the tests; its exit code is pytest's."""
    if hasattr(os, "setsid"):
        os.setsid()  # so that its own processes can be ended with it
    silent = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(silent, stream)
    os.chdir(project)
    sys.path.insert(0, project)
    sys.dont_write_bytecode = True
    os.environ |= {"PYTHONPATH": project, "PYTHONDONTWRITEBYTECODE": "1", "NUMBA_CACHE_DIR": cache}
    if numba := sys.modules.get("numba"):
        numba.config.reload_config()
    import pytest

    plugins = ["-p", "no:nbval", "-p", "no:cacheprovider", "-p", "no:xdist"]
    sys.exit(int(pytest.main(["-x", "-q", "-o", "addopts=", *plugins, *tests])))


def _end(process):
    if hasattr(os, "killpg") and os.getpgid(process.pid) == process.pid:
        os.killpg(process.pid, signal.SIGKILL)
    process.kill()
    process.join()


def excused():
    """The changes that make no difference: path, line as it stands, change -> reason; ``*`` for the
    line and the change stands for all of a module.
    """
    if not EQUIVALENT.exists():
        return {}
    with EQUIVALENT.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    return {(row["path"], row["text"], row["change"]): row["reason"] for row in rows}


def verdict(mutant, tests, project, limit, reasons):
    """What becomes of a change.

    Parameters
    ----------
    mutant : dict
        Of :func:`mutants`.
    tests : list of str
    project : Path
        The copy.
    limit : float, s
    reasons : dict
        Of :func:`excused`.

    Returns
    -------
    {"equivalent", "caught", "survived"}
    """
    path = mutant["path"]
    if (path, "*", "*") in reasons or (path, mutant["text"], mutant["change"]) in reasons:
        return "equivalent"
    target = project / path
    before, times = target.read_text(encoding="utf-8"), target.stat()
    target.write_text(changed_source(before, mutant["number"]), encoding="utf-8")
    try:
        with tempfile.TemporaryDirectory() as fresh:
            cache = Path(fresh) if path in COMPILED else None
            noticed = not passes(project, tests, limit, cache)
    finally:
        target.write_text(before, encoding="utf-8")
        # Compiled code is kept by the time of its source.
        os.utime(target, ns=(times.st_atime_ns, times.st_mtime_ns))
    return "caught" if noticed else "survived"


def durations(room, project):
    """Seconds of each of the room's test files before anything is changed.

    Parameters
    ----------
    room : str
    project : Path

    Returns
    -------
    dict of str to float

    Raises
    ------
    ValueError
        When one fails already.
    """
    found = {}
    for test in tests_of(room, project):
        began = time.monotonic()
        if not passes(project, [test], 1200):
            msg = f"{test} fails before anything is changed"
            raise ValueError(msg)
        found[test] = time.monotonic() - began
    return found


def sample(room, size, seed, module=None):
    """Changes drawn from a room.

    Parameters
    ----------
    room : str
    size : int
    seed : int
    module : str, optional
        Of this module alone.

    Returns
    -------
    chosen : list of dict
    possible : int
        How many there are.

    Raises
    ------
    ValueError
        When nothing can be changed.
    """
    paths = sorted(path for pattern in ROOMS[room][0].split() for path in ROOT.glob(pattern))
    paths = [path for path in dict.fromkeys(paths) if module in (None, path.stem)]
    every = [mutant for path in paths for mutant in mutants(path)]
    if not every:
        msg = f"nothing to change in {room}" + (f", module {module}" if module else "")
        raise ValueError(msg)
    return random.Random(seed).sample(every, min(size, len(every))), len(every)


def section(room, head, counts, survived):
    """What the page says of a room.

    Parameters
    ----------
    room : str
    head : str
        The sample in words.
    counts : dict of str to int
    survived : list of dict
        The changes that were not caught.

    Returns
    -------
    str
        Markdown.
    """
    told = counts["caught"] + counts["survived"]
    lines = [f"## {room}\n", f"{head}: {counts['caught']} of {told} caught, "
             f"{counts['equivalent']} make no difference.\n"]  # fmt: skip
    if survived:
        lines += ["| not caught | line | change |", "|---|---|---|"]
        lines += [
            f"| {one['path']}:{one['line']} | `{_cell(one['text'])}` | `{_cell(one['change'])}` |"
            for one in survived
        ]
        lines.append("")
    return "\n".join(lines)


def write_page(room, text):
    """Put a room's section into the page; the others stay."""
    title = "# Changes that no test notices\n"
    about = (
        "Made by `python tools/mutants.py ROOM --write`: small changes of the code, drawn by "
        "chance, and whether the room's tests notice them. What makes no difference is listed with "
        "its reason in `tools/equivalent_mutants.csv`. Where a drawn change went unnoticed, a test "
        "was added and the change tried again: the page says what the tests hold today, and is no "
        "estimate for changes that were not drawn.\n"
    )
    old = PAGE.read_text(encoding="utf-8") if PAGE.exists() else ""
    parts = {part.split("\n", 1)[0]: f"## {part}" for part in old.split("\n## ")[1:]}
    parts[room] = text
    body = "\n".join(parts[name].rstrip() + "\n" for name in ROOMS if name in parts)
    PAGE.write_text(f"{title}\n{about}\n{body}", encoding="utf-8")


def again(room, limit=None):
    """Try what the page lists as not caught once more, and bring the page up to date.

    Parameters
    ----------
    room : str
    limit : float, optional

    Returns
    -------
    str
        The room's new section. A change whose line is gone made no difference.

    Raises
    ------
    ValueError
        When the page has no such room.
    """
    page = PAGE.read_text(encoding="utf-8") if PAGE.exists() else ""
    found = re.search(rf"^## {room}\n\n(.*?): (\d+) of (\d+) caught, (\d+) make", page, re.M)
    if not found:
        msg = f"{PAGE.name} has no run of {room}; make one with --write"
        raise ValueError(msg)
    part = page[found.start() :].split("\n## ")[0]
    rows = re.findall(r"^\| (ivim/\S+):\d+ \| (.*) \| (`.*`) \|$", part, re.M)
    listed = [tuple(cell.strip("`").replace("\\|", "|") for cell in row) for row in rows]
    known = {}
    for path in {row[0] for row in listed}:
        for one in mutants(ROOT / path):
            known.setdefault((path, one["text"], one["change"]), []).append(one)
    tries = tried([one for row in listed for one in known.get(row, ())], room, limit)
    counts = {"caught": int(found[2]), "survived": 0, "equivalent": int(found[4])}
    survived = []
    for row in listed:
        outcomes = [name for name, one in tries if (one["path"], one["text"], one["change"]) == row]
        name = next((n for n in ("survived", "caught") if n in outcomes), "equivalent")
        counts[name] += 1
        survived += known[row][:1] if name == "survived" else []
    return section(room, found[1], counts, survived)


def main():
    """Run the sample and print what was caught."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("room", choices=ROOMS, help="the room to change")
    parser.add_argument("--sample", type=int, default=50, help="how many changes (50)")
    parser.add_argument("--seed", type=int, default=1, help="decides which (1)")
    parser.add_argument("--limit", type=float, help="seconds per change (3 times a clean run)")
    parser.add_argument("--module", help="change this module alone, e.g. roc")
    parser.add_argument("--again", action="store_true",
                        help=f"try what {PAGE.name} lists as not caught once more")  # fmt: skip
    parser.add_argument("--write", action="store_true", help=f"store the outcome in {PAGE.name}")
    options = parser.parse_args()
    # Ended from outside it still stops its tests and removes its copy.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(130))
    # A fork with threads in it may hang.
    os.environ |= dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")
    try:
        if options.again:
            text = again(options.room, options.limit)
        else:
            chosen, possible = sample(options.room, options.sample, options.seed, options.module)
            outcomes = tried(chosen, options.room, options.limit)
            head = f"{len(chosen)} of {possible} possible changes (seed {options.seed})"
            survived = [mutant for outcome, mutant in outcomes if outcome == "survived"]
            text = section(options.room, head, _counts(outcomes), survived)
    except ValueError as error:
        parser.error(str(error))
    if options.write or options.again:
        write_page(options.room, text)
    print(text)
    caught, told = map(int, re.search(r": (\d+) of (\d+) caught", text).groups())
    return 0 if caught >= ENOUGH * told else 1


def tried(chosen, room, limit=None):
    """Try changes one after the other, saying what becomes of each.

    Parameters
    ----------
    chosen : list of dict
    room : str
    limit : float, optional
        Seconds for each.

    Returns
    -------
    list of (str, dict)
    """
    outcomes, reasons = [], excused()
    with tempfile.TemporaryDirectory() as temporary:
        project = copied(Path(temporary))
        seconds = durations(room, project)
        for mutant in chosen:
            began = time.monotonic()
            tests = ordered(project / mutant["path"], seconds, project)
            most = limit or 60 + 4 * sum(seconds.values()) + 300 * (mutant["path"] in COMPILED)
            outcomes.append((verdict(mutant, tests, project, most, reasons), mutant))
            told = f"{mutant['path']}:{mutant['line']}  {mutant['change']}  | {mutant['text']}"
            took = time.monotonic() - began
            print(f"{outcomes[-1][0]:10} {told}  ({took:.0f} s)", flush=True)
    return outcomes


def _counts(outcomes):
    names = [outcome for outcome, _ in outcomes]
    return {name: names.count(name) for name in ("caught", "survived", "equivalent")}


def _cell(text):
    return text.replace("|", "\\|")


def _hang(parent, field, at, node):
    if at is None:
        setattr(parent, field, node)
    else:
        getattr(parent, field)[at] = node


if __name__ == "__main__":
    sys.exit(main())
