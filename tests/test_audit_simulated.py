"""False accusations are the worst failure: studies of this design, printed correctly, are not
accused of anything.
"""

import warnings

import pytest
from simulated_study import printed

from ivim.audit.claims import PUBLISHED
from ivim.audit.readings import Way
from ivim.audit.rules.rows import Study
from ivim.audit.structure import Structure
from ivim.audit.structure_file import load_structure
from ivim.audit.verdict import judge

DESIGN = PUBLISHED.with_name("structure.toml")
SEEDS = range(20)  # `python tests/test_audit_simulated.py 1000` tries a thousand


def accusations(seed, structure_of):
    """Checks that a correctly printed study fails."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        claims = printed(seed)
    way = Way(Study(claims, structure_of(claims)))
    failing = [
        (relation, outcome)
        for relation in way.relations
        if relation.check.decisive
        and (outcome := way.evaluator.outcome(relation, way.reading)).holds is False
    ]
    return [
        f"{relation.check.name} of {claims[relation.target].printed}: {outcome.reason}"
        for relation, outcome in failing
    ], len(way.relations)


@pytest.mark.parametrize("seed", SEEDS)
def test_correct_prints_are_not_refuted(seed):
    """With the design known, hundreds of checks of a correctly printed study refute nothing."""
    found, checks = accusations(seed, lambda claims: load_structure(DESIGN, claims))
    assert found == []
    assert checks > 300


@pytest.mark.parametrize("seed", SEEDS[:4])
def test_correct_prints_are_not_refuted_without_a_design(seed):
    """The same with nothing but the claims: what is not known about the design accuses nobody
    either.
    """
    assert accusations(seed, lambda claims: Structure())[0] == []


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
