"""Standard errors of a segmented fit, for all voxels at once.

The noise reaches the second stage directly and by way of the first's adc_slow; as
:mod:`ivim.signal.fit` has it for one signal.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ivim.signal import reasons

if TYPE_CHECKING:
    from ivim.signal.engine import Block, Plan

Floats = NDArray[np.float64]


def two_stage(plan: Plan, block: Block, first: Block, gauss: Floats) -> Block:
    """The second stage's block with the standard errors and remarks of both stages.

    Parameters
    ----------
    plan : Plan
        Of a segmented fit.
    block, first : Block
        What the second and the first stage found in m voxels.
    gauss : array, shape (m, 10)
        Lower triangle of the second stage's Gauss-Newton matrix, at unit noise.

    Returns
    -------
    Block
    """
    assert plan.tail is not None
    names = plan.model.parameters
    free = np.isfinite([block.errors[name] for name in names])
    free[1] = False
    spread = block.sse / max(plan.use.sum() - plan.free, 1)
    share, slow = _through_slow(plan, block.values, first.values["s0"])
    matrix = _square(gauss)
    inverse = _inverse_of_free(matrix, free)
    # Variance of G - g t, G the gains of the second stage, g the slope of its estimates by adc_slow
    # and t the gains of adc_slow: G W⁻¹ G' is the inverse, G W⁻¹ t' comes by `share`.
    slope = np.einsum("pqm,qm->pm", inverse, matrix[:, 1])
    shared = np.einsum("pqm,qm->pm", inverse, share)
    variance = np.einsum("ppm->pm", inverse) + slope * (slope * slow - 2 * shared)
    variance[1], free[1] = slow, True
    errors = np.sqrt(np.maximum(spread * variance, 0.0))
    enough = plan.tail.use.sum() > 2 and plan.use.sum() > plan.free
    errors[~(free & (first.reason == reasons.OK) & enough)] = np.nan
    held = (first.reason == reasons.AT_BOUND) & (block.reason == reasons.OK)
    reason = np.where(held, np.uint8(reasons.AT_BOUND), block.reason)
    return replace(block, errors=dict(zip(names, errors, strict=True)), reason=reason)


def _through_slow(plan, values, height):
    """How the first stage's error of adc_slow goes with the second stage's derivatives (J' t,
    shape (4, m)), and its variance, both at unit noise; `height` is the first stage's s0."""
    tail = np.bincount(plan.group, plan.tail.use) > 0
    b, w = plan.b[tail], plan.w[tail]
    moments = np.stack([w, w * b, w * b**2], axis=1)
    slow = np.exp(-np.outer(values["adc_slow"], b))
    same = (slow * slow @ moments).T
    other = (slow * np.exp(-np.outer(values["adc_fast"], b)) @ moments).T
    determinant = height * (same[0] * same[2] - same[1] ** 2)
    level, tilt = same[1] / determinant, -same[0] / determinant
    slow, fast = level * same[:2] + tilt * same[1:], level * other[:2] + tilt * other[1:]
    s0, f = values["s0"], values["f"]
    share = [
        slow[0] + f * (fast[0] - slow[0]), -s0 * (1 - f) * slow[1], -s0 * f * fast[1],
        s0 * (fast[0] - slow[0]),
    ]  # fmt: skip
    return np.stack(share), same[0] / (height * determinant)


def _square(gauss):
    """Symmetric matrices (4, 4, m) from their lower triangles, shape (m, 10)."""
    matrix = np.empty((4, 4, len(gauss)))
    for i in range(4):
        for j in range(i + 1):
            matrix[i, j] = matrix[j, i] = gauss[:, i * (i + 1) // 2 + j]
    return matrix


def _inverse_of_free(matrix, free):
    """Inverses (4, 4, m) over the parameters that are `free`, shape (4, m): s0, D* and f at most.

    Zero for the others; by cofactors, the diagonal scaled to 1.
    """
    scale = np.where(free, np.sqrt(np.maximum(np.einsum("ppm->pm", matrix), 1e-300)), np.inf)
    a, b, c = (matrix[i, j] / (scale[i] * scale[j]) for i, j in ((0, 2), (0, 3), (2, 3)))
    # A breath of ridge keeps two columns that are all but alike from being an exception.
    one = 1 + 1e-13
    cofactors = {
        (0, 0): one * one - c * c, (0, 2): b * c - one * a, (0, 3): a * c - one * b,
        (2, 2): one * one - b * b, (2, 3): a * b - one * c, (3, 3): one * one - a * a,
    }  # fmt: skip
    determinant = one * cofactors[0, 0] + a * cofactors[0, 2] + b * cofactors[0, 3]
    inverse = np.zeros_like(matrix)
    for (i, j), cofactor in cofactors.items():
        inverse[i, j] = inverse[j, i] = cofactor / determinant / (scale[i] * scale[j])
    return inverse
