"""The ledger as one page: every printed number in the colour of its verdict, its evidence behind a
click, and a list of all evidence. It reads the same without scripts; a few lines of script add a
filter by verdict and place.
"""

from html import escape

from ivim.audit.claims import place_of
from ivim.audit.verdict import VERDICTS, Audit
from ivim.report.cells import spans
from ivim.report.redrawn import (
    MEANING,
    Grid,
    about,
    claim_ids,
    first_upper,
    grid,
    interval_text,
    printed_tables,
    row_label,
)

_MARKS = {
    "misprint": "M",
    "impossible": "I",
    "contradicted": "C",
    "disputed": "D",
    "unsupported": "U",
}
_COLOURS = {
    "reproduced": "#cdebd8",
    "consistent": "#e3f1fb",
    "misprint": "#ffd2b8",
    "impossible": "#f5b5b5",
    "contradicted": "#f7c6e0",
    "disputed": "#e6d3f5",
    "unsupported": "#fff0b3",
    "unverifiable": "#ececec",
}
_STYLE = """
body { font: 15px/1.5 'Source Sans 3', 'Segoe UI', system-ui, sans-serif; margin: 2em auto;
  max-width: 76em; padding: 0 1em; color: #1d2733; background: #fff; overflow-wrap: anywhere; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; margin: .6em 0 1.6em; overflow-wrap: normal; }
th, td { padding: .3em .7em; border: 1px solid #d5dbe1; text-align: left; vertical-align: top; }
td.c { white-space: nowrap; }
td.long { min-width: 18em; }
details { display: inline-block; vertical-align: top; }
summary { display: inline-block; cursor: pointer; list-style: none; }
summary::-webkit-details-marker { display: none; }
summary, .v { border-radius: .25em; padding: 0 .3em; }
details[open] { display: block; white-space: normal; max-width: 26em; }
details p { margin: .3em 0; font-size: .88em; }
.legend { list-style: none; padding: 0; }
.legend li { margin: .2em 0; }
.v { display: inline-block; min-width: 2.2em; text-align: right; }
sup { font-size: .7em; font-weight: 700; margin-left: .1em; }
small { color: #56616d; }
:target { outline: 2px solid #1d2733; }
.filtered details:not(.kept) summary { opacity: .25; }
.filtered tr.entry:not(.kept) { display: none; }
#filter label { margin-right: 1em; }
@media (max-width: 600px) {
  body { margin: .5em auto; font-size: 14px; }
  th, td { padding: .2em .4em; }
  .cards thead { display: none; }
  .cards table, .cards tbody, tr.entry, tr.entry td { display: block; }
  tr.entry { border: 1px solid #d5dbe1; margin-bottom: .5em; }
  tr.entry td { border: 0; }
  tr.entry td:empty { display: none; }
  tr.entry td:nth-child(4)::before { content: "meant: "; }
  tr.entry td:nth-child(6)::before { content: "recomputed: "; }
}
"""
# The two lists are made by the script, so that a page without scripts has no dead controls.
_SCRIPT = """
(function () {
  const marked = [...document.querySelectorAll("[data-verdict]")];
  const chosen = { verdict: "", place: "" };
  function choose(name, text) {
    const label = document.createElement("label"), list = document.createElement("select");
    label.append(text + " ", list);
    list.name = name;
    list.add(new Option("all", ""));
    for (const word of new Set(marked.map((one) => one.dataset[name]))) list.add(new Option(word));
    list.addEventListener("change", function () {
      chosen[name] = list.value;
      document.body.classList.toggle("filtered", Boolean(chosen.verdict || chosen.place));
      for (const one of marked) {
        const wanted = Object.keys(chosen).filter((key) => chosen[key]);
        const kept = wanted.every((key) => one.dataset[key] === chosen[key]);
        one.classList.toggle("kept", kept);
      }
    });
    document.getElementById("filter").append(label);
  }
  choose("verdict", "Show only: verdict");
  choose("place", "place");
})();
"""


def to_html(audit: Audit) -> str:
    """The page of an audit.

    Parameters
    ----------
    audit : ivim.audit.verdict.Audit

    Returns
    -------
    str
        A whole HTML document that needs no other file.
    """
    rows = {row["id"]: row for row in audit.ledger.to_dict("records")}
    claims = {claim.id: claim for claim in audit.claims}
    for name, row in rows.items():
        row["unit"] = claims[name].unit
    drawn = [g for location in printed_tables(audit.claims) if (g := grid(audit.claims, location))]
    shown = {name for g in drawn for name in claim_ids(g)}
    rest = [
        location
        for location in dict.fromkeys(c.location for c in audit.claims)
        if any(c.id not in shown for c in audit.claims.where(location=location))
    ]
    title = escape(audit.structure.title)
    return "\n".join(
        [
            '<!DOCTYPE html>\n<html lang="en">\n<head><meta charset="utf-8">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f"<title>Audit: {title}</title>\n<style>{_STYLE}{_colours()}</style></head>\n<body>",
            "<h1>A verdict on every printed number</h1>",
            f"<p>{title}: {len(audit.ledger)} printed quantities. Open a number to see its "
            'evidence, or read <a href="#evidence">all of it</a>.</p>',
            _legend(audit),
            '<p id="filter"></p>',
            _slips(audit),
            *(_table(g, rows) for g in drawn),
            *(_list(audit, location, rows, shown) for location in rest),
            _evidence_list(audit, rows),
            f"<script>{_SCRIPT}</script>",
            "</body>\n</html>\n",
        ]
    )


def _colours():
    return "".join(
        f".{verdict} {{ background: {colour}; }}\n" for verdict, colour in _COLOURS.items()
    )


def _legend(audit):
    lines = "".join(
        f'<li><span class="v {verdict}">{audit.counts[verdict]}</span> '
        f"<b>{verdict}</b>{_mark(verdict)}: {MEANING[verdict]}</li>"
        for verdict in VERDICTS
    )
    return f'<ul class="legend">{lines}</ul>'


def _slips(audit):
    lines = "".join(
        f"<li>{escape(first_upper(slip.text))}. "
        f"<small>settles {len(slip.explained)} of {audit.conflicts} conflicts</small></li>"
        for slip in audit.slips
    )
    return f"<h2>What explains the conflicts</h2>\n<ol>{lines}</ol>" if lines else ""


def _mark(verdict):
    return f"<sup>{_MARKS[verdict]}</sup>" if verdict in _MARKS else ""


def _number(row, label=None):
    """A printed number with its evidence to open, and the way to it in the list."""
    name, tip = escape(row["id"], quote=True), escape(_evidence(row), quote=True)
    unit = f" ({escape(row['unit'])})" if row["unit"] else ""
    text = escape(label or row["printed"])
    return (
        f'<details id="c-{name}" {_data(row)}><summary class="{row["verdict"]}" '
        f'title="{tip}">{text}{_mark(row["verdict"])}</summary>'
        f'<p><b>{row["verdict"]}</b>{unit}. {tip} <a href="#e-{name}">in the list</a></p></details>'
    )


def _data(row):
    place = escape(place_of(row["location"]), quote=True)
    return f'data-verdict="{row["verdict"]}" data-place="{place}"'


def _evidence(row):
    interval = interval_text(row)
    recovered = f"Meant: {row['recovered']}. " if row["recovered"] else ""
    return f"{recovered}{row['reason']}" + (f" Recomputed: {interval}." if interval else "")


def _framed(heading, head, lines, anchor="", kind="wide"):
    cells = "".join(f"<th>{cell}</th>" for cell in head)
    body = "\n".join(lines)
    return (
        f"<h2{anchor}>{escape(first_upper(heading))}</h2>\n"
        f'<div class="{kind}"><table><thead><tr>{cells}</tr></thead>\n<tbody>\n{body}\n</tbody>'
        "</table></div>"
    )


def _table(g: Grid, rows):
    lines = []
    for label, cells in zip(g.labels, g.cells, strict=True):
        first = _number(rows[label]) if label in rows else escape(_plain(row_label(label)))
        numbers = "".join(f'<td class="c">{_cell(cell, rows)}</td>' for cell in cells)
        lines.append(f"<tr><th>{first}</th>{numbers}</tr>")
    head = [_heading(text) for text in ("", *g.headings)]
    return _framed(place_of(g.location), head, lines)


def _heading(text):
    label, _, unit = escape(_plain(text)).partition("\n")
    return f"{label}<br><small>{unit}</small>" if unit else label


def _cell(cell, rows):
    return "".join(escape(before) + (_number(rows[name]) if name else "") for before, name in cell)


def _list(audit, location, rows, shown):
    lines = []
    for claim in audit.claims.where(location=location):
        if claim.id not in shown:
            row = rows[claim.id]
            cells = (
                escape(claim.place),
                escape(about(claim)),
                _number(row),
                escape(row["unit"]),
                row["verdict"],
                escape(row["recovered"]),
            )
            lines.append("<tr>" + "".join(f"<td>{cell}</td>" for cell in cells) + "</tr>")
    return _framed(
        place_of(location), ("place", "what", "printed", "unit", "verdict", "meant"), lines
    )


def _evidence_list(audit, rows):
    """All evidence in one list, each entry with the way back to its number."""
    lines = []
    for claim in audit.claims:
        row, name = rows[claim.id], escape(claim.id, quote=True)
        printed = f'<a href="#c-{name}">{escape(row["printed"])}</a>'
        cells = (
            f'<td class="long">{escape(claim.place)}</td>',
            f'<td><span class="{row["verdict"]}">{printed}</span> {escape(row["unit"])}</td>',
            f"<td>{row['verdict']}</td>",
            f"<td>{escape(row['recovered'])}</td>",
            f'<td class="long">{escape(row["reason"])}</td>',
            f"<td>{escape(interval_text(row))}</td>",
        )
        lines.append(f'<tr class="entry" id="e-{name}" {_data(row)}>{"".join(cells)}</tr>')
    head = ("place", "printed", "verdict", "meant", "evidence", "recomputed")
    return _framed("All evidence", head, lines, ' id="evidence"', "wide cards")


def _plain(text):
    return "".join(f" {piece}" if style == "_" else piece for style, piece in spans(text))
