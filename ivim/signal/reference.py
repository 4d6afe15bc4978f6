"""Voxels of a model that is not compiled: the reference fit one by one, on all cores."""

import numpy as np

from ivim.signal import reasons
from ivim.signal.engine import Block
from ivim.signal.fit import fit

SERIAL = 64
"""Fewer voxels than this are fitted before other processes have started."""


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

    def __init__(self, model, b, **options):
        sigma = options["sigma"]
        self.level_map = sigma if isinstance(sigma, np.ndarray) else None
        self.model, self.b, self.options = model, b, options

    def fit(self, signals, levels=None, saturation=None, top=None):
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

    def spread(self, tasks, threads):
        """:meth:`fit` of the arguments of each task, in their order, on several processes."""
        if threads == 1 or sum(len(task[0]) for task in tasks) < SERIAL:
            return (self.fit(*task) for task in tasks)
        from joblib import Parallel, delayed

        work = Parallel(n_jobs=threads, return_as="generator")
        return work(delayed(self.fit)(*task) for task in tasks)

    def _block(self, fits, code):
        good = code == reasons.OK
        names, n = self.model.parameters, self.b.size
        column = lambda values: np.where(good, np.array(values, float), np.nan)  # noqa: E731
        sse = column([one.sse for one in fits])
        return Block(
            {name: column([one.values[name] for one in fits]) for name in names},
            {name: column([one.stderr[name] for one in fits]) for name in names},
            sse,
            np.sqrt(sse / n),
            column([one.aicc for one in fits]),
            np.where(good, [one.reason for one in fits], code).astype(np.uint8),
        )
