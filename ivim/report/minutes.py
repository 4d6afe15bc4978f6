"""A notebook's answer in three plain sentences, written from the numbers of the cohort at hand."""

from collections.abc import Sequence
from typing import Any

from ivim import parameters
from ivim.cohort import Cohort
from ivim.report import printing
from ivim.report.analysis import analyse
from ivim.report.printing import half_up, p_value, percent


class Plain(str):
    """Text that a notebook shows as it is, without quotes."""

    __slots__ = ()

    def __repr__(self):
        return str(self)


class Sentences(tuple):
    """Sentences in Markdown; plain lines where a notebook shows no Markdown."""

    __slots__ = ()

    def __repr__(self):
        return "\n".join(self)

    def _repr_markdown_(self):
        return "\n".join(f"- {text}" for text in self)


def answer(notebook: str, cohort: Cohort) -> Any:
    """Three sentences that answer a notebook's question.

    Parameters
    ----------
    notebook : str
        "03" to "07", or a name that begins so.
    cohort : ivim.cohort.Cohort

    Returns
    -------
    Sentences

    Raises
    ------
    ValueError
        For another notebook.
    """
    number = str(notebook)[:2]
    if number not in _ANSWERS:
        msg = f"there is no answer for notebook {notebook!r}; there are {', '.join(_ANSWERS)}"
        raise ValueError(msg)
    whose = " (reconstructed cohort)" if cohort.reconstructed else ""
    first, *rest = _ANSWERS[number](cohort, analyse(cohort))
    return Sentences((f"{first}{whose}.", *(f"{text}." for text in rest)))


def fit_in_words(fit: dict) -> Any:
    """How well a regression fits, in sentences.

    Parameters
    ----------
    fit : dict
        :attr:`ivim.report.analysis.Analysis.goodness`; may be empty.

    Returns
    -------
    Sentences
    """
    if not fit:
        return Sentences(("There is no regression.",))
    return Sentences((
        f"Likelihood ratio χ² = {half_up(fit['chi2'], 2)}, df = {fit['df']:.0f}, "
        f"p {p_value(fit['p'])}",
        f"Nagelkerke R² = {half_up(fit['nagelkerke'], 3)}",
        f"Hosmer–Lemeshow χ² = {half_up(fit['hl_chi2'], 2)}, df = {fit['hl_df']:.0f}, "
        f"p = {p_value(fit['hl_p'])}",
    ))  # fmt: skip


def listed(names: Sequence[str]) -> str:
    """Names in a sentence: "ADC fast, f and α".

    Parameters
    ----------
    names : sequence of str

    Returns
    -------
    str
    """
    *first, last = [parameters.label(name) for name in names]
    return f"{', '.join(first)} and {last}" if first else last


def _patients(cohort, analysis):
    from ivim.report.supplement import balance

    sizes = analysis.table1.set_index("group")["n"]
    yield "There are " + " and ".join(
        f"{sizes[name]} patients with {name}" for name in cohort.groups
    )
    found = balance(cohort).frame
    for variable in ("age", "sex"):
        rows = found[found["variable"] == variable]
        if rows.empty:
            yield f"{variable.capitalize()} is not known well enough to compare the groups"
            continue
        alike = (rows["p"] >= 0.05).all()
        tests = ", ".join(f"{row.test}: p = {p_value(row.p)}" for row in rows.itertuples())
        word = "no difference is shown" if alike else "the groups differ, or may well"
        yield f"In {variable} {word} ({tests})"


def _readers(cohort, analysis):
    from ivim.report.supplement import reader_differences

    single = analysis.agreement[analysis.agreement["form"] == "ICC(A,1)"]
    if single.empty:
        yield "With one reader there is no agreement to compute"
        return
    low, high = single.loc[single["icc"].idxmin()], single.loc[single["icc"].idxmax()]
    yield (
        f"For one reader the ICC (absolute agreement) runs from {half_up(low['icc'], 3)} for "
        f"{listed([low['parameter']])} to {half_up(high['icc'], 3)} for "
        f"{listed([high['parameter']])}"
    )
    sure = (single["ci_low"] > 0.8).sum()
    yield (
        f"With its lower limit, which is the safer word, {sure} of {len(single)} parameters are "
        "above 0.80, from which on the article says excellent"
    )
    found = reader_differences(cohort).frame.sort_values("cov", ascending=False)
    row = found.iloc[0]
    repeatability = printing.with_unit(
        printing.number(row["repeatability"], 2), parameters.unit(row["parameter"])
    )
    yield (
        f"The least repeatable is {listed([row['parameter']])}: two readings of one lesion differ "
        f"by up to {repeatability}, 95 times in 100"
    )


def _comparison(cohort, analysis):
    tests = analysis.table3
    names = tests.loc[tests["p"] < 0.05, "parameter"].tolist()
    count = f"{len(names)} of {len(tests)} parameters"
    if names:
        yield f"{count} differ between the groups at p < 0.05: {listed(names)}"
    else:
        yield "No parameter differs between the groups at p < 0.05"
    from ivim.report.supplement import all_tests

    corrected = all_tests(cohort).frame.query("chosen")
    left = corrected.loc[corrected["p_holm"] < 0.05, "parameter"].tolist()
    yield (
        f"After a correction for testing {len(corrected)} of them (Holm) "
        f"{f'{listed(left)} still differ' if left else 'none is left'}"
    )
    if analysis.anova.empty:
        yield "There are no sub-groups to compare"
        return
    among = analysis.anova.loc[analysis.anova["p"] < 0.05, "parameter"].tolist()
    what = f"{listed(among)} differ" if among else "no parameter differs"
    built = (
        "; this side of .05 was asked of the cohort when it was made"
        if cohort.reconstructed
        else ""
    )
    yield f"Among the primary tumours {what} (one-way ANOVA){built}"


def _regression(cohort, analysis):
    table = analysis.table4.iloc[1:]
    if table.empty:
        yield "There is no regression: no parameter could enter it"
        return
    counts = table.loc[table["p"] < 0.05, "term"].tolist()
    entered = listed(table["term"])
    yield f"{entered} enter{'s' if len(table) == 1 else ''} the regression, and " + (
        f"{listed(counts)} count{'s' if len(counts) == 1 else ''} at p < 0.05"
        if counts
        else "none of them counts at p < 0.05"
    )
    for row in table.head(1).itertuples():
        sd = analysis.outcome[row.term].std()
        yield (
            f"One standard deviation more of {listed([row.term])} multiplies the odds of "
            f"{cohort.positive} by {printing.ratio(row.odds_ratio**sd)}"
        )
    if cohort.reconstructed:
        from ivim.report import compare, layout

        made = layout.build("table4", cohort)
        swapped = {"adc_fast": "f", "f": "adc_fast"}
        same = [
            compare.counts(compare.beside(cohort, made, relabel=names)) for names in (None, swapped)
        ]
        yield (
            f"Under the printed row labels {same[0]['same'] or 'none'} of the {same[0]['printed']} "
            f"numbers of Table 4 fit{'' if same[0]['same'] else 's'}, with the labels exchanged "
            f"{same[1]['same']} do"
        )
    else:
        yield "The intercept stands in the table, so that a patient's probability can be computed"


def _performance(cohort, analysis):
    table = analysis.table5
    if table.empty:
        yield "No marker has a ROC curve here"
        return
    best = table.loc[table["auc"].idxmax()]
    shares = (
        f"{percent(best['sensitivity'])} % of the diseased and {percent(best['specificity'])} % of "
        "the others right"
    )
    name = " with ".join(parameters.label(part) for part in best["marker"].split("+"))
    yield (
        f"The best marker, {name}, "
        f"has an AUC of {half_up(best['auc'], 3)}; at its cut-off it calls {shares}"
    )
    from ivim.report.performance import auc_differences

    gain = auc_differences(cohort).frame
    if gain.empty:
        yield "One marker only: there is nothing to compare it with"
    else:
        row = gain.iloc[0]
        yield (
            f"Its AUC is {half_up(row['difference'], 3)} above that of {listed([row['b']])} "
            f"(DeLong p = {p_value(row['p'])}), but it was fitted on the same patients that it is "
            "judged on"
        )
    from ivim.report.clinic import predictive

    said = [_of_hundred(predictive(cohort, share).frame, best["marker"]) for share in (None, 0.2)]
    yield (
        f"Of 100 positive results {said[0][1]} are right where {said[0][0]} % of those examined "
        f"have the disease, as here, and {said[1][1]} where {said[1][0]} % have it"
    )


def _of_hundred(frame, marker):
    row = frame[(frame["marker"] == marker) & (frame["statistic"] == "ppv")].iloc[0]
    return tuple(half_up(100 * value, 0) for value in (row["prevalence"], row["value"]))


_ANSWERS = {
    "03": _patients, "04": _readers, "05": _comparison, "06": _regression, "07": _performance,
}  # fmt: skip
