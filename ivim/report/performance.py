"""What the regression and its markers are worth, beyond what the article reports: odds ratios in
steps that occur, tests of the differences between AUCs, and what an AUC that was fitted and judged
on the same patients is worth on new ones."""

from itertools import combinations

import pandas as pd

from ivim import parameters
from ivim.cohort import Cohort
from ivim.report import labels, layout, printing, tables
from ivim.report.analysis import analyse
from ivim.report.cells import literal, parameter
from ivim.report.headings import COLUMNS, MARKER, PARAMETER
from ivim.report.write import Table
from ivim.stats import roc, validation
from ivim.stats.logistic import logistic


def readable_odds(cohort: Cohort, model: pd.DataFrame | None = None) -> Table:
    """Odds ratios per step that occurs: one SD of the parameter, with maximum likelihood and with
    Firth's penalty.

    Parameters
    ----------
    cohort : ivim.cohort.Cohort
    model : DataFrame, optional
        By default Table 4.

    Returns
    -------
    Table
        ``odds_per_sd``: ``term, sd, odds_ratio, ci_low, ci_high, firth_odds_ratio, firth_ci_low,
        firth_ci_high``, all per SD.
    """
    analysis = analyse(cohort)
    model = analysis.table4 if model is None else model
    names = list(model["term"].iloc[1:])
    rows = []
    if names:
        firth = logistic(analysis.outcome, "outcome", names, penalty="firth").set_index("term")
        plain = model.set_index("term")
    for name in names:
        sd = analysis.outcome[name].std()
        row = {"term": name, "sd": sd}
        for prefix, table in (("", plain), ("firth_", firth)):
            row |= {
                prefix + column: table.loc[name, column] ** sd
                for column in ("odds_ratio", "ci_low", "ci_high")
            }
        rows.append(row)
    columns = [
        "term",
        "sd",
        *(
            prefix + column
            for prefix in ("", "firth_")
            for column in ("odds_ratio", "ci_low", "ci_high")
        ),
    ]
    frame = pd.DataFrame(rows, columns=columns)
    cells = {PARAMETER: [parameter(name) for name in names]}
    cells["SD"] = [
        " × ".join(
            filter(
                None,
                (
                    printing.number(row.sd, printing.decimals_of(row.term, row.sd)),
                    parameters.unit(row.term),
                ),
            )
        )
        for row in frame.itertuples()
    ]
    for title, prefix in (("OR per SD\n(95% CI)", ""), ("Firth's OR per SD\n(95% CI)", "firth_")):
        triples = frame[[f"{prefix}odds_ratio", f"{prefix}ci_low", f"{prefix}ci_high"]].itertuples(
            index=False
        )
        cells[title] = [
            f"{printing.ratio(value)} ({printing.ratio(low)}–{printing.ratio(high)})"
            for value, low, high in triples
        ]
    return layout.extra(
        "odds_per_sd", "Odds. Per standard deviation of each parameter", frame, cells, [], cohort
    )


def auc_differences(cohort: Cohort) -> Table:
    """DeLong's paired test for every two markers of Table 5: the test behind a claim that one AUC
    is higher.

    Parameters
    ----------
    cohort : ivim.cohort.Cohort

    Returns
    -------
    ivim.report.write.Table
    """
    curves, notes = tables.curves(cohort)
    scores, sick = tables.markers(cohort), analyse(cohort).outcome["outcome"]
    # The combination, which comes last, against each part first.
    names = list(curves)
    pairs = [(names[-1], name) for name in names[:-1]] + list(combinations(names[:-1], 2))
    frames = []
    for a, b in pairs:
        sides = curves[a].direction, curves[b].direction
        frames.append(roc.compare_auc(sick, scores[a], scores[b], direction=sides).assign(a=a, b=b))
    columns = ["a", "b", "auc_a", "auc_b", "difference", "se", "ci_low", "ci_high", "z", "p"]
    frame = (
        pd.concat(frames, ignore_index=True)[columns] if frames else pd.DataFrame(columns=columns)
    )
    cells = {
        "Markers": [
            f"{labels.marker_label(a, scores)} − {labels.marker_label(b, scores)}" for a, b in pairs
        ],
        "Difference of AUC\n(95% CI)": [
            printing.with_limits(value, low, high, 3)
            for value, low, high in frame[["difference", "ci_low", "ci_high"]].itertuples(
                index=False
            )
        ],
        COLUMNS["z"]: [printing.number(value, 2) for value in frame["z"]],
        COLUMNS["p"]: [printing.p_value(p) for p in frame["p"]],
    }
    wald = [
        f"{parameter(row.term)} p = {printing.p_value(row.p)}"
        for row in analyse(cohort).table4.iloc[1:].itertuples()
    ]
    if len(frame):
        notes = [f"Wald tests in the regression, safer for what a marker adds: {', '.join(wald)}."]
    else:
        notes = [*notes, "One marker only: there is nothing to compare."]
    return layout.extra(
        "auc_differences", "AUCs. Paired differences (DeLong)", frame, cells, notes, cohort
    )


def optimism(cohort: Cohort, resamples: int = 20_000, seed: int = 2021) -> Table:
    """What the combination's AUC, sensitivity and specificity are worth on new patients (see
    :func:`ivim.stats.validation.optimism`).

    Parameters
    ----------
    cohort : ivim.cohort.Cohort
    resamples, seed : int
        Bootstrap samples and the seed of their drawing.

    Returns
    -------
    Table
        ``optimism``: ``marker, statistic, apparent, optimism, error, corrected``, one row per
        marker and statistic; fractions. `error` is the Monte-Carlo standard error of the optimism,
        which is printed to the decimals that so many resamples settle.
    """
    model = tables.table4(cohort)
    names, frames, notes = (
        list(model["term"].iloc[1:]),
        [],
        [
            f"{resamples:,} bootstrap samples, seed {seed}. No decimal is printed that is smaller "
            "than the Monte-Carlo error."
        ],
    )
    data = analyse(cohort).outcome
    for chosen in [[name] for name in names] + ([names] if len(names) > 1 else []):
        try:
            found = validation.optimism(
                data, "outcome", chosen, model.attrs.get("penalty"), resamples=resamples, seed=seed
            )
        except ValueError as error:
            notes.append(literal(f"{'+'.join(chosen)} is left out: {error}."))
        else:
            errors = found["statistic"].map(found.attrs["error"])
            frames.append(found.assign(marker="+".join(chosen), error=errors))
    columns = ["marker", "statistic", "apparent", "optimism", "error", "corrected"]
    frame = (
        pd.concat(frames, ignore_index=True)[columns] if frames else pd.DataFrame(columns=columns)
    )
    cells = {
        MARKER: [labels.marker_label(name, frame["marker"]) for name in frame["marker"]],
        "": [name.replace("auc", "AUC") for name in frame["statistic"]],
    }
    digits = [_settled(error) for error in frame["error"]]
    cells["Apparent"] = [printing.number(value, 3) for value in frame["apparent"]]
    cells["Optimism\n(Monte-Carlo error)"] = [
        f"{printing.number(value, places)} ({printing.number(error, 4)})"
        for value, error, places in zip(frame["optimism"], frame["error"], digits, strict=True)
    ]
    cells["Corrected"] = [
        printing.number(value, places)
        for value, places in zip(frame["corrected"], digits, strict=True)
    ]
    return layout.extra(
        "optimism",
        "Optimism. Apparent and bootstrap-corrected performance",
        frame,
        cells,
        notes,
        cohort,
    )


def _settled(error: float, most: int = 3) -> int:
    """Decimals of which the last is still larger than the Monte-Carlo error."""
    return next((places for places in range(most, 0, -1) if error < 10**-places), 0)
