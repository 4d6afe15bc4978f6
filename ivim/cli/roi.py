"""`ivim roi`: look at regions of any program, and write them as NIfTI."""

from ivim.cli.words import Commands


def add(commands: Commands) -> None:
    """Add the command.

    Parameters
    ----------
    commands : argparse sub-parsers
        Of ``ivim``.
    """
    command = commands.add_parser(
        "roi", help="regions of other programs: list them, or write them as NIfTI for any viewer"
    )
    actions = command.add_subparsers(dest="action", metavar="ACTION", required=True)
    _add_list(actions)
    _add_convert(actions)


def _add_list(actions):
    action = actions.add_parser("list", help="format, names and sizes of the regions of a file")
    _add_source(action)
    action.add_argument(
        "--like", metavar="IMAGE", help="image (NIfTI) on which voxels and areas are counted"
    )
    action.set_defaults(run=_list)


def _add_convert(actions):
    action = actions.add_parser(
        "convert", help="write regions as a NIfTI mask or label map on the grid of an image"
    )
    _add_source(action)
    action.add_argument("out", metavar="OUT", help="NIfTI file to write (.nii or .nii.gz)")
    action.add_argument(
        "--like", metavar="IMAGE", required=True, help="image (NIfTI) that gives the grid"
    )
    action.add_argument("--force", action="store_true", help="replace an existing OUT")
    action.set_defaults(run=_convert)


def _add_source(action):
    action.add_argument(
        "source",
        metavar="IN",
        help="NIfTI, NRRD, .seg.nrrd, ImageJ .roi or .zip, DICOM-SEG, RTSTRUCT, polygons as JSON, "
        "Horos or OsiriX XML or CSV; told apart by content",
    )
    action.add_argument("--region", metavar="NAME", help="only the region of this name or number")
    action.add_argument(
        "--resample",
        action="store_true",
        help="take regions of another grid by nearest neighbour (default: refuse them)",
    )
    action.add_argument("--debug", action="store_true", help="show the traceback of an error")


def _list(args):
    from ivim.imaging.jobs import list_rois

    print("\n".join(list_rois(args.source, args.like, only=args.region, resample=args.resample)))


def _convert(args):
    from ivim.imaging.jobs import convert_rois

    lines = convert_rois(
        args.source,
        args.out,
        args.like,
        only=args.region,
        resample=args.resample,
        force=args.force,
    )
    print("\n".join(lines))
