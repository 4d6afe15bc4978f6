"""Which slips explain all conflicts? The smallest explanations, exactly where the conflicts are
few.

A conflict is a relation that the prints break. It does not say which of its numbers is wrong; a
slip does. An *explanation* is a
set of slips that settles every conflict that any slip settles; the smallest ones count. This is
minimal diagnosis in the sense of
Reiter 1987 (*Artif Intell* 32:57), with slips in place of broken parts, solved as a set cover by
branch and bound.

A number is accused only where **every** smallest explanation blames it. Where explanations differ,
the numbers are *disputed*.
"""

from dataclasses import dataclass, replace
from itertools import combinations

from ivim.audit.cover import Cover, components
from ivim.audit.relations import Evaluator, Reading
from ivim.audit.rules.rows import Study
from ivim.audit.slips import candidates

ORDERS = ("mean", "median")
"""Beginnings of the conditions that hold two numbers of groups against each other."""

MOST_SINGLE = 60
"""So many accused numbers are held against each other for a row that both rest on."""

WHOLE = ("swap", "pasted total")
"""Kinds of slips that move whole rows or columns."""


@dataclass
class Repair:
    """The repaired reading of an article.

    Attributes
    ----------
    reading : Reading
        With every certain slip put right.
    slips : list of Slip
        Those that every smallest explanation has, the one that settles most first.
    disputed : dict of str to frozenset of str
        Numbers that only some smallest explanations blame, each with all that are in dispute with
        it.
    conflicts : frozenset of str
        Families that fail as printed.
    open : frozenset of str
        Families that no certain slip settles.
    reasons : dict of str to str
        For a disputed number, the arithmetic of its conflict.
    exact : bool
        False where there were so many conflicts that the smallest explanations were not all found.
    origin : dict of str to str
        Position -> claim whose printed number stands there after swaps.
    """

    reading: Reading
    slips: list
    disputed: dict
    conflicts: frozenset
    open: frozenset
    reasons: dict
    exact: bool
    origin: dict

    def home(self, claim_id: str) -> str:
        """The position that a claim's number belongs to.

        Parameters
        ----------
        claim_id : str

        Returns
        -------
        str
            Another position than the claim's own only after a swap.
        """
        return next(
            (position for position, source in self.origin.items() if source == claim_id), claim_id
        )


def find_repair(study: Study, evaluator: Evaluator, reading: Reading) -> Repair:
    """Search for the smallest explanations of all conflicts.

    Parameters
    ----------
    study : ivim.audit.rules.rows.Study
    evaluator : Evaluator
        With all relations of the article.
    reading : Reading
        As printed.

    Returns
    -------
    Repair
    """
    failing = _of_numbers(evaluator, evaluator.conflicts(reading), reading)
    repair = Repair(reading, [], {}, failing, failing, {}, True, {})
    left, current = failing, reading
    while left:
        # A number that is put right can bring to light which slip explains another conflict.
        repair.disputed, repair.reasons = {}, {}
        slips = candidates(study, evaluator, current, left)
        known = {(slip.kind, slip.where) for slip in repair.slips}
        # A row that is known to be pasted, or a swap, explains more as it stands.
        found = [s for s in slips if s.kind in WHOLE and (s.kind, s.where) in known]
        for families, chosen in components(left, slips) if not found else ():
            found += _judge(repair, families, chosen)
        repair.slips += found
        current = current.with_changes(_changes(found))
        settled = frozenset().union(*(slip.explained for slip in found))
        left = (left - settled) & evaluator.conflicts(current)
        if not found:
            break
    merged = _merged(repair.slips)
    repair.slips = _without_suspect_rows(repair, study, evaluator, reading, merged)
    left = left.union(*(slip.explained for slip in merged if slip not in repair.slips))
    _apply(repair)
    _credit(repair, evaluator, reading)
    repair.slips.sort(key=lambda slip: -len(slip.explained))
    repair.open = left
    _dispute_rest(repair, evaluator, reading)
    _dispute_words(repair, evaluator)
    return repair


def _of_numbers(evaluator, families, reading):
    """Families that judge a number; what words claim is judged afterwards, by the numbers."""
    return frozenset(
        family
        for family in families
        if any(relation.target in reading.printed for relation in evaluator.family(family))
    )


def _judge(repair, families, slips):
    """The certain slips of one group of connected conflicts; the numbers of the others are noted as
    disputed.
    """
    cover = Cover(families, slips)
    size = cover.size()
    if size is None:
        repair.exact = False
        _dispute(repair, slips)
        return []
    some = [slip for slip in slips if cover.used_by_some(slip)]
    some = _without_far_rivals(some)
    certain = []
    for slip in some:
        every = all(cover.used_by_every(name) for name in slip.blamed)
        rivals = [o for o in some if o is not slip and o.explained & slip.explained]
        # A swap moves many cells; that it is in every explanation is asked of the slip itself.
        if every or cover.without(slip) or not rivals:
            certain.append(slip)
    certain = _one_for_each(certain)
    blamed = {name for slip in certain for name in slip.blamed}
    settled = {family for slip in certain for family in slip.explained}
    left = [s for s in some if s.explained - settled and not blamed & set(s.blamed)]
    _dispute(repair, left)
    return certain


def _without_suspect_rows(repair, study, evaluator, reading, slips):
    """Two numbers are not accused where one row that both were held against, and that nothing else
    confirms, could be the one thing that is wrong: two of its numbers together can be wrong in more
    ways than are tried.
    """
    single = [s for s in slips if len(s.blamed) == 1 and s.kind not in WHOLE and not s.shifted]
    dropped = set()
    for a, b in combinations(single[:MOST_SINGLE], 2):
        shared = _inputs(evaluator, a) & _inputs(evaluator, b) - {*a.blamed, *b.blamed}
        for row in _rows(study, reading, shared):
            if not _settled_by_others(evaluator, reading, row):
                dropped |= {id(a), id(b)}
                names = frozenset((*a.blamed, *b.blamed, *row))
                for name in sorted(names):
                    repair.disputed[name] = repair.disputed.get(name, frozenset()) | names
                    told = (a.because | b.because).get(name) or next(iter(a.because.values()))
                    repair.reasons.setdefault(name, told)
    return [slip for slip in slips if id(slip) not in dropped]


def _inputs(evaluator, slip):
    return {n for family in slip.explained for n in _ids(evaluator.family(family))}


def _rows(study, reading, names):
    """Mean and spread of one row that are both among the names."""
    for name in sorted(names):
        claim = study.claims[name]
        if claim.statistic == "mean":
            for other in study.claims.beside(claim, "sd", "se_mean"):
                if other and other.id in names and {name, other.id} <= set(reading.printed):
                    yield name, other.id


def _settled_by_others(evaluator, reading, row):
    """A relation that says what one of the row's numbers has to be, and that it is."""
    return any(
        r.check.decisive and r.check.recovers and evaluator.outcome(r, reading).holds
        for r in evaluator.touching(row)
    )


def _without_far_rivals(slips):
    """A decimal point moved by one place explains more than a number that would have to be quite
    another one.
    """
    dropped = set()
    for slip in slips:
        rivals = [o for o in slips if o is not slip and o.explained & slip.explained]
        if slip.shifted and rivals and all(rival.far for rival in rivals):
            if all(rival.explained <= slip.explained for rival in rivals):
                dropped |= {id(rival) for rival in rivals}
    return [slip for slip in slips if id(slip) not in dropped]


def _one_for_each(slips):
    """Of slips that blame the same number, the one that explains most, and of these the one that
    blames fewest.
    """
    chosen, taken = [], set()
    for slip in sorted(slips, key=lambda s: (-len(s.explained), len(s.blamed))):
        if not taken & set(slip.blamed):
            chosen.append(slip)
            taken |= set(slip.blamed)
    return chosen


def _dispute(repair, slips):
    """Note who is in dispute with whom: the numbers of slips that would settle one conflict."""
    for slip in slips:
        rivals = frozenset(
            name for other in slips if other.explained & slip.explained for name in other.blamed
        )
        for name in slip.blamed:
            repair.disputed[name] = repair.disputed.get(name, frozenset()) | rivals
            repair.reasons.setdefault(name, slip.because.get(name, ""))


def _dispute_rest(repair, evaluator, reading):
    """Conflicts that no slip settles, and soft ones, are disputes among their numbers."""
    blamed = {name for slip in repair.slips for name in slip.blamed}
    explained = {family for slip in repair.slips for family in slip.explained}
    soft = evaluator.conflicts(repair.reading, soft=True)
    families = _of_numbers(evaluator, repair.open | soft, reading)
    for family in sorted(families - explained):
        relations = evaluator.family(family)
        # A soft check names those that it judges, not all that it judges them by.
        suspects = [r.target for r in relations] if family in soft else _ids(relations)
        names = frozenset(name for name in suspects if name in reading.printed)
        failing = next(r for r in relations if evaluator.outcome(r, reading).holds is False)
        if len(names) < 2 or failing.meant or names & (blamed | set(repair.disputed)):
            continue
        for name in names:
            repair.disputed[name] = names
            repair.reasons[name] = evaluator.outcome(failing, reading).reason


def _dispute_words(repair, evaluator):
    """Words that say which mean is higher are in dispute with the means where nothing else confirms
    those.
    """
    blamed = {name for slip in repair.slips for name in slip.blamed} | set(repair.disputed)
    for relation in evaluator.relations:
        words = relation.target not in repair.reading.printed
        if not words or not relation.check.name.startswith(ORDERS) or set(relation.inputs) & blamed:
            continue
        outcome = evaluator.outcome(relation, repair.reading)
        if outcome.holds is not False:
            continue
        bare = [n for n in relation.inputs if not _confirmed(evaluator, repair, n, relation.inputs)]
        if bare:
            names = frozenset((relation.target, *bare))
            for name in names:
                repair.disputed[name] = names
                repair.reasons[name] = outcome.reason


def _confirmed(evaluator, repair, name, both):
    """By something that does not rest on the other number too: two means that have changed places
    have the same t.
    """
    return any(
        relation.target == name
        and relation.check.confirms
        and relation.check.decisive
        and relation.inputs
        and not set(relation.inputs) & set(both)
        and evaluator.outcome(relation, repair.reading).holds
        for relation in evaluator.touching((name,))
    )


def _ids(relations):
    return [name for relation in relations for name in relation.ids]


def _apply(repair):
    for slip in repair.slips:
        if slip.kind == "swap":
            repair.origin |= slip.moves
    changes = _changes(repair.slips)
    moved = {to: changes.get(start, repair.reading[start]) for to, start in repair.origin.items()}
    repair.reading = repair.reading.with_changes(changes | moved)


def _changes(slips):
    """What the slips put in the place of numbers; a swap puts nothing right but the places."""
    return {
        name: value for slip in slips if slip.kind != "swap" for name, value in slip.changes.items()
    }


def _credit(repair, evaluator, reading):
    """What words claim and the prints deny is settled too where it holds once the numbers are
    right.
    """
    words = evaluator.conflicts(reading) - repair.conflicts
    right = words - evaluator.conflicts(repair.reading)
    for place, slip in enumerate(repair.slips):
        touched = {r.family for r in evaluator.touching(slip.changes)} & right
        repair.slips[place] = replace(slip, explained=slip.explained | touched)
        right -= touched
    repair.conflicts |= words


def _merged(slips):
    """Slips of one kind at one place as one, whenever they were found: a total pasted over several
    columns is one slip.
    """
    merged = {}
    for slip in slips:
        key = (slip.kind, slip.where)
        if key in merged:
            first = merged[key]
            names = {**dict.fromkeys(first.blamed), **dict.fromkeys(slip.blamed)}
            slip = replace(
                first,
                text=first.text
                if slip.kind != "pasted total"
                else f"{first.text}, {slip.text.rpartition(' for ')[2]}",
                changes=slip.changes | first.changes,
                blamed=tuple(names),
                recovered=slip.recovered | first.recovered,
                explained=first.explained | slip.explained,
                because=slip.because | first.because,
            )
        merged[key] = slip
    return list(merged.values())
