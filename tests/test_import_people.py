"""`ivim import`: patients told apart, neutral labels, the key, a study that is added to."""

import dicom_made as made
import pandas as pd
import pytest
from dicom_made import Protocol, Volume, another, read, volumes

from ivim.imaging import bids, dicom

MAKERS = ("GE", "Siemens", "Philips", "UIH")


def test_patients_are_told_apart_by_their_id_and_not_by_folders(scans, study, command, tmp_path):
    """Two in one folder are two; one in two folders is one; the key says who is who."""
    anna = Protocol(patient="A-1", name="Anna")
    made.write_classic(scans / "x", another(anna, number=1), volumes(0))
    made.write_classic(scans / "x", another(Protocol(patient="B-2", name="Bob")), volumes(0, 500))
    made.write_classic(scans / "y", another(anna, number=2), volumes(800))
    code, out, err = command("--key", tmp_path / "key.tsv")
    assert code == 0, err
    assert read(study, "sub-01").b.tolist() == [0, 800]
    assert read(study, "sub-02").b.tolist() == [0, 500]
    key = pd.read_csv(tmp_path / "key.tsv", sep="\t", keep_default_na=False)
    assert key.to_dict("list") == {
        "participant_id": ["sub-01", "sub-02"],
        "patient_id": ["A-1", "B-2"],
        "folder": [f"{scans / 'x'}; {scans / 'y'}", str(scans / "x")],
    }
    assert (tmp_path / "key.tsv").stat().st_mode & 0o077 == 0
    assert "2 participants" in out
    table = bids.read_participants(study)
    assert table["participant_id"].tolist() == ["sub-01", "sub-02"]
    assert table["group"].tolist() == ["", ""]


def test_patients_without_id_are_told_apart_by_the_folder(scans, study, tmp_path):
    """By the first folder below DICOM_DIR, however deep the files lie."""
    blank = Protocol(patient="", name="")
    for name, b in (("p2/s/1", 500), ("p1", 400), ("p2/s/2", 0)):
        made.write_classic(scans / name, another(blank, number=b), volumes(*{0, b}))
    outcome = dicom.import_study(scans, study, key=tmp_path / "key.tsv")
    assert outcome.imported == ["sub-01", "sub-02"]
    assert read(study, "sub-01").b.tolist() == [0, 400]
    key = pd.read_csv(tmp_path / "key.tsv", sep="\t", keep_default_na=False)
    assert key["folder"].tolist() == [str(scans / "p1"), str(scans / "p2")]


def test_two_people_without_id_in_one_folder_are_refused(scans, study):
    """Their names differ, so the folder does not tell them apart; the names are not quoted."""
    for number, name in ((1, "Secret^Anna"), (2, "Secret^Bob")):
        protocol = another(Protocol(), number=number, patient="", name=name)
        made.write_classic(scans, protocol, volumes(0, 500))
    with pytest.raises(ValueError, match="differ in the patient's name, birth date or sex") as told:
        dicom.import_study(scans, study)
    assert "Secret" not in str(told.value)


def test_several_names_under_one_id_are_warned_of(scans, study):
    """A married name, or an ID that stands for nobody: the user is told."""
    made.write_classic(scans, another(Protocol(), number=1, name="A"), volumes(0))
    made.write_classic(scans, another(Protocol(), number=2, name="B"), volumes(500))
    outcome = dicom.import_study(scans, study)
    assert any("several names, birth dates or sexes" in line for line in outcome.warnings)


def test_subject_names_the_one_patient(scans, study, command):
    """With or without sub-; several patients cannot have one label."""
    made.write_classic(scans / "a", another(Protocol()), volumes(0, 500))
    assert command("--subject", "sub-K7")[0] == 0
    assert bids.list_subjects(study) == ["sub-K7"]
    made.write_classic(scans / "b", another(Protocol(patient="other")), volumes(0, 500))
    code, _, err = command("--subject", "8")
    assert (code, "there are 2 patients by their PatientID" in err) == (2, True)
    code, _, err = command("--subject", "../x")
    assert (code, "is no label of a participant" in err) == (2, True)


def test_subject_makes_one_patient_of_folders_without_id(scans, study):
    """The user says that they are one; their series are then asked for by number where in doubt."""
    for number, axis in enumerate(made.AXES, start=17):
        protocol = another(Protocol(), number=number, patient="", place_uid=f"1.2.{number}")
        scan = [Volume(b, axis if b else None) for b in (0, 100, 1000)]
        made.write_classic(scans / f"d{number}", protocol, scan)
    with pytest.raises(ValueError, match="3 series fit"):
        dicom.import_study(scans, study, subject="1")
    dicom.import_study(scans, study, subject="1", series=["17", "18", "19"])
    assert read(study, "1").b.tolist() == [0, 100, 1000] * 3


def test_a_patient_that_is_there_is_not_overwritten(scans, study, command):
    """Refused with what to do; --force replaces the scan and keeps the table's row."""
    made.write_classic(scans, Protocol(), volumes(0, 500))
    command()
    table = study / "participants.tsv"
    table.write_text("participant_id\tgroup\tage\nsub-01\tbenign\t61\n")
    (study / "README.md").write_text("mine")
    before = {path: path.read_bytes() for path in study.rglob("*") if path.is_file()}
    code, _, err = command()
    assert code == 2
    assert "sub-01: is in" in err and "--subject LABEL" in err and "--force" in err
    assert before == {path: path.read_bytes() for path in study.rglob("*") if path.is_file()}
    assert command("--force", "--averages", 5)[0] == 0
    assert table.read_text() == "participant_id\tgroup\tage\nsub-01\tbenign\t61\n"
    assert (study / "README.md").read_text() == "mine"
    assert read(study).averages.tolist() == [5, 5]


def test_a_study_is_added_to(scans, study, command, tmp_path):
    """With the key, known patients keep their label and new ones get the next; columns are kept."""
    key = tmp_path / "key.tsv"
    made.write_classic(scans / "a", Protocol(patient="A"), volumes(0, 500))
    command("--key", key)
    (study / "participants.tsv").write_text("group\tparticipant_id\tweight\nmeta\tsub-01\t70\n")
    made.write_classic(scans / "0", another(Protocol(patient="B")), volumes(0, 800))
    code, out, err = command("--key", key)
    assert code == 0, err
    assert "sub-01: is in the study already, kept as it is" in out
    assert read(study, "sub-02").b.tolist() == [0, 800]
    text = (study / "participants.tsv").read_text()
    assert text == "group\tparticipant_id\tweight\nmeta\tsub-01\t70\nn/a\tsub-02\tn/a\n"
    rows = key.read_text().splitlines()
    assert rows[1:] == [f"sub-01\tA\t{scans / 'a'}", f"sub-02\tB\t{scans / '0'}"]
    code, out, _ = command("--key", key)
    assert (code, out.splitlines()[-1]) == (0, "nothing new to import")


@pytest.mark.parametrize("name", ["key.csv", "key.tsv", "key"])
def test_the_key_is_a_table_by_its_ending(scans, study, command, tmp_path, name):
    """Commas in .csv, tabs elsewhere; an ID with both of them comes back."""
    made.write_classic(scans, Protocol(patient='A, "b" \u00fc'), volumes(0, 500))
    assert command("--key", tmp_path / name)[0] == 0
    key = pd.read_csv(tmp_path / name, sep="," if name.endswith("csv") else "\t")
    assert key["patient_id"].tolist() == ['A, "b" \u00fc']
    assert command("--key", tmp_path / name)[1].endswith("nothing new to import\n")


@pytest.mark.parametrize("place", ["study/key.tsv", "study/sub/key.tsv", "link/key.tsv"])
def test_the_key_never_lies_in_the_study(scans, study, command, tmp_path, place):
    """Not below it, and not through a link into it."""
    made.write_classic(scans, Protocol(), volumes(0, 500))
    study.mkdir()
    (tmp_path / "link").symlink_to(study)
    code, _, err = command("--key", tmp_path / place)
    assert code == 2
    assert "lies in the study, which is to be free of identity" in err
    assert list(study.iterdir()) == []


def test_another_file_is_not_taken_for_a_key(scans, study, command, tmp_path):
    """Nor overwritten."""
    made.write_classic(scans, Protocol(), volumes(0, 500))
    (tmp_path / "notes").write_text("my notes\n")
    code, _, err = command("--key", tmp_path / "notes")
    assert code == 2
    assert "is there and no key of an import" in err
    assert (tmp_path / "notes").read_text() == "my notes\n"
    assert not study.exists()


def test_who_cannot_be_imported_is_named_and_the_others_are(scans, study, command):
    """Exit code 1: done, but something named was left out."""
    made.write_classic(scans / "a", another(Protocol(patient="A")), volumes(0, 0))
    made.write_classic(scans / "b", another(Protocol(patient="B")), volumes(0, 500))
    code, out, err = command()
    assert code == 1
    assert "left out: sub-01: series 5: b = 0 s/mm² only" in err
    assert bids.list_subjects(study) == ["sub-02"]
    assert "1 participant written" in out


def test_patients_without_the_series_asked_for_are_counted(scans, study, command):
    """Nobody is dropped without a word."""
    for number, patient in ((4, "A"), (5, "B"), (6, "C")):
        protocol = another(Protocol(patient=patient), number=number)
        made.write_classic(scans, protocol, volumes(0, 500))
    code, out, _ = command("--series", 5)
    assert code == 0
    assert "patients that have none of the series asked for: 2" in out
    assert bids.list_subjects(study) == ["sub-01"]
