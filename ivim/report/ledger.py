"""The audit to read: what the pipeline prints as evidence, the article's tables redrawn, the ledger as csv, html and md, corrected tables."""

import math
from dataclasses import dataclass
from html import escape
from pathlib import Path

import pandas as pd

from ivim import study
from ivim.audit.claims import place_of
from ivim.audit.engine import REFUTED, VERDICTS
from ivim.report import tables
from ivim.report.layout import GROUPS
from ivim.report.provenance import csv_text, results_folder, write_file
from ivim.report.write import Table, parameter

MEANING = {
    "reproduced": "the reconstructed cohort, put through the pipeline, prints the same digits",
    "consistent": "follows from other printed numbers within rounding",
    "misprint": "refuted, and what must have been meant is recovered",
    "impossible": "refuted, nothing recovered",
    "contradicted": "another place in the article says otherwise, and the evidence sides with that",
    "unsupported": "a claim without the test, number or reference that it needs",
    "unverifiable": "nothing to hold it against",
}
_MARKS = {"misprint": "M", "impossible": "I", "contradicted": "C", "unsupported": "U"}
_COLOURS = {
    "reproduced": "#cdebd8", "consistent": "#e3f1fb", "misprint": "#ffd2b8", "impossible": "#f5b5b5",
    "contradicted": "#f7c6e0", "unsupported": "#fff0b3", "unverifiable": "#ececec",
}  # fmt: skip

# Numbers that an article prints in one cell, and what stands between and behind them.
_TOGETHER = (
    (("mean", " ± "), ("sd", "")),
    *(((name, " ("), (f"{name}_low", " to "), (f"{name}_high", ")")) for name in ("auc", "sensitivity", "specificity", "icc")),
    (("ci_low", " to "), ("ci_high", "")),
)
_HEADINGS = {
    "n": "No. of patients", "male": "Male", "female": "Female", "mean": "Mean ± SD", "t": "/{t}", "p": "/{p}", "b": "B", "se": "S.E.", "wald": "Wald",
    "odds_ratio": "OR", "ci_low": "95% CI of OR", "auc": "AUC (95% CI)", "cutoff": "Cut-off", "sensitivity": "Sensitivity (95% CI)",
    "specificity": "Specificity (95% CI)", "icc": "ICC (95% CI)",
}  # fmt: skip


def pipeline_frame(cohort):
    """What the pipeline computes from a cohort, as evidence for :func:`ivim.judge`.

    Parameters
    ----------
    cohort : ivim.cohort.Cohort

    Returns
    -------
    DataFrame
        ``analysis, group, parameter, statistic, value``: diffusivities in 10⁻³ mm²/s, shares in per cent; of the ICC the consistency form for
        single measures, ICC(C,1), the one whose limits an article's readers print.
    """
    found = [
        ("describe", row.group, "", name, getattr(row, name))
        for row in tables.table1(cohort).itertuples()
        for name in ("n", "male", "female")
    ]
    for row in tables.table1(cohort).itertuples():
        found += [("describe", row.group, "age", "mean", row.age_mean), ("describe", row.group, "age", "sd", row.age_sd)]
    for row in tables.table2(cohort).itertuples():
        found += [("describe", row.group, row.parameter, "mean", row.mean), ("describe", row.group, row.parameter, "sd", row.sd)]
    for row in tables.table3(cohort).itertuples():
        found += [("t-test", "", row.parameter, "p", row.p)]
        found += [("t-test", "", row.parameter, "t", row.statistic)] if row.test in ("Student", "Welch") else []
    for row in tables.anova(cohort).itertuples():
        found += [("anova", "", row.parameter, "p", row.p)]
    for row in tables.agreement(cohort).itertuples():
        if row.form == "ICC(C,1)":
            found += [
                ("agreement", "", row.parameter, name, value)
                for name, value in zip(("icc", "icc_low", "icc_high"), (row.icc, row.ci_low, row.ci_high))
            ]
    regression, performance = tables.table4(cohort), tables.table5(cohort)
    found += [
        ("logistic", "", row["term"], name, row[name]) for row in regression.to_dict("records") for name in regression.columns[1:]
    ]
    for row in performance.to_dict("records"):
        found += [("roc", "", row["marker"], name, row[name]) for name in ("auc", "auc_low", "auc_high", "cutoff")]
        shares = [f"{name}{end}" for name in ("sensitivity", "specificity") for end in ("", "_low", "_high")]
        found += [("roc", "", row["marker"], name, 100 * row[name]) for name in shares]
    return pd.DataFrame(found, columns=["analysis", "group", "parameter", "statistic", "value"])


def summary(audit):
    """The counts by verdict, the slips and the refuted numbers in a few lines of text."""
    total, counts = len(audit.ledger), audit.counts
    lines = [f"{audit.structure.title or 'Audit'}: {total} printed quantities, {audit.conflicts} broken relations as printed"]
    lines += [f"  {verdict:13} {counts[verdict]:4}  {MEANING[verdict]}" for verdict in VERDICTS]
    lines += ["What explains the conflicts:"] * bool(audit.slips)
    lines += [f"  {_first_upper(slip.text)} (settles {len(slip.explained)})" for slip in audit.slips]
    lines += [f"Design facts: {audit.structure.source}"]
    return "\n".join(lines)


def write_ledger(audit, folder=None):
    """Write ``ledger.csv``, ``ledger.html`` and ``ledger.md``.

    Parameters
    ----------
    audit : ivim.audit.engine.Audit
    folder : path, optional
        By default ``audit`` under :func:`ivim.report.provenance.results_folder`.

    Returns
    -------
    list of str
        File names.
    """
    folder = Path(folder or results_folder() / "audit")
    content = {"ledger.csv": csv_text(audit.ledger), "ledger.html": to_html(audit), "ledger.md": to_md(audit)}
    return [write_file(folder / name, text).name for name, text in content.items()]


def excerpt(audit, rows, caption):
    """Rows of the ledger as a table to read.

    Parameters
    ----------
    audit : ivim.audit.engine.Audit
    rows : DataFrame
        A part of ``audit.ledger``.
    caption : str

    Returns
    -------
    ivim.report.write.Table
    """
    records = rows.to_dict("records")
    layout = pd.DataFrame({
        "Place": [audit.claims[row["id"]].place or row["location"] for row in records],
        "Printed": [_short(row["printed"]) for row in records],
        "Verdict": [row["verdict"] for row in records],
        "Meant": [row["recovered"] or "–" for row in records],
        "Why": [_first_upper(row["reason"]) for row in records],
    })
    return Table("excerpt", caption, rows, layout)


def _short(text, length=48):
    return text if len(text) <= length else f"{text[: length - 1]}…"


@dataclass(frozen=True)
class Grid:
    """A printed table redrawn: where each of its claims stands.

    Attributes
    ----------
    location : str
    labels : list of str
        Id of the label claim of each row, or the row's name where the label is no claim.
    headings : list of str
    cells : list of list of list of (str, str)
        Row, column, then (text before, claim id); an empty id ends the cell.
    """

    location: str
    labels: list
    headings: list
    cells: list


def grid(claims, location):
    """Redraw a table of the article from its claims; None where no number stands there."""
    numbers = [c for c in claims.where(location=location) if c.number and (c.group or c.parameter)]
    if not numbers:
        return None
    axis, across = ("group", "parameter") if any(c.group for c in numbers) else ("parameter", "")
    names = list(dict.fromkeys(getattr(c, axis) for c in numbers))
    columns = dict.fromkeys((getattr(c, across) if across else "", _lead(c.statistic, numbers)) for c in numbers)
    by_place = {(getattr(c, axis), getattr(c, across) if across else "", c.statistic): c.id for c in numbers}
    labels = {getattr(c, axis): c.id for c in claims.where(location=location, statistic="label") if getattr(c, axis)}
    cells = [[_cell(by_place, name, *column, numbers) for column in columns] for name in names]
    return Grid(location, [labels.get(name, name) for name in names], [_column_heading(*column) for column in columns], cells)


def corrected_tables(audit):
    """The article's tables with every refuted number put right as far as the article itself allows; list of Table.

    A number that was put right carries a dagger, one that is refuted without a known value a double dagger. The frame behind
    each has ``id, group, parameter, statistic, printed, verdict, corrected``.
    """
    rows = {row["id"]: row for row in audit.ledger.to_dict("records")}
    return [_corrected(g, rows) for location in _tables(audit.claims) if (g := grid(audit.claims, location))]


def to_html(audit):
    """The ledger as one page: the tables redrawn with each cell in its verdict's colour, its evidence behind a click; no JavaScript."""
    rows = {row["id"]: row for row in audit.ledger.to_dict("records")}
    drawn = [g for location in _tables(audit.claims) if (g := grid(audit.claims, location))]
    shown = {name for g in drawn for name in _ids(g)}
    legend = "".join(
        f'<li><span class="v {verdict}">{audit.counts[verdict]}</span> <b>{verdict}</b>{_mark(verdict)}: {MEANING[verdict]}</li>'
        for verdict in VERDICTS
    )
    slips = "".join(
        f"<li>{escape(_first_upper(slip.text))}. <small>settles {len(slip.explained)} of {audit.conflicts} conflicts</small></li>"
        for slip in audit.slips
    )
    rest = [
        location
        for location in dict.fromkeys(c.location for c in audit.claims)
        if any(c.id not in shown for c in audit.claims.where(location=location))
    ]
    return "\n".join(
        [
            f'<!DOCTYPE html>\n<html lang="en">\n<head><meta charset="utf-8"><title>Audit: {escape(audit.structure.title)}</title>\n<style>{_css()}</style></head>\n<body>',
            f"<h1>A verdict on every printed number</h1>\n<p>{escape(audit.structure.title)}: {len(audit.ledger)} printed quantities. "
            "Open a number to see its evidence.</p>",
            f'<ul class="legend">{legend}</ul>',
            f"<h2>What explains the conflicts</h2>\n<ol>{slips}</ol>" if slips else "",
            *(_html_grid(g, rows) for g in drawn),
            *(_html_list(audit, location, rows, shown) for location in rest),
            "</body>\n</html>\n",
        ]
    )


def to_md(audit):
    """The ledger as text: counts, slips, the refuted and unsupported claims, then everything by place."""
    counts = [f"| {verdict} | {audit.counts[verdict]} | {MEANING[verdict]} |" for verdict in VERDICTS]
    found = audit.ledger[audit.ledger["verdict"].isin((*REFUTED, "unsupported"))]
    parts = [
        f"# A verdict on every printed number\n\n{audit.structure.title}: {len(audit.ledger)} printed quantities.\n",
        "| verdict | claims | meaning |\n|---|---|---|\n" + "\n".join(counts) + "\n",
        "## What explains the conflicts\n\n"
        + "\n".join(f"{i}. {_first_upper(s.text)}." for i, s in enumerate(audit.slips, 1))
        + "\n",
        "## Refuted or unsupported\n\n" + _md_rows(audit, found),
    ]
    for location, rows in audit.ledger.groupby("location", sort=False):
        parts.append(f"## {_first_upper(place_of(location))}\n\n" + _md_rows(audit, rows))
    return "\n".join(parts)


def _tables(claims):
    return [location for location in dict.fromkeys(c.location for c in claims) if location.startswith("table")]


def _lead(statistic, numbers):
    """The first of the statistics that share a cell with this one."""
    present = {c.statistic for c in numbers}
    for cell in _TOGETHER:
        names = [name for name, _ in cell]
        if statistic in names:
            return next(name for name in names if name in present)
    return statistic


def _cell(by_place, row, column, lead, numbers):
    cell = next((cell for cell in _TOGETHER if lead in [name for name, _ in cell]), ((lead, ""),))
    parts, before = [], ""
    for name, after in cell:
        if claim := by_place.get((row, column, name)):
            parts.append((before, claim))
            before = after
    return [*parts, (before, "")] if parts else []


def _column_heading(name, lead):
    if not name:
        return _HEADINGS.get(lead, lead)
    label = parameter(name) if name in study.LABELS else name.capitalize()
    return label if lead in ("mean", "sd") else f"{label}, {_HEADINGS.get(lead, lead)}"


def _ids(g):
    return [*g.labels, *(name for row in g.cells for cell in row for _, name in cell if name)]


def _row_label(name):
    return "/{f}" if name == "f" else parameter(name) if name in study.LABELS else GROUPS.get(name, name)


def _corrected(g, rows):
    def text(name):
        row = rows[name]
        if row["verdict"] not in REFUTED:
            return row["printed"]
        return f"{row['recovered']}†" if row["recovered"] else f"{row['printed']}‡"

    labels = [text(label) if label in rows else _row_label(label) for label in g.labels]
    cells = [
        [("".join(before + (text(name) if name else "") for before, name in cell) or "–").replace("-", "−") for cell in row]
        for row in g.cells
    ]
    named = [name for name in _ids(g) if name in rows]
    frame = pd.DataFrame(
        [
            {k: rows[n][k] for k in ("id", "group", "parameter", "statistic", "printed", "verdict")} | {"corrected": text(n)}
            for n in named
        ]
    )
    layout = pd.DataFrame(cells, columns=g.headings)
    layout.insert(0, "", labels)
    notes = (
        "† refuted as printed; recovered from the other printed numbers, with their rounding. ‡ refuted, nothing recovered.",
    )
    name = place_of(g.location)
    return Table(f"{g.location}_corrected", f"{name}. The article's table with refuted numbers corrected", frame, layout, notes)


def _css():
    colours = "".join(f".{verdict}{{background:{colour}}}" for verdict, colour in _COLOURS.items())
    return (
        "body{font:15px/1.5 'Source Sans 3','Segoe UI',system-ui,sans-serif;margin:2em;max-width:76em;color:#1d2733;background:#fff}"
        "table{border-collapse:collapse;margin:.6em 0 1.6em}th,td{padding:.3em .7em;border:1px solid #d5dbe1;text-align:left;vertical-align:top}"
        "td.c{white-space:nowrap}details{display:inline-block;vertical-align:top}summary{display:inline-block;cursor:pointer;list-style:none}"
        "summary::-webkit-details-marker{display:none}summary,.v{border-radius:.25em;padding:0 .3em}"
        "details[open]{display:block;white-space:normal;max-width:26em}details p{margin:.3em 0;font-size:.88em}"
        ".legend{list-style:none;padding:0}.legend li{margin:.2em 0}.v{display:inline-block;min-width:2.2em;text-align:right}"
        "sup{font-size:.7em;font-weight:700;margin-left:.1em}small{color:#56616d}" + colours
    )


def _mark(verdict):
    return f"<sup>{_MARKS[verdict]}</sup>" if verdict in _MARKS else ""


def _html_number(row, label=None):
    text = escape(label or row["printed"])
    tip = escape(_evidence(row), quote=True)
    return (
        f'<details><summary class="{row["verdict"]}" title="{tip}">{text}{_mark(row["verdict"])}</summary>'
        f"<p><b>{row['verdict']}</b>. {tip}</p></details>"
    )


def _evidence(row):
    interval = _interval(row)
    recovered = f"Meant: {row['recovered']}. " if row["recovered"] else ""
    return f"{recovered}{row['reason']}" + (f" Recomputed: {interval}." if interval else "")


def _interval(row):
    if math.isnan(row["low"]) and math.isnan(row["high"]):
        return ""
    low, high = ("" if math.isnan(row[end]) else f"{row[end]:.5g}" for end in ("low", "high"))
    return low if low == high else f"{low} to {high}"


def _html_grid(g, rows):
    head = "".join(f"<th>{escape(_plain(text))}</th>" for text in ("", *g.headings))
    body = "\n".join(
        f"<tr><th>{_html_number(rows[label]) if label in rows else escape(_plain(_row_label(label)))}</th>"
        + "".join(f'<td class="c">{_html_cell(cell, rows)}</td>' for cell in cells)
        + "</tr>"
        for label, cells in zip(g.labels, g.cells, strict=True)
    )
    return f"<h2>{place_of(g.location)}</h2>\n<table><thead><tr>{head}</tr></thead>\n<tbody>\n{body}\n</tbody></table>"


def _html_cell(cell, rows):
    return "".join(escape(before) + (_html_number(rows[name]) if name else "") for before, name in cell)


def _html_list(audit, location, rows, shown):
    body = "\n".join(
        f"<tr><td>{escape(c.place)}</td><td>{escape(_about(c))}</td><td>{_html_number(rows[c.id])}</td><td>{rows[c.id]['verdict']}</td><td>{escape(rows[c.id]['recovered'])}</td></tr>"
        for c in audit.claims.where(location=location)
        if c.id not in shown
    )
    head = "<th>place</th><th>what</th><th>printed</th><th>verdict</th><th>meant</th>"
    return f"<h2>{escape(_first_upper(place_of(location)))}</h2>\n<table><thead><tr>{head}</tr></thead>\n<tbody>\n{body}\n</tbody></table>"


def _about(claim):
    words = (claim.item, claim.group, study.label(claim.parameter), claim.statistic.replace("_", " "))
    return " ".join(word for word in words if word)


def _md_rows(audit, rows):
    lines = ["| what | printed | verdict | recomputed | meant | reason |", "|---|---|---|---|---|---|"]
    for row in rows.to_dict("records"):
        cells = (_about(audit.claims[row["id"]]), row["printed"], row["verdict"], _interval(row), row["recovered"], row["reason"])
        lines.append("| " + " | ".join(str(cell).replace("|", "\\|").replace("*", "\\*") for cell in cells) + " |")
    return "\n".join(lines) + "\n"


def _plain(text):
    for mark in ("_{", "/{", "^{"):
        text = text.replace(mark, " " if mark == "_{" else "")
    return text.replace("}", "")


def _first_upper(text):
    return text[:1].upper() + text[1:]
