"""Regions painted voxel by voxel on a grid of their own, brought onto the grid of an image."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ivim.imaging.grid import SAME_PLACE_VOXELS, fits, lattice, put, put_nearest, times
from ivim.imaging.guard import Refused
from ivim.imaging.regions import Region

if TYPE_CHECKING:
    from ivim.imaging.grid import Grid


@dataclass(frozen=True)
class Painting:
    """A region as a file holds it: voxels of one or more blocks, each on its own grid.

    Attributes
    ----------
    name : str
    blocks : tuple of (array, Grid)
        The frames of a DICOM-SEG are blocks of one slice; other formats have one block.
    value : int
        What marks the region in the blocks.
    label : int or None
    whole : bool
        The block has to cover the image exactly; else it may be a part of it.
    """

    name: str
    blocks: tuple
    value: int = 1
    label: int | None = None
    whole: bool = False

    def extent(self) -> str:
        """What was painted, in words."""
        painted = sum(int(np.count_nonzero(values == self.value)) for values, _ in self.blocks)
        return f"{painted} voxels of {' x '.join(f'{e:.3g}' for e in self.blocks[0][1].spacing)} mm"

    def on(self, grid: Grid, path: str | Path, resample: bool = False) -> Region:
        """The region on the grid of an image.

        Axes that are flipped or permuted are put right. Voxels that are none of the image's are
        refused, or with `resample` each voxel of the image takes the nearest of the region's grid.

        Parameters
        ----------
        grid : Grid
        path : path
            For messages.
        resample : bool

        Returns
        -------
        Region

        Raises
        ------
        Refused
            With the offset in mm, when the region lies on another grid; and when all of it lies
            outside the image.
        """
        mask, lost = np.zeros(grid.shape, bool), 0
        for values, own in self.blocks:
            chosen = values == self.value
            found = fits(own, grid)
            if found is not None and (not self.whole or _covers(found, own, grid)):
                lost += put(chosen, found, mask)
            elif resample:
                put_nearest(chosen, own, grid, mask)
            else:
                raise Refused(_elsewhere(own, grid, path, self.whole))
        painted = sum(int(np.count_nonzero(values == self.value)) for values, _ in self.blocks)
        if painted and not mask.any():
            msg = f"{path}: region {self.name!r} lies outside the image; draw it on this image"
            raise Refused(msg)
        remarks = (f"{lost} of {painted} voxels lie beyond the image's edge",) if lost else ()
        return Region(self.name, mask, self.label, remarks)


def _covers(found, own, grid):
    """Whether the own grid has the image's voxels and no others."""
    turned = tuple(own.shape[found.axes.index(axis)] for axis in range(3))
    ends = tuple(
        start if found.signs[found.axes.index(axis)] > 0 else start - count + 1
        for axis, (start, count) in enumerate(zip(found.start, turned, strict=True))
    )
    return turned == tuple(grid.shape) and ends == (0, 0, 0)


def _elsewhere(own, grid, path, whole):
    """Why a region's voxels are none of the image's, with the offset in mm."""
    help_text = "resample it onto the image (--resample), or draw it on the diffusion image"
    same_count = sorted(own.shape) == sorted(grid.shape)
    if whole and not same_count:
        return (
            f"{path}: grid of {times(own.shape)} voxels, the image has {times(grid.shape)}; "
            f"{help_text}"
        )
    found = lattice(own, grid)
    if whole and found.away <= SAME_PLACE_VOXELS * min(grid.spacing):
        away = np.linalg.norm(own.corners() - grid.corners(), axis=1).max()
    else:
        away = found.away
    if same_count:
        return (
            f"{path}: same number of voxels as the image but up to {away:.3g} mm away from it "
            f"(the affines differ); {help_text}"
        )
    edges = " x ".join(f"{edge:.3g}" for edge in own.spacing)
    image = " x ".join(f"{edge:.3g}" for edge in grid.spacing)
    return (
        f"{path}: its voxels ({edges} mm) lie up to {away:.3g} mm away from those of the image "
        f"({image} mm); {help_text}"
    )
