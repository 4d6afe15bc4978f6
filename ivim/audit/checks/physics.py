"""Printed signal equations: does an equation start at S₀, decay and have the right units?

An equation is a restricted expression string such as ``S0 * ((1 - f) * exp(-b * D) + f * exp(-b *
Dstar))``: names, numbers,
``+ - * / **`` and ``exp``. It is parsed, never run as code.
"""

import math
from dataclasses import dataclass
from fractions import Fraction
from itertools import product

import numpy as np

from ivim.audit.checks.expressions import (
    UnitError,
    evaluate,
    names,
    parse_expression,
    unit_of,
    value_of,
)
from ivim.audit.checks.rounding import Outcome, cannot_tell


@dataclass(frozen=True)
class Equation:
    """A printed equation for the signal.

    Attributes
    ----------
    expression : str
        The right-hand side.
    ranges : dict of str to (float, float)
        Physical range of each parameter, in units that match b.
    units : dict of str to int
        Power of mm²/s in each parameter's unit, -1 for b; absent names are pure numbers.
    b, s0, signal : str
        Names of the b-value, of the signal without diffusion weighting, and of the left-hand side.

    Raises
    ------
    ValueError
        On an expression that is not such a formula, or a parameter without a range.
    """

    expression: str
    ranges: dict
    units: dict
    b: str = "b"
    s0: str = "S0"
    signal: str = "Sb"

    def __post_init__(self):
        missing = sorted(names(self.expression) - set(self.ranges) - {self.b, self.s0})
        if missing:
            msg = (
                f"parameter {missing[0]!r} of {self.expression!r} has no physical range; add it "
                "to ranges"
            )
            raise ValueError(msg)


def check_at_zero(equation: Equation) -> Outcome:
    """Is the signal S₀ at b = 0, for every value of the parameters?

    Parameters
    ----------
    equation : Equation

    Returns
    -------
    Outcome
        ``low`` and ``high``: the range of S(0)/S₀ met on a grid over the parameters' ranges.
    """
    ratios = [_signal(equation, values, np.zeros(1))[0] for values in _grid(equation)]
    holds = bool(np.allclose(ratios, 1, rtol=1e-9))
    low, high = float(min(ratios)), float(max(ratios))
    met = "1" if holds else f"{low:.3g} to {high:.3g}" if low != high else f"{low:.3g}"
    return Outcome(
        holds, low, high, f"S(b = 0)/S0 is {met} over the parameters' ranges; it has to be 1"
    )


def check_unweighted(equation: Equation, symbol: str) -> Outcome:
    """Can ``symbol`` be the signal without diffusion weighting, as a text defines it?

    Parameters
    ----------
    equation : Equation
    symbol : str
        The symbol that the text gives this meaning.

    Returns
    -------
    Outcome
        False for the left-hand side of an equation that changes with b. ``low`` and ``high``: the
        range of S(b)/S(0) at b > 0.
    """
    if symbol not in (equation.signal, equation.s0):
        return cannot_tell(f"{symbol} is neither side of the equation")
    if symbol == equation.s0:
        return check_at_zero(equation)
    ends = [
        float(np.divide(*_signal(equation, values, np.array([1000.0, 0.0]))))
        for values in _grid(equation)
    ]
    low, high = min(ends), max(ends)
    holds = bool(np.allclose(ends, 1, rtol=1e-9))
    return Outcome(
        holds,
        low,
        high,
        f"{symbol} changes with b: at b = 1000 it is {low:.3g} to {high:.3g} of its value at b = 0",
    )


def check_decay(equation: Equation, largest_b: float = 2000.0) -> Outcome:
    """Is the signal positive and falling with b, for every value of the parameters?

    One rise on the grid refutes the equation; that it falls everywhere is seen on the grid only.

    Parameters
    ----------
    equation : Equation
    largest_b : float
        In s/mm².

    Returns
    -------
    Outcome
        ``low`` and ``high``: the range of S(largest b)/S(0).
    """
    b = np.linspace(0.0, largest_b, 81)
    signals = np.array([_signal(equation, values, b) for values in _grid(equation)])
    with np.errstate(invalid="ignore"):
        rises = ~(np.diff(signals, axis=1) <= 1e-12 * np.abs(signals[:, :1]))
        ends = signals[:, -1] / signals[:, 0]
    holds = bool(np.all(signals >= 0) and not rises.any() and np.any(ends < 1))
    reason = (
        f"S({largest_b:g})/S(0) is {ends.min():.3g} to {ends.max():.3g}; a diffusion signal is "
        "positive and falls with b"
    )
    return Outcome(holds, float(ends.min()), float(ends.max()), reason)


def check_dimensions(equation: Equation) -> Outcome:
    """Are all exponents and sums free of conflicting units?

    What stands in ``exp`` and above a power has to be a pure number; a sum adds like to like. A
    power whose exponent is a
    parameter has to have a pure number as its base (otherwise the unit of the result would vary
    with the parameter).

    Parameters
    ----------
    equation : Equation

    Returns
    -------
    Outcome
        Without interval.
    """
    units = {equation.b: Fraction(-1), equation.s0: Fraction(0)} | {
        name: Fraction(power) for name, power in equation.units.items()
    }
    try:
        unit_of(parse_expression(equation.expression).body, units)
    except UnitError as error:
        return Outcome(False, math.nan, math.nan, str(error))
    return Outcome(
        True, math.nan, math.nan, "every exponent is a pure number and every sum adds like to like"
    )


def check_identifiable(equation: Equation, largest_b: float = 1500.0, count: int = 16) -> Outcome:
    """Can the parameters be told apart from the signal at all?

    The Jacobian of the signal with respect to the parameters has to have full column rank
    somewhere; two parameters that
    only enter as a product never do.

    Parameters
    ----------
    equation : Equation
    largest_b : float
        In s/mm².
    count : int
        Number of b-values.

    Returns
    -------
    Outcome
        ``low`` = ``high`` = the rank found.
    """
    free = sorted(names(equation.expression) - {equation.b})
    b, ranks = largest_b * np.linspace(1 / count, 1.0, count) ** 2, []
    for values in _grid(equation):
        jacobian = np.column_stack(
            [_log_derivative(equation, {equation.s0: 1.0, **values}, name, b) for name in free]
        )
        jacobian = jacobian[
            np.isfinite(jacobian).all(axis=1)
        ]  # a signal that has underflowed says nothing
        if len(jacobian) >= len(free):
            scale = np.linalg.norm(jacobian, axis=0)
            ranks.append(
                int(np.linalg.matrix_rank(jacobian / np.where(scale > 0, scale, 1), tol=1e-9))
            )
    if not ranks:
        return cannot_tell("the signal vanishes before its derivatives can be told apart")
    rank = max(ranks)
    unused = sorted(set(equation.ranges) - set(free))
    holds = rank == len(free) and not unused
    absent = f"; {', '.join(unused)} does not appear" if unused else ""
    return Outcome(
        holds, rank, rank, f"{len(free)} parameters, of which the signal fixes {rank}{absent}"
    )


def check_equation(equation: Equation) -> dict[str, Outcome]:
    """All checks of one equation.

    Parameters
    ----------
    equation : Equation

    Returns
    -------
    dict of str to Outcome
        ``at_zero, decay, dimensions, identifiable``.
    """
    return {
        "at_zero": check_at_zero(equation),
        "decay": check_decay(equation),
        "dimensions": check_dimensions(equation),
        "identifiable": check_identifiable(equation),
    }


def _grid(equation, points=4):
    """Parameter values over the ranges' insides; ends are left out, where a parameter may lose its
    meaning.
    """
    axes = {
        name: np.linspace(*limits, points + 2)[1:-1] for name, limits in equation.ranges.items()
    }
    return [dict(zip(axes, map(float, values), strict=True)) for values in product(*axes.values())]


def _signal(equation, values, b):
    signal = evaluate(equation.expression, **{equation.b: b, equation.s0: 1.0}, **values)
    return np.broadcast_to(signal, b.shape)


def _log_derivative(equation, point, name, b):
    """Derivative of ln S by the logarithm of one parameter, by a complex step.

    Exact to rounding (Squire & Trapp 1998, *SIAM Rev* 40:110). Relative to the signal at each b, so
    that an exploding signal does not drown the rest.
    """
    stepped = {**point, name: point[name] * (1 + 1e-30j), equation.b: b}
    with np.errstate(all="ignore"):
        signal = np.broadcast_to(
            value_of(parse_expression(equation.expression).body, stepped), b.shape
        )
        return signal.imag / 1e-30 / signal.real
