"""The main job, run whole: fresh results are the committed ones, and two runs give the same
bytes."""

import base64
import json
import re

import nbformat
import numpy as np
import pandas as pd
import pytest
from pictures import SAME, SAME_BUT_MARGINS, distance

from ivim import cli, run
from ivim.files import NOTEBOOKS, RESULTS

# Processors differ in the last digits of a fit; ten significant digits are written.
RTOL, ATOL = 1e-6, 1e-9
RUN_TWICE = ("02", "05")
FROM_THE_CONTRACT = [
    *(
        f"tables/table{number}.{ending}"
        for number in range(1, 6)
        for ending in ("csv", "md", "tex", "html", "docx")
    ),
    *(f"tables/{name}.csv" for name in ("agreement", "anova", "posthoc")),
    *(
        f"figures/figure{number}.{ending}"
        for number in (1, 2, 3)
        for ending in ("png", "svg", "csv")
    ),
    "audit/ledger.csv",
    "audit/ledger.html",
    "audit/ledger.md",
    "numbers.json",
]


@pytest.fixture(scope="session")
def fresh(tmp_path_factory):
    """The results of a run of its own, by the command a user types."""
    out = tmp_path_factory.mktemp("fresh") / "results"
    assert cli.main(["reproduce", "--out", str(out)]) == 0
    return out


def _tracked(folder):
    return sorted(
        path.relative_to(folder).as_posix()
        for kind in ("tables", "figures", "audit")
        for path in (folder / kind).rglob("*")
        if path.is_file()
    )


@pytest.mark.parametrize("name", FROM_THE_CONTRACT)
def test_every_item_of_the_contract_is_written(fresh, name):
    """Each table, figure and ledger that the contract names is there and holds something."""
    assert (fresh / name).stat().st_size > 0


def test_committed_results_are_what_the_run_gives(fresh):
    """The same files, no more and no fewer."""
    assert _tracked(fresh) == _tracked(RESULTS)


@pytest.mark.parametrize("name", [name for name in _tracked(RESULTS) if name.endswith(".csv")])
def test_committed_numbers_are_what_the_run_gives(fresh, name):
    """Every CSV has the same columns, the same words and, within the tolerance, the same
    numbers."""
    ours, theirs = (pd.read_csv(folder / name) for folder in (fresh, RESULTS))
    assert list(ours.columns) == list(theirs.columns)
    pd.testing.assert_frame_equal(ours, theirs, rtol=RTOL, atol=ATOL)


@pytest.mark.parametrize(
    "name", [name for name in _tracked(RESULTS) if name.endswith((".md", ".tex", ".html"))]
)
def test_committed_texts_are_what_the_run_gives(fresh, name):
    """Printed tables and the ledger are rounded, so they are the same to the letter."""
    assert (fresh / name).read_text(encoding="utf-8") == (RESULTS / name).read_text(
        encoding="utf-8"
    )


def _leaves(value, path=()):
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _leaves(item, (*path, key))
    else:
        yield path, value


def test_quoted_numbers_are_what_the_run_gives(fresh):
    """numbers.json, which texts quote from, holds what the run computes."""
    ours, theirs = (
        dict(_leaves(json.loads((folder / "numbers.json").read_text(encoding="utf-8"))))
        for folder in (fresh, RESULTS)
    )
    assert ours.keys() == theirs.keys()
    for path, value in theirs.items():
        if isinstance(value, float):
            np.testing.assert_allclose(
                ours[path], value, rtol=RTOL, atol=ATOL, err_msg=".".join(path)
            )
        else:
            assert ours[path] == value, path


@pytest.mark.parametrize("path", sorted(NOTEBOOKS.glob("*.ipynb")), ids=lambda path: path.stem)
def test_stored_notebooks_are_what_the_run_gives(fresh, path):
    """Sources and text outputs of the stored notebooks are those of the fresh run."""
    ours, theirs = (
        nbformat.read(file, as_version=4) for file in (fresh / "notebooks" / path.name, path)
    )
    for new, old in zip(ours.cells, theirs.cells, strict=True):
        assert new.source == old.source
        # A stamp names versions, which the lock chooses by Python; its cell is marked for nbval
        # too.
        if old.cell_type == "code" and "nbval-ignore-output" not in old.metadata.get("tags", ()):
            assert [output.get("text") for output in new.outputs] == [
                output.get("text") for output in old.outputs
            ]


def _pictures(notebook):
    """PNG files in the outputs of a notebook, as pictures or within HTML, in order."""
    cells = nbformat.read(notebook, as_version=4).cells
    data = [output.get("data", {}) for cell in cells for output in cell.get("outputs", ())]
    found = []
    for one in data:
        page = re.findall(r"data:image/png;base64,([A-Za-z0-9+/=\s]+)", one.get("text/html", ""))
        found += page or ([one["image/png"]] if "image/png" in one else [])
    return [base64.b64decode(one) for one in found]


@pytest.mark.parametrize("name", [name for name in _tracked(RESULTS) if name.endswith(".png")])
def test_committed_pictures_are_what_the_run_gives(fresh, name):
    """A figure file shows what the run draws; one that was put in its place does not."""
    assert distance((fresh / name).read_bytes(), (RESULTS / name).read_bytes()) < SAME


@pytest.mark.parametrize("path", sorted(NOTEBOOKS.glob("*.ipynb")), ids=lambda path: path.stem)
def test_pictures_in_stored_notebooks_are_what_the_run_gives(fresh, path):
    """nbval compares no picture: each picture of a stored notebook is the one that the run draws
    there.
    """
    ours, theirs = _pictures(fresh / "notebooks" / path.name), _pictures(path)
    assert len(ours) == len(theirs)
    assert [distance(new, old) < SAME for new, old in zip(ours, theirs, strict=True)] == [
        True
    ] * len(ours)


def test_every_figure_file_is_a_picture_of_a_notebook():
    """Each figure file is what a reader sees in the notebook that saves it, margins aside."""
    seen = [(path, picture) for path in NOTEBOOKS.glob("*.ipynb") for picture in _pictures(path)]
    for file in (RESULTS / "figures").glob("*.png"):
        content = file.read_bytes()
        away, nearest = min((distance(content, picture), path) for path, picture in seen)
        assert away < SAME_BUT_MARGINS, file.name
        assert file.stem in nearest.read_text(encoding="utf-8"), (file.name, nearest.name)


def test_different_figures_are_told_apart():
    """The measure that guards the pictures tells every two committed figures apart."""
    content = [path.read_bytes() for path in sorted((RESULTS / "figures").glob("*.png"))]
    nearest = min(distance(a, b) for n, a in enumerate(content) for b in content[n + 1 :])
    assert nearest > SAME


def test_two_runs_give_the_same_bytes(fresh, tmp_path, monkeypatch):
    """Nothing but the record with its times differs between two runs on one machine: run again, the
    notebooks with fits of voxels, tables in five formats and figures give each of their files
    alike.
    """
    # What there is to compile, the first run has compiled.
    monkeypatch.setattr(run, "prepare", lambda say: None)
    again = tmp_path / "again"
    assert cli.main(["reproduce", "--out", str(again), "--only", *RUN_TWICE]) == 0
    written = [path for path in again.rglob("*") if path.is_file() and path.name != "run.json"]
    assert len(written) > 50
    for path in written:
        name = path.relative_to(again)
        if name.name == "numbers.json":
            ours, theirs = (json.loads((one / name).read_text()) for one in (again, fresh))
            assert ours == {section: theirs[section] for section in ours}
        else:
            assert path.read_bytes() == (fresh / name).read_bytes(), name


def test_the_record_says_what_was_run(fresh):
    """run.json has versions, input hashes, seeds, and seconds and status per notebook."""
    record = json.loads((fresh / "run.json").read_text(encoding="utf-8"))
    assert {"versions", "inputs", "seeds", "notebooks"} <= record.keys()
    assert "data/cohort/measurements.csv" in record["inputs"]
    for notebook in NOTEBOOKS.glob("*.ipynb"):
        assert record["notebooks"][notebook.stem]["status"] == "done"
        assert record["notebooks"][notebook.stem]["seconds"] > 0
