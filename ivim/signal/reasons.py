"""Why a signal could not be fitted, or what its fit has to be read with: one vocabulary for ROI fits and maps."""

from enum import IntEnum

import numpy as np

# Largest values of unsigned and signed integers in which scanners and converters store images (12, 15 and 16 bit).
STORAGE_CEILINGS = (4095.0, 32767.0, 65535.0)


class Reason(IntEnum):
    """Reason codes of fits; as a map they are small whole numbers. Codes below 10 other than 0 mean that there is no value."""

    OK = 0
    OUTSIDE = 1  # outside the mask
    NOT_FINITE = 2  # a sample is NaN or infinite
    NOT_POSITIVE = 3  # a sample is zero or negative, which no magnitude of tissue is
    SATURATED = 4  # the curve is cut off at the top
    NOT_CONVERGED = 5  # the optimiser stopped without an answer
    AT_BOUND = 10  # a parameter lies on a bound; its value stands, its standard error is NaN
    UNIDENTIFIABLE = 11  # a parameter has no influence at the optimum (D* where f = 0); its standard error is NaN

    @property
    def usable(self):
        """True where the values of the fit stand."""
        return self is Reason.OK or self >= Reason.AT_BOUND

    @property
    def text(self):
        """The reason in words."""
        return _TEXTS[self]


_TEXTS = {
    Reason.OK: "fitted",
    Reason.OUTSIDE: "outside the mask",
    Reason.NOT_FINITE: "a sample is NaN or infinite",
    Reason.NOT_POSITIVE: "a sample is zero or negative",
    Reason.SATURATED: "the signal is cut off at the top",
    Reason.NOT_CONVERGED: "the fit did not converge",
    Reason.AT_BOUND: "a parameter lies on its bound",
    Reason.UNIDENTIFIABLE: "a parameter has no influence on the signal at the optimum",
}


def screen(signals, b, saturation=None):
    """Reason codes of signals before any fit.

    A signal counts as saturated when a sample reaches `saturation`, equals a storage ceiling (4095, 32767, 65535), or
    when its largest value stands at three or more different b-values: two may tie by chance in whole numbers, three do not.

    Parameters
    ----------
    signals : array, shape (..., n)
        Magnitudes, last axis b.
    b : array, shape (n,), s/mm²
    saturation : float, optional
        The largest value that the scanner or file format can store.

    Returns
    -------
    array of uint8, shape (...)
        ``Reason.OK`` where the signal can be fitted.
    """
    signals = np.asarray(signals, float)
    codes = np.zeros(signals.shape[:-1], np.uint8)
    with np.errstate(invalid="ignore"):
        peak = signals.max(axis=-1, keepdims=True)
        at_peak = signals == peak
        tied = sum((at_peak[..., b == value].any(axis=-1)).astype(np.uint8) for value in np.unique(b))
        full = np.isin(peak[..., 0], STORAGE_CEILINGS) if saturation is None else peak[..., 0] >= saturation
        codes[(tied >= 3) | full] = Reason.SATURATED
        codes[(signals <= 0).any(axis=-1)] = Reason.NOT_POSITIVE
    codes[~np.isfinite(signals).all(axis=-1)] = Reason.NOT_FINITE
    return codes
