"""The article's tables redrawn from its claims, and the page that shows each number in the colour
of its verdict, without JavaScript.
"""

import math
from dataclasses import dataclass
from html import escape

from ivim import parameters
from ivim.audit.claims import place_of
from ivim.audit.verdict import VERDICTS
from ivim.report.headings import GROUPS
from ivim.report.write import parameter

MEANING = {
    "reproduced": "the reconstructed cohort, put through the pipeline, prints the same digits",
    "consistent": "follows from other printed numbers within rounding",
    "misprint": "refuted, and what must have been meant is recovered",
    "impossible": "refuted, nothing recovered",
    "contradicted": "another place in the article says otherwise, and the evidence sides with that",
    "disputed": "this number and others named with it cannot all be right; which of them is wrong is open",
    "unsupported": "a claim without the test, number or reference that it needs",
    "unverifiable": "nothing to hold it against",
}
LARGEST_TABLE = 5000
"""Numbers of a place beyond which it is listed, not redrawn as a table."""

_MARKS = {
    "misprint": "M",
    "impossible": "I",
    "contradicted": "C",
    "disputed": "D",
    "unsupported": "U",
}
_COLOURS = {
    "reproduced": "#cdebd8", "consistent": "#e3f1fb", "misprint": "#ffd2b8", "impossible": "#f5b5b5",
    "contradicted": "#f7c6e0", "disputed": "#e6d3f5", "unsupported": "#fff0b3", "unverifiable": "#ececec",
}  # fmt: skip

# Numbers that an article prints in one cell, and what stands between and behind them.
_TOGETHER = (
    (("mean", " ± "), ("sd", "")),
    *(
        ((name, " ("), (f"{name}_low", " to "), (f"{name}_high", ")"))
        for name in ("auc", "sensitivity", "specificity", "icc")
    ),
    (("ci_low", " to "), ("ci_high", "")),
)
_HEADINGS = {
    "n": "No. of patients", "male": "Male", "female": "Female", "mean": "Mean ± SD", "t": "/{t}", "p": "/{p}",
    "b": "B", "se": "S.E.", "wald": "Wald", "odds_ratio": "OR", "ci_low": "95% CI of OR", "auc": "AUC (95% CI)", "cutoff": "Cut-off", "sensitivity": "Sensitivity (95% CI)",
    "specificity": "Specificity (95% CI)", "icc": "ICC (95% CI)",
}  # fmt: skip


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
    if not numbers or len(numbers) > LARGEST_TABLE:
        return None
    axis, across = ("group", "parameter") if any(c.group for c in numbers) else ("parameter", "")
    present = {c.statistic for c in numbers}

    def row_of(claim):
        return getattr(claim, axis), *claim.variant

    names = list(dict.fromkeys(map(row_of, numbers)))
    columns = dict.fromkeys(
        (getattr(c, across) if across else "", _lead(c.statistic, present)) for c in numbers
    )
    by_place = {}
    for c in numbers:
        key = row_of(c), getattr(c, across) if across else "", c.statistic
        by_place.setdefault(key, []).append(c.id)
    labels = {
        getattr(c, axis): c.id
        for c in claims.where(location=location, statistic="label")
        if getattr(c, axis)
    }
    cells = [[_cell(by_place, name, *column) for column in columns] for name in names]
    return Grid(
        location,
        [
            labels.get(name[0], name[0]) if not any(name[1:]) else ", ".join(filter(None, name))
            for name in names
        ],
        [_column_heading(*column) for column in columns],
        cells,
    )


def printed_tables(claims):
    """Locations of the article's tables, in order."""
    return [
        location
        for location in dict.fromkeys(c.location for c in claims)
        if location.startswith("table")
    ]


def claim_ids(g):
    """Ids (or names) of all labels and numbers of a grid."""
    return [*g.labels, *(name for row in g.cells for cell in row for _, name in cell if name)]


def row_label(name):
    """A row's name as the writer marks it up."""
    return (
        "/{f}"
        if name == "f"
        else parameter(name)
        if name in parameters.SIX
        else GROUPS.get(name, name)
    )


def to_html(audit):
    """The ledger as one page: the tables redrawn with each cell in its verdict's colour, its
    evidence behind a click; no JavaScript.
    """
    rows = {row["id"]: row for row in audit.ledger.to_dict("records")}
    drawn = [g for location in printed_tables(audit.claims) if (g := grid(audit.claims, location))]
    shown = {name for g in drawn for name in claim_ids(g)}
    legend = "".join(
        f'<li><span class="v {verdict}">{audit.counts[verdict]}</span> <b>{verdict}</b>{_mark(verdict)}: {MEANING[verdict]}</li>'
        for verdict in VERDICTS
    )
    slips = "".join(
        f"<li>{escape(first_upper(slip.text))}. <small>settles {len(slip.explained)} of {audit.conflicts} conflicts</small></li>"
        for slip in audit.slips
    )
    rest = [
        location
        for location in dict.fromkeys(c.location for c in audit.claims)
        if any(c.id not in shown for c in audit.claims.where(location=location))
    ]
    return "\n".join(
        [
            '<!DOCTYPE html>\n<html lang="en">\n<head><meta charset="utf-8">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f"<title>Audit: {escape(audit.structure.title)}</title>\n<style>{_css()}</style></head>\n<body>",
            f"<h1>A verdict on every printed number</h1>\n<p>{escape(audit.structure.title)}: {len(audit.ledger)} printed quantities. "
            "Open a number to see its evidence.</p>",
            f'<ul class="legend">{legend}</ul>',
            f"<h2>What explains the conflicts</h2>\n<ol>{slips}</ol>" if slips else "",
            *(_html_grid(g, rows) for g in drawn),
            *(_html_list(audit, location, rows, shown) for location in rest),
            "</body>\n</html>\n",
        ]
    )


def interval_text(row):
    """The recomputed interval of a ledger row in words; empty where there is none."""
    if math.isnan(row["low"]) and math.isnan(row["high"]):
        return ""
    low, high = ("" if math.isnan(row[end]) else f"{row[end]:.5g}" for end in ("low", "high"))
    return low if low == high else f"{low} to {high}"


def about(claim):
    """What a claim is about, in words."""
    words = (
        claim.item,
        claim.group,
        parameters.label(claim.parameter),
        claim.statistic.replace("_", " "),
    )
    return " ".join(word for word in words if word)


def first_upper(text):
    """The text with a capital first letter."""
    return text[:1].upper() + text[1:]


def _lead(statistic, present):
    """The first of the statistics that share a cell with this one."""
    for cell in _TOGETHER:
        names = [name for name, _ in cell]
        if statistic in names:
            return next(name for name in names if name in present)
    return statistic


def _cell(by_place, row, column, lead):
    cell = next((cell for cell in _TOGETHER if lead in [name for name, _ in cell]), ((lead, ""),))
    parts, before = [], ""
    for name, after in cell:
        for place, claim in enumerate(by_place.get((row, column, name), ())):
            parts.append((before if not place else " | ", claim))
            before = after
    return [*parts, (before, "")] if parts else []


def _column_heading(name, lead):
    if not name:
        return _HEADINGS.get(lead, lead)
    label = parameter(name) if name in parameters.SIX else name.capitalize()
    return label if lead in ("mean", "sd") else f"{label}, {_HEADINGS.get(lead, lead)}"


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
    interval = interval_text(row)
    recovered = f"Meant: {row['recovered']}. " if row["recovered"] else ""
    return f"{recovered}{row['reason']}" + (f" Recomputed: {interval}." if interval else "")


def _html_grid(g, rows):
    head = "".join(f"<th>{escape(_plain(text))}</th>" for text in ("", *g.headings))
    lines = []
    for label, cells in zip(g.labels, g.cells, strict=True):
        first = _html_number(rows[label]) if label in rows else escape(_plain(row_label(label)))
        lines.append(
            f"<tr><th>{first}</th>"
            + "".join(f'<td class="c">{_html_cell(cell, rows)}</td>' for cell in cells)
            + "</tr>"
        )
    body = "\n".join(lines)
    return f"<h2>{escape(first_upper(place_of(g.location)))}</h2>\n<table><thead><tr>{head}</tr></thead>\n<tbody>\n{body}\n</tbody></table>"


def _html_cell(cell, rows):
    return "".join(
        escape(before) + (_html_number(rows[name]) if name else "") for before, name in cell
    )


def _html_list(audit, location, rows, shown):
    lines = []
    for claim in audit.claims.where(location=location):
        if claim.id not in shown:
            row = rows[claim.id]
            cells = (
                escape(claim.place),
                escape(about(claim)),
                _html_number(row),
                row["verdict"],
                escape(row["recovered"]),
            )
            lines.append("<tr>" + "".join(f"<td>{cell}</td>" for cell in cells) + "</tr>")
    head = "".join(f"<th>{name}</th>" for name in ("place", "what", "printed", "verdict", "meant"))
    body = "\n".join(lines)
    return f"<h2>{escape(first_upper(place_of(location)))}</h2>\n<table><thead><tr>{head}</tr></thead>\n<tbody>\n{body}\n</tbody></table>"


def _plain(text):
    for mark in ("_{", "/{", "^{"):
        text = text.replace(mark, " " if mark == "_{" else "")
    return text.replace("}", "")
