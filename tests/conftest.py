"""What every test shares: one thread per process, the order of the files, the reference material
that may lie beside the project.
"""

import os

import pytest

from ivim.files import ROOT
from ivim.run.execute import ONE_THREAD

# Before numpy is loaded: two workers with two threads each on two cores take ten times as long.
os.environ.update(ONE_THREAD)

OUTSIDE = ROOT.parent / "shared"

LONGEST = (
    "test_reproduce.py",
    "test_audit_engine.py",
    "test_audit_designs.py",
    "test_study_work.py",
    "test_run.py",
    "test_report_own_table.py",
    "test_study_whole.py",
    "test_widgets.py",
    "test_audit_simulated.py",
    "test_wheel.py",
    "test_site.py",
    "02_representative_cases.ipynb",
    "01_signal_models.ipynb",
    "05_group_comparison.ipynb",
    "07_diagnostic_performance.ipynb",
    "08_audit.ipynb",
    "09_findings.ipynb",
    "test_cohort_reconstruction.py",
    "test_audit_no_false_accusation.py",
    "test_signal_fit.py",
)
"""Files that take longest, the longest first; where several workers share out whole files, a long
one that is begun last leaves the others idle. On a fresh clone the first compiles the voxel engine,
so the next two are such as need none."""


def pytest_configure(config):
    """Files are handed out in the order below, not by how many tests they have."""
    config.option.loadscopereorder = False


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items):
    """The longest files first, all others as they were found."""
    place = {name: at for at, name in enumerate(LONGEST)}
    items.sort(key=lambda item: place.get(item.path.name, len(place)))


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
