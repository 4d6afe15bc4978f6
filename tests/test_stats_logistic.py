"""Logistic regression: reference values, closed forms, invariances, separation, refusals."""

import json

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

import ivim
from ivim.stats.logistic import goodness, linear_score, predict, separating

REFERENCE = {
    "b": "B",
    "se": "SE",
    "wald": "Wald",
    "p": "p",
    "odds_ratio": "OR",
    "ci_low": "OR_lo",
    "ci_high": "OR_hi",
}
MODELS = {
    "asah": ("y", ["s100b", "ndka", "age"]),
    "birthwt": ("low", ["age", "lwt", "smoke", "ht", "ui"]),
}


def golden(outside, name, kind):
    """A reference fit as a frame with our column names, and the data it was made from."""
    reference = json.loads(outside(f"golden/{name}_{kind}.json").read_text())
    table = pd.DataFrame(reference.get("coef", reference)).T[list(REFERENCE.values())]
    return (
        table.set_axis(list(REFERENCE), axis=1),
        reference,
        pd.read_csv(outside(f"golden/{name}.csv")),
    )


def r_standard_errors(x, y):
    """R's glm to the letter: iterate until the deviance moves by 1e-8, report the errors of the
    step before."""
    design = np.column_stack([np.ones(y.size), x])
    score, before = np.log((y + 0.5) / (1.5 - y)), np.inf
    while True:
        p = 1 / (1 + np.exp(-score))
        weight = p * (1 - p)
        covariance = np.linalg.inv(design.T @ (weight[:, None] * design))
        score = design @ covariance @ design.T @ (weight * score + y - p)
        deviance = 2 * np.logaddexp(0, np.where(y == 1, -score, score)).sum()
        if abs(deviance - before) / (abs(deviance) + 0.1) < 1e-8:
            return np.sqrt(np.diag(covariance))
        before = deviance


def table_2x2(exposed_cases, exposed_controls, other_cases, other_controls):
    """One binary predictor as rows."""
    cells = [
        (1, 1, exposed_cases),
        (1, 0, exposed_controls),
        (0, 1, other_cases),
        (0, 0, other_controls),
    ]
    return pd.DataFrame([{"x": x, "y": y} for x, y, count in cells for _ in range(count)])


@pytest.fixture
def study():
    """Sixty patients, two correlated predictors that overlap between the groups."""
    rng = np.random.default_rng(8)
    frame = pd.DataFrame(rng.normal(size=(60, 2)) @ [[1, 0.4], [0, 1]], columns=["a", "b"])
    return frame.assign(y=(frame["a"] - 0.5 * frame["b"] + rng.logistic(size=60) > 0).astype(int))


@pytest.mark.parametrize("name", MODELS)
def test_golden_coefficients(outside, name):
    """B and odds ratios equal R's glm to 1e-6."""
    expected, _, frame = golden(outside, name, "logistic_glm")
    found = ivim.logistic(frame, *MODELS[name])
    assert_allclose(found[["b", "odds_ratio"]], expected[["b", "odds_ratio"]], rtol=1e-6)


@pytest.mark.parametrize("name", MODELS)
def test_golden_standard_errors(outside, name):
    """R's errors are those of its last step but one: its iteration replayed gives its digits to
    1e-6, ours are within 1e-4 of them."""
    expected, _, frame = golden(outside, name, "logistic_glm")
    outcome, predictors = MODELS[name]
    assert_allclose(
        r_standard_errors(frame[predictors].to_numpy(float), frame[outcome].to_numpy()),
        expected["se"],
        rtol=1e-6,
    )
    found = ivim.logistic(frame, outcome, predictors)
    assert_allclose(found[["se", "wald"]], expected[["se", "wald"]], rtol=1e-4)
    assert_allclose(
        found[["p", "ci_low", "ci_high"]], expected[["p", "ci_low", "ci_high"]], rtol=1e-3
    )


def test_converged_fit_is_that_of_statsmodels(study):
    """Every column equals statsmodels' Logit to 1e-8."""
    import statsmodels.api as sm

    peer = sm.Logit(study["y"], sm.add_constant(study[["a", "b"]])).fit(disp=0, tol=1e-14)
    found = ivim.logistic(study, "y", ["a", "b"])
    expected = np.column_stack(
        [
            peer.params,
            peer.bse,
            peer.tvalues**2,
            peer.pvalues,
            np.exp(peer.params),
            np.exp(peer.conf_int()),
        ]
    )
    assert_allclose(found[list(REFERENCE)], expected, rtol=1e-8)


def test_golden_firth(outside):
    """Firth's fit of the endometrial data, separated by NV, equals R's brglm2 to 1e-6 in every
    column."""
    expected, _, frame = golden(outside, "endometrial", "firth_brglm2")
    found = ivim.logistic(frame, "HG", ["NV", "PI", "EH"], penalty="firth")
    assert_allclose(found[list(REFERENCE)], expected, rtol=1e-6)


@pytest.mark.parametrize(("penalty", "added"), [(None, 0.0), ("firth", 0.5)])
def test_two_by_two_has_a_closed_form(penalty, added):
    """B is the log odds ratio and its error √Σ1/n; Firth adds one half to each cell (Heinze &
    Schemper 2002)."""
    cells = np.array([12, 5, 7, 16])
    a, b, c, d = cells + added
    found = ivim.logistic(table_2x2(*cells), "y", "x", penalty=penalty).set_index("term").loc["x"]
    assert_allclose(found["odds_ratio"], a * d / (b * c), rtol=1e-9)
    # The information holds the true row sizes, only the fitted risks carry the added halves.
    rows, risk = cells.reshape(2, 2).sum(axis=1), np.array([a / (a + b), c / (c + d)])
    assert_allclose(found["se"] ** 2, (1 / (rows * risk * (1 - risk))).sum(), rtol=1e-8)


def test_firth_is_finite_where_a_cell_is_empty():
    """With an empty cell Firth's odds ratio is that of the table with one half added."""
    found = ivim.logistic(table_2x2(9, 0, 6, 11), "y", "x", penalty="firth").set_index("term")
    assert_allclose(found.loc["x", "odds_ratio"], 9.5 * 11.5 / (0.5 * 6.5), rtol=1e-9)


@pytest.mark.parametrize("factor", [1000, 1e-9])
@pytest.mark.parametrize("penalty", [None, "firth"])
def test_units_only_rescale(study, penalty, factor):
    """A predictor in other units has B divided by the factor, and the same Wald, p and risks."""
    other = study.assign(a=(study["a"] + 0.007) * factor)
    here, there = (
        ivim.logistic(frame, "y", ["a", "b"], penalty=penalty) for frame in (study, other)
    )
    assert_allclose(there["b"][1:] * [factor, 1], here["b"][1:], rtol=1e-8)
    assert_allclose(there[["wald", "p"]][1:], here[["wald", "p"]][1:], rtol=1e-8)
    assert_allclose(predict(there, other), predict(here, study), rtol=1e-8)


@pytest.mark.parametrize("penalty", [None, "firth"])
def test_the_other_outcome_turns_every_sign(study, penalty):
    """Predicting health instead of disease turns every B and keeps every error."""
    here, there = (
        ivim.logistic(frame, "y", ["a", "b"], penalty=penalty)
        for frame in (study, study.assign(y=1 - study["y"]))
    )
    assert_allclose(there["b"], -here["b"], rtol=1e-8)
    assert_allclose(there["se"], here["se"], rtol=1e-8)


def test_fitted_risks_add_up_to_the_cases(study):
    """The maximum-likelihood equations: Σp = cases and Σpx = Σx over cases; the score is the log
    odds of the risk."""
    table = ivim.logistic(study, "y", ["a", "b"])
    risk = predict(table, study)
    assert_allclose(risk.sum(), study["y"].sum(), rtol=1e-9)
    assert_allclose(risk @ study[["a", "b"]], study["y"] @ study[["a", "b"]], rtol=1e-9)
    assert_allclose(linear_score(table, study), np.log(risk / (1 - risk)), rtol=1e-9)


def test_golden_deviance(outside):
    """-2 log likelihood and its difference from the empty model equal R's deviances to 1e-9."""
    _, reference, frame = golden(outside, "asah", "logistic_glm")
    found = goodness(ivim.logistic(frame, *MODELS["asah"]), frame).iloc[0]
    assert_allclose(
        [found["minus_2ll"], found["chi2"]],
        [reference["deviance"], reference["null_deviance"] - reference["deviance"]],
        rtol=1e-9,
    )


def test_nagelkerke_is_cox_snell_over_its_maximum(study):
    """The definitions from the likelihoods, with the empty model's likelihood written out."""
    found = goodness(ivim.logistic(study, "y", ["a", "b"]), study).iloc[0]
    n, share = len(study), study["y"].mean()
    empty = n * (share * np.log(share) + (1 - share) * np.log(1 - share))
    cox_snell = 1 - np.exp(2 / n * (empty + found["minus_2ll"] / 2))
    assert_allclose(
        [found["cox_snell"], found["nagelkerke"]],
        [cox_snell, cox_snell / (1 - np.exp(2 / n * empty))],
        rtol=1e-9,
    )


def test_hosmer_lemeshow_counts_by_decile_of_risk(study):
    """χ² equals the sum over ten groups of six patients each, counted by hand, whatever the order
    of rows."""
    table = ivim.logistic(study, "y", ["a", "b"])
    risk = predict(table, study)
    order = np.argsort(risk).reshape(10, 6)
    seen, expected = study["y"].to_numpy()[order].sum(axis=1), risk[order].sum(axis=1)
    chi2 = ((seen - expected) ** 2 / (expected * (1 - expected / 6))).sum()
    found = goodness(table, study.sample(frac=1, random_state=3)).iloc[0]
    assert_allclose([found["hl_chi2"], found["hl_df"]], [chi2, 8], rtol=1e-9)


def test_separation_of_one_predictor_is_overlap_counted():
    """On 300 small whole-number samples, separation is found exactly where one group lies wholly at
    or beyond the other."""
    rng, met = np.random.default_rng(4), {True: 0, False: 0}
    for _ in range(300):
        y = rng.permutation([0] * 4 + [1] * 4)
        x = rng.integers(0, 6, 8) + 4.0 * rng.integers(0, 2) * y
        if np.ptp(x) == 0:
            continue
        cases, controls = x[y == 1], x[y == 0]
        apart = controls.max() <= cases.min() or cases.max() <= controls.min()
        met[bool(apart)] += 1
        assert bool(separating(x[:, None], y)) == apart
    assert min(met.values()) > 30


def test_separation_by_a_combination_is_found():
    """Two predictors that separate only together are both named; neither alone separates."""
    rng = np.random.default_rng(6)
    x = rng.normal(size=(40, 2)) * [1, 1e-3]
    y = (x[:, 0] + 1e3 * x[:, 1] > 0).astype(int)
    assert separating(x, y) == [0, 1]
    assert separating(x[:, :1], y) == separating(x[:, 1:], y) == []


def test_separation_is_reported_with_its_predictor(outside):
    """The endometrial data are refused by name of the predictor that separates them, with the way
    out."""
    frame = pd.read_csv(outside("golden/endometrial.csv"))
    with pytest.raises(ValueError, match=r"^NV separate.*penalty=\"firth\""):
        ivim.logistic(frame, "HG", ["NV", "PI", "EH"])


def test_perfect_separation_is_reported():
    """Groups that do not overlap are refused, never given a huge coefficient; so are groups that
    only touch."""
    apart = pd.DataFrame({"x": [1.0, 2, 3, 4, 5, 6], "y": [0, 0, 0, 1, 1, 1]})
    for frame in (apart, apart.assign(x=[1.0, 2, 3, 3, 5, 6])):
        with pytest.raises(ValueError, match="^x separate.*'y' completely or nearly so"):
            ivim.logistic(frame, "y", ["x"])


@pytest.mark.parametrize("penalty", [None, "firth"])
def test_rows_without_a_predictor_are_left_out(study, penalty):
    """The fit is that of the complete rows, which are counted; a score is missing where a predictor
    is."""
    gap = study.assign(a=study["a"].mask(study.index < 3), b=study["b"].mask(study.index == 5))
    found = ivim.logistic(gap, "y", ["a", "b"], penalty=penalty)
    expected = ivim.logistic(gap.dropna(), "y", ["a", "b"], penalty=penalty)
    assert_allclose(found[list(REFERENCE)], expected[list(REFERENCE)], rtol=1e-12)
    assert (found.attrs["n"], found.attrs["left_out"]) == (56, 4)
    assert found.attrs["missing"] == ["a, b: 4 of 60 rows left out, a value is missing."]
    assert list(np.flatnonzero(np.isnan(predict(found, gap)))) == [0, 1, 2, 5]
    assert_allclose(goodness(found, gap), goodness(expected, gap.dropna()), rtol=1e-12)


def test_step_halving_finds_what_whole_steps_overshoot():
    """A predictor with one far value: statsmodels' Newton does not converge, ours solves the
    likelihood equations to 1e-6."""
    from statsmodels.discrete.discrete_model import Logit

    rng = np.random.default_rng(47)
    x = np.exp(3 * rng.normal(size=80))
    y = (3 + rng.logistic(size=80) > 0).astype(int)
    standard = (x - x.mean()) / x.std()
    assert separating(x[:, None], y) == []
    model = Logit(y, np.column_stack([np.ones(80), standard]))
    peer = model.fit(disp=0, maxiter=100, tol=1e-10, warn_convergence=False)
    assert not peer.mle_retvals["converged"]
    frame = pd.DataFrame({"x": x, "y": y})
    residual = y - predict(ivim.logistic(frame, "y", "x"), frame)
    assert_allclose([residual.sum(), residual @ standard], 0, atol=1e-6)


GOOD = pd.DataFrame({"x": [1.0, 2, 3, 4, 5, 6], "z": [2.0, 1, 2, 5, 3, 4], "y": [0, 1, 0, 1, 0, 1]})


@pytest.mark.parametrize(
    ("frame", "options", "message"),
    [
        (GOOD.assign(y=1), {}, "'y' holds only 1; both cases"),
        (
            GOOD.assign(y=[0, 1, 2, 0, 1, 2]),
            {},
            r"'y' holds 0, 1, 2; an outcome is 0 \(control\) or 1",
        ),
        (GOOD.assign(y=list("ababab")), {}, "'y' holds 'a', 'b'; an outcome is 0"),
        (GOOD.assign(y=[0, 1, 0, 1, 0, np.nan]), {}, "'y' holds .*nan"),
        (GOOD.assign(x=3.0), {}, "'x' is 3 in every row; a constant"),
        (GOOD.assign(x=[1, None, 3, None, 5, None]), {}, "no row .* of 'y' .*'x' has 3 missing"),
        (GOOD.assign(z=10 - 2 * GOOD["x"]), {}, "x, z are collinear over 6 rows"),
        (GOOD, {"predictors": []}, "a column name or a list of different column names is needed"),
        (GOOD, {"predictors": ["x", "x"]}, "a list of different column names"),
        (GOOD, {"predictors": ["y", "x"]}, "'y' is the outcome and cannot predict itself"),
        (GOOD, {"predictors": ["adc"]}, "column 'adc' is not in the frame"),
        (GOOD, {"penalty": "ridge"}, "penalty is 'ridge'; accepted are None, 'firth'"),
    ],
)
def test_bad_models_are_refused(frame, options, message):
    """What no model can be fitted to is refused with what was met."""
    with pytest.raises(ValueError, match=message):
        ivim.logistic(frame, **{"outcome": "y", "predictors": ["x", "z"]} | options)
