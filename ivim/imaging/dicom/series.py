"""A series of images as its headers have it: b-values, averages, slices; and is it whole?"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ivim.imaging.dicom.diffusion import Weighting
    from ivim.imaging.dicom.headers import Frame, Header


SAME_B = 1.0
"""s/mm². b-values this near, or within :data:`SAME_B_SHARE`, are one: scanners round them."""
SAME_B_SHARE = 0.01

SAME_PLACE = 0.1
"""mm. Slices this near lie at one place; the thinnest diffusion slices are ten times as far."""

LARGEST_GAP = 1.5
"""A step between slices that is this many times the smallest one means that a slice is missing."""


@dataclass(frozen=True, eq=False)
class Image:
    """One image with the header of the file that it is in.

    Attributes
    ----------
    header : ivim.imaging.dicom.headers.Header
    frame : ivim.imaging.dicom.headers.Frame
    """

    header: Header
    frame: Frame

    @property
    def weighting(self) -> Weighting:
        """Diffusion weighting."""
        return self.frame.weighting


@dataclass(frozen=True, eq=False)
class Series:
    """One series of one patient.

    Attributes
    ----------
    label : str
        Its number as ``--series`` takes it; ``5.2`` is the second series of number 5.
    headers : tuple of Header
        Each image once, in the order of the instance numbers.
    copies : int
        Files that repeat an image and were passed over.
    """

    label: str
    headers: tuple
    copies: int = 0

    @cached_property
    def images(self) -> tuple[Image, ...]:
        """Every image, measured or not."""
        return tuple(Image(header, frame) for header in self.headers for frame in header.frames)

    @cached_property
    def measured(self) -> tuple[Image, ...]:
        """Images that were measured (or combined from measured ones): no map, no phase."""
        return tuple(image for image in self.images if not image.frame.kind)

    @property
    def maker(self) -> str:
        """Manufacturer, from a fixed list."""
        return self.headers[0].maker

    @cached_property
    def b_values(self) -> tuple[float, ...]:
        """Different b-values of the measured images in rising order, s/mm²."""
        known = (image.weighting.b for image in self.measured)
        return different([b for b in known if b is not None])

    @cached_property
    def why_not(self) -> str:
        """Why it is no diffusion series; empty for one that may be used."""
        if self.headers[0].modality != "MR":
            return f"no MR images ({self.headers[0].modality})"
        if not self.measured:
            (kind, _), *_ = Counter(image.frame.kind for image in self.images).most_common(1)
            return f"{kind} of the scanner" if "map" in kind or "b" in kind.split() else kind
        return "" if self.b_values else "no b-value in the headers"

    @cached_property
    def places(self) -> np.ndarray:
        """Places of the slices along their normal in mm, rising, shape (n,); one for a mosaic."""
        return np.array(_merged(self.heights))

    @cached_property
    def heights(self) -> list[float]:
        """Place of every measured image along the normal in mm; 0 where no header says it."""
        return [height(image.frame) for image in self.measured]

    @property
    def slices(self) -> int:
        """Slices of a volume (0 where a mosaic does not say)."""
        tiles = self.headers[0].tiles
        return len(self.places) if tiles == 1 else tiles

    @property
    def volumes(self) -> int:
        """Volumes of measured images; a part of one counts as one."""
        return -(-len(self.measured) // max(len(self.places), 1))

    @cached_property
    def directions(self) -> np.ndarray:
        """Different gradient directions (an axis and its opposite are one), shape (n, 3)."""
        found: list[tuple] = []
        for image in self.measured:
            new = image.weighting.direction
            if new and not any(abs(np.dot(new, old)) > 0.99 for old in found):
                found.append(new)
        return np.array(found).reshape(-1, 3)

    @property
    def isotropic(self) -> bool:
        """Whether every diffusion-weighted image is trace-weighted."""
        weighted = [image.weighting for image in self.measured if image.weighting.b]
        return bool(weighted) and all(one.isotropic for one in weighted)

    @property
    def computed(self) -> bool:
        """Whether the scanner calls its images derived."""
        return "DERIVED" in self.headers[0].words

    @property
    def echo_time(self) -> float | None:
        """ms, or None."""
        return self.measured[0].frame.echo_time

    def check_whole(self) -> None:
        """Raise ValueError where images are missing, cut short, of two grids or echo times.

        Raises
        ------
        ValueError
            One line that names the series and what is missing.
        """
        for check in (_check_files, _check_b, _check_one_grid, _check_slices):
            check(self)


def sort_series(headers: Sequence[Header]) -> list[Series]:
    """Series of one patient, by number.

    Parameters
    ----------
    headers : sequence of Header

    Returns
    -------
    list of Series
    """
    found: dict[str, list[Header]] = {}
    for header in headers:
        found.setdefault(header.series, []).append(header)
    ordered = sorted(found.values(), key=lambda one: (_number(one[0]), one[0].source.number))
    numbers = [_number(one[0]) for one in ordered]
    labels = [
        f"{number}.{numbers[: place + 1].count(number)}"
        if numbers.count(number) > 1
        else f"{number}"
        for place, number in enumerate(numbers)
    ]
    return [Series(label, *_each_once(one)) for label, one in zip(labels, ordered, strict=True)]


def height(frame: Frame) -> float:
    """Place of an image along its normal in mm; 0 where its header does not say.

    Parameters
    ----------
    frame : ivim.imaging.dicom.headers.Frame

    Returns
    -------
    float
    """
    if frame.position is None or frame.orientation is None:
        return 0.0
    across, down = np.reshape(frame.orientation, (2, 3))
    return float(np.dot(np.cross(across, down), frame.position))


def different(b_values: Iterable[float]) -> tuple[float, ...]:
    """Different b-values in rising order; each stands for those within the scanner's rounding.

    Parameters
    ----------
    b_values : sequence of float, s/mm²

    Returns
    -------
    tuple of float
    """
    found: list[float] = []
    for b in sorted(b_values):
        if not found or not same_b(b, found[-1]):
            found.append(b)
    return tuple(found)


def same_b(one: float, other: float) -> bool:
    """Whether two b-values are one within the scanner's rounding.

    Parameters
    ----------
    one, other : float, s/mm²

    Returns
    -------
    bool
    """
    return abs(one - other) <= max(SAME_B, SAME_B_SHARE * max(one, other))


def text_of(b_values: Sequence[float]) -> str:
    """b-values for a line of text: all up to twelve, else the first, the last and their number.

    Parameters
    ----------
    b_values : sequence of float, s/mm²

    Returns
    -------
    str
    """
    words = [f"{b:.6g}" for b in b_values]
    if len(words) > 12:
        words = [*words[:5], "...", f"{words[-1]} ({len(words)} different)"]
    return ", ".join(words)


def _number(header):
    return 0 if header.number is None else header.number


def _each_once(headers):
    """Headers in the order of the images, each image once, and the number of copies."""
    once = {}
    for header in headers:
        once.setdefault(header.instance or header.source.number, header)
    ordered = sorted(once.values(), key=lambda header: (header.image or 0, header.source.number))
    return tuple(ordered), len(headers) - len(ordered)


def _merged(heights):
    found = []
    for one in sorted(heights):
        if not found or one - found[-1] > SAME_PLACE:
            found.append(one)
    return found


def _check_files(series):
    short = [header for header in series.headers if header.short]
    if short:
        msg = (
            f"series {series.label}: image {short[0].image or short[0].source.number} is cut short "
            f"({len(short)} such); copy the series again"
        )
        raise ValueError(msg)


def _check_b(series):
    unknown = sum(image.weighting.b is None for image in series.measured)
    if unknown:
        msg = (
            f"series {series.label}: {unknown} of {len(series.measured)} images have no b-value in "
            "their headers, and none is guessed; export the series with its private elements"
        )
        raise ValueError(msg)


def _check_one_grid(series):
    first = series.measured[0]
    for image in series.measured:
        what = _difference(first, image)
        if what:
            msg = (
                f"series {series.label}: its images differ in {what}; a diffusion series has one "
                "grid and one echo time"
            )
            raise ValueError(msg)
    if first.header.tiles == 1 and (
        first.frame.position is None or first.frame.orientation is None
    ):
        msg = f"series {series.label}: no position of the slices in the headers; export it again"
        raise ValueError(msg)


def _difference(first, other):
    if (first.header.rows, first.header.columns) != (other.header.rows, other.header.columns):
        return "rows or columns"
    for name, tolerance in (("spacing", 1e-3), ("orientation", 1e-3), ("echo_time", 0.5)):
        one, two = getattr(first.frame, name), getattr(other.frame, name)
        if (one is None) != (two is None):
            return name.replace("_", " ")
        if one is not None and np.max(np.abs(np.subtract(one, two))) > tolerance:
            return name.replace("_", " ")
    return ""


def _check_slices(series):
    places = series.places
    steps = np.diff(places)
    if len(steps) > 1 and steps.max() > LARGEST_GAP * steps.min():
        gap = int(np.argmax(steps)) + 1
        msg = (
            f"series {series.label}: slices are missing between slices {gap} and {gap + 1} "
            f"({steps.max():.4g} mm apart, others {steps.min():.4g}); copy the series again"
        )
        raise ValueError(msg)
    for b, counts in _counts(series):
        if counts.min() != counts.max():
            lacking = int(np.argmin(counts)) + 1
            msg = (
                f"series {series.label}: at b = {b:.6g} slice {lacking} of {len(places)} has "
                f"{counts.min()} images, another has {counts.max()}; the scan was interrupted or "
                "files are missing: copy the series again"
            )
            raise ValueError(msg)


def _counts(series):
    """Images at each place, for each b-value."""
    nearest = np.abs(np.subtract.outer(series.heights, series.places)).argmin(axis=1)
    b_of = np.array([image.weighting.b for image in series.measured])
    for b in series.b_values:
        here = np.array([same_b(b, one) for one in b_of])
        yield b, np.bincount(nearest[here], minlength=len(series.places))
