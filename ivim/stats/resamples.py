"""Thousands of resamples of one small study at once: drawn, fitted, cut and judged as arrays."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from scipy import special

from ivim.stats.checks import Floats
from ivim.stats.newton import newton_many

LARGEST = 2_000_000
"""Numbers of a batch of designs, so that a large study does not fill the memory."""


def batches(
    y: NDArray[np.int_], terms: int, resamples: int, seed: int
) -> Iterator[NDArray[np.intp]]:
    """Resamples drawn within controls and within cases.

    Parameters
    ----------
    y : array, shape (n,)
        0 or 1.
    terms : int
        Of the model that is fitted to each.
    resamples, seed : int

    Yields
    ------
    array of int, shape (batch, n)
        Places in `y`, controls first.
    """
    rng, groups = np.random.default_rng(seed), [np.flatnonzero(y == value) for value in (0, 1)]
    size = max(1, LARGEST // (y.size * terms))
    for start in range(0, resamples, size):
        count = min(size, resamples - start)
        drawn = [members[rng.integers(members.size, size=(count, members.size))]
                 for members in groups]  # fmt: skip
        yield np.concatenate(drawn, axis=1)


def coefficients(
    x: Floats, y: NDArray[np.int_], drawn: NDArray[np.intp], penalty: str | None
) -> tuple[Floats, int]:
    """The logistic model of every resample, in the predictors' own units.

    Parameters
    ----------
    x : array, shape (n, predictors)
    y : array, shape (n,)
        0 or 1.
    drawn : array of int, shape (batch, n)
        Of :func:`batches`.
    penalty : {None, "firth"}

    Returns
    -------
    b : array, shape (batch, predictors + 1)
        Intercept first. Where there is no finite estimate, that of Firth's penalty.
    refitted : int
        How often that was.
    """
    values, outcome = x[drawn], np.sort(y)
    centre, spread = values.mean(axis=1), values.std(axis=1)
    scale = np.where(np.ptp(values, axis=1) > 0, spread, 1)
    ones = np.ones((*values.shape[:2], 1))
    designs = np.concatenate([ones, (values - centre[:, None]) / scale[:, None]], axis=2)
    b, converged = newton_many(designs, outcome, penalty == "firth")
    again = ~converged if penalty != "firth" else np.zeros(len(b), dtype=bool)
    if again.any():
        b[again] = newton_many(designs[again], outcome, firth=True)[0]
    b[:, 1:] /= scale
    b[:, 0] -= (b[:, 1:] * centre).sum(axis=1)
    return b, int(again.sum())


def gaps(x: Floats, y: NDArray[np.int_], drawn: NDArray[np.intp], b: Floats) -> Floats:
    """What each resample's model and cut-off lose from the resample to the original patients.

    Parameters
    ----------
    x, y, drawn
        As for :func:`coefficients`.
    b : array, shape (batch, predictors + 1)

    Returns
    -------
    array, shape (batch, 3)
        AUC, sensitivity and specificity in the resample minus those in the original sample.

    Notes
    -----
    A resample holds the original patients, each so many times: one order of the scores serves both.
    """
    score = special.expit(b[:, :1] + b[:, 1:] @ x.T)
    order = np.argsort(-score, axis=1, kind="stable")
    ranked, cases = np.take_along_axis(score, order, axis=1), y[order]
    times = np.zeros(score.shape, dtype=int)
    np.add.at(times, (np.arange(len(drawn))[:, None], drawn), 1)
    times = np.take_along_axis(times, order, axis=1)
    last = np.ones(score.shape, dtype=bool)  # of the patients with the same score
    last[:, :-1] = ranked[:, :-1] > ranked[:, 1:]
    tp, fp = (np.cumsum(times * part, axis=1) for part in (cases, 1 - cases))
    cut, at = _youden(ranked, times, last, tp, fp)
    positive = score > cut[:, None]
    rows, sick, well = np.arange(len(score)), y.sum(), (1 - y).sum()
    once = [np.cumsum(part, axis=1) for part in (cases, 1 - cases)]
    resampled = [_area(last, tp, fp), tp[rows, at] / sick, 1 - fp[rows, at] / well]
    original = [
        _area(last, *once),
        positive[:, y == 1].mean(axis=1),
        1 - positive[:, y == 0].mean(axis=1),
    ]
    return np.column_stack(resampled) - np.column_stack(original)


def _area(last: NDArray[np.bool_], tp: NDArray[np.int_], fp: NDArray[np.int_]) -> Floats:
    """Area under each curve by counted pairs, ties one half."""
    tp_before, fp_before = (
        np.pad(np.maximum.accumulate(np.where(last, count, 0), axis=1), ((0, 0), (1, 0)))[:, :-1]
        for count in (tp, fp)
    )
    halves = np.where(last, (fp - fp_before) * (tp + tp_before), 0).sum(axis=1)
    area: Floats = halves / (2 * tp[:, -1] * fp[:, -1])
    return area


def _youden(
    ranked: Floats,
    times: NDArray[np.int_],
    last: NDArray[np.bool_],
    tp: NDArray[np.int_],
    fp: NDArray[np.int_],
) -> tuple[Floats, NDArray[np.intp]]:
    """The cut-off with the largest Youden index in each resample, and its place in the order.

    Of equal ones that of the highest sensitivity; midway to the next score that was drawn, as
    :func:`ivim.stats.ranks.curve_counts` has it. "None positive" never wins: "all positive" has the
    same index and more sensitivity.
    """
    index = np.where(last, tp * fp[:, -1:] - fp * tp[:, -1:], -1)
    size = index.shape[1]
    at = size - 1 - np.argmax(index[:, ::-1], axis=1)
    rows = np.arange(len(index))
    places = np.where(times > 0, np.arange(size), -1)
    upper = ranked[rows, np.maximum.accumulate(places, axis=1)[rows, at]]
    # What follows the last of the best places was drawn: else it would be as good, and later.
    lower = np.where(at < size - 1, ranked[rows, np.minimum(at + 1, size - 1)], -np.inf)
    middle = lower + (upper - lower) / 2
    return np.where(middle < upper, middle, lower), at
