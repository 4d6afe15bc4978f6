"""Printed signal equations and scan protocols: does an equation start at S₀, decay and have the
right units; do the seconds add up?

An equation is a restricted expression string such as ``S0 * ((1 - f) * exp(-b * D) + f * exp(-b *
Dstar))``: names, numbers,
``+ - * / **`` and ``exp``. It is parsed, never run as code.
"""

import ast
import math
import operator
from dataclasses import dataclass
from fractions import Fraction
from itertools import product

import numpy as np

from ivim.audit.checks.rounding import Outcome, cannot_tell, parse

_OPERATIONS = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Pow: operator.pow,
}
_SIGNS = {ast.UAdd: operator.pos, ast.USub: operator.neg}


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


def names(expression):
    """The names in an expression, ``exp`` aside; set of str."""
    return {node.id for node in ast.walk(_parse(expression)) if isinstance(node, ast.Name)} - {
        "exp"
    }


def evaluate(expression, **values):
    """The value of an expression, element by element for arrays.

    Examples
    --------
    >>> evaluate("S0 * exp(-b * D)", S0=100.0, b=0.0, D=1e-3)
    100.0
    """
    unknown = sorted(names(expression) - set(values))
    if unknown:
        msg = (
            f"no value for {unknown[0]!r} in {expression!r}; given are {', '.join(sorted(values))}"
        )
        raise ValueError(msg)
    try:
        with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
            result = _value(_parse(expression).body, values)
    except (OverflowError, ZeroDivisionError) as error:
        msg = f"{expression!r} has no value ({error}); look at its powers and quotients"
        raise ValueError(msg) from error
    if np.iscomplexobj(result):
        msg = f"{expression!r} is no real number; look at the roots in it"
        raise ValueError(msg)
    return result if np.ndim(result) else float(result)


def check_at_zero(equation):
    """Is the signal S₀ at b = 0, for every value of the parameters?

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


def check_unweighted(equation, symbol):
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


def check_decay(equation, largest_b=2000.0):
    """Is the signal positive and falling with b, for every value of the parameters?

    One rise on the grid refutes the equation; that it falls everywhere is seen on the grid only.

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


def check_dimensions(equation):
    """Are all exponents and sums free of conflicting units?

    What stands in ``exp`` and above a power has to be a pure number; a sum adds like to like. A
    power whose exponent is a
    parameter has to have a pure number as its base (otherwise the unit of the result would vary
    with the parameter).

    Returns
    -------
    Outcome
        Without interval.
    """
    units = {equation.b: Fraction(-1), equation.s0: Fraction(0)} | {
        name: Fraction(power) for name, power in equation.units.items()
    }
    try:
        _unit(_parse(equation.expression).body, units)
    except _UnitError as error:
        return Outcome(False, math.nan, math.nan, str(error))
    return Outcome(
        True, math.nan, math.nan, "every exponent is a pure number and every sum adds like to like"
    )


def check_identifiable(equation, largest_b=1500.0, count=16):
    """Can the parameters be told apart from the signal at all?

    The Jacobian of the signal with respect to the parameters has to have full column rank
    somewhere; two parameters that
    only enter as a product never do.

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


def check_equation(equation):
    """All checks of one equation.

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


def repetitions(b_values, averages, directions):
    """Number of repetitions of a diffusion scan: each b > 0 once per average and direction, b = 0
    once per average.
    """
    if len(b_values) != len(averages):
        msg = f"{len(b_values)} b-values and {len(averages)} averages; give one average per b-value"
        raise ValueError(msg)
    return sum(
        count * (directions if b > 0 else 1) for b, count in zip(b_values, averages, strict=True)
    )


def scan_time(repetition_time, b_values, averages, directions, extra=0):
    """Seconds of a single-shot diffusion scan, one repetition per shot.

    Parameters
    ----------
    repetition_time : float
        TR in s.
    b_values, averages : sequence
        b in s/mm² and the averages of each.
    directions : int
        Diffusion directions per b > 0.
    extra : int
        Preparatory repetitions.

    Returns
    -------
    float

    Examples
    --------
    >>> scan_time(3.0, (0, 20, 50, 100, 150, 200, 400, 800, 1200, 1500), (2, 2, 2, 1, 1, 1, 2, 4, 6, 8), directions=3, extra=1)
    252.0
    """  # noqa: E501
    return repetition_time * (repetitions(b_values, averages, directions) + extra)


def check_scan_time(
    seconds, repetition_time, b_values, averages, directions=(1, 2, 3, 4, 6, 12), most_extra=4
):
    """Does the printed scan time fit TR, b-values and averages for a usual number of directions?

    Parameters
    ----------
    seconds : str or Printed
        Printed scan time in s.
    repetition_time : number
        TR in s; a setting, so exact.
    b_values, averages : sequence
    directions : sequence of int
        Numbers of directions to try.
    most_extra : int
        Preparatory repetitions allowed for (dummy shots, a reference scan).

    Returns
    -------
    Outcome
        ``low`` = ``high`` = the time with the first number of directions that fits, fewest extra
        repetitions first. None where none fits, since slice groups, triggering or calibration may
        add time.
    """
    shown = parse(seconds).rounding
    for count in directions:
        shots = repetitions(b_values, averages, count)
        for extra in range(most_extra + 1):
            time = float(repetition_time * (shots + extra))
            if time in shown:
                reason = (
                    f"{count} directions make {shots} "
                    f"repetitions{f' and {extra} more' if extra else ''}: {time:g} s"
                )
                return Outcome(True, time, time, reason)
    tried = ", ".join(map(str, directions))
    return cannot_tell(
        f"none of {tried} directions makes {parse(seconds).text} s with up to {most_extra} extra "
        "repetitions"
    )


class _UnitError(ValueError):
    pass


def _parse(expression):
    try:
        tree = ast.parse(expression, mode="eval")
    except (SyntaxError, RecursionError, MemoryError, ValueError) as error:
        told = getattr(error, "msg", "") or "too deep"
        msg = f"not an expression: {expression[:80]!r} ({told}); write it as in S0 * exp(-b * D)"
        raise ValueError(msg) from error
    called = {id(node.func) for node in ast.walk(tree.body) if isinstance(node, ast.Call)}
    for node in ast.walk(tree.body):
        _check_node(node, expression)
        if isinstance(node, ast.Name) and node.id == "exp" and id(node) not in called:
            msg = f"exp stands without an argument in {expression!r}; write exp(...)"
            raise ValueError(msg)
    return tree


def _check_node(node, expression):
    allowed = (ast.BinOp, ast.UnaryOp, ast.Name, ast.Load, *_OPERATIONS, *_SIGNS)
    call = (
        isinstance(node, ast.Call)
        and ast.unparse(node.func) == "exp"
        and len(node.args) == 1
        and not node.keywords
    )
    number = (
        isinstance(node, ast.Constant)
        and isinstance(node.value, (int, float))
        and not isinstance(node.value, bool)
    )
    if not (call or number or isinstance(node, allowed)):
        msg = (
            f"{type(node).__name__} is not allowed in {expression!r}; names, numbers, + - * / ** "
            "and exp(...) are"
        )
        raise ValueError(msg)


def _value(node, values):
    if isinstance(node, ast.Constant):
        return float(node.value)
    if isinstance(node, ast.Name):
        return values[node.id]
    if isinstance(node, ast.UnaryOp):
        return _SIGNS[type(node.op)](_value(node.operand, values))
    if isinstance(node, ast.Call):
        return np.exp(_value(node.args[0], values))
    return _OPERATIONS[type(node.op)](_value(node.left, values), _value(node.right, values))


def _unit(node, units):
    """Power of mm²/s of a sub-expression."""
    if isinstance(node, ast.Constant):
        return Fraction(0)
    if isinstance(node, ast.Name):
        return units.get(node.id, Fraction(0))
    if isinstance(node, ast.UnaryOp):
        return _unit(node.operand, units)
    if isinstance(node, ast.Call):
        return _pure(node.args[0], units, "the exponent")
    left, text = _unit(node.left, units), ast.unparse(node)
    if isinstance(node.op, ast.Pow):
        return _power_unit(node, left, units)
    right = _unit(node.right, units)
    if isinstance(node.op, (ast.Add, ast.Sub)):
        if left != right:
            msg = f"{text} adds a quantity in {_name(left)} to one in {_name(right)}"
            raise _UnitError(msg)
        return left
    return left + right if isinstance(node.op, ast.Mult) else left - right


def _power_unit(node, base, units):
    _pure(node.right, units, "the power")
    if base == 0:
        return base
    if not names(ast.unparse(node.right)):
        return base * Fraction(_value(node.right, {})).limit_denominator(1000)
    msg = (
        f"{ast.unparse(node)} raises a quantity in {_name(base)} to a variable power, so its unit "
        "would vary"
    )
    raise _UnitError(msg)


def _pure(node, units, what):
    power = _unit(node, units)
    if power != 0:
        msg = f"{what} {ast.unparse(node)} is in {_name(power)}; it has to be a pure number"
        raise _UnitError(msg)
    return Fraction(0)


def _name(power):
    return (
        "pure numbers"
        if power == 0
        else "mm²/s"
        if power == 1
        else "s/mm²"
        if power == -1
        else f"(mm²/s)^{power}"
    )


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
        signal = np.broadcast_to(_value(_parse(equation.expression).body, stepped), b.shape)
        return signal.imag / 1e-30 / signal.real
