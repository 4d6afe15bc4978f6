"""The voxel engine: one :class:`Plan` per model and protocol, which fits blocks of signals by the
compiled solver.

It answers the question that :mod:`ivim.signal.problem` puts for one signal, with the same limits,
weights, methods and remarks, some hundred times faster; a test holds the two together.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ivim.signal import noise, reasons, solver
from ivim.signal.minima import Minima
from ivim.signal.model import SignalModel
from ivim.signal.models import MODELS, aicc, get_model, s0_scale
from ivim.signal.two_stage import two_stage

__all__ = ["Block", "Minima", "Plan"]

Floats = NDArray[np.float64]

LEAST = 1e-5
"""Least diffusivity of a grid in mm²/s where the bound is 0; the search goes below, the grid need
not."""

CODES = np.array([reasons.OK, reasons.AT_BOUND, reasons.UNIDENTIFIABLE], np.uint8)


@dataclass(frozen=True)
class Block:
    """The fits of m signals; a signal without a fit has NaN and its reason.

    Attributes
    ----------
    values, errors : dict of str to array, shape (m,)
        By parameter name, ``s0`` among them; diffusivities in mm²/s.
    sse, residual, aicc : array, shape (m,)
        Weighted sum of squares, root of its mean (in units of the signal), information criterion.
    reason : array of uint8, shape (m,)
    """

    values: dict[str, Floats]
    errors: dict[str, Floats]
    sse: Floats
    residual: Floats
    aicc: Floats
    reason: NDArray[np.uint8]


class Plan:
    """What all voxels of a fit share: the different b-values, weights, limits, grids.

    Parameters
    ----------
    model : str or SignalModel
        One that is compiled.
    b, averages : array, shape (n,)
    bounds : dict, optional
        As :func:`ivim.signal.models.check_bounds` gives them.
    method : {"full", "segmented", "log-linear", "two-point"}
    use : array of bool, shape (n,)
        Samples of the first stage of a segmented fit, or of a two-point fit.
    sigma : float or array, optional
        Noise level of one excitation, or a map of it: fit the Rician mean.
    averaging : {"magnitude", "complex"}
    fixed : dict of str to float, optional
        Parameters that are held.
    """

    compiled = True

    def __init__(
        self,
        model: str | SignalModel,
        b: Floats,
        averages: Floats,
        bounds: Mapping[str, tuple] | None = None,
        method: str = "full",
        use: NDArray[np.bool_] | None = None,
        sigma: float | Floats | None = None,
        averaging: str = "magnitude",
        fixed: Mapping[str, float] | None = None,
    ) -> None:
        self.model, self.method = get_model(model), method
        self.bounds, self.fixed = dict(bounds or {}), dict(fixed or {})
        self.free = len(self.model.parameters) - len(self.fixed)
        self.tail: Plan | None = None
        self.all_b, self.use = b, np.ones(b.size, bool) if use is None else use
        self.asked = self.use
        if method == "segmented":
            self.tail = Plan("monoexponential", b, averages, self._tail_bounds(), use=self.use)
            self.use = np.ones(b.size, bool)
        self.weights = averages[self.use] / averages[self.use].mean()
        # Repeats of one b with the same averages carry the same curve: their mean is fitted, their
        # scatter added afterwards.
        groups, self.group = np.unique(np.c_[b, averages][self.use], axis=0, return_inverse=True)
        self.group = self.group.ravel()
        counts = np.bincount(self.group)
        self.b, self.w = np.ascontiguousarray(groups[:, 0]), np.bincount(self.group, self.weights)
        self.pool = np.eye(counts.size)[self.group] / counts
        self.level_map = sigma if isinstance(sigma, np.ndarray) else None
        self.level = None if self.level_map is not None else sigma
        self.sigma, self.floor = np.empty(0), np.empty((2, 0))
        if sigma is not None:
            relative = noise.floor_sigma(1.0, groups[:, 1], averaging)
            self.sigma = np.array(np.broadcast_to(relative, self.b.shape), float)
            self.floor = solver.floor_tables()
        self.unsure = self.sigma.size > 0 or self.b[0] > 0
        self.two_decays = self.model.kind == MODELS["biexponential"].kind
        # The grid knows s0 and f only where they may be cut off.
        self.confined = bool({"f", "s0"} & (self.bounds.keys() | self.fixed.keys())) or b.min() > 0
        self.grid = self._two_decay_grid() if self.two_decays else self._one_decay_grid()

    def fit(self, signals: Floats, levels: Floats | None = None) -> Block:
        """Fit each row of `signals`.

        Parameters
        ----------
        signals : array, shape (m, n)
            Finite, with a sample above zero.
        levels : array, shape (m,), optional
            Noise level of each, where it is a map.

        Returns
        -------
        Block
        """
        peaks = signals.max(axis=1)
        low, high = self._limits(peaks)
        if self.method == "log-linear":
            return self._fit_log_line(signals, low, high)
        first = None
        if self.tail is not None:
            first = self.tail.fit(signals)
            low[:, 1] = high[:, 1] = first.values["adc_stand"]
        means, within = self._pooled(signals)
        if levels is None:
            levels = np.full(len(means) if self.sigma.size else 0, self.level or 1.0)
        minima = Minima(self, means, levels, low, high)
        tied = minima.solve()
        block = self._judge(minima, within, peaks, tied)
        return block if first is None else two_stage(self, block, first, minima.gauss)

    def with_floor(self, floor: ArrayLike | None) -> Plan:
        """The same plan with a noise floor.

        Parameters
        ----------
        floor : array, shape (n,), or float, optional
            Noise level at which each sample is Rician, in units of the signal; None for none.

        Returns
        -------
        Plan
        """
        if floor is not None:
            floor = np.broadcast_to(np.asarray(floor, float), self.all_b.shape)[self.use]
            self.sigma = np.bincount(self.group, floor) / np.bincount(self.group)
            self.floor, self.unsure = solver.floor_tables(), True
        return self

    def least_squares(self, signal: Floats, low: Floats, high: Floats) -> Floats:
        """Least squares of one signal for each row of bounds.

        Parameters
        ----------
        signal : array, shape (n,)
        low, high : array, shape (m, k)
            Equal bounds hold a parameter.

        Returns
        -------
        array, shape (m,)
            Weighted sums of squares.
        """
        means, within = self._pooled(np.asarray(signal, float)[None])
        means = np.repeat(means, len(low), axis=0)
        levels = np.ones(len(low) if self.sigma.size else 0)
        self.confined = self.two_decays  # s0 or f may be what is held
        minima = Minima(self, means, levels, low, high)
        minima.solve()
        return minima.sse + within

    def _pooled(self, signals):
        """Means at the different b-values, and the squares that are left within them."""
        used = signals if self.use.all() else signals[:, self.use]
        if self.b.size < used.shape[1]:
            means = used @ self.pool
            within = (used - means[:, self.group]) ** 2 @ self.weights
            return np.ascontiguousarray(means), within
        if (np.diff(self.group) < 0).any():  # no repeats, but b-values out of order
            used = used[:, np.argsort(self.group)]
        return np.ascontiguousarray(used), 0.0

    def clean(self, means: Floats, levels: Floats) -> Floats:
        """Signals with the noise floor taken off, as the grid looks at them: E[M²] = S² + 2 s².

        Parameters
        ----------
        means : array, shape (m, n)
            At the different b-values.
        levels : array, shape (m,) or (0,)
            Noise level of each, where there is a floor.

        Returns
        -------
        array, shape (m, n)
        """
        if not self.sigma.size:
            return means
        floor = levels[:, None] * self.sigma
        square = np.maximum(means, 0) ** 2 - 2 * floor**2
        return np.sqrt(np.maximum(square, (0.1 * floor) ** 2))

    def _judge(self, minima, within, peaks, tied):
        """The block of the minima: standard errors and remarks."""
        m, samples = len(peaks), int(self.use.sum())
        errors, remark = np.empty_like(minima.theta), np.empty(m, np.uint8)
        sse = minima.sse + within
        solver.standard_errors(
            minima.gauss, minima.theta, minima.low, minima.high, sse, samples, self.w.sum(), peaks,
            errors, remark,
        )  # fmt: skip
        reason = CODES[remark]
        reason[tied & (reason != reasons.UNIDENTIFIABLE)] = reasons.TIED
        reason[~minima.converged] = reasons.NOT_CONVERGED
        return self._block(minima.theta, errors, sse, reason)

    def _fit_log_line(self, signals, low, high):
        """A straight line through ln S weighted by the averages, within the limits.

        Samples of zero or below have no logarithm and are left out.
        """
        b, above = self.all_b, signals > 0
        w = np.where(above, self.weights, 0.0)
        total, freedom = w.sum(axis=1), np.maximum(above.sum(axis=1) - 2, 1)
        logs = np.log(np.where(above, signals, 1.0))
        centre, level = w @ b / total, (w * logs).sum(axis=1) / total
        off = b - centre[:, None]
        spread = (w * off**2).sum(axis=1)
        adc = np.clip(-(w * logs * off).sum(axis=1) / spread, low[:, 1], high[:, 1])
        free_height = level + adc * centre
        height = np.clip(free_height, np.log(np.maximum(low[:, 0], 1e-300)), np.log(high[:, 0]))
        through = (w * b * (height[:, None] - logs)).sum(axis=1) / (w * b**2).sum(axis=1)
        adc = np.where(height == free_height, adc, np.clip(through, low[:, 1], high[:, 1]))
        values = np.column_stack([np.exp(height), adc])
        rest = logs - height[:, None] + adc[:, None] * b
        scatter = (w * rest**2).sum(axis=1) / freedom
        at_bound = np.minimum(adc - low[:, 1], high[:, 1] - adc) < 1e-9 * high[:, 1]
        errors = np.sqrt(
            np.column_stack([scatter * (1 / total + centre**2 / spread), scatter / spread])
        )
        errors[:, 0] *= values[:, 0]
        errors[at_bound | (above.sum(axis=1) <= 2)] = np.nan
        sse = (signals - values[:, :1] * np.exp(-b * adc[:, None])) ** 2 @ self.weights
        reason = np.where(at_bound, reasons.AT_BOUND, reasons.OK).astype(np.uint8)
        return self._block(values, errors, sse, reason)

    def _block(self, values, errors, sse, reason):
        """Arrays by name, with NaN where the reason leaves no values."""
        bad = reason == reasons.NOT_CONVERGED
        if bad.any():
            values[bad], errors[bad], sse[bad] = np.nan, np.nan, np.nan
        names, n = self.model.parameters, int(self.use.sum())
        with np.errstate(divide="ignore"):
            criterion = np.asarray(aicc(sse, n, self.free))
        return Block(
            dict(zip(names, values.T, strict=True)),
            dict(zip(names, errors.T, strict=True)),
            sse,
            np.sqrt(sse / n),
            criterion,
            reason,
        )

    def _limits(self, peaks):
        """Lower and upper limits, shape (m, k); those of s0 go with the signal unless given."""
        held = {name: (value, value) for name, value in self.fixed.items()}
        bounds = self.model.bounds | self.bounds | held
        low, high = (np.empty((len(peaks), len(self.model.parameters))) for _ in range(2))
        for place, name in enumerate(self.model.parameters):
            low[:, place], high[:, place] = bounds[name][0], bounds[name][1] or np.nan
        own = self.bounds.get("s0", (None, None))
        if own[1] is None and "s0" not in self.fixed:
            scale = s0_scale(peaks, self.all_b)
            least, most = self.model.bounds["s0"]
            low[:, 0] = least * scale if own[0] is None else own[0]
            high[:, 0] = np.maximum(most * scale, 2 * low[:, 0])
        return low, high

    def _tail_bounds(self):
        """Bounds of the mono-exponential first stage of a segmented fit."""
        bounds = {"adc_stand": self.bounds.get("adc_slow", self.model.bounds["adc_slow"])}
        return bounds | ({"s0": self.bounds["s0"]} if "s0" in self.bounds else {})

    def _axis(self, name, values):
        """Nodes of a parameter: the values within its bounds, or the one at which it is held."""
        if name in self.fixed:
            return np.array([self.fixed[name]])
        return np.unique(np.clip(values, *(self.model.bounds | self.bounds)[name]))

    def _unit(self, curves):
        """The curves (g, b) as columns of unit weighted norm, shape (b, g), and their norms.

        One that overflows is never chosen.
        """
        with np.errstate(over="ignore", invalid="ignore"):
            norms = np.maximum(np.sqrt(curves**2 @ self.w), 1e-150)
            unit = np.nan_to_num(curves / norms[:, None], posinf=0.0)
        return np.ascontiguousarray(unit.T), norms

    def _one_decay_grid(self):
        """Nodes (g, k - 1), unit curves (b, g) and norms, from the grid of the model."""
        axes = [self._axis(name, axis) for name, axis in self.model.grid.items()]
        nodes = np.array(list(product(*axes)))
        with np.errstate(over="ignore"):
            curves = np.array([self.model.function(self.b, 1.0, *node) for node in nodes])
        return nodes, *self._unit(curves)

    def _two_decay_grid(self):
        """The tables of :func:`solver.search_two_decays`; D even in its root, D* in its ratio."""
        bounds = self.model.bounds | self.bounds
        (slow_low, slow_high), (fast_low, fast_high) = bounds["adc_slow"], bounds["adc_fast"]
        root = np.linspace(
            max(slow_low, LEAST) ** 0.5, max(slow_high, 2 * LEAST) ** 0.5, solver.SLOW
        )
        slow = self._axis("adc_slow", root**2)
        slow = np.append(slow, np.repeat(slow[-1], solver.SLOW - slow.size))
        fast = np.geomspace(max(fast_low, LEAST), max(fast_high, 2 * LEAST), solver.FAST)
        fast = self._axis("adc_fast", fast)
        fast = np.append(fast, np.repeat(fast[-1], solver.FAST - fast.size))
        slow_curves, slow_norms = self._unit(np.exp(-np.outer(slow, self.b)))
        fast_curves, fast_norms = self._unit(np.exp(-np.outer(fast, self.b)))
        cosine = np.ascontiguousarray((slow_curves.T * self.w) @ fast_curves)
        inverse = 1 / np.maximum(1 - cosine**2, 1e-12)
        tables = np.stack([cosine, inverse, np.sqrt(inverse)], axis=1).ravel()
        return slow, slow_curves, slow_norms, fast, fast_curves, fast_norms, tables
