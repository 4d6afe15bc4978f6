"""What speaks for and against one claim at a time, and the verdict that follows."""

import math
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping

from ivim.audit.checks.interval import Interval
from ivim.audit.checks.rounding import Outcome, prints_as, to_print
from ivim.audit.claims import Claim
from ivim.audit.readings import Way
from ivim.audit.relations import Relation
from ivim.audit.repair import Repair

# Families of this check alone say that two places differ, not that arithmetic fails.
_ELSEWHERE = "restated"


_NAMED = 12
"""So many of the numbers in a dispute are named by their print; of more, the rest by their id
alone.
"""

Key = tuple[str, ...]
"""Analysis, group, parameter and statistic of a number of the pipeline."""


class Bench:
    """Looks up, for one claim at a time, what speaks for and against it.

    Parameters
    ----------
    way : Way
        How the article is read.
    repair : Repair
        The slips of that reading.
    pipeline : mapping of tuple to float
        What a data set gives, by analysis, group, parameter and statistic.
    targets : collection of tuple
        Those that the data set was built to print.
    """

    def __init__(
        self,
        way: Way,
        repair: Repair,
        pipeline: Mapping[Key, float],
        targets: Collection[Key],
    ):
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

    def verdict(self, claim: Claim) -> dict[str, str | float]:
        """One row of the ledger.

        Parameters
        ----------
        claim : Claim

        Returns
        -------
        dict of str to (str or float)
            The columns ``LEDGER``; ``low`` and ``high`` are NaN where nothing recomputes the claim.
        """
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
            change if isinstance(change, Interval) else common(found) if claim.number else None
        )
        if verdict == "impossible":
            before = [self.evaluator.outcome(r, self.printed) for r in self.by_target[claim.id]]
            interval = next(
                (interval_of(o) for o in before if o.holds is False and interval_of(o)), None
            )
        return verdict, recovered, sentence(slip.text, slip.because.get(claim.id, "")), interval

    def _disputed(self, claim):
        rivals = self.repair.disputed.get(claim.id)
        if not rivals:
            return None
        others = sorted(rivals - {claim.id}, key=list(self.claims.by_id).index)
        named = [f"{self.claims[n].printed} ({n})" for n in others[:_NAMED]] + others[_NAMED:]
        told = f"{claim.printed} and {', '.join(named)} cannot all be right"
        return "disputed", "", sentence(told, self.repair.reasons.get(claim.id, "")), None

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
            return "disputed", "", sentence(told, failing[0][1].reason), None
        reasons = dict.fromkeys(o.reason for _, o in failing)
        meant = next(
            (text for r, _ in failing if r.meant and (text := r.meant(self.repair.reading))), ""
        )
        interval = next((interval_of(o) for _, o in failing if interval_of(o)), None)
        if meant:
            return "misprint", meant, sentence(*reasons, f"{meant} would do"), interval
        if claim.number is None:
            return "contradicted", "", sentence(*reasons), interval
        alone = [r for r, _ in failing if not set(r.inputs) & set(self.printed.printed)]
        return ("impossible", "", sentence(*reasons), interval) if alone else None

    def _unsupported(self, found):
        reasons = [o.reason for r, o in found if r.check.name == "unsupported"]
        return ("unsupported", "", sentence(*reasons), None) if reasons else None

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
            sentence(f"the reconstructed cohort gives {digits}", *confirming[:1]),
            common(found),
        )

    def _consistent(self, claim, found):
        confirming = [(r, o) for r, o in found if r.check.confirms and o.holds]
        if not confirming:
            return None
        reasons = dict.fromkeys(o.reason for _, o in confirming)
        interval = common(found) or next(
            (interval_of(o) for _, o in confirming if interval_of(o)), None
        )
        return (
            "consistent",
            "",
            sentence(*list(reasons)[:2], self.notes.get(claim.id, "")),
            interval,
        )

    def _why_not(self, found):
        open_ = [o.reason for r, o in found if o.holds is None and r.check.decisive and o.reason]
        if open_:
            return sentence(f"not decided: {open_[0]}")
        return "nothing else that is printed depends on it, as far as is known"

    def label(self, claim: Claim, row: dict[str, str | float]) -> dict[str, str | float]:
        """A label holds where numbers of its row or column agree, under this name, with numbers
        printed elsewhere.

        Parameters
        ----------
        claim : Claim
            A label of a row or a column.
        row : dict of str to (str or float)
            What :meth:`verdict` says of it.

        Returns
        -------
        dict of str to (str or float)
            The row, consistent instead of unverifiable where numbers under the label agree.
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
                        "reason": sentence(
                            f"{named.place or name} fits under this label: {outcome.reason}"
                        ),
                    }
        return row


def _prints(claim, value):
    """Does the value print as the claim's digits? A cut-off's sign is its direction, no bound."""
    printed = claim.number
    if claim.statistic == "cutoff":
        return to_print(value, printed.decimals) == f"{printed.value:f}"
    return prints_as(value, printed, "half_up")


def common(found: Iterable[tuple[Relation, Outcome]]) -> Interval | None:
    """What all relations that recompute the claim leave for it; None where none does.

    Parameters
    ----------
    found : iterable of (Relation, Outcome)
        The relations that judge the claim.

    Returns
    -------
    Interval or None
        An interval that has no point in common with those before it is passed over.
    """
    common = None
    for relation, outcome in found:
        check = relation.check
        interval = interval_of(outcome) if check.recovers and check.decisive else None
        if interval:
            common = interval if common is None else common.intersect(interval) or common
    return common


def interval_of(outcome: Outcome) -> Interval | None:
    """The interval that an outcome recomputes, None where it has none.

    Parameters
    ----------
    outcome : Outcome

    Returns
    -------
    Interval or None
    """
    return (
        None
        if math.isnan(outcome.low) or math.isnan(outcome.high)
        else Interval(outcome.low, outcome.high)
    )


def sentence(*parts: str) -> str:
    """The parts as one sentence, with semicolons between them; empty ones are left out.

    Parameters
    ----------
    *parts : str

    Returns
    -------
    str
    """
    text = "; ".join(part for part in parts if part)
    first = text.split(" ")[0]
    # Words begin with a capital; symbols and names of numbers (p(anova; f), t) stay as they are.
    return (text[:1].upper() + text[1:] if first.isalpha() and len(first) > 1 else text) + "."


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
