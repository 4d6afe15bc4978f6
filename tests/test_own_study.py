"""From a folder of scans to tables, step by step, for simulated patients and for one's own."""

import numpy as np
import pandas as pd
import pytest
import small_study as small
from numpy.testing import assert_allclose

from ivim.report.minutes import Sentences
from ivim.synthetic import own_study


@pytest.fixture(scope="module")
def simulated():
    """Three simulated patients, measured."""
    return own_study.measured_study(patients=3, seed=4)


@pytest.fixture(scope="module")
def own(tmp_path_factory):
    """A folder that somebody else wrote: four patients, two readers, no truth."""
    folder = small.write_study(tmp_path_factory.mktemp("own") / "study", 4)
    return own_study.measured_study(folder)


def test_every_region_becomes_a_row(simulated):
    """Two readers of three patients: six rows, and the sentence says so."""
    assert len(simulated.values) == 6
    assert own_study.in_one_minute(simulated)[0].startswith("6 regions of 3 simulated patients")
    assert repr(simulated) == "simulated study: 3 patients, 6 ROIs measured"


def test_measured_is_held_against_the_truth(simulated):
    """The plotted numbers are the readers' means and the truth that the patients were made from."""
    picture = own_study.against_truth(simulated)
    rows = picture.data.set_index(["patient", "parameter"])
    patient = simulated.values["patient"].iloc[0]
    means = simulated.values.groupby("patient")["f"].mean()
    known = simulated.truth.set_index("participant_id")["f"]
    assert_allclose(rows.loc[(patient, "f")], [known[patient], means[patient]], rtol=1e-12)
    ratio = own_study.measured_over_true(simulated)["f"]
    assert_allclose(ratio, np.median(means / known), rtol=1e-12)
    assert f"f measured {ratio:.2f} times the truth" in picture.alt


def test_pictures_say_what_they_show(simulated):
    """Three pictures as images with words of their own, readers and b-values among them."""
    made = [own_study.scan(simulated), own_study.maps(simulated), own_study.curve(simulated)]
    for picture in made:
        assert picture.content.startswith(b"\x89PNG")
        assert f'alt="{picture.alt}"' in picture._repr_html_()
    assert "b = 0 s/mm²" in made[0].alt and "readers R1 and R2" in made[0].alt


def test_tables_are_called_simulated(simulated):
    """Each table says in its last line and in its csv that the patients are simulated."""
    for make in (own_study.participants, own_study.measurements, own_study.overlap):
        table = make(simulated)
        assert table.footnotes[-1] == "Simulated patients." and table.source == "simulated"


def test_a_study_of_ones_own_goes_the_same_way(own):
    """Nothing is called simulated, no truth is drawn, and Tables 1 and 2 are made."""
    assert isinstance(own_study.against_truth(own), Sentences)
    assert own_study.measured_over_true(own) == {}
    told = own_study.in_one_minute(own)
    assert len(told) == 3 and "simulated" not in " ".join(told)
    assert own_study.participants(own).source == "own"
    assert [table.name for table in own_study.study_tables(own)] == ["table1", "table2"]


def test_the_files_of_a_patient_are_named_without_the_users_folders(own):
    """Files are told by their place in the study."""
    told = own_study.files_of_one(own)
    assert "`sub-01/dwi/sub-01_dwi.nii.gz`" in told
    assert not any(str(own.folder) in name for name in told)


def test_one_group_alone_gives_a_sentence(own):
    """Where there are no groups to compare, the reason stands instead of the tables."""
    pd.read_csv(own.out / "patients.csv").assign(group="all").to_csv(
        own.out / "patients.csv", index=False
    )
    (said,) = own_study.study_tables(own)
    assert isinstance(said, Sentences) and said[0].startswith("No tables of groups:")
