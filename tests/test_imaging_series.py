"""DWI series: b-values in every spelling, averages, grids, and one clear line where something does
not fit.
"""

import json

import nibabel as nib
import numpy as np
import pytest
from numpy.testing import assert_allclose

from ivim.imaging.series import Grid, read_averages, read_bvals, read_image, read_series, sidecar

B = [0, 20, 1000]


@pytest.fixture
def scan(tmp_path):
    """A function that writes a small series and gives its path."""

    def write(
        shape=(4, 3, 2, 3),
        dtype=np.int16,
        bval="0 20 1000 ",
        name="sub-01_dwi.nii.gz",
        affine=None,
        slope=None,
    ):
        values = np.arange(1, np.prod(shape) + 1, dtype=float).reshape(shape).astype(dtype)
        image = nib.Nifti1Image(values, np.diag([2.0, 2.0, 4.0, 1.0]) if affine is None else affine)
        if slope:
            image.header.set_slope_inter(slope, 0)
        image.header["descrip"] = b"DOE^JANE 1970-01-01"
        path = tmp_path / name
        nib.save(image, path)
        sidecar(path, ".bval").write_text(bval)
        return path

    return write


@pytest.mark.parametrize(
    "text",
    [
        "0 20 1000",
        "0 20 1000 \n",
        "0\n20\n1000\n",
        "0,20,1000",
        "0, 20, 1000\n",
        "0\t20\t1000\t\r\n",
        "0;20;1000",
        "0.000000e+00 2.0e1 1e3",
        "\ufeff0 20 1000",
        "# s/mm2\n0 20 1000",
        "  0   20   1000.0  \n\n",
    ],
)
def test_bvals_in_every_usual_spelling(tmp_path, text):
    """One line or a column, blanks, tabs, commas, scientific notation, trailing blanks, a
    byte-order mark: the same b-values.
    """
    path = tmp_path / "dwi.bval"
    path.write_bytes(text.encode("utf-8"))
    assert_allclose(read_bvals(path), B, rtol=0, atol=0)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("0 20 abc", "'abc' is not a number"),
        ("", "no b-value in it"),
        ("0 -20 1000", "b-value -20; b-values are finite and not negative"),
        ("0 nan 1000", "b-value nan"),
        ("0 0.02 1.0", "largest b-value is 1, which looks like ms/µm²"),
    ],
)
def test_bvals_that_are_none(tmp_path, text, message):
    """A wrong b-value file is refused with the value met."""
    path = tmp_path / "dwi.bval"
    path.write_text(text)
    with pytest.raises(ValueError, match=message):
        read_bvals(path)


def test_series_is_read_whole(scan):
    """Values (scaled by the header), b-values, affine and spacing arrive; the data are float32."""
    series = read_series(scan(slope=0.5))
    assert series.data.dtype == np.float32
    assert series.data.shape == (4, 3, 2, 3)
    assert_allclose(series.data.ravel()[:4], [0.5, 1, 1.5, 2])
    assert_allclose(series.b, B)
    assert_allclose(series.grid.affine, np.diag([2, 2, 4, 1]))
    assert series.grid.spacing == (2.0, 2.0, 4.0)
    assert series.averages is None


def test_averages_from_sidecar_argument_and_scalar(scan):
    """NumberOfAverages of the sidecar counts, one number stands for all, an argument goes first."""
    path = scan()
    sidecar(path, ".json").write_text(
        json.dumps({"PatientName": "DOE^JANE", "NumberOfAverages": [2, 1, 8]})
    )
    assert_allclose(read_series(path).averages, [2, 1, 8])
    assert_allclose(read_series(path, averages=[1, 1, 3]).averages, [1, 1, 3])
    sidecar(path, ".json").write_text(json.dumps({"NumberOfAverages": 4}))
    assert_allclose(read_series(path).averages, [4, 4, 4])


@pytest.mark.parametrize(
    ("averages", "message"),
    [
        ([1, 2], "2 given for 3 b-values"),
        ([1, 0, 2], "0 is met; averages are greater than 0"),
        (["x", 1, 1], "is no list of numbers"),
    ],
)
def test_wrong_averages(scan, averages, message):
    """Averages that are too few, zero or words are refused."""
    with pytest.raises(ValueError, match=message):
        read_series(scan(), averages=averages)


def test_broken_json_names_the_line(tmp_path):
    """A sidecar that is no JSON is refused without quoting what it holds."""
    path = tmp_path / "dwi.json"
    path.write_text('{"PatientName": "DOE^JANE",\n oops}')
    with pytest.raises(ValueError, match=r"not JSON \(line 2\)") as caught:
        read_averages(path, 3)
    assert "DOE" not in str(caught.value)


def test_misfits_are_refused(scan, tmp_path):
    """A 3-D image, a wrong number of b-values, a missing file, a cut file and a text file each get
    their own line.
    """
    with pytest.raises(
        ValueError, match="3-D image of shape 4 x 3 x 2; a diffusion series has 4 axes"
    ):
        read_series(scan(shape=(4, 3, 2)))
    with pytest.raises(ValueError, match="2 b-values for 3 images"):
        read_series(scan(bval="0 20"))
    with pytest.raises(ValueError, match="no such file; give the path of a NIfTI image"):
        read_series(tmp_path / "nothing.nii.gz")
    whole = scan(shape=(40, 30, 20, 3))
    cut = tmp_path / "cut.nii.gz"
    cut.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    with pytest.raises(ValueError, match="not readable as an image"):
        read_image(cut)
    words = tmp_path / "words.nii.gz"
    words.write_text("PatientName DOE^JANE")
    with pytest.raises(ValueError, match="not readable as an image") as caught:
        read_image(words)
    assert "DOE" not in str(caught.value)


def test_grid_tells_places_apart():
    """Rounding of a header is forgiven, a shift of half a voxel is not."""
    affine = np.diag([2.0, 2.0, 4.0, 1.0])
    grid = Grid((4, 3, 2), affine, (2.0, 2.0, 4.0))
    near, far = affine.copy(), affine.copy()
    near[0, 3], far[0, 3] = 1e-3, 1.0
    grid.check_same(Grid((4, 3, 2), near, (2.0, 2.0, 4.0)), "mask.nii")
    with pytest.raises(ValueError, match="up to 1 mm away"):
        grid.check_same(Grid((4, 3, 2), far, (2.0, 2.0, 4.0)), "mask.nii")
    with pytest.raises(ValueError, match="grid of 4 x 3 x 1 voxels, the image has 4 x 3 x 2"):
        grid.check_same(Grid((4, 3, 1), affine, (2.0, 2.0, 4.0)), "mask.nii")


def test_real_cord_scan_is_read(outside):
    """The 7 T cord scan: 11 b-values on one line with a trailing blank, none of them 0, values at
    and below zero kept as they are.
    """
    folder = outside("real/spinal_cord_ivim")
    series = read_series(folder / "dwi_rl.nii.gz", folder / "bval_rl.txt")
    assert_allclose(series.b, [5, 10, 20, 30, 50, 75, 150, 250, 600, 700, 800])
    assert series.data.shape == (128, 134, 6, 11)
    assert series.data.min() <= 0
    assert_allclose(series.grid.spacing, (0.7836, 0.7836, 5.25), atol=1e-3)
