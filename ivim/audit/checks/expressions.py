"""Restricted expressions: names, numbers, ``+ - * / **`` and ``exp``; parsed, never run as code."""

import ast
import operator
from collections.abc import Callable, Mapping
from fractions import Fraction
from functools import lru_cache
from typing import Any, cast

import numpy as np
from numpy.typing import ArrayLike, NDArray

OPERATIONS: dict[type[ast.AST], Callable] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Pow: operator.pow,
}


SIGNS: dict[type[ast.AST], Callable] = {ast.UAdd: operator.pos, ast.USub: operator.neg}


def names(expression: str) -> set[str]:
    """The names in an expression, ``exp`` aside.

    Parameters
    ----------
    expression : str

    Returns
    -------
    set of str

    Raises
    ------
    ValueError
        When it is not such an expression.
    """
    return {
        node.id for node in ast.walk(parse_expression(expression)) if isinstance(node, ast.Name)
    } - {"exp"}


def evaluate(expression: str, **values: ArrayLike) -> float | NDArray:
    """The value of an expression, element by element for arrays.

    Parameters
    ----------
    expression : str
    **values : float or array
        By name.

    Returns
    -------
    float or array

    Raises
    ------
    ValueError
        When a name has no value, or the result is no real number.

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
            result = value_of(parse_expression(expression).body, values)
    except (OverflowError, ZeroDivisionError) as error:
        msg = f"{expression!r} has no value ({error}); look at its powers and quotients"
        raise ValueError(msg) from error
    if np.iscomplexobj(result):
        msg = f"{expression!r} is no real number; look at the roots in it"
        raise ValueError(msg)
    return result if np.ndim(result) else float(result)


class UnitError(ValueError):
    pass


# The same few equations are evaluated thousands of times; nobody changes a tree.
@lru_cache(maxsize=256)
def parse_expression(expression: str) -> ast.Expression:
    """The tree of an expression, in which nothing but what is allowed stands.

    Parameters
    ----------
    expression : str

    Returns
    -------
    ast.Expression

    Raises
    ------
    ValueError
        When it is not such an expression.
    """
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
    allowed = (ast.BinOp, ast.UnaryOp, ast.Name, ast.Load, *OPERATIONS, *SIGNS)
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


def value_of(node: ast.expr, values: Mapping[str, Any]) -> Any:
    """The value of a sub-expression.

    Parameters
    ----------
    node : ast.expr
        Of a tree by :func:`parse_expression`.
    values : mapping of str to (number or array)
        Complex where a derivative is taken by a complex step.

    Returns
    -------
    number or array
    """
    if isinstance(node, ast.Constant):
        return float(cast(float, node.value))
    if isinstance(node, ast.Name):
        return values[node.id]
    if isinstance(node, ast.UnaryOp):
        return SIGNS[type(node.op)](value_of(node.operand, values))
    if isinstance(node, ast.Call):
        return np.exp(value_of(node.args[0], values))
    sides = cast(ast.BinOp, node)  # nothing else is left of what parse_expression lets through
    return OPERATIONS[type(sides.op)](value_of(sides.left, values), value_of(sides.right, values))


def unit_of(node: ast.expr, units: Mapping[str, Fraction]) -> Fraction:
    """Power of mm²/s of a sub-expression.

    Parameters
    ----------
    node : ast.expr
        Of a tree by :func:`parse_expression`.
    units : mapping of str to Fraction
        Power of mm²/s of each name; others are pure numbers.

    Returns
    -------
    Fraction

    Raises
    ------
    UnitError
        When an exponent is no pure number, or a sum adds unlike to unlike.
    """
    if isinstance(node, ast.Constant):
        return Fraction(0)
    if isinstance(node, ast.Name):
        return units.get(node.id, Fraction(0))
    if isinstance(node, ast.UnaryOp):
        return unit_of(node.operand, units)
    if isinstance(node, ast.Call):
        return _pure(node.args[0], units, "the exponent")
    node = cast(ast.BinOp, node)
    left, text = unit_of(node.left, units), ast.unparse(node)
    if isinstance(node.op, ast.Pow):
        return _power_unit(node, left, units)
    right = unit_of(node.right, units)
    if isinstance(node.op, (ast.Add, ast.Sub)):
        if left != right:
            msg = f"{text} adds a quantity in {_name(left)} to one in {_name(right)}"
            raise UnitError(msg)
        return left
    return left + right if isinstance(node.op, ast.Mult) else left - right


def _power_unit(node, base, units):
    _pure(node.right, units, "the power")
    if base == 0:
        return base
    if not names(ast.unparse(node.right)):
        return base * Fraction(value_of(node.right, {})).limit_denominator(1000)
    msg = (
        f"{ast.unparse(node)} raises a quantity in {_name(base)} to a variable power, so its unit "
        "would vary"
    )
    raise UnitError(msg)


def _pure(node, units, what):
    power = unit_of(node, units)
    if power != 0:
        msg = f"{what} {ast.unparse(node)} is in {_name(power)}; it has to be a pure number"
        raise UnitError(msg)
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
