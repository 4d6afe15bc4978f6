"""Defaults that a person relies on without naming them."""

from ivim.signal.design import evaluate


def test_a_protocol_is_assessed_at_a_ratio_of_twenty():
    """Without a signal-to-noise ratio it is 20."""
    b = [0, 50, 200, 800, 1000, 1200]
    assert evaluate(b).score == evaluate(b, snr=20.0).score != evaluate(b, snr=21.0).score
