"""What several readers of regions do alike."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike

from ivim.imaging.grid import LPS_TO_RAS
from ivim.imaging.guard import Refused
from ivim.imaging.regions import clean_name

LARGEST = 1 << 28
"""Bytes of a file of contours; the largest real ones have a few megabytes."""


def read_small(path: Path, largest: int = LARGEST) -> bytes:
    """The bytes of a file of contours, which is never larger than `largest`.

    Parameters
    ----------
    path : Path
    largest : int

    Returns
    -------
    bytes

    Raises
    ------
    ValueError
        When the file is larger than such a file is.
    """
    length = path.stat().st_size
    if length > largest:
        msg = f"{path}: {length} bytes, which is no file of contours (at most {largest})"
        raise Refused(msg)
    return path.read_bytes()


def as_mm(corners: ArrayLike, space: str, path: str | Path) -> np.ndarray:
    """Corners in mm as RAS.

    Parameters
    ----------
    corners : array, shape (n, 3), mm
    space : {"RAS", "LPS"}
    path : path
        For the message.

    Returns
    -------
    array, shape (n, 3)

    Raises
    ------
    ValueError
        When a coordinate is not finite or beyond any scanner.
    """
    corners = np.asarray(corners, float)
    if not np.isfinite(corners).all():
        msg = (
            f"{path}: a corner at {corners[~np.isfinite(corners)][0]}; coordinates are finite, in "
            "mm"
        )
        raise Refused(msg)
    return corners @ LPS_TO_RAS[:3, :3] if space == "LPS" else corners


def grouped(named: Iterable[tuple[str, np.ndarray]]) -> dict[str, tuple]:
    """Contours by the name of their region, in the order in which the names come.

    Parameters
    ----------
    named : iterable of (str, array)

    Returns
    -------
    dict of str to tuple of array
    """
    regions: dict[str, list] = {}
    for name, corners in named:
        regions.setdefault(clean_name(name), []).append(corners)
    return {name: tuple(contours) for name, contours in regions.items()}


def passed_over(names: Sequence[str]) -> tuple[str, ...]:
    """The remark on things in a file that enclose nothing (lines, points).

    Parameters
    ----------
    names : sequence of str

    Returns
    -------
    tuple of str
        Empty where there are none.
    """
    if not names:
        return ()
    shown = ", ".join(names[:5]) + (", ..." if names[5:] else "")
    return (f"passed over, since it encloses no area: {shown}",)
