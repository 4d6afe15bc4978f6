"""Test statistics and p-values from summary statistics, forwards and backwards, as rigorous intervals.

In t = D/E the difference D depends on the means alone and its standard error E on the SDs alone, each SD and mean standing
once; an interval quotient of independent parts is exact. The same holds for F = (B/(k - 1))/(W/(N - k)).
"""

import math
import re
from dataclasses import dataclass

from scipy import stats

from ivim.audit.interval import Interval
from ivim.audit.moments import between_ss, within_ss
from ivim.audit.rounding import Outcome, as_interval, compare, parse, prints_as, show

VARIANTS = ("student", "welch")

# scipy's tail probabilities are good to about 1e-13 relative; this is far outside of that.
TAIL_ERROR = 1e-9


@dataclass(frozen=True)
class Statistic:
    """A test statistic with its degrees of freedom and p-value, each an interval.

    Attributes
    ----------
    value, df, p : Interval
        ``df`` is the denominator's for an F; a single point where it is known.
    """

    value: Interval
    df: Interval
    p: Interval


def t_test(a, b, variant="student"):
    """Two-sample t from the rows of two groups.

    Student: E² = s² (1/n₁ + 1/n₂) with the pooled s², df = n₁ + n₂ - 2. Welch: E² = s₁²/n₁ + s₂²/n₂ with Satterthwaite's df
    (Welch 1947, *Biometrika* 34:28).

    Parameters
    ----------
    a, b : Group
        Groups with SDs; t has the sign of mean(a) - mean(b).
    variant : {"student", "welch"}

    Returns
    -------
    Statistic
    """
    if variant not in VARIANTS:
        msg = f"unknown t-test {variant!r}; choose one of {', '.join(VARIANTS)}"
        raise ValueError(msg)
    error, df = (_student_error(a, b), Interval(a.n + b.n - 2, a.n + b.n - 2)) if variant == "student" else (_welch_error(a, b), _welch_df(a, b))
    value = (a.mean - b.mean) / error
    return Statistic(value, df, p_from_t(value, df))


def check_t(a, b, t, p=None, variants=VARIANTS):
    """Which t-tests can the printed t (and p) come from?

    Parameters
    ----------
    a, b : Group
    t : str or Printed
        Printed t. Its sign depends on which group comes first, so both orders are tried.
    p : str or Printed, optional
        Printed two-sided p.
    variants : sequence of {"student", "welch"}

    Returns
    -------
    dict of str to Outcome
        By variant; the interval is that of t (in the order that fits the sign).
    """
    found = {}
    for variant in variants:
        statistic = t_test(a, b, variant)
        sign = 1 if as_interval(t).middle * statistic.value.middle >= 0 else -1
        outcome = compare(statistic.value if sign > 0 else -statistic.value, t, f"{variant.capitalize()}'s t from means and SDs")
        if p is not None and outcome.holds and not p_overlaps(statistic.p, p):
            outcome = Outcome(False, outcome.low, outcome.high, f"{outcome.reason}, but its p of {show(statistic.p)} is not {parse(p).text}")
        found[variant] = outcome
    return found


def normal_quantile(confidence):
    """The z of a two-sided Wald interval, as the interval from the exact quantile to the one of two decimals (1.96) that people use."""
    z = float(stats.norm.isf((1 - confidence) / 2))
    return Interval(min(z, round(z, 2)), max(z, round(z, 2)))


def p_from_t(t, df):
    """Two-sided p of a t interval: it falls with \\|t\\| and, for a given t, with df (heavier tails at fewer df)."""
    size, df = abs(as_interval(t)), as_interval(df)
    low, high = 2 * stats.t.sf(size.high, df.high), 2 * stats.t.sf(size.low, df.low)
    return _probability(low, high)


def t_from_p(p, df):
    """Interval of \\|t\\| for a printed two-sided p; ``<0.0001`` leaves it open above. ``df`` is a number."""
    p = _unit(as_interval(p))
    return Interval(stats.t.isf(p.high / 2, df), stats.t.isf(p.low / 2, df)).widen(TAIL_ERROR)


def p_from_f(f, df_between, df_within):
    """Upper-tail p of an F interval, decreasing in F."""
    f = as_interval(f)
    return _probability(stats.f.sf(max(f.high, 0.0), df_between, df_within), stats.f.sf(max(f.low, 0.0), df_between, df_within))


def p_from_chi2(chi2, df=1):
    """Upper-tail p of a chi-square interval, decreasing in chi-square."""
    chi2 = as_interval(chi2)
    return _probability(stats.chi2.sf(max(chi2.high, 0.0), df), stats.chi2.sf(max(chi2.low, 0.0), df))


def p_from_z(z):
    """Two-sided p of a normal deviate, decreasing in \\|z\\|."""
    size = abs(as_interval(z))
    return _probability(2 * stats.norm.sf(size.high), 2 * stats.norm.sf(size.low))


def p_from_r(r, df):
    """Two-sided p of a correlation with ``df`` = n - 2, by t = r √(df/(1 - r²)), increasing in \\|r\\|."""
    size = abs(as_interval(r))
    size = Interval(min(size.low, 1.0), min(size.high, 1.0))
    return p_from_t(size.increasing(lambda x: x * math.sqrt(df / (1 - x * x)) if x < 1 else math.inf), df)


def sd_for_t(a, b, t, variant="student"):
    """The SD that group ``a`` must have for the printed t, all else as printed; the inverse of :func:`t_test`.

    Student: s₁² = [(D/t)² (n₁ + n₂ - 2)/(1/n₁ + 1/n₂) - (n₂ - 1) s₂²]/(n₁ - 1). Welch: s₁² = n₁ [(D/t)² - s₂²/n₂].
    Each printed number stands once, so the interval is exact.

    Parameters
    ----------
    a : Group
        The group whose SD is asked for; its own SD is not used.
    b : Group
    t : str, Printed or Interval
        Printed t; its sign does not matter.
    variant : {"student", "welch"}

    Returns
    -------
    Interval or None
        None where no SD gives that t.

    Examples
    --------
    >>> from ivim.audit.moments import Group
    >>> sd = sd_for_t(Group.printed(20, "21.96"), Group.printed(50, "33.87", "6.87"), "-6.296")
    >>> round(sd.low, 2), round(sd.high, 2)
    (7.79, 7.86)
    """
    size = abs(as_interval(t))
    error = (abs(a.mean - b.mean) / size).square()
    if variant == "welch":
        square = a.n * (error - b.sd.square() / b.n)
    else:
        square = (error * ((a.n + b.n - 2) * a.n * b.n / (a.n + b.n)) - (b.n - 1) * b.sd.square()) / (a.n - 1)
    return None if square.high < 0 else square.sqrt()


def anova(groups):
    """One-way F from the rows of k groups, with its p.

    Parameters
    ----------
    groups : sequence of Group
        At least two groups with SDs.

    Returns
    -------
    Statistic
        Minimum and maximum of F over the rounding box: B is a convex form in the means (see :mod:`ivim.audit.moments`), W rises
        with each SD, and they share no number.
    """
    size, count = sum(group.n for group in groups), len(groups)
    if count < 2 or size <= count:
        msg = f"an F needs at least two groups and more members than groups; met {count} groups and {size} members"
        raise ValueError(msg)
    f = (between_ss(groups) / (count - 1)) / (within_ss(groups) / (size - count))
    f = Interval(max(f.low, 0.0), max(f.high, 0.0))
    return Statistic(f, Interval(size - count, size - count), p_from_f(f, count - 1, size - count))


def check_anova(groups, significant, level=0.05):
    """Can an ANOVA of these rows be significant (or not), as claimed?

    Parameters
    ----------
    groups : sequence of Group
    significant : bool
        What the article says.
    level : float

    Returns
    -------
    Outcome
        ``low`` and ``high``: the interval of p.
    """
    statistic = anova(groups)
    p = statistic.p
    holds = p.low < level if significant else p.high >= level
    claim = f"p {'<' if significant else '>='} {level:g}"
    return Outcome(holds, p.low, p.high, f"F is {show(statistic.value)}, p {show(p)}; claimed {claim}")


def check_difference(a, b, significant, level=0.05, within=None):
    """Can two groups differ significantly (or not), as claimed, by an unadjusted comparison?

    A comparison corrected for multiplicity has a larger p than the unadjusted one on the same error term. A claimed difference
    is refuted only when Student's, Welch's and (with ``within``) Fisher's LSD p all stay above the level; a claimed
    absence cannot be refuted, since the correction is unknown.

    Parameters
    ----------
    a, b : Group
    significant : bool
    level : float
    within : sequence of Group, optional
        All groups of an ANOVA, whose pooled error LSD, Tukey and Bonferroni share.

    Returns
    -------
    Outcome
        ``low`` and ``high``: the hull of the p intervals.
    """
    intervals = [t_test(a, b, variant).p for variant in VARIANTS]
    if within is not None:
        df = sum(group.n - 1 for group in within)
        error = (within_ss(within) / df * (1 / a.n + 1 / b.n)).sqrt()
        intervals.append(p_from_t((a.mean - b.mean) / error, df))
    low, high = min(p.low for p in intervals), max(p.high for p in intervals)
    reason = f"means {show(a.mean)} and {show(b.mean)}: p {low:.3g} to {high:.3g} by every unadjusted t"
    return Outcome(low < level if significant else None, low, high, reason)


def check_p(kind, value, p, df1=None, df2=None, one_sided=False):
    """Does a printed p follow from the printed test statistic, as statcheck asks?

    The statistic's rounding interval is turned into an interval of p and held against the printed p (Nuijten et al. 2016,
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
    """
    computed = _P_OF[kind](as_interval(value), df1, df2) if kind in _P_OF else None
    if computed is None:
        msg = f"unknown test statistic {kind!r}; choose one of {', '.join(_P_OF)}"
        raise ValueError(msg)
    shown = parse(p)
    half = computed / 2
    fits, fits_half = p_overlaps(computed, shown), p_overlaps(half, shown)
    note = "; half of it, a one-sided p, would fit" if fits_half and not fits and kind in ("t", "z", "r") else ""
    reason = f"{kind} = {parse(value).text} gives p {show(computed)}, printed {shown.text}{note}"
    return Outcome(fits or (one_sided and fits_half), computed.low, computed.high, reason)


def decision_changes(outcome, p, level=0.05):
    """True where a refuted p also turns the decision at ``level``: printed on one side, the whole computed interval on the other."""
    shown = parse(p)
    printed_significant = float(shown.value) <= level if shown.comparison != ">" else False
    return outcome.holds is False and (outcome.low > level if printed_significant else outcome.high < level)


def p_overlaps(computed, p):
    """Does an interval of p meet the printed one? A p below the last printed digit may be printed as zeros (SPSS's ``.000``)."""
    shown = parse(p)
    if shown.comparison == "<":
        return computed.low < float(shown.value)
    if shown.comparison == ">":
        return computed.high > float(shown.value)
    return computed.overlaps(shown.interval)


def stars_agree(p, level, starred):
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
    below = True if interval.high <= bound and not prints_as(bound, shown) else False if interval.low >= bound else None
    if shown.comparison == "<":
        below = True if float(shown.value) <= bound else None
    holds = None if below is None else below == starred
    return Outcome(holds, interval.low, interval.high, f"p {shown.text} is {'' if below else 'not '}below {bound:g}; the star is {'there' if starred else 'missing'}")


_SENTENCE = re.compile(
    r"\b(?P<kind>t|F|r|z|Z|χ2|χ²|[Cc]hi2)\s*(?:\(\s*(?P<df1>\d+(?:\.\d+)?)\s*(?:,\s*(?:N\s*=\s*)?(?P<df2>\d+(?:\.\d+)?)\s*)?\))?"
    r"\s*=\s*(?P<value>[-−–]?\d*\.?\d+)\s*,\s*[pP]\s*(?P<p>[<>=]\s*\d*\.\d+)"
)


def read_tests(text):
    """The test results in APA style that a text holds.

    Returns
    -------
    list of dict
        With ``kind, value, p, df1, df2``, ready as keywords of :func:`check_p`.

    Examples
    --------
    >>> read_tests("as expected, t(28) = 2.20, p = .04.")
    [{'kind': 't', 'value': '2.20', 'p': '= .04', 'df1': None, 'df2': 28.0}]
    """
    tests = []
    for match in _SENTENCE.finditer(text):
        kind = {"Z": "z", "χ2": "chi2", "χ²": "chi2", "Chi2": "chi2"}.get(match["kind"], match["kind"])
        first, second = (None if match[name] is None else float(match[name]) for name in ("df1", "df2"))
        if kind != "z" and first is None or (kind == "F" and second is None):
            continue
        df1, df2 = (None, first) if kind in ("t", "r") else (first, second if kind == "F" else None)
        tests.append({"kind": kind, "value": match["value"], "p": match["p"], "df1": df1, "df2": df2})
    return tests


_P_OF = {
    "t": lambda value, df1, df2: p_from_t(value, df2),
    "F": lambda value, df1, df2: p_from_f(value, df1, df2),
    "chi2": lambda value, df1, df2: p_from_chi2(value, df1),
    "z": lambda value, df1, df2: p_from_z(value),
    "r": lambda value, df1, df2: p_from_r(value, df2),
}


def _student_error(a, b):
    pooled = ((a.n - 1) * a.sd.square() + (b.n - 1) * b.sd.square()) / (a.n + b.n - 2)
    return (pooled * (1 / a.n + 1 / b.n)).sqrt()


def _welch_error(a, b):
    return (a.sd.square() / a.n + b.sd.square() / b.n).sqrt()


def _welch_df(a, b):
    """Satterthwaite's df depends on r = (s₁²/n₁)/(s₂²/n₂) alone, rises to its peak n₁ + n₂ - 2 at r = (n₁ - 1)/(n₂ - 1), then falls."""
    ratio = (a.sd.square() / a.n) / (b.sd.square() / b.n)

    def df(r):
        return a.n - 1 if math.isinf(r) else (1 + r) ** 2 / (r * r / (a.n - 1) + 1 / (b.n - 1))

    ends = [df(ratio.low), df(ratio.high)]
    peak = [a.n + b.n - 2] if (a.n - 1) / (b.n - 1) in ratio else []
    return Interval(min(ends), max(ends + peak)).widen(1e-12)


def _probability(low, high):
    return _unit(Interval(low, high).widen(TAIL_ERROR))


def _unit(interval):
    return Interval(min(max(interval.low, 0.0), 1.0), max(min(interval.high, 1.0), 0.0))

