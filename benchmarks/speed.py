"""Voxels per second, ours and the peers', on the same voxels in the same run."""

import time

import numpy as np
import peers
from row import Row, skipped
from voxels import B, tissue

import ivim

SECTION = "fast"
MODELS = ("monoexponential", "biexponential", "stretched")
# Peer, voxels (full run), voxels (quick run), ratio to reach.
PEERS = (
    ("a loop of lmfit.minimize", peers.lmfit_loop, 400, 100, 400),
    ("a loop of scipy least_squares", peers.scipy_loop, 400, 100, None),
    ("dipy, trust region", peers.dipy_trr, 200, 50, None),
    ("dipy, VarPro", peers.dipy_varpro, 40, 10, None),
    ("osipy, vectorised", peers.osipy_full, 20_000, 2_000, 3),
)


def rows(quick):
    """Our rate by model, then the ratio to each peer that is installed, with the errors of both."""
    signals, truth = tissue(20_000 if quick else 100_000)
    for model in MODELS:
        ivim.fit_maps(signals[:100], B, model)
    rate = {
        model: _rate(lambda model=model: ivim.fit_maps(signals, B, model), len(signals), 7)
        for model in MODELS
    }
    for model in MODELS:
        met = (
            None if model == "biexponential" else rate[model] >= 0.95 * rate["biexponential"]
        )  # timing noise
        yield Row(
            SECTION,
            f"ivim.fit_maps, {model}",
            f"{rate[model]:,.0f} voxels/s",
            "" if met is None else "0.95 of biexp.",
            met,
        )
    for name, peer, many, few, line in PEERS:
        n = few if quick else many
        try:
            found = peer(signals[:2], B)
            speed = _rate(
                lambda peer=peer, n=n: found.update(peer(signals[:n], B)), n, 1 if n < 100 else 2
            )
        except ImportError as error:
            yield skipped(SECTION, f"against {name}", f"{error.name or error} is not installed")
            continue
        again = _rate(
            lambda: ivim.fit_maps(signals, B), len(signals), 3
        )  # beside the peer, as other work comes and goes
        rate["biexponential"] = max(rate["biexponential"], again)
        ratio = rate["biexponential"] / speed
        met = None if line is None else ratio >= line
        yield Row(
            SECTION,
            f"against {name} ({speed:,.0f} voxels/s)",
            f"{ratio:,.1f} x ({speed * ratio:,.0f} voxels/s)",
            f"{line} x" if line else "",
            met,
        )
        ours = ivim.fit_maps(signals[:n], B)
        errors = {
            label: _rmse(ours, truth, key, n) / _rmse(found, truth, key, n)
            for label, key in (("D", "adc_slow"), ("f", "f"))
        }
        yield Row(
            SECTION,
            f"  our RMSE over that of {name}",
            ", ".join(f"{label} {ratio:.2f}" for label, ratio in errors.items()),
        )


def _rate(work, n, repeats):
    """Voxels per second, the best of some repeats."""
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return n / min(times)


def _rmse(found, truth, name, n):
    return float(np.sqrt(np.nanmean((found[name][:n] - truth[name][:n]) ** 2)))
