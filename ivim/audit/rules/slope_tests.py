"""Relations of p in a row of logistic or Cox regression: by Wald, by B and SE, by the limits."""

import math
from collections.abc import Callable, Iterator
from functools import partial

from scipy.stats import norm

from ivim.audit.checks.estimates import (
    recover_b,
)
from ivim.audit.checks.interval import Interval
from ivim.audit.checks.pvalues import normal_quantile, p_from_z, p_overlaps
from ivim.audit.checks.rounding import Outcome, cannot_tell, compare, show
from ivim.audit.relations import Check, Reading, Relation, as_printed, digits, text_of

Source = tuple[Interval, str] | None
r"""\|z\| of a slope and where it is from; None where that tells nothing."""

P = Check("slope_p")
P_CELL = Check("cell_for_slope_p", recovers=False)
REMARK = Check("limit_for_p", recovers=False, confirms=False, decisive=False)


def tests_of_slope(
    ids: dict[str, str], ratio: str, where: str, level: float, wald: bool | None
) -> Iterator[Relation]:
    """p from Wald, else from B and SE, else from the limits; within a margin where the test may be
    another.

    Parameters
    ----------
    ids : dict of str to str
        By statistic, the claims of one row of a regression; it has a ``p``.
    ratio : str
        ``odds_ratio`` or ``hr``; empty where the row has neither.
    where : str
        The row in words.
    level : float
        Confidence level of the limits.
    wald : bool or None
        True where the limits are known to be Wald's, None where nothing says it.

    Yields
    ------
    Relation
        For p, and for each number that p is held against.
    """
    sources: list[tuple[tuple[str, ...], Callable[..., Source], bool]] = []
    if "wald" in ids:
        sources.append((("wald",), _chi2_of_wald, True))
    elif {"b", "se"} <= set(ids):
        sources.append((("b", "se"), _z_of_slope, wald is True))
    if ratio and {"ci_low", "ci_high"} <= set(ids):
        sources.append(
            ((ratio, "ci_low", "ci_high"), partial(_z_of_limits, level=level), wald is True)
        )
        yield from _limits_for_p(ids, ratio, where, level)
    for names, source, sure in sources:
        inputs = tuple(ids[name] for name in names)
        for target in (ids["p"], *inputs):
            yield Relation(
                f"p of {where} from {names[0]}",
                P if target == ids["p"] else P_CELL,
                target,
                (ids["p"], *inputs),
                partial(_against_p, ids=ids, names=names, source=source, sure=sure, target=target),
            )


def _limits_for_p(ids, ratio, where, level):
    """What the limits would be by Wald's formula from the ratio and p: a remark, and a value to try
    where both are wrong.
    """
    for name, sign in (("ci_low", -1), ("ci_high", 1)):
        yield Relation(
            f"{name} of {where} from p",
            REMARK,
            ids[name],
            (ids[ratio], ids["p"]),
            partial(_limit_for_p, ids=ids, ratio=ratio, name=name, sign=sign, level=level),
        )


def _limit_for_p(reading, ids, ratio, name, sign, level):
    p, log = as_printed(reading[ids["p"]]).interval, recover_b(digits(reading[ids[ratio]]))
    if not math.isfinite(log.low) or p.high <= 0 or p.low >= 1:
        return cannot_tell("the ratio or p says nothing about the limits")
    z = Interval(norm.isf(min(p.high, 1.0) / 2), norm.isf(max(p.low, 1e-12) / 2))
    if z.low <= 0:
        return cannot_tell("p says nothing about the limits")
    se = abs(log) / z
    limit = (log + sign * normal_quantile(level) * se).exp()
    return compare(limit, digits(reading[ids[name]]), "the ratio and p")


def _against_p(reading, ids, names, source, sure, target):
    found = source(reading, [digits(reading[ids[name]]) for name in names], names, ids)
    if found is None:
        return cannot_tell("a limit prints zero")
    z, told = found
    if not sure:  # a likelihood-ratio or score test has another z
        z = Interval(z.low * 0.6 - 0.1, z.high * 1.6 + 0.1)
    p = p_from_z(Interval(max(z.low, 0.0), max(z.high, 0.0)))
    printed = as_printed(reading[ids["p"]])
    ends = (p.low, p.high) if target == ids["p"] else (math.nan, math.nan)
    shown = show(p) if p.high >= 1e-4 else f"{p.low:.2g} to {p.high:.2g}"
    return Outcome(p_overlaps(p, printed), *ends, f"{told} gives p {shown}; printed {printed.text}")


def _chi2_of_wald(reading, values, names, ids):
    wald = Interval(max(values[0].low, 0.0), max(values[0].high, 0.0))
    z = wald.sqrt()
    if {"b", "se"} <= set(ids):
        ratio = abs(digits(reading[ids["b"]]) / digits(reading[ids["se"]]))
        if z_printed(reading, ids):
            z = abs(values[0])
        z = z.intersect(ratio) or z  # B and SE tell Wald more narrowly than its own digits
    return z, f"Wald {text_of(reading[ids['wald']])}"


def _z_of_slope(reading, values, names, ids):
    return abs(values[0] / values[1]), "B/S.E."


def _z_of_limits(reading, values, names, ids, level):
    ratio, low, high = (recover_b(value) for value in values)
    if not all(math.isfinite(x.low) for x in (ratio, low, high)):
        return None
    width = high - low
    if width.high <= 0:
        return None
    z = 2 * normal_quantile(level) * abs(ratio) / Interval(max(width.low, 1e-12), width.high)
    return z, "the ratio with its limits"


def z_printed(reading: Reading, ids: dict[str, str]) -> bool:
    """True where what is called Wald is z = B/SE rather than its square.

    Parameters
    ----------
    reading : Reading
    ids : dict of str to str
        Of the statistics ``b``, ``se`` and ``wald`` of one row.

    Returns
    -------
    bool
    """
    ratio = digits(reading[ids["b"]]) / digits(reading[ids["se"]])
    return ratio.overlaps(digits(reading[ids["wald"]])) and not ratio.square().overlaps(
        digits(reading[ids["wald"]])
    )
