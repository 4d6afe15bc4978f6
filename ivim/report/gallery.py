"""The figures of a study by name: drawn, with their numbers, and told in words for those who do
not see them."""

from ivim import parameters
from ivim.cohort import Cohort
from ivim.report import figures
from ivim.report.analysis import analyse
from ivim.report.labels import marker_parts
from ivim.report.minutes import Sentences, listed
from ivim.report.picture import Picture
from ivim.report.printing import half_up


def draw(name: str, cohort: Cohort) -> Picture | Sentences:
    """One figure of the study.

    Parameters
    ----------
    name : str
        One of :data:`FIGURES`.
    cohort : ivim.cohort.Cohort

    Returns
    -------
    ivim.report.picture.Picture or ivim.report.minutes.Sentences
        A sentence with the reason where it cannot be drawn.

    Raises
    ------
    ValueError
        When there is no such figure.
    """
    if name not in FIGURES:
        msg = f"there is no figure {name!r}; there are {', '.join(FIGURES)}"
        raise ValueError(msg)
    import matplotlib.pyplot as plt

    made = FIGURES[name](cohort, analyse(cohort), figures.small_print(cohort))
    if isinstance(made, str):
        return Sentences((f"Not drawn: {made}.",))
    (figure, data), alt = made
    # The picture shows itself; an open figure would be shown a second time at the end of the cell.
    plt.close(figure)
    source = "reconstructed" if cohort.reconstructed else "own"
    whose = " Reconstructed cohort." if cohort.reconstructed else ""
    return Picture(name, figure, data, f"{alt}{whose}", source)


def _roc(cohort, analysis, note):
    if not analysis.curves:
        return "no marker has a curve; the footnotes of Table 5 say why"
    areas = ", ".join(
        f"{_marker(name, analysis.curves)} {half_up(curve.auc, 3)}"
        for name, curve in analysis.curves.items()
    )
    alt = f"ROC curves for {cohort.positive}, each with a dot at its Youden cut-off. AUC: {areas}."
    return figures.roc_figure(analysis.curves, note), alt


def _groups(cohort, analysis, note):
    means = _means(analysis.table2, cohort.groups)
    alt = f"Box plots of each parameter by group, with every patient as a point. Means: {means}."
    return figures.group_figure(cohort, note), alt


def _primaries(cohort, analysis, note):
    if analysis.subgroups.empty:
        return "there are no sub-groups to compare"
    drawn = figures.group_figure(cohort, note, "primary", analysis.subgroups)
    shown = [name for name in cohort.primaries if (analysis.subgroups["primary"] == name).any()]
    table = analysis.subgroups.melt(["primary"], list(cohort.parameters), "parameter", "value")
    table = table.groupby(["primary", "parameter"], sort=False)["value"].mean().reset_index()
    means = _means(table.rename(columns={"primary": "group", "value": "mean"}), shown)
    alt = (
        f"Box plots of each parameter by primary tumour, every patient as a point. Means: {means}."
    )
    return drawn, alt


def _bland_altman(cohort, analysis, note):
    from ivim.report.supplement import reader_differences

    table = reader_differences(cohort).frame
    if table.empty:
        return "one reader only"
    alt = (
        "Bland-Altman plots, one panel per parameter: difference of two readers against their mean "
        "for every patient, bias as a solid and limits of agreement as dashed lines. "
        f"{_outside(figures.differences(cohort, table), table)}"
    )
    return figures.bland_altman_figure(cohort, table, note), alt


def _outside(data, table):
    limits = table.drop_duplicates("parameter").set_index("parameter")
    low, high = (limits.loc[data["parameter"], name].to_numpy() for name in ("lower", "upper"))
    outside = ((data["difference"] < low) | (data["difference"] > high)).sum()
    return f"{outside} of {len(data)} differences lie outside their limits."


def _plane(cohort, analysis, note):
    names = analysis.predictors
    if len(names) != 2 or analysis.table4.empty:
        return f"the picture needs two predictors, here there are {len(names)}"
    drawn = figures.plane_figure(cohort, analysis.table4, note)
    right = (drawn[1]["probability"] > 0.5) == (drawn[1]["group"] == cohort.positive)
    alt = (
        f"Scatter plot of {parameters.label(names[1])} against {parameters.label(names[0])}, one "
        "mark per patient and group, with the line where the fitted probability is one half; "
        f"{right.sum()} of {len(right)} patients lie on their group's side of it."
    )
    return drawn, alt


def _calibration(cohort, analysis, note):
    if analysis.table4.empty:
        return "there is no regression"
    drawn = figures.calibration_figure(analysis, note)
    pairs = ", ".join(
        f"{half_up(row.predicted, 2)} and {half_up(row.observed, 2)}"
        for row in drawn[1].itertuples()
    )
    alt = f"Calibration plot in fifths: fitted probability and observed share {pairs}."
    return drawn, alt


def _prevalence(cohort, analysis, note):
    if analysis.table5.empty:
        return "no marker has a cut-off"
    share = float(analysis.outcome["outcome"].mean())
    drawn = figures.prevalence_figure(analysis.table5, share, note)
    alt = (
        "Predictive values at each marker's cut-off against the share of the diseased, lines "
        "rising for a positive and falling for a negative result; a vertical line marks this "
        f"cohort's share, {half_up(100 * share, 0)} %."
    )
    return drawn, alt


FIGURES = {
    "figure3": _roc, "groups": _groups, "primaries": _primaries, "bland_altman": _bland_altman,
    "regression_plane": _plane, "calibration": _calibration, "prevalence": _prevalence,
}  # fmt: skip


def _marker(name, markers):
    return listed(marker_parts(name, markers))


def _means(table, groups):
    parts = []
    for name, rows in table.groupby("parameter", sort=False):
        values = rows.set_index("group")["mean"]
        shown = ", ".join(f"{half_up(values[group], 2)} ({group})" for group in groups)
        parts.append(f"{parameters.label(name)} {shown}")
    return "; ".join(parts)
