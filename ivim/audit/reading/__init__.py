"""Tables in: a paper's tables become rows of claims, and what they do not say a question."""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from ivim import files
from ivim.audit.reading.answers import Answers, Question, load_answers, questions_text
from ivim.audit.reading.design import structure_text
from ivim.audit.reading.grid import Grid
from ivim.audit.reading.interpret import interpret
from ivim.audit.reading.long import is_long, read_long
from ivim.audit.reading.number import numbered
from ivim.audit.reading.rows import ask_units
from ivim.audit.reading.shown import reading_text
from ivim.audit.reading.source import read_file

__all__ = ["Answers", "Grid", "Question", "Reading", "load_answers", "read_tables", "write_reading"]

COLUMNS = (
    "id", "location", "group", "parameter", "statistic", "printed", "unit", "place",
    "analysis", "item", "test", "quote", "model", "comparison", "method", "n",
)  # fmt: skip

TRACE = "reading.json"
"""Fingerprints of what was written, by which a file that the user changed is known."""


@dataclass(frozen=True)
class Reading:
    """What was read out of a paper's tables.

    Attributes
    ----------
    tables : tuple of Interpreted
    claims : DataFrame
        One row per number, with the columns of ``data/published/README.md``.
    questions : tuple of Question
        What is still to be answered.
    """

    tables: tuple
    claims: pd.DataFrame
    questions: tuple

    @property
    def left_out(self) -> int:
        """Cells with numbers that became no claim."""
        return sum(len(table.left_out) for table in self.tables)


def read_tables(paths: Iterable[str | Path], answers: Answers | None = None) -> Reading:
    """Read wide tables into claims.

    Parameters
    ----------
    paths : sequence of path
        CSV, TSV or text, HTML, DOCX, JATS XML or PDF; all tables in them are read.
    answers : Answers, optional
        Answers to the questions of an earlier reading.

    Returns
    -------
    Reading

    Raises
    ------
    ValueError
        Where a file cannot be read; one line.
    """
    answers = answers or Answers()
    tables = []
    for location, grid in numbered([grid for path in paths for grid in read_file(path)]):
        read = read_long if is_long(grid) else interpret
        tables.append(read(grid, location, answers))
    ask_units(tables, answers)
    rows = [row for table in tables for row in table.rows]
    claims = pd.DataFrame(_with_ids(rows), columns=list(COLUMNS)).fillna("")
    questions = tuple(dict.fromkeys(q for table in tables for q in table.questions))
    return Reading(tuple(tables), claims, questions)


def write_reading(reading: Reading, folder: str | Path) -> list[str]:
    """Write claims, how the tables were read, and the open questions.

    Parameters
    ----------
    reading : Reading
    folder : path

    Returns
    -------
    list of str
        Names of the files: ``claims.csv`` and ``reading.md``; ``answers.toml`` and
        ``structure.toml`` as long as the user has
        not written into them.

    Raises
    ------
    ValueError
        Where ``claims.csv`` was changed by hand since it was written.
    """
    folder = Path(folder)
    files.new_folder(folder)
    known = _known(folder / TRACE)
    if not _untouched(folder / "claims.csv", known):
        msg = (
            f"{folder / 'claims.csv'}: is there already and not as it was written here "
            "last; it is not "
            "replaced: give another --out, or take it away"
        )
        raise ValueError(msg)
    texts = {
        "reading.md": reading_text(reading),
        "answers.toml": questions_text(reading.questions),
        "structure.toml": structure_text(reading),
    }
    files.write_csv(folder / "claims.csv", reading.claims)
    written = ["claims.csv"]
    for name, text in texts.items():
        if name == "reading.md" or _untouched(folder / name, known):
            files.write_text(folder / name, text)
            written.append(name)
    ours = {name: _fingerprint(folder / name) for name in written}
    files.write_json(folder / TRACE, known | ours)
    return written


def _known(trace):
    """Fingerprints of the files as they were written last."""
    try:
        known = json.loads(trace.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    return known if isinstance(known, dict) else {}


def _untouched(path, known):
    """Whether a file may be replaced: it is not there, or as it was written last."""
    return not path.exists() or known.get(path.name) == _fingerprint(path)


def _fingerprint(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _with_ids(rows):
    """Rows with ids such as ``t2-lung-adc_slow-mean``; what is there twice gets a number."""
    seen, result = {}, []
    for row in rows:
        keys = ("group", "parameter", "statistic", "item", "model", "comparison")
        words = [row[key] for key in keys if row[key]]
        name = "-".join([row["location"].replace("table", "t"), *words]).replace(" ", "_")
        seen[name] = seen.get(name, 0) + 1
        result.append({"id": name if seen[name] == 1 else f"{name}-{seen[name]}", **row})
    return result
