"""Relations of group tests: t, F, H, U, Z and their p, against the rows of the groups and against
each other.

A test is refuted only by the method that it is known to be: its column ``method``, the structure
file, or the rest of its table,
where most of the printed statistics follow from the rows by Student's or Welch's test. Otherwise a
statistic has to be beyond
what every usual method could give.
"""

import math
from collections.abc import Iterable
from functools import partial

from ivim.audit.checks.interval import Interval
from ivim.audit.checks.rounding import Outcome, as_interval, cannot_tell, show
from ivim.audit.checks.testing import (
    anova,
    check_t,
    sd_for_t,
    t_test,
)
from ivim.audit.claims import Claim
from ivim.audit.relations import Check, Relation, Row, digits, impossible, text_of
from ivim.audit.rules.established import table_follows
from ivim.audit.rules.rows import Study, corner_groups

VARIANTS = {"student": ("student",), "welch": ("welch",), "t-test": ("student", "welch")}
BEYOND = 3.0
"""So many times the largest value of any usual method is beyond doubt, whatever the method."""

MOST_SIGNS = 60
"""Largest table whose signs are held against one another."""

T = Check("t_from_means")
SD = Check("sd_for_t")
MEAN = Check("mean_for_t")
OPEN = Check("cell_for_t", recovers=False)
REMARK = Check("", recovers=False, confirms=False, decisive=False)
BOUND = Check("beyond_any_t", confirms=False)
SIGN = Check("sign_of_t", recovers=False, confirms=False, soft=True)
F = Check("f_from_means")
CELL = Check("cell_for_f", recovers=False, confirms=False)


def comparison_relations(study: Study) -> list[Relation]:
    """All relations of this module that the claims have the numbers for; list of Relation.

    Parameters
    ----------
    study : Study

    Returns
    -------
    list of Relation
    """
    claims = study.claims
    return [
        *(r for claim in claims.where(statistic="t") for r in _t(study, claim)),
        *(r for claim in claims.where(statistic="f") for r in _f(study, claim)),
        *_signs(study),
    ]


def pair_of(study: Study, claim: Claim) -> tuple[Row, ...]:
    """The two rows behind a t or p, or an empty tuple.

    Parameters
    ----------
    study : Study
    claim : Claim
        A t or p of a comparison of two groups.

    Returns
    -------
    tuple of Row
        Two rows, each with a spread.
    """
    pair = study.rows(study.groups_of(claim), claim.parameter)
    return pair if len(pair) == 2 and None not in (pair[0].sd, pair[1].sd) else ()


def ids_of(rows: Iterable[Row]) -> tuple[str, ...]:
    """The ids of all claims that make up the rows.

    Parameters
    ----------
    rows : iterable of Row

    Returns
    -------
    tuple of str
    """
    return tuple(name for row in rows for name in row.ids)


def variants(study: Study, claim: Claim) -> tuple[str, ...]:
    """The forms of Student's and Welch's test that a printed t may be by; empty where another test
    is possible.

    Parameters
    ----------
    study : Study
    claim : Claim
        A printed t, or its p.

    Returns
    -------
    tuple of str
        Of ``student`` and ``welch``.
    """
    told = study.test_method(claim)
    if told:
        return VARIANTS.get(told, ())
    pair = pair_of(study, claim)
    if pair and table_follows(study, claim, partial(_follows, study)):
        return VARIANTS["t-test"]
    return ()


def _follows(study, claim):
    """Whether a t (or F) follows from its rows, and how likely that would be by chance; None where
    there are no rows.
    """
    reading = study.reading
    if claim.statistic == "f":
        rows = study.rows(study.groups_of(claim), claim.parameter)
        if len(rows) < 2 or not all(row.sd and row.complete for row in rows):
            return None
        room = anova([row.group(reading) for row in rows]).value
    else:
        pair = pair_of(study, claim)
        if not pair or study.test_method(claim):
            return None
        room = _room(reading, pair, VARIANTS["t-test"])
    size = abs(claim.number.rounding)
    chance = min(1.0, (room.width + size.width) / (0.5 + 0.3 * size.middle))
    return room.overlaps(size), chance


def _room(reading, pair, names):
    """Hull of \\|t\\| over the sizes that missing values leave possible, and over the tests."""
    found = [
        abs(t_test(a, b, name).value)
        for a in corner_groups(pair[0], reading)
        for b in corner_groups(pair[1], reading)
        for name in names
    ]
    return Interval(min(i.low for i in found), max(i.high for i in found))


def _t(study, t):
    """The printed t from two rows, and each SD and mean from the printed t."""
    pair = pair_of(study, t)
    if not pair:
        return
    ids, family, names = ids_of(pair), f"t of {t.id}", variants(study, t)
    if not names:
        if study.test_method(t) or pair[0].n == pair[1].n:
            return
        for target in (t.id, *ids):
            yield Relation(
                family,
                BOUND if target == t.id else CELL.called("cell_for_t"),
                target,
                (t.id, *ids),
                lambda reading: _beyond(reading, t.id, pair),
            )
        return
    yield Relation(family, T, t.id, ids, lambda reading: _from_rows(reading, t.id, pair, names))
    exact = all(row.complete and not row.error for row in pair)
    for one, other in (pair, pair[::-1]):
        for cell, check, judge in ((one.sd, SD, _sd), (one.mean, MEAN, _mean)):
            yield Relation(
                family,
                check if exact else OPEN,
                cell,
                tuple(i for i in (t.id, *ids) if i != cell),
                (lambda reading, j=judge, a=one, b=other: j(reading, t.id, a, b, names))
                if exact
                else (lambda reading: _from_rows(reading, t.id, pair, names)),
            )
    if exact:
        for name in ("student", "welch"):
            yield Relation(
                f"{name} t of {t.id}",
                REMARK.called(f"{name}_t"),
                t.id,
                ids,
                lambda reading, v=name: check_t(
                    *(r.group(reading) for r in pair), reading[t.id], variants=(v,)
                )[v],
            )


def _from_rows(reading, t, pair, names):
    if all(row.complete for row in pair):
        found = check_t(*(row.group(reading) for row in pair), digits(reading[t]), variants=names)
        fits = [outcome for outcome in found.values() if outcome.holds]
        if fits:
            told = fits[0].reason.replace(show(digits(reading[t])), text_of(reading[t]))
            return Outcome(True, fits[0].low, fits[0].high, told)
        low, high = min(o.low for o in found.values()), max(o.high for o in found.values())
        told = "; ".join(outcome.reason for outcome in found.values())
        return Outcome(
            False, low, high, told.replace(show(digits(reading[t])), text_of(reading[t]))
        )
    room = _room(reading, pair, names)
    signed = room if digits(reading[t]).middle >= 0 else -room
    told = (
        f"means and SDs, with values missing or not, give {show(signed)}; printed "
        f"{text_of(reading[t])}"
    )
    return Outcome(room.overlaps(abs(digits(reading[t]))), signed.low, signed.high, told)


def _beyond(reading, t, pair):
    room = _room(reading, pair, VARIANTS["t-test"])
    n, m = (reading.count(row.n) for row in pair)
    most = math.sqrt(3 * n * m / (n + m + 1))  # the largest Z of a Mann-Whitney test
    size = abs(digits(reading[t]))
    # What is more than any Z is a t, and that of the rows but for a transformation.
    near = room.low / BEYOND <= size.high and size.low <= room.high * BEYOND
    told = (
        f"means and SDs give {show(room)} by Student's or Welch's test, and a Z is at most "
        f"{most:.2f}"
    )
    signed = room if digits(reading[t]).middle >= 0 else -room
    shown = f"{told}; printed {text_of(reading[t])}"
    return Outcome(size.low <= most or near, signed.low, signed.high, shown)


def _sd(reading, t, a, b, names):
    shown = digits(reading[t])
    intervals = [sd_for_t(a.group(reading), b.group(reading), shown, name) for name in names]
    possible = [interval for interval in intervals if interval]
    if not possible:
        return impossible("no SD of this group gives the printed t")
    printed = as_interval(reading[a.sd])
    fits = any(interval.overlaps(printed) for interval in possible)
    first = next((i for i in possible if i.overlaps(printed)), possible[0])
    told = f"the printed t needs an SD of {show(first)} here; printed {text_of(reading[a.sd])}"
    return Outcome(fits, first.low, first.high, told)


def _mean(reading, t, a, b, names):
    one, other = a.group(reading), b.group(reading)
    rooms = []
    for name in names:
        # t = (m₁ - m₂)/E, and the error E does not depend on the means.
        shifted = t_test(type(one)(one.n, other.mean + 1, one.sd), other, name).value
        reach = abs(digits(reading[t])) / Interval(max(shifted.low, 1e-300), shifted.high)
        rooms += [other.mean + reach, other.mean - reach]
    printed = digits(reading[a.mean])
    best = min(rooms, key=lambda room: abs(room.middle - printed.middle))
    fits = any(room.overlaps(printed) for room in rooms)
    told = f"the printed t needs a mean of {show(best)} here; printed {text_of(reading[a.mean])}"
    return Outcome(fits, best.low, best.high, told)


def _signs(study):
    """All t of a table are of the same group minus the same other one, whichever that is."""
    tables = {}
    for t in study.claims.where(statistic="t"):
        pair = study.rows(study.groups_of(t), t.parameter)
        if len(pair) == 2 and variants(study, t):
            key = (t.location, study.groups_of(t))
            tables.setdefault(key, []).append((t.id, pair[0].mean, pair[1].mean))
    for rows in tables.values():
        for row in rows if 1 < len(rows) <= MOST_SIGNS else ():
            others = tuple(other for other in rows if other is not row)
            ids = tuple(name for other in others for name in other)
            for target in row:
                yield Relation(
                    f"sign of {row[0]}",
                    SIGN,
                    target,
                    (*(name for name in row if name != target), *ids),
                    partial(_same_order, row=row, others=others),
                )


def _same_order(reading, row, others):
    """The sign of a t against the order of the means and that of the rest of the table; all t
    without a sign are sizes of t.
    """
    values = [digits(reading[t]) for t, _, _ in (row, *others)]
    if all(value.low >= 0 for value in values):
        return cannot_tell("no t of the table has a minus, so they may be sizes of t")
    own, rest = _order_of(reading, row), {_order_of(reading, other) for other in others} - {0}
    if own == 0 or len(rest) != 1:
        return cannot_tell("the means do not tell the order of the groups in the table")
    told = "the signs of the other t are those of one order of the groups; this is of "
    return Outcome(
        own in rest, math.nan, math.nan, told + ("the same" if own in rest else "the other")
    )


def _order_of(reading, row):
    """1 where t is of the first group minus the second, -1 of the second minus the first, 0 where
    the prints leave that open.
    """
    t, first, second = (digits(reading[name]) for name in row)
    gap = first - second
    if t.low <= 0 <= t.high or gap.low <= 0 <= gap.high:
        return 0
    return 1 if (t.low > 0) == (gap.low > 0) else -1


def _f(study, f):
    """F from the rows of the groups that it is said to compare."""
    rows = study.rows(study.groups_of(f), f.parameter)
    if len(rows) < 2 or not all(row.sd and row.complete for row in rows):
        return
    known = study.test_method(f) == "anova" or table_follows(study, f, partial(_follows, study))
    ids = ids_of(rows)
    for target in (f.id, *ids):
        yield Relation(
            f"F of {f.id}",
            F if target == f.id else CELL,
            target,
            (f.id, *ids),
            lambda reading, t=target: _f_from_rows(reading, f.id, rows, known, t == f.id),
        )


def _f_from_rows(reading, f, rows, known, own):
    room, printed = anova([row.group(reading) for row in rows]).value, digits(reading[f])
    told = f"the rows give F {show(room)}; printed {text_of(reading[f])}"
    holds = room.overlaps(printed)
    if not holds and not known:  # Welch's ANOVA, or another, has another F
        holds = (
            None
            if room.low / BEYOND <= printed.high and printed.low <= BEYOND * room.high
            else False
        )
    ends = (room.low, room.high) if own else (math.nan, math.nan)
    return Outcome(holds, *ends, told)
