"""Design facts that a table of numbers does not say: which groups were compared, which are parts of
which, how values were recorded.

They come from a small file beside the claims (``NAME.toml`` or ``structure.toml``). Facts only:
nothing here says which number is
right. What no file says is not assumed: :mod:`ivim.audit.questions` asks for it.
"""

from dataclasses import dataclass, field

from ivim.audit.claims import Claims

METHODS = ("student", "welch", "t-test", "paired", "mann-whitney")
SHARE_LIMITS = {
    "clopper-pearson": "exact",
    "exact": "exact",
    "mid-p": "mid_p",
    "wilson": "wilson",
    "wilson-corrected": "wilson_corrected",
    "jeffreys": "jeffreys",
    "agresti": "agresti_coull",
    "agresti-coull": "agresti_coull",
    "wald": "wald",
    "logit": "logit",
    "bootstrap": "bootstrap",
}
AUC_LIMITS = ("symmetric", "delong", "hanley-mcneil", "logit", "bootstrap", "binomial")
ODDS_LIMITS = ("wald", "profile", "bootstrap")
ROUNDINGS = ("half up", "half even", "rounded", "truncated")


@dataclass(frozen=True)
class Structure:
    """The design of a study.

    Attributes
    ----------
    title : str
    compared : tuple of str
        The groups of the group tests and the ROC analysis, disjoint and together everybody; empty
        where unknown.
    positive : str
        The group that counts as disease.
    parts : dict of str to tuple of str
        A group and the disjoint sub-groups that make it up.
    complete : bool
        True where every number about a group is about all its members: no missing values.
    comparisons : dict of str to tuple of str
        The groups behind a name in the column ``comparison``.
    whole_numbers : tuple of str
        Parameters recorded in whole numbers.
    limits : dict of str to (low, high)
        Values that one patient can have.
    spread : dict of str to str
        By parameter ("" for all): ``sd`` or ``se``, what the statistic ``sd`` holds.
    units : dict of str to str
        By parameter: the unit of rows whose column ``unit`` is blank.
    confidence, significance : float
    methods : dict of str to dict
        By parameter ("" for all): ``method`` of the group test, ``limits`` of shares.
    auc_limits, odds_limits : str
        The methods behind those limits; empty where unknown.
    cutoff : str
        ``youden`` where cut-offs maximise sensitivity + specificity.
    slopes : str
        ``table units`` where a slope is per unit in which the table gives the marker.
    denominators : dict of str to (str or int)
        By statistic, or ``parameter.statistic``: the group, or the number, that a share is a share
        of.
    rounding : str
        ``half up``, ``half even``, ``rounded`` (either) or ``truncated``; empty where unknown.
    restated : bool or None
        True where rows with equal keys are one quantity wherever they stand, False where they are
        not.
    raters : int or None
    protocol, equations, references : dict
        See ``data/published/README.md``.
    source : str
        Where the facts come from, in words; empty where no file was given.
    """

    title: str = ""
    compared: tuple = ()
    positive: str = ""
    parts: dict = field(default_factory=dict)
    complete: bool = False
    comparisons: dict = field(default_factory=dict)
    whole_numbers: tuple = ()
    limits: dict = field(default_factory=dict)
    spread: dict = field(default_factory=dict)
    units: dict = field(default_factory=dict)
    confidence: float = 0.95
    significance: float = 0.05
    methods: dict = field(default_factory=dict)
    auc_limits: str = ""
    odds_limits: str = ""
    cutoff: str = ""
    slopes: str = ""
    denominators: dict = field(default_factory=dict)
    rounding: str = ""
    restated: bool | None = None
    raters: int | None = None
    protocol: dict = field(default_factory=dict)
    equations: dict = field(default_factory=dict)
    references: dict = field(default_factory=dict)
    source: str = ""

    @property
    def given(self) -> bool:
        """True where the design comes from a file."""
        return bool(self.source)

    @property
    def pair(self) -> tuple[str, ...]:
        """The two compared groups, or an empty tuple."""
        return self.compared if len(self.compared) == 2 else ()

    @property
    def negative(self) -> str:
        """The one compared group that is not the disease; empty where there are several."""
        return next((group for group in self.pair if group != self.positive), "")

    def whole_of(self, group: str) -> str:
        """The group that this one is a part of, or itself.

        Parameters
        ----------
        group : str

        Returns
        -------
        str
        """
        return next((whole for whole, parts in self.parts.items() if group in parts), group)

    def method(self, parameter: str, kind: str = "method") -> str:
        """What the file says of the test (or the ``limits``) of a parameter; empty where it says
        nothing.

        Parameters
        ----------
        parameter : str
        kind : {"method", "limits"}

        Returns
        -------
        str
        """
        for name in (parameter, ""):
            if told := self.methods.get(name, {}).get(kind):
                return told
        return ""

    def spread_of(self, parameter: str) -> str:
        """``sd``, ``se``, or empty where unknown.

        Parameters
        ----------
        parameter : str

        Returns
        -------
        str
        """
        return self.spread.get(parameter, self.spread.get("", ""))

    def denominator(self, parameter: str, statistic: str) -> str | int | None:
        """The group or number that a share is a share of.

        Parameters
        ----------
        parameter, statistic : str

        Returns
        -------
        str, int or None
            None where the file does not say.
        """
        found = self.denominators.get(f"{parameter}.{statistic}")
        return self.denominators.get(statistic) if found is None else found


def infer_structure(claims: Claims) -> Structure:
    """What the claims suggest about the design, as a proposal to confirm; no verdict rests on it.

    Sub-groups are proposed where their sizes and at least one further count add up to the group
    before them and no other choice
    does; two groups that are left are proposed as compared, the one with parts (else the last) as
    the disease.

    Parameters
    ----------
    claims : Claims

    Returns
    -------
    Structure
    """
    parts = _adding_up(claims)
    inner = {name for names in parts.values() for name in names}
    outer = [group for group in claims.groups if group not in inner]
    compared = tuple(outer) if len(outer) == 2 else ()
    positive = next((group for group in compared if group in parts), "")
    years = any(c.unit.startswith("year") for c in claims.where(parameter="age", statistic="mean"))
    readers = claims.find("readers", analysis="agreement")
    return Structure(
        compared=compared,
        positive=positive or (compared[-1] if compared else ""),
        parts=parts,
        whole_numbers=("age",) if years else (),
        raters=int(readers.number.value) if readers and readers.number else None,
        source="proposed from the claims",
    )


def _adding_up(claims):
    """Runs of two or more consecutive groups right behind another whose n and a further count add
    up to it.
    """
    found, names = {}, claims.groups[:60]
    for start, whole in enumerate(names):
        for stop in range(start + 3, len(names) + 1):
            parts = names[start + 1 : stop]
            if _adds_up(claims, whole, parts, "n") and any(
                _adds_up(claims, whole, parts, count) for count in ("male", "female")
            ):
                found[whole] = parts
    return found


def _adds_up(claims, whole, parts, statistic):
    numbers = [claims.find(statistic, group) for group in (whole, *parts)]
    return None not in numbers and numbers[0].number.value == sum(
        claim.number.value for claim in numbers[1:]
    )
