"""Simulated studies of the article's design, correctly computed by `ivim.stats` and correctly
printed, as claims.

Twenty tuberculosis and fifty metastasis patients (32 lung, 7 breast, 11 renal), two readers, six
parameters: what an honest
article of this design prints. The audit has to leave every number of it alone.
"""

from fractions import Fraction

import numpy as np
import pandas as pd

import ivim
from ivim.audit.checks.rounding import to_print
from ivim.stats.logistic import linear_score

SIZES = {"tuberculosis": 20, "lung": 32, "breast": 7, "renal": 11}
PARTS = ("lung", "breast", "renal")
# Centre, SD within a group, SD between group centres, SD between readers, step of the read-out,
# decimals of the printed table.
PARAMETERS = {
    "adc_stand": (1.08, 0.25, 0.15, 0.07, 0.01, 2),
    "adc_slow": (0.83, 0.28, 0.15, 0.07, 0.01, 2),
    "adc_fast": (29.0, 7.0, 5.0, 3.0, 0.1, 2),
    "f": (0.35, 0.14, 0.07, 0.05, 0.001, 2),
    "ddc": (1.2, 0.38, 0.2, 0.1, 0.01, 2),
    "alpha": (0.76, 0.08, 0.02, 0.03, 0.001, 2),
}
MARKERS = ("adc_fast", "f")


def simulate(seed):
    """One study: its printed quantities and the methods that were used.

    Returns
    -------
    tuple of (DataFrame, dict)
        Claims with the columns of ``data/published/claims.csv`` (without ids and places:
        ``location, group, parameter, statistic,
        printed, unit``), and the facts that an audit may be told: ``t``, ``icc`` (form), ``anova``
        and ``posthoc`` (claims that hold).
    """
    rng = np.random.default_rng(seed)
    patients, readings = _measure(rng)
    values = patients.join(
        readings.groupby("patient", sort=False)[list(PARAMETERS)]
        .mean()
        .round(10)
        .reset_index(drop=True)
    )
    facts = {
        "t": str(rng.choice(["student", "welch"])),
        "icc": str(rng.choice(["ICC(1,1)", "ICC(C,1)", "ICC(1,k)", "ICC(C,k)"])),
    }
    rows = [
        *_patients(values),
        *_means(values),
        *_tests(values, facts["t"]),
        *_agreement(readings, facts["icc"]),
    ]
    rows += [*_logistic(values), *_roc(values)]
    parts = values[values["group"] == "metastasis"]
    facts["anova"] = (
        ivim.anova(parts, values=list(PARAMETERS), group="primary")
        .set_index("parameter")["p"]
        .lt(0.05)
        .to_dict()
    )
    pairs = ivim.posthoc(parts, values=list(PARAMETERS), group="primary", method="bonferroni")
    facts["posthoc"] = [(row.parameter, row.a, row.b) for row in pairs.itertuples() if row.p < 0.05]
    return pd.DataFrame(
        rows, columns=["location", "group", "parameter", "statistic", "printed", "unit"]
    ), facts


def members(values, name):
    """Rows of a group or of a primary tumour."""
    return values[values["primary" if name in PARTS else "group"] == name]


def _measure(rng):
    names = np.repeat(list(SIZES), list(SIZES.values()))
    group = np.where(names == "tuberculosis", "tuberculosis", "metastasis")
    patients = pd.DataFrame({"group": group, "primary": np.where(group == "metastasis", names, "")})
    patients["sex"] = rng.choice(["male", "female"], len(names))
    patients["age"] = np.clip(rng.normal(55, 13, len(names)).round(), 18, 92).astype(int)
    readings = pd.DataFrame(
        {"patient": np.repeat(np.arange(len(names)), 2), "reader": np.tile(["A", "B"], len(names))}
    )
    for name, (centre, within, between, reader, step, _) in PARAMETERS.items():
        shift = dict(zip(SIZES, rng.normal(0, between, len(SIZES)), strict=True))
        spread = dict(zip(SIZES, rng.uniform(0.6, 1.3, len(SIZES)), strict=True))
        truth = np.array(
            [centre + shift[who] + spread[who] * within * rng.standard_normal() for who in names]
        )
        noise = reader * (rng.standard_normal((len(names), 2)) + [0, rng.normal(0, 0.3)])
        limit = 1.0 if name in ("f", "alpha") else np.inf
        readings[name] = (
            np.clip(truth[:, None] + noise, step, limit) / step
        ).round().ravel() * step
    return patients, readings.round(10)


def _patients(values):
    for name in ("tuberculosis", "metastasis", *PARTS):
        rows = members(values, name)
        for statistic, count in (
            ("n", len(rows)),
            *((sex, int((rows["sex"] == sex).sum())) for sex in ("male", "female")),
        ):
            yield "table1", name, "", statistic, str(count), ""
        yield (
            "table1",
            name,
            "age",
            "mean",
            to_print(Fraction(int(rows["age"].sum()), len(rows)), 2),
            "years",
        )
        yield "table1", name, "age", "sd", to_print(rows["age"].std(), 2), "years"


def _means(values):
    for name in ("tuberculosis", "metastasis", *PARTS):
        for parameter, (*_, decimals) in PARAMETERS.items():
            column = members(values, name)[parameter]
            yield "table2", name, parameter, "mean", to_print(column.mean(), decimals), ""
            yield "table2", name, parameter, "sd", to_print(column.std(), decimals), ""


def _tests(values, test):
    table = ivim.compare_groups(
        values, values=list(PARAMETERS), group="group", order=["tuberculosis", "metastasis"]
    )
    for row in table[table["test"].str.lower().str.contains(test)].itertuples():
        yield "table3", "", row.parameter, "t", to_print(row.statistic, 3), ""
        yield "table3", "", row.parameter, "p", _print_p(row.p), ""


def _agreement(readings, form):
    table = ivim.icc(readings, values=list(PARAMETERS))
    for row in table[table["form"] == form].itertuples():
        for statistic, value in (
            ("icc", row.icc),
            ("icc_low", row.ci_low),
            ("icc_high", row.ci_high),
        ):
            yield "results", "", row.parameter, statistic, to_print(value, 3), ""


def _logistic(values):
    try:
        table = ivim.logistic(_outcome(values), outcome="y", predictors=list(MARKERS))
    except ValueError:  # the markers separate the groups; an article would print no such table
        return
    for row in table[table["term"] != "intercept"].itertuples():
        for statistic in ("b", "se", "wald", "odds_ratio", "ci_low", "ci_high"):
            yield "table4", "", row.term, statistic, to_print(getattr(row, statistic), 3), ""
        yield "table4", "", row.term, "p", to_print(row.p, 3), ""


def _roc(values):
    frame = _outcome(values)
    scores = {name: frame[name] for name in MARKERS}
    try:
        scores["adc_fast+f"] = linear_score(
            ivim.logistic(frame, outcome="y", predictors=list(MARKERS)), frame
        )
    except ValueError:
        pass
    for name, score in scores.items():
        curve = ivim.roc(frame["y"], score)
        for statistic, value in (
            ("auc", curve.auc),
            ("auc_low", curve.ci_low),
            ("auc_high", curve.ci_high),
        ):
            yield "table5", "", name, statistic, to_print(value, 3), ""
        if name in MARKERS:
            yield "table5", "", name, "cutoff", f"{curve.direction} {to_print(curve.cutoff, 2)}", ""
        for part in ("sensitivity", "specificity"):
            for end in ("", "_low", "_high"):
                yield (
                    "table5",
                    "",
                    name,
                    part + end,
                    to_print(100 * getattr(curve, part + end), 1),
                    "%",
                )


def _outcome(values):
    return values.assign(y=(values["group"] == "metastasis").astype(int))


def _print_p(p):
    return "<0.0001" if p < 0.0001 else to_print(p, 3)
