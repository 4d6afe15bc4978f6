"""Everything compiled: the bounded least squares of one voxel, and the loop over voxels.

All of it stands in this one file on purpose: numba's cache notices a change in the file of the
compiled function only. `theta` holds a voxel's parameters in the model's order, s0 first; units are
those of the signal, s/mm² and mm²/s.

The search: the sum of squares on a grid of the non-linear parameters with the amplitudes in closed
form (variable projection, Golub and Pereyra 1973), the best one or two basins of it followed by
damped Newton steps within the bounds.
"""

import numpy as np
from numba import njit

from ivim.signal import noise

KINDS = {"monoexponential": 0, "biexponential": 1, "stretched": 2, "kurtosis": 3}
"""The models that are compiled; :func:`curve` has one branch for each."""

# Sums may be reordered and fused, so that loops over b run four at a time; NaN never gets here (it
# has a reason code).
FAST = {"contract", "reassoc", "nsz", "arcp", "afn"}
JIT = {"cache": True, "nogil": True, "fastmath": FAST}

MAX_STEPS = 200
BASINS = 2  # the sum of squares of a bi-exponential often has two minima along D*, one at each end
LEAN = 0.05  # a smaller share than this of one of the two parts
NEAR = 1e-3  # of the width of the bounds: closer to a bound than this, the bound itself is tried
# of the largest signal: a parameter whose whole range moves the signal less has no influence
POWERLESS = 1e-9

# The Rician mean of unit noise and its slope on nodes of the amplitude, joined by cubic Hermite
# pieces (error below 1e-9); numba has no Bessel functions.
FLOOR_STEP = 1 / 64
FLOOR_REACH = 16.0
_NODES = np.arange(0, FLOOR_REACH + 1.5 * FLOOR_STEP, FLOOR_STEP)
FLOOR_MEAN = noise.rician_mean(_NODES, 1.0)
FLOOR_SLOPE = noise.rician_slope(_NODES, 1.0)


@njit(**JIT)
def inner(w, x, y):
    """Weighted inner product."""
    total = 0.0
    for i in range(w.size):
        total += w[i] * x[i] * y[i]
    return total


@njit(**JIT)
def project(w, y, curves, products):
    """Weighted inner products of a signal with each column of `curves` (b, g), all columns at
    once."""
    products[:] = 0.0
    for i in range(w.size):
        weighted = w[i] * y[i]
        for g in range(products.size):
            products[g] += weighted * curves[i, g]


@njit(**JIT)
def curve(kind, b, theta, signal, slopes):
    """Signal and its derivatives (rows of `slopes`), as the functions and Jacobians of
    :mod:`ivim.signal.models`."""
    s0 = theta[0]
    if kind == 0:
        for i in range(b.size):
            slopes[0, i] = np.exp(-b[i] * theta[1])
            slopes[1, i] = -b[i] * s0 * slopes[0, i]
    elif kind == 1:
        f = theta[3]
        for i in range(b.size):
            slow, fast = np.exp(-b[i] * theta[1]), np.exp(-b[i] * theta[2])
            slopes[0, i] = (1 - f) * slow + f * fast
            slopes[1, i] = -b[i] * s0 * (1 - f) * slow
            slopes[2, i] = -b[i] * s0 * f * fast
            slopes[3, i] = s0 * (fast - slow)
    elif kind == 2:
        for i in range(b.size):
            x = b[i] * theta[1]
            log_x = np.log(x) if x > 0 else 0.0
            power = np.exp(theta[2] * log_x) if x > 0 else 0.0
            slopes[0, i] = np.exp(-power)
            slopes[1, i] = -s0 * slopes[0, i] * power * theta[2] / theta[1] if x > 0 else 0.0
            slopes[2, i] = -s0 * slopes[0, i] * power * log_x
    else:
        for i in range(b.size):
            x = b[i] * theta[1]
            slopes[0, i] = np.exp(-x + x * x * theta[2] / 6)
            slopes[1, i] = s0 * slopes[0, i] * b[i] * (x * theta[2] / 3 - 1)
            slopes[2, i] = s0 * slopes[0, i] * x * x / 6
    for i in range(b.size):
        signal[i] = s0 * slopes[0, i]


@njit(**JIT)
def bend(kind, b, theta, slopes, pull, hessian):
    """Subtract sum(pull x second derivatives of the signal) from the Gauss-Newton matrix, which
    makes it Newton's.

    Plain Gauss-Newton steps creep where the residuals are large beside the curvature, as they are
    at the SNR of a voxel.
    """
    s0 = theta[0]
    if s0 <= 0:
        return
    for i in range(b.size):
        u, e = pull[i], slopes[0, i]
        if kind == 1:
            f, gap = theta[3], slopes[3, i] / s0
            slow, fast = u * b[i] * (e - f * gap), u * b[i] * (e + (1 - f) * gap)
            hessian[1, 0] += (1 - f) * slow
            hessian[1, 1] -= b[i] * s0 * (1 - f) * slow
            hessian[2, 0] += f * fast
            hessian[2, 2] -= b[i] * s0 * f * fast
            hessian[3, 0] -= u * gap
            hessian[3, 1] -= s0 * slow
            hessian[3, 2] += s0 * fast
        elif e > 1e-100:  # s0 exp(phi): the derivatives of phi follow from those of the signal
            us = u * s0 * e
            for p in range(1, theta.size):
                hessian[p, 0] -= u * slopes[p, i] / s0
                for q in range(1, p + 1):
                    hessian[p, q] -= u * slopes[p, i] * slopes[q, i] / (s0 * e)
            if kind == 2 and slopes[1, i] != 0:
                power = -slopes[1, i] / (s0 * e) * theta[1] / theta[2]
                log_x = -slopes[2, i] / (s0 * e) / power
                hessian[1, 1] += us * theta[2] * (theta[2] - 1) * power / (theta[1] * theta[1])
                hessian[2, 1] += us * power * (1 + theta[2] * log_x) / theta[1]
                hessian[2, 2] += us * power * log_x * log_x
            elif kind == 3:
                hessian[1, 1] -= us * b[i] * b[i] * theta[2] / 3
                hessian[2, 1] -= us * b[i] * b[i] * theta[1] / 3


@njit(**JIT)
def raise_floor(sigma, signal, gain, bow):
    """Turn a signal into the Rician mean at noise level `sigma` (n,); `gain` and `bow` get its
    first two derivatives."""
    for i in range(signal.size):
        x = max(signal[i], 0.0) / sigma[i]
        if x < FLOOR_REACH:
            k = int(x / FLOOR_STEP)
            t = x / FLOOR_STEP - k
            m0, m1 = FLOOR_MEAN[k], FLOOR_MEAN[k + 1]
            d0, d1 = FLOOR_STEP * FLOOR_SLOPE[k], FLOOR_STEP * FLOOR_SLOPE[k + 1]
            c2, c3 = 3 * (m1 - m0) - 2 * d0 - d1, 2 * (m0 - m1) + d0 + d1
            mean = m0 + t * (d0 + t * (c2 + t * c3))
            gain[i] = (d0 + t * (2 * c2 + 3 * t * c3)) / FLOOR_STEP
            bow[i] = (2 * c2 + 6 * t * c3) / (FLOOR_STEP * FLOOR_STEP * sigma[i])
        else:  # asymptotic series, the next term below 1e-8
            q = 1 / (x * x)
            mean = x * (1 + q * (0.5 + q * (0.125 + q * 0.1875)))
            gain[i] = 1 - q * (0.5 + q * (0.375 + q * 0.9375))
            bow[i] = q / (x * sigma[i])
        signal[i] = sigma[i] * mean


@njit(**JIT)
def solve(matrix, scale, damping, right, free, step, factor):
    """Cholesky solution of (matrix + damping x diag(scale)) step = right over the free parameters;
    False if not positive.

    `factor` gets the lower triangle, with the reciprocals of its diagonal.
    """
    k = right.size
    for i in range(k):
        step[i] = 0.0
        if not free[i]:
            continue
        for j in range(i + 1):
            if not free[j]:
                continue
            value = matrix[i, j] + (damping * scale[i, i] if i == j else 0.0)
            for q in range(j):
                if free[q]:
                    value -= factor[i, q] * factor[j, q]
            if i == j:
                if value <= 1e-14 * scale[i, i]:
                    return False
                factor[i, i] = 1 / np.sqrt(value)
            else:
                factor[i, j] = value * factor[j, j]
    for i in range(k):
        if free[i]:
            value = right[i]
            for q in range(i):
                if free[q]:
                    value -= factor[i, q] * step[q]
            step[i] = value * factor[i, i]
    for i in range(k - 1, -1, -1):
        if free[i]:
            value = step[i]
            for q in range(i + 1, k):
                if free[q]:
                    value -= factor[q, i] * step[q]
            step[i] = value * factor[i, i]
    return True


@njit(**JIT)
def evaluate(kind, y, w, b, sigma, theta, signal, slopes, gain, bow):
    """Weighted sum of squares at theta; fills the expected signal and the derivatives. An empty
    `sigma` means no noise floor."""
    curve(kind, b, theta, signal, slopes)
    if sigma.size:
        raise_floor(sigma, signal, gain, bow)
    sse = 0.0
    for i in range(b.size):
        sse += w[i] * (y[i] - signal[i]) ** 2
    return sse


@njit(**JIT)
def normal_equations(
    kind, y, w, b, sigma, theta, signal, slopes, gain, bow, pull, gauss, newton, downhill
):
    """Gauss-Newton matrix, Newton matrix (lower triangles) and half the negative gradient."""
    for i in range(b.size):
        pull[i] = w[i] * (y[i] - signal[i]) * gain[i]
    for p in range(theta.size):
        total = 0.0
        for i in range(b.size):
            total += pull[i] * slopes[p, i]
        downhill[p] = total
        for q in range(p + 1):
            total = 0.0
            for i in range(b.size):
                total += w[i] * gain[i] * gain[i] * slopes[p, i] * slopes[q, i]
            gauss[p, q] = newton[p, q] = total
            if sigma.size:
                for i in range(b.size):
                    newton[p, q] -= w[i] * (y[i] - signal[i]) * bow[i] * slopes[p, i] * slopes[q, i]
    bend(kind, b, theta, slopes, pull, newton)


@njit(**JIT)
def make_room(n, k):
    """Working arrays for one voxel after the other: to allocate them anew for each takes longer
    than its fit."""
    rows, columns, matrices, vectors = (
        np.ones((7, n)),
        np.empty((2, k, n)),
        np.zeros((3, k, k)),
        np.empty((7, k)),
    )
    rows[4:6] = 0.0
    return rows, columns, matrices, vectors, np.empty(k, np.bool_)


@njit(**JIT)
def descend(kind, y, w, b, sigma, low, high, theta, room):
    """Bounded least squares from `theta`, which is moved to the minimum.

    Newton steps where the Hessian is positive, Gauss-Newton steps elsewhere, both with Marquardt's
    damping and cut at the bounds. A parameter at a bound with the descent pointing outwards is
    held; equal bounds hold it always.

    Returns
    -------
    sse : float
    converged : bool
    """
    k = theta.size
    rows, columns, matrices, vectors, free = room
    signal, trial_signal, gain, trial_gain, bow, trial_bow, pull = rows
    slopes, trial_slopes = columns
    gauss, newton, factor = matrices
    downhill, step, trial = vectors[0], vectors[1], vectors[2]
    sse = evaluate(kind, y, w, b, sigma, theta, signal, slopes, gain, bow)
    tiny = 1e-28 * inner(w, y, y)
    damping, moved = 1e-3, True
    for _ in range(MAX_STEPS):
        if moved:
            normal_equations(
                kind,
                y,
                w,
                b,
                sigma,
                theta,
                signal,
                slopes,
                gain,
                bow,
                pull,
                gauss,
                newton,
                downhill,
            )
            for p in range(k):
                outward_low = theta[p] <= low[p] and downhill[p] <= 0
                outward_high = theta[p] >= high[p] and downhill[p] >= 0
                free[p] = not (outward_low or outward_high) and gauss[p, p] > 0
        if not solve(newton, gauss, damping, downhill, free, step, factor):
            if not solve(gauss, gauss, damping, downhill, free, step, factor):
                damping, moved = max(10 * damping, 1e-6), False
                if damping > 1e10:
                    return sse, True
                continue
        for p in range(k):
            trial[p] = min(max(theta[p] + step[p], low[p]), high[p])
        trial_sse = evaluate(
            kind, y, w, b, sigma, trial, trial_signal, trial_slopes, trial_gain, trial_bow
        )
        fall = sse - trial_sse
        if fall > 0:
            sse, moved = trial_sse, True
            theta[:] = trial
            signal, trial_signal = trial_signal, signal
            slopes, trial_slopes = trial_slopes, slopes
            gain, trial_gain = trial_gain, gain
            bow, trial_bow = trial_bow, bow
            damping = max(0.1 * damping, 1e-12)
            if fall <= 1e-9 * sse + tiny:  # Newton's next step would gain the square of that
                return sse, True
        else:
            if -fall <= 1e-14 * sse + tiny or damping > 1e10:
                return sse, True
            damping, moved = max(10 * damping, 1e-10), False
    return sse, False


@njit(**JIT)
def settle(kind, y, w, b, sigma, low, high, theta, room):
    """:func:`descend`, then the bounds that lie near: on a flat valley the bound itself may be as
    good, and says so."""
    sse, converged = descend(kind, y, w, b, sigma, low, high, theta, room)
    lower, upper, trial = room[3][4], room[3][5], room[3][6]
    lower[:], upper[:] = low, high
    for p in range(theta.size):
        edge = low[p] if theta[p] - low[p] < high[p] - theta[p] else high[p]
        if theta[p] != edge and abs(theta[p] - edge) < NEAR * (high[p] - low[p]):
            trial[:] = theta
            trial[p] = lower[p] = upper[p] = edge
            trial_sse, _ = descend(kind, y, w, b, sigma, lower, upper, trial, room)
            if trial_sse <= sse * (1 + 1e-10) + 1e-25 * inner(w, y, y):
                sse = trial_sse
                theta[:] = trial
            else:
                lower[p], upper[p] = low[p], high[p]
    return sse, converged


@njit(**JIT)
def explain(p, q, cosine, inverse):
    """Energy that non-negative amplitudes of two unit curves explain; p and q are the signal's
    inner products with them."""
    a, c = p - cosine * q, q - cosine * p
    energy = q * q if a < 0 else (a * p + c * q) * inverse
    return p * p if c < 0 else energy


@njit(**JIT)
def profile(y, w, b, slow, slow_curves, fast_curves, cosine, inverse, desk):
    """For each D* of the grid, the most of the signal's energy that the two decays explain, and the
    D that does it.

    Curves (columns) have unit weighted norm, `cosine` (slow x fast) is their inner product and
    `inverse` 1 / (1 - cosine²). Between the nodes of D the energy is followed by a parabola, else
    the grid's own roughness would hide a basin; and looked up at its vertex where the nodes do not
    agree whether there is a fast part, for there the energy has a kink.
    """
    along, across, energy, tops, explained, best_slow, _ = desk
    project(w, y, slow_curves, along[: slow.size])
    project(w, y, fast_curves, across)
    explained[:] = -1.0
    n = explained.size
    for i in range(
        slow.size
    ):  # two plain loops over D*, with `explain` written out, which go four columns at a time
        p, node = along[i], float(i)
        for j in range(n):
            q = across[j]
            a, c = p - cosine[i, j] * q, q - cosine[i, j] * p
            both = (a * p + c * q) * inverse[i, j]
            both = q * q if a < 0.0 else both
            energy[i, j] = p * p if c < 0.0 else both
        for j in range(n):
            now, most = energy[i, j], explained[j]
            higher = now > most
            tops[j] = node if higher else tops[j]
            explained[j] = now if higher else most
    for j in range(n):
        top, q = int(tops[j]), across[j]
        best_slow[j] = slow[top]
        if top == 0 or top == slow.size - 1:
            continue
        before, after = energy[top - 1, j], energy[top + 1, j]
        sharpness = 2 * explained[j] - before - after
        if sharpness <= 0:
            continue
        shift = 0.5 * (after - before) / sharpness
        best_slow[j] += shift * (
            slow[top + 1] - slow[top] if shift > 0 else slow[top] - slow[top - 1]
        )
        fast_part = 0
        for i in range(top - 1, top + 2):
            fast_part += q > cosine[i, j] * along[i]
        if fast_part == 0 or fast_part == 3:
            explained[j] += 0.25 * shift * (after - before)
        else:
            norm = p = between = 0.0
            for i in range(b.size):
                decay = np.exp(-b[i] * best_slow[j])
                norm += w[i] * decay * decay
                p += w[i] * y[i] * decay
                between += w[i] * fast_curves[i, j] * decay
            between /= np.sqrt(norm)
            vertex = explain(p / np.sqrt(norm), q, between, 1 / max(1 - between * between, 1e-12))
            if vertex > explained[j]:
                explained[j] = vertex
            else:
                best_slow[j] = slow[top]


@njit(**JIT)
def next_basin(explained, taken):
    """Index of the best local maximum that is not yet taken; -1 when none is left."""
    best, last = -1, explained.size - 1
    for j in range(last + 1):
        rises = j == 0 or explained[j] >= explained[j - 1]
        falls = j == last or explained[j] > explained[j + 1]
        if rises and falls and not taken[j] and (best < 0 or explained[j] > explained[best]):
            best = j
    return best


@njit(**JIT)
def between_nodes(j, explained, best_slow, fast):
    """D and D* at the top of the parabola through node j and its neighbours along D*, or at the
    node where there is no such top."""
    if 0 < j < explained.size - 1:
        sharpness = 2 * explained[j] - explained[j - 1] - explained[j + 1]
        if sharpness > 0:
            shift = min(max(0.5 * (explained[j + 1] - explained[j - 1]) / sharpness, -0.5), 0.5)
            k = j + 1 if shift > 0 else j - 1
            slow = best_slow[j] + abs(shift) * (best_slow[k] - best_slow[j])
            return slow, fast[j] + abs(shift) * (fast[k] - fast[j])
    return best_slow[j], fast[j]


@njit(**JIT)
def amplitudes(y, w, slow, fast, low, high):
    """s0 and f in closed form for two given decays, f a little inside its bounds."""
    p, q = inner(w, y, slow), inner(w, y, fast)
    g11, g12, g22 = inner(w, slow, slow), inner(w, slow, fast), inner(w, fast, fast)
    a, c = max(p * g22 - q * g12, 0.0), max(q * g11 - p * g12, 0.0)
    f = c / (a + c) if a + c > 0 else 0.5
    f = min(max(f, low + 0.003 * (high - low)), high - 0.003 * (high - low))
    return (p * (1 - f) + q * f) / ((1 - f) ** 2 * g11 + 2 * f * (1 - f) * g12 + f * f * g22), f


@njit(**JIT)
def one_slow(diffusivity, w, b, fast_curves):
    """The tables of the grid for one D only."""
    curves = np.exp(-b * diffusivity)
    curves /= np.sqrt(inner(w, curves, curves))
    cosine = np.empty((1, fast_curves.shape[1]))
    project(w, curves, fast_curves, cosine[0])
    return (
        np.array([diffusivity]),
        curves.reshape(-1, 1),
        cosine,
        1 / np.maximum(1 - cosine**2, 1e-12),
    )


@njit(**JIT)
def fit_two_decays(y, cleaned, w, b, sigma, low, high, grid, thorough, theta, room, desk, trial):
    """The bi-exponential from the best basins of the grid; with equal bounds of D (a segmented fit)
    D stays where it is.

    `thorough` starts from every D* of the grid, for bounds of f or s0 that the grid does not know.
    """
    slow, slow_curves, fast, fast_curves, cosine, inverse = grid
    explained, best_slow, taken = desk[4], desk[5], desk[6]
    if low[1] == high[1]:
        slow, slow_curves, cosine, inverse = one_slow(low[1], w, b, fast_curves)
    profile(cleaned, w, b, slow, slow_curves, fast_curves, cosine, inverse, desk)
    taken[:] = False
    best, converged = np.inf, False
    for start in range(fast.size if thorough else BASINS + 3):
        if thorough:
            j = start
        elif start < BASINS:
            j = next_basin(explained, taken)
        # with hardly any of one part, the basins are shallower than the grid can tell: look from
        # both ends too
        else:
            j = (
                (start - BASINS) * (fast.size - 1) // 2
                if min(theta[3], 1 - theta[3]) < LEAN
                else -1
            )
        if j < 0:
            continue
        taken[j] = True
        trial[1], trial[2] = between_nodes(j, explained, best_slow, fast)
        first, second = room[0][0], room[0][1]
        for i in range(b.size):
            first[i], second[i] = np.exp(-b[i] * trial[1]), np.exp(-b[i] * trial[2])
        trial[0], trial[3] = amplitudes(cleaned, w, first, second, low[3], high[3])
        for p in range(4):
            trial[p] = min(max(trial[p], low[p]), high[p])
        sse, settled = settle(1, y, w, b, sigma, low, high, trial, room)
        if sse < best:
            best, converged = sse, settled
            theta[:] = trial
    return best, converged


@njit(**JIT)
def fit_one_decay(kind, y, cleaned, w, b, sigma, low, high, nodes, curves, likeness, theta, room):
    """A model with one amplitude from the best node of its grid; `curves` have unit weighted
    norm."""
    project(w, cleaned, curves, likeness)
    node = np.argmax(likeness)
    theta[0] = 1.0
    theta[1:] = nodes[node]
    signal, slopes = room[0][0], room[1][0]
    curve(kind, b, theta, signal, slopes)
    theta[0] = inner(w, cleaned, signal) / inner(w, signal, signal)
    for p in range(theta.size):
        theta[p] = min(max(theta[p], low[p]), high[p])
    return settle(kind, y, w, b, sigma, low, high, theta, room)


@njit(**JIT)
def standard_errors(kind, y, w, b, sigma, low, high, theta, peak, within, samples, errors, room):
    """Standard errors of the parameters that are free; returns 0, or 1 for one at its bound, or 2
    for one without influence."""
    k = theta.size
    rows, columns, matrices, vectors, free = room
    signal, _, gain, _, bow, _, pull = rows
    slopes, gauss, newton, factor = columns[0], matrices[0], matrices[1], matrices[2]
    unit, column = vectors[0], vectors[1]
    sse = evaluate(kind, y, w, b, sigma, theta, signal, slopes, gain, bow) + within
    normal_equations(
        kind, y, w, b, sigma, theta, signal, slopes, gain, bow, pull, gauss, newton, unit
    )
    remark, count = 0, 0
    for p in range(k):
        reach = 0.0
        for i in range(b.size):
            reach = max(reach, abs(slopes[p, i] * gain[i]))
        varies = low[p] < high[p]
        at_bound = varies and (theta[p] <= low[p] or theta[p] >= high[p])
        powerless = varies and reach * (high[p] - low[p]) < POWERLESS * peak
        free[p] = varies and not at_bound and not powerless
        remark = max(remark, 2 if powerless else (1 if at_bound else 0))
        count += free[p]
    errors[:] = np.nan
    unit[:] = 0.0
    if samples > k and solve(gauss, gauss, 0.0, unit, free, column, factor):
        # With gauss = L L', the inverse's diagonal holds the squared columns of the inverse of L.
        for p in range(k):
            if not free[p]:
                continue
            variance = 0.0
            for i in range(p, k):
                if free[i]:
                    value = 1.0 if i == p else 0.0
                    for q in range(p, i):
                        if free[q]:
                            value -= factor[i, q] * column[q]
                    column[i] = value * factor[i, i]
                    variance += column[i] * column[i]
            errors[p] = np.sqrt(variance * sse / (samples - count))
    return remark


@njit(**JIT)
def fit_block(
    kind, signals, cleaned, w, b, sigma, low, high, nodes, curves, grid, thorough, peaks, within, samples,
    theta, errors, sse, code,
):  # fmt: skip
    """Fit each row of `signals` into the last four arrays; `low` and `high` have one row per voxel.

    The grid looks at `cleaned`, `within` is the scatter of repeats about the means in `signals`,
    `samples` their number before that. Code: 0 good, 1 at a bound, 2 a parameter without influence,
    3 not converged.
    """
    room = make_room(b.size, theta.shape[1])
    n_slow, n_fast = grid[0].size, grid[2].size
    likeness, trial = np.empty(curves.shape[1]), np.empty(4)
    desk = (
        np.empty(n_slow), np.empty(n_fast), np.empty((n_slow, n_fast)), np.zeros(n_fast), np.empty(n_fast), np.empty(n_fast),
        np.empty(n_fast, np.bool_),
    )  # fmt: skip
    for v in range(signals.shape[0]):
        y, lower, upper = signals[v], low[v], high[v]
        if kind == 1:
            sse[v], converged = fit_two_decays(
                y,
                cleaned[v],
                w,
                b,
                sigma,
                lower,
                upper,
                grid,
                thorough,
                theta[v],
                room,
                desk,
                trial,
            )
        else:
            sse[v], converged = fit_one_decay(
                kind,
                y,
                cleaned[v],
                w,
                b,
                sigma,
                lower,
                upper,
                nodes,
                curves,
                likeness,
                theta[v],
                room,
            )
        code[v] = standard_errors(
            kind,
            y,
            w,
            b,
            sigma,
            lower,
            upper,
            theta[v],
            peaks[v],
            within[v],
            samples,
            errors[v],
            room,
        )
        if not converged:
            code[v] = 3
