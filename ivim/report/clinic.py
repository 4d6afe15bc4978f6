"""What a clinician asks of a model: this patient's probability, what a result means where the
disease is rarer, whether age alone would do it."""

import math

import pandas as pd

from ivim import parameters
from ivim.cohort import Cohort
from ivim.report import printing
from ivim.report.analysis import analyse
from ivim.report.cells import literal, parameter
from ivim.report.headings import COLUMNS, GROUP, MARKER, PARAMETER, TERM
from ivim.report.labels import group_label, inline, marker_label
from ivim.report.layout import extra, regression_cells
from ivim.report.write import Table
from ivim.stats.logistic import logistic
from ivim.stats.proportions import exact_limits, predictive_values
from ivim.stats.roc import hanley_mcneil_se

RESULTS = ("ppv", "npv", "lr_positive", "lr_negative")


def predictive(cohort: Cohort, prevalence: float | None = None) -> Table:
    """What a result above or below each cut-off of Table 5 means.

    Parameters
    ----------
    cohort : ivim.cohort.Cohort
    prevalence : float, optional
        Share of the diseased among those examined, 0-1; by default that of the cohort.

    Returns
    -------
    ivim.report.write.Table
        ``predictive_values``: ``marker, prevalence, statistic, value, ci_low, ci_high``.
    """
    table = analyse(cohort).table5
    frames = [
        predictive_values(row.tp, row.fn, row.tn, row.fp, prevalence).assign(
            marker=row.marker,
            prevalence=(row.tp + row.fn) / (row.tp + row.fn + row.tn + row.fp)
            if prevalence is None
            else prevalence,
        )
        for row in table.itertuples()
    ]
    columns = ["marker", "prevalence", "statistic", "value", "ci_low", "ci_high"]
    frame = (
        pd.concat(frames, ignore_index=True)[columns] if frames else pd.DataFrame(columns=columns)
    )
    markers = analyse(cohort).markers
    cells = {MARKER: [marker_label(name, markers) for name in table["marker"]]}
    for name in RESULTS:
        rows = frame[frame["statistic"] == name]
        cells[COLUMNS[name]] = [_meaning(name, row) for row in rows.itertuples()]
    notes = list(table.attrs["notes"])
    if len(frame):
        share = printing.percent(frame["prevalence"].iloc[0])
        notes.insert(
            0, f"Share of {inline(cohort.positive, cohort)} among those examined: {share} %."
        )
    title = "Predictive values. What a result means"
    return extra("predictive_values", title, frame, cells, notes, cohort)


def _meaning(name, row):
    if name.startswith("lr"):
        return printing.with_limits(row.value, row.ci_low, row.ci_high, 2)
    return printing.percent(row.value, row.ci_low, row.ci_high)


def auc_limits(cohort: Cohort) -> Table:
    """The limits of each AUC by the ranks of all patients (DeLong) and from its size alone.

    Parameters
    ----------
    cohort : ivim.cohort.Cohort

    Returns
    -------
    ivim.report.write.Table
        ``auc_limits``: ``marker, auc, delong_low, delong_high, hanley_low, hanley_high``.
    """
    analysis = analyse(cohort)
    sick = int(analysis.outcome["outcome"].sum())
    rows = []
    for name, curve in analysis.curves.items():
        half = 1.96 * hanley_mcneil_se(curve.auc, sick, len(analysis.outcome) - sick)
        low, high = max(curve.auc - half, 0.0), min(curve.auc + half, 1.0)
        rows.append((name, curve.auc, curve.ci_low, curve.ci_high, low, high))
    columns = ["marker", "auc", "delong_low", "delong_high", "hanley_low", "hanley_high"]
    frame = pd.DataFrame(rows, columns=columns)
    cells = {MARKER: [marker_label(name, analysis.markers) for name in frame["marker"]]}
    for title, short in (("DeLong", "delong"), ("Hanley–McNeil", "hanley")):
        triples = frame[["auc", f"{short}_low", f"{short}_high"]].itertuples(index=False)
        cells[f"AUC (95% CI)\n{title}"] = [
            printing.with_limits(value, low, high, 3) for value, low, high in triples
        ]
    return extra("auc_limits", "AUC. Limits by two methods", frame, cells, [], cohort)


def sexes(cohort: Cohort) -> Table:
    """The share of men in each group and sub-group, with exact limits.

    Parameters
    ----------
    cohort : ivim.cohort.Cohort

    Returns
    -------
    ivim.report.write.Table
        ``sexes``: ``group, male, known, share, ci_low, ci_high``; empty where no sex is given.
    """
    table = analyse(cohort).table1.dropna(subset=["male", "female"])
    table = table[table["male"] + table["female"] > 0]
    rows = []
    for row in table.itertuples():
        known = row.male + row.female
        rows.append((row.group, row.male, known, row.male / known, *exact_limits(row.male, known)))
    frame = pd.DataFrame(rows, columns=["group", "male", "known", "share", "ci_low", "ci_high"])
    triples = frame[["share", "ci_low", "ci_high"]].itertuples(index=False)
    cells = {
        GROUP: [group_label(name, cohort) for name in frame["group"]],
        "Men": [f"{row.male} of {row.known}" for row in frame.itertuples()],
        "Share of men\n% (95% CI)": [printing.percent(*triple) for triple in triples],
    }
    notes = ["Exact (Clopper–Pearson) limits."] if len(frame) else ["No sex is given."]
    return extra("sexes", "Sex. Share of men in each group", frame, cells, notes, cohort)


def worked_patient(cohort: Cohort, patient: str | None = None) -> Table:
    """One patient's probability, step by step.

    Parameters
    ----------
    cohort : ivim.cohort.Cohort
    patient : str, optional
        By default the first of the diseased.

    Returns
    -------
    ivim.report.write.Table
        ``worked_patient``: ``patient, term, value, b, product``, then the sum and the probability.

    Raises
    ------
    ValueError
        When there is no such patient.
    """
    analysis = analyse(cohort)
    model, people = analysis.table4, analysis.outcome
    if model.empty:
        frame = pd.DataFrame(columns=["patient", "term", "value", "b", "product"])
        cells: dict[str, list] = {name: [] for name in (TERM, "Value", COLUMNS["b"], "Product")}
        return extra("worked_patient", _WORKED, frame, cells, model.attrs["notes"], cohort)
    patient = people.loc[people["outcome"] == 1, "patient"].iloc[0] if patient is None else patient
    rows = people[people["patient"] == patient]
    if rows.empty:
        msg = f"there is no patient {patient!r} with every predictor known"
        raise ValueError(msg)
    values = [1.0, *(float(rows[name].iloc[0]) for name in model["term"].iloc[1:])]
    frame = pd.DataFrame(
        {"patient": patient, "term": model["term"], "value": values, "b": model["b"]}
    )
    frame["product"] = frame["value"] * frame["b"]
    total = frame["product"].sum()
    chance = 1 / (1 + math.exp(-total))
    last = pd.DataFrame(
        {"patient": patient, "term": ["sum", "probability"], "product": [total, chance]}
    )
    frame = pd.concat([frame, last], ignore_index=True)
    names = {"intercept": "Intercept", "sum": "Sum: ln odds", "probability": "1 / (1 + e^{−sum})"}
    cells = {
        TERM: [names.get(term) or parameter(term) for term in frame["term"]],
        "Value": [_value(row) for row in frame.itertuples()],
        COLUMNS["b"]: [printing.number(value, 3) for value in frame["b"]],
        "Product": [printing.number(value, 3) for value in frame["product"]],
    }
    truth = rows["group"].iloc[0]
    note = f"Patient {literal(patient)}: {inline(truth, cohort)}; probability of "
    note += f"{inline(cohort.positive, cohort)} {printing.half_up(chance, 3)}."
    return extra("worked_patient", _WORKED, frame, cells, [note], cohort)


_WORKED = "A patient. From measurements to a probability"


def _value(row):
    if math.isnan(row.value):
        return ""
    if row.term == "intercept":
        return "1"
    digits = printing.number(row.value, 3 if parameters.unit(row.term) == "" else 2)
    return printing.with_unit(digits, parameters.unit(row.term))


def with_age(cohort: Cohort) -> Table:
    """Table 4 with age beside the parameters: does their effect stay when age is held?

    Parameters
    ----------
    cohort : ivim.cohort.Cohort

    Returns
    -------
    ivim.report.write.Table
        ``table4_with_age``: the columns of Table 4; empty with the reason where it cannot be had.
    """
    analysis = analyse(cohort)
    known = analysis.outcome.dropna(subset="age")
    names = [*analysis.predictors, "age"]
    caption = "Table 4 with age. Logistic regression"
    columns = analysis.table4.columns
    try:
        if known.empty or not analysis.predictors:
            msg = "no age is known" if known.empty else "no parameter enters"
            raise ValueError(msg)
        frame = logistic(known, "outcome", names)[list(columns)]
    except ValueError as error:
        empty = pd.DataFrame(columns=columns)
        return extra(
            "table4_with_age",
            caption,
            empty,
            {PARAMETER: []},
            [literal(f"Left out: {error}.")],
            cohort,
        )
    cells = regression_cells(frame)
    note = f"{len(known)} of {len(cohort.values)} patients have every value; age in years."
    return extra("table4_with_age", caption, frame, cells, [note], cohort)
