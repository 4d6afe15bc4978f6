"""Candidates for what went wrong: slips of the pen, each with the conflicts that it settles.

Candidates are what happens to tables and texts on their way into print:

* two rows, columns or sets of numbers change places (*swap*);
* a row for one sub-group holds the numbers of everybody (*pasted total*);
* a mean and its SD, or sensitivity and specificity, change places (*exchange*);
* one number, with every copy of it, is misprinted: a decimal point moved, a digit lost, doubled or
exchanged, a sign lost (*misprint*);
* one number is wrong without such a reason, and the others say what it has to be, or at least what
it can be (*recovered*).

A slip settles a conflict where the relation then holds, not where it merely cannot be tried any
more, and it may raise no other.
"""

import math
from dataclasses import dataclass, field, replace
from itertools import combinations, product

from ivim import parameters
from ivim.audit.checks.interval import Interval
from ivim.audit.checks.misprints import misprints, significant_digits
from ivim.audit.checks.moments import hidden, is_total, pooled
from ivim.audit.checks.rounding import Printed, show, to_print
from ivim.audit.claims import place_of
from ivim.audit.relations import digits
from ivim.audit.vocabulary import COUNTS, LIMITED, domain

STEPS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.35, 0.5)
"""Relative changes by which it is tried whether another value of a number would do."""


@dataclass(frozen=True)
class Slip:
    """One slip and what it explains.

    Attributes
    ----------
    kind : str
        swap, pasted total, misprint or recovered.
    where : str
        Location, and what was swapped or pasted.
    text : str
        The slip in one sentence.
    changes : dict of str to Printed or Interval
        What the claims (by position) have to be.
    blamed : tuple of str
        Ids of the claims that are wrong as printed.
    recovered : dict of str to str
        What each of them must have been; empty where that stays open.
    explained : frozenset of str
        Families that fail without the slip and hold with it.
    moves : dict of str to str
        Of a swap: position -> claim whose number belongs there.
    because : dict of str to str
        The arithmetic that speaks against each blamed claim.
    far : bool
        No value near the printed one would do (within a factor of one and a half), nor a slip of a
        known kind.
    shifted : bool
        The decimal point moved by one place explains it.
    """

    kind: str
    where: str
    text: str
    changes: dict
    blamed: tuple
    recovered: dict
    explained: frozenset = frozenset()
    moves: dict = field(default_factory=dict)
    because: dict = field(default_factory=dict)
    far: bool = False
    shifted: bool = False


def candidates(study, evaluator, reading, failing):
    """Every slip that settles a conflict and raises none.

    Parameters
    ----------
    study : ivim.audit.rules.rows.Study
    evaluator : Evaluator
    reading : Reading
        As printed.
    failing : frozenset of str
        Families that fail.

    Returns
    -------
    list of Slip
    """
    # Sorted, so that nothing hangs on the order of a set.
    involved = dict.fromkeys(
        name for family in sorted(failing) for r in evaluator.family(family) for name in r.ids
    )
    found = []
    for cells in _cells(study, evaluator, reading, involved):
        slip = _number(study, evaluator, reading, cells, failing)
        if slip:
            found.append(slip)
    found += _together(study, evaluator, reading, failing, involved, found)
    exchanges = (*_swaps(study, reading, involved), *_beside(study, reading, involved))
    for slip in (*exchanges, *_totals(study, reading, involved)):
        weighed = _weighed(slip, study, evaluator, reading, failing)
        if weighed:
            found.append(weighed)
    return _frugal(found)


def _frugal(slips):
    """Slips without those that blame more numbers than another one and explain no more."""
    return [
        slip
        for slip in slips
        if not any(
            set(other.blamed) < set(slip.blamed) and other.explained >= slip.explained
            for other in slips
        )
    ]


def _cells(study, evaluator, reading, involved):
    """Each number with the copies of it in other places that have to agree with it."""
    seen = set()
    for name in involved:
        if name not in reading.printed or name in seen:
            continue
        claim = study.claims[name]
        copies = {
            other.id
            for other in study.claims.same(claim)
            if (other.printed, other.unit) == (claim.printed, claim.unit)
        }
        bound = {
            other
            for relation in (evaluator.touching((name,)) if len(copies) > 1 else ())
            if relation.check.name == "restated" and relation.check.decisive
            for other in relation.ids
        }
        cells = tuple(sorted(copies)) if (bound - {name}) & copies else (name,)
        seen |= set(cells)
        yield cells


def _number(study, evaluator, reading, cells, failing):
    """The slip in one number (and its copies) that settles most, or None."""
    printed, first = reading[cells[0]], study.claims[cells[0]]
    if isinstance(printed, Interval):
        return None
    touching = _binding(study, evaluator.touching(cells))
    before = frozenset(relation.family for relation in touching) & failing
    if not before:
        return None
    # One number printed otherwise in one place is a slip there; that all copies of it are wrong
    # explains nothing more.
    if len(cells) > 1 and all(
        r.check.name == "restated" for family in before for r in evaluator.family(family)
    ):
        return None
    # Relations that fail come first: most values settle none, and are done with.
    touching = _in_turn(touching, before, cells)
    scale = study.claims.scale(first)
    room, hints = _room(evaluator, reading, touching, cells, printed)
    known = _misprints(first, printed)
    if room:  # what lies outside cannot please all relations that say what the number has to be
        known = [value for value in known if digits(value).overlaps(room)]
    tried = {}
    for value in [*known, *_values(first, printed, room, hints, scale, _elsewhere(study, first))]:
        settled = _settled(evaluator, reading, touching, before, dict.fromkeys(cells, value))
        if settled:
            tried[value] = settled
    if not tried:
        return None
    most = max(map(len, tried.values()))
    fits = [value for value, settled in tried.items() if len(settled) == most]
    explained = tried[fits[0]]
    fits = [value for value in fits if tried[value] == explained]
    return _slip_of(study, evaluator, reading, cells, fits, known, room, explained)


def _in_turn(relations, before, cells):
    """Relations in the order in which they sort out most values: one of each failing family, one of
    each other, then the rest.
    """
    first, rest, seen = [], [], set()
    for relation in sorted(relations, key=lambda r: r.target not in cells):
        (rest if relation.family in seen else first).append(relation)
        seen.add(relation.family)
    first.sort(key=lambda relation: relation.family not in before)
    return first + rest


def _binding(study, relations):
    """Relations that judge a number; what words claim neither accuses a number nor acquits it."""
    return [r for r in relations if study.claims[r.target].number is not None]


def _slip_of(study, evaluator, reading, cells, fits, known, room, explained):
    printed, first = reading[cells[0]], study.claims[cells[0]]
    touching = _binding(study, evaluator.touching(cells))
    reasons = {name: _reason(evaluator, reading, touching, name, explained) for name in cells}
    meant, value = _meant(study, evaluator, reading, cells, fits, known, room, explained)
    kind = "misprint" if value in known and meant else "recovered"
    numbers = [v for v in fits if not isinstance(v, Interval)]
    nearest = min(
        (_factor(printed, v) for v in (*numbers, *([room] if room else []))), default=math.inf
    )
    return Slip(
        kind,
        cells[0],
        _sentence(first, meant, kind),
        dict.fromkeys(cells, value),
        cells,
        dict.fromkeys(cells, meant),
        explained,
        because=reasons,
        far=nearest > 1.5 and kind != "misprint",
        shifted=kind == "misprint" and _is_shift(printed, value),
    )


# Numbers that are copied together: what goes wrong with one of them goes wrong with both.
_COUPLED = (
    *((f"{name}_low", f"{name}_high") for name in LIMITED),
    ("ci_low", "ci_high"),
    ("mean", "sd"),
    ("mean", "se_mean"),
    ("q1", "q3"),
    ("sensitivity", "specificity"),
)


def _together(study, evaluator, reading, failing, involved, singles):
    """Two numbers of one row wrong at once, where the two settle more than either alone."""
    alone = {slip.blamed[0]: slip for slip in singles if len(slip.blamed) == 1}
    for first, second in _COUPLED:
        for name in involved:
            claim = study.claims[name]
            if claim.statistic not in (first, second) or name not in reading.printed:
                continue
            pair = (
                claim,
                *study.claims.beside(claim, second if claim.statistic == first else first),
            )
            if None in pair or (claim.statistic == second and pair[1].id in involved):
                continue
            slip = _pair(study, evaluator, reading, failing, pair, alone)
            if slip:
                yield slip


def _pair(study, evaluator, reading, failing, pair, alone):
    names = tuple(claim.id for claim in pair)
    if any(isinstance(reading[name], Interval) for name in names):
        return None
    touching = _binding(study, evaluator.touching(names))
    before = frozenset(relation.family for relation in touching) & failing
    own = [alone[name].explained if name in alone else frozenset() for name in names]
    if len(before) <= max(map(len, own)):
        return None
    touching = _in_turn(touching, before, names)
    values = [_likely(evaluator, reading, touching, claim, alone.get(claim.id)) for claim in pair]
    best, chosen = frozenset(), None
    for a, b in product(*values):
        changes = dict(zip(names, (a, b), strict=True))
        settled = _settled(evaluator, reading, touching, before, changes)
        if len(settled) > len(best):
            best, chosen = settled, changes
    if chosen is None or any(best <= explained for explained in own):
        return None
    printed = " and ".join(claim.printed for claim in pair)
    text = f"{printed} cannot both be right"
    reasons = {name: _reason(evaluator, reading, touching, name, best) for name in names}
    near = any(_factor(reading[name], value) <= 1.5 for name, value in chosen.items())
    return Slip(
        "recovered",
        " and ".join(names),
        text,
        chosen,
        names,
        dict.fromkeys(names, ""),
        best,
        because=reasons,
        far=not near,
    )


def _likely(evaluator, reading, touching, claim, slip):
    """Values that the relations ask for, and that of the number's own slip."""
    printed = reading[claim.id]
    room, hints = _room(evaluator, reading, touching, (claim.id,), printed)
    ends = [*hints[:8], *((room.low, room.middle, room.high) if room else ())]
    texts = dict.fromkeys(_text(end, printed) for end in ends if abs(end) < 1e25)
    found = [replace(Printed.parse(text), cut=printed.cut) for text in texts]
    found = [value for value in found if _allowed(claim, float(value.value))]
    return [*(slip.changes.values() if slip else ()), *found][:10]


def _sentence(claim, meant, kind):
    if not meant:
        return f"{claim.printed} cannot be right"
    return f"{claim.printed} {'stands for' if kind == 'misprint' else 'has to be'} {meant}"


def _room(evaluator, reading, touching, cells, printed):
    """What all relations that recompute the cell leave for it (None where nothing), and single
    values that would please one of them.
    """
    room, hints = Interval(-math.inf, math.inf), []
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


def _misprints(claim, printed):
    """What a hand may have meant, as printed numbers that such a statistic can have."""
    found = []
    for text in misprints(printed):
        value = Printed.parse(text)
        if _allowed(claim, float(value.value)):
            found.append(replace(value, cut=printed.cut))
    return found


def _allowed(claim, value):
    low, high = domain(claim.statistic)
    if claim.statistic in COUNTS:
        return value == int(value) and value >= (1 if claim.statistic == "n" else 0)
    return low <= value <= high * 100 if high == 1 else low <= value <= high


def _elsewhere(study, claim):
    return [
        other.number
        for other in study.claims.same(claim)
        if other.unit == claim.unit and other.printed != claim.printed
    ][:20]


def _values(claim, printed, room, hints, scale, elsewhere):
    """Values to try: those of other places, what the relations leave, and steps away from the
    print, in the digits of the print.
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
    texts = dict.fromkeys(_text(number, printed) for number in numbers if abs(number) < 1e25)
    texts |= {} if room else dict.fromkeys(_other_digits(value, printed))
    low, high = domain(claim.statistic)
    found = [other for other in elsewhere if other.value != printed.value]
    for text in texts:
        number = replace(Printed.parse(text), cut=printed.cut)
        inside = low <= float(number.value) <= (high * scale if math.isfinite(high) else high)
        inside = inside and (room is None or digits(number).overlaps(room))
        if number.value != printed.value and inside and _allowed(claim, float(number.value)):
            found.append(number)
    if room and math.isfinite(room.low + room.high) and not room.overlaps(digits(printed)):
        found.append(room)
    return found


def _other_digits(value, printed):
    """The print with one digit replaced by any other."""
    body = to_print(value, printed.decimals)
    for place, digit in enumerate(body):
        if digit.isdigit() and len(body) <= 8:
            for other in "0123456789".replace(digit, ""):
                yield _text(float(body[:place] + other + body[place + 1 :]), printed)


def _text(number, printed):
    sign = "" if printed.comparison == "=" else f"{printed.comparison} "
    return sign + to_print(number, printed.decimals)


def _settled(evaluator, reading, touching, before, changes):
    """Families that fail before and hold after the changes; empty where the changes raise another
    conflict.
    """
    changed = reading.with_changes(changes)
    holding, failing = set(), set()
    for relation in touching:
        if not relation.check.decisive or relation.check.soft:
            continue
        if relation.family not in before and not holding - failing:
            return frozenset()
        holds = evaluator.outcome(relation, changed).holds
        if holds is False:
            if relation.family not in before:
                if evaluator.outcome(relation, reading).holds is False:
                    continue  # it failed before, and another slip settled or settles it
                return frozenset()
            failing.add(relation.family)
        elif holds and relation.family in before:
            holding.add(relation.family)
    return frozenset(holding - failing)


def _reason(evaluator, reading, touching, name, explained):
    broken = [
        relation
        for relation in touching
        if relation.family in explained and evaluator.outcome(relation, reading).holds is False
    ]
    pointing = [r for r in broken if r.target == name and r.check.recovers]
    pointing = pointing or [r for r in broken if r.target == name] or broken
    return evaluator.outcome(pointing[0], reading).reason if pointing else ""


def _meant(study, evaluator, reading, cells, fits, known, room, explained):
    """What must have been printed, in words, and the value to go on with; no text where it stays
    open.
    """
    printed = reading[cells[0]]
    for value in fits:
        if value in known and _pointed_at(study, evaluator, reading, cells, value, explained):
            return value.text, value
    elsewhere = _elsewhere(study, study.claims[cells[0]])
    for value in fits:
        if any(value == other for other in elsewhere):
            return value.text, value
    if room and math.isfinite(room.low + room.high) and not room.overlaps(digits(printed)):
        if fits_room := [v for v in fits if v == room or not isinstance(v, Interval)]:
            return as_text(room, printed), room if room in fits else fits_room[0]
    return "", fits[0]


def _pointed_at(study, evaluator, reading, cells, value, explained):
    """A known slip is believed where a relation says what the number has to be, and this is it."""
    printed = reading[cells[0]]
    changed = reading.with_changes(dict.fromkeys(cells, value))
    pointing = [
        r
        for r in evaluator.touching(cells)
        if r.target in cells
        and r.check.recovers
        and not r.check.soft
        and evaluator.outcome(r, reading).holds is False
        and evaluator.outcome(r, changed).holds
    ]
    if not pointing:
        return False
    # Fewer digits fit more easily: they have to be the very digits of another place.
    if significant_digits(value) >= significant_digits(printed):
        return True
    return any(
        (value.value, value.decimals) == (other.value, other.decimals)
        for other in _elsewhere(study, study.claims[cells[0]])
    )


def _factor(printed, value):
    """How many times the number would have to change; infinite for a change of sign."""
    a = float(printed.value)
    ends = (value.low, value.high) if isinstance(value, Interval) else (float(value.value),) * 2
    if isinstance(value, Interval) and value.low <= a <= value.high:
        return 1.0
    ratios = [end / a if a else math.inf for end in ends if math.isfinite(end)]
    return min((max(r, 1 / r) if r > 0 else math.inf for r in ratios), default=math.inf)


def _is_shift(printed, value):
    return value.value in (printed.value * 10, printed.value / 10)


def as_text(interval, printed):
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


def _weighed(slip, study, evaluator, reading, failing):
    """A swap or a pasted total with what it explains; None where it explains nothing or raises a
    conflict.
    """
    touched = _binding(study, evaluator.touching(slip.changes))
    broken = [r for r in touched if r.family in failing]
    if not broken or evaluator.conflicts(reading, broken) <= evaluator.conflicts(
        reading.with_changes(slip.changes), broken
    ):
        return None
    before = evaluator.conflicts(reading, touched)
    after = evaluator.conflicts(reading.with_changes(slip.changes), touched)
    # What a swap carries along whole is as true or false at its new place, and no merit of the
    # swap.
    carried = {r.family for r in touched if slip.moves and set(r.ids) <= set(slip.changes)}
    explained = (before & failing) - after - carried
    if not explained or (after - before) - carried:
        return None
    slip = replace(slip, explained=explained)
    broken = [
        r
        for r in touched
        if r.family in slip.explained and evaluator.outcome(r, reading).holds is False
    ]

    def told(claim_id):
        pointing = [r for r in broken if r.target == claim_id] or broken
        return evaluator.outcome(pointing[0], reading).reason if pointing else ""

    return replace(slip, because={name: told(name) for name in slip.blamed} | slip.because)


def _swaps(study, reading, involved):
    """Exchange two parameters or two groups throughout one location."""
    claims = study.claims
    for location in dict.fromkeys(claims[name].location for name in involved):
        numbers = [claim for claim in claims.where(location=location) if claim.number]
        for axis in ("parameter", "group"):
            names = dict.fromkeys(
                getattr(claims[name], axis)
                for name in involved
                if claims[name].location == location and getattr(claims[name], axis)
            )
            others = dict.fromkeys(getattr(c, axis) for c in numbers if getattr(c, axis))
            if len(others) > 40:
                continue
            for a, b in combinations(others, 2):
                if a in names or b in names:
                    pairs = _counterparts(numbers, axis, a, b)
                    if len(pairs) > 1:
                        yield _swap(claims, reading, location, axis, a, b, pairs)


def _beside(study, reading, involved):
    """Exchange two groups for one parameter, or the mean and SD of a row, or sensitivity and
    specificity.
    """
    claims, seen = study.claims, set()
    for name in involved:
        claim = claims[name]
        if name not in reading.printed:
            continue
        spot = (claim.location, claim.parameter)
        if claim.group and claim.parameter and spot not in seen:
            seen.add(spot)
            numbers = [c for c in claims.where(location=spot[0], parameter=spot[1]) if c.number]
            groups = dict.fromkeys(c.group for c in numbers if c.group)
            for a, b in combinations(list(groups)[:12], 2):
                pairs = _counterparts(numbers, "group", a, b)
                if pairs:
                    yield _swap(claims, reading, claim.location, "group", a, b, pairs)
        for first, second in (("mean", "sd"), ("sensitivity", "specificity")):
            if claim.statistic in (first, second):
                other = claims.beside(claim, second if claim.statistic == first else first)[0]
                if other and (claim.location, *sorted((name, other.id))) not in seen:
                    seen.add((claim.location, *sorted((name, other.id))))
                    yield _exchange(reading, claim, other)


def _exchange(reading, one, other):
    changes = {one.id: reading[other.id], other.id: reading[one.id]}
    text = f"{one.printed} and {other.printed} have changed places in {place_of(one.location)}"
    return Slip(
        "exchange",
        f"{one.id} and {other.id}",
        text,
        changes,
        (one.id, other.id),
        {one.id: other.printed, other.id: one.printed},
    )


def _counterparts(numbers, axis, a, b):
    def of(name):
        return {
            replace(claim, **{axis: ""}).key: claim
            for claim in numbers
            if getattr(claim, axis) == name
        }

    first, second = of(a), of(b)
    return [(first[key], second[key]) for key in first if key in second]


def _swap(claims, reading, location, axis, a, b, pairs):
    moves = {to.id: start.id for pair in pairs for to, start in (pair, pair[::-1])}
    changes = {to: reading[start] for to, start in moves.items()}
    other_axis = "group" if axis == "parameter" else "parameter"
    labels = [
        c
        for name in (a, b)
        for c in claims.where(location=location, statistic="label", **{axis: name, other_axis: ""})
    ]
    if len(labels) == 2:
        recovered = {labels[0].id: labels[1].printed, labels[1].id: labels[0].printed}
        text = (
            f"the labels {labels[0].printed} and {labels[1].printed} have changed places in "
            f"{place_of(location)}"
        )
    else:
        recovered = {
            c.id: o.printed
            for pair in pairs
            for c, o in (pair, pair[::-1])
            if c.printed != o.printed
        }
        text = (
            f"the numbers of {parameters.label(a)} and {parameters.label(b)} have changed places "
            f"in {place_of(location)}"
        )
    return Slip(
        "swap", f"{location}: {a} and {b}", text, changes, tuple(recovered), recovered, moves=moves
    )


def _totals(study, reading, involved):
    """A sub-group's row in which the numbers of everybody stand, for as many parameters as fit."""
    claims, structure = study.claims, study.structure
    for whole, names in structure.parts.items():
        for name in names:
            changes, because = {}, {}
            for parameter in claims.parameters("mean", "describe"):
                for cell, (meant, reason) in _pasted(
                    study, reading, involved, whole, name, parameter
                ).items():
                    changes[cell], because[cell] = meant, reason
            if changes:
                recovered = {c: as_text(meant, claims[c].number) for c, meant in changes.items()}
                first = claims[next(iter(changes))]
                labels = dict.fromkeys(parameters.label(claims[c].parameter) for c in changes)
                text = (
                    f"in {place_of(first.location)} the row {name} holds the numbers of all "
                    f"patients for {', '.join(labels)}"
                )
                yield Slip(
                    "pasted total",
                    f"{first.location}: {name}",
                    text,
                    changes,
                    tuple(changes),
                    recovered,
                    because=because,
                )


def _pasted(study, reading, involved, whole, name, parameter):
    """Cell -> (what is left for it, the arithmetic), where the row's mean and SD are those of
    everybody; else empty.
    """
    others = tuple(other for other in study.structure.parts[whole] if other != name)
    suspect, whole_row = study.row(name, parameter), study.row(whole, parameter)
    rest, everybody = study.rows(others, parameter), study.rows(study.structure.compared, parameter)
    every = (suspect, whole_row, *rest, *everybody)
    if (
        not (rest and everybody)
        or None in every
        or not all(r.complete and not r.error for r in every)
    ):
        return {}
    if not suspect.sd or not {suspect.mean, suspect.sd} & set(involved):
        return {}
    if any(isinstance(reading[cell], Interval) for cell in (suspect.mean, suspect.sd)):
        return {}
    groups = [r.group(reading) for r in everybody]
    if not is_total(suspect.group(reading), groups).holds:
        return {}
    if sum(reading.count(r.n) for r in rest) >= reading.count(whole_row.n):
        return {}  # sizes that do not add up are a conflict of their own
    left, total = hidden(whole_row.group(reading), [r.group(reading) for r in rest]), pooled(groups)
    if not (left and left.sd):
        return {}
    told = "all {} patients together have {} {}, which prints {}; the other rows leave {} for {}"
    return {
        cell: (
            meant,
            told.format(total.n, what, show(everybody_has), reading[cell].text, show(meant), name),
        )
        for cell, what, everybody_has, meant in (
            (suspect.mean, "a mean of", total.mean, left.mean),
            (suspect.sd, "an SD of", total.sd, left.sd),
        )
    }
