"""Nothing that tells who a patient is leaves `ivim import`: not a byte, not a line."""

import gzip
import subprocess
import sys

import dicom_made as made
import nibabel as nib
import numpy as np
import pydicom
import pytest
from dicom_made import Protocol, another, volumes
from pydicom.datadict import DicomDictionary

from ivim.files import ROOT
from ivim.imaging import dicom
from ivim.imaging.dicom import dcm2niix

NAME = "Zzyxname"
TEXT = ("LO", "SH", "ST", "LT", "UT", "PN", "UC", "AE")
# Elements that say how an image is to be read; planted in a test of their own below.
NEEDED = ("ImageType", "Manufacturer", "Modality", "SeriesInstanceUID", "PatientID", "SequenceName")


def plant(dataset):
    """The name in every text element of the dictionary, in dates, and in private elements."""
    for tag, (kind, _, _, _, keyword) in DicomDictionary.items():
        if kind in TEXT and keyword and keyword not in NEEDED and 8 <= tag >> 16 < 0x7000:
            dataset.add_new(tag, kind, NAME)
    dataset.PatientID = f"{NAME}-17"
    for group in (0x0009, 0x0011, 0x0029, 0x0051, 0x2001, 0x7777):
        block = dataset.private_block(group, f"{NAME} PRIVATE", create=True)
        for element, kind in enumerate(("LO", "UT", "PN", "ST", "SH"), start=1):
            block.add_new(element, kind, NAME)
        block.add_new(0x20, "OB", NAME.encode())
    item = pydicom.Dataset()
    item.PatientName = item.ImageComments = NAME
    dataset.RequestAttributesSequence = pydicom.Sequence([item])
    dataset.add_new(0x00104000, "LT", f"{NAME} was here. " * 50)


@pytest.fixture
def export(tmp_path):
    """A scanner's export with the name everywhere, among folders and files of that name."""
    folder = tmp_path / "scans"
    below = folder / f"{NAME}, Anna" / f"{NAME} 1950"
    paths = made.write_classic(
        below, Protocol(name=NAME), volumes(0, 50, 800), names=lambda k: f"{NAME}{k}"
    )
    kind = ("DERIVED", "PRIMARY", "DIFFUSION", "ADC", NAME.upper())
    paths += made.write_classic(
        below / "map", another(Protocol(), number=6, image_type=kind), volumes(0)
    )
    paths.append(made.write_enhanced(folder / "b", Protocol("Philips"), volumes(0, 800)))
    for path in paths:
        made.edit(path, plant)
    return folder


@pytest.fixture
def say(tmp_path):
    """A function that runs the command as a user does; exit code and everything it says."""

    def run(*words):
        done = subprocess.run(
            [sys.executable, "-m", "ivim.cli", "import", *map(str, words)],
            capture_output=True, text=True, cwd=tmp_path, check=False, env=_environment(tmp_path),
        )  # fmt: skip
        return done.returncode, done.stdout + done.stderr

    return run


def _environment(tmp_path):
    import os

    return os.environ | {"PYTHONPATH": str(ROOT), "HOME": str(tmp_path)}


def everything(folder):
    """Names and bytes of all files below, packed ones unpacked too."""
    for path in folder.rglob("*"):
        yield str(path.relative_to(folder)).encode()
        if path.is_file():
            content = path.read_bytes()
            yield content
            if path.suffix == ".gz":
                yield gzip.decompress(content)


def assert_no_name(content):
    """The name in no spelling."""
    content = content if isinstance(content, bytes) else content.encode()
    assert NAME.lower().encode() not in content.lower()


def test_no_byte_and_no_line_has_the_name(export, say, tmp_path):
    """Every file of the study, names included; what the command says, on both streams."""
    study, key = tmp_path / "study", tmp_path / "key.tsv"
    code, said = say(export, study, "--key", key, "--subject", "1")
    assert code == 2, said
    assert_no_name(said)
    code, said = say(export, study, "--key", key, "--series", "5.1")
    assert code == 0, said
    assert_no_name(said)
    found = list(everything(study))
    assert len(found) > 10
    for content in found:
        assert_no_name(content)
    assert NAME in key.read_text()


def test_the_list_has_no_name(export, say):
    """Nor a word of the image type that is on no list."""
    code, said = say(export, "--list")
    assert code == 0
    assert "ADC map of the scanner" in said
    assert_no_name(said)


def test_refusals_have_no_name(export, say, tmp_path):
    """Broken files, missing slices, no b-value: named by number, not by folder."""
    paths = sorted(path for path in export.rglob("*") if path.is_file())
    paths[0].write_bytes(paths[0].read_bytes()[:700])
    code, said = say(export, tmp_path / "study")
    assert code == 2
    assert "file 1 of 13" in said
    assert_no_name(said)
    paths[0].unlink()
    code, said = say(export, tmp_path / "study", "--debug")
    assert code != 0
    assert_no_name(said)


def test_words_that_are_needed_are_shown_from_a_list_only(tmp_path, capsys):
    """A name in the manufacturer, the modality or the image type goes no further."""
    for path in made.write_classic(tmp_path / "in", Protocol(), volumes(0, 800)):

        def change(dataset):
            dataset.Manufacturer = f"SIEMENS {NAME}"
            dataset.ImageType = ["ORIGINAL", "PRIMARY", NAME.upper()]
            dataset.SequenceName = f"*ep_b0 {NAME}"[:16]
            dataset.ManufacturerModelName = dataset.ProtocolName = NAME
            dataset.MRAcquisitionType = NAME.upper()

        made.edit(path, change)
    rows, _ = dicom.list_folder(tmp_path / "in")
    assert_no_name(str(rows))
    outcome = dicom.import_study(tmp_path / "in", tmp_path / "study")
    assert_no_name(str(outcome))
    for content in everything(tmp_path / "study"):
        assert_no_name(content)


def test_text_and_extensions_of_the_converted_image_are_left_behind(tmp_path, monkeypatch):
    """Whatever a converter writes into a NIfTI header or a sidecar, the study's are made anew."""
    made.write_classic(tmp_path / "in", Protocol(), volumes(0, 800))
    read = dcm2niix._read

    def spoil(path):
        image = nib.load(path)
        image = nib.Nifti1Image(np.array(image.get_fdata(), np.uint16), image.affine, image.header)
        for field in ("descrip", "aux_file", "intent_name", "db_name"):
            image.header[field] = NAME.encode()
        image.header.extensions.append(nib.nifti1.Nifti1Extension("comment", NAME.encode()))
        nib.save(image, path)
        sidecar = path.with_suffix(".json")
        sidecar.write_text(f'{{"EchoTime": "{NAME}", "PatientName": "{NAME}", "FlipAngle": 90}}')
        return read(path)

    monkeypatch.setattr(dcm2niix, "_read", spoil)
    dicom.import_study(tmp_path / "in", tmp_path / "study")
    for content in everything(tmp_path / "study"):
        assert_no_name(content)


def test_temporary_copies_are_removed(export, tmp_path, monkeypatch):
    """After success and after a refusal: nothing of the export is left in the temporary folder."""
    place = tmp_path / "temporary"
    place.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(place))
    with pytest.raises(ValueError, match="fit"):
        dicom.import_study(export, tmp_path / "study")
    dicom.import_study(export, tmp_path / "study", series=["5.1"])
    assert list(place.iterdir()) == []
