"""The article's constants, each with its place in the article, and the names everything else uses.

Li Y, Xing X, Zhang E, Qin S, Yuan H, Lang N. Intravoxel incoherent motion for differentiating
spinal metastasis: a pilot study. Research Square, 2021. doi:10.21203/rs.3.rs-495875/v1 (CC BY 4.0).
"""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
"""The project's folder; every path is taken from here, so that a notebook runs from any folder."""

CITATION = "Li et al. 2021, doi:10.21203/rs.3.rs-495875/v1"

# Methods, "MRI acquisitions": b in s/mm² and the "excitation times", the averages per b-value.
B_VALUES = (0, 20, 50, 100, 150, 200, 400, 800, 1200, 1500)
AVERAGES = (2, 2, 2, 1, 1, 1, 2, 4, 6, 8)
REPETITION_TIME_S = 3.0
SCAN_TIME_S = 252
ROI_AREA_MM2 = (30.0, 100.0)  # Methods, "Regions of interest"
PIXEL_MM = (240 / 128, 240 / 64)  # Methods: field of view 24 cm x 24 cm, matrix 128 x 64
SLICE_MM = 4.0

SEGMENTED_THRESHOLD = 200.0
"""b-value in s/mm² from which the perfusion signal is taken as gone in a segmented fit (Le Bihan 2019, the article's ref. 5)."""

# Methods, "Patients" and Table 1.
GROUPS = ("tuberculosis", "metastasis")
PRIMARIES = ("lung", "breast", "renal")
GROUP_SIZES = {"tuberculosis": 20, "metastasis": 50, "lung": 32, "breast": 7, "renal": 11}
POSITIVE = "metastasis"  # the disease that the ROC analysis looks for

# The six parameters in the order of Table 2.
PARAMETERS = ("adc_stand", "adc_slow", "adc_fast", "f", "ddc", "alpha")
DIFFUSIVITIES = ("adc_stand", "adc_slow", "adc_fast", "ddc", "diffusivity")  # the last: of the kurtosis model, not in the article
LABELS = {
    "adc_stand": "ADC stand",
    "adc_slow": "ADC slow",
    "adc_fast": "ADC fast",
    "f": "f",
    "ddc": "DDC",
    "alpha": "α",
}
NAMES = {
    "adc_stand": "apparent diffusion coefficient",
    "adc_slow": "diffusion coefficient",
    "adc_fast": "pseudo-diffusion coefficient",
    "f": "perfusion fraction",
    "ddc": "distributed diffusion coefficient",
    "alpha": "diffusion heterogeneity index",
}
MODELS = {
    "monoexponential": ("adc_stand",),
    "biexponential": ("adc_slow", "adc_fast", "f"),
    "stretched": ("ddc", "alpha"),
}

# Measurements whose SD over repeated reading is never the question: significance as in Methods, "Statistical analysis".
SIGNIFICANCE = 0.05
ICC_BANDS = ((0.20, "poor"), (0.40, "fair"), (0.60, "moderate"), (0.80, "good"), (1.00, "excellent"))

# Bounds of every fit, in mm²/s; `s0` is relative to the largest signal. Documented with their sources in ivim/signal/models.py.
BOUNDS = {
    "s0": (0.0, 2.0),
    "adc_stand": (0.0, 1e-2),
    "adc_slow": (0.0, 5e-3),
    "adc_fast": (5e-3, 0.2),
    "f": (0.0, 1.0),
    "ddc": (0.0, 1e-2),
    "alpha": (0.05, 1.0),
    "diffusivity": (0.0, 5e-3),
    "kurtosis": (0.0, 3.0),
}

PER_MM2_S = 1e3
"""Tables are in 10⁻³ mm²/s, the API in mm²/s: table value = API value x PER_MM2_S for the DIFFUSIVITIES."""


def to_table(values):
    """The same parameters with diffusivities in 10⁻³ mm²/s, as every CSV and printed table has them.

    Parameters
    ----------
    values : dict of str to float or array
        Parameter name to value(s), diffusivities in mm²/s.

    Returns
    -------
    dict
        The same names; diffusivities in 10⁻³ mm²/s, fractions unchanged.
    """
    return {name: value * PER_MM2_S if name in DIFFUSIVITIES else value for name, value in values.items()}


def from_table(values):
    """The inverse of :func:`to_table`: diffusivities back to mm²/s."""
    return {name: value / PER_MM2_S if name in DIFFUSIVITIES else value for name, value in values.items()}


def unit(parameter):
    """Unit of a parameter in tables and figures, empty for fractions and unknown columns."""
    return "10⁻³ mm²/s" if parameter in DIFFUSIVITIES else ""


def label(parameter):
    """Label of a parameter for tables and figures; an unknown column is its own label."""
    return LABELS.get(parameter, str(parameter))


def axis_label(parameter):
    """Label and unit in one, for an axis."""
    return f"{label(parameter)} ({unit(parameter)})" if unit(parameter) else label(parameter)
