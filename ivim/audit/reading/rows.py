"""Rows of claims: one per number, with its unit, its place in words and its analysis."""

import re
from collections import defaultdict
from collections.abc import Sequence

from ivim.audit.reading.answers import Answers, Question
from ivim.audit.reading.interpreted import Interpreted
from ivim.audit.reading.labels import Meaning, shown
from ivim.audit.reading.text import harmless
from ivim.audit.vocabulary import ANALYSIS_OF, is_fraction, stem

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
_ENDS = {"low": "lower", "high": "upper"}
_SIGNIFICANCE = re.compile(r"([*†‡]+)\s*[pP]\s*<\s*(0?\.\d+)")


def add_claim(
    found: Interpreted,
    answers: Answers,
    path: list[Meaning],
    about: dict[str, str],
    statistic: str,
    printed: str,
    n: str,
    many: int,
) -> None:
    """Add the row of one number.

    Parameters
    ----------
    found : Interpreted
    answers : Answers
    path : list of Meaning
        Labels of its row and column.
    about : dict of str to str
        Group, parameter, item, model and comparison.
    statistic, printed, n : str
        What it is, as printed, and the sample printed beside it.
    many : int
        How many numbers its cell holds.
    """
    about = about | _of_sex(path, statistic)
    unit = _unit(path, statistic, printed)
    if statistic in _WITH_UNIT:
        told = answers.unit(found.location, about["parameter"], statistic)
        unit = unit if told is None else told
    words = ", ".join(_places(path, statistic, many))
    found.rows.append(new_row(found, statistic, printed, words, unit=unit, n=n, **about))


def _of_sex(path, statistic):
    """The parameter of numbers on sex: none for the counts, which are a group's; else its name."""
    sex = next((m.name for m in path if m.name in ("male", "female")), "")
    if sex:
        return {"parameter": sex if statistic in ("share", "count") else ""}
    if any({"male", "female"} == set(m.statistics) for m in path):
        return {"parameter": "" if statistic in ("male", "female") else "sex"}
    return {}


def _unit(path, statistic, printed):
    """The unit that the labels give a number; that of a marker is none of its AUC."""
    if statistic == "share" and "%" not in printed and any("share" in m.statistics for m in path):
        return "%"  # "n (%)"
    share = is_fraction(statistic)
    units = [m.unit for m in reversed(path) if m.unit and (m.kind != "parameter" or not share)]
    return units[0] if units and _takes_unit(statistic, units[0]) else ""


def _takes_unit(statistic, unit):
    share = is_fraction(statistic) or statistic in ("male", "female", "count")
    return statistic in _WITH_UNIT or (unit == "%" and share)


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


def new_row(
    found: Interpreted,
    statistic: str,
    printed: str,
    words: str,
    *,
    unit: str = "",
    n: str = "",
    **about: str,
) -> dict:
    """A row of claims.

    Parameters
    ----------
    found : Interpreted
        For its location.
    statistic, printed : str
    words : str
        Its place within the table.
    unit, n : str
    **about : str
        Group, parameter, item, model, comparison and, where it is known, the analysis.

    Returns
    -------
    dict of str to str
    """
    number = found.location.removeprefix("table")
    row = {
        "location": found.location,
        "group": about.get("group", ""),
        "parameter": about.get("parameter", ""),
        "statistic": statistic,
        "printed": printed,
        "unit": unit,
        "place": harmless(f"Table {number}, {words}"),
        "analysis": about.get("analysis") or ANALYSIS_OF.get(statistic, ""),
        "test": "",
        "quote": "",
        "method": "",
        "n": n,
    }
    return row | {key: about.get(key, "") for key in ("item", "model", "comparison")}


def finish(found: Interpreted, answers: Answers) -> None:
    """What only the whole table tells: the analysis of a p, of limits, per cent by size, units that
    are missing.

    Parameters
    ----------
    found : Interpreted
        Its rows and questions are completed.
    answers : Answers
    """
    tests = answers.of(found.location).get("tests", {})
    beside = defaultdict(set)
    for row in found.rows:
        if row["statistic"] not in ("ci_low", "ci_high"):
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
    bare = [row for row in rows if is_fraction(row["statistic"]) and not row["unit"]]
    large = {stem(row["statistic"]) for row in bare if _number(row["printed"]) > 1}
    for row in bare:
        if stem(row["statistic"]) in large:
            row["unit"] = "%"


def _number(text):
    """The number of a string; 0 for words and for what is printed with a per cent sign."""
    try:
        return float(text.lstrip("<>≤≥ ").rstrip("*†‡§ "))
    except ValueError:
        return 0.0


def ask_units(tables: Sequence[Interpreted], answers: Answers) -> None:
    """Ask for the unit of a cut-off whose parameter has one elsewhere.

    Parameters
    ----------
    tables : sequence of Interpreted
        Questions go into their lists.
    answers : Answers
    """
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


def _significance(found):
    """What the marks mean, by the notes below the table."""
    tests = {row["analysis"] for row in found.rows if row["statistic"] == "p"}
    for match in _SIGNIFICANCE.finditer(found.grid.notes):
        analysis = tests.copy().pop() if len(tests) == 1 else ""
        row = new_row(found, "significance", match[2], "note", item=match[1], analysis=analysis)
        found.rows.append(row | {"quote": match[0]})
