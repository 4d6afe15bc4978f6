"""What `ivim import --list` shows: every series of an export, without a name in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ivim.imaging import bids
from ivim.imaging.dicom.choice import choose
from ivim.imaging.dicom.job import read_folder
from ivim.imaging.dicom.labels import Outcome, label_patients
from ivim.imaging.dicom.series import sort_series, text_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path


def list_folder(
    folder: str | Path,
    *,
    series: Sequence[str] | None = None,
    subject: str | None = None,
    progress: Callable | None = None,
) -> tuple[list[dict], Outcome]:
    """Every series of an export without a name in it, and which would be imported.

    Parameters
    ----------
    folder : path
    series : sequence of str, optional
    subject : str, optional
    progress : callable, optional

    Returns
    -------
    rows : list of dict
        ``patient, series, vendor, type, b, averages, slices, volumes, directions, verdict``.
    outcome : Outcome
        Its warnings.
    """
    subject = None if subject is None else bids.subject_name(subject)
    outcome = Outcome()
    headers = read_folder(folder, outcome, progress)
    persons, _ = label_patients(headers, folder, None, series, subject, None, outcome)
    rows = [row for person in persons for row in _rows(person, series)]
    shown = {id(header) for person in persons for header in person.patient.headers}
    others = [header for header in headers if id(header) not in shown]
    rows += [_row("-", one, False) for one in sort_series(others)]
    return rows, outcome


def _rows(person, wanted):
    """Rows of the list for one patient."""
    try:
        own = {one.label for one in person.series}
        chosen = choose(person.series, [label for label in wanted or () if label in own]).series
        refused = ""
    except ValueError as error:
        chosen, refused = (), str(error)
    rows = [_row(person.label, one, one in chosen) for one in person.series]
    return [*rows, {"patient": person.label, "refused": refused}] if refused else rows


def _row(label, one, chosen):
    averages = sorted({image.weighting.averages for image in one.measured} - {None})
    return {
        "patient": label,
        "series": one.label,
        "vendor": one.maker,
        "type": "\\".join(one.headers[0].words),
        "b": text_of(one.b_values),
        "averages": ", ".join(f"{number:g}" for number in averages),
        "directions": "trace" if one.isotropic else str(len(one.directions) or ""),
        "slices": one.slices or "",
        "volumes": one.volumes or "",
        "images": len(one.images),
        "verdict": "chosen" if chosen else one.why_not or "diffusion, not chosen",
    }
