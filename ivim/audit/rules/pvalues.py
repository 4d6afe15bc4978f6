"""Relations of a printed p: against the statistic printed beside it, else against the rows."""

import math
from collections.abc import Sequence
from functools import lru_cache, partial

from ivim.audit.checks.interval import Interval
from ivim.audit.checks.moments import between_ss, total_ss
from ivim.audit.checks.pvalues import (
    p_from_chi2,
    p_from_f,
    p_from_r,
    p_from_t,
    p_from_z,
    p_overlaps,
)
from ivim.audit.checks.rounding import Outcome, cannot_tell, show
from ivim.audit.checks.testing import (
    anova,
    exact_rank_p,
    rank_test_p,
    t_test,
    welch_anova_p,
)
from ivim.audit.relations import Check, Reading, Relation, Row, as_printed, digits, text_of
from ivim.audit.rules.comparisons import VARIANTS, ids_of, pair_of, variants
from ivim.audit.rules.rows import Study, corner_groups, least

MOST_SIDES = 40
"""So many p of a place are looked at for whether tests have one side or two."""

SMALL = 900
"""Product of two group sizes up to which a rank test may be exact."""

SIDED = ("t", "z", "r", "u")
"""Statistics of tests that can be one-sided."""

P = Check("p_from_statistic")
BACK = Check("statistic_for_p", recovers=False)
RANKS = Check("possible_u", recovers=False, confirms=False)
P_MEANS = Check("p_from_means")
P_CELL = Check("cell_for_p", recovers=False, confirms=False)
P_SOFT = Check("p_of_any_test", recovers=False, confirms=False, soft=True)
P_ANOVA = Check("anova", recovers=False)


def pvalue_relations(study: Study) -> list[Relation]:
    """All relations of this module that the claims have the numbers for; list of Relation.

    Parameters
    ----------
    study : Study

    Returns
    -------
    list of Relation
    """
    return [
        *(r for claim in study.claims.where(statistic="p") for r in _p(study, claim)),
        *(r for claim in study.claims.where(statistic="u") for r in _u(study, claim)),
    ]


def _p(study, p):
    """p of the statistic printed beside it; without one, p of the rows."""
    beside = _beside(study, p)
    for name, claim in beside.items():
        found = _JUDGE_OF[name](study, p, claim)
        if found:
            judge, inputs, check = found
            ids, sided = (p.id, claim.id, *inputs), _one_sided(study, p, name)
            for target in ids:
                kind = check if target == p.id else BACK if target == claim.id else P_CELL
                yield Relation(
                    f"p of {claim.id}",
                    kind,
                    target,
                    ids,
                    partial(
                        _held, p=p.id, statistic=claim.id, target=target, judge=judge, half=sided
                    ),
                )
    if p.analysis == "anova" and "f" not in beside:
        yield from _p_of_anova(study, p)
    elif p.analysis in ("t-test", "mann-whitney") and not beside:
        yield from _p_of_rows(study, p)


def _held(reading, p, statistic, target, judge, half):
    found = _against(reading, p, judge(reading), target == p, half)
    if found.holds is False and target == statistic:
        value = _statistic_for(reading, p, statistic, judge)
        return Outcome(False, value, value, found.reason)
    return found


def _statistic_for(reading, p, statistic, judge):
    """A statistic that gives the printed p, by bisection; NaN where none below 10,000 does."""
    shown = as_printed(reading[p])
    goal = {"<": float(shown.value) / 2, ">": (1 + float(shown.value)) / 2}.get(
        shown.comparison, float(shown.value)
    )

    def at(size):
        return judge(reading.with_changes({statistic: Interval(size, size)}))[0].low

    low, high = 0.0, 1.0
    while at(high) > goal:
        low, high = high, 4 * high
        if high > 1e4:
            return math.nan
    for _ in range(40):
        middle = (low + high) / 2
        low, high = (middle, high) if at(middle) > goal else (low, middle)
    return math.copysign(high, float(digits(reading[statistic]).middle))


def _beside(study, p):
    """The statistics that stand beside a p."""
    found = zip(_JUDGE_OF, study.claims.beside(p, *_JUDGE_OF), strict=True)
    return {name: claim for name, claim in found if claim}


def _one_sided(study, p, name):
    """Whether p may be a one-sided one: not of statistics without a side, nor where the other p of
    the place are those of two sides.
    """
    if name not in SIDED:
        return False
    key = ("sides", p.location, p.analysis)
    if key not in study.established:
        whole = half = 0
        for other in study.claims.where(location=p.location, statistic="p")[:MOST_SIDES]:
            if other.analysis != p.analysis:
                continue
            for kind, claim in _beside(study, other).items():
                found = _JUDGE_OF[kind](study, other, claim)
                if not found or kind not in SIDED:
                    continue
                computed, printed = found[0](study.reading)[0], study.reading[other.id]
                fits = p_overlaps(computed, printed), p_overlaps(computed / 2, printed)
                whole, half = whole + (fits == (True, False)), half + (fits == (False, True))
        study.established[key] = whole > 2 and whole >= 3 * half
    return not study.established[key]


def _against(reading, p, found, own, sided=True):
    """The printed p against an interval and its source in words; half of it, a one-sided p, is no
    slip of a test that has two sides.
    """
    computed, source = found
    printed = as_printed(reading[p])
    # Zeros, as SPSS prints them, stand for a p below the last digit.
    holds = p_overlaps(computed, printed) or (sided and p_overlaps(computed / 2, printed))
    ends = (computed.low, computed.high) if own else (math.nan, math.nan)
    return Outcome(holds, *ends, f"{source} gives p {p_text(computed)}; printed {printed.text}")


def _sizes(study, claim):
    """Sizes of the compared groups as (id or number, certain), by their rows or by their printed
    sizes; empty where unknown.
    """
    found = []
    for group in study.groups_of(claim):
        row = study.row(group, claim.parameter)
        if row is None:
            for statistic in ("median", "mean"):
                beside = study.claims.find(statistic, group, claim.parameter)
                if beside and beside.size:
                    found.append((beside.size, True))
                    break
            else:
                size = study.size(group, claim.parameter)
                if size is None:
                    return ()
                found.append(size)
            continue
        found.append((row.n, row.complete))
    return tuple(found)


def _size_range(reading, sizes):
    """Smallest and largest sum of the sizes."""
    full = [reading.count(size) for size, _ in sizes]
    low = [n if sure else min(n, least(n)) for n, (_, sure) in zip(full, sizes, strict=True)]
    return sum(low), sum(full)


def _p_of_t(study, p, t):
    sizes = _sizes(study, p)
    method = study.test_method(t)
    if method not in ("", *VARIANTS) or len(sizes) not in (0, 2):
        return None
    pair = pair_of(study, p)

    def judge(reading):
        size = abs(digits(reading[t.id]))
        if not sizes:
            df = Interval(3, math.inf)
        else:
            low, high = _size_range(reading, sizes)
            df = Interval(max(low - 2, 1), max(high - 2, 1))
            if pair and method != "student":
                welch = [
                    t_test(a, b, "welch").df
                    for a in corner_groups(pair[0], reading)
                    for b in corner_groups(pair[1], reading)
                ]
                df = df.hull(Interval(min(d.low for d in welch), max(d.high for d in welch)))
            elif method != "student":
                smallest = min(
                    reading.count(s) if sure else least(reading.count(s)) for s, sure in sizes
                )
                df = Interval(max(smallest - 1, 1), df.high)
        found = p_from_t(size, df)
        if not method and not variants(study, t):
            found = found.hull(p_from_z(size))  # a Z in a column that is headed t
        return _adjusted(study, p, found), f"t = {text_of(reading[t.id])}"

    inputs = [s for s, _ in sizes if isinstance(s, str)]
    if pair and method != "student":  # Welch's degrees of freedom rest on the SDs
        inputs += [row.sd for row in pair]
    return judge, tuple(dict.fromkeys(inputs)), P


def _adjusted(study, p, found):
    """Of several pairs, p may be corrected for their number, which makes it larger; where the test
    behind it is known, no more than by the number of tests (Bonferroni).
    """
    if p.comparison and len(study.claims.groups) > 2:
        most = 1.0
        if study.test_method(p) in ("student", "welch"):
            most = min(1.0, found.high * max(3, len(study.claims.where(statistic="p"))))
        return Interval(found.low, most)
    return found


def _p_of_z(study, p, z):
    def judge(reading):
        size = abs(digits(reading[z.id]))
        if p.analysis == "roc":
            return p_from_z(size), f"z = {text_of(reading[z.id])}"
        # Exact p and continuity correction differ from that of the printed Z.
        room = Interval(max(0.0, 0.9 * size.low - 0.15), 1.1 * size.high + 0.15)
        return _adjusted(study, p, p_from_z(room)), f"Z = {text_of(reading[z.id])}"

    return judge, (), P


def _p_of_f(study, p, f):
    sizes, groups = _sizes(study, p), study.groups_of(p)
    if len(groups) < 2 or len(sizes) != len(groups):
        return None

    def judge(reading):
        k, (low, high) = len(groups), _size_range(reading, sizes)
        found = [p_from_f(digits(reading[f.id]), k - 1, max(n - k, 1)) for n in (low, high)]
        room = Interval(min(i.low for i in found), max(i.high for i in found))
        return room, f"F = {text_of(reading[f.id])}"

    return judge, tuple(s for s, _ in sizes if isinstance(s, str)), P


def _p_by_chi2(sign):
    """How the p of a statistic follows by chi-square, with a degree of freedom less than groups."""

    def rule(study, p, claim):
        groups = study.groups_of(p)
        if len(groups) < 2:
            return None

        def judge(reading):
            found = p_from_chi2(digits(reading[claim.id]), len(groups) - 1)
            return found, f"{sign} = {text_of(reading[claim.id])}"

        return judge, (), P

    return rule


def _p_of_r(study, p, r):
    n = r.size or p.size
    if not n or n < 4:
        return None
    exact = r.method.lower() == "pearson"

    def judge(reading):
        found = p_from_r(digits(reading[r.id]), n - 2)
        if not exact:  # a rank correlation's p is exact, or by one of two approximations
            found = Interval(found.low**1.25 / 2, min(1.0, 1.5 * found.high**0.8))
        return found, f"r = {text_of(reading[r.id])} of {n}"

    return judge, (), P


def _p_of_u(study, p, u):
    sizes = _sizes(study, p)
    if len(sizes) != 2 or not all(sure for _, sure in sizes):
        return None

    def judge(reading):
        n, m = (reading.count(size) for size, _ in sizes)
        value, half = digits(reading[u.id]), n * m / 2
        if value.low > n * m:
            return Interval(2, 2), f"U is at most {n * m}, so {text_of(reading[u.id])}"
        reach = math.sqrt(n * m * (n + m + 1) / 12)
        far = max(abs(value.low - half), abs(value.high - half)) / reach
        near = min(abs(value.low - half), abs(value.high - half)) / reach
        # Ties make z larger, the exact distribution and the continuity correction change it a
        # little.
        room = p_from_z(Interval(max(0.0, 0.9 * near - 0.2), 1.3 * far + 0.3))
        if n * m <= SMALL and value.high <= n * m and value.low >= 0:
            exact = [exact_rank_p(end, n, m) for end in (value.low, value.high)]
            room = room.hull(Interval(min(exact), max(exact)))
        return _adjusted(study, p, room), f"U = {text_of(reading[u.id])}"

    return judge, tuple(s for s, _ in sizes if isinstance(s, str)), P


def _u(study, u):
    """U lies between 0 and n·m, and is a multiple of a half (ties count a half)."""
    sizes = _sizes(study, u)
    if len(sizes) != 2:
        return
    ids = (u.id, *(size for size, _ in sizes if isinstance(size, str)))
    for target in ids:
        yield Relation(
            f"range of {u.id}",
            RANKS,
            target,
            ids,
            lambda reading: _u_possible(reading, u.id, [size for size, _ in sizes]),
        )


def _u_possible(reading, u, sizes):
    n, m = (reading.count(size) for size in sizes)
    value = digits(reading[u])
    first = max(0, math.ceil(2 * value.low - 1e-9))
    holds = value.low <= n * m and first <= 2 * value.high + 1e-9
    told = f"U of {n} and {m} is a multiple of 0.5 from 0 to {n * m}"
    return Outcome(holds, math.nan, math.nan, f"{told}; printed {text_of(reading[u])}")


def _p_of_rows(study, p):
    """p of a t-test known to be one from the rows; of an unknown test at most a dispute."""
    pair = pair_of(study, p)
    if not pair:
        return
    told = study.test_method(p)
    if not told and pair[0].n == pair[1].n:
        return  # two measurements of the same members may have been compared
    names, ids = VARIANTS.get(told, ()), (p.id, *ids_of(pair))
    for target in ids:
        kind = P_MEANS if target == p.id else P_CELL
        yield Relation(
            f"p of {p.id} from the rows",
            kind if names else P_SOFT,
            target,
            ids,
            lambda reading, own=target == p.id: _against(
                reading, p.id, _row_p(study, reading, p, pair, names), own and bool(names)
            ),
        )


def _row_p(study, reading, p, pair, names):
    rooms = [
        t_test(a, b, name).p
        for a in corner_groups(pair[0], reading)
        for b in corner_groups(pair[1], reading)
        for name in (names or VARIANTS["t-test"])
    ]
    if not names:
        full = [row.group(reading) for row in pair]
        rooms.append(rank_test_p(*full, [corner_groups(row, reading)[-1].n for row in pair]))
    found = Interval(min(room.low for room in rooms), max(room.high for room in rooms))
    source = "means and SDs" if names else "means and SDs by any usual test"
    return _adjusted(study, p, found), source


def _p_of_anova(study, p):
    """p of an ANOVA from the rows; where nothing says which groups, of any family of parts."""
    told = study.groups_of(p) if p.comparison or len(study.structure.compared) > 2 else ()
    families = [told] if told else list(study.structure.parts.values())
    found = [study.rows(names, p.parameter) for names in families]
    found = [rows for rows in found if len(rows) > 1 and all(row.sd for row in rows)]
    if (
        not found
        or len(found) < len(families)
        or not all(r.complete for rows in found for r in rows)
    ):
        return
    wholes = {tuple(parts): whole for whole, parts in study.structure.parts.items()}
    whole_rows = [study.row(wholes.get(tuple(names), ""), p.parameter) for names in families]
    ids = tuple(dict.fromkeys((p.id, *(i for rows in found for i in ids_of(rows)))))
    for target in ids:
        yield Relation(
            f"ANOVA behind {p.id}",
            P_ANOVA if target == p.id else P_CELL,
            target,
            ids,
            lambda reading, own=target == p.id: _anova_p(reading, p.id, found, whole_rows, own),
        )


def _anova_p(reading, p, families, wholes, own):
    printed, outcomes = as_printed(reading[p]), []
    for rows, whole in zip(families, wholes, strict=True):
        room = anova_room(reading, rows, whole)
        holds = p_overlaps(room, printed)
        if not holds:
            other = welch_anova_p([row.group(reading) for row in rows])
            if p_overlaps(Interval(other / 2, min(1.0, 2 * other)), printed):
                return cannot_tell("Welch's ANOVA would fit")
        ends = (room.low, room.high) if own else (math.nan, math.nan)
        told = f"one-way ANOVA of the rows: p {p_text(room)}; printed {printed.text}"
        outcomes.append(Outcome(holds, *ends, told))
    return next((o for o in outcomes if o.holds), outcomes[0])


def anova_room(reading: Reading, rows: Sequence[Row], whole: Row | None) -> Interval:
    """Interval of p of a one-way ANOVA from the rows of parts, narrower where the whole's row gives
    the total sum of squares.

    Parameters
    ----------
    reading : Reading
    rows : sequence of Row
    whole : Row or None

    Returns
    -------
    Interval
    """
    groups = tuple(row.group(reading) for row in rows)
    return _anova_p_room(groups, whole.group(reading) if whole and whole.sd else None)


@lru_cache(maxsize=65536)
def _anova_p_room(groups, whole):
    p = anova(groups).p
    if whole:
        # With the whole's own sum of squares T, F = (B/(k - 1))/((T - B)/(N - k)) rises with B and
        # falls with T.
        total, between = total_ss([whole]), between_ss(groups)
        k, size = len(groups), sum(group.n for group in groups)
        ends = [_f_of(between.low, total.high, k, size), _f_of(between.high, total.low, k, size)]
        p = p.intersect(p_from_f(Interval(*ends), k - 1, size - k)) or p
    return p


def _f_of(between, total, k, size):
    rest = total - between
    return math.inf if rest <= 0 else (between / (k - 1)) / (rest / (size - k))


def p_text(interval: Interval) -> str:
    """An interval of p in words.

    Parameters
    ----------
    interval : Interval

    Returns
    -------
    str
    """
    if interval.high >= 1e-4:
        return show(interval)
    return f"{interval.low:.2g} to {interval.high:.2g}"


_JUDGE_OF = {
    "t": _p_of_t,
    "z": _p_of_z,
    "f": _p_of_f,
    "h": _p_by_chi2("H"),
    "r": _p_of_r,
    "chi2": _p_by_chi2("χ²"),
    "u": _p_of_u,
}
