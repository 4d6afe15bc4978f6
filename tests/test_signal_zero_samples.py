"""Samples of zero or below in fits through the logarithm: left out, in maps as in single fits."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from ivim.signal.fit import fit
from ivim.signal.maps import fit_maps

B = np.array([0.0, 100, 400, 800, 1200])


@pytest.mark.parametrize("sample", [0.0, -0.5, -30.0])
def test_a_sample_without_logarithm_is_left_out(sample):
    """The line through the others: the coefficient of a noise-free signal comes back."""
    signal = 100 * np.exp(-B * 1.1e-3)
    signal[3] = sample
    maps = fit_maps(signal[None], B, "monoexponential", method="log-linear")
    one = fit(signal, B, "monoexponential", method="log-linear")
    assert_allclose([maps["adc_stand"][0], one.values["adc_stand"]], 1.1e-3, rtol=1e-9)
