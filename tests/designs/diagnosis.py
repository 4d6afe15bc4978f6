"""Tables on diagnosis: odds and hazard ratios, ROC analysis, agreement, correlation."""

import numpy as np
from scipy import stats

from designs import estimates


def logistic(study, location):
    """Univariable and multivariable logistic regression of the disease."""
    design, frame = study.design, study.frame
    y = frame["diseased"].to_numpy()
    if min(y.sum(), (~y).sum()) < 10:
        return
    scale = {m.name: m.spread if design.seed % 3 == 0 else 1.0 for m in design.markers}
    item = "per SD" if design.seed % 3 == 0 else ""
    complete = frame[[m.name for m in design.markers]].notna()
    for marker in design.markers:
        rows = complete[marker.name].to_numpy()
        found = _fit(design, y[rows], frame.loc[rows, [marker.name]] / scale[marker.name])
        for row in found or ():
            _ratio(study, location, "odds_ratio", marker.name, row, "univariable", item)
    chosen = [m.name for m in design.markers[:2]]
    if "multivariable" in design.sections and min(y.sum(), (~y).sum()) >= 20:
        rows = complete[chosen].all(axis=1).to_numpy()
        found = _fit(design, y[rows], frame.loc[rows, chosen] / [scale[name] for name in chosen])
        for name, row in zip(chosen, found or (), strict=False):
            _ratio(study, location, "odds_ratio", name, row, "multivariable", item)


def _fit(design, y, x):
    return estimates.logistic(y.astype(int), x.to_numpy(), design.limits, design.confidence)


def cox(study, location):
    """Hazard ratios of the markers, one by one."""
    frame, design = study.frame, study.design
    for marker in design.markers[:3]:
        known = frame[marker.name].notna()
        if known.sum() < 30 or frame.loc[known, "died"].sum() < 15:
            continue
        x = frame.loc[known, marker.name] / marker.spread
        row = estimates.hazard_ratio(
            frame.loc[known, "months"], frame.loc[known, "died"], x, design.confidence
        )
        _ratio(study, location, "hr", marker.name, row, "univariable", "per SD")


def _ratio(study, location, statistic, name, row, model, item):
    design, page = study.design, study.page
    analysis = "cox" if statistic == "hr" else "logistic"
    limits = "wald" if statistic == "hr" else design.limits
    more = {"parameter": name, "analysis": analysis, "model": model, "item": item}
    more["method"] = limits
    told = ("b", "se", "wald") if "b" in row and design.seed % 2 else ()
    decimals = design.style.ratio_decimals
    cells = {key: page.number(location, key, row[key], 3, **more) for key in told}
    for key in (statistic, "ci_low", "ci_high"):
        if row[key] > 1e6:
            return
        cells[key] = page.number(location, key, row[key], decimals, **more)
    cells["p"] = page.p(location, row["p"], **more)
    page.ordered(cells["ci_low"], cells[statistic], cells["ci_high"])
    z = stats.norm.ppf((1 + design.confidence) / 2)
    if limits == "wald":
        page.follows(
            "log symmetry",
            cells[statistic],
            (cells["ci_low"], cells["ci_high"]),
            lambda low, high: (max(low, 1e-12) * max(high, 1e-12)) ** 0.5,
        )
        names = tuple(cells[key] for key in ("p", statistic, "ci_low", "ci_high"))
        page.relate("p of limits", names, lambda *ends: _p_fits(*ends, z))
    if told:
        page.follows("wald", cells["wald"], (cells["b"], cells["se"]), lambda b, se: (b / se) ** 2)
        page.follows("exp b", cells[statistic], (cells["b"],), np.exp)
        page.follows(
            "p of wald", cells["p"], (cells["wald"],), lambda w: stats.chi2.sf(max(w, 0), 1)
        )
        if limits == "wald":
            for key, side in (("ci_low", -1), ("ci_high", 1)):
                page.follows(
                    "limit",
                    cells[key],
                    (cells["b"], cells["se"]),
                    lambda b, se, side=side: np.exp(b + side * z * se),
                )


def _p_fits(p, ratio, low, high, z):
    """p by Wald from a ratio and its limits, at the corners that give the largest and the
    smallest.
    """
    if min(ratio[0], low[0], high[0]) <= 0 or high[0] <= low[1]:
        return True
    far = max(abs(np.log(ratio[0])), abs(np.log(ratio[1])))
    near = 0 if ratio[0] <= 1 <= ratio[1] else min(abs(np.log(ratio[0])), abs(np.log(ratio[1])))
    narrow, wide = np.log(high[0] / low[1]), np.log(high[1] / low[0])
    smallest, largest = (
        2 * stats.norm.sf(2 * z * gap / width) for gap, width in ((far, narrow), (near, wide))
    )
    return smallest <= p[1] * (1 + 1e-9) and p[0] <= largest * (1 + 1e-9)


def roc(study, location):
    """Areas, cut-offs, sensitivity and specificity of each marker, for each reader."""
    design, frame = study.design, study.frame
    y = frame["diseased"].to_numpy()
    if min(y.sum(), (~y).sum()) < 5:
        return
    rng = np.random.default_rng([design.seed, 3])
    for marker in design.markers:
        for reader in range(1, design.readers + 1):
            item = f"reader {reader}" if design.readers > 1 else ""
            _marker(study, location, marker, reader, item, rng)
    if "auc difference" in design.sections and len(design.markers) > 1:
        _difference(study, location)


def _scores(study, marker, reader, rng):
    """Disease and score of each patient, or of each lesion where lesions are counted."""
    frame = study.frame
    known = frame[marker.name].notna().to_numpy()
    y, score = frame["diseased"].to_numpy()[known], frame[marker.name].to_numpy()[known]
    if reader > 1:
        score = score + rng.normal(0, 0.3 * marker.spread, len(score)).round(5)
    if study.design.lesions:
        each = rng.integers(1, 4, len(score))
        y, score = np.repeat(y, each), np.repeat(score, each)
        score = score + rng.normal(0, 0.2 * marker.spread, len(score)).round(5)
    return y, score


def _marker(study, location, marker, reader, item, rng):
    design, page = study.design, study.page
    y, score = _scores(study, marker, reader, rng)
    if min(y.sum(), (~y).sum()) < 4:
        return
    cutoff, above = estimates.best_cutoff(y, score)
    found = estimates.auc(
        y, score if above else -score, design.auc_limits, design.confidence, rng, design.cut
    )
    more = {"parameter": marker.name, "analysis": "roc", "item": item}
    limited = more | {"method": design.auc_limits}
    names = [
        page.area(location, key, found[key], **limited) for key in ("auc", "auc_low", "auc_high")
    ]
    page.ordered(names[1], names[0], names[2])
    if (
        design.auc_limits in ("delong", "hanley-mcneil")
        and found["auc_low"] > 0
        and found["auc_high"] < 1
    ):
        page.follows("symmetry", names[0], names[1:], lambda low, high: (low + high) / 2)
    study.areas.setdefault((marker.name, item), names)
    if "auc p" in design.sections:
        page.p(location, found["p"], **more)
    _cutoff(study, location, marker, cutoff, above, more)
    high = score > cutoff if above else score < cutoff
    counts = [
        int(np.sum(high & y)),
        int(np.sum(~high & y)),
        int(np.sum(~high & ~y)),
        int(np.sum(high & ~y)),
    ]
    _rates(study, location, counts, more, rng, first=not item)


def _cutoff(study, location, marker, cutoff, above, more):
    unit, factor = (
        marker.other if marker.other and study.design.seed % 5 == 0 else (marker.unit, 1.0)
    )
    decimals = marker.decimals + 1 + int(round(-np.log10(factor)))
    sign = ("> " if above else "< ") if study.design.seed % 2 else ""
    row_id = study.page.number(
        location, "cutoff", cutoff, max(decimals, 0), factor=factor, unit=unit, **more
    )
    row = study.page.rows[-1]
    row["printed"] = sign + row["printed"]
    return row_id


def _rates(study, location, counts, more, rng, first):
    design, page = study.design, study.page
    tp, fn, tn, fp = counts
    limited = more | {"method": design.share_limits}
    cells = {}
    if "counts" in design.sections:
        for key, count in zip(("tp", "fn", "tn", "fp"), counts, strict=True):
            cells[key] = page.number(location, key, count, 0, **more)
        if (
            not (design.lesions or (design.missing and not design.missing_told))
            and not design.missing
        ):
            page.follows(
                "diseased",
                study.sizes[design.positive],
                (cells["tp"], cells["fn"]),
                lambda a, b: a + b,
            )
    wanted = {"sensitivity": (tp, tp + fn), "specificity": (tn, tn + fp)}
    if "predictive" in design.sections:
        if tp + fp and tn + fn:
            wanted |= {"ppv": (tp, tp + fp), "npv": (tn, tn + fn)}
        wanted["accuracy"] = (tp + tn, sum(counts))
    for key, (count, n) in wanted.items():
        cells[key] = _limited_share(study, location, key, count, n, limited, rng)
    _owed_by_counts(page, cells, design)
    if "ratios" in design.sections:
        _likelihood(study, location, counts, cells, more)
    if "youden" not in cells and design.seed % 4 == 0:
        j = tp / (tp + fn) + tn / (tn + fp) - 1
        youden = page.number(location, "youden", j, 3, **more)
        page.follows(
            "youden", youden, (cells["sensitivity"], cells["specificity"]), lambda a, b: a + b - 1
        )


def _limited_share(study, location, key, count, n, more, rng):
    design, page = study.design, study.page
    more = more | {"n": str(n)}
    names = [page.share(location, key, count / n, **more)]
    study.shares.setdefault((more["parameter"], more["item"], key), (names[0], count / n))
    page.relate("count exists", names, lambda ends, n=n: _some_count(ends, n))
    if design.seed % 3:
        ends = estimates.share_limits(
            count, n, design.share_limits, design.confidence, rng, design.cut
        )
        for side, end in zip(("_low", "_high"), ends, strict=True):
            names.append(page.share(location, key + side, end, **more))
        if design.share_limits != "jeffreys":  # its upper limit of n of n lies below 1
            page.ordered(names[1], names[0], names[2])
        if design.share_limits != "bootstrap":
            _owed_by_limits(study, names, n)
    return names[0]


def _some_count(ends, n):
    return np.floor(min(ends[1], 1) * n + 1e-9) >= ends[0] * n - 1e-9


def _owed_by_limits(study, names, n):
    """Each limit is that of a count that the share can stand for."""
    design = study.design

    def possible(share, limit, side):
        counts = [k for k in range(n + 1) if share[0] * n - 1e-6 <= k <= share[1] * n + 1e-6]
        ends = [
            estimates.share_limits(k, n, design.share_limits, design.confidence, None, design.cut)
            for k in counts
        ]
        return not counts or any(limit[0] - 1e-9 <= end[side] <= limit[1] + 1e-9 for end in ends)

    for side in (0, 1):
        study.page.relate(
            "limit of share",
            (names[0], names[1 + side]),
            lambda share, limit, side=side: possible(share, limit, side),
        )


def _owed_by_counts(page, cells, design):
    pairs = {
        "sensitivity": ("tp", "fn"),
        "specificity": ("tn", "fp"),
        "ppv": ("tp", "fp"),
        "npv": ("tn", "fn"),
    }
    for key, (hit, miss) in pairs.items():
        page.follows(
            key,
            cells.get(key),
            (cells.get(hit), cells.get(miss)),
            lambda a, b: max(a, 0) / (max(a, 0) + max(b, 0)),
        )


def _likelihood(study, location, counts, cells, more):
    page, design = study.page, study.design
    for key, (ratio, low, high) in estimates.likelihood_ratios(*counts, design.confidence).items():
        names = [page.number(location, key, ratio, 2, **more)]
        if design.seed % 2:
            names += [
                page.number(location, key + end, x, 2, **more)
                for end, x in (("_low", low), ("_high", high))
            ]
            page.ordered(names[1], names[0], names[2])
        function = (
            (lambda a, b: a / (1 - b)) if key == "lr_positive" else (lambda a, b: (1 - a) / b)
        )
        page.follows(key, names[0], (cells["sensitivity"], cells["specificity"]), function)


def _difference(study, location):
    design, page, frame = study.design, study.page, study.frame
    first, second = design.markers[:2]
    known = frame[[first.name, second.name]].notna().all(axis=1).to_numpy()
    y = frame["diseased"].to_numpy()[known]
    scores = []
    for marker in (first, second):
        score = frame[marker.name].to_numpy()[known]
        scores.append(score if estimates.best_cutoff(y, score)[1] else -score)
    found = estimates.auc_difference(y, *scores, design.confidence)
    more = {"parameter": f"{first.name}-{second.name}", "analysis": "roc", "method": "delong"}
    more["comparison"] = f"{first.name} vs {second.name}"
    keys = ("auc_difference", "auc_difference_low", "auc_difference_high")
    names = [page.number(location, key, found[key], 3, **more) for key in keys]
    z = page.number(location, "z", found["z"], 2, **more)
    p = page.p(location, found["p"], **more)
    page.ordered(names[1], names[0], names[2])
    page.follows("middle", names[0], names[1:], lambda low, high: (low + high) / 2)
    page.follows("p of z", p, (z,), lambda value: 2 * stats.norm.sf(abs(value)))


def agreement(study, location):
    """Intraclass correlation of two readings, with limits; kappa of two readers on one rule."""
    design, page, frame = study.design, study.page, study.frame
    for marker in design.markers:
        pair = frame[[marker.name, f"{marker.name} reader 2"]].dropna().to_numpy().T
        values = estimates.icc(*pair, design.icc, design.confidence)
        more = {
            "parameter": marker.name,
            "analysis": "agreement",
            "method": design.icc,
            "n": str(pair.shape[1]),
        }
        if "kappa" in design.sections:
            cut = np.median(pair[0])
            found = estimates.kappa(*(pair > cut), design.confidence)
            keys = ("kappa", "kappa_low", "kappa_high")
            names = [
                page.number(location, k, v, 2, **more)
                for k, v in zip(keys, found or (), strict=False)
            ]
            if names:
                page.ordered(names[1], names[0], names[2])
        names = [
            page.number(location, k, v, 3, **more)
            for k, v in zip(("icc", "icc_low", "icc_high"), values, strict=True)
        ]
        page.ordered(names[1], names[0], names[2])


def correlation(study, location):
    """Correlation of the first two markers among all patients."""
    design, page = study.design, study.page
    if len(design.markers) < 2:
        return
    names = [m.name for m in design.markers[:2]]
    a, b = study.frame[names].dropna().to_numpy().T
    r, p_value = estimates.correlation(a, b, rank=design.test == "mann-whitney")
    more = {"parameter": "-".join(names), "analysis": "correlation", "n": str(len(a))}
    more["method"] = "spearman" if design.test == "mann-whitney" else "pearson"
    coefficient = page.number(location, "r", r, 3, **more)
    p = page.p(location, p_value, **more)
    n = len(a)
    if more["method"] == "pearson":
        page.follows(
            "p of r",
            p,
            (coefficient,),
            lambda x: 2 * stats.t.sf(abs(x) * ((n - 2) / max(1 - x * x, 1e-12)) ** 0.5, n - 2),
        )
