"""Relations of ROC analysis: an area and its limits, differences of areas, cut-offs against the
rows of the groups.
"""

import math
from collections.abc import Iterator
from functools import partial

from ivim.audit.checks.counts import counts_from_percentage
from ivim.audit.checks.diagnostic import binormal_auc, check_auc_limits, check_auc_point
from ivim.audit.checks.interval import Interval
from ivim.audit.checks.moments import check_cutoff
from ivim.audit.checks.pvalues import normal_quantile
from ivim.audit.checks.rounding import Outcome, cannot_tell, compare
from ivim.audit.checks.units import unit_factor
from ivim.audit.claims import Claim
from ivim.audit.relations import Check, Relation, as_printed, digits
from ivim.audit.rules.rows import Study
from ivim.audit.vocabulary import domain, stem

SYMMETRIC = ("symmetric", "delong", "hanley-mcneil")
RANGE = Check("possible_value", recovers=False, confirms=False)
MIRROR = Check("symmetric_limits")
REMARK = Check("", recovers=False, confirms=False, decisive=False)
GRID = Check("wald_limits", recovers=False, confirms=False)
POINT = Check("auc_point", recovers=False, confirms=False)
BEYOND = Check("cutoff_share", recovers=False, confirms=False)
AREAS = Check("difference_of_areas")
DIFFERENCE = Check("z_of_difference")
CELL = Check("cell_for_z", recovers=False, confirms=False)


def curve_relations(study: Study) -> list[Relation]:
    """All relations of this module that the claims have the numbers for; list of Relation.

    Parameters
    ----------
    study : Study

    Returns
    -------
    list of Relation
    """
    claims = study.claims
    return [
        *(r for claim in claims.where(statistic="auc") for r in _auc(study, claim)),
        *(
            r
            for claim in claims.where(statistic="auc_difference")
            for r in _difference(study, claim)
        ),
        *(r for claim in claims.where(statistic="cutoff") for r in _cutoff(study, claim)),
    ]


def symmetry(study: Study, value: Claim) -> str:
    """The method behind limits that are symmetric about their estimate; empty where they may not
    be.

    Parameters
    ----------
    study : Study
    value : Claim
        The estimate, such as an area under the curve.

    Returns
    -------
    str
        One of ``SYMMETRIC``, or empty.
    """
    told = value.method.strip().lower() or study.structure.auc_limits
    return told if told in SYMMETRIC else ""


def _mirrors(study, value, low, high, bounded):
    trio = (value.id, low.id, high.id)
    scale = study.claims.scale(value)
    solve = {
        trio[0]: lambda r: (digits(r[trio[1]]) + digits(r[trio[2]])) / 2,
        trio[1]: lambda r: 2 * digits(r[trio[0]]) - digits(r[trio[2]]),
        trio[2]: lambda r: 2 * digits(r[trio[0]]) - digits(r[trio[1]]),
    }
    for target, judge in solve.items():
        yield Relation(
            f"symmetry of {value.id}",
            MIRROR,
            target,
            trio,
            partial(_mirrored, target=target, solve=judge, ends=trio[1:], top=bounded and scale),
        )


def _mirrored(reading, target, solve, ends, top):
    # A limit that prints 0 or 1 may be cut off there, and then says nothing about the other side.
    if top and (digits(reading[ends[0]]).low <= 0 or digits(reading[ends[1]]).high >= top):
        return cannot_tell("a limit may be cut off at 0 or 1")
    return compare(solve(reading), reading[target], "the symmetry of the limits")


def _auc(study, auc):
    """Area and limits: symmetric where the method is; remarks on the SE's formula and normality."""
    low, high = study.claims.beside(auc, "auc_low", "auc_high")
    sizes, structure = study.class_sizes(auc.parameter), study.structure
    told = symmetry(study, auc)
    if low and high and told:
        yield from _mirrors(study, auc, low, high, bounded=True)
        if sizes and study.claims.scale(auc) == 1 and auc.variant == ("", "", "") and auc.tabled:
            trio = (auc.id, low.id, high.id)
            for method in ("wald", "delong", "hanley_mcneil"):
                yield Relation(
                    f"{method} limits of {auc.id}",
                    GRID if method == "wald" else REMARK.called(f"{method}_limits"),
                    auc.id,
                    (low.id, high.id, *sizes),
                    partial(
                        _limits, trio=trio, sizes=sizes, method=method, level=structure.confidence
                    ),
                )
    pair = study.rows((structure.positive, structure.negative), auc.parameter) if sizes else ()
    if pair and None not in (pair[0].sd, pair[1].sd) and study.claims.scale(auc) == 1:
        yield Relation(
            f"binormal AUC of {auc.id}",
            REMARK.called("binormal_auc"),
            auc.id,
            (*pair[0].ids, *pair[1].ids),
            lambda reading: compare(
                binormal_auc(*(row.group(reading) for row in pair)),
                reading[auc.id],
                "two normal groups with these means and SDs",
            ),
        )
    yield from _point(study, auc, sizes)


def _limits(reading, trio, sizes, method, level):
    values = as_printed(*(reading[name] for name in trio))
    counts = [reading.count(size) for size in sizes]
    return check_auc_limits(*values, *counts, confidence=level)[method]


def _point(study, auc, sizes):
    """The area against the operating point printed for the same parameter."""
    rates = study.claims.beside(auc, "sensitivity", "specificity")
    if None in rates:
        rates = [
            study.claims.find(name, auc.group, auc.parameter, variant=auc.variant)
            for name in ("sensitivity", "specificity")
        ]
    if not sizes or None in rates or study.claims.scale(auc) != 1:
        return
    scales = [study.claims.scale(rate) for rate in rates]
    youden = study.structure.cutoff == "youden"
    for target in (auc.id, rates[0].id, rates[1].id):
        yield Relation(
            f"AUC through the point of {auc.id}",
            POINT,
            target,
            (auc.id, rates[0].id, rates[1].id, *sizes),
            lambda reading: _through(reading, auc.id, [r.id for r in rates], scales, sizes, youden),
        )


def _through(reading, auc, rates, scales, sizes, youden):
    counts = []
    for rate, size, scale in zip(rates, sizes, scales, strict=True):
        possible = counts_from_percentage(as_printed(reading[rate]), reading.count(size), scale)
        if len(possible) != 1:
            return cannot_tell("the counts behind sensitivity and specificity are not unique")
        counts += possible
    cases, controls = (reading.count(size) for size in sizes)
    if max(cases, controls) > 5000:
        return cannot_tell("the groups are too large for the bound to tell anything")
    found = check_auc_point(reading[auc], counts[0], cases, controls - counts[1], controls, youden)
    return Outcome(found.holds, found.low, found.high, found.reason)


def _difference(study, value):
    """A difference of two areas on the same members: symmetric limits, and z from them (DeLong)."""
    low, high = study.claims.beside(value, "auc_difference_low", "auc_difference_high")
    (z,) = study.claims.beside(value, "z")
    yield from _of_areas(study, value)
    if not (low and high and value.method.strip().lower() == "delong"):
        return
    yield from _mirrors(study, value, low, high, bounded=False)
    if z:
        ids = (z.id, value.id, low.id, high.id)
        for target in ids:
            yield Relation(
                f"z of {value.id}",
                DIFFERENCE if target == z.id else CELL,
                target,
                ids,
                partial(_z, ids=ids, level=study.structure.confidence, own=target == z.id),
            )


def _of_areas(study, value):
    """The difference of the two areas that it is of, both printed once and of everybody."""
    told = value.comparison.replace(" vs. ", " vs ").split(" vs ")
    names = [name.strip() for name in told] if len(told) == 2 else value.parameter.split("-")
    areas = [
        list(study.claims.where(statistic="auc", parameter=name, location=value.location))
        for name in names
    ]
    if not study.structure.complete or len(areas) != 2 or any(len(found) != 1 for found in areas):
        return
    ids = (value.id, *(found[0].id for found in areas))
    scales = [study.claims.scale(found[0]) for found in areas]
    for target in ids:
        yield Relation(
            f"areas behind {value.id}",
            AREAS if target == value.id else CELL.called("cell_for_difference"),
            target,
            ids,
            partial(_gap, ids=ids, scales=scales, own=target == value.id),
        )


def _gap(reading, ids, scales, own):
    first, second = (
        digits(reading[name]) / scale for name, scale in zip(ids[1:], scales, strict=True)
    )
    room, printed = abs(first - second), digits(reading[ids[0]])
    found = compare(room, abs(printed), "the two areas")
    ends = (room.low, room.high) if own and printed.low >= 0 else (math.nan, math.nan)
    return Outcome(found.holds, *ends, found.reason)


def _z(reading, ids, level, own):
    z, value, low, high = (digits(reading[name]) for name in ids)
    width = high - low
    if width.low <= 0:
        return cannot_tell("the limits have no width")
    room = 2 * normal_quantile(level) * abs(value) / width
    holds = room.overlaps(abs(z))
    signed = room if z.middle >= 0 else -room
    ends = (signed.low, signed.high) if own else (math.nan, math.nan)
    told = compare(signed, reading[ids[0]], "the difference and its limits").reason
    return Outcome(holds, *ends, told)


def _cutoff(study, cutoff):
    """Members of a group that lie beyond a cut-off, against the group's mean and SD (Cantelli)."""
    sizes, structure = study.class_sizes(cutoff.parameter), study.structure
    if any(cutoff.variant):  # another reader's values have another mean
        return
    if not sizes or cutoff.number.comparison not in "<>":
        return
    for group, rate, size, share in zip(
        (structure.positive, structure.negative),
        ("sensitivity", "specificity"),
        sizes,
        (True, False),
        strict=True,
    ):
        row, (printed,) = study.row(group, cutoff.parameter), study.claims.beside(cutoff, rate)
        if not row or not row.sd or row.error or not printed:
            continue
        factor = unit_factor(_unit(study, cutoff), _unit(study, study.claims[row.mean]))
        if factor is None:
            continue
        scale = study.claims.scale(printed)
        ids = (printed.id, cutoff.id, *row.ids)
        for target in (printed.id, cutoff.id, row.mean, row.sd):
            yield Relation(
                f"{group} beyond {cutoff.id}",
                BEYOND,
                target,
                ids,
                partial(
                    _beyond,
                    row=row,
                    cutoff=cutoff.id,
                    rate=printed.id,
                    size=size,
                    share=share,
                    scale=scale,
                    factor=factor,
                ),
            )


def _unit(study, claim):
    return claim.unit or study.structure.units.get(claim.parameter, "")


def _beyond(reading, row, cutoff, rate, size, share, scale, factor):
    shown, bound = as_printed(reading[rate], reading[cutoff])
    n = reading.count(size)
    counts = counts_from_percentage(shown, n, scale)
    if len(counts) != 1:
        return cannot_tell("the count behind the share is not unique")
    beyond = counts[0] if share else n - counts[0]
    place = digits(bound) * Interval(factor, factor)
    found = check_cutoff(row.group(reading), place, beyond, above=bound.comparison == ">")
    return Outcome(found.holds, math.nan, math.nan, found.reason)


def range_relations(study: Study) -> Iterator[Relation]:
    """No number lies where its statistic cannot: an area of 1.89, a share of 188.9 %, a p of
    1.2.

    Parameters
    ----------
    study : Study

    Yields
    ------
    Relation
        One for each number whose statistic is bounded.
    """
    for claim in study.claims:
        if claim.number is None:
            continue
        low, high = _widened(claim.statistic)
        if math.isfinite(low) or math.isfinite(high):
            scale = study.claims.scale(claim)
            yield Relation(
                f"value of {claim.id}",
                RANGE,
                claim.id,
                (),
                partial(_possible, claim=claim.id, low=low * scale, high=high * scale),
            )


def _widened(statistic):
    """Limits by ± z SE are often printed as they come out, beyond the range of their estimate
    (1.02, 102.3 %), but no z SE is more than 1 beyond it.
    """
    low, high = domain(stem(statistic))
    if stem(statistic) == statistic:
        return low, high
    if statistic.startswith("lr_"):
        return -math.inf, math.inf
    return (-math.inf if statistic == "icc_low" else low - 1), high + 1


def _possible(reading, claim, low, high):
    shown, printed = reading[claim], digits(reading[claim])
    holds = printed.high >= low and printed.low <= high
    if not isinstance(shown, Interval) and shown.comparison == "<" and shown.value <= low:
        holds = False
    told = (
        f"such a number lies between {low:g} and {high:g}"
        if math.isfinite(high)
        else f"such a number is at least {low:g}"
    )
    return Outcome(holds, low, high, told)
