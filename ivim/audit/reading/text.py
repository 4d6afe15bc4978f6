"""Plain strings out of typesetting: thin spaces, minus signs, superscripts, footnote marks."""

import re

_SPACES = dict.fromkeys(
    map(
        ord,
        "\u00a0\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u3000\t",
    ),
    " ",
)
_GONE = dict.fromkeys(map(ord, "\u200b\u200c\u200d\u2060\ufeff\u00ad"), None)
_RAISED = str.maketrans("0123456789+-−–", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻⁻")
_LOWERED = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻", "0123456789+-")
MARKS = "*†‡§¶#✓✗"
"""Marks of footnotes and of significance, which are no part of a number."""

_POWER_BEFORE = re.compile(r"(10|m|s|mm|cm|µm|μm|l|L|min)\s*$")
_FOOTNOTE = re.compile(r"\s*\^\{?([a-z*†‡§¶#,\s]{1,4}|\d)\}?(?![\w⁰-⁹-])")


def plain(text: str) -> str:
    """Text with plain spaces, joined subscripts and ``±``; line ends stay.

    Parameters
    ----------
    text : str

    Returns
    -------
    str

    Examples
    --------
    >>> plain("ADC _{stand} (×10 ⁻³ mm ² /s)"), plain("5\u2009\\\\pm\u20091")
    ('ADCstand (×10⁻³ mm²/s)', '5 ± 1')
    """
    text = str(text).translate(_SPACES).translate(_GONE)
    text = text.replace("\\pm", "±").replace("+/-", "±").replace("+-", "±").replace("＜", "<")
    text = re.sub(r"\s*_\{(.*?)\}", r"\1", text)
    text = re.sub(r"\^\{?([-−–+]?\d+)\}?", lambda m: m[1].translate(_RAISED), text)
    text = re.sub(r" +([⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻])", r"\1", text)
    text = re.sub(r"([⁰¹²³⁴⁵⁶⁷⁸⁹]) +/", r"\1/", text)
    return "\n".join(" ".join(line.split()) for line in text.splitlines()).strip()


def raised(before: str, text: str) -> str:
    """A superscript as plain text: a power behind ten or a unit, else a footnote mark behind ``^``.

    Parameters
    ----------
    before : str
        What stands before it.
    text : str
        The superscript.

    Returns
    -------
    str

    Examples
    --------
    >>> raised("×10", "−3"), raised("Age", "a"), raised("0.82", "2")
    ('⁻³', '^{a}', '^{2}')
    """
    inner = text.strip()
    power = re.fullmatch(r"[-−–+]?\d+", inner)
    if power and (inner[0] in "-−–+" or _POWER_BEFORE.search(before)):
        return inner.translate(_RAISED)
    return f"^{{{inner}}}" if inner else ""


def lowered(text: str) -> str:
    """Superscript digits as plain ones: ``10⁻³`` becomes ``10-3``.

    Parameters
    ----------
    text : str

    Returns
    -------
    str
    """
    return text.translate(_LOWERED)


def without_marks(text: str) -> tuple[str, str]:
    """The text and its footnote marks.

    Parameters
    ----------
    text : str

    Returns
    -------
    (str, str)

    Examples
    --------
    >>> without_marks("Mean age ^{a}"), without_marks("Wald†")
    (('Mean age', 'a'), ('Wald', '†'))
    """
    found = "".join(_FOOTNOTE.findall(text)).strip()
    text = _FOOTNOTE.sub("", text).strip()
    bare = text.rstrip(MARKS + " ")
    if len(bare) < 3 and text[len(bare) :].startswith("*"):
        bare += "*"  # D* is the pseudo-diffusion coefficient, no D with a footnote
    return bare, found + text[len(bare) :].strip()


def squeezed(text: str) -> str:
    """A label as it is looked up: no case, no space, no dash, no dot.

    Parameters
    ----------
    text : str

    Returns
    -------
    str

    Examples
    --------
    >>> squeezed("Cut-off values"), squeezed("S.E.")
    ('cutoffvalues', 'se')
    """
    return re.sub(r"[\s\-–—._']", "", text).casefold()


def harmless(text: str) -> str:
    """A label that no spreadsheet takes for a formula and no line break splits.

    Parameters
    ----------
    text : str

    Returns
    -------
    str
    """
    return " ".join(text.split()).lstrip("=+@\t ")[:200]
