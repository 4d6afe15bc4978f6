"""`ivim fit`: the models on the mean signal of a region."""

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
        "fit", help="fit the mean signal of an ROI with all models; values, standard errors, AICc"
    )
    words.add_scan(command)
    command.add_argument(
        "--roi",
        metavar="FILE",
        required=True,
        help="regions: NIfTI, NRRD, ImageJ, DICOM-SEG, RTSTRUCT, JSON polygons, Horos or OsiriX",
    )
    command.add_argument(
        "--label",
        metavar="NAME",
        help="only the region of this name or number (default: each in turn)",
    )
    command.add_argument(
        "--model",
        choices=("all", *words.MODELS),
        default="all",
        help="default: the article's three",
    )
    words.add_recipe(command)
    words.add_resample(command)
    command.add_argument("--out", metavar="CSV", help="write the table to this file as well")
    command.set_defaults(run=_fit)


def _fit(args):
    from ivim.imaging.jobs import fit_rois, fit_text

    table, notes = fit_rois(
        args.dwi,
        args.bval,
        args.roi,
        recipe=args.recipe or "article",
        averages=words.averages(args.averages),
        models=words.models(args.model),
        label=args.label,
        resample=args.resample,
        out=args.out,
        force=args.force,
    )
    print("\n".join(notes))
    print(fit_text(table))
