"""Fits of one signal: truth recovered, the global optimum, honest errors, reasons instead of wrong
numbers."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.optimize import least_squares

import ivim
from ivim import article
from ivim.signal import reasons
from ivim.signal.models import MODELS

B = np.array(article.B_VALUES, float)
AVERAGES = np.array(article.AVERAGES, float)
TRUTH = {
    "monoexponential": {"s0": 500.0, "adc_stand": 1.1e-3},
    "biexponential": {"s0": 500.0, "adc_slow": 0.8e-3, "adc_fast": 0.03, "f": 0.15},
    "stretched": {"s0": 500.0, "ddc": 1.2e-3, "alpha": 0.75},
    "kurtosis": {"s0": 500.0, "diffusivity": 1.2e-3, "kurtosis": 0.7},
}
every_model = pytest.mark.parametrize("model", list(MODELS))


def clean(model, b=B):
    return MODELS[model].function(np.asarray(b, float), **TRUTH[model])


def noisy(model, seed, sigma, averages=AVERAGES, b=B):
    """Averaged magnitudes of single excitations with noise level sigma."""
    rng = np.random.default_rng(seed)
    curve = clean(model, b)
    return np.array(
        [
            np.abs(
                s + sigma * (rng.standard_normal(int(n)) + 1j * rng.standard_normal(int(n)))
            ).mean()
            for s, n in zip(curve, averages, strict=True)
        ]
    )


@every_model
@pytest.mark.parametrize("scale", [1e-6, 1.0, 1e6])
def test_noise_free_truth_is_recovered_at_any_scale(model, scale):
    """Noise-free signals give their parameters back to 1e-7, whatever the scanner's units."""
    found = ivim.fit(scale * clean(model), B, model, averages=AVERAGES)
    expected = TRUTH[model] | {"s0": scale * TRUTH[model]["s0"]}
    assert found.success and found.reason == reasons.OK
    assert list(found.values) == list(MODELS[model].parameters)
    assert_allclose([found.values[name] for name in expected], list(expected.values()), rtol=1e-7)


@pytest.mark.parametrize(
    "b",
    [B[::-1], np.tile(B, 3), B[2:], np.repeat(B[1:], 2)],
    ids=["reversed", "three directions", "b from 50", "no b0, repeats"],
)
def test_any_set_of_b(b):
    """Unsorted b, repeats and a missing b = 0 change nothing in the answer to a noise-free
    signal."""
    found = ivim.fit(clean("biexponential", b), b)
    assert_allclose(list(found.values.values()), list(TRUTH["biexponential"].values()), rtol=1e-6)


@pytest.mark.parametrize("method", ["log-linear", "two-point"])
def test_linear_methods_are_exact_without_noise(method):
    """The straight line and the two-point formula recover a mono-exponential."""
    found = ivim.fit(clean("monoexponential"), B, "monoexponential", method=method)
    assert_allclose(list(found.values.values()), list(TRUTH["monoexponential"].values()), rtol=1e-9)


def test_two_point_is_the_formula_for_the_pair_asked_for():
    """ln(S0/S1200)/1200 whatever the other samples are, in lmfit's hands to 1e-9."""
    signal = noisy("biexponential", 1, 25.0)
    found = ivim.fit(signal, B, "monoexponential", method="two-point", pair=(0, 1200))
    assert_allclose(found.values["adc_stand"], np.log(signal[0] / signal[8]) / 1200, rtol=1e-9)


def test_log_linear_is_the_weighted_regression():
    """Slope and its standard error equal those of a textbook weighted regression of ln S."""
    signal = noisy("monoexponential", 2, 25.0)
    found = ivim.fit(signal, B, "monoexponential", method="log-linear", averages=AVERAGES)
    design = np.stack([np.ones_like(B), B], axis=1) * np.sqrt(AVERAGES)[:, None]
    target = np.log(signal) * np.sqrt(AVERAGES)
    line, rest, *_ = np.linalg.lstsq(design, target, rcond=None)
    error = np.sqrt(rest[0] / 8 * np.linalg.inv(design.T @ design)[1, 1])
    assert_allclose(
        [found.values["adc_stand"], found.stderr["adc_stand"]], [-line[1], error], rtol=1e-6
    )


def test_segmented_slow_part_comes_from_high_b_alone():
    """Samples below the threshold move f but not adc_slow."""
    signal = noisy("biexponential", 3, 10.0)
    lifted = np.where(B < 200, 1.05 * signal, signal)
    plain, other = (ivim.fit(s, B, method="segmented", averages=AVERAGES) for s in (signal, lifted))
    assert_allclose(other.values["adc_slow"], plain.values["adc_slow"], rtol=1e-9)
    assert other.values["f"] > plain.values["f"] + 0.02


def test_segmented_standard_errors_are_those_of_repeats():
    """Predicted standard errors of a segmented fit agree with the scatter over 100 repeats within
    20 %."""
    fits = [
        ivim.fit(noisy("biexponential", seed, 4.0), B, method="segmented", averages=AVERAGES)
        for seed in range(100)
    ]
    for name in ("adc_slow", "f"):
        scatter = np.std([one.values[name] for one in fits])
        assert_allclose(
            np.sqrt(np.mean([one.stderr[name] ** 2 for one in fits])), scatter, rtol=0.2
        )


@pytest.mark.parametrize("snr", [10, 50])
def test_biexponential_optimum_is_global(snr):
    """No random start out of 15 finds a smaller sum of squares, on 15 noisy voxels (two basins at
    the edges of D*)."""
    rng, model = np.random.default_rng(snr), MODELS["biexponential"]
    for _ in range(15):
        curve = model.function(
            B, 1.0, rng.uniform(0.4e-3, 2e-3), rng.uniform(8e-3, 60e-3), rng.uniform(0.05, 0.5)
        )
        signal = np.abs(curve + (rng.standard_normal(10) + 1j * rng.standard_normal(10)) / snr)
        low, high = np.array(list(model.limits(signal, B).values())).T
        rest = min(
            2 * least_squares(
                lambda x, y=signal: model.function(B, *x) - y,
                low + (high - low) * rng.uniform(0.01, 0.99, 4),
                jac=lambda x: model.jacobian(B, *x), bounds=(low, high), x_scale="jac",
            ).cost
            for _ in range(15)
        )  # fmt: skip
        assert ivim.fit(signal, B).sse <= rest * (1 + 1e-6)


def test_averages_are_weights():
    """A sample averaged n times counts as n samples: values and standard errors up to the degrees
    of freedom."""
    signal, counts = noisy("biexponential", 4, 10.0), AVERAGES.astype(int)
    weighted = ivim.fit(signal, B, averages=AVERAGES)
    repeated = ivim.fit(np.repeat(signal, counts), np.repeat(B, counts))
    assert_allclose(list(weighted.values.values()), list(repeated.values.values()), rtol=1e-6)
    freedom = np.sqrt((counts.sum() - 4) / 6)
    assert_allclose(weighted.stderr["f"], repeated.stderr["f"] * freedom, rtol=1e-5)


def test_bounds_are_kept_and_replaceable():
    """A bound given by the user holds the parameter, in the units of the values."""
    found = ivim.fit(clean("biexponential"), B, bounds={"adc_fast": (0.04, 0.2), "s0": (300, 499)})
    assert 0.04 <= found.values["adc_fast"] <= 0.2
    assert found.values["s0"] <= 499
    assert found.reason == reasons.AT_BOUND and np.isnan(found.stderr["s0"])


def test_noise_floor_takes_the_bias_out_of_slow_diffusion():
    """At an ROI's precision and SNR 15 the bare fit of adc_slow is too low by over 2 %, the Rician
    fit right within 1 %."""
    rng, sigma = np.random.default_rng(6), 500 / 15
    draws = np.abs(
        clean("biexponential")
        + sigma * (rng.standard_normal((40_000, 10)) + 1j * rng.standard_normal((40_000, 10)))
    )
    signal = draws.mean(axis=0)
    bare, risen = ivim.fit(signal, B), ivim.fit(signal, B, sigma=sigma)
    assert bare.values["adc_slow"] < 0.98 * TRUTH["biexponential"]["adc_slow"]
    assert_allclose(risen.values["adc_slow"], TRUTH["biexponential"]["adc_slow"], rtol=0.01)


def test_estimated_noise_is_that_of_one_excitation():
    """The root mean square estimate over 40 signals of 1 to 8 averages is the noise level of one
    excitation within 10 %."""
    found = [
        ivim.fit(noisy("biexponential", seed, 20.0), B, averages=AVERAGES, sigma="estimate").sigma
        for seed in range(40)
    ]
    assert_allclose(np.sqrt(np.mean(np.square(found))), 20.0, rtol=0.1)


def test_confidence_limits_cover():
    """Wald 95 % limits of f hold the truth in 88-99 % of 100 repeats."""
    fits = (
        ivim.fit(noisy("biexponential", seed, 4.0), B, averages=AVERAGES) for seed in range(100)
    )
    rows = [one.confidence().set_index("parameter").loc["f"] for one in fits]
    covered = np.mean([row["ci_low"] <= 0.15 <= row["ci_high"] for row in rows])
    assert 0.88 <= covered <= 0.99


def test_profile_limits_meet_the_f_quantile():
    """At a profile limit the sum of squares exceeds its minimum by the F quantile; D* reaches
    further up than down."""
    from scipy import stats

    found = ivim.fit(noisy("biexponential", 7, 8.0), B, averages=AVERAGES)
    rows = found.confidence(limits="profile").set_index("parameter")
    held, _ = found.problem.optimum(held={"f": rows.loc["f", "ci_high"]})
    assert_allclose(found.problem.sse(held) / found.sse, 1 + stats.f.ppf(0.95, 1, 6) / 6, rtol=1e-3)
    fast = rows.loc["adc_fast"]
    assert fast["ci_high"] - fast["value"] > fast["value"] - fast["ci_low"]


@pytest.mark.parametrize("f", [0.0, 1.0])
def test_parameters_without_influence_have_no_standard_error(f):
    """Where f = 0, D* does not show, and where f = 1, D does not: NaN errors and a remark, finite
    errors for the rest."""
    hidden, seen = ("adc_fast", "adc_slow") if f == 0 else ("adc_slow", "adc_fast")
    pure = ivim.fit(MODELS["biexponential"].function(B, 100.0, 1e-3, 0.02, f), B)
    assert pure.success and pure.reason == reasons.UNIDENTIFIABLE
    assert np.isnan(pure.stderr[hidden]) and np.isnan(pure.stderr["f"])
    assert_allclose(pure.values["f"], f, atol=1e-9)
    assert_allclose(pure.values[seen], 1e-3 if f == 0 else 0.02, rtol=1e-6)
    assert np.isfinite([pure.stderr[seen], pure.stderr["s0"]]).all()


BAD = {
    "negative": (-100 * np.exp(-B * 1e-3), reasons.NOT_POSITIVE),
    "all zero": (np.zeros(10), reasons.NOT_POSITIVE),
    "nan": (np.where(B == 0, np.nan, 1.0 + B), reasons.NOT_FINITE),
    "infinite": (np.where(B == 0, np.inf, 1.0 + B), reasons.NOT_FINITE),
    "saturated": (np.minimum(100 * np.exp(-B * 1e-3), 88.0), reasons.SATURATED),
}
METHODS = [
    ("biexponential", {}),
    ("biexponential", {"method": "segmented"}),
    ("biexponential", {"sigma": "estimate"}),
    ("stretched", {}),
    ("kurtosis", {}),
    ("monoexponential", {"method": "log-linear"}),
    ("monoexponential", {"method": "two-point"}),
]


@pytest.mark.parametrize(("model", "options"), METHODS)
@pytest.mark.parametrize(("place", "sample"), [(400, 0.0), (800, -1.0)])
def test_a_sample_of_zero_or_below_leaves_a_fit(model, options, place, sample):
    """What is interpolated or denoised falls below zero: values stand, with some remark."""
    signal = np.where(place == B, sample, noisy("biexponential", 3, 10.0))
    found = ivim.fit(signal, B, model, **options)
    assert found.success and np.isfinite(list(found.values.values())).all()
    used = options.get("method") != "two-point"  # its two samples are above zero
    remarks = (reasons.SOME_NOT_POSITIVE, reasons.AT_BOUND, reasons.UNIDENTIFIABLE)
    assert found.reason in (remarks if used else (reasons.OK, *remarks))


@pytest.mark.parametrize(("model", "options"), METHODS)
@pytest.mark.parametrize("name", BAD)
def test_unusable_signals_give_nan_and_a_reason(name, model, options):
    """No exception and no number: NaN values, NaN errors, NaN AICc, success False, the reason's
    code."""
    signal, reason = BAD[name]
    found = ivim.fit(signal, B, model, **options)
    assert not found.success and found.reason == reason
    assert np.isnan([*found.values.values(), *found.stderr.values(), found.aicc]).all()
    assert found.confidence()["ci_low"].isna().all() and np.isnan(found.predict(B)).all()


def test_a_given_ceiling_marks_saturation():
    """A single sample at the stated ceiling is enough."""
    assert ivim.fit(clean("biexponential"), B, saturation=500.0).reason == reasons.SATURATED
    assert ivim.fit(clean("biexponential"), B, saturation=501.0).success


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize(("model", "options"), METHODS)
@pytest.mark.parametrize("kind", ["noise", "rising", "steep"])
def test_signals_without_decay_stay_finite_and_are_remarked(kind, model, options):
    """Pure noise, a rising curve and one gone after the first b: finite values inside the bounds,
    no warning."""
    signal = {
        "noise": np.random.default_rng(3).rayleigh(1.0, 10),
        "rising": 100 * np.exp(1e-4 * B),
        "steep": 100 * np.exp(-0.5 * B) + 1e-9,
    }[kind]
    found = ivim.fit(signal, B, model, **options)
    assert found.success and np.isfinite(list(found.values.values())).all()
    for name, (low, high) in MODELS[model].limits(signal, B).items():
        assert low <= found.values[name] <= high


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"b": B[:-1]}, r"signal has shape \(10,\), b \(9,\)"),
        ({"averages": AVERAGES[:3]}, r"averages \(3,\)"),
        ({"averages": np.zeros(10)}, "averages hold 0"),
        ({"b": -B}, "b is -20; b-values are finite and not negative"),
        ({"model": "biexp"}, "unknown model 'biexp'"),
        ({"method": "bayes"}, "unknown method 'bayes'; known are full, segmented"),
        ({"method": "log-linear"}, "is for the monoexponential model"),
        ({"b": np.repeat([0.0, 500.0], 5)}, "2 different b-value.* for the 4 parameters"),
        ({"method": "segmented", "threshold": 1500}, "1 b-value.* from the threshold of 1500"),
        (
            {"model": "monoexponential", "method": "two-point", "pair": (0, 1000)},
            "give two different values out of b",
        ),
        ({"sigma": -1.0}, "sigma is -1.0"),
        ({"sigma": 1.0, "method": "segmented"}, "sigma goes with method 'full' only"),
        ({"averaging": "sum"}, "averaging is 'sum'"),
        ({"bounds": {"adc": (0, 1)}}, "bounds for 'adc'"),
    ],
)
def test_wrong_arguments_are_refused(arguments, words):
    """Arguments that do not go together are a ValueError that says what was met."""
    with pytest.raises(ValueError, match=words):
        ivim.fit(clean("biexponential"), **({"b": B} | arguments))


def test_roi_is_the_mean_signal_of_the_mask():
    """fit_roi equals fit of the mean over the masked voxels, and refuses a mask that does not fit
    or is empty."""
    data = np.stack(
        [[noisy("biexponential", 10 * i + j, 10.0) for j in range(3)] for i in range(2)]
    )
    mask = np.array([[1, 0, 1], [0, 1, 0]])
    found = ivim.fit_roi(data, B, mask, averages=AVERAGES)
    assert found.values == ivim.fit(data[mask == 1].mean(axis=0), B, averages=AVERAGES).values
    with pytest.raises(ValueError, match=r"mask has shape \(3,\)"):
        ivim.fit_roi(data, B, mask[0])
    with pytest.raises(ValueError, match="mask is empty"):
        ivim.fit_roi(data, B, 0 * mask)


def test_roi_noise_is_estimated_per_excitation_and_voxel():
    """The noise level found in an ROI of 60 voxels is that of one voxel and excitation, within a
    factor of 1.6 (6 degrees of freedom)."""
    data = np.stack([noisy("biexponential", seed, 20.0) for seed in range(60)])
    assert (
        20 / 1.6
        < ivim.fit_roi(data, B, np.ones(60), averages=AVERAGES, sigma="estimate").sigma
        < 20 * 1.6
    )


@every_model
def test_comparison_prefers_the_model_that_made_the_signal(model):
    """At ROI-level noise AICc puts the true model first; weights add up to 1 and delta starts at
    0."""
    frame = ivim.compare_models(noisy(model, 8, 0.5), B, averages=AVERAGES)
    assert frame["model"][0] == model
    assert_allclose(frame["weight"].sum(), 1.0)
    assert frame["delta"][0] == 0 and set(frame["model"]) == set(MODELS)


def test_table_is_in_the_units_of_tables():
    """The printed table has diffusivities in 10⁻³ mm²/s and fractions as they are."""
    table = ivim.fit(clean("biexponential"), B).table().set_index("parameter")
    assert_allclose(table.loc[["adc_slow", "adc_fast", "f"], "value"], [0.8, 30.0, 0.15], rtol=1e-6)
    assert table.loc["adc_slow", "unit"] == "10⁻³ mm²/s" and table.loc["f", "unit"] == ""


def test_lmfit_result_is_whole():
    """The lmfit result carries the same values and can report and evaluate at other b."""
    found = ivim.fit(noisy("biexponential", 9, 5.0), B, averages=AVERAGES)
    assert found.lmfit.best_values == found.values
    assert "adc_fast" in found.lmfit.fit_report()
    assert_allclose(found.lmfit.eval(b=np.array([0.0, 300.0])), found.predict([0.0, 300.0]))
