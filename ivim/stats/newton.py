"""Newton's method with step halving: for Firth's penalty, where whole steps overshoot, and for many
samples at once.
"""

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
    b, converged = newton_many(design[None], y, firth)
    covariance, _ = _parts(design[None], y, b, firth)
    return {"b": b[0], "covariance": covariance[0], "converged": bool(converged[0])}


def newton_many(
    designs: Floats, y: NDArray[np.int_], firth: bool = False
) -> tuple[Floats, NDArray[np.bool_]]:
    """The maximum of :func:`newton` for many samples with the same outcomes, all at once.

    Parameters
    ----------
    designs : array, shape (samples, n, terms)
        As for :func:`newton`.
    y : array, shape (n,)
        0 or 1.
    firth : bool

    Returns
    -------
    b : array, shape (samples, terms)
    converged : array of bool, shape (samples,)
    """
    beta, step = np.zeros(designs.shape[::2]), np.full(len(designs), np.inf)
    open_ = np.arange(len(designs))
    for _ in range(STEPS):
        part = designs[open_]
        covariance, gradient = _parts(part, y, beta[open_], firth)
        move = np.einsum("sij,sj->si", covariance, gradient)
        beta[open_] = _halved(part, y, beta[open_], move, firth)
        step[open_] = np.abs(move).max(axis=1)
        open_ = open_[(step[open_] >= TOLERANCE) & (covariance.max(axis=(1, 2)) <= RUNAWAY)]
        if not open_.size:
            break
    return beta, step < TOLERANCE


def log_likelihood(score: Any, y: NDArray[np.int_]) -> Any:
    """Log likelihood of the outcomes at the given log odds.

    Parameters
    ----------
    score : float or array, shape (..., n)
        Log odds.
    y : array, shape (n,)
        0 or 1.

    Returns
    -------
    float or array, shape (...)
    """
    return (y * score - np.logaddexp(0, score)).sum(axis=-1)


def _score(designs: Floats, beta: Floats) -> Floats:
    score: Floats = np.matmul(designs, beta[:, :, None])[:, :, 0]
    return score


def _information(designs: Floats, score: Floats) -> tuple[Floats, Floats]:
    # Both tails by expit, never 1 - p, which is 0 too early when a fit runs to infinity.
    weight = special.expit(score) * special.expit(-score)
    information: Floats = np.matmul(designs.transpose(0, 2, 1), weight[:, :, None] * designs)
    return weight, information


def _parts(
    designs: Floats, y: NDArray[np.int_], beta: Floats, firth: bool
) -> tuple[Floats, Floats]:
    score = _score(designs, beta)
    weight, information = _information(designs, score)
    covariance: Floats = np.asarray(np.linalg.pinv(information, hermitian=True), dtype=float)
    residual = np.where(y == 1, special.expit(-score), -special.expit(score))
    if firth:
        leverage = weight * (np.matmul(designs, covariance) * designs).sum(axis=2)
        residual = residual + leverage * (0.5 - special.expit(score))
    gradient: Floats = np.matmul(residual[:, None, :], designs)[:, 0]
    return covariance, gradient


def _halved(
    designs: Floats, y: NDArray[np.int_], beta: Floats, move: Floats, firth: bool
) -> Floats:
    """Whole steps, halved until the objective does not fall; no step where it always would."""

    def objective(at: Floats, which: Any) -> Floats:
        score = _score(designs[which], at)
        value: Floats = log_likelihood(score, y)
        if firth:
            _, information = _information(designs[which], score)
            value = value + 0.5 * np.linalg.slogdet(information)[1]
        return value

    start, found = objective(beta, slice(None)), beta.copy()
    left = np.arange(len(beta))
    for halving in range(30):
        candidate = beta[left] + move[left] / 2**halving
        good = objective(candidate, left) >= start[left] - 1e-12 * np.abs(start[left])
        found[left[good]] = candidate[good]
        left = left[~good]
        if not left.size:
            break
    return found
