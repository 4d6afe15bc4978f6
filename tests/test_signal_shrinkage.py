"""Shrinkage over the voxels of a lesion: smaller errors than the plain fit, a stated bias, the same
chain from the same seed."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

import ivim
from ivim import article
from ivim.signal import noise, reasons
from ivim.signal.models import MODELS

B = np.array(article.B_VALUES, float)
AVERAGES = np.array(article.AVERAGES, float)


@pytest.fixture(scope="module")
def lesion():
    """120 voxels at SNR 20 whose parameters scatter by 15 % (D), 30 % (D*) and 30 % (odds of f)
    about lesion-like values."""
    rng, voxels = np.random.default_rng(11), 120
    odds = 0.15 / 0.85 * np.exp(0.3 * rng.standard_normal(voxels))
    truth = {
        "adc_slow": 0.8e-3 * np.exp(0.15 * rng.standard_normal(voxels)),
        "adc_fast": 0.03 * np.exp(0.3 * rng.standard_normal(voxels)),
        "f": odds / (1 + odds),
    }
    curves = MODELS["biexponential"].function(
        B, 100.0, **{name: value[:, None] for name, value in truth.items()}
    )
    signals = np.empty_like(curves)
    for i, n in enumerate(AVERAGES.astype(int)):
        noise = rng.standard_normal((voxels, n)) + 1j * rng.standard_normal((voxels, n))
        signals[:, i] = np.abs(curves[:, i, None] + 5.0 * noise).mean(axis=1)
    return truth, signals


@pytest.fixture(scope="module")
def shrunk(lesion):
    return ivim.shrink(lesion[1], B, averages=AVERAGES, seed=1)


def rmse(values, truth):
    return np.sqrt(np.mean((values - truth) ** 2))


def test_beats_the_plain_fit_on_all_three(lesion, shrunk):
    """Root mean square errors over the voxels are below 85 % of the plain fit's for D and f, below
    half for D*."""
    truth, signals = lesion
    plain = [ivim.fit(signal, B, averages=AVERAGES).values for signal in signals]
    for name, share in (("adc_slow", 0.85), ("adc_fast", 0.5), ("f", 0.85)):
        assert rmse(shrunk.values[name], truth[name]) < share * rmse(
            np.array([one[name] for one in plain]), truth[name]
        )


def test_bias_is_towards_the_centre_of_the_roi(lesion, shrunk):
    """The price: voxels regress to the ROI's centre (slope below 1), while the mean over the ROI
    stays within 15 %."""
    for name, true in lesion[0].items():
        assert 0 < np.polyfit(true, shrunk.values[name], 1)[0] < 1
        assert_allclose(shrunk.values[name].mean(), true.mean(), rtol=0.15)


def test_posterior_sd_matches_the_errors(lesion, shrunk):
    """Errors of D and f over their posterior SD have a root mean square between .8 and 1.3."""
    for name in ("adc_slow", "f"):
        score = (shrunk.values[name] - lesion[0][name]) / shrunk.sd[name]
        assert 0.8 < np.sqrt(np.mean(score**2)) < 1.3


def test_noise_floor_takes_the_bias_out_of_slow_diffusion():
    """At SNR 10 the plain model draws D down by over 2 %; with the floor it is right within 2 %."""
    rng = np.random.default_rng(5)
    truth = 1e-3 * np.exp(0.1 * rng.standard_normal(200))
    curves = MODELS["biexponential"].function(B, 100.0, truth[:, None], 0.03, 0.15)
    signals = noise.simulate(curves, 10.0, AVERAGES, rng)
    bias = {
        sigma: ivim.shrink(signals, B, averages=AVERAGES, sigma=sigma, sweeps=400, burn=400)
        .values["adc_slow"]
        .mean()
        / truth.mean()
        - 1
        for sigma in (None, 10.0)
    }
    assert bias[None] < -0.02
    assert abs(bias[10.0]) < 0.02


def test_progress_is_shown_on_request(lesion, capsys):
    """A progress bar on standard error, and nothing without it."""
    for shown in (False, True):
        ivim.shrink(lesion[1][:10], B, sweeps=10, burn=50, progress=shown)
        told = capsys.readouterr()
        assert told.out == "" and ("sweep" in told.err) == shown


def test_chain_mixes(shrunk):
    """Between a fifth and a half of the steps are taken."""
    assert 0.2 < shrunk.acceptance < 0.5


def test_same_seed_same_answer(lesion):
    """Two runs from one seed are equal to the last bit, another seed is not."""
    one, two, other = (
        ivim.shrink(lesion[1][:20], B, sweeps=60, burn=60, seed=seed).values["f"]
        for seed in (3, 3, 4)
    )
    assert (one == two).all() and (one != other).all()


def test_unusable_voxels_get_nan_and_do_not_disturb_the_rest(lesion):
    """Voxels of an image block keep their place; a zero voxel is NaN with its reason, the others
    are as without it."""
    block = lesion[1][:24].reshape(4, 6, 10).copy()
    block[2, 3] = 0
    found = ivim.shrink(block, B, averages=AVERAGES, sweeps=60, burn=60)
    alone = ivim.shrink(
        np.delete(lesion[1][:24], 15, axis=0), B, averages=AVERAGES, sweeps=60, burn=60
    )
    assert found.reason[2, 3] == reasons.NOT_POSITIVE and np.isnan(found.values["f"][2, 3])
    assert_allclose(np.delete(found.values["f"].ravel(), 15), alone.values["f"], rtol=1e-12)


@pytest.mark.parametrize(
    ("signals", "options", "words"),
    [
        (np.ones((9, 4)), {}, "the last axis has to be that of b"),
        (np.zeros((9, 10)), {}, "0 usable voxel"),
        (np.ones((9, 10)), {"burn": 0}, "burn 0"),
    ],
)
def test_wrong_arguments_are_refused(signals, options, words):
    """One clear line for each."""
    with pytest.raises(ValueError, match=words):
        ivim.shrink(signals, B, **options)
