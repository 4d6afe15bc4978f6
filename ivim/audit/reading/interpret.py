"""From a table to rows of claims: what each number is, by its headers, its labels and the answers."""

import re
from collections import defaultdict
from contextlib import suppress
from dataclasses import dataclass, field, replace

from ivim import parameters
from ivim.audit.reading.answers import Question
from ivim.audit.reading.labels import AXES, LAYOUTS, Meaning, read_label, shown, slug
from ivim.audit.reading.layout import lay_out
from ivim.audit.reading.patterns import Unreadable, statistics_of
from ivim.audit.reading.text import harmless, squeezed

ANALYSIS = {
    "describe": "n male female mean sd se_mean median q1 q3 minimum maximum count share",
    "t-test": "t",
    "anova": "f",
    "kruskal-wallis": "h",
    "mann-whitney": "u z w",
    "chi2": "chi2",
    "logistic": "b se wald odds_ratio ci_low ci_high",
    "cox": "hr",
    "roc": "auc cutoff sensitivity specificity ppv npv accuracy lr_positive lr_negative youden tp fp fn tn",
    "agreement": "icc kappa",
    "correlation": "r",
}
ANALYSIS = {statistic: name for name, names in ANALYSIS.items() for statistic in names.split()}
SHARES = ("sensitivity", "specificity", "ppv", "npv", "accuracy", "auc")
_WITH_UNIT = (
    "mean",
    "sd",
    "se_mean",
    "median",
    "q1",
    "q3",
    "minimum",
    "maximum",
    "cutoff",
    "value",
)
_KIND_OF = {
    "groups": "group",
    "parameters": "parameter",
    "items": "item",
    "models": "model",
    "comparisons": "comparison",
    "skip": "skip",
}
_ENDS = {"low": "lower", "high": "upper"}


@dataclass
class Interpreted:
    """What was made of a table.

    Attributes
    ----------
    location : str
    grid, layout
        The table and its places.
    labels : list of (str, str)
        Every header and label with what it was taken for.
    cells : dict of (int, int) to str
        What every cell of the body was taken for, or why it was left out.
    rows : list of dict
        Rows of claims.
    questions : list of Question
    parts : dict of str to list of str
        Groups with the groups indented under them.
    units : dict of str to str
        Unit of a parameter by its label.
    """

    location: str
    grid: object
    layout: object
    labels: list = field(default_factory=list)
    cells: dict = field(default_factory=dict)
    rows: list = field(default_factory=list)
    questions: list = field(default_factory=list)
    parts: dict = field(default_factory=dict)
    units: dict = field(default_factory=dict)

    @property
    def left_out(self):
        """Cells with numbers of which no claim was made."""
        made = {place for place, value in self.layout.values.items() if value.holds_numbers}
        return sorted(place for place in made if self.cells[place].startswith("left out"))


def interpret(grid, location, answers):
    """Rows of claims of a table, as far as its meaning is known.

    Parameters
    ----------
    grid : ivim.audit.reading.grid.Grid
    location : str
        ``table2``.
    answers : ivim.audit.reading.answers.Answers

    Returns
    -------
    Interpreted
    """
    told = answers.of(location)
    found = Interpreted(location, grid, lay_out(grid, told))
    if told.get("skip"):
        found.cells = dict.fromkeys(found.layout.values, "left out: the table is to be skipped")
        return found
    _ask_of_layout(found, told)
    if found.layout.two_lines and not told.get("lines"):
        found.cells = dict.fromkeys(found.layout.values, "left out: two lines in a cell")
        return found
    columns = _axis(found, found.layout.columns, "columns", told, answers.names)
    rows = _axis(found, found.layout.rows, "rows", told, answers.names)
    columns, rows = _perfusion_or_f(found, _continued(found, columns), rows)
    _note_labels(found, columns, rows)
    _sizes(found, [*columns.values(), *rows.values()])
    _names(found, {"row": rows, "column": columns})
    _indented(found, rows)
    for (r, c), value in found.layout.values.items():
        found.cells[r, c] = _cell(found, answers, rows[r], columns, (r, c), value)
    _finish(found, answers)
    return found


def _ask_of_layout(found, told):
    layout, table = found.layout, found.location
    if layout.two_lines and "lines" not in told:
        text = f'cells hold two lines, such as "{harmless(layout.two_lines)}": which one is the number?'
        found.questions.append(Question(table, "lines", text, '"first"'))
    if layout.comma is None:
        text = "numbers such as 1,23 hold a comma: is it the decimal mark?"
        found.questions.append(Question(table, "decimal", text, '"comma"'))


def _axis(found, paths, axis, told, names):
    """Meanings of the labels along one axis; unknown ones are what the answer or the corner says they are."""
    read = {place: [read_label(text, names) for text in path] for place, path in paths.items()}
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


def _note_labels(found, columns, rows):
    """Every header and label with what it is taken for."""
    for texts, meanings in ((found.layout.columns, columns), (found.layout.rows, rows)):
        for place, path in meanings.items():
            pairs = zip(texts[place], path, strict=False)
            found.labels += [(text, _as_words(meaning)) for text, meaning in pairs]


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
    """``f`` is the perfusion fraction where the other axis holds statistics or its cells are means; else it is asked."""

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


def _sizes(found, paths):
    """Group sizes that stand in a label, as in "Benign (n = 24)"."""
    seen = set()
    for path in paths:
        for meaning in path:
            if meaning.n and meaning.kind == "group" and meaning.name not in seen:
                seen.add(meaning.name)
                words = f"{meaning.label}, n in the header"
                found.rows.append(_row(found, "n", meaning.n, words, group=meaning.name))


def _names(found, axes):
    """Labels of groups and parameters, and the units printed with a model's parameters: each may be wrong itself."""
    seen = set()
    for axis, paths in axes.items():
        for meaning in (m for path in paths.values() for m in path):
            about = {meaning.kind: meaning.name}
            if meaning.kind == "parameter" and meaning.unit:
                found.units[meaning.name] = meaning.unit
            key = (meaning.kind, meaning.name)
            if meaning.kind not in ("group", "parameter") or meaning.statistics or key in seen:
                continue
            seen.add(key)
            found.rows.append(
                _row(
                    found, "label", shown(meaning.label), f"{axis} label", analysis="label", **about
                )
            )
            if meaning.unit_printed and parameters.is_diffusivity(meaning.name):
                unit, words = meaning.unit_printed, f"{axis} heading"
                found.rows.append(_row(found, "unit", unit, words, analysis="label", **about))


_SIGNIFICANCE = re.compile(r"([*†‡]+)\s*[pP]\s*<\s*(0?\.\d+)")


def _significance(found):
    """What the marks mean, by the notes below the table."""
    tests = {row["analysis"] for row in found.rows if row["statistic"] == "p"}
    for match in _SIGNIFICANCE.finditer(found.grid.notes):
        analysis = tests.copy().pop() if len(tests) == 1 else ""
        row = _row(found, "significance", match[2], "note", item=match[1], analysis=analysis)
        found.rows.append(row | {"quote": match[0]})


def _indented(found, rows):
    for r, above in found.layout.below.items():
        part, whole = (_of_kind(rows[place], "group") for place in (r, above))
        if part and whole and part != whole:
            found.parts.setdefault(whole, []).append(part)


def _of_kind(path, kind):
    return next((m.name for m in reversed(path) if m.kind == kind), "")


def _cell(found, answers, row, columns, place, value):
    """Claims of one cell; returns in words what it was taken for."""
    if not value.holds_numbers:
        return "" if value.pattern == "nothing" else "left out: words"
    path = [*row, *columns[place[1]]]
    if any(m.kind == "skip" for m in path):
        return "left out: to be skipped"
    if any(not m.kind and (m.label or m.name) for m in path):
        _ask_ahead(found, answers, path, columns, place, value)
        return "left out: what its row or column is, is to be answered"
    about = {}
    for kind in ("group", "parameter", "item", "model", "comparison"):
        names = list(dict.fromkeys(m.name for m in path if m.kind == kind))
        if len(names) > 1:
            return f"left out: two names of one kind ({', '.join(names)})"
        about[kind] = names[0] if names else ""
    try:
        read = statistics_of(found, answers.of(found.location), path, columns, place, value, about)
    except Unreadable as why:
        return f"left out: {why}"
    for statistic, printed, n in read:
        _claim(found, answers, path, about, statistic, printed, n, len(read))
    return ", ".join(f"{statistic} {printed}" for statistic, printed, _ in read)


def _ask_ahead(found, answers, path, columns, place, value):
    """Ask at once what the numbers of a cell are, though its row or column is not known yet."""
    if value.pattern != "a":
        known = [m for m in path if m.kind]
        about = {"parameter": _of_kind(known, "parameter")}
        with suppress(Unreadable):
            statistics_of(
                found, answers.of(found.location), known or path, columns, place, value, about
            )


def _claim(found, answers, path, about, statistic, printed, n, many):
    sex = next((m.name for m in path if m.name in ("male", "female")), "")
    if sex:
        about = about | {"parameter": sex if statistic in ("share", "count") else ""}
    unit = next((m.unit for m in reversed(path) if m.unit), "")
    if not _takes_unit(statistic, unit):
        unit = ""
    if statistic == "share" and "%" not in printed and any("share" in m.statistics for m in path):
        unit = "%"  # "n (%)"
    if statistic in _WITH_UNIT:
        told = answers.unit(found.location, about["parameter"], statistic)
        unit = unit if told is None else told
    words = ", ".join(_places(path, statistic, many))
    found.rows.append(_row(found, statistic, printed, words, unit=unit, n=n, **about))


def _takes_unit(statistic, unit):
    return statistic in _WITH_UNIT or (unit == "%" and _stem(statistic) in (*SHARES, "share"))


def _stem(statistic):
    """The estimate that a limit belongs to, or the statistic itself."""
    return statistic.removesuffix("_low").removesuffix("_high")


def _places(path, statistic, many):
    """The place of a number in words: row, column, and which of several numbers in the cell."""
    words, end = [], statistic.rpartition("_")[2]
    for meaning in path:
        label = shown(meaning.label) or "95% CI" * meaning.interval
        if meaning.kind == "group":
            label = label.casefold()
        words.append(label)
    *rest, last = [word for word in words if word] or [""]
    if (
        statistic in ("mean", "sd")
        and path[-1].statistics[:1] == ("mean",)
        and not path[-1].pattern
    ):
        last = last if statistic == "mean" else "SD of " + last.casefold().removeprefix("mean ")
    elif end in _ENDS:
        parted = many == 2 and path[-1].interval or many == 1
        last = f"{last}, {_ENDS[end]}" if parted else f"{last} {end}"
    elif many > 1 and statistic in (
        "sd",
        "mean",
        "median",
        "q1",
        "q3",
        "count",
        "share",
        "minimum",
        "maximum",
    ):
        last = f"{last}, {'SD' if statistic == 'sd' else statistic}"
    return [*rest, last]


def _row(found, statistic, printed, words, *, unit="", n="", **about):
    number = found.location.removeprefix("table")
    row = {
        "location": found.location,
        "group": about.get("group", ""),
        "parameter": about.get("parameter", ""),
        "statistic": statistic,
        "printed": printed,
        "unit": unit,
        "place": harmless(f"Table {number}, {words}"),
        "analysis": about.get("analysis")
        or ANALYSIS.get(statistic)
        or ANALYSIS.get(_stem(statistic), ""),
        "test": "",
        "quote": "",
        "method": "",
        "n": n,
    }
    return row | {key: about.get(key, "") for key in ("item", "model", "comparison")}


def _finish(found, answers):
    """What only the whole table tells: the analysis of a p, of limits, per cent by size, units that are missing."""
    tests = answers.of(found.location).get("tests", {})
    beside = defaultdict(set)
    for row in found.rows:
        beside[_key(row)].add(row["analysis"])
    for row in found.rows:
        if row["statistic"] == "p":
            near = beside[_key(row)] - {"", "describe", "label"}
            row["analysis"] = tests.get("p") or (near.pop() if len(near) == 1 else "")
        if row["statistic"] in ("ci_low", "ci_high") and "cox" in beside[_key(row)]:
            row["analysis"] = "cox"
    if any(row["statistic"] == "p" and not row["analysis"] for row in found.rows):
        text = "which test is behind p? t-test, mann-whitney, anova, kruskal-wallis, chi2, roc ..."
        found.questions.append(Question(found.location, "tests.p", text, '"t-test"', needed=False))
    _per_cent(found.rows)
    _significance(found)


def _key(row):
    return tuple(row[name] for name in ("parameter", "item", "model", "comparison"))


def _per_cent(rows):
    """No share is larger than 1: a column with such a number is in per cent."""
    large = set()
    for row in rows:
        stem = _stem(row["statistic"])
        bare = row["printed"].lstrip("<>≤≥ ").rstrip("*†‡§ ")
        if stem in SHARES and not row["unit"] and "%" not in bare and _number(bare) > 1:
            large.add(stem)
    for row in rows:
        if _stem(row["statistic"]) in large and not row["unit"]:
            row["unit"] = "%"


def _number(text):
    try:
        return float(text)
    except ValueError:
        return 0.0


def ask_units(tables, answers):
    """Ask for the unit of a cut-off whose parameter has one elsewhere."""
    known = {name: unit for table in tables for name, unit in table.units.items()}
    for table in tables:
        for row in table.rows:
            name = row["parameter"]
            missing = row["statistic"] == "cutoff" and not row["unit"] and name in known
            if missing and answers.unit(table.location, name, "cutoff") is None:
                key = f'units."{name} cutoff"'
                text = f"in which unit is the cut-off {row['printed']} of {name}?"
                example = f'"{known[name]}"'
                table.questions.append(Question(table.location, key, text, example, needed=False))


def _as_words(meaning):
    """What a label was taken for, in words."""
    if meaning.kind == "heading":
        return "heading"
    parts = [f"{meaning.kind} {meaning.name}".strip() or ("" if not meaning.label else "?")]
    parts += [f"in {meaning.unit}"] * bool(meaning.unit) + [f"n = {meaning.n}"] * bool(meaning.n)
    if meaning.pattern:
        parts.append(f"{meaning.pattern}: {' '.join(meaning.statistics)}")
    if meaning.interval:
        parts.append(f"{meaning.level or '?'} % confidence interval")
    return ", ".join(part for part in parts if part)


__all__ = ["ANALYSIS", "Interpreted", "LAYOUTS", "Meaning", "ask_units", "interpret", "parameters"]
