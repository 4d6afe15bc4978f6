"""What the article does not report and its reader needs: the better method beside the one that was
used, as tables of their own.

Balance of the groups, differences of the readers in the units measured, every test behind Table 3
with a correction for testing several parameters, the ANOVA by three methods. What the regression
and its markers are worth is in :mod:`ivim.report.performance`.
"""

import pandas as pd

from ivim.cohort import Cohort
from ivim.report import compare, labels, layout, printing, tables
from ivim.report.analysis import analyse
from ivim.report.cells import literal, parameter
from ivim.report.headings import COLUMNS, PARAMETER
from ivim.report.quantities import quantities_of
from ivim.report.write import Table
from ivim.stats import agreement, effects, groups, posthoc


def balance(cohort: Cohort) -> Table:
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
        order = " minus ".join(labels.inline(name, cohort) for name in cohort.groups)
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


def reader_differences(cohort: Cohort) -> Table:
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
    cells = {PARAMETER: [labels.heading(name).replace("\n", ", ") for name in frame["parameter"]]}
    cells["Readers"] = [literal(f"{a} − {b}") for a, b in zip(frame["a"], frame["b"], strict=True)]
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


def all_tests(cohort: Cohort) -> Table:
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
    frame["p_holm"] = pd.Series(posthoc.adjust(chosen), chosen.index).reindex(frame.index)
    wide = frame.assign(
        column=frame["test"] + frame["group"].map(lambda name: f"\n{literal(name)}" if name else "")
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


_ANOVAS = ("fisher", "welch", "kruskal-wallis")


def anova_alternatives(cohort: Cohort) -> Table:
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
            notes.append(literal(f"Left out: {error}."))
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
    notes += [
        literal(f"Left out: {name} is constant.") for name in cohort.parameters if name not in names
    ]
    return names
