"""The job of `ivim study`: a study on disk in, every table, figure and page out."""

from __future__ import annotations

import json
import re
import time
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ivim import files
from ivim.imaging import bids
from ivim.study import job, tables

if TYPE_CHECKING:
    from ivim.study.measure import Options

RUN_SECTION = "study"
"""Where `run.json` of the notebooks tells of the measuring."""


def run_study(
    folder: str | Path,
    out: str | Path,
    options: Options,
    *,
    positive: str | None = None,
    force: bool = False,
    say: Callable[[str], None] = print,
    readers: Sequence[str] = (),
    select: str | None = None,
    keep_going: bool = False,
    jobs: int | None = None,
    scheduler: str | None = None,
    progress: Callable[[int], None] | None = None,
) -> tuple[job.Measured, dict[str, float]]:
    """Measure a study, draw its pages, run the notebooks on its tables, and sum it all up.

    Parameters
    ----------
    folder, out : path
        The study, and a new or empty folder, or that of an earlier run.
    options : ivim.study.measure.Options
    positive : str, optional
        The group that counts as disease; by default as for :func:`ivim.load_cohort`.
    force : bool
        Allow `out` to be a folder with other files in it.
    say : callable
        Receives each progress line.
    readers, select, keep_going, jobs, scheduler, progress
        As for :func:`ivim.study.job.measure_study`.

    Returns
    -------
    measured : ivim.study.job.Measured
    seconds : dict of str to float
        Of this run, by kind of work.

    Raises
    ------
    ValueError
        On bad input, before anybody is measured; or as measuring and the notebooks raise it.
    """
    from ivim.run import plan, reproduce

    began = time.perf_counter()
    out = Path(plan.results_folder(out, None, force))
    check_groups(folder, positive)
    files.new_folder(out)
    measured = job.measure_study(
        folder,
        options,
        out / job.KEPT,
        readers=readers,
        select=select,
        keep_going=keep_going,
        pages=True,
        jobs=jobs,
        scheduler=scheduler,
        progress=progress,
    )
    # The sign of an earlier run, by which the notebooks know the folder as theirs.
    if not (out / "run.json").exists():
        files.write_json(out / "run.json", {"notebooks": {}})
    write_measured(measured, out)
    after_measuring = time.perf_counter()
    reproduce(
        out,
        jobs=jobs,
        patients=out / "patients.csv",
        measurements=out / "measurements.csv",
        positive=positive,
        say=say,
    )
    after_notebooks = time.perf_counter()
    sum_up(measured, options, positive, out)
    seconds = _seconds(measured) | {
        "measuring": after_measuring - began,
        "notebooks": after_notebooks - after_measuring,
        "summary": time.perf_counter() - after_notebooks,
    }
    _record(measured, options, positive, out, seconds)
    return measured, seconds


def check_groups(folder: str | Path, positive: str | None) -> None:
    """Refuse a study that has no two groups, or not the one that is asked for, before anybody is
    measured.

    Parameters
    ----------
    folder : path
        Of the study.
    positive : str or None
        The group that counts as disease, where it is named.

    Raises
    ------
    ValueError
        With the groups that are there.
    """
    people = bids.read_participants(folder)
    bids.check_groups(people, folder)
    groups = list(dict.fromkeys(people["group"]))
    if len(groups) < 2:
        msg = (
            f"participants.tsv: column 'group' holds only {groups[0]!r}; a comparison needs at "
            "least "
            "two groups"
        )
        raise ValueError(msg)
    if positive is not None and positive not in groups:
        named = ", ".join(groups)
        msg = f"--positive {positive!r} is no group of participants.tsv; there are {named}"
        raise ValueError(msg)


def write_measured(measured: job.Measured, out: Path) -> None:
    """Write the study's tables and the quality pages; a page of an earlier run that is no longer
    made goes.

    Parameters
    ----------
    measured : ivim.study.job.Measured
    out : Path
        Folder of the study's results.
    """
    files.write_csv(out / "patients.csv", tables.people(measured.layout))
    job.write_tables(measured, out / "measurements.csv")
    pages = out / "quality"
    pages.mkdir(exist_ok=True)
    for label, record in measured.records.items():
        path = pages / f"{label}.html"
        if not path.is_file() or path.read_text(encoding="utf-8") != record["page"]:
            files.write_text(path, record["page"])
    for path in pages.glob("sub-*.html"):
        if path.stem not in measured.records:
            path.unlink()


def sum_up(measured: job.Measured, options: Options, positive: str | None, out: Path) -> None:
    """Write what stands above the tables: index, methods, checklist.

    Parameters
    ----------
    measured : ivim.study.job.Measured
    options : ivim.study.measure.Options
    positive : str or None
    out : Path
        Folder of the study's results.
    """
    from ivim.cohort import load_cohort
    from ivim.study import checklist, methods, summary

    cohort = load_cohort(out / "patients.csv", out / "measurements.csv", positive)
    _write_text(out / "methods.md", methods.text(measured, options, cohort, out))
    _write_text(out / "checklist.md", checklist.text(measured, options, cohort, out))
    _write_text(out / "index.html", summary.index(measured, cohort, out))


def _record(measured, options, positive, out, seconds):
    """Tell of the measuring in `run.json`, then hash everything into the crate; left alone where
    nothing changed."""
    from ivim.study import crate

    path = out / "run.json"
    content = json.loads(path.read_text(encoding="utf-8"))
    entry = {
        "options": options.as_dict()
        | {"positive": positive, "readers": list(measured.layout.readers)},
        "inputs": measured.hashes | _table_hashes(measured.layout.folder),
        "patients": len(measured.records),
        "left_out": dict(Counter(measured.flow["status"]))["left out"]
        if not measured.complete
        else 0,
        "code": next(iter(measured.records.values()))["code"],
    }
    before = content.get(RUN_SECTION, {})
    seconds = {name: round(value, 2) for name, value in seconds.items()}
    # Times of a run that measured nothing say nothing; those of the run that did are kept.
    if {**before, "seconds": 0} != entry | {"seconds": 0} or measured.fresh:
        content[RUN_SECTION] = entry | {"seconds": seconds}
        files.write_json(path, content, indent=1)
    crate.write(out, content[RUN_SECTION], measured)


def _table_hashes(folder):
    import hashlib

    names = ("participants.tsv", "participants.json", "dataset_description.json")
    return {
        name: hashlib.sha256((Path(folder) / name).read_bytes()).hexdigest()
        for name in names
        if (Path(folder) / name).is_file()
    }


def _seconds(measured):
    """Seconds of all patients by kind of work, as they were when each was measured."""
    found = Counter()
    for record in measured.records.values():
        found.update(record["seconds"])
    return dict(found)


def _write_text(path, text):
    files.write_text(path, re.sub(r"\n{3,}", "\n\n", text.strip()) + "\n")
