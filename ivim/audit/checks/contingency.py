"""Tests of a table of counts: chi-square with and without Yates' correction, likelihood ratio,
Fisher's exact test.
"""

from functools import lru_cache

import numpy as np
from scipy import stats

LARGEST_FISHER = 100_000
"""Fisher's test is left out beyond this many members: its p is then that of chi-square, and the sum
is long.
"""


@lru_cache(maxsize=4096)
def table_tests(table: tuple[tuple[int, ...], ...]) -> dict[str, tuple[float | None, float]]:
    """Statistic and p of a table of counts by every usual test.

    Parameters
    ----------
    table : tuple of tuple of int
        Rows of counts.

    Returns
    -------
    dict of str to (float or None, float)
        ``pearson``, ``yates`` (of a 2 x 2 table), ``likelihood`` and, of a 2 x 2 table, ``fisher``
        without a statistic; empty where a row or column has no member.

    Examples
    --------
    >>> found = table_tests(((10, 20), (20, 10)))
    >>> round(found["pearson"][0], 3), round(found["yates"][0], 3)
    (6.667, 5.4)
    """
    counts = np.array(table)
    if 0 in counts.sum(axis=0) or 0 in counts.sum(axis=1):
        return {}
    found: dict[str, tuple[float | None, float]] = {}
    square = counts.shape == (2, 2)
    pearson = stats.chi2_contingency(counts, correction=False)
    found["pearson"] = float(pearson.statistic), float(pearson.pvalue)
    likelihood = stats.chi2_contingency(counts, correction=False, lambda_="log-likelihood")
    found["likelihood"] = float(likelihood.statistic), float(likelihood.pvalue)
    if square:
        yates = stats.chi2_contingency(counts, correction=True)
        found["yates"] = float(yates.statistic), float(yates.pvalue)
        if counts.sum() <= LARGEST_FISHER:
            found["fisher"] = None, float(stats.fisher_exact(counts).pvalue)
    return found
