"""The columns of every frame that the statistics give, in name and order: others rely on them."""

import numpy as np
import pandas as pd
import pytest

import ivim
from ivim.stats.agreement import icc_from_mean_squares
from ivim.stats.calibration import calibration
from ivim.stats.effects import effect_sizes, t_from_moments
from ivim.stats.groups import describe
from ivim.stats.logistic import goodness
from ivim.stats.proportions import predictive_values
from ivim.stats.validation import cross_validated, net_benefit, optimism

RNG = np.random.default_rng(0)
VALUE = RNG.normal(size=(20, 2)).round(3)
READINGS = pd.DataFrame(
    {
        "patient": np.repeat(range(20), 2),
        "reader": ["a", "b"] * 20,
        "f": (VALUE + VALUE[:, [0]]).ravel(),
    }
)
GROUPS = pd.DataFrame({"group": ["x", "y"] * 10, "f": VALUE[:, 0], "y": [0, 1] * 10})
OUTCOME, RISK = GROUPS["y"], np.linspace(0.1, 0.9, 20)
LIMITS = "bias bias_low bias_high lower lower_low lower_high upper upper_low upper_high"
SPREAD = "within_sd within_sd_low within_sd_high repeatability repeatability_low repeatability_high"
TERMS = "term b se wald p odds_ratio ci_low ci_high"


@pytest.mark.parametrize(
    ("make", "columns"),
    [
        (lambda: ivim.icc(READINGS, values="f"), "parameter form icc ci_low ci_high f df1 df2 p"),
        (lambda: icc_from_mean_squares(9, 2, 4, 1, 1), "form icc ci_low ci_high f df1 df2 p"),
        (
            lambda: ivim.bland_altman(READINGS, values="f"),
            f"parameter a b n {LIMITS} {SPREAD} sd cov",
        ),
        (
            lambda: ivim.compare_groups(GROUPS, "f"),
            "parameter test group statistic df p chosen",
        ),
        (lambda: ivim.anova(GROUPS, "f"), "parameter f df_between df_within p"),
        (lambda: ivim.anova(GROUPS, "f", method="kruskal-wallis"), "parameter h df p"),
        (lambda: ivim.posthoc(GROUPS, "f"), "parameter method a b difference ci_low ci_high p"),
        (lambda: describe(GROUPS, "f"), "group parameter n mean sd median q1 q3"),
        (
            lambda: effect_sizes(GROUPS, "f"),
            "parameter a b n_a n_b cohen_d cohen_d_low cohen_d_high hedges_g rank_biserial "
            "superiority",
        ),
        (lambda: t_from_moments(1, 1, 9, 2, 1, 9), "test statistic df p"),
        (lambda: ivim.logistic(GROUPS, "y", "f"), TERMS),
        (lambda: ivim.logistic(GROUPS, "y", "f", penalty="firth"), TERMS),
        (
            lambda: goodness(ivim.logistic(GROUPS, "y", "f"), GROUPS),
            "minus_2ll chi2 df p cox_snell nagelkerke hl_chi2 hl_df hl_p",
        ),
        (
            lambda: ivim.compare_auc(OUTCOME, GROUPS["f"], RISK),
            "auc_a auc_b difference se ci_low ci_high z p",
        ),
        (lambda: ivim.roc(OUTCOME, RISK).curve, "threshold fpr tpr"),
        (lambda: predictive_values(9, 1, 8, 2), "statistic value ci_low ci_high"),
        (lambda: calibration(OUTCOME, RISK), "predicted observed ci_low ci_high n cases"),
        (
            lambda: optimism(GROUPS, "y", "f", resamples=2),
            "statistic apparent optimism corrected",
        ),
        (
            lambda: cross_validated(GROUPS, "y", "f", folds=2, repeats=1),
            "statistic apparent cross_validated",
        ),
        (lambda: net_benefit(OUTCOME, RISK, 0.5), "strategy threshold net_benefit"),
    ],
)
def test_columns(make, columns):
    """Names and order of the columns are those that tables, notebooks and other studies use."""
    assert list(make().columns) == columns.split()


@pytest.mark.parametrize(
    ("make", "expected"),
    [
        (
            lambda: ivim.logistic(GROUPS, "y", "f"),
            {"outcome": "y", "penalty": None, "n": 20, "cases": 10, "left_out": 0, "missing": []},
        ),
        (
            lambda: ivim.compare_groups(GROUPS, "f"),
            {"n": {"f": {"x": 10, "y": 10}}, "left_out": {"f": 0}, "missing": []},
        ),
        (
            lambda: ivim.icc(READINGS, values="f"),
            {"n": {"f": 20}, "left_out": {"f": []}, "missing": []},
        ),
        (lambda: ivim.compare_auc(OUTCOME, GROUPS["f"], RISK), {"n": 20, "left_out": 0}),
        (lambda: net_benefit(OUTCOME, RISK, 0.5), {"n": 20}),
    ],
)
def test_attributes_of_complete_data(make, expected):
    """What a frame says of missing values where none is missing: everybody counted, nobody out."""
    assert make().attrs == expected
