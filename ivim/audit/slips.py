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
from dataclasses import replace
from itertools import product

from ivim.audit.checks.interval import Interval
from ivim.audit.checks.misprints import significant_digits
from ivim.audit.checks.rounding import Printed
from ivim.audit.exchanges import exchanged_beside, exchanged_rows, pasted_totals, swaps
from ivim.audit.relations import Evaluator, Reading, digits
from ivim.audit.rules.rows import Study
from ivim.audit.slip import Slip
from ivim.audit.trials import (
    allowed,
    as_text,
    elsewhere_printed,
    factor,
    is_shift,
    likely_misprints,
    may_be,
    printed_like,
    room_of,
    solved,
    values_to_try,
)
from ivim.audit.vocabulary import LIMITED, RATIOS, SHARES

MOST_COUNTS = 200
"""Largest denominator of which every count is tried for a share."""


def candidates(
    study: Study, evaluator: Evaluator, reading: Reading, failing: frozenset[str]
) -> list[Slip]:
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
    for moved in (swaps, exchanged_beside, exchanged_rows, pasted_totals):
        for slip in moved(study, reading, involved):
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
    room, hints = room_of(evaluator, reading, touching, cells, printed)
    known = likely_misprints(first, printed)
    if room:  # what lies outside cannot please all relations that say what the number has to be
        known = [value for value in known if may_be(value, room)]
    tried = {}
    for value in [
        *known,
        *values_to_try(
            first,
            printed,
            room,
            [
                *hints,
                *_shares(study, first),
                *_spreads(study, first),
                *solved(evaluator, reading, _broken(touching, before), cells, first),
            ],
            scale,
            elsewhere_printed(study, first),
        ),
    ]:
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


def _broken(relations, failing):
    return [relation for relation in relations if relation.family in failing]


def _shares(study, claim):
    """What a share can be: one of each count of its denominator, or evenly spread."""
    if claim.statistic not in SHARES:
        return []
    size, scale = study.denominator(claim), study.claims.scale(claim)
    n = study.reading.count(size) if size is not None else 0
    steps = n if 0 < n <= MOST_COUNTS else MOST_COUNTS // 2
    return [scale * k / steps for k in range(steps + 1)]


def _spreads(study, claim):
    """What an SD is where an SE or a variance stands in its place, and the other way round; every
    size that a group may have.
    """
    if claim.statistic == "n":
        return range(2, MOST_COUNTS)
    value = float(claim.number.value)
    if claim.statistic not in ("sd", "se_mean") or value <= 0:
        return []
    row = study.row(claim.group, claim.parameter, claim.variant)
    root = math.sqrt(study.reading.count(row.n)) if row else 1.0
    return [value * root, value / root, math.sqrt(value), value**2]


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
        (factor(printed, v) for v in (*numbers, *([room] if room else []))), default=math.inf
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
        shifted=kind == "misprint" and is_shift(printed, value),
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
    for a, b in (*product(*values), *_recentred(study, reading, pair)):
        changes = dict(zip(names, (a, b), strict=True))
        settled = _settled(evaluator, reading, touching, before, changes)
        if len(settled) > len(best):
            best, chosen = settled, changes
    if chosen is None or any(best <= explained for explained in own):
        return None
    printed = " and ".join(claim.printed for claim in pair)
    text = f"{printed} cannot both be right"
    reasons = {name: _reason(evaluator, reading, touching, name, best) for name in names}
    near = any(factor(reading[name], value) <= 1.5 for name, value in chosen.items())
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


def _recentred(study, reading, pair):
    """Both limits of another row: as wide, but about the value that they stand beside."""
    stems = {claim.statistic.removesuffix("_low").removesuffix("_high") for claim in pair}
    if len(stems) != 1 or any(not claim.statistic.endswith(("_low", "_high")) for claim in pair):
        return
    names = RATIOS if stems == {"ci"} else stems
    value = next((c for c in study.claims.beside(pair[0], *names) if c), None)
    if value is None or isinstance(reading[value.id], Interval):
        return
    ends = [float(reading[claim.id].value) for claim in pair]
    middle, low, high = float(reading[value.id].value), min(ends), max(ends)
    if stems == {"ci"} and min(low, middle) > 0:
        reach = (high / low) ** 0.5
        around = [{low: middle / reach, high: middle * reach}]
    else:
        top = study.claims.scale(value)
        reaches = {(high - low) / 2, min((high - low) / 2, 0.9 * abs(top - middle))}
        around = [{low: middle - reach, high: middle + reach} for reach in sorted(reaches)]
    for found in around:
        yield tuple(
            replace(
                Printed.parse(printed_like(found[end], reading[claim.id])),
                cut=reading[claim.id].cut,
            )
            for end, claim in zip(ends, pair, strict=True)
        )


def _likely(evaluator, reading, touching, claim, slip):
    """Values that the relations ask for, and that of the number's own slip."""
    printed = reading[claim.id]
    room, hints = room_of(evaluator, reading, touching, (claim.id,), printed)
    ends = [*hints[:8], *((room.low, room.middle, room.high) if room else ())]
    texts = dict.fromkeys(printed_like(end, printed) for end in ends if abs(end) < 1e25)
    found = [replace(Printed.parse(text), cut=printed.cut) for text in texts]
    found = [value for value in found if allowed(claim, float(value.value))]
    return [*(slip.changes.values() if slip else ()), *found][:10]


def _sentence(claim, meant, kind):
    if not meant:
        return f"{claim.printed} cannot be right"
    return f"{claim.printed} {'stands for' if kind == 'misprint' else 'has to be'} {meant}"


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
    elsewhere = elsewhere_printed(study, study.claims[cells[0]])
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
        and _bounded(evaluator.outcome(r, reading))
        and evaluator.outcome(r, changed).holds
    ]
    if not pointing:
        return False
    # Fewer digits fit more easily: they have to be the very digits of another place.
    if significant_digits(value) >= significant_digits(printed):
        return True
    return any(
        (value.value, value.decimals) == (other.value, other.decimals)
        for other in elsewhere_printed(study, study.claims[cells[0]])
    )


def _bounded(outcome):
    """An order says on which side of another number this one is, not what it is."""
    return not (math.isinf(outcome.low) or math.isinf(outcome.high))


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
