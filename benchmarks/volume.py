"""Volumes with all three models: seconds and peak memory, each in a process of its own."""

import json
import subprocess
import sys
import tempfile
import time
from functools import partial
from pathlib import Path

from row import Row

SECTION = "volume"
SHAPE, QUICK_SHAPE = (128, 128, 20), (128, 128, 2)
LARGE, QUICK_LARGE = (256, 256, 100), (64, 64, 10)
FILED, QUICK_FILED = (192, 192, 60), (96, 96, 10)


def rows(quick):
    """A usual volume in float64, a large one of 16 b-values as integers with float32 maps."""
    shape = QUICK_SHAPE if quick else SHAPE
    told = _in_fresh_process(shape, 10, "float64")
    size = " x ".join(map(str, shape))
    text = f"{told['wall']:.1f} s (CPU {told['cpu']:.1f} s)"
    what = f"three models on {size}, wall clock"
    yield Row(SECTION, what, text, "60 s", told["wall"] < 60)
    what = "  peak memory of the whole process, interpreter and compiled code included"
    yield Row(SECTION, what, f"{told['peak']:.0f} MiB")
    what = f"  of which the data and the {told['maps']} maps"
    yield Row(SECTION, what, f"{told['data']:.0f} + {told['kept']:.0f} MiB")
    shape = QUICK_LARGE if quick else LARGE
    told = _in_fresh_process(shape, 16, "float32")
    size = " x ".join(map(str, shape))
    text = f"{told['wall']:.1f} s (CPU {told['cpu']:.1f} s)"
    yield Row(SECTION, f"three models on {size} x 16, float32 maps", text)
    what = f"  peak memory; data {told['data']:.0f} MiB, maps {told['kept']:.0f} MiB"
    yield Row(SECTION, what, f"{told['peak']:.0f} MiB", "1024 MiB", told["peak"] <= 1024)
    shape = QUICK_FILED if quick else FILED
    told = _in_fresh_process(shape, 16, "files")
    size = " x ".join(map(str, shape))
    ratio = told["whole"] / told["fit"]
    what = f"`ivim maps` of {size} x 16 from and to packed files, over the fit alone"
    text = f"{ratio:.2f} x ({told['whole']:.1f} against {told['fit']:.1f} s wall"
    text += f", CPU {told['whole_cpu']:.1f} against {told['fit_cpu']:.1f} s)"
    yield Row(SECTION, what, text, "" if quick else "1.3 x", None if quick else ratio <= 1.3)


def _in_fresh_process(*arguments):
    command = [sys.executable, Path(__file__), json.dumps(arguments)]
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def volume(shape, n):
    """A volume of integers, its b-values, and a few of its signals."""
    import numpy as np
    from voxels import biexponential, magnitude

    rng, b = np.random.default_rng(0), np.unique(np.geomspace(10, 1500, n).round())
    clean = biexponential(
        b, rng.uniform(0.4e-3, 2e-3, 20_000), rng.uniform(8e-3, 0.06, 20_000),
        rng.uniform(0.05, 0.5, 20_000),
    )  # fmt: skip
    few = (1000 * magnitude(clean, 0.02, rng)).astype(np.int16)
    data = np.empty((int(np.prod(shape)), n), np.int16)
    for start in range(0, len(data), len(few)):
        data[start : start + len(few)] = few[: len(data) - start]
    return data.reshape(*shape, n), b, few


def measure(shape, n, dtype):
    """Run in the fresh process: fit a volume, tell seconds and megabytes."""
    import ivim

    data, b, few = volume(shape, n)
    ivim.fit_maps(few[:10], b, "all")
    kept = []
    wall, cpu = _timed(lambda: kept.append(ivim.fit_maps(data, b, "all", dtype=dtype)))
    maps = kept[0]
    return {
        "wall": wall,
        "cpu": cpu,
        "peak": _peak(),
        "data": data.nbytes / 2**20,
        "kept": sum(array.nbytes for array in maps.values()) / 2**20,
        "maps": len(maps),
    }


def measure_files(shape, n):
    """Run in the fresh process: the fit in memory, then the whole way from file to files."""
    import nibabel as nib
    import numpy as np

    from ivim.imaging.mapping import make_maps
    from ivim.imaging.series import read_series
    from ivim.signal.recipe import get_recipe

    data, b, few = volume(shape, n)
    recipe = get_recipe("full")
    recipe.maps(few[:10], b)
    with tempfile.TemporaryDirectory() as folder:
        image = Path(folder) / "sub-01_dwi.nii.gz"
        nib.save(nib.Nifti1Image(data, np.diag([2.0, 2.0, 5.0, 1.0])), image)
        image.with_name("sub-01_dwi.bval").write_text(" ".join(f"{x:g}" for x in b))
        del data
        series = read_series(image)
        fit, fit_cpu = _timed(partial(recipe.maps, series.data, b, dtype=np.float32))
        del series
        out = Path(folder) / "maps"
        whole, whole_cpu = _timed(lambda: make_maps(image, None, out, recipe=recipe))
    return {"fit": fit, "fit_cpu": fit_cpu, "whole": whole, "whole_cpu": whole_cpu}


def _timed(work):
    """Wall clock and CPU seconds of one run."""
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - wall, time.process_time() - cpu


def _peak():
    """Largest resident memory so far in MiB; 0 where the system does not tell."""
    status = Path("/proc/self/status")
    if status.exists():  # getrusage counts what the parent held when it started this process
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) / 1024
    try:
        import resource
    except ImportError:  # Windows
        return 0.0
    unit = 2**20 if sys.platform == "darwin" else 2**10
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit


if __name__ == "__main__":
    *arguments, kind = json.loads(sys.argv[1])
    told = measure_files(*arguments) if kind == "files" else measure(*arguments, kind)
    print(json.dumps(told))
