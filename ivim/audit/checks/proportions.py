"""Confidence limits of a proportion, and the method that a table's printed limits come from."""

import math
from functools import lru_cache

from scipy import stats

from ivim.audit.checks.rounding import Outcome, cannot_tell, parse, prints_as
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
def proportion_limits(count, n, method="exact", confidence=0.95):
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
    """
    if method not in PROPORTION_METHODS:
        msg = f"unknown method {method!r}; choose one of {', '.join(PROPORTION_METHODS)}"
        raise ValueError(msg)
    if not 0 <= count <= n or n < 1:
        msg = f"a proportion needs a count from 0 to n and n at least 1; met {count!r} of {n!r}"
        raise ValueError(msg)
    if method in _SHARED:
        return tuple(float(limit) for limit in _SHARED[method](count, n, confidence))
    return _OWN[method](count, n, (1 - confidence) / 2)


@lru_cache(maxsize=4096)
def uncut_limits(count, n, method, confidence=0.95):
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


def printing_methods(low, high, count, n, scale=100, rule="any", confidence=0.95):
    """Which methods print which limit of a proportion?

    Parameters
    ----------
    low, high : str or Printed
    count, n : int
    scale : int
        100 where the limits are printed in per cent, 1 for fractions.
    rule : {"any", "half_up", "half_even"}
    confidence : float

    Returns
    -------
    dict of str to (bool, bool)
        By method: whether it prints the lower and the upper limit.
    """
    found = {}
    for method in PROPORTION_METHODS:
        limits = proportion_limits(count, n, method, confidence)
        pairs = zip(limits, (low, high), strict=True)
        found[method] = tuple(
            math.isfinite(limit) and prints_as(scale * limit, text, rule) for limit, text in pairs
        )
    return found


def limits_method(rows, scale=100, rule="any", confidence=0.95):
    """The method that prints the most of a table's limits.

    Parameters
    ----------
    rows : sequence of (low, high, count, n)
        Printed limits with the counts behind them.

    Returns
    -------
    tuple of (str, int)
        Method and how many of the ``2 x len(rows)`` limits it prints; the earlier of
        :data:`PROPORTION_METHODS` wins a tie.
    """
    scores = dict.fromkeys(PROPORTION_METHODS, 0)
    for low, high, count, n in rows:
        for method, fits in printing_methods(low, high, count, n, scale, rule, confidence).items():
            scores[method] += sum(fits)
    return max(scores.items(), key=lambda item: item[1])


def check_limits(low, high, count, n, method=None, scale=100, rule="any", confidence=0.95):
    """Are the printed limits those of the proportion?

    Parameters
    ----------
    low, high : str or Printed
    count, n : int
    method : str, optional
        The method that the table is known to use (:func:`limits_method`). Without it nothing can be
        refuted.
    scale, rule, confidence
        As in :func:`printing_methods`.

    Returns
    -------
    dict of str to Outcome
        ``low`` and ``high``; each interval is the recomputed limit. A limit pair that any one
        method prints holds, whatever the table's.
    """
    fits = printing_methods(low, high, count, n, scale, rule, confidence)
    whole = next((name for name in (method, *PROPORTION_METHODS) if name and all(fits[name])), None)
    used = whole or method
    if used is None:
        reason = (
            f"no method known here prints both limits of {count}/{n}, and the article's is unknown"
        )
        return dict.fromkeys(("low", "high"), cannot_tell(reason))
    found, limits = {}, proportion_limits(count, n, used, confidence)
    for place, limit, fit, text in zip(
        ("low", "high"), limits, fits[used], (low, high), strict=True
    ):
        value = scale * limit
        shown, name = parse(text), used.replace("_", " ")
        reason = (
            f"the {name} limit of {count}/{n} is {value:.{shown.decimals + 2}f}; printed "
            f"{shown.text}"
        )
        found[place] = Outcome(fit, value, value, reason)
    return found


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
