"""Logistic regression as SPSS prints it, Firth's penalty for separated data, and the score of a combined marker."""

import numpy as np
import pandas as pd
from scipy import optimize, special, stats

from ivim.stats import checks

STEPS = 100  # Newton needs about ten where a finite estimate exists
TOLERANCE = 1e-10  # of the largest step, in SD of the predictors
RUNAWAY = (
    1e8  # a variance, in SD of the predictors, that only an estimate on its way to infinity reaches
)


def logistic(frame, outcome=None, predictors=(), penalty=None, confidence=0.95):
    """Binary logistic regression.

    Parameters
    ----------
    frame : DataFrame
        One row per patient.
    outcome : str
        Column of 0 and 1.
    predictors : str or list of str
        Numeric columns.
    penalty : {None, "firth"}
        None: maximum likelihood. "firth": Firth's penalised likelihood, finite also under separation and less biased in small
        studies.
    confidence : float
        Level of the odds ratios' limits.

    Returns
    -------
    DataFrame
        ``term, b, se, wald, p, odds_ratio, ci_low, ci_high``: "intercept" and one row per predictor. Wald is (b/se)² with one
        degree of freedom, limits are exp(b ± z se), as SPSS prints them. ``.attrs`` holds ``outcome, penalty, n, cases``.

    Raises
    ------
    ValueError
        When the outcome is not binary, a predictor is constant, missing or collinear with others, or when predictors separate the
        groups, so that the maximum-likelihood estimate is infinite; the message names them.

    Notes
    -----
    log(p/(1-p)) = b₀ + Σ bⱼxⱼ, by Newton's method on standardised predictors. Separation is found by a linear programme, not
    by watching for large estimates (Konis, Computational algorithms for detecting data separation in binary regression models,
    Oxford 2007). Firth, Biometrika 1993;80:27; Heinze & Schemper, Stat Med 2002;21:2409; its standard errors come from the
    inverse Fisher information at the estimate, as in brglm2 and logistf. Errors are those at the converged estimate, as in
    statsmodels; R's glm reports those of its last step but one, which differ in the fifth digit.
    """
    checks.one_of(penalty, (None, "firth"), "penalty")
    z = stats.norm.isf((1 - checks.proportion(confidence)) / 2)
    names, x, y = model_data(frame, outcome, predictors)
    if penalty is None and (culprits := separating(x, y)):
        msg = (
            f"{', '.join(names[at] for at in culprits)} separate(s) the groups of {outcome!r} completely or nearly so: the "
            'estimate is infinite; use penalty="firth", or leave the predictor out'
        )
        raise ValueError(msg)
    fit = fit_logistic(x, y, firth=penalty == "firth")
    if not fit["converged"]:
        msg = f'no finite estimate for {", ".join(names)} within {STEPS} steps; leave out a predictor, or use penalty="firth"'
        raise ValueError(msg)
    b, se = fit["b"], np.sqrt(np.diag(fit["covariance"]))
    wald = (b / se) ** 2
    with np.errstate(over="ignore"):
        odds = {
            "odds_ratio": np.exp(b),
            "ci_low": np.exp(b - z * se),
            "ci_high": np.exp(b + z * se),
        }
    table = pd.DataFrame(
        {
            "term": ["intercept", *names],
            "b": b,
            "se": se,
            "wald": wald,
            "p": stats.chi2.sf(wald, 1),
            **odds,
        }
    )
    table.attrs = {"outcome": outcome, "penalty": penalty, "n": y.size, "cases": int(y.sum())}
    return table


def linear_score(table, frame):
    """The combined marker: the fitted log odds of each row, shape (n,).

    Parameters
    ----------
    table : DataFrame
        What :func:`logistic` gave.
    frame : DataFrame
        Rows with the same predictors; new patients are welcome.
    """
    terms = table.set_index("term")["b"]
    predictors = list(terms.index.drop("intercept"))
    checks.check_columns(frame, *predictors)
    x = np.column_stack([checks.numbers(frame[name], name) for name in predictors])
    return terms["intercept"] + x @ terms[predictors].to_numpy()


def predict(table, frame):
    """The fitted probability of each row, shape (n,); parameters as for :func:`linear_score`."""
    return special.expit(linear_score(table, frame))


def goodness(table, frame, bins=10):
    """How well a fitted model describes the data, as SPSS's model summary.

    Parameters
    ----------
    table : DataFrame
        What :func:`logistic` gave.
    frame : DataFrame
        The rows that it was fitted to.
    bins : int
        Groups of risk of the Hosmer-Lemeshow test.

    Returns
    -------
    DataFrame
        One row: ``minus_2ll, chi2, df, p`` (against the intercept alone), ``cox_snell, nagelkerke``, and ``hl_chi2, hl_df, hl_p``.

    Notes
    -----
    Nagelkerke, Biometrika 1991;78:691; Hosmer & Lemeshow, Commun Stat 1980;9:1043. Patients of equal risk stay in one bin, so
    that the answer does not depend on the order of rows; with few patients the test is weak.
    """
    outcome = table.attrs["outcome"]
    checks.check_columns(frame, outcome)
    y = checks.binary(frame[outcome], outcome)
    n, score = y.size, linear_score(table, frame)
    fitted, empty = _log_likelihood(score, y), _log_likelihood(special.logit(y.mean()), y)
    chi2, df = 2 * (fitted - empty), len(table) - 1
    cox_snell = -np.expm1(-chi2 / n)
    result = {"minus_2ll": -2 * fitted, "chi2": chi2, "df": df, "p": stats.chi2.sf(chi2, df)}
    result |= {"cox_snell": cox_snell, "nagelkerke": cox_snell / -np.expm1(2 * empty / n)}
    return pd.DataFrame([result | _hosmer_lemeshow(y, special.expit(score), bins)])


def model_data(frame, outcome, predictors):
    """The checked columns of a model: predictor names, their values (n, predictors), the outcome (n,) as 0 and 1."""
    names = checks.name_list(predictors)
    checks.check_columns(frame, outcome, *names)
    if outcome in names:
        msg = f"{outcome!r} is the outcome and cannot predict itself; take it out of the predictors"
        raise ValueError(msg)
    y = checks.binary(frame[outcome], outcome)
    x = np.column_stack([checks.varying(checks.numbers(frame[name], name), name) for name in names])
    standard = np.column_stack([np.ones(y.size), (x - x.mean(axis=0)) / x.std(axis=0)])
    if np.linalg.matrix_rank(standard, tol=1e-8 * np.sqrt(y.size)) < standard.shape[1]:
        msg = f"{', '.join(names)} are collinear over {y.size} rows: one is a linear combination of the others; leave one out"
        raise ValueError(msg)
    return names, x, y


def separating(x, y):
    """Columns of `x` whose coefficients are infinite under maximum likelihood; empty where the estimate exists.

    Parameters
    ----------
    x : array, shape (n, predictors)
    y : array, shape (n,)
        0 or 1.

    Returns
    -------
    list of int

    Notes
    -----
    With s = ±1 for case and control, maximise Σ sᵢxᵢβ under sᵢxᵢβ >= 0 and |βⱼ| <= 1: the optimum is above 0 exactly where
    some hyperplane separates the groups, touching allowed (Konis 2007).
    """
    standard = (x - x.mean(axis=0)) / x.std(axis=0)
    signed = (2 * y - 1)[:, None] * np.column_stack([np.ones(y.size), standard])
    answer = optimize.linprog(
        -signed.sum(axis=0), A_ub=-signed, b_ub=np.zeros(y.size), bounds=(-1, 1), method="highs"
    )
    if answer.status != 0 or -answer.fun < 1e-6:
        return []
    return [int(at) for at in np.flatnonzero(np.abs(answer.x[1:]) > 1e-6)]


def fit_logistic(x, y, firth=False):
    """Newton's method with step halving; the bare fit below :func:`logistic`.

    Parameters
    ----------
    x : array, shape (n, predictors)
        A constant one, as a resample may hold, gets the coefficient 0.
    y : array, shape (n,)
        0 or 1.
    firth : bool
        Add half the log determinant of the information to the likelihood.

    Returns
    -------
    dict
        ``b`` (intercept first), ``covariance``, and ``converged``, False where no finite estimate was reached.
    """
    centre, scale = x.mean(axis=0), np.where(np.ptp(x, axis=0) > 0, x.std(axis=0), 1)
    design = np.column_stack([np.ones(y.size), (x - centre) / scale])
    beta = np.zeros(design.shape[1])
    for _ in range(STEPS):
        covariance, gradient = _newton_parts(design, y, beta, firth)
        step = covariance @ gradient
        beta = _halved(design, y, beta, step, firth)
        if np.abs(step).max() < TOLERANCE or covariance.max() > RUNAWAY:
            break
    # Back to the predictors' own units: a linear map of the coefficients.
    back = np.diag(np.concatenate([[1.0], 1 / scale]))
    back[0, 1:] = -centre / scale
    covariance, _ = _newton_parts(design, y, beta, firth)
    return {
        "b": back @ beta,
        "covariance": back @ covariance @ back.T,
        "converged": bool(np.abs(step).max() < TOLERANCE),
    }


def _newton_parts(design, y, beta, firth):
    score = design @ beta
    # Both tails by expit, never 1 - p, which is 0 too early when a fit runs to infinity.
    weight = special.expit(score) * special.expit(-score)
    covariance = np.linalg.pinv(design.T @ (weight[:, None] * design), hermitian=True)
    residual = np.where(y == 1, special.expit(-score), -special.expit(score))
    if firth:
        leverage = weight * np.einsum("ij,jk,ik->i", design, covariance, design)
        residual = residual + leverage * (0.5 - special.expit(score))
    return covariance, design.T @ residual


def _halved(design, y, beta, step, firth):
    def objective(at):
        score = design @ at
        value = _log_likelihood(score, y)
        if firth:
            weight = special.expit(score) * special.expit(-score)
            value += 0.5 * np.linalg.slogdet(design.T @ (weight[:, None] * design))[1]
        return value

    start = objective(beta)
    for halving in range(30):
        candidate = beta + step / 2**halving
        if objective(candidate) >= start - 1e-12 * abs(start):
            return candidate
    return beta


def _log_likelihood(score, y):
    return float((y * score - np.logaddexp(0, score)).sum())


def _hosmer_lemeshow(y, probability, bins):
    edges = np.quantile(probability, np.linspace(0, 1, bins + 1)[1:-1])
    member = np.searchsorted(np.unique(edges), probability, side="left")
    table = (
        pd.DataFrame({"y": y, "p": probability})
        .groupby(member)
        .agg(n=("y", "size"), seen=("y", "sum"), expected=("p", "sum"))
    )
    chi2 = (
        (table["seen"] - table["expected"]) ** 2
        / (table["expected"] * (1 - table["expected"] / table["n"]))
    ).sum()
    df = len(table) - 2
    return {"hl_chi2": chi2, "hl_df": df, "hl_p": stats.chi2.sf(chi2, df) if df > 0 else np.nan}
