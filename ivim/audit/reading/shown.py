"""How the tables were read, as a page to confirm."""

from typing import TYPE_CHECKING

from ivim.audit.reading.text import harmless

if TYPE_CHECKING:
    from ivim.audit.reading import Reading
MOST_SHOWN = 12
"""So many cells that were not understood are shown in the terminal; the page shows all."""


def reading_text(reading: "Reading") -> str:
    """Every header and every cell with what it was taken for, as Markdown.

    Parameters
    ----------
    reading : ivim.audit.reading.Reading

    Returns
    -------
    str
    """
    lines = ["# How the tables were read", "", _summary(reading), ""]
    if reading.questions:
        lines += ["## Questions", ""]
        lines += [f"- {_told(question)}" for question in reading.questions]
        lines.append("")
    for table in reading.tables:
        number = table.location.removeprefix("table")
        lines += [f"## Table {number} ({_escaped(table.grid.source)})", ""]
        lines += [_escaped(table.grid.caption), ""] * bool(table.grid.caption)
        lines += ["| header or label | taken for |", "|:--|:--|"]
        lines += [
            f"| {_escaped(text)} | {_escaped(words)} |" for text, words in _once(table.labels)
        ]
        lines += ["", "| row | column | cell | taken for |", "|:--|:--|:--|:--|"]
        lines += [_cell_line(table, place) for place in sorted(table.layout.values)]
        lines.append("")
    return "\n".join(lines)


def reading_rows(reading: "Reading") -> list[str]:
    """One line per table for the terminal: how many numbers were read, how many cells were left out
    and why.

    Parameters
    ----------
    reading : ivim.audit.reading.Reading

    Returns
    -------
    list of str
    """
    lines = []
    for table in reading.tables:
        reasons = sorted(
            {table.cells[place].removeprefix("left out: ") for place in table.left_out}
        )
        out = f"; {len(table.left_out)} cells left out ({'; '.join(reasons)})" if reasons else ""
        lines.append(f"{table.location} ({table.grid.source}): {len(table.rows)} numbers{out}")
        lines += [f"    {text!r}: {words}" for text, words in _once(table.labels)]
        unread = [harmless(table.grid.rows[r][c].text) for r, c in table.not_understood]
        lines += [f"    not read: {text!r}" for text in list(dict.fromkeys(unread))[:MOST_SHOWN]]
    return lines


def question_rows(reading: "Reading") -> list[str]:
    """One line per open question, with the entry of ``answers.toml`` that settles it.

    Parameters
    ----------
    reading : ivim.audit.reading.Reading

    Returns
    -------
    list of str
    """
    return [
        f"{q.table}: {q.text}\n    [{q.table}] {q.key} = {q.example}"
        + ("" if q.needed else "    (may stay open)")
        for q in reading.questions
    ]


def _told(question):
    answer = f"[{question.table}] {question.key} = {question.example}"
    return f"{question.table}: {_escaped(question.text)} In `answers.toml`: `{answer}`"


def _summary(reading):
    return (
        f"{len(reading.claims)} numbers out of {len(reading.tables)} tables; "
        f"{reading.left_out} cells with numbers "
        f"left out; {len(reading.questions)} questions open. Confirm this page before you "
        "trust an audit of it."
    )


def _once(labels):
    return list(dict.fromkeys((harmless(text), words) for text, words in labels))


def _cell_line(table, place):
    row = " / ".join(table.layout.rows.get(place[0], ()))
    column = " / ".join(table.layout.columns.get(place[1], ()))
    text = table.grid.rows[place[0]][place[1]].text
    return "| " + " | ".join(map(_escaped, (row, column, text, table.cells[place]))) + " |"


def _escaped(text):
    """Text that is no markup: a name may hold anything."""
    text = harmless(text)
    for mark, safe in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ("|", "\\|"), ("`", "\\`")):
        text = text.replace(mark, safe)
    return text
