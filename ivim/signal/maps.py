"""Parameter maps: every voxel of a volume fitted, in blocks on all cores, with the reason where
there is no value.

The article measures on maps: a fit per voxel, then the mean of each map over the region of
interest. That is another estimator than the fit of the region's mean signal
(:func:`ivim.fit_roi`).
"""

import warnings
from collections import deque
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from ivim.signal import noise, reasons
from ivim.signal.inputs import (
    METHODS,
    check_method,
    check_samples,
    check_sigma,
    check_threads,
    check_volume,
    refuse_fixed,
    samples_used,
)
from ivim.signal.models import (
    MODELS,
    SEGMENTED_THRESHOLD,
    STUDY_MODELS,
    SignalModel,
    check_bounds,
    check_fixed,
    get_model,
)

BLOCK = 4096
"""Voxels fitted at a time per thread: some megabytes, so that memory does not grow with the
volume."""

PART = 128 * BLOCK
"""Voxels of a volume that are looked at together where no fit is made."""

REFERENCE_BLOCK = 16
"""Voxels that a process fits at a time by the reference fit."""

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
    fixed=None,
    method="full",
    sigma=None,
    averaging="magnitude",
    threshold=SEGMENTED_THRESHOLD,
    pair=None,
    saturation=None,
    threads=None,
    progress=False,
    dtype=float,
):
    """Fit one or more signal models to every voxel; the same answers as :func:`ivim.fit`, compiled
    and on all cores.

    Parameters
    ----------
    data : array, shape (..., n)
        Magnitudes, last axis b. A memory map or a nibabel image is read block by block, never as a
        whole; a voxel with a masked sample (masked array) is outside the mask; a DataFrame has a
        voxel a row.
    b : array, shape (n,), s/mm²
        In any order; repeats and the absence of b = 0 are fine.
    model : str, SignalModel, sequence of them, or "all"
        ``monoexponential``, ``biexponential``, ``stretched``, ``kurtosis``; ``"all"`` are the first
        three, in one pass. A model of your own is fitted by the reference fit, which is slower.
    mask : array, shape (...), optional
        Voxels to fit are those other than 0; all by default.
    averages : array, shape (n,), optional
        Excitations averaged in each sample; the weights of the fit.
    bounds, fixed : dict, optional
        As for :func:`ivim.fit`.
    method : {"full", "segmented", "log-linear", "two-point"}
        As for :func:`ivim.fit`. With several models it goes to the model that it is for; the others
        are fitted in full.
    sigma : float, array of shape (...), or "estimate", optional
        Noise level of one excitation: fits the Rician mean. ``"estimate"`` takes one level for the
        volume from the residuals; an array is a map of it.
    averaging, threshold, pair, saturation
        As for :func:`ivim.fit`.
    threads : int, optional
        By default, and for -1, one for each core that this process may use.
    progress : bool
        Show a progress bar on standard error.
    dtype : numpy dtype
        Of the maps; float32 halves their memory where they go into files.

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
    models = _models(model)
    shared = {
        "averages": averages,
        "sigma": sigma,
        "averaging": averaging,
        "threshold": threshold,
        "pair": pair,
    }
    requests = {}
    for name, one in models.items():
        own = method if len(models) == 1 or method in one.methods or method not in METHODS else None
        requests[name] = shared | {
            "model": one,
            "method": own or "full",
            "bounds": _own(bounds, one, models),
            "fixed": _own(fixed, one, models),
        }
    found = fit_models(
        data, b, requests, mask=mask, saturation=saturation, threads=threads, progress=progress,
        dtype=dtype,
    )  # fmt: skip
    if len(found) == 1:
        return next(iter(found.values()))
    for own in found.values():
        del own["success"]  # of all models together, the flat maps have one
    return _flat(found)


def fit_models(
    data, b, requests, *, mask=None, saturation=None, threads=None, progress=False, dtype=float
):
    """Fit several models to every voxel in one pass, each in its own way.

    Parameters
    ----------
    data, b, mask, saturation, threads, progress, dtype
        As for :func:`fit_maps`.
    requests : dict of str to dict
        By the name under which the maps are returned: ``model`` and the other keywords of
        :func:`fit_maps`. One estimate of the noise level serves all that ask for one.

    Returns
    -------
    dict of str to dict of str to array, shape (...)
        By the same names, each parameter and its standard error as ``NAME_se``, ``residual``,
        ``aicc``, ``reason`` and ``success``.
    """
    shape, data, mask = check_volume(data, mask, b)
    threads = check_threads(threads)
    requests = _estimated(data, b, requests, mask, saturation)
    plans = {name: _plan(b, shape, data.shape[-1], **one) for name, one in requests.items()}
    for plan in plans.values():
        _check_levels(plan, mask)
    maps = {name: _empty_maps(plan, mask, dtype) for name, plan in plans.items()}
    suspects = []
    slow = {name: plan for name, plan in plans.items() if not plan.compiled}
    fast = {name: plan for name, plan in plans.items() if plan.compiled}
    b = np.asarray(b, float)
    if fast:
        work = _Work(fast, maps, b, saturation, suspects)
        _run(work, _blocks(data, mask), threads, int(mask.sum()), progress)
    for name, plan in slow.items():
        _run_reference(name, plan, maps[name], data, mask, saturation, threads, progress)
    if suspects:
        _mark_saturated(maps, fast, suspects, _largest(data))
    for name in maps:
        maps[name]["success"] = reasons.usable(maps[name]["reason"])
    return {
        name: {key: array.reshape(shape) for key, array in own.items()}
        for name, own in maps.items()
    }


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
    shape, data, mask = check_volume(data, mask, b)
    _, b, averages = check_samples(np.ones(data.shape[-1]), b, averages, MODELS["biexponential"])
    chosen = np.zeros(mask.shape, bool)
    inside = np.flatnonzero(mask)
    chosen.flat[inside[:: max(1, inside.size // SIGMA_VOXELS)]] = True
    signals = np.concatenate(
        [signals for _, signals in _blocks(data, chosen)] or [np.empty((0, b.size))]
    )
    signals = signals[reasons.check_signals(signals, b, saturation) == reasons.OK]
    if not len(signals):
        msg = (
            "no voxel inside the mask has a signal to estimate the noise level from; "
            "give sigma as a number"
        )
        raise ValueError(msg)
    model, sigma = MODELS["biexponential"], None
    for _ in range(6):
        plan = _plan(
            b, shape, b.size, model=model, averages=averages, sigma=sigma, averaging=averaging
        )
        fits = plan.fit(signals)
        curves = model.function(b, **{name: value[:, None] for name, value in fits.values.items()})
        floor = None if sigma is None else noise.floor_sigma(sigma, averages, averaging)
        expected = curves if sigma is None else noise.rician_mean(curves, floor)
        sigma = noise.sigma_from_residuals(
            signals - expected, averages, len(model.parameters), curves, floor
        )
    return sigma


class _Work:
    """What a thread does with a block: look at its signals, fit them, write the maps."""

    def __init__(self, plans, maps, b, saturation, suspects):
        self.plans, self.maps, self.b = plans, maps, b
        self.saturation, self.suspects = saturation, suspects

    def __call__(self, block):
        where, signals = block
        # Whether a ceiling is one, the whole volume decides, when all of it has been seen.
        ceiling = np.inf if self.saturation is None else self.saturation
        code = reasons.check_signals(signals, self.b, ceiling)
        if self.saturation is None:
            ceiling = reasons.has_plateau(signals, self.b) & (code == reasons.OK)
            if ceiling.any():
                peaks = signals[ceiling].max(axis=-1)
                self.suspects.append((tuple(axis[ceiling] for axis in where), peaks))
        for name, plan in self.plans.items():
            own = code.copy()
            enough = reasons.enough_positive(signals, self.b, plan.method, plan.asked)
            own[(own == reasons.OK) & ~enough] = reasons.NOT_POSITIVE
            good = own == reasons.OK
            self.maps[name]["reason"][tuple(axis[~good] for axis in where)] = own[~good]
            if good.any():
                places = tuple(axis[good] for axis in where)
                level = plan.level_map[places] if plan.level_map is not None else None
                _write(self.maps[name], places, plan.fit(signals[good], level), signals[good])
        return len(code)


def _models(model):
    """Models by name; refuses what is none, and two of one name."""
    asked = list(model) if isinstance(model, (list, tuple)) else [model]
    asked = list(STUDY_MODELS) if asked == ["all"] else asked
    models = {}
    for one in asked:
        known = isinstance(one, SignalModel) or (isinstance(one, str) and one in MODELS)
        if not known or get_model(one).name in models:
            met = repr(one) if not known else repr(model)
            msg = (
                f"model is {met}; accepted are {', '.join(MODELS)}, a SignalModel of your own, "
                "several different ones of them, or 'all'"
            )
            raise ValueError(msg)
        models[get_model(one).name] = get_model(one)
    if not models:
        msg = f"model is {model!r}; accepted are {', '.join(MODELS)}, several of them, or 'all'"
        raise ValueError(msg)
    return models


def _own(given, model, models):
    """Bounds or fixed values of one model; a name that no model has is refused by the first."""
    if given is None or not hasattr(given, "keys"):
        if given is not None and len(models) > 1:
            msg = "with several models bounds are given by parameter name, as a dict"
            raise ValueError(msg)
        return given
    known = {name for other in models.values() for name in other.parameters}
    return {
        name: value
        for name, value in given.items()
        if name in model.parameters or name not in known
    }


def _estimated(data, b, requests, mask, saturation):
    """The requests with numbers in the place of "estimate"."""
    wanted = [one for one in requests.values() if isinstance(one.get("sigma"), str)]
    if not wanted:
        return requests
    averages, averaging = (wanted[0].get(key) for key in ("averages", "averaging"))
    check_sigma(wanted[0]["sigma"])
    sigma = estimate_sigma(
        data, b, mask=mask, averages=averages, averaging=averaging or "magnitude",
        saturation=saturation,
    )  # fmt: skip
    return {
        name: one | ({"sigma": sigma} if isinstance(one.get("sigma"), str) else {})
        for name, one in requests.items()
    }


def _plan(
    b,
    shape,
    n,
    *,
    model,
    averages=None,
    bounds=None,
    fixed=None,
    method="full",
    sigma=None,
    averaging="magnitude",
    threshold=SEGMENTED_THRESHOLD,
    pair=None,
):
    """How one model is fitted, after the checks that :func:`ivim.fit` makes."""
    model = get_model(model)
    _, b, averages = check_samples(np.ones(n), b, averages, model)
    sigma = check_sigma(sigma, shape) if method == "full" else None
    check_method(model, method, sigma, averaging)
    bounds = check_bounds(model, bounds)
    fixed = check_fixed(model, fixed, bounds)
    refuse_fixed(fixed, method)
    use = samples_used(model, b, method, threshold, pair, fixed)
    if model.kind is None:
        from ivim.signal.reference import Reference

        return Reference(
            model, b, averages=averages, bounds=bounds, fixed=fixed, sigma=sigma,
            averaging=averaging,
        )  # fmt: skip
    from ivim.signal.engine import Plan

    return Plan(model, b, averages, bounds, method, use, sigma, averaging, fixed=fixed)


def _check_levels(plan, mask):
    """Refuse a map of the noise level that holds none somewhere inside the mask."""
    if plan.level_map is None:
        return
    plan.level_map = np.ascontiguousarray(plan.level_map).reshape(mask.shape)
    inside = plan.level_map[mask]
    wrong = inside[~(np.isfinite(inside) & (inside > 0))]
    if wrong.size:
        msg = (
            f"sigma holds {wrong[0]:g}; give the noise level of one excitation, above 0 at every "
            "voxel of the mask"
        )
        raise ValueError(msg)


def _empty_maps(plan, mask, dtype):
    """NaN everywhere, with the reason ``OUTSIDE_MASK`` outside the mask."""
    keys = [key for name in plan.model.parameters for key in (name, f"{name}_se")]
    maps = {key: np.full(mask.shape, np.nan, dtype) for key in (*keys, "residual", "aicc")}
    maps["reason"] = np.full(mask.shape, reasons.OUTSIDE_MASK, np.uint8)
    maps["reason"][mask] = reasons.OK
    return maps


def _write(maps, where, block, signals):
    """The fits of a block into the maps of its model."""
    for name, values in block.values.items():
        maps[name][where], maps[f"{name}_se"][where] = values, block.errors[name]
    maps["residual"][where], maps["aicc"][where] = block.residual, block.aicc
    remark = (block.reason == reasons.OK) & (signals.min(axis=1) <= 0)
    maps["reason"][where] = np.where(remark, reasons.SOME_NOT_POSITIVE, block.reason)


def _mark_saturated(maps, plans, suspects, top):
    """Take back the fits of signals that stand at the largest value of the volume."""
    for where, peaks in suspects:
        places = tuple(axis[peaks >= top] for axis in where)
        for name in plans:
            for key, array in maps[name].items():
                array[places] = reasons.SATURATED if key == "reason" else np.nan


def _flat(found):
    """The maps of several models as one dict: what more than one has is called NAME_MODEL."""
    names = list(found)
    owners = {}
    for own in found.values():
        for key in own:
            owners[key] = owners.get(key, 0) + 1
    maps = {}
    for name, own in found.items():
        for key, array in own.items():
            shared = owners[key] > 1 or key in ("s0", "s0_se")
            stem, end = (key[:-3], "_se") if key.endswith("_se") else (key, "")
            maps[f"{stem}_{name}{end}" if shared else key] = array
    maps |= _summary([found[name] for name in names])
    return maps


def _summary(found):
    """``reason``, ``preferred`` and ``success`` over several models, part by part of the volume."""
    shape, size = found[0]["reason"].shape, found[0]["reason"].size
    reason, preferred = np.empty(size, np.uint8), np.empty(size, np.int8)
    success = np.empty(size, bool)
    for start in range(0, size, PART):
        part = slice(start, start + PART)
        codes = np.stack([own["reason"].reshape(-1)[part] for own in found])
        first = (codes != reasons.OK).argmax(axis=0)
        reason[part] = np.take_along_axis(codes, first[None], axis=0)[0]
        success[part] = reasons.usable(codes).all(axis=0)
        criteria = np.stack([own["aicc"].reshape(-1)[part] for own in found])
        criteria[np.isnan(criteria)] = np.inf
        none = np.isinf(criteria).all(axis=0)
        preferred[part] = np.where(none, -1, criteria.argmin(axis=0))
    named = {"reason": reason, "preferred": preferred, "success": success}
    return {name: array.reshape(shape) for name, array in named.items()}


def _largest(data):
    """The largest finite sample of a volume."""
    if isinstance(data, np.ndarray):
        parts = [data]
    else:
        parts = (np.asarray(data[..., z, :]) for z in range(data.shape[-2]))
    finite = (part[np.isfinite(part)] if part.dtype.kind == "f" else part for part in parts)
    return max((float(part.max()) for part in finite if part.size), default=-np.inf)


def _blocks(data, mask):
    """Places (a tuple of index arrays) and signals (m, n) as float64, block by block of the voxels
    inside the mask.

    An array or a memory map is indexed; what only can be sliced (a nibabel ``dataobj``) is read
    slice by slice of the last spatial axis.
    """
    if isinstance(data, np.ndarray):
        flat = mask.reshape(-1)
        for first in range(0, flat.size, PART):
            places = first + np.flatnonzero(flat[first : first + PART])
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
    """`work` on every block with a bounded number of blocks in memory, and a progress bar."""
    with _bar(total, progress) as bar, ThreadPoolExecutor(threads) as pool:
        waiting = deque()
        for block in blocks:
            waiting.append(pool.submit(work, block))
            if len(waiting) > 2 * threads:
                bar.update(waiting.popleft().result())
        for future in waiting:
            bar.update(future.result())


def _run_reference(name, plan, maps, data, mask, saturation, threads, progress):
    """The reference fit of every voxel on all cores: for a model that is not compiled."""
    total = int(mask.sum())
    warnings.warn(
        f"the {name} model is not compiled: its {total} voxels are fitted one by one, "
        "some hundred a second and core",
        stacklevel=4,
    )
    parts = [
        (tuple(axis[i : i + REFERENCE_BLOCK] for axis in where), signals[i : i + REFERENCE_BLOCK])
        for where, signals in _blocks(data, mask)
        for i in range(0, len(signals), REFERENCE_BLOCK)
    ]
    top = _largest(data)
    tasks = [
        (signals, None if plan.level_map is None else plan.level_map[where], saturation, top)
        for where, signals in parts
    ]
    with _bar(total, progress) as bar:
        for (where, signals), block in zip(parts, plan.spread(tasks, threads), strict=True):
            _write(maps, where, block, signals)
            bar.update(len(signals))


def _bar(total, progress):
    from tqdm import tqdm

    return tqdm(total=total, unit="voxel", unit_scale=True, desc="fitting", disable=not progress)
