"""The samples of a comparison: each group's values of one parameter, and how many have none."""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from ivim.stats import checks
from ivim.stats.checks import Floats


@dataclass(frozen=True)
class Samples:
    """One parameter's values by group.

    Attributes
    ----------
    groups : dict of str to array
        Group name to its values, in the order of the comparison.
    left_out : int
        Rows without a value.
    total : int
        All rows.
    """

    groups: dict[Any, Floats]
    left_out: int
    total: int

    @property
    def sizes(self) -> dict[Any, int]:
        """How many values each group has."""
        return {name: sample.size for name, sample in self.groups.items()}

    @property
    def spread(self) -> bool:
        """Whether values differ within any group; false for a marker that is a constant in each."""
        return any(np.ptp(sample) > 0 for sample in self.groups.values())

    def long(self) -> pd.DataFrame:
        """The samples as rows ``group, value``; groups as 0, 1, ... so that sorting keeps order."""
        codes = np.repeat(np.arange(len(self.groups)), list(self.sizes.values()))
        return pd.DataFrame({"group": codes, "value": np.concatenate(list(self.groups.values()))})


def split(
    frame: pd.DataFrame,
    values: Hashable,
    group: Hashable,
    order: Sequence[Any] | None = None,
    constant: bool = False,
) -> Samples:
    """The values of each group as arrays, in the given order or that of appearance; checked.

    Parameters
    ----------
    frame : DataFrame
        One row per patient.
    values, group : str
        Columns of the measurement and of the group's name.
    order : sequence of str, optional
        All groups, once each.
    constant : bool
        Accept a marker that is constant within each group and differs between them. Each group
        then needs three values: two that happen to be equal are no constant.

    Returns
    -------
    Samples

    Raises
    ------
    ValueError
        When `order` and the groups differ, there is one group only, a group has fewer than two
        values, or nothing varies within the groups.
    """
    checks.check_columns(frame, values, group)
    array = checks.numbers(frame[values], values, missing=True)
    names = checks.labels(frame[group], group)
    known, note = ~np.isnan(array), checks.missing_note(array, values)
    order = _order(names.unique().tolist(), order, group)
    groups = {name: array[known & (names == name).to_numpy()] for name in order}
    for name, sample in groups.items():
        if sample.size < 2:
            msg = (
                f"group {name!r} has {sample.size} value of {values!r}; at least two are needed"
                f"{note}"
            )
            raise ValueError(msg)
    samples = Samples(groups, int((~known).sum()), array.size)
    if not samples.spread and not (constant and _differ(groups)):
        msg = f"{values!r} is constant within every group; without spread there is nothing to test"
        raise ValueError(msg + note)
    return samples


def attributes(samples: dict[Any, Samples]) -> dict[str, Any]:
    """What a frame of results carries in its ``attrs`` about missing values.

    Parameters
    ----------
    samples : dict of str to Samples
        By parameter.

    Returns
    -------
    dict
        ``n`` (parameter to group to size), ``left_out`` (parameter to rows) and ``missing``.
    """
    counts = {name: (sample.left_out, sample.total) for name, sample in samples.items()}
    return {
        "n": {name: sample.sizes for name, sample in samples.items()},
        "left_out": {name: sample.left_out for name, sample in samples.items()},
        "missing": checks.left_out(counts, "rows"),
    }


def check_spread(samples: Samples, method: str, instead: str) -> None:
    """Refuse a constant group where a method divides by each group's variance.

    Parameters
    ----------
    samples : Samples
    method, instead : str
        The method, and what to use in its place.

    Raises
    ------
    ValueError
        When a group is constant.
    """
    for name, sample in samples.groups.items():
        if np.ptp(sample) == 0:
            msg = (
                f"group {name!r} is constant and {method!r} divides by each group's variance; "
                f"use method {instead}"
            )
            raise ValueError(msg)


def _order(met: list[Any], order: Sequence[Any] | None, group: Hashable) -> list[Any]:
    order = met if order is None else list(order)
    if set(order) != set(met) or len(order) != len(met):
        named, held = (", ".join(map(repr, names)) for names in (order, met))
        msg = f"order names {named}, but {group!r} holds {held}; name each group once"
        raise ValueError(msg)
    if len(met) < 2:
        msg = f"{group!r} holds only {met[0]!r}; a comparison needs at least two groups"
        raise ValueError(msg)
    return order


def _differ(groups: dict[Any, Floats]) -> bool:
    first = next(iter(groups.values()))[0]
    return min(sample.size for sample in groups.values()) > 2 and any(
        sample[0] != first for sample in groups.values()
    )
