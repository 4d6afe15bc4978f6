"""Is the compiled fit the optimum? Sums of squares against a multi-start, and the same answer as lmfit."""

from concurrent.futures import ProcessPoolExecutor
from itertools import repeat

import numpy as np
import peers
from row import Row
from voxels import B, tissue

import ivim

SECTION = "exact"


def rows(quick):
    """Share of voxels at the optimum of six starts (minutes, on all cores), and the largest difference from :func:`ivim.fit`."""
    n = 300 if quick else 20_000
    signals, _ = tissue(n)
    ours = ivim.fit_maps(signals, B)["residual"] ** 2 * B.size
    with ProcessPoolExecutor() as pool:
        best = np.concatenate(
            list(pool.map(peers.scipy_multistart, np.array_split(signals, 50), repeat(B)))
        )
    exact = float(np.mean(ours <= best * (1 + 1e-4)))
    worse = float(np.mean(best > ours * (1 + 1e-4)))
    what = f"voxels within 1e-4 of the best of 6 starts ({n:,} voxels)"
    yield Row(SECTION, what, f"{100 * exact:.3f} %", "99.9 %", exact >= 0.999)
    yield Row(
        SECTION, "voxels where all 6 starts of scipy end higher than ours", f"{100 * worse:.3f} %"
    )
    few = signals[: 20 if quick else 100]
    for model in ("monoexponential", "biexponential", "stretched"):
        maps = ivim.fit_maps(few, B, model)
        sse = np.array([ivim.fit(signal, B, model).sse for signal in few])
        excess = float(np.max(maps["residual"] ** 2 * B.size / sse - 1))
        what = f"largest excess of the sum of squares over ivim.fit, {model}"
        yield Row(SECTION, what, f"{max(excess, 0):.1e}", "1e-4", excess < 1e-4)
