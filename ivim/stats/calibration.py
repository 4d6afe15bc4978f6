"""Calibration: whether predicted risks occur as often as they say."""

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy import special

from ivim.stats import checks
from ivim.stats.logistic import fit_logistic
from ivim.stats.proportions import exact_limits
from ivim.stats.separation import separating
from ivim.stats.validation import known_risks


def calibration(
    y: ArrayLike, probability: ArrayLike, bins: int = 5, confidence: float = 0.95
) -> pd.DataFrame:
    """Predicted against observed risk in groups of patients of similar risk.

    Parameters
    ----------
    y : array, shape (n,)
        1 for a case, 0 for a control.
    probability : array, shape (n,)
        Predicted risk, 0-1; patients without one are left out.
    bins : int
        Groups of about equal size; those that equal risks leave empty are not listed.
    confidence : float
        Level of the exact limits of the observed risk.

    Returns
    -------
    DataFrame
        ``predicted, observed, ci_low, ci_high, n, cases``, lowest risk first. ``.attrs`` holds
        ``n``, ``brier`` (mean squared error of the risk), ``intercept`` and ``slope`` of the
        outcome on the log odds of the risk (0 and 1 where the risks are right; missing where a risk
        is 0 or 1, all are equal, or the risks separate the groups).

    Raises
    ------
    ValueError
        When a risk is out of range, or there are fewer patients than groups.

    Notes
    -----
    Curve and Brier score by scikit-learn, intercept and slope by statsmodels; Cox, Biometrika
    1958;45:562; Brier, Mon Weather Rev 1950;78:1. On the patients that a model was fitted to,
    intercept and slope are 0 and 1 by construction.
    """
    from sklearn.calibration import calibration_curve
    from sklearn.metrics import brier_score_loss

    checks.proportion(confidence)
    outcome, risk = known_risks(y, probability)
    if not 1 <= bins <= outcome.size or bins != int(bins):
        msg = f"bins is {bins!r}; a whole number from 1 to the {outcome.size} patients is needed"
        raise ValueError(msg)
    observed, predicted = calibration_curve(outcome, risk, n_bins=int(bins), strategy="quantile")
    # scikit-learn gives no sizes; its groups are those between the quantiles of the risk.
    edges = np.percentile(risk, np.linspace(0, 100, int(bins) + 1))
    sizes = np.bincount(np.searchsorted(edges[1:-1], risk), minlength=int(bins))
    sizes = sizes[sizes > 0]
    cases = np.rint(observed * sizes).astype(int)
    low, high = exact_limits(cases, sizes, confidence)
    limits = {"ci_low": low, "ci_high": high, "n": sizes, "cases": cases}
    table = pd.DataFrame({"predicted": predicted, "observed": observed} | limits)
    table.attrs = {"n": outcome.size, "brier": float(brier_score_loss(outcome, risk))}
    table.attrs |= _line(outcome, risk)
    return table


def _line(outcome: Any, risk: Any) -> dict[str, float]:
    none = {"intercept": np.nan, "slope": np.nan}
    if np.ptp(risk) == 0 or risk.min() <= 0 or risk.max() >= 1:
        return none
    score = special.logit(risk)[:, None]
    if separating(score, outcome):
        return none
    fit = fit_logistic(score, outcome)
    intercept, slope = fit["b"]
    return {"intercept": float(intercept), "slope": float(slope)} if fit["converged"] else none
