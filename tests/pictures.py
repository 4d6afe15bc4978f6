"""How alike two pictures are: what a person would call the same picture is near 0, another one is
not.
"""

import io
from functools import lru_cache

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
    (shape, small), (other_shape, other_small) = _blocks(one), _blocks(other)
    if abs(shape / other_shape - 1) > 0.05:
        return 1.0
    return float(np.abs(small - other_small).mean() / 255)


@lru_cache(maxsize=256)
def _blocks(content):
    """Width over height, and the brightness of 96 x 96 blocks."""
    picture = Image.open(io.BytesIO(content)).convert("RGB")
    small = picture.resize((96, 96), Image.Resampling.BOX)
    return picture.width / picture.height, np.asarray(small, float)
