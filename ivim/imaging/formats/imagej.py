"""ROIs of ImageJ and Fiji: one ``.roi``, or a ``.zip`` of them from the ROI manager.

Coordinates count from the corner of the first pixel, so that the centre of voxel (i, j) lies at (i
+ .5, j + .5); x runs along the first voxel axis, y along the second, and the position is the slice,
from 1. roifile reads the bytes; what encloses an area is decided here.
"""

from __future__ import annotations

import io
import zipfile
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

import numpy as np

from ivim.imaging.contours import Outline
from ivim.imaging.formats.contents import grouped, passed_over, read_small
from ivim.imaging.guard import Refused
from ivim.imaging.regions import clean_name

if TYPE_CHECKING:
    from roifile import ImagejRoi

NAME = "ImageJ ROI"
ENDINGS = (".roi", ".zip")

MOST_BYTES = 1 << 24
"""Of one ROI; a contour of a million corners has 12 MB."""

MOST_ROIS = 10_000
POINTS_OF_OVAL = 720
STEPS_OF_CURVE = 32
MOVE, LINE, QUADRATIC, CUBIC, CLOSE = range(5)
"""Segments of a composite path (java.awt.geom.PathIterator), with this many numbers behind each:"""
NUMBERS = {MOVE: 2, LINE: 2, QUADRATIC: 4, CUBIC: 6, CLOSE: 0}


def recognises(head: bytes) -> bool:
    """Whether a file that begins with these bytes is one ROI or an archive.

    Parameters
    ----------
    head : bytes

    Returns
    -------
    bool
    """
    return head.startswith((b"Iout", b"PK\x03\x04"))


def load(path: Path) -> list:
    """The ROIs that enclose an area; those of one name are one region, in as many slices as they
    were drawn in.

    Lines, points and text are passed over and said.

    Parameters
    ----------
    path : path

    Returns
    -------
    list of Outline

    Raises
    ------
    ValueError
        When the file is damaged, too large, or holds what is no region.
    """
    found: list[tuple[str, np.ndarray]] = []
    lines: list[str] = []
    for number, (name, content) in enumerate(_members(path), start=1):
        roi = _parse(content, name, path)
        name = clean_name(roi.name or name, f"ROI {number}")
        contours = outlines(roi)
        if contours is None:
            lines.append(f"{name} ({roi.roitype.name.lower()})")
            continue
        z = _slice(roi)
        placed = tuple(np.column_stack([xy - 0.5, np.full(len(xy), z)]) for xy in contours)
        found.extend((name, one) for one in placed)
    if lines and not found:
        msg = f"{path}: {passed_over(lines)[0]}; draw a closed region and save it again"
        raise Refused(msg)
    remarks = passed_over(lines)
    return [
        Outline(name, contours, in_voxels=True, remarks=remarks if place == 0 else ())
        for place, (name, contours) in enumerate(grouped(found).items())
    ]


def outlines(roi: ImagejRoi) -> list[np.ndarray] | None:
    """The closed contours of an ROI in ImageJ's coordinates.

    Parameters
    ----------
    roi : roifile.ImagejRoi

    Returns
    -------
    list of array, shape (n, 2), or None
        None for what encloses no area.
    """
    from roifile import ROI_SUBTYPE, ROI_TYPE

    if roi.subtype in (ROI_SUBTYPE.TEXT, ROI_SUBTYPE.ARROW, ROI_SUBTYPE.IMAGE):
        return None
    if roi.multi_coordinates is not None:
        return path_contours(roi.multi_coordinates)
    if roi.roitype == ROI_TYPE.RECT:
        left, top, width, height = _box(roi)
        return [_rectangle(left, top, width, height, float(roi.rounded_rect_arc_size))]
    if roi.roitype == ROI_TYPE.OVAL:
        return [_oval(*_box(roi))]
    if roi.roitype in (ROI_TYPE.POLYGON, ROI_TYPE.FREEHAND, ROI_TYPE.TRACED):
        return [np.asarray(roi.coordinates(), float)]
    return None


def path_contours(numbers: np.ndarray) -> list[np.ndarray]:
    """The closed contours of a composite path; its curves are drawn as short lines.

    Parameters
    ----------
    numbers : array
        Kind of segment and its points, one after the other.

    Returns
    -------
    list of array, shape (n, 2)

    Raises
    ------
    ValueError
        When the path is cut off or has no corner.
    """
    numbers = np.asarray(numbers, float)
    contours: list[list] = []
    points: list = []
    place = 0
    while place < numbers.size:
        kind = int(numbers[place])
        if kind not in NUMBERS:
            msg = f"a composite path with a segment of kind {kind}; kinds are 0 to 4"
            raise ValueError(msg)
        own = numbers[place + 1 : place + 1 + NUMBERS[kind]].reshape(-1, 2)
        place += 1 + NUMBERS[kind]
        if kind == MOVE:
            contours.append(points)
            points = []
        if kind in (QUADRATIC, CUBIC):
            points.extend(_curve(np.vstack([points[-1:], own])))
        elif kind != CLOSE:
            points.extend(own)
    return [np.array(one) for one in (*contours, points) if len(one) > 2]


def _curve(controls):
    """Points along a Bézier curve by de Casteljau's construction, without the first."""
    t = np.linspace(0, 1, STEPS_OF_CURVE + 1)[1:, None]
    level = [np.broadcast_to(point, (t.size, 2)) for point in controls]
    while len(level) > 1:
        level = [(1 - t) * a + t * b for a, b in zip(level[:-1], level[1:], strict=True)]
    return level[0]


def _box(roi):
    """Left, top, width and height, with fractions of a pixel where the ROI has them."""
    if roi.subpixelrect:
        return float(roi.xd), float(roi.yd), float(roi.widthd), float(roi.heightd)
    return float(roi.left), float(roi.top), float(roi.right - roi.left), float(roi.bottom - roi.top)


def _rectangle(left, top, width, height, arc=0.0):
    """The corners of a rectangle, rounded by quarters of an ellipse where it has an arc."""
    across, down = max(min(arc, width), 0.0) / 2, max(min(arc, height), 0.0) / 2
    x = np.array([left + across, left + width - across])
    y = np.array([top + down, top + height - down])
    if arc <= 0:
        return np.array([(x[0], y[0]), (x[1], y[0]), (x[1], y[1]), (x[0], y[1])])
    angle = np.linspace(0, np.pi / 2, POINTS_OF_OVAL // 4)
    quarters = [
        (cx + across * np.cos(angle + turn), cy + down * np.sin(angle + turn))
        for turn, cx, cy in (
            (0, x[1], y[1]),
            (np.pi / 2, x[0], y[1]),
            (np.pi, x[0], y[0]),
            (1.5 * np.pi, x[1], y[0]),
        )
    ]
    return np.concatenate([np.column_stack(quarter) for quarter in quarters])


def _oval(left, top, width, height):
    """An ellipse in its box."""
    angle = np.linspace(0, 2 * np.pi, POINTS_OF_OVAL, endpoint=False)
    x = left + width / 2 * (1 + np.cos(angle))
    return np.column_stack([x, top + height / 2 * (1 + np.sin(angle))])


def _slice(roi):
    """Index of the slice; NaN where the ROI has none."""
    position = roi.position if roi.position > 0 else roi.z_position
    return float(position - 1) if position > 0 else np.nan


def _members(path):
    """Name and bytes of every ROI of a file."""
    content = read_small(path)
    if content.startswith(b"Iout"):
        yield "", content
        return
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        members = [one for one in archive.infolist() if one.filename.lower().endswith(".roi")]
        if len(members) > MOST_ROIS or any(one.file_size > MOST_BYTES for one in members):
            msg = (
                f"{path}: {len(members)} ROIs, the largest of "
                f"{max(one.file_size for one in members)} bytes; at most {MOST_ROIS} of "
                f"{MOST_BYTES}"
            )
            raise Refused(msg)
        for member in members:
            yield PurePosixPath(member.filename).stem, archive.read(member)


def _parse(content, name, path):
    """One ROI from its bytes."""
    from roifile import ImagejRoi

    if not content.startswith(b"Iout") or len(content) > MOST_BYTES:
        msg = f"{path}: {clean_name(name)!r} is no ImageJ ROI; save the ROIs again"
        raise Refused(msg)
    return ImagejRoi.frombytes(content)
