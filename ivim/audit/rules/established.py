"""When the rest of a table tells which method its numbers are by."""

from collections.abc import Callable, Sequence

import numpy as np

from ivim.audit.claims import Claim
from ivim.audit.rules.rows import Study

LEAST_FITS = 3
CHANCE = 0.05
"""A method is taken as known where so many prints would follow from it by chance with less than
this probability.
"""


def table_follows(
    study: Study, claim: Claim, follows: Callable[[Claim], tuple[bool, float] | None]
) -> bool:
    """Do most numbers of a claim's kind in its table follow from the others by a method, more than
    chance would have it?

    Parameters
    ----------
    study : ivim.audit.rules.rows.Study
    claim : Claim
    follows : callable
        From a claim to (bool, probability that a number fits by chance), or None where it cannot be
        tried.

    Returns
    -------
    bool
    """
    key = (claim.location, claim.statistic, claim.analysis)
    if key not in study.established:
        tried = [
            found
            for other in study.claims.where(location=claim.location, statistic=claim.statistic)
            if other.analysis == claim.analysis and (found := follows(other)) is not None
        ]
        study.established[key] = by_more_than_chance(tried)
    return study.established[key]


def by_more_than_chance(tried: Sequence[tuple[bool, float]], share: float = 2 / 3) -> bool:
    """Whether enough of the numbers fit.

    Parameters
    ----------
    tried : sequence of (bool, float)
        Whether a number fits, and how likely that is by chance.
    share : float
        The least share that has to fit.

    Returns
    -------
    bool

    Examples
    --------
    >>> by_more_than_chance([(True, 0.05)] * 8 + [(False, 0.05)] * 4)
    True
    >>> by_more_than_chance([(True, 0.6)] * 10 + [(False, 0.6)] * 6)
    False
    """
    fits = sum(fit for fit, _ in tried)
    if fits < LEAST_FITS or fits < share * len(tried):
        return False
    # Distribution of the number of fits by chance, one number after the other (Poisson binomial).
    ways = np.ones(1)
    for _, p in tried:
        ways = np.convolve(ways, (1 - p, p))
    return float(ways[fits:].sum()) < CHANCE
