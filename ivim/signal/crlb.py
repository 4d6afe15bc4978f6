"""Cramer-Rao bounds: the least standard deviation that any unbiased estimator of a model's
parameters can have."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import i0e, i1e

from ivim.signal.model import SignalModel
from ivim.signal.models import get_model
from ivim.signal.noise import AVERAGING

Floats = NDArray[np.float64]

NOISES = ("rician", "gaussian")


def crlb(
    model: str | SignalModel,
    values: Mapping[str, float],
    b: ArrayLike,
    averages: ArrayLike | None = None,
    snr: float = 20.0,
    *,
    noise: str = "rician",
    averaging: str = "magnitude",
    voxels: int = 1,
) -> dict[str, float]:
    r"""Cramer-Rao bound of the standard deviation of each parameter.

    The Fisher information of one signal is :math:`\sum_i n_i\, i(\nu_i)\, J_i J_i^T`, with the
    model's Jacobian J, the number n of excitations and the information i of one excitation about
    its amplitude :math:`\nu`: :math:`1/\sigma^2` in Gaussian noise, less in Rician noise (Karlsen,
    Verhagen and Bovee 1999, Magn Reson Med 41:614). The bound holds for whoever sees each
    excitation; averaged magnitudes hold slightly less.

    Parameters
    ----------
    model : str or SignalModel
    values : dict of str to float
        True values by parameter name, mm²/s; ``s0`` is 1 unless given.
    b : array, shape (n,), s/mm²
    averages : array, shape (n,), optional
        Excitations per sample.
    snr : float
        ``s0`` divided by the noise level of one excitation.
    noise : {"rician", "gaussian"}
    averaging : {"magnitude", "complex"}
        What the scanner averaged, see :mod:`ivim.signal.noise`.
    voxels : int
        Number of voxels with this signal (an ROI).

    Returns
    -------
    dict of str to float
        In the units of `values`; infinite for a parameter that does not show in the signal (D*
        where f = 0).

    Raises
    ------
    ValueError
        When a value is missing or `snr`, `noise` or `averaging` are not accepted.

    Examples
    --------
    >>> bounds = crlb("monoexponential", {"adc_stand": 1e-3}, [0, 1000], snr=100, noise="gaussian")
    >>> round(bounds["adc_stand"] * 1e6, 2)
    28.96
    """
    model = get_model(model)
    values = {"s0": 1.0} | dict(values)
    b = np.asarray(b, float)
    averages = np.ones_like(b) if averages is None else np.asarray(averages, float)
    check_design(model, values, b, averages, snr, noise, averaging)
    values = {name: float(values[name]) for name in model.parameters}
    sigma = values["s0"] / snr
    if averaging == "complex":  # one Rician sample of less noise in the place of many
        sigma, averages = sigma / np.sqrt(averages), np.ones_like(b)
    share = 1.0 if noise == "gaussian" else rician_information(model.function(b, **values) / sigma)
    jacobian = model.jacobian(b, **values)
    information = jacobian.T @ (jacobian * (voxels * averages * share / sigma**2)[:, None])
    return dict(zip(model.parameters, _deviations(information), strict=True))


def rician_information(ratio: ArrayLike) -> Floats:
    """Fisher information about the amplitude in a Rician sample, as a share of that in Gaussian
    noise.

    Parameters
    ----------
    ratio : array
        Amplitude over noise level.

    Returns
    -------
    array
        From 0 (no signal) to 1 (far above the floor); the mean square of the score, integrated
        numerically.
    """
    a = np.asarray(ratio, float)[..., None]
    r = np.maximum(a - 9, 0) + np.linspace(0, 1, 1501) * (a + 9 - np.maximum(a - 9, 0))
    density = r * np.exp(-((r - a) ** 2) / 2) * i0e(r * a)
    score = r * i1e(r * a) / i0e(r * a) - a
    return np.trapezoid(density * score**2, r, axis=-1)


def _deviations(information):
    """Square roots of the diagonal of the inverse; infinite where a parameter has no information of
    its own."""
    scale = np.sqrt(np.diag(information))
    shown = scale > 0
    deviations = np.full(scale.size, np.inf)
    # Parameters differ by orders of magnitude: with a unit diagonal the condition number means what
    # it says.
    scaled = information[np.ix_(shown, shown)] / np.outer(scale[shown], scale[shown])
    if shown.any() and np.linalg.cond(scaled) < 1e14:
        deviations[shown] = np.sqrt(np.diag(np.linalg.inv(scaled))) / scale[shown]
    return deviations.tolist()


def check_design(
    model: SignalModel,
    values: Mapping[str, float],
    b: Floats,
    averages: Floats,
    snr: float,
    noise: str,
    averaging: str,
) -> None:
    """Refuse what no bound can be computed for.

    Parameters
    ----------
    model, values, snr, noise, averaging
        As for :func:`crlb`.
    b, averages : array, shape (n,)
        s/mm²; excitations.

    Raises
    ------
    ValueError
    """
    if missing := [name for name in model.parameters if name not in values]:
        msg = (
            f"no value for {missing[0]!r}; the {model.name} model needs "
            f"{', '.join(model.parameters[1:])}"
        )
        raise ValueError(msg)
    if averages.shape != b.shape or b.ndim != 1:
        msg = (
            f"b has shape {b.shape}, averages {averages.shape}; both have to be one row of the "
            "same length"
        )
        raise ValueError(msg)
    if not (np.isfinite(snr) and snr > 0):
        msg = f"snr is {snr!r}; give s0 over the noise level of one excitation, a number above 0"
        raise ValueError(msg)
    if noise not in NOISES or averaging not in AVERAGING:
        msg = (
            f"noise is {noise!r} and averaging {averaging!r}; accepted are {', '.join(NOISES)} and "
            f"{', '.join(AVERAGING)}"
        )
        raise ValueError(msg)
