"""Regions of interest: masks and label maps in and out, held to the grid of the image, with their area.

A reader of ROIs takes ``(path, grid)`` and gives an integer array of the grid's shape (0 outside, a number per region).
NIfTI stands here; another format (NRRD, ImageJ, DICOM) enters by adding its reader to :data:`READERS` under its file ending.
"""

from pathlib import Path

import numpy as np

from ivim.files import replacing
from ivim.imaging.series import read_image


def read_labels(path, grid):
    """Read a mask or a label map in any format of :data:`READERS`.

    Parameters
    ----------
    path : path
    grid : Grid
        The grid of the image that the regions were drawn on.

    Returns
    -------
    dict of int to array of bool, shape grid.shape
        One mask per number in the file, in rising order; a plain mask has one.

    Raises
    ------
    ValueError
        When the file cannot be read, lies on another grid, is empty, or holds anything but whole numbers.
    """
    labels = _reader(path)(path, grid)
    numbers = [int(number) for number in np.unique(labels) if number]
    if not numbers:
        msg = f"{path}: the mask is empty (every voxel is 0); mark the region with 1"
        raise ValueError(msg)
    return {number: labels == number for number in numbers}


def read_roi(path, grid, label=None):
    """Read one region as a mask: that of `label`, or everything that is not 0.

    Returns
    -------
    array of bool, shape grid.shape
    """
    labels = read_labels(path, grid)
    if label is None:
        return np.any(list(labels.values()), axis=0)
    if label not in labels:
        msg = f"{path}: no label {label}; the file holds {', '.join(map(str, labels))}"
        raise ValueError(msg)
    return labels[label]


def write_roi(path, mask, grid):
    """Write a mask (bool) or a label map (whole numbers from 0 to 255) as NIfTI on `grid`."""
    import nibabel as nib

    values = np.asarray(mask)
    if values.shape != tuple(grid.shape):
        msg = f"mask of shape {values.shape}; the image's grid is {tuple(grid.shape)}"
        raise ValueError(msg)
    if values.dtype != bool and not (
        np.equal(np.mod(values, 1), 0).all() and values.min() >= 0 and values.max() <= 255
    ):
        msg = f"mask with values from {values.min():g} to {values.max():g}; labels are whole numbers from 0 to 255"
        raise ValueError(msg)
    image = nib.Nifti1Image(values.astype(np.uint8), grid.affine)
    image.header.set_zooms(grid.spacing)
    image.header.set_xyzt_units("mm")
    save_image(image, path)


def save_image(image, path):
    """Save a NIfTI image under a temporary name, then put it in its place: a file is whole or absent."""
    import nibabel as nib

    with replacing(path) as temporary:
        nib.save(image, temporary)


def area_mm2(mask, grid):
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


def describe(mask, grid):
    """One line on a region's size."""
    sizes = ", ".join(
        f"{area:.1f} mm² in slice {z + 1}" for z, area in area_mm2(mask, grid).items()
    )
    return f"{int(np.sum(mask))} voxels: {sizes}"


def _read_nifti(path, grid):
    values, own = read_image(path)
    while values.ndim > 3 and values.shape[-1] == 1:
        values = values[..., 0]
    if values.ndim != 3:
        msg = f"{path}: {values.ndim}-D image of shape {values.shape}; a mask has the 3 axes of the image's grid"
        raise ValueError(msg)
    grid.check_same(own, path)
    # Some tools write NaN outside a mask.
    values = np.nan_to_num(values)
    labels = np.rint(values).astype(int)
    if np.abs(values - labels).max() > 1e-3:
        msg = f"{path}: holds {values[np.abs(values - labels) > 1e-3][0]:g}; a mask has whole numbers (set a threshold to a probability map first)"
        raise ValueError(msg)
    return labels


READERS = {".nii": _read_nifti, ".nii.gz": _read_nifti}
"""File ending to reader ``(path, grid) -> integer array``."""


def _reader(path):
    name = Path(path).name.lower()
    for ending in sorted(READERS, key=len, reverse=True):
        if name.endswith(ending):
            return READERS[ending]
    msg = f"{path}: no reader of ROIs for this file ending; accepted are {', '.join(READERS)}"
    raise ValueError(msg)
