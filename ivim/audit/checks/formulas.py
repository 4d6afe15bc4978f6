"""What a refuted signal equation must have meant: the nearest formula that passes every check of
:mod:`ivim.audit.checks.physics`.
"""

import ast
from collections.abc import Mapping
from dataclasses import replace
from itertools import combinations
from typing import Any

import numpy as np

from ivim.audit.checks.expressions import names
from ivim.audit.checks.physics import (
    Equation,
    check_at_zero,
    check_decay,
    check_dimensions,
    check_identifiable,
)

_CHECKS = (check_dimensions, check_at_zero, check_decay, check_identifiable)  # the quick ones first


def mend(equation: Equation, most_edits: int = 3) -> str | None:
    """The formula with the fewest edits that starts at S₀, decays, has the right units and lets its
    parameters be told apart.

    An edit turns the sign of an exponent, weights a term of a sum by a parameter without unit, or
    lifts the argument of an
    exponential to a parameter that stands in it as a factor or a power.

    Parameters
    ----------
    equation : Equation
        A formula that fails a check.
    most_edits : int

    Returns
    -------
    str or None
        None where no formula within reach passes.

    Examples
    --------
    >>> mend(Equation("S0 * exp(b * D)", {"D": (1e-4, 4e-3)}, {"D": 1}))
    'S0 * exp(-b * D)'
    """
    edits = list(_edits(equation))
    for count in range(1, most_edits + 1):
        for chosen in combinations(edits, count):
            if (text := _applied(equation.expression, chosen)) and _passes(equation, text):
                return text
    return None


def equation_of(expression: str, facts: Mapping[str, Any]) -> Equation:
    """An :class:`~ivim.audit.checks.physics.Equation` from its printed expression.

    Parameters
    ----------
    expression : str
    facts : mapping
        The ``ranges`` and ``units`` of a structure file.

    Returns
    -------
    Equation

    Raises
    ------
    ValueError
        When the expression is not such a formula, or a parameter has no range.
    """
    return Equation(
        expression,
        {name: tuple(ends) for name, ends in facts["ranges"].items()},
        dict(facts.get("units", {})),
    )


def _passes(equation, text):
    if names(text) - {equation.b, equation.s0} != set(equation.ranges):
        return False
    candidate = replace(equation, expression=text)
    with np.errstate(over="ignore"):  # a rising exponential overflows before it is refused
        return all(check(candidate).holds for check in _CHECKS)


def _edits(equation):
    """Every edit as (kind, position of the node in a walk of the tree, parameter)."""
    pure = [name for name in equation.ranges if not equation.units.get(name)]
    for position, node in enumerate(ast.walk(ast.parse(equation.expression, mode="eval"))):
        if isinstance(node, ast.Call):
            yield ("sign", position, "")
            inside = {name.id for name in ast.walk(node.args[0]) if isinstance(name, ast.Name)}
            yield from (("power", position, name) for name in pure if name in inside)
        elif isinstance(node, ast.BinOp) and isinstance(node.op, (ast.Add, ast.Sub)):
            yield from (
                (f"weight {side}", position, name) for side in ("left", "right") for name in pure
            )


def _applied(expression, chosen):
    tree = ast.parse(expression, mode="eval")
    nodes = list(ast.walk(tree))
    for kind, position, name in chosen:
        node = nodes[position]
        if kind == "sign":
            node.args[0] = _negated(node.args[0])
        elif kind == "power":
            node.args[0] = _lifted(node.args[0], name)
        else:
            side = kind.split()[1]
            setattr(node, side, ast.BinOp(ast.Name(name), ast.Mult(), getattr(node, side)))
    return ast.unparse(ast.fix_missing_locations(tree))


def _negated(node):
    """-x for x and x for -x; the sign of a product stands before its first factor."""
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        return node.operand
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult):
        return ast.BinOp(_negated(node.left), ast.Mult(), node.right)
    return ast.UnaryOp(ast.USub(), node)


def _lifted(node, name):
    """-(x ** name) for an argument -x in which ``name`` stood as a factor or a power."""
    bare = _Without(name).visit(node)
    negative = ast.unparse(bare).startswith("-")
    power = ast.BinOp(_negated(bare) if negative else bare, ast.Pow(), ast.Name(name))
    return ast.UnaryOp(ast.USub(), power) if negative else power


class _Without(ast.NodeTransformer):
    """Takes a parameter out of products and powers."""

    def __init__(self, name):
        self.name = name

    def visit_BinOp(self, node):  # noqa: N802
        self.generic_visit(node)
        if (
            isinstance(node.op, (ast.Mult, ast.Pow))
            and isinstance(node.right, ast.Name)
            and node.right.id == self.name
        ):
            return node.left
        if (
            isinstance(node.op, ast.Mult)
            and isinstance(node.left, ast.Name)
            and node.left.id == self.name
        ):
            return node.right
        return node
