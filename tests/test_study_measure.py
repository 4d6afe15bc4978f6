"""Measuring a study: the truth is found, every estimator is what it says, and what is left out is
said."""

import json

import numpy as np
import pandas as pd
import pytest
import small_study as small
from numpy.testing import assert_allclose

import ivim
from ivim import cli, parameters
from ivim.imaging.grid import Grid
from ivim.imaging.regions import Region
from ivim.imaging.series import Series
from ivim.signal.recipe import RECIPES, get_recipe
from ivim.study.measure import Options, choose, measure, overlap, six_maps

GRID = Grid.of(small.SHAPE, small.AFFINE)


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    """Four patients, two readers, little noise."""
    return small.write_study(tmp_path_factory.mktemp("measured") / "study")


@pytest.fixture
def run(tmp_path):
    """Measure by the command; gives the exit code and the tables."""

    def measured(folder, *words, name="measurements.csv"):
        out = tmp_path / name
        code = cli.main(["measure", str(folder), "--out", str(out), "--jobs", "1", *words])
        return code, out

    return measured


def _series(noise=0.0, number=1, zero=None):
    rng = np.random.default_rng(0)
    data = small.signal(number) + noise * rng.standard_normal((*small.SHAPE, len(small.B)))
    if zero is not None:
        data[zero] = 0
    return Series(
        data.astype(np.float32), np.array(small.B, float), np.array(small.AVERAGES, float), GRID
    )


def _regions(*masks):
    return [Region(f"lesion {n}", np.asarray(mask, bool)) for n, mask in enumerate(masks, start=1)]


def _one(lesion="largest", *masks):
    return choose(_regions(*(masks or (small.square(),))), lesion, GRID)


@pytest.mark.parametrize("estimator", ["maps", "mean"])
def test_without_noise_the_truth_is_measured(estimator):
    """The bi-exponential parameters of a noise-free signal come back, in the units of a table."""
    values, _, remarks = measure(_series(), _one(), Options(estimator=estimator))
    slow, fast, f = small.truth(1)
    found = [values[name] for name in ("adc_slow", "adc_fast", "f")]
    assert_allclose(found, [1000 * slow, 1000 * fast, f], rtol=1e-4)
    assert remarks == []


def test_maps_is_the_mean_of_the_voxels_fits():
    """The estimator `maps` is the mean of `ivim.fit_maps` over the ROI, as the article measured."""
    series, mask = _series(noise=20.0), small.square().astype(bool)
    values, _, _ = measure(series, _one(), Options())
    fitted = ivim.fit_maps(series.data[mask], series.b, averages=series.averages)
    assert_allclose(values["f"], fitted["f"].mean(), rtol=1e-9)
    assert_allclose(values["adc_fast"], 1000 * fitted["adc_fast"].mean(), rtol=1e-9)


def test_mean_is_the_fit_of_the_mean_signal():
    """The estimator `mean` is `ivim.fit` of the ROI's mean signal."""
    series, mask = _series(noise=20.0), small.square().astype(bool)
    values, _, _ = measure(series, _one(), Options(estimator="mean"))
    signal = series.data[mask].astype(float).mean(axis=0)
    fitted = ivim.fit(signal, series.b, averages=series.averages).values
    assert_allclose(values["f"], fitted["f"], rtol=1e-9)
    assert values["f"] != measure(series, _one(), Options())[0]["f"]


def test_shrinkage_draws_the_voxels_together():
    """The spread of f over the ROI is smaller than that of the voxels' own fits, and the other
    parameters are as in `maps`."""
    series = _series(noise=20.0)
    options = Options(estimator="shrinkage")
    values, detail, _ = measure(series, _one(), options)
    plain, plain_detail, _ = measure(series, _one(), Options())
    spread, plain_spread = (
        next(row["sd"] for row in rows if row["parameter"] == "f")
        for rows in (detail, plain_detail)
    )
    assert spread < plain_spread
    assert values["ddc"] == plain["ddc"] and values["f"] != plain["f"]


def test_the_recipe_is_the_one_asked_for():
    """A segmented recipe gives the segmented fit; the article's ADC is that of two b-values."""
    series, mask = _series(noise=20.0), small.square().astype(bool)
    values, _, _ = measure(series, _one(), Options(recipe=RECIPES["segmented"]))
    options = RECIPES["segmented"].options("biexponential", series.b, series.averages)
    fitted = ivim.fit_maps(series.data[mask], series.b, **options)
    assert_allclose(values["adc_slow"], 1000 * fitted["adc_slow"].mean(), rtol=1e-9)


def test_a_voxel_is_fitted_the_same_whatever_lies_around_it():
    """The map of a margin holds the map of the ROI bit by bit, so that pages and tables agree."""
    series, mask = _series(noise=20.0), small.square().astype(bool)
    alone = six_maps(series, mask, RECIPES["article"])
    around = six_maps(series, np.ones(small.SHAPE, bool), RECIPES["article"])
    for name in parameters.SIX:
        assert np.array_equal(alone[name][mask], around[name][mask])


def test_detail_tells_voxels_spread_and_area():
    """Nine voxels of 2 mm x 2 mm in the second slice, all fitted, quartiles around the median."""
    _, detail, _ = measure(_series(noise=20.0), _one(), Options())
    for row in detail:
        assert (row["voxels"], row["fitted"]) == (9, 9)
        assert row["q1"] <= row["median"] <= row["q3"]
        assert row["area_mm2"] == 36.0 and row["area_per_slice_mm2"] == "2:36"


def test_share_at_a_bound_is_that_of_the_recipe():
    """With a bound below the truth every voxel lies at it."""
    recipe = get_recipe("article")
    tight = type(recipe)("tight", monoexponential="two-point", bounds={"adc_slow": (0.0, 1e-4)})
    _, detail, _ = measure(_series(), _one(), Options(recipe=tight))
    assert next(row for row in detail if row["parameter"] == "adc_slow")["at_bound"] == 1.0


def test_voxels_without_signal_are_left_out_and_counted():
    """A voxel of 0 has no fit: the value rests on the others, and the detail says so."""
    _, detail, _ = measure(_series(zero=(5, 5, 1)), _one(), Options())
    assert {(row["voxels"], row["fitted"]) for row in detail} == {(9, 8)}


def test_one_voxel_is_measured_with_a_remark():
    """The smallest ROI is taken, and said to be small."""
    mask = np.zeros(small.SHAPE, bool)
    mask[5, 5, 1] = True
    values, detail, remarks = measure(_series(), _one("largest", mask), Options())
    assert_allclose(values["f"], small.truth(1)[2], rtol=1e-4)
    assert remarks == ["one voxel only"] and detail[0]["sd"] is not None


def test_area_outside_the_protocols_range_is_a_remark():
    """36 mm² are outside 40 to 100, and no remark where no range is stated."""
    _, _, remarks = measure(_series(), _one(), Options(roi_area=(40.0, 100.0)))
    assert remarks == ["area 36.0 mm² is outside 40 to 100 mm²"]
    assert measure(_series(), _one(), Options())[2] == []


def _lesions():
    """A small lesion, a large one, and an empty one."""
    small_one, large, empty = (np.zeros(small.SHAPE, bool) for _ in range(3))
    small_one[1:3, 1:3, 0] = True
    large[5:9, 5:9, 1] = True
    return small_one, large, empty


def test_of_several_lesions_the_largest_is_taken():
    """The article's rule; an empty region is passed over and said."""
    one = _one("largest", *_lesions())
    assert one.mask.sum() == 16 and list(one.parts) == [2]
    assert one.remarks == ("1 empty region(s) passed over", "the largest of 2 regions")


def test_a_lesion_is_taken_by_its_name():
    """`--lesion NAME`."""
    assert _one("lesion 1", *_lesions()).mask.sum() == 4


def test_all_lesions_are_measured_together_and_each_alone():
    """The value is that of all voxels; the detail has each region, too."""
    values, detail, _ = measure(_series(), _one("all", *_lesions()), Options())
    assert {row["region"] for row in detail} == {"1+2", "1", "2"}
    whole = next(row for row in detail if row["region"] == "1+2" and row["parameter"] == "f")
    assert whole["voxels"] == 20 and whole["value"] == values["f"]


def test_dice_and_area_difference_of_two_readers():
    """Two squares of nine voxels, six of them shared: Dice 2 x 6 / 18."""
    chosen = {reader: _one("largest", small.square(reader)) for reader in small.READERS}
    (row,) = overlap(chosen, GRID)
    assert_allclose(row["dice"], 12 / 18)
    assert row["area_difference_mm2"] == 0


def test_the_command_writes_the_contracts_tables(study, run):
    """One row per patient and reader with the six parameters; detail, overlap and flow beside
    it."""
    code, out = run(study)
    table = pd.read_csv(out)
    assert code == 0
    assert list(table.columns) == ["patient", "reader", *parameters.SIX]
    assert table[["patient", "reader"]].values.tolist() == [
        [f"sub-{n:02d}", reader] for n in range(1, 5) for reader in small.READERS
    ]
    for n in range(1, 5):
        slow, _, f = small.truth(n)
        rows = table[table["patient"] == f"sub-{n:02d}"]
        assert_allclose(rows["adc_slow"], 1000 * slow, rtol=0.03)
        assert_allclose(rows["f"], f, rtol=0.1)
    flow = pd.read_csv(out.with_name("flow.csv"))
    assert len(flow) == 8 and set(flow["status"]) == {"used"}
    assert len(pd.read_csv(out.with_name("measurements_detail.csv"))) == 8 * 6
    assert len(pd.read_csv(out.with_name("measurements_overlap.csv"))) == 4


def test_one_reader_alone_can_be_asked_for(study, run):
    """`--reader A` measures A only."""
    code, out = run(study, "--reader", "A")
    assert code == 0 and set(pd.read_csv(out)["reader"]) == {"A"}


@pytest.fixture
def broken(study, tmp_path):
    """A study where one patient's ROI by A is empty, another lacks B, and a third has no series."""
    folder = small.copy_study(study, tmp_path / "broken")
    small.write_image(small.roi_path(folder, 1, "A"), np.zeros(small.SHAPE, np.uint8))
    small.roi_path(folder, 2, "B").unlink()
    small.dwi_path(folder, 3).unlink()
    return folder


def test_keep_going_measures_everybody_else_and_says_who_is_missing(broken, run, capsys):
    """Exit code 1; a row with blanks for whom nothing could be measured, and the reason of each in
    `flow.csv`."""
    code, out = run(broken, "--keep-going")
    assert code == 1
    table = pd.read_csv(out).set_index(["patient", "reader"])
    blank = table.index[table["f"].isna()].tolist()
    assert blank == [("sub-01", "A"), ("sub-02", "B"), ("sub-03", "A"), ("sub-03", "B")]
    flow = pd.read_csv(out.with_name("flow.csv")).set_index(["patient", "reader"])
    left = flow[flow["status"] == "left out"]["why"]
    assert left.index.tolist() == blank
    assert "the mask is empty" in left["sub-01", "A"]
    assert left["sub-02", "B"] == "no ROI file by this reader"
    assert "no diffusion series" in left["sub-03", "A"]
    said = capsys.readouterr().err
    assert said.count("left out: ") == 4 and "Traceback" not in said


def test_without_keep_going_nothing_is_written(broken, run):
    """Bad input: exit code 2 and no table."""
    code, out = run(broken)
    assert code == 2 and not out.exists()


def test_a_missing_reader_alone_is_said_and_lived_with(study, tmp_path, run):
    """A patient whom one of two readers did not draw: measured, named, exit code 1."""
    folder = small.copy_study(study, tmp_path / "unequal")
    small.roi_path(folder, 2, "B").unlink()
    code, out = run(folder)
    assert code == 1 and pd.read_csv(out)["f"].isna().sum() == 1


def test_folders_that_nobody_lists_are_named(study, tmp_path, run):
    """A `sub-` folder without a row in participants.tsv is left out, and said."""
    folder = small.copy_study(study, tmp_path / "more")
    small.write_patient(folder, 9)
    code, out = run(folder)
    flow = pd.read_csv(out.with_name("flow.csv"))
    assert code == 1
    assert flow[flow["patient"] == "sub-09"]["why"].tolist() == ["not in participants.tsv"]


@pytest.mark.parametrize("select", ["ses-2", "ses-1"])
def test_sessions_are_told_apart(study, tmp_path, run, select):
    """Of two sessions `--select` takes one, and the ROI that was drawn on it."""
    folder = tmp_path / "sessions"
    small.write_participants(
        folder, ["sub-01\tbenign", "sub-02\tmalignant"], "participant_id\tgroup"
    )
    for n in (1, 2):
        small.write_patient(folder, n, readers=())
        label = f"sub-{n:02d}"
        for session in ("ses-1", "ses-2"):
            for ending in (".nii.gz", ".bval", ".json"):
                target = folder / label / session / "dwi" / f"{label}_{session}_dwi{ending}"
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(small.dwi_path(folder, n, ending).read_bytes())
            mask = np.zeros(small.SHAPE, np.uint8)
            mask[3 : 5 + int(session[-1]), 3, 0] = 1
            name = f"{label}_{session}_desc-A_mask.nii.gz"
            small.write_image(folder / "derivatives/rois" / label / session / name, mask)
        for path in (folder / label / "dwi").iterdir():
            path.unlink()
    code, out = run(folder, "--select", select)
    detail = pd.read_csv(out.with_name("measurements_detail.csv"))
    assert set(detail["voxels"]) == {2 + int(select[-1])}
    assert code == 1  # the other session's ROI files are named as passed over


def test_polygons_and_masks_of_one_place_measure_the_same(study, tmp_path, run):
    """A reader's polygon around the voxels of a mask gives the mask's numbers."""
    folder = small.copy_study(study, tmp_path / "polygons")
    # Centres of voxels 4 to 6 lie at -8 to -12 mm; the corners one mm further.
    corners = [[-7, -7, 4], [-13, -7, 4], [-13, -13, 4], [-7, -13, 4]]
    content = {"space": "RAS", "unit": "mm", "polygons": [{"name": "x", "points": corners}]}
    small.roi_path(folder, 1, "Poly", ".json").write_text(json.dumps(content))
    _, out = run(folder)
    table = pd.read_csv(out).set_index(["patient", "reader"]).loc["sub-01"]
    assert_allclose(table.loc["Poly"], table.loc["A"], rtol=1e-12)


def test_no_name_of_a_region_or_a_file_is_told(study, tmp_path, run, capsys):
    """What a person wrote into a region's name or beside the ROIs reaches no table and no line."""
    folder = small.copy_study(study, tmp_path / "names")
    secret = "Mustermann"
    corners = [[-7, -7, 4], [-13, -7, 4], [-13, -13, 4]]
    away = [[500, 500, 4], [510, 500, 4], [510, 510, 4]]
    for number, points in ((1, corners), (2, away)):
        small.roi_path(folder, number, "B").unlink()
        content = {"space": "RAS", "unit": "mm", "polygons": [{"name": secret, "points": points}]}
        small.roi_path(folder, number, "B", ".json").write_text(json.dumps(content))
    (small.roi_path(folder, 1, "A").parent / f"{secret}.nii.gz").write_bytes(b"")
    code, out = run(folder, "--keep-going")
    written = "".join(
        path.read_text(errors="replace") for path in out.parent.glob("*.csv")
    ) + "".join(path.read_text() for path in (out.parent / ".ivim-measured").iterdir())
    said = capsys.readouterr()
    assert code == 1 and secret not in written + said.out + said.err


@pytest.mark.parametrize("options", [{"estimator": "median"}, {"roi_area": (5.0, 2.0)}])
def test_options_that_make_no_sense_are_refused(options):
    """Bad options are refused before anything is read."""
    with pytest.raises(ValueError, match="accepted are maps|the smaller first"):
        Options(**options)
