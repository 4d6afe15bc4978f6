"""Which series of a patient are the diffusion scan, decided by content; in doubt nothing is chosen.

The scanner's maps are never candidates. Series of one b-value each are one scan when grid and
protocol agree, and so are series of one gradient direction each over the same b-values.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ivim.imaging.dicom.series import same_b, text_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ivim.imaging.dicom.series import Series


SAME_CORNER = 0.1
"""Two series lie on one grid when no slice is further off than this part of a voxel."""

NO_GRADIENT = 2.0
"""s/mm². b below this comes of the imaging gradients alone (UIH writes 1.25 for its b = 0)."""

OTHER_AXIS = 0.9
"""Cosine between gradient directions below which they are different axes (26 degrees)."""


@dataclass(frozen=True)
class Choice:
    """The series that make up one scan.

    Attributes
    ----------
    series : tuple of Series
    notes : tuple of str
        Why these, where it was not plain.
    """

    series: tuple
    notes: tuple = ()


def choose(series: Sequence[Series], wanted: Sequence[str] | None = None) -> Choice:
    """Choose the series of one patient's diffusion scan.

    Parameters
    ----------
    series : sequence of Series
    wanted : sequence of str, optional
        Their numbers; by default they are chosen by content.

    Returns
    -------
    Choice

    Raises
    ------
    ValueError
        When none fits, when several do (they are named by number), or when those wanted do not fit.
    """
    chosen = _by_number(series, wanted) if wanted else _by_content(series)
    for one in chosen.series:
        one.check_whole()
    _check_together(chosen.series)
    _check_b(chosen.series)
    return chosen


def _by_number(series, wanted):
    known = {one.label: one for one in series}
    for label in wanted:
        if label not in known:
            msg = f"no series {label}; there are {', '.join(known)}"
            raise ValueError(msg)
        if known[label].why_not:
            msg = f"series {label}: {known[label].why_not}; {_candidates(series)}"
            raise ValueError(msg)
    return Choice(tuple(known[label] for label in dict.fromkeys(wanted)))


def _by_content(series):
    fitting = [one for one in series if not one.why_not]
    if not fitting:
        msg = f"no diffusion series among {len(series)}; --list shows what there is"
        raise ValueError(msg)
    if not any(_weighted(one) for one in fitting):
        _refuse_one_b(fitting)
    fitting, notes = _without_traces(fitting)
    found = _one_scan(fitting)
    if found is None:
        msg = f"{len(fitting)} series fit ({_named(fitting)}); say which with --series"
        raise ValueError(msg)
    left = [one.label for one in fitting if one not in found]
    if left:
        notes = [*notes, f"series {', '.join(left)}: b = 0 only, set aside"]
    return Choice(tuple(found), tuple(notes))


def _one_scan(fitting):
    """The series that are one scan beyond doubt, or None."""
    only_zero = [one for one in fitting if not _weighted(one)]
    weighted = [one for one in fitting if _weighted(one)]
    if len(weighted) > 1 and not (_one_b_each(weighted) or _one_direction_each(weighted)):
        return None
    if not all(_same_scan(weighted[0], one) for one in weighted[1:]):
        return None
    if any(_has_zero(one) for one in weighted):
        return weighted
    zeros = [one for one in only_zero if _same_scan(weighted[0], one)]
    if only_zero and len(zeros) != 1:
        return None
    return sorted(zeros + weighted, key=fitting.index)


def _without_traces(fitting):
    """Trace-weighted series whose single directions are there as well add nothing measured."""
    notes, kept = [], []
    for one in fitting:
        sources = [
            other
            for other in fitting
            if one.isotropic and one.computed and len(other.directions) and _covers(other, one)
        ]
        if sources:
            labels = ", ".join(source.label for source in sources)
            notes.append(
                f"series {one.label}: the scanner's trace images of series {labels}, set aside"
            )
        else:
            kept.append(one)
    return kept, notes


def _covers(directional, trace):
    b_there = all(any(same_b(b, other) for other in directional.b_values) for b in _weighted(trace))
    return b_there and _same_scan(directional, trace)


def _weighted(series):
    """b-values above what counts as none."""
    return [b for b in series.b_values if b >= NO_GRADIENT]


def _has_zero(series):
    return len(_weighted(series)) < len(series.b_values)


def _one_b_each(series):
    if any(len(_weighted(one)) != 1 for one in series):
        return False
    b_values = sorted(_weighted(one)[0] for one in series)
    return not any(same_b(low, high) for low, high in zip(b_values, b_values[1:], strict=False))


def _one_direction_each(series):
    """Series over the same b-values, each with one gradient direction of its own."""
    first = series[0].b_values
    for one in series:
        if len(one.directions) != 1 or len(one.b_values) != len(first):
            return False
        if not all(same_b(b, other) for b, other in zip(one.b_values, first, strict=True)):
            return False
    axes = np.concatenate([one.directions for one in series])
    cosines = np.abs(axes @ axes.T) - np.eye(len(axes))
    return bool(cosines.max() < OTHER_AXIS)


def _same_scan(one, other):
    """Whether grid, place in the scanner and protocol of two series agree."""
    return not _unlike(one, other) and one.headers[0].place == other.headers[0].place


def _unlike(one, other):
    """What differs between two series that are to be one scan; empty where nothing does."""
    first, second = one.measured[0], other.measured[0]
    if one.maker != other.maker:
        return "manufacturer"
    sizes = [(image.header.rows, image.header.columns) for image in (first, second)]
    if sizes[0] != sizes[1] or one.slices != other.slices:
        return "number of voxels"
    if _away(one, other) > SAME_CORNER:
        return "place of the slices"
    for name, tolerance in (("echo_time", 0.5), ("repetition_time", 1.0), ("flip_angle", 0.5)):
        pair = [getattr(image.frame, name) for image in (first, second)]
        if None not in pair and abs(pair[0] - pair[1]) > tolerance:
            return name.replace("_", " ")
    return ""


def _away(one, other):
    """How far the grids of two series are apart, in voxels."""
    first, second = _lowest(one), _lowest(other)
    if None in (first.spacing, second.spacing):
        return 0.0 if first.spacing == second.spacing else np.inf
    edge = min(first.spacing)
    apart = np.max(np.abs(np.subtract(first.spacing, second.spacing))) / edge * 100
    for name in ("position", "orientation"):
        pair = getattr(first, name), getattr(second, name)
        if None in pair:
            continue
        scale = edge if name == "position" else 0.01
        apart = max(apart, np.max(np.abs(np.subtract(*pair))) / scale)
    return max(apart, np.max(np.abs(one.places - other.places)) / edge)


def _lowest(series):
    return series.measured[int(np.argmin(series.heights))].frame


def _check_together(series):
    for one in series[1:]:
        what = _unlike(series[0], one)
        if what:
            msg = (
                f"series {series[0].label} and {one.label} differ in {what}; series that make one "
                "scan have the same grid and protocol"
            )
            raise ValueError(msg)


def _check_b(series):
    found = sorted(b for one in series for b in one.b_values)
    if same_b(found[0], found[-1]):
        _refuse_one_b(series)


def _refuse_one_b(series):
    labels, b = ", ".join(one.label for one in series), series[0].b_values[0]
    msg = f"series {labels}: b = {b:.6g} s/mm² only; a diffusion scan has at least two b-values"
    raise ValueError(msg)


def _named(series):
    return "; ".join(
        f"{one.label}: b {text_of(one.b_values)}, {one.volumes} volumes" for one in series
    )


def _candidates(series):
    fitting = [one for one in series if not one.why_not]
    return f"diffusion series are {_named(fitting)}" if fitting else "there is no diffusion series"
