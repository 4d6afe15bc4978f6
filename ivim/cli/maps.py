"""`ivim maps`: parameter maps of a whole scan."""

import sys

from ivim.cli import words


def add(commands):
    """Add the command."""
    command = commands.add_parser(
        "maps", help="parameter maps of a whole scan as NIfTI, with an overview picture"
    )
    words.add_scan(command)
    command.add_argument(
        "--mask", metavar="MASK", help="only these voxels (default: every voxel with signal)"
    )
    command.add_argument(
        "--model",
        choices=("all", *words.MODELS),
        default="all",
        help="default: the article's three",
    )
    command.add_argument(
        "--method",
        choices=("article", "full", "segmented"),
        default="article",
        help="how to fit; article: ADC from two b-values, the others in full",
    )
    command.add_argument(
        "--out", metavar="DIR", required=True, help="new or empty folder for the maps"
    )
    command.set_defaults(run=_maps)


def _maps(args):
    from ivim.imaging.jobs import make_maps

    notes = make_maps(
        args.dwi, args.bval, args.out, mask=args.mask, averages=words.averages(args.averages), models=words.models(args.model), method=args.method,
        force=args.force, progress=sys.stderr.isatty(),
    )  # fmt: skip
    print("\n".join(notes))
