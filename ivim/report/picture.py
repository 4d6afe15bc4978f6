"""A figure with what belongs to it: its plotted numbers, what it shows in words, and whose numbers
they are. In a notebook it is an image with alternative text; on disk png, svg and csv.

Files are the same bytes for the same numbers: no date, no version and a fixed salt in them.
"""

import base64
import io
from dataclasses import dataclass, field
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from ivim.files import FITTED_DIGITS, csv_text
from ivim.report.palette import styled
from ivim.report.provenance import marked, results_folder, write_file

if TYPE_CHECKING:
    from matplotlib.figure import Figure

DPI, SCREEN_DPI = 180, 96


@dataclass(frozen=True, eq=False, repr=False)
class Picture:
    """A drawn figure.

    Attributes
    ----------
    name : str
        File name without ending.
    figure : matplotlib.figure.Figure
    data : DataFrame
        The plotted numbers.
    alt : str
        What the figure shows, for those who do not see it.
    source : str
        "reconstructed", "simulated", "own" or empty.
    """

    name: str
    figure: "Figure" = field(repr=False)
    data: pd.DataFrame
    alt: str
    source: str = ""

    def __repr__(self):
        return self.alt

    def _repr_html_(self):
        return html_image(png(self.figure, SCREEN_DPI), self.alt)

    def save(self, folder: str | Path | None = None) -> list[str]:
        """Write png, svg and csv.

        Parameters
        ----------
        folder : path, optional
            By default ``figures`` under :func:`ivim.report.provenance.results_folder`.

        Returns
        -------
        list of str
            File names.
        """
        return save_figure(self.figure, self.name, self.data, folder, self.alt, self.source)


def save_figure(
    figure: "Figure",
    name: str,
    data: pd.DataFrame,
    folder: str | Path | None = None,
    alt: str = "",
    source: str = "",
) -> list[str]:
    """Write a figure as png and svg with the plotted numbers beside it as csv, to six digits.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
    name : str
        File name without ending, for example "figure3".
    data : DataFrame
        The plotted numbers.
    folder : path, optional
        By default ``figures`` under :func:`ivim.report.provenance.results_folder`.
    alt : str
        What the figure shows; the title of the svg.
    source : str
        Whose numbers they are; the last column of the csv.

    Returns
    -------
    list of str
        File names.
    """
    folder = Path(folder or results_folder() / "figures")
    content = {
        "png": png(figure, DPI),
        "svg": _titled(_drawn(figure, "svg", {"Date": None, "Creator": None}), alt),
        "csv": csv_text(marked(data, source), FITTED_DIGITS),
    }
    return [write_file(folder / f"{name}.{kind}", part).name for kind, part in content.items()]


def png(figure: "Figure", dpi: int = SCREEN_DPI) -> bytes:
    """A figure as the bytes of a png file.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
    dpi : int

    Returns
    -------
    bytes
    """
    return _drawn(figure, "png", {"Software": None}, dpi)


def html_image(content: bytes, alt: str) -> str:
    """A png as an image with alternative text, which JupyterLab, nbconvert and a site all show.

    Parameters
    ----------
    content : bytes
    alt : str

    Returns
    -------
    str
    """
    encoded = base64.b64encode(content).decode("ascii")
    look = 'style="max-width:100%"'
    return f'<img alt="{escape(alt, quote=True)}" {look} src="data:image/png;base64,{encoded}">'


def _drawn(figure, kind, metadata, dpi=DPI):
    buffer = io.BytesIO()
    with styled():
        figure.savefig(buffer, format=kind, metadata=metadata, dpi=dpi, bbox_inches="tight")
    return buffer.getvalue()


def _titled(svg, alt):
    """The svg with a title, which a screen reader reads and a browser shows as a tip."""
    if not alt:
        return svg
    start = svg.index(b"<svg ")
    end = svg.index(b">", start) + 1
    return svg[:end] + f"\n <title>{escape(alt)}</title>".encode() + svg[end:]
