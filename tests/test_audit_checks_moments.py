"""Pooled and hidden groups: rigorous (the truth is always inside) and tight (the ends are reached)."""  # noqa: E501

import numpy as np
import pytest
from numpy.testing import assert_allclose

from ivim.audit.checks.interval import Interval
from ivim.audit.checks.moments import (
    Group,
    between_ss,
    check_cutoff,
    check_pooled,
    check_spread,
    hidden,
    is_total,
    pooled,
    share_beyond,
)
from ivim.audit.checks.rounding import to_print


def _print(values, decimals=2):
    return Group.printed(
        len(values), to_print(np.mean(values), decimals), to_print(np.std(values, ddof=1), decimals)
    )


def _samples(rng, sizes=(32, 7, 11)):
    return [rng.normal(rng.normal(1, 0.3), rng.uniform(0.1, 0.5), n) for n in sizes]


def _spread(means, sizes):
    """Between-group sum of squares; means of shape (..., groups)."""
    centre = np.asarray(means) @ sizes / np.sum(sizes)
    return (np.asarray(means) - centre[..., None]) ** 2 @ sizes


@pytest.mark.parametrize("decimals", [0, 1, 2])
def test_pooled_encloses_the_truth(decimals):
    """Mean and SD of the union of 200 random triples of samples lie in the intervals pooled from
    their prints.
    """
    rng = np.random.default_rng(1)
    for _ in range(200):
        samples = _samples(rng)
        pool, everyone = (
            pooled([_print(sample, decimals) for sample in samples]),
            np.concatenate(samples),
        )
        assert (
            pool.n == 50 and np.mean(everyone) in pool.mean and np.std(everyone, ddof=1) in pool.sd
        )


def test_between_ss_is_tight():
    """Both ends of the between-group sum of squares are reached inside the box: by its corners
    above, by a fine grid below.
    """
    rng = np.random.default_rng(2)
    for _ in range(30):
        sizes = rng.integers(2, 40, 3)
        middles = rng.normal(0, 1, 3)
        groups = [
            Group(int(n), Interval(m - 0.5, m + 0.5)) for n, m in zip(sizes, middles, strict=True)
        ]
        grid = (
            np.array(np.meshgrid(*[np.linspace(m - 0.5, m + 0.5, 41) for m in middles]))
            .reshape(3, -1)
            .T
        )
        values = _spread(grid, sizes)
        interval = between_ss(groups)
        assert interval.low <= values.min() and values.max() <= interval.high
        # the grid's step of 0.025 misses the minimum by at most half of it in each mean
        assert_allclose(
            [interval.low, interval.high],
            [values.min(), values.max()],
            rtol=1e-7,
            atol=0.0125**2 * sizes.sum(),
        )


def test_between_ss_of_many_groups_is_enclosed():
    """Beyond twelve groups the upper bound is not a corner but still above every point of the box."""  # noqa: E501
    rng = np.random.default_rng(3)
    sizes, middles = rng.integers(2, 40, 15), rng.normal(5, 1, 15)
    interval = between_ss(
        [Group(int(n), Interval(m - 0.05, m + 0.05)) for n, m in zip(sizes, middles, strict=True)]
    )
    values = [_spread(middles + rng.choice([-0.05, 0.05], 15), sizes) for _ in range(2000)]
    assert interval.low <= min(values) and max(values) <= interval.high < 1.2 * max(values)


@pytest.mark.parametrize("decimals", [1, 2, 3])
def test_hidden_encloses_the_truth(decimals):
    """The third sample is found again from the whole and the first two, mean and SD inside the
    intervals.
    """
    rng = np.random.default_rng(5)
    for _ in range(200):
        samples = _samples(rng)
        found = hidden(
            _print(np.concatenate(samples), decimals),
            [_print(sample, decimals) for sample in samples[:2]],
        )
        assert (
            found.n == 11
            and np.mean(samples[2]) in found.mean
            and np.std(samples[2], ddof=1) in found.sd
        )


def test_hidden_is_tight():
    """With many decimals the hidden group is pinned down."""
    samples = _samples(np.random.default_rng(6))
    found = hidden(
        _print(np.concatenate(samples), 8), [_print(sample, 8) for sample in samples[:2]]
    )
    assert_allclose([found.mean.low, found.mean.high], np.mean(samples[2]), rtol=1e-6)
    assert_allclose([found.sd.low, found.sd.high], np.std(samples[2], ddof=1), rtol=1e-5)


def test_hidden_without_room():
    """A part that varies more than the whole can hold leaves no hidden group; a lone hidden member
    has no SD.
    """
    assert hidden(Group.printed(50, "1.00", "0.10"), [Group.printed(39, "1.00", "0.50")]) is None
    alone = hidden(Group.printed(3, "2.00", "1.00"), [Group.printed(2, "1.50", "0.71")])
    assert alone.n == 1 and 3.0 in alone.mean and alone.sd is None
    with pytest.raises(
        ValueError, match="nobody is hidden: the whole has 50 members and its known parts 50"
    ):
        hidden(Group.printed(50, "1", "1"), [Group.printed(50, "1", "1")])


def test_hidden_without_sds_gives_the_mean():
    """Where an SD is missing, the mean is still recovered."""
    found = hidden(Group.printed(50, "1.00"), [Group.printed(39, "1.10")])
    assert found.sd is None and (50 - 39 * 1.1) / 11 in found.mean


def test_check_pooled_finds_the_slip():
    """Printed truth pools; a changed mean is seen, and an SD that is missing cannot be told."""
    samples = _samples(np.random.default_rng(7))
    whole, parts = _print(np.concatenate(samples)), [_print(sample) for sample in samples]
    assert all(outcome.holds for outcome in check_pooled(whole, parts).values())
    wrong = Group(11, parts[2].mean + 0.5, parts[2].sd)
    assert check_pooled(whole, [*parts[:2], wrong])["mean"].holds is False
    assert check_pooled(Group(50, whole.mean), parts)["sd"].holds is None
    with pytest.raises(ValueError, match="the parts have 39 members and the whole 50"):
        check_pooled(whole, parts[:2])


def test_is_total():
    """The union's own row is recognised, another group's row is not."""
    rng = np.random.default_rng(8)
    first, second = rng.normal(1, 0.2, 20), rng.normal(2, 0.3, 50)
    total = np.concatenate([first, second])
    groups = [_print(first), _print(second)]
    assert is_total(_print(total), groups).holds
    assert is_total(_print(second), groups).holds is False
    assert is_total(Group.printed(11, to_print(total.mean(), 2)), groups).holds is None


def test_spread_between_limits():
    """The SD of fractions has a ceiling: half ones and half zeros reach it, nothing exceeds it."""
    assert check_spread(Group.printed(4, "0.50", "0.577"), 0, 1).holds
    assert check_spread(Group.printed(4, "0.50", "0.585"), 0, 1).holds is False
    assert check_spread(Group.printed(4, "1.20", "0.10"), 0, 1).holds is False
    assert check_spread(Group.printed(4, "0.50"), 0, 1).holds is None


def test_cantelli_is_never_beaten_and_reached():
    """No sample has more members beyond a cut-off than the bound; two values reach it exactly."""
    rng = np.random.default_rng(9)
    for _ in range(300):
        sample = rng.choice(
            [rng.normal(0, 1, 20), rng.exponential(1, 20), rng.binomial(1, 0.1, 20) + 0.0]
        )
        group, cutoff = (
            Group(
                20,
                *(Interval(x, x).widen(1e-9, 1e-12) for x in (sample.mean(), sample.std(ddof=1))),
            ),
            rng.normal(0.5, 1),
        )
        assert np.mean(sample >= cutoff) <= share_beyond(group, cutoff).high
        assert check_cutoff(group, cutoff, int(np.sum(sample >= cutoff))).holds
        assert check_cutoff(group, cutoff, int(np.sum(sample <= cutoff)), above=False).holds
    two = np.repeat([0.0, 1.0], [15, 5])
    exact = Group(20, Interval(two.mean(), two.mean()), Interval(two.std(ddof=1), two.std(ddof=1)))
    assert_allclose(share_beyond(exact, 1.0).high, 0.25, rtol=1e-12)


def test_group_refuses_nonsense():
    """A negative SD or a group of no members is refused."""
    with pytest.raises(ValueError, match="an SD is not negative; met '-0.3'"):
        Group.printed(5, "1.0", "-0.3")
    with pytest.raises(ValueError, match="at least 1; met 0"):
        Group.printed(0, "1.0")
