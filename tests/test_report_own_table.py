"""Anyone's own study through the same notebooks, by the command: 33 patients, two groups."""

import json

import numpy as np
import pandas as pd
import pytest
from light import execute_with_outputs, without_kernels

from ivim import cli
from ivim.report.tables import COLUMNS


@pytest.fixture(scope="module")
def words(tmp_path_factory):
    """The command's words for a made-up table: two of the six parameters, an own column, one
    reader, no ages, no sub-groups.
    """
    folder, rng = tmp_path_factory.mktemp("own"), np.random.default_rng(33)
    group = np.array(
        ["malignant"] * 18 + ["benign"] * 15
    )  # the disease first: positive has to be named
    patients = pd.DataFrame({"patient": [f"P{at}" for at in range(33)], "group": group})
    sick = group == "malignant"
    measured = {
        "adc_slow": rng.normal(1.2 - 0.25 * sick, 0.25).round(2),
        "f": rng.uniform(0.1, 0.4, 33).round(3),
        "my volume_50%": rng.normal(600 + 120 * sick, 150).round(1),
    }
    patients.to_csv(folder / "mine-patients.csv", index=False)
    pd.DataFrame({"patient": patients["patient"], "reader": "me", **measured}).to_csv(
        folder / "mine.csv", index=False
    )
    patients, measurements = folder / "mine-patients.csv", folder / "mine.csv"
    tables = ["--patients", str(patients), "--measurements", str(measurements)]
    return ["reproduce", *tables, "--positive", "malignant"]


@pytest.fixture(scope="module")
def results(words, tmp_path_factory):
    """Notebooks 03-07 run on that table."""
    out = tmp_path_factory.mktemp("results") / "out"
    with without_kernels(execute_with_outputs):
        assert cli.main([*words, "--out", str(out), "-p", "resamples=500"]) == 0
    return out


def test_kernels_write_the_same(words, results, tmp_path):
    """The command as it is, with a kernel and papermill, writes the bytes of the quick way."""
    assert cli.main([*words, "--out", str(tmp_path / "out"), "--only", "06"]) == 0
    written = [path.name for path in (tmp_path / "out" / "tables").iterdir()]
    assert len(written) > 10
    for name in written:
        kernels = (tmp_path / "out" / "tables" / name).read_bytes()
        assert kernels == (results / "tables" / name).read_bytes(), name


@pytest.mark.parametrize("name", COLUMNS)
def test_every_table_is_written_with_the_contracts_columns(results, name):
    """Tables 1-5, agreement, ANOVA and post-hoc are there in five formats, empty ones with their
    reason.
    """
    table = pd.read_csv(results / "tables" / f"{name}.csv")
    assert list(table.columns) == COLUMNS[name].split()
    assert all(
        (results / "tables" / f"{name}.{kind}").stat().st_size > 0
        for kind in ("md", "tex", "html", "docx")
    )
    if table.empty:
        assert (
            "One reader only" in (results / "tables" / f"{name}.md").read_text()
            or "No sub-groups" in (results / "tables" / f"{name}.md").read_text()
        )
    assert table.empty == (name in ("agreement", "anova", "posthoc"))


def test_groups_and_sizes_are_those_of_the_table(results):
    """Nothing of the article's groups is left."""
    assert pd.read_csv(results / "tables" / "table1.csv")[["group", "n"]].values.tolist() == [
        ["benign", 15],
        ["malignant", 18],
    ]
    table5 = pd.read_csv(results / "tables" / "table5.csv")
    assert (table5["tp"] + table5["fn"] == 18).all() and (table5["tn"] + table5["fp"] == 15).all()


def test_nothing_printed_stands_beside_an_own_table(results):
    """No comparison with the article is written, and no output calls the patients reconstructed."""
    assert not list((results / "tables").glob("*_printed*"))
    for path in (results / "notebooks").glob("*.ipynb"):
        outputs = [
            cell["outputs"]
            for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]
            if cell["cell_type"] == "code"
        ]
        assert "reconstructed" not in json.dumps(outputs), path.name


def test_figure_3_is_drawn(results):
    """Figure 3 with its plotted numbers, for the markers of Table 5."""
    drawn = pd.read_csv(results / "figures" / "figure3.csv")
    assert (
        drawn["marker"].unique().tolist()
        == pd.read_csv(results / "tables" / "table5.csv")["marker"].tolist()
    )
    assert (results / "figures" / "figure3.png").stat().st_size > 10_000
