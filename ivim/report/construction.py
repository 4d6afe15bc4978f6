"""What holds of the reconstructed cohort by construction: the numbers that its search was built to
print, read from the list that lies beside the cohort (``targets.csv``)."""

from functools import lru_cache

import pandas as pd

from ivim import files, parameters

_KEY = ["analysis", "item", "group", "parameter", "statistic"]


@lru_cache(maxsize=1)
def targets() -> pd.DataFrame:
    """Everything that the search had to print.

    Returns
    -------
    DataFrame
        ``location, analysis, item, group, parameter, statistic, wanted, reason``; the middle five
        as :mod:`ivim.report.quantities` names a number.
    """
    return pd.read_csv(files.COHORT / "targets.csv", dtype=str, keep_default_na=False)


def is_target(analysis: str, group: str, parameter: str, statistic: str) -> bool:
    """Whether a printed number is one that the cohort was built to print.

    Parameters
    ----------
    analysis, group, parameter, statistic : str
        As a claim names it.

    Returns
    -------
    bool
    """
    return (analysis, group, parameter, statistic) in _printed_keys()


@lru_cache(maxsize=1)
def _printed_keys():
    columns = targets()[["analysis", "group", "parameter", "statistic"]]
    return frozenset(columns.itertuples(index=False, name=None))


def targets_among(quantities: pd.DataFrame) -> pd.DataFrame:
    """The targets among some numbers.

    Parameters
    ----------
    quantities : DataFrame
        As :func:`ivim.report.quantities.quantities_of` gives them.

    Returns
    -------
    DataFrame
        The rows that are targets, with ``wanted`` and ``reason``.
    """
    return quantities.merge(targets()[[*_KEY, "wanted", "reason"]], on=_KEY)


def note(quantities: pd.DataFrame) -> str:
    """A sentence that says what of some numbers holds by construction.

    Parameters
    ----------
    quantities : DataFrame
        As :func:`ivim.report.quantities.quantities_of` gives them.

    Returns
    -------
    str
        Empty where none was a target.
    """
    found = targets_among(quantities)
    if found.empty:
        return ""
    to_digits = found["wanted"].str.match(r"^[−-]?[\d.]+(e-?\d+)?$") | found["wanted"].str.match(
        "^<"
    )
    parts = [_counted(found[to_digits], quantities)] * bool(to_digits.any())
    told = "; ".join(parts + _limits(found[~to_digits]))
    return f"By construction (the search for the cohort was given them): {told}."


def _counted(found, quantities):
    """How many numbers were wanted to the digit, and of which items where not of all."""
    items = [name for name in dict.fromkeys(found["item"]) if name]
    among = f" ({', '.join(items)})" if items and set(items) < set(quantities["item"]) else ""
    return f"{len(found)} of {len(quantities)} numbers to the digit{among}"


def _limits(found):
    """The targets that are limits, in words: "p below 0.05 for ADC slow, DDC"."""
    ranges = found["wanted"].str.contains(" to ")
    parts = [f"{ranges.sum()} within what other numbers leave"] * bool(ranges.any())
    for (statistic, wanted), rows in found[~ranges].groupby(["statistic", "wanted"], sort=False):
        names = dict.fromkeys(parameters.label(name) for name in rows["parameter"])
        pairs = [name for name in dict.fromkeys(rows["group"]) if "-" in name]
        among = f" ({', '.join(pairs)})" if pairs else ""
        parts.append(f"{statistic} {wanted} for {', '.join(names)}{among}")
    return parts
