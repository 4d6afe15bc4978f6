"""The voxel engine: exact, the same answer as the reference fit, no compilation on a second
start."""

import subprocess
import sys

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.optimize import least_squares

import ivim
from ivim import article
from ivim.signal import noise, reasons, solver
from ivim.signal.engine import Plan
from ivim.signal.models import MODELS, get_model, s0_scale

B = np.array(article.B_VALUES, float)
AVERAGES = np.array(article.AVERAGES, float)
REPEATED = np.array(
    [600, 5, 10, 10, 20, 30, 50, 50, 75, 150, 250, 250, 700, 800], float
)  # unsorted, repeated, no b = 0


def voxels(n, b=B, snr=50.0, seed=0, scale=1.0):
    """Bi-exponential voxels over the range of spinal lesions in Rician noise, with their truth."""
    rng = np.random.default_rng(seed)
    f, slow, fast = (
        rng.uniform(0.05, 0.5, n),
        rng.uniform(0.4e-3, 2e-3, n),
        rng.uniform(8e-3, 60e-3, n),
    )
    clean = (1 - f[:, None]) * np.exp(-b * slow[:, None]) + f[:, None] * np.exp(-b * fast[:, None])
    noisy = np.abs(
        clean + rng.normal(0, 1 / snr, clean.shape) + 1j * rng.normal(0, 1 / snr, clean.shape)
    )
    return scale * noisy, {"adc_slow": slow, "adc_fast": fast, "f": f}


def best_of_many_starts(signal, b):
    """Least sum of squares of scipy from four starts over both basins of D*, within the project's
    bounds."""
    model = MODELS["biexponential"]
    low, high = np.array([model.bounds[name] for name in model.parameters]).T
    peak, scale = s0_scale(signal.max(), b), np.array([1.0, 1e-3, 3e-2, 0.3])
    y = signal / peak
    starts = [(0.8, 1e-3, fast, f) for fast in (7e-3, 120e-3) for f in (0.1, 0.4)]
    fits = [
        least_squares(
            lambda x: model.function(b, *(x * scale)) - y, np.array(start) / scale,
            lambda x: model.jacobian(b, *(x * scale)) * scale,
            bounds=(low / scale, high / scale), xtol=1e-12, ftol=1e-12, gtol=1e-12,
        )
        for start in starts
    ]  # fmt: skip
    return 2 * min(fit.cost for fit in fits) * peak**2


def test_sum_of_squares_is_that_of_a_multi_start():
    """No voxel ends in the wrong one of the two basins along D*."""
    signals, _ = voxels(100, seed=4)
    ours = ivim.fit_maps(signals, B)["residual"] ** 2 * B.size
    assert np.all(
        ours <= np.array([best_of_many_starts(signal, B) for signal in signals]) * (1 + 1e-4)
    )


@pytest.mark.parametrize("b", [B, REPEATED], ids=["article", "repeated"])
@pytest.mark.parametrize(
    ("model", "options"),
    [
        ("monoexponential", {}),
        ("monoexponential", {"method": "log-linear"}),
        ("monoexponential", {"method": "two-point"}),
        ("biexponential", {}),
        ("biexponential", {"method": "segmented"}),
        ("biexponential", {"sigma": 2.0}),
        ("biexponential", {"sigma": 2.0, "averaging": "complex"}),
        (
            "biexponential",
            {"bounds": {"adc_slow": (0.8e-3, 1.2e-3), "f": (0.1, 0.3), "s0": (90, 104)}},
        ),
        ("stretched", {}),
        ("stretched", {"sigma": 2.0}),
        ("kurtosis", {}),
    ],
)
def test_maps_are_the_reference_fits(model, options, b):
    """Values, standard errors, AICc, sum of squares and remark are those of `ivim.fit`, unless that
    found a worse optimum."""
    signals, _ = voxels(6, b, seed=11, scale=100)
    averages = np.where(b > 500, 4.0, 2.0)
    maps = ivim.fit_maps(signals, b, model, averages=averages, **options)
    samples = 2 if options.get("method") == "two-point" else b.size
    compared = 0
    for i, signal in enumerate(signals):
        fit = ivim.fit(signal, b, model, averages=averages, **options)
        sse = maps["residual"][i] ** 2 * samples
        assert sse <= fit.sse * (1 + 1e-6) + 1e-18
        if sse < fit.sse * (1 - 1e-6) or fit.reason == reasons.UNIDENTIFIABLE:
            continue
        compared += 1
        assert maps["reason"][i] == fit.reason
        assert_allclose(maps["aicc"][i], fit.aicc, rtol=1e-6)
        for name in fit.values:
            assert_allclose(maps[name][i], fit.values[name], rtol=1e-5)
            assert_allclose(maps[f"{name}_se"][i], fit.stderr[name], rtol=1e-4)
    assert compared >= 4


@pytest.mark.parametrize("model", list(solver.KINDS))
def test_compiled_curves_are_the_models(model):
    """The compiled signal and derivatives are those of `ivim.signal.models`."""
    theta = np.array({"monoexponential": [3, 1e-3], "biexponential": [3, 1e-3, 2e-2, 0.3], "stretched": [3, 1e-3, 0.7],
                      "kurtosis": [3, 1e-3, 0.8]}[model])  # fmt: skip
    signal, slopes = np.empty(B.size), np.empty((theta.size, B.size))
    solver.curve(solver.KINDS[model], B, theta, signal, slopes)
    assert_allclose(signal, MODELS[model].function(B, *theta), rtol=1e-13)
    assert_allclose(slopes.T, MODELS[model].jacobian(B, *theta), rtol=1e-11, atol=1e-14)


@pytest.mark.parametrize("model", list(solver.KINDS))
def test_second_derivatives_are_those_of_the_slopes(model):
    """Newton's matrix has the second derivatives that differences of the Jacobian show."""
    theta = np.array({"monoexponential": [3, 1e-3], "biexponential": [3, 1e-3, 2e-2, 0.3], "stretched": [3, 1e-3, 0.7],
                      "kurtosis": [3, 1e-3, 0.8]}[model])  # fmt: skip
    pull = np.linspace(1, 2, B.size)
    slopes, hessian = (
        np.ascontiguousarray(MODELS[model].jacobian(B, *theta).T),
        np.zeros((theta.size, theta.size)),
    )
    solver.bend(solver.KINDS[model], B, theta, slopes, pull, hessian)
    for p in range(theta.size):
        step = np.zeros(theta.size)
        step[p] = 1e-5 * theta[p]
        change = (
            MODELS[model].jacobian(B, *(theta + step)) - MODELS[model].jacobian(B, *(theta - step))
        ) / (2 * step[p])
        expected = -pull @ change
        assert_allclose(
            hessian[p, : p + 1], expected[: p + 1], rtol=1e-5, atol=1e-6 * np.abs(expected).max()
        )


def test_noise_floor_tables_are_the_rician_mean():
    """The compiled floor agrees with Bessel functions to 1e-8, on the tables and beyond them."""
    amplitude = np.linspace(0, 40, 3001)
    signal, gain, bow = amplitude * 2.0, np.empty(3001), np.empty(3001)
    solver.raise_floor(np.full(3001, 2.0), signal, gain, bow)
    assert_allclose(signal, noise.rician_mean(amplitude * 2, 2.0), rtol=0, atol=2e-7)
    assert_allclose(gain, noise.rician_slope(amplitude * 2, 2.0), rtol=0, atol=1e-6)


def test_noise_floor_takes_away_half_of_the_bias_of_slow_diffusion():
    """Median bias of D at SNR 50: about -.011e-3 for plain least squares, within .006e-3 with the
    noise floor (±.0007 here)."""
    signals, truth = voxels(20_000, seed=2)
    plain = np.nanmedian(ivim.fit_maps(signals, B)["adc_slow"] - truth["adc_slow"])
    floor = np.nanmedian(ivim.fit_maps(signals, B, sigma=0.02)["adc_slow"] - truth["adc_slow"])
    assert -0.014e-3 < plain < -0.008e-3
    assert abs(floor) < 0.006e-3


def test_segmented_fit_has_the_better_fraction():
    """RMSE of f at SNR 50 is at most .032 for the segmented fit."""
    signals, truth = voxels(20_000, seed=3)
    segmented = ivim.fit_maps(signals, B, method="segmented")
    assert np.sqrt(np.mean((segmented["f"] - truth["f"]) ** 2)) <= 0.032


@pytest.mark.parametrize("model", ["monoexponential", "biexponential", "stretched"])
def test_noise_free_voxels_give_their_parameters_back(model):
    """A signal made by a model is fitted by it to eight digits."""
    truth = {
        "adc_stand": 1.1e-3,
        "adc_slow": 0.8e-3,
        "adc_fast": 2.1e-2,
        "f": 0.23,
        "ddc": 1.2e-3,
        "alpha": 0.76,
    }
    values = {name: truth[name] for name in get_model(model).measured}
    maps = ivim.fit_maps(
        MODELS[model].function(B, 900.0, **values)[None], B, model, averages=AVERAGES
    )
    assert_allclose([maps[name][0] for name in values], list(values.values()), rtol=1e-8)
    assert_allclose(maps["s0"], 900.0, rtol=1e-8)


def test_second_process_compiles_nothing():
    """The compiled code comes from numba's cache on the second start."""
    Plan("biexponential", B, np.ones(10)).fit(voxels(2)[0])  # fills the cache
    script = (
        "import numpy as np, ivim\n"
        "from ivim.signal.solver import fit_block\n"
        "from ivim.article import B_VALUES\n"
        "b = np.array(B_VALUES, float); ivim.fit_maps(np.exp(-b * 1e-3)[None], b)\n"
        "stats = fit_block.stats\n"
        "print(sum(stats.cache_misses.values()), sum(stats.cache_hits.values()))"
    )
    told = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    ).stdout.split()
    assert told == ["0", "1"]
