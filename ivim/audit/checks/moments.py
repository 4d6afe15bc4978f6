"""Means and SDs of groups, of their union, and of a part that is hidden: what printed rows of a
table say about each other.

With N members in all, mean M and (n - 1) SDs,

    N M = Σ nᵢ mᵢ        (N - 1) S² = Σ (nᵢ - 1) sᵢ² + B,        B = Σ nᵢ (mᵢ - M)²

(the decomposition of the sum of squares; Altman et al., *Statistics with Confidence*, BMJ Books
2000; Cochrane Handbook 6.5.2.10).
Means are linear with known signs and SDs enter as squares of their own, so corners of the rounding
box are enough for them. B is
a convex quadratic form in the means: its maximum lies in a corner, its minimum may lie inside and
is bounded by convexity.
"""

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ivim.audit.checks.interval import Interval
from ivim.audit.checks.rounding import Outcome, Printed, Value, as_interval, compare, parse, show


@dataclass(frozen=True)
class Group:
    """Size, mean and SD of a group, the last two as intervals.

    Attributes
    ----------
    n : int
        Number of members.
    mean : Interval
    sd : Interval or None
        The (n - 1) SD; None where only the mean is known.
    """

    n: int
    mean: Interval
    sd: Interval | None = None

    @property
    def known_sd(self) -> Interval:
        """The SD.

        Raises
        ------
        ValueError
            Where only the mean is known.
        """
        if self.sd is None:
            msg = f"a group of {self.n} with the mean {show(self.mean)} has no SD; give one"
            raise ValueError(msg)
        return self.sd

    @classmethod
    def printed(cls, n: int, mean: Value, sd: Value | None = None) -> "Group":
        """A group from its printed strings.

        Parameters
        ----------
        n : int
        mean, sd : str, Printed, Interval or number
            Numbers and intervals are taken as they are; the SD may be None.

        Returns
        -------
        Group

        Raises
        ------
        ValueError
            When n is no whole number above zero, or the SD is negative.
        """
        if n != int(n) or n < 1:
            msg = f"a group needs a whole number of members, at least 1; met {n!r}"
            raise ValueError(msg)
        spread = None if sd is None else as_interval(sd)
        if spread is not None and spread.high < 0:
            msg = f"an SD is not negative; met {sd!r}"
            raise ValueError(msg)
        return cls(
            int(n), as_interval(mean), spread and Interval(max(0.0, spread.low), spread.high)
        )


def pooled(groups: Sequence[Group]) -> Group:
    """The group that several disjoint groups form together.

    Parameters
    ----------
    groups : sequence of Group

    Returns
    -------
    Group
        Mean and SD enclose every value that the groups' intervals allow; the SD is None where a
        group has none.
    """
    size = sum(group.n for group in groups)
    mean = sum((group.n * group.mean for group in groups), Interval(0, 0)) / size
    if any(group.sd is None and group.n > 1 for group in groups):
        return Group(size, mean, None)
    squares = within_ss(groups) + between_ss(groups)
    return Group(size, mean, (squares / max(size - 1, 1)).sqrt())


def within_ss(groups: Sequence[Group]) -> Interval:
    """Interval of Σ (nᵢ - 1) sᵢ²: increasing in each SD, so corners are exact.

    Parameters
    ----------
    groups : sequence of Group
        With SDs.

    Returns
    -------
    Interval
    """
    return sum(
        ((group.n - 1) * group.known_sd.square() for group in groups if group.n > 1), Interval(0, 0)
    )


def between_ss(groups: Sequence[Group]) -> Interval:
    """Interval of B = Σ nᵢ (mᵢ - M)² over the box of the means.

    Parameters
    ----------
    groups : sequence of Group

    Returns
    -------
    Interval
    """
    sizes = np.array([group.n for group in groups], dtype=float)
    form = np.diag(sizes) - np.outer(sizes, sizes) / sizes.sum()
    return _range_of_convex_form(form, [group.mean for group in groups])


def total_ss(groups: Sequence[Group]) -> Interval:
    """Interval of the sum of squares about the mean of all members, Σ (nᵢ - 1) sᵢ² + B.

    Parameters
    ----------
    groups : sequence of Group
        With SDs.

    Returns
    -------
    Interval
    """
    return within_ss(groups) + between_ss(groups)


def hidden(whole: Group, rest: Sequence[Group]) -> Group | None:
    """The sub-group that is left when known sub-groups are taken out of the whole.

    Mean: (N M - Σ nᵢ mᵢ)/n, linear. SD: the sum of squares left over, (N - 1) S² - Σ (nᵢ - 1) sᵢ² -
    B, where the hidden mean in B
    is written through the others, so that B stays one convex form in the known means.

    Parameters
    ----------
    whole : Group
        The union, hidden sub-group included.
    rest : sequence of Group
        The known sub-groups.

    Returns
    -------
    Group or None
        The hidden group; an SD that begins at 0 has an upper limit only. None where not even the
        largest sum of squares is enough:
        the whole cannot hold the rest.

    Raises
    ------
    ValueError
        When the rest has as many members as the whole, or more.
    """
    size = whole.n - sum(group.n for group in rest)
    if size < 1:
        msg = (
            f"nobody is hidden: the whole has {whole.n} members and its known parts "
            f"{whole.n - size}; leave one part out"
        )
        raise ValueError(msg)
    mean = (
        whole.n * whole.mean - sum((group.n * group.mean for group in rest), Interval(0, 0))
    ) / size
    if whole.sd is None or any(group.sd is None and group.n > 1 for group in rest):
        return Group(size, mean, None)
    squares = (
        (whole.n - 1) * whole.known_sd.square()
        - within_ss(rest)
        - _between_with_hidden(whole, rest, size)
    )
    if squares.high < 0:
        return None
    # One member has no SD, but its sum of squares is zero: anything else refutes the whole.
    if size == 1:
        return Group(size, mean, None) if squares.low <= 0 else None
    return Group(size, mean, (Interval(max(0.0, squares.low), squares.high) / (size - 1)).sqrt())


def check_pooled(whole: Group, parts: Sequence[Group]) -> dict[str, Outcome]:
    """Can a printed row be the union of other printed rows?

    Parameters
    ----------
    whole : Group
        The row that claims to be the whole.
    parts : sequence of Group
        All its sub-groups.

    Returns
    -------
    dict of str to Outcome
        ``mean`` and ``sd``; the interval of each is the pooled one. ``sd`` cannot tell where an SD
        is missing.

    Raises
    ------
    ValueError
        When the parts do not have as many members as the whole.
    """
    if sum(part.n for part in parts) != whole.n:
        msg = (
            f"the parts have {sum(part.n for part in parts)} members and the whole {whole.n}; "
            "give parts that make up the whole"
        )
        raise ValueError(msg)
    pool = pooled(parts)
    found = {"mean": compare(pool.mean, whole.mean, "pooling the sub-groups")}
    if pool.sd is None or whole.sd is None:
        found["sd"] = Outcome(
            None, math.nan, math.nan, "an SD is missing, so the pooled SD cannot be had"
        )
    else:
        found["sd"] = compare(pool.sd, whole.sd, "pooling the sub-groups")
    return found


def is_total(row: Group, groups: Sequence[Group]) -> Outcome:
    """Is a row that is labelled as one group in truth the row of all groups together?

    Parameters
    ----------
    row : Group
        The suspect; its ``n`` is not used.
    groups : sequence of Group
        Disjoint groups that make up everybody.

    Returns
    -------
    Outcome
        True where mean and SD both meet those of the union, False where one does not. ``low`` and
        ``high``: the union's mean.
    """
    total = pooled(groups)
    mean = total.mean.overlaps(row.mean)
    sd = None if total.sd is None or row.sd is None else total.sd.overlaps(row.sd)
    spread = "" if sd is None else f", SD {show(total.known_sd)} against {show(row.known_sd)}"
    reason = f"all {total.n} members: mean {show(total.mean)} against {show(row.mean)}{spread}"
    holds = False if not mean or sd is False else sd
    return Outcome(holds, total.mean.low, total.mean.high, reason)


def check_spread(group: Group, low: float, high: float) -> Outcome:
    """Is the SD possible for values between two limits?

    For values in [low, high] with mean m, SD² <= (high - m)(m - low) n/(n - 1) (Bhatia & Davis
    2000, *Am Math Mon* 107:353).

    Parameters
    ----------
    group : Group
    low, high : float
        The limits of a single value.

    Returns
    -------
    Outcome
        ``high``: the largest possible SD.
    """
    mean = group.mean.intersect(Interval(low, high))
    if mean is None:
        return Outcome(
            False, low, high, f"the mean {show(group.mean)} lies outside of {low:g} to {high:g}"
        )
    if group.sd is None or group.n < 2:
        return Outcome(None, 0.0, math.inf, "no SD is given")
    # (high - m)(m - low) rises up to the centre and falls after it, so its maximum is at the point
    # of the box nearest to the centre.
    best = min(max((low + high) / 2, mean.low), mean.high)
    limit = (Interval(high, high) - best) * (Interval(best, best) - low) * group.n / (group.n - 1)
    limit = Interval(0.0, max(limit.high, 0.0)).sqrt()
    return compare(limit, group.sd, f"values from {low:g} to {high:g} with this mean: the SD")


def share_beyond(group: Group, cutoff: Value, above: bool = True) -> Interval:
    """The largest share of a group that can lie at or beyond a cut-off on the far side of its mean.

    Cantelli's inequality in a sample: the share at distance a or more on one side is at most v/(v +
    a²) with v = SD² (n - 1)/n
    (Cantelli 1928; Mallows & Richter 1969, *Ann Math Stat* 40:1922).

    Parameters
    ----------
    group : Group
    cutoff : str, Printed, Interval or number
        Printed cut-off; only its digits count, not a comparison before it.
    above : bool
        Look at the members above the cut-off, else at those below.

    Returns
    -------
    Interval
        From 0 to the bound; the bound is 1 where the cut-off is not beyond the mean.
    """
    distance = (_digits(cutoff) - group.mean) * (1 if above else -1)
    if distance.low <= 0 or group.sd is None:
        return Interval(0.0, 1.0)
    # v/(v + a²) = 1/(1 + a²/v) rises with v and falls with a: each stands once here, so the ends
    # are exact.
    ratio = distance.square() / (group.known_sd.square() * (group.n - 1) / group.n)
    return Interval(0.0, min(1.0, (1 / (1 + ratio)).high))


def check_cutoff(group: Group, cutoff: Value, beyond: int, above: bool = True) -> Outcome:
    """Can ``beyond`` of the group's members lie beyond the cut-off, given their mean and SD?

    Parameters
    ----------
    group : Group
    cutoff : str, Printed, Interval or number
    beyond : int
        Members at or above the cut-off (at or below it with ``above=False``).
    above : bool

    Returns
    -------
    Outcome
        ``low`` and ``high``: the possible range of the *number* beyond. Both sides of the cut-off
        are held to Cantelli's bound.
    """
    most = math.floor(share_beyond(group, cutoff, above).high * group.n + 1e-9)
    least = group.n - math.floor(share_beyond(group, cutoff, not above).high * group.n + 1e-9)
    side = "above" if above else "below"
    known = f"mean {show(group.mean)} and SD {show(group.sd) if group.sd else 'unknown'}"
    reason = (
        f"{known} leave room for {least} to {most} of {group.n} {side} the cut-off; printed "
        f"{beyond}"
    )
    return Outcome(least <= beyond <= most, least, most, reason)


def _digits(value):
    return parse(value).rounding if isinstance(value, (str, Printed)) else as_interval(value)


def _between_with_hidden(whole, rest, size):
    """B with the hidden mean eliminated: Σ nᵢ dᵢ² + (Σ nᵢ dᵢ)²/n with dᵢ = mᵢ - M, a convex form in
    (M, m₁, m₂, ...).
    """
    sizes = np.array([group.n for group in rest], dtype=float)
    form = np.diag(sizes) + np.outer(sizes, sizes) / size
    # Differences to M: the first column of the map takes M away from each mean.
    differences = np.hstack([-np.ones((len(rest), 1)), np.eye(len(rest))])
    return _range_of_convex_form(
        differences.T @ form @ differences, [whole.mean, *(group.mean for group in rest)]
    )


def _range_of_convex_form(form, box):
    """Range of x'Ax, A positive semi-definite, over a box: maximum in a corner, minimum certified
    from below.

    For any point p, convexity gives x'Ax >= p'Ap + 2 (Ap)'(x - p); the least of the right side over
    the box is a rigorous bound
    and equals the minimum where p is the minimiser. A group of shifts (all means at once) leaves B
    alone, so values are taken
    relative to the box's centre to keep digits. The widening covers rounding error, some 10⁶ times
    its size.
    """
    centre = float(np.mean([side.middle for side in box]))
    low = np.array([side.low for side in box]) - centre
    high = np.array([side.high for side in box]) - centre
    point = _minimise(form, low, high)
    slope = 2 * form @ point
    least = point @ form @ point + np.minimum(slope * (low - point), slope * (high - point)).sum()
    if len(box) <= 12:
        most = max(
            corner @ form @ corner
            for corner in map(np.array, itertools.product(*zip(low, high, strict=True)))
        )
    else:  # the triangle inequality in the norm of A: never too small
        middle, half = (low + high) / 2, (high - low) / 2
        most = (math.sqrt(middle @ form @ middle) + math.sqrt(half @ np.abs(form) @ half)) ** 2
    dust = (
        1e-9 * np.abs(form).sum() * float(np.maximum(np.abs(low), np.abs(high)).max()) ** 2 * 1e-3
    )
    return Interval(max(0.0, least - dust), max(most, least, 0.0) + dust)


def _minimise(form, low, high):
    """Coordinate descent for a convex quadratic form in a box; any point will do, a good one makes
    the bound tight.
    """
    point = np.clip(np.zeros(len(low)), low, high)
    for _ in range(200):
        before = point.copy()
        for i, curvature in enumerate(np.diag(form)):
            if curvature > 0:
                point[i] = np.clip(point[i] - form[i] @ point / curvature, low[i], high[i])
        if np.abs(point - before).max() <= 1e-15 * np.abs(point).max():
            break
    return point
