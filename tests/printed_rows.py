"""Rows of a table as the tests judge them, from the functions of :mod:`ivim.audit.checks`."""

import math

from ivim.audit.checks.estimates import odds_ratio, odds_ratio_limits, wald
from ivim.audit.checks.proportions import PROPORTION_METHODS, proportion_limits
from ivim.audit.checks.pvalues import p_from_chi2, p_overlaps
from ivim.audit.checks.rounding import Outcome, compare, prints_as
from ivim.audit.checks.testing import anova


def slope_cells(slope):
    """Each printed number of a row of a logistic regression held to its B and S.E."""
    low, high = odds_ratio_limits(slope.b, slope.se)
    chi2, p = wald(slope.b, slope.se), p_from_chi2(wald(slope.b, slope.se))
    expected = {"odds_ratio": odds_ratio(slope.b), "ci_low": low, "ci_high": high, "wald": chi2}
    found = {
        cell: compare(interval, getattr(slope, cell), f"{cell} by B and S.E.")
        for cell, interval in expected.items()
    }
    return found | {"p": Outcome(p_overlaps(p, slope.p), p.low, p.high, "p by B and S.E.")}


def anova_claim(groups, significant, level=0.05):
    """Can an ANOVA of these rows be significant (or not), as claimed?"""
    p = anova(groups).p
    holds = p.low < level if significant else p.high >= level
    return Outcome(holds, p.low, p.high, f"p {p.low:.3g} to {p.high:.3g}")


def printing_methods(low, high, count, n):
    """By method, whether it prints the lower and the upper limit in per cent."""
    found = {}
    for method in PROPORTION_METHODS:
        limits = zip(proportion_limits(count, n, method), (low, high), strict=True)
        found[method] = tuple(
            math.isfinite(limit) and prints_as(100 * limit, text) for limit, text in limits
        )
    return found


def limits_method(rows):
    """The method that prints most limits of the rows (low, high, count, n), and how many."""
    scores = dict.fromkeys(PROPORTION_METHODS, 0)
    for row in rows:
        for method, fits in printing_methods(*row).items():
            scores[method] += sum(fits)
    return max(scores.items(), key=lambda item: item[1])
