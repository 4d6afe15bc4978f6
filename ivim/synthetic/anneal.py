"""Compiled searches for values on a grid whose statistics fall into given intervals, all at once.

Two searches, both simulated annealing on the sum of how far, in widths, each statistic lies outside its interval: one moves the values of a column, the other exchanges the partners of two finished columns. The second leaves every
statistic of either column untouched, which is what makes seventy printed digits reachable together.

A patient's cell is 0 tuberculosis, 1 lung, 2 breast, 3 renal; cells 1-3 together are the metastases (Table 2).
"""

import numpy as np
from numba import njit

COLUMN_STATISTICS = (
    *(f"{group} {name}" for group in ("tuberculosis", "lung", "breast", "renal", "metastasis", "all") for name in ("mean", "sd")),
    "t", "tuberculosis w", "metastasis w",
    "auc", "auc_low", "auc_high", "counts", "rival", "cutoff",
)  # fmt: skip
PAIR_STATISTICS = (
    "adc_fast b", "adc_fast se", "adc_fast wald", "f b", "f se", "f wald",
    "adc_fast odds_ratio", "adc_fast ci_low", "adc_fast ci_high", "f ci_low", "f ci_high",
    "auc", "auc_low", "auc_high", "counts", "rival",
)  # fmt: skip
Z95 = 1.959963984540054


@njit(cache=True)
def mean_sd(total, squares, n):
    """Mean and sample SD from the sum and the sum of squares of n values."""
    return total / n, np.sqrt(max(squares - total * total / n, 0.0) / (n - 1))


@njit(cache=True)
def delong(low, high):
    """AUC, that `high` exceeds `low`, with its 95 % limits by DeLong et al. 1988; ties count one half."""
    m, n = len(low), len(high)
    above, below = np.zeros(n), np.zeros(m)
    for i in range(n):
        for j in range(m):
            won = 1.0 if high[i] > low[j] else 0.5 if high[i] == low[j] else 0.0
            above[i] += won / m
            below[j] += won / n
    auc = above.mean()
    spread = Z95 * np.sqrt(((above - auc) ** 2).sum() / (n - 1) / n + ((below - auc) ** 2).sum() / (m - 1) / m)
    return auc, auc - spread, auc + spread


@njit(cache=True)
def youden(low, high, true_high, true_low):
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
        Least distance in patients of any threshold from the wanted counts; 0 when the curve passes through them.
    rival : float
        The best other threshold's Youden index less the wanted one's, times len(low) len(high); below 0 when unique.
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
def column_statistics(ticks, step, cell, weights_low, weights_high, direction, true_high, true_low):
    """The COLUMN_STATISTICS of values `ticks * step`; those of the ROC curve only where direction is +1 or -1."""
    out = np.zeros(21)
    counts, totals, squares = np.zeros(6), np.zeros(6), np.zeros(6)
    low, high = np.empty(len(weights_low)), np.empty(len(weights_high))
    i = j = 0
    for k in range(len(ticks)):
        value = float(ticks[k])
        c = cell[k]
        counts[c] += 1
        totals[c] += value
        squares[c] += value * value
        if c == 0:
            low[i] = value
            i += 1
        else:
            high[j] = value
            j += 1
    for parts in ((4, 1), (4, 2), (4, 3), (5, 0), (5, 4)):
        counts[parts[0]] += counts[parts[1]]
        totals[parts[0]] += totals[parts[1]]
        squares[parts[0]] += squares[parts[1]]
    for c in range(6):
        mean, sd = mean_sd(totals[c], squares[c], counts[c])
        out[2 * c], out[2 * c + 1] = mean * step, sd * step
    # Student's t with pooled variance, tuberculosis minus metastasis as in Table 3.
    m, n = counts[0], counts[4]
    pooled = ((m - 1) * out[1] ** 2 + (n - 1) * out[9] ** 2) / (m + n - 2)
    out[12] = (out[0] - out[8]) / np.sqrt(pooled * (1 / m + 1 / n))
    low.sort()
    high.sort()
    out[13] = (weights_low * low).sum() ** 2 * step**2 / (out[1] ** 2 * (m - 1))
    out[14] = (weights_high * high).sum() ** 2 * step**2 / (out[9] ** 2 * (n - 1))
    if direction != 0:
        if direction < 0:
            low, high = -low[::-1], -high[::-1]
        out[15], out[16], out[17] = delong(low, high)
        out[18], out[19], cutoff = youden(low, high, true_high, true_low)
        out[20] = cutoff * step * direction
    return out


@njit(cache=True)
def logistic_fit(x, f, y, beta):
    """Maximum likelihood slopes of y on (1, x, f) by Newton steps from `beta`, and the inverse information."""
    covariance = np.zeros((3, 3))
    row = np.ones(3)
    for _ in range(25):
        gradient, information = np.zeros(3), np.zeros((3, 3))
        for k in range(len(y)):
            row[1], row[2] = x[k], f[k]
            eta = min(max(beta[0] + beta[1] * x[k] + beta[2] * f[k], -30.0), 30.0)
            p = 1 / (1 + np.exp(-eta))
            for a in range(3):
                gradient[a] += (y[k] - p) * row[a]
                for b in range(a + 1):
                    information[a, b] += p * (1 - p) * row[a] * row[b]
        for a in range(3):
            information[a, a] += 1e-12
            for b in range(a):
                information[b, a] = information[a, b]
        covariance = np.linalg.inv(information)
        move = covariance @ gradient
        beta = beta + move
        if np.abs(move).max() < 1e-8:
            break
    return beta, covariance


@njit(cache=True)
def pair_statistics(x, f, y, beta, true_high, true_low):
    """The PAIR_STATISTICS of a logistic model of y on x and f, and its coefficients to start the next fit from."""
    out = np.zeros(16)
    beta, covariance = logistic_fit(x, f, y, beta)
    for k in range(2):
        b, se = beta[k + 1], np.sqrt(covariance[k + 1, k + 1])
        out[3 * k], out[3 * k + 1], out[3 * k + 2] = b, se, (b / se) ** 2
    out[6], out[7], out[8] = np.exp(out[0]), np.exp(out[0] - Z95 * out[1]), np.exp(out[0] + Z95 * out[1])
    out[9], out[10] = np.exp(out[3] - Z95 * out[4]), np.exp(out[3] + Z95 * out[4])
    score = beta[1] * x + beta[2] * f
    low, high = np.sort(score[y == 0]), np.sort(score[y == 1])
    out[11], out[12], out[13] = delong(low, high)
    out[14], out[15], _ = youden(low, high, true_high, true_low)
    return out, beta


@njit(cache=True)
def excess(statistics, low, high, width):
    """Sum over the statistics of the distance outside [low, high] in units of width; 0 when all lie inside."""
    total = 0.0
    for k in range(len(statistics)):
        if statistics[k] != statistics[k]:
            return 1e9
        outside = max(low[k] - statistics[k], statistics[k] - high[k], 0.0)
        total += outside / width[k]
    return total


@njit(cache=True)
def move_column(ticks, cell, largest):
    """In place: change one value, or two of a cell in opposite directions, by any order of magnitude; or exchange two values."""
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
def anneal_column(seed, ticks, step, cell, bounds, weights_low, weights_high, roc, low, high, width, steps, heat):
    """Move the values until every statistic lies in its interval.

    Parameters
    ----------
    seed : int
    ticks : array of int, shape (n,)
        Values in units of `step`, where the search starts.
    bounds : tuple of int
        Smallest and largest value allowed, in ticks.
    weights_low, weights_high : array
        Shapiro-Wilk weights for the two groups, from :func:`shapiro_weights`.
    roc : tuple of int
        Direction (+1, -1, or 0 for no ROC targets), diseased and healthy rightly called at the cut-off.
    low, high, width : array, shape (21,)
        Interval and scale of each of the COLUMN_STATISTICS.
    steps : int
    heat : tuple of float
        Temperature at the start and at the end.

    Returns
    -------
    ticks, cost
        The best values met and what is still outside; cost 0 is success.
    """
    np.random.seed(seed)
    cost = excess(column_statistics(ticks, step, cell, weights_low, weights_high, *roc), low, high, width)
    best, best_cost = ticks.copy(), cost
    largest = max(2.0, (bounds[1] - bounds[0]) / 8)
    for k in range(steps):
        if best_cost == 0:
            break
        temperature = heat[0] * (heat[1] / heat[0]) ** (k / steps)
        trial = ticks.copy()
        move_column(trial, cell, largest)
        if trial.min() < bounds[0] or trial.max() > bounds[1]:
            continue
        new = excess(column_statistics(trial, step, cell, weights_low, weights_high, *roc), low, high, width)
        if new <= cost or np.random.random() < np.exp((cost - new) / temperature):
            ticks, cost = trial, new
            if cost < best_cost:
                best, best_cost = ticks.copy(), cost
    return best, best_cost


@njit(cache=True)
def anneal_pairing(seed, x, f, cell, counts, low, high, width, steps, heat):
    """Exchange the f of patients of the same cell until the logistic model and its ROC curve lie in their intervals.

    Returns
    -------
    f, cost
        The best order of f met and what is still outside; cost 0 is success.
    """
    np.random.seed(seed)
    y = (cell > 0).astype(np.float64)
    f = f.copy()
    statistics, beta = pair_statistics(x, f, y, np.zeros(3), *counts)
    cost = excess(statistics, low, high, width)
    best, best_cost = f.copy(), cost
    n = len(f)
    for k in range(steps):
        if best_cost == 0:
            break
        temperature = heat[0] * (heat[1] / heat[0]) ** (k / steps)
        trial = f.copy()
        # One exchange has only 762 neighbours; two or three at once leave no dead ends.
        for _ in range(np.random.randint(1, 4)):
            i, j = np.random.randint(n), np.random.randint(n)
            if cell[i] == cell[j]:
                trial[i], trial[j] = trial[j], trial[i]
        statistics, start = pair_statistics(x, trial, y, beta, *counts)
        new = excess(statistics, low, high, width)
        if new <= cost or np.random.random() < np.exp((cost - new) / temperature):
            f, cost, beta = trial, new, start
            if cost < best_cost:
                best, best_cost = f.copy(), cost
    return best, best_cost
