"""A study on disk: participants, the series of each, gradient directions, ways out of it."""

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from ivim.imaging import bids
from ivim.imaging.series import read_bvals, sidecar

TEXT = st.text(
    st.characters(blacklist_categories=("Cs", "Cc", "Zl", "Zp", "Zs")), min_size=1, max_size=8
).filter(
    lambda text: text.strip() == text and text.lower() != "n/a" and not text.startswith("\ufeff")
)
SLOW_DISK = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@pytest.fixture
def study(tmp_path):
    """A function that makes a study of empty series with these names."""

    def make(*names, table="participant_id\tgroup\nsub-01\tbenign\n"):
        folder = tmp_path / "study"
        folder.mkdir(exist_ok=True)
        for name in names:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).touch()
        (folder / "participants.tsv").write_bytes(table.encode())
        return folder

    return make


def test_participants_are_read_with_what_is_not_known_as_blank(study):
    """n/a and a missing column are an empty text, or NaN for the age."""
    header = "participant_id\tage\tgroup\tweight\r\n"
    table = f"{header}sub-01\t61.5\tn/a\t80\r\nsub-02\tn/a\tbenign\tN/A\r\n\r\n"
    frame = bids.read_participants(study(table=table))
    assert frame.columns.tolist() == ["participant_id", "group", "primary", "sex", "age", "weight"]
    assert frame["group"].tolist() == ["", "benign"]
    assert frame["weight"].tolist() == ["80", ""]
    assert frame["sex"].tolist() == ["", ""]
    assert_allclose(frame["age"], [61.5, np.nan])


def test_an_age_with_an_upper_limit_is_that_age(study):
    """BIDS writes 89+ for whoever is older."""
    frame = bids.read_participants(study(table="participant_id\tage\nsub-1\t89+\n"))
    assert frame["age"].tolist() == [89]


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ("", "no row; write a line of column names"),
        ("participant_id\tgroup\n", "no row"),
        ("participant_id,group\nsub-01,a\n", "no tab in the first line"),
        ("name\tgroup\nsub-01\ta\n", "column 'participant_id' is missing; met 'name', 'group'"),
        ("participant_id\tgroup\n01\ta\n", "participant_id '01'; it is sub- with letters"),
        ("participant_id\tgroup\n../x\ta\n", "participant_id '../x'"),
        ("participant_id\tgroup\nsub-01\ta\nsub-01\tb\n", "sub-01 stands in more than one row"),
        ("participant_id\tgroup\nsub-01\n", "line 2 has 1 values for 2 columns"),
        ("participant_id\tgroup\nsub-01\ta\tb\n", "line 2 has 3 values for 2 columns"),
        ("participant_id\tage\nsub-01\told\n", "age of sub-01 is 'old'"),
        ("participant_id\tage\nsub-01\t-3\n", "age of sub-01 is '-3'"),
        ("participant_id\tage\nsub-01\tnan\n", "age of sub-01 is 'nan'"),
        ("participant_id\tgroup\tgroup\nsub-01\ta\tb\n", "column 'group' stands twice"),
        ("participant_id\t\nsub-01\ta\n", "a column has no name"),
    ],
)
def test_a_broken_participants_table_is_refused(study, table, said):
    """The line names the file, what was met and what to write."""
    with pytest.raises(ValueError, match=said) as caught:
        bids.read_participants(study(table=table))
    assert "participants.tsv" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_study_without_participants_or_without_folder_is_refused(tmp_path):
    """Both lines say what belongs there."""
    with pytest.raises(ValueError, match="no such folder; give the folder that holds participants"):
        bids.read_participants(tmp_path / "none")
    with pytest.raises(ValueError, match="participants.tsv: no such file; write one row"):
        bids.read_participants(tmp_path)


def test_text_that_is_no_utf8_is_refused(study):
    """A table saved by a spreadsheet in another encoding is not guessed at."""
    folder = study()
    (folder / "participants.tsv").write_bytes(
        "participant_id\tgroup\nsub-1\tMüller\n".encode("latin-1")
    )
    with pytest.raises(ValueError, match="not a text file in UTF-8"):
        bids.read_participants(folder)


def test_groups_are_asked_for_only_where_they_are_needed(study):
    """An import leaves n/a; the check names who has none."""
    table = "participant_id\tgroup\n" + "".join(f"sub-{n}\tn/a\n" for n in range(1, 6))
    folder = study(table=table + "sub-6\tbenign\n")
    frame = bids.read_participants(folder)
    with pytest.raises(ValueError, match="group of sub-1, sub-2, sub-3 and 2 more is n/a; write"):
        bids.check_groups(frame, folder)
    bids.check_groups(frame[frame["group"] != ""], folder)


@pytest.mark.parametrize(
    "name",
    [
        "sub-01/dwi/sub-01_dwi.nii.gz",
        "sub-01/dwi/sub-01_dwi.nii",
        "sub-01/ses-2/dwi/sub-01_ses-2_dwi.nii.gz",
        "sub-01/dwi/sub-01_acq-ivim_run-1_dwi.nii.gz",
    ],
)
def test_the_only_series_is_found(study, name):
    """With a session or without, packed or not, with entities between, by either name."""
    folder = study(name, "sub-01/dwi/sub-01_dwi.bval", "sub-01/anat/sub-01_T2w.nii.gz")
    assert bids.find_series(folder, "sub-01") == folder / name
    assert bids.find_series(folder, "01") == folder / name
    assert bids.list_subjects(folder) == ["sub-01"]


def test_one_of_several_series_is_selected_by_its_entities(study):
    """Without a selection the candidates are named, with an example that selects one."""
    first = "sub-01/ses-1/dwi/sub-01_ses-1_dwi.nii.gz"
    second = "sub-01/ses-2/dwi/sub-01_ses-2_run-1_dwi.nii.gz"
    third = "sub-01/ses-2/dwi/sub-01_ses-2_run-2_dwi.nii.gz"
    folder = study(first, second, third)
    with pytest.raises(ValueError, match="3 diffusion series fit .*run-2.*--select ses-1"):
        bids.find_series(folder, "sub-01")
    assert bids.find_series(folder, "sub-01", "ses-1") == folder / first
    assert bids.find_series(folder, "sub-01", "ses-2_run-1") == folder / second
    assert bids.find_series(folder, "sub-01", "sub-01_ses-2_run-2_dwi.nii.gz") == folder / third
    with pytest.raises(ValueError, match="no series matches --select ses-9; there are"):
        bids.find_series(folder, "sub-01", "ses-9")
    with pytest.raises(ValueError, match="2 diffusion series fit"):
        bids.find_series(folder, "sub-01", "ses-2")


def test_a_participant_without_folder_or_series_is_refused(study):
    """Each of the two is said in a line of its own."""
    folder = study("sub-01/anat/sub-01_T2w.nii.gz")
    with pytest.raises(ValueError, match="no diffusion series; it is called dwi/sub-01_dwi.nii.gz"):
        bids.find_series(folder, "sub-01")
    with pytest.raises(ValueError, match="sub-02: no such folder"):
        bids.find_series(folder, "sub-02")


@pytest.mark.parametrize("subject", ["../etc", "sub-..", "a/b", "", "sub-", "a b", "x" * 65])
def test_a_label_is_never_a_path(study, subject):
    """Letters and digits only."""
    with pytest.raises(ValueError, match="is no label of a participant"):
        bids.find_series(study(), subject)


@pytest.mark.parametrize("what", ["image", "dwi", "subject"])
def test_a_link_out_of_the_study_is_refused(study, tmp_path, what):
    """Whether the image, its folder or the participant's folder is the link."""
    outside = tmp_path / "elsewhere" / "sub-01"
    (outside / "dwi").mkdir(parents=True)
    image = outside / "dwi" / "sub-01_dwi.nii.gz"
    image.touch()
    folder = study()
    link, target = {
        "image": (folder / "sub-01/dwi/sub-01_dwi.nii.gz", image),
        "dwi": (folder / "sub-01/dwi", image.parent),
        "subject": (folder / "sub-01", outside),
    }[what]
    link.parent.mkdir(parents=True, exist_ok=True)
    link.symlink_to(target)
    with pytest.raises(ValueError, match="leads out of the study"):
        bids.find_series(folder, "sub-01")


def test_a_link_within_the_study_is_followed(study):
    """Data that git-annex keeps are links to .git/annex."""
    folder = study(".git/annex/objects/1.nii.gz", "sub-01/dwi/x")
    link = folder / "sub-01/dwi/sub-01_dwi.nii.gz"
    link.symlink_to("../../.git/annex/objects/1.nii.gz")
    assert bids.find_series(folder, "01") == link


def test_directions_are_read_in_both_layouts(tmp_path):
    """Three lines of n, or n lines of three."""
    directions = np.array([[0, 0, 0], [1, 0, 0], [0, 0.6, 0.8], [0, 0, 1.0]])
    for name, table in (("rows", directions.T), ("columns", directions)):
        np.savetxt(tmp_path / name, table)
        assert_allclose(bids.read_bvecs(tmp_path / name, 4), directions, rtol=0, atol=0)


@pytest.mark.parametrize(
    "text", ["", "0 0\n0 0\n", "0 0 a\n0 0 0\n0 0 0\n", "0 0 nan\n" * 3, "1 2\n3\n"]
)
def test_directions_of_another_shape_are_refused(tmp_path, text):
    """The line says how many are needed."""
    (tmp_path / "a.bvec").write_text(text)
    with pytest.raises(ValueError, match="three lines of 3 finite numbers"):
        bids.read_bvecs(tmp_path / "a.bvec", 3)


def test_sidecars_have_the_name_of_the_image():
    """Packed or not."""
    assert sidecar("x/sub-01_dwi.nii.gz", ".bval").name == "sub-01_dwi.bval"
    assert sidecar("x/sub-01_dwi.nii", ".json").name == "sub-01_dwi.json"


@SLOW_DISK
@given(
    groups=st.lists(st.one_of(TEXT, st.just("")), min_size=1, max_size=5),
    end=st.sampled_from(["\n", "\r\n", "\r"]),
    mark=st.booleans(),
)
def test_any_text_of_a_table_comes_back(tmp_path, groups, end, mark):
    """Property: whatever the letters, line ends and byte-order mark, values come back."""
    rows = [f"sub-{n}\t{group or 'n/a'}" for n, group in enumerate(groups)]
    text = end.join(["participant_id\tgroup", *rows]) + end
    (tmp_path / "participants.tsv").write_bytes(text.encode("utf-8-sig" if mark else "utf-8"))
    assert bids.read_participants(tmp_path)["group"].tolist() == groups


@SLOW_DISK
@given(st.binary(max_size=200))
def test_any_bytes_are_a_table_or_one_clear_line(tmp_path, content):
    """Property: any bytes end in a table or in a ValueError that names the file."""
    (tmp_path / "participants.tsv").write_bytes(content)
    try:
        bids.read_participants(tmp_path)
    except ValueError as error:
        assert "participants.tsv" in str(error)


@SLOW_DISK
@given(
    values=st.lists(st.floats(0, 5000, allow_nan=False), min_size=1, max_size=20),
    between=st.sampled_from([" ", "\t", ",", ", ", ";", "\n", "  \n"]),
)
def test_any_b_values_come_back_in_any_spelling(tmp_path, values, between):
    """Property: b-values come back, or are refused as ms/µm² where the largest is below 5."""
    (tmp_path / "a.bval").write_text(between.join(map(repr, values)))
    if 0 < max(values) < 5:
        with pytest.raises(ValueError, match="looks like ms/µm²"):
            read_bvals(tmp_path / "a.bval")
        return
    assert_allclose(read_bvals(tmp_path / "a.bval"), values, rtol=0, atol=0)


@SLOW_DISK
@given(st.binary(max_size=100))
def test_any_bytes_are_b_values_or_one_clear_line(tmp_path, content):
    """Property: any bytes end in numbers from 0 on or in a ValueError that names the file."""
    (tmp_path / "a.bval").write_bytes(content)
    try:
        assert (read_bvals(tmp_path / "a.bval") >= 0).all()
    except ValueError as error:
        assert "a.bval" in str(error)
