"""Counts whom the audit accuses: correct studies of many designs, and studies with one slip.

    python benchmarks/audit.py [--studies N] [--slips N] [--jobs N] [--out FILE] [--page FILE]

Every study is a function of its seed (tests/designs). An accusation is a verdict misprint,
impossible or contradicted; in a correct study each one is false. `--list` writes the false ones
with their seeds. Exit code 1 when a line is missed.
"""

import argparse
import re
import sys
import tempfile
import time
import warnings
from collections import Counter, defaultdict
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

from scipy import stats

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from designs.slips import KINDS, plant  # noqa: E402
from designs.study import study  # noqa: E402

ACCUSED = ("misprint", "impossible", "contradicted")
FROM, UNTIL = "<!-- from benchmarks/audit.md -->", "<!-- end -->"
ROUND, MOST_SEEDS = 10, 12
"""At most so many studies between two looks at which kinds still want slips, and for each slip
wanted.
"""

DETECTED, RIGHT, INNOCENT = 0.92, 0.90, 0.005
"""The lines: least share of slips detected, least share with the wrong cell named, largest share
that accuses innocents alone.
"""


def main():
    """Run both parts, print the tables, write them on request."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--studies", type=int, default=1000, help="correct studies of each kind")
    parser.add_argument("--slips", type=int, default=100, help="refutable slips of each kind")
    parser.add_argument(
        "--kinds", nargs="+", choices=list(KINDS), metavar="KIND", default=list(KINDS)
    )
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    parser.add_argument("--jobs", type=int, default=1, help="processes")
    parser.add_argument("--out", type=Path, help="write the tables to this Markdown file")
    parser.add_argument("--page", type=Path, help="and into the page that quotes them")
    parser.add_argument("--list", type=Path, help="write every false accusation to this file")
    args = parser.parse_args()
    start = time.perf_counter()
    seeds = range(args.first, args.first + args.studies)
    with ProcessPoolExecutor(args.jobs, initializer=_quiet) as pool:
        correct = {
            columns: list(pool.map(partial(judged, columns=columns), seeds, chunksize=5))
            for columns in ("eight", "all")
        }
        found = slip_outcomes(pool, args.kinds, args.slips, args.first)
    asked = f"--first {args.first} --studies {args.studies} --slips {args.slips}"
    text = report(correct, found, asked)
    print(text, f"\n{time.perf_counter() - start:.0f} s")
    if args.list:
        args.list.write_text(listed(correct, found), encoding="utf-8")
    if args.out:
        _write(args.out, text)
    if args.page:
        _write(args.page, quoted(args.page.read_text(encoding="utf-8"), text))
    return 0 if lines_met(correct, found) else 1


def judged(seed, columns):
    """What the audit says about the correct study of a seed.

    Returns
    -------
    dict
        ``seed, numbers, verdicts`` (Counter), ``accused`` (rows of the ledger), ``refused`` (the
        error's line, or empty), ``seconds``.
    """
    return _judge(study(seed), columns) | {"seed": seed}


def slip_outcomes(pool, kinds, wanted, first=0):
    """Outcomes of `wanted` refutable slips of each kind, and of those met on the way that are not
    refutable; the same whatever the number of processes.

    Parameters
    ----------
    pool : concurrent.futures.Executor
    kinds : sequence of str
    wanted, first : int

    Returns
    -------
    list of dict
        See :func:`outcome`; kind by kind, in the order of the seeds.
    """
    found, together = {kind: [] for kind in kinds}, min(ROUND, wanted)
    for start in range(first, first + MOST_SEEDS * wanted, together):
        open_ = [kind for kind in kinds if _refutable(found[kind]) < wanted]
        if not open_:
            break
        seeds = range(start, start + together)
        for outcomes in pool.map(partial(_one_study, kinds=open_), seeds):
            for one in outcomes:
                if _refutable(found[one["kind"]]) < wanted:
                    found[one["kind"]].append(one)
    return [one for outcomes in found.values() for one in outcomes]


def _refutable(outcomes):
    return sum(one["refutable"] for one in outcomes)


def _one_study(seed, kinds):
    """One slip of each kind that the study of a seed has a place for."""
    made = study(seed)
    slips = [slip for kind in kinds if (slip := plant(made, kind, seed)) is not None]
    return [outcome(made, slip) | {"seed": seed} for slip in slips]


def outcome(made, slip):
    """Whom the audit of a study with a slip names.

    Returns
    -------
    dict
        ``kind, refutable, detected, right`` (a wrong cell among those named), ``innocent`` (cells
        are accused, none of them
        wrong; or cells are named, none of them wrong), ``named, wrong`` (tuples of id).
    """
    said = _judge(made, "all", slip.rows)
    accused = {row["id"] for row in said["accused"]}
    named, wrong = accused | set(said["disputed"]), set(slip.wrong)
    innocent = bool((accused and not accused & wrong) or (named and not named & wrong))
    return {
        "kind": slip.kind,
        "refutable": slip.refutable,
        "refused": said["refused"],
        "detected": bool(named) or _names(said["refused"], slip),
        "right": bool(named & wrong) or _names(said["refused"], slip),
        "innocent": innocent,
        "named": tuple(sorted(named)),
        "wrong": slip.wrong,
    }


def report(correct, found, options=""):
    """Both tables as Markdown."""
    lines = ["# Whom the audit accuses", ""]
    lines += [f"Written by `{f'python benchmarks/audit.py {options}'.strip()}`.", ""]
    lines += ["## Correct studies", "", "An accusation of a correct study is false.", ""]
    lines += [
        "| claims | studies | numbers | accused studies | rate, upper 95 % limit | false "
        "accusations | disputed numbers "
        "| files refused | numbers checked | slowest |",
        "|:--|--:|--:|--:|--:|--:|--:|--:|--:|--:|",
    ]
    lines += [_correct_row(name, outcomes) for name, outcomes in correct.items() if outcomes]
    lines += ["", "## Planted slips", "", _SLIPS, ""]
    lines += [
        "| slip | planted | detected | a wrong cell is named | only innocents accused | "
        "not refutable | of these noticed |",
        "|:--|--:|--:|--:|--:|--:|--:|",
    ]
    by_kind = defaultdict(list)
    for one in found:
        by_kind[one["kind"]].append(one)
    lines += [_slip_row(kind, by_kind[kind]) for kind in KINDS if by_kind[kind]]
    return "\n".join([*lines, _slip_row("**all**", found), ""])


_SLIPS = (
    "One slip in a study with a structure file. Shares are of the refutable slips: those "
    "with which the printed numbers can no "
    "longer all be right, by relations that the generator of the studies knows. *A wrong "
    "cell is named*: of the slips detected."
)
_CLAIMS = {"eight": "eight columns", "all": "all columns and a structure file"}


def listed(correct, found):
    """Every false accusation on a line of its own, with the seed that gives it."""
    lines = []
    for columns, outcomes in correct.items():
        for one in outcomes:
            lines += [f"{columns} {one['seed']}: refused: {one['refused']}"] * bool(one["refused"])
            lines += [f"{columns} {one['seed']}: {_told(row)}" for row in one["accused"]]
    for one in found:
        if one["innocent"]:
            lines.append(
                f"slip {one['kind']!r} {one['seed']}: named {one['named']}, wrong {one['wrong']}"
            )
        elif one["refutable"] and not one["detected"]:
            lines.append(f"slip {one['kind']!r} {one['seed']}: not detected, wrong {one['wrong']}")
    return "\n".join([*lines, ""])


def lines_met(correct, found):
    """True where nobody is accused falsely and the slips of every kind are found as often as
    promised.
    """
    clean = not any(
        one["accused"] or one["refused"] for found_ in correct.values() for one in found_
    )
    by_kind = defaultdict(list)
    for one in found:
        by_kind[one["kind"]].append(one)
    return clean and all(_kind_meets(outcomes) for outcomes in by_kind.values())


def _kind_meets(outcomes):
    slips = [one for one in outcomes if one["refutable"]]
    detected = [one for one in slips if one["detected"]]
    return (
        len(detected) >= DETECTED * len(slips)
        and sum(one["right"] for one in detected) >= RIGHT * len(detected)
        and sum(one["innocent"] for one in slips) <= INNOCENT * len(slips)
    )


def quoted(page, text):
    """The page with the tables of the report between its two marks.

    Parameters
    ----------
    page, text : str

    Returns
    -------
    str
    """
    before, rest = page.split(FROM, 1)
    after = rest.split(UNTIL, 1)[1]
    correct, _, slips = text.partition("## Planted slips")
    tables = ["\n".join(re.findall(r"(?m)^\|.*$", part)) for part in (correct, slips)]
    return f"{before}{FROM}\n" + "\n\n".join(tables) + f"\n{UNTIL}{after}"


def upper_limit(events, n, confidence=0.95):
    """One-sided upper limit of a rate (Clopper & Pearson 1934)."""
    return 1.0 if events >= n else float(stats.beta.ppf(confidence, events + 1, n - events))


def _write(path, text):
    part = path.with_name(path.name + ".part")
    part.write_text(text, encoding="utf-8")
    part.replace(path)


def _quiet():
    warnings.simplefilter("ignore")


def _judge(made, columns, rows=None):
    from ivim import judge

    with tempfile.TemporaryDirectory() as folder:
        path = made.write(folder, columns, rows)
        start = time.perf_counter()
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                ledger = judge(str(path)).ledger
        except Exception as error:  # a crash is a finding of the benchmark, not its end
            line = str(error).replace(folder, "").strip("/")
            if not isinstance(error, ValueError):
                line = f"crash, {type(error).__name__}: {line}"
            found = {"verdicts": Counter(), "accused": [], "disputed": (), "refused": line}
        else:
            found = {"verdicts": Counter(ledger["verdict"]), "refused": ""}
            found["accused"] = ledger[ledger["verdict"].isin(ACCUSED)].to_dict("records")
            found["disputed"] = tuple(ledger.loc[ledger["verdict"] == "disputed", "id"])
    return found | {"numbers": len(made.rows), "seconds": time.perf_counter() - start}


def _names(refused, slip):
    """Whether the line with which a file is refused names a wrong row."""
    return any(row_id in refused for row_id in slip.wrong)


def _correct_row(name, outcomes):
    n, numbers = len(outcomes), sum(one["numbers"] for one in outcomes)
    accused = sum(bool(one["accused"]) for one in outcomes)
    verdicts = sum((one["verdicts"] for one in outcomes), Counter())
    cells = [
        f"{accused}",
        f"{accused / n:.1%}, {upper_limit(accused, n):.2%}",
        f"{sum(len(one['accused']) for one in outcomes)}",
        f"{verdicts['disputed']}",
        f"{sum(bool(one['refused']) for one in outcomes)}",
        f"{verdicts['consistent'] / numbers:.0%}",
        f"{max(one['seconds'] for one in outcomes):.1f} s",
    ]
    return f"| {_CLAIMS[name]} | {n:,} | {numbers:,} | {' | '.join(cells)} |"


def _slip_row(kind, outcomes):
    slips = [one for one in outcomes if one["refutable"]]
    rest = [one for one in outcomes if not one["refutable"]]
    detected = [one for one in slips if one["detected"]]
    cells = [
        f"{len(slips):,}",
        _percent(len(detected), len(slips)),
        _percent(sum(one["right"] for one in detected), len(detected)),
        _percent(sum(one["innocent"] for one in slips), len(slips)),
        f"{len(rest):,}",
        _percent(sum(one["detected"] for one in rest), len(rest)),
    ]
    return f"| {kind} | {' | '.join(cells)} |"


def _percent(part, whole):
    return f"{part / whole:.1%}" if whole else "-"


def _told(row):
    return (
        f"{row['verdict']} {row['id']}: {row['printed']!r} recovered {row['recovered']!r}: "
        f"{row['reason']}"
    )


if __name__ == "__main__":
    raise SystemExit(main())
