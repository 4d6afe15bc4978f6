"""Everything compiled: the search for starts on a grid, and bounded least squares of many voxels.

All of it stands in this one file on purpose: numba's cache notices a change in the file of the
compiled function only. Units are those of the signal, s/mm² and mm²/s.

The search: the sum of squares on a grid of the non-linear parameters with the amplitudes in closed
form (variable projection, Golub and Pereyra 1973). The descent: Newton steps within the bounds
where the Hessian is positive, Gauss-Newton steps elsewhere, both with Marquardt's damping, for
``SLOTS`` voxels side by side: every quantity is a row of a flat desk with the slot innermost, so
that one instruction serves several voxels. A slot whose voxel has converged takes the next one.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from llvmlite import ir
from numba import njit, types
from numba.extending import intrinsic
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Integers = NDArray[np.integer]

SLOTS = 16
MAX_STEPS = 1000  # some creep along a valley without b = 0: what they have reached is taken
POWERLESS = 1e-9  # of the largest signal: a parameter whose range moves it less has no influence

# Division by zero gives inf and is sorted out by a select: a branch would undo the lanes. Sums may
# not be reordered, so that the same code gives the same digits whatever the width of a vector.
JIT = {"cache": True, "nogil": True, "error_model": "numpy", "fastmath": {"contract", "nsz"}}
INLINE = {"inline": "always", "error_model": "numpy"}

# Rows of the desk. What a pass finds at the trial values (T) and at the best values so far (A):
# the sum of squares, half the negative gradient, Gauss-Newton's and Newton's lower triangle.
THETA, TRIAL, LOW, HIGH = 0, 4, 8, 12
DAMPING, PASSES, STUCK, DONE, TINY, LEVEL, BETTER = 16, 17, 18, 19, 20, 21, 22
RESULTS = 25
T, A = 24, 24 + RESULTS
DOWN, GAUSS, NEWTON = 1, 5, 15
SCRATCH = A + RESULTS
SIGNAL, PULL, WEIGHT, BOWED, FIRST, SECOND = (SCRATCH + row for row in range(6))
SHAPE, BY_1, BY_2, BY_11, BY_12, BY_22, LOG, LIVE = (SCRATCH + 6 + row for row in range(8))
ROWS = SCRATCH + 14

# The grid of the bi-exponential, its tables (cosine, 1 / (1 - cosine²), its root) for each D by D*,
# and the rows of its sheet: FAST numbers each, then the energies of every D.
SLOW, FAST = 20, 24
TABLES = 3
NEXT, INVERSE, ROOT = TABLES * FAST, FAST, 2 * FAST
ACROSS, MOST, TOPS, BEST, ENERGY = 0, 1, 2, 3, 4
CLOSE, ROUGHNESS = 0.3, 1e-4
# A D* that explains so much less than the best is the start of nothing: CLOSE of what is left
# unexplained, and ROUGHNESS of the energy.

# Tables of the Rician mean of unit noise: nodes of the amplitude, joined by cubic Hermite pieces
# (error below 1e-9); numba has no Bessel functions.
FLOOR_STEP = 1 / 64
FLOOR_REACH = 16.0

LOG2_E = 1.4426950408889634
LN2_HIGH, LN2_LOW = 0.693145751953125, 1.4286068203094172321e-6  # Cody and Waite 1980


@lru_cache(maxsize=1)
def floor_tables() -> Floats:
    """The Rician mean of unit noise and its slope on nodes of the amplitude, shape (2, nodes)."""
    from ivim.signal import noise

    nodes = np.arange(0, FLOOR_REACH + 1.5 * FLOOR_STEP, FLOOR_STEP)
    return np.array([noise.rician_mean(nodes, 1.0), noise.rician_slope(nodes, 1.0)])


@intrinsic
def _float_of_bits(typing_context, bits):
    """The float whose bits are those of an integer."""

    def generate(context, builder, signature, args):
        return builder.bitcast(args[0], ir.DoubleType())

    return types.float64(types.int64), generate


@njit(**INLINE)
def exp(x: float) -> float:
    """Exponential to 2e-16 without a branch: a power of two by its bits, the rest by its series.

    Parameters
    ----------
    x : float
        Cut at 708 on either side.

    Returns
    -------
    float
    """
    x = min(max(x, -708.0), 708.0)
    k = np.floor(x * LOG2_E + 0.5)
    r = (x - k * LN2_HIGH) - k * LN2_LOW
    p = 1 / 479001600
    p = p * r + 1 / 39916800
    p = p * r + 1 / 3628800
    p = p * r + 1 / 362880
    p = p * r + 1 / 40320
    p = p * r + 1 / 5040
    p = p * r + 1 / 720
    p = p * r + 1 / 120
    p = p * r + 1 / 24
    p = p * r + 1 / 6
    p = p * r + 1 / 2
    p = p * r + 1
    p = p * r + 1
    return p * _float_of_bits((np.int64(np.int32(k)) + 1023) << 52)


# Passes over b ------------------------------------------------------------------------------------


@njit(**JIT)
def evaluate(
    kind: int,
    w: Floats,
    b: Floats,
    sigma: Floats,
    floor: Floats,
    tall: Floats,
    desk: Floats,
) -> None:
    """All that a step needs at the trial values of every slot: the rows T of the desk.

    Parameters
    ----------
    kind : int
    w, b : array, shape (n,)
        Weights; s/mm².
    sigma : array, shape (n,) or (0,)
        Noise level at each b relative to each slot's LEVEL, or nothing.
    floor : array, shape (2, nodes) or (2, 0)
        :func:`floor_tables` where there is a noise level.
    tall : array, shape (n SLOTS,)
        The signals, b by b with the slot innermost.
    desk : array, shape (ROWS SLOTS,)
    """
    desk[T * SLOTS : (T + RESULTS) * SLOTS] = 0.0
    if kind == 2:
        for s in range(SLOTS):
            live = desk[(TRIAL + 1) * SLOTS + s] > 0
            desk[LIVE * SLOTS + s] = 1.0 if live else 0.0
            desk[LOG * SLOTS + s] = np.log(desk[(TRIAL + 1) * SLOTS + s]) if live else 0.0
    for i in range(b.size):
        if kind == 1:
            _two_decays(b[i], desk)
        else:
            _one_decay(kind, b[i], desk)
        _pulls(w[i], sigma[i] if sigma.size else 0.0, floor, i, tall, desk)
        if kind == 1:
            _add_two_decays(b[i], desk)
        else:
            _add_one_decay(desk)


@njit(**JIT)
def _two_decays(b, desk):
    """Signal of the bi-exponential at one b, and its two decays."""
    for s in range(SLOTS):
        slow = exp(-b * desk[(TRIAL + 1) * SLOTS + s])
        fast = exp(-b * desk[(TRIAL + 2) * SLOTS + s])
        desk[FIRST * SLOTS + s] = slow
        desk[SECOND * SLOTS + s] = fast
        shape = slow + desk[(TRIAL + 3) * SLOTS + s] * (fast - slow)
        desk[SIGNAL * SLOTS + s] = desk[TRIAL * SLOTS + s] * shape


@njit(**JIT)
def _one_decay(kind, b, desk):
    """Signal s0 exp(-phi) at one b, with the first and second derivatives of phi.

    phi is b D, (b D)^alpha, or b D - (b D)² K / 6.
    """
    log_b = np.log(b) if b > 0 else 0.0
    for s in range(SLOTS):
        x = b * desk[(TRIAL + 1) * SLOTS + s]
        third = desk[(TRIAL + 2) * SLOTS + s]
        phi = x
        by_1, by_2, by_11, by_12, by_22 = b, 0.0, 0.0, 0.0, 0.0
        if kind == 2:
            live = desk[LIVE * SLOTS + s] * (1.0 if b > 0 else 0.0)
            log_x = log_b + desk[LOG * SLOTS + s]
            phi = live * exp(third * log_x)
            per_d = b / max(x, 1e-300)
            by_1 = third * phi * per_d
            by_2 = phi * log_x
            by_11 = (third - 1) * by_1 * per_d
            by_12 = phi * (1 + third * log_x) * per_d
            by_22 = by_2 * log_x
        if kind == 3:
            phi = x - x * x * third / 6
            by_1 = b * (1 - x * third / 3)
            by_2 = -x * x / 6
            by_11 = -b * b * third / 3
            by_12 = -b * x / 3
        shape = exp(-phi)
        desk[SHAPE * SLOTS + s] = shape
        desk[SIGNAL * SLOTS + s] = desk[TRIAL * SLOTS + s] * shape
        desk[BY_1 * SLOTS + s] = by_1
        desk[BY_2 * SLOTS + s] = by_2
        desk[BY_11 * SLOTS + s] = by_11
        desk[BY_12 * SLOTS + s] = by_12
        desk[BY_22 * SLOTS + s] = by_22


@njit(**JIT)
def _pulls(w, sigma, floor, i, tall, desk):
    """Residuals at one b: added to the sum of squares, and the weights of the derivatives."""
    if sigma > 0:
        _raise_floor(sigma, floor, desk)
    for s in range(SLOTS):
        gain, bow = 1.0, 0.0
        if sigma > 0:
            gain, bow = desk[WEIGHT * SLOTS + s], desk[BOWED * SLOTS + s]
        rest = tall[i * SLOTS + s] - desk[SIGNAL * SLOTS + s]
        desk[T * SLOTS + s] += w * rest * rest
        desk[PULL * SLOTS + s] = w * rest * gain
        desk[WEIGHT * SLOTS + s] = w * gain * gain
        desk[BOWED * SLOTS + s] = w * gain * gain - w * rest * bow


@njit(**JIT)
def _raise_floor(sigma, floor, desk):
    """Turn the signal into the Rician mean; WEIGHT and BOWED get its first two derivatives."""
    last = floor.shape[1] - 2
    for s in range(SLOTS):
        level = sigma * desk[LEVEL * SLOTS + s]
        x = max(desk[SIGNAL * SLOTS + s], 0.0) / level
        k = min(int(min(x, FLOOR_REACH) / FLOOR_STEP), last)
        t = x / FLOOR_STEP - k
        m0, m1 = floor[0, k], floor[0, k + 1]
        d0, d1 = FLOOR_STEP * floor[1, k], FLOOR_STEP * floor[1, k + 1]
        c2, c3 = 3 * (m1 - m0) - 2 * d0 - d1, 2 * (m0 - m1) + d0 + d1
        mean = m0 + t * (d0 + t * (c2 + t * c3))
        gain = (d0 + t * (2 * c2 + 3 * t * c3)) / FLOOR_STEP
        bow = (2 * c2 + 6 * t * c3) / (FLOOR_STEP * FLOOR_STEP)
        # Beyond the table the asymptotic series, its next term below 1e-8.
        far = x >= FLOOR_REACH
        y = max(x, 1.0)
        q = 1 / (y * y)
        mean = y * (1 + q * (0.5 + q * (0.125 + q * 0.1875))) if far else mean
        gain = 1 - q * (0.5 + q * (0.375 + q * 0.9375)) if far else gain
        bow = q / y if far else bow
        desk[SIGNAL * SLOTS + s] = level * mean
        desk[WEIGHT * SLOTS + s] = gain
        desk[BOWED * SLOTS + s] = bow / level


@njit(**JIT)
def _add_two_decays(b, desk):
    """Add one b to gradient and matrices of the bi-exponential.

    Plain Gauss-Newton steps creep where the residuals are large beside the curvature, as they are
    at the SNR of a voxel; Newton's matrix has the second derivatives, times the residuals, too.
    """
    for s in range(SLOTS):
        s0, f = desk[TRIAL * SLOTS + s], desk[(TRIAL + 3) * SLOTS + s]
        slow, fast = desk[FIRST * SLOTS + s], desk[SECOND * SLOTS + s]
        u, v, n = desk[PULL * SLOTS + s], desk[WEIGHT * SLOTS + s], desk[BOWED * SLOTS + s]
        j0 = slow + f * (fast - slow)
        j1 = -b * s0 * (1 - f) * slow
        j2 = -b * s0 * f * fast
        j3 = s0 * (fast - slow)
        desk[(T + DOWN) * SLOTS + s] += u * j0
        desk[(T + DOWN + 1) * SLOTS + s] += u * j1
        desk[(T + DOWN + 2) * SLOTS + s] += u * j2
        desk[(T + DOWN + 3) * SLOTS + s] += u * j3
        desk[(T + GAUSS) * SLOTS + s] += v * j0 * j0
        desk[(T + GAUSS + 1) * SLOTS + s] += v * j1 * j0
        desk[(T + GAUSS + 2) * SLOTS + s] += v * j1 * j1
        desk[(T + GAUSS + 3) * SLOTS + s] += v * j2 * j0
        desk[(T + GAUSS + 4) * SLOTS + s] += v * j2 * j1
        desk[(T + GAUSS + 5) * SLOTS + s] += v * j2 * j2
        desk[(T + GAUSS + 6) * SLOTS + s] += v * j3 * j0
        desk[(T + GAUSS + 7) * SLOTS + s] += v * j3 * j1
        desk[(T + GAUSS + 8) * SLOTS + s] += v * j3 * j2
        desk[(T + GAUSS + 9) * SLOTS + s] += v * j3 * j3
        desk[(T + NEWTON) * SLOTS + s] += n * j0 * j0
        desk[(T + NEWTON + 1) * SLOTS + s] += n * j1 * j0 + u * b * (1 - f) * slow
        desk[(T + NEWTON + 2) * SLOTS + s] += n * j1 * j1 + u * b * j1
        desk[(T + NEWTON + 3) * SLOTS + s] += n * j2 * j0 + u * b * f * fast
        desk[(T + NEWTON + 4) * SLOTS + s] += n * j2 * j1
        desk[(T + NEWTON + 5) * SLOTS + s] += n * j2 * j2 + u * b * j2
        desk[(T + NEWTON + 6) * SLOTS + s] += n * j3 * j0 - u * (fast - slow)
        desk[(T + NEWTON + 7) * SLOTS + s] += n * j3 * j1 - u * b * s0 * slow
        desk[(T + NEWTON + 8) * SLOTS + s] += n * j3 * j2 + u * b * s0 * fast
        desk[(T + NEWTON + 9) * SLOTS + s] += n * j3 * j3


@njit(**JIT)
def _add_one_decay(desk):
    """Add one b to gradient and matrices of a model s0 exp(-phi)."""
    for s in range(SLOTS):
        j0 = desk[SHAPE * SLOTS + s]
        signal = desk[TRIAL * SLOTS + s] * j0
        u, v, n = desk[PULL * SLOTS + s], desk[WEIGHT * SLOTS + s], desk[BOWED * SLOTS + s]
        by_1, by_2 = desk[BY_1 * SLOTS + s], desk[BY_2 * SLOTS + s]
        j1, j2 = -signal * by_1, -signal * by_2
        us = u * signal
        desk[(T + DOWN) * SLOTS + s] += u * j0
        desk[(T + DOWN + 1) * SLOTS + s] += u * j1
        desk[(T + DOWN + 2) * SLOTS + s] += u * j2
        desk[(T + GAUSS) * SLOTS + s] += v * j0 * j0
        desk[(T + GAUSS + 1) * SLOTS + s] += v * j1 * j0
        desk[(T + GAUSS + 2) * SLOTS + s] += v * j1 * j1
        desk[(T + GAUSS + 3) * SLOTS + s] += v * j2 * j0
        desk[(T + GAUSS + 4) * SLOTS + s] += v * j2 * j1
        desk[(T + GAUSS + 5) * SLOTS + s] += v * j2 * j2
        desk[(T + NEWTON) * SLOTS + s] += n * j0 * j0
        desk[(T + NEWTON + 1) * SLOTS + s] += n * j1 * j0 + u * j0 * by_1
        by_11 = by_1 * by_1 - desk[BY_11 * SLOTS + s]
        desk[(T + NEWTON + 2) * SLOTS + s] += n * j1 * j1 - us * by_11
        desk[(T + NEWTON + 3) * SLOTS + s] += n * j2 * j0 + u * j0 * by_2
        by_12 = by_1 * by_2 - desk[BY_12 * SLOTS + s]
        desk[(T + NEWTON + 4) * SLOTS + s] += n * j2 * j1 - us * by_12
        by_22 = by_2 * by_2 - desk[BY_22 * SLOTS + s]
        desk[(T + NEWTON + 5) * SLOTS + s] += n * j2 * j2 - us * by_22


# Steps --------------------------------------------------------------------------------------------


@njit(**INLINE)
def _solve(a00, a10, a11, a20, a21, a22, a30, a31, a32, a33, g0, g1, g2, g3, d0, d1, d2, d3):
    """Solution of a symmetric system by LDL', and whether every pivot exceeds its least size d."""
    i0 = 1 / a00
    l10, l20, l30 = a10 * i0, a20 * i0, a30 * i0
    p1 = a11 - l10 * a10
    i1 = 1 / p1
    c21, c31 = a21 - l20 * a10, a31 - l30 * a10
    l21, l31 = c21 * i1, c31 * i1
    p2 = a22 - l20 * a20 - l21 * c21
    i2 = 1 / p2
    c32 = a32 - l30 * a20 - l31 * c21
    l32 = c32 * i2
    p3 = a33 - l30 * a30 - l31 * c31 - l32 * c32
    y1 = g1 - l10 * g0
    y2 = g2 - l20 * g0 - l21 * y1
    y3 = g3 - l30 * g0 - l31 * y1 - l32 * y2
    x3 = y3 / p3
    x2 = y2 * i2 - l32 * x3
    x1 = y1 * i1 - l21 * x2 - l31 * x3
    x0 = g0 * i0 - l10 * x1 - l20 * x2 - l30 * x3
    positive = (a00 > d0) & (p1 > d1) & (p2 > d2) & (p3 > d3)
    return positive, x0, x1, x2, x3


@njit(**JIT)
def _judge(desk):
    """Take the trial values where they are better; say which slots have converged (DONE)."""
    for s in range(SLOTS):
        old, new, tiny = desk[A * SLOTS + s], desk[T * SLOTS + s], desk[TINY * SLOTS + s]
        damping, stuck = desk[DAMPING * SLOTS + s], desk[STUCK * SLOTS + s] > 0
        better = new < old
        # Newton's next step would gain the square of such a fall: digits beyond 1e-7 are settled.
        settled = old - new <= 1e-12 * new + tiny
        level = (new - old <= 1e-14 * old + tiny) & (not stuck)
        done = settled if better else (level | (damping > 1e10))
        passes = desk[PASSES * SLOTS + s] + 1
        desk[PASSES * SLOTS + s] = passes
        desk[DONE * SLOTS + s] = 1.0 if done | (passes > MAX_STEPS) else 0.0
        # Where rounding hides the fall, the gradient still knows the last digits: take the step.
        desk[BETTER * SLOTS + s] = 1.0 if better | level else 0.0
        raised = max(10 * damping, 1e-6 if stuck else 1e-10)
        desk[DAMPING * SLOTS + s] = max(0.1 * damping, 1e-12) if better else raised
    for row in range(RESULTS):
        for s in range(SLOTS):
            better = desk[BETTER * SLOTS + s] > 0
            old, new = desk[(A + row) * SLOTS + s], desk[(T + row) * SLOTS + s]
            desk[(A + row) * SLOTS + s] = new if better else old
    for row in range(4):
        for s in range(SLOTS):
            better = desk[BETTER * SLOTS + s] > 0
            old, new = desk[(THETA + row) * SLOTS + s], desk[(TRIAL + row) * SLOTS + s]
            desk[(THETA + row) * SLOTS + s] = new if better else old


@njit(**INLINE)
def _is_free(theta, low, high, down, gauss):
    """1 unless the parameter is at a bound with the descent pointing outwards, else 0."""
    outward = ((theta <= low) & (down <= 0)) | ((theta >= high) & (down >= 0))
    return 0.0 if outward | (not gauss > 0) else 1.0


@njit(**JIT)
def _propose(desk):
    """The next trial values of every slot, cut at the bounds."""
    for s in range(SLOTS):
        t0, t1 = desk[THETA * SLOTS + s], desk[(THETA + 1) * SLOTS + s]
        t2, t3 = desk[(THETA + 2) * SLOTS + s], desk[(THETA + 3) * SLOTS + s]
        low0, low1 = desk[LOW * SLOTS + s], desk[(LOW + 1) * SLOTS + s]
        low2, low3 = desk[(LOW + 2) * SLOTS + s], desk[(LOW + 3) * SLOTS + s]
        high0, high1 = desk[HIGH * SLOTS + s], desk[(HIGH + 1) * SLOTS + s]
        high2, high3 = desk[(HIGH + 2) * SLOTS + s], desk[(HIGH + 3) * SLOTS + s]
        g0, g1 = desk[(A + DOWN) * SLOTS + s], desk[(A + DOWN + 1) * SLOTS + s]
        g2, g3 = desk[(A + DOWN + 2) * SLOTS + s], desk[(A + DOWN + 3) * SLOTS + s]
        q00, q11 = desk[(A + GAUSS) * SLOTS + s], desk[(A + GAUSS + 2) * SLOTS + s]
        q22, q33 = desk[(A + GAUSS + 5) * SLOTS + s], desk[(A + GAUSS + 9) * SLOTS + s]
        f0, f1 = _is_free(t0, low0, high0, g0, q00), _is_free(t1, low1, high1, g1, q11)
        f2, f3 = _is_free(t2, low2, high2, g2, q22), _is_free(t3, low3, high3, g3, q33)
        g0, g1, g2, g3 = f0 * g0, f1 * g1, f2 * g2, f3 * g3
        more = desk[DAMPING * SLOTS + s]
        # A parameter that is held has a row of the unit matrix and no gradient: its step is 0.
        d0, d1 = (q00 if f0 > 0 else 1.0), (q11 if f1 > 0 else 1.0)
        d2, d3 = (q22 if f2 > 0 else 1.0), (q33 if f3 > 0 else 1.0)
        least = 1e-14
        gauss, x0, x1, x2, x3 = _solve(
            d0 + more * d0,
            f1 * f0 * desk[(A + GAUSS + 1) * SLOTS + s],
            d1 + more * d1,
            f2 * f0 * desk[(A + GAUSS + 3) * SLOTS + s],
            f2 * f1 * desk[(A + GAUSS + 4) * SLOTS + s],
            d2 + more * d2,
            f3 * f0 * desk[(A + GAUSS + 6) * SLOTS + s],
            f3 * f1 * desk[(A + GAUSS + 7) * SLOTS + s],
            f3 * f2 * desk[(A + GAUSS + 8) * SLOTS + s],
            d3 + more * d3,
            g0, g1, g2, g3, least * d0, least * d1, least * d2, least * d3,
        )  # fmt: skip
        newton, y0, y1, y2, y3 = _solve(
            (desk[(A + NEWTON) * SLOTS + s] if f0 > 0 else 1.0) + more * d0,
            f1 * f0 * desk[(A + NEWTON + 1) * SLOTS + s],
            (desk[(A + NEWTON + 2) * SLOTS + s] if f1 > 0 else 1.0) + more * d1,
            f2 * f0 * desk[(A + NEWTON + 3) * SLOTS + s],
            f2 * f1 * desk[(A + NEWTON + 4) * SLOTS + s],
            (desk[(A + NEWTON + 5) * SLOTS + s] if f2 > 0 else 1.0) + more * d2,
            f3 * f0 * desk[(A + NEWTON + 6) * SLOTS + s],
            f3 * f1 * desk[(A + NEWTON + 7) * SLOTS + s],
            f3 * f2 * desk[(A + NEWTON + 8) * SLOTS + s],
            (desk[(A + NEWTON + 9) * SLOTS + s] if f3 > 0 else 1.0) + more * d3,
            g0, g1, g2, g3, least * d0, least * d1, least * d2, least * d3,
        )  # fmt: skip
        usable = newton | gauss
        x0, x1 = (y0 if newton else x0), (y1 if newton else x1)
        x2, x3 = (y2 if newton else x2), (y3 if newton else x3)
        desk[STUCK * SLOTS + s] = 0.0 if usable else 1.0
        desk[TRIAL * SLOTS + s] = min(max(t0 + x0, low0), high0) if usable else t0
        desk[(TRIAL + 1) * SLOTS + s] = min(max(t1 + x1, low1), high1) if usable else t1
        desk[(TRIAL + 2) * SLOTS + s] = min(max(t2 + x2, low2), high2) if usable else t2
        desk[(TRIAL + 3) * SLOTS + s] = min(max(t3 + x3, low3), high3) if usable else t3


@njit(**JIT)
def _load(j, s, signals, w, levels, voxel, low, high, theta, tall, desk):
    """Job j into slot s: its signal, bounds and start."""
    v, energy = voxel[j], 0.0
    for i in range(w.size):
        y = signals[v, i]
        tall[i * SLOTS + s] = y
        energy += w[i] * y * y
    for p in range(4):
        inside = p < theta.shape[1]
        desk[(LOW + p) * SLOTS + s] = low[j, p] if inside else 0.0
        desk[(HIGH + p) * SLOTS + s] = high[j, p] if inside else 0.0
        start = min(max(theta[j, p], low[j, p]), high[j, p]) if inside else 0.0
        desk[(THETA + p) * SLOTS + s] = desk[(TRIAL + p) * SLOTS + s] = start
    desk[A * SLOTS + s] = np.inf
    desk[TINY * SLOTS + s] = 1e-28 * energy
    desk[LEVEL * SLOTS + s] = levels[v] if levels.size else 1.0
    desk[DAMPING * SLOTS + s], desk[PASSES * SLOTS + s], desk[STUCK * SLOTS + s] = 1e-2, 0.0, 0.0


@njit(**JIT)
def descend(
    kind: int,
    signals: Floats,
    w: Floats,
    b: Floats,
    sigma: Floats,
    levels: Floats,
    floor: Floats,
    voxel: Integers,
    low: Floats,
    high: Floats,
    theta: Floats,
    sse: Floats,
    converged: Bools,
    gauss: Floats,
) -> None:
    """Bounded least squares of many jobs, each from its row of `theta`, which becomes the minimum.

    A parameter at a bound with the descent pointing outwards is held; equal bounds hold it always.

    Parameters
    ----------
    kind : int
    signals : array, shape (m, n)
    w, b : array, shape (n,)
    sigma : array, shape (n,) or (0,)
        Noise level at each b where the Rician mean is fitted, times the voxel's own of `levels`.
    levels : array, shape (m,) or (0,)
    floor : array, shape (2, nodes) or (2, 0)
        :func:`floor_tables` where there is a noise level.
    voxel : array of int, shape (j,)
        Row of `signals` of each job.
    low, high, theta : array, shape (j, k)
    sse, converged, gauss : array, shape (j,), (j,), (j, 10)
        Filled: weighted sum of squares, success, Gauss-Newton's lower triangle at the minimum.
    """
    desk, tall = np.zeros(ROWS * SLOTS), np.zeros(b.size * SLOTS)
    job = np.full(SLOTS, -1)
    waiting, active = 0, 0
    desk[LEVEL * SLOTS : (LEVEL + 1) * SLOTS] = 1.0
    for s in range(min(SLOTS, voxel.size)):
        _load(waiting, s, signals, w, levels, voxel, low, high, theta, tall, desk)
        job[s] = waiting
        waiting, active = waiting + 1, active + 1
    while active:
        evaluate(kind, w, b, sigma, floor, tall, desk)
        _judge(desk)
        _propose(desk)
        for s in range(SLOTS):
            if job[s] < 0 or desk[DONE * SLOTS + s] == 0:
                continue
            j = job[s]
            sse[j] = desk[A * SLOTS + s]
            converged[j] = sse[j] < np.inf
            for p in range(theta.shape[1]):
                theta[j, p] = desk[(THETA + p) * SLOTS + s]
            for q in range(10):
                gauss[j, q] = desk[(A + GAUSS + q) * SLOTS + s]
            if waiting < voxel.size:
                _load(waiting, s, signals, w, levels, voxel, low, high, theta, tall, desk)
                job[s] = waiting
                waiting += 1
            else:
                job[s] = -1
                active -= 1


# The search for starts ----------------------------------------------------------------------------


@njit(**INLINE)
def _project(w, y, curves, count, start, products):
    """Weighted inner products of a signal with each column of `curves` (b, count), all at once.

    They stand in `products` from `start` on.
    """
    for g in range(count):
        products[start + g] = 0.0
    odd = w.size % 2
    for g in range(count * odd):
        products[start + g] = w[0] * y[0] * curves[0, g]
    # Two b at a time: the products are then read and written half as often.
    for i in range(odd, w.size, 2):
        first, second = w[i] * y[i], w[i + 1] * y[i + 1]
        for g in range(count):
            products[start + g] += first * curves[i, g] + second * curves[i + 1, g]


@njit(**INLINE)
def _explain(p, q, cosine, root):
    """Energy that non-negative amplitudes of two unit curves explain.

    p and q are the signal's inner products with them, `root` is 1 / sqrt(1 - cosine²): what the
    second curve adds to the first is the square of its part at right angles to it.
    """
    beside = max(q - cosine * p, 0.0) * root
    return q * q if p < cosine * q else p * p + beside * beside


@njit(**INLINE)
def _confine(p, q, cosine, inverse, norm_1, norm_2, f_low, f_high, s_low, s_high):
    """Most energy that two unit curves explain with s0 and f within their bounds; s0 and f.

    The energy is concave in the two amplitudes: where its top lies beyond a bound, the most within
    lies on that bound. `inverse` is 1 / (1 - cosine²).
    """
    a, c = (p - cosine * q) * inverse / norm_1, (q - cosine * p) * inverse / norm_2
    p1, p2 = p * norm_1, q * norm_2
    q11, q12, q22 = norm_1 * norm_1, cosine * norm_1 * norm_2, norm_2 * norm_2
    across, turn = q12 - q11, q11 - 2 * q12 + q22
    s0 = a + c
    below, above = c < f_low * s0, c > f_high * s0
    edge = f_low if below else f_high
    on_edge = p1 + edge * (p2 - p1)
    on_edge /= q11 + edge * (2 * across + edge * turn)
    inside = not (below | above)
    s = s0 if inside else on_edge
    kept = min(max(s, s_low), s_high)
    within = inside & (s == kept)
    divisor = s0 if within else kept * turn
    share = c if within else p2 - p1 - kept * across
    f = min(max(share / max(divisor, 1e-300), f_low), f_high)
    f = edge if (s == kept) & (below | above) else f
    energy = kept * (2 * (p1 + f * (p2 - p1)) - kept * (q11 + f * (2 * across + f * turn)))
    return energy, kept, f


@njit(**JIT)
def _rank(along, nodes, sheet):
    """For each D* of the grid the most energy over D, and the node of D that explains it.

    Four nodes of D at a time: what is kept by D* is then read and written more seldom.
    """
    sheet[MOST * FAST : (MOST + 1) * FAST] = -1.0
    for i in range(0, SLOW, 4):
        p0, p1, p2, p3 = along[i], along[i + 1], along[i + 2], along[i + 3]
        at, energies = TABLES * FAST * i, (ENERGY + i) * FAST
        for j in range(FAST):
            q, most, top = sheet[ACROSS * FAST + j], sheet[MOST * FAST + j], sheet[TOPS * FAST + j]
            energy = _explain(p0, q, nodes[at + j], nodes[at + ROOT + j])
            sheet[energies + j] = energy
            top = float(i) if energy > most else top
            most = max(energy, most)
            energy = _explain(p1, q, nodes[at + NEXT + j], nodes[at + NEXT + ROOT + j])
            sheet[energies + FAST + j] = energy
            top = i + 1.0 if energy > most else top
            most = max(energy, most)
            energy = _explain(p2, q, nodes[at + 2 * NEXT + j], nodes[at + 2 * NEXT + ROOT + j])
            sheet[energies + 2 * FAST + j] = energy
            top = i + 2.0 if energy > most else top
            most = max(energy, most)
            energy = _explain(p3, q, nodes[at + 3 * NEXT + j], nodes[at + 3 * NEXT + ROOT + j])
            sheet[energies + 3 * FAST + j] = energy
            sheet[TOPS * FAST + j] = i + 3.0 if energy > most else top
            sheet[MOST * FAST + j] = max(energy, most)


@njit(**JIT)
def _rank_confined(along, nodes, norms_1, norms_2, limits, sheet):
    """:func:`_rank` with s0 and f within their bounds."""
    f_low, f_high, s_low, s_high = limits
    sheet[MOST * FAST : (MOST + 1) * FAST] = -np.inf
    for i in range(SLOW):
        p, norm = along[i], norms_1[i]
        at, energies = TABLES * FAST * i, (ENERGY + i) * FAST
        for j in range(FAST):
            energy, _, _ = _confine(
                p, sheet[ACROSS * FAST + j], nodes[at + j], nodes[at + INVERSE + j], norm,
                norms_2[j], f_low, f_high, s_low, s_high,
            )  # fmt: skip
            sheet[energies + j] = energy
            most = sheet[MOST * FAST + j]
            sheet[TOPS * FAST + j] = float(i) if energy > most else sheet[TOPS * FAST + j]
            sheet[MOST * FAST + j] = max(energy, most)


@njit(**INLINE)
def _cubic(shift):
    """Lagrange's weights of nodes 0 to 3 at `shift`."""
    t1, t2, t3 = shift - 1, shift - 2, shift - 3
    return -t1 * t2 * t3 / 6, shift * t2 * t3 / 2, -shift * t1 * t3 / 2, shift * t1 * t2 / 6


@njit(**JIT)
def _rank_held(along, nodes, norms_1, norms_2, limits, confined, sheet):
    """:func:`_rank` where D* is held: its first node is the only one."""
    f_low, f_high, s_low, s_high = limits
    q, top, most = sheet[ACROSS * FAST], 0, -np.inf
    for i in range(SLOW):
        at, energies = TABLES * FAST * i, (ENERGY + i) * FAST
        if confined:
            sheet[energies], _, _ = _confine(
                along[i], q, nodes[at], nodes[at + INVERSE], norms_1[i], norms_2[0],
                f_low, f_high, s_low, s_high,
            )  # fmt: skip
        else:
            sheet[energies] = _explain(along[i], q, nodes[at], nodes[at + ROOT])
        if sheet[energies] > most:
            most, top = sheet[energies], i
    sheet[MOST * FAST : (MOST + 1) * FAST] = -np.inf
    sheet[MOST * FAST], sheet[TOPS * FAST] = most, top


@njit(**JIT)
def _refine(count, along, slow, nodes, norms_1, norms_2, limits, confined, near, sheet):
    """Follow the energy between the nodes of D: the grid's roughness hides basins.

    The inner products are smooth in D where the energy is not: they are what is interpolated, at
    the vertex of the parabola through three energies. What lies below `near` is left as it is.
    """
    f_low, f_high, s_low, s_high = limits
    for j in range(count):
        most, top, q = sheet[MOST * FAST + j], int(sheet[TOPS * FAST + j]), sheet[ACROSS * FAST + j]
        sheet[BEST * FAST + j] = slow[top]
        i = min(max(top, 1), SLOW - 2)
        energies = (ENERGY + i) * FAST + j
        before, here, after = sheet[energies - FAST], sheet[energies], sheet[energies + FAST]
        sharpness = 2 * here - before - after
        if sharpness <= 0:
            continue
        shift = i + min(max(0.5 * (after - before) / sharpness, -1.0), 1.0)
        vertex = here + 0.25 * (shift - i) * (after - before)
        if vertex < near:
            sheet[MOST * FAST + j] = max(vertex, most)
            continue
        k = min(max(int(shift) - 1, 0), SLOW - 4)
        k0, k1, k2, k3 = _cubic(shift - k)
        at = TABLES * FAST * k + j
        p = k0 * along[k] + k1 * along[k + 1] + k2 * along[k + 2] + k3 * along[k + 3]
        c = k0 * nodes[at] + k1 * nodes[at + NEXT]
        c += k2 * nodes[at + 2 * NEXT] + k3 * nodes[at + 3 * NEXT]
        inverse = 1 / max(1 - c * c, 1e-12)
        if confined:
            norm = k0 * norms_1[k] + k1 * norms_1[k + 1] + k2 * norms_1[k + 2] + k3 * norms_1[k + 3]
            vertex, _, _ = _confine(
                p, q, c, inverse, norm, norms_2[j], f_low, f_high, s_low, s_high
            )
        else:
            beside = max(q - c * p, 0.0)
            vertex = q * q if p < c * q else p * p + beside * beside * inverse
        if vertex > most:
            sheet[MOST * FAST + j] = vertex
            sheet[BEST * FAST + j] = (
                k0 * slow[k] + k1 * slow[k + 1] + k2 * slow[k + 2] + k3 * slow[k + 3]
            )


@njit(**JIT)
def _next_basin(most, taken):
    """Index of the best local maximum that is not yet taken; -1 when none is left."""
    best, last = -1, most.size - 1
    for j in range(last + 1):
        rises = j == 0 or most[j] >= most[j - 1]
        falls = j == last or most[j] > most[j + 1]
        if rises and falls and not taken[j] and (best < 0 or most[j] > most[best]):
            best = j
    return best


@njit(**JIT)
def _between_nodes(j, most, best, fast):
    """D, D* and energy at the top of the parabola through node j and its neighbours along D*."""
    if 0 < j < most.size - 1:
        before, after = most[j - 1], most[j + 1]
        sharpness = 2 * most[j] - before - after
        if sharpness > 0:
            shift = min(max(0.5 * (after - before) / sharpness, -0.5), 0.5)
            k = j + 1 if shift > 0 else j - 1
            slow = best[j] + abs(shift) * (best[k] - best[j])
            top = most[j] + 0.25 * shift * (after - before)
            return slow, fast[j] + abs(shift) * (fast[k] - fast[j]), top
    return best[j], fast[j], most[j]


@njit(**JIT)
def amplitudes(
    signals: Floats,
    w: Floats,
    b: Floats,
    voxel: Integers,
    low: Floats,
    high: Floats,
    theta: Floats,
) -> None:
    """s0 and f in closed form for the two decays of each row of `theta`, f inside its bounds.

    Parameters
    ----------
    signals : array, shape (m, n)
    w, b : array, shape (n,)
    voxel : array of int, shape (j,)
        Row of `signals`, `low` and `high` of each start.
    low, high : array, shape (m, 4)
    theta : array, shape (j, 4)
        Has D and D*, gets s0 and f.
    """
    slow, fast = np.empty(b.size), np.empty(b.size)
    for j in range(voxel.size):
        v, d, d_star = voxel[j], theta[j, 1], theta[j, 2]
        for i in range(b.size):
            slow[i] = exp(-b[i] * d)
            fast[i] = exp(-b[i] * d_star)
        p = q = g11 = g12 = g22 = 0.0
        for i in range(b.size):
            p += w[i] * signals[v, i] * slow[i]
            q += w[i] * signals[v, i] * fast[i]
            g11 += w[i] * slow[i] * slow[i]
            g12 += w[i] * slow[i] * fast[i]
            g22 += w[i] * fast[i] * fast[i]
        n1, n2 = np.sqrt(g11), np.sqrt(max(g22, 1e-300))
        cosine = g12 / (n1 * n2)
        inverse = 1 / max(1 - cosine * cosine, 1e-12)
        least, most = low[v, 3], high[v, 3]
        _, _, f = _confine(
            p / n1, q / n2, cosine, inverse, n1, n2, least, most, low[v, 0], high[v, 0]
        )
        # On a bound of f one of the decays has no slope: a little inside every way is open.
        inset = 0.003 * (most - least)
        f = min(max(f, least + inset), most - inset)
        norm = (1 - f) * (1 - f) * g11 + 2 * f * (1 - f) * g12 + f * f * g22
        theta[j, 0] = min(max((p * (1 - f) + q * f) / norm, low[v, 0]), high[v, 0])
        theta[j, 3] = f


@njit(**JIT)
def _rank_own(y, w, b, slow, fast_curves, fast_norms, limits, confined, decay, sheet):
    """For each D* the energy with one D, the voxel's own; `decay` is room for the curve."""
    f_low, f_high, s_low, s_high = limits
    norm = p = 0.0
    for i in range(b.size):
        decay[i] = exp(-b[i] * slow)
        norm += w[i] * decay[i] * decay[i]
        p += w[i] * decay[i] * y[i]
    norm = np.sqrt(norm)
    _project(w, decay, fast_curves, FAST, MOST * FAST, sheet)
    for j in range(FAST):
        cosine, q = sheet[MOST * FAST + j] / norm, sheet[ACROSS * FAST + j]
        inverse = 1 / max(1 - cosine * cosine, 1e-12)
        sheet[BEST * FAST + j] = slow
        if confined:
            energy, _, _ = _confine(
                p / norm, q, cosine, inverse, norm, fast_norms[j], f_low, f_high, s_low, s_high
            )
            sheet[MOST * FAST + j] = energy
        else:
            sheet[MOST * FAST + j] = _explain(p / norm, q, cosine, np.sqrt(inverse))


@njit(**JIT)
def search_two_decays(
    signals: Floats,
    w: Floats,
    b: Floats,
    grid: tuple,
    low: Floats,
    high: Floats,
    confined: bool,
    own_slow: bool,
    starts: Floats,
    energies: Floats,
) -> None:
    """Starts of the bi-exponential: the two best basins along D*, and both of its ends.

    Parameters
    ----------
    signals : array, shape (m, n)
    grid : tuple
        SLOW nodes of D, their unit curves (n, SLOW) and norms, FAST nodes of D* and the same of
        them; for each D the rows cosine, 1 / (1 - cosine²) and its root, by D*, flat.
    low, high : array, shape (m, 4)
    confined : bool
        Rank by what s0 and f can explain within their bounds.
    own_slow : bool
        Every voxel has a D of its own (the first stage of a segmented fit).
    starts, energies : array, shape (m, 4, 2) and (m, 4)
        Filled with D and D*, and the energy that they explain; an energy of
        -inf marks a basin that is not there.
    """
    slow, slow_curves, slow_norms, fast, fast_curves, fast_norms, nodes = grid
    along, decay, taken = np.empty(SLOW), np.empty(b.size), np.empty(FAST, np.bool_)
    sheet = np.zeros((ENERGY + SLOW) * FAST)
    most, best = sheet[MOST * FAST : (MOST + 1) * FAST], sheet[BEST * FAST : (BEST + 1) * FAST]
    held = fast[0] == fast[FAST - 1] and not own_slow
    count = 1 if held else FAST
    for v in range(signals.shape[0]):
        y = signals[v]
        limits = (low[v, 3], high[v, 3], low[v, 0], high[v, 0])
        _project(w, y, fast_curves, count, ACROSS * FAST, sheet)
        if own_slow:
            _rank_own(y, w, b, low[v, 1], fast_curves, fast_norms, limits, confined, decay, sheet)
        else:
            _project(w, y, slow_curves, SLOW, 0, along)
            if held:
                _rank_held(along, nodes, slow_norms, fast_norms, limits, confined, sheet)
            elif confined:
                _rank_confined(along, nodes, slow_norms, fast_norms, limits, sheet)
            else:
                _rank(along, nodes, sheet)
            total = 0.0
            for i in range(b.size):
                total += w[i] * y[i] * y[i]
            top = most.max()
            near = top - CLOSE * (total - top) - ROUGHNESS * total
            _refine(
                count, along, slow, nodes, slow_norms, fast_norms, limits, confined, near, sheet
            )
        taken[:] = False
        for k in range(4):
            j = _next_basin(most, taken) if k < 2 else (k - 2) * (FAST - 1)
            energies[v, k] = -np.inf
            if j < 0 or taken[j] or (k > 0 and fast[0] == fast[FAST - 1]):
                continue
            taken[j] = True
            d, d_star, energies[v, k] = _between_nodes(j, most, best, fast)
            starts[v, k, 0], starts[v, k, 1] = d, d_star


@njit(**JIT)
def search_one_decay(
    signals: Floats, w: Floats, nodes: Floats, curves: Floats, norms: Floats, starts: Floats
) -> None:
    """Start of a model with one amplitude: the best node of a grid.

    Parameters
    ----------
    signals : array, shape (m, n)
    w : array, shape (n,)
    nodes : array, shape (g, k - 1)
    curves, norms : array, shape (n, g) and (g,)
        The curves have unit norm.
    starts : array, shape (m, k)
        Filled.
    """
    likeness = np.empty(curves.shape[1])
    for v in range(signals.shape[0]):
        _project(w, signals[v], curves, likeness.size, 0, likeness)
        node = np.argmax(likeness)
        starts[v, 0] = likeness[node] / norms[node]
        starts[v, 1:] = nodes[node]


# Standard errors ----------------------------------------------------------------------------------


@njit(**JIT)
def standard_errors(
    gauss: Floats,
    theta: Floats,
    low: Floats,
    high: Floats,
    sse: Floats,
    samples: int,
    total_weight: float,
    peaks: Floats,
    errors: Floats,
    remark: NDArray[np.uint8],
) -> None:
    """Standard errors of the parameters that are free, from Gauss-Newton's lower triangle.

    `remark` is 0, or 1 where a parameter lies at its bound, or 2 where one has no influence: that
    one is put at its lower bound, for any other value is as good and would be one of chance.
    `samples` less the parameters that vary are the degrees of freedom.

    Parameters
    ----------
    gauss : array, shape (m, 10)
    theta, low, high : array, shape (m, k)
    sse, peaks : array, shape (m,)
        Weighted sums of squares and largest samples.
    samples : int
    total_weight : float
    errors, remark : array, shape (m, k) and (m,)
        Filled.
    """
    k = theta.shape[1]
    free, matrix, column = np.empty(k, np.bool_), np.empty((k, k)), np.empty(k)
    for v in range(theta.shape[0]):
        count = varying = 0
        remark[v] = 0
        for p in range(k):
            errors[v, p] = np.nan
            varies = low[v, p] < high[v, p]
            at_bound = varies and (theta[v, p] <= low[v, p] or theta[v, p] >= high[v, p])
            reach = np.sqrt(max(gauss[v, p * (p + 3) // 2], 0.0) / total_weight)
            powerless = varies and reach * (high[v, p] - low[v, p]) < POWERLESS * peaks[v]
            free[p] = varies and not at_bound and not powerless
            if powerless:
                theta[v, p] = low[v, p]
            remark[v] = max(remark[v], 2 if powerless else (1 if at_bound else 0))
            varying += varies
            count += free[p]
        if samples <= varying:
            continue
        positive = True
        for i in range(k):
            if not free[i]:
                continue
            for j in range(i + 1):
                if not free[j]:
                    continue
                scale = gauss[v, i * (i + 3) // 2]
                value = gauss[v, i * (i + 1) // 2 + j]
                for q in range(j):
                    if free[q]:
                        value -= matrix[i, q] * matrix[j, q]
                if i == j:
                    positive = positive and value > 1e-14 * scale
                    matrix[i, i] = 1 / np.sqrt(max(value, 1e-300))
                else:
                    matrix[i, j] = value * matrix[j, j]
        if not positive:
            continue
        # With gauss = L L', the inverse's diagonal holds the squared columns of L's inverse.
        for p in range(k):
            if not free[p]:
                continue
            variance = 0.0
            for i in range(p, k):
                if free[i]:
                    value = 1.0 if i == p else 0.0
                    for q in range(p, i):
                        if free[q]:
                            value -= matrix[i, q] * column[q]
                    column[i] = value * matrix[i, i]
                    variance += column[i] * column[i]
            errors[v, p] = np.sqrt(variance * sse[v] / (samples - count))


# Shrinkage ----------------------------------------------------------------------------------------


@njit(**JIT)
def _likelihood(y, w, b, sigma, floor, d, d_star, f, curve):
    """Log-likelihood of one voxel's D, D*, f with s0 and noise integrated out, and its s0.

    Without a floor (`sigma` empty) s0 is in closed form; with it, four Gauss-Newton steps from
    there, and Laplace's approximation of the integral. `curve` is room for n numbers.
    """
    n = b.size
    for i in range(n):
        curve[i] = (1 - f) * exp(-b[i] * d) + f * exp(-b[i] * d_star)
    product = norm = energy = 0.0
    for i in range(n):
        product += w[i] * y[i] * curve[i]
        norm += w[i] * curve[i] * curve[i]
        energy += w[i] * y[i] * y[i]
    s0 = product / norm
    rest = energy - product * s0
    for _ in range(4 if sigma.size else 0):
        pull = norm = rest = 0.0
        for i in range(n):
            x = max(s0 * curve[i] / sigma[i], 0.0)
            k = min(int(min(x, FLOOR_REACH) / FLOOR_STEP), floor.shape[1] - 2)
            t = x / FLOOR_STEP - k
            mean = (1 - t) * floor[0, k] + t * floor[0, k + 1]
            gain = (1 - t) * floor[1, k] + t * floor[1, k + 1]
            if x >= FLOOR_REACH:
                mean, gain = x + 0.5 / x, 1 - 0.5 / (x * x)
            off = y[i] - sigma[i] * mean
            rest += w[i] * off * off
            pull += w[i] * off * gain * curve[i]
            norm += w[i] * gain * gain * curve[i] * curve[i]
        s0 = max(s0 + pull / max(norm, 1e-300), 1e-12 * s0)
    return -0.5 * np.log(norm) - (n - 1) / 2 * np.log(max(rest, 1e-12 * energy)), s0


@njit(**JIT)
def likelihoods(
    signals: Floats,
    tall: Floats,
    energy: Floats,
    w: Floats,
    b: Floats,
    sigma: Floats,
    floor: Floats,
    theta: Floats,
    loglik: Floats,
    s0: Floats,
) -> None:
    """:func:`_likelihood` of every voxel at its (ln D, ln D*, logit f).

    Without a floor SLOTS voxels go side by side.

    Parameters
    ----------
    signals : array, shape (m, n)
    tall : array
        The signals in groups of SLOTS, b by b with the slot innermost.
    energy : array, shape (m,)
        Their weighted squares.
    w, b : array, shape (n,)
    sigma : array, shape (n,) or (0,)
    floor : array, shape (2, nodes) or (2, 0)
    theta : array, shape (m, 3)
    loglik, s0 : array, shape (m,)
        Filled.
    """
    if sigma.size:
        curve = np.empty(b.size)
        for v in range(signals.shape[0]):
            d, d_star = np.exp(theta[v, 0]), np.exp(theta[v, 1])
            f = 1 / (1 + np.exp(-theta[v, 2]))
            loglik[v], s0[v] = _likelihood(signals[v], w, b, sigma, floor, d, d_star, f, curve)
        return
    n, last = b.size, signals.shape[0] - 1
    desk, room = np.empty(5 * SLOTS), np.empty(n * SLOTS)
    for first in range(0, signals.shape[0], SLOTS):
        room[:] = tall[first * n : first * n + n * SLOTS]
        for s in range(SLOTS):
            v = min(first + s, last)
            desk[s], desk[SLOTS + s] = exp(theta[v, 0]), exp(theta[v, 1])
            desk[2 * SLOTS + s] = 1 / (1 + exp(-theta[v, 2]))
            desk[3 * SLOTS + s] = desk[4 * SLOTS + s] = 0.0
        for i in range(n):
            minus, weight = -b[i], w[i]
            for s in range(SLOTS):
                slow, fast = exp(minus * desk[s]), exp(minus * desk[SLOTS + s])
                curve = slow + desk[2 * SLOTS + s] * (fast - slow)
                desk[3 * SLOTS + s] += weight * room[i * SLOTS + s] * curve
                desk[4 * SLOTS + s] += weight * curve * curve
        for s in range(min(SLOTS, signals.shape[0] - first)):
            v, product, norm = first + s, desk[3 * SLOTS + s], desk[4 * SLOTS + s]
            s0[v] = product / norm
            rest = max(energy[v] - product * s0[v], 1e-12 * energy[v])
            loglik[v] = -0.5 * np.log(norm) - (n - 1) / 2 * np.log(rest)


@njit(**JIT)
def metropolis(
    low: Floats,
    high: Floats,
    mean: Floats,
    precision: Floats,
    proposal: Floats,
    new: Floats,
    height: Floats,
    log_u: Floats,
    theta: Floats,
    loglik: Floats,
    s0: Floats,
    taken: Bools,
) -> None:
    """A Metropolis step of every voxel: `theta`, `loglik` and `s0` follow where it is taken.

    Parameters
    ----------
    low, high, mean : array, shape (3,)
    precision : array, shape (3, 3)
    proposal, theta : array, shape (m, 3)
    new, height : array, shape (m,)
        Log-likelihoods of the proposals and their s0.
    log_u : array, shape (m,)
        Logarithms of uniform draws.
    loglik, s0, taken : array, shape (m,)
    """
    for v in range(theta.shape[0]):
        taken[v] = False
        inside, gain = True, 0.0
        for p in range(3):
            inside &= (proposal[v, p] > low[p]) and (proposal[v, p] < high[p])
            for q in range(3):
                here = (theta[v, p] - mean[p]) * (theta[v, q] - mean[q])
                there = (proposal[v, p] - mean[p]) * (proposal[v, q] - mean[q])
                gain += 0.5 * precision[p, q] * (here - there)
        if inside and log_u[v] < new[v] - loglik[v] + gain:
            theta[v], loglik[v], s0[v], taken[v] = proposal[v], new[v], height[v], True


# What is compiled ---------------------------------------------------------------------------------

FITTING = (descend, amplitudes, search_two_decays, search_one_decay, standard_errors)
ENTRIES = (*FITTING, likelihoods, metropolis)
"""The functions that Python calls: those of every fit, and those of shrinkage too."""


def compiled_names(entries: tuple = ENTRIES) -> set[str]:
    """Names of the functions that are compiled, each by itself, for some that Python calls.

    Parameters
    ----------
    entries : tuple of compiled functions

    Returns
    -------
    set of str
    """
    names: set[str] = set()
    waiting = list(entries)
    while waiting:
        function = waiting.pop()
        called = (globals().get(name) for name in function.py_func.__code__.co_names)
        waiting += [one for one in called if hasattr(one, "py_func") and one is not function]
        if "inline" not in function.targetoptions:  # else it goes into its callers
            names.add(function.py_func.__name__)
    return names


def is_compiled() -> bool:
    """True where numba's cache has everything for this processor and this source.

    The cache is kept by processor: another one, or another setting of NUMBA_CPU_NAME, compiles for
    itself, whatever the times of files are.
    """
    return all(function.signatures or _is_cached(function) for function in ENTRIES)


def _is_cached(function):
    try:
        processor = function.targetctx.codegen().magic_tuple()
        overloads = function._cache._cache_file._load_index()
    except (AttributeError, OSError):  # another numba keeps its cache otherwise: compile to be sure
        return False
    return any(key[1] == processor for key in overloads)
