"""Two readers for a table of averages: differences that keep every average and give the wanted
intraclass correlations."""

from collections.abc import Sequence

import numpy as np

from ivim.reconstruct.anneal import Floats, Ints
from ivim.reconstruct.target import Target
from ivim.reconstruct.targets import SINGLE_FORMS
from ivim.stats.agreement import icc_from_mean_squares

# What two ROIs on one lesion share: a reader who sits on denser tissue reads all diffusivities
# lower, and alpha a little. In the order of parameters.SIX.
SHARED = np.array([
    [1.00, 0.85, 0.10, 0.10, 0.75, 0.15],
    [0.85, 1.00, 0.05, -0.25, 0.65, 0.25],
    [0.10, 0.05, 1.00, -0.20, 0.05, -0.05],
    [0.10, -0.25, -0.20, 1.00, 0.10, -0.30],
    [0.75, 0.65, 0.05, 0.10, 1.00, 0.05],
    [0.15, 0.25, -0.05, -0.30, 0.05, 1.00],
])  # fmt: skip


def shared_noise(rng: np.random.Generator, n: int) -> Floats:
    """Correlated standard normal reading differences.

    Parameters
    ----------
    rng : numpy.random.Generator
    n : int
        Patients.

    Returns
    -------
    array, shape (n, 6)
        Columns in the order of ``parameters.SIX``.
    """
    noise = rng.multivariate_normal(np.zeros(len(SHARED)), SHARED, size=n, method="cholesky")
    return (noise - noise.mean(axis=0)) / noise.std(axis=0)


def error_interval(values: Floats, targets: Sequence[Target]) -> tuple[float, float]:
    """The mean squares of error at which every single-measures form of the ICC prints, limits
    included.

    The readers' mean square is taken equal to that of error, as it is on average without a bias.
    All three forms then agree in the coefficient, and in the limits up to their degrees of freedom.

    Parameters
    ----------
    values : array, shape (n,)
        Averages of the two readers.
    targets : list of Target
        The nine of one parameter: three forms, each with its limits.

    Returns
    -------
    tuple of float
        Smallest and largest mean square of error.

    Raises
    ------
    ValueError
        When no mean square prints them all.
    """
    ms_targets = 2 * values.var(ddof=1)
    printed = next(target for target in targets if target.statistic == "icc")
    least, most = (ms_targets * (1 - icc) / (1 + icc) for icc in (printed.high, printed.low))
    fitting = [
        error
        for error in np.linspace(least, most, 201)
        if prints(len(values), ms_targets, error, error, targets)
    ]
    if not fitting:
        msg = (
            f"no reading error gives the ICC of {printed.parameter} {printed.wanted} with its "
            "limits in all single-measures forms"
        )
        raise ValueError(msg)
    return fitting[0], fitting[-1]


def prints(
    n: int, ms_targets: float, ms_raters: float, ms_error: float, targets: Sequence[Target]
) -> bool:
    """Whether the mean squares give ICCs and limits that meet the targets.

    Parameters
    ----------
    n : int
        Patients.
    ms_targets, ms_raters, ms_error : float
        Mean squares of patients, of readers and of error.
    targets : sequence of Target
        See :func:`error_interval`.

    Returns
    -------
    bool
    """
    found = (
        icc_from_mean_squares(n, 2, ms_targets, ms_raters, ms_error)
        .set_index("form")
        .loc[list(SINGLE_FORMS)]
    )
    columns = {"icc": "icc", "icc_low": "ci_low", "icc_high": "ci_high"}
    return all(target.met(found.at[target.group, columns[target.statistic]]) for target in targets)


def split(
    rng: np.random.Generator,
    ticks: Ints,
    noise: Floats,
    limits: tuple[int, int],
    targets: Sequence[Target],
    half_tick: float,
) -> tuple[Ints, Ints]:
    """Two readings on a grid for each average on the half grid.

    Parameters
    ----------
    rng : Generator
    ticks : array of int, shape (n,)
        Sum of the two readings, in units of the readings' grid; the average is half of it.
    noise : array, shape (n,)
        Differences wanted, in SD.
    limits : tuple of int
        Smallest and largest reading allowed.
    targets : list of Target
        See :func:`error_interval`.
    half_tick : float
        Half a unit of the readings' grid, so that ``ticks * half_tick`` are the averages.

    Returns
    -------
    a, b : array of int, shape (n,)
        The readings; ``a + b == ticks``.

    Raises
    ------
    ValueError
        When 200,000 small changes do not reach the wanted ICC.
    """
    n = len(ticks)
    ms_targets = 2 * (ticks / 2.0).var(ddof=1)
    averages = (ticks * half_tick).astype(np.float64)
    low, high = (end / (2 * half_tick) ** 2 for end in error_interval(averages, targets))
    error = (low + high) / 2
    # With D the sum and Q the sum of squares of the differences: ms_raters = D²/2n and ms_error =
    # (Q - D²/n)/2(n - 1).
    wanted = np.array([np.sqrt(2 * n * error) * rng.choice([-1, 1]), 2 * n * error])
    room = np.minimum(ticks - 2 * limits[0], 2 * limits[1] - ticks)
    difference = np.clip(
        _with_parity(np.sqrt(2 * error) * noise + wanted[0] / n, ticks), -room, room
    )
    scale = np.array([np.sqrt(2 * error), n * (high - low) / 2])
    away = np.abs((np.array([difference.sum(), (difference**2).sum()]) - wanted) / scale).sum()
    for _ in range(200_000):
        d, q = int(difference.sum()), int((difference**2).sum())
        if away < 0.7 and prints(
            n, ms_targets, d * d / (2 * n), (q - d * d / n) / (2 * (n - 1)), targets
        ):
            return (ticks + difference) // 2, (ticks - difference) // 2
        # One to three readers' pairs at once: a single step of a large difference would jump over
        # the interval.
        who = rng.choice(n, rng.integers(1, 4), replace=False)
        trial = difference[who] + 2 * rng.integers(1, 4, len(who)) * rng.choice([-1, 1], len(who))
        if (abs(trial) > room[who]).any():
            continue
        moved = np.array(
            [d + (trial - difference[who]).sum(), q + (trial**2 - difference[who] ** 2).sum()]
        )
        if (new := np.abs((moved - wanted) / scale).sum()) <= away + rng.exponential(0.15):
            difference[who] = trial
            away = new
    msg = f"the reading differences of {targets[0].parameter} did not reach the printed ICC"
    raise ValueError(msg)


def _with_parity(values, ticks):
    """Nearest whole numbers that are even where `ticks` is even and odd where it is odd."""
    odd = ticks % 2
    return (2 * np.round((values - odd) / 2) + odd).astype(np.int64)
