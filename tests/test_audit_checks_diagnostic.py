"""AUC grid and limits, operating points, limits of proportions, cases: against brute force, pROC
and binom.test.
"""

import json
import math
from fractions import Fraction
from itertools import product

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose
from printed_rows import limits_method, printing_methods

from ivim.audit.checks.diagnostic import (
    auc_bounds,
    auc_grid,
    binormal_auc,
    check_auc_limits,
    check_auc_point,
    check_case,
    classify,
    largest_delong_se,
    wald_aucs,
)
from ivim.audit.checks.moments import Group
from ivim.audit.checks.proportions import (
    PROPORTION_METHODS,
    proportion_limits,
)
from ivim.audit.checks.rounding import to_print
from ivim.stats.roc import hanley_mcneil_se


def delong(case, control):
    """AUC and DeLong's SE by the definition; the test's own witness."""
    order = (case[:, None] > control).astype(float) + 0.5 * (case[:, None] == control)
    v10, v01 = order.mean(axis=1), order.mean(axis=0)
    return order.mean(), math.sqrt(
        np.var(v10, ddof=1) / len(case) + np.var(v01, ddof=1) / len(control)
    )


def _samples(rng, cases=50, controls=20, step=0.25):
    """Two overlapping samples on a grid coarse enough to tie."""
    return np.round(rng.normal(1, 1, cases) / step) * step, np.round(
        rng.normal(0, 1, controls) / step
    ) * step


def _vertices(case, control):
    return [
        (int(np.sum(case > cut)), int(np.sum(control > cut)))
        for cut in [-np.inf, *np.unique(np.concatenate([case, control]))]
    ]


def test_grid_holds_every_auc():
    """The AUC of 200 random samples with ties is on the grid of its own print."""
    rng = np.random.default_rng(1)
    for _ in range(200):
        case, control = _samples(rng)
        area, _ = delong(case, control)
        assert Fraction(round(area * 2000), 2000) in auc_grid(to_print(area, 3), 50, 20)


def test_wald_aucs_never_miss_the_truth():
    """Printed with symmetric limits, cut off at 1 or not, the true AUC is always among the
    candidates, which are few.
    """
    rng = np.random.default_rng(2)
    for shift in (1, 3):
        for _ in range(200):
            case, control = _samples(rng)
            area, se = delong(case + shift - 1, control)
            limits = (
                to_print(max(area - 1.959964 * se, 0), 3),
                to_print(min(area + 1.959964 * se, 1), 3),
            )
            found = wald_aucs(to_print(area, 3), *limits, 50, 20, rule="half_up")
            assert Fraction(round(area * 2000), 2000) in found and len(found) <= 3
            outcomes = check_auc_limits(to_print(area, 3), *limits, 50, 20)
            assert outcomes["wald"].holds and outcomes["delong"].holds


def test_asymmetric_limits_are_no_wald_interval():
    """Limits that no half-width gives exclude every Wald interval."""
    assert {
        outcome.holds for outcome in check_auc_limits("0.876", "0.782", "0.9969", 50, 20).values()
    } == {False}


def test_ties_of_rounding_decide():
    """An AUC exactly between two limits' outer ends counts only where those ends print so."""
    assert Fraction(876, 1000) in wald_aucs("0.876", "0.782", "0.969", 50, 20, rule="any")
    assert wald_aucs("0.876", "0.782", "0.969", 50, 20, rule="half_up") == (Fraction(1751, 2000),)
    assert wald_aucs("0.876", "0.782", "0.969", 50, 20, rule="half_even") == (Fraction(1751, 2000),)


def test_hanley_mcneil_limits_are_recognised():
    """Limits made by the formula are accepted as such, and those of a DeLong SE far from it are
    not.
    """
    se = hanley_mcneil_se(0.8755, 50, 20)
    assert check_auc_limits(
        "0.876", to_print(0.8755 - 1.96 * se, 3), to_print(0.8755 + 1.96 * se, 3), 50, 20
    )["hanley_mcneil"].holds
    assert check_auc_limits("0.876", "0.782", "0.969", 50, 20)["hanley_mcneil"].holds is False


def test_a_large_study_cannot_tell():
    """With ten thousand patients on either side every print has possible AUCs behind it, and
    nothing is said.
    """
    assert {
        outcome.holds
        for outcome in check_auc_limits("0.876", "0.782", "0.9969", 10_000, 10_000).values()
    } == {None}


def test_delong_se_is_bounded():
    """No sample, however extreme, has a DeLong SE beyond the bound; two-valued placements come near
    it.
    """
    rng = np.random.default_rng(3)
    for _ in range(300):
        case, control = rng.integers(0, 3, 12).astype(float), rng.integers(0, 3, 7).astype(float)
        area, se = delong(case, control)
        assert se <= largest_delong_se(area, 12, 7) + 1e-12
    case, control = np.repeat([0.0, 2.0], [3, 9]), np.ones(7)
    area, se = delong(case, control)
    assert_allclose(se, math.sqrt(area * (1 - area) / 11), rtol=1e-12)


@pytest.mark.parametrize("marker", ["s100b", "ndka", "wfns"])
def test_auc_and_limits_of_asah(outside, marker):
    """pROC's AUC, DeLong limits and Youden point of the aSAH data, printed with three decimals, are
    consistent with each other.
    """
    roc = json.loads(outside("golden/asah_roc_pROC.json").read_text())["single"][marker]
    printed = [to_print(value, 3) for value in (roc["auc"], *roc["ci95"])]
    found = check_auc_limits(*printed, roc["n_cases"], roc["n_controls"])
    assert found["wald"].holds and found["delong"].holds
    assert found["delong"].low <= roc["delong_se"] <= found["delong"].high
    best = roc["youden_best"][0]
    assert check_auc_point(
        printed[0], best["tp"], roc["n_cases"], best["fp"], roc["n_controls"]
    ).holds


def test_bounds_hold_for_every_vertex():
    """Each vertex of 200 random curves bounds its AUC; the Youden vertex bounds it more tightly."""
    rng = np.random.default_rng(4)
    for _ in range(200):
        case, control = _samples(rng, 12, 7, step=0.5)
        area, _ = delong(case, control)
        vertices = _vertices(case, control)
        best = max(tp / 12 - fp / 7 for tp, fp in vertices)
        for tp, fp in vertices:
            assert area in auc_bounds(tp, 12, fp, 7)
            if math.isclose(tp / 12 - fp / 7, best):
                assert area in auc_bounds(tp, 12, fp, 7, youden=True)
                assert check_auc_point(to_print(area, 3), tp, 12, fp, 7).holds


def test_bounds_are_reached():
    """Among all curves without ties of 4 cases and 3 controls the extremes at a vertex are the
    bounds, Youden or not.
    """
    paths = [path for path in product((0, 1), repeat=7) if sum(path) == 4]
    for youden in (False, True):
        seen = {}
        for path in paths:
            vertices = [(sum(path[:i]), i - sum(path[:i])) for i in range(8)]
            area = sum(tp for (tp, _), step in zip(vertices, path, strict=False) if step == 0) / 12
            best = max(tp / 4 - fp / 3 for tp, fp in vertices)
            for tp, fp in vertices:
                if not youden or math.isclose(tp / 4 - fp / 3, best):
                    seen.setdefault((tp, fp), []).append(area)
        for (tp, fp), areas in seen.items():
            bound = auc_bounds(tp, 4, fp, 3, youden=youden, ties=False)
            assert_allclose(bound.high, max(areas), atol=1e-9)
            if not youden:
                assert_allclose(bound.low, min(areas), atol=1e-9)


def test_bounds_refuse_impossible_counts():
    """A count beyond its group is refused."""
    with pytest.raises(ValueError, match="tp has to be a count from 0 to 50; met 51"):
        auc_bounds(51, 50, 0, 20)


def test_binormal_auc():
    """The interval contains the area under two normal curves."""
    rng = np.random.default_rng(5)
    case, control = rng.normal(2, 1, 100_000), rng.normal(1, 0.5, 100_000)
    interval = binormal_auc(Group.printed(50, "2.00", "1.00"), Group.printed(20, "1.00", "0.50"))
    assert np.mean(case > control) in interval.widen(absolute=0.005) and interval.width < 0.01


def test_exact_limits_are_those_of_r(outside):
    """Ten exact intervals of binom.test in R 4.2.2 come out to 1e-9."""
    for _, row in pd.read_csv(outside("golden/clopper_pearson_binom_test.csv")).iterrows():
        assert_allclose(
            proportion_limits(int(row["x"]), int(row["n"])), [row["lo"], row["hi"]], atol=1e-9
        )


@pytest.mark.parametrize(
    ("method", "low", "high"),
    [
        ("exact", 0.2527, 0.3676),
        ("mid_p", 0.2544, 0.3658),
        ("wilson", 0.2553, 0.3662),
        ("wilson_corrected", 0.2535, 0.3682),
    ],
)
def test_newcombe_81_of_263(method, low, high):
    """Newcombe 1998, table I, row 81/263, and its mirror image 182/263 come out to four decimals."""  # noqa: E501
    assert_allclose(proportion_limits(81, 263, method), [low, high], atol=6e-5)
    assert_allclose(proportion_limits(182, 263, method), [1 - high, 1 - low], atol=6e-5)


@pytest.mark.parametrize("method", ["wilson", "jeffreys", "agresti_coull", "wald"])
def test_limits_agree_with_statsmodels(method):
    """The approximate limits are those of statsmodels for every count of 20."""
    from statsmodels.stats.proportion import proportion_confint

    name = {
        "wald": "normal",
        "jeffreys": "jeffreys",
        "wilson": "wilson",
        "agresti_coull": "agresti_coull",
    }[method]
    for count in range(1, 20):
        assert_allclose(
            proportion_limits(count, 20, method),
            proportion_confint(count, 20, method=name),
            atol=1e-9,
        )


@pytest.mark.parametrize("method", PROPORTION_METHODS)
def test_limits_are_recognised_by_method(method):
    """Limits printed by a method are its own, and a table of them names the method."""
    rows = []
    for count, n in ((40, 50), (17, 20), (43, 50), (13, 20), (47, 50), (16, 20)):
        low, high = (to_print(100 * limit, 1) for limit in proportion_limits(count, n, method))
        rows.append((low, high, count, n))
        assert all(printing_methods(low, high, count, n)[method])
    assert limits_method(rows) == (method, 12)


def test_a_limit_that_no_method_prints():
    """96.6 is no upper limit of 17 of 20 by any method; the exact one is 96.793."""
    fits = printing_methods("62.1", "96.6", 17, 20)
    assert fits["exact"] == (True, False) and not any(map(all, fits.values()))
    assert 100 * proportion_limits(17, 20)[1] == pytest.approx(96.793, abs=5e-4)


def test_limits_refuse_nonsense():
    """An impossible count and an unknown method are refused."""
    with pytest.raises(ValueError, match="met 21 of 20"):
        proportion_limits(21, 20)
    with pytest.raises(ValueError, match="unknown method 'bayes'"):
        proportion_limits(1, 20, "bayes")


@pytest.mark.parametrize(
    ("value", "cutoff", "verdict"),
    [
        ("21.1", "> 29.05", False),
        ("29.1", "> 29.05", None),
        ("29.2", "> 29.05", True),
        ("0.190", "< 0.4", True),
        ("0.41", "< 0.4", None),
        (0.5, "< 0.4", False),
    ],
)
def test_classify(value, cutoff, verdict):
    """A case is called by the rule's direction, and left open within the rounding of the cut-off."""  # noqa: E501
    assert classify(value, cutoff) is verdict


def test_case_against_rule():
    """A case on the wrong side is told apart from one on the right side; a rule without direction
    is refused.
    """
    assert check_case("21.1", "> 29.05", positive=True).holds is False
    assert check_case("13.1", "> 29.05", positive=False).holds
    with pytest.raises(
        ValueError, match="a cut-off needs a direction, such as > 29.05; met '29.05'"
    ):
        check_case("21.1", "29.05", positive=True)
