"""The panels of Figures 1 and 2, drawn from a measured phantom."""

from typing import TYPE_CHECKING

import numpy as np

from ivim import parameters
from ivim.imaging import output
from ivim.synthetic import cases, phantom

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SHOWN_B = 800
SCALE_BAR_MM = 20.0
READER_COLOURS = ("#ffffff", "#39d0ff")


def draw_panels(measured: cases.Measured, figure: str) -> "Figure":
    """The article's panels b to h: the diffusion-weighted image and the six maps around the
    vertebra, with the readers' ROIs.

    Parameters
    ----------
    measured : ivim.synthetic.cases.Measured
        Of :func:`ivim.synthetic.cases.measure_case` with the whole window.
    figure : {"figure1", "figure2"}

    Returns
    -------
    matplotlib.figure.Figure
    """
    import matplotlib.pyplot as plt

    from ivim.report.palette import styled

    beside = cases.beside_caption(measured, figure).set_index("parameter")
    # Made outside of the style's context, which would take the notebook's interactive mode back
    # with it.
    drawn = plt.figure(
        figsize=(13.6, 6.6), layout="constrained", facecolor="white", edgecolor="white", dpi=96
    )
    with styled(axes_grid=False):
        axes = drawn.subplots(2, 4)
        _draw_slice(axes.flat[0], measured)
        _draw_dwi(axes.flat[1], measured)
        for place, name in zip(axes.flat[2:], parameters.SIX, strict=True):
            shown, tied = (
                part[name][:, :, 0][cases.WINDOW] for part in (measured.maps, measured.ties)
            )
            output.draw_map(place, shown, name, tied=tied)
            unit = {"": "", "mm²/s": " mm²/s"}.get(
                beside.loc[name, "unit"], f" × {beside.loc[name, 'unit']}"
            )
            place.set_title(
                f"{parameters.label(name)}: {beside.loc[name, 'measured']}{unit}", fontsize=10
            )
            _letter(place, cases.PANELS[name])
            _draw_rois(place, measured)
        _scale_bar(axes.flat[1])
        drawn.suptitle(f"Synthetic phantom, not a patient: {measured.case.title}", fontsize=12)
        if any(tied[cases.WINDOW].any() for tied in measured.ties.values()):
            drawn.supxlabel(output.TIED_TEXT, fontsize=8, x=0.99, ha="right")
    return drawn


def _draw_slice(axes, measured):
    """The whole slice at the lowest b, with the part that the panels show."""
    from matplotlib.patches import Rectangle

    axes.imshow(measured.phantom.series.data[:, :, 0, 0].T, cmap="gray", interpolation="nearest")
    x, y = cases.WINDOW
    axes.add_patch(
        Rectangle(
            (x.start, y.start), x.stop - x.start, y.stop - y.start, fill=False, edgecolor="#ffd84d"
        )
    )
    axes.set(xticks=[], yticks=[])
    axes.set_title("whole slice, b = 0; frame: panels b to h", fontsize=9)


def _draw_dwi(axes, measured):
    """Panel b: the diffusion-weighted image that the readers drew on."""
    series = measured.phantom.series
    image = series.data[:, :, 0, int(np.flatnonzero(series.b == SHOWN_B)[0])][cases.WINDOW]
    shown = axes.imshow(image.T, cmap="gray", vmin=0, interpolation="nearest")
    bar = axes.figure.colorbar(shown, ax=axes, fraction=0.046, pad=0.02)
    bar.set_label("signal (lesion at b = 0: 1)", fontsize=8)
    bar.ax.tick_params(labelsize=8)
    axes.set(xticks=[], yticks=[])
    axes.set_title(f"DWI, b = {SHOWN_B} s/mm²", fontsize=10)
    _letter(axes, "b")
    _draw_rois(axes, measured)


def _draw_rois(axes, measured):
    for mask, colour in zip(measured.phantom.rois.values(), READER_COLOURS, strict=True):
        axes.contour(mask[:, :, 0][cases.WINDOW].T, levels=[0.5], colors=[colour], linewidths=1.2)


def _letter(axes, letter):
    axes.text(
        0.03,
        0.96,
        letter,
        transform=axes.transAxes,
        va="top",
        color="white",
        fontweight="bold",
        fontsize=11,
        bbox={"facecolor": "black", "edgecolor": "none", "pad": 2},
    )


def _scale_bar(axes):
    length = SCALE_BAR_MM / phantom.PIXEL_MM
    axes.plot(
        [6, 6 + length],
        [axes.get_ylim()[0] - 6] * 2,
        color="white",
        linewidth=3,
        solid_capstyle="butt",
    )
    axes.text(
        6 + length / 2,
        axes.get_ylim()[0] - 9,
        f"{SCALE_BAR_MM:g} mm",
        color="white",
        ha="center",
        va="bottom",
        fontsize=8,
    )
