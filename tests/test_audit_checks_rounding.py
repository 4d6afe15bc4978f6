"""Printed numbers, rounding intervals and interval arithmetic."""

import itertools
import math
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest

from ivim.audit.checks.interval import Interval
from ivim.audit.checks.rounding import (
    Printed,
    as_interval,
    compare,
    parse,
    prints_as,
    show,
    to_print,
)


@pytest.mark.parametrize(
    ("text", "value", "decimals", "comparison", "marks"),
    [
        (".782", "0.782", 3, "=", ""),
        ("<0.0001**", "0.0001", 4, "<", "**"),
        ("> 29.05", "29.05", 2, ">", ""),
        ("80.0", "80.0", 1, "=", ""),
        ("0.010*", "0.010", 3, "=", "*"),
        ("−1.017", "-1.017", 3, "=", ""),
        ("≥ 3", "3", 0, ">", ""),
        ("94.0%", "94.0", 1, "=", ""),
    ],
)
def test_parse(text, value, decimals, comparison, marks):
    """Digits, decimals, comparison and marks are read from the strings a table prints."""
    printed = Printed.parse(text)
    assert (printed.value, printed.decimals, printed.comparison, printed.marks) == (
        Decimal(value),
        decimals,
        comparison,
        marks,
    )


@pytest.mark.parametrize("text", ["", "n.s.", "0.7-0.9", "1,5", "12 ± 3"])
def test_parse_refuses(text):
    """What is not one number is refused with the string met."""
    with pytest.raises(ValueError, match="not a printed number"):
        parse(text)


def test_interval_of_a_print_is_exact():
    """The float ends enclose the decimal rounding interval and miss it by at most one unit in the
    last place.
    """
    for text in (".782", "0.1", "33.87", "-6.296"):
        printed, interval = parse(text), as_interval(text)
        low, high = (
            Fraction(printed.value) - printed.half_unit,
            Fraction(printed.value) + printed.half_unit,
        )
        assert Fraction(interval.low) <= low <= Fraction(math.nextafter(interval.low, math.inf))
        assert Fraction(math.nextafter(interval.high, -math.inf)) <= high <= Fraction(interval.high)


def test_comparison_is_one_sided_but_a_cutoff_has_its_own_rounding():
    """``<0.0001`` is everything below; the value of a cut-off ``> 29.05`` is rounded like any
    other.
    """
    assert as_interval("<0.0001") == Interval(-math.inf, Fraction(1, 10000))
    assert as_interval("> 29.05").high == math.inf
    assert parse("> 29.05").rounding == as_interval("29.05")


@pytest.mark.parametrize(
    ("value", "printed", "any_rule", "half_up", "half_even"),
    [
        (0.8755, "0.876", True, True, True),
        (0.8745, "0.875", True, True, False),
        (0.8745, "0.874", True, False, True),
        (-2.5, "-3", True, True, False),
        (-2.5, "-2", True, False, True),
        (Fraction(107, 40), "2.67", True, False, False),
        (Fraction(107, 40), "2.68", True, True, True),
        (0.87549, "0.876", False, False, False),
        (0.1 + 0.2, "0.3", True, True, True),
        (2.56e-8, "<0.0001", True, True, True),
    ],
)
def test_prints_as(value, printed, any_rule, half_up, half_even):
    """Ties go by the rule, everything else by distance."""
    assert [prints_as(value, printed, rule) for rule in ("any", "half_up", "half_even")] == [
        any_rule,
        half_up,
        half_even,
    ]


@pytest.mark.parametrize("rule", ["half_up", "half_even"])
def test_printing_and_prints_as_agree(rule):
    """Every thousandth of a unit prints as itself and as no neighbour, under both rules, either
    sign.
    """
    for thousandths in range(-2600, 2601, 25):
        value = Fraction(thousandths, 1000)
        text = to_print(value, 1, rule)
        assert prints_as(value, text, rule)
        assert not any(
            prints_as(value, str(Decimal(text) + Decimal(step)), rule) for step in ("0.1", "-0.1")
        )


def test_prints_as_refuses_an_unknown_rule():
    """A rounding rule that does not exist is named."""
    with pytest.raises(ValueError, match="unknown rounding rule 'up'"):
        prints_as(1.0, "1.0", "up")


def test_arithmetic_encloses_every_combination():
    """Sums, differences, products and quotients of points of two intervals lie in the result, which
    is tight at the corners.
    """
    a, b = Interval(-1.3, 2.1), Interval(0.4, 1.7)
    points = list(itertools.product(np.linspace(a.low, a.high, 41), np.linspace(b.low, b.high, 41)))
    for result, values in [
        (a + b, [x + y for x, y in points]),
        (a - b, [x - y for x, y in points]),
        (a * b, [x * y for x, y in points]),
        (a / b, [x / y for x, y in points]),
    ]:
        assert result.low <= min(values) and max(values) <= result.high
        np.testing.assert_allclose(
            [result.low, result.high], [min(values), max(values)], rtol=1e-12
        )


def test_functions_enclose():
    """Square, root, exponential and logarithm enclose their values; a square is never negative."""
    assert Interval(-2, 1).square().low == 0
    np.testing.assert_allclose(
        [Interval(-2, 1).square().high, Interval(4, 9).sqrt().low, Interval(4, 9).sqrt().high],
        [4, 2, 3],
    )
    image = Interval(-6.1855, -6.1845).exp()
    assert math.exp(-6.1855) in image and math.exp(-6.1845) in image and image.width < 2.1e-6
    assert Interval(0, 1).log() == Interval(-math.inf, Interval(0, 1).log().high)


def test_dividing_by_an_interval_with_zero_says_less_never_wrong():
    """Where the divisor may be zero the quotient is unbounded, and still above what is certain."""
    assert Interval(1, 2) / Interval(-1, 1) == Interval(-math.inf, math.inf)
    quotient = Interval(1, 2) / Interval(0, 4)
    assert quotient.high == math.inf and quotient.low == pytest.approx(0.25)


def test_interval_refuses_wrong_ends():
    """An interval with ends in the wrong order, or a NaN, is refused."""
    with pytest.raises(ValueError, match="needs low <= high"):
        Interval(2, 1)
    with pytest.raises(ValueError, match="needs low <= high"):
        Interval(math.nan, 1)
    with pytest.raises(TypeError, match="read printed strings with as_interval"):
        Interval(0, 1).overlaps("0.5")


def test_compare_tells_the_arithmetic():
    """The outcome holds where the intervals meet, and its reason shows both."""
    assert compare(Interval(7.8, 7.86), "7.82", "t").holds
    assert compare(
        Interval(7.8249, 7.86), "7.82", "t"
    ).holds  # the print is an interval, not a point
    outcome = compare(Interval(7.8, 7.86), ".782", "the t of Table 3")
    assert outcome.holds is False
    assert outcome.reason == "the t of Table 3 gives 7.800 to 7.860; printed .782 lies outside"
    assert show(Interval(-math.inf, 0.291)) == "at most 0.291"
