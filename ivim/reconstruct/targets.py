"""What the reconstructed cohort has to print: the article's numbers, and where one is refuted, what
must have been meant.

The printed strings come from ``data/published/claims.csv``. Each replacement carries its reason. It
is derived here a second time, with the arithmetic of :mod:`ivim.audit` but without its search for
slips, so that cohort and verdicts stand on two derivations; a test holds every replacement against
the value that the ledger recovers.
"""

import math
from collections.abc import Mapping
from pathlib import Path

import pandas as pd
from scipy import stats

from ivim import article, parameters
from ivim.audit.checks import counts, estimates, moments
from ivim.audit.checks.rounding import parse, show, to_print
from ivim.audit.transcript import load_claims
from ivim.reconstruct.put_right import (
    SIZES,
    point_put_right,
    printed_labels,
    printed_strings,
    table2_rows,
)
from ivim.reconstruct.target import PRINTED, Key, Target, digits, within
from ivim.stats.proportions import exact_limits

PATIENTS = SIZES["tuberculosis"] + SIZES["metastasis"]
SINGLE_FORMS = ("ICC(1,1)", "ICC(A,1)", "ICC(C,1)")
MARKERS = ("adc_fast", "f", "adc_fast+f")
HETEROGENEOUS = (
    "adc_stand",
    "adc_slow",
    "ddc",
    "alpha",
)  # Results: differ "among different metastasis type"


def all_targets() -> list[Target]:
    """Every target of the reconstruction.

    Returns
    -------
    list of Target
        Table 1, Table 2, Table 3 with normality, ANOVA and post-hoc, agreement, Table 4, Table 5;
        in this order.
    """
    printed = printed_strings()
    return [
        *_table1(printed), *_table2(printed), *_table3(printed), *_normality(), *_primaries(),
        *_agreement(printed), *_table4(printed), *_table5(printed),
    ]  # fmt: skip


_ANALYSES = {
    "table1": ("describe", ""),
    "table2": ("describe", ""),
    "table3": ("t-test", "Student"),
    "table4": ("logistic", ""),
    "table5": ("roc", ""),
    "shapiro_p": ("normality", "Shapiro-Wilk"),
    "anova_p": ("anova", ""),
    "difference": ("posthoc", "tukey"),
    "tukey_p": ("posthoc", "tukey"),
}
"""Analysis and item of a target, by its table or, in the text, by its statistic."""


def quantity(target: Target) -> tuple[str, str, str, str, str]:
    """What a target is a number of, as :mod:`ivim.report.quantities` names it.

    Parameters
    ----------
    target : Target

    Returns
    -------
    tuple of str
        ``analysis, item, group, parameter, statistic``.
    """
    if target.statistic.startswith("icc"):
        return "agreement", target.group, "", target.parameter, target.statistic
    analysis, item = _ANALYSES.get(target.location) or _ANALYSES[target.statistic]
    statistic = "p" if target.statistic.endswith("_p") else target.statistic
    return analysis, item, target.group, target.parameter, statistic


def target_quantities() -> set[Key]:
    """The quantities that the search was built to print, wherever they stand.

    Returns
    -------
    set of (str, str, str, str)
        ``analysis, group, parameter, statistic``, as :func:`ivim.judge` takes its `targets`.
    """
    found = map(quantity, all_targets())
    return {
        (analysis, group, parameter, statistic)
        for analysis, _, group, parameter, statistic in found
    }


def target_keys(claims: str | Path | None = None) -> set[Key]:
    """The printed quantities that the search was built to print, wherever the article prints them.

    Parameters
    ----------
    claims : path, optional
        The article's claims; by default those of Li et al. 2021.

    Returns
    -------
    set of (str, str, str, str)
        ``location, group, parameter, statistic`` as in the claims: a number of Tables 1-5, of
        agreement or of the ANOVA that is a target, and each place of the text that prints the same
        quantity again.
    """
    quantities = target_quantities()
    return {
        (claim.location, claim.group, claim.parameter, claim.statistic)
        for claim in load_claims(claims)
        if (claim.analysis, claim.group, claim.parameter, claim.statistic) in quantities
    }


def table() -> pd.DataFrame:
    """Every target as a table, which stands beside the cohort as ``targets.csv``.

    Returns
    -------
    DataFrame
        ``location, analysis, item, group, parameter, statistic, wanted, reason``; one row per
        target, named as :mod:`ivim.report.quantities` names a number.
    """
    columns = ["location", "analysis", "item", "group", "parameter", "statistic"]
    rows = [(one.location, *quantity(one), one.wanted, one.reason) for one in all_targets()]
    return pd.DataFrame(rows, columns=[*columns, "wanted", "reason"])


def _table1(printed):
    known = {}
    for group, n in SIZES.items():
        yield from (
            digits("table1", group, "", name, printed["table1", group, "", name])
            for name in ("n", "male", "female")
        )
        mean = printed["table1", group, "age", "mean"]
        known[group] = max(counts.grim_sizes(mean, n))
        reason = (
            PRINTED
            if known[group] == n
            else f"{mean} is no mean of {n} whole years; of {known[group]} it is"
        )
        yield digits("table1", group, "age", "n", str(known[group]), reason)
        yield from (
            digits("table1", group, "age", name, printed["table1", group, "age", name])
            for name in ("mean", "sd")
        )


def _table2(printed):
    for parameter in parameters.SIX:
        rows, is_total = table2_rows(printed, parameter)
        for group in SIZES:
            for name in ("mean", "sd"):
                text, reason, place = printed["table2", group, parameter, name], PRINTED, group
                if group == "renal" and is_total:
                    place, reason = (
                        "all",
                        "the renal row fits all 70 patients, not the metastases' mean",
                    )
                elif (group, name) == ("tuberculosis", "sd") and point_put_right(
                    printed, parameter
                ) != text:
                    text, reason = (
                        point_put_right(printed, parameter),
                        f"{text}: the decimal point, by the t of Table 3",
                    )
                yield digits("table2", place, parameter, name, text, reason)
        if is_total:
            hidden = moments.hidden(rows["metastasis"], [rows["lung"], rows["breast"]])
            why = "what the metastasis row leaves beside lung and breast"
            yield within(
                "table2",
                "renal",
                parameter,
                "mean",
                float(hidden.mean.low),
                float(hidden.mean.high),
                why,
            )
            yield within(
                "table2", "renal", parameter, "sd", float(hidden.sd.low), float(hidden.sd.high), why
            )


def _table3(printed):
    for parameter in parameters.SIX:
        for name in ("t", "p"):
            text = printed["table3", "", parameter, name]
            yield digits("table3", "", parameter, name, text.rstrip("*"))


def t_interval(targets: Mapping[Key, Target], parameter: str) -> tuple[float, float]:
    """The t that prints both t and p of Table 3: the interval of t, cut to where its p prints too.

    Parameters
    ----------
    targets : dict of key to Target
    parameter : str

    Returns
    -------
    low, high : float
    """
    t, p = (targets["table3", "", parameter, name] for name in ("t", "p"))
    df = PATIENTS - 2
    ends = sorted(
        math.copysign(stats.t.isf(end / 2, df), t.low) for end in (max(p.low, 1e-300), p.high)
    )
    return max(t.low, ends[0]), min(t.high, ends[1])


def _normality():
    why = "the article's rule leads to its t-tests only where both groups pass Shapiro-Wilk"
    for parameter in parameters.SIX:
        for group in article.GROUPS:
            yield within(
                "methods", group, parameter, "shapiro_p", article.SIGNIFICANCE, math.inf, why
            )


def _primaries():
    for parameter in parameters.SIX:
        if parameter in HETEROGENEOUS:
            limits, why = (-math.inf, article.SIGNIFICANCE), "Results: differs among the primaries"
        else:
            limits, why = (
                (article.SIGNIFICANCE, math.inf),
                "Results: not named among those that differ",
            )
        yield within("results", "", parameter, "anova_p", *limits, why)
    for other in ("breast", "renal"):
        why = f"Discussion: lung significantly lower than {other} (Tukey)"
        yield within("discussion", f"lung-{other}", "adc_slow", "difference", -math.inf, 0.0, why)
        yield within(
            "discussion",
            f"lung-{other}",
            "adc_slow",
            "tukey_p",
            -math.inf,
            article.SIGNIFICANCE,
            why,
        )


def _agreement(printed):
    for parameter in parameters.SIX:
        for form in SINGLE_FORMS:
            for name in ("icc", "icc_low", "icc_high"):
                yield digits(
                    "results", form, parameter, name, printed["results", "", parameter, name]
                )


def _table4(printed):
    for label, parameter in printed_labels(printed).items():
        moved = PRINTED if label == parameter else f"printed in the row of {label}; labels swapped"
        b, se = (parse(printed["table4", "", label, name]).value for name in ("b", "se"))
        for name in ("b", "se", "wald", "p", "odds_ratio", "ci_low", "ci_high"):
            text, reason = printed["table4", "", label, name].rstrip("*"), moved
            if name in ("ci_low", "ci_high"):
                limit = estimates.odds_ratio_limits(str(b), str(se))[name == "ci_high"]
                if not limit.overlaps(parse(text).interval):
                    exact = math.exp(
                        float(b)
                        + (1 if name == "ci_high" else -1) * stats.norm.isf(0.025) * float(se)
                    )
                    reason = f"{moved}; {text} is not exp(B ± 1.96 SE), {show(limit)} is"
                    text = f"{exact:.2e}"
            yield digits("table4", "", parameter, name, text, reason)


def _table5(printed):
    for marker in MARKERS:
        for name in ("auc", "auc_low", "auc_high"):
            yield digits("table5", "", marker, name, printed["table5", "", marker, name])
        cutoff = printed.get(("table5", "", marker, "cutoff"))
        if cutoff:
            # The cut-off's side is that of the ROC direction; f is measured to three decimals, so
            # 0.4 has to be .400.
            decimals = 2 if marker == "adc_fast" else 3
            yield digits(
                "table5",
                "",
                marker,
                "cutoff",
                f"{parse(cutoff).value:.{decimals}f}",
                f"{PRINTED} as {cutoff}",
            )
        yield digits("table5", "", marker, "optima", "1", "the cut-off is the one Youden optimum")
        for name, n in (
            ("sensitivity", SIZES["metastasis"]),
            ("specificity", SIZES["tuberculosis"]),
        ):
            yield from _proportion(printed, marker, name, n)


def _proportion(printed, marker, name, n):
    share = printed["table5", "", marker, name]
    count = round(float(parse(share).value) * n / 100)
    yield digits(
        "table5",
        "",
        marker,
        "tp" if name == "sensitivity" else "tn",
        str(count),
        f"{share} % of {n}",
    )
    yield digits("table5", "", marker, name, share)
    for end, limit in zip(("low", "high"), exact_limits(count, n), strict=True):
        text = printed["table5", "", marker, f"{name}_{end}"]
        right = to_print(100 * limit, parse(text).decimals)
        reason = PRINTED if right == text else f"{text} is not the exact limit of {count}/{n}"
        yield digits("table5", "", marker, f"{name}_{end}", right, reason)
