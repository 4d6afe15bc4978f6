"""The printed quantities of an article, one per row: looked up by id or by what they are about."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property

from ivim import files
from ivim.audit.checks.rounding import Printed
from ivim.audit.vocabulary import ANALYSIS_OF, COUNTS, VERBAL, is_fraction, stem

PUBLISHED = files.PUBLISHED
COLUMNS = ("id", "location", "group", "parameter", "statistic", "printed", "unit", "place")
FURTHER = ("analysis", "item", "test", "quote", "model", "comparison", "method", "n")

_WORDS = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
_NUMBERS = {word: str(number) for number, word in enumerate(_WORDS, 1)}
# What stands for "not significant" where a p is printed.
_NOT_SIGNIFICANT = ("ns", "n.s.", "n.s")
TEXT = ("abstract", "introduction", "methods", "results", "discussion", "conclusion")


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
        Which analysis it comes from (t-test, logistic, roc, ...) and which variant of the parameter
        (a reader, a sequence,
        a threshold).
    test : str
        For words and formulas: what they say in the form that :mod:`ivim.audit.rules.statements`
        and ``physics`` read.
    quote : str
        The words around it, for checking the transcription.
    model, comparison : str
        Which regression model (univariable, multivariable, a name); which groups are compared ("a
        vs b").
    method : str
        Name of the test or of the method behind limits, where it is printed.
    n : str
        Denominator or sample size, where it is printed beside the number.
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
    model: str = ""
    comparison: str = ""
    method: str = ""
    n: str = ""

    @cached_property
    def number(self) -> Printed | None:
        """The :class:`~ivim.audit.checks.rounding.Printed` number, None for words."""
        if self.statistic in VERBAL:
            return None
        plain = self.printed.strip().lower()
        if self.statistic == "p" and plain in _NOT_SIGNIFICANT:
            return Printed.parse("> 0.05")
        return Printed.parse(_NUMBERS.get(plain, self.printed))

    @cached_property
    def key(self) -> tuple[str, tuple[str, str, str], str, str, str]:
        """What the quantity is, wherever it stands: two claims with one key restate each other."""
        return (self.analysis, self.variant, self.group, self.parameter, self.statistic)

    @property
    def variant(self) -> tuple[str, str, str]:
        """Which of several numbers of one kind: item, model and comparison."""
        return (self.item, self.model, self.comparison)

    @property
    def tabled(self) -> bool:
        """True where it stands in a table."""
        return self.location.startswith("table")

    @property
    def percent(self) -> bool:
        """True where ``%`` is printed with it or in its unit."""
        return "%" in self.unit or self.printed.rstrip("*†‡ ").endswith("%")

    @property
    def size(self) -> int | None:
        """The sample size printed beside it, or None."""
        return int(self.n) if self.n else None


class Claims:
    """All claims of an article, looked up by id or by what they are about.

    Parameters
    ----------
    claims : sequence of Claim
    """

    def __init__(self, claims: Iterable[Claim]) -> None:
        self.all = tuple(claims)
        self.by_id = {claim.id: claim for claim in self.all}
        self._by_key: dict[tuple, list[Claim]] = defaultdict(list)
        self._columns: dict[str, dict[str, list[Claim]]] = {
            name: defaultdict(list) for name in ("location", "statistic", "parameter", "group")
        }
        for claim in self.all:
            self._by_key[claim.key].append(claim)
            for name, index in self._columns.items():
                index[getattr(claim, name)].append(claim)

    def __len__(self) -> int:
        return len(self.all)

    def __iter__(self) -> Iterator[Claim]:
        return iter(self.all)

    def __getitem__(self, claim_id: str) -> Claim:
        return self.by_id[claim_id]

    def same(self, claim: Claim) -> tuple[Claim, ...]:
        """All claims about the same quantity, the given one among them.

        Parameters
        ----------
        claim : Claim

        Returns
        -------
        tuple of Claim
        """
        return tuple(self._by_key[claim.key])

    def find(
        self,
        statistic: str,
        group: str = "",
        parameter: str = "",
        analysis: str | None = None,
        variant: tuple[str, str, str] = ("", "", ""),
        location: str | None = None,
    ) -> Claim | None:
        """The claim that holds a quantity, a table's before the text's.

        Parameters
        ----------
        statistic, group, parameter : str
        analysis : str, optional
            By default the analysis that the statistic belongs to.
        variant : tuple of str
            Item, model and comparison.
        location : str, optional
            Where it has to stand; anywhere by default.

        Returns
        -------
        Claim or None
            None where nothing is printed.
        """
        analysis = ANALYSIS_OF.get(statistic, "") if analysis is None else analysis
        found = [
            claim
            for claim in self._by_key.get((analysis, variant, group, parameter, statistic), ())
            if location in (None, claim.location)
        ]
        return min(found, key=lambda claim: not claim.tabled, default=None)

    def beside(self, claim: Claim, *statistics: str) -> list[Claim | None]:
        """Claims that differ from the given one in the statistic alone.

        Parameters
        ----------
        claim : Claim
        *statistics : str

        Returns
        -------
        list of (Claim or None)
            One per statistic; None where it is not the only one of its kind there.
        """
        found = []
        for statistic in statistics:
            key = (claim.analysis, claim.variant, claim.group, claim.parameter, statistic)
            here = [c for c in self._by_key.get(key, ()) if c.location == claim.location]
            twins = [c for c in self.same(claim) if c.location == claim.location]
            at = twins.index(claim) if len(twins) == len(here) else 0
            alone = len(here) == len(twins) or len(here) == 1
            found.append(here[at] if here and alone else None)
        return found

    def where(self, **wanted: str) -> tuple[Claim, ...]:
        """Claims whose columns have the given values.

        Parameters
        ----------
        **wanted : str
            By column.

        Returns
        -------
        tuple of Claim
            In the order of the file.
        """
        indexed = [name for name in wanted if name in self._columns]
        lists = [self._columns[name].get(wanted[name], ()) for name in indexed]
        pool = min(lists, key=len, default=self.all)
        return tuple(
            claim
            for claim in pool
            if all(getattr(claim, name) == value for name, value in wanted.items())
        )

    def size(self, group: str, parameter: str = "") -> Claim | None:
        """Printed size of a group, or of those of it in whom a parameter is known.

        Parameters
        ----------
        group, parameter : str

        Returns
        -------
        Claim or None
            None where no size is printed.
        """
        return self.find("n", group, parameter)

    @cached_property
    def groups(self) -> tuple[str, ...]:
        """Groups with a printed size, in order of appearance."""
        return tuple(dict.fromkeys(c.group for c in self.where(statistic="n") if c.group))

    def parameters(self, statistic: str, analysis: str | None = None) -> tuple[str, ...]:
        """Parameters that have the statistic, in order of appearance.

        Parameters
        ----------
        statistic : str
        analysis : str, optional
            By default any.

        Returns
        -------
        tuple of str
        """
        return tuple(
            dict.fromkeys(
                claim.parameter
                for claim in self.where(statistic=statistic)
                if analysis in (None, claim.analysis) and claim.parameter
            )
        )

    def scale(self, claim: Claim) -> int:
        """100 for a share or an area in per cent, else 1; where no ``%`` is printed, the size of
        the place's numbers tells.

        Parameters
        ----------
        claim : Claim

        Returns
        -------
        int
        """
        if claim.percent:
            return 100
        if is_fraction(claim.statistic):
            return self._column_scale[_column(claim)]
        return 1

    @cached_property
    def _column_scale(self):
        votes = defaultdict(list)
        for claim in self.all:
            if is_fraction(claim.statistic) and not claim.percent and claim.number:
                # No area under a curve is printed as 1.89: per cent begins where areas can lie.
                least = 30 if claim.statistic.startswith("auc") else 1
                votes[_column(claim)].append(claim.number.value > least)
        scales = defaultdict(lambda: 1)
        for column, above in votes.items():
            # A single number of many that is too large for a fraction is a slip, no column in per
            # cent; shares may be rare, and mostly below 1 %.
            few = column[1] == "share" and any(above)
            scales[column] = 100 if few or len(above) < 4 * sum(above) else 1
        return scales

    def is_share(self, claim: Claim) -> bool:
        """True where a count by sex or of a category is printed in per cent.

        Parameters
        ----------
        claim : Claim

        Returns
        -------
        bool
        """
        if claim.statistic in ("male", "female") and claim.location in self._sexes_in_percent:
            return True
        return claim.statistic in COUNTS[1:4] and claim.percent

    @cached_property
    def _sexes_in_percent(self):
        """Places where most pairs of sexes make 100 (within rounding) and not the group's size,
        though no ``%`` is printed.
        """
        votes = defaultdict(list)
        for male in self.where(statistic="male"):
            others = self.where(statistic="female", group=male.group, location=male.location)
            size = self.size(male.group)
            if len(others) == 1 and size and male.number and others[0].number:
                total = male.number.value + others[0].number.value
                votes[male.location].append(99 <= total <= 101 and total != size.number.value)
        return {location for location, found in votes.items() if 2 * sum(found) > len(found)}


def _column(claim):
    kind = stem(claim.statistic)
    return claim.location, kind if kind in ("auc", "share") else "rate"


def place_of(location: str) -> str:
    """A location in words: "Table 2" for ``table2``, "the abstract" for ``abstract``.

    Parameters
    ----------
    location : str

    Returns
    -------
    str
    """
    word, number = location.rstrip("0123456789"), location[len(location.rstrip("0123456789")) :]
    return f"{word.capitalize()} {number}" if number else f"the {location}"
