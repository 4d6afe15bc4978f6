"""Several comparisons at once: all pairs after an analysis of variance, and corrections of p."""

import warnings
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy import optimize, stats

from ivim.stats import checks
from ivim.stats.checks import Floats
from ivim.stats.precision import pingouin
from ivim.stats.samples import Samples, attributes, check_spread, split

POSTHOC = ("tukey", "lsd", "bonferroni", "games-howell")
CORRECTIONS = {"holm": "holm", "bonferroni": "bonf", "sidak": "sidak", "fdr": "fdr_bh"}


def posthoc(
    frame: pd.DataFrame,
    values: Any = None,
    group: str = "group",
    method: str = "tukey",
    order: Sequence[Any] | None = None,
    confidence: float = 0.95,
) -> pd.DataFrame:
    """All pairwise differences of means after an analysis of variance.

    Parameters
    ----------
    frame, values, group, order
        As for :func:`ivim.compare_groups`, with two groups or more.
    method : {"tukey", "lsd", "bonferroni", "games-howell"}
        Tukey-Kramer, Fisher's least significant difference (no correction), Bonferroni on the
        pooled t, or Games-Howell for unequal variances.
    confidence : float
        Level of the limits, simultaneous except for "lsd".

    Returns
    -------
    DataFrame
        ``parameter, method, a, b, difference, ci_low, ci_high, p``; `difference` is
        mean(a) - mean(b). ``.attrs`` as for :func:`ivim.compare_groups`.

    Raises
    ------
    ValueError
        As :func:`ivim.compare_groups`, and with "games-howell" also when one group is constant.

    Notes
    -----
    Tukey-Kramer (Kramer, Biometrics 1956;12:307) and Games-Howell (J Educ Stat 1976;1:113) by
    pingouin; it gives no limits, which come from the quantile of the studentised range. The t with
    the variance pooled over all groups is ours: pingouin's `pairwise_tests` pools each pair alone.
    The article names no post-hoc test.
    """
    checks.one_of(method, POSTHOC, "method")
    checks.proportion(confidence)
    samples, frames = {}, []
    compute = _range_test if method in ("tukey", "games-howell") else _pooled_t
    for name in checks.name_list(values):
        samples[name] = split(frame, name, group, order)
        found = compute(samples[name], method, 1 - confidence)
        frames.append(found.assign(parameter=name, method=method))
    columns = ["parameter", "method", "a", "b", "difference", "ci_low", "ci_high", "p"]
    table = pd.concat(frames, ignore_index=True)[columns]
    table.attrs = attributes(samples)
    return table


def adjust(p: ArrayLike, method: str = "holm") -> Floats:
    """p-values corrected for testing several hypotheses, by pingouin.

    Parameters
    ----------
    p : array, shape (n,)
        A missing p stays missing and does not count as a test.
    method : {"holm", "bonferroni", "sidak", "fdr"}
        Holm's step-down (Scand J Stat 1979;6:65), Bonferroni, Šidák, or the false discovery rate
        of Benjamini & Hochberg (J R Stat Soc B 1995;57:289).

    Returns
    -------
    array, shape (n,)

    Raises
    ------
    ValueError
        When a p is not from 0 to 1.

    Examples
    --------
    >>> adjust([0.01, 0.04, 0.03]).round(2).tolist()
    [0.03, 0.06, 0.06]
    """
    checks.one_of(method, CORRECTIONS, "method")
    array = checks.numbers(p, "p", missing=True)
    known = ~np.isnan(array)
    if known.any() and not (array[known].min() >= 0 and array[known].max() <= 1):
        met = f"{array[known].min():g} to {array[known].max():g}"
        msg = f"p-values run from {met}; from 0 to 1 are needed"
        raise ValueError(msg)
    corrected = np.full(array.shape, np.nan)
    if known.any():
        with pingouin() as pg:
            corrected[known] = pg.multicomp(array[known], method=CORRECTIONS[method])[1]
    return corrected


def _range_test(samples: Samples, method: str, error: float) -> pd.DataFrame:
    with pingouin() as pg:
        if method == "games-howell":
            check_spread(samples, method, "'tukey'")
            found = pg.pairwise_gameshowell(samples.long(), dv="value", between="group")
            df, p = found["df"].to_numpy(), found["pval"]
        else:
            found = pg.pairwise_tukey(samples.long(), dv="value", between="group")
            df, p = np.full(len(found), _within(samples)), found["p_tukey"]
    count = len(samples.groups)
    reach = [_range_quantile(count, float(one), error) / np.sqrt(2) for one in df]
    return _pairs(samples, found["diff"].to_numpy(), reach * found["se"].to_numpy(), p)


def _pooled_t(samples: Samples, method: str, error: float) -> pd.DataFrame:
    groups = list(samples.groups.values())
    first, second = np.triu_indices(len(groups), k=1)
    size, mean = (np.array([part(sample) for sample in groups]) for part in (np.size, np.mean))
    df = _within(samples)
    pooled = sum((sample.size - 1) * sample.var(ddof=1) for sample in groups) / df
    difference = mean[first] - mean[second]
    se = np.sqrt(pooled * (1 / size[first] + 1 / size[second]))
    p = 2 * stats.t.sf(np.abs(difference) / se, df)
    if method == "bonferroni":
        p, error = adjust(p, "bonferroni"), error / p.size
    return _pairs(samples, difference, stats.t.isf(error / 2, df) * se, p)


def _pairs(samples: Samples, difference: Floats, half: Floats, p: ArrayLike) -> pd.DataFrame:
    names = list(samples.groups)
    first, second = np.triu_indices(len(names), k=1)
    columns = {
        "a": [names[at] for at in first],
        "b": [names[at] for at in second],
        "difference": difference,
        "ci_low": difference - half,
        "ci_high": difference + half,
    }
    return pd.DataFrame(columns | {"p": np.asarray(p)})


def _within(samples: Samples) -> int:
    return sum(samples.sizes.values()) - len(samples.groups)


@lru_cache(maxsize=256)
def _range_quantile(groups: int, df: float, error: float) -> float:
    """Where the studentised range is exceeded with a chance of `error`.

    The secant on logarithms, from the limit that Bonferroni's t sets, takes five evaluations where
    scipy's `ppf` takes twenty; Games-Howell needs one quantile for every pair and parameter.
    """
    pairs = groups * (groups - 1) / 2
    low, high = np.sqrt(2) * stats.t.isf([error / 2, error / 2 / pairs], df)
    if groups == 2:
        return float(low)

    def excess(reach: float) -> float:
        tail = stats.studentized_range.sf(np.exp(reach), groups, df)
        return float(np.log(max(tail, 1e-300) / error))

    x1 = np.log(high)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # the secant gets lost in far tails
        found = optimize.root_scalar(excess, x0=x1 - 0.01, x1=x1, method="secant", xtol=1e-10)
    reach = float(np.exp(found.root))
    if found.converged and low * 0.999 < reach < high * 1.001:
        return reach
    return float(stats.studentized_range.ppf(1 - error, groups, df))
