"""The commands on images: what they print and write, and one clear line on bad input with nothing
half-written.
"""

import json
import re

import nibabel as nib
import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

from ivim import article, parameters
from ivim.cli import main
from ivim.files import ROOT
from ivim.signal.models import MODELS, STUDY_MODELS

TRUTH = {"adc_slow": 0.8e-3, "adc_fast": 21e-3, "f": 0.14}
SECRET = "DOE^JANE"


@pytest.fixture
def scan(tmp_path):
    """A small noise-free scan with a mask; its header and sidecar hold a patient's name."""
    b = np.array(article.B_VALUES, float)
    decay = 0.86 * np.exp(-b * TRUTH["adc_slow"]) + 0.14 * np.exp(-b * TRUTH["adc_fast"])
    data = np.linspace(500, 900, 60).reshape(5, 4, 3)[..., None] * decay
    affine = np.array([[-2.0, 0, 0, 10], [0, 1.9, -0.6, 4], [0, 0.6, 3.9, -7], [0, 0, 0, 1]])
    image = nib.Nifti1Image(data.astype(np.float32), affine)
    image.header["descrip"] = image.header["aux_file"] = image.header["db_name"] = image.header[
        "intent_name"
    ] = SECRET.encode()
    mask = np.zeros(data.shape[:3], np.uint8)
    mask[1:4, 1:3, 1] = 1
    paths = {
        name: tmp_path / f"sub-07_{name}"
        for name in ("dwi.nii.gz", "dwi.bval", "dwi.json", "roi.nii.gz")
    }
    nib.save(image, paths["dwi.nii.gz"])
    nib.save(nib.Nifti1Image(mask, affine), paths["roi.nii.gz"])
    paths["dwi.bval"].write_text(" ".join(map(str, article.B_VALUES)))
    paths["dwi.json"].write_text(
        json.dumps({"PatientName": SECRET, "NumberOfAverages": article.AVERAGES})
    )
    return paths


def fit(scan, *words):
    """Run `ivim fit` on the scan; a repeated option counts last."""
    return main(
        [
            "fit",
            "--dwi",
            str(scan["dwi.nii.gz"]),
            "--bval",
            str(scan["dwi.bval"]),
            "--roi",
            str(scan["roi.nii.gz"]),
            *map(str, words),
        ]
    )


def maps(scan, *words):
    """Run `ivim maps` on the scan."""
    return main(
        [
            "maps",
            "--dwi",
            str(scan["dwi.nii.gz"]),
            "--bval",
            str(scan["dwi.bval"]),
            *map(str, words),
        ]
    )


def test_fit_prints_and_writes_the_truth(scan, tmp_path, capsys):
    """The bi-exponential truth comes back in 10⁻³ mm²/s with limits and AICc; area and weights are
    said.
    """
    assert fit(scan, "--out", tmp_path / "fit.csv") == 0
    text = capsys.readouterr().out
    assert "6 voxels" in text and "mm² in slice 2" in text
    assert "weights: averages 2,2,2,1,1,1,2,4,6,8" in text
    assert all(model in text for model in STUDY_MODELS)
    table = pd.read_csv(tmp_path / "fit.csv").set_index(["model", "parameter"])
    for name, value in parameters.to_table(TRUTH).items():
        assert_allclose(table.loc[("biexponential", name), "value"], value, rtol=1e-5)
    assert (
        table.loc["biexponential", "delta"].eq(0).all()
        and (table.loc["stretched", "delta"] > 0).all()
    )
    assert (table["ci_low"].dropna() <= table["value"][table["ci_low"].notna()]).all()


def test_fit_says_what_wald_limits_of_adc_fast_are_worth(scan, capsys):
    """Below limits of ADC fast stands that they hold it in less than 95 %, as the stored run has
    it, and those of a profile in 95 % within 2.5.
    """
    assert fit(scan) == 0
    assert 'confidence(limits="profile")' in capsys.readouterr().out
    assert fit(scan, "--model", "monoexponential") == 0
    assert "Wald" not in capsys.readouterr().out
    stored = (ROOT / "benchmarks" / "results.md").read_text(encoding="utf-8")
    held = dict(re.findall(r"95 % (\w+) limits that hold the truth.*?adc_fast ([\d.]+)%", stored))
    assert float(held["wald"]) < 95 and abs(float(held["profile"]) - 95) < 2.5


def test_maps_of_which_one_cannot_be_written_leave_nothing(scan, tmp_path, monkeypatch):
    """A writer that fails beside the fit ends the command with one line and no folder."""

    def full(folder, name, *args, **options):
        if "stretched" in name:
            raise ValueError(f"{name}: cannot be written; free some space")

    monkeypatch.setattr("ivim.imaging.output.write_map", full)
    assert maps(scan, "--out", tmp_path / "maps") == 2
    assert not (tmp_path / "maps").exists()
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".ivim")]


def test_fit_of_one_model_and_one_label(scan, capsys):
    """--model and --label choose; the averages of the command line replace those of the sidecar."""
    assert fit(scan, "--model", "kurtosis", "--label", 1, "--averages", "1,1,1,1,1,1,1,1,1,9") == 0
    text = capsys.readouterr().out
    assert "kurtosis" in text and "stretched" not in text
    assert "averages 1,1,1,1,1,1,1,1,1,9" in text


def test_real_cord_scan_is_fitted(outside, capsys):
    """The real scan without b = 0 gives a table with finite standard errors for the bi-exponential
    model.
    """
    folder = outside("real/spinal_cord_ivim")
    files = {
        "dwi.nii.gz": folder / "dwi_rl.nii.gz",
        "dwi.bval": folder / "bval_rl.txt",
        "roi.nii.gz": folder / "cord_seg_dilated.nii.gz",
    }
    assert fit(files) == 0
    text = capsys.readouterr().out
    assert "2523 voxels" in text and "at 11 b-values" in text
    assert text.count("AICc") == 4  # one for each model and one mark at the lowest


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--dwi", "missing.nii.gz"), "no such file"),
        (("--averages", "1", "2"), "2 given for 10 b-values"),
        (("--averages", "1,1,1,1,1,1,1,1,1,x"), "is no list of numbers"),
        (("--label", "3"), "no label 3; the file holds 1"),
        (("--out", "nowhere/fit.csv"), "its folder does not exist"),
    ],
)
def test_bad_words_give_one_line(scan, words, message, capsys):
    """A wrong option: exit code 2, one line that says what to do, no traceback."""
    assert fit(scan, *words) == 2
    lines = capsys.readouterr().err.strip().splitlines()
    assert len(lines) == 1 and lines[0].startswith("ivim fit: ") and message in lines[0]


@pytest.mark.parametrize("case", ["another grid", "empty mask", "3-D image", "b-count"])
def test_misfits_give_one_line(scan, case, capsys):
    """A mask on another grid or empty, a 3-D image, a wrong number of b-values: exit code 2 and one
    line.
    """
    image, mask = nib.load(scan["dwi.nii.gz"]), nib.load(scan["roi.nii.gz"])
    if case == "another grid":
        nib.save(nib.Nifti1Image(np.asarray(mask.dataobj), np.eye(4)), scan["roi.nii.gz"])
    elif case == "empty mask":
        nib.save(nib.Nifti1Image(np.asarray(mask.dataobj) * 0, mask.affine), scan["roi.nii.gz"])
    elif case == "3-D image":
        nib.save(
            nib.Nifti1Image(np.asarray(image.dataobj)[..., 0].copy(), image.affine),
            scan["dwi.nii.gz"],
        )
    else:
        scan["dwi.bval"].write_text("0 20 50")
    expected = {
        "another grid": "the affines differ",
        "empty mask": "mask is empty",
        "3-D image": "has 4 axes",
        "b-count": "3 b-values for 10",
    }
    assert fit(scan) == 2
    captured = capsys.readouterr()
    assert len(captured.err.strip().splitlines()) == 1 and expected[case] in captured.err
    assert SECRET not in captured.err + captured.out


def test_table_is_not_overwritten(scan, tmp_path, capsys):
    """An existing file stays as it is without --force, and is replaced with it."""
    target = tmp_path / "fit.csv"
    target.write_text("mine")
    assert fit(scan, "--out", target) == 2
    assert target.read_text() == "mine"
    assert "exists already" in capsys.readouterr().err
    assert fit(scan, "--out", target, "--force") == 0
    assert target.read_text().startswith("roi,model,parameter")


def test_fetch_data_without_connection(tmp_path, monkeypatch, capsys):
    """Without a connection `ivim fetch-data` says so in one line."""
    from ivim.imaging import fetch

    def fail(folder, sets):
        msg = "spinal_cord_ivim/LICENSE could not be fetched"
        raise ValueError(msg)

    monkeypatch.setattr(fetch, "fetch_data", fail)
    assert main(["fetch-data", "--out", str(tmp_path)]) == 2
    assert (
        capsys.readouterr().err.strip()
        == "ivim fetch-data: spinal_cord_ivim/LICENSE could not be fetched"
    )


def test_maps_hold_the_truth_in_mm2_per_s(scan, tmp_path, capsys):
    """Maps in mm²/s on the image's grid, float32, NaN outside the mask, with units in header and
    sidecar, under BIDS names.
    """
    out = tmp_path / "maps"
    assert maps(scan, "--mask", scan["roi.nii.gz"], "--out", out) == 0
    inside = np.asarray(nib.load(scan["roi.nii.gz"]).dataobj) > 0
    for name, value in TRUTH.items():
        stem = f"sub-07_model-biexponential_param-{name.replace('_', '')}_dwimap"
        image = nib.load(out / f"{stem}.nii.gz")
        values = image.get_fdata()
        assert image.get_data_dtype() == np.float32 and image.header.get_xyzt_units()[0] == "mm"
        assert_allclose(image.affine, nib.load(scan["dwi.nii.gz"]).affine, atol=1e-5)
        assert_allclose(values[inside], value, rtol=2e-3)
        assert np.isnan(values[~inside]).all()
        sidecar = json.loads((out / f"{stem}.json").read_text())
        assert sidecar["Parameter"] == name and sidecar.get("Units") == (
            None if name == "f" else "mm^2/s"
        )
        assert (b"mm^2/s" in bytes(image.header["descrip"])) == (name != "f")
        assert sidecar["NumberOfAverages"] == list(article.AVERAGES)
    assert (out / "overview.png").read_bytes().startswith(b"\x89PNG")
    assert json.loads((out / "dataset_description.json").read_text())["DatasetType"] == "derivative"
    assert "6 voxels fitted" in capsys.readouterr().out


def test_every_parameter_has_a_map_and_its_error(scan, tmp_path):
    """All three models give their parameters, standard errors, residual, AICc and reason, each with
    a sidecar.
    """
    out = tmp_path / "maps"
    assert maps(scan, "--out", out) == 0
    names = {path.name.removesuffix(".nii.gz") for path in out.glob("*.nii.gz")}
    for model in STUDY_MODELS:
        for name in MODELS[model].parameters:
            stem = f"sub-07_model-{model}_param-{name.replace('_', '')}"
            assert {f"{stem}_dwimap", f"{stem}_desc-stderr_dwimap"} <= names
        assert {
            f"sub-07_model-{model}_param-{what}_dwimap" for what in ("residual", "aicc", "reason")
        } <= names
    assert {path.name.removesuffix(".json") for path in out.glob("sub-07_*.json")} == names


def test_nothing_of_the_patient_leaves_the_input(scan, tmp_path, capsys):
    """A name in header fields, in the sidecar or in the file's own name is in no output and in no
    line on screen.
    """
    named = tmp_path / f"{SECRET}.nii.gz"
    scan["dwi.nii.gz"].rename(named)
    scan["dwi.nii.gz"] = named
    assert (
        maps(
            scan,
            "--averages",
            "2,2,2,1,1,1,2,4,6,8",
            "--mask",
            scan["roi.nii.gz"],
            "--out",
            tmp_path / "maps",
        )
        == 0
    )
    assert fit(scan, "--out", tmp_path / "fit.csv") == 0
    captured = capsys.readouterr()
    written = [*(tmp_path / "maps").iterdir(), tmp_path / "fit.csv"]
    assert SECRET not in captured.out + captured.err
    for path in written:
        content = (
            nib.load(path).header.binaryblock
            if path.name.endswith(".nii.gz")
            else path.read_bytes()
        )
        assert SECRET.encode() not in content and SECRET not in path.name


def test_maps_refuse_a_folder_with_files(scan, tmp_path, capsys):
    """A folder that holds files stays as it is; with --force only files of the same names are
    replaced.
    """
    out = tmp_path / "maps"
    out.mkdir()
    (out / "mine.txt").write_text("mine")
    assert maps(scan, "--out", out) == 2
    assert [path.name for path in out.iterdir()] == ["mine.txt"]
    assert "holds files already" in capsys.readouterr().err
    assert maps(scan, "--out", out, "--force", "--model", "stretched") == 0
    assert (out / "mine.txt").read_text() == "mine"
    assert (out / "sub-07_model-stretched_param-alpha_dwimap.nii.gz").exists()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--dwi", "missing.nii.gz"), "no such file"),
        (("--averages", "1", "2"), "2 given for 10 b-values"),
        (("--mask", "missing.nii.gz"), "no such file"),
        (("--method", "segmented", "--model", "stretched"), "segmented"),
    ],
)
def test_maps_leave_nothing_after_bad_input(scan, tmp_path, words, message, capsys):
    """Bad input: exit code 2, one line, and neither the folder nor a part of it."""
    before = sorted(path.name for path in tmp_path.iterdir())
    assert maps(scan, *words, "--out", tmp_path / "maps") == 2
    lines = capsys.readouterr().err.strip().splitlines()
    assert len(lines) == 1 and lines[0].startswith("ivim maps: ") and message in lines[0]
    assert sorted(path.name for path in tmp_path.iterdir()) == before


def test_segmented_maps(scan, tmp_path):
    """The segmented method keeps to its truth on a signal whose fast part is gone from 200 s/mm²
    on.
    """
    assert (
        maps(scan, "--method", "segmented", "--model", "biexponential", "--out", tmp_path / "maps")
        == 0
    )
    values = nib.load(
        tmp_path / "maps" / "sub-07_model-biexponential_param-adcslow_dwimap.nii.gz"
    ).get_fdata()
    assert_allclose(values, TRUTH["adc_slow"], rtol=0.01)


def test_each_model_has_its_own_reasons(scan, tmp_path):
    """On a mono-exponential signal f is at its bound, which the reason map of the mono-exponential
    model does not repeat.
    """
    image = nib.load(scan["dwi.nii.gz"])
    signal = np.ones((*image.shape[:3], 1)) * 500 * np.exp(-np.array(article.B_VALUES) * 1e-3)
    nib.save(nib.Nifti1Image(signal.astype(np.float32), image.affine), scan["dwi.nii.gz"])
    assert maps(scan, "--out", tmp_path / "maps") == 0
    reasons = {
        model: nib.load(
            tmp_path / "maps" / f"sub-07_model-{model}_param-reason_dwimap.nii.gz"
        ).get_fdata()
        for model in STUDY_MODELS
    }
    assert (reasons["monoexponential"] == 0).all()
    assert (reasons["biexponential"] != 0).any()


def polygon(scan, name="lesion"):
    """The ROI of the scan as a polygon in mm, in JSON."""
    affine = nib.load(scan["roi.nii.gz"]).affine
    corners = np.array([(0.5, 0.5, 1), (3.5, 0.5, 1), (3.5, 2.5, 1), (0.5, 2.5, 1), (0.5, 0.5, 1)])
    points = corners @ affine[:3, :3].T + affine[:3, 3]
    path = scan["dwi.nii.gz"].with_name("roi.json")
    content = {
        "space": "RAS",
        "unit": "mm",
        "polygons": [{"name": name, "points": points.tolist()}],
    }
    path.write_text(json.dumps(content))
    return path


def test_fit_takes_regions_of_other_formats_by_name(scan, tmp_path, capsys):
    """A polygon in mm gives the fit of the mask that it outlines; its name stands in the table."""
    assert fit(scan, "--out", tmp_path / "mask.csv") == 0
    outline = {**scan, "roi.nii.gz": polygon(scan)}
    assert fit(outline, "--label", "lesion", "--out", tmp_path / "polygon.csv") == 0
    tables = [pd.read_csv(tmp_path / f"{name}.csv") for name in ("mask", "polygon")]
    assert_allclose(tables[0]["value"], tables[1]["value"], rtol=1e-12)
    assert set(tables[1]["roi"]) == {"lesion"}
    capsys.readouterr()
    assert fit(outline, "--label", "bone") == 2
    assert "no label bone; the file holds lesion" in capsys.readouterr().err


def test_fit_and_maps_fit_the_adc_alike(scan, tmp_path, capsys):
    """Under one recipe the ADC of `fit` on one voxel is the voxel of the map of `maps`, for each
    recipe by name and by file.
    """
    mask = np.asarray(nib.load(scan["roi.nii.gz"]).dataobj) * 0
    mask[2, 1, 1] = 1
    nib.save(nib.Nifti1Image(mask, nib.load(scan["roi.nii.gz"]).affine), scan["roi.nii.gz"])
    own = tmp_path / "own.toml"
    own.write_text('name = "own"\npair = [0, 800]\n[methods]\nmonoexponential = "two-point"\n')
    found = {}
    for name in ("article", "full", own):
        out = tmp_path / f"maps_{getattr(name, 'stem', name)}"
        words = ("--recipe", name, "--model", "monoexponential")
        assert fit(scan, *words, "--out", tmp_path / "fit.csv", "--force") == 0
        assert maps(scan, *words, "--mask", scan["roi.nii.gz"], "--out", out) == 0
        table = pd.read_csv(tmp_path / "fit.csv").set_index("parameter")
        stem = out / "sub-07_model-monoexponential_param-adcstand_dwimap"
        value = nib.load(f"{stem}.nii.gz").get_fdata()[2, 1, 1]
        assert_allclose(table.loc["adc_stand", "value"], value * 1e3, rtol=1e-5)
        details = json.loads(stem.with_suffix(".json").read_text())
        found[details["Recipe"]["name"]] = details.get("BValuesOfADC")
    assert found == {"article": [0, 1200], "full": None, "own": [0, 800]}
    assert "recipe own" in capsys.readouterr().out


@pytest.mark.parametrize("command", [fit, maps])
@pytest.mark.parametrize(
    ("value", "text"),
    [(0.0, "zero"), (np.nan, "NaN"), (-5.0, "zero"), (7.0, "same signal|saturated")],
)
def test_an_image_without_signal_is_refused(scan, tmp_path, command, value, text, capsys):
    """An image that is all zero, NaN, negative or constant is refused in one line, and nothing is
    written.
    """
    image = nib.load(scan["dwi.nii.gz"])
    spoilt = np.full(image.shape, value, np.float32)
    nib.save(nib.Nifti1Image(spoilt, image.affine), scan["dwi.nii.gz"])
    out = tmp_path / "out"
    assert command(scan, "--out", out) == 2
    line = capsys.readouterr().err.strip()
    assert "\n" not in line and "can be fitted" in line
    assert any(word in line for word in text.split("|"))
    assert not out.exists()


def test_some_voxels_without_signal_are_said(scan, tmp_path, capsys):
    """Where only some voxels are not finite or below zero, both commands go on and say how many."""
    image = nib.load(scan["dwi.nii.gz"])
    values = image.get_fdata(dtype=np.float32)
    values[1, 1, 1, 3], values[2, 1, 1, 9] = np.nan, -1
    nib.save(nib.Nifti1Image(values, image.affine), scan["dwi.nii.gz"])
    assert fit(scan) == 0
    text = capsys.readouterr().out
    assert "1 of 6 voxels hold NaN or infinite values" in text
    assert "1 of 6 voxels hold values at or below zero" in text
    assert maps(scan, "--mask", scan["roi.nii.gz"], "--out", tmp_path / "maps") == 0
    assert "1 NaN or infinite signal" in capsys.readouterr().out


def test_an_input_is_never_replaced(scan, tmp_path, capsys):
    """--force does not let an output take the place of an input, by its name or by a link to it."""
    before = {name: path.read_bytes() for name, path in scan.items()}
    link = tmp_path / "link.csv"
    link.symlink_to(scan["dwi.nii.gz"])
    for target in (*scan.values(), link):
        assert fit(scan, "--out", target, "--force") == 2
        assert "is an input of this run and stays as it is" in capsys.readouterr().err
    folder = tmp_path / "maps"
    folder.mkdir()
    name = "sub-07_model-stretched_param-alpha_dwimap.nii.gz"
    (folder / name).write_bytes(scan["roi.nii.gz"].read_bytes())
    words = ("--model", "stretched", "--mask", folder / name)
    assert maps(scan, *words, "--out", folder, "--force") == 2
    assert "is an input of this run" in capsys.readouterr().err
    assert (folder / name).read_bytes() == before["roi.nii.gz"]
    assert {name: path.read_bytes() for name, path in scan.items()} == before


def test_a_pipe_as_target_stays_a_pipe(scan, tmp_path, capsys):
    """--out at a pipe is refused before the work; the pipe stays."""
    import os

    os.mkfifo(tmp_path / "pipe")
    assert fit(scan, "--out", tmp_path / "pipe", "--force") == 2
    assert "no regular file" in capsys.readouterr().err
    assert (tmp_path / "pipe").is_fifo()


def test_roi_list_and_convert(scan, tmp_path, capsys):
    """A polygon is listed with its corners, with an image with its voxels, and written as the mask
    that it outlines.
    """
    path, image = polygon(scan), scan["dwi.nii.gz"]
    assert main(["roi", "list", str(path)]) == 0
    assert "lesion: 1 contours of 5 corners" in capsys.readouterr().out
    assert main(["roi", "list", str(path), "--like", str(image)]) == 0
    assert "lesion: 6 voxels" in capsys.readouterr().out
    out = tmp_path / "lesion.nii.gz"
    assert main(["roi", "convert", str(path), str(out), "--like", str(image)]) == 0
    written, expected = nib.load(out), nib.load(scan["roi.nii.gz"])
    assert_allclose(written.get_fdata(), expected.get_fdata())
    assert_allclose(written.affine, expected.affine, atol=1e-5)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("{roi}", "{out}", "--like", "missing.nii"), "no such file"),
        (("missing.json", "{out}", "--like", "{image}"), "no such file"),
        (("{roi}", "{image}", "--like", "{image}", "--force"), "is an input of this run"),
        (("{roi}", "out.png", "--like", "{image}"), "ends with .nii or .nii.gz"),
        (("{roi}", "{out}", "--like", "{image}", "--region", "x"), "no label x; the file holds"),
        (("{roi}", "{out}", "--like", "{bval}"), "not readable as an image"),
        (("{bval}", "{out}", "--like", "{image}"), "no file of regions that is known here"),
    ],
)
def test_roi_convert_bad_words(scan, tmp_path, words, message, capsys):
    """Wrong files and names: exit code 2, one line, nothing written."""
    places = {"roi": polygon(scan), "image": scan["dwi.nii.gz"], "bval": scan["dwi.bval"]}
    places["out"] = tmp_path / "out.nii.gz"
    before = sorted(path.name for path in tmp_path.iterdir())
    assert main(["roi", "convert", *(word.format(**places) for word in words)]) == 2
    line = capsys.readouterr().err.strip()
    assert "\n" not in line and line.startswith("ivim roi: ") and message in line
    assert sorted(path.name for path in tmp_path.iterdir()) == before


def test_a_fit_of_two_b_values_competes_with_none(scan, tmp_path):
    """An ADC of two b-values has no AICc beside fits of all samples, with repeats of both b-values
    too.
    """
    image = nib.load(scan["dwi.nii.gz"])
    data = np.repeat(image.get_fdata(dtype=np.float32), 3, axis=3)
    data *= 1 + 0.03 * np.random.default_rng(0).normal(size=data.shape).astype(np.float32)
    nib.save(nib.Nifti1Image(data, image.affine), scan["dwi.nii.gz"])
    scan["dwi.bval"].write_text(" ".join(map(str, np.repeat(article.B_VALUES, 3))))
    scan["dwi.json"].unlink()
    assert fit(scan, "--out", tmp_path / "fit.csv") == 0
    table = pd.read_csv(tmp_path / "fit.csv").groupby("model")["aicc"].first()
    assert np.isnan(table["monoexponential"]) and table.drop("monoexponential").notna().all()
    words = ("--mask", scan["roi.nii.gz"], "--out", tmp_path / "maps")
    assert maps(scan, *words) == 0
    best = nib.load(tmp_path / "maps" / "sub-07_desc-preferred_dwimap.nii.gz").get_fdata()
    assert set(np.unique(best)) <= {-1, 1, 2} and (best > 0).sum() == 6
    assert fit(scan, "--recipe", "full", "--out", tmp_path / "fit.csv", "--force") == 0
    assert pd.read_csv(tmp_path / "fit.csv")["aicc"].notna().all()


def test_recipe_and_method_are_one(scan, tmp_path, capsys):
    """--method is another name of --recipe; two different ones are refused, and an unknown one with
    those there are.
    """
    words = ("--out", tmp_path / "maps", "--recipe", "full", "--method", "segmented")
    assert maps(scan, *words) == 2
    assert "give one of them" in capsys.readouterr().err
    assert fit(scan, "--recipe", "quick") == 2
    assert "unknown recipe 'quick'; known are article, full, segmented" in capsys.readouterr().err
