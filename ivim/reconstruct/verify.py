"""The verifier: what the pipeline prints from two CSV files, held against every target of the
reconstruction, cell by cell."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd

from ivim import parameters
from ivim.cohort import Cohort, average_readers, load_cohort
from ivim.reconstruct.columns import GRID
from ivim.reconstruct.targets import all_targets, quantity
from ivim.report.analysis import analyse


def verify(
    patients: str | Path | None = None, measurements: str | Path | None = None
) -> pd.DataFrame:
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
        value = values.get(quantity(target))
        rows.append(
            (*target.key, target.wanted, target.shown(value), target.met(value), target.reason)
        )
    columns = ["location", "group", "parameter", "statistic", "wanted", "found", "met", "reason"]
    return pd.DataFrame([*rows, *plausible(cohort)], columns=columns)


def pipeline_values(cohort: Cohort) -> dict[tuple[str, str, str, str, str], float]:
    """Every number of the tables by analysis, item, group, parameter and statistic.

    Parameters
    ----------
    cohort : ivim.cohort.Cohort

    Returns
    -------
    dict
        As :func:`ivim.reconstruct.targets.quantity` names a target, to its value as printed.
    """
    found = analyse(cohort).quantities()
    keys = found[["analysis", "item", "group", "parameter", "statistic"]]
    values = dict(zip(keys.itertuples(index=False, name=None), found["value"], strict=True))
    # How many ages are known is no number of Table 1, but where 48.82 is a mean it has to be 17.
    for name, _, members in analyse(cohort).strata:
        values["describe", "", name, "age", "n"] = float(members["age"].notna().sum())
    return values


def plausible(cohort: Cohort) -> Iterator[tuple[str, str, str, str, str, str, bool, str]]:
    """Whether the readings look measured; rows as :func:`verify` gives them.

    On a workstation's grid, physical, one tissue's diffusivities together, readers who differ like
    readers.

    Parameters
    ----------
    cohort : ivim.cohort.Cohort

    Returns
    -------
    list of tuple

    Yields
    ------
    tuple
        ``location, group, parameter, statistic, wanted, found, met, reason``.
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
