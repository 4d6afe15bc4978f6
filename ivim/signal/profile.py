"""Profile limits of a fit: where the least squares with one parameter held exceed their minimum.

Their excess is compared with the F quantile (Bates and Watts 1988, Nonlinear Regression Analysis
and Its Applications, section 6.1). For the compiled models every held value is a voxel of its own:
a whole profile, with all its basins, is one block of the engine.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy import optimize, stats

if TYPE_CHECKING:
    from ivim.signal.result import Fit

POINTS = 33
"""Values between optimum and bound that are looked at in a round; the next round looks between two
of them."""

ROUNDS = 3


def profile_limits(fitted: Fit, level: float = 0.95) -> dict[str, tuple[float, float]]:
    """Profile limits of every parameter of a fit by method ``full``.

    Parameters
    ----------
    fitted : Fit
    level : float

    Returns
    -------
    dict of str to (float, float)
        NaN where there is no fit, or no sample is left over to judge the noise by. A limit at a
        bound says that the data exclude nothing on that side; where the least squares have two
        basins, the limits hold both.
    """
    problem = fitted.problem
    freedom = fitted.residuals.size - problem.free
    names = [name for name in fitted.values if name not in problem.fixed]
    limits = dict.fromkeys(fitted.values, (np.nan, np.nan))
    if not fitted.success or freedom < 1:
        return limits
    allowed = fitted.sse * stats.f.ppf(level, 1, freedom) / freedom
    compiled = problem.model.kind is not None
    excess = _Compiled(fitted) if compiled else _OneByOne(fitted)
    ways = [(name, edge) for name in names for edge in problem.limits[name]]
    found = (_search if compiled else _bracket)(excess, fitted.values, ways, allowed)
    return limits | {name: found[2 * i : 2 * i + 2] for i, name in enumerate(names)}


def _search(excess, values, ways, allowed):
    """The outermost crossing on each way from the optimum to a bound, all ways at once."""
    start = np.array([values[name] for name, _ in ways])
    edge = np.array([edge for _, edge in ways])
    near, far = start, edge
    steps = np.linspace(0, 1, POINTS)
    for _ in range(ROUNDS):
        x = near[:, None] + steps * (far - near)[:, None]
        inside = excess(ways, x) <= allowed
        inside[:, 0] = True
        last = POINTS - 1 - inside[:, ::-1].argmax(axis=1)
        rows = np.arange(len(ways))
        near, far = x[rows, last], x[rows, np.minimum(last + 1, POINTS - 1)]
    # Between the last two points the root of the excess is all but a straight line.
    low, high = np.sqrt(excess(ways, np.stack([near, far], axis=1))).T
    share = np.clip((np.sqrt(allowed) - low) / np.maximum(high - low, 1e-300), 0, 1)
    limit = np.where(near == edge, edge, near + share * (far - near))
    return tuple(limit.tolist())


def _bracket(excess, values, ways, allowed):
    """One crossing on each way, by a root finder: for models that are not compiled."""
    limits = []
    for name, edge in ways:
        start = values[name]

        def depth(x, name=name):
            return excess(name, x) ** 0.5 - allowed**0.5

        if edge == start or depth(edge) <= 0:
            limits.append(edge)
        else:
            width = abs(edge - start)
            limits.append(optimize.brentq(depth, start, edge, xtol=1e-4 * width))
    return tuple(limits)


class _Compiled:
    """Excess of the least squares over their minimum, for many held values at once."""

    def __init__(self, fitted):
        from ivim.signal.engine import Plan

        problem = fitted.problem
        self.fitted, self.names = fitted, problem.model.parameters
        bounds = {name: pair for name, pair in problem.limits.items() if pair[0] < pair[1]}
        self.plan = Plan(
            problem.model, problem.b, problem.averages, bounds, fixed=problem.fixed
        ).with_floor(problem.floor)

    def __call__(self, ways, x):
        """Excess (w, p) for the values x (w, p) of the parameters that `ways` name."""
        columns = [self.names.index(name) for name, _ in ways]
        shape, m = x.shape, x.size
        low, high = (np.tile(side, (m, 1)) for side in zip(*self._limits(), strict=True))
        rows, places = np.arange(m), np.repeat(columns, shape[1])
        low[rows, places] = high[rows, places] = x.ravel()
        sse = self.plan.least_squares(self.fitted.problem.signal, low, high)
        return np.maximum(sse.reshape(shape) - self.fitted.sse, 0.0)

    def _limits(self):
        return [self.fitted.problem.limits[name] for name in self.names]


class _OneByOne:
    """The same by the reference fit, from the last values on."""

    def __init__(self, fitted):
        self.fitted, self.last = fitted, dict(fitted.values)

    def __call__(self, name, x):
        """Excess where the parameter is held at x."""
        problem = self.fitted.problem
        self.last = problem.polish(self.last | {name: x}, problem.fixed | {name: x}, quick=True)
        return max(problem.sse(self.last) - self.fitted.sse, 0.0)
