"""Intervals of real numbers with outward rounding: no floating-point error can accuse anyone.

Interval arithmetic as in Moore, Kearfott & Cloud, *Introduction to Interval Analysis* (SIAM 2009).
The four operations and the
square root are correctly rounded by the processor (IEEE 754), so one step outwards encloses them;
other functions are widened
by a stated relative error.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import TypeAlias, cast

Real: TypeAlias = float | Fraction | Decimal
Operand: TypeAlias = "Interval | Real"


@dataclass(frozen=True)
class Interval:
    """A closed interval of real numbers whose arithmetic rounds outwards.

    Each operation encloses every result of its operands *taken as independent*; an expression in
    which each variable stands
    once is therefore exact up to one unit in the last place, one in which a variable stands twice
    may be too wide, never too
    narrow.

    Examples
    --------
    >>> Interval(1, 2) * Interval(-1, 3)
    Interval(low=-2.0000000000000004, high=6.000000000000001)
    >>> 0.5 in Interval(0, 1)
    True
    """

    low: float
    high: float

    def __post_init__(self):
        if isinstance(self.low, str) or isinstance(self.high, str):
            msg = (
                f"an interval has numbers as its ends, met {self.low!r} and {self.high!r}; read "
                "printed strings with as_interval"
            )
            raise TypeError(msg)
        if not self.low <= self.high:
            msg = (
                f"an interval needs low <= high, met {self.low!r} and {self.high!r}; swap the "
                "ends or look for a NaN"
            )
            raise ValueError(msg)
        object.__setattr__(self, "low", _float(self.low, down=True))
        object.__setattr__(self, "high", _float(self.high, down=False))

    @property
    def middle(self) -> float:
        """The centre of the interval."""
        return 0.5 * (self.low + self.high)

    @property
    def width(self) -> float:
        """The length of the interval."""
        return self.high - self.low

    def __contains__(self, value: Real) -> bool:
        return self.low <= value <= self.high

    def contains(self, other: Operand) -> bool:
        """True where every point of ``other`` lies in this interval.

        Parameters
        ----------
        other : Interval or number

        Returns
        -------
        bool
        """
        other = _operand(other)
        return self.low <= other.low and other.high <= self.high

    def overlaps(self, other: Operand) -> bool:
        """True where this interval and ``other`` share a point.

        Parameters
        ----------
        other : Interval or number

        Returns
        -------
        bool
        """
        other = _operand(other)
        return self.low <= other.high and other.low <= self.high

    def intersect(self, other: Operand) -> "Interval | None":
        """The common part.

        Parameters
        ----------
        other : Interval or number

        Returns
        -------
        Interval or None
            None where there is none.
        """
        other = _operand(other)
        return (
            Interval(max(self.low, other.low), min(self.high, other.high))
            if self.overlaps(other)
            else None
        )

    def hull(self, other: Operand) -> "Interval":
        """The smallest interval that holds both.

        Parameters
        ----------
        other : Interval or number

        Returns
        -------
        Interval
        """
        other = _operand(other)
        return Interval(min(self.low, other.low), max(self.high, other.high))

    def widen(self, relative: float = 0.0, absolute: float = 0.0) -> "Interval":
        """The interval with each end moved outwards.

        Parameters
        ----------
        relative, absolute : float
            By this part of the end's size, plus this.

        Returns
        -------
        Interval
        """
        return _outward(
            self.low - relative * abs(self.low) - absolute,
            self.high + relative * abs(self.high) + absolute,
        )

    def __neg__(self) -> "Interval":
        return Interval(-self.high, -self.low)

    def __abs__(self) -> "Interval":
        return (
            self
            if self.low >= 0
            else -self
            if self.high <= 0
            else Interval(0.0, max(-self.low, self.high))
        )

    def __add__(self, other: Operand) -> "Interval":
        other = _operand(other)
        return _outward(self.low + other.low, self.high + other.high)

    def __sub__(self, other: Operand) -> "Interval":
        return self + -_operand(other)

    def __mul__(self, other: Operand) -> "Interval":
        other = _operand(other)
        ends = [_product(a, b) for a in (self.low, self.high) for b in (other.low, other.high)]
        return _outward(min(ends), max(ends))

    def __truediv__(self, other: Operand) -> "Interval":
        other = _operand(other)
        if 0 in other:  # the quotient is unbounded on one or both sides; saying less is rigorous
            return self._over_half_line(other)
        ends = [_quotient(a, b) for a in (self.low, self.high) for b in (other.low, other.high)]
        return _outward(min(ends), max(ends))

    def _over_half_line(self, other):
        if other.low == 0 < other.high and self.low >= 0:
            return _outward(_quotient(self.low, other.high), math.inf)
        if other.low == 0 < other.high and self.high <= 0:
            return _outward(-math.inf, _quotient(self.high, other.high))
        return Interval(-math.inf, math.inf)

    def __radd__(self, other: Operand) -> "Interval":
        return self + other

    def __rmul__(self, other: Operand) -> "Interval":
        return self * other

    def __rsub__(self, other: Operand) -> "Interval":
        return _operand(other) - self

    def __rtruediv__(self, other: Operand) -> "Interval":
        return _operand(other) / self

    def square(self) -> "Interval":
        """The interval of x², never negative (x times x would take the factors as independent)."""
        size = abs(self)
        return Interval(
            max(0.0, math.nextafter(size.low**2, -math.inf)), math.nextafter(size.high**2, math.inf)
        )

    def sqrt(self) -> "Interval":
        """The interval of √x over the part of the interval that is not negative.

        Raises
        ------
        ValueError
            When the whole interval is negative.
        """
        if self.high < 0:
            msg = (
                f"the square root of a negative interval is empty, met {self.low:g} to "
                f"{self.high:g}; check the sign first"
            )
            raise ValueError(msg)
        root = _outward(math.sqrt(max(0.0, self.low)), math.sqrt(self.high))
        return Interval(max(0.0, root.low), root.high)

    def increasing(self, function: Callable[[float], float], relative: float = 1e-10) -> "Interval":
        """The image under an increasing function.

        Parameters
        ----------
        function : callable
        relative : float
            The image is widened by it, for the error of the computation.

        Returns
        -------
        Interval
        """
        return Interval(function(self.low), function(self.high)).widen(relative)

    def decreasing(self, function: Callable[[float], float], relative: float = 1e-10) -> "Interval":
        """The image under a decreasing function.

        Parameters
        ----------
        function : callable
        relative : float
            The image is widened by it, for the error of the computation.

        Returns
        -------
        Interval
        """
        return Interval(function(self.high), function(self.low)).widen(relative)

    def exp(self) -> "Interval":
        """The interval of eˣ."""
        image = self.increasing(lambda x: math.exp(x) if x < 709 else math.inf, relative=1e-14)
        return Interval(max(0.0, image.low), image.high)

    def log(self) -> "Interval":
        """The interval of ln x; −∞ where the interval reaches zero."""
        return self.increasing(lambda x: math.log(x) if x > 0 else -math.inf, relative=1e-14)


def _operand(value: Operand) -> Interval:
    if isinstance(value, Interval):
        return value
    return Interval(cast(float, value), cast(float, value))  # exact ends round outwards there


def _float(value, down):
    """The nearest float on the outer side of an exact value."""
    if type(value) is float:
        return value
    number = float(value)
    if (
        isinstance(value, (Fraction, Decimal))
        and math.isfinite(number)
        and Fraction(number) != Fraction(value)
    ):
        inside = Fraction(number) > Fraction(value) if down else Fraction(number) < Fraction(value)
        return math.nextafter(number, -math.inf if down else math.inf) if inside else number
    return number


def _outward(low, high):
    return Interval(math.nextafter(low, -math.inf), math.nextafter(high, math.inf))


def _product(a, b):
    return 0.0 if a == 0 or b == 0 else a * b


def _quotient(a, b):
    return 0.0 if math.isinf(b) else a / b
