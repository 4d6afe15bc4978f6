"""The door for notebooks: tables, figures with words, sentences, saving; for any cohort."""

import json
import re

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

from ivim import load_cohort, report
from ivim.report.catalogue import TABLES
from ivim.report.gallery import FIGURES
from ivim.report.minutes import Sentences
from ivim.report.picture import Picture
from ivim.report.widget import Explorer, Slider


@pytest.fixture(scope="module")
def article():
    """The reconstructed cohort."""
    return load_cohort()


@pytest.fixture(scope="module")
def bare(tmp_path_factory):
    """Two groups, one reader, one parameter that differs, no age, no sex, no sub-groups."""
    folder, rng = tmp_path_factory.mktemp("bare"), np.random.default_rng(12)
    sick = np.arange(30) >= 12
    patients = pd.DataFrame(
        {"patient": [f"q{at}" for at in range(30)], "group": np.where(sick, "ill", "well")}
    )
    values = rng.normal(5 + 1.5 * sick, 1).round(3)
    patients.to_csv(folder / "patients.csv", index=False)
    readings = pd.DataFrame({"patient": patients["patient"], "reader": "me", "mine": values})
    readings.to_csv(folder / "measurements.csv", index=False)
    return load_cohort(folder / "patients.csv", folder / "measurements.csv", "ill")


@pytest.mark.parametrize("name", TABLES)
@pytest.mark.parametrize("which", ["article", "bare"])
def test_every_supplementary_table_has_numbers_or_a_reason(name, which, request):
    """No table stops a study: what is empty says why, and the reconstructed cohort is named."""
    cohort = request.getfixturevalue(which)
    options = {"resamples": 5} if name == "optimism" else {}
    table = report.table(name, cohort, **options)
    if table is None:
        assert name == "icc_width" and which == "bare"
        return
    assert len(table.frame) or table.footnotes
    assert table.source == ("reconstructed" if which == "article" else "own")
    assert len(table.layout) == 0 or table.layout.iloc[:, 0].str.len().min() > 0


@pytest.mark.parametrize("name", FIGURES)
@pytest.mark.parametrize("which", ["article", "bare"])
def test_every_figure_is_drawn_with_words_or_says_why_not(name, which, request):
    """A picture has its numbers and what it shows; one that cannot be drawn is a sentence."""
    made = report.figure(name, request.getfixturevalue(which))
    if isinstance(made, Picture):
        assert len(made.alt) > 30 and len(made.data)
        assert ("econstructed" in made.alt) == (which == "article")
    else:
        assert isinstance(made, Sentences) and made[0].startswith("Not drawn: ")


@pytest.mark.parametrize("number", ["03", "04", "05", "06", "07"])
@pytest.mark.parametrize("which", ["article", "bare"])
def test_a_minute_is_at_most_three_sentences(number, which, request):
    """Plain sentences with a full stop, whatever the study has."""
    said = report.in_one_minute(number, request.getfixturevalue(which))
    assert 1 <= len(said) <= 3
    assert all(text.endswith(".") and "nan" not in text for text in said)


def test_a_minute_follows_the_numbers(article):
    """The sentence on the best marker quotes Table 5, that on age the article's own test."""
    best = report.analyse(article).table5.set_index("marker").loc["adc_fast+f"]
    assert f"AUC of {best['auc']:.3f}" in report.in_one_minute("07", article)[0]
    assert "p = 0.023" in report.in_one_minute("03", article)[1]


def test_age_by_the_articles_own_test(article):
    """Student's t from the printed means, SDs and sizes: -2.33, p = .023, .52 standard deviations
    (by hand from Table 1)."""
    row = report.table("balance", article).frame.iloc[0]
    pooled = np.sqrt((19 * 19.84**2 + 49 * 9.29**2) / 68 * (1 / 20 + 1 / 50))
    assert_allclose(row["statistic"], (48.82 - 56.92) / pooled, rtol=1e-12)
    assert_allclose([row["p"], row["smd"]], [0.0226, -0.5229], atol=1e-4)


def test_a_worked_patient_adds_up(article):
    """Products sum to the log odds, and the probability is the one that the regression fits."""
    frame = report.table("worked_patient", article, patient="recon-03").frame.set_index("term")
    total = frame.loc[["intercept", "adc_fast", "f"], "product"].sum()
    assert_allclose(frame.loc["sum", "product"], total)
    analysis = report.analyse(article)
    at = list(analysis.outcome["patient"]).index("recon-03")
    assert_allclose(frame.loc["probability", "product"], analysis.markers["adc_fast+f"][at])


def test_an_unknown_patient_is_named(article):
    """A name that is not there gives one line."""
    with pytest.raises(ValueError, match="there is no patient 'nobody'"):
        report.table("worked_patient", article, patient="nobody")


def test_printed_limits_of_the_iccs_fit_one_reader(article):
    """From the printed coefficients alone the limits of all six are those of single measures."""
    frame = report.table("icc_width", article).frame
    for short, fitting in (("one", 6), ("mean", 1)):
        away = [
            (frame[f"{short}_{end}"] - frame[f"printed_{end}"]).abs() for end in ("low", "high")
        ]
        assert (pd.concat(away, axis=1) <= 0.001).all(axis=1).sum() == fitting


def test_predictive_values_follow_the_prevalence(article):
    """At a prevalence of one half, PPV is sensitivity over the sum of it and the false positive
    rate.
    """
    from ivim.report.clinic import predictive

    row = report.analyse(article).table5.set_index("marker").loc["f"]
    found = predictive(article, 0.5).frame.set_index(["marker", "statistic"])["value"]
    wanted = row["sensitivity"] / (row["sensitivity"] + 1 - row["specificity"])
    assert_allclose(found["f", "ppv"], wanted, rtol=1e-10)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda cohort: report.table("table6", cohort), "no table 'table6'; there are table1"),
        (lambda cohort: report.figure("figure9", cohort), "no figure 'figure9'; there are figure3"),
        (lambda cohort: report.in_one_minute("99", cohort), "no answer for notebook '99'"),
    ],
)
def test_a_wrong_name_is_answered_with_the_right_ones(article, call, message):
    """Tables, figures and answers that are not there are named with those that are."""
    with pytest.raises(ValueError, match=message):
        call(article)


def test_saving_writes_and_records(article, tmp_path, monkeypatch):
    """Files, numbers and how many printed digits agree come from one call; what is not there is
    passed over.
    """
    monkeypatch.setenv("IVIM_RESULTS", str(tmp_path))
    made = (report.table("table1", article), report.beside("table1", article), None)
    said = report.save("03_x", *made, Sentences(("Not drawn.",)), numbers={"n": 70})
    assert "table1_printed (csv md tex html docx)" in said
    numbers = json.loads((tmp_path / "numbers.json").read_text(encoding="utf-8"))["03_x"]
    assert numbers == {"n": 70, "compared": {"table1_printed": {"printed": 25, "same": 25}}}
    stored = pd.read_csv(tmp_path / "tables" / "table1_printed.csv")
    assert stored.columns[-1] == "source" and set(stored["source"]) == {"reconstructed"}
    assert "source" not in pd.read_csv(tmp_path / "tables" / "table1.csv")


def test_a_notebook_run_by_hand_changes_no_stored_result(monkeypatch):
    """Without the run's own folder, results go to a scratch folder that git does not track."""
    import subprocess

    from ivim.files import ROOT
    from ivim.report.provenance import results_folder

    monkeypatch.delenv("IVIM_RESULTS", raising=False)
    folder = results_folder()
    assert folder == ROOT / "results" / "scratch"
    ignored = subprocess.run(["git", "check-ignore", "-q", str(folder / "x.csv")], cwd=ROOT)
    assert ignored.returncode in (0, 128)  # 128: not a git checkout


def _drawing(size=3, kind="line"):
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots()
    axes.plot(range(size))
    return figure, f"{kind} of {size} points"


def test_an_explorer_follows_its_controls():
    """Moving a slider draws the picture anew, with its words."""
    explorer = Explorer(_drawing, [Slider("size", "Size", 1, 9, 1)])
    assert explorer.start == {"size": 3}
    widget = explorer.widget()
    assert "line of 3 points" in widget.children[-1].value
    widget.children[0].value = 7
    assert "line of 7 points" in widget.children[-1].value


def test_a_run_stores_the_picture_and_no_widget(monkeypatch):
    """Random ids of widgets would make two runs differ, and show nothing without a kernel."""
    explorer = Explorer(_drawing, [Slider("size", "Size", 1, 9, 1)])
    monkeypatch.setenv("IVIM_RESULTS", "somewhere")
    still = explorer._repr_mimebundle_()
    assert still.keys() == {"text/html", "text/plain"}
    assert re.search('<img alt="line of 3 points"', still["text/html"])
    monkeypatch.delenv("IVIM_RESULTS")
    live, _ = explorer._repr_mimebundle_()
    assert "application/vnd.jupyter.widget-view+json" in live
