"""A table as a page, and as a piece of one that is whole without its style sheet.

JupyterLab takes ``<style>`` and ``<svg>`` out of a notebook that is not trusted yet. No meaning
hangs on either: alignment and line breaks are in the tags, a mark says what a colour underlines,
and a notebook shows estimates with their limits as text.
"""

import math
from collections.abc import Callable
from html import escape as escape_html
from typing import TypeAlias

from ivim.report.cells import INDENT, alignments, plain, split_caption, tagged
from ivim.report.content import Content, Forest
from ivim.report.printing import half_up

Bar: TypeAlias = Callable[[Forest, int], str]
"""Draws the estimate of a row, with its limits, as HTML."""

CSS = """
.ivim{font:15px/1.5 'Source Sans 3','Segoe UI',system-ui,sans-serif;max-width:64em;margin:1.2em 0;
overflow-x:auto}
.ivim table{border-collapse:collapse;margin:0;border:0;
font-variant-numeric:tabular-nums lining-nums}
.ivim caption{caption-side:top;text-align:left;padding:0 0 .6em;font-size:1.05em;color:inherit}
.ivim thead th{border-bottom:1px solid;border-top:2px solid;font-weight:600;vertical-align:bottom;
text-align:center}
.ivim th,.ivim td{padding:.34em .5em;background:none;border-width:0;white-space:normal}
.ivim thead th small{font-weight:400;opacity:.7}
.ivim tbody th{font-weight:400;text-align:left;min-width:7em}.ivim tbody tr>*{vertical-align:top}
.ivim thead th.l{text-align:left}
.ivim td.l{text-align:left;min-width:16em}
.ivim td.r{text-align:right}.ivim td.c{text-align:center}
.ivim td.r,.ivim td.c,.ivim code{white-space:nowrap}
.ivim tbody tr:last-child>*{border-bottom:2px solid}
.ivim tbody tr:nth-child(even){background:rgba(128,128,128,.07)}
.ivim tbody tr:hover{background:rgba(64,120,192,.13)}
.ivim p.note{margin:.45em 0 0;font-size:.87em;opacity:.85;max-width:56em}
.ivim sub,.ivim sup{line-height:0;font-size:.75em}.ivim svg{display:block;overflow:visible}
.ivim td.same b{color:#1a7f52}.ivim td.differs{background:rgba(214,96,40,.16)}
.ivim td.differs b{color:#c2410c}
.ivim td small{opacity:.65;line-height:1.2}
""".replace("\n", "")
_NARROW = "@media (max-width:600px){body{margin:.6em}}"
_ALIGN = {"l": "left", "r": "right", "c": "center"}
_BAR_COLUMNS = 25
_UNBROKEN = 24  # characters


def to_html(table: Content) -> str:
    """A table as a page of its own.

    Parameters
    ----------
    table : ivim.report.content.Content

    Returns
    -------
    str
    """
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape_html(plain(table.caption))}</title>\n"
        f"<style>body{{margin:2em;color:#1d2733}}{_NARROW}{CSS}</style></head>\n"
        f"<body>\n{to_html_fragment(table)}\n</body>\n</html>\n"
    )


def in_notebook(table: Content) -> str:
    """A table as a notebook shows it: the same piece of a page, with estimates as text.

    Parameters
    ----------
    table : ivim.report.content.Content

    Returns
    -------
    str
    """
    return f"<style>{CSS}</style>\n{to_html_fragment(table, _text_bar)}"


def to_html_fragment(table: Content, bar: Bar | None = None) -> str:
    """A table as a piece of a page; its look comes from ``CSS``.

    Parameters
    ----------
    table : ivim.report.content.Content
    bar : callable, optional
        Draws an estimate with its limits; by default as SVG.

    Returns
    -------
    str
    """
    letters = alignments(table.layout)
    head = "".join(
        f'<th scope="col" class="{letter}" {_aligned(letter)}>{_heading(text)}</th>'
        for letter, text in zip(letters, table.layout.columns, strict=True)
    )
    if table.forest:
        head += f'<th scope="col">{_heading(table.forest.title)}</th>'
    bar = bar or _bar
    body = "\n".join(
        f"<tr>{_row(table, row, letters, bar)}</tr>" for row in range(len(table.layout))
    )
    label, text = split_caption(table.caption)
    notes = "\n".join(
        f'<p class="note">{tagged(note, _escape_cell)}</p>' for note in table.footnotes
    )
    return (
        '<div class="ivim"><table>\n'
        f"<caption><b>{escape_html(label)}</b> {tagged(text, _escape_cell)}</caption>\n"
        f"<thead><tr>{head}</tr></thead>\n<tbody>\n{body}\n</tbody></table>\n{notes}</div>"
    )


def _escape_cell(text):
    return escape_html(text).replace(INDENT, "&emsp;")


def _heading(text):
    label, _, unit = text.partition("\n")
    return tagged(label, _escape_cell) + (
        f"<br><small>{tagged(unit, _escape_cell)}</small>" if unit else ""
    )


def _row(table, row, letters, bar):
    cells = [tagged(cell, _escape_cell) for cell in table.layout.iloc[row]]
    styles = [""] * len(cells) if table.classes is None else table.classes.iloc[row].tolist()
    html = f'<th scope="row" {_aligned("l")}>{cells[0]}</th>'
    for cell, letter, style in zip(cells[1:], letters[1:], styles[1:], strict=True):
        classes = f"{letter} {style}".strip()
        html += f'<td class="{classes}" {_aligned(letter)}>{_lines(cell, style)}</td>'
    return html + (f"<td>{bar(table.forest, row)}</td>" if table.forest else "")


def _aligned(letter):
    """The alignment twice: as a style, and for what takes styles out."""
    return f'align="{_ALIGN[letter]}" style="text-align:{_ALIGN[letter]}"'


def _lines(cell, style):
    """A cell of two lines: printed above reproduced, where it has a mark."""
    first, _, second = (_unbroken(line) for line in cell.partition("\n"))
    if not second:
        return first
    return f"<small>{first}</small><br><b>{second}</b>" if style else f"{first}<br>{second}"


def _unbroken(line):
    """A short cell stays on one line without any style: "1.11 ± 0.25" is one thing to read."""
    return line if len(line) > _UNBROKEN or "<" in line else line.replace(" ", "\N{NO-BREAK SPACE}")


def _bar(forest, row):
    """One estimate with its limits as a small drawing, 160 x 16 pixels."""

    def place(value):
        return f"{160 * _share(forest, value):.1f}"

    estimate, low, high = forest.rows[row]
    reference = ""
    if forest.reference is not None:
        at = place(forest.reference)
        reference = (
            f'<line x1="{at}" x2="{at}" y1="-6" y2="22" stroke="currentColor" '
            'stroke-dasharray="2 3" opacity=".55"/>'
        )
    if math.isnan(estimate):
        return f'<svg width="160" height="16" aria-hidden="true">{reference}</svg>'
    said = f"{half_up(estimate, 3)}, {half_up(low, 3)} to {half_up(high, 3)}"
    return (
        f'<svg width="160" height="16" role="img" aria-label="{said}">'
        f"<title>{said}</title>{reference}"
        f'<line x1="{place(low)}" x2="{place(high)}" y1="8" y2="8" stroke="#2f6db3" '
        'stroke-width="3" stroke-linecap="round" opacity=".55"/>'
        f'<circle cx="{place(estimate)}" cy="8" r="4.5" fill="#2f6db3"/></svg>'
    )


def _text_bar(forest, row):
    """The same with letters, which no sanitizer takes out."""
    estimate, low, high = forest.rows[row]
    if math.isnan(estimate):
        return ""

    def column(value):
        return round((_BAR_COLUMNS - 1) * _share(forest, value))

    letters = ["·"] * _BAR_COLUMNS
    letters[column(low) : column(high) + 1] = "─" * (column(high) + 1 - column(low))
    if forest.reference is not None and letters[column(forest.reference)] == "·":
        letters[column(forest.reference)] = "┊"
    letters[column(estimate)] = "●"
    return f"<code>{''.join(letters)}</code>"


def _share(forest, value):
    start, end = forest.axis
    return (min(max(value, start), end) - start) / (end - start)
