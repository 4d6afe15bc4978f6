"""Tables in a PDF, by pdfplumber where it is installed."""

import io
import re
from pathlib import Path

from ivim.audit.reading.grid import MOST_TABLES, Cell, Grid, rectangle
from ivim.audit.reading.text import plain

_NUMBER = re.compile(r"^\s*table\s*(\d+)[^\n]*", re.IGNORECASE | re.MULTILINE)
MOST_PAGES = 200


def read_pdf(path: Path, content: bytes) -> list[Grid]:
    """The tables of a PDF that have ruled lines.

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
        Where pdfplumber is not installed, or the file is no PDF.
    """
    try:
        import pdfplumber
    except ImportError as error:
        msg = (
            f"{path}: a PDF needs pdfplumber (pip install pdfplumber); or give the table as "
            "CSV, HTML or DOCX"
        )
        raise ValueError(msg) from error
    found = []
    try:
        with pdfplumber.open(io.BytesIO(content)) as document:
            for page in document.pages[:MOST_PAGES]:
                found += _of_page(path, page)
    except ValueError:
        raise
    except Exception as error:  # pdfminer raises errors of its own on a broken file
        msg = (
            f"{path}: not a readable PDF "
            f"({' '.join(str(error).split())[:150] or type(error).__name__})"
        )
        raise ValueError(msg) from error
    return found[:MOST_TABLES]


def _of_page(path, page):
    grids = []
    for table in page.find_tables():
        above = page.crop((0, 0, page.width, max(table.bbox[1], 1))).extract_text() or ""
        captions = list(_NUMBER.finditer(above))
        caption = captions[-1] if captions else None
        lines = [[(Cell(plain(text or "")), 1, 1) for text in row] for row in table.extract()]
        grids.append(
            Grid(
                path.name,
                int(caption[1]) if caption else None,
                plain(caption[0]) if caption else "",
                "",
                rectangle(path, lines),
                explicit=False,
            )
        )
    return grids
