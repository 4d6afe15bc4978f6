"""Separation: predictors that tell the groups apart without error have no finite coefficient."""

import numpy as np
from numpy.typing import NDArray
from scipy import optimize

from ivim.stats.checks import Floats


def separating(x: Floats, y: NDArray[np.int_]) -> list[int]:
    """Columns of `x` whose coefficients are infinite under maximum likelihood; else empty.

    Parameters
    ----------
    x : array, shape (n, predictors)
    y : array, shape (n,)
        0 or 1.

    Returns
    -------
    list of int

    Notes
    -----
    With s = ±1 for case and control, maximise Σ sᵢxᵢβ under sᵢxᵢβ >= 0 and |βⱼ| <= 1: the optimum
    is above 0 exactly where some hyperplane separates the groups, touching allowed (Konis,
    Computational algorithms for detecting data separation in binary regression models, Oxford
    2007).
    """
    standard = (x - x.mean(axis=0)) / x.std(axis=0)
    signed = (2 * y - 1)[:, None] * np.column_stack([np.ones(y.size), standard])
    answer = optimize.linprog(
        -signed.sum(axis=0), A_ub=-signed, b_ub=np.zeros(y.size), bounds=(-1, 1), method="highs"
    )
    if answer.status != 0 or -answer.fun < 1e-6:
        return []
    return [int(at) for at in np.flatnonzero(np.abs(answer.x[1:]) > 1e-6)]
