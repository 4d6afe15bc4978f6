"""What the article does not report and its reader needs: the better method beside the one that was
used, as tables of their own.

Balance of the groups, differences of the readers in the units measured, every test behind Table 3
with a correction for testing several parameters, odds ratios in steps that occur, tests of the
differences between AUCs, and what an AUC that was fitted and judged on the same patients is worth
on new ones.
"""

from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd

from ivim import parameters
from ivim.cohort import Cohort
from ivim.report import compare, layout, printing, tables
from ivim.report.analysis import analyse
from ivim.report.cells import parameter
from ivim.report.headings import COLUMNS, MARKER, PARAMETER
from ivim.report.quantities import quantities_of
from ivim.stats import agreement, effects, groups, roc, validation
from ivim.stats.logistic import logistic


def balance(cohort: Cohort) -> Any:
    """Whether age and sex differ between the groups: Welch's test, Fisher's exact test (χ² for more
    than two groups).

    Parameters
    ----------
    cohort : ivim.cohort.Cohort

    Returns
    -------
    Table
        ``balance``: ``variable, test, statistic, p, smd``; empty with the reason where neither is
        known.
    """
    rows, notes = _printed_age(cohort), []
    for variable, compute in (("age", _age), ("sex", _sex)):
        try:
            rows.append({"variable": variable, **compute(cohort)})
        except ValueError as error:
            notes.append(f"{variable.capitalize()} is not compared: {error}.")
    frame = pd.DataFrame(rows, columns=["variable", "test", "statistic", "p", "smd"])
    cells = {
        "Variable": list(frame["variable"]),
        COLUMNS["test"]: list(frame["test"]),
        COLUMNS["statistic"]: [printing.number(value, 3) for value in frame["statistic"]],
        COLUMNS["p"]: [printing.p_value(p) for p in frame["p"]],
        "Standardised\ndifference": [printing.number(value, 2) for value in frame["smd"]],
    }
    notes = ["The article tests neither.", *notes]
    if len(cohort.groups) == 2:
        order = " minus ".join(layout.inline(name, cohort) for name in cohort.groups)
        notes.insert(0, f"Differences are {order}, over the groups' average spread.")
    return layout.extra(
        "balance", "Balance. Age and sex of the groups", frame, cells, notes, cohort
    )


def _printed_age(cohort):
    """The article's own test, from the means, SDs and sizes that it prints."""
    if not cohort.reconstructed:
        return []
    printed = compare.claims("table1").set_index(["group", "statistic"])["printed"]
    moments = [
        [float(printed[group, name]) for name in ("mean", "sd", "n")] for group in cohort.groups
    ]
    (mean_a, sd_a, n_a), (mean_b, sd_b, n_b) = moments
    found = effects.t_from_moments(mean_a, sd_a, int(n_a), mean_b, sd_b, int(n_b)).iloc[0]
    smd = effects.standardised_difference(mean_a, sd_a, mean_b, sd_b)
    test = f"{found['test']}'s t, from the printed means and SDs"
    row = {"variable": "age", "test": test, "statistic": found["statistic"], "p": found["p"]}
    return [row | {"smd": smd}]


def reader_differences(cohort: Cohort) -> Any:
    """How far apart two readers are, in the units measured: bias, limits of agreement,
    repeatability (see :func:`ivim.bland_altman`).

    Parameters
    ----------
    cohort : ivim.cohort.Cohort

    Returns
    -------
    ivim.report.write.Table
    """
    notes = []
    if cohort.measurements["reader"].nunique() < 2:
        frame = pd.DataFrame(columns=["parameter", "a", "b", "bias", "lower", "upper"])
        notes.append("One reader only: there is no difference to show.")
    else:
        frame = agreement.bland_altman(cohort.measurements, values=_varying(cohort, notes))
    cells = {PARAMETER: [layout.heading(name).replace("\n", ", ") for name in frame["parameter"]]}
    cells["Readers"] = [f"{a} − {b}" for a, b in zip(frame["a"], frame["b"], strict=True)]
    if len(frame):
        decimals = [
            printing.decimals_of(*pair) + 1
            for pair in zip(frame["parameter"], frame["sd"], strict=True)
        ]
        for title, name in (
            ("Bias", "bias"),
            ("Within-subject SD", "within_sd"),
            ("Repeatability", "repeatability"),
        ):
            triples = frame[[name, f"{name}_low", f"{name}_high"]].itertuples(index=False)
            cells[f"{title}\n(95% CI)"] = [
                printing.with_limits(value, low, high, digits)
                for (value, low, high), digits in zip(triples, decimals, strict=True)
            ]
        cells["Limits of agreement"] = [
            printing.limits(*row)
            for row in zip(frame["lower"], frame["upper"], decimals, strict=True)
        ]
        cells["CV\n%"] = [printing.percent(value) for value in frame["cov"]]
        notes.append(
            "Repeatability: the difference that two readings of one lesion stay below 95 times "
            "in 100."
        )
    return layout.extra(
        "reader_differences",
        "Readers. Differences in the units measured",
        frame,
        cells,
        notes,
        cohort,
    )


def all_tests(cohort: Cohort) -> Any:
    """Every test behind Table 3 side by side, and the chosen p corrected for testing several
    parameters (Holm).

    Parameters
    ----------
    cohort : ivim.cohort.Cohort

    Returns
    -------
    Table
        ``group_tests``: the frame of :func:`ivim.report.tables.group_tests` with ``p_holm`` for the
        chosen test.
    """
    frame = tables.group_tests(cohort)
    chosen = frame.loc[frame["chosen"], "p"]
    frame["p_holm"] = holm(chosen).reindex(frame.index)
    wide = frame.assign(
        column=frame["test"] + frame["group"].map(lambda name: f"\n{name}" if name else "")
    )
    wide = wide.pivot_table(index="parameter", columns="column", values="p", sort=False)
    taken = frame[frame["chosen"]].set_index("parameter")
    cells = {PARAMETER: [parameter(name) for name in wide.index]}
    cells |= {f"{column}": [printing.p_value(p) for p in wide[column]] for column in wide.columns}
    cells |= {
        "Chosen": list(taken.loc[wide.index, "test"]),
        "Holm": [printing.p_value(p) for p in taken.loc[wide.index, "p_holm"]],
    }
    note = (
        "Cells are p-values. Holm: the chosen test's p, corrected for the number of parameters "
        "tested."
    )
    return layout.extra(
        "group_tests",
        "Tests. Assumptions and alternatives",
        frame,
        cells,
        [note, *frame.attrs["notes"]],
        cohort,
        pd.concat(
            [
                quantities_of("normality", analyse(cohort).normality),
                quantities_of("table3", analyse(cohort).table3),
            ]
        ),
    )


def holm(p: pd.Series) -> pd.Series:
    """Holm's step-down correction: the k-th smallest of m p-values times m - k + 1, never falling,
    at most 1 (Holm 1979).

    Parameters
    ----------
    p : Series

    Returns
    -------
    Series
    """
    ordered = p.sort_values()
    return (ordered * np.arange(len(ordered), 0, -1)).cummax().clip(upper=1).reindex(p.index)


_ANOVAS = ("fisher", "welch", "kruskal-wallis")


def anova_alternatives(cohort: Cohort) -> Any:
    """The ANOVA among the sub-groups by three methods: Fisher's, Welch's for unequal variances,
    Kruskal-Wallis by ranks.

    Parameters
    ----------
    cohort : ivim.cohort.Cohort

    Returns
    -------
    ivim.report.write.Table
    """
    data, notes = tables.subgroups(cohort)
    rows = []
    for name in cohort.parameters if len(data) else ():
        try:
            found = {
                method: groups.anova(data, name, group="primary", method=method)["p"].iloc[0]
                for method in _ANOVAS
            }
            rows.append({"parameter": name, **found})
        except ValueError as error:
            notes.append(f"Left out: {error}.")
    frame = pd.DataFrame(rows, columns=["parameter", "fisher", "welch", "kruskal-wallis"])
    cells = {PARAMETER: [parameter(name) for name in frame["parameter"]]}
    for title, name in zip(("Fisher", "Welch", "Kruskal–Wallis"), _ANOVAS, strict=True):
        cells[f"{COLUMNS['p']}\n{title}"] = [printing.p_value(p) for p in frame[name]]
    return layout.extra(
        "anova_alternatives",
        "ANOVA. Three methods",
        frame,
        cells,
        notes,
        cohort,
        quantities_of("anova", analyse(cohort).anova),
    )


def readable_odds(cohort: Cohort, model: pd.DataFrame | None = None) -> Any:
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


def auc_differences(cohort: Cohort) -> Any:
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
    *single, last = curves or [None]
    pairs = [(last, name) for name in single] + list(
        combinations(single, 2)
    )  # the combination first, against each part
    frames = []
    for a, b in pairs:
        sides = curves[a].direction, curves[b].direction
        frames.append(roc.compare_auc(sick, scores[a], scores[b], direction=sides).assign(a=a, b=b))
    columns = ["a", "b", "auc_a", "auc_b", "difference", "se", "ci_low", "ci_high", "z", "p"]
    frame = (
        pd.concat(frames, ignore_index=True)[columns] if frames else pd.DataFrame(columns=columns)
    )
    cells = {
        "Markers": [f"{layout.marker_label(a)} − {layout.marker_label(b)}" for a, b in pairs],
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


def optimism(cohort: Cohort, resamples: int = 20_000, seed: int = 2021) -> Any:
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
            notes.append(f"{'+'.join(chosen)} is left out: {error}.")
        else:
            errors = found["statistic"].map(found.attrs["error"])
            frames.append(found.assign(marker="+".join(chosen), error=errors))
    columns = ["marker", "statistic", "apparent", "optimism", "error", "corrected"]
    frame = (
        pd.concat(frames, ignore_index=True)[columns] if frames else pd.DataFrame(columns=columns)
    )
    cells = {
        MARKER: [layout.marker_label(name) for name in frame["marker"]],
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


def _settled(error, most=3):
    """Decimals of which the last is still larger than the Monte-Carlo error."""
    return next((places for places in range(most, 0, -1) if error < 10**-places), 0)


def _age(cohort):
    known = cohort.values.dropna(subset="age")
    if known["group"].nunique() < len(cohort.groups):
        msg = "it is not known in every group"
        raise ValueError(msg)
    if len(cohort.groups) > 2:
        found = groups.anova(known, "age", method="welch").iloc[0]
        return {"test": "Welch's ANOVA", "statistic": found["f"], "p": found["p"]}
    found = (
        groups.compare_groups(known, "age", order=cohort.groups, rule="welch")
        .query("chosen")
        .iloc[0]
    )
    parts = [known.loc[known["group"] == name, "age"] for name in cohort.groups]
    (mean_a, sd_a), (mean_b, sd_b) = ((part.mean(), part.std()) for part in parts)
    smd = effects.standardised_difference(mean_a, sd_a, mean_b, sd_b)
    found = {"test": "Welch's t", "statistic": found["statistic"], "p": found["p"]}
    return found | {"smd": smd}


def _sex(cohort):
    from scipy import stats

    sexes = cohort.values["sex"].str.strip().str.lower().map(tables.SEXES)
    counts = pd.crosstab(cohort.values["group"], sexes)
    if counts.shape[1] < 2 or len(counts) < len(cohort.groups):
        msg = "both sexes have to occur, and be known in every group"
        raise ValueError(msg)
    if len(counts) > 2:
        found = stats.chi2_contingency(counts)
        return {"test": "χ²", "statistic": found.statistic, "p": found.pvalue}
    found = stats.fisher_exact(counts.loc[list(cohort.groups)])
    return {"test": "Fisher's exact (odds ratio)", "statistic": found.statistic, "p": found.pvalue}


def _varying(cohort, notes):
    names = [name for name in cohort.parameters if cohort.measurements[name].nunique() > 1]
    notes += [f"Left out: {name} is constant." for name in cohort.parameters if name not in names]
    return names
