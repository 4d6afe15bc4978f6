"""Design facts that a table of numbers does not say: which groups were compared, which are parts of which, how values were recorded.

They come from a small file beside the claims (``NAME.toml`` or ``structure.toml``), else they are inferred from the claims as far
as that is safe. Facts only: nothing here says which number is right.
"""

import tomllib
from dataclasses import dataclass, field
from pathlib import Path

from ivim.audit.claims import COUNTS


@dataclass(frozen=True)
class Structure:
    """The design of a study.

    Attributes
    ----------
    title : str
    compared : tuple of str
        The two groups of the t-tests and the ROC analysis, disjoint and together everybody; empty where there are none.
    positive : str
        The group that counts as disease.
    parts : dict of str to tuple of str
        A group and the disjoint sub-groups that make it up.
    whole_numbers : tuple of str
        Parameters recorded in whole numbers.
    limits : dict of str to (low, high)
        Values that one patient can have.
    confidence, significance : float
    auc_limits : str
        ``symmetric`` where limits of an AUC are AUC ± z SE; empty where unknown.
    cutoff : str
        ``youden`` where cut-offs maximise sensitivity + specificity.
    slopes : str
        ``table units`` where a slope is per unit in which the table gives the marker.
    raters : int or None
    protocol : dict
        ``whole_divisors`` (statistic -> full value), ``sequence`` (the item that b-values and scan time belong to).
    equations : dict of str to dict
        ``ranges`` and ``units`` (powers of mm²/s) of a printed model's parameters, by the item of its claim.
    references : dict of str to dict
        ``title`` and ``cited_for`` by reference number.
    source : str
        Where the facts come from, in words.
    """

    title: str = ""
    compared: tuple = ()
    positive: str = ""
    parts: dict = field(default_factory=dict)
    whole_numbers: tuple = ()
    limits: dict = field(default_factory=dict)
    confidence: float = 0.95
    significance: float = 0.05
    auc_limits: str = ""
    cutoff: str = ""
    slopes: str = ""
    raters: int | None = None
    protocol: dict = field(default_factory=dict)
    equations: dict = field(default_factory=dict)
    references: dict = field(default_factory=dict)
    source: str = ""

    @property
    def negative(self):
        """The compared group that is not the disease."""
        return next((group for group in self.compared if group != self.positive), "")

    def whole_of(self, group):
        """The group that this one is a part of, or itself."""
        return next((whole for whole, parts in self.parts.items() if group in parts), group)


_SECTIONS = {
    "groups": {
        "compared": tuple,
        "positive": str,
        "parts": lambda parts: {whole: tuple(names) for whole, names in parts.items()},
    },
    "parameters": {
        "whole_numbers": tuple,
        "limits": lambda limits: {name: tuple(ends) for name, ends in limits.items()},
    },
    "tests": {
        "confidence": float,
        "significance": float,
        "auc_limits": str,
        "cutoff": str,
        "slopes": str,
    },
    "agreement": {"raters": int},
}
_WHOLE = {"title": str, "protocol": dict, "equations": dict, "references": dict}


def load_structure(path, claims):
    """Read a structure file.

    Parameters
    ----------
    path : path
        TOML file as described in ``data/published/README.md``.
    claims : Claims
        What it describes; a group without a printed size is refused.

    Returns
    -------
    Structure

    Raises
    ------
    ValueError
        On an unknown name, a wrong kind of value, or a group that the claims do not have.
    """
    path = Path(path)
    if not path.is_file():
        msg = f"{path}: no such file; give a structure file (see data/published/README.md) or leave it out"
        raise ValueError(msg)
    try:
        stored = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        msg = f"{path}: not a TOML file ({error}); see data/published/README.md"
        raise ValueError(msg) from error
    facts = {}
    for name, value in stored.items():
        known = _SECTIONS.get(name)
        entries = (
            ((name, value, _WHOLE.get(name)),)
            if known is None
            else ((key, item, known.get(key)) for key, item in value.items())
        )
        for key, item, kind in entries:
            facts[key] = _converted(path, name if known is None else f"{name}.{key}", item, kind)
    structure = Structure(**facts, source=path.name)
    _check_groups(structure, claims, path)
    return structure


def infer_structure(claims):
    """The design as far as the claims alone give it away.

    Sub-groups are taken for parts of another group only where their sizes and at least one further count add up and no other choice
    does; two groups that are left are taken as compared, the one with parts (else the last) as the disease; ages in years are taken
    as whole numbers. Everything else stays unknown, and checks that need it are not made.
    """
    parts = _inferred_parts(claims)
    inner = {name for names in parts.values() for name in names}
    outer = [group for group in claims.groups if group not in inner]
    compared = tuple(outer) if len(outer) == 2 else ()
    positive = next(
        (group for group in compared if group in parts), compared[-1] if compared else ""
    )
    years = any(
        c.parameter == "age" and c.statistic == "mean" and c.unit.startswith("year") for c in claims
    )
    readers = claims.find("readers", analysis="agreement")
    return Structure(
        compared=compared,
        positive=positive,
        parts=parts,
        whole_numbers=("age",) if years else (),
        raters=int(readers.number.value) if readers else None,
        source="inferred from the claims",
    )


def structure_for(path, claims):
    """The structure file that lies beside a claims file (``NAME.toml``, else ``structure.toml``), else the inferred structure."""
    path = Path(path)
    for candidate in (path.with_suffix(".toml"), path.with_name("structure.toml")):
        if candidate.is_file():
            return load_structure(candidate, claims)
    return infer_structure(claims)


def _converted(path, name, value, kind):
    if kind is None:
        known = [
            *_WHOLE,
            *(f"{section}.{key}" for section, keys in _SECTIONS.items() for key in keys),
        ]
        msg = f"{path}: unknown entry {name!r}; known are {', '.join(known)}"
        raise ValueError(msg)
    try:
        return kind(value)
    except (TypeError, ValueError, AttributeError) as error:
        msg = f"{path}: {name} is {value!r}, which is not what is expected there; see data/published/README.md"
        raise ValueError(msg) from error


def _check_groups(structure, claims, path):
    named = [
        *structure.compared,
        *structure.parts,
        *(name for names in structure.parts.values() for name in names),
    ]
    if unknown := [name for name in named if name not in claims.groups]:
        msg = f"{path}: group {unknown[0]!r} has no printed size; the claims have {', '.join(map(repr, claims.groups)) or 'none'}"
        raise ValueError(msg)
    if structure.compared and (
        len(structure.compared) != 2 or structure.positive not in structure.compared
    ):
        msg = f"{path}: groups.compared is {list(structure.compared)} and positive {structure.positive!r}; give two groups, one of them positive"
        raise ValueError(msg)


def _inferred_parts(claims):
    """Runs of two or more consecutive groups right behind another whose n and a further count add up to it."""
    found, names = {}, claims.groups
    for start, whole in enumerate(names):
        for stop in range(start + 3, len(names) + 1):
            parts = names[start + 1 : stop]
            if _adds_up(claims, whole, parts, "n") and any(
                _adds_up(claims, whole, parts, count) for count in COUNTS[1:]
            ):
                found[whole] = parts
    return found


def _adds_up(claims, whole, parts, statistic):
    numbers = [claims.find(statistic, group) for group in (whole, *parts)]
    return None not in numbers and numbers[0].number.value == sum(
        claim.number.value for claim in numbers[1:]
    )
