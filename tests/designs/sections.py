"""Tables that describe: sizes, sex, age, means or medians, and the tests between groups."""

import itertools
import math
from functools import partial

import numpy as np
from scipy import stats

from designs import estimates


def listed(design):
    """Groups in the order of the columns: a whole before its parts, the total first or last."""
    names = [n for g in design.groups for n in (g, *design.parts.get(g, ()))]
    total = [design.total] if design.total else []
    return total + names if design.total_first else names + total


def members(study, group):
    """Rows of the frame that belong to a group."""
    return study.frame["group"].isin(study.design.whole(group)).to_numpy()


def demographics(study, location):
    """Sizes, sex, age and a category, each with its test."""
    design, page, frame = study.design, study.page, study.frame
    for group in listed(design):
        study.sizes[group] = page.number(
            location, "n", members(study, group).sum(), 0, group=group, analysis="describe"
        )
    _add_up(study, study.sizes)
    if "sex" in design.sections:
        _sex(study, location)
    if "age" in design.sections:
        _described(study, location, "age", "years", 2 if design.seed % 2 else 1, mean=True)
    if "category" in design.sections:
        _category(study, location)
    if "sex" in design.sections and len(design.groups) == 2:
        _table_test(study, location, "sex", frame["male"].to_numpy())


def markers(study, location):
    """Means with their spread, or medians with quartiles, of every marker in every group."""
    design = study.design
    names = [(m.name, m.unit, m.decimals + 1) for m in design.markers]
    for name, unit, decimals in names if design.seed % 2 else reversed(names):
        mean = not (design.medians and design.test == "mann-whitney")
        _described(study, location, name, unit, decimals, mean)


def group_tests(study, location):
    """The test between the groups for each marker; pairs are compared where there are three
    groups.
    """
    design = study.design
    for marker in design.markers:
        if len(design.groups) == 2:
            _pair(study, location, marker.name, design.groups)
            continue
        _several(study, location, marker.name, design.groups)
        if design.seed % 2:
            for pair in itertools.combinations(design.groups, 2):
                _pair(study, location, marker.name, pair, comparison=" vs ".join(pair))
    _owed_by_signs(study)


def part_tests(study, location):
    """The test among the parts of a divided group."""
    for whole, parts in study.design.parts.items():
        for marker in study.design.markers:
            _several(study, location, marker.name, parts, comparison=f"parts of {whole}")


def _values(study, name, group):
    return study.frame.loc[members(study, group), name].dropna().to_numpy()


def _add_up(study, ids):
    """A group is the sum of its parts, the total the sum of all."""
    design = study.design
    wholes = dict(design.parts)
    if design.total:
        wholes[design.total] = design.groups
    for whole, parts in wholes.items():
        names = [ids.get(name) for name in (whole, *parts)]
        study.page.follows("sum", names[0], names[1:], lambda *counts: sum(counts))


def _sex(study, location):
    design, page = study.design, study.page
    as_share = design.seed % 7 == 0
    found = {"male": {}, "female": {}}
    for group in listed(design):
        male = study.frame.loc[members(study, group), "male"].to_numpy()
        for statistic, count in (("male", male.sum()), ("female", (~male).sum())):
            more = {"group": group, "analysis": "describe"}
            if as_share:
                how = design.style.percent if design.style.percent != "fraction" else "unit"
                found[statistic][group] = page.percentage(
                    location, statistic, count / len(male), 0, how, **more
                )
            else:
                found[statistic][group] = page.number(location, statistic, count, 0, **more)
        names = (found["male"][group], found["female"][group])
        if as_share:
            page.relate("all", names, lambda a, b: a[0] + b[0] <= 1 <= a[1] + b[1])
        elif design.missing or design.lesions:  # some sexes may be unknown, as far as is told
            page.relate("sum", (study.sizes[group], *names), lambda n, a, b: a[0] + b[0] <= n[1])
        else:
            page.follows("sum", study.sizes[group], names, lambda a, b: a + b)
    if not as_share:
        _add_up(study, found["male"])
        _add_up(study, found["female"])


def _category(study, location):
    design, page, counts = study.design, study.page, {}
    for group in listed(design):
        inside = study.frame.loc[members(study, group), "smoker"].to_numpy()
        more = {"group": group, "parameter": "smoker", "analysis": "describe"}
        counts[group] = page.number(location, "count", inside.sum(), 0, **more)
        decimals = min(design.style.share_decimals, 1)
        how = "unit" if design.style.percent == "fraction" else design.style.percent
        share = page.percentage(location, "share", inside.mean(), decimals, how, **more)
        page.relate(
            "share",
            (share, counts[group], study.sizes[group]),
            partial(_share_of, some=bool(design.missing or design.lesions)),
        )
    _add_up(study, counts)
    if len(design.groups) == 2:
        _table_test(study, location, "smoker", study.frame["smoker"].to_numpy(), counts)


def _share_of(share, count, size, some):
    """The share is the count over the size, or over a whole number of at least half of it where
    some may not have been asked.
    """
    k, n = round(count[0]), round(size[0])
    sizes = range(max(k, 1, (n + 1) // 2), n + 1) if some else (n,)
    return any(share[0] <= k / m * (1 + 1e-9) and k / m * (1 - 1e-9) <= share[1] for m in sizes)


def _table_test(study, location, parameter, yes, counts=None):
    design, page = study.design, study.page
    table = [[_in(study, yes, g).sum(), (~_in(study, yes, g)).sum()] for g in design.groups]
    if 0 in np.sum(table, axis=0):
        return
    found = estimates.table_test(table, design.yates)
    method = "fisher" if "chi2" not in found else "yates" if design.yates else "pearson"
    analysis = "fisher" if method == "fisher" else "chi2"
    more = {"parameter": parameter, "analysis": analysis, "method": method}
    target = None
    if "chi2" in found and design.seed % 3:
        decimals = design.style.statistic_decimals
        target = page.number(location, "chi2", found["chi2"], decimals, **more)
    p = page.p(location, found["p"], **more)
    if target:
        page.follows("p of chi2", p, (target,), lambda x: stats.chi2.sf(max(x, 0), 1))
    if counts:
        names = [x for g in design.groups for x in (counts[g], study.sizes[g])]
        page.follows(
            "chi2 of counts", target or p, names, _chi2(design.yates, method, bool(target))
        )


def _chi2(yates, method, statistic):
    def recomputed(*counts):
        rows = [[int(k), int(n - k)] for k, n in zip(counts[::2], counts[1::2], strict=True)]
        if min(map(min, rows)) < 0 or 0 in np.sum(rows, axis=0):
            return math.nan
        if method == "fisher":
            return float(stats.fisher_exact(rows).pvalue)
        found = stats.chi2_contingency(rows, correction=yates)
        return float(found.statistic if statistic else found.pvalue)

    return recomputed


def _in(study, yes, group):
    return yes[members(study, group)]


def _described(study, location, name, unit, decimals, mean):
    design, page = study.design, study.page
    found = {}
    for group in listed(design):
        values = _values(study, name, group)
        more = {"group": group, "parameter": name, "unit": unit, "analysis": "describe"}
        size = study.sizes[group]
        if design.missing_told and len(values) < members(study, group).sum():
            size = page.number(
                location, "n", len(values), 0, group=group, parameter=name, analysis="describe"
            )
        more["n"] = str(len(values))
        found[group] = (size, *_centre(page, location, values, decimals, mean, more))
        if "range" in design.sections and name != "age":
            ends = [
                page.number(location, statistic, value, decimals, **more)
                for statistic, value in (("minimum", values.min()), ("maximum", values.max()))
            ]
            page.ordered(ends[0], found[group][1], ends[1])
        if mean and name == "age" and design.ages_whole and design.style.rule != "truncated":
            page.relate("whole numbers", (found[group][1], size), _grim)
    if mean:
        study.described[name] = found
        _pooled(study, found, missing=name != "age" and design.missing > 0)


def _centre(page, location, values, decimals, mean, more):
    if not mean:
        low, middle, high = np.quantile(values, [0.25, 0.5, 0.75])
        names = [
            page.number(location, statistic, value, decimals, **more)
            for statistic, value in (("median", middle), ("q1", low), ("q3", high))
        ]
        page.ordered(names[1], names[0], names[2])
        return names[0], None
    middle = page.number(location, "mean", values.mean(), decimals, **more)
    spread, statistic = values.std(ddof=1), "sd"
    if page.style.spread == "se" and more["parameter"] != "age":
        spread, statistic = spread / len(values) ** 0.5, "se_mean"
    return middle, page.number(location, statistic, spread, decimals, plain="sd", **more)


def _grim(mean, n):
    """A mean of whole numbers is a sum over n (Brown & Heathers 2017, Soc Psychol Personal Sci
    8:363).
    """
    return math.ceil(mean[0] * n[0] - 1e-9) <= mean[1] * n[0] + 1e-9


def _pooled(study, found, missing):
    """The mean of a whole is the weighted mean of its parts."""
    design, page = study.design, study.page
    wholes = dict(design.parts) | ({design.total: design.groups} if design.total else {})
    for whole, parts in wholes.items():
        if missing and not design.missing_told:
            continue
        sizes = [found[part][0] for part in parts]
        means = [found[part][1] for part in parts]
        spreads = [found[part][2] for part in parts]
        k = len(parts)

        def mean(*given, k=k):
            return sum(n * m for n, m in zip(given[:k], given[k:], strict=True)) / sum(given[:k])

        page.follows("pooled mean", found[whole][1], (*sizes, *means), mean)
        if page.style.spread == "sd" and k <= 3:
            page.relate("pooled sd", (found[whole][2], *sizes, *means, *spreads), _pooled_sd)


def _pooled_sd(whole, *given):
    """The sum of squares of the whole from its parts; the spread of the means is bounded at both
    ends.
    """
    k = len(given) // 3
    n = [ends[0] for ends in given[:k]]
    means, spreads, total = given[k : 2 * k], given[2 * k :], sum(n)
    between = [
        sum(
            a * b * gap(x, y) ** 2
            for (a, x), (b, y) in itertools.combinations(zip(n, means, strict=True), 2)
        )
        / total
        for gap in (_nearest, _farthest)
    ]
    ends = [
        math.sqrt(
            max(
                0,
                sum((a - 1) * max(s[i], 0) ** 2 for a, s in zip(n, spreads, strict=True))
                + between[i],
            )
            / (total - 1)
        )
        for i in (0, 1)
    ]
    return ends[0] <= whole[1] * (1 + 1e-9) and whole[0] <= ends[1] * (1 + 1e-9)


def _nearest(x, y):
    return max(0, x[0] - y[1], y[0] - x[1])


def _farthest(x, y):
    return max(abs(x[1] - y[0]), abs(y[1] - x[0]))


def _pair(study, location, name, pair, comparison=""):
    design, page = study.design, study.page
    samples = [_values(study, name, group) for group in pair]
    found = estimates.two_groups(*samples, design.test, exact=design.seed % 2 == 0)
    analysis = {"student": "t-test", "welch": "t-test"}.get(design.test, design.test)
    more = {
        "parameter": name,
        "analysis": analysis,
        "method": design.test,
        "comparison": comparison,
    }
    statistic, target = _statistic(design, found), None
    if statistic:
        decimals = design.style.statistic_decimals
        plain = "t" if statistic == "z" else statistic
        target = page.number(
            location,
            statistic,
            found[statistic],
            decimals if statistic != "u" else 1,
            plain=plain,
            **more,
        )
    p = page.p(location, found["p"], **more)
    if statistic in ("t", "z") and (statistic == "t" or design.seed % 2):
        _owed_by_p(study, name, pair, p, target, statistic)
    if statistic == "t" and name in study.described:
        _owed_by_t(study, name, pair, target)


def _statistic(design, found):
    if "t" in found:
        return "t" if design.test_in_t else ""
    if not design.test_in_t:
        return ""
    return "z" if design.seed % 4 else "u"


def _owed_by_p(study, name, pair, p, target, statistic):
    design = study.design
    if statistic == "z":
        page, many = study.page, next(r for r in study.page.rows if r["id"] == p)["comparison"]
        page.relate("p of z", (p, target), _p_fits_z if not many else _p_not_below_z)
        return
    sizes = [len(_values(study, name, group)) for group in pair]
    if design.test == "student":
        df = sum(sizes) - 2
    else:
        a, b = (
            _values(study, name, group).var(ddof=1) / n
            for group, n in zip(pair, sizes, strict=True)
        )
        df = (a + b) ** 2 / (a**2 / (sizes[0] - 1) + b**2 / (sizes[1] - 1))
    _owed_or_corrected(study, "p of t", p, target, lambda t: 2 * stats.t.sf(abs(t), df))


def _p_fits_z(p, z):
    """p may be exact or with a continuity correction, so that Z tells it within a margin only."""
    low, high = sorted(abs(end) for end in z)
    far, near = 1.1 * high + 0.15, max(0.0, 0.9 * low - 0.15)
    return 2 * stats.norm.sf(far) <= p[1] and p[0] <= 2 * stats.norm.sf(near)


def _p_not_below_z(p, z):
    """Of several pairs p may be corrected, and is larger then."""
    return 2 * stats.norm.sf(1.1 * max(map(abs, z)) + 0.15) <= p[1]


def _owed_or_corrected(study, name, p, target, function):
    """p follows from the statistic; where pairs are compared it may be corrected for several tests,
    by Bonferroni times the number of all p at most.
    """
    page = study.page
    page.follows(name, p, (target,), function)
    exact = page.relations.pop()
    row = next(row for row in page.rows if row["id"] == p)
    if not row["comparison"]:
        page.relations.append(exact)
        return

    def possible(printed, statistic):
        tests = len([row for row in page.rows if row["statistic"] == "p"])
        ends = [function(end) for end in statistic]
        top = min(1.0, tests * max(ends))
        return exact.possible(printed, statistic) or min(ends) <= printed[1] and printed[0] <= top

    page.relate(name, exact.ids, possible)


def _owed_by_t(study, name, pair, target):
    """The size of t follows from the rows; its sign is that of one order of the groups or of the
    other, as long as nothing else is printed.
    """
    design, page = study.design, study.page
    cells = [study.described[name][group] for group in pair]
    study.signs.setdefault((page.rows[-1]["location"], pair), []).append(
        (target, cells[0][1], cells[1][1])
    )
    if (design.missing and not design.missing_told) or page.style.spread == "se":
        return
    names = [cell[i] for i in range(3) for cell in cells]

    def t(n1, n2, m1, m2, s1, s2):
        if s1 <= 0 or s2 <= 0 or min(n1, n2) < 2:
            return math.nan
        found = stats.ttest_ind_from_stats(m1, s1, n1, m2, s2, n2, design.test == "student")
        return float(found.statistic)

    page.follows("t of means", target, names, t)
    signed = page.relations.pop()

    def either(printed, *given):
        minus = (-printed[1], -printed[0])
        return signed.possible(printed, *given) or signed.possible(minus, *given)

    page.relate("t of means", signed.ids, either)


def _owed_by_signs(study):
    """All t of a table are of one order of the groups; t without any minus are sizes."""
    for rows in study.signs.values():
        names = [name for row in rows for name in row]
        study.page.relate("signs of t", names, _one_order)


def _one_order(*ends):
    rows = list(zip(ends[::3], ends[1::3], ends[2::3], strict=True))
    if all(t[0] >= 0 for t, _, _ in rows):
        return True
    orders = set()
    for t, a, b in rows:
        gap = (a[0] - b[1], a[1] - b[0])
        if not (t[0] <= 0 <= t[1] or gap[0] <= 0 <= gap[1]):
            orders.add((t[0] > 0) == (gap[0] > 0))
    return len(orders) < 2


def _several(study, location, name, groups, comparison=""):
    design, page = study.design, study.page
    found = estimates.several_groups([_values(study, name, g) for g in groups], design.test)
    statistic = "h" if "h" in found else "f"
    analysis = "kruskal-wallis" if statistic == "h" else "anova"
    more = {"parameter": name, "analysis": analysis, "comparison": comparison}
    n = sum(len(_values(study, name, g)) for g in groups)
    target = None
    if design.test_in_t:
        target = page.number(
            location, statistic, found[statistic], design.style.statistic_decimals, **more
        )
    p = page.p(location, found["p"], **more)
    if target:
        df = len(groups) - 1
        page.follows(
            f"p of {statistic}",
            p,
            (target,),
            lambda x: (
                stats.chi2.sf(max(x, 0), df)
                if statistic == "h"
                else stats.f.sf(max(x, 0), df, n - df - 1)
            ),
        )
