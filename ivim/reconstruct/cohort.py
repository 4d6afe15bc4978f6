"""The reconstructed cohort: 70 patients whose two tables make the pipeline print the article's
numbers.

No patient's data. The way: each parameter's 70 averages are sought alone, on the grid of a
measurement, until all its printed statistics hold. Then ADCfast and f are paired within the
sub-groups until the logistic model and the combined ROC curve hold as well. The other four columns
are laid beside them in ranks that follow plausible correlations, which changes none of their
statistics. At last each average is parted into two readings.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from scipy import stats

from ivim import article, files, parameters
from ivim.reconstruct import intervals, readers
from ivim.reconstruct.anneal import Ints
from ivim.reconstruct.columns import ATTEMPTS, CELL, CELLS, GRID, PAIR, column, pair, solve
from ivim.reconstruct.target import Key, Target
from ivim.reconstruct.targets import all_targets
from ivim.reconstruct.targets import table as targets_table

SEED = 2021
READERS = ("EZ", "XX")  # initials in the article's Methods

READINGS = {
    "adc_stand": (0.2, 3), "adc_slow": (0.05, 2.5), "adc_fast": (5, 80),
    "f": (0.005, 0.995), "ddc": (0.2, 4), "alpha": (0.2, 0.999),
}  # fmt: skip
"""Smallest and largest reading allowed, in table units."""

AGES = (18, 85)

# Correlations within a sub-group, in the order of parameters.SIX: the three diffusivities of one
# tissue go together; blood that is counted in f is not counted in ADCslow, and makes the decay more
# heterogeneous (lower alpha).
CORRELATION = np.array([
    [1.00, 0.90, 0.05, -0.05, 0.90, 0.10],
    [0.90, 1.00, 0.10, -0.35, 0.80, 0.25],
    [0.05, 0.10, 1.00, -0.15, 0.05, 0.05],
    [-0.05, -0.35, -0.15, 1.00, 0.00, -0.35],
    [0.90, 0.80, 0.05, 0.00, 1.00, 0.05],
    [0.10, 0.25, 0.05, -0.35, 0.05, 1.00],
])  # fmt: skip


def reconstruct(
    seed: int = SEED, progress: Callable[[str], None] = lambda line: None
) -> tuple[pd.DataFrame, pd.DataFrame]:
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
    targets = {target.key: target for target in all_targets()}
    started = time.perf_counter()

    def tell(line):
        progress(f"{time.perf_counter() - started:6.1f} s  {line}")

    patients = make_patients(seed, targets, tell)
    paired = pair(seed, targets, tell)
    for again in range(ATTEMPTS):
        ticks = {
            name: column(seed, name, targets, tell, again)
            for name in parameters.SIX
            if name not in PAIR
        } | paired
        ticks = lay_beside(np.random.default_rng([seed, 2 + 2 * again]), ticks)
        try:
            return patients, read(
                np.random.default_rng([seed, 3 + 2 * again]),
                patients["patient"],
                ticks,
                targets,
                tell,
            )
        except ValueError as error:
            # The ICCs leave .1 % of freedom; now and then no whole-step differences of these
            # averages fall into it.
            tell(f"{error}; seeking the other four columns anew")
    msg = (
        f"no readings that print the ICCs in {ATTEMPTS} attempts with seed {seed}; try another seed"
    )
    raise ValueError(msg)


def write(out: str | Path, patients: pd.DataFrame, measurements: pd.DataFrame) -> list[Path]:
    """Write both tables, and beside them the targets they were built to meet, to a folder; each
    whole or not at all.

    Parameters
    ----------
    out : path
        Made when missing.
    patients, measurements : DataFrame
        What :func:`reconstruct` gives.

    Returns
    -------
    list of Path
        Of ``patients.csv``, ``measurements.csv`` and ``targets.csv``.
    """
    out = files.new_folder(out)
    tables = {"patients": patients, "measurements": measurements, "targets": targets_table()}
    for name, frame in tables.items():
        files.write_csv(out / f"{name}.csv", frame)
    return [out / f"{name}.csv" for name in tables]


def make_patients(
    seed: int, targets: Mapping[Key, Target], tell: Callable[[str], None] = lambda line: None
) -> pd.DataFrame:
    """The table of patients; where not every age can be known (Table 1), blank ages stand at random
    places.

    Parameters
    ----------
    seed : int
    targets : dict of key to Target
    tell : callable, optional
        Receives one line of text per attempt.

    Returns
    -------
    DataFrame
        ``patient, group, primary, sex, age``.
    """
    rng = np.random.default_rng([seed, 0])
    cell = np.concatenate(
        [
            np.full(int(targets["table1", name, "age", "n"].wanted), at)
            for at, name in enumerate(CELLS)
        ]
    )
    centres = [
        [_middle(targets["table1", name, "age", part]) for part in ("mean", "sd")] for name in CELLS
    ]
    setup = np.array([1.0, *AGES, 0, 0, 0])
    years = solve("age", [seed, 100], setup, cell, intervals.of_ages(targets), centres, tell)
    sexes, ages = [], []
    for at, name in enumerate(CELLS):
        male, female = (int(targets["table1", name, "", sex].wanted) for sex in ("male", "female"))
        sexes += list(rng.permutation(["male"] * male + ["female"] * female))
        known = years[cell == at].astype(float)
        ages += list(
            rng.permutation(np.concatenate([known, np.full(male + female - len(known), np.nan)]))
        )
    return pd.DataFrame(
        {
            "patient": [f"recon-{k + 1:02d}" for k in range(len(CELL))],
            "group": np.where(CELL == 0, *article.GROUPS),
            "primary": [("", *article.PRIMARIES)[at] for at in CELL],
            "sex": sexes,
            "age": pd.Series(ages).astype("Int64"),
        }
    )


def lay_beside(rng: np.random.Generator, ticks: Mapping[str, Ints]) -> dict[str, Ints]:
    """Order the other four columns within each cell by a normal copula given ADCfast and f; no
    column's values change.

    Parameters
    ----------
    rng : numpy.random.Generator
    ticks : dict of str to array of int, shape (n,)
        By parameter, in half steps of its grid.

    Returns
    -------
    dict of str to array of int, shape (n,)
    """
    names = parameters.SIX
    given, rest = (
        [names.index(name) for name in PAIR],
        [k for k, name in enumerate(names) if name not in PAIR],
    )
    slope = CORRELATION[np.ix_(rest, given)] @ np.linalg.inv(CORRELATION[np.ix_(given, given)])
    left = CORRELATION[np.ix_(rest, rest)] - slope @ CORRELATION[np.ix_(given, rest)]
    ticks = {name: values.copy() for name, values in ticks.items()}
    for at in range(len(CELLS)):
        here = np.flatnonzero(at == CELL)
        scores = np.column_stack(
            [stats.norm.ppf((stats.rankdata(ticks[name][here]) - 0.5) / len(here)) for name in PAIR]
        )
        latent = scores @ slope.T + rng.multivariate_normal(
            np.zeros(len(rest)), left, size=len(here), method="cholesky"
        )
        for k, name in enumerate(names[k] for k in rest):
            ticks[name][here] = np.sort(ticks[name][here])[
                stats.rankdata(latent[:, k], method="ordinal") - 1
            ]
        _slow_below_stand(ticks, here)
    return ticks


def read(
    rng: np.random.Generator,
    names: Sequence[str],
    ticks: Mapping[str, Ints],
    targets: Mapping[Key, Target],
    tell: Callable[[str], None] = lambda line: None,
) -> pd.DataFrame:
    """The table of measurements: two readings for each average, in table units.

    Parameters
    ----------
    rng : numpy.random.Generator
    names : sequence of str
        The patients.
    ticks : dict of str to array of int, shape (n,)
        By parameter, the averages in half steps of its grid.
    targets : dict of key to Target
    tell : callable, optional
        Receives one line of text per attempt.

    Returns
    -------
    DataFrame
        ``patient, reader`` and the six parameters.

    Raises
    ------
    ValueError
        When no readings of these averages print the ICCs.
    """
    noise = readers.shared_noise(rng, len(CELL))
    frames = [pd.DataFrame({"patient": names, "reader": reader}) for reader in READERS]
    for k, name in enumerate(parameters.SIX):
        step = GRID[name]
        low, high = (round(end / step) for end in READINGS[name])
        wanted = [
            target
            for target in targets.values()
            if target.parameter == name and target.group in readers.SINGLE_FORMS
        ]
        both = readers.split(rng, ticks[name], noise[:, k], (low, high), wanted, step / 2)
        for frame, values in zip(frames, both, strict=True):
            frame[name] = np.round(values * step, 3)
        tell(f"{name}: two readings of each average, ICC met")
    return (
        pd.concat(frames).sort_values(["patient", "reader"], kind="stable").reset_index(drop=True)
    )


def _slow_below_stand(ticks, here):
    """Exchange ADCslow within a cell as long as it takes excess over ADCstand away: perfusion only
    adds to the ADC."""
    stand, slow = ticks["adc_stand"][here], ticks["adc_slow"][here]
    # Excess that is left when the ADCslow of one patient (column) stands beside the ADCstand of
    # another (row).
    excess = np.maximum(slow[None, :] - stand[:, None], 0)
    order = np.arange(len(here))
    for _ in range(4 * len(here)):
        now = excess[np.arange(len(here)), order]
        crossed = excess[:, order]
        gain = now[:, None] + now[None, :] - crossed - crossed.T
        if gain.max() <= 0:
            break
        i, j = np.unravel_index(np.argmax(gain), gain.shape)
        order[i], order[j] = order[j], order[i]
    ticks["adc_slow"][here] = slow[order]


def _middle(target):
    return (target.low + target.high) / 2
