"""The article's printed strings, and those that were put right before anything is built on them.

Derived with the arithmetic of :mod:`ivim.audit`, but without its search for slips.
"""

import math
from collections.abc import Mapping

import pandas as pd

from ivim import article, files
from ivim.audit.checks import estimates, moments
from ivim.audit.checks.rounding import parse
from ivim.reconstruct.target import Key

SIZES = article.GROUP_SIZES


def printed_strings() -> dict[Key, str]:
    """The article's printed strings.

    Returns
    -------
    dict of (str, str, str, str) to str
        By location, group, parameter and statistic.
    """
    claims = pd.read_csv(files.PUBLISHED, dtype=str, keep_default_na=False)
    return claims.set_index(["location", "group", "parameter", "statistic"])["printed"].to_dict()


def table2_rows(
    printed: Mapping[Key, str], parameter: str
) -> tuple[dict[str, moments.Group], bool]:
    """The rows of Table 2 for a parameter as :class:`ivim.audit.checks.moments.Group`, and the
    renal row's fate.

    Parameters
    ----------
    printed : dict of key to str
        Of :func:`printed_strings`.
    parameter : str

    Returns
    -------
    rows : dict of str to Group
        As printed, but for a decimal point put right.
    is_total : bool
        Whether the renal row is refuted by the metastasis row and fits all patients instead.
    """
    rows = {
        group: moments.Group.printed(
            n,
            printed["table2", group, parameter, "mean"],
            printed["table2", group, parameter, "sd"],
        )
        for group, n in SIZES.items()
    }
    mean = printed["table2", "tuberculosis", parameter, "mean"]
    rows["tuberculosis"] = moments.Group.printed(
        SIZES["tuberculosis"], mean, point_put_right(printed, parameter)
    )
    parts = [rows[name] for name in article.PRIMARIES]
    wrong = moments.check_pooled(rows["metastasis"], parts)["mean"].holds is False
    total = moments.is_total(rows["renal"], [rows["tuberculosis"], rows["metastasis"]])
    return rows, wrong and total.holds is True


def point_put_right(printed: Mapping[Key, str], parameter: str) -> str:
    """The tuberculosis SD of Table 2, its decimal point moved to where Table 3's t needs it (".782"
    is 7.82).

    Parameters
    ----------
    printed : dict of key to str
        Of :func:`printed_strings`.
    parameter : str

    Returns
    -------
    str
    """
    text = printed["table2", "tuberculosis", parameter, "sd"]
    m, n = SIZES["tuberculosis"], SIZES["metastasis"]
    means = [
        float(parse(printed["table2", group, parameter, "mean"]).value) for group in article.GROUPS
    ]
    t, other = (
        float(parse(printed[key]).value)
        for key in (("table3", "", parameter, "t"), ("table2", "metastasis", parameter, "sd"))
    )
    pooled = ((means[0] - means[1]) / t) ** 2 / (1 / m + 1 / n)
    square = ((m + n - 2) * pooled - (n - 1) * other**2) / (m - 1)
    # A t of a small difference says little about the SD; only where it does can it move the point.
    if abs(t) < 2 or square <= 0:
        return text
    shift = round(math.log10(math.sqrt(square) / float(parse(text).value)))
    return str(parse(text).value.scaleb(shift)) if shift else text


def printed_labels(printed: Mapping[Key, str]) -> dict[str, str]:
    """Printed row label of Table 4 -> the parameter meant: the only assignment in which no standard
    error is impossibly small.

    Parameters
    ----------
    printed : dict of key to str
        Of :func:`printed_strings`.

    Returns
    -------
    dict of str to str
    """
    names = ("adc_fast", "f")
    slopes = {
        name: estimates.Slope(
            *(printed["table4", "", name, part].rstrip("*") for part in ("b", "se"))
        )
        for name in names
    }
    rows = {name: table2_rows(printed, name)[0] for name in names}
    possible = estimates.matching_labels(
        slopes, {name: (rows[name]["metastasis"], rows[name]["tuberculosis"]) for name in names}
    )
    return possible[0] if possible else dict(zip(names, names, strict=True))
