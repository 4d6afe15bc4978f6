"""Relations of a row of logistic or Cox regression: B, SE, Wald, p, the ratio and its limits.

Limits may be Wald's, or by the profile likelihood, or by resampling, which are not symmetric. They
refute by Wald's formula only
where that is known to be the method (a column, the structure file, or most limits of the table);
else only what no method gives.
"""

import math
from functools import partial

from ivim.audit.checks.estimates import (
    Slope,
    check_slope_label,
    recover_b,
    recover_se,
)
from ivim.audit.checks.interval import Interval
from ivim.audit.checks.pvalues import normal_quantile
from ivim.audit.checks.rounding import Outcome, cannot_tell, compare, show
from ivim.audit.relations import Check, Reading, Relation, as_printed, digits, text_of
from ivim.audit.rules.rows import Study
from ivim.audit.rules.slope_tests import tests_of_slope, z_printed
from ivim.audit.vocabulary import RATIOS

SKEW = 4.0
"""Largest ratio of the two distances of an estimate's limits, on the scale of logarithms, that is
not held against them.
"""

STRETCH = 3.0
"""Largest factor between a half-width by another method and Wald's that is not held against it."""

WALD = Check("slope_wald")
RATIO = Check("slope_odds_ratio")
B_RATIO = Check("b_from_odds_ratio")
B_WALD = Check("b_from_wald")
SE_WALD = Check("se_from_wald")
LOW = Check("slope_ci_low")
HIGH = Check("slope_ci_high")
SE_LIMITS = Check("se_from_limits", decisive=False)
BAND = Check("limits_of_any_method", recovers=False, confirms=False)
MIRROR = Check("log_symmetry")
ORDER = Check("between_limits", confirms=False)
LEAST = Check("least_se")


def slope_relations(study: Study) -> list[Relation]:
    """All relations of this module that the claims have the numbers for; list of Relation.

    Parameters
    ----------
    study : Study

    Returns
    -------
    list of Relation
    """
    found = []
    for row in _rows(study):
        found += _row(study, row)
    return found


def _rows(study):
    """Rows of regressions as dicts from statistic to claim; rows in which a statistic stands twice
    are left out.
    """
    rows = {}
    for claim in study.claims:
        if claim.analysis in ("logistic", "cox") and claim.number:
            key = (claim.location, claim.analysis, claim.variant, claim.group, claim.parameter)
            rows.setdefault(key, []).append(claim)
    for claims in rows.values():
        by_name = {claim.statistic: claim for claim in claims}
        if len(by_name) == len(claims) and len(claims) > 1:
            yield by_name


def _row(study, row):
    ids = {name: claim.id for name, claim in row.items()}
    ratio = next((name for name in RATIOS if name in row), "")
    where = f"{next(iter(row.values())).parameter} in {next(iter(ids.values()))}"
    level = study.structure.confidence
    wald = _is_wald(study, next(iter(row.values())))
    if {"b", "se"} <= set(ids):
        yield from _from_slope(ids, ratio, where, level, wald)
        yield from _least(study, row, ids, where)
    elif ratio and "b" in ids:
        yield from _exponential(ids, ratio, where)
    if ratio and {"ci_low", "ci_high"} & set(ids):
        yield from _limits(ids, ratio, where, wald)
    if "p" in ids:
        yield from tests_of_slope(ids, ratio, where, level, wald)


def _is_wald(study, claim):
    """True where limits are known to be Wald's, False where they are known not to be, None where
    nothing says it.
    """
    told = claim.method.strip().lower() or study.structure.odds_limits
    if told:
        return told == "wald"
    return None


def _from_slope(ids, ratio, where, level, wald):
    b, se = ids["b"], ids["se"]
    if "wald" in ids:
        name = ids["wald"]
        yield Relation(f"wald of {where}", WALD, name, (b, se), partial(_wald, ids=ids))
        yield Relation(f"wald of {where}", SE_WALD, se, (b, name), partial(_se_from_wald, ids=ids))
        yield Relation(f"wald of {where}", B_WALD, b, (se, name), partial(_b_from_wald, ids=ids))
    if ratio:
        yield from _exponential(ids, ratio, where)
    for check, name, sign in ((LOW, "ci_low", -1), (HIGH, "ci_high", 1)):
        if name not in ids:
            continue
        for target in (ids[name], b, se):
            own = target == ids[name]
            inputs = tuple(i for i in (ids[name], b, se) if i != target)
            kind = check if own else Check(f"cell_for_{name}", recovers=bool(wald), confirms=False)
            if not wald:
                kind = BAND
            yield Relation(
                f"{name} of {where}",
                kind,
                target,
                inputs,
                partial(
                    _limit, ids=ids, name=name, sign=sign, level=level, wald=wald, target=target
                ),
            )
    if {"ci_low", "ci_high"} <= set(ids):
        yield Relation(
            f"limits of {where}",
            SE_LIMITS,
            se,
            (ids["ci_low"], ids["ci_high"]),
            lambda reading: compare(
                recover_se(digits(reading[ids["ci_low"]]), digits(reading[ids["ci_high"]]), level),
                reading[se],
                "the width of the interval",
            ),
        )


def _wald(reading, ids):
    ratio = digits(reading[ids["b"]]) / digits(reading[ids["se"]])
    printed = digits(reading[ids["wald"]])
    square = ratio.square()
    # Some programs print B/SE itself under this name.
    if not square.overlaps(printed) and ratio.overlaps(printed):
        return compare(ratio, reading[ids["wald"]], "B/S.E.")
    source = f"B {text_of(reading[ids['b']])} and S.E. {text_of(reading[ids['se']])}"
    return compare(square, reading[ids["wald"]], source)


def _root(reading, ids):
    wald = digits(reading[ids["wald"]])
    return Interval(max(wald.low, 0.0), max(wald.high, 0.0)).sqrt()


def _se_from_wald(reading, ids):
    if z_printed(reading, ids):
        return Outcome(True, math.nan, math.nan, "Wald is printed as B/S.E.")
    found = abs(digits(reading[ids["b"]])) / _root(reading, ids)
    return compare(found, reading[ids["se"]], "B over the root of Wald")


def _b_from_wald(reading, ids):
    if z_printed(reading, ids):
        return Outcome(True, math.nan, math.nan, "Wald is printed as B/S.E.")
    size = digits(reading[ids["se"]]) * _root(reading, ids)
    b = digits(reading[ids["b"]])
    return compare(
        size if b.middle >= 0 else -size, reading[ids["b"]], "S.E. times the root of Wald"
    )


def _exponential(ids, ratio, where):
    b, name = ids["b"], ids[ratio]
    yield Relation(
        f"{ratio} of {where}",
        RATIO,
        name,
        (b,),
        lambda reading: compare(
            digits(reading[b]).exp(), reading[name], f"B {text_of(reading[b])}"
        ),
    )
    yield Relation(
        f"{ratio} of {where}",
        B_RATIO,
        b,
        (name,),
        lambda reading: compare(
            recover_b(digits(reading[name])), reading[b], "the ratio's logarithm"
        ),
    )


def _limit(reading, ids, name, sign, level, wald, target):
    b, se, printed = (digits(reading[ids[key]]) for key in ("b", "se", name))
    reach = normal_quantile(level) * se
    if not wald:
        reach = Interval(max(0.0, reach.low / STRETCH), reach.high * STRETCH)
    limit = (b + sign * reach).exp()
    source = f"B {text_of(reading[ids['b']])} and S.E. {text_of(reading[ids['se']])}"
    source += "" if wald else ", by any method,"
    if target == ids[name]:
        return compare(limit, reading[target], source)
    holds = limit.overlaps(printed)
    told = f"{source} gives {show(limit)}; printed {text_of(reading[ids[name]])}"
    ends = (math.nan, math.nan)
    if wald:
        log = recover_b(printed)
        room = (
            log - sign * reach if target == ids["b"] else sign * (log - b) / normal_quantile(level)
        )
        ends = (room.low, room.high)
    return Outcome(holds, *ends, told)


def _limits(ids, ratio, where, wald):
    """The ratio lies between its limits, by Wald's method midway between them on the scale of
    logarithms.
    """
    name = ids[ratio]
    ends = {key: ids[key] for key in ("ci_low", "ci_high") if key in ids}
    for key, end in ends.items():
        sign = 1 if key == "ci_low" else -1
        for target, other, side in ((end, name, sign), (name, end, -sign)):
            yield Relation(
                f"order of {name} and {end}",
                ORDER,
                target,
                (other,),
                partial(order, target=target, other=other, sign=side),
            )
    if len(ends) == 2:
        trio = (name, ends["ci_low"], ends["ci_high"])
        for target in trio:
            yield Relation(
                f"log symmetry of {where}",
                MIRROR if wald else BAND.called("skew_of_limits"),
                target,
                trio,
                partial(_mirror if wald else _skew, trio=trio, target=target),
            )


def order(reading: Reading, target: str, other: str, sign: int) -> Outcome:
    """Is ``target`` below ``other`` (sign 1) or above it (sign -1)?

    Parameters
    ----------
    reading : Reading
    target, other : str
    sign : int

    Returns
    -------
    Outcome
    """
    known, judged = digits(reading[other]), digits(reading[target])
    side = Interval(-math.inf, known.high) if sign > 0 else Interval(known.low, math.inf)
    told = f"an estimate lies between its limits, so this number is {show(side)}"
    return Outcome(side.overlaps(judged), side.low, side.high, told)


def _logs(reading, trio):
    return [recover_b(digits(reading[name])) for name in trio]


def _mirror(reading, trio, target):
    ratio, low, high = _logs(reading, trio)
    if not math.isfinite(high.low):
        return cannot_tell("the upper limit prints zero")
    room = {
        trio[0]: (low + high) / 2,
        trio[1]: 2 * ratio - high,
        trio[2]: 2 * ratio - low,
    }[target].exp()
    return compare(room, reading[target], "symmetry on the scale of logarithms")


def _skew(reading, trio, target):
    ratio, low, high = _logs(reading, trio)
    if not all(math.isfinite(x.low) for x in (ratio, low, high)):
        return cannot_tell("a limit prints zero")
    below, above = ratio - low, high - ratio
    holds = below.high * SKEW >= above.low and above.high * SKEW >= below.low
    told = (
        f"the limits lie {below.middle:.2f} below and {above.middle:.2f} above the ratio on the "
        "scale of logarithms"
    )
    return Outcome(holds, math.nan, math.nan, told)


def _least(study, row, ids, where):
    """No SE of a slope is below 2/√SS of its marker, where slopes are per unit of the table."""
    structure, first = study.structure, row["b"]
    if structure.slopes != "table units" or first.analysis != "logistic" or first.item:
        return
    groups = (structure.positive, structure.negative)
    pair = study.rows(groups, first.parameter) if all(groups) else ()
    if not pair or not all(r.sd and r.complete and not r.error for r in pair):
        return
    cells = tuple(name for r in pair for name in r.ids)
    for target in (ids["se"], *cells):
        yield Relation(
            f"least SE of {where}",
            LEAST if target == ids["se"] else LEAST.called("spread_for_least_se"),
            target,
            (ids["se"], *cells),
            partial(_least_se, se=ids["se"], pair=pair, parameter=first.parameter, target=target),
        )


def _least_se(reading, se, pair, parameter, target):
    found = check_slope_label(
        Slope(b="0", se=as_printed(reading[se])), *(row.group(reading) for row in pair)
    )
    ends = (found.low, found.high) if target == se else (math.nan, math.nan)
    return Outcome(found.holds, *ends, f"as the slope of {parameter}: {found.reason}")
