"""From a scan, regions and a recipe to a patient's rows. Pure: nothing is read and nothing is
written here.

Three estimators, and they are not the same. ``maps`` (the article's): the recipe is fitted to every
voxel, then each map is averaged over the ROI. ``mean``: the signals are averaged, then fitted once.
``shrinkage``: the bi-exponential parameters of all voxels of an ROI are estimated together (Orton
et al. 2014, Magn Reson Med 71:411) and averaged; the others as in ``maps``.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np

from ivim import parameters
from ivim.imaging.regions import area_mm2, dice, largest
from ivim.signal.models import STUDY_MODELS, get_model
from ivim.signal.reasons import TIED
from ivim.signal.recipe import RECIPES, Recipe

if TYPE_CHECKING:
    from ivim.imaging.grid import Grid
    from ivim.imaging.regions import Region
    from ivim.imaging.series import Series

ESTIMATORS = {
    "maps": "mean over the ROI of maps fitted voxel by voxel",
    "mean": "fit of the ROI's mean signal",
    "shrinkage": "mean over the ROI of bi-exponential maps with Bayesian shrinkage, others as maps",
}
BIEXPONENTIAL = ("adc_slow", "adc_fast", "f")


@dataclass(frozen=True)
class Options:
    """How every patient of a study is measured.

    Attributes
    ----------
    recipe : Recipe
    estimator : str
        Key of :data:`ESTIMATORS`.
    lesion : str
        ``largest`` (by area in one slice, the article's rule), ``all`` (together), or a region's
        name.
    resample : bool
        Take an ROI drawn on another grid to the nearest voxels of the image.
    roi_area : (float, float), optional
        The range in mm² that the study's protocol asks of an ROI; outside it is a remark.
    """

    recipe: Recipe = RECIPES["article"]
    estimator: str = "maps"
    lesion: str = "largest"
    resample: bool = False
    roi_area: tuple | None = None

    def __post_init__(self):
        if self.estimator not in ESTIMATORS:
            msg = f"estimator is {self.estimator!r}; accepted are " + ", ".join(
                f"{name} ({text})" for name, text in ESTIMATORS.items()
            )
            raise ValueError(msg)
        if self.roi_area is not None and not 0 <= self.roi_area[0] < self.roi_area[1]:
            msg = (
                f"ROI area from {self.roi_area[0]:g} to {self.roi_area[1]:g} mm²; give the "
                "smaller first"
            )
            raise ValueError(msg)

    def as_dict(self) -> dict:
        """The options as plain values for JSON."""
        return {
            "recipe": self.recipe.as_dict(),
            "estimator": self.estimator,
            "lesion": self.lesion,
            "resample": self.resample,
            "roi_area": list(self.roi_area) if self.roi_area else None,
        }


@dataclass(frozen=True)
class Chosen:
    """The region that stands for a reader's ROI: its mask, the regions it is made of, and
    remarks."""

    mask: np.ndarray
    parts: dict
    remarks: tuple


def choose(regions: list[Region], lesion: str, grid: Grid) -> Chosen:
    """The region to measure among those that a reader drew.

    Parameters
    ----------
    regions : list of Region
    lesion : str
        See :class:`Options`.
    grid : Grid

    Returns
    -------
    Chosen
        ``parts`` has a mask per region by its number in the file, from 1.

    Raises
    ------
    ValueError
        When every region is empty, or none has the name asked for.
    """
    numbered = {n: one for n, one in enumerate(regions, start=1) if one.mask.any()}
    if not numbered:
        msg = "no region covers a voxel of the image (empty, or beside it)"
        raise ValueError(msg)
    empty = len(regions) - len(numbered)
    remarks = [f"{empty} empty region(s) passed over"] if empty else []
    if lesion == "all":
        mask = np.any([one.mask for one in numbered.values()], axis=0)
        return Chosen(mask, {n: one.mask for n, one in numbered.items()}, tuple(remarks))
    if lesion != "largest":
        numbered = {n: one for n, one in numbered.items() if one.name == lesion}
        if not numbered:
            # Names in a file may be a person's; only the one that was asked for is repeated.
            msg = f"none of its {len(regions)} region(s) is called {lesion!r}"
            raise ValueError(msg)
    if len(numbered) > 1:
        remarks.append(f"the largest of {len(numbered)} regions")
    region = largest(list(numbered.values()), grid)
    number = next(n for n, one in numbered.items() if one is region)
    return Chosen(region.mask, {number: region.mask}, (*remarks, *region.remarks))


def measure(series: Series, one: Chosen, options: Options) -> tuple[dict, list, list]:
    """Measure what one reader drew. No other reader's ROI has a part in it.

    Parameters
    ----------
    series : Series
    one : Chosen
    options : Options

    Returns
    -------
    values : dict of str to float
        The six parameters as tables have them, NaN where no voxel could be fitted.
    detail : list of dict
        One entry per region and parameter.
    remarks : list of str

    Raises
    ------
    ValueError
        When no voxel can be fitted.
    """
    recipe = with_noise_level(series, one.mask, options.recipe)
    maps = six_maps(series, one.mask, recipe) | _shrunk(series, one.mask, options)
    values = _estimate(series, one.mask, maps, options, recipe)
    if all(np.isnan(value) for value in values.values()):
        msg = (
            f"none of the {int(one.mask.sum())} voxels of the ROI has a signal that can be fitted "
            "(zero, negative, saturated or not finite)"
        )
        raise ValueError(msg)
    detail = _details(series, one, maps, values, options, recipe)
    remarks = [*one.remarks, *_remarks(series, one.mask, values, options)]
    return parameters.to_table(values), detail, remarks


def fittable(b: np.ndarray) -> tuple[str, ...]:
    """Models that a series has b-values enough for: at least as many different ones as parameters.

    Parameters
    ----------
    b : array, s/mm²

    Returns
    -------
    tuple of str

    Raises
    ------
    ValueError
        When there is none.
    """
    different = len(np.unique(b))
    models = tuple(name for name in STUDY_MODELS if different >= len(get_model(name).parameters))
    if not models:
        msg = f"{different} different b-value(s); the simplest model needs 2, the bi-exponential 4"
        raise ValueError(msg)
    return models


def with_noise_level(series: Series, mask: np.ndarray, recipe: Recipe) -> Recipe:
    """The recipe with its noise level as a number, where it is to be estimated from the ROIs.

    Parameters
    ----------
    series : Series
    mask : array of bool, shape (x, y, z)
    recipe : Recipe

    Returns
    -------
    Recipe
    """
    if recipe.sigma != "estimate":
        return recipe
    return replace(recipe, sigma=noise_level(series, mask, recipe.averaging))


def noise_level(series: Series, mask: np.ndarray, averaging: str = "magnitude") -> float:
    """Noise level of one excitation from the residuals in a mask, in the image's units.

    Parameters
    ----------
    series : Series
    mask : array of bool, shape (x, y, z)
    averaging : {'magnitude', 'complex'}
        Whether excitations are averaged before or after their magnitude is taken.

    Returns
    -------
    float
    """
    from ivim.signal.maps import estimate_sigma

    return estimate_sigma(
        series.data, series.b, mask=mask, averages=series.averages, averaging=averaging
    )


def six_maps(series: Series, mask: np.ndarray, recipe: Recipe) -> dict[str, np.ndarray]:
    """The six maps of a recipe, diffusivities in mm²/s; NaN outside the mask and for models without
    enough b-values.

    Parameters
    ----------
    series : Series
    mask : array of bool, shape (x, y, z)
    recipe : Recipe

    Returns
    -------
    dict of str to array, shape (x, y, z)
    """
    return maps_with_ties(series, mask, recipe)[0]


def maps_with_ties(
    series: Series, mask: np.ndarray, recipe: Recipe
) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """The six maps, and by parameter where two sets of values fit equally well.

    Parameters
    ----------
    series, mask, recipe
        As for :func:`six_maps`.

    Returns
    -------
    maps : dict of str to array, shape (x, y, z)
    ties : dict of str to array of bool, shape (x, y, z)
    """
    fitted = recipe.maps(
        series.data, series.b, series.averages, mask=mask, models=fittable(series.b), threads=1
    )
    found = {name: maps[name] for maps in fitted.values() for name in maps}
    nothing = np.full(mask.shape, np.nan)
    ties = {name: maps["reason"] == TIED for maps in fitted.values() for name in maps}
    return {name: found.get(name, nothing) for name in parameters.SIX}, ties


def overlap(chosen: dict[str, Chosen], grid: Grid) -> list[dict]:
    """How two readers' regions lie to each other.

    Parameters
    ----------
    chosen : dict of str to Chosen
    grid : Grid

    Returns
    -------
    list of dict
        ``reader_a, reader_b, dice, area_a_mm2, area_b_mm2, area_difference_mm2`` per pair; Dice is
        twice the common voxels over the sum of both (Dice 1945, Ecology 26:297).
    """
    rows = []
    for (a, one), (b, other) in combinations(chosen.items(), 2):
        areas = [sum(area_mm2(mask, grid).values()) for mask in (one.mask, other.mask)]
        rows.append(
            {
                "reader_a": a,
                "reader_b": b,
                "dice": dice(one.mask, other.mask),
                "area_a_mm2": areas[0],
                "area_b_mm2": areas[1],
                "area_difference_mm2": areas[1] - areas[0],
            }
        )
    return rows


def _shrunk(series, mask, options):
    """The bi-exponential maps of one ROI by shrinkage, where that is the estimator."""
    if options.estimator != "shrinkage" or "biexponential" not in fittable(series.b):
        return {}
    from ivim.signal.shrinkage import shrink

    averages = series.averages if options.recipe.weights == "averages" else None
    found = shrink(series.data[mask], series.b, averages=averages)
    maps = {}
    for name in BIEXPONENTIAL:
        maps[name] = np.full(mask.shape, np.nan)
        maps[name][mask] = found.values[name]
    return maps


def _estimate(series, mask, maps, options, recipe):
    """The parameters of one mask by the estimator of the options, in mm²/s."""
    if options.estimator != "mean":
        return {name: _mean(values[mask]) for name, values in maps.items()}
    signals = series.data[mask].astype(float)
    usable = signals[np.isfinite(signals).all(axis=1)]
    if not len(usable):
        return dict.fromkeys(parameters.SIX, np.nan)
    fits = recipe.fit(
        usable.mean(axis=0), series.b, series.averages, fittable(series.b), voxels=len(usable)
    )
    found = {name: value for one in fits.values() for name, value in one.values.items()}
    return {name: found.get(name, np.nan) for name in parameters.SIX}


def _mean(values):
    values = values[np.isfinite(values)]
    return float(np.mean(values, dtype=float)) if values.size else np.nan


def _details(series, one, maps, values, options, recipe):
    """One entry per parameter for the measured region and, with several parts, for each part."""
    regions = {"+".join(map(str, one.parts)): (one.mask, values)}
    if len(one.parts) > 1:
        regions |= {
            str(number): (mask, _estimate(series, mask, maps, options, recipe))
            for number, mask in one.parts.items()
        }
    return [
        {"region": region}
        | _detail(name, maps[name][mask], own[name], recipe)
        | {
            "estimator": options.estimator,
            "area_mm2": sum(area_mm2(mask, series.grid).values()),
            "area_per_slice_mm2": _areas_text(mask, series.grid),
        }
        for region, (mask, own) in regions.items()
        for name in parameters.SIX
    ]


def _detail(name, voxels, value, recipe):
    """One parameter in one region: the value, and its spread over the voxels that were fitted."""
    fitted = voxels[np.isfinite(voxels)]
    table = lambda x: float(parameters.to_table({name: x})[name])  # noqa: E731
    q1, median, q3 = np.quantile(fitted, (0.25, 0.5, 0.75)) if fitted.size else 3 * [np.nan]
    return {
        "parameter": name,
        "value": table(value),
        "sd": table(np.std(fitted, ddof=1)) if fitted.size > 1 else np.nan,
        "median": table(median),
        "q1": table(q1),
        "q3": table(q3),
        "voxels": int(voxels.size),
        "fitted": int(fitted.size),
        "at_bound": _share_at_bound(name, fitted, recipe),
    }


def _share_at_bound(name, fitted, recipe):
    low, high = recipe.bounds.get(name, parameters.bounds_of(name))
    edge = 1e-6 * (high - low)
    return (
        float(np.mean((fitted <= low + edge) | (fitted >= high - edge))) if fitted.size else np.nan
    )


def _areas_text(mask, grid):
    """Area by slice, slices counted from 1."""
    return ";".join(f"{z + 1}:{area:.6g}" for z, area in area_mm2(mask, grid).items())


def _remarks(series, mask, values, options):
    """What a reader of the tables has to know about one ROI."""
    remarks, voxels = [], int(mask.sum())
    if voxels == 1:
        remarks.append("one voxel only")
    if lost := [name for name, value in values.items() if np.isnan(value)]:
        few = len(fittable(series.b)) < len(STUDY_MODELS)
        different = len(np.unique(series.b))
        why = f"{different} different b-values are too few" if few else "no voxel could be fitted"
        remarks.append(f"no value of {', '.join(lost)}: {why}")
    if options.roi_area:
        low, high = options.roi_area
        area = max(area_mm2(mask, series.grid).values())
        if not low <= area <= high:
            remarks.append(f"area {area:.1f} mm² is outside {low:g} to {high:g} mm²")
    return remarks
