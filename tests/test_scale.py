"""The benchmark of scale: a study grown to any size is the simulated one, and what is stored is
whole."""

import re
import sys

import pytest
import small_study as small

from ivim.files import ROOT
from ivim.study.layout import read_layout

BENCHMARKS = ROOT / "benchmarks"


@pytest.fixture
def scale(monkeypatch):
    """The benchmark as a module."""
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    import scale

    yield scale
    sys.modules.pop("scale", None)


def test_a_grown_study_has_every_patient_with_the_files_of_one_that_was_simulated(
    scale, tmp_path, monkeypatch
):
    """Patient 7 of a study grown from three has the bytes of the first, under its own label."""
    monkeypatch.setattr(scale, "SIMULATED", 3)
    source = small.write_study(tmp_path / "source", 3)
    found = read_layout(scale.grown(source, tmp_path / "grown", 7))
    assert [one.label for one in found.patients] == [f"sub-{n:04d}" for n in range(1, 8)]
    assert not [one.problem for one in found.patients if one.problem]
    assert found.patients[6].series.read_bytes() == small.dwi_path(source, 1).read_bytes()
    assert set(found.patients[6].rois) == set(small.READERS)


def test_memory_of_a_worker_does_not_grow_with_the_study():
    """In the stored run, the last tenth of the patients needs within a tenth of the memory of the
    first."""
    text = (BENCHMARKS / "scale.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (\d+) \| (\d+) \|.*\| (\d+) \| (\d+) \|$", text, re.M)
    assert {(int(patients), int(workers)) for patients, workers, _, _ in rows} == {
        (patients, workers) for patients in (70, 300, 1000) for workers in (1, 2)
    }
    for _, _, first, last in rows:
        assert int(last) <= 1.1 * int(first)
