"""Figures: the plotted numbers are the computed ones, and the files are the same bytes each
time."""

from itertools import combinations

import matplotlib
import numpy as np
import pandas as pd
import pytest
from colour_vision import SIGHTS, ciede2000, seen
from numpy.testing import assert_allclose

from ivim import bland_altman
from ivim.cohort import load_cohort
from ivim.report import figures, tables
from ivim.report.palette import COLOURS, lines
from ivim.report.picture import Picture

matplotlib.use("agg")


@pytest.fixture(scope="module")
def cohort(tmp_path_factory):
    """Forty patients, two readers, two parameters that differ between the groups and one that does
    not."""
    folder, rng = tmp_path_factory.mktemp("figures"), np.random.default_rng(11)
    sick = np.arange(40) >= 18
    patients = pd.DataFrame(
        {"patient": [f"p{at}" for at in range(40)], "group": np.where(sick, "ill", "well")}
    )
    truth = {
        "adc_fast": rng.normal(20 + 8 * sick, 6),
        "f": rng.normal(0.55 - 0.2 * sick, 0.15).clip(0.01, 0.99),
        "my_$own": rng.normal(5, 1, 40),
    }
    truth = pd.DataFrame({"patient": patients["patient"], **truth})
    readings = [
        truth.assign(reader=name, adc_fast=truth["adc_fast"] + rng.normal(0, 1, 40))
        for name in "AB"
    ]
    patients.to_csv(folder / "patients.csv", index=False)
    pd.concat(readings).round(4).to_csv(folder / "measurements.csv", index=False)
    return load_cohort(folder / "patients.csv", folder / "measurements.csv", positive="ill")


def _draw(kind, cohort):
    if kind == "roc":
        return figures.roc_figure(tables.curves(cohort)[0], "note")
    if kind == "groups":
        return figures.group_figure(cohort)
    if kind == "plane":
        return figures.plane_figure(cohort, tables.table4(cohort))
    return figures.bland_altman_figure(
        cohort, bland_altman(cohort.measurements, values=list(cohort.parameters))
    )


@pytest.mark.parametrize("kind", ["roc", "groups", "readers", "plane"])
def test_same_numbers_same_bytes(kind, cohort, tmp_path):
    """Drawn twice, png, svg and csv are the same to the byte, without a date."""
    for folder in ("first", "second"):
        figure, data = _draw(kind, cohort)
        names = figures.save_figure(figure, kind, data, folder=tmp_path / folder)
    assert names == [f"{kind}.png", f"{kind}.svg", f"{kind}.csv"]
    for name in names:
        assert (tmp_path / "first" / name).read_bytes() == (
            tmp_path / "second" / name
        ).read_bytes(), name
    assert "<dc:date>" not in (tmp_path / "first" / f"{kind}.svg").read_text(encoding="utf-8")


def test_drawn_curves_are_the_computed_ones(cohort):
    """What stands in the axes of Figure 3 is the curve, its operating point and its AUC."""
    curves, _ = tables.curves(cohort)
    figure, data = figures.roc_figure(curves)
    lines = figure.axes[0].get_lines()[1:]  # the first is the diagonal
    for at, (name, curve) in enumerate(curves.items()):
        assert_allclose(np.array(lines[2 * at].get_data()).T, curve.curve[["fpr", "tpr"]])
        assert_allclose(
            np.ravel(lines[2 * at + 1].get_data()), [1 - curve.specificity, curve.sensitivity]
        )
        marked = data[(data["marker"] == name) & data["operating"]]
        assert_allclose(marked[["fpr", "tpr"]].iloc[0], [1 - curve.specificity, curve.sensitivity])
    assert list(curves) == ["adc_fast", "f", "adc_fast+f"]


def test_every_patient_is_drawn(cohort):
    """Each panel has one point per patient of each group, whatever the column is called."""
    figure, data = figures.group_figure(cohort)
    figure.canvas.draw()
    for axes, name in zip(figure.axes, cohort.parameters, strict=True):
        drawn = np.concatenate([points.get_offsets()[:, 1] for points in axes.collections])
        assert_allclose(np.sort(drawn), np.sort(cohort.values[name]), rtol=1e-9)
    assert len(data) == 40 * 3


def test_differences_are_reader_a_minus_reader_b(cohort):
    """The Bland-Altman numbers against the table of measurements."""
    _, data = figures.bland_altman_figure(
        cohort, bland_altman(cohort.measurements, values="adc_fast")
    )
    wide = cohort.measurements.pivot(index="patient", columns="reader", values="adc_fast").loc[
        data["patient"]
    ]
    assert_allclose(data["difference"], wide["A"] - wide["B"], atol=1e-9)
    assert_allclose(data["mean"], wide.mean(axis=1), atol=1e-9)


def test_the_line_is_where_the_probability_is_one_half(cohort):
    """On the drawn line the fitted log odds are zero."""
    model = tables.table4(cohort).set_index("term")["b"]
    figure, data = figures.plane_figure(cohort, tables.table4(cohort))
    x, y = next(
        line for line in figure.axes[0].get_lines() if line.get_label() == "probability ½"
    ).get_data()
    assert_allclose(
        model["intercept"] + model["adc_fast"] * np.array(x) + model["f"] * np.array(y),
        0,
        atol=1e-9,
    )
    assert data["probability"].between(0, 1).all()


def test_labels():
    """Subscripts and italics for the article's parameters; a dollar sign in an own name is no
    mathematics."""
    assert figures.label("adc_fast") == r"ADC$_{\mathrm{fast}}$"
    assert figures.label("my_$own") == r"my_\$own"
    assert (
        figures.axis_label("adc_fast").endswith("(10⁻³ mm²/s)")
        and figures.axis_label("f") == r"$\mathit{f}$"
    )


@pytest.mark.parametrize(
    ("first", "second", "difference"),
    [
        ((50.0, 2.6772, -79.7751), (50.0, 0.0, -82.7485), 2.0425),
        ((50.0, 2.5, 0.0), (73.0, 25.0, -18.0), 27.1492),
        ((2.0776, 0.0795, -1.1350), (0.9033, -0.0636, -0.5514), 0.9082),
    ],
)
def test_colour_difference(first, second, difference):
    """Rows 1, 17 and 34 of the test data of Sharma, Wu and Dalal 2005."""
    assert_allclose(ciede2000(first, second), difference, atol=1e-4)


@pytest.mark.parametrize("sight", SIGHTS)
def test_lines_are_told_apart_by_everyone(sight):
    """Any two colours of a figure are 15 units of CIEDE2000 or more apart, and none is near the
    paper."""
    for first, second in combinations(COLOURS, 2):
        assert ciede2000(seen(first, sight), seen(second, sight)) >= 15
    assert min(ciede2000(seen(one, sight), seen("#ffffff", sight)) for one in COLOURS) >= 25


def test_lines_differ_without_any_colour():
    """Two lines of one figure have different dashes."""
    dashes = [str(one["linestyle"]) for one in lines(len(COLOURS))]
    assert len(set(dashes)) == len(COLOURS)


def test_a_picture_says_what_it_shows(cohort, tmp_path):
    """The words stand in the notebook's image and in the svg, the source in the csv's last
    column."""
    figure, data = _draw("roc", cohort)
    made = Picture("roc", figure, data, 'Curves of "f" & more', "own")
    assert 'alt="Curves of &quot;f&quot; &amp; more"' in made._repr_html_()
    made.save(tmp_path)
    assert "<title>Curves of" in (tmp_path / "roc.svg").read_text(encoding="utf-8")
    stored = pd.read_csv(tmp_path / "roc.csv")
    assert stored.columns[-1] == "source" and set(stored["source"]) == {"own"}
