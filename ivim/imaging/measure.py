"""From a region to the parameters of a recipe, by one of three estimators that are not the same.

``maps`` (the article's): fit every voxel, then take the mean of each map over the region (Methods:
"the ROI was placed on DWI and copied to the parametric maps"). ``mean``: take the mean signal over
the region, then fit once. ``shrinkage``: as ``maps``, but the bi-exponential parameters of the
voxels are drawn towards those of their region (:func:`ivim.shrink`). A fit is not linear, so the
three differ, most of all for ADC fast in noise; every measurement says which one it is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ivim import parameters
from ivim.imaging.regions import Region, area_mm2
from ivim.imaging.signals import (
    check_mask,
    fit_signals,
    fits_of_mean,
    nothing_to_fit,
    signal_remarks,
)
from ivim.signal.models import MODELS, STUDY_MODELS
from ivim.signal.reasons import TIED
from ivim.signal.recipe import get_recipe

if TYPE_CHECKING:
    from ivim.imaging.series import Series
    from ivim.signal.recipe import Recipe

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


def measure(
    series: Series,
    region: Region | np.ndarray,
    recipe: str | Path | Recipe,
    estimator: str = "maps",
    *,
    threads: int | None = None,
) -> Measurement:
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
    mask = check_mask(series, region)
    chosen = get_recipe(recipe)
    remarks = signal_remarks(series, mask)
    remarks += ("one voxel only: its value has no spread",) if mask.sum() == 1 else ()
    if estimator == "mean":
        found = _fit_of_mean(series, mask, chosen)
        finite = np.isfinite(series.data[mask]).all(axis=1)
        fitted = dict.fromkeys(found, int(finite.sum()))
    else:
        found = _fit_of_voxels(series, mask, chosen, threads)
        if estimator == "shrinkage":
            found |= _shrunk(series, mask, chosen)
        fitted = {key: int(np.isfinite(values).sum()) for key, values in found.items()}
    if not any(np.isfinite(values).any() for values in found.values()):
        raise ValueError(nothing_to_fit(mask, remarks, name))
    return Measurement(
        name=name,
        values={key: _over(np.mean, values) for key, values in found.items()},
        **_spread(found, estimator),
        estimator=estimator,
        recipe=chosen.name,
        voxels=int(mask.sum()),
        fitted=fitted,
        at_bound={key: _share_at_bound(key, values, chosen) for key, values in found.items()},
        area_mm2=area_mm2(mask, series.grid),
        remarks=remarks,
    )


def parameter_maps(
    series: Series,
    recipe: str | Path | Recipe,
    mask: np.ndarray | None = None,
    *,
    models: Sequence[str] = STUDY_MODELS,
    threads: int | None = None,
) -> dict[str, np.ndarray]:
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
    return maps_with_ties(series, recipe, mask, models=models, threads=threads)[0]


def maps_with_ties(
    series: Series,
    recipe: str | Path | Recipe,
    mask: np.ndarray | None = None,
    *,
    models: Sequence[str] = STUDY_MODELS,
    threads: int | None = None,
) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """Maps, and where the data do not say which of two sets of values is the right one.

    Parameters
    ----------
    series, recipe, mask, models, threads
        As for :func:`parameter_maps`.

    Returns
    -------
    maps : dict of str to array, shape (x, y, z)
        As of :func:`parameter_maps`.
    ties : dict of str to array of bool, shape (x, y, z)
        By parameter: voxels with the remark :data:`ivim.signal.reasons.TIED`.
    """
    mask = np.ones(series.grid.shape, bool) if mask is None else check_mask(series, mask)
    found = fit_signals(series, mask, get_recipe(recipe), models, threads=threads)
    maps, ties = {}, {}
    for model in models:
        tied = np.zeros(mask.shape, bool)
        tied[mask] = found[model]["reason"] == TIED
        for name in MODELS[model].measured:
            maps[name] = np.full(mask.shape, np.nan)
            maps[name][mask] = found[model][name]
            ties[name] = tied
    return maps, ties


def mean_of_maps(
    maps: Mapping[str, np.ndarray], mask: np.ndarray
) -> tuple[dict[str, float], dict[str, int]]:
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


def _fit_of_voxels(series, mask, recipe, threads):
    """Values of the voxels of a mask, by parameter."""
    found = fit_signals(series, mask, recipe, threads=threads)
    return {name: found[model][name] for model in STUDY_MODELS for name in MODELS[model].measured}


def _fit_of_mean(series, mask, recipe):
    """Values of the fit of the mean signal, each an array of one."""
    fits = fits_of_mean(series, mask, recipe, STUDY_MODELS)
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
