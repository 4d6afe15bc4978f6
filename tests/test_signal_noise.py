"""Noise of magnitudes: the Rician moments against draws and limits, and the noise level from
background and residuals."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy import stats

from ivim import article
from ivim.signal import noise
from ivim.signal.models import MODELS

RATIOS = [0.0, 0.3, 1.0, 3.0, 10.0, 30.0]


@pytest.mark.parametrize("ratio", RATIOS)
def test_rician_moments_are_those_of_scipy(ratio):
    """Mean and variance agree with scipy.stats.rice to 1e-6."""
    mean, variance = stats.rice.stats(ratio, scale=2.5, moments="mv")
    assert_allclose(noise.rician_mean(2.5 * ratio, 2.5), mean, rtol=1e-6)
    assert_allclose(noise.rician_variance(2.5 * ratio, 2.5), variance, rtol=1e-6)


@pytest.mark.parametrize("ratio", RATIOS[1:])
def test_rician_slope_is_the_derivative_of_the_mean(ratio):
    """Slope against central differences, to 1e-6."""
    up, down = noise.rician_mean(np.array([ratio + 1e-4, ratio - 1e-4]), 1.0)
    assert_allclose(noise.rician_slope(ratio, 1.0), (up - down) / 2e-4, rtol=1e-6)


def test_far_above_the_floor_nothing_overflows():
    """At a ratio of a million, mean and variance are those of Gaussian noise."""
    assert_allclose(noise.rician_mean(1e6, 1.0), 1e6, rtol=1e-12)
    assert_allclose(noise.rician_variance(1e6, 1.0), 1.0, rtol=1e-9)


def test_without_noise_the_signal_stays():
    """sigma = 0 gives mean = amplitude, slope 1, variance 0."""
    assert noise.rician_mean(3.0, 0.0) == 3.0
    assert noise.rician_slope(3.0, 0.0) == 1.0
    assert noise.rician_variance(3.0, 0.0) == 0.0


def test_magnitude_averages_keep_the_floor_and_complex_ones_lower_it():
    """Sixteen excitations of pure noise: averaged magnitudes stay at 1.2533 sigma, averaged complex
    numbers at a quarter of it."""
    rng = np.random.default_rng(1)
    draws = rng.standard_normal((200_000, 16)) + 1j * rng.standard_normal((200_000, 16))
    floors = {
        kind: noise.rician_mean(0.0, noise.floor_sigma(1.0, 16, kind)) for kind in noise.AVERAGING
    }
    assert_allclose(np.abs(draws).mean(), floors["magnitude"], rtol=2e-3)
    assert_allclose(np.abs(draws.mean(axis=1)).mean(), floors["complex"], rtol=5e-3)


def test_sigma_from_background():
    """Rayleigh samples of sigma 7 give 7 within 1 %."""
    assert_allclose(
        noise.sigma_from_background(np.random.default_rng(2).rayleigh(7.0, 40_000)), 7.0, rtol=0.01
    )


def test_sigma_from_residuals_is_per_excitation():
    """Samples of 1 to 8 averages, pooled over signals, give the noise level of one excitation
    within 2 %."""
    rng, averages = np.random.default_rng(3), np.array(article.AVERAGES)
    residuals = rng.normal(0, 5 / np.sqrt(averages), (5000, averages.size))
    assert_allclose(
        noise.sigma_from_residuals(residuals * np.sqrt(6 / 10), averages, 4), 5.0, rtol=0.02
    )


def test_sigma_from_residuals_knows_the_floor():
    """On the floor the variance is .43 sigma²; with amplitudes and a first value the noise level
    comes out right within 3 %."""
    rng, b = np.random.default_rng(4), np.array(article.B_VALUES, float)
    curve = MODELS["monoexponential"].function(b, 2.0, 2e-3)
    magnitudes = np.abs(
        curve + rng.standard_normal((20_000, b.size)) + 1j * rng.standard_normal((20_000, b.size))
    )
    residuals = magnitudes - noise.rician_mean(curve, 1.0)
    assert_allclose(
        noise.sigma_from_residuals(residuals, np.ones(b.size), 0, curve, 1.0), 1.0, rtol=0.03
    )


@pytest.mark.parametrize("averaging", noise.AVERAGING)
def test_simulated_magnitudes_have_the_rician_moments(averaging):
    """Mean to .5 % and variance to 2 % of theory, for 1 to 16 averages, on the floor and above
    it."""
    averages = np.array([1, 4, 16])
    signal = np.tile([0.0, 2.0, 10.0], (60_000, 1))
    found = noise.simulate(signal, 2.0, averages, 5, averaging=averaging)
    floor = noise.floor_sigma(2.0, averages, averaging)
    spread = noise.rician_variance(signal[0], floor)
    spread = spread / averages if averaging == "magnitude" else spread
    assert_allclose(found.mean(axis=0), noise.rician_mean(signal[0], floor), rtol=5e-3)
    assert_allclose(found.var(axis=0), spread, rtol=0.02)


def test_simulation_is_that_of_its_seed():
    """A seed and a generator of it give the same draws, whatever the leading shape; 0 gives the
    signal."""
    signal = np.full((4, 5, 3), 9.0)
    one, two = (noise.simulate(signal, 1.0, 2, rng) for rng in (7, np.random.default_rng(7)))
    assert (one == two).all() and one.shape == signal.shape
    assert (noise.simulate(signal, 0.0, [1, 2, 3]) == signal).all()


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (
            lambda: noise.floor_sigma(1.0, 2, "sum"),
            "averaging is 'sum'; accepted are 'magnitude' and 'complex'",
        ),
        (lambda: noise.sigma_from_background([]), "no finite sample"),
        (lambda: noise.simulate([1.0], 1.0, [1.5]), "averages hold 1.5; .* whole numbers"),
        (lambda: noise.simulate([1.0], -1.0), "sigma is -1.0"),
        (lambda: noise.simulate([1.0], 1.0, averaging="sum"), "averaging is 'sum'"),
        (
            lambda: noise.sigma_from_residuals(np.ones(4), np.ones(4), 4),
            "4 samples leave nothing over",
        ),
    ],
)
def test_wrong_arguments_are_refused(call, words):
    """One clear line for each."""
    with pytest.raises(ValueError, match=words):
        call()
