"""DICOM files of four scanners made from nothing: classic, multi-frame and mosaic, any protocol.

Every slice of every volume has pixels of its own (noise around an exponential decay), as a scan
has.
"""

from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pydicom
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.sequence import Sequence
from pydicom.uid import ExplicitVRLittleEndian, ImplicitVRLittleEndian, generate_uid

CLASSIC = "1.2.840.10008.5.1.4.1.1.4"
ENHANCED = "1.2.840.10008.5.1.4.1.1.4.1"
MAKERS = {
    "GE": "GE MEDICAL SYSTEMS",
    "Siemens": "SIEMENS",
    "Philips": "Philips Medical Systems",
    "UIH": "UIH",
}


@dataclass(frozen=True)
class Volume:
    """One volume: b in s/mm², gradient direction or None, averages, what kind of image it is."""

    b: float
    direction: tuple | None = None
    averages: float | None = 1
    image_type: tuple | None = None
    trace: bool = False


@dataclass(frozen=True)
class Protocol:
    """A series: who made it, how, for whom."""

    maker: str = "Siemens"
    number: int = 5
    patient: str = "patient"
    name: str = "Somebody"
    slices: int = 3
    shape: tuple = (16, 12)
    spacing: tuple = (2.0, 2.0)
    step: float = 4.0
    origin: tuple = (-20.0, -10.0, 30.0)
    orientation: tuple = (1, 0, 0, 0, 1, 0)
    echo_time: float = 70.0
    repetition_time: float = 3000.0
    image_type: tuple = ("ORIGINAL", "PRIMARY", "DIFFUSION", "NONE")
    public: bool = False
    private: bool = True
    ge_bias: bool = False
    ge_type: str = "IS"
    seed: int = 0
    implicit: bool = False
    series_uid: str = field(default_factory=generate_uid)
    study_uid: str = "1.2.826.0.1.3680043.8.498.1"
    place_uid: str = "1.2.826.0.1.3680043.8.498.2"
    extra: dict = field(default_factory=dict)


def volumes(*b_values, averages=None):
    """Trace-like volumes of these b-values: a direction where b is not 0."""
    averages = averages or [1] * len(b_values)
    return [
        Volume(b, (0.0, 0.0, 1.0) if b else None, nex)
        for b, nex in zip(b_values, averages, strict=True)
    ]


AXES = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0))


def three_directions(*b_values, trace=False):
    """Each b > 0 in three directions, and the scanner's trace volume of it behind them."""
    found = []
    for b in b_values:
        found += [Volume(b, axis if b else None) for axis in (AXES if b else AXES[:1])]
        if trace and b:
            found.append(Volume(b, None, trace=True))
    return found


def pixels(protocol, b, volume, z):
    """Stored values of one slice, shape (rows, columns)."""
    columns, rows = protocol.shape
    random = np.random.default_rng((protocol.seed, protocol.number, volume, z))
    signal = 1000 * np.exp(-b * 1e-3) + 50 * z
    return np.clip(random.normal(signal, 20, (rows, columns)), 1, 4000).astype(np.uint16)


def write_classic(folder, protocol, scan, order=None, names=None):
    """One file per slice. Returns the paths, volume by volume and slice by slice.

    `order` permutes the volumes' places in time (instance numbers); `names(k)` names the files.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for count, place in enumerate(order or range(len(scan))):
        for z in range(protocol.slices):
            number = count * protocol.slices + z + 1
            dataset = _base(protocol, scan[place], CLASSIC, number)
            dataset.ImagePositionPatient = position(protocol, z)
            dataset.ImageOrientationPatient = list(protocol.orientation)
            dataset.PixelSpacing = list(protocol.spacing)
            dataset.EchoTime = protocol.echo_time
            dataset.RepetitionTime = protocol.repetition_time
            dataset.FlipAngle = 90
            if scan[place].averages is not None:
                dataset.NumberOfAverages = scan[place].averages
            _weight_classic(dataset, protocol, scan[place])
            _set_pixels(dataset, pixels(protocol, scan[place].b, place, z))
            name = names(number) if names else f"{protocol.number:04d}_{number:05d}.dcm"
            paths.append(folder / name)
            _save(dataset, paths[-1], protocol)
    return paths


def write_enhanced(folder, protocol, scan, slice_first=True):
    """One multi-frame file of the whole series."""
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    dataset = _base(protocol, scan[0], ENHANCED, 1)
    shared = Dataset()
    shared.PixelMeasuresSequence = _one(
        PixelSpacing=list(protocol.spacing), SliceThickness=protocol.step,
        SpacingBetweenSlices=protocol.step,
    )  # fmt: skip
    shared.PlaneOrientationSequence = _one(ImageOrientationPatient=list(protocol.orientation))
    shared.MRTimingAndRelatedParametersSequence = _one(
        RepetitionTime=protocol.repetition_time, FlipAngle=90
    )
    dataset.SharedFunctionalGroupsSequence = Sequence([shared])
    pairs = [(v, z) for v in range(len(scan)) for z in range(protocol.slices)]
    if not slice_first:
        pairs.sort(key=lambda pair: (pair[1], pair[0]))
    groups = [_frame(protocol, scan[v], v, z) for v, z in pairs]
    dataset.PerFrameFunctionalGroupsSequence = Sequence(groups)
    dataset.NumberOfFrames = len(pairs)
    organisation = generate_uid()
    dataset.DimensionOrganizationSequence = _one(DimensionOrganizationUID=organisation)
    dataset.DimensionIndexSequence = Sequence(
        [
            _one(
                DimensionOrganizationUID=organisation, DimensionIndexPointer=pointer,
                FunctionalGroupPointer=0x00209111,
            )[0]
            for pointer in (0x00209056, 0x00209057, 0x00209128)
        ]
    )  # fmt: skip
    _set_pixels(dataset, np.stack([pixels(protocol, scan[v].b, v, z) for v, z in pairs]))
    path = folder / f"{protocol.number:04d}_enhanced"
    _save(dataset, path, protocol)
    return path


def position(protocol, z):
    """Image Position of a slice, mm."""
    across, down = np.reshape(protocol.orientation, (2, 3))
    normal = np.cross(across, down)
    return [float(part) for part in np.add(protocol.origin, normal * protocol.step * z)]


def edit(path, change):
    """Change a file in place: `change(dataset)`."""
    dataset = pydicom.dcmread(path)
    change(dataset)
    dataset.save_as(path, enforce_file_format=True)


def another(protocol, **changes):
    """The same protocol with changes, as a series of its own."""
    return replace(protocol, series_uid=generate_uid(), **changes)


def _base(protocol, volume, storage, number):
    dataset = Dataset()
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.MediaStorageSOPClassUID = storage
    syntax = ImplicitVRLittleEndian if protocol.implicit else ExplicitVRLittleEndian
    dataset.file_meta.TransferSyntaxUID = syntax
    dataset.SOPClassUID = storage
    dataset.SOPInstanceUID = generate_uid()
    dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
    dataset.Modality = "MR"
    dataset.Manufacturer = MAKERS.get(protocol.maker, protocol.maker)
    dataset.ImageType = list(volume.image_type or protocol.image_type)
    dataset.PatientID = protocol.patient
    dataset.PatientName = protocol.name
    dataset.PatientPosition = "HFS"
    dataset.SeriesInstanceUID = protocol.series_uid
    dataset.StudyInstanceUID = protocol.study_uid
    dataset.FrameOfReferenceUID = protocol.place_uid
    dataset.SeriesNumber = protocol.number
    dataset.AcquisitionNumber = 1
    dataset.InstanceNumber = number
    dataset.ScanningSequence = "EP"
    dataset.SequenceVariant = "SK"
    dataset.MRAcquisitionType = "2D"
    dataset.MagneticFieldStrength = 3.0
    dataset.SliceThickness = protocol.step
    dataset.SpacingBetweenSlices = protocol.step
    dataset.InPlanePhaseEncodingDirection = "COL"
    for keyword, content in protocol.extra.items():
        setattr(dataset, keyword, content)
    return dataset


def _weight_classic(dataset, protocol, volume):
    if protocol.public:
        dataset.DiffusionBValue = float(volume.b)
        if volume.direction:
            dataset.DiffusionGradientOrientation = list(volume.direction)
    if protocol.private:
        {"GE": _ge, "Siemens": _siemens, "Philips": _philips, "UIH": _uih}[protocol.maker](
            dataset, protocol, volume
        )


def _ge(dataset, protocol, volume):
    number = int(volume.b) + (1_000_000_000 if protocol.ge_bias else 0)
    block = dataset.private_block(0x0043, "GEMS_PARM_01", create=True)
    content = {
        "IS": [number, 8, 0, 0],
        "LO": f"{number}\\8\\0\\0",
        "UN": f"{number}\\8\\0\\0".encode(),
    }[protocol.ge_type]
    block.add_new(0x39, protocol.ge_type, content)
    block = dataset.private_block(0x0019, "GEMS_ACQU_01", create=True)
    for element, part in zip((0xBB, 0xBC, 0xBD), volume.direction or (0, 0, 0), strict=True):
        block.add_new(element, "DS", f"{part:.6f}")


def _siemens(dataset, protocol, volume):
    block = dataset.private_block(0x0019, "SIEMENS MR HEADER", create=True)
    block.add_new(0x0C, "IS", str(int(volume.b)))
    kind = "ISOTROPIC" if volume.trace else "DIRECTIONAL" if volume.direction else "NONE"
    block.add_new(0x0D, "CS", kind)
    if volume.direction:
        block.add_new(0x0E, "FD", list(volume.direction))


def _philips(dataset, protocol, volume):
    block = dataset.private_block(0x2001, "Philips Imaging DD 001", create=True)
    block.add_new(0x03, "FL", float(volume.b))
    block.add_new(0x04, "CS", "I" if volume.trace else "O" if volume.direction else "N")
    block = dataset.private_block(0x2005, "Philips MR Imaging DD 001", create=True)
    for element, part in zip((0xB0, 0xB1, 0xB2), volume.direction or (0, 0, 0), strict=True):
        block.add_new(element, "FL", float(part))


def _uih(dataset, protocol, volume):
    block = dataset.private_block(0x0065, "Image Private Header", create=True)
    block.add_new(0x09, "FD", float(volume.b))
    block.add_new(0x37, "FD", list(volume.direction or (0.0, 0.0, 0.0)))


def _frame(protocol, volume, v, z):
    group = Dataset()
    group.FrameContentSequence = _one(
        StackID="1", InStackPositionNumber=z + 1, TemporalPositionIndex=v + 1,
        DimensionIndexValues=[1, z + 1, v + 1],
    )  # fmt: skip
    group.PlanePositionSequence = _one(ImagePositionPatient=position(protocol, z))
    group.MREchoSequence = _one(EffectiveEchoTime=protocol.echo_time)
    diffusion = Dataset()
    kind = "ISOTROPIC" if volume.trace else "DIRECTIONAL" if volume.direction else "NONE"
    diffusion.DiffusionDirectionality = kind
    diffusion.DiffusionBValue = float(volume.b)
    if volume.direction:
        diffusion.DiffusionGradientDirectionSequence = _one(
            DiffusionGradientOrientation=list(volume.direction)
        )
    group.MRDiffusionSequence = Sequence([diffusion])
    if volume.averages is not None:
        group.MRAveragesSequence = _one(NumberOfAverages=volume.averages)
    group.MRImageFrameTypeSequence = _one(
        FrameType=list(volume.image_type or protocol.image_type), ComplexImageComponent="MAGNITUDE"
    )
    return group


def _one(**elements):
    item = Dataset()
    for keyword, content in elements.items():
        setattr(item, keyword, content)
    return Sequence([item])


def _set_pixels(dataset, stored):
    dataset.Rows, dataset.Columns = stored.shape[-2:]
    dataset.SamplesPerPixel = 1
    dataset.PhotometricInterpretation = "MONOCHROME2"
    dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit = 16, 16, 15
    dataset.PixelRepresentation = 0
    dataset.add_new("PixelData", "OW", stored.tobytes())


def _save(dataset, path, protocol):
    dataset.save_as(path, enforce_file_format=True)


def read(study, label="sub-01"):
    """The series of a participant."""
    from ivim.imaging import bids
    from ivim.imaging.series import read_series

    return read_series(bids.find_series(study, label))
