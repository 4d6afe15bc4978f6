"""What a cell holds: its numbers as printed, and the pattern that they stand in."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from ivim.audit.reading.text import MARKS, plain

_DIGITS = r"(?:\d{1,12}(?:[.,·]\d{1,12})?|[.,·]\d{1,12})(?:[eE][-−+]?\d{1,2})?"
_NUMBER = rf"[<>≤≥=]?\s?[-−–+]?{_DIGITS}\s?%?[{re.escape(MARKS)}]*"
_GAP = r"\s*(?:[-–—−~～,;]|to|and|\.\.\.)\s*"
_SAID = r"\s*[:=,]?\s*"
_PATTERNS = {
    "a": rf"({_NUMBER})",
    "a ± b": rf"({_NUMBER})\s*±\s*({_NUMBER})",
    "a ± b (c-d)": rf"({_NUMBER})\s*±\s*({_NUMBER})\s*[(\[]\s*({_NUMBER}){_GAP}({_NUMBER})\s*[)\]]",
    "a (b/c)": rf"({_NUMBER})\s*[(\[]\s*({_NUMBER})\s*/\s*({_NUMBER})\s*[)\]]",
    "a/b (c)": rf"({_NUMBER})\s*/\s*({_NUMBER})\s*[(\[]\s*({_NUMBER})\s*[)\]]",
    "a (b)": rf"({_NUMBER})\s*[(\[]\s*({_NUMBER})\s*[)\]]",
    "a (b-c)": rf"({_NUMBER})\s*[(\[]\s*({_NUMBER}){_GAP}({_NUMBER})\s*[)\]]",
    "a-b": rf"[(\[]?\s*({_NUMBER}){_GAP}({_NUMBER})\s*[)\]]?",
    "a/b": rf"({_NUMBER})\s*/\s*({_NUMBER})",
    "a (SD b)": rf"({_NUMBER})\s*[(\[]\s*s\.?d\.?{_SAID}({_NUMBER})\s*[)\]]",
    "a (SE b)": rf"({_NUMBER})\s*[(\[]\s*s\.?e\.?(?:m\.?)?{_SAID}({_NUMBER})\s*[)\]]",
    "a (IQR b-c)": rf"({_NUMBER})\s*[(\[]\s*iqr{_SAID}({_NUMBER}){_GAP}({_NUMBER})\s*[)\]]",
    "a (range b-c)": rf"({_NUMBER})\s*[(\[]\s*range{_SAID}({_NUMBER}){_GAP}({_NUMBER})\s*[)\]]",
}
_COMPILED = {name: re.compile(pattern, re.IGNORECASE) for name, pattern in _PATTERNS.items()}
_SPREAD = re.compile(rf"[(\[]\s*(±\s*{_NUMBER})\s*[)\]]")
_CI = re.compile(r"95\s*%\s*(?:ci|c\.i\.)\s*[:,=]?\s*", re.IGNORECASE)
_NOTHING = re.compile(
    r"[-–—−/.]*|n\.?\s?/?a\.?|nd|nr|not (available|reported|printed|applicable)", re.IGNORECASE
)
_REFERENCE = re.compile(r"(1(\.0+)?\s*)?[(\[]?\s*ref(erence|\.)?\s*[)\]]?", re.IGNORECASE)
_NOT_SIGNIFICANT = re.compile(r"n\.?\s?s\.?", re.IGNORECASE)
_TRAILING = re.compile(rf"(?<=[)\]])\s*[{re.escape(MARKS)}]+$")
_SUPERSCRIPT = re.compile(r"\s*\^\{[^}]*\}|(?<=\S)[ᵃᵇᶜᵈᵉᶠᵍʰ]+(?=\s|$)")


@dataclass(frozen=True)
class Value:
    """What a cell holds.

    Attributes
    ----------
    pattern : str
        ``a``, ``a ± b``, ``a (b)``, ``a (b-c)`` ...; ``nothing`` for a dash or NA, ``words`` for
        anything else.
    numbers : tuple of str
        As printed, with a decimal point and a plain minus.
    """

    pattern: str
    numbers: tuple = ()

    @property
    def holds_numbers(self) -> bool:
        """True where there is something to audit."""
        return bool(self.numbers)


def read_value(text: str, comma: bool = False) -> Value:
    """The value of a cell.

    Parameters
    ----------
    text : str
    comma : bool
        Whether a comma is the decimal mark; else commas between groups of three digits are left
        out.

    Returns
    -------
    Value

    Examples
    --------
    >>> read_value("0.876 (0.782~0.969)"), read_value("<0.0001**").numbers
    (Value(pattern='a (b-c)', numbers=('0.876', '0.782', '0.969')), ('<0.0001**',))
    """
    text = _TRAILING.sub("", _SUPERSCRIPT.sub("", plain(text)).strip())
    if _REFERENCE.fullmatch(text) and "ref" in text.lower():
        return Value("words")
    if _NOTHING.fullmatch(text):
        return Value("nothing")
    if _NOT_SIGNIFICANT.fullmatch(text):
        return Value("a", ("NS",))
    text = _SPREAD.sub(r"\1", _CI.sub("", text))
    if not comma:
        text = re.sub(r"(?<=\d),(?=\d{3}(?:\D|$))", "", text)
        decimal = re.search(r"\d,\d", text) and not re.search(
            r"[(\[]\s*[^()\[\]]*\d,\d[^()\[\]]*[)\]]", text
        )
        if decimal:
            return Value("words")
    for name, pattern in _COMPILED.items():
        if match := pattern.fullmatch(text):
            return Value(name, tuple(_printed(number, comma) for number in match.groups()))
    return Value("words")


def uses_commas(texts: Iterable[str]) -> bool | None:
    """Whether a comma is the decimal mark of a table.

    Parameters
    ----------
    texts : iterable of str

    Returns
    -------
    bool or None
        None where it cannot be told.

    Examples
    --------
    >>> uses_commas(["0,85 ± 0,12"]), uses_commas(["1,234", "0.5"]), uses_commas(["1,234"])
    (True, False, None)
    """
    joined = "\n".join(texts)
    if re.search(r"\d\.\d", joined):
        return False
    # A comma inside brackets may part two limits; one of a number that stands first cannot.
    if re.search(r"(?m)^[<>]?\s?\d+,(?:\d{1,2}|\d{4,})\s*(?:$|±|[(\[])", joined):
        return True
    if re.search(r"(?m)^[<>]?\s?0,\d", joined):
        return True
    return None if re.search(r"\d,\d", joined) else False


def _printed(number, comma):
    number = re.sub(r"\s+(?=%)", "", number).replace("−", "-").replace("–", "-").replace("·", ".")
    number = number.strip().rstrip("✓✗ ")
    return number.replace(",", ".") if comma else number
