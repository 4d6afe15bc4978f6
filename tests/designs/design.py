"""What a study is before a patient is seen: its groups, its markers, its way of printing."""

from dataclasses import dataclass, field

import numpy as np

PAIRS = (
    ("benign", "malignant"),
    ("control", "case"),
    ("low grade", "high grade"),
    ("responder", "non-responder"),
    ("infection", "tumour"),
)
TRIOS = (
    ("control", "adenoma", "cancer"),
    ("normal", "mild", "severe"),
    ("stage 1", "stage 2", "stage 3"),
)
PARTS = ("type A", "type B", "type C", "type D")
TOTALS = ("total", "all patients", "overall")


@dataclass(frozen=True)
class Marker:
    """A quantity measured in every patient.

    Attributes
    ----------
    name, unit : str
    centre, spread : float
        Of the group without the disease, in `unit`.
    decimals : int
        Of a printed mean.
    shape : {"normal", "lognormal", "beta"}
    other : (str, float) or None
        Another unit in which a cut-off or an abstract may print it, with the factor to it.
    """

    name: str
    unit: str
    centre: float
    spread: float
    decimals: int
    shape: str = "normal"
    other: tuple | None = None


MARKERS = (
    Marker("adc", "10⁻³ mm²/s", 1.2, 0.25, 2, other=("mm²/s", 1e-3)),
    Marker("ddc", "10⁻³ mm²/s", 1.3, 0.35, 2, other=("µm²/s", 1e3)),
    Marker("dstar", "10⁻³ mm²/s", 42.0, 22.0, 1, "lognormal", ("mm²/s", 1e-3)),
    Marker("fraction", "", 0.21, 0.08, 3, "beta"),
    Marker("kurtosis", "", 0.85, 0.2, 2),
    Marker("size", "mm", 24.0, 11.0, 1, "lognormal", ("cm", 0.1)),
    Marker("crp", "mg/l", 6.0, 8.0, 1, "lognormal"),
    Marker("suv", "", 5.5, 2.6, 2, "lognormal"),
    Marker("ki67", "%", 24.0, 9.0, 1),
    Marker("ktrans", "min⁻¹", 0.31, 0.12, 3, "lognormal"),
    Marker("bmi", "kg/m²", 26.0, 4.0, 1),
    Marker("t2", "ms", 82.0, 14.0, 0),
)


@dataclass(frozen=True)
class Style:
    """How a paper prints its numbers; all drawn once per paper.

    Attributes
    ----------
    rule : {"half_up", "half_even", "truncated"}
        Of every number; `share_rule` that of shares and their limits.
    percent : {"fraction", "unit", "sign", "bare"}
        A share as 0.889; 88.9 with ``%`` in the unit; 88.9%; 88.9 with nothing that says per cent.
    share_decimals, auc_decimals, ratio_decimals, statistic_decimals : int
    auc_in_percent : bool
    p : {"exact", "spss", "coarse", "threshold"}
        0.012 and <0.001; .000 as SPSS prints it; two decimals; only <0.05, > 0.05 or NS.
    minus, bare_point : the sign, and whether the zero before the point is left out
    spread : {"sd", "se"}
        What stands behind a mean. In a paper of eight columns both are called ``sd``.
    """

    rule: str
    share_rule: str
    percent: str
    share_decimals: int
    auc_decimals: int
    ratio_decimals: int
    statistic_decimals: int
    auc_in_percent: bool
    p: str
    minus: str
    bare_point: bool
    spread: str


@dataclass(frozen=True)
class Design:
    """One study's design; see the fields of the README."""

    seed: int
    groups: tuple
    sizes: dict
    positive: str
    parts: dict
    total: str
    total_first: bool
    markers: tuple
    effects: dict
    ages_whole: bool
    missing: float
    missing_told: bool
    test: str
    test_in_t: bool
    medians: bool
    yates: bool
    limits: str
    auc_limits: str
    share_limits: str
    confidence: float
    icc: str
    readers: int
    lesions: bool
    order: tuple
    sections: frozenset
    style: Style = field(repr=False)

    @property
    def inner(self):
        """Groups that are not divided further, in printed order."""
        return tuple(p for group in self.groups for p in self.parts.get(group, (group,)))

    @property
    def cut(self):
        """Whether limits by ± z SE end at 0 and 1; some software prints 1.02 and 102.3 %."""
        return self.seed % 5 != 2

    def whole(self, group):
        """The inner groups that make up a group."""
        if group == self.total:
            return self.inner
        return self.parts.get(group, (group,))


def draw(seed):
    """The design of a study.

    Parameters
    ----------
    seed : int

    Returns
    -------
    Design
    """
    rng = np.random.default_rng([seed, 1])
    three = rng.random() < 0.3
    names = TRIOS[rng.integers(len(TRIOS))] if three else PAIRS[rng.integers(len(PAIRS))]
    positive, groups = names[-1], list(names)
    if rng.random() < 0.5:
        groups.reverse()
    parts = _parts(rng, groups, three)
    sizes = _sizes(rng, groups, parts)
    markers = [MARKERS[i] for i in rng.permutation(len(MARKERS))[: rng.integers(2, 8)]]
    return Design(
        seed=seed,
        groups=tuple(groups),
        sizes=sizes,
        positive=positive,
        parts=parts,
        total=str(rng.choice(TOTALS)) if rng.random() < 0.35 else "",
        total_first=rng.random() < 0.5,
        markers=tuple(markers),
        effects={m.name: float(rng.choice([0, rng.normal(0, 1)], p=[0.3, 0.7])) for m in markers},
        ages_whole=rng.random() < 0.7,
        missing=float(rng.choice([0, rng.uniform(0.02, 0.15)], p=[0.7, 0.3])),
        missing_told=rng.random() < 0.5,
        test=str(rng.choice(["student", "welch", "mann-whitney"], p=[0.5, 0.2, 0.3])),
        test_in_t=rng.random() < 0.5,
        medians=rng.random() < 0.35,
        yates=rng.random() < 0.5,
        limits=str(rng.choice(["wald", "profile"], p=[0.75, 0.25])),
        auc_limits=str(rng.choice(["delong", "hanley-mcneil", "bootstrap", "binomial"])),
        share_limits=str(
            rng.choice(["clopper-pearson", "wilson", "wald", "agresti", "jeffreys", "bootstrap"])
        ),
        confidence=float(rng.choice([0.95, 0.90, 0.99], p=[0.96, 0.02, 0.02])),
        icc=str(rng.choice(["ICC(1,1)", "ICC(A,1)", "ICC(C,1)", "ICC(A,k)", "ICC(C,k)"])),
        readers=int(rng.choice([1, 2, 3], p=[0.7, 0.2, 0.1])),
        lesions=rng.random() < 0.1,
        order=tuple(rng.permutation(16).tolist()),
        sections=_sections(rng),
        style=_style(rng),
    )


def _parts(rng, groups, three):
    if three or rng.random() > 0.3:
        return {}
    divided = groups[rng.integers(2)]
    return {divided: PARTS[: rng.integers(2, 5)]}


def _sizes(rng, groups, parts):
    """8 to 200 in a group, evenly on the scale of logarithms; a part has 3 at least."""
    sizes = {}
    for group in groups:
        n = round(float(np.exp(rng.uniform(np.log(8), np.log(200)))))
        if group not in parts:
            sizes[group] = n
            continue
        names = parts[group]
        n = max(n, 4 * len(names))
        shares = 3 + rng.multinomial(n - 3 * len(names), rng.dirichlet(np.full(len(names), 2.0)))
        sizes |= dict(zip(names, shares.tolist(), strict=True))
    return sizes


_SHARE_OF_PAPERS = {
    "sex": 0.85,
    "age": 0.85,
    "category": 0.5,
    "markers": 0.95,
    "range": 0.3,
    "group tests": 0.8,
    "part tests": 0.6,
    "logistic": 0.5,
    "multivariable": 0.6,
    "cox": 0.15,
    "roc": 0.75,
    "predictive": 0.5,
    "counts": 0.3,
    "ratios": 0.3,
    "auc difference": 0.25,
    "auc p": 0.3,
    "agreement": 0.4,
    "kappa": 0.2,
    "correlation": 0.25,
    "abstract": 0.7,
    "statements": 0.5,
}


def _sections(rng):
    return frozenset(name for name, share in _SHARE_OF_PAPERS.items() if rng.random() < share)


def _style(rng):
    truncated = rng.random()
    rule = str(rng.choice(["half_up", "half_even"]))
    return Style(
        rule="truncated" if truncated < 0.02 else rule,
        share_rule="truncated" if truncated < 0.10 else rule,
        percent=str(rng.choice(["fraction", "unit", "sign", "bare"], p=[0.3, 0.4, 0.15, 0.15])),
        share_decimals=int(rng.choice([0, 1, 2], p=[0.25, 0.6, 0.15])),
        auc_decimals=int(rng.choice([2, 3])),
        ratio_decimals=int(rng.choice([2, 3])),
        statistic_decimals=int(rng.choice([2, 3])),
        auc_in_percent=rng.random() < 0.08,
        p=str(rng.choice(["exact", "spss", "coarse", "threshold"], p=[0.6, 0.1, 0.2, 0.1])),
        minus=str(rng.choice(["-", "−"])),
        bare_point=rng.random() < 0.15,
        spread=str(rng.choice(["sd", "se"], p=[0.88, 0.12])),
    )
