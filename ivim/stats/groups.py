"""Comparison of groups: description, assumptions, two-group tests and which to choose, ANOVA."""

from collections.abc import Sequence
from types import ModuleType
from typing import Any

import numpy as np
import pandas as pd

from ivim.stats import checks
from ivim.stats.checks import Floats
from ivim.stats.posthoc import POSTHOC, adjust, posthoc
from ivim.stats.precision import pingouin
from ivim.stats.samples import Samples, attributes, check_spread, split

__all__ = [
    "POSTHOC", "RULES", "adjust", "anova", "compare_groups", "describe", "posthoc", "split",
]  # fmt: skip

RULES = ("article", "spss", "welch")
METHODS = ("fisher", "welch", "kruskal-wallis")
PAIR = ["parameter", "test", "group", "statistic", "df", "p", "chosen"]


def describe(
    frame: pd.DataFrame,
    values: Any = None,
    group: str = "group",
    order: Sequence[Any] | None = None,
) -> pd.DataFrame:
    """Mean and SD, median and quartiles of each parameter in each group.

    Parameters
    ----------
    frame : DataFrame
        One row per patient.
    values : str or list of str
        Measured column(s).
    group : str
        Column that names the group.
    order : sequence of str, optional
        The groups to describe; by default all, in the order of appearance.

    Returns
    -------
    DataFrame
        ``group, parameter, n, mean, sd, median, q1, q3``, one row per group and parameter; `n`
        counts the values that are there, and what cannot be had (the SD of one value) is missing.

    Raises
    ------
    ValueError
        When a column is missing or holds text, or a group is named that is not there.

    Notes
    -----
    SD with n - 1; quartiles interpolated linearly as by R's `quantile` (its type 7).
    """
    names = checks.name_list(values)
    checks.check_columns(frame, group, *names)
    member = checks.labels(frame[group], group)
    met = member.unique().tolist()
    table = pd.DataFrame(
        {name: checks.numbers(frame[name], name, missing=True) for name in names},
        columns=pd.Index(names),
    )
    rows = []
    for label in met if order is None else order:
        part = table[member == checks.one_of(label, met, f"a group of {group!r}")]
        rows += [{"group": label, "parameter": name, **_summary(part[name])} for name in names]
    return pd.DataFrame(rows)


def compare_groups(
    frame: pd.DataFrame,
    values: Any = None,
    group: str = "group",
    order: Sequence[Any] | None = None,
    rule: str = "article",
    significance: float = 0.05,
) -> pd.DataFrame:
    """Compare two groups: the assumptions, all three tests, and which of them the rule chooses.

    Parameters
    ----------
    frame : DataFrame
        One row per patient.
    values : str or list of str
        Measured column(s); a row without a value is left out for that parameter alone.
    group : str
        Column that names the group.
    order : sequence of str, optional
        The two groups, first minus second; by default the order of appearance.
    rule : {"article", "spss", "welch"}
        "article": Student's t where Shapiro-Wilk passes in both groups, Mann-Whitney otherwise
        (Methods, "Statistical analysis"; Table 3 prints the pooled t). "spss": as before, but
        Levene's test decides between Student and Welch, as readers of SPSS output do. "welch":
        always Welch, the better method: it keeps its level whether or not variances differ, and a
        test that is chosen by a test does not (Delacre, Lakens & Leys, Int Rev Soc Psychol
        2017;30:92; Zimmerman, Br J Math Stat Psychol 2004;57:173).
    significance : float
        Level of the assumption tests.

    Returns
    -------
    DataFrame
        ``parameter, test, group, statistic, df, p, chosen``. Per parameter one Shapiro-Wilk row for
        each group (`group` names it), then Levene, Student, Welch, Mann-Whitney; exactly one of the
        last three is chosen. The Mann-Whitney statistic is U of the first group (R's W).
        ``.attrs`` holds ``n`` by parameter and group, ``left_out`` (rows without a value) and
        ``missing`` (the same in sentences).

    Raises
    ------
    ValueError
        When there are not exactly two groups, a group has fewer than two values, or nothing varies
        within the groups.

    Notes
    -----
    By pingouin. Levene's test centres on the means, as SPSS does; its df is that within groups.
    Mann-Whitney is exact without ties and below 50 per group, else normal with continuity and tie
    corrections, as R's `wilcox.test`. Shapiro-Wilk and Levene need three values in a group; where
    they cannot be had p is missing, and the samples count as neither normal nor equal in variance.
    A marker that is constant within both groups (three values or more) and differs between them
    has no t; Mann-Whitney is then chosen by every rule.
    """
    checks.one_of(rule, RULES, "rule")
    checks.proportion(significance, "significance")
    samples, frames = {}, []
    for name in checks.name_list(values):
        samples[name] = split(frame, name, group, order, constant=True)
        _check_two(samples[name], group)
        rows = _two_groups(samples[name], rule, significance)
        frames.append(pd.DataFrame(rows).assign(parameter=name))
    table = pd.concat(frames, ignore_index=True)[PAIR]
    table.attrs = attributes(samples)
    return table


def anova(
    frame: pd.DataFrame,
    values: Any = None,
    group: str = "group",
    order: Sequence[Any] | None = None,
    method: str = "fisher",
) -> pd.DataFrame:
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
        One row per parameter: ``parameter, f, df_between, df_within, p``; for "kruskal-wallis"
        ``parameter, h, df, p``. ``.attrs`` as for :func:`compare_groups`.

    Raises
    ------
    ValueError
        As :func:`compare_groups`, and with "welch" also when one group is constant.

    Notes
    -----
    By pingouin. Welch, Biometrika 1951;38:330; Kruskal & Wallis, J Am Stat Assoc 1952;47:583,
    corrected for ties.
    """
    checks.one_of(method, METHODS, "method")
    ranks = method == "kruskal-wallis"
    samples = {
        name: split(frame, name, group, order, constant=ranks) for name in checks.name_list(values)
    }
    rows = [{"parameter": name, **_anova(sample, method)} for name, sample in samples.items()]
    table = pd.DataFrame(rows)
    table.attrs = attributes(samples)
    return table


def _summary(column: pd.Series) -> dict[str, float]:
    q1, median, q3 = column.quantile([0.25, 0.5, 0.75])
    return {
        "n": int(column.count()),
        "mean": column.mean(),
        "sd": column.std(),
        "median": median,
        "q1": q1,
        "q3": q3,
    }


def _check_two(samples: Samples, group: str) -> None:
    if len(samples.groups) > 2:
        met = ", ".join(map(str, samples.groups))
        msg = (
            f"{group!r} has {len(samples.groups)} groups ({met}); two are compared here: use anova "
            "for more, or filter the rows"
        )
        raise ValueError(msg)


def _two_groups(samples: Samples, rule: str, significance: float) -> list[dict[str, Any]]:
    first, second = samples.groups.values()
    df = first.size + second.size - 2
    with pingouin() as pg:
        shapiro = {name: _shapiro(pg, sample) for name, sample in samples.groups.items()}
        levene = _levene(pg, first, second)
        student, welch = (
            _t(pg, first, second, correction) if samples.spread else (np.nan,) * 3
            for correction in (False, True)
        )
        ranks = _mann_whitney(pg, first, second)
    normal = all(p > significance for _, p in shapiro.values())
    rows = [_row("Shapiro-Wilk", *found, group=name) for name, found in shapiro.items()]
    rows += [
        _row("Levene", *levene, df=df),
        _row("Student", *student),
        _row("Welch", *welch),
        _row("Mann-Whitney", *ranks),
    ]
    chosen = _choose(rule if samples.spread else "article", normal, levene[1] > significance)
    return [{**row, "chosen": row["test"] == chosen} for row in rows]


def _row(
    test: str, statistic: float, p: float, df: float = np.nan, group: Any = ""
) -> dict[str, Any]:
    row = {"test": test, "group": group, "statistic": float(statistic), "df": float(df)}
    return row | {"p": float(p)}


def _choose(rule: str, normal: bool, equal: bool) -> str:
    if rule == "welch":
        return "Welch"
    if not normal:
        return "Mann-Whitney"
    return "Student" if rule == "article" or equal else "Welch"


def _shapiro(pg: ModuleType, sample: Floats) -> tuple[float, float]:
    if sample.size < 3 or np.ptp(sample) == 0:
        return np.nan, np.nan
    # As a Series: of an array pingouin asks four values, where Shapiro-Wilk needs three.
    found = pg.normality(pd.Series(sample)).iloc[0]
    return found["W"], found["pval"]


def _levene(pg: ModuleType, first: Floats, second: Floats) -> tuple[float, float]:
    for sample in (first, second):
        deviation = np.abs(sample - sample.mean())
        if np.ptp(deviation) > 1e-12 * np.abs(sample).max():
            found = pg.homoscedasticity([first, second], method="levene", center="mean").iloc[0]
            return found["W"], found["pval"]
    return np.nan, np.nan  # as with two values each: no spread of the spreads


def _t(
    pg: ModuleType, first: Floats, second: Floats, correction: bool
) -> tuple[float, float, float]:
    found = pg.ttest(first, second, correction=correction).iloc[0]
    return found["T"], found["p_val"], found["dof"]


def _mann_whitney(pg: ModuleType, first: Floats, second: Floats) -> tuple[float, float]:
    tied = np.unique(np.concatenate([first, second])).size < first.size + second.size
    exact = not tied and max(first.size, second.size) < 50
    found = pg.mwu(first, second, method="exact" if exact else "asymptotic").iloc[0]
    return found["U_val"], found["p_val"]


def _anova(samples: Samples, method: str) -> dict[str, float]:
    if method == "welch":
        check_spread(samples, method, "'fisher' or 'kruskal-wallis'")
    with pingouin() as pg:
        compute = {"fisher": pg.anova, "welch": pg.welch_anova, "kruskal-wallis": pg.kruskal}
        found = compute[method](samples.long(), dv="value", between="group").iloc[0]
    if method == "kruskal-wallis":
        return {"h": found["H"], "df": found["ddof1"], "p": found["p_unc"]}
    degrees = {"df_between": found["ddof1"], "df_within": found["ddof2"]}
    return {"f": found["F"], **degrees, "p": found["p_unc"]}
