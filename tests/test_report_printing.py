"""Print rounding: half up, missing values, p-values, odds ratios."""

import math

import pytest

from ivim.report import printing


@pytest.mark.parametrize(
    ("value", "decimals", "text"),
    [
        (0.8755, 3, "0.876"),  # Table 5: 875.5 of 1000 pairs
        (0.875499999999999, 3, "0.876"),  # the same with the dust of its computation
        (0.8754, 3, "0.875"),
        (0.125, 2, "0.13"),
        (0.135, 2, "0.14"),
        (2.5, 0, "3"),
        (-2.5, 0, "-3"),
        (-0.125, 2, "-0.13"),
        (-0.0001, 2, "0.00"),
        (0.0, 3, "0.000"),
        (1e-12, 3, "0.000"),
        (12345.675, 2, "12345.68"),
        (math.nan, 2, "–"),
        (math.inf, 2, "∞"),
        (-math.inf, 2, "-∞"),
    ],
)
def test_half_up(value, decimals, text):
    """A tie goes away from zero, in decimal arithmetic, and zero has no sign."""
    assert printing.half_up(value, decimals) == text


def test_half_up_differs_from_python():
    """The reason for the module: Python prints the even or binary neighbour."""
    assert (f"{0.8755:.3f}", f"{0.125:.2f}") == ("0.875", "0.12")


@pytest.mark.parametrize(
    ("p", "text"),
    [
        (0.39549, "0.395"),
        (0.0499, "0.050"),
        (0.001, "0.001"),
        (0.00058, "0.0006"),
        (0.000104, "0.0001"),
        (1e-4, "0.0001"),
        (0.00009999, "<0.0001"),
        (2.6e-8, "<0.0001"),
        (0.0, "<0.0001"),
        (0.9994, "0.999"),
        (0.9996, ">0.999"),
        (1.0, "1.000"),
        (math.nan, "–"),
    ],
)
def test_p_value(p, text):
    """Three decimals, four below .001, and never "0.000"."""
    assert printing.p_value(p) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [(1.265, "1.265"), (1.84e-5, "1.84 × 10^{−5}"), (3.2e7, "3.20 × 10^{7}"), (0.0, "0.000")],
)
def test_odds_ratio(value, text):
    """An odds ratio too small or too large for three decimals is printed with its power of ten."""
    assert printing.ratio(value) == text


def test_limits_of_a_negative_interval_are_joined_by_a_word():
    """ "−0.20–−0.10" cannot be read; "−0.20 to −0.10" can."""
    assert printing.limits(-0.2, -0.1, 2) == "−0.20 to −0.10"
    assert printing.limits(0.1, 0.2, 2) == "0.10–0.20"


def test_mean_and_sd_of_one_patient():
    """One patient has a mean and no SD."""
    assert printing.mean_sd(1.115, math.nan, 2) == "1.12"
    assert printing.mean_sd(-1.115, 0.25, 2) == "−1.12 ± 0.25"


@pytest.mark.parametrize(
    ("name", "sd", "decimals"),
    [
        ("adc_fast", 7.82, 2),
        ("own", 146.2, 0),
        ("own", 0.0123, 3),
        ("own", 0.0, 2),
        ("own", math.nan, 2),
    ],
)
def test_decimals(name, sd, decimals):
    """The article's parameters have two decimals; an own column shows two digits of its SD."""
    assert printing.decimals_of(name, sd) == decimals


def test_percent_of_a_fraction():
    """Fractions become percentages in one place."""
    assert printing.percent(0.8, 0.6628, 0.8997) == "80.0 (66.3–90.0)"


@pytest.mark.parametrize(
    ("unit", "printed"),
    [("10⁻³ mm²/s", "36.50 × 10⁻³ mm²/s"), ("mm²/s", "36.50 mm²/s"), ("", "36.50")],
)
def test_a_unit_that_is_a_power_of_ten_is_a_factor(unit, printed):
    """A number stands beside its unit as it is read aloud: times ten to the minus three."""
    assert printing.with_unit("36.50", unit) == printed
