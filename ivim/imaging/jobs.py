"""The jobs on one scan: fit its regions (`ivim fit`), look at regions and write them (`ivim
roi`).
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ivim import files
from ivim.imaging import regions
from ivim.imaging.formats import load_regions, read_grid, read_regions, write_regions
from ivim.imaging.guard import check_target
from ivim.imaging.series import read_series, sidecar
from ivim.imaging.signals import fit_table, signal_remarks
from ivim.signal.models import STUDY_MODELS
from ivim.signal.recipe import get_recipe

WALD = """\
The limits are Wald's (value +- t x SE). The likelihood of ADC fast is skewed: in single voxels they
hold it less often than 95 % (section "limits" of benchmarks/results.md); those of a profile, in
Python ivim.fit(...).confidence(limits="profile"), about as often as they say."""
"""What stands below limits of D* wherever they are printed."""

if TYPE_CHECKING:
    import pandas as pd

    from ivim.imaging.series import Series
    from ivim.signal.recipe import Recipe


def fit_rois(
    dwi: str | Path,
    bval: str | Path | None,
    roi: str | Path,
    *,
    recipe: str | Path | Recipe,
    averages: Sequence[float] | None = None,
    models: Sequence[str] = STUDY_MODELS,
    label: str | int | None = None,
    resample: bool = False,
    out: str | Path | None = None,
    force: bool = False,
) -> tuple[pd.DataFrame, list[str]]:
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
        As of :func:`ivim.imaging.signals.fit_table`.
    notes : list of str
        Lines for a person: each region's size and remarks, how it was fitted.

    Raises
    ------
    ValueError
    """
    recipe = recipe_for(recipe, models)
    if out is not None:
        check_target(out, inputs_of(dwi, bval, roi), force)
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


def list_rois(
    path: str | Path,
    like: str | Path | None = None,
    *,
    only: str | int | None = None,
    resample: bool = False,
) -> list[str]:
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


def convert_rois(
    path: str | Path,
    out: str | Path,
    like: str | Path,
    *,
    only: str | int | None = None,
    resample: bool = False,
    force: bool = False,
) -> list[str]:
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


def recipe_for(recipe: str | Path | Recipe, models: Sequence[str]) -> Recipe:
    """The recipe, when its name says something of the models; ``segmented`` is for one of them
    alone.

    Parameters
    ----------
    recipe : str, path or Recipe
    models : sequence of str

    Returns
    -------
    Recipe

    Raises
    ------
    ValueError
        When the recipe is unknown or cannot be read.
    """
    chosen = get_recipe(recipe)
    if chosen.name == "segmented" and "biexponential" not in models:
        msg = f"recipe 'segmented' is for the biexponential model, not for {', '.join(models)}"
        raise ValueError(msg)
    return chosen


def inputs_of(dwi: str | Path, bval: str | Path | None, roi: str | Path | None) -> tuple:
    """The files that a run reads and that no output may replace.

    Parameters
    ----------
    dwi, bval, roi : path or None

    Returns
    -------
    tuple of path or None
    """
    return (dwi, bval, roi, sidecar(dwi, ".bval"), sidecar(dwi, ".json"))


def weights_text(series: Series) -> str:
    """In words, how the samples of a series are weighted.

    Parameters
    ----------
    series : Series

    Returns
    -------
    str
    """
    if series.averages is None:
        return "equal (no averages given)"
    return "averages " + ",".join(f"{n:g}" for n in series.averages)


def fit_text(table: pd.DataFrame) -> str:
    """The table of :func:`fit_rois` as text for a terminal.

    Parameters
    ----------
    table : DataFrame

    Returns
    -------
    str
    """
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
    if "adc_fast" in set(table["parameter"]):
        lines += ["", WALD]
    return "\n".join(lines)


def _digits(value):
    return f"{value:.4g}" if np.isfinite(value) else "-"
