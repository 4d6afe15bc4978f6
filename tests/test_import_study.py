"""`ivim import` from DICOM files to a study: voxels, b-values, averages, refusals."""

import gzip
import json
import shutil

import dicom_made as made
import nibabel as nib
import numpy as np
import pydicom
import pytest
from dicom_made import Protocol, Volume, another, read, three_directions, volumes
from numpy.testing import assert_allclose
from pydicom.uid import generate_uid

from ivim.cli import main
from ivim.imaging import bids, dicom
from ivim.imaging.dicom import dcm2niix, files
from ivim.imaging.series import sidecar

MAKERS = ("GE", "Siemens", "Philips", "UIH")


def sidecar_of(study, label="sub-01"):
    """The JSON of a participant's series."""
    return json.loads(sidecar(bids.find_series(study, label), ".json").read_text())


def expected(protocol, scan):
    """Voxels as the article's NIfTI has them: x to the right, rows upwards, slices, volumes."""
    stack = [
        [np.flipud(made.pixels(protocol, one.b, v, z)).T for z in range(protocol.slices)]
        for v, one in enumerate(scan)
    ]
    return np.moveaxis(np.array(stack, float), (0, 1), (3, 2))


@pytest.mark.parametrize("maker", MAKERS)
@pytest.mark.parametrize("kind", ["classic", "enhanced", "enhanced by place", "one file a volume"])
def test_every_volume_has_its_voxels_b_averages_and_place(scans, study, maker, kind):
    """Whatever the maker, the kind of file and its order, volume k is volume k of the scan."""
    averages = [2, 3, 4, 6, 6]
    scan, protocol = volumes(0, 20, 400, 1000, 1000, averages=averages), Protocol(maker, slices=4)
    if kind == "classic":
        made.write_classic(scans, protocol, scan)
    elif kind == "one file a volume":
        _one_file_a_volume(scans, protocol, scan)
    else:
        made.write_enhanced(scans, protocol, scan, slice_first=kind == "enhanced")
    dicom.import_study(scans, study)
    series = read(study)
    assert series.b.tolist() == [0, 20, 400, 1000, 1000]
    assert series.averages.tolist() == averages
    assert_allclose(series.data, expected(protocol, scan), rtol=0, atol=0)
    origin = np.array([protocol.origin[0], protocol.origin[1] + 11 * 2, protocol.origin[2]])
    assert_allclose(series.grid.affine[:3, 3], origin * (-1, -1, 1), atol=1e-4)
    assert_allclose(series.grid.spacing, (2, 2, 4), rtol=1e-6)


def _one_file_a_volume(folder, protocol, scan):
    """As Siemens XA exports a series: a multi-frame file for each volume."""
    for v, one in enumerate(scan):
        path = made.write_enhanced(folder, protocol, [one])
        stack = np.stack([made.pixels(protocol, one.b, v, z) for z in range(protocol.slices)])

        def change(dataset, v=v, stack=stack):
            dataset.InstanceNumber = dataset.AcquisitionNumber = v + 1
            dataset.PixelData = stack.tobytes()

        made.edit(path, change)
        path.rename(folder / f"{v}")


@pytest.mark.parametrize("maker", MAKERS)
def test_the_order_of_the_scan_is_kept(scans, study, maker):
    """Falling, mixed, b = 0 last: the volumes come as they were taken."""
    scan = volumes(800, 0, 400, 50, 0)
    made.write_classic(scans, Protocol(maker), scan)
    dicom.import_study(scans, study)
    assert read(study).b.tolist() == [800, 0, 400, 50, 0]


@pytest.mark.parametrize("maker", MAKERS)
@pytest.mark.parametrize("write", [made.write_classic, made.write_enhanced])
def test_directions_are_samples_and_the_scanners_trace_is_not(scans, study, maker, write):
    """Three directions of each b are kept; the trace among them is set aside."""
    scan = three_directions(0, 400, 800, trace=True)
    protocol = Protocol(maker)
    write(scans, protocol, scan)
    outcome = dicom.import_study(scans, study)
    series = read(study)
    assert sorted(series.b.tolist()) == [0, 400, 400, 400, 800, 800, 800]
    voxels = expected(protocol, scan)
    measured = [v for v, one in enumerate(scan) if not one.trace]
    assert_allclose(series.data, voxels[..., measured], rtol=0, atol=0)
    assert any("2 trace volumes of the scanner (b 400, 800) set aside" in n for n in outcome.notes)
    path = sidecar(bids.find_series(study, "01"), ".bvec")
    lengths = np.linalg.norm(bids.read_bvecs(path, 7), axis=1)
    assert_allclose(lengths, series.b > 0, atol=1e-3)


@pytest.mark.parametrize(
    "orientation", [(1, 0, 0, 0, 1, 0), (0, 1, 0, 0, 0, -1), (0.8, 0.6, 0, 0, 0, -1)]
)
@pytest.mark.parametrize("write", [made.write_classic, made.write_enhanced])
def test_directions_are_those_of_the_converter_in_any_orientation(
    scans, study, orientation, write, monkeypatch
):
    """Where dcm2niix gives none, those of the headers are turned onto the image's axes alike."""
    axis = tuple(np.array([0.36, 0.48, 0.8]))
    scan = [Volume(0), Volume(500, axis), Volume(800, (0.0, 0.6, -0.8))]
    write(scans, Protocol("Siemens", orientation=orientation), scan)
    path = study / "sub-01" / "dwi" / "sub-01_dwi.bvec"
    dicom.import_study(scans, study)
    converted = bids.read_bvecs(path, 3)
    convert = dcm2niix.convert
    monkeypatch.setattr(
        dcm2niix,
        "convert",
        lambda *where: [
            made.replace(one, directions=np.zeros_like(one.directions)) for one in convert(*where)
        ],
    )
    dicom.import_study(scans, study, force=True)
    assert np.abs(converted).max() > 0.5
    assert_allclose(bids.read_bvecs(path, 3), converted, atol=2e-3)


@pytest.mark.parametrize("maker", MAKERS)
@pytest.mark.parametrize("write", [made.write_classic, made.write_enhanced])
def test_a_scan_of_traces_only_keeps_the_b_of_the_headers(scans, study, maker, write):
    """What body protocols store; dcm2niix gives b = 0 (GE) or 2000 (Philips) for such volumes."""
    write(scans, Protocol(maker), [Volume(b, None, 2, trace=b > 0) for b in (0, 50, 400, 800)])
    dicom.import_study(scans, study)
    assert read(study).b.tolist() == [0, 50, 400, 800]
    path = sidecar(bids.find_series(study, "01"), ".bvec")
    assert not bids.read_bvecs(path, 4).any()


def test_one_b_per_series_is_joined_and_the_map_left_out(scans, study):
    """Three volumes from three series, none from the scanner's ADC map behind them."""
    protocols = []
    for number, b in ((1, 0), (2, 400), (3, 800)):
        protocols.append(another(Protocol(), number=number))
        made.write_classic(scans / f"{number}", protocols[-1], volumes(b))
    kind = ("DERIVED", "PRIMARY", "DIFFUSION", "ADC")
    adc = another(Protocol(), number=4, image_type=kind, private=False)
    made.write_classic(scans / "4", adc, volumes(0))
    dicom.import_study(scans, study)
    series = read(study)
    assert series.b.tolist() == [0, 400, 800]
    for v, protocol in enumerate(protocols):
        one = expected(protocol, volumes((0, 400, 800)[v]))[..., 0]
        assert_allclose(series.data[..., v], one, rtol=0, atol=0)


def test_a_map_and_phase_within_one_series_are_left_out(scans, study):
    """Philips keeps magnitude, phase and ADC under one series number."""
    scan = [
        Volume(0), Volume(800, (0, 0, 1)),
        Volume(0, image_type=("ORIGINAL", "PRIMARY", "PHASE MAP", "P", "SE")),
        Volume(0, image_type=("DERIVED", "PRIMARY", "ADC", "ADC", "UNSPECIFIED")),
    ]  # fmt: skip
    made.write_classic(scans, Protocol("Philips"), scan)
    dicom.import_study(scans, study)
    series = read(study)
    assert series.b.tolist() == [0, 800]
    assert_allclose(series.data, expected(Protocol("Philips"), scan)[..., :2], rtol=0, atol=0)


@pytest.mark.parametrize("enhanced", [False, True])
def test_volumes_of_different_scaling_are_scaled(scans, study, enhanced):
    """A slope of its own for each volume ends in the voxels, not in one header for all."""
    scan, protocol, slopes = volumes(0, 50, 800), Protocol(), (1.0, 1.5, 2.25)
    if enhanced:

        def scale(dataset):
            for k, group in enumerate(dataset.PerFrameFunctionalGroupsSequence):
                group.PixelValueTransformationSequence = made._one(
                    RescaleSlope=slopes[k // 3], RescaleIntercept=0, RescaleType="US"
                )

        made.edit(made.write_enhanced(scans, protocol, scan), scale)
    else:
        for k, path in enumerate(made.write_classic(scans, protocol, scan)):

            def scale(dataset, k=k):
                dataset.RescaleSlope, dataset.RescaleIntercept = slopes[k // 3], 0

            made.edit(path, scale)
    dicom.import_study(scans, study)
    assert_allclose(read(study).data, expected(protocol, scan) * slopes, rtol=1e-5)


def test_compressed_files_are_imported(scans, study):
    """Run-length packed pixels end in the same voxels."""
    scan = volumes(0, 50, 800)
    for path in made.write_classic(scans, Protocol(), scan):
        made.edit(path, lambda dataset: dataset.compress(pydicom.uid.RLELossless))
    dicom.import_study(scans, study)
    assert_allclose(read(study).data, expected(Protocol(), scan), rtol=0, atol=0)


@pytest.mark.parametrize("order", [[0, 1, 2], [2, 0, 1]])
def test_pixels_that_only_the_converter_can_unpack_go_by_their_b(scans, study, monkeypatch, order):
    """JPEG lossless: no pixel to compare, so each volume takes the next image of its b-value."""
    made.write_classic(scans, Protocol(), volumes(0, 50, 800, averages=[1, 2, 3]))
    convert = dcm2niix.convert

    def sorted_anew(*where):
        (image,) = convert(*where)
        return [made.replace(image, voxels=image.voxels[..., order], b=image.b[order])]

    def unable(*_, **__):
        raise NotImplementedError

    monkeypatch.setattr(dcm2niix, "convert", sorted_anew)
    monkeypatch.setattr("pydicom.pixels.iter_pixels", unable)
    dicom.import_study(scans, study)
    series = read(study)
    assert series.b.tolist() == [(0, 50, 800)[place] for place in order]
    assert series.averages.tolist() == [(1, 2, 3)[place] for place in order]


@pytest.mark.parametrize("fault", ["b", "lost", "no b"])
def test_what_cannot_be_checked_by_pixels_has_to_fit_in_number_and_b(
    scans, study, monkeypatch, fault
):
    """Another b, a volume too few, or no b at all beside pixels that cannot be unpacked here."""
    made.write_classic(scans, Protocol(), volumes(0, 50, 800))
    convert = dcm2niix.convert

    def faulty(*where):
        (image,) = convert(*where)
        b = {"b": np.array([0, 50, 700]), "lost": image.b[:2], "no b": None}[fault]
        count = 2 if fault == "lost" else 3
        return [made.replace(image, voxels=image.voxels[..., :count], b=b)]

    def unable(*_, **__):
        raise NotImplementedError

    monkeypatch.setattr(dcm2niix, "convert", faulty)
    monkeypatch.setattr("pydicom.pixels.iter_pixels", unable)
    said = "headers 800, dcm2niix 700" if fault == "b" else "packed in a way that cannot be checked"
    with pytest.raises(ValueError, match=said):
        dicom.import_study(scans, study)


def test_packed_files_without_ending_among_other_files_are_imported(scans, study):
    """gzip, no ending, deep folders, a licence, a DICOMDIR, copies: the scan is found."""
    scan = volumes(0, 50, 800)
    paths = made.write_classic(scans / "a" / "b", Protocol(), scan, names=lambda k: f"I{k}00")
    packed = gzip.compress(paths[4].read_bytes())
    paths[4].unlink()
    (scans / "a" / "packed").write_bytes(packed)
    shutil.copy(paths[0], scans / "copy.dcm")
    (scans / "LICENSE").write_text("free")
    (scans / "empty").touch()
    (scans / "picture.png").write_bytes(b"\x89PNG" + bytes(200))
    (scans / "other.nii.gz").write_bytes(gzip.compress(bytes(400)))
    (scans / "broken.gz").write_bytes(packed[:20])
    _write_directory(scans / "DICOMDIR")
    outcome = dicom.import_study(scans, study)
    assert_allclose(read(study).data, expected(Protocol(), scan), rtol=0, atol=0)
    assert "sub-01: copies of images passed over: 1" in outcome.notes


def _write_directory(path):
    dataset = pydicom.Dataset()
    dataset.file_meta = pydicom.dataset.FileMetaDataset()
    dataset.file_meta.MediaStorageSOPClassUID = "1.2.840.10008.1.3.10"
    dataset.file_meta.MediaStorageSOPInstanceUID = "1.2.3"
    dataset.file_meta.TransferSyntaxUID = pydicom.uid.ExplicitVRLittleEndian
    dataset.FileSetID = "SET"
    dataset.save_as(path, enforce_file_format=True)


def test_links_that_leave_the_folder_are_not_followed(scans, study, tmp_path):
    """Files and folders elsewhere stay out, and that is said; a link within is the same file."""
    paths = made.write_classic(scans, Protocol(), volumes(0, 800))
    other = made.write_classic(tmp_path / "else", another(Protocol(), number=9), volumes(0, 500))
    (scans / "file").symlink_to(other[0])
    (scans / "folder").symlink_to(tmp_path / "else")
    (scans / "same").symlink_to(paths[0])
    outcome = dicom.import_study(scans, study)
    assert outcome.warnings == ["2 symbolic links lead elsewhere and were not followed"]
    assert read(study).b.tolist() == [0, 800]


def test_averages_that_differ_are_a_list_and_equal_ones_a_number(scans, study, command):
    """As BIDS has NumberOfAverages; both are said aloud."""
    made.write_classic(scans, Protocol(), volumes(0, 50, averages=[6, 2]))
    code, out, _ = command()
    assert code == 0
    assert sidecar_of(study)["NumberOfAverages"] == [6, 2]
    assert "averages 6, 2" in out
    for path in scans.iterdir():
        made.edit(path, lambda dataset: setattr(dataset, "NumberOfAverages", "1.5"))
    assert command("--force")[0] == 0
    assert sidecar_of(study)["NumberOfAverages"] == 1.5


def test_averages_that_no_header_says_are_never_guessed(scans, study, command):
    """The volumes count the same, and the command says so and how to give them."""
    made.write_classic(scans, Protocol(), [Volume(0, None, None), Volume(800, (1, 0, 0), 4)])
    code, _, err = command()
    assert code == 0
    assert "all volumes will count the same; if you know them, give --averages" in err
    assert "NumberOfAverages" not in sidecar_of(study)
    assert read(study).averages is None
    assert command("--force", "--averages", 2, 8)[0] == 0
    assert read(study).averages.tolist() == [2, 8]
    assert command("--force", "--averages", 3)[0] == 0
    assert sidecar_of(study)["NumberOfAverages"] == 3
    code, _, err = command("--force", "--averages", "1,2,3")
    assert code == 2
    assert "--averages: 3 given for 2 b-values" in err


@pytest.mark.parametrize("maker", MAKERS)
def test_a_disagreement_on_b_names_the_volumes(scans, study, command, maker):
    """Public 500 and private 400 in one volume: refused, and nothing is written."""
    paths = made.write_classic(scans, Protocol(maker), volumes(0, 50, 400, 800))
    for k, path in enumerate(paths):
        b = (0.0, 50.0, 500.0, 800.0)[k // 3]
        made.edit(path, lambda dataset, b=b: setattr(dataset, "DiffusionBValue", b))
    code, _, err = command()
    assert code == 2
    assert "volume 3 (series 5): headers 500, dcm2niix 400" in err
    assert "volume 2" not in err
    assert not study.exists()


def test_volumes_in_another_order_are_known_by_their_pixels(scans, study, monkeypatch):
    """A converter that sorts volumes by b gives each of them its own b-value and averages still."""
    scan, protocol = volumes(800, 0, 400, averages=[4, 1, 2]), Protocol()
    made.write_classic(scans, protocol, scan)
    convert = dcm2niix.convert

    def sorted_by_b(*where):
        (image,) = convert(*where)
        order = np.argsort(image.b)
        return [
            made.replace(
                image, voxels=image.voxels[..., order], b=image.b[order],
                directions=image.directions[order],
            )
        ]  # fmt: skip

    monkeypatch.setattr(dcm2niix, "convert", sorted_by_b)
    dicom.import_study(scans, study)
    series = read(study)
    assert series.b.tolist() == [0, 400, 800]
    assert series.averages.tolist() == [1, 2, 4]
    assert_allclose(series.data, expected(protocol, scan)[..., [1, 2, 0]], rtol=0, atol=0)


@pytest.mark.parametrize("fault", ["lost", "changed", "mixed"])
def test_a_conversion_that_does_not_fit_the_headers_is_refused(scans, study, monkeypatch, fault):
    """A volume lost, a voxel changed, slices of two b-values in one volume."""
    made.write_classic(scans, Protocol(), volumes(0, 400, 800))
    convert = dcm2niix.convert

    def faulty(*where):
        (image,) = convert(*where)
        voxels = image.voxels.copy()
        if fault == "lost":
            return [made.replace(image, voxels=voxels[..., :2], b=image.b[:2])]
        if fault == "changed":
            voxels[3, 3, 1, 1] += 1
        else:
            voxels[:, :, 1, [0, 1]] = voxels[:, :, 1, [1, 0]]
        return [made.replace(image, voxels=voxels)]

    said = {
        "lost": "0 volumes of b = 800 were converted, the headers have 1",
        "changed": "volume 2 as converted has a slice that is none of the series' images",
        "mixed": "volume 1 as converted mixes images of b = 0, 400",
    }
    monkeypatch.setattr(dcm2niix, "convert", faulty)
    with pytest.raises(ValueError, match=said[fault]):
        dicom.import_study(scans, study)
    assert not study.exists()


def test_volumes_with_the_same_pixels_go_by_their_order(scans, study, monkeypatch):
    """A constant image in every volume cannot be told by its pixels."""
    monkeypatch.setattr(made, "pixels", lambda *_: np.full((12, 16), 7, np.uint16))
    made.write_classic(scans, Protocol(), volumes(0, 50, 400, averages=[1, 2, 3]))
    dicom.import_study(scans, study)
    series = read(study)
    assert series.b.tolist() == [0, 50, 400]
    assert series.averages.tolist() == [1, 2, 3]


def test_series_can_be_named(scans, study, command):
    """By the numbers of --list; a number that is not there is answered with those that are."""
    made.write_classic(scans, another(Protocol(), number=4), volumes(0, 50, 800))
    made.write_classic(scans, another(Protocol(), number=9), volumes(0, 1000))
    code, _, err = command()
    assert (code, "say which with --series" in err) == (2, True)
    code, _, err = command("--series", 7)
    assert (code, "--series 7: no such series; there are 4, 9" in err) == (2, True)
    assert command("--series", 9)[0] == 0
    assert read(study).b.tolist() == [0, 1000]


def test_the_list_shows_every_series_and_writes_nothing(scans, study, capsys):
    """With numbers, kind, b-values, averages, slices, and whether it would be chosen."""
    made.write_classic(scans, another(Protocol("GE"), number=4), volumes(0, 50, averages=[2, 4]))
    kind = ("DERIVED", "PRIMARY", "DIFFUSION", "ADC")
    made.write_classic(scans, another(Protocol("GE"), number=9, image_type=kind), volumes(0))
    localizer = another(Protocol("Siemens", private=False), number=1)
    made.write_classic(scans, localizer, volumes(0))
    assert main(["import", str(scans), "--list"]) == 0
    lines = [line.split("  ") for line in capsys.readouterr().out.splitlines()]
    cells = [[cell.strip() for cell in line if cell.strip()] for line in lines]
    assert cells[0][:5] == ["patient", "series", "vendor", "type", "b"]
    assert cells[1][-1] == "no b-value in the headers"
    four = ["sub-01", "4", "GE", "ORIGINAL\\PRIMARY\\DIFFUSION\\NONE", "0, 50", "2, 4", "1", "3"]
    assert cells[2] == [*four, "2", "6", "chosen"]
    assert cells[3][-1] == "ADC map of the scanner"
    assert not study.exists()


def test_volumes_exported_twice_under_other_identifiers_are_warned_of(scans, study):
    """An anonymiser can give a copy a new UID: the same noise twice tells it."""
    paths = made.write_classic(scans, Protocol(), volumes(0, 500))
    for count, path in enumerate(paths):
        copy = path.with_name(f"copy-{count}")
        shutil.copy(path, copy)
        made.edit(copy, lambda dataset: setattr(dataset, "SOPInstanceUID", generate_uid()))
        made.edit(copy, lambda dataset, k=count: setattr(dataset, "InstanceNumber", 100 + k))
    outcome = dicom.import_study(scans, study)
    assert any("2 volumes have the very pixels of another" in line for line in outcome.warnings)


def test_images_that_philips_scaled_one_by_one_are_warned_of(scans, study):
    """Slope times scale slope has to be one number for signals to compare."""
    for count, path in enumerate(made.write_classic(scans, Protocol("Philips"), volumes(0, 500))):

        def scale(dataset, own=0.002 + 0.001 * (count // 3)):
            dataset.RescaleSlope, dataset.RescaleIntercept = 2, 0
            dataset.private_block(0x2005, "Philips MR Imaging DD 001").add_new(0x0E, "FL", own)

        made.edit(path, scale)
    outcome = dicom.import_study(scans, study)
    assert any("slope times scale slope 0.004 to 0.006" in line for line in outcome.warnings)


def test_burned_in_text_is_warned_of(scans, study):
    """The images are imported; a person has to look at them."""
    protocol = Protocol(extra={"BurnedInAnnotation": "YES"})
    made.write_classic(scans, protocol, volumes(0, 500))
    outcome = dicom.import_study(scans, study)
    assert any("text is burned into the images" in line for line in outcome.warnings)


def test_the_image_is_stored_as_the_scanner_stored_it(scans, study):
    """Integers, packed, with the repetition time in s and no text in the header."""
    made.write_classic(scans, Protocol(), volumes(0, 500))
    dicom.import_study(scans, study)
    image = nib.load(bids.find_series(study, "01"))
    assert image.get_data_dtype().kind in "iu"
    assert image.header.get_zooms()[3] == 3.0
    assert image.header["descrip"].tobytes().strip(b"\0") == b""
    assert len(image.header.extensions) == 0
    content = sidecar_of(study)
    assert content["EchoTime"] == 0.07
    assert content["Manufacturer"] == "Siemens"


def test_importing_twice_gives_the_same_bytes(scans, tmp_path):
    """No date, no random name in what is written."""
    made.write_classic(scans, Protocol(), volumes(0, 500))
    for name in ("one", "two"):
        dicom.import_study(scans, tmp_path / name)
    found = [
        {path.relative_to(root): path.read_bytes() for path in root.rglob("*") if path.is_file()}
        for root in (tmp_path / "one", tmp_path / "two")
    ]
    assert found[0] == found[1]


def test_an_unpacked_file_has_a_limit(scans, study, monkeypatch):
    """A small gzip file can unpack to anything: it is refused while it unpacks."""
    paths = made.write_classic(scans, Protocol(), volumes(0, 500))
    paths[0].with_suffix(".gz").write_bytes(gzip.compress(paths[0].read_bytes() + bytes(10**6)))
    paths[0].unlink()
    monkeypatch.setattr(files, "LARGEST_UNPACKED", 10**5)
    with pytest.raises(ValueError, match="unpacks to more than 0.0001 GB"):
        dicom.import_study(scans, study)
