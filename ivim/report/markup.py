"""A table as Markdown and as LaTeX; everything but a cell's marks is escaped, so that a column
named ``50%_<b>`` is safe in both."""

import re
from html import escape

from ivim.report.cells import INDENT, alignments, spans, split_caption, tagged
from ivim.report.content import Content


def escape_md(text: str) -> str:
    """Text as Markdown shows it, whatever stands in it: no mark-up, no HTML, no cell of a table
    ends in it. Angle brackets become entities, as not every Markdown takes a backslash there.

    Parameters
    ----------
    text : str

    Returns
    -------
    str
    """
    safe = re.sub(r"([\\`*_|\[\]~$])", r"\\\1", escape(text, quote=False))
    return safe.replace("\n", "<br>").replace(INDENT, "&emsp;")


def to_md(table: Content) -> str:
    """A table as Markdown: bold label, pipe table, one line per footnote.

    Parameters
    ----------
    table : ivim.report.content.Content

    Returns
    -------
    str
    """
    rule = {"l": ":--", "r": "--:", "c": ":-:"}
    rows = [list(table.layout.columns), *table.layout.values.tolist()]
    lines = ["| " + " | ".join(tagged(cell, escape_md) for cell in row) + " |" for row in rows]
    lines.insert(1, "|" + "|".join(rule[letter] for letter in alignments(table.layout)) + "|")
    label, text = split_caption(table.caption)
    caption = (
        f"**{label}** {tagged(text, escape_md)}" if label else f"**{tagged(text, escape_md)}**"
    )
    notes = [f"\n{tagged(note, escape_md)}" for note in table.footnotes]
    return "\n".join([caption, "", *lines, *notes]) + "\n"


_TEX_STYLE = {"_": r"\textsubscript{%s}", "^": r"\textsuperscript{%s}", "/": r"\textit{%s}"}
_TEX = {
    "\\": r"\textbackslash{}", "&": r"\&", "%": r"\%", "$": r"\$", "#": r"\#", "_": r"\_",
    "{": r"\{", "}": r"\}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}",
    "<": r"\textless{}", ">": r"\textgreater{}", "±": r"$\pm$", "−": r"$-$", "×": r"$\times$",
    "–": "--", "α": r"$\alpha$", "²": r"\textsuperscript{2}", "³": r"\textsuperscript{3}",
    "⁻": r"\textsuperscript{$-$}", "≤": r"$\leq$", "≥": r"$\geq$", "χ": r"$\chi$",
    "η": r"$\eta$", "∞": r"$\infty$", INDENT: r"\quad{}", "✓": r"$\checkmark$",
    "✗": r"$\times$", "·": r"$\cdot$", "→": r"$\to$", "Δ": r"$\Delta$",
    "\N{NO-BREAK SPACE}": "~",
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


def to_tex(table: Content) -> str:
    """A table as a LaTeX float for ``\\input``; needs the packages booktabs and amssymb.

    Parameters
    ----------
    table : ivim.report.content.Content

    Returns
    -------
    str
    """
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
