"""The two jobs on one scan: fit its ROIs (`ivim fit`), and make its maps (`ivim maps`)."""

import os
from pathlib import Path

import numpy as np

from ivim import study
from ivim.imaging import output, roi
from ivim.imaging.measure import adc_pair, fit_table
from ivim.imaging.series import read_series


def fit_rois(dwi, bval, mask, *, averages=None, models=tuple(study.MODELS), label=None, out=None, force=False):
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
        _check_target(out, force)
    series = read_series(dwi, bval, averages)
    masks = roi.read_labels(mask, series.grid)
    if label is not None:
        masks = {label: roi.read_roi(mask, series.grid, label)}
    notes = [f"ROI {number}: {roi.describe(one, series.grid)}" for number, one in masks.items()]
    notes.append(f"fit of the mean signal at {len(series.b)} b-values; weights: {weights_text(series)}")
    table = fit_table(series, masks, models)
    if out is not None:
        part = Path(out).with_name(f".{Path(out).name}.{os.getpid()}.part")
        table.to_csv(part, index=False, float_format="%.10g", lineterminator="\n")
        os.replace(part, out)
    return table, notes


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
        lines.append(f"\nROI {number}  {model}  AICc {rows['aicc'].iloc[0]:.2f} (+{rows['delta'].iloc[0]:.2f}){best}")
        lines.append(f"  {'':<10}{'value':>12}{'SE':>12}{'95 % limits':>26}")
        for row in rows.itertuples():
            limits = f"{_digits(row.ci_low)} to {_digits(row.ci_high)}" if np.isfinite(row.ci_low) else "-"
            tail = f"  {row.unit}" + (f"  ({row.note})" if row.note else "")
            lines.append(f"  {row.parameter:<10}{_digits(row.value):>12}{_digits(row.stderr):>12}{limits:>26}{tail}".rstrip())
    return "\n".join(lines)


def _digits(value):
    return f"{value:.4g}" if np.isfinite(value) else "-"


def _check_target(path, force):
    path = Path(path)
    if path.exists() and not force:
        msg = f"{path}: exists already; give another name, or --force to replace it"
        raise ValueError(msg)
    if path.is_dir() or not path.absolute().parent.is_dir():
        msg = f"{path}: {'is a folder' if path.is_dir() else 'its folder does not exist'}; give the path of a CSV file"
        raise ValueError(msg)
