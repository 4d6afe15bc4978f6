"""Parameter maps: every voxel of a volume fitted, in blocks on all cores, with the reason where
there is no value.

The article measures on maps: a fit per voxel, then the mean of each map over the region of
interest. That is another estimator than the fit of the region's mean signal (:func:`ivim.fit_roi`).
"""

import os
from collections import deque
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from ivim.signal import noise, reasons
from ivim.signal.engine import Plan
from ivim.signal.fit import METHODS, check_method, check_samples, samples_used
from ivim.signal.models import MODELS, SEGMENTED_THRESHOLD, STUDY_MODELS, check_bounds
from ivim.signal.solver import KINDS

BLOCK = 8192
"""Voxels fitted at a time per thread: some megabytes, so that memory does not grow with the
volume."""

SIGMA_VOXELS = 5000
"""Voxels from which the noise level is estimated, evenly drawn from the mask; its standard error is
then below 1 %."""


def fit_maps(
    data,
    b,
    model="biexponential",
    *,
    mask=None,
    averages=None,
    bounds=None,
    method="full",
    sigma=None,
    averaging="magnitude",
    threshold=SEGMENTED_THRESHOLD,
    pair=None,
    saturation=None,
    threads=None,
    progress=False,
):
    """Fit one or more signal models to every voxel; the same answers as :func:`ivim.fit`, compiled
    and on all cores.

    Parameters
    ----------
    data : array, shape (..., n)
        Magnitudes, last axis b. A memory map or a nibabel ``dataobj`` is read block by block, never
        as a whole.
    b : array, shape (n,), s/mm²
        In any order; repeats and the absence of b = 0 are fine.
    model : str, sequence of str, or "all"
        ``monoexponential``, ``biexponential``, ``stretched``, ``kurtosis``; ``"all"`` are the
        article's three, in one pass.
    mask : array, shape (...), optional
        Voxels to fit are those other than 0; all by default.
    averages : array, shape (n,), optional
        Excitations averaged in each sample; the weights of the fit.
    bounds : dict of str to (low, high), optional
        Instead of the bounds of :mod:`ivim.parameters` for the parameters named; mm²/s, s0 in the
        units of the signal.
    method : {"full", "segmented", "log-linear", "two-point"}
        As for :func:`ivim.fit`. With several models it goes to the model that it is for; the others
        are fitted in full.
    sigma : float or "estimate", optional
        Noise level of one excitation: fits the Rician mean. ``"estimate"`` takes one level for the
        volume from the residuals.
    averaging, threshold, pair, saturation
        As for :func:`ivim.fit`.
    threads : int, optional
        By default one for each core that this process may use.
    progress : bool
        Show a progress bar on standard error.

    Returns
    -------
    dict of str to array, shape (...)
        Each parameter by name and its standard error as ``NAME_se``, diffusivities in mm²/s, and
        ``s0``, ``s0_se``, ``residual`` (root mean square, in units of the signal), ``aicc``: NaN
        where there is no fit. ``success`` (bool), and ``reason`` (uint8,
        :data:`ivim.signal.reasons.REASONS`), which says why not, or with what remark. With several
        models what each of them has is called ``s0_MODEL``, ``residual_MODEL``, ``aicc_MODEL`` and
        so on; ``success`` means all of them, ``reason`` is the first that is not 0, and
        ``preferred`` (int8) is the position in `model` of the one with the least AICc, -1 where
        there is none.

    Raises
    ------
    ValueError
        When the arguments do not go together: shapes, unknown names, fewer b-values than
        parameters.

    Examples
    --------
    >>> import numpy as np
    >>> b = np.array([0, 20, 50, 100, 150, 200, 400, 800, 1200, 1500])
    >>> signal = 100 * (0.8 * np.exp(-b * 0.001) + 0.2 * np.exp(-b * 0.02))
    >>> maps = fit_maps(np.tile(signal, (4, 3, 1)), b)
    >>> maps["f"].shape, round(float(maps["f"][0, 0]), 6)
    ((4, 3), 0.2)
    """
    names = _model_names(model)
    shape, data, mask = _check_volume(data, mask)
    _, b, averages = check_samples(np.ones(data.shape[-1]), b, averages)
    if isinstance(sigma, str) and sigma == "estimate":
        sigma = estimate_sigma(
            data, b, mask=mask, averages=averages, averaging=averaging, saturation=saturation
        )
    plans = {}
    for name in names:
        own = method if len(names) == 1 or METHODS.get(method, name) in (None, name) else "full"
        plans[name] = _plan(
            name,
            b,
            averages,
            _own_bounds(bounds, names, name),
            own,
            sigma,
            averaging,
            threshold,
            pair,
        )
    maps = _empty_maps(plans, mask)

    def fit_block(block):
        where, signals = block
        code = reasons.check_signals(signals, b, saturation)
        good = code == reasons.OK
        _write_codes(maps, tuple(axis[~good] for axis in where), code[~good])
        if good.any():
            fits = {name: plan.fit(signals[good]) for name, plan in plans.items()}
            _write_fits(maps, tuple(axis[good] for axis in where), fits)
        return len(code)

    _run(fit_block, _blocks(data, mask), threads, int(mask.sum()), progress)
    maps["success"] = reasons.usable(maps["reason"])
    return {name: array.reshape(shape) for name, array in maps.items()}


def estimate_sigma(data, b, *, mask=None, averages=None, averaging="magnitude", saturation=None):
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
    _, data, mask = _check_volume(data, mask)
    _, b, averages = check_samples(np.ones(data.shape[-1]), b, averages)
    chosen = np.zeros(mask.shape, bool)
    inside = np.flatnonzero(mask)
    chosen.flat[inside[:: max(1, inside.size // SIGMA_VOXELS)]] = True
    signals = np.concatenate(
        [signals for _, signals in _blocks(data, chosen)] or [np.empty((0, b.size))]
    )
    signals = signals[reasons.check_signals(signals, b, saturation) == reasons.OK]
    if not len(signals):
        msg = (
            "no voxel inside the mask has a signal to estimate the noise level from; give sigma "
            "as a number"
        )
        raise ValueError(msg)
    model, sigma = MODELS["biexponential"], None
    for _ in range(6):
        fits = _plan(model.name, b, averages, None, "full", sigma, averaging, 0.0, None).fit(
            signals
        )
        curves = model.function(b, **{name: value[:, None] for name, value in fits.values.items()})
        floor = None if sigma is None else noise.floor_sigma(sigma, averages, averaging)
        expected = curves if sigma is None else noise.rician_mean(curves, floor)
        sigma = noise.sigma_from_residuals(
            signals - expected, averages, len(model.parameters), curves, floor
        )
    return sigma


def _model_names(model):
    """Names as a tuple; refuses what the engine has not compiled."""
    names = tuple(model) if isinstance(model, (list, tuple)) else (model,)
    names = STUDY_MODELS if names == ("all",) else names
    unknown = [name for name in names if name not in KINDS]
    if unknown or not names or len(set(names)) < len(names):
        met = repr(unknown[0]) if unknown else repr(names)
        msg = (
            f"model is {met}; accepted are {', '.join(KINDS)}, several different ones of them, or "
            "'all'"
        )
        raise ValueError(msg)
    return names


def _check_volume(data, mask):
    """The leading shape, the data as something that can be sliced, the mask as bool; one signal
    alone becomes a row of one."""
    data = data if hasattr(data, "shape") else np.asarray(data)
    if (
        len(data.shape) < 1
        or data.shape[-1] == 0
        or np.issubdtype(getattr(data, "dtype", float), np.complexfloating)
    ):
        msg = (
            f"data have shape {data.shape} and type {data.dtype}; give real magnitudes with b as "
            "last axis"
        )
        raise ValueError(msg)
    mask = np.ones(data.shape[:-1], bool) if mask is None else np.asarray(mask) != 0
    if mask.shape != data.shape[:-1]:
        msg = (
            f"the mask has shape {mask.shape}, the data {data.shape}; the mask needs the shape of "
            "the data without its last axis"
        )
        raise ValueError(msg)
    return data.shape[:-1], data if mask.ndim else np.asarray(data)[None], np.atleast_1d(mask)


def _own_bounds(bounds, names, name):
    """The bounds of one model's parameters; a name that no model of `names` has is refused by the
    first."""
    known = {parameter for other in names for parameter in MODELS[other].parameters}
    return {
        key: pair
        for key, pair in (bounds or {}).items()
        if key in MODELS[name].parameters or key not in known
    }


def _plan(name, b, averages, bounds, method, sigma, averaging, threshold, pair):
    """The engine's plan after the checks that :func:`ivim.fit` makes."""
    model = MODELS[name]
    sigma = sigma if method == "full" else None
    check_method(model, method, sigma, averaging)
    use = samples_used(model, b, method, threshold, pair)
    return Plan(name, b, averages, check_bounds(model, bounds), method, use, sigma, averaging)


def _empty_maps(plans, mask):
    """NaN everywhere, with the reason ``OUTSIDE_MASK`` outside the mask."""
    several, shape = len(plans) > 1, mask.shape
    maps = {}
    for name, plan in plans.items():
        for parameter in plan.model.parameters:
            own = f"s0_{name}" if several and parameter == "s0" else parameter
            maps[own], maps[f"{own}_se"] = np.full(shape, np.nan), np.full(shape, np.nan)
        for quantity in ("residual", "aicc"):
            maps[f"{quantity}_{name}" if several else quantity] = np.full(shape, np.nan)
        if several:
            maps[f"reason_{name}"] = np.where(mask, reasons.OK, reasons.OUTSIDE_MASK).astype(
                np.uint8
            )
    maps["reason"] = np.where(mask, reasons.OK, reasons.OUTSIDE_MASK).astype(np.uint8)
    if several:
        maps["preferred"] = np.full(shape, -1, np.int8)
    return maps


def _write_codes(maps, where, code):
    for name in maps:
        if name.startswith("reason"):
            maps[name][where] = code


def _write_fits(maps, where, blocks):
    """One block of every model into the maps."""
    several = len(blocks) > 1
    worst = np.zeros(where[0].shape, np.uint8)
    for name, block in blocks.items():
        for parameter, values in block.values.items():
            own = f"s0_{name}" if several and parameter == "s0" else parameter
            maps[own][where], maps[f"{own}_se"][where] = values, block.errors[parameter]
        end = f"_{name}" if several else ""
        maps[f"residual{end}"][where], maps[f"aicc{end}"][where] = block.residual, block.aicc
        maps[f"reason{end}"][where] = block.reason
        worst = np.where(worst == reasons.OK, block.reason, worst)
    if several:
        maps["reason"][where] = worst
        criteria = np.stack(
            [np.where(np.isnan(block.aicc), np.inf, block.aicc) for block in blocks.values()]
        )
        maps["preferred"][where] = np.where(
            np.isinf(criteria).all(axis=0), -1, criteria.argmin(axis=0)
        )


def _blocks(data, mask):
    """Places (a tuple of index arrays) and signals (m, n) as float64, block by block of the voxels
    inside the mask.

    An array or a memory map is indexed; what only can be sliced (a nibabel ``dataobj``) is read
    slice by slice of the last spatial axis.
    """
    if isinstance(data, np.ndarray):
        places = np.flatnonzero(mask)
        for start in range(0, places.size, BLOCK):
            where = np.unravel_index(places[start : start + BLOCK], mask.shape)
            yield where, np.asarray(data[where], float).reshape(-1, data.shape[-1])
        return
    for z in range(mask.shape[-1]):
        inside = np.nonzero(mask[..., z])
        if inside[0].size:
            slab = np.asarray(data[..., z, :])
            for start in range(0, inside[0].size, BLOCK):
                part = tuple(axis[start : start + BLOCK] for axis in inside)
                yield (*part, np.full(part[0].size, z)), np.asarray(slab[part], float)


def _run(work, blocks, threads, total, progress):
    """`work` on every block with a bounded number of blocks in memory, and a progress bar on
    request."""
    threads = threads or (
        len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    )
    with _bar(total, progress) as bar, ThreadPoolExecutor(threads) as pool:
        waiting = deque()
        for block in blocks:
            waiting.append(pool.submit(work, block))
            if len(waiting) > 2 * threads:
                bar.update(waiting.popleft().result())
        for future in waiting:
            bar.update(future.result())


def _bar(total, progress):
    from tqdm import tqdm

    return tqdm(total=total, unit="voxel", unit_scale=True, desc="fitting", disable=not progress)
