"""`ivim simulate`: a whole study with a known truth, to try everything on."""

import sys

from ivim.cli import words
from ivim.cli.words import Commands


def add(commands: Commands) -> None:
    """Add the command.

    Parameters
    ----------
    commands : argparse sub-parsers
        Of ``ivim``.
    """
    command = commands.add_parser(
        "simulate", help="write a simulated study (BIDS) with two readers' ROIs and the truth"
    )
    command.add_argument("folder", metavar="DIR", help="new or empty folder for the study")
    command.add_argument(
        "--patients", type=words.positive, metavar="N", default=70, help="default: 70"
    )
    command.add_argument(
        "--seed", type=int, metavar="S", default=1, help="same seed, same bytes (default: 1)"
    )
    command.add_argument(
        "--truth", metavar="FILE", help="TOML with groups, readers, sizes and SNR (data/README.md)"
    )
    command.add_argument(
        "--jobs", type=words.positive, metavar="N", help="processes (default: one per core)"
    )
    command.set_defaults(run=_simulate)


def _simulate(args):
    from ivim.synthetic.study import simulate

    with words.progress(args.patients, "patient") as step:
        table = simulate(
            args.folder, args.patients, args.seed, args.truth, jobs=args.jobs, progress=step
        )
    counts = table["group"].value_counts()
    sizes = ", ".join(f"{n} {group}" for group, n in counts.items())
    print(f"{len(table)} simulated patients ({sizes}) in {args.folder}; seed {args.seed}")
    print(f"next: ivim measure {args.folder} --out measurements.csv", file=sys.stderr)
