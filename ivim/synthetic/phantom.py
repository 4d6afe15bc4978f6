"""Phantom scans: an axial slice through a vertebra with a lesion, scanned as the article scanned,
with two readers' ROIs.

Everything is made from a seed by code. The image is formed as a scanner forms it: each excitation
samples the k-space of the true slice on the article's 128 x 64 matrix with complex Gaussian noise,
is zero-filled to 256 x 256, and its magnitude taken; magnitudes are averaged as often as the
article's "excitation times" say. Resolution, ringing, correlated noise and the Rician floor are
therefore there without being drawn in. Not in it: motion, distortion, ghosts, directions.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from ivim import article
from ivim.imaging.series import Grid, Series

FIELD_MM = 240.0  # Methods: field of view 24 cm x 24 cm
MATRIX = (128, 64)  # Methods
PIXELS = 256  # zero-filled, as the manufacturer's reconstruction does
PIXEL_MM = FIELD_MM / PIXELS
GRAIN_MM = 2.5
"""Scale of the differences inside a tissue: somewhat finer than the voxels of the acquisition."""


@dataclass(frozen=True)
class Tissue:
    """What one tissue does to the signal.

    Attributes
    ----------
    s0 : float
        Signal at b = 0, relative to the lesion's.
    adc_slow, adc_fast : float, mm²/s
    f : float
        Blood fraction of the signal.
    spread : float
        Coefficient of variation of the diffusion coefficients inside a voxel (gamma distribution; 0
        is one coefficient).
    variation, patchiness : float
        Standard deviation of ln adc_slow and of ln f from place to place.
    coupling : float
        Correlation of the two; negative where the places with more blood have denser cells.
    """

    s0: float
    adc_slow: float
    adc_fast: float
    f: float
    spread: float = 0.0
    variation: float = 0.0
    patchiness: float = 0.0
    coupling: float = 0.0

    def signal(
        self,
        b: float,
        slow_grain: float | NDArray[np.float64] = 0.0,
        f_grain: float | NDArray[np.float64] = 0.0,
    ) -> float | NDArray[np.float64]:
        r"""Noise-free signal at one `b`.

        .. math:: S = S_0\left[(1-f)(1 + b\,D\,c^2)^{-1/c^2} + f e^{-b D^*}\right]

        The first term is the mean of exp(-bD) over a gamma distribution of D with coefficient of
        variation c (Oshio, Shinmoto and Mulkern 2014, Magn Reson Med Sci 13:191).

        Parameters
        ----------
        b : float, s/mm²
        slow_grain, f_grain : array, optional
            Standardised fields of differences from place to place.

        Returns
        -------
        array of the fields' shape
        """
        slow = self.adc_slow * np.exp(self.variation * slow_grain)
        shared = self.coupling * slow_grain + np.sqrt(1 - self.coupling**2) * f_grain
        blood = np.clip(self.f * np.exp(self.patchiness * shared), 0, 1)
        squared = max(self.spread, 1e-4) ** 2
        decay = np.exp(-np.log1p(b * slow * squared) / squared)
        return self.s0 * ((1 - blood) * decay + blood * np.exp(-b * self.adc_fast))


# Values usual at 3 T with fat suppressed; they are scenery: no ROI touches them.
MUSCLE = Tissue(0.60, 1.40e-3, 0.020, 0.06)
VISCERA = Tissue(0.45, 1.60e-3, 0.030, 0.15)
MARROW = Tissue(0.30, 0.45e-3, 0.020, 0.08)
CORTEX = Tissue(0.04, 0.40e-3, 0.020, 0.00)
FAT = Tissue(0.10, 0.10e-3, 0.020, 0.00)
FLUID = Tissue(1.30, 2.90e-3, 0.020, 0.00)
NERVES = Tissue(0.80, 0.90e-3, 0.015, 0.05)
BLOOD = Tissue(0.25, 2.50e-3, 0.080, 0.60)

# Painted in this order: tissue, centre (to the patient's left, to the back) and semi-axes of an
# ellipse, all in mm.
ANATOMY = (
    (FAT, (0, 0), (112, 90)),
    (VISCERA, (0, -8), (102, 76)),
    (MUSCLE, (34, 52), (27, 21)),
    (MUSCLE, (-34, 52), (27, 21)),
    (MUSCLE, (45, 14), (15, 18)),
    (MUSCLE, (-45, 14), (15, 18)),
    (BLOOD, (13, -20), (9, 9)),
    (BLOOD, (-13, -19), (10, 7)),
    (CORTEX, (0, 60), (7, 17)),
    (MARROW, (0, 60), (5, 15)),
    (CORTEX, (0, 42), (22, 9)),
    (CORTEX, (0, 10), (27, 20)),
    (MARROW, (0, 10), (25, 18)),
    (FLUID, (0, 38), (10, 8)),
    (NERVES, (0, 38), (5, 4)),
)


@dataclass(frozen=True)
class Case:
    """A phantom patient.

    Attributes
    ----------
    title, group : str
    seed : int
        Of noise, grain and outline.
    centre_mm, size_mm : tuple of float
        Of the lesion: centre and semi-axes.
    lesion : Tissue
    snr : float
        Of the lesion at b = 0 in one excitation.
    readers : dict of str to ((x, y), (a, b))
        Centre and semi-axes in mm of the ellipse that each reader draws.
    """

    title: str
    group: str
    seed: int
    centre_mm: tuple
    size_mm: tuple
    lesion: Tissue
    snr: float
    readers: dict


@dataclass(frozen=True)
class Phantom:
    """A scanned case: the series, and masks of shape (x, y, 1) of the lesion and of each reader's
    ROI."""

    series: Series
    lesion: np.ndarray
    rois: dict


def scan(
    case: Case,
    window: tuple[slice, slice] | None = None,
    b_values: Sequence[float] = article.B_VALUES,
    averages: Sequence[int] = article.AVERAGES,
    noise_seed: int | None = None,
) -> Phantom:
    """Scan a case.

    Parameters
    ----------
    case : Case
    window : tuple of two slices, optional
        Only this part of the slice, with the same noise; for a quick look, as calibration takes.
    b_values : sequence of float, s/mm²
    averages : sequence of int
    noise_seed : int, optional
        Of the noise alone; by default the case's own, so that a scan is the same each time.

    Returns
    -------
    Phantom
        The same for the same case, bit by bit on one machine.
    """
    window = window or (slice(None), slice(None))
    noise = _noise(case.seed if noise_seed is None else noise_seed)
    images = [
        _excite(_truth(case, b), noise, n, case.snr, window)
        for b, n in zip(b_values, averages, strict=True)
    ]
    data = np.stack(images, axis=-1).astype(np.float32)[:, :, None, :]
    series = Series(
        data, np.array(b_values, float), np.array(averages, float), phantom_grid(window)
    )
    rois = {name: _ellipse(*shape)[window][:, :, None] for name, shape in case.readers.items()}
    return Phantom(
        series, _outline(case.seed, case.centre_mm, case.size_mm)[window][:, :, None], rois
    )


def phantom_grid(window: tuple[slice, slice] = (slice(None), slice(None))) -> Grid:
    """The grid of a phantom: x to the patient's left, y to the back, as in a radiological display;
    centre of the field at 0.

    Parameters
    ----------
    window : tuple of two slices, optional

    Returns
    -------
    Grid
    """
    x, y = (_along()[part] for part in window)
    affine = np.diag([-PIXEL_MM, -PIXEL_MM, article.SLICE_MM, 1.0])
    affine[:2, 3] = -x[0], -y[0]
    return Grid((len(x), len(y), 1), affine, (PIXEL_MM, PIXEL_MM, article.SLICE_MM))


def _noise(seed):
    """K-space noise of one excitation after the other, complex, of unit variance per channel in the
    image."""
    rng = np.random.default_rng([seed, 1])
    scale = PIXELS**2 / np.sqrt(MATRIX[0] * MATRIX[1])
    while True:
        yield scale * (rng.normal(size=MATRIX) + 1j * rng.normal(size=MATRIX))


def _excite(truth, noise, count, snr, window):
    """Mean magnitude over `count` excitations of a true slice, in the window.

    Fourier transforms are written as matrices (signal to k-space, and back to the rows or columns
    wanted), so that a window costs what it shows and not the whole image.
    """
    to_kx, to_ky = (_fourier(n) for n in MATRIX)
    kspace = to_kx @ truth @ to_ky.T
    back_x, back_y = (
        to_k.conj().T[part] / PIXELS for to_k, part in zip((to_kx, to_ky), window, strict=True)
    )
    return (
        sum(np.abs(back_x @ (kspace + next(noise) / snr) @ back_y.T) for _ in range(count)) / count
    )


@lru_cache
def _fourier(lines):
    """The matrix that takes PIXELS pixels to the central `lines` of k-space."""
    k = np.arange(lines) - lines // 2
    return np.exp(-2j * np.pi * np.outer(k, np.arange(PIXELS)) / PIXELS)


def _truth(case, b):
    """The true slice at one b, shape (PIXELS, PIXELS)."""
    slow_grain, f_grain, texture = _grain(case.seed)
    signals = np.array([0.0] + [tissue.signal(b) for tissue, _, _ in ANATOMY])
    truth = signals[_anatomy()] * np.exp(0.12 * texture)
    inside = _outline(case.seed, case.centre_mm, case.size_mm)
    truth[inside] = case.lesion.signal(b, slow_grain[inside], f_grain[inside])
    return truth


@lru_cache
def _anatomy():
    """For every pixel, which of ANATOMY was painted last, counted from 1; 0 is air."""
    painted = np.zeros((PIXELS, PIXELS), int)
    for number, (_, centre, axes) in enumerate(ANATOMY, start=1):
        painted[_ellipse(centre, axes)] = number
    return painted


@lru_cache
def _grain(seed, count=3):
    """Standardised smooth random fields."""
    from scipy.ndimage import gaussian_filter

    rng = np.random.default_rng([seed, 2])
    fields = [
        gaussian_filter(rng.normal(size=(PIXELS, PIXELS)), GRAIN_MM / PIXEL_MM, mode="wrap")
        for _ in range(count)
    ]
    return [(one - one.mean()) / one.std() for one in fields]


@lru_cache
def _outline(seed, centre_mm, size_mm):
    """The lesion: an ellipse whose radius waves around the circle, so that it looks grown."""
    rng = np.random.default_rng([seed, 3])
    waves, phases = 0.08 * rng.normal(size=4), rng.uniform(0, 2 * np.pi, 4)
    x, y = (
        (at - centre) / axis for at, centre, axis in zip(_places(), centre_mm, size_mm, strict=True)
    )
    angle = np.arctan2(y, x)
    radius = 1 + sum(
        wave * np.cos(k * angle + phase)
        for k, (wave, phase) in enumerate(zip(waves, phases, strict=True), start=2)
    )
    return np.hypot(x, y) < radius


def _ellipse(centre, axes):
    return (
        sum(
            ((at - middle) / axis) ** 2
            for at, middle, axis in zip(_places(), centre, axes, strict=True)
        )
        < 1
    )


def _places():
    """x and y of the pixels in mm from the centre of the field, to be broadcast."""
    return _along()[:, None], _along()[None, :]


def _along():
    return (np.arange(PIXELS) - (PIXELS - 1) / 2) * PIXEL_MM


METASTASIS = Case(
    title="Spinal metastasis of lung cancer (Figure 1)",
    group="metastasis",
    seed=5,
    centre_mm=(-6.0, 9.0),
    size_mm=(15.0, 13.0),
    lesion=Tissue(
        1.0,
        adc_slow=0.753253e-3,
        adc_fast=21.0273e-3,
        f=0.1361,
        spread=0.125808,
        variation=0.13958,
        patchiness=0.142136,
    ),
    snr=95.1693,
    readers={"EZ": ((-7.0, 8.5), (4.8, 4.2)), "XX": ((-5.0, 10.0), (4.4, 4.4))},
)
TUBERCULOSIS = Case(
    title="Tuberculous spondylitis (Figure 2)",
    group="tuberculosis",
    seed=7,
    centre_mm=(5.0, 8.0),
    size_mm=(19.0, 14.0),
    lesion=Tissue(
        1.0,
        adc_slow=1.564e-3,
        adc_fast=21.1883e-3,
        f=0.0746,
        spread=0.2101,
        variation=0.3083,
        patchiness=0.3732,
        coupling=-0.9,
    ),
    snr=21.11,
    readers={"EZ": ((5.5, 8.0), (4.8, 4.4)), "XX": ((7.5, 9.0), (4.6, 4.6))},
)
CASES = {"figure1": METASTASIS, "figure2": TUBERCULOSIS}
