"""Relations among the rows of group tables: counts, whole numbers, unions and parts, t-tests."""

from ivim.audit.checks.counts import grim, grim_sizes, grimmer, parts_add_up, totals_agree
from ivim.audit.checks.interval import Interval
from ivim.audit.checks.moments import Group, check_spread, hidden, pooled
from ivim.audit.checks.pvalues import p_from_t, p_overlaps, stars_agree
from ivim.audit.relations import Relation, Row, as_printed, digits, impossible
from ivim.audit.checks.rounding import Outcome, as_interval, cannot_tell, compare, show
from ivim.audit.checks.testing import check_t, sd_for_t, t_test


def group_relations(claims, structure):
    """All relations of this module that the claims have the numbers for; list of Relation."""
    parameters = claims.parameters("mean", "describe")
    return [
        *_sexes(claims),
        *_sums(claims, structure),
        *(r for parameter in parameters for r in _unions(claims, structure, parameter)),
        *(
            r
            for parameter in structure.whole_numbers
            for r in _whole_numbers(claims, structure, parameter)
        ),
        *(r for parameter in structure.limits for r in _limits(claims, structure, parameter)),
        *(r for parameter in parameters for r in _t_tests(claims, structure, parameter)),
        *_stars(claims),
    ]


def row(claims, group, parameter):
    """The :class:`Row` of a group and parameter, or None where size or mean is not printed."""
    n, mean, sd = (
        claims.size(group),
        claims.find("mean", group, parameter),
        claims.find("sd", group, parameter),
    )
    return Row(n.id, mean.id, sd and sd.id) if n and mean else None


def rows(claims, groups, parameter):
    """The rows of several groups, or an empty tuple where one is missing."""
    found = tuple(row(claims, group, parameter) for group in groups)
    return found if found and None not in found else ()


def _sexes(claims):
    """n = male + female, solved for each of the three."""
    for group in claims.groups:
        trio = [claims.find(name, group) for name in ("n", "male", "female")]
        if None not in trio:
            yield from _sum(f"sexes of {group}", "count_sum", *(claim.id for claim in trio))


def _sums(claims, structure):
    """A whole's counts are the sum of its parts'."""
    for whole, parts in structure.parts.items():
        for statistic in ("n", "male", "female"):
            found = [claims.find(statistic, group) for group in (whole, *parts)]
            if None not in found:
                yield from _sum(
                    f"{statistic} of {whole}", "count_sum", *(claim.id for claim in found)
                )


def _sum(family, check, whole, *parts):
    yield Relation(
        family,
        check,
        whole,
        parts,
        lambda reading: parts_add_up(reading.count(whole), [reading.count(p) for p in parts]),
    )
    for part in parts:
        rest = tuple(other for other in parts if other != part)
        yield Relation(
            family,
            check,
            part,
            (whole, *rest),
            lambda reading, part=part, rest=rest: _left_over(reading, whole, part, rest),
        )


def _left_over(reading, whole, part, rest):
    left = reading.count(whole) - sum(reading.count(other) for other in rest)
    return Outcome(
        left == reading.count(part),
        left,
        left,
        f"{reading.count(whole)} less the others leaves {left}; printed {reading.count(part)}",
    )


def _unions(claims, structure, parameter):
    """Mean and SD of a whole from its parts, and of each part from the whole and the other parts."""
    for whole, names in structure.parts.items():
        whole_row, parts = row(claims, whole, parameter), rows(claims, names, parameter)
        if not whole_row or not parts:
            continue
        ids = [name for part in parts for name in part.ids]
        for statistic in ("mean", "sd"):
            targets = [getattr(part, statistic) for part in (whole_row, *parts)]
            if None in targets:
                continue
            family = f"{statistic} of {parameter} in {whole} and its parts"
            yield Relation(
                family,
                f"pooled_{statistic}",
                targets[0],
                (*(i for i in whole_row.ids if i != targets[0]), *ids),
                lambda reading, w=whole_row, p=parts, s=statistic: _pooled(reading, w, p, s),
            )
            for part, group in zip(parts, names, strict=True):
                rest = tuple(other for other in parts if other is not part)
                target = getattr(part, statistic)
                inputs = tuple(i for i in (*whole_row.ids, *ids) if i != target)
                yield Relation(
                    family,
                    f"hidden_{statistic}",
                    target,
                    inputs,
                    lambda reading, w=whole_row, p=part, r=rest, s=statistic, g=group: _hidden(
                        reading, w, p, r, s, g
                    ),
                )


def _pooled(reading, whole, parts, statistic):
    pool = pooled([part.group(reading) for part in parts])
    return compare(
        getattr(pool, statistic), reading[getattr(whole, statistic)], "pooling the sub-groups"
    )


def _hidden(reading, whole, part, rest, statistic, group):
    groups = [known.group(reading) for known in (whole, *rest)]
    if statistic == "mean":  # a mean needs no SD, and must not suffer from a wrong one
        groups = [Group(known.n, known.mean) for known in groups]
    left = hidden(groups[0], groups[1:])
    if left is None:
        return impossible(f"the other sub-groups leave no sum of squares for {group}")
    interval, printed = getattr(left, statistic), reading[getattr(part, statistic)]
    if interval is None:
        return cannot_tell("an SD is missing")
    holds = interval.overlaps(as_interval(printed))
    what = (
        f"{statistic.replace('sd', 'SD')} that the whole and the other sub-groups leave for {group}"
    )
    return Outcome(
        holds,
        interval.low,
        interval.high,
        f"{what}: {show(interval)}; printed {_text(printed)}{'' if holds else ' lies outside'}",
    )


def _whole_numbers(claims, structure, parameter):
    """GRIM and GRIMMER for every print of such a mean and SD, and totals of wholes and parts."""
    for mean in claims.where(parameter=parameter, statistic="mean"):
        size = claims.size(mean.group)
        if not size:
            continue
        yield Relation(
            f"whole numbers: {mean.id}",
            "grim",
            mean.id,
            (size.id,),
            lambda reading, m=mean, s=size: _grim(reading, m, s),
            recovers=False,
        )
        sd = claims.find("sd", mean.group, parameter, location=mean.location)
        if sd:
            yield Relation(
                f"whole numbers: {sd.id}",
                "grimmer",
                sd.id,
                (mean.id, size.id),
                lambda reading, m=mean, s=size, d=sd: _grimmer(reading, m, d, s),
                recovers=False,
                confirms=False,
            )
    for whole, names in structure.parts.items():
        whole_row, parts = row(claims, whole, parameter), rows(claims, names, parameter)
        if whole_row and parts:
            yield Relation(
                f"totals of {parameter} in {whole}",
                "totals",
                whole_row.mean,
                (whole_row.n, *(i for part in parts for i in (part.n, part.mean))),
                lambda reading, w=whole_row, p=parts: _totals(reading, w, p),
                recovers=False,
            )


def _grim(reading, mean, size):
    outcome = grim(as_printed(reading[mean.id]), reading.count(size.id))
    if outcome.holds:
        return outcome
    sizes = ", ".join(map(str, grim_sizes(reading[mean.id], reading.count(size.id) + 2))) or "none"
    return Outcome(
        False,
        outcome.low,
        outcome.high,
        f"{outcome.reason} (group sizes up to {reading.count(size.id) + 2} that could: {sizes})",
    )


def _grimmer(reading, mean, sd, size):
    printed, n = as_printed(reading[mean.id], reading[sd.id]), reading.count(size.id)
    if n < 2 or not grim(printed[0], n).holds:
        return cannot_tell("the mean is none of whole numbers, so the SD cannot be tried")
    return grimmer(*printed, n)


def _totals(reading, whole, parts):
    pairs = [(as_printed(reading[r.mean]), reading.count(r.n)) for r in (whole, *parts)]
    if pairs[0][1] != sum(n for _, n in pairs[1:]):
        return cannot_tell("the sizes do not add up")
    found = totals_agree(pairs[0], pairs[1:])
    return Outcome(
        found.holds,
        found.low / pairs[0][1],
        found.high / pairs[0][1],
        f"sums of whole numbers: {found.reason}",
    )


def _limits(claims, structure, parameter):
    """An SD is bounded by the range that single values can have."""
    low, high = structure.limits[parameter]
    for group in claims.groups:
        found = row(claims, group, parameter)
        if found and found.sd:
            yield Relation(
                f"range of {parameter} in {group}",
                "spread",
                found.sd,
                (found.n, found.mean),
                lambda reading, f=found: check_spread(f.group(reading), low, high),
                recovers=False,
                confirms=False,
            )


def _t_tests(claims, structure, parameter):
    """The printed t from two rows by either t-test, and each SD and mean from the printed t."""
    pair = rows(claims, structure.compared, parameter)
    t = claims.find("t", parameter=parameter)
    p = claims.find("p", parameter=parameter, analysis="t-test")
    if not pair or None in (pair[0].sd, pair[1].sd):
        return
    ids = (*pair[0].ids, *pair[1].ids)
    if t:
        family = f"t of {parameter}"
        yield Relation(family, "t_from_means", t.id, ids, lambda reading: _t(reading, t.id, *pair))
        for one, other in (pair, pair[::-1]):
            inputs = (t.id, *one.ids, *other.ids)
            yield Relation(
                family,
                "sd_for_t",
                one.sd,
                tuple(i for i in inputs if i != one.sd),
                lambda reading, a=one, b=other: _sd(reading, t.id, a, b),
            )
            yield Relation(
                family,
                "mean_for_t",
                one.mean,
                tuple(i for i in inputs if i != one.mean),
                lambda reading, a=one, b=other: _mean(reading, t.id, a, b),
            )
        for variant in ("student", "welch"):
            yield Relation(
                f"{variant} t of {parameter}",
                f"{variant}_t",
                t.id,
                ids,
                lambda reading, v=variant: _variant(reading, t.id, pair, v),
                decisive=False,
                confirms=False,
                recovers=False,
            )
    if p:
        inputs = (t.id, *ids) if t else ids
        yield Relation(
            f"p of {parameter}'s t",
            "p_from_t",
            p.id,
            inputs,
            lambda reading: _p(reading, p.id, t and t.id, *pair),
        )


def _variant(reading, t, pair, variant):
    return check_t(*(r.group(reading) for r in pair), reading[t], variants=(variant,))[variant]


def _t(reading, t, a, b):
    found = check_t(a.group(reading), b.group(reading), reading[t])
    fits = [outcome for outcome in found.values() if outcome.holds]
    if fits:
        return fits[0]
    low, high = (
        f(getattr(o, end) for o in found.values()) for f, end in ((min, "low"), (max, "high"))
    )
    return Outcome(False, low, high, "; ".join(outcome.reason for outcome in found.values()))


def _sd(reading, t, a, b):
    intervals = [
        sd_for_t(a.group(reading), b.group(reading), reading[t], variant)
        for variant in ("student", "welch")
    ]
    possible = [interval for interval in intervals if interval]
    if not possible:
        return impossible("no SD of this group gives the printed t")
    fits = any(interval.overlaps(as_interval(reading[a.sd])) for interval in possible)
    first = next((i for i in possible if i.overlaps(as_interval(reading[a.sd]))), possible[0])
    return Outcome(
        fits,
        first.low,
        first.high,
        f"the printed t needs an SD of {show(first)} here; printed {_text(reading[a.sd])}",
    )


def _mean(reading, t, a, b):
    one, other = a.group(reading), b.group(reading)
    step = t_test(one, other).value
    # t = (m₁ - m₂)/E: the error E is what is left of t when the difference is taken out.
    error = abs(one.mean - other.mean) / abs(step) if 0 not in step else None
    if error is None:
        return cannot_tell(
            "the means do not differ clearly, so the printed t cannot be turned round"
        )
    reach = abs(digits(reading[t])) * error
    candidates = [other.mean + reach, other.mean - reach]
    best = min(candidates, key=lambda interval: abs(interval.middle - one.mean.middle))
    fits = any(interval.overlaps(as_interval(reading[a.mean])) for interval in candidates)
    # The other form of the test has another error, so a miss here refutes nothing: it only says what the mean may have been.
    return Outcome(
        fits or None,
        best.low,
        best.high,
        f"the printed t needs a mean of {show(best)} here; printed {_text(reading[a.mean])}",
    )


def _p(reading, p, t, a, b):
    tests = [
        t_test(a.group(reading), b.group(reading), variant) for variant in ("student", "welch")
    ]
    if t:
        size = abs(digits(reading[t]))
        fitting = [test for test in tests if abs(test.value).overlaps(size)] or tests
        intervals = [p_from_t(size, test.df) for test in fitting]
        source = f"t = {_text(reading[t])}"
    else:
        intervals, source = [test.p for test in tests], "means and SDs"
    printed = as_printed(reading[p])
    holds = any(p_overlaps(interval, printed) for interval in intervals)
    best = next((interval for interval in intervals if p_overlaps(interval, printed)), intervals[0])
    return Outcome(
        holds, best.low, best.high, f"{source} gives p {_p_text(best)}; printed {printed.text}"
    )


def _stars(claims):
    """A starred p lies below the level that the table's note gives to the star."""
    notes = [
        claim
        for claim in claims.where(statistic="significance")
        if claim.item.strip("*†‡") == "" and claim.item
    ]
    for note in notes:
        alone = sum(other.location == note.location for other in notes) == 1
        for p in claims.where(location=note.location, statistic="p"):
            starred = p.number.marks == note.item
            if starred or (alone and not p.number.marks):
                yield Relation(
                    f"star of {p.id}",
                    "stars",
                    p.id,
                    (note.id,),
                    lambda reading, p=p, n=note, s=starred: stars_agree(
                        as_printed(reading[p.id]), as_printed(reading[n.id]).value, s
                    ),
                    recovers=False,
                    confirms=False,
                )
                if starred:
                    yield Relation(
                        f"note behind {p.id}",
                        "stars",
                        note.id,
                        (p.id,),
                        lambda reading, p=p, n=note: stars_agree(
                            as_printed(reading[p.id]), as_printed(reading[n.id]).value, True
                        ),
                        recovers=False,
                        decisive=False,
                    )


def _text(value):
    return show(value) if isinstance(value, Interval) else value.text


def _p_text(interval):
    return show(interval) if interval.high >= 1e-4 else f"{interval.low:.2g} to {interval.high:.2g}"
