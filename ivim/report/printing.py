"""How a number is printed: half up, as the article does, to decimals that are chosen in one place.

Python's own ``round`` and ``format`` go to the even neighbour of the binary number, so that an AUC
of .8755 prints .875; the article prints .876. Every number that a reader sees in a table, a caption
or a comparison passes through here.
"""

import math

from ivim import parameters
from ivim.audit.checks.rounding import to_print

MINUS = "\N{MINUS SIGN}"
MISSING = "\N{EN DASH}"
SMALLEST_P = 1e-4  # the article's own "<0.0001" (Table 3)


def half_up(value: float, decimals: int) -> str:
    """A number rounded half up (half away from zero) to a fixed count of decimals.

    Parameters
    ----------
    value : float
        Not finite values print as an en dash (missing) or an infinity sign.
    decimals : int

    Returns
    -------
    str
        ASCII digits with a hyphen as minus; never "-0.00".

    Examples
    --------
    >>> half_up(0.8755, 3), half_up(0.125, 2), half_up(-2.5, 0), half_up(-0.0001, 2)
    ('0.876', '0.13', '-3', '0.00')
    """
    if value is None or math.isnan(value):
        return MISSING
    if math.isinf(value):
        return "∞" if value > 0 else "-∞"
    return to_print(value, decimals)


def number(value: float, decimals: int) -> str:
    """As :func:`half_up`, with a true minus sign for print.

    Parameters
    ----------
    value : float
    decimals : int

    Returns
    -------
    str
    """
    return half_up(value, decimals).replace("-", MINUS)


def p_value(p: float, decimals: int = 3) -> str:
    """A p-value: three decimals, four below .001, and "<0.0001" under that, as in Table 3 of the
    article.

    Parameters
    ----------
    p : float
    decimals : int, optional

    Returns
    -------
    str

    Examples
    --------
    >>> p_value(0.3954), p_value(0.00058), p_value(2e-8), p_value(0.9996)
    ('0.395', '0.0006', '<0.0001', '>0.999')
    """
    if p is None or math.isnan(p):
        return MISSING
    if p < SMALLEST_P:
        return "<0.0001"
    if half_up(p, decimals) == half_up(1, decimals):
        return ">0." + "9" * decimals if p < 1 else half_up(1, decimals)
    return half_up(p, decimals if p >= 10.0**-decimals else decimals + 1)


def mean_sd(mean: float, sd: float, decimals: int) -> str:
    """Mean and standard deviation, "1.11 ± 0.25"; a missing SD (one patient) is left out.

    Parameters
    ----------
    mean : float
    sd : float
    decimals : int

    Returns
    -------
    str
    """
    return (
        number(mean, decimals)
        if math.isnan(sd)
        else f"{number(mean, decimals)} ± {half_up(sd, decimals)}"
    )


def with_limits(value: float, low: float, high: float, decimals: int) -> str:
    """An estimate and its confidence limits, "0.876 (0.782–0.969)".

    Parameters
    ----------
    value : float
    low : float
    high : float
    decimals : int

    Returns
    -------
    str
    """
    if math.isnan(low) and math.isnan(high):
        return number(value, decimals)
    return f"{number(value, decimals)} ({limits(low, high, decimals)})"


def limits(low: float, high: float, decimals: int) -> str:
    """Confidence limits, "0.782–0.969"; "to" stands between them where one is negative.

    Parameters
    ----------
    low : float
    high : float
    decimals : int

    Returns
    -------
    str
    """
    between = " to " if min(low, high) < 0 else "–"
    return f"{number(low, decimals)}{between}{number(high, decimals)}"


def percent(
    fraction: float, low: float = math.nan, high: float = math.nan, decimals: int = 1
) -> str:
    """A fraction 0-1, with limits if there are any, in per cent without the sign: "80.0
    (66.3–90.0)".

    Parameters
    ----------
    fraction : float
    low : float, optional
    high : float, optional
    decimals : int, optional

    Returns
    -------
    str
    """
    return with_limits(100 * fraction, 100 * low, 100 * high, decimals)


def ratio(value: float) -> str:
    """An odds ratio: three decimals, and the power of ten where three decimals would print nothing
    of it.

    Parameters
    ----------
    value : float

    Returns
    -------
    str
    """
    if math.isfinite(value) and value > 0 and not 0.0005 <= value < 1e5:
        mantissa, exponent = f"{value:.2e}".split("e")
        return f"{mantissa} × 10^{{{int(exponent)}}}".replace("-", MINUS)
    return number(value, 3)


def decimals_of(parameter: str, sd: float) -> int:
    """Decimals of a mean and its SD: two for the article's parameters, else so many that the SD
    shows two digits.

    Parameters
    ----------
    parameter : str
    sd : float

    Returns
    -------
    int
    """
    if parameter in parameters.SIX or not (math.isfinite(sd) and sd > 0):
        return 2
    return min(max(1 - math.floor(math.log10(sd)), 0), 6)


def with_unit(text: str, unit: str) -> str:
    """A printed number with its unit: ``36.50 × 10⁻³ mm²/s``, ``57 years``, or bare.

    Parameters
    ----------
    text : str
        The number as printed.
    unit : str
        Empty for none.

    Returns
    -------
    str
    """
    times = " × " if unit.startswith("10") else " "
    return f"{text}{times}{unit}" if unit else text
