"""Proportions, optimism and net benefit: reference values, known truths, refusals; and every
example in the docstrings."""

import doctest
from importlib import import_module

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose
from scipy import stats

import ivim
from ivim.files import ROOT
from ivim.stats.logistic import linear_score, predict
from ivim.stats.proportions import exact_limits, jeffreys_limits, wilson_limits
from ivim.stats.validation import net_benefit, optimism


def test_golden_exact_limits(outside):
    """Clopper-Pearson limits equal R's binom.test to 1e-9, the article's six counts and both ends
    among them."""
    table = pd.read_csv(outside("golden/clopper_pearson_binom_test.csv"))
    assert_allclose(exact_limits(table["x"], table["n"]), [table["lo"], table["hi"]], rtol=1e-9)


@pytest.mark.parametrize(("limits", "method"), [(exact_limits, "exact"), (wilson_limits, "wilson")])
@pytest.mark.parametrize("count", [0, 1, 17, 20])
def test_limits_are_scipys(limits, method, count):
    """Exact and Wilson limits of x out of 20 at 90 % equal scipy's."""
    assert_allclose(
        limits(count, 20, 0.9), stats.binomtest(count, 20).proportion_ci(0.9, method), atol=1e-12
    )


def test_jeffreys_limits_cut_equal_tails():
    """Beyond each limit lies 2.5 % of Beta(17.5, 3.5)."""
    low, high = jeffreys_limits(17, 20)
    assert_allclose(
        [stats.beta.cdf(low, 17.5, 3.5), stats.beta.sf(high, 17.5, 3.5)], 0.025, rtol=1e-9
    )


@pytest.mark.parametrize("limits", [exact_limits, wilson_limits, jeffreys_limits])
def test_no_success_and_no_failure_mirror(limits):
    """Limits of x are those of n - x mirrored, and reach 0 and 1 at the ends."""
    low, high = limits(np.arange(21), 20)
    assert_allclose(low, 1 - high[::-1], atol=1e-12)
    assert_allclose([low[0], high[-1]], [0, 1], atol=1e-12)


@pytest.mark.parametrize(("count", "total"), [(21, 20), (-1, 20), (0.8, 20), (0, 0)])
def test_no_count_is_refused(count, total):
    """More than all, fewer than none, a fraction and nothing at all are no counts."""
    with pytest.raises(
        ValueError, match="is no proportion of counts; whole numbers with 0 <= count <= total"
    ):
        exact_limits(count, total)


def test_golden_decision_curve(outside):
    """Net benefit of the model, of treating all and of treating none equals dcurves' to 1e-9."""
    frame, expected = (
        pd.read_csv(outside(f"golden/{name}")) for name in ("asah.csv", "asah_dca_dcurves.csv")
    )
    risk = predict(ivim.logistic(frame, "y", ["s100b", "ndka"]), frame)
    found = net_benefit(frame["y"], risk, [0.1, 0.2, 0.3, 0.4, 0.5])
    assert list(found["strategy"]) == list(expected["model"].replace("p", "model"))
    assert_allclose(found["net_benefit"], expected["net_benefit"], atol=1e-12)


def test_treating_all_breaks_even_at_the_prevalence():
    """At a threshold equal to the prevalence treating all is worth nothing; a perfect model is
    worth the prevalence anywhere."""
    y = np.repeat([1, 0], [12, 28])
    found = net_benefit(y, y.astype(float), [0.3, 0.7]).set_index(["strategy", "threshold"])[
        "net_benefit"
    ]
    assert_allclose(found["all", 0.3], 0, atol=1e-12)
    assert_allclose(found["model"], 0.3, rtol=1e-12)


@pytest.mark.parametrize(
    ("risk", "threshold", "message"),
    [([0.1, 1.2], 0.3, "from 0.1 to 1.2; 2 from 0 to 1"), ([0.1, 0.2], 30, "threshold is 30")],
)
def test_bad_risks_are_refused(risk, threshold, message):
    """A risk above 1 and a threshold in per cent are refused."""
    with pytest.raises(ValueError, match=message):
        net_benefit([0, 1], risk, [threshold])


def noise(seed, predictors=5, n=60):
    """An outcome and predictors that know nothing of it."""
    rng = np.random.default_rng(seed)
    return pd.DataFrame(
        rng.normal(size=(n, predictors)), columns=list("abcde")[:predictors]
    ).assign(y=np.arange(n) % 3 // 2)


def test_optimism_finds_noise_out():
    """Five predictors of pure noise: apparent areas average above .65, and the correction takes off
    more than half of the excess."""
    tables = [
        optimism(noise(seed), "y", list("abcde"), resamples=60).set_index("statistic").loc["auc"]
        for seed in range(12)
    ]
    means = pd.DataFrame(tables).mean()
    assert means["apparent"] > 0.65
    assert abs(means["corrected"] - 0.5) < (means["apparent"] - 0.5) / 2


def test_apparent_results_are_those_of_the_curve():
    """The apparent column is the ROC curve of the fitted marker, so the two stand side by side."""
    frame = noise(1).assign(a=lambda table: table["a"] + table["y"])
    table = optimism(frame, "y", ["a", "b"], resamples=5).set_index("statistic")["apparent"]
    curve = ivim.roc(frame["y"], linear_score(ivim.logistic(frame, "y", ["a", "b"]), frame))
    assert_allclose(table, [curve.auc, curve.sensitivity, curve.specificity], rtol=1e-12)


def test_one_predictor_is_optimistic_in_its_cutoff_alone():
    """A single marker has no weights to overfit: the area's optimism is below .02, the Youden sum's
    well above it."""
    frame = noise(2).assign(a=lambda table: table["a"] + table["y"])
    bias = optimism(frame, "y", "a", resamples=300).set_index("statistic")["optimism"]
    assert abs(bias["auc"]) < 0.02 < bias["sensitivity"] + bias["specificity"]


def test_same_seed_same_optimism():
    """The seed alone decides the resamples."""
    one, same, other = (
        optimism(noise(3), "y", ["a", "b"], resamples=20, seed=seed) for seed in (1, 1, 2)
    )
    pd.testing.assert_frame_equal(one, same)
    assert not one["optimism"].equals(other["optimism"])


def test_separated_resamples_are_counted():
    """Where a resample has no finite estimate Firth's fit stands in, and the table says how
    often."""
    frame = pd.DataFrame({"x": [1.0, 2, 3, 4, 6, 5, 7, 8, 9, 10], "y": [0] * 5 + [1] * 5})
    assert 20 < optimism(frame, "y", "x", resamples=100).attrs["firth_resamples"] < 100


def test_no_separated_resample_counts_as_none():
    """Where every resample has its estimate, and with Firth's penalty itself, none is counted."""
    for penalty in (None, "firth"):
        table = optimism(noise(6), "y", "a", penalty=penalty, resamples=10)
        assert table.attrs["firth_resamples"] == 0


def test_separation_is_reported_before_resampling():
    """Separated groups are refused as in the fit itself, and pass with Firth's penalty."""
    frame = pd.DataFrame({"x": [1.0, 2, 3, 4, 5, 6], "y": [0, 0, 0, 1, 1, 1]})
    with pytest.raises(ValueError, match="x separate"):
        optimism(frame, "y", "x")
    assert_allclose(optimism(frame, "y", "x", penalty="firth", resamples=10)["apparent"], 1)


def test_the_error_of_the_optimism_is_its_spread_over_seeds():
    """The stated Monte-Carlo error is the SD of the optimism over 30 seeds within a quarter."""
    frame = noise(4).assign(a=lambda table: table["a"] + table["y"])
    tables = [optimism(frame, "y", ["a", "b"], resamples=10, seed=seed) for seed in range(30)]
    spread = np.var([table["optimism"] for table in tables], axis=0, ddof=1)
    stated = np.square([list(table.attrs["error"].values()) for table in tables]).mean(axis=0)
    assert_allclose(np.sqrt(stated.sum()), np.sqrt(spread.sum()), rtol=0.25)


def test_one_resample_has_no_error_to_state():
    """From one resample no spread can be told: the error is 0 rather than a division by zero."""
    assert set(optimism(noise(5), "y", ["a"], resamples=1).attrs["error"].values()) == {0.0}


def test_no_resample_is_refused():
    """At least one resample is needed."""
    with pytest.raises(ValueError, match="resamples is 0; at least 1"):
        optimism(noise(1), "y", "a", resamples=0)


@pytest.mark.parametrize(
    "name", sorted(path.stem for path in (ROOT / "ivim" / "stats").glob("[a-z]*.py"))
)
def test_examples_in_the_docstrings_run(name):
    """Every example shows what the function really gives."""
    assert doctest.testmod(import_module(f"ivim.stats.{name}")).failed == 0
