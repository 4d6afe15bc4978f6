"""`ivim study` from end to end: a study with everything that goes wrong in real ones, by the
command that a user types."""

import hashlib
import json
import re

import numpy as np
import pandas as pd
import pytest
import small_study as small
from light import execute_with_outputs, without_kernels

from ivim import cli
from ivim.study import checklist

PATIENTS = 10
SECRET = "Mustermann"


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    """Two groups, two readers, no ages; one ROI is empty, one is missing, one patient has no
    series, one too few b-values."""
    folder = small.write_study(tmp_path_factory.mktemp("whole") / SECRET / "study", PATIENTS)
    lines = [f"sub-{n:02d}\t{small.GROUPS[n % 2]}" for n in range(1, PATIENTS + 1)]
    small.write_participants(folder, lines, "participant_id\tgroup")
    small.write_image(small.roi_path(folder, 1, "A"), np.zeros(small.SHAPE, np.uint8))
    small.roi_path(folder, 2, "B").unlink()
    small.dwi_path(folder, 3).unlink()
    small.dwi_path(folder, 4, ".bval").write_text("0 0 0 0 0 0 800 1200\n")
    return folder


@pytest.fixture(scope="module")
def out(study, tmp_path_factory):
    """The results of the whole study; it ends with 1, because something named was left out."""
    folder = tmp_path_factory.mktemp("results") / "out"
    assert _run(study, folder) == 1
    return folder


def _run(study, folder):
    words = ["study", str(study), "--out", str(folder), "--positive", "malignant", "--keep-going"]
    with without_kernels(execute_with_outputs):
        return cli.main(words)


def _tree(folder):
    return {
        p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()
    }


@pytest.mark.parametrize(
    "name",
    [
        "patients.csv", "measurements.csv", "measurements_detail.csv", "flow.csv", "index.html",
        "methods.md", "checklist.md", "run.json", "ro-crate-metadata.json", "numbers.json",
        "figures/figure3.png", *(f"tables/table{n}.csv" for n in range(1, 6)),
        *(f"quality/sub-{n:02d}.html" for n in range(1, PATIENTS + 1)),
    ],
)  # fmt: skip
def test_every_item_of_the_contract_is_written(out, name):
    """Tables, figures, pages and summary are there and hold something."""
    assert (out / name).stat().st_size > 0


def test_nobody_is_dropped_and_every_table_says_its_n(out):
    """All patients stand in Table 1; Table 2 counts for each parameter who has a value."""
    table1 = pd.read_csv(out / "tables" / "table1.csv")
    assert table1["n"].sum() == PATIENTS
    table2 = pd.read_csv(out / "tables" / "table2.csv").groupby("parameter")["n"].sum()
    assert table2["adc_stand"] == PATIENTS - 1 and table2["f"] == PATIENTS - 2
    note = (out / "tables" / "table2.md").read_text(encoding="utf-8")
    assert f"{PATIENTS - 2} of {PATIENTS} patients" in note


def test_the_front_page_shows_the_flow_and_whom_it_lost(out):
    """The numbers of each step, and the reason of everybody who was left out."""
    page = (out / "index.html").read_text(encoding="utf-8")
    for text in (
        f"Participants: {PATIENTS}",
        f"Measured: {PATIENTS - 1}",
        f"With every parameter: {PATIENTS - 2}",
    ):
        assert text in page
    for why in ("the mask is empty", "no ROI file by this reader", "no diffusion series"):
        assert why in page


def test_every_link_of_the_front_page_leads_to_a_file(out):
    """Pages, tables, figures and files that it names are there."""
    links = re.findall(
        r'(?:href|src)="([^"#:]+)"', (out / "index.html").read_text(encoding="utf-8")
    )
    assert len(links) > PATIENTS
    assert not [link for link in links if not (out / link).is_file()]


def test_pages_ask_nothing_of_any_network_and_hold_their_pictures(out):
    """No address in a page; three pictures of a measured patient inside it, each with its text."""
    for path in (out / "quality").glob("*.html"):
        page = path.read_text(encoding="utf-8")
        assert "http" not in page and 'src="//' not in page
        pictures = re.findall(r'<img alt="([^"]{20,})" src="data:image/png;base64,', page)
        assert len(pictures) == (0 if path.stem == "sub-03" else 3)


def test_a_page_tells_values_and_what_to_look_at(out):
    """The page of the patient with an empty ROI says so, and has the other reader's values."""
    page = (out / "quality" / "sub-01.html").read_text(encoding="utf-8")
    value = pd.read_csv(out / "measurements.csv").query("patient == 'sub-01' and reader == 'B'")
    assert "the mask is empty" in page and f"{value['f'].iloc[0]:.3g}" in page


def test_methods_tell_what_ran(out):
    """The paragraph's numbers are those of the run, and each reference that is listed is cited."""
    text = (out / "methods.md").read_text(encoding="utf-8")
    assert f"{PATIENTS} patients took part" in text and "sub-03" in text
    assert "b-values 0, 20, 50, 100, 200, 400, 800, 1200 s/mm²" in text
    used = int((pd.read_csv(out / "flow.csv")["status"] == "used").sum())
    assert f"{used} regions of interest drawn by readers A, B" in text
    body, listed = text.split("## References")
    numbers = re.findall(r"^(\d+)\. ", listed, re.M)
    assert numbers and set(re.findall(r"\[(\d+)\]", body)) == set(numbers)


def test_the_checklist_has_every_item_of_stard(out):
    """34 items in order; those of the cross tabulation and of accuracy carry Table 5's numbers."""
    text = (out / "checklist.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (\d+[ab]?) \| .+ \| (.+) \|$", text, re.M)
    assert [number for number, _ in rows] == list(checklist.ITEMS) and len(rows) == 34
    row = pd.read_csv(out / "tables" / "table5.csv").iloc[0]
    assert f"TP {row['tp']}, FN {row['fn']}" in dict(rows)["23"]
    assert f"AUC {row['auc']:.3f}" in dict(rows)["24"]
    assert dict(rows)["30"] == checklist.TO_FILL


def test_the_crate_has_the_hash_of_every_file_and_every_input(out, study):
    """What the crate says of a file is what the file is; every input of the study is named with its
    hash."""
    graph = json.loads((out / "ro-crate-metadata.json").read_text(encoding="utf-8"))["@graph"]
    things = {one["@id"]: one for one in graph}
    parts = [one["@id"] for one in things["./"]["hasPart"]]
    assert len(parts) > 50
    for name in parts:
        assert things[name]["sha256"] == hashlib.sha256((out / name).read_bytes()).hexdigest()
    inputs = [one["@id"].removeprefix("#input/") for one in things["#run"]["object"]]
    assert "participants.tsv" in inputs and "sub-05/dwi/sub-05_dwi.nii.gz" in inputs
    for name in inputs:
        digest = hashlib.sha256((study / name).read_bytes()).hexdigest()
        assert things[f"#input/{name}"]["sha256"] == digest


def test_the_record_tells_recipe_inputs_and_seconds(out):
    """`run.json` has the options, a hash per input, and how long reading, fitting and drawing
    took."""
    told = json.loads((out / "run.json").read_text(encoding="utf-8"))["study"]
    assert told["options"]["recipe"]["name"] == "article" and told["options"]["estimator"] == "maps"
    assert {"reading", "fitting", "drawing", "notebooks"} <= set(told["seconds"])
    assert told["patients"] == PATIENTS and told["left_out"] == 4


def test_where_the_study_lies_is_not_told(out):
    """No output has the path of the study's folder in it (a folder is often called by a name)."""
    for name, content in _tree(out).items():
        assert SECRET.encode() not in content, name


def test_a_second_run_measures_nothing_and_changes_nothing(study, out, capsys):
    """With nothing changed, every byte stays, and it says that nobody was measured."""
    before = _tree(out)
    assert _run(study, out) == 1
    assert f"{PATIENTS} patients, 0 of them measured now" in capsys.readouterr().out
    after = _tree(out)
    assert [name for name in after if after[name] != before.get(name)] == []


def test_tables_are_those_of_measure_alone(study, out, tmp_path):
    """`ivim measure` writes the same measurements, detail and flow byte for byte."""
    target = tmp_path / "measurements.csv"
    words = ["measure", str(study), "--out", str(target), "--keep-going", "--jobs", "1"]
    assert cli.main(words) == 1
    for name in (
        "measurements.csv",
        "measurements_detail.csv",
        "measurements_overlap.csv",
        "flow.csv",
    ):
        assert (tmp_path / name).read_bytes() == (out / name).read_bytes(), name
