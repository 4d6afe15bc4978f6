"""The mutator of `make mutants`: what it changes, what it leaves, and that it tells caught from
survived."""

import ast
import sys

import pytest

from ivim.files import ROOT

# A process that is started for a change loads the tool by its name.
sys.path.append(str(ROOT / "tools"))
import mutants  # noqa: E402


def changes(source):
    """Each change of a line of code, as code."""
    return [
        mutants.changed_source(source, at)
        for at, _ in enumerate(mutants.changes(ast.parse(source)))
    ]


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("a < b", ["a <= b"]),
        ("a == b is not c", ["a != b is not c", "a == b is c"]),
        ("a and b", ["a or b"]),
        ("a + b", ["a - b"]),
        ("not a", ["a"]),
        ("x = 2", ["x = 3", "x = 1"]),
        ("x = 0.5", ["x = 1.5", "x = -0.5"]),
        ("x: int = True", []),
        ("'text'", []),
        ("def f(a: Literal[1]) -> Literal[2]: ...", []),
        ("f'{a:.3f}'", []),
    ],
)
def test_what_is_changed(source, expected):
    """Comparisons, constants, and/or, plus/minus and not are changed; types, texts and truths are
    left."""
    assert changes(source) == expected


def test_each_change_is_undone():
    """After all changes have been tried the module is what it was."""
    source = (ROOT / "ivim" / "stats" / "separation.py").read_text(encoding="utf-8")
    tree = ast.parse(source)
    assert sum(1 for _ in mutants.changes(tree)) > 10
    assert ast.unparse(tree) == ast.unparse(ast.parse(source))


def test_an_unknown_change_is_refused():
    """A number beyond the last change is no change."""
    with pytest.raises(ValueError, match="change 1 is not among those of the module"):
        mutants.changed_source("a < b", 1)


def test_what_makes_no_difference_is_still_there():
    """Each listed change without effect is one that the mutator makes today, and has its reason."""
    for (path, text, change), reason in mutants.excused().items():
        met = {(one["text"], one["change"]) for one in mutants.mutants(ROOT / path)} | {("*", "*")}
        assert (text, change) in met and reason, (path, text, change)


def test_caught_and_survived(tmp_path, monkeypatch):
    """A change that a test notices is caught, one that none notices survives, and the module is put
    back."""
    source = "def f(x):\n    return x > 0, x * 1 + 0\n"
    project, tests = tmp_path / "project", ["tests/test_f.py"]
    (project / "tests").mkdir(parents=True)
    (project / "f.py").write_text(source)
    (project / "tests" / "test_f.py").write_text(
        "from f import f\n\n\ndef test_f():\n    assert f(0) == (False, 0)\n"
    )
    monkeypatch.setattr(mutants, "ROOT", project)
    monkeypatch.setattr(mutants, "LIBRARIES", ["pytest"])
    wanted = {"x > 0 -> x >= 0": "caught", "x * 1 + 0 -> x * 1 - 0": "survived"}
    for one in mutants.mutants(project / "f.py"):
        if one["change"] in wanted:
            assert mutants.verdict(one, tests, project, 60, {}) == wanted.pop(one["change"])
    assert not wanted and (project / "f.py").read_text() == source
