"""What a signal model is: parameters with their bounds, a function of b, and starts of a fit.

Units are s/mm² for b and mm²/s for diffusivities.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ivim import parameters as parameters_of
from ivim.signal.bounds import check_bounds

if TYPE_CHECKING:
    import lmfit

Floats = NDArray[np.float64]
Limits = dict[str, tuple[float, float]]

FREE_WATER = 3.0e-3
"""Diffusion coefficient of water at 37 °C in mm²/s (Holz et al. 2000)."""


def _definition(item, bounds, inherited, owner):
    """The Parameter that an entry of a model's `parameters` stands for."""
    if isinstance(item, parameters_of.Parameter):
        return item
    known = inherited.get(item) or parameters_of.REGISTRY.get(item)
    if item in bounds:
        known = known or parameters_of.Parameter(item, item, item, "", (0, 1), "")
        return replace(known, bounds=tuple(bounds[item]), source="the model's own")
    if known:
        return known
    msg = (
        f"{owner} has a parameter {item!r} without bounds; give an ivim.parameters.Parameter, or "
        "its bounds in the class attribute 'bounds'"
    )
    raise ValueError(msg)


class SignalModel:
    """What every model offers. A new model is one small subclass: name, parameters, function.

    It then works in :func:`ivim.fit` and, by the reference fit, in :func:`ivim.fit_maps`, with its
    own parameters, units and bounds; there is no list to enter it in. A Jacobian, a grid of starts
    or a guess make it faster and surer.

    Attributes
    ----------
    name : str
    parameters : tuple of str or Parameter
        In the order of the function's arguments, ``s0`` first. A name stands for the parameter of
        :data:`ivim.parameters.REGISTRY`; one of your own is an :class:`ivim.parameters.Parameter`,
        or a name that the class attribute ``bounds`` (dict) gives bounds to. A class turns them
        into names; :attr:`definitions` has the objects.
    grid : dict of str to tuple
        For each parameter but ``s0``, the values from which a fit may start; the s0 of each node
        follows in closed form.
    basins : str
        The parameter along which the sum of squares has several minima, if there is one: every part
        of it gives a start.
    methods : tuple of str
        The methods of :func:`ivim.fit` that are made for it.
    kind : int or None
        Number of the model's branch in the compiled solver; None for the reference fit.
    """

    name: str = ""
    parameters: tuple = ()
    definitions: dict[str, parameters_of.Parameter] = {}
    grid: dict[str, tuple] = {}
    basins: str = ""
    methods: tuple[str, ...] = ("full",)
    kind: int | None = None

    def __init_subclass__(cls, **options) -> None:
        """Names of the parameters for whoever asks for values, their objects in `definitions`."""
        super().__init_subclass__(**options)
        own = cls.__dict__.get("bounds", {})
        own = own if isinstance(own, dict) else {}
        inherited = cls.definitions
        objects = [_definition(item, own, inherited, cls.__name__) for item in cls.parameters]
        cls.definitions = {one.name: one for one in objects}
        cls.parameters = tuple(cls.definitions)
        if "function" in cls.__dict__ and "kind" not in cls.__dict__:
            cls.kind = None  # another curve than the one that is compiled

    function: Callable[..., Floats]
    """Signal at b, a static method of (b, s0, ...): b in s/mm², the parameters by name; shape of b
    broadcast against that of the values."""

    def jacobian(self, b: Floats, **parameters: Floats | float) -> Floats:
        """Derivatives of the signal by each parameter; shape of b, parameters as last axis.

        Unless the model has its own: by central differences, which cost digits and time.

        Parameters
        ----------
        b : array, shape (..., n), s/mm²
        **parameters : float or array
            Values by name, broadcast against b.

        Returns
        -------
        array, shape (..., n, k)
        """
        columns = []
        for name in self.parameters:
            low, high = self.bounds[name]
            size = np.abs(parameters[name])
            step = 1e-6 * np.where(size > 0, size, 1e-3 * (high - low))
            up, down = (
                self.function(b, **parameters | {name: parameters[name] + sign * step})
                for sign in (1, -1)
            )
            columns.append((up - down) / (2 * step))
        return np.stack(columns, axis=-1)

    def guess(self, signal: Floats, b: Floats) -> dict[str, float]:
        """Rough values by name from one signal, inside the bounds; the middle of them by default.

        A diffusivity's middle is the geometric one; s0 is the largest signal.

        Parameters
        ----------
        signal : array, shape (n,)
        b : array, shape (n,), s/mm²

        Returns
        -------
        dict of str to float
            Diffusivities in mm²/s.
        """
        values = {}
        for name, (low, high) in self.limits(signal, b).items():
            spread = self.definitions[name].is_diffusivity and high > 0
            middle = np.sqrt(max(low, 1e-3 * high) * high) if spread else (low + high) / 2
            values[name] = float(np.max(signal)) if name == "s0" else float(middle)
        return values

    @property
    def bounds(self) -> Limits:
        """Bounds by parameter name; that of s0 is relative to the largest signal, see limits."""
        return {name: one.bounds for name, one in self.definitions.items()}

    @property
    def measured(self) -> tuple[str, ...]:
        """The model's parameters without ``s0``: what a study reports."""
        return tuple(name for name in self.parameters if name != "s0")

    @property
    def has_diffusivity(self) -> bool:
        """True where b is in s/mm²; a model of other axes has no parameter in mm²/s."""
        return any(one.is_diffusivity for one in self.definitions.values())

    def limits(self, signal: ArrayLike, b: ArrayLike, bounds: object = None) -> Limits:
        """Bounds in the units of one signal.

        Parameters
        ----------
        signal : array, shape (n,)
        b : array, shape (n,), s/mm²
        bounds : dict of str to (low, high), optional
            Replaces the bounds of the parameters it names; mm²/s, and s0 in the units of the
            signal.

        Returns
        -------
        dict of str to (low, high)

        Raises
        ------
        ValueError
            When a name is not a parameter of the model or the bounds do not stand in order.
        """
        bounds = check_bounds(self, bounds)
        limits = self.bounds | bounds
        if "s0" in limits and bounds.get("s0", (None, None))[1] is None:
            low, high = self.bounds["s0"]
            scale = s0_scale(float(np.nan_to_num(np.max(signal), posinf=0.0)), b)
            low = bounds["s0"][0] if "s0" in bounds else low * scale
            limits["s0"] = (low, max(high * scale, 2 * low))
        return limits

    def lmfit_model(self) -> lmfit.Model:
        """This model as an :class:`lmfit.Model` with `guess(data, b=b)` and bounds, for use with
        lmfit directly.

        Returns
        -------
        lmfit.Model
        """
        import lmfit

        model = lmfit.Model(self.function, independent_vars=["b"], name=self.name)

        def guess(data, b, **values):
            params = lmfit.Parameters()
            start = self.guess(np.asarray(data, float), np.asarray(b, float)) | values
            for name, (low, high) in self.limits(data, b).items():
                params.add(name, value=start[name], min=low, max=high)
            return params

        model.guess = guess
        return model


def s0_scale(peak: float | Floats, b: ArrayLike) -> float | Floats:
    """What the relative bounds of s0 are multiplied by: the largest signal, carried from the lowest
    b to b = 0 along free water.

    Parameters
    ----------
    peak : float or array
        Largest sample of a signal, or of each.
    b : array, shape (n,), s/mm²

    Returns
    -------
    float or array
        Shape of `peak`, in units of the signal.
    """
    return peak * np.exp(np.min(b) * FREE_WATER)
