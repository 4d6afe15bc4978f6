"""Relations between places: a number printed twice, units, cases in figures, the scan protocol, equations and definitions."""

import math
from itertools import combinations, pairwise

from ivim.audit.checks.formulas import equation_of, mend
from ivim.audit.checks.interval import Interval
from ivim.audit.checks.physics import check_equation, check_scan_time, check_unweighted
from ivim.audit.relations import Relation, as_printed, digits
from ivim.audit.checks.rounding import Outcome, prints_as, show
from ivim.audit.rules.groups import row
from ivim.audit.rules.statements import unit_factor


def text_relations(claims, structure):
    """All relations of this module that the claims have the numbers for; list of Relation."""
    return [
        *_restatements(claims),
        *_cases(claims),
        *_bands(claims),
        *_allowed_settings(claims, structure),
        *_ranges_cut_off(claims),
        *_scan_time(claims, structure),
        *_equations(claims, structure),
        *_definitions(claims, structure),
    ]


def _restatements(claims):
    """Every two prints of one quantity have to be able to be the same number."""
    for claim in claims:
        together = [other for other in claims.same(claim) if other.number]
        if together and together[0] is claim:
            for a, b in combinations(together, 2):
                for target, other in ((a, b), (b, a)):
                    yield Relation(
                        f"{a.id} and {b.id}",
                        "restated",
                        target.id,
                        (other.id,),
                        lambda reading, t=target, o=other: _restated(reading, t, o),
                    )


def _restated(reading, target, other):
    factor = unit_factor(other.unit, target.unit)
    elsewhere, here = (
        value if isinstance(value, Interval) else value.interval
        for value in (reading[other.id], reading[target.id])
    )
    elsewhere = elsewhere if factor == 1 else elsewhere * factor
    prints = [reading[other.id], reading[target.id]]
    holds = elsewhere.overlaps(here)
    # To the same decimals, one number prints one way: neighbours in the last digit are two numbers.
    plain = factor == 1 and all(
        not isinstance(value, Interval) and value.comparison == "=" for value in prints
    )
    if plain and prints[0].decimals == prints[1].decimals:
        holds = prints[0].value == prints[1].value
    text = (
        show(reading[other.id])
        if isinstance(reading[other.id], Interval)
        else reading[other.id].text
    )
    return Outcome(
        holds, elsewhere.low, elsewhere.high, f"{other.place or other.location} has {text}"
    )


def _cases(claims):
    """No member of a group is further than (n - 1)/√n SDs from its mean (Samuelson 1968, *J Am Stat Assoc* 63:1522)."""
    for claim in claims.where(statistic="value"):
        found = row(claims, claim.group, claim.parameter)
        if not found or not found.sd:
            continue
        mean = claims[found.mean]
        judge = lambda reading, c=claim, m=mean, f=found: _case(
            reading, c.id, unit_factor(c.unit, m.unit), f
        )  # noqa: E731
        yield Relation(
            f"case {claim.id}",
            "case_in_group",
            claim.id,
            found.ids,
            judge,
            recovers=False,
            confirms=False,
        )
        for unit in claims.where(
            statistic="unit", parameter=claim.parameter, location=mean.location
        ):
            yield Relation(
                f"unit of {claim.id}",
                "unit",
                unit.id,
                (claim.id, *found.ids),
                lambda reading, c=claim, u=unit, f=found: _case(
                    reading, c.id, unit_factor(c.unit, u.printed), f
                ),
                recovers=False,
                decisive=False,
            )


def _case(reading, case, factor, row_):
    group, value = row_.group(reading), digits(reading[case]) * factor
    reach = group.sd * (group.n - 1) / math.sqrt(group.n)
    room = Interval((group.mean - reach).low, (group.mean + reach).high)
    told = f"members of this group lie within {show(room)}; the case has {show(value)}"
    return Outcome(room.overlaps(value), room.low / factor, room.high / factor, told)


def _bands(claims):
    """Bands of a scale follow each other without gap or overlap: each begins one printed unit after the last one ends."""
    highs, lows = claims.where(statistic="band_high"), claims.where(statistic="band_low")
    for high, (_, low) in zip(highs, pairwise(lows), strict=False):
        for target, other in ((low, high), (high, low)):
            yield Relation(
                f"bands {high.id} and {low.id}",
                "bands",
                target.id,
                (other.id,),
                lambda reading, h=high.id, lo=low.id: _band(reading, h, lo),
                recovers=False,
            )


def _band(reading, high, low):
    end, start = as_printed(reading[high], reading[low])
    step = 10.0 ** -max(end.decimals, start.decimals)
    gap = float(start.value - end.value)
    return Outcome(
        math.isclose(gap, step, rel_tol=1e-9),
        math.nan,
        math.nan,
        f"one band ends at {end.text}, the next begins at {start.text}",
    )


def _allowed_settings(claims, structure):
    """A setting that hardware offers only as a full value divided by a whole number."""
    for statistic, full in structure.protocol.get("whole_divisors", {}).items():
        for claim in claims.where(statistic=statistic):
            yield Relation(
                f"setting {claim.id}",
                "whole_divisor",
                claim.id,
                (),
                lambda reading, c=claim, f=full: _divisor(reading, c, f),
                confirms=True,
            )


def _divisor(reading, claim, full):
    printed = as_printed(reading[claim.id])
    divisor = max(1, round(full / float(printed.value))) if printed.value > 0 else 1
    holds = prints_as(full / divisor, printed)
    if holds:
        return Outcome(
            True,
            math.nan,
            full,
            f"{full:g} {claim.unit} divided by {divisor} is {full / divisor:.4g}",
        )
    return Outcome(
        False,
        math.nan,
        full,
        f"settings are {full:g} {claim.unit} divided by a whole number, which {printed.text} is not",
    )


def _ranges_cut_off(claims):
    """A range given by two sides each has both sides at both ends."""
    for claim in claims:
        if claim.statistic.endswith("_high_x"):
            stem = claim.statistic.removesuffix("_high_x")
            beside = [
                claims.find(f"{stem}_{end}", analysis=claim.analysis, item=claim.item)
                for end in ("low_x", "low_y", "high_y")
            ]
            if beside[0] and beside[1]:
                yield Relation(
                    f"range {claim.id}",
                    "complete",
                    claim.id,
                    tuple(c.id for c in beside if c),
                    lambda reading, c=claim, b=beside: _complete(reading, c, b),
                    recovers=False,
                    meant=lambda reading, c=claim, b=beside: _square(reading, c, b),
                )


def _complete(reading, claim, beside):
    holds = beside[2] is not None
    told = (
        "both sides are given"
        if holds
        else f"the lower end has two sides, the upper end stops after {claim.printed}"
    )
    return Outcome(holds, math.nan, math.nan, told)


def _square(reading, claim, beside):
    low = [reading[c.id].value for c in beside[:2]]
    return f"{claim.printed} × {claim.printed}" if low[0] == low[1] else None


def _scan_time(claims, structure):
    name = structure.protocol.get("sequence", "")
    seconds, tr = (
        claims.find(statistic, analysis="protocol", item=name) for statistic in ("scan_time", "tr")
    )
    items = [c.item for c in claims.where(statistic="b_value")]
    averages = [claims.find("averages", analysis="protocol", item=item) for item in items]
    b_values = [claims.find("b_value", analysis="protocol", item=item) for item in items]
    if not (seconds and tr and items) or None in averages:
        return
    inputs = tuple(c.id for c in (*b_values, *averages))
    for target, other in ((seconds, tr), (tr, seconds)):
        yield Relation(
            "scan time",
            "scan_time",
            target.id,
            (other.id, *inputs),
            lambda reading: _seconds(reading, seconds, tr, b_values, averages),
            recovers=False,
        )


def _seconds(reading, seconds, tr, b_values, averages):
    repetition = as_printed(reading[tr.id]).value / (1000 if tr.unit == "ms" else 1)
    numbers = [
        [float(as_printed(reading[c.id]).value) for c in column] for column in (b_values, averages)
    ]
    found = check_scan_time(
        as_printed(reading[seconds.id]),
        float(repetition),
        numbers[0],
        [int(count) for count in numbers[1]],
    )
    return Outcome(found.holds, math.nan, math.nan, found.reason)


def _equations(claims, structure):
    for claim in claims.where(statistic="equation"):
        if claim.test and claim.item in structure.equations:
            equation = equation_of(claim.test, structure.equations[claim.item])
            for check, outcome in check_equation(equation).items():
                yield Relation(
                    f"{check} of {claim.id}",
                    f"equation_{check}",
                    claim.id,
                    (),
                    lambda reading, o=outcome: o,
                    recovers=False,
                    meant=lambda reading, e=equation: mend(e),
                )


def _definitions(claims, structure):
    """The symbol of the signal without diffusion weighting has to be the one that the equations give it."""
    equations = [
        equation_of(c.test, structure.equations[c.item])
        for c in claims.where(statistic="equation")
        if c.item in structure.equations
    ]
    sound = [
        equation
        for equation in equations
        if all(o.holds for o in check_equation(equation).values())
    ]
    for claim in claims.where(statistic="definition"):
        if claim.test == "signal without diffusion gradient" and sound:
            symbol = claim.printed.replace("_", "")
            yield Relation(
                f"meaning of {claim.id}",
                "definition",
                claim.id,
                (),
                lambda reading, s=symbol: check_unweighted(sound[0], s),
                recovers=False,
                meant=lambda reading: _other_symbol(sound[0]),
            )


def _other_symbol(equation):
    outcome = check_unweighted(equation, equation.s0)
    return f"{equation.s0[0]}_{equation.s0[1:]}" if outcome.holds else None
