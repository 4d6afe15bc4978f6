"""`ivim reproduce`: the notebooks, end to end."""

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
        "reproduce",
        help="run the notebooks: Tables 1-5, Figures 1-3, the audit; or the same on your own table",
    )
    command.add_argument(
        "--patients", metavar="CSV", help="your patients (patient,group[,primary,sex,age])"
    )
    command.add_argument(
        "--measurements",
        metavar="CSV",
        help="your measurements (patient,reader,one column per parameter)",
    )
    command.add_argument(
        "--positive",
        metavar="NAME",
        help="the group that counts as disease (default: metastasis, else the last)",
    )
    command.add_argument(
        "--out",
        metavar="DIR",
        help="where results go (default: results/, or results/own-NAME/ for your own table)",
    )
    command.add_argument(
        "--only",
        metavar="NOTEBOOK",
        nargs="+",
        default=(),
        help="only these, by the beginning of the name, e.g. 05",
    )
    command.add_argument(
        "-p",
        dest="parameters",
        metavar="NAME=VALUE",
        action="append",
        default=[],
        help="set a notebook parameter",
    )
    command.add_argument(
        "--jobs",
        type=words.positive,
        metavar="N",
        help="notebooks at a time (default: one per core)",
    )
    command.add_argument("--force", action="store_true", help="run also what has not changed")
    command.add_argument(
        "--update-notebooks",
        action="store_true",
        help="also store the executed notebooks in notebooks/ (for editors)",
    )
    command.set_defaults(run=_reproduce)


def _reproduce(args):
    from ivim.run import reproduce

    return reproduce(
        args.out,
        jobs=args.jobs,
        only=args.only,
        force=args.force,
        patients=args.patients,
        measurements=args.measurements,
        positive=args.positive,
        parameters=words.assignments(args.parameters),
        update_notebooks=args.update_notebooks,
    )
