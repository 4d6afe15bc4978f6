"""`ivim measure`: every ROI of a study, as a table."""

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, TypedDict

from ivim.cli import words
from ivim.cli.words import Commands

if TYPE_CHECKING:
    from ivim.study.job import Measured
    from ivim.study.measure import Options


class Keywords(TypedDict):
    """Whom to measure, and who does it, as :func:`ivim.study.job.measure_study` takes it."""

    readers: tuple[str, ...]
    select: str | None
    keep_going: bool
    jobs: int | None
    scheduler: str | None


def add(commands: Commands) -> None:
    """Add the command.

    Parameters
    ----------
    commands : argparse sub-parsers
        Of ``ivim``.
    """
    command = commands.add_parser(
        "measure", help="measure every ROI of a study on disk: measurements.csv, detail, flow"
    )
    command.add_argument("study", metavar="STUDY", help="folder with participants.tsv (BIDS)")
    command.add_argument(
        "--out", metavar="CSV", required=True, help="measurements.csv; detail and flow go beside it"
    )
    add_options(command)
    command.set_defaults(run=_measure)


def add_options(command: argparse.ArgumentParser) -> None:
    """Options that measuring has, alone or within a study.

    Parameters
    ----------
    command : ArgumentParser
    """
    command.add_argument(
        "--estimator",
        choices=("maps", "mean", "shrinkage"),
        default="maps",
        help="mean of the maps over the ROI (default), fit of the mean signal, or shrinkage",
    )
    command.add_argument(
        "--recipe",
        metavar="RECIPE",
        default="article",
        help="how to fit: article (default), full, segmented, or a TOML file",
    )
    command.add_argument(
        "--reader", metavar="NAME", nargs="+", default=(), help="only these readers"
    )
    command.add_argument(
        "--lesion",
        metavar="NAME",
        default="largest",
        help="of several regions: largest (default), all together, or the one of this name",
    )
    command.add_argument(
        "--select", metavar="ENTITIES", help="which series of several, e.g. ses-2_run-1"
    )
    command.add_argument(
        "--keep-going", action="store_true", help="leave out who cannot be measured; exit code 1"
    )
    command.add_argument(
        "--resample", action="store_true", help="take ROIs drawn on another grid to the image's"
    )
    command.add_argument(
        "--roi-area",
        metavar=("LOW", "HIGH"),
        type=float,
        nargs=2,
        help="area in mm² that the protocol asks of an ROI; outside it is a remark",
    )
    command.add_argument(
        "--jobs", type=words.positive, metavar="N", help="processes (default: one per core)"
    )
    command.add_argument(
        "--scheduler", metavar="ADDRESS", help="a Dask scheduler, or local to start one here"
    )


def options_of(args: argparse.Namespace) -> "Options":
    """How the words of the command say that patients are measured.

    Parameters
    ----------
    args : argparse.Namespace
        With the words of :func:`add_options`.

    Returns
    -------
    ivim.study.measure.Options

    Raises
    ------
    ValueError
        For a recipe that is not known or cannot be read.
    """
    from ivim.signal.recipe import get_recipe
    from ivim.study.measure import Options

    return Options(
        recipe=get_recipe(args.recipe),
        estimator=args.estimator,
        lesion=args.lesion,
        resample=args.resample,
        roi_area=tuple(args.roi_area) if args.roi_area else None,
    )


def keywords(args: argparse.Namespace) -> Keywords:
    """The other words of the command, as :func:`ivim.study.job.measure_study` takes them.

    Parameters
    ----------
    args : argparse.Namespace
        With the words of :func:`add_options`.

    Returns
    -------
    Keywords
    """
    return {
        "readers": tuple(args.reader),
        "select": args.select,
        "keep_going": args.keep_going,
        "jobs": args.jobs,
        "scheduler": args.scheduler,
    }


def report(found: "Measured") -> int:
    """Say what was left out, and give the exit code.

    Parameters
    ----------
    found : ivim.study.job.Measured

    Returns
    -------
    int
        0 where everybody was measured whole, else 1.
    """
    left = found.flow[found.flow["status"] == "left out"]
    for row in left.itertuples():
        who = f"{row.patient}, reader {row.reader}" if row.reader else row.patient
        print(f"left out: {who}: {row.why}", file=sys.stderr)
    for line in found.blanks():
        print(f"blank: {line}", file=sys.stderr)
    return 0 if found.complete and not found.blanks() else 1


def _measure(args):
    from ivim.imaging.bids import read_participants
    from ivim.study.job import KEPT, measure_study, write_tables

    out = Path(args.out)
    _check_target(out)
    with words.progress(len(read_participants(args.study)), "patient") as step:
        found = measure_study(
            args.study,
            options_of(args),
            out.absolute().parent / KEPT,
            progress=step,
            **keywords(args),
        )
    paths = write_tables(found, out)
    again = len(found.records) - len(found.fresh)
    kept = f", {again} of them kept from before" if again else ""
    readers = ", ".join(found.layout.readers)
    print(f"{len(found.records)} patients{kept}; readers {readers}; estimator {args.estimator}")
    print("written:", ", ".join(path.name for path in paths))
    return report(found)


def _check_target(out):
    """Refuse a place that the tables cannot go to, before anybody is measured."""
    if out.is_dir() or out.suffix.lower() != ".csv":
        msg = f"--out {out}: give the path of a CSV file, for example measurements.csv"
        raise ValueError(msg)
    if not out.absolute().parent.is_dir():
        msg = f"--out {out}: its folder does not exist; make it, or give another path"
        raise ValueError(msg)
    names = (out.name, f"{out.stem}_detail.csv", "flow.csv")
    if out.name == "flow.csv":
        msg = "--out flow.csv: this name is for the table of who was left out; give another"
        raise ValueError(msg)
    _refuse_strange(out, names)


def _refuse_strange(out, names):
    """Files of these names that no earlier run wrote are the user's own."""
    from ivim.study.job import KEPT

    theirs = [name for name in names if (out.parent / name).exists()]
    if theirs and not (out.absolute().parent / KEPT).is_dir():
        msg = (
            f"{theirs[0]} exists already and is not from an earlier run; move it, or give another "
            "--out"
        )
        raise ValueError(msg)
