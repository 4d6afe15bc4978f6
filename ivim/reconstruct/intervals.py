"""The targets as the searches take them: for each compiled statistic the lowest and highest value
allowed, and a scale."""

from collections.abc import Mapping

import numpy as np
from scipy import stats

from ivim import article
from ivim.reconstruct import anneal
from ivim.reconstruct.anneal import Floats
from ivim.reconstruct.target import Key, Target
from ivim.reconstruct.targets import t_interval

NORMAL_P = 0.08
"""Shapiro-Wilk's p that the search asks for: some way above .05, so that the answer does not hang
on the last digit."""

# Scales of the search where half a printed unit is too steep or there is no unit.
WIDTH = {
    "t": 0.004, "tuberculosis w": 0.01, "metastasis w": 0.01, "counts": 1.0, "rival": 30.0,
    "adc_fast b": 0.002, "adc_fast se": 0.001, "adc_fast wald": 0.02,
    "f b": 0.005, "f se": 0.003, "f wald": 0.01,
    "f ci_low": 4e-7, "f ci_high": 0.002,
}  # fmt: skip
LOW, HIGH, SCALE = range(3)


def of_ages(targets: Mapping[Key, Target]) -> Floats:
    """Intervals of the COLUMN_STATISTICS for the ages of Table 1.

    Parameters
    ----------
    targets : dict
        :class:`ivim.reconstruct.target.Target` by key.

    Returns
    -------
    array, shape (3, 21)
        Rows low, high and scale.
    """
    intervals = _open(anneal.COLUMN_STATISTICS)
    for group in article.GROUP_SIZES:
        for name in ("mean", "sd"):
            _put(
                intervals,
                anneal.COLUMN_STATISTICS,
                f"{group} {name}",
                targets["table1", group, "age", name],
            )
    return intervals


def of_column(parameter: str, targets: Mapping[Key, Target]) -> Floats:
    """Intervals of the COLUMN_STATISTICS for one parameter.

    Parameters
    ----------
    parameter : str
    targets : dict
        :class:`ivim.reconstruct.target.Target` by key.

    Returns
    -------
    array, shape (3, 21)
        Rows low, high and scale.
    """
    names = anneal.COLUMN_STATISTICS
    intervals = _open(names)
    for group in (*article.GROUP_SIZES, "all"):
        for name in ("mean", "sd"):
            if target := targets.get(("table2", group, parameter, name)):
                _put(intervals, names, f"{group} {name}", target)
    low, high = t_interval(targets, parameter)
    intervals[:, names.index("t")] = low + 1e-6, high - 1e-6, WIDTH["t"]
    for group in article.GROUPS:
        name = f"{group} w"
        intervals[:, names.index(name)] = (
            shapiro_threshold(article.GROUP_SIZES[group], NORMAL_P),
            np.inf,
            WIDTH[name],
        )
    if cutoff := targets.get(("table5", "", parameter, "cutoff")):
        _put(intervals, names, "cutoff", cutoff)
        _put_roc(intervals, names, parameter, targets)
    return intervals


def of_pair(targets: Mapping[Key, Target]) -> Floats:
    """Intervals of the PAIR_STATISTICS.

    Parameters
    ----------
    targets : dict
        :class:`ivim.reconstruct.target.Target` by key.

    Returns
    -------
    array, shape (3, 16)
        Rows low, high and scale.
    """
    names = anneal.PAIR_STATISTICS
    intervals = _open(names)
    for name in names:
        if " " in name:
            predictor, statistic = name.split()
            _put(intervals, names, name, targets["table4", "", predictor, statistic])
    _put_roc(intervals, names, "adc_fast+f", targets)
    return intervals


def _open(names):
    intervals = np.ones((3, len(names)))
    intervals[LOW], intervals[HIGH] = -np.inf, np.inf
    return intervals


def _put(intervals, names, name, target, low_end=False):
    at, half = names.index(name), (target.high - target.low) / 2
    # A hair inside, so that no print hangs on a last bit. But an AUC steps by 1/2000 and may have
    # to sit on the low end itself (.8755 prints .876).
    hair = (-1e-9, 1e-9) if low_end else (half * 2e-3, half * 2e-3)
    intervals[:, at] = target.low + hair[0], target.high - hair[1], WIDTH.get(name, half)


def _put_roc(intervals, names, marker, targets):
    for name in ("auc", "auc_low", "auc_high"):
        _put(intervals, names, name, targets["table5", "", marker, name], low_end=True)
    # The counts exactly, and every other cut-off behind by at least one step of the Youden index.
    for name, most in (("counts", 0.0), ("rival", -0.5)):
        intervals[:, names.index(name)] = -np.inf, most, WIDTH[name]


def shapiro_weights(n: int) -> Floats:
    """Weights a of Shapiro-Wilk's W = (Σ aᵢ x₍ᵢ₎)²/SS for n > 5 (Royston, Appl Stat 1995;44:547,
    algorithm AS R94).

    Parameters
    ----------
    n : int

    Returns
    -------
    array, shape (n,)
    """
    m = stats.norm.ppf((np.arange(1, n + 1) - 0.375) / (n + 0.25))
    squares, root = (m**2).sum(), 1 / np.sqrt(n)
    last = np.polyval([-2.706056, 4.434685, -2.07119, -0.147981, 0.221157, 0], root) + m[
        -1
    ] / np.sqrt(squares)
    second = np.polyval([-3.582633, 5.682633, -1.752461, -0.293762, 0.042981, 0], root) + m[
        -2
    ] / np.sqrt(squares)
    rest = (squares - 2 * m[-1] ** 2 - 2 * m[-2] ** 2) / (1 - 2 * last**2 - 2 * second**2)
    weights = m / np.sqrt(rest)
    weights[[0, 1, -2, -1]] = -last, -second, second, last
    return weights


def shapiro_threshold(n: int, p: float) -> float:
    """The W of n >= 12 values whose p-value is `p`, by the same source.

    Parameters
    ----------
    n : int
    p : float

    Returns
    -------
    float
    """
    mean = np.polyval([0.0038915, -0.083751, -0.31082, -1.5861], np.log(n))
    sd = np.exp(np.polyval([0.0030302, -0.082676, -0.4803], np.log(n)))
    return 1 - np.exp(mean + sd * stats.norm.isf(p))
