"""The first notebook's experiments in words and tables: their numbers, their units, and what the
text beside them says.
"""

import shutil

import nibabel as nib
import numpy as np
import pytest
from numpy.testing import assert_allclose

import ivim
from ivim.synthetic import lesson_tables, lessons, real_scan

VOXELS = 40


@pytest.fixture(scope="module")
def lesion():
    """The lesion of the notebook."""
    return lessons.Lesion()


@pytest.fixture(scope="module")
def estimators(lesion):
    """Four ways to fit, on fewer lesions than in the notebook."""
    return lessons.estimators(lesion, VOXELS, 400, np.random.default_rng(2022))


def test_what_the_text_says_of_the_four_ways(estimators):
    """Weights alone make ADC slow worse by its bias; with the floor all errors come near the
    Cramér-Rao bound; the segmented fit has less error than it for ADC fast, and a bias.
    """
    error = estimators.set_index(["estimator", "parameter"])["error"].unstack()
    bias = estimators.set_index(["estimator", "parameter"])["bias"].unstack()
    assert error.loc["weights", "adc_slow"] > error.loc["equal weights", "adc_slow"] > 1.5
    assert bias.loc["weights", "adc_slow"] < bias.loc["equal weights", "adc_slow"] < -1
    assert error.loc["weights and noise floor"].max() < 1.15
    assert error.loc["weights, segmented", "adc_fast"] < 1
    assert bias.loc["weights, segmented", "adc_fast"] < 0


def test_the_minute_has_the_numbers_of_the_simulations(estimators):
    """The three errors of ADC slow and the two ratios stand in the sentences."""
    said = lesson_tables.in_one_minute(estimators, {"adc_slow": 13.6, "adc_fast": 221.4})
    slow = estimators[estimators["parameter"] == "adc_slow"].set_index("estimator")["error"]
    for way in ("equal weights", "weights", "weights and noise floor"):
        assert f"{slow[way]:.2f}" in said[1]
    assert "ratio of 14 on" in said[2] and "from 221 on" in said[2]


def test_printed_equations_do_what_the_text_says(lesion):
    """The printed bi-exponential starts at (2 - f) S0 and explodes; the printed stretched one gives
    the same value for two pairs of DDC and α with the same product.
    """
    frame = lessons.equations(lesion)
    at_zero, at_end = frame.columns
    assert_allclose(frame.loc["bi-exponential, as printed", at_zero], 2 - lesion.f)
    assert frame.loc["bi-exponential, as printed", at_end] > 1e10
    printed = frame[frame.index.str.startswith("stretched, as printed")][at_end]
    assert_allclose(*printed, rtol=1e-12)


def test_every_table_has_units_and_is_called_simulated(lesion, estimators):
    """Diffusivities carry 10⁻³ mm²/s, b its s/mm²; the last line says that nobody was scanned."""
    region = lesion.scan(VOXELS, np.random.default_rng(1))
    fits = lessons.fits(region, lesion)
    compared = ivim.compare_models(region.mean(axis=0), lessons.B, averages=lessons.AVERAGES)
    tables = {
        "s/mm²": lesson_tables.equations(lesion),
        "signal²": lesson_tables.models(compared),
        "ADC_{slow}, 10⁻³ mm²/s": lesson_tables.estimates(fits["biexponential"]),
        "Multiples of the Cramér–Rao bound": lesson_tables.ways(estimators),
        "True\n10⁻³ mm²/s": lesson_tables.limits(lessons.limits(region, fits, lesion)),
    }
    for unit, table in tables.items():
        told = " ".join([*table.layout.columns, *table.layout.iloc[:, 0], *table.footnotes])
        assert unit in told
        assert table.footnotes[-1] == lessons.SIMULATED and table.source == "simulated"


def test_noise_raises_f_on_maps(lesion):
    """Mean of maps reads f and ADC fast above the truth, and the fit of the mean is nearer."""
    frame = lessons.mean_or_maps(lesion, 60, np.random.default_rng(5), 5)
    for name in ("f", "adc_fast"):
        row = frame.loc[name]
        assert row["mean of maps"] > row["true mean"]
        assert abs(row["fit of mean"] - row["true mean"]) < row["mean of maps"] - row["true mean"]
    table = lesson_tables.means(frame)
    assert list(table.layout["Parameter"]) == [
        "ADC_{slow}, 10⁻³ mm²/s", "ADC_{fast}, 10⁻³ mm²/s", "/{f}",
    ]  # fmt: skip


# The real scan.


@pytest.fixture
def fetched(tmp_path):
    """A made-up set in the place and under the names of the fetched cord."""
    folder = tmp_path / "scans" / real_scan.CORD
    folder.mkdir(parents=True)
    b = np.array([5, 20, 50, 100, 200, 400, 600, 800.0])
    signal = 400 * (0.8 * np.exp(-b * 1e-3) + 0.2 * np.exp(-b * 0.02))
    data = np.tile(signal, (20, 18, 3, 1)).astype(np.float32)
    mask = np.zeros((20, 18, 3), np.uint8)
    mask[6:12, 7:12, 1] = 1
    affine = np.diag([0.8, 0.8, 5, 1])
    nib.save(nib.Nifti1Image(data, affine), folder / "dwi_rl.nii.gz")
    nib.save(nib.Nifti1Image(mask, affine), folder / "cord_seg_dilated.nii.gz")
    (folder / "bval_rl.txt").write_text(" ".join(f"{one:g}" for one in b) + " \n")
    return folder.parent


def test_a_stored_run_shows_the_phantom_alone(monkeypatch, tmp_path, fetched):
    """Whatever is in the default folder: a run whose results are kept is the same everywhere."""
    monkeypatch.setattr(real_scan, "default_folder", lambda: fetched)
    monkeypatch.setenv("IVIM_RESULTS", str(tmp_path))
    told, picture = real_scan.beside_phantom()
    assert told[0].startswith("Shown: the phantom alone.")
    assert set(picture.data["scan"]) == {"Phantom of Figure 1"}
    assert picture.source == "simulated"


@pytest.mark.parametrize("given", [True, False])
def test_a_fetched_scan_stands_beside_the_phantom(monkeypatch, fetched, given):
    """Named by the parameter, or found in the default folder of a reader's own run."""
    monkeypatch.delenv("IVIM_RESULTS", raising=False)
    monkeypatch.setattr(real_scan, "default_folder", lambda: fetched)
    told, picture = real_scan.beside_phantom(fetched if given else "")
    assert told[0].startswith("Shown: a real scan and the phantom.")
    assert "slice 2, mean of 30 voxels" in told[0] and "MIT licence" in told[0]
    cord = picture.data[picture.data["scan"] == "Spinal cord at 7 T"]
    assert_allclose(cord["biexponential"], cord["signal"], atol=2e-3)
    assert picture.source == "real and simulated"


def test_without_a_fetched_scan_the_phantom_stands_alone(monkeypatch, tmp_path):
    """A reader who fetched nothing sees the phantom, and how to fetch one."""
    monkeypatch.delenv("IVIM_RESULTS", raising=False)
    monkeypatch.setattr(real_scan, "default_folder", lambda: tmp_path)
    told, _ = real_scan.beside_phantom()
    assert "`ivim fetch-data`" in told[0]


def test_a_folder_without_the_scan_is_refused(tmp_path):
    """Who names a folder is told what is missing there, and how to get it."""
    with pytest.raises(ValueError, match="ivim fetch-data --set spinal_cord_ivim"):
        real_scan.cord(tmp_path)


def test_the_cord_itself_is_read(outside, tmp_path):
    """The real set, where it is present: eleven b-values, no b = 0, signals that fall."""
    folder = outside("real/spinal_cord_ivim")
    shutil.copytree(folder, tmp_path / real_scan.CORD)
    cord = real_scan.cord(tmp_path)
    assert cord.series.b.size == 11 and cord.series.b.min() == 5
    assert cord.signal[0] == 1 and cord.signal[-1] < 0.5
