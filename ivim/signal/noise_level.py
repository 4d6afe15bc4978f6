"""The noise level of a volume, from the residuals of its own fits."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from ivim.signal import noise, reasons
from ivim.signal.blocks import blocks
from ivim.signal.inputs import check_samples, check_volume
from ivim.signal.models import MODELS
from ivim.signal.request import make_plan

SIGMA_VOXELS = 5000
"""Voxels from which the noise level is estimated, evenly drawn from the mask; its standard error is
then below 1 %."""


def estimate_sigma(
    data: ArrayLike,
    b: ArrayLike,
    *,
    mask: ArrayLike | None = None,
    averages: ArrayLike | None = None,
    averaging: str = "magnitude",
    saturation: float | None = None,
) -> float:
    """Noise level of one excitation from the residuals of bi-exponential fits, improved until it
    agrees with its own floor.

    Parameters
    ----------
    data, b, mask, averages, averaging, saturation
        As for :func:`fit_maps`.

    Returns
    -------
    float

    Raises
    ------
    ValueError
        When no voxel can be fitted.
    """
    shape, data, mask = check_volume(data, mask, b)
    _, b, averages = check_samples(np.ones(data.shape[-1]), b, averages, MODELS["biexponential"])
    chosen = np.zeros(mask.shape, bool)
    inside = np.flatnonzero(mask)
    chosen.flat[inside[:: max(1, inside.size // SIGMA_VOXELS)]] = True
    signals = np.concatenate(
        [signals for _, signals in blocks(data, chosen)] or [np.empty((0, b.size))]
    )
    signals = signals[reasons.check_signals(signals, b, saturation) == reasons.OK]
    if not len(signals):
        msg = (
            "no voxel inside the mask has a signal to estimate the noise level from; "
            "give sigma as a number"
        )
        raise ValueError(msg)
    model = MODELS["biexponential"]
    sigma: float | None = None
    for _ in range(6):
        plan = make_plan(
            b, shape, b.size, model=model, averages=averages, sigma=sigma, averaging=averaging
        )
        fits = plan.fit(signals)
        curves = model.function(b, **{name: value[:, None] for name, value in fits.values.items()})
        floor = 0.0 if sigma is None else noise.floor_sigma(sigma, averages, averaging)
        expected = noise.rician_mean(curves, floor)
        sigma = noise.sigma_from_residuals(
            signals - expected, averages, len(model.parameters), curves, floor
        )
    assert sigma is not None
    return sigma
