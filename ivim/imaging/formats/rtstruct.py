"""DICOM structure sets (RTSTRUCT): each structure's closed planar contours, in mm to the left, to
the back and up.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ivim.imaging.contours import Outline
from ivim.imaging.formats.contents import as_mm, passed_over
from ivim.imaging.guard import Refused
from ivim.imaging.regions import clean_name

if TYPE_CHECKING:
    from pydicom import Dataset

CLOSED = ("CLOSED_PLANAR", "CLOSEDPLANAR_XOR")
"""Contour geometric types that enclose an area (DICOM PS3.3, C.8.8.6.3)."""


def drawings(data: Dataset, path: str | Path) -> list:
    """The structures of a structure set that enclose an area.

    Parameters
    ----------
    data : pydicom.Dataset
    path : path
        For messages.

    Returns
    -------
    list of Outline
        `label` is the ROI number.
    """
    names = {
        int(item.ROINumber): clean_name(item.get("ROIName", ""), f"ROI {item.ROINumber}")
        for item in data.get("StructureSetROISequence") or ()
    }
    found, empty = [], []
    for item in data.get("ROIContourSequence") or ():
        number = int(item.ReferencedROINumber)
        name = names.get(number, f"ROI {number}")
        contours = tuple(_contours(item, name, path))
        if contours:
            found.append((name, contours, number))
        else:
            empty.append(name)
    remarks = passed_over(empty)
    return [
        Outline(name, contours, number, remarks=remarks if place == 0 else ())
        for place, (name, contours, number) in enumerate(found)
    ]


def _contours(item, name, path):
    """Corners of the closed contours of one structure."""
    for contour in item.get("ContourSequence") or ():
        if str(contour.get("ContourGeometricType", "CLOSED_PLANAR")).strip() not in CLOSED:
            continue
        values = np.array(contour.get("ContourData") or (), float)
        if values.size % 3:
            msg = f"{path}: structure {name!r} has a contour of {values.size} numbers; x, y, z each"
            raise Refused(msg)
        if values.size >= 9:
            yield as_mm(values.reshape(-1, 3), "LPS", path)
