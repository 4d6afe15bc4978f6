"""What an import writes is BIDS: the validator of the standard passes it, without the network."""

import json
import os
import subprocess
from pathlib import Path

import dicom_made as made
import numpy as np
import pytest
from dicom_made import Protocol, Volume, another, three_directions, volumes

from ivim.imaging import dataset, dicom


@pytest.fixture(scope="module")
def problems():
    """A function that gives the validator's errors for a folder, or skips where it cannot run."""
    bundle = pytest.importorskip(
        "bids_validator_deno", reason="the BIDS validator is not installed"
    )
    deno = pytest.importorskip("deno", reason="the validator's runtime is not installed")
    script = Path(bundle.__file__).with_name("bids-validator.js")

    def run(folder):
        command = [os.fsdecode(deno.find_deno_bin()), "run", "--allow-read", "--allow-env"]
        command += ["--no-remote", str(script), str(folder), "--format", "json"]
        done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
        if not done.stdout.startswith("{"):
            pytest.skip(f"the BIDS validator does not run here: {done.stderr[:200]}")
        issues = json.loads(done.stdout)["issues"]["issues"]
        return [
            (one["code"], one.get("location")) for one in issues if one["severity"] == "error"
        ], {(one["code"], one.get("subCode")) for one in issues}

    return run


PROTOCOLS = {
    "averages differ": volumes(0, 50, 800, averages=[1, 2, 4]),
    "averages unknown": [Volume(0, None, None), Volume(800, (1, 0, 0), None)],
    "directions": three_directions(0, 400, trace=True),
    "traces": [Volume(b, None, trace=b > 0) for b in (0, 50, 800)],
}


def test_an_import_passes_the_validator(tmp_path, problems):
    """No error, and no warning of a missing .bvec, README or description of a column."""
    for name, scan in PROTOCOLS.items():
        made.write_classic(tmp_path / name, another(Protocol(patient=name)), scan)
        philips = another(Protocol("Philips", patient=f"{name} multi-frame"))
        made.write_enhanced(tmp_path / name, philips, scan)
    outcome = dicom.import_study(tmp_path, tmp_path / "study")
    assert len(outcome.imported) == 2 * len(PROTOCOLS)
    errors, met = problems(tmp_path / "study")
    assert errors == []
    codes = {code for code, _ in met}
    assert not codes & {"README_FILE_MISSING", "TSV_ADDITIONAL_COLUMNS_UNDEFINED"}


def test_maps_and_tables_in_the_study_are_ignored(tmp_path, problems):
    """What the other commands may write there is no error either."""
    made.write_classic(tmp_path / "a", Protocol(), volumes(0, 800))
    study = tmp_path / "study"
    dicom.import_study(tmp_path / "a", study)
    for name in ("measurements.csv", "measurements_detail.csv", "flow.csv", "quality/sub-01.html"):
        (study / name).parent.mkdir(exist_ok=True)
        (study / name).touch()
    (study / "sub-01/dwi/sub-01_model-biexponential_param-f_dwimap.nii.gz").touch()
    (study / "derivatives/rois/sub-01").mkdir(parents=True)
    (study / "derivatives/rois/sub-01/sub-01_desc-A_mask.nrrd").touch()
    assert problems(study)[0] == []


def test_the_validator_does_see_an_error(tmp_path, problems):
    """Without its b-values a scan does not pass: the test above can fail."""
    made.write_classic(tmp_path / "a", Protocol(), volumes(0, 800))
    dicom.import_study(tmp_path / "a", tmp_path / "study")
    (tmp_path / "study/sub-01/dwi/sub-01_dwi.bval").write_text("0 1 2 3 4\n")
    assert problems(tmp_path / "study")[0] != []


def test_participants_with_ages_pass(tmp_path, problems):
    """A table with all columns that a study may have."""
    rows = [
        {"participant_id": "sub-01", "group": "benign", "sex": "F", "age": 61},
        {"participant_id": "sub-02", "group": "metastasis", "primary": "lung"},
    ]
    for row in rows:
        dataset.write_series(
            tmp_path, row["participant_id"], np.ones((4, 4, 2, 3), np.int16),
            np.diag([2, 2, 4, 1]), [0, 50, 800], averages=[1, 1, 2.5],
        )  # fmt: skip
    dataset.write_participants(tmp_path, rows)
    dataset.write_dataset(tmp_path, "A study")
    assert problems(tmp_path)[0] == []
    text = (tmp_path / "participants.tsv").read_text().splitlines()
    assert text[0] == "participant_id\tgroup\tprimary\tsex\tage"
    assert text[2] == "sub-02\tmetastasis\tlung\tn/a\tn/a"
