"""Pages of the documentation that name tests or files: what they name is there."""

import re

import pytest

from ivim.files import ROOT

FAULTS = (ROOT / "docs" / "faults.md").read_text(encoding="utf-8")
NAMED = sorted(set(re.findall(r"`(test_\w+\.py)::(test_\w+)`", FAULTS)))


@pytest.mark.parametrize(("file", "name"), NAMED, ids=lambda part: part)
def test_every_test_that_a_page_names_exists(file, name):
    """A promise points to a test that is there under that name."""
    assert re.search(rf"^def {name}\(", (ROOT / "tests" / file).read_text(encoding="utf-8"), re.M)


def test_every_fault_names_a_test():
    """No row promises without showing."""
    rows = [line for line in FAULTS.splitlines() if line.startswith("| ") and "---" not in line]
    assert len(rows) > 25 and all("::test_" in row for row in rows[1:])


def _measured(what):
    """A number of the row of the stored benchmark that begins so, by parameter."""
    text = (ROOT / "benchmarks" / "results.md").read_text(encoding="utf-8")
    row = next(line.split("|")[3] for line in text.splitlines() if f"| {what}" in line)
    return {name: float(value) for name, value in re.findall(r"(\w+) ([\d.]+)%", row)} or [
        float(value) for value in re.findall(r"[+-][\d.]+", row)
    ]


@pytest.mark.parametrize("name", ["adc_fast", "f"])
def test_the_plain_fit_is_biased_upwards(name):
    """As docs/limits.md says of the stored run, D* and f of single voxels are too high in a
    lesion.
    """
    plain, shrunk = _measured(f"relative bias of {name}: plain, shrinkage")
    assert plain > 10 and abs(shrunk) < plain


def test_wald_limits_of_d_star_promise_too_much():
    """As docs/limits.md says of the stored run, 95 % Wald limits of D* hold the truth less often,
    and profile limits come closer.
    """
    wald, profile = (
        _measured(f"95 % {kind} limits that hold")["adc_fast"] for kind in ("wald", "profile")
    )
    assert wald < 92 and abs(profile - 95) < abs(wald - 95)
