"""Polygons as JSON: ``{"space": "RAS" or "LPS", "unit": "mm", "polygons": [{"name": ..., "points":
[[x, y, z], ...]}]}``.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from ivim.imaging.contours import Outline
from ivim.imaging.formats.contents import as_mm, grouped, read_small
from ivim.imaging.guard import Refused

NAME = "polygons as JSON"
ENDINGS = (".json",)
SPACES = ("RAS", "LPS")


def recognises(head: bytes) -> bool:
    """Whether a file that begins with these bytes is JSON.

    Parameters
    ----------
    head : bytes

    Returns
    -------
    bool
    """
    return head.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] in (b"{", b"[")


def load(path: Path) -> list:
    """The regions of a file: polygons of one name are one region.

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
    try:
        content = json.loads(read_small(path).decode("utf-8-sig"))
    except json.JSONDecodeError as error:
        msg = f"{path}: not JSON (line {error.lineno}); mend it"
        raise Refused(msg) from None
    except (ValueError, RecursionError) as error:
        msg = f"{path}: not JSON that can be read ({type(error).__name__}); mend it"
        raise Refused(msg) from None
    space = _space(content, path)
    polygons = content.get("polygons")
    if not isinstance(polygons, list) or not polygons:
        example = '"polygons": [{"name": ..., "points": [[x, y, z], ...]}]'
        msg = f"{path}: no polygons; give {example}"
        raise Refused(msg)
    named = [_polygon(one, number, space, path) for number, one in enumerate(polygons, start=1)]
    return [Outline(name, contours) for name, contours in grouped(named).items()]


def _space(content, path):
    """The space of the points, after the file's frame was checked."""
    if not isinstance(content, dict):
        example = '{"space": "RAS", "unit": "mm", "polygons": [...]}'
        msg = f"{path}: a list where an object is expected; give {example}"
        raise Refused(msg)
    space, unit = content.get("space"), content.get("unit")
    if space not in SPACES:
        msg = f"{path}: space is {str(space)[:20]!r}; accepted are 'RAS' and 'LPS'"
        raise Refused(msg)
    if unit != "mm":
        msg = f"{path}: unit is {str(unit)[:20]!r}; accepted is 'mm'"
        raise Refused(msg)
    return space


def _polygon(polygon, number, space, path):
    """Name and corners of one polygon."""
    points = polygon.get("points") if isinstance(polygon, dict) else None
    try:
        corners = np.array(points, float)
    except (TypeError, ValueError, OverflowError):
        corners = np.empty(0)
    if corners.ndim != 2 or corners.shape[0] < 3 or corners.shape[1] != 3:
        msg = (
            f"{path}: polygon {number} has no three points [x, y, z]; give at least 3 corners in mm"
        )
        raise Refused(msg)
    return polygon.get("name", ""), as_mm(corners, space, path)
