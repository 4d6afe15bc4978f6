"""The audit with everything that is known: the reconstructed cohort's numbers as evidence for its
article, and nothing but the printed ones for any other.
"""

from pathlib import Path

from ivim.audit.verdict import Audit, judge
from ivim.cohort import load_cohort
from ivim.reconstruct.targets import target_quantities
from ivim.report.ledger import pipeline_frame


def judged(claims: str | Path = "", structure: str | Path = "") -> Audit:
    """A verdict on every printed number.

    Parameters
    ----------
    claims : path
        Another paper's claims; empty: the article's, with the reconstructed cohort.
    structure : path
        Its design facts; empty: the file beside the claims, where there is one.

    Returns
    -------
    ivim.audit.verdict.Audit

    Raises
    ------
    ValueError
        When a file cannot be read as what it should be.
    """
    if claims:
        return judge(claims, structure or None)
    return judge(None, structure or None, pipeline_frame(load_cohort()), target_quantities())
