"""The walls of the house: what a room may import, read off the code."""

import ast

import pytest

import ivim
from ivim.files import ROOT

# Each room with the rooms below it that it may use; nothing imports upwards, nothing in a circle.
FACTS = ("parameters", "files")  # the ground floor without the article
GROUND = (*FACTS, "article", "notebook")
BELOW_REPORT = (*GROUND, "cohort", "stats", "audit")
MAY_USE = {
    "article": (),
    "parameters": (),
    "files": (),
    "notebook": (),
    "cohort_tables": FACTS,
    "cohort": (*FACTS, "article", "cohort_tables"),
    "signal": FACTS,
    "stats": FACTS,
    "audit": (*FACTS, "stats"),
    "imaging": (*FACTS, "signal"),
    "report": BELOW_REPORT,
    "run": (*GROUND, "cohort", "signal"),
    "study": (*BELOW_REPORT, "signal", "imaging", "report", "run"),
    "reconstruct": (*BELOW_REPORT, "signal", "imaging", "report", "study"),
    "synthetic": (*BELOW_REPORT, "signal", "imaging", "report", "study"),
    "cli": (
        *BELOW_REPORT,
        "signal",
        "imaging",
        "report",
        "run",
        "study",
        "reconstruct",
        "synthetic",
    ),
}
MODULES = sorted((ROOT / "ivim").rglob("*.py"))


def _room(path):
    return path.relative_to(ROOT / "ivim").parts[0].removesuffix(".py")


def _imported_rooms(path):
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        if isinstance(node, ast.ImportFrom):
            names = (
                [f"ivim.{alias.name}" for alias in node.names]
                if node.module == "ivim"
                else [node.module or ""]
            )
        inside = (name.split(".")[1] for name in names if name.startswith("ivim."))
        yield from (ivim._HOME.get(name, name).split(".")[0] for name in inside)


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_nothing_imports_upwards(path):
    """A module uses its own room and the rooms below it."""
    room = _room(path)
    if room == "__init__":
        return
    used = set(_imported_rooms(path)) - {room, "__version__"}
    assert used <= set(MAY_USE[room]), (
        f"{room} may use {MAY_USE[room]}, not {used - set(MAY_USE[room])}"
    )


def _modules_imported(path):
    """Modules of the project that a module needs to be loaded; in the report, late imports too."""
    name = path.relative_to(ROOT).with_suffix("").as_posix().replace("/", ".")
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in ast.walk(tree) if name.startswith("ivim.report.") else tree.body:
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("ivim"):
            for alias in node.names:
                inner = f"{node.module}.{alias.name}"
                file = ROOT / (inner.replace(".", "/") + ".py")
                yield name, inner if file.is_file() else node.module
        if isinstance(node, ast.Import):
            yield from ((name, one.name) for one in node.names if one.name.startswith("ivim."))


def test_nothing_imports_in_a_circle():
    """No module comes back to itself along its imports."""
    edges = {}
    for path in MODULES:
        if path.name != "__init__.py":
            for name, other in _modules_imported(path):
                edges.setdefault(name, set()).add(other)
    done, trail = set(), []

    def visit(name):
        assert name not in trail, " -> ".join([*trail[trail.index(name) :], name])
        if name not in done:
            trail.append(name)
            for other in sorted(edges.get(name, ())):
                visit(other)
            done.add(trail.pop())

    for name in sorted(edges):
        visit(name)


def test_public_names_are_there_and_documented():
    """Each name of `ivim.__all__` is found, says what it is, and there are few enough to know them
    all."""
    assert len(ivim.__all__) <= 25
    for name in set(ivim.__all__) - {"__version__"}:
        assert getattr(ivim, name).__doc__, name


def test_an_unknown_name_is_refused_with_the_known_ones():
    """A misspelt function is answered with the list."""
    with pytest.raises(AttributeError, match="no attribute 'fti'; it has .*fit_maps"):
        ivim.fti  # noqa: B018


def test_importing_the_package_loads_nothing_heavy():
    """`import ivim` and `ivim --help` do not wait for seaborn, numba, statsmodels or lmfit."""
    import subprocess
    import sys

    heavy = ("pandas", "numba", "lmfit", "seaborn", "statsmodels", "scipy")
    code = f"import sys, ivim, ivim.cli; print([m for m in {heavy} if m in sys.modules])"
    assert (
        subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True
        ).stdout.strip()
        == "[]"
    )


PUBLIC = [name for name in ivim.__all__ if name not in ("__version__", "report")]


@pytest.mark.parametrize("name", PUBLIC)
def test_public_functions_tell_what_goes_in_and_comes_out(name):
    """numpydoc Parameters and Returns on every function of the public interface."""
    text = getattr(ivim, name).__doc__
    assert "Parameters\n" in text and "Returns\n" in text


@pytest.mark.parametrize("name", [name for name in ivim.report.__all__ if name != "FORMATS"])
def test_the_door_for_notebooks_carries_types(name):
    """Every function of `ivim.report` has types and numpydoc sections."""
    import inspect

    function = getattr(ivim.report, name)
    found = inspect.signature(function)
    assert found.return_annotation is not inspect.Signature.empty
    assert all(one.annotation is not one.empty for one in found.parameters.values())
    assert "Parameters\n" in function.__doc__ and "Returns\n" in function.__doc__
