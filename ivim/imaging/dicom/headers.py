"""What one DICOM file says of its images: place, weighting, protocol, and what kind of image each
is.

Texts that may name a person stay in :class:`Header` (to tell patients apart) and go nowhere else.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ivim.imaging.dicom import elements
from ivim.imaging.dicom.diffusion import PHILIPS, Weighting, csa, philips_frames, weighting
from ivim.imaging.dicom.elements import get, items, number, numbers, private, text, value
from ivim.imaging.dicom.kinds import kind_of

if TYPE_CHECKING:
    from pathlib import Path

    from ivim.imaging.dicom.files import Source


DIRECTORY = "1.2.840.10008.1.3.10"
SECONDARY_CAPTURE = "1.2.840.10008.5.1.4.1.1.7"
DEFLATED = b"1.2.840.10008.1.2.1.99"
NATIVE = ("1.2.840.10008.1.2", "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.2")
"""Transfer syntaxes whose pixels take as many bytes as the header says."""

LARGEST_SIDE = 8192
"""Rows or columns; the largest mosaic of a scanner has under 3000."""

LARGEST_VALUE = 1 << 20
"""Bytes; longer elements (documents, spectra) are left in the file."""

MAKERS = {
    "GE": "GE", "SIEMENS": "Siemens", "PHILIPS": "Philips", "UIH": "UIH", "UNITED IMAGING": "UIH",
    "SHANGHAI UNITED": "UIH", "CANON": "Canon", "TOSHIBA": "Canon", "HITACHI": "Hitachi",
}  # fmt: skip
"""Manufacturer as the header begins, and as it is shown."""


@dataclass(frozen=True)
class Frame:
    """One image: a slice, or all slices of a mosaic.

    Attributes
    ----------
    index : int
        Its place in the file, from 0.
    position, orientation : tuple of float, or None
        Image Position (mm) and Image Orientation of the patient.
    spacing : tuple of float, or None
        Pixel spacing, mm.
    weighting : Weighting
    echo_time, repetition_time, flip_angle : float or None
        ms, ms, degrees.
    kind : str
        Empty for an image that was measured, else what it is ("ADC map", "phase image").
    scale : float or None
        Philips: what the stored scaling was normalised by (slope times scale slope).
    """

    index: int
    position: tuple | None
    orientation: tuple | None
    spacing: tuple | None
    weighting: Weighting
    echo_time: float | None
    repetition_time: float | None
    flip_angle: float | None
    kind: str
    scale: float | None = None


@dataclass(frozen=True)
class Header:
    """One DICOM file.

    Attributes
    ----------
    source : ivim.imaging.dicom.files.Source
    patient : str
        PatientID, empty where it is blank.
    person : tuple of str
        Name, birth date and sex, only to notice two people behind one blank or common ID.
    study, series, instance, place : str
        UIDs of study, series and image, and of the frame of reference.
    number, image : int or None
        Series number, instance number.
    maker, modality : str
        From fixed lists.
    words : tuple of str
        Words of the image type that are on a fixed list.
    rows, columns : int
    tiles : int
        Slices in one image: 1, or those of a mosaic (0 where their number is not said).
    frames : tuple of Frame
    burned_in : bool
        The header says that text is burned into the pixels, or the image is a capture of a screen.
    short : bool
        The file is shorter than its header says.
    facts : dict
        Numbers and codes for the sidecar.
    """

    source: Source
    patient: str
    person: tuple
    study: str
    series: str
    instance: str
    place: str
    number: int | None
    image: int | None
    maker: str
    modality: str
    words: tuple
    rows: int
    columns: int
    tiles: int
    frames: tuple = field(repr=False)
    burned_in: bool
    short: bool
    facts: dict = field(repr=False)


def read_header(source: Source, total: int, path: Path | None = None) -> Header | None:
    """Read the header of one file.

    Parameters
    ----------
    source : ivim.imaging.dicom.files.Source
    total : int
        Files below the folder, for messages.
    path : path, optional
        Of the unpacked file.

    Returns
    -------
    Header or None
        None for a file that is no image of a patient (a DICOMDIR).

    Raises
    ------
    ValueError
        One line that names the file by its number, when it is no whole DICOM file.
    """
    import pydicom

    path = path or source.path
    try:
        with path.open("rb") as file, elements.quiet():
            head = file.read(4096)
            if DEFLATED in head:
                raise _Broken("deflated, which may hide any size: export it uncompressed")
            file.seek(0)
            dataset = pydicom.dcmread(
                file, stop_before_pixels=True, force=head[128:132] != b"DICM",
                defer_size=LARGEST_VALUE,
            )  # fmt: skip
            if text(get(dataset.file_meta, "MediaStorageSOPClassUID")) == DIRECTORY:
                return None
            # The reader stands before the pixels now, which begin behind 8 bytes at least.
            room = path.stat().st_size - file.tell() - 8
            return _header(source, dataset, room)
    except Exception as error:  # noqa: BLE001 - the library raises anything on a broken file
        # The library's own words may quote the header, so only the kind of failure is passed on.
        what = str(error) if isinstance(error, _Broken) else type(error).__name__
        msg = (
            f"file {source.number} of {total} (in the order of the paths) is a broken DICOM file "
            f"({what}); copy it again or take it away"
        )
        raise ValueError(msg) from None


class _Broken(Exception):
    """What is wrong, in words that quote nothing."""


def _header(source, dataset, room):
    series = text(get(dataset, "SeriesInstanceUID"))
    if not text(get(dataset, "SOPClassUID")) or not series:
        raise _Broken("no class or no series")
    maker = _maker(text(get(dataset, "Manufacturer")))
    frames = _frames(dataset, maker)
    rows, columns = (int(number(get(dataset, word)) or 0) for word in ("Rows", "Columns"))
    modality = text(get(dataset, "Modality")).upper()
    return Header(
        source=source,
        patient=text(get(dataset, "PatientID")),
        person=tuple(
            text(get(dataset, word)) for word in ("PatientName", "PatientBirthDate", "PatientSex")
        ),
        study=text(get(dataset, "StudyInstanceUID")),
        series=series,
        instance=text(get(dataset, "SOPInstanceUID")),
        place=text(get(dataset, "FrameOfReferenceUID")),
        number=_whole(get(dataset, "SeriesNumber")),
        image=_whole(get(dataset, "InstanceNumber")),
        maker=maker,
        modality=modality if modality in MODALITIES else "other",
        words=tuple(word for word in _words(dataset) if word in SHOWN_WORDS),
        rows=rows,
        columns=columns,
        tiles=_tiles(dataset, maker),
        frames=frames,
        burned_in=_burned_in(dataset),
        short=_pixel_bytes(dataset, rows, columns) > room,
        facts=_facts(dataset, maker),
    )


MODALITIES = ("MR", "CT", "PT", "SR", "PR", "OT", "SC", "SEG", "RTSTRUCT", "KO", "DOC", "US", "REG")
SHOWN_WORDS = {
    "ORIGINAL", "DERIVED", "PRIMARY", "SECONDARY", "DIFFUSION", "TRACEW", "TRACE", "ADC", "EADC",
    "FA", "EXP", "EXPONENTIAL", "CALC_BVALUE", "SYNTHETIC", "MOSAIC", "VFRAME", "MFSPLIT", "NONE",
    "OTHER", "EPI", "M", "M_SE", "SE", "NORM", "ND", "DIS2D", "DIS3D", "PHASE", "P", "LOCALIZER",
    "ISOTROPIC", "MEAN", "TENSOR", "ADC_UNSPECIFIED", "PROCESSED", "FFE", "M_FFE",
}  # fmt: skip
"""Words of image types that are shown; the field is free text, so anything else stays unsaid."""


def _maker(name):
    name = name.upper()
    return next((shown for begin, shown in MAKERS.items() if name.startswith(begin)), "other")


def _whole(content):
    found = number(content)
    return int(found) if found is not None and 0 <= found < 1e9 else None


def _words(dataset):
    content = get(dataset, "ImageType")
    words = [content] if isinstance(content, str) else (content or [])
    return [str(word).upper() for word in words]


def _frames(dataset, maker):
    own = items(dataset, "PerFrameFunctionalGroupsSequence")
    shared = items(dataset, "SharedFunctionalGroupsSequence")
    if not own:
        return (_frame(0, [dataset], dataset, maker),)
    claimed = _whole(get(dataset, "NumberOfFrames")) or 1
    if claimed != len(own):
        raise _Broken("another number of frames than it describes")
    return tuple(
        _frame(place, [group, *shared, dataset], dataset, maker) for place, group in enumerate(own)
    )


def _frame(index, groups, dataset, maker):
    def of(sequence, keyword):
        nested = [item for group in groups for item in items(group, sequence)]
        return value([*nested, *groups], keyword)

    frame_type = of("MRImageFrameTypeSequence", "FrameType")
    words = [str(word).upper() for word in frame_type] if frame_type else _words(dataset)
    echo_time = of("MREchoSequence", "EffectiveEchoTime")
    position = of("PlanePositionSequence", "ImagePositionPatient")
    if position is None and maker == "UIH":
        slices = private([dataset], "Image Private Header", 0x0065, 0x51)
        position = value(slices, "ImagePositionPatient") if slices else None
    return Frame(
        index=index,
        position=numbers(position, 3),
        orientation=numbers(of("PlaneOrientationSequence", "ImageOrientationPatient"), 6),
        spacing=numbers(of("PixelMeasuresSequence", "PixelSpacing"), 2),
        weighting=weighting(groups, maker, frozenset(words)),
        echo_time=number(value(groups, "EchoTime") if echo_time is None else echo_time),
        repetition_time=number(of("MRTimingAndRelatedParametersSequence", "RepetitionTime")),
        flip_angle=number(of("MRTimingAndRelatedParametersSequence", "FlipAngle")),
        kind=kind_of(words, groups, dataset, maker),
        scale=_scale(of, groups) if maker == "Philips" else None,
    )


def _scale(of, groups):
    """Philips' slope times scale slope: signals are comparable where it is one for all images."""
    slope = number(of("PixelValueTransformationSequence", "RescaleSlope"))
    own = number(private([*groups, *philips_frames(groups)], PHILIPS, 0x2005, 0x0E))
    return None if slope is None or own is None else slope * own


def _tiles(dataset, maker):
    """Slices in one image of a mosaic, 1 for an ordinary image, 0 where a mosaic does not say."""
    words = _words(dataset)
    if maker == "Siemens" and "MOSAIC" in words:
        tiles = private([dataset], "SIEMENS MR HEADER", 0x0019, 0x0A)
        return (
            _whole(tiles) or _whole((csa([dataset]).get("NumberOfImagesInMosaic") or [0])[0]) or 0
        )
    if maker == "UIH" and "VFRAME" in words:
        return _whole(private([dataset], "Image Private Header", 0x0065, 0x50)) or 0
    return 1


def _burned_in(dataset):
    captured = text(get(dataset, "SOPClassUID")).startswith(SECONDARY_CAPTURE)
    return captured or text(get(dataset, "BurnedInAnnotation")).upper() == "YES"


def _pixel_bytes(dataset, rows, columns):
    """Bytes that the pixels take as the header has it, 0 where they are compressed."""
    if max(rows, columns) > LARGEST_SIDE:
        raise _Broken(f"images of more than {LARGEST_SIDE} rows or columns")
    meta = getattr(dataset, "file_meta", {})
    if text(get(meta, "TransferSyntaxUID")) not in NATIVE:
        return 0
    frames = _whole(get(dataset, "NumberOfFrames")) or 1
    samples = _whole(get(dataset, "SamplesPerPixel")) or 1
    bits = _whole(get(dataset, "BitsAllocated")) or 0
    return rows * columns * frames * samples * bits // 8


def _facts(dataset, maker):
    """What a sidecar may hold: numbers, and codes from fixed lists."""
    shared = [dataset, *items(dataset, "SharedFunctionalGroupsSequence")]
    modifiers = [item for group in shared for item in items(group, "MRImagingModifierSequence")]
    found = {
        "MagneticFieldStrength": number(get(dataset, "MagneticFieldStrength")),
        "SliceThickness": number(get(dataset, "SliceThickness")),
        "PixelBandwidth": number(value([*modifiers, dataset], "PixelBandwidth")),
    }
    acquired = text(get(dataset, "MRAcquisitionType")).upper()
    if acquired in ("2D", "3D"):
        found["MRAcquisitionType"] = acquired
    if maker != "other":
        found["Manufacturer"] = maker
    return {name: content for name, content in found.items() if content is not None}
