"""ROI exports of Horos and OsiriX: XML (a property list) and CSV. Points are in mm to the left, to
the back and up (LPS).

No export of either program could be had: these readers were tried on files of our own making, after
the programs' source (``ROI.h`` for the types; the plug-in "Export ROIs" for the columns).
"""

from __future__ import annotations

import csv
import io
import plistlib
import re
from pathlib import Path

import numpy as np

from ivim.imaging.contours import Outline
from ivim.imaging.formats.contents import as_mm, grouped, passed_over, read_small
from ivim.imaging.guard import Refused
from ivim.imaging.regions import clean_name

NAME = "Horos or OsiriX ROI export"
ENDINGS = (".xml", ".csv")

AREAS = (6, 9, 11, 15, 20)
"""Types that enclose an area: rectangle, oval, closed polygon, pencil, brush (``ToolMode`` in
``ROI.h``).
"""

NUMBER = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?|[-+]?(?:nan|inf)", re.IGNORECASE)


def recognises(head: bytes) -> bool:
    """Whether a file that begins with these bytes is a property list or a CSV of ROIs.

    Parameters
    ----------
    head : bytes

    Returns
    -------
    bool
    """
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    first = text.split(b"\n", 1)[0].lower()
    return b"<plist" in text[:1024] or (b"roiname" in first and b"mmx" in first)


def load(path: Path) -> list:
    """The regions of an export: ROIs of one name are one region.

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
    content = read_small(path)
    rows = list(_from_plist(content, path) if b"<plist" in content[:1024] else _from_csv(content))
    named, lines = [], []
    for name, kind, points in rows:
        if kind not in (*AREAS, None) or len(points) < 3:
            lines.append(clean_name(name))
        else:
            named.append((name, as_mm(points, "LPS", path)))
    if lines and not named:
        msg = f"{path}: {passed_over(lines)[0]}; draw a closed region and export it again"
        raise Refused(msg)
    remarks = passed_over(lines)
    return [
        Outline(name, contours, remarks=remarks if place == 0 else ())
        for place, (name, contours) in enumerate(grouped(named).items())
    ]


def _from_plist(content, path):
    """Name, type and points of every ROI of a property list."""
    # Entities, the one way in which a small XML file grows without end, are refused by plistlib.
    images = plistlib.loads(content, fmt=plistlib.FMT_XML)
    images = images.get("Images") if isinstance(images, dict) else None
    if not isinstance(images, list):
        msg = f"{path}: a property list without Images; export the ROIs as XML again"
        raise Refused(msg)
    for image in images:
        for roi in image.get("ROIs") or ():
            points = [_numbers(point, path) for point in roi.get("Point_mm") or ()]
            kind = roi.get("Type")
            yield roi.get("Name", ""), None if kind is None else int(kind), _rows(points)


def _from_csv(content):
    """Name, type and points of every row; behind NumOfPoints stand mm x, y, z and pixel x, y of
    each point.
    """
    rows = csv.reader(io.StringIO(content.decode("utf-8-sig")))
    head = [word.strip().lower() for word in next(rows)]
    name, kind, first = head.index("roiname"), _position(head, "roitype"), head.index("mmx")
    count = _position(head, "numofpoints")
    for row in rows:
        if not any(word.strip() for word in row):
            continue
        numbers = [float(word) for word in row[first:] if word.strip()]
        points = np.array(numbers[: len(numbers) // 5 * 5]).reshape(-1, 5)[:, :3]
        if count is not None:
            points = points[: int(row[count])]
        yield row[name], None if kind is None else int(row[kind]), points


def _position(words, word):
    return words.index(word) if word in words else None


def _numbers(text, path):
    """The numbers of a point as it is written: ``(1.0, 2.0, 3.0)``."""
    numbers = [float(word) for word in NUMBER.findall(str(text))]
    if len(numbers) != 3:
        msg = f"{path}: a point of {len(numbers)} numbers in Point_mm; x, y and z are expected"
        raise Refused(msg)
    return numbers


def _rows(points):
    return np.array(points, float).reshape(-1, 3)
