"""The doors to the environment agree: pyproject.toml, requirements.lock, environment.yml, Makefile,
.ci/run."""

import re
import sys
import tomllib
from pathlib import Path

import pytest

from ivim.files import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
LOCK = (ROOT / "requirements.lock").read_text(encoding="utf-8")
EXTRAS = {
    name: wanted for name, wanted in PROJECT["optional-dependencies"].items() if name != "bench"
}  # peers are not locked
DIRECT = [
    *PROJECT["dependencies"],
    *(requirement for wanted in EXTRAS.values() for requirement in wanted),
]


def _name(requirement):
    return re.match(r"[A-Za-z0-9._-]+", requirement)[0].lower().replace("_", "-")


def _locked():
    return {match[1]: match[2] for match in re.finditer(r"^([a-z0-9._-]+)==(\S+)", LOCK, re.M)}


@pytest.mark.parametrize("requirement", DIRECT)
def test_lock_holds_every_direct_dependency_within_its_range(requirement):
    """What pyproject.toml asks for is in the lock, in a version that it accepts."""
    from packaging.requirements import Requirement

    versions = [
        match[2]
        for match in re.finditer(r"^([a-z0-9._-]+)==(\S+)", LOCK, re.M)
        if match[1] == _name(requirement)
    ]
    assert versions, f"{requirement} is not in requirements.lock: run 'make lock'"
    assert all(Requirement(requirement).specifier.contains(version) for version in versions)


def test_every_locked_package_is_asked_for():
    """A package in the lock is named by pyproject.toml or by another package: nothing is left over
    from earlier."""
    blocks = re.split(r"\n(?=[a-z0-9._-]+==)", LOCK)
    for block in blocks:
        if match := re.match(r"([a-z0-9._-]+)==", block):
            parents = re.findall(r"^    #(?: via|  ) +(\S+)", block, re.M)
            direct = match[1] in map(_name, DIRECT)
            assert direct or any(parent in _locked() for parent in parents), (
                f"{match[1]} is in the lock without a reason: run 'make lock'"
            )


def test_lock_has_hashes_and_no_addresses():
    """Each pinned package carries a SHA-256, and no line names a place to download from."""
    blocks = re.split(r"\n(?=[a-z0-9._-]+==)", LOCK)
    assert all("--hash=sha256:" in block for block in blocks if "==" in block)
    assert "://" not in LOCK


def test_conda_environment_is_the_same_lock():
    """environment.yml brings Python as pyproject.toml wants it and every package from the lock,
    none beside it."""
    import yaml

    environment = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))
    *conda, pip = environment["dependencies"]
    assert environment["channels"] == ["conda-forge"]
    assert conda == [f"python{PROJECT['requires-python']}", "pip"]
    assert pip == {"pip": ["--require-hashes", "-r requirements.lock"]}


def test_installed_versions_are_the_locked_ones():
    """The environment the tests run in is the one the lock describes."""
    from importlib.metadata import version

    pinned = {}
    for match in re.finditer(r"^([a-z0-9._-]+)==(\S+)", LOCK, re.M):
        pinned.setdefault(match[1], set()).add(match[2])
    for requirement in DIRECT:
        assert version(_name(requirement)) in pinned[_name(requirement)], (
            f"{requirement}: rebuild with 'make clean test'"
        )


def test_card_packages_are_direct_dependencies():
    """The packages the compendium is designed around are asked for by name."""
    card = [
        "numpy",
        "scipy",
        "lmfit",
        "pandas",
        "pingouin",
        "scikit-learn",
        "statsmodels",
        "seaborn",
        "jupyter",
        "papermill",
        "nbval",
    ]
    assert set(card) <= set(map(_name, DIRECT))


def test_ci_runs_the_command_a_user_types():
    """.ci/run calls 'make test' and nothing less."""
    assert re.search(r"^exec make test$", (ROOT / ".ci" / "run").read_text(encoding="utf-8"), re.M)


def test_nothing_tracked_names_this_machine():
    """No tracked text names a package registry's host or a folder of the machine it was written
    on."""
    import subprocess

    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True)
    if listed.returncode:
        pytest.skip("not a git checkout")
    pattern = re.compile(
        "py"
        + r"pi\.o"
        + "rg|python"
        + r"hosted|debi"
        + r"an\.org|registry\.np"
        + "m|/home"
        + r"/\w+/|/Us"
        + r"ers/\w+/|/wo"
        + "rk/|/tm"
        + "p/"
    )
    for name in listed.stdout.split("\n"):
        path = ROOT / name
        if (
            path.suffix
            in {
                ".py",
                ".md",
                ".ipynb",
                ".json",
                ".csv",
                ".yml",
                ".toml",
                ".lock",
                ".html",
                ".svg",
                ".cff",
                "",
            }
            and path.is_file()
        ):
            found = pattern.search(path.read_text(encoding="utf-8"))
            assert not found, f"{name} names {found[0]!r}"


def test_lab_saves_no_notebook_by_itself_and_asks_no_network(monkeypatch):
    """`make lab` hands JupyterLab settings that switch autosave, news and updates off."""
    from jupyterlab_server.settings_utils import get_settings

    monkeypatch.setenv("JUPYTER_CONFIG_PATH", str(ROOT / "tools" / "jupyter"))
    assert 'JUPYTER_CONFIG_PATH="$(CURDIR)/tools/jupyter"' in (ROOT / "Makefile").read_text("utf-8")
    lab = Path(sys.prefix) / "share" / "jupyter" / "lab"
    found = {}
    for plugin in ("docmanager-extension:plugin", "apputils-extension:notification"):
        composite, _ = get_settings(
            str(lab / "settings"), str(lab / "schemas"), "", schema_name=f"@jupyterlab/{plugin}"
        )
        found |= {
            name: one["default"]
            for name, one in composite["schema"]["properties"].items()
            if name in ("autosave", "fetchNews", "checkForUpdates")
        }
    assert found == {"autosave": False, "fetchNews": "false", "checkForUpdates": False}
