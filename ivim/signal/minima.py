"""The least squares of a block of voxels: where to start from, and which minimum is the best."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ivim.signal import solver
from ivim.signal.reasons import APART, NEAR, TIE

if TYPE_CHECKING:
    from ivim.signal.engine import Plan

Floats = NDArray[np.float64]
Starts = Iterator[tuple[NDArray[np.intp], Floats]]

SURE_GAP, SURE_ROUGH = 0.15, 5e-5
GAP, ROUGH = 2.0, 1e-4
"""A start whose grid energy is lower than the best one's by GAP of the least squares, and by ROUGH
of the signal's energy for the distance between nodes, leads to no better minimum; where the grid
knows the least squares (no noise floor, b = 0 measured) by much less."""

LEAN = 0.05
"""A smaller share than this of one of the two parts shows in the sum of squares too little for the
grid; such voxels are looked at from further starts."""

LITTLE = 0.015
MUCH = 0.3
FEW_FAST = (7e-3, 1.2e-2, 2e-2, 3.3e-2, 5.5e-2, 9e-2)
FEW_SLOW = (0.3e-3, 1e-3, 3e-3)
"""f, D* and D in mm²/s of those starts."""

WIDE, VAGUE = 2.5, 0.15
"""D* within this factor of its bounds, and with more than this relative error even if all else were
known, is looked for elsewhere too."""

FAINT = 4.0
FROM_AFAR = (2.5e-3, 2e-2, 0.3)
"""A sample below so many noise levels is near the floor; D, D* and f of a further start then."""

BOUND_FAST = 1e-2
"""D* in mm²/s of a further start where f has bounds of its own."""


class Minima:
    """The least squares of a block of voxels as they are found, start by start."""

    def __init__(
        self, plan: Plan, means: Floats, levels: Floats, low: Floats, high: Floats
    ) -> None:
        self.plan, self.means, self.levels, self.low, self.high = plan, means, levels, low, high
        self.cleaned = plan.clean(means, levels)

    def solve(self) -> NDArray[np.bool_]:
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

    def _afresh(self) -> Starts:
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
        raised = lean if self.plan.sigma.size else lean[:0]
        families = (
            (lean, 2, FEW_FAST, LITTLE),
            (raised, 2, FEW_FAST[::2], LEAN),
            (raised, 2, FEW_FAST[1:2], MUCH),
            (np.flatnonzero((share > 1 - LEAN) | at_edge[:, 1]), 1, FEW_SLOW, 1 - 2 * LEAN),
        )
        for rows, place, values, part in families:
            if not rows.size:
                continue
            start, free = self.theta[rows], width[rows, place] > 0
            for value in values:
                theta = start.copy()
                theta[:, place] = value
                theta[:, 3] = self.low[rows, 3] + part * width[rows, 3]
                yield rows, np.clip(theta, self.low[rows], self.high[rows])
                if not free.all():  # where it is held, all its values are one start
                    rows, start, free = rows[free], start[free], free[free]
        yield from self._from_afar(width)
        if "f" in self.plan.bounds:
            # A bound of f makes a basin at its edge, which the energy along D* does not show.
            rows = np.flatnonzero(((share > 0.5) & ~at_edge[:, 3]) | (share < 2 * LEAN))
            theta = self.theta[rows]
            theta[:, 2], theta[:, 3] = BOUND_FAST, self.low[rows, 3] + 0.6 * width[rows, 3]
            yield rows, np.clip(theta, self.low[rows], self.high[rows])
        if self.plan.b[0] > 0:  # a fast part gone before the lowest b may be of any size
            everyone = np.arange(len(share))
            for value in FEW_FAST[1::2]:
                pairs = np.stack([self.theta[:, 1], np.full(len(share), value)], axis=1)
                yield everyone, self._started(everyone, pairs)

    def _from_afar(self, width: Floats) -> Starts:
        """Further starts where D* was found near one of its bounds: it may be one of two basins.

        The grid tells them apart badly where D* is vague. Near the noise floor it knows even less,
        for what it takes off the signal is a guess: there from afar.
        """
        plan, fast, gauss = self.plan, self.theta[:, 2], self.gauss[:, 5]
        near = (fast < WIDE * self.low[:, 2]) | (fast > self.high[:, 2] / WIDE)
        near &= width[:, 2] > 0
        vague = self.sse > max(plan.b.size - plan.free, 1) * gauss * (VAGUE * fast) ** 2
        rows = np.flatnonzero(near & vague)
        theta = self.theta[rows]
        theta[:, 2] = FEW_FAST[2]
        yield rows, np.clip(theta, self.low[rows], self.high[rows])
        if not plan.sigma.size:
            return
        faint = self.means.min(axis=1) < FAINT * self.levels * plan.sigma.max()
        rows = np.flatnonzero(near & faint)
        theta = self.theta[rows]
        theta[:, 0] = 1.02 * self.means[rows].max(axis=1)
        theta[:, 1:] = FROM_AFAR
        yield rows, np.clip(theta, self.low[rows], self.high[rows])

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
