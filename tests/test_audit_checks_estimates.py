"""Rows of a logistic regression and limits of the ICC, held to fits made here, to psych's values
and to the theory.
"""

import json

import numpy as np
import pytest
from numpy.testing import assert_allclose
from printed_rows import slope_cells
from scipy import stats

from ivim.audit.checks.estimates import (
    ICC_FORMS,
    Slope,
    check_icc,
    discriminant_slope,
    icc_limits,
    least_slope_se,
    matching_labels,
    odds_ratio_limits,
    recover_b,
    recover_icc,
    recover_se,
    wald,
)
from ivim.audit.checks.interval import Interval
from ivim.audit.checks.moments import Group
from ivim.audit.checks.rounding import to_print


def logistic_fit(x, y, steps=50):
    """Maximum-likelihood slopes and their SEs by Newton's method; the test's own witness."""
    design, beta = np.column_stack([np.ones(len(y)), x]), np.zeros(1 + np.shape(x)[1])
    for _ in range(steps):
        p = 1 / (1 + np.exp(-design @ beta))
        information = design.T @ (design * (p * (1 - p))[:, None])
        beta = beta + np.linalg.solve(information, design.T @ (y - p))
    return beta[1:], np.sqrt(np.diag(np.linalg.inv(information)))[1:]


def _markers(rng, n1=50, n0=20):
    y = np.repeat([1.0, 0.0], [n1, n0])
    x = np.column_stack([rng.normal(22 + 9 * y, 8), rng.normal(0.45 - 0.15 * y, 0.2)])
    return x, y


def _print(values, decimals=2):
    return Group.printed(
        len(values), to_print(np.mean(values), decimals), to_print(np.std(values, ddof=1), decimals)
    )


def _row(b, se):
    reach = stats.norm.isf(0.025) * se
    numbers = {"b": b, "se": se, "wald": (b / se) ** 2, "p": stats.chi2.sf((b / se) ** 2, 1)}
    numbers |= {"odds_ratio": np.exp(b), "ci_low": np.exp(b - reach), "ci_high": np.exp(b + reach)}
    return Slope(**{name: to_print(value, 3) for name, value in numbers.items()})


def test_correct_rows_hold():
    """Rows of 200 random slopes, printed with three decimals, are not refuted in any cell."""
    rng = np.random.default_rng(1)
    for _ in range(200):
        row = _row(rng.normal(0, 2), rng.uniform(0.05, 2.5))
        assert all(outcome.holds for outcome in slope_cells(row).values()), row


WRONG = {
    "wald": "6.697",
    "p": "0.020",
    "odds_ratio": "0.012",
    "ci_low": "0.001",
    "ci_high": "0.321",
}


@pytest.mark.parametrize(("cell", "wrong"), WRONG.items())
def test_each_cell_is_refuted_alone(cell, wrong):
    """A slip in one cell refutes that cell, and no other."""
    right = Slope("-6.185", "2.408", "6.597", "0.010", "0.002", "0.000", "0.231")
    found = slope_cells(Slope(**{**right.__dict__, cell: wrong}))
    refuted = {name for name, outcome in found.items() if not outcome.holds}
    assert refuted == {cell}


def test_recovering_from_the_odds_ratio():
    """B and SE come back from the printed odds ratio and its limits."""
    low, high = odds_ratio_limits(0.235, 0.068)
    assert 0.235 in recover_b(to_print(np.exp(0.235), 3))
    assert 0.068 in recover_se(to_print(low.middle, 3), to_print(high.middle, 3))
    assert recover_se("0.000", "0.231").high == np.inf
    assert 11.943 in wald("0.235", "0.068") and wald("0.235", "0.068").width < 0.46


def test_slope_se_bound_is_never_beaten():
    """In 200 random logistic fits with one or two markers no SE is below 2/√SS from the printed
    rows.
    """
    rng = np.random.default_rng(2)
    for _ in range(200):
        x, y = _markers(rng)
        for columns in ([0], [1], [0, 1]):
            _, errors = logistic_fit(x[:, columns], y)
            for column, se in zip(columns, errors, strict=True):
                groups = [_print(x[y == label, column]) for label in (1, 0)]
                assert se >= least_slope_se(groups)


def test_slope_se_bound_is_reached():
    """With even odds and no slope the bound is the SE itself, so it cannot be improved without
    further knowledge.
    """
    x, y = np.array([[-1.0], [-1.0], [1.0], [1.0]] * 10), np.array([0.0, 1.0, 0.0, 1.0] * 10)
    _, se = logistic_fit(x, y)
    samples = [x[y == label, 0] for label in (0, 1)]
    groups = [
        Group(20, *(Interval(v, v) for v in (sample.mean(), sample.std(ddof=1))))
        for sample in samples
    ]
    assert_allclose(least_slope_se(groups), se[0], rtol=1e-9)


def test_bound_without_sds_says_nothing():
    """Where an SD is missing the bound is zero."""
    assert least_slope_se([Group.printed(20, "0.45"), Group.printed(50, "0.25", "0.15")]) == 0


def test_labels_in_place_are_never_refuted_and_swaps_are_found():
    """Over 100 random fits right labels hold; swapped ones are refuted where the scales differ this
    much.
    """
    rng = np.random.default_rng(3)
    for _ in range(100):
        x, y = _markers(rng)
        (b, c), (se_b, se_c) = logistic_fit(x, y)
        rows = {"fast": _row(b, se_b), "f": _row(c, se_c)}
        markers = {
            name: tuple(_print(x[y == label, column]) for label in (1, 0))
            for column, name in enumerate(rows)
        }
        assert matching_labels(rows, markers)[0] == {"fast": "fast", "f": "f"}
        swapped = {"fast": rows["f"], "f": rows["fast"]}
        assert matching_labels(swapped, markers) == [{"fast": "f", "f": "fast"}]


def test_no_labels_where_nothing_fits():
    """Where no assignment is possible none is named: the fault is elsewhere."""
    groups = Group.printed(50, "0.25", "0.15"), Group.printed(20, "0.45", "0.20")
    rows = {"a": Slope("1.0", "0.01"), "b": Slope("1.0", "0.01")}
    assert matching_labels(rows, dict.fromkeys(rows, groups)) == []


def test_discriminant_slope_is_near_the_logistic_one():
    """For a large normal sample with equal variances the discriminant slope is the logistic slope."""  # noqa: E501
    rng = np.random.default_rng(4)
    y = np.repeat([1.0, 0.0], 20000)
    x = rng.normal(1.0 * y, 1.0)[:, None]
    (slope,), _ = logistic_fit(x, y)
    assert_allclose(
        discriminant_slope(_print(x[y == 1, 0], 4), _print(x[y == 0, 0], 4)).middle,
        slope,
        rtol=0.03,
    )


@pytest.mark.parametrize("form", ICC_FORMS)
def test_icc_limits_agree_with_psych(outside, form):
    """Limits of Shrout and Fleiss's data and of two readers on 70 targets are those of R's psych
    2.2.9.
    """
    names = {"ICC(1,1)": "ICC1", "ICC(C,1)": "ICC3", "ICC(1,k)": "ICC1k", "ICC(C,k)": "ICC3k"}
    for file, n, k in (
        ("shrout_fleiss_icc_psych.json", 6, 4),
        ("two_readers_n70_icc_psych.json", 70, 2),
    ):
        row = json.loads(outside(f"golden/{file}").read_text())[names[form]]
        low, high = icc_limits(row["ICC"], n, k, form)
        assert_allclose([low.middle, high.middle], [row["lo"], row["hi"]], rtol=1e-6)


@pytest.mark.parametrize("form", ICC_FORMS)
def test_icc_limits_enclose_and_return(form):
    """The limits of a printed ICC contain those of the true one, and lead back to it."""
    low, high = icc_limits(0.86843, 70, 2, form)
    wide = icc_limits("0.868", 70, 2, form)
    assert wide[0].contains(low) and wide[1].contains(high)
    assert 0.86843 in recover_icc(to_print(low.middle, 4), to_print(high.middle, 4), 70, 2, form)
    assert check_icc("0.868", to_print(low.middle, 3), to_print(high.middle, 3), 70, 2)[form].holds


def test_icc_limits_at_the_edges():
    """An ICC of 1 has limits of 1, and the least possible ICC has itself as its limits."""
    for form in ("ICC(1,1)", "ICC(C,1)"):
        assert all(1.0 in limit for limit in icc_limits(1.0, 20, 2, form))
        assert all(-1.0 in limit for limit in icc_limits(-1.0, 20, 2, form))


def test_icc_agreement_forms_are_refused():
    """The limits of ICC(A,1) do not follow from its value alone, and it says so."""
    with pytest.raises(ValueError, match=r"limits of 'ICC\(A,1\)' do not follow"):
        icc_limits("0.9", 70, 2, "ICC(A,1)")
