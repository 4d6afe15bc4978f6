"""The reconstructed cohort: every target recomputed from the two files, and the generator that made
them."""

import re

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import stats

from ivim import files, parameters
from ivim.audit.transcript import load_claims
from ivim.audit.verdict import REFUTED, judge
from ivim.cli import main
from ivim.cohort import DATA, load_cohort
from ivim.reconstruct import anneal, cohort, intervals, readers
from ivim.reconstruct.targets import (
    PRINTED,
    all_targets,
    printed_labels,
    printed_strings,
    table,
    target_keys,
)
from ivim.reconstruct.verify import verify
from ivim.stats.agreement import icc
from ivim.stats.logistic import logistic
from ivim.stats.roc import roc

TARGETS = {target.key: target for target in all_targets()}


@pytest.fixture(scope="module")
def checked():
    """The verifier's table for the committed files."""
    return verify()


@pytest.fixture(scope="module")
def ledger():
    """The audit of the printed numbers alone, without any cohort."""
    return judge().ledger


@pytest.mark.parametrize(
    "location",
    [
        "table1",
        "table2",
        "table3",
        "methods",
        "results",
        "discussion",
        "table4",
        "table5",
        "plausible",
    ],
)
def test_every_target_is_met(checked, location):
    """Each cell of Tables 1-5, each ICC, each assumption: the pipeline prints what is wanted from
    the committed files."""
    part = checked[checked["location"] == location]
    assert len(part) > 0
    missed = part[~part["met"]]
    assert missed.empty, missed.to_string()


def test_every_printed_number_of_the_tables_is_a_target(checked):
    """No printed cell is left out: 25 + 60 + 12 + 14 + 29 numbers of Tables 1-5 and 18 of the ICCs,
    each wanted once or recovered."""
    claims = pd.read_csv(files.PUBLISHED, dtype=str, keep_default_na=False)
    statistics = [
        "n",
        "male",
        "female",
        "mean",
        "sd",
        "t",
        "p",
        "b",
        "se",
        "wald",
        "odds_ratio",
        "ci_low",
        "ci_high",
        "auc",
        "auc_low",
        "auc_high",
        "cutoff",
    ]
    statistics += [
        f"{name}{end}" for name in ("sensitivity", "specificity") for end in ("", "_low", "_high")
    ]
    for location in ("table1", "table2", "table3", "table4", "table5"):
        printed = claims[(claims["location"] == location) & claims["statistic"].isin(statistics)]
        wanted = checked[(checked["location"] == location) & checked["statistic"].isin(statistics)]
        # Beside the printed ones: the five sizes of known ages; the ten recovered cells of the
        # renal row.
        extra = {"table1": 5, "table2": 10}.get(location, 0)
        assert len(wanted) == len(printed) + extra
    assert (checked["statistic"].str.startswith("icc")).sum() == 3 * 18


def test_the_counts_of_readings():
    """70 patients, two readers, six parameters, named as reconstructed, three tuberculosis ages
    blank."""
    made = load_cohort()
    assert made.reconstructed
    assert made.values["group"].value_counts().to_dict() == {"metastasis": 50, "tuberculosis": 20}
    assert list(made.measurements.columns) == ["patient", "reader", *parameters.SIX]
    assert made.measurements.groupby("reader").size().to_dict() == {"EZ": 70, "XX": 70}
    assert made.values.loc[made.values["age"].isna(), "group"].tolist() == ["tuberculosis"] * 3


def test_a_changed_value_is_noticed(tmp_path):
    """One reading moved by one step of its grid makes the verifier name what no longer holds, and
    the command exit with 1."""
    frame = pd.read_csv(DATA / "measurements.csv")
    frame.loc[0, "adc_fast"] = round(frame.loc[0, "adc_fast"] + 0.1, 1)
    frame.to_csv(tmp_path / "measurements.csv", index=False)
    (tmp_path / "patients.csv").write_bytes((DATA / "patients.csv").read_bytes())
    table = verify(tmp_path / "patients.csv", tmp_path / "measurements.csv")
    missed = table.loc[~table["met"], ["location", "parameter"]]
    assert ("table3", "adc_fast") in set(missed.itertuples(index=False, name=None))
    assert main(["reconstruct", "--verify", "--out", str(tmp_path)]) == 1


def test_verify_prints_cell_by_cell(capsys):
    """`ivim reconstruct --verify` prints a line per target and ends with success on the committed
    files."""
    assert main(["reconstruct", "--verify"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) >= len(TARGETS)
    assert not any(line.startswith("FAIL") for line in lines)


def test_the_cheap_stages_make_the_committed_bytes(tmp_path):
    """The table of patients and the columns that need no pairing come out of the seed as committed,
    value for value."""
    patients = cohort.make_patients(cohort.SEED, TARGETS)
    patients.to_csv(tmp_path / "patients.csv", index=False, lineterminator="\n")
    assert (tmp_path / "patients.csv").read_bytes() == (DATA / "patients.csv").read_bytes()
    values = load_cohort().values
    for name in ("adc_stand", "alpha"):
        ticks = cohort.column(cohort.SEED, name, TARGETS)
        for cell in range(len(cohort.CELLS)):
            # Laying the columns beside each other exchanges values within a cell only.
            here = cell == cohort.CELL
            assert_allclose(
                np.sort(ticks[here]) * cohort.GRID[name] / 2,
                np.sort(values[name].to_numpy()[here]),
                rtol=0,
                atol=1e-9,
            )


@pytest.mark.parametrize("n", [20, 50])
def test_shapiro_weights_are_scipys(n):
    """W from the compiled search's weights, and its critical value, are those of scipy to 1e-6."""
    values = np.sort(np.random.default_rng(n).gamma(3, size=n))
    w = (intervals.shapiro_weights(n) @ values) ** 2 / ((values - values.mean()) ** 2).sum()
    expected = stats.shapiro(values)
    assert_allclose(w, expected.statistic, atol=1e-6)
    assert_allclose(intervals.shapiro_threshold(n, expected.pvalue), expected.statistic, atol=1e-6)


def test_compiled_statistics_are_those_of_the_pipeline():
    """What the search steers by equals ivim.stats on the same values: moments, t, AUC, cut-off,
    logistic slopes."""
    made = load_cohort()
    x, f, y = (
        made.values["adc_fast"].to_numpy(),
        made.values["f"].to_numpy(),
        made.outcome.astype(float),
    )
    ticks = np.round(x / 0.05).astype(np.int64)
    weights = [intervals.shapiro_weights(n) for n in (20, 50)]
    moments = anneal.moment_statistics(ticks, 0.05, cohort.CELL)
    ranks = anneal.rank_statistics(ticks, 0.05, cohort.CELL, *weights, 1, 40, 17)
    found = dict(zip(anneal.COLUMN_STATISTICS, [*moments, *ranks], strict=True))
    assert_allclose(found["t"], stats.ttest_ind(x[y == 0], x[y == 1]).statistic, rtol=1e-10)
    assert_allclose([found["all mean"], found["all sd"]], [x.mean(), x.std(ddof=1)], rtol=1e-10)
    curve = roc(y.astype(int), x)
    assert_allclose(
        [found["auc"], found["auc_low"], found["auc_high"], found["cutoff"]],
        [curve.auc, curve.ci_low, curve.ci_high, curve.cutoff],
    )
    beta, covariance = anneal.logistic_fit(x - x.mean(), f - f.mean(), y, np.zeros(3))
    table = logistic(made.values.assign(y=made.outcome), "y", ["adc_fast", "f"]).iloc[1:]
    assert_allclose(beta[1:], table["b"], rtol=1e-7)
    assert_allclose(np.sqrt(np.diag(covariance)[1:]), table["se"], rtol=1e-7)


def test_youden_of_the_search():
    """Distance, rival and cut-off of a small curve worked out by hand."""
    distance, rival, cutoff = anneal.youden(
        np.array([1.0, 2.0, 4.0]), np.array([3.0, 5.0, 6.0, 7.0]), 4, 2
    )
    assert (distance, cutoff) == (0, 2.5)
    # Above 2.5: 4 of 4 and 2 of 3; above 4: 3 of 4 and 3 of 3, that is 21 - 20 of 12 better.
    assert rival == 1


def test_readings_keep_the_average_and_the_icc():
    """Two readings of any column average to it exactly and print the ICC with both limits, in all
    three single forms."""
    rng = np.random.default_rng(5)
    ticks = np.round(rng.normal(210, 50, 70)).astype(np.int64)
    wanted = [
        target
        for target in TARGETS.values()
        if target.parameter == "ddc" and target.group in readers.SINGLE_FORMS
    ]
    a, b = readers.split(rng, ticks, rng.standard_normal(70), (1, 400), wanted, 0.005)
    assert_array_equal(a + b, ticks)
    frame = pd.DataFrame(
        {
            "patient": np.tile(np.arange(70), 2),
            "reader": np.repeat(["EZ", "XX"], 70),
            "ddc": np.concatenate([a, b]) / 100,
        }
    )
    table = icc(frame, values="ddc").set_index("form")
    for target in wanted:
        assert target.met(table.at[target.group, target.statistic.replace("icc_", "ci_")])


def test_an_impossible_icc_is_refused():
    """Limits that belong to no ICC get one clear line instead of an endless search."""
    wanted = [
        target
        for target in TARGETS.values()
        if target.parameter == "ddc" and target.statistic == "icc"
    ]
    wanted += [
        target
        for target in TARGETS.values()
        if target.parameter == "alpha" and target.statistic == "icc_low"
    ]
    with pytest.raises(ValueError, match="no reading error gives the ICC of ddc"):
        readers.error_interval(np.arange(70.0), wanted)


def test_the_stored_targets_are_those_of_the_search():
    """``data/cohort/targets.csv``, from which the notebooks read what is so by construction, is
    today's list."""
    stored = pd.read_csv(DATA / "targets.csv", dtype=str, keep_default_na=False)
    pd.testing.assert_frame_equal(stored, table().astype("str"), check_dtype=False)


def test_target_keys_name_printed_quantities_wherever_they_stand():
    """A number of a table is a target in the text that repeats it too; a protocol, a caption or a
    claim in words never is."""
    keys = target_keys()
    printed = load_claims()
    assert keys <= {(c.location, c.group, c.parameter, c.statistic) for c in printed}
    assert {("table5", "", "f", "auc"), ("abstract", "", "f", "auc")} <= keys
    assert ("results", "", "alpha", "icc_low") in keys and ("results", "", "ddc", "p") in keys
    assert {key[0] for key in keys} <= {
        "abstract",
        "methods",
        "results",
        *map("table{}".format, range(1, 6)),
    }
    assert not {key for key in keys if key[3] in ("claim", "value", "equation", "label")}


def test_replacements_are_what_the_audit_recovers(ledger):
    """Where the search wants something else than the printed string, the ledger, derived on its
    own, recovers the same."""
    ledger = ledger.set_index(["location", "group", "parameter", "statistic"])
    label = {meant: printed for printed, meant in printed_labels(printed_strings()).items()}
    checked = 0
    for target in TARGETS.values():
        *place, parameter, statistic = target.key
        parameter = label[parameter] if target.location == "table4" else parameter
        rows = ledger[ledger.index == (*place, parameter, statistic)]
        if target.reason == PRINTED or rows.empty:
            continue
        row = rows.iloc[0]
        if row["printed"].rstrip("*") == target.wanted or row["verdict"] not in REFUTED:
            continue
        checked += 1
        if target.digits:
            assert row["recovered"] == target.wanted, target.key
        else:
            assert_allclose(
                [target.low, target.high], [row["low"], row["high"]], rtol=1e-6, atol=1e-9
            )
    assert (
        checked == 10 + 1 + 1 + 4
    )  # renal row, decimal point, limit of an odds ratio, exact limits


def test_the_ages_left_blank_are_among_the_sizes_that_the_audit_names(ledger):
    """The ledger's evidence against the mean age names the number of known ages that the search
    takes."""
    row = ledger.set_index("id").loc["t1-tuberculosis-age-mean"]
    known = TARGETS["table1", "tuberculosis", "age", "n"].wanted
    assert known in re.findall(r"\d+", row["reason"].partition("sizes")[2])


def test_exchanged_labels_are_those_of_the_audit(ledger):
    """The parameter that each row of Table 4 is taken for is the label that the ledger recovers."""
    ledger = ledger.set_index("id")
    meant = printed_labels(printed_strings())
    for printed, parameter in meant.items():
        assert ledger.loc[f"t4-{printed}-label", "recovered"] == parameters.label(parameter)


def test_the_cohorts_readme_counts_the_targets():
    """What data/cohort/README.md says holds by construction is the stored list, part by part."""
    text = (DATA / "README.md").read_text(encoding="utf-8")
    stored = pd.read_csv(DATA / "targets.csv", dtype=str, keep_default_na=False)
    assert f"lists all {len(stored)} numbers" in text
    counted = 0
    for name, kinds, count in re.findall(r"^\| ([^|(]+) \(([^)]+)\) \| (\d+) \|", text, re.M):
        rows = stored[stored["analysis"].isin(re.findall(r"`([\w-]+)`", kinds))]
        if name.startswith("Table"):
            rows = rows[rows["location"] == name.lower().replace(" ", "")]
        assert len(rows) == int(count), name
        counted += len(rows)
    assert counted == len(stored)
