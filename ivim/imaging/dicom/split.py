"""Multi-frame images as one file per slice, in the order that their headers say.

dcm2niix sorts the frames of a file by their dimension indices, and some files make it mix volumes.
Split by position and weighting there is nothing left to sort. Only elements that the conversion
needs are written, so the copies hold no identity.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ivim.imaging.dicom import elements

if TYPE_CHECKING:
    from ivim.imaging.dicom.files import Source
    from ivim.imaging.dicom.series import Series


CLASSIC = "1.2.840.10008.5.1.4.1.1.4"
MAKERS = {"GE": "GE MEDICAL SYSTEMS", "Siemens": "SIEMENS", "Philips": "Philips Medical Systems"}


def split(series: Series, paths: dict[Source, Path], folder: str | Path) -> None:
    """Write every measured frame of a series as a file of its own.

    Parameters
    ----------
    series : ivim.imaging.dicom.series.Series
    paths : dict of Source to path
        Where the (unpacked) files lie.
    folder : path
        Empty.

    Raises
    ------
    ValueError
        When the pixels cannot be unpacked here.
    """
    from pydicom.uid import generate_uid

    places = _volume_of(series)
    uids = [generate_uid() for _ in range(3)]
    count = 0
    for header in series.headers:
        for frame, pixels, scaling in _frames(series, header, paths[header.source]):
            if not frame.kind:
                volume, place = places[id(frame)]
                number = volume * len(series.places) + place + 1
                dataset = _dataset(series, header, frame, pixels, scaling, number, uids)
                dataset.save_as(Path(folder) / f"{number:06d}.dcm", enforce_file_format=True)
                count += 1
    if count != len(series.measured):
        msg = f"series {series.label}: frames are missing from its files; copy the series again"
        raise ValueError(msg)


def _volume_of(series):
    """Volume and slice of each measured frame, by the frame's identity.

    Images at one place are sorted by their order in the series; the k-th of each b-value and
    direction at one place belongs to the same volume as the k-th at another.
    """
    nearest = np.abs(np.subtract.outer(series.heights, series.places)).argmin(axis=1)
    seen, volumes, found = {}, {}, {}
    for image, place in zip(series.measured, nearest, strict=True):
        weighting = image.weighting
        direction = weighting.direction and tuple(np.round(weighting.direction, 3))
        sort = (weighting.b, direction, weighting.isotropic)
        repeat = seen[sort, place] = seen.get((sort, place), -1) + 1
        volume = volumes.setdefault((sort, repeat), len(volumes))
        found[id(image.frame)] = (volume, int(place))
    return found


def _frames(series, header, path):
    """Frames of a file with their pixels and scaling."""
    import pydicom
    from pydicom.pixels import iter_pixels

    try:
        with elements.quiet():
            dataset = pydicom.dcmread(path, stop_before_pixels=True)
            scalings = [_scaling(dataset, frame.index) for frame in header.frames]
            yield from zip(header.frames, iter_pixels(path), scalings, strict=True)
    except Exception:  # noqa: BLE001 - packed in a way that only dcm2niix knows, or damaged
        msg = f"series {series.label}: its frames cannot be unpacked; export it uncompressed"
        raise ValueError(msg) from None


def _scaling(dataset, index):
    groups = [
        *elements.items(dataset, "PerFrameFunctionalGroupsSequence")[index : index + 1],
        *elements.items(dataset, "SharedFunctionalGroupsSequence"),
    ]
    found = [
        item
        for group in groups
        for item in elements.items(group, "PixelValueTransformationSequence")
    ]
    slope = elements.number(elements.value([*found, dataset], "RescaleSlope"))
    intercept = elements.number(elements.value([*found, dataset], "RescaleIntercept"))
    return 1.0 if slope is None else slope, 0.0 if intercept is None else intercept


def _dataset(series, header, frame, pixels, scaling, number, uids):
    from pydicom.dataset import Dataset, FileMetaDataset
    from pydicom.uid import ExplicitVRLittleEndian, generate_uid

    dataset = Dataset()
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.file_meta.MediaStorageSOPClassUID = dataset.SOPClassUID = CLASSIC
    dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID = generate_uid()
    dataset.StudyInstanceUID, dataset.SeriesInstanceUID, dataset.FrameOfReferenceUID = uids
    dataset.Modality = "MR"
    dataset.Manufacturer = MAKERS.get(series.maker, series.maker)
    dataset.ImageType = ["ORIGINAL", "PRIMARY", "DIFFUSION", "NONE"]
    dataset.PatientPosition = "HFS"
    dataset.SeriesNumber, dataset.InstanceNumber, dataset.AcquisitionNumber = 1, number, 1
    dataset.MRAcquisitionType = "2D"
    dataset.ScanningSequence = "EP"
    steps = np.diff(series.places)
    dataset.SpacingBetweenSlices = float(np.median(steps)) if len(steps) else 1.0
    dataset.SliceThickness = header.facts.get("SliceThickness", dataset.SpacingBetweenSlices)
    dataset.ImagePositionPatient = _decimals(frame.position)
    dataset.ImageOrientationPatient = _decimals(frame.orientation)
    dataset.PixelSpacing = _decimals(frame.spacing or (1.0, 1.0))
    dataset.EchoTime = frame.echo_time
    dataset.RepetitionTime = frame.repetition_time
    dataset.FlipAngle = frame.flip_angle
    dataset.DiffusionBValue = frame.weighting.b
    if frame.weighting.direction:
        dataset.DiffusionGradientOrientation = list(frame.weighting.direction)
    dataset.RescaleSlope, dataset.RescaleIntercept = _decimals(scaling)
    dataset.Rows, dataset.Columns = pixels.shape
    dataset.SamplesPerPixel, dataset.PhotometricInterpretation = 1, "MONOCHROME2"
    bits = pixels.dtype.itemsize * 8
    dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit = bits, bits, bits - 1
    dataset.PixelRepresentation = int(pixels.dtype.kind == "i")
    little = np.ascontiguousarray(pixels, dtype=pixels.dtype.newbyteorder("<"))
    dataset.add_new("PixelData", "OW", little.tobytes())
    return dataset


def _decimals(numbers):
    """Numbers as DICOM's decimal strings hold them: 16 characters."""
    return [f"{number:.9g}"[:16] for number in numbers]
