"""A study as BIDS, written: the series of a participant, the table of participants, what goes
beside it.

Only numbers and words from fixed lists reach a header or a sidecar.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

import ivim
from ivim import files
from ivim.imaging import bids
from ivim.imaging.formats import save_image
from ivim.imaging.table import MISSING, read_text

if TYPE_CHECKING:
    from collections.abc import Sequence


BIDS_VERSION = "1.10.0"

COLUMNS = {
    "group": "Group of the participant; the column that a comparison goes by",
    "primary": "Primary tumour of a metastasis, where there is one",
    "sex": "Sex of the participant: F, M or O",
    "age": "Age of the participant in years",
}
"""What the columns of ``participants.tsv`` mean."""

README = """\
# {name}

Diffusion-weighted scans with their b-values (`.bval`, s/mm²), gradient directions (`.bvec`) and
averages (`NumberOfAverages` in the `.json`), laid out as BIDS {version}.

- `participants.tsv`: fill in the column `group` before a comparison of groups.
- Regions of interest go to `derivatives/rois/sub-XX/sub-XX_desc-READER_mask.nii.gz`, one file per
reader
  (other formats: `ivim measure --help`).

Labels are neutral. Nothing in this folder says who a participant is.
"""

IGNORED = """\
# Maps, tables and pages that the command ivim may leave here
**/*_dwimap.*
measurements*.csv
flow.csv
*.html
quality
"""


def write_series(
    folder: str | Path,
    subject: str,
    data: np.ndarray,
    affine: np.ndarray,
    b: Sequence[float],
    *,
    averages: Sequence[float] | None = None,
    directions: np.ndarray | None = None,
    scaling: tuple[float, float] = (1.0, 0.0),
    spacing: Sequence[float] | None = None,
    repetition_time: float | None = None,
    facts: dict | None = None,
) -> Path:
    """Write a participant's diffusion series: ``.nii.gz``, ``.bval``, ``.bvec`` and ``.json``.

    Parameters
    ----------
    folder : path
        The study (or a staged copy of it).
    subject : str
        ``sub-01``.
    data : array, shape (x, y, z, n)
        Stored with this type.
    affine : array, shape (4, 4)
    b : array, shape (n,), s/mm²
    averages : array, shape (n,), optional
        Left out of the sidecar where it is None.
    directions : array, shape (n, 3), optional
        Along the image's axes; zeros (no direction) by default.
    scaling : (float, float)
        Slope and intercept of the stored values.
    spacing : tuple of float, optional
        mm; by default what `affine` gives.
    repetition_time : float, optional
        s.
    facts : dict, optional
        Further entries of the sidecar: numbers and codes.

    Returns
    -------
    Path
        Of the image.
    """
    name = bids.subject_name(subject)
    target = Path(folder) / name / "dwi"
    target.mkdir(parents=True, exist_ok=True)
    stem = target / f"{name}_dwi"
    image = _image(data, affine, scaling, spacing, repetition_time)
    save_image(image, stem.with_suffix(".nii.gz"))
    directions = np.zeros((len(b), 3)) if directions is None else np.asarray(directions, float)
    files.write_text(stem.with_suffix(".bval"), bval_text(b))
    files.write_text(stem.with_suffix(".bvec"), bvec_text(directions))
    content = dict(sorted((facts or {}).items()))
    if averages is not None:
        content["NumberOfAverages"] = averages_entry(averages)
    files.write_json(stem.with_suffix(".json"), content)
    return stem.with_suffix(".nii.gz")


def bval_text(b: Sequence[float]) -> str:
    """b-values as the one line of a ``.bval`` file, six digits.

    Parameters
    ----------
    b : array, shape (n,), s/mm²

    Returns
    -------
    str
    """
    return " ".join(f"{value:.6g}" for value in b) + "\n"


def bvec_text(directions: np.ndarray) -> str:
    """Gradient directions as the three lines of a ``.bvec`` file, six digits.

    Parameters
    ----------
    directions : array, shape (n, 3)

    Returns
    -------
    str
    """
    # Adding 0 turns -0 into 0.
    rows = np.asarray(directions, float).T + 0.0
    return "".join(" ".join(f"{value:.6g}" for value in row) + "\n" for row in rows)


def averages_entry(averages: Sequence[float]) -> int | float | list:
    """Averages for a sidecar: one number where all volumes have the same, else a list.

    Parameters
    ----------
    averages : array, shape (n,)

    Returns
    -------
    int, float or list
    """
    values = [int(one) if one == int(one) else float(one) for one in averages]
    return values[0] if len(set(values)) == 1 else values


def write_participants(
    folder: str | Path, rows: Sequence[dict], study: str | Path | None = None
) -> None:
    """Write ``participants.tsv`` and ``.json``; rows of a study that is there already are kept.

    Parameters
    ----------
    folder : path
        Where to write.
    rows : sequence of dict
        ``participant_id`` and what is known of ``group``, ``primary``, ``sex``, ``age``; what is
        not is ``n/a``. Participants that the study has already stay as they are.
    study : path, optional
        The study whose table is to be kept.
    """
    if study is not None and (Path(study) / "participants.tsv").is_file():
        bids.read_participants(study)
        header, known = _raw_rows(bids.inside(study, Path(study) / "participants.tsv"))
    else:
        named = [name for name in COLUMNS if any(name in row for row in rows) or name == "group"]
        header, known = ["participant_id", *named], []
    place = header.index("participant_id")
    there = {cells[place] for cells in known}
    new = [
        [str(row.get(name, MISSING)) for name in header]
        for row in rows
        if row["participant_id"] not in there
    ]
    lines = ["\t".join(cells) for cells in [header, *known, *new]]
    files.write_text(Path(folder) / "participants.tsv", "\n".join(lines) + "\n")
    if study is None or not (Path(study) / "participants.json").exists():
        content = {name: {"Description": COLUMNS[name]} for name in header if name in COLUMNS}
        files.write_json(Path(folder) / "participants.json", content)


def write_dataset(
    folder: str | Path, name: str = "Diffusion-weighted scans", study: str | Path | None = None
) -> None:
    """Write what BIDS wants beside the participants; files that the study has already are kept.

    Parameters
    ----------
    folder : path
        Where to write.
    name : str
        Of the dataset.
    study : path, optional
        The study whose files are to be kept.
    """
    description = {
        "Name": name,
        "BIDSVersion": BIDS_VERSION,
        "DatasetType": "raw",
        "GeneratedBy": [{"Name": "ivim", "Version": ivim.__version__}],
    }
    contents = {
        "README.md": README.format(name=name, version=BIDS_VERSION),
        ".bidsignore": IGNORED,
    }
    for file, text in contents.items():
        if not _has(study, file):
            files.write_text(Path(folder) / file, text)
    if not _has(study, "dataset_description.json"):
        files.write_json(Path(folder) / "dataset_description.json", description)


def _has(study, file):
    names = [file, "README", "README.txt", "README.rst"] if file == "README.md" else [file]
    return study is not None and any((Path(study) / name).exists() for name in names)


def _raw_rows(table):
    """Header and rows of a checked table as they stand there."""
    lines = read_text(table).splitlines()
    cells = [[cell.strip() for cell in line.split("\t")] for line in lines if line.strip()]
    return cells[0], cells[1:]


def _image(data, affine, scaling, spacing, repetition_time):
    import nibabel as nib

    affine = np.asarray(affine, float)
    edges = np.linalg.norm(affine[:3, :3], axis=0) if spacing is None else spacing
    image = nib.Nifti1Image(data, affine)
    image.header.set_zooms((*edges, repetition_time or 0.0))
    image.header.set_xyzt_units("mm", "sec")
    image.header.set_slope_inter(*scaling)
    image.set_sform(affine, code="scanner")
    image.set_qform(affine, code="scanner")
    return image
