"""Units as papers write them, turned into a kind of quantity and a factor."""

import re
from functools import lru_cache

_SUPERSCRIPTS = str.maketrans("⁻⁺⁰¹²³⁴⁵⁶⁷⁸⁹−–", "-+0123456789--")
_POWER = re.compile(r"^(?:[×x*·]\s*)?10\s*\^?\s*\(?([-+]?\d+)\)?\s*[×x*·]?\s*(?=\D)")
# A unit of area per time, of length, of time, of mass: the base unit with its factor.
_LENGTHS = {"m": 1e3, "cm": 10.0, "mm": 1.0, "µm": 1e-3, "nm": 1e-6}
_TIMES = {"s": 1.0, "sec": 1.0, "ms": 1e-3, "min": 60.0, "h": 3600.0}


@lru_cache(maxsize=1024)
def read_unit(text: str) -> tuple[str, float]:
    """Kind of quantity and factor to its base unit.

    Parameters
    ----------
    text : str
        Such as ``10⁻³ mm²/s``, ``x10^-3 mm2/s``, ``µm²/ms``, ``cm``.

    Returns
    -------
    tuple of (str, float)
        Kind and factor; an unknown unit is a kind of its own.

    Examples
    --------
    >>> read_unit("µm²/s")[0] == read_unit("10^-3 mm2/s")[0]
    True
    """
    plain = text.translate(_SUPERSCRIPTS).replace("μ", "µ").strip()
    factor = 1.0
    if match := _POWER.match(plain):
        exponent = int(match[1])
        if abs(exponent) > 30:
            return plain, 1.0
        factor, plain = 10.0**exponent, plain[match.end() :].strip()
    plain = plain.replace("^", "").replace(" ", "").replace("micron", "µm")
    plain = re.sub(r"^u(?=m)", "µ", plain)
    numerator, _, denominator = plain.partition("/")
    denominator = denominator or ("s" if numerator.endswith("s-1") else "")
    numerator = numerator.removesuffix("s-1") if numerator.endswith("s-1") else numerator
    if numerator.removesuffix("2") in _LENGTHS and numerator.endswith("2"):
        square = _LENGTHS[numerator.removesuffix("2")] ** 2
        if not denominator:
            return "area", factor * square
        if denominator in _TIMES:
            return "diffusivity", factor * square / _TIMES[denominator]
    if numerator in _LENGTHS and not denominator:
        return "length", factor * _LENGTHS[numerator]
    if numerator in _TIMES and not denominator:
        return "time", factor * _TIMES[numerator]
    return re.sub(r"^(year|yr|y)s?(old)?$", "years", plain), factor


def unit_factor(unit: str, other: str) -> float | None:
    """What a number in ``unit`` is multiplied with to be in ``other``.

    Parameters
    ----------
    unit, other : str

    Returns
    -------
    float or None
        None where the two cannot be compared; 1 where they are the same string.

    Examples
    --------
    >>> unit_factor("mm²/s", "10⁻³ mm²/s"), unit_factor("mm", "years") is None
    (1000.0, True)
    """
    if unit.strip() == other.strip():
        return 1.0
    (kind, factor), (wanted, divisor) = read_unit(unit), read_unit(other)
    if kind != wanted or "" in (unit.strip(), other.strip()):
        return None
    return float(f"{factor / divisor:.12g}")
