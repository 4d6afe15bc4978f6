"""A table as a rectangle of cells, whatever file it came from."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

LARGEST_FILE = 50_000_000
LARGEST_TABLE = 100_000
LARGEST_SPAN = 500
MOST_TABLES = 300


@dataclass(frozen=True)
class Cell:
    """One cell.

    Attributes
    ----------
    text : str
        Plain text; several lines where the cell holds several.
    header : bool
        Marked as a header in the file.
    indent : int
        Steps of indentation, of a label that stands under another one.
    origin : (int, int)
        Row and column of the cell that was merged over this place; its own place where none was.
    """

    text: str = ""
    header: bool = False
    indent: int = 0
    origin: tuple[int, int] = (0, 0)


@dataclass(frozen=True)
class Grid:
    """A table.

    Attributes
    ----------
    source : str
        Name of the file, without its folder.
    number : int or None
        Of "Table 2"; None where nothing says it.
    caption : str
    notes : str
        What stands below.
    rows : tuple of tuple of Cell
        All of equal length; a merged cell is repeated at every place that it covers.
    heads : int or None
        Rows that the file marks as headers; None where it does not say.
    explicit : bool
        Whether the format says which cells are merged; CSV and PDF leave them blank.
    """

    source: str
    number: int | None
    caption: str
    notes: str
    rows: tuple[tuple[Cell, ...], ...]
    heads: int | None = None
    explicit: bool = True

    @property
    def width(self) -> int:
        """Number of columns."""
        return len(self.rows[0]) if self.rows else 0


def checked_size(path: Path) -> bytes:
    """The bytes of a file that is not too large to be a table.

    Parameters
    ----------
    path : path

    Returns
    -------
    bytes

    Raises
    ------
    ValueError
        Where it is missing, a folder or larger than 50 MB.
    """
    if not path.is_file():
        msg = f"{path}: no such file; give a table as CSV, TSV, HTML, DOCX, JATS XML or PDF"
        raise ValueError(msg)
    if path.stat().st_size > LARGEST_FILE:
        msg = (
            f"{path}: has {path.stat().st_size / 1e6:.0f} MB; a table is read from a file "
            "of at most "
            f"{LARGEST_FILE / 1e6:.0f} MB; cut the table out"
        )
        raise ValueError(msg)
    return path.read_bytes()


def rectangle(
    path: Path, lines: Sequence[Sequence[tuple[Cell, int, int]]]
) -> tuple[tuple[Cell, ...], ...]:
    """Cells with spans laid out in a rectangle.

    Parameters
    ----------
    path : path
        For messages.
    lines : sequence of sequence of (Cell, int, int)
        Per row: each cell with the rows and columns that it covers.

    Returns
    -------
    tuple of tuple of Cell

    Raises
    ------
    ValueError
        Where a span or the table is too large.
    """
    placed: dict[tuple[int, int], Cell] = {}
    for row, line in enumerate(lines):
        column = 0
        for cell, down, across in line:
            if not (1 <= down <= LARGEST_SPAN and 1 <= across <= LARGEST_SPAN):
                msg = (
                    f"{path}: a cell covers {down} x {across} places; at most {LARGEST_SPAN} "
                    "are read"
                )
                raise ValueError(msg)
            while (row, column) in placed:
                column += 1
            spanned = Cell(cell.text, cell.header, cell.indent, (row, column))
            for r in range(row, min(row + down, len(lines))):
                for c in range(column, column + across):
                    placed.setdefault((r, c), spanned)
            column += across
            if len(placed) > LARGEST_TABLE:
                msg = (
                    f"{path}: a table has more than {LARGEST_TABLE:,} cells; cut out what is "
                    "to be read"
                )
                raise ValueError(msg)
    width = 1 + max((column for _, column in placed), default=-1)
    if width * len(lines) > LARGEST_TABLE:
        msg = f"{path}: a table has more than {LARGEST_TABLE:,} cells; cut out what is to be read"
        raise ValueError(msg)
    return tuple(
        tuple(placed.get((r, c), Cell(origin=(r, c))) for c in range(width))
        for r in range(len(lines))
    )
