"""Volumes with all three models: seconds and peak memory, each in a process of its own."""

import json
import subprocess
import sys
import time
from pathlib import Path

from row import Row

SECTION = "volume"
SHAPE, QUICK_SHAPE = (128, 128, 20), (128, 128, 2)
LARGE, QUICK_LARGE = (256, 256, 100), (64, 64, 10)


def rows(quick):
    """A usual volume in float64, a large one of 16 b-values as integers with float32 maps."""
    shape = QUICK_SHAPE if quick else SHAPE
    told = _in_fresh_process(shape, 10, "float64")
    size = " x ".join(map(str, shape))
    text = f"{told['wall']:.1f} s (CPU {told['cpu']:.1f} s)"
    what = f"three models on {size}, wall clock"
    yield Row(SECTION, what, text, "60 s", told["wall"] < 60)
    what = "  peak memory of the whole process, interpreter and compiled code included"
    yield Row(SECTION, what, f"{told['peak']:.0f} MB")
    what = f"  of which the data and the {told['maps']} maps"
    yield Row(SECTION, what, f"{told['data']:.0f} + {told['kept']:.0f} MB")
    shape = QUICK_LARGE if quick else LARGE
    told = _in_fresh_process(shape, 16, "float32")
    size = " x ".join(map(str, shape))
    text = f"{told['wall']:.1f} s (CPU {told['cpu']:.1f} s)"
    yield Row(SECTION, f"three models on {size} x 16, float32 maps", text)
    what = f"  peak memory; data {told['data']:.0f} MB, maps {told['kept']:.0f} MB"
    yield Row(SECTION, what, f"{told['peak']:.0f} MB", "1024 MB", told["peak"] <= 1024)


def _in_fresh_process(*arguments):
    command = [sys.executable, Path(__file__), json.dumps(arguments)]
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def measure(shape, n, dtype):
    """Run in the fresh process: fit a volume, tell seconds and megabytes."""
    import numpy as np
    from voxels import biexponential, magnitude

    import ivim

    rng, b = np.random.default_rng(0), np.unique(np.geomspace(10, 1500, n).round())
    clean = biexponential(
        b, rng.uniform(0.4e-3, 2e-3, 20_000), rng.uniform(8e-3, 0.06, 20_000),
        rng.uniform(0.05, 0.5, 20_000),
    )  # fmt: skip
    few = (1000 * magnitude(clean, 0.02, rng)).astype(np.int16)
    data = np.empty((int(np.prod(shape)), n), np.int16)
    for start in range(0, len(data), len(few)):
        data[start : start + len(few)] = few[: len(data) - start]
    data = data.reshape(*shape, n)
    ivim.fit_maps(few[:10], b, "all")
    wall, cpu = time.perf_counter(), time.process_time()
    maps = ivim.fit_maps(data, b, "all", dtype=dtype)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    kept = sum(array.nbytes for array in maps.values()) / 1e6
    return {
        "wall": wall,
        "cpu": cpu,
        "peak": _peak(),
        "data": data.nbytes / 1e6,
        "kept": kept,
        "maps": len(maps),
    }


def _peak():
    """Largest resident memory so far in MB; 0 where the system does not tell."""
    status = Path("/proc/self/status")
    if status.exists():  # getrusage counts what the parent held when it started this process
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) / 1e3
    try:
        import resource
    except ImportError:  # Windows
        return 0.0
    unit = 1e6 if sys.platform == "darwin" else 1e3
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit


if __name__ == "__main__":
    print(json.dumps(measure(*json.loads(sys.argv[1]))))
