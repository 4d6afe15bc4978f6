"""Statistics at their edges: one resample or two, many wrong values."""

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

from ivim.stats.agreement import icc
from ivim.stats.checks import binary
from ivim.stats.groups import compare_groups
from ivim.stats.logistic import model_data
from ivim.stats.resamples import batches, coefficients, gaps
from ivim.stats.validation import optimism


@pytest.mark.parametrize(
    ("values", "told"),
    [([2, 3, 4, 5], "2, 3, 4, 5;"), ([2, 3, 4, 5, 6], "2, 3, 4, 5, ...;")],
)
def test_four_wrong_values_are_shown(values, told):
    """Of more than four the rest is dots."""
    with pytest.raises(ValueError, match="an outcome is 0") as refused:
        binary(values, "y")
    assert told in str(refused.value)


@pytest.fixture(scope="module")
def study():
    """Forty patients, a marker that tells a little."""
    rng = np.random.default_rng(2)
    y = np.repeat([0, 1], 20)
    return pd.DataFrame({"y": y, "x": rng.normal(size=40) + y})


def _gaps(study, count):
    """What each resample loses on the sample itself, one row per resample."""
    _, x, y = model_data(study, "y", ["x"])
    (drawn,) = batches(y, 2, count, 4)
    return gaps(x, y, drawn, coefficients(x, y, drawn, None)[0])


def test_the_error_of_the_optimism_is_that_of_a_mean(study):
    """Of two resamples: half their difference."""
    one, two = _gaps(study, 2)
    found = optimism(study, "y", ["x"], resamples=2, seed=4).attrs["error"]
    assert_allclose(list(found.values()), np.abs(one - two) / 2, atol=1e-12)


def test_the_error_of_a_single_resample_is_nought(study):
    """One number has no spread; it is not called unknown either."""
    found = optimism(study, "y", ["x"], resamples=1, seed=4)
    assert list(found.attrs["error"].values()) == [0.0] * len(found)


def test_the_error_of_four_resamples_has_three_degrees_of_freedom(study):
    """Standard deviation with n - 1 over the root of n."""
    found = optimism(study, "y", ["x"], resamples=4, seed=4).attrs["error"]
    expected = _gaps(study, 4).std(axis=0, ddof=1) / 2
    assert_allclose(list(found.values()), expected, atol=1e-12)


def test_degrees_of_freedom_are_those_of_two_groups(study):
    """Student's t and Levene's F have n1 + n2 - 2."""
    found = compare_groups(study, values="x", group="y").set_index("test")["df"]
    assert found["Levene"] == found["Student"] == 38


def test_readers_who_agree_in_all_have_limits_of_one():
    """Without any residual every form is 1, from 1 to 1."""
    frame = pd.DataFrame({"patient": [*range(5)] * 2, "reader": ["a"] * 5 + ["b"] * 5})
    found = icc(frame.assign(x=[*range(5)] * 2), targets="patient", raters="reader", values="x")
    assert_allclose(found[["icc", "ci_low", "ci_high"]].to_numpy(float), 1.0, rtol=1e-12)
