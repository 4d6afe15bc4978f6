"""Regions of interest as other programs save them, told apart by what a file holds, never by its
ending alone.

One module per format, each with ``NAME``, ``ENDINGS`` (for the help text), ``recognises(head)`` and
``load(path)``. What `load` gives (:class:`~ivim.imaging.paintings.Painting`,
:class:`~ivim.imaging.contours.Outline`) knows its name and, by ``on(grid, path, resample)``, its
voxels on the grid of an image. A new format is one such module and its name in :data:`FORMATS`.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ivim.files import replacing, staged
from ivim.imaging.guard import Refused, check_file, check_room, check_target, first_bytes
from ivim.imaging.regions import choose, overlap, with_unique_names

if TYPE_CHECKING:
    from nibabel.spatialimages import SpatialImage

    from ivim.imaging.grid import Grid
    from ivim.imaging.regions import Region

FORMATS = ("nifti", "nrrd", "imagej", "dicom", "polygons", "horos")
"""Modules of this package, in the order in which they are asked."""

HEAD = 4096
"""Bytes that a format is told by."""

__all__ = [
    "FORMATS",
    "load_regions",
    "read_grid",
    "read_regions",
    "save_image",
    "write_mask",
    "write_regions",
]


def read_regions(
    path: str | Path, grid: Grid, resample: bool = False, only: str | int | None = None
) -> list[Region]:
    """Read the regions of a file, in any format of :data:`FORMATS`, onto the grid of an image.

    Parameters
    ----------
    path : path
    grid : Grid
        Of the image that is measured.
    resample : bool
        Take regions of another grid by nearest neighbour; else they are refused with their offset
        in mm.
    only : str or int, optional
        Name or number of the one region to read; others may then lie anywhere.

    Returns
    -------
    list of Region
        In the file's order, at least one; names are unique, and regions may overlap.

    Raises
    ------
    ValueError
        When the file cannot be read, lies on another grid, or holds no region.
    """
    drawings, _ = load_regions(path)
    drawings = drawings if only is None else [choose(drawings, only, path)]
    check_room(path, len(drawings) * int(np.prod(grid.shape)), f"{len(drawings)} regions")
    return [drawing.on(grid, path, resample) for drawing in drawings]


def load_regions(path: str | Path) -> tuple[list, str]:
    """Read the regions of a file as they were drawn, before any image.

    Parameters
    ----------
    path : path

    Returns
    -------
    drawings : list of Painting or Outline
        Names are unique.
    format_name : str
        Which format it is.

    Raises
    ------
    ValueError
        When the file is of no known format, damaged, or holds no region.
    """
    path = check_file(path, f"a file of regions ({_accepted()})")
    found = _format_of(path)
    try:
        # What the libraries warn of quotes header text, where names stand.
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            drawings = found.load(path)
    except Refused:
        raise
    except ImportError as error:
        package = getattr(error, "name", None) or "a package"
        msg = (
            f"{path}: reading a {found.NAME} needs {package}; install it: pip install 'ivim[study]'"
        )
        raise Refused(msg) from error
    except Exception as error:
        # Damaged bytes make the libraries raise anything; their words may quote a patient, so only
        # the kind is told.
        msg = f"{path}: not readable as {found.NAME} ({type(error).__name__}); save it again"
        raise Refused(msg) from error
    if not drawings:
        msg = f"{path}: no region in it ({found.NAME}); draw one and save it again"
        raise Refused(msg)
    return with_unique_names(drawings), found.NAME


def read_grid(path: str | Path) -> Grid:
    """The grid of an image from its header alone.

    Parameters
    ----------
    path : path
        NIfTI or NRRD.

    Returns
    -------
    Grid
    """
    from ivim.imaging.formats import nifti, nrrd

    path = check_file(path, "the path of a NIfTI image (.nii or .nii.gz)")
    head, packed = first_bytes(path, HEAD)
    return nrrd.read_grid(path) if nrrd.recognises(head) else nifti.read_header(path).grid


def write_mask(path: str | Path, mask: np.ndarray, grid: Grid) -> None:
    """Write a mask (bool) or a label map (whole numbers) as NIfTI on `grid`.

    Parameters
    ----------
    path : path
        Ends with ``.nii`` or ``.nii.gz``.
    mask : array of bool or of whole numbers, shape grid.shape
    grid : Grid

    Raises
    ------
    ValueError
        When the shape is another, a value is no whole number from 0 on, or the file cannot be
        written.
    """
    import nibabel as nib

    values = np.asarray(mask)
    if values.shape != tuple(grid.shape):
        msg = f"mask of shape {values.shape}; the image's grid is {tuple(grid.shape)}"
        raise ValueError(msg)
    if (
        values.dtype.kind not in "biu"
        and not np.equal(np.mod(values, 1), 0).all()
        or values.min() < 0
    ):
        msg = (
            f"mask with values from {values.min():g} to {values.max():g}; labels are whole numbers "
            "from 0 on"
        )
        raise ValueError(msg)
    _nifti_ending(Path(path))
    values = values.astype(_smallest(values.max()))
    image = nib.Nifti1Image(values, grid.affine, dtype=values.dtype)
    image.header.set_zooms(grid.spacing)
    image.header.set_xyzt_units("mm")
    save_image(image, path)


def write_regions(
    path: str | Path, regions: Sequence[Region], grid: Grid, force: bool = False
) -> list[tuple[Path, int, Region]]:
    """Write regions as NIfTI: a mask or label map, or (where they overlap) a file for each.

    Parameters
    ----------
    path : path
        Ends with ``.nii`` or ``.nii.gz``; with a file for each, ``-1``, ``-2`` ... stand before the
        ending.
    regions : sequence of Region
        They keep their numbers where all have different ones above 0; else they count from 1.
    grid : Grid
    force : bool
        Replace existing files.

    Returns
    -------
    list of (Path, int, Region)
        File, number in it, and region.

    Raises
    ------
    ValueError
        When a file exists already (without `force`), or cannot be written.
    """
    path = Path(path)
    ending = _nifti_ending(path)
    numbers = [region.label or 0 for region in regions]
    if len(set(numbers)) < len(numbers) or min(numbers) < 1:
        numbers = list(range(1, len(regions) + 1))
    if overlap(regions):
        stem = path.name.removesuffix(ending)
        targets = [path.with_name(f"{stem}-{number}{ending}") for number in numbers]
        contents = [region.mask for region in regions]
    else:
        targets, labels = [path] * len(regions), np.zeros(grid.shape, np.int64)
        for number, region in zip(numbers, regions, strict=True):
            labels[region.mask] = number
        contents = [labels]
    for target in dict.fromkeys(targets):
        check_target(target, force=force)
    with staged(path.absolute().parent, force=True) as stage:
        for target, content in zip(dict.fromkeys(targets), contents, strict=True):
            write_mask(stage / target.name, content, grid)
    numbers = [1] * len(regions) if overlap(regions) else numbers
    return list(zip(targets, numbers, regions, strict=True))


def save_image(image: SpatialImage, path: str | Path) -> None:
    """Save a NIfTI image under a temporary name, then put it in its place: a file is whole or
    absent.

    Parameters
    ----------
    image : nibabel image
    path : path
    """
    import nibabel as nib

    with replacing(path) as temporary:
        nib.save(image, temporary)


def _format_of(path):
    """The module that recognises a file by its first bytes."""
    head, packed = first_bytes(path, HEAD)
    for name in FORMATS:
        module = import_module(f"ivim.imaging.formats.{name}")
        if module.recognises(head):
            return module
    why = ", or its gzip data are damaged" if packed else ""
    msg = f"{path}: no file of regions that is known here{why}; accepted are {_accepted()}"
    raise Refused(msg)


def _accepted():
    """What is accepted, for messages."""
    return ", ".join(import_module(f"ivim.imaging.formats.{name}").NAME for name in FORMATS)


def _nifti_ending(path):
    """``.nii`` or ``.nii.gz``, whichever the name ends with."""
    for ending in (".nii.gz", ".nii"):
        if path.name.lower().endswith(ending):
            return path.name[-len(ending) :]
    msg = f"{path}: masks are written as NIfTI; give a name that ends with .nii or .nii.gz"
    raise ValueError(msg)


def _smallest(largest):
    """The smallest type that viewers know and that holds a label."""
    for dtype in (np.uint8, np.int16, np.int32, np.int64):
        if largest <= np.iinfo(dtype).max:
            return dtype
    msg = f"label {largest}; labels are at most {np.iinfo(np.int64).max}"
    raise ValueError(msg)
