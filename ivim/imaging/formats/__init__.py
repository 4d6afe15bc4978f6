"""Regions of interest as other programs save them, told apart by what a file holds, never by its ending alone.

One module per format, each with ``NAME``, ``ENDINGS`` (for the help text), ``recognises(head)`` and ``load(path)``. What `load`
gives (:class:`~ivim.imaging.paintings.Painting`, :class:`~ivim.imaging.contours.Outline`) knows its name and, by
``on(grid, path, resample)``, its voxels on the grid of an image. A new format is one such module and its name in
:data:`FORMATS`.
"""

import gzip
import zlib
from importlib import import_module
from pathlib import Path

import numpy as np

from ivim.files import replacing
from ivim.imaging.grid import times
from ivim.imaging.guard import Refused, check_file, check_room
from ivim.imaging.regions import choose, overlap, with_unique_names

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


def read_regions(path, grid, resample=False, only=None):
    """Read the regions of a file, in any format of :data:`FORMATS`, onto the grid of an image.

    Parameters
    ----------
    path : path
    grid : Grid
        Of the image that is measured.
    resample : bool
        Take regions of another grid by nearest neighbour; else they are refused with their offset in mm.
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


def load_regions(path):
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
    path = check_file(path, f"a file of regions ({_endings()})")
    found = _format_of(path)
    try:
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
        # Damaged bytes make the libraries raise anything; their words may quote a patient, so only the kind is told.
        msg = f"{path}: not readable as {found.NAME} ({type(error).__name__}); save it again"
        raise Refused(msg) from error
    if not drawings:
        msg = f"{path}: no region in it ({found.NAME}); draw one and save it again"
        raise Refused(msg)
    return with_unique_names(drawings), found.NAME


def read_grid(path):
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
    with path.open("rb") as file:
        head = file.read(HEAD)
    return nrrd.read_grid(path) if nrrd.recognises(head) else nifti.read_header(path).grid


def write_mask(path, mask, grid):
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
        When the shape is another, a value is no whole number from 0 on, or the file cannot be written.
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
    if not str(path).lower().endswith((".nii", ".nii.gz")):
        msg = f"{path}: masks are written as NIfTI; give a name that ends with .nii or .nii.gz"
        raise ValueError(msg)
    image = nib.Nifti1Image(values.astype(_smallest(values.max())), grid.affine)
    image.header.set_zooms(grid.spacing)
    image.header.set_xyzt_units("mm")
    save_image(image, path)


def write_regions(path, regions, grid):
    """Write regions as NIfTI: one mask, one label map, or (where they overlap) a file for each.

    Parameters
    ----------
    path : path
        Ends with ``.nii`` or ``.nii.gz``; with a file for each, ``-1``, ``-2`` ... stand before the ending.
    regions : sequence of Region
    grid : Grid

    Returns
    -------
    list of (Path, int, Region)
        File, number in it, and region.
    """
    path = Path(path)
    if not overlap(regions):
        labels = np.zeros(grid.shape, np.uint16)
        for number, region in enumerate(regions, start=1):
            labels[region.mask] = number
        write_mask(path, labels, grid)
        return [(path, number, region) for number, region in enumerate(regions, start=1)]
    stem = path.name[: len(path.name) - len(_nifti_ending(path))]
    written = []
    for number, region in enumerate(regions, start=1):
        target = path.with_name(f"{stem}-{number}{_nifti_ending(path)}")
        write_mask(target, region.mask, grid)
        written.append((target, 1, region))
    return written


def save_image(image, path):
    """Save a NIfTI image under a temporary name, then put it in its place: a file is whole or absent.

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
    with path.open("rb") as file:
        head = file.read(HEAD)
    if head[:2] == b"\x1f\x8b":
        try:
            with gzip.open(path) as file:
                head = file.read(HEAD)
        except (OSError, EOFError, zlib.error):
            head = b""
    for name in FORMATS:
        module = import_module(f"ivim.imaging.formats.{name}")
        if module.recognises(head):
            return module
    msg = f"{path}: no file of regions that is known here; accepted are {_endings()}"
    raise Refused(msg)


def _endings():
    """What is accepted, for messages."""
    modules = (import_module(f"ivim.imaging.formats.{name}") for name in FORMATS)
    return ", ".join(f"{module.NAME} ({', '.join(module.ENDINGS)})" for module in modules)


def _nifti_ending(path):
    return ".nii.gz" if path.name.lower().endswith(".gz") else ".nii"


def _smallest(largest):
    """The smallest type that viewers know and that holds a label."""
    for dtype in (np.uint8, np.int16, np.int32, np.int64):
        if largest <= np.iinfo(dtype).max:
            return dtype
    msg = f"label {largest}; labels are at most {np.iinfo(np.int64).max}"
    raise ValueError(msg)
