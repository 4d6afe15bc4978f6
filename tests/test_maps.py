"""Maps: shapes, masks, reasons instead of wrong numbers, several models in one pass, data that stay
on disk."""

import json

import nibabel
import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from test_engine import best_of_many_starts, voxels

import ivim
from ivim import article
from ivim.signal import blocks, reasons
from ivim.signal.maps import estimate_sigma
from ivim.signal.models import MODELS, STUDY_MODELS

B = np.array(article.B_VALUES, float)
CLEAN = 100 * (0.8 * np.exp(-B * 1e-3) + 0.2 * np.exp(-B * 2e-2))


@pytest.fixture
def volume():
    """Noisy voxels as a volume of 6 x 5 x 4."""
    return voxels(120, seed=7, scale=100)[0].reshape(6, 5, 4, B.size)


def test_maps_have_the_leading_shape_and_nan_outside_the_mask(volume):
    """Any leading shape; outside the mask NaN, no success, and the reason."""
    mask = np.zeros((6, 5, 4))
    mask[1:3, 2:4, 0] = 1
    maps = ivim.fit_maps(volume, B, mask=mask)
    assert all(array.shape == (6, 5, 4) for array in maps.values())
    assert_array_equal(np.isfinite(maps["f"]), mask > 0)
    assert_array_equal(maps["success"], mask > 0)
    assert_array_equal(maps["reason"] == reasons.OUTSIDE_MASK, mask == 0)
    assert_array_equal(maps["f"][mask > 0], ivim.fit_maps(volume[mask > 0], B)["f"])


def test_one_signal_gives_maps_without_axes():
    """A single signal is a volume without axes."""
    maps = ivim.fit_maps(CLEAN, B)
    assert maps["f"].shape == ()
    assert_allclose(maps["f"], 0.2, rtol=1e-7)


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (lambda s: s.__setitem__(3, np.nan), reasons.NOT_FINITE),
        (lambda s: s.__setitem__(3, np.inf), reasons.NOT_FINITE),
        (lambda s: s.__setitem__(slice(None), 0), reasons.NOT_POSITIVE),
        (lambda s: s.__setitem__(slice(None), 4095), reasons.SATURATED),
        (lambda s: s.__setitem__(slice(0, 3), 4095), reasons.SATURATED),
    ],
)
@pytest.mark.parametrize("model", ["biexponential", "all"])
def test_spoilt_voxel_has_nan_and_a_reason(volume, spoil, reason, model):
    """A voxel that cannot be fitted gets NaN and its reason; its neighbours do not notice."""
    before = ivim.fit_maps(volume, B, model)
    spoil(volume[2, 2, 2])
    maps = ivim.fit_maps(volume, B, model)
    assert maps["reason"][2, 2, 2] == reason
    assert not maps["success"][2, 2, 2]
    assert np.isnan([maps[name][2, 2, 2] for name in maps if maps[name].dtype == float]).all()
    others = np.ones((6, 5, 4), bool)
    others[2, 2, 2] = False
    assert_array_equal(maps["adc_slow"][others], before["adc_slow"][others])


@pytest.mark.parametrize("sample", [0.0, -2.0])
@pytest.mark.parametrize("model", ["biexponential", "all", "kurtosis"])
def test_sample_of_zero_or_below_is_fitted_and_remarked(volume, sample, model):
    """Least squares need no logarithm: the voxel has the reference's values, and says so."""
    volume[2, 2, 2, 9] = sample
    maps = ivim.fit_maps(volume, B, model)
    assert maps["success"][2, 2, 2] and maps["reason"][2, 2, 2] == reasons.SOME_NOT_POSITIVE
    if model != "all":
        fit = ivim.fit(volume[2, 2, 2], B, model)
        assert fit.success and fit.reason == reasons.SOME_NOT_POSITIVE
        for name in fit.values:
            assert_allclose(maps[name][2, 2, 2], fit.values[name], rtol=1e-5)


def test_logarithms_leave_out_what_has_none(volume):
    """A log-linear fit is that of the samples above zero; a two-point one needs both."""
    volume[0, 0, 0, 7] = -1.0
    line = ivim.fit_maps(volume, B, "monoexponential", method="log-linear")
    rest = np.delete(volume, 7, axis=-1)
    alone = ivim.fit_maps(rest, np.delete(B, 7), "monoexponential", method="log-linear")
    assert_allclose(line["adc_stand"][0, 0, 0], alone["adc_stand"][0, 0, 0], rtol=1e-12)
    assert_allclose(line["adc_stand_se"][0, 0, 0], alone["adc_stand_se"][0, 0, 0], rtol=1e-9)
    options = {"method": "two-point", "pair": (0, 800)}
    pair = ivim.fit_maps(volume, B, "monoexponential", **options)
    assert pair["reason"][0, 0, 0] == reasons.NOT_POSITIVE
    assert ivim.fit(volume[0, 0, 0], B, "monoexponential", **options).reason == (
        reasons.NOT_POSITIVE
    )


def test_a_plateau_below_the_volumes_maximum_is_no_saturation():
    """Coarse values repeat their largest one; only at the volume's own maximum is it a ceiling."""
    coarse = np.array([29, 29, 29, 28, 27, 26, 25, 24, 23, 22], float)
    bright = np.array([238, 230, 220, 200, 190, 180, 150, 100, 70, 50], float)
    assert ivim.fit_maps(np.stack([coarse, bright]), B)["success"].all()
    clipped = np.minimum(10 * coarse, 238)
    reason = ivim.fit_maps(np.stack([coarse, bright, clipped]), B)["reason"]
    assert_array_equal(reason == reasons.SATURATED, [False, False, True])
    masked = ivim.fit_maps(np.stack([coarse, bright]), B, mask=[1, 0])
    assert masked["success"][0]


def test_saturation_can_be_named():
    """A voxel that touches the scanner's ceiling once is refused when the ceiling is given."""
    signals = np.stack([CLEAN, CLEAN * 40.95])
    assert_array_equal(
        ivim.fit_maps(signals, B, saturation=4095)["reason"], [reasons.OK, reasons.SATURATED]
    )


def test_order_of_b_does_not_matter(volume):
    """Shuffled b-values with their signals give the same maps."""
    order = np.random.default_rng(0).permutation(B.size)
    assert_allclose(
        ivim.fit_maps(volume[..., order], B[order])["f"], ivim.fit_maps(volume, B)["f"], rtol=1e-9
    )


def test_repeats_are_averages(volume):
    """Three directions kept apart give the same values as their mean with three averages."""
    rng = np.random.default_rng(1)
    apart = volume[..., None] * (1 + 0.02 * rng.normal(size=(*volume.shape, 3)))
    times = np.where(B == 0, 1, 3)
    columns = [(i, k) for i in range(B.size) for k in range(times[i])]
    signals = np.stack([apart[..., i, k] for i, k in columns], axis=-1)
    means = np.stack([apart[..., i, : times[i]].mean(axis=-1) for i in range(B.size)], axis=-1)
    for model, name in (("biexponential", "adc_fast"), ("stretched", "alpha")):
        separate = ivim.fit_maps(signals, B[[i for i, _ in columns]], model)
        pooled = ivim.fit_maps(means, B, model, averages=times)
        assert_allclose(separate[name], pooled[name], rtol=1e-6)


def test_units_of_the_signal_do_not_matter(volume):
    """A million times the signal: the same diffusivities, a million times s0 and residual."""
    small, large = ivim.fit_maps(volume, B), ivim.fit_maps(1e6 * volume, B)
    assert_allclose(large["adc_fast"], small["adc_fast"], rtol=1e-5)
    assert_allclose(large["s0"], 1e6 * small["s0"], rtol=1e-7)
    assert_allclose(large["residual"], 1e6 * small["residual"], rtol=1e-6)


def test_all_models_in_one_pass(volume):
    """Every map of "all" is that of the model alone, and `preferred` has the least AICc."""
    maps = ivim.fit_maps(volume, B, "all")
    for position, model in enumerate(STUDY_MODELS):
        alone = ivim.fit_maps(volume, B, model)
        for name in MODELS[model].measured:
            assert_array_equal(maps[name], alone[name])
        assert_array_equal(maps[f"s0_{model}"], alone["s0"])
        chosen = maps["preferred"] == position
        least = np.min([maps[f"aicc_{other}"] for other in STUDY_MODELS], axis=0)
        assert_array_equal(chosen, alone["aicc"] == least)


def test_method_goes_to_its_model_among_several(volume):
    """With several models a segmented fit is for the bi-exponential, the others are fitted in
    full."""
    maps = ivim.fit_maps(volume, B, "all", method="segmented")
    assert_array_equal(maps["adc_slow"], ivim.fit_maps(volume, B, method="segmented")["adc_slow"])
    assert_array_equal(maps["alpha"], ivim.fit_maps(volume, B, "stretched")["alpha"])


@pytest.mark.parametrize("kind", ["memmap", "dataobj", "int16", "fortran", "list"])
def test_data_may_stay_where_they_are(volume, tmp_path, kind):
    """Memory maps, nibabel's dataobj, integers, other memory orders and lists give the maps of the
    array."""
    volume = np.round(100 * volume)
    if kind == "memmap":
        np.save(tmp_path / "dwi.npy", volume)
        data = np.load(tmp_path / "dwi.npy", mmap_mode="r")
    elif kind == "dataobj":
        nibabel.save(
            nibabel.Nifti1Image(volume.astype(np.int16), np.eye(4)), tmp_path / "dwi.nii.gz"
        )
        data = nibabel.load(tmp_path / "dwi.nii.gz").dataobj
    else:
        data = {
            "int16": volume.astype(np.int16),
            "fortran": np.asfortranarray(volume),
            "list": volume.tolist(),
        }[kind]
    mask = np.arange(120).reshape(6, 5, 4) % 3 > 0
    assert_array_equal(
        ivim.fit_maps(data, B, mask=mask)["f"], ivim.fit_maps(volume, B, mask=mask)["f"]
    )


def test_threads_do_not_change_a_digit():
    """One thread and three give the same maps over several blocks."""
    signals, _ = voxels(20_000, seed=9)
    assert_array_equal(
        *(ivim.fit_maps(signals, B, "monoexponential", threads=n)["adc_stand"] for n in (1, 3))
    )


def test_progress_is_shown_on_standard_error(volume, capsys):
    """A progress bar on request, nothing otherwise, and never on standard output."""
    ivim.fit_maps(volume, B)
    assert capsys.readouterr() == ("", "")
    ivim.fit_maps(volume, B, progress=True)
    out, err = capsys.readouterr()
    assert out == ""
    assert "120" in err


def test_noise_level_is_found_from_the_residuals():
    """The estimate comes within 2 % of the noise level of one excitation, and `sigma="estimate"`
    uses it."""
    signals, _ = voxels(5000, seed=5, scale=100)
    sigma = estimate_sigma(signals, B)
    assert_allclose(sigma, 2.0, rtol=0.02)
    assert_array_equal(
        ivim.fit_maps(signals, B, sigma="estimate")["f"],
        ivim.fit_maps(signals, B, sigma=sigma)["f"],
    )


def test_parameter_without_influence_is_remarked():
    """A mono-exponential signal leaves D* open: the values stand, D* has no standard error, and the
    reason says so."""
    maps = ivim.fit_maps(100 * np.exp(-B * 1e-3)[None], B)
    assert_allclose(maps["adc_slow"], 1e-3, rtol=1e-6)
    assert maps["success"].all()
    assert_array_equal(maps["reason"], reasons.UNIDENTIFIABLE)
    assert np.isnan(maps["adc_fast_se"]).all()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"model": "triexponential"}, "model is 'triexponential'; accepted are monoexponential"),
        ({"model": []}, "accepted are"),
        ({"model": 3}, "model is 3; accepted are"),
        ({"mask": np.ones(3)}, r"mask has shape \(3,\)"),
        ({"b": B[:5]}, "same length"),
        ({"b": -B}, "not negative"),
        ({"averages": np.zeros(10)}, "above 0"),
        ({"bounds": {"alpha": (0.1, 0.9)}}, "no parameter of the biexponential"),
        ({"bounds": {"f": (0.5, 0.2)}}, "first has to be below"),
        ({"method": "magic"}, "unknown method 'magic'"),
        ({"method": "log-linear"}, "monoexponential"),
        ({"sigma": -1.0}, "above 0"),
        ({"b": np.repeat([0.0, 500.0, 900.0, 900.0, 900.0], 2)}, "3 different b-value"),
    ],
)
def test_arguments_that_do_not_go_together_are_refused(volume, arguments, message):
    """One clear line with the value met."""
    with pytest.raises(ValueError, match=message):
        ivim.fit_maps(volume, **{"b": B} | arguments)


def test_osipi_tissues_at_the_strict_tolerances(outside):
    """OSIPI's tissues (TF2.4, commit f91b53ce, Apache-2.0) within 2 % + .05 f of f, 3 % of D and 15
    % of D*."""
    cases = json.loads(outside("reference-signals/osipi_generic.json").read_text())["cases"]
    compared = 0
    for case in cases:
        signal = np.array(case["signal"], float)
        truth = {key: np.ravel(case["expected"][key])[0] for key in ("f", "D", "Dstar")}
        maps = ivim.fit_maps(signal / signal[0], np.array(case["bvalues"], float))
        assert abs(maps["f"] - truth["f"]) < 0.02 + 0.05 * truth["f"] or truth["f"] >= 0.8
        if truth["f"] < 0.8:
            assert abs(maps["adc_slow"] - truth["D"]) < 5e-5 + 0.03 * truth["D"]
        if 0.05 <= truth["f"] <= 0.8:
            compared += 1
            assert abs(maps["adc_fast"] - truth["Dstar"]) < 0.15 * truth["Dstar"]
    assert compared >= 8


def test_spinal_cord_scan_is_fitted_to_the_optimum(outside):
    """On 150 voxels of a real cord scan (Levy et al. 2020; b 5-800, no b = 0) no sum of squares is
    above scipy's multi-start."""
    folder = outside("real/spinal_cord_ivim")
    data, b = nibabel.load(folder / "dwi_rl.nii.gz").dataobj, np.loadtxt(folder / "bval_rl.txt")
    maps = ivim.fit_maps(data, b, mask=nibabel.load(folder / "cord_seg_dilated.nii.gz").dataobj)
    assert maps["success"].sum() > 2000
    places = np.argwhere(maps["success"])
    places = tuple(places[np.random.default_rng(0).choice(len(places), 150, replace=False)].T)
    best = np.array(
        [best_of_many_starts(signal, b) for signal in np.asarray(data)[places].astype(float)]
    )
    assert np.all(maps["residual"][places] ** 2 * b.size <= best * (1 + 1e-6))


@pytest.mark.parametrize("volunteer", ["vol1", "vol2"])
def test_abdominal_organs_are_those_of_the_authors(outside, volunteer):
    """Organ medians beside the maps of Wetscherek et al. (from high b): D within .6e-3, f within
    .1.

    Their D* is not compared: their model lets it run to thousands of µm²/ms.
    """
    folder = outside("real/abdomen_wetscherek")
    load = lambda name: np.asarray(nibabel.load(folder / f"{volunteer}_{name}.nii.gz").dataobj)  # noqa: E731
    organs, b = (
        load("rois_1pancreas_2liver_3kidney_4spleen"),
        np.loadtxt(folder / f"{volunteer}_bipolar_T100.bval").ravel(),
    )
    maps = ivim.fit_maps(load("bipolar_T100"), b, mask=organs > 0, method="segmented")
    large = [k for k in (1, 2, 3, 4) if (organs == k).sum() >= 20]
    medians = lambda array: np.array([np.nanmedian(array[organs == k]) for k in large])  # noqa: E731
    assert_allclose(
        1e3 * medians(maps["adc_slow"]), medians(load("upstreammap_Dhighb")), rtol=0, atol=0.6
    )
    assert_allclose(medians(maps["f"]), medians(load("upstreammap_fhighb")), rtol=0, atol=0.1)


@pytest.mark.parametrize("n", [10_000, 20_001, 65_537, 120_000])
def test_blocks_of_a_volume_are_even(n):
    """Blocks are of one size but for a few voxels and come in multiples of SHARES, so that no
    thread waits for another; none is larger than BLOCK, and every voxel is in one."""
    sizes = [len(part) for _, part in blocks.blocks(np.zeros((n, 1)), np.ones(n, bool))]
    assert len(sizes) % blocks.SHARES == 0 and sum(sizes) == n
    assert max(sizes) <= blocks.BLOCK and max(sizes) - min(sizes) < len(sizes)


@pytest.mark.parametrize("shape", [(5, 3), (4, 3, 2, 3), (3,)])
def test_largest_sample_is_the_largest_finite_one(shape):
    """NaN and infinity are passed over, in any part of a volume."""
    data = np.random.default_rng(0).uniform(1, 2, shape)
    data.flat[0], data.flat[-1] = np.nan, np.inf
    assert blocks.largest(np.atleast_2d(data)) == data[np.isfinite(data)].max()
