"""Bounds and fixed values as users hand them over: one dict of floats, refused in one line."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from ivim.signal.model import SignalModel


def check_bounds(model: SignalModel, bounds: object) -> dict[str, tuple]:
    """Bounds given by a user as a dict of pairs of floats.

    Accepted are a dict of (low, high) by name, where None or an infinite edge leaves that edge as
    it is by default, and what scipy takes: (lows, highs) of all parameters in the model's order.

    Parameters
    ----------
    model : SignalModel
    bounds : dict, pair of sequences, scipy.optimize.Bounds, or None
        mm²/s; s0 in the units of the signal.

    Returns
    -------
    dict of str to (low, high)
        Of the parameters that are given; None for an edge of s0 that stays relative to the signal.

    Raises
    ------
    ValueError
        For a name that is no parameter of the model, or an order that is no interval.
    """
    checked = {}
    for name, pair in _by_name(model, bounds).items():
        if name not in model.parameters:
            msg = (
                f"bounds for {name!r}, which is no parameter of the {model.name} model; it has "
                f"{', '.join(model.parameters)}"
            )
            raise ValueError(msg)
        low, high = _edges(model, name, pair)
        if low is not None and high is not None and not low < high:
            msg = f"bounds of {name} are ({low:g}, {high:g}); the first has to be below the second"
            raise ValueError(msg)
        if low is not None or high is not None:
            checked[name] = (low, high)
    return checked


def check_fixed(
    model: SignalModel, fixed: Mapping[str, float] | None, bounds: Mapping[str, tuple] | None = None
) -> dict[str, float]:
    """Values at which a user holds parameters, as a dict of floats.

    Parameters
    ----------
    model : SignalModel
    fixed : dict of str to float, optional
        mm²/s; s0 in the units of the signal.
    bounds : dict of str to (low, high), optional
        As :func:`check_bounds` gives them.

    Returns
    -------
    dict of str to float

    Raises
    ------
    ValueError
        For an unknown name, a value that is no finite number or outside the model's bounds, a
        parameter that has bounds too, or when no parameter is left to fit.
    """
    checked = {}
    for name, value in dict(fixed or {}).items():
        if name not in model.parameters:
            msg = (
                f"fixed has {name!r}, which is no parameter of the {model.name} model; it has "
                f"{', '.join(model.parameters)}"
            )
            raise ValueError(msg)
        if name in (bounds or {}):
            msg = f"{name} is both fixed and bounded; leave one of them out"
            raise ValueError(msg)
        low, high = (0.0, np.inf) if name == "s0" else model.bounds[name]
        number = isinstance(value, (int, float, np.number)) and not isinstance(value, bool)
        if not number or not low <= value <= high:
            msg = f"fixed {name} is {value!r}; give one number between {low:g} and {high:g}"
            raise ValueError(msg)
        checked[name] = float(value)
    if len(checked) == len(model.parameters):
        msg = f"all parameters of the {model.name} model are fixed; leave at least one free"
        raise ValueError(msg)
    return checked


def _by_name(model, bounds):
    """Bounds as a dict by name, whether they came as one or as scipy has them."""
    if bounds is None:
        return {}
    if hasattr(bounds, "keys"):
        return dict(bounds)
    if hasattr(bounds, "lb"):
        bounds = (bounds.lb, bounds.ub)
    try:
        lows, highs = (list(side) for side in bounds)
        return dict(zip(model.parameters, zip(lows, highs, strict=True), strict=True))
    except (TypeError, ValueError):
        msg = (
            f"bounds is {str(bounds)[:60]!r}; give (low, high) by parameter name, or (lows, highs) "
            f"for {', '.join(model.parameters)}"
        )
        raise ValueError(msg) from None


def _edges(model, name, pair):
    """Two edges as floats, None for one that stays as it is by default."""
    try:
        low, high = (None if edge is None else float(edge) for edge in pair)
    except (TypeError, ValueError):
        msg = f"bounds of {name} are {str(pair)[:60]!r}; give two numbers, the lower first"
        raise ValueError(msg) from None
    if any(edge is not None and np.isnan(edge) for edge in (low, high)):
        msg = f"bounds of {name} are ({low}, {high}); give two numbers, the lower first"
        raise ValueError(msg)
    low = None if low == -np.inf else low
    high = None if high == np.inf else high
    if name == "s0":  # its default is relative to each signal
        return (0.0 if low is None and high is not None else low), high
    default = model.bounds[name]
    if low is None and high is None:
        return None, None
    return (default[0] if low is None else low), (default[1] if high is None else high)
