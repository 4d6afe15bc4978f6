"""Cohen's kappa of two raters from the four counts of their table, with its limits."""

import math

from ivim.audit.checks.pvalues import normal_quantile


def kappa_of(both: int, first: int, second: int, neither: int) -> float:
    """Cohen's kappa of two raters who say yes or no (Cohen 1960, *Educ Psychol Meas* 20:37).

    Parameters
    ----------
    both, first, second, neither : int
        Yes of both raters, of the first alone, of the second alone, of none.

    Returns
    -------
    float
        NaN where a rater says the same of everybody, or nobody is rated.

    Examples
    --------
    >>> round(kappa_of(20, 5, 10, 15), 3)
    0.4
    """
    agreed, expected, n = _shares(both, first, second, neither)
    return (agreed - expected) / (1 - expected) if n and expected < 1 else math.nan


def kappa_limits(
    both: int, first: int, second: int, neither: int, confidence: float = 0.95
) -> dict[str, tuple]:
    """Limits of kappa by each of the two standard errors that software prints.

    Parameters
    ----------
    both, first, second, neither : int
        As in :func:`kappa_of`.
    confidence : float

    Returns
    -------
    dict of str to (Interval, Interval)
        ``fleiss`` (Fleiss, Cohen & Everitt 1969, *Psychol Bull* 72:323) and ``cohen`` (the simpler
        one of 1960); intervals, because z may be 1.96 or exact. Empty where kappa has none.
    """
    kappa = kappa_of(both, first, second, neither)
    if math.isnan(kappa):
        return {}
    agreed, expected, n = _shares(both, first, second, neither)
    cells = [[both / n, first / n], [second / n, neither / n]]
    rows = [sum(row) for row in cells]
    columns = [sum(column) for column in zip(*cells, strict=True)]
    variance = (
        sum(cells[i][i] * (1 - (rows[i] + columns[i]) * (1 - kappa)) ** 2 for i in (0, 1))
        + (1 - kappa) ** 2 * sum(cells[i][1 - i] * (columns[i] + rows[1 - i]) ** 2 for i in (0, 1))
        - (kappa - expected * (1 - kappa)) ** 2
    )
    errors = {
        "fleiss": math.sqrt(max(variance, 0.0) / n) / (1 - expected),
        "cohen": math.sqrt(agreed * (1 - agreed) / n) / (1 - expected),
    }
    z = normal_quantile(confidence)
    return {name: (kappa - z * error, kappa + z * error) for name, error in errors.items()}


def _shares(both, first, second, neither):
    n = both + first + second + neither
    if not n:
        return math.nan, math.nan, 0
    yes = (both + first) * (both + second) / n**2
    no = (second + neither) * (first + neither) / n**2
    return (both + neither) / n, yes + no, n
