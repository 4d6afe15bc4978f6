"""One writer for tables: the same caption, cells and footnotes as csv, md, tex, html and docx."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from ivim.files import DIGITS, FITTED_DIGITS, csv_text
from ivim.report.cells import INDENT, parameter
from ivim.report.content import Content, Forest
from ivim.report.frames import COLUMNS
from ivim.report.markup import to_md, to_tex
from ivim.report.page import in_notebook, to_html
from ivim.report.provenance import marked, results_folder, write_file
from ivim.report.word import to_docx

FORMATS = ("csv", "md", "tex", "html", "docx")

__all__ = ["FORMATS", "INDENT", "Forest", "Table", "listing", "parameter", "to_docx", "to_html"]
__all__ += ["to_md", "to_tex", "write_table", "write_tables"]


@dataclass(frozen=True, repr=False)
class Table(Content):
    """A table that shows itself in a notebook, and can be written."""

    def __repr__(self):
        return to_md(self)

    def _repr_html_(self):
        return in_notebook(self)

    def with_notes(self, *notes: str) -> "Table":
        """The same table with further footnotes.

        Parameters
        ----------
        *notes : str

        Returns
        -------
        Table
        """
        return replace(self, footnotes=(*self.footnotes, *notes))

    def replaced_notes(self, *notes: str) -> "Table":
        """The same table with other footnotes.

        Parameters
        ----------
        *notes : str

        Returns
        -------
        Table
        """
        return replace(self, footnotes=notes)


def write_table(table: Table, folder: str | Path | None = None) -> list[str]:
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
    content: dict[str, str | bytes] = {
        "csv": csv_text(marked(table.frame, table.source), digits),
        "md": to_md(table),
        "tex": to_tex(table),
        "html": to_html(table),
        "docx": to_docx(table),
    }
    return [write_file(folder / f"{table.name}.{kind}", content[kind]).name for kind in FORMATS]


def write_tables(*tables: Table | None, folder: str | Path | None = None) -> list[str]:
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
