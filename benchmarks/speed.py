"""Microseconds a voxel, ours and the peers', on the same voxels in the same run, in turns."""

import numpy as np
import peers
from row import Row, skipped
from timing import best_of, interleaved
from voxels import AVERAGES, SNR, B, tissue

import ivim

SECTION = "fast"
# Name, model, options, what its CPU time may be: microseconds, or a multiple of the default's.
WAYS = (
    ("bi-exponential", "biexponential", {}, 3.2, None),
    ("bi-exponential, weights", "biexponential", {"averages": AVERAGES}, None, None),
    ("bi-exponential, bounds of f", "biexponential", {"bounds": {"f": (0, 0.6)}}, None, 2.0),
    ("bi-exponential, bounds of s0", "biexponential", {"bounds": {"s0": (0.5, 1.5)}}, None, 2.0),
    ("bi-exponential, D* fixed", "biexponential", {"fixed": {"adc_fast": 0.02}}, None, 2.0),
    ("bi-exponential, f fixed", "biexponential", {"fixed": {"f": 0.2}}, None, None),
    ("bi-exponential, segmented", "biexponential", {"method": "segmented"}, None, None),
    ("bi-exponential, noise floor", "biexponential", {"sigma": 1 / SNR}, None, None),
    ("mono-exponential", "monoexponential", {}, None, 1.0),
    ("stretched", "stretched", {}, None, 1.0),
    ("kurtosis", "kurtosis", {}, None, None),
    ("three models in one pass", "all", {}, None, None),
)
# Peer, voxels (full run), voxels (quick run), least ratio, by which clock on how many threads.
PEERS = (
    ("a loop of lmfit.minimize", peers.lmfit_loop, 400, 100, 850, "wall", 2),
    ("a loop of scipy least_squares", peers.scipy_loop, 400, 100, None, "wall", 2),
    ("dipy, trust region", peers.dipy_trr, 200, 50, None, "wall", 2),
    ("dipy, VarPro", peers.dipy_varpro, 40, 10, None, "wall", 2),
    ("osipy, vectorised", peers.osipy_full, 20_000, 2_000, 5, "cpu", 1),
)


def rows(quick):
    """Our time by model and way, then the ratio to each peer that is installed, and the errors."""
    signals, truth = tissue(20_000 if quick else 100_000)
    yield from _ours(signals, 3 if quick else 9)
    for peer in PEERS:
        yield from _against(peer, signals, truth, quick)


def _ours(signals, repeats):
    fit = {
        name: lambda model=model, options=options: ivim.fit_maps(
            signals, B, model, threads=1, **options
        )
        for name, model, options, _, _ in WAYS
    }
    for work in fit.values():
        work()
    took = interleaved(fit, repeats)
    first = took[WAYS[0][0]].cpu
    for name, _, _, most, multiple in WAYS:
        micro, ratio = 1e6 * took[name].cpu / len(signals), took[name].cpu / first
        text = f"{micro:.2f} µs CPU, {1e6 * took[name].wall / len(signals):.2f} µs wall"
        text += "" if ratio == 1 else f" ({ratio:.2f} x)"
        line = f"{most} µs" if most else f"{multiple} x" if multiple else ""
        met = micro <= most if most else ratio <= multiple if multiple else None
        yield Row(SECTION, f"a voxel on one thread: {name}", text, line, met)


def _against(peer, signals, truth, quick):
    name, fit, many, few, least, clock, threads = peer
    n = few if quick else many
    try:
        found = fit(signals[:n], B)
    except ImportError as error:
        yield skipped(SECTION, f"against {name}", f"{error.name or error} is not installed")
        return
    took = interleaved(
        {
            "peer": lambda: fit(signals[:n], B),
            "ours": lambda: ivim.fit_maps(signals, B, threads=threads),
        },
        2 if n < 1000 else 5,
    )
    again = best_of(lambda: ivim.fit_maps(signals, B, threads=threads), 5)
    peers_time = getattr(took["peer"], clock) / n
    ours = min(getattr(took["ours"], clock), getattr(again, clock)) / len(signals)
    what = f"against {name}, by {clock} time, {threads} thread{'s' if threads > 1 else ''} of ours"
    text = f"{peers_time / ours:,.1f} x ({1e6 * peers_time:,.1f} against {1e6 * ours:.2f} µs)"
    met = None if least is None else peers_time / ours >= least
    yield Row(SECTION, what, text, f"{least} x" if least else "", met)
    mine = ivim.fit_maps(signals[:n], B)
    errors = ", ".join(
        f"{label} {_rmse(mine, truth, key, n) / _rmse(found, truth, key, n):.2f}"
        for label, key in (("D", "adc_slow"), ("f", "f"))
    )
    yield Row(SECTION, f"  our RMSE over that of {name}", errors)


def _rmse(found, truth, name, n):
    return float(np.sqrt(np.nanmean((found[name][:n] - truth[name][:n]) ** 2)))
