"""How far two groups are apart: effect sizes of samples, and tests from printed means and SDs."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from ivim.stats import checks
from ivim.stats.precision import pingouin
from ivim.stats.samples import Samples, attributes, split

COLUMNS = [
    "parameter", "a", "b", "n_a", "n_b", "cohen_d", "cohen_d_low", "cohen_d_high", "hedges_g",
    "rank_biserial", "superiority",
]  # fmt: skip


def effect_sizes(
    frame: pd.DataFrame,
    values: Any = None,
    group: str = "group",
    order: Sequence[Any] | None = None,
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Standardised differences between two groups, by pingouin.

    Parameters
    ----------
    frame, values, group, order
        As for :func:`ivim.compare_groups`.
    confidence : float
        Level of the limits of d.

    Returns
    -------
    DataFrame
        One row per parameter, first group minus second: ``parameter, a, b, n_a, n_b``; Cohen's
        ``cohen_d`` (over the pooled SD) with limits; ``hedges_g`` (its small-sample correction);
        ``rank_biserial`` and ``superiority``, the chance that a patient of the first group exceeds
        one of the second, ties counting one half. d and g are missing where nothing varies within
        the groups.

    Raises
    ------
    ValueError
        As :func:`ivim.compare_groups`.

    Notes
    -----
    Hedges & Olkin, Statistical Methods for Meta-Analysis, 1985; Vargha & Delaney, J Educ Behav Stat
    2000;25:101. The limits of d are those of R's effsize without the non-central t.
    """
    checks.proportion(confidence)
    samples, rows = {}, []
    for name in checks.name_list(values):
        samples[name] = split(frame, name, group, order, constant=True)
        if len(samples[name].groups) > 2:
            count = len(samples[name].groups)
            msg = f"{group!r} has {count} groups; an effect size compares two: filter the rows"
            raise ValueError(msg)
        rows.append({"parameter": name, **_effects(samples[name], confidence)})
    table = pd.DataFrame(rows, columns=COLUMNS)
    table.attrs = attributes(samples)
    return table


def t_from_moments(
    mean_a: float, sd_a: float, n_a: int, mean_b: float, sd_b: float, n_b: int
) -> pd.DataFrame:
    """Student's and Welch's t from printed means and SDs.

    Parameters
    ----------
    mean_a, sd_a, mean_b, sd_b : float
        Means and SDs (with n - 1) of the two groups.
    n_a, n_b : int
        Sizes, at least two.

    Returns
    -------
    DataFrame
        ``test, statistic, df, p``, rows "Student" and "Welch"; first group minus second.

    Raises
    ------
    ValueError
        When a size is below two or an SD is negative, or both are 0.

    Notes
    -----
    By scipy's `ttest_ind_from_stats`.

    Examples
    --------
    Age in the article's Table 1, tuberculosis minus metastasis:

    >>> found = t_from_moments(48.82, 19.84, 20, 56.92, 9.29, 50).iloc[0]
    >>> f"t = {found['statistic']:.2f}, p = {found['p']:.3f}"
    't = -2.33, p = 0.023'
    """
    _check_moments((mean_a, sd_a, n_a), (mean_b, sd_b, n_b))
    rows = []
    for test, equal in (("Student", True), ("Welch", False)):
        found = stats.ttest_ind_from_stats(mean_a, sd_a, n_a, mean_b, sd_b, n_b, equal_var=equal)
        share_a, share_b = sd_a**2 / n_a, sd_b**2 / n_b
        spread = share_a**2 / (n_a - 1) + share_b**2 / (n_b - 1)
        df = n_a + n_b - 2 if equal else (share_a + share_b) ** 2 / spread
        row = {"test": test, "statistic": float(found.statistic), "df": float(df)}
        rows.append(row | {"p": float(found.pvalue)})
    return pd.DataFrame(rows)


def standardised_difference(mean_a: float, sd_a: float, mean_b: float, sd_b: float) -> float:
    """Difference of two means in units of the groups' average spread, as balance is reported.

    Parameters
    ----------
    mean_a, sd_a, mean_b, sd_b : float
        Means and SDs of the two groups.

    Returns
    -------
    float
        First minus second; .1 and less is held to be negligible.

    Raises
    ------
    ValueError
        When an SD is negative or both are 0.

    Notes
    -----
    (a - b) / √((s_a² + s_b²) / 2), whatever the sizes; Austin, Stat Med 2009;28:3083. Cohen's d
    pools the variances by size instead (:func:`effect_sizes`).

    Examples
    --------
    >>> round(standardised_difference(56.92, 9.29, 48.82, 19.84), 2)
    0.52
    """
    _check_moments((mean_a, sd_a, 2), (mean_b, sd_b, 2))
    return float((mean_a - mean_b) / np.sqrt((sd_a**2 + sd_b**2) / 2))


def _effects(samples: Samples, confidence: float) -> dict[str, Any]:
    (a, first), (b, second) = samples.groups.items()
    row = {"a": a, "b": b, "n_a": first.size, "n_b": second.size}
    with pingouin() as pg:
        superiority = pg.compute_effsize(first, second, eftype="cles")
        row |= {"superiority": superiority, "rank_biserial": 2 * superiority - 1}
        if samples.spread:
            d = pg.compute_effsize(first, second, eftype="cohen")
            low, high = pg.compute_esci(
                d, first.size, second.size, eftype="cohen", confidence=confidence, decimals=15
            )
            g = pg.compute_effsize(first, second, eftype="hedges")
            row |= {"cohen_d": d, "cohen_d_low": low, "cohen_d_high": high, "hedges_g": g}
    return row


def _check_moments(*groups: tuple[float, float, int]) -> None:
    for mean, sd, n in groups:
        if not (np.isfinite([mean, sd]).all() and sd >= 0 and n >= 2 and n == int(n)):
            msg = (
                f"mean {mean}, SD {sd}, n {n}; a finite mean, an SD of 0 or more and a whole "
                "number of at least 2 are needed"
            )
            raise ValueError(msg)
    if all(sd == 0 for _, sd, _ in groups):
        msg = "both SDs are 0; without spread there is nothing to compare"
        raise ValueError(msg)
