"""Rows of a table in the OASIS exchange model (CALS), which JATS allows beside that of HTML.

Columns have names there, spans go from name to name, and a cell may skip columns
(OASIS Technical Memorandum TR 9901:1999, "XML Exchange Table Model").
"""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from ivim.audit.reading.grid import LARGEST_SPAN, Cell

if TYPE_CHECKING:
    from lxml.etree import _Element as Element


def cals_lines(path: Path, group: "Element", read: Callable[["Element"], Cell]) -> tuple[list, int]:
    """Rows of a ``tgroup``, and how many of them are its head.

    Parameters
    ----------
    path : path
        For messages.
    group : lxml element
        Tags without their namespace.
    read : callable
        From an ``entry`` to a :class:`~ivim.audit.reading.grid.Cell`.

    Returns
    -------
    lines : list of list of (Cell, int, int)
        As :func:`ivim.audit.reading.grid.rectangle` lays them out.
    heads : int

    Raises
    ------
    ValueError
        Where a column has no such name, or a span is no whole number.
    """
    columns, spans = _columns(path, group)
    lines, heads = [], 0
    covered: set[tuple[int, int]] = set()
    for number, row in enumerate(group.iter("row")):
        inside = {ancestor.tag for ancestor in row.iterancestors()}
        heads += "thead" in inside
        lines.append(_line(path, row, number, read, columns, spans, covered))
    return lines, heads


def _columns(path, group):
    """Numbers of the named columns, and the named spans as (first, last) names."""
    columns, at = {}, -1
    for spec in group.iterchildren("colspec"):
        at = _whole(path, spec, "colnum", at + 2) - 1
        columns[spec.get("colname", f"c{at + 1}")] = at
    spans = {
        spec.get("spanname"): (spec.get("namest"), spec.get("nameend"))
        for spec in group.iterchildren("spanspec")
    }
    return columns, spans


def _line(path, row, number, read, columns, spans, covered):
    line, at = [], 0
    for entry in row.iterchildren("entry", "entrytbl"):
        first, last = spans.get(entry.get("spanname"), (entry.get("namest"), entry.get("nameend")))
        first = first or entry.get("colname")
        start = _column(path, columns, first) if first else None
        while (number, at) in covered or (start is not None and at < start):
            if (number, at) not in covered:
                line.append((Cell(), 1, 1))
            at += 1
        across = max(1, _column(path, columns, last) - at + 1) if last else 1
        down = 1 + _whole(path, entry, "morerows", 0)
        line.append((read(entry), down, across))
        covered |= {
            (number + r, at + c)
            for r in range(1, min(down, LARGEST_SPAN))
            for c in range(min(across, LARGEST_SPAN))
        }
        at += across
    return line


def _column(path, columns, name):
    if name not in columns:
        msg = (
            f"{path}: a cell stands in the column {name[:20]!r}, which no colspec names; "
            f"known are {', '.join(list(columns)[:12]) or 'none'}"
        )
        raise ValueError(msg)
    return columns[name]


def _whole(path, element, name, default):
    text = element.get(name, "").strip()
    if text and not (text.isdigit() and len(text) <= 4):
        msg = f"{path}: a {element.tag} has {name} {text[:20]!r}; a whole number is needed"
        raise ValueError(msg)
    return int(text) if text else default
