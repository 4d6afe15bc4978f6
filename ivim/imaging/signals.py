"""The signals of a region: fitted voxel by voxel or as their mean, and what is wrong with some of
them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from ivim.imaging.regions import Region
from ivim.signal.models import STUDY_MODELS
from ivim.signal.recipe import get_recipe

if TYPE_CHECKING:
    from ivim.imaging.series import Series
    from ivim.signal.recipe import Recipe


def fit_signals(
    series: Series,
    mask: np.ndarray,
    recipe: Recipe,
    models: Sequence[str] = STUDY_MODELS,
    *,
    threads: int | None = None,
    progress: bool = False,
) -> dict[str, dict[str, np.ndarray]]:
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


def fits_of_mean(series: Series, mask: np.ndarray, recipe: Recipe, models: Sequence[str]) -> dict:
    """Fits of the mean signal by model.

    Parameters
    ----------
    series : Series
    mask : array of bool, shape (x, y, z)
    recipe : Recipe
    models : sequence of str

    Returns
    -------
    dict of str to Fit
    """
    voxels = int(np.isfinite(series.data[mask]).all(axis=1).sum())
    signal = mean_signal(series, mask)
    return recipe.fit(signal, series.b, series.averages, models, voxels=max(voxels, 1))


def fit_table(
    series: Series,
    masks: Mapping[str, np.ndarray],
    recipe: str | Path | Recipe,
    models: Sequence[str] = STUDY_MODELS,
    *,
    level: float = 0.95,
) -> pd.DataFrame:
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
    chosen, tables = get_recipe(recipe), []
    for name, mask in masks.items():
        mask = check_mask(series, mask)
        fits = fits_of_mean(series, mask, chosen, models)
        if not any(one.success for one in fits.values()):
            raise ValueError(nothing_to_fit(mask, signal_remarks(series, mask), name))
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


def mean_signal(series: Series, mask: np.ndarray) -> np.ndarray:
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


def signal_remarks(series: Series, mask: np.ndarray) -> tuple[str, ...]:
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


def partial(method: str) -> bool:
    """Whether a method fits a part of the samples only: its AICc stands beside no other's.

    Parameters
    ----------
    method : str

    Returns
    -------
    bool
    """
    return method == "two-point"


def nothing_to_fit(mask: np.ndarray, remarks: Sequence[str], name: str) -> str:
    """Why a region measures nothing.

    Parameters
    ----------
    mask : array of bool, shape (x, y, z)
    remarks : sequence of str
        As of :func:`signal_remarks`.
    name : str
        Of the region; may be empty.

    Returns
    -------
    str
    """
    of_region = f" {name!r}" if name else ""
    why = "; ".join(remarks) or "zero, negative, saturated or not finite"
    return (
        f"none of the {int(mask.sum())} voxels of the ROI{of_region} has a signal that can be "
        f"fitted ({why}); look at the image there"
    )


def check_mask(series: Series, region: Region | np.ndarray) -> np.ndarray:
    """The mask of a region, held to the series.

    Parameters
    ----------
    series : Series
    region : Region, or array of bool

    Returns
    -------
    array of bool, shape (x, y, z)

    Raises
    ------
    ValueError
        When the mask is empty or of another shape.
    """
    mask = np.asarray(region.mask if isinstance(region, Region) else region).astype(bool)
    if mask.shape != tuple(series.grid.shape):
        msg = f"mask of shape {mask.shape}; the series has the grid {tuple(series.grid.shape)}"
        raise ValueError(msg)
    if not mask.any():
        msg = "the mask is empty; mark at least one voxel"
        raise ValueError(msg)
    return mask
