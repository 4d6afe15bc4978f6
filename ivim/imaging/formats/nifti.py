"""NIfTI-1 and -2 in one file, packed or not: images, masks and label maps. The header is judged
before a voxel is read.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ivim.imaging.formats.labels import paintings
from ivim.imaging.grid import Grid, is_place, times
from ivim.imaging.guard import (
    MOST_DEFLATE,
    SLACK,
    Refused,
    check_file,
    check_room,
    first_bytes,
    unpack,
)

NAME = "NIfTI mask or label map"
ENDINGS = (".nii", ".nii.gz")

SIZES = {348: "Nifti1Header", 540: "Nifti2Header"}
"""Length of the header, its first number, to nibabel's name of it."""

MM_PER_UNIT = {1: 1e3, 2: 1.0, 3: 1e-3}
"""Code of the unit of length in the header (metre, millimetre, micrometre) to mm; no code is taken
as mm.
"""


@dataclass(frozen=True)
class Header:
    """What a NIfTI header says, checked.

    Attributes
    ----------
    shape : tuple of int
        At least three axes.
    dtype : numpy.dtype
    offset : int
        Bytes before the first voxel.
    slope, inter : float or None
        Scaling of the stored numbers.
    grid : Grid
        Of the first three axes.
    packed : bool
        The file is gzip.
    """

    shape: tuple
    dtype: np.dtype
    offset: int
    slope: float | None
    inter: float | None
    grid: Grid
    packed: bool


def recognises(head: bytes) -> bool:
    """Whether a file that begins (unpacked) with these bytes is NIfTI.

    Parameters
    ----------
    head : bytes

    Returns
    -------
    bool
    """
    return _order(head) is not None


def read_header(path: str | Path) -> Header:
    """Read and check the header alone.

    Parameters
    ----------
    path : path

    Returns
    -------
    Header

    Raises
    ------
    Refused
        When it is no NIfTI header, or says what cannot be: no axis, a negative length, NaN in the
        geometry, more voxels than the file can hold.
    """
    path = check_file(path, "the path of a NIfTI image (.nii or .nii.gz)")
    block, packed = first_bytes(path, max(SIZES))
    order = _order(block)
    if order is None:
        raise _unreadable(path)
    header = _parse(block, order, path, packed)
    _check_length(header, path)
    return header


def read_stored(path: str | Path) -> tuple[np.ndarray, Header]:
    """Read the stored numbers as they are, without the header's scaling.

    Parameters
    ----------
    path : path

    Returns
    -------
    values : array
        In the file's type.
    header : Header
    """
    header = read_header(path)
    count = math.prod(header.shape)
    what = f"an image of {times(header.shape)} voxels"
    check_room(path, count * (header.dtype.itemsize + 4), what)
    if not header.packed:
        values = np.memmap(path, header.dtype, "r", header.offset, header.shape, order="F")
        return values, header
    with Path(path).open("rb") as stream:
        raw = unpack(stream, header.offset + count * header.dtype.itemsize, path)
    return np.ndarray(header.shape, header.dtype, raw, header.offset, order="F"), header


def read_image(path: str | Path) -> tuple[np.ndarray, Grid]:
    """Read an image as float32, scaled as its header says, with its grid.

    Parameters
    ----------
    path : path
        NIfTI, single file.

    Returns
    -------
    data : array of float32
    grid : Grid
        Of the first three axes.

    Raises
    ------
    Refused
        When the file is damaged, is no image of plain numbers, or needs more memory than there is.
    """
    values, header = read_stored(path)
    return _scaled(values, header, np.float32), header.grid


def load(path: Path) -> list:
    """The regions of a mask or label map, one per number other than 0.

    Parameters
    ----------
    path : path

    Returns
    -------
    list of Painting

    Raises
    ------
    ValueError
        When the file is damaged, too large, or holds what is no region.
    """
    values, header = read_stored(path)
    if header.slope is not None:
        values = _scaled(values, header, np.float64)
    while values.ndim > 3 and values.shape[-1] == 1:
        values = values[..., 0]
    if values.ndim != 3:
        msg = (
            f"{path}: {values.ndim}-D image of shape {values.shape}; a mask has the 3 axes of the "
            "image's grid"
        )
        raise Refused(msg)
    return paintings(values, header.grid, path, whole=True)


def _order(head):
    """Byte order and length of a NIfTI header, or None."""
    for order, name in (("<", "little"), (">", "big")):
        size = int.from_bytes(head[:4], name)
        magic = head[344:347] if size == 348 else head[4:7]
        if size in SIZES and len(head) >= size and magic in (b"n+1", b"n+2", b"ni1", b"ni2"):
            return order, size
    return None


def _parse(block, order, path, packed):
    """The header as checked values."""
    import nibabel as nib

    order, size = order
    raw = getattr(nib, SIZES[size])(block[:size], endianness=order, check=False)
    if bytes(raw["magic"])[:2] == b"ni":
        msg = f"{path}: a header whose image lies in another file; give one whole NIfTI file"
        raise Refused(msg)
    shape = _shape(raw, path)
    try:
        dtype, (slope, inter) = raw.get_data_dtype(), raw.get_slope_inter()
    except (nib.spatialimages.HeaderDataError, KeyError) as error:
        raise _unreadable(path, error) from error
    if dtype.kind not in "iufb":
        msg = f"{path}: voxels of type {dtype}; give a magnitude image of plain numbers"
        raise Refused(msg)
    if (slope, inter) in ((None, None), (1.0, 0.0)):
        slope = inter = None
    offset, grid = _offset(raw, size, path), _grid(raw, shape, path)
    return Header(shape, dtype, offset, slope, inter, grid, packed)


def _shape(raw, path):
    """The lengths of the axes."""
    dim = [int(n) for n in raw["dim"]]
    count = dim[0]
    if not 1 <= count <= 7 or min(dim[1 : count + 1]) < 1:
        msg = (
            f"{path}: the header's dim is {dim}; it has from 1 to 7 axes of 1 voxel or more; "
            "save the image again"
        )
        raise Refused(msg)
    shape = tuple(dim[1 : count + 1])
    if len(shape) < 3:
        msg = (
            f"{path}: {len(shape)}-D image of shape {times(shape)}; an image here has at least 3 "
            "axes (a single slice: x, y, 1)"
        )
        raise Refused(msg)
    return shape


def _offset(raw, size, path):
    """Bytes before the first voxel: the header and what it may carry behind, never megabytes of
    it.
    """
    offset = float(raw["vox_offset"])
    least = size + 4
    if not (offset == 0 or least <= offset <= SLACK * 16):
        msg = f"{path}: the header's vox_offset is {offset:g}; it is {least} or a little more"
        raise Refused(msg)
    return int(offset) or least


def _grid(raw, shape, path):
    """Where the voxels lie; refused when the header leaves it open."""
    import nibabel as nib

    fields = {"pixdim": raw["pixdim"][1:4]}
    if raw["sform_code"] > 0:
        fields["sform"] = np.concatenate([raw[f"srow_{axis}"] for axis in "xyz"])
    if raw["qform_code"] > 0:
        names = ("quatern_b", "quatern_c", "quatern_d", "qoffset_x", "qoffset_y", "qoffset_z")
        fields["qform"] = np.array([raw[name] for name in names], float)
    for name, numbers in fields.items():
        if not np.isfinite(numbers).all():
            msg = f"{path}: the header's {name} holds {numbers[~np.isfinite(numbers)][0]}; "
            msg += "without it no voxel has a place; convert the image again"
            raise Refused(msg)
    scale = MM_PER_UNIT.get(int(raw["xyzt_units"]) & 7, 1.0)
    try:
        affine = np.array(raw.get_best_affine(), float)
    except (nib.spatialimages.HeaderDataError, ValueError, np.linalg.LinAlgError) as error:
        raise _unreadable(path, error) from error
    affine[:3] *= scale
    if not is_place(affine):
        msg = f"{path}: the header's geometry has no volume (an axis without direction); convert "
        msg += "the image again"
        raise Refused(msg)
    edges = np.linalg.norm(affine[:3, :3], axis=0)
    zooms = np.abs(np.asarray(raw["pixdim"][1:4], float)) * scale
    spacing = tuple(float(zoom or edge) for zoom, edge in zip(zooms, edges, strict=True))
    return Grid(tuple(shape[:3]), affine, spacing)


def _check_length(header, path):
    """Whether the file can hold what its header claims."""
    claimed = header.offset + math.prod(header.shape) * header.dtype.itemsize
    length = path.stat().st_size
    if claimed > length * (MOST_DEFLATE if header.packed else 1):
        msg = (
            f"{path}: not readable as an image: the header claims {times(header.shape)} voxels, "
            f"which a file of {length} bytes cannot hold; copy or save it again"
        )
        raise Refused(msg)


def _scaled(values, header, dtype):
    """Stored numbers to what they stand for."""
    if header.slope is None:
        return np.array(values, dtype)
    from nibabel.volumeutils import apply_read_scaling

    result = np.empty(values.shape, dtype, order="F")
    # Volume by volume: the product is a double, and a double for every voxel of a series would not
    # fit.
    for k in range(values.shape[-1]):
        result[..., k] = apply_read_scaling(np.asarray(values[..., k]), header.slope, header.inter)
    return result


def _unreadable(path, error=None):
    """The library's own message may quote header text, so only the kind of failure is passed on."""
    kind = f" ({type(error).__name__})" if error else ""
    msg = f"{path}: not readable as an image{kind}; give a whole NIfTI file (.nii or .nii.gz)"
    return Refused(msg)
