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
