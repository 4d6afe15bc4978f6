"""One signal and the question put to the optimiser: which values of a model within the limits have
the least squares?"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from functools import lru_cache, wraps
from itertools import product
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage, optimize

from ivim.signal import noise, reasons
from ivim.signal.model import SignalModel
from ivim.signal.reasons import APART, NEAR, TIE

if TYPE_CHECKING:
    from lmfit.model import ModelResult

Floats = NDArray[np.float64]
Values = dict[str, float]

# of an axis with several basins, between its two edges; each part and each edge gives a start
PARTS = 2
STARTS = 6  # local minima of the grid from which the optimiser sets out
TIGHT = {"ftol": 1e-14, "xtol": 1e-12, "gtol": 1e-15, "x_scale": "jac"}
QUICK = {"ftol": 1e-8, "xtol": 1e-8, "gtol": 1e-12, "x_scale": "jac"}


class Problem:
    """One signal, its weights and limits: what the optimiser is asked.

    Parameters
    ----------
    model : SignalModel
    signal, b, averages : array, shape (n,)
    bounds : dict, optional
        As given by the user.
    floor : float or array, shape (n,), optional
        Noise level at which each sample is Rician.
    fixed : dict of str to float, optional
        Parameters that are held.
    """

    def __init__(
        self,
        model: SignalModel,
        signal: Floats,
        b: Floats,
        averages: Floats,
        bounds: Mapping[str, tuple] | None = None,
        floor: float | Floats | None = None,
        fixed: Mapping[str, float] | None = None,
    ) -> None:
        self.model, self.signal, self.b, self.averages = model, signal, b, averages
        self.bounds, self.floor, self.fixed = bounds, floor, dict(fixed or {})
        self.weights = averages / averages.mean()
        self.limits = model.limits(signal, b, bounds)
        self.limits |= {name: (value, value) for name, value in self.fixed.items()}

    @property
    def free(self) -> int:
        """Number of parameters that are fitted."""
        return len(self.model.parameters) - len(self.fixed)

    def part(
        self,
        use: NDArray[np.bool_],
        model: SignalModel | None = None,
        names: Mapping[str, str] | None = None,
    ) -> Problem:
        """The question of some of the samples, for this or another model.

        Parameters
        ----------
        use : array of bool, shape (n,)
        model : SignalModel, optional
        names : dict of str to str, optional
            Each limit is that of this model's parameter by the name of the other's.

        Returns
        -------
        Problem
        """
        fixed = self.fixed if model is None else None
        part = Problem(
            model or self.model, self.signal[use], self.b[use], self.averages[use], fixed=fixed
        )
        part.limits = {
            name: self.limits[names[name] if names else name] for name in part.model.parameters
        }
        return part

    def with_floor(self, floor: float | Floats | None) -> Problem:
        """The same question with a noise floor.

        Parameters
        ----------
        floor : float or array, shape (n,), optional
            In units of the signal.

        Returns
        -------
        Problem
        """
        return Problem(
            self.model, self.signal, self.b, self.averages, self.bounds, floor, self.fixed
        )

    def expected(self, b: Floats | None = None, **values: float) -> Floats:
        """Expected signal: the model, raised by the noise floor if there is one.

        Parameters
        ----------
        b : array, shape (n,), s/mm², optional
            Those of the signal by default.
        **values : float

        Returns
        -------
        array, shape (n,)
        """
        curve = self.model.function(self.b if b is None else b, **values)
        return curve if self.floor is None else noise.rician_mean(curve, self.floor)

    def jacobian(self, **values: float) -> Floats:
        """Derivatives of :meth:`expected` by the parameters.

        Parameters
        ----------
        **values : float

        Returns
        -------
        array, shape (n, k)
        """
        columns = self.model.jacobian(self.b, **values)
        if self.floor is None:
            return columns
        return (
            columns * noise.rician_slope(self.model.function(self.b, **values), self.floor)[:, None]
        )

    def residuals(self, values: Mapping[str, float]) -> Floats:
        """Measured minus expected, unweighted.

        Parameters
        ----------
        values : dict of str to float

        Returns
        -------
        array, shape (n,)
        """
        return self.signal - self.expected(None, **values)

    def sse(self, values: Mapping[str, float]) -> float:
        """Weighted sum of squares.

        Parameters
        ----------
        values : dict of str to float

        Returns
        -------
        float
        """
        return float(np.sum(self.weights * self.residuals(values) ** 2))

    def starts(self, held: Mapping[str, float] | None = None) -> list[Values]:
        """Values from which to set out: the local minima of the sum of squares on the model's grid;
        without a grid the guess.

        Parameters
        ----------
        held : dict of str to float, optional

        Returns
        -------
        list of dict of str to float
        """
        held = held or {}
        if not self.model.grid:
            guess = self.model.guess(self.signal, self.b)
            return [
                {name: float(np.clip(value, *self.limits[name])) for name, value in guess.items()}
            ]
        names = tuple(self.model.grid)
        nodes = tuple(
            (held[name],)
            if name in held
            else tuple(np.unique(np.clip(self.model.grid[name], *self.limits[name])))
            for name in names
        )
        curves = _grid_curves(self.model, tuple(self.b), names, nodes)
        s0 = np.clip(
            (curves @ (self.weights * self.signal)) / (curves**2 @ self.weights), *self.limits["s0"]
        )
        sse = (self.signal - s0[..., None] * curves) ** 2 @ self.weights
        lowest = (
            _lowest(sse, names.index(self.model.basins))
            if self.model.basins in names
            else _lowest(sse)
        )
        return [
            {"s0": s0[tuple(at)]} | {name: nodes[i][at[i]] for i, name in enumerate(names)}
            for at in lowest
        ]

    def polish(
        self,
        start: Mapping[str, float],
        held: Mapping[str, float] | None = None,
        *,
        quick: bool = False,
    ) -> Values:
        """Bounded least squares from one start with some parameters held.

        Parameters
        ----------
        start, held : dict of str to float
        quick : bool
            To 1e-8 of the sum of squares, which is all that a limit needs.

        Returns
        -------
        dict of str to float
        """
        held = dict(held or {})
        free = [name for name in self.model.parameters if name not in held]
        if not free:
            return held
        columns = [self.model.parameters.index(name) for name in free]
        root = (
            np.sqrt(self.weights) / self.signal.max()
        )  # gtol is absolute, so the signal must not bring its own scale
        found = optimize.least_squares(
            lambda x: -root * self.residuals(dict(zip(free, x, strict=True)) | held),
            _inside([start[name] for name in free], self.limits, free),
            jac=lambda x: (
                root[:, None] * self.jacobian(**dict(zip(free, x, strict=True)), **held)
            )[:, columns],
            bounds=tuple(zip(*(self.limits[name] for name in free), strict=True)),
            **(QUICK if quick else TIGHT),
        )
        return dict(zip(free, found.x.tolist(), strict=True)) | held

    def optimum(self, held: Mapping[str, float] | None = None) -> tuple[Values, Values]:
        """The best values from all starts, and which of them lie on a bound (with the bound).

        Parameters
        ----------
        held : dict of str to float, optional

        Returns
        -------
        values, on_bound : dict of str to float
        """
        return self.settle(self.candidates(held), held)

    def candidates(self, held: Mapping[str, float] | None = None) -> list[Values]:
        """Where the optimiser ends from every start.

        Parameters
        ----------
        held : dict of str to float, optional

        Returns
        -------
        list of dict of str to float
        """
        held = self.fixed | dict(held or {})
        return [self.polish(start | held, held) for start in self.starts(held)]

    def settle(
        self, candidates: Sequence[Values], held: Mapping[str, float] | None = None
    ) -> tuple[Values, Values]:
        """The best of the candidates, moved onto the bounds that are as good.

        Parameters
        ----------
        candidates : list of dict of str to float
        held : dict of str to float, optional

        Returns
        -------
        values, on_bound : dict of str to float
            The second has the bound of each parameter that lies on one.
        """
        held = self.fixed | dict(held or {})
        values, on_bound = min(candidates, key=self.sse), dict[str, float]()
        for name in (name for name in self.model.parameters if name not in held):
            low, high = self.limits[name]
            edge = low if values[name] - low < high - values[name] else high
            if abs(values[name] - edge) < NEAR * (high - low):
                trial = self.polish(values | {name: edge}, held | on_bound | {name: edge})
                slack = 1e-25 * self.signal @ self.signal
                if self.sse(trial) <= self.sse(values) * (1 + 1e-10) + slack:
                    values, on_bound = trial, on_bound | {name: edge}
        return values, on_bound

    def tied(self, candidates: Sequence[Values], values: Mapping[str, float]) -> bool:
        """True where a candidate elsewhere fits as well: within TIE of the least squares.

        Parameters
        ----------
        candidates : list of dict of str to float
        values : dict of str to float

        Returns
        -------
        bool
        """
        widths = {name: high - low for name, (low, high) in self.limits.items()}
        least = self.sse(values) * (1 + TIE)
        return bool(least > 1e-20 * self.signal @ self.signal) and any(
            self.sse(other) <= least
            and any(abs(other[name] - values[name]) > APART * widths[name] for name in widths)
            for other in candidates
        )

    def remark(
        self,
        *,
        powerless: Collection[str] = (),
        tied: bool = False,
        on_bound: Collection[str] | bool = (),
    ) -> int:
        """Reason code of a fit that stands: the remark that matters most.

        Parameters
        ----------
        powerless, on_bound : collection of str
            Names of parameters, none where it does not apply.
        tied : bool

        Returns
        -------
        int
        """
        if powerless:
            return reasons.UNIDENTIFIABLE
        if tied:
            return reasons.TIED
        if on_bound:
            return reasons.AT_BOUND
        return reasons.OK if (self.signal > 0).all() else reasons.SOME_NOT_POSITIVE

    def powerless(self, values: Mapping[str, float]) -> list[str]:
        """Names of the parameters whose whole range would not move the signal at these values.

        Parameters
        ----------
        values : dict of str to float

        Returns
        -------
        list of str
        """
        columns = np.abs(self.jacobian(**values)).max(axis=0)
        widths = [high - low for low, high in self.limits.values()]
        return [
            n
            for n, c, w in zip(self.model.parameters, columns, widths, strict=True)
            if n not in self.fixed and c * w < 1e-9 * self.signal.max()
        ]

    def without_chance(self, values: Values, powerless: Collection[str]) -> Values:
        """Values with the parameters that have no influence at their lower bounds.

        Any other value is as good, and which one the optimiser leaves is chance.

        Parameters
        ----------
        values : dict of str to float
        powerless : collection of str

        Returns
        -------
        dict of str to float
        """
        return values | {name: self.limits[name][0] for name in powerless}

    def lmfit(self, values: Mapping[str, float], held: Collection[str]) -> ModelResult:
        """The lmfit fit that starts at the optimum.

        Parameters
        ----------
        values : dict of str to float
        held : collection of str
            Names of parameters that do not vary (lmfit needs one that does: s0).

        Returns
        -------
        lmfit.model.ModelResult
        """
        import lmfit

        held = held if len(held) < len(self.limits) else [name for name in held if name != "s0"]
        params = lmfit.Parameters()
        for name, (low, high) in self.limits.items():
            # lmfit takes bounds closer than 1e-13 for equal ones; these values are inside anyway.
            edges = {"min": low, "max": high} if high - low > 1e-12 else {}
            params.add(name, value=values[name], vary=name not in held, **edges)
        names = [name for name in self.model.parameters if name not in held]
        columns = [self.model.parameters.index(name) for name in names]
        root = np.sqrt(self.weights)

        def slope(params, *_, **__):  # lmfit hands over data and weights too, which are known
            return -root[:, None] * self.jacobian(**params.valuesdict())[:, columns]

        @wraps(self.model.function)  # lmfit reads the names of the parameters off the function
        def curve(b, **values):
            return self.expected(b, **values)

        model = lmfit.Model(curve, ["b"], name=self.model.name)
        with np.errstate(
            invalid="ignore", divide="ignore"
        ):  # correlations of an exact fit are 0 / 0
            return model.fit(
                self.signal,
                params,
                b=self.b,
                weights=root,
                method="least_squares",
                fit_kws={"jac": slope} | TIGHT,
            )


def _lowest(sse, axis=None):
    """Places to start from, shape (count, axes): local minima, or the best node of each part of an
    axis known for its basins.

    A grid is coarse: a narrow basin need not be a local minimum of it, but it is the best there is
    in its part of the axis. The edges are parts of their own, for a minimum on a bound may hide
    beside another one.
    """
    if axis is None:
        lowest = np.argwhere(sse == ndimage.minimum_filter(sse, size=3, mode="nearest"))
        return lowest[np.argsort(sse[tuple(lowest.T)], kind="stable")][:STARTS]
    nodes = np.arange(sse.shape[axis])
    parts = [
        part
        for part in (nodes[:1], *np.array_split(nodes[1:-1], PARTS), nodes[1:][-1:])
        if part.size
    ]
    places = [
        np.array(np.unravel_index(sse.take(part, axis).argmin(), sse.take(part, axis).shape))
        for part in parts
    ]
    for part, place in zip(parts, places, strict=True):
        place[axis] += part[0]
    return np.array(places)


@lru_cache(maxsize=64)
def _grid_curves(model, b, names, nodes):
    b = np.array(b)
    shape = tuple(map(len, nodes))
    curves = np.array(
        [
            model.function(b, s0=1.0, **dict(zip(names, node, strict=True)))
            for node in product(*nodes)
        ]
    )
    return curves.reshape(*shape, b.size)


def _inside(x, limits, names):
    """Strictly between the limits, from where the optimiser can move both ways."""
    low, high = np.array([limits[name] for name in names]).T
    return np.clip(x, low + 1e-6 * (high - low), high - 1e-6 * (high - low))
