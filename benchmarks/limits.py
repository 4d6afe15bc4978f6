"""Confidence limits: what they cost, and how often they hold the truth; shrinkage of an ROI."""

import numpy as np
from row import Row
from timing import best_of
from voxels import AVERAGES, LESION, SNR, B, biexponential

import ivim
from ivim.signal import noise

SECTION = "limits"
NAMES = ("adc_slow", "adc_fast", "f")


def rows(quick):
    """Profile limits of one signal, coverage of both kinds in single voxels, then shrinkage."""
    n = 40 if quick else 400
    clean = biexponential(B, **LESION)
    signals = noise.simulate(np.tile(clean, (n, 1)), 1 / SNR, 1, 5)
    fits = [ivim.fit(signal, B) for signal in signals]
    fits[0].confidence(limits="profile")
    took = best_of(lambda: fits[0].confidence(limits="profile"))
    text = f"{1e3 * took.wall:.0f} ms (CPU {1e3 * took.cpu:.0f} ms)"
    yield Row(SECTION, "profile limits of one signal", text, "100 ms", took.cpu <= 0.1)
    for kind in ("wald", "profile"):
        held = np.mean([_holds(one.confidence(limits=kind)) for one in fits], axis=0)
        text = ", ".join(f"{name} {share:.1%}" for name, share in zip(NAMES, held, strict=True))
        yield Row(SECTION, f"95 % {kind} limits that hold the truth, {n} voxels at SNR {SNR}", text)
    yield from _shrinkage(quick)


def _holds(table):
    rows = table.set_index("parameter")
    truth = np.array([LESION[name] for name in NAMES])
    part = rows.loc[list(NAMES)]
    inside = (part["ci_low"].to_numpy() <= truth) & (truth <= part["ci_high"].to_numpy())
    return np.where(np.isnan(part["ci_low"]), 0.0, inside)


def _shrinkage(quick):
    rng, n, snr = np.random.default_rng(3), 200 if quick else 1000, 20
    truth = {
        name: LESION[name] * np.exp(spread * rng.standard_normal(n))
        for name, spread in zip(NAMES, (0.15, 0.3, 0.3), strict=True)
    }
    signals = noise.simulate(biexponential(B, **truth), 1 / snr, AVERAGES, rng)
    shrink = lambda **options: ivim.shrink(signals, B, averages=AVERAGES, **options)  # noqa: E731
    shrink(sweeps=1, burn=50)
    took = best_of(shrink, 2)
    text = f"{took.wall:.1f} s (CPU {took.cpu:.1f} s)"
    yield Row(SECTION, f"shrinkage of {n} voxels, 3,000 sweeps", text, "2 s CPU", took.cpu <= 2)
    for name, options in (("plain", {}), ("noise floor", {"sigma": 1 / snr})):
        found = shrink(**options)
        score = {key: (found.values[key] - truth[key]) / found.sd[key] for key in NAMES}
        text = ", ".join(f"{key} {np.mean(np.abs(z) < 1.96):.1%}" for key, z in score.items())
        yield Row(SECTION, f"truth within 1.96 posterior SD, shrinkage, {name}", text)
