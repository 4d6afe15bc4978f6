"""The engine derives every known finding from the transcribed numbers, and its verdicts follow the
prints, not the names of claims.
"""

import math
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import ivim
from ivim import files, parameters
from ivim.audit.checks.formulas import mend
from ivim.audit.checks.misprints import misprints
from ivim.audit.checks.physics import Equation
from ivim.audit.checks.rounding import Printed
from ivim.audit.claims import PUBLISHED, Claims
from ivim.audit.structure_file import load_structure
from ivim.audit.transcript import load_claims
from ivim.audit.verdict import LEDGER, REFUTED, VERDICTS, judge
from ivim.cli import main
from ivim.report import ledger

EXAMPLE = files.ROOT / "data" / "example-audit"


@pytest.fixture(scope="module")
def audit():
    """The audit of the article, with the reconstructed cohort as evidence."""
    return judge(pipeline=ledger.pipeline_frame(ivim.load_cohort()))


@pytest.fixture(scope="module")
def rows(audit):
    """Ledger rows by id."""
    return audit.ledger.set_index("id")


def changed(**printed):
    """The article's claims with some strings printed otherwise; ids with underscores for hyphens
    where needed.
    """
    claims = [
        replace(claim, printed=printed.get(claim.id, claim.printed)) for claim in load_claims()
    ]
    return Claims(claims)


def judged(printed):
    """Ledger of the article's claims with other strings printed."""
    claims = changed(**printed)
    return judge(claims, load_structure(PUBLISHED.with_name("structure.toml"), claims))


@pytest.fixture(scope="module")
def bare():
    """The audit of the article's claims alone."""
    return judged({})


def test_every_claim_has_one_verdict(audit):
    """One row per claim in the contract's columns and words, at least 350 of them, each with a
    reason.
    """
    assert tuple(audit.ledger.columns) == LEDGER
    assert (
        list(audit.ledger["id"]) == [claim.id for claim in audit.claims]
        and len(audit.ledger) >= 350
    )
    assert set(audit.ledger["verdict"]) <= set(VERDICTS)
    assert (audit.ledger["reason"].str.len() > 10).all()
    assert sum(audit.counts.values()) == len(audit.ledger)


def test_a_recovered_value_belongs_to_a_refuted_number(audit):
    """Recovered values stand with misprints and contradictions only, and every misprint has one."""
    recovered = audit.ledger["recovered"] != ""
    assert audit.ledger.loc[recovered, "verdict"].isin(["misprint", "contradicted"]).all()
    assert recovered[audit.ledger["verdict"] == "misprint"].all()


# Published finding 1: what is left of the metastasis row for renal cancer, and the total of all 70
# (both from printed numbers by hand).
RENAL = {
    ("adc_slow", "mean"): (1.03, 1.11),
    ("adc_fast", "mean"): (33.49, 33.57),
    ("f", "mean"): (0.17, 0.25),
    ("ddc", "mean"): (1.38, 1.46),
    ("alpha", "mean"): (0.62, 0.70),
    ("adc_fast", "sd"): (8.10, 8.17),
    ("ddc", "sd"): (0.417, 0.544),
    ("adc_slow", "sd"): (0, 0.291),
    ("f", "sd"): (0, 0.104),
    ("alpha", "sd"): (0, 0.153),
}


@pytest.mark.parametrize(("parameter", "statistic"), RENAL)
def test_the_renal_row_is_the_total_row(rows, parameter, statistic):
    """Finding 1: ten cells of the renal row are misprints, with the renal values that the other
    rows leave.
    """
    row = rows.loc[f"t2-renal-{parameter}-{statistic}"]
    assert row["verdict"] == "misprint" and "all 70 patients together" in row["reason"]
    np.testing.assert_allclose((row["low"], row["high"]), RENAL[parameter, statistic], atol=0.006)


def test_one_slip_explains_the_renal_row(audit):
    """Finding 1: the pasted total is found by itself, once, for five parameters, and settles more
    conflicts than anything else.
    """
    slip = audit.slips[0]
    assert slip.kind == "pasted total" and len(slip.blamed) == 10 and len(slip.explained) >= 13
    assert {audit.claims[name].parameter for name in slip.blamed} == set(parameters.SIX) - {
        "adc_stand"
    }
    assert audit.ledger.set_index("id").loc["t2-renal-adc_stand-mean", "verdict"] == "reproduced"


def test_anova_claims_hold_after_the_repair(audit, rows):
    """Finding 1: alpha's ANOVA and lung against renal fail as printed and hold with the row put
    right.
    """
    evidence = audit.evidence
    broken = evidence[(evidence["reading"] == "printed") & (evidence["holds"] == "no")]["id"]
    for name in ("results-anova-alpha-p", "discussion-renal-adc_slow-claim"):
        assert name in set(broken)
        assert rows.loc[name, "verdict"] in ("reproduced", "consistent")


def test_the_labels_of_table_4_are_swapped(audit, rows):
    """Finding 2: both labels are misprints, each recovered as the other; the lost odds-ratio limit
    is 1.84e-5; the numbers stand.
    """
    assert [
        (rows.loc[f"t4-{name}-label", "verdict"], rows.loc[f"t4-{name}-label", "recovered"])
        for name in ("adc_fast", "f")
    ] == [
        ("misprint", "f"),
        ("misprint", "ADC fast"),
    ]
    limit = rows.loc["t4-adc_fast-ci_low"]
    assert limit["verdict"] == "misprint" and math.isclose(
        float(limit["recovered"]), 1.84e-5, rel_tol=1e-3
    )
    assert "2/√SS = 1.24" in rows.loc["t4-f-label", "reason"]
    assert (rows.loc[["t4-adc_fast-b", "t4-f-se", "t4-f-wald"], "verdict"] == "reproduced").all()


def test_the_abstract_has_the_two_aucs_swapped(audit, rows):
    """Finding 3: six numbers of the abstract belong to the other parameter; the results' 0.9969 is
    0.969.
    """
    for name, statistic, meant in (
        ("adc_fast", "auc", "0.876"),
        ("f", "auc", "0.823"),
        ("adc_fast", "auc_low", "0.782"),
        ("f", "auc_high", "0.927"),
    ):
        row = rows.loc[f"abstract-{name}-{statistic}"]
        assert row["verdict"] == "contradicted" and row["recovered"] == meant
        assert row["low"] - 1e-9 <= float(meant) <= row["high"] + 1e-9
    assert any(slip.kind == "swap" and slip.where.startswith("abstract") for slip in audit.slips)
    assert (
        rows.loc["results-adc_fast-auc_high", ["verdict", "recovered"]] == ["misprint", "0.969"]
    ).all()


def test_the_lost_digit_of_table_2(rows):
    """Finding 4: .782 is 7.82; the t of Table 3 needs 7.79 to 7.86."""
    row = rows.loc["t2-tuberculosis-adc_fast-sd"]
    assert (row["verdict"], row["recovered"]) == ("misprint", "7.82")
    np.testing.assert_allclose((row["low"], row["high"]), (7.80, 7.86), atol=0.01)


def test_the_impossible_mean_age(rows):
    """Finding 5: 48.82 is no mean of 20 whole years, in Table 1 and in the text; it fits 11, 17 and
    22; all other ages pass.
    """
    for name in ("t1-tuberculosis-age-mean", "results-tuberculosis-age-mean"):
        assert rows.loc[name, "verdict"] == "impossible"
        assert (rows.loc[name, "low"], rows.loc[name, "high"]) == (48.80, 48.85)
        assert "11, 17, 22" in rows.loc[name, "reason"]
    others = rows[
        (rows["parameter"] == "age")
        & rows["statistic"].isin(["mean", "sd"])
        & ~rows.index.str.endswith("tuberculosis-age-mean")
    ]
    assert (others["verdict"] == "reproduced").all()


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("adc_fast-specificity_high", "96.8"),
        ("f-specificity_high", "84.6"),
        ("adc_fast+f-specificity_high", "94.3"),
        ("adc_fast+f-sensitivity_low", "83.5"),
    ],
)
def test_four_exact_limits_are_off(rows, name, meant):
    """Finding 6: four of Table 5's twelve exact limits are misprints."""
    assert (rows.loc[f"t5-{name}", ["verdict", "recovered"]] == ["misprint", meant]).all()


def test_remarks_exclude_methods_without_refuting_numbers(audit):
    """Findings 6, 7, 8: Hanley-McNeil, Welch for three parameters and average measures for five
    ICCs are excluded, no number is.
    """
    remarks = audit.evidence[
        (~audit.evidence["decisive"])
        & (audit.evidence["reading"] == "repaired")
        & (audit.evidence["holds"] == "no")
    ]
    assert set(remarks.loc[remarks["check"] == "hanley_mcneil_limits", "id"]) >= {
        "t5-adc_fast-auc",
        "t5-f-auc",
        "t5-adc_fast+f-auc",
    }
    assert set(remarks.loc[remarks["check"] == "welch_t", "id"]) == {
        "t3-adc_fast-t",
        "t3-f-t",
        "t3-ddc-t",
    }
    averaged = remarks[
        (remarks["check"] == "icc_limits ICC(1,k)") & remarks["id"].str.endswith("-icc")
    ]
    assert len(averaged) == 5
    assert (
        not (remarks["check"] == "icc_limits ICC(C,1)").any()
        or not (remarks["check"] == "icc_limits ICC(1,1)").any()
    )
    assert "875.5/1000" in audit.evidence.loc[
        audit.evidence["check"] == "wald_limits", "reason"
    ].str.cat(sep=" ")


def test_the_equations(rows):
    """Finding 9: the bi-exponential gets its f and its minus sign, the stretched exponent goes
    inside, S_b is S_0; ADC's equation stands.
    """
    assert (
        rows.loc["methods-biexponential-equation", "recovered"]
        == "S0 * ((1 - f) * exp(-b * ADCslow) + f * exp(-b * ADCfast))"
    )
    assert rows.loc["methods-stretched-equation", "recovered"] == "S0 * exp(-(b * DDC) ** alpha)"
    assert rows.loc["methods-s_b-definition", "recovered"] == "S_0"
    assert rows.loc["methods-monoexponential-equation", "verdict"] == "consistent"


def test_captions_against_the_published_rules(rows):
    """Finding 10: each of the two cases is misclassified by one of the two cut-offs; enhancement
    without a contrast agent is unsupported.
    """
    verdicts = {
        name: rows.loc[name, "verdict"]
        for name in rows.index
        if name.startswith("fig") and name.endswith("claim")
    }
    contradicted = {name for name, verdict in verdicts.items() if verdict == "contradicted"}
    assert contradicted == {"fig1-lung-adc_fast-claim", "fig2-tuberculosis-f-claim"}
    assert verdicts["fig1-lung-claim"] == verdicts["fig2-tuberculosis-claim"] == "unsupported"


def test_the_protocol(rows):
    """Finding 11: 252 s fits three directions; 833 kHz is 83.3; a field of view is cut off."""
    assert rows.loc["methods-ivim-dwi-scan_time", "verdict"] == "consistent"
    assert (
        "3 directions make 83 repetitions and 1 more"
        in rows.loc["methods-ivim-dwi-scan_time", "reason"]
    )
    assert (
        rows.loc["methods-t2_ideal-bandwidth", ["verdict", "recovered"]] == ["misprint", "83.3"]
    ).all()
    assert (
        rows.loc["methods-t2_frfse_lumbar-fov_high_x", ["verdict", "recovered"]]
        == ["misprint", "36 × 36"]
    ).all()


def test_claims_without_a_test(rows):
    """Finding 12: what is claimed without support, or against the article's own words."""
    unsupported = {
        "results-higher-adc_fast-claim",
        "discussion-higher-f-claim",
        "results-adc_fast+f-claim",
        "discussion-adc_slow-method",
    }
    unsupported |= {"methods-mann-whitney-method", "discussion-reference_23-citation"}
    unsupported |= {"discussion-reference_19-citation"}
    assert (rows.loc[sorted(unsupported), "verdict"] == "unsupported").all()
    against = ["results-selection-rule", "discussion-first-claim"]
    assert (rows.loc[against, "verdict"] == "contradicted").all()


def test_a_title_never_contradicts(audit, rows):
    """Findings 12: what a title lacks is only not seen there; reference 24 studies nodal metastases
    and is not accused.
    """
    cited = rows[rows["statistic"] == "citation"]
    assert not cited["verdict"].isin(REFUTED).any()
    for number in (19, 23):
        assert (
            "not seen in the title"
            in rows.loc[f"discussion-reference_{number}-citation", "reason"].lower()
        )
    assert rows.loc["discussion-reference_24-citation", "verdict"] == "consistent"


def test_no_number_of_the_tables_is_refuted_beyond_the_findings(audit):
    """Every number of Tables 1-5 is reproduced by the cohort unless a finding refutes it: 17
    numbers are.
    """
    table = audit.ledger[
        audit.ledger["location"].str.startswith("table")
        & ~audit.ledger["statistic"].isin(["label", "unit", "significance"])
    ]
    refuted = table[table["verdict"].isin(REFUTED)]
    assert len(table) == 140 and len(refuted) == 17
    assert (table.drop(refuted.index)["verdict"] == "reproduced").all()


def test_refutations_carry_their_arithmetic(audit):
    """Each refuted number has an interval or a reason with digits; nothing is refuted by its name."""  # noqa: E501
    for row in audit.refuted.itertuples():
        assert (
            re.search(r"\d", row.reason)
            or "reference" in row.reason.lower()
            or "both sides" in row.reason
            or "model" in row.reason
        ), row.id


def test_verdicts_follow_the_prints():
    """With the refuted numbers printed right, the same engine refutes none of them; the renal row
    then pools.
    """
    right = {
        "t2-tuberculosis-adc_fast-sd": "7.82",
        "results-adc_fast-auc_high": "0.969",
        "t5-f-specificity_high": "84.6",
        "t4-adc_fast-ci_low": "1.84e-5",
    }
    cells = {
        "adc_slow": ("1.07", "0.27"),
        "adc_fast": ("33.53", "8.13"),
        "f": ("0.21", "0.05"),
        "ddc": ("1.42", "0.48"),
        "alpha": ("0.66", "0.11"),
    }
    right |= {
        f"t2-renal-{name}-{statistic}": text
        for name, pair in cells.items()
        for statistic, text in zip(("mean", "sd"), pair, strict=True)
    }
    for statistic, pair in {
        "auc": ("0.876", "0.823"),
        "auc_low": ("0.782", "0.719"),
        "auc_high": ("0.969", "0.927"),
    }.items():
        right |= {f"abstract-adc_fast-{statistic}": pair[0], f"abstract-f-{statistic}": pair[1]}
    found = judged(right)
    assert not set(found.refuted["id"]) & set(right)
    assert {slip.kind for slip in found.slips} == {
        "swap",
        "misprint",
        "recovered",
    }  # Table 4's labels and the untouched limits remain


@pytest.mark.parametrize(
    ("claim", "printed", "verdict", "meant"),
    [
        ("t2-lung-adc_stand-mean", "9.5", "misprint", "0.95"),  # a decimal point moved
        ("t2-metastasis-adc_stand-sd", "2.7", "misprint", "0.27"),
        ("t3-ddc-p", "0.961", "misprint", "0.691"),  # two digits exchanged
        ("t5-adc_fast-sensitivity_low", "63.6", "misprint", "66.3"),
        ("t1-lung-male", "22", "misprint", "20"),
        ("results-f-auc", "0.832", "misprint", "0.823"),  # also no middle of its limits
        ("methods-renal-n", "12", "contradicted", "11"),
    ],
)
def test_a_planted_error_is_found_where_it_is(bare, claim, printed, verdict, meant):
    """An error put into a correct number is refuted there, with the value meant, and brings no
    other number down.
    """
    after = judged({claim: printed})
    row = after.ledger.set_index("id").loc[claim]
    assert (row["verdict"], row["recovered"]) == (verdict, meant)
    assert set(after.refuted["id"]) - set(bare.refuted["id"]) == {claim}


def test_without_a_pipeline_nothing_is_reproduced(bare):
    """``reproduced`` needs a data set; the refuted numbers are the same without."""
    assert bare.counts["reproduced"] == 0 and bare.counts["misprint"] == 24


def test_the_example_holds_five_errors(tmp_path, capsys):
    """The made-up second paper: five planted errors are found, five true numbers and all others
    stand, by the command.
    """
    expected = pd.read_csv(EXAMPLE / "expected.csv", dtype=str)
    assert main(["audit", str(EXAMPLE / "claims.csv"), "--out", str(tmp_path / "out")]) == 0
    assert "(settles 9 of 9)" in capsys.readouterr().out
    found = pd.read_csv(
        tmp_path / "out" / "ledger.csv", dtype=str, keep_default_na=False
    ).set_index("id")
    errors, true = (expected.loc[expected["planted"] == kind, "id"] for kind in ("error", "true"))
    assert len(errors) == len(true) == 5
    assert set(found.index[found["verdict"].isin(REFUTED)]) == set(errors)
    assert (found.loc[true, "verdict"] == "consistent").sum() >= 4
    meant = expected.set_index("id")["meant"]
    assert all(found.loc[name, "recovered"] in ("", meant[name]) for name in errors)


def test_the_command_names_a_bad_file(tmp_path, capsys):
    """A file that is no claims table gives one line and exit code 2."""
    path = tmp_path / "mine.csv"
    path.write_text("a,b\n1,2\n")
    assert main(["audit", str(path)]) == 2
    message = capsys.readouterr().err
    assert "column 'id' is missing" in message and message.count("\n") == 1


def test_the_ledger_page_needs_no_script(audit, tmp_path):
    """The page has every claim once or more, a colour per verdict, evidence to open and to link to;
    the script is its last part and only adds a filter.
    """
    ledger.write_ledger(audit, tmp_path)
    page = (tmp_path / "ledger.html").read_text(encoding="utf-8")
    whole, _, script = page.partition("<script>")
    assert whole.count("<details ") == whole.count('<tr class="entry"') == len(audit.ledger)
    assert all(f".{verdict} {{ background" in whole for verdict in VERDICTS)
    for name in audit.ledger["id"]:
        assert f'id="c-{name}"' in whole and f'href="#e-{name}"' in whole
        assert f'id="e-{name}"' in whole and f'href="#c-{name}"' in whole
    assert page.count("<script") == 1 and "innerHTML" not in script
    stored = pd.read_csv(tmp_path / "ledger.csv", keep_default_na=False)
    assert list(stored["id"]) == list(audit.ledger["id"])
    assert Path(tmp_path / "ledger.md").read_text(encoding="utf-8").count("\n|") > len(audit.ledger)


def test_corrected_tables_change_the_refuted_cells_only(audit):
    """Tables 1-5 as printed, but for the refuted numbers, which carry a dagger and their recovered
    value.
    """
    tables = ledger.corrected_tables(audit)
    frame = pd.concat([table.frame for table in tables])
    refuted = frame["verdict"].isin(REFUTED)
    assert [table.name for table in tables] == [f"table{i}_corrected" for i in range(1, 6)]
    assert (frame.loc[~refuted, "printed"] == frame.loc[~refuted, "corrected"]).all()
    assert frame.loc[refuted, "corrected"].str.endswith(("†", "‡")).all() and refuted.sum() == 19


def test_two_runs_give_the_same_ledger(audit):
    """Nothing in the audit is random."""
    again = judge(pipeline=ledger.pipeline_frame(ivim.load_cohort()))
    pd.testing.assert_frame_equal(audit.ledger, again.ledger)


@pytest.mark.parametrize(
    ("printed", "meant"),
    [
        (".782", "7.82"),
        ("0.9969", "0.969"),
        ("833", "83.3"),
        ("2.54", "2.45"),
        ("-0.5", "0.5"),
        ("> 1.2", "> 12"),
    ],
)
def test_misprints_reach_what_was_meant(printed, meant):
    """Decimal point, doubled digit, exchanged digits and sign are among the slips; comparison signs
    stay.
    """
    assert meant in misprints(Printed.parse(printed))


@pytest.mark.parametrize("expression", ["S0 * exp(b * D)", "S0 * exp(-b * D) + S0", "exp(-b * D)"])
def test_a_mended_formula_passes_or_there_is_none(expression):
    """Only formulas within reach are mended; none is invented."""
    found = mend(Equation(expression, {"D": (1e-4, 4e-3)}, {"D": 1}))
    assert found == ("S0 * exp(-b * D)" if expression.startswith("S0 * exp(b") else None)
