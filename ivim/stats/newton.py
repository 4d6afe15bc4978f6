"""Newton's method with step halving: for Firth's penalty, and where whole steps overshoot."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import special

from ivim.stats.checks import Floats

STEPS = 100  # about ten are needed where a finite estimate exists
TOLERANCE = 1e-10  # of the largest step, in SD of the predictors
# A variance, in SD of the predictors, that only an estimate on its way to infinity reaches.
RUNAWAY = 1e8


def newton(design: Floats, y: NDArray[np.int_], firth: bool = False) -> dict[str, Any]:
    """The maximum of the logistic likelihood, or of Firth's penalised one.

    Parameters
    ----------
    design : array, shape (n, terms)
        A column of ones, then the standardised predictors.
    y : array, shape (n,)
        0 or 1.
    firth : bool
        Add half the log determinant of the information to the log likelihood.

    Returns
    -------
    dict
        ``b``, ``covariance`` (the inverse Fisher information at the estimate), and ``converged``,
        False where no finite estimate was reached.

    Notes
    -----
    Firth, Biometrika 1993;80:27; Heinze & Schemper, Stat Med 2002;21:2409. Ours: statsmodels has
    no penalty of Firth's, and the package firthmodels gives the coefficients of brglm2 with other
    standard errors.
    """
    beta, step = np.zeros(design.shape[1]), np.inf
    for _ in range(STEPS):
        covariance, gradient = _parts(design, y, beta, firth)
        move = covariance @ gradient
        beta, step = _halved(design, y, beta, move, firth), float(np.abs(move).max())
        if step < TOLERANCE or covariance.max() > RUNAWAY:
            break
    covariance, _ = _parts(design, y, beta, firth)
    return {"b": beta, "covariance": covariance, "converged": step < TOLERANCE}


def log_likelihood(score: Any, y: NDArray[np.int_]) -> float:
    """Log likelihood of the outcomes at the given log odds.

    Parameters
    ----------
    score : float or array, shape (n,)
        Log odds.
    y : array, shape (n,)
        0 or 1.

    Returns
    -------
    float
    """
    return float((y * score - np.logaddexp(0, score)).sum())


def _parts(design: Floats, y: NDArray[np.int_], beta: Floats, firth: bool) -> tuple[Floats, Floats]:
    score = design @ beta
    # Both tails by expit, never 1 - p, which is 0 too early when a fit runs to infinity.
    weight = special.expit(score) * special.expit(-score)
    covariance = np.linalg.pinv(design.T @ (weight[:, None] * design), hermitian=True)
    residual = np.where(y == 1, special.expit(-score), -special.expit(score))
    if firth:
        leverage = weight * np.einsum("ij,jk,ik->i", design, covariance, design)
        residual = residual + leverage * (0.5 - special.expit(score))
    return covariance, design.T @ residual


def _halved(design: Floats, y: NDArray[np.int_], beta: Floats, step: Floats, firth: bool) -> Floats:
    def objective(at: Floats) -> float:
        score = design @ at
        value = log_likelihood(score, y)
        if firth:
            weight = special.expit(score) * special.expit(-score)
            value += 0.5 * float(np.linalg.slogdet(design.T @ (weight[:, None] * design))[1])
        return value

    start = objective(beta)
    for halving in range(30):
        candidate = beta + step / 2**halving
        if objective(candidate) >= start - 1e-12 * abs(start):
            return candidate
    return beta
