"""The job of `ivim measure`: a study in, three tables out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ivim import files
from ivim.study import layout as layouts
from ivim.study import tables, work
from ivim.study.record import Task

if TYPE_CHECKING:
    import pandas as pd

    from ivim.study.measure import Options

KEPT = ".ivim-measured"
"""Folder of the finished patients, beside the tables."""


class Unmeasured(ValueError):
    """Patients could not be measured, and nobody asked to go on without them."""


@dataclass(frozen=True)
class Measured:
    """A measured study.

    Attributes
    ----------
    layout : ivim.study.layout.Layout
    records : dict of str to dict
        By patient, see :func:`ivim.study.record.measure_patient`.
    fresh : set of str
        Patients that were measured in this run.
    hashes : dict of str to str
        SHA-256 of every input file by its place in the study.
    flow : DataFrame
    failures : list of str
    """

    layout: layouts.Layout
    records: dict
    fresh: set
    hashes: dict
    flow: pd.DataFrame
    failures: list

    @property
    def complete(self) -> bool:
        """True where nothing named was left out."""
        return not (self.flow["status"] == "left out").any()

    def blanks(self) -> list[str]:
        """Sentences on values that are blank though the ROI was measured."""
        used = self.flow[
            self.flow["why"].str.contains("no value of") & (self.flow["status"] == "used")
        ]
        return [f"{row.patient}, reader {row.reader}: {row.why}" for row in used.itertuples()]


def measure_study(
    folder: str | Path,
    options: Options,
    kept: str | Path,
    *,
    readers: Sequence[str] = (),
    select: str | None = None,
    keep_going: bool = False,
    pages: bool = False,
    jobs: int | None = None,
    scheduler: str | None = None,
    progress: Callable[[int], None] | None = None,
) -> Measured:
    """Measure every patient of a study.

    Parameters
    ----------
    folder : path
    options : ivim.study.measure.Options
    kept : path
        Folder of the finished patients; what is there and still holds is not measured again.
    readers, select
        As for :func:`ivim.study.layout.read_layout`.
    keep_going : bool
        Leave out who cannot be measured.
    pages : bool
        Draw the quality pages.
    jobs, scheduler, progress
        As for :func:`ivim.study.work.run_tasks`.

    Returns
    -------
    Measured

    Raises
    ------
    Unmeasured
        When someone cannot be measured and `keep_going` is not set, or nobody can.
    ValueError
        On bad input.
    """
    found = layouts.read_layout(folder, readers, select).absolute()
    place = str(found.folder)
    tasks = [Task(place, one, found.readers, options, pages) for one in found.patients]
    records, fresh, hashes = work.run_tasks(
        tasks, kept, jobs=jobs, scheduler=scheduler, progress=progress
    )
    failures = tables.failures(records)
    if failures and not keep_going:
        more = f" ({len(failures) - 1} more such)" if len(failures) > 1 else ""
        msg = f"{failures[0]}{more}; --keep-going measures everybody else"
        raise Unmeasured(msg)
    if not any(record["rows"] for record in records.values()):
        msg = f"nobody could be measured; {failures[0]}" if failures else "nobody could be measured"
        raise Unmeasured(msg)
    return Measured(found, records, fresh, hashes, tables.flow(found, records), failures)


def write_tables(measured: Measured, path: str | Path) -> list[Path]:
    """Write ``measurements.csv`` and, beside it, detail, overlap and flow.

    Parameters
    ----------
    measured : Measured
    path : path
        Of the measurements.

    Returns
    -------
    list of Path
    """
    path = Path(path)
    frames = {
        path: tables.measurements(measured.layout, measured.records),
        path.with_name(f"{path.stem}_detail.csv"): tables.detail(measured.records),
        path.with_name("flow.csv"): measured.flow,
    }
    if len(measured.layout.readers) > 1:
        frames[path.with_name(f"{path.stem}_overlap.csv")] = tables.overlap(measured.records)
    for place, frame in frames.items():
        files.write_csv(place, frame)
    return list(frames)
