"""The experiments of the first notebook: equations, curves, one simulated lesion, and estimators
against the Cramér-Rao bound. Everything is simulated from stated values."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ivim import article, parameters
from ivim.files import rounded
from ivim.report.figures import axis_label, label
from ivim.report.palette import REFERENCE, lines, plain_ticks, styled
from ivim.report.picture import Picture
from ivim.signal.crlb import crlb
from ivim.signal.fit import fit, fit_roi
from ivim.signal.maps import fit_maps
from ivim.signal.models import MODELS
from ivim.signal.noise import simulate
from ivim.signal.result import Fit
from ivim.signal.shrinkage import shrink

B, AVERAGES = np.array(article.B_VALUES, float), np.array(article.AVERAGES)
Floats = NDArray[np.float64]

SIMULATED = "Simulated signals, no patient."

SWEEPS = (
    ("biexponential", "f", (0.05, 0.11, 0.25, 0.4)),
    ("biexponential", "adc_fast", (0.008, 0.02, 0.06)),
    ("biexponential", "adc_slow", (0.6e-3, 0.9e-3, 1.4e-3)),
    ("stretched", "ddc", (0.8e-3, 1.2e-3, 1.8e-3)),
    ("stretched", "alpha", (0.5, 0.75, 1.0)),
    ("kurtosis", "kurtosis", (0.0, 0.7, 1.4)),
)
"""Model, the parameter that is varied, and its values (mm²/s or fractions)."""

WAYS = {
    "equal weights": {},
    "weights": {"averages": AVERAGES},
    "weights, segmented": {"averages": AVERAGES, "method": "segmented"},
    "weights and noise floor": {"averages": AVERAGES, "sigma": True},
}
"""Four ways to fit the mean signal of a region, as options of :func:`ivim.fit_maps`."""


@dataclass(frozen=True)
class Lesion:
    """A simulated lesion under the article's protocol.

    Attributes
    ----------
    s0 : float
    adc_slow, adc_fast : float, mm²/s
    f : float
    snr : float
        `s0` over the noise of one excitation.
    """

    s0: float = 100.0
    adc_slow: float = 0.9e-3
    adc_fast: float = 0.020
    f: float = 0.11
    snr: float = 20.0

    @property
    def truth(self):
        """Values by parameter name; dict."""
        return {name: getattr(self, name) for name in ("s0", "adc_slow", "adc_fast", "f")}

    @property
    def sigma(self):
        """Noise level of one excitation."""
        return self.s0 / self.snr

    @property
    def curve(self):
        """Noise-free signal, shape (10,)."""
        return MODELS["biexponential"].function(B, **self.truth)

    def scan(self, voxels: int, rng: np.random.Generator) -> Floats:
        """Magnitudes of so many voxels, excitation by excitation.

        Parameters
        ----------
        voxels : int
        rng : Generator

        Returns
        -------
        array, shape (voxels, 10)
        """
        return simulate(np.tile(self.curve, (voxels, 1)), self.sigma, AVERAGES, rng)


def equations(lesion: Lesion) -> pd.DataFrame:
    """The equations at both ends of the protocol, as they are meant and as they are printed.

    Parameters
    ----------
    lesion : Lesion

    Returns
    -------
    DataFrame, index equation
        ``S/S0 at b = 0`` and ``S/S0 at b = 1500``.
    """
    at = np.array([0.0, 1500.0])
    slow, fast, f = lesion.adc_slow, lesion.adc_fast, lesion.f
    two, stretched = MODELS["biexponential"].function, MODELS["stretched"].function
    rows = {
        "bi-exponential, corrected": two(at, 1.0, slow, fast, f),
        "bi-exponential, as printed": (1 - f) * np.exp(-at * slow) + np.exp(at * fast),
    }
    for ddc, alpha in ((1.2, 0.75), (1.0, 0.90)):
        told = f"DDC {ddc:.1f}, alpha {alpha:.2f}"
        rows[f"stretched, corrected: {told}"] = stretched(at, 1.0, ddc / 1e3, alpha)
        rows[f"stretched, as printed: {told}"] = np.exp(-at * ddc / 1e3 * alpha)
    columns = ["S/S0 at b = 0", "S/S0 at b = 1500"]
    return pd.DataFrame.from_dict(rows, "index", columns=columns).rename_axis("equation")


def sweeps(lesion: Lesion) -> Picture:
    """What each parameter does to the curve.

    Parameters
    ----------
    lesion : Lesion
        What the other parameters are held at.

    Returns
    -------
    ivim.report.picture.Picture
    """
    plt, fine, plotted = _pyplot(), np.linspace(0, 1500, 301), []
    base = lesion.truth | {"s0": 1.0, "ddc": 1.2e-3, "alpha": 0.75, "diffusivity": 1.2e-3}
    base |= {"kurtosis": 0.7}
    with styled():
        figure, panels = plt.subplots(
            2, 3, figsize=(9.6, 5.8), sharex=True, sharey=True, layout="constrained"
        )
        for axes, (name, parameter, steps) in zip(panels.flat, SWEEPS, strict=True):
            for value, look in zip(steps, lines(len(steps)), strict=True):
                values = {key: base[key] for key in MODELS[name].parameters} | {parameter: value}
                signal = MODELS[name].function(fine, **values)
                shown = parameters.to_table({parameter: value})[parameter]
                axes.semilogy(fine, signal, **look, label=f"{shown:g}")
                rows = {"model": name, "parameter": parameter, "value": shown}
                rows |= {"b": fine[::10], "signal": signal[::10]}
                plotted.append(pd.DataFrame(rows))
            axes.set_title(f"{name}: {axis_label(parameter)}", fontsize=9)
            axes.legend(fontsize=8, loc="lower left")
            plain_ticks(axes.yaxis)
            axes.set_yticks([0.1, 0.2, 0.5, 1])
        figure.supylabel("S / S0")
        _label(figure, "b (s/mm²)")
    plt.close(figure)
    alt = (
        "Six panels of signal against b on a logarithmic scale, each with one parameter varied: f "
        "and ADC fast bend the first points, ADC slow sets the slope of the rest, DDC and alpha "
        "change the whole stretched curve, kurtosis bends its far end upwards. Simulated."
    )
    return Picture("signal_curves", figure, pd.concat(plotted), alt, "simulated")


def fits(roi: Floats, lesion: Lesion) -> dict[str, Fit]:
    """Every model fitted to the mean signal of a region.

    Parameters
    ----------
    roi : array, shape (voxels, 10)
    lesion : Lesion

    Returns
    -------
    dict of str to ivim.signal.result.Fit
        By model.
    """
    options = {"averages": AVERAGES, "sigma": lesion.sigma}
    return {name: fit_roi(roi, B, np.ones(len(roi)), name, **options) for name in MODELS}


def fit_picture(roi: Floats, found: Mapping[str, Fit]) -> Picture:
    """The mean signal with its fitted curves, and what is left of it.

    Parameters
    ----------
    roi : array, shape (voxels, 10)
    found : dict
        Of :func:`fits`.

    Returns
    -------
    ivim.report.picture.Picture
    """
    plt, fine, mean = _pyplot(), np.linspace(0, 1500, 301), roi.mean(axis=0)
    # What is drawn is what processors agree on: curves of values to six digits, and residuals to
    # more decimals than the eye sees.
    curves = {name: _curve(one, fine) for name, one in found.items()}
    residuals = {name: one.residuals.round(4) for name, one in found.items()}
    with styled():
        figure, (top, bottom) = plt.subplots(
            2, 1, figsize=(6.4, 5.8), sharex=True, height_ratios=(2.2, 1), layout="constrained"
        )
        top.semilogy(B, mean, "o", color="black", markersize=5, label="simulated", zorder=3)
        for name, look in zip(found, lines(len(found)), strict=True):
            top.semilogy(fine, curves[name], **look, label=name)
            bottom.plot(B, residuals[name], marker="o", markersize=4, linewidth=1, **look)
        top.legend()
        top.set_ylabel("signal")
        plain_ticks(top.yaxis)
        top.set_yticks([20, 50, 100])
        bottom.set_ylabel("simulated − fitted")
        _label(figure, "b (s/mm²)")
    plt.close(figure)
    largest = {name: np.abs(left).max() for name, left in residuals.items()}
    told = ", ".join(f"{name} {value:.1f}" for name, value in largest.items())
    alt = (
        "Above, the mean signal of a simulated lesion against b with four fitted curves; below, "
        f"simulated minus fitted. Largest difference: {told}."
    )
    columns = {f"residual_{name}": left for name, left in residuals.items()}
    data = pd.DataFrame({"b": B, "simulated": mean} | columns)
    return Picture("signal_fits", figure, data, alt, "simulated")


def _curve(one, b):
    values = {name: rounded(value) for name, value in one.values.items()}
    return replace(one, values=values).predict(b)


def estimators(lesion: Lesion, voxels: int, repeats: int, rng: np.random.Generator) -> pd.DataFrame:
    """Four ways to fit a region, held against the Cramér-Rao bound.

    Parameters
    ----------
    lesion : Lesion
    voxels : int
        In the region.
    repeats : int
        Simulated regions.
    rng : Generator

    Returns
    -------
    DataFrame
        ``estimator, parameter, error, bias``: root mean square error and mean error, as multiples
        of the bound.
    """
    means = np.array([lesion.scan(voxels, rng).mean(axis=0) for _ in range(repeats)])
    bound = crlb("biexponential", lesion.truth, B, AVERAGES, lesion.snr, voxels=voxels)
    rows = []
    for way, options in WAYS.items():
        given = options | ({"sigma": lesion.sigma} if options.get("sigma") else {})
        maps = fit_maps(means, B, **given)
        for name in MODELS["biexponential"].measured:
            error = maps[name] - lesion.truth[name]
            rms, bias = np.sqrt(np.mean(error**2)), error.mean()
            rows.append((way, name, rms / bound[name], bias / bound[name]))
    return pd.DataFrame(rows, columns=["estimator", "parameter", "error", "bias"])


def precision(lesion: Lesion, fractions: Sequence[float] = (0.11, 0.30)) -> Picture:
    """The least relative error in one voxel against the signal-to-noise ratio.

    Parameters
    ----------
    lesion : Lesion
    fractions : sequence of float
        Perfusion fractions, one panel each.

    Returns
    -------
    ivim.report.picture.Picture
        Its data: ``f, parameter, snr, percent``.
    """
    plt, ratios, plotted = _pyplot(), np.geomspace(10, 1000, 41), []
    names = MODELS["biexponential"].measured
    with styled():
        figure, panels = plt.subplots(
            1, len(fractions), figsize=(9.6, 4.0), sharey=True, layout="constrained"
        )
        for axes, fraction in zip(panels, fractions, strict=True):
            truth = lesion.truth | {"f": fraction}
            bounds = pd.DataFrame(
                [crlb("biexponential", truth, B, AVERAGES, ratio) for ratio in ratios]
            )
            for name, look in zip(names, lines(len(names)), strict=True):
                share = 100 * bounds[name] / truth[name]
                axes.loglog(ratios, share, **look, label=label(name))
                rows = {"parameter": name, "snr": ratios, "percent": share}
                plotted.append(pd.DataFrame({"f": fraction} | rows))
            axes.axhline(10, color=REFERENCE, linestyle=(0, (1, 3)))
            axes.set_title(f"f = {fraction:.2f}")
            plain_ticks(axes.xaxis)
            plain_ticks(axes.yaxis)
        panels[0].set_ylabel("least relative error (%)")
        panels[0].legend()
        _label(figure, "signal-to-noise ratio of one excitation")
    plt.close(figure)
    data = pd.concat(plotted, ignore_index=True)
    alt = (
        "Least relative error of ADC slow, ADC fast and f in one voxel against the "
        f"signal-to-noise ratio, for two perfusion fractions. At f = {fractions[0]:.2f} ADC fast "
        f"comes below ten per cent at a ratio of {needed(data, fractions[0], 'adc_fast'):.0f}, ADC "
        f"slow at {needed(data, fractions[0], 'adc_slow'):.0f}. Simulated."
    )
    return Picture("signal_precision", figure, data, alt, "simulated")


def needed(data: pd.DataFrame, fraction: float, name: str, percent: float = 10) -> float:
    """The ratio from which on the least relative error is below so many per cent.

    Parameters
    ----------
    data : DataFrame
        Of :func:`precision`.
    fraction : float
    name : str
        Parameter.
    percent : float

    Returns
    -------
    float
        Interpolated on the logarithms; the lowest ratio of the data where it is below already
        there.
    """
    rows = data[(data["f"] == fraction) & (data["parameter"] == name)]
    falling = np.log(rows["percent"].to_numpy()[::-1])
    return float(np.exp(np.interp(np.log(percent), falling, np.log(rows["snr"])[::-1])))


def limits(roi: Floats, found: Mapping[str, Fit], lesion: Lesion) -> pd.DataFrame:
    """Limits of ADC fast by profile likelihood, for one voxel and for its region.

    Parameters
    ----------
    roi : array, shape (voxels, 10)
    found : dict
        Of :func:`fits`.
    lesion : Lesion

    Returns
    -------
    DataFrame, index of the two
        ``true, value, ci_low, ci_high`` in 10⁻³ mm²/s.
    """
    one = fit(roi[0], B, averages=AVERAGES, sigma=lesion.sigma)
    parts = {"one voxel": one, f"mean of {len(roi)} voxels": found["biexponential"]}
    rows = {
        name: part.confidence(limits="profile").set_index("parameter").loc["adc_fast"]
        for name, part in parts.items()
    }
    table = pd.DataFrame(rows).T[["value", "ci_low", "ci_high"]].astype(float)
    table = table * parameters.PER_MM2_S
    table.insert(0, "true", lesion.adc_fast * parameters.PER_MM2_S)
    return table


def mean_or_maps(lesion: Lesion, voxels: int, rng: np.random.Generator, seed: int) -> pd.DataFrame:
    """A region of voxels that truly differ: mean of maps, fit of the mean, and shrinkage.

    Parameters
    ----------
    lesion : Lesion
        The region's middle; ADC slow varies by 15 %, ADC fast and the odds of f by 30 %.
    voxels : int
    rng : Generator
    seed : int
        Of the sampler behind :func:`ivim.shrink`.

    Returns
    -------
    DataFrame, index parameter
        In table units: means of truth and estimates, errors per voxel, and the slope of the shrunk
        values on the truth.
    """
    spread = np.exp(rng.standard_normal((3, voxels)) * [[0.15], [0.3], [0.3]])
    odds = lesion.f / (1 - lesion.f) * spread[2]
    truth = {
        "adc_slow": lesion.adc_slow * spread[0],
        "adc_fast": lesion.adc_fast * spread[1],
        "f": odds / (1 + odds),
    }
    given = {name: values[:, None] for name, values in truth.items()}
    curves = MODELS["biexponential"].function(B, lesion.s0, **given)
    tissue = simulate(curves, lesion.sigma, AVERAGES, rng)
    maps = fit_maps(tissue, B, averages=AVERAGES)
    whole = fit_roi(tissue, B, np.ones(voxels), averages=AVERAGES, sigma=lesion.sigma)
    shrunk = shrink(tissue, B, averages=AVERAGES, sweeps=1200, burn=600, seed=seed).values
    rows = {}
    for name, true in truth.items():
        unit = parameters.to_table({name: 1.0})[name]
        errors = [np.sqrt(np.mean((part[name] - true) ** 2)) for part in (maps, shrunk)]
        parts = [true.mean(), maps[name].mean(), whole.values[name], shrunk[name].mean(), *errors]
        rows[name] = [unit * part for part in parts] + [np.polyfit(true, shrunk[name], 1)[0]]
    columns = ["true mean", "mean of maps", "fit of mean", "mean of shrunk"]
    columns += ["error per voxel, maps", "error per voxel, shrunk", "slope, shrunk"]
    return pd.DataFrame.from_dict(rows, "index", columns=columns).rename_axis("parameter")


def _pyplot():
    import matplotlib.pyplot as plt

    return plt


def _label(figure, text):
    """The label of the x axis with the small print below it."""
    figure.supxlabel(f"{text}\n{SIMULATED}", fontsize=9)
