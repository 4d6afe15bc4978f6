"""The README says what is so: its numbers come from results/numbers.json, its paths and commands
exist."""

import json
import re

import pytest

from ivim import cli
from ivim.files import ROOT

README = (ROOT / "README.md").read_text(encoding="utf-8")
NUMBERS = json.loads((ROOT / "results" / "numbers.json").read_text(encoding="utf-8"))
QUOTED = re.findall(r"(-?[\d.]+)<!-- ([\w.+-]+) -->", README)


def test_readme_quotes_numbers():
    """At least the counts by verdict are quoted."""
    assert len(QUOTED) >= 5


@pytest.mark.parametrize(("printed", "path"), QUOTED, ids=lambda value: str(value))
def test_quoted_number_is_the_computed_one(printed, path):
    """A number followed by a comment naming its place in numbers.json prints that number."""
    value = NUMBERS
    for key in path.split("."):
        value = value[key]
    assert f"{value:.{len(printed.partition('.')[2])}f}" == printed


@pytest.mark.parametrize("path", re.findall(r"\]\(((?!http)[^)]+)\)", README))
def test_linked_files_exist(path):
    """Every relative link leads to a file."""
    assert (ROOT / path).is_file()


@pytest.mark.parametrize(
    "command", sorted(set(re.findall(r"^ivim ([\w-]+)|`ivim ([\w-]+)", README, re.M)))
)
def test_commands_of_the_readme_exist(command, capsys):
    """Every `ivim` command that the README names answers to --help."""
    with pytest.raises(SystemExit) as stop:
        cli.main([next(filter(None, command)), "--help"])
    assert stop.value.code == 0 and "usage: ivim" in capsys.readouterr().out


@pytest.mark.parametrize(
    "target",
    sorted(
        set(re.findall(r"\bmake (?:PYTHON=\S+ )?([a-z]+)\b(?= |`|\n)", README))
        & {"reproduce", "test", "lab", "help", "bench", "clean", "lock"}
    ),
)
def test_make_targets_of_the_readme_exist(target):
    """Every make target that the README names is in the Makefile."""
    assert re.search(rf"^{target}:", (ROOT / "Makefile").read_text(encoding="utf-8"), re.M)
