"""Tables 1-5, agreement, ANOVA and post-hoc as tidy frames: contract columns, the rule of choice,
anyone's own table.
"""

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose
from scipy import stats

from ivim.cohort import load_cohort
from ivim.report import layout, tables

CONTRACT = {
    "table1": "group,n,male,female,age_mean,age_sd",
    "table2": "group,parameter,n,mean,sd",
    "table3": "parameter,test,statistic,df,p",
    "table4": "term,b,se,wald,p,odds_ratio,ci_low,ci_high",
    "table5": "marker,auc,auc_low,auc_high,cutoff,direction,tp,fn,tn,fp,"
    "sensitivity,sensitivity_low,sensitivity_high,"
    "specificity,specificity_low,specificity_high",
    "agreement": "parameter,form,icc,ci_low,ci_high",
    "anova": "parameter,f,df_between,df_within,p",
    "posthoc": "parameter,method,a,b,difference,p",
}


@pytest.fixture
def study(tmp_path):
    """A function that writes two tables and loads them as a cohort."""

    def load(patients, measurements, positive=None):
        patients.to_csv(tmp_path / "patients.csv", index=False)
        measurements.to_csv(tmp_path / "measurements.csv", index=False)
        return load_cohort(tmp_path / "patients.csv", tmp_path / "measurements.csv", positive)

    return load


@pytest.fixture
def own(study):
    """A study unlike the article's: 33 patients, benign and malignant, two of the six parameters
    and an own column, one reader, no ages.
    """
    rng = np.random.default_rng(3)
    group = np.array(["benign"] * 15 + ["malignant"] * 18)
    patients = pd.DataFrame({"patient": [f"P{at}" for at in range(33)], "group": group})
    values = {
        "adc_slow": 1.2 - 0.3 * (group == "malignant"),
        "f": np.full(33, 0.3),
        "volume": 600 + 200.0 * (group == "malignant"),
    }
    measured = {
        name: np.round(rng.normal(mean, [0.25, 0.05, 150][at]), 3)
        for at, (name, mean) in enumerate(values.items())
    }
    return study(
        patients, pd.DataFrame({"patient": patients["patient"], "reader": "me", **measured})
    )


@pytest.fixture
def three(study):
    """Three groups, three readers, sub-groups that occur in every group, sexes as letters, ages
    with gaps.
    """
    rng = np.random.default_rng(5)
    group = np.repeat(["a", "b", "c"], 15)
    patients = pd.DataFrame(
        {
            "patient": [f"Q{at}" for at in range(45)],
            "group": group,
            "primary": ["x", "y", ""] * 15,
            "sex": ["M", "f", ""] * 15,
            "age": [50, None, 60] * 15,
        }
    )
    truth = pd.DataFrame(
        {
            "patient": patients["patient"],
            "adc_fast": rng.normal(20 + 4 * (group == "c"), 3),
            "skew": rng.exponential(1, 45) ** 2,
        }
    )
    readings = [
        truth.assign(reader=name, adc_fast=truth["adc_fast"] + rng.normal(0, 0.5, 45))
        for name in "RST"
    ]
    return study(patients, pd.concat(readings).round(3))


@pytest.mark.parametrize("name", CONTRACT)
@pytest.mark.parametrize("which", ["own", "three"])
def test_columns_are_the_contracts(name, which, request):
    """Every table of any study has exactly the contract's columns, in their order, filled
    or empty.
    """
    frame = layout.build(name, request.getfixturevalue(which)).frame
    assert ",".join(frame.columns) == CONTRACT[name]


def test_own_table_gives_its_tables(own):
    """Groups, sizes and parameters come from the study; what cannot be computed is empty and says
    why.
    """
    assert tables.table1(own)[["group", "n"]].values.tolist() == [["benign", 15], ["malignant", 18]]
    assert tables.table1(own)[["male", "female", "age_mean"]].isna().all(axis=None)
    assert tables.table2(own)["parameter"].tolist() == ["adc_slow", "f", "volume"] * 2
    assert tables.table3(own)["parameter"].tolist() == ["adc_slow", "f", "volume"]
    for name, reason in (
        ("agreement", "One reader only"),
        ("anova", "No sub-groups"),
        ("posthoc", "No sub-groups"),
    ):
        table = layout.build(name, own)
        assert table.frame.empty and any(reason in note for note in table.footnotes), name


def test_means_and_spread_are_those_of_the_patients(own):
    """Table 2 against numpy."""
    row = tables.table2(own).set_index(["group", "parameter"]).loc["malignant", "volume"]
    values = own.values.loc[own.values["group"] == "malignant", "volume"]
    assert_allclose([row["mean"], row["sd"]], [np.mean(values), np.std(values, ddof=1)], rtol=1e-12)


def test_predictors_are_those_that_differ(own):
    """The article's rule: what is significant in Table 3 enters Table 4 and, alone and combined,
    Table 5.
    """
    table = tables.table3(own)
    expected = table.loc[table["p"] < 0.05, "parameter"].tolist()
    assert 0 < len(expected) < 3
    assert tables.predictors(own) == (expected, [])
    assert tables.table4(own)["term"].tolist() == ["intercept", *expected]
    assert tables.table5(own)["marker"].tolist() == [
        *expected,
        *(["+".join(expected)] if len(expected) > 1 else []),
    ]


def test_sign_is_first_group_minus_disease(own):
    """As in Table 3: tuberculosis minus metastasis, here benign minus malignant."""
    benign, malignant = (
        own.values.loc[own.values["group"] == name, "volume"] for name in own.groups
    )
    row = tables.table3(own).set_index("parameter").loc["volume"]
    assert row["test"] == "Student" and row["df"] == 31
    assert_allclose(row["statistic"], stats.ttest_ind(benign, malignant).statistic, rtol=1e-12)


def test_nothing_differs(study):
    """Where no parameter differs, the one of smallest p stands in, and both tables say so."""
    rng = np.random.default_rng(8)
    patients = pd.DataFrame({"patient": range(40), "group": ["a", "b"] * 20})
    cohort = study(
        patients,
        pd.DataFrame(
            {
                "patient": range(40),
                "reader": "r",
                "f": rng.uniform(0.1, 0.5, 40),
                "own": rng.normal(0, 1, 40),
            }
        ),
    )
    tests = tables.table3(cohort)
    assert (tests["p"] > 0.05).all()
    best = tests.loc[tests["p"].idxmin(), "parameter"]
    for name, column in (("table4", "term"), ("table5", "marker")):
        table = layout.build(name, cohort)
        assert table.frame[column].iloc[-1] == best
        assert any("No parameter differs" in note for note in table.footnotes)


def test_separation_is_said_aloud(study):
    """A parameter that separates the groups is fitted with Firth's penalty, and the table
    says so.
    """
    patients = pd.DataFrame({"patient": range(20), "group": ["a"] * 10 + ["b"] * 10})
    cohort = study(
        patients,
        pd.DataFrame(
            {"patient": range(20), "reader": "r", "own": np.arange(20.0) + np.tile([0, 0.3], 10)}
        ),
    )
    table = layout.build("table4", cohort)
    assert any("Firth" in note and "own" in note for note in table.footnotes)
    assert np.isfinite(table.frame[["b", "se"]]).all(axis=None)
    assert tables.table5(cohort)["auc"].tolist() == [1.0]


def test_a_constant_column_is_left_out(own, study):
    """A column that never varies stops nothing; it is named with its reason."""
    measurements = own.measurements.assign(constant=1.0)
    cohort = study(own.patients, measurements)
    table = layout.build("table3", cohort)
    assert "constant" not in table.frame["parameter"].tolist() and len(table.frame) == 3
    assert any("constant" in note for note in table.footnotes)


def test_three_groups(three):
    """More than two groups: ANOVA where all are normal, else Kruskal-Wallis; the disease is set
    against the rest in Table 5.
    """
    table = tables.table3(three).set_index("parameter")
    assert table["test"].to_dict() == {"adc_fast": "ANOVA", "skew": "Kruskal-Wallis"}
    parts = [part["skew"] for _, part in three.values.groupby("group")]
    assert_allclose(
        table.loc["skew", ["statistic", "p"]].astype(float), stats.kruskal(*parts), rtol=1e-12
    )
    row = tables.table5(three).iloc[0]
    assert row["tp"] + row["fn"] == 15 and row["tn"] + row["fp"] == 30
    assert any("all other groups" in note for note in layout.build("table5", three).footnotes)


def test_sexes_and_ages_with_gaps(three):
    """Letters count as words, blanks as unknown, and the table says for how many each is known."""
    table = layout.build("table1", three)
    row = table.frame.set_index("group").loc["a"]
    assert (row["male"], row["female"], row["age_mean"]) == (5, 5, 55.0)
    notes = " ".join(table.footnotes)
    assert (
        "Sex is known for 10 of 15 a patients" in notes
        and "Age is known for 10 of 15 a patients" in notes
    )


def test_subgroups_of_the_same_name_in_two_groups(three):
    """A sub-group that occurs in several groups carries its group's name, so that rows stay
    distinct.
    """
    names = tables.table2(three)["group"].unique().tolist()
    assert names == ["a", "a: x", "a: y", "b", "b: x", "b: y", "c", "c: x", "c: y"]


def test_anova_is_among_the_subgroups_of_the_disease(three):
    """Sub-groups are compared within the positive group: five x and five y of c."""
    row = tables.anova(three).iloc[0]
    assert (row["df_between"], row["df_within"]) == (1, 8)
    assert tables.posthoc(three)[["method", "a", "b"]].drop_duplicates().values.tolist() == [
        [method, "x", "y"] for method in ("tukey", "lsd", "bonferroni", "games-howell")
    ]


def test_six_forms_of_agreement(three):
    """Each parameter has six forms, single and mean of three readers."""
    table = tables.agreement(three)
    assert table.groupby("parameter", sort=False).size().to_dict() == {"adc_fast": 6, "skew": 6}
    wide = table.pivot(index="parameter", columns="form", values="icc")
    single = wide.loc["adc_fast", "ICC(C,1)"]
    assert_allclose(wide.loc["adc_fast", "ICC(C,k)"], 3 * single / (1 + 2 * single), rtol=1e-12)


SHIFTED = np.arange(20.0) % 7 + np.arange(20) // 10 * 4
ODD = {
    "one patient in a group": (["a"] * 8 + ["b"], {"f": np.linspace(0.1, 0.5, 9)}),
    "two patients in each": (["a", "a", "b", "b"], {"own": [1.0, 2, 3, 5]}),
    "nothing varies": (["a"] * 5 + ["b"] * 5, {"own": np.ones(10)}),
    "one column twice": (["a"] * 10 + ["b"] * 10, {"u": SHIFTED, "v": SHIFTED}),
    "four groups, one of a single patient": (
        ["a"] * 5 + ["b"] * 5 + ["c"] * 5 + ["d"],
        {"f": np.linspace(0.1, 0.5, 16)},
    ),
}


@pytest.mark.parametrize("what", ODD)
def test_odd_studies_give_an_answer_or_a_reason(what, study):
    """No study that can be loaded stops a table: what is empty has a footnote with the reason."""
    group, values = ODD[what]
    patients = pd.DataFrame({"patient": [f"o{at}" for at in range(len(group))], "group": group})
    cohort = study(
        patients, pd.DataFrame({"patient": patients["patient"], "reader": "r", **values})
    )
    for name in CONTRACT:
        table = layout.build(name, cohort)
        assert ",".join(table.frame.columns) == CONTRACT[name]
        assert len(table.frame) or table.footnotes, name


def test_unknown_table():
    """A wrong name is answered with the names there are."""
    with pytest.raises(ValueError, match="no table 'table6'; there are table1, table2"):
        layout.build("table6", None)
