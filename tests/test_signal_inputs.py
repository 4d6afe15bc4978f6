"""What users hand over: every common container works, and what cannot is refused in one line."""

import warnings

import nibabel
import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.optimize import Bounds
from test_engine import voxels

import ivim
from ivim import article
from ivim.parameters import Parameter
from ivim.signal import reasons
from ivim.signal.models import MODELS, SignalModel, check_bounds

B = np.array(article.B_VALUES, float)
SIGNALS = voxels(24, seed=7, scale=100)[0]
CLEAN = MODELS["biexponential"].function(B, 100.0, 1e-3, 0.02, 0.2)


class Triexponential(SignalModel):
    """Tissue, capillaries and larger vessels (Riexinger et al. 2020, Magn Reson Med 84:1824)."""

    name = "triexponential"
    parameters = (
        "s0",
        "adc_slow",
        Parameter("d_mid", "D mid", "capillaries", "mm²/s", (4e-3, 3e-2), "this test"),
        Parameter("d_big", "D big", "larger vessels", "mm²/s", (5e-2, 1.0), "this test"),
        Parameter("f_mid", "f mid", "share of capillaries", "", (0.0, 0.5), "this test"),
        Parameter("f_big", "f big", "share of vessels", "", (0.0, 0.5), "this test"),
    )

    @staticmethod
    def function(b, s0, adc_slow, d_mid, d_big, f_mid, f_big):
        """Signal at b."""
        tissue = (1 - f_mid - f_big) * np.exp(-b * adc_slow)
        return s0 * (tissue + f_mid * np.exp(-b * d_mid) + f_big * np.exp(-b * d_big))


class Offset(SignalModel):
    """One decay and a constant, in as few lines as a model can have."""

    name = "offset"
    parameters = ("s0", "adc_stand", "rest")
    bounds = {"s0": (0.0, 2.0), "adc_stand": (0.0, 1e-2), "rest": (0.0, 0.5)}

    @staticmethod
    def function(b, s0, adc_stand, rest):
        """Signal at b."""
        return s0 * ((1 - rest) * np.exp(-b * adc_stand) + rest)


@pytest.mark.parametrize(
    "held",
    [
        lambda y: pd.DataFrame(y, columns=[f"b{x:g}" for x in B]),
        lambda y: y.tolist(),
        lambda y: np.ma.masked_array(y, mask=np.zeros_like(y, bool)),
        lambda y: y.astype(np.float32).astype(float),
    ],
    ids=["DataFrame", "list", "masked array", "float32"],
)
def test_containers_give_the_maps_of_their_array(held):
    """A DataFrame has a voxel a row; lists and masked arrays without a masked sample are arrays."""
    found = ivim.fit_maps(held(SIGNALS), B)
    assert_allclose(found["f"], ivim.fit_maps(SIGNALS, B)["f"], rtol=1e-4)


def test_a_masked_sample_leaves_its_voxel_out():
    """The mask of a masked array counts: a voxel with a masked sample is outside."""
    hidden = np.zeros_like(SIGNALS, bool)
    hidden[3, 5] = True
    found = ivim.fit_maps(np.ma.masked_array(SIGNALS, hidden), B)
    assert_array_equal(np.flatnonzero(found["reason"] == reasons.OUTSIDE_MASK), [3])
    assert np.isnan(found["f"][3])
    with pytest.raises(ValueError, match=r"1 sample\(s\) of the signal are masked; leave them out"):
        ivim.fit(np.ma.masked_array(SIGNALS[3], hidden[3]), B)


def test_nibabel_images_are_read_as_they_are():
    """Image and mask as nibabel images, scaled as their headers say."""
    image = nibabel.Nifti1Image(SIGNALS.reshape(2, 3, 4, 10), np.eye(4))
    mask = nibabel.Nifti1Image(np.ones((2, 3, 4), np.uint8), np.eye(4))
    found = ivim.fit_maps(image, B, mask=mask)
    assert_array_equal(found["f"].ravel(), ivim.fit_maps(SIGNALS, B)["f"])


def test_noise_level_may_be_a_map():
    """Each voxel is fitted at its own level; the map has to have the shape of the volume."""
    level = np.where(np.arange(24) < 12, 1.0, 4.0)
    found = ivim.fit_maps(SIGNALS, B, sigma=level)
    for value in (1.0, 4.0):
        alone = ivim.fit_maps(SIGNALS[level == value], B, sigma=value)
        assert_array_equal(found["adc_slow"][level == value], alone["adc_slow"])
    with pytest.raises(ValueError, match=r"sigma has shape \(3,\); give one number, or a map of"):
        ivim.fit_maps(SIGNALS, B, sigma=np.ones(3))
    with pytest.raises(ValueError, match="sigma holds 0; give the noise level"):
        ivim.fit_maps(SIGNALS, B, sigma=np.zeros(24))
    with pytest.raises(ValueError, match=r"sigma has shape \(24,\); give one number"):
        ivim.fit(CLEAN, B, sigma=level)


@pytest.mark.parametrize(
    "bounds",
    [
        ([0, 0, 8e-3, 0.05], [500, 3e-3, 0.1, 0.4]),
        Bounds([0, 0, 8e-3, 0.05], [500, 3e-3, 0.1, 0.4]),
        {"s0": (0, 500), "adc_slow": (0, 3e-3), "adc_fast": [8e-3, 0.1], "f": (0.05, 0.4)},
    ],
    ids=["scipy's pair", "scipy's Bounds", "dict"],
)
def test_bounds_as_scipy_has_them(bounds):
    """(lows, highs) in the model's order are the same as a dict by name, for signals and maps."""
    named = {"s0": (0, 500), "adc_slow": (0, 3e-3), "adc_fast": (8e-3, 0.1), "f": (0.05, 0.4)}
    assert check_bounds(MODELS["biexponential"], bounds) == named
    assert ivim.fit(SIGNALS[0], B, bounds=bounds).values == (
        ivim.fit(SIGNALS[0], B, bounds=named).values
    )
    found = ivim.fit_maps(SIGNALS, B, bounds=bounds)["f"]
    assert_array_equal(found, ivim.fit_maps(SIGNALS, B, bounds=named)["f"])


@pytest.mark.parametrize("edge", [None, np.inf])
def test_an_open_edge_stays_as_it_is(edge):
    """None or infinity in bounds means the default on that side, for s0 that of the signal."""
    model = MODELS["biexponential"]
    assert check_bounds(model, {"f": (0.1, edge)}) == {"f": (0.1, 1.0)}
    assert check_bounds(model, {"f": (None, None)}) == {}
    bounds = {"s0": (110.0, edge), "f": (0.1, edge)}
    fit, maps = ivim.fit(CLEAN, B, bounds=bounds), ivim.fit_maps(CLEAN[None], B, bounds=bounds)
    assert fit.values["s0"] == 110.0
    assert_allclose(maps["s0"][0], 110.0, rtol=1e-12)


@pytest.mark.parametrize("fixed", [{"adc_fast": 0.03}, {"f": 0.25}, {"s0": 101.0, "f": 0.2}])
@pytest.mark.parametrize("sigma", [None, 2.0])
def test_fixed_parameters_are_held_on_both_paths(fixed, sigma):
    """Values stand, standard errors of the others and AICc agree, and count the free parameters."""
    maps = ivim.fit_maps(SIGNALS, B, fixed=fixed, sigma=sigma)
    for i in range(4):
        fit = ivim.fit(SIGNALS[i], B, fixed=fixed, sigma=sigma)
        assert_allclose(maps["residual"][i] ** 2 * B.size, fit.sse, rtol=1e-6)
        assert_allclose(maps["aicc"][i], fit.aicc, rtol=1e-6)
        for name in fit.values:
            if name in fixed:
                assert maps[name][i] == fit.values[name] == fixed[name]
                assert np.isnan(maps[f"{name}_se"][i]) and np.isnan(fit.stderr[name])
            elif fit.reason == reasons.OK:
                assert_allclose(maps[name][i], fit.values[name], rtol=1e-5)
                assert_allclose(maps[f"{name}_se"][i], fit.stderr[name], rtol=1e-4)


def test_fixed_is_the_smaller_model():
    """With D* and f at nothing the bi-exponential has the mono-exponential's fit and AICc."""
    held = ivim.fit(SIGNALS[0], B, fixed={"adc_fast": 0.02, "f": 0.0})
    mono = ivim.fit(SIGNALS[0], B, "monoexponential", bounds={"adc_stand": (0, 5e-3)})
    assert_allclose(held.values["adc_slow"], mono.values["adc_stand"], rtol=1e-6)
    assert_allclose([held.aicc, held.sse], [mono.aicc, mono.sse], rtol=1e-9)
    segmented = ivim.fit_maps(SIGNALS, B, method="segmented", fixed={"adc_fast": 0.02})
    assert (segmented["adc_fast"] == 0.02).all()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"b": B / 1000}, "largest b is 1.5; b-values are in s/mm², so give 1500"),
        (
            {"data": np.moveaxis(SIGNALS.reshape(4, 6, 10), -1, 0)},
            "b is the first axis; give np.mov",
        ),
        ({"threads": 0}, "threads is 0; give a whole number from 1 on, or -1"),
        ({"threads": 1.5}, "threads is 1.5"),
        ({"data": np.array([["a", "b"]])}, "give real magnitudes"),
        ({"data": [[1, 2], [3]]}, "rows of different lengths"),
        ({"bounds": [(0, 1)]}, r"give \(low, high\) by parameter name, or \(lows, highs\)"),
        ({"bounds": {"f": 3}}, "bounds of f are '3'; give two numbers"),
        ({"bounds": {"f": (np.nan, 1)}}, r"bounds of f are \(nan, 1.0\)"),
        ({"bounds": ([0, 0], [1, 1])}, r"give \(low, high\) by parameter name"),
        ({"fixed": {"g": 1.0}}, "fixed has 'g', which is no parameter of the biexponential"),
        ({"fixed": {"f": 2.0}}, "fixed f is 2.0; give one number between 0 and 1"),
        ({"fixed": {"f": "x"}}, "fixed f is 'x'"),
        ({"fixed": {"f": 0.2}, "bounds": {"f": (0, 1)}}, "f is both fixed and bounded"),
        ({"fixed": dict.fromkeys(MODELS["biexponential"].parameters, 5e-3)}, "all parameters"),
        ({"fixed": {"adc_slow": 1e-3}, "method": "segmented"}, "segmented fit finds adc_slow"),
        (
            {"fixed": {"s0": 1.0}, "method": "log-linear", "model": "monoexponential"},
            "fixed goes w",
        ),
        ({"sigma": "guess"}, "sigma is 'guess'; give the noise level"),
        ({"sigma": -1.0}, "sigma is -1.0; give the noise level"),
        ({"model": Triexponential}, "model is <class"),
    ],
)
def test_what_cannot_be_is_one_line(arguments, words):
    """What is wrong, the value met and what is accepted."""
    arguments = {"data": SIGNALS, "b": B} | arguments
    with pytest.raises(ValueError, match=words) as caught:
        ivim.fit_maps(arguments.pop("data"), arguments.pop("b"), **arguments)
    assert "\n" not in str(caught.value)


def test_all_cores_may_be_minus_one():
    """`threads=-1` is every core, as elsewhere in Python."""
    assert_array_equal(ivim.fit_maps(SIGNALS, B, threads=-1)["f"], ivim.fit_maps(SIGNALS, B)["f"])


@pytest.mark.parametrize("model", [Triexponential(), Offset()], ids=lambda one: one.name)
def test_a_model_of_ones_own_works_everywhere(model):
    """Noise-free values come back from `fit`; `fit_maps` gives the same, and says why it is
    slow."""
    b = np.concatenate([B, [10, 30, 75, 600]])
    truth = {"s0": 300.0, "adc_slow": 1.1e-3, "d_mid": 1.2e-2, "d_big": 0.2, "f_mid": 0.15,
             "f_big": 0.1, "adc_stand": 2e-3, "rest": 0.1}  # fmt: skip
    truth = {name: truth[name] for name in model.parameters}
    signal = model.function(b, **truth)
    fit = ivim.fit(signal, b, model)
    assert_allclose([fit.values[name] for name in truth], list(truth.values()), rtol=1e-4)
    with pytest.warns(UserWarning, match=f"the {model.name} model is not compiled"):
        maps = ivim.fit_maps(np.stack([signal, signal * 0])[None], b, model, threads=1)
    assert_allclose([maps[name][0, 0] for name in truth], list(fit.values.values()), rtol=1e-9)
    assert_array_equal(maps["reason"][0], [fit.reason, reasons.NOT_POSITIVE])


def test_a_model_of_ones_own_has_its_own_units_and_bounds():
    """The table of a fit is in the units of the model's parameters; bounds may be replaced."""
    b = np.concatenate([B, [10, 30, 75, 600]])
    model = Triexponential()
    signal = model.function(b, 300.0, 1.1e-3, 1.2e-2, 0.2, 0.15, 0.1)
    fit = ivim.fit(signal, b, model, bounds={"f_big": (0.0, 0.05)})
    table = fit.table().set_index("parameter")
    assert table.loc["d_mid", "unit"] == "10⁻³ mm²/s" and table.loc["f_mid", "unit"] == ""
    assert_allclose(table.loc["f_big", "value"], 0.05)


def test_own_and_compiled_models_go_together():
    """In one call, each map under its parameter's name; what both have under NAME_MODEL."""
    b = np.concatenate([B, [10, 30, 75, 600]])
    signals = np.stack([Triexponential.function(b, 300.0, 1e-3, 1e-2, 0.2, 0.15, 0.1)] * 2)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        maps = ivim.fit_maps(signals, b, ["biexponential", Triexponential()])
    assert {"adc_slow_biexponential", "adc_slow_triexponential", "d_mid", "f"} <= set(maps)
    assert_array_equal(maps["preferred"], 1)


def test_other_processes_give_the_same_voxels(monkeypatch):
    """A model of one's own on two processes: the same maps as on one."""
    monkeypatch.setattr("ivim.signal.reference.SERIAL", 1)
    with pytest.warns(UserWarning, match="not compiled"):
        one, two = (ivim.fit_maps(SIGNALS[:20], B, Offset(), threads=n) for n in (1, 2))
    assert_array_equal(one["rest"], two["rest"])


@pytest.mark.parametrize("model", list(MODELS))
@pytest.mark.parametrize("scale", [1e-20, 1e20])
def test_signals_of_any_size(model, scale):
    """Signals of 1e-20 or 1e20 have the diffusivities of signals of 1, on both paths."""
    signal = CLEAN * (1 + 0.01 * np.cos(np.arange(10)))
    plain = ivim.fit_maps(signal[None], B, model)
    scaled = ivim.fit_maps(scale * signal[None], B, model)
    fit = ivim.fit(scale * signal, B, model)
    for name in MODELS[model].measured:
        assert_allclose(scaled[name], plain[name], rtol=1e-6)
        assert_allclose(fit.values[name], plain[name][0], rtol=1e-5)
        assert_allclose(fit.stderr[name], plain[f"{name}_se"][0], rtol=1e-4)


@pytest.mark.parametrize(
    ("image", "reason"),
    [
        (np.zeros((3, 3, 10)), "no signal above zero"),
        (np.full((3, 3, 10), np.nan), "NaN or infinite signal"),
        (np.full((3, 3, 10), 7.0), "saturated signal"),
        (np.full((3, 3, 10), -7.0), "no signal above zero"),
    ],
    ids=["zero", "NaN", "constant", "negative"],
)
def test_images_without_a_signal_say_so(image, reason):
    """No voxel succeeds, and the reasons are counted in words."""
    maps = ivim.fit_maps(image, B, "all")
    assert not maps["success"].any()
    assert reasons.count(maps["reason"]) == {reason: 9}
    assert ivim.fit(image[0, 0], B).reason_text == reason
