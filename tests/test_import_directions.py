"""Mean over the gradient directions of one b-value."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from ivim.imaging.directions import mean_over_directions


@pytest.fixture
def tensor():
    """Signals of a diffusion tensor along three axes at b = 0 and 800 s/mm², and trace(D)."""
    diffusivities = np.array([0.4e-3, 1.1e-3, 2.4e-3])
    b = np.array([0, 800, 800, 800])
    return 500 * np.exp(-b * np.r_[0, diffusivities]), b, diffusivities.sum()


def test_geometric_mean_is_the_trace_weighted_signal(tensor):
    """exp(-b trace(D) / 3), exactly, for any tensor whose axes are measured."""
    data, b, trace = tensor
    mean, b_mean, averages = mean_over_directions(data, b, "geometric")
    assert_allclose(mean, 500 * np.exp(-np.array([0, 800]) * trace / 3), rtol=1e-12)
    assert b_mean.tolist() == [0, 800]
    assert averages.tolist() == [1, 3]


def test_arithmetic_mean_is_weighted_by_the_averages():
    """A volume of three averages counts as three volumes."""
    mean, _, averages = mean_over_directions([8.0, 2.0], [700, 700], "arithmetic", averages=[1, 3])
    assert_allclose(mean, [(8 + 3 * 2) / 4], rtol=1e-12)
    assert averages.tolist() == [4]


def test_geometric_mean_is_below_the_arithmetic(tensor):
    """The two differ where directions differ, so which was taken has to be named."""
    data, b, _ = tensor
    geometric = mean_over_directions(data, b, "geometric")[0]
    arithmetic = mean_over_directions(data, b, "arithmetic")[0]
    assert geometric[1] < 0.95 * arithmetic[1]


def test_volumes_keep_their_shape_and_come_in_rising_b():
    """Any leading shape; a zero among the samples gives a zero and no warning."""
    data = np.ones((2, 3, 4))
    data[0, 0, 1] = 0
    mean, b, _ = mean_over_directions(data, [800, 0.4, 0, 800], "geometric")
    assert mean.shape == (2, 3, 2)
    assert_allclose(b, [0.2, 800])
    assert mean[0, 0].tolist() == [0, 1]


@pytest.mark.parametrize(
    ("data", "b", "kind", "averages", "said"),
    [
        ([1.0], [0], "harmonic", None, "'harmonic'; accepted are geometric and arithmetic"),
        ([1.0, 2.0], [0], "geometric", None, "one of each per volume"),
        ([1.0], [0], "geometric", [1, 2], "one of each per volume"),
        ([-1.0], [0], "geometric", None, "signal of -1"),
    ],
)
def test_what_has_no_mean_is_refused(data, b, kind, averages, said):
    """The line says what is accepted."""
    with pytest.raises(ValueError, match=said):
        mean_over_directions(data, b, kind, averages)
