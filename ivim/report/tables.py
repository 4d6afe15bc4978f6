"""Every table of the article as a tidy frame at full precision, for any cohort: views of its
:class:`ivim.report.analysis.Analysis`, as copies that may be changed."""

from ivim.report.analysis import analyse
from ivim.report.frames import COLUMNS, SEXES

__all__ = ["BUILDERS", "COLUMNS", "SEXES", *COLUMNS, "curves", "group_tests", "markers"]
__all__ += ["predictors", "strata", "subgroups"]


def table1(cohort):
    """Table 1, demographics: ``group, n, male, female, age_mean, age_sd``; ages in years."""
    return analyse(cohort).table("table1")


def table2(cohort):
    """Table 2: ``group, parameter, n, mean, sd`` of each group and sub-group, in table units."""
    return analyse(cohort).table("table2")


def table3(cohort):
    """Table 3: ``parameter, test, statistic, df, p`` of the test that the article's rule
    chooses."""
    return analyse(cohort).table("table3")


def table4(cohort):
    """Table 4, logistic regression: ``term, b, se, wald, p, odds_ratio, ci_low, ci_high``."""
    return analyse(cohort).table("table4")


def table5(cohort):
    """Table 5, diagnostic performance of each marker; shares as fractions 0-1."""
    return analyse(cohort).table("table5")


def agreement(cohort):
    """Agreement of the readers: ``parameter, form, icc, ci_low, ci_high``, six forms each."""
    return analyse(cohort).table("agreement")


def anova(cohort):
    """One-way ANOVA among the primary tumours: ``parameter, f, df_between, df_within, p``."""
    return analyse(cohort).table("anova")


def posthoc(cohort):
    """Pairwise differences among the primary tumours: ``parameter, method, a, b, difference,
    p``."""
    return analyse(cohort).table("posthoc")


BUILDERS = {
    "table1": table1, "table2": table2, "table3": table3, "table4": table4, "table5": table5,
    "agreement": agreement, "anova": anova, "posthoc": posthoc,
}  # fmt: skip


def strata(cohort):
    """The rows of Tables 1 and 2: name, whether it is a sub-group, and its patients."""
    return analyse(cohort).strata


def group_tests(cohort):
    """All tests behind Table 3: ``parameter, test, group, statistic, df, p, chosen``."""
    frame = analyse(cohort).group_tests
    copied = frame.copy()
    copied.attrs = dict(frame.attrs)
    return copied


def predictors(cohort):
    """The parameters that enter Tables 4 and 5, and notes where none differs."""
    analysis = analyse(cohort)
    return list(analysis.predictors), list(analysis.remarks)


def markers(cohort):
    """The scores of Table 5 by name: each predictor, and the probability fitted to all of them."""
    return dict(analyse(cohort).markers)


def curves(cohort):
    """The ROC curve of each marker that has one, and the reasons for those that have none."""
    found, notes = analyse(cohort)._curves
    return dict(found), list(notes)


def subgroups(cohort):
    """The patients whose primary tumours are compared, and notes on who is left out."""
    analysis = analyse(cohort)
    return analysis.subgroups, list(analysis.subgroup_notes)
