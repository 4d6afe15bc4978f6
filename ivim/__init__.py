"""Intravoxel incoherent motion MRI of the spine: fits, statistics, tables, figures, and an audit of
a published study.

Names are loaded when first used, so that `ivim --help` answers at once although seaborn, numba and
statsmodels take seconds to import.
"""

from importlib import import_module
from typing import Any

__version__ = "0.1.0"

_HOME = {
    "fit": "signal.fit",
    "fit_roi": "signal.fit",
    "compare_models": "signal.fit",
    "fit_maps": "signal.maps",
    "shrink": "signal.shrinkage",
    "crlb": "signal.crlb",
    "icc": "stats.agreement",
    "bland_altman": "stats.agreement",
    "compare_groups": "stats.groups",
    "anova": "stats.groups",
    "posthoc": "stats.groups",
    "logistic": "stats.logistic",
    "roc": "stats.roc",
    "compare_auc": "stats.roc",
    "load_cohort": "cohort",
    "judge": "audit.verdict",
}

_ROOMS = ("report",)
"""Packages with functions of their own that are loaded like a name."""

__all__ = ["__version__", *_HOME]


def __getattr__(name: str) -> Any:
    if name in _ROOMS:
        return import_module(f"ivim.{name}")
    if name not in _HOME:
        msg = f"module 'ivim' has no attribute {name!r}; it has {', '.join(__all__)}"
        raise AttributeError(msg)
    value = getattr(import_module(f"ivim.{_HOME[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
