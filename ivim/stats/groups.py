"""Comparison of groups: assumptions, two-group tests with a stated rule of choice, analysis of variance, post-hoc tests."""

from functools import lru_cache
from itertools import combinations

import numpy as np
import pandas as pd
from scipy import stats

from ivim.stats import checks

RULES = ("article", "spss", "welch")
POSTHOC = ("tukey", "lsd", "bonferroni", "games-howell")


def compare_groups(
    frame, values=None, group="group", order=None, rule="article", significance=0.05
):
    """Compare two groups: the assumptions, all three tests, and which of them the rule chooses.

    Parameters
    ----------
    frame : DataFrame
        One row per patient.
    values : str or list of str
        Measured column(s).
    group : str
        Column that names the group.
    order : sequence of str, optional
        The two groups, first minus second; by default the order of appearance.
    rule : {"article", "spss", "welch"}
        "article": Student's t where Shapiro-Wilk passes in both groups, Mann-Whitney otherwise (Methods, "Statistical
        analysis"; Table 3 prints the pooled t). "spss": as before, but Levene's test decides between Student and Welch, as
        readers of SPSS output do. "welch": always Welch, the better method: it keeps its level whether or not variances differ,
        and a test that is chosen by a test does not (Delacre, Lakens & Leys, Int Rev Soc Psychol 2017;30:92; Zimmerman,
        Br J Math Stat Psychol 2004;57:173).
    significance : float
        Level of the assumption tests.

    Returns
    -------
    DataFrame
        ``parameter, test, group, statistic, df, p, chosen``. Per parameter one Shapiro-Wilk row for each group (`group` names
        it), then Levene, Student, Welch, Mann-Whitney; exactly one of the last three is chosen. The Mann-Whitney statistic is
        U of the first group (R's W).

    Raises
    ------
    ValueError
        When there are not exactly two groups, a value is missing, a group has fewer than two, or nothing varies within the
        groups.

    Notes
    -----
    Levene's test centres on the means, as SPSS does; its df is that within groups. Mann-Whitney is exact without ties and
    below 50 per group, else normal with continuity and tie corrections, as R's `wilcox.test`. Shapiro-Wilk and Levene need
    three values in a group; where they cannot be had p is missing, and the samples count as neither normal nor equal in
    variance.
    """
    checks.one_of(rule, RULES, "rule")
    checks.proportion(significance, "significance")
    frames = []
    for name in checks.name_list(values):
        samples = split(frame, name, group, order)
        if len(samples) > 2:
            met = ", ".join(map(str, samples))
            msg = f"{group!r} has {len(samples)} groups ({met}); two are compared here: use anova for more, or filter the rows"
            raise ValueError(msg)
        frames.append(_two_groups(samples, rule, significance).assign(parameter=name))
    columns = ["parameter", "test", "group", "statistic", "df", "p", "chosen"]
    return pd.concat(frames, ignore_index=True)[columns]


def anova(frame, values=None, group="group", order=None, method="fisher"):
    """One-way analysis of variance.

    Parameters
    ----------
    frame, values, group, order
        As for :func:`compare_groups`, with two groups or more.
    method : {"fisher", "welch", "kruskal-wallis"}
        Equal variances, Welch's for unequal ones, or by ranks.

    Returns
    -------
    DataFrame
        One row per parameter: ``parameter, f, df_between, df_within, p``; for "kruskal-wallis" ``parameter, h, df, p``.

    Raises
    ------
    ValueError
        As :func:`compare_groups`, and with "welch" also when one group is constant.

    Notes
    -----
    Welch, Biometrika 1951;38:330; Kruskal & Wallis, J Am Stat Assoc 1952;47:583, corrected for ties.
    """
    compute = {"fisher": _fisher, "welch": _welch_anova, "kruskal-wallis": _kruskal}[
        checks.one_of(method, ("fisher", "welch", "kruskal-wallis"), "method")
    ]
    return pd.DataFrame(
        [
            {"parameter": name, **compute(split(frame, name, group, order))}
            for name in checks.name_list(values)
        ]
    )


def posthoc(frame, values=None, group="group", method="tukey", order=None, confidence=0.95):
    """All pairwise differences of means after an analysis of variance.

    Parameters
    ----------
    frame, values, group, order
        As for :func:`compare_groups`, with two groups or more.
    method : {"tukey", "lsd", "bonferroni", "games-howell"}
        Tukey-Kramer, Fisher's least significant difference (no correction), Bonferroni on the pooled t, or Games-Howell for
        unequal variances.
    confidence : float
        Level of the limits, simultaneous except for "lsd".

    Returns
    -------
    DataFrame
        ``parameter, method, a, b, difference, ci_low, ci_high, p``; `difference` is mean(a) - mean(b).

    Raises
    ------
    ValueError
        As :func:`compare_groups`, and with "games-howell" also when one group is constant.

    Notes
    -----
    Tukey-Kramer: Kramer, Biometrics 1956;12:307; Games & Howell, J Educ Stat 1976;1:113. The article names no post-hoc test.
    """
    checks.one_of(method, POSTHOC, "method")
    checks.proportion(confidence)
    rows = []
    for name in checks.name_list(values):
        samples = split(frame, name, group, order)
        found = _pairwise(samples, method, 1 - confidence)
        rows.extend({"parameter": name, "method": method, **row} for row in found)
    return pd.DataFrame(rows)


def split(frame, values, group, order=None):
    """The values of each group as arrays, in the given order or that of appearance; checked.

    Returns
    -------
    dict
        Group name -> array of floats.
    """
    checks.check_columns(frame, values, group)
    numbers, names = checks.numbers(frame[values], values), checks.labels(frame[group], group)
    met = names.unique().tolist()
    if order is None:
        order = met
    elif set(order) != set(met) or len(order) != len(met):
        msg = f"order names {', '.join(map(repr, order))}, but {group!r} holds {', '.join(map(repr, met))}; name each group once"
        raise ValueError(msg)
    if len(met) < 2:
        msg = f"{group!r} holds only {met[0]!r}; a comparison needs at least two groups"
        raise ValueError(msg)
    samples = {name: numbers[(names == name).to_numpy()] for name in order}
    for name, sample in samples.items():
        if sample.size < 2:
            msg = f"group {name!r} has {sample.size} value of {values!r}; at least two are needed"
            raise ValueError(msg)
    if all(np.ptp(sample) == 0 for sample in samples.values()):
        msg = f"{values!r} is constant within every group; without spread there is nothing to test"
        raise ValueError(msg)
    return samples


def _two_groups(samples, rule, significance):
    first, second = samples.values()
    df = first.size + second.size - 2
    rows = [_row("Shapiro-Wilk", *_shapiro(sample), group=name) for name, sample in samples.items()]
    normal = all(row["p"] > significance for row in rows)
    levene = _levene(first, second)
    student, welch = stats.ttest_ind(first, second), stats.ttest_ind(first, second, equal_var=False)
    tied = np.unique(np.concatenate([first, second])).size < df + 2
    exact = not tied and max(first.size, second.size) < 50
    ranks = stats.mannwhitneyu(first, second, method="exact" if exact else "asymptotic")
    rows += [
        _row("Levene", *levene, df=df),
        _row("Student", student.statistic, student.pvalue, df=df),
        _row("Welch", welch.statistic, welch.pvalue, df=welch.df),
        _row("Mann-Whitney", ranks.statistic, ranks.pvalue),
    ]
    chosen = _choose(rule, normal, levene[1] > significance)
    return pd.DataFrame(rows).assign(chosen=lambda table: table["test"] == chosen)


def _row(test, statistic, p, df=np.nan, group=""):
    return {
        "test": test,
        "group": group,
        "statistic": float(statistic),
        "df": float(df),
        "p": float(p),
    }


def _choose(rule, normal, equal):
    if rule == "welch":
        return "Welch"
    if not normal:
        return "Mann-Whitney"
    return "Student" if rule == "article" or equal else "Welch"


def _shapiro(sample):
    if sample.size < 3 or np.ptp(sample) == 0:
        return np.nan, np.nan
    return stats.shapiro(sample)


def _levene(first, second):
    deviations = [np.abs(sample - sample.mean()) for sample in (first, second)]
    if all(np.allclose(deviation, deviation[0], rtol=1e-12) for deviation in deviations):
        return np.nan, np.nan  # as with two values each: no spread of the spreads
    return stats.f_oneway(*deviations)


def _fisher(samples):
    result = stats.f_oneway(*samples.values())
    k, n = len(samples), sum(sample.size for sample in samples.values())
    return {"f": result.statistic, "df_between": k - 1, "df_within": n - k, "p": result.pvalue}


def _welch_anova(samples):
    _check_spread(samples, "welch", "'fisher' or 'kruskal-wallis'")
    k, n = len(samples), np.array([sample.size for sample in samples.values()])
    means = np.array([sample.mean() for sample in samples.values()])
    weights = n / np.array([sample.var(ddof=1) for sample in samples.values()])
    centre = (weights * means).sum() / weights.sum()
    imbalance = ((1 - weights / weights.sum()) ** 2 / (n - 1)).sum()
    f = (
        (weights * (means - centre) ** 2).sum()
        / (k - 1)
        / (1 + 2 * (k - 2) / (k**2 - 1) * imbalance)
    )
    df_within = (k**2 - 1) / (3 * imbalance)
    return {
        "f": f,
        "df_between": k - 1,
        "df_within": df_within,
        "p": stats.f.sf(f, k - 1, df_within),
    }


def _check_spread(samples, method, instead):
    for name, sample in samples.items():
        if np.ptp(sample) == 0:
            msg = f"group {name!r} is constant and {method!r} divides by each group's variance; use method {instead}"
            raise ValueError(msg)


def _kruskal(samples):
    result = stats.kruskal(*samples.values())
    return {"h": result.statistic, "df": len(samples) - 1, "p": result.pvalue}


def _pairwise(samples, method, error):
    if method == "games-howell":
        _check_spread(samples, method, "'tukey'")
    pairs = list(combinations(samples, 2))
    pooled_df = sum(sample.size - 1 for sample in samples.values())
    pooled = sum((sample.size - 1) * sample.var(ddof=1) for sample in samples.values()) / pooled_df
    for a, b in pairs:
        first, second = samples[a], samples[b]
        if method == "games-howell":
            welch = stats.ttest_ind(first, second, equal_var=False)
            df, se = (
                welch.df,
                np.sqrt(first.var(ddof=1) / first.size + second.var(ddof=1) / second.size),
            )
        else:
            df, se = pooled_df, np.sqrt(pooled * (1 / first.size + 1 / second.size))
        difference = first.mean() - second.mean()
        half, p = _reach(method, abs(difference) / se, df, len(samples), len(pairs), error)
        limits = {"ci_low": difference - half * se, "ci_high": difference + half * se}
        yield {"a": a, "b": b, "difference": difference, **limits, "p": p}


def _reach(method, t, df, groups, pairs, error):
    """Critical t and two-sided p of one pair; the studentised range is √2 t."""
    if method in ("tukey", "games-howell"):
        return _range_quantile(groups, df, error) / np.sqrt(2), float(
            stats.studentized_range.sf(t * np.sqrt(2), groups, df)
        )
    count = pairs if method == "bonferroni" else 1
    return stats.t.isf(error / (2 * count), df), min(1.0, float(count * 2 * stats.t.sf(t, df)))


@lru_cache(maxsize=64)
def _range_quantile(groups, df, error):
    # A tenth of a second each, and the same for every pair and parameter of a design.
    return float(stats.studentized_range.ppf(1 - error, groups, df))
