"""Numbers in each other's place, and a sub-group's row that holds the numbers of everybody."""

from collections.abc import Collection, Iterator
from dataclasses import replace
from itertools import combinations

from ivim import parameters
from ivim.audit.checks.interval import Interval
from ivim.audit.checks.moments import hidden, is_total, pooled
from ivim.audit.checks.rounding import show
from ivim.audit.claims import Claim, place_of
from ivim.audit.relations import Reading
from ivim.audit.rules.rows import Study
from ivim.audit.slip import Slip
from ivim.audit.trials import as_text

MOST_ROWS = 12
"""So many rows with a broken number of one kind are tried for exchanges, two by two."""

_BESIDE = (("mean", "sd"), ("mean", "se_mean"), ("sensitivity", "specificity"), ("ppv", "npv"))


def swaps(study: Study, reading: Reading, involved: Collection[str]) -> Iterator[Slip]:
    """Exchange two parameters or two groups throughout one location.

    Parameters
    ----------
    study : Study
    reading : Reading
    involved : collection of str
        Ids of the claims that take part in a conflict.

    Yields
    ------
    Slip
        Not weighed yet: it explains nothing so far.
    """
    claims = study.claims
    for location in dict.fromkeys(claims[name].location for name in involved):
        numbers = [claim for claim in claims.where(location=location) if claim.number]
        for axis in ("parameter", "group"):
            names = dict.fromkeys(
                getattr(claims[name], axis)
                for name in involved
                if claims[name].location == location and getattr(claims[name], axis)
            )
            others = dict.fromkeys(getattr(c, axis) for c in numbers if getattr(c, axis))
            if len(others) > 40:
                continue
            for a, b in combinations(others, 2):
                if a in names or b in names:
                    pairs = _counterparts(numbers, axis, a, b)
                    if len(pairs) > 1:
                        yield _swap(claims, reading, location, axis, a, b, pairs)


def exchanged_beside(study: Study, reading: Reading, involved: Collection[str]) -> Iterator[Slip]:
    """Exchange two groups for one parameter, or the mean and SD (or SE) of a row, or
    sensitivity and specificity.

    Parameters
    ----------
    study : Study
    reading : Reading
    involved : collection of str
        Ids of the claims that take part in a conflict.

    Yields
    ------
    Slip
        Not weighed yet.
    """
    claims = study.claims
    seen: set[tuple[str, ...]] = set()
    for name in involved:
        claim = claims[name]
        if name not in reading.printed:
            continue
        spot = (claim.location, claim.parameter)
        if claim.group and claim.parameter and spot not in seen:
            seen.add(spot)
            numbers = [c for c in claims.where(location=spot[0], parameter=spot[1]) if c.number]
            groups = dict.fromkeys(c.group for c in numbers if c.group)
            for a, b in combinations(list(groups)[:12], 2):
                pairs = _counterparts(numbers, "group", a, b)
                if pairs:
                    yield _swap(claims, reading, claim.location, "group", a, b, pairs)
                # A table that prints n in every row may have kept it in its place.
                kept = [(one, other) for one, other in pairs if one.statistic != "n"]
                if kept and len(kept) < len(pairs):
                    yield _swap(claims, reading, claim.location, "group", a, b, kept)
        for first, second in _BESIDE:
            if claim.statistic in (first, second):
                other = claims.beside(claim, second if claim.statistic == first else first)[0]
                if other and (claim.location, *sorted((name, other.id))) not in seen:
                    seen.add((claim.location, *sorted((name, other.id))))
                    yield _exchange(reading, claim, other)


def exchanged_rows(study: Study, reading: Reading, involved: Collection[str]) -> Iterator[Slip]:
    """Exchange one statistic of two markers' rows, or all their others: which of the two happened
    the rows themselves do not tell.

    Parameters
    ----------
    study : Study
    reading : Reading
    involved : collection of str
        Ids of the claims that take part in a conflict.

    Yields
    ------
    Slip
        Not weighed yet.
    """
    rows: dict[tuple, list[Claim]] = {}
    suspects = set(involved)
    for claim in dict.fromkeys(study.claims[name] for name in involved):
        if claim.number and claim.parameter and not claim.group:
            key = (claim.location, claim.analysis, claim.variant, claim.statistic)
            rows.setdefault(key, []).append(claim)
    for (location, analysis, variant, statistic), claims in rows.items():
        for a, b in combinations(claims[:MOST_ROWS], 2):
            if a.printed == b.printed:
                continue
            yield _exchange(reading, a, b)
            first, second = (
                {
                    c.statistic: c
                    for c in study.claims.where(location=location, parameter=claim.parameter)
                    if c.number and (c.analysis, c.variant, c.group) == (analysis, variant, "")
                }
                for claim in (a, b)
            )
            shared = [n for n in first if n in second and n != statistic]
            others = [(first[n], second[n]) for n in shared]
            if len(others) > 1 and any(c.id in suspects for pair in others for c in pair):
                yield _rest_exchanged(reading, a, b, others)


def _rest_exchanged(reading, a, b, pairs):
    pairs = [(one, other) for one, other in pairs if one.printed != other.printed]
    both = [(one, other) for pair in pairs for one, other in (pair, pair[::-1])]
    text = (
        f"the numbers of {parameters.label(a.parameter)} and {parameters.label(b.parameter)} but "
        f"for {a.statistic} have changed places in {place_of(a.location)}"
    )
    return Slip(
        "exchange",
        f"{a.location}: {a.parameter} and {b.parameter} but for {a.statistic}",
        text,
        {one.id: reading[other.id] for one, other in both},
        tuple(one.id for one, _ in both),
        {one.id: other.printed for one, other in both},
    )


def _exchange(reading, one, other):
    changes = {one.id: reading[other.id], other.id: reading[one.id]}
    text = f"{one.printed} and {other.printed} have changed places in {place_of(one.location)}"
    return Slip(
        "exchange",
        f"{one.id} and {other.id}",
        text,
        changes,
        (one.id, other.id),
        {one.id: other.printed, other.id: one.printed},
    )


def _counterparts(numbers, axis, a, b):
    def of(name):
        return {
            replace(claim, **{axis: ""}).key: claim
            for claim in numbers
            if getattr(claim, axis) == name
        }

    first, second = of(a), of(b)
    return [(first[key], second[key]) for key in first if key in second]


def _swap(claims, reading, location, axis, a, b, pairs):
    moves = {to.id: start.id for pair in pairs for to, start in (pair, pair[::-1])}
    changes = {to: reading[start] for to, start in moves.items()}
    other_axis = "group" if axis == "parameter" else "parameter"
    labels = [
        c
        for name in (a, b)
        for c in claims.where(location=location, statistic="label", **{axis: name, other_axis: ""})
    ]
    if len(labels) == 2:
        recovered = {labels[0].id: labels[1].printed, labels[1].id: labels[0].printed}
        text = (
            f"the labels {labels[0].printed} and {labels[1].printed} have changed places in "
            f"{place_of(location)}"
        )
    else:
        recovered = {
            c.id: o.printed
            for pair in pairs
            for c, o in (pair, pair[::-1])
            if c.printed != o.printed
        }
        text = (
            f"the numbers of {parameters.label(a)} and {parameters.label(b)} have changed places "
            f"in {place_of(location)}"
        )
    return Slip(
        "swap", f"{location}: {a} and {b}", text, changes, tuple(recovered), recovered, moves=moves
    )


def pasted_totals(study: Study, reading: Reading, involved: Collection[str]) -> Iterator[Slip]:
    """A sub-group's row in which the numbers of everybody stand, for as many parameters as fit.

    Parameters
    ----------
    study : Study
    reading : Reading
    involved : collection of str
        Ids of the claims that take part in a conflict.

    Yields
    ------
    Slip
        Not weighed yet; each cell of the row becomes the interval that the other rows leave.
    """
    claims, structure = study.claims, study.structure
    for whole, names in structure.parts.items():
        for name in names:
            changes, because = {}, {}
            for parameter in claims.parameters("mean", "describe"):
                for cell, (meant, reason) in _pasted(
                    study, reading, involved, whole, name, parameter
                ).items():
                    changes[cell], because[cell] = meant, reason
            if changes:
                recovered = {c: as_text(meant, claims[c].number) for c, meant in changes.items()}
                first = claims[next(iter(changes))]
                labels = dict.fromkeys(parameters.label(claims[c].parameter) for c in changes)
                text = (
                    f"in {place_of(first.location)} the row {name} holds the numbers of all "
                    f"patients for {', '.join(labels)}"
                )
                yield Slip(
                    "pasted total",
                    f"{first.location}: {name}",
                    text,
                    changes,
                    tuple(changes),
                    recovered,
                    because=because,
                )


def _pasted(study, reading, involved, whole, name, parameter):
    """Cell -> (what is left for it, the arithmetic), where the row's mean and SD are those of
    everybody; else empty.
    """
    others = tuple(other for other in study.structure.parts[whole] if other != name)
    suspect, whole_row = study.row(name, parameter), study.row(whole, parameter)
    rest, everybody = study.rows(others, parameter), study.rows(study.structure.compared, parameter)
    every = (suspect, whole_row, *rest, *everybody)
    if (
        not (rest and everybody)
        or None in every
        or not all(r.complete and not r.error for r in every)
    ):
        return {}
    if not suspect.sd or not {suspect.mean, suspect.sd} & set(involved):
        return {}
    if any(isinstance(reading[cell], Interval) for cell in (suspect.mean, suspect.sd)):
        return {}
    groups = [r.group(reading) for r in everybody]
    if not is_total(suspect.group(reading), groups).holds:
        return {}
    if sum(reading.count(r.n) for r in rest) >= reading.count(whole_row.n):
        return {}  # sizes that do not add up are a conflict of their own
    left, total = hidden(whole_row.group(reading), [r.group(reading) for r in rest]), pooled(groups)
    if not (left and left.sd):
        return {}
    told = "all {} patients together have {} {}, which prints {}; the other rows leave {} for {}"
    return {
        cell: (
            meant,
            told.format(total.n, what, show(everybody_has), reading[cell].text, show(meant), name),
        )
        for cell, what, everybody_has, meant in (
            (suspect.mean, "a mean of", total.mean, left.mean),
            (suspect.sd, "an SD of", total.sd, left.sd),
        )
    }
