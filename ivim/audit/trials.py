"""Values that a number may have to be: what a hand may have meant, what other places print, what
the relations leave.
"""

import math
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace

from ivim.audit.checks.interval import Interval
from ivim.audit.checks.misprints import misprints
from ivim.audit.checks.rounding import Printed, show, to_print
from ivim.audit.claims import Claim
from ivim.audit.relations import Evaluator, Reading, Relation, Value, digits
from ivim.audit.rules.rows import Study
from ivim.audit.vocabulary import COUNTS, domain

STEPS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.35, 0.5)
"""Relative changes by which it is tried whether another value of a number would do."""

MOST_SOLVED = 6
"""So many broken relations are solved for each of their numbers."""


def room_of(
    evaluator: Evaluator,
    reading: Reading,
    touching: Iterable[Relation],
    cells: Collection[str],
    printed: Printed,
) -> tuple[Interval | None, list[float]]:
    """What all relations that recompute the cell leave for it (None where nothing), and single
    values that would please one of them.

    Parameters
    ----------
    evaluator : Evaluator
    reading : Reading
    touching : iterable of Relation
        Those that the cell takes part in.
    cells : collection of str
        Ids of the claims that hold the number: the cell and its copies.
    printed : Printed
        The number as printed.

    Returns
    -------
    room : Interval or None
        Also None where it holds the print and no relation fails.
    hints : list of float
        Ends of the intervals of relations that fail.
    """
    room: Interval | None = Interval(-math.inf, math.inf)
    hints: list[float] = []
    for relation in touching:
        if relation.target not in cells or set(relation.inputs) & set(cells):
            continue
        outcome = evaluator.outcome(relation, reading)
        ends = (outcome.low, outcome.high)
        if any(math.isnan(end) for end in ends):
            continue
        hints += [end for end in ends if math.isfinite(end)] if outcome.holds is False else []
        if not relation.check.decisive:
            continue
        if relation.check.recovers and not relation.check.soft and room is not None:
            room = room.intersect(Interval(*ends))
    if room and not math.isfinite(room.low) and not math.isfinite(room.high):
        room = None
    if room and room.overlaps(digits(printed)) and not hints:
        room = None
    return room, hints


def solved(
    evaluator: Evaluator,
    reading: Reading,
    broken: Sequence[Relation],
    cells: tuple[str, ...],
    claim: Claim,
) -> list[float]:
    """Values of a number with which a broken relation gives the other number that it recomputes,
    found where the recomputed number passes the printed one between two steps of a wide scan.

    Parameters
    ----------
    evaluator : Evaluator
    reading : Reading
    broken : sequence of Relation
        That fail as printed.
    cells : tuple of str
        The number with its copies.
    claim : Claim

    Returns
    -------
    list of float
    """
    printed = reading[cells[0]]
    relations = [r for r in broken if r.target not in cells and r.check.recovers]
    found = []
    for relation in list({r.family: r for r in relations}.values())[:MOST_SOLVED]:

        def side(text, relation=relation):
            value = replace(Printed.parse(text), cut=printed.cut)
            changed = reading.with_changes(dict.fromkeys(cells, value))
            outcome = evaluator.outcome(relation, changed)
            aim = digits(reading[relation.target])
            if math.isnan(outcome.low + outcome.high):
                return None
            return int(outcome.low > aim.high) - int(outcome.high < aim.low)

        found += _crossings(side, _scan(claim, printed), printed)
    return found


def _scan(claim, printed):
    """Prints over the whole range of a number, in their order."""
    value, unit = abs(float(printed.value)), float(2 * printed.half_unit)
    numbers = [(value or unit) * 2.0**step for step in range(-6, 7)]
    numbers += [unit * 10.0**step for step in range(4)]
    if domain(claim.statistic)[0] < 0:
        numbers += [-number for number in numbers]
    inside = sorted({0.0, *numbers} if claim.statistic in COUNTS else set(numbers))
    texts = dict.fromkeys(printed_like(number, printed) for number in inside)
    return [text for text in texts if allowed(claim, float(Printed.parse(text).value))]


def _crossings(side, texts, printed):
    """Where ``side`` is 0 or changes its sign between two neighbours, to the last digit."""
    unit, found = float(2 * printed.half_unit), []
    sides = [side(text) for text in texts]
    for low, high, below, above in zip(texts, texts[1:], sides, sides[1:], strict=False):
        found += [float(Printed.parse(low).value)] if below == 0 else []
        if not below or not above or below == above:
            continue
        a, b = (float(Printed.parse(text).value) for text in (low, high))
        while b - a > 1.5 * unit:
            middle = printed_like((a + b) / 2, printed)
            between = side(middle)
            if between is None:
                break
            if between == 0:
                a = b = float(Printed.parse(middle).value)
            elif between == below:
                a = float(Printed.parse(middle).value)
            else:
                b = float(Printed.parse(middle).value)
        found += [a, b]
    return found


def likely_misprints(claim: Claim, printed: Printed) -> list[Printed]:
    """What a hand may have meant, as printed numbers that such a statistic can have.

    Parameters
    ----------
    claim : Claim
    printed : Printed
        Its number.

    Returns
    -------
    list of Printed
    """
    found = []
    for text in misprints(printed):
        value = Printed.parse(text)
        if allowed(claim, float(value.value)):
            found.append(replace(value, cut=printed.cut))
    return found


def allowed(claim: Claim, value: float) -> bool:
    """True where the claim's statistic can have the value; shares also in per cent.

    Parameters
    ----------
    claim : Claim
    value : float

    Returns
    -------
    bool
    """
    low, high = domain(claim.statistic)
    if claim.statistic in COUNTS:
        return value == int(value) and value >= (1 if claim.statistic == "n" else 0)
    return low <= value <= high * 100 if high == 1 else low <= value <= high


def elsewhere_printed(study: Study, claim: Claim) -> list[Printed]:
    """The other numbers that are printed for the same quantity in the same unit, at most twenty.

    Parameters
    ----------
    study : Study
    claim : Claim

    Returns
    -------
    list of Printed
    """
    return [
        other.number
        for other in study.claims.same(claim)
        if other.unit == claim.unit and other.printed != claim.printed
    ][:20]


def values_to_try(
    claim: Claim,
    printed: Printed,
    room: Interval | None,
    hints: Iterable[float],
    scale: int,
    elsewhere: Iterable[Printed],
) -> list[Value]:
    """Values to try: those of other places, what the relations leave, and steps away from the
    print, in the digits of the print.

    Parameters
    ----------
    claim : Claim
    printed : Printed
        Its number.
    room : Interval or None
        What the relations leave for it, None where they say nothing.
    hints : iterable of float
        Single values that would please a relation.
    scale : int
        100 for a share in per cent, else 1.
    elsewhere : iterable of Printed
        What other places print for it.

    Returns
    -------
    list of (Printed or Interval)
        Never the print itself; last the room as a whole where the print lies outside of it.
    """
    value, unit = float(printed.value), float(2 * printed.half_unit)
    numbers = list(hints)
    if room:
        low = room.low if math.isfinite(room.low) else min(value, room.high) - abs(value) - unit
        high = room.high if math.isfinite(room.high) else max(value, room.low) + abs(value) + unit
        numbers += [low + (high - low) * step / 6 for step in range(7)]
    else:
        numbers += [value * (1 + sign * step) for step in STEPS for sign in (1, -1)]
        numbers += [value * factor for factor in (2, 3, 5, 1 / 3, 0.2, 0.1, 0.05)]
        numbers += [value + step * unit for step in (-3, -2, -1, 1, 2, 3)]
    texts = dict.fromkeys(printed_like(number, printed) for number in numbers if abs(number) < 1e25)
    texts |= {} if room else dict.fromkeys(_other_digits(value, printed))
    low, high = domain(claim.statistic)
    found: list[Value] = [other for other in elsewhere if other.value != printed.value]
    for text in texts:
        number = replace(Printed.parse(text), cut=printed.cut)
        inside = low <= float(number.value) <= (high * scale if math.isfinite(high) else high)
        inside = inside and (room is None or may_be(number, room))
        if number.value != printed.value and inside and allowed(claim, float(number.value)):
            found.append(number)
    if room and math.isfinite(room.low + room.high) and not room.overlaps(printed.interval):
        found.append(room)
    return found


def may_be(value: Printed, room: Interval) -> bool:
    """Whether a print can stand for something in the room; ``< 0.01`` stands for all below it.

    Parameters
    ----------
    value : Printed
    room : Interval

    Returns
    -------
    bool
    """
    return value.interval.overlaps(room)


def _other_digits(value, printed):
    """The print with one digit replaced by any other."""
    body = to_print(value, printed.decimals)
    for place, digit in enumerate(body):
        if digit.isdigit() and len(body) <= 8:
            for other in "0123456789".replace(digit, ""):
                yield printed_like(float(body[:place] + other + body[place + 1 :]), printed)


def printed_like(number: float, printed: Printed) -> str:
    """A number with the decimals and the comparison of a printed one.

    Parameters
    ----------
    number : float
    printed : Printed

    Returns
    -------
    str
    """
    sign = "" if printed.comparison == "=" else f"{printed.comparison} "
    return sign + to_print(number, printed.decimals)


def factor(printed: Printed, value: Value) -> float:
    """How many times the number would have to change; infinite for a change of sign.

    Parameters
    ----------
    printed : Printed
    value : Printed or Interval
        What it would have to be; of an interval, the nearest end counts.

    Returns
    -------
    float
        At least 1.
    """
    a = float(printed.value)
    ends = (value.low, value.high) if isinstance(value, Interval) else (float(value.value),) * 2
    if isinstance(value, Interval) and value.low <= a <= value.high:
        return 1.0
    ratios = [end / a if a else math.inf for end in ends if math.isfinite(end)]
    return min((max(r, 1 / r) if r > 0 else math.inf for r in ratios), default=math.inf)


def is_shift(printed: Printed, value: Printed) -> bool:
    """True where the decimal point moved by one place makes the one number of the other.

    Parameters
    ----------
    printed, value : Printed

    Returns
    -------
    bool
    """
    return value.value in (printed.value * 10, printed.value / 10)


def as_text(interval: Interval, printed: Printed) -> str:
    """What an interval prints as: one number where the printed decimals allow no other, else its
    ends.

    Parameters
    ----------
    interval : Interval
    printed : Printed

    Returns
    -------
    str
    """
    low, high = (
        to_print(end, printed.decimals) if math.isfinite(end) else ""
        for end in (interval.low, interval.high)
    )
    if low and low == high:
        return low if float(low) else f"{interval.middle:.3g}"
    if interval.low <= 0 < interval.high:
        return f"at most {interval.high:.3g}"
    return f"{low} to {high}" if low and high else show(interval)
