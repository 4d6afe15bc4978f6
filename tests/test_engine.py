"""The voxel engine: exact, the same answer as the reference fit, no compilation on a second
start."""

import os
import subprocess
import sys

import numpy as np
import pytest
from numba import njit
from numpy.testing import assert_allclose
from scipy.optimize import least_squares

import ivim
from ivim import article
from ivim.signal import compiling, noise, reasons, solver
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


POINTS = {
    "monoexponential": [3, 1e-3],
    "biexponential": [3, 1e-3, 2e-2, 0.3],
    "stretched": [3, 1e-3, 0.7],
    "kurtosis": [3, 1e-3, 0.8],
}
every_model = pytest.mark.parametrize("model", list(MODELS))


def one_pass(model, theta, signal, w, sigma=None):
    """What the compiled pass finds at theta: sum of squares, downhill, Gauss-Newton, Newton."""
    desk = np.zeros(solver.ROWS * solver.SLOTS)
    rows = desk.reshape(solver.ROWS, solver.SLOTS)
    rows[solver.TRIAL : solver.TRIAL + len(theta)] = np.array(theta)[:, None]
    rows[solver.LEVEL] = 1.0
    tall = np.repeat(signal[:, None], solver.SLOTS, axis=1).ravel()
    floor = np.empty(0) if sigma is None else np.full(B.size, sigma)
    solver.evaluate(MODELS[model].kind, w, B, floor, solver.floor_tables(), tall, desk)
    found = rows[solver.T : solver.T + solver.RESULTS, 5]
    k, lower = len(theta), np.tril_indices(len(theta))
    triangles = []
    for first in (solver.GAUSS, solver.NEWTON):
        matrix = np.zeros((k, k))
        matrix[lower] = found[first : first + len(lower[0])]
        triangles.append(matrix + np.tril(matrix, -1).T)
    return found[0], found[solver.DOWN : solver.DOWN + k], *triangles


def expected(model, theta, sigma=None):
    """Signal and Jacobian in the same words as `ivim.fit` has them."""
    curve, columns = MODELS[model].function(B, *theta), MODELS[model].jacobian(B, *theta)
    if sigma is None:
        return curve, columns
    return noise.rician_mean(curve, sigma), columns * noise.rician_slope(curve, sigma)[:, None]


@every_model
@pytest.mark.parametrize("sigma", [None, 0.4])
def test_compiled_pass_has_the_models_signal_and_slopes(model, sigma):
    """Sum of squares, gradient and Gauss-Newton matrix are those of `ivim.signal.models`."""
    theta, w = POINTS[model], AVERAGES / AVERAGES.mean()
    signal = MODELS[model].function(B, *theta) + np.cos(np.arange(10))
    sse, down, gauss, _ = one_pass(model, theta, signal, w, sigma)
    curve, columns = expected(model, theta, sigma)
    tolerance = {"rtol": 1e-11} if sigma is None else {"rtol": 1e-6}
    assert_allclose(sse, np.sum(w * (signal - curve) ** 2), **tolerance)
    assert_allclose(down, columns.T @ (w * (signal - curve)), atol=1e-12, **tolerance)
    assert_allclose(gauss, columns.T @ (w[:, None] * columns), **tolerance)


@every_model
@pytest.mark.parametrize("sigma", [None, 0.4])
def test_newtons_matrix_is_the_derivative_of_the_gradient(model, sigma):
    """Newton's matrix is what differences of the compiled gradient show, to 1e-5."""
    theta, w = np.array(POINTS[model], float), AVERAGES / AVERAGES.mean()
    signal = MODELS[model].function(B, *theta) + np.cos(np.arange(10))
    newton = one_pass(model, theta, signal, w, sigma)[3]
    for p in range(theta.size):
        step = np.zeros(theta.size)
        step[p] = 1e-5 * theta[p]
        up, down = (one_pass(model, theta + sign * step, signal, w, sigma)[1] for sign in (1, -1))
        slope = (down - up) / (2 * step[p])
        assert_allclose(newton[p], slope, rtol=1e-5, atol=1e-5 * np.abs(slope).max())


def test_compiled_exponential_is_exact():
    """The exponential without branches agrees with numpy's to 4e-16, and underflows to 0."""
    x = np.concatenate([np.linspace(-700, 0, 5001), np.linspace(0, 300, 1001), [-1e4, -1e300]])
    found = np.array([_exp(value) for value in x])
    assert_allclose(found, np.exp(x), rtol=4e-16, atol=1e-300)


@njit
def _exp(x):
    return solver.exp(x)


def test_noise_floor_tables_are_the_rician_mean():
    """The compiled floor agrees with Bessel functions to 1e-7, on the tables and beyond them."""
    w = np.ones(10)
    for amplitude in np.linspace(0, 80, 301):
        theta = [amplitude, 0.0]
        sse, _, gauss, _ = one_pass("monoexponential", theta, np.zeros(10), w, 2.0)
        assert_allclose(np.sqrt(sse / 10), noise.rician_mean(amplitude, 2.0), rtol=0, atol=2e-7)
        slope = np.sqrt(gauss[0, 0] / 10)
        assert_allclose(slope, noise.rician_slope(amplitude, 2.0), rtol=0, atol=1e-6)


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
    """The compiled code comes from numba's cache on the second start, and is known to be there."""
    compiling.compile_all()
    script = (
        "import numpy as np, ivim\n"
        "from ivim.signal import solver\n"
        "from ivim.article import B_VALUES\n"
        "print(solver.is_compiled())\n"
        "b = np.array(B_VALUES, float); ivim.fit_maps(np.exp(-b * 1e-3)[None], b, 'all')\n"
        "stats = [one.stats for one in solver.FITTING]\n"
        "print(sum(sum(one.cache_misses.values()) for one in stats))\n"
        "print(sum(sum(one.cache_hits.values()) for one in stats))"
    )
    told = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    ).stdout.split()
    assert told == ["True", "0", str(len(solver.FITTING))]


def test_cache_is_that_of_the_processor():
    """For another processor nothing is compiled, although the files are the same and as old."""
    compiling.compile_all()
    script = "from ivim.signal import solver; print(solver.is_compiled())"
    told = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        text=True,
        check=True,
        env=os.environ | {"NUMBA_CPU_NAME": "nocona", "NUMBA_CPU_FEATURES": ""},
    ).stdout.split()
    assert told == ["False"]


def test_compile_tells_what_it_compiles(capsys):
    """Each function is named as it goes to the compiler, and counted once when it is done; one of
    somebody else's is not."""
    from numba.core import event

    from ivim.signal.compiling import told

    def compile_again(function):
        with event.trigger_event("numba:compile", data={"dispatcher": function}):
            pass

    with told(solver.FITTING, progress=True):
        for name in sorted(solver.compiled_names(solver.FITTING)):
            compile_again(getattr(solver, name))
            compile_again(getattr(solver, name))
        assert solver.exp.py_func.__name__ not in solver.compiled_names()
        compile_again(njit(lambda x: x))
    said = capsys.readouterr().err
    count = len(solver.compiled_names(solver.FITTING))
    assert f"{count}/{count}" in said and "standard errors" in said
    assert "likelihood" not in said and "lambda" not in said


def test_nothing_compiled_says_nothing(capsys):
    """With the compiled code at hand a fit is silent."""
    compiling.compile_all(progress=True)
    capsys.readouterr()
    ivim.fit_maps(np.exp(-B * 1e-3)[None], B)
    assert capsys.readouterr().err == ""


# Seed, SNR, averages, options, and rows of 20,000 voxels whose minimum near a bound of D* or f
# hides a better one.
HARD = {
    "weights": (2004, 20, AVERAGES, {}, [2877, 17064, 19945]),
    "bounds of f": (1014, 20, np.ones(B.size), {"bounds": {"f": (0, 0.25)}}, [678, 17662, 18187]),
    "noise floor": (1006, 10, np.ones(B.size), {"sigma": 0.1}, [3813]),
}


@pytest.mark.parametrize("case", HARD)
def test_hard_voxels_end_in_the_best_basin(case):
    """No sum of squares is above the least of scipy's from twelve starts, to 1e-4."""
    seed, snr, averages, options, rows = HARD[case]
    rng, n, model = np.random.default_rng(seed), 20_000, MODELS["biexponential"]
    f, slow = rng.uniform(0, 0.5, n), rng.uniform(0.2e-3, 2e-3, n)
    fast = np.exp(rng.uniform(np.log(5e-3), np.log(0.1), n))
    clean = model.function(B, 1.0, slow[:, None], fast[:, None], f[:, None])
    signals = noise.simulate(clean, 1 / snr, averages, rng)[rows]
    root, floor = np.sqrt(averages / averages.mean()), options.get("sigma", 0.0)
    maps = ivim.fit_maps(signals, B, averages=averages, **options)
    top = options.get("bounds", {"f": (0, 1)})["f"][1]
    for row, signal in enumerate(signals):

        def off(theta, signal=signal):
            return root * (signal - noise.rician_mean(model.function(B, *theta), floor))

        low, high = [0, 0, 5e-3, 0], [2 * signal.max(), 5e-3, 0.2, top]
        starts = [[1, d, fast, f * top] for d in (4e-4, 2e-3) for fast in (8e-3, 2e-2, 6e-2)
                  for f in (0.1, 0.6)]  # fmt: skip
        ends = [
            least_squares(off, start, bounds=(low, high), x_scale=[1, 1e-3, 1e-2, 0.1], xtol=1e-10)
            for start in starts
        ]
        ours = off([maps[name][row] for name in model.parameters])
        assert ours @ ours <= 2 * min(end.cost for end in ends) * (1 + 1e-4)
