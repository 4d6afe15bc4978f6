"""Which slips of the pen explain the conflicts? A greedy search for the fewest.

A conflict is a relation that the prints break. It does not say which of its numbers is wrong; a slip does. Candidates are what happens
to tables and texts on their way into print:

* two rows, columns or sets of numbers change places (*swap*);
* a row for one sub-group holds the numbers of everybody (*pasted total*);
* one number is misprinted: a decimal point moved, a digit lost, doubled or exchanged with its neighbour, a sign lost (*misprint*);
* one number is wrong without such a reason, and the others say what it has to be (*recovered*).

In each round the slip that settles most conflicts, and raises none, is taken. It is minimal diagnosis in the sense of Reiter 1987 (*Artif
Intell* 32:57), with slips in place of broken parts. Nothing is accused without a conflict, and every conflict is rigorous.
"""

import math
from dataclasses import dataclass, field, replace
from itertools import combinations

from ivim import parameters
from ivim.audit.claims import COUNTS, place_of
from ivim.audit.checks.interval import Interval
from ivim.audit.checks.misprints import misprints, significant_digits
from ivim.audit.checks.moments import hidden, is_total, pooled
from ivim.audit.relations import Reading, digits
from ivim.audit.checks.rounding import Printed, show, to_print
from ivim.audit.rules.groups import row, rows


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
        What each of them must have been.
    explained : frozenset of str
        Families that fail without the slip and hold with it.
    moves : dict of str to str
        Of a swap: position -> claim whose number belongs there.
    because : dict of str to str
        The arithmetic that speaks against each blamed claim.
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
    order: tuple = field(default=(), repr=False)


@dataclass
class Repair:
    """The repaired reading of an article.

    Attributes
    ----------
    reading : Reading
    slips : list of Slip
        In the order in which they were found.
    unexplained : frozenset of str
        Families that still fail.
    origin : dict of str to str
        Position -> claim whose printed number stands there after swaps.
    """

    reading: Reading
    slips: list
    unexplained: frozenset
    origin: dict

    def home(self, claim_id):
        """The position that a claim's number belongs to."""
        return next(
            (position for position, source in self.origin.items() if source == claim_id), claim_id
        )


def find_repair(claims, structure, evaluator):
    """Search for the slips that explain all conflicts.

    Parameters
    ----------
    claims : Claims
    structure : Structure
    evaluator : Evaluator
        With all relations of the article.

    Returns
    -------
    Repair
    """
    reading = Reading({claim.id: claim.number for claim in claims if claim.number})
    repair = Repair(reading, [], evaluator.conflicts(reading), {})
    while repair.unexplained:
        ranked = _ranked(_candidates(claims, structure, evaluator, repair), evaluator, repair)
        if not ranked:
            break
        for slip in _together(ranked, evaluator):
            _apply(slip, evaluator, repair)
        repair.unexplained = evaluator.conflicts(repair.reading)
    repair.slips = _merged(repair.slips)
    return repair


def _ranked(candidates, evaluator, repair):
    """Slips that explain something, the best first; no slip settles more conflicts than it touches, which spares most evaluations."""
    bounds = [
        (len(evaluator.conflicts(repair.reading, evaluator.touching(slip.changes))), slip)
        for slip in candidates
    ]
    found, most = [], 1
    for bound, slip in sorted(bounds, key=lambda pair: -pair[0]):
        if bound < most:
            break
        if weighed := _weighed(slip, evaluator, repair):
            found.append(weighed)
            most = max(most, weighed[0][0])
    return sorted(found, key=lambda pair: pair[0], reverse=True)


def _together(ranked, evaluator):
    """The best slip; once no slip settles more than one conflict, all those that have no relation in common."""
    gain, best = ranked[0][0][0], ranked[0][1]
    yield best
    taken = set(evaluator.touching(best.changes))
    for _, slip in ranked[1:] if gain == 1 else ():
        touched = set(evaluator.touching(slip.changes))
        if not touched & taken:
            yield slip
            taken |= touched


def _apply(slip, evaluator, repair):
    slip = replace(slip, because=_because(slip, evaluator, repair.reading))
    if slip.kind == "swap":
        repair.origin |= {to: repair.origin.get(start, start) for to, start in slip.moves.items()}
    else:
        slip = _at_home(slip, repair)
    repair.slips.append(slip)
    repair.reading = repair.reading.with_changes(slip.changes)


def _candidates(claims, structure, evaluator, repair):
    failing = [r for r in evaluator.relations if r.family in repair.unexplained]
    involved = {name for relation in failing for name in relation.ids}
    yield from _swaps(claims, repair, involved)
    yield from _pasted_totals(claims, structure, repair, involved)
    for target in dict.fromkeys(relation.target for relation in failing):
        if target in repair.reading.printed:
            yield from _single(claims, evaluator, repair, target)


def _weighed(slip, evaluator, repair):
    """The slip with what it explains, before it a rank by which the best is taken; None where it explains nothing."""
    touched = evaluator.touching(slip.changes)
    before = evaluator.conflicts(repair.reading, touched)
    after = evaluator.conflicts(repair.reading.with_changes(slip.changes), touched)
    gain = len(before - after) - len(after - before)
    # A swap carries a misprint along to its new place, so only the balance counts; any other slip has to raise nothing.
    if gain < 1 or (slip.kind != "swap" and after - before):
        return None
    # What a swap carries along whole is as true or false at its new place, and no merit of the swap.
    carried = {r.family for r in touched if slip.moves and set(r.ids) <= set(slip.changes)}
    return (gain, *slip.order), replace(slip, explained=before - after - carried)


def _because(slip, evaluator, reading):
    """What each blamed claim breaks: the relation that points at it, else (a label) the relations that the slip settles."""
    broken = [
        r
        for r in evaluator.touching(slip.changes)
        if r.family in slip.explained and evaluator.outcome(r, reading).holds is False
    ]

    def told(claim_id):
        pointing = [r for r in broken if r.target == claim_id] or broken
        return evaluator.outcome(pointing[0], reading).reason if pointing else ""

    return {name: told(name) for name in slip.blamed} | slip.because


def _swaps(claims, repair, involved):
    """Exchange two parameters or two groups throughout one location."""
    for location in dict.fromkeys(claim.location for claim in claims):
        numbers = [claim for claim in claims.where(location=location) if claim.number]
        for axis in ("parameter", "group"):
            names = list(
                dict.fromkeys(getattr(claim, axis) for claim in numbers if getattr(claim, axis))
            )
            for a, b in combinations(names, 2):
                pairs = _counterparts(numbers, axis, a, b)
                if len(pairs) > 1 and any(claim.id in involved for pair in pairs for claim in pair):
                    yield _swap(claims, repair, location, axis, a, b, pairs)


def _counterparts(numbers, axis, a, b):
    def of(name):
        return {
            replace(claim, **{axis: ""}).key: claim
            for claim in numbers
            if getattr(claim, axis) == name
        }

    first, second = of(a), of(b)
    return [(first[key], second[key]) for key in first if key in second]


def _swap(claims, repair, location, axis, a, b, pairs):
    moves = {to.id: start.id for pair in pairs for to, start in (pair, pair[::-1])}
    changes = {to: repair.reading[start] for to, start in moves.items()}
    other_axis = "group" if axis == "parameter" else "parameter"
    labels = [
        c
        for name in (a, b)
        for c in claims.where(location=location, statistic="label", **{axis: name, other_axis: ""})
    ]
    if len(labels) == 2:
        recovered = {labels[0].id: labels[1].printed, labels[1].id: labels[0].printed}
        text = f"the labels {labels[0].printed} and {labels[1].printed} have changed places in {place_of(location)}"
    else:
        recovered = {
            c.id: o.printed
            for pair in pairs
            for c, o in (pair, pair[::-1])
            if c.printed != o.printed
        }
        text = f"the numbers of {parameters.label(a)} and {parameters.label(b)} have changed places in {place_of(location)}"
    return Slip(
        "swap",
        f"{location}: {a} and {b}",
        text,
        changes,
        tuple(recovered),
        recovered,
        moves=moves,
        order=(1, -len(changes)),
    )


def _pasted_totals(claims, structure, repair, involved):
    """A sub-group's row in which the numbers of everybody stand, for as many parameters as fit."""
    for whole, names in structure.parts.items():
        for name in names:
            changes, because = {}, {}
            for parameter in claims.parameters("mean", "describe"):
                for cell, (meant, reason) in _pasted(
                    claims, structure, repair, involved, whole, name, parameter
                ).items():
                    changes[cell], because[cell] = meant, reason
            if changes:
                recovered = {
                    cell: _as_text(meant, claims[cell].number) for cell, meant in changes.items()
                }
                where = f"{claims[next(iter(changes))].location}: {name}"
                yield Slip(
                    "pasted total",
                    where,
                    "",
                    changes,
                    tuple(changes),
                    recovered,
                    because=because,
                    order=(1, -len(changes)),
                )


def _pasted(claims, structure, repair, involved, whole, name, parameter):
    """Cell -> (what is left for it, the arithmetic), where the row's mean and SD are those of everybody; else empty."""
    others = tuple(other for other in structure.parts[whole] if other != name)
    suspect, whole_row = row(claims, name, parameter), row(claims, whole, parameter)
    rest, everybody = rows(claims, others, parameter), rows(claims, structure.compared, parameter)
    if (
        not (suspect and suspect.sd and whole_row and rest and everybody)
        or not {suspect.mean, suspect.sd} & involved
    ):
        return {}
    reading = repair.reading
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


def _single(claims, evaluator, repair, target):
    """One number misprinted in a known way, or replaced by what the others say it has to be."""
    printed = repair.reading[target]
    if isinstance(printed, Interval):
        return
    solving = [
        r for r in evaluator.touching((target,)) if r.target == target and r.recovers and r.decisive
    ]
    if not solving:
        return
    outcomes = [evaluator.outcome(r, repair.reading) for r in solving]
    failing = [
        (r, o) for r, o in zip(solving, outcomes, strict=True) if r.family in repair.unexplained
    ]
    if not failing:
        return
    support = -sum(r.confirms and o.holds is True for r, o in zip(solving, outcomes, strict=True))
    # Text repeats tables, so between the two the table is believed; and what is computed from other numbers before these.
    standing = (support, -int(claims[target].tabled))
    odd = int(_odd(claims, claims[target]))
    for text in misprints(printed):
        meant = Printed.parse(text)
        if claims[target].statistic in COUNTS and (
            meant.value < 0 or meant.value != int(meant.value)
        ):
            continue
        # Fewer digits fit more easily: they have to be the very digits of another place.
        if significant_digits(meant) < significant_digits(printed) and not _stands_elsewhere(
            meant, failing, repair
        ):
            continue
        if any(
            _specific(r, evaluator.outcome(r, repair.reading.with_changes({target: meant})))
            for r, _ in failing
        ):
            yield Slip(
                "misprint",
                target,
                "",
                {target: meant},
                (target,),
                {target: text},
                order=(0, odd, 1, *standing),
            )
    interval = _common([o for o in outcomes if not math.isnan(o.low + o.high)])
    if interval and math.isfinite(interval.low + interval.high):
        meant = _printed_elsewhere(repair, failing, interval) or _as_text(interval, printed)
        yield Slip(
            "recovered",
            target,
            "",
            {target: interval},
            (target,),
            {target: meant},
            order=(0, odd, 0, *standing),
        )


def _odd(claims, claim):
    """True for a number that is not written as its neighbours are: other decimals, a zero missing before the point."""
    neighbours = [
        c
        for c in claims.where(location=claim.location, statistic=claim.statistic)
        if c.number.comparison == "=" and c is not claim
    ]
    same = [c for c in neighbours if c.parameter == claim.parameter]
    styles = [_style(c) for c in (same if len(same) > 2 else neighbours)]
    return len(styles) > 2 and styles.count(_style(claim)) < 0.3 * len(styles)


def _style(claim):
    return claim.number.decimals, claim.printed.lstrip("-−").startswith(".")


def _stands_elsewhere(meant, failing, repair):
    others = [repair.reading[r.inputs[0]] for r, _ in failing if r.check == "restated"]
    return any(
        isinstance(other, Printed)
        and (other.value, other.decimals) == (meant.value, meant.decimals)
        for other in others
    )


def _specific(relation, outcome):
    """True where the relation says what its target has to be and the value meets it."""
    return relation.recovers and outcome.holds is True


def _common(outcomes):
    """The interval that all outcomes leave, or None."""
    common = Interval(-math.inf, math.inf)
    for outcome in outcomes:
        common = common and common.intersect(Interval(outcome.low, outcome.high))
    return common


def _printed_elsewhere(repair, failing, interval):
    """The string printed in the other place, where a restatement says what is meant."""
    for relation, _ in failing:
        if relation.check == "restated":
            other = repair.reading[relation.inputs[0]]
            if isinstance(other, Printed) and digits(other).overlaps(interval):
                return other.text
    return None


def _as_text(interval, printed):
    """What an interval prints as: one number where the printed decimals allow no other, else its ends."""
    low, high = (
        to_print(end, printed.decimals) if math.isfinite(end) else ""
        for end in (interval.low, interval.high)
    )
    if low and low == high:
        return low if float(low) else f"{interval.middle:.3g}"
    if interval.low <= 0 < interval.high:
        return f"at most {interval.high:.3g}"
    return f"{low} to {high}" if low and high else show(interval)


def _at_home(slip, repair):
    """Blame the claim whose number stands at a position, not the one that swaps have moved away from it."""

    def home(named):
        return {repair.origin.get(name, name): text for name, text in named.items()}

    return replace(
        slip,
        blamed=tuple(home(slip.recovered)),
        recovered=home(slip.recovered),
        because=home(slip.because),
    )


def _merged(slips):
    """Slips of one kind at one place as one: a total pasted over several columns is one slip, whenever its columns were found."""
    merged = {}
    for slip in slips:
        key = (slip.kind, slip.where)
        if key in merged:
            first = merged[key]
            slip = replace(
                first,
                changes=first.changes | slip.changes,
                blamed=(*first.blamed, *slip.blamed),
                recovered=first.recovered | slip.recovered,
                explained=first.explained | slip.explained,
                because=first.because | slip.because,
            )
        merged[key] = slip
    return list(merged.values())
