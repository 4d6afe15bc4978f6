"""Likelihood ratios of a diagnostic test, from its counts."""

import math

from ivim.audit.checks.interval import Interval
from ivim.audit.checks.pvalues import normal_quantile


def likelihood_limits(
    hits: int, cases: int, others: int, controls: int, confidence: float = 0.95
) -> tuple[Interval, Interval] | None:
    """Limits of a likelihood ratio by the logarithm.

    Simel, Samsa & Matchar 1991, *J Clin Epidemiol* 44:763.

    Parameters
    ----------
    hits, cases : int
        Of the diseased, how many have the result, and all of them.
    others, controls : int
        Of the rest, how many have it, and all of them.
    confidence : float

    Returns
    -------
    (Interval, Interval) or None
        Lower and upper limit; intervals, because z may be 1.96 or exact. None where a count is 0.

    Examples
    --------
    >>> low, high = likelihood_limits(40, 50, 3, 20)
    >>> round(low.middle, 2), round(high.middle, 2)
    (1.86, 15.28)
    """
    if min(hits, others) < 1:
        return None
    ratio = math.log(hits / cases) - math.log(others / controls)
    error = math.sqrt(1 / hits - 1 / cases + 1 / others - 1 / controls)
    reach = normal_quantile(confidence) * error
    return (ratio - reach).exp(), (ratio + reach).exp()
