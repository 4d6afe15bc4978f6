"""Agreement between readers: six intraclass correlations, Bland-Altman limits, repeatability."""

from collections.abc import Hashable
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from ivim.stats import checks
from ivim.stats.checks import Floats
from ivim.stats.mean_squares import FORMS, icc_from_mean_squares, mean_squares
from ivim.stats.precision import pingouin

__all__ = ["FORMS", "bland_altman", "icc", "icc_from_mean_squares", "mean_squares", "reading_table"]

COLUMNS = ["parameter", "form", "icc", "ci_low", "ci_high", "f", "df1", "df2", "p"]


def icc(
    frame: pd.DataFrame,
    targets: str = "patient",
    raters: str = "reader",
    values: Any = None,
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Intraclass correlation of several readers who measured the same targets, in all six forms.

    Parameters
    ----------
    frame : DataFrame
        One row per target and rater.
    targets, raters : str
        Columns that name who was measured and who measured.
    values : str or list of str
        Measured column(s). A target that a rater has no value of is left out for that parameter.
    confidence : float
        Two-sided level of the limits.

    Returns
    -------
    DataFrame
        ``parameter, form, icc, ci_low, ci_high, f, df1, df2, p``; one row per parameter and form.
        `f` tests ICC = 0. ``.attrs`` holds ``n`` (targets, by parameter), ``left_out`` (the targets
        that lack a reading, by parameter) and ``missing`` (the same in sentences). With one rater
        the frame is empty and ``.attrs["reason"]`` says why.

    Raises
    ------
    ValueError
        With one target, a doubled reading, a constant, or fewer than three complete targets where
        readings are missing.

    Notes
    -----
    Forms, F limits, and for agreement the Satterthwaite degrees of freedom as in McGraw & Wong,
    Psychol Methods 1996;1:30 (ICC(A,1) there is ICC(2,1) of Shrout & Fleiss, Psychol Bull
    1979;86:420, ICC(C,1) their ICC(3,1)). The article's limits fit the single-reading forms.

    By pingouin where it has the answer. It knows 95 % limits alone, refuses fewer than five
    readings, and finds the residual by subtraction, so that F loses its digits where readers nearly
    coincide (a wrong second digit where they differ by 10⁻⁷ of the spread; none is left where they
    agree wholly): there :func:`icc_from_mean_squares` computes.

    Examples
    --------
    >>> readings = pd.DataFrame({"patient": [1, 1, 2, 2, 3, 3], "reader": list("ababab")})
    >>> found = icc(readings.assign(f=[1, 2, 4, 4, 7, 6]), values="f").set_index("form")
    >>> float(found.loc["ICC(C,1)", "icc"].round(3))
    0.923
    """
    checks.proportion(confidence)
    tables = _tables(frame, targets, raters, values)
    empty = pd.DataFrame(columns=COLUMNS).astype(dict.fromkeys(COLUMNS[2:], float))
    found = [
        _icc(table, confidence).assign(parameter=name)[COLUMNS]
        for name, table in tables.items()
        if table.shape[1] > 1
    ]
    result = pd.concat(found, ignore_index=True) if found else empty
    result.attrs = _attributes(tables, targets, raters)
    return result


def bland_altman(
    frame: pd.DataFrame,
    targets: str = "patient",
    raters: str = "reader",
    values: Any = None,
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Bias, limits of agreement and repeatability for every pair of readers.

    Parameters
    ----------
    frame, targets, raters, values, confidence
        As for :func:`icc`.

    Returns
    -------
    DataFrame
        One row per parameter and pair of readers, in units of the values: ``parameter, a, b, n``;
        ``bias`` (mean of a - b), ``sd`` of the differences; ``lower, upper`` (limits of agreement,
        bias ± 1.96 sd); ``within_sd`` (within-subject SD); ``repeatability`` (1.96 √2 within_sd);
        each but `sd` with ``_low`` and ``_high`` confidence limits; and ``cov``, the within-subject
        coefficient of variation as a fraction (NaN where a target's mean is not positive).
        ``.attrs`` as for :func:`icc`.

    Raises
    ------
    ValueError
        As :func:`icc`.

    Notes
    -----
    Bland & Altman, Stat Methods Med Res 1999;8:135. Limits of the limits of agreement are exact by
    the non-central t (Carkeet, Optom Vis Sci 2015;92:e71), those of within_sd and repeatability by
    χ² with n degrees of freedom; cov is the root mean square over the targets (Raunig et al., Stat
    Methods Med Res 2015;24:27). A bias widens within_sd and repeatability. Ours: pingouin and
    statsmodels plot Bland-Altman limits, they do not return them.
    """
    checks.proportion(confidence)
    tables, rows = _tables(frame, targets, raters, values), []
    for name, table in tables.items():
        for a, b in combinations(table.columns, 2):
            row = _pair(table[a].to_numpy(), table[b].to_numpy(), (1 - confidence) / 2)
            rows.append({"parameter": name, "a": a, "b": b, **row})
    # With one reader there is no row, and the columns are those of any pair.
    columns = ["parameter", "a", "b", *_pair(np.zeros(2), np.arange(2.0), 0.025)]
    result = pd.DataFrame(rows, columns=columns)
    result.attrs = _attributes(tables, targets, raters)
    return result


def reading_table(frame: pd.DataFrame, targets: str, raters: str, values: Hashable) -> pd.DataFrame:
    """One row per target that every rater measured, one column per rater, in order of appearance.

    Parameters
    ----------
    frame, targets, raters
        As for :func:`icc`.
    values : str
        One measured column.

    Returns
    -------
    DataFrame, shape (n targets, k raters)
        ``.attrs["left_out"]`` lists the targets that lack a reading.

    Raises
    ------
    ValueError
        As :func:`icc`.
    """
    checks.check_columns(frame, targets, raters, values)
    array = checks.numbers(frame[values], values, missing=True)
    long = pd.DataFrame(
        {
            "target": checks.labels(frame[targets], targets),
            "rater": checks.labels(frame[raters], raters),
            "value": checks.varying(array, values),
        }
    )
    twice = long[long.duplicated(["target", "rater"])].to_dict("records")
    if twice:
        msg = (
            f"rater {twice[0]['rater']!r} has more than one {values!r} for {targets} "
            f"{twice[0]['target']!r}; one reading each is needed"
        )
        raise ValueError(msg)
    table = long.pivot(index="target", columns="rater", values="value")
    table = table.loc[long["target"].unique(), long["rater"].unique()]
    complete = table.dropna()
    _check_size(table, complete, targets, raters, values)
    if (complete.nunique() == 1).all():
        msg = (
            f"{values!r} is the same for every {targets} within each {raters}; agreement needs "
            "targets that differ"
        )
        raise ValueError(msg)
    complete.attrs = {"left_out": [at for at in table.index if at not in complete.index]}
    return complete


def _check_size(
    table: pd.DataFrame, complete: pd.DataFrame, targets: str, raters: str, values: Hashable
) -> None:
    if len(table) < 2:
        msg = _too_few(table, targets, raters, values)
        raise ValueError(msg)
    lacking = np.argwhere(table.isna().to_numpy())
    # Two complete targets of a complete study are few; two that missing readings leave are chance.
    if len(lacking) and len(complete) < 3:
        target, rater = table.index.tolist()[lacking[0][0]], table.columns.tolist()[lacking[0][1]]
        msg = (
            f"{targets} {target!r} has no {values!r} by rater {rater!r}, and {len(complete)} of "
            f"{len(table)} {targets}(s) are complete; at least 3 complete ones are needed"
        )
        array = table.to_numpy().ravel()
        raise ValueError(msg + checks.missing_note(array, values))


def _too_few(table: pd.DataFrame, targets: str, raters: str, values: Hashable) -> str:
    met = f"{table.shape[0]} {targets} and {table.shape[1]} {raters}"
    return f"agreement of {values!r} needs at least two targets and two raters; met {met}"


def _tables(frame: pd.DataFrame, targets: str, raters: str, values: Any) -> dict[Any, pd.DataFrame]:
    return {name: reading_table(frame, targets, raters, name) for name in checks.name_list(values)}


def _attributes(tables: dict[Any, pd.DataFrame], targets: str, raters: str) -> dict[str, Any]:
    left_out = {name: table.attrs["left_out"] for name, table in tables.items()}
    counts = {
        name: (len(left_out[name]), len(left_out[name]) + len(table))
        for name, table in tables.items()
    }
    attributes = {
        "n": {name: len(table) for name, table in tables.items()},
        "left_out": left_out,
        "missing": checks.left_out(counts, f"{targets}s"),
    }
    alone = [
        _too_few(table, targets, raters, name)
        for name, table in tables.items()
        if table.shape[1] < 2
    ]
    if alone:
        attributes["reason"] = alone[0]
    return attributes


def _icc(table: pd.DataFrame, confidence: float) -> pd.DataFrame:
    squares = mean_squares(table.to_numpy())
    if not (confidence == 0.95 and table.size >= 5 and _is_rough(**squares)):
        return icc_from_mean_squares(**squares, confidence=confidence)
    n, k = table.shape
    long = pd.DataFrame(
        {
            "target": np.repeat(np.arange(n), k),
            "rater": np.tile(np.arange(k), n),
            "value": table.to_numpy().ravel(),
        }
    )
    with pingouin() as pg:
        found = pg.intraclass_corr(long, targets="target", raters="rater", ratings="value")
    found = found.set_index("Type").loc[list(FORMS)]
    limits = np.vstack(found["CI95"].to_list())
    return pd.DataFrame(
        {
            "form": FORMS,
            "icc": found["ICC"].to_numpy(),
            "ci_low": limits[:, 0],
            "ci_high": limits[:, 1],
            "f": found["F"].to_numpy(),
            "df1": found["df1"].to_numpy(),
            "df2": found["df2"].to_numpy(),
            "p": found["pval"].to_numpy(),
        }
    )


def _is_rough(n: int, k: int, ms_targets: float, ms_raters: float, ms_error: float) -> bool:
    """Whether the residual is large enough to be found by subtraction to ten digits."""
    error = (n - 1) * (k - 1) * ms_error
    return error > 1e-5 * ((n - 1) * ms_targets + (k - 1) * ms_raters + error)


def _pair(a: Floats, b: Floats, tail: float) -> dict[str, float]:
    n, difference, mean = a.size, a - b, (a + b) / 2
    bias, sd = difference.mean(), difference.std(ddof=1)
    z, half = stats.norm.ppf(0.975), stats.t.isf(tail, n - 1) * sd / np.sqrt(n)
    near, far = stats.nct.ppf([tail, 1 - tail], n - 1, z * np.sqrt(n)) * sd / np.sqrt(n)
    within = np.sqrt((difference**2).mean() / 2)
    scale = np.sqrt(n / stats.chi2.ppf([1 - tail, tail], n))
    with np.errstate(divide="ignore", invalid="ignore"):
        cov = np.sqrt((difference**2 / 2 / mean**2).mean()) if (mean > 0).all() else np.nan
    intervals = {
        "bias": (bias, bias - half, bias + half),
        "lower": (bias - z * sd, bias - far, bias - near),
        "upper": (bias + z * sd, bias + near, bias + far),
        "within_sd": (within, *within * scale),
        "repeatability": tuple(z * np.sqrt(2) * within * np.array([1, *scale])),
    }
    row: dict[str, float] = {"n": n}
    for name, (value, low, high) in intervals.items():
        row |= {name: value, f"{name}_low": low, f"{name}_high": high}
    return row | {"sd": sd, "cov": cov}
