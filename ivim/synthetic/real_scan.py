"""A real scan beside the phantom: the spinal cord that `ivim fetch-data` fetches, where it is."""

import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from ivim import parameters
from ivim.imaging.fetch import SETS, default_folder
from ivim.imaging.formats import read_regions
from ivim.imaging.output import as_displayed
from ivim.imaging.series import Series, read_series
from ivim.report.minutes import Sentences
from ivim.report.palette import REFERENCE, lines, plain_ticks, styled
from ivim.report.picture import Picture
from ivim.signal.fit import fit
from ivim.signal.models import STUDY_MODELS
from ivim.synthetic import phantom
from ivim.synthetic.cases import WINDOW

CORD = "spinal_cord_ivim"
MARGIN = 12
"""Voxels shown around the region."""


@dataclass(frozen=True)
class Shown:
    """One scan with the region whose mean signal is fitted.

    Attributes
    ----------
    title, source : str
        "real" or "simulated".
    series : ivim.imaging.series.Series
    mask : array of bool, shape (x, y)
        In `slice_`.
    slice_ : int
    """

    title: str
    source: str
    series: Series
    mask: np.ndarray
    slice_: int

    @property
    def signal(self) -> np.ndarray:
        """Mean signal of the region over that at the lowest b, shape (n,)."""
        mean = self.series.data[:, :, self.slice_][self.mask].mean(axis=0)
        signal: np.ndarray = mean / mean[np.argmin(self.series.b)]
        return signal


def cord(folder: str | Path = "") -> Shown | None:
    """The spinal cord that `ivim fetch-data` fetched.

    Parameters
    ----------
    folder : path
        Where it was fetched to; empty: the default folder. A run whose results are stored takes the
        default folder for empty, so that they are the same on every machine.

    Returns
    -------
    Shown or None
        None where none was asked for and none is there.

    Raises
    ------
    ValueError
        When a folder is given and does not hold the scan.
    """
    if not folder and os.environ.get("IVIM_RESULTS"):
        return None
    place = Path(folder or default_folder())
    place = place if place.name == CORD else place / CORD
    image = place / "dwi_rl.nii.gz"
    if not image.is_file():
        if not folder:
            return None
        msg = (
            f"{place.name} with dwi_rl.nii.gz is not in the folder given as scan; fetch it with "
            f"`ivim fetch-data --set {CORD} --out FOLDER`"
        )
        raise ValueError(msg)
    series = read_series(image, place / "bval_rl.txt")
    (region,) = read_regions(place / "cord_seg_dilated.nii.gz", series.grid)
    at = int(np.argmax(region.mask.sum(axis=(0, 1))))
    mask = region.mask[:, :, at] & (series.data[:, :, at] > 0).all(axis=-1)
    return Shown("Spinal cord at 7 T", "real", series, mask, at)


def lesion() -> Shown:
    """The phantom of Figure 1 with the region of reader EZ.

    Returns
    -------
    Shown
    """
    scanned = phantom.scan(phantom.CASES["figure1"], WINDOW)
    return Shown("Phantom of Figure 1", "simulated", scanned.series, scanned.rois["EZ"][:, :, 0], 0)


def beside_phantom(folder: str | Path = "") -> tuple[Sentences, Picture]:
    """What is shown in words, and the picture: image and mean signal with three fits of each scan.

    Parameters
    ----------
    folder : path
        As for :func:`cord`.

    Returns
    -------
    ivim.report.minutes.Sentences
    ivim.report.picture.Picture
        Its data: ``scan, b, signal`` and a column per model, signals over that at the lowest b.
    """
    real = cord(folder)
    shown = [one for one in (real, lesion()) if one]
    picture = _picture(shown)
    if real is None:
        told = (
            "Shown: the phantom alone. A real scan stands beside it where `ivim fetch-data` has "
            "fetched one, or where the parameter `scan` names its folder.",
        )
    else:
        told = (
            f"Shown: a real scan and the phantom. The real one: {SETS[CORD].text}; slice "
            f"{real.slice_ + 1}, mean of {real.mask.sum()} voxels of the dilated mask, which holds "
            "the fluid around the cord as well: what flows there is read as f.",
        )
    return Sentences(told), picture


def _picture(shown):
    import matplotlib.pyplot as plt

    rows, told = [], []
    with styled():
        figure, panels = plt.subplots(
            2, len(shown), figsize=(4.8 * len(shown), 6.6), squeeze=False, layout="constrained",
            height_ratios=(1.1, 1),
        )  # fmt: skip
        for one, (above, below) in zip(shown, panels.T, strict=True):
            _draw_image(above, one)
            frame, largest = _draw_signal(below, one)
            rows.append(frame.assign(scan=one.title, source=one.source))
            told.append(f"{one.title} ({one.source}), largest difference from the fits: {largest}")
        panels[1, 0].set_ylabel("signal over that at the lowest b")
        panels[1, 0].legend(fontsize=9)
        figure.supxlabel(" ".join(f"{one.title}: {one.source}." for one in shown), fontsize=8,
                         color=REFERENCE, x=0.01, ha="left")  # fmt: skip
    plt.close(figure)
    alt = (
        "Diffusion image with the region outlined, and its mean signal against b with three "
        f"fitted curves. {'; '.join(told)}."
    )
    data = pd.concat(rows, ignore_index=True)
    return Picture("real_scan", figure, data.drop(columns="source"), alt, _sources(shown))


def _sources(shown):
    return " and ".join(one.source for one in shown)


def _draw_image(axes, one):
    window = tuple(
        slice(max(at.min() - MARGIN, 0), at.max() + MARGIN + 1) for at in np.nonzero(one.mask)
    )
    low = int(np.argmin(one.series.b))
    image = one.series.data[:, :, one.slice_, low][window]
    grid = one.series.grid
    axes.imshow(
        as_displayed(image, grid).T,
        cmap="gray",
        vmin=0,
        vmax=float(np.quantile(image, 0.995)),
        interpolation="nearest",
        aspect=grid.spacing[1] / grid.spacing[0],
    )
    outline = as_displayed(one.mask[window], grid).T.astype(float)
    axes.contour(outline, levels=[0.5], colors=["#ffd84d"], linewidths=1.4)
    axes.set(xticks=[], yticks=[])
    axes.set_title(f"{one.title}, b = {one.series.b[low]:g} s/mm²", fontsize=10)
    axes.grid(False)


def _draw_signal(axes, one):
    """Mean signal and fits; the plotted numbers, and the largest difference by model in words."""
    b, signal = one.series.b, one.signal
    fine = np.linspace(0, b.max(), 200)
    frame, left = pd.DataFrame({"b": b, "signal": signal}), []
    axes.semilogy(b, signal, "o", color="black", markersize=5, label="measured", zorder=3)
    for name, look in zip(STUDY_MODELS, lines(len(STUDY_MODELS)), strict=True):
        found = fit(signal, b, name, averages=one.series.averages)
        axes.semilogy(fine, found.predict(fine), **look, label=name)
        frame[name] = found.predict(b)
        left.append(f"{name} {np.abs(found.residuals).max():.3f}")
        if name == "biexponential":
            values = parameters.to_table(found.values)
    axes.set_xlabel("b (s/mm²)")
    plain_ticks(axes.yaxis)
    axes.set_yticks([tick for tick in (0.1, 0.2, 0.5, 1) if tick >= signal.min() * 0.7])
    axes.set_title(
        f"ADC slow {values['adc_slow']:.2f}, ADC fast {values['adc_fast']:.1f} × 10⁻³ mm²/s, "
        f"f {values['f']:.2f}",
        fontsize=9,
    )
    return frame, ", ".join(left)
