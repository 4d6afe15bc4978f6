"""Test statistics and p-values from summaries: enclosing the truth, tight, and as scipy, statcheck
and R have them.
"""

import re

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose
from printed_rows import anova_claim
from scipy import stats

from ivim.audit.checks.interval import Interval
from ivim.audit.checks.moments import Group
from ivim.audit.checks.pvalues import (
    check_p,
    normal_quantile,
    p_from_t,
    stars_agree,
)
from ivim.audit.checks.rounding import as_interval, to_print
from ivim.audit.checks.testing import (
    anova,
    check_difference,
    check_t,
    sd_for_t,
    t_test,
)


def _print(values, decimals=2):
    return Group.printed(
        len(values), to_print(np.mean(values), decimals), to_print(np.std(values, ddof=1), decimals)
    )


def _corners_and_inside(groups, count=400, seed=0):
    """Exact groups at all corners and at random points of the groups' boxes."""
    rng = np.random.default_rng(seed)

    def point(interval):
        value = (
            rng.choice([interval.low, interval.high])
            if rng.random() < 0.7
            else rng.uniform(interval.low, interval.high)
        )
        return Interval(value, value)

    return [
        [Group(group.n, point(group.mean), point(group.sd)) for group in groups]
        for _ in range(count)
    ]


@pytest.mark.parametrize("variant", ["student", "welch"])
def test_t_encloses_scipy(variant):
    """t, df and p of 100 pairs of random samples lie in the intervals from their printed means and
    SDs.
    """
    rng = np.random.default_rng(1)
    for _ in range(100):
        a, b = rng.normal(1, 0.3, 20), rng.normal(1.1, 0.5, 50)
        truth, found = (
            stats.ttest_ind(a, b, equal_var=variant == "student"),
            t_test(_print(a), _print(b), variant),
        )
        assert truth.statistic in found.value and truth.df in found.df and truth.pvalue in found.p


@pytest.mark.parametrize("variant", ["student", "welch"])
def test_t_is_tight(variant):
    """Random points of the rounding box come close to both ends of t and, for Welch, of df, and
    never pass them.
    """
    groups = Group.printed(20, "21.96", "7.8"), Group.printed(50, "33.87", "6.9")
    whole = t_test(*groups, variant)
    points = [t_test(*pair, variant) for pair in _corners_and_inside(groups)]
    values, dfs = (
        np.array([point.value.middle for point in points]),
        np.array([point.df.middle for point in points]),
    )
    assert whole.value.low <= values.min() and values.max() <= whole.value.high
    assert_allclose([values.min(), values.max()], [whole.value.low, whole.value.high], rtol=1e-6)
    assert whole.df.low - 1e-9 <= dfs.min() and dfs.max() <= whole.df.high + 1e-9
    assert_allclose([dfs.min(), dfs.max()], [whole.df.low, whole.df.high], rtol=1e-6)


def test_welch_df_has_its_peak_inside():
    """Where the variances may match the peak n₁ + n₂ - 2 lies in the interval of df."""
    groups = Group.printed(10, "1", "2.0"), Group.printed(10, "1", "2.0")
    assert 18 in t_test(*groups, "welch").df


def test_unknown_variant_is_refused():
    """A t-test of another name is refused."""
    with pytest.raises(ValueError, match="unknown t-test 'paired'"):
        t_test(Group.printed(5, "1", "1"), Group.printed(5, "1", "1"), "paired")


def test_check_t_tells_student_from_welch():
    """The printed t of unequal variances names the test it came from, in either order of the
    groups.
    """
    rng = np.random.default_rng(2)
    a, b = rng.normal(1, 0.2, 12), rng.normal(1.6, 0.9, 60)
    for variant in ("student", "welch"):
        truth = stats.ttest_ind(a, b, equal_var=variant == "student")
        for sign in (1, -1):
            found = check_t(
                _print(a, 3),
                _print(b, 3),
                to_print(sign * truth.statistic, 3),
                to_print(truth.pvalue, 3),
            )
            assert {name for name, outcome in found.items() if outcome.holds} == {variant}


def test_p_of_t():
    """p of a t is that of scipy."""
    p = p_from_t(2.2, 28)
    assert_allclose(p.middle, 2 * stats.t.sf(2.2, 28), rtol=1e-9)


@pytest.mark.parametrize("variant", ["student", "welch"])
def test_sd_for_t_finds_the_sd(variant):
    """From the printed t, means and the other SD, the true SD of the first group is inside, and the
    ends give the printed t.
    """
    rng = np.random.default_rng(3)
    for _ in range(50):
        a, b = rng.normal(1, 0.3, 20), rng.normal(2, 0.5, 50)
        truth = stats.ttest_ind(a, b, equal_var=variant == "student").statistic
        first, second, t = _print(a), _print(b), to_print(truth, 3)
        found = sd_for_t(first, second, t, variant)
        assert np.std(a, ddof=1) in found
        for end in (found.low, found.high):
            assert t_test(
                Group(20, first.mean, Interval(end, end)), second, variant
            ).value.overlaps(as_interval(t).widen(1e-9))


def test_sd_for_t_may_not_exist():
    """A t too large for the other group's spread alone has no SD."""
    assert sd_for_t(Group.printed(20, "1.00"), Group.printed(50, "2.00", "0.50"), "40.0") is None


def test_anova_encloses_scipy():
    """F and p of 100 random triples lie in the intervals from their printed rows."""
    rng = np.random.default_rng(4)
    for _ in range(100):
        samples = [rng.normal(rng.normal(1, 0.2), 0.3, n) for n in (32, 7, 11)]
        truth, found = stats.f_oneway(*samples), anova([_print(sample) for sample in samples])
        assert truth.statistic in found.value and truth.pvalue in found.p


def test_anova_is_tight():
    """The largest F is reached in a corner of the box; no point falls below the smallest."""
    groups = [
        Group.printed(32, "0.8", "0.2"),
        Group.printed(7, "1.1", "0.3"),
        Group.printed(11, "0.9", "0.3"),
    ]
    whole = anova(groups).value
    values = [anova(point).value.middle for point in _corners_and_inside(groups, 2000)]
    assert whole.low <= min(values) and max(values) <= whole.high
    assert_allclose(max(values), whole.high, rtol=1e-6)


def test_anova_of_plantgrowth():
    """Printed rows of R's PlantGrowth enclose its F = 4.846, p = .01591 (R 4.2.2, datasets; Dobson
    1983).
    """
    rows = [("5.032", "0.583"), ("4.661", "0.794"), ("5.526", "0.443")]
    found = anova([Group.printed(10, *row) for row in rows])
    assert 4.846088 in found.value and 0.01590996 in found.p and found.value.width < 0.05


def test_anova_claims():
    """A claim of significance is refuted only where every p of the box is above the level, and the
    reverse.
    """
    groups = [
        Group.printed(32, "0.78", "0.07"),
        Group.printed(7, "0.75", "0.08"),
        Group.printed(11, "0.76", "0.09"),
    ]
    assert anova_claim(groups, significant=True).holds is False
    assert anova_claim(groups, significant=False).holds is True
    assert (
        anova_claim(
            [Group.printed(10, "1", "1"), Group.printed(10, "2", "1")], significant=True
        ).holds
        is True
    )
    with pytest.raises(ValueError, match="at least two groups"):
        anova(groups[:1])


def test_difference_claims():
    """A claimed difference needs one unadjusted test below the level; a claimed absence cannot be
    refuted.
    """
    near, far = Group.printed(32, "0.73", "0.23"), Group.printed(11, "1.07", "0.20")
    alike = Group.printed(11, "0.82", "0.30")
    assert (
        check_difference(near, far, True).holds
        and check_difference(near, alike, True).holds is False
    )
    assert check_difference(near, far, False).holds is None
    assert check_difference(
        near, far, True, within=[near, far, Group.printed(7, "1.05", "0.29")]
    ).holds


def test_statcheck_sentences(outside):
    """Errors and decision errors of statcheck 1.4.0 on its eleven made-up sentences come out."""
    rows = pd.read_csv(outside("golden/statcheck_R.csv"))
    for _, row in rows.iterrows():
        value, p = re.search(r"= (-?[\d.]+), p ([<>=] [\d.]+)", row["raw"]).groups()
        kind = {"Chi2": "chi2", "Z": "z"}.get(row["test_type"], row["test_type"])
        outcome = check_p(kind, value, p, df1=row["df1"], df2=row["df2"])
        assert outcome.holds != row["error"], row["raw"]
        printed = float(p[2:]) <= 0.05 and p[0] != ">"
        beyond = outcome.low > 0.05 if printed else outcome.high < 0.05
        assert (row["error"] and beyond) == row["decision_error"], row["raw"]
        assert row["computed_p"] in Interval(outcome.low, outcome.high)


def test_one_sided_p():
    """Half of p is accepted only where the text speaks of a one-sided test; otherwise the reason
    says that it would fit.
    """
    assert check_p("t", "1.92", ".035", df2=18, one_sided=True).holds
    outcome = check_p("t", "1.92", ".035", df2=18)
    assert outcome.holds is False and "a one-sided p, would fit" in outcome.reason
    with pytest.raises(ValueError, match="unknown test statistic 'H'"):
        check_p("H", "3.0", ".05")
    with pytest.raises(ValueError, match="F = 3.0 needs its degrees of freedom; give df2"):
        check_p("F", "3.0", ".05", df1=2)


@pytest.mark.parametrize("p", ["<0.0001", ".000", "0.0000", "<.05"])
def test_tiny_p_in_any_print(p):
    """A p of 2.6e-8 may be printed as a bound or as zeros."""
    assert check_p("t", "-6.296", p, df2=68).holds


@pytest.mark.parametrize(
    ("p", "level", "starred", "holds"),
    [
        ("0.010*", "0.05", True, True),
        ("0.313", "0.05", False, True),
        ("0.313", "0.05", True, False),
        ("0.05", "0.05", True, None),
        ("<0.0001**", "0.0001", True, True),
        ("<0.05", "0.01", True, None),
    ],
)
def test_stars(p, level, starred, holds):
    """A star is held against the level of its note; a p that rounds to the level cannot tell."""
    assert stars_agree(p, level, starred).holds is holds


def test_quantile_covers_both_habits():
    """1.96 and 1.95996 both count as the z of 95 %."""
    assert (
        1.96 in normal_quantile(0.95)
        and 1.959963985 in normal_quantile(0.95)
        and normal_quantile(0.95).width < 1e-4
    )
