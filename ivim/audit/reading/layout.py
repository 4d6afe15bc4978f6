"""Where a table has its headers, its labels and its numbers."""

import re
from dataclasses import dataclass, replace
from typing import Any

from ivim.audit.reading.grid import Grid
from ivim.audit.reading.values import Value, read_value, uses_commas


@dataclass(frozen=True)
class Layout:
    """The places of a table.

    Attributes
    ----------
    heads, stubs : int
        Rows of headers, columns of labels.
    values : dict of (int, int) to Value
        What each cell of the body holds.
    columns : dict of int to tuple of str
        Header texts of each column of numbers, from top to bottom.
    rows : dict of int to tuple of str
        Label texts of each row of numbers, from the heading above it to its own.
    corner : str
        The header above the labels.
    below : dict of int to int
        Row that is indented -> the row with numbers that it stands under.
    spanned : dict of int to tuple of int
        Column -> all columns under the same merged (or continued) header.
    two_lines : str
        A cell that holds two values on two lines, for the question; empty where none does.
    comma : bool or None
        Whether a comma is the decimal mark; None where it cannot be told.
    blank : dict of int to str
        Column whose upper header is blank, right of this one, in a format that cannot say whether
        it is merged with it.
    """

    heads: int
    stubs: int
    values: dict[tuple[int, int], Value]
    columns: dict[int, tuple[str, ...]]
    rows: dict[int, tuple[str, ...]]
    corner: str
    below: dict[int, int]
    spanned: dict[int, tuple[int, ...]]
    two_lines: str
    comma: bool | None
    blank: dict[int, str]


def lay_out(grid: Grid, answers: dict[str, Any]) -> Layout:
    """Find headers, labels and numbers of a table.

    Parameters
    ----------
    grid : ivim.audit.reading.grid.Grid
    answers : dict
        The answers on this table.

    Returns
    -------
    Layout
    """
    rows, two_lines = _one_line(grid.rows, answers.get("lines"))
    comma = {"comma": True, "point": False}.get(answers.get("decimal", ""))
    if comma is None:
        comma = uses_commas(cell.text for row in rows for cell in row[1:])
    values = [[read_value(cell.text, bool(comma)) for cell in row] for row in rows]
    heads = _heads(rows, values, grid.heads)
    stubs = _stubs(rows[:heads], values[heads:], len(rows[0]))
    body = range(heads, len(rows))
    labels, below = _row_labels(rows, values, body, stubs)
    blank = {} if grid.explicit else _blank_heads(rows, heads, stubs)
    if answers.get("merged"):
        rows = _filled_right(rows, heads, stubs)
    columns = {c: _path(rows[:heads], c) for c in range(stubs, len(rows[0]))}
    corner = next(
        (row[stubs - 1].text for row in reversed(rows[:heads]) if row[stubs - 1].text), ""
    )
    return Layout(
        heads,
        stubs,
        {(r, c): values[r][c] for r in labels for c in columns},
        columns,
        labels,
        corner,
        below,
        {c: _same_head(rows, heads, c, stubs) for c in columns},
        two_lines,
        comma,
        blank if answers.get("merged") is None else {},
    )


def _blank_heads(rows, heads, stubs):
    """Columns with a blank above their own header, right of a header that may reach over them."""
    found = {}
    for row in rows[: heads - 1]:
        over = ""
        for c in range(stubs, len(row)):
            over = row[c].text or over
            if over and not row[c].text and rows[heads - 1][c].text:
                found[c] = over
    return found


def _filled_right(rows, heads, stubs):
    """Blank upper headers take the text of the one to their left."""
    filled = [list(row) for row in rows]
    for row in filled[: heads - 1]:
        for c in range(stubs + 1, len(row)):
            row[c] = row[c] if row[c].text else row[c - 1]
    return tuple(map(tuple, filled))


def _one_line(rows, which):
    """Cells whose lines each hold a value: the wanted line; without an answer they stay, and one is
    shown.
    """
    shown = ""
    result = []
    for row in rows:
        cells = []
        for cell in row:
            lines = cell.text.splitlines()
            values = [read_value(line) for line in lines]
            if (
                len(lines) > 1
                and values[0].holds_numbers
                and values[-1].holds_numbers
                and not _one(cell)
            ):
                if which:
                    cell = replace(cell, text=lines[0 if which == "first" else -1])
                else:
                    shown = shown or cell.text.replace("\n", " / ")
            cells.append(cell)
        result.append(tuple(cells))
    return tuple(result), shown


def _one(cell):
    """Whether the lines are one value that was only broken, such as ``0.88`` over
    ``(0.80-0.95)``.
    """
    later = cell.text.splitlines()[1:]
    joined = read_value(cell.text.replace("\n", " ")).holds_numbers
    return joined and all(line.lstrip()[:1] in "([±" for line in later)


def _heads(rows, values, marked):
    """Rows before the first one with a number; at least those that the file marks, and one."""
    found = marked or 0
    while found < len(rows) - 1 and not any(v.holds_numbers for v in values[found][1:]):
        filled = {cell.origin for cell in rows[found] if cell.text}
        if found and len(filled) < 2:
            break  # a heading over the rows that follow
        found += 1
    return max(1, min(found, len(rows) - 1))


def _stubs(heads, values, width):
    """Columns of labels: the first, and those after it that hold no number in any row and no group
    with its size in the header.
    """
    found = 1
    while found < width - 1 and not any(row[found].holds_numbers for row in values):
        if not any(row[found].pattern == "words" for row in values):
            break
        if any(re.search(r"\bn\s*=\s*\d", row[found].text, re.IGNORECASE) for row in heads):
            break
        found += 1
    return found


def _row_labels(rows, values, body, stubs):
    """Label path of each row with numbers, and which row an indented one stands under."""
    heading, headed_at, labels, below, open_rows = "", 0, {}, {}, []
    for r in body:
        own = [cell.text for cell in rows[r][:stubs] if cell.text]
        filled = {c for c in range(stubs, len(rows[r])) if values[r][c].holds_numbers}
        indent = rows[r][0].indent
        if not filled:
            if own and _is_heading(rows[r], values[r], stubs):
                heading, headed_at, open_rows = " ".join(dict.fromkeys(own)), indent, []
            elif any(re.match(r"\W{0,2}\d", cell.text) for cell in rows[r][stubs:]):
                labels[r] = tuple(dict.fromkeys([heading, *own] if heading else own))
            continue
        inside = any(level > headed_at for level, _, _ in open_rows)
        if heading and indent <= headed_at and inside:
            heading = ""  # the rows under the heading were indented, and this one is not
        open_rows = [entry for entry in open_rows if entry[0] < indent]
        above = [heading] if heading else []
        if open_rows and not heading:
            _, over, over_filled = open_rows[-1]
            below[r] = over
            if filled - over_filled:  # the row above has a p at most: it is a heading
                above = list(labels[over])
        open_rows.append((indent, r, filled))
        labels[r] = tuple(dict.fromkeys([*above, *own]))
    return labels, below


def _is_heading(cells, values, stubs):
    """Whether a row without a number is a label alone, or one merged over the whole row."""
    return all(
        value.pattern == "nothing" or cell.origin == cells[0].origin
        for value, cell in zip(values[stubs:], cells[stubs:], strict=True)
    )


def _path(heads, column):
    """Header texts above a column, each once."""
    return tuple(dict.fromkeys(row[column].text for row in heads if row[column].text))


def _same_head(rows, heads, column, stubs):
    """Columns under one merged header, or under a header and the blank ones to its right."""
    last = rows[heads - 1]
    first = column
    while first > stubs and (
        last[first].origin == last[first - 1].origin or not _path(rows[:heads], first)
    ):
        first -= 1
    stop = first + 1
    while stop < len(last) and (
        last[stop].origin == last[first].origin or not _path(rows[:heads], stop)
    ):
        stop += 1
    return tuple(range(first, stop))
