"""Confidence limits of a proportion: exact, Wilson and Jeffreys."""

import numpy as np
from scipy import stats

from ivim.stats import checks


def exact_limits(count, total, confidence=0.95):
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
    The quantiles α/2 of Beta(x, n-x+1) and 1-α/2 of Beta(x+1, n-x); Clopper & Pearson, Biometrika 1934;26:404.

    Examples
    --------
    >>> low, high = exact_limits(40, 50)
    >>> f"{low:.3f} {high:.3f}"
    '0.663 0.900'
    """
    x, n, tail = _check(count, total, confidence)
    low = np.where(x == 0, 0.0, stats.beta.ppf(tail, np.maximum(x, 1), n - x + 1))
    high = np.where(x == n, 1.0, stats.beta.ppf(1 - tail, x + 1, np.maximum(n - x, 1)))
    return low[()], high[()]


def wilson_limits(count, total, confidence=0.95):
    """Wilson's score limits (without continuity correction); parameters and result as :func:`exact_limits`.

    Notes
    -----
    Wilson, J Am Stat Assoc 1927;22:209.
    """
    x, n, tail = _check(count, total, confidence)
    z2 = stats.norm.isf(tail) ** 2
    centre = (x + z2 / 2) / (n + z2)
    half = np.sqrt(z2 * (x * (n - x) / n + z2 / 4)) / (n + z2)
    return np.clip(centre - half, 0, 1)[()], np.clip(centre + half, 0, 1)[()]


def jeffreys_limits(count, total, confidence=0.95):
    """Jeffreys' limits; parameters and result as :func:`exact_limits`.

    Notes
    -----
    Quantiles of Beta(x + 1/2, n - x + 1/2), with 0 below no success and 1 above no failure; Brown, Cai & DasGupta,
    Stat Sci 2001;16:101.
    """
    x, n, tail = _check(count, total, confidence)
    low = np.where(x == 0, 0.0, stats.beta.ppf(tail, x + 0.5, n - x + 0.5))
    high = np.where(x == n, 1.0, stats.beta.ppf(1 - tail, x + 0.5, n - x + 0.5))
    return low[()], high[()]


def _check(count, total, confidence):
    x, n = np.broadcast_arrays(np.asarray(count, dtype=float), np.asarray(total, dtype=float))
    if not np.all((x >= 0) & (x <= n) & (n >= 1) & (x == np.round(x)) & (n == np.round(n))):
        msg = f"{count!r} of {total!r} is no proportion of counts; whole numbers with 0 <= count <= total and total >= 1 are needed"
        raise ValueError(msg)
    return x, n, (1 - checks.proportion(confidence)) / 2
