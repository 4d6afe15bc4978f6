"""Smallest set covers by branch and bound: which slips have to be in an explanation, and which can
be.
"""

from collections import defaultdict
from collections.abc import Sequence
from functools import cached_property

from ivim.audit.slip import Slip

MOST_STEPS = 200_000
"""Steps of the search after which it is given up, and said to be."""


def components(
    families: frozenset[str], slips: Sequence[Slip]
) -> list[tuple[frozenset[str], list[Slip]]]:
    """Groups of conflicts that share a slip, each with its slips; conflicts that no slip settles
    are left out.

    Parameters
    ----------
    families : frozenset of str
    slips : sequence of Slip

    Returns
    -------
    list of (frozenset of str, list of Slip)
    """
    parent: dict[str, str] = {}

    def root(name):
        while parent[name] != name:
            parent[name] = parent[parent[name]]
            name = parent[name]
        return name

    for slip in slips:
        names = sorted(slip.explained)
        for name in names:
            parent.setdefault(name, name)
            parent[root(name)] = root(names[0])
    groups: dict[str, tuple[set[str], list[Slip]]] = defaultdict(lambda: (set(), []))
    for name in sorted(parent):
        groups[root(name)][0].add(name)
    for slip in slips:
        groups[root(min(slip.explained))][1].append(slip)
    return [(frozenset(names), chosen) for names, chosen in groups.values()]


class Cover:
    """The smallest sets of slips that settle a group of conflicts.

    Parameters
    ----------
    families : frozenset of str
    slips : sequence of Slip
        Each with the families that it explains.
    """

    def __init__(self, families: frozenset[str], slips: Sequence[Slip]) -> None:
        self.families, self.slips = families, tuple(slips)
        self._steps = 0

    def size(self) -> int | None:
        """Number of slips in a smallest explanation; None where the search was given up."""
        return self._least

    @cached_property
    def _least(self):
        sets = [slip.explained for slip in self.slips]
        for size in range(1, len(self.families) + 1):
            found = self._covers(self.families, sets, size)
            if found is None:
                return None
            if found:
                return size
        return None

    def used_by_some(self, slip: Slip) -> bool:
        """True where some smallest explanation has the slip (or where that was not found out).

        Parameters
        ----------
        slip : Slip

        Returns
        -------
        bool
        """
        rest = self.families - slip.explained
        found = self._covers(rest, [s.explained for s in self.slips], self._least - 1)
        return found is not False

    def used_by_every(self, claim_id: str) -> bool:
        """True where no explanation as small does without a slip that blames the number.

        Parameters
        ----------
        claim_id : str

        Returns
        -------
        bool
        """
        others = [s.explained for s in self.slips if claim_id not in s.blamed]
        return self._covers(self.families, others, self._least) is False

    def without(self, slip: Slip) -> bool:
        """True where no explanation as small does without this very slip, or one that blames the
        same numbers.

        Parameters
        ----------
        slip : Slip

        Returns
        -------
        bool
        """
        others = [s.explained for s in self.slips if not set(s.blamed) & set(slip.blamed)]
        return self._covers(self.families, others, self._least) is False

    def _covers(self, families, sets, size):
        """Can ``size`` of the sets settle all families? None where the steps ran out."""
        sets = list(dict.fromkeys(sets))
        by_family = {name: [s for s in sets if name in s] for name in families}
        self._steps = 0
        return self._search(frozenset(families), by_family, size, set())

    def _search(self, left, by_family, size, dead):
        if not left:
            return True
        self._steps += 1
        if self._steps > MOST_STEPS:
            return None
        if size == 0 or (left, size) in dead:
            return False
        hardest = min(sorted(left), key=lambda name: len(by_family[name]))
        largest = max((len(s & left) for name in left for s in by_family[name]), default=0)
        if largest * size < len(left):
            dead.add((left, size))
            return False
        options = sorted(by_family[hardest], key=lambda s: -len(s & left))
        for chosen in dict.fromkeys(s & left for s in options):
            found = self._search(left - chosen, by_family, size - 1, dead)
            if found is not False:
                return found
        dead.add((left, size))
        return False
