"""What the reader of a paper answered, and what is still to be asked."""

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ivim.audit.reading.text import harmless, squeezed
from ivim.audit.vocabulary import STATISTICS, nearest
from ivim.files import shown

AXES = ("groups", "parameters", "items", "models", "comparisons", "skip")
_TABLE_KEYS = ("rows", "columns", "lines", "decimal", "merged", "skip", "units", "tests")
_CHOICES = {
    "rows": AXES,
    "columns": AXES,
    "lines": ("first", "last"),
    "decimal": ("comma", "point"),
    "merged": (True, False),
    "skip": (True, False),
}


@dataclass(frozen=True)
class Question:
    """Something that the tables do not say.

    Attributes
    ----------
    table : str
        ``table2``, or empty where it concerns all.
    key : str
        The entry of the answers file that settles it.
    text : str
        The question in one sentence, with what was met.
    example : str
        One possible answer, as TOML.
    needed : bool
        True where numbers are left out until it is answered.
    """

    table: str
    key: str
    text: str
    example: str
    needed: bool = True


@dataclass(frozen=True)
class Answers:
    """Answers to the questions.

    Attributes
    ----------
    names : dict of str to str
        Squeezed label -> name, or ``kind name``.
    units : dict of str to str
        ``parameter`` or ``parameter statistic`` -> unit, for all tables.
    tables : dict of str to dict
        By ``table2``: ``rows, columns, lines, decimal, merged, skip``, ``units``, ``tests``, and
        patterns
        of cells.
    """

    names: dict = field(default_factory=dict)
    units: dict = field(default_factory=dict)
    tables: dict = field(default_factory=dict)

    def of(self, table: str) -> dict:
        """The answers on one table.

        Parameters
        ----------
        table : str
            ``table2``.

        Returns
        -------
        dict
        """
        return self.tables.get(table, {})

    def unit(self, table: str, parameter: str, statistic: str) -> str | None:
        """The unit that an answer gives to a number.

        Parameters
        ----------
        table, parameter, statistic : str

        Returns
        -------
        str or None
            None where no answer does.
        """
        for units in (self.of(table).get("units", {}), self.units):
            for key in (f"{parameter} {statistic}", parameter):
                if key and key in units:
                    return units[key]
        return None


def load_answers(path: str | Path | None) -> Answers:
    """Read an answers file.

    Parameters
    ----------
    path : path or None
        TOML file as :func:`questions_text` writes it; None for no answers.

    Returns
    -------
    Answers

    Raises
    ------
    ValueError
        Where it is missing or no TOML, or has an entry that is unknown or of the wrong kind.
    """
    if path is None:
        return Answers()
    path = Path(path)
    try:
        stored = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        msg = f"{path}: no such file; run once without it, and the questions are written"
        raise ValueError(msg) from error
    except (OSError, ValueError, RecursionError) as error:
        msg = f"{path}: not a TOML file ({' '.join(str(error).split())[:150]})"
        raise ValueError(msg) from error
    tables = {}
    for name, entries in stored.items():
        if not isinstance(entries, dict):
            msg = (
                f"{path}: {shown(name)[1:-1]} is {shown(entries)}; give the sections [names], "
                "[units] and [table1], [table2] ..."
            )
            raise ValueError(msg)
        if name not in ("names", "units"):
            tables[name] = _table(path, name, entries)
    names = _strings(path, "names", stored.get("names", {}))
    return Answers(
        {squeezed(label): harmless(name) for label, name in names.items()},
        _strings(path, "units", stored.get("units", {})),
        tables,
    )


def _table(path, name, entries):
    if not (name.startswith("table") and name[5:].isdigit()):
        told = shown(name)[1:-1]
        msg = (
            f"{path}: unknown section [{told}]; known are [names], [units], [table1], [table2] ..."
        )
        raise ValueError(msg)
    for key, value in entries.items():
        if key in _CHOICES and value not in _CHOICES[key]:
            told = ", ".join(map(repr, _CHOICES[key]))
            msg = f"{path}: {name}.{key} is {shown(value)}; give one of {told}"
            raise ValueError(msg)
        if key in ("units", "tests"):
            _strings(path, f"{name}.{key}", value)
        elif key not in _TABLE_KEYS and _is_pattern(key) and isinstance(value, str):
            _check_statistics(path, f"{name}.{key}", value)
        elif key not in _TABLE_KEYS:
            msg = (
                f"{path}: unknown entry {shown(f'{name}.{key}')[1:-1]}; known are "
                f"{', '.join(_TABLE_KEYS)} and patterns "
                'of cells such as "a (b)" = "mean sd"'
            )
            raise ValueError(msg)
    return entries


def _check_statistics(path, name, value):
    unknown = [word for word in value.split() if word != "skip" and word not in STATISTICS]
    if unknown:
        near = ", ".join(nearest(unknown[0]))
        hint = f"did you mean {near}?" if near else 'such as "mean sd"'
        msg = f"{path}: {name} is {shown(value)}; {shown(unknown[0])} is no statistic; {hint}"
        raise ValueError(msg)


def _is_pattern(key):
    return key.rpartition(": ")[2].startswith("a")


def _strings(path, name, entries):
    if not isinstance(entries, dict) or not all(
        isinstance(value, str) for value in entries.values()
    ):
        msg = f'{path}: {name} is {str(entries)[:60]!r}; give entries such as "label" = "name"'
        raise ValueError(msg)
    return entries


def questions_text(questions: Sequence[Question]) -> str:
    """The questions as a TOML file in which every answer is commented out.

    Parameters
    ----------
    questions : sequence of Question

    Returns
    -------
    str
    """
    lines = [
        "# How the tables are to be read: questions that the tables leave open.",
        '# Take the "# " before an answer away, put right what is wrong, and run the '
        "command again.",
        '# rows and columns are one of "groups", "parameters", "items" (readers, '
        'sequences), "models",',
        '# "comparisons" or "skip". In [names] a label gets the name that the claims '
        "shall use, or a kind",
        '# and a name: "ADC and f" = "parameter adc+f", "Observer A" = "item reader 1", '
        '"Notes" = "skip".',
    ]
    tables = dict.fromkeys([*(question.table for question in questions), "names"])
    for table in tables:
        lines += ["", f"[{table}]"]
        for question in questions:
            if question.table == table:
                lines += [f"# {question.text}", f"# {question.key} = {question.example}"]
        if table == "names":
            lines.append('# "label as printed" = "name"')
    return "\n".join([*lines, ""])
