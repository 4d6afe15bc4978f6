"""How a paper prints: ways of reading a whole column that explain its digits, tried before any
number of it is refuted.

A column may hold standard errors where standard deviations are expected, or numbers whose further
digits were cut off instead
of rounded. Several misses of one kind are a method, not slips.
"""

from collections.abc import Mapping
from dataclasses import replace
from functools import cached_property

from ivim.audit.claims import Claims
from ivim.audit.relations import Evaluator, Reading
from ivim.audit.rules import all_relations
from ivim.audit.rules.rows import Study
from ivim.audit.structure import Structure
from ivim.audit.vocabulary import SHARES, stem


class Way:
    """A way of reading the article: its relations, the prints, and what was taken to be so.

    Parameters
    ----------
    study : Study
    cut : frozenset of str
        Ids of numbers that are read as cut off.
    notes : dict of str to str
        By id: the method that the column was read by.
    evaluator : Evaluator, optional
        Of the study's relations, where they are known already.
    """

    def __init__(
        self,
        study: Study,
        cut: frozenset[str] = frozenset(),
        notes: Mapping[str, str] | None = None,
        evaluator: Evaluator | None = None,
    ) -> None:
        self.study, self.cut, self.notes = study, cut, dict(notes or {})
        self.evaluator = Evaluator(all_relations(study)) if evaluator is None else evaluator
        self.relations = self.evaluator.relations
        self.reading = Reading(
            {
                claim.id: replace(claim.number, cut=True) if claim.id in cut else claim.number
                for claim in study.claims
                if claim.number
            }
        )

    @cached_property
    def conflicts(self) -> frozenset[str]:
        """Families that fail, read this way."""
        return self.evaluator.conflicts(self.reading)

    def settles(self, families: frozenset[str]) -> bool:
        """True where one of the families holds, read this way.

        Parameters
        ----------
        families : frozenset of str

        Returns
        -------
        bool
        """
        known = [r for name in families for r in self.evaluator.family(name)]
        return bool(families - self.evaluator.conflicts(self.reading, known))


def best_way(claims: Claims, structure: Structure) -> Way:
    """The way of reading that leaves the fewest conflicts, as printed where no method explains
    several of them.

    Parameters
    ----------
    claims : Claims
    structure : Structure

    Returns
    -------
    Way
    """
    way = Way(Study(claims, structure), _told_cut(claims, structure))
    if way.conflicts:
        way = _with_errors(way)
    if way.conflicts and not structure.rounding:
        way = _with_cut(way)
    return way


def _told_cut(claims, structure):
    if structure.rounding != "truncated":
        return frozenset()
    return frozenset(claim.id for claim in claims if claim.number)


def _with_errors(way):
    """Standard errors in place of standard deviations, parameter by parameter of a table, where
    nothing says which.
    """
    study = way.study
    claims, structure = study.claims, study.structure
    named = dict.fromkeys(
        claim.parameter
        for claim in claims.where(statistic="sd")
        if not structure.spread_of(claim.parameter)
        and claim.parameter not in structure.whole_numbers
    )
    if not structure.given or not named:
        return way
    spread = structure.spread | dict.fromkeys(named, "se")
    notes = {
        claim.id: "read as a standard error"
        for claim in claims.where(statistic="sd")
        if claim.parameter in named
    }
    other = Way(Study(claims, replace(structure, spread=spread)), way.cut, notes)
    ids = {claim.id for claim in claims.where(statistic="sd")}
    return other if _explains(way, other, ids) else way


def _with_cut(way):
    """Digits cut off: everywhere, of all shares, or of all numbers or shares of one table."""
    claims = way.study.claims
    shares = frozenset(c.id for c in claims if c.number and stem(c.statistic) in SHARES)
    everything = frozenset(c.id for c in claims if c.number)
    touched = dict.fromkeys(
        claims[name].location
        for family in sorted(way.conflicts)
        for relation in way.evaluator.family(family)
        for name in relation.ids
    )
    scopes = [shares, everything]
    for location in list(touched)[:12]:
        here = frozenset(c.id for c in claims.where(location=location) if c.number)
        scopes += [here & shares, here]
    for scope in scopes:
        if scope - way.cut:
            notes = way.notes | dict.fromkeys(scope, "truncated, not rounded")
            other = Way(way.study, way.cut | scope, notes, Evaluator(way.relations))
            if _explains(way, other, scope):
                way = other
    return way


def _explains(way, other, ids):
    """Does the other reading remove the conflicts of these numbers: all of them, or far more than
    it leaves?
    """
    # Most readings settle nothing, which the conflicts alone tell.
    if not other.settles(way.conflicts):
        return False
    gone, raised = way.conflicts - other.conflicts, other.conflicts - way.conflicts
    left = {
        family
        for family in way.conflicts & other.conflicts
        if any(ids & set(relation.ids) for relation in way.evaluator.family(family))
    }
    if not gone:
        return False
    return not (raised or left) or len(gone) > 3 * (len(raised) + len(left))
