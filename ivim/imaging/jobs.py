"""The two jobs on one scan: fit its ROIs (`ivim fit`), and make its maps (`ivim maps`)."""

import numpy as np

from ivim import files, parameters
from ivim.imaging import output, regions
from ivim.imaging.formats import load_regions, read_grid, read_regions, write_regions
from ivim.imaging.guard import check_target
from ivim.imaging.measure import adc_pair, fit_table
from ivim.imaging.series import read_series, sidecar
from ivim.signal.models import MODELS, STUDY_MODELS
from ivim.signal.reasons import REASONS


def fit_rois(
    dwi, bval, mask, *, averages=None, models=STUDY_MODELS, label=None, out=None, force=False
):
    """Fit the mean signal of each ROI of a file.

    Parameters
    ----------
    dwi, bval, mask : path
        Series, b-values, mask or label map.
    averages : sequence of float, optional
    models : sequence of str
    label : int, optional
        Only this region of a label map.
    out : path, optional
        CSV file for the table; an existing one is refused without `force`.

    Returns
    -------
    table : DataFrame
        As of :func:`ivim.imaging.measure.fit_table`.
    notes : list of str
        Lines for a person: each ROI's size, and how the samples were weighted.
    """
    if out is not None:
        check_target(out, (dwi, bval, mask, sidecar(dwi, ".bval"), sidecar(dwi, ".json")), force)
    series = read_series(dwi, bval, averages)
    found = read_regions(mask, series.grid)
    if label is not None:
        found = [regions.choose(found, label, mask)]
    masks = {region.name: region.mask for region in found}
    notes = [f"ROI {name}: {regions.describe(one, series.grid)}" for name, one in masks.items()]
    notes.append(
        f"fit of the mean signal at {len(series.b)} b-values; weights: {weights_text(series)}"
    )
    table = fit_table(series, masks, models)
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


METHODS = {
    "article": "ADC from two b-values, the other models in full",
    "full": "all models in full",
    "segmented": "bi-exponential: ADC slow from the high b-values first; the other models in full",
}


def make_maps(
    dwi,
    bval,
    out,
    *,
    mask=None,
    averages=None,
    models=STUDY_MODELS,
    method="article",
    force=False,
    progress=False,
):
    """Write the maps of a whole scan: NIfTI and JSON for each, and ``overview.png``.

    Parameters
    ----------
    dwi, bval : path
    out : path
        A new or empty folder, or any with `force`.
    mask : path, optional
        Only these voxels; by default all.
    averages : sequence of float, optional
    models : sequence of str
    method : str
        Key of :data:`METHODS`.
    force, progress : bool

    Returns
    -------
    list of str
        Lines for a person.
    """
    if method not in METHODS:
        msg = f"method is {method!r}; accepted are {', '.join(METHODS)}"
        raise ValueError(msg)
    from ivim.signal.maps import fit_maps

    # Before the work, so that nobody waits for a refusal.
    with files.staged(out, force) as stage:
        series = read_series(dwi, bval, averages)
        region = None if mask is None else regions.union(read_regions(mask, series.grid))
        notes = [
            f"{int(region.sum())} voxels in the mask"
            if region is not None
            else f"{int(np.prod(series.grid.shape))} voxels, no mask"
        ]
        notes.append(
            f"{len(series.b)} b-values; weights: {weights_text(series)}; method {method}: {METHODS[method]}"
        )
        fitted = fit_maps(
            series.data,
            series.b,
            models,
            mask=region,
            averages=series.averages,
            progress=progress,
            **_method_options(method, models, series),
        )
        _write_fitted(stage, fitted, models, series, method, output.bids_prefix(dwi))
        shown = {
            name: fitted[name]
            for model in models
            for name in MODELS[model].parameters
            if name != "s0"
        }
        output.overview(stage / "overview.png", shown, series.grid, region)
        written = len(list(stage.glob("*.nii.gz")))
    notes.append(
        f"{int(fitted['success'].sum())} voxels fitted; {written} maps and overview.png in {out}"
    )
    return notes


def _method_options(method, models, series):
    """Keywords of ``fit_maps``; a method that none of the models has is refused there."""
    if method == "article" and "monoexponential" in models:
        return {"method": "two-point", "pair": adc_pair(series.b)}
    return {"method": "segmented"} if method == "segmented" else {}


def _write_fitted(folder, fitted, models, series, method, prefix):
    """Every map of one run, the standard error beside each parameter, and why voxels have no value."""
    common = {"FitMethod": method, "BValues": series.b.tolist()}
    common |= {"NumberOfAverages": series.averages.tolist()} if series.averages is not None else {}
    for model in models:
        _write_model(
            folder,
            _of_model(fitted, model, len(models) > 1),
            model,
            series.grid,
            prefix,
            common | _model_details(model, method, series),
        )
    if "preferred" in fitted:
        levels = {"-1": "none"} | {str(place): model for place, model in enumerate(models)}
        details = common | {"Levels": levels}
        output.write_map(
            folder,
            f"{prefix}desc-preferred_dwimap",
            fitted["preferred"],
            series.grid,
            text="model with the lowest AICc",
            details=details,
        )
    output.write_dataset_description(folder)


def _of_model(fitted, model, several):
    """One model's maps without the model's name behind what every model has."""
    own = {
        key.replace(f"_{model}", ""): values for key, values in fitted.items() if f"_{model}" in key
    }
    return fitted | own if several else fitted  # its own reasons, not those of all models together


def _model_details(model, method, series):
    """What a sidecar says of a fit."""
    bounds = {name: parameters.bounds_of(name) for name in MODELS[model].parameters if name != "s0"}
    pair = (
        {"BValuesOfADC": adc_pair(series.b)}
        if model == "monoexponential" and method == "article"
        else {}
    )
    return {"Model": model, "Bounds": bounds} | pair


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
        best = "  <- lowest AICc" if rows["delta"].iloc[0] == 0 else ""
        lines.append(
            f"\nROI {number}  {model}  AICc {rows['aicc'].iloc[0]:.2f} (+{rows['delta'].iloc[0]:.2f}){best}"
        )
        lines.append(f"  {'':<10}{'value':>12}{'SE':>12}{'95 % limits':>26}")
        for row in rows.itertuples():
            limits = (
                f"{_digits(row.ci_low)} to {_digits(row.ci_high)}"
                if np.isfinite(row.ci_low)
                else "-"
            )
            tail = f"  {row.unit}" + (f"  ({row.note})" if row.note else "")
            lines.append(
                f"  {row.parameter:<10}{_digits(row.value):>12}{_digits(row.stderr):>12}{limits:>26}{tail}".rstrip()
            )
    return "\n".join(lines)


def _digits(value):
    return f"{value:.4g}" if np.isfinite(value) else "-"
