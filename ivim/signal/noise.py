"""Noise of magnitude images: the Rician mean and variance, and the noise level of one excitation
from an image or from a fit.

The noise level `sigma` is always that of *one* excitation, in one channel of the complex signal.
How the averages enter depends on what the scanner averaged:

- ``"magnitude"`` (usual in diffusion imaging, where motion changes the phase): every average
  carries the floor of one excitation. The mean of the averaged sample is the Rician mean at
  `sigma`; only its variance falls with their number.
- ``"complex"``: the averages cancel noise before the magnitude is taken. The sample is Rician at
  ``sigma / sqrt(averages)``.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]

AVERAGING = ("magnitude", "complex")


def rician_mean(amplitude: ArrayLike, sigma: ArrayLike) -> Floats:
    r"""Expected magnitude of a signal in complex Gaussian noise (Rice 1945; Gudbjartsson and Patz
    1995, Magn Reson Med 34:910).

    .. math:: \sigma \sqrt{\pi/2}\; e^{-x/2} \left[(1 + x) I_0(x/2) + x I_1(x/2)\right], \quad x =
    \nu^2 / 2\sigma^2

    Parameters
    ----------
    amplitude : array
        Noise-free signal.
    sigma : float or array
        Noise level, broadcast against `amplitude`; 0 leaves the amplitude as it is.

    Returns
    -------
    array
    """
    from scipy.special import i0e, i1e

    amplitude, sigma = np.broadcast_arrays(np.asarray(amplitude, float), np.asarray(sigma, float))
    safe = np.where(sigma > 0, sigma, 1.0)
    x = amplitude**2 / (2 * safe**2)
    mean = safe * np.sqrt(np.pi / 2) * ((1 + x) * i0e(x / 2) + x * i1e(x / 2))
    return np.where(sigma > 0, mean, amplitude)[()]


def rician_slope(amplitude: ArrayLike, sigma: ArrayLike) -> Floats:
    """Derivative of :func:`rician_mean` by the amplitude: near 1 far above the floor, 0 on it.

    Parameters
    ----------
    amplitude, sigma : array
        As for :func:`rician_mean`.

    Returns
    -------
    array
        No unit.
    """
    from scipy.special import i0e, i1e

    amplitude, sigma = np.broadcast_arrays(np.asarray(amplitude, float), np.asarray(sigma, float))
    safe = np.where(sigma > 0, sigma, 1.0)
    x = amplitude**2 / (2 * safe**2)
    slope = np.sqrt(np.pi / 8) * amplitude / safe * (i0e(x / 2) + i1e(x / 2))
    return np.where(sigma > 0, slope, 1.0)[()]


def rician_variance(amplitude: ArrayLike, sigma: ArrayLike) -> Floats:
    """Variance of the magnitude of one excitation: sigma² far above the floor, (2 - pi/2) sigma² on
    it.

    Parameters
    ----------
    amplitude, sigma : array
        As for :func:`rician_mean`.

    Returns
    -------
    array
        In squared units of the signal.
    """
    amplitude, sigma = np.broadcast_arrays(np.asarray(amplitude, float), np.asarray(sigma, float))
    exact = 2 * sigma**2 + amplitude**2 - rician_mean(amplitude, sigma) ** 2
    # Far above the floor the difference of two large numbers is lost in rounding; the series is
    # not.
    far = amplitude > 100 * sigma
    series = sigma**2 - sigma**4 / (2 * np.where(far, amplitude, 1.0) ** 2)
    return np.where(far, series, exact)[()]


def simulate(
    signal: ArrayLike,
    sigma: ArrayLike,
    averages: ArrayLike = 1,
    rng: np.random.Generator | int | None = None,
    *,
    averaging: str = "magnitude",
) -> Floats:
    """Magnitudes as a scanner gives them: excitation by excitation, averaged as it averages.

    Parameters
    ----------
    signal : array, shape (..., n)
        Noise-free amplitudes.
    sigma : float or array
        Noise level of one excitation and channel, broadcast against `signal`; 0 leaves the signal.
    averages : int or array of int, shape (n,)
        Excitations per sample.
    rng : Generator or int, optional
        Source of the draws, or its seed; without it every call differs.
    averaging : {"magnitude", "complex"}

    Returns
    -------
    array, shape (..., n)

    Raises
    ------
    ValueError
        When `sigma` is negative, `averages` are no whole numbers from 1 on, or `averaging` is
        unknown.
    """
    signal, sigma = np.asarray(signal, float), np.asarray(sigma, float)
    counts = np.broadcast_to(np.asarray(averages, float), signal.shape[-1:])
    if not ((counts >= 1) & (counts == np.round(counts))).all():
        wrong = counts[~((counts >= 1) & (counts == np.round(counts)))][0]
        msg = (
            f"averages hold {wrong:g}; excitations are drawn one by one, give whole numbers from 1 "
            "on"
        )
        raise ValueError(msg)
    if not (np.isfinite(sigma) & (sigma >= 0)).all():
        msg = f"sigma is {sigma}; give the noise level of one excitation, 0 or above"
        raise ValueError(msg)
    rng = np.random.default_rng(rng)
    sigma = np.broadcast_to(floor_sigma(sigma, counts, averaging), signal.shape)
    drawn = np.ones_like(counts) if averaging == "complex" else counts
    total = np.zeros(signal.shape)
    for excitation in range(int(drawn.max())):
        here = drawn > excitation
        real, imaginary = rng.standard_normal((2, *signal[..., here].shape))
        level = sigma[..., here]
        total[..., here] += np.hypot(signal[..., here] + level * real, level * imaginary)
    return total / drawn


def floor_sigma(
    sigma: float | Floats, averages: ArrayLike, averaging: str = "magnitude"
) -> float | Floats:
    """The noise level at which the averaged samples are Rician.

    Parameters
    ----------
    sigma : float or array
        Noise level of one excitation, in units of the signal.
    averages : array, shape (n,)
    averaging : {"magnitude", "complex"}

    Returns
    -------
    float or array
        As it came, or for complex averages one per sample.

    Raises
    ------
    ValueError
        For another averaging.
    """
    if averaging not in AVERAGING:
        msg = f"averaging is {averaging!r}; accepted are {' and '.join(map(repr, AVERAGING))}"
        raise ValueError(msg)
    return sigma / np.sqrt(averages) if averaging == "complex" else sigma


def sigma_from_background(magnitudes: ArrayLike) -> float:
    """Noise level from voxels of air, where the magnitude is Rayleigh: sqrt(mean(m²) / 2).

    Parameters
    ----------
    magnitudes : array
        Samples without signal, each of one excitation (or averaged as complex numbers, for the
        noise level after averaging).

    Returns
    -------
    float
    """
    magnitudes = np.asarray(magnitudes, float)
    magnitudes = magnitudes[np.isfinite(magnitudes)]
    if magnitudes.size == 0 or (magnitudes < 0).any():
        msg = (
            "the background has no finite sample or a negative one; give magnitudes of a region "
            "of air"
        )
        raise ValueError(msg)
    return float(np.sqrt(np.mean(magnitudes**2) / 2))


def sigma_from_residuals(
    residuals: ArrayLike,
    averages: ArrayLike,
    k: int,
    amplitudes: Floats | None = None,
    floor: float | Floats | None = None,
) -> float:
    """Noise level of one excitation from the residuals of one fit or of many.

    The squares, each times its averages, are set equal to what is expected of them: a share (n - k)
    / n of the variance of one excitation. On the floor that variance is below sigma², so with
    `amplitudes` and a first `floor` its share of sigma² is taken from :func:`rician_variance`.

    Parameters
    ----------
    residuals : array, shape (..., n)
    averages : array, shape (n,)
    k : int
        Number of fitted parameters, s0 among them.
    amplitudes : array, shape (..., n), optional
        Noise-free signals of the fits.
    floor : float or array, shape (n,), optional
        From a first value of sigma by :func:`floor_sigma`.

    Returns
    -------
    float
    """
    residuals = np.asarray(residuals, float)
    n = residuals.shape[-1]
    if n <= k:
        msg = (
            f"{n} samples leave nothing over from {k} parameters to estimate the noise from; give "
            "sigma"
        )
        raise ValueError(msg)
    share = (
        1.0
        if amplitudes is None or floor is None or not np.all(floor)
        else np.mean(rician_variance(amplitudes, floor) / np.square(floor))
    )
    return float(np.sqrt(np.nanmean(residuals**2 * averages) * n / (n - k) / share))
