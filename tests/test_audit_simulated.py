"""False accusations are the worst failure: studies of this design, printed correctly, are not accused of anything."""

import warnings

import pytest
from simulated_study import printed

from ivim.audit.claims import PUBLISHED
from ivim.audit.verdict import all_relations, judge
from ivim.audit.relations import Evaluator, Reading
from ivim.audit.structure import infer_structure
from ivim.audit.structure_file import load_structure

DESIGN = PUBLISHED.with_name("structure.toml")
SEEDS = range(20)  # `python tests/test_audit_simulated.py 1000` tries a thousand


def accusations(seed, structure_of):
    """Checks that a correctly printed study fails."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        claims = printed(seed)
    evaluator = Evaluator(all_relations(claims, structure_of(claims)))
    reading = Reading({claim.id: claim.number for claim in claims if claim.number})
    failing = [
        r
        for r in evaluator.relations
        if r.decisive and evaluator.outcome(r, reading).holds is False
    ]
    return [
        f"{r.check} of {claims[r.target].printed}: {evaluator.outcome(r, reading).reason}"
        for r in failing
    ], len(evaluator.relations)


@pytest.mark.parametrize("seed", SEEDS)
def test_correct_prints_are_not_refuted(seed):
    """With the design known, hundreds of checks of a correctly printed study refute nothing."""
    found, checks = accusations(seed, lambda claims: load_structure(DESIGN, claims))
    assert found == []
    assert checks > 300


@pytest.mark.parametrize("seed", SEEDS[:4])
def test_correct_prints_are_not_refuted_by_an_inferred_design(seed):
    """The same with nothing but the claims: what is inferred about the design accuses nobody either."""
    assert accusations(seed, infer_structure)[0] == []


def test_a_correct_study_has_no_refuted_claim():
    """The engine gives a correctly printed study no refuting verdict and needs no slip."""
    claims = printed(0)
    audit = judge(claims, load_structure(DESIGN, claims))
    assert audit.refuted.empty
    assert audit.slips == () and audit.conflicts == 0
    assert audit.counts["consistent"] > 150


if __name__ == "__main__":
    import sys

    for number in range(int(sys.argv[1])):
        for line in accusations(number, lambda claims: load_structure(DESIGN, claims))[0]:
            print(number, line)
