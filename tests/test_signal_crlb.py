"""Cramer-Rao bounds: against a closed form, against the score by draws, and reached by the weighted
Rician fit of an ROI."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.special import ive

import ivim
from ivim import article
from ivim.signal.crlb import rician_information
from ivim.signal.models import MODELS

B = np.array(article.B_VALUES, float)
AVERAGES = np.array(article.AVERAGES, float)
LESION = {"s0": 100.0, "adc_slow": 0.8e-3, "adc_fast": 0.03, "f": 0.15}


def test_two_points_in_closed_form():
    """Two b-values: the bound of ADC is sqrt(1/S0² + 1/S1²) sigma / b, the error of a difference of
    logarithms."""
    bound = ivim.crlb(
        "monoexponential", {"s0": 50.0, "adc_stand": 1e-3}, [0, 1000], snr=25, noise="gaussian"
    )
    assert_allclose(bound["adc_stand"], 2.0 / 1000 * np.hypot(1 / 50, np.e / 50), rtol=1e-10)


def test_bounds_scale_with_noise_and_number():
    """Four times the voxels or twice the SNR halve every bound (Gaussian noise)."""
    once, more, better = (
        ivim.crlb("biexponential", LESION, B, AVERAGES, snr, noise="gaussian", voxels=n)
        for snr, n in ((20, 1), (20, 4), (40, 1))
    )
    for name in once:
        assert_allclose([more[name], better[name]], once[name] / 2, rtol=1e-9)


@pytest.mark.parametrize("ratio", [0.5, 1.0, 2.0, 5.0])
def test_rician_information_is_the_mean_square_of_the_score(ratio):
    """Against 400,000 draws, within 1.5 %."""
    rng = np.random.default_rng(1)
    r = np.abs(ratio + rng.standard_normal(400_000) + 1j * rng.standard_normal(400_000))
    score = r * ive(1, r * ratio) / ive(0, r * ratio) - ratio
    assert_allclose(rician_information(ratio), np.mean(score**2), rtol=0.015)


def test_rician_information_at_the_ends():
    """None without signal, as in Gaussian noise far above the floor (1 - 1/(2 ratio²))."""
    assert_allclose(rician_information([0.0, 30.0, 1000.0]), [0.0, 1 - 1 / 1800, 1.0], atol=1e-5)


@pytest.mark.parametrize("model", ["monoexponential", "stretched", "kurtosis"])
def test_monte_carlo_reaches_the_bound(model):
    """The SD over 150 weighted fits at SNR 200 is the bound within 15 % (the SD itself is known to
    6 %)."""
    values = {
        "s0": 1.0,
        "adc_stand": 1e-3,
        "ddc": 1.2e-3,
        "alpha": 0.75,
        "diffusivity": 1.2e-3,
        "kurtosis": 0.7,
    }
    values = {name: values[name] for name in MODELS[model].parameters}
    curve, rng = MODELS[model].function(B, **values), np.random.default_rng(2)
    signals = curve + rng.standard_normal((150, 10)) / 200 / np.sqrt(AVERAGES)
    fits = [ivim.fit(signal, B, model, averages=AVERAGES).values for signal in signals]
    for name, bound in ivim.crlb(model, values, B, AVERAGES, 200).items():
        assert_allclose(np.std([one[name] for one in fits]), bound, rtol=0.15)


def test_weights_and_noise_floor_reach_the_bound_of_an_roi():
    """40 voxels at SNR 20, the article's averages of magnitudes: the weighted Rician fit's RMSE is
    within 10 % of the bound.

    The voxel engine does the 3,000 fits, so that the RMSE is known to 1.3 %; the bound may be
    undercut by no more than that.
    """
    rng, sigma, repeats = np.random.default_rng(9), 5.0, 3000
    curve = MODELS["biexponential"].function(B, **LESION)
    signals = np.empty((repeats, B.size))
    for i, n in enumerate(40 * AVERAGES.astype(int)):
        signals[:, i] = np.abs(
            curve[i]
            + sigma * (rng.standard_normal((repeats, n)) + 1j * rng.standard_normal((repeats, n)))
        ).mean(1)
    maps = ivim.fit_maps(signals, B, averages=AVERAGES, sigma=sigma)
    for name, bound in ivim.crlb("biexponential", LESION, B, AVERAGES, 20, voxels=40).items():
        error = np.sqrt(np.mean((maps[name] - LESION[name]) ** 2))
        assert 0.97 <= error / bound <= 1.10


def test_complex_averages_hold_more_than_averaged_magnitudes():
    """Near the floor, averaging before the magnitude keeps more information about adc_slow."""
    low = LESION | {"adc_slow": 2e-3}
    kinds = [
        ivim.crlb("biexponential", low, B, AVERAGES, 5, averaging=kind)["adc_slow"]
        for kind in ("complex", "magnitude")
    ]
    assert kinds[0] < kinds[1]


def test_a_parameter_that_does_not_show_has_an_infinite_bound():
    """Where f = 0, D* is unknowable and the bounds of the others stay finite."""
    bound = ivim.crlb("biexponential", LESION | {"f": 0.0}, B, AVERAGES, 20)
    assert (
        np.isinf(bound["adc_fast"])
        and np.isfinite([bound["s0"], bound["adc_slow"], bound["f"]]).all()
    )


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"values": {"adc_slow": 1e-3}}, "no value for 'adc_fast'"),
        ({"snr": 0}, "snr is 0"),
        ({"noise": "poisson"}, "noise is 'poisson'"),
        ({"averages": AVERAGES[:2]}, r"averages \(2,\)"),
    ],
)
def test_wrong_arguments_are_refused(arguments, words):
    """One clear line for each."""
    with pytest.raises(ValueError, match=words):
        ivim.crlb("biexponential", **({"values": LESION, "b": B} | arguments))
