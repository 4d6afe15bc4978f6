"""Simulated studies: the same bytes from the same seed, the truth that was asked for, readers who
differ."""

import json

import nibabel as nib
import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

from ivim import article, cli
from ivim.synthetic import study
from ivim.synthetic.settings import DEFAULT, read_settings

PATIENTS = 5


@pytest.fixture(scope="module")
def simulated(tmp_path_factory):
    """A small study by the command that a user types."""
    folder = tmp_path_factory.mktemp("simulated") / "study"
    assert cli.main(["simulate", str(folder), "--patients", str(PATIENTS), "--seed", "3"]) == 0
    return folder


@pytest.fixture
def own_settings(tmp_path):
    """The default settings with one place changed."""

    def write(old, new):
        text = DEFAULT.read_text(encoding="utf-8")
        assert old in text
        path = tmp_path / "own.toml"
        path.write_text(text.replace(old, new, 1), encoding="utf-8")
        return path

    return write


def _tree(folder):
    return {
        p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()
    }


def test_the_same_seed_gives_the_same_bytes_on_one_process_and_two(simulated, tmp_path):
    """Neither chance nor the number of processes has a part in a single byte."""
    study.simulate(tmp_path / "again", PATIENTS, 3, jobs=2)
    assert _tree(tmp_path / "again") == _tree(simulated)


def test_another_seed_gives_other_patients(simulated, tmp_path):
    """The seed is what the patients are drawn by."""
    other = study.simulate(tmp_path / "other", 2, 4, jobs=1)
    first = pd.read_csv(simulated / "derivatives/truth/truth.tsv", sep="\t")
    assert not set(other["adc_slow"].round(6)) & set(first["adc_slow"].round(6))


def test_every_patient_has_series_sidecars_and_an_roi_per_reader(simulated):
    """The folder is what `ivim measure` reads: series with b-values and averages of the protocol,
    two readers."""
    people = pd.read_csv(simulated / "participants.tsv", sep="\t")
    assert len(people) == PATIENTS and set(people["group"]) == {"tuberculosis", "metastasis"}
    for name in people["participant_id"]:
        stem = simulated / name / "dwi" / f"{name}_dwi"
        image = nib.load(f"{stem}.nii.gz")
        assert image.shape[3] == len(article.B_VALUES)
        assert np.loadtxt(f"{stem}.bval").tolist() == list(article.B_VALUES)
        assert np.loadtxt(f"{stem}.bvec").shape == (3, len(article.B_VALUES))
        sidecar = json.loads(stem.with_suffix(".json").read_text())
        assert tuple(sidecar["NumberOfAverages"]) == article.AVERAGES
        masks = sorted((simulated / "derivatives/rois" / name).glob("*.nii.gz"))
        assert [path.name for path in masks] == [f"{name}_desc-R{n}_mask.nii.gz" for n in (1, 2)]
        assert all(nib.load(path).get_fdata().any() for path in masks)


def test_readers_differ_in_place_and_size(simulated):
    """No two ROIs of a patient are alike, few have one size, and most of each lies within the
    lesion."""
    truth, sizes = pd.read_csv(simulated / "derivatives/truth/truth.tsv", sep="\t"), []
    for name in truth["participant_id"]:
        one, other = (
            nib.load(path).get_fdata()
            for path in sorted((simulated / "derivatives/rois" / name).glob("*.nii.gz"))
        )
        assert (one != other).any()
        sizes += [one.sum(), other.sum()]
    assert len(set(sizes)) > PATIENTS
    assert truth[["inside_R1", "inside_R2"]].to_numpy().mean() > 0.8


def test_patients_are_drawn_around_the_group_truths():
    """Of many patients the median of each parameter is the group's, and the spread of its logarithm
    is `between`."""
    settings = read_settings()
    drawn = study.draw(settings, 2000, 1)
    for group in settings.groups:
        lesions = [one.case.lesion for one in drawn if one.group == group.name]
        share = len(lesions) / len(drawn)
        assert_allclose(share, group.share / sum(one.share for one in settings.groups), atol=1e-3)
        for name, scale in (("adc_slow", 1000), ("adc_fast", 1000), ("f", 1)):
            logs = np.log([scale * getattr(lesion, name) for lesion in lesions])
            error = group.between[name] / np.sqrt(len(logs))
            assert_allclose(np.median(logs), np.log(getattr(group, name)), atol=5 * error)
            assert_allclose(logs.std(), group.between[name], rtol=0.1)


def test_noise_falls_with_the_excitations_that_are_averaged(tmp_path):
    """In air, the spread of the stored values falls with the square root of the averages of each
    b."""
    study.simulate(tmp_path / "s", 2, 1, jobs=1)
    data = nib.load(tmp_path / "s/sub-01/dwi/sub-01_dwi.nii.gz").get_fdata()[:40, :40, 0]
    spread = data.std(axis=(0, 1)) * np.sqrt(article.AVERAGES)
    assert_allclose(spread / spread.mean(), 1, atol=0.2)


def test_groups_readers_and_protocol_are_those_of_the_file(own_settings, tmp_path):
    """Names, number of readers and b-values come from the settings; nothing is assumed."""
    path = own_settings('name = "tuberculosis"', 'name = "haemangioma"')
    path.write_text(path.read_text().replace('name = "R2"', 'name = "Third"'))
    table = study.simulate(tmp_path / "s", 3, 1, path, jobs=1)
    assert set(table["group"]) == {"haemangioma", "metastasis"}
    assert {"inside_R1", "inside_Third"} <= set(table.columns)


@pytest.mark.parametrize("patients", [2, 3, 7, 70])
def test_every_group_has_a_patient(patients):
    """However few there are, a comparison of the groups is possible."""
    groups = [one.group for one in study.draw(read_settings(), patients, 5)]
    assert len(groups) == patients and set(groups) == {"tuberculosis", "metastasis"}


def test_nothing_is_left_where_a_study_could_not_be_made(tmp_path):
    """A refusal in the middle leaves no half study."""
    with pytest.raises(ValueError, match="1 patient.* for 2 groups"):
        study.simulate(tmp_path / "s", 1, 1)
    assert not (tmp_path / "s").exists()


def test_the_defaults_tell_where_they_come_from():
    """Each group and each choice of the default settings has its source or the word "assumed" above
    it."""
    text = DEFAULT.read_text(encoding="utf-8")
    for part in text.split("\n\n"):
        if "=" in part and not part.startswith("name"):
            assert any(word in part for word in ("doi", "assumed", "et al.", "thesis")), part
