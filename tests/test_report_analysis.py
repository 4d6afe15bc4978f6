"""One analysis per cohort: computed once, each number under one name, blanks counted."""

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

from ivim import load_cohort, report
from ivim.report import compare, construction, ledger
from ivim.report.frames import COLUMNS
from ivim.report.quantities import quantities_of


@pytest.fixture(scope="module")
def article():
    """The reconstructed cohort."""
    return load_cohort()


def _study(folder, patients, measurements, positive=None):
    patients.to_csv(folder / "patients.csv", index=False)
    measurements.to_csv(folder / "measurements.csv", index=False)
    return load_cohort(folder / "patients.csv", folder / "measurements.csv", positive)


@pytest.fixture(scope="module")
def gaps(tmp_path_factory):
    """Forty patients, two readers; ADC fast of five is blank, f skewed enough for ranks."""
    rng = np.random.default_rng(4)
    sick = np.arange(40) >= 18
    patients = pd.DataFrame(
        {"patient": [f"p{at}" for at in range(40)], "group": np.where(sick, "b", "a")}
    )
    fast = rng.normal(20 + 8 * sick, 5, 40)
    skewed = rng.exponential(0.08, 40).clip(0.001, 0.99) * (1 + sick)
    readings = [
        pd.DataFrame(
            {"patient": patients["patient"], "reader": name, "adc_fast": fast + shift, "f": skewed}
        )
        for name, shift in (("R", 0.0), ("S", 0.5))
    ]
    table = pd.concat(readings).round(4)
    table.loc[table["patient"].isin([f"p{at}" for at in (0, 3, 20, 21, 30)]), "adc_fast"] = np.nan
    return _study(tmp_path_factory.mktemp("gaps"), patients, table, "b")


def test_nothing_is_computed_twice(article, monkeypatch):
    """A second table, figure or comparison takes what the first one computed."""
    from ivim.report import frames

    assert len(report.analyse(article).table3) == 6
    monkeypatch.setattr(frames, "two_groups", None)
    assert len(report.table("table3", article).frame) == 6
    assert report.analyse(article) is report.analyse(article)


def test_a_changed_copy_does_not_change_the_analysis(article):
    """What a caller does to a table stays with the caller."""
    first = report.analyse(article).table("table2")
    first.loc[0, "mean"] = -1.0
    first.attrs["notes"].append("mine")
    again = report.analyse(article).table("table2")
    assert again.loc[0, "mean"] > 0
    assert "mine" not in report.table("table2", article).footnotes


def test_every_number_has_one_name(article):
    """No two quantities share analysis, item, group, parameter and statistic; shares are in per
    cent.
    """
    found = report.analyse(article).quantities()
    assert list(found.columns) == [
        "analysis",
        "item",
        "group",
        "parameter",
        "statistic",
        "value",
        "unit",
    ]
    key = ["analysis", "item", "group", "parameter", "statistic"]
    assert not found.duplicated(key).any()
    row = found.set_index(key).loc[("roc", "", "", "f", "sensitivity")]
    assert (row["unit"], round(row["value"], 6)) == ("%", 86.0)
    assert (
        found.set_index(key).loc[("describe", "", "lung", "adc_fast", "sd"), "unit"] == "10⁻³ mm²/s"
    )


@pytest.mark.parametrize("name", COLUMNS)
def test_quantities_hold_every_number_of_a_table(article, name):
    """As many numbers as the table has cells of numbers."""
    frame = report.analyse(article).table(name)
    words = {
        "group",
        "parameter",
        "test",
        "term",
        "marker",
        "direction",
        "form",
        "method",
        "a",
        "b",
    }
    words -= {"b"} if name == "table4" else set()
    words |= {"df"} if name == "table3" else set()
    numbers = frame.drop(columns=[column for column in words if column in frame])
    assert len(quantities_of(name, frame)) == numbers.size


def test_the_audits_evidence_is_a_view(article):
    """The pipeline's frame holds each number once, of the ICC the form whose limits are printed."""
    frame = ledger.pipeline_frame(article)
    key = ["analysis", "group", "parameter", "statistic"]
    assert not frame.duplicated(key).any()
    table = report.analyse(article).agreement
    wanted = table[(table["form"] == "ICC(C,1)") & (table["parameter"] == "f")].iloc[0]
    found = frame.set_index(key).loc[("agreement", "", "f", "icc_low"), "value"]
    assert_allclose(found, wanted["ci_low"])


def test_blank_values_leave_their_patient_out_of_that_parameter(gaps):
    """n per parameter in Table 2, tests and ICC on those who have a value; each table says so."""
    table = report.table("table2", gaps)
    n = table.frame.pivot(index="group", columns="parameter", values="n")
    assert n.loc["a"].to_dict() == {"adc_fast": 16, "f": 18}
    assert n.loc["b"].to_dict() == {"adc_fast": 19, "f": 22}
    for name in ("table2", "table3", "agreement"):
        assert any("35 of 40" in note for note in report.table(name, gaps).footnotes), name
    student = report.analyse(gaps).group_tests.query(
        "parameter == 'adc_fast' and test == 'Student'"
    )
    assert student["df"].iloc[0] == 33


def test_a_regression_takes_the_patients_with_every_predictor(gaps):
    """Tables 4 and 5 rest on the same patients, and say on how many."""
    analysis = report.analyse(gaps)
    if "adc_fast" in analysis.predictors:
        assert len(analysis.outcome) == 35
        row = analysis.table5.iloc[0]
        assert row["tp"] + row["fn"] + row["tn"] + row["fp"] == 35
        assert any("35 of 40" in note for note in report.table("table4", gaps).footnotes)


def test_ranks_bring_the_quartiles(gaps):
    """Where Mann-Whitney is chosen, Table 2 has median and quartiles below mean and SD."""
    assert report.analyse(gaps).by_ranks == ("f",)
    table = report.table("table2", gaps)
    values = gaps.values.loc[gaps.values["group"] == "a", "f"]
    cell = table.layout.set_index("Patient group").loc["a", "/{f}"]
    low, middle, high = np.percentile(values, [25, 50, 75])
    assert cell.split("\n")[1] == f"{middle:.2f} ({low:.2f}–{high:.2f})"
    assert "\n" not in table.layout.set_index("Patient group").loc["a", "ADC_{fast}\n10⁻³ mm²/s"]
    assert any("median" in note for note in table.footnotes)


def test_what_is_so_by_construction_is_read_from_the_targets(article, monkeypatch):
    """The sentence below a table counts the targets; without them it is gone."""
    note = report.table("table5", article).footnotes[-1]
    assert note.startswith("By construction") and "optima" not in note
    targets = construction.targets()
    monkeypatch.setattr(construction, "targets", lambda: targets.iloc[:0])
    assert not any("construction" in line for line in report.table("posthoc", article).footnotes)


def test_no_number_of_ones_own_is_by_construction(gaps):
    """The sentence stands in the article's cohort only."""
    for name in COLUMNS:
        assert not any("construction" in note for note in report.table(name, gaps).footnotes)


def test_a_comparison_says_how_much_was_sought(article):
    """All printed ICCs agree, and all of them because the cohort was built to print them."""
    table = report.beside("agreement", article, form="ICC(C,1)")
    assert table.frame["target"].all()
    assert "18 of 18 numbers agree, 18 of them by construction" in table.footnotes[0]
    assert compare.counts(table) == {"printed": 18, "same": 18}


def test_headings_stand_once():
    """No module of the report but the headings types a column's title again."""
    from ivim.files import ROOT
    from ivim.report import headings

    titles = [title for title in headings.COLUMNS.values() if len(title) > 6]
    for path in (ROOT / "ivim" / "report").glob("*.py"):
        if path.name not in ("headings.py", "redrawn.py", "ledger.py"):
            text = path.read_text(encoding="utf-8")
            for title in titles:
                assert f'"{title}"'.replace("\n", "\\n") not in text, (path.name, title)


def test_redrawn_tables_carry_their_units():
    """A column of the article's tables whose numbers have one unit says it below its heading; one
    of fractions, or of several units, says none.
    """
    from ivim.audit.transcript import load_claims
    from ivim.report.redrawn import grid

    assert grid(load_claims(), "table1").headings[-1] == "Age\nyears"
    headings = grid(load_claims(), "table2").headings
    assert headings[0] == "ADC_{stand}\n10⁻³ mm²/s" and headings[3] == "/{f}"
