"""What lies where in a study on disk: whose series is which, and which reader drew on it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from ivim.imaging import bids

ROIS = Path("derivatives") / "rois"

ENDINGS = (
    ".nii", ".nii.gz", ".nrrd", ".seg.nrrd", ".roi", ".zip", ".dcm", ".json", ".xml", ".csv",
)  # fmt: skip
"""Endings of a reader's file; what is in it is told by its content."""

MASK = re.compile(
    r"(?P<patient>sub-[A-Za-z0-9]+)(?P<entities>(?:_[a-z]+-[A-Za-z0-9]+)*?)"
    r"_desc-(?P<reader>[A-Za-z0-9]+)_mask(?P<ending>(?:\.[A-Za-z0-9]+)+)"
)


@dataclass(frozen=True)
class Patient:
    """One participant and the files that belong to it.

    Attributes
    ----------
    label : str
        ``participant_id``.
    group, primary, sex : str
        Empty where not known.
    age : float
        NaN where not known.
    series : Path or None
        The diffusion image.
    rois : dict of str to Path
        By reader.
    problem : str
        Why there is nothing to measure; empty where there is.
    passed_over : int
        Files beside the ROIs whose names are not those of an ROI file.
    """

    label: str
    group: str
    primary: str
    sex: str
    age: float
    series: Path | None
    rois: dict
    problem: str = ""
    passed_over: int = 0


@dataclass(frozen=True)
class Layout:
    """A study: its folder, its patients in the order of ``participants.tsv``, its readers by name.

    ``strangers`` are ``sub-`` folders that ``participants.tsv`` does not know.
    """

    folder: Path
    patients: tuple
    readers: tuple
    strangers: tuple

    def absolute(self) -> Layout:
        """The same with places that hold in every process and on every machine that has the study
        there."""
        patients = [
            replace(
                one,
                series=one.series and one.series.absolute(),
                rois={reader: path.absolute() for reader, path in one.rois.items()},
            )
            for one in self.patients
        ]
        return replace(self, folder=self.folder.absolute(), patients=tuple(patients))


def read_layout(
    folder: str | Path, readers: Sequence[str] = (), select: str | None = None
) -> Layout:
    """Look through a study.

    Parameters
    ----------
    folder : path
    readers : sequence of str
        Only these; by default all who drew.
    select : str, optional
        Which series, where a patient has several.

    Returns
    -------
    Layout

    Raises
    ------
    ValueError
        When there is no table of participants, no ROI file at all, or no reader of a name asked
        for; when a path leaves the study, or two files are by one reader.
    """
    folder = bids.check_study(folder)
    people = bids.read_participants(folder)
    patients = [_patient(folder, row, select) for row in people.to_dict("records")]
    found = sorted({reader for patient in patients for reader in patient.rois})
    if not found:
        msg = (
            f"{ROIS.as_posix()}: no ROI file of any participant; write them as "
            "sub-XX/sub-XX_desc-READER_mask.ENDING"
        )
        raise ValueError(msg)
    if unknown := [reader for reader in readers if reader not in found]:
        msg = f"no ROI file by reader {unknown[0]!r}; the readers are {', '.join(found)}"
        raise ValueError(msg)
    chosen = tuple(dict.fromkeys(readers)) or tuple(found)
    known = {patient.label for patient in patients}
    strangers = tuple(name for name in bids.list_subjects(folder) if name not in known)
    return Layout(folder, tuple(patients), chosen, strangers)


def relative(folder: str | Path, path: str | Path) -> str:
    """A path as seen from the study's folder: nothing above it is told to anyone.

    Parameters
    ----------
    folder, path : path

    Returns
    -------
    str
        With slashes on every system.
    """
    return Path(path).relative_to(folder).as_posix()


def untold(folder: str | Path, text: str) -> str:
    """A message without the place of the study on the machine that it was written on.

    Parameters
    ----------
    folder : path
        Of the study.
    text : str

    Returns
    -------
    str
    """
    for prefix in (str(Path(folder).resolve()), str(folder)):
        text = text.replace(f"{prefix}/", "").replace(f"{prefix}\\", "").replace(prefix, "study")
    # What a person called a region may be a name.
    return " ".join(re.sub(r"region '.*?'", "a region", text).split())


def _patient(folder, row, select):
    label = row["participant_id"]
    series, problem = None, ""
    try:
        series = bids.find_series(folder, label, select)
    except ValueError as error:
        problem = untold(folder, str(error))
    rois, passed_over = _find_rois(folder, label, series)
    if not problem and not rois:
        problem = (
            f"{label}: no ROI file {(ROIS / label).as_posix()}/{label}_desc-READER_mask.ENDING"
        )
    return Patient(
        label=label,
        group=row["group"],
        primary=row["primary"],
        sex=row["sex"],
        age=row["age"],
        series=series,
        rois=rois,
        problem=problem,
        passed_over=passed_over,
    )


def _find_rois(folder, label, series):
    """ROI files by reader, and how many other files lie beside them."""
    place = folder / ROIS / label
    files = [path for pattern in ("*", "ses-*/*") for path in sorted(place.glob(pattern))]
    rois, passed_over = {}, 0
    for path in files:
        if path.is_dir() or path.name.startswith("."):
            continue
        bids.inside(folder, path)
        found = MASK.fullmatch(path.name)
        if not found or found["patient"] != label or found["ending"].lower() not in ENDINGS:
            # A sidecar of a mask is no mask; a name of another kind may be a person's.
            passed_over += not _is_sidecar(path)
            continue
        if not _same_scan(found["entities"], series):
            passed_over += 1
            continue
        reader = found["reader"]
        if reader in rois and _is_sidecar(path):
            continue
        if reader in rois and not _is_sidecar(rois[reader]):
            msg = (
                f"{label}: two ROI files by reader {reader} ({rois[reader].name}, {path.name}); "
                "leave one"
            )
            raise ValueError(msg)
        rois[reader] = path
    return rois, passed_over


def _is_sidecar(path):
    """A ``.json`` that only describes the image of the same name beside it."""
    beside = (path.with_name(path.name.removesuffix(".json") + ending) for ending in ENDINGS[:4])
    return path.suffix == ".json" and any(other.is_file() for other in beside)


def _same_scan(entities, series):
    """Whether the entities of an ROI's name (``_ses-1_run-2``) contradict those of the series."""
    if series is None:
        return True
    of_series = dict(part.split("-", 1) for part in series.name.split("_") if "-" in part)
    own = dict(part.split("-", 1) for part in entities.split("_") if part)
    return all(of_series.get(key, value) == value for key, value in own.items())
