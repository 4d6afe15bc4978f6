"""Checks beside what a textbook's formula, another library or plain enumeration gives."""

import math
from itertools import combinations_with_replacement

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy import stats

from ivim.audit.checks import counts, moments, physics, proportions, pvalues, testing, units
from ivim.audit.checks.contingency import table_tests
from ivim.audit.checks.formulas import mend
from ivim.audit.checks.interval import Interval
from ivim.audit.checks.moments import Group
from ivim.audit.checks.physics import Equation
from ivim.audit.checks.rounding import Printed


def exactly(values):
    """A group whose mean and SD are those of the values, without rounding."""
    mean, sd = float(np.mean(values)), float(np.std(values, ddof=1))
    return Group(len(values), Interval(mean, mean), Interval(sd, sd))


@pytest.mark.parametrize(("count", "n"), [(9, 10), (1, 12)])
def test_uncut_wald_limits_are_symmetric_and_leave_the_range(count, n):
    """p ± z √(p(1 - p)/n), whether or not below 0 or above 1 (Wald)."""
    ((low, high),) = proportions.uncut_limits(count, n, "wald")
    reach = 1.959963985 * math.sqrt(count / n * (1 - count / n) / n)
    assert_allclose([low, high], [count / n - reach, count / n + reach], rtol=1e-8)


@pytest.mark.parametrize("count", [0, 20])
def test_uncut_jeffreys_limits_are_quantiles_of_its_beta(count):
    """Beta(x + 1/2, n - x + 1/2) at 2.5 and 97.5 %, at x = 0 and x = n too."""
    ((low, high),) = proportions.uncut_limits(count, 20, "jeffreys")
    expected = stats.beta(count + 0.5, 20.5 - count).ppf([0.025, 0.975])
    assert_allclose([low, high], expected, rtol=1e-9)


def test_a_single_patient_has_limits():
    """1 of 1: Clopper-Pearson from 2.5 % to 1."""
    assert_allclose(proportions.proportion_limits(1, 1), (0.025, 1.0), rtol=1e-12)


@pytest.mark.parametrize(
    ("time", "seconds"), [("s", 1), ("sec", 1), ("ms", 1e-3), ("min", 60), ("h", 3600)]
)
def test_every_unit_of_time_is_so_many_seconds(time, seconds):
    """A time, and a diffusivity per time."""
    assert_allclose(units.unit_factor(time, "s"), seconds, rtol=1e-12)
    assert_allclose(units.unit_factor(f"mm²/{time}", "mm²/s"), 1 / seconds, rtol=1e-11)


@pytest.mark.parametrize("statistic", [0.02, 0.5, 0.9, 3.0])
def test_small_statistics_have_large_p(statistic):
    """p of F and of chi-square below 1, as scipy gives them."""
    p = pvalues.p_from_f(statistic, 3, 40)
    assert p.low <= stats.f.sf(statistic, 3, 40) <= p.high and p.high - p.low < 1e-6
    p = pvalues.p_from_chi2(statistic, 2)
    assert p.low <= stats.chi2.sf(statistic, 2) <= p.high and p.high - p.low < 1e-6


def test_least_significant_difference_has_the_df_of_all_groups():
    """The p of a pair by the pooled error of three groups lies in the hull, and makes its end."""
    rng = np.random.default_rng(3)
    a, b, c = 1 + rng.normal(size=6), rng.normal(size=5), 0.1 * rng.normal(size=30)
    groups = [exactly(values) for values in (a, b, c)]
    alone = testing.check_difference(groups[0], groups[1], True)
    found = testing.check_difference(groups[0], groups[1], True, within=groups)
    df = a.size + b.size + c.size - 3
    error = sum(np.var(x, ddof=1) * (x.size - 1) for x in (a, b, c)) / df
    t = (a.mean() - b.mean()) / math.sqrt(error * (1 / a.size + 1 / b.size))
    expected = 2 * stats.t.sf(abs(t), df)
    assert expected < alone.low
    assert_allclose(found.low, expected, rtol=1e-6)
    assert_allclose(found.high, alone.high, rtol=1e-12)


@pytest.mark.parametrize("sizes", [(8, 12, 20), (5, 6, 7, 30)])
def test_welchs_anova_is_that_of_statsmodels(sizes):
    """p of three and four groups with unequal variances."""
    from statsmodels.stats.oneway import anova_oneway

    rng = np.random.default_rng(5)
    data = [rng.normal(0.4 * at, 1 + at, n) for at, n in enumerate(sizes)]
    expected = anova_oneway(data, use_var="unequal", welch_correction=True).pvalue
    assert_allclose(testing.welch_anova_p([exactly(part) for part in data]), expected, rtol=1e-9)


@pytest.mark.parametrize("distance", [1.5, 2.5, 6.0])
def test_rank_test_has_the_p_of_the_vysochanskij_petunin_bound(distance):
    """The largest p: a share P(X < Y) of at most 4/9/(1 + r) for r >= 5/3, else 4/3/(1 + r) - 1/3,
    with a tenth and 0.15 off the deviate for what the normal approximation may be wrong by."""
    a, b = exactly([distance - 1, distance, distance + 1] * 8), exactly([-1.0, 0.0, 1.0] * 6)
    ratio = distance**2 / (a.sd.high**2 + b.sd.high**2)
    wrong = 4 / 9 / (1 + ratio) if ratio >= 5 / 3 else 4 / 3 / (1 + ratio) - 1 / 3
    z = (0.5 - wrong) * math.sqrt(12 * 24 * 18 / (24 + 18 + 1)) * 0.9 - 0.15
    found = testing.rank_test_p(a, b)
    assert_allclose(found.high, min(1.0, 2 * stats.norm.sf(max(z, 0.0))), rtol=1e-9)


def test_without_an_sd_the_spread_is_anything_from_nought():
    """No SD printed: 0 to infinity, and no verdict."""
    found = moments.check_spread(Group(10, Interval(2.0, 3.0)), 0.0, 5.0)
    assert (found.holds, found.low, found.high) == (None, 0.0, math.inf)


@pytest.mark.parametrize("sd", ["1.05", "2.25", "3.30"])
def test_the_nearest_sds_are_those_of_an_enumeration(sd):
    """Where no whole numbers have the printed mean and SD, the nearest below and above are what
    trying all triples finds."""
    found = counts.grimmer("5.00", sd, 3)
    assert found.holds is False
    sds = {
        float(np.std(triple, ddof=1))
        for triple in combinations_with_replacement(range(-10, 21), 3)
        if sum(triple) == 15
    }
    assert_allclose(found.low, max(x for x in sds if x < float(sd)), rtol=1e-9)
    assert_allclose(found.high, min(x for x in sds if x > float(sd)), rtol=1e-9)


@pytest.mark.parametrize(("items", "words"), [(1, "3 whole numbers"), (2, "3 sums of 2 items")])
def test_grimmer_says_what_was_added(items, words):
    """One item each are whole numbers, several are sums."""
    assert words in counts.grimmer("5.00", "1.00", 3, items).reason


@pytest.mark.parametrize("table", [((0, 5), (0, 7)), ((0, 0), (5, 7)), ((4, 0), (9, 0))])
def test_a_table_with_an_empty_row_or_column_has_no_test(table):
    """No statistic where one of the two questions has one answer only."""
    assert table_tests(table) == {}


def test_a_table_with_single_empty_cells_has_tests():
    """A nought in a cell is no empty row."""
    assert set(table_tests(((0, 5), (7, 2)))) == {"pearson", "yates", "likelihood", "fisher"}


def test_a_nought_that_was_cut_may_be_either_side():
    """0.0 with its digits cut off stands for anything between -0.1 and 0.1."""
    parsed = Printed.parse("0.0")
    cut = type(parsed)(**{**vars(parsed), "cut": True})
    assert_allclose([float(end) for end in cut.ends], [-0.1, 0.1], rtol=1e-12)


def test_a_signal_below_nought_is_no_decay():
    """1 - bD falls everywhere, and is negative at the end."""
    equation = Equation("S0 * (1 - b * D)", {"D": (5e-4, 9e-4)}, {"D": 1})
    assert physics.check_decay(equation).holds is False


def test_a_turned_sign_is_mended_by_turning_it():
    """Of a formula with a rising exponential the falling one is found."""
    equation = Equation("S0 * exp(b * D)", {"D": (1e-4, 4e-3)}, {"D": 1})
    assert mend(equation) == "S0 * exp(-b * D)"


def test_nought_times_infinity_is_nought():
    """An interval from 0 times one without end begins at 0."""
    begins, endless = Interval(0.0, 2.0), Interval(1.0, math.inf)
    for found in (begins * endless, endless * begins):
        assert found.low <= 0 and found.low > -1e-300 and found.high == math.inf
