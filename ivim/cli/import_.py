"""`ivim import`: a scanner's DICOM export becomes a study."""

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
        "import",
        help="a scanner's DICOM export becomes a study on disk (BIDS), identity left behind",
        description="Diffusion series are chosen by their content, converted, and their b-values "
        "compared with the headers. Patients get neutral labels; no name, date or free text of a "
        "header is written or shown.",
    )
    command.add_argument("dicom_dir", metavar="DICOM_DIR", help="folder of the DICOM files")
    command.add_argument(
        "study", metavar="STUDY", nargs="?", help="the study's folder; made, or added to"
    )
    command.add_argument(
        "--list", action="store_true", help="only show the series and which would be chosen"
    )
    command.add_argument(
        "--series", metavar="N", nargs="+", help="numbers of the series to use, as --list has them"
    )
    command.add_argument(
        "--subject", metavar="LABEL", help="label of the one patient (default: 01)"
    )
    command.add_argument(
        "--key", metavar="FILE", help="write who is who to this file, which lies outside STUDY"
    )
    command.add_argument(
        "--averages",
        metavar="N",
        nargs="+",
        help="averages of each volume, or one number (default: from the headers)",
    )
    command.add_argument(
        "--force", action="store_true", help="replace the scan of a participant that is there"
    )
    command.set_defaults(run=_import)


def _import(args):
    from ivim.imaging import dicom

    series = words.averages(args.series)
    if args.list:
        rows, outcome = dicom.list_folder(
            args.dicom_dir, series=series, subject=args.subject, progress=_progress()
        )
        print("\n".join(_table(rows)))
        _warn(outcome)
        return 0
    if args.study is None:
        msg = "STUDY is missing; give the folder for the study behind DICOM_DIR (or --list)"
        raise ValueError(msg)
    outcome = dicom.import_study(
        args.dicom_dir, args.study, series=series, subject=args.subject, key=args.key,
        averages=words.averages(args.averages), force=args.force, progress=_progress(),
    )  # fmt: skip
    print("\n".join(outcome.notes))
    _warn(outcome)
    return 1 if outcome.left_out else 0


def _warn(outcome):
    for line in outcome.warnings:
        print(f"warning: {line}", file=sys.stderr)
    for line in outcome.left_out:
        print(f"left out: {line}", file=sys.stderr)


def _progress():
    """A progress bar where somebody looks."""
    if not sys.stderr.isatty():
        return None
    from tqdm import tqdm

    return lambda sequence, unit: tqdm(sequence, unit=unit, leave=False)


def _table(rows):
    """The list as lines of aligned columns, refusals below."""
    listed = [row for row in rows if "refused" not in row]
    names = list(listed[0]) if listed else []
    cells = [names, *([str(row[name]) or "-" for name in names] for row in listed)]
    widths = [max(len(line[place]) for line in cells) for place in range(len(names))]
    lines = [
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in cells
    ]
    refused = [f"{row['patient']}: {row['refused']}" for row in rows if "refused" in row]
    return [*lines, *refused]
