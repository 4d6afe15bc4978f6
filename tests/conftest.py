"""What every test shares: the project's folder and the reference material that may lie beside it."""  # noqa: E501

import pytest

from ivim.files import ROOT

OUTSIDE = ROOT.parent / "shared"


@pytest.fixture
def outside():
    """A function that gives the path of a reference file, or skips the test where the material is
    not present.
    """

    def find(name):
        path = OUTSIDE / name
        if not path.exists():
            pytest.skip(f"reference material {name} is not present beside the project")
        return path

    return find
