"""A table's numbers by what they are: one mapping for comparison, audit and verifier.

Values are in the units in which they are printed: diffusivities in 10⁻³ mm²/s, shares in per cent.
"""

import math

import pandas as pd

from ivim import parameters

COLUMNS = ["analysis", "item", "group", "parameter", "statistic", "value", "unit"]

_COUNTS = ("n", "male", "female")
_SHARES = ("sensitivity", "specificity")
_T_TESTS = ("Student", "Welch")


def quantities_of(table: str, frame: pd.DataFrame) -> pd.DataFrame:
    """The numbers of one table as quantities.

    Parameters
    ----------
    table : str
        A name of :data:`ivim.report.analysis.COLUMNS`, or "normality", "everyone" or "optima".
    frame : DataFrame
        As :class:`ivim.report.analysis.Analysis` has it; columns may be missing.

    Returns
    -------
    DataFrame
        ``analysis, item, group, parameter, statistic, value, unit``; a missing number is NaN.
    """
    rows = [row for record in frame.to_dict("records") for row in _ROWS[table](record)]
    found = pd.DataFrame(rows, columns=COLUMNS[:-1])
    found["value"] = [math.nan if pd.isna(value) else float(value) for value in found["value"]]
    share = found["statistic"].str.startswith(_SHARES)
    found["value"] = found["value"].where(~share, 100 * found["value"])
    found["unit"] = [
        "%" if percent else _unit(row)
        for percent, row in zip(share, found.itertuples(), strict=True)
    ]
    return found


def _unit(row):
    in_units = row.statistic in ("mean", "sd", "cutoff", "difference", "median", "q1", "q3")
    if not in_units:
        return ""
    return "years" if row.parameter == "age" else parameters.unit(row.parameter)


def _demographics(record):
    group = record["group"]
    for name in _COUNTS:
        yield "describe", "", group, "", name, record.get(name)
    for name in ("mean", "sd"):
        yield "describe", "", group, "age", name, record.get(f"age_{name}")


def _moments(record):
    for name in ("n", "mean", "sd"):
        yield "describe", "", record["group"], record["parameter"], name, record.get(name)


def _chosen(record):
    key = "t-test", record["test"], "", record["parameter"]
    # A rank sum or an F is not the t that a paper prints.
    if record["test"] in _T_TESTS:
        yield *key, "t", record["statistic"]
    yield *key, "p", record["p"]


def _normality(record):
    yield "normality", record["test"], record["group"], record["parameter"], "p", record["p"]


def _regression(record):
    for name, value in record.items():
        if name != "term":
            yield "logistic", "", "", record["term"], name, value


def _performance(record):
    for name, value in record.items():
        if name not in ("marker", "direction"):
            yield "roc", "", "", record["marker"], name, value


def _agreement(record):
    key = "agreement", record["form"], "", record["parameter"]
    for name, column in (("icc", "icc"), ("icc_low", "ci_low"), ("icc_high", "ci_high")):
        yield *key, name, record[column]


def _anova(record):
    for name in ("f", "df_between", "df_within", "p"):
        yield "anova", "", "", record["parameter"], name, record.get(name)


def _posthoc(record):
    pair = f"{record['a']}-{record['b']}"
    for name in ("difference", "p"):
        yield "posthoc", record["method"], pair, record["parameter"], name, record[name]


_ROWS = {
    "table1": _demographics, "table2": _moments, "everyone": _moments, "table3": _chosen,
    "normality": _normality, "table4": _regression, "table5": _performance,
    "optima": _performance, "agreement": _agreement, "anova": _anova, "posthoc": _posthoc,
}  # fmt: skip
