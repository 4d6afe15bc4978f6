"""The STARD 2015 checklist of a study: what can be computed is filled in, the rest is left to the
authors.

Bossuyt PM, Reitsma JB, Bruns DE, et al. STARD 2015: an updated list of essential items for
reporting diagnostic accuracy studies. BMJ 2015;351:h5527. The items are told in our own words.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ivim.study import methods

if TYPE_CHECKING:
    from ivim.cohort import Cohort
    from ivim.study.job import Measured
    from ivim.study.measure import Options

TO_FILL = "*to be filled in by the authors*"

ITEMS = {
    "1": "Title or abstract says that accuracy is studied, with at least one measure of it",
    "2": "Structured abstract",
    "3": "Background: intended use and role of the index test",
    "4": "Objectives and hypotheses",
    "5": "Data collected before or after the tests were done",
    "6": "Eligibility",
    "7": "How eligible participants were found",
    "8": "Where and when they were found",
    "9": "Consecutive, random or convenience series",
    "10a": "Index test, so that it can be repeated",
    "10b": "Reference standard, so that it can be repeated",
    "11": "Why this reference standard",
    "12a": "Cut-offs of the index test, set before or found in the data",
    "12b": "Cut-offs or categories of the reference standard",
    "13a": "Whether readers of the index test knew clinical data and the reference standard",
    "13b": "Whether assessors of the reference standard knew clinical data and the index test",
    "14": "Methods for estimating and comparing accuracy",
    "15": "Indeterminate results",
    "16": "Missing data",
    "17": "Analyses of variability in accuracy, planned or explored",
    "18": "Sample size and how it was set",
    "19": "Flow of participants",
    "20": "Demographic and clinical characteristics",
    "21a": "Severity of disease in those who have it",
    "21b": "Other diagnoses in those who have it not",
    "22": "Time and treatment between index test and reference standard",
    "23": "Index test against reference standard, cross tabulated",
    "24": "Accuracy with 95 % limits",
    "25": "Adverse events",
    "26": "Limitations: bias, uncertainty, generalisability",
    "27": "Implications for practice",
    "28": "Registration",
    "29": "Where the protocol can be read",
    "30": "Funding and the role of funders",
}


def text(measured: Measured, options: Options, cohort: Cohort, out: Path) -> str:
    """The checklist as a Markdown table.

    Parameters
    ----------
    measured : ivim.study.job.Measured
    options : ivim.study.measure.Options
    cohort : ivim.cohort.Cohort
    out : Path

    Returns
    -------
    str
    """
    filled = answers(measured, options, cohort, out)
    rows = [
        f"| {number} | {what} | {filled.get(number, TO_FILL)} |" for number, what in ITEMS.items()
    ]
    return "\n".join(
        [
            "# STARD 2015 checklist",
            "",
            f"{len(filled)} of {len(ITEMS)} items could be filled from the study; the others are "
            "the "
            "authors'. Items after Bossuyt et al. 2015, BMJ 351:h5527, in our own words.",
            "",
            "| item | what | where, or answer |",
            "|---|---|---|",
            *rows,
        ]
    )


def answers(measured: Measured, options: Options, cohort: Cohort, out: Path) -> dict[str, str]:
    """What the study itself can answer, by item.

    Parameters
    ----------
    measured : ivim.study.job.Measured
    options : ivim.study.measure.Options
    cohort : ivim.cohort.Cohort
    out : Path
        Folder of the study's results.

    Returns
    -------
    dict of str to str
        By the number of the item.
    """
    from ivim.study.summary import flow

    steps = {name: sum(counts.values()) for name, counts in _steps(flow(measured, cohort)).items()}
    sizes = cohort.values["group"].value_counts()
    others = [f"{sizes[name]} {name}" for name in cohort.groups if name != cohort.positive]
    filled = {
        "10a": "methods.md, Imaging to Signal models; recipe and options in run.json",
        "16": _missing(cohort),
        "19": (
            f"index.html: {steps['participants']} participants, {steps['measured']} measured, "
            f"{steps['complete']} with every parameter; reasons in flow.csv"
        ),
        "21b": f"groups: {', '.join(others)}",
    }
    if cohort.primaries:
        counts = cohort.values["primary"].value_counts()
        named = ", ".join(f"{counts[name]} {name}" for name in cohort.primaries)
        filled["21a"] = f"sub-groups: {named}; severity {TO_FILL}"
    if (out / "tables" / "table1.csv").is_file():
        known = int(cohort.values["age"].notna().sum())
        filled["20"] = f"tables/table1 (age known of {known} of {len(cohort.values)})"
    return filled | _accuracy(cohort, out)


def _steps(steps):
    return {name: steps[name] for name in ("participants", "measured", "complete")}


def _missing(cohort):
    if not cohort.remarks:
        return "no value is missing"
    return "left out of the comparison concerned, n in every table. " + " ".join(cohort.remarks)


def _accuracy(cohort, out):
    """Items on accuracy, where there is a Table 5."""
    table = methods.read_table(out, "table5")
    if not len(table):
        return {}
    rows = table.to_dict("records")
    cutoffs = "; ".join(f"{row['marker']} {row['direction']} {row['cutoff']:.4g}" for row in rows)
    crossed = "; ".join(
        f"{row['marker']}: TP {row['tp']:.0f}, FN {row['fn']:.0f}, TN {row['tn']:.0f}, FP "
        f"{row['fp']:.0f}"
        for row in rows
    )
    estimates = "; ".join(
        f"{row['marker']}: AUC {row['auc']:.3f} ({row['auc_low']:.3f} to {row['auc_high']:.3f})"
        for row in rows
    )
    return {
        "12a": f"found in these data by the Youden index, so optimistic: {cutoffs}",
        "14": "methods.md, Statistics",
        "15": "every value of a marker is on one side of the cut-off: none is indeterminate",
        "17": "explored: tables/auc_differences, tables/optimism",
        "23": f"tables/table5: {crossed}",
        "24": f"tables/table5: {estimates}",
    }
