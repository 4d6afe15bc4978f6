"""What a reader moves in the notebooks of the statistics: how common the disease is."""

from typing import Any

from ivim.cohort import Cohort
from ivim.report import figures
from ivim.report.analysis import analyse
from ivim.report.minutes import listed
from ivim.report.printing import half_up
from ivim.report.widget import Explorer, Slider


def prevalence(cohort: Cohort) -> Any:
    """Predictive values of each marker, with a slider for the share of the diseased.

    Parameters
    ----------
    cohort : ivim.cohort.Cohort

    Returns
    -------
    ivim.report.widget.Explorer or str
        A sentence with the reason where no marker has a cut-off.
    """
    table = analyse(cohort).table5
    if table.empty:
        return "Not drawn: no marker has a cut-off."

    def draw(prevalence=20):
        share = prevalence / 100
        note = figures.small_print(cohort)
        figure, data = figures.prevalence_figure(table, share, note)
        here = data[(data["prevalence"] * 100).round() == round(prevalence)]
        # Each in the corner that its curves leave free.
        for axes, name, x in zip(figure.axes, ("ppv", "npv"), (0.98, 0.02), strict=True):
            told = [
                f"{listed(row.marker.split('+'))}: {half_up(100 * getattr(row, name), 0)} %"
                for row in here.itertuples()
            ]
            side = "right" if x > 0.5 else "left"
            axes.text(x, 0.04, "\n".join(told), transform=axes.transAxes, ha=side, fontsize=9)
        alt = (
            f"Predictive values where {prevalence} of 100 examined have the disease: "
            + "; ".join(
                f"{row.marker} positive {half_up(100 * row.ppv, 0)} %, "
                f"negative {half_up(100 * row.npv, 0)} %"
                for row in here.itertuples()
            )
        )
        return figure, alt

    return Explorer(draw, [Slider("prevalence", "Of 100 examined, diseased", 1, 99, 1)])
