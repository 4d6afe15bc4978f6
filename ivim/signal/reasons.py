"""Why a signal has no fit: one small vocabulary of codes for single fits and maps alike.

A code of 0 is a good fit. A signal that cannot be fitted gets NaN and the code of the first reason
met, never an exception and never a silent wrong number. The others are remarks: the values are the
best ones within the bounds, but one of them is held by its bound (``AT_BOUND``), or does not matter
(``UNIDENTIFIABLE``: D* where f is 0) and so has no standard error; or another set of values fits as
well (``TIED``), or a sample was zero or negative (``SOME_NOT_POSITIVE``). Of several remarks the
one is given that says most about the values: in the order UNIDENTIFIABLE, TIED, AT_BOUND,
SOME_NOT_POSITIVE.
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
SOME_NOT_POSITIVE = 8
TIED = 9

REASONS = {
    OK: "ok",
    OUTSIDE_MASK: "outside the mask",
    NOT_FINITE: "NaN or infinite signal",
    NOT_POSITIVE: "no signal above zero",
    SATURATED: "saturated signal",
    NOT_CONVERGED: "no convergence",
    AT_BOUND: "a parameter lies at its bound",
    UNIDENTIFIABLE: "a parameter has no influence on the signal",
    SOME_NOT_POSITIVE: "a sample is zero or negative",
    TIED: "two sets of values fit equally well",
}
"""Code to words; the words stand in the JSON sidecar of a reason map."""

REMARKS = (AT_BOUND, UNIDENTIFIABLE, SOME_NOT_POSITIVE, TIED)
"""Codes that leave the values standing."""

NEAR = 1e-3
"""Of the width of the bounds: closer to a bound than this, the bound itself is tried."""

TIE = 1e-4
"""Of the least squares: minima closer than this are told apart by rounding and noise only."""

APART = 1e-2
"""Of the width of the bounds: minima whose values are closer than this are one."""

PLATEAU = 3
"""A largest value met at this many different b-values is a ceiling, not a decay, when no sample of
the whole volume is above it: no noisy decay repeats the volume's maximum so often."""


def usable(reason):
    """True where the reason code leaves the values standing (a good fit, or one with a remark)."""
    good = np.equal(reason, OK)
    for remark in REMARKS:  # np.isin would widen a volume of codes to eight bytes each
        good = good | np.equal(reason, remark)
    return good


def count(reason):
    """How many voxels have each reason, in words.

    Parameters
    ----------
    reason : array of uint8
        A map of reasons.

    Returns
    -------
    dict of str to int
        The most frequent first; voxels outside the mask are left out.
    """
    codes, numbers = np.unique(np.asarray(reason), return_counts=True)
    pairs = sorted(zip(numbers.tolist(), codes.tolist(), strict=True), reverse=True)
    return {REASONS[code]: number for number, code in pairs if code != OUTSIDE_MASK}


def check_signals(signals, b, saturation=None, top=None):
    """Reason code of each signal before any fit.

    Parameters
    ----------
    signals : array, shape (..., n)
    b : array, shape (n,), s/mm²
        Any order, repeats allowed.
    saturation : float, optional
        Largest value the scanner can store; a signal that reaches it anywhere is saturated. Without
        it, a signal whose largest value is met at ``PLATEAU`` or more different b-values is taken
        as saturated where that value is the largest of the volume.
    top : float, optional
        Largest value of the volume that the signals are part of; by default each signal is a volume
        of its own.

    Returns
    -------
    array of uint8, shape (...)
        ``OK``, ``NOT_FINITE``, ``NOT_POSITIVE`` (no sample is above zero) or ``SATURATED``.
    """
    signals = np.asarray(signals)
    with np.errstate(invalid="ignore"):
        finite = np.isfinite(signals).all(axis=-1)
        peak = signals.max(axis=-1, keepdims=True)
        if saturation is not None:
            saturated = (peak >= saturation)[..., 0]
        else:
            saturated = has_plateau(signals, b)
            saturated &= True if top is None else (peak >= top)[..., 0]
        nothing = (peak <= 0)[..., 0]
    return np.select(
        [~finite, nothing, saturated], [NOT_FINITE, NOT_POSITIVE, SATURATED], OK
    ).astype(np.uint8)


def enough_positive(signals, b, method, use):
    """True where a method that needs logarithms has samples above zero to draw its line through.

    Parameters
    ----------
    signals : array, shape (..., n)
    b : array, shape (n,), s/mm²
    method : str
        Methods of least squares need none.
    use : array of bool, shape (n,)
        Samples of a two-point fit.

    Returns
    -------
    array of bool, shape (...)
    """
    signals = np.asarray(signals)
    if method not in ("two-point", "log-linear"):
        return np.ones(signals.shape[:-1], bool)
    above = (signals > 0) & use
    levels, level = np.unique(b, return_inverse=True)
    met = sum(above[..., level == k].any(axis=-1).astype(int) for k in range(levels.size))
    return met >= 2


def has_plateau(signals, b):
    """True where a signal's largest value stands at ``PLATEAU`` or more different b-values.

    Parameters
    ----------
    signals : array, shape (..., n)
    b : array, shape (n,)

    Returns
    -------
    array of bool, shape (...)
    """
    at_top = signals == signals.max(axis=-1, keepdims=True)
    found = np.zeros(signals.shape[:-1], bool)
    # Few signals repeat their maximum at all; only those are looked at b by b.
    often = at_top.sum(axis=-1) >= PLATEAU
    if often.any():
        levels, level = np.unique(b, return_inverse=True)
        rows = at_top[often]
        met = sum(rows[..., level == k].any(axis=-1).astype(int) for k in range(levels.size))
        found[often] = met >= PLATEAU
    return found
