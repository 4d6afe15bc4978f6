"""Many resamples at once: the same as one after another, whatever the design."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import special

from ivim.stats.logistic import fit_logistic
from ivim.stats.ranks import area, curve_counts, youden
from ivim.stats.resamples import batches, coefficients, gaps

DESIGNS = {
    "one predictor": (40, 1, False, 1.0),
    "two predictors": (70, 2, False, 1.5),
    "tied values": (30, 2, True, 1.0),
    "few patients, often separated": (14, 1, False, 3.0),
    "three predictors of noise": (25, 3, False, 0.0),
}


def _study(patients, predictors, whole, effect, seed=7):
    """Outcomes and predictors that differ by so many standard deviations."""
    rng = np.random.default_rng(seed)
    y = np.arange(patients) % 3 // 2
    x = rng.standard_normal((patients, predictors)) + effect * y[:, None]
    return np.round(x) if whole else x, y


def _one_by_one(x, y, drawn, penalty):
    """Coefficients and loss of one resample, by the functions for one sample."""
    fit = fit_logistic(x[drawn], y[drawn], firth=penalty == "firth")
    if not fit["converged"] and penalty != "firth":
        fit = fit_logistic(x[drawn], y[drawn], firth=True)
    score = special.expit(fit["b"][0] + x @ fit["b"][1:])
    counts = curve_counts(y[drawn], score[drawn])
    cut = counts["threshold"][youden(counts)[0]]

    def judged(outcome, values):
        positive = values > cut
        sick, well = positive[outcome == 1], positive[outcome == 0]
        return np.array([area(outcome, values), sick.mean(), 1 - well.mean()])

    return fit["b"], judged(y[drawn], score[drawn]) - judged(y, score)


@pytest.mark.parametrize("penalty", [None, "firth"])
@pytest.mark.parametrize("name", DESIGNS)
def test_all_at_once_is_one_after_another(name, penalty):
    """Coefficients to 1e-8 and losses to 1e-12 are those of the functions for a single sample."""
    x, y = _study(*DESIGNS[name])
    drawn = next(batches(y, x.shape[1] + 1, 40, seed=1))
    b, _ = coefficients(x, y, drawn, penalty)
    alone = [_one_by_one(x, y, one, penalty) for one in drawn]
    assert_allclose(b, [one for one, _ in alone], rtol=1e-8, atol=1e-8)
    assert_allclose(gaps(x, y, drawn, b), [lost for _, lost in alone], atol=1e-12)


def test_a_resample_keeps_the_size_of_both_groups():
    """Controls are drawn from controls and cases from cases, as many as there are."""
    y = np.array([1, 0, 0, 1, 0, 1, 0])
    for drawn in batches(y, 2, 50, seed=3):
        assert_array_equal(y[drawn], np.tile(np.sort(y), (len(drawn), 1)))


def test_batches_give_every_resample_once(monkeypatch):
    """However small the batches, there are as many resamples as asked for."""
    monkeypatch.setattr("ivim.stats.resamples.LARGEST", 50)
    sizes = [len(drawn) for drawn in batches(np.array([0, 1] * 4), 2, 20, seed=1)]
    assert sizes == [3] * 6 + [2]


def test_the_sample_itself_loses_nothing():
    """A resample that holds every patient once has the original's results."""
    x, y = _study(40, 2, False, 1.0)
    whole = np.argsort(y, kind="stable")[None]
    b, refitted = coefficients(x, y, whole, None)
    assert_allclose(gaps(x, y, whole, b), 0, atol=1e-15)
    assert refitted == 0
