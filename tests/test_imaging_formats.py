"""One region in every format gives the same voxels, and files of other programs give what a second
reading of them gives.
"""

import csv
import json
import plistlib

import nibabel as nib
import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from ivim.imaging.formats import load_regions, read_grid, read_regions, write_mask, write_regions
from ivim.imaging.formats import nrrd as nrrd_format
from ivim.imaging.grid import LPS_TO_RAS, Grid
from ivim.imaging.regions import Region


def rotation(x, y, z):
    """Rotation by three angles in degrees, about x, then y, then z."""
    cx, cy, cz = np.cos(np.radians((x, y, z)))
    sx, sy, sz = np.sin(np.radians((x, y, z)))
    about_x = np.array([[1, 0, 0], [0, cx, -sx], [0, sx, cx]])
    about_y = np.array([[cy, 0, sy], [0, 1, 0], [-sy, 0, cy]])
    return np.array([[cz, -sz, 0], [sz, cz, 0], [0, 0, 1]]) @ about_y @ about_x


def grid_of(shape, edges, turn, origin, flips=(1, 1, 1), order=(0, 1, 2)):
    """A grid whose axes are turned, flipped and permuted."""
    affine = np.eye(4)
    affine[:3, :3] = (turn @ np.diag(np.multiply(edges, flips)))[:, order]
    affine[:3, 3] = origin
    return Grid.of(np.array(shape)[list(order)], affine)


GRIDS = {
    "plain": grid_of((24, 20, 6), (2, 2, 4), np.eye(3), (0, 0, 0)),
    "radiological": grid_of((24, 20, 6), (1.9, 1.9, 5), np.eye(3), (40, -30, 8), (-1, -1, 1)),
    "flipped, oblique, anisotropic": grid_of(
        (24, 20, 6), (1.875, 3.75, 4.4), rotation(12, -21, 33), (31.5, -17.25, 88), (-1, 1, -1)
    ),
    "sagittal": grid_of(
        (7, 24, 20), (3.1, 1.2, 1.2), rotation(3, 4, 5), (5, 6, 7), (1, -1, -1), (1, 2, 0)
    ),
}
CORNERS = np.array([(3.2, 2.7), (14.6, 4.1), (18.3, 11.4), (9.7, 15.2), (4.4, 10.9)])
HOLE = np.array([(8.2, 6.3), (12.6, 7.45), (10.3, 11.2)])
SLICES = (1, 2, 4)
"""Slices that the region lies in; one between them is left out."""


def crossed(corners, x, y):
    """Even-odd rule for one point, by hand: how often a ray to the right meets the polygon."""
    inside = False
    for (x0, y0), (x1, y1) in zip(corners, np.roll(corners, -1, axis=0), strict=True):
        if (y0 > y) != (y1 > y) and x < x0 + (y - y0) * (x1 - x0) / (y1 - y0):
            inside = not inside
    return inside


def truth(grid):
    """The region voxel by voxel, without the rasteriser."""
    mask = np.zeros(grid.shape, bool)
    for i, j in np.ndindex(grid.shape[:2]):
        mask[i, j, list(SLICES)] = crossed(CORNERS, i, j) != crossed(HOLE, i, j)
    return mask


def outlines(grid, space):
    """The corners of the contours in mm, slice by slice, the outer one first."""
    turn = np.eye(3) if space == "RAS" else LPS_TO_RAS[:3, :3]
    for z in SLICES:
        for corners in (CORNERS, HOLE):
            yield grid.places(np.column_stack([corners, np.full(len(corners), z)])) @ turn


def as_nifti(path, grid):
    path = path / "roi.nii.gz"
    nib.save(nib.Nifti1Image(truth(grid).astype(np.uint8) * 255, grid.affine), path)
    return path


def as_nifti_turned(path, grid):
    """The same mask as another program stores it: axes permuted and flipped."""
    path = path / "turned.nii"
    image = nib.Nifti1Image(truth(grid).astype(np.int16), grid.affine)
    nib.save(image.as_reoriented([[2, -1], [0, 1], [1, -1]]), path)
    return path


def as_seg_nrrd(path, grid):
    """Cropped to the region, as 3D Slicer does, and in LPS."""
    import nrrd

    path, mask = path / "roi.seg.nrrd", truth(grid)
    low = [int(np.flatnonzero(mask.any(axis=tuple({0, 1, 2} - {k})))[0]) for k in range(3)]
    high = [int(np.flatnonzero(mask.any(axis=tuple({0, 1, 2} - {k})))[-1]) + 1 for k in range(3)]
    part = mask[tuple(slice(a, b) for a, b in zip(low, high, strict=True))]
    affine = LPS_TO_RAS @ grid.affine
    header = {
        "space": "left-posterior-superior",
        "space directions": affine[:3, :3].T,
        "space origin": affine[:3, :3] @ low + affine[:3, 3],
        "kinds": ["domain"] * 3,
        "Segment0_ID": "Segment_1",
        "Segment0_Name": "lesion",
        "Segment0_LabelValue": "3",
        "Segment0_Layer": "0",
    }
    nrrd.write(str(path), part.astype(np.uint8) * 3, header)
    return path


def as_imagej(path, grid):
    """One polygon and one hole per slice, as a composite of a zip; corners count from the corner of
    the first pixel.
    """
    import zipfile

    from roifile import ROI_TYPE, ImagejRoi

    path = path / "roi.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for z in SLICES:
            numbers = []
            for corners in (CORNERS + 0.5, HOLE + 0.5):
                for kind, corner in zip([0] + [1] * (len(corners) - 1), corners, strict=True):
                    numbers += [kind, *corner]
                numbers.append(4)
            roi = ImagejRoi(
                roitype=ROI_TYPE.RECT,
                name="lesion",
                position=z + 1,
                shape_roi_size=len(numbers),
                multi_coordinates=np.array(numbers, np.float32),
            )
            archive.writestr(f"{z}.roi", roi.tobytes())
    return path


def as_json(path, grid):
    path = path / "roi.json"
    polygons = [{"name": "lesion", "points": one.tolist()} for one in outlines(grid, "RAS")]
    path.write_text(json.dumps({"space": "RAS", "unit": "mm", "polygons": polygons}))
    return path


def as_json_lps(path, grid):
    path = path / "lps.json"
    polygons = [{"name": "lesion", "points": one.tolist()} for one in outlines(grid, "LPS")]
    path.write_text(json.dumps({"space": "LPS", "unit": "mm", "polygons": polygons}))
    return path


def as_rtstruct(path, grid, name="structures"):
    """A structure set, in a file without ending."""
    import pydicom
    from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
    from pydicom.uid import ExplicitVRLittleEndian, generate_uid

    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = "1.2.840.10008.5.1.4.1.1.481.3"
    meta.MediaStorageSOPInstanceUID, meta.TransferSyntaxUID = generate_uid(), ExplicitVRLittleEndian
    data = FileDataset(str(path / name), {}, file_meta=meta, preamble=b"\0" * 128)
    data.SOPClassUID, data.Modality = meta.MediaStorageSOPClassUID, "RTSTRUCT"
    data.PatientName = "DOE^JANE"
    roi, structure = Dataset(), Dataset()
    roi.ROINumber, roi.ROIName, structure.ReferencedROINumber = 7, "lesion", 7
    structure.ContourSequence = pydicom.Sequence()
    for corners in outlines(grid, "LPS"):
        contour = Dataset()
        contour.ContourGeometricType = "CLOSED_PLANAR"
        contour.NumberOfContourPoints = len(corners)
        contour.ContourData = [f"{value:.6f}" for value in corners.ravel()]
        structure.ContourSequence.append(contour)
    data.StructureSetROISequence = pydicom.Sequence([roi])
    data.ROIContourSequence = pydicom.Sequence([structure])
    data.save_as(path / name)
    return path / name


def as_dicom_seg(path, grid, name="segmentation", kind="BINARY"):
    """A segmentation that highdicom writes: slices in the other order, empty ones left out, in a
    file without ending.
    """
    import highdicom
    from pydicom.dataset import Dataset, FileMetaDataset
    from pydicom.sr.codedict import codes
    from pydicom.uid import ExplicitVRLittleEndian, generate_uid

    affine, mask = LPS_TO_RAS @ grid.affine, truth(grid)
    study, series, frame = generate_uid(), generate_uid(), generate_uid()
    sources = []
    for z in range(grid.shape[2]):
        one = Dataset()
        one.file_meta = FileMetaDataset()
        one.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
        one.SOPClassUID = "1.2.840.10008.5.1.4.1.1.4"
        one.SOPInstanceUID, one.StudyInstanceUID = generate_uid(), study
        one.SeriesInstanceUID, one.FrameOfReferenceUID = series, frame
        one.PatientID, one.PatientName, one.PatientBirthDate = "1", "DOE^JANE", ""
        one.PatientSex, one.StudyDate, one.StudyTime, one.StudyID = "", "", "", ""
        one.AccessionNumber, one.ReferringPhysicianName, one.Modality = "", "", "MR"
        one.InstanceNumber, one.SeriesNumber = z + 1, 1
        one.Columns, one.Rows, one.NumberOfFrames = grid.shape[0], grid.shape[1], None
        del one.NumberOfFrames
        one.PixelSpacing = [f"{grid.spacing[1]:.10g}", f"{grid.spacing[0]:.10g}"]
        one.SliceThickness = f"{grid.spacing[2]:.10g}"
        cosines = np.concatenate([affine[:3, k] / grid.spacing[k] for k in (0, 1)])
        one.ImageOrientationPatient = [f"{value:.12f}" for value in cosines]
        one.ImagePositionPatient = [f"{v:.9f}" for v in affine[:3, 2] * z + affine[:3, 3]]
        one.BitsAllocated, one.BitsStored, one.HighBit, one.SamplesPerPixel = 16, 16, 15, 1
        one.PhotometricInterpretation, one.PixelRepresentation = "MONOCHROME2", 0
        one.PixelData = bytes(2 * grid.shape[0] * grid.shape[1])
        sources.append(one)
    segment = highdicom.seg.SegmentDescription(
        1, "lesion", codes.cid7150.Tissue, codes.cid7166.ConnectiveTissue,
        highdicom.seg.SegmentAlgorithmTypeValues.MANUAL,
    )  # fmt: skip
    object_ = highdicom.seg.Segmentation(
        sources[::-1], np.moveaxis(mask, 2, 0).transpose(0, 2, 1)[::-1].astype(np.uint8),
        highdicom.seg.SegmentationTypeValues[kind], [segment], generate_uid(), 2, generate_uid(),
        1, "maker", "model", "1", "serial", omit_empty_frames=True,
    )  # fmt: skip
    object_.save_as(path / name)
    return path / name


def as_horos_xml(path, grid):
    path = path / "roi.xml"
    rois = [
        {"Name": "lesion", "Type": 11, "NumberOfPoints": len(one),
         "Point_mm": [f"({x:.6f}, {y:.6f}, {z:.6f})" for x, y, z in one]}
        for one in outlines(grid, "LPS")
    ]  # fmt: skip
    images = [{"ImageIndex": k, "NumberOfROIs": 1, "ROIs": [roi]} for k, roi in enumerate(rois)]
    path.write_bytes(plistlib.dumps({"Images": images}))
    return path


def as_horos_csv(path, grid):
    path = path / "roi.csv"
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        words = "ImageNo,RoiNo,RoiMean,RoiName,RoiType,NumOfPoints,mmX,mmY,mmZ,pxX,pxY"
        writer.writerow([*words.split(","), "..."])
        for k, one in enumerate(outlines(grid, "LPS")):
            points = [f"{v:.6f}" for corner in one for v in (*corner, 0.0, 0.0)]
            writer.writerow([k, 0, 1.5, "lesion", 11, len(one), *points])
    return path


WRITERS = {
    "NIfTI": as_nifti,
    "NIfTI, turned": as_nifti_turned,
    "seg.nrrd": as_seg_nrrd,
    "ImageJ": as_imagej,
    "JSON": as_json,
    "JSON, LPS": as_json_lps,
    "RTSTRUCT": as_rtstruct,
    "DICOM-SEG": as_dicom_seg,
    "Horos XML": as_horos_xml,
    "Horos CSV": as_horos_csv,
}


@pytest.mark.parametrize("grid", list(GRIDS))
@pytest.mark.parametrize("kind", list(WRITERS))
def test_one_region_in_every_format(kind, grid, tmp_path):
    """One physical region gives the same voxels in every format, on plain, flipped, oblique and
    anisotropic grids.
    """
    path = WRITERS[kind](tmp_path, GRIDS[grid])
    regions = read_regions(path, GRIDS[grid])
    (region,) = regions
    assert region.name == {"NIfTI": "255", "NIfTI, turned": "1"}.get(kind, "lesion")
    assert_array_equal(region.mask, truth(GRIDS[grid]))
    assert region.voxels > 100 and region.remarks == ()


@pytest.mark.parametrize("kind", ["DICOM-SEG", "RTSTRUCT"])
def test_dicom_kinds_are_told_apart_without_ending(kind, tmp_path):
    """A segmentation and a structure set without a file ending are each read as what they are."""
    path = WRITERS[kind](tmp_path, GRIDS["plain"])
    assert path.suffix == ""
    (drawing,), name = load_regions(path)
    assert type(drawing).__name__ == {"DICOM-SEG": "Painting", "RTSTRUCT": "Outline"}[kind]
    assert "DICOM" in name


@pytest.mark.parametrize("kind", ["BINARY", "FRACTIONAL", "LABELMAP"])
def test_kinds_of_dicom_segmentations(kind, tmp_path):
    """Binary, fractional (from a half on) and label-map segmentations give the same voxels."""
    grid = GRIDS["flipped, oblique, anisotropic"]
    (region,) = read_regions(as_dicom_seg(tmp_path, grid, kind=kind), grid)
    assert region.name == "lesion"
    assert_array_equal(region.mask, truth(grid))


@pytest.mark.parametrize("kind", ["NIfTI", "seg.nrrd", "JSON", "ImageJ", "RTSTRUCT"])
def test_content_decides_and_not_the_ending(kind, tmp_path):
    """A file with a foreign ending, or with none, is read by what it holds."""
    path = WRITERS[kind](tmp_path, GRIDS["plain"])
    for name in ("roi.csv", "roi.dcm", "roi"):
        other = tmp_path / "other" / name
        other.parent.mkdir(exist_ok=True)
        other.write_bytes(path.read_bytes())
        (region,) = read_regions(other, GRIDS["plain"])
        assert_array_equal(region.mask, truth(GRIDS["plain"]))


@pytest.mark.parametrize("kind", ["NIfTI", "seg.nrrd", "DICOM-SEG"])
def test_voxels_of_another_grid_are_refused_with_the_offset(kind, tmp_path):
    """Half a voxel beside the image is refused and told in mm; with resample each voxel takes the
    nearest.
    """
    grid = GRIDS["radiological"]
    path = WRITERS[kind](tmp_path, grid)
    moved = grid.affine.copy()
    moved[:3, 3] += grid.affine[:3, 0] * 0.6
    other = Grid.of(grid.shape, moved)
    with pytest.raises(ValueError, match=r"up to 0\.(76|1\.14|76) mm away|up to 1\.14 mm away"):
        read_regions(path, other)
    (region,) = read_regions(path, other, resample=True)
    expected = np.zeros(grid.shape, bool)
    expected[:-1] = truth(grid)[1:]  # the voxel 0.4 of an edge away, not the one 0.6 away
    assert_array_equal(region.mask, expected)


@pytest.mark.parametrize("kind", ["JSON", "RTSTRUCT"])
def test_contours_between_slices_are_refused_by_name(kind, tmp_path):
    """A contour 0.4 of a slice beside the image is refused by name, one 0.1 beside belongs to the
    slice.
    """
    grid = GRIDS["radiological"]
    path = WRITERS[kind](tmp_path, grid)
    near, far = grid.affine.copy(), grid.affine.copy()
    near[:3, 3] += grid.affine[:3, 2] * 0.1
    far[:3, 3] += grid.affine[:3, 2] * 0.4
    (region,) = read_regions(path, Grid.of(grid.shape, near))
    assert_array_equal(region.mask, truth(grid))
    with pytest.raises(ValueError, match="'lesion' was drawn on other slices .* 2 mm from"):
        read_regions(path, Grid.of(grid.shape, far))
    (region,) = read_regions(path, Grid.of(grid.shape, far), resample=True)
    assert_array_equal(region.mask, truth(grid))


def test_tilted_contours_are_refused_by_name(tmp_path):
    """A contour that runs across slices has no slice: refused by name, with resample too."""
    path = as_json(tmp_path, GRIDS["plain"])
    tilted = grid_of((24, 20, 6), (2, 2, 4), rotation(10, 0, 0), (0, 0, 0))
    for resample in (False, True):
        with pytest.raises(ValueError, match="'lesion' is tilted against the image's slices"):
            read_regions(path, tilted, resample)


@pytest.mark.parametrize("kind", list(WRITERS))
def test_region_off_the_image_is_refused(kind, tmp_path):
    """A region that lies beside the image is refused; in a format with names, by its name."""
    grid = GRIDS["plain"]
    path = WRITERS[kind](tmp_path, grid)
    moved = grid.affine.copy()
    moved[0, 3] += 2.0 * 100
    away = Grid.of(grid.shape, moved)
    if kind == "ImageJ":  # pixels of whichever image is asked for
        away = Grid.of((24, 20, 1), grid.affine)
    with pytest.raises(ValueError, match="outside the image|away from it"):
        read_regions(path, away)


def test_part_beyond_the_edge_is_said(tmp_path):
    """A region that reaches beyond the image is kept as far as the image goes, with a remark."""
    grid = GRIDS["plain"]
    small = Grid.of((12, *grid.shape[1:]), grid.affine)
    for kind in ("seg.nrrd", "DICOM-SEG", "JSON"):
        (region,) = read_regions(WRITERS[kind](tmp_path, grid), small)
        assert_array_equal(region.mask, truth(grid)[:12])
        assert "beyond the image's edge" in region.remarks[0]


@pytest.mark.parametrize("label", [1, 255, 256, 70_000, 2**24 + 1, 2**31 + 5])
def test_labels_of_any_size_stay_apart(label, tmp_path):
    """Two labels that differ by one stay two, beyond 2^24 too, where a float32 would merge them."""
    grid = GRIDS["plain"]
    labels = np.zeros(grid.shape, np.int64)
    labels[2:4, 3, 1], labels[8, 9:12, 2] = label, label + 1
    write_mask(tmp_path / "labels.nii.gz", labels, grid)
    first, second = read_regions(tmp_path / "labels.nii.gz", grid)
    assert (first.label, second.label) == (label, label + 1)
    assert_array_equal(first.mask, labels == label)
    assert_array_equal(second.mask, labels == label + 1)


def test_layers_and_names_of_slicer(tmp_path):
    """Segments of two layers may overlap and share a number; names come from the header."""
    import nrrd

    values = np.zeros((2, 6, 5, 4), np.uint8)
    values[0, 1:4, 1:4, 1:3], values[1, 2:5, 2:5, 1:3] = 1, 1
    header = {
        "space": "left-posterior-superior",
        "space directions": np.vstack([[np.nan] * 3, np.diag([-2.0, -2.0, 4.0])]),
        "space origin": [0, 0, 0],
        "kinds": ["list", "domain", "domain", "domain"],
    }
    for k, name in enumerate(("tumour", "oedema")):
        header |= {
            f"Segment{k}_ID": f"s{k}",
            f"Segment{k}_Name": name,
            f"Segment{k}_LabelValue": "1",
            f"Segment{k}_Layer": str(k),
        }
    nrrd.write(str(tmp_path / "two.seg.nrrd"), values, header)
    grid = Grid.of((6, 5, 4), np.diag([2.0, 2.0, 4.0, 1.0]))
    regions = read_regions(tmp_path / "two.seg.nrrd", grid)
    assert [one.name for one in regions] == ["tumour", "oedema"]
    for region, layer in zip(regions, values, strict=True):
        assert_array_equal(region.mask, layer > 0)
    (alone,) = read_regions(tmp_path / "two.seg.nrrd", grid, only="oedema")
    assert alone.name == "oedema"
    with pytest.raises(ValueError, match="no label bone; the file holds tumour, oedema"):
        read_regions(tmp_path / "two.seg.nrrd", grid, only="bone")


def test_regions_are_written_for_any_viewer(tmp_path):
    """Regions side by side make one label map; regions that overlap make a file each."""
    grid = GRIDS["plain"]
    a, b = np.zeros(grid.shape, bool), np.zeros(grid.shape, bool)
    a[2:5, 2:5, 1], b[7:9, 7:9, 1] = True, True
    regions = [Region("a", a), Region("b", b)]
    ((path, one, _), (same, two, _)) = write_regions(tmp_path / "side.nii.gz", regions, grid)
    assert path == same and (one, two) == (1, 2)
    assert [r.voxels for r in read_regions(path, grid)] == [9, 4]
    written = write_regions(tmp_path / "over.nii.gz", [Region("a", a), Region("all", a | b)], grid)
    assert [path.name for path, *_ in written] == ["over-1.nii.gz", "over-2.nii.gz"]
    assert [read_regions(path, grid)[0].voxels for path, *_ in written] == [9, 13]
    with pytest.raises(ValueError, match="exists already"):
        write_regions(tmp_path / "side.nii.gz", regions, grid)


SHAPES = {
    # ImageJ: (what, ROI, pixels (x, y) that it holds)
    "rectangle": ({"left": 2, "top": 3, "right": 5, "bottom": 7}, "RECT",
                  lambda x, y: (x >= 2) & (x < 5) & (y >= 3) & (y < 7)),
    "oval": ({"left": 1, "top": 2, "right": 10, "bottom": 8}, "OVAL",
             lambda x, y: ((x + 0.5 - 5.5) / 4.5) ** 2 + ((y + 0.5 - 5) / 3) ** 2 < 1),
    "polygon": ({"integer_coordinates": np.array([[0, 0], [6, 0], [0, 6]], np.int32), "left": 2,
                 "top": 1, "right": 8, "bottom": 7, "n_coordinates": 3}, "POLYGON",
                lambda x, y: (x >= 2) & (y >= 1) & (x - 2 + y - 1 + 1 < 6)),
}  # fmt: skip


@pytest.mark.parametrize("shape", list(SHAPES))
def test_imagej_counts_from_the_corner_of_the_first_pixel(shape, tmp_path):
    """A rectangle from 2 to 5 holds pixels 2, 3 and 4; ovals and polygons hold the pixels whose
    centres lie in them.
    """
    from roifile import ROI_TYPE, ImagejRoi

    words, kind, inside = SHAPES[shape]
    roi = ImagejRoi(roitype=ROI_TYPE[kind], position=2, **words)
    (tmp_path / "roi.roi").write_bytes(roi.tobytes())
    grid = GRIDS["flipped, oblique, anisotropic"]
    (region,) = read_regions(tmp_path / "roi.roi", grid)
    x, y = np.mgrid[: grid.shape[0], : grid.shape[1]]
    assert_array_equal(region.mask[:, :, 1], inside(x, y))
    assert region.mask[:, :, [0, *range(2, grid.shape[2])]].sum() == 0


def test_imagej_without_a_slice_needs_a_single_slice(tmp_path):
    """An ROI without position is that of the only slice; where there are more it is refused by
    name.
    """
    from roifile import ROI_TYPE, ImagejRoi

    roi = ImagejRoi(roitype=ROI_TYPE.RECT, name="lesion", left=1, top=1, right=4, bottom=3)
    (tmp_path / "roi.roi").write_bytes(roi.tobytes())
    flat = Grid.of((8, 8, 1), np.diag([2.0, 2.0, 4.0, 1.0]))
    assert read_regions(tmp_path / "roi.roi", flat)[0].voxels == 6
    with pytest.raises(ValueError, match="'lesion' names no slice and the image has 6"):
        read_regions(tmp_path / "roi.roi", GRIDS["plain"])


def test_lines_in_an_archive_are_passed_over_and_said(tmp_path):
    """A line beside a region encloses nothing: the region is read, its remark names the line."""
    import zipfile

    from roifile import ROI_TYPE, ImagejRoi

    rois = {
        "lesion": ImagejRoi(roitype=ROI_TYPE.RECT, left=1, top=1, right=4, bottom=3, position=1),
        "ruler": ImagejRoi(roitype=ROI_TYPE.LINE, x1=1, y1=1, x2=4, y2=4, position=1),
    }
    with zipfile.ZipFile(tmp_path / "roi.zip", "w") as archive:
        for name, roi in rois.items():
            archive.writestr(f"{name}.roi", roi.tobytes())
    (region,) = read_regions(tmp_path / "roi.zip", GRIDS["plain"])
    assert region.name == "lesion" and "ruler (line)" in region.remarks[0]


def test_curves_of_a_composite_are_followed():
    """A circle of four cubic Bézier curves (kappa 0.5523) has the area of one within 0.3 %."""
    from ivim.imaging.formats.imagej import path_contours

    k, numbers = 0.5523 * 10, [0, 10, 0]
    for controls in ((10, k, k, 10, 0, 10), (-k, 10, -10, k, -10, 0),
                     (-10, -k, -k, -10, 0, -10), (k, -10, 10, -k, 10, 0)):  # fmt: skip
        numbers += [3, *controls]
    (contour,) = path_contours(np.array([*numbers, 4]))
    x, y = contour.T
    area = abs(np.dot(x, np.roll(y, 1)) - np.dot(y, np.roll(x, 1))) / 2
    assert_allclose(area, np.pi * 100, rtol=3e-3)


def test_a_missing_package_is_one_line(tmp_path, monkeypatch):
    """Without roifile an ImageJ ROI is refused with the package's name and what to install."""
    import sys

    path = as_imagej(tmp_path, GRIDS["plain"])
    monkeypatch.setitem(sys.modules, "roifile", None)
    with pytest.raises(ValueError, match=r"needs roifile; install it: pip install 'ivim\[study\]'"):
        read_regions(path, GRIDS["plain"])


# Files of other programs.


@pytest.mark.parametrize(("case", "voxels"), [("STS_001", 117_145), ("STS_002", 17_090)])
def test_structure_set_and_mask_of_one_contour_agree(outside, case, voxels):
    """The structure set of a soft-tissue sarcoma and its mask by another program: each voxel the
    same.
    """
    folder = outside(f"real/rois/rtstruct_vs_nifti/{case}")
    grid = read_grid(folder / "nifti/image/image.nii.gz")
    (drawn,) = read_regions(folder / "dicom/mask/RS.dcm", grid)
    (painted,) = read_regions(folder / "nifti/mask/mask.nii.gz", grid)
    assert drawn.name == "GTV_Mass_MR_T1" and drawn.voxels == voxels
    assert_array_equal(drawn.mask, painted.mask)


def dicom_grid(folder):
    """The grid of a folder of single slices, from their headers."""
    import pydicom

    slices = [pydicom.dcmread(path) for path in folder.iterdir()]
    row, column = np.array(slices[0].ImageOrientationPatient, float).reshape(2, 3)
    places = [np.array(one.ImagePositionPatient, float) for one in slices]
    places.sort(key=lambda place: place @ np.cross(row, column))
    affine = np.eye(4)
    affine[:3, 0] = row * float(slices[0].PixelSpacing[1])
    affine[:3, 1] = column * float(slices[0].PixelSpacing[0])
    affine[:3, 2], affine[:3, 3] = places[1] - places[0], places[0]
    return Grid.of((slices[0].Columns, slices[0].Rows, len(slices)), LPS_TO_RAS @ affine)


@pytest.mark.parametrize(
    ("images", "segmentation", "label_map", "voxels"),
    [
        ("23x38x3/image", "23x38x3/seg/label.seg", "23x38x3/nrrd/label.nrrd", 322),
        ("ct-3slice", "liver.dcm", "liver_seg.nrrd", 107_098),
    ],
)
def test_dicom_seg_and_nrrd_of_one_segmentation_agree(
    outside, images, segmentation, label_map, voxels
):
    """A DICOM-SEG and the NRRD that it was made of mark the same voxels, whichever way their slices
    run.
    """
    folder = outside("real/rois/dicomseg_vs_nrrd")
    grid = dicom_grid(folder / images)
    (frames,) = read_regions(folder / segmentation, grid)
    (volume,) = read_regions(folder / label_map, grid)
    assert frames.voxels == voxels
    assert_array_equal(frames.mask, volume.mask)


def test_overlapping_segments_of_a_dicom_seg(outside):
    """Five segments that overlap are the five label maps that they were made of."""
    folder = outside("real/rois/dicomseg_vs_nrrd")
    grid = dicom_grid(folder / "ct-3slice")
    segments = {one.label: one.mask for one in read_regions(folder / "partial_overlaps.dcm", grid)}
    maps = [
        one for k in (1, 2, 3) for one in read_regions(folder / f"partial_overlaps-{k}.nrrd", grid)
    ]
    assert sorted(one.label for one in maps) == sorted(segments) == [1, 2, 3, 4, 5]
    for one in maps:
        assert_array_equal(segments[one.label], one.mask)


def test_segments_of_slicer(outside):
    """Slicer's eight segments in two layers: names, and the seven of the file without the
    overlapping one are the same.
    """
    folder = outside("real/rois/slicer_segnrrd")
    grid = nrrd_format.read_grid(folder / "CTChest4.nrrd")
    both = read_regions(folder / "SegmentationOverlapping.seg.nrrd", grid)
    seven = read_regions(folder / "Segmentation.seg.nrrd", grid)
    assert [one.name for one in both][:2] == ["ribs", "cervical vertebral column"]
    assert both[7].name == "overlapping sphere" and both[7].voxels == 19_139
    for one, other in zip(both, seven, strict=False):
        assert_array_equal(one.mask, other.mask)


def expected_corners(entry):
    """The contours that a second reader gives for an ImageJ ROI; a box for what it tells by its
    box.
    """
    if entry["type"] == "composite":
        return [np.array(path, float) for path in entry["paths"]]
    if "x" in entry:
        return [np.column_stack([entry["x"], entry["y"]]).astype(float)]
    left, top = entry.get("left"), entry.get("top")
    if left is None:  # an ellipse is told by the ends of its long axis
        return [np.array([(entry["ex1"], entry["ey1"]), (entry["ex2"], entry["ey2"])])]
    return [np.array([(left, top), (left + entry["width"], top + entry["height"])])]


def test_corners_of_imagej_are_those_of_a_second_reader(outside):
    """For each of the JSON of a second reader the corners are the same; lines and points are told
    to enclose nothing.
    """
    from roifile import ImagejRoi

    from ivim.imaging.formats.imagej import outlines as imagej_outlines

    folder = outside("real/rois/imagej_with_json")
    areas = lines = 0
    for path in sorted(folder.glob("*.json")):
        (entry,) = json.loads(path.read_text()).values()
        roi = ImagejRoi.fromfile(path.with_suffix(".roi"))
        found, expected = imagej_outlines(roi), expected_corners(entry)
        if found is None:
            assert entry["type"] in ("line", "polyline", "freeline", "point", "multipoint")
            assert_allclose(roi.coordinates(), expected[0], atol=1e-4)
            lines += 1
            continue
        assert len(found) == len(expected)
        for one, other in zip(found, expected, strict=True):
            if len(other) == 2 and "ex1" not in entry:
                one = np.array([one.min(axis=0), one.max(axis=0)])
            if "ex1" in entry:
                one = one[[0, len(one) // 2]]
            one, other = ({tuple(p) for p in np.round(c, 3).tolist()} for c in (one, other))
            assert one == other or np.allclose(sorted(one), sorted(other), atol=1e-2)
        areas += 1
    assert (areas, lines) == (14, 4)
