"""What the labels along the two axes of a table are; what only the reader can know is asked."""

import re
from dataclasses import replace

from ivim.audit.reading.answers import Question
from ivim.audit.reading.interpreted import Interpreted
from ivim.audit.reading.labels import AXES, read_label, slug
from ivim.audit.reading.text import squeezed

_KIND_OF = {
    "groups": "group",
    "parameters": "parameter",
    "items": "item",
    "models": "model",
    "comparisons": "comparison",
    "skip": "skip",
}


def read_axes(found: Interpreted, told: dict, names: dict[str, str]) -> tuple[dict, dict]:
    """Meanings of the labels of every column and every row with numbers.

    Parameters
    ----------
    found : Interpreted
        Its layout is read, questions go into its list.
    told : dict
        Answers on this table.
    names : dict of str to str
        Answers on labels.

    Returns
    -------
    (dict of int to list of Meaning, dict of int to list of Meaning)
        By column and by row.
    """
    columns = _axis(found, found.layout.columns, "columns", told, names)
    rows = _axis(found, found.layout.rows, "rows", told, names)
    return _perfusion_or_f(found, _continued(found, columns), rows)


def _axis(found, paths, axis, told, names):
    """Meanings of the labels along one axis; unknown ones are what the answer or the corner says
    they are.
    """
    read = {place: [read_label(text, names) for text in path] for place, path in paths.items()}
    _names_beside(paths, read)
    kind = _KIND_OF.get(told.get(axis)) or (_by_corner(found) if axis == "rows" else "")
    unknown = [m for path in read.values() for m in path if _unknown(m)]
    if unknown and not kind:
        kind = _by_other_axis(found, told, axis)
    if unknown and not kind:
        labels = ", ".join(f'"{m.label}"' for m in list(dict.fromkeys(unknown))[:4])
        text = f"what are the {axis} {labels}{' ...' if len(set(unknown)) > 4 else ''}?"
        found.questions.append(Question(found.location, axis, text, '"groups"'))
    result = {}
    for place, path in read.items():
        result[place] = _known(path, kind)
        _ask_of_both(found, result[place])
    return result


_BESIDE = {"no": "yes", "b": "a", "f": "m"}
"""Labels that are no statistic where the other one stands beside them: "No" beside "Yes" is no
number of patients, "B" beside "A" no regression coefficient, "F" beside "M" no F of an ANOVA.
"""


def _names_beside(paths, read):
    """Take the statistic from labels that their neighbours show to be names."""
    present = {squeezed(text) for path in paths.values() for text in path}
    for place, path in paths.items():
        for spot, text in enumerate(path):
            if _BESIDE.get(squeezed(text)) in present:
                read[place][spot] = replace(read[place][spot], kind="", name="")


def _continued(found, columns):
    """A column without a header, right of one with confidence limits, holds the other limit."""
    result = {}
    for c, path in columns.items():
        first = found.layout.spanned[c][0]
        limits = not path and any(m.interval for m in columns[first])
        result[c] = columns[first] if limits else path
    return result


def _ask_of_both(found, path):
    """A label with two known parameters in it: are they meant together?"""
    for meaning in path:
        words = re.split(r"\s*(?:\+|&|\band\b|combined with|/)\s*", meaning.label)
        known = [read_label(word, {}) for word in words]
        names = [m.name for m in known if m.kind == "parameter" or m.name == "f"]
        if (
            meaning.kind == "parameter"
            and len(names) > 1
            and meaning.name not in ("+".join(names),)
        ):
            text = f'is "{meaning.label}" the parameters together?'
            key, example = f'"{meaning.label.casefold()}"', f'"parameter {"+".join(names)}"'
            found.questions.append(Question("names", key, text, example, needed=False))


def _unknown(meaning):
    return not meaning.kind and bool(meaning.label) and meaning.name != "f"


def _by_corner(found):
    """What the header above the labels says that they are."""
    words = AXES.get(squeezed(read_label(found.layout.corner, {}).label), "")
    return _KIND_OF.get(words, "")


def _by_other_axis(found, told, axis):
    """Rows under columns that are groups can only be parameters, and the other way round."""
    other = "columns" if axis == "rows" else "rows"
    kind = _KIND_OF.get(told.get(other)) or (_by_corner(found) if other == "rows" else "")
    return {"group": "parameter"}.get(kind, "")


def _known(path, kind):
    """A path with its unknown labels named; a heading over unknown rows goes into their name."""
    unknown = [m for m in path if _unknown(m)]
    if not kind or not unknown:
        return path
    last = unknown[-1]
    label = ": ".join(m.label for m in unknown) if kind == "parameter" else last.label
    named = replace(last, kind=kind, name=last.name or slug(label, kind))
    return [named if m is last else replace(m, kind="heading") if _unknown(m) else m for m in path]


def _perfusion_or_f(found, columns, rows):
    """``f`` is the perfusion fraction where the other axis holds statistics or its cells are means;
    else it is asked.
    """

    def settled(path, others, places):
        bare = [m for m in path if not m.kind and m.name == "f"]
        if not bare:
            return path
        crossing = any(m.kind == "statistic" for other in others for m in other)
        spread = any(found.layout.values[p].pattern.startswith("a ±") for p in places)
        kind = "parameter" if crossing or spread else ""
        if not kind:
            text = 'is "f" the perfusion fraction ("parameter f") or F of an ANOVA ("statistic f")?'
            found.questions.append(Question("names", '"f"', text, '"parameter f"'))
        return [replace(m, kind=kind, label="f") if m in bare else m for m in path]

    values = found.layout.values
    new_columns = {
        c: settled(path, rows.values(), [p for p in values if p[1] == c])
        for c, path in columns.items()
    }
    new_rows = {
        r: settled(path, columns.values(), [p for p in values if p[0] == r])
        for r, path in rows.items()
    }
    return new_columns, new_rows
