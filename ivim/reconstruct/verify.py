"""The verifier: what the pipeline prints from two CSV files, held against every target of the
reconstruction, cell by cell."""

import math

import numpy as np
import pandas as pd

from ivim import article, parameters
from ivim.cohort import average_readers, load_cohort
from ivim.reconstruct.cohort import GRID
from ivim.reconstruct.targets import all_targets
from ivim.report import tables
from ivim.stats.groups import posthoc


def verify(patients=None, measurements=None):
    """Recompute every target from the two files through the pipeline.

    Parameters
    ----------
    patients, measurements : path, optional
        By default the committed ``data/cohort``.

    Returns
    -------
    DataFrame
        ``location, group, parameter, statistic, wanted, found, met, reason``; one row per target,
        then those of :func:`plausible`.
    """
    cohort = load_cohort(patients, measurements)
    values = pipeline_values(cohort)
    rows = []
    for target in all_targets():
        value = values.get(target.key)
        rows.append(
            (*target.key, target.wanted, target.shown(value), target.met(value), target.reason)
        )
    columns = ["location", "group", "parameter", "statistic", "wanted", "found", "met", "reason"]
    return pd.DataFrame([*rows, *plausible(cohort)], columns=columns)


def pipeline_values(cohort):
    """Every number of the tables by ``(location, group, parameter, statistic)``, sensitivities in
    per cent as printed."""
    found = {}
    for build in (_demographics, _moments, _tests, _primaries, _agreement, _logistic, _roc):
        found |= {key: math.nan if pd.isna(value) else float(value) for key, value in build(cohort)}
    return found


def _demographics(cohort):
    for row in tables.table1(cohort).itertuples():
        yield from (
            (("table1", row.group, "", name), getattr(row, name))
            for name in ("n", "male", "female")
        )
        members = cohort.values[
            (cohort.values["group"] == row.group) | (cohort.values["primary"] == row.group)
        ]
        yield ("table1", row.group, "age", "n"), members["age"].notna().sum()
        yield ("table1", row.group, "age", "mean"), row.age_mean
        yield ("table1", row.group, "age", "sd"), row.age_sd


def _moments(cohort):
    for row in tables.table2(cohort).itertuples():
        yield ("table2", row.group, row.parameter, "mean"), row.mean
        yield ("table2", row.group, row.parameter, "sd"), row.sd
    for name in cohort.parameters:
        yield ("table2", "all", name, "mean"), cohort.values[name].mean()
        yield ("table2", "all", name, "sd"), cohort.values[name].std()


def _tests(cohort):
    tests = tables.group_tests(cohort)
    for row in tests[tests["test"] == "Shapiro-Wilk"].itertuples():
        yield ("methods", row.group, row.parameter, "shapiro_p"), row.p
    # Only the chosen test counts: a Mann-Whitney row here means that the article's rule would not
    # print this t.
    for row in tests[tests["chosen"] & (tests["test"] == "Student")].itertuples():
        yield ("table3", "", row.parameter, "t"), row.statistic
        yield ("table3", "", row.parameter, "p"), row.p


def _primaries(cohort):
    for row in tables.anova(cohort).itertuples():
        yield ("results", "", row.parameter, "anova_p"), row.p
    pairs = posthoc(
        cohort.values[cohort.values["primary"] != ""],
        "adc_slow",
        group="primary",
        order=article.PRIMARIES,
        method="tukey",
    )
    for row in pairs[pairs["a"] == "lung"].itertuples():
        yield ("discussion", f"lung-{row.b}", "adc_slow", "difference"), row.difference
        yield ("discussion", f"lung-{row.b}", "adc_slow", "tukey_p"), row.p


def _agreement(cohort):
    for row in tables.agreement(cohort).itertuples():
        for name, value in (("icc", row.icc), ("icc_low", row.ci_low), ("icc_high", row.ci_high)):
            yield ("results", row.form, row.parameter, name), value


def _logistic(cohort):
    table = tables.table4(cohort)
    for row in table.itertuples():
        yield from (
            (("table4", "", row.term, name), getattr(row, name)) for name in table.columns[1:]
        )


def _roc(cohort):
    for marker, curve in tables.curves(cohort)[0].items():
        for name, value in (
            ("auc", curve.auc),
            ("auc_low", curve.ci_low),
            ("auc_high", curve.ci_high),
            ("cutoff", curve.cutoff),
        ):
            yield ("table5", "", marker, name), value
        yield ("table5", "", marker, "optima"), len(curve.cutoffs)
        yield from ((("table5", "", marker, name), getattr(curve, name)) for name in ("tp", "tn"))
        for name in ("sensitivity", "specificity"):
            yield from (
                (("table5", "", marker, f"{name}{end}"), 100 * getattr(curve, name + end))
                for end in ("", "_low", "_high")
            )


def plausible(cohort):
    """Whether the readings look measured; rows as :func:`verify` gives them.

    On a workstation's grid, physical, one tissue's diffusivities together, readers who differ like
    readers.
    """
    readings, values = cohort.measurements, average_readers(cohort.measurements)
    numbers = values[list(parameters.SIX)]
    correlation = (
        numbers - numbers.groupby(cohort.values["primary"].to_numpy()).transform("mean")
    ).corr()
    wide = readings.pivot(index="patient", columns="reader")

    def row(parameter, statistic, wanted, found, met, reason):
        return "plausible", "", parameter, statistic, wanted, found, bool(met), reason

    for name in parameters.SIX:
        off = np.abs(readings[name] / GRID[name] - (readings[name] / GRID[name]).round()).max()
        found = "on it" if off < 1e-6 else f"off by {off * GRID[name]:.1g}"
        yield row(
            name,
            "grid",
            f"{GRID[name]:g}",
            found,
            off < 1e-6,
            "each reading on the grid of a workstation",
        )
    for name in ("f", "alpha"):
        low, high = readings[name].min(), readings[name].max()
        yield row(
            name,
            "range",
            "within 0 to 1",
            f"{low:g} to {high:g}",
            low > 0 and high < 1,
            "a fraction, for each reader",
        )
    low = readings["adc_fast"].min()
    yield row("adc_fast", "range", "5 or above", f"{low:g}", low >= 5, "faster than free diffusion")
    for frame, who, most in ((values, "averages", 1), (readings, "readings", 7)):
        count = int((frame["adc_slow"] > frame["adc_stand"]).sum())
        why = f"{who} with ADCslow above ADCstand: perfusion only adds to the ADC"
        yield row("adc_slow", "above adc_stand", f"at most {most}", str(count), count <= most, why)
    for a, b in (("adc_stand", "adc_slow"), ("adc_stand", "ddc"), ("adc_slow", "ddc")):
        found = correlation.at[a, b]
        yield row(
            f"{a}+{b}",
            "correlation",
            "above 0.5",
            f"{found:.2f}",
            found > 0.5,
            "within sub-groups: diffusivities of one tissue",
        )
    for name in parameters.SIX:
        difference = wide[name].iloc[:, 0] - wide[name].iloc[:, 1]
        kinds, bias = difference.round(6).nunique(), abs(difference.mean()) / difference.std()
        why = "readers differ at random, not by a constant"
        yield row(
            name, "reader bias", "below 0.25 SD", f"{bias:.2f} SD", bias < 0.25 and kinds > 10, why
        )
