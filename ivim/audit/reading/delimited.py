"""Tables in text: CSV, TSV, or the tab-separated blocks below "Table 2 ..." in an article."""

import csv
import io
import re
from pathlib import Path

from ivim.audit.reading.grid import Cell, Grid, rectangle
from ivim.audit.reading.text import plain

_CAPTION = re.compile(r"\s*(?:\*\*)?table\s+(\d+)\b", re.IGNORECASE)
_NOTE = re.compile(r"\s*(note|notes|data are|values are|abbreviations|[*†‡§^])", re.IGNORECASE)


def read_delimited(path: Path, content: bytes) -> list[Grid]:
    """The tables of a text file.

    Parameters
    ----------
    path : path
    content : bytes

    Returns
    -------
    list of Grid

    Raises
    ------
    ValueError
        Where it is no text in UTF-8, or a quote is never closed.
    """
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        msg = f"{path}: is no text in UTF-8 ({error.reason}); save the table as CSV in UTF-8"
        raise ValueError(msg) from error
    if "\x00" in text:
        msg = f"{path}: holds bytes that are no text; give CSV, TSV, HTML, DOCX, JATS XML or PDF"
        raise ValueError(msg)
    blocks = list(_blocks(text))
    if blocks:
        return [_grid(path, *block) for block in blocks]
    return [_grid(path, None, "", "", text)]


def _blocks(text):
    """Number, caption, notes and lines of each tab-separated block with a caption above it."""
    lines = text.splitlines()
    for at, line in enumerate(lines):
        match = _CAPTION.match(line)
        if not match or "\t" in line:
            continue
        rest = lines[at + 1 :]
        start = next((i for i, other in enumerate(rest) if other.strip()), len(rest))
        stop = next((i for i in range(start, len(rest)) if "\t" not in rest[i]), len(rest))
        if stop - start < 2:
            continue
        below = [other for other in rest[stop : stop + 4] if _NOTE.match(other)]
        yield int(match[1]), line.strip(), " ".join(below), "\n".join(rest[start:stop])


def _grid(path, number, caption, notes, text):
    try:
        rows = list(csv.reader(io.StringIO(text), delimiter=_delimiter(text), strict=True))
    except csv.Error as error:
        msg = f"{path}: not a CSV table ({error}); save it as comma-separated text in UTF-8"
        raise ValueError(msg) from error
    rows = [row for row in rows if any(cell.strip() for cell in row)]
    cells = [[(Cell(plain(text), indent=_indent(text)), 1, 1) for text in row] for row in rows]
    return Grid(path.name, number, caption, notes, rectangle(path, cells), explicit=False)


def _delimiter(text):
    """Tab, semicolon or comma: the first of them that stands in the first line."""
    first = next((line for line in text.splitlines() if line.strip()), "")
    return next((mark for mark in "\t;," if mark in first), ",")


def _indent(text):
    """Steps of two spaces before a label; one wide space is a step too."""
    lead = text[: len(text) - len(text.lstrip())]
    return (len(lead.replace("\u2003", "  ").replace("\u00a0", " ")) + 1) // 2
