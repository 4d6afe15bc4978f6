"""The front page of a study: who went through it (STARD item 19), its tables and figures, and what
was left out."""

from __future__ import annotations

import html
import re
from pathlib import Path
from typing import TYPE_CHECKING

from ivim.study.quality import template

if TYPE_CHECKING:
    from ivim.cohort import Cohort
    from ivim.study.job import Measured

TABLES = (
    "table1", "table2", "table3", "table4", "table5", "agreement", "anova", "posthoc",
)  # fmt: skip
"""Shown on the front page; every other table is linked."""

FIGURES = {
    "figure3": "ROC curves of the markers",
    "groups": "Values of every patient by group",
    "bland_altman": "Differences between the readers against their mean",
    "regression_plane": "Patients in the plane of the two predictors",
}


def index(measured: Measured, cohort: Cohort, out: Path) -> str:
    """The front page as HTML.

    Parameters
    ----------
    measured : ivim.study.job.Measured
    cohort : ivim.cohort.Cohort
    out : Path
        Where tables and figures lie.

    Returns
    -------
    str
    """
    patients = [
        {
            "label": label,
            "group": next(p.group for p in measured.layout.patients if p.label == label),
            "flags": record["flags"],
        }
        for label, record in measured.records.items()
    ]
    return template("index.html").render(
        flow=flow(measured, cohort),
        patients=patients,
        left_out=left_out(measured),
        remarks=cohort.remarks,
        tables=[_embedded(out / "tables" / f"{name}.html") for name in TABLES if _there(out, name)],
        style=_style(out),
        others=_others(out),
        figures=[
            (name, text)
            for name, text in FIGURES.items()
            if (out / "figures" / f"{name}.png").is_file()
        ],
        files=_files(out),
        positive=cohort.positive,
    )


def flow(measured: Measured, cohort: Cohort) -> dict:
    """How many patients stand at each step, by group.

    Parameters
    ----------
    measured : ivim.study.job.Measured
    cohort : ivim.cohort.Cohort

    Returns
    -------
    dict
        ``participants, measured, complete``: number by group; ``lost, partly``: reasons with their
        numbers, between the steps.
    """
    groups = {one.label: one.group for one in measured.layout.patients}
    names = list(cohort.groups)
    values = cohort.values.set_index("patient")[list(cohort.parameters)]
    kept = [label for label, record in measured.records.items() if record["rows"]]
    complete = [label for label in kept if values.loc[label].notna().all()]
    count = lambda labels: {name: sum(groups[one] == name for one in labels) for name in names}  # noqa: E731
    lost: dict[str, list[str]] = {}
    for label, record in measured.records.items():
        if not record["rows"]:
            why = record["flow"][0]["why"].replace(label, "sub-XX")
            lost.setdefault(why, []).append(label)
    partly = {
        name: [label for label in kept if label not in complete and values.isna().loc[label, name]]
        for name in cohort.parameters
    }
    return {
        "participants": count(groups),
        "measured": count(kept),
        "complete": count(complete),
        "lost": lost,
        "partly": {name: labels for name, labels in partly.items() if labels},
    }


def left_out(measured: Measured) -> list[dict]:
    """Rows of the flow table that were left out, as dicts.

    Parameters
    ----------
    measured : ivim.study.job.Measured

    Returns
    -------
    list of dict
        ``patient, group, reader, file, status, why`` each.
    """
    rows = measured.flow[measured.flow["status"] == "left out"]
    return rows.to_dict("records")


def _there(out, name):
    return (out / "tables" / f"{name}.html").is_file()


def _embedded(path):
    """The body of a table's page, and its place."""
    text = path.read_text(encoding="utf-8")
    return re.search(r"<body>(.*)</body>", text, re.S)[1]


def _style(out):
    """The style that every table's page carries."""
    first = next((out / "tables" / f"{name}.html" for name in TABLES if _there(out, name)), None)
    if first is None:
        return ""
    found = re.search(r"<style>(.*?)</style>", first.read_text(encoding="utf-8"), re.S)
    return re.sub(r"body\{[^}]*\}", "", found[1]) if found else ""


def _others(out):
    """Tables that are not on the front page: name and title."""
    found = []
    for path in sorted((out / "tables").glob("*.html")):
        if path.stem not in TABLES:
            title = re.search(r"<title>(.*?)</title>", path.read_text(encoding="utf-8"))
            found.append((path.stem, html.unescape(title[1]) if title else path.stem))
    return found


def _files(out):
    """What else lies in the folder, for links."""
    names = (
        "methods.md", "checklist.md", "patients.csv", "measurements.csv", "measurements_detail.csv",
        "measurements_overlap.csv", "flow.csv", "numbers.json", "run.json",
        "ro-crate-metadata.json",
    )  # fmt: skip
    always = ("run.json", "ro-crate-metadata.json")
    return [name for name in names if name in always or (out / name).is_file()]
