"""Relations among counts: sexes, wholes and parts, categories with their share, whole numbers."""

from collections.abc import Iterator
from functools import partial

from ivim.audit.checks.contingency import table_tests
from ivim.audit.checks.counts import grim, grim_sizes, grimmer, parts_add_up, totals_agree
from ivim.audit.checks.interval import Interval
from ivim.audit.checks.pvalues import p_overlaps
from ivim.audit.checks.rounding import Outcome, cannot_tell, compare, prints_as
from ivim.audit.relations import Check, Relation, as_printed, digits, text_of
from ivim.audit.rules.rows import Study, least

SUM = Check("count_sum")
PART = Check("part_of_group", recovers=False, confirms=False)
SHARE = Check("share_of_count")
PERCENT = Check("sexes_in_percent")
GRIM = Check("grim", recovers=False)
GRIMMER = Check("grimmer", recovers=False, confirms=False)
TOTALS = Check("totals", recovers=False)
TABLE = Check("test_of_counts")
SIZES_TRIED = 5000
"""Largest group whose SD is tried for whole numbers."""

SIZES_SHOWN = 200
"""Sizes for which it is told whether a mean of whole numbers would fit them."""


def count_relations(study: Study) -> list[Relation]:
    """All relations of this module that the claims have the numbers for; list of Relation.

    Parameters
    ----------
    study : Study

    Returns
    -------
    list of Relation
    """
    return [
        *_sexes(study),
        *_sums(study),
        *_known(study),
        *_categories(study),
        *_tables(study),
        *(r for parameter in study.structure.whole_numbers for r in _whole(study, parameter)),
    ]


def _sexes(study):
    """n = male + female, where the two of at least one other group add up or nothing can be
    missing; else no more than n.
    """
    claims, trios, adding = study.claims, [], 0
    for group in claims.groups:
        trio = [claims.find(name, group) for name in ("n", "male", "female")]
        if None in trio:
            continue
        if any(claims.is_share(claim) for claim in trio[1:]):
            yield from _in_percent(group, trio[1:])
            continue
        n, male, female = (int(claim.number.value) for claim in trio)
        if male + female == 100 != n:  # shares in a column that does not say so
            continue
        adding += male + female == n
        trios.append((group, trio))
    sure = study.structure.complete or adding * 2 > len(trios)
    for group, trio in trios:
        ids = [claim.id for claim in trio]
        if sure:
            yield from sum_of(f"sexes of {group}", *ids)
        else:
            yield from _no_more(f"sexes of {group}", *ids)


def _in_percent(group, pair):
    for target, other in (pair, pair[::-1]):
        yield Relation(
            f"sexes of {group} in per cent",
            PERCENT,
            target.id,
            (other.id,),
            lambda reading, t=target.id, o=other.id: compare(
                100 - digits(reading[o]).widen(absolute=1e-9), digits(reading[t]), "the other sex"
            ),
        )


def _no_more(family, n, *parts):
    for target in (n, *parts):
        inputs = tuple(name for name in (n, *parts) if name != target)
        yield Relation(family, PART, target, inputs, lambda reading: _at_most(reading, n, parts))


def _at_most(reading, n, parts):
    total, size = sum(reading.count(part) for part in parts), reading.count(n)
    return Outcome(total <= size, 0, size, f"the sexes make {total} of a group of {size}")


def _sums(study):
    """A whole's counts are the sum of its parts'."""
    claims = study.claims
    for whole, parts in study.structure.parts.items():
        keys = dict.fromkeys(
            (c.statistic, c.parameter)
            for c in claims.where(group=whole)
            if c.statistic in ("n", "male", "female", "count") and not claims.is_share(c)
        )
        for statistic, parameter in keys:
            found = [claims.find(statistic, group, parameter) for group in (whole, *parts)]
            if None not in found and not any(map(claims.is_share, found)):
                name = " ".join(filter(None, (statistic, parameter)))
                yield from sum_of(f"{name} of {whole}", *(claim.id for claim in found))


def sum_of(family: str, whole: str, *parts: str) -> Iterator[Relation]:
    """A whole number that is the sum of others, solved for each of them.

    Parameters
    ----------
    family : str
        Name of the fact.
    whole : str
        Id of the claim that is the sum.
    *parts : str
        Ids of the claims that add up to it.

    Yields
    ------
    Relation
        One with each of them as target, the whole first.
    """
    yield Relation(
        family,
        SUM,
        whole,
        parts,
        lambda reading: parts_add_up(reading.count(whole), [reading.count(p) for p in parts]),
    )
    for part in parts:
        rest = tuple(other for other in parts if other != part)
        yield Relation(
            family,
            SUM,
            part,
            (whole, *rest),
            partial(_left_over, whole=whole, part=part, rest=rest),
        )


def _left_over(reading, whole, part, rest):
    left = reading.count(whole) - sum(reading.count(other) for other in rest)
    told = f"{reading.count(whole)} less the others leaves {left}; printed {reading.count(part)}"
    return Outcome(left == reading.count(part), left, left, told)


def _known(study):
    """No more members have a known value than the group has members."""
    for claim in study.claims.where(statistic="n"):
        whole = study.claims.size(claim.group) if claim.group and claim.parameter else None
        if whole:
            for target, other in ((claim.id, whole.id), (whole.id, claim.id)):
                yield Relation(
                    f"{claim.id} of {whole.id}",
                    PART,
                    target,
                    (other,),
                    lambda reading, c=claim.id, w=whole.id: Outcome(
                        reading.count(c) <= reading.count(w),
                        0,
                        reading.count(w),
                        f"{reading.count(c)} of a group of {reading.count(w)}",
                    ),
                )


def _categories(study):
    """A count with its share: the share is one of the group, or of those of it that were asked."""
    claims = study.claims
    for count in claims.where(statistic="count"):
        (share,) = claims.beside(count, "share")
        size = count.size or (study.size(count.group, count.parameter) or (None,))[0]
        if not share or not size or claims.is_share(count):
            continue
        sure = bool(count.size) or (study.size(count.group, count.parameter) or (0, 0))[1]
        ids = [share.id, count.id, *([size] if isinstance(size, str) else [])]
        for target in ids:
            yield Relation(
                f"share of {count.id}",
                SHARE,
                target,
                ids,
                lambda reading, t=target, a=(share.id, count.id, size, sure): _share(
                    reading, t, *a, claims.scale(claims[a[0]])
                ),
            )


def _share(reading, target, share, count, size, sure, scale):
    """A share is the count over a whole number: of the group, or of those of it who were asked."""
    printed, n, k = digits(reading[share]) / scale, reading.count(size), reading.count(count)
    if k > n:
        return Outcome(False, 0, n, f"{k} of a group of {n}")
    smallest = n if sure else max(k, 1, least(n) if n > 1 else 1)
    possible = Interval(k / n, k / smallest)
    fits = _denominators(reading, share, k, range(smallest, n + 1), scale)
    if target == share:
        if fits:
            possible = Interval(k / fits[-1], k / fits[0])
        found = compare(possible * scale, digits(reading[share]), f"{k} of {n}")
        if found.holds and fits == []:
            told = f"{k} of a whole number up to {n} is never {text_of(reading[share])}"
            return Outcome(False, found.low, found.high, told)
        return found
    holds = possible.overlaps(printed) and fits != []
    told = f"{k} of {n} is {100 * k / n:.2f} %; printed {text_of(reading[share])}"
    ends = printed * Interval(smallest, n)
    if target != count:
        if printed.low <= 0 or not sure:
            return Outcome(holds, float("nan"), float("nan"), told)
        ends = k / printed
    return Outcome(holds, ends.low, ends.high, told)


def _denominators(reading, share, k, sizes, scale):
    """The sizes of which k are the printed share; None where they are too many to be tried, or the
    share is known only as an interval.
    """
    printed = reading[share]
    if isinstance(printed, Interval) or len(sizes) > SIZES_TRIED:
        return None
    ends = digits(printed) / scale
    return [
        n for n in sizes if ends.low <= k / n * (1 + 1e-12) and k / n <= ends.high * (1 + 1e-12)
    ]


def _tables(study):
    """Chi-square and p of a category or of the sexes from its counts."""
    for claim in study.claims:
        if claim.statistic in ("chi2", "p") and claim.analysis in ("chi2", "fisher"):
            cells = _cells(study, claim)
            if cells:
                named = [name for pair in cells for name in (pair[0], pair[-1])]
                inputs = tuple(name for name in named if isinstance(name, str))
                for target in (claim.id, *inputs):
                    yield Relation(
                        f"counts behind {claim.id}",
                        TABLE if target == claim.id else TABLE.called("count_for_test"),
                        target,
                        (claim.id, *inputs),
                        lambda reading, c=claim, x=cells, t=target: _table(reading, c, x, t),
                    )


def _cells(study, claim):
    """For each group the two counts, or a count and the size that it is out of; None where one is
    not certain.
    """
    claims, cells = study.claims, []
    for group in study.groups_of(claim):
        if claim.parameter == "sex":
            pair = [claims.find(name, group) for name in ("male", "female")]
            if None in pair or any(map(claims.is_share, pair)):
                return None
            cells.append((pair[0].id, pair[1].id))
            continue
        count = claims.find("count", group, claim.parameter)
        if count is None or claims.is_share(count):
            return None
        size = study.size(group, claim.parameter)
        (share,) = claims.beside(count, "share")
        if not (count.size or (size and (size[1] or share))):
            return None
        cells.append((count.id, ("of", count.size or size[0])))
    return [(a, *b) if isinstance(b, tuple) else (a, b) for a, b in cells] or None


def _table(reading, claim, cells, target):
    table = []
    for first, *other in cells:
        k = reading.count(first)
        second = reading.count(other[-1])
        table.append((k, second - k if other[0] == "of" else second))
    if min(map(min, table)) < 0:
        return cannot_tell("a count is larger than its group")
    found = table_tests(tuple(table))
    told = {"pearson": "pearson", "yates": "yates", "fisher": "fisher"}.get(claim.method.lower())
    found = {told: found[told]} if told in found else found
    if not found:
        return cannot_tell("nobody is in one of the rows")
    printed = as_printed(reading[claim.id])
    place = 0 if claim.statistic == "chi2" else 1
    values = {name: pair[place] for name, pair in found.items() if pair[place] is not None}
    fits = [name for name, value in values.items() if _prints(value, printed, place)]
    shown = ", ".join(f"{name} {value:.4g}" for name, value in values.items())
    low, high = min(values.values()), max(values.values())
    if fits:
        low = high = values[fits[0]]
    told = f"the counts give {claim.statistic} by {shown}; printed {printed.text}"
    ends = (low, high) if target == claim.id else (float("nan"),) * 2
    return Outcome(bool(fits), *ends, told)


def _prints(value, printed, is_p):
    if is_p:
        return p_overlaps(Interval(value * (1 - 1e-9), value * (1 + 1e-9)), printed)
    return prints_as(value, printed)


def _whole(study, parameter):
    """GRIM and GRIMMER for every print of such a mean and SD, and totals of wholes and parts."""
    for mean in study.claims.where(parameter=parameter, statistic="mean"):
        found = (mean.size, True) if mean.size else study.size(mean.group, parameter)
        if not found or not found[1]:
            continue
        size = found[0]
        ids = (size,) if isinstance(size, str) else ()
        yield Relation(
            f"whole numbers: {mean.id}",
            GRIM,
            mean.id,
            ids,
            lambda reading, m=mean.id, s=size: _grim(reading, m, s),
        )
        (sd,) = study.claims.beside(mean, "sd")
        if sd and study.structure.spread_of(parameter) != "se":
            yield Relation(
                f"whole numbers: {sd.id}",
                GRIMMER,
                sd.id,
                (mean.id, *ids),
                lambda reading, m=mean.id, s=size, d=sd.id: _grimmer(reading, m, d, s),
            )
    for whole, names in study.structure.parts.items():
        whole_row, parts = study.row(whole, parameter), study.rows(names, parameter)
        if whole_row and parts and all(row.complete for row in (whole_row, *parts)):
            ids = tuple(i for row in (whole_row, *parts) for i in (row.n, row.mean))
            yield Relation(
                f"totals of {parameter} in {whole}",
                TOTALS,
                whole_row.mean,
                tuple(i for i in ids if isinstance(i, str) and i != whole_row.mean),
                lambda reading, w=whole_row, p=parts: _totals(reading, w, p),
            )


def _grim(reading, mean, size):
    n = reading.count(size)
    outcome = grim(as_printed(reading[mean]), n)
    if outcome.holds:
        return outcome
    most = min(n + 2, SIZES_SHOWN)
    sizes = ", ".join(map(str, grim_sizes(reading[mean], most)[:40])) or "none"
    told = f"{outcome.reason} (group sizes up to {most} that could: {sizes})"
    return Outcome(False, outcome.low, outcome.high, told)


def _grimmer(reading, mean, sd, size):
    printed, n = as_printed(reading[mean], reading[sd]), reading.count(size)
    if n < 2 or n > SIZES_TRIED or not grim(printed[0], n).holds:
        return cannot_tell("the mean is none of whole numbers, so the SD cannot be tried")
    return grimmer(*printed, n)


def _totals(reading, whole, parts):
    pairs = [(as_printed(reading[r.mean]), reading.count(r.n)) for r in (whole, *parts)]
    if pairs[0][1] != sum(n for _, n in pairs[1:]):
        return cannot_tell("the sizes do not add up")
    found = totals_agree(pairs[0], pairs[1:])
    told = f"sums of whole numbers: {found.reason}"
    return Outcome(found.holds, found.low / pairs[0][1], found.high / pairs[0][1], told)
