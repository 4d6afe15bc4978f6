"""Regions of interest: a name and the voxels, several of them free to overlap; their area, and how
far two agree.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

if TYPE_CHECKING:
    from ivim.imaging.grid import Grid

MOST_REGIONS = 1000
"""More different numbers than this are an image, not a label map."""

LONGEST_NAME = 64


@dataclass(frozen=True)
class Region:
    """A region of interest on the grid of an image.

    Attributes
    ----------
    name : str
        As its file calls it; the number in a label map.
    mask : array of bool, shape (x, y, z)
    label : int or None
        Its number in the file, where the format has one.
    remarks : tuple of str
        What a person should know: voxels beyond the edge, lines that were passed over.
    """

    name: str
    mask: np.ndarray
    label: int | None = None
    remarks: tuple = ()

    @property
    def voxels(self) -> int:
        """Number of voxels."""
        return int(np.count_nonzero(self.mask))


def clean_name(text: str, otherwise: str = "region") -> str:
    """A name from a file as one line of at most 64 printable characters.

    Parameters
    ----------
    text : str
    otherwise : str
        For an empty name.

    Returns
    -------
    str
    """
    text = " ".join("".join(c if c.isprintable() else " " for c in str(text)).split())
    return text[:LONGEST_NAME].strip() or otherwise


def with_unique_names(regions: Iterable) -> list:
    """The same regions, those of one name numbered: ``lesion``, ``lesion (2)``.

    Parameters
    ----------
    regions : iterable of objects with a ``name``
        Frozen dataclasses, :class:`Region` for one.

    Returns
    -------
    list
    """
    result, taken = [], set()
    for region in regions:
        name, number = region.name, 1
        while name in taken:
            number += 1
            name = f"{region.name} ({number})"
        taken.add(name)
        result.append(replace(region, name=name) if name != region.name else region)
    return result


def choose(regions: Sequence, wanted: str | int, path: str | Path) -> Region:
    """The region of a name or a number.

    Parameters
    ----------
    regions : sequence of Region
    wanted : str or int
    path : path
        For the message.

    Returns
    -------
    Region

    Raises
    ------
    ValueError
        When there is none; the message lists those there are.
    """
    for region in regions:
        if str(wanted) in (region.name, str(region.label)):
            return region
    shown = ", ".join(region.name for region in regions[:20]) + (", ..." if regions[20:] else "")
    msg = f"{path}: no label {wanted}; the file holds {shown}"
    raise ValueError(msg)


def union(regions: Sequence[Region]) -> np.ndarray:
    """All voxels of several regions as one mask.

    Parameters
    ----------
    regions : sequence of Region

    Returns
    -------
    array of bool
    """
    return np.any([region.mask for region in regions], axis=0)


def overlap(regions: Sequence[Region]) -> bool:
    """Whether any voxel belongs to more than one region.

    Parameters
    ----------
    regions : sequence of Region

    Returns
    -------
    bool
    """
    counts = np.sum([region.mask for region in regions], axis=0, dtype=np.uint16)
    return bool((counts > 1).any())


def window(mask: np.ndarray, margin: int = 0) -> np.ndarray:
    """The box of a region in each of its slices, with a margin: what a picture of it shows.

    Parameters
    ----------
    mask : array of bool, shape (x, y, z)
    margin : int, voxels

    Returns
    -------
    array of bool
    """
    box = np.zeros(mask.shape, bool)
    x, y, z = np.nonzero(mask)
    if x.size:
        low_x, low_y = max(x.min() - margin, 0), max(y.min() - margin, 0)
        box[low_x : x.max() + margin + 1, low_y : y.max() + margin + 1, np.unique(z)] = True
    return box


def area_mm2(mask: np.ndarray, grid: Grid) -> dict[int, float]:
    """Area of a region in each slice (third axis).

    Parameters
    ----------
    mask : array of bool, shape (x, y, z)
    grid : Grid

    Returns
    -------
    dict of int to float
        Slice index (from 0) to area in mm², for the slices that hold a part of the region.
    """
    pixels = np.asarray(mask, bool).sum(axis=(0, 1))
    return {
        int(z): float(pixels[z] * grid.spacing[0] * grid.spacing[1]) for z in np.flatnonzero(pixels)
    }


def largest(regions: Sequence[Region], grid: Grid) -> Region:
    """The region with the largest area in one slice, the article's choice among several lesions.

    Parameters
    ----------
    regions : sequence of Region
    grid : Grid

    Returns
    -------
    Region
        The first of several that are equal.
    """
    return max(regions, key=lambda region: max(area_mm2(region.mask, grid).values(), default=0.0))


def dice(one: ArrayLike, other: ArrayLike) -> float:
    """Dice coefficient of two masks (Dice 1945, Ecology 26:297): twice the shared voxels over the
    sum of both.

    Parameters
    ----------
    one, other : array of bool, shape (x, y, z)

    Returns
    -------
    float
        From 0 (nothing shared) to 1; NaN when both are empty.

    Raises
    ------
    ValueError
        When the shapes differ.
    """
    one, other = np.asarray(one, bool), np.asarray(other, bool)
    if one.shape != other.shape:
        msg = f"masks of shape {one.shape} and {other.shape}; give two masks on one grid"
        raise ValueError(msg)
    total = int(one.sum()) + int(other.sum())
    return 2 * int((one & other).sum()) / total if total else float("nan")


def describe(mask: np.ndarray, grid: Grid) -> str:
    """One line on a region's size.

    Parameters
    ----------
    mask : array of bool, shape (x, y, z)
    grid : Grid

    Returns
    -------
    str
    """
    sizes = ", ".join(
        f"{area:.1f} mm² in slice {z + 1}" for z, area in area_mm2(mask, grid).items()
    )
    return f"{int(np.sum(mask))} voxels: {sizes}"
