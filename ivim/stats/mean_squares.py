"""Intraclass correlations from the mean squares of a table of targets and raters."""

from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from ivim.stats.checks import Floats

FORMS = ("ICC(1,1)", "ICC(A,1)", "ICC(C,1)", "ICC(1,k)", "ICC(A,k)", "ICC(C,k)")
"""One-way, two-way agreement, two-way consistency; single reading, then mean of k readings.

McGraw & Wong, Psychol Methods 1996;1:30.
"""


def icc_from_mean_squares(
    n: int,
    k: int,
    ms_targets: float,
    ms_raters: float,
    ms_error: float,
    confidence: float = 0.95,
) -> pd.DataFrame:
    """The six forms from a table's mean squares: a printed ICC can be held against its design.

    Parameters
    ----------
    n, k : int
        Targets and raters.
    ms_targets, ms_raters, ms_error : float
        Mean squares between targets, between raters, and of the residual.
    confidence : float
        Two-sided level.

    Returns
    -------
    DataFrame
        ``form, icc, ci_low, ci_high, f, df1, df2, p``; the order of :data:`FORMS`.
    """
    tail, df_error = (1 - confidence) / 2, (n - 1) * (k - 1)
    ms_within = (ms_raters + (n - 1) * ms_error) / n
    one_way = _ratio_form(ms_targets, ms_within, n - 1, n * (k - 1), k, tail)
    consistency = _ratio_form(ms_targets, ms_error, n - 1, df_error, k, tail)
    agreement = _agreement_form(n, k, ms_targets, ms_raters, ms_error, tail)
    single = np.array([one_way, agreement, consistency])
    average = k * single / (1 + (k - 1) * single)  # Spearman-Brown
    with np.errstate(divide="ignore"):
        f = np.divide(ms_targets, [ms_within, ms_error, ms_error] * 2)
    result = pd.DataFrame(np.vstack([single, average]), columns=["icc", "ci_low", "ci_high"])
    result.insert(0, "form", FORMS)
    df2 = np.array([n * (k - 1), df_error, df_error] * 2)
    return result.assign(f=f, df1=n - 1, df2=df2, p=stats.f.sf(f, n - 1, df2))


def mean_squares(table: Floats) -> dict[str, Any]:
    """Mean squares of a two-way table without replication.

    Parameters
    ----------
    table : array, shape (n targets, k raters)

    Returns
    -------
    dict
        ``n, k, ms_targets, ms_raters, ms_error``.
    """
    n, k = table.shape
    rows, columns, grand = table.mean(axis=1), table.mean(axis=0), table.mean()
    residual = table - rows[:, None] - columns + grand
    return {
        "n": n,
        "k": k,
        "ms_targets": k * ((rows - grand) ** 2).sum() / (n - 1),
        "ms_raters": n * ((columns - grand) ** 2).sum() / (k - 1),
        "ms_error": (residual**2).sum() / ((n - 1) * (k - 1)),
    }


def _ratio_form(
    ms_targets: float, ms_noise: float, df1: int, df2: int, k: int, tail: float
) -> tuple[float, float, float]:
    # In mean squares instead of F, so that perfect agreement (no noise) gives 1 and not 0/0.
    def coefficient(signal: float) -> float:
        return (signal - ms_noise) / (signal + (k - 1) * ms_noise)

    low = ms_targets / stats.f.isf(tail, df1, df2)
    high = ms_targets * stats.f.isf(tail, df2, df1)
    return coefficient(ms_targets), coefficient(low), coefficient(high)


def _agreement_form(
    n: int, k: int, ms_targets: float, ms_raters: float, ms_error: float, tail: float
) -> tuple[float, float, float]:
    noise = k * ms_raters + (n * k - n - k) * ms_error
    value = n * (ms_targets - ms_error) / (n * ms_targets + noise)
    # Satterthwaite's degrees of freedom of the noise, a ms_raters + b ms_error.
    a, b = k * value * ms_raters, (n * (1 + (k - 1) * value) - k * value) * ms_error
    spread = (n - 1) * a**2 + b**2
    df = (k - 1) * (n - 1) * (a + b) ** 2 / spread if spread > 0 else k - 1
    f_low, f_high = stats.f.isf(tail, n - 1, df), stats.f.isf(tail, df, n - 1)
    low = n * (ms_targets - f_low * ms_error) / (n * ms_targets + f_low * noise)
    high = n * (f_high * ms_targets - ms_error) / (n * f_high * ms_targets + noise)
    return value, low, high
