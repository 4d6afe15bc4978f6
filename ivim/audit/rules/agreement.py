"""Relations of agreement: ICCs, kappas and other estimates with their limits."""

import math
from functools import partial

from ivim.audit.checks.estimates import ICC_FORMS, check_icc, icc_limits, recover_icc
from ivim.audit.checks.interval import Interval
from ivim.audit.checks.kappa import kappa_limits, kappa_of
from ivim.audit.checks.rounding import Outcome, cannot_tell, compare
from ivim.audit.relations import Check, Relation, as_printed, digits
from ivim.audit.rules.rows import Study
from ivim.audit.rules.slopes import ORDER, order

FORM = Check("", recovers=False, decisive=False)
KNOWN = Check("icc_limits")
KAPPA = Check("kappa_of_table")
RATED = Check("cell_for_kappa", recovers=False, confirms=False)
KAPPA_ERRORS = ("fleiss", "cohen")
_LIMITED = ("auc", "icc", "kappa", "auc_difference", "lr_positive", "lr_negative", "r")


def agreement_relations(study: Study) -> list[Relation]:
    """All relations of this module that the claims have the numbers for; list of Relation.

    Parameters
    ----------
    study : Study

    Returns
    -------
    list of Relation
    """
    claims = study.claims
    found = []
    for name in (*_LIMITED, "sensitivity", "specificity", "ppv", "npv", "accuracy", "share"):
        for value in claims.where(statistic=name):
            found += _between(study, value)
    for value in claims.where(statistic="icc"):
        found += _icc(study, value)
    for value in claims.where(statistic="kappa"):
        found += _kappa(study, value)
    return found


def _kappa(study, value):
    """Kappa and its limits from the table of two raters, where it is printed beside them: ``tp``
    yes of both, ``fn`` and ``fp`` of one alone, ``tn`` of none.
    """
    cells = study.claims.beside(value, "tp", "fn", "fp", "tn")
    if None in cells or not study.structure.given:
        return
    ids = tuple(cell.id for cell in cells)
    ends = study.claims.beside(value, "kappa_low", "kappa_high")
    for index, claim in ((-1, value), *enumerate(ends)):
        if claim is None:
            continue
        told = claim.method.strip().lower() if index >= 0 else "all"
        sure = told == "all" or told in KAPPA_ERRORS
        for target in (claim.id, *ids):
            own = target == claim.id
            check = (KAPPA if own else RATED) if sure else FORM.called("kappa_limits")
            yield Relation(
                f"{claim.id} of the raters' table",
                check,
                target,
                (claim.id, *ids),
                partial(
                    _of_table,
                    claim=claim.id,
                    ids=ids,
                    index=index,
                    names=(told,) if told in KAPPA_ERRORS else KAPPA_ERRORS,
                    level=study.structure.confidence,
                    own=own,
                ),
            )


def _of_table(reading, claim, ids, index, names, level, own):
    counts = [reading.count(name) for name in ids]
    kappa, limits = kappa_of(*counts), kappa_limits(*counts, level)
    if not limits:
        return cannot_tell("a rater says the same of everybody")
    rooms = [Interval(kappa, kappa)] if index < 0 else [limits[name][index] for name in names]
    found = [
        compare(room.widen(1e-12), digits(reading[claim]), "the table of the raters")
        for room in rooms
    ]
    best = next((outcome for outcome in found if outcome.holds), found[0])
    ends = (best.low, best.high) if own else (math.nan, math.nan)
    return Outcome(best.holds, *ends, best.reason)


def _between(study, value):
    """An estimate lies between its limits; a share of none or of all may have a limit on its wrong
    side.
    """
    ends = study.claims.beside(value, f"{value.statistic}_low", f"{value.statistic}_high")
    scale = study.claims.scale(value)
    if value.statistic not in _LIMITED and not 0 < value.number.value < scale:
        return
    for end, sign in zip(ends, (1, -1), strict=True):
        if end and study.claims.scale(end) == scale:
            for target, other, side in ((end.id, value.id, sign), (value.id, end.id, -sign)):
                yield Relation(
                    f"order of {value.id} and {end.id}",
                    ORDER,
                    target,
                    (other,),
                    partial(order, target=target, other=other, sign=side),
                )


def _icc(study, icc):
    """Limits of an ICC by its form; which form an article used is found, not refuted, where nothing
    says it.
    """
    ends = study.claims.beside(icc, "icc_low", "icc_high")
    sizes = [study.size(group) for group in study.structure.compared or study.claims.groups[:1]]
    if not study.structure.given or None in ends:
        return
    if icc.size:
        ids = (icc.size,)
    elif sizes and None not in sizes and all(sure for _, sure in sizes):
        ids = tuple(name for name, _ in sizes)
    else:
        return
    raters = study.structure.raters
    if not raters:
        return
    names = (icc.id, *(end.id for end in ends))
    told = icc.method.strip()
    for form in [told] if told in ICC_FORMS else [] if told else ICC_FORMS:
        for target in names:
            inputs = tuple(n for n in (*names, *ids) if n != target and isinstance(n, str))
            yield Relation(
                f"{form} of {names[0]}",
                KNOWN.called(f"icc_limits {form}") if told else FORM.called(f"icc_limits {form}"),
                target,
                inputs,
                partial(
                    _form,
                    names=names,
                    ids=ids,
                    raters=raters,
                    form=form,
                    level=study.structure.confidence,
                    place=names.index(target),
                ),
            )


def _form(reading, names, ids, raters, form, level, place):
    values = as_printed(*(reading[name] for name in names))
    n = sum(reading.count(name) for name in ids)
    found = check_icc(*values, n, raters, (form,), level)[form]
    if place == 0:
        room = recover_icc(*values[1:], n, raters, form, level)
    else:
        room = icc_limits(values[0], n, raters, form, level)[place - 1]
    ends = (room.low, room.high) if room else (math.nan, math.nan)
    return Outcome(found.holds, *ends, found.reason)
