"""ROC curves: reference values, brute force, invariances, ties and direction, refusals."""

import json
from decimal import ROUND_HALF_UP, Decimal

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose
from scipy import stats

import ivim
from ivim.stats.logistic import linear_score
from ivim.stats.roc import hanley_mcneil_se


def sample(seed, n=40, grid=1):
    """An outcome and a score with many ties."""
    rng = np.random.default_rng(seed)
    y = rng.permutation(np.repeat([0, 1], [n // 3, n - n // 3]))
    return y, np.round(rng.normal(size=n) + 0.8 * y, grid)


@pytest.fixture
def markers(outside):
    """The reference data's outcome and its four scores; the combined one is fitted here."""
    frame = pd.read_csv(outside("golden/asah.csv"))
    combined = linear_score(ivim.logistic(frame, "y", ["s100b", "ndka"]), frame)
    return frame["y"], {
        "s100b": frame["s100b"],
        "ndka": frame["ndka"],
        "wfns": frame["wfns_n"],
        "combined": combined,
    }


CURVES = [
    ("asah_roc_pROC", "s100b"),
    ("asah_roc_pROC", "ndka"),
    ("asah_roc_pROC", "wfns"),
    ("asah_combined_roc", "combined"),
]
PAIRS = [
    ("asah_roc_pROC", "s100b_vs_ndka"),
    ("asah_roc_pROC", "s100b_vs_wfns"),
    ("asah_roc_pROC", "ndka_vs_wfns"),
]
PAIRS += [("asah_combined_roc", "s100b_vs_combined")]


@pytest.mark.parametrize(("file", "marker"), CURVES)
def test_golden_curves(outside, markers, file, marker):
    """AUC, DeLong's error and limits, and the Youden point with its counts equal pROC's to 1e-6."""
    y, scores = markers
    expected = json.loads(outside(f"golden/{file}.json").read_text())["single"][marker]
    found = ivim.roc(y, scores[marker])
    assert_allclose(
        [found.auc, found.se, found.ci_low, found.ci_high],
        [expected["auc"], expected["delong_se"], *expected["ci95"]],
        rtol=1e-6,
    )
    best = expected["youden_best"][0]
    assert {name: getattr(found, name) for name in ("tp", "fn", "tn", "fp")} == {
        name: best[name] for name in ("tp", "fn", "tn", "fp")
    }
    assert_allclose(
        [found.sensitivity, found.specificity],
        [best["sensitivity"], best["specificity"]],
        rtol=1e-9,
    )
    if (
        marker != "combined"
    ):  # pROC's cut-off of the combined marker is a risk, ours here a log odds
        assert_allclose(found.cutoff, best["threshold"], rtol=1e-9)


@pytest.mark.parametrize(("file", "pair"), PAIRS)
def test_golden_comparisons(outside, markers, file, pair):
    """DeLong's paired z, p and limits of the difference equal pROC's to 1e-6."""
    y, scores = markers
    expected = json.loads(outside(f"golden/{file}.json").read_text())["paired"][pair]
    first, second = pair.split("_vs_")
    found = ivim.compare_auc(y, scores[first], scores[second]).iloc[0]
    assert_allclose(found[["auc_a", "auc_b"]].astype(float), expected["auc"], rtol=1e-9)
    assert_allclose(
        found[["z", "p", "ci_low", "ci_high"]].astype(float),
        [expected["z"], expected["p"], *expected["diff_ci"]],
        rtol=1e-6,
    )


# Table 5: AUC with limits as printed (.969 for the Results' .9969), counts from the printed
# percentages of 50 and 20.
@pytest.mark.parametrize(
    ("marker", "printed", "counts"),
    [
        ("adc_fast", "0.876 0.782 0.969", (40, 17)),
        ("f", "0.823 0.719 0.927", (43, 13)),
        ("adc_fast+f", "0.925 0.858 0.992", (47, 16)),
    ],
)
def test_witness_prints_table_5(outside, marker, printed, counts):
    """A set of 70 pairs that is known to fit the article prints Table 5's areas, DeLong limits and
    counts, rounded half up."""
    frame = pd.read_csv(outside("witness/adcfast-f.csv"))
    frame["adc_fast+f"] = linear_score(ivim.logistic(frame, "met", ["adc_fast", "f"]), frame)
    found = ivim.roc(frame["met"], frame[marker])
    digits = [
        str(Decimal(repr(value)).quantize(Decimal("0.001"), ROUND_HALF_UP))
        for value in (found.auc, found.ci_low, found.ci_high)
    ]
    assert (" ".join(digits), (found.tp, found.tn)) == (printed, counts)


@pytest.mark.parametrize("seed", range(5))
def test_auc_is_the_share_of_pairs_in_order(seed):
    """The area equals all pairs counted one by one (ties one half), Mann-Whitney's U and scikit-
    learn's area."""
    from sklearn.metrics import roc_auc_score

    y, score = sample(seed)
    cases, controls = score[y == 1], score[y == 0]
    pairs = (cases[:, None] > controls).mean() + 0.5 * (cases[:, None] == controls).mean()
    found = ivim.roc(y, score, direction=">").auc
    expected = [
        pairs,
        stats.mannwhitneyu(cases, controls).statistic / (cases.size * controls.size),
        roc_auc_score(y, score),
    ]
    assert_allclose(found, expected, rtol=1e-12)


def test_an_odd_number_of_ties_keeps_its_half():
    """875.5 of 1000 pairs is the float .8755, which prints .876 half up, not .8755 less a rounding
    error."""
    y = np.repeat([1, 0], [50, 20])
    score = np.concatenate([np.full(43, 30.0), [20.5], np.full(6, 0.0), np.arange(1, 21)])
    assert ivim.roc(y, score).auc == (43 * 20 + 20) / 1000
    score[43] = 16.0  # above fifteen controls, tied with one
    assert ivim.roc(y, score).auc == 0.8755


@pytest.mark.parametrize("direction", [">", "<"])
@pytest.mark.parametrize("seed", range(5))
def test_cutoff_is_the_best_of_all(seed, direction):
    """No other split of the scores has a larger Youden index, and the counts are those of the rule
    applied to the data."""
    y, score = sample(seed)
    score = score if direction == ">" else -score
    found = ivim.roc(y, score, direction=direction)

    def rule(cut):
        return score > cut if direction == ">" else score < cut

    positive = rule(found.cutoff)
    assert (found.tp, found.fn) == (positive[y == 1].sum(), (~positive)[y == 1].sum())
    assert (found.fp, found.tn) == (positive[y == 0].sum(), (~positive)[y == 0].sum())
    indices = [
        rule(cut)[y == 1].mean() - rule(cut)[y == 0].mean() for cut in np.unique(score) - 0.01
    ]
    assert_allclose(found.sensitivity + found.specificity - 1, max(indices), rtol=1e-12)


def test_neighbouring_floats_are_still_split():
    """Between two adjacent floats there is no midpoint; the rule at the cut-off still gives the
    counts, either way round."""
    low = 0.1
    high = np.nextafter(low, 1)
    y, score = np.array([0, 0, 1, 1]), np.array([low, low, high, high])
    up, down = ivim.roc(y, score), ivim.roc(1 - y, score)
    assert (
        (score > up.cutoff).tolist()
        == (score < down.cutoff)[::-1].tolist()
        == [False, False, True, True]
    )


def test_curve_runs_from_corner_to_corner():
    """The curve rises from (0, 0) to (1, 1), thresholds fall midway between scores, and its
    trapezes add up to the area."""
    y, score = sample(3)
    found = ivim.roc(y, score, direction=">")
    curve = found.curve
    assert list(curve.columns) == ["threshold", "fpr", "tpr"]
    assert_allclose(curve[["fpr", "tpr"]].iloc[[0, -1]], [[0, 0], [1, 1]])
    assert (curve[["fpr", "tpr"]].diff().iloc[1:] >= 0).all(axis=None)
    levels = np.unique(score)
    assert_allclose(curve["threshold"][1:-1], ((levels[1:] + levels[:-1]) / 2)[::-1])
    assert_allclose(np.trapezoid(curve["tpr"], curve["fpr"]), found.auc, rtol=1e-12)


@pytest.mark.parametrize("change", [np.exp, np.cbrt, lambda score: 5 * score - 3])
def test_a_rising_transformation_changes_nothing(change):
    """Area, error and counts depend on the ranks alone."""
    y, score = sample(6)
    before, after = ivim.roc(y, score), ivim.roc(y, change(score))
    assert (before.auc, before.se, before.tp, before.tn) == (
        after.auc,
        after.se,
        after.tp,
        after.tn,
    )


def test_swapping_the_labels_swaps_the_roles():
    """Calling controls cases turns the direction, and sensitivity and specificity change places; so
    does the sign of the score."""
    y, score = sample(7)
    here, there, minus = ivim.roc(y, score), ivim.roc(1 - y, score), ivim.roc(y, -score)
    assert (here.direction, there.direction, minus.direction) == (">", "<", "<")
    assert_allclose([there.auc, minus.auc], here.auc, rtol=1e-12)
    assert_allclose([there.se, minus.se], here.se, rtol=1e-12)
    assert len(here.cutoffs) == 1
    assert (there.sensitivity, there.specificity, minus.sensitivity) == (
        here.specificity,
        here.sensitivity,
        here.sensitivity,
    )
    assert_allclose([there.cutoff, -minus.cutoff], here.cutoff)


def test_a_given_direction_may_be_wrong():
    """Against the data's direction the area is one minus the other, not quietly turned round."""
    y, score = sample(8)
    assert_allclose(
        ivim.roc(y, score, direction="<").auc, 1 - ivim.roc(y, score, direction=">").auc, rtol=1e-12
    )


def test_equal_medians_count_as_above():
    """With equal medians the automatic direction is `>`, as in pROC."""
    assert ivim.roc([0, 0, 0, 1, 1, 1], [1, 2, 5, 0, 2, 3]).direction == ">"


def test_tied_youden_points_are_all_named():
    """Two cut-offs with the same index: the one of higher sensitivity is taken, both are listed."""
    found = ivim.roc([0, 0, 0, 0, 1, 1, 1, 1], [1, 2, 4, 6, 3, 5, 7, 8])
    assert found.cutoffs == (2.5, 4.5, 6.5)
    assert (found.cutoff, found.sensitivity, found.specificity) == (2.5, 1.0, 0.5)


def test_delong_is_the_spread_of_the_area():
    """DeLong's error is the SD of the area over 2,500 simulated studies within 5 %, and its limits
    hold the true area in 93-97 %."""
    rng = np.random.default_rng(9)
    y, truth = np.repeat([0, 1], [30, 50]), stats.norm.cdf(1 / np.sqrt(2))
    found = [ivim.roc(y, rng.normal(size=80) + y, direction=">") for _ in range(2500)]
    assert_allclose(
        np.mean([one.se for one in found]), np.std([one.auc for one in found]), rtol=0.05
    )
    assert 0.93 < np.mean([one.ci_low <= truth <= one.ci_high for one in found]) < 0.97


def test_perfect_marker_has_exact_limits_left():
    """Without overlap area and limits are 1, and the exact limits of sensitivity still tell how few
    patients there were."""
    found = ivim.roc([0, 0, 0, 1, 1], [1, 2, 3, 4, 5])
    assert (found.auc, found.se, found.ci_low, found.ci_high) == (1, 0, 1, 1)
    assert_allclose([found.sensitivity_low, found.sensitivity_high], [0.025**0.5, 1], rtol=1e-12)


def test_limits_stay_within_one():
    """DeLong's symmetric limits are clipped to 1, as pROC does."""
    found = ivim.roc([0, 0, 0, 0, 1, 1, 1, 1], [1, 2, 3, 5, 4, 6, 7, 8])
    assert found.auc + 1.96 * found.se > 1 == found.ci_high


def test_exact_limits_use_the_confidence():
    """At 90 % the sensitivity's limits are those of scipy's exact binomial interval."""
    found = ivim.roc(*sample(3), confidence=0.9)
    interval = stats.binomtest(found.tp, found.tp + found.fn).proportion_ci(0.9, "exact")
    assert_allclose([found.sensitivity_low, found.sensitivity_high], interval, rtol=1e-9)


def test_a_marker_does_not_differ_from_itself():
    """The same ranks twice give difference 0, z 0 and p 1, with each score turned its own way."""
    y, score = sample(2)
    found = ivim.compare_auc(y, score, -np.exp(score)).iloc[0]
    assert tuple(found[["difference", "se", "z", "p"]]) == (0, 0, 0, 1)


def test_comparison_is_antisymmetric():
    """a - b is minus b - a with the same p, and the limits change places."""
    y, score = sample(2)
    other = np.random.default_rng(0).normal(size=y.size) + y
    there, back = (
        ivim.compare_auc(y, *pair, direction=">").iloc[0]
        for pair in ((score, other), (other, score))
    )
    assert_allclose(
        there[["difference", "z", "ci_low", "p"]].astype(float),
        back[["difference", "z", "ci_high", "p"]].astype(float) * [-1, -1, -1, 1],
    )


def test_paired_comparison_keeps_its_level():
    """Two equally good correlated markers differ at p < .05 in 5 ± 1.5 % of 1,500 simulated
    studies."""
    rng, y = np.random.default_rng(10), np.repeat([0, 1], [30, 40])
    common = rng.normal(size=(1500, 70)) + y
    p = [
        ivim.compare_auc(y, row + rng.normal(size=70), row + rng.normal(size=70), direction=">")[
            "p"
        ].item()
        for row in common
    ]
    assert abs(np.mean(np.array(p) < 0.05) - 0.05) < 0.015


def test_hanley_mcneil_of_a_useless_marker_is_mann_whitneys():
    """At an area of one half the variance is that of U under the null hypothesis, (n1 + n0 + 1) /
    (12 n1 n0)."""
    assert_allclose(hanley_mcneil_se(0.5, 50, 20) ** 2, 71 / (12 * 50 * 20), rtol=1e-12)


def test_hanley_mcneil_is_the_error_of_exponential_scores():
    """For the exponential scores it was derived for, it is the SD of the area over 20,000 simulated
    studies within 2 %."""
    rng = np.random.default_rng(12)
    cases, controls = rng.exponential(4, (20000, 12, 1)), rng.exponential(1, (20000, 1, 15))
    assert_allclose(
        hanley_mcneil_se(4 / 5, 12, 15), (cases > controls).mean(axis=(1, 2)).std(), rtol=0.02
    )


GOOD = ([0, 0, 1, 1], [1.0, 3, 2, 4])


@pytest.mark.parametrize(
    ("y", "score", "message"),
    [
        ([1, 1, 1, 1], GOOD[1], "'y' holds only 1; both cases"),
        ([0, 1, 2, 1], GOOD[1], "'y' holds 0, 1, 2; an outcome is 0"),
        (["tb", "met", "tb", "met"], GOOD[1], "'y' holds 'tb', 'met'; an outcome is 0"),
        ([0, 0, 0, 1], GOOD[1], r"1 case\(s\) and 3 control\(s\); at least two of each"),
        (GOOD[0], [1, 2, 3], "has 3 values for 4 outcomes"),
        (GOOD[0], [1, 2, np.nan, 4], "has 1 missing or infinite value"),
        (GOOD[0], [2, 2, 2, 2], "is 2 in every row; a constant"),
        (GOOD[0], list("abcd"), "holds values that are not numbers"),
        ([[0, 1], [0, 1]], GOOD[1], "'y' has 2 dimensions"),
    ],
)
def test_bad_data_are_refused(y, score, message):
    """One group only, other labels, missing and constant scores are refused, alone and in a
    comparison."""
    with pytest.raises(ValueError, match=message):
        ivim.roc(y, score)
    with pytest.raises(ValueError, match=message):
        ivim.compare_auc(y, score, [1, 2, 3, 5])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"direction": "up"}, "direction is 'up'; accepted are 'auto', '>', '<'"),
        ({"confidence": 95}, "confidence is 95"),
    ],
)
def test_bad_options_are_refused(options, message):
    """An unknown direction and a confidence in per cent are refused."""
    with pytest.raises(ValueError, match=message):
        ivim.roc(*GOOD, **options)


def test_a_triple_of_directions_is_refused():
    """Two scores have one direction or two."""
    with pytest.raises(ValueError, match="one for both scores or a pair"):
        ivim.compare_auc(*GOOD, GOOD[1], direction=(">", "<", ">"))


def test_an_area_above_one_is_refused():
    """An area in per cent is no area."""
    with pytest.raises(ValueError, match="auc 87.6 with 50 cases and 20 controls"):
        hanley_mcneil_se(87.6, 50, 20)


def test_the_curve_is_scikit_learns():
    """Rates equal scikit-learn's, and each threshold parts the scores where scikit-learn's does."""
    from sklearn.metrics import roc_curve

    y, score = sample(4)
    fpr, tpr, reached = roc_curve(y, score, drop_intermediate=False)
    curve = ivim.roc(y, score, direction=">").curve
    assert_allclose(curve[["fpr", "tpr"]], np.column_stack([fpr, tpr]), rtol=1e-12)
    assert ((score[:, None] > curve["threshold"].to_numpy()) == (score[:, None] >= reached)).all()


def test_counted_pairs_print_what_trapezes_do_not():
    """730.5 of 1000 pairs is .7305 and prints .731; scikit-learn's trapezes add up to less and
    print .730."""
    from sklearn.metrics import roc_auc_score

    rng, y = np.random.default_rng(11), np.repeat([1, 0], [50, 20])
    score = np.round(rng.normal(size=70) + y, 1)
    assert ivim.roc(y, score, direction=">").auc == 0.7305 > roc_auc_score(y, score)


def test_patients_without_a_score_are_left_out():
    """The curve is that of the patients who have the score; a comparison takes those who have
    both."""
    y, score = sample(5)
    other = np.random.default_rng(1).normal(size=y.size) + y
    gap, hole = np.where(np.arange(y.size) < 4, np.nan, score), other.copy()
    hole[10] = np.nan
    found, expected = ivim.roc(y, gap), ivim.roc(y[4:], score[4:])
    assert found == expected and (found.n, expected.n) == (36, 36)
    both = np.delete(np.arange(4, 40), 6)
    pair = ivim.compare_auc(y, gap, hole)
    pd.testing.assert_frame_equal(
        pair, ivim.compare_auc(y[both], score[both], other[both]), check_flags=False
    )
    assert (pair.attrs["n"], pair.attrs["left_out"]) == (35, 5)
