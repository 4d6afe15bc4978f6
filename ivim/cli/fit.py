"""`ivim fit`: the models on the mean signal of an ROI."""

from ivim.cli import words


def add(commands):
    """Add the command."""
    command = commands.add_parser(
        "fit", help="fit the mean signal of an ROI with all models; values, standard errors, AICc"
    )
    words.add_scan(command)
    command.add_argument(
        "--roi",
        metavar="MASK",
        required=True,
        help="mask or label map (NIfTI) on the grid of the image",
    )
    command.add_argument(
        "--label",
        type=int,
        metavar="N",
        help="only this region of a label map (default: each in turn)",
    )
    command.add_argument(
        "--model",
        choices=("all", *words.MODELS),
        default="all",
        help="default: the article's three",
    )
    command.add_argument("--out", metavar="CSV", help="write the table to this file as well")
    command.set_defaults(run=_fit)


def _fit(args):
    from ivim.imaging.jobs import fit_rois, fit_text

    table, notes = fit_rois(
        args.dwi, args.bval, args.roi, averages=words.averages(args.averages), models=words.models(args.model), label=args.label, out=args.out,
        force=args.force,
    )  # fmt: skip
    print("\n".join(notes))
    print(fit_text(table))
