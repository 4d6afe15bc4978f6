"""The columns of every table, and how a table of any cohort is made of its parts."""

from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

import pandas as pd

from ivim import article
from ivim.cohort import Cohort
from ivim.report.cells import literal
from ivim.stats import groups

COLUMNS = {
    "table1": "group n male female age_mean age_sd",
    "table2": "group parameter n mean sd",
    "table3": "parameter test statistic df p",
    "table4": "term b se wald p odds_ratio ci_low ci_high",
    "table5": "marker auc auc_low auc_high cutoff direction tp fn tn fp "
    "sensitivity sensitivity_low sensitivity_high "
    "specificity specificity_low specificity_high",
    "agreement": "parameter form icc ci_low ci_high",
    "anova": "parameter f df_between df_within p",
    "posthoc": "parameter method a b difference p",
}
"""Columns of ``results/tables/NAME.csv``."""

Item = TypeVar("Item")
Made = TypeVar("Made")

SEXES = {"m": "male", "male": "male", "f": "female", "female": "female"}


def spread(parts: list, names: Sequence[str]) -> pd.DataFrame:
    """Table 2 with quartiles: one row per part and parameter.

    Parameters
    ----------
    parts : list of (str, DataFrame)
    names : sequence of str

    Returns
    -------
    DataFrame
    """
    rows = []
    for group, members in parts:
        for name in names:
            values = members[name].dropna()
            quartiles = values.quantile([0.5, 0.25, 0.75])
            rows.append((group, name, len(values), values.mean(), values.std(), *quartiles))
    columns = ["group", "parameter", "n", "mean", "sd", "median", "q1", "q3"]
    return pd.DataFrame(rows, columns=columns)


def two_groups(cohort: Cohort, name: str) -> pd.DataFrame:
    """All tests of one parameter between two groups, of the patients that have a value.

    Parameters
    ----------
    cohort : ivim.cohort.Cohort
    name : str

    Returns
    -------
    DataFrame
    """
    return groups.compare_groups(cohort.values.dropna(subset=name), name, order=cohort.groups)


def many_groups(cohort: Cohort, name: str) -> pd.DataFrame:
    """The same for more groups: ANOVA where every group is normal, else Kruskal-Wallis.

    Parameters
    ----------
    cohort : ivim.cohort.Cohort
    name : str

    Returns
    -------
    DataFrame
    """
    known, pairs = cohort.values.dropna(subset=name), []
    for pair in ((group, cohort.positive) for group in cohort.groups[:-1]):
        two = known[known["group"].isin(pair)]
        pairs.append(groups.compare_groups(two, name, order=pair))
    normality = pd.concat(pairs).query("test == 'Shapiro-Wilk'").drop_duplicates("group")
    normality = normality.set_index("group").loc[list(cohort.groups)].reset_index()
    normal = (normality["p"] > article.SIGNIFICANCE).all()
    fisher = groups.anova(known, name).iloc[0]
    ranks = groups.anova(known, name, method="kruskal-wallis").iloc[0]
    tests = [
        ("ANOVA", fisher["f"], fisher["df_between"], fisher["p"], normal),
        ("Kruskal-Wallis", ranks["h"], ranks["df"], ranks["p"], not normal),
    ]
    tests = pd.DataFrame(tests, columns=["test", "statistic", "df", "p", "chosen"])
    return pd.concat([normality, tests.assign(parameter=name, group="")])


def completeness(what: str, known: dict) -> str:
    """Of how many patients of each group something is known; empty where of all.

    Parameters
    ----------
    what : str
    known : dict of str to Series

    Returns
    -------
    str
    """
    if not any(column.any() for column in known.values()):
        return f"{what} is not given."
    gaps = [
        f"{column.sum()} of {len(column)} {name} patients"
        for name, column in known.items()
        if not column.all()
    ]
    return f"{what} is known for {', '.join(gaps)}." if gaps else ""


def fitted(table: pd.DataFrame, notes: Sequence[str]) -> pd.DataFrame:
    """Table 4 from a regression, with what the regression keeps in its attrs.

    Parameters
    ----------
    table : DataFrame
    notes : sequence of str

    Returns
    -------
    DataFrame
    """
    frame = tidy("table4", table, notes)
    frame.attrs = {**table.attrs, "notes": frame.attrs["notes"]}
    return frame


def each(items: Iterable[Item], compute: Callable[[Item], Made]) -> tuple[list[Made], list[str]]:
    """What ``compute`` gives for each item, and the reasons of those that cannot be computed.

    Parameters
    ----------
    items : iterable
    compute : callable

    Returns
    -------
    tuple of (list, list of str)
    """
    found, reasons = [], []
    for item in items:
        try:
            found.append(compute(item))
        except ValueError as error:
            reasons.append(literal(f"Left out: {error}."))
    return found, reasons


def tidy(table: str, rows: pd.DataFrame | list, notes: Sequence[str] = ()) -> pd.DataFrame:
    """One table of :data:`COLUMNS`, with its notes.

    Parameters
    ----------
    table : str
    rows : DataFrame or list
    notes : sequence of str, optional

    Returns
    -------
    DataFrame
    """
    frame = pd.DataFrame(rows, columns=COLUMNS[table].split()).reset_index(drop=True)
    frame.attrs["notes"] = [literal(note) for note in notes]
    return frame
