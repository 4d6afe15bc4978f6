"""From an ROI to the six parameters, by one of two estimators that are not the same.

``maps`` (the article's, the default): fit every voxel, then take the mean of each map over the ROI (Methods: "the ROI was placed
on DWI and copied to the parametric maps"). ``mean``: take the mean signal over the ROI, then fit once. A fit is not
linear, so the two differ, most of all for ADC fast in noise; every measurement says which one it is.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from ivim import parameters
from ivim.imaging.regions import area_mm2
from ivim.signal.models import MODELS, STUDY_MODELS

ESTIMATORS = {
    "maps": "mean over the ROI of maps fitted voxel by voxel",
    "mean": "fit of the ROI's mean signal",
}

ADC_B = 1200.0
"""The article's "high" b-value in s/mm²: it names none, and only the pair 0 and 1200 gives both captions' ADC beside their other values."""


@dataclass(frozen=True)
class Measurement:
    """What one ROI measures.

    Attributes
    ----------
    values : dict of str to float
        The parameters by name; diffusivities in mm²/s.
    estimator : str
        Key of :data:`ESTIMATORS`.
    voxels : int
    fitted : dict of str to int
        Voxels that each value rests on; voxels without a fit (no signal, saturated) are left out.
    area_mm2 : dict of int to float
        Area in each slice.
    """

    values: dict
    estimator: str
    voxels: int
    fitted: dict
    area_mm2: dict


def measure(series, mask, *, estimator="maps", bounds=None):
    """Measure one ROI as the article does: ADC from two b-values, bi-exponential and stretched fits weighted by the averages.

    Parameters
    ----------
    series : Series
    mask : array of bool, shape (x, y, z)
    estimator : {"maps", "mean"}
    bounds : dict of str to (low, high), optional
        Instead of the bounds of :mod:`ivim.parameters` for the parameters named, mm²/s.

    Returns
    -------
    Measurement

    Raises
    ------
    ValueError
        When the estimator is unknown, the mask empty or of another shape, or no voxel can be fitted.
    """
    mask = _check_mask(series, mask)
    if estimator not in ESTIMATORS:
        msg = f"estimator is {estimator!r}; accepted are " + ", ".join(
            f"{name!r} ({text})" for name, text in ESTIMATORS.items()
        )
        raise ValueError(msg)
    if estimator == "maps":
        values, fitted = mean_of_maps(article_maps(series, mask, bounds=bounds), mask)
    else:
        values = _fit_of_mean(series, mask, bounds)
        fitted = dict.fromkeys(values, int(mask.sum()))
    if not any(fitted.values()) or all(np.isnan(value) for value in values.values()):
        msg = f"none of the {int(mask.sum())} voxels of the ROI has a signal that can be fitted (zero, negative, saturated or not finite)"
        raise ValueError(msg)
    return Measurement(values, estimator, int(mask.sum()), fitted, area_mm2(mask, series.grid))


def article_maps(series, mask=None, *, bounds=None):
    """The article's six maps, NaN outside the mask.

    Parameters
    ----------
    series : Series
    mask : array of bool, shape (x, y, z), optional
    bounds : dict, optional

    Returns
    -------
    dict of str to array, shape (x, y, z)
        Diffusivities in mm²/s.
    """
    from ivim.signal.maps import fit_maps

    fitted = fit_maps(
        series.data, series.b, "all", mask=mask, **article_options(series), bounds=bounds
    )
    return {name: fitted[name] for name in parameters.SIX}


def mean_of_maps(maps, mask):
    """Mean of each map over an ROI, and the voxels that it rests on; NaN voxels are left out."""
    inside = {name: values[mask][np.isfinite(values[mask])] for name, values in maps.items()}
    values = {
        name: float(np.mean(x, dtype=float)) if x.size else np.nan for name, x in inside.items()
    }
    return values, {name: int(x.size) for name, x in inside.items()}


def adc_pair(b):
    """The two b-values of the ADC: the lowest, and 1200 s/mm² where the series has it, else the highest."""
    return float(np.min(b)), ADC_B if ADC_B in b else float(np.max(b))


def mean_signal(series, mask):
    """Mean signal over an ROI, shape (n,); voxels that are not finite at every b are left out."""
    signals = series.data[mask].astype(float)
    return (
        signals[np.isfinite(signals).all(axis=1)].mean(axis=0)
        if np.isfinite(signals).all(axis=1).any()
        else signals[0] * np.nan
    )


def fit_table(series, masks, models=STUDY_MODELS, *, level=0.95):
    """Fit the mean signal of each ROI with each model, all b-values, weighted by the averages where they are known.

    Parameters
    ----------
    series : Series
    masks : dict of name to array of bool, shape (x, y, z)
    models : sequence of str
    level : float
        Of the Wald limits.

    Returns
    -------
    DataFrame
        ``roi, model, parameter, value, stderr, ci_low, ci_high, unit, aicc, delta, note``: diffusivities in 10⁻³ mm²/s, s0 in
        the image's units; `delta` is the distance to the ROI's lowest AICc; `note` says why a value or its error
        is missing.
    """
    from ivim.signal.fit import fit

    tables = []
    for name, mask in masks.items():
        signal = mean_signal(series, _check_mask(series, mask))
        fits = [fit(signal, series.b, model, averages=series.averages) for model in models]
        lowest = (
            np.nanmin([one.aicc for one in fits]) if any(one.success for one in fits) else np.nan
        )
        for one in fits:
            table = one.table(level)
            note = np.where(table["stderr"].isna(), one.reason_text, "")
            tables.append(table.assign(roi=name, aicc=one.aicc, delta=one.aicc - lowest, note=note))
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


def _fit_of_mean(series, mask, bounds):
    from ivim.signal.fit import fit

    signal, values = mean_signal(series, mask), {}
    for model, names in ((name, MODELS[name].measured) for name in STUDY_MODELS):
        options = (
            article_options(series) if model == "monoexponential" else {"averages": series.averages}
        )
        own = {name: pair for name, pair in (bounds or {}).items() if name in names}
        found = fit(signal, series.b, model, bounds=own, **options)
        values |= {name: found.values[name] for name in names}
    return values


def article_options(series):
    """Keywords of fits that follow the article: weights by the averages, ADC from two b-values."""
    return {"averages": series.averages, "method": "two-point", "pair": adc_pair(series.b)}


def _check_mask(series, mask):
    mask = np.asarray(mask).astype(bool)
    if mask.shape != tuple(series.grid.shape):
        msg = f"mask of shape {mask.shape}; the series has the grid {tuple(series.grid.shape)}"
        raise ValueError(msg)
    if not mask.any():
        msg = "the mask is empty; mark at least one voxel"
        raise ValueError(msg)
    return mask
