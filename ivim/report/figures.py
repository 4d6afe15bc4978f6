"""Figure 3 and its companions: ROC curves, parameters by group, readers' differences; each with its
plotted numbers.

Files are the same bytes for the same numbers: no date, no version and a fixed salt in them, and
points spread without chance.
"""

from contextlib import contextmanager
from typing import Any

import numpy as np
import pandas as pd

from ivim import parameters
from ivim.cohort import Cohort
from ivim.report import printing
from ivim.report.cells import spans
from ivim.report.palette import COLOURS, MARKS, REFERENCE, colours, lines, styled
from ivim.report.picture import save_figure as save_figure


def roc_figure(curves: dict, note: str = "") -> Any:
    """ROC curves with their operating points, as the article's Figure 3.

    Parameters
    ----------
    curves : dict of str to ivim.stats.roc.Roc
        Marker name -> curve.
    note : str
        Small print below the axes, for example that the cohort is reconstructed.

    Returns
    -------
    figure : matplotlib.figure.Figure
    data : DataFrame
        ``marker, threshold, fpr, tpr, operating``; `operating` marks the Youden cut-off.
    """
    with _styled() as plt:
        figure, axes = plt.subplots(figsize=(5.6, 5.8), layout="constrained")
        axes.plot([0, 1], [0, 1], color=REFERENCE, linewidth=1, linestyle=(0, (1, 3)))
        for (name, curve), look in zip(curves.items(), lines(len(curves)), strict=True):
            text = (
                f"{label(name)}: {printing.with_limits(curve.auc, curve.ci_low, curve.ci_high, 3)}"
            )
            axes.plot(curve.curve["fpr"], curve.curve["tpr"], **look, linewidth=2.2, label=text)
            point = 1 - curve.specificity, curve.sensitivity
            axes.plot(
                *point, "o", color=look["color"], markeredgecolor="white", markersize=9, zorder=5
            )
        axes.set(
            xlim=(-0.015, 1.015),
            ylim=(-0.015, 1.015),
            aspect="equal",
            xlabel="1 − specificity",
            ylabel="Sensitivity",
        )
        axes.legend(
            title="AUC (95% CI); dot: Youden cut-off",
            loc="lower right",
            alignment="left",
            fontsize=9,
            title_fontsize=9,
        )
        _small_print(figure, note)
    parts = [
        curve.curve.assign(marker=name, operating=curve.curve["threshold"] == curve.cutoff)
        for name, curve in curves.items()
    ]
    return figure, pd.concat(parts, ignore_index=True)[
        ["marker", "threshold", "fpr", "tpr", "operating"]
    ]


def group_figure(
    cohort: Cohort, note: str = "", column: str = "group", values: pd.DataFrame | None = None
) -> Any:
    """Every parameter by group: box (median, quartiles), whiskers to 1.5 times the box, and every
    patient as a point.

    Parameters
    ----------
    cohort : ivim.cohort.Cohort
    note : str
    column : {"group", "primary"}
        What the boxes are of.
    values : DataFrame, optional
        The patients that are drawn, rows of ``cohort.values``; by default all.

    Returns
    -------
    figure : matplotlib.figure.Figure
    data : DataFrame
        ``patient, group, primary, parameter, value`` in table units.
    """
    import seaborn as sns

    values = cohort.values if values is None else values
    known = cohort.groups if column == "group" else cohort.primaries
    names = [name for name in known if (values[column] == name).any()]
    data = values.melt(
        ["patient", "group", "primary"], list(cohort.parameters), "parameter", "value"
    )
    data = data.dropna(subset="value")
    look = {"palette": dict(zip(names, colours(len(names)), strict=True)), "legend": False}
    look |= {"x": column, "y": "value", "hue": column, "order": names, "hue_order": names}
    with _styled() as plt:
        figure, panels = _panels(plt, len(cohort.parameters), width=2.9, height=3.0)
        shown = data.groupby("parameter", sort=False)
        for axes, (name, part) in zip(panels, shown, strict=True):
            common = look | {"data": part, "ax": axes}
            box = {"width": 0.55, "showfliers": False, "linewidth": 1, "boxprops": {"alpha": 0.28}}
            sns.boxplot(**common, **box)
            sns.stripplot(**common, size=min(3.8, 130 / len(values) + 2), jitter=False)
            _spread(axes.collections)
            axes.set(xlabel="", ylabel=axis_label(name), title=label(name))
            axes.grid(axis="x", visible=False)
        _small_print(figure, note)
        _settle(figure)
    return figure, data


def bland_altman_figure(cohort: Cohort, limits: pd.DataFrame, note: str = "") -> Any:
    """Difference of two readers against their mean, with bias and limits of agreement, for every
    parameter.

    Parameters
    ----------
    cohort : ivim.cohort.Cohort
    limits : DataFrame
        What :func:`ivim.bland_altman` gives; with more than two readers the first pair is drawn.
    note : str

    Returns
    -------
    figure : matplotlib.figure.Figure
    data : DataFrame
        ``parameter, patient, a, b, mean, difference``; `difference` is reader a minus reader b,
        table units.
    """
    limits = limits.drop_duplicates("parameter")
    data = differences(cohort, limits)
    with _styled() as plt:
        figure, panels = _panels(plt, len(limits), width=3.0, height=2.5)
        for axes, row in zip(panels, limits.itertuples(), strict=True):
            part = data[data["parameter"] == row.parameter]
            axes.axhspan(row.lower, row.upper, color=COLOURS[0], alpha=0.07, linewidth=0)
            for height, style in (
                (row.lower, (0, (4, 3))),
                (row.bias, "-"),
                (row.upper, (0, (4, 3))),
            ):
                axes.axhline(height, color=COLOURS[1], linewidth=1.2, linestyle=style)
            axes.plot(
                part["mean"],
                part["difference"],
                "o",
                color=COLOURS[0],
                markersize=4,
                markeredgecolor="white",
            )
            decimals = printing.decimals_of(row.parameter, row.sd)
            found = (
                f"{printing.number(row.bias, decimals + 1)} ± "
                f"{printing.half_up(1.96 * row.sd, decimals + 1)}"
            )
            axes.set_title(f"{label(row.parameter)}: {found}", fontsize=10.5)
            axes.set(
                xlabel=_with_unit("Mean of the readers", row.parameter),
                ylabel=_with_unit(f"{row.a} − {row.b}", row.parameter),
            )
        _small_print(figure, note)
        _settle(figure)
    return figure, data


def plane_figure(cohort: Cohort, model: pd.DataFrame, note: str = "") -> Any:
    """Two predictors of a logistic regression against each other, with the line where the fitted
    probability is one half.

    Parameters
    ----------
    cohort : ivim.cohort.Cohort
    model : DataFrame
        Table 4, with exactly two predictors.
    note : str

    Returns
    -------
    figure : matplotlib.figure.Figure
    data : DataFrame
        ``patient, group``, the two predictors, and the fitted ``probability`` of disease.

    Raises
    ------
    ValueError
        When the regression has not exactly two predictors.
    """
    from ivim.stats.logistic import predict

    if len(model) != 3:
        msg = f"the plane needs a regression with two predictors; met {', '.join(model['term'])}"
        raise ValueError(msg)
    (_, across, up), (intercept, b_across, b_up) = model["term"], model["b"]
    data = cohort.values[["patient", "group", across, up]].assign(
        probability=predict(model, cohort.values)
    )
    with _styled() as plt:
        figure, axes = plt.subplots(figsize=(5.8, 4.8), layout="constrained")
        for group, colour, marker in zip(
            cohort.groups,
            colours(len(cohort.groups)),
            (MARKS * len(cohort.groups))[: len(cohort.groups)],
            strict=True,
        ):
            members = data[data["group"] == group]
            axes.plot(
                members[across],
                members[up],
                marker,
                color=colour,
                markeredgecolor="white",
                markersize=6,
                label=group,
            )
        limits = axes.get_xlim(), axes.get_ylim()
        ends = data[across].min(), data[across].max()
        heights = [-(intercept + b_across * end) / b_up for end in ends]
        axes.plot(ends, heights, color="#3b444c", linewidth=1.3, label="probability ½")
        axes.set(xlim=limits[0], ylim=limits[1], xlabel=axis_label(across), ylabel=axis_label(up))
        axes.legend(fontsize=9)
        _small_print(figure, note)
    return figure, data


def calibration_figure(analysis: Any, note: str = "", groups: int = 5) -> Any:
    """Observed share of the diseased against the fitted probability, in groups of equal size.

    Parameters
    ----------
    analysis : ivim.report.analysis.Analysis
    note : str
    groups : int
        Fifths by default, so that each group of a small study keeps a dozen patients.

    Returns
    -------
    figure : matplotlib.figure.Figure
    data : DataFrame
        What :func:`ivim.stats.calibration.calibration` gives.
    """
    from ivim.stats.calibration import calibration
    from ivim.stats.logistic import predict

    chance = predict(analysis.table4, analysis.outcome)
    data = calibration(analysis.outcome["outcome"], chance, bins=groups)
    with _styled() as plt:
        figure, axes = plt.subplots(figsize=(5.2, 5.0), layout="constrained")
        axes.plot([0, 1], [0, 1], color=REFERENCE, linestyle=(0, (1, 3)), label="perfect")
        spread = [data["observed"] - data["ci_low"], data["ci_high"] - data["observed"]]
        axes.errorbar(
            data["predicted"],
            data["observed"],
            spread,
            fmt="o",
            color=COLOURS[0],
            capsize=3,
            label="fifths of the patients, 95% CI",
        )
        axes.set(xlim=(-0.03, 1.03), ylim=(-0.03, 1.03), aspect="equal")
        axes.set(xlabel="Fitted probability of disease", ylabel="Observed share of the diseased")
        axes.legend(loc="upper left", fontsize=9)
        _small_print(figure, note)
    return figure, data


def prevalence_figure(table: pd.DataFrame, prevalence: float, note: str = "") -> Any:
    """Predictive values of each marker against the share of the diseased, at their cut-offs.

    Parameters
    ----------
    table : DataFrame
        Table 5.
    prevalence : float
        Where a vertical line stands.
    note : str

    Returns
    -------
    figure : matplotlib.figure.Figure
    data : DataFrame
        ``marker, prevalence, ppv, npv``.
    """
    shares = np.arange(1, 100) / 100
    parts = []
    for row in table.itertuples():
        right, wrong = row.sensitivity * shares, (1 - row.specificity) * (1 - shares)
        healthy, missed = row.specificity * (1 - shares), (1 - row.sensitivity) * shares
        values = {"ppv": right / (right + wrong), "npv": healthy / (healthy + missed)}
        parts.append(pd.DataFrame({"marker": row.marker, "prevalence": shares, **values}))
    data = pd.concat(parts, ignore_index=True)
    with _styled() as plt:
        figure, panels = plt.subplots(1, 2, figsize=(9, 4), sharey=True, layout="constrained")
        titles = {"ppv": "Positive predictive value", "npv": "Negative predictive value"}
        looks = lines(len(table))
        for axes, (name, title) in zip(panels, titles.items(), strict=True):
            for (marker, rows), look in zip(data.groupby("marker", sort=False), looks, strict=True):
                axes.plot(100 * rows["prevalence"], 100 * rows[name], **look, label=label(marker))
            axes.axvline(100 * prevalence, color=REFERENCE, linestyle=(0, (1, 3)))
            axes.set(title=title, xlabel="Share of the diseased among those examined (%)")
            axes.set(xlim=(0, 100), ylim=(0, 101))
        panels[0].set_ylabel("Of 100 such results, right (%)")
        panels[0].legend(fontsize=9)
        _small_print(figure, note)
    return figure, data


def label(name: str) -> str:
    """A parameter's or marker's label with the article's subscripts, as matplotlib sets them.

    Parameters
    ----------
    name : str

    Returns
    -------
    str
    """
    from ivim.report.layout import marker_label

    wrap = {"": "{}", "_": "$_{{\\mathrm{{{}}}}}$", "^": "$^{{{}}}$", "/": "$\\mathit{{{}}}$"}
    return "".join(
        wrap[style].format(piece if style else piece.replace("$", r"\$"))
        for style, piece in spans(marker_label(name))
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
    return _with_unit(label(name), name)


def _with_unit(text, name):
    return f"{text} ({parameters.unit(name)})" if parameters.unit(name) else text


def small_print(cohort: Cohort) -> str:
    """The sentence below a figure that says whose numbers it shows; empty for a table of one's
    own.

    Parameters
    ----------
    cohort : ivim.cohort.Cohort

    Returns
    -------
    str
    """
    return "Reconstructed cohort, not the patients of the article." if cohort.reconstructed else ""


@contextmanager
def _styled():
    """Matplotlib in the house style, only within the ``with`` block."""
    import matplotlib.pyplot as plt

    with styled():
        yield plt


def _panels(plt, count, width, height):
    across = min(3, count)
    down = -(-count // across)
    size = (width * across + 0.4, height * down + 0.3)
    figure, panels = plt.subplots(down, across, figsize=size, layout="constrained", squeeze=False)
    for axes in panels.flat[count:]:
        axes.set_axis_off()
    return figure, list(panels.flat[:count])


def differences(cohort: Cohort, limits: pd.DataFrame) -> pd.DataFrame:
    """Every difference that :func:`bland_altman_figure` draws.

    Parameters
    ----------
    cohort : ivim.cohort.Cohort
    limits : DataFrame
        What :func:`ivim.bland_altman` gives; of each parameter the first pair of readers.

    Returns
    -------
    DataFrame
        ``parameter, patient, a, b, mean, difference``.
    """
    first = limits.drop_duplicates("parameter")
    return pd.concat([_differences(cohort, row) for row in first.itertuples()], ignore_index=True)


def _differences(cohort, row):
    wide = cohort.measurements.pivot(index="patient", columns="reader", values=row.parameter).loc[
        cohort.patients["patient"]
    ]
    pair = {"mean": (wide[row.a] + wide[row.b]) / 2, "difference": wide[row.a] - wide[row.b]}
    return pd.DataFrame(
        {"parameter": row.parameter, "patient": wide.index, "a": row.a, "b": row.b, **pair}
    ).round(10)


def _small_print(figure, note):
    if note:
        figure.supxlabel(note, fontsize=8, color="#5f6b78", x=0.01, ha="left")


def _spread(collections, step=0.055, levels=30):
    """Move points of about the same height apart, side by side around their middle: no chance, so
    the same picture each time."""
    heights = [np.asarray(points.get_offsets()) for points in collections]
    everything = np.concatenate([offsets[:, 1] for offsets in heights])
    height = np.ptp(everything) / levels or 1.0
    for points, offsets in zip(collections, heights, strict=True):
        level = pd.Series(np.floor((offsets[:, 1] - everything.min()) / height))
        place, count = level.groupby(level).cumcount(), level.groupby(level).transform("size")
        offsets[:, 0] += (place - (count - 1) / 2) * min(step, 0.8 / count.max())
        points.set_offsets(offsets)


def _settle(figure):
    """Lay the panels out once; each later drawing then costs half."""
    figure.draw_without_rendering()
    figure.set_layout_engine("none")
