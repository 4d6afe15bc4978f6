"""Who is imported under which label, and what there is to say of an import."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ivim.imaging import bids
from ivim.imaging.dicom import people
from ivim.imaging.dicom.series import sort_series

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from ivim.imaging.dicom.headers import Header


@dataclass
class Outcome:
    """What an import did.

    Attributes
    ----------
    notes, warnings, left_out : list of str
        Lines for a person, free of identity. `left_out`: who was not imported, and why.
    imported : list of str
        Labels.
    """

    notes: list = field(default_factory=list)
    warnings: list = field(default_factory=list)
    left_out: list = field(default_factory=list)
    imported: list = field(default_factory=list)


@dataclass(frozen=True)
class Person:
    """A patient with a label and the series."""

    label: str
    patient: people.Patient
    series: tuple


def label_patients(
    headers: Sequence[Header],
    folder: str | Path,
    study: Path | None,
    wanted: Sequence[str] | None,
    subject: str | None,
    key: Path | None,
    outcome: Outcome,
) -> tuple[list[Person], list[dict]]:
    """Patients with labels, and the rows of the key.

    Parameters
    ----------
    headers : sequence of Header
    folder, study, key : path
        `study` and `key` may be None.
    wanted : sequence of str, optional
        Numbers of series; patients that have none of them are left out.
    subject : str, optional
        ``sub-01`` for the one patient.
    outcome : Outcome
        Gets a note of folders that hold maps only.

    Returns
    -------
    persons : list of Person
    rows : list of dict
        Of the key that is there, and of the new patients.

    Raises
    ------
    ValueError
        When a label is no BIDS label, or stands for two patients.
    """
    patients = people.sort_people(headers, folder, one=subject is not None)
    found = [(patient, sort_series(patient.headers)) for patient in patients]
    found = _with_something(found, wanted, outcome)
    rows = people.read_key(key) if key is not None and key.exists() else []
    if subject is not None:
        if len(found) > 1:
            msg = (
                f"--subject {subject}: there are {len(found)} patients by their PatientID; import "
                "each from a folder of its own, or leave --subject out"
            )
            raise ValueError(msg)
        labels = iter([subject])
    else:
        there = bids.list_subjects(study) if rows and study is not None and study.is_dir() else []
        labels = people.next_labels([row["participant_id"] for row in rows] + there)
    persons = []
    for patient, own in found:
        known = people.find_label(patient, rows)
        label = known if known and subject is None else next(labels)
        if not known:
            rows.append(people.key_row(patient, label))
        persons.append(Person(label, patient, tuple(own)))
    return persons, rows


def _with_something(found, wanted, outcome):
    """Patients that have something to import; folders of maps only are no patients."""
    known = {one.label for _, own in found for one in own}
    for label in wanted or ():
        if label not in known:
            there = ", ".join(sorted(known, key=_by_number))
            msg = f"--series {label}: no such series; there are {there}"
            raise ValueError(msg)
    if wanted:
        kept = [(who, own) for who, own in found if {one.label for one in own} & set(wanted)]
        if len(kept) < len(found):
            outcome.notes.append(
                f"patients that have none of the series asked for: {len(found) - len(kept)}"
            )
        return kept
    kept = [
        (who, own) for who, own in found if who.patient_id or any(not one.why_not for one in own)
    ]
    if 0 < len(kept) < len(found):
        outcome.notes.append(
            f"{len(found) - len(kept)} folders hold images without PatientID and no diffusion "
            "series: set aside"
        )
    return kept or found


def _by_number(label):
    return [int(part) for part in label.split(".")]
