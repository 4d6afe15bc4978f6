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


# `ivim import`: a folder of scans, a study that is not there yet, the command.


@pytest.fixture
def scans(tmp_path):
    """Folder for DICOM files."""
    return tmp_path / "scans"


@pytest.fixture
def study(tmp_path):
    """Path of a study that is not there yet."""
    return tmp_path / "study"


@pytest.fixture
def command(scans, study, capsys):
    """A function that runs `ivim import`: exit code, standard output, standard error."""

    def run(*words, folder=scans):
        from ivim.cli import main

        code = main(["import", str(folder), str(study), *map(str, words)])
        out, err = capsys.readouterr()
        return code, out, err

    return run
