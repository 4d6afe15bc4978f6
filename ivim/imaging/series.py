"""A diffusion-weighted series: the image, its b-values, the averages behind each of them, and the
grid it lies on.

Only what the analysis needs is taken from a file: voxel values, affine, spacing, b-values,
averages. Names, dates and free text in headers or JSON sidecars (where patient identity hides) are
never read into anything that is written or shown.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ivim.imaging.formats.nifti import read_image
from ivim.imaging.grid import Grid, times
from ivim.imaging.guard import check_file

LARGEST_TEXT = 1 << 26
"""Bytes of a b-value file or a sidecar; a larger one is something else."""


@dataclass(frozen=True)
class Series:
    """A diffusion-weighted series.

    Attributes
    ----------
    data : array of float32, shape (x, y, z, n)
    b : array, shape (n,), s/mm²
        In the image's order: unsorted, repeated and without b = 0 are all fine.
    averages : array, shape (n,), or None
        Averages ("excitations") behind each image; None where nothing says how many.
    grid : Grid
    """

    data: np.ndarray
    b: np.ndarray
    averages: np.ndarray | None
    grid: Grid


def read_series(
    image: str | Path, bval: str | Path | None = None, averages: Sequence[float] | None = None
) -> Series:
    """Read a DWI series.

    Parameters
    ----------
    image : path
        4-D NIfTI (or anything nibabel reads) whose last axis is b.
    bval : path, optional
        b-values in s/mm², see :func:`read_bvals`; by default the file of the image's name with
        ending ``.bval``.
    averages : sequence of float, optional
        Averages per b-value; by default ``NumberOfAverages`` of the image's ``.json`` sidecar,
        where there is one.

    Returns
    -------
    Series

    Raises
    ------
    ValueError
        When a file cannot be read or the parts do not fit together.
    """
    data, grid = read_image(image)
    if data.ndim != 4:
        msg = (
            f"{image}: {data.ndim}-D image of shape {times(data.shape)}; a diffusion series has 4 "
            "axes, the last one for the b-values"
        )
        raise ValueError(msg)
    b = read_bvals(bval or sidecar(image, ".bval"))
    if len(b) != data.shape[3]:
        msg = (
            f"{len(b)} b-values for {data.shape[3]} images in {image}; give one b-value per "
            "image, in the images' order"
        )
        raise ValueError(msg)
    if averages is None:
        return Series(data, b, read_averages(sidecar(image, ".json"), len(b)), grid)
    return Series(data, b, check_averages(averages, len(b), "averages"), grid)


def read_bvals(path: str | Path) -> np.ndarray:
    """Read b-values in any usual spelling: one line or a column, blanks, tabs, commas or semicolons
    between, ``1e3`` or ``1000``.

    Parameters
    ----------
    path : path
        Text file; lines that begin with ``#`` are skipped.

    Returns
    -------
    array, shape (n,), s/mm²

    Raises
    ------
    ValueError
        When a word is no number, a value is negative, or all look like ms/µm².
    """
    words = [
        word
        for line in _read_text(path).splitlines()
        if not line.lstrip().startswith("#")
        for word in re.split(r"[\s,;]+", line)
        if word
    ]
    try:
        b = np.array([float(word) for word in words])
    except ValueError:
        bad = next(word for word in words if not _is_number(word))
        msg = (
            f"{path}: {bad[:40]!r} is not a number; b-values are plain numbers in s/mm², "
            "separated by blanks or commas"
        )
        raise ValueError(msg) from None
    if not b.size:
        msg = f"{path}: no b-value in it; write one per image, in s/mm²"
        raise ValueError(msg)
    if not np.isfinite(b).all() or b.min() < 0:
        msg = (
            f"{path}: b-value {b[~(b >= 0) | ~np.isfinite(b)][0]:g}; b-values are finite and not "
            "negative, in s/mm²"
        )
        raise ValueError(msg)
    # No diffusion protocol stops below b = 5 s/mm²; 0-3 are the usual b-values of a body protocol
    # in ms/µm².
    if 0 < b.max() < 5:
        msg = (
            f"{path}: the largest b-value is {b.max():g}, which looks like ms/µm²; b-values are "
            "in s/mm², so multiply by 1000"
        )
        raise ValueError(msg)
    return b


def read_averages(path: str | Path, count: int) -> np.ndarray | None:
    """Averages per b-value from ``NumberOfAverages`` of a BIDS sidecar; None where there is no file
    or no such entry.

    One number stands for all images. Nothing else of the sidecar is looked at.

    Parameters
    ----------
    path : path
        The sidecar.
    count : int
        Number of b-values.

    Returns
    -------
    array, shape (count,), or None

    Raises
    ------
    ValueError
        When the file is no JSON, or its averages are no numbers above zero.
    """
    if not Path(path).is_file():
        return None
    try:
        content = json.loads(_read_text(path))
    except (ValueError, RecursionError) as error:
        # Beside errors of syntax: numbers of thousands of digits, and lists within lists without
        # end.
        line = f" (line {error.lineno})" if isinstance(error, json.JSONDecodeError) else ""
        msg = (
            f"{path}: not JSON{line}; mend it or take it away and give the averages as an argument"
        )
        raise ValueError(msg) from None
    averages = content.get("NumberOfAverages") if isinstance(content, dict) else None
    if averages is None:
        return None
    return check_averages(
        [averages] * count if np.isscalar(averages) else averages,
        count,
        f"{path}: NumberOfAverages",
    )


def check_averages(averages: object, count: int, name: str) -> np.ndarray:
    """Averages as an array of `count` positive numbers, or ValueError with the `name` of where they
    stand.

    Parameters
    ----------
    averages : sequence of float
    count : int
    name : str
        Where they stand, for the message.

    Returns
    -------
    array, shape (count,)

    Raises
    ------
    ValueError
        When they are no such numbers, or not as many.
    """
    try:
        array = np.array(averages, dtype=float)
    except (TypeError, ValueError):
        msg = (
            f"{name}: {str(averages)[:40]!r} is no list of numbers; give {count} numbers, one per "
            "b-value"
        )
        raise ValueError(msg) from None
    if array.shape != (count,):
        msg = (
            f"{name}: {array.size} given for {count} b-values; give one number per b-value, in "
            "the images' order"
        )
        raise ValueError(msg)
    if not (np.isfinite(array).all() and (array > 0).all()):
        msg = (
            f"{name}: {array[~(array > 0) | ~np.isfinite(array)][0]:g} is met; averages are "
            "greater than 0"
        )
        raise ValueError(msg)
    return array


def sidecar(image: str | Path, ending: str) -> Path:
    """Path of the file that goes with an image: same name, `ending` in place of ``.nii`` or
    ``.nii.gz``.

    Parameters
    ----------
    image : path
    ending : str
        With its dot.

    Returns
    -------
    Path
    """
    image = Path(image)
    return image.with_name(re.sub(r"(\.nii)?(\.gz)?$", "", image.name) + ending)


def _read_text(path):
    path = check_file(path, "the path of a text file")
    if path.stat().st_size > LARGEST_TEXT:
        msg = f"{path}: {path.stat().st_size} bytes, which is no list of b-values and no sidecar"
        raise ValueError(msg)
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        msg = f"{path}: not a text file in UTF-8; give plain text"
        raise ValueError(msg) from error


def _is_number(word):
    try:
        float(word)
    except ValueError:
        return False
    return True
