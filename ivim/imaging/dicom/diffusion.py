"""Diffusion weighting of one image from its headers: b-value, direction, averages.

Public elements first (DICOM PS3.3, C.8.13.5.9 "MR Diffusion" and C.8.13.5.7 "MR Averages"), then
the private ones of GE, Siemens, Philips and UIH. Where the headers say nothing, the answer is None.
"""

from __future__ import annotations

import math
import re
import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ivim.imaging.dicom.elements import items, number, private, text, value

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pydicom import Dataset


GE_BIAS = 1_000_000_000
"""GE adds this to b of multi-b and synthetic scans in (0043,1039); (0043,107F) says so."""

PHILIPS = "Philips MR Imaging DD 001"

SMALLEST_DIRECTION = 1e-3
"""Length below which a gradient direction is none: unit vectors are about 1, none is 0."""

CANON_COMMENT = re.compile(r"\bb\s*=\s*(\d+(?:\.\d+)?)\s*\(", re.IGNORECASE)
SIEMENS_SEQUENCE = re.compile(r"(?:^|[*_])ep_?\w*?b(\d+)(?:[t#]|$)", re.IGNORECASE)


@dataclass(frozen=True)
class Weighting:
    """Diffusion weighting of one image.

    Attributes
    ----------
    b : float or None, s/mm²
        None where no header says it.
    direction : tuple of three floats, or None
        Gradient direction in the patient's axes; None for b = 0 and a trace-weighted image.
    isotropic : bool
        A trace-weighted image: several directions combined by the scanner.
    averages : float or None
    """

    b: float | None
    direction: tuple | None
    isotropic: bool
    averages: float | None


def weighting(groups: Sequence[Dataset], maker: str, image_type: frozenset[str]) -> Weighting:
    """Diffusion weighting of one image.

    Parameters
    ----------
    groups : sequence of pydicom Dataset
        Where to look, the most particular first: functional groups of the frame, those shared by
        all frames, the file itself.
    maker : str
        ``GE``, ``Siemens``, ``Philips``, ``UIH``, ``Canon`` or another word.
    image_type : frozenset of str
        Words of the image type.

    Returns
    -------
    Weighting
    """
    public = _nested(groups, "MRDiffusionSequence")
    kind = str(value(public, "DiffusionDirectionality") or "").upper()
    b = number(value(public, "DiffusionBValue"))
    direction = _public_direction(public)
    if maker in PRIVATE:
        own_b, own_direction, own_kind = PRIVATE[maker](groups)
        b = own_b if b is None else b
        direction = direction or own_direction
        kind = kind or own_kind
    if b is None and kind == "NONE":
        b = 0.0
    if b is not None and not 0 <= b < 1e6:
        b = None
    no_direction = direction is None and kind not in ("DIRECTIONAL", "BMATRIX")
    isotropic = bool(b) and (kind == "ISOTROPIC" or _says_trace(image_type) or no_direction)
    return Weighting(b, None if isotropic or not b else direction, isotropic, _averages(groups))


def _says_trace(image_type):
    return bool(image_type & {"TRACEW", "TRACE", "ISOTROPIC"})


def _averages(groups):
    places = _nested(groups, "MRAveragesSequence")
    found = number(value(places, "NumberOfAverages"))
    if found is None:
        found = number(value(philips_frames(groups), "NumberOfAverages"))
    return found if found is not None and found > 0 else None


def _public_direction(places):
    for place in places:
        for holder in (place, *items(place, "DiffusionGradientDirectionSequence")):
            direction = _direction(value([holder], "DiffusionGradientOrientation"))
            if direction:
                return direction
    return None


def _ge(groups):
    b = _first_number(private(groups, "GEMS_PARM_01", 0x0043, 0x39))
    components = [
        number(private(groups, "GEMS_ACQU_01", 0x0019, element)) for element in (0xBB, 0xBC, 0xBD)
    ]
    return (None if b is None else b % GE_BIAS), _direction(components), ""


def _siemens(groups):
    b = _first_number(private(groups, "SIEMENS MR HEADER", 0x0019, 0x0C))
    kind = text(private(groups, "SIEMENS MR HEADER", 0x0019, 0x0D))
    direction = _direction(private(groups, "SIEMENS MR HEADER", 0x0019, 0x0E))
    if b is None:
        b, direction, kind = _siemens_csa(groups)
    if b is None:
        name = text(value(groups, "SequenceName") or value(groups, "PulseSequenceName"))
        found = SIEMENS_SEQUENCE.search(name)
        b = float(found[1]) if found else None
    return b, direction, kind


def _siemens_csa(groups):
    """From the block of Siemens' own format, for headers whose private elements were cut out."""
    found = csa(groups)
    b = _first_number(found.get("B_value"))
    kind = text((found.get("DiffusionDirectionality") or [""])[0])
    return b, _direction(found.get("DiffusionGradientDirection")), kind


def csa(groups: Sequence[Dataset]) -> dict[str, list]:
    """Items by name of the image header in Siemens' own format; none where it is not there.

    Parameters
    ----------
    groups : sequence of pydicom Dataset

    Returns
    -------
    dict of str to list
    """
    from nibabel.nicom import csareader

    raw = private(groups, "SIEMENS CSA HEADER", 0x0029, 0x10)
    if not isinstance(raw, bytes):
        return {}
    try:
        return {name: tag["items"] for name, tag in csareader.read(raw)["tags"].items()}
    except Exception:  # noqa: BLE001 - an undocumented format: whatever fails, it says nothing
        return {}


def _philips(groups):
    places = [*groups, *philips_frames(groups)]
    b = _first_number(private(places, "Philips Imaging DD 001", 0x2001, 0x03))
    kind = text(private(places, "Philips Imaging DD 001", 0x2001, 0x04))
    components = [
        number(private(places, PHILIPS, 0x2005, element)) for element in (0xB0, 0xB1, 0xB2)
    ]
    return b, _direction(components), {"I": "ISOTROPIC", "N": "NONE"}.get(kind, "")


def _uih(groups):
    b = _first_number(private(groups, "Image Private Header", 0x0065, 0x09))
    return b, _direction(private(groups, "Image Private Header", 0x0065, 0x37)), ""


def _canon(groups):
    found = CANON_COMMENT.search(text(value(groups, "ImageComments")))
    return (float(found[1]) if found else None), None, ""


PRIVATE = {"GE": _ge, "Siemens": _siemens, "Philips": _philips, "UIH": _uih, "Canon": _canon}


def _nested(groups, sequence):
    """The items of a sequence wherever it stands, and the groups themselves behind them."""
    return [item for group in groups for item in items(group, sequence)] + list(groups)


def philips_frames(groups: Sequence[Dataset]) -> list[Dataset]:
    """Classic headers of the frames, which Philips keeps in a private sequence.

    Parameters
    ----------
    groups : sequence of pydicom Dataset

    Returns
    -------
    list of pydicom Dataset
    """
    found = (private([group], "Philips MR Imaging DD 005", 0x2005, 0x0F) for group in groups)
    return [
        frame
        for sequence in found
        if hasattr(sequence, "is_undefined_length")
        for frame in sequence
    ]


def _first_number(content):
    """First number of what may be a number, a list, text, or bytes of a text or of a float."""
    if isinstance(content, bytes):
        content = _from_bytes(content)
    if isinstance(content, str):
        content = content.split("\\")
    if hasattr(content, "__len__"):
        content = content[0] if len(content) else None
    return number(content)


def _from_bytes(content):
    words = content.strip(b" \0")
    if re.fullmatch(rb"[-+0-9.eE\\ ]+", words):
        return words.decode("ascii")
    size = {4: "<f", 8: "<d"}.get(len(content))
    return struct.unpack(size, content)[0] if size else None


def _direction(content):
    if isinstance(content, bytes):
        content = struct.unpack("<3d", content) if len(content) == 24 else None
    try:
        numbers = tuple(float(part) for part in content)
    except (TypeError, ValueError):
        return None
    if len(numbers) != 3 or not all(map(math.isfinite, numbers)):
        return None
    length = math.hypot(*numbers)
    return tuple(part / length for part in numbers) if length > SMALLEST_DIRECTION else None
