"""p-values: from statistics to p, printed p against printed statistic (as statcheck does),
stars against their level.
"""

import math

from scipy import stats

from ivim.audit.checks.interval import Interval
from ivim.audit.checks.rounding import Outcome, Print, Value, as_interval, parse, prints_as, show

# scipy's tail probabilities are good to about 1e-13 relative; this is far outside of that.
TAIL_ERROR = 1e-9


def normal_quantile(confidence: float) -> Interval:
    """The z of a two-sided Wald interval: from the exact quantile to the one of two decimals (1.96)
    that people use.

    Parameters
    ----------
    confidence : float

    Returns
    -------
    Interval
    """
    z = float(stats.norm.isf((1 - confidence) / 2))
    return Interval(min(z, round(z, 2)), max(z, round(z, 2)))


def p_from_t(t: Value, df: Value) -> Interval:
    """Two-sided p of a t interval: it falls with \\|t\\| and, for a given t, with df (heavier tails
    at fewer df).

    Parameters
    ----------
    t : str, Printed, Interval or number
    df : Interval or number

    Returns
    -------
    Interval
    """
    size, df = abs(as_interval(t)), as_interval(df)
    low, high = 2 * stats.t.sf(size.high, df.high), 2 * stats.t.sf(size.low, df.low)
    return _probability(low, high)


def p_from_f(f: Value, df_between: float, df_within: float) -> Interval:
    """Upper-tail p of an F interval, decreasing in F.

    Parameters
    ----------
    f : str, Printed, Interval or number
    df_between, df_within : float

    Returns
    -------
    Interval
    """
    f = as_interval(f)
    return _probability(
        stats.f.sf(max(f.high, 0.0), df_between, df_within),
        stats.f.sf(max(f.low, 0.0), df_between, df_within),
    )


def p_from_chi2(chi2: Value, df: float = 1) -> Interval:
    """Upper-tail p of a chi-square interval, decreasing in chi-square.

    Parameters
    ----------
    chi2 : str, Printed, Interval or number
    df : float

    Returns
    -------
    Interval
    """
    chi2 = as_interval(chi2)
    return _probability(
        stats.chi2.sf(max(chi2.high, 0.0), df), stats.chi2.sf(max(chi2.low, 0.0), df)
    )


def p_from_z(z: Value) -> Interval:
    """Two-sided p of a normal deviate, decreasing in \\|z\\|.

    Parameters
    ----------
    z : str, Printed, Interval or number

    Returns
    -------
    Interval
    """
    size = abs(as_interval(z))
    return _probability(2 * stats.norm.sf(size.high), 2 * stats.norm.sf(size.low))


def p_from_r(r: Value, df: float) -> Interval:
    """Two-sided p of a correlation by t = r √(df/(1 - r²)), increasing in \\|r\\|.

    Parameters
    ----------
    r : str, Printed, Interval or number
    df : float
        n - 2.

    Returns
    -------
    Interval
    """
    size = abs(as_interval(r))
    size = Interval(min(size.low, 1.0), min(size.high, 1.0))
    return p_from_t(
        size.increasing(lambda x: x * math.sqrt(df / (1 - x * x)) if x < 1 else math.inf), df
    )


def check_p(
    kind: str,
    value: Print,
    p: Print,
    df1: float | None = None,
    df2: float | None = None,
    one_sided: bool = False,
) -> Outcome:
    """Does a printed p follow from the printed test statistic, as statcheck asks?

    The statistic's rounding interval is turned into an interval of p and held against the printed p
    (Nuijten et al. 2016,
    *Behav Res Methods* 48:1205; the R package statcheck).

    Parameters
    ----------
    kind : {"t", "F", "chi2", "z", "r"}
    value : str or Printed
        The printed statistic.
    p : str or Printed
        The printed p, with ``<`` or ``>`` where it has one.
    df1, df2 : number, optional
        Degrees of freedom: ``df2`` for t and r, both for F, ``df1`` for chi2.
    one_sided : bool
        True where the text speaks of a one-sided test: half of p is then accepted too.

    Returns
    -------
    Outcome
        ``low`` and ``high``: the interval of p.

    Raises
    ------
    ValueError
        When the statistic is unknown or its degrees of freedom are missing.
    """
    if kind not in _P_OF:
        msg = f"unknown test statistic {kind!r}; choose one of {', '.join(_P_OF)}"
        raise ValueError(msg)
    needed = (
        {"df1": df1, "df2": df2}
        if kind == "F"
        else {"df1": df1}
        if kind == "chi2"
        else {}
        if kind == "z"
        else {"df2": df2}
    )
    if missing := [name for name, df in needed.items() if df is None]:
        msg = (
            f"{kind} = {parse(value).text} needs its degrees of freedom; give "
            f"{' and '.join(missing)}"
        )
        raise ValueError(msg)
    computed = _P_OF[kind](as_interval(value), df1, df2)
    shown = parse(p)
    half = computed / 2
    fits, fits_half = p_overlaps(computed, shown), p_overlaps(half, shown)
    note = (
        "; half of it, a one-sided p, would fit"
        if fits_half and not fits and kind in ("t", "z", "r")
        else ""
    )
    reason = f"{kind} = {parse(value).text} gives p {show(computed)}, printed {shown.text}{note}"
    return Outcome(fits or (one_sided and fits_half), computed.low, computed.high, reason)


def p_overlaps(computed: Interval, p: Print) -> bool:
    """Does an interval of p meet the printed one? A p below the last printed digit may be printed
    as zeros (SPSS's ``.000``).

    Parameters
    ----------
    computed : Interval
    p : str or Printed

    Returns
    -------
    bool
    """
    shown = parse(p)
    if shown.comparison == "<":
        return computed.low < float(shown.value)
    if shown.comparison == ">":
        return computed.high > float(shown.value)
    return computed.overlaps(shown.interval)


def stars_agree(p: Print, level: str | float, starred: bool) -> Outcome:
    """Does a star agree with the printed p and the level that its note gives?

    Parameters
    ----------
    p : str or Printed
    level : str or number
        The level behind the star, such as 0.05.
    starred : bool
        Whether the print carries the star.

    Returns
    -------
    Outcome
        None where rounding puts p on either side of the level.
    """
    shown, bound = parse(p), float(parse(str(level)).value)
    interval = _unit(shown.interval)
    below = (
        True
        if interval.high <= bound and not prints_as(bound, shown)
        else False
        if interval.low >= bound
        else None
    )
    if shown.comparison == "<":
        below = True if float(shown.value) <= bound else None
    holds = None if below is None else below == starred
    side = "on either side of" if below is None else "below" if below else "not below"
    reason = f"p {shown.text} is {side} {bound:g}; the star is {'there' if starred else 'missing'}"
    return Outcome(holds, interval.low, interval.high, reason)


_P_OF = {
    "t": lambda value, df1, df2: p_from_t(value, df2),
    "F": lambda value, df1, df2: p_from_f(value, df1, df2),
    "chi2": lambda value, df1, df2: p_from_chi2(value, df1),
    "z": lambda value, df1, df2: p_from_z(value),
    "r": lambda value, df1, df2: p_from_r(value, df2),
}


def _probability(low, high):
    return _unit(Interval(low, high).widen(TAIL_ERROR))


def _unit(interval):
    return Interval(min(max(interval.low, 0.0), 1.0), max(min(interval.high, 1.0), 0.0))
