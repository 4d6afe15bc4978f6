"""The voxel engine: one :class:`Plan` per model and protocol, which fits blocks of signals by the
compiled solver.

It answers the question that :mod:`ivim.signal.problem` puts for one signal, with the same limits,
weights, methods and remarks, some hundred times faster; a test holds the two together.
"""

from dataclasses import dataclass, replace
from itertools import product

import numpy as np

from ivim.signal import noise, reasons, solver
from ivim.signal.models import MODELS, aicc, get_model, s0_scale
from ivim.signal.reasons import APART, NEAR, TIE

LEAST = 1e-5
"""Least diffusivity of a grid in mm²/s where the bound is 0; the search goes below, the grid need
not."""

SURE_GAP, SURE_ROUGH = 0.15, 5e-5
GAP, ROUGH = 2.0, 1e-4
"""A start whose grid energy is lower than the best one's by GAP of the least squares, and by ROUGH
of the signal's energy for the distance between nodes, leads to no better minimum; where the grid
knows the least squares (no noise floor, b = 0 measured) by much less."""

LEAN = 0.05
"""A smaller share than this of one of the two parts shows in the sum of squares too little for the
grid; such voxels are looked at from further starts."""

LITTLE = 0.015
FEW_FAST = (7e-3, 1.2e-2, 2e-2, 3.3e-2, 5.5e-2, 9e-2)
FEW_SLOW = (0.3e-3, 1e-3, 3e-3)
"""f, D* and D in mm²/s of those starts."""

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
        model,
        b,
        averages,
        bounds=None,
        method="full",
        use=None,
        sigma=None,
        averaging="magnitude",
        fixed=None,
    ):
        self.model, self.method = get_model(model), method
        self.bounds, self.fixed = dict(bounds or {}), dict(fixed or {})
        self.free = len(self.model.parameters) - len(self.fixed)
        self.tail = None
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

    def fit(self, signals, levels=None):
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
        return block if first is None else self._two_stage(block, first)

    def with_floor(self, floor):
        """The same plan with a noise floor (array, shape (n,), or one number; None for none)."""
        if floor is not None:
            floor = np.broadcast_to(np.asarray(floor, float), self.all_b.shape)[self.use]
            self.sigma = np.bincount(self.group, floor) / np.bincount(self.group)
            self.floor, self.unsure = solver.floor_tables(), True
        return self

    def least_squares(self, signal, low, high):
        """Least squares of one signal for each row of bounds, shape (m, k); equal bounds hold."""
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

    def clean(self, means, levels):
        """Signals with the noise floor taken off, as the grid looks at them: E[M²] = S² + 2 s²."""
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

    def _two_stage(self, block, first):
        """Standard errors of a segmented fit: the noise reaches the second stage directly and by
        way of the first's adc_slow.

        As :mod:`ivim.signal.fit` has them, for all voxels at once.
        """
        names, m = self.model.parameters, block.sse.size
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
        spread = block.sse / max(self.use.sum() - self.free, 1)
        errors = np.sqrt(spread[:, None] * np.sum(second**2 / self.w, axis=2))
        free[:, 1] = True
        certain = (
            (first.reason == reasons.OK) & (self.tail.use.sum() > 2) & (self.use.sum() > self.free)
        )
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


class Minima:
    """The least squares of a block of voxels as they are found, start by start."""

    def __init__(self, plan, means, levels, low, high):
        self.plan, self.means, self.levels, self.low, self.high = plan, means, levels, low, high
        self.cleaned = plan.clean(means, levels)

    def solve(self):
        """Descend from the best start of every voxel, and from others where they can win.

        Returns
        -------
        array of bool, shape (m,)
            True where two minima elsewhere are as good.
        """
        m, k = self.low.shape
        plan, everyone, tied = self.plan, np.arange(m), np.zeros(m, bool)
        if plan.two_decays:
            pairs, energies = np.empty((m, 4, 2)), np.empty((m, 4))
            solver.search_two_decays(
                self.cleaned, plan.w, plan.b, plan.grid, self.low, self.high, plan.confined,
                plan.tail is not None, pairs, energies,
            )  # fmt: skip
            self.theta = self._started(everyone, pairs[:, 0])
        else:
            self.theta = np.empty((m, k))
            solver.search_one_decay(self.cleaned, plan.w, *plan.grid, self.theta)
        self.sse, self.converged, self.gauss = self._descend(everyone, self.theta)
        if plan.two_decays:
            for column, rows in self._contenders(energies):
                tied[rows] |= self._compete(rows, self._started(rows, pairs[rows, column]))
            for rows, theta in self._afresh():
                tied[rows] |= self._compete(rows, theta)
        self._settle()
        return tied

    def _started(self, rows, pairs):
        """Parameters to start from, for pairs of D and D*."""
        theta = np.empty((len(rows), 4))
        theta[:, 1:3] = pairs
        plan = self.plan
        solver.amplitudes(self.cleaned, plan.w, plan.b, rows, self.low, self.high, theta)
        return theta

    def _contenders(self, energies):
        """Further columns of starts, with the voxels in which they may lead to a lower minimum.

        The grid's energies are as far from those of the minima as its nodes are from them: a gap
        beyond that decides.
        """
        gap, rough = (GAP, ROUGH) if self.plan.unsure else (SURE_GAP, SURE_ROUGH)
        total = self.cleaned**2 @ self.plan.w
        reach = gap * self.sse + rough * total
        # Beside a minimum at a bound of D* the profile along D* is flat: another may lie inside.
        at_edge = (self.theta[:, 2] <= self.low[:, 2]) | (self.theta[:, 2] >= self.high[:, 2])
        reach[at_edge] = GAP * self.sse[at_edge] + ROUGH * total[at_edge]
        for column in range(1, energies.shape[1]):
            rows = np.flatnonzero(energies[:, 0] - energies[:, column] < reach)
            if rows.size:
                yield column, rows

    def _descend(self, rows, theta, low=None, high=None):
        """From `theta`, which becomes the minimum: sums of squares, success, Gauss-Newton."""
        plan = self.plan
        sse, converged = np.empty(rows.size), np.empty(rows.size, np.bool_)
        gauss = np.empty((rows.size, 10))
        low = self.low[rows] if low is None else low
        high = self.high[rows] if high is None else high
        solver.descend(
            plan.model.kind, self.means, plan.w, plan.b, plan.sigma, self.levels, plan.floor, rows,
            low, high, theta, sse, converged, gauss,
        )  # fmt: skip
        return sse, converged, gauss

    def _afresh(self):
        """Further starts of voxels with hardly any of one part: there the grid sees no basins.

        A little of the other part may fit better than none, with another D* (or D) than the best
        without it: so from some of it, at several D* (or D).
        """
        if not self.plan.two_decays:
            return
        width = self.high - self.low
        inside = self.theta[:, 3] - self.low[:, 3]
        share = np.where(width[:, 3] > 0, inside / np.maximum(width[:, 3], 1e-300), 0.5)
        at_edge = (self.theta <= self.low) | (self.theta >= self.high)
        # With a noise floor, or where s0 is not measured, the grid knows less of the basins.
        unsure = at_edge[:, 2] & self.plan.unsure
        unsure &= width[:, 3] > 0
        lean = np.flatnonzero((share < LEAN) | unsure)
        families = (
            (lean, 2, FEW_FAST, LITTLE),
            (lean if self.plan.sigma.size else lean[:0], 2, FEW_FAST[::2], LEAN),
            (np.flatnonzero((share > 1 - LEAN) | at_edge[:, 1]), 1, FEW_SLOW, 1 - 2 * LEAN),
        )
        for rows, place, values, part in families:
            if not rows.size:
                continue
            start = self.theta[rows]
            for value in values:
                theta = start.copy()
                theta[:, place] = value
                theta[:, 3] = self.low[rows, 3] + part * width[rows, 3]
                yield rows, np.clip(theta, self.low[rows], self.high[rows])
        if self.plan.b[0] > 0:  # a fast part gone before the lowest b may be of any size
            everyone = np.arange(len(share))
            for value in FEW_FAST[1::2]:
                pairs = np.stack([self.theta[:, 1], np.full(len(share), value)], axis=1)
                yield everyone, self._started(everyone, pairs)

    def _compete(self, rows, theta):
        """Descend from other starts; the better minimum stays. True where both are as good."""
        sse, converged, gauss = self._descend(rows, theta)
        width = self.high[rows] - self.low[rows]
        before = self.sse[rows]
        least = np.minimum(sse, before) * (1 + TIE)
        as_good = converged & (np.maximum(sse, before) <= least)
        close = np.flatnonzero(as_good)
        apart = np.abs(theta[close] - self.theta[rows[close]]) > APART * width[close]
        tiny = 1e-20 * self.means[rows[close]] ** 2 @ self.plan.w
        as_good[close] = apart.any(axis=1) & (least[close] > tiny)
        better = sse < before
        self._take(rows[better], theta[better], sse[better], converged[better], gauss[better])
        return as_good

    def _take(self, rows, theta, sse, converged, gauss):
        self.theta[rows], self.sse[rows] = theta, sse
        self.converged[rows], self.gauss[rows] = converged, gauss

    def _settle(self):
        """Onto the bounds that lie near: in a flat valley the bound may be as good, and says so."""
        low, high = self.low.copy(), self.high.copy()
        for p in range(self.theta.shape[1]):
            value, width = self.theta[:, p], self.high[:, p] - self.low[:, p]
            below = value - self.low[:, p] < self.high[:, p] - value
            edge = np.where(below, self.low[:, p], self.high[:, p])
            near = (value != edge) & (np.abs(value - edge) < NEAR * width)
            rows = np.flatnonzero(near)
            if not rows.size:
                continue
            theta = self.theta[rows]
            theta[:, p] = low[rows, p] = high[rows, p] = edge[rows]
            found = self._descend(rows, theta, low[rows], high[rows])
            slack = 1e-25 * self.means[rows] ** 2 @ self.plan.w
            good = found[0] <= self.sse[rows] * (1 + 1e-10) + slack
            self._take(rows[good], theta[good], *(part[good] for part in found))
            back = rows[~good]
            low[back, p], high[back, p] = self.low[back, p], self.high[back, p]


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
