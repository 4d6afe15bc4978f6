"""Which claims belong together: the row of a group, the groups behind a test, the size behind a
number.
"""

from collections.abc import Iterable

from ivim.audit.checks.moments import Group
from ivim.audit.claims import Claim, Claims, Variant
from ivim.audit.relations import Reading, Row
from ivim.audit.structure import SHARE_LIMITS, Structure

LEAST_SHARE = 0.5
"""Where missing values are not excluded, at least this share of a group is taken to have been
measured.
"""

_PLAIN = ("", "", "")


class Study:
    """Claims and design together, with the look-ups that every rule needs.

    Parameters
    ----------
    claims : ivim.audit.claims.Claims
    structure : ivim.audit.structure.Structure
    """

    def __init__(self, claims: Claims, structure: Structure):
        self.claims, self.structure = claims, structure
        self.reading = Reading({c.id: c.number for c in claims if c.number})
        self.established: dict[tuple[str, str, str], bool] = {}
        self._rows: dict[tuple[str, str, Variant], Row | None] = {}

    def row(self, group: str, parameter: str, variant: Variant = _PLAIN) -> Row | None:
        """The :class:`~ivim.audit.relations.Row` of a group and parameter; None where size or mean
        is not printed, or is there twice.

        Parameters
        ----------
        group, parameter : str
        variant : tuple of str
            Item, model and comparison, as :attr:`~ivim.audit.claims.Claim.variant` has them.

        Returns
        -------
        Row or None
        """
        key = group, parameter, variant
        if key not in self._rows:
            self._rows[key] = self._row(*key)
        return self._rows[key]

    def rows(
        self, groups: Iterable[str], parameter: str, variant: Variant = _PLAIN
    ) -> tuple[Row, ...]:
        """The rows of several groups, or an empty tuple where one is missing.

        Parameters
        ----------
        groups : iterable of str
        parameter : str
        variant : tuple of str
            Item, model and comparison.

        Returns
        -------
        tuple of Row
            In the order of the groups.
        """
        found = [self.row(group, parameter, variant) for group in groups]
        rows = tuple(row for row in found if row)
        return rows if len(rows) == len(found) else ()

    def size(self, group: str, parameter: str = "") -> tuple[str, bool] | None:
        """Size of a group (for a parameter) and whether it is known to be the number measured: (id,
        bool), or None.

        Parameters
        ----------
        group : str
        parameter : str
            Empty for the size of the whole group.

        Returns
        -------
        tuple of (str, bool) or None
            Id of the claim that holds the size, and whether nobody is missing from it.
        """
        own = self.claims.size(group, parameter) if parameter else None
        if own:
            return own.id, True
        found = self.claims.size(group)
        return (found.id, self.structure.complete) if found else None

    def _row(self, group, parameter, variant):
        mean = self.claims.find("mean", group, parameter, variant=variant)
        if mean is None or self._twins(mean):
            return None
        sd, error = self._spread(group, parameter, variant)
        if mean.size:
            return Row(mean.size, mean.id, sd, True, error)
        size = self.size(group, parameter)
        return Row(size[0], mean.id, sd, size[1], error) if size else None

    def _spread(self, group, parameter, variant):
        sd = self.claims.find("sd", group, parameter, variant=variant)
        if sd and not self._twins(sd):
            return sd.id, self.structure.spread_of(parameter) == "se"
        error = self.claims.find("se_mean", group, parameter, variant=variant)
        return (error.id, True) if error and not self._twins(error) else (None, False)

    def _twins(self, claim):
        return sum(c.location == claim.location for c in self.claims.same(claim)) > 1

    def groups_of(self, claim: Claim) -> tuple[str, ...]:
        """The groups that a test compares; an empty tuple where nothing says it.

        Parameters
        ----------
        claim : Claim
            Its ``comparison`` names them ("a vs b", "parts of a", a name of the structure file);
            without one it is the
            compared groups of the structure file.

        Returns
        -------
        tuple of str
        """
        told, structure = claim.comparison, self.structure
        if told in structure.comparisons:
            return structure.comparisons[told]
        if told.startswith("parts of "):
            return structure.parts.get(told.removeprefix("parts of "), ())
        names = tuple(name.strip() for name in told.replace(" vs. ", " vs ").split(" vs "))
        if len(names) > 1:
            return names if set(names) <= set(self.claims.groups) else ()
        if told:
            return ()
        return structure.compared if structure.given else self._only_pair(claim.parameter)

    def _only_pair(self, parameter):
        """Without a structure file: the two groups with a row, where there are just two besides a
        total of all.
        """
        groups = [g for g in self.claims.groups if self.row(g, parameter)]
        known = {g: self.claims.size(g) for g in self.claims.groups}
        if None in known.values():
            return ()  # sizes by parameter alone do not say which group is all the others together
        sizes = {g: size.number.value for g, size in known.items()}
        if len(groups) == 2 and sizes[groups[0]] != sizes[groups[1]]:
            others = [sizes[g] for g in self.claims.groups if g not in groups]
            total = sum(sizes[g] for g in groups)
            return tuple(groups) if all(size == total for size in others) else ()
        return ()

    def test_method(self, claim: Claim) -> str:
        """Method of a group test, from the claim's column or the structure file; empty where
        unknown.

        Parameters
        ----------
        claim : Claim

        Returns
        -------
        str
        """
        told = claim.method.strip().lower()
        if told:
            return told
        return self.structure.method(claim.parameter)

    def share_limits(self, claim: Claim) -> str:
        """Method behind the limits of a share, as :mod:`ivim.audit.checks.proportions` calls it;
        empty where unknown.

        Parameters
        ----------
        claim : Claim

        Returns
        -------
        str
            ``unknown`` where a method is named that is none of those.
        """
        told = claim.method.strip().lower() or self.structure.method(claim.parameter, "limits")
        return SHARE_LIMITS.get(told, "unknown" if told else "")

    def class_sizes(self, parameter: str = "") -> tuple[str, ...]:
        """Sizes of the diseased and of the others for a parameter, where both are known for
        certain; else an empty tuple.

        A parameter's own n in a table of means counts patients; a curve may count their lesions.

        Parameters
        ----------
        parameter : str
            Empty for the sizes of the whole groups.

        Returns
        -------
        tuple of str
            Ids of the two sizes, the diseased first.
        """
        structure = self.structure
        if not (structure.positive and structure.negative and structure.complete):
            return ()
        found = [self.size(group, parameter) for group in (structure.positive, structure.negative)]
        sure = tuple(size[0] for size in found if size and size[1])
        return sure if len(sure) == len(found) else ()

    def denominator(self, claim: Claim) -> str | int | None:
        """What a share is a share of, as a claim's id or a number; None where nothing says it.

        Parameters
        ----------
        claim : Claim
            A share, sensitivity, specificity or the like.

        Returns
        -------
        str, int or None
        """
        if claim.size:
            return claim.size
        statistic = claim.statistic
        told = self.structure.denominator(claim.parameter, statistic)
        if told is not None:
            if isinstance(told, int):
                return told
            group = self.claims.size(told)
            return group.id if group else None
        if claim.variant != _PLAIN or not self.structure.complete:
            return None
        if claim.group and claim.group not in self.structure.compared:
            found = self.size(claim.group, claim.parameter)
            return found[0] if found and found[1] else None
        sizes = self.class_sizes()
        if sizes and statistic in ("sensitivity", "specificity"):
            return sizes[0] if statistic == "sensitivity" else sizes[1]
        return None


def least(n: int) -> int:
    """The smallest number of values that a group of n may have where some can be missing.

    Parameters
    ----------
    n : int
        Printed size of the group.

    Returns
    -------
    int
        At least 2.
    """
    return max(2, int(n * LEAST_SHARE + 0.5))


def corner_groups(row: Row, reading: Reading) -> list[Group]:
    """A row as groups of every size that missing values leave possible, at its ends: one where the
    size is known, else two.

    Parameters
    ----------
    row : Row
    reading : Reading

    Returns
    -------
    list of Group

    Raises
    ------
    ValueError
        Where the size is below 1 or the SD negative.
    """
    n = reading.count(row.n)
    sizes = (n,) if row.complete else dict.fromkeys((n, min(n, least(n))))
    return [row.group(reading, size) for size in sizes]
