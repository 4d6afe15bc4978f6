"""What a label says: a group, a parameter, a statistic, a unit, how its cells are laid out."""

import re
from dataclasses import dataclass, replace

from ivim import parameters
from ivim.audit.reading.text import harmless, lowered, plain, squeezed, without_marks

KINDS = ("group", "parameter", "statistic", "item", "model", "comparison")

_NAMES = {
    "n": (
        "n, no, no of patients, number of patients, no of cases, cases, sample size, number, "
        "patients"
    ),
    "male": "male, males, men",
    "female": "female, females, women",
    "mean": "mean",
    "sd": "sd, standard deviation, std deviation, std",
    "median": "median",
    "minimum": "minimum, min",
    "maximum": "maximum, max",
    "q1": "q1, 25th percentile, lower quartile",
    "q3": "q3, 75th percentile, upper quartile",
    "p": "p, p value, p values, pvalue, significance, sig, p value of t test",
    "t": "t, t value, t statistic",
    "z": "z, z value, z score, z statistic",
    "u": "u, mann whitney u",
    "h": "h, kruskal wallis h",
    "f": "f value, f statistic",
    "chi2": "χ2, χ², x2, chi square, chi squared, chi2",
    "b": "b, β, beta, coefficient, regression coefficient, b coefficient",
    "wald": "wald, wald χ2, wald χ², wald chi square",
    "odds_ratio": "or, odds ratio, exp(b), exp(β)",
    "hr": "hr, hazard ratio",
    "auc": "auc, area under the curve, area under curve, az",
    "cutoff": (
        "cut off, cut off value, cut off values, cutoff, threshold, optimal cut off, best cut off"
    ),
    "sensitivity": "sensitivity, sens",
    "specificity": "specificity, spec",
    "ppv": "ppv, positive predictive value",
    "npv": "npv, negative predictive value",
    "accuracy": "accuracy, acc",
    "lr_positive": "lr+, plr, positive likelihood ratio",
    "lr_negative": "lr-, nlr, negative likelihood ratio",
    "youden": "youden index, youden's index, youden, youden j",
    "tp": "tp, true positive, true positives",
    "fp": "fp, false positive, false positives",
    "tn": "tn, true negative, true negatives",
    "fn": "fn, false negative, false negatives",
    "icc": "icc, intraclass correlation coefficient",
    "kappa": "kappa, κ, cohen's kappa, kappa value",
    "r": "r, correlation coefficient, pearson r, pearson's r",
    "se": "se, s e, standard error, se of b",
    "low": "lower, lower limit, lower bound",
    "high": "upper, upper limit, upper bound",
}


def _lookup(text):
    """A label in the form of the lexicon; the sign of a likelihood ratio is no dash."""
    text = text.strip().replace("−", "-")
    found, sign = squeezed(text), text[-1:]
    return found + sign if found == "lr" and sign == "-" else found


STATISTICS = {_lookup(name): key for key, names in _NAMES.items() for name in names.split(", ")}
AXES = {
    "groups": "group, groups, patient group, patient groups, diagnosis, cohort",
    "parameters": (
        "parameter, parameters, variable, variables, marker, markers, index, characteristic, "
        "characteristics, ivim parameter, ivim parameters, factor, factors, predictor, "
        "predictors, item, feature"
    ),
}
AXES = {squeezed(name): kind for kind, names in AXES.items() for name in names.split(", ")}
MODELS = {
    "univariable": (
        "univariable, univariate, univariate analysis, univariable analysis, crude, unadjusted"
    ),
    "multivariable": (
        "multivariable, multivariate, multivariate analysis, multivariable analysis, adjusted"
    ),
}
MODELS = {squeezed(name): model for model, names in MODELS.items() for name in names.split(", ")}

LAYOUTS = (
    # What the words say, the pattern of the cell, and the statistics that stand in it ("=": the
    # label's own).
    (r"means?\s*±\s*(sds?|s\.d\.|standard deviations?|std)|x̅?\s*±\s*s\b", "a ± b", ("mean", "sd")),
    (r"means?\s*±\s*(sem?|s\.e\.(m\.)?|standard errors?)", "a ± b", ("mean", "se_mean")),
    (r"mean\s*[(\[]\s*(sd|s\.d\.|standard deviation)\s*[)\]]", "a (b)", ("mean", "sd")),
    (r"mean\s*[(\[]\s*(range|min\S*max\w*)\s*[)\]]", "a (b-c)", ("mean", "minimum", "maximum")),
    (
        r"median\s*[(\[,]?\s*[(\[]?\s*(iqr|interquartile range|q1\S*q3|25th\S*75th.*)\s*[)\]]?",
        "a (b-c)",
        ("median", "q1", "q3"),
    ),
    (r"median\s*[(\[]\s*(range|min\S*max\w*)\s*[)\]]", "a (b-c)", ("median", "minimum", "maximum")),
    (r"(n|nos?\.?|number)\s*[(\[]\s*%\s*[)\]]", "a (b)", ("count", "share")),
    (r"%\s*[(\[]\s*(n|no\.?|number)\s*[)\]]", "a (b)", ("share", "count")),
    (r"\b(males?|men|m)\s*/\s*(females?|women|f)\b", "a/b", ("male", "female")),
    (r"\b(females?|women|f)\s*/\s*(males?|men|m)\b", "a/b", ("female", "male")),
    (r"%?\s*[(\[]\s*n\s*/\s*n\s*[)\]]", "a (b/c)", ("=", "count", "n")),
)
_CI = re.compile(
    r"(?:\b\d\d(?:\.\d)?\s*%\s*)?\bc\.?\s?i\.?(?:s\b)?|confidence intervals?", re.IGNORECASE
)
_LEVEL = re.compile(r"(\d\d(?:\.\d)?)\s*%\s*(?:c\.?\s?i|confidence)", re.IGNORECASE)
_N = re.compile(r"[(\[,]?\s*\b[nN]\s*=\s*(\d+)\s*[)\]]?")
_OBSERVER = re.compile(
    r"\b(intra|inter)[- ]?(?:observer|reader|rater)s?\b|"
    r"\b(?:reader|observer|rater|radiologist)\s*(\d+|[A-Z]|one|two)\b",
    re.IGNORECASE,
)
_MODEL = re.compile(r"model\s*(\d+|[A-Z])", re.IGNORECASE)
_UNIT = re.compile(
    r"[×x*·]?\s?10\s?\^?-\s?\d\s?(?:mm2|cm2|m2|µm2|μm2)?/?\s?(?:s|sec|ms)?|[×x*·]?\s?10\s?\^?-\s?\d\s?\S{0,8}|"
    r"years?|yrs?|y|months?|weeks?|days?|h|min|s|sec|ms|mm|cm|m|mm2|cm2|mm3|cm3|ml|l|kg|g|mg|kg/m2|%|"
    r"(?:mm2|µm2|μm2|cm2|m2)/(?:s|ms|sec)|s/mm2|[munpµμ]?(?:g|mol|iu|u)/[dmµμ]?l|ml/(?:min|100\s?g/min|100\s?ml/min)|"
    r"min-1|s-1|mmhg|hu|hz|khz|t|°c|℃|[µμ]m",
    re.IGNORECASE,
)
_UNITS = {"yrs": "years", "yr": "years", "year": "years", "y": "years", "sec": "s", "μm": "µm"}


@dataclass(frozen=True)
class Meaning:
    """What a label says.

    Attributes
    ----------
    label : str
        The label without unit, marks and words on the layout.
    kind : str
        One of :data:`KINDS`, ``limits``, ``skip``, or empty where only the paper's reader can know.
    name : str
        The name in the claims.
    unit, unit_printed, n : str
        As far as the label gives them; the unit in the words of the claims, and as printed.
    pattern, statistics : str and tuple of str
        How cells are laid out, where the label says so.
    interval : bool
        Whether it speaks of a confidence interval.
    limits_first : bool
        Whether it does so first, as in "95% CI of OR", and not behind the estimate, as in "AUC (95%
        CI)".
    item : str
        Reader or repetition that the label names besides: "ICC, inter-observer".
    level : str
        ``95`` of "95 % CI".
    marks : str
        Footnote marks.
    """

    label: str
    kind: str = ""
    name: str = ""
    unit: str = ""
    unit_printed: str = ""
    n: str = ""
    pattern: str = ""
    statistics: tuple = ()
    interval: bool = False
    limits_first: bool = False
    item: str = ""
    level: str = ""
    marks: str = ""


def read_label(text: str, names: dict[str, str]) -> Meaning:
    """The meaning of a label.

    Parameters
    ----------
    text : str
    names : dict of str to str
        Answers: squeezed label -> ``kind name`` or a name alone.

    Returns
    -------
    Meaning

    Examples
    --------
    >>> found = read_label("ADCfast (×10⁻³ mm²/s)", {})
    >>> found.kind, found.name, found.unit
    ('parameter', 'adc_fast', '10⁻³ mm²/s')
    >>> read_label("AUC (95% CI)", {}).interval, read_label("Benign (n = 24)", {}).n
    (True, '24')
    """
    text, marks = without_marks(plain(text).replace("\n", " "))
    meaning, rest = Meaning("", marks=marks), text
    if size := _N.search(rest):
        meaning, rest = replace(meaning, n=size[1]), rest[: size.start()] + rest[size.end() :]
    for words, pattern, statistics in LAYOUTS:
        if found := re.search(words, rest, re.IGNORECASE):
            meaning = replace(meaning, pattern=pattern, statistics=statistics)
            rest = rest[: found.start()] + rest[found.end() :]
            break
    if found := _CI.search(rest):
        percent = _LEVEL.search(rest)
        first = not rest[: found.start()].strip(" ([")
        level = percent[1] if percent else ""
        meaning = replace(meaning, interval=True, limits_first=first, level=level)
        rest = rest[: found.start()] + rest[found.end() :]
    if found := _OBSERVER.search(rest):
        meaning = replace(meaning, item=_observer(found))
        rest = rest[: found.start()] + rest[found.end() :]
    rest, unit, unit_printed = _unit(_tidy(rest))
    rest = _tidy(rest)
    label = harmless(text if meaning.limits_first else rest)
    meaning = replace(meaning, label=label, unit=unit, unit_printed=unit_printed)
    return _named(meaning, rest, names)


def unit_of(text: str) -> str | None:
    """A unit in the words of the claims.

    Parameters
    ----------
    text : str

    Returns
    -------
    str or None
        None where the text is no unit.

    Examples
    --------
    >>> unit_of("×10^-3 mm2/s"), unit_of("yrs"), unit_of("cancer")
    ('10⁻³ mm²/s', 'years', None)
    """
    bare = lowered(text).replace("−", "-").replace("–", "-").strip(" ,;:")
    if not bare or not _UNIT.fullmatch(bare):
        return None
    if bare.lower() in _UNITS:
        return _UNITS[bare.lower()]
    bare = re.sub(r"^[×x*·]\s?(?=10)", "", bare.replace("^", ""))
    bare = re.sub(r"^10\s?-\s?(\d)\s?", lambda m: f"10⁻{m[1].translate(_RAISE)} ", bare)
    bare = re.sub(r"(?<=[a-zµ])(-?[123])(?![\d.])", lambda m: m[1].translate(_RAISE), bare)
    return bare.replace("μ", "µ").replace("/sec", "/s").strip()


_RAISE = str.maketrans("0123456789-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻")


def _unit(text):
    """The text without its unit, the unit, and it as printed: in brackets, or behind a comma or a
    blank at the end.
    """
    for match in re.finditer(r"[(\[]([^()\[\]]*)[)\]]", text):
        if unit := unit_of(match[1]):
            return text[: match.start()] + text[match.end() :], unit, match[1].strip()
    head, mark, tail = text.rpartition(",")
    if mark and (unit := unit_of(tail)) and head.strip():
        return head, unit, tail.strip()
    for match in re.finditer(r"\s(?=[×x]?\s?10\s?[⁻^-])|\s(?=\S+$)", text):
        unit = unit_of(text[match.end() :])
        # A letter alone may be a name ("vitamin D h"); a unit of one letter needs brackets or a
        # comma.
        if unit and (len(unit) > 1 or unit == "%"):
            return text[: match.start()], unit, text[match.end() :]
    return text, "", ""


def _tidy(text):
    text = re.sub(r"[(\[]\s*[,;]?\s*[)\]]", "", text)
    text = re.sub(
        r"^\s*(?:of|for)\s+|\s+(?:of|for)\s*$", "", text.strip(" ,;:"), flags=re.IGNORECASE
    )
    return text.strip(" ,;:")


_SPANS = {
    "range": ("minimum", "maximum"),
    "minmax": ("minimum", "maximum"),
    "iqr": ("q1", "q3"),
    "interquartilerange": ("q1", "q3"),
}


def _observer(match):
    """The item of a reader or of a kind of agreement."""
    if match[1]:
        return f"{match[1].lower()}-observer"
    return f"reader {({'one': '1', 'two': '2'}).get(match[2].lower(), match[2])}"


def _named(meaning, text, names):
    key = squeezed(text)
    if key in names:
        kind, _, name = names[key].partition(" ")
        if kind == "skip":
            return replace(meaning, kind="skip")
        if kind in KINDS and name:
            return replace(meaning, kind=kind, name=name)
        return replace(meaning, name=names[key])
    if not text and meaning.item:
        return replace(meaning, kind="item", name=meaning.item, label=meaning.item)
    if not text:
        return replace(meaning, kind="limits" if meaning.interval else "")
    if key in _SPANS:
        return replace(meaning, label="", pattern="a-b", statistics=_SPANS[key])
    if "/" in text and all(_lookup(word) in STATISTICS for word in text.split("/")):
        return replace(meaning, kind="skip")  # t/χ²: which of them, only the row's test tells
    if text == "f":
        return replace(
            meaning, name="f"
        )  # perfusion fraction or F: the other axis tells, or the reader
    if _lookup(text) in STATISTICS or text == "F":
        return replace(meaning, kind="statistic", name=STATISTICS.get(_lookup(text), "f"))
    if key in MODELS:
        return replace(meaning, kind="model", name=MODELS[key])
    if key in ("df", "degreesoffreedom"):
        return replace(meaning, kind="skip")
    if numbered := _MODEL.fullmatch(text):
        return replace(meaning, kind="model", name=f"model {numbered[1]}")
    return _parameter(meaning, text)


def _parameter(meaning, text):
    bare = re.sub(r"^mean\s+", "", text, flags=re.IGNORECASE)
    if bare != text:
        meaning = replace(meaning, statistics=meaning.statistics or ("mean", ""))
    if squeezed(bare) == "age":
        return replace(meaning, kind="parameter", name="age")
    for name, known in parameters.REGISTRY.items():
        # A single letter (D, K) is a name of many things; the six of a study are not.
        if name in parameters.SIX and squeezed(bare) in (squeezed(known.label), squeezed(name)):
            return replace(meaning, kind="parameter", name=name)
    return meaning


def shown(text: str) -> str:
    """A label with the registry's spelling of its parameters: ``ADCfast`` as "ADC fast".

    Parameters
    ----------
    text : str

    Returns
    -------
    str

    Examples
    --------
    >>> shown("ADCfast and f")
    'ADC fast and f'
    """
    for name in parameters.SIX:
        label = parameters.REGISTRY[name].label
        if " " in label:
            text = re.sub(rf"\b{label.replace(' ', '')}\b", label, text, flags=re.IGNORECASE)
    return text


def slug(label: str, kind: str) -> str:
    """The name of a label in the claims where no answer gives one: lower case; parameters without
    blanks.

    Parameters
    ----------
    label : str
    kind : str
        ``parameter``, ``group`` ...

    Returns
    -------
    str

    Examples
    --------
    >>> slug("Lung cancer", "group"), slug("Tumor size", "parameter")
    ('lung cancer', 'tumor_size')
    """
    name = harmless(label).casefold()
    return re.sub(r"[^\w+*/.-]+", "_", name).strip("_") if kind == "parameter" else name
