"""The fetch of real scans: pinned, checked, converted."""

import shutil

import nibabel as nib
import numpy as np
import pooch
import pytest
from numpy.testing import assert_array_equal
from scipy.io import savemat

from ivim.imaging import fetch


def test_pinned_hashes_are_those_of_the_files(outside):
    """The pinned SHA-256 of the cord scan are those of the files."""
    folder = outside("real")
    for name, (_, sha) in fetch.FILES.items():
        if name.startswith("spinal_cord_ivim"):
            assert pooch.file_hash(folder / name) == sha, name


def test_every_address_is_pinned_to_a_commit():
    """Every address holds a full commit hash and ends with a file, every SHA-256 has 64 digits."""
    for address, sha in fetch.FILES.values():
        assert address.startswith("https://raw.githubusercontent.com/")
        assert len(address.split("/")[5]) == 40
        assert len(sha) == 64


def test_fetch_checks_and_keeps(outside, tmp_path, monkeypatch):
    """Files arrive once, are not fetched again, and a wrong one is refused and not kept."""
    source, asked = outside("real"), []
    cord = {
        name: entry for name, entry in fetch.FILES.items() if name.startswith("spinal_cord_ivim")
    }
    monkeypatch.setattr(fetch, "FILES", cord)

    def copy(url, output_file, _):
        asked.append(url)
        shutil.copyfile(source / "spinal_cord_ivim" / url.split("/")[-1], output_file)

    assert len(list(fetch.fetch_data(tmp_path, downloader=copy))) == len(cord) == len(asked)
    list(fetch.fetch_data(tmp_path, downloader=copy))
    assert len(asked) == len(cord)

    (tmp_path / "spinal_cord_ivim" / "bval_rl.txt").unlink()

    def forge(url, output_file, _):
        with open(output_file, "w") as file:
            file.write("0 1000")

    with pytest.raises(ValueError, match="SHA256 hash of downloaded file"):
        list(fetch.fetch_data(tmp_path, downloader=forge))
    assert not (tmp_path / "spinal_cord_ivim" / "bval_rl.txt").exists()


def test_no_connection_is_one_line(tmp_path):
    """Without a connection the file and its address are named."""

    def fail(url, output_file, _):
        raise ConnectionError

    with pytest.raises(ValueError, match="LICENSE could not be fetched from https"):
        list(fetch.fetch_data(tmp_path, downloader=fail))


def test_abdomen_becomes_nifti(tmp_path):
    """Of a volunteer's file, the bipolar images and those at b = 0 of one echo time make a series; labels keep their numbers."""
    rng = np.random.default_rng(0)
    b, echo, shape = (
        np.array([0, 10, 10, 0, 50, 50]),
        np.array([70] * 5 + [40]),
        np.array([2, 1, 2, 2, 1, 1]),
    )
    data = rng.integers(1, 900, (6, 5, 4)).astype(np.uint16)
    labels = rng.integers(0, 5, (5, 4)).astype(np.uint8)
    savemat(
        tmp_path / "volunteer1.mat",
        {"b": b, "T": echo, "betta": shape, "data": data, "mask": labels > 0, "rois": labels},
    )
    list(fetch._abdomen_to_nifti(tmp_path / "volunteer1.mat"))
    image = nib.load(tmp_path / "volunteer1_bipolar_T70.nii.gz")
    assert_array_equal(np.asarray(image.dataobj)[:, :, 0], np.moveaxis(data[[0, 1, 3, 4]], 0, -1))
    assert (tmp_path / "volunteer1_bipolar_T70.bval").read_text() == "0 10 0 50\n"
    assert_array_equal(
        np.asarray(nib.load(tmp_path / "volunteer1_rois.nii.gz").dataobj)[:, :, 0], labels
    )
