"""What a reader moves in the notebooks of signals and images: a lesion, its noise and its
protocol; a voxel and a region of a phantom."""

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from ivim import article, parameters
from ivim.imaging import measure
from ivim.report.figures import label
from ivim.report.palette import COLOURS, REFERENCE, lines, plain_ticks, styled
from ivim.report.widget import Choice, Explorer, Slider
from ivim.signal.crlb import rician_information
from ivim.signal.fit import fit
from ivim.signal.models import MODELS, STUDY_MODELS
from ivim.signal.noise import simulate

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from ivim.synthetic.cases import Measured
    from ivim.synthetic.phantom import Case

PROTOCOLS = {
    "article": (article.B_VALUES, article.AVERAGES),
    "equal averages": (article.B_VALUES, (3,) * len(article.B_VALUES)),
    "more low b": ((0, 10, 20, 40, 60, 80, 120, 200, 400, 800), (3,) * 10),
    "three b-values": ((0, 200, 800), (10, 10, 10)),
}
"""b in s/mm² and averages; each takes about as many excitations as the article's."""

CHI2_95 = 5.991
"""Of two degrees of freedom: an ellipse of this squared radius holds 95 of 100 estimates."""


def signal() -> Explorer:
    """Sliders for one voxel: noisy samples, three fits, and how far they can be trusted.

    Returns
    -------
    ivim.report.widget.Explorer
    """
    controls = [
        Slider("s0", "S0", 50.0, 200.0, 10.0),
        Slider("f", "f", 0.0, 0.5, 0.01),
        Slider("slow", "ADC slow, D (10⁻³ mm²/s)", 0.3, 2.5, 0.1),
        Slider("fast", "ADC fast, D* (10⁻³ mm²/s)", 5.0, 100.0, 1.0),
        Slider("snr", "SNR of one excitation", 5.0, 200.0, 5.0),
        Choice("protocol", "Protocol", tuple(PROTOCOLS)),
        Slider("seed", "Draw of the noise", 1, 50, 1),
    ]
    return Explorer(draw_signal, controls)


def draw_signal(
    s0: float = 100.0,
    f: float = 0.11,
    slow: float = 0.9,
    fast: float = 20.0,
    snr: float = 20.0,
    protocol: str = "article",
    seed: int = 1,
) -> "tuple[Figure, str]":
    """One simulated voxel with three fits, and the Cramér-Rao ellipse of f and ADC fast.

    Parameters
    ----------
    s0, f : float
    slow, fast : float
        In 10⁻³ mm²/s.
    snr : float
        `s0` over the noise of one excitation.
    protocol : str
        One of :data:`PROTOCOLS`.
    seed : int
        Of the noise.

    Returns
    -------
    figure : matplotlib.figure.Figure
    alt : str
    """
    import matplotlib.pyplot as plt

    b, averages = (np.array(part, float) for part in PROTOCOLS[protocol])
    truth = parameters.from_table({"s0": s0, "adc_slow": slow, "adc_fast": fast, "f": f})
    model, sigma = MODELS["biexponential"], s0 / snr
    noisy = simulate(model.function(b, **truth), sigma, averages.astype(int), seed)
    fits = {
        name: fit(noisy, b, name, averages=averages)
        for name in STUDY_MODELS
        if len(b) > len(MODELS[name].parameters)
    }
    with styled():
        figure, (left, right) = plt.subplots(1, 2, figsize=(10, 4.2), layout="constrained")
        fine = np.linspace(0, b.max(), 200)
        left.semilogy(b, noisy, "o", color="black", label="simulated voxel")
        for (name, one), look in zip(fits.items(), lines(len(fits)), strict=True):
            left.semilogy(fine, one.predict(fine), **look, label=name)
        left.set(xlabel="b (s/mm²)", ylabel="signal")
        left.legend(fontsize=9)
        plain_ticks(left.yaxis)
        left.set_yticks([tick for tick in (5, 10, 20, 50, 100, 200) if tick >= noisy.min() / 2])
        _draw_ellipse(right, model, truth, (b, averages), sigma, fits.get("biexponential"))
        figure.supxlabel("Simulated signals.", fontsize=8, color=REFERENCE, x=0.01, ha="left")
    alt = f"Simulated signal of one voxel against b with {len(fits)} fitted curves"
    if "biexponential" in fits:
        found = parameters.to_table(fits["biexponential"].values)
        alt += f"; the bi-exponential fit has f {found['f']:.2f} and ADC fast "
        alt += f"{found['adc_fast']:.1f} where {f:.2f} and {fast:.1f} are true"
    return figure, f"{alt}."


def _draw_ellipse(axes, model, truth, protocol, sigma, found):
    """Where 95 of 100 estimates of an efficient unbiased estimator would lie."""
    b, averages = protocol
    axes.plot(truth["adc_fast"] * 1e3, truth["f"], "+", color="black", markersize=12, label="true")
    covariance = _covariance(model, truth, b, averages, sigma)
    if covariance is not None:
        angle = np.linspace(0, 2 * np.pi, 200)
        circle = np.sqrt(CHI2_95) * np.array([np.cos(angle), np.sin(angle)])
        x, y = np.linalg.cholesky(covariance) @ circle
        axes.plot(truth["adc_fast"] * 1e3 + x * 1e3, truth["f"] + y, color=REFERENCE,
                  label="Cramér-Rao, 95 %")  # fmt: skip
    if found is not None:
        axes.plot(found.values["adc_fast"] * 1e3, found.values["f"], "o", color=COLOURS[1],
                  label="this fit")  # fmt: skip
    axes.set(xlabel=f"{label('adc_fast')} (10⁻³ mm²/s)", ylabel=label("f"), xlim=(0, 200))
    axes.set_ylim(0, 1)
    axes.legend(fontsize=9)


def _covariance(model, truth, b, averages, sigma):
    """Of ADC fast and f, by the inverse Fisher information; None where they do not show."""
    values = {name: truth[name] for name in model.parameters}
    jacobian = model.jacobian(b, **values)
    share = rician_information(model.function(b, **values) / sigma)
    information = jacobian.T @ (jacobian * (averages * share / sigma**2)[:, None])
    at = [model.parameters.index(name) for name in ("adc_fast", "f")]
    scale = np.sqrt(np.diag(information))
    if not (scale > 0).all() or len(b) < len(model.parameters):
        return None
    inverse = np.linalg.inv(information / np.outer(scale, scale)) / np.outer(scale, scale)
    return inverse[np.ix_(at, at)]


def voxel(measured: "Measured") -> Explorer:
    """Sliders over a measured phantom: a voxel with its signal and fits, a region with its numbers.

    Parameters
    ----------
    measured : ivim.synthetic.cases.Measured
        Of the whole window.

    Returns
    -------
    ivim.report.widget.Explorer
    """
    from ivim.synthetic.cases import WINDOW

    wide, high = (part.stop - part.start for part in WINDOW)
    middle = tuple(int(round(at.mean())) for at in np.nonzero(_region(measured)))

    def draw(x=middle[0], y=middle[1], across=middle[0], down=middle[1], radius=4.5):
        return draw_voxel(measured, (x, y), (across, down), radius)

    controls = [
        Slider("x", "Voxel, from the left", 0, wide - 1, 1),
        Slider("y", "Voxel, from the top", 0, high - 1, 1),
        Slider("across", "Region, from the left", 0, wide - 1, 1),
        Slider("down", "Region, from the top", 0, high - 1, 1),
        Slider("radius", "Region, radius (mm)", 1.0, 12.0, 0.5),
    ]
    return Explorer(draw, controls)


def _region(measured):
    from ivim.synthetic.cases import WINDOW

    return next(iter(measured.phantom.rois.values()))[:, :, 0][WINDOW]


def draw_voxel(
    measured: "Measured", place: tuple[int, int], centre: tuple[int, int], radius: float
) -> "tuple[Figure, str]":
    """A voxel's signal with its three fits, and the six numbers of a round region.

    Parameters
    ----------
    measured : ivim.synthetic.cases.Measured
    place, centre : (int, int)
        Voxel and middle of the region, within the window that the figures show.
    radius : float, mm

    Returns
    -------
    figure : matplotlib.figure.Figure
    alt : str
    """
    import matplotlib.pyplot as plt

    from ivim.synthetic.cases import WINDOW
    from ivim.synthetic.phantom import PIXEL_MM

    series = measured.phantom.series
    samples = series.data[:, :, 0][WINDOW][place]
    fits = {name: fit(samples, series.b, name, averages=series.averages) for name in STUDY_MODELS}
    x, y = np.indices(_region(measured).shape)
    region = np.hypot(x - centre[0], y - centre[1]) * PIXEL_MM <= radius
    maps = {name: measured.maps[name][:, :, 0][WINDOW] for name in parameters.SIX}
    numbers = {name: values[region & np.isfinite(values)].mean() for name, values in maps.items()}
    table = parameters.to_table(numbers)
    with styled(axes_grid=False):
        figure, (left, right) = plt.subplots(1, 2, figsize=(10, 4.4), layout="constrained")
        left.imshow(series.data[:, :, 0, 0][WINDOW].T, cmap="gray", interpolation="nearest")
        left.plot(*place, "s", markerfacecolor="none", markeredgecolor="#39d0ff", markersize=7)
        left.contour(region.T, levels=[0.5], colors=["#ffd84d"], linewidths=1.2)
        left.set(xticks=[], yticks=[], title=_told(table, region))
        left.title.set_fontsize(9)
        fine = np.linspace(0, series.b.max(), 200)
        right.plot(series.b, samples, "o", color="black", label="this voxel")
        for (name, one), look in zip(fits.items(), lines(3), strict=True):
            right.plot(fine, one.predict(fine), **look, label=name)
        right.set(xlabel="b (s/mm²)", ylabel="signal", title=_voxel_told(fits))
        right.title.set_fontsize(9)
        right.legend(fontsize=9)
        figure.supxlabel("Synthetic phantom, not a patient.", fontsize=8, color=REFERENCE, x=0.01,
                         ha="left")  # fmt: skip
    alt = f"Synthetic phantom: signal of one voxel with three fits. {_told(table, region)}"
    return figure, alt.replace("\n", " ")


def _told(table, region):
    rows = [", ".join(_number(name, table[name]) for name in parameters.SIX[at : at + 3])
            for at in (0, 3)]  # fmt: skip
    return f"Mean of the maps over {int(region.sum())} voxels\n" + "\n".join(rows)


def _voxel_told(fits):
    two = fits["biexponential"]
    names = ("adc_slow", "adc_fast", "f")
    values, errors = (parameters.to_table({n: part[n] for n in names})
                      for part in (two.values, two.stderr))  # fmt: skip
    shown = ", ".join(f"{_number(name, values[name])} ± {errors[name]:.2g}" for name in names)
    return f"One voxel, value ± standard error\n{shown}"


def _number(name, value):
    unit = " ×10⁻³ mm²/s" if parameters.is_diffusivity(name) else ""
    return f"{parameters.label(name)} {value:.2f}{unit}"


def placement_and_noise(
    case: "Case", repeats: int = 12, shift_mm: float = 1.5, seed: int = 2021
) -> pd.DataFrame:
    """How much of a measured value's scatter is the reader's placement, and how much noise.

    Parameters
    ----------
    case : ivim.synthetic.phantom.Case
    repeats : int
        Regions that are moved over one scan, and scans under one region.
    shift_mm : float
        Standard deviation of the region's displacement in each direction.
    seed : int
        Of the displacements; the noise of the scans has the seeds from 1000 on.

    Returns
    -------
    DataFrame
        ``parameter, placement, noise``: standard deviations in table units.
    """
    import pandas as pd

    from ivim.synthetic import phantom
    from ivim.synthetic.cases import WINDOW

    scanned = phantom.scan(case)
    window = np.zeros(scanned.lesion.shape, bool)
    window[WINDOW] = True
    maps = measure.parameter_maps(scanned.series, "article", window & scanned.lesion)
    mask = next(iter(scanned.rois.values()))
    rng, rows = np.random.default_rng(seed), []
    for _ in range(repeats):
        steps = np.round(rng.normal(0, shift_mm, 2) / phantom.PIXEL_MM).astype(int)
        moved = np.roll(mask, steps, axis=(0, 1)) & scanned.lesion
        rows.append(("placement", measure.mean_of_maps(maps, moved)[0]))
    for again in range(repeats):
        rows.append(("noise", _scanned_again(case, 1000 + again)))
    table = pd.DataFrame([parameters.to_table(values) | {"what": what} for what, values in rows])
    spread = table.groupby("what")[list(parameters.SIX)].std().T
    spread = spread[["placement", "noise"]].rename_axis(columns=None)
    return spread.rename_axis("parameter").reset_index()


def _scanned_again(case, noise_seed):
    from ivim.synthetic import phantom
    from ivim.synthetic.cases import around_rois

    scanned = phantom.scan(case, around_rois(case), noise_seed=noise_seed)
    mask = next(iter(scanned.rois.values()))
    return measure.mean_of_maps(measure.parameter_maps(scanned.series, "article", mask), mask)[0]
