"""Relations within and among the rows of groups: wholes and parts, ranges, quartiles, standard
errors.
"""

import math
from collections.abc import Iterator
from functools import lru_cache

from ivim.audit.checks.interval import Interval
from ivim.audit.checks.moments import Group, check_spread, hidden, pooled
from ivim.audit.checks.rounding import Outcome, as_interval, cannot_tell, compare, show
from ivim.audit.relations import Check, Relation, digits, impossible, text_of
from ivim.audit.rules.rows import Study

SPREAD = Check("spread", recovers=False, confirms=False)
ORDER = Check("order", confirms=False)
ERROR = Check("standard_error")
BETWEEN = Check("mean_among_parts", recovers=False, confirms=False)


def group_relations(study: Study) -> list[Relation]:
    """All relations of this module that the claims have the numbers for; list of Relation.

    Parameters
    ----------
    study : Study

    Returns
    -------
    list of Relation
    """
    parameters = study.claims.parameters("mean", "describe")
    return [
        *(r for parameter in parameters for r in _unions(study, parameter)),
        *(r for parameter in study.structure.limits for r in _limits(study, parameter)),
        *_orders(study),
        *_errors(study),
    ]


def _unions(study, parameter):
    """Mean and SD of a whole from its parts, and of a part from the whole and the other parts."""
    for whole, names in study.structure.parts.items():
        whole_row, parts = study.row(whole, parameter), study.rows(names, parameter)
        if not whole_row or not parts:
            continue
        if not all(row.complete for row in (whole_row, *parts)):
            yield from _among(whole, parameter, whole_row, parts)
            continue
        ids = [name for part in parts for name in part.ids]
        for statistic in ("mean", "sd"):
            targets = [getattr(part, statistic) for part in (whole_row, *parts)]
            if None in targets:
                continue
            family = f"{statistic} of {parameter} in {whole} and its parts"
            yield Relation(
                family,
                Check(f"pooled_{statistic}"),
                targets[0],
                (*(i for i in whole_row.ids if i != targets[0]), *ids),
                lambda reading, w=whole_row, p=parts, s=statistic: _pooled(reading, w, p, s),
            )
            for part, group in zip(parts, names, strict=True):
                rest = tuple(other for other in parts if other is not part)
                target = getattr(part, statistic)
                inputs = tuple(i for i in (*whole_row.ids, *ids) if i != target)
                yield Relation(
                    family,
                    Check(f"hidden_{statistic}"),
                    target,
                    inputs,
                    lambda reading, w=whole_row, p=part, r=rest, s=statistic, g=group: _hidden(
                        reading, w, p, r, s, g
                    ),
                )


def _pooled(reading, whole, parts, statistic):
    pool = _pool(tuple(part.group(reading) for part in parts))
    told = getattr(whole.group(reading), statistic)
    found = compare(getattr(pool, statistic), told, "pooling the sub-groups")
    if statistic == "sd" and whole.error:  # the interval has to be that of the printed number
        size = Interval(pool.n, pool.n).sqrt()
        scaled = pool.sd / size
        return Outcome(found.holds, scaled.low, scaled.high, f"as standard errors: {found.reason}")
    reason = found.reason.replace(
        f"printed {show(told)}", f"printed {_printed(reading, whole, statistic)}"
    )
    return Outcome(found.holds, found.low, found.high, reason)


@lru_cache(maxsize=65536)
def _pool(groups):
    return pooled(groups)


@lru_cache(maxsize=65536)
def _left(whole, rest):
    return hidden(whole, rest)


def _printed(reading, row, statistic):
    return text_of(reading[getattr(row, statistic)])


def _hidden(reading, whole, part, rest, statistic, group):
    groups = [known.group(reading) for known in (whole, *rest)]
    if statistic == "mean":  # a mean needs no SD, and must not suffer from a wrong one
        groups = [Group(known.n, known.mean) for known in groups]
    left = _left(groups[0], tuple(groups[1:]))
    if left is None:
        return impossible(f"the other sub-groups leave no sum of squares for {group}")
    interval, printed = getattr(left, statistic), reading[getattr(part, statistic)]
    if interval is None:
        return cannot_tell("an SD is missing")
    if statistic == "sd" and part.error:
        interval = interval / Interval(left.n, left.n).sqrt()
    holds = interval.overlaps(as_interval(printed))
    what = (
        f"{statistic.replace('sd', 'SD')} that the whole and the other sub-groups leave for {group}"
    )
    told = f"{what}: {show(interval)}; printed {text_of(printed)}{'' if holds else ' lies outside'}"
    return Outcome(holds, interval.low, interval.high, told)


def _among(whole, parameter, whole_row, parts):
    """However many values are missing, a whole's mean lies among its parts'."""
    ids = (whole_row.mean, *(part.mean for part in parts))
    for target in ids:
        yield Relation(
            f"mean of {parameter} in {whole} among its parts",
            BETWEEN,
            target,
            ids,
            lambda reading: _between(reading, *ids),
        )


def _between(reading, whole, *parts):
    ends = [digits(reading[part]) for part in parts]
    room = Interval(min(e.low for e in ends), max(e.high for e in ends))
    return compare(room, digits(reading[whole]), "the means of the parts")


def _limits(study, parameter):
    """An SD is bounded by the range that single values can have."""
    low, high = study.structure.limits[parameter]
    for group in study.claims.groups:
        found = study.row(group, parameter)
        if found and found.sd:
            yield Relation(
                f"range of {parameter} in {group}",
                SPREAD,
                found.sd,
                tuple(name for name in found.ids if name != found.sd),
                lambda reading, f=found: check_spread(f.group(reading), low, high),
            )


# What stands in ascending order; a pair with a mean only where no quartile lies between.
_ASCENDING = (
    ("minimum", "q1"),
    ("q1", "median"),
    ("median", "q3"),
    ("q3", "maximum"),
    ("minimum", "median"),
    ("median", "maximum"),
    ("minimum", "mean"),
    ("mean", "maximum"),
    ("minimum", "maximum"),
)


def _orders(study):
    """Minimum, quartiles, median and maximum in their order; the mean within the range; the SD no
    larger than the range allows.
    """
    claims = study.claims
    for first, second in _ASCENDING:
        for low in claims.where(statistic=first):
            (high,) = claims.beside(low, second)
            if high:
                yield from ascending(f"order of {low.id} and {high.id}", low.id, high.id)
    for sd in claims.where(statistic="sd"):
        ends = claims.beside(sd, "minimum", "maximum")
        row = study.row(sd.group, sd.parameter, sd.variant)
        if None not in ends and row and _is_sd(study, sd.parameter):
            inputs = (ends[0].id, ends[1].id, *(i for i in row.ids if i in (row.n, row.mean)))
            for target in (sd.id, ends[0].id, ends[1].id, row.mean):
                yield Relation(
                    f"range and SD of {sd.id}",
                    SPREAD,
                    target,
                    (sd.id, *inputs),
                    lambda reading, s=sd.id, e=ends, r=row: _spread(reading, s, e, r),
                )


def ascending(family: str, low: str, high: str, check: Check = ORDER) -> Iterator[Relation]:
    """Two numbers of which one is not above the other.

    Parameters
    ----------
    family : str
        Name of the fact.
    low, high : str
        Ids of the claims, the one that is not above the other first.
    check : Check
        Kind of the relation.

    Yields
    ------
    Relation
        One with each of the two as target.
    """
    yield Relation(family, check, low, (high,), lambda reading: _order(reading, high, low, -1))
    yield Relation(family, check, high, (low,), lambda reading: _order(reading, low, high, 1))


def _order(reading, other, target, sign):
    """Is ``target`` above ``other`` (sign 1) or below it (sign -1)?"""
    known, judged = digits(reading[other]), digits(reading[target])
    side = Interval(known.low, math.inf) if sign > 0 else Interval(-math.inf, known.high)
    told = f"this number is {'not below' if sign > 0 else 'not above'} {text_of(reading[other])}"
    return Outcome(side.overlaps(judged), side.low, side.high, told)


def _spread(reading, sd, ends, row):
    """No SD of n values with mean m is above √((max - m)(m - min) n/(n - 1)) (Bhatia & Davis 2000,
    *Am Math Mon* 107:353) nor below range/√(2 (n - 1)) (Nagy 1918).
    """
    n = reading.count(row.n)
    if n < 2:
        return cannot_tell("one value has no SD")
    low, high, mean = (digits(reading[name]) for name in (ends[0].id, ends[1].id, row.mean))
    # The product rises up to the centre and falls after it; fewer values allow a larger SD.
    best = min(max((low.low + high.high) / 2, mean.low), mean.high)
    product = max(float((high.high - best) * (best - low.low)), 0.0)
    least = max(float(high.low - low.high), 0.0) / math.sqrt(2 * (n - 1))
    most = math.sqrt(product * (n / (n - 1) if row.complete else 2))
    if least > most:
        return impossible("no values with this range have this mean")
    room = Interval(least, most)
    return compare(room.widen(1e-12), digits(reading[sd]), "range and mean: the SD")


def _errors(study):
    """A standard error of a mean is the SD divided by √n."""
    for error in study.claims.where(statistic="se_mean"):
        (sd,) = study.claims.beside(error, "sd")
        size = (error.size or (sd and sd.size), True)
        size = size if size[0] else study.size(error.group, error.parameter)
        if sd and size and size[1]:
            for target, other in ((error.id, sd.id), (sd.id, error.id)):
                yield Relation(
                    f"standard error {error.id}",
                    ERROR,
                    target,
                    (other, *([size[0]] if isinstance(size[0], str) else [])),
                    lambda reading, t=target, a=(error.id, sd.id, size[0]): _error(reading, t, *a),
                )


def _error(reading, target, error, sd, size):
    root = Interval(reading.count(size), reading.count(size)).sqrt()
    if target == error:
        return compare(digits(reading[sd]) / root, reading[error], "SD/√n")
    return compare(digits(reading[error]) * root, reading[sd], "SE·√n")


def _is_sd(study, parameter):
    return study.structure.given and study.structure.spread_of(parameter) != "se"
