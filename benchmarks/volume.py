"""A volume of 128 x 128 x 20 voxels with all three models: seconds and peak memory, in a process of its own."""

import json
import subprocess
import sys
import time
from pathlib import Path

from row import Row

SECTION = "volume"
SHAPE, QUICK_SHAPE = (128, 128, 20), (128, 128, 2)


def rows(quick):
    """One fresh process, which has to load the compiled code but not to compile it."""
    shape = QUICK_SHAPE if quick else SHAPE
    command = [sys.executable, Path(__file__), json.dumps(shape)]
    told = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    size = " x ".join(map(str, shape))
    yield Row(
        SECTION,
        f"three models on {size}, wall clock",
        f"{told['seconds']:.1f} s",
        "60 s",
        told["seconds"] < 60,
    )
    yield Row(
        SECTION,
        "  peak memory of the whole process, interpreter and compiled code included",
        f"{told['peak']:.0f} MB",
    )
    yield Row(
        SECTION,
        f"  of which the data and the {told['maps']} maps",
        f"{told['data']:.0f} + {told['kept']:.0f} MB",
    )
    yield Row(
        SECTION,
        "first fit in a fresh process, loading the compiled code",
        f"{told['first']:.1f} s",
        "5 s",
        told["first"] < 5,
    )
    yield Row(
        SECTION,
        "kernels compiled anew in that process",
        str(told["misses"]),
        "0",
        told["misses"] == 0,
    )


def measure(shape):
    """Run in the fresh process: fit a volume, tell seconds and megabytes."""
    import numpy as np
    from voxels import B, tissue

    import ivim

    n = int(np.prod(shape))
    data = np.resize(tissue(20_000)[0], (n, B.size)).reshape(*shape, B.size)
    start = time.perf_counter()
    ivim.fit_maps(data.reshape(-1, B.size)[:10], B, "all")
    first = time.perf_counter() - start
    start = time.perf_counter()
    maps = ivim.fit_maps(data, B, "all")
    seconds = time.perf_counter() - start
    from ivim.signal.solver import fit_block

    kept = sum(array.nbytes for array in maps.values()) / 1e6
    misses = sum(fit_block.stats.cache_misses.values())
    return {
        "seconds": seconds, "peak": _peak(), "data": data.nbytes / 1e6, "kept": kept, "maps": len(maps), "first": first,
        "misses": misses,
    }  # fmt: skip


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
    print(json.dumps(measure(json.loads(sys.argv[1]))))
