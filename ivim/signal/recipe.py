"""How a study is fitted: one named recipe for signals, maps and whole studies alike."""

import math
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path

import numpy as np

from ivim import parameters
from ivim.files import shown
from ivim.signal.models import MODELS, SEGMENTED_THRESHOLD, STUDY_MODELS, get_model

METHODS = {name: model.methods for name, model in MODELS.items()}
"""The methods of each model; a model of one's own is fitted in full."""

CHOICES = {"averaging": ("magnitude", "complex"), "weights": ("averages", "equal")}

ADC_B = 1200.0
"""The higher b-value of a two-point ADC in s/mm² where the series has it and the recipe names no
pair: the article names none, and only the pair 0 and 1200 gives both its captions' ADC beside their
other values."""

LARGEST_DIFFUSIVITY = 0.5
"""A larger bound in mm²/s was meant in 10⁻³ mm²/s: it is 160 times free water at 37 °C."""

LARGEST_FILE = 100_000
"""Bytes of a recipe file; a larger one is something else."""

_WORDS = {
    "full": "all parameters at once",
    "two-point": "from two b-values",
    "log-linear": "a straight line through the logarithm of the signal",
    "segmented": "ADC slow from the high b-values first, the others from all samples",
}


@dataclass(frozen=True)
class Recipe:
    """One way to fit; the same for `ivim fit`, `maps`, `measure` and `study`.

    Attributes
    ----------
    name : str
    monoexponential : {"two-point", "full", "log-linear"}
    biexponential : {"full", "segmented"}
    stretched, kurtosis : {"full"}
        The method of each model, as for :func:`ivim.fit`.
    pair : (float, float), s/mm², optional
        b-values of a two-point ADC. Without it the lowest b, and 1200 s/mm² where the series has
        it, else the highest b.
    threshold : float, s/mm²
        From which b on a segmented fit takes the perfusion signal as gone.
    bounds : dict of str to (low, high)
        Instead of the bounds of :mod:`ivim.parameters`; mm²/s, and s0 in the units of the signal.
    sigma : float or "estimate", optional
        Noise level of one excitation: the Rician mean is fitted wherever a model is fitted in full.
    averaging : {"magnitude", "complex"}
        What the scanner averaged.
    weights : {"averages", "equal"}

    Raises
    ------
    ValueError
        When a value is of another kind, unknown or out of order.
    """

    name: str
    monoexponential: str = "full"
    biexponential: str = "full"
    stretched: str = "full"
    kurtosis: str = "full"
    pair: tuple[float, float] | None = None
    threshold: float = SEGMENTED_THRESHOLD
    bounds: Mapping = field(default_factory=dict)
    sigma: float | str | None = None
    averaging: str = "magnitude"
    weights: str = "averages"

    def __post_init__(self):
        """Check every value; numbers become floats and pairs tuples."""
        if not isinstance(self.name, str) or not self.name.strip():
            msg = f"name is {self.name!r}; give the recipe a name"
            raise ValueError(msg)
        for key, accepted in (METHODS | CHOICES).items():
            if getattr(self, key) not in accepted:
                msg = f"{key} is {getattr(self, key)!r}; accepted are {_listed(accepted)}"
                raise ValueError(msg)
        set_ = lambda key, value: object.__setattr__(self, key, value)  # noqa: E731
        set_("threshold", _number("threshold", self.threshold, "a b-value in s/mm²", low=0))
        if self.pair is not None:
            set_("pair", _interval("pair", self.pair, low=0))
        if self.sigma is not None and self.sigma != "estimate":
            text = "the noise level of one excitation above 0, or 'estimate'"
            set_("sigma", _number("sigma", self.sigma, text, low=0, open_=True))
        set_("bounds", _check_bounds(self.bounds))
        if (
            self.weights == "equal"
            and self.sigma
            and (self.sigma == "estimate" or self.averaging == "complex")
        ):
            msg = (
                "weights is 'equal', but the noise level of one excitation needs the averages; "
                "give weights 'averages', or sigma as a number with averaging 'magnitude'"
            )
            raise ValueError(msg)

    def method(self, model):
        """The method for a model (name or :class:`SignalModel`)."""
        return getattr(self, get_model(model).name, "full")

    def options(self, model, b, averages=None):
        """Keywords of :func:`ivim.fit` and :func:`ivim.fit_maps` for one model.

        Parameters
        ----------
        model : str or SignalModel
        b : array, shape (n,), s/mm²
        averages : array, shape (n,), optional
            Where they are known.

        Returns
        -------
        dict
            ``averages, method, bounds``, and what the method needs beside them.
        """
        model = get_model(model)
        method = self.method(model)
        own = {name: pair for name, pair in self.bounds.items() if name in model.parameters}
        options = {
            "averages": averages if self.weights == "averages" else None,
            "method": method,
            "bounds": own,
        }
        if method == "two-point":
            options["pair"] = self.adc_pair(b)
        if method == "segmented":
            options["threshold"] = self.threshold
        if method == "full" and self.sigma is not None:
            options |= {"sigma": self.sigma, "averaging": self.averaging}
        return options

    def adc_pair(self, b):
        """The two b-values of a two-point ADC in this series."""
        if self.pair is not None:
            return self.pair
        return float(np.min(b)), ADC_B if ADC_B in np.asarray(b, float) else float(np.max(b))

    def fit(self, signal, b, averages=None, models=STUDY_MODELS, voxels=1):
        """Fit models to one signal.

        Parameters
        ----------
        signal, b : array, shape (n,)
            Magnitudes; s/mm².
        averages : array, shape (n,), optional
        models : sequence of str or SignalModel
        voxels : int
            Voxels of which `signal` is the mean.

        Returns
        -------
        dict of str to Fit
            By model name.
        """
        from ivim.signal.fit import fit

        chosen = [get_model(model) for model in models]
        return {
            model.name: fit(signal, b, model, voxels=voxels, **self.options(model, b, averages))
            for model in chosen
        }

    def maps(
        self,
        data,
        b,
        averages=None,
        mask=None,
        models=STUDY_MODELS,
        threads=None,
        progress=False,
        dtype=float,
    ):
        """Fit models to every voxel.

        Parameters
        ----------
        data : array, shape (..., n)
            Magnitudes, last axis b.
        b, averages, mask, threads, progress, dtype
            As for :func:`ivim.fit_maps`.
        models : sequence of str or SignalModel

        Returns
        -------
        dict of str to dict of str to array, shape (...)
            By model name, what :func:`ivim.fit_maps` gives for that model alone: each parameter and
            its standard error as ``NAME_se``, ``residual``, ``aicc``, ``reason``, ``success``. One
            noise level serves all models.
        """
        from ivim.signal.maps import fit_models

        chosen = [get_model(model) for model in models]
        requests = {
            model.name: self.options(model, b, averages) | {"model": model} for model in chosen
        }
        return fit_models(
            data, b, requests, mask=mask, threads=threads, progress=progress, dtype=dtype
        )

    def as_dict(self):
        """The recipe as plain values for JSON: sidecars and records of runs."""
        return {
            "name": self.name,
            "methods": {model: getattr(self, model) for model in METHODS},
            "pair": list(self.pair) if self.pair else None,
            "threshold": self.threshold,
            "bounds": {name: list(pair) for name, pair in self.bounds.items()},
            "sigma": self.sigma,
            "averaging": self.averaging,
            "weights": self.weights,
        }

    def sentences(self, b, averages=None, models=STUDY_MODELS):
        """What was done, in words.

        Parameters
        ----------
        b : array, shape (n,), s/mm²
        averages : array, shape (n,), optional
        models : sequence of str or SignalModel

        Returns
        -------
        list of str
            Sentences for a methods section; every number is that of this series.
        """
        told = [self._of_model(get_model(model), b) for model in models]
        if self.weights == "averages" and averages is not None:
            told.append("Samples were weighted by the number of averages.")
        else:
            told.append("All samples had equal weights.")
        if self.sigma is not None:
            level = (
                "estimated from the residuals" if self.sigma == "estimate" else f"{self.sigma:g}"
            )
            kind = {"magnitude": "magnitudes", "complex": "complex signals"}[self.averaging]
            told.append(
                "Full fits were of the Rician mean; "
                f"noise level of one excitation: {level}, averages of {kind}."
            )
        told += [
            f"{parameters.label(name)} was kept between {_in_table(name, low)} and "
            f"{_in_table(name, high)}{' ' + unit if (unit := parameters.unit(name)) else ''}."
            for name, (low, high) in self.bounds.items()
        ]
        return told

    def _of_model(self, model, b):
        method = self.method(model)
        detail = ""
        if method == "two-point":
            detail = " ({:g} and {:g} s/mm²)".format(*self.adc_pair(b))
        if method == "segmented":
            detail = f" (high: from {self.threshold:g} s/mm² on)"
        what = "" if method in ("two-point", "log-linear") else ", bounded least squares"
        return f"The {model.name} model was fitted by {method} fit: {_WORDS[method]}{detail}{what}."


def get_recipe(recipe):
    """The recipe of a name, of a TOML file, or the recipe itself.

    Parameters
    ----------
    recipe : str, path or Recipe
        A name of :data:`RECIPES`, or the path of a TOML file with any of the attributes of
        :class:`Recipe`; the methods stand in a table ``[methods]`` by model, the bounds in a table
        ``[bounds]`` by parameter, in mm²/s.

    Returns
    -------
    Recipe

    Raises
    ------
    ValueError
        When the name is unknown, or the file cannot be read, or it holds what is no recipe.
    """
    if isinstance(recipe, Recipe):
        return recipe
    if isinstance(recipe, str) and recipe in RECIPES:
        return RECIPES[recipe]
    if isinstance(recipe, Path) or (isinstance(recipe, str) and recipe.endswith(".toml")):
        return read_recipe(recipe)
    msg = (
        f"unknown recipe {recipe!r}; known are {', '.join(RECIPES)}, or give the path of a .toml "
        "file"
    )
    raise ValueError(msg)


def read_recipe(path):
    """Read a recipe from a TOML file, see :func:`get_recipe`."""
    path = Path(path)
    content = _read_toml(path)
    try:
        methods = content.pop("methods", {})
        if not isinstance(methods, dict):
            msg = f"methods is {shown(methods)}; give a table [methods] with a method per model"
            raise ValueError(msg)
        _refuse_unknown("methods.", methods, METHODS)
        known = {one.name for one in fields(Recipe)} - set(METHODS)
        _refuse_unknown("", content, known | {"methods"})
        if content.get("bounds", {}) and not isinstance(content["bounds"], dict):
            msg = (
                f"bounds is {shown(content['bounds'])}; give a table [bounds] with [low, high] "
                "per parameter"
            )
            raise ValueError(msg)
        return Recipe(**{"name": "own"} | content | methods)
    except ValueError as error:
        msg = f"{path.name}: {error}"
        raise ValueError(msg) from error


def _read_toml(path):
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


def _refuse_unknown(where, given, known):
    for key in given:
        if key not in known:
            told = key if len(key) <= 60 and key.isprintable() else shown(key)
            msg = f"{where}{told} is unknown; accepted are {', '.join(sorted(known))}"
            raise ValueError(msg)


def _check_bounds(bounds):
    if not isinstance(bounds, Mapping):
        msg = f"bounds is {shown(bounds)}; give (low, high) by parameter name"
        raise ValueError(msg)
    known = {name for model in MODELS.values() for name in model.parameters}
    _refuse_unknown("bounds.", bounds, known)
    checked = {}
    for name, pair in bounds.items():
        checked[name] = _interval(f"bounds.{name}", pair)
        if parameters.is_diffusivity(name) and checked[name][1] > LARGEST_DIFFUSIVITY:
            msg = f"bounds.{name} ends at {checked[name][1]:g}; they are in mm²/s, free water 3e-3"
            raise ValueError(msg)
    return checked


def _interval(key, pair, low=None):
    """Two finite numbers in order, as a tuple of floats."""
    if not isinstance(pair, (list, tuple)) or len(pair) != 2:
        msg = f"{key} is {shown(pair)}; give two numbers, the lower first"
        raise ValueError(msg)
    first, second = (_number(key, edge, "two numbers, the lower first", low) for edge in pair)
    if not first < second:
        msg = f"{key} is ({first:g}, {second:g}); the first has to be below the second"
        raise ValueError(msg)
    return first, second


def _number(key, value, text, low=None, *, open_=False):
    """A finite number, not a bool, from `low` on (or above it) as a float."""
    good = isinstance(value, (int, float, np.number)) and not isinstance(value, bool)
    if good and low is not None:
        good = value > low if open_ else value >= low
    if not good or not math.isfinite(value):
        msg = f"{key} is {shown(value)}; give {text}"
        raise ValueError(msg)
    return float(value)


def _in_table(name, value):
    return f"{parameters.to_table({name: value})[name]:g}"


def _listed(words):
    return ", ".join(map(repr, words))


RECIPES = {
    recipe.name: recipe
    for recipe in (
        Recipe("article", monoexponential="two-point"),
        Recipe("full"),
        Recipe("segmented", biexponential="segmented"),
    )
}
"""The recipes by name; ``article`` has the ADC of two b-values and the other models in full,
weighted by the averages."""
