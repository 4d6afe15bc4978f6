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

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from ivim.audit.bench import LEDGER, Bench, Key
from ivim.audit.claims import PUBLISHED, Claims
from ivim.audit.readings import best_way
from ivim.audit.repair import find_repair
from ivim.audit.slip import Slip
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
    slips: tuple[Slip, ...]
    conflicts: int
    settled: int
    left: tuple[str, ...]
    exact: bool
    verifiable: frozenset[str]

    @property
    def counts(self) -> dict[str, int]:
        """Number of claims by verdict, in the order of ``VERDICTS``; dict."""
        found = self.ledger["verdict"].value_counts()
        return {verdict: int(found.get(verdict, 0)) for verdict in VERDICTS}

    @property
    def refuted(self) -> pd.DataFrame:
        """The rows of the ledger that are misprint, impossible or contradicted."""
        return self.ledger[self.ledger["verdict"].isin(REFUTED)]

    @property
    def coverage(self) -> dict[str, int]:
        """How many printed numbers there are, how many anything is held against, and how many of
        these hold; dict.
        """
        numbers = [claim.id for claim in self.claims if claim.number]
        verdicts = self.ledger.set_index("id")["verdict"]
        held = sum(verdicts[name] in ("consistent", "reproduced") for name in numbers)
        can = sum(name in self.verifiable or verdicts[name] != "unverifiable" for name in numbers)
        return {"numbers": len(numbers), "verifiable": can, "verified": held}

    def meant(self, claim_id: str) -> str:
        """What stands for a claim after the audit: the recovered string where there is one, else
        the printed.

        Parameters
        ----------
        claim_id : str

        Returns
        -------
        str

        Raises
        ------
        KeyError
            Where no claim has the id.
        """
        row = self.ledger.set_index("id").loc[claim_id]
        return row["recovered"] or row["printed"]


def judge(
    claims: str | Path | Claims | None = None,
    structure: str | Path | Structure | None = None,
    pipeline: pd.DataFrame | None = None,
    targets: Collection[Key] = frozenset(),
) -> Audit:
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
            structure = Structure() if isinstance(path, Claims) else structure_for(path, claims)
    way = best_way(claims, structure)
    repair = find_repair(way.study, way.evaluator, way.reading)
    bench = Bench(way, repair, _lookup(pipeline), targets)
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
