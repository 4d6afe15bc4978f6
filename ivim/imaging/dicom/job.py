"""The job of `ivim import`: a folder of DICOM files becomes a study."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ivim import files
from ivim.imaging import bids, dataset
from ivim.imaging.dicom import dcm2niix, people
from ivim.imaging.dicom.choice import choose
from ivim.imaging.dicom.files import find_files, unpacked
from ivim.imaging.dicom.headers import read_header
from ivim.imaging.dicom.labels import Outcome, label_patients
from ivim.imaging.dicom.scan import make_scan
from ivim.imaging.dicom.series import text_of
from ivim.imaging.series import check_averages

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ivim.imaging.dicom.headers import Header


def import_study(
    folder: str | Path,
    study: str | Path,
    *,
    series: Sequence[str] | None = None,
    subject: str | None = None,
    key: str | Path | None = None,
    averages: Sequence[float] | None = None,
    force: bool = False,
    progress: Callable | None = None,
) -> Outcome:
    """Make a study from a scanner's export, or add to one.

    Parameters
    ----------
    folder : path
        DICOM_DIR.
    study : path
        Made when missing; what it holds stays.
    series : sequence of str, optional
        Numbers of the series to use; by default they are chosen by content.
    subject : str, optional
        Label of the one patient.
    key : path, optional
        File outside the study for who is who; one that is there is added to.
    averages : sequence of float, optional
        Averages per volume (one number for all), where the headers do not say or are wrong.
    force : bool
        Replace the series of participants that are there already.
    progress : callable, optional
        Wraps what is gone through (files, then patients) with its unit, to show progress.

    Returns
    -------
    Outcome

    Raises
    ------
    ValueError
        When nothing can be imported; one line without identity. Nothing is written then.
    """
    study = Path(study)
    if study.exists() and not study.is_dir():
        msg = f"{study}: is a file; give the study's folder"
        raise ValueError(msg)
    key = None if key is None else people.check_key(key, study)
    subject = None if subject is None else bids.subject_name(subject)
    outcome = Outcome()
    headers = read_folder(folder, outcome, progress)
    persons, rows = label_patients(headers, folder, study, series, subject, key, outcome)
    with files.staged(study, force=True) as stage:
        for person in _shown(persons, "patient", progress):
            _import_person(person, stage, study, series, averages, force, key, outcome)
        if not outcome.imported:
            return _nothing_new(outcome)
        dataset.write_participants(stage, _participants(outcome), study)
        dataset.write_dataset(stage, study=study)
        if key is not None:
            people.write_key(key, [row for row in rows if _is_in(row, study, outcome)])
    _say_what_is_next(outcome, study, key)
    return outcome


def read_folder(
    folder: str | Path, outcome: Outcome, progress: Callable | None = None
) -> list[Header]:
    """Headers of all DICOM files below a folder.

    Parameters
    ----------
    folder : path
    outcome : Outcome
        Gets a warning of links that were not followed.
    progress : callable, optional

    Returns
    -------
    list of Header

    Raises
    ------
    ValueError
        When the folder is missing or holds no image that can be taken.
    """
    try:
        import pydicom  # noqa: F401 - one clear line before anything else
    except ImportError:
        msg = "pydicom is not installed; pip install 'ivim[study]'"
        raise ValueError(msg) from None
    found = find_files(folder)
    if found.links:
        outcome.warnings.append(
            f"{found.links} symbolic links lead elsewhere and were not followed"
        )
    with tempfile.TemporaryDirectory(prefix="ivim-") as place:
        sources = _shown(found.sources, "file", progress)
        headers = [_read(source, found.total, place) for source in sources]
    return [header for header in headers if header is not None]


def _shown(sequence, unit, progress):
    return sequence if progress is None else progress(sequence, unit)


def _read(source, total, place):
    if not source.packed:
        return read_header(source, total)
    with unpacked(source, place, "unpacked.dcm") as path:
        return read_header(source, total, path)


def _import_person(person, stage, study, wanted, averages, force, key, outcome):
    """Import one patient, or say why not."""
    there = (study / person.label).exists() and any((study / person.label).glob("**/dwi/*_dwi.*"))
    if there and not force:
        if key is not None:
            outcome.notes.append(f"{person.label}: is in the study already, kept as it is")
        else:
            outcome.left_out.append(
                f"{person.label}: is in {study} already; give --subject LABEL for another patient, "
                "--key FILE to have patients recognised, or --force to replace it"
            )
        return
    try:
        own = {one.label for one in person.series}
        choice = choose(person.series, [label for label in wanted or () if label in own])
        scan = make_scan(choice)
        scan_averages = _averages(scan, averages)
        _write(stage, person.label, scan, scan_averages)
    except ValueError as error:
        shutil.rmtree(stage / person.label, ignore_errors=True)
        outcome.left_out.append(f"{person.label}: {error}")
        return
    outcome.imported.append(person.label)
    _say(person, choice, scan, scan_averages, outcome)


def _averages(scan, given):
    if given is None:
        return scan.averages
    given = list(given) * (len(scan.b) if len(given) == 1 else 1)
    return check_averages(given, len(scan.b), "--averages")


def _write(stage, label, scan, averages):
    facts = scan.facts | {
        "ConversionSoftware": "dcm2niix", "ConversionSoftwareVersion": dcm2niix.version(),
    }  # fmt: skip
    dataset.write_series(
        stage, label, scan.data, scan.affine, scan.b, averages=averages,
        directions=scan.directions, scaling=scan.scaling, spacing=scan.spacing,
        repetition_time=scan.facts.get("RepetitionTime"), facts=facts,
    )  # fmt: skip


def _say(person, choice, scan, averages, outcome):
    """What was imported, in lines for a person."""
    labels = ", ".join(one.label for one in choice.series)
    x, y, z, count = scan.data.shape
    outcome.notes.append(
        f"{person.label}: series {labels} ({choice.series[0].maker}), {x} x {y} x {z} voxels, "
        f"{count} volumes, b {text_of(np.unique(scan.b.round(3)))} s/mm²"
    )
    outcome.notes += [f"{person.label}: {note}" for note in scan.notes]
    outcome.warnings += [f"{person.label}: {warning}" for warning in scan.warnings]
    if averages is None:
        outcome.warnings.append(
            f"{person.label}: the headers do not say the averages of every volume, so all volumes "
            "will count the same; if you know them, give --averages N ... (one number, or one per "
            "volume)"
        )
    else:
        entry = dataset.averages_entry(averages)
        text = f"{entry:g}" if np.isscalar(entry) else ", ".join(f"{one:g}" for one in entry)
        outcome.notes.append(f"{person.label}: averages {text}")
    if any(header.burned_in for one in choice.series for header in one.headers):
        outcome.warnings.append(
            f"{person.label}: the headers say that text is burned into the images; look at them "
            "before you pass them on"
        )
    if copies := sum(one.copies for one in choice.series):
        outcome.notes.append(f"{person.label}: copies of images passed over: {copies}")
    if person.patient.several:
        outcome.warnings.append(
            f"{person.label}: several names, birth dates or sexes stand under this one PatientID; "
            "taken as one patient"
        )


def _participants(outcome):
    return [{"participant_id": label} for label in outcome.imported]


def _nothing_new(outcome):
    """Refuse where nobody could be imported; where all are there already, that is said."""
    if outcome.left_out:
        more = len(outcome.left_out) - 1
        msg = outcome.left_out[0] + (f" (and {more} more patients)" if more else "")
        raise ValueError(msg)
    outcome.notes.append("nothing new to import")
    return outcome


def _is_in(row, study, outcome):
    """Whether a row of the key is of a participant that the study has, or is getting."""
    label = row["participant_id"]
    return label in outcome.imported or (study / label).is_dir()


def _say_what_is_next(outcome, study, key):
    count = len(outcome.imported)
    outcome.notes.append(
        f"{count} participant{'s' if count > 1 else ''} written to {study}; fill in the column "
        "group of its participants.tsv before groups are compared"
    )
    if key is None and len(outcome.imported) > 1:
        outcome.warnings.append(
            "which patient is which label is kept nowhere; import again with --key FILE (outside "
            "the study) to have it written down"
        )
    elif key is not None:
        outcome.notes.append("the key holds identity: keep it apart from the study")
