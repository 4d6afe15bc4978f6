"""Figure 3 and its companions: ROC curves, parameters by group, readers' differences; each with its
plotted numbers.

Files are the same bytes for the same numbers: no date, no version and a fixed salt in them, and
points spread without chance.
"""

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from ivim.cohort import Cohort
from ivim.report import printing
from ivim.report.analysis import Analysis
from ivim.report.drawing import (
    as_is,
    axis_label,
    label,
    panels,
    settle,
    spread,
    with_unit,
)
from ivim.report.drawing import small_print as write_below
from ivim.report.palette import COLOURS, MARKS, REFERENCE, colours, lines, styled
from ivim.report.picture import save_figure as save_figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from ivim.stats.roc import Roc


def roc_figure(curves: "dict[str, Roc]", note: str = "") -> "tuple[Figure, pd.DataFrame]":
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
    with styled() as plt:
        figure, axes = plt.subplots(figsize=(5.6, 5.8), layout="constrained")
        axes.plot([0, 1], [0, 1], color=REFERENCE, linewidth=1, linestyle=(0, (1, 3)))
        for (name, curve), look in zip(curves.items(), lines(len(curves)), strict=True):
            area = printing.with_limits(curve.auc, curve.ci_low, curve.ci_high, 3)
            text = f"{label(name, curves)}: {area}"
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
        write_below(figure, note)
    parts = [
        curve.curve.assign(marker=name, operating=curve.curve["threshold"] == curve.cutoff)
        for name, curve in curves.items()
    ]
    return figure, pd.concat(parts, ignore_index=True)[
        ["marker", "threshold", "fpr", "tpr", "operating"]
    ]


def group_figure(
    cohort: Cohort, note: str = "", column: str = "group", values: pd.DataFrame | None = None
) -> "tuple[Figure, pd.DataFrame]":
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
    with styled() as plt:
        figure, shown = panels(plt, len(cohort.parameters), width=2.9, height=3.0)
        parts = data.groupby("parameter", sort=False)
        for axes, (name, part) in zip(shown, parts, strict=True):
            common = look | {"data": part, "ax": axes}
            box = {"width": 0.55, "showfliers": False, "linewidth": 1, "boxprops": {"alpha": 0.28}}
            sns.boxplot(**common, **box)
            sns.stripplot(**common, size=min(3.8, 130 / len(values) + 2), jitter=False)
            spread(axes.collections)
            axes.set_xticks(range(len(names)), [as_is(name) for name in names])
            axes.set(xlabel="", ylabel=axis_label(name), title=label(name))
            axes.grid(axis="x", visible=False)
        write_below(figure, note)
        settle(figure)
    return figure, data


def bland_altman_figure(
    cohort: Cohort, limits: pd.DataFrame, note: str = ""
) -> "tuple[Figure, pd.DataFrame]":
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
    with styled() as plt:
        figure, shown = panels(plt, len(limits), width=3.0, height=2.5)
        for axes, row in zip(shown, limits.itertuples(), strict=True):
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
                xlabel=with_unit("Mean of the readers", row.parameter),
                ylabel=with_unit(as_is(f"{row.a} − {row.b}"), row.parameter),
            )
        write_below(figure, note)
        settle(figure)
    return figure, data


def plane_figure(
    cohort: Cohort, model: pd.DataFrame, note: str = ""
) -> "tuple[Figure, pd.DataFrame]":
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
    with styled() as plt:
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
                label=as_is(group),
            )
        limits = axes.get_xlim(), axes.get_ylim()
        ends = data[across].min(), data[across].max()
        heights = [-(intercept + b_across * end) / b_up for end in ends]
        axes.plot(ends, heights, color="#3b444c", linewidth=1.3, label="probability ½")
        axes.set(xlim=limits[0], ylim=limits[1], xlabel=axis_label(across), ylabel=axis_label(up))
        axes.legend(fontsize=9)
        write_below(figure, note)
    return figure, data


def calibration_figure(
    analysis: Analysis, note: str = "", groups: int = 5
) -> "tuple[Figure, pd.DataFrame]":
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
    with styled() as plt:
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
        write_below(figure, note)
    return figure, data


def prevalence_figure(
    table: pd.DataFrame, prevalence: float, note: str = ""
) -> "tuple[Figure, pd.DataFrame]":
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
    with styled() as plt:
        figure, shown = plt.subplots(1, 2, figsize=(9, 4), sharey=True, layout="constrained")
        titles = {"ppv": "Positive predictive value", "npv": "Negative predictive value"}
        looks = lines(len(table))
        for axes, (name, title) in zip(shown, titles.items(), strict=True):
            for (marker, rows), look in zip(data.groupby("marker", sort=False), looks, strict=True):
                axes.plot(
                    100 * rows["prevalence"],
                    100 * rows[name],
                    **look,
                    label=label(marker, table["marker"]),
                )
            axes.axvline(100 * prevalence, color=REFERENCE, linestyle=(0, (1, 3)))
            axes.set(title=title, xlabel="Share of the diseased among those examined (%)")
            axes.set(xlim=(0, 100), ylim=(0, 101))
        shown[0].set_ylabel("Of 100 such results, right (%)")
        shown[0].legend(fontsize=9)
        write_below(figure, note)
    return figure, data


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
