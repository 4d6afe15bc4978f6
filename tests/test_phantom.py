"""The phantoms: a scan from a seed, what the scanner does to it, and the two patients of Figures 1
and 2."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from ivim import article, parameters
from ivim.imaging.regions import area_mm2
from ivim.synthetic import cases, phantom

B = np.array(article.B_VALUES, float)
FIGURES = list(phantom.CASES)


@pytest.fixture(scope="module")
def measured():
    """Both cases, measured in the ROIs only."""
    return {name: cases.measure_case(case, whole=False) for name, case in phantom.CASES.items()}


def test_tissue_without_spread_is_biexponential():
    """With one coefficient per voxel the signal is the bi-exponential equation."""
    tissue = phantom.Tissue(2.0, 1e-3, 20e-3, 0.2)
    assert_allclose(
        tissue.signal(B), 2 * (0.8 * np.exp(-B * 1e-3) + 0.2 * np.exp(-B * 20e-3)), rtol=1e-6
    )


def test_spread_is_the_mean_over_a_gamma_distribution():
    """The closed form equals the average of exp(-bD) over a gamma distribution of D with that mean
    and variation."""
    from scipy import integrate, stats

    slow, variation, b = 1e-3, 0.4, 1200.0
    gamma = stats.gamma(a=1 / variation**2, scale=slow * variation**2)
    mean, _ = integrate.quad(lambda d: np.exp(-b * d) * gamma.pdf(d), 0, 10e-3, epsabs=1e-12)
    assert_allclose(
        phantom.Tissue(1.0, slow, 20e-3, 0.0, spread=variation).signal(b), mean, rtol=1e-6
    )


def test_same_seed_same_scan_and_another_seed_another():
    """A case gives the same numbers again; another seed gives other noise."""
    first, again = (
        phantom.scan(phantom.METASTASIS, (slice(110, 140), slice(120, 150))) for _ in range(2)
    )
    assert_array_equal(first.series.data, again.series.data)
    other = phantom.scan(replace(phantom.METASTASIS, seed=99), (slice(110, 140), slice(120, 150)))
    assert np.abs(other.series.data - first.series.data).max() > 1e-3


def test_window_is_a_part_of_the_whole():
    """A window holds the same voxels, at the same places, as the whole slice."""
    window = (slice(110, 140), slice(120, 150))
    whole, part = phantom.scan(phantom.TUBERCULOSIS), phantom.scan(phantom.TUBERCULOSIS, window)
    assert_allclose(part.series.data, whole.series.data[window], rtol=1e-5)
    assert_array_equal(part.rois["EZ"], whole.rois["EZ"][window])
    assert_allclose(
        part.series.grid.affine @ [0, 0, 0, 1], whole.series.grid.affine @ [110, 120, 0, 1]
    )


def test_noise_is_as_scanned():
    """In air the magnitude is Rayleigh at the noise level of one excitation; its spread falls with
    the square root of the averages."""
    data = phantom.scan(phantom.TUBERCULOSIS).series.data[:, :, 0]
    air = np.zeros(data.shape[:2], bool)
    air[np.ix_(np.r_[:40, -40:0], np.r_[:40, -40:0])] = (
        True  # 6,400 pixels, about 800 of them independent
    )
    data = data[air]
    sigma = 1 / phantom.TUBERCULOSIS.snr
    assert_allclose(data.mean(axis=0), sigma * np.sqrt(np.pi / 2), rtol=0.05)
    assert_allclose(
        data.std(axis=0), sigma * np.sqrt((2 - np.pi / 2) / np.array(article.AVERAGES)), rtol=0.15
    )


def test_resolution_is_that_of_the_matrix():
    """Without noise the image has no content beyond the article's 128 x 64 lines of k-space (before
    the magnitude is taken)."""
    truth = np.zeros((phantom.PIXELS, phantom.PIXELS))
    truth[128, 128] = 1.0
    image = phantom._excite(truth, iter([0.0]), 1, 1.0, (slice(None), slice(None)))
    assert_allclose(
        image[128, 128], phantom.MATRIX[0] * phantom.MATRIX[1] / phantom.PIXELS**2, rtol=1e-9
    )
    assert_allclose(
        [image[130, 128], image[128, 132]], 0, atol=1e-12
    )  # first zeros: two pixels in x, four in y


@pytest.mark.parametrize("name", FIGURES)
def test_readers_draw_as_the_article_asks(name):
    """Every ROI lies within the lesion, has 30 to 100 mm², and shares a part of the other's
    pixels."""
    scanned = phantom.scan(phantom.CASES[name])
    for mask in scanned.rois.values():
        assert not (mask & ~scanned.lesion).any()
        assert (
            article.ROI_AREA_MM2[0]
            <= sum(area_mm2(mask, scanned.series.grid).values())
            <= article.ROI_AREA_MM2[1]
        )
    a, b = scanned.rois.values()
    assert 0.4 < (a & b).sum() / (a | b).sum() < 0.7


@pytest.mark.parametrize("figure", FIGURES)
def test_chain_measures_what_the_caption_prints(figure, measured):
    """Maps, mean over each ROI, mean of the readers: all six values print the caption's digits."""
    beside = cases.beside_caption(measured[figure], figure)
    assert list(beside["parameter"]) == list(parameters.SIX)
    assert beside["same"].all(), beside.to_string()


def test_digits_are_compared_not_assumed(measured):
    """The patient of one figure does not print the other's caption."""
    assert not cases.beside_caption(measured["figure1"], "figure2")["same"].any()


@pytest.mark.parametrize("figure", FIGURES)
def test_calibration_is_found_again(figure):
    """From a start 1 % away, calibration comes back to numbers that print the caption (those stored
    are no accident of typing)."""
    case = phantom.CASES[figure]
    moved = replace(
        case,
        lesion=replace(case.lesion, adc_slow=1.01 * case.lesion.adc_slow, f=0.99 * case.lesion.f),
    )
    assert not cases.beside_caption(cases.measure_case(moved, whole=False), figure)["same"].all()
    found = cases.calibrate(moved, figure, close=0.95)
    assert cases.beside_caption(cases.measure_case(found, whole=False), figure)["same"].all()


def test_calibration_that_fails_says_so():
    """A case that cannot come near its caption ends with an error, not with a wrong phantom."""
    far = replace(phantom.METASTASIS, snr=10.0)
    with pytest.raises(ValueError, match="figure1: calibration ends with a miss of"):
        cases.calibrate(far, "figure1", rounds=1)


def test_each_case_breaks_one_rule(measured):
    """The metastasis is called wrong by the cut-off of ADC fast, the tuberculosis by that of f, and
    each right by the other."""
    verdicts = {
        name: cases.judge_by_rules(one).set_index("parameter")["right"].to_dict()
        for name, one in measured.items()
    }
    assert verdicts == {
        "figure1": {"adc_fast": False, "f": True},
        "figure2": {"adc_fast": True, "f": False},
    }


def test_captions_come_from_the_claims():
    """Six printed values per caption with half a printed digit each, ADC fast in the units of a
    table."""
    caption = cases.captions("figure1")
    assert caption["printed"].tolist() == ["0.926", "0.8", "0.0211", "0.139", "0.945", "0.759"]
    assert_allclose(caption.loc["adc_fast", ["value", "half"]].astype(float), [21.1, 0.05])
