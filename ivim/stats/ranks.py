"""What a ROC curve is counted from: cases and controls above each threshold, and pairs in order."""

import numpy as np
from numpy.typing import NDArray

from ivim.stats.checks import Floats


def curve_counts(y: NDArray[np.int_], upward: Floats) -> dict[str, NDArray]:
    """Cases and controls above each threshold, thresholds falling from +inf to -inf.

    Parameters
    ----------
    y, upward : array, shape (n,)
        Outcome 0 or 1, and a score that is large in disease.

    Returns
    -------
    dict
        ``threshold, tp, fp``, each of shape (different scores + 1,).

    Notes
    -----
    By scikit-learn, whose thresholds are scores that still count as diseased; here they lie midway
    to the next lower score, as in pROC. Its rates become the whole counts that they are made of.
    """
    from sklearn import config_context
    from sklearn.metrics import roc_curve

    # Checked already, and a bootstrap asks thousands of times.
    with config_context(skip_parameter_validation=True, assume_finite=True):
        fpr, tpr, reached = roc_curve(y, upward, drop_intermediate=False)
    upper, lower = reached[1:-1], reached[2:]
    middle = lower + (upper - lower) / 2
    # Between neighbouring floats there is no middle: keep the lower one, which `>` still separates.
    middle = np.where(middle < upper, middle, lower)
    cases = int(y.sum())
    return {
        "threshold": np.concatenate([[np.inf], middle, [-np.inf]]),
        "tp": np.rint(tpr * cases).astype(int),
        "fp": np.rint(fpr * (y.size - cases)).astype(int),
    }


def youden(counts: dict[str, NDArray]) -> NDArray[np.intp]:
    """Places of the largest Youden index, highest sensitivity first.

    Parameters
    ----------
    counts : dict
        As :func:`curve_counts` gives them.

    Returns
    -------
    array of int
        Compared in whole numbers, so that ties are ties.
    """
    index = counts["tp"] * counts["fp"][-1] - counts["fp"] * counts["tp"][-1]
    return np.flatnonzero(index == index.max())[::-1]


def placements(y: NDArray[np.int_], upward: Floats) -> tuple[Floats, Floats]:
    """For each case the share of controls below it, for each control that of cases above it.

    Parameters
    ----------
    y, upward : array, shape (n,)
        As for :func:`curve_counts`.

    Returns
    -------
    tuple of array
        Of the cases and of the controls, ties counting one half. The mean of either is the area
        under the curve; their variances make DeLong's.
    """
    cases, controls = upward[y == 1], upward[y == 0]
    below = _halves_below(cases, controls) / (2 * controls.size)
    return below, 1 - _halves_below(controls, cases) / (2 * cases.size)


def area(y: NDArray[np.int_], upward: Floats) -> float:
    """Area under the curve from counted pairs.

    Parameters
    ----------
    y, upward : array, shape (n,)
        As for :func:`curve_counts`.

    Returns
    -------
    float

    Notes
    -----
    One division, so that 875.5 of 1000 pairs is .8755 and prints .876. scikit-learn adds up
    trapezes: its area of the same pairs may be .8754999999999999 and print .875.
    """
    cases, controls = upward[y == 1], upward[y == 0]
    return float(_halves_below(cases, controls).sum() / (2 * cases.size * controls.size))


def covariance(cases: Floats, controls: Floats) -> Floats:
    """DeLong's covariance of the areas of several scores.

    Parameters
    ----------
    cases : array, shape (scores, cases)
    controls : array, shape (scores, controls)
        As :func:`placements` gives them.

    Returns
    -------
    array, shape (scores, scores)
    """
    matrix: Floats = (
        np.atleast_2d(np.cov(cases)) / cases.shape[1]
        + np.atleast_2d(np.cov(controls)) / controls.shape[1]
    )
    return matrix


def _halves_below(values: Floats, others: Floats) -> NDArray[np.intp]:
    """How many of `others` lie below each value, in halves: 2 for each below, 1 for each tie."""
    ordered = np.sort(others)
    below, upto = (np.searchsorted(ordered, values, side) for side in ("left", "right"))
    return below + upto
