"""Effect sizes, tests from printed moments, predictive values: definitions, references,
refusals."""

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose
from scipy import stats

import ivim
from ivim.stats.effects import effect_sizes, standardised_difference, t_from_moments
from ivim.stats.proportions import exact_limits, predictive_values, wilson_limits


@pytest.fixture
def two():
    """Two groups of unequal size and spread, with ties."""
    rng = np.random.default_rng(4)
    return pd.DataFrame(
        {
            "group": np.repeat(["a", "b"], [12, 20]),
            "value": np.round(np.concatenate([rng.normal(1, 1, 12), rng.normal(0, 2, 20)]), 1),
        }
    )


def test_effect_sizes_by_their_definitions(two):
    """d over the pooled SD, g with its small-sample factor, and the share of pairs in which the
    first group is higher."""
    a, b = (two.loc[two["group"] == name, "value"].to_numpy() for name in "ab")
    pooled = np.sqrt((11 * a.var(ddof=1) + 19 * b.var(ddof=1)) / 30)
    d = (a.mean() - b.mean()) / pooled
    above = (a[:, None] > b).mean() + (a[:, None] == b).mean() / 2
    found = effect_sizes(two, "value").iloc[0]
    expected = [12, 20, d, d * (1 - 3 / (4 * 32 - 9)), 2 * above - 1, above]
    columns = ["n_a", "n_b", "cohen_d", "hedges_g", "rank_biserial", "superiority"]
    assert_allclose(found[columns].astype(float), expected, rtol=1e-12)
    half = stats.t.isf(0.025, 30) * np.sqrt(32 / 240 + d**2 / 64)
    assert_allclose([found["cohen_d_low"], found["cohen_d_high"]], [d - half, d + half], rtol=1e-9)


def test_superiority_is_the_area_under_the_curve(two):
    """The chance that the first group is higher is the AUC with the first group as cases."""
    curve = ivim.roc((two["group"] == "a").astype(int), two["value"], direction=">")
    assert_allclose(effect_sizes(two, "value")["superiority"], curve.auc, rtol=1e-12)


def test_effect_of_a_constant_in_each_group():
    """Without spread d and g are missing, and the ranks still say that the groups are wholly
    apart."""
    frame = pd.DataFrame({"group": list("aaabbb"), "value": [2.0] * 3 + [1.0] * 3})
    found = effect_sizes(frame, "value").iloc[0]
    assert (found["superiority"], found["rank_biserial"]) == (1, 1)
    assert np.isnan(found["cohen_d"]) and np.isnan(found["hedges_g"])


def test_effect_of_three_groups_is_refused(two):
    """An effect size compares two groups."""
    with pytest.raises(ValueError, match="'group' has 3 groups; an effect size compares two"):
        effect_sizes(pd.concat([two, two.assign(group="c")]), "value")


def test_t_from_moments_is_the_t_of_the_samples(two):
    """Means, SDs and sizes give the statistic, df and p that the samples themselves give."""
    a, b = (two.loc[two["group"] == name, "value"] for name in "ab")
    found = t_from_moments(a.mean(), a.std(), 12, b.mean(), b.std(), 20)
    tests = (
        ivim.compare_groups(two, "value").set_index("test").loc[["Student", "Welch"]].reset_index()
    )
    assert list(found["test"]) == ["Student", "Welch"]
    columns = ["statistic", "df", "p"]
    assert_allclose(found[columns], tests[columns], rtol=1e-10)


def test_age_of_the_article():
    """Table 1's ages (48.82 ± 19.84 of 20, 56.92 ± 9.29 of 50) differ by t = -2.33, p = .023, .52
    SD."""
    found = t_from_moments(48.82, 19.84, 20, 56.92, 9.29, 50).iloc[0]
    assert_allclose([found["statistic"], found["df"], found["p"]], [-2.33, 68, 0.023], atol=0.005)
    assert_allclose(standardised_difference(48.82, 19.84, 56.92, 9.29), -0.52, atol=0.005)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((1, -1, 5, 2, 1, 5), "SD -1, n 5; .*an SD of 0 or more"),
        ((1, 1, 1, 2, 1, 5), "n 1; .*whole number of at least 2"),
        ((1, 1, 2.5, 2, 1, 5), "n 2.5; .*whole number"),
        ((np.nan, 1, 5, 2, 1, 5), "mean nan"),
        ((1, 0, 5, 2, 0, 5), "both SDs are 0"),
    ],
)
def test_impossible_moments_are_refused(arguments, message):
    """A negative SD, a size below two or not whole, a missing mean, and no spread at all are
    refused."""
    with pytest.raises(ValueError, match=message):
        t_from_moments(*arguments)


def test_predictive_values_of_the_sample_are_proportions():
    """Without a prevalence PPV and NPV are shares of the sample with exact limits, and its
    prevalence is stated."""
    found = predictive_values(40, 10, 17, 3).set_index("statistic")
    assert_allclose(found.loc["ppv"], [40 / 43, *exact_limits(40, 43)], rtol=1e-12)
    assert_allclose(found.loc["npv"], [17 / 27, *exact_limits(17, 27)], rtol=1e-12)
    assert_allclose(found.attrs["prevalence"], 50 / 70)


def test_likelihood_ratios_by_simel():
    """Limits exp(ln LR ± z √(1/a - 1/(a+b) + 1/c - 1/(c+d))) (Simel, Samsa & Matchar 1991, formulas
    3 and 4)."""
    found = predictive_values(40, 10, 17, 3).set_index("statistic")
    for name, (a, c) in {"lr_positive": (40, 3), "lr_negative": (10, 17)}.items():
        ratio, se = a / 50 / (c / 20), np.sqrt(1 / a - 1 / 50 + 1 / c - 1 / 20)
        limits = np.exp(np.log(ratio) + np.array([-1, 1]) * stats.norm.isf(0.025) * se)
        assert_allclose(found.loc[name], [ratio, *limits], rtol=1e-10)


@pytest.mark.parametrize("prevalence", [0.01, 0.3, 50 / 70, 0.99])
def test_predictive_values_obey_bayes(prevalence):
    """Posterior odds are prior odds times the likelihood ratio; at the sample's prevalence the
    values are the sample's."""
    found = predictive_values(40, 10, 17, 3, prevalence).set_index("statistic")["value"]
    prior = prevalence / (1 - prevalence)
    assert_allclose(found["ppv"] / (1 - found["ppv"]), prior * found["lr_positive"], rtol=1e-10)
    assert_allclose((1 - found["npv"]) / found["npv"], prior * found["lr_negative"], rtol=1e-10)
    if prevalence == 50 / 70:
        assert_allclose([found["ppv"], found["npv"]], [40 / 43, 17 / 27], rtol=1e-10)


def test_limits_of_predictive_values_cover_the_truth():
    """At a given prevalence the 95 % limits of PPV and NPV hold the truth in 95 ± 2.5 % of 800
    simulated studies."""
    rng = np.random.default_rng(6)
    truth = {"ppv": 0.8 * 0.1 / (0.8 * 0.1 + 0.3 * 0.9), "npv": 0.7 * 0.9 / (0.7 * 0.9 + 0.2 * 0.1)}
    covered = dict.fromkeys(truth, 0)
    for tp, tn in zip(rng.binomial(60, 0.8, 800), rng.binomial(50, 0.7, 800), strict=True):
        found = predictive_values(tp, 60 - tp, tn, 50 - tn, 0.1).set_index("statistic")
        for name, value in truth.items():
            covered[name] += found.loc[name, "ci_low"] <= value <= found.loc[name, "ci_high"]
    for name, count in covered.items():
        assert abs(count / 800 - 0.95) < 0.025, name


@pytest.mark.parametrize("prevalence", [None, 0.2])
@pytest.mark.parametrize(
    "counts", [(40, 10, 20, 0), (50, 0, 17, 3), (50, 0, 20, 0), (1, 49, 20, 0), (0, 9, 7, 3)]
)
def test_empty_cells_keep_value_between_its_limits(counts, prevalence):
    """With no false positive, no false negative or no true positive the value stays within limits
    that have a width."""
    found = predictive_values(*counts, prevalence)
    assert ((found["ci_low"] <= found["value"]) & (found["value"] <= found["ci_high"])).all()
    assert (found["ci_low"] < found["ci_high"]).all()


def test_a_zero_adds_one_half_to_each_count():
    """Without a false positive the lower limits are those of 40.5 of 51 and 0.5 of 21, by hand."""
    a, all_a, c, all_c = 40.5, 51, 0.5, 21
    se = np.sqrt(1 / a - 1 / all_a + 1 / c - 1 / all_c)
    ratio = np.exp(np.log(a / all_a / (c / all_c)) - stats.norm.isf(0.025) * se)
    found = predictive_values(40, 10, 20, 0, prevalence=0.2).set_index("statistic")
    assert_allclose(found.loc["lr_positive"], [np.inf, ratio, np.inf], rtol=1e-10)
    assert_allclose(found.loc["ppv"], [1, ratio / 4 / (1 + ratio / 4), 1], rtol=1e-10)
    a, all_a, c, all_c = 20.5, 21, 10.5, 51
    se = np.sqrt(1 / a - 1 / all_a + 1 / c - 1 / all_c)
    ends = np.log(a / all_a / (c / all_c) * 4) + np.array([-1, 1]) * stats.norm.isf(0.025) * se
    expected = [0.8 / (0.8 + 0.2 * 0.2), *(1 / (1 + np.exp(-ends)))]
    assert_allclose(found.loc["npv"], expected, rtol=1e-10)


def test_nobody_tested_positive():
    """Without a positive result PPV and LR+ are missing, and a negative result says nothing: LR- is
    1 within its limits."""
    for prevalence in (None, 0.2):
        found = predictive_values(0, 9, 7, 0, prevalence).set_index("statistic")
        assert found.loc[["ppv", "lr_positive"]].isna().all(axis=None)
        assert found.loc["lr_negative", "value"] == 1
        assert found.loc["lr_negative", "ci_low"] < 1 < found.loc["lr_negative", "ci_high"]


@pytest.mark.parametrize(
    ("counts", "options", "message"),
    [
        ((-1, 5, 5, 5), {}, "is no proportion of counts"),
        ((0, 0, 5, 5), {}, "0 of 0 is no proportion of counts"),
        ((5, 5, 2.5, 5), {}, "is no proportion of counts"),
        ((5, 5, 5, 5), {"prevalence": 20}, "prevalence is 20; a number between 0 and 1"),
        ((5, 5, 5, 5), {"confidence": 95}, "confidence is 95"),
    ],
)
def test_impossible_counts_are_refused(counts, options, message):
    """Negative and broken counts, a group of nobody, and per cent are refused."""
    with pytest.raises(ValueError, match=message):
        predictive_values(*counts, **options)


def test_statsmodels_jeffreys_misses_the_ends():
    """The reason for our own: statsmodels' limits of 0 of 20 begin above 0."""
    from statsmodels.stats.proportion import proportion_confint

    from ivim.stats.proportions import jeffreys_limits

    assert proportion_confint(0, 20, method="jeffreys")[0] > 0 == jeffreys_limits(0, 20)[0]


def test_limits_of_whole_arrays():
    """Counts and totals broadcast, and give what they give one by one."""
    counts, totals = np.array([[0, 3], [5, 9]]), np.array([9, 12])
    for limits in (exact_limits, wilson_limits):
        low, high = limits(counts, totals)
        each = [[limits(counts[i, j], totals[j]) for j in range(2)] for i in range(2)]
        assert_allclose(np.stack([low, high], axis=-1), each, rtol=1e-12)
