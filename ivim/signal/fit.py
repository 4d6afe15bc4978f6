"""Fits of one signal with lmfit: the reference to which the voxel engine is held."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from ivim.signal import noise, reasons
from ivim.signal.inputs import (
    check_method,
    check_samples,
    check_sigma,
    check_volume,
    refuse_fixed,
    samples_used,
)
from ivim.signal.model import SignalModel
from ivim.signal.models import (
    MODELS,
    SEGMENTED_THRESHOLD,
    aicc,
    check_bounds,
    check_fixed,
    get_model,
)
from ivim.signal.problem import TIGHT, Problem
from ivim.signal.result import Fit


def fit(
    signal: ArrayLike,
    b: ArrayLike,
    model: str | SignalModel = "biexponential",
    *,
    averages: ArrayLike | None = None,
    bounds: object = None,
    fixed: Mapping[str, float] | None = None,
    method: str = "full",
    sigma: float | str | None = None,
    averaging: str = "magnitude",
    voxels: int = 1,
    threshold: float = SEGMENTED_THRESHOLD,
    pair: tuple[float, float] | None = None,
    saturation: float | None = None,
) -> Fit:
    """Fit a model to one signal: bounded weighted least squares, the global optimum.

    Parameters
    ----------
    signal : array, shape (n,)
        Magnitudes. Samples of zero or below, as interpolation leaves them, are fitted as they are
        and remarked on; what draws a line through logarithms leaves them out.
    b : array, shape (n,), s/mm²
        In any order; repeats and the absence of b = 0 are fine.
    model : str or SignalModel
    averages : array, shape (n,), optional
        Excitations averaged in each sample; the weights of the fit. Equal weights by default.
    bounds : dict of str to (low, high), optional
        Instead of the model's bounds for the parameters named; mm²/s, s0 in the units of the
        signal. None or infinity leaves an edge as it is; scipy's (lows, highs) is accepted too.
    fixed : dict of str to float, optional
        Parameters that are held at a value, for example ``{"adc_fast": 0.02}``; they have no
        standard error and do not count in the AICc. With method ``full`` or ``segmented``.
    method : {"full", "segmented", "log-linear", "two-point"}
        ``full`` fits all parameters at once. ``segmented`` (bi-exponential) fits adc_slow
        mono-exponentially from `threshold` on, then the other three to all samples. ``log-linear``
        (mono-exponential) draws a straight line through ln S. ``two-point`` (mono-exponential) uses
        the samples at the two b-values of `pair` only.
    sigma : float or "estimate", optional
        Noise level of one excitation: fits the Rician mean instead of the bare model, so that the
        noise floor is not taken for slow diffusion. ``"estimate"`` takes it from the residuals. For
        method ``full``.
    averaging : {"magnitude", "complex"}
        What the scanner averaged (see :mod:`ivim.signal.noise`); matters with `sigma` only.
    voxels : int
        Voxels of which `signal` is the mean: their number lowers the noise, not its floor. Matters
        for an estimated `sigma`.
    threshold : float, s/mm²
    pair : (float, float), s/mm², optional
        For ``two-point``; the lowest and the highest b by default.
    saturation : float, optional
        The largest value that the scanner can store.

    Returns
    -------
    Fit
        With NaN values, ``success`` False and a reason code for a signal that cannot be fitted.

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
    >>> {name: round(value, 6) for name, value in fit(signal, b).values.items()}
    {'s0': 100.0, 'adc_slow': 0.001, 'adc_fast': 0.02, 'f': 0.2}
    """
    model = get_model(model)
    signal, b, averages = check_samples(signal, b, averages, model)
    sigma = check_sigma(sigma)
    check_method(model, method, sigma, averaging)
    bounds = check_bounds(model, bounds)
    fixed = check_fixed(model, fixed, bounds)
    refuse_fixed(fixed, method)
    use = samples_used(model, b, method, threshold, pair, fixed)
    problem = Problem(model, signal, b, averages, bounds, fixed=fixed)
    reason = int(reasons.check_signals(signal, b, saturation))
    if reason == reasons.OK and not reasons.enough_positive(signal, b, method, use):
        reason = reasons.NOT_POSITIVE
    if not reasons.usable(reason):
        return _unusable(problem, method, reason)
    try:
        if method == "segmented":
            return _fit_segmented(problem, use)
        if method == "log-linear":
            return _fit_log_linear(problem)
        if sigma is not None:
            return _fit_floor(problem, sigma, averaging, voxels)
        return _fit_full(problem, method, used=problem.part(use))
    except (np.linalg.LinAlgError, FloatingPointError, OverflowError):
        return _unusable(problem, method, reasons.NOT_CONVERGED)


def fit_roi(
    data: ArrayLike,
    b: ArrayLike,
    mask: ArrayLike,
    model: str | SignalModel = "biexponential",
    **options: Any,
) -> Fit:
    """Fit the mean signal of a region of interest.

    The mean of the signals is another estimator than the mean of the maps (:func:`ivim.fit_maps`):
    one fit of a signal with little noise instead of many fits of noisy ones.

    Parameters
    ----------
    data : array, shape (..., n)
        Magnitudes, last axis b.
    b : array, shape (n,), s/mm²
    mask : array of bool, shape (...)
    model, **options
        As for :func:`fit`.

    Returns
    -------
    Fit

    Raises
    ------
    ValueError
        When the mask is empty, and as :func:`fit`.
    """
    _, data, mask = check_volume(data, mask, b)
    if not mask.any():
        msg = "the mask is empty; mark at least one voxel"
        raise ValueError(msg)
    signal = np.asarray(data)[mask].mean(axis=0, dtype=float)
    return fit(signal, b, model, voxels=int(mask.sum()), **options)


def compare_models(
    signal: ArrayLike,
    b: ArrayLike,
    *,
    averages: ArrayLike | None = None,
    bounds: Mapping[str, tuple] | None = None,
    models: Sequence[str | SignalModel] = tuple(MODELS),
    **options: Any,
) -> pd.DataFrame:
    """Fit several models to one signal and weigh them by AICc (Burnham and Anderson 2002).

    Parameters
    ----------
    signal, b, averages, **options
        As for :func:`fit`.
    bounds : dict of str to (low, high), optional
        Each model takes those of its own parameters.
    models : sequence of str or SignalModel

    Returns
    -------
    DataFrame
        ``model, k, sse, aicc, delta, weight, success``, best first; ``k`` counts the parameters
        with s0, ``weight`` is the Akaike weight: the share of evidence among these models.
    """
    rows = []
    for model in map(get_model, models):
        own = {name: pair for name, pair in (bounds or {}).items() if name in model.parameters}
        one = fit(signal, b, model, averages=averages, bounds=own, **options)
        rows.append((one.model, len(model.parameters), one.sse, one.aicc, one.success))
    frame = pd.DataFrame(rows, columns=["model", "k", "sse", "aicc", "success"])
    frame.insert(4, "delta", frame["aicc"] - frame["aicc"].min())
    likelihood = np.exp(-frame["delta"] / 2)
    frame.insert(5, "weight", likelihood / likelihood.sum())
    return frame.sort_values("aicc", kind="stable", ignore_index=True)


def _fit_full(problem, method, used=None, sigma=None):
    """Optimum, lmfit result, standard errors and remarks; `used` holds the samples of a two-point
    fit."""
    used = used or problem
    candidates = used.candidates()
    values, on_bound = used.settle(candidates)
    powerless = used.powerless(values)
    values = used.without_chance(values, powerless)
    held = list(dict.fromkeys((*used.fixed, *on_bound, *powerless)))
    result = used.lmfit(values, held)
    values = {name: float(result.params[name].value) for name in values}
    errors = {name: result.params[name].stderr for name in values if name not in held}
    if used.b.size <= used.free:  # no sample is left over to judge the noise by
        errors = {}
    tied = used.tied(candidates, values)
    reason = used.remark(powerless=powerless, tied=tied, on_bound=on_bound)
    return _result(problem, method, values, errors, reason, result, sigma=sigma, used=used)


def _fit_floor(problem, sigma, averaging, voxels):
    """The full fit of the Rician mean; an estimated noise level is improved until it agrees with
    its own residuals."""
    if sigma != "estimate":
        return _fit_full(
            problem.with_floor(noise.floor_sigma(sigma, problem.averages, averaging)),
            "full",
            sigma=sigma,
        )
    k, excitations = problem.free, problem.averages * voxels
    values, _ = problem.optimum()
    sigma = noise.sigma_from_residuals(problem.residuals(values), excitations, k)
    for _ in range(5):
        floor = noise.floor_sigma(sigma, problem.averages, averaging)
        raised = problem.with_floor(floor)
        # The floor moves the optimum a little; the last fit looks everywhere again.
        values = raised.polish(values, raised.fixed)
        curve = problem.expected(**values)
        sigma = noise.sigma_from_residuals(raised.residuals(values), excitations, k, curve, floor)
    return _fit_full(
        problem.with_floor(noise.floor_sigma(sigma, problem.averages, averaging)),
        "full",
        sigma=sigma,
    )


def _fit_segmented(problem, tail):
    """adc_slow from the samples of `tail`, the other parameters from all samples with adc_slow
    held."""
    tissue = problem.part(tail, MODELS["monoexponential"], {"s0": "s0", "adc_stand": "adc_slow"})
    first, first_bound = tissue.optimum()
    slow = {"adc_slow": first["adc_stand"]}
    values, on_bound = problem.optimum(held=slow)
    powerless = [name for name in problem.powerless(values) if name not in slow]
    values = problem.without_chance(values, powerless)
    result = problem.lmfit(
        values, list(dict.fromkeys((*slow, *problem.fixed, *on_bound, *powerless)))
    )
    values = {name: float(result.params[name].value) for name in values}
    slow_free = not first_bound and tissue.b.size > 2
    held = (*slow, *problem.fixed, *on_bound, *powerless)
    free = [name for name in values if name not in held]
    errors = _two_stage_errors(problem, values, free, tissue, first, tail) if slow_free else {}
    reason = problem.remark(powerless=powerless, on_bound=on_bound or first_bound)
    return _result(problem, "segmented", values, errors, reason, result)


def _two_stage_errors(problem, values, free, tissue, first, tail):
    """Standard errors of a segmented fit: the noise reaches the second stage directly and by way of
    the first's adc_slow."""
    names = list(problem.model.parameters)
    through_slow = np.zeros((1, problem.b.size))
    through_slow[:, tail] = _gain(tissue.jacobian(**first), tissue.weights)[1]
    jacobian = problem.jacobian(**values)
    second = _gain(jacobian[:, [names.index(name) for name in free]], problem.weights)
    second = second - second @ jacobian[:, [names.index("adc_slow")]] @ through_slow
    gains = np.vstack([through_slow, second])
    spread = problem.sse(values) / max(problem.b.size - problem.free, 1)
    errors = np.sqrt(spread * np.sum(gains**2 / problem.weights, axis=1))
    return (
        dict(zip(("adc_slow", *free), errors.tolist(), strict=True))
        if problem.b.size > problem.free
        else {}
    )


def _gain(jacobian, weights):
    """How each sample's error moves the estimate: (J'WJ)⁻¹ J'W."""
    weighted = jacobian * weights[:, None]
    return np.linalg.solve(jacobian.T @ weighted, weighted.T)


def _fit_log_linear(problem):
    """A straight line through ln S by lmfit, weighted by the averages; on the log scale the noise
    of high b weighs more."""
    import lmfit

    (s0_low, s0_high), (adc_low, adc_high) = problem.limits["s0"], problem.limits["adc_stand"]
    above = problem.signal > 0
    logs, b = np.log(problem.signal[above]), problem.b[above]
    params = lmfit.Parameters()
    start = problem.model.guess(problem.signal[above], b)
    params.add(
        "intercept", value=np.log(start["s0"]), min=np.log(max(s0_low, 1e-300)), max=np.log(s0_high)
    )
    params.add("slope", value=-start["adc_stand"], min=-adc_high, max=-adc_low)
    line = lmfit.models.LinearModel()
    result = line.fit(
        logs,
        params,
        x=b,
        weights=np.sqrt(problem.weights[above]),
        method="least_squares",
        fit_kws=TIGHT,
    )
    s0, adc = float(np.exp(result.params["intercept"].value)), -float(result.params["slope"].value)
    edge = adc_low if adc - adc_low < adc_high - adc else adc_high
    at_bound = abs(adc - edge) < 1e-9 * adc_high
    adc = edge if at_bound else adc
    errors = {
        "s0": s0 * (result.params["intercept"].stderr or np.nan),
        "adc_stand": result.params["slope"].stderr,
    }
    errors = {} if at_bound or b.size <= 2 else errors
    reason = problem.remark(on_bound=at_bound)
    return _result(problem, "log-linear", {"s0": s0, "adc_stand": adc}, errors, reason, result)


def _result(problem, method, values, errors, reason, result, *, sigma=None, used=None):
    """The :class:`Fit` of values and those standard errors that exist."""
    if not result.success or not np.isfinite(list(values.values())).all():
        return _unusable(problem, method, reasons.NOT_CONVERGED, result)
    used = used or problem
    values = {name: values[name] for name in problem.model.parameters}
    sse = used.sse(values)
    return Fit(
        model=problem.model.name,
        method=method,
        values=values,
        stderr={
            name: float(np.nan if errors.get(name) is None else errors[name]) for name in values
        },
        aicc=float(aicc(sse, used.b.size, used.free)),
        sse=sse,
        residuals=problem.residuals(values),
        success=True,
        reason=reason,
        sigma=sigma,
        lmfit=result,
        problem=problem,
    )


def _unusable(problem, method, reason, result=None):
    """A fit without values, with the reason."""
    nothing = dict.fromkeys(problem.model.parameters, np.nan)
    return Fit(
        model=problem.model.name,
        method=method,
        values=nothing,
        stderr=dict(nothing),
        aicc=np.nan,
        sse=np.nan,
        residuals=np.full(problem.signal.shape, np.nan),
        success=False,
        reason=reason,
        lmfit=result,
        problem=problem,
    )
