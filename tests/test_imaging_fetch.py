"""The fetch of real scans: pinned, checked, converted."""

import shutil
from pathlib import Path

import nibabel as nib
import numpy as np
import pooch
import pytest
from numpy.testing import assert_array_equal
from scipy.io import savemat

from ivim.imaging import fetch

PLACES = {
    "spinal_cord_ivim": "spinal_cord_ivim",
    "siemens_water": "dicom/siemens_sola_xa61_11b_water",
    "nist_phantom": "dicom/siemens_skyra_xa30_trace_series_per_b",
    "uih_averages": "dicom/uih_umr770_nex_varies",
    "roi_slicer": "rois/slicer_segnrrd",
    "roi_dicomseg": "rois/dicomseg_vs_nrrd",
    "roi_rtstruct": "rois/rtstruct_vs_nifti",
    "roi_imagej": "rois/imagej_with_json",
}
"""Where the files of a set lie among the reference material; the abdominal ones lie there in
another form.
"""


@pytest.mark.parametrize("name", list(PLACES))
def test_pinned_hashes_are_those_of_the_files(outside, name):
    """The pinned SHA-256 of every file of a set are those of the files."""
    folder = outside("real") / PLACES[name]
    pinned = {file: sha for file, (_, sha) in fetch.FILES.items() if file.startswith(f"{name}/")}
    assert len(pinned) >= 4
    for file, sha in pinned.items():
        assert pooch.file_hash(folder / file.removeprefix(f"{name}/")) == sha, file


def test_every_set_has_files_and_a_licence():
    """Each set has files and says its licence, and no file stays outside of a set or leaves the
    folder.
    """
    names = {file.split("/")[0] for file in fetch.FILES}
    assert names == set(fetch.SETS) == {*PLACES, "abdomen_wetscherek"}
    assert all(
        any(word in one.text for word in ("MIT", "BSD", "Apache", "CC BY"))
        for one in fetch.SETS.values()
    )
    assert not any(part in ("", ".", "..") for file in fetch.FILES for part in file.split("/"))


def test_only_the_sets_asked_for_are_fetched(tmp_path):
    """Without a name the two NIfTI series are fetched; with names those; an unknown name is refused
    with the known ones.
    """
    asked = []

    def note(url, output_file, _):
        asked.append(url)
        raise ConnectionError

    for sets, repository in (
        (["roi_imagej"], "read-roi"),
        (None, "ivim-toolbox"),
        (["all"], "ivim-toolbox"),
    ):
        with pytest.raises(ValueError, match="could not be fetched"):
            list(fetch.fetch_data(tmp_path, downloader=note, sets=sets))
        assert repository in asked[-1]
    with pytest.raises(
        ValueError, match="set is 'liver'; accepted are spinal_cord_ivim, .*, or all"
    ):
        list(fetch.fetch_data(tmp_path, sets=["liver"]))


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
        Path(output_file).write_text("0 1000")

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
    """The bipolar images of one echo time and those at b = 0 make a series; labels keep their
    numbers.
    """
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
