"""The quality page of a patient: everything that a reader needs to see before the number is
believed.

A page holds its pictures and asks nothing of any network. It names the patient by the study's label
and nothing else.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ivim import parameters
from ivim.signal.models import MODELS
from ivim.study import measure, pictures

if TYPE_CHECKING:
    from jinja2 import Template

    from ivim.imaging.series import Series
    from ivim.signal.recipe import Recipe
    from ivim.study.layout import Patient
    from ivim.study.measure import Chosen, Options

TEMPLATES = Path(__file__).with_name("templates")

MANY_AT_BOUND = 0.2
"""Share of voxels at a bound from which a mean is rather that of the bound than of the tissue."""

LITTLE_OVERLAP = 0.5
"""Dice coefficient below which two readers measured more of different places than of the same."""

LOW_SNR = 10.0
"""SNR at the lowest b in one excitation below which b-values of some hundred s/mm² reach the noise
floor (Gudbjartsson and Patz 1995, Magn Reson Med 34:910: above an SNR of 3 magnitudes are nearly
unbiased; ADC 1e-3 leaves a third at b = 1200)."""


def page(
    patient: Patient,
    series: Series | None,
    chosen: dict[str, Chosen],
    record: dict,
    options: Options,
) -> str:
    """The page of one patient as HTML.

    Parameters
    ----------
    patient : ivim.study.layout.Patient
    series : Series or None
        None where it could not be read.
    chosen : dict of str to ivim.study.measure.Chosen
        What was measured, by reader.
    record : dict
        The rows, detail, overlap and flow of the patient; ``flags`` and ``snr`` are added.
    options : ivim.study.measure.Options

    Returns
    -------
    str
    """
    content: dict = {"label": patient.label, "group": patient.group, "record": record}
    content |= {"options": options, "rows": _value_rows(record), "snr": None, "figures": []}
    if series is not None and chosen:
        content |= _drawn(options, series, chosen)
        content |= _facts(series)
    content["flags"] = flags(record, content["snr"])
    record["flags"] = content["flags"]
    record["snr"] = content["snr"]
    return template("page.html").render(**content)


def flags(record: dict, snr: float | None = None) -> list[str]:
    """What asks for a second look at a patient, in sentences.

    Parameters
    ----------
    record : dict
    snr : float, optional

    Returns
    -------
    list of str
    """
    found = [
        f"{line['reader']}: {'' if line['status'] == 'used' else 'left out: '}{line['why']}"
        for line in record["flow"]
        if line["why"]
    ]
    for row in record["detail"]:
        share = row["at_bound"]
        # Alpha of 1 is a tissue without heterogeneity, not a fit that failed.
        if share and share >= MANY_AT_BOUND and row["parameter"] != "alpha":
            what = f"{parameters.label(row['parameter'])} at its bound in {share:.0%} of the voxels"
            found.append(f"{row['reader']}: {what}")
        if row["fitted"] and row["fitted"] < row["voxels"]:
            lost = row["voxels"] - row["fitted"]
            found.append(
                f"{row['reader']}: {parameters.label(row['parameter'])} not fitted in {lost} of "
                f"{row['voxels']} voxels"
            )
    found += [
        f"{row['reader_a']} and {row['reader_b']}: Dice coefficient {row['dice']:.2f}"
        for row in record["overlap"]
        if row["dice"] < LITTLE_OVERLAP
    ]
    if snr is not None and snr < LOW_SNR:
        found.append(f"SNR {snr:.1f} in one excitation: the noise floor bends the curve")
    return list(dict.fromkeys(found))


@lru_cache(maxsize=1)
def _environment():
    try:
        from jinja2 import Environment, FileSystemLoader, StrictUndefined
    except ImportError as error:
        msg = 'jinja2 is not installed; the pages need the extra "study": pip install "ivim[study]"'
        raise ValueError(msg) from error
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["table_number"] = table_number
    environment.globals["label_of"] = parameters.label
    environment.globals["unit_of"] = parameters.unit
    return environment


def template(name: str) -> Template:
    """A template of this room by its file name.

    Parameters
    ----------
    name : str

    Returns
    -------
    jinja2.Template
    """
    return _environment().get_template(name)


def table_number(value: float | None, digits: int = 3) -> str:
    """A number for a page: so many significant digits, a dash where there is none.

    Parameters
    ----------
    value : float or None
    digits : int

    Returns
    -------
    str
    """
    return "–" if value is None or not np.isfinite(value) else f"{value:.{digits}g}"


def _value_rows(record):
    """The values for the page's table: one row per parameter, one column per reader."""
    whole = {}
    for row in record["detail"]:
        whole.setdefault((row["parameter"], row["reader"]), row)
    readers = list(record["rows"])
    return [
        {"parameter": name, "cells": [whole[name, reader] for reader in readers]}
        for name in parameters.SIX
        if readers
    ]


def _drawn(options, series, chosen):
    """The pictures, and the SNR."""
    masks = {reader: one.mask for reader, one in chosen.items()}
    union = np.any(list(masks.values()), axis=0)
    z = pictures.slice_shown(list(masks.values()))
    window = pictures.window_around(union[:, :, z], series.grid.spacing)
    recipe = measure.with_noise_level(series, union, options.recipe)
    around = np.zeros_like(union)
    around[(*window, z)] = True
    maps, ties = measure.maps_with_ties(series, around, recipe)
    reader, mask = next(iter(masks.items()))
    signal = mean_signal(series, mask)
    names = " and ".join(masks)
    figures = [
        (
            f"Diffusion images with the ROI of {names}",
            f"Slice {z + 1}: whole at the lowest b, and the ROI's surroundings at the lowest and "
            f"the highest b, with the outline of {names}",
            pictures.scan_picture(series, masks, z, window),
        ),
        (
            "Parameter maps",
            f"Six maps around the ROI: {', '.join(map(parameters.long_name, maps))}",
            pictures.maps_picture(maps, masks, z, window, series.grid, ties),
        ),
        (
            f"Mean signal in the ROI of {reader}, with three fits",
            "Signal against b on a logarithmic scale with mono-exponential, bi-exponential and "
            "stretched fits, and their residuals below",
            pictures.curve_picture(signal, series, fits_of(signal, series, recipe)),
        ),
    ]
    return {"figures": figures, "snr": _snr(series, union, options.recipe.averaging)}


def fits_of(signal: np.ndarray, series: Series, recipe: Recipe) -> dict[str, dict[str, float]]:
    """Values of the models for one signal, by the compiled fit.

    Parameters
    ----------
    signal : array, shape (n,)
    series : Series
    recipe : Recipe

    Returns
    -------
    dict of str to dict of str to float
        By model and parameter, mm²/s; a model that could not be fitted is not there.
    """
    models = measure.fittable(series.b)
    found = recipe.maps(signal[None], series.b, series.averages, models=models, threads=1)
    return {
        model: {name: float(maps[name][0]) for name in MODELS[model].parameters}
        for model, maps in found.items()
        if bool(maps["success"][0])
    }


def mean_signal(series: Series, mask: np.ndarray) -> np.ndarray:
    """Mean signal over a mask, shape (n,); voxels that are not finite at every b are left out.

    Parameters
    ----------
    series : Series
    mask : array of bool, shape (x, y, z)

    Returns
    -------
    array, shape (n,)
    """
    signals = series.data[mask].astype(float)
    finite = np.isfinite(signals).all(axis=1)
    return signals[finite].mean(axis=0)


def _snr(series, mask, averaging):
    """Mean signal at the lowest b over the noise level of one excitation; None where it cannot be
    estimated."""
    if "biexponential" not in measure.fittable(series.b) or len(series.b) < 5:
        return None
    try:
        sigma = measure.noise_level(series, mask, averaging)
    except ValueError:
        return None
    signal = float(mean_signal(series, mask)[int(np.argmin(series.b))])
    return signal / sigma if sigma > 0 else None


def _facts(series):
    averages = "not known" if series.averages is None else _list(series.averages)
    return {
        "b_values": _list(series.b),
        "averages": averages,
        "grid": " × ".join(map(str, series.grid.shape)),
        "spacing": " × ".join(f"{edge:.3g}" for edge in series.grid.spacing),
    }


def _list(numbers):
    return ", ".join(f"{number:g}" for number in numbers)
