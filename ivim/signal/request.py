"""What a caller asks of a volume: which models, with which bounds, fitted how."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ivim.signal.bounds import check_bounds, check_fixed
from ivim.signal.inputs import (
    check_method,
    check_samples,
    check_sigma,
    refuse_fixed,
    samples_used,
)
from ivim.signal.model import SignalModel
from ivim.signal.models import MODELS, SEGMENTED_THRESHOLD, STUDY_MODELS, get_model

if TYPE_CHECKING:
    from ivim.signal.engine import Plan
    from ivim.signal.reference import Reference


def chosen(
    model: str | SignalModel | Sequence[str | SignalModel],
) -> dict[str, SignalModel]:
    """Models by name; refuses what is none, and two of one name.

    Parameters
    ----------
    model : str, SignalModel, sequence of them, or "all"

    Returns
    -------
    dict of str to SignalModel

    Raises
    ------
    ValueError
    """
    asked: list = list(model) if isinstance(model, (list, tuple)) else [model]
    asked = list(STUDY_MODELS) if asked == ["all"] else asked
    models: dict[str, SignalModel] = {}
    for one in asked:
        known = isinstance(one, SignalModel) or (isinstance(one, str) and one in MODELS)
        if not known or get_model(one).name in models:
            met = repr(one) if not known else repr(model)
            msg = (
                f"model is {met}; accepted are {', '.join(MODELS)}, a SignalModel of your own, "
                "several different ones of them, or 'all'"
            )
            raise ValueError(msg)
        models[get_model(one).name] = get_model(one)
    if not models:
        msg = f"model is {model!r}; accepted are {', '.join(MODELS)}, several of them, or 'all'"
        raise ValueError(msg)
    return models


def part_of(given: object, model: SignalModel, models: Mapping[str, SignalModel]) -> object:
    """Bounds or fixed values of one model; a name that no model has is refused by the first.

    Parameters
    ----------
    given : dict, or for one model alone what :func:`ivim.signal.bounds.check_bounds` takes
    model : SignalModel
    models : dict of str to SignalModel
        All that are fitted.

    Returns
    -------
    object
        A dict of the entries that are the model's, or what was given.

    Raises
    ------
    ValueError
        When several models are given bounds that have no names.
    """
    if not isinstance(given, Mapping):
        if given is not None and len(models) > 1:
            msg = "with several models bounds are given by parameter name, as a dict"
            raise ValueError(msg)
        return given
    known = {name for other in models.values() for name in other.parameters}
    return {
        name: value
        for name, value in given.items()
        if name in model.parameters or name not in known
    }


def make_plan(
    b: ArrayLike,
    shape: tuple[int, ...],
    n: int,
    *,
    model: str | SignalModel,
    averages: ArrayLike | None = None,
    bounds: object = None,
    fixed: Mapping[str, float] | None = None,
    method: str = "full",
    sigma: ArrayLike | str | None = None,
    averaging: str = "magnitude",
    threshold: float = SEGMENTED_THRESHOLD,
    pair: tuple[float, float] | None = None,
) -> Plan | Reference:
    """How one model is fitted, after the checks that :func:`ivim.fit` makes.

    Parameters
    ----------
    b : array, shape (n,), s/mm²
    shape : tuple of int
        Leading shape of the volume, which a map of the noise level has too.
    n : int
        Samples of a voxel.
    model, averages, bounds, fixed, method, sigma, averaging, threshold, pair
        As for :func:`ivim.fit_maps`.

    Returns
    -------
    Plan or Reference
        The second for a model that is not compiled.

    Raises
    ------
    ValueError
        When the arguments do not go together.
    """
    model = get_model(model)
    _, b, averages = check_samples(np.ones(n), b, averages, model)
    sigma = check_sigma(sigma, shape) if method == "full" else None
    check_method(model, method, sigma, averaging)
    bounds = check_bounds(model, bounds)
    fixed = check_fixed(model, fixed, bounds)
    refuse_fixed(fixed, method)
    use = samples_used(model, b, method, threshold, pair, fixed)
    if model.kind is None:
        from ivim.signal.reference import Reference

        return Reference(
            model, b, averages=averages, bounds=bounds, fixed=fixed, sigma=sigma,
            averaging=averaging,
        )  # fmt: skip
    from ivim.signal.engine import Plan

    assert not isinstance(sigma, str)  # an estimate is a number by now
    return Plan(model, b, averages, bounds, method, use, sigma, averaging, fixed=fixed)


def check_levels(plan: Plan | Reference, mask: NDArray[np.bool_]) -> None:
    """Refuse a map of the noise level that holds none somewhere inside the mask.

    Parameters
    ----------
    plan : Plan or Reference
        Its map gets the shape of the mask.
    mask : array of bool, shape (...)

    Raises
    ------
    ValueError
    """
    if plan.level_map is None:
        return
    plan.level_map = np.ascontiguousarray(plan.level_map).reshape(mask.shape)
    inside = plan.level_map[mask]
    wrong = inside[~(np.isfinite(inside) & (inside > 0))]
    if wrong.size:
        msg = (
            f"sigma holds {wrong[0]:g}; give the noise level of one excitation, above 0 at every "
            "voxel of the mask"
        )
        raise ValueError(msg)
