"""What an apparent result is worth: bootstrap optimism, cross-validation, and net benefit."""

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy import special

from ivim.stats import checks
from ivim.stats.checks import Floats
from ivim.stats.logistic import fit_logistic, logistic, model_data
from ivim.stats.ranks import area, curve_counts, youden
from ivim.stats.resamples import batches, coefficients, gaps

STATISTICS = ("auc", "sensitivity", "specificity")


def optimism(
    frame: pd.DataFrame,
    outcome: Any = None,
    predictors: Any = (),
    penalty: str | None = None,
    resamples: int = 1000,
    seed: int = 2021,
) -> pd.DataFrame:
    """Harrell's bootstrap correction of a logistic model's AUC and of its Youden cut-off.

    The article weighs, cuts and judges the combined marker on the same 70 patients, so that its
    AUC, sensitivity and specificity are apparent. Here every step is repeated in each resample and
    judged on the original patients. One predictor alone has no weights to overfit, but its cut-off
    is still optimistic.

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
        ``statistic, apparent, optimism, corrected`` for auc, sensitivity and specificity.
        ``.attrs["firth_resamples"]`` counts the resamples without a finite estimate, which are
        refitted with Firth's penalty; ``.attrs["error"]`` is the Monte-Carlo standard error of each
        optimism, by statistic.

    Raises
    ------
    ValueError
        As `logistic`, and for fewer than one resample.

    Notes
    -----
    optimism = mean over resamples of (result in the resample - result of the same model and cut-off
    in the original sample); Harrell, Lee & Mark, Stat Med 1996;15:361; Steyerberg et al., J Clin
    Epidemiol 2001;54:774. With few cases per predictor and a weak marker the correction falls
    short, and the corrected area is still too high. Ours: scikit-learn resamples, but has neither
    the correction nor a cut-off chosen anew.
    """
    if resamples < 1:
        msg = f"resamples is {resamples!r}; at least 1 is needed, 200 or more for a stable answer"
        raise ValueError(msg)
    # Its checks first: separation is reported before anything is resampled.
    logistic(frame, outcome, predictors, penalty)
    _, x, y = model_data(frame, outcome, predictors)
    lost, refitted = [], 0
    for drawn in batches(y, x.shape[1] + 1, resamples, seed):
        b, firth = coefficients(x, y, drawn, penalty)
        lost.append(gaps(x, y, drawn, b))
        refitted += firth
    score = _score(_coefficients(x, y, penalty)[0], x)
    differences = np.concatenate(lost)
    apparent, bias = _judge(y, score, _cut(y, score)), differences.mean(axis=0)
    table = pd.DataFrame(
        {
            "statistic": STATISTICS,
            "apparent": apparent,
            "optimism": bias,
            "corrected": apparent - bias,
        }
    )
    error = differences.std(axis=0, ddof=min(1, resamples - 1)) / np.sqrt(resamples)
    table.attrs = {"resamples": resamples, "seed": seed, "firth_resamples": refitted, "n": y.size}
    table.attrs["error"] = dict(zip(STATISTICS, error.tolist(), strict=True))
    return table


def cross_validated(
    frame: pd.DataFrame,
    outcome: Any = None,
    predictors: Any = (),
    penalty: str | None = None,
    folds: int = 10,
    repeats: int = 10,
    seed: int = 2021,
) -> pd.DataFrame:
    """A logistic model's AUC and Brier score on patients that it was not fitted to.

    Parameters
    ----------
    frame, outcome, predictors, penalty
        As for :func:`ivim.stats.logistic.logistic`.
    folds, repeats : int
        Parts of about equal shares of cases, and how often they are drawn anew.
    seed : int
        Same seed, same result.

    Returns
    -------
    DataFrame
        ``statistic, apparent, cross_validated`` for auc and brier, each the mean over the repeats
        of the statistic over all patients, every one predicted by the model of the other folds.
        ``.attrs`` as for :func:`optimism`.

    Raises
    ------
    ValueError
        As `logistic`, for fewer than one repeat, and where a group has fewer patients than folds.

    Notes
    -----
    Folds and Brier score by scikit-learn; a fold without a finite estimate is fitted with Firth's
    penalty.
    """
    from sklearn.metrics import brier_score_loss
    from sklearn.model_selection import RepeatedStratifiedKFold

    logistic(frame, outcome, predictors, penalty)
    _, x, y = model_data(frame, outcome, predictors)
    fewest = int(min(y.sum(), (1 - y).sum()))
    if not 2 <= folds <= fewest or repeats < 1:
        msg = (
            f"{folds} folds and {repeats} repeat(s) with {fewest} patients in the smaller group; "
            f"2 to {fewest} folds and at least 1 repeat are needed"
        )
        raise ValueError(msg)
    risk, refitted = np.empty((repeats, y.size)), 0
    splits = RepeatedStratifiedKFold(n_splits=folds, n_repeats=repeats, random_state=seed)
    for at, (train, test) in enumerate(splits.split(x, y)):
        b, firth = _coefficients(x[train], y[train], penalty)
        risk[at // folds, test] = _score(b, x[test])
        refitted += firth
    apparent = _score(_coefficients(x, y, penalty)[0], x)
    rows = [
        {
            "statistic": name,
            "apparent": compute(y, apparent),
            "cross_validated": float(np.mean([compute(y, one) for one in risk])),
        }
        for name, compute in (("auc", area), ("brier", brier_score_loss))
    ]
    table = pd.DataFrame(rows)
    table.attrs = {"folds": folds, "repeats": repeats, "seed": seed, "firth_resamples": refitted}
    table.attrs["n"] = y.size
    return table


def net_benefit(y: ArrayLike, probability: ArrayLike, thresholds: ArrayLike) -> pd.DataFrame:
    """Decision curve: what treating by a model gains over treating all or none.

    Parameters
    ----------
    y : array, shape (n,)
        1 for a case, 0 for a control.
    probability : array, shape (n,)
        Predicted risk, 0-1; patients without one are left out.
    thresholds : array
        Risks at which one would act, each above 0 and below 1.

    Returns
    -------
    DataFrame
        ``strategy, threshold, net_benefit``; strategies "model", "all", "none". ``.attrs["n"]``
        counts the patients.

    Raises
    ------
    ValueError
        When a probability or a threshold is out of range.

    Notes
    -----
    NB = TP/n - FP/n · t/(1-t), acting where the risk is t or more; Vickers & Elkin, Med Decis
    Making 2006;26:565.
    """
    outcome, risk = known_risks(y, probability)
    acted = np.array([checks.proportion(value, "threshold") for value in np.atleast_1d(thresholds)])
    odds = acted / (1 - acted)
    everyone = np.ones((acted.size, outcome.size), dtype=int)
    strategies = {
        "model": (risk >= acted[:, None]).astype(int),
        "all": everyone,
        "none": 0 * everyone,
    }
    frames = []
    for name, treated in strategies.items():
        right, wrong = (treated * outcome).mean(axis=1), (treated * (1 - outcome)).mean(axis=1)
        columns = {"strategy": name, "threshold": acted, "net_benefit": right - odds * wrong}
        frames.append(pd.DataFrame(columns))
    table = pd.concat(frames, ignore_index=True)
    table.attrs = {"n": outcome.size}
    return table


def known_risks(y: ArrayLike, probability: ArrayLike) -> tuple[NDArray[np.int_], Floats]:
    """The outcome and the predicted risk of those who have one; checked.

    Parameters
    ----------
    y, probability : array, shape (n,)
        As for :func:`net_benefit`.

    Returns
    -------
    tuple of array
        Outcome and risk of the patients with a risk.

    Raises
    ------
    ValueError
        When a risk is not from 0 to 1, there is not one per outcome, or only one outcome is left.
    """
    outcome, risk = checks.binary(y), checks.numbers(probability, "probability", missing=True)
    known = risk[~np.isnan(risk)]
    if risk.shape != outcome.shape or not known.size or known.min() < 0 or known.max() > 1:
        ends = f" from {known.min():g} to {known.max():g}" if known.size else ""
        msg = f"probability has {known.size} values{ends}; {outcome.size} from 0 to 1 are needed"
        raise ValueError(msg)
    return checks.binary(outcome[~np.isnan(risk)]), known


def _coefficients(x: Floats, y: NDArray[np.int_], penalty: str | None) -> tuple[Floats, bool]:
    fit = fit_logistic(x, y, firth=penalty == "firth")
    if fit["converged"] or penalty == "firth":
        return fit["b"], False
    return fit_logistic(x, y, firth=True)["b"], True


def _score(b: Floats, x: Floats) -> Floats:
    score: Floats = special.expit(b[0] + x @ b[1:])
    return score


def _cut(y: NDArray[np.int_], score: Floats) -> float:
    counts = curve_counts(y, score)
    return float(counts["threshold"][youden(counts)[0]])


def _judge(y: NDArray[np.int_], score: Floats, cut: float) -> Floats:
    positive = score > cut
    return np.array([area(y, score), positive[y == 1].mean(), 1 - positive[y == 0].mean()])
