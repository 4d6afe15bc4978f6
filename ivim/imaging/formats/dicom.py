"""DICOM objects that hold regions: segmentations (DICOM-SEG) and structure sets (RTSTRUCT), told
apart by their class.
"""

from __future__ import annotations

import io
import zlib
from pathlib import Path

from ivim.imaging.formats import dicom_seg, rtstruct
from ivim.imaging.guard import Refused, check_room

NAME = "DICOM segmentation or structure set"
ENDINGS = (".dcm",)

CLASSES = {
    "1.2.840.10008.5.1.4.1.1.66.4": dicom_seg,  # Segmentation Storage
    "1.2.840.10008.5.1.4.1.1.66.7": dicom_seg,  # Label Map Segmentation Storage
    "1.2.840.10008.5.1.4.1.1.481.3": rtstruct,  # RT Structure Set Storage
}
DEFLATED = "1.2.840.10008.1.2.1.99"


def recognises(head: bytes) -> bool:
    """Whether a file that begins with these bytes is DICOM, with or without the preamble.

    Parameters
    ----------
    head : bytes

    Returns
    -------
    bool
    """
    return head[128:132] == b"DICM" or head[:2] in (b"\x02\x00", b"\x08\x00")


def load(path: Path) -> list:
    """The regions of a DICOM object.

    Parameters
    ----------
    path : path

    Returns
    -------
    list of Painting or Outline

    Raises
    ------
    ValueError
        When the file is damaged, too large, or holds what is no region.
    """
    import pydicom

    check_room(path, 3 * path.stat().st_size, "a DICOM file of this size")
    _check_deflated(path)
    data = pydicom.dcmread(path, force=True)
    reader = CLASSES.get(str(data.get("SOPClassUID", "")))
    if reader is None:
        kind = str(data.get("Modality", "")) or "unknown"
        msg = (
            f"{path}: a DICOM object of another kind (modality {kind[:16]!r}); accepted are "
            "segmentations (SEG) and structure sets (RTSTRUCT)"
        )
        raise Refused(msg)
    return reader.drawings(data, path)


def _check_deflated(path):
    """A deflated object may unpack to anything: its length is found out before it is read."""
    import pydicom

    with path.open("rb") as file:
        if file.read(132)[128:] != b"DICM":
            return
        file.seek(0)
        meta = pydicom.filereader.read_partial(file, stop_when=lambda *_: True).file_meta
        if meta.get("TransferSyntaxUID") != DEFLATED:
            return
        file.seek(0)
        content = file.read()
    start = 144 + int(meta.get("FileMetaInformationGroupLength", 0))
    one, length, packed = zlib.decompressobj(-zlib.MAX_WBITS), 0, io.BytesIO(content[start:])
    while chunk := one.unconsumed_tail or packed.read(1 << 16):
        length += len(one.decompress(chunk, 1 << 20))
    check_room(path, 3 * length, f"a deflated DICOM object of {length} bytes")
