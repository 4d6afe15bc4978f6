"""What binds printed numbers together: one relation per check and target, evaluated on a reading of
the article.

A *reading* gives every claim a value: as printed, or as a repair has it. A *relation* holds one
target against other claims. Relations
of one *family* are the same fact solved for different targets (a whole from its parts, a part from
the whole), so a family that
fails is one conflict, whoever is to blame.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property, lru_cache

from ivim.audit.checks.interval import Interval
from ivim.audit.checks.moments import Group
from ivim.audit.checks.rounding import Outcome, Printed, cannot_tell

Value = Printed | Interval
"""What stands for a number: its print, or an interval where no more of it is known."""


@dataclass(frozen=True)
class Check:
    """What a kind of relation can do.

    Attributes
    ----------
    name : str
        As the evidence table shows it.
    recovers : bool
        The interval says what the target has to be; False where it only says that something is
        wrong.
    confirms : bool
        Passing is evidence for the target; False for checks that nearly every number passes.
    decisive : bool
        Failing refutes; False for remarks (a method excluded, a guide missed).
    soft : bool
        Failing leaves at most a dispute: the check rests on an assumption that is usual, not
        certain.
    """

    name: str
    recovers: bool = True
    confirms: bool = True
    decisive: bool = True
    soft: bool = False

    def called(self, name: str) -> Check:
        """The same kind of check under another name.

        Parameters
        ----------
        name : str

        Returns
        -------
        Check
        """
        return Check(name, self.recovers, self.confirms, self.decisive, self.soft)


@dataclass(frozen=True)
class Relation:
    """One check of one claim against others.

    Attributes
    ----------
    family : str
        Name of the fact; conflicts are counted by family.
    check : Check
        Kind of the check.
    target : str
        Id of the claim that is judged.
    inputs : tuple of str
        Ids of the claims that it is judged by; the target may be handed over among them and is
        left out.
    judge : callable
        From a :class:`Reading` to an :class:`~ivim.audit.checks.rounding.Outcome` whose interval is
        that of the target, recomputed.
    meant : callable, optional
        For words and formulas: the string that must have been meant, or None.
    """

    family: str
    check: Check
    target: str
    inputs: tuple[str, ...]
    judge: Callable[[Reading], Outcome] = field(compare=False)
    meant: Callable[[Reading], str | None] | None = field(default=None, compare=False)

    def __post_init__(self) -> None:
        others = tuple(name for name in self.inputs if name != self.target)
        object.__setattr__(self, "inputs", others)

    @cached_property
    def ids(self) -> tuple[str, ...]:
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

    def __init__(self, printed: Mapping[str, Printed], changes: Mapping[str, Value] | None = None):
        self.printed = printed
        self.changes = dict(changes or {})

    def __getitem__(self, claim_id: str) -> Value:
        return self.changes[claim_id] if claim_id in self.changes else self.printed[claim_id]

    def with_changes(self, changes: Mapping[str, Value]) -> Reading:
        """This reading with further changes.

        Parameters
        ----------
        changes : mapping of str to Printed or Interval
            By id of a claim; they go before the changes of this reading.

        Returns
        -------
        Reading
        """
        return Reading(self.printed, {**self.changes, **changes})

    def count(self, size: str | int) -> int:
        """A whole number: of a claim, or one that is printed beside the numbers it belongs to.

        Parameters
        ----------
        size : str or int
            Id of the claim, or the number itself.

        Returns
        -------
        int
            Of a claim that is known only as an interval, the whole number next to its middle.
        """
        if isinstance(size, int):
            return size
        value = self[size]
        return round(value.middle) if isinstance(value, Interval) else int(value.value)


@dataclass(frozen=True)
class Row:
    """Ids of the claims that make up a group's row for one parameter.

    Attributes
    ----------
    n : str or int
        Claim of the size, or the size printed beside the numbers.
    mean : str
    sd : str or None
    complete : bool
        False where values may be missing, so that ``n`` is only the largest possible size.
    error : bool
        True where ``sd`` holds the standard error of the mean.
    """

    n: str | int
    mean: str
    sd: str | None = None
    complete: bool = True
    error: bool = False

    @property
    def ids(self) -> tuple[str, ...]:
        """All ids of the row."""
        return tuple(name for name in (self.n, self.mean, self.sd) if isinstance(name, str))

    def group(self, reading: Reading, n: int | None = None) -> Group:
        """The row as a :class:`~ivim.audit.checks.moments.Group` of a reading, of another size
        where given.

        Parameters
        ----------
        reading : Reading
        n : int, optional
            By default the size that the row has.

        Returns
        -------
        Group
            Its SD is the standard error times √n where the row holds one.

        Raises
        ------
        ValueError
            Where the size is below 1 or the SD negative.
        """
        return _group(
            n or reading.count(self.n),
            reading[self.mean],
            reading[self.sd] if self.sd else None,
            self.error,
        )


@lru_cache(maxsize=65536)
def _group(n, mean, sd, error):
    group = Group.printed(n, mean, sd)
    if error and group.sd:
        return Group(n, group.mean, group.sd * Interval(n, n).sqrt())
    return group


class Evaluator:
    """Evaluates relations, remembering what it has seen: repairs change few values, so most
    relations need no second look.

    Parameters
    ----------
    relations : iterable of Relation
    """

    def __init__(self, relations: Iterable[Relation]):
        self.relations = tuple(relations)
        self._seen: dict[tuple, Outcome] = {}
        self._touching: dict[str, list[Relation]] = {}
        self._families: dict[str, list[Relation]] = {}
        self._printed: list[Outcome | None] = [None] * len(self.relations)
        self._place = {id(relation): place for place, relation in enumerate(self.relations)}
        for relation in self.relations:
            self._families.setdefault(relation.family, []).append(relation)
            for claim_id in dict.fromkeys(relation.ids):
                self._touching.setdefault(claim_id, []).append(relation)

    def family(self, name: str) -> list[Relation]:
        """Relations of one family.

        Parameters
        ----------
        name : str

        Returns
        -------
        list of Relation
            Empty where there is no such family.
        """
        return self._families.get(name, [])

    def touching(self, claim_ids: Iterable[str]) -> tuple[Relation, ...]:
        """Relations that any of the claims takes part in.

        Parameters
        ----------
        claim_ids : iterable of str

        Returns
        -------
        tuple of Relation
            Each once.
        """
        found = {
            id(relation): relation
            for claim_id in claim_ids
            for relation in self._touching.get(claim_id, ())
        }
        return tuple(found.values())

    def outcome(self, relation: Relation, reading: Reading) -> Outcome:
        """The outcome of one relation on a reading.

        Parameters
        ----------
        relation : Relation
            One of this evaluator.
        reading : Reading
            With the same prints each time; only its changes may differ.

        Returns
        -------
        Outcome
            Cannot tell where the values do not go together.
        """
        place, changes = self._place[id(relation)], reading.changes
        values = tuple(changes.get(name) for name in relation.ids) if changes else ()
        if all(value is None for value in values):
            known = self._printed[place]
            if known is None:
                known = self._printed[place] = _evaluated(relation, reading)
            return known
        key = (place, values)
        if key not in self._seen:
            self._seen[key] = _evaluated(relation, reading)
        return self._seen[key]

    def conflicts(
        self, reading: Reading, relations: Iterable[Relation] | None = None, soft: bool = False
    ) -> frozenset[str]:
        """Families with a decisive relation that fails, as a frozenset of names.

        Parameters
        ----------
        reading : Reading
        relations : sequence of Relation, optional
            By default all.
        soft : bool
            Look at the soft checks instead of the others.

        Returns
        -------
        frozenset of str
        """
        chosen = self.relations if relations is None else relations
        return frozenset(
            r.family
            for r in chosen
            if r.check.decisive and r.check.soft == soft and self.outcome(r, reading).holds is False
        )


def _evaluated(relation, reading):
    try:
        return relation.judge(reading)
    except NeedsPrint:
        return cannot_tell("an input is known only as an interval")
    except (ValueError, ZeroDivisionError, OverflowError) as error:
        # Group sizes that do not fit together: the counts say so themselves.
        return cannot_tell(str(error))


class NeedsPrint(ValueError):
    """A check that counts digits was given an interval."""


def as_printed(*values: Value) -> Printed | tuple[Printed, ...]:
    """The values, where all are printed numbers; a check that counts digits cannot work on an
    interval.

    Parameters
    ----------
    *values : Printed or Interval
        At least one.

    Returns
    -------
    Printed or tuple of Printed
        A single value as it is.

    Raises
    ------
    NeedsPrint
        Where one is an interval.
    """
    printed = tuple(value for value in values if not isinstance(value, Interval))
    if len(printed) < len(values):
        raise NeedsPrint
    return printed if len(printed) > 1 else printed[0]


@lru_cache(maxsize=65536)
def digits(value: Value) -> Interval:
    """The rounding interval of a printed number (a comparison before it does not count), or the
    interval itself.

    Parameters
    ----------
    value : Printed or Interval

    Returns
    -------
    Interval
    """
    return value if isinstance(value, Interval) else value.rounding


def impossible(reason: str) -> Outcome:
    """The outcome of inputs that cannot stand together at all.

    Parameters
    ----------
    reason : str
        The arithmetic in a sentence.

    Returns
    -------
    Outcome
        Fails, and has no interval.
    """
    return Outcome(False, float("nan"), float("nan"), reason)


def text_of(value: Value) -> str:
    """A value of a reading in words.

    Parameters
    ----------
    value : Printed or Interval

    Returns
    -------
    str
    """
    from ivim.audit.checks.rounding import show

    return show(value) if isinstance(value, Interval) else value.text
