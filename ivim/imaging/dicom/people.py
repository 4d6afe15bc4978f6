"""Patients told apart by the headers, neutral labels for them, and the key that says who is who.

The key is the only file with identity in it. It lies where the user names it, never in the study.
"""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ivim.files import replacing
from ivim.imaging.table import read_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from ivim.imaging.dicom.headers import Header


KEY_COLUMNS = ("participant_id", "patient_id", "folder")


@dataclass(frozen=True)
class Patient:
    """One patient of an export.

    Attributes
    ----------
    patient_id : str
        Empty where the headers have none.
    folder : str
        The folder that tells the patient apart where there is no ID; else where the files lie.
    headers : tuple of Header
    several : bool
        Several names or birth dates stand under the one ID.
    """

    patient_id: str
    folder: str
    headers: tuple
    several: bool = False


def sort_people(headers: Sequence[Header], root: str | Path, one: bool = False) -> list[Patient]:
    """Patients in the order of their first file.

    Parameters
    ----------
    headers : sequence of Header
    root : path
        DICOM_DIR.
    one : bool
        Files without PatientID are all of one patient.

    Returns
    -------
    list of Patient

    Raises
    ------
    ValueError
        When images without PatientID in one folder are of several people by their names.
    """
    found: dict[tuple[str, str], list[Header]] = {}
    for header in headers:
        blank_key = ("folder", "" if one else header.source.below)
        key = ("id", header.patient) if header.patient else blank_key
        found.setdefault(key, []).append(header)
    return [_patient(kind, name, own, root) for (kind, name), own in found.items()]


def _patient(kind, name, headers, root):
    people = {person for header in headers if any(person := _person(header))}
    several = any(len({person[part] for person in people if person[part]}) > 1 for part in range(3))
    if several and kind == "folder":
        msg = (
            "images without PatientID that lie in one folder differ in the patient's name, birth "
            "date or sex; sort them into one folder per patient below DICOM_DIR"
        )
        raise ValueError(msg)
    below = [name] if kind == "folder" else sorted({header.source.below for header in headers})
    folder = "; ".join(str(Path(root).resolve() / one) for one in below)
    return Patient(name if kind == "id" else "", folder, tuple(headers), several)


def _person(header):
    """Name, birth date and sex, spelt alike; a date that stands for none is none."""
    name, born, sex = header.person
    born = "" if born in ("00010101", "19000101") else born
    return tuple(re.sub(r"[\W_]+", " ", part).strip().upper() for part in (name, born, sex))


def check_key(key: str | Path, study: str | Path) -> Path:
    """The key's path, or ValueError where it would lie within the study.

    Parameters
    ----------
    key, study : path

    Returns
    -------
    Path

    Raises
    ------
    ValueError
    """
    key = Path(key)
    if key.resolve().is_relative_to(Path(study).resolve()):
        msg = f"--key {key}: lies in the study, which is to be free of identity; name another place"
        raise ValueError(msg)
    if not key.absolute().parent.is_dir():
        msg = (
            f"--key {key}: its folder does not exist; give the path of a file in a folder of yours"
        )
        raise ValueError(msg)
    return key


def read_key(key: str | Path) -> list[dict]:
    """Rows of a key that is there already.

    Parameters
    ----------
    key : path

    Returns
    -------
    list of dict
        ``participant_id``, ``patient_id``, ``folder``.

    Raises
    ------
    ValueError
        When the file is no key; its content is not quoted.
    """
    lines = read_text(key).splitlines()
    try:
        rows = [row for row in csv.reader(lines, delimiter=_delimiter(key), strict=True) if row]
    except csv.Error:
        rows = []
    if not rows or tuple(rows[0]) != KEY_COLUMNS or any(len(row) != 3 for row in rows):
        msg = (
            f"--key {key}: is there and no key of an import (a table with the columns "
            f"{', '.join(KEY_COLUMNS)}); name another file"
        )
        raise ValueError(msg)
    return [dict(zip(KEY_COLUMNS, row, strict=True)) for row in rows[1:]]


def write_key(key: str | Path, rows: Sequence[dict]) -> None:
    """Write the key, whole or not at all, for nobody else to read.

    Parameters
    ----------
    key : path
    rows : sequence of dict
    """
    cells = [KEY_COLUMNS, *([_clean(row[name]) for name in KEY_COLUMNS] for row in rows)]
    with (
        replacing(key) as temporary,
        temporary.open("w", encoding="utf-8", errors="replace", newline="") as file,
    ):
        csv.writer(file, delimiter=_delimiter(key), lineterminator="\n").writerows(cells)
    Path(key).chmod(0o600)


def find_label(patient: Patient, rows: Sequence[dict]) -> str | None:
    """The label that a key has for a patient, or None.

    Parameters
    ----------
    patient : Patient
    rows : sequence of dict
        Of :func:`read_key`.

    Returns
    -------
    str or None
    """
    for row in rows:
        same_id = patient.patient_id and row["patient_id"] == _clean(patient.patient_id)
        same_folder = row["folder"] == _clean(patient.folder)
        blank = not patient.patient_id and not row["patient_id"]
        if same_id or (same_folder and blank):
            return row["participant_id"]
    return None


def key_row(patient: Patient, label: str) -> dict:
    """The key's row of a patient.

    Parameters
    ----------
    patient : Patient
    label : str

    Returns
    -------
    dict
    """
    return {"participant_id": label, "patient_id": patient.patient_id, "folder": patient.folder}


def next_labels(taken: Iterable[str]) -> Iterator[str]:
    """Labels ``sub-01``, ``sub-02`` ... behind those that are taken.

    Parameters
    ----------
    taken : iterable of str

    Yields
    ------
    str
    """
    numbers = [int(name[4:]) for name in taken if re.fullmatch(r"sub-\d{1,9}", name)]
    number = max(numbers, default=0)
    while True:
        number += 1
        yield f"sub-{number:02d}"


def _delimiter(key):
    """A comma where the file is called so, else a tab."""
    return "," if Path(key).suffix.lower() == ".csv" else "\t"


def _clean(text):
    """Text on one line."""
    return " ".join(text.split())
