"""`ivim fetch-data`: openly licensed scans and regions to try the project on."""

from ivim.cli.words import Commands


def add(commands: Commands) -> None:
    """Add the command.

    Parameters
    ----------
    commands : argparse sub-parsers
        Of ``ivim``.
    """
    command = commands.add_parser(
        "fetch-data", help="fetch openly licensed real scans, pinned and checked by SHA-256"
    )
    command.add_argument(
        "--out", metavar="DIR", help="folder for the scans (default: the user's cache)"
    )
    command.add_argument(
        "--set",
        metavar="NAME",
        nargs="+",
        dest="sets",
        help="which to fetch, or all (default: the two series in NIfTI); --list names them",
    )
    command.add_argument("--list", action="store_true", help="name the sets and fetch nothing")
    command.set_defaults(run=_fetch_data)


def _fetch_data(args):
    from ivim.imaging.fetch import SETS, fetch_data

    if args.list:
        print("\n".join(f"{name}: {one.text}" for name, one in SETS.items()))
        return
    for path in fetch_data(args.out, sets=args.sets):
        print(path)
