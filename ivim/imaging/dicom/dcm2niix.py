"""dcm2niix at work: chosen files in, volumes with their b-values and directions out.

Its messages and its names may quote headers, so neither is passed on, and its sidecar is read for
numbers only.
"""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path

import numpy as np

TIME_LIMIT = 1800
"""Seconds for one series; a large one takes some ten."""

# Own settings of the user off; sidecar without identity; plain NIfTI; no rotation, no cropping.
OPTIONS = ("-g", "i", "-b", "y", "-ba", "y", "-z", "n", "-x", "i", "-f", "volumes")

NUMBERS: tuple[str, ...] = (
    "EchoTime",
    "RepetitionTime",
    "FlipAngle",
    "EffectiveEchoSpacing",
    "TotalReadoutTime",
)
NUMBERS += ("ParallelReductionFactorInPlane", "PartialFourier")
PHASE_DIRECTIONS = ("i", "i-", "j", "j-", "k", "k-")


@dataclass(frozen=True, eq=False)
class Converted:
    """One image that dcm2niix wrote.

    Attributes
    ----------
    voxels : array, shape (x, y, z, n)
        As stored, not scaled.
    slope, intercept : float
        Of the scaling.
    affine : array, shape (4, 4)
    spacing : tuple of float, mm
    b : array, shape (n,), or None
        As dcm2niix read it; None where it wrote none.
    directions : array, shape (n, 3)
        Along the image's axes; zeros where it wrote none.
    facts : dict
        Numbers and codes of the sidecar.
    """

    voxels: np.ndarray
    slope: float
    intercept: float
    affine: np.ndarray
    spacing: tuple
    b: np.ndarray | None
    directions: np.ndarray
    facts: dict


def version() -> str:
    """Version of dcm2niix.

    Returns
    -------
    str

    Raises
    ------
    ValueError
        When it is not installed.
    """
    import re

    found = re.match(r"[\d.]+", str(_package().__version__))
    return found.group() if found else ""


def convert(files: str | Path, out: str | Path, label: str) -> list[Converted]:
    """Convert the files of one series.

    Parameters
    ----------
    files : path
        Folder with nothing else in it.
    out : path
        Empty folder.
    label : str
        Of the series, for messages.

    Returns
    -------
    list of Converted

    Raises
    ------
    ValueError
        When nothing comes out.
    """
    import nibabel as nib

    command = [str(_package().bin), *OPTIONS, "-o", str(out), str(files)]
    try:
        done = subprocess.run(
            command, capture_output=True, stdin=subprocess.DEVNULL, timeout=TIME_LIMIT, check=False
        )
        ending = f"exit code {done.returncode}"
    except subprocess.TimeoutExpired:
        ending = f"not done in {TIME_LIMIT} s"
    except OSError as error:
        ending = type(error).__name__
    try:
        images = [_read(path) for path in sorted(Path(out).glob("*.nii"))]
    except (ValueError, OSError, nib.filebasedimages.ImageFileError) as error:
        images, ending = [], type(error).__name__
    if not images:
        msg = (
            f"series {label}: dcm2niix cannot convert it ({ending}); its pixels may be damaged or "
            "packed in an unusual way: export it again, uncompressed"
        )
        raise ValueError(msg)
    return images


def _package():
    try:
        import dcm2niix
    except ImportError:
        msg = "dcm2niix is not installed; pip install 'ivim[study]'"
        raise ValueError(msg) from None
    return dcm2niix


def _read(path):
    import nibabel as nib

    image = nib.load(path)
    # A copy: the file is gone before the voxels are.
    voxels = np.array(image.dataobj.get_unscaled())
    voxels = voxels.reshape(voxels.shape[:3] + (-1,))
    slope, intercept = image.header.get_slope_inter()
    count = voxels.shape[3]
    return Converted(
        voxels=voxels,
        slope=1.0 if slope is None else float(slope),
        intercept=0.0 if intercept is None else float(intercept),
        affine=np.asarray(image.affine, float),
        spacing=tuple(float(edge) for edge in image.header.get_zooms()[:3]),
        b=_table(path.with_suffix(".bval"), 1, count, None),
        directions=_table(path.with_suffix(".bvec"), 3, count, np.zeros((3, count))).T,
        facts=_facts(path.with_suffix(".json")),
    )


def _table(path, rows, count, otherwise):
    """A table of numbers that goes with an image; `otherwise` where it is not there."""
    if not path.is_file():
        return otherwise
    table = np.loadtxt(path, ndmin=2)
    if table.shape != (rows, count):
        msg = "table of another size"
        raise ValueError(msg)
    return table[0] if rows == 1 else table


def _facts(path):
    if not path.is_file():
        return {}
    content = json.loads(path.read_text(encoding="utf-8", errors="replace"), strict=False)
    found = {
        name: content[name]
        for name in NUMBERS
        if isinstance(content.get(name), (int, float)) and np.isfinite(content[name])
    }
    if content.get("PhaseEncodingDirection") in PHASE_DIRECTIONS:
        found["PhaseEncodingDirection"] = content["PhaseEncodingDirection"]
    return found
