"""No false accusation by a single check: on studies of this design, correctly printed, nothing is
refuted.

The shortened run is a test; `IVIM_AUDIT_STUDIES=1000 python -m pytest
tests/test_audit_no_false_accusation.py` is the full one.
"""

import os

import numpy as np
import pytest
from printed_rows import anova_claim, printing_methods, slope_cells
from printed_study import MARKERS, PARAMETERS, PARTS, simulate

from ivim.audit.checks.counts import (
    count_exists,
    counts_from_percentage,
    grim,
    grimmer,
    parts_add_up,
    totals_agree,
)
from ivim.audit.checks.diagnostic import check_auc_limits, check_auc_point
from ivim.audit.checks.estimates import Slope, check_icc, matching_labels
from ivim.audit.checks.moments import Group, check_cutoff, check_pooled, check_spread, hidden
from ivim.audit.checks.proportions import PROPORTION_METHODS
from ivim.audit.checks.pvalues import check_p
from ivim.audit.checks.rounding import Outcome, compare, parse, to_print
from ivim.audit.checks.testing import check_difference, check_t, sd_for_t

STUDIES = int(os.environ.get("IVIM_AUDIT_STUDIES", "25"))
WHOLE = {"tuberculosis": (), "metastasis": PARTS}


@pytest.fixture(scope="module")
def outcomes():
    """Every outcome of every check on every study, as (study, check, what, outcome)."""
    return [(seed, *found) for seed in range(STUDIES) for found in check_study(*simulate(seed))]


def test_nothing_is_refuted(outcomes):
    """No check refutes any number of a correctly printed study."""
    refuted = [
        f"study {seed}, {check}, {what}: {outcome.reason}"
        for seed, check, what, outcome in outcomes
        if outcome.holds is False
    ]
    assert not refuted, "\n".join(refuted[:20])


def test_every_check_was_tried(outcomes):
    """Each kind of check met numbers in nearly every study, so that silence means something."""
    met = {}
    for seed, check, _, outcome in outcomes:
        if outcome.holds:
            met.setdefault(check, set()).add(seed)
    assert len(met) == 20
    assert min(len(seeds) for seeds in met.values()) >= 0.4 * STUDIES, {
        name: len(seeds) for name, seeds in met.items()
    }


def test_a_slip_is_seen():
    """The same checks do refute a study into which one slip per table is put, in the table of the
    slip.
    """
    claims, facts = simulate(0)
    slips = {
        ("table1", "lung", "age", "mean"): 0.01,
        ("table2", "lung", "adc_fast", "mean"): 2.0,
        ("table3", "", "adc_fast", "t"): 1.0,
    }
    slips |= {
        ("table4", "", "f", "wald"): 3.0,
        ("table5", "", "f", "sensitivity"): 1.0,
        ("results", "", "ddc", "icc_low"): 0.05,
    }
    for key, shift in slips.items():
        changed = claims.copy()
        at = np.logical_and.reduce(
            [claims[name] == value for name, value in zip(claims.columns, key, strict=False)]
        )
        printed = parse(claims.loc[at, "printed"].item())
        changed.loc[at, "printed"] = to_print(float(printed.value) + shift, printed.decimals)
        refuted = [
            what for _, what, outcome in check_study(changed, facts) if outcome.holds is False
        ]
        assert refuted and all(key[0] in what or key[0] == "table2" for what in refuted), (
            key,
            refuted,
        )


def check_study(claims, facts):
    """Every check on every number of a study; yields (check, what, outcome)."""
    printed = claims.set_index(["location", "group", "parameter", "statistic"])["printed"].to_dict()
    yield from _counts(printed)
    yield from _moments(printed, facts)
    yield from _t_tests(printed, facts)
    yield from _estimates(printed, facts)
    yield from _diagnostic(printed)


def _counts(printed):
    ages, sizes = {}, {}
    for name in (*WHOLE, *PARTS):
        sizes[name] = int(printed["table1", name, "", "n"])
        ages[name] = printed["table1", name, "age", "mean"]
        sexes = [printed["table1", name, "", sex] for sex in ("male", "female")]
        yield "parts_add_up", f"table1 {name}", parts_add_up(sizes[name], sexes)
        yield "grim", f"table1 {name}", grim(ages[name], sizes[name])
        yield (
            "grimmer",
            f"table1 {name}",
            grimmer(ages[name], printed["table1", name, "age", "sd"], sizes[name]),
        )
    rows = {name: (ages[name], sizes[name]) for name in ages}
    yield "totals_agree", "table1", totals_agree(rows["metastasis"], [rows[name] for name in PARTS])


def _group(printed, name, parameter):
    table = "table1" if parameter == "age" else "table2"
    return Group.printed(
        int(printed["table1", name, "", "n"]),
        *(printed[table, name, parameter, end] for end in ("mean", "sd")),
    )


def _moments(printed, facts):
    for parameter in ("age", *PARAMETERS):
        whole, parts = (
            _group(printed, "metastasis", parameter),
            [_group(printed, name, parameter) for name in PARTS],
        )
        for statistic, outcome in check_pooled(whole, parts).items():
            yield (
                "check_pooled",
                f"{'table1' if parameter == 'age' else 'table2'} {parameter} {statistic}",
                outcome,
            )
        for i, part in enumerate(parts):
            found = hidden(whole, [other for other in parts if other is not part])
            what = f"table2 {parameter} {PARTS[i]}"
            yield "hidden", what, Outcome(found is not None, 0, 0, "the whole cannot hold the rest")
            if found is not None:
                yield "hidden", what, compare(found.mean, part.mean, "the mean that is left")
                yield "hidden", what, compare(found.sd, part.sd, "the SD that is left")
        if parameter in ("f", "alpha"):
            yield "check_spread", f"table2 {parameter}", check_spread(whole, 0, 1)
        if parameter in facts["anova"]:
            yield "anova", f"table2 {parameter}", anova_claim(parts, facts["anova"][parameter])
    for parameter, a, b in facts["posthoc"]:
        within = [_group(printed, name, parameter) for name in PARTS]
        pair = [_group(printed, name, parameter) for name in (a, b)]
        yield (
            "check_difference",
            f"table2 {parameter} {a} {b}",
            check_difference(*pair, True, within=within),
        )


def _t_tests(printed, facts):
    for parameter in PARAMETERS:
        t, p = (printed["table3", "", parameter, statistic] for statistic in ("t", "p"))
        pair = [_group(printed, name, parameter) for name in WHOLE]
        yield "check_t", f"table3 {parameter}", check_t(*pair, t, p)[facts["t"]]
        sd = sd_for_t(*pair, t, facts["t"])
        fits = sd is not None and sd.overlaps(pair[0].sd)
        yield "sd_for_t", f"table3 {parameter}", Outcome(fits, 0, 0, f"{sd} for {pair[0].sd}")
        if facts["t"] == "student":
            yield "check_p", f"table3 {parameter}", check_p("t", t, p, df2=68)


def _estimates(printed, facts):
    for parameter in PARAMETERS:
        trio = [
            printed["results", "", parameter, statistic]
            for statistic in ("icc", "icc_low", "icc_high")
        ]
        yield "check_icc", f"results {parameter}", check_icc(*trio, 70, 2)[facts["icc"]]
    if ("table4", "", "f", "b") not in printed:
        return
    columns = ("b", "se", "wald", "p", "odds_ratio", "ci_low", "ci_high")
    slopes = {
        name: Slope(*(printed["table4", "", name, column] for column in columns))
        for name in MARKERS
    }
    for name, slope in slopes.items():
        for cell, outcome in slope_cells(slope).items():
            yield "slope_cells", f"table4 {name} {cell}", outcome
    markers = {
        name: tuple(_group(printed, group, name) for group in ("metastasis", "tuberculosis"))
        for name in MARKERS
    }
    kept = dict(zip(MARKERS, MARKERS, strict=True)) in matching_labels(slopes, markers)
    yield "matching_labels", "table4", Outcome(kept, 0, 0, "the labels cannot stay where they are")


def _diagnostic(printed):
    for name in (*MARKERS, "adc_fast+f"):
        if ("table5", "", name, "auc") not in printed:
            continue
        cells = {
            key[3]: text for key, text in printed.items() if key[0] == "table5" and key[2] == name
        }
        limits = check_auc_limits(cells["auc"], cells["auc_low"], cells["auc_high"], 50, 20)
        for method in ("wald", "delong"):
            yield "check_auc_limits", f"table5 {name} {method}", limits[method]
        found = {}
        for part, n in (("sensitivity", 50), ("specificity", 20)):
            yield "count_exists", f"table5 {name} {part}", count_exists(cells[part], n)
            found[part] = counts_from_percentage(cells[part], n)
            for count in found[part]:
                ends = cells[f"{part}_low"], cells[f"{part}_high"]
                fits = printing_methods(*ends, count, n)
                printed_so = any(all(fits[method]) for method in PROPORTION_METHODS)
                yield (
                    "proportion_limits",
                    f"table5 {name} {part}",
                    Outcome(printed_so, 0, 0, f"no method prints {ends} for {count} of {n}"),
                )
        for tp, tn in ((tp, tn) for tp in found["sensitivity"] for tn in found["specificity"]):
            yield (
                "check_auc_point",
                f"table5 {name}",
                check_auc_point(cells["auc"], tp, 50, 20 - tn, 20),
            )
            if name in MARKERS:
                above = parse(cells["cutoff"]).comparison == ">"
                for group, beyond in (("metastasis", tp), ("tuberculosis", 20 - tn)):
                    outcome = check_cutoff(
                        _group(printed, group, name), cells["cutoff"], beyond, above
                    )
                    yield "check_cutoff", f"table5 {name} {group}", outcome
