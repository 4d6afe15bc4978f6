"""The statistics that a printed number can be: their names, the analysis they belong to, and the
values they can have.
"""

import difflib
import math

COUNTS = ("n", "male", "female", "count", "tp", "fp", "fn", "tn")
"""Whole numbers from 0 up."""

SHARES = ("share", "sensitivity", "specificity", "ppv", "npv", "accuracy")
"""Shares of a count, with limits: fractions or per cent."""

VERBAL = ("claim", "citation", "equation", "definition", "label", "unit", "method", "rule")
"""Statistics whose printed string is words or a formula, not a number."""

LIMITED = (*SHARES, "auc", "icc", "kappa", "auc_difference", "lr_positive", "lr_negative", "r")
"""Estimates whose limits are called after them, with ``_low`` and ``_high``."""

RATIOS = ("odds_ratio", "hr")
"""Ratios whose limits are called ``ci_low`` and ``ci_high``."""

SETTINGS = (
    *("readers", "experience", "confidence", "significance", "band_low", "band_high", "value"),
    *("tr", "tr_low", "tr_high", "te", "te_low", "te_high", "slice", "gap", "bandwidth"),
    *("fov_x", "fov_y", "fov_low_x", "fov_low_y", "fov_high_x", "fov_high_y"),
    *("matrix_x", "matrix_y", "b_value", "averages", "scan_time", "field_strength"),
    *("coil_channels", "roi_area_low", "roi_area_high"),
)
"""Settings of a protocol, and values of single cases."""

_ANALYSIS = {
    "describe": (*COUNTS[:4], "share", "mean", "sd", "se_mean", "median", "q1", "q3", "iqr"),
    "t-test": ("t",),
    "anova": ("f",),
    "kruskal-wallis": ("h",),
    "mann-whitney": ("u", "w"),
    "chi2": ("chi2",),
    "agreement": ("icc", "kappa"),
    "correlation": ("r",),
    "logistic": ("b", "se", "wald", "odds_ratio", "ci_low", "ci_high"),
    "cox": ("hr",),
    "roc": ("auc", "auc_difference", *SHARES[1:], "cutoff", *COUNTS[4:], "youden")
    + ("lr_positive", "lr_negative"),
    "case": ("value",),
    "label": ("label", "unit"),
}
ANALYSIS_OF = {name: analysis for analysis, names in _ANALYSIS.items() for name in names}
ANALYSIS_OF |= {f"{name}_{end}": ANALYSIS_OF[name] for name in LIMITED for end in ("low", "high")}
ANALYSIS_OF |= {"minimum": "describe", "maximum": "describe"}

STATISTICS = (*ANALYSIS_OF, "p", "z", "df", "difference", "other", *VERBAL, *SETTINGS)
"""Every name that the column ``statistic`` may have."""

_ALIASES = {
    "or": "odds_ratio",
    "hazard_ratio": "hr",
    "sem": "se_mean",
    "min": "minimum",
    "max": "maximum",
    "q25": "q1",
    "q75": "q3",
    "lr+": "lr_positive",
    "lr-": "lr_negative",
    "χ²": "chi2",
    "χ2": "chi2",
    "chi-square": "chi2",
    "κ": "kappa",
    "beta": "b",
}

_FRACTIONS = {*SHARES, "auc"}
_RANGES = {
    **dict.fromkeys(
        ("sd", "se_mean", "iqr", "se", "wald", "f", "h", "u", "w", "chi2"), (0, math.inf)
    ),
    **dict.fromkeys((*RATIOS, "ci_low", "ci_high", "lr_positive", "lr_negative"), (0, math.inf)),
    **dict.fromkeys(COUNTS, (0, math.inf)),
    **dict.fromkeys(("icc", "kappa", "r", "youden", "auc_difference"), (-1, 1)),
    "p": (0, 1),
}


def canonical(name: str) -> str | None:
    """The name of a statistic as the rest of the audit knows it: case, blanks and usual short forms
    do not matter.

    Parameters
    ----------
    name : str

    Returns
    -------
    str or None
        None where the name is unknown.

    Examples
    --------
    >>> canonical("AUC"), canonical("OR"), canonical("senstivity") is None
    ('auc', 'odds_ratio', True)
    """
    plain = name.strip().lower().replace(" ", "_")
    plain = _ALIASES.get(plain, plain)
    return plain if plain in STATISTICS else None


def nearest(name: str) -> list[str]:
    """The known statistics that a misspelt name may mean.

    Parameters
    ----------
    name : str

    Returns
    -------
    list of str
        The likeliest first.
    """
    return difflib.get_close_matches(name.strip().lower(), STATISTICS, n=3, cutoff=0.6)


def stem(statistic: str) -> str:
    """A limit's estimate: ``auc`` for ``auc_low``; any other name is its own stem.

    Parameters
    ----------
    statistic : str

    Returns
    -------
    str
    """
    for end in ("_low", "_high"):
        if statistic.endswith(end) and statistic.removesuffix(end) in LIMITED:
            return statistic.removesuffix(end)
    return statistic


def is_fraction(statistic: str) -> bool:
    """True for shares, areas under the curve and their limits, which are printed as fractions or in
    per cent.

    Parameters
    ----------
    statistic : str

    Returns
    -------
    bool
    """
    return stem(statistic) in _FRACTIONS


def domain(statistic: str) -> tuple[float, float]:
    """The values that a statistic can have, (low, high); shares and areas as fractions.

    Parameters
    ----------
    statistic : str

    Returns
    -------
    tuple of float
    """
    # Limits of Wald's kind may lie beyond what their estimate can be: a kappa of 0.9 up to 1.03.
    if stem(statistic) != statistic:
        return (-math.inf, math.inf)
    if is_fraction(statistic):
        return (0, 1)
    return _RANGES.get(stem(statistic), (-math.inf, math.inf))
