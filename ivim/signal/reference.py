"""Maps of a model that is not compiled: the reference fit one by one, on all cores."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from ivim.signal import reasons
from ivim.signal.blocks import Places, bar
from ivim.signal.engine import Block
from ivim.signal.fit import fit
from ivim.signal.model import SignalModel
from ivim.signal.result import Fit

SERIAL = 64
"""Fewer voxels than this are fitted before other processes have started."""

AT_A_TIME = 16
"""Voxels that a process fits at a time."""

Floats = NDArray[np.float64]


class Reference:
    """What all voxels of a fit share, as :class:`ivim.signal.engine.Plan` for the compiled ones.

    Parameters
    ----------
    model : SignalModel
    b : array, shape (n,)
    **options
        As for :func:`ivim.fit`; `sigma` may be a map.
    """

    compiled = False

    def __init__(self, model: SignalModel, b: Floats, **options) -> None:
        sigma = options["sigma"]
        self.level_map = sigma if isinstance(sigma, np.ndarray) else None
        self.model, self.b, self.options = model, b, options

    def fit(
        self,
        signals: Floats,
        levels: Floats | None = None,
        saturation: float | None = None,
        top: float | None = None,
    ) -> Block:
        """Fit each row of `signals`, shape (m, n).

        Parameters
        ----------
        signals : array, shape (m, n)
        levels : array, shape (m,), optional
            Noise level of each.
        saturation, top : float, optional
            As for :func:`ivim.signal.reasons.check_signals`.

        Returns
        -------
        Block
        """
        code = reasons.check_signals(signals, self.b, saturation, top)
        fits = []
        for i, signal in enumerate(signals):
            own = self.options if levels is None else self.options | {"sigma": levels[i]}
            # What is no ceiling in its volume has to look like none to the fit of one signal.
            fits.append(fit(signal, self.b, self.model, saturation=np.inf, **own))
        return self._block(fits, code)

    def spread(self, tasks: Sequence[tuple], threads: int) -> Iterator[Block]:
        """:meth:`fit` of the arguments of each task, in their order, on several processes.

        Parameters
        ----------
        tasks : sequence of tuple
        threads : int
            Processes.

        Returns
        -------
        iterator of Block
        """
        if threads == 1 or sum(len(task[0]) for task in tasks) < SERIAL:
            return (self.fit(*task) for task in tasks)
        from joblib import Parallel, delayed

        work = Parallel(n_jobs=threads, return_as="generator")
        return work(delayed(self.fit)(*task) for task in tasks)

    def run(
        self,
        blocks: Iterable[tuple[Places, Floats]],
        total: int,
        threads: int,
        saturation: float | None,
        top: float,
        progress: bool,
    ) -> Iterator[tuple[Places, Block, Floats]]:
        """Fit a volume, which takes long and says so.

        Parameters
        ----------
        blocks : iterable of (places, signals)
            As :func:`ivim.signal.blocks.blocks` gives them.
        total : int
            Voxels in all.
        threads : int
            Processes.
        saturation : float, optional
        top : float
            Largest value of the volume.
        progress : bool

        Yields
        ------
        places : tuple of array of int, shape (m,)
        block : Block
        signals : array, shape (m, n)
        """
        warnings.warn(
            f"the {self.model.name} model is not compiled: its {total} voxels are fitted one by "
            "one, some hundred a second and core",
            stacklevel=5,
        )
        parts = [
            (tuple(axis[i : i + AT_A_TIME] for axis in where), signals[i : i + AT_A_TIME])
            for where, signals in blocks
            for i in range(0, len(signals), AT_A_TIME)
        ]
        tasks = [
            (signals, None if self.level_map is None else self.level_map[where], saturation, top)
            for where, signals in parts
        ]
        with bar(total, progress) as advance:
            for (where, signals), block in zip(parts, self.spread(tasks, threads), strict=True):
                yield where, block, signals
                advance(len(signals))

    def _block(self, fits: list[Fit], code: NDArray[np.uint8]) -> Block:
        good = code == reasons.OK

        def column(values):
            return np.where(good, np.array(values, float), np.nan)

        names = self.model.parameters
        sse = column([one.sse for one in fits])
        return Block(
            {name: column([one.values[name] for one in fits]) for name in names},
            {name: column([one.stderr[name] for one in fits]) for name in names},
            sse,
            np.sqrt(sse / self.b.size),
            column([one.aicc for one in fits]),
            np.where(good, [one.reason for one in fits], code).astype(np.uint8),
        )
