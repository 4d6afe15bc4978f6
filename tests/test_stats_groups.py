"""Two groups and more: reference values, identities between tests, the rule of choice, refusals."""

import json
from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose
from scipy import stats

import ivim
from ivim.stats.groups import adjust, describe
from ivim.stats.posthoc import _range_quantile

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
    """With two groups there is nothing to correct: every post-hoc p is that of its t-test, and so
    is the analysis of variance."""
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
    """Without ties p is the share of all 210 re-assignments at least as extreme, counted one by
    one."""
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
    """Each rule chooses exactly one test, the documented one, for normal, unequal and skewed
    samples."""
    found = ivim.compare_groups(frame, values="value", rule=rule)
    assert list(found.loc[found["chosen"], "test"]) == [chosen]


def test_two_values_per_group_cannot_show_normality():
    """Where Shapiro-Wilk cannot be had its p is missing and the article's rule goes to Mann-
    Whitney."""
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
    """An unknown word, a confidence of 1, and a constant group where variances divide are
    refused."""
    frame = NORMAL if "rule" in options else tidy(a=[1, 2, 3], b=[2, 4, 5], c=[3, 3, 3])
    with pytest.raises(ValueError, match=message):
        function(frame, values="value", **options)


def test_a_dictionary_is_no_frame():
    """Anything but a frame is refused by its type."""
    with pytest.raises(TypeError, match="pandas DataFrame is needed.*met dict"):
        ivim.compare_groups({"value": [1, 2]}, values="value")


def test_pingouin_and_scipy_agree_over_designs():
    """On 40 designs of 3 to 30 values per group every two-group test equals scipy's, or R's
    formula, to 1e-10."""
    rng = np.random.default_rng(21)
    for _ in range(40):
        a, b = (np.round(rng.gamma(2, 5, rng.integers(3, 31)), rng.integers(0, 6)) for _ in "ab")
        found = ivim.compare_groups(tidy(a=a, b=b), values="value")
        tests = found[found["group"] == ""].set_index("test")
        tied = np.unique(np.concatenate([a, b])).size < a.size + b.size
        ranks = stats.mannwhitneyu(a, b, method="asymptotic" if tied else "exact")
        peers = {
            "Student": stats.ttest_ind(a, b),
            "Welch": stats.ttest_ind(a, b, equal_var=False),
            "Levene": stats.levene(a, b, center="mean"),
            "Mann-Whitney": ranks,
        }
        for test, peer in peers.items():
            assert_allclose(
                tests.loc[test, ["statistic", "p"]].astype(float),
                [peer.statistic, peer.pvalue],
                rtol=1e-10,
            )
        normal = found[found["test"] == "Shapiro-Wilk"]["p"]
        assert_allclose(normal, [stats.shapiro(a).pvalue, stats.shapiro(b).pvalue], rtol=1e-10)


@pytest.mark.parametrize("scale", [1e-9, 1.0, 1e9])
def test_units_do_not_matter(scale):
    """In units a billion times smaller or larger every statistic and p is the same, Levene's among
    them."""
    expected = ivim.compare_groups(SKEWED, values="value")
    found = ivim.compare_groups(SKEWED.assign(value=SKEWED["value"] * scale), values="value")
    assert found["p"].notna().all()
    assert_allclose(found[["statistic", "p"]], expected[["statistic", "p"]], rtol=1e-9)


def test_extreme_p_has_its_digits():
    """Groups forty SD apart: p is far below 1e-100 and still that of scipy, not 0."""
    found = ivim.compare_groups(
        tidy(a=quantiles(60), b=quantiles(60, shift=40)), values="value"
    ).set_index("test")
    p = stats.ttest_ind(quantiles(60), quantiles(60, shift=40)).pvalue
    assert 0 < p < 1e-100
    assert_allclose(found.loc["Student", "p"], p, rtol=1e-10)


def test_levene_of_two_values_each_is_missing():
    """Two values lie equally far from their mean: Levene has no spread to compare, also beside a
    large offset."""
    for offset in (0, 1000):
        frame = tidy(a=[0.1 + offset, 0.3 + offset], b=[0.2 + offset, 0.9 + offset])
        found = ivim.compare_groups(frame, values="value").set_index("test")
        assert np.isnan(found.loc["Levene", "p"])


@pytest.mark.parametrize("rule", ["article", "spss", "welch"])
def test_a_constant_in_each_group_is_compared_by_ranks(rule):
    """A marker that is 1 in one group and 2 in the other has no t; Mann-Whitney tells the groups
    apart by every rule."""
    found = ivim.compare_groups(tidy(a=[1.0] * 8, b=[2.0] * 9), values="value", rule=rule)
    assert list(found.loc[found["chosen"], "test"]) == ["Mann-Whitney"]
    found = found.set_index("test")
    assert found.loc["Mann-Whitney", "p"] < 1e-3 and found.loc["Mann-Whitney", "statistic"] == 0
    assert found.loc[["Student", "Welch", "Levene", "Shapiro-Wilk"], "p"].isna().all()
    ranks = ivim.anova(
        tidy(a=[1.0] * 8, b=[2.0] * 9, c=[2.0] * 7), values="value", method="kruskal-wallis"
    )
    assert_allclose(ranks["p"], stats.kruskal([1.0] * 8, [2.0] * 9, [2.0] * 7).pvalue, rtol=1e-10)
    curve = ivim.roc(np.repeat([0, 1], [8, 9]), np.repeat([1.0, 2.0], [8, 9]))
    assert (curve.auc, curve.sensitivity, curve.specificity) == (1, 1, 1)


@pytest.mark.parametrize(
    "frame",
    [
        tidy(a=[1.0] * 8, b=[1.0] * 9),
        tidy(a=[1.0] * 3, b=[2.0] * 2),
        tidy(a=[2.0] * 2, b=[1.0] * 3),
    ],
)
def test_a_constant_overall_is_still_refused(frame):
    """The same value everywhere, and two equal values, which are no constant, are refused."""
    with pytest.raises(ValueError, match="'value' is constant within every group"):
        ivim.compare_groups(frame, values="value")


@pytest.mark.parametrize("function", [ivim.compare_groups, ivim.anova, ivim.posthoc])
def test_a_missing_value_leaves_out_its_row_alone(three, function):
    """Each parameter is compared on the rows that have it; sizes and what is left out stand in
    attrs."""
    two = three.query("group != 'renal'").reset_index(drop=True)
    frame = two.assign(other=two["value"] ** 2, value=two["value"].mask(two.index.isin([0, 15])))
    found = function(frame, values=["value", "other"])
    for name in ("value", "other"):
        alone = function(frame.dropna(subset=name), values=name)
        part = found[found["parameter"] == name].reset_index(drop=True)
        pd.testing.assert_frame_equal(part, alone)
    assert found.attrs["n"] == {
        "value": {"lung": 13, "breast": 6},
        "other": {"lung": 14, "breast": 7},
    }
    assert found.attrs["left_out"] == {"value": 2, "other": 0}
    assert found.attrs["missing"] == ["value: 2 of 21 rows left out, a value is missing."]


def test_infinite_values_are_refused():
    """Infinity is no measurement and not a missing one either."""
    with pytest.raises(
        ValueError, match="'value' has 1 missing or infinite .*blank infinite values first"
    ):
        ivim.compare_groups(tidy(a=[1, 2, np.inf], b=[2, 3, 5]), values="value")


def test_pandas_own_missing_value_is_missing():
    """A nullable column with `pd.NA` gives what the same column with NaN gives."""
    frame = tidy(a=[1, 2, 4, np.nan], b=[2, 3, 7])
    nullable = frame.assign(value=frame["value"].astype("Float64"))
    pd.testing.assert_frame_equal(
        ivim.compare_groups(nullable, values="value"), ivim.compare_groups(frame, values="value")
    )


def test_posthoc_with_little_left_names_the_missing():
    """A group that missing values leave with one value is refused, and the message says why it is
    so small."""
    frame = tidy(a=[1, 2, 3], b=[2, np.nan], c=[1, 5])
    with pytest.raises(ValueError, match=r"group 'b' has 1 value .*'value' has 1 missing"):
        ivim.posthoc(frame, values="value")


@pytest.mark.parametrize("method", ["tukey", "games-howell"])
@pytest.mark.parametrize("confidence", [0.5, 0.9, 0.999])
def test_simultaneous_limits_are_those_of_the_studentised_range(three, method, confidence):
    """Half the width is the quantile of the studentised range over √2 times the standard error, to
    1e-8, at any level."""
    found = ivim.posthoc(three, values="value", method=method, confidence=confidence)
    peer = stats.tukey_hsd(
        *(three.loc[three["group"] == name, "value"] for name in three["group"].unique()),
        equal_var=method == "tukey",
    ).confidence_interval(confidence)
    high = [peer.high[i, j] for i, j in combinations(range(3), 2)]
    assert_allclose(found["ci_high"], high, rtol=1e-8)


@pytest.mark.parametrize(
    ("method", "expected"),
    [
        ("holm", [0.02, 0.09, 0.09, 0.09]),
        ("bonferroni", [0.02, 0.12, 0.24, 0.16]),
        ("sidak", [1 - 0.995**4, 1 - 0.97**4, 1 - 0.94**4, 1 - 0.96**4]),
        ("fdr", [0.02, 0.04 / 3 * 4, 0.06, 0.04 / 3 * 4]),
    ],
)
def test_corrections_are_those_of_their_definitions(method, expected):
    """Four p-values corrected by hand; a missing one stays missing and does not count as a test."""
    p = [0.005, 0.03, np.nan, 0.06, 0.04]
    assert_allclose(adjust(p, method), np.insert(expected, 2, np.nan), rtol=1e-12)


def test_no_p_at_all_stays_missing():
    """Where every test is missing there is nothing to correct."""
    assert np.isnan(adjust([np.nan, np.nan])).all()


def test_a_p_above_one_is_refused():
    """Per cent are no p-values."""
    with pytest.raises(ValueError, match="p-values run from 0.01 to 5; from 0 to 1 are needed"):
        adjust([0.01, 5])


def test_description_by_group_and_parameter():
    """Mean, SD, median and quartiles as R gives them (type 7), n counting the values that are
    there."""
    frame = tidy(a=[1, 2, 4, 8], b=[3, 5]).assign(other=[1, np.nan, 3, np.nan, np.nan, 7])
    found = describe(frame, ["value", "other"]).set_index(["group", "parameter"])
    assert list(found.columns) == ["n", "mean", "sd", "median", "q1", "q3"]
    # quantile(c(1, 2, 4, 8)) in R: 1 1.75 3 5 8
    assert_allclose(found.loc[("a", "value")], [4, 3.75, np.std([1, 2, 4, 8], ddof=1), 3, 1.75, 5])
    assert_allclose(found.loc[("a", "other")], [2, 2, np.sqrt(2), 2, 1.5, 2.5])
    assert_allclose(found.loc[("b", "other")], [1, 7, np.nan, 7, 7, 7])


def test_description_of_nothing_is_missing():
    """A group without any value is described by n = 0 and missing values, not left out."""
    found = describe(tidy(a=[np.nan, np.nan], b=[3, 5]), "value")
    assert list(found["n"]) == [0, 2] and found.loc[0, ["mean", "sd", "median"]].isna().all()


def test_description_in_a_given_order():
    """`order` chooses the groups and their order; one that is not there is refused with those that
    are."""
    frame = tidy(a=[1, 2], b=[3, 5], c=[4, 4])
    assert list(describe(frame, "value", order=("c", "a"))["group"]) == ["c", "a"]
    with pytest.raises(ValueError, match="a group of 'group' is 'd'; accepted are 'a', 'b', 'c'"):
        describe(frame, "value", order=("d",))


@pytest.mark.parametrize(
    ("groups", "df", "error"),
    [(2, 5.0, 0.05), (3, 67.0, 0.05), (4, 3.3, 0.2), (6, 20.0, 0.9), (10, 2.0, 1e-6)],
)
def test_quantile_of_the_studentised_range_is_scipys(groups, df, error):
    """The quantile found by a secant equals scipy's to 1e-8, also where the secant gets lost."""
    expected = stats.studentized_range.ppf(1 - error, groups, df)
    assert_allclose(_range_quantile(groups, df, error), expected, rtol=1e-8)
