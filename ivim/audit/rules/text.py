"""Relations between places: a number printed twice, units, cases in figures, the scan protocol,
equations and definitions.
"""

import math
from functools import partial
from itertools import pairwise

from ivim.audit.checks.formulas import equation_of, mend
from ivim.audit.checks.interval import Interval
from ivim.audit.checks.physics import check_equation, check_unweighted
from ivim.audit.checks.rounding import Outcome, cannot_tell, prints_as, show
from ivim.audit.checks.scan import check_scan_time
from ivim.audit.checks.units import unit_factor
from ivim.audit.claims import TEXT
from ivim.audit.relations import Check, Relation, as_printed, digits, text_of
from ivim.audit.rules.rows import Study
from ivim.audit.vocabulary import COUNTS, is_fraction

MOST_STRINGS = 50
"""So many different strings for one quantity are held against each other; more are no restatements.
"""

RESTATED = Check("restated")
AGREES = Check("restated", decisive=False)
CASE = Check("case_in_group", recovers=False, confirms=False)
UNIT = Check("unit", recovers=False, decisive=False)
BANDS = Check("bands", recovers=False)
DIVISOR = Check("whole_divisor")
COMPLETE = Check("complete", recovers=False)
SCAN = Check("scan_time", recovers=False)
EQUATION = Check("equation", recovers=False)
DEFINITION = Check("definition", recovers=False)


def text_relations(study: Study) -> list[Relation]:
    """All relations of this module that the claims have the numbers for; list of Relation.

    Parameters
    ----------
    study : Study

    Returns
    -------
    list of Relation
    """
    claims, structure = study.claims, study.structure
    return [
        *_restatements(study),
        *_cases(study),
        *_bands(claims),
        *_allowed_settings(claims, structure),
        *_ranges_cut_off(claims),
        *_scan_time(claims, structure),
        *_equations(claims, structure),
        *_definitions(claims, structure),
    ]


def _restatements(study):
    """Every print of a quantity against one of each other string that is printed for it."""
    claims = study.claims
    for claim in claims:
        together = [other for other in claims.same(claim) if other.number]
        if len(together) < 2 or together[0] is not claim:
            continue
        first = {}
        for other in together:
            first.setdefault((other.printed, other.unit), []).append(other)
        for a in together:
            for others in list(first.values())[:MOST_STRINGS]:
                b = next((other for other in others if other is not a), None)
                if b is None or (a.printed, a.unit) == (b.printed, b.unit) and a is others[1]:
                    continue
                check = RESTATED if _one_quantity(study, a, b) else AGREES
                for target, other in ((a, b), (b, a)):
                    yield Relation(
                        f"{a.id} and {b.id}" if a.id < b.id else f"{b.id} and {a.id}",
                        check,
                        target.id,
                        (other.id,),
                        partial(_restated, study=study, target=target, other=other),
                    )


def _one_quantity(study, a, b):
    """Two rows with equal keys are one quantity where the structure file says so, or where a text
    repeats a table.
    """
    told = study.structure.restated
    if told is not None or not study.structure.given:
        return bool(told)
    if a.location == b.location or a.statistic == "p" or not (a.group or a.parameter):
        return False
    return any(c.location.rstrip("0123456789") in (*TEXT, "figure") for c in (a, b))


def _restated(reading, study, target, other):
    factor = _unit_factor(study, target, other)
    if factor is None:
        return cannot_tell("the two are printed in units that cannot be compared")
    values = reading[other.id], reading[target.id]
    elsewhere, here = (v if isinstance(v, Interval) else v.interval for v in values)
    elsewhere = elsewhere if factor == 1 else elsewhere * Interval(factor, factor)
    told = f"{other.place or other.location} has {text_of(values[0])}"
    holds = elsewhere.overlaps(here)
    plain = all(not isinstance(v, Interval) and v.comparison == "=" for v in values)
    if plain and factor == 1 and values[0].decimals == values[1].decimals:
        # To the same decimals, one number prints one way, but for the rule of rounding.
        gap = abs(values[0].value - values[1].value)
        holds = gap == 0
        loose = not study.structure.rounding and target.statistic not in COUNTS
        if 0 < gap <= 2 * values[0].half_unit and loose:
            return cannot_tell(f"{told}, which differs by the last digit alone")
    elif plain and not holds and not study.structure.rounding:
        coarse = max(2 * float(values[0].half_unit) * factor, 2 * float(values[1].half_unit))
        if elsewhere.widen(absolute=coarse / 2).overlaps(here):
            return cannot_tell(f"{told}, which differs by the last digit alone")
    return Outcome(holds, elsewhere.low, elsewhere.high, told)


def _unit_factor(study, target, other):
    """What the other print has to be multiplied by; None where their units cannot be compared."""
    scales = study.claims.scale(target) / study.claims.scale(other)
    if "%" in (other.unit.strip(), target.unit.strip()):
        # Of shares it is known by their size where per cent is meant; of other numbers it is not.
        return scales if scales != 1 or is_fraction(target.statistic) else _alike(other, target)
    factor = unit_factor(_unit(study, other), _unit(study, target))
    return None if factor is None and scales == 1 else (factor or 1.0) * scales


def _alike(other, target):
    return 1.0 if other.unit.strip() == target.unit.strip() else None


def _unit(study, claim):
    return claim.unit or study.structure.units.get(claim.parameter, "")


def _cases(study):
    """No member of a group is further than (n - 1)/√n SDs from its mean (Samuelson 1968, *J Am Stat
    Assoc* 63:1522).
    """
    claims = study.claims
    for claim in claims.where(statistic="value"):
        found = study.row(claim.group, claim.parameter)
        if not found or not found.sd or found.error:
            continue
        mean = claims[found.mean]
        factor = unit_factor(_unit(study, claim), _unit(study, mean))
        if factor is not None:
            for target in (claim.id, *found.ids):
                yield Relation(
                    f"case {claim.id}",
                    CASE,
                    target,
                    (claim.id, *found.ids),
                    partial(_case, case=claim.id, factor=factor, row_=found),
                )
        for unit in claims.where(
            statistic="unit", parameter=claim.parameter, location=mean.location
        ):
            if (factor := unit_factor(claim.unit, unit.printed)) is not None:
                yield Relation(
                    f"unit of {claim.id}",
                    UNIT,
                    unit.id,
                    (claim.id, *found.ids),
                    partial(_case, case=claim.id, factor=factor, row_=found),
                )


def _case(reading, case, factor, row_):
    group, value = row_.group(reading), digits(reading[case]) * Interval(factor, factor)
    reach = group.sd * (group.n - 1) / math.sqrt(group.n)
    room = Interval((group.mean - reach).low, (group.mean + reach).high)
    told = f"members of this group lie within {show(room)}; the case has {show(value)}"
    return Outcome(room.overlaps(value), room.low / factor, room.high / factor, told)


def _bands(claims):
    """Bands of a scale follow each other without gap or overlap: each begins one printed unit after
    the last one ends.
    """
    highs, lows = claims.where(statistic="band_high"), claims.where(statistic="band_low")
    for high, (_, low) in zip(highs, pairwise(lows), strict=False):
        for target, other in ((low, high), (high, low)):
            yield Relation(
                f"bands {high.id} and {low.id}",
                BANDS,
                target.id,
                (other.id,),
                lambda reading, h=high.id, lo=low.id: _band(reading, h, lo),
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
                DIVISOR,
                claim.id,
                (),
                lambda reading, c=claim, f=full: _divisor(reading, c, f),
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
        f"settings are {full:g} {claim.unit} divided by a whole number, which {printed.text} is "
        "not",
    )


def _ranges_cut_off(claims):
    """A range given by two sides each has both sides at both ends."""
    for claim in claims:
        if claim.statistic.endswith("_high_x"):
            stem = claim.statistic.removesuffix("_high_x")
            beside = [
                claims.find(f"{stem}_{end}", analysis=claim.analysis, variant=claim.variant)
                for end in ("low_x", "low_y", "high_y")
            ]
            if beside[0] and beside[1]:
                yield Relation(
                    f"range {claim.id}",
                    COMPLETE,
                    claim.id,
                    tuple(c.id for c in beside if c),
                    lambda reading, c=claim, b=beside: _complete(reading, c, b),
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
        claims.find(statistic, analysis="protocol", variant=(name, "", ""))
        for statistic in ("scan_time", "tr")
    )
    items = [c.item for c in claims.where(statistic="b_value")]
    averages = [
        claims.find("averages", analysis="protocol", variant=(item, "", "")) for item in items
    ]
    b_values = [
        claims.find("b_value", analysis="protocol", variant=(item, "", "")) for item in items
    ]
    if not (seconds and tr and items) or None in averages:
        return
    inputs = tuple(c.id for c in (*b_values, *averages))
    for target, other in ((seconds, tr), (tr, seconds)):
        yield Relation(
            "scan time",
            SCAN,
            target.id,
            (other.id, *inputs),
            lambda reading: _seconds(reading, seconds, tr, b_values, averages),
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
            equation, outcomes = _checked(claim, structure)
            for check, outcome in outcomes.items():
                yield Relation(
                    f"{check} of {claim.id}",
                    EQUATION.called(f"equation_{check}"),
                    claim.id,
                    (),
                    lambda reading, o=outcome: o,
                    meant=lambda reading, e=equation: mend(e),
                )


def _checked(claim, structure):
    """A printed equation and the outcomes of its checks; one that has no value names its row."""
    try:
        equation = equation_of(claim.test, structure.equations[claim.item])
        return equation, check_equation(equation)
    except (ValueError, ArithmeticError, TypeError, RecursionError) as error:
        msg = f"equation {claim.id!r}: {error}"
        raise ValueError(msg) from error


def _definitions(claims, structure):
    """The symbol of the signal without diffusion weighting has to be the one that the equations
    give it.
    """
    found = [
        _checked(claim, structure)
        for claim in claims.where(statistic="equation")
        if claim.test and claim.item in structure.equations
    ]
    sound = [equation for equation, outcomes in found if all(o.holds for o in outcomes.values())]
    for claim in claims.where(statistic="definition"):
        if claim.test == "signal without diffusion gradient" and sound:
            symbol = claim.printed.replace("_", "")
            yield Relation(
                f"meaning of {claim.id}",
                DEFINITION,
                claim.id,
                (),
                lambda reading, s=symbol: check_unweighted(sound[0], s),
                meant=lambda reading: _other_symbol(sound[0]),
            )


def _other_symbol(equation):
    outcome = check_unweighted(equation, equation.s0)
    return f"{equation.s0[0]}_{equation.s0[1:]}" if outcome.holds else None
