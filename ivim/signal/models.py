"""Signal models of diffusion-weighted MRI: pure functions with Jacobians, guesses, their bounds.

Units are s/mm² for b and mm²/s for diffusivities; f, alpha and kurtosis are plain numbers.

Bounds of every fit, each physical; :mod:`ivim.parameters` has the sources in full:

===========  ==============  ==================================================================
parameter    bounds          why
===========  ==============  ==================================================================
s0           0 to 2          times the largest signal; more is a runaway
adc_stand    0 to 1e-2       holds perfusion too (Le Bihan 1988), so it may exceed free water
adc_slow     0 to 5e-3       free water at 37 °C is 3.0e-3 (Holz et al. 2000); OSIPI TF2.4
adc_fast     5e-3 to 0.2     starts where adc_slow ends, so that the two never swap; OSIPI TF2.4
f            0 to 1          a fraction
ddc          0 to 1e-2       may exceed free water when alpha is low (Bennett et al. 2003)
alpha        0.05 to 1       1 is mono-exponential; below .05 the curve is flat beyond the first b
diffusivity  0 to 5e-3       as adc_slow
kurtosis     0 to 3          Jensen and Helpern 2010 (tissue .5 to 1.5)
===========  ==============  ==================================================================
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ivim import parameters
from ivim.signal.bounds import check_bounds, check_fixed
from ivim.signal.model import FREE_WATER, SignalModel, s0_scale

__all__ = [
    "FREE_WATER", "MODELS", "SEGMENTED_THRESHOLD", "STUDY_MODELS", "Biexponential", "Kurtosis",
    "Monoexponential", "SignalModel", "Stretched", "aicc", "check_bounds", "check_fixed",
    "get_model", "log_line", "s0_scale",
]  # fmt: skip

Floats = NDArray[np.float64]
Value = float | Floats

SEGMENTED_THRESHOLD = 200.0
"""b-value in s/mm² from which the perfusion signal is taken as gone in a segmented fit (Le Bihan
2019, Magn Reson Med 82:1198)."""


class Monoexponential(SignalModel):
    r"""One compartment, Gaussian diffusion.

    .. math:: S_b = S_0 \exp(-b\,\mathrm{ADC})

    The article's Methods print this equation, but describe :math:`S_b` as the signal "in the
    absence of a diffusion gradient"; that is :math:`S_0`.
    """

    name = "monoexponential"
    kind = 0
    methods = ("two-point", "full", "log-linear")
    parameters = ("s0", "adc_stand")
    grid = {"adc_stand": tuple(np.geomspace(2e-5, 1e-2, 24))}

    @staticmethod
    def function(b: Value, s0: Value, adc_stand: Value) -> Floats:
        """Signal at b.

        Parameters
        ----------
        b : array, s/mm²
        s0 : float or array
            In the units of the signal.
        adc_stand : float or array, mm²/s

        Returns
        -------
        array
            b broadcast against the values.
        """
        return s0 * np.exp(-b * adc_stand)

    @staticmethod
    def jacobian(  # type: ignore[override]  # its values by name, as those of the function
        b: Value, s0: Value, adc_stand: Value
    ) -> Floats:
        """Columns s0, adc_stand.

        Parameters
        ----------
        b : array, s/mm²
        s0 : float or array
            In the units of the signal.
        adc_stand : float or array, mm²/s

        Returns
        -------
        array
            b broadcast against the values; last axis s0, adc_stand.
        """
        decay = np.exp(-b * adc_stand)
        return np.stack([decay, -b * s0 * decay], axis=-1)

    def guess(self, signal: Floats, b: Floats) -> dict[str, float]:
        """Straight line through the logarithm.

        Parameters
        ----------
        signal : array, shape (n,)
        b : array, shape (n,), s/mm²

        Returns
        -------
        dict of str to float
            Values by name, diffusivities in mm²/s.
        """
        s0, adc = log_line(signal, b)
        return {"s0": s0, "adc_stand": float(np.clip(adc, *parameters.bounds_of("adc_stand")))}


class Biexponential(SignalModel):
    r"""Intravoxel incoherent motion: slow diffusion in tissue and fast pseudo-diffusion in
    capillaries (Le Bihan 1988).

    .. math:: S_b = S_0 \left[(1-f)\exp(-b\,\mathrm{ADC_{slow}}) +
    f\exp(-b\,\mathrm{ADC_{fast}})\right]

    The article's Methods print :math:`S_0[(1-f)\exp(-b\,\mathrm{ADC_{slow}}) +
    \exp(b\,\mathrm{ADC_{fast}})]`: the f before the second term and its minus sign are lost. As
    printed, the signal is :math:`S_0(2-f)` at b = 0 and grows without limit.
    """

    name = "biexponential"
    kind = 1
    methods = ("full", "segmented")
    parameters = ("s0", "adc_slow", "adc_fast", "f")
    grid = {
        "adc_slow": tuple(np.geomspace(1e-4, 5e-3, 28)),
        "adc_fast": tuple(np.geomspace(5e-3, 0.2, 16)),
        "f": (0.004, 0.008, 0.02, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.97),
    }
    basins = "adc_fast"

    @staticmethod
    def function(b: Value, s0: Value, adc_slow: Value, adc_fast: Value, f: Value) -> Floats:
        """Signal at b.

        Parameters
        ----------
        b : array, s/mm²
        s0 : float or array
            In the units of the signal.
        adc_slow, adc_fast : float or array, mm²/s
        f : float or array

        Returns
        -------
        array
            b broadcast against the values.
        """
        return s0 * ((1 - f) * np.exp(-b * adc_slow) + f * np.exp(-b * adc_fast))

    @staticmethod
    def jacobian(  # type: ignore[override]  # its values by name, as those of the function
        b: Value, s0: Value, adc_slow: Value, adc_fast: Value, f: Value
    ) -> Floats:
        """Columns s0, adc_slow, adc_fast, f.

        Parameters
        ----------
        b : array, s/mm²
        s0 : float or array
            In the units of the signal.
        adc_slow, adc_fast : float or array, mm²/s
        f : float or array

        Returns
        -------
        array
            b broadcast against the values; last axis s0, adc_slow, adc_fast, f.
        """
        slow, fast = np.exp(-b * adc_slow), np.exp(-b * adc_fast)
        return np.stack(
            [
                (1 - f) * slow + f * fast,
                -b * s0 * (1 - f) * slow,
                -b * s0 * f * fast,
                s0 * (fast - slow),
            ],
            axis=-1,
        )

    def guess(self, signal: Floats, b: Floats) -> dict[str, float]:
        """Straight line through the logarithm from 200 s/mm² on; what is above it at the lowest b
        is the fast part.

        Parameters
        ----------
        signal : array, shape (n,)
        b : array, shape (n,), s/mm²

        Returns
        -------
        dict of str to float
            Values by name, diffusivities in mm²/s.
        """
        tail = b >= SEGMENTED_THRESHOLD
        tail = tail if np.unique(b[tail]).size >= 2 else b >= np.median(b)
        tissue, adc = (
            log_line(signal[tail], b[tail]) if np.unique(b[tail]).size >= 2 else log_line(signal, b)
        )
        s0 = max(float(np.mean(signal[b == b.min()])), 1e-9 * float(np.max(signal)))
        return {
            "s0": s0,
            "adc_slow": float(np.clip(adc, *parameters.bounds_of("adc_slow"))),
            "adc_fast": 0.02,
            "f": float(np.clip(1 - tissue / s0, 0.02, 0.9)),
        }


class Stretched(SignalModel):
    r"""Stretched exponential: a continuous distribution of diffusion coefficients (Bennett et al.
    2003).

    .. math:: S_b = S_0 \exp\left(-(b\,\mathrm{DDC})^{\alpha}\right)

    The article's Methods print :math:`S_0\exp(-b\,\mathrm{DDC}\alpha)`: with alpha outside the
    power the equation is mono-exponential in the product of DDC and alpha, and the two cannot be
    told apart.
    """

    name = "stretched"
    kind = 2
    parameters = ("s0", "ddc", "alpha")
    grid = {
        "ddc": tuple(np.geomspace(2e-5, 1e-2, 24)),
        "alpha": (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.98),
    }

    @staticmethod
    def function(b: Value, s0: Value, ddc: Value, alpha: Value) -> Floats:
        """Signal at b.

        Parameters
        ----------
        b : array, s/mm²
        s0 : float or array
            In the units of the signal.
        ddc : float or array, mm²/s
        alpha : float or array

        Returns
        -------
        array
            b broadcast against the values.
        """
        return s0 * np.exp(-((b * ddc) ** alpha))

    @staticmethod
    def jacobian(  # type: ignore[override]  # its values by name, as those of the function
        b: Value, s0: Value, ddc: Value, alpha: Value
    ) -> Floats:
        """Columns s0, ddc, alpha; at b = 0 only s0 counts.

        Parameters
        ----------
        b : array, s/mm²
        s0 : float or array
            In the units of the signal.
        ddc : float or array, mm²/s
        alpha : float or array

        Returns
        -------
        array
            b broadcast against the values; last axis s0, ddc, alpha.
        """
        x = np.asarray(b * ddc, float)
        safe = np.where(x > 0, x, 1.0)
        power = np.where(x > 0, safe**alpha, 0.0)
        decay = np.exp(-power)
        by_ddc = np.where(x > 0, -s0 * decay * alpha * power * (b / safe), 0.0)
        return np.stack([decay, by_ddc, -s0 * decay * power * np.log(safe)], axis=-1)

    def guess(self, signal: Floats, b: Floats) -> dict[str, float]:
        """The mono-exponential's coefficient and the alpha usual in tissue.

        Parameters
        ----------
        signal : array, shape (n,)
        b : array, shape (n,), s/mm²

        Returns
        -------
        dict of str to float
            Values by name, diffusivities in mm²/s.
        """
        s0, adc = log_line(signal, b)
        return {"s0": s0, "ddc": float(np.clip(adc, 1e-5, 5e-3)), "alpha": 0.8}


class Kurtosis(SignalModel):
    r"""Diffusion with kurtosis (Jensen and Helpern 2010): how far the curve bends from a straight
    line in the logarithm.

    .. math:: S_b = S_0 \exp\left(-bD + b^2 D^2 K / 6\right)

    Not in the article. The expansion holds for b below :math:`3/(DK)`, where the curve turns
    upwards.
    """

    name = "kurtosis"
    kind = 3
    parameters = ("s0", "diffusivity", "kurtosis")
    grid = {
        "diffusivity": tuple(np.geomspace(2e-5, 5e-3, 24)),
        "kurtosis": tuple(np.linspace(0.02, 2.98, 12)),
    }

    @staticmethod
    def function(b: Value, s0: Value, diffusivity: Value, kurtosis: Value) -> Floats:
        """Signal at b.

        Parameters
        ----------
        b : array, s/mm²
        s0 : float or array
            In the units of the signal.
        diffusivity : float or array, mm²/s
        kurtosis : float or array

        Returns
        -------
        array
            b broadcast against the values.
        """
        x = b * diffusivity
        return s0 * np.exp(-x + x**2 * kurtosis / 6)

    @staticmethod
    def jacobian(  # type: ignore[override]  # its values by name, as those of the function
        b: Value, s0: Value, diffusivity: Value, kurtosis: Value
    ) -> Floats:
        """Columns s0, diffusivity, kurtosis.

        Parameters
        ----------
        b : array, s/mm²
        s0 : float or array
            In the units of the signal.
        diffusivity : float or array, mm²/s
        kurtosis : float or array

        Returns
        -------
        array
            b broadcast against the values; last axis s0, diffusivity, kurtosis.
        """
        x = b * diffusivity
        decay = np.exp(-x + x**2 * kurtosis / 6)
        return np.stack(
            [decay, s0 * decay * b * (x * kurtosis / 3 - 1), s0 * decay * x**2 / 6], axis=-1
        )

    def guess(self, signal: Floats, b: Floats) -> dict[str, float]:
        """The mono-exponential's coefficient and a kurtosis usual in tissue.

        Parameters
        ----------
        signal : array, shape (n,)
        b : array, shape (n,), s/mm²

        Returns
        -------
        dict of str to float
            Values by name, diffusivities in mm²/s.
        """
        s0, adc = log_line(signal, b)
        return {"s0": s0, "diffusivity": float(np.clip(adc, 1e-5, 4e-3)), "kurtosis": 0.5}


MODELS: dict[str, SignalModel] = {
    model.name: model for model in (Monoexponential(), Biexponential(), Stretched(), Kurtosis())
}
"""The models by name."""

STUDY_MODELS = ("monoexponential", "biexponential", "stretched")
"""The three whose parameters a study measures; together they give the six of
:data:`ivim.parameters.SIX`."""


def get_model(model: str | SignalModel) -> SignalModel:
    """The model of a name; a :class:`SignalModel` of your own passes through.

    Parameters
    ----------
    model : str or SignalModel

    Returns
    -------
    SignalModel

    Raises
    ------
    ValueError
        For a name that no model has.
    """
    if isinstance(model, SignalModel):
        return model
    if model not in MODELS:
        msg = (
            f"unknown model {model!r}; known are {', '.join(MODELS)}, or pass a SignalModel of "
            "your own"
        )
        raise ValueError(msg)
    return MODELS[model]


def log_line(signal: Floats, b: Floats, weights: Floats | None = None) -> tuple[float, float]:
    """Weighted straight line through ln S against b.

    Parameters
    ----------
    signal : array, shape (n,)
    b : array, shape (n,), s/mm²
    weights : array, shape (n,), optional
        1 for every b by default.

    Returns
    -------
    s0 : float
    diffusivity : float
        mm²/s.
    """
    logs = np.log(np.maximum(signal, 1e-300))
    weights = np.ones_like(logs) if weights is None else weights
    centre = np.average(b, weights=weights)
    slope = np.sum(weights * (b - centre) * logs) / np.sum(weights * (b - centre) ** 2)
    return float(np.exp(np.average(logs, weights=weights) - slope * centre)), float(-slope)


def aicc(sse: ArrayLike, n: int, k: int) -> Floats:
    """Akaike's information criterion for a least-squares fit with the small-sample correction.

    ``n ln(sse/n) + 2K + 2K(K+1)/(n-K-1)`` with K = k + 1, the noise variance being estimated too
    (Burnham and Anderson 2002, Model Selection and Multimodel Inference, section 2.2 to 2.4).

    Parameters
    ----------
    sse : float or array
        Sum of squares, weighted with weights of mean 1 where the samples have weights.
    n, k : int
        Number of samples and of the model's parameters, s0 among them.

    Returns
    -------
    float or array
        NaN where n <= k + 2, for then the correction has no meaning.
    """
    count = k + 1
    if n - count - 1 <= 0:
        return np.full_like(np.asarray(sse, float), np.nan)[()]
    with np.errstate(divide="ignore"):
        return (
            n * np.log(np.asarray(sse, float) / n)[()]
            + 2 * count
            + 2 * count * (count + 1) / (n - count - 1)
        )
