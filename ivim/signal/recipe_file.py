"""What stands in a recipe: numbers, intervals and tables checked, a TOML file read."""

from __future__ import annotations

import math
import tomllib
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from ivim import parameters
from ivim.files import shown
from ivim.signal.models import MODELS

LARGEST_DIFFUSIVITY = 0.5
"""A larger bound in mm²/s was meant in 10⁻³ mm²/s: it is 160 times free water at 37 °C."""

LARGEST_FILE = 100_000
"""Bytes of a recipe file; a larger one is something else."""


def flattened(content: dict, methods: Collection[str], known: Collection[str]) -> dict:
    """Keywords of a :class:`ivim.signal.recipe.Recipe` from what stands in a file.

    Parameters
    ----------
    content : dict
    methods, known : collection of str
        Keys of the table ``[methods]``, and those beside it.

    Returns
    -------
    dict

    Raises
    ------
    ValueError
        When it holds a key that is none, or what has to be a table is none.
    """
    own = content.pop("methods", {})
    if not isinstance(own, dict):
        msg = f"methods is {shown(own)}; give a table [methods] with a method per model"
        raise ValueError(msg)
    refuse_unknown("methods.", own, methods)
    refuse_unknown("", content, {*known, "methods"})
    if content.get("bounds", {}) and not isinstance(content["bounds"], dict):
        msg = (
            f"bounds is {shown(content['bounds'])}; give a table [bounds] with [low, high] "
            "per parameter"
        )
        raise ValueError(msg)
    return {"name": "own"} | content | own


def read_toml(path: Path) -> dict:
    """What a small TOML file holds.

    Parameters
    ----------
    path : Path

    Returns
    -------
    dict

    Raises
    ------
    ValueError
        When it cannot be read, is too large, or is no TOML.
    """
    if not path.is_file():
        msg = f"{path.name}: no such file; give the path of a TOML file"
        raise ValueError(msg)
    if path.stat().st_size > LARGEST_FILE:
        msg = f"{path.name}: {path.stat().st_size} bytes are no recipe; one has some ten lines"
        raise ValueError(msg)
    try:
        return tomllib.loads(path.read_bytes().decode("utf-8"))
    except OSError as error:
        msg = f"{path.name}: cannot be read ({error.strerror}); give a file that you may read"
        raise ValueError(msg) from error
    except (ValueError, RecursionError) as error:
        why = (
            "nested too deeply"
            if isinstance(error, RecursionError)
            else " ".join(str(error).split())
        )
        msg = f"{path.name}: is no TOML ({why[:200]}); see the documentation of recipes"
        raise ValueError(msg) from error


def refuse_unknown(where: str, given: Iterable[str], known: Collection[str]) -> None:
    """Refuse a key that is none.

    Parameters
    ----------
    where : str
        What stands before the key in the message.
    given, known : collection of str

    Raises
    ------
    ValueError
    """
    for key in given:
        if key not in known:
            told = key if len(key) <= 60 and key.isprintable() else shown(key)
            msg = f"{where}{told} is unknown; accepted are {', '.join(sorted(known))}"
            raise ValueError(msg)


def check_table(bounds: object) -> dict[str, tuple[float, float]]:
    """Bounds of a recipe by parameter name.

    Parameters
    ----------
    bounds : dict of str to (low, high)
        mm²/s; s0 in the units of the signal.

    Returns
    -------
    dict of str to (float, float)

    Raises
    ------
    ValueError
        For unknown names, no intervals, or diffusivities that are in another unit.
    """
    if not isinstance(bounds, Mapping):
        msg = f"bounds is {shown(bounds)}; give (low, high) by parameter name"
        raise ValueError(msg)
    known = {name for model in MODELS.values() for name in model.parameters}
    refuse_unknown("bounds.", bounds, known)
    checked = {}
    for name, pair in bounds.items():
        checked[name] = interval(f"bounds.{name}", pair)
        if parameters.is_diffusivity(name) and checked[name][1] > LARGEST_DIFFUSIVITY:
            msg = f"bounds.{name} ends at {checked[name][1]:g}; they are in mm²/s, free water 3e-3"
            raise ValueError(msg)
    return checked


def interval(key: str, pair: object, low: float | None = None) -> tuple[float, float]:
    """Two finite numbers in order.

    Parameters
    ----------
    key : str
        As the message names it.
    pair : sequence of two numbers
    low : float, optional
        The least that is accepted.

    Returns
    -------
    (float, float)

    Raises
    ------
    ValueError
    """
    if not isinstance(pair, (list, tuple)) or len(pair) != 2:
        msg = f"{key} is {shown(pair)}; give two numbers, the lower first"
        raise ValueError(msg)
    first, second = (number(key, edge, "two numbers, the lower first", low) for edge in pair)
    if not first < second:
        msg = f"{key} is ({first:g}, {second:g}); the first has to be below the second"
        raise ValueError(msg)
    return first, second


def number(
    key: str, value: Any, text: str, low: float | None = None, *, open_: bool = False
) -> float:
    """A finite number, not a bool.

    Parameters
    ----------
    key : str
        As the message names it.
    value : number
    text : str
        What is accepted, in words.
    low : float, optional
        The least that is accepted, or with `open_` the largest that is not.
    open_ : bool

    Returns
    -------
    float

    Raises
    ------
    ValueError
    """
    good = isinstance(value, (int, float, np.number)) and not isinstance(value, bool)
    if good and low is not None:
        good = value > low if open_ else value >= low
    if not good or not math.isfinite(value):
        msg = f"{key} is {shown(value)}; give {text}"
        raise ValueError(msg)
    return float(value)
