"""Which statistic each number of a cell is."""

import re
from typing import Any

from ivim.audit.reading.answers import Question
from ivim.audit.reading.interpreted import Interpreted
from ivim.audit.reading.labels import LAYOUTS, Meaning
from ivim.audit.reading.text import MARKS
from ivim.audit.reading.values import Value
from ivim.audit.vocabulary import LIMITED, RATIOS

ESTIMATES = (*LIMITED, *RATIOS)
_HITS = {"sensitivity": "tp", "specificity": "tn", "ppv": "tp", "npv": "tn"}
_CHOICES = {
    "a": "mean, median, count, n",
    "a ± b": '"mean sd" or "mean se_mean"',
    "a (b)": '"mean sd", "count share" ...',
    "a (b-c)": '"median q1 q3", "mean minimum maximum" ...',
    "a-b": '"minimum maximum", "q1 q3" ...',
    "a/b": '"male female" ...',
    "a ± b (c-d)": '"mean sd minimum maximum" ...',
    "a (b/c)": '"share count n" ...',
    "a/b (c)": '"count n share" ...',
    "a (SD b)": '"mean sd"',
    "a (SE b)": '"mean se_mean"',
    "a (IQR b-c)": '"median q1 q3" or "mean q1 q3"',
    "a (range b-c)": '"median minimum maximum" or "mean minimum maximum"',
}
_EXAMPLE = {
    "a": "mean",
    "a ± b": "mean sd",
    "a (b)": "mean sd",
    "a (b-c)": "median q1 q3",
    "a-b": "minimum maximum",
    "a/b": "male female",
    "a ± b (c-d)": "mean sd minimum maximum",
    "a (b/c)": "share count n",
    "a/b (c)": "count n share",
    "a (SD b)": "mean sd",
    "a (SE b)": "mean se_mean",
    "a (IQR b-c)": "median q1 q3",
    "a (range b-c)": "median minimum maximum",
}
_BLANK = re.compile(r"\b[a-d]\b")


class Unreadable(Exception):
    """A cell whose numbers cannot be named; says why."""


def statistics_of(
    found: Interpreted,
    told: dict[str, Any],
    path: list[Meaning],
    columns: dict[int, list[Meaning]],
    place: tuple[int, int],
    value: Value,
    about: dict[str, str],
) -> list[tuple[str, str, str]]:
    """The statistic of each number in a cell.

    Parameters
    ----------
    found : Interpreted
        Questions go into its list.
    told : dict
        Answers on this table.
    path : list of Meaning
        Labels of row and column.
    columns : dict of int to list of Meaning
        Of all columns, to find the estimate that a column of limits belongs to.
    place : (int, int)
    value : ivim.audit.reading.values.Value
    about : dict
        Group, parameter ... of the cell.

    Returns
    -------
    list of (statistic, printed, n)

    Raises
    ------
    Unreadable
        Where a number could be several things; the question is asked.
    """
    if not path:
        msg = "neither its row nor its column has a label"
        raise Unreadable(msg)
    own = _own(path)
    if value.numbers == ("NS",) and own != "p":
        msg = '"NS" where no p is announced'
        raise Unreadable(msg)
    interval = any(m.interval for m in path)
    end = next((m.name for m in path if m.kind == "statistic" and m.name in ("low", "high")), "")
    first = any(m.limits_first for m in path)
    if end or (interval and (value.pattern == "a-b" or (value.pattern == "a" and first))):
        return _limits(found, columns, place, value, own, end)
    if own and value.pattern == "a" and not (own == "se" and not _is_slope(columns, place)):
        return [(own, value.numbers[0], "")]
    if own and value.pattern in ("a (b/c)", "a/b (c)"):
        return _counted(own, value)
    if own in ESTIMATES and value.pattern == "a (b-c)" and _speaks_of_limits(found, path):
        names = (own, *_limit_names(own))
        return [(name, number, "") for name, number in zip(names, value.numbers, strict=True)]
    names = _laid_out(found, told, path, value, own, about)
    return [(name, number, "") for name, number in zip(names, value.numbers, strict=False) if name]


def _own(path):
    """The statistic that the labels name, if they name one."""
    names = [m.name for m in path if m.kind == "statistic" and m.name not in ("low", "high")]
    if len(set(names)) > 1:
        msg = f"labels name two statistics ({', '.join(dict.fromkeys(names))})"
        raise Unreadable(msg)
    return names[0] if names else ""


def _is_slope(columns, place):
    """Whether a standard error stands in a table with slopes, odds or hazard ratios."""
    names = {m.name for path in columns.values() for m in path if m.kind == "statistic"}
    return bool(names & {"b", "wald", *RATIOS})


def _limit_names(estimate):
    stem = "ci" if estimate in RATIOS else estimate
    return f"{stem}_low", f"{stem}_high"


def _limits(found, columns, place, value, own, end):
    """Numbers of a column of confidence limits."""
    estimate = own if own in ESTIMATES else _estimate_before(columns, place)
    if not estimate:
        msg = "limits of which estimate, no column says"
        raise Unreadable(msg)
    names = _limit_names(estimate)
    if value.pattern == "a-b":
        return [(name, number, "") for name, number in zip(names, value.numbers, strict=True)]
    if end:
        return [(names[end == "high"], value.numbers[0], "")]
    columns_here = found.layout.spanned[place[1]]
    if len(columns_here) == 2 and value.pattern == "a":
        return [(names[columns_here.index(place[1])], value.numbers[0], "")]
    msg = "one number where a confidence interval is announced"
    raise Unreadable(msg)


def _estimate_before(columns, place):
    """The nearest estimate to the left, where nothing but limits stands between."""
    for column in range(place[1] - 1, -1, -1):
        for meaning in reversed(columns.get(column, ())):
            if meaning.kind == "statistic" and meaning.name in ESTIMATES:
                return meaning.name
        if not any(m.interval or m.name in ("low", "high") for m in columns.get(column, ())):
            return ""
    return ""


def _counted(own, value):
    """A share with its counts, ``88.9 (32/36)`` or ``32/36 (88.9)``."""
    first = value.pattern == "a (b/c)"
    share, hits, n = value.numbers if first else (value.numbers[2], *value.numbers[:2])
    found = [(own, share, n if n.isdigit() else "")]
    if own in _HITS:
        found.append((_HITS[own], hits, ""))
    return found


def _speaks_of_limits(found, path):
    words = f"{found.grid.caption} {found.grid.notes}"
    return any(m.interval for m in path) or bool(re.search(r"\bC\.?I\b|confidence interval", words))


def _laid_out(found, told, path, value, own, about):
    """Names by the label's own words, else by an answer, else by caption and notes; else they are
    asked for.
    """
    for meaning in reversed(path):
        if meaning.pattern and meaning.statistics:
            if meaning.pattern == value.pattern:
                return _with_own(meaning.statistics, own)
            if value.pattern == "a" and meaning.statistics[0] == "count":
                return _with_own(meaning.statistics, own)[:1]
    for key in (f"{about['parameter']}: {value.pattern}", f"{own}: {value.pattern}", value.pattern):
        if told.get(key):
            names = [name if name != "skip" else "" for name in told[key].split()]
            if len(names) != len(value.numbers):
                msg = f"{key!r} is answered by {told[key]!r}; {len(value.numbers)} names are needed"
                raise ValueError(msg)
            return names
    if not own:
        noted = _noted(found, value.pattern)
        if noted:
            return list(noted)
        if value.pattern == "a" and path[-1].statistics[:1] == ("mean",):
            return ["mean"]
    _ask(found, value, own)
    msg = f"what {value.pattern!r} stands for is to be answered"
    raise Unreadable(msg)


def _with_own(statistics, own):
    """Counts by sex keep their name; the share is one of the group."""
    if own in ("male", "female") and "count" in statistics:
        return [own if name == "count" else name for name in statistics]
    return [own if name == "=" else name for name in statistics]


def _noted(found, pattern):
    """What caption and notes say of a pattern; nothing where they say two things."""
    words = f"{found.grid.caption} {found.grid.notes}"
    said = {
        names for expression, kind, names in LAYOUTS
        if kind == pattern and "=" not in names and re.search(expression, words, re.IGNORECASE)
    }  # fmt: skip
    return said.pop() if len(said) == 1 else ()


def _ask(found, value, own):
    key = f"{own}: {value.pattern}" if own else value.pattern
    example = _BLANK.sub("{}", value.pattern).format(*value.numbers)
    text = (
        f"what are the numbers of {value.pattern}, such as {example}? "
        f"{_CHOICES.get(value.pattern, '')}"
    )
    answer = f'"{own} se"' if own and value.pattern == "a ± b" else f'"{_proposed(value)}"'
    question = Question(found.location, f'"{key}"', text.strip(), answer)
    if question.key not in {other.key for other in found.questions}:
        found.questions.append(question)


def _proposed(value):
    """The likeliest names of the numbers, for the reader to judge: a whole number with a decimal
    fraction in brackets behind it is a count with its share.
    """
    first, last = (number.rstrip(f"{MARKS} %") for number in (value.numbers[0], value.numbers[-1]))
    if (
        value.pattern == "a (b)"
        and first.isdigit()
        and (not last.isdigit() or "%" in value.numbers[1])
    ):
        return "count share"
    return _EXAMPLE.get(value.pattern, "mean")
