"""One verdict per printed claim: all relations, the slips that explain the conflicts, and what is left standing.

The verdicts (in the order in which they are given):

``misprint``      refuted by arithmetic, and what must have been meant is recovered;
``contradicted``  another place in the article says otherwise and the evidence sides with that;
``impossible``    refuted by arithmetic, nothing recovered;
``unsupported``   a claim in words without the test, number or reference that it needs;
``reproduced``    the reconstructed cohort, put through the pipeline, prints the same digits;
``consistent``    follows from other printed numbers within rounding;
``unverifiable``  nothing to hold it against.
"""

import math
from collections import defaultdict
from dataclasses import dataclass, replace

import pandas as pd

from ivim import parameters
from ivim.audit.claims import PUBLISHED, Claims, load_claims, place_of
from ivim.audit.checks.interval import Interval
from ivim.audit.relations import Evaluator, Reading
from ivim.audit.repair import find_repair
from ivim.audit.checks.rounding import prints_as, to_print
from ivim.audit.rules.estimates import estimate_relations
from ivim.audit.rules.groups import group_relations
from ivim.audit.rules.text import text_relations
from ivim.audit.rules.statements import statement_relations
from ivim.audit.structure import Structure, infer_structure, load_structure, structure_for

VERDICTS = (
    "reproduced",
    "consistent",
    "misprint",
    "impossible",
    "contradicted",
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
)

# Families of one of these checks alone say that two places differ, not that arithmetic fails.
_ELSEWHERE = ("restated",)


@dataclass(frozen=True)
class Audit:
    """The verdicts on an article and everything they rest on.

    Attributes
    ----------
    claims : Claims
    structure : Structure
    ledger : DataFrame
        One row per claim: ``id, location, group, parameter, statistic, printed, verdict, low, high, recovered, reason``. ``low`` and
        ``high`` are the interval recomputed from the other printed numbers with their rounding.
    evidence : DataFrame
        One row per relation and reading: ``id, check, inputs, low, high, holds, decisive, reading, reason``; ``reading`` is "printed" or
        "repaired".
    slips : tuple of ivim.audit.repair.Slip
        What explains the conflicts, the slip that explains most first.
    conflicts : int
        Number of broken relations (families) as printed.
    """

    claims: Claims
    structure: Structure
    ledger: pd.DataFrame
    evidence: pd.DataFrame
    slips: tuple
    conflicts: int

    @property
    def counts(self):
        """Number of claims by verdict, in the order of ``VERDICTS``; dict."""
        found = self.ledger["verdict"].value_counts()
        return {verdict: int(found.get(verdict, 0)) for verdict in VERDICTS}

    @property
    def refuted(self):
        """The rows of the ledger that are misprint, impossible or contradicted."""
        return self.ledger[self.ledger["verdict"].isin(REFUTED)]

    def meant(self, claim_id):
        """What stands for a claim after the audit: the recovered string where there is one, else the printed."""
        row = self.ledger.set_index("id").loc[claim_id]
        return row["recovered"] or row["printed"]


def judge(claims=None, structure=None, pipeline=None):
    """Give a verdict on every claim of an article.

    Parameters
    ----------
    claims : path, Claims or None
        The printed quantities; by default those of Li et al. 2021.
    structure : path, Structure or None
        Design facts; by default the file beside the claims, else what the claims give away.
    pipeline : DataFrame, optional
        What a data set gives: ``analysis, group, parameter, statistic, value`` (values in the units of the claims, percentages as such).
        Without it nothing is ``reproduced``.

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
        structure = (
            load_structure(structure, claims)
            if structure
            else infer_structure(claims)
            if path is claims
            else structure_for(path, claims)
        )
    relations = all_relations(claims, structure)
    evaluator = Evaluator(relations)
    repair = find_repair(claims, structure, evaluator)
    printed = Reading(repair.reading.printed)
    bench = _Bench(claims, evaluator, repair, printed, _lookup(pipeline))
    rows = [bench.verdict(claim) for claim in claims]
    rows = [
        bench.label(claim, row) if claim.statistic == "label" else row
        for claim, row in zip(claims, rows, strict=True)
    ]
    evidence = _evidence(
        evaluator, {"printed": printed} | ({"repaired": repair.reading} if repair.slips else {})
    )
    ledger = pd.DataFrame(rows, columns=LEDGER)
    return Audit(
        claims,
        structure,
        ledger,
        evidence,
        tuple(_told(s, claims) for s in repair.slips),
        len(evaluator.conflicts(printed)),
    )


def all_relations(claims, structure):
    """Every relation among the claims that the checks of this package know; list of Relation."""
    return [
        *group_relations(claims, structure),
        *estimate_relations(claims, structure),
        *text_relations(claims, structure),
        *statement_relations(claims, structure),
    ]


class _Bench:
    """Looks up, for one claim at a time, what speaks for and against it."""

    def __init__(self, claims, evaluator, repair, printed, pipeline):
        self.claims, self.evaluator, self.repair, self.printed, self.pipeline = (
            claims,
            evaluator,
            repair,
            printed,
            pipeline,
        )
        self.slips = {name: slip for slip in repair.slips for name in slip.blamed}
        self.by_target = defaultdict(list)
        self.blamed = set(self.slips)
        self.first = {}
        for relation in evaluator.relations:
            self.by_target[relation.target].append(relation)
            if relation.decisive and evaluator.outcome(relation, repair.reading).holds is False:
                self.first.setdefault(relation.family, relation)
                self.blamed.add(relation.target)

    def verdict(self, claim):
        """One row of the ledger."""
        place = self.repair.home(claim.id)
        found = [(r, self.evaluator.outcome(r, self.repair.reading)) for r in self.by_target[place]]
        failing = [(r, o) for r, o in found if self.first.get(r.family) is r]
        verdict, recovered, reason, interval = (
            self._slipped(claim, place)
            or self._failed(claim, failing)
            or self._unsupported(found)
            or self._reproduced(claim, place, found)
            or self._consistent(found)
            or ("unverifiable", "", "nothing else that is printed depends on it", None)
        )
        low, high = (interval.low, interval.high) if interval else (math.nan, math.nan)
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
        )
        return dict(zip(LEDGER, row, strict=True))

    def _slipped(self, claim, place):
        slip = self.slips.get(claim.id)
        if not slip:
            return None
        elsewhere = all(
            r.check in _ELSEWHERE for r in self.evaluator.relations if r.family in slip.explained
        )
        verdict = (
            "contradicted" if elsewhere or (slip.kind == "swap" and claim.number) else "misprint"
        )
        # What a number should have been is asked at its printed place for a swap, at its home for anything else.
        asked = claim.id if slip.kind == "swap" else place
        change = self.repair.reading.changes.get(asked)
        found = [(r, self.evaluator.outcome(r, self.repair.reading)) for r in self.by_target[asked]]
        interval = (
            change if isinstance(change, Interval) else _common(found) if claim.number else None
        )
        return (
            verdict,
            slip.recovered[claim.id],
            _sentence(_told(slip, self.claims).text, slip.because.get(claim.id, "")),
            interval,
        )

    def _failed(self, claim, failing):
        if not failing:
            return None
        reasons = dict.fromkeys(o.reason for _, o in failing)
        meant = next(
            (text for r, _ in failing if r.meant and (text := r.meant(self.repair.reading))), ""
        )
        interval = next((_interval(o) for _, o in failing if _interval(o)), None)
        if meant:
            return "misprint", meant, _sentence(*reasons, f"{meant} would do"), interval
        words = claim.number is None or all(r.check in _ELSEWHERE for r, _ in failing)
        return "contradicted" if words else "impossible", "", _sentence(*reasons), interval

    def _unsupported(self, found):
        reasons = [o.reason for r, o in found if r.check == "unsupported"]
        return ("unsupported", "", _sentence(*reasons), None) if reasons else None

    def _reproduced(self, claim, place, found):
        meaning = self.claims[place]
        value = self.pipeline.get(
            (meaning.analysis, meaning.group, meaning.parameter, meaning.statistic)
        )
        if value is None or not claim.number or not _prints(claim, value):
            return None
        confirming = [o.reason for r, o in found if r.confirms and o.holds]
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

    def _consistent(self, found):
        confirming = [(r, o) for r, o in found if r.confirms and o.holds]
        if not confirming:
            return None
        reasons = dict.fromkeys(o.reason for _, o in confirming)
        interval = _common(found) or next(
            (_interval(o) for _, o in confirming if _interval(o)), None
        )
        return "consistent", "", _sentence(*list(reasons)[:2]), interval

    def label(self, claim, row):
        """A label holds where numbers of its row or column agree, under this name, with numbers printed elsewhere."""
        if row["verdict"] != "unverifiable":
            return row
        axis = "parameter" if claim.parameter else "group"
        own = {
            c.id
            for c in self.claims
            if c.location == claim.location and getattr(c, axis) == getattr(claim, axis)
        }
        for name in sorted(own - self.blamed):
            for relation in self.by_target[name]:
                outcome = self.evaluator.outcome(relation, self.repair.reading)
                if (
                    relation.confirms
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
    """Does the value print as the claim's digits? A cut-off's sign is its direction, not a bound."""
    printed = claim.number
    if claim.statistic == "cutoff":
        return to_print(value, printed.decimals) == f"{printed.value:f}"
    return prints_as(value, printed, "half_up")


def _common(found):
    """What all relations that recompute the claim leave for it; None where none does."""
    common = None
    for relation, outcome in found:
        interval = _interval(outcome) if relation.recovers and relation.decisive else None
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


def _told(slip, claims):
    """The slip with its sentence."""
    if slip.text:
        return slip
    first = claims[slip.blamed[0]]
    if slip.kind == "pasted total":
        names = dict.fromkeys(parameters.label(claims[name].parameter) for name in slip.blamed)
        text = f"in {place_of(first.location)} the row {first.group} holds the numbers of all patients for {', '.join(names)}"
    else:
        text = f"{first.printed} {'stands for' if slip.kind == 'misprint' else 'has to be'} {slip.recovered[first.id]}"
    return replace(slip, text=text)


def _evidence(evaluator, readings):
    rows = []
    for name, reading in readings.items():
        for relation in evaluator.relations:
            outcome = evaluator.outcome(relation, reading)
            rows.append(
                (
                    relation.target,
                    relation.check,
                    " ".join(relation.inputs),
                    outcome.low,
                    outcome.high,
                    {True: "yes", False: "no", None: ""}[outcome.holds],
                    relation.decisive,
                    name,
                    outcome.reason,
                )
            )
    return pd.DataFrame(
        rows,
        columns=["id", "check", "inputs", "low", "high", "holds", "decisive", "reading", "reason"],
    )
