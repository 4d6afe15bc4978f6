"""The maps of a whole scan as files: fitted, written with their sidecars, drawn.

The maps of one model are packed and written by other threads while the next one is fitted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ivim import files, parameters
from ivim.imaging import output, regions
from ivim.imaging.formats import read_regions
from ivim.imaging.guard import check_room, keep_inputs
from ivim.imaging.jobs import inputs_of, recipe_for, weights_text
from ivim.imaging.series import read_series
from ivim.imaging.signals import partial
from ivim.signal.models import MODELS, STUDY_MODELS
from ivim.signal.reasons import OUTSIDE_MASK, REASONS, TIED

WRITERS = 2
"""Threads that pack and write; zlib lets go of the interpreter while it packs."""

if TYPE_CHECKING:
    from ivim.signal.recipe import Recipe


def make_maps(
    dwi: str | Path,
    bval: str | Path | None,
    out: str | Path,
    *,
    recipe: str | Path | Recipe,
    mask: str | Path | None = None,
    averages: Sequence[float] | None = None,
    models: Sequence[str] = STUDY_MODELS,
    resample: bool = False,
    force: bool = False,
    progress: bool = False,
) -> list[str]:
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
    recipe = recipe_for(recipe, models)
    # Before the work, so that nobody waits for a refusal.
    with files.staged(out, force) as stage:
        series = read_series(dwi, bval, averages)
        arrays = sum(2 * len(MODELS[model].parameters) + 4 for model in models)
        voxels = int(np.prod(series.grid.shape))
        check_room(dwi, arrays * voxels * 4, f"{arrays} maps of {voxels} voxels")
        region = None
        if mask is not None:
            region = regions.union(read_regions(mask, series.grid, resample))
        prefix = output.bids_prefix(dwi)
        with _beside() as write:
            fitted = {}
            for model in models:
                found = recipe.maps(
                    series.data, series.b, series.averages, mask=region, models=(model,),
                    progress=progress, dtype=np.float32,
                )[model]  # fmt: skip
                _write_model(write, stage, found, model, series, recipe, prefix)
                # Standard errors and residuals live no longer than their writing.
                kept = (*MODELS[model].measured, "aicc", "reason", "success")
                fitted[model] = {key: found[key] for key in kept}
            success = np.all([own["success"] for own in fitted.values()], axis=0)
            lost = _lost(fitted, success)
            if not success.any():
                msg = f"{dwi}: no voxel can be fitted ({lost}); look at the image and its b-values"
                raise ValueError(msg)
            _write_preferred(write, stage, fitted, series, recipe, prefix)
            shown = {name: fitted[m][name] for m in models for name in MODELS[m].measured}
            ties = {
                name: fitted[m]["reason"] == TIED for m in models for name in MODELS[m].measured
            }
            output.overview(stage / "overview.png", shown, series.grid, region, ties)
        output.write_dataset_description(stage)
        written = len(list(stage.glob("*.nii.gz")))
        for file in stage.iterdir():
            keep_inputs(Path(out) / file.name, inputs_of(dwi, bval, mask))
    if region is None:
        notes = [f"{voxels} voxels, no mask"]
    else:
        notes = [f"{int(region.sum())} voxels in the mask"]
    notes.append(f"{len(series.b)} b-values; weights: {weights_text(series)}; recipe {recipe.name}")
    notes += recipe.sentences(series.b, series.averages, models)
    notes += [f"without values: {lost}"] if lost else []
    notes.append(f"{int(success.sum())} voxels fitted; {written} maps and overview.png in {out}")
    return notes


def _lost(fitted, success):
    """Why voxels of the mask have no value, with their numbers."""
    told = {}
    for own in fitted.values():
        reasons = own["reason"][~success & ~own["success"]]
        for code, count in zip(*np.unique(reasons, return_counts=True), strict=True):
            told[REASONS[int(code)]] = max(int(count), told.get(REASONS[int(code)], 0))
    told.pop(REASONS[OUTSIDE_MASK], None)
    return ", ".join(f"{count} {text}" for text, count in told.items())


@contextmanager
def _beside() -> Iterator[Callable]:
    """A function that writes a map beside other work; all are written when the block ends well.

    After an error in the block what waits is dropped; an error of a writer is raised.
    """
    pending: list[Future] = []
    with ThreadPoolExecutor(WRITERS) as pool:
        try:
            yield lambda *args, **options: pending.append(
                pool.submit(output.write_map, *args, **options)
            )
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise
        for future in pending:
            future.result()


def _common(series, recipe):
    """What every sidecar of a run says."""
    common = {"Recipe": recipe.as_dict(), "BValues": series.b.tolist()}
    return common | (
        {"NumberOfAverages": series.averages.tolist()} if series.averages is not None else {}
    )


def _write_preferred(write, folder, fitted, series, recipe, prefix):
    """The map of the model with the lowest AICc, where there are several."""
    if len(fitted) < 2:
        return
    scores = [
        maps["aicc"] * (np.nan if partial(recipe.method(model)) else 1)
        for model, maps in fitted.items()
    ]
    levels = {"-1": "none"} | {str(place): model for place, model in enumerate(fitted)}
    write(
        folder,
        f"{prefix}desc-preferred_dwimap",
        preferred(scores),
        series.grid,
        text="model with the lowest AICc, of those fitted to all samples",
        details=_common(series, recipe) | {"Levels": levels},
    )


def preferred(scores: Sequence[np.ndarray]) -> np.ndarray:
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
    stack = np.stack([np.where(np.isnan(score), np.inf, score) for score in scores])
    best = stack.argmin(axis=0).astype(np.int8)
    return np.where(np.isinf(stack).all(axis=0), np.int8(-1), best)


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


def _write_model(write, folder, maps, model, series, recipe, prefix):
    """Every map of one model, the standard error beside each parameter, and why voxels have no
    value.
    """
    details = _common(series, recipe) | _model_details(model, recipe, series)

    def put(key, name, text, **options):
        file = output.map_name(prefix, model, *name)
        write(folder, file, maps[key], series.grid, **{"text": text, "details": details} | options)

    for name in MODELS[model].parameters:
        text = f"{parameters.long_name(name)}, {model} model"
        unit, own = output.unit_of(name), details | {"Parameter": name}
        put(name, (name,), text, unit=unit, details=own, shown=parameters.REGISTRY[name].shown)
        put(f"{name}_se", (name, "stderr"), f"standard error of {text}", unit=unit, details=own)
    rms = "root mean square of the residuals"
    put("residual", ("residual",), f"{rms}, {model} model")
    put("aicc", ("aicc",), f"corrected Akaike information criterion, {model} model")
    levels = {str(code): text for code, text in REASONS.items()}
    text = f"why a voxel has no value or a remark, {model} model"
    put("reason", ("reason",), text, details=details | {"Levels": levels})
