"""The known findings about the article, each derived by a general check from the printed strings
alone.

Source of every string: Li et al. 2021, doi:10.21203/rs.3.rs-495875/v1, Tables 1-5, Results, Methods
and captions. No function called
here knows the article; the expected intervals are those that were found by hand before (rounded
outwards in the last digit).
"""

from fractions import Fraction

import pytest
from printed_rows import anova_claim, limits_method, printing_methods, slope_cells

from ivim.audit.checks.counts import (
    counts_from_percentage,
    grim,
    grim_sizes,
    grimmer,
    parts_add_up,
    totals_agree,
)
from ivim.audit.checks.diagnostic import (
    auc_bounds,
    binormal_auc,
    check_auc_limits,
    check_auc_point,
    check_case,
    wald_aucs,
)
from ivim.audit.checks.estimates import (
    Slope,
    check_icc,
    discriminant_slope,
    least_slope_se,
    matching_labels,
)
from ivim.audit.checks.moments import Group, check_cutoff, check_pooled, hidden, is_total, pooled
from ivim.audit.checks.physics import (
    Equation,
    check_equation,
    check_unweighted,
)
from ivim.audit.checks.proportions import proportion_limits
from ivim.audit.checks.pvalues import check_p
from ivim.audit.checks.rounding import as_interval, parse, prints_as
from ivim.audit.checks.scan import check_scan_time, repetitions
from ivim.audit.checks.testing import anova, check_difference, check_t, sd_for_t

SIZES = {"tuberculosis": 20, "metastasis": 50, "lung": 32, "breast": 7, "renal": 11}
TABLE_2 = {
    "adc_stand": [
        ("1.11", "0.25"),
        ("1.05", "0.27"),
        ("0.95", "0.23"),
        ("1.20", "0.30"),
        ("1.25", "0.23"),
    ],
    "adc_slow": [
        ("0.77", "0.35"),
        ("0.85", "0.28"),
        ("0.73", "0.23"),
        ("1.05", "0.29"),
        ("0.82", "0.30"),
    ],
    "adc_fast": [
        ("21.96", "7.82"),
        ("33.87", "6.87"),
        ("33.31", "5.44"),
        ("36.96", "10.45"),
        ("30.46", "8.93"),
    ],  # 7.82: finding 4
    "f": [("0.45", "0.20"), ("0.25", "0.15"), ("0.27", "0.18"), ("0.22", "0.14"), ("0.31", "0.19")],
    "ddc": [
        ("1.22", "0.34"),
        ("1.17", "0.44"),
        ("0.99", "0.29"),
        ("1.60", "0.50"),
        ("1.19", "0.41"),
    ],
    "alpha": [
        ("0.77", "0.10"),
        ("0.75", "0.09"),
        ("0.78", "0.07"),
        ("0.75", "0.08"),
        ("0.76", "0.09"),
    ],
}
TABLE_3 = {
    "adc_stand": ("0.855", "0.395"),
    "adc_slow": ("-1.017", "0.313"),
    "adc_fast": ("-6.296", "<0.0001**"),
    "f": ("4.645", "<0.0001**"),
    "ddc": ("0.399", "0.691"),
    "alpha": ("0.854", "0.396"),
}
TABLE_4 = {
    "adc_fast": Slope("-6.185", "2.408", "6.597", "0.010*", "0.002", "0.001", "0.231"),
    "f": Slope("0.235", "0.068", "11.847", "0.001*", "1.265", "1.107", "1.446"),
}
TABLE_5 = {  # AUC, its limits, sensitivity and specificity with counts and limits
    "adc_fast": (("0.876", "0.782", "0.969"), ("80.0", "66.3", "90.0"), ("85.0", "62.1", "96.6")),
    "f": (("0.823", "0.719", "0.927"), ("86.0", "73.3", "94.2"), ("65.0", "40.8", "84.5")),
    "adc_fast+f": (("0.925", "0.858", "0.992"), ("94.0", "83.4", "98.7"), ("80.0", "56.3", "94.1")),
}
ICC = {
    "adc_stand": ("0.929", "0.889", "0.956"),
    "adc_slow": ("0.946", "0.914", "0.966"),
    "adc_fast": ("0.849", "0.768", "0.903"),
    "f": ("0.868", "0.796", "0.916"),
    "ddc": ("0.924", "0.880", "0.952"),
    "alpha": ("0.911", "0.860", "0.944"),
}
PASTED = ("adc_slow", "adc_fast", "f", "ddc", "alpha")


def group(parameter, name):
    """A printed row of Table 2."""
    return Group.printed(SIZES[name], *TABLE_2[parameter][list(SIZES).index(name)])


def groups(parameter, *members):
    return [group(parameter, name) for name in members]


def recovered(parameter):
    """The renal group that is left of the metastases."""
    return hidden(group(parameter, "metastasis"), groups(parameter, "lung", "breast"))


def marker(parameter):
    """Cases and controls of a marker."""
    return groups(parameter, "metastasis", "tuberculosis")


def counts(parameter):
    """True positives of 50 and false positives of 20 from the printed percentages."""
    _, sensitivity, specificity = TABLE_5[parameter]
    (tp,), (tn,) = (
        counts_from_percentage(sensitivity[0], 50),
        counts_from_percentage(specificity[0], 20),
    )
    return tp, 50, 20 - tn, 20


def ends(interval):
    return pytest.approx((interval.low, interval.high), abs=5.1e-4)


# Finding 1: the renal row of Table 2


@pytest.mark.parametrize(
    ("parameter", "mean", "sd"),
    [
        ("adc_slow", (0.822, 0.832), (0.296, 0.307)),
        ("adc_fast", (30.462, 30.472), (8.922, 8.936)),
        ("f", (0.302, 0.312), (0.181, 0.194)),
        ("ddc", (1.179, 1.189), (0.407, 0.417)),
        ("alpha", (0.751, 0.761), (0.087, 0.098)),
    ],
)
def test_renal_row_is_the_total(parameter, mean, sd):
    """Finding 1: the renal row prints mean and SD of all 70 patients."""
    everybody = groups(parameter, "tuberculosis", "metastasis")
    total = pooled(everybody)
    assert mean == ends(total.mean) and sd == ends(total.sd)
    assert is_total(group(parameter, "renal"), everybody).holds


def test_renal_adc_stand_is_renal():
    """Finding 1: ADCstand's renal cell is not the total, and pools with lung and breast to the
    metastases.
    """
    assert (
        is_total(
            group("adc_stand", "renal"), groups("adc_stand", "tuberculosis", "metastasis")
        ).holds
        is False
    )
    parts = groups("adc_stand", "lung", "breast", "renal")
    assert all(
        outcome.holds for outcome in check_pooled(group("adc_stand", "metastasis"), parts).values()
    )


@pytest.mark.parametrize("parameter", PASTED)
def test_metastasis_row_cannot_be_pooled(parameter):
    """Finding 1: with the printed renal row no metastasis mean comes out."""
    found = check_pooled(
        group(parameter, "metastasis"), groups(parameter, "lung", "breast", "renal")
    )
    assert found["mean"].holds is False


@pytest.mark.parametrize(
    ("parameter", "mean", "sd"),
    [
        ("adc_slow", (1.03, 1.11), (0, 0.291)),
        ("adc_fast", (33.49, 33.57), (8.10, 8.17)),
        ("f", (0.17, 0.25), (0, 0.104)),
        ("ddc", (1.38, 1.46), (0.417, 0.544)),
        ("alpha", (0.62, 0.70), (0, 0.153)),
    ],
)
def test_true_renal_row(parameter, mean, sd):
    """Finding 1: the renal means and SDs that are left of the metastases, upper limits alone for
    three SDs.
    """
    renal = recovered(parameter)
    assert mean == pytest.approx((renal.mean.low, renal.mean.high), abs=5.1e-3)
    assert sd == pytest.approx(
        (renal.sd.low, renal.sd.high), abs=5.1e-3 if parameter == "adc_fast" else 1.1e-3
    )


def test_recovery_mends_the_anova_claims():
    """Finding 1: alpha's ANOVA and "ADCslow of lung < renal" fail as printed; with the recovered
    row all four ANOVAs hold.
    """
    assert anova_claim(groups("alpha", "lung", "breast", "renal"), significant=True).holds is False
    assert check_difference(*groups("adc_slow", "lung", "renal"), significant=True).holds is False
    for parameter in ("adc_slow", "ddc", "alpha"):
        assert anova_claim(
            [*groups(parameter, "lung", "breast"), recovered(parameter)], significant=True
        ).holds
    assert anova_claim(groups("adc_stand", "lung", "breast", "renal"), significant=True).holds
    for parameter in ("adc_fast", "f"):
        assert anova_claim(
            [*groups(parameter, "lung", "breast"), recovered(parameter)], significant=False
        ).holds
    three = [*groups("adc_slow", "lung", "breast"), recovered("adc_slow")]
    assert all(check_difference(three[0], other, True, within=three).holds for other in three[1:])
    assert anova(three).p.high < 0.0011


# Finding 2: Table 4


def test_table_4_labels_are_swapped():
    """Finding 2: SE(f) is at least 1.23, which rules out .068; only the exchanged labels are
    possible, and the slopes agree.
    """
    markers = {name: marker(name) for name in TABLE_4}
    assert 1.23 < least_slope_se(markers["f"]) < 1.24
    assert matching_labels(TABLE_4, markers) == [{"adc_fast": "f", "f": "adc_fast"}]
    assert as_interval(TABLE_4["f"].b).overlaps(
        discriminant_slope(*markers["adc_fast"]).widen(0.02)
    )
    assert discriminant_slope(*markers["f"]).high < -6.5


def test_table_4_limit():
    """Finding 2: the lower limit of the odds ratio is 1.84e-5, not .001; every other cell of Table
    4 follows from B and SE.
    """
    found = {name: slope_cells(slope) for name, slope in TABLE_4.items()}
    refuted = [
        (name, cell)
        for name, row in found.items()
        for cell, outcome in row.items()
        if not outcome.holds
    ]
    assert refuted == [("adc_fast", "ci_low")]
    limit = found["adc_fast"]["ci_low"]
    assert limit.low == pytest.approx(1.84e-5, rel=4e-3) and limit.high == pytest.approx(
        1.84e-5, rel=4e-3
    )


# Finding 3: the AUCs of the abstract and of the text


def test_abstract_aucs_are_swapped():
    """Finding 3: two normal groups give ADCfast .873-.874 and f .770-.806, in the order of Table 5
    and against the abstract's.
    """
    fast, perfusion = binormal_auc(*marker("adc_fast")), binormal_auc(*marker("f"))
    assert ends(fast) == (0.873, 0.874) and perfusion.high < 0.81
    # The abstract's .876 for f lies above every curve without ties through f's Youden point, and
    # near the top of those with ties.
    assert check_auc_point("0.876", *counts("f"), ties=False).holds is False
    assert auc_bounds(*counts("f"), youden=True).high < 0.88
    assert check_auc_point("0.823", *counts("f"), ties=False).holds


def test_upper_limit_of_the_text():
    """Finding 3: .9969 cannot be the upper limit of .876 with .782 below; .969 can."""
    assert check_auc_limits("0.876", "0.782", "0.9969", 50, 20)["wald"].holds is False
    assert check_auc_limits("0.876", "0.782", "0.969", 50, 20)["wald"].holds


# Finding 4: ".782"


def test_sd_of_782():
    """Finding 4: the t of Table 3 needs an SD of 7.79 to 7.86, and three patients above 29.05 need
    one far above .782.
    """
    needed = sd_for_t(
        Group.printed(20, "21.96"), group("adc_fast", "metastasis"), TABLE_3["adc_fast"][0]
    )
    assert ends(needed) == (7.793, 7.858) and not needed.overlaps(as_interval(".782"))
    as_printed = Group.printed(20, "21.96", ".782")
    assert (
        check_t(as_printed, group("adc_fast", "metastasis"), TABLE_3["adc_fast"][0])[
            "student"
        ].holds
        is False
    )
    assert check_cutoff(as_printed, "> 29.05", 3).holds is False
    assert check_cutoff(group("adc_fast", "tuberculosis"), "> 29.05", 3).holds


# Finding 5: ages


def test_ages():
    """Finding 5: 48.82 is no mean of 20 whole years but fits 11, 17 or 22 patients; all other ages
    pass, and the totals add up.
    """
    assert (grim("48.82", 20).low, grim("48.82", 20).high) == (48.80, 48.85)
    assert grim_sizes("48.82", 22) == (11, 17, 22)
    rest = {
        "metastasis": ("56.92", "9.29"),
        "lung": ("57.66", "9.40"),
        "breast": ("53.29", "9.55"),
        "renal": ("57.09", "9.12"),
    }
    assert all(grimmer(*ages, SIZES[name]).holds for name, ages in rest.items())
    found = totals_agree(
        (rest["metastasis"][0], 50),
        [(rest[name][0], SIZES[name]) for name in ("lung", "breast", "renal")],
    )
    assert found.reason == "1845 + 373 + 628 = 2846"


COUNTS = [
    ("20", ("11", "9")),
    ("50", ("30", "20")),
    ("30", ("20", "0", "10")),
    ("20", ("12", "7", "1")),
]


@pytest.mark.parametrize(("whole", "parts"), COUNTS)
def test_patient_counts(whole, parts):
    """The counts of Table 1 add up: they are not among the findings."""
    assert parts_add_up(whole, parts).holds


# Finding 6: Table 5


def test_exact_limits():
    """Finding 6: the limits are exact ones but for four: 96.6, 84.5, 94.1 and 83.4 for 96.8, 84.6,
    94.3 and 83.5.
    """
    rows = []
    for name, (_, sensitivity, specificity) in TABLE_5.items():
        tp, cases, fp, controls = counts(name)
        rows += [(*sensitivity[1:], tp, cases), (*specificity[1:], controls - fp, controls)]
    assert limits_method(rows) == ("exact", 8)
    # No other method prints both limits of any row that the exact one does not.
    assert not any(
        all(fits)
        for row in rows
        for name, fits in printing_methods(*row).items()
        if name != "exact"
    )
    refuted = {}
    for low, high, count, n in rows:
        limits = [100 * limit for limit in proportion_limits(count, n, "exact")]
        refuted |= {
            text: round(limit + 1e-9, 1)
            for limit, text in zip(limits, (low, high), strict=True)
            if not prints_as(limit, text)
        }
    assert refuted == {"96.6": 96.8, "84.5": 84.6, "83.4": 83.5, "94.1": 94.3}


def test_exact_auc():
    """Finding 6: .876 with .782 and .969 is 875.5/1000, an odd number of tied pairs; Hanley-McNeil
    gives none of the three intervals.
    """
    assert wald_aucs(*TABLE_5["adc_fast"][0], 50, 20, rule="half_up") == (Fraction(8755, 10000),)
    for auc, _, _ in TABLE_5.values():
        found = check_auc_limits(*auc, 50, 20)
        assert (found["wald"].holds, found["delong"].holds, found["hanley_mcneil"].holds) == (
            True,
            True,
            False,
        )


@pytest.mark.parametrize("name", TABLE_5)
def test_operating_points_fit_their_aucs(name):
    """The three operating points are possible Youden points of curves with the printed AUCs: not
    among the findings.
    """
    assert check_auc_point(TABLE_5[name][0][0], *counts(name)).holds


# Finding 7: Table 3


def test_pooled_t():
    """Finding 7: Student's t reproduces all six, Welch's is excluded for ADCfast, f and DDC; every
    p follows from its t.
    """
    verdicts = {
        name: check_t(*groups(name, "tuberculosis", "metastasis"), *TABLE_3[name])
        for name in TABLE_3
    }
    assert all(found["student"].holds for found in verdicts.values())
    assert {name for name, found in verdicts.items() if not found["welch"].holds} == {
        "adc_fast",
        "f",
        "ddc",
    }
    assert all(check_p("t", t, p, df2=68).holds for t, p in TABLE_3.values())


# Finding 8: ICC


def test_icc_forms():
    """Finding 8: both single-measures forms print all six; of average measures at most one fits."""
    fits = {
        name: {form for form, outcome in check_icc(*printed, 70, 2).items() if outcome.holds}
        for name, printed in ICC.items()
    }
    assert all({"ICC(1,1)", "ICC(C,1)"} <= forms for forms in fits.values())
    assert {name for name, forms in fits.items() if forms & {"ICC(1,k)", "ICC(C,k)"}} == {
        "adc_slow"
    }


# Finding 9: equations (Methods, "Post-processing"), as printed


def test_equations():
    """Finding 9: the bi-exponential starts above S0 and grows, the stretched form leaves DDC and
    alpha open, S_b is no b = 0 signal.
    """
    diffusivity, units = (0.1e-3, 3e-3), {"ADC": 1, "ADCslow": 1, "ADCfast": 1, "DDC": 1}
    ranges = {"ADCslow": diffusivity, "ADCfast": (5e-3, 60e-3), "f": (0, 1)}
    found = check_equation(Equation("S0*((1-f)*exp(-b*ADCslow) + exp(b*ADCfast))", ranges, units))
    assert (found["at_zero"].holds, found["decay"].holds) == (False, False)
    for printed in ("S0*exp(-b*DDC*alpha)", "S0*exp(-b*DDC**alpha)", "S0*exp(-b*DDC)**alpha"):
        assert (
            check_equation(Equation(printed, {"DDC": diffusivity, "alpha": (0, 1)}, units))[
                "identifiable"
            ].holds
            is False
        )
    mono = Equation("S0*exp(-b*ADC)", {"ADC": diffusivity}, units)
    assert (
        all(outcome.holds for outcome in check_equation(mono).values())
        and check_unweighted(mono, "Sb").holds is False
    )


# Finding 10: captions of Figures 1 and 2


def test_cases_against_rules():
    """Finding 10: each case is misclassified by one of the two rules and not by the other; ADCfast
    of Figure 1 is .0211 mm²/s.
    """
    metastasis = {"adc_fast": ("21.1", "> 29.05"), "f": ("0.139", "< 0.4")}
    tuberculosis = {"adc_fast": ("13.1", "> 29.05"), "f": ("0.190", "< 0.4")}
    assert {name: check_case(*case, positive=True).holds for name, case in metastasis.items()} == {
        "adc_fast": False,
        "f": True,
    }
    assert {
        name: check_case(*case, positive=False).holds for name, case in tuberculosis.items()
    } == {"adc_fast": True, "f": False}


# Finding 11: protocol


def test_protocol():
    """Finding 11: 252 s are three directions, 83 repetitions of 3 s, and one more; 833 kHz is no
    whole part of 250, 83.3 is a third.
    """
    b, averages = (0, 20, 50, 100, 150, 200, 400, 800, 1200, 1500), (2, 2, 2, 1, 1, 1, 2, 4, 6, 8)
    assert repetitions(b, averages, 3) == 83
    assert (
        check_scan_time("252", 3.0, b, averages).reason
        == "3 directions make 83 repetitions and 1 more: 252 s"
    )
    # The other bandwidths are 250 kHz over 1, 4 and 5.
    printed = ("250.0", "62.5", "50.0", "83.3", "833")
    divisors = {
        text: [k for k in range(1, 26) if parse(text).admits(Fraction(250, k))] for text in printed
    }
    assert divisors == {"250.0": [1], "62.5": [4], "50.0": [5], "83.3": [3], "833": []}


def test_sd_of_f_that_the_subgroups_allow():
    """For the sub-groups to exist, f's metastasis SD is at least .148 (found beside the findings)."""  # noqa: E501
    lung, breast = groups("f", "lung", "breast")
    printed = group("f", "metastasis")
    possible = [
        sd
        for sd in (0.1475, 0.1485)
        if hidden(Group(50, printed.mean, as_interval(sd)), [lung, breast]) is not None
    ]
    assert possible == [0.1485] and parse("0.15").admits(0.148)
