"""Relations of sensitivity, specificity and other shares: the count behind each, their limits, and
what follows from the counts.
"""

import math
from dataclasses import replace
from functools import lru_cache, partial
from itertools import permutations

from ivim.audit.checks.counts import count_exists, counts_from_percentage
from ivim.audit.checks.interval import Interval
from ivim.audit.checks.proportions import PROPORTION_METHODS, proportion_limits, uncut_limits
from ivim.audit.checks.rounding import Outcome, cannot_tell, prints_as, show
from ivim.audit.relations import Check, Relation, as_printed, digits, text_of
from ivim.audit.rules.established import by_more_than_chance
from ivim.audit.rules.rates import CELL
from ivim.audit.rules.rows import Study
from ivim.audit.vocabulary import SHARES

COUNT = Check("count", recovers=False)
POSSIBLE = Check("share_of_some_group", recovers=False, decisive=False)
LIMIT = Check("proportion_limits")
SHARE = Check("share_from_limits", confirms=False)
REACH = Check("limits_of_any_method", recovers=False, confirms=False)

LARGEST_LISTED = 3000
"""Groups up to which every count is tried for the limits it would have."""


def share_relations(study: Study) -> list[Relation]:
    """All relations of this module that the claims have the numbers for; list of Relation.

    Parameters
    ----------
    study : Study

    Returns
    -------
    list of Relation
    """
    found = []
    for name in SHARES:
        for claim in study.claims.where(statistic=name):
            found += _share(study, claim)
            found += _limits(study, claim)
    return found


def _share(study, claim):
    """A share is one of its denominator; where that is unknown, it is at most noted that it is one
    of a printed group.
    """
    size, scale = study.denominator(claim), study.claims.scale(claim)
    if size is not None:
        ids = (size,) if isinstance(size, str) else ()
        for target in (claim.id, *ids):
            yield Relation(
                f"count of {claim.id}",
                COUNT if target == claim.id else CELL,
                target,
                (claim.id, *ids),
                lambda reading: count_exists(
                    as_printed(reading[claim.id]), reading.count(size), scale
                ),
            )
        return
    found = _guessed_sizes(study, claim)
    if found:
        size, cut = found
        yield Relation(
            f"group behind {claim.id}",
            POSSIBLE,
            claim.id,
            (size,),
            lambda reading: _possible(reading, claim.id, size, scale, cut),
        )


def _possible(reading, claim, size, scale, cut):
    printed = as_printed(reading[claim])
    found = count_exists(replace(printed, cut=True) if cut else printed, reading.count(size), scale)
    told = f"{found.reason}{', truncated as all shares of this table' if cut else ''}"
    return Outcome(found.holds or None, found.low, found.high, told)


def _guessed_sizes(study, claim):
    """Group sizes that every sensitivity and specificity of the place is a share of, and whether
    truncated; None where there are none.
    """
    if claim.statistic not in ("sensitivity", "specificity"):
        return None
    key = ("denominators", claim.location)
    if key not in study.established:
        study.established[key] = _search_sizes(study, claim.location)
    found = study.established[key]
    return found and (found[claim.statistic], found["cut"])


def _search_sizes(study, location):
    claims = study.claims
    rates = [
        claim
        for name in ("sensitivity", "specificity")
        for claim in claims.where(location=location, statistic=name)
        if study.denominator(claim) is None
    ]
    sizes = [claims.size(group) for group in claims.groups[:8]]
    if None in sizes:
        return None
    for cut in (False, True):
        for cases, controls in permutations(sizes, 2):
            by_name = {"sensitivity": cases, "specificity": controls}
            if all(_fits(claims, rate, by_name[rate.statistic], cut) for rate in rates):
                return {name: size.id for name, size in by_name.items()} | {"cut": cut}
    return None


def _fits(claims, rate, size, cut):
    printed = replace(rate.number, cut=True) if cut else rate.number
    return bool(counts_from_percentage(printed, int(size.number.value), claims.scale(rate)))


def _limits(study, claim):
    """Limits of a share by the method known for them; without one, no further from it than any
    method has them.
    """
    ends = study.claims.beside(claim, f"{claim.statistic}_low", f"{claim.statistic}_high")
    scale = study.claims.scale(claim)
    if None in ends or any(study.claims.scale(end) != scale for end in ends):
        return
    size = study.denominator(claim)
    method = study.share_limits(claim)
    sure = bool(method) and _keeps_to(study, claim, method)
    if not method and size is not None:
        method = _table_method(study, claim)
    ids = [claim.id, ends[0].id, ends[1].id, *([size] if isinstance(size, str) else [])]
    if size is None or not method or method in ("bootstrap", "unknown"):
        for target in ids[:3]:
            yield Relation(
                f"limits of {claim.id}",
                REACH,
                target,
                ids,
                partial(_reach, ids=ids[:3], scale=scale),
            )
        return
    level = study.structure.confidence
    for index, end in enumerate(ends):
        family = f"limit {end.id}"
        judge = partial(
            _limit,
            share=claim.id,
            end=end.id,
            size=size,
            scale=scale,
            index=index,
            method=method,
            level=level,
            sure=sure,
        )
        yield Relation(
            family, LIMIT, end.id, tuple(i for i in ids if i not in (ends[0].id, ends[1].id)), judge
        )
        yield Relation(
            family,
            SHARE,
            claim.id,
            tuple(i for i in ids if i != claim.id),
            partial(
                _from_limits,
                trio=ids[:3],
                size=size,
                scale=scale,
                method=method,
                level=level,
                judge=judge,
            ),
        )
        if isinstance(size, str):
            yield Relation(family, CELL, size, tuple(i for i in ids if i != size), judge)


def _reach(reading, ids, scale):
    """An interval for a share may be skewed towards its middle, but only so far (that of k of k + 1
    has 4.7 times).
    """
    share, low, high = (digits(reading[name]) / scale for name in ids)
    if share.low <= 0 or share.high >= 1 or low.low <= 0 or high.high >= 1:
        return cannot_tell("a limit at 0 or 1 says little about the other")
    below, above = share - low, high - share
    holds = below.high * 6 >= above.low and above.high * 6 >= below.low
    told = (
        f"the limits lie {100 * below.middle:.1f} points below and {100 * above.middle:.1f} above "
        "the share"
    )
    return Outcome(holds, math.nan, math.nan, told)


def _table_method(study, claim):
    """The method that most limits of the table are by, more than chance would have it; empty where
    there is none.
    """
    key = ("share limits", claim.location)
    if key not in study.established:
        rows = [
            row
            for name in SHARES
            for other in study.claims.where(location=claim.location, statistic=name)
            if not study.share_limits(other) and (row := _row_of(study, other))
        ]
        study.established[key] = _method_of(rows, study.structure.confidence)
    return study.established[key]


def _keeps_to(study, claim, method):
    """Whether most limits of the table are by the method that they are said to be by."""
    key = ("told limits", claim.location, method)
    if key not in study.established:
        rows = [
            row
            for name in SHARES
            for other in study.claims.where(location=claim.location, statistic=name)
            if study.share_limits(other) == method and (row := _row_of(study, other))
        ]
        fits = [
            _prints(end, limit, scale)
            for count, n, scale, ends in rows
            if method in PROPORTION_METHODS
            for end, limit in zip(
                ends,
                proportion_limits(count, n, method, study.structure.confidence),
                strict=True,
            )
        ]
        study.established[key] = len(fits) > 3 and 4 * sum(fits) >= 3 * len(fits)
    return study.established[key]


def _row_of(study, claim):
    ends = study.claims.beside(claim, f"{claim.statistic}_low", f"{claim.statistic}_high")
    size = study.denominator(claim)
    if None in ends or size is None:
        return None
    n, scale = study.reading.count(size), study.claims.scale(claim)
    counts = counts_from_percentage(claim.number, n, scale)
    if len(counts) != 1 or counts[0] in (0, n):  # limits at the very end fit many methods
        return None
    return counts[0], n, scale, [end.number for end in ends]


def _method_of(rows, level):
    for method in PROPORTION_METHODS:
        tried = []
        for count, n, scale, ends in rows:
            for index, printed in enumerate(ends):
                others = [
                    proportion_limits(count, n, name, level)[index] for name in PROPORTION_METHODS
                ]
                spread = max(others) - min(others)
                unit = float(2 * printed.half_unit) / scale
                value = proportion_limits(count, n, method, level)[index]
                tried.append((_prints(printed, value, scale), min(1.0, unit / (spread + unit))))
        if by_more_than_chance(tried, share=0.55):
            return method
    return ""


def _prints(printed, limit, scale):
    return math.isfinite(limit) and prints_as(scale * limit, printed)


def _limit(reading, share, end, size, scale, index, method, level, sure):
    """A limit is refuted only where the known method does not print it, nor any other, unless the
    table is known to keep to the one it is said to be by.
    """
    rate, printed = as_printed(reading[share], reading[end])
    n = reading.count(size)
    counts = counts_from_percentage(rate, n, scale)
    if not counts or len(counts) > 50:
        return cannot_tell("the count behind the share is unknown")
    name = method.replace("_", " ")
    values = [scale * proportion_limits(k, n, method, level)[index] for k in counts]
    uncut = [scale * pair[index] for k in counts for pair in uncut_limits(k, n, method, level)]
    told = (
        f"the {name} limit of {counts[0]}/{n} is {values[0]:.{max(printed.decimals, 0) + 2}f}; "
        f"printed {printed.text}"
    )
    if any(math.isfinite(value) and prints_as(value, printed) for value in (*values, *uncut)):
        return Outcome(True, min(values), max(values), told)
    if len(counts) == 1 and not sure:
        for other in PROPORTION_METHODS:
            pairs = (
                proportion_limits(counts[0], n, other, level),
                *uncut_limits(counts[0], n, other, level),
            )
            if any(_prints(printed, pair[index], scale) for pair in pairs):
                reason = f"{told}, as the {other.replace('_', ' ')} method would"
                return Outcome(None, values[0], values[0], reason)
    return Outcome(False, min(values), max(values), told)


@lru_cache(maxsize=256)
def _all_limits(n, method, level):
    return [proportion_limits(k, n, method, level) for k in range(n + 1)]


def _from_limits(reading, trio, size, scale, method, level, judge):
    """The share whose limits print as shown; a miss says nothing about the share itself."""
    ends, n = as_printed(reading[trio[1]], reading[trio[2]]), reading.count(size)
    if n > LARGEST_LISTED:
        return cannot_tell("the group is too large to try every count")
    shares = [
        k / n
        for k, pair in enumerate(_all_limits(n, method, level))
        if all(_prints(e, x, scale) for x, e in zip(pair, ends, strict=True))
    ]
    if not shares:
        return replace(judge(reading), low=math.nan, high=math.nan)
    interval = Interval(scale * min(shares), scale * max(shares))
    fits = interval.overlaps(digits(reading[trio[0]]))
    told = (
        f"these limits belong to a share of {show(interval)}; printed {text_of(reading[trio[0]])}"
    )
    return Outcome(fits, interval.low, interval.high, told)
