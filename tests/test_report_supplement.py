"""What the article does not report: each table against a second computation."""

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose
from scipy import stats

from ivim.cohort import load_cohort
from ivim.report import performance, supplement, tables


@pytest.fixture(scope="module")
def cohort(tmp_path_factory):
    """Sixty patients, two readers, two parameters that differ and one that does not, sexes and
    ages, three sub-groups of the ill.
    """
    folder, rng = tmp_path_factory.mktemp("supplement"), np.random.default_rng(17)
    sick = np.arange(60) >= 25
    primary = np.where(sick, np.resize(["x", "y", "z"], 60), "")
    patients = pd.DataFrame(
        {
            "patient": [f"p{at}" for at in range(60)],
            "group": np.where(sick, "ill", "well"),
            "primary": primary,
            "sex": rng.choice(["m", "f"], 60),
            "age": rng.integers(30, 80, 60),
        }
    )
    truth = {
        "adc_fast": rng.normal(22 + 7 * sick, 6),
        "f": rng.normal(0.5 - 0.15 * sick, 0.12).clip(0.01, 0.99),
        "own": rng.normal(5, 1, 60),
    }
    truth = pd.DataFrame({"patient": patients["patient"], **truth})
    readings = [
        truth.assign(
            reader=name, adc_fast=truth["adc_fast"] + rng.normal(0, 1, 60), own=truth["own"] + shift
        )
        for name, shift in (("A", 0.1), ("B", 0))
    ]
    patients.to_csv(folder / "patients.csv", index=False)
    pd.concat(readings).round(4).to_csv(folder / "measurements.csv", index=False)
    return load_cohort(folder / "patients.csv", folder / "measurements.csv", positive="ill")


def _values(cohort, column):
    return [cohort.values.loc[cohort.values["group"] == group, column] for group in cohort.groups]


def test_balance(cohort):
    """Age by Welch, sex by Fisher's exact test, as scipy gives them."""
    p = supplement.balance(cohort).frame.set_index("variable")["p"]
    counts = [
        [(part == sex).sum() for sex in ("female", "male")] for part in _values(cohort, "sex")
    ]
    assert_allclose(
        p["age"], stats.ttest_ind(*_values(cohort, "age"), equal_var=False).pvalue, rtol=1e-12
    )
    assert_allclose(p["sex"], stats.fisher_exact(counts).pvalue, rtol=1e-12)


def test_balance_says_what_is_not_known(cohort):
    """Without ages and sexes nothing is tested, and the table says why."""
    blank = type(cohort)(**{**vars(cohort), "values": cohort.values.assign(age=np.nan, sex="")})
    table = supplement.balance(blank)
    assert table.frame.empty
    assert "Age is not compared" in " ".join(table.footnotes) and "Sex is not compared" in " ".join(
        table.footnotes
    )


def test_all_tests_hold_the_alternatives(cohort):
    """Welch and Mann-Whitney stand beside the chosen test, with its p corrected over three
    parameters.
    """
    table = supplement.all_tests(cohort)
    frame = table.frame.set_index(["parameter", "test", "group"])
    assert_allclose(
        frame.loc[("own", "Welch", ""), "p"],
        stats.ttest_ind(*_values(cohort, "own"), equal_var=False).pvalue,
        rtol=1e-12,
    )
    chosen = table.frame[table.frame["chosen"]]
    assert len(chosen) == 3 and (chosen["p_holm"] >= chosen["p"]).all()
    assert_allclose(chosen["p_holm"].min(), 3 * chosen["p"].min(), rtol=1e-12)
    assert list(table.layout.columns)[1:] == [
        "Shapiro-Wilk\nwell",
        "Shapiro-Wilk\nill",
        "Levene",
        "Student",
        "Welch",
        "Mann-Whitney",
        "Chosen",
        "Holm",
    ]


def test_reader_differences_are_signed(cohort):
    """Reader A measures the own column .1 higher than B, exactly."""
    row = supplement.reader_differences(cohort).frame.set_index("parameter").loc["own"]
    assert (row["a"], row["b"]) == ("A", "B")
    assert_allclose([row["bias"], row["sd"]], [0.1, 0.0], atol=1e-4)


def test_odds_per_sd(cohort):
    """An odds ratio per SD is exp(b SD), and Firth's is nearer to one."""
    model = tables.table4(cohort)
    frame = performance.readable_odds(cohort, model).frame.set_index("term")
    for term, b in model.set_index("term")["b"].drop("intercept").items():
        assert_allclose(
            frame.loc[term, "odds_ratio"], np.exp(b * cohort.values[term].std()), rtol=1e-10
        )
    assert (np.log(frame["firth_odds_ratio"]).abs() < np.log(frame["odds_ratio"]).abs()).all()
    assert (frame["ci_low"] < frame["odds_ratio"]).all() and (
        frame["odds_ratio"] < frame["ci_high"]
    ).all()


def test_the_combination_is_compared_with_each_part(cohort):
    """Differences are those of the AUCs of Table 5, the combination first."""
    auc = tables.table5(cohort).set_index("marker")["auc"]
    frame = performance.auc_differences(cohort).frame
    assert frame[["a", "b"]].values.tolist() == [
        ["adc_fast+f", "adc_fast"],
        ["adc_fast+f", "f"],
        ["adc_fast", "f"],
    ]
    assert_allclose(
        frame["difference"], auc[frame["a"]].to_numpy() - auc[frame["b"]].to_numpy(), atol=1e-12
    )


@pytest.mark.parametrize("resamples", [30, 300, 4000])
def test_no_printed_digit_is_below_the_monte_carlo_error(cohort, resamples):
    """Each printed optimism and corrected value ends at a decimal that is larger than its error."""
    made = performance.optimism(cohort, resamples=resamples)
    for error, told, corrected in zip(
        made.frame["error"], made.layout.iloc[:, 3], made.layout["Corrected"], strict=True
    ):
        for text in (told.split(" ")[0], corrected):
            decimals = len(text.partition(".")[2])
            assert error < 10.0**-decimals
            assert decimals == 3 or error >= 10.0 ** -(decimals + 1)


def test_optimism_is_repeatable_and_starts_from_table5(cohort):
    """The same seed gives the same table, another seed another; the apparent AUC is that of Table
    5.
    """
    first, again, other = (
        performance.optimism(cohort, resamples=20, seed=seed).frame for seed in (1, 1, 2)
    )
    pd.testing.assert_frame_equal(first, again)
    assert not first["optimism"].equals(other["optimism"])
    apparent = first[first["statistic"] == "auc"].set_index("marker")["apparent"]
    assert_allclose(
        apparent, tables.table5(cohort).set_index("marker")["auc"][apparent.index], rtol=1e-12
    )
    assert_allclose(first["corrected"], first["apparent"] - first["optimism"], atol=1e-12)


def test_anova_by_three_methods(cohort):
    """Fisher and Kruskal-Wallis among the sub-groups of the ill, as scipy gives them."""
    row = supplement.anova_alternatives(cohort).frame.set_index("parameter").loc["own"]
    ill = cohort.values[cohort.values["group"] == "ill"]
    parts = [part["own"] for _, part in ill.groupby("primary")]
    assert_allclose(
        row[["fisher", "kruskal-wallis"]].astype(float),
        [stats.f_oneway(*parts).pvalue, stats.kruskal(*parts).pvalue],
        rtol=1e-12,
    )
