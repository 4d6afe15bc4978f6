"""Colours, line styles and marks of every figure: no two of them alike for any common colour
vision.

Between any two colours lie at least 15 units of CIEDE2000 for normal sight, protanopia and
deuteranopia alike (a test measures it); lines differ in their dashes as well, groups in their
marks.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import cycle, islice
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.axis import Axis
    from matplotlib.typing import RcKeyType

COLOURS = ("#2b6cb8", "#d4602a", "#16998a", "#2a1150", "#7a2a10", "#151515")
DASHES = ("-", (0, (6, 2)), (0, (2, 1.5)), (0, (6, 2, 1.5, 2)), (0, (9, 3)), (0, (1, 1)))
MARKS = "osD^vP"
REFERENCE = "#8a949d"
"""Of lines that are no data: a diagonal, a threshold."""

STYLE: "dict[RcKeyType, Any]" = {
    "svg.hashsalt": "ivim", "svg.fonttype": "none", "font.size": 10, "axes.spines.top": False,
    "axes.spines.right": False, "axes.grid": True, "grid.color": "#e6e9ec", "grid.linewidth": 0.7,
    "axes.axisbelow": True, "legend.frameon": False, "figure.facecolor": "white",
    "savefig.facecolor": "white", "figure.dpi": 96, "axes.formatter.use_mathtext": False,
}  # fmt: skip


@contextmanager
def styled(**more: Any) -> Iterator[ModuleType]:
    """Matplotlib in the house style within the ``with`` block; what a user has set for figures of
    their own changes nothing.

    Parameters
    ----------
    **more
        Further settings, with ``_`` for the dots of their names.

    Yields
    ------
    module
        ``matplotlib.pyplot``.
    """
    import matplotlib.pyplot as plt

    further = {name.replace("_", ".", 1): value for name, value in more.items()}
    with plt.style.context(["default", STYLE | further]):
        yield plt


def lines(count: int) -> list[dict]:
    """Colour and dashes of so many lines.

    Parameters
    ----------
    count : int

    Returns
    -------
    list of dict
        Keywords of matplotlib's ``plot``: ``color`` and ``linestyle``.
    """
    pairs = zip(cycle(COLOURS), cycle(DASHES), strict=False)
    return [{"color": colour, "linestyle": dash} for colour, dash in islice(pairs, count)]


def colours(count: int) -> list[str]:
    """So many colours; from the seventh on they repeat.

    Parameters
    ----------
    count : int

    Returns
    -------
    list of str
    """
    return list(islice(cycle(COLOURS), count))


def plain_ticks(axis: "Axis") -> None:
    """Write the ticks of a logarithmic axis as plain numbers, 0.1, 1, 10, instead of powers of ten.

    Parameters
    ----------
    axis : matplotlib.axis.Axis
    """
    from matplotlib.ticker import FuncFormatter, NullFormatter

    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axis.set_minor_formatter(NullFormatter())
