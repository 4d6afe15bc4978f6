"""Which check binds which claims."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ivim.audit.relations import Relation
    from ivim.audit.rules.rows import Study


def all_relations(study: Study) -> list[Relation]:
    """Every relation among the claims that the checks of this package know.

    Parameters
    ----------
    study : ivim.audit.rules.rows.Study

    Returns
    -------
    list of ivim.audit.relations.Relation

    Raises
    ------
    ValueError
        On a claim in words whose ``test`` is no known condition.
    """
    from ivim.audit.rules.agreement import agreement_relations
    from ivim.audit.rules.comparisons import comparison_relations
    from ivim.audit.rules.counts import count_relations
    from ivim.audit.rules.curves import curve_relations, range_relations
    from ivim.audit.rules.groups import group_relations
    from ivim.audit.rules.pvalues import pvalue_relations
    from ivim.audit.rules.rates import rate_relations
    from ivim.audit.rules.shares import share_relations
    from ivim.audit.rules.slopes import slope_relations
    from ivim.audit.rules.stars import star_relations
    from ivim.audit.rules.statements import statement_relations
    from ivim.audit.rules.text import text_relations

    return [
        relation
        for relations in (
            range_relations,
            count_relations,
            group_relations,
            comparison_relations,
            pvalue_relations,
            slope_relations,
            share_relations,
            rate_relations,
            curve_relations,
            agreement_relations,
            star_relations,
            text_relations,
            statement_relations,
        )
        for relation in relations(study)
    ]
