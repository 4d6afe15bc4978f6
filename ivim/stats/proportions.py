"""Limits of proportions (exact, Wilson, Jeffreys), predictive values and likelihood ratios."""

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy import special, stats

from ivim.stats import checks
from ivim.stats.checks import Floats


def exact_limits(
    count: ArrayLike, total: ArrayLike, confidence: float = 0.95
) -> tuple[Floats, Floats]:
    """Clopper-Pearson limits of `count` out of `total`, as R's `binom.test` and MedCalc print them.

    Parameters
    ----------
    count, total : int or array of int
        Successes and trials, 0 <= count <= total, total >= 1; they broadcast.
    confidence : float
        Two-sided level.

    Returns
    -------
    tuple of array
        Lower and upper limit, as fractions 0-1.

    Raises
    ------
    ValueError
        When a count is negative, larger than its total or not whole.

    Notes
    -----
    The quantiles α/2 of Beta(x, n-x+1) and 1-α/2 of Beta(x+1, n-x), by statsmodels; Clopper &
    Pearson, Biometrika 1934;26:404.

    Examples
    --------
    >>> low, high = exact_limits(40, 50)
    >>> f"{low:.3f} {high:.3f}"
    '0.663 0.900'
    """
    return _statsmodels(count, total, confidence, "beta")


def wilson_limits(
    count: ArrayLike, total: ArrayLike, confidence: float = 0.95
) -> tuple[Floats, Floats]:
    """Wilson's score limits (without continuity correction), by statsmodels.

    Parameters
    ----------
    count, total, confidence
        As for :func:`exact_limits`.

    Returns
    -------
    tuple of array
        As :func:`exact_limits`.

    Raises
    ------
    ValueError
        As :func:`exact_limits`.

    Notes
    -----
    Wilson, J Am Stat Assoc 1927;22:209.
    """
    return _statsmodels(count, total, confidence, "wilson")


def jeffreys_limits(
    count: ArrayLike, total: ArrayLike, confidence: float = 0.95
) -> tuple[Floats, Floats]:
    """Jeffreys' limits.

    Parameters
    ----------
    count, total, confidence
        As for :func:`exact_limits`.

    Returns
    -------
    tuple of array
        As :func:`exact_limits`.

    Raises
    ------
    ValueError
        As :func:`exact_limits`.

    Notes
    -----
    Quantiles of Beta(x + 1/2, n - x + 1/2), with 0 below no success and 1 above no failure; Brown,
    Cai & DasGupta, Stat Sci 2001;16:101. Ours: statsmodels leaves the ends open (0 of 20 begins at
    .00002), so that the limits miss a proportion of 0.
    """
    x, n, tail = _check(count, total, confidence)
    low = np.where(x == 0, 0.0, stats.beta.ppf(tail, x + 0.5, n - x + 0.5))
    high = np.where(x == n, 1.0, stats.beta.isf(tail, x + 0.5, n - x + 0.5))
    return low[()], high[()]


def predictive_values(
    tp: int,
    fn: int,
    tn: int,
    fp: int,
    prevalence: float | None = None,
    confidence: float = 0.95,
) -> pd.DataFrame:
    """What a positive and a negative result mean: predictive values and likelihood ratios.

    Parameters
    ----------
    tp, fn, tn, fp : int
        True positives, false negatives, true negatives, false positives.
    prevalence : float, optional
        Share of the diseased among those tested, 0-1. By default that of the sample, which is right
        only where patients came as they come and were not chosen by their disease.
    confidence : float
        Two-sided level.

    Returns
    -------
    DataFrame
        ``statistic, value, ci_low, ci_high`` for ``ppv``, ``npv`` (fractions 0-1), ``lr_positive``
        and ``lr_negative``. What has no value (nobody tested positive) is missing.
        ``.attrs["prevalence"]`` is the one used.

    Raises
    ------
    ValueError
        When a count is negative or not whole, no patient is diseased or none is healthy, or the
        prevalence is not between 0 and 1.

    Notes
    -----
    Of the sample, PPV = TP/(TP+FP) and NPV = TN/(TN+FN) with exact limits. At a given prevalence,
    Bayes' theorem with limits on the logit (Mercaldo, Lau & Zhou, Stat Med 2007;26:2170). The
    likelihood ratios are ratios of two proportions with limits on the logarithm (Simel, Samsa &
    Matchar, J Clin Epidemiol 1991;44:763), by statsmodels. Where a count of 0 leaves such limits
    without a width or an end, one half is added to each count for them, and the limit beyond a
    value of 0 or infinity is that value.

    Examples
    --------
    >>> found = predictive_values(tp=40, fn=10, tn=17, fp=3).set_index("statistic")
    >>> found["value"].round(3).to_dict()
    {'ppv': 0.93, 'npv': 0.63, 'lr_positive': 5.333, 'lr_negative': 0.235}
    """
    checks.proportion(confidence)
    _check(tp, tp + fn, confidence)
    _check(tn, tn + fp, confidence)
    rows = {
        "ppv": _of_sample(tp, fp, confidence),
        "npv": _of_sample(tn, fn, confidence),
        "lr_positive": _likelihood_ratio((tp, fn), (fp, tn), confidence),
        "lr_negative": _likelihood_ratio((fn, tp), (tn, fp), confidence),
    }
    if prevalence is not None:
        odds = np.log(checks.proportion(prevalence, "prevalence") / (1 - prevalence))
        rows["ppv"] = _at_prevalence((tp, fn), (fp, tn), odds, confidence)
        rows["npv"] = _at_prevalence((tn, fp), (fn, tp), -odds, confidence)
    table = pd.DataFrame.from_dict(rows, orient="index", columns=["value", "ci_low", "ci_high"])
    table = table.rename_axis("statistic").reset_index()
    shown = (tp + fn) / (tp + fn + tn + fp) if prevalence is None else prevalence
    table.attrs = {"prevalence": shown, "confidence": confidence}
    return table


def _statsmodels(
    count: ArrayLike, total: ArrayLike, confidence: float, method: str
) -> tuple[Floats, Floats]:
    from statsmodels.stats.proportion import proportion_confint

    x, n, tail = _check(count, total, confidence)
    # Without a failure the unused quantile has a parameter of 0; it is replaced by 1.
    with np.errstate(all="ignore"):
        low, high = proportion_confint(x, n, alpha=2 * tail, method=method)
    return np.asarray(low, dtype=float)[()], np.asarray(high, dtype=float)[()]


def _check(count: ArrayLike, total: ArrayLike, confidence: float) -> tuple[Floats, Floats, float]:
    x, n = np.broadcast_arrays(np.asarray(count, dtype=float), np.asarray(total, dtype=float))
    x, n = x.copy(), n.copy()  # broadcast views are read-only, and statsmodels writes
    if not np.all((x >= 0) & (x <= n) & (n >= 1) & (x == np.round(x)) & (n == np.round(n))):
        msg = (
            f"{count!r} of {total!r} is no proportion of counts; whole numbers with 0 <= count <= "
            "total and total >= 1 are needed"
        )
        raise ValueError(msg)
    return x, n, (1 - checks.proportion(confidence)) / 2


def _of_sample(right: int, wrong: int, confidence: float) -> tuple[float, float, float]:
    if right + wrong == 0:
        return np.nan, np.nan, np.nan
    low, high = exact_limits(right, right + wrong, confidence)
    return right / (right + wrong), float(low), float(high)


def _likelihood_ratio(
    diseased: tuple[int, int], healthy: tuple[int, int], confidence: float
) -> tuple[float, float, float]:
    """Ratio of two shares, each given as (with this result, without it)."""
    from statsmodels.stats.proportion import confint_proportions_2indep

    (a, b), (c, d) = diseased, healthy
    if a == c == 0:
        return np.nan, np.nan, np.nan
    half = 0.5 if min(a, c) == 0 or b == d == 0 else 0.0
    low, high = confint_proportions_2indep(
        a + half, a + b + 2 * half, c + half, c + d + 2 * half,
        method="log", compare="ratio", alpha=1 - confidence,
    )  # fmt: skip
    value = np.inf if c == 0 else a / (a + b) / (c / (c + d))
    return value, low if a else 0.0, high if c else np.inf


def _at_prevalence(
    right: tuple[int, int], wrong: tuple[int, int], log_odds: float, confidence: float
) -> tuple[float, float, float]:
    """Predictive value from the shares of the two groups with this result, (with, without)."""
    (a, b), (c, d) = right, wrong
    if a == c == 0:
        return np.nan, np.nan, np.nan
    with np.errstate(divide="ignore"):
        value = special.expit(np.log(a / (a + b)) - np.log(c / (c + d)) + log_odds)
    half = 0.5 if min(a, b, c, d) == 0 else 0.0
    with_a, with_c, all_a, all_c = a + half, c + half, a + b + 2 * half, c + d + 2 * half
    centre = np.log(with_a / all_a) - np.log(with_c / all_c) + log_odds
    se = np.sqrt(1 / with_a - 1 / all_a + 1 / with_c - 1 / all_c)
    z = stats.norm.isf((1 - confidence) / 2)
    low, high = special.expit([centre - z * se, centre + z * se])
    return float(value), float(low) if value > 0 else 0.0, float(high) if value < 1 else 1.0
