"""What binds printed numbers together: one relation per check and target, evaluated on a reading of the article.

A *reading* gives every claim a value: as printed, or as a repair has it. A *relation* holds one target against other claims. Relations
of one *family* are the same fact solved for different targets (a whole from its parts, a part from the whole), so a family that
fails is one conflict, whoever is to blame.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache

from ivim.audit.checks.interval import Interval
from ivim.audit.checks.moments import Group
from ivim.audit.checks.rounding import Outcome, cannot_tell


@dataclass(frozen=True)
class Relation:
    """One check of one claim against others.

    Attributes
    ----------
    family : str
        Name of the fact; conflicts are counted by family.
    check : str
        Name of the check, as the evidence table shows it.
    target : str
        Id of the claim that is judged.
    inputs : tuple of str
        Ids of the claims that it is judged by.
    judge : callable
        From a :class:`Reading` to an :class:`~ivim.audit.checks.rounding.Outcome` whose interval is that of the target, recomputed.
    recovers : bool
        The interval says what the target has to be; False where it only says that something is wrong.
    confirms : bool
        Passing is evidence for the target; False for checks that nearly every number passes.
    decisive : bool
        Failing refutes; False for remarks (a method excluded, a guide missed).
    meant : callable, optional
        For words and formulas: the string that must have been meant, or None.
    """

    family: str
    check: str
    target: str
    inputs: tuple
    judge: Callable = field(compare=False)
    recovers: bool = True
    confirms: bool = True
    decisive: bool = True
    meant: Callable | None = field(default=None, compare=False)

    @property
    def ids(self):
        """Target and inputs."""
        return (self.target, *self.inputs)


class Reading:
    """Values of all claims: printed numbers, with what repairs put in their place.

    Parameters
    ----------
    printed : dict of str to Printed
        Every claim that is a number.
    changes : dict of str to Printed or Interval
        What a repair says instead; an Interval where the meant value is known only so far.
    """

    def __init__(self, printed, changes=None):
        self.printed = printed
        self.changes = dict(changes or {})

    def __getitem__(self, claim_id):
        return self.changes[claim_id] if claim_id in self.changes else self.printed[claim_id]

    def with_changes(self, changes):
        """This reading with further changes."""
        return Reading(self.printed, {**self.changes, **changes})

    def count(self, claim_id):
        """A whole number."""
        value = self[claim_id]
        return round(value.middle) if isinstance(value, Interval) else int(value.value)


@dataclass(frozen=True)
class Row:
    """Ids of the claims that make up a group's row for one parameter.

    Attributes
    ----------
    n, mean : str
    sd : str or None
    """

    n: str
    mean: str
    sd: str | None = None

    @property
    def ids(self):
        """All ids of the row."""
        return tuple(name for name in (self.n, self.mean, self.sd) if name)

    def group(self, reading):
        """The row as a :class:`~ivim.audit.checks.moments.Group` of a reading."""
        return _group(
            reading.count(self.n), reading[self.mean], reading[self.sd] if self.sd else None
        )


@lru_cache(maxsize=4096)
def _group(n, mean, sd):
    return Group.printed(n, mean, sd)


class Evaluator:
    """Evaluates relations, remembering what it has seen: repairs change few values, so most relations need no second look."""

    def __init__(self, relations):
        self.relations = tuple(relations)
        self._seen = {}
        self._touching = {}
        for relation in self.relations:
            for claim_id in dict.fromkeys(relation.ids):
                self._touching.setdefault(claim_id, []).append(relation)

    def touching(self, claim_ids):
        """Relations that any of the claims takes part in."""
        return tuple(
            dict.fromkeys(
                relation for claim_id in claim_ids for relation in self._touching.get(claim_id, ())
            )
        )

    def outcome(self, relation, reading):
        """The outcome of one relation on a reading."""
        values = tuple(reading.changes.get(claim_id) for claim_id in relation.ids)
        key = (relation.family, relation.check, relation.target, values)
        if key not in self._seen:
            self._seen[key] = _evaluated(relation, reading)
        return self._seen[key]

    def conflicts(self, reading, relations=None):
        """Families with a decisive relation that fails, as a frozenset of names."""
        chosen = self.relations if relations is None else relations
        return frozenset(
            r.family for r in chosen if r.decisive and self.outcome(r, reading).holds is False
        )


def _evaluated(relation, reading):
    try:
        return relation.judge(reading)
    except NeedsPrint:
        return cannot_tell("an input is known only as an interval")
    except (
        ValueError,
        ZeroDivisionError,
    ) as error:  # group sizes that do not fit together: the counts say so themselves
        return cannot_tell(str(error))


class NeedsPrint(ValueError):
    """A check that counts digits was given an interval."""


def as_printed(*values):
    """The values, where all are printed numbers; a check that counts digits cannot work on an interval."""
    if any(isinstance(value, Interval) for value in values):
        raise NeedsPrint
    return values if len(values) > 1 else values[0]


@lru_cache(maxsize=4096)
def digits(value):
    """The rounding interval of a printed number (a comparison before it does not count), or the interval itself."""
    return value if isinstance(value, Interval) else value.rounding


def impossible(reason):
    """The outcome of inputs that cannot stand together at all."""
    return Outcome(False, float("nan"), float("nan"), reason)
