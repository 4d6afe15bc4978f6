"""The reconstructed cohort: 70 patients whose two tables make the pipeline print the article's numbers.

No patient's data. The way: each parameter's 70 averages are sought alone, on the grid of a measurement, until all its printed
statistics hold (:func:`ivim.synthetic.anneal.anneal_column`). Then partners are exchanged between ADCfast and f within the
sub-groups, which changes none of these, until the logistic model and the combined ROC curve hold. The other four columns are laid
beside them in ranks that follow plausible correlations. At last each average is parted into two readings.
"""

import os
import time
from pathlib import Path

import numpy as np
import pandas as pd
from scipy import stats

from ivim import study
from ivim.audit import moments
from ivim.synthetic import anneal, readers
from ivim.synthetic.targets import all_targets, printed_strings, t_interval, table2_rows

SEED = 2021
CELLS = ("tuberculosis", *study.PRIMARIES)
CELL = np.repeat(np.arange(len(CELLS)), [study.GROUP_SIZES[name] for name in CELLS])
READERS = ("EZ", "XX")  # initials in the article's Methods
GRID = {"adc_stand": 0.01, "adc_slow": 0.01, "adc_fast": 0.1, "f": 0.001, "ddc": 0.01, "alpha": 0.001}
"""Step of one reading, in table units; an average of two lies on half of it."""

LIMITS = {"adc_stand": (0.3, 2.5), "adc_slow": (0.1, 2.2), "adc_fast": (6, 65), "f": (0.02, 0.95), "ddc": (0.3, 3.2), "alpha": (0.3, 0.98)}
"""Averages allowed, in table units."""
READING_LIMITS = {"adc_stand": (0.2, 3.0), "adc_slow": (0.05, 2.5), "adc_fast": (5, 80), "f": (0.005, 0.995), "ddc": (0.2, 4), "alpha": (0.2, 0.999)}
AGES = (18, 85)

# Correlations within a sub-group, in the order of readers.ORDER: the three diffusivities of one tissue go together; blood
# that is counted in f is not counted in ADCslow, and makes the decay more heterogeneous (lower alpha).
CORRELATION = np.array([
    [1.00, 0.90, 0.05, -0.05, 0.90, 0.10],
    [0.90, 1.00, 0.10, -0.35, 0.80, 0.25],
    [0.05, 0.10, 1.00, -0.15, 0.05, 0.05],
    [-0.05, -0.35, -0.15, 1.00, 0.00, -0.35],
    [0.90, 0.80, 0.05, 0.00, 1.00, 0.05],
    [0.10, 0.25, 0.05, -0.35, 0.05, 1.00],
])  # fmt: skip

DIRECTION = {"adc_fast": 1, "f": -1}  # Table 5: metastasis above 29.05, below 0.4
ATTEMPTS = 12
SHUFFLES = 8
"""Pairings tried before ADCfast and f are sought anew."""
COLUMN_STEPS, PAIRING_STEPS = 2_000_000, 500_000
COLUMN_HEAT, PAIRING_HEAT = (3.0, 0.03), (10.0, 0.1)
NORMAL_P = 0.08
"""Shapiro-Wilk's p that the search asks for: some way above .05, so that the answer does not hang on the last digit."""

# Scales of the search where half a printed unit is too steep or there is no unit.
WIDTH = {
    "t": 0.004, "tuberculosis w": 0.01, "metastasis w": 0.01, "counts": 1.0, "rival": 30.0,
    "adc_fast b": 0.002, "adc_fast se": 0.001, "adc_fast wald": 0.02, "f b": 0.005, "f se": 0.003, "f wald": 0.01,
    "f ci_low": 4e-7, "f ci_high": 0.002,
}  # fmt: skip


def reconstruct(seed=SEED, progress=lambda line: None):
    """Make the two tables of the reconstructed cohort.

    Parameters
    ----------
    seed : int
        Same seed, same tables (on one kind of processor and one set of libraries).
    progress : callable, optional
        Takes one line of text per finished stage.

    Returns
    -------
    patients, measurements : DataFrame
        As ``data/cohort/patients.csv`` and ``measurements.csv``.

    Raises
    ------
    ValueError
        When a stage finds no solution in its attempts with this seed.
    """
    targets = all_targets()
    started = time.perf_counter()

    def tell(line):
        progress(f"{time.perf_counter() - started:6.1f} s  {line}")

    patients = make_patients(seed, targets, tell)
    ticks = {name: column(seed, name, targets, tell) for name in study.PARAMETERS if name not in DIRECTION}
    ticks |= pair(seed, targets, tell)
    ticks = lay_beside(np.random.default_rng([seed, 2]), ticks)
    return patients, read(np.random.default_rng([seed, 3]), patients["patient"], ticks, targets, tell)


def write(out, patients, measurements):
    """Write both tables to a folder, each whole or not at all; returns their paths."""
    out = Path(out)
    out.mkdir(parents=True, exist_ok=True)
    paths = []
    for name, frame in (("patients.csv", patients), ("measurements.csv", measurements)):
        paths.append(out / name)
        frame.to_csv(out / f".{name}.part", index=False, lineterminator="\n")
        os.replace(out / f".{name}.part", paths[-1])
    return paths


def make_patients(seed, targets, tell):
    """The table of patients; where not every age can be known (Table 1), blank ages stand at random places."""
    rng = np.random.default_rng([seed, 0])
    find = {target.key: target for target in targets}
    sexes, ages = [], []
    cell = np.concatenate([np.full(int(find["table1", name, "age", "n"].wanted), at) for at, name in enumerate(CELLS)])
    found = iter_ages(seed, find, cell, tell)
    for at, name in enumerate(CELLS):
        male, female = (int(find["table1", name, "", sex].wanted) for sex in ("male", "female"))
        sexes += list(rng.permutation(["male"] * male + ["female"] * female))
        known = found[cell == at].astype(float)
        ages += list(rng.permutation(np.concatenate([known, np.full(male + female - len(known), np.nan)])))
    return pd.DataFrame({
        "patient": [f"recon-{k + 1:02d}" for k in range(len(CELL))],
        "group": np.where(CELL == 0, *study.GROUPS),
        "primary": [("", *study.PRIMARIES)[at] for at in CELL],
        "sex": sexes,
        "age": pd.array(ages, dtype="float").astype("float"),
    }).astype({"age": "Int64"})


def iter_ages(seed, find, cell, tell):
    """Whole years whose means and SDs are those of Table 1."""
    low, high, width = open_intervals(anneal.COLUMN_STATISTICS)
    for group in (*study.GROUPS, *study.PRIMARIES):
        for name in ("mean", "sd"):
            put(low, high, width, anneal.COLUMN_STATISTICS, f"{group} {name}", find["table1", group, "age", name])
    centres = {at: [find["table1", name, "age", part] for part in ("mean", "sd")] for at, name in enumerate(CELLS)}
    centres = {at: [(target.low + target.high) / 2 for target in pair] for at, pair in centres.items()}
    problem = {"name": "age", "step": 1.0, "cell": cell, "bounds": AGES, "roc": (0, 0, 0), "low": low, "high": high, "width": width}
    return solve_column([seed, 100], problem, centres, tell)


def column(seed, parameter, targets, tell, again=0):
    """Averages of one parameter, in half steps of its grid, that meet every target of the parameter alone."""
    step = GRID[parameter] / 2
    bounds = tuple(round(end / step) for end in LIMITS[parameter])
    low, high, width = column_intervals(parameter, targets)
    find = {target.key: target for target in targets}
    roc = (0, 0, 0)
    if parameter in DIRECTION:
        roc = (DIRECTION[parameter], *(int(find["table5", "", parameter, name].wanted) for name in ("tp", "tn")))
    problem = {"name": parameter, "step": step, "cell": CELL, "bounds": bounds, "roc": roc, "low": low, "high": high, "width": width}
    return solve_column([seed, 10 + study.PARAMETERS.index(parameter), again], problem, centres_of(parameter), tell)


def centres_of(parameter):
    """Mean and SD to start each cell from: as printed, or for a hidden renal row what the others leave."""
    rows, is_total = table2_rows(printed_strings(), parameter)
    if is_total:
        rows["renal"] = moments.hidden(rows["metastasis"], [rows["lung"], rows["breast"]])
    # Where the hidden SD has an upper limit only, most of that limit.
    return {
        at: (float(rows[name].mean.middle), float(rows[name].sd.middle if rows[name].sd.low > 0 else 0.85 * rows[name].sd.high))
        for at, name in enumerate(CELLS)
    }


def solve_column(entropy, problem, centres, tell):
    """Anneal a column from normal scores, from a new start each time, until every interval holds."""
    weights = [shapiro_weights(n) for n in ((problem["cell"] == 0).sum(), (problem["cell"] > 0).sum())]
    for attempt in range(ATTEMPTS):
        rng = np.random.default_rng([*entropy, attempt])
        ticks = np.empty(len(problem["cell"]), dtype=np.int64)
        for at, (mean, sd) in centres.items():
            here = problem["cell"] == at
            noise = stats.zscore(rng.standard_normal(here.sum()), ddof=1)
            ticks[here] = np.clip(np.round((mean + sd * noise) / problem["step"]), *problem["bounds"])
        ticks, cost = anneal.anneal_column(
            int(rng.integers(2**31)), ticks, problem["step"], problem["cell"], problem["bounds"], *weights, problem["roc"],
            problem["low"], problem["high"], problem["width"], COLUMN_STEPS, COLUMN_HEAT,
        )  # fmt: skip
        tell(f"{problem['name']}: {'all intervals met' if cost == 0 else f'{cost:.2f} short, starting again'} (attempt {attempt + 1})")
        if cost == 0:
            return ticks
    msg = f"no solution for {problem['name']} in {ATTEMPTS} attempts; try another seed"
    raise ValueError(msg)


def pair(seed, targets, tell):
    """ADCfast and f, paired so that Table 4 and the combined marker of Table 5 hold; a dict of ticks."""
    low, high, width = pair_intervals(targets)
    find = {target.key: target for target in targets}
    counts = tuple(int(find["table5", "", "adc_fast+f", name].wanted) for name in ("tp", "tn"))
    for attempt in range(ATTEMPTS * SHUFFLES):
        if attempt % SHUFFLES == 0:
            ticks = {name: column(seed, name, targets, tell, again=attempt) for name in DIRECTION}
        # Centred, so that Newton's steps keep their digits; slopes and ranks do not notice.
        x, f = (ticks[name] * GRID[name] / 2 - centre for name, centre in (("adc_fast", 30), ("f", 0.3)))
        order, cost = anneal.anneal_pairing(seed * 1000 + attempt, x, f, CELL, counts, low, high, width, PAIRING_STEPS, PAIRING_HEAT)
        tell(f"adc_fast with f: {'all intervals met' if cost == 0 else f'{cost:.2f} short, starting again'} (attempt {attempt + 1})")
        if cost == 0:
            return ticks | {"f": np.round((order + 0.3) / (GRID["f"] / 2)).astype(np.int64)}
    msg = f"no pairing of adc_fast and f in {ATTEMPTS * SHUFFLES} attempts; try another seed"
    raise ValueError(msg)


def lay_beside(rng, ticks):
    """Order the other four columns within each cell by a normal copula given ADCfast and f; no column's values change."""
    order = readers.ORDER
    given, rest = [order.index(name) for name in DIRECTION], [k for k, name in enumerate(order) if name not in DIRECTION]
    slope = CORRELATION[np.ix_(rest, given)] @ np.linalg.inv(CORRELATION[np.ix_(given, given)])
    left = CORRELATION[np.ix_(rest, rest)] - slope @ CORRELATION[np.ix_(given, rest)]
    ticks = {name: values.copy() for name, values in ticks.items()}
    for at in range(len(CELLS)):
        here = np.flatnonzero(CELL == at)
        scores = np.column_stack([stats.norm.ppf((stats.rankdata(ticks[order[k]][here]) - 0.5) / len(here)) for k in given])
        latent = scores @ slope.T + rng.multivariate_normal(np.zeros(len(rest)), left, size=len(here), method="cholesky")
        for k, name in enumerate(order[k] for k in rest):
            ticks[name][here] = np.sort(ticks[name][here])[stats.rankdata(latent[:, k], method="ordinal") - 1]
        below_adc(ticks, here)
    return ticks


def below_adc(ticks, here):
    """Exchange ADCslow within a cell until it exceeds ADCstand nowhere, or no exchange helps: perfusion only adds to the ADC."""
    stand, slow = ticks["adc_stand"], ticks["adc_slow"]
    for i in here[np.argsort(slow[here])[::-1]]:
        if slow[i] <= stand[i]:
            continue
        fitting = [j for j in here if slow[i] <= stand[j] and slow[j] <= stand[i]]
        if fitting:
            j = min(fitting, key=lambda j: abs(slow[j] - slow[i]))
            slow[i], slow[j] = slow[j], slow[i]


def read(rng, names, ticks, targets, tell):
    """The table of measurements: two readings for each average, in table units."""
    noise = readers.shared_noise(rng, len(CELL))
    frames = [pd.DataFrame({"patient": names, "reader": reader}) for reader in READERS]
    for k, name in enumerate(readers.ORDER):
        step = GRID[name]
        limits = tuple(round(end / step) for end in READING_LIMITS[name])
        wanted = [target for target in targets if target.location == "results" and target.parameter == name and "icc" in target.statistic]
        pair = readers.split(rng, ticks[name], noise[:, k], limits, wanted, step / 2)
        for frame, values in zip(frames, pair, strict=True):
            frame[name] = np.round(values * step, 3)
        tell(f"{name}: two readers")
    return pd.concat(frames).sort_values(["patient", "reader"], kind="stable").reset_index(drop=True)


def open_intervals(names):
    """Bounds that allow everything, and widths of one: ``low, high, width``."""
    return np.full(len(names), -np.inf), np.full(len(names), np.inf), np.ones(len(names))


def put(low, high, width, names, name, target, half_open=False):
    """Enter a target's interval under a statistic's name; a hair inside, so that no print hangs on a last bit."""
    at, half = names.index(name), (target.high - target.low) / 2
    # AUCs step by 1/2000 and may sit on the lower end (.8755 prints .876): they keep it, and leave the upper end.
    hair = (-1e-9, 1e-9) if half_open else (half * 2e-3, half * 2e-3)
    low[at], high[at] = target.low + hair[0], target.high - hair[1]
    width[at] = WIDTH.get(name, half)


def column_intervals(parameter, targets):
    """Intervals and scales of the COLUMN_STATISTICS for one parameter."""
    names = anneal.COLUMN_STATISTICS
    low, high, width = open_intervals(names)
    find = {target.key: target for target in targets}
    for group in (*study.GROUP_SIZES, "all"):
        for name in ("mean", "sd"):
            if target := find.get(("table2", group, parameter, name)):
                put(low, high, width, names, f"{group} {name}", target)
    at = names.index("t")
    low[at], high[at], width[at] = *t_interval(targets, parameter), WIDTH["t"]
    low[at], high[at] = low[at] + 1e-6, high[at] - 1e-6
    for group, n in (("tuberculosis", CELL.tolist().count(0)), ("metastasis", (CELL > 0).sum())):
        at = names.index(f"{group} w")
        low[at], width[at] = shapiro_threshold(n, NORMAL_P), WIDTH[f"{group} w"]
    if parameter in DIRECTION:
        put(low, high, width, names, "cutoff", find["table5", "", parameter, "cutoff"])
        put_roc(low, high, width, names, parameter, find)
    return low, high, width


def pair_intervals(targets):
    """Intervals and scales of the PAIR_STATISTICS."""
    names = anneal.PAIR_STATISTICS
    low, high, width = open_intervals(names)
    find = {target.key: target for target in targets}
    for name in names:
        if " " in name:
            put(low, high, width, names, name, find["table4", "", *name.split()])
    put_roc(low, high, width, names, "adc_fast+f", find)
    return low, high, width


def put_roc(low, high, width, names, marker, find):
    """Enter the AUC with its limits, the counts at the cut-off, and that no other cut-off is as good."""
    for name in ("auc", "auc_low", "auc_high"):
        put(low, high, width, names, name, find["table5", "", marker, name], half_open=True)
    for name in ("counts", "rival"):
        at = names.index(name)
        high[at], width[at] = (0.0 if name == "counts" else -0.5), WIDTH[name]


def shapiro_weights(n):
    """Weights a of Shapiro-Wilk's W = (Σ aᵢ x₍ᵢ₎)²/SS for n > 5 (Royston, Appl Stat 1995;44:547, algorithm AS R94)."""
    m = stats.norm.ppf((np.arange(1, n + 1) - 0.375) / (n + 0.25))
    squares, root = (m**2).sum(), 1 / np.sqrt(n)
    last = np.polyval([-2.706056, 4.434685, -2.07119, -0.147981, 0.221157, 0], root) + m[-1] / np.sqrt(squares)
    second = np.polyval([-3.582633, 5.682633, -1.752461, -0.293762, 0.042981, 0], root) + m[-2] / np.sqrt(squares)
    rest = (squares - 2 * m[-1] ** 2 - 2 * m[-2] ** 2) / (1 - 2 * last**2 - 2 * second**2)
    weights = m / np.sqrt(rest)
    weights[[0, 1, -2, -1]] = -last, -second, second, last
    return weights


def shapiro_threshold(n, p):
    """The W of n >= 12 values whose p-value is `p`, by the same source."""
    mean = np.polyval([0.0038915, -0.083751, -0.31082, -1.5861], np.log(n))
    sd = np.exp(np.polyval([0.0030302, -0.082676, -0.4803], np.log(n)))
    return 1 - np.exp(mean + sd * stats.norm.isf(p))
