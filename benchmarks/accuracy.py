"""Bias and error of the estimators: noise floor, segmented fit, regions against the Cramer-Rao
bound, shrinkage.
"""

import numpy as np
from row import Row
from voxels import AVERAGES, LESION, SNR, B, biexponential, lesions, magnitude, tissue

import ivim

SECTION = "accurate"
NAMES = ("adc_slow", "adc_fast", "f")
ROI_VOXELS, ROI_SNR = 50, 20  # an ROI of the article's 30-100 mm², SNR of one excitation


def rows(quick):
    """The estimators on the voxels of the exactness benchmark, then on lesions."""
    yield from _voxels(quick)
    yield from _regions(quick)
    yield from _shrinkage(quick)


def _voxels(quick):
    sets = [tissue(20_000, seed) for seed in range(1 if quick else 5)]
    signals = np.concatenate([signals for signals, _ in sets])
    truth = {name: np.concatenate([truth[name] for _, truth in sets]) for name in NAMES}
    plain, floor = ivim.fit_maps(signals, B), ivim.fit_maps(signals, B, sigma=1 / SNR)
    segmented = ivim.fit_maps(signals, B, method="segmented")
    for name, maps, line in (("plain", plain, None), ("noise floor", floor, 0.005)):
        bias = 1e3 * float(np.nanmedian(maps["adc_slow"] - truth["adc_slow"]))
        met = None if line is None else abs(bias) <= line
        yield Row(
            SECTION,
            f"median bias of D at SNR {SNR}, {name}",
            f"{bias:.4f}e-3 mm²/s",
            f"{line}e-3" if line else "",
            met,
        )
    for name, maps, line in (("full", plain, None), ("segmented", segmented, 0.032)):
        error = float(np.sqrt(np.nanmean((maps["f"] - truth["f"]) ** 2)))
        met = None if line is None else error <= line
        yield Row(SECTION, f"RMSE of f at SNR {SNR}, {name}", f"{error:.4f}", str(line or ""), met)


def _regions(quick):
    signals = lesions(400 if quick else 4000, ROI_SNR, ROI_VOXELS)
    bound = ivim.crlb("biexponential", LESION, B, AVERAGES, ROI_SNR, voxels=ROI_VOXELS)
    fits = {
        "unweighted": ivim.fit_maps(signals, B),
        "weighted": ivim.fit_maps(signals, B, averages=AVERAGES),
        "weighted, noise floor": ivim.fit_maps(signals, B, averages=AVERAGES, sigma=1 / ROI_SNR),
    }
    for name, maps in fits.items():
        ratio = {key: _rmse(maps[key], LESION[key]) / bound[key] for key in NAMES}
        met = max(ratio.values()) <= 1.10 if name.endswith("floor") else None
        text = ", ".join(f"{key} {value:.2f}" for key, value in ratio.items())
        what = f"RMSE over the Cramer-Rao bound, region of {ROI_VOXELS} voxels, {name}"
        yield Row(SECTION, what, text, "" if met is None else "1.10", met)


def _shrinkage(quick):
    rng = np.random.default_rng(3)
    n = 60 if quick else 150
    truth = {
        "adc_slow": LESION["adc_slow"] * np.exp(rng.normal(0, 0.15, n)),
        "adc_fast": LESION["adc_fast"] * np.exp(rng.normal(0, 0.25, n)),
        "f": np.clip(LESION["f"] * np.exp(rng.normal(0, 0.25, n)), 0, 0.9),
    }  # a lesion: its voxels scatter about one tissue
    signals = _as_scanned(truth, ROI_SNR, rng)
    plain = ivim.fit_maps(signals, B, averages=AVERAGES)
    shrunk = ivim.shrink(
        signals, B, averages=AVERAGES, sweeps=1000 if quick else 2000, seed=0
    ).values
    for name in NAMES:
        ratio = _rmse(shrunk[name], truth[name]) / _rmse(plain[name], truth[name])
        yield Row(
            SECTION,
            f"RMSE of {name} in a lesion of {n} voxels, shrinkage over plain",
            f"{ratio:.2f}",
            "1",
            ratio < 1,
        )
        bias = [
            float(np.nanmean(found[name] - truth[name]) / np.mean(truth[name]))
            for found in (plain, shrunk)
        ]
        yield Row(
            SECTION,
            f"  relative bias of {name}: plain, shrinkage",
            f"{100 * bias[0]:+.1f} %, {100 * bias[1]:+.1f} %",
        )


def _as_scanned(truth, snr, rng):
    """Signals of voxels with the article's averages."""
    clean = biexponential(B, truth["adc_slow"], truth["adc_fast"], truth["f"])
    excitations = (
        np.repeat(column[:, None], int(k), axis=1)
        for column, k in zip(clean.T, AVERAGES, strict=True)
    )
    return np.stack(
        [magnitude(excitation, 1 / snr, rng).mean(axis=1) for excitation in excitations], axis=1
    )


def _rmse(found, truth):
    return float(np.sqrt(np.nanmean((found - truth) ** 2)))
