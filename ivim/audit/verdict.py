"""One verdict per printed claim: all relations, the slips that explain the conflicts, and what is
left standing.

The verdicts (in the order in which they are given):

``misprint``      refuted by arithmetic, and what must have been meant is recovered;
``contradicted``  another place in the article says otherwise and the evidence sides with that;
``impossible``    refuted by arithmetic, nothing recovered; ``disputed``      this number and others
named with it cannot all be right, and which of them is wrong is open; ``unsupported``   a claim in
words without the test, number or reference that it needs; ``reproduced``    the reconstructed
cohort, put through the pipeline, prints the same digits; ``consistent``    follows from other
printed numbers within rounding; ``unverifiable``  nothing to hold it against.
"""

import math
from collections import defaultdict
from dataclasses import dataclass

import pandas as pd

from ivim.audit.checks.interval import Interval
from ivim.audit.checks.rounding import prints_as, to_print
from ivim.audit.claims import PUBLISHED, Claims
from ivim.audit.readings import best_way
from ivim.audit.repair import find_repair
from ivim.audit.structure import Structure
from ivim.audit.structure_file import load_structure, structure_for
from ivim.audit.transcript import load_claims

VERDICTS = (
    "reproduced",
    "consistent",
    "misprint",
    "impossible",
    "contradicted",
    "disputed",
    "unsupported",
    "unverifiable",
)
REFUTED = ("misprint", "impossible", "contradicted")
LEDGER = (
    "id",
    "location",
    "group",
    "parameter",
    "statistic",
    "printed",
    "verdict",
    "low",
    "high",
    "recovered",
    "reason",
    "basis",
)

# Families of this check alone say that two places differ, not that arithmetic fails.
_ELSEWHERE = "restated"
_NAMED = 12
"""So many of the numbers in a dispute are named by their print; of more, the rest by their id
alone.
"""


@dataclass(frozen=True)
class Audit:
    """The verdicts on an article and everything they rest on.

    Attributes
    ----------
    claims : Claims
    structure : Structure
    ledger : DataFrame
        One row per claim: ``id, location, group, parameter, statistic, printed, verdict, low, high,
        recovered, reason, basis``. ``low`` and ``high`` are the interval recomputed from the other
        printed numbers with their rounding; ``basis`` is ``target`` or ``free`` for a reproduced
        number.
    evidence : DataFrame
        One row per relation and reading: ``id, check, inputs, low, high, holds, decisive, reading,
        reason``; ``reading`` is "printed" or
        "repaired".
    slips : tuple of ivim.audit.slips.Slip
        What explains the conflicts in every smallest explanation, the slip that explains most
        first.
    conflicts : int
        Number of broken relations (families) as printed.
    settled : int
        Number of them that the slips settle.
    left : tuple of str
        Names of the others.
    exact : bool
        True where the smallest explanations were all found.
    verifiable : frozenset of str
        Ids of the numbers that something else in the article can confirm or refute.
    """

    claims: Claims
    structure: Structure
    ledger: pd.DataFrame
    evidence: pd.DataFrame
    slips: tuple
    conflicts: int
    settled: int
    left: tuple
    exact: bool
    verifiable: frozenset

    @property
    def counts(self):
        """Number of claims by verdict, in the order of ``VERDICTS``; dict."""
        found = self.ledger["verdict"].value_counts()
        return {verdict: int(found.get(verdict, 0)) for verdict in VERDICTS}

    @property
    def refuted(self):
        """The rows of the ledger that are misprint, impossible or contradicted."""
        return self.ledger[self.ledger["verdict"].isin(REFUTED)]

    @property
    def coverage(self):
        """How many printed numbers there are, how many anything is held against, and how many of
        these hold; dict.
        """
        numbers = [claim.id for claim in self.claims if claim.number]
        verdicts = self.ledger.set_index("id")["verdict"]
        held = sum(verdicts[name] in ("consistent", "reproduced") for name in numbers)
        can = sum(name in self.verifiable or verdicts[name] != "unverifiable" for name in numbers)
        return {"numbers": len(numbers), "verifiable": can, "verified": held}

    def meant(self, claim_id):
        """What stands for a claim after the audit: the recovered string where there is one, else
        the printed.
        """
        row = self.ledger.set_index("id").loc[claim_id]
        return row["recovered"] or row["printed"]


def judge(claims=None, structure=None, pipeline=None, targets=frozenset()):
    """Give a verdict on every claim of an article.

    Parameters
    ----------
    claims : path, Claims or None
        The printed quantities; by default those of Li et al. 2021.
    structure : path, Structure or None
        Design facts; by default the file beside the claims. Without one nothing about the design is
        assumed.
    pipeline : DataFrame, optional
        What a data set gives: ``analysis, group, parameter, statistic, value`` (values in the units
        of the claims, percentages as such).
        Without it nothing is ``reproduced``.
    targets : set of tuple, optional
        ``(analysis, group, parameter, statistic)`` of the numbers that the data set was built to
        print.

    Returns
    -------
    Audit

    Raises
    ------
    ValueError
        Where claims, structure or pipeline are not as described.
    """
    path = PUBLISHED if claims is None else claims
    claims = path if isinstance(path, Claims) else load_claims(path)
    if not isinstance(structure, Structure):
        if structure:
            structure = load_structure(structure, claims)
        else:
            structure = Structure() if path is claims else structure_for(path, claims)
    way = best_way(claims, structure)
    repair = find_repair(way.study, way.evaluator, way.reading)
    bench = _Bench(way, repair, _lookup(pipeline), targets)
    rows = [bench.verdict(claim) for claim in claims]
    rows = [
        bench.label(claim, row) if claim.statistic == "label" else row
        for claim, row in zip(claims, rows, strict=True)
    ]
    readings = {"printed": way.reading} | ({"repaired": repair.reading} if repair.slips else {})
    broken = repair.conflicts
    left = broken & (way.evaluator.conflicts(repair.reading) | repair.open)
    return Audit(
        claims,
        structure,
        pd.DataFrame(rows, columns=LEDGER),
        _evidence(way.evaluator, readings),
        tuple(repair.slips),
        len(broken),
        len(broken - left),
        tuple(sorted(left)),
        repair.exact,
        _verifiable(way),
    )


def _verifiable(way):
    """Numbers with a check that could confirm them and came to a result."""
    return frozenset(
        relation.target
        for relation in way.relations
        if relation.check.confirms
        and way.evaluator.outcome(relation, way.reading).holds is not None
    )


class _Bench:
    """Looks up, for one claim at a time, what speaks for and against it."""

    def __init__(self, way, repair, pipeline, targets):
        self.claims, self.evaluator, self.notes = way.study.claims, way.evaluator, way.notes
        self.repair, self.printed, self.pipeline, self.targets = (
            repair,
            way.reading,
            pipeline,
            targets,
        )
        self.slips = {name: slip for slip in repair.slips for name in slip.blamed}
        self.by_target = defaultdict(list)
        self.blamed = set(self.slips) | set(repair.disputed)
        for relation in self.evaluator.relations:
            self.by_target[relation.target].append(relation)

    def verdict(self, claim):
        """One row of the ledger."""
        place = self.repair.home(claim.id)
        found = [(r, self.evaluator.outcome(r, self.repair.reading)) for r in self.by_target[place]]
        verdict, recovered, reason, interval = (
            self._slipped(claim, place)
            or self._disputed(claim)
            or self._failed(claim, found)
            or self._unsupported(found)
            or self._reproduced(claim, place, found)
            or self._consistent(claim, found)
            or ("unverifiable", "", self._why_not(found), None)
        )
        low, high = (interval.low, interval.high) if interval else (math.nan, math.nan)
        basis = ""
        if verdict == "reproduced":
            basis = "target" if self._key(place) in self.targets else "free"
        row = (
            claim.id,
            claim.location,
            claim.group,
            claim.parameter,
            claim.statistic,
            claim.printed,
            verdict,
            low,
            high,
            recovered,
            reason,
            basis,
        )
        return dict(zip(LEDGER, row, strict=True))

    def _key(self, place):
        meaning = self.claims[place]
        return meaning.analysis, meaning.group, meaning.parameter, meaning.statistic

    def _slipped(self, claim, place):
        slip = self.slips.get(claim.id)
        if not slip:
            return None
        checks = {
            r.check.name
            for family in slip.explained
            for r in self.evaluator.family(family)
            if r.check.decisive
        }
        recovered = slip.recovered[claim.id]
        if checks == {_ELSEWHERE} or (slip.kind == "swap" and claim.number):
            verdict = "contradicted"
        else:
            verdict = "misprint" if recovered else "impossible"
        asked = claim.id if slip.kind == "swap" else place
        change = self.repair.reading.changes.get(asked)
        found = [(r, self.evaluator.outcome(r, self.repair.reading)) for r in self.by_target[asked]]
        interval = (
            change if isinstance(change, Interval) else _common(found) if claim.number else None
        )
        if verdict == "impossible":
            before = [self.evaluator.outcome(r, self.printed) for r in self.by_target[claim.id]]
            interval = next(
                (_interval(o) for o in before if o.holds is False and _interval(o)), None
            )
        return verdict, recovered, _sentence(slip.text, slip.because.get(claim.id, "")), interval

    def _disputed(self, claim):
        rivals = self.repair.disputed.get(claim.id)
        if not rivals:
            return None
        others = sorted(rivals - {claim.id}, key=list(self.claims.by_id).index)
        named = [f"{self.claims[n].printed} ({n})" for n in others[:_NAMED]] + others[_NAMED:]
        told = f"{claim.printed} and {', '.join(named)} cannot all be right"
        return "disputed", "", _sentence(told, self.repair.reasons.get(claim.id, "")), None

    def _failed(self, claim, found):
        failing = [
            (r, o) for r, o in found if r.check.decisive and not r.check.soft and o.holds is False
        ]
        if not failing:
            return None
        if claim.number is None and any(
            set(r.inputs) & set(self.repair.disputed) for r, _ in failing
        ):
            rivals = sorted({i for r, _ in failing for i in r.inputs} & set(self.repair.disputed))
            told = f"rests on numbers that are in dispute: {', '.join(rivals)}"
            return "disputed", "", _sentence(told, failing[0][1].reason), None
        reasons = dict.fromkeys(o.reason for _, o in failing)
        meant = next(
            (text for r, _ in failing if r.meant and (text := r.meant(self.repair.reading))), ""
        )
        interval = next((_interval(o) for _, o in failing if _interval(o)), None)
        if meant:
            return "misprint", meant, _sentence(*reasons, f"{meant} would do"), interval
        if claim.number is None:
            return "contradicted", "", _sentence(*reasons), interval
        alone = [r for r, _ in failing if not set(r.inputs) & set(self.printed.printed)]
        return ("impossible", "", _sentence(*reasons), interval) if alone else None

    def _unsupported(self, found):
        reasons = [o.reason for r, o in found if r.check.name == "unsupported"]
        return ("unsupported", "", _sentence(*reasons), None) if reasons else None

    def _reproduced(self, claim, place, found):
        value = self.pipeline.get(self._key(place))
        if value is None or not claim.number or not _prints(claim, value):
            return None
        confirming = [o.reason for r, o in found if r.check.confirms and o.holds]
        digits = (
            to_print(value, max(claim.number.decimals, 0) + 3)
            if abs(value) >= 1e-3
            else f"{value:.3g}"
        )
        return (
            "reproduced",
            "",
            _sentence(f"the reconstructed cohort gives {digits}", *confirming[:1]),
            _common(found),
        )

    def _consistent(self, claim, found):
        confirming = [(r, o) for r, o in found if r.check.confirms and o.holds]
        if not confirming:
            return None
        reasons = dict.fromkeys(o.reason for _, o in confirming)
        interval = _common(found) or next(
            (_interval(o) for _, o in confirming if _interval(o)), None
        )
        return (
            "consistent",
            "",
            _sentence(*list(reasons)[:2], self.notes.get(claim.id, "")),
            interval,
        )

    def _why_not(self, found):
        open_ = [o.reason for r, o in found if o.holds is None and r.check.decisive and o.reason]
        if open_:
            return _sentence(f"not decided: {open_[0]}")
        return "nothing else that is printed depends on it, as far as is known"

    def label(self, claim, row):
        """A label holds where numbers of its row or column agree, under this name, with numbers
        printed elsewhere.
        """
        if row["verdict"] != "unverifiable":
            return row
        axis = "parameter" if claim.parameter else "group"
        own = {
            c.id
            for c in self.claims.where(location=claim.location)
            if getattr(c, axis) == getattr(claim, axis)
        }
        for name in sorted(own - self.blamed):
            for relation in self.by_target[name]:
                outcome = self.evaluator.outcome(relation, self.repair.reading)
                if (
                    relation.check.confirms
                    and outcome.holds
                    and relation.inputs
                    and not set(relation.inputs) <= own
                ):
                    named = self.claims[name]
                    return row | {
                        "verdict": "consistent",
                        "reason": _sentence(
                            f"{named.place or name} fits under this label: {outcome.reason}"
                        ),
                    }
        return row


def _lookup(pipeline):
    if pipeline is None:
        return {}
    needed = ["analysis", "group", "parameter", "statistic", "value"]
    if missing := [column for column in needed if column not in pipeline]:
        msg = f"the pipeline's frame lacks the column {missing[0]!r}; it needs {', '.join(needed)}"
        raise ValueError(msg)
    rows = pipeline.dropna(subset="value")
    return {
        tuple(row[:4]): float(row[4]) for row in rows[needed].itertuples(index=False, name=None)
    }


def _prints(claim, value):
    """Does the value print as the claim's digits? A cut-off's sign is its direction, not a bound."""  # noqa: E501
    printed = claim.number
    if claim.statistic == "cutoff":
        return to_print(value, printed.decimals) == f"{printed.value:f}"
    return prints_as(value, printed, "half_up")


def _common(found):
    """What all relations that recompute the claim leave for it; None where none does."""
    common = None
    for relation, outcome in found:
        check = relation.check
        interval = _interval(outcome) if check.recovers and check.decisive else None
        if interval:
            common = interval if common is None else common.intersect(interval) or common
    return common


def _interval(outcome):
    return (
        None
        if math.isnan(outcome.low) or math.isnan(outcome.high)
        else Interval(outcome.low, outcome.high)
    )


def _sentence(*parts):
    text = "; ".join(part for part in parts if part)
    first = text.split(" ")[0]
    # Words begin with a capital; symbols and names of numbers (p(anova; f), t) stay as they are.
    return (text[:1].upper() + text[1:] if first.isalpha() and len(first) > 1 else text) + "."


def _evidence(evaluator, readings):
    rows = []
    for name, reading in readings.items():
        for relation in evaluator.relations:
            outcome = evaluator.outcome(relation, reading)
            rows.append(
                (
                    relation.target,
                    relation.check.name,
                    " ".join(relation.inputs),
                    outcome.low,
                    outcome.high,
                    {True: "yes", False: "no", None: ""}[outcome.holds],
                    relation.check.decisive,
                    name,
                    outcome.reason,
                )
            )
    return pd.DataFrame(
        rows,
        columns=["id", "check", "inputs", "low", "high", "holds", "decisive", "reading", "reason"],
    )
