"""The parameters of all models, once: name, label, unit, bounds with their source, and the range a
map is shown in.

Units in and out: the Python API and NIfTI maps have diffusivities in mm²/s, every CSV and printed
table in 10⁻³ mm²/s. The conversion stands here and nowhere else.
"""

from dataclasses import dataclass

PER_MM2_S = 1e3
"""Table value = API value x PER_MM2_S for a parameter in mm²/s."""


@dataclass(frozen=True)
class Parameter:
    """One parameter of a signal model.

    Attributes
    ----------
    name : str
        As in the API and the columns of every table.
    label : str
        Short, for axes and table heads.
    long_name : str
    unit : str
        In the API and NIfTI maps: ``"mm²/s"``, or ``""`` for a plain number.
    bounds : (float, float)
        Of every fit, in the unit of the API; those of ``s0`` are relative to the largest signal.
    source : str
        Where the bounds come from.
    shown : (float, float) or None
        Range of a map's colours in the unit of the API: what is usual in the spine, so that two
        patients look alike when they are alike.
    """

    name: str
    label: str
    long_name: str
    unit: str
    bounds: tuple[float, float]
    source: str
    shown: tuple[float, float] | None = None

    @property
    def is_diffusivity(self) -> bool:
        """True for a parameter in mm²/s."""
        return self.unit == "mm²/s"

    @property
    def scale(self) -> float:
        """Table value over API value."""
        return PER_MM2_S if self.is_diffusivity else 1.0

    @property
    def table_unit(self) -> str:
        """Unit in tables and figures: ``"10⁻³ mm²/s"``, or empty."""
        return "10⁻³ mm²/s" if self.is_diffusivity else self.unit


_D, _NONE = "mm²/s", ""

_ALL = (
    Parameter(
        "s0",
        "S0",
        "signal at b = 0",
        _NONE,
        (0.0, 2.0),
        "times the largest signal; more than twice it is no extrapolation but a runaway",
    ),
    Parameter(
        "adc_stand",
        "ADC stand",
        "apparent diffusion coefficient",
        _D,
        (0.0, 1e-2),
        "holds perfusion too (Le Bihan 1988, Radiology 168:497), so at low b it may exceed free "
        "water",
        (0, 2.5e-3),
    ),
    Parameter(
        "adc_slow",
        "ADC slow",
        "diffusion coefficient",
        _D,
        (0.0, 5e-3),
        "free water at 37 °C is 3.0e-3 (Holz et al. 2000, Phys Chem Chem Phys 2:4740); limit of "
        "OSIPI TF2.4",
        (0, 2.5e-3),
    ),
    Parameter(
        "adc_fast",
        "ADC fast",
        "pseudo-diffusion coefficient",
        _D,
        (5e-3, 0.2),
        "starts where adc_slow ends, so that the two never swap; limits of the OSIPI collection "
        "TF2.4",
        (0, 60e-3),
    ),
    Parameter("f", "f", "perfusion fraction", _NONE, (0.0, 1.0), "a fraction", (0, 0.5)),
    Parameter(
        "ddc",
        "DDC",
        "distributed diffusion coefficient",
        _D,
        (0.0, 1e-2),
        "may exceed free water when alpha is low (Bennett et al. 2003, Magn Reson Med 50:727)",
        (0, 2.5e-3),
    ),
    Parameter(
        "alpha",
        "α",
        "diffusion heterogeneity index",
        _NONE,
        (0.05, 1.0),
        "1 is mono-exponential (Bennett et al. 2003); below .05 the curve is flat beyond the "
        "first b",
        (0.4, 1.0),
    ),
    Parameter(
        "diffusivity",
        "D",
        "diffusion coefficient of the kurtosis model",
        _D,
        (0.0, 5e-3),
        "as adc_slow",
        (0, 3e-3),
    ),
    Parameter(
        "kurtosis",
        "K",
        "diffusional kurtosis",
        _NONE,
        (0.0, 3.0),
        "Jensen and Helpern 2010, NMR Biomed 23:698 (tissue .5 to 1.5)",
        (0, 1.5),
    ),
)

REGISTRY = {parameter.name: parameter for parameter in _ALL}
"""Every parameter that the project's own models have, by name."""

SIX = ("adc_stand", "adc_slow", "adc_fast", "f", "ddc", "alpha")
"""The six that a study measures, in the order of the article's Table 2."""


def is_diffusivity(name: str) -> bool:
    """True for a known parameter in mm²/s.

    Parameters
    ----------
    name : str
        Of a parameter, or of a column of one's own.

    Returns
    -------
    bool
    """
    return name in REGISTRY and REGISTRY[name].is_diffusivity


def bounds_of(name: str) -> tuple[float, float]:
    """Bounds of a known parameter, in the unit of the API.

    Parameters
    ----------
    name : str
        One of :data:`REGISTRY`.

    Returns
    -------
    tuple of float
        Low and high; mm²/s for a diffusivity.
    """
    return REGISTRY[name].bounds


def to_table(values: dict) -> dict:
    """The same parameters with diffusivities in 10⁻³ mm²/s, as every CSV and printed table has
    them.

    Parameters
    ----------
    values : dict of str to float or array
        Parameter name to value(s), diffusivities in mm²/s.

    Returns
    -------
    dict
        The same names; diffusivities in 10⁻³ mm²/s, fractions unchanged.
    """
    return {
        name: value * PER_MM2_S if is_diffusivity(name) else value for name, value in values.items()
    }


def from_table(values: dict) -> dict:
    """The inverse of :func:`to_table`: diffusivities back to mm²/s.

    Parameters
    ----------
    values : dict of str to float or array
        Diffusivities in 10⁻³ mm²/s.

    Returns
    -------
    dict
        The same names; diffusivities in mm²/s, fractions unchanged.
    """
    return {
        name: value / PER_MM2_S if is_diffusivity(name) else value for name, value in values.items()
    }


def unit(name: str) -> str:
    """Unit of a parameter in tables and figures, empty for fractions and unknown columns.

    Parameters
    ----------
    name : str
        Of a parameter, or of a column of one's own.

    Returns
    -------
    str
    """
    return REGISTRY[name].table_unit if name in REGISTRY else ""


def label(name: str) -> str:
    """Label of a parameter for tables and figures; an unknown column is its own label.

    Parameters
    ----------
    name : str
        Of a parameter, or of a column of one's own.

    Returns
    -------
    str
    """
    return REGISTRY[name].label if name in REGISTRY else str(name)


def long_name(name: str) -> str:
    """The parameter in words; an unknown column is its own name.

    Parameters
    ----------
    name : str
        Of a parameter, or of a column of one's own.

    Returns
    -------
    str
    """
    return REGISTRY[name].long_name if name in REGISTRY else str(name)


def axis_label(name: str) -> str:
    """Label and unit in one, for an axis.

    Parameters
    ----------
    name : str
        Of a parameter, or of a column of one's own.

    Returns
    -------
    str
    """
    return f"{label(name)} ({unit(name)})" if unit(name) else label(name)
