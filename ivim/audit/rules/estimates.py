"""Relations among estimates and their errors: logistic regression, ROC analysis, reader agreement."""

import math

from ivim.audit.checks.counts import count_exists, counts_from_percentage
from ivim.audit.checks.diagnostic import binormal_auc, check_auc_limits, check_auc_point
from ivim.audit.checks.estimates import (
    Slope,
    check_icc,
    check_slope,
    check_slope_label,
    recover_b,
    recover_se,
)
from ivim.audit.checks.interval import Interval
from ivim.audit.checks.moments import check_cutoff
from ivim.audit.checks.proportions import PROPORTION_METHODS, limits_method, proportion_limits
from ivim.audit.relations import Relation, as_printed, digits
from ivim.audit.checks.rounding import Outcome, cannot_tell, compare, prints_as, show
from ivim.audit.rules.groups import row, rows

_SLOPE = ("b", "se", "wald", "p", "odds_ratio", "ci_low", "ci_high")
_RATES = ("sensitivity", "specificity")


def estimate_relations(claims, structure):
    """All relations of this module that the claims have the numbers for; list of Relation."""
    return [
        *(
            r
            for location, parameter in _places(claims, "b", "logistic")
            for r in _logistic(claims, structure, location, parameter)
        ),
        *_ordered(claims),
        *(
            r
            for location, parameter in _places(claims, "auc", "roc")
            for r in _auc(claims, structure, location, parameter)
        ),
        *_rates(claims, structure),
        *(
            r
            for parameter in claims.parameters("cutoff")
            for r in _cutoffs(claims, structure, parameter)
        ),
        *(
            r
            for location, parameter in _places(claims, "icc", "agreement")
            for r in _icc(claims, structure, location, parameter)
        ),
    ]


def _places(claims, statistic, analysis):
    return dict.fromkeys(
        (c.location, c.parameter) for c in claims.where(statistic=statistic, analysis=analysis)
    )


def _logistic(claims, structure, location, parameter):
    """Wald, OR and limits from B and SE; B and SE back from them; the SE's lower bound for the marker named."""
    found = {
        name: claims.find(name, parameter=parameter, analysis="logistic", location=location)
        for name in _SLOPE
    }
    ids = {name: claim.id for name, claim in found.items() if claim}
    if not {"b", "se"} <= set(ids):
        return
    where, level = f"{parameter} in {location}", structure.confidence
    for name in set(ids) - {"b", "se"}:
        inputs = (ids["b"], ids["se"], *((ids["wald"],) if name == "p" and "wald" in ids else ()))
        yield Relation(
            f"{name} of {where}",
            f"slope_{name}",
            ids[name],
            inputs,
            lambda reading, n=name: _from_slope(reading, ids, n, level),
        )
    if "wald" in ids:
        yield Relation(
            f"wald of {where}",
            "se_from_wald",
            ids["se"],
            (ids["b"], ids["wald"]),
            lambda reading: _se_from_wald(reading, ids),
        )
        yield Relation(
            f"wald of {where}",
            "b_from_wald",
            ids["b"],
            (ids["se"], ids["wald"]),
            lambda reading: _b_from_wald(reading, ids),
        )
    if "odds_ratio" in ids:
        yield Relation(
            f"odds_ratio of {where}",
            "b_from_odds_ratio",
            ids["b"],
            (ids["odds_ratio"],),
            lambda reading: compare(
                recover_b(digits(reading[ids["odds_ratio"]])),
                reading[ids["b"]],
                "the odds ratio's logarithm",
            ),
        )
    if {"ci_low", "ci_high"} <= set(ids):
        yield Relation(
            f"limits of {where}",
            "se_from_limits",
            ids["se"],
            (ids["ci_low"], ids["ci_high"]),
            lambda reading: _se_from_limits(reading, ids, level),
            decisive=False,
        )
    pair = rows(claims, structure.compared, parameter) if structure.slopes == "table units" else ()
    if pair and None not in (pair[0].sd, pair[1].sd):
        case = pair[structure.compared.index(structure.positive)]
        control = pair[1 - structure.compared.index(structure.positive)]
        yield Relation(
            f"least SE of {where}",
            "least_se",
            ids["se"],
            (*case.ids, *control.ids),
            lambda reading: _least_se(reading, ids, case, control, parameter),
        )


def _from_slope(reading, ids, name, level):
    wanted = {
        part: as_printed(reading[ids[part]]) for part in ("b", "se", name, "wald") if part in ids
    }
    return check_slope(Slope(**wanted), level)[name]


def _se_from_wald(reading, ids):
    b, root = abs(digits(reading[ids["b"]])), digits(reading[ids["wald"]])
    return compare(
        b / Interval(max(root.low, 0), root.high).sqrt(),
        reading[ids["se"]],
        "B over the root of Wald",
    )


def _b_from_wald(reading, ids):
    wald, se, b = (digits(reading[ids[name]]) for name in ("wald", "se", "b"))
    size = se * Interval(max(wald.low, 0), wald.high).sqrt()
    return compare(
        size if b.middle >= 0 else -size, reading[ids["b"]], "S.E. times the root of Wald"
    )


def _se_from_limits(reading, ids, level):
    low, high = (digits(reading[ids[name]]) for name in ("ci_low", "ci_high"))
    return compare(
        recover_se(low, high, level), reading[ids["se"]], "the width of the odds ratio's interval"
    )


def _least_se(reading, ids, case, control, parameter):
    slope = Slope(b="0", se=as_printed(reading[ids["se"]]))
    found = check_slope_label(slope, case.group(reading), control.group(reading))
    return Outcome(
        found.holds, found.low, found.high, f"as the slope of {parameter}: {found.reason}"
    )


def _ordered(claims):
    """An estimate lies between its limits, wherever the three stand together."""
    trios = [
        ("auc", "auc_low", "auc_high"),
        ("icc", "icc_low", "icc_high"),
        ("odds_ratio", "ci_low", "ci_high"),
    ]
    for names in (*trios, *((rate, f"{rate}_low", f"{rate}_high") for rate in _RATES)):
        for value in claims.where(statistic=names[0]):
            ends = [
                claims.find(
                    n, value.group, value.parameter, value.analysis, value.item, value.location
                )
                for n in names[1:]
            ]
            for end, sign in zip(ends, (1, -1), strict=True):
                if end:
                    yield Relation(
                        f"order of {value.id} and {end.id}",
                        "between_limits",
                        end.id,
                        (value.id,),
                        lambda reading, v=value.id, e=end.id, s=sign: _order(reading, v, e, s),
                        confirms=False,
                    )
                    yield Relation(
                        f"order of {value.id} and {end.id}",
                        "between_limits",
                        value.id,
                        (end.id,),
                        lambda reading, v=value.id, e=end.id, s=sign: _order(reading, e, v, -s),
                        confirms=False,
                    )


def _order(reading, value, end, sign):
    """Is ``end`` below ``value`` (sign 1) or above it (sign -1)?"""
    estimate, limit = digits(reading[value]), digits(reading[end])
    side = Interval(-math.inf, estimate.high) if sign > 0 else Interval(estimate.low, math.inf)
    return Outcome(
        side.overlaps(limit),
        side.low,
        side.high,
        f"an estimate lies between its limits, so this number is {show(side)}",
    )


def _auc(claims, structure, location, parameter):
    """AUC and limits: symmetric where the method is, each solved from the other two; remarks on the SE's formula and normality."""
    trio = [
        claims.find(name, parameter=parameter, location=location)
        for name in ("auc", "auc_low", "auc_high")
    ]
    sizes = _class_sizes(claims, structure)
    if None not in trio and structure.auc_limits == "symmetric":
        auc, low, high = (claim.id for claim in trio)
        family = f"symmetry of {auc}"
        mirror = {
            auc: lambda r: (digits(r[low]) + digits(r[high])) / 2,
            low: lambda r: 2 * digits(r[auc]) - digits(r[high]),
            high: lambda r: 2 * digits(r[auc]) - digits(r[low]),
        }
        for target, solve in mirror.items():
            inputs = tuple(name for name in (auc, low, high) if name != target)
            yield Relation(
                family,
                "symmetric_limits",
                target,
                inputs,
                lambda reading, t=target, s=solve: _mirrored(reading, t, s, low, high),
            )
        if sizes:
            for method in ("wald", "delong", "hanley_mcneil"):
                yield Relation(
                    f"{method} limits of {auc}",
                    f"{method}_limits",
                    auc,
                    (low, high, *sizes),
                    lambda reading, m=method: _auc_limits(
                        reading, (auc, low, high), sizes, m, structure.confidence
                    ),
                    recovers=False,
                    confirms=False,
                    decisive=method == "wald",
                )
    pair = (
        rows(claims, (structure.positive, structure.negative), parameter)
        if structure.compared
        else ()
    )
    if trio[0] and pair and None not in (pair[0].sd, pair[1].sd):
        yield Relation(
            f"binormal AUC of {trio[0].id}",
            "binormal_auc",
            trio[0].id,
            (*pair[0].ids, *pair[1].ids),
            lambda reading: compare(
                binormal_auc(*(r.group(reading) for r in pair)),
                reading[trio[0].id],
                "two normal groups with these means and SDs",
            ),
            recovers=False,
            confirms=False,
            decisive=False,
        )
    rates = [claims.find(rate, parameter=parameter) for rate in _RATES]
    if trio[0] and sizes and None not in rates:
        yield Relation(
            f"AUC through the point of {trio[0].id}",
            "auc_point",
            trio[0].id,
            (*(rate.id for rate in rates), *sizes),
            lambda reading: _auc_point(
                reading, trio[0].id, rates, sizes, structure.cutoff == "youden"
            ),
            recovers=False,
            confirms=False,
        )


def _mirrored(reading, target, solve, low, high):
    # A limit that prints 0 or 1 may be cut off there, and then says nothing about the other side.
    if digits(reading[low]).low <= 0 or digits(reading[high]).high >= 1:
        return cannot_tell("a limit may be cut off at 0 or 1")
    return compare(solve(reading), reading[target], "the symmetry of the limits")


def _class_sizes(claims, structure):
    sizes = [claims.size(group) for group in (structure.positive, structure.negative)]
    return tuple(size.id for size in sizes) if None not in sizes else ()


def _auc_limits(reading, trio, sizes, method, level):
    values = as_printed(*(reading[name] for name in trio))
    return check_auc_limits(*values, *(reading.count(size) for size in sizes), confidence=level)[
        method
    ]


def _auc_point(reading, auc, rates, sizes, youden):
    counts = []
    for rate, size in zip(rates, sizes, strict=True):
        possible = counts_from_percentage(
            as_printed(reading[rate.id]), reading.count(size), rate.scale
        )
        if len(possible) != 1:
            return cannot_tell("the counts behind sensitivity and specificity are not unique")
        counts += possible
    cases, controls = (reading.count(size) for size in sizes)
    return check_auc_point(reading[auc], counts[0], cases, controls - counts[1], controls, youden)


def _rates(claims, structure):
    """A sensitivity is a share of the cases, a specificity one of the controls; their limits by the table's method."""
    sizes = _class_sizes(claims, structure)
    if not sizes:
        return
    found = []
    for rate, size in zip(_RATES, sizes, strict=True):
        for claim in claims.where(statistic=rate):
            yield Relation(
                f"count of {claim.id}",
                "count",
                claim.id,
                (size,),
                lambda reading, c=claim, s=size: count_exists(
                    as_printed(reading[c.id]), reading.count(s), c.scale
                ),
                recovers=False,
            )
            ends = [
                claims.find(f"{rate}_{end}", parameter=claim.parameter, location=claim.location)
                for end in ("low", "high")
            ]
            if None not in ends:
                found.append((claim, *ends, size))
    method = _table_method(claims, found, structure.confidence)
    for claim, low, high, size in found:
        for index, end in enumerate((low, high)):
            yield Relation(
                f"limit {end.id}",
                "proportion_limits",
                end.id,
                (claim.id, size),
                lambda reading, r=(claim, end, size, index): _limit(
                    reading, *r, method, structure.confidence
                ),
            )
        for end in (low, high):
            yield Relation(
                f"limit {end.id}",
                "share_from_limits",
                claim.id,
                (low.id, high.id, size),
                lambda reading, r=(claim, low, high, size): _share(
                    reading, *r, method, structure.confidence
                ),
                confirms=False,
            )


def _table_method(claims, found, level):
    """The method that prints more than half of all limits, and at least four of them; None where there is none."""
    table = []
    for claim, low, high, size in found:
        n = int(claims[size].number.value)
        counts = counts_from_percentage(claim.number, n, claim.scale)
        if len(counts) == 1:
            table.append((low.number, high.number, counts[0], n))
    if not table:
        return None
    method, fits = limits_method(table, found[0][0].scale, confidence=level)
    return method if fits >= max(4, len(table) + 1) else None


def _limit(reading, claim, end, size, index, method, level):
    """A limit is refuted only where the table's method is known and neither that nor any other method prints it."""
    rate, printed = as_printed(reading[claim.id], reading[end.id])
    n = reading.count(size)
    counts = counts_from_percentage(rate, n, claim.scale)
    if len(counts) != 1:
        return cannot_tell("the count behind the share is not unique")
    value = claim.scale * proportion_limits(counts[0], n, method or "exact", level)[index]
    told = f"the {(method or 'exact').replace('_', ' ')} limit of {counts[0]}/{n} is {value:.{printed.decimals + 2}f}; printed {printed.text}"
    if math.isfinite(value) and prints_as(value, printed):
        return Outcome(True, value, value, told)
    others = [
        name
        for name in PROPORTION_METHODS
        if _prints(printed, proportion_limits(counts[0], n, name, level)[index], claim.scale)
    ]
    if others:
        return Outcome(
            None, value, value, f"{told}, as the {others[0].replace('_', ' ')} method would"
        )
    return (
        Outcome(False, value, value, told)
        if method
        else cannot_tell(f"no method known here prints this limit of {counts[0]}/{n}")
    )


def _prints(printed, limit, scale):
    return math.isfinite(limit) and prints_as(scale * limit, printed)


def _share(reading, claim, low, high, size, method, level):
    """The share whose limits print as shown by the table's method; a miss says nothing about the share itself."""
    if method is None:
        return cannot_tell("the method behind the limits is unknown")
    ends, n = as_printed(reading[low.id], reading[high.id]), reading.count(size)
    limits = {k: proportion_limits(k, n, method, level) for k in range(n + 1)}
    shares = [
        k / n
        for k, pair in limits.items()
        if all(_prints(e, x, claim.scale) for x, e in zip(pair, ends, strict=True))
    ]
    if not shares:
        return cannot_tell("no share has these two limits")
    interval = Interval(claim.scale * min(shares), claim.scale * max(shares))
    fits = interval.overlaps(digits(reading[claim.id])) or None
    return Outcome(
        fits, interval.low, interval.high, f"these limits belong to a share of {show(interval)}"
    )


def _cutoffs(claims, structure, parameter):
    """The members of a group that lie beyond a cut-off, against the group's mean and SD (Cantelli)."""
    cutoff, sizes = claims.find("cutoff", parameter=parameter), _class_sizes(claims, structure)
    if not sizes or cutoff.number.comparison not in "<>":
        return
    for group, rate, size, share in zip(
        (structure.positive, structure.negative), _RATES, sizes, (True, False), strict=True
    ):
        found, printed = row(claims, group, parameter), claims.find(rate, parameter=parameter)
        if found and found.sd and printed:
            family = f"{group} beyond the cut-off of {parameter}"
            arguments = (found, cutoff, printed, size, share)
            for target in (printed.id, found.sd):
                inputs = tuple(i for i in (*found.ids, cutoff.id, printed.id) if i != target)
                yield Relation(
                    family,
                    "cutoff_share",
                    target,
                    inputs,
                    lambda reading, a=arguments: _beyond(reading, *a),
                    recovers=False,
                    confirms=False,
                )


def _beyond(reading, row_, cutoff, rate, size, positives):
    shown, bound = as_printed(reading[rate.id], reading[cutoff.id])
    n = reading.count(size)
    counts = counts_from_percentage(shown, n, rate.scale)
    if len(counts) != 1:
        return cannot_tell("the count behind the share is not unique")
    beyond = counts[0] if positives else n - counts[0]
    found = check_cutoff(row_.group(reading), bound, beyond, above=bound.comparison == ">")
    return Outcome(found.holds, math.nan, math.nan, found.reason)


def _icc(claims, structure, location, parameter):
    """Limits of an ICC by its single-measures or average-measures form; which of them the article used is not refuted, but found."""
    trio = [
        claims.find(name, parameter=parameter, location=location)
        for name in ("icc", "icc_low", "icc_high")
    ]
    sizes = [claims.size(group) for group in structure.compared or claims.groups[:1]]
    if None in trio or None in sizes or not structure.raters:
        return
    names, ids = tuple(claim.id for claim in trio), tuple(size.id for size in sizes)
    for form in ("ICC(1,1)", "ICC(C,1)", "ICC(1,k)", "ICC(C,k)"):
        for target in names:
            yield Relation(
                f"{form} of {names[0]}",
                f"icc_limits {form}",
                target,
                (*(n for n in names if n != target), *ids),
                lambda reading, f=form: _icc_form(reading, names, ids, structure, f),
                recovers=False,
                decisive=False,
            )


def _icc_form(reading, names, ids, structure, form):
    values = as_printed(*(reading[name] for name in names))
    n = sum(reading.count(name) for name in ids)
    return check_icc(*values, n, structure.raters, (form,), structure.confidence)[form]
