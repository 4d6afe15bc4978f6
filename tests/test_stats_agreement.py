"""Agreement between readers: reference values, identities, coverage of the limits, refusals."""

import json

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose
from scipy import stats

import ivim
from ivim.stats.agreement import FORMS, icc_from_mean_squares, mean_squares
from ivim.stats.precision import pingouin

# Shrout & Fleiss, Psychol Bull 1979;86:420, table 2: six targets, four judges.
SHROUT_FLEISS = [
    [9, 2, 5, 8],
    [6, 1, 3, 2],
    [8, 4, 6, 8],
    [7, 1, 2, 6],
    [10, 5, 6, 9],
    [6, 2, 4, 7],
]
# The same through R's psych 2.2.9, ICC(): value, lower, upper, by form.
PSYCH = [
    (0.1657417684055, -0.1329323248748, 0.7225600623281),
    (0.2897637795276, 0.01878651337471, 0.761084369649),
    (0.7148407148407, 0.3424647650339, 0.9458582599554),
    (0.4427971336793, -0.8844421552381, 0.9124154203408),
    (0.620050547599, 0.0711368153025, 0.9272320401677),
    (0.9093155423771, 0.6756747138163, 0.9858916781691),
]
# Bland & Altman, Lancet 1986;1:307: first readings by the Wright and the mini Wright peak flow
# meter, l/min.
WRIGHT = [494, 395, 516, 434, 476, 557, 413, 442, 650, 433, 417, 656, 267, 478, 178, 423, 427]
MINI_WRIGHT = [512, 430, 520, 428, 500, 600, 364, 380, 658, 445, 432, 626, 260, 477, 259, 350, 451]


def tidy(table, name="value"):
    """A table of targets by readers as one row per reading."""
    table = np.asarray(table, dtype=float)
    targets, readers = np.indices(table.shape)
    return pd.DataFrame(
        {
            "patient": targets.ravel(),
            "reader": [f"r{at}" for at in readers.ravel()],
            name: table.ravel(),
        }
    )


@pytest.fixture
def readings():
    """Two readers of 40 patients with a known disagreement."""
    rng = np.random.default_rng(5)
    return rng.normal(30, 9, (40, 1)) + rng.normal(0, 3, (40, 2))


def test_all_six_forms_are_those_of_psych():
    """Values and limits equal R's psych on the table of Shrout and Fleiss to 1e-9."""
    found = ivim.icc(tidy(SHROUT_FLEISS), values="value")
    assert tuple(found["form"]) == FORMS
    assert_allclose(found[["icc", "ci_low", "ci_high"]], PSYCH, rtol=1e-9)


@pytest.mark.parametrize("name", ["shrout_fleiss", "two_readers_n70"])
def test_golden_iccs(outside, name):
    """Values, limits, F, degrees of freedom and p equal the reference files to 1e-6."""
    expected = pd.DataFrame(json.loads(outside(f"golden/{name}_icc_psych.json").read_text())).T
    found = ivim.icc(tidy(pd.read_csv(outside(f"golden/{name}.csv"))), values="value")
    columns = {
        "icc": "ICC",
        "ci_low": "lo",
        "ci_high": "hi",
        "f": "F",
        "df1": "df1",
        "df2": "df2",
        "p": "p",
    }
    assert_allclose(found[list(columns)], expected[list(columns.values())], rtol=1e-6)


def test_consistency_of_the_mean_is_cronbachs_alpha(readings):
    """ICC(C,k) equals Cronbach's alpha computed from variances."""
    alpha = 2 * (1 - readings.var(axis=0, ddof=1).sum() / readings.sum(axis=1).var(ddof=1))
    found = ivim.icc(tidy(readings), values="value").set_index("form")
    assert_allclose(found.loc["ICC(C,k)", "icc"], alpha, rtol=1e-12)


def test_a_readers_offset_costs_agreement_but_not_consistency(readings):
    """Adding 5 to one reader lowers ICC(A,1) and leaves ICC(C,1) as it was."""
    before = ivim.icc(tidy(readings), values="value").set_index("form")["icc"]
    after = ivim.icc(tidy(readings + [0, 5]), values="value").set_index("form")["icc"]
    assert_allclose(after["ICC(C,1)"], before["ICC(C,1)"], rtol=1e-12)
    assert after["ICC(A,1)"] < before["ICC(A,1)"] - 0.05


def test_unit_and_row_order_do_not_matter(readings):
    """Another unit and shuffled rows give the same six forms."""
    frame = tidy(readings)
    other = frame.assign(value=frame["value"] * 1e-3 + 7).sample(frac=1, random_state=1)
    columns = ["icc", "ci_low", "ci_high"]
    assert_allclose(
        ivim.icc(other, values="value")[columns],
        ivim.icc(frame, values="value")[columns],
        rtol=1e-9,
    )


def test_identical_readers_agree_perfectly(readings):
    """Two identical readers give 1 with limits 1 in all forms, not a division by zero."""
    found = ivim.icc(tidy(readings[:, [0, 0]]), values="value")
    assert_allclose(found[["icc", "ci_low", "ci_high"]], 1, atol=1e-12)


def test_limits_cover_the_truth():
    """The 95 % limits of ICC(A,1) hold the true 0.7 in 95 ± 2.5 % of 600 simulated studies with two
    readers."""
    rng = np.random.default_rng(1)
    covered = 0
    for _ in range(600):
        table = rng.normal(0, np.sqrt(0.7), (30, 1)) + rng.normal(0, np.sqrt(0.3), (30, 2))
        row = icc_from_mean_squares(**mean_squares(table)).set_index("form").loc["ICC(A,1)"]
        covered += row["ci_low"] <= 0.7 <= row["ci_high"]
    assert abs(covered / 600 - 0.95) < 0.025


def test_several_columns_at_once(readings):
    """A list of columns gives the rows of each under its name."""
    frame = tidy(readings, "f").assign(ddc=lambda table: -table["f"])
    found = ivim.icc(frame, values=["f", "ddc"])
    assert list(found["parameter"]) == ["f"] * 6 + ["ddc"] * 6
    assert_allclose(found["icc"][:6], found["icc"][6:], rtol=1e-12)


def test_bland_altman_is_the_published_example():
    """Bias -2.1 and SD 38.8 l/min as Bland and Altman print them for their peak flow meters."""
    found = ivim.bland_altman(tidy(np.column_stack([WRIGHT, MINI_WRIGHT])), values="value").iloc[0]
    assert_allclose([found["bias"], found["sd"]], [-2.1, 38.8], atol=0.05)
    assert_allclose(
        [found["lower"], found["upper"]],
        found["bias"] + np.array([-1.96, 1.96]) * found["sd"],
        rtol=1e-4,
    )


def test_repeatability_follows_from_the_within_subject_variance(readings):
    """within_sd² is the one-way mean square within patients, and repeatability is 1.96 √2 within_sd
    (Bland & Altman 1999)."""
    found = ivim.bland_altman(tidy(readings), values="value").iloc[0]
    assert_allclose(found["within_sd"] ** 2, readings.var(axis=1, ddof=1).mean(), rtol=1e-12)
    assert_allclose(found["repeatability"], 2.7718 * found["within_sd"], rtol=1e-4)
    assert_allclose(
        found["cov"] ** 2,
        (readings.var(axis=1, ddof=1) / readings.mean(axis=1) ** 2).mean(),
        rtol=1e-12,
    )


@pytest.fixture(scope="module")
def simulated():
    """Bland-Altman rows of 600 samples of 10 patients: no bias, reading error of SD 2."""
    rng = np.random.default_rng(2)
    table = rng.normal(20, 2, (10, 1200))
    names = [f"v{at}" for at in range(600)]
    frame = tidy(table[:, :2]).drop(columns="value")
    columns = pd.DataFrame(
        {name: table[:, 2 * at : 2 * at + 2].ravel() for at, name in enumerate(names)}
    )
    return ivim.bland_altman(frame.join(columns), values=names)


@pytest.mark.parametrize(
    ("quantity", "truth"),
    [
        ("bias", 0),
        ("lower", -1.959964 * np.sqrt(8)),
        ("upper", 1.959964 * np.sqrt(8)),
        ("within_sd", 2),
        ("repeatability", 1.959964 * np.sqrt(8)),
    ],
)
def test_limits_of_bland_altman_cover_the_truth(simulated, quantity, truth):
    """The 95 % limits of each quantity hold the truth in 95 ± 3 % of 600 samples."""
    covered = (simulated[f"{quantity}_low"] <= truth) & (truth <= simulated[f"{quantity}_high"])
    assert abs(covered.mean() - 0.95) < 0.03


def test_limits_of_within_sd_cut_equal_tails(readings):
    """A true SD at either limit would give a within_sd as far off with a chance of 2.5 %: its
    square is χ² with 40 degrees of freedom."""
    row = ivim.bland_altman(tidy(readings), values="value").iloc[0]
    assert_allclose(
        stats.chi2.sf(40 * (row["within_sd"] / row["within_sd_low"]) ** 2, 40), 0.025, rtol=1e-9
    )
    assert_allclose(
        stats.chi2.cdf(40 * (row["within_sd"] / row["within_sd_high"]) ** 2, 40), 0.025, rtol=1e-9
    )


def test_every_pair_of_readers_has_its_row(readings):
    """Three readers give three rows, each equal to that pair alone."""
    table = np.column_stack([readings, readings.mean(axis=1) + 1])
    found = ivim.bland_altman(tidy(table), values="value")
    assert list(zip(found["a"], found["b"], strict=True)) == [
        ("r0", "r1"),
        ("r0", "r2"),
        ("r1", "r2"),
    ]
    alone = ivim.bland_altman(tidy(table).query("reader != 'r0'"), values="value")
    pd.testing.assert_frame_equal(found.iloc[[2]].reset_index(drop=True), alone)


def test_cov_is_missing_where_a_mean_is_not_positive():
    """A coefficient of variation is not given for values around zero."""
    assert np.isnan(
        ivim.bland_altman(tidy([[-2, 1.5], [2, 3], [4, 4.5]]), values="value")["cov"].item()
    )
    assert ivim.bland_altman(tidy([[1, 1.5], [2, 3], [4, 4.5]]), values="value")["cov"].item() > 0


GOOD = tidy([[1, 2], [3, 4.5], [6, 5]])


@pytest.mark.parametrize("function", [ivim.icc, ivim.bland_altman])
@pytest.mark.parametrize(
    ("frame", "message"),
    [
        (
            GOOD.query("patient == 0"),
            "at least two targets and two raters; met 1 patient and 2 reader",
        ),
        (GOOD.iloc[:-1], "patient 2 has no 'value' by rater 'r1'"),
        (pd.concat([GOOD, GOOD.iloc[[0]]]), "'r0' has more than one 'value' for patient 0"),
        (
            GOOD.assign(value=[1, 2, np.nan, 4, 5, 6]),
            r"'value' has 1 missing or infinite value\(s\) among 6",
        ),
        (GOOD.assign(value=3.0), "'value' is 3 in every row"),
        (
            GOOD.assign(value=[1.0, 2, 1, 2, 1, 2]),
            "same for every patient within each reader; agreement needs targets that differ",
        ),
        (GOOD.assign(value=list("abcdef")), "'value' holds values that are not numbers"),
        (GOOD.assign(reader=[None, *GOOD["reader"][1:]]), r"'reader' is missing in 1 row"),
        (GOOD.drop(columns="reader"), "column 'reader' is not in the frame"),
        (GOOD.iloc[:0], "the frame has no row"),
    ],
)
def test_bad_readings_are_refused(function, frame, message):
    """What is no complete balanced reading is refused with what is wrong."""
    with pytest.raises(ValueError, match=message):
        function(frame, values="value")


@pytest.mark.parametrize("function", [ivim.icc, ivim.bland_altman])
def test_one_reader_gives_an_empty_table_with_the_reason(function):
    """With one reader there is no agreement: the usual columns, no row, and why."""
    found, usual = (
        function(GOOD.query("reader == 'r0'"), values="value"),
        function(GOOD, values="value"),
    )
    assert found.empty and list(found.columns) == list(usual.columns)
    reason = "at least two targets and two raters; met 3 patient and 1 reader"
    assert reason in found.attrs["reason"] and found.attrs["missing"] == []
    assert "reason" not in usual.attrs


@pytest.mark.parametrize("function", [ivim.icc, ivim.bland_altman])
@pytest.mark.parametrize("blank", [True, False])
def test_complete_targets_are_taken(readings, function, blank):
    """A missing reading, blank or without a row, leaves out that patient for that parameter alone,
    and says so."""
    frame = tidy(readings).assign(other=lambda table: table["value"] ** 2)
    lacking = (frame["patient"] == 7) & (frame["reader"] == "r1")
    gap = frame.assign(value=frame["value"].mask(lacking)) if blank else frame[~lacking]
    found = function(gap, values=["value", "other"] if blank else "value")
    expected = function(frame[frame["patient"] != 7], values="value")
    pd.testing.assert_frame_equal(found[found["parameter"] == "value"], expected, rtol=1e-12)
    assert found.attrs["left_out"]["value"] == [7] and found.attrs["n"]["value"] == 39
    assert found.attrs["missing"] == ["value: 1 of 40 patients left out, a value is missing."]
    if blank:
        assert found.attrs["n"]["other"] == 40 and found.attrs["left_out"]["other"] == []


@pytest.mark.parametrize("function", [ivim.icc, ivim.bland_altman])
def test_three_complete_patients_are_enough(function):
    """Where a reading is missing three complete patients are still compared, two no longer."""
    frame = tidy([[1, 2], [3, 4.5], [6, 5], [7, np.nan]])
    assert function(frame, values="value").attrs["n"]["value"] == 3
    with pytest.raises(ValueError, match="2 of 3 patient.* are complete; at least 3 complete"):
        function(frame.query("patient > 0"), values="value")


def test_pingouins_options_are_put_back(readings):
    """Limits have all their digits whatever rounding a user has set, and the user's setting is
    there afterwards."""
    import pingouin as package

    before = dict(package.options)
    try:
        package.options.update({"round": 1, "round.column.CI95": 2})
        found = ivim.icc(tidy(readings), values="value")
        assert (package.options["round"], package.options["round.column.CI95"]) == (1, 2)
    finally:
        package.options.clear()
        package.options.update(before)
    expected = icc_from_mean_squares(**mean_squares(readings))
    columns = ["icc", "ci_low", "ci_high", "f", "p"]
    assert_allclose(found[columns], expected[columns], rtol=1e-10)


def test_pingouin_and_ours_agree_over_designs():
    """On 60 designs of 3 to 30 patients and 2 to 5 readers, pingouin's six forms and limits are
    those of the mean squares to 1e-9."""
    rng = np.random.default_rng(3)
    for _ in range(60):
        n, k = rng.integers(3, 31), rng.integers(2, 6)
        table = rng.normal(9, 2, (n, 1)) + rng.normal(0, rng.choice([0.1, 1, 4]), (n, k))
        found, expected = (
            ivim.icc(tidy(table), values="value"),
            icc_from_mean_squares(**mean_squares(table)),
        )
        columns = list(expected.columns[1:])
        assert_allclose(found[columns], expected[columns], rtol=1e-9)


def test_readers_who_nearly_coincide_keep_their_digits():
    """Where readers differ by 1e-7 of the spread, pingouin's F is wrong by more than 1 %; ours is
    that of the differences to 1e-9."""
    rng = np.random.default_rng(0)
    table = rng.normal(size=(20, 1)) + 1e-7 * rng.normal(size=(20, 2))
    difference = table[:, 0] - table[:, 1]
    expected = 4 * table.mean(axis=1).var(ddof=1) / difference.var(ddof=1)
    with pingouin() as pg:
        peer = pg.intraclass_corr(tidy(table), "patient", "reader", "value").set_index("Type")
    found = ivim.icc(tidy(table), values="value").set_index("form")
    assert abs(peer.loc["ICC(C,1)", "F"] / expected - 1) > 0.01
    assert_allclose(found.loc["ICC(C,1)", "f"], expected, rtol=1e-9)


def test_two_patients_and_another_level_are_ours():
    """pingouin refuses four readings and knows 95 % limits alone: both come from the mean
    squares."""
    table = np.array([[1.0, 2.0], [4.0, 4.5]])
    expected = icc_from_mean_squares(**mean_squares(table), confidence=0.9)
    found = ivim.icc(tidy(table), values="value", confidence=0.9)
    pd.testing.assert_frame_equal(found.drop(columns="parameter"), expected)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({}, "no column was named"),
        ({"values": "value", "confidence": 95}, "confidence is 95; a number between 0 and 1"),
    ],
)
def test_bad_options_are_refused(options, message):
    """A missing column name and a confidence in per cent are refused."""
    with pytest.raises(ValueError, match=message):
        ivim.icc(GOOD, **options)
