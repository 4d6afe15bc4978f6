"""Calibration and cross-validation: known truths, definitions, refusals."""

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

import ivim
from ivim.stats.calibration import calibration
from ivim.stats.logistic import predict
from ivim.stats.proportions import exact_limits
from ivim.stats.validation import cross_validated


def study(seed, n=400, predictors=2):
    """True risks, and outcomes drawn with them."""
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(rng.normal(size=(n, predictors)), columns=list("abcdefgh")[:predictors])
    score = frame["a"] - 0.5
    risk = 1 / (1 + np.exp(-score))
    return frame.assign(y=(rng.random(n) < risk).astype(int), risk=risk)


def test_true_risks_lie_on_the_diagonal():
    """For the true risks the limits of each of ten groups hold the predicted risk in 95 ± 4 % of 40
    studies, slope 1 and intercept 0."""
    tables = [calibration(*study(seed)[["y", "risk"]].to_numpy().T, bins=10) for seed in range(40)]
    table = pd.concat(tables)
    covered = (table["ci_low"] <= table["predicted"]) & (table["predicted"] <= table["ci_high"])
    assert 0.91 < covered.mean() <= 0.99
    slopes = [one.attrs["slope"] for one in tables]
    intercepts = [one.attrs["intercept"] for one in tables]
    assert_allclose([np.mean(slopes), np.mean(intercepts)], [1, 0], atol=0.1)


def test_groups_are_counted_by_hand():
    """Five groups of equal size: mean risk, share of cases with exact limits, and the counts behind
    them."""
    frame = study(1, n=50).sort_values("risk")
    found = calibration(frame["y"], frame["risk"], bins=5)
    risk, y = (frame[name].to_numpy().reshape(5, 10) for name in ("risk", "y"))
    assert_allclose(found["predicted"], risk.mean(axis=1), rtol=1e-12)
    assert list(found["cases"]) == list(y.sum(axis=1)) and list(found["n"]) == [10] * 5
    low, high = exact_limits(y.sum(axis=1), 10)
    assert_allclose(
        found[["observed", "ci_low", "ci_high"]], np.column_stack([y.mean(axis=1), low, high])
    )
    assert_allclose(found.attrs["brier"], ((frame["y"] - frame["risk"]) ** 2).mean(), rtol=1e-12)


def test_a_fitted_model_is_calibrated_where_it_was_fitted():
    """On its own patients a logistic model has intercept 0 and slope 1 by construction."""
    frame = study(2)
    risk = predict(ivim.logistic(frame, "y", ["a", "b"]), frame)
    found = calibration(frame["y"], risk)
    assert_allclose([found.attrs["intercept"], found.attrs["slope"]], [0, 1], atol=1e-6)


def test_equal_risks_share_a_group():
    """Two different risks make two groups, however many were asked for; all patients are in one of
    them."""
    found = calibration([0, 1, 0, 0, 1, 1, 0, 1], [0.2] * 4 + [0.7] * 4, bins=4)
    assert list(found["predicted"].round(9)) == [0.2, 0.7] and list(found["n"]) == [4, 4]


def test_each_patient_may_be_a_group():
    """As many groups as patients is the finest curve, and one group the coarsest."""
    y, risk = [0, 1, 0, 1], [0.1, 0.2, 0.6, 0.8]
    assert list(calibration(y, risk, bins=4)["n"]) == [1] * 4
    assert_allclose(calibration(y, risk, bins=1)[["predicted", "observed"]], [[0.425, 0.5]])


@pytest.mark.parametrize(
    "risk", [[0.3] * 6, [0.0, 0.2, 0.3, 0.4, 0.5, 0.6], [0.1, 0.2, 0.3, 0.7, 0.8, 0.9]]
)
def test_no_line_where_there_is_none(risk):
    """Equal risks, a risk of 0 and risks that separate the groups have no intercept and slope, and
    a Brier score all the same."""
    found = calibration([0, 0, 0, 1, 1, 1], risk, bins=2)
    assert np.isnan([found.attrs["intercept"], found.attrs["slope"]]).all()
    assert 0 <= found.attrs["brier"] <= 1


def test_patients_without_a_risk_are_left_out():
    """A missing risk leaves out its patient, and n says so."""
    frame = study(3, n=60)
    gap = frame["risk"].mask(frame.index < 7)
    found, expected = calibration(frame["y"], gap), calibration(frame["y"][7:], frame["risk"][7:])
    pd.testing.assert_frame_equal(found, expected)
    assert found.attrs["n"] == 53


@pytest.mark.parametrize(
    ("risk", "options", "message"),
    [
        ([0.1, 1.2, 0.3, 0.4], {}, "from 0.1 to 1.2; 4 from 0 to 1 are needed"),
        ([0.1, 0.2, 0.3], {}, "probability has 3 values"),
        ([0.1, 0.2, 0.3, 0.4], {"bins": 5}, "bins is 5; a whole number from 1 to the 4 patients"),
        ([0.1, 0.2, 0.3, 0.4], {"bins": 0}, "bins is 0"),
        ([0.1, np.nan, 0.3, np.nan], {"bins": 2}, "holds only 0; both cases"),
        ([np.nan] * 4, {}, "probability has 0 values; 4 from 0 to 1"),
    ],
)
def test_bad_risks_are_refused(risk, options, message):
    """Risks out of range, of the wrong number or missing, and impossible groups are refused."""
    with pytest.raises(ValueError, match=message):
        calibration([0, 1, 0, 1], risk, **options)


def test_noise_is_found_out_by_cross_validation():
    """Eight predictors of noise: apparent areas above .65 fall to .5 ± .06 on other patients, and
    the Brier score rises."""
    rng = np.random.default_rng(5)
    found = []
    for _ in range(8):
        frame = pd.DataFrame(rng.normal(size=(60, 8)), columns=list("abcdefgh"))
        frame["y"] = np.arange(60) % 3 // 2
        table = cross_validated(frame, "y", list("abcdefgh"), folds=5, repeats=2)
        found.append(table.set_index("statistic"))
    mean = sum(found) / len(found)
    assert mean.loc["auc", "apparent"] > 0.65
    assert abs(mean.loc["auc", "cross_validated"] - 0.5) < 0.06
    assert mean.loc["brier", "cross_validated"] > mean.loc["brier", "apparent"]


def test_cross_validation_of_a_true_marker_keeps_its_area():
    """With one strong predictor and 400 patients nothing is lost beyond .01."""
    table = cross_validated(study(4), "y", "a", folds=5, repeats=2).set_index("statistic")
    assert abs(table.loc["auc", "apparent"] - table.loc["auc", "cross_validated"]) < 0.01


def test_same_seed_same_folds():
    """The seed alone decides the folds; attrs tell how it was done."""
    one, same, other = (
        cross_validated(study(6, n=60), "y", ["a", "b"], folds=3, repeats=2, seed=seed)
        for seed in (1, 1, 2)
    )
    pd.testing.assert_frame_equal(one, same)
    assert not one["cross_validated"].equals(other["cross_validated"])
    assert one.attrs == {"folds": 3, "repeats": 2, "seed": 1, "firth_resamples": 0, "n": 60}


@pytest.mark.parametrize(("folds", "repeats"), [(1, 1), (30, 1), (5, 0)])
def test_impossible_folds_are_refused(folds, repeats):
    """One fold, more folds than the smaller group has patients, and no repeat are refused."""
    message = rf"{folds} folds and {repeats} repeat\(s\) with \d+ patients in the smaller group"
    with pytest.raises(ValueError, match=message):
        cross_validated(study(7, n=50), "y", ["a"], folds=folds, repeats=repeats)
