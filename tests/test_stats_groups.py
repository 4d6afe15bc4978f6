"""Two groups and more: reference values, identities between tests, the rule of choice, refusals."""

import json
from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose
from scipy import stats

import ivim

TESTS = ["Student", "Welch", "Mann-Whitney"]


def tidy(**groups):
    """Samples by group name as one row per value."""
    return pd.DataFrame(
        [
            {"group": name, "value": float(value)}
            for name, sample in groups.items()
            for value in sample
        ]
    )


def quantiles(n, scale=1.0, shift=0.0):
    """A sample as normal as a sample can be."""
    return shift + scale * stats.norm.ppf((np.arange(n) + 0.5) / n)


@pytest.fixture
def three():
    """Three groups of unequal size and spread."""
    rng = np.random.default_rng(11)
    return tidy(
        lung=rng.normal(1.0, 0.2, 14),
        breast=rng.normal(1.3, 0.5, 7),
        renal=rng.normal(1.2, 0.3, 11),
    )


def test_golden_two_groups(outside):
    """Student, Welch, Mann-Whitney, Shapiro-Wilk and Levene equal R's to 1e-6."""
    expected = json.loads(outside("golden/birthwt_lwt_two_group.json").read_text())
    found = ivim.compare_groups(
        pd.read_csv(outside("golden/birthwt.csv")), values="lwt", group="low", order=(1, 0)
    )
    shapiro, found = (
        found.query("test == 'Shapiro-Wilk'"),
        found.query("test != 'Shapiro-Wilk'").set_index("test"),
    )
    assert_allclose(shapiro[["statistic", "p"]].T, list(expected["shapiro"].values()), rtol=1e-6)
    for test, values in {"Student": expected["student"], "Welch": expected["welch"]}.items():
        assert_allclose(
            found.loc[test, ["statistic", "df", "p"]].astype(float),
            [values["t"], values["df"], values["p"]],
            rtol=1e-6,
        )
    assert_allclose(
        found.loc["Levene", ["statistic", "p"]].astype(float),
        list(expected["levene_mean"].values()),
        rtol=1e-6,
    )
    assert_allclose(
        found.loc["Mann-Whitney", ["statistic", "p"]].astype(float),
        [expected["mwu"]["W"], expected["mwu"]["p_cc"]],
        rtol=1e-6,
    )


def test_golden_anova(outside):
    """Fisher's, Welch's and Kruskal-Wallis' analysis of variance equal R's to 1e-6."""
    expected = json.loads(outside("golden/plantgrowth_anova.json").read_text())
    frame = pd.read_csv(outside("golden/plantgrowth.csv"))
    fisher, welch, ranks = (
        ivim.anova(frame, values="weight", method=name).iloc[0, 1:].astype(float)
        for name in ("fisher", "welch", "kruskal-wallis")
    )
    assert_allclose(fisher, [expected["F"], *expected["df"], expected["p"]], rtol=1e-6)
    assert_allclose(
        welch, [expected["welch"]["F"], *expected["welch"]["df"], expected["welch"]["p"]], rtol=1e-6
    )
    assert_allclose(ranks, [expected["kruskal"]["H"], 2, expected["kruskal"]["p"]], rtol=1e-6)


def test_golden_tukey(outside):
    """Tukey's differences, simultaneous limits and p equal R's TukeyHSD to 1e-6."""
    expected = json.loads(outside("golden/plantgrowth_anova.json").read_text())["tukey"]
    found = ivim.posthoc(
        pd.read_csv(outside("golden/plantgrowth.csv")),
        values="weight",
        order=("trt2", "trt1", "ctrl"),
    )
    for row in found.itertuples():
        assert_allclose(
            [row.difference, row.ci_low, row.ci_high, row.p],
            list(expected[f"{row.a}-{row.b}"].values()),
            rtol=1e-6,
        )


@pytest.mark.parametrize(("method", "key"), [("lsd", "lsd_p"), ("bonferroni", "bonf_p")])
def test_golden_pairwise_t(outside, method, key):
    """LSD and Bonferroni p equal R's pairwise.t.test with pooled SD to 1e-6."""
    expected = json.loads(outside("golden/plantgrowth_anova.json").read_text())[key]
    found = ivim.posthoc(
        pd.read_csv(outside("golden/plantgrowth.csv")), values="weight", method=method
    )
    assert_allclose(
        found["p"], [expected[f"{row.b}-{row.a}"] for row in found.itertuples()], rtol=1e-6
    )


@pytest.mark.parametrize(("method", "equal"), [("tukey", True), ("games-howell", False)])
def test_range_tests_are_scipys(three, method, equal):
    """Tukey-Kramer and Games-Howell on unequal groups equal scipy's tukey_hsd."""
    found = ivim.posthoc(three, values="value", method=method)
    names = list(three["group"].unique())
    peer = stats.tukey_hsd(
        *(three.loc[three["group"] == name, "value"] for name in names), equal_var=equal
    )
    limits = peer.confidence_interval()
    for row, (i, j) in zip(found.itertuples(), combinations(range(3), 2), strict=True):
        assert_allclose(
            [row.difference, row.p, row.ci_low, row.ci_high],
            [part[i, j] for part in (peer.statistic, peer.pvalue, limits.low, limits.high)],
            rtol=1e-6,
        )


@pytest.mark.parametrize(
    ("method", "test"),
    [
        ("tukey", "Student"),
        ("lsd", "Student"),
        ("bonferroni", "Student"),
        ("games-howell", "Welch"),
    ],
)
def test_posthoc_of_two_groups_is_the_t_test(three, method, test):
    """With two groups there is nothing to correct: every post-hoc p is that of its t-test, and so is the analysis of variance."""
    two = three.query("group != 'renal'")
    p = ivim.compare_groups(two, values="value").set_index("test").loc[test, "p"]
    assert_allclose(ivim.posthoc(two, values="value", method=method)["p"], p, rtol=1e-7)
    assert_allclose(
        ivim.anova(two, values="value", method="fisher" if test == "Student" else "welch")["p"],
        p,
        rtol=1e-9,
    )


@pytest.mark.parametrize("method", ["tukey", "lsd", "bonferroni", "games-howell"])
def test_limits_and_p_tell_the_same(three, method):
    """A limit touches 0 exactly at the confidence 1 - p."""
    for at, p in enumerate(ivim.posthoc(three, values="value", method=method)["p"]):
        if p < 0.999:
            row = ivim.posthoc(three, values="value", method=method, confidence=1 - p).iloc[at]
            assert_allclose(min(abs(row["ci_low"]), abs(row["ci_high"])), 0, atol=1e-6)


def test_first_minus_second(three):
    """Turning the order round turns the sign of t, mirrors U, and leaves every p."""
    two = three.query("group != 'renal'")
    there = ivim.compare_groups(two, values="value").set_index("test").loc[TESTS]
    back = (
        ivim.compare_groups(two, values="value", order=("breast", "lung"))
        .set_index("test")
        .loc[TESTS]
    )
    assert_allclose(there["p"], back["p"], rtol=1e-12)
    assert_allclose(
        there["statistic"] * [1, 1, -1],
        back["statistic"] * [-1, -1, 1] + [0, 0, -14 * 7],
        rtol=1e-12,
    )
    assert (
        there.loc["Student", "statistic"] < 0
        and two.groupby("group")["value"].mean()["lung"]
        < two.groupby("group")["value"].mean()["breast"]
    )


def test_small_mann_whitney_is_exact():
    """Without ties p is the share of all 210 re-assignments at least as extreme, counted one by one."""
    first, second = np.array([1.1, 2.4, 0.3, 3.9]), np.array([2.2, 5.0, 4.4, 6.1, 3.3, 7.7])
    pool = np.concatenate([first, second])

    def u(chosen):
        rest = np.delete(pool, chosen)
        return (pool[list(chosen), None] > rest).sum()

    counts = np.array([u(chosen) for chosen in combinations(range(10), 4)])
    met = u(range(4))
    expected = min(1, 2 * min((counts <= met).mean(), (counts >= met).mean()))
    row = (
        ivim.compare_groups(tidy(a=first, b=second), values="value")
        .set_index("test")
        .loc["Mann-Whitney"]
    )
    assert row["statistic"] == met
    assert_allclose(row["p"], expected, rtol=1e-12)


NORMAL = tidy(a=quantiles(20), b=quantiles(25, shift=0.5))
UNEQUAL = tidy(a=quantiles(20), b=quantiles(25, scale=5))
SKEWED = tidy(a=quantiles(20), b=np.exp(2 * quantiles(25)))


@pytest.mark.parametrize(
    ("frame", "rule", "chosen"),
    [
        (NORMAL, "article", "Student"),
        (UNEQUAL, "article", "Student"),
        (SKEWED, "article", "Mann-Whitney"),
        (NORMAL, "spss", "Student"),
        (UNEQUAL, "spss", "Welch"),
        (SKEWED, "spss", "Mann-Whitney"),
        (NORMAL, "welch", "Welch"),
        (UNEQUAL, "welch", "Welch"),
        (SKEWED, "welch", "Welch"),
    ],
)
def test_the_rule_chooses(frame, rule, chosen):
    """Each rule chooses exactly one test, the documented one, for normal, unequal and skewed samples."""
    found = ivim.compare_groups(frame, values="value", rule=rule)
    assert list(found.loc[found["chosen"], "test"]) == [chosen]


def test_two_values_per_group_cannot_show_normality():
    """Where Shapiro-Wilk cannot be had its p is missing and the article's rule goes to Mann-Whitney."""
    found = ivim.compare_groups(tidy(a=[1, 2], b=[3, 5]), values="value")
    assert found.query("test == 'Shapiro-Wilk'")["p"].isna().all()
    assert list(found.loc[found["chosen"], "test"]) == ["Mann-Whitney"]


def test_several_columns_keep_their_names(three):
    """A list of columns gives the rows of each; the sign turns with the values."""
    frame = three.query("group != 'renal'").assign(minus=lambda table: -table["value"])
    found = ivim.compare_groups(frame, values=["value", "minus"]).query("test == 'Student'")
    assert list(found["parameter"]) == ["value", "minus"]
    assert_allclose(found["statistic"].iloc[0], -found["statistic"].iloc[1], rtol=1e-12)
    assert list(ivim.anova(frame, values=["value", "minus"])["parameter"]) == ["value", "minus"]
    assert list(ivim.posthoc(frame, values=["value", "minus"])["parameter"]) == ["value", "minus"]


def test_one_group_is_refused():
    """A single group is named and refused by all three."""
    for function in (ivim.compare_groups, ivim.anova, ivim.posthoc):
        with pytest.raises(
            ValueError, match="'group' holds only 'a'; a comparison needs at least two groups"
        ):
            function(tidy(a=[1, 2, 3]), values="value")


def test_three_groups_are_sent_to_anova(three):
    """A two-group comparison of three groups names them and points to anova."""
    with pytest.raises(ValueError, match=r"3 groups \(lung, breast, renal\); .*use anova"):
        ivim.compare_groups(three, values="value")


@pytest.mark.parametrize("function", [ivim.compare_groups, ivim.anova, ivim.posthoc])
@pytest.mark.parametrize(
    ("frame", "options", "message"),
    [
        (tidy(a=[1, 2, 3], b=[2]), {}, "group 'b' has 1 value of 'value'; at least two"),
        (tidy(a=[1, 1], b=[2, 2]), {}, "'value' is constant within every group"),
        (tidy(a=[1, np.nan], b=[2, 3]), {}, "'value' has 1 missing"),
        (NORMAL.assign(group=[None, *NORMAL["group"][1:]]), {}, "'group' is missing in 1 row"),
        (NORMAL, {"order": ("a", "c")}, "order names 'a', 'c', but 'group' holds 'a', 'b'"),
        (
            NORMAL,
            {"values": "f"},
            "column 'f' is not in the frame; its columns are 'group', 'value'",
        ),
        (NORMAL, {"values": None}, "no column was named"),
    ],
)
def test_bad_groups_are_refused(function, frame, options, message):
    """Too few, constant, missing and misnamed groups are refused with what was met."""
    with pytest.raises(ValueError, match=message):
        function(frame, **{"values": "value"} | options)


@pytest.mark.parametrize(
    ("function", "options", "message"),
    [
        (
            ivim.compare_groups,
            {"rule": "best"},
            "rule is 'best'; accepted are 'article', 'spss', 'welch'",
        ),
        (ivim.anova, {"method": "two-way"}, "method is 'two-way'; accepted are"),
        (ivim.posthoc, {"method": "scheffe"}, "method is 'scheffe'; accepted are 'tukey'"),
        (ivim.posthoc, {"confidence": 1.0}, "confidence is 1.0"),
        (ivim.anova, {"method": "welch"}, "group 'c' is constant and 'welch' divides"),
        (
            ivim.posthoc,
            {"method": "games-howell"},
            "group 'c' is constant and 'games-howell' divides",
        ),
    ],
)
def test_bad_options_are_refused(function, options, message):
    """An unknown word, a confidence of 1, and a constant group where variances divide are refused."""
    frame = NORMAL if "rule" in options else tidy(a=[1, 2, 3], b=[2, 4, 5], c=[3, 3, 3])
    with pytest.raises(ValueError, match=message):
        function(frame, values="value", **options)


def test_a_dictionary_is_no_frame():
    """Anything but a frame is refused by its type."""
    with pytest.raises(TypeError, match="pandas DataFrame is needed.*met dict"):
        ivim.compare_groups({"value": [1, 2]}, values="value")
