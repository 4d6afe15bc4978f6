"""Labels of an array: whole numbers of any size, each of which marks a region."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ivim.imaging.guard import Refused
from ivim.imaging.paintings import Painting
from ivim.imaging.regions import MOST_REGIONS

if TYPE_CHECKING:
    from ivim.imaging.grid import Grid

WHOLE = 1e-3
"""Values are taken as whole numbers when they are this near: scaled integers come back from a file
with a rounding.
"""


def paintings(values: np.ndarray, grid: Grid, path: str | Path, whole: bool) -> list[Painting]:
    """One painting per number other than 0 in an array.

    Parameters
    ----------
    values : array, shape (x, y, z)
    grid : Grid
    path : path
        For messages.
    whole : bool
        As of :class:`ivim.imaging.paintings.Painting`.

    Returns
    -------
    list of Painting
        In rising order of their numbers.

    Raises
    ------
    ValueError
        When the image holds no whole-number labels, or too many.
    """
    labels = whole_numbers(values, path)
    numbers = [int(number) for number in np.unique(labels) if number]
    if not numbers:
        msg = f"{path}: the mask is empty (every voxel is 0); mark the region with 1"
        raise Refused(msg)
    if len(numbers) > MOST_REGIONS:
        msg = (
            f"{path}: {len(numbers)} different numbers, which is an image and no label map (at "
            f"most {MOST_REGIONS}); give a mask"
        )
        raise Refused(msg)
    block = ((labels, grid),)
    return [Painting(str(number), block, number, number, whole) for number in numbers]


def whole_numbers(values: np.ndarray, path: str | Path) -> np.ndarray:
    """The labels of an array: whole numbers of any size, as exact as the file has them.

    Parameters
    ----------
    values : array
    path : path
        For the message.

    Returns
    -------
    array of an integer type

    Raises
    ------
    ValueError
        When a value is no whole number.
    """
    if values.dtype.kind in "iub":
        return values.astype(np.uint8) if values.dtype.kind == "b" else values
    # Some tools write NaN outside a mask.
    values = np.where(np.isnan(values), 0.0, values).astype(float)
    wrong = ~np.isfinite(values)
    wrong[~wrong] = np.abs(values[~wrong] - np.rint(values[~wrong])) > WHOLE
    if wrong.any():
        msg = (
            f"{path}: holds {values[wrong][0]:g}; a mask has whole numbers (set a threshold to a "
            "probability map first)"
        )
        raise Refused(msg)
    if np.abs(values).max(initial=0) > 2.0**53:
        msg = f"{path}: holds {np.abs(values).max():g}; labels are whole numbers up to 2^53"
        raise Refused(msg)
    return np.rint(values).astype(np.int64)
