"""Tables in HTML and JATS XML. Nothing is fetched, no entity expanded, no script looked at."""

import re
from html.entities import html5
from pathlib import Path

from ivim.audit.reading.cals import cals_lines
from ivim.audit.reading.grid import MOST_TABLES, Cell, Grid, rectangle
from ivim.audit.reading.text import plain, raised

_NUMBER = re.compile(r"\btable\s*(\d+)", re.IGNORECASE)
_SILENT = ("script", "style", "noscript", "template", "object", "iframe")
_BLOCKS = ("br", "p", "div", "li", "break", "list-item")


def read_html(path: Path, content: bytes) -> list[Grid]:
    """The tables of an HTML page.

    Parameters
    ----------
    path : path
    content : bytes

    Returns
    -------
    list of Grid
    """
    from lxml import etree, html

    parser = html.HTMLParser(
        no_network=True, huge_tree=False, remove_comments=True, encoding="utf-8"
    )
    try:
        root = html.document_fromstring(content, parser=parser)
    except (etree.LxmlError, ValueError) as error:
        msg = f"{path}: not an HTML page ({_told(error)})"
        raise ValueError(msg) from error
    return _grids(path, root, _html_surroundings)


def read_jats(path: Path, content: bytes) -> list[Grid]:
    """The tables of an article in JATS XML.

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
        Where the XML is broken, declares entities of its own, or holds no table.
    """
    from lxml import etree

    # An entity of the file's own may name a local file or grow without end; those of a DTD are not
    # needed.
    head = content[: content.find(b"<article") if b"<article" in content else None]
    if b"<!ENTITY" in head or b"<!ENTITY" in content[:100_000]:
        msg = (
            f"{path}: declares entities of its own, which are not expanded; take the <!ENTITY "
            "lines out"
        )
        raise ValueError(msg)
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False,
        remove_comments=True, remove_pis=True,
    )  # fmt: skip
    try:
        root = etree.fromstring(content, parser=parser)
    except (etree.LxmlError, ValueError) as error:
        msg = f"{path}: not well-formed XML ({_told(error)}); give the article's JATS XML"
        raise ValueError(msg) from error
    for element in root.iter():
        if isinstance(element.tag, str):
            element.tag = etree.QName(element).localname
    return _grids(path, root, _jats_surroundings)


def _told(error):
    return " ".join(str(error).split())[:150]


def _grids(path, root, surroundings):
    tables = [
        table
        for table in root.iter("table")
        if not any(True for _ in table.iterdescendants("table"))
    ]
    if len(tables) > MOST_TABLES:
        msg = f"{path}: has {len(tables)} tables; at most {MOST_TABLES} are read"
        raise ValueError(msg)
    return [
        _grid(path, lines, heads, *surroundings(table))
        for table in tables
        for lines, heads in _rows(path, table)
    ]


def _rows(path, table):
    """Rows of cells with their spans, and how many are the head; one pair for each group of rows
    that has columns of its own.
    """
    groups = list(table.iterchildren("tgroup"))
    if groups:
        return [cals_lines(path, group, _cals_cell) for group in groups]
    return [_html_lines(path, table)]


def _html_lines(path, table):
    lines, heads = [], 0
    for row in table.iter("tr"):
        inside = {ancestor.tag for ancestor in row.iterancestors()}
        cells = [cell for cell in row if cell.tag in ("td", "th")]
        if not cells:
            continue
        heads += "thead" in inside
        lines.append([_cell(path, cell) for cell in cells])
    return lines, heads


def _grid(path, lines, heads, caption, notes):
    number = _NUMBER.search(caption)
    marked = heads or sum(all(cell.header for cell, _, _ in line) for line in lines[:4])
    return Grid(
        path.name,
        int(number[1]) if number else None,
        caption,
        notes,
        rectangle(path, lines),
        marked or None,
    )


def _cals_cell(element):
    return _text_cell(element, any(a.tag == "thead" for a in element.iterancestors()))


def _text_cell(element, header):
    text = _text(element)
    lead = text[: len(text) - len(text.lstrip(" \u2003\u00a0\u2002"))]
    indent = len(lead.replace("\u2003", "  ")) // 2 or _padding(element)
    return Cell(plain(text), header, indent)


def _cell(path, element):
    cell = _text_cell(element, element.tag == "th")
    return cell, _span(path, element, "rowspan"), _span(path, element, "colspan")


def _span(path, element, name):
    text = element.get(name, "1").strip() or "1"
    if not text.isdigit() or len(text) > 6:
        msg = f"{path}: a cell has {name} {text[:20]!r}; a whole number is needed"
        raise ValueError(msg)
    return max(1, int(text))


def _padding(element):
    """Steps of indentation by style."""
    found = re.search(
        r"(?:padding-left|text-indent)\s*:\s*([\d.]+)\s*(em|px|pt)", element.get("style", "")
    )
    if not found:
        return 0
    return min(5, round(float(found[1]) / {"em": 1, "px": 15, "pt": 12}[found[2]]))


def _text(element):
    """Text of a cell with line ends; parts that fill the cell without a word between them stand on
    lines of their own.
    """
    pieces = list(element)
    bare = not (element.text or "").strip() and not any((p.tail or "").strip() for p in pieces)
    own = [p for p in pieces if p.tag not in ("sup", "sub", "br", "xref")]
    if bare and len(own) > 1 and len(own) == len(pieces):
        return "\n".join(_inner(p).strip() for p in own)
    return _inner(element)


def _inner(element):
    if not isinstance(element.tag, str):
        # A named entity of the DTD, which is not loaded: the names of HTML are known, others are
        # shown as lost.
        return html5.get(f"{getattr(element, 'name', '')};", "\ufffd")
    if element.tag in _SILENT:
        return ""
    # A line end of the source is a space on the page; only the page's own breaks are kept.
    found = re.sub(r"[\r\n]+", " ", element.text or "")
    for piece in element:
        inner = _inner(piece)
        if piece.tag == "sup":
            inner = raised(found, inner)
        elif piece.tag in _BLOCKS:
            inner = f"\n{inner}" if found.strip() else inner
        found += inner + re.sub(r"[\r\n]+", " ", piece.tail or "")
    return found


def _html_surroundings(table):
    caption = next((_inner(c) for c in table.iter("caption")), "")
    if not caption:
        before = table.getprevious()
        caption = _inner(before) if before is not None and before.tag != "table" else ""
        caption = caption if _NUMBER.match(caption.strip()) else ""
    notes, after = [], table.getnext()
    while after is not None and after.tag == "p":
        notes.append(_inner(after))
        after = after.getnext()
    notes += [_inner(row) for row in table.iter("tfoot")]
    return plain(caption), plain(" ".join(notes))


def _jats_surroundings(table):
    wrap = next(table.iterancestors("table-wrap"), None)
    if wrap is None:
        return "", ""
    parts = [_inner(part) for name in ("label", "caption") for part in wrap.iterchildren(name)]
    notes = [_inner(part) for part in wrap.iterchildren("table-wrap-foot")]
    return plain(" ".join(parts)), plain(" ".join(notes))
