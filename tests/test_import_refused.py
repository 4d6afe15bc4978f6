"""Bad input to `ivim import`: one clear line, exit code 2, nothing half-written."""

import gzip
import random
import struct

import dicom_made as made
import pytest
from dicom_made import Protocol, another, volumes
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ivim.cli import main
from ivim.imaging import dicom
from ivim.imaging.dicom import files, job, people
from ivim.imaging.dicom.headers import read_header


def nothing(folder):
    """An empty folder."""
    folder.mkdir()


def no_folder(folder):
    """No folder at all."""


def a_file(folder):
    """A file in place of the folder."""
    folder.touch()


def no_dicom(folder):
    """Only files of other kinds."""
    folder.mkdir()
    (folder / "notes.txt").write_text("nothing here")
    (folder / "zeros").write_bytes(bytes(500))


def scan(folder, **changes):
    """A plain scan of two b-values; the paths of its files."""
    return made.write_classic(folder, Protocol(**changes), volumes(0, 800))


def header_cut(folder):
    """The first file ends within its header."""
    (path, *_) = scan(folder)
    path.write_bytes(path.read_bytes()[:400])


def only_the_mark(folder):
    """A file of the preamble and the four letters only."""
    scan(folder)
    (folder / "0").write_bytes(bytes(128) + b"DICM")


def pixels_cut(folder):
    """The last file lacks half its pixels."""
    (*_, path) = scan(folder)
    path.write_bytes(path.read_bytes()[:-200])


def too_many_frames(folder):
    """A multi-frame header that claims more frames than it describes."""
    path = made.write_enhanced(folder, Protocol(), volumes(0, 800))
    made.edit(path, lambda dataset: setattr(dataset, "NumberOfFrames", 10**9))


def too_large(folder):
    """A header that claims 60,000 x 60,000 voxels."""

    def change(dataset):
        dataset.Rows = dataset.Columns = 60000

    made.edit(scan(folder)[0], change)


def more_pixels_than_bytes(folder):
    """A header that claims 8000 x 8000 voxels in a file of a few hundred bytes."""

    def change(dataset):
        dataset.Rows = dataset.Columns = 8000

    for path in scan(folder):
        made.edit(path, change)


def deflated(folder):
    """A file whose header is deflated, which may unpack to any size."""
    path = scan(folder)[0]
    content = path.read_bytes().replace(b"1.2.840.10008.1.2.1\0", b"1.2.840.10008.1.2.1.99")
    path.write_bytes(content)


def no_series(folder):
    """A file without the number of its series."""
    made.edit(scan(folder)[0], lambda dataset: delattr(dataset, "SeriesInstanceUID"))


def no_position(folder):
    """Slices that do not say where they lie."""
    for path in scan(folder):
        made.edit(path, lambda dataset: delattr(dataset, "ImagePositionPatient"))


def damaged_pixels(folder):
    """Pixels that are packed as JPEG 2000 and are none."""
    from pydicom.encaps import encapsulate

    def change(dataset):
        dataset.PixelData = encapsulate([b"\xff\xd8nothing\xff\xd9"])
        dataset["PixelData"].is_undefined_length = True
        dataset.file_meta.TransferSyntaxUID = "1.2.840.10008.1.2.4.90"

    for path in scan(folder):
        made.edit(path, change)


def no_diffusion(folder):
    """Anatomy only."""
    scan(folder, private=False)


def maps_only(folder):
    """The scanner's ADC map only."""
    scan(folder, image_type=("DERIVED", "PRIMARY", "DIFFUSION", "ADC"))


def computed_tomography(folder):
    """Another modality."""
    scan(folder, extra={"Modality": "CT"})


def one_b(folder):
    """One b-value."""
    made.write_classic(folder, Protocol(), volumes(800, 800))


def two_scans(folder):
    """Two scans that fit equally."""
    scan(folder)
    made.write_classic(folder, another(Protocol(), number=6), volumes(0, 50, 400))


def broken_gzip(folder):
    """A packed DICOM file that ends early."""
    path = scan(folder)[0]
    packed = gzip.compress(path.read_bytes() + random.Random(1).randbytes(40_000))
    path.with_suffix(".gz").write_bytes(packed[: len(packed) // 2])


CASES = {
    no_folder: "no such folder; give the folder that holds the scanner's DICOM files",
    a_file: "is a file; give the folder that holds",
    nothing: "no DICOM file among 0 files",
    no_dicom: "no DICOM file among 2 files; give the scanner's export",
    header_cut: "file 1 of 6 .in the order of the paths. is a broken DICOM file",
    only_the_mark: "file 1 of 7 .in the order of the paths. is a broken DICOM file .no class or",
    pixels_cut: "series 5: image 6 is cut short .1 such.; copy the series again",
    too_many_frames: "broken DICOM file .another number of frames than it describes",
    too_large: "file 1 of 6 .* broken DICOM file .images of more than 8192 rows",
    more_pixels_than_bytes: "series 5: image 1 is cut short .6 such",
    deflated: "file 1 of 6 .* broken DICOM file .deflated, which may hide any size",
    no_series: "file 1 of 6 .* broken DICOM file .no class or no series",
    no_position: "series 5: no position of the slices in the headers",
    damaged_pixels: "series 5: dcm2niix cannot convert it .exit code",
    no_diffusion: "no diffusion series among 1; --list shows what there is",
    maps_only: "no diffusion series among 1",
    computed_tomography: "no diffusion series among 1",
    one_b: "series 5: b = 800 s/mm² only; a diffusion scan has at least two b-values",
    two_scans: "2 series fit .5: b 0, 800, 2 volumes; 6: b 0, 50, 400, 3 volumes.; say which with",
    broken_gzip: "file 2 is a broken gzip file; copy it again",
}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.__name__)
def test_bad_scans_are_refused_in_one_line(tmp_path, capsys, case):
    """What is wrong, what was met and what to do; exit code 2; no study is left behind."""
    case(tmp_path / "scans")
    assert main(["import", str(tmp_path / "scans"), str(tmp_path / "study")]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("ivim import: ") and err.count("\n") == 1
    with pytest.raises(ValueError, match=CASES[case]):
        raise ValueError(err)
    assert not (tmp_path / "study").exists()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--series", "99"], "--series 99: no such series; there are 5"),
        (["--series", "x"], "--series x: no such series"),
        (["--subject", "a/b"], "'a/b' is no label of a participant; give letters and digits"),
        (["--subject", ".."], "is no label of a participant"),
        (["--averages", "0"], "--averages: 0 is met; averages are greater than 0"),
        (["--averages", "many"], "--averages: 'many' is no list|is no list of numbers"),
        (["--averages", "1", "2", "3"], "--averages: 3 given for 2 b-values"),
        (["--key", "none/key.tsv"], "its folder does not exist"),
        (["--key", "study/key.tsv"], "lies in the study"),
    ],
)
def test_bad_words_are_refused_in_one_line(tmp_path, capsys, monkeypatch, words, said):
    """Options that do not fit, before anything is written."""
    monkeypatch.chdir(tmp_path)
    scan(tmp_path / "scans")
    assert main(["import", "scans", "study", *words]) == 2
    err = capsys.readouterr().err
    assert err.count("\n") == 1
    with pytest.raises(ValueError, match=said):
        raise ValueError(err)
    assert not (tmp_path / "study").exists()


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ("participant_id,group\nsub-09,a\n", "no tab in the first line"),
        ("participant_id\tgroup\nsub-09\n", "line 2 has 1 values for 2 columns"),
    ],
)
def test_a_broken_table_of_the_study_is_refused_before_it_is_touched(tmp_path, capsys, table, said):
    """The study keeps its bytes."""
    scan(tmp_path / "scans")
    (tmp_path / "study").mkdir()
    (tmp_path / "study" / "participants.tsv").write_text(table)
    assert main(["import", str(tmp_path / "scans"), str(tmp_path / "study")]) == 2
    assert said in capsys.readouterr().err
    assert [path.name for path in (tmp_path / "study").iterdir()] == ["participants.tsv"]
    assert (tmp_path / "study" / "participants.tsv").read_text() == table


def test_a_file_in_place_of_the_study_is_refused(tmp_path, capsys):
    """And is left as it is."""
    scan(tmp_path / "scans")
    (tmp_path / "study").write_text("mine")
    assert main(["import", str(tmp_path / "scans"), str(tmp_path / "study")]) == 2
    assert "is a file; give the study's folder" in capsys.readouterr().err
    assert (tmp_path / "study").read_text() == "mine"


def test_the_study_is_asked_for(tmp_path, capsys):
    """STUDY may be left out with --list only."""
    scan(tmp_path / "scans")
    assert main(["import", str(tmp_path / "scans")]) == 2
    assert "STUDY is missing" in capsys.readouterr().err


def test_an_interrupt_leaves_nothing_behind(tmp_path, monkeypatch, capsys):
    """Stopped half-way: exit code 130, no study, no temporary folder beside it."""
    scan(tmp_path / "scans" / "a", patient="A")
    scan(tmp_path / "scans" / "b", patient="B")
    make, calls = job.make_scan, []

    def stopped(choice):
        calls.append(choice)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return make(choice)

    monkeypatch.setattr(job, "make_scan", stopped)
    assert main(["import", str(tmp_path / "scans"), str(tmp_path / "study")]) == 130
    assert [path.name for path in tmp_path.iterdir()] == ["scans"]


def test_a_missing_part_is_named_with_what_installs_it(tmp_path, monkeypatch, capsys):
    """Without dcm2niix the line says which extra has it."""
    scan(tmp_path / "scans")
    monkeypatch.setitem(__import__("sys").modules, "dcm2niix", None)
    assert main(["import", str(tmp_path / "scans"), str(tmp_path / "study")]) == 2
    assert "dcm2niix is not installed; pip install 'ivim[study]'" in capsys.readouterr().err


BYTES = settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """Bytes of a whole classic and of a whole multi-frame file."""
    folder = tmp_path_factory.mktemp("whole")
    classic = made.write_classic(folder, Protocol("GE"), volumes(0))[0]
    enhanced = made.write_enhanced(folder, Protocol("Philips"), volumes(0, 800))
    return classic.read_bytes(), enhanced.read_bytes()


@BYTES
@given(data=st.data())
def test_any_damage_to_a_header_ends_in_a_header_or_one_line(tmp_path, whole, data):
    """Property: bytes changed or cut anywhere give a header or a ValueError with the number."""
    content = bytearray(data.draw(st.sampled_from(whole)))
    for _ in range(data.draw(st.integers(1, 12))):
        content[data.draw(st.integers(132, len(content) - 1))] = data.draw(st.integers(0, 255))
    content = content[: data.draw(st.integers(200, len(content)))]
    (tmp_path / "file").write_bytes(content)
    _read_or_refuse(tmp_path / "file")


@BYTES
@given(content=st.binary(max_size=300))
def test_any_bytes_behind_the_mark_end_in_a_header_or_one_line(tmp_path, content):
    """Property: the same for bytes that only begin like a DICOM file."""
    (tmp_path / "file").write_bytes(bytes(128) + b"DICM" + content)
    _read_or_refuse(tmp_path / "file")


def _read_or_refuse(path):
    try:
        read_header(files.Source(path, 7, ""), 9)
    except ValueError as error:
        assert str(error).startswith("file 7 of 9")
        assert str(path.parent) not in str(error)


@BYTES
@given(content=st.binary(max_size=200))
def test_any_bytes_are_a_key_or_one_line_that_quotes_nothing(tmp_path, content):
    """Property: a key is rows of three texts, or is refused without its content."""
    (tmp_path / "key").write_bytes(content)
    try:
        rows = people.read_key(tmp_path / "key")
    except ValueError as error:
        assert "key" in str(error)
    else:
        assert all(len(row) == 3 for row in rows)


def test_an_element_that_claims_gigabytes_is_not_read(tmp_path):
    """A private element whose length is beyond the file: refused, no memory asked for."""
    path = scan(tmp_path / "scans")[0]
    content = path.read_bytes()
    place = content.index(b"\x18\x00\x20\x00")  # before (0018,0020), where elements are in order
    huge = struct.pack("<HH2sHI", 0x0011, 0x1001, b"OB", 0, 0xFFFFFFF0)
    path.write_bytes(content[:place] + huge + content[place:])
    with pytest.raises(ValueError, match="file 1 of 6 .* is a broken DICOM file"):
        dicom.import_study(tmp_path / "scans", tmp_path / "study")
