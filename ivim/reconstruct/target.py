"""One number of the pipeline and what it has to be: the same digits, or a value between two."""

import math
from dataclasses import dataclass
from typing import TypeAlias

from ivim.audit.checks.rounding import parse, prints_as, to_print

Key: TypeAlias = tuple[str, str, str, str]
"""Location, group, parameter and statistic."""

PRINTED = "printed"


@dataclass(frozen=True)
class Target:
    """One number of the pipeline and what it has to be.

    Attributes
    ----------
    location, group, parameter, statistic : str
        Where it stands; `group` "all" is all 70 patients, for an ICC it is the form.
    wanted : str
        The digits that have to be printed (half up), or the interval in words.
    reason : str
        "printed", or why something else than the printed string is wanted.
    low, high : float
        The interval of values that meet it.
    digits : bool
        Whether printing decides (then `low` and `high` are the rounding interval).
    """

    location: str
    group: str
    parameter: str
    statistic: str
    wanted: str
    reason: str
    low: float
    high: float
    digits: bool = True

    @property
    def key(self) -> Key:
        """By which it is found."""
        return self.location, self.group, self.parameter, self.statistic

    def met(self, value: float | None) -> bool:
        """Whether a value of the pipeline meets the target; a missing one does not.

        Parameters
        ----------
        value : float or None

        Returns
        -------
        bool
        """
        if value is None or math.isnan(value):
            return False
        return (
            prints_as(value, self.wanted, "half_up")
            if self.digits
            else self.low <= value <= self.high
        )

    def shown(self, value: float | None) -> str:
        """The value as it would be printed beside `wanted`.

        Parameters
        ----------
        value : float or None

        Returns
        -------
        str
        """
        if value is None or math.isnan(value):
            return "missing"
        decimals = parse(self.wanted).decimals if self.digits else 4
        return f"{value:.2e}" if decimals > 6 else to_print(value, decimals)


def digits(
    location: str, group: str, parameter: str, statistic: str, wanted: str, reason: str = PRINTED
) -> Target:
    """A target that is met by printing the same digits.

    Parameters
    ----------
    location, group, parameter, statistic, wanted, reason : str
        See :class:`Target`.

    Returns
    -------
    Target
    """
    interval = parse(wanted).interval
    return Target(
        location,
        group,
        parameter,
        statistic,
        wanted,
        reason,
        float(interval.low),
        float(interval.high),
    )


def within(
    location: str,
    group: str,
    parameter: str,
    statistic: str,
    low: float,
    high: float,
    reason: str,
) -> Target:
    """A target that is met by any value between two.

    Parameters
    ----------
    location, group, parameter, statistic, reason : str
        See :class:`Target`.
    low, high : float
        In table units; either may be infinite.

    Returns
    -------
    Target
    """
    words = (
        f"{low:.4g} to {high:.4g}"
        if math.isfinite(low + high)
        else f"above {low:g}"
        if math.isfinite(low)
        else f"below {high:g}"
    )
    return Target(location, group, parameter, statistic, words, reason, low, high, digits=False)
