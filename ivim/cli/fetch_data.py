"""`ivim fetch-data`: openly licensed scans to try the project on."""


def add(commands):
    """Add the command."""
    command = commands.add_parser(
        "fetch-data", help="fetch openly licensed real scans, pinned and checked by SHA-256"
    )
    command.add_argument(
        "--out", metavar="DIR", help="folder for the scans (default: the user's cache)"
    )
    command.set_defaults(run=_fetch_data)


def _fetch_data(args):
    from ivim.imaging.fetch import fetch_data

    for path in fetch_data(args.out):
        print(path)
