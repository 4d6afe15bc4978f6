"""Where voxels lie: from voxel indices to mm and back, and how the voxels of one grid lie on
another.

All places are in mm with x to the patient's right, y to the front... as NIfTI has them (RAS);
formats that count to the left and to the back (LPS: DICOM, NRRD of Slicer) are turned by their
readers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import permutations
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike

SAME_PLACE_VOXELS = 0.1
"""Voxels are in one place when they lie no further apart than this part of the smallest voxel edge:
headers round, patients move more."""

FARTHEST_MM, NEAREST_MM = 1e6, 1e-6

FLATTEST = 1e-6
"""Volume of a voxel over that of a box with its edges; below it two axes run the same way."""

LPS_TO_RAS = np.diag([-1.0, -1.0, 1.0, 1.0])


@dataclass(frozen=True)
class Grid:
    """Where voxels lie.

    Attributes
    ----------
    shape : tuple of int, (x, y, z)
    affine : array, shape (4, 4)
        Voxel indices to mm (RAS); whole numbers are the centres of voxels.
    spacing : tuple of float, mm
        Edge lengths of a voxel.
    """

    shape: tuple
    affine: np.ndarray
    spacing: tuple

    @classmethod
    def of(cls, shape: Sequence[int], affine: np.ndarray) -> Grid:
        """The grid of an affine; the edge lengths are those of its columns.

        Parameters
        ----------
        shape : sequence of int, (x, y, z)
        affine : array, shape (4, 4)

        Returns
        -------
        Grid
        """
        affine = np.asarray(affine, float)
        edges = np.linalg.norm(affine[:3, :3], axis=0)
        return cls(tuple(int(n) for n in shape), affine, tuple(float(edge) for edge in edges))

    def places(self, indices: ArrayLike) -> np.ndarray:
        """Places in mm (RAS) of voxel indices, both of shape (n, 3).

        Parameters
        ----------
        indices : array, shape (n, 3)

        Returns
        -------
        array, shape (n, 3)
        """
        return np.asarray(indices, float) @ self.affine[:3, :3].T + self.affine[:3, 3]

    def indices(self, places: ArrayLike) -> np.ndarray:
        """Voxel indices, with their fractions, of places in mm (RAS), both of shape (n, 3).

        Parameters
        ----------
        places : array, shape (n, 3), mm

        Returns
        -------
        array, shape (n, 3)
        """
        inverse = np.linalg.inv(self.affine)
        return np.asarray(places, float) @ inverse[:3, :3].T + inverse[:3, 3]

    def corners(self) -> np.ndarray:
        """Places of the eight corner voxels in mm, shape (8, 3)."""
        return self.places(self.corner_indices())

    def corner_indices(self) -> np.ndarray:
        """Indices of the eight corner voxels, shape (8, 3)."""
        last = np.array(self.shape) - 1
        return np.array(np.meshgrid(*((0, n) for n in last), indexing="ij")).reshape(3, -1).T

    def check_same(self, other: Grid, path: str | Path) -> None:
        """Raise ValueError unless `other`, read from `path`, is this grid.

        Parameters
        ----------
        other : Grid
        path : path
            For the message.

        Raises
        ------
        ValueError
            When the grids differ.
        """
        if tuple(other.shape) != tuple(self.shape):
            msg = (
                f"{path}: grid of {times(other.shape)} voxels, the image has {times(self.shape)}; "
                "draw the ROI on the diffusion image or resample it"
            )
            raise ValueError(msg)
        away = np.linalg.norm(self.corners() - other.corners(), axis=1).max()
        if away > SAME_PLACE_VOXELS * min(self.spacing):
            msg = (
                f"{path}: same number of voxels as the image but up to {away:.3g} mm away from it "
                "(the affines differ); resample it onto the image"
            )
            raise ValueError(msg)


@dataclass(frozen=True)
class Lattice:
    """How the voxels of one grid fall on those of another, axis by axis.

    Attributes
    ----------
    axes : tuple of int
        For each axis of the one grid the axis of the other that it runs along.
    signs : tuple of int
        1 where both run the same way, -1 where the axis is flipped.
    start : tuple of int
        Index in the other grid of the one's first voxel.
    away : float, mm
        The largest distance between a voxel and the one that it falls on.
    """

    axes: tuple
    signs: tuple
    start: tuple
    away: float


def lattice(own: Grid, grid: Grid) -> Lattice:
    """How the voxels of `own` fall on those of `grid`: the flips, permutation and whole steps that
    come nearest.

    Parameters
    ----------
    own, grid : Grid

    Returns
    -------
    Lattice
        `away` says whether it may be used; see :data:`SAME_PLACE_VOXELS`.
    """
    step = np.linalg.solve(grid.affine[:3, :3], own.affine[:3, :3])
    # A single slice has no direction of its own along its short axis: the axes that it has decide.
    weight = np.where(np.array(own.shape) > 1, 1.0, 1e-6)
    axes = max(
        permutations(range(3)),
        key=lambda order: sum(weight[k] * abs(step[order[k], k]) for k in range(3)),
    )
    signs = tuple(-1 if step[axes[k], k] < 0 else 1 for k in range(3))
    corners = own.corner_indices()
    turned = np.zeros_like(corners)
    for k, (axis, sign) in enumerate(zip(axes, signs, strict=True)):
        turned[:, axis] = sign * corners[:, k]
    start = np.rint(np.mean(grid.indices(own.places(corners)) - turned, axis=0)).astype(int)
    away = np.linalg.norm(own.places(corners) - grid.places(turned + start), axis=1).max()
    return Lattice(axes, signs, tuple(int(n) for n in start), float(away))


def fits(own: Grid, grid: Grid) -> Lattice | None:
    """Whether the voxels of `own` are voxels of `grid` (a part of it, or beyond its edges): the
    lattice, or None.

    Parameters
    ----------
    own, grid : Grid

    Returns
    -------
    Lattice or None
    """
    found = lattice(own, grid)
    return found if found.away <= SAME_PLACE_VOXELS * min(grid.spacing) else None


def put(values: np.ndarray, found: Lattice, result: np.ndarray) -> int:
    """Put values of one grid onto another, turned by a lattice; what is there already stays.

    Parameters
    ----------
    values : array of bool or of whole numbers, shape (x, y, z)
    found : Lattice
    result : array of the same type
        On the other grid; changed in place.

    Returns
    -------
    int
        Voxels other than 0 that lie beyond the other grid's edges.
    """
    turned = np.transpose(values, np.argsort(found.axes))
    inner, outer = [], []
    for axis, count in enumerate(turned.shape):
        sign = found.signs[found.axes.index(axis)]
        if sign < 0:
            turned = np.flip(turned, axis)
        first = found.start[axis] - (count - 1 if sign < 0 else 0)
        low, high = max(first, 0), min(first + count, result.shape[axis])
        outer.append(slice(low, max(low, high)))
        inner.append(slice(low - first, max(low, high) - first))
    inside = turned[tuple(inner)]
    result[tuple(outer)] |= inside
    return int(np.count_nonzero(values) - np.count_nonzero(inside))


def put_nearest(values: np.ndarray, own: Grid, grid: Grid, result: np.ndarray) -> None:
    """Put values of one grid onto another, each voxel there taking the nearest voxel's value.

    Parameters
    ----------
    values : array of bool or of whole numbers, shape own.shape
    own, grid : Grid
    result : array of the same type, shape grid.shape
        Changed in place; beyond the edges of `own` it stays as it is.
    """
    edges = own.corner_indices() + np.where(own.corner_indices() > 0, 0.5, -0.5)
    reach = grid.indices(own.places(edges))
    low = np.clip(np.floor(reach.min(axis=0)).astype(int), 0, grid.shape)
    high = np.clip(np.ceil(reach.max(axis=0)).astype(int) + 1, 0, grid.shape)
    for z in range(low[2], high[2]):
        box = np.mgrid[low[0] : high[0], low[1] : high[1], z : z + 1].reshape(3, -1).T
        wanted = np.floor(np.round(own.indices(grid.places(box)), 6) + 0.5).astype(int)
        there = ((wanted >= 0) & (wanted < own.shape)).all(axis=1)
        result[tuple(box[there].T)] |= values[tuple(wanted[there].T)]


def is_place(affine: np.ndarray) -> bool:
    """Whether an affine gives voxels a place: finite, within a kilometre, no axis without length or
    beside another.

    Parameters
    ----------
    affine : array, shape (4, 4)

    Returns
    -------
    bool
    """
    if not (np.isfinite(affine).all() and np.abs(affine).max() < FARTHEST_MM):
        return False
    edges = np.linalg.norm(affine[:3, :3], axis=0)
    volume = abs(np.linalg.det(affine[:3, :3]))
    return bool(edges.min() > NEAREST_MM and volume > FLATTEST * edges.prod())


def times(shape: Sequence[int]) -> str:
    """A shape in words: ``4 x 3 x 2``.

    Parameters
    ----------
    shape : sequence of int

    Returns
    -------
    str
    """
    return " x ".join(str(n) for n in shape)
