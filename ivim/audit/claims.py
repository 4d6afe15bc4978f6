"""The printed quantities of an article, one per row: read, checked, and found again by what they are about."""

from collections import defaultdict
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pandas as pd

from ivim import files
from ivim.audit.checks.rounding import Printed

PUBLISHED = files.PUBLISHED
COLUMNS = ("id", "location", "group", "parameter", "statistic", "printed", "unit", "place")
FURTHER = ("analysis", "item", "test", "quote")

COUNTS = ("n", "male", "female")
VERBAL = ("claim", "citation", "equation", "definition", "label", "unit", "method", "rule")
"""Statistics whose printed string is words or a formula, not a number."""

_ANALYSIS = {
    "describe": (*COUNTS, "mean", "sd"),
    "t-test": ("t",),
    "agreement": ("icc", "icc_low", "icc_high"),
    "logistic": ("b", "se", "wald", "odds_ratio", "ci_low", "ci_high"),
    "roc": (
        ["auc", "auc_low", "auc_high", "cutoff", "sensitivity", "sensitivity_low", "sensitivity_high", "specificity", "specificity_low", "specificity_high"]
    ),
    "case": ("value",),
    "label": ("label", "unit"),
}
_OF_STATISTIC = {
    statistic: analysis for analysis, statistics in _ANALYSIS.items() for statistic in statistics
}
_WORDS = {
    word: str(number)
    for number, word in enumerate(["one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"], 1)
}


@dataclass(frozen=True)
class Claim:
    """One printed quantity.

    Attributes
    ----------
    id : str
        Unique name.
    location : str
        abstract, methods, results, discussion, table1 ..., figure1 ...
    group, parameter, statistic : str
        What it is a number of; group and parameter may be empty.
    printed : str
        Exactly as printed.
    unit, place : str
        Unit, and the place in words.
    analysis, item : str
        Which analysis it comes from (t-test, logistic, roc, ...) and, where that is not enough, which thing (a sequence, a model).
    test : str
        For words and formulas: what they say in the form that :mod:`ivim.audit.rules.statements` and ``physics`` read.
    quote : str
        The words around it, for checking the transcription.
    """

    id: str
    location: str
    group: str
    parameter: str
    statistic: str
    printed: str
    unit: str = ""
    place: str = ""
    analysis: str = ""
    item: str = ""
    test: str = ""
    quote: str = ""

    @cached_property
    def number(self):
        """The :class:`~ivim.audit.checks.rounding.Printed` number, None for words."""
        if self.statistic in VERBAL:
            return None
        return Printed.parse(_WORDS.get(self.printed.lower(), self.printed))

    @property
    def key(self):
        """What the quantity is, wherever it stands: two claims with one key restate each other."""
        return (self.analysis, self.item, self.group, self.parameter, self.statistic)

    @property
    def tabled(self):
        """True where it stands in a table."""
        return self.location.startswith("table")

    @property
    def scale(self):
        """100 for a percentage, else 1."""
        return 100 if "%" in self.unit or self.printed.endswith("%") else 1


class Claims:
    """All claims of an article, looked up by id or by what they are about.

    Parameters
    ----------
    claims : sequence of Claim
    """

    def __init__(self, claims):
        self.all = tuple(claims)
        self.by_id = {claim.id: claim for claim in self.all}
        self._by_key = defaultdict(list)
        for claim in self.all:
            self._by_key[claim.key].append(claim)

    def __len__(self):
        return len(self.all)

    def __iter__(self):
        return iter(self.all)

    def __getitem__(self, claim_id):
        return self.by_id[claim_id]

    def same(self, claim):
        """All claims about the same quantity, the given one among them."""
        return tuple(self._by_key[claim.key])

    def find(self, statistic, group="", parameter="", analysis=None, item="", location=None):
        """The claim that holds a quantity, a table's before the text's; None where nothing is printed."""
        analysis = _OF_STATISTIC.get(statistic, "") if analysis is None else analysis
        found = [
            c
            for c in self._by_key.get((analysis, item, group, parameter, statistic), ())
            if location in (None, c.location)
        ]
        return min(found, key=lambda claim: not claim.tabled, default=None)

    def where(self, **wanted):
        """Claims whose columns have the given values."""
        return tuple(
            claim
            for claim in self.all
            if all(getattr(claim, name) == value for name, value in wanted.items())
        )

    def size(self, group):
        """Printed size of a group as a claim, or None."""
        return self.find("n", group)

    @cached_property
    def groups(self):
        """Groups with a printed size, in order of appearance."""
        return tuple(
            dict.fromkeys(
                claim.group for claim in self.all if claim.statistic == "n" and claim.group
            )
        )

    def parameters(self, statistic, analysis=None):
        """Parameters that have the statistic, in order of appearance."""
        return tuple(
            dict.fromkeys(
                c.parameter
                for c in self.all
                if c.statistic == statistic and analysis in (None, c.analysis) and c.parameter
            )
        )


def load_claims(path=None):
    """Read an article's claims.

    Parameters
    ----------
    path : path, optional
        CSV file with the columns of ``data/published/README.md``; by default the claims of Li et al. 2021.

    Returns
    -------
    Claims

    Raises
    ------
    ValueError
        Where a column is missing, an id repeats, or a number is none; one line with the row and the value met.
    """
    path = Path(path or PUBLISHED)
    frame = _read(path)
    if missing := [column for column in COLUMNS if column not in frame]:
        msg = f"{path}: column {missing[0]!r} is missing; met {', '.join(map(repr, frame.columns))}; needed are {', '.join(COLUMNS)}"
        raise ValueError(msg)
    known = [column for column in (*COLUMNS, *FURTHER) if column in frame]
    rows = [
        {name: str(value).strip() for name, value in row.items()}
        for row in frame[known].to_dict("records")
    ]
    claims = [
        Claim(**{**row, "analysis": row.get("analysis") or _analysis(row, rows)}) for row in rows
    ]
    _check(claims, path)
    return Claims(claims)


def place_of(location):
    """A location in words: "Table 2" for ``table2``, "the abstract" for ``abstract``."""
    word, number = location.rstrip("0123456789"), location[len(location.rstrip("0123456789")) :]
    return f"{word.capitalize()} {number}" if number else f"the {location}"


def _read(path):
    if not path.is_file():
        msg = f"{path}: no such file; give a CSV file with the columns {', '.join(COLUMNS)} (see data/published/README.md)"
        raise ValueError(msg)
    try:
        frame = pd.read_csv(path, dtype=str, keep_default_na=False)
    except (pd.errors.ParserError, pd.errors.EmptyDataError, UnicodeDecodeError) as error:
        msg = f"{path}: not a CSV table ({str(error).strip()}); save it as comma-separated text in UTF-8"
        raise ValueError(msg) from error
    if frame.empty:
        msg = f"{path}: the table has a header but no row; add one row per printed quantity"
        raise ValueError(msg)
    return frame


def _analysis(row, rows):
    """Where the column is left blank: the analysis that a statistic belongs to; a p belongs to the test printed beside it."""
    if row["statistic"] != "p":
        return _OF_STATISTIC.get(row["statistic"], "text")
    beside = {
        other["statistic"]
        for other in rows
        if (other["location"], other["parameter"]) == (row["location"], row["parameter"])
    }
    return (
        "logistic"
        if {"b", "wald", "odds_ratio"} & beside
        else "anova"
        if "f" in beside
        else "t-test"
    )


def _check(claims, path):
    seen = set()
    for number, claim in enumerate(claims, 2):
        if not claim.id or claim.id in seen:
            msg = f"{path}: row {number}: id {claim.id!r} is {'there twice' if claim.id else 'blank'}; give each row a name of its own"
            raise ValueError(msg)
        seen.add(claim.id)
        if not claim.printed or not claim.statistic or not claim.location:
            empty = next(
                name for name in ("printed", "statistic", "location") if not getattr(claim, name)
            )
            msg = f"{path}: row {number} ({claim.id}): {empty!r} is blank; fill it or take the row out"
            raise ValueError(msg)
        try:
            number_of = claim.number
        except ValueError as error:
            msg = f"{path}: row {number} ({claim.id}): {error}; for words use one of the statistics {', '.join(VERBAL)}"
            raise ValueError(msg) from error
        if claim.statistic in COUNTS and (
            number_of.value != int(number_of.value) or number_of.value < 0
        ):
            msg = f"{path}: row {number} ({claim.id}): {claim.statistic} is {claim.printed!r}; a count is a whole number from 0 up"
            raise ValueError(msg)
        if claim.statistic == "n" and number_of.value < 1:
            msg = f"{path}: row {number} ({claim.id}): n is {claim.printed!r}; a group has at least one member"
            raise ValueError(msg)
