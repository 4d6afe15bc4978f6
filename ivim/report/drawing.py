"""How figures write and arrange things: labels as matplotlib sets them, the style, panels, points
beside each other."""

from collections.abc import Iterable, Sequence
from types import ModuleType
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from ivim import parameters
from ivim.report.cells import spans
from ivim.report.labels import marker_label

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.collections import Collection
    from matplotlib.figure import Figure


def as_is(text: str) -> str:
    """A user's name for matplotlib: a dollar sign in it begins no formula.

    Parameters
    ----------
    text : str

    Returns
    -------
    str
    """
    return text.replace("$", r"\$")


def label(name: str, markers: Iterable[str] = ()) -> str:
    """A parameter's or marker's label with the article's subscripts, as matplotlib sets them.

    Parameters
    ----------
    name : str
    markers : iterable of str
        All markers of the figure, where some may be combinations of others.

    Returns
    -------
    str
    """
    wrap = {"": "{}", "_": "$_{{\\mathrm{{{}}}}}$", "^": "$^{{{}}}$", "/": "$\\mathit{{{}}}$"}
    return "".join(
        wrap[style].format(piece if style else as_is(piece))
        for style, piece in spans(marker_label(name, markers))
    )


def axis_label(name: str) -> str:
    """Label and unit of an axis.

    Parameters
    ----------
    name : str

    Returns
    -------
    str
    """
    return with_unit(label(name), name)


def with_unit(text: str, name: str) -> str:
    """A text and the unit of a parameter in brackets, if it has one.

    Parameters
    ----------
    text : str
    name : str
        Of the parameter.

    Returns
    -------
    str
    """
    return f"{text} ({parameters.unit(name)})" if parameters.unit(name) else text


def panels(plt: ModuleType, count: int, width: float, height: float) -> "tuple[Figure, list[Axes]]":
    """Panels in rows of three.

    Parameters
    ----------
    plt : module
        What :func:`ivim.report.palette.styled` gives.
    count : int
    width, height : float
        Of one panel, inches.

    Returns
    -------
    figure : matplotlib.figure.Figure
    panels : list of matplotlib.axes.Axes
        As many as asked for.
    """
    across = min(3, count)
    down = -(-count // across)
    size = (width * across + 0.4, height * down + 0.3)
    figure, grid = plt.subplots(down, across, figsize=size, layout="constrained", squeeze=False)
    for axes in grid.flat[count:]:
        axes.set_axis_off()
    return figure, list(grid.flat[:count])


def small_print(figure: "Figure", note: str) -> None:
    """Write a note in small letters below a figure; nothing where it is empty.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
    note : str
    """
    if note:
        figure.supxlabel(note, fontsize=8, color="#5f6b78", x=0.01, ha="left")


def spread(collections: "Sequence[Collection]", step: float = 0.055, levels: int = 30) -> None:
    """Move points of about the same height apart, side by side around their middle: no chance, so
    the same picture each time.

    Parameters
    ----------
    collections : sequence of matplotlib.collections.Collection
        The points of each group.
    step : float
        Distance of neighbours, in units of the x axis.
    levels : int
        Into how many heights the range of all values is cut.
    """
    heights = [np.asarray(points.get_offsets()) for points in collections]
    everything = np.concatenate([offsets[:, 1] for offsets in heights])
    height = np.ptp(everything) / levels or 1.0
    for points, offsets in zip(collections, heights, strict=True):
        level = pd.Series(np.floor((offsets[:, 1] - everything.min()) / height))
        place, count = level.groupby(level).cumcount(), level.groupby(level).transform("size")
        offsets[:, 0] += (place - (count - 1) / 2) * min(step, 0.8 / count.max())
        points.set_offsets(offsets)


def settle(figure: "Figure") -> None:
    """Lay the panels out once; each later drawing then costs half.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
    """
    figure.draw_without_rendering()
    figure.set_layout_engine("none")
