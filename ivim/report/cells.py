"""A cell of a table: plain text with three marks, ``_{fast}`` for a subscript, ``^{-5}`` for a
superscript, ``/{p}`` for italics. An em space at its start indents a sub-group. What a user has
named enters a cell by :func:`literal`, so that no mark is read into it."""

import re
from collections.abc import Callable

import pandas as pd

from ivim import parameters

INDENT = "\N{EM SPACE}"
_APART = "\N{WORD JOINER}"
_LONG = 42  # characters; longer text is read from the left and wraps

_MARK_START = re.compile(r"[_^/](?=\{)")
_MARK = re.compile(r"([_^/])\{([^{}]*)\}")
_NUMBER = re.compile(r"^[<>]?\s?[−-]?\d+(\.\d+)?[%*]*$")
_HTML_TAG = {"_": "sub", "^": "sup", "/": "i"}


def literal(text: str) -> str:
    """Words that are shown as they are: what looks like a mark in them is none.

    Parameters
    ----------
    text : str
        A user's name of a group, a column, a reader ..., or a sentence with one in it.

    Returns
    -------
    str

    Examples
    --------
    >>> spans(literal("b_{x}")), spans("b_{x}")
    ([('', 'b_{x}')], [('', 'b'), ('_', 'x'), ('', '')])
    """
    return _MARK_START.sub(rf"\g<0>{_APART}", text)


def parameter(name: str) -> str:
    """A parameter's label with the article's subscript: ``ADC_{fast}``, ``/{f}``; an own column is
    its own label.

    Parameters
    ----------
    name : str

    Returns
    -------
    str
    """
    if name == "f":
        return "/{f}"
    head, _, tail = (
        parameters.label(name).partition(" ")
        if name in parameters.SIX
        else (literal(str(name)), "", "")
    )
    return f"{head}_{{{tail}}}" if tail else head


def spans(text: str) -> list[tuple[str, str]]:
    """A cell as pieces.

    Parameters
    ----------
    text : str

    Returns
    -------
    list of (str, str)
        Style and text; the style is one of "", "_", "^" and "/".
    """
    pieces = [piece.replace(_APART, "") for piece in _MARK.split(text)]
    unmarked, marked = pieces[0::3], zip(pieces[1::3], pieces[2::3], strict=True)
    return [
        ("", unmarked[0]),
        *(
            piece
            for mark, after in zip(marked, unmarked[1:], strict=True)
            for piece in (mark, ("", after))
        ),
    ]


def plain(text: str) -> str:
    """A cell without its marks.

    Parameters
    ----------
    text : str

    Returns
    -------
    str
    """
    return "".join(piece for _, piece in spans(text))


def alignments(layout: pd.DataFrame) -> str:
    """One letter per column: row labels left, plain numbers right, long text left, else centred.

    Parameters
    ----------
    layout : DataFrame of str

    Returns
    -------
    str
        One of "l", "r" and "c" per column.
    """
    return "l" + "".join(_alignment(layout[column]) for column in layout.columns[1:])


def _alignment(cells):
    if any(len(line) > _LONG for cell in cells for line in cell.split("\n")):
        return "l"
    return "r" if all(_NUMBER.match(cell) or cell in ("", "–") for cell in cells) else "c"


def split_caption(caption: str) -> tuple[str, str]:
    """The caption's label ("Table 1.") and its text.

    Parameters
    ----------
    caption : str

    Returns
    -------
    label, text : str
    """
    label, _, text = caption.partition(". ")
    return (f"{label}.", text) if text else ("", label)


def tagged(text: str, escape: Callable) -> str:
    """A cell with HTML tags, which Markdown takes as well.

    Parameters
    ----------
    text : str
    escape : callable
        Makes plain text safe for the format it goes to.

    Returns
    -------
    str
    """
    return "".join(
        f"<{_HTML_TAG[style]}>{escape(piece)}</{_HTML_TAG[style]}>" if style else escape(piece)
        for style, piece in spans(text)
    )
