"""Why a signal has no fit: one small vocabulary of codes for single fits and maps alike.

A code of 0 is a good fit. A signal that cannot be fitted gets NaN and the code of the first reason
met, never an exception and never a silent wrong number. ``AT_BOUND`` and ``UNIDENTIFIABLE`` are
remarks: the values are the best ones within the bounds, but one of them is held by its bound, or
does not matter (D* where f is 0), so it has no standard error.
"""

import numpy as np

OK = 0
OUTSIDE_MASK = 1
NOT_FINITE = 2
NOT_POSITIVE = 3
SATURATED = 4
NOT_CONVERGED = 5
AT_BOUND = 6
UNIDENTIFIABLE = 7

REASONS = {
    OK: "ok",
    OUTSIDE_MASK: "outside the mask",
    NOT_FINITE: "NaN or infinite signal",
    NOT_POSITIVE: "zero or negative signal",
    SATURATED: "saturated signal",
    NOT_CONVERGED: "no convergence",
    AT_BOUND: "a parameter lies at its bound",
    UNIDENTIFIABLE: "a parameter has no influence on the signal",
}
"""Code to words; the words stand in the JSON sidecar of a reason map."""

PLATEAU = 3
"""A largest value met at this many different b-values is a ceiling, not a decay: no noisy decay
repeats its maximum so often."""


def usable(reason):
    """True where the reason code leaves the values standing (a good fit, or one with a remark about
    a parameter)."""
    return np.isin(reason, (OK, AT_BOUND, UNIDENTIFIABLE))


def check_signals(signals, b, saturation=None):
    """Reason code of each signal before any fit.

    Parameters
    ----------
    signals : array, shape (..., n)
    b : array, shape (n,), s/mm²
        Any order, repeats allowed.
    saturation : float, optional
        Largest value the scanner can store; a signal that reaches it anywhere is saturated. Without
        it, a signal whose largest value is met at ``PLATEAU`` or more different b-values is taken
        as saturated.

    Returns
    -------
    array of uint8, shape (...)
        ``OK``, ``NOT_FINITE``, ``NOT_POSITIVE`` or ``SATURATED``.
    """
    signals = np.asarray(signals)
    with np.errstate(invalid="ignore"):
        finite = np.isfinite(signals).all(axis=-1)
        positive = (signals > 0).all(axis=-1)
        top = signals.max(axis=-1, keepdims=True)
        saturated = (
            _plateau(signals == top, b) if saturation is None else (top >= saturation)[..., 0]
        )
    return np.select(
        [~finite, ~positive, saturated], [NOT_FINITE, NOT_POSITIVE, SATURATED], OK
    ).astype(np.uint8)


def _plateau(at_top, b):
    """True where the largest value stands at ``PLATEAU`` or more different b-values; ``at_top`` has
    shape (..., n)."""
    levels, level = np.unique(b, return_inverse=True)
    counts = sum(at_top[..., level == k].any(axis=-1).astype(int) for k in range(len(levels)))
    return counts >= PLATEAU
