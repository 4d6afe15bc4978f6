"""Compile everything that is compiled, once for the processor at hand, and say so meanwhile."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
from numba.core import event

from ivim.signal import solver


def compile_all(progress: bool | None = None) -> bool:
    """Compile the solver for this processor, or load what was compiled before.

    Parameters
    ----------
    progress : bool, optional
        As for :func:`told`.

    Returns
    -------
    bool
        True where something had to be compiled (some 20 seconds of a core).
    """
    # Late, for a fit that is told what it compiles needs none of these.
    from ivim.signal.engine import Plan
    from ivim.signal.models import get_model
    from ivim.signal.shrinkage import shrink

    fresh = not solver.is_compiled()
    b = np.array([0.0, 20.0, 100.0, 400.0, 800.0])
    with told(solver.ENTRIES, progress):
        for name in ("biexponential", "monoexponential"):
            model = get_model(name)
            start = {"s0": 1.0} | {key: model.bounds[key][1] / 5 for key in model.measured}
            signal = model.function(b, **start)
            Plan(model, b, np.ones(b.size)).fit(signal[None])
        fast = np.linspace(0.01, 0.04, 8)[:, None]
        signals = get_model("biexponential").function(b, 1.0, 1e-3, fast, 0.2)
        shrink(signals, b, sweeps=1, burn=50)
    return fresh


@contextmanager
def told(entries: tuple, progress: bool | None = None) -> Iterator[None]:
    """Say on standard error which function is being compiled, and how many are done.

    Nothing is said where nothing is compiled.

    Parameters
    ----------
    entries : tuple of compiled functions
        Those that may be called.
    progress : bool, optional
        By default where standard error is a terminal.

    Yields
    ------
    None
    """
    listener = _Bar(solver.compiled_names(entries), progress)
    with event.install_listener("numba:compile", listener):
        try:
            yield
        finally:
            listener.close()


class _Bar(event.Listener):
    """A progress bar that begins with the first function that is compiled."""

    def __init__(self, names, progress):
        self.hidden = None if progress is None else not progress
        self.left, self.bar, self.lock = names, None, threading.Lock()

    def on_start(self, event):
        """A function goes to the compiler."""
        name = _name(event)
        with self.lock:
            if name in self.left:
                self._shown().set_postfix_str(name.strip("_").replace("_", " "))

    def on_end(self, event):
        """A function is compiled, for the first of its signatures."""
        with self.lock:
            if (name := _name(event)) in self.left:
                self.left.remove(name)
                self._shown().update()

    def close(self):
        """Leave the bar where it stands."""
        if self.bar is not None:
            self.bar.close()

    def _shown(self):
        from tqdm import tqdm

        if self.bar is None:
            text = "compiling the voxel engine, once"
            self.bar = tqdm(total=len(self.left), desc=text, unit="function", disable=self.hidden)
        return self.bar


def _name(event):
    return event.data["dispatcher"].py_func.__name__
