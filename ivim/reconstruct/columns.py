"""The searches as the cohort needs them: one parameter's averages alone, then ADCfast with f."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from scipy import stats

from ivim import article, parameters
from ivim.audit.checks import moments
from ivim.reconstruct import anneal, intervals
from ivim.reconstruct.anneal import Floats, Ints
from ivim.reconstruct.put_right import printed_strings, table2_rows
from ivim.reconstruct.target import Key, Target

CELLS = ("tuberculosis", *article.PRIMARIES)
CELL = np.repeat(np.arange(len(CELLS)), [article.GROUP_SIZES[name] for name in CELLS])

GRID = {
    "adc_stand": 0.01,
    "adc_slow": 0.01,
    "adc_fast": 0.1,
    "f": 0.001,
    "ddc": 0.01,
    "alpha": 0.001,
}
"""Step of one reading, in table units, as a workstation shows it; an average of two lies on half of
it."""

AVERAGES = {
    "adc_stand": (0.3, 2.5), "adc_slow": (0.1, 2.2), "adc_fast": (6, 65),
    "f": (0.02, 0.95), "ddc": (0.3, 3.2), "alpha": (0.3, 0.98),
}  # fmt: skip
"""Smallest and largest average allowed, in table units."""

PAIR = ("adc_fast", "f")  # the predictors of Table 4
DIRECTION = {"adc_fast": 1, "f": -1}  # Table 5: metastasis above 29.05, below 0.4
ATTEMPTS = 12
COLUMN_STEPS, COLUMN_HEAT = 2_000_000, (3.0, 0.03)
SHUFFLES = 8
"""Pairings of one ADCfast and one f column before new columns are sought."""

# Partners only while it is hot; where that comes near, small changes of the values give the last
# digits.
EXCHANGE, POLISH = (500_000, (10.0, 0.1), 0.0), (300_000, (0.2, 0.01), 0.5)
NEAR = 1.0


def column(
    seed: int,
    parameter: str,
    targets: Mapping[Key, Target],
    tell: Callable[[str], None] = lambda line: None,
    again: int = 0,
) -> Ints:
    """Averages of one parameter that meet every target of the parameter alone.

    Parameters
    ----------
    seed : int
    parameter : str
    targets : dict of key to Target
    tell : callable, optional
        Receives one line of text per attempt.
    again : int, optional
        Another number seeks another column.

    Returns
    -------
    array of int, shape (70,)
        In half steps of the parameter's grid.

    Raises
    ------
    ValueError
        When no attempt comes to an end.
    """
    entropy = [seed, 10 + parameters.SIX.index(parameter), again]
    wanted = intervals.of_column(parameter, targets)
    return solve(
        parameter, entropy, _setup(parameter, targets), CELL, wanted, _centres(parameter), tell
    )


def pair(
    seed: int, targets: Mapping[Key, Target], tell: Callable[[str], None] = lambda line: None
) -> dict[str, Ints]:
    """ADCfast and f such that Table 4 and the combined marker of Table 5 hold too.

    Parameters
    ----------
    seed : int
    targets : dict of key to Target
    tell : callable, optional
        Receives one line of text per attempt.

    Returns
    -------
    dict of str to array of int, shape (70,)
        In half steps of each grid.

    Raises
    ------
    ValueError
        When no attempt comes to an end.
    """
    setups = np.array([_setup(name, targets) for name in PAIR])
    columns = np.array([intervals.of_column(name, targets) for name in PAIR])
    counts = tuple(int(targets["table5", "", "adc_fast+f", name].wanted) for name in ("tp", "tn"))
    common = CELL, *_weights(CELL), columns, counts, intervals.of_pair(targets)
    for attempt in range(ATTEMPTS * SHUFFLES):
        if attempt % SHUFFLES == 0:
            ticks = np.array([column(seed, name, targets, tell, again=attempt) for name in PAIR])
        rng = np.random.default_rng([seed, 1, attempt])
        paired, cost = anneal.anneal_pair(
            int(rng.integers(2**31)), ticks, setups, *common, *EXCHANGE
        )
        if 0 < cost < NEAR:
            paired, cost = anneal.anneal_pair(
                int(rng.integers(2**31)), paired, setups, *common, *POLISH
            )
        tell(f"adc_fast with f: {_outcome(cost, attempt)}")
        if cost == 0:
            return dict(zip(PAIR, paired, strict=True))
    msg = (
        f"no pairing of adc_fast and f in {ATTEMPTS * SHUFFLES} attempts with seed {seed}; try "
        "another seed"
    )
    raise ValueError(msg)


def solve(
    name: str,
    entropy: Sequence[int],
    setup: Floats,
    cell: Ints,
    wanted: Floats,
    centres: Sequence[Sequence[float]],
    tell: Callable[[str], None],
) -> Ints:
    """Anneal a column from normal values, from a new start each time, until every interval
    holds.

    Parameters
    ----------
    name : str
        Of the column, for the messages.
    entropy : sequence of int
        What seeds the random numbers, beside the attempt.
    setup, cell, wanted : array
        As :func:`ivim.reconstruct.anneal.anneal_column` takes setup, cell and intervals.
    centres : sequence of (mean, sd)
        By cell, where to start from, in table units.
    tell : callable
        Receives one line of text per attempt.

    Returns
    -------
    array of int, shape (n,)

    Raises
    ------
    ValueError
        When no attempt comes to an end.
    """
    for attempt in range(ATTEMPTS):
        rng = np.random.default_rng([*entropy, attempt])
        ticks = np.empty(len(cell), dtype=np.int64)
        for at, (mean, sd) in enumerate(centres):
            here = cell == at
            start = mean + sd * stats.zscore(rng.standard_normal(here.sum()), ddof=1)
            ticks[here] = np.clip(np.round(start / setup[0]), setup[1], setup[2])
        ticks, cost = anneal.anneal_column(
            int(rng.integers(2**31)),
            ticks,
            setup,
            cell,
            *_weights(cell),
            wanted,
            COLUMN_STEPS,
            COLUMN_HEAT,
        )
        tell(f"{name}: {_outcome(cost, attempt)}")
        if cost == 0:
            return ticks
    msg = f"no solution for {name} in {ATTEMPTS} attempts; try another seed"
    raise ValueError(msg)


def _outcome(cost, attempt):
    return (
        f"all intervals met (attempt {attempt + 1})"
        if cost == 0
        else f"{cost:.2f} short, starting again (attempt {attempt + 1})"
    )


def _setup(parameter, targets):
    step = GRID[parameter] / 2
    roc = (0, 0, 0)
    if parameter in DIRECTION:
        roc = (
            DIRECTION[parameter],
            *(int(targets["table5", "", parameter, name].wanted) for name in ("tp", "tn")),
        )
    return np.array([step, *(round(end / step) for end in AVERAGES[parameter]), *roc])


def _centres(parameter):
    """Mean and SD to start each cell from: as printed, or for a hidden renal row what the others
    leave."""
    rows, is_total = table2_rows(printed_strings(), parameter)
    if is_total:
        rows["renal"] = moments.hidden(rows["metastasis"], [rows["lung"], rows["breast"]])
    # Where the hidden SD has an upper limit only, most of that limit.
    spreads = {
        name: rows[name].sd.middle if rows[name].sd.low > 0 else 0.85 * rows[name].sd.high
        for name in CELLS
    }
    return [(float(rows[name].mean.middle), float(spreads[name])) for name in CELLS]


def _weights(cell):
    return intervals.shapiro_weights((cell == 0).sum()), intervals.shapiro_weights((cell > 0).sum())
