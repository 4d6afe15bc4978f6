"""One region in every format gives the same voxels, and files of other programs give what a second reading of them gives."""

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
        (20, 24, 7), (3.1, 1.2, 1.2), rotation(3, 4, 5), (5, 6, 7), (1, -1, -1), (1, 2, 0)
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
    """One polygon and one hole per slice, as a composite of a zip; corners count from the corner of the first pixel."""
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


def as_dicom_seg(path, grid, name="segmentation"):
    """A segmentation that highdicom writes: slices in the other order, empty ones left out, in a file without ending."""
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
        highdicom.seg.SegmentationTypeValues.BINARY, [segment], generate_uid(), 2, generate_uid(), 1,
        "maker", "model", "1", "serial", omit_empty_frames=True,
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
    """One physical region gives the same voxels in every format, on plain, flipped, oblique and anisotropic grids."""
    path = WRITERS[kind](tmp_path, GRIDS[grid])
    regions = read_regions(path, GRIDS[grid])
    if kind == "ImageJ":  # one ROI per slice
        assert [one.name for one in regions] == ["lesion", "lesion (2)", "lesion (3)"]
        mask = np.any([one.mask for one in regions], axis=0)
    else:
        (region,) = regions
        assert region.name == {"NIfTI": "255", "NIfTI, turned": "1"}.get(kind, "lesion")
        mask = region.mask
    assert_array_equal(mask, truth(GRIDS[grid]))
    assert mask.sum() > 100
