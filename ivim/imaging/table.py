"""Tables of BIDS: text in UTF-8, columns separated by tabs, ``n/a`` for what is not known."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from ivim.imaging.guard import check_file

if TYPE_CHECKING:
    import pandas as pd


MISSING = "n/a"
"""What BIDS writes for a value that is not known."""

LARGEST_TEXT = 50_000_000
"""Bytes. A table of a million people is smaller; more is another file by mistake."""


def read_table(path: str | Path) -> pd.DataFrame:
    """Read a table separated by tabs as BIDS has it, every value as text, ``n/a`` as an empty text.

    Parameters
    ----------
    path : path

    Returns
    -------
    DataFrame

    Raises
    ------
    ValueError
        When it has no row, a column without a name or named twice, or a row of another length
        (named by its line).
    """
    import pandas as pd

    lines = re.split(r"\r\n|\n|\r", read_text(path))
    rows = [
        (number, [cell.strip() for cell in line.split("\t")])
        for number, line in enumerate(lines, start=1)
        if line.strip()
    ]
    if len(rows) < 2:
        msg = f"{path}: no row; write a line of column names and one line per participant"
        raise ValueError(msg)
    header = rows[0][1]
    _check_header(header, path)
    for number, cells in rows[1:]:
        if len(cells) != len(header):
            msg = (
                f"{path}: line {number} has {len(cells)} values for {len(header)} columns; "
                f"separate them by single tabs and write {MISSING} where a value is not known"
            )
            raise ValueError(msg)
    values = [["" if cell.lower() == MISSING else cell for cell in cells] for _, cells in rows[1:]]
    return pd.DataFrame(values, columns=header, dtype=object)


def read_text(path: str | Path) -> str:
    """Text of a file in UTF-8, with or without a byte-order mark.

    Parameters
    ----------
    path : path

    Returns
    -------
    str

    Raises
    ------
    ValueError
        When there is no such file or it is no text.
    """
    path = Path(check_file(path, "the path of a text file"))
    if path.stat().st_size > LARGEST_TEXT:
        msg = f"{path}: larger than {LARGEST_TEXT // 1_000_000} MB, which no table of a study is"
        raise ValueError(msg)
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        msg = f"{path}: not a text file in UTF-8; give plain text"
        raise ValueError(msg) from error


def _check_header(header, path):
    if len(header) == 1 and re.search(r"[,;]", header[0]):
        msg = f"{path}: no tab in the first line; the columns of a .tsv file are separated by tabs"
        raise ValueError(msg)
    bad = [name for name in header if not name or header.count(name) > 1]
    if bad:
        what = f"column {bad[0][:40]!r} stands twice" if bad[0] else "a column has no name"
        msg = f"{path}: {what}; give every column one name of its own"
        raise ValueError(msg)
