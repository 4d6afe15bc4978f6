"""Tables in a Word document."""

import io
import re
import zipfile
from pathlib import Path

from ivim.audit.reading.grid import MOST_TABLES, Cell, Grid, rectangle
from ivim.audit.reading.text import plain, raised

LARGEST_UNPACKED = 200_000_000
MOST_PARTS = 5_000
_NUMBER = re.compile(r"\s*(?:supplementary\s+)?table\s*(\d+)", re.IGNORECASE)


def read_docx(path: Path, content: bytes) -> list[Grid]:
    """The tables of a DOCX file.

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
        Where it is no DOCX, unpacks to more than 200 MB, or holds entities of its own.
    """
    _check_archive(path, content)
    import docx
    from docx.table import Table
    from docx.text.paragraph import Paragraph

    try:
        document = docx.Document(io.BytesIO(content))
        pieces = list(document.iter_inner_content())
    except Exception as error:  # python-docx passes on what zipfile, lxml and dicts raise
        msg = f"{path}: not a Word document ({' '.join(str(error).split())[:150]}); save it as DOCX"
        raise ValueError(msg) from error
    if sum(isinstance(piece, Table) for piece in pieces) > MOST_TABLES:
        msg = f"{path}: has more than {MOST_TABLES} tables"
        raise ValueError(msg)
    found = []
    for at, piece in enumerate(pieces):
        if isinstance(piece, Table):
            before = [p.text for p in pieces[max(0, at - 2) : at] if isinstance(p, Paragraph)]
            after = [p.text for p in pieces[at + 1 : at + 4] if isinstance(p, Paragraph)]
            found.append(_grid(path, piece, before, after))
    return found


def _check_archive(path, content):
    """A packed document may unpack to anything: its sizes are looked at before a byte is
    unpacked.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            parts = archive.infolist()
            unpacked = sum(part.file_size for part in parts)
            if unpacked > LARGEST_UNPACKED or len(parts) > MOST_PARTS:
                msg = (
                    f"{path}: unpacks to {unpacked / 1e6:,.0f} MB in {len(parts):,} parts; at most "
                    f"{LARGEST_UNPACKED / 1e6:.0f} MB in {MOST_PARTS:,} are read"
                )
                raise ValueError(msg)
            names = [part for part in parts if part.filename.endswith((".xml", ".rels"))]
            if any(b"<!ENTITY" in _start(archive, part) for part in names):
                msg = (
                    f"{path}: declares entities of its own, which a Word document does not "
                    "need; refused"
                )
                raise ValueError(msg)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, OSError) as error:
        msg = f"{path}: not a Word document ({error}); save it as DOCX"
        raise ValueError(msg) from error


def _start(archive, part):
    with archive.open(part) as stream:
        return stream.read(4096)


def _grid(path, table, before, after):
    caption = next((text for text in reversed(before) if _NUMBER.match(text)), "")
    notes = []
    for text in after:
        if _NUMBER.match(text):
            break
        notes.append(text)
    number = _NUMBER.match(caption)
    lines = [_line(row) for row in table.rows]
    return Grid(
        path.name,
        int(number[1]) if number else None,
        plain(caption),
        plain(" ".join(notes)),
        _merged_down(rectangle(path, lines), table),
    )


def _line(row):
    """Cells of one row; python-docx repeats a cell over the columns that it covers."""
    found = []
    for element in row._tr.tc_lst:
        text = "\n".join(_paragraph(p) for p in element.p_lst)
        lead = text[: len(text) - len(text.lstrip())]
        indent = len(lead.replace("\u2003", "  ")) // 2 or _indentation(element)
        found.append((Cell(plain(text), indent=indent), 1, element.grid_span))
    return found


def _merged_down(rows, table):
    """Cells that continue the one above take its text."""
    rows = [list(row) for row in rows]
    for r, row in enumerate(table.rows):
        column = 0
        for element in row._tr.tc_lst:
            for c in range(column, column + element.grid_span):
                if element.vMerge == "continue" and r:
                    rows[r][c] = rows[r - 1][c]
            column += element.grid_span
    return tuple(map(tuple, rows))


def _paragraph(paragraph):
    found = ""
    for run in paragraph.r_lst:
        text = run.text
        properties = run.rPr
        if properties is not None and properties.superscript:
            text = raised(found, text)
        found += text
    return found


def _indentation(element):
    """Steps of half a centimetre of the first paragraph."""
    properties = element.p_lst[0].pPr if element.p_lst else None
    left = properties.ind_left if properties is not None else None
    return min(5, round(left / 180_000)) if left else 0
