"""Compiled searches for values on a grid whose statistics fall into given intervals, all at once.

Simulated annealing on the sum of how far, in widths, each statistic lies outside its interval. One
search moves the values of a column; the other takes two finished columns and mostly exchanges
partners, which leaves every statistic of either column alone: that is what makes seventy printed
digits reachable together. All in one file, because numba's cache of a function does not notice a
change in another file that it calls.

A patient's cell is 0 tuberculosis, 1 lung, 2 breast, 3 renal; cells 1-3 together are the metastases
(Table 2).
"""

import numpy as np
from numba import njit
from numpy.typing import NDArray

CELLS = ("tuberculosis", "lung", "breast", "renal")
COLUMN_STATISTICS = (
    *(f"{group} {name}" for group in (*CELLS, "metastasis", "all") for name in ("mean", "sd")),
    "t", "tuberculosis w", "metastasis w",
    "auc", "auc_low", "auc_high", "counts", "rival", "cutoff",
)  # fmt: skip
PAIR_STATISTICS = (
    "adc_fast b", "adc_fast se", "adc_fast wald", "f b", "f se", "f wald",
    "adc_fast odds_ratio", "adc_fast ci_low", "adc_fast ci_high", "f ci_low", "f ci_high",
    "auc", "auc_low", "auc_high", "counts", "rival",
)  # fmt: skip
Z95 = 1.959963984540054

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@njit(cache=True)
def delong(low: Floats, high: Floats) -> tuple[float, float, float]:
    """AUC, that `high` exceeds `low`, with its 95 % limits by DeLong et al. 1988; ties count one
    half.

    Parameters
    ----------
    low, high : array
        Scores without and with the disease.

    Returns
    -------
    auc, auc_low, auc_high : float
    """
    m, n = len(low), len(high)
    above, below = np.zeros(n), np.zeros(m)
    for i in range(n):
        for j in range(m):
            won = 1.0 if high[i] > low[j] else 0.5 if high[i] == low[j] else 0.0
            above[i] += won / m
            below[j] += won / n
    auc = above.mean()
    spread = Z95 * np.sqrt(
        ((above - auc) ** 2).sum() / (n - 1) / n + ((below - auc) ** 2).sum() / (m - 1) / m
    )
    return auc, auc - spread, auc + spread


@njit(cache=True)
def youden(low: Floats, high: Floats, true_high: int, true_low: int) -> tuple[float, float, float]:
    """How far the ROC curve is from having its one Youden optimum at given counts.

    Parameters
    ----------
    low, high : array, sorted ascending
        Scores without and with the disease, the diseased being the higher.
    true_high, true_low : int
        Diseased above and healthy below the wanted cut-off.

    Returns
    -------
    distance : float
        Least distance in patients of any threshold from the wanted counts; 0 when the curve passes
        through them.
    rival : float
        The best other threshold's Youden index less the wanted one's, times len(low) len(high);
        below 0 when unique.
    cutoff : float
        Midpoint between the two scores that the threshold parts, as pROC gives it.
    """
    m, n = len(low), len(high)
    wanted = n * true_low + m * true_high
    distance, rival, cutoff = 1e9, -1e9, 0.0
    i = j = 0
    while i < m or j < n:
        here = min(low[i] if i < m else np.inf, high[j] if j < n else np.inf)
        while i < m and low[i] <= here:
            i += 1
        while j < n and high[j] <= here:
            j += 1
        away = abs(i - true_low) + abs(n - j - true_high)
        if away < distance:
            distance = away
            cutoff = (here + min(low[i] if i < m else np.inf, high[j] if j < n else np.inf)) / 2
        if away > 0:
            rival = max(rival, n * i + m * (n - j) - wanted)
    return distance, rival, cutoff


@njit(cache=True)
def moment_statistics(ticks: Ints, step: float, cell: Ints) -> Floats:
    """The COLUMN_STATISTICS up to t, of values `ticks * step`.

    Parameters
    ----------
    ticks : array of int, shape (n,)
        Values in units of the grid.
    step : float
        Unit of the grid.
    cell : array of int, shape (n,)

    Returns
    -------
    array, shape (13,)
    """
    out = np.zeros(13)
    counts, totals, squares = np.zeros(6), np.zeros(6), np.zeros(6)
    for k in range(len(ticks)):
        value, c = float(ticks[k]), cell[k]
        counts[c] += 1
        totals[c] += value
        squares[c] += value * value
    for into, part in ((4, 1), (4, 2), (4, 3), (5, 0), (5, 4)):
        counts[into] += counts[part]
        totals[into] += totals[part]
        squares[into] += squares[part]
    for c in range(6):
        out[2 * c] = totals[c] / counts[c] * step
        out[2 * c + 1] = (
            np.sqrt(max(squares[c] - totals[c] ** 2 / counts[c], 0.0) / (counts[c] - 1)) * step
        )
    # Student's t with pooled variance, tuberculosis minus metastasis as in Table 3.
    m, n = counts[0], counts[4]
    pooled = ((m - 1) * out[1] ** 2 + (n - 1) * out[9] ** 2) / (m + n - 2)
    out[12] = (out[0] - out[8]) / np.sqrt(pooled * (1 / m + 1 / n))
    return out


@njit(cache=True)
def rank_statistics(
    ticks: Ints,
    step: float,
    cell: Ints,
    weights_low: Floats,
    weights_high: Floats,
    direction: int,
    true_high: int,
    true_low: int,
) -> Floats:
    """The COLUMN_STATISTICS from Shapiro-Wilk's W on; those of the ROC curve only where direction
    is +1 or -1.

    Parameters
    ----------
    ticks : array of int, shape (n,)
        Values in units of the grid.
    step : float
        Unit of the grid.
    cell : array of int, shape (n,)
    weights_low, weights_high : array
        Shapiro-Wilk weights for tuberculosis and metastasis.
    direction : int
        +1 where the disease has the higher values, -1 the lower, 0 without a ROC curve.
    true_high, true_low : int
        Diseased and healthy rightly called at the cut-off.

    Returns
    -------
    array, shape (8,)
    """
    out = np.zeros(8)
    low, high = (
        np.sort(ticks[cell == 0]).astype(np.float64),
        np.sort(ticks[cell > 0]).astype(np.float64),
    )
    out[0] = (weights_low * low).sum() ** 2 / ((low - low.mean()) ** 2).sum()
    out[1] = (weights_high * high).sum() ** 2 / ((high - high.mean()) ** 2).sum()
    if direction != 0:
        if direction < 0:
            low, high = -low[::-1], -high[::-1]
        out[2], out[3], out[4] = delong(low, high)
        out[5], out[6], cutoff = youden(low, high, true_high, true_low)
        out[7] = cutoff * step * direction
    return out


@njit(cache=True)
def excess(statistics: Floats, intervals: Floats) -> float:
    """Sum over the statistics of the distance outside [low, high] in units of width; 0 when all lie
    inside.

    Parameters
    ----------
    statistics : array, shape (m,)
    intervals : array, shape (3, m)
        Low, high and width of each statistic.

    Returns
    -------
    float
    """
    total = 0.0
    for k in range(len(statistics)):
        if statistics[k] != statistics[k]:
            return 1e9
        total += (
            max(intervals[0, k] - statistics[k], statistics[k] - intervals[1, k], 0.0)
            / intervals[2, k]
        )
    return total


@njit(cache=True)
def column_cost(
    ticks: Ints,
    setup: Floats,
    cell: Ints,
    weights_low: Floats,
    weights_high: Floats,
    intervals: Floats,
    limit: float,
) -> float:
    """Excess of the COLUMN_STATISTICS, or of the moments alone where that is already above
    `limit`.

    Parameters
    ----------
    ticks : array of int, shape (n,)
        Values in units of the grid.
    setup : array, shape (6,)
        See :func:`anneal_column`.
    cell : array of int, shape (n,)
    weights_low, weights_high : array
        Shapiro-Wilk weights for tuberculosis and metastasis.
    intervals : array, shape (3, 21)
        Low, high and width of each of the COLUMN_STATISTICS.
    limit : float
        Above it, an excess need not be whole.

    Returns
    -------
    float
    """
    if ticks.min() < setup[1] or ticks.max() > setup[2]:
        return 1e9
    cost = excess(moment_statistics(ticks, setup[0], cell), intervals)
    if cost > limit:
        return cost
    ranks = rank_statistics(
        ticks,
        setup[0],
        cell,
        weights_low,
        weights_high,
        int(setup[3]),
        int(setup[4]),
        int(setup[5]),
    )
    return cost + excess(ranks, intervals[:, 13:])


@njit(cache=True)
def logistic_fit(x: Floats, f: Floats, y: Floats, beta: Floats) -> tuple[Floats, Floats]:
    """Maximum likelihood slopes of y on (1, x, f) by Newton steps from `beta`, and the inverse
    information.

    Parameters
    ----------
    x, f : array, shape (n,)
        The two predictors.
    y : array, shape (n,)
        1 with the disease, 0 without.
    beta : array, shape (3,)
        Where to start.

    Returns
    -------
    beta : array, shape (3,)
    covariance : array, shape (3, 3)
    """
    covariance = np.zeros((3, 3))
    for _ in range(25):
        g0 = g1 = g2 = a = b = c = d = e = h = 0.0
        for k in range(len(y)):
            p = 1 / (1 + np.exp(-(beta[0] + beta[1] * x[k] + beta[2] * f[k])))
            w, r = p * (1 - p), y[k] - p
            g0, g1, g2 = g0 + r, g1 + r * x[k], g2 + r * f[k]
            a, b, c = a + w, b + w * x[k], c + w * f[k]
            d, e, h = d + w * x[k] * x[k], e + w * x[k] * f[k], h + w * f[k] * f[k]
        # Inverse of the symmetric 3 x 3 information [[a b c] [b d e] [c e h]] by cofactors.
        determinant = a * (d * h - e * e) - b * (b * h - c * e) + c * (b * e - c * d) + 1e-300
        covariance[0, 0], covariance[1, 1], covariance[2, 2] = (
            d * h - e * e,
            a * h - c * c,
            a * d - b * b,
        )
        covariance[0, 1] = covariance[1, 0] = c * e - b * h
        covariance[0, 2] = covariance[2, 0] = b * e - c * d
        covariance[1, 2] = covariance[2, 1] = b * c - a * e
        covariance /= determinant
        move = covariance @ np.array([g0, g1, g2])
        beta = beta + move
        if np.abs(move).max() < 1e-6:  # quadratic: the next step would be below 1e-11
            break
    return beta, covariance


@njit(cache=True)
def slope_statistics(beta: Floats, covariance: Floats) -> Floats:
    """The PAIR_STATISTICS up to the AUC.

    Parameters
    ----------
    beta : array, shape (3,)
    covariance : array, shape (3, 3)

    Returns
    -------
    array, shape (11,)
    """
    out = np.zeros(11)
    for k in range(2):
        b, se = beta[k + 1], np.sqrt(covariance[k + 1, k + 1])
        out[3 * k], out[3 * k + 1], out[3 * k + 2] = b, se, (b / se) ** 2
    out[6], out[7], out[8] = (
        np.exp(out[0]),
        np.exp(out[0] - Z95 * out[1]),
        np.exp(out[0] + Z95 * out[1]),
    )
    out[9], out[10] = np.exp(out[3] - Z95 * out[4]), np.exp(out[3] + Z95 * out[4])
    return out


@njit(cache=True)
def score_statistics(score: Floats, y: Floats, true_high: int, true_low: int) -> Floats:
    """The PAIR_STATISTICS from the AUC on.

    Parameters
    ----------
    score : array, shape (n,)
    y : array, shape (n,)
        1 with the disease, 0 without.
    true_high, true_low : int
        Diseased and healthy rightly called at the cut-off.

    Returns
    -------
    array, shape (5,)
    """
    out = np.zeros(5)
    low, high = np.sort(score[y == 0]), np.sort(score[y == 1])
    out[0], out[1], out[2] = delong(low, high)
    out[3], out[4], _ = youden(low, high, true_high, true_low)
    return out


@njit(cache=True)
def pair_cost(
    x: Floats,
    f: Floats,
    y: Floats,
    beta: Floats,
    counts: tuple[int, int],
    intervals: Floats,
    limit: float,
) -> tuple[float, Floats]:
    """Excess of the PAIR_STATISTICS, or of the slopes alone where that is above `limit`; and the
    coefficients.

    Parameters
    ----------
    x, f : array, shape (n,)
        The two predictors.
    y : array, shape (n,)
        1 with the disease, 0 without.
    beta : array, shape (3,)
        Where to start.
    counts : tuple of int
        Diseased and healthy rightly called at the combined cut-off.
    intervals : array, shape (3, 16)
        Low, high and width of each of the PAIR_STATISTICS.
    limit : float
        Above it, an excess need not be whole.

    Returns
    -------
    cost : float
    beta : array, shape (3,)
    """
    beta, covariance = logistic_fit(x, f, y, beta)
    cost = excess(slope_statistics(beta, covariance), intervals)
    if not cost <= limit:
        return 1e9 if cost != cost else cost, beta
    return cost + excess(
        score_statistics(beta[1] * x + beta[2] * f, y, counts[0], counts[1]), intervals[:, 11:]
    ), beta


@njit(cache=True)
def move_column(ticks: Ints, cell: Ints, largest: float) -> None:
    """In place: change one value, or two of a cell in opposite directions, by any order of
    magnitude; or exchange two values.

    Parameters
    ----------
    ticks : array of int, shape (n,)
        Values in units of the grid; changed.
    cell : array of int, shape (n,)
    largest : float
        Largest change, in units of the grid.
    """
    n = len(ticks)
    if np.random.random() < 0.15:
        i, j = np.random.randint(n), np.random.randint(n)
        ticks[i], ticks[j] = ticks[j], ticks[i]
        return
    by = max(1, int(round(largest ** np.random.random()))) * (1 if np.random.random() < 0.5 else -1)
    i = np.random.randint(n)
    ticks[i] += by
    if np.random.random() < 0.5:
        j = np.random.randint(n)
        if cell[j] == cell[i] and j != i:
            ticks[j] -= by


@njit(cache=True)
def exchange(ticks: Ints, cell: Ints) -> None:
    """In place: exchange one to three pairs of values, each pair in one cell.

    A single exchange has only 762 neighbours for 20, 32, 7 and 11 patients; several at once leave
    few dead ends.

    Parameters
    ----------
    ticks : array of int, shape (n,)
        Values in units of the grid; changed.
    cell : array of int, shape (n,)
    """
    for _ in range(np.random.randint(1, 4)):
        i, j = np.random.randint(len(ticks)), np.random.randint(len(ticks))
        if cell[i] == cell[j]:
            ticks[i], ticks[j] = ticks[j], ticks[i]


@njit(cache=True)
def anneal_column(
    seed: int,
    ticks: Ints,
    setup: Floats,
    cell: Ints,
    weights_low: Floats,
    weights_high: Floats,
    intervals: Floats,
    steps: int,
    heat: tuple[float, float],
) -> tuple[Ints, float]:
    """Move the values until every statistic lies in its interval.

    Parameters
    ----------
    seed : int
    ticks : array of int, shape (n,)
        Values in units of the grid, where the search starts.
    setup : array, shape (6,)
        Grid; smallest and largest value allowed, in ticks; direction of the ROC curve (+1, -1, or 0
        for no ROC targets); diseased and healthy rightly called at its cut-off.
    cell : array of int, shape (n,)
    weights_low, weights_high : array
        Shapiro-Wilk weights for tuberculosis and metastasis.
    intervals : array, shape (3, 21)
        Low, high and width of each of the COLUMN_STATISTICS.
    steps : int
    heat : tuple of float
        Temperature at the start and at the end.

    Returns
    -------
    ticks, cost
        The best values met and what is still outside; cost 0 is success.
    """
    np.random.seed(seed)
    cost = column_cost(ticks, setup, cell, weights_low, weights_high, intervals, np.inf)
    best, best_cost = ticks.copy(), cost
    largest = max(2.0, (setup[2] - setup[1]) / 8)
    for k in range(steps):
        if best_cost == 0:
            break
        limit = cost - heat[0] * (heat[1] / heat[0]) ** (k / steps) * np.log(1 - np.random.random())
        trial = ticks.copy()
        move_column(trial, cell, largest)
        new = column_cost(trial, setup, cell, weights_low, weights_high, intervals, limit)
        if new <= limit:
            ticks, cost = trial, new
            if cost < best_cost:
                best, best_cost = ticks.copy(), cost
    return best, best_cost


@njit(cache=True)
def anneal_pair(
    seed: int,
    ticks: Ints,
    setups: Floats,
    cell: Ints,
    weights_low: Floats,
    weights_high: Floats,
    column_intervals: Floats,
    counts: tuple[int, int],
    pair_intervals: Floats,
    steps: int,
    heat: tuple[float, float],
    shift: float,
) -> tuple[Ints, float]:
    """Pair two finished columns until the logistic model and its ROC curve lie in their intervals
    as well.

    Parameters
    ----------
    seed, cell, weights_low, weights_high, steps, heat
        As for :func:`anneal_column`.
    ticks : array of int, shape (2, n)
        The columns; both meet their own intervals.
    setups, column_intervals : array, shape (2, 6) and (2, 3, 21)
        As for :func:`anneal_column`, of each.
    counts : tuple of int
        Diseased and healthy rightly called at the combined cut-off.
    pair_intervals : array, shape (3, 16)
        Low, high and width of each of the PAIR_STATISTICS.
    shift : float
        Share of the moves that change values (by a few ticks) instead of exchanging partners; a
        column may then leave its intervals for a while.

    Returns
    -------
    ticks, cost
        The best columns met and what is still outside, of the columns and of the pair.
    """
    np.random.seed(seed)
    y = (cell > 0).astype(np.float64)
    beta = np.zeros(3)
    costs, trial_costs = np.zeros(3), np.zeros(3)
    cost = best_cost = np.inf
    best = ticks.copy()
    for k in range(steps):
        if best_cost == 0:
            break
        trial = ticks.copy()
        trial_costs[:] = costs
        limit = cost - heat[0] * (heat[1] / heat[0]) ** (k / steps) * np.log(1 - np.random.random())
        if k > 0 and np.random.random() < shift:
            at = np.random.randint(2)
            move_column(trial[at], cell, 6.0)
            trial_costs[at] = column_cost(
                trial[at], setups[at], cell, weights_low, weights_high, column_intervals[at], limit
            )
        elif k > 0:
            exchange(trial[1], cell)
        if trial_costs[0] + trial_costs[1] > limit:
            continue
        # Centred, so that Newton's steps keep their digits; slopes and ranks do not notice.
        x, f = trial[0] * setups[0, 0], trial[1] * setups[1, 0]
        left = limit - trial_costs[0] - trial_costs[1]
        trial_costs[2], start = pair_cost(
            x - x.mean(), f - f.mean(), y, beta, counts, pair_intervals, left
        )
        if trial_costs.sum() <= limit:
            ticks, beta = trial, start
            costs[:] = trial_costs
            cost = costs.sum()
            if cost < best_cost:
                best, best_cost = ticks.copy(), cost
    return best, best_cost
