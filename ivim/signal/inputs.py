"""What users hand over: signals, volumes, b-values, averages, masks; checked once, refused in one
line."""

from __future__ import annotations

import os
from collections.abc import Collection
from typing import Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ivim.signal import noise
from ivim.signal.model import SignalModel
from ivim.signal.models import MODELS

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


class Sliceable(Protocol):
    """What has a shape and gives arrays slice by slice: a nibabel ``dataobj``."""

    @property
    def shape(self) -> tuple[int, ...]:
        """As an array has it."""

    def __getitem__(self, key) -> np.ndarray:
        """A part of it."""


Volume = np.ndarray | Sliceable

LEAST_B = 10.0
"""A series whose largest b is below this, in s/mm², has its b-values in ms/µm²."""

METHODS = {"full": None} | {
    method: next(model.name for model in MODELS.values() if method in model.methods)
    for method in ("segmented", "log-linear", "two-point")
}
"""The methods and, where a method is only for one model, that model."""


def check_samples(
    signal: ArrayLike, b: ArrayLike, averages: ArrayLike | None, model: SignalModel | None = None
) -> tuple[Floats, Floats, Floats]:
    """The three arrays as floats of one shape (n,); averages of 1 where none are given.

    Parameters
    ----------
    signal, b, averages : array, shape (n,)
    model : SignalModel, optional
        Its b-values have to be in s/mm² when it has a diffusivity.

    Returns
    -------
    signal, b, averages : array of float, shape (n,)

    Raises
    ------
    ValueError
        When shapes differ, a sample is masked, or b or averages hold what they cannot.
    """
    if np.ma.is_masked(signal):
        hidden = np.ma.getmaskarray(np.ma.asanyarray(signal))
        msg = (
            f"{int(hidden.sum())} sample(s) of the signal are masked; "
            "leave them out of signal, b and averages"
        )
        raise ValueError(msg)
    signal, b = _floats("signal", signal), _floats("b", b)
    averages = np.ones_like(b) if averages is None else _floats("averages", averages)
    for name, array in (("b", b), ("averages", averages)):
        if array.ndim != 1 or array.shape != signal.shape:
            msg = (
                f"signal has shape {signal.shape}, {name} {array.shape}; both have to be one row "
                "of the same length"
            )
            raise ValueError(msg)
    _check_b(b, model)
    if not (np.isfinite(averages).all() and (averages > 0).all()):
        wrong = averages[~(averages > 0) | ~np.isfinite(averages)][0]
        msg = f"averages hold {wrong:g}; give the number of excitations per sample, above 0"
        raise ValueError(msg)
    return signal, b, averages


def check_volume(data: object, mask: object, b: ArrayLike) -> tuple[tuple[int, ...], Volume, Bools]:
    """A volume and its mask, from whatever holds them.

    Parameters
    ----------
    data : array, masked array, DataFrame, memory map, nibabel image or its ``dataobj``
        Last axis b. A voxel with a masked sample is outside the mask.
    mask : array or nibabel image, optional
    b : array, shape (n,)

    Returns
    -------
    shape : tuple
        The leading shape.
    data : array or ``dataobj``
        What can be sliced; one signal alone becomes a row of one.
    mask : array of bool

    Raises
    ------
    ValueError
        When the data are no real numbers with b as last axis, or the mask has another shape.
    """
    data, hidden = _array(data)
    kind = getattr(data, "dtype", np.dtype(float))
    if len(data.shape) < 1 or data.shape[-1] == 0 or kind.kind not in "iufb":
        msg = (
            f"data have shape {data.shape} and type {kind}; give real magnitudes with b as last "
            "axis"
        )
        raise ValueError(msg)
    n = np.size(b)
    if len(data.shape) > 1 and data.shape[-1] != n and data.shape[0] == n:
        msg = (
            f"data have shape {data.shape} and b has {n} values: b is the first axis; "
            "give np.moveaxis(data, 0, -1)"
        )
        raise ValueError(msg)
    if mask is None:
        mask = np.broadcast_to(np.True_, data.shape[:-1])  # takes no memory
    else:
        mask = np.asarray(_array(mask)[0]) != 0
    if mask.shape != data.shape[:-1]:
        msg = (
            f"the mask has shape {mask.shape}, the data {data.shape}; the mask needs the shape of "
            "the data without its last axis"
        )
        raise ValueError(msg)
    if hidden is not None:
        mask = mask & ~hidden.any(axis=-1)
    return data.shape[:-1], data if mask.ndim else np.asarray(data)[None], np.atleast_1d(mask)


def check_method(model: SignalModel, method: str, sigma: object, averaging: str) -> None:
    """Refuse a method, a noise level or an averaging that do not go with the model.

    Parameters
    ----------
    model : SignalModel
    method : str
    sigma : object
        None where no noise level is given.
    averaging : str

    Raises
    ------
    ValueError
    """
    if method not in METHODS:
        msg = f"unknown method {method!r}; known are {', '.join(METHODS)}"
        raise ValueError(msg)
    if method not in model.methods:
        msg = (
            f"method {method!r} is for the {METHODS[method]} model, not for {model.name}; "
            "use method='full'"
        )
        raise ValueError(msg)
    if averaging not in noise.AVERAGING:
        msg = f"averaging is {averaging!r}; accepted are {' and '.join(map(repr, noise.AVERAGING))}"
        raise ValueError(msg)
    if sigma is not None and method != "full":
        msg = f"sigma goes with method 'full' only, not with {method!r}; leave one of them out"
        raise ValueError(msg)


def refuse_fixed(fixed: Collection[str], method: str) -> None:
    """Refuse fixed parameters where the method's formula has no place for them.

    Parameters
    ----------
    fixed : collection of str
        Names of the parameters that are held.
    method : str

    Raises
    ------
    ValueError
    """
    if not fixed:
        return
    if method not in ("full", "segmented"):
        msg = f"fixed goes with method 'full' or 'segmented', not with {method!r}; leave it out"
        raise ValueError(msg)
    if method == "segmented" and "adc_slow" in fixed:
        msg = "a segmented fit finds adc_slow itself; with adc_slow fixed use method='full'"
        raise ValueError(msg)


def check_sigma(sigma: object, shape: tuple[int, ...] = ()) -> float | str | Floats | None:
    """A noise level as a float, or a map of it with the shape given; None and "estimate" pass.

    Parameters
    ----------
    sigma : float, array, "estimate" or None
        In units of the signal.
    shape : tuple of int
        Of a map.

    Returns
    -------
    float, array of that shape, "estimate" or None

    Raises
    ------
    ValueError
        For another shape, or a number that is not above 0.
    """
    if sigma is None or (isinstance(sigma, str) and sigma == "estimate"):
        return sigma
    try:
        levels = np.asarray(_array(sigma)[0], float)
    except (TypeError, ValueError):
        levels = np.array(np.nan)
    if levels.ndim and levels.shape != shape:
        what = "one number" if shape == () else f"one number, or a map of shape {shape}"
        msg = f"sigma has shape {levels.shape}; give {what}"
        raise ValueError(msg)
    if levels.ndim == 0 and not (np.isfinite(levels) and levels > 0):
        msg = (
            f"sigma is {sigma!r}; give the noise level of one excitation, a number above 0, or "
            "'estimate'"
        )
        raise ValueError(msg)
    return levels if levels.ndim else float(levels)


def check_threads(threads: int | None) -> int:
    """Number of threads: None and -1 are one for each core that this process may use.

    Parameters
    ----------
    threads : int, optional

    Returns
    -------
    int

    Raises
    ------
    ValueError
        For what is no whole number from 1 on.
    """
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    if threads is None or threads == -1:
        return cores or 1
    if not isinstance(threads, (int, np.integer)) or isinstance(threads, bool) or threads < 1:
        msg = f"threads is {threads!r}; give a whole number from 1 on, or -1 for all cores"
        raise ValueError(msg)
    return int(threads)


def samples_used(
    model: SignalModel,
    b: Floats,
    method: str,
    threshold: float,
    pair: tuple[float, float] | None,
    fixed: Collection[str] = (),
) -> Bools:
    """Mask of the samples of the first stage or the pair; refuses too few b-values.

    Parameters
    ----------
    model : SignalModel
    b : array, shape (n,), s/mm²
    method : str
    threshold : float, s/mm²
        Of a segmented fit.
    pair : (float, float), s/mm², optional
        Of a two-point fit; the lowest and the highest b by default.
    fixed : collection of str
        Names of the parameters that are held.

    Returns
    -------
    array of bool, shape (n,)

    Raises
    ------
    ValueError
        For fewer different b-values than free parameters.
    """
    use = np.ones(b.size, bool)
    if method == "two-point":
        low, high = (b.min(), b.max()) if pair is None else pair
        use = np.isin(b, (low, high))
        if np.unique(b[use]).size < 2:
            msg = (
                f"pair is ({low:g}, {high:g}); give two different values out of b = "
                f"{', '.join(f'{x:g}' for x in np.unique(b))}"
            )
            raise ValueError(msg)
    if method == "segmented":
        use = b >= threshold
        if np.unique(b[use]).size < 2:
            msg = (
                f"{np.unique(b[use]).size} b-value(s) from the threshold of {threshold:g} s/mm² "
                "on; a segmented fit needs at least 2"
            )
            raise ValueError(msg)
    different, needed = np.unique(b[use]).size, len(model.parameters) - len(fixed)
    if (method != "segmented" and different < needed) or np.unique(b).size < needed:
        free = f"{needed} free" if fixed else f"{needed}"
        msg = (
            f"{np.unique(b).size} different b-value(s) for the {free} parameters of the "
            f"{model.name} model; measure at least {needed}"
        )
        raise ValueError(msg)
    return use


def _check_b(b, model):
    if not (np.isfinite(b).all() and (b >= 0).all()):
        wrong = b[~(b >= 0) | ~np.isfinite(b)][0]
        msg = f"b is {wrong:g}; b-values are finite and not negative, in s/mm²"
        raise ValueError(msg)
    diffusion = model is None or model.has_diffusivity
    if diffusion and b.size and 0 < b.max() < LEAST_B:
        msg = (
            f"the largest b is {b.max():g}; b-values are in s/mm², so give "
            f"{1000 * b.max():g} where ms/µm² has {b.max():g}"
        )
        raise ValueError(msg)


def _floats(name, values):
    """An array of floats; a Series or DataArray gives its values."""
    try:
        if np.iscomplexobj(values):
            raise TypeError
        return np.asarray(values, float)
    except (TypeError, ValueError):
        msg = f"{name} is {type(values).__name__} and no row of numbers; give an array"
        raise ValueError(msg) from None


def _array(data):
    """Something with shape that can be sliced, and the mask of a masked array, if it is one."""
    if hasattr(data, "dataobj"):  # a nibabel image
        data = data.dataobj
    if isinstance(data, np.ma.MaskedArray):
        return data.data, np.ma.getmaskarray(data)
    if hasattr(data, "to_numpy"):  # a DataFrame, a DataArray
        data = data.to_numpy()
    if not hasattr(data, "shape"):
        try:
            data = np.asarray(data)
        except ValueError:
            msg = "data are rows of different lengths; give an array with b as last axis"
            raise ValueError(msg) from None
    return data, None
