"""The jobs on one scan: fit its regions (`ivim fit`), make its maps (`ivim maps`), look at regions
(`ivim roi`).
"""

from pathlib import Path

import numpy as np

from ivim import files, parameters
from ivim.imaging import output, regions
from ivim.imaging.formats import load_regions, read_grid, read_regions, write_regions
from ivim.imaging.guard import check_room, check_target, keep_inputs
from ivim.imaging.measure import fit_table, partial, signal_remarks
from ivim.imaging.series import read_series, sidecar
from ivim.signal.models import MODELS, STUDY_MODELS
from ivim.signal.reasons import OUTSIDE_MASK, REASONS
from ivim.signal.recipe import get_recipe


def fit_rois(
    dwi,
    bval,
    roi,
    *,
    recipe,
    averages=None,
    models=STUDY_MODELS,
    label=None,
    resample=False,
    out=None,
    force=False,
):
    """Fit the mean signal of each region of a file.

    Parameters
    ----------
    dwi, bval, roi : path
        Series, b-values, regions in any format of :mod:`ivim.imaging.formats`.
    recipe : str, path or Recipe
    averages : sequence of float, optional
    models : sequence of str
    label : str or int, optional
        Only the region of this name or number.
    resample : bool
        Take regions of another grid by nearest neighbour.
    out : path, optional
        CSV file for the table; an existing one is refused without `force`, an input always.
    force : bool

    Returns
    -------
    table : DataFrame
        As of :func:`ivim.imaging.measure.fit_table`.
    notes : list of str
        Lines for a person: each region's size and remarks, how it was fitted.

    Raises
    ------
    ValueError
    """
    recipe = _recipe_for(recipe, models)
    if out is not None:
        check_target(out, _inputs(dwi, bval, roi), force)
    series = read_series(dwi, bval, averages)
    found = read_regions(roi, series.grid, resample, label)
    notes = []
    for region in found:
        notes.append(f"ROI {region.name}: {regions.describe(region.mask, series.grid)}")
        remarks = (*region.remarks, *signal_remarks(series, region.mask))
        notes += [f"ROI {region.name}: {remark}" for remark in remarks]
    notes.append(
        f"fit of the mean signal at {len(series.b)} b-values; weights: {weights_text(series)}; "
        f"recipe {recipe.name}"
    )
    notes += recipe.sentences(series.b, series.averages, models)
    table = fit_table(series, {region.name: region.mask for region in found}, recipe, models)
    if out is not None:
        files.write_csv(out, table)
    return table, notes


def list_rois(path, like=None, *, only=None, resample=False):
    """What a file of regions holds.

    Parameters
    ----------
    path : path
    like : path, optional
        Image on whose grid voxels and areas are counted.
    only : str or int, optional
        Name or number of one region.
    resample : bool
        As of :func:`ivim.imaging.formats.read_regions`.

    Returns
    -------
    list of str
        The format, then a line per region.
    """
    drawings, kind = load_regions(path)
    lines = [f"{kind}, {len(drawings)} region{'s' * (len(drawings) != 1)}"]
    if like is None:
        drawings = drawings if only is None else [regions.choose(drawings, only, path)]
        return lines + [f"{drawing.name}: {drawing.extent()}" for drawing in drawings]
    grid = read_grid(like)
    for region in read_regions(path, grid, resample, only):
        lines.append(f"{region.name}: {regions.describe(region.mask, grid)}")
        lines += [f"  {remark}" for remark in region.remarks]
    return lines


def convert_rois(path, out, like, *, only=None, resample=False, force=False):
    """Write the regions of a file as NIfTI on the grid of an image.

    Parameters
    ----------
    path, out, like : path
        Regions, NIfTI file to write, image.
    only : str or int, optional
        Name or number of one region.
    resample, force : bool
        Take regions of another grid; replace an existing file.

    Returns
    -------
    list of str
        A line per region: file, number in it, name, size.

    Raises
    ------
    ValueError
    """
    check_target(out, (path, like), force)
    grid = read_grid(like)
    found = read_regions(path, grid, resample, only)
    lines = []
    for target, number, region in write_regions(out, found, grid, force):
        size = regions.describe(region.mask, grid)
        lines.append(f"{target}: {number} is {region.name!r}, {size}")
        lines += [f"  {remark}" for remark in region.remarks]
    return lines


def make_maps(
    dwi,
    bval,
    out,
    *,
    recipe,
    mask=None,
    averages=None,
    models=STUDY_MODELS,
    resample=False,
    force=False,
    progress=False,
):
    """Write the maps of a whole scan: NIfTI and JSON for each, and ``overview.png``.

    Parameters
    ----------
    dwi, bval : path
    out : path
        A new or empty folder, or any with `force`; an input is never replaced.
    recipe : str, path or Recipe
    mask : path, optional
        Only the voxels of these regions, in any format; by default all.
    averages : sequence of float, optional
    models : sequence of str
    resample, force, progress : bool

    Returns
    -------
    list of str
        Lines for a person.

    Raises
    ------
    ValueError
        When an input cannot be read, or no voxel can be fitted; nothing is written then.
    """
    recipe = _recipe_for(recipe, models)
    # Before the work, so that nobody waits for a refusal.
    with files.staged(out, force) as stage:
        series = read_series(dwi, bval, averages)
        arrays = sum(2 * len(MODELS[model].parameters) + 4 for model in models)
        voxels = int(np.prod(series.grid.shape))
        check_room(dwi, arrays * voxels * 4, f"{arrays} maps of {voxels} voxels")
        region = None
        if mask is not None:
            region = regions.union(read_regions(mask, series.grid, resample))
        fitted = recipe.maps(
            series.data,
            series.b,
            series.averages,
            mask=region,
            models=models,
            progress=progress,
            dtype=np.float32,
        )
        success = np.all([own["success"] for own in fitted.values()], axis=0)
        lost = _lost(fitted, success)
        if not success.any():
            msg = f"{dwi}: no voxel can be fitted ({lost}); look at the image and its b-values"
            raise ValueError(msg)
        _write_fitted(stage, fitted, series, recipe, output.bids_prefix(dwi))
        shown = {
            name: fitted[m][name] for m in models for name in MODELS[m].parameters if name != "s0"
        }
        output.overview(stage / "overview.png", shown, series.grid, region)
        written = len(list(stage.glob("*.nii.gz")))
        for file in stage.iterdir():
            keep_inputs(Path(out) / file.name, _inputs(dwi, bval, mask))
    if region is None:
        notes = [f"{voxels} voxels, no mask"]
    else:
        notes = [f"{int(region.sum())} voxels in the mask"]
    notes.append(f"{len(series.b)} b-values; weights: {weights_text(series)}; recipe {recipe.name}")
    notes += recipe.sentences(series.b, series.averages, models)
    notes += [f"without values: {lost}"] if lost else []
    notes.append(f"{int(success.sum())} voxels fitted; {written} maps and overview.png in {out}")
    return notes


def _recipe_for(recipe, models):
    """The recipe, when its name says something of the models; ``segmented`` is for one of them
    alone.
    """
    recipe = get_recipe(recipe)
    if recipe.name == "segmented" and "biexponential" not in models:
        msg = f"recipe 'segmented' is for the biexponential model, not for {', '.join(models)}"
        raise ValueError(msg)
    return recipe


def _inputs(dwi, bval, roi):
    """The files that a run reads and that no output may replace."""
    return (dwi, bval, roi, sidecar(dwi, ".bval"), sidecar(dwi, ".json"))


def _lost(fitted, success):
    """Why voxels of the mask have no value, with their numbers."""
    told = {}
    for own in fitted.values():
        reasons = own["reason"][~success & ~own["success"]]
        for code, count in zip(*np.unique(reasons, return_counts=True), strict=True):
            told[REASONS[int(code)]] = max(int(count), told.get(REASONS[int(code)], 0))
    told.pop(REASONS[OUTSIDE_MASK], None)
    return ", ".join(f"{count} {text}" for text, count in told.items())


def _write_fitted(folder, fitted, series, recipe, prefix):
    """Every map of one run, the standard error beside each parameter, and why voxels have no
    value.
    """
    common = {"Recipe": recipe.as_dict(), "BValues": series.b.tolist()}
    common |= {"NumberOfAverages": series.averages.tolist()} if series.averages is not None else {}
    for model, maps in fitted.items():
        details = common | _model_details(model, recipe, series)
        _write_model(folder, maps, model, series.grid, prefix, details)
    scores = [
        maps["aicc"] * (np.nan if partial(recipe.method(model)) else 1)
        for model, maps in fitted.items()
    ]
    if len(fitted) > 1:
        levels = {"-1": "none"} | {str(place): model for place, model in enumerate(fitted)}
        output.write_map(
            folder,
            f"{prefix}desc-preferred_dwimap",
            preferred(scores),
            series.grid,
            text="model with the lowest AICc, of those fitted to all samples",
            details=common | {"Levels": levels},
        )
    output.write_dataset_description(folder)


def preferred(scores):
    """Which of several models has the lowest AICc, voxel by voxel.

    Parameters
    ----------
    scores : sequence of array
        AICc by model; NaN where there is none.

    Returns
    -------
    array of int8
        Place of the model; -1 where none has a score.
    """
    scores = np.stack([np.where(np.isnan(score), np.inf, score) for score in scores])
    best = scores.argmin(axis=0).astype(np.int8)
    return np.where(np.isinf(scores).all(axis=0), np.int8(-1), best)


def _model_details(model, recipe, series):
    """What a sidecar says of a fit."""
    bounds = {
        name: list(recipe.bounds.get(name, parameters.bounds_of(name)))
        for name in MODELS[model].parameters
        if name != "s0"
    }
    method = recipe.method(model)
    pair = {"BValuesOfADC": list(recipe.adc_pair(series.b))} if method == "two-point" else {}
    return {"Model": model, "FitMethod": method, "Bounds": bounds} | pair


def _write_model(folder, maps, model, grid, prefix, details):
    for name in MODELS[model].parameters:
        unit, text = output.unit_of(name), f"{parameters.long_name(name)}, {model} model"
        common = {"unit": unit, "details": details | {"Parameter": name}}
        output.write_map(
            folder,
            output.map_name(prefix, model, name),
            maps[name],
            grid,
            text=text,
            shown=parameters.REGISTRY[name].shown,
            **common,
        )
        output.write_map(
            folder,
            output.map_name(prefix, model, name, "stderr"),
            maps[f"{name}_se"],
            grid,
            text=f"standard error of {text}",
            **common,
        )
    for name, text in (
        ("residual", "root mean square of the residuals"),
        ("aicc", "corrected Akaike information criterion"),
    ):
        output.write_map(
            folder,
            output.map_name(prefix, model, name),
            maps[name],
            grid,
            text=f"{text}, {model} model",
            details=details,
        )
    codes = details | {"Levels": {str(code): text for code, text in REASONS.items()}}
    text = f"why a voxel has no value or a remark, {model} model"
    output.write_map(
        folder,
        output.map_name(prefix, model, "reason"),
        maps["reason"],
        grid,
        text=text,
        details=codes,
    )


def weights_text(series):
    """In words, how the samples of a series are weighted."""
    if series.averages is None:
        return "equal (no averages given)"
    return "averages " + ",".join(f"{n:g}" for n in series.averages)


def fit_text(table):
    """The table of :func:`fit_rois` as text for a terminal."""
    lines = []
    for (number, model), rows in table.groupby(["roi", "model"], sort=False):
        score, delta = rows["aicc"].iloc[0], rows["delta"].iloc[0]
        best = "  <- lowest AICc" if delta == 0 else ""
        score = f"{score:.2f} (+{delta:.2f})" if np.isfinite(score) else "-"
        lines.append(f"\nROI {number}  {model}  AICc {score}{best}")
        lines.append(f"  {'':<10}{'value':>12}{'SE':>12}{'95 % limits':>26}")
        for row in rows.itertuples():
            limits = (
                f"{_digits(row.ci_low)} to {_digits(row.ci_high)}"
                if np.isfinite(row.ci_low)
                else "-"
            )
            tail = f"  {row.unit}" + (f"  ({row.note})" if row.note else "")
            numbers = f"{_digits(row.value):>12}{_digits(row.stderr):>12}{limits:>26}"
            lines.append(f"  {row.parameter:<10}{numbers}{tail}".rstrip())
    return "\n".join(lines)


def _digits(value):
    return f"{value:.4g}" if np.isfinite(value) else "-"
