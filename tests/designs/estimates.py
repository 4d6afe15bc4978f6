"""Standard statistics, from a library or the paper named, and nothing from `ivim`."""

import numpy as np
import statsmodels.api as sm
from scipy import optimize, stats
from statsmodels.duration.hazard_regression import PHReg
from statsmodels.stats.inter_rater import cohens_kappa
from statsmodels.stats.proportion import proportion_confint

SHARE_METHODS = {
    "clopper-pearson": "beta",
    "wilson": "wilson",
    "wald": "normal",
    "agresti": "agresti_coull",
    "jeffreys": "jeffreys",
}


def two_groups(a, b, test, exact):
    """Student's or Welch's t, or the Mann-Whitney U with its Z.

    Parameters
    ----------
    a, b : array
    test : {"student", "welch", "mann-whitney"}
    exact : bool
        The Mann-Whitney p: exact or asymptotic with continuity correction as in R, else asymptotic
        without as in SPSS.

    Returns
    -------
    dict
        ``t``, ``u``, ``z`` as the test has them, and ``p``.
    """
    if test != "mann-whitney":
        found = stats.ttest_ind(a, b, equal_var=test == "student")
        return {"t": float(found.statistic), "p": float(found.pvalue)}
    how = {"method": "auto"} if exact else {"method": "asymptotic", "use_continuity": False}
    u, p = stats.mannwhitneyu(a, b, **how)
    n, m = len(a), len(b)
    ties = np.unique(np.concatenate([a, b]), return_counts=True)[1]
    variance = n * m / 12 * (n + m + 1 - (ties**3 - ties).sum() / (n + m) / (n + m - 1))
    return {
        "u": float(min(u, n * m - u)),
        "z": float((u - n * m / 2) / variance**0.5),
        "p": float(p),
    }


def several_groups(samples, test):
    """One-way ANOVA (``f``) or Kruskal-Wallis (``h``), with ``p``."""
    if test == "mann-whitney":
        found = stats.kruskal(*samples)
        return {"h": float(found.statistic), "p": float(found.pvalue)}
    found = stats.f_oneway(*samples)
    return {"f": float(found.statistic), "p": float(found.pvalue)}


def table_test(table, yates):
    """Chi-square of a table of counts, or Fisher's exact test of a 2 x 2 table with an expected
    count below 5.
    """
    expected = stats.contingency.expected_freq(table)
    if np.shape(table) == (2, 2) and expected.min() < 5:
        return {"p": float(stats.fisher_exact(table).pvalue)}
    found = stats.chi2_contingency(table, correction=yates)
    return {"chi2": float(found.statistic), "p": float(found.pvalue)}


def logistic(y, x, limits, confidence):
    """Logistic regression; rows of ``b, se, wald, p, odds_ratio, ci_low, ci_high`` without the
    intercept.

    Returns
    -------
    list of dict or None
        None where the classes are separated or the fit is poor.
    """
    x = sm.add_constant(np.asarray(x, float))
    try:
        fit = sm.Logit(y, x).fit(disp=0, maxiter=100)
    except (np.linalg.LinAlgError, sm.tools.sm_exceptions.PerfectSeparationError):
        return None
    if not fit.mle_retvals["converged"] or not np.all(
        fit.bse < 12 / x[:, :].std(0).clip(1e-9).max()
    ):
        return None
    z, rows = stats.norm.ppf((1 + confidence) / 2), []
    for i in range(1, x.shape[1]):
        b, se = float(fit.params[i]), float(fit.bse[i])
        ends = (b - z * se, b + z * se)
        if limits == "profile":
            ends = _profile(y, x, i, fit, z)
        if ends is None or abs(b) > 12 or max(map(abs, ends)) > 14:
            return None
        wald = (b / se) ** 2
        rows.append(
            {"b": b, "se": se, "wald": wald, "p": float(stats.chi2.sf(wald, 1))}
            | {"odds_ratio": np.exp(b), "ci_low": np.exp(ends[0]), "ci_high": np.exp(ends[1])}
        )
    return rows


def _profile(y, x, i, fit, z):
    """Limits of a slope where the profile log-likelihood falls by z²/2 (Venzon & Moolgavkar 1988,
    Appl Stat 37:87).
    """
    rest = np.delete(x, i, axis=1)

    def fall(slope):
        held = sm.GLM(y, rest, family=sm.families.Binomial(), offset=slope * x[:, i]).fit()
        return 2 * (fit.llf - held.llf) - z**2

    b, step = float(fit.params[i]), float(fit.bse[i])
    ends = []
    for side in (-1, 1):
        reach = next((k for k in (3, 5, 9) if fall(b + side * k * step) > 0), None)
        if reach is None:
            return None
        ends.append(optimize.brentq(fall, b, b + side * reach * step, xtol=1e-9 * max(1, abs(b))))
    return tuple(ends)


def hazard_ratio(months, died, x, confidence):
    """Cox regression of one predictor: ``hr, ci_low, ci_high, p`` by Wald."""
    fit = PHReg(months, np.asarray(x, float)[:, None], status=died.astype(int), ties="efron").fit(
        disp=0
    )
    b, se = float(fit.params[0]), float(fit.bse[0])
    z = stats.norm.ppf((1 + confidence) / 2)
    return {
        "hr": np.exp(b),
        "ci_low": np.exp(b - z * se),
        "ci_high": np.exp(b + z * se),
        "p": float(2 * stats.norm.sf(abs(b / se))),
    }


def components(y, score):
    """Placements of the diseased and of the others (DeLong 1988, Biometrics 44:837); their means
    are the AUC.
    """
    ill, well = score[y], score[~y]
    wins = (ill[:, None] > well[None, :]) + 0.5 * (ill[:, None] == well[None, :])
    return wins.mean(axis=1), wins.mean(axis=0)


def auc(y, score, method, confidence, rng, cut=True):
    """Area under the curve with limits: ``auc, auc_low, auc_high, p`` (against 0.5).

    Parameters
    ----------
    method : {"delong", "hanley-mcneil", "bootstrap", "binomial"}
        ``hanley-mcneil``: Radiology 1982;143:29. ``binomial``: exact limits of AUC x N successes
        among N, as MedCalc offers.
    cut : bool
        Whether limits by ± z SE end at 0 and 1.
    """
    by_ill, by_well = components(y, score)
    area, n, m = float(by_ill.mean()), len(by_ill), len(by_well)
    variance = by_ill.var(ddof=1) / n + by_well.var(ddof=1) / m
    if method == "hanley-mcneil":
        q1, q2 = area / (2 - area), 2 * area**2 / (1 + area)
        variance = area * (1 - area) + (n - 1) * (q1 - area**2) + (m - 1) * (q2 - area**2)
        variance /= n * m
    se, z = float(variance**0.5), stats.norm.ppf((1 + confidence) / 2)
    low, high = area - z * se, area + z * se
    if cut:
        low, high = max(low, 0), min(high, 1)
    if method == "binomial":
        low, high = _beta_limits(area * (n + m), n + m, confidence)
    if method == "bootstrap":
        draws = [_resampled(y, score, rng) for _ in range(400)]
        low, high = np.quantile(draws, [(1 - confidence) / 2, (1 + confidence) / 2])
    p = float(2 * stats.norm.sf(abs(area - 0.5) / se)) if se > 0 else 0.0
    return {"auc": area, "auc_low": float(low), "auc_high": float(high), "p": p}


def _resampled(y, score, rng):
    ill, well = (rng.choice(score[side], side.sum()) for side in (y, ~y))
    ranks = stats.rankdata(np.concatenate([ill, well]))[: len(ill)]
    return (ranks.sum() - len(ill) * (len(ill) + 1) / 2) / len(ill) / len(well)


def _beta_limits(successes, n, confidence):
    tail = (1 - confidence) / 2
    low = 0.0 if successes <= 0 else stats.beta.ppf(tail, successes, n - successes + 1)
    high = 1.0 if successes >= n else stats.beta.ppf(1 - tail, successes + 1, n - successes)
    return float(low), float(high)


def auc_difference(y, a, b, confidence):
    """Paired comparison of two areas by DeLong: ``auc_difference`` with limits, ``z`` and ``p``."""
    (a_ill, a_well), (b_ill, b_well) = components(y, a), components(y, b)
    difference = float(a_ill.mean() - b_ill.mean())
    parts = (a_ill - b_ill, a_well - b_well)
    se = float(sum(part.var(ddof=1) / len(part) for part in parts) ** 0.5)
    z = stats.norm.ppf((1 + confidence) / 2)
    return {
        "auc_difference": difference,
        "auc_difference_low": difference - z * se,
        "auc_difference_high": difference + z * se,
        "z": difference / se if se else 0.0,
        "p": float(2 * stats.norm.sf(abs(difference) / se)) if se else 1.0,
    }


def share_limits(count, n, method, confidence, rng, cut=True):
    """Limits of a proportion; ``bootstrap`` takes percentiles of 2,000 resamples, and those by Wald
    end at 0 and 1 only where they are `cut`.
    """
    if method == "wald" and not cut:
        share = count / n
        reach = stats.norm.ppf((1 + confidence) / 2) * (share * (1 - share) / n) ** 0.5
        return share - reach, share + reach
    if method == "bootstrap":
        draws = rng.binomial(n, count / n, 2000) / n
        ends = np.quantile(draws, [(1 - confidence) / 2, (1 + confidence) / 2])
    else:
        ends = proportion_confint(count, n, 1 - confidence, SHARE_METHODS[method])
    return float(np.clip(ends[0], 0, 1)), float(np.clip(ends[1], 0, 1))


def best_cutoff(y, score):
    """The cut-off with the largest sum of sensitivity and specificity, halfway between two values:
    ``(cutoff, above)``.
    """
    values = np.unique(score)
    cuts = (values[1:] + values[:-1]) / 2
    rates = (score[y][None, :] > cuts[:, None]).mean(1) - (score[~y][None, :] > cuts[:, None]).mean(
        1
    )
    best = int(np.argmax(np.abs(rates)))
    return float(cuts[best]), bool(rates[best] > 0)


def likelihood_ratios(tp, fn, tn, fp, confidence):
    """LR+ and LR- with logarithmic limits (Simel 1991, J Clin Epidemiol 44:763); empty where a
    count is 0.
    """
    if 0 in (tp, fn, tn, fp):
        return {}
    z, ill, well = stats.norm.ppf((1 + confidence) / 2), tp + fn, tn + fp
    found = {}
    for name, hit, miss in (("lr_positive", tp, fp), ("lr_negative", fn, tn)):
        ratio = (hit / ill) / (miss / well)
        spread = z * (1 / hit - 1 / ill + 1 / miss - 1 / well) ** 0.5
        found[name] = (ratio, ratio * np.exp(-spread), ratio * np.exp(spread))
    return found


def kappa(first, second, confidence):
    """Cohen's kappa with limits of its asymptotic error."""
    table = np.array([[np.sum((first == a) & (second == b)) for b in (0, 1)] for a in (0, 1)])
    if 0 in (*table.sum(0), *table.sum(1)):
        return None
    found = cohens_kappa(table)
    z = stats.norm.ppf((1 + confidence) / 2)
    return found.kappa, found.kappa - z * found.std_kappa, found.kappa + z * found.std_kappa


def icc(first, second, form, confidence):
    """Intraclass correlation by the formulas of McGraw & Wong 1996 (Psychol Methods 1:30), two
    raters.

    Returns
    -------
    (icc, low, high)
    """
    x = np.column_stack([first, second])
    n, k = x.shape
    rows, columns = x.mean(1), x.mean(0)
    msr = k * rows.var(ddof=1)
    msc = n * columns.var(ddof=1)
    within = ((x - rows[:, None]) ** 2).sum()
    msw = within / (n * (k - 1))
    mse = (within - (k - 1) * msc) / ((n - 1) * (k - 1))
    tail = (1 + confidence) / 2
    if form == "ICC(1,1)":
        f = msr / msw
        low, high = (
            f / stats.f.ppf(tail, n - 1, n * (k - 1)),
            f * stats.f.ppf(tail, n * (k - 1), n - 1),
        )
        return tuple((v - 1) / (v + k - 1) for v in (f, low, high))
    if form.startswith("ICC(C"):
        f, df = msr / mse, (n - 1) * (k - 1)
        ends = (f, f / stats.f.ppf(tail, n - 1, df), f * stats.f.ppf(tail, df, n - 1))
        return tuple(1 - 1 / v if form == "ICC(C,k)" else (v - 1) / (v + k - 1) for v in ends)
    r = (msr - mse) / (msr + (k - 1) * mse + k / n * (msc - mse))
    a, b = k * r / (n * (1 - r)), 1 + k * r * (n - 1) / (n * (1 - r))
    v = (a * msc + b * mse) ** 2 / ((a * msc) ** 2 / (k - 1) + (b * mse) ** 2 / ((n - 1) * (k - 1)))
    upper, lower = stats.f.ppf(tail, n - 1, v), stats.f.ppf(tail, v, n - 1)
    shared = k * msc + (k * n - k - n) * mse
    low = n * (msr - upper * mse) / (upper * shared + n * msr)
    high = n * (lower * msr - mse) / (shared + n * lower * msr)
    if form == "ICC(A,k)":
        return tuple(k * value / (1 + (k - 1) * value) for value in (r, low, high))
    return r, low, high


def correlation(a, b, rank):
    """Pearson's or Spearman's coefficient with p."""
    found = stats.spearmanr(a, b) if rank else stats.pearsonr(a, b)
    return float(found.statistic), float(found.pvalue)
