"""What kind of image one is: measured, or computed by the scanner, told by its headers."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ivim.imaging.dicom.elements import get, items, number, private, text, value

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pydicom import Dataset


KINDS = {
    "ADC": "ADC map", "EADC": "exponential map", "EXP": "exponential map",
    "EXPONENTIAL": "exponential map", "FA": "FA map", "COLFA": "FA map", "TENSOR": "tensor",
    "CALC": "synthetic b", "SYNTHETIC": "synthetic b", "SYNTH": "synthetic b", "SYN": "synthetic b",
    "COMPUTED": "synthetic b", "CDWI": "synthetic b", "TTEST": "t-test map",
    "P": "phase image", "PHASE": "phase image", "R": "real image", "REAL": "real image",
    "I": "imaginary image", "IMAGINARY": "imaginary image",
}  # fmt: skip
"""Words of an image type (split at "_") and what such an image is: none is a measured DWI."""

TRACES = {"TRACEW", "TRACE", "ISOTROPIC"}

DESCRIBED = re.compile(
    r"(?<![a-z])(e?adc|fa|exp(?:onential)?|syn(?:th(?:etic)?)?|cdwi|calc\w*|computed)(?![a-z])",
    re.I,
)
"""Words of a series description that tell a map, believed only where the image is derived."""

GE_KINDS = {18: "FA map", 20: "ADC map"}
"""GE (0043,1030) of images that were computed."""

GE_COMPONENTS = {1: "phase image", 2: "real image", 3: "imaginary image"}
"""GE (0043,102F) of images that are no magnitudes."""


def kind_of(words: Sequence[str], groups: Sequence[Dataset], dataset: Dataset, maker: str) -> str:
    """What an image is that was not measured as a diffusion-weighted magnitude image.

    Parameters
    ----------
    words : sequence of str
        The image type (of the frame), in capitals.
    groups : sequence of pydicom Dataset
        Functional groups of the frame, the most particular first.
    dataset : pydicom Dataset
    maker : str

    Returns
    -------
    str
        "ADC map", "synthetic b", "phase image" ...; empty for an image that was measured, and for a
        trace-weighted one, which combines measured images.
    """
    for part in (part for word in words for part in word.split("_")):
        if part in KINDS:
            return KINDS[part]
    types = [item for group in groups for item in items(group, "MRImageFrameTypeSequence")]
    component = text(value([*types, *groups], "ComplexImageComponent")).upper()
    if component in ("PHASE", "REAL", "IMAGINARY"):
        return KINDS[component]
    if number(get(dataset, "SamplesPerPixel")) not in (None, 1.0):
        return "colour image"
    if maker == "GE":
        for element, kinds in ((0x30, GE_KINDS), (0x2F, GE_COMPONENTS)):
            found = number(private(groups, "GEMS_PARM_01", 0x0043, element))
            if found in kinds:
                return kinds[int(found)]
    return _described(dataset) if "DERIVED" in words and not TRACES & set(words) else ""


def _described(dataset):
    found = DESCRIBED.search(text(get(dataset, "SeriesDescription")))
    if not found:
        return ""
    word = found[1].upper()
    return KINDS.get(word) or ("exponential map" if word.startswith("EXP") else "synthetic b")
