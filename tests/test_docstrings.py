"""Every public function says in its hints and in its docstring what goes in and what comes out."""

import ast
from functools import cache

import pytest

from ivim.files import PACKAGE


class Function:
    """A public function as its source has it: where it stands, its hints, its docstring."""

    def __init__(self, node, place):
        self.node, self.place = node, f"{place}:{node.lineno} {node.name}"
        self.sections = set(_sections(ast.get_docstring(node) or ""))
        given = node.args.posonlyargs + node.args.args + node.args.kwonlyargs
        given += [one for one in (node.args.vararg, node.args.kwarg) if one]
        self.arguments = [one for one in given if one.arg not in ("self", "cls")]

    def missing(self):
        """What it does not say, in words; nothing when all is said."""
        gives = self.node.returns
        if gives is None or any(one.annotation is None for one in self.arguments):
            yield "hints"
        if "Parameters" not in self.sections:
            yield "Parameters"
        silent = isinstance(gives, ast.Constant) and gives.value is None
        if not silent and not self.sections & {"Returns", "Yields"}:
            yield "Returns"


def _sections(text):
    lines = text.splitlines()
    return [
        name for name, rule in zip(lines, lines[1:], strict=False) if rule and not rule.strip("-")
    ]


def _functions(path):
    room = path.relative_to(PACKAGE).as_posix()
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        inside = node.body if isinstance(node, ast.ClassDef) else [node]
        for one in inside:
            named = isinstance(one, ast.FunctionDef) and not one.name.startswith("_")
            if named and not node.name.startswith("_"):
                yield Function(one, room)
