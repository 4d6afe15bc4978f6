"""GRIM, GRIMMER and counts, each against exhaustive enumeration and the golden cases of
other software.
"""

import itertools
import math
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest

from ivim.audit.checks.counts import (
    attainable,
    count_exists,
    counts_from_percentage,
    grim,
    grim_sizes,
    grimmer,
    integer_totals,
    parts_add_up,
    totals_agree,
)
from ivim.audit.checks.rounding import to_print


def test_grim_agrees_with_scrutiny(outside):
    """The twelve verdicts of scrutiny 0.6.1 on its data set pigs1 come out."""
    cases = pd.read_csv(outside("golden/grim_scrutiny_pigs1.csv"), dtype={"mean": str})
    assert [grim(case["mean"], case["n"]).holds for _, case in cases.iterrows()] == cases[
        "consistent"
    ].astype(bool).tolist()


def test_grimmer_agrees_with_scrutiny(outside):
    """The twelve verdicts of scrutiny 0.6.1 on its data set pigs5 come out; here its third test has
    no false positive.
    """
    cases = pd.read_csv(
        outside("golden/grimmer_scrutiny_pigs5.csv"), dtype={"mean": str, "sd": str}
    )
    verdicts = [grimmer(case["mean"], case["sd"], case["n"]).holds for _, case in cases.iterrows()]
    assert verdicts == cases["consistent"].astype(bool).tolist()


@pytest.mark.parametrize("n", range(1, 8))
def test_attainable_is_exact(n):
    """Sum and sum of squares are attainable exactly when enumeration finds whole numbers that have
    them.
    """
    reach = 6  # every sample with a sum of squares up to 36 has its values within -6 ... 6
    found = {
        (sum(x), sum(v * v for v in x))
        for x in itertools.combinations_with_replacement(range(-reach, reach + 1), n)
    }
    for total in range(-3 * reach, 3 * reach + 1):
        for squares in range(reach**2 + 1):
            assert attainable(n, total, squares) == ((total, squares) in found), (n, total, squares)


DESIGNS = [(2, 1, 2), (3, 1, 2), (4, 1, 2), (5, 1, 2), (6, 1, 2), (7, 1, 1), (4, 2, 2), (3, 3, 2)]


@pytest.mark.parametrize(("n", "items", "decimals"), DESIGNS)
def test_grimmer_is_exact(n, items, decimals):
    """Over a whole grid of printed means and SDs, GRIMMER holds exactly where enumeration finds a
    sample that prints them.
    """
    prints = set()
    # A sample with mean in 0 ... 1 and SD up to 1.6 has no value beyond 1 + 1.6 sqrt(n - 1) < 5.
    for sample in itertools.combinations_with_replacement(range(-5 * items, 6 * items), n):
        total, squares = sum(sample), sum(v * v for v in sample)
        variance = (Fraction(squares) - Fraction(total * total, n)) / ((n - 1) * items**2)
        if 0 <= total <= n * items and variance <= Fraction(64, 25):
            prints.add(
                (
                    to_print(Fraction(total, n * items), decimals),
                    to_print(math.sqrt(variance), decimals),
                )
            )
    for mean, sd in itertools.product(range(10**decimals + 1), range(int(1.5 * 10**decimals) + 1)):
        pair = f"{mean / 10**decimals:.{decimals}f}", f"{sd / 10**decimals:.{decimals}f}"
        assert bool(grimmer(*pair, n, items, rule="half_up").holds) == (pair in prints), pair


def test_grimmer_never_accuses_printed_whole_numbers():
    """Means and SDs of 500 random samples of whole numbers pass, at group sizes from 2 to 200."""
    rng = np.random.default_rng(4)
    for _ in range(500):
        n = int(rng.integers(2, 201))
        sample = rng.integers(18, 90, n)
        mean, sd = (
            to_print(Fraction(int(sample.sum()), n), 2),
            to_print(float(np.std(sample, ddof=1)), 2),
        )
        outcome = grimmer(mean, sd, n)
        assert outcome.holds, (mean, sd, n, outcome.reason)


def test_grim_names_the_neighbours():
    """A refuted mean is given with the possible means on either side."""
    outcome = grim("48.82", 20)
    assert outcome.holds is False and (outcome.low, outcome.high) == (48.8, 48.85)
    assert (
        outcome.reason
        == "976/20 = 48.8000 and 977/20 = 48.8500: no mean of 20 whole numbers prints 48.82"
    )


def test_grim_sizes_is_the_inverse():
    """The sizes offered for a mean are those, and only those, for which GRIM holds."""
    assert grim_sizes("48.82", 40) == tuple(n for n in range(1, 41) if grim("48.82", n).holds)


def test_grimmer_names_the_nearest_sds():
    """A refuted SD comes with the nearest attainable ones below and above."""
    outcome = grimmer("5.23", "2.55", 35)
    assert outcome.holds is False and outcome.low < 2.545 < 2.555 < outcome.high
    for sd in (outcome.low, outcome.high):
        assert grimmer("5.23", to_print(sd, 3), 35).holds


def test_totals_agree():
    """Whole-number totals behind means add up across groups, or they do not."""
    whole, parts = ("56.92", 50), [("57.66", 32), ("53.29", 7), ("57.09", 11)]
    assert totals_agree(whole, parts).reason == "1845 + 373 + 628 = 2846"
    assert totals_agree(("56.94", 50), parts).holds is False
    assert (
        totals_agree(("56.92", 50), [("57.67", 32), *parts[1:]]).holds is None
    )  # 57.67 is no mean of 32 whole numbers
    with pytest.raises(ValueError, match="the parts hold 39 values and the whole 50"):
        totals_agree(whole, parts[:2])


@pytest.mark.parametrize("n", [7, 20, 50, 113])
def test_counts_from_percentage_is_the_inverse_of_printing(n):
    """Each count is found again from its printed percentage."""
    for count in range(n + 1):
        assert count in counts_from_percentage(to_print(Fraction(100 * count, n), 1), n)


def test_percentage_that_no_count_gives():
    """A percentage between two counts is refuted with both neighbours."""
    outcome = count_exists("86.5", 50)
    assert outcome.holds is False and (outcome.low, outcome.high) == (86.0, 88.0)
    assert count_exists("0.86", 50, scale=1).holds


def test_parts_add_up():
    """Printed parts are held against the printed whole."""
    assert parts_add_up(50, ["32", "7", "11"]).holds
    assert parts_add_up("51", ["32", "7", "11"]).reason == "32 + 7 + 11 = 50; printed 51"


def test_bad_sizes_are_refused():
    """A group of no members, or one member with an SD, is refused."""
    with pytest.raises(ValueError, match="at least 1; met 0"):
        grim("1.0", 0)
    with pytest.raises(ValueError, match="at least two values, met n = 1"):
        grimmer("1.0", "0.0", 1)


def test_negative_means():
    """Changes from baseline may be negative; the grid does not care."""
    assert (
        integer_totals("-0.15", 20) == (-3,)
        and grim("-0.15", 20).holds
        and not grim("-0.13", 20).holds
    )
