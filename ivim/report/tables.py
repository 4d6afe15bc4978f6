"""Every table of the article as a tidy frame at full precision, for the article's cohort or anyone's own.

What cannot be computed for a table of one's own (one reader, no ages, one patient in a group ...) is left out of the frame and
said in ``frame.attrs["notes"]``; the layout prints these sentences below the table.
"""

import pandas as pd

from ivim import article
from ivim.stats import agreement as reader_agreement
from ivim.stats import groups, roc
from ivim.stats.logistic import logistic, predict

COLUMNS = {
    "table1": "group n male female age_mean age_sd",
    "table2": "group parameter n mean sd",
    "table3": "parameter test statistic df p",
    "table4": "term b se wald p odds_ratio ci_low ci_high",
    "table5": "marker auc auc_low auc_high cutoff direction tp fn tn fp sensitivity sensitivity_low sensitivity_high "
    "specificity specificity_low specificity_high",
    "agreement": "parameter form icc ci_low ci_high",
    "anova": "parameter f df_between df_within p",
    "posthoc": "parameter method a b difference p",
}
"""Columns of ``results/tables/NAME.csv``."""

SEXES = {"m": "male", "male": "male", "f": "female", "female": "female"}


def strata(cohort):
    """The rows of Tables 1 and 2: each group, then the sub-groups by primary tumour within it.

    Parameters
    ----------
    cohort : ivim.cohort.Cohort

    Returns
    -------
    list of (str, bool, DataFrame)
        Name, whether it is a sub-group, and its rows of ``cohort.values``. A sub-group that occurs in two groups, or is
        named as a group, carries its group's name as well.
    """
    rows = []
    for group in cohort.groups:
        members = cohort.values[cohort.values["group"] == group]
        rows.append((group, False, members))
        for primary in cohort.primaries:
            part = members[members["primary"] == primary]
            alone = (cohort.values["primary"] == primary).sum() == len(
                part
            ) and primary not in cohort.groups
            if len(part):
                rows.append((primary if alone else f"{group}: {primary}", True, part))
    return rows


def table1(cohort):
    """Table 1, demographics: ``group, n, male, female, age_mean, age_sd``; ages in years, counts missing where no sex is given."""
    rows, known = [], {"Age": {}, "Sex": {}}
    for name, is_part, members in strata(cohort):
        sexes = members["sex"].str.strip().str.lower().map(SEXES)
        counts = sexes.value_counts() if sexes.notna().any() else {}
        male, female = (counts.get(sex, 0 if len(counts) else pd.NA) for sex in ("male", "female"))
        rows.append((name, len(members), male, female, members["age"].mean(), members["age"].std()))
        if not is_part:
            known["Age"][name] = members["age"].notna()
            known["Sex"][name] = sexes.notna()
    notes = [_completeness(what, by_group) for what, by_group in known.items()]
    frame = _frame("table1", rows, filter(None, notes))
    return frame.astype({"male": "Int64", "female": "Int64"})


def table2(cohort):
    """Table 2: ``group, parameter, n, mean, sd`` of each parameter in each group and sub-group; table units."""
    rows = [
        (name, parameter, len(members), members[parameter].mean(), members[parameter].std())
        for name, _, members in strata(cohort)
        for parameter in cohort.parameters
    ]
    return _frame("table2", rows)


def group_tests(cohort):
    """All tests behind Table 3: normality, equal variances, the test chosen and its alternatives.

    Returns
    -------
    DataFrame
        ``parameter, test, group, statistic, df, p, chosen``. For two groups as :func:`ivim.compare_groups`, first group minus
        disease; for more, one-way ANOVA where Shapiro-Wilk passes in each group, else Kruskal-Wallis (df between groups).
    """
    compute = _two_groups if len(cohort.groups) == 2 else _many_groups
    frames, notes = _each(cohort.parameters, lambda name: compute(cohort, name))
    columns = ["parameter", "test", "group", "statistic", "df", "p", "chosen"]
    frame = (
        pd.concat(frames, ignore_index=True)[columns]
        if frames
        else pd.DataFrame(columns=columns).astype({"chosen": bool})
    )
    frame.attrs["notes"] = notes
    return frame


def table3(cohort):
    """Table 3: ``parameter, test, statistic, df, p`` of the test that the article's rule chooses."""
    tests = group_tests(cohort)
    return _frame("table3", tests[tests["chosen"]], tests.attrs["notes"])


def predictors(cohort):
    """The parameters that enter Tables 4 and 5, by the article's rule: those that differ between the groups at p < .05.

    Returns
    -------
    tuple of (list of str, list of str)
        The parameters, and notes: where none differs, the one of smallest p stands in and the note says so.
    """
    tests = table3(cohort)
    names = tests.loc[tests["p"] < article.SIGNIFICANCE, "parameter"].tolist()
    if names or tests.empty:
        return names, [] if names else [
            "No parameter could be compared between the groups, so none enters."
        ]
    least = tests.loc[tests["p"].idxmin()]
    note = f"No parameter differs between the groups at p < {article.SIGNIFICANCE}; {least['parameter']}, of the smallest p, stands in."
    return [least["parameter"]], [note]


def table4(cohort):
    """Table 4, logistic regression of the disease on :func:`predictors`: ``term, b, se, wald, p, odds_ratio, ci_low, ci_high``.

    Where the predictors separate the groups, maximum likelihood has no answer: Firth's penalty is used and the note says so.
    ``.attrs`` keeps what :func:`ivim.stats.logistic.goodness` needs.
    """
    names, notes = predictors(cohort)
    if not names:
        return _frame("table4", [], notes)
    data = _with_outcome(cohort)
    try:
        return _model(logistic(data, "outcome", names), notes)
    except ValueError as error:
        try:
            penalised = logistic(data, "outcome", names, penalty="firth")
        except ValueError:
            return _frame("table4", [], [*notes, f"No regression: {error}."])
        separated = f"Fitted with Firth's penalty: {', '.join(names)} separate the groups, maximum likelihood is infinite."
        return _model(penalised, [*notes, separated])


def markers(cohort):
    """The scores of Table 5 by name: each predictor, and the fitted probability of their combination where there are several.

    Returns
    -------
    dict of str to array, shape (n,)
        ``adc_fast``, ``f`` and ``adc_fast+f`` for the article's cohort.
    """
    model = table4(cohort)
    names = predictors(cohort)[0]
    scores = {name: cohort.values[name].to_numpy() for name in names}
    if len(names) > 1 and len(model):
        scores["+".join(names)] = predict(model, cohort.values)
    return scores


def curves(cohort):
    """The ROC curve of each marker that has one: name to :class:`ivim.stats.roc.Roc`, and the reasons for those that have none."""
    found, notes = _each(
        markers(cohort).items(), lambda item: (item[0], roc.roc(cohort.outcome, item[1]))
    )
    return dict(found), notes


def table5(cohort):
    """Table 5, diagnostic performance of each marker; sensitivities and specificities as fractions 0-1 with exact limits."""
    found, notes = curves(cohort)
    rows = [
        {"marker": name, "auc_low": curve.ci_low, "auc_high": curve.ci_high}
        | {
            column: getattr(curve, column)
            for column in COLUMNS["table5"].split()
            if hasattr(curve, column)
        }
        for name, curve in found.items()
    ]
    return _frame("table5", rows, [*predictors(cohort)[1], *notes, *_rest(cohort)])


def agreement(cohort):
    """Agreement of the readers: ``parameter, form, icc, ci_low, ci_high``, six forms per parameter."""
    if cohort.measurements["reader"].nunique() < 2:
        return _frame("agreement", [], ["One reader only: agreement needs at least two."])
    frames, notes = _each(
        cohort.parameters, lambda name: reader_agreement.icc(cohort.measurements, values=name)
    )
    return _frame("agreement", pd.concat(frames) if frames else [], notes)


def subgroups(cohort):
    """The patients whose primary tumours are compared, and notes on who is left out.

    The positive group's where it has at least two sub-groups of two patients or more, as in the article; else everyone's.
    """
    named = cohort.values[cohort.values["primary"] != ""]
    if named.empty:
        return named, ["No sub-groups: column primary is empty, so nothing is compared among them."]
    diseased = named[named["group"] == cohort.positive]
    named = diseased if diseased["primary"].nunique() > 1 else named
    counts = named["primary"].value_counts()
    notes = [
        f"Sub-group {name} has one patient and is left out."
        for name in cohort.primaries
        if counts.get(name) == 1
    ]
    kept = named[named["primary"].map(counts) > 1]
    if kept["primary"].nunique() < 2:
        return kept.iloc[:0], [
            *notes,
            "Fewer than two sub-groups have two patients, so nothing is compared among them.",
        ]
    return kept, notes


def anova(cohort):
    """One-way ANOVA among the primary tumours: ``parameter, f, df_between, df_within, p``."""
    return _among_subgroups("anova", cohort, groups.anova)


def posthoc(cohort):
    """Pairwise differences among the primary tumours by four methods: ``parameter, method, a, b, difference, p``."""
    return _among_subgroups(
        "posthoc",
        cohort,
        lambda *args, **named: pd.concat(
            groups.posthoc(*args, method=method, **named) for method in groups.POSTHOC
        ),
    )


BUILDERS = {
    "table1": table1, "table2": table2, "table3": table3, "table4": table4, "table5": table5,
    "agreement": agreement, "anova": anova, "posthoc": posthoc,
}  # fmt: skip


def _among_subgroups(table, cohort, compute):
    data, notes = subgroups(cohort)
    if data.empty:
        return _frame(table, [], notes)
    order = [name for name in cohort.primaries if name in set(data["primary"])]
    frames, more = _each(
        cohort.parameters, lambda name: compute(data, name, group="primary", order=order)
    )
    return _frame(table, pd.concat(frames) if frames else [], [*notes, *more])


def _two_groups(cohort, name):
    return groups.compare_groups(cohort.values, name, order=cohort.groups)


def _many_groups(cohort, name):
    pairs = []
    for pair in ((group, cohort.positive) for group in cohort.groups[:-1]):
        pairs.append(
            groups.compare_groups(
                cohort.values[cohort.values["group"].isin(pair)], name, order=pair
            )
        )
    normality = pd.concat(pairs).query("test == 'Shapiro-Wilk'").drop_duplicates("group")
    normality = normality.set_index("group").loc[list(cohort.groups)].reset_index()
    normal = (normality["p"] > article.SIGNIFICANCE).all()
    fisher = groups.anova(cohort.values, name).iloc[0]
    ranks = groups.anova(cohort.values, name, method="kruskal-wallis").iloc[0]
    tests = pd.DataFrame(
        [
            {
                "test": "ANOVA",
                "statistic": fisher["f"],
                "df": fisher["df_between"],
                "p": fisher["p"],
                "chosen": normal,
            },
            {
                "test": "Kruskal-Wallis",
                "statistic": ranks["h"],
                "df": ranks["df"],
                "p": ranks["p"],
                "chosen": not normal,
            },
        ]
    )
    return pd.concat([normality, tests.assign(parameter=name, group="")])


def _completeness(what, known):
    if not any(column.any() for column in known.values()):
        return f"{what} is not given."
    gaps = [
        f"{column.sum()} of {len(column)} {name} patients"
        for name, column in known.items()
        if not column.all()
    ]
    return f"{what} is known for {', '.join(gaps)}." if gaps else ""


def _with_outcome(cohort):
    return cohort.values.assign(outcome=cohort.outcome)


def _rest(cohort):
    others = cohort.groups[:-1]
    return (
        [f"Disease is set against all other groups ({', '.join(others)})."]
        if len(others) > 1
        else []
    )


def _model(table, notes):
    frame = _frame("table4", table, notes)
    frame.attrs |= table.attrs
    return frame


def _each(items, compute):
    """What ``compute`` gives for each item, and the reasons of those that cannot be computed."""
    found, reasons = [], []
    for item in items:
        try:
            found.append(compute(item))
        except ValueError as error:
            reasons.append(f"Left out: {error}.")
    return found, reasons


def _frame(table, rows, notes=()):
    columns = COLUMNS[table].split()
    frame = pd.DataFrame(rows, columns=columns).reset_index(drop=True)
    frame.attrs["notes"] = list(notes)
    return frame
