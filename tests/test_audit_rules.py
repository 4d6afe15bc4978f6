"""Rules that bind the statistics of the field: what is computed right holds, a slip does not."""

import numpy as np
import pytest
from scipy.stats import mannwhitneyu
from statsmodels.stats.inter_rater import cohens_kappa

from ivim.audit.checks.kappa import kappa_limits, kappa_of
from ivim.audit.checks.ratios import likelihood_limits
from ivim.audit.checks.testing import exact_rank_p
from ivim.audit.verdict import REFUTED, judge

COLUMNS = "id,location,group,parameter,statistic,printed,unit,place,analysis,comparison,method,n"
SIZES = "a,table1,x,,n,20,,,,,,\nb,table1,y,,n,30,,,,,,"
DESIGN = '[groups]\ncompared = ["x", "y"]\npositive = "y"\ncomplete = true\n'


@pytest.fixture
def verdicts(tmp_path):
    """From rows (and a structure file) to the verdict by id."""

    def judged(rows, structure=DESIGN):
        path = tmp_path / "claims.csv"
        sizes = "" if ",n," in rows else f"{SIZES}\n"
        path.write_text(f"{COLUMNS}\n{sizes}{rows}\n", encoding="utf-8")
        (tmp_path / "structure.toml").write_text(structure, encoding="utf-8")
        return judge(path).ledger.set_index("id")["verdict"]

    return judged


def faulty(found):
    """Ids that are refuted or disputed."""
    return set(found.index[found.isin((*REFUTED, "disputed"))])


@pytest.mark.parametrize("seed", range(8))
def test_kappa_and_its_limits_are_those_of_statsmodels(seed):
    """Kappa and the limits by Fleiss, Cohen and Everitt, to 1e-4 (z is 1.96 or exact)."""
    table = np.random.default_rng(seed).integers(1, 60, (2, 2))
    known, limits = cohens_kappa(table), kappa_limits(*table.ravel())["fleiss"]
    np.testing.assert_allclose(kappa_of(*table.ravel()), known.kappa, rtol=1e-12)
    np.testing.assert_allclose(
        [end.middle for end in limits], [known.kappa_low, known.kappa_upp], atol=1e-4
    )


def kappa_rows(counts, shown, method=""):
    """A kappa with limits and the raters' table."""
    names = ("tp", "fn", "fp", "tn", "kappa", "kappa_low", "kappa_high")
    return "\n".join(
        f"{name},table3,,d,{name},{value},,,agreement,,{method if 'kappa_' in name else ''},"
        for name, value in zip(names, (*counts, *shown), strict=True)
    )


@pytest.mark.parametrize("method", ["fleiss", "cohen", ""])
@pytest.mark.parametrize("seed", range(4))
def test_a_right_kappa_is_not_accused(verdicts, seed, method):
    """Whichever standard error the limits are by, told or not."""
    counts = np.random.default_rng(seed).integers(2, 40, 4)
    limits = kappa_limits(*counts)[method or ("fleiss", "cohen")[seed % 2]]
    shown = [f"{x:.2f}" for x in (kappa_of(*counts), *(end.middle for end in limits))]
    found = verdicts(kappa_rows(counts, shown, method))
    assert faulty(found) == set()
    assert found["kappa"] == "consistent"


def test_a_wrong_kappa_and_a_wrong_limit_are_found(verdicts):
    """Kappa of 20, 5, 10, 15 is 0.40 (0.15 to 0.65)."""
    counts = (20, 5, 10, 15)
    assert "kappa" in faulty(verdicts(kappa_rows(counts, ("0.48", "0.15", "0.65"))))
    assert "kappa_high" in faulty(verdicts(kappa_rows(counts, ("0.40", "0.15", "0.75"), "fleiss")))
    assert faulty(verdicts(kappa_rows(counts, ("0.40", "0.17", "0.62"), ""))) == set()  # bootstrap


def ratio_rows(ratio, low, high, method="log"):
    """LR+ of 24 of 30 and 16 of 20, with limits."""
    return SIZES + (
        "\nse,table5,,d,sensitivity,80.0,%,,,,,\nsp,table5,,d,specificity,80.0,%,,,,,"
        f"\nr,table5,,d,lr_positive,{ratio},,,,,{method},"
        f"\nl,table5,,d,lr_positive_low,{low},,,,,{method},"
        f"\nh,table5,,d,lr_positive_high,{high},,,,,{method},"
    )


def test_limits_of_a_likelihood_ratio(verdicts):
    """24/30 over 4/20 is 4.00, by the logarithm 1.64 to 9.79; another method is no slip."""
    low, high = likelihood_limits(24, 30, 4, 20)
    reach = 1.96 * np.sqrt(1 / 24 - 1 / 30 + 1 / 4 - 1 / 20)  # Simel 1991, J Clin Epidemiol 44:763
    expected = 4 * np.exp([-reach, reach])
    np.testing.assert_allclose([low.middle, high.middle], expected, rtol=1e-4)
    assert faulty(verdicts(ratio_rows("4.00", "1.64", "9.79"))) == set()
    assert faulty(verdicts(ratio_rows("4.00", "1.75", "10.9", ""))) == set()
    assert "h" in faulty(verdicts(ratio_rows("4.00", "1.64", "7.99")))
    assert "r" in faulty(verdicts(ratio_rows("4.90", "1.64", "9.79")))


def test_youden_and_ratios_from_counts_alone(verdicts):
    """With the four counts and no rate printed, the index is 0.60 and LR- 0.25."""
    counts = "\n".join(
        f"{name},table5,,d,{name},{value},,,roc,,,"
        for name, value in {"tp": 24, "fn": 6, "tn": 16, "fp": 4}.items()
    )
    rows = f"{counts}\nj,table5,,d,youden,{{}},,,roc,,,\nr,table5,,d,lr_negative,{{}},,,roc,,,"
    assert faulty(verdicts(rows.format("0.600", "0.25"))) == set()
    assert "j" in faulty(verdicts(rows.format("0.660", "0.25")))
    assert "r" in faulty(verdicts(rows.format("0.600", "0.52")))


@pytest.mark.parametrize(("n", "m"), [(4, 5), (6, 9), (12, 15)])
def test_exact_p_of_u_is_that_of_scipy(n, m):
    """Without ties, to the last digits."""
    draw = np.random.default_rng(n)
    known = mannwhitneyu(draw.normal(size=n), draw.normal(1, size=m), method="exact")
    np.testing.assert_allclose(exact_rank_p(known.statistic, n, m), known.pvalue, rtol=1e-12)


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("sizes", [(5, 6), (9, 14)])
def test_u_of_small_groups_and_its_p_hold(verdicts, sizes, seed):
    """The exact p of a small U, and the one by the normal curve, are both right."""
    draw = np.random.default_rng([seed, *sizes])
    a, b = draw.normal(size=sizes[0]), draw.normal(seed % 3, size=sizes[1])
    known = mannwhitneyu(a, b, method=("exact", "asymptotic")[seed % 2])
    u = min(known.statistic, len(a) * len(b) - known.statistic)
    found = verdicts(u_rows(*sizes, f"{u:.1f}", f"{known.pvalue:.3f}"))
    assert faulty(found) == set()


def u_rows(n, m, u, p):
    """U of two groups with its p."""
    return (
        f"a,table1,x,,n,{n},,,,,,\nb,table1,y,,n,{m},,,,,,\n"
        f"u,table3,,d,u,{u},,,mann-whitney,,,\np,table3,,d,p,{p},,,mann-whitney,,,"
    )


@pytest.mark.parametrize(("u", "p"), [("131.0", "0.010"), ("12.3", "0.300"), ("20.0", "0.900")])
def test_an_impossible_u_or_p_is_found(verdicts, u, p):
    """Of 9 and 14, U is at most 126, a multiple of a half, and 20 is far from p 0.9."""
    assert faulty(verdicts(u_rows(9, 14, u, p))) & {"u", "p"}


def area_rows(difference):
    """Two areas of everybody and their difference."""
    return SIZES + (
        "\nr,table5,,adc,auc,0.812,,,,,,\nf,table5,,f,auc,0.745,,,,,,"
        f"\nd,table5,,adc-f,auc_difference,{difference},,,,adc vs f,delong,"
    )


def test_a_difference_of_areas_is_that_of_the_areas(verdicts):
    """0.812 less 0.745 is 0.067, either way round; with values missing nothing is said."""
    assert faulty(verdicts(area_rows("0.067"))) == faulty(verdicts(area_rows("-0.068"))) == set()
    assert "d" in faulty(verdicts(area_rows("0.076")))
    assert faulty(verdicts(area_rows("0.076"), DESIGN.replace("true", "false"))) == set()


def t_rows(signs):
    """Four markers, each lower in x than in y, with t of the given signs."""
    rows = [SIZES]
    for number, sign in enumerate(signs):
        mean = 1.5 + 0.5 * number
        rows += [
            f"m{number},table2,x,k{number},mean,{mean:.2f},,,,,,",
            f"s{number},table2,x,k{number},sd,0.50,,,,,,",
            f"n{number},table2,y,k{number},mean,{mean + 0.4:.2f},,,,,,",
            f"r{number},table2,y,k{number},sd,0.50,,,,,,",
            f"t{number},table3,,k{number},t,{sign}2.771,,,t-test,,student,",
        ]
    return "\n".join(rows)


@pytest.mark.parametrize("signs", ["----", ["", "", "", ""]])
def test_signs_of_one_order_hold(verdicts, signs):
    """All t of x minus y, all of y minus x, or sizes of t."""
    assert faulty(verdicts(t_rows(signs))) == set()


def test_a_lost_minus_is_in_dispute_with_its_means(verdicts):
    """One t of the other order than all the rest."""
    assert faulty(verdicts(t_rows(["-", "-", "", "-"]))) == {"t2", "m2", "n2"}


def test_a_share_of_fewer_is_still_one_of_a_whole_number(verdicts):
    """12 of 37 is 32.4 %, 12 of 36 (one not asked) 33.3 %; 33.6 % is 12 of none."""
    rows = "\n".join(
        (
            "a,table1,x,,n,37,,,,,,",
            "k,table1,x,smoker,count,12,,,,,,",
            "q,table1,x,smoker,share,{},%,,,,,",
        )
    )
    design = "[groups]\ncomplete = false\n"
    assert faulty(verdicts(rows.format("32.4"), design)) == set()
    assert faulty(verdicts(rows.format("33.3"), design)) == set()
    assert "q" in faulty(verdicts(rows.format("33.6"), design))


def test_words_against_bare_means_are_a_dispute(tmp_path):
    """Neither the sentence nor a mean that nothing confirms is accused alone."""
    (tmp_path / "claims.csv").write_text(
        "id,location,group,parameter,statistic,printed,unit,place,test\n"
        "a,table1,x,,n,20,,,\nb,table1,y,,n,30,,,\nm,table2,x,d,mean,1.2,,,\n"
        "k,table2,y,d,mean,0.9,,,\nw,results,,d,claim,lower,,,mean(x; d) < mean(y; d)\n"
    )
    (tmp_path / "structure.toml").write_text(DESIGN)
    found = judge(tmp_path / "claims.csv").ledger.set_index("id")["verdict"]
    assert faulty(found) == {"m", "k", "w"} and set(found[["m", "k", "w"]]) == {"disputed"}


def test_p_below_zero_is_impossible_and_accuses_no_statistic(verdicts):
    """A p "<0.00" is no p; the F beside it is right."""
    assert faulty(verdicts("p,table3,,d,p,<0.00,,,t-test,,student,")) == {"p"}


def test_shares_of_two_places_are_compared_with_and_without_the_sign(verdicts):
    """88.9 in a column of per cent and 88.3 % in the abstract are two prints of one share."""
    rows = (
        "s,table5,,d,sensitivity,88.9,,,roc,,,\nr,table5,,f,sensitivity,71.4,,,roc,,,\n"
        "t,abstract,,d,sensitivity,{},%,,roc,,,"
    )
    told = "restated = true\n" + DESIGN.replace("true", "false")
    assert faulty(verdicts(rows.format("88.9"), told)) == set()
    assert faulty(verdicts(rows.format("83.9"), told)) == {"s", "t"}


@pytest.mark.parametrize("structure", ["", 'denominators = {sensitivity = "y"}\n' + DESIGN])
def test_sizes_that_are_printed_for_one_parameter_alone(tmp_path, structure):
    """A paper that gives n per parameter and no size of a group is read, and nobody is accused."""
    rows = "\n".join(
        f"{group}{name},table2,{group},adc,{name},{value},,,,,,"
        for group, values in {"x": (20, 1.2, 0.3), "y": (30, 1.5, 0.4)}.items()
        for name, value in zip(("n", "mean", "sd"), values, strict=True)
    )
    more = "t,table2,,adc,t,-2.85,,,,,,\ns,table3,,adc,sensitivity,0.80,,,,,,"
    path = tmp_path / "claims.csv"
    path.write_text(f"{COLUMNS}\n{rows}\n{more}\n", encoding="utf-8")
    if structure:
        (tmp_path / "structure.toml").write_text(structure, encoding="utf-8")
    assert not faulty(judge(path).ledger.set_index("id")["verdict"])
