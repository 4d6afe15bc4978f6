"""Agreement between readers: six intraclass correlations with exact limits, Bland-Altman limits, repeatability."""

from itertools import combinations

import numpy as np
import pandas as pd
from scipy import stats

from ivim.stats import checks

FORMS = ("ICC(1,1)", "ICC(A,1)", "ICC(C,1)", "ICC(1,k)", "ICC(A,k)", "ICC(C,k)")
"""One-way, two-way agreement, two-way consistency; single reading, then mean of k readings (McGraw & Wong 1996)."""


def icc(frame, targets="patient", raters="reader", values=None, confidence=0.95):
    """Intraclass correlation of several readers who all measured the same targets, in all six forms.

    Parameters
    ----------
    frame : DataFrame
        One row per target and rater.
    targets, raters : str
        Columns that name who was measured and who measured.
    values : str or list of str
        Measured column(s).
    confidence : float
        Two-sided level of the limits.

    Returns
    -------
    DataFrame
        ``parameter, form, icc, ci_low, ci_high, f, df1, df2, p``; one row per parameter and form. `f` tests ICC = 0.

    Raises
    ------
    ValueError
        With fewer than two raters or targets, a missing or doubled reading, a missing value, or a constant.

    Notes
    -----
    Forms, F limits, and for agreement the Satterthwaite degrees of freedom as in McGraw & Wong, Psychol Methods 1996;1:30
    (ICC(A,1) there is ICC(2,1) of Shrout & Fleiss, Psychol Bull 1979;86:420, ICC(C,1) their ICC(3,1)).
    The article's limits fit the single-reading forms.

    Examples
    --------
    >>> frame = pd.DataFrame({"patient": [1, 1, 2, 2, 3, 3], "reader": list("ababab"), "f": [1, 2, 4, 4, 7, 6]})
    >>> float(icc(frame, values="f").set_index("form").loc["ICC(C,1)", "icc"].round(3))
    0.923
    """
    checks.proportion(confidence)
    tables = {
        name: reading_table(frame, targets, raters, name) for name in checks.name_list(values)
    }
    found = [
        icc_from_mean_squares(**mean_squares(table.to_numpy()), confidence=confidence)
        for table in tables.values()
    ]
    return (
        pd.concat(found, keys=tables, names=["parameter"])
        .reset_index(level="parameter")
        .reset_index(drop=True)
    )


def bland_altman(frame, targets="patient", raters="reader", values=None, confidence=0.95):
    """Bias, limits of agreement and repeatability for every pair of readers.

    Parameters
    ----------
    frame, targets, raters, values, confidence
        As for :func:`icc`.

    Returns
    -------
    DataFrame
        One row per parameter and pair of readers, in units of the values: ``parameter, a, b, n``; ``bias`` (mean of a - b),
        ``sd`` of the differences; ``lower, upper`` (limits of agreement, bias ± 1.96 sd); ``within_sd`` (within-subject SD);
        ``repeatability`` (1.96 √2 within_sd); each but `sd` with ``_low`` and ``_high`` confidence limits; and ``cov``,
        the within-subject coefficient of variation as a fraction (NaN where a target's mean is not positive).

    Raises
    ------
    ValueError
        As :func:`icc`.

    Notes
    -----
    Bland & Altman, Stat Methods Med Res 1999;8:135. Limits of the limits of agreement are exact by the non-central t
    (Carkeet, Optom Vis Sci 2015;92:e71), those of within_sd and repeatability by χ² with n degrees of freedom; cov is the
    root mean square over the targets (Raunig et al., Stat Methods Med Res 2015;24:27). A bias widens within_sd and repeatability.
    """
    checks.proportion(confidence)
    rows = []
    for name in checks.name_list(values):
        table = reading_table(frame, targets, raters, name)
        for a, b in combinations(table.columns, 2):
            row = _pair(table[a].to_numpy(), table[b].to_numpy(), (1 - confidence) / 2)
            rows.append({"parameter": name, "a": a, "b": b, **row})
    return pd.DataFrame(rows)


def icc_from_mean_squares(n, k, ms_targets, ms_raters, ms_error, confidence=0.95):
    """The six forms from a two-way table's mean squares, so that a printed ICC can be held against its design.

    Parameters
    ----------
    n, k : int
        Targets and raters.
    ms_targets, ms_raters, ms_error : float
        Mean squares between targets, between raters, and of the residual.
    confidence : float
        Two-sided level.

    Returns
    -------
    DataFrame
        ``form, icc, ci_low, ci_high, f, df1, df2, p``; the order of :data:`FORMS`.
    """
    tail, df_error = (1 - confidence) / 2, (n - 1) * (k - 1)
    ms_within = (ms_raters + (n - 1) * ms_error) / n
    one_way = _ratio_form(ms_targets, ms_within, n - 1, n * (k - 1), k, tail)
    consistency = _ratio_form(ms_targets, ms_error, n - 1, df_error, k, tail)
    agreement = _agreement_form(n, k, ms_targets, ms_raters, ms_error, tail)
    single = np.array([one_way, agreement, consistency])
    average = k * single / (1 + (k - 1) * single)  # Spearman-Brown
    with np.errstate(divide="ignore"):
        f = np.divide(ms_targets, [ms_within, ms_error, ms_error] * 2)
    result = pd.DataFrame(np.vstack([single, average]), columns=["icc", "ci_low", "ci_high"])
    result.insert(0, "form", FORMS)
    df2 = np.array([n * (k - 1), df_error, df_error] * 2)
    return result.assign(f=f, df1=n - 1, df2=df2, p=stats.f.sf(f, n - 1, df2))


def mean_squares(table):
    """Mean squares of a two-way table without replication.

    Parameters
    ----------
    table : array, shape (n targets, k raters)

    Returns
    -------
    dict
        ``n, k, ms_targets, ms_raters, ms_error``.
    """
    n, k = table.shape
    rows, columns, grand = table.mean(axis=1), table.mean(axis=0), table.mean()
    residual = table - rows[:, None] - columns + grand
    return {
        "n": n,
        "k": k,
        "ms_targets": k * ((rows - grand) ** 2).sum() / (n - 1),
        "ms_raters": n * ((columns - grand) ** 2).sum() / (k - 1),
        "ms_error": (residual**2).sum() / ((n - 1) * (k - 1)),
    }


def reading_table(frame, targets, raters, values):
    """One row per target, one column per rater, in order of appearance; refuses what is not a complete, balanced reading."""
    checks.check_columns(frame, targets, raters, values)
    long = pd.DataFrame(
        {
            "target": checks.labels(frame[targets], targets),
            "rater": checks.labels(frame[raters], raters),
            "value": checks.varying(checks.numbers(frame[values], values), values),
        }
    )
    twice = long[long.duplicated(["target", "rater"])].to_dict("records")
    if twice:
        rater, target = twice[0]["rater"], twice[0]["target"]
        msg = f"rater {rater!r} has more than one {values!r} for {targets} {target!r}; one reading each is needed"
        raise ValueError(msg)
    table = long.pivot(index="target", columns="rater", values="value")
    table = table.loc[long["target"].unique(), long["rater"].unique()]
    if min(table.shape) < 2:
        met = f"{table.shape[0]} {targets} and {table.shape[1]} {raters}"
        msg = f"agreement of {values!r} needs at least two targets and two raters; met {met}"
        raise ValueError(msg)
    lacking = np.argwhere(table.isna().to_numpy())
    if len(lacking):
        target, rater = table.index.tolist()[lacking[0][0]], table.columns.tolist()[lacking[0][1]]
        msg = f"{targets} {target!r} has no {values!r} by rater {rater!r}; every rater has to measure every target"
        raise ValueError(msg)
    if (table.nunique() == 1).all():
        msg = f"{values!r} is the same for every {targets} within each {raters}; agreement needs targets that differ"
        raise ValueError(msg)
    return table


def _ratio_form(ms_targets, ms_noise, df1, df2, k, tail):
    # Written in mean squares instead of F, so that perfect agreement (no noise) gives 1 and not 0/0.
    def coefficient(signal):
        return (signal - ms_noise) / (signal + (k - 1) * ms_noise)

    low = ms_targets / stats.f.isf(tail, df1, df2)
    high = ms_targets * stats.f.isf(tail, df2, df1)
    return coefficient(ms_targets), coefficient(low), coefficient(high)


def _agreement_form(n, k, ms_targets, ms_raters, ms_error, tail):
    noise = k * ms_raters + (n * k - n - k) * ms_error
    value = n * (ms_targets - ms_error) / (n * ms_targets + noise)
    # Satterthwaite's degrees of freedom of the noise, a ms_raters + b ms_error.
    a, b = k * value * ms_raters, (n * (1 + (k - 1) * value) - k * value) * ms_error
    spread = (n - 1) * a**2 + b**2
    df = (k - 1) * (n - 1) * (a + b) ** 2 / spread if spread > 0 else k - 1
    f_low, f_high = stats.f.isf(tail, n - 1, df), stats.f.isf(tail, df, n - 1)
    low = n * (ms_targets - f_low * ms_error) / (n * ms_targets + f_low * noise)
    high = n * (f_high * ms_targets - ms_error) / (n * f_high * ms_targets + noise)
    return value, low, high


def _pair(a, b, tail):
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
    row = {"n": n}
    for name, (value, low, high) in intervals.items():
        row |= {name: value, f"{name}_low": low, f"{name}_high": high}
    return row | {"sd": sd, "cov": cov}
