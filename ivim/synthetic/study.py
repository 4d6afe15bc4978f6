"""A whole simulated study on disk: patients drawn from group truths, scanned as phantoms, outlined
by readers.

Everything is made from a seed by code; the same seed gives the same bytes. What the scanner does to
a slice is in :mod:`ivim.synthetic.phantom`; what the patients are drawn from is in
:mod:`ivim.synthetic.settings`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

import ivim
from ivim import files
from ivim.imaging.formats import save_image, write_mask
from ivim.study.work import jobs_for, spread
from ivim.synthetic import phantom
from ivim.synthetic.settings import read_settings

if TYPE_CHECKING:
    from ivim.synthetic.settings import Settings

STORED = 1000.0
"""Stored value of the lesion at b = 0: scanners store whole numbers, and a thousand steps are well
below the noise."""

PLACE_MM = ((0.0, 5.0), (10.0, 3.0))
"""Mean and SD of a lesion's centre (to the patient's left, to the back): within the vertebral body
of the phantom."""


@dataclass(frozen=True)
class Patient:
    """A simulated patient: what stands in ``participants.tsv``, and the phantom to be scanned."""

    label: str
    group: str
    primary: str
    sex: str
    age: int
    case: phantom.Case


def simulate(
    folder: str | Path,
    patients: int,
    seed: int,
    truth: str | Path | None = None,
    *,
    jobs: int | None = None,
    progress: Callable[[int], None] | None = None,
) -> pd.DataFrame:
    """Write a simulated study as a BIDS dataset with two readers' ROIs and the truth.

    Parameters
    ----------
    folder : path
        New or empty.
    patients : int
        At least one per group.
    seed : int
    truth : path, optional
        TOML file, see :func:`ivim.synthetic.settings.read_settings`.
    jobs : int, optional
        Processes; by default one per core.
    progress : callable, optional
        Called with the number of patients done.

    Returns
    -------
    DataFrame
        The truth: one row per patient, diffusivities in 10⁻³ mm²/s.

    Raises
    ------
    ValueError
        On bad settings, too few patients, or a folder that holds files.
    """
    if Path(folder).is_dir() and any(Path(folder).iterdir()):
        msg = f"{folder}: holds files already; give a new or empty folder"
        raise ValueError(msg)
    settings = read_settings(truth)
    drawn = draw(settings, patients, seed)
    with files.staged(folder) as stage:
        rows = _scan_all(drawn, settings.protocol, stage, jobs or jobs_for(drawn), progress)
        table = pd.DataFrame([rows[patient.label] for patient in drawn])
        _write_dataset(stage, settings, drawn, table, seed)
    return table


def draw(settings: Settings, patients: int, seed: int) -> list[Patient]:
    """Draw the patients of a study.

    Parameters
    ----------
    settings : ivim.synthetic.settings.Settings
    patients, seed : int

    Returns
    -------
    list of Patient

    Raises
    ------
    ValueError
        When there are fewer patients than groups, or the seed is negative.
    """
    if patients < len(settings.groups):
        msg = (
            f"{patients} patient(s) for {len(settings.groups)} groups; give at least one per group"
        )
        raise ValueError(msg)
    if seed < 0:
        msg = f"seed is {seed}; give 0 or more"
        raise ValueError(msg)
    rng = np.random.default_rng([seed, 0])
    counts = _apportion([group.share for group in settings.groups], patients, least=1)
    members = [
        group for group, n in zip(settings.groups, counts, strict=True) for group in n * [group]
    ]
    order = rng.permutation(patients)
    width = max(2, len(str(patients)))
    primaries = {group.name: _primaries(group, members) for group in settings.groups}
    return [
        _patient(settings, members[at], primaries, f"sub-{place + 1:0{width}d}", seed, place)
        for place, at in enumerate(order)
    ]


def _primaries(group, members):
    """The sub-groups of one group's members, to be handed out in turn."""
    count = sum(member is group for member in members)
    shares = _apportion(list(group.primaries.values()), count, least=0) if group.primaries else []
    return [name for name, n in zip(group.primaries, shares, strict=True) for _ in range(n)]


def _apportion(shares, total, least):
    """Whole numbers in proportion to `shares` that sum to `total` (largest remainders), each at
    least `least`."""
    exact = total * np.array(shares) / np.sum(shares)
    counts = np.maximum(np.floor(exact).astype(int), least)
    while counts.sum() < total:
        counts[np.argmax(exact - counts)] += 1
    while counts.sum() > total:
        counts[np.argmax(np.where(counts > least, counts - exact, -np.inf))] -= 1
    return counts.tolist()


def _patient(settings, group, primaries, label, seed, place):
    """Draw one patient; each has a stream of random numbers of its own."""
    rng = np.random.default_rng([seed, 1, place])
    lesion, protocol = settings.lesion, settings.protocol
    drawn = {
        name: getattr(group, name) * np.exp(group.between[name] * rng.normal())
        for name in ("adc_slow", "adc_fast", "f")
    }
    tissue = phantom.Tissue(
        1.0,
        adc_slow=drawn["adc_slow"] / 1000,
        adc_fast=drawn["adc_fast"] / 1000,
        f=min(drawn["f"], 0.95),
        spread=lesion.spread,
        variation=lesion.variation,
        patchiness=lesion.patchiness,
        coupling=lesion.coupling,
    )
    centre = tuple(float(rng.normal(mean, sd)) for mean, sd in PLACE_MM)
    size = tuple(float(axis) for axis in rng.uniform(*lesion.semi_axes_mm, 2))
    case = phantom.Case(
        title=label,
        group=group.name,
        seed=int(rng.integers(2**31)),
        centre_mm=centre,
        size_mm=size,
        lesion=tissue,
        snr=protocol.snr * float(np.exp(protocol.snr_between * rng.normal())),
        readers={
            reader.name: _ellipse_of(reader, centre, size, rng) for reader in settings.readers
        },
    )
    age = int(np.clip(round(rng.normal(*group.age)), 0, 120))
    sex = "male" if rng.random() < group.male else "female"
    primary = primaries[group.name].pop(0) if primaries[group.name] else ""
    return Patient(label, group.name, primary, sex, age, case)


def _ellipse_of(reader, centre, size, rng):
    """Where and how large one reader draws: about the lesion's centre, and no larger than the
    lesion."""
    place = tuple(float(middle + reader.shift_mm * rng.normal()) for middle in centre)
    radii = reader.radius_mm * np.exp(reader.radius_between * rng.normal(size=2))
    return place, tuple(
        float(min(radius, 0.9 * axis)) for radius, axis in zip(radii, size, strict=True)
    )


def _scan_all(drawn, protocol, stage, jobs, progress):
    """Scan and write every patient, side by side; the bytes do not depend on how many."""
    rows = {}
    scan = partial(_scan_one, protocol=protocol, stage=stage)
    with threadpool_limits(1):
        for row in spread(scan, drawn, min(jobs, len(drawn))):
            rows[row["participant_id"]] = row
            if progress:
                progress(len(rows))
    return rows


def _scan_one(patient, *, protocol, stage):
    """Scan one patient, write series and ROIs, and return the row of truth."""
    scanned = phantom.scan(patient.case, None, protocol.b, protocol.averages)
    folder = stage / patient.label / "dwi"
    folder.mkdir(parents=True)
    _write_series(folder / f"{patient.label}_dwi", scanned.series)
    rois = stage / "derivatives" / "rois" / patient.label
    rois.mkdir(parents=True)
    for reader, mask in scanned.rois.items():
        write_mask(rois / f"{patient.label}_desc-{reader}_mask.nii.gz", mask, scanned.series.grid)
    lesion = patient.case.lesion
    pixel = phantom.PIXEL_MM**2
    return {
        "participant_id": patient.label,
        "group": patient.group,
        "adc_slow": 1000 * lesion.adc_slow,
        "adc_fast": 1000 * lesion.adc_fast,
        "f": lesion.f,
        "snr": patient.case.snr,
        "lesion_mm2": pixel * float(scanned.lesion.sum()),
    } | {
        f"inside_{name}": _share_inside(mask, scanned.lesion) for name, mask in scanned.rois.items()
    }


def _share_inside(roi, lesion):
    return float((roi & lesion).sum() / roi.sum()) if roi.any() else np.nan


def _write_series(stem, series):
    """Image as whole numbers, b-values, directions (none: trace images) and sidecar."""
    import nibabel as nib

    grid = series.grid
    stored = np.clip(np.rint(STORED * series.data), 0, np.iinfo(np.int16).max).astype(np.int16)
    image = nib.Nifti1Image(stored, grid.affine)
    image.header.set_zooms((*grid.spacing, 1.0))
    image.header.set_xyzt_units("mm")
    save_image(image, f"{stem}.nii.gz")
    files.write_text(f"{stem}.bval", " ".join(f"{b:g}" for b in series.b) + "\n")
    files.write_text(f"{stem}.bvec", 3 * (" ".join(len(series.b) * ["0"]) + "\n"))
    files.write_json(
        f"{stem}.json",
        {
            "Modality": "MR",
            "Manufacturer": "simulated",
            "NumberOfAverages": [int(n) for n in series.averages],
        },
    )


def _write_dataset(stage, settings, drawn, truth, seed):
    """What stands above the patients: participants, descriptions, the truth and what it was drawn
    from."""
    people = pd.DataFrame([_person(patient) for patient in drawn])
    _write_tsv(stage / "participants.tsv", people.replace("", "n/a"))
    files.write_json(stage / "participants.json", _PARTICIPANTS)
    generated = [{"Name": "ivim simulate", "Version": ivim.__version__}]
    common = {"Name": settings.name, "BIDSVersion": "1.10.0", "GeneratedBy": generated}
    files.write_json(
        stage / "dataset_description.json",
        common | {"DatasetType": "raw", "License": "CC0", "Authors": ["ivim simulate"]},
    )
    files.write_text(stage / "README", f"{_README}Seed {seed}, {len(drawn)} patients.\n")
    for name in ("rois", "truth"):
        folder = stage / "derivatives" / name
        folder.mkdir(parents=True, exist_ok=True)
        files.write_json(
            folder / "dataset_description.json", common | {"DatasetType": "derivative"}
        )
    _write_tsv(stage / "derivatives" / "truth" / "truth.tsv", truth)
    files.write_json(stage / "derivatives" / "truth" / "truth.json", _TRUTH)


def _person(patient):
    """A patient's row of ``participants.tsv``."""
    return {
        "participant_id": patient.label,
        "group": patient.group,
        "primary": patient.primary,
        "sex": patient.sex,
        "age": patient.age,
    }


def _write_tsv(path, frame):
    text = frame.to_csv(sep="\t", index=False, float_format="%.10g", lineterminator="\n")
    files.write_text(path, text)


_README = (
    "A simulated study: no patient's data. Written by `ivim simulate`; the truth is in "
    "derivatives/truth/, what it was drawn\n"
    "from is documented in data/README.md of ivim.\n"
)
_PARTICIPANTS = {
    "group": {"Description": "Group that the truth was drawn for"},
    "primary": {"Description": "Sub-group within the group; n/a where there is none"},
    "sex": {"Description": "Simulated", "Levels": {"male": "male", "female": "female"}},
    "age": {"Description": "Simulated", "Units": "years"},
}
_TRUTH = {
    "adc_slow": {
        "Description": "Median over the lesion, bi-exponential model",
        "Units": "10^-3 mm^2/s",
    },
    "adc_fast": {"Description": "Of the whole lesion", "Units": "10^-3 mm^2/s"},
    "f": {"Description": "Median over the lesion, fraction 0-1"},
    "snr": {"Description": "Lesion at b = 0 over the noise of one excitation, one channel"},
    "lesion_mm2": {"Description": "Area of the true lesion", "Units": "mm^2"},
    "inside_*": {"Description": "Share of a reader's ROI that lies within the true lesion"},
}
