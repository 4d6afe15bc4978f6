"""Measuring an ROI: the article's chain, the other estimator, and that they are told apart."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from ivim import article, parameters
from ivim.imaging import measure, output
from ivim.imaging.regions import Region, window
from ivim.imaging.series import Grid, Series
from ivim.signal.recipe import Recipe, get_recipe

B = np.array(article.B_VALUES, float)
TRUTH = {"adc_slow": 0.8e-3, "adc_fast": 21e-3, "f": 0.14}


def series_of(signals, averages=article.AVERAGES):
    """A series of one slice from signals of shape (x, y, n)."""
    signals = np.asarray(signals, np.float32)[:, :, None, :]
    grid = Grid(signals.shape[:3], np.diag([2.0, 2.0, 4.0, 1.0]), (2.0, 2.0, 4.0))
    return Series(signals, B, None if averages is None else np.array(averages, float), grid)


def decay(adc_slow, adc_fast, f):
    """A bi-exponential signal at the article's b-values."""
    return (1 - f) * np.exp(-B * adc_slow) + f * np.exp(-B * adc_fast)


@pytest.fixture
def mixed():
    """Two tissues side by side, twelve voxels, all of them in the ROI."""
    signals = np.empty((4, 3, B.size))
    signals[:2], signals[2:] = 700 * decay(0.5e-3, 15e-3, 0.1), 300 * decay(1.5e-3, 40e-3, 0.3)
    series = series_of(signals)
    return series, np.ones(series.grid.shape, bool)


@pytest.mark.parametrize("estimator", ["maps", "mean"])
def test_truth_comes_back_where_all_voxels_are_alike(estimator):
    """On a uniform, noise-free ROI both estimators give the truth; the ADC is that of b = 0 and
    1200 s/mm².
    """
    series = series_of(np.tile(500 * decay(**TRUTH), (3, 3, 1)))
    found = measure.measure(series, np.ones(series.grid.shape, bool), "article", estimator)
    for name, value in TRUTH.items():
        assert_allclose(found.values[name], value, rtol=1e-4)
    assert_allclose(found.values["adc_stand"], -np.log(decay(**TRUTH)[8]) / 1200, rtol=1e-5)
    assert (found.estimator, found.voxels, found.area_mm2) == (estimator, 9, {0: 36.0})
    assert list(found.values) == list(parameters.SIX)


def test_default_is_the_mean_of_maps(mixed):
    """By default each parameter is the mean of its map: of two tissues, half of each."""
    found = measure.measure(*mixed, "article")
    assert found.estimator == "maps"
    assert_allclose([found.values[name] for name in TRUTH], [1.0e-3, 27.5e-3, 0.2], rtol=1e-3)


def test_estimators_differ_where_voxels_differ(mixed):
    """The fit of the mean signal leans to the brighter tissue, by over 20 % in ADC slow here."""
    by_maps, by_mean = (
        measure.measure(*mixed, "article", name).values for name in ("maps", "mean")
    )
    assert by_mean["adc_slow"] < 0.8 * by_maps["adc_slow"]


def test_voxels_without_a_fit_are_left_out_and_counted(mixed):
    """A dead voxel does not pull the mean: the value rests on eleven voxels and says so."""
    series, mask = mixed
    series.data[0, 0] = 0
    found = measure.measure(series, mask, "article")
    assert found.voxels == 12 and set(found.fitted.values()) == {11}
    assert_allclose(found.values["f"], (5 * 0.1 + 6 * 0.3) / 11, rtol=1e-3)


@pytest.mark.parametrize(
    ("b", "pair"),
    [
        (article.B_VALUES, (0, 1200)),
        ((5, 10, 800), (5, 800)),
        ((1500, 0, 1200), (0, 1200)),
        ((0, 50, 2000), (0, 2000)),
    ],
)
def test_pair_of_the_adc(b, pair):
    """The ADC takes the lowest b and 1200 s/mm², or the highest where 1200 was not measured."""
    assert get_recipe("article").adc_pair(np.array(b, float)) == pair


def test_averages_are_the_weights():
    """A sample with eight averages counts as the same sample met eight times, in every model."""
    rng = np.random.default_rng(0)
    signal = 500 * decay(**TRUTH) * (1 + 0.02 * rng.normal(size=B.size))
    mask = np.ones((1, 1, 1), bool)
    averaged = measure.measure(series_of(signal[None, None]), mask, "article")
    whole = series_of(np.repeat(signal, article.AVERAGES)[None, None], averages=None)
    repeated = measure.measure(
        Series(whole.data, np.repeat(B, article.AVERAGES), None, whole.grid), mask, "article"
    )
    assert_allclose(list(averaged.values.values()), list(repeated.values.values()), rtol=1e-4)
    plain = measure.measure(series_of(signal[None, None], averages=None), mask, "article")
    assert abs(plain.values["alpha"] - averaged.values["alpha"]) > 1e-3


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"estimator": "median"}, "estimator is 'median'; accepted are 'maps'"),
        ({"region": np.zeros((4, 3, 1), bool)}, "the mask is empty"),
        ({"region": np.ones((3, 3, 1), bool)}, r"mask of shape \(3, 3, 1\)"),
    ],
)
def test_wrong_arguments(mixed, change, message):
    """An unknown estimator, an empty mask and one of another shape are refused."""
    series, mask = mixed
    with pytest.raises(ValueError, match=message):
        measure.measure(series, **{"region": mask, "recipe": "article"} | change)


@pytest.mark.parametrize("estimator", ["maps", "mean"])
def test_nothing_to_fit_is_an_error(estimator):
    """An ROI on nothing but zeros is an error, not a row of NaN."""
    series = series_of(np.zeros((2, 2, B.size)))
    with pytest.raises(ValueError, match="none of the 4 voxels of the ROI has a signal"):
        measure.measure(series, np.ones((2, 2, 1), bool), "article", estimator)


@pytest.mark.parametrize(
    ("name", "prefix"),
    [
        ("sub-01_dwi.nii.gz", "sub-01_"),
        ("/data/sub-01/dwi/sub-01_ses-2_dwi.nii", "sub-01_ses-2_"),
        ("Doe_Jane_dwi.nii.gz", ""),
        ("sub-01 Jane Doe.nii.gz", ""),
    ],
)
def test_only_bids_entities_of_a_name_go_on(name, prefix):
    """Of a file name, BIDS entities are kept and anything else, which may name a person, is not."""
    assert output.bids_prefix(name) == prefix


def test_spread_and_quartiles_are_those_of_the_maps(mixed):
    """Beside the mean stand the standard deviation, the median and the quartiles of the voxels, and
    the voxels' number.
    """
    series, mask = mixed
    found = measure.measure(series, Region("lesion", mask), "article")
    values = measure.parameter_maps(series, "article", mask)["adc_slow"][mask]
    assert found.name == "lesion" and found.recipe == "article"
    assert_allclose(found.values["adc_slow"], values.mean(), rtol=1e-12)
    assert_allclose(found.sd["adc_slow"], values.std(ddof=1), rtol=1e-12)
    quartiles = [found.q1["adc_slow"], found.median["adc_slow"], found.q3["adc_slow"]]
    assert_allclose(quartiles, np.quantile(values, [0.25, 0.5, 0.75]), rtol=1e-12)
    by_mean = measure.measure(series, mask, "article", "mean")
    assert np.isnan(by_mean.sd["f"]) and by_mean.fitted["f"] == 12


def test_share_at_a_bound(mixed):
    """Of two tissues of six voxels each, one is held by a bound: half of the voxels."""
    series, mask = mixed
    recipe = Recipe("narrow", bounds={"adc_slow": (0.8e-3, 5e-3)})
    found = measure.measure(series, mask, recipe)
    assert_allclose(found.at_bound["adc_slow"], 0.5)
    assert measure.measure(series, mask, "article").at_bound["adc_slow"] == 0


def test_recipe_decides(mixed):
    """The ADC of two b-values (article) and of all b-values (full) differ; each is what its name
    says.
    """
    series, mask = mixed
    article_adc, full = (measure.measure(series, mask, name).values for name in ("article", "full"))
    expected = -np.log([decay(0.5e-3, 15e-3, 0.1)[8], decay(1.5e-3, 40e-3, 0.3)[8]]).mean() / 1200
    assert_allclose(article_adc["adc_stand"], expected, rtol=1e-5)
    assert abs(full["adc_stand"] / expected - 1) > 0.002
    assert_allclose(full["adc_slow"], article_adc["adc_slow"], rtol=1e-10)


def test_shrinkage_draws_the_voxels_together():
    """On noisy voxels of one tissue shrinkage has less spread of ADC fast than single fits, and its
    mean is nearer to the truth.
    """
    rng = np.random.default_rng(3)
    signals = 500 * decay(**TRUTH) * (1 + 0.03 * rng.normal(size=(5, 4, B.size)))
    series = series_of(signals)
    mask = np.ones(series.grid.shape, bool)
    plain = measure.measure(series, mask, "article", "maps")
    shrunk = measure.measure(series, mask, "article", "shrinkage")
    assert shrunk.estimator == "shrinkage"
    assert shrunk.sd["adc_fast"] < 0.5 * plain.sd["adc_fast"]
    error = {
        one.estimator: abs(one.values["adc_fast"] - TRUTH["adc_fast"]) for one in (plain, shrunk)
    }
    assert error["shrinkage"] < error["maps"]
    assert shrunk.values["ddc"] == plain.values["ddc"]
    with pytest.raises(ValueError, match="has bounds for f, which shrinkage does not take"):
        measure.measure(series, mask, Recipe("own", bounds={"f": (0.0, 0.5)}), "shrinkage")


def test_one_voxel_is_measured_with_a_remark(mixed):
    """A region of one voxel has values, no standard deviation, and a remark that says so."""
    series, mask = mixed
    one = np.zeros_like(mask)
    one[3, 1] = True
    found = measure.measure(series, one, "article")
    assert np.isfinite(found.values["f"]) and np.isnan(found.sd["f"])
    assert found.remarks == ("one voxel only: its value has no spread",)


@pytest.mark.parametrize(
    ("spoil", "text"),
    [
        (np.nan, "1 of 12 voxels hold NaN or infinite values"),
        (0.0, "1 of 12 voxels are zero at every b-value"),
        (-3.0, "1 of 12 voxels hold values at or below zero"),
        (7.0, "1 of 12 voxels have the same signal at every b-value"),
    ],
)
def test_odd_signals_are_said(mixed, spoil, text):
    """A voxel that is not finite, zero, negative or constant is told with its number."""
    series, mask = mixed
    series.data[0, 0] = spoil
    assert text in measure.measure(series, mask, "article").remarks


def test_only_the_region_is_fitted(mixed):
    """Values of a region are those of the whole volume's maps, whatever the other voxels hold."""
    series, mask = mixed
    part = mask.copy()
    part[2:] = False
    whole = measure.parameter_maps(series, "article")
    alone = measure.parameter_maps(series, "article", part)
    for name, values in alone.items():
        assert_allclose(values[part], whole[name][part], rtol=0, atol=0)
        assert np.isnan(values[~part]).all()


def test_window_is_the_box_with_a_margin():
    """A picture shows the box of a region in its own slices, with a margin inside the image."""
    mask = np.zeros((9, 8, 3), bool)
    mask[4, 2, 1] = mask[5, 3, 1] = True
    box = window(mask, 2)
    assert box[:, :, [0, 2]].sum() == 0
    assert np.argwhere(box).min(axis=0).tolist() == [2, 0, 1]
    assert np.argwhere(box).max(axis=0).tolist() == [7, 5, 1]
    assert not window(np.zeros((3, 3, 1), bool)).any()
