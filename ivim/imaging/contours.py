"""Regions drawn as polygons, and the one rasteriser that turns any of them into voxels.

A voxel is inside when its centre is; contours of one slice combine by exclusive or, so that a
contour within another is a hole. A centre on the line itself counts by the half-open rule of scan
conversion (Foley et al. 1996, Computer Graphics, 3.6), as in ImageJ: a line on the low side of the
region belongs to it, one on the high side does not, so that two regions with a common line share no
voxel.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from ivim.imaging.guard import Refused
from ivim.imaging.regions import Region

if TYPE_CHECKING:
    from ivim.imaging.grid import Grid

SAME_SLICE = 0.25
"""A contour belongs to a slice when its plane lies within this part of the distance between slices;
half-way between two it would be a guess."""

FLAT = 0.1
"""A contour runs in a slice when no point leaves its plane by more than this part of the distance
between slices.
"""

DECIMALS = 4
"""Of voxel indices: less than a micrometre is the rounding of mm in a file, not drawing."""

FARTHEST = 1e6
"""Voxels from the image; further away nothing was drawn."""

EDGES_AT_ONCE = 1024


@dataclass(frozen=True)
class Outline:
    """A region as a file holds it: closed contours.

    Attributes
    ----------
    name : str
    contours : tuple of array, shape (n, 3)
        Corners in mm (RAS), or in voxel indices of the image where `in_voxels` (the third is NaN
        where the file names no slice).
    label : int or None
    in_voxels : bool
    remarks : tuple of str
    """

    name: str
    contours: tuple
    label: int | None = None
    in_voxels: bool = False
    remarks: tuple = ()

    def extent(self) -> str:
        """What was drawn, in words."""
        corners = sum(len(contour) for contour in self.contours)
        return f"{len(self.contours)} contours of {corners} corners"

    def on(self, grid: Grid, path: str | Path, resample: bool = False) -> Region:
        """The region on the grid of an image.

        Parameters
        ----------
        grid : Grid
        path : path
            For messages.
        resample : bool
            Contours whose planes lie between slices go to the slices nearest to them; else they are
            refused.

        Returns
        -------
        Region

        Raises
        ------
        Refused
            By name, when contours are tilted against the slices, lie between them, or enclose no
            voxel of the image.
        """
        drawn = self._in_indices(grid, path)
        axis = _slice_axis(drawn, grid)
        self._check_flat(drawn, axis, grid, path)
        planes = np.round([contour[:, axis].mean() for contour in drawn], 2)
        mask = np.zeros(grid.shape, bool)
        slices = np.moveaxis(mask, axis, 0)
        across = [k for k in range(3) if k != axis]
        for index, plane in self._slices(planes, axis, grid, path, resample).items():
            for contour in (drawn[k] for k in np.flatnonzero(planes == plane)):
                slices[index] ^= rasterise(contour[:, across], slices[index].shape)
        beyond = _beyond(drawn, grid)
        if not mask.any():
            what = "lies outside the image" if beyond.all() else "encloses no voxel centre"
            msg = f"{path}: region {self.name!r} {what}; draw it on this image"
            raise Refused(msg)
        remarks = ("reaches beyond the image's edge",) if beyond.any() else ()
        return Region(self.name, mask, self.label, self.remarks + remarks)

    def _in_indices(self, grid, path):
        """The contours in voxel indices of the image."""
        drawn = [c if self.in_voxels else grid.indices(c) for c in self.contours]
        if self.in_voxels and np.isnan(np.concatenate(drawn)[:, 2]).any():
            if grid.shape[2] > 1:
                msg = (
                    f"{path}: region {self.name!r} names no slice and the image has "
                    f"{grid.shape[2]}; save it with its position in the stack"
                )
                raise Refused(msg)
            drawn = [np.column_stack([c[:, :2], np.zeros(len(c))]) for c in drawn]
        if not all((np.abs(c) < FARTHEST).all() for c in drawn):
            msg = f"{path}: region {self.name!r} lies outside the image; draw it on this image"
            raise Refused(msg)
        return [np.round(c, DECIMALS) for c in drawn]

    def _check_flat(self, drawn, axis, grid, path):
        """Refuse contours that run across slices."""
        worst = max(float(np.ptp(contour[:, axis])) for contour in drawn)
        if worst > 2 * FLAT:
            msg = (
                f"{path}: region {self.name!r} is tilted against the image's slices (a contour "
                "runs "
                f"through {worst * grid.spacing[axis]:.3g} mm of them); draw it on the diffusion "
                "image, or save it as a mask"
            )
            raise Refused(msg)

    def _slices(self, planes, axis, grid, path, resample):
        """Which slice takes the contours of which plane, both as indices along the axis."""
        levels, count = np.unique(planes), grid.shape[axis]
        near = np.rint(levels)
        away = np.abs(levels - near)
        if away.max() <= SAME_SLICE and np.unique(near).size == near.size:
            own = dict(zip(near.astype(int), levels, strict=True))
        elif resample:
            own = _nearest_levels(levels, count)
        else:
            msg = (
                f"{path}: region {self.name!r} was drawn on other slices (a contour lies "
                f"{away.max() * grid.spacing[axis]:.3g} mm from the nearest one of the image, "
                f"slices are {grid.spacing[axis]:.3g} mm apart); resample it onto the image "
                "(--resample), or "
                "draw it on the diffusion image"
            )
            raise Refused(msg)
        return {index: level for index, level in own.items() if 0 <= index < count}


def rasterise(corners: ArrayLike, shape: Sequence[int]) -> np.ndarray:
    """The pixels whose centres lie inside a closed polygon; pixel (i, j) has its centre at i, j.

    Parameters
    ----------
    corners : array, shape (n, 2)
        The last is joined to the first. A line that crosses itself counts by the even-odd rule.
    shape : (int, int)

    Returns
    -------
    array of bool, shape `shape`

    Examples
    --------
    >>> rasterise([(-0.5, -0.5), (1.5, -0.5), (1.5, 0.5), (-0.5, 0.5)], (3, 2)).astype(int)
    array([[1, 0],
           [1, 0],
           [0, 0]])
    """
    x, y = np.asarray(corners, float).T
    x_next, y_next = np.roll(x, -1), np.roll(y, -1)
    # Each edge flips every pixel beyond it in the columns that it spans; what is flipped an odd
    # number of times is inside.
    flips = np.zeros((shape[0] + 1, shape[1]), np.int32)
    for start in range(0, x.size, EDGES_AT_ONCE):
        part = slice(start, start + EDGES_AT_ONCE)
        x0, y0, x1, y1 = x[part], y[part], x_next[part], y_next[part]
        first = np.clip(np.ceil(np.minimum(y0, y1)), 0, shape[1]).astype(int)
        last = np.clip(np.ceil(np.maximum(y0, y1)), 0, shape[1]).astype(int)
        edge = np.repeat(np.arange(x0.size), last - first)
        column = np.arange(edge.size) - np.repeat(np.cumsum(last - first) - last, last - first)
        slope = (x1 - x0)[edge] / (y1 - y0)[edge]
        crossing = np.round(x0[edge] + (column - y0[edge]) * slope, DECIMALS)
        row = np.clip(np.ceil(crossing), 0, shape[0]).astype(int)
        np.add.at(flips, (row, column), 1)
    return (np.cumsum(flips, axis=0)[:-1] & 1).astype(bool)


def _slice_axis(drawn, grid):
    """The voxel axis that the contours are drawn across."""
    run = sum(np.ptp(contour, axis=0) for contour in drawn) * grid.spacing
    return int(np.argmin(run))


def _nearest_levels(levels, count):
    """For each slice the plane nearest to it, no further away than half the distance between planes
    (or slices).
    """
    gap = max(1.0, float(np.diff(levels).min())) if levels.size > 1 else 1.0
    own = {}
    for index in range(count):
        nearest = levels[np.argmin(np.abs(levels - index))]
        if -gap / 2 <= index - nearest < gap / 2:
            own[index] = nearest
    return own


def _beyond(drawn, grid):
    """For each contour whether a part of it lies outside the image."""
    last = np.array(grid.shape) - 0.5
    return np.array([((c < -0.5 - FLAT) | (c > last + FLAT)).any() for c in drawn])
