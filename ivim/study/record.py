"""One patient, from files to a record: the task that a process, or a worker of a cluster, is given.

A record is plain values, as JSON keeps them, so that one that was kept and one that is fresh are
the same.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
import subprocess
import sys
import time
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, cast

import ivim
from ivim.study import layout
from ivim.study.measure import Options, choose, measure, overlap

if TYPE_CHECKING:
    from ivim.imaging.series import Series
    from ivim.study.measure import Chosen

CODE = ("parameters.py", "files.py", "signal", "imaging", "study")
"""What a patient's record depends on in this package."""

PACKAGES = ("numpy", "scipy", "numba", "lmfit", "nibabel", "matplotlib")


@dataclass(frozen=True)
class Task:
    """One patient to be measured.

    Attributes
    ----------
    folder : str
        The study.
    patient : ivim.study.layout.Patient
    readers : tuple of str
    options : ivim.study.measure.Options
    page : bool
        Whether the quality page is to be drawn, too.
    """

    folder: str
    patient: layout.Patient
    readers: tuple
    options: Options
    page: bool = False

    @property
    def label(self) -> str:
        """The patient's label."""
        return self.patient.label

    def inputs(self) -> dict[str, str]:
        """Every file that is read, by its place in the study, with its SHA-256."""
        paths = [*self.patient.rois.values()]
        if self.patient.series is not None:
            from ivim.imaging.series import sidecar

            series = self.patient.series
            paths += [series, *(sidecar(series, ending) for ending in (".bval", ".json"))]
        return {
            layout.relative(self.folder, path): _hash(path)
            for path in sorted(paths)
            if path.is_file()
        }

    def key(self, inputs: dict[str, str]) -> str:
        """What the record depends on, as one hash: inputs, options, code and versions.

        Parameters
        ----------
        inputs : dict of str to str
            Of :meth:`inputs`.

        Returns
        -------
        str
            SHA-256.
        """
        patient = self.patient
        parts = {
            "inputs": inputs,
            "patient": [patient.label, patient.group, patient.problem, patient.passed_over],
            "readers": [[reader, reader in patient.rois] for reader in self.readers],
            "options": self.options.as_dict(),
            "page": self.page,
            "code": code_hash(),
        }
        return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def measure_patient(task: Task) -> dict:
    """Measure one patient, and draw the page where it is asked for.

    Parameters
    ----------
    task : Task

    Returns
    -------
    dict
        ``label, rows`` (by reader), ``detail, overlap, scan, flow, seconds`` (by kind of work),
        ``code``, and ``page`` (HTML), ``flags, snr`` where the page was asked for. A reader whose
        ROI cannot be measured has a row without values, and the reason in ``flow``.
    """
    ready()
    clock = _Clock()
    record: dict = {"label": task.label, "rows": {}, "detail": [], "overlap": [], "scan": None}
    record["code"] = code_hash()
    series, chosen, failed = read(task)
    clock.lap("reading")
    measured, remarks = {}, {}
    for reader, one in chosen.items():
        try:
            record["rows"][reader], detail, remarks[reader] = measure(
                cast("Series", series), one, task.options
            )
        except ValueError as error:
            failed[reader] = str(error)
            continue
        measured[reader] = one
        record["detail"] += [{"reader": reader} | row for row in detail]
    if series is not None:
        record["overlap"] = overlap(measured, series.grid)
        record["scan"] = _scan(series)
    record["flow"] = _flow(task, measured, remarks, failed)
    clock.lap("fitting")
    if task.page:
        from ivim.study.quality import page

        record["page"] = page(task.patient, series, measured, record, task.options)
        clock.lap("drawing")
    record["seconds"] = clock.seconds
    return json.loads(json.dumps(_plain(record)))


def measure_there(task: Task, inputs: dict[str, str]) -> dict:
    """Measure one patient on another machine, after making sure that it sees the same files.

    Parameters
    ----------
    task : Task
    inputs : dict of str to str
        As :meth:`Task.inputs` gave them where the work is shared out.

    Returns
    -------
    dict
        As of :func:`measure_patient`.

    Raises
    ------
    ValueError
        When a file is not there or another one.
    """
    if task.inputs() != inputs:
        msg = (
            f"a worker of the cluster does not see the files of {task.label} as they are here; the "
            "study has to lie at the same path on every machine"
        )
        raise ValueError(msg)
    return measure_patient(task)


def read(task: Task) -> tuple[Series | None, dict[str, Chosen], dict[str, str]]:
    """Read one patient.

    Parameters
    ----------
    task : Task

    Returns
    -------
    series : Series or None
        None where it could not be read.
    chosen : dict of str to ivim.study.measure.Chosen
        The region of every reader.
    failed : dict of str to str
        What went wrong, by reader.
    """
    from ivim.imaging.formats import read_regions
    from ivim.imaging.series import read_series

    if task.patient.problem or task.patient.series is None:
        return None, {}, dict.fromkeys(task.readers, task.patient.problem)

    def told(error: Exception) -> str:
        return layout.untold(task.folder, str(error))

    try:
        series = read_series(task.patient.series)
    except ValueError as error:
        return None, {}, dict.fromkeys(task.readers, told(error))
    chosen, failed = {}, {}
    for reader in task.readers:
        path = task.patient.rois.get(reader)
        if path is None:
            continue
        try:
            regions = read_regions(path, series.grid, resample=task.options.resample)
            chosen[reader] = choose(regions, task.options.lesion, series.grid)
        except ValueError as error:
            name = layout.relative(task.folder, path)
            text = told(error)
            failed[reader] = text if text.startswith(name) else f"{name}: {text}"
    return series, chosen, failed


def _scan(series):
    """How the series was acquired, as far as the analysis knows."""
    return {
        "b": series.b.tolist(),
        "averages": None if series.averages is None else series.averages.tolist(),
        "shape": list(series.grid.shape),
        "spacing_mm": list(series.grid.spacing),
    }


def _flow(task, measured, remarks, failed):
    """A line per reader: used, or left out and why."""
    lines = []
    for reader in task.readers:
        path = task.patient.rois.get(reader)
        file = layout.relative(task.folder, path) if path else ""
        if reader in measured:
            status, why = "used", "; ".join(remarks[reader])
        elif reader in failed:
            status, why = "left out", failed[reader]
        else:
            status, why = "left out", "no ROI file by this reader"
        lines.append(
            {
                "patient": task.label,
                "group": task.patient.group,
                "reader": reader,
                "file": file,
                "status": status,
                "why": why,
                # Nobody's ROI is a failure of the patient; one reader's is said and lived with.
                "failed": reader in failed,
            }
        )
    return lines


class _Clock:
    """Seconds of each kind of work."""

    def __init__(self):
        self.seconds, self.last = {}, time.perf_counter()

    def lap(self, name: str) -> None:
        now = time.perf_counter()
        self.seconds[name] = round(now - self.last, 4)
        self.last = now


@lru_cache(maxsize=1)
def code_hash() -> str:
    """SHA-256 of the code that measures, with the versions of what it computes with."""
    from importlib.metadata import version

    digest = hashlib.sha256(f"{ivim.__version__} {sys.version}".encode())
    digest.update(" ".join(f"{name} {version(name)}" for name in PACKAGES).encode())
    room = Path(ivim.__file__).parent
    for name in CODE:
        path = room / name
        inside = path.rglob("*") if path.is_dir() else [path]
        for file in sorted(one for one in inside if one.suffix in (".py", ".html", ".md")):
            digest.update(f"{file.relative_to(room).as_posix()} {_hash(file)}\n".encode())
    return digest.hexdigest()


@lru_cache(maxsize=1)
def ready() -> None:
    """Compile the voxel engine in a process of its own, where that has not been done for this
    processor.

    Code that was just compiled differs in the tenth digit from the same code read from numba's
    cache, so nobody measures with what was compiled in the same process.
    """
    from ivim.signal import solver

    if not solver.is_compiled():
        code = "from ivim.signal.compiling import compile_all; compile_all()"
        places = [str(Path(ivim.__file__).parents[1]), os.environ.get("PYTHONPATH", "")]
        environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, places))}
        subprocess.run([sys.executable, "-c", code], check=True, env=environment)


def _hash(path):
    with Path(path).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _plain(value):
    """Values as JSON keeps them: no numpy types, a missing number is null."""
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    value = value.item() if hasattr(value, "item") else value
    return None if isinstance(value, float) and not math.isfinite(value) else value
