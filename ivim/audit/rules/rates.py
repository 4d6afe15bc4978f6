"""Relations of rates to the counts behind them, and of what follows from rates: predictive values,
accuracy, Youden's index, likelihood ratios.
"""

import math
from functools import partial

from ivim.audit.checks.counts import counts_from_percentage
from ivim.audit.checks.interval import Interval
from ivim.audit.checks.ratios import likelihood_limits
from ivim.audit.checks.rounding import Outcome, cannot_tell, compare, prints_as
from ivim.audit.relations import Check, Relation, as_printed, digits
from ivim.audit.rules.rows import Study

COUNTS = Check("share_of_counts")
FROM_RATES = Check("follows_from_rates")
LOGARITHM = Check("likelihood_limits")
LOGARITHM_OPEN = Check("likelihood_limits", recovers=False, decisive=False)
CELL = Check("cell_for_rates", recovers=False, confirms=False)


# Each share with the counts that it is made of: those in it, those out of it.
CELLS_OF = {
    "sensitivity": (("tp",), ("fn",)),
    "specificity": (("tn",), ("fp",)),
    "ppv": (("tp",), ("fp",)),
    "npv": (("tn",), ("fn",)),
    "accuracy": (("tp", "tn"), ("fp", "fn")),
}


def rate_relations(study: Study) -> list[Relation]:
    """All relations of this module that the claims have the numbers for; list of Relation.

    Parameters
    ----------
    study : Study

    Returns
    -------
    list of Relation
    """
    found = []
    for name in CELLS_OF:
        for claim in study.claims.where(statistic=name):
            found += _of_counts(study, claim)
    for name in _FOLLOWS:
        for claim in study.claims.where(statistic=name):
            found += _of_rates(study, claim)
            if name in _HITS:
                found += _likelihood(study, claim)
            if name in ("youden", *_HITS):
                found += _of_cells(study, claim)
    return found


def _of_cells(study, claim):
    """Youden's index and likelihood ratios from the counts, where the rates are not printed."""
    cells = study.claims.beside(claim, "tp", "fn", "tn", "fp")
    if None in cells or None not in study.claims.beside(claim, "sensitivity", "specificity"):
        return
    ids, scale = tuple(cell.id for cell in cells), study.claims.scale(claim)
    for target in (claim.id, *ids):
        yield Relation(
            f"{claim.id} of counts",
            COUNTS if target == claim.id else CELL,
            target,
            (claim.id, *ids),
            partial(_from_cells, claim=claim, ids=ids, scale=scale, own=target == claim.id),
        )


def _from_cells(reading, claim, ids, scale, own):
    tp, fn, tn, fp = (reading.count(name) for name in ids)
    if not (tp + fn and tn + fp):
        return cannot_tell("nobody is counted")
    shares = [Interval(k / n, k / n) for k, n in ((tp, tp + fn), (tn, tn + fp))]
    room = _FOLLOWS[claim.statistic](*shares, None, None)
    if room is None:
        return cannot_tell("a rate is 0 or 1")
    found = compare((room * scale).widen(1e-9), digits(reading[claim.id]), "the counts")
    ends = (found.low, found.high) if own else (math.nan, math.nan)
    return Outcome(found.holds, *ends, found.reason)


def _likelihood(study, claim):
    """Limits of a likelihood ratio by the logarithm, from the counts that the rates stand for;
    refuted only where that is said to be the method.
    """
    ends = study.claims.beside(claim, f"{claim.statistic}_low", f"{claim.statistic}_high")
    rates = study.claims.beside(claim, "sensitivity", "specificity")
    sizes = [study.denominator(rate) if rate else None for rate in rates]
    if None in sizes:
        return
    ids = (*(rate.id for rate in rates), *(size for size in sizes if isinstance(size, str)))
    for index, end in enumerate(ends):
        if end is None:
            continue
        told = (end.method or claim.method).strip().lower()
        judge = partial(
            _of_logarithm,
            end=end.id,
            rates=[rate.id for rate in rates],
            sizes=sizes,
            scales=[study.claims.scale(rate) for rate in rates],
            hits=_HITS[claim.statistic],
            index=index,
            level=study.structure.confidence,
        )
        check = LOGARITHM if told in ("log", "simel") else LOGARITHM_OPEN
        yield Relation(f"limit {end.id}", check, end.id, ids, judge)


def _of_logarithm(reading, end, rates, sizes, scales, hits, index, level):
    counts = []
    for rate, size, scale in zip(rates, sizes, scales, strict=True):
        n = reading.count(size)
        possible = counts_from_percentage(as_printed(reading[rate]), n, scale)
        if len(possible) != 1:
            return cannot_tell("the counts behind sensitivity and specificity are not unique")
        counts.append((possible[0], n))
    (tp, cases), (tn, controls) = counts
    if hits == "positive":
        found = likelihood_limits(tp, cases, controls - tn, controls, level)
    else:
        found = likelihood_limits(cases - tp, cases, tn, controls, level)
    if found is None:
        return cannot_tell("a count is 0")
    return compare(found[index], digits(reading[end]), "the logarithm of the counts")


def _of_counts(study, claim):
    """A share from the counts printed beside it."""
    names = CELLS_OF[claim.statistic]
    hits, misses = (study.claims.beside(claim, *part) for part in names)
    if None in hits or None in misses:
        return
    inside, outside = (tuple(c.id for c in part) for part in (hits, misses))
    scale, ids = study.claims.scale(claim), (claim.id, *inside, *outside)
    for target in ids:
        yield Relation(
            f"{claim.id} of counts",
            COUNTS if target == claim.id else CELL,
            target,
            ids,
            partial(
                _ratio, claim=claim.id, inside=inside, outside=outside, scale=scale, target=target
            ),
        )


def _ratio(reading, claim, inside, outside, scale, target):
    k = sum(reading.count(name) for name in inside)
    n = k + sum(reading.count(name) for name in outside)
    if n < 1:
        return cannot_tell("nobody is counted")
    printed, value = as_printed(reading[claim]), scale * k / n
    told = f"{k}/{n} is {value:.{max(printed.decimals, 0) + 2}f}; printed {printed.text}"
    ends = (value, value) if target == claim else (math.nan, math.nan)
    return Outcome(prints_as(value, printed), *ends, told)


def _of_rates(study, claim):
    """Predictive values, accuracy, Youden's index and likelihood ratios from sensitivity and
    specificity.
    """
    rates = study.claims.beside(claim, "sensitivity", "specificity")
    if None in rates:
        return
    sizes = [study.denominator(rate) for rate in rates]
    if claim.statistic in ("ppv", "npv", "accuracy"):
        if None in sizes or None not in study.claims.beside(claim, "tp", "fp", "tn", "fn"):
            return
    ids = (claim.id, *(rate.id for rate in rates), *(s for s in sizes if isinstance(s, str)))
    scales = [study.claims.scale(c) for c in (claim, *rates)]
    for target in ids:
        yield Relation(
            f"{claim.id} of rates",
            FROM_RATES if target == claim.id else CELL,
            target,
            ids,
            partial(
                _from_rates,
                claim=claim,
                rates=[r.id for r in rates],
                sizes=sizes,
                scales=scales,
                target=target,
            ),
        )


def _from_rates(reading, claim, rates, sizes, scales, target):
    shares = [
        _sharper(reading, rate, size, scale)
        for rate, size, scale in zip(rates, sizes, scales[1:], strict=True)
    ]
    room = _FOLLOWS[claim.statistic](*shares, *[s and reading.count(s) for s in sizes])
    if room is None:
        return cannot_tell("a rate may be 0 or 1")
    room = room * scales[0]
    found = compare(room.widen(1e-9), digits(reading[claim.id]), "sensitivity and specificity")
    ends = (found.low, found.high) if target == claim.id else (math.nan, math.nan)
    return Outcome(found.holds, *ends, found.reason)


def _sharper(reading, rate, size, scale):
    """A rate as an interval, of the counts that it can stand for where its denominator is known."""
    room = digits(reading[rate]) / scale
    room = Interval(min(max(room.low, 0.0), 1.0), max(min(room.high, 1.0), 0.0))
    if size is None or isinstance(reading[rate], Interval):
        return room
    n = reading.count(size)
    counts = counts_from_percentage(reading[rate], n, scale)
    return Interval(counts[0] / n, counts[-1] / n) if counts else room


def _quotient(a, b):
    return a / b if b.low > 0 else None


def _predictive(right, wrong, n, m):
    """Of those called so, the share that are: n·right/(n·right + m·wrong), rising in right and
    falling in wrong.
    """
    ends = [
        n * r / (n * r + m * w) if n * r + m * w > 0 else None
        for r, w in ((right.low, wrong.high), (right.high, wrong.low))
    ]
    return Interval(*ends) if None not in ends else None


_FOLLOWS = {
    "youden": lambda se, sp, n, m: se + sp - 1,
    "lr_positive": lambda se, sp, n, m: _quotient(se, 1 - sp),
    "lr_negative": lambda se, sp, n, m: _quotient(1 - se, sp),
    "ppv": lambda se, sp, n, m: _predictive(se, 1 - sp, n, m),
    "npv": lambda se, sp, n, m: _predictive(sp, 1 - se, m, n),
    "accuracy": lambda se, sp, n, m: (n * se + m * sp) / (n + m),
}

_HITS = {"lr_positive": "positive", "lr_negative": "negative"}
