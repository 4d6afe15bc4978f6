"""The worked answers of the notebooks: their code runs, and what they say is so."""

import ast
import json
import re

import numpy as np
import pytest

import ivim
from ivim import parameters, report
from ivim.audit.checks.counts import grim_sizes
from ivim.files import NOTEBOOKS
from ivim.signal.models import MODELS
from ivim.synthetic import explore, lessons, own_study


def answers(number):
    """The answers of a notebook's exercises, in order."""
    (path,) = NOTEBOOKS.glob(f"{number}_*.ipynb")
    text = "".join(json.loads(path.read_text(encoding="utf-8"))["cells"][-1]["source"])
    found = re.findall(r"<summary>Answer</summary>(.*?)</details>", text, flags=re.S)
    return [" ".join(one.split()) for one in found]


SNIPPETS = [
    (path.name[:2], code)
    for path in sorted(NOTEBOOKS.glob("*.ipynb"))
    for answer in answers(path.name[:2])
    for code in re.findall(r"`([^`]+)`", answer)
]


@pytest.fixture(scope="module")
def names():
    """What the notebooks have when a reader comes to the exercises."""
    cohort = ivim.load_cohort()
    return {
        "ivim": ivim,
        "report": report,
        "cohort": cohort,
        "frame": cohort.measurements,
        "table4": report.table("table4", cohort),
        "lesion": lessons.Lesion(),
        "b": lessons.B,
        "averages": lessons.AVERAGES,
        "snr": 20.0,
        "own_study": own_study,
        "mine": own_study.measured_study(),
    }


def value(code, names):
    """The value of the last statement."""
    *before, last = ast.parse(code).body
    there = dict(names)
    exec(compile(ast.Module(before, []), "answer", "exec"), there)
    return eval(compile(ast.Expression(last.value), "answer", "eval"), there)


@pytest.mark.parametrize(("number", "code"), SNIPPETS, ids=lambda text: text[:40])
def test_the_code_of_an_answer_runs(names, number, code):
    """Every piece of code in an answer gives something in the notebook that it stands in."""
    assert value(code, names) is not None


def test_00_the_mean_signal_gains_most_for_adc_fast(names):
    """All three ratios come nearer to 1 with the fit of the mean signal, ADC fast's most."""
    maps = own_study.measured_over_true(names["mine"])
    mean = own_study.measured_over_true(own_study.measured_study(estimator="mean"))
    gain = {name: abs(maps[name] - 1) - abs(mean[name] - 1) for name in maps}
    assert answers("00")[0].startswith("That of ADC fast")
    assert min(gain.values()) > 0 and max(gain, key=gain.get) == "adc_fast"


def test_00_readers_may_share_little_and_agree(names):
    """The pair that shares least does not differ most in ADC slow."""
    mine = names["mine"]
    least = mine.overlap.set_index("patient")["dice"].idxmin()
    apart = mine.values.groupby("patient")["adc_slow"].agg(np.ptp)
    assert answers("00")[1].startswith("Not always")
    assert apart[least] < apart.max() / 2


def test_01_without_blood_there_is_no_ellipse():
    """At f = 0 the information on ADC fast is nothing, and no ellipse can be drawn."""
    truth = parameters.from_table({"s0": 100, "adc_slow": 0.9, "adc_fast": 20, "f": 0.0})
    model = MODELS["biexponential"]
    assert "ellipse disappears" in answers("01")[0]
    assert explore._covariance(model, truth, lessons.B, lessons.AVERAGES, 5.0) is None


def test_02_the_ends_of_the_map_are_those_of_the_fit():
    """ADC fast is fitted between the two numbers of the answer."""
    low, high = MODELS["biexponential"].bounds["adc_fast"]
    shown = [1e3 * low, 1e3 * high]
    assert f"below {shown[0]:g}, but it can rise to {shown[1]:g}" in answers("02")[1]


@pytest.mark.parametrize("number", ["03", "08"])
def test_no_sum_of_whole_years_prints_the_mean_age(number):
    """48.82 fits no 20 patients; the two nearest means are those of the answer."""
    assert 20 not in grim_sizes("48.82", 20)
    assert all(f"{n / 20:.2f}" in answers(number)[0] for n in (976, 977))
    assert 976 / 20 < 48.82 < 977 / 20


def test_03_the_breast_cancers_are_all_of_women(names):
    """The share of men among breast cancers is the one of the answer."""
    row = report.table("sexes", names["cohort"]).frame.set_index("group").loc["breast"]
    assert f"{row['male']:.0f} of {row['known']:.0f}" in answers("03")[2]


def _icc(frame, name):
    found = ivim.icc(frame, targets="patient", raters="reader", values=name)
    return found.set_index("form")["icc"]


def test_04_the_mean_of_readers_is_never_less_reliable(names):
    """ICC(C,k) is at least ICC(A,1) for every parameter."""
    for name in parameters.SIX:
        icc = _icc(names["frame"], name)
        assert icc["ICC(C,k)"] >= icc["ICC(A,1)"]


def test_04_one_group_alone_lowers_the_icc_where_the_groups_differ(names):
    """ADC fast and f fall by more than .05, no other by .01; the limits keep their width."""
    frame, cohort = names["frame"], names["cohort"]
    people = cohort.values.set_index("patient")["group"]
    part = frame[frame["patient"].map(people) == "metastasis"]
    for name in parameters.SIX:
        fall = _icc(frame, name)["ICC(A,1)"] - _icc(part, name)["ICC(A,1)"]
        assert fall > 0.05 if name in ("adc_fast", "f") else fall < 0.01
        wide, narrow = (
            ivim.bland_altman(one, values=name).eval("upper - lower")[0] for one in (frame, part)
        )
        assert narrow == pytest.approx(wide, rel=0.1)


def test_04_a_fall_of_six_is_below_the_repeatability(names):
    """The repeatability of ADC fast is the number of the answer, and above 34 - 28."""
    table = report.table("reader_differences", names["cohort"]).frame.set_index("parameter")
    repeatability = table.loc["adc_fast", "repeatability"]
    assert f"{repeatability:.1f} in the reconstructed cohort" in answers("04")[2]
    assert repeatability > 34 - 28


def test_05_one_of_twenty_p_values(names):
    """At least one of twenty is below .05 about two times in three."""
    assert "two times in three" in answers("05")[0]
    assert value("1 - 0.95 ** 20", names) == pytest.approx(2 / 3, abs=0.03)


def test_05_ranks_find_the_same_difference(names):
    """Mann-Whitney's p of ADC fast is below .05 too."""
    table = report.table("group_tests", names["cohort"]).frame
    row = table[(table["parameter"] == "adc_fast") & (table["test"] == "Mann-Whitney")]
    assert answers("05")[1].startswith("It stays") and (row["p"] < 0.05).all() and len(row)


def test_06_a_patients_probability(names):
    """The code gives the probability that stands behind it."""
    code, told = re.search(r"`([^`]+)`: (\.\d+)", answers("06")[0]).groups()
    assert f"{value(code, names):.2f}".lstrip("0") == told


def test_06_f_in_per_cent(names):
    """B is divided by 100, the odds ratio becomes its 100th root, Wald and p stay."""
    outcome = report.analyse(names["cohort"]).outcome
    one, other = (
        ivim.logistic(frame, "outcome", ["adc_fast", "f"]).set_index("term").loc["f"]
        for frame in (outcome, outcome.assign(f=100 * outcome["f"]))
    )
    assert other["b"] == pytest.approx(one["b"] / 100)
    assert other["odds_ratio"] == pytest.approx(one["odds_ratio"] ** 0.01)
    assert [other["wald"], other["p"]] == pytest.approx([one["wald"], one["p"]])


def test_06_firth_is_nearer_to_one(names):
    """Both of Firth's odds ratios lie between 1 and those of maximum likelihood."""
    frame = report.table("odds_per_sd", names["cohort"]).frame
    likelihood, firth = (np.log(frame[name]) for name in ("odds_ratio", "firth_odds_ratio"))
    assert (np.abs(firth) < np.abs(likelihood)).all() and (firth * likelihood > 0).all()


def test_07_sensitivity_left_at_a_high_specificity(names):
    """The code finds the sensitivity and the cut-off of the answer."""
    code, share, cutoff = re.search(
        r"`([^`]+)`: (\d+) % in the reconstructed cohort, with the cut-off at ([\d.]+)\.",
        answers("07")[0],
    ).groups()
    row = value(code, names).iloc[0]
    assert f"{100 * row['tpr']:.0f}" == share and f"{row['threshold']:.2f}" == cutoff


def test_07_a_chance_after_a_positive_result(names):
    """Odds of 1 : 2 times the printed ratio give the chance of the answer."""
    table = report.table("predictive_values", names["cohort"]).frame
    row = table[(table["marker"] == "adc_fast+f") & (table["statistic"] == "lr_positive")].iloc[0]
    odds = 0.5 * row["value"]
    assert f"{row['value']:.2f} in the reconstructed cohort" in answers("07")[1]
    assert answers("07")[1].endswith(f"{100 * odds / (1 + odds):.0f} %.")
