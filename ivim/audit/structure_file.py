"""Reading a structure file: known entries of the right kind, groups that exist, parts that are
parts; else one line.
"""

import tomllib
from pathlib import Path

from ivim.audit.claims import Claims
from ivim.audit.structure import (
    AUC_LIMITS,
    METHODS,
    ODDS_LIMITS,
    ROUNDINGS,
    SHARE_LIMITS,
    Structure,
)
from ivim.audit.vocabulary import canonical
from ivim.files import shown

LARGEST_FILE = 1_000_000


def load_structure(path: str | Path, claims: Claims) -> Structure:
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
    stored = _read(path)
    facts = {}
    for name, value in stored.items():
        if name in _WHOLE:
            facts[_FIELD.get(name, name)] = _converted(path, name, value, _WHOLE[name])
        elif name in _SECTIONS:
            _section(path, name, value, facts)
        else:
            _unknown(path, name)
    structure = Structure(**facts, source=path.name)
    _check_groups(structure, claims, path)
    return structure


def structure_for(path: str | Path, claims: Claims) -> Structure:
    """The structure file that lies beside a claims file (``NAME.toml``, else ``structure.toml``),
    else a structure that knows nothing.

    Parameters
    ----------
    path : path
        The claims file.
    claims : Claims

    Returns
    -------
    Structure
    """
    path = Path(path)
    for candidate in (path.with_suffix(".toml"), path.with_name("structure.toml")):
        if candidate.is_file():
            return load_structure(candidate, claims)
    return Structure()


def _read(path):
    if not path.is_file():
        msg = (
            f"{path}: no such file; give a structure file (see data/published/README.md) or leave "
            "it out"
        )
        raise ValueError(msg)
    try:
        if path.stat().st_size > LARGEST_FILE:
            raise ValueError(f"it has more than {LARGEST_FILE} bytes")
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError, OSError) as error:
        told = " ".join(str(error).split())[:200]
        msg = f"{path}: not a TOML file ({told}); see data/published/README.md"
        raise ValueError(msg) from error


def _section(path, section, value, facts):
    if not isinstance(value, dict):
        _wrong(path, section, value, f"a table [{section}]")
    known = _SECTIONS[section]
    for key, item in value.items():
        name = f"{section}.{key}"
        if key in known:
            facts[_FIELD.get(name, key)] = _converted(path, name, item, known[key])
        elif section == "tests" and isinstance(item, dict):
            for inner, told in item.items():
                if inner not in _PER_PARAMETER:
                    _unknown(path, f"{name}.{inner}")
                told = _converted(path, f"{name}.{inner}", told, _PER_PARAMETER[inner])
                facts.setdefault("methods", {}).setdefault(key, {})[inner] = told
        else:
            _unknown(path, name)
        if section == "tests" and key in _PER_PARAMETER:
            facts.setdefault("methods", {}).setdefault("", {})[key] = facts.pop(key)


def _converted(path, name, value, kind):
    check, wanted = kind
    try:
        return check(value)
    except (TypeError, ValueError, AttributeError, KeyError, OverflowError):
        return _wrong(path, name, value, wanted)


def _wrong(path, name, value, wanted):
    msg = f"{path}: {name} is {shown(value)}; give {wanted} (see data/published/README.md)"
    raise ValueError(msg)


def _unknown(path, name):
    known = [
        *_WHOLE,
        *(f"{section}.{key}" for section, keys in _SECTIONS.items() for key in keys),
    ]
    msg = f"{path}: unknown entry {shown(name)}; known are {', '.join(known)}"
    raise ValueError(msg)


def _text(value):
    if not isinstance(value, str):
        raise TypeError
    return value.strip()


def _texts(value):
    if not isinstance(value, list) or not value and value != []:
        raise TypeError
    names = tuple(_text(item) for item in value)
    if len(set(names)) < len(names):
        raise ValueError
    return names


def _flag(value):
    if not isinstance(value, bool):
        raise TypeError
    return value


def _count(value):
    if isinstance(value, bool) or not isinstance(value, int) or not 2 <= value <= 1000:
        raise ValueError
    return value


def _level(value):
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 < value < 1:
        raise ValueError
    return float(value)


def _one_of(words):
    def check(value):
        if _text(value).lower() not in words:
            raise ValueError
        return _text(value).lower()

    return check, f"one of {', '.join(words)}"


def _table(check):
    def checked(value):
        if not isinstance(value, dict):
            raise TypeError
        return {name: check(item) for name, item in value.items()}

    return checked


def _ends(value):
    low, high = value
    if any(isinstance(end, bool) or not isinstance(end, (int, float)) for end in value):
        raise TypeError
    if not low < high:
        raise ValueError
    return float(low), float(high)


def _several(value):
    names = _texts(value)
    if len(names) < 2:
        raise ValueError
    return names


def _spread(value):
    check = _one_of(("sd", "se"))[0]
    return _table(check)(value) if isinstance(value, dict) else {"": check(value)}


def _denominators(value):
    found = {}
    for name, item in _table(lambda item: item)(value).items():
        if isinstance(item, dict):
            found |= {f"{name}.{_share(key)}": _denominator(told) for key, told in item.items()}
        else:
            found[_share(name)] = _denominator(item)
    return found


def _share(name):
    if canonical(name) is None:
        raise ValueError
    return canonical(name)


def _denominator(value):
    if isinstance(value, bool) or not isinstance(value, (str, int)):
        raise TypeError
    if isinstance(value, int) and not 1 <= value <= 10**8:
        raise ValueError
    return value


def _equations(value):
    found = _table(lambda entry: _table(lambda item: item)(entry))(value)
    for entry in found.values():
        if set(entry) - {"ranges", "units"} or "ranges" not in entry:
            raise ValueError
        _table(_ends)(entry["ranges"])
        _table(lambda power: _one_integer(power))(entry.get("units", {}))
    return found


def _one_integer(value):
    if isinstance(value, bool) or not isinstance(value, int) or abs(value) > 9:
        raise ValueError
    return value


def _references(value):
    return _table(_table(_text))(value)


def _protocol(value):
    known = {"whole_divisors": _table(float), "sequence": _text}
    return {name: known[name](item) for name, item in _table(lambda item: item)(value).items()}


_WHOLE = {
    "title": (_text, "a string"),
    "restated": (_flag, "true or false"),
    "comparisons": (_table(_several), 'lists of groups, such as "a vs b" = ["a", "b"]'),
    "denominators": (
        _denominators,
        "a group or a number by statistic, or by parameter and statistic",
    ),
    "protocol": (_protocol, "whole_divisors and sequence"),
    "equations": (
        _equations,
        "ranges = { name = [low, high] } and units by the item of an equation",
    ),
    "references": (_references, "title and cited_for by number"),
}
_SECTIONS = {
    "groups": {
        "compared": (_several, "a list of two groups or more"),
        "positive": (_text, "the name of a group"),
        "parts": (_table(_several), 'lists of groups, such as whole = ["a", "b"]'),
        "complete": (_flag, "true (no missing values) or false"),
    },
    "parameters": {
        "whole_numbers": (_texts, "a list of parameters"),
        "limits": (_table(_ends), "[low, high] by parameter"),
        "spread": (_spread, '"sd" or "se", or one of them by parameter'),
        "units": (_table(_text), "a unit by parameter"),
    },
    "tests": {
        "method": _one_of(METHODS),
        "limits": _one_of(tuple(SHARE_LIMITS)),
        "confidence": (_level, "a number between 0 and 1"),
        "significance": (_level, "a number between 0 and 1"),
        "auc_limits": _one_of(AUC_LIMITS),
        "odds_limits": _one_of(ODDS_LIMITS),
        "cutoff": _one_of(("youden",)),
        "slopes": _one_of(("table units",)),
    },
    "printing": {"rounding": _one_of(ROUNDINGS)},
    "agreement": {"raters": (_count, "a whole number from 2 on")},
}
_PER_PARAMETER = {
    "method": _SECTIONS["tests"]["method"],
    "limits": _SECTIONS["tests"]["limits"],
}
_FIELD: dict[str, str] = {}


def _check_groups(structure, claims, path):
    named = [
        *structure.compared,
        *structure.parts,
        *(name for names in structure.parts.values() for name in names),
        *(name for names in structure.comparisons.values() for name in names),
        *(name for name in structure.denominators.values() if isinstance(name, str)),
    ]
    if unknown := [name for name in named if name not in claims.groups]:
        like = [name for name in claims.groups if name.lower() == unknown[0].lower()]
        hint = f"write it {like[0]!r}, as the claims do; " if like else ""
        msg = (
            f"{path}: group {unknown[0]!r} has no printed size; {hint}the claims have "
            f"{', '.join(map(repr, claims.groups)) or 'none'}"
        )
        raise ValueError(msg)
    if structure.positive and structure.positive not in structure.compared:
        msg = (
            f"{path}: groups.compared is {list(structure.compared)} and positive "
            f"{structure.positive!r}; give two groups or more, one of them positive"
        )
        raise ValueError(msg)
    for whole in structure.parts:
        _check_parts(structure, whole, (whole,), path)


def _check_parts(structure, name, above, path):
    for part in structure.parts.get(name, ()):
        if part in above:
            msg = (
                f"{path}: groups.parts goes round in a circle: {' > '.join((*above, part))}; a "
                "group is no part of itself"
            )
            raise ValueError(msg)
        _check_parts(structure, part, (*above, part), path)
