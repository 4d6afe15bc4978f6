"""One slip of the pen and what it explains."""

from dataclasses import dataclass, field


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
