"""The signal models: corrected equations, exact Jacobians, bounds as documented."""

import re

import numpy as np
import pytest
from numpy.testing import assert_allclose

from ivim import article, parameters
from ivim.signal import models
from ivim.signal.models import MODELS, aicc, check_bounds, get_model, log_line

B = np.array(article.B_VALUES, float)
TRUTH = {
    "s0": 800.0, "adc_stand": 1e-3, "adc_slow": 0.9e-3, "adc_fast": 0.03, "f": 0.2,
    "ddc": 1.1e-3, "alpha": 0.7, "diffusivity": 1.2e-3, "kurtosis": 0.8,
}  # fmt: skip
every_model = pytest.mark.parametrize("model", MODELS.values(), ids=list(MODELS))


def truth(model):
    return {name: TRUTH[name] for name in model.parameters}


@every_model
def test_signal_at_zero_is_s0_and_decays(model):
    """Each corrected equation gives s0 at b = 0 and falls with b, which two of the printed ones do
    not."""
    signal = model.function(B, **truth(model))
    assert_allclose(signal[0], TRUTH["s0"], rtol=1e-14)
    assert (np.diff(signal) < 0).all()


@every_model
def test_jacobian_is_the_derivative(model):
    """The analytic Jacobian agrees with central differences to 1e-8 of its largest element."""
    values = truth(model)
    jacobian = model.jacobian(B, **values)
    for column, name in enumerate(model.parameters):
        step = 1e-5 * values[name]
        up, down = (
            model.function(B, **values | {name: values[name] + sign * step}) for sign in (1, -1)
        )
        assert_allclose(
            jacobian[:, column],
            (up - down) / (2 * step),
            atol=1e-8 * np.abs(jacobian[:, column]).max(),
        )


def test_stretched_jacobian_at_zero_diffusion_is_finite():
    """At b = 0 and at DDC = 0 the stretched model's Jacobian is finite (a power of 0 times its
    logarithm)."""
    assert np.isfinite(models.Stretched.jacobian(B, 1.0, 0.0, 0.5)).all()


def test_models_meet_in_their_common_case():
    """Without blood, with alpha = 1 and without kurtosis, all models are the mono-exponential."""
    mono = MODELS["monoexponential"].function(B, 1.0, 1e-3)
    assert_allclose(MODELS["biexponential"].function(B, 1.0, 1e-3, 0.02, 0.0), mono, rtol=1e-14)
    assert_allclose(MODELS["stretched"].function(B, 1.0, 1e-3, 1.0), mono, rtol=1e-14)
    assert_allclose(MODELS["kurtosis"].function(B, 1.0, 1e-3, 0.0), mono, rtol=1e-14)


@every_model
def test_maps_of_parameters_broadcast(model):
    """Parameters of shape (voxels, 1) give signals of shape (voxels, n) and Jacobians of shape
    (voxels, n, k)."""
    values = {name: np.full((3, 1), value) for name, value in truth(model).items()}
    assert model.function(B, **values).shape == (3, B.size)
    assert model.jacobian(B, **values).shape == (3, B.size, len(model.parameters))


def test_documented_bounds_are_the_bounds_used():
    """The table in the module's documentation says what study.BOUNDS holds, for every parameter of
    every model."""
    rows = re.findall(r"^(\w+) +([\d.e-]+) to ([\d.e-]+) ", models.__doc__, flags=re.MULTILINE)
    documented = {name: (float(low), float(high)) for name, low, high in rows}
    used = {name: model.bounds[name] for model in MODELS.values() for name in model.parameters}
    assert documented == used == {name: parameters.bounds_of(name) for name in used}


def test_the_two_compartments_cannot_swap():
    """The slow coefficient ends where the fast one begins."""
    assert parameters.bounds_of("adc_slow")[1] <= parameters.bounds_of("adc_fast")[0]


@every_model
def test_guess_lies_inside_the_limits(model):
    """The guess from noise alone, too, can start a bounded fit."""
    signal = np.random.default_rng(0).rayleigh(20.0, B.size)
    guess = model.guess(signal, B)
    for name, (low, high) in model.limits(signal, B).items():
        assert low <= guess[name] <= high


@every_model
def test_lmfit_model_finds_the_truth(model):
    """The lmfit model with its own guess returns the values of a noise-free signal to 1e-6."""
    lmfit_model = model.lmfit_model()
    signal = model.function(B, **truth(model))
    found = lmfit_model.fit(signal, lmfit_model.guess(signal, b=B), b=B)
    assert_allclose(
        [found.best_values[name] for name in model.parameters],
        list(truth(model).values()),
        rtol=1e-6,
    )


def test_s0_limit_follows_the_lowest_b():
    """Without b = 0, s0 may lie above twice the largest signal, by as much as free water decays
    before the lowest b."""
    b = np.array([500.0, 1000.0])
    assert_allclose(
        MODELS["monoexponential"].limits(np.array([10.0, 5.0]), b)["s0"][1],
        2 * 10 * np.exp(1.5),
        rtol=1e-12,
    )


def test_log_line_is_exact_for_a_mono_exponential():
    """A straight line through the logarithm of a noise-free mono-exponential is exact, whatever the
    weights."""
    assert_allclose(
        log_line(7 * np.exp(-B * 2e-3), B, weights=np.array(article.AVERAGES)),
        (7.0, 2e-3),
        rtol=1e-12,
    )


def test_aicc_by_hand():
    """n = 10, k = 2, sse = 5: 10 ln .5 + 6 + 24/6 = 3.0685; without samples to spare it is NaN."""
    assert_allclose(aicc(5.0, 10, 2), 10 * np.log(0.5) + 6 + 4, rtol=1e-12)
    assert np.isnan(aicc(5.0, 4, 2))


def test_unknown_model_is_refused():
    """The message names the model met and those known."""
    with pytest.raises(
        ValueError, match="'triexponential'; known are monoexponential, biexponential"
    ):
        get_model("triexponential")


@pytest.mark.parametrize(
    ("bounds", "words"),
    [
        ({"alpha": (0, 1)}, "no parameter of the biexponential"),
        ({"f": (0.5, 0.5)}, "first has to be below"),
    ],
)
def test_wrong_bounds_are_refused(bounds, words):
    """Bounds of another model's parameter and empty intervals are refused."""
    with pytest.raises(ValueError, match=words):
        check_bounds(MODELS["biexponential"], bounds)
