"""First use in a fresh process: import, first fit with the compiled code at hand, and cold."""

import os
import subprocess
import sys
import tempfile

from row import Row

SECTION = "first"
SCRIPT = """
import time
began = time.perf_counter()
from ivim.signal import maps
imported = time.perf_counter() - began
import numpy as np
b = np.array([0, 20, 50, 100, 150, 200, 400, 800, 1200, 1500], float)
began, cpu = time.perf_counter(), time.process_time()
maps.fit_maps(np.exp(-b * 1e-3)[None], b, "all")
print(imported, time.perf_counter() - began, time.process_time() - cpu)
"""


def rows(quick):
    """Seconds of import, first call warm (best of some), and once with an empty cache."""
    warm = [_seconds() for _ in range(3 if quick else 7)]
    imported, first, cpu = (min(column) for column in zip(*warm, strict=True))
    yield Row(SECTION, "import ivim.signal.maps", f"{imported:.2f} s")
    text = f"{first:.2f} s (CPU {cpu:.2f} s)"
    yield Row(SECTION, "first fit_maps of three models, compiled before", text, "1 s", first <= 1)
    if not quick:
        with tempfile.TemporaryDirectory() as cache:
            _, wall, cpu = _seconds(NUMBA_CACHE_DIR=cache)
        text = f"{wall:.1f} s (CPU {cpu:.1f} s)"
        yield Row(SECTION, "the same, nothing compiled before", text, "20 s CPU", cpu <= 20)


def _seconds(**environment):
    command = [sys.executable, "-c", SCRIPT]
    told = subprocess.run(
        command, check=True, capture_output=True, text=True, env=os.environ | environment
    ).stdout
    return [float(word) for word in told.split()]
