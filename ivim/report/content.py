"""What a table says, whatever it is written as."""

from dataclasses import dataclass, field

import pandas as pd


@dataclass(frozen=True)
class Forest:
    """Estimates with limits drawn beside the rows of an HTML table, on one axis.

    Attributes
    ----------
    title : str
        Heading of the column.
    rows : list of tuple
        ``(estimate, low, high)`` per row of the table.
    axis : tuple of float
        The two ends of the axis; what lies beyond is drawn to its end.
    reference : float, optional
        Where "no effect" stands; a dashed line.
    """

    title: str
    rows: list[tuple[float, float, float]]
    axis: tuple[float, float]
    reference: float | None = None


@dataclass(frozen=True, repr=False)
class Content:
    """What stands in a table to print, and the numbers behind it.

    Attributes
    ----------
    name : str
        File name without ending.
    caption : str
        "Table 1. Patient demographics": what stands before the first full stop is set bold.
    frame : DataFrame
        The numbers at full precision, as the csv has them.
    layout : DataFrame of str
        The cells as printed, the row labels in the first column; a line break in a heading
        separates label and unit.
    footnotes : tuple of str
    forest : Forest, optional
    classes : DataFrame of str, optional
        CSS classes of the cells in HTML ("same", "differs").
    source : str
        Whose numbers they are ("reconstructed", "simulated", "own"), the last column of the csv.
        The tables whose columns are agreed on (:data:`ivim.report.frames.COLUMNS`) go without it.
    """

    name: str
    caption: str
    frame: pd.DataFrame
    layout: pd.DataFrame
    footnotes: tuple[str, ...] = ()
    forest: Forest | None = None
    classes: pd.DataFrame | None = field(default=None)
    source: str = ""
