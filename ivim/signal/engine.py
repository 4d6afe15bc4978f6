"""The voxel engine: one :class:`Plan` per model and protocol, which fits blocks of signals by the
compiled solver.

It answers the question that :mod:`ivim.signal.problem` puts for one signal, with the same limits,
weights, methods and remarks, some hundred times faster; a test holds the two together.
"""

from dataclasses import dataclass, replace
from itertools import product

import numpy as np

from ivim import parameters
from ivim.signal import noise, reasons, solver
from ivim.signal.models import MODELS, aicc, get_model, s0_scale

GRID = (32, 24)
"""Nodes of D and D* in the grid of the bi-exponential; on 20 x 16 some voxels per thousand end in
the wrong basin."""

LEAST = 1e-5
"""Least diffusivity of a grid in mm²/s where the bound is 0; the search goes below, the grid need
not."""

CODES = np.array(
    [reasons.OK, reasons.AT_BOUND, reasons.UNIDENTIFIABLE, reasons.NOT_CONVERGED], np.uint8
)


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

    values: dict
    errors: dict
    sse: np.ndarray
    residual: np.ndarray
    aicc: np.ndarray
    reason: np.ndarray


class Plan:
    """What all voxels of a fit share: the different b-values, weights, limits, grids.

    Parameters
    ----------
    model : str
        One of ``solver.KINDS``.
    b, averages : array, shape (n,)
    bounds : dict, optional
    method : {"full", "segmented", "log-linear", "two-point"}
    use : array of bool, shape (n,)
        Samples of the first stage of a segmented fit, or of a two-point fit.
    sigma : float, optional
        Noise level of one excitation: fit the Rician mean.
    averaging : {"magnitude", "complex"}
    """

    def __init__(
        self,
        model,
        b,
        averages,
        bounds=None,
        method="full",
        use=None,
        sigma=None,
        averaging="magnitude",
    ):
        self.model, self.method, self.bounds = get_model(model), method, dict(bounds or {})
        self.tail = None
        self.all_b, self.use = b, np.ones(b.size, bool) if use is None else use
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
        floor = np.empty(0) if sigma is None else noise.floor_sigma(sigma, groups[:, 1], averaging)
        self.sigma = np.array(
            np.broadcast_to(floor, self.b.shape if sigma is not None else 0), float
        )
        self.nodes, self.curves = self._one_decay_grid()
        self.grid = self._two_decay_grid()

    def fit(self, signals):
        """Fit each row of `signals`, shape (m, n), all finite and positive; returns a
        :class:`Block`."""
        peaks = signals.max(axis=1)
        low, high = self._limits(peaks)
        if self.method == "log-linear":
            return self._fit_log_line(signals, low, high)
        first = None
        if self.tail is not None:
            first = self.tail.fit(signals)
            low[:, 1] = high[:, 1] = first.values["adc_stand"]
        values, errors, sse, code = self._search(signals, peaks, low, high)
        block = self._block(values, errors, sse, CODES[code])
        return block if first is None else self._two_stage(block, first)

    def _two_stage(self, block, first):
        """Standard errors of a segmented fit: the noise reaches the second stage directly and by
        way of the first's adc_slow.

        As :mod:`ivim.signal.fit` has them, for all voxels at once.
        """
        names, m, k = self.model.parameters, block.sse.size, len(self.model.parameters)
        in_tail = np.bincount(self.group, self.tail.use) > 0
        through_slow = np.zeros((m, self.b.size))
        through_slow[:, in_tail] = _gain(
            self.tail.jacobian(first.values), self.tail.w, np.ones((m, 2), bool)
        )[:, 1]
        jacobian = self.jacobian(block.values)
        free = np.isfinite([block.errors[name] for name in names]).T
        free[:, 1] = False
        second = _gain(jacobian, self.w, free)
        second -= (second @ jacobian[:, :, 1:2]) * through_slow[:, None, :]
        second[:, 1] = through_slow
        spread = block.sse / max(self.use.sum() - k, 1)
        errors = np.sqrt(spread[:, None] * np.sum(second**2 / self.w, axis=2))
        free[:, 1] = True
        certain = (first.reason == reasons.OK) & (self.tail.use.sum() > 2) & (self.use.sum() > k)
        errors[~(free & certain[:, None])] = np.nan
        held = (first.reason == reasons.AT_BOUND) & (block.reason == reasons.OK)
        reason = np.where(held, np.uint8(reasons.AT_BOUND), block.reason)
        return replace(
            block,
            errors=dict(zip(names, np.ascontiguousarray(errors.T), strict=True)),
            reason=reason,
        )

    def jacobian(self, values):
        """Derivatives of the signal at the different b-values, shape (m, b, k)."""
        return self.model.jacobian(
            self.b, **{name: value[:, None] for name, value in values.items()}
        )

    def _fit_log_line(self, signals, low, high):
        """A straight line through ln S weighted by the averages, within the limits."""
        logs, b, w = np.log(signals), self.all_b, self.weights
        centre, level = np.average(b, weights=w), np.average(logs, weights=w, axis=1)
        spread = np.sum(w * (b - centre) ** 2)
        adc = np.clip(-(logs * w) @ (b - centre) / spread, low[:, 1], high[:, 1])
        free_height = level + adc * centre
        height = np.clip(free_height, np.log(np.maximum(low[:, 0], 1e-300)), np.log(high[:, 0]))
        through = np.clip(
            (height[:, None] - logs) @ (w * b) / np.sum(w * b**2), low[:, 1], high[:, 1]
        )
        adc = np.where(height == free_height, adc, through)
        values = np.column_stack([np.exp(height), adc])
        scatter = ((logs - height[:, None] + adc[:, None] * b) ** 2 @ w) / max(b.size - 2, 1)
        at_bound = np.minimum(adc - low[:, 1], high[:, 1] - adc) < 1e-9 * high[:, 1]
        errors = np.sqrt(
            np.column_stack([scatter * (1 / w.sum() + centre**2 / spread), scatter / spread])
        )
        errors[:, 0] *= values[:, 0]
        errors[at_bound | (b.size <= 2)] = np.nan
        sse = (signals - values[:, :1] * np.exp(-b * adc[:, None])) ** 2 @ w
        return self._block(
            values, errors, sse, np.where(at_bound, reasons.AT_BOUND, reasons.OK).astype(np.uint8)
        )

    def _search(self, signals, peaks, low, high):
        """The compiled fit: values and errors (m, k), sums of squares and codes (m,)."""
        used = signals if self.use.all() else signals[:, self.use]
        means, within = used, np.zeros(len(used))
        if self.b.size < used.shape[1]:
            means = used @ self.pool
            within = (used - means[:, self.group]) ** 2 @ self.weights
        elif (np.diff(self.group) < 0).any():  # no repeats, but b-values out of order
            means = used[:, np.argsort(self.group)]
        cleaned = means = np.ascontiguousarray(means)
        if (
            self.sigma.size
        ):  # the grid looks at signals with the floor taken off: E[M²] = S² + 2 sigma²
            cleaned = np.sqrt(np.maximum(means**2 - 2 * self.sigma**2, (0.1 * self.sigma) ** 2))
        m, k = len(used), len(self.model.parameters)
        values, errors, sse, code = (
            np.empty((m, k)),
            np.empty((m, k)),
            np.empty(m),
            np.empty(m, np.uint8),
        )
        solver.fit_block(
            solver.KINDS[self.model.name], means, cleaned, self.w, self.b, self.sigma, low, high, self.nodes, self.curves,
            self.grid, bool({"f", "s0"} & self.bounds.keys()), peaks, within, self.use.sum(), values, errors, sse, code,
        )  # fmt: skip
        return values, errors, sse + within, code

    def _block(self, values, errors, sse, reason):
        """Arrays by name, with NaN where the reason leaves no values."""
        bad = ~reasons.usable(reason)
        values, errors, sse = (
            np.where(bad[:, None] if x.ndim == 2 else bad, np.nan, x) for x in (values, errors, sse)
        )
        names, n = self.model.parameters, int(self.use.sum())
        columns = lambda array: dict(zip(names, np.ascontiguousarray(array.T), strict=True))  # noqa: E731
        with np.errstate(divide="ignore"):
            criterion = np.asarray(aicc(sse, n, len(names)))
        return Block(columns(values), columns(errors), sse, np.sqrt(sse / n), criterion, reason)

    def _limits(self, peaks):
        """Lower and upper limits, shape (m, k); those of s0 go with the signal unless given in its
        units."""
        bounds = self.model.bounds | self.bounds
        low, high = (
            np.tile([bounds[name][side] for name in self.model.parameters], (len(peaks), 1))
            for side in (0, 1)
        )
        if "s0" not in self.bounds:
            scale = s0_scale(peaks, self.all_b)
            low[:, 0], high[:, 0] = low[:, 0] * scale, high[:, 0] * scale
        return low, high

    def _tail_bounds(self):
        """Bounds of the mono-exponential first stage of a segmented fit."""
        bounds = {"adc_stand": self.bounds.get("adc_slow", parameters.bounds_of("adc_slow"))}
        return bounds | ({"s0": self.bounds["s0"]} if "s0" in self.bounds else {})

    def _unit(self, curves):
        """The curves (g, b) as columns of unit weighted norm, shape (b, g); one that overflows is
        never chosen."""
        with np.errstate(over="ignore", invalid="ignore"):
            return np.ascontiguousarray(
                np.nan_to_num(curves / np.sqrt(curves**2 @ self.w)[:, None], posinf=0.0).T
            )

    def _one_decay_grid(self):
        """Nodes (g, k - 1) and curves (b, g) of a model with one amplitude, from the grid of the
        model."""
        if self.model.name == "biexponential":
            return np.empty((0, 3)), np.empty((self.b.size, 0))
        bounds = self.model.bounds | self.bounds
        axes = [np.unique(np.clip(axis, *bounds[name])) for name, axis in self.model.grid.items()]
        nodes = np.array(list(product(*axes)))
        with np.errstate(over="ignore"):
            curves = np.array([self.model.function(self.b, 1.0, *node) for node in nodes])
        return nodes, self._unit(curves)

    def _two_decay_grid(self):
        """The tables of :func:`solver.profile`; D in steps even in its root, D* in even ratios."""
        bounds = MODELS["biexponential"].bounds | self.bounds
        (slow_low, slow_high), (fast_low, fast_high) = bounds["adc_slow"], bounds["adc_fast"]
        slow = (
            np.linspace(max(slow_low, LEAST) ** 0.5, max(slow_high, 2 * LEAST) ** 0.5, GRID[0]) ** 2
        )
        fast = np.geomspace(max(fast_low, LEAST), max(fast_high, 2 * LEAST), GRID[1])
        slow_curves, fast_curves = (
            self._unit(np.exp(-np.outer(axis, self.b))) for axis in (slow, fast)
        )
        cosine = np.ascontiguousarray((slow_curves.T * self.w) @ fast_curves)
        return slow, slow_curves, fast, fast_curves, cosine, 1 / np.maximum(1 - cosine**2, 1e-12)


def _gain(jacobian, weights, free):
    """How each sample's error moves each free estimate: (J'WJ)⁻¹ J'W by voxel, shape (m, k, b); 0
    for the others."""
    weighted = jacobian * weights[:, None]
    matrix = np.swapaxes(jacobian, 1, 2) @ weighted
    diagonal = np.einsum("mii->mi", matrix)
    scale = np.where(free & (diagonal > 0), np.sqrt(np.maximum(diagonal, 1e-300)), np.inf)
    matrix = matrix / scale[:, :, None] / scale[:, None, :]
    # A breath of ridge keeps two columns that are all but alike from being an exception.
    matrix += np.eye(matrix.shape[1]) * (np.isinf(scale) + 1e-13)[:, None, :]
    return (
        np.linalg.solve(matrix, np.swapaxes(weighted / scale[:, None, :], 1, 2)) / scale[:, :, None]
    )
