"""Damaged, lying and endless files: a result or one line, in bounded time and memory, whatever the
bytes are.
"""

import gzip
import json
import os
import struct
import tracemalloc
import zipfile
import zlib
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from test_imaging_formats import GRIDS, WRITERS

from ivim.imaging import guard
from ivim.imaging.formats import load_regions, read_grid, read_regions
from ivim.imaging.formats.nifti import read_image
from ivim.imaging.series import read_averages, read_bvals

GRID = GRIDS["plain"]
FAST = settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    derandomize=True,
)


def one_line_or_result(read, *args):
    """Call; a ValueError has to be one line of ordinary length, any other exception goes on."""
    try:
        return read(*args)
    except ValueError as error:
        assert "\n" not in str(error) and 10 < len(str(error)) < 600
        return None


def nifti(path, change=None, shape=(4, 3, 2, 3), dtype=np.int16):
    """A NIfTI file whose raw header was changed behind the library's back."""
    image = nib.Nifti1Image(np.ones(shape, dtype), np.diag([2.0, 2, 4, 1]))
    raw = bytearray(image.to_bytes())
    if change:
        change(raw)
    packed = str(path).endswith(".gz")
    path.write_bytes(gzip.compress(bytes(raw)) if packed else bytes(raw))
    return path


def dim(*numbers):
    """Write the dim field (eight 16-bit numbers from byte 40)."""
    return lambda raw: raw.__setitem__(
        slice(40, 40 + 2 * len(numbers)), struct.pack(f"<{len(numbers)}h", *numbers)
    )


def floats(start, *numbers):
    """Write 32-bit numbers from a byte on."""
    return lambda raw: raw.__setitem__(
        slice(start, start + 4 * len(numbers)), struct.pack(f"<{len(numbers)}f", *numbers)
    )


IN_MM = '{"space": "RAS", "unit": "mm", "polygons": '
PIXDIM, VOX_OFFSET, SROW_X = 76, 108, 280
NAN = float("nan")


@pytest.mark.parametrize("ending", [".nii", ".nii.gz"])
@pytest.mark.parametrize(
    ("change", "message"),
    [
        (dim(4, 10000, 10000, 10000, 1), "claims 10000 x 10000 x 10000 x 1 voxels"),
        (dim(4, -4, 3, 2, 3), r"dim is \[4, -4, 3, 2, 3"),
        (dim(4, 4, 0, 2, 3), r"dim is \[4, 4, 0, 2, 3"),
        (dim(9, 4, 3, 2, 3), r"dim is \[9,"),
        (dim(-1, 4, 3, 2, 3), r"dim is \[-1,"),
        (floats(PIXDIM + 4, NAN), "pixdim holds nan"),
        (floats(SROW_X, NAN), "sform holds nan"),
        (floats(SROW_X + 12, float("inf")), "sform holds inf"),
        (floats(SROW_X, 0, 0, 0, 0), "geometry has no volume"),
        (floats(VOX_OFFSET, 1e9), "vox_offset is 1e[+]09"),
        (floats(VOX_OFFSET, NAN), "vox_offset is nan"),
        (lambda raw: raw.__setitem__(slice(70, 72), b"\xff\x7f"), "not readable as an image"),
        (lambda raw: raw.__setitem__(slice(344, 348), b"ni1\0"), "image lies in another file"),
    ],
)
def test_headers_that_cannot_be(change, message, ending, tmp_path):
    """A header that claims what cannot be is refused before a voxel is read, with the value met."""
    path = nifti(tmp_path / f"dwi{ending}", change)
    with pytest.raises(ValueError, match=message):
        read_image(path)
    with pytest.raises(ValueError, match=message):
        read_grid(path) if "claims" not in message else read_regions(path, GRID)


def test_a_header_with_nan_in_qform(tmp_path):
    """Where the qform gives the place, NaN in it is refused."""

    def change(raw):
        raw[252:256] = struct.pack("<2h", 1, 0)
        floats(256, NAN)(raw)

    with pytest.raises(ValueError, match="qform holds nan"):
        read_image(nifti(tmp_path / "dwi.nii", change))


def test_an_image_larger_than_memory_is_refused_before_reading(tmp_path, monkeypatch):
    """An image that needs more than the free memory is refused with both sizes."""
    path = nifti(tmp_path / "dwi.nii.gz", shape=(50, 50, 20, 10))
    monkeypatch.setattr(guard, "available_memory", lambda: 1_000_000)
    with pytest.raises(
        ValueError, match=r"50 x 50 x 20 x 10 voxels needs 3 MB of memory, 1 MB are"
    ):
        read_image(path)


def test_a_gzip_bomb_is_refused_in_little_memory(tmp_path):
    """A stream that goes on 200 MB behind the image is refused after a megabyte of it."""
    raw = nib.Nifti1Image(np.ones((4, 3, 2, 3), np.int16), np.eye(4)).to_bytes()
    path = tmp_path / "dwi.nii.gz"
    with gzip.open(path, "wb", 1) as file:
        file.write(raw)
        for _ in range(200):
            file.write(bytes(1_000_000))
    tracemalloc.start()
    with pytest.raises(ValueError, match="holds more than the .* that its header says"):
        read_image(path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 20_000_000


def test_a_bomb_in_its_own_header_is_refused(tmp_path):
    """A header that claims a large image in a file that could hold it is refused by memory, not
    tried.
    """
    path = nifti(tmp_path / "dwi.nii.gz", dim(4, 32767, 32767, 100, 100))
    with path.open("ab") as file:
        file.truncate(300_000_000)  # a sparse file, whose length could hold the claim
    with pytest.raises(ValueError, match="of memory|cannot hold"):
        read_image(path)


@pytest.mark.parametrize("damage", ["checksum", "length", "middle", "cut"])
def test_damaged_gzip_is_refused(damage, tmp_path):
    """A wrong checksum, a wrong length, a changed byte or a cut file is never read as an image."""
    path = tmp_path / "dwi.nii.gz"
    values = np.random.default_rng(1).integers(0, 900, (20, 20, 5, 3)).astype(np.int16)
    nib.save(nib.Nifti1Image(values, np.eye(4)), path)
    raw = bytearray(path.read_bytes())
    if damage == "cut":
        del raw[-9:]
    else:
        raw[{"checksum": -8, "length": -4, "middle": len(raw) // 2}[damage]] ^= 0x55
    path.write_bytes(raw)
    with pytest.raises(ValueError, match="not readable as an image: damaged or cut off"):
        read_image(path)


@pytest.mark.parametrize("read", [read_image, read_grid, load_regions, read_bvals])
def test_folders_pipes_and_devices_are_refused_at_once(read, tmp_path):
    """Nothing but a regular file is opened: a pipe would wait for ever, a device never end."""
    os.mkfifo(tmp_path / "pipe.nii.gz")
    with pytest.raises(ValueError, match="is a folder"):
        read(tmp_path)
    with pytest.raises(ValueError, match="no regular file"):
        read(tmp_path / "pipe.nii.gz")
    with pytest.raises(ValueError, match="no such file"):
        read(tmp_path / "nothing")
    if Path("/dev/zero").exists():
        with pytest.raises(ValueError, match="no regular file"):
            read("/dev/zero")


def test_scaled_images_are_read_as_the_library_reads_them(tmp_path):
    """Every type and scaling gives the same float32, to the last bit, as nibabel's own reader."""
    rng = np.random.default_rng(0)
    for dtype in ("u1", "<i2", ">i2", "<u2", "<i4", ">f4", "<f8"):
        for slope, inter in ((1, 0), (0.37, -12.5), (1e-3, 5)):
            image = nib.Nifti1Image(rng.integers(0, 200, (5, 4, 3, 2)).astype(dtype), np.eye(4))
            image.header.set_data_dtype(dtype)
            image.header["scl_slope"], image.header["scl_inter"] = slope, inter
            raw = bytearray(image.to_bytes())
            order = ">" if dtype[0] == ">" else "<"
            raw[112:120] = struct.pack(f"{image.header.endianness}2f", slope, inter)
            (tmp_path / "a.nii").write_bytes(raw)
            (tmp_path / "a.nii.gz").write_bytes(gzip.compress(raw))
            expected = nib.load(tmp_path / "a.nii").get_fdata(dtype=np.float32)
            for name in ("a.nii", "a.nii.gz"):
                found, _ = read_image(tmp_path / name)
                assert found.dtype == np.float32, order
                np.testing.assert_allclose(found, expected, rtol=0, atol=0)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[" * 100_000 + "]" * 100_000, "RecursionError"),
        ('{"space": "RAS", "unit": "mm", "polygons": ' + "9" * 5000 + "}", "ValueError"),
        ('{"space": "RAS", "unit": "mm", "polygons": ' + "[" * 100_000, "RecursionError|not JSON"),
        ("[]", "a list where an object is expected"),
        ('{"space": "XYZ", "unit": "mm", "polygons": []}', "space is 'XYZ'; accepted are 'RAS'"),
        ('{"space": "RAS", "unit": "cm", "polygons": []}', "unit is 'cm'; accepted is 'mm'"),
        ('{"space": "RAS", "unit": "mm", "polygons": []}', "no polygons"),
        ('{"space": "RAS", "unit": "mm", "polygons": [{"points": [[0, 0, 0], [1, 1, 1]]}]}',
         "polygon 1 has no three points"),
        (IN_MM + '[{"points": [[0, 0, 0], [1, 1, 1], [NaN, 0, 0]]}]}',
         "a corner at nan"),
        (IN_MM + '[{"points": [[1e99, 0, 0], [1, 1, 0], [0, 1, 0]]}]}',
         "lies outside the image"),
        ('{"space": "RAS", "unit": "mm", "polygons": [{"points": [[1' + "0" * 400 +
         ', 0, 0], [1, 1, 0], [0, 1, 0]]}]}', "polygon 1 has no three points"),
    ],
)  # fmt: skip
def test_polygons_that_are_none(text, message, tmp_path):
    """JSON that is nested without end, too long, or not of the contract: one line with the value
    met.
    """
    path = tmp_path / "roi.json"
    path.write_text(text)
    with pytest.raises(ValueError, match=message) as caught:
        read_regions(path, GRID)
    assert len(str(caught.value)) < 400


def test_sidecars_that_are_none(tmp_path):
    """A sidecar nested 100,000 deep, or with a number of 5,000 digits, is one line."""
    path = tmp_path / "dwi.json"
    for text in ("[" * 100_000, '{"NumberOfAverages": ' + "9" * 5000 + "}"):
        path.write_text(text)
        with pytest.raises(ValueError, match="not JSON"):
            read_averages(path, 3)


def test_nrrd_headers_that_lie(tmp_path):
    """An NRRD that claims 10^12 voxels, points to another file or never ends its header is
    refused.
    """
    good = (
        "NRRD0004\ntype: uchar\ndimension: 3\nspace: left-posterior-superior\nsizes: {sizes}\n"
        "space directions: (1,0,0) (0,1,0) (0,0,1)\nspace origin: (0,0,0)\nencoding: "
        "{encoding}\n{more}"
    )
    cases = {
        good.format(sizes="10000 10000 10000", encoding="gzip", more="\n"): "of memory",
        good.format(sizes="4 4 4", encoding="raw", more="data file: ../x.raw\n\n"): "another file",
        good.format(sizes="4 4 4", encoding="raw", more="byte skip: 5\n\n"): "bytes to skip",
        good.format(sizes="4 4 4", encoding="raw", more=""): "without the blank line",
        good.format(sizes="4 4 4", encoding="raw", more="\nxx"): "cut off, 2 of 64 bytes",
        good.format(sizes="4 -4 4", encoding="raw", more="\n"): "axes of 4 x -4 x 4",
        good.format(sizes="4 4 4", encoding="zrl", more="\n"): "packed as 'zrl'",
        good.format(sizes="4 4 4", encoding="raw", more="\n").replace(
            "(1,0,0)", "(nan,0,0)"
        ): "no volume",
        good.format(sizes="4 4 4", encoding="raw", more="\n").replace(
            "left-posterior-superior", "scanner-xyz"
        ): "space 'scanner-xyz'; accepted",
    }
    for text, message in cases.items():
        (tmp_path / "roi.nrrd").write_text(text)
        with pytest.raises(ValueError, match=message):
            read_regions(tmp_path / "roi.nrrd", GRID)


def test_archives_that_are_bombs(tmp_path):
    """An archive whose ROI would unpack to 40 MB is refused by its directory."""
    path = tmp_path / "roi.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.roi", b"Iout" + bytes(40_000_000))
    with pytest.raises(ValueError, match="the largest of 40000004 bytes"):
        read_regions(path, GRID)


def test_xml_with_entities_is_refused(tmp_path):
    """Entities within entities, which would grow without end, are not read."""
    path = tmp_path / "roi.xml"
    path.write_text(
        '<?xml version="1.0"?><!DOCTYPE plist [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>'
        "<plist><dict><key>Images</key><array><string>&b;</string></array></dict></plist>"
    )
    with pytest.raises(ValueError, match="not readable as Horos"):
        read_regions(path, GRID)


@pytest.mark.parametrize("kind", ["RTSTRUCT", "DICOM-SEG"])
def test_no_name_of_a_patient_in_messages(kind, tmp_path):
    """Damage inside a DICOM object gives a line that quotes nothing of it."""
    path = WRITERS[kind](tmp_path, GRID)
    raw = path.read_bytes()
    for cut in (200, len(raw) // 3, len(raw) // 2, len(raw) - 40):
        path.write_bytes(raw[:cut])
        try:
            read_regions(path, GRID)
        except ValueError as error:
            assert "DOE" not in str(error) and "\n" not in str(error)


HEADS = [
    b"", b"NRRD0004\n", b"Iout", b"PK\x03\x04", b"{", b"[",
    bytes(128) + b"DICM", b"\x08\x00", b"\x1f\x8b\x08", b"<?xml version='1.0'?><plist>",
    b"ImageNo,RoiName,mmX\n", struct.pack("<i", 348) + bytes(340) + b"n+1\0",
]  # fmt: skip


@FAST
@given(head=st.sampled_from(HEADS), body=st.binary(max_size=400))
def test_any_bytes_give_a_result_or_one_line(head, body, tmp_path):
    """Whatever stands behind the first bytes of a format: regions or one ValueError line."""
    path = tmp_path / "any"
    path.write_bytes(head + body)
    one_line_or_result(read_regions, path, GRID, True)
    one_line_or_result(read_image, path)
    one_line_or_result(read_bvals, path)
    one_line_or_result(read_averages, path, 3)


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """The bytes of one valid file per format."""
    folder = tmp_path_factory.mktemp("valid")
    return {kind: write(folder, GRID).read_bytes() for kind, write in WRITERS.items()}


@FAST
@given(
    kind=st.sampled_from(list(WRITERS)),
    edits=st.lists(st.tuples(st.floats(0, 1), st.integers(0, 255)), min_size=1, max_size=6),
    keep=st.floats(0.2, 1.5),
)
def test_damaged_files_give_a_result_or_one_line(written, kind, edits, keep, tmp_path):
    """Valid files with changed bytes, or cut, give regions or one ValueError line."""
    raw = bytearray(written[kind])
    for place, value in edits:
        raw[int(place * (len(raw) - 1))] = value
    path = tmp_path / "damaged"
    path.write_bytes(raw[: int(keep * len(raw))])
    one_line_or_result(read_regions, path, GRID, True)


NUMBERS = st.sampled_from(
    ["0", "-1", "1", "3", "nan", "inf", "1e308", "99999999999", "(1,0,0)", "none", "", "x"]
)


@FAST
@given(
    sizes=st.lists(NUMBERS, max_size=5),
    directions=st.lists(NUMBERS, max_size=5),
    origin=NUMBERS,
    space=st.sampled_from(["left-posterior-superior", "RAS", "3D", "left-left-left", ""]),
    kind=st.sampled_from(["uchar", "float", "block", "x"]),
    encoding=st.sampled_from(["raw", "gzip", "ascii", "hex"]),
    more=st.sampled_from(
        ["", "Segment0_Name:=a\nSegment0_LabelValue:=x", "Segment0_ID:=b\nSegment0_Layer:=9"]
    ),
)
def test_any_nrrd_header(sizes, directions, origin, space, kind, encoding, more, tmp_path):
    """Any words in the fields of an NRRD header: regions or one ValueError line."""
    lines = ["NRRD0005", f"type: {kind}", f"dimension: {len(sizes)}", f"space: {space}",
             f"sizes: {' '.join(sizes)}", f"space directions: {' '.join(directions)}",
             f"space origin: {origin}", f"encoding: {encoding}", more, ""]  # fmt: skip
    path = tmp_path / "any.nrrd"
    path.write_bytes("\n".join(lines).encode() + b"\n" + zlib.compress(bytes(64), wbits=31))
    one_line_or_result(read_regions, path, GRID, True)


@FAST
@given(edits=st.lists(st.tuples(st.integers(0, 347), st.integers(0, 255)), min_size=1, max_size=8))
def test_any_nifti_header(edits, tmp_path):
    """Any bytes in a NIfTI header: an image or one ValueError line."""

    def change(raw):
        for place, value in edits:
            raw[place] = value

    path = nifti(tmp_path / "any.nii.gz", change)
    one_line_or_result(read_image, path)
    one_line_or_result(read_regions, path, GRID, True)


@FAST
@given(
    content=st.recursive(
        st.none()
        | st.booleans()
        | st.integers(-(10**6), 10**6)
        | st.floats()
        | st.text(max_size=6),
        lambda inner: (
            st.lists(inner, max_size=4)
            | st.dictionaries(
                st.sampled_from(["space", "unit", "polygons", "points", "name"]), inner
            )
        ),
        max_leaves=12,
    )
)
def test_any_json(content, tmp_path):
    """Any JSON: regions or one ValueError line."""
    path = tmp_path / "any.json"
    for whole in (content, {"space": "RAS", "unit": "mm", "polygons": content}):
        path.write_text(json.dumps(whole))
        one_line_or_result(read_regions, path, GRID, True)
