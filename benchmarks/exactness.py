"""Is the compiled fit the optimum? Sums of squares against multi-starts, in double precision."""

import numpy as np
import peers
from row import Row
from voxels import AVERAGES, B, tissue

import ivim
from ivim.signal import noise
from ivim.signal.engine import Minima, Plan
from ivim.signal.models import check_bounds, check_fixed, get_model

SECTION = "exact"
TOLERANCE = 1e-4  # of the sum of squares
LINE = 1e-4  # failures allowed: 1 in 10,000
MAIN, MANY, FEW = 50_000, 20_000, 2_000

LONG = np.array([0, 10, 20, 40, 80, 150, 300, 600, 1000, 1500, 2000, 3000], float)
NO_B0 = np.array([10, 20, 40, 60, 100, 200, 400, 600, 800], float)
HIGH_ONLY = np.array([50, 100, 150, 200, 400, 600, 800], float)
FOUR = np.array([0, 50, 300, 800], float)

# Name, b, SNR, averages, and options of the fit.
SETS = (
    ("default, SNR 10", B, 10, None, {}),
    ("default, SNR 20", B, 20, None, {}),
    ("default, SNR 200", B, 200, None, {}),
    ("weights, SNR 20", B, 20, AVERAGES, {}),
    ("noise floor, SNR 10", B, 10, None, {"sigma": True}),
    ("noise floor, SNR 20", B, 20, None, {"sigma": True}),
    ("noise floor and weights, SNR 20", B, 20, AVERAGES, {"sigma": True}),
    ("noise floor, b to 3000, SNR 20", LONG, 20, None, {"sigma": True}),
    ("b to 3000, SNR 20", LONG, 20, None, {}),
    ("no b = 0, from b = 10, SNR 30", NO_B0, 30, None, {}),
    ("no b = 0, from b = 50, SNR 30", HIGH_ONLY, 30, None, {}),
    ("4 b-values, SNR 30", FOUR, 30, None, {}),
    ("4 b-values and noise floor, SNR 15", FOUR, 15, None, {"sigma": True}),
    ("bounds of f, SNR 20", B, 20, None, {"bounds": {"f": (0, 0.25)}}),
    (
        "bounds of s0 and f, SNR 20",
        B,
        20,
        None,
        {"bounds": {"s0": (0.95, 1.02), "f": (0.05, 0.35)}},
    ),
    ("D* fixed, SNR 20", B, 20, None, {"fixed": {"adc_fast": 0.02}}),
    ("f fixed, SNR 20", B, 20, None, {"fixed": {"f": 0.2}}),
)


def rows(quick):
    """Failures against a multi-start of 128, set by set; then against scipy and `ivim.fit`."""
    signals = _signals(B, 50, None, MANY // 10 if quick else MAIN, 0)
    yield _row("default, SNR 50", signals, Plan("biexponential", B, np.ones(B.size)))
    total = failed = 0
    for seed, (name, b, snr, averages, options) in enumerate(SETS, start=1):
        plan = _plan(b, averages, snr, **options)
        signals = _signals(b, snr, averages, FEW if quick else MANY, seed)
        row = _row(name, signals, plan)
        total, failed = total + len(signals), failed + int(row.value.split(" of ")[0])
        yield row
    yield Row(SECTION, "  of all these sets", f"{failed} of {total:,}")
    yield from _scipy(quick)
    yield from _reference(quick)


def _row(name, signals, plan):
    sse, best = plan.fit(signals).sse, multi_start(plan, signals)
    bad = int(np.sum(~(sse <= best * (1 + TOLERANCE) + 1e-20)))
    what = f"voxels above the best of 128 starts by over 1e-4: {name}"
    allowed = max(1, round(LINE * len(signals)))
    return Row(SECTION, what, f"{bad} of {len(signals):,}", f"{allowed}", bad <= allowed)


def _plan(b, averages, snr, sigma=False, bounds=None, fixed=None):
    model = get_model("biexponential")
    averages = np.ones(b.size) if averages is None else averages
    bounds, fixed = check_bounds(model, bounds), check_fixed(model, fixed)
    level = 1 / snr if sigma else None
    return Plan(model, b, averages, bounds, sigma=level, fixed=fixed)


def _signals(b, snr, averages, n, seed):
    """Voxels with f 0-.5, D .2-2e-3, D* 5-100e-3 mm²/s (even in its logarithm)."""
    rng = np.random.default_rng(seed)
    f, slow = rng.uniform(0, 0.5, n), rng.uniform(0.2e-3, 2e-3, n)
    fast = np.exp(rng.uniform(np.log(5e-3), np.log(0.1), n))
    model = get_model("biexponential")
    clean = model.function(b, 1.0, *(values[:, None] for values in (slow, fast, f)))
    return noise.simulate(clean, 1 / snr, 1 if averages is None else averages, rng)


def multi_start(plan, signals):
    """Least squares of every voxel from 8 x 4 x 4 starts over D*, D and f."""
    means, within = plan._pooled(signals)
    low, high = plan._limits(signals.max(axis=1))
    levels = np.full(len(means) if plan.sigma.size else 0, plan.level or 1.0)
    minima, everyone = Minima(plan, means, levels, low, high), np.arange(len(means))
    best = np.full(len(means), np.inf)
    for fast in np.geomspace(5.2e-3, 0.195, 8):
        for slow in (2e-4, 8e-4, 1.6e-3, 3e-3):
            for f in (0.03, 0.2, 0.5, 0.85):
                theta = np.tile([1.0, slow, fast, f], (len(means), 1))
                theta[:, 0] = 1.02 * signals.max(axis=1)
                theta = np.clip(theta, low, high)
                best = np.fmin(best, minima._descend(everyone, theta)[0])
    return best + within


def _scipy(quick):
    """The multi-start is our own; scipy's, of six starts, is nobody's."""
    n = 100 if quick else 1000
    signals, _ = tissue(n)
    ours = ivim.fit_maps(signals, B)["residual"] ** 2 * B.size
    best = peers.scipy_multistart(signals, B)
    bad = int(np.sum(ours > best * (1 + TOLERANCE)))
    what = "voxels above the best of 6 starts of scipy by over 1e-4"
    yield Row(SECTION, what, f"{bad} of {n:,}", "0", bad == 0)
    worse = int(np.sum(best > ours * (1 + TOLERANCE)))
    yield Row(SECTION, "voxels where all 6 of scipy end higher than ours", f"{worse} of {n:,}")


def _reference(quick):
    few = tissue(100)[0][: 20 if quick else 100]
    for model in ("monoexponential", "biexponential", "stretched", "kurtosis"):
        maps = ivim.fit_maps(few, B, model)
        sse = np.array([ivim.fit(signal, B, model).sse for signal in few])
        excess = float(np.max(maps["residual"] ** 2 * B.size / sse - 1))
        what = f"largest excess of the sum of squares over ivim.fit, {model}"
        yield Row(SECTION, what, f"{max(excess, 0):.1e}", "1e-4", excess < 1e-4)
