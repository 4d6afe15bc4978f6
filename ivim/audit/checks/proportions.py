"""Confidence limits of a proportion, and the method that a table's printed limits come from."""

import math
from functools import lru_cache

from scipy import stats

from ivim.stats.proportions import exact_limits, jeffreys_limits, wilson_limits

PROPORTION_METHODS = (
    "exact",
    "mid_p",
    "wilson",
    "wilson_corrected",
    "jeffreys",
    "agresti_coull",
    "wald",
    "logit",
)


@lru_cache(maxsize=4096)
def proportion_limits(
    count: int, n: int, method: str = "exact", confidence: float = 0.95
) -> tuple[float, float]:
    """Confidence limits of a proportion.

    Parameters
    ----------
    count, n : int
        0 <= count <= n.
    method : {"exact", "mid_p", "wilson", "wilson_corrected", "jeffreys", "agresti_coull", "wald",
    "logit"}
        Clopper & Pearson 1934; the mid-p variant of it; Wilson 1927 without and with continuity
        correction (Newcombe 1998, *Stat
        Med* 17:857); Jeffreys, Agresti & Coull, Wald and logit as in Brown, Cai & DasGupta 2001,
        *Stat Sci* 16:101.
    confidence : float

    Returns
    -------
    tuple of float
        Lower and upper limit, fractions; NaN where the method gives none (logit at 0 or n).

    Raises
    ------
    ValueError
        When the method is unknown, or the count is not from 0 to n.
    """
    if method not in PROPORTION_METHODS:
        msg = f"unknown method {method!r}; choose one of {', '.join(PROPORTION_METHODS)}"
        raise ValueError(msg)
    if not 0 <= count <= n or n < 1:
        msg = f"a proportion needs a count from 0 to n and n at least 1; met {count!r} of {n!r}"
        raise ValueError(msg)
    if method in _SHARED:
        low, high = _SHARED[method](count, n, confidence)
        return float(low), float(high)
    return _OWN[method](count, n, (1 - confidence) / 2)


@lru_cache(maxsize=4096)
def uncut_limits(
    count: int, n: int, method: str, confidence: float = 0.95
) -> tuple[tuple[float, float], ...]:
    """Limits as software prints them that does not end them at 0 and 1.

    Parameters
    ----------
    count, n : int
    method : str
        As in :func:`proportion_limits`; only Wald's and Jeffreys' limits differ.
    confidence : float

    Returns
    -------
    tuple of (float, float)
        One pair, or none where there is nothing to cut. Jeffreys' are the quantiles of Beta(x +
        1/2, n - x + 1/2) at x = 0 and n too, as statsmodels gives them.
    """
    tail = (1 - confidence) / 2
    if method == "jeffreys" and count in (0, n):
        return (
            (
                stats.beta.ppf(tail, count + 0.5, n - count + 0.5),
                stats.beta.isf(tail, count + 0.5, n - count + 0.5),
            ),
        )
    if method == "wald":
        share = count / n
        reach = stats.norm.isf(tail) * math.sqrt(share * (1 - share) / n)
        return ((share - reach, share + reach),)
    return ()


def _mid_p(count, n, tail):
    from scipy.optimize import brentq

    def upper(p):  # P(X > x) + P(X = x)/2
        return stats.binom.sf(count, n, p) + stats.binom.pmf(count, n, p) / 2

    low = 0.0 if count == 0 else brentq(lambda p: upper(p) - tail, 0, 1, xtol=1e-14)
    return low, 1.0 if count == n else brentq(lambda p: 1 - upper(p) - tail, 0, 1, xtol=1e-14)


def _wilson_corrected(count, n, tail):
    z, p = stats.norm.isf(tail), count / n
    low = (
        2 * n * p + z * z - 1 - z * math.sqrt(max(z * z - 2 - 1 / n + 4 * p * (n * (1 - p) + 1), 0))
    ) / (2 * (n + z * z))
    high = (
        2 * n * p + z * z + 1 + z * math.sqrt(max(z * z + 2 - 1 / n + 4 * p * (n * (1 - p) - 1), 0))
    ) / (2 * (n + z * z))
    return 0.0 if count == 0 else max(low, 0.0), 1.0 if count == n else min(high, 1.0)


def _agresti_coull(count, n, tail):
    z = stats.norm.isf(tail)
    size = n + z * z
    share = (count + z * z / 2) / size
    reach = z * math.sqrt(share * (1 - share) / size)
    return max(share - reach, 0.0), min(share + reach, 1.0)


def _wald(count, n, tail):
    share = count / n
    reach = stats.norm.isf(tail) * math.sqrt(share * (1 - share) / n)
    return max(share - reach, 0.0), min(share + reach, 1.0)


def _logit(count, n, tail):
    if count in (0, n):
        return math.nan, math.nan
    centre, reach = (
        math.log(count / (n - count)),
        stats.norm.isf(tail) * math.sqrt(n / (count * (n - count))),
    )
    return 1 / (1 + math.exp(reach - centre)), 1 / (1 + math.exp(-reach - centre))


_SHARED = {"exact": exact_limits, "wilson": wilson_limits, "jeffreys": jeffreys_limits}
_OWN = {
    "mid_p": _mid_p,
    "wilson_corrected": _wilson_corrected,
    "agresti_coull": _agresti_coull,
    "wald": _wald,
    "logit": _logit,
}
