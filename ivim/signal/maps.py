"""Parameter maps: every voxel of a volume fitted, in blocks on all cores, with the reason where
there is no value.

The article measures on maps: a fit per voxel, then the mean of each map over the region of
interest. That is another estimator than the fit of the region's mean signal
(:func:`ivim.fit_roi`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

from ivim.signal import reasons
from ivim.signal.blocks import PART, blocks, largest, run
from ivim.signal.inputs import METHODS, check_sigma, check_threads, check_volume
from ivim.signal.model import SignalModel
from ivim.signal.models import SEGMENTED_THRESHOLD
from ivim.signal.noise_level import estimate_sigma
from ivim.signal.request import check_levels, chosen, make_plan, part_of

if TYPE_CHECKING:
    pass

__all__ = ["estimate_sigma", "fit_maps", "fit_models"]

Maps = dict[str, NDArray]


def fit_maps(
    data: ArrayLike,
    b: ArrayLike,
    model: str | SignalModel | Sequence[str | SignalModel] = "biexponential",
    *,
    mask: ArrayLike | None = None,
    averages: ArrayLike | None = None,
    bounds: object = None,
    fixed: Mapping[str, float] | None = None,
    method: str = "full",
    sigma: ArrayLike | str | None = None,
    averaging: str = "magnitude",
    threshold: float = SEGMENTED_THRESHOLD,
    pair: tuple[float, float] | None = None,
    saturation: float | None = None,
    threads: int | None = None,
    progress: bool = False,
    dtype: DTypeLike = float,
) -> Maps:
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
    models = chosen(model)
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
            "bounds": part_of(bounds, one, models),
            "fixed": part_of(fixed, one, models),
        }
    found = _fitted(data, b, requests, mask, saturation, threads, progress, dtype)
    if len(found) == 1:
        return _with_success(next(iter(found.values())))
    return _flat(found)


def fit_models(
    data: ArrayLike,
    b: ArrayLike,
    requests: Mapping[str, Mapping],
    *,
    mask: ArrayLike | None = None,
    saturation: float | None = None,
    threads: int | None = None,
    progress: bool = False,
    dtype: DTypeLike = float,
) -> dict[str, Maps]:
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
    found = _fitted(data, b, requests, mask, saturation, threads, progress, dtype)
    return {name: _with_success(own) for name, own in found.items()}


def _fitted(data, b, requests, mask, saturation, threads, progress, dtype):
    """The maps of :func:`fit_models` without ``success``."""
    shape, data, mask = check_volume(data, mask, b)
    threads = check_threads(threads)
    requests = _estimated(data, b, requests, mask, saturation)
    plans = {name: make_plan(b, shape, data.shape[-1], **one) for name, one in requests.items()}
    for plan in plans.values():
        check_levels(plan, mask)
    maps = {name: _empty_maps(plan, mask, dtype) for name, plan in plans.items()}
    slow = {name: plan for name, plan in plans.items() if not plan.compiled}
    fast = {name: plan for name, plan in plans.items() if plan.compiled}
    if fast:
        _run_compiled(fast, maps, data, b, mask, saturation, threads, progress)
    for name, plan in slow.items():
        parts, total, top = blocks(data, mask), int(mask.sum()), largest(data)
        for where, block, signals in plan.run(parts, total, threads, saturation, top, progress):
            _write(maps[name], where, block, signals)
    return {
        name: {key: array.reshape(shape) for key, array in own.items()}
        for name, own in maps.items()
    }


def _run_compiled(plans, maps, data, b, mask, saturation, threads, progress):
    """Fit by the compiled solver, which is compiled first where it never was, and says so."""
    from ivim.signal import solver
    from ivim.signal.compiling import told

    suspects = []
    work = _Work(plans, maps, np.asarray(b, float), saturation, suspects)
    with told(solver.FITTING, progress or None):
        run(work, blocks(data, mask), threads, int(mask.sum()), progress)
    if suspects:
        _mark_saturated(maps, plans, suspects, largest(data))


def _with_success(maps):
    return maps | {"success": reasons.usable(maps["reason"])}


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
