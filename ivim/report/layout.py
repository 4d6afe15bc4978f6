"""How each table is laid out for print: the article's rows and columns, captions with the place in
the article, footnotes."""

import math
from collections.abc import Sequence

import pandas as pd

from ivim import article, parameters
from ivim.cohort import Cohort
from ivim.report import construction, frames, printing
from ivim.report.analysis import analyse
from ivim.report.cells import INDENT, literal, parameter
from ivim.report.headings import (
    COLUMNS,
    GROUP,
    MARKER,
    METHODS,
    PARAMETER,
    RECONSTRUCTED,
    STATISTICS,
    TERM,
)
from ivim.report.labels import cutoff, group_label, heading, inline, marker_label, marker_parts
from ivim.report.quantities import quantities_of
from ivim.report.write import Forest, Table
from ivim.stats.groups import POSTHOC

NAMES = tuple(frames.COLUMNS)
"""The tables of the article and of its text."""


def build(name: str, cohort: Cohort) -> Table:
    """One table of the study, computed and laid out.

    Parameters
    ----------
    name : str
        table1 ... table5, agreement, anova or posthoc.
    cohort : ivim.cohort.Cohort

    Returns
    -------
    ivim.report.write.Table
        Its ``frame`` has the columns of ``results/tables/NAME.csv``.
    """
    frame = analyse(cohort).table(name)
    caption, cells, footnotes = _LAYOUTS[name](frame, cohort)
    notes = *footnotes, *frame.attrs["notes"], *whose(cohort, _numbers(name, cohort))
    return Table(name, caption, frame, pd.DataFrame(cells), notes, _forest(name, frame))


def extra(
    name: str,
    caption: str,
    frame: pd.DataFrame,
    cells: dict,
    notes: Sequence[str],
    cohort: Cohort,
    quantities: pd.DataFrame | None = None,
) -> Table:
    """A table that the article does not have.

    Parameters
    ----------
    name, caption : str
    frame : DataFrame
    cells : dict of str to list of str
        Heading to printed cells.
    notes : sequence of str
    cohort : ivim.cohort.Cohort
    quantities : DataFrame, optional
        Those of its numbers that may be so by construction.

    Returns
    -------
    ivim.report.write.Table
    """
    notes = *notes, *whose(cohort, quantities)
    kind = "reconstructed" if cohort.reconstructed else "own"
    return Table(name, caption, frame, pd.DataFrame(cells), notes, source=kind)


def _numbers(name, cohort):
    """The numbers of a table; beside those of Table 5, how many cut-offs are as good."""
    analysis = analyse(cohort)
    found = quantities_of(name, analysis.table(name))
    if name != "table5":
        return found
    return pd.concat([found, quantities_of("optima", analysis.optima)], ignore_index=True)


def whose(cohort: Cohort, quantities: pd.DataFrame | None = None) -> tuple[str, ...]:
    """The sentences below a table that say whose numbers it has, and which hold by construction.

    Parameters
    ----------
    cohort : ivim.cohort.Cohort
    quantities : DataFrame, optional
        The numbers of the table, as :func:`ivim.report.quantities.quantities_of` gives them.

    Returns
    -------
    tuple of str
        Empty for a table of one's own.
    """
    if not cohort.reconstructed:
        return ()
    built = "" if quantities is None else construction.note(quantities)
    return (RECONSTRUCTED, built) if built else (RECONSTRUCTED,)


def _table1(frame, cohort):
    cells = {
        GROUP: _stratum_labels(cohort),
        COLUMNS["n"]: [str(n) for n in frame["n"]],
        COLUMNS["male"]: _counts(frame["male"]),
        COLUMNS["female"]: _counts(frame["female"]),
        COLUMNS["age"]: [
            printing.mean_sd(*pair, 2)
            for pair in zip(frame["age_mean"], frame["age_sd"], strict=True)
        ],
    }
    return "Table 1. Patient demographics", cells, ("Ages are mean ± standard deviation.",)


def _table2(frame, cohort):
    analysis = analyse(cohort)
    cells = {GROUP: _stratum_labels(cohort)}
    for name, part in analysis.spread.groupby("parameter", sort=False):
        decimals = printing.decimals_of(name, part["sd"].min())
        ranked = name in analysis.by_ranks
        cells[heading(name)] = [_spread(row, decimals, ranked) for row in part.itertuples()]
    several = cohort.measurements["reader"].nunique() > 1
    mean = "; each patient's value is the mean of the readers" if several else ""
    notes = [f"Data are mean ± standard deviation{mean}."]
    if analysis.by_ranks:
        names = ", ".join(parameter(name) for name in analysis.by_ranks)
        notes.append(f"Second line, where Table 3 compares by ranks ({names}): median (quartiles).")
    return f"Table 2. {_kind(cohort)} by group", cells, notes


def _spread(row, decimals, ranked):
    text = printing.mean_sd(row.mean, row.sd, decimals)
    if not ranked or math.isnan(row.median):
        return text
    quartiles = printing.limits(row.q1, row.q3, decimals)
    return f"{text}\n{printing.number(row.median, decimals)} ({quartiles})"


def _table3(frame, cohort):
    cells = {
        PARAMETER: [parameter(name) for name in frame["parameter"]],
        COLUMNS["test"]: list(frame["test"]),
        COLUMNS["statistic"]: [
            f"{STATISTICS[test]} = {printing.number(value, 1 if test == 'Mann-Whitney' else 3)}"
            for test, value in zip(frame["test"], frame["statistic"], strict=True)
        ],
        COLUMNS["df"]: [
            "–" if math.isnan(df) else printing.number(df, 0 if df == round(df) else 1)
            for df in frame["df"]
        ],
        COLUMNS["p"]: [printing.p_value(p) for p in frame["p"]],
    }
    first, last = (inline(name, cohort) for name in (cohort.groups[0], cohort.positive))
    if len(cohort.groups) == 2:
        rule = (
            f"The difference is {first} minus {last}. Student's /{{t}} where Shapiro–Wilk passes "
            "in both groups, Mann–Whitney otherwise (the article's rule)."
        )
    else:
        rule = "One-way ANOVA where Shapiro–Wilk passes in every group, Kruskal–Wallis otherwise."
    between = f"{first} and {last}" if len(cohort.groups) == 2 else f"{len(cohort.groups)} groups"
    return f"Table 3. Comparison of {_kind(cohort)} of {between}", cells, (rule,)


def regression_cells(frame: pd.DataFrame) -> dict[str, list[str]]:
    """The cells of a logistic regression.

    Parameters
    ----------
    frame : DataFrame
        As :attr:`ivim.report.analysis.Analysis.table4`.

    Returns
    -------
    dict of str to list of str
    """
    names = ["Intercept" if term == "intercept" else parameter(term) for term in frame["term"]]
    cells = {TERM: names}
    for column in ("b", "se", "wald"):
        cells[COLUMNS[column]] = [printing.number(value, 3) for value in frame[column]]
    cells[COLUMNS["p"]] = [printing.p_value(p) for p in frame["p"]]
    cells[COLUMNS["odds_ratio"]] = [printing.ratio(value) for value in frame["odds_ratio"]]
    cells[COLUMNS["odds_limits"]] = [
        f"{printing.ratio(low)} to {printing.ratio(high)}"
        for low, high in zip(frame["ci_low"], frame["ci_high"], strict=True)
    ]
    return cells


def _table4(frame, cohort):
    note = f"Outcome: {inline(cohort.positive, cohort)}. OR per one unit of the parameter "
    notes = [f"{note}(per 1.0 of a fraction)."] if len(frame) else []
    return "Table 4. Logistic regression", regression_cells(frame), notes


def _table5(frame, cohort):
    markers = list(analyse(cohort).markers)
    combined = {name for name in markers if marker_parts(name, markers) != [name]}

    def limits(name):
        return [
            printing.percent(*row)
            for row in frame[[name, f"{name}_low", f"{name}_high"]].itertuples(index=False)
        ]

    cells = {
        MARKER: [marker_label(name, markers) for name in frame["marker"]],
        COLUMNS["auc"]: [
            printing.with_limits(*row, 3)
            for row in frame[["auc", "auc_low", "auc_high"]].itertuples(index=False)
        ],
        COLUMNS["cutoff"]: [
            cutoff(row.marker, row.direction, row.cutoff, row.marker in combined)
            for row in frame.itertuples()
        ],
        COLUMNS["sensitivity"]: limits("sensitivity"),
        COLUMNS["specificity"]: limits("specificity"),
        COLUMNS["counts"]: [
            " / ".join(map(str, row))
            for row in frame[["tp", "fn", "tn", "fp"]].itertuples(index=False)
        ],
    }
    how = (
        "AUC with DeLong's limits; cut-off by the largest Youden index; exact limits of "
        "proportions."
    )
    notes = [f"Disease: {inline(cohort.positive, cohort)}. {how}"]
    if combined & set(frame["marker"]):
        notes.append(
            "The cut-off of the combination is a probability fitted by the logistic regression."
        )
    return "Table 5. Diagnostic performance", cells, notes if len(frame) else ()


def _agreement(frame, cohort):
    wide = {}
    for row in frame.itertuples():
        wide.setdefault(row.parameter, {})[row.form] = printing.with_limits(
            row.icc, row.ci_low, row.ci_high, 3
        )
    forms = list(frame["form"].unique())
    cells = {PARAMETER: [parameter(name) for name in wide]} | {
        f"{form}\n(95% CI)": [values[form] for values in wide.values()] for form in forms
    }
    note = (
        "1: one-way, A: absolute agreement, C: consistency; ,1: one reader, ,k: mean of the "
        "readers (McGraw & Wong 1996)."
    )
    return "Reader agreement. Intraclass correlation", cells, (note,) if len(frame) else ()


def _anova(frame, cohort):
    cells = {
        PARAMETER: [parameter(name) for name in frame["parameter"]],
        COLUMNS["f"]: [printing.number(value, 3) for value in frame["f"]],
        COLUMNS["df"]: [
            f"{between:g}, {within:g}"
            for between, within in zip(frame["df_between"], frame["df_within"], strict=True)
        ],
        COLUMNS["p"]: [printing.p_value(p) for p in frame["p"]],
    }
    return (
        "ANOVA. Differences among the "
        f"{'primary tumours' if cohort.reconstructed else 'sub-groups'}",
        cells,
        (),
    )


def _posthoc(frame, cohort):
    rows = {}
    for row in frame.itertuples():
        entry = rows.setdefault((row.parameter, row.a, row.b), {"difference": row.difference})
        entry[row.method] = printing.p_value(row.p)
    cells = {
        PARAMETER: [parameter(name) for name, _, _ in rows],
        "Pair": [literal(f"{a} − {b}") for _, a, b in rows],
        COLUMNS["difference"]: [
            printing.number(
                entry["difference"], printing.decimals_of(key[0], abs(entry["difference"]))
            )
            for key, entry in rows.items()
        ],
    }
    cells |= {
        f"/{{p}}\n{METHODS[method]}": [entry[method] for entry in rows.values()]
        for method in POSTHOC
    }
    note = (
        "LSD corrects nothing; Tukey and Bonferroni assume equal variances, Games–Howell does "
        "not. The article names no method."
    )
    return "Post-hoc. Pairwise differences of means", cells, (note,) if len(frame) else ()


_LAYOUTS = {
    "table1": _table1, "table2": _table2, "table3": _table3, "table4": _table4, "table5": _table5,
    "agreement": _agreement, "anova": _anova, "posthoc": _posthoc,
}  # fmt: skip


def _forest(name, frame):
    if frame.empty:
        return None
    if name == "table5":
        rows = list(frame[["auc", "auc_low", "auc_high"]].itertuples(index=False, name=None))
        return Forest("AUC\n0.5 to 1", rows, (0.5, 1.0))
    if name == "agreement":
        single = frame[frame["form"] == "ICC(A,1)"]
        rows = list(single[["icc", "ci_low", "ci_high"]].itertuples(index=False, name=None))
        return Forest(
            "ICC(A,1)\n0.5 to 1, dashed: excellent",
            rows,
            (0.5, 1.0),
            reference=article.ICC_BANDS[-2][0],
        )
    return None


def _stratum_labels(cohort):
    return [
        (INDENT if is_part else "") + group_label(name, cohort)
        for name, is_part, _ in analyse(cohort).strata
    ]


def _counts(column):
    return [printing.MISSING if pd.isna(count) else str(count) for count in column]


def _kind(cohort):
    return (
        "IVIM parameters"
        if any(name in parameters.SIX for name in cohort.parameters)
        else "Parameters"
    )
