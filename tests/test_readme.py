"""The README says what is so: its numbers are of the stored run, its paths and commands exist."""

import json
import re
import sys

import pytest

from ivim import cli
from ivim.files import ROOT

sys.path.insert(0, str(ROOT / "tools"))
import quotes  # noqa: E402

README = (ROOT / "README.md").read_text(encoding="utf-8")
QUOTED = quotes.quoted(README)
BENCHMARKS = README[README.index("## How fast") : README.index("## How it is built")]


def test_readme_quotes_numbers():
    """At least the counts by verdict and the benchmark are quoted."""
    assert sum(source.startswith("count") for _, source in QUOTED) >= 8
    assert sum(source.startswith("bench") for _, source in QUOTED) >= 8


@pytest.mark.parametrize(("printed", "source"), QUOTED, ids=lambda value: str(value))
def test_quoted_number_is_the_computed_one(printed, source):
    """A number followed by a comment that names its source prints what is there today."""
    assert quotes.today(printed, source) == printed


def test_the_benchmark_table_holds_no_number_of_its_own():
    """Every number of the benchmark's right column is quoted from the stored run."""
    for row in re.findall(r"^\|[^|]+\|(.+)\|$", BENCHMARKS, re.M)[2:]:
        assert not re.search(r"\d", quotes.QUOTED.sub("", row)), row


def test_a_wrong_source_is_named():
    """A place that the stored run does not have gives one line, and no number."""
    for source in ("08_audit.nothing", "count colour=red", "bench fast; nothing like it; 1"):
        with pytest.raises(ValueError, match="has no"):
            quotes.today("1", source)


def test_renewing_changes_nothing_today():
    """`make quotes` leaves a README of today alone, and mends one with another number."""
    assert quotes.renewed(README) == README
    wrong = README.replace("442<!-- count -->", "441<!-- count -->")
    assert quotes.renewed(wrong) == README


@pytest.mark.parametrize("path", sorted(set(re.findall(r"\]\(((?!http)[^)#]+)", README))))
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


def _targets():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    return set(re.findall(r"^([a-z]+):", makefile, re.M))


@pytest.mark.parametrize(
    "target",
    sorted(set(re.findall(r"`make (?:PYTHON=\S+ )?([a-z]+)|^make ([a-z]+)", README, re.M))),
)
def test_make_targets_of_the_readme_exist(target):
    """Every make target that the README names is in the Makefile."""
    assert next(filter(None, target)) in _targets()


@pytest.mark.parametrize("idiom", [r"\brooms\b", r"\bthe house\b"])
def test_no_private_idiom(idiom):
    """A user reads the field's words, not the project's own, in README and notebooks."""
    assert not re.search(idiom, README, re.I)
    for path in sorted((ROOT / "notebooks").glob("*.ipynb")):
        for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
            assert not re.search(idiom, "".join(cell["source"]), re.I), path.name
