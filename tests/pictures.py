"""How alike two pictures are: what a person would call the same picture is near 0, another one is
not.
"""

import io

import numpy as np
from PIL import Image

SAME = 0.01
"""Fonts and line ends may differ between systems; a picture of something else is further away."""

SAME_BUT_MARGINS = 0.035
"""A notebook crops the margins of a figure."""


def distance(one, other):
    """Mean difference of brightness (0 to 1) of two PNG files as bytes, on 96 x 96 blocks; 1 if
    their shapes differ.
    """
    pictures = [Image.open(io.BytesIO(content)).convert("RGB") for content in (one, other)]
    shapes = [width / height for width, height in (picture.size for picture in pictures)]
    if abs(shapes[0] / shapes[1] - 1) > 0.05:
        return 1.0
    small = [
        np.asarray(picture.resize((96, 96), Image.Resampling.BOX), float) for picture in pictures
    ]
    return float(np.abs(small[0] - small[1]).mean() / 255)
