"""From a table to claims: what each number is, by its headers, its labels and the answers."""

import re
from contextlib import suppress

from ivim import parameters
from ivim.audit.reading.answers import Answers, Question
from ivim.audit.reading.axes import read_axes
from ivim.audit.reading.grid import Grid
from ivim.audit.reading.interpreted import UNKNOWN_FORM, Interpreted
from ivim.audit.reading.labels import shown
from ivim.audit.reading.layout import lay_out
from ivim.audit.reading.patterns import Unreadable, statistics_of
from ivim.audit.reading.rows import add_claim, finish, new_row
from ivim.audit.reading.text import MARKS, harmless
from ivim.audit.vocabulary import COUNTS


def interpret(grid: Grid, location: str, answers: Answers) -> Interpreted:
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
    columns, rows = read_axes(found, told, answers.names)
    _note_labels(found, columns, rows)
    _sizes(found, [*columns.values(), *rows.values()])
    _names(found, {"row": rows, "column": columns})
    _indented(found, rows)
    for (r, c), value in found.layout.values.items():
        found.cells[r, c] = _cell(found, answers, rows[r], columns, (r, c), value)
    finish(found, answers)
    return found


def _ask_of_layout(found, told):
    layout, table = found.layout, found.location
    if layout.two_lines and "lines" not in told:
        text = (
            f'cells hold two lines, such as "{harmless(layout.two_lines)}": which one is the '
            "number?"
        )
        found.questions.append(Question(table, "lines", text, '"first"'))
    if layout.comma is None:
        text = "numbers such as 1,23 hold a comma: is it the decimal mark?"
        found.questions.append(Question(table, "decimal", text, '"comma"'))
    if layout.blank:
        over = harmless(next(iter(layout.blank.values())))
        text = f'do headers such as "{over}" reach over the blank cells to their right?'
        found.questions.append(Question(table, "merged", text, "true"))


def _note_labels(found, columns, rows):
    """Every header and label with what it is taken for."""
    for texts, meanings in ((found.layout.columns, columns), (found.layout.rows, rows)):
        for place, path in meanings.items():
            pairs = zip(texts[place], path, strict=False)
            found.labels += [(text, _as_words(meaning)) for text, meaning in pairs]


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


def _sizes(found, paths):
    """Group sizes that stand in a label, as in "Benign (n = 24)"."""
    seen = set()
    for path in paths:
        for meaning in path:
            if meaning.n and meaning.kind == "group" and meaning.name not in seen:
                seen.add(meaning.name)
                words = f"{meaning.label}, n in the header"
                found.rows.append(new_row(found, "n", meaning.n, words, group=meaning.name))


def _names(found, axes):
    """Labels of groups and parameters, and the units printed with a model's parameters: each may be
    wrong itself.
    """
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
                new_row(
                    found, "label", shown(meaning.label), f"{axis} label", analysis="label", **about
                )
            )
            if meaning.unit_printed and parameters.is_diffusivity(meaning.name):
                unit, words = meaning.unit_printed, f"{axis} heading"
                found.rows.append(new_row(found, "unit", unit, words, analysis="label", **about))


def _indented(found, rows):
    for r, above in found.layout.below.items():
        part, whole = (_of_kind(rows[place], "group") for place in (r, above))
        if part and whole and part != whole:
            found.parts.setdefault(whole, []).append(part)


def _cell(found, answers, row, columns, place, value):
    """Claims of one cell; returns in words what it was taken for."""
    if not value.holds_numbers:
        digits = re.search(r"\d", found.grid.rows[place[0]][place[1]].text)
        words = f"left out: {UNKNOWN_FORM}" if digits else "left out: words"
        return "" if value.pattern == "nothing" else words
    path = [*row, *columns[place[1]]]
    if place[1] in found.layout.blank:
        return "left out: whether its header is merged is to be answered"
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
    about["item"] = about["item"] or next((m.item for m in path if m.item), "")
    try:
        read = statistics_of(found, answers.of(found.location), path, columns, place, value, about)
    except Unreadable as why:
        return f"left out: {why}"
    if broken := next((pair for pair in read if _no_count(*pair[:2], path)), None):
        return f"left out: {broken[0]} {broken[1]} is no whole number"
    for statistic, printed, n in read:
        add_claim(found, answers, path, about, statistic, printed, n, len(read))
    return ", ".join(f"{statistic} {printed}" for statistic, printed, _ in read)


def _no_count(statistic, printed, path):
    """Whether a count is printed as something else, and no label says per cent."""
    percent = "%" in printed or any(m.unit == "%" for m in path)
    return statistic in COUNTS and not percent and not printed.rstrip(f"{MARKS} ").isdigit()


def _ask_ahead(found, answers, path, columns, place, value):
    """Ask at once what the numbers of a cell are, though its row or column is not known yet."""
    if value.pattern != "a":
        known = [m for m in path if m.kind or m.pattern]
        about = {"parameter": _of_kind(known, "parameter")}
        with suppress(Unreadable):
            statistics_of(
                found, answers.of(found.location), known or path, columns, place, value, about
            )


def _of_kind(path, kind):
    return next((m.name for m in reversed(path) if m.kind == kind), "")
