"""`ivim study`: a study on disk through to every table, figure and page."""

import sys
from collections.abc import Mapping
from pathlib import Path

from ivim.cli import measure
from ivim.cli.words import Commands


def add(commands: Commands) -> None:
    """Add the command.

    Parameters
    ----------
    commands : argparse sub-parsers
        Of ``ivim``.
    """
    command = commands.add_parser(
        "study",
        help="measure a study on disk, draw a page per patient, and make all tables and figures",
    )
    command.add_argument("study", metavar="STUDY", help="folder with participants.tsv (BIDS)")
    command.add_argument(
        "--out", metavar="DIR", required=True, help="new or empty folder, or that of an earlier run"
    )
    command.add_argument(
        "--positive",
        metavar="NAME",
        help="the group that counts as disease (default: metastasis, else the last)",
    )
    measure.add_options(command)
    command.add_argument(
        "--force", action="store_true", help="write into a folder that holds other files"
    )
    command.set_defaults(run=_study)


def _study(args):
    from ivim.cli import words
    from ivim.imaging.bids import read_participants
    from ivim.study.whole import run_study

    with words.progress(len(read_participants(args.study)), "patient") as step:
        found, seconds = run_study(
            args.study,
            args.out,
            measure.options_of(args),
            positive=args.positive,
            force=args.force,
            say=lambda line: print(line, file=sys.stderr, flush=True),
            progress=step,
            **measure.keywords(args),
        )
    print(f"{len(found.records)} patients, {len(found.fresh)} of them measured now")
    if found.fresh:
        print(shares(seconds))
    print(f"begin with {Path(args.out) / 'index.html'}")
    return measure.report(found)


def shares(seconds: Mapping[str, float]) -> str:
    """What took how long: the patients' work by kind (processor time of all workers), then the
    steps.

    Parameters
    ----------
    seconds : dict of str to float
        Of :func:`ivim.study.whole.run_study`.

    Returns
    -------
    str
    """
    work = {name: seconds[name] for name in ("reading", "fitting", "drawing") if name in seconds}
    total = sum(work.values()) or 1.0
    parts = ", ".join(f"{name} {value / total:.0%}" for name, value in work.items())
    steps = ", ".join(
        f"{name} {seconds[name]:.1f} s" for name in ("measuring", "notebooks", "summary")
    )
    return f"patients: {parts} of {total:.1f} s; steps: {steps}"
