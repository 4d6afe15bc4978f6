"""Signal equations and scan protocols."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from ivim.audit.checks.expressions import evaluate, names
from ivim.audit.checks.physics import (
    Equation,
    check_at_zero,
    check_decay,
    check_dimensions,
    check_equation,
    check_identifiable,
    check_unweighted,
)
from ivim.audit.checks.scan import check_scan_time, repetitions, scan_time

DIFFUSIVITY = (0.1e-3, 3e-3)
RANGES = {
    "D": DIFFUSIVITY,
    "Dstar": (5e-3, 60e-3),
    "f": (0.0, 1.0),
    "a": (0.0, 1.0),
    "K": (0.0, 2.0),
}
UNITS = {"D": 1, "Dstar": 1}


def equation(expression):
    """An equation with the physical ranges of just the parameters it names."""
    return Equation(
        expression, {name: RANGES[name] for name in names(expression) & set(RANGES)}, UNITS
    )


CORRECT = [
    "S0 * exp(-b * D)",
    "S0 * ((1 - f) * exp(-b * D) + f * exp(-b * Dstar))",
    "S0 * exp(-(b * D)**a)",
    "S0 * (1 - f + f * exp(-b * Dstar)) * exp(-b * D)",
]


@pytest.mark.parametrize("expression", CORRECT)
def test_correct_equations_pass_everything(expression):
    """Mono-exponential, both bi-exponential conventions and the stretched exponential hold in all
    four checks.
    """
    assert [outcome.holds for outcome in check_equation(equation(expression)).values()] == [
        True
    ] * 4


@pytest.mark.parametrize(
    ("expression", "refuted"),
    [
        ("S0 * ((1 - f) * exp(-b * D) + exp(-b * Dstar))", {"at_zero"}),
        ("S0 * ((1 - f) * exp(-b * D) + f * exp(b * Dstar))", {"decay"}),
        ("S0 * ((1 - f) * exp(-b * D) + exp(b * Dstar))", {"at_zero", "decay"}),
        ("S0 * exp(-b * D**a)", {"dimensions", "identifiable"}),
        ("S0 * exp(-b * D * a)", {"identifiable"}),
        ("S0 * exp(-b * D)**a", {"identifiable"}),
        ("S0 * exp(-b)", {"dimensions"}),
        ("S0 * (1 + D) * exp(-b * D)", {"at_zero", "dimensions"}),
        ("S0 * (1 - f)", {"at_zero", "decay", "identifiable"}),
    ],
)
def test_each_misprint_is_seen_by_the_right_check(expression, refuted):
    """A lost f, a lost minus sign, an exponent outside: each is refuted by the checks that concern
    it, by no other.
    """
    assert {
        name
        for name, outcome in check_equation(equation(expression)).items()
        if outcome.holds is False
    } == refuted


def test_at_zero_shows_the_excess():
    """Without its f the bi-exponential begins at (2 - f) S0."""
    outcome = check_at_zero(equation("S0 * ((1 - f) * exp(-b * D) + exp(-b * Dstar))"))
    assert 1 < outcome.low < outcome.high < 2


def test_decay_shows_the_growth():
    """Without its minus sign the signal at b = 2000 exceeds the first many times over."""
    assert check_decay(equation("S0 * exp(b * D)")).high > 10


def test_dimension_reason_names_the_unit():
    """The reason of a refused exponent names its unit."""
    assert (
        check_dimensions(equation("S0 * exp(-b * b * D)")).reason
        == "the exponent -b * b * D is in s/mm²; it has to be a pure number"
    )
    assert check_dimensions(equation("S0 * exp(-(b * D)**2)")).holds
    assert check_dimensions(equation("S0 * exp(-b**2 * D**2)")).holds


def test_parameter_that_never_appears():
    """A parameter that the text defines but the equation lacks is missed."""
    outcome = check_identifiable(
        Equation("S0 * exp(-b * D)", {"D": DIFFUSIVITY, "a": (0, 1)}, UNITS)
    )
    assert outcome.holds is False and "a does not appear" in outcome.reason


def test_unweighted_signal():
    """S0 can be the signal without a gradient, the left-hand side cannot; another symbol cannot be
    told.
    """
    mono = equation("S0 * exp(-b * D)")
    assert check_unweighted(mono, "S0").holds and check_unweighted(mono, "Sb").holds is False
    assert check_unweighted(mono, "M").holds is None


def test_evaluate_is_arithmetic():
    """An expression is computed as written, for numbers and arrays."""
    b = np.array([0.0, 500.0])
    assert_allclose(
        evaluate("S0 * exp(-(b*D)**a)", S0=2.0, b=b, D=1e-3, a=0.7),
        2 * np.exp(-((b * 1e-3) ** 0.7)),
        rtol=1e-14,
    )
    assert evaluate("-(2 + 3) / 4 - +1", b=0) == pytest.approx(-2.25)


@pytest.mark.parametrize(
    "text",
    [
        "__import__('os')",
        "S0.real",
        "exp(b, 2)",
        "lambda: 1",
        "[b]",
        "sin(b)",
        "b if b else 1",
        "True",
    ],
)
def test_expressions_are_no_code(text):
    """Anything but names, numbers, arithmetic and exp is refused."""
    with pytest.raises(ValueError, match="is not allowed in"):
        names(text)


def test_bad_equations_are_refused():
    """A syntax error, a missing value and a missing range are named."""
    with pytest.raises(ValueError, match="not an expression: 'S0 \\*'"):
        names("S0 *")
    with pytest.raises(ValueError, match="no value for 'D'"):
        evaluate("exp(-b * D)", b=1.0)
    with pytest.raises(ValueError, match="parameter 'D' of .* has no physical range"):
        Equation("S0 * exp(-b * D)", {}, {})


def test_repetitions_and_scan_time():
    """b = 0 counts once per average, every other b once per average and direction."""
    assert repetitions((0, 500, 1000), (2, 1, 4), 3) == 2 + 3 * 5
    assert scan_time(2.5, (0, 500, 1000), (2, 1, 4), 3, extra=2) == 47.5
    with pytest.raises(ValueError, match="3 b-values and 2 averages"):
        repetitions((0, 500, 1000), (2, 1), 3)


@pytest.mark.parametrize("directions", [1, 3, 6])
def test_scan_time_finds_the_directions(directions):
    """A printed time made from a number of directions is traced to it; one that fits none is left
    open.
    """
    b, averages = (0, 100, 800), (1, 3, 5)
    outcome = check_scan_time(f"{scan_time(4.0, b, averages, directions):g}", 4.0, b, averages)
    assert outcome.holds and outcome.reason.startswith(f"{directions} directions make")
    assert check_scan_time("63", 4.0, b, averages, directions=(directions,)).holds is None
