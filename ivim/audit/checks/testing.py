"""Test statistics from summary statistics, forwards and backwards, as rigorous intervals.

In t = D/E the difference D depends on the means alone and its standard error E on the SDs alone,
each SD and mean standing
once; an interval quotient of independent parts is exact. The same holds for F = (B/(k - 1))/(W/(N -
k)).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from scipy import stats

from ivim.audit.checks.interval import Interval
from ivim.audit.checks.moments import Group, between_ss, within_ss
from ivim.audit.checks.pvalues import p_from_f, p_from_t, p_overlaps
from ivim.audit.checks.rounding import Outcome, Print, Value, as_interval, compare, parse, show

VARIANTS = ("student", "welch")


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


def t_test(a: Group, b: Group, variant: str = "student") -> Statistic:
    """Two-sample t from the rows of two groups.

    Student: E² = s² (1/n₁ + 1/n₂) with the pooled s², df = n₁ + n₂ - 2. Welch: E² = s₁²/n₁ + s₂²/n₂
    with Satterthwaite's df
    (Welch 1947, *Biometrika* 34:28).

    Parameters
    ----------
    a, b : Group
        Groups with SDs; t has the sign of mean(a) - mean(b).
    variant : {"student", "welch"}

    Returns
    -------
    Statistic

    Raises
    ------
    ValueError
        When the variant is unknown.
    """
    if variant not in VARIANTS:
        msg = f"unknown t-test {variant!r}; choose one of {', '.join(VARIANTS)}"
        raise ValueError(msg)
    if variant == "student":
        error, df = _student_error(a, b), Interval(a.n + b.n - 2, a.n + b.n - 2)
    else:
        error, df = _welch_error(a, b), _welch_df(a, b)
    value = (a.mean - b.mean) / error
    return Statistic(value, df, p_from_t(value, df))


def check_t(
    a: Group, b: Group, t: Print, p: Print | None = None, variants: Sequence[str] = VARIANTS
) -> dict[str, Outcome]:
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
        outcome = compare(
            statistic.value if sign > 0 else -statistic.value,
            t,
            f"{variant.capitalize()}'s t from means and SDs",
        )
        if p is not None and outcome.holds and not p_overlaps(statistic.p, p):
            reason = f"{outcome.reason}, but its p of {show(statistic.p)} is not {parse(p).text}"
            outcome = Outcome(False, outcome.low, outcome.high, reason)
        found[variant] = outcome
    return found


def sd_for_t(a: Group, b: Group, t: Value, variant: str = "student") -> Interval | None:
    """The SD that group ``a`` must have for the printed t, all else as printed; the inverse of
    :func:`t_test`.

    Student: s₁² = [(D/t)² (n₁ + n₂ - 2)/(1/n₁ + 1/n₂) - (n₂ - 1) s₂²]/(n₁ - 1). Welch: s₁² = n₁
    [(D/t)² - s₂²/n₂].
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
    >>> from ivim.audit.checks.moments import Group
    >>> sd = sd_for_t(Group.printed(20, "21.96"), Group.printed(50, "33.87", "6.87"), "-6.296")
    >>> round(sd.low, 2), round(sd.high, 2)
    (7.79, 7.86)
    """
    size = abs(as_interval(t))
    error = (abs(a.mean - b.mean) / size).square()
    if variant == "welch":
        square = a.n * (error - b.known_sd.square() / b.n)
    else:
        square = (
            error * ((a.n + b.n - 2) * a.n * b.n / (a.n + b.n)) - (b.n - 1) * b.known_sd.square()
        ) / (a.n - 1)
    return None if square.high < 0 else square.sqrt()


def anova(groups: Sequence[Group]) -> Statistic:
    """One-way F from the rows of k groups, with its p.

    Parameters
    ----------
    groups : sequence of Group
        At least two groups with SDs.

    Returns
    -------
    Statistic
        Minimum and maximum of F over the rounding box: B is a convex form in the means (see
        :mod:`ivim.audit.checks.moments`), W rises
        with each SD, and they share no number.

    Raises
    ------
    ValueError
        When there are fewer than two groups, or no more members than groups.
    """
    size, count = sum(group.n for group in groups), len(groups)
    if count < 2 or size <= count:
        msg = (
            f"an F needs at least two groups and more members than groups; met {count} groups and "
            f"{size} members"
        )
        raise ValueError(msg)
    f = (between_ss(groups) / (count - 1)) / (within_ss(groups) / (size - count))
    f = Interval(max(f.low, 0.0), max(f.high, 0.0))
    return Statistic(f, Interval(size - count, size - count), p_from_f(f, count - 1, size - count))


def check_difference(
    a: Group,
    b: Group,
    significant: bool,
    level: float = 0.05,
    within: Sequence[Group] | None = None,
) -> Outcome:
    """Can two groups differ significantly (or not), as claimed, by an unadjusted comparison?

    A comparison corrected for multiplicity has a larger p than the unadjusted one on the same error
    term. A claimed difference
    is refuted only when Student's, Welch's and (with ``within``) Fisher's LSD p all stay above the
    level; a claimed
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
    reason = (
        f"means {show(a.mean)} and {show(b.mean)}: p {low:.3g} to {high:.3g} by every unadjusted t"
    )
    return Outcome(low < level if significant else None, low, high, reason)


def _student_error(a, b):
    pooled = ((a.n - 1) * a.known_sd.square() + (b.n - 1) * b.known_sd.square()) / (a.n + b.n - 2)
    return (pooled * (1 / a.n + 1 / b.n)).sqrt()


def _welch_error(a, b):
    return (a.known_sd.square() / a.n + b.known_sd.square() / b.n).sqrt()


def _welch_df(a, b):
    """Satterthwaite's df depends on r = (s₁²/n₁)/(s₂²/n₂) alone: it peaks with n₁ + n₂ - 2 at r =
    (n₁ - 1)/(n₂ - 1).
    """
    ratio = (a.known_sd.square() / a.n) / (b.known_sd.square() / b.n)

    def df(r):
        return a.n - 1 if math.isinf(r) else (1 + r) ** 2 / (r * r / (a.n - 1) + 1 / (b.n - 1))

    ends = [df(ratio.low), df(ratio.high)]
    peak = [a.n + b.n - 2] if (a.n - 1) / (b.n - 1) in ratio else []
    return Interval(min(ends), max(ends + peak)).widen(1e-12)


def rank_test_p(a: Group, b: Group, least_n: tuple[int, int] | None = None) -> Interval:
    """Bounds of the p of a Mann-Whitney test between two groups of which means and SDs are known.

    For a difference X - Y with one peak, mean D and variance v = s₁² + s₂², P(X < Y) is at most 4/9
    v/(v + D²) where D² >= 5/3 v, else
    4/3 v/(v + D²) - 1/3 (one-sided Vysochanskij-Petunin inequality; Mercadier & Strobel 2021, *J
    Inequal Appl* 2021:131). That bounds
    U, and U the p. One peak is usual, not certain.

    Parameters
    ----------
    a, b : Group
    least_n : tuple of int, optional
        The smallest sizes that missing values leave possible.

    Returns
    -------
    Interval
    """
    gap = abs(a.mean - b.mean).low
    spread = (a.known_sd.square() + b.known_sd.square()).high
    ratio = gap * gap / spread if spread > 0 else math.inf
    wrong = 4 / 9 / (1 + ratio) if ratio >= 5 / 3 else 4 / 3 / (1 + ratio) - 1 / 3
    sizes = least_n or (a.n, b.n)
    reach = math.sqrt(12 * sizes[0] * sizes[1] / (sum(sizes) + 1))
    # Continuity correction and the exact distribution move z by less than this.
    z = max(0.0, (0.5 - wrong) * reach * 0.9 - 0.15)
    smallest = 2 * stats.norm.sf(0.5 * math.sqrt(12 * a.n * b.n / (a.n + b.n + 1)) * 1.1 + 0.1)
    exact = 2 * math.exp(-_log_choose(a.n + b.n, a.n))
    return Interval(min(smallest, exact), min(1.0, 2 * stats.norm.sf(z)))


def exact_rank_p(u: float, n: int, m: int) -> float:
    """Two-sided exact p of a Mann-Whitney U without ties (Mann & Whitney 1947, *Ann Math Stat*
    18:50).

    Parameters
    ----------
    u : float
        From 0 to n·m.
    n, m : int

    Returns
    -------
    float

    Examples
    --------
    >>> round(exact_rank_p(2, 5, 5), 4)
    0.0317
    """
    ways = _ways(min(n, m), max(n, m))
    return min(1.0, 2 * sum(ways[: math.floor(min(u, n * m - u)) + 1]) / sum(ways))


@lru_cache(maxsize=256)
def _ways(n, m):
    """In how many orders of n and m members each U from 0 to n·m comes out, in whole numbers."""
    ways = [1] + [0] * (n * m)
    # The generating function is a Gaussian binomial: a factor and a divisor at a time.
    for i in range(1, n + 1):
        for at in range(n * m, m + i - 1, -1):
            ways[at] -= ways[at - m - i]
        for at in range(i, n * m + 1):
            ways[at] += ways[at - i]
    return ways


def welch_anova_p(groups: Sequence[Group]) -> float:
    """p of Welch's one-way ANOVA at the middle of every printed number (Welch 1951, *Biometrika*
    38:330).

    Parameters
    ----------
    groups : sequence of Group

    Returns
    -------
    float
    """
    means = [group.mean.middle for group in groups]
    weights = [group.n / max(group.known_sd.middle, 1e-300) ** 2 for group in groups]
    total, count = sum(weights), len(groups)
    centre = sum(w * m for w, m in zip(weights, means, strict=True)) / total
    between = sum(w * (m - centre) ** 2 for w, m in zip(weights, means, strict=True)) / (count - 1)
    loss = sum(
        (1 - w / total) ** 2 / (g.n - 1) for w, g in zip(weights, groups, strict=True) if g.n > 1
    )
    f = between / (1 + 2 * (count - 2) / (count**2 - 1) * loss)
    return float(stats.f.sf(f, count - 1, (count**2 - 1) / (3 * loss)))


def _log_choose(n, k):
    return math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)
