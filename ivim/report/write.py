"""One writer for tables: the same caption, cells and footnotes as csv, md, tex, html and docx."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pandas as pd

from ivim.files import DIGITS, FITTED_DIGITS, csv_text
from ivim.report.cells import INDENT, parameter
from ivim.report.frames import COLUMNS
from ivim.report.markup import to_md, to_tex
from ivim.report.page import in_notebook, to_html
from ivim.report.provenance import marked, results_folder, write_file
from ivim.report.word import to_docx

FORMATS = ("csv", "md", "tex", "html", "docx")

__all__ = ["FORMATS", "INDENT", "Forest", "Table", "listing", "parameter", "to_docx", "to_html"]
__all__ += ["to_md", "to_tex", "write_table", "write_tables"]


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
        The cells as printed, the row labels in the first column; a line break in a heading
        separates label and unit.
    footnotes : tuple of str
    forest : Forest, optional
    classes : DataFrame of str, optional
        CSS classes of the cells in HTML ("same", "differs").
    source : str
        Whose numbers they are ("reconstructed", "simulated", "own"), the last column of the csv.
        The tables whose columns are agreed on (:data:`ivim.report.frames.COLUMNS`) go without it.
    """

    name: str
    caption: str
    frame: pd.DataFrame
    layout: pd.DataFrame
    footnotes: tuple = ()
    forest: Forest | None = None
    classes: pd.DataFrame | None = field(default=None)
    source: str = ""

    def __repr__(self):
        return to_md(self)

    def _repr_html_(self):
        return in_notebook(self)

    def with_notes(self, *notes: Any) -> Any:
        """The same table with further footnotes."""
        return replace(self, footnotes=(*self.footnotes, *notes))

    def replaced_notes(self, *notes: Any) -> Any:
        """The same table with other footnotes."""
        return replace(self, footnotes=notes)


def write_table(table: Any, folder: str | Path | None = None) -> list[str]:
    """Write a table in all five formats.

    The csv of a table whose columns are agreed on has ten significant digits, that of any other
    six.

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
    folder = Path(folder or results_folder() / "tables")
    digits = DIGITS if table.name in COLUMNS else FITTED_DIGITS
    content = {
        "csv": csv_text(marked(table.frame, table.source), digits),
        "md": to_md(table),
        "tex": to_tex(table),
        "html": to_html(table),
        "docx": to_docx(table),
    }
    return [write_file(folder / f"{table.name}.{kind}", content[kind]).name for kind in FORMATS]


def write_tables(*tables: Any, folder: str | Path | None = None) -> list[str]:
    """Write several tables, leaving out those that are None; returns all file names.

    Parameters
    ----------
    folder : path, optional

    Returns
    -------
    list of str
    """
    return [name for table in tables if table is not None for name in write_table(table, folder)]


def listing(files: Sequence[str]) -> str:
    """File names in short, one line per stem: "table1 (csv md tex html docx)".

    Parameters
    ----------
    files : sequence of str

    Returns
    -------
    str
    """
    endings: dict[str, list[str]] = {}
    for file in files:
        stem, _, ending = file.rpartition(".")
        endings.setdefault(stem, []).append(ending)
    return "\n".join(f"{stem} ({' '.join(names)})" for stem, names in endings.items())
