"""Which kind of file a table comes in, told by its content."""

import re
from pathlib import Path

from ivim.audit.reading.delimited import read_delimited
from ivim.audit.reading.grid import Grid, checked_size
from ivim.audit.reading.markup import read_html, read_jats
from ivim.audit.reading.pdf import read_pdf
from ivim.audit.reading.word import read_docx


def read_file(path: str | Path) -> list[Grid]:
    """All tables of a file.

    Parameters
    ----------
    path : path
        CSV, TSV or text, HTML, DOCX, JATS XML or PDF.

    Returns
    -------
    list of Grid
        Tables with at least two rows and two columns.

    Raises
    ------
    ValueError
        Where the file is missing, of another kind, broken, harmful or without a table; one line.
    """
    path = Path(path)
    content = checked_size(path)
    grids = [grid for grid in _reader(content)(path, content) if _is_table(grid)]
    if not grids:
        msg = f"{path}: no table with two rows and two columns was found; give a file that has one"
        raise ValueError(msg)
    return grids


def _reader(content):
    start = content[:1024].lstrip(b"\xef\xbb\xbf \t\r\n")
    if start.startswith(b"PK"):
        return read_docx
    if start.startswith(b"%PDF"):
        return read_pdf
    if re.match(rb"<[A-Za-z!?]", start):  # a text may begin with <0.001
        lowered = content[:4096].lower()
        html = b"<html" in lowered or b"<!doctype html" in lowered or start[:6].lower() == b"<table"
        return read_html if html else read_jats
    return read_delimited


def _is_table(grid):
    filled = [row for row in grid.rows if any(cell.text for cell in row)]
    return len(filled) > 1 and grid.width > 1
