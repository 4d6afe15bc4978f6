"""What a printed number says about the number behind it: parsing, rounding intervals, printing, and
the outcome of a check.

A printed ``0.85`` stands for every value that rounds to it, the interval [0.845, 0.855]. All checks
of the audit work on
such intervals and are rigorous: the true result lies inside the interval computed, so that a print
outside of it is refuted
and one inside of it is not accused.
"""

import math
import re
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal
from fractions import Fraction
from functools import cached_property
from typing import TypeAlias, cast

from ivim.audit.checks.interval import Interval

RULES = ("any", "half_up", "half_even")
"""How a tie is printed: away from zero, to the even digit, or unknown (``any``: both neighbours are
possible prints).
"""

# Floats carry the dust of their computation; a tie is recognised after rounding to this many
# significant digits.
SIGNIFICANT = 12

_PRINTED = re.compile(
    r"\s*(?P<comparison>[<>=≤≥]?)\s*(?P<number>[-+−–]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)\s*(?P<unit>%?)\s*(?P<marks>[*†‡]*)\s*"
)


@dataclass(frozen=True)
class Outcome:
    """What one check found.

    Attributes
    ----------
    holds : bool or None
        True: the print fits. False: it is refuted, rigorously under the check's stated assumptions.
        None: the check cannot tell.
    low, high : float
        The interval recomputed from the other prints; NaN where a check has none.
    reason : str
        One sentence with the arithmetic.
    """

    holds: bool | None
    low: float
    high: float
    reason: str


Exact: TypeAlias = float | Fraction | Decimal
"""A number without a rounding interval."""


@dataclass(frozen=True)
class Printed:
    """A number as it stands on paper.

    Attributes
    ----------
    text : str
        The string as printed.
    value : Decimal
        Its number, with the printed decimals.
    comparison : str
        ``=``, ``<`` or ``>`` (``≤`` and ``≥`` count as ``<`` and ``>``).
    marks : str
        Stars and daggers behind it.
    cut : bool
        True where further digits were cut off instead of rounded: 0.85 then stands for 0.85 to
        0.86.
    """

    text: str
    value: Decimal
    comparison: str = "="
    marks: str = ""
    cut: bool = False

    @classmethod
    def parse(cls, text: str | int) -> "Printed":
        """Read a string such as ``.782``, ``<0.0001**``, ``> 29.05``, ``80.0`` or ``0.010*``.

        Parameters
        ----------
        text : str or int

        Returns
        -------
        Printed

        Raises
        ------
        ValueError
            When the string is not one number with at most a comparison before and marks behind it.
        """
        match = _PRINTED.fullmatch(str(text))
        if not match:
            msg = (
                f"not a printed number: {str(text)[:60]!r}; write digits with a point, such as "
                "0.85, .782, <0.001* or > 29.05"
            )
            raise ValueError(msg)
        number = Decimal(match["number"].replace("−", "-").replace("–", "-"))
        if len(match["number"]) > 40 or abs(number.adjusted()) > 30:
            msg = (
                f"no printed number: {str(text)[:40]!r} has more digits than any paper prints; "
                "look at the transcription"
            )
            raise ValueError(msg)
        comparison = {"≤": "<", "≥": ">", "": "="}.get(match["comparison"], match["comparison"])
        return cls(str(text), number, comparison, match["marks"])

    @property
    def decimals(self) -> int:
        """Number of printed decimals; negative for a print such as 1e3."""
        return -int(self.value.as_tuple().exponent)

    @cached_property
    def half_unit(self) -> Fraction:
        """Half a unit of the last printed digit, exactly."""
        return Fraction(10) ** -self.decimals / 2

    @cached_property
    def ends(self):
        """Lowest and highest value behind the digits, exactly: half a unit to either side, or a
        whole one outwards where cut.
        """
        value, unit = Fraction(self.value), 2 * self.half_unit
        if not self.cut:
            return value - unit / 2, value + unit / 2
        return (value if value > 0 else value - unit), (value if value < 0 else value + unit)

    @cached_property
    def rounding(self) -> Interval:
        """The values that round to the digits, whatever the comparison before them: a closed
        interval, right for every rule.

        A cut-off printed ``> 29.05`` is a value with a direction; its own rounding interval is
        [29.045, 29.055].
        """
        return Interval(*self.ends)

    @cached_property
    def interval(self) -> Interval:
        """The values that the print stands for: ``<0.0001`` is everything below, otherwise
        :attr:`rounding`.
        """
        if self.comparison == "<":
            return Interval(-math.inf, cast(float, Fraction(self.value)))
        if self.comparison == ">":
            return Interval(cast(float, Fraction(self.value)), math.inf)
        return self.rounding

    def admits(self, value: Exact, rule: str = "any") -> bool:
        """True where ``value`` prints as these digits; see :func:`prints_as`.

        Parameters
        ----------
        value : number
        rule : {"any", "half_up", "half_even"}

        Returns
        -------
        bool
        """
        return prints_as(value, self, rule)


Print: TypeAlias = str | Printed
"""What is printed: a string, or one that is read already."""

Value: TypeAlias = Interval | Print | Exact
"""What stands for an interval; see :func:`as_interval`."""


def parse(text: Print | int) -> Printed:
    """The :class:`Printed` number of a string; one that is already parsed passes through.

    Parameters
    ----------
    text : str, Printed or int

    Returns
    -------
    Printed

    Raises
    ------
    ValueError
        When a string is no printed number.
    """
    return text if isinstance(text, Printed) else Printed.parse(text)


def as_interval(value: Value) -> Interval:
    """The interval a value stands for.

    Parameters
    ----------
    value : Interval, Printed, str or number
        A string is a printed number with its rounding interval; an int, float, Decimal or Fraction
        is exact.

    Returns
    -------
    Interval

    Raises
    ------
    ValueError
        When a string is no printed number.
    """
    if isinstance(value, Interval):
        return value
    if isinstance(value, (str, Printed)):
        return parse(value).interval
    return Interval(cast(float, value), cast(float, value))


def exact(value: Exact) -> Fraction:
    """A number as a Fraction; a float loses its dust beyond 12 significant digits, so that a tie is
    seen as a tie.

    Parameters
    ----------
    value : number

    Returns
    -------
    Fraction
    """
    if isinstance(value, (int, Fraction, Decimal)):
        return Fraction(value)
    number = Decimal(repr(float(value)))
    return Fraction(number if not number else round(number, SIGNIFICANT - 1 - number.adjusted()))


def prints_as(value: Exact, printed: Print, rule: str = "any") -> bool:
    """Whether a number prints as the given digits.

    Parameters
    ----------
    value : number
        int, Fraction and Decimal are exact; a float is taken to 12 significant digits.
    printed : str or Printed
        The digits; after ``<`` or ``>`` the value has to lie on that side.
    rule : {"any", "half_up", "half_even"}
        What happens to a tie. ``any`` accepts both neighbours: software that rounds a binary
        fraction prints either.

    Returns
    -------
    bool

    Raises
    ------
    ValueError
        When the rule is unknown.

    Examples
    --------
    >>> prints_as(0.8755, "0.876", "half_up"), prints_as(0.8745, "0.875", "half_even")
    (True, False)
    """
    _check_rule(rule)
    printed, value = parse(printed), exact(value)
    target, half = Fraction(printed.value), printed.half_unit
    if printed.comparison != "=":
        return value <= target if printed.comparison == "<" else value >= target
    if printed.cut:
        low, high = printed.ends
        return low <= value < high if target > 0 else low < value < high or value == target
    distance = abs(value - target)
    if distance != half or rule == "any":
        return distance <= half
    if rule == "half_even":
        return (target / (2 * half)) % 2 == 0
    return abs(target) > abs(value)  # half up: away from zero


def to_print(value: Exact, decimals: int, rule: str = "half_up") -> str:
    """The string that a number prints as; ties go away from zero or to the even digit.

    Parameters
    ----------
    value : number
    decimals : int
    rule : {"half_up", "half_even"}

    Returns
    -------
    str

    Raises
    ------
    ValueError
        When the rule is unknown.

    Examples
    --------
    >>> to_print(0.8755, 3), to_print(2.5, 0, "half_even")
    ('0.876', '2')
    """
    _check_rule(rule)
    how = ROUND_HALF_EVEN if rule == "half_even" else ROUND_HALF_UP
    number = exact(value)
    # Scaled to whole units of the last digit, where Decimal decides ties on the exact fraction.
    units = number * Fraction(10) ** decimals
    whole = math.floor(units)
    rest = units - whole
    step = Decimal("0.5") if rest == Fraction(1, 2) else Decimal(int(rest > Fraction(1, 2)))
    rounded = (Decimal(whole) + step).quantize(Decimal(1), how)
    return f"{rounded.scaleb(-decimals) + 0:.{max(decimals, 0)}f}"


def compare(interval: Interval, printed: Print | Interval, what: str) -> Outcome:
    """The plainest verdict: does the recomputed interval meet the printed one?

    Parameters
    ----------
    interval : Interval
        What the other prints leave possible.
    printed : str or Printed or Interval
        What is printed.
    what : str
        Where the interval comes from, for the reason.

    Returns
    -------
    Outcome
    """
    text = (
        printed.text
        if isinstance(printed, Printed)
        else printed
        if isinstance(printed, str)
        else f"{show(printed)}"
    )
    holds = interval.overlaps(as_interval(printed))
    reason = f"{what} gives {show(interval)}; printed {text}{'' if holds else ' lies outside'}"
    return Outcome(holds, interval.low, interval.high, reason)


def show(interval: Interval) -> str:
    """An interval in words, with enough digits to see it: ``7.80 to 7.86``.

    Parameters
    ----------
    interval : Interval

    Returns
    -------
    str
    """
    low, high = interval.low, interval.high
    if not (math.isfinite(low) and math.isfinite(high)):
        return (
            f"at least {low:.4g}"
            if math.isfinite(low)
            else f"at most {high:.4g}"
            if math.isfinite(high)
            else "anything"
        )
    size = high - low
    digits = max(1, 1 - math.floor(math.log10(size))) if size > 1e-12 else 6
    tiny = min((abs(end) for end in (low, high) if end), default=1.0) < 0.5 * 10.0**-digits
    return (
        f"{low:.3g} to {high:.3g}"
        if tiny or digits > 6
        else f"{low:.{digits}f} to {high:.{digits}f}"
    )


def cannot_tell(reason: str) -> Outcome:
    """The outcome of a check that has nothing rigorous to say.

    Parameters
    ----------
    reason : str

    Returns
    -------
    Outcome
        ``holds`` is None and the interval NaN.
    """
    return Outcome(None, math.nan, math.nan, reason)


def _check_rule(rule):
    if rule not in RULES:
        msg = f"unknown rounding rule {rule!r}; choose one of {', '.join(RULES)}"
        raise ValueError(msg)
