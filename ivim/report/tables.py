"""Every table of the article as a tidy frame at full precision, for any cohort: views of its
:class:`ivim.report.analysis.Analysis`, as copies that may be changed."""

import numpy as np
import pandas as pd

from ivim.cohort import Cohort
from ivim.report.analysis import Stratum, analyse
from ivim.report.frames import COLUMNS, SEXES
from ivim.stats.roc import Roc

__all__ = ["BUILDERS", "COLUMNS", "SEXES", *COLUMNS, "curves", "group_tests", "markers"]
__all__ += ["predictors", "strata", "subgroups"]


def table1(cohort: Cohort) -> pd.DataFrame:
    """Table 1, demographics: ``group, n, male, female, age_mean, age_sd``; ages in years.

    Parameters
    ----------
    cohort : ivim.cohort.Cohort

    Returns
    -------
    DataFrame
    """
    return analyse(cohort).table("table1")


def table2(cohort: Cohort) -> pd.DataFrame:
    """Table 2: ``group, parameter, n, mean, sd`` of each group and sub-group, in table units.

    Parameters
    ----------
    cohort : ivim.cohort.Cohort

    Returns
    -------
    DataFrame
    """
    return analyse(cohort).table("table2")


def table3(cohort: Cohort) -> pd.DataFrame:
    """Table 3: ``parameter, test, statistic, df, p`` of the test that the article's rule
    chooses.

    Parameters
    ----------
    cohort : ivim.cohort.Cohort

    Returns
    -------
    DataFrame
    """
    return analyse(cohort).table("table3")


def table4(cohort: Cohort) -> pd.DataFrame:
    """Table 4, logistic regression: ``term, b, se, wald, p, odds_ratio, ci_low, ci_high``.

    Parameters
    ----------
    cohort : ivim.cohort.Cohort

    Returns
    -------
    DataFrame
    """
    return analyse(cohort).table("table4")


def table5(cohort: Cohort) -> pd.DataFrame:
    """Table 5, diagnostic performance of each marker; shares as fractions 0-1.

    Parameters
    ----------
    cohort : ivim.cohort.Cohort

    Returns
    -------
    DataFrame
    """
    return analyse(cohort).table("table5")


def agreement(cohort: Cohort) -> pd.DataFrame:
    """Agreement of the readers: ``parameter, form, icc, ci_low, ci_high``, six forms each.

    Parameters
    ----------
    cohort : ivim.cohort.Cohort

    Returns
    -------
    DataFrame
    """
    return analyse(cohort).table("agreement")


def anova(cohort: Cohort) -> pd.DataFrame:
    """One-way ANOVA among the primary tumours: ``parameter, f, df_between, df_within, p``.

    Parameters
    ----------
    cohort : ivim.cohort.Cohort

    Returns
    -------
    DataFrame
    """
    return analyse(cohort).table("anova")


def posthoc(cohort: Cohort) -> pd.DataFrame:
    """Pairwise differences among the primary tumours: ``parameter, method, a, b, difference,
    p``.

    Parameters
    ----------
    cohort : ivim.cohort.Cohort

    Returns
    -------
    DataFrame
    """
    return analyse(cohort).table("posthoc")


BUILDERS = {
    "table1": table1, "table2": table2, "table3": table3, "table4": table4, "table5": table5,
    "agreement": agreement, "anova": anova, "posthoc": posthoc,
}  # fmt: skip


def strata(cohort: Cohort) -> list[Stratum]:
    """The rows of Tables 1 and 2: name, whether it is a sub-group, and its patients.

    Parameters
    ----------
    cohort : ivim.cohort.Cohort

    Returns
    -------
    list of (str, bool, DataFrame)
    """
    return analyse(cohort).strata


def group_tests(cohort: Cohort) -> pd.DataFrame:
    """All tests behind Table 3: ``parameter, test, group, statistic, df, p, chosen``.

    Parameters
    ----------
    cohort : ivim.cohort.Cohort

    Returns
    -------
    DataFrame
    """
    frame = analyse(cohort).group_tests
    copied = frame.copy()
    copied.attrs = frame.attrs | {"notes": list(frame.attrs["notes"])}
    return copied


def predictors(cohort: Cohort) -> tuple[list[str], list[str]]:
    """The parameters that enter Tables 4 and 5, and notes where none differs.

    Parameters
    ----------
    cohort : ivim.cohort.Cohort

    Returns
    -------
    tuple of (list of str, list of str)
    """
    analysis = analyse(cohort)
    return list(analysis.predictors), list(analysis.remarks)


def markers(cohort: Cohort) -> dict[str, np.ndarray]:
    """The scores of Table 5 by name: each predictor, and the probability fitted to all of them.

    Parameters
    ----------
    cohort : ivim.cohort.Cohort

    Returns
    -------
    dict of str to array
    """
    return dict(analyse(cohort).markers)


def curves(cohort: Cohort) -> tuple[dict[str, Roc], list[str]]:
    """The ROC curve of each marker that has one, and the reasons for those that have none.

    Parameters
    ----------
    cohort : ivim.cohort.Cohort

    Returns
    -------
    tuple of (dict, list of str)
    """
    found, notes = analyse(cohort)._curves
    return dict(found), list(notes)


def subgroups(cohort: Cohort) -> tuple[pd.DataFrame, list[str]]:
    """The patients whose primary tumours are compared, and notes on who is left out.

    Parameters
    ----------
    cohort : ivim.cohort.Cohort

    Returns
    -------
    tuple of (DataFrame, list of str)
    """
    analysis = analyse(cohort)
    return analysis.subgroups, list(analysis.subgroup_notes)
