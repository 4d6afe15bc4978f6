"""DICOM segmentations: each frame is put where its position says, never where its number would;
slices may be omitted.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ivim.imaging.grid import LPS_TO_RAS, Grid, is_place
from ivim.imaging.guard import Refused, check_room
from ivim.imaging.paintings import Painting
from ivim.imaging.regions import clean_name

if TYPE_CHECKING:
    from pydicom import Dataset

HALF = 0.5
"""A voxel of a fractional segmentation belongs to the region from half of the largest value on."""


def drawings(data: Dataset, path: str | Path) -> list:
    """The segments of a segmentation.

    Parameters
    ----------
    data : pydicom.Dataset
    path : path
        For messages.

    Returns
    -------
    list of Painting
        One block per frame; `label` is the segment number.
    """
    rows, columns = int(data.Rows), int(data.Columns)
    frames = int(data.get("NumberOfFrames", 1) or 1)
    check_room(path, 2 * rows * columns * frames, f"a segmentation of {frames} frames")
    pixels = np.asarray(data.pixel_array).reshape(-1, rows, columns)
    kind = str(data.get("SegmentationType", "BINARY"))
    if kind == "FRACTIONAL":
        pixels = pixels >= HALF * float(data.get("MaximumFractionalValue", 255))
    blocks = _blocks(data, pixels, kind, path)
    found = []
    for segment in data.SegmentSequence:
        number = int(segment.SegmentNumber)
        if kind == "LABELMAP" and number in (0, data.get("PixelPaddingValue")):
            continue  # the background, which may stand among the segments (PS3.3, C.8.20.2.3)
        name = clean_name(segment.get("SegmentLabel", ""), f"segment {number}")
        value = number if kind == "LABELMAP" else 1
        own = tuple(
            (values, grid)
            for values, grid, marked in blocks
            if (number in marked if kind == "LABELMAP" else marked == {number})
        )
        if own:
            found.append(Painting(name, own, value, number))
    return found


def _blocks(data, pixels, kind, path):
    """Voxels, grid and segment numbers of every frame that is not empty, each a block of one
    slice.
    """
    shared = (data.get("SharedFunctionalGroupsSequence") or [None])[0]
    per_frame = data.get("PerFrameFunctionalGroupsSequence") or ()
    if len(per_frame) != len(pixels):
        msg = f"{path}: {len(pixels)} frames but places of {len(per_frame)}; export it again"
        raise Refused(msg)
    blocks = []
    for values, own in zip(pixels, per_frame, strict=True):
        place = _affine(own, shared, path)
        block = np.ascontiguousarray(values.T[:, :, None])
        if kind == "LABELMAP":
            marked = set(np.unique(block).tolist())
        else:
            segment = _group("SegmentIdentificationSequence", own, shared, path)
            marked = {int(segment.ReferencedSegmentNumber)} if block.any() else set()
        blocks.append((block, Grid.of(block.shape, place), marked))
    return blocks


def _affine(own, shared, path):
    """Voxel indices (column, row, slice) of a frame to mm (RAS); DICOM PS3.3, C.7.6.2.1.1."""
    position = _group("PlanePositionSequence", own, shared, path).ImagePositionPatient
    cosines = _group("PlaneOrientationSequence", own, shared, path).ImageOrientationPatient
    measures = _group("PixelMeasuresSequence", own, shared, path)
    row, column = (float(edge) for edge in measures.PixelSpacing)
    along_row, along_column = np.array(cosines, float).reshape(2, 3)
    depth = measures.get("SpacingBetweenSlices") or measures.get("SliceThickness") or 1.0
    affine = np.eye(4)
    affine[:3, 0], affine[:3, 1] = along_row * column, along_column * row
    affine[:3, 2] = np.cross(along_row, along_column) * float(depth)
    affine[:3, 3] = np.array(position, float)
    if not is_place(affine):
        msg = f"{path}: a frame without a place (position, orientation or spacing); export it again"
        raise Refused(msg)
    return LPS_TO_RAS @ affine


def _group(name, own, shared, path):
    """A functional group of a frame, its own or the shared one."""
    for groups in (own, shared):
        if groups is not None and groups.get(name):
            return groups[name].value[0]
    msg = f"{path}: a frame without {name}; export it again"
    raise Refused(msg)
