"""The licences of the direct dependencies: docs/dependencies.md says what the installed packages
say."""

import ast
import re
import tomllib
from importlib import metadata

import pytest

from ivim.files import ROOT

PAGE = ROOT / "docs" / "dependencies.md"
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
# Peers that only a benchmark compares with; neither installed by `make` nor part of the lock.
NOT_INSTALLED = "bench"


def declared():
    """Each direct dependency with what it is needed for: the library, or the name of an extra."""
    groups = {"ivim": PROJECT["dependencies"], **PROJECT["optional-dependencies"]}
    groups.pop(NOT_INSTALLED)
    needed = {}
    for group, requirements in groups.items():
        for requirement in requirements:
            needed.setdefault(re.match(r"[\w.-]+", requirement)[0], group)
    return needed


def stated(name):
    """The licence in a package's metadata: its expression, its one line, its classifier, or "a text
    of its own"."""
    about = metadata.metadata(name)
    licence = (about.get("License") or "").strip()
    classifiers = [line.split(" :: ")[-1] for line in about.get_all("Classifier") or []
                   if line.startswith("License :: OSI Approved :: ")]  # fmt: skip
    short = licence if licence and "\n" not in licence else ""
    return (
        about.get("License-Expression") or short or " / ".join(classifiers) or "a text of its own"
    )


def rows():
    """The table of the page: package, needed for, licence."""
    lines = PAGE.read_text(encoding="utf-8").splitlines()
    table = [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in lines
        if line.startswith("|")
    ]
    return table[2:]


def test_the_page_lists_each_direct_dependency_once():
    """The table has every package that pyproject.toml names, in its order, with what it is needed
    for."""
    assert [(name, use) for name, use, _ in rows()] == list(declared().items())


@pytest.mark.parametrize("name", declared())
def test_the_page_says_what_the_package_says(name):
    """The licence in the table is that of the installed package's metadata."""
    try:
        expected = stated(name)
    except metadata.PackageNotFoundError:
        pytest.skip(f"{name} is not installed here")
    assert [licence for package, _, licence in rows() if package == name] == [expected]


def test_pingouin_alone_is_under_the_gpl():
    """The page's statement: of the direct dependencies one is under the GPL, and it is pingouin."""
    assert [name for name, _, licence in rows() if "GPL" in licence.upper()] == ["pingouin"]
    assert "Of the direct dependencies only pingouin is under the GPL" in PAGE.read_text(
        encoding="utf-8"
    )


def importers(package):
    """The modules of ivim that import a package or module, or a part of it."""
    found = []
    for path in sorted((ROOT / "ivim").rglob("*.py")):
        text = path.read_text(encoding="utf-8")
        if package.rpartition(".")[2] not in text:
            continue
        for node in ast.walk(ast.parse(text)):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom):
                names = [node.module or ""]
            if any(f"{name}.".startswith(f"{package}.") for name in names):
                found.append(path.relative_to(ROOT / "ivim").as_posix())
    return found


def test_pingouin_is_used_where_the_page_says():
    """pingouin is imported by one module, that one by four, and the page names their functions."""
    assert importers("pingouin") == ["stats/precision.py"]
    users = ["agreement", "effects", "groups", "posthoc"]
    assert importers("ivim.stats.precision") == [f"stats/{name}.py" for name in users]
    text = PAGE.read_text(encoding="utf-8")
    for name in ("icc", "compare_groups", "anova", "posthoc", "stats.effects.effect_sizes"):
        assert f"`ivim.{name}`" in text
