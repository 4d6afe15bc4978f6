"""ROIs: masks and label maps in and out, held to the image's grid, with their area."""

import sys
from pathlib import Path
from types import ModuleType

import nibabel as nib
import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from ivim.imaging import formats, regions
from ivim.imaging.formats import read_regions, write_mask
from ivim.imaging.grid import Grid
from ivim.imaging.paintings import Painting
from ivim.imaging.regions import Region

GRID = Grid((8, 6, 3), np.diag([2.0, 3.0, 4.0, 1.0]), (2.0, 3.0, 4.0))


def read_roi(path):
    """All regions of a file as one mask."""
    return regions.union(read_regions(path, GRID))


@pytest.fixture
def mask():
    """Five voxels in slice 1, two in slice 2 (6 mm² each)."""
    values = np.zeros(GRID.shape, bool)
    values[1:6, 2, 1] = True
    values[1:3, 2, 2] = True
    return values


@pytest.mark.parametrize("name", ["roi.nii", "roi.nii.gz", "ROI.NII.GZ"])
def test_mask_goes_out_and_comes_back(tmp_path, mask, name):
    """A mask survives the file, and the file lies on the image's grid."""
    path = tmp_path / name
    write_mask(path, mask, GRID)
    assert_array_equal(read_roi(path), mask)
    assert_allclose(nib.load(path).affine, GRID.affine)
    assert nib.load(path).header.get_xyzt_units()[0] == "mm"


def test_label_map(tmp_path, mask):
    """Each label is a region; without a label the union is taken; an unknown label is refused with
    the labels there are.
    """
    labels = mask * 1
    labels[6, 4, 0] = 4
    write_mask(tmp_path / "labels.nii.gz", labels, GRID)
    found = {one.label: one.mask for one in read_regions(tmp_path / "labels.nii.gz", GRID)}
    assert list(found) == [1, 4]
    assert_array_equal(found[4], labels == 4)
    assert read_roi(tmp_path / "labels.nii.gz").sum() == mask.sum() + 1
    with pytest.raises(ValueError, match="no label 2; the file holds 1, 4"):
        regions.choose(read_regions(tmp_path / "labels.nii.gz", GRID), 2, "labels.nii.gz")


def test_area_by_slice(mask):
    """Area is pixels times pixel area, slice by slice, and is held beside the article's range."""
    assert regions.area_mm2(mask, GRID) == {1: 30.0, 2: 12.0}
    assert regions.describe(mask, GRID) == "7 voxels: 30.0 mm² in slice 2, 12.0 mm² in slice 3"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda values, affine: (values * 0, affine), "the mask is empty"),
        (lambda values, affine: (values * 0.4, affine), "holds 0.4; a mask has whole numbers"),
        (lambda values, affine: (values[:-1], affine), "grid of 7 x 6 x 3 voxels"),
        (lambda values, affine: (values, affine @ np.diag([-1, 1, 1, 1])), "away from it"),
        (lambda values, affine: (np.stack([values] * 2, -1), affine), "4-D image"),
    ],
)
def test_wrong_masks(tmp_path, mask, change, message):
    """An empty mask, a probability map, another grid, a mirrored grid and a series of masks are
    refused.
    """
    values, affine = change(mask.astype(np.float32), GRID.affine)
    nib.save(nib.Nifti1Image(values, affine), tmp_path / "roi.nii.gz")
    with pytest.raises(ValueError, match=message):
        read_roi(tmp_path / "roi.nii.gz")


def test_masks_of_other_tools(tmp_path, mask):
    """A 0/255 mask, NaN outside, and a last axis of one are read as what they mean."""
    values = np.where(mask, 255.0, np.nan).astype(np.float32)[..., None]
    nib.save(nib.Nifti1Image(values, GRID.affine), tmp_path / "roi.nii.gz")
    assert_array_equal(read_roi(tmp_path / "roi.nii.gz"), mask)


def test_door_for_further_formats(tmp_path, mask, monkeypatch):
    """A format enters as one module that knows its first bytes; a file of no known format is
    refused with those there are.
    """
    path = tmp_path / "roi.txt"
    path.write_text("MASK")
    with pytest.raises(
        ValueError, match="no file of regions that is known here; accepted are .*NIfTI"
    ):
        read_roi(path)
    own = ModuleType("ivim.imaging.formats.own")
    own.NAME, own.ENDINGS = "own format", (".txt",)
    own.recognises = lambda head: head.startswith(b"MASK")
    own.load = lambda path: [Painting("1", ((mask, GRID),))]
    monkeypatch.setitem(sys.modules, own.__name__, own)
    monkeypatch.setattr(formats, "FORMATS", (*formats.FORMATS, "own"))
    assert_array_equal(read_roi(path), mask)


def test_no_half_written_mask(tmp_path, mask, monkeypatch):
    """When writing fails, neither the file nor a temporary one is left."""

    def fail(image, path):
        Path(path).write_bytes(b"half")
        raise OSError("disk full")

    monkeypatch.setattr(nib, "save", fail)
    with pytest.raises(ValueError, match="cannot be written .disk full."):
        write_mask(tmp_path / "roi.nii.gz", mask, GRID)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("values", "message"),
    [(np.full(GRID.shape, 0.5), "whole numbers"), (np.ones((2, 2, 2), bool), "grid is")],
)
def test_only_masks_are_written(tmp_path, values, message):
    """Fractions and foreign shapes are not written."""
    with pytest.raises(ValueError, match=message):
        write_mask(tmp_path / "roi.nii.gz", values, GRID)


def test_dice_of_two_readers(mask):
    """Dice is 1 for the same voxels, 0 for none shared, else twice the shared over the sum of both
    between.
    """
    other = mask.copy()
    other[1:3, 2, 2] = False  # five of seven voxels are left
    assert regions.dice(mask, mask) == 1
    assert_allclose(regions.dice(mask, other), 2 * 5 / 12)
    assert regions.dice(mask, ~mask) == 0
    assert np.isnan(regions.dice(mask & False, mask & False))
    with pytest.raises(ValueError, match="masks of shape"):
        regions.dice(mask, mask[1:])


def test_largest_goes_by_area_in_one_slice(mask):
    """The largest lesion is that with the largest area in a slice, not that with the most
    voxels.
    """
    tall = np.zeros(GRID.shape, bool)
    tall[0:3, 5, :] = True
    found = regions.largest([Region("tall", tall), Region("flat", mask)], GRID)
    assert tall.sum() > mask.sum() and found.name == "flat"


def test_names_are_one_line_and_unique(mask):
    """Names lose what is not printable and what is too long; two of one name are numbered."""
    assert regions.clean_name(" a\n\tb\x00 ") == "a b"
    assert regions.clean_name("") == "region" and len(regions.clean_name("x" * 500)) == 64
    named = regions.with_unique_names([Region("a", mask), Region("a", mask), Region("a (2)", mask)])
    assert [one.name for one in named] == ["a", "a (2)", "a (2) (2)"]


def test_overlap_is_seen(mask):
    """Regions that share a voxel overlap; regions side by side do not."""
    assert regions.overlap([Region("a", mask), Region("b", mask)])
    assert not regions.overlap([Region("a", mask), Region("b", ~mask)])
