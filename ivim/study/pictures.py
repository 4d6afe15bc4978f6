"""The pictures of a quality page, each as a PNG in memory: scan with ROIs, six maps, curve with its
fits."""

from __future__ import annotations

import base64
import io
from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING

import numpy as np

import ivim
from ivim.imaging.output import TIED_TEXT, as_displayed, draw_map
from ivim.report.palette import lines, plain_ticks
from ivim.signal.models import MODELS, STUDY_MODELS

if TYPE_CHECKING:
    from ivim.imaging.grid import Grid
    from ivim.imaging.series import Series

MARGIN_MM = 12.0
"""Around the ROIs, so that a reader sees what they lie in."""

COLOURS = ("#e69f00", "#56b4e9", "#009e73", "#cc79a7")
"""Of the readers: Okabe and Ito's colours, told apart by all eyes."""

# Fixed margins: a layout that measures every label draws each picture twice.
SCAN_MARGINS = {"left": 0.005, "right": 0.995, "bottom": 0.01, "top": 0.92, "wspace": 0.03}
MAP_MARGINS = {
    "left": 0.01, "right": 0.95, "bottom": 0.02, "top": 0.95, "wspace": 0.28, "hspace": 0.12,
}  # fmt: skip
CURVE_MARGINS = {"left": 0.13, "right": 0.98, "bottom": 0.11, "top": 0.97, "hspace": 0.08}


def same_for_all(draw: Callable[..., str]) -> Callable[..., str]:
    """A picture that a user's own settings of matplotlib do not change.

    Parameters
    ----------
    draw : callable

    Returns
    -------
    callable
    """

    @wraps(draw)
    def drawn(*given, **named):
        from matplotlib import style

        with style.context("default"):
            return draw(*given, **named)

    return drawn


def slice_shown(masks: list[np.ndarray]) -> int:
    """The slice that holds most of the ROIs.

    Parameters
    ----------
    masks : list of array of bool, shape (x, y, z)

    Returns
    -------
    int
        Index of the slice.
    """
    return int(np.argmax(np.any(masks, axis=0).sum(axis=(0, 1))))


def window_around(mask: np.ndarray, spacing: tuple[float, ...]) -> tuple[slice, slice]:
    """The part of a slice that holds the mask and a margin, as two slices.

    Parameters
    ----------
    mask : array of bool, shape (x, y)
    spacing : tuple of float, mm
        Of the grid.

    Returns
    -------
    tuple of slice
        Along x and y.
    """
    window = []
    for axis in (0, 1):
        span = np.flatnonzero(mask.any(axis=1 - axis))
        margin = int(np.ceil(MARGIN_MM / spacing[axis]))
        window.append(slice(max(int(span[0]) - margin, 0), int(span[-1]) + margin + 1))
    return window[0], window[1]


@same_for_all
def scan_picture(
    series: Series, masks: dict[str, np.ndarray], z: int, window: tuple[slice, slice]
) -> str:
    """The whole slice and the ROIs' surroundings at the lowest b, and these at the highest, with
    every reader's outline.

    Parameters
    ----------
    series : Series
    masks : dict of str to array of bool, shape (x, y, z)
        By reader.
    z : int
    window : tuple of two slices

    Returns
    -------
    str
        PNG as base64.
    """
    low, high = int(np.argmin(series.b)), int(np.argmax(series.b))
    everything = (slice(None), slice(None))
    figure, axes = _figure(1, 3, (10.5, 3.7), SCAN_MARGINS)
    shown = [(low, everything), (low, window), (high, window)]
    for place, (at, part) in zip(axes, shown, strict=True):
        image = series.data[:, :, z, at][part]
        place.imshow(
            as_displayed(image, series.grid).T,
            cmap="gray",
            vmin=0,
            vmax=float(np.nanquantile(image, 0.995)) or 1.0,
            aspect=series.grid.spacing[1] / series.grid.spacing[0],
        )
        for colour, mask in zip(_colours(masks), masks.values(), strict=True):
            _outline(place, as_displayed(mask[:, :, z][part], series.grid), colour)
        place.set_title(f"b = {series.b[at]:g} s/mm²", fontsize=9)
        place.set_axis_off()
    for colour, reader in zip(_colours(masks), masks, strict=True):
        axes[0].plot([], [], color=colour, label=reader)
    axes[0].legend(loc="lower left", fontsize=8, framealpha=0.7)
    return _png(figure)


@same_for_all
def maps_picture(
    maps: dict[str, np.ndarray],
    masks: dict[str, np.ndarray],
    z: int,
    window: tuple[slice, slice],
    grid: Grid,
    ties: dict[str, np.ndarray] | None = None,
) -> str:
    """The six maps around the ROIs, in the colours and ranges of every map of this project.

    Parameters
    ----------
    maps : dict of str to array, shape (x, y, z)
        In mm²/s.
    masks, z, window
        As for :func:`scan_picture`.
    grid : Grid
    ties : dict of str to array of bool, shape (x, y, z), optional
        By parameter, voxels where two sets of values fit equally well: drawn in grey.

    Returns
    -------
    str
        PNG as base64.
    """
    figure, axes = _figure(2, 3, (10.5, 6.4), MAP_MARGINS)
    grey = {name: as_displayed(tied[:, :, z][window], grid) for name, tied in (ties or {}).items()}
    for place, (name, values) in zip(axes, maps.items(), strict=True):
        shown = as_displayed(values[:, :, z][window], grid)
        draw_map(place, shown, name, spacing=grid.spacing, tied=grey.get(name))
        for colour, mask in zip(_colours(masks), masks.values(), strict=True):
            _outline(place, as_displayed(mask[:, :, z][window], grid), colour)
    if any(tied.any() for tied in grey.values()):
        figure.text(0.01, 0.002, TIED_TEXT, fontsize=7)
    return _png(figure)


@same_for_all
def curve_picture(signal: np.ndarray, series: Series, fits: dict[str, dict[str, float]]) -> str:
    """The mean signal of an ROI with the fits of the three models, and what they leave over.

    Parameters
    ----------
    signal : array, shape (n,)
    series : Series
    fits : dict of str to dict of str to float
        Values by model and parameter name, in mm²/s; a model without a fit is left out.

    Returns
    -------
    str
        PNG as base64.
    """
    from matplotlib.ticker import LogLocator

    figure, (top, below) = _figure(
        2, 1, (6.4, 4.8), CURVE_MARGINS, sharex=True, height_ratios=(3, 1)
    )
    top.semilogy(series.b, signal, "o", color="#222222", markersize=5, label="measured", zorder=5)
    b = np.linspace(0, series.b.max(), 200)
    for model, look in zip(STUDY_MODELS, lines(len(STUDY_MODELS)), strict=True):
        if model in fits:
            curve = MODELS[model].function
            line = top.plot(b, curve(b, **fits[model]), **look, label=model)[0]
            left = signal - curve(series.b, **fits[model])
            below.plot(series.b, left, "o", color=line.get_color(), markersize=4)
    below.axhline(0, color="#888888", linewidth=0.8)
    top.set_ylabel("signal")
    below.set_ylabel("residual")
    below.set_xlabel("b (s/mm²)")
    top.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    plain_ticks(top.yaxis)
    top.legend(fontsize=8, frameon=False)
    return _png(figure)


def _figure(rows, columns, size, margins, **options):
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=size)
    FigureCanvasAgg(figure)
    axes = figure.subplots(rows, columns, **options)
    figure.subplots_adjust(**margins)
    return figure, np.ravel(axes)


def _png(figure):
    target = io.BytesIO()
    figure.savefig(target, dpi=80, metadata={"Software": f"ivim {ivim.__version__}"})
    return base64.b64encode(target.getvalue()).decode("ascii")


def _outline(axes, mask, colour):
    if mask.any() and not mask.all():
        axes.contour(mask.T.astype(float), levels=[0.5], colors=[colour], linewidths=1.3)


def _colours(masks):
    return [COLOURS[at % len(COLOURS)] for at in range(len(masks))]
