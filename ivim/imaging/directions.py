"""Several gradient directions of one b-value as one volume, where a mean is needed.

Fits take every volume as a sample of its own, so no mean is needed for them. Where one is (a
picture, a method that wants each b once), the geometric mean is the trace-weighted image of the
tensor model: the product of the three signals has exp(-b trace(D)) in it [1]_. The arithmetic mean
keeps the mean of the noise.

References
----------
.. [1] Le Bihan D, Mangin JF, Poupon C, et al. Diffusion tensor imaging: concepts and applications.
   J Magn Reson Imaging 2001;13:534-546.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence


MEANS = ("geometric", "arithmetic")


def mean_over_directions(
    data: np.ndarray,
    b: Sequence[float],
    kind: str,
    averages: Sequence[float] | None = None,
    tolerance: float = 1.0,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Mean of the volumes of each b-value.

    Parameters
    ----------
    data : array, shape (..., n)
        Not negative for the geometric mean.
    b : array, shape (n,), s/mm²
    kind : str
        "geometric": exp of the weighted mean of the logarithms; 0 where a sample is 0.
        "arithmetic": weighted mean.
    averages : array, shape (n,), optional
        Weights of the volumes; by default all count the same.
    tolerance : float, s/mm²
        Volumes whose b differ by no more are of one b-value, the mean of theirs.

    Returns
    -------
    data : array, shape (..., m)
        In rising order of b.
    b : array, shape (m,)
    averages : array, shape (m,)
        Sum over the volumes of each b-value; their number where no averages are given.

    Raises
    ------
    ValueError
        When `kind` is unknown, sizes differ, or data are negative for the geometric mean.

    Examples
    --------
    >>> data, b, averages = mean_over_directions([900.0, 400.0, 100.0], [0, 500, 500], "geometric")
    >>> data.round(6).tolist(), b.tolist(), averages.tolist()
    ([900.0, 200.0], [0.0, 500.0], [1.0, 2.0])
    """
    data, b_values = np.asarray(data, float), np.asarray(b, float)
    weights = np.ones(len(b_values)) if averages is None else np.asarray(averages, float)
    _check(data, b_values, kind, weights)
    groups = _groups(b_values, tolerance)
    mean = _geometric if kind == "geometric" else _arithmetic
    return (
        np.stack([mean(data[..., group], weights[group]) for group in groups], axis=-1),
        np.array([np.average(b_values[group], weights=weights[group]) for group in groups]),
        np.array([weights[group].sum() for group in groups]),
    )


def _check(data, b, kind, weights):
    if kind not in MEANS:
        msg = f"mean over directions is {kind!r}; accepted are {' and '.join(MEANS)}"
        raise ValueError(msg)
    if data.shape[-1:] != b.shape or weights.shape != b.shape:
        msg = (
            f"{b.size} b-values and {weights.size} averages for {data.shape[-1:]} volumes; "
            "give one of each per volume"
        )
        raise ValueError(msg)
    if kind == "geometric" and (data < 0).any():
        msg = f"signal of {data.min():g}; a geometric mean needs magnitudes, from 0 on"
        raise ValueError(msg)


def _groups(b, tolerance):
    """Indices of the volumes of each b-value, in rising order."""
    order = np.argsort(b, kind="stable")
    breaks = np.flatnonzero(np.diff(b[order]) > tolerance) + 1
    return np.split(order, breaks)


def _geometric(samples, weights):
    # The mean of log 0 is minus infinity, and its exponential 0: as it should be.
    with np.errstate(divide="ignore"):
        return np.exp(np.average(np.log(samples), axis=-1, weights=weights))


def _arithmetic(samples, weights):
    return np.average(samples, axis=-1, weights=weights)
