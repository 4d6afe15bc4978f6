"""Signal models of diffusion-weighted MRI: pure functions with Jacobians, guesses, their bounds.

Units are s/mm² for b and mm²/s for diffusivities; f, alpha and kurtosis are plain numbers.

Bounds of every fit, each physical; :mod:`ivim.parameters` has the sources in full:

===========  ==============  ==================================================================
parameter    bounds          why
===========  ==============  ==================================================================
s0           0 to 2          times the largest signal; more is a runaway
adc_stand    0 to 1e-2       holds perfusion too (Le Bihan 1988), so it may exceed free water
adc_slow     0 to 5e-3       free water at 37 °C is 3.0e-3 (Holz et al. 2000); OSIPI TF2.4
adc_fast     5e-3 to 0.2     starts where adc_slow ends, so that the two never swap; OSIPI TF2.4
f            0 to 1          a fraction
ddc          0 to 1e-2       may exceed free water when alpha is low (Bennett et al. 2003)
alpha        0.05 to 1       1 is mono-exponential; below .05 the curve is flat beyond the first b
diffusivity  0 to 5e-3       as adc_slow
kurtosis     0 to 3          Jensen and Helpern 2010 (tissue .5 to 1.5)
===========  ==============  ==================================================================
"""

from dataclasses import replace

import numpy as np

from ivim import parameters

SEGMENTED_THRESHOLD = 200.0
"""b-value in s/mm² from which the perfusion signal is taken as gone in a segmented fit (Le Bihan
2019, Magn Reson Med 82:1198)."""

FREE_WATER = 3.0e-3
"""Diffusion coefficient of water at 37 °C in mm²/s (Holz et al. 2000)."""


def _definition(item, bounds, inherited, owner):
    """The Parameter that an entry of a model's `parameters` stands for."""
    if isinstance(item, parameters.Parameter):
        return item
    known = inherited.get(item) or parameters.REGISTRY.get(item)
    if item in bounds:
        known = known or parameters.Parameter(item, item, item, "", (0, 1), "")
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

    name = ""
    parameters = ()
    definitions = {}
    grid = {}
    basins = ""
    methods = ("full",)
    kind = None

    def __init_subclass__(cls, **options):
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

    @staticmethod
    def function(b, **parameters):
        """Signal at b; shape of b."""
        raise NotImplementedError

    def jacobian(self, b, **parameters):
        """Derivatives of the signal by each parameter; shape of b, parameters as last axis.

        Unless the model has its own: by central differences, which cost digits and time.
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

    def guess(self, signal, b):
        """Rough values by name from one signal, inside the bounds; the middle of them by default.

        A diffusivity's middle is the geometric one; s0 is the largest signal.
        """
        values = {}
        for name, (low, high) in self.limits(signal, b).items():
            spread = self.definitions[name].is_diffusivity and high > 0
            middle = np.sqrt(max(low, 1e-3 * high) * high) if spread else (low + high) / 2
            values[name] = float(np.max(signal)) if name == "s0" else float(middle)
        return values

    @property
    def bounds(self):
        """Bounds by parameter name; that of s0 is relative to the largest signal, see limits."""
        return {name: one.bounds for name, one in self.definitions.items()}

    @property
    def measured(self):
        """The model's parameters without ``s0``: what a study reports."""
        return tuple(name for name in self.parameters if name != "s0")

    @property
    def has_diffusivity(self):
        """True where b is in s/mm²; a model of other axes has no parameter in mm²/s."""
        return any(one.is_diffusivity for one in self.definitions.values())

    def limits(self, signal, b, bounds=None):
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

    def lmfit_model(self):
        """This model as an :class:`lmfit.Model` with `guess(data, b=b)` and bounds, for use with
        lmfit directly."""
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


class Monoexponential(SignalModel):
    r"""One compartment, Gaussian diffusion.

    .. math:: S_b = S_0 \exp(-b\,\mathrm{ADC})

    The article's Methods print this equation, but describe :math:`S_b` as the signal "in the
    absence of a diffusion gradient"; that is :math:`S_0`.
    """

    name = "monoexponential"
    kind = 0
    methods = ("two-point", "full", "log-linear")
    parameters = ("s0", "adc_stand")
    grid = {"adc_stand": tuple(np.geomspace(2e-5, 1e-2, 24))}

    @staticmethod
    def function(b, s0, adc_stand):
        """Signal at b."""
        return s0 * np.exp(-b * adc_stand)

    @staticmethod
    def jacobian(b, s0, adc_stand):
        """Columns s0, adc_stand."""
        decay = np.exp(-b * adc_stand)
        return np.stack([decay, -b * s0 * decay], axis=-1)

    def guess(self, signal, b):
        """Straight line through the logarithm."""
        s0, adc = log_line(signal, b)
        return {"s0": s0, "adc_stand": float(np.clip(adc, *parameters.bounds_of("adc_stand")))}


class Biexponential(SignalModel):
    r"""Intravoxel incoherent motion: slow diffusion in tissue and fast pseudo-diffusion in
    capillaries (Le Bihan 1988).

    .. math:: S_b = S_0 \left[(1-f)\exp(-b\,\mathrm{ADC_{slow}}) +
    f\exp(-b\,\mathrm{ADC_{fast}})\right]

    The article's Methods print :math:`S_0[(1-f)\exp(-b\,\mathrm{ADC_{slow}}) +
    \exp(b\,\mathrm{ADC_{fast}})]`: the f before the second term and its minus sign are lost. As
    printed, the signal is :math:`S_0(2-f)` at b = 0 and grows without limit.
    """

    name = "biexponential"
    kind = 1
    methods = ("full", "segmented")
    parameters = ("s0", "adc_slow", "adc_fast", "f")
    grid = {
        "adc_slow": tuple(np.geomspace(1e-4, 5e-3, 28)),
        "adc_fast": tuple(np.geomspace(5e-3, 0.2, 16)),
        "f": (0.004, 0.008, 0.02, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.97),
    }
    basins = "adc_fast"

    @staticmethod
    def function(b, s0, adc_slow, adc_fast, f):
        """Signal at b."""
        return s0 * ((1 - f) * np.exp(-b * adc_slow) + f * np.exp(-b * adc_fast))

    @staticmethod
    def jacobian(b, s0, adc_slow, adc_fast, f):
        """Columns s0, adc_slow, adc_fast, f."""
        slow, fast = np.exp(-b * adc_slow), np.exp(-b * adc_fast)
        return np.stack(
            [
                (1 - f) * slow + f * fast,
                -b * s0 * (1 - f) * slow,
                -b * s0 * f * fast,
                s0 * (fast - slow),
            ],
            axis=-1,
        )

    def guess(self, signal, b):
        """Straight line through the logarithm from 200 s/mm² on; what is above it at the lowest b
        is the fast part."""
        tail = b >= SEGMENTED_THRESHOLD
        tail = tail if np.unique(b[tail]).size >= 2 else b >= np.median(b)
        tissue, adc = (
            log_line(signal[tail], b[tail]) if np.unique(b[tail]).size >= 2 else log_line(signal, b)
        )
        s0 = max(float(np.mean(signal[b == b.min()])), 1e-9 * float(np.max(signal)))
        return {
            "s0": s0,
            "adc_slow": float(np.clip(adc, *parameters.bounds_of("adc_slow"))),
            "adc_fast": 0.02,
            "f": float(np.clip(1 - tissue / s0, 0.02, 0.9)),
        }


class Stretched(SignalModel):
    r"""Stretched exponential: a continuous distribution of diffusion coefficients (Bennett et al.
    2003).

    .. math:: S_b = S_0 \exp\left(-(b\,\mathrm{DDC})^{\alpha}\right)

    The article's Methods print :math:`S_0\exp(-b\,\mathrm{DDC}\alpha)`: with alpha outside the
    power the equation is mono-exponential in the product of DDC and alpha, and the two cannot be
    told apart.
    """

    name = "stretched"
    kind = 2
    parameters = ("s0", "ddc", "alpha")
    grid = {
        "ddc": tuple(np.geomspace(2e-5, 1e-2, 24)),
        "alpha": (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.98),
    }

    @staticmethod
    def function(b, s0, ddc, alpha):
        """Signal at b."""
        return s0 * np.exp(-((b * ddc) ** alpha))

    @staticmethod
    def jacobian(b, s0, ddc, alpha):
        """Columns s0, ddc, alpha; at b = 0 only s0 counts."""
        x = np.asarray(b * ddc, float)
        safe = np.where(x > 0, x, 1.0)
        power = np.where(x > 0, safe**alpha, 0.0)
        decay = np.exp(-power)
        by_ddc = np.where(x > 0, -s0 * decay * alpha * power * (b / safe), 0.0)
        return np.stack([decay, by_ddc, -s0 * decay * power * np.log(safe)], axis=-1)

    def guess(self, signal, b):
        """The mono-exponential's coefficient and the alpha usual in tissue."""
        s0, adc = log_line(signal, b)
        return {"s0": s0, "ddc": float(np.clip(adc, 1e-5, 5e-3)), "alpha": 0.8}


class Kurtosis(SignalModel):
    r"""Diffusion with kurtosis (Jensen and Helpern 2010): how far the curve bends from a straight
    line in the logarithm.

    .. math:: S_b = S_0 \exp\left(-bD + b^2 D^2 K / 6\right)

    Not in the article. The expansion holds for b below :math:`3/(DK)`, where the curve turns
    upwards.
    """

    name = "kurtosis"
    kind = 3
    parameters = ("s0", "diffusivity", "kurtosis")
    grid = {
        "diffusivity": tuple(np.geomspace(2e-5, 5e-3, 24)),
        "kurtosis": tuple(np.linspace(0.02, 2.98, 12)),
    }

    @staticmethod
    def function(b, s0, diffusivity, kurtosis):
        """Signal at b."""
        x = b * diffusivity
        return s0 * np.exp(-x + x**2 * kurtosis / 6)

    @staticmethod
    def jacobian(b, s0, diffusivity, kurtosis):
        """Columns s0, diffusivity, kurtosis."""
        x = b * diffusivity
        decay = np.exp(-x + x**2 * kurtosis / 6)
        return np.stack(
            [decay, s0 * decay * b * (x * kurtosis / 3 - 1), s0 * decay * x**2 / 6], axis=-1
        )

    def guess(self, signal, b):
        """The mono-exponential's coefficient and a kurtosis usual in tissue."""
        s0, adc = log_line(signal, b)
        return {"s0": s0, "diffusivity": float(np.clip(adc, 1e-5, 4e-3)), "kurtosis": 0.5}


MODELS = {
    model.name: model for model in (Monoexponential(), Biexponential(), Stretched(), Kurtosis())
}
"""The models by name."""

STUDY_MODELS = ("monoexponential", "biexponential", "stretched")
"""The three whose parameters a study measures; together they give the six of
:data:`ivim.parameters.SIX`."""


def get_model(model):
    """The model of a name; a :class:`SignalModel` of your own passes through."""
    if isinstance(model, SignalModel):
        return model
    if model not in MODELS:
        msg = (
            f"unknown model {model!r}; known are {', '.join(MODELS)}, or pass a SignalModel of "
            "your own"
        )
        raise ValueError(msg)
    return MODELS[model]


def check_bounds(model, bounds):
    """Bounds given by a user as a dict of pairs of floats.

    Accepted are a dict of (low, high) by name, where None or an infinite edge leaves that edge as
    it is by default, and what scipy takes: (lows, highs) of all parameters in the model's order.

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


def check_fixed(model, fixed, bounds=None):
    """Values at which a user holds parameters, as a dict of floats.

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


def s0_scale(peak, b):
    """What the relative bounds of s0 are multiplied by: the largest signal, carried from the lowest
    b to b = 0 along free water."""
    return peak * np.exp(np.min(b) * FREE_WATER)


def log_line(signal, b, weights=None):
    """Weighted straight line through ln S against b: (s0, diffusivity); every b has weight 1 unless
    given."""
    logs = np.log(np.maximum(signal, 1e-300))
    weights = np.ones_like(logs) if weights is None else weights
    centre = np.average(b, weights=weights)
    slope = np.sum(weights * (b - centre) * logs) / np.sum(weights * (b - centre) ** 2)
    return float(np.exp(np.average(logs, weights=weights) - slope * centre)), float(-slope)


def aicc(sse, n, k):
    """Akaike's information criterion for a least-squares fit with the small-sample correction.

    ``n ln(sse/n) + 2K + 2K(K+1)/(n-K-1)`` with K = k + 1, the noise variance being estimated too
    (Burnham and Anderson 2002, Model Selection and Multimodel Inference, section 2.2 to 2.4).

    Parameters
    ----------
    sse : float or array
        Sum of squares, weighted with weights of mean 1 where the samples have weights.
    n, k : int
        Number of samples and of the model's parameters, s0 among them.

    Returns
    -------
    float or array
        NaN where n <= k + 2, for then the correction has no meaning.
    """
    count = k + 1
    if n - count - 1 <= 0:
        return np.full_like(np.asarray(sse, float), np.nan)[()]
    with np.errstate(divide="ignore"):
        return (
            n * np.log(np.asarray(sse, float) / n)[()]
            + 2 * count
            + 2 * count * (count + 1) / (n - count - 1)
        )
