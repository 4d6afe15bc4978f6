"""One writer for tables: the same caption, cells and footnotes as csv, md, tex, html and docx.

A cell is plain text with three marks: ``_{fast}`` is a subscript, ``^{-5}`` a superscript, ``/{p}`` italics. Everything else is
escaped for the format it goes to, so that a column named ``50%_<b>`` is safe in each of them. An em space at the start of a cell
indents a sub-group.
"""

import math
import re
from dataclasses import dataclass, field, replace
from html import escape as escape_html

import pandas as pd

from ivim import parameters
from ivim.report.printing import half_up
from ivim.report.provenance import csv_text, results_folder, write_file

FORMATS = ("csv", "md", "tex", "html", "docx")
INDENT = "\N{EM SPACE}"

_MARK = re.compile(r"([_^/])\{([^{}]*)\}")
_NUMBER = re.compile(r"^[<>]?\s?[−-]?\d+(\.\d+)?[%*]*$")


@dataclass(frozen=True)
class Forest:
    """Estimates with limits drawn beside the rows of an HTML table, on one axis.

    Attributes
    ----------
    title : str
        Heading of the column.
    rows : list of tuple
        ``(estimate, low, high)`` per row of the table.
    axis : tuple of float
        The two ends of the axis; what lies beyond is drawn to its end.
    reference : float, optional
        Where "no effect" stands; a dashed line.
    """

    title: str
    rows: list
    axis: tuple
    reference: float | None = None


@dataclass(frozen=True, repr=False)
class Table:
    """A table to print and the numbers behind it.

    Attributes
    ----------
    name : str
        File name without ending.
    caption : str
        "Table 1. Patient demographics": what stands before the first full stop is set bold.
    frame : DataFrame
        The numbers at full precision, as the csv has them.
    layout : DataFrame of str
        The cells as printed, the row labels in the first column; a line break in a heading separates label and unit.
    footnotes : tuple of str
    forest : Forest, optional
    classes : DataFrame of str, optional
        CSS classes of the cells in HTML ("same", "differs").
    """

    name: str
    caption: str
    frame: pd.DataFrame
    layout: pd.DataFrame
    footnotes: tuple = ()
    forest: Forest | None = None
    classes: pd.DataFrame | None = field(default=None)

    def __repr__(self):
        return to_md(self)

    def _repr_html_(self):
        return f"<style>{CSS}</style>\n{to_html_fragment(self)}"

    def with_notes(self, *notes):
        """The same table with further footnotes."""
        return replace(self, footnotes=(*self.footnotes, *notes))


def write_table(table, folder=None):
    """Write a table in all five formats.

    Parameters
    ----------
    table : Table
    folder : path, optional
        By default ``tables`` under :func:`ivim.report.provenance.results_folder`.

    Returns
    -------
    list of str
        File names, in the order of ``FORMATS``.
    """
    from ivim.report.word import to_docx

    folder = folder or results_folder() / "tables"
    content = {
        "csv": csv_text(table.frame),
        "md": to_md(table),
        "tex": to_tex(table),
        "html": to_html(table),
        "docx": to_docx(table),
    }
    return [write_file(folder / f"{table.name}.{kind}", content[kind]).name for kind in FORMATS]


def write_tables(*tables, folder=None):
    """Write several tables, leaving out those that are None; returns all file names."""
    return [name for table in tables if table is not None for name in write_table(table, folder)]


def listing(files):
    """File names in short, one line per stem: "table1 (csv md tex html docx)"."""
    endings = {}
    for file in files:
        stem, _, ending = file.rpartition(".")
        endings.setdefault(stem, []).append(ending)
    return "\n".join(f"{stem} ({' '.join(names)})" for stem, names in endings.items())


def parameter(name):
    """A parameter's label with the article's subscript: ``ADC_{fast}``, ``/{f}``; an own column is its own label."""
    if name == "f":
        return "/{f}"
    head, _, tail = (
        parameters.label(name).partition(" ") if name in parameters.SIX else (str(name), "", "")
    )
    return f"{head}_{{{tail}}}" if tail else head


def spans(text):
    """A cell as pieces ``(style, text)``, style one of "", "_", "^" and "/"."""
    pieces = _MARK.split(text)
    plain, marked = pieces[0::3], zip(pieces[1::3], pieces[2::3])
    return [
        ("", plain[0]),
        *(piece for mark, after in zip(marked, plain[1:]) for piece in (mark, ("", after))),
    ]


def plain(text):
    """A cell without its marks."""
    return "".join(piece for _, piece in spans(text))


def alignments(layout):
    """One letter per column: row labels left, plain numbers right, everything else centred."""
    numeric = [
        all(_NUMBER.match(cell) or cell in ("", "–") for cell in layout[column])
        for column in layout.columns[1:]
    ]
    return "l" + "".join("r" if is_numeric else "c" for is_numeric in numeric)


def split_caption(caption):
    """The caption's label ("Table 1.") and its text."""
    label, _, text = caption.partition(". ")
    return (f"{label}.", text) if text else ("", label)


# Markdown ------------------------------------------------------------------------------------------------------------

_HTML_TAG = {"_": "sub", "^": "sup", "/": "i"}


def _tagged(text, escape):
    """A cell with HTML tags, which Markdown takes as well."""
    return "".join(
        f"<{_HTML_TAG[style]}>{escape(piece)}</{_HTML_TAG[style]}>" if style else escape(piece)
        for style, piece in spans(text)
    )


def _escape_md(text):
    return (
        re.sub(r"([\\`*_|\[\]<>~])", r"\\\1", text).replace("\n", "<br>").replace(INDENT, "&emsp;")
    )


def to_md(table):
    """A table as Markdown: bold label, pipe table, one line per footnote."""
    rule = {"l": ":--", "r": "--:", "c": ":-:"}
    rows = [list(table.layout.columns), *table.layout.values.tolist()]
    lines = ["| " + " | ".join(_tagged(cell, _escape_md) for cell in row) + " |" for row in rows]
    lines.insert(1, "|" + "|".join(rule[letter] for letter in alignments(table.layout)) + "|")
    label, text = split_caption(table.caption)
    caption = (
        f"**{label}** {_tagged(text, _escape_md)}" if label else f"**{_tagged(text, _escape_md)}**"
    )
    notes = [f"\n{_tagged(note, _escape_md)}" for note in table.footnotes]
    return "\n".join([caption, "", *lines, *notes]) + "\n"


# LaTeX ---------------------------------------------------------------------------------------------------------------

_TEX_STYLE = {"_": r"\textsubscript{%s}", "^": r"\textsuperscript{%s}", "/": r"\textit{%s}"}
_TEX = {
    "\\": r"\textbackslash{}", "&": r"\&", "%": r"\%", "$": r"\$", "#": r"\#", "_": r"\_", "{": r"\{", "}": r"\}",
    "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "<": r"\textless{}", ">": r"\textgreater{}",
    "±": r"$\pm$", "−": r"$-$", "×": r"$\times$", "–": "--", "α": r"$\alpha$", "²": r"\textsuperscript{2}", "³": r"\textsuperscript{3}",
    "⁻": r"\textsuperscript{$-$}", "≤": r"$\leq$", "≥": r"$\geq$", "χ": r"$\chi$", "η": r"$\eta$", "∞": r"$\infty$", INDENT: r"\quad{}",
    "✓": r"$\checkmark$", "✗": r"$\times$", "·": r"$\cdot$", "→": r"$\to$", "Δ": r"$\Delta$", "\N{NO-BREAK SPACE}": "~",
}  # fmt: skip


def _escape_tex(text):
    return "".join(_TEX.get(letter, letter) for letter in text)


def _styled_tex(text):
    return "".join(
        _TEX_STYLE[style] % _escape_tex(piece) if style else _escape_tex(piece)
        for style, piece in spans(text)
    )


def _tex_lines(cells):
    """One row, as many lines as its tallest cell has."""
    columns = [cell.split("\n") for cell in cells]
    for line in range(max(map(len, columns))):
        yield (
            " & ".join(
                _styled_tex(column[line]) if line < len(column) else "" for column in columns
            )
            + r" \\"
        )


def to_tex(table):
    """A table as a LaTeX float for ``\\input``; needs the packages booktabs and amssymb."""
    _, text = split_caption(table.caption)
    return "\n".join([
        "% needs \\usepackage{booktabs,amssymb}",
        r"\begin{table}[htbp]",
        r"\centering",
        rf"\caption{{{_styled_tex(text)}}}",
        rf"\label{{tab:{table.name}}}",
        rf"\begin{{tabular}}{{{alignments(table.layout)}}}",
        r"\toprule",
        *_tex_lines(table.layout.columns),
        r"\midrule",
        *(line for cells in table.layout.values.tolist() for line in _tex_lines(cells)),
        r"\bottomrule",
        r"\end{tabular}",
        *(rf"\par\smallskip{{\footnotesize {_styled_tex(note)}\par}}" for note in table.footnotes),
        r"\end{table}",
    ]) + "\n"  # fmt: skip


# HTML ----------------------------------------------------------------------------------------------------------------

CSS = (
    ".ivim{font:15px/1.5 'Source Sans 3','Segoe UI',system-ui,sans-serif;max-width:64em;margin:1.2em 0;overflow-x:auto}"
    ".ivim table{border-collapse:collapse;margin:0;font-variant-numeric:tabular-nums lining-nums;border:0}"
    ".ivim caption{caption-side:top;text-align:left;padding:0 0 .6em;font-size:1.05em;color:inherit}"
    ".ivim thead th{border-bottom:1px solid;border-top:2px solid;font-weight:600;vertical-align:bottom;text-align:center}"
    ".ivim th,.ivim td{padding:.34em .9em;background:none;border-width:0;white-space:nowrap}"
    ".ivim thead th small{font-weight:400;opacity:.7}"
    ".ivim tbody th{font-weight:400;text-align:left}.ivim thead th.l{text-align:left}"
    ".ivim td.r{text-align:right}.ivim td.c{text-align:center}.ivim tbody tr:last-child>*{border-bottom:2px solid}"
    ".ivim tbody tr:nth-child(even){background:rgba(128,128,128,.07)}.ivim tbody tr:hover{background:rgba(64,120,192,.13)}"
    ".ivim p.note{margin:.45em 0 0;font-size:.87em;opacity:.85;max-width:56em}"
    ".ivim sub,.ivim sup{line-height:0;font-size:.75em}.ivim svg{display:block;overflow:visible}"
    ".ivim td.same b{color:#1a7f52}.ivim td.differs{background:rgba(214,96,40,.16)}.ivim td.differs b{color:#c2410c}"
    ".ivim td small{opacity:.65;display:block;line-height:1.2}"
)


def _escape_cell(text):
    return escape_html(text).replace(INDENT, "&emsp;")


def to_html(table):
    """A table as a page of its own."""
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head><meta charset="utf-8">'
        f"<title>{escape_html(plain(table.caption))}</title>\n<style>body{{margin:2em;color:#1d2733}}{CSS}</style></head>\n"
        f"<body>\n{to_html_fragment(table)}\n</body>\n</html>\n"
    )


def to_html_fragment(table):
    """A table as a piece of a page; its look comes from ``CSS``."""
    letters = alignments(table.layout)
    head = "".join(
        f'<th scope="col" class="{letter}">{_heading(text)}</th>'
        for letter, text in zip(letters, table.layout.columns)
    )
    if table.forest:
        head += f'<th scope="col">{_heading(table.forest.title)}</th>'
    body = "\n".join(f"<tr>{_row(table, row, letters)}</tr>" for row in range(len(table.layout)))
    label, text = split_caption(table.caption)
    notes = "\n".join(
        f'<p class="note">{_tagged(note, _escape_cell)}</p>' for note in table.footnotes
    )
    return (
        f'<div class="ivim"><table>\n<caption><b>{escape_html(label)}</b> {_tagged(text, _escape_cell)}</caption>\n'
        f"<thead><tr>{head}</tr></thead>\n<tbody>\n{body}\n</tbody></table>\n{notes}</div>"
    )


def _heading(text):
    label, _, unit = text.partition("\n")
    return _tagged(label, _escape_cell) + (
        f"<br><small>{_tagged(unit, _escape_cell)}</small>" if unit else ""
    )


def _row(table, row, letters):
    cells = [_tagged(cell, _escape_cell) for cell in table.layout.iloc[row]]
    styles = [""] * len(cells) if table.classes is None else table.classes.iloc[row].tolist()
    html = f'<th scope="row">{cells[0]}</th>'
    for cell, letter, style in zip(cells[1:], letters[1:], styles[1:]):
        first, _, second = cell.partition("\n")  # printed above, reproduced below
        html += (
            f'<td class="{letter} {style}">'.replace(' "', '"')
            + (f"<small>{first}</small><b>{second}</b>" if second else first)
            + "</td>"
        )
    return html + (f"<td>{_bar(table.forest, row)}</td>" if table.forest else "")


def _bar(forest, row):
    """One estimate with its limits as a small drawing, 160 x 16 pixels."""
    start, end = forest.axis

    def place(value):
        return f"{160 * (min(max(value, start), end) - start) / (end - start):.1f}"

    estimate, low, high = forest.rows[row]
    reference = ""
    if forest.reference is not None:
        at = place(forest.reference)
        reference = f'<line x1="{at}" x2="{at}" y1="-6" y2="22" stroke="currentColor" stroke-dasharray="2 3" opacity=".55"/>'
    if math.isnan(estimate):
        return f'<svg width="160" height="16" aria-hidden="true">{reference}</svg>'
    return (
        f'<svg width="160" height="16" role="img" aria-label="{half_up(estimate, 3)}, {half_up(low, 3)} to {half_up(high, 3)}">{reference}'
        f'<line x1="{place(low)}" x2="{place(high)}" y1="8" y2="8" stroke="#2f6db3" stroke-width="3" stroke-linecap="round" opacity=".55"/>'
        f'<circle cx="{place(estimate)}" cy="8" r="4.5" fill="#2f6db3"/></svg>'
    )
