"""Logistic regression as SPSS prints it, and the score of a combined marker."""

import warnings
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import special, stats

from ivim.stats import checks
from ivim.stats.checks import Floats
from ivim.stats.newton import STEPS, TOLERANCE, log_likelihood, newton
from ivim.stats.separation import separating

__all__ = ["fit_logistic", "goodness", "linear_score", "logistic", "model_data", "predict",
           "separating"]  # fmt: skip


def logistic(
    frame: pd.DataFrame,
    outcome: Any = None,
    predictors: Any = (),
    penalty: str | None = None,
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Binary logistic regression.

    Parameters
    ----------
    frame : DataFrame
        One row per patient; a row that lacks a predictor is left out.
    outcome : str
        Column of 0 and 1.
    predictors : str or list of str
        Numeric columns.
    penalty : {None, "firth"}
        None: maximum likelihood. "firth": Firth's penalised likelihood, finite also under
        separation and less biased in small studies.
    confidence : float
        Level of the odds ratios' limits.

    Returns
    -------
    DataFrame
        ``term, b, se, wald, p, odds_ratio, ci_low, ci_high``: "intercept" and one row per
        predictor. Wald is (b/se)² with one degree of freedom, limits are exp(b ± z se), as SPSS
        prints them. ``.attrs`` holds ``outcome, penalty, n, cases, left_out, missing``.

    Raises
    ------
    ValueError
        When the outcome is not binary, a predictor is constant or collinear with others, or when
        predictors separate the groups, so that the maximum-likelihood estimate is infinite; the
        message names them.

    Notes
    -----
    log(p/(1-p)) = b₀ + Σ bⱼxⱼ; the likelihood by statsmodels, on standardised predictors, Firth's
    penalty by :func:`ivim.stats.newton.newton`, whose errors are those of brglm2. Separation is
    found by a linear programme, not by watching for large estimates. Errors are those at the
    converged estimate; R's glm reports those of its last step but one, which differ in the fifth
    digit.
    """
    checks.one_of(penalty, (None, "firth"), "penalty")
    z = stats.norm.isf((1 - checks.proportion(confidence)) / 2)
    names, x, y = model_data(frame, outcome, predictors)
    if penalty is None and (culprits := separating(x, y)):
        msg = (
            f"{', '.join(names[at] for at in culprits)} separate(s) the groups of {outcome!r} "
            'completely or nearly so: the estimate is infinite; use penalty="firth", or leave the '
            "predictor out"
        )
        raise ValueError(msg)
    fit = fit_logistic(x, y, firth=penalty == "firth")
    if not fit["converged"]:
        msg = (
            f"no finite estimate for {', '.join(names)} within {STEPS} steps; leave out a "
            'predictor, or use penalty="firth"'
        )
        raise ValueError(msg)
    b, se = fit["b"], np.sqrt(np.diag(fit["covariance"]))
    table = pd.DataFrame({"term": ["intercept", *names], "b": b, "se": se, "wald": (b / se) ** 2})
    table["p"] = stats.chi2.sf(table["wald"], 1)
    with np.errstate(over="ignore"):
        table["odds_ratio"] = np.exp(b)
        table["ci_low"], table["ci_high"] = np.exp(b - z * se), np.exp(b + z * se)
    out = len(frame) - y.size
    table.attrs = {"outcome": outcome, "penalty": penalty, "n": y.size, "cases": int(y.sum())}
    missing = checks.left_out({", ".join(map(str, names)): (out, len(frame))}, "rows")
    table.attrs |= {"left_out": out, "missing": missing}
    return table


def linear_score(table: pd.DataFrame, frame: pd.DataFrame) -> Floats:
    """The combined marker: the fitted log odds of each row.

    Parameters
    ----------
    table : DataFrame
        What :func:`logistic` gave.
    frame : DataFrame
        Rows with the same predictors; new patients are welcome.

    Returns
    -------
    array, shape (n,)
        Missing where a predictor is.
    """
    terms = table.set_index("term")["b"]
    predictors = list(terms.index.drop("intercept"))
    checks.check_columns(frame, *predictors)
    x = np.column_stack([checks.numbers(frame[name], name, missing=True) for name in predictors])
    score: Floats = terms["intercept"] + x @ terms[predictors].to_numpy()
    return score


def predict(table: pd.DataFrame, frame: pd.DataFrame) -> Floats:
    """The fitted probability of each row.

    Parameters
    ----------
    table, frame
        As for :func:`linear_score`.

    Returns
    -------
    array, shape (n,)
        Missing where a predictor is.
    """
    probability: Floats = special.expit(linear_score(table, frame))
    return probability


def goodness(table: pd.DataFrame, frame: pd.DataFrame, bins: int = 10) -> pd.DataFrame:
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
        One row: ``minus_2ll, chi2, df, p`` (against the intercept alone), ``cox_snell,
        nagelkerke``, and ``hl_chi2, hl_df, hl_p``.

    Notes
    -----
    Nagelkerke, Biometrika 1991;78:691; Hosmer & Lemeshow, Commun Stat 1980;9:1043. Patients of
    equal risk stay in one bin, so that the answer does not depend on the order of rows; with few
    patients the test is weak. Ours: statsmodels' Logit has none of the last five.
    """
    _, x, y = model_data(frame, table.attrs["outcome"], table["term"].tolist()[1:])
    n, b = y.size, table["b"].to_numpy()
    score = b[0] + x @ b[1:]
    fitted, empty = log_likelihood(score, y), log_likelihood(special.logit(y.mean()), y)
    chi2, df = 2 * (fitted - empty), len(table) - 1
    cox_snell = -np.expm1(-chi2 / n)
    result = {"minus_2ll": -2 * fitted, "chi2": chi2, "df": df, "p": stats.chi2.sf(chi2, df)}
    result |= {"cox_snell": cox_snell, "nagelkerke": cox_snell / -np.expm1(2 * empty / n)}
    return pd.DataFrame([result | _hosmer_lemeshow(y, special.expit(score), bins)])


def model_data(
    frame: pd.DataFrame, outcome: Any, predictors: Any
) -> tuple[list[Any], Floats, NDArray[np.int_]]:
    """The checked columns of a model; rows that lack a predictor are left out.

    Parameters
    ----------
    frame, outcome, predictors
        As for :func:`logistic`.

    Returns
    -------
    names : list of str
    x : array, shape (n, predictors)
    y : array of int, shape (n,)
        0 or 1.

    Raises
    ------
    ValueError
        As :func:`logistic`, but for separation.
    """
    names = checks.name_list(predictors)
    checks.check_columns(frame, outcome, *names)
    if outcome in names:
        msg = f"{outcome!r} is the outcome and cannot predict itself; take it out of the predictors"
        raise ValueError(msg)
    y = checks.binary(frame[outcome], outcome)
    columns = {name: checks.numbers(frame[name], name, missing=True) for name in names}
    whole = np.column_stack(list(columns.values()))
    known = ~np.isnan(whole).any(axis=1)
    x, y = whole[known], y[known]
    note = "".join(checks.missing_note(column, name) for name, column in columns.items())
    if np.unique(y).size < 2:
        msg = f"no row with all of {', '.join(names)} is left in one group of {outcome!r}{note}"
        raise ValueError(msg)
    for name, column in zip(names, x.T, strict=True):
        checks.varying(column, name)
    standard = np.column_stack([np.ones(y.size), (x - x.mean(axis=0)) / x.std(axis=0)])
    if np.linalg.matrix_rank(standard, tol=1e-8 * np.sqrt(y.size)) < standard.shape[1]:
        msg = (
            f"{', '.join(names)} are collinear over {y.size} rows: one is a linear combination of "
            f"the others; leave one out{note}"
        )
        raise ValueError(msg)
    return names, x, y


def fit_logistic(x: Floats, y: NDArray[np.int_], firth: bool = False) -> dict[str, Any]:
    """The bare fit below :func:`logistic`.

    Parameters
    ----------
    x : array, shape (n, predictors)
        A constant one, as a resample may hold, gets the coefficient 0.
    y : array, shape (n,)
        0 or 1.
    firth : bool
        Firth's penalised likelihood.

    Returns
    -------
    dict
        ``b`` (intercept first), ``covariance``, and ``converged``, False where no finite estimate
        was reached.

    Notes
    -----
    statsmodels' Newton takes whole steps from zero and overshoots where a predictor has heavy
    tails: there it ends in a singular matrix or not at all, and step halving finds the estimate.
    """
    centre, scale = x.mean(axis=0), np.where(np.ptp(x, axis=0) > 0, x.std(axis=0), 1)
    design = np.column_stack([np.ones(y.size), (x - centre) / scale])
    fit = None if firth else _statsmodels(design, y)
    fit = fit or newton(design, y, firth)
    # Back to the predictors' own units: a linear map of the coefficients.
    back = np.diag(np.concatenate([[1.0], 1 / scale]))
    back[0, 1:] = -centre / scale
    return fit | {"b": back @ fit["b"], "covariance": back @ fit["covariance"] @ back.T}


def _statsmodels(design: Floats, y: NDArray[np.int_]) -> dict[str, Any] | None:
    from statsmodels.discrete.discrete_model import Logit

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            found = Logit(y, design, check_rank=False).fit(
                method="newton", maxiter=STEPS, tol=TOLERANCE, disp=0, warn_convergence=False
            )
            covariance = found.cov_params()
    except np.linalg.LinAlgError:
        return None
    if not found.mle_retvals["converged"] or not np.isfinite(covariance).all():
        return None
    return {"b": found.params, "covariance": covariance, "converged": True}


def _hosmer_lemeshow(y: NDArray[np.int_], probability: Floats, bins: int) -> dict[str, float]:
    edges = np.quantile(probability, np.linspace(0, 1, bins + 1)[1:-1])
    member = np.searchsorted(np.unique(edges), probability, side="left")
    table = (
        pd.DataFrame({"y": y, "p": probability})
        .groupby(member)
        .agg(n=("y", "size"), seen=("y", "sum"), expected=("p", "sum"))
    )
    spread = table["expected"] * (1 - table["expected"] / table["n"])
    chi2 = ((table["seen"] - table["expected"]) ** 2 / spread).sum()
    df = len(table) - 2
    return {"hl_chi2": chi2, "hl_df": df, "hl_p": stats.chi2.sf(chi2, df) if df > 0 else np.nan}
