"""`ivim maps`: parameter maps of a whole scan."""

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
        "maps", help="parameter maps of a whole scan as NIfTI, with an overview picture"
    )
    words.add_scan(command)
    command.add_argument(
        "--mask",
        metavar="FILE",
        help="only these voxels: regions in any format (default: every voxel with signal)",
    )
    command.add_argument(
        "--model",
        choices=("all", *words.MODELS),
        default="all",
        help="default: the article's three",
    )
    words.add_recipe(command)
    command.add_argument(
        "--method",
        choices=("article", "full", "segmented"),
        help="the same as --recipe with this name",
    )
    words.add_resample(command)
    command.add_argument(
        "--out", metavar="DIR", required=True, help="new or empty folder for the maps"
    )
    command.set_defaults(run=_maps)


def _maps(args):
    from ivim.imaging.mapping import make_maps

    notes = make_maps(
        args.dwi,
        args.bval,
        args.out,
        recipe=_recipe(args),
        mask=args.mask,
        averages=words.averages(args.averages),
        models=words.models(args.model),
        resample=args.resample,
        force=args.force,
        progress=sys.stderr.isatty(),
    )
    print("\n".join(notes))


def _recipe(args):
    """The recipe that --recipe or its older name --method gives."""
    if args.recipe and args.method and args.recipe != args.method:
        msg = f"--recipe {args.recipe} and --method {args.method}; give one of them"
        raise ValueError(msg)
    return args.recipe or args.method or "article"
