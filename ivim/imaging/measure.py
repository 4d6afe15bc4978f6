"""From a region to the parameters of a recipe, by one of three estimators that are not the same.

``maps`` (the article's): fit every voxel, then take the mean of each map over the region (Methods:
"the ROI was placed on DWI and copied to the parametric maps"). ``mean``: take the mean signal over
the region, then fit once. ``shrinkage``: as ``maps``, but the bi-exponential parameters of the
voxels are drawn towards those of their region (:func:`ivim.shrink`). A fit is not linear, so the
three differ, most of all for ADC fast in noise; every measurement says which one it is.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from ivim import parameters
from ivim.imaging.regions import Region, area_mm2
from ivim.signal.models import MODELS, STUDY_MODELS
from ivim.signal.recipe import get_recipe

ESTIMATORS = {
    "maps": "mean over the ROI of maps fitted voxel by voxel",
    "mean": "fit of the ROI's mean signal",
    "shrinkage": "mean over the ROI of voxels fitted with Bayesian shrinkage (bi-exponential)",
}

SHRUNK = ("adc_slow", "adc_fast", "f")
"""The parameters that shrinkage gives."""

AT_BOUND = 1e-6
"""A value lies at its bound when it is nearer than this part of the width of the bounds."""


@dataclass(frozen=True)
class Measurement:
    """What one region measures.

    Attributes
    ----------
    name : str
        Of the region.
    values : dict of str to float
        The parameters by name; diffusivities in mm²/s.
    sd, median, q1, q3 : dict of str to float
        Spread over the voxels, with the quartiles; NaN for the estimator ``mean``, which has one
        fit.
    estimator : str
        Key of :data:`ESTIMATORS`.
    recipe : str
        Name of the recipe.
    voxels : int
    fitted : dict of str to int
        Voxels that each value rests on; voxels without a fit (no signal, saturated) are left out.
    at_bound : dict of str to float
        Share of the fits whose value lies at a bound.
    area_mm2 : dict of int to float
        Area in each slice.
    remarks : tuple of str
        What a person should know of the region's signals.
    """

    name: str
    values: dict
    sd: dict
    median: dict
    q1: dict
    q3: dict
    estimator: str
    recipe: str
    voxels: int
    fitted: dict
    at_bound: dict
    area_mm2: dict
    remarks: tuple = ()


def measure(series, region, recipe, estimator="maps", *, threads=None):
    """Measure one region with the article's three models, fitted as a recipe says.

    Parameters
    ----------
    series : Series
    region : Region, or array of bool, shape (x, y, z)
    recipe : str, path or Recipe
        As for :func:`ivim.signal.recipe.get_recipe`.
    estimator : {"maps", "mean", "shrinkage"}
    threads : int, optional
        As for :func:`ivim.fit_maps`.

    Returns
    -------
    Measurement

    Raises
    ------
    ValueError
        When the estimator is unknown, the region empty or of another shape, or no voxel can be
        fitted.
    """
    if estimator not in ESTIMATORS:
        msg = f"estimator is {estimator!r}; accepted are " + ", ".join(
            f"{name!r} ({text})" for name, text in ESTIMATORS.items()
        )
        raise ValueError(msg)
    name = region.name if isinstance(region, Region) else ""
    mask = _check_mask(series, region)
    recipe = get_recipe(recipe)
    remarks = signal_remarks(series, mask)
    remarks += ("one voxel only: its value has no spread",) if mask.sum() == 1 else ()
    if estimator == "mean":
        found = _fit_of_mean(series, mask, recipe)
        fitted = dict.fromkeys(found, int(mask.sum()))
    else:
        found = _fit_of_voxels(series, mask, recipe, threads)
        if estimator == "shrinkage":
            found |= _shrunk(series, mask, recipe)
        fitted = {key: int(np.isfinite(values).sum()) for key, values in found.items()}
    if not any(np.isfinite(values).any() for values in found.values()):
        raise ValueError(_nothing_to_fit(mask, remarks, name))
    return Measurement(
        name=name,
        values={key: _over(np.mean, values) for key, values in found.items()},
        **_spread(found, estimator),
        estimator=estimator,
        recipe=recipe.name,
        voxels=int(mask.sum()),
        fitted=fitted,
        at_bound={key: _share_at_bound(key, values, recipe) for key, values in found.items()},
        area_mm2=area_mm2(mask, series.grid),
        remarks=remarks,
    )


def parameter_maps(series, recipe, mask=None, *, models=STUDY_MODELS, threads=None):
    """Maps of what the models measure; only the voxels of the mask are fitted.

    Parameters
    ----------
    series : Series
    recipe : str, path or Recipe
    mask : array of bool, shape (x, y, z), optional
        All voxels by default; see :func:`ivim.imaging.regions.window` for a margin around regions.
    models : sequence of str
    threads : int, optional

    Returns
    -------
    dict of str to array, shape (x, y, z)
        By parameter; diffusivities in mm²/s, NaN outside the mask.
    """
    mask = np.ones(series.grid.shape, bool) if mask is None else _check_mask(series, mask)
    found = _fit_of_voxels(series, mask, get_recipe(recipe), threads, models)
    maps = {name: np.full(mask.shape, np.nan) for name in found}
    for name, values in found.items():
        maps[name][mask] = values
    return maps


def mean_of_maps(maps, mask):
    """Mean of each map over an ROI, and the voxels that it rests on; NaN voxels are left out.

    Parameters
    ----------
    maps : dict of str to array, shape (x, y, z)
    mask : array of bool, shape (x, y, z)

    Returns
    -------
    values : dict of str to float
    voxels : dict of str to int
    """
    inside = {name: values[mask] for name, values in maps.items()}
    values = {name: _over(np.mean, x) for name, x in inside.items()}
    return values, {name: int(np.isfinite(x).sum()) for name, x in inside.items()}


def mean_signal(series, mask):
    """Mean signal over an ROI; voxels that are not finite at every b are left out.

    Parameters
    ----------
    series : Series
    mask : array of bool, shape (x, y, z)

    Returns
    -------
    array, shape (n,)
        NaN where no voxel is finite.
    """
    signals = series.data[mask].astype(float)
    finite = np.isfinite(signals).all(axis=1)
    return signals[finite].mean(axis=0) if finite.any() else np.full(len(series.b), np.nan)


def signal_remarks(series, mask):
    """What is wrong with some of the signals of a region, in words; nothing where all are usable.

    Parameters
    ----------
    series : Series
    mask : array of bool, shape (x, y, z)

    Returns
    -------
    tuple of str
    """
    signals = series.data[mask]
    finite = np.isfinite(signals).all(axis=1)
    with np.errstate(invalid="ignore"):
        zero = finite & (signals == 0).all(axis=1)
        low = finite & ~zero & (signals <= 0).any(axis=1)
        constant = finite & ~zero & (np.ptp(signals, axis=1) == 0)
    told = (
        (~finite, "hold NaN or infinite values"),
        (zero, "are zero at every b-value"),
        (low, "hold values at or below zero"),
        (constant, "have the same signal at every b-value"),
    )
    return tuple(
        f"{chosen.sum()} of {len(signals)} voxels {text}" for chosen, text in told if chosen.any()
    )


def fit_table(series, masks, recipe, models=STUDY_MODELS, *, level=0.95):
    """Fit the mean signal of each region with each model as a recipe says.

    Parameters
    ----------
    series : Series
    masks : dict of name to array of bool, shape (x, y, z)
    recipe : str, path or Recipe
    models : sequence of str
    level : float
        Of the Wald limits.

    Returns
    -------
    DataFrame
        ``roi, model, parameter, value, stderr, ci_low, ci_high, unit, aicc, delta, note``:
        diffusivities in 10⁻³ mm²/s, s0 in the image's units; `delta` is the distance to the
        region's lowest AICc (a fit of two b-values has none); `note` says why a value or its error
        is missing.

    Raises
    ------
    ValueError
        When a region's mean signal cannot be fitted.
    """
    recipe, tables = get_recipe(recipe), []
    for name, mask in masks.items():
        mask = _check_mask(series, mask)
        fits = _fits_of_mean(series, mask, recipe, models)
        if not any(one.success for one in fits.values()):
            raise ValueError(_nothing_to_fit(mask, signal_remarks(series, mask), name))
        scores = {model: np.nan if partial(one.method) else one.aicc for model, one in fits.items()}
        lowest = min((x for x in scores.values() if np.isfinite(x)), default=np.nan)
        for model, one in fits.items():
            table, score = one.table(level), scores[model]
            note = np.where(table["stderr"].isna(), one.reason_text, "")
            tables.append(table.assign(roi=name, aicc=score, delta=score - lowest, note=note))
    columns = [
        "roi",
        "model",
        "parameter",
        "value",
        "stderr",
        "ci_low",
        "ci_high",
        "unit",
        "aicc",
        "delta",
        "note",
    ]
    return pd.concat(tables, ignore_index=True)[columns]


def partial(method):
    """Whether a method fits a part of the samples only: its AICc stands beside no other's.

    Parameters
    ----------
    method : str

    Returns
    -------
    bool
    """
    return method == "two-point"


def fit_signals(series, mask, recipe, models=STUDY_MODELS, *, threads=None, progress=False):
    """Fit the voxels of a mask, and no others.

    Parameters
    ----------
    series : Series
    mask : array of bool, shape (x, y, z)
    recipe : Recipe
    models : sequence of str
    threads, progress
        As for :func:`ivim.fit_maps`.

    Returns
    -------
    dict of str to dict of str to array, shape (mask.sum(),)
        By model, as of :meth:`ivim.signal.recipe.Recipe.maps`.
    """
    # Whether a ceiling is one, the largest value of the whole volume decides: a row for it, never
    # fitted.
    top = np.max(series.data, where=np.isfinite(series.data), initial=0.0)
    signals = np.vstack([series.data[mask], np.full((1, len(series.b)), top)])
    fitted = np.arange(len(signals)) < len(signals) - 1
    found = recipe.maps(
        signals,
        series.b,
        series.averages,
        mask=fitted,
        models=models,
        threads=threads,
        progress=progress,
    )
    return {
        model: {key: values[fitted] for key, values in own.items()} for model, own in found.items()
    }


def _fit_of_voxels(series, mask, recipe, threads, models=STUDY_MODELS):
    """Values of the voxels of a mask, by parameter."""
    found = fit_signals(series, mask, recipe, models, threads=threads)
    return {name: found[model][name] for model in models for name in MODELS[model].measured}


def _fits_of_mean(series, mask, recipe, models):
    """Fits of the mean signal by model; its ceiling is one only where the image's is."""
    voxels = int(np.isfinite(series.data[mask]).all(axis=1).sum())
    signal = mean_signal(series, mask)
    return recipe.fit(signal, series.b, series.averages, models, voxels=max(voxels, 1))


def _fit_of_mean(series, mask, recipe):
    """Values of the fit of the mean signal, each an array of one."""
    fits = _fits_of_mean(series, mask, recipe, STUDY_MODELS)
    return {
        name: np.array([fits[model].values[name]])
        for model in STUDY_MODELS
        for name in MODELS[model].measured
    }


def _shrunk(series, mask, recipe):
    """Values of the voxels with shrinkage, by parameter."""
    from ivim.signal.shrinkage import shrink

    own = [name for name in SHRUNK if name in recipe.bounds]
    if own:
        msg = (
            f"recipe {recipe.name!r} has bounds for {', '.join(own)}, which shrinkage does not take"
        )
        raise ValueError(msg)
    averages = series.averages if recipe.weights == "averages" else None
    found = shrink(series.data[mask], series.b, averages=averages)
    return {name: found.values[name] for name in SHRUNK}


def _over(statistic, values):
    """A statistic of the finite values; NaN where there is none."""
    values = values[np.isfinite(values)]
    return float(statistic(values.astype(float))) if values.size else np.nan


def _spread(found, estimator):
    """Standard deviation, median and quartiles over the voxels."""
    statistics = {
        "sd": lambda x: np.std(x, ddof=1) if x.size > 1 else np.nan,
        "median": np.median,
        "q1": lambda x: np.quantile(x, 0.25),
        "q3": lambda x: np.quantile(x, 0.75),
    }
    return {
        key: {
            name: np.nan if estimator == "mean" else _over(statistic, values)
            for name, values in found.items()
        }
        for key, statistic in statistics.items()
    }


def _share_at_bound(name, values, recipe):
    """Share of the fits whose value lies at a bound."""
    low, high = recipe.bounds.get(name, parameters.bounds_of(name))
    values = values[np.isfinite(values)]
    near = np.minimum(values - low, high - values) <= AT_BOUND * (high - low)
    return float(near.mean()) if values.size else np.nan


def _nothing_to_fit(mask, remarks, name):
    """Why a region measures nothing."""
    of_region = f" {name!r}" if name else ""
    why = "; ".join(remarks) or "zero, negative, saturated or not finite"
    return (
        f"none of the {int(mask.sum())} voxels of the ROI{of_region} has a signal that can be "
        f"fitted ({why}); look at the image there"
    )


def _check_mask(series, region):
    """The mask of a region, held to the series."""
    mask = np.asarray(region.mask if isinstance(region, Region) else region).astype(bool)
    if mask.shape != tuple(series.grid.shape):
        msg = f"mask of shape {mask.shape}; the series has the grid {tuple(series.grid.shape)}"
        raise ValueError(msg)
    if not mask.any():
        msg = "the mask is empty; mark at least one voxel"
        raise ValueError(msg)
    return mask
