"""Every public function tells in hints and docstring what goes in and what comes out.

Public is a function, or a method of a class, at the top of a module, when neither its name nor that
of its class begins with an underscore. Counted are those that take an argument beside `self`. Such
a function is told when each argument and what it gives are annotated, and its docstring has the
numpydoc sections Parameters and, unless it gives None, Returns or Yields.
"""

import ast

import pytest

from ivim.files import PACKAGE

TOLD = {
    "article": 1.0,
    "cli": 1.0,
    "cohort": 1.0,
    "cohort_tables": 1.0,
    "notebook": 1.0,
    "parameters": 1.0,
    "reconstruct": 1.0,
    "run": 1.0,
    "signal": 1.0,
    "stats": 1.0,
    "study": 1.0,
    "synthetic": 1.0,
    "audit": 1.0,
    "files": 1.0,
    "imaging": 1.0,
    "report": 1.0,
}
"""Least share by room; below 1 it is what a room had when it was last looked at."""


def _room(path):
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def _functions(path):
    """Public functions of a module with the arguments that are counted."""
    for top in ast.parse(path.read_text(encoding="utf-8")).body:
        for node in top.body if isinstance(top, ast.ClassDef) else [top]:
            named = isinstance(node, ast.FunctionDef) and not node.name.startswith("_")
            if named and not top.name.startswith("_") and (taken := _arguments(node)):
                yield node, taken


def _arguments(node):
    own = node.args.posonlyargs + node.args.args + node.args.kwonlyargs
    rest = [one for one in (node.args.vararg, node.args.kwarg) if one]
    return [one for one in (*own, *rest) if one.arg not in ("self", "cls")]


def _untold(node, taken):
    """What a function does not tell."""
    lines = (ast.get_docstring(node) or "").split("\n")
    sections = {
        name for name, rule in zip(lines, lines[1:], strict=False) if set(rule.strip()) == {"-"}
    }
    gives_nothing = isinstance(node.returns, ast.Constant) and node.returns.value is None
    if node.returns is None or any(one.annotation is None for one in taken):
        yield "hints"
    if "Parameters" not in sections:
        yield "Parameters"
    if not gives_nothing and not sections & {"Returns", "Yields"}:
        yield "Returns"


ROOMS = {}
for _path in sorted(PACKAGE.rglob("*.py")):
    ROOMS.setdefault(_room(_path), []).append(_path)


def _counted(room):
    """How many functions are counted in a room, and what is untold of which."""
    found = [(path, *one) for path in ROOMS[room] for one in _functions(path)]
    untold = [
        f"{path.relative_to(PACKAGE)}:{node.lineno} {node.name}: {', '.join(missing)}"
        for path, node, taken in found
        if (missing := list(_untold(node, taken)))
    ]
    return len(found), untold


@pytest.mark.parametrize("room", TOLD)
def test_public_functions_tell_what_goes_in_and_comes_out(room):
    """Of a finished room every public function with an argument is told, of another so many."""
    counted, untold = _counted(room)
    assert counted - len(untold) >= TOLD[room] * counted, "\n".join(untold)


def test_every_room_is_counted():
    """No room of the package is left out of the count; the package's own module has none."""
    assert set(ROOMS) - {"__init__"} == set(TOLD)
    assert _counted("__init__") == (0, [])


@pytest.mark.parametrize(
    ("signature", "text", "missing"),
    [
        ("(x: int) -> None", "F.\n\n    Parameters\n    ----------\n    x : int", []),
        ("(x: int) -> None", "F.", ["Parameters"]),
        ("(x)", "F.", ["hints", "Parameters", "Returns"]),
        ("(*x, y: int) -> int", "F.\n\n    Returns\n    -------\n    int", ["hints", "Parameters"]),
    ],
)
def test_what_is_missing_is_seen(signature, text, missing):
    """A hint, a section or both that are not there are named."""
    node = ast.parse(f'def f{signature}:\n    """{text}\n    """').body[0]
    assert list(_untold(node, _arguments(node))) == missing
