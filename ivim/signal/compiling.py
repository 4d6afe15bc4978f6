"""Compile everything that is compiled, once for the processor at hand."""

import numpy as np

from ivim.signal import solver
from ivim.signal.engine import Plan
from ivim.signal.models import get_model
from ivim.signal.shrinkage import shrink


def compile_all():
    """Compile the solver for this processor, or load what was compiled before.

    Returns
    -------
    bool
        True where something had to be compiled (some 20 seconds of a core).
    """
    fresh = not solver.is_compiled()
    b = np.array([0.0, 20.0, 100.0, 400.0, 800.0])
    for name in ("biexponential", "monoexponential"):
        model = get_model(name)
        start = {"s0": 1.0} | {key: model.bounds[key][1] / 5 for key in model.measured}
        signal = model.function(b, **start)
        Plan(model, b, np.ones(b.size)).fit(signal[None])
    fast = np.linspace(0.01, 0.04, 8)[:, None]
    signals = get_model("biexponential").function(b, 1.0, 1e-3, fast, 0.2)
    shrink(signals, b, sweeps=1, burn=50)
    return fresh
