"""NRRD and 3D Slicer's ``.seg.nrrd``: cropped extents, layers that overlap, segments with names."""

from __future__ import annotations

import math
import re
from pathlib import Path

import numpy as np

from ivim.imaging.formats.labels import paintings, whole_numbers
from ivim.imaging.grid import Grid, is_place, times
from ivim.imaging.guard import Refused, check_room, unpack
from ivim.imaging.paintings import Painting
from ivim.imaging.regions import MOST_REGIONS, clean_name

NAME = "NRRD segmentation"
ENDINGS = (".nrrd", ".seg.nrrd")

TO_RAS = {
    "right": (0, 1),
    "left": (0, -1),
    "anterior": (1, 1),
    "posterior": (1, -1),
    "superior": (2, 1),
    "inferior": (2, -1),
}
"""Word of a space to its axis and sign in RAS."""

PACKINGS = {"gzip": "gzip", "gz": "gzip", "bzip2": "bzip2", "bz2": "bzip2"}
LONGEST_HEADER = 1 << 24
MOST_LAYERS = 1000


def recognises(head: bytes) -> bool:
    """Whether a file that begins with these bytes is NRRD.

    Parameters
    ----------
    head : bytes

    Returns
    -------
    bool
    """
    return head.startswith(b"NRRD")


def read_grid(path: str | Path) -> Grid:
    """The grid of an NRRD image from its header alone.

    Parameters
    ----------
    path : path

    Returns
    -------
    Grid
    """
    with Path(path).open("rb") as file:
        header = _header(file, path)
    return _grid(header, _domain(header, path), path)


def load(path: Path) -> list:
    """The segments of a file of 3D Slicer, or one region per number of a plain label map.

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
    with Path(path).open("rb") as file:
        header = _header(file, path)
        domain = _domain(header, path)
        grid = _grid(header, domain, path)
        values = _values(header, file, path)
    layers = _layers(values, domain)
    segments = _segments(header)
    if not segments and len(layers) == 1:
        return paintings(layers[0], grid, path, whole=False)
    if not segments:
        msg = (
            f"{path}: {len(layers)} layers without segments; save it as a segmentation (.seg.nrrd)"
        )
        raise Refused(msg)
    layers = [whole_numbers(layer, path) for layer in layers]
    found = []
    for name, layer, value in segments:
        if not 0 <= layer < len(layers):
            msg = f"{path}: segment {name!r} in layer {layer}; the file has {len(layers)}"
            raise Refused(msg)
        if (layers[layer] == value).any():
            found.append(Painting(name, ((layers[layer], grid),), value, value))
    return found


def _header(file, path):
    """The fields before the data; the file stands at the first byte of the data."""
    import nrrd

    # A header without an end would be read as one line as long as the file.
    head = file.read(LONGEST_HEADER)
    end = re.search(rb"\r?\n\r?\n", head)
    if end is None:
        msg = f"{path}: an NRRD header without the blank line that ends it; save it again"
        raise Refused(msg)
    lines = head[: end.start()].decode("utf-8", "replace").splitlines()
    header = nrrd.read_header([*lines, ""])
    file.seek(end.end())
    for field in ("data file", "datafile"):
        if field in header:
            msg = f"{path}: its voxels lie in another file; save it as one .nrrd"
            raise Refused(msg)
    skips = ("line skip", "lineskip", "byte skip", "byteskip")
    if any(int(header.get(field, 0)) for field in skips):
        msg = f"{path}: bytes to skip before the voxels; save it as a plain .nrrd"
        raise Refused(msg)
    return header


def _domain(header, path):
    """The three axes in space; one further axis may hold layers."""
    sizes, directions = header["sizes"], np.asarray(header.get("space directions", []), float)
    if "space" not in header or directions.shape != (len(sizes), 3) or "space origin" not in header:
        msg = f"{path}: no space, origin or directions in 3-D; without them no voxel has a place"
        raise Refused(msg)
    domain = [axis for axis, row in enumerate(directions) if not np.isnan(row).all()]
    if len(domain) != 3 or len(sizes) > 4 or min(sizes) < 1:
        msg = f"{path}: axes of {times(sizes)}; a segmentation has 3 axes in space, and layers"
        raise Refused(msg)
    if math.prod(int(n) for n in sizes) // math.prod(int(sizes[k]) for k in domain) > MOST_LAYERS:
        msg = f"{path}: more than {MOST_LAYERS} layers; a segmentation has fewer"
        raise Refused(msg)
    return domain


def _grid(header, domain, path):
    """Where the voxels lie."""
    words = _space_words(header["space"], path)
    turn = np.zeros((3, 3))
    for column, (axis, sign) in enumerate(words):
        turn[axis, column] = sign
    affine = np.eye(4)
    affine[:3, :3] = turn @ np.asarray(header["space directions"], float)[domain].T
    affine[:3, 3] = turn @ np.asarray(header["space origin"], float)
    if not is_place(affine):
        msg = f"{path}: the header's directions or origin hold no volume; save it again"
        raise Refused(msg)
    return Grid.of([header["sizes"][axis] for axis in domain], affine)


def _space_words(space, path):
    """Axis and sign in RAS of the three words of a space, written out or as letters (``LPS``)."""
    letters = {word[0]: word for word in TO_RAS}
    text = str(space).strip().lower()
    words = [letters.get(c, c) for c in text] if len(text) == 3 else text.split("-")
    found = [TO_RAS.get(word) for word in words]
    if None in found or sorted(axis for axis, _ in found) != [0, 1, 2]:
        msg = (
            f"{path}: space {text[:30]!r}; accepted are those that name the patient's sides, as "
            "left-posterior-superior"
        )
        raise Refused(msg)
    return found


def _values(header, file, path):
    """The stored numbers, unpacked only as far as the header says."""
    from nrrd.reader import _determine_datatype

    dtype = np.dtype(_determine_datatype(header))
    if dtype.kind not in "iuf":
        msg = f"{path}: voxels of type {dtype}; a segmentation holds plain numbers"
        raise Refused(msg)
    shape = tuple(int(n) for n in header["sizes"])
    count = math.prod(shape) * dtype.itemsize
    check_room(path, 2 * count, f"a segmentation of {times(shape)} voxels")
    encoding = str(header.get("encoding", "raw")).lower()
    if encoding in PACKINGS:
        raw = unpack(file, count, path, PACKINGS[encoding])
    elif encoding == "raw":
        raw = file.read(count)
    elif encoding in ("ascii", "text", "txt"):
        raw = np.array(file.read(30 * math.prod(shape)).split(), dtype).tobytes()
    else:
        msg = f"{path}: packed as {encoding[:20]!r}; accepted are raw, ascii, gzip and bzip2"
        raise Refused(msg)
    if len(raw) != count:
        msg = f"{path}: cut off, {len(raw)} of {count} bytes are there; copy or save it again"
        raise Refused(msg)
    return np.ndarray(shape, dtype, raw, order="F")


def _layers(values, domain):
    """One array per layer."""
    extra = [axis for axis in range(values.ndim) if axis not in domain]
    return list(np.moveaxis(values, extra[0], 0)) if extra else [values]


def _segments(header):
    """Name, layer and number of every segment, as 3D Slicer writes them."""
    found = []
    for number in range(MOST_REGIONS):
        fields = {
            key: header.get(f"Segment{number}_{key}")
            for key in ("ID", "Name", "Layer", "LabelValue")
        }
        if not any(fields.values()):
            break
        name = clean_name(fields["Name"] or fields["ID"] or "", f"segment {number + 1}")
        value = number + 1 if fields["LabelValue"] is None else int(fields["LabelValue"])
        found.append((name, int(fields["Layer"] or 0), value))
    return found
