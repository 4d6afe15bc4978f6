"""What an apparent result is worth: bootstrap optimism of a combined marker and its cut-off, and net benefit."""

import numpy as np
import pandas as pd
from scipy import special

from ivim.stats import checks
from ivim.stats.logistic import fit_logistic, logistic, model_data
from ivim.stats.roc import area, curve_counts, youden

STATISTICS = ("auc", "sensitivity", "specificity")


def optimism(frame, outcome=None, predictors=(), penalty=None, resamples=1000, seed=2021):
    """Harrell's bootstrap correction of a logistic model's AUC and of its Youden cut-off.

    The article weighs, cuts and judges the combined marker on the same 70 patients, so that its AUC, sensitivity and specificity
    are apparent. Here every step is repeated in each resample and judged on the original patients. One predictor alone has no
    weights to overfit, but its cut-off is still optimistic.

    Parameters
    ----------
    frame, outcome, predictors, penalty
        As for :func:`ivim.stats.logistic.logistic`.
    resamples : int
        Bootstrap samples, drawn within cases and within controls.
    seed : int
        Same seed, same result.

    Returns
    -------
    DataFrame
        ``statistic, apparent, optimism, corrected`` for auc, sensitivity and specificity. ``.attrs["firth_resamples"]`` counts the
        resamples without a finite estimate, which are refitted with Firth's penalty.

    Raises
    ------
    ValueError
        As `logistic`, and for fewer than one resample.

    Notes
    -----
    optimism = mean over resamples of (result in the resample - result of the same model and cut-off in the original sample);
    Harrell, Lee & Mark, Stat Med 1996;15:361; Steyerberg et al., J Clin Epidemiol 2001;54:774. With few cases per predictor and a
    weak marker the correction falls short, and the corrected area is still too high.
    """
    if resamples < 1:
        msg = f"resamples is {resamples!r}; at least 1 is needed, 200 or more for a stable answer"
        raise ValueError(msg)
    logistic(
        frame, outcome, predictors, penalty
    )  # its checks: separation is reported before anything is resampled
    _, x, y = model_data(frame, outcome, predictors)
    rng, gap, refitted = np.random.default_rng(seed), np.zeros(len(STATISTICS)), 0
    groups = [np.flatnonzero(y == value) for value in (0, 1)]
    for _ in range(resamples):
        drawn = np.concatenate([rng.choice(members, members.size) for members in groups])
        b, firth = _coefficients(x[drawn], y[drawn], penalty)
        cut = _cut(y[drawn], _score(b, x[drawn]))
        gap += _judge(y[drawn], _score(b, x[drawn]), cut) - _judge(y, _score(b, x), cut)
        refitted += firth
    score = _score(_coefficients(x, y, penalty)[0], x)
    apparent = _judge(y, score, _cut(y, score))
    bias = gap / resamples
    table = pd.DataFrame(
        {
            "statistic": STATISTICS,
            "apparent": apparent,
            "optimism": bias,
            "corrected": apparent - bias,
        }
    )
    table.attrs = {"resamples": resamples, "seed": seed, "firth_resamples": refitted}
    return table


def net_benefit(y, probability, thresholds):
    """Decision curve: what treating by a model gains over treating all or none.

    Parameters
    ----------
    y : array, shape (n,)
        1 for a case, 0 for a control.
    probability : array, shape (n,)
        Predicted risk, 0-1.
    thresholds : array
        Risks at which one would act, each above 0 and below 1.

    Returns
    -------
    DataFrame
        ``strategy, threshold, net_benefit``; strategies "model", "all", "none".

    Raises
    ------
    ValueError
        When a probability or a threshold is out of range.

    Notes
    -----
    NB = TP/n - FP/n · t/(1-t), acting where the risk is t or more; Vickers & Elkin, Med Decis Making 2006;26:565.
    """
    y, probability = checks.binary(y), checks.numbers(probability, "probability")
    thresholds = np.array(
        [checks.proportion(value, "threshold") for value in np.atleast_1d(thresholds)]
    )
    if probability.shape != y.shape or probability.min() < 0 or probability.max() > 1:
        met = f"{probability.size} values from {probability.min():g} to {probability.max():g}"
        msg = f"probability has {met}; {y.size} from 0 to 1 are needed"
        raise ValueError(msg)
    odds = thresholds / (1 - thresholds)
    everyone = np.ones((thresholds.size, y.size))
    strategies = {
        "model": probability >= thresholds[:, None],
        "all": everyone,
        "none": 0 * everyone,
    }
    frames = []
    for name, treated in strategies.items():
        benefit = (treated * y).mean(axis=1) - odds * (treated * (1 - y)).mean(axis=1)
        frames.append(
            pd.DataFrame({"strategy": name, "threshold": thresholds, "net_benefit": benefit})
        )
    return pd.concat(frames, ignore_index=True)


def _coefficients(x, y, penalty):
    fit = fit_logistic(x, y, firth=penalty == "firth")
    if fit["converged"] or penalty == "firth":
        return fit["b"], False
    return fit_logistic(x, y, firth=True)["b"], True


def _score(b, x):
    return special.expit(b[0] + x @ b[1:])


def _cut(y, score):
    counts = curve_counts(y, score)
    return counts["threshold"][youden(counts)[0]]


def _judge(y, score, cut):
    positive = score > cut
    return np.array([area(y, score), positive[y == 1].mean(), 1 - positive[y == 0].mean()])
