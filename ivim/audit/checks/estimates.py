"""Estimates with their standard errors, p-values and limits: logistic regression as SPSS prints it,
and intraclass correlation.
"""

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass

from scipy import stats

from ivim.audit.checks.interval import Interval
from ivim.audit.checks.moments import Group, total_ss
from ivim.audit.checks.pvalues import normal_quantile
from ivim.audit.checks.rounding import Outcome, Print, Value, as_interval, parse, show

ICC_FORMS = ("ICC(1,1)", "ICC(C,1)", "ICC(1,k)", "ICC(C,k)")
"""The forms whose limits follow from the ICC, n and k alone. Those of ICC(A,1) and ICC(A,k) also
need the raters' mean square.
"""


@dataclass(frozen=True)
class Slope:
    """A row of a logistic regression; what is not printed is None.

    Attributes
    ----------
    b, se, wald, p, odds_ratio, ci_low, ci_high : str, Printed or None
    """

    b: str
    se: str
    wald: str | None = None
    p: str | None = None
    odds_ratio: str | None = None
    ci_low: str | None = None
    ci_high: str | None = None


def wald(b: Value, se: Value) -> Interval:
    """Interval of Wald's statistic (B/SE)², chi-square with one degree of freedom; B and SE stand
    once each, so it is exact.

    Parameters
    ----------
    b, se : str, Printed, Interval or number

    Returns
    -------
    Interval
    """
    return (as_interval(b) / as_interval(se)).square()


def odds_ratio(b: Value) -> Interval:
    """Interval of the odds ratio exp(B).

    Parameters
    ----------
    b : str, Printed, Interval or number

    Returns
    -------
    Interval
    """
    return as_interval(b).exp()


def odds_ratio_limits(b: Value, se: Value, confidence: float = 0.95) -> tuple[Interval, Interval]:
    """Intervals of the Wald limits exp(B - z SE) and exp(B + z SE).

    Parameters
    ----------
    b, se : str, Printed, Interval or number
    confidence : float

    Returns
    -------
    tuple of Interval
        The lower and the upper limit.

    Examples
    --------
    >>> low, high = odds_ratio_limits("-6.185", "2.408")
    >>> f"{low.middle:.3g} {high.middle:.3f}"
    '1.84e-05 0.231'
    """
    reach = normal_quantile(confidence) * as_interval(se)
    return (as_interval(b) - reach).exp(), (as_interval(b) + reach).exp()


def recover_b(odds: Value) -> Interval:
    """Interval of B = ln OR from a printed odds ratio.

    Parameters
    ----------
    odds : str, Printed, Interval or number

    Returns
    -------
    Interval
    """
    return _positive(odds).log()


def recover_se(low: Value, high: Value, confidence: float = 0.95) -> Interval:
    """Interval of the SE from printed limits of an odds ratio, (ln high - ln low)/(2 z); unbounded
    where a limit may be zero.

    Parameters
    ----------
    low, high : str, Printed, Interval or number
    confidence : float

    Returns
    -------
    Interval
    """
    return (_positive(high).log() - _positive(low).log()) / (2 * normal_quantile(confidence))


def least_slope_se(groups: Sequence[Group]) -> float:
    """A lower bound for the SE of a variable's slope in any logistic regression of these patients.

    The information about the slope is at most Σ wᵢ (xᵢ - x̄_w)² with wᵢ = pᵢ (1 - pᵢ) <= 1/4, and a
    weighted mean minimises that
    sum, so it is at most SS/4 with SS the total sum of squares about the common mean. Further
    variables only take information
    away. Hence SE(b) >= 2/√SS, whatever else is in the model (from the Fisher information,
    McCullagh & Nelder 1989, 4.4). It
    holds for model-based errors, by maximum likelihood or Firth's penalty; a sandwich estimate
    could be smaller.

    Parameters
    ----------
    groups : sequence of Group
        Disjoint groups that make up everybody in the model, in the units in which the slope is
        given.

    Returns
    -------
    float
        No SE can be below this; 0 where the groups leave the sum of squares open.

    Examples
    --------
    >>> f = [Group.printed(20, "0.45", "0.20"), Group.printed(50, "0.25", "0.15")]
    >>> round(least_slope_se(f), 2)
    1.24
    """
    if any(group.sd is None for group in groups):
        return 0.0
    return (2 / total_ss(groups).sqrt()).low


def discriminant_slope(case: Group, control: Group) -> Interval:
    """The slope that a linear discriminant gives a single marker, (mean₁ - mean₀)/s² with the
    pooled s².

    Where the marker is normal with equal variances, the logistic slope of the marker alone tends to
    it (Efron 1975, *J Am Stat
    Assoc* 70:892). It is a guide to sign and size, no bound: a joint model can differ.

    Parameters
    ----------
    case, control : Group
        With SDs.

    Returns
    -------
    Interval
    """
    pooled = (
        (case.n - 1) * case.known_sd.square() + (control.n - 1) * control.known_sd.square()
    ) / (case.n + control.n - 2)
    return (case.mean - control.mean) / pooled


def check_slope_label(slope: Slope, case: Group, control: Group) -> Outcome:
    """Can the slope belong to the marker whose name stands before it?

    Parameters
    ----------
    slope : Slope
    case, control : Group
        The marker's two groups, in the units of the slope.

    Returns
    -------
    Outcome
        False where the printed SE is below :func:`least_slope_se`. ``low``: that bound, ``high``:
        infinity.
    """
    bound = least_slope_se((case, control))
    holds = as_interval(slope.se).high >= bound
    reason = f"S.E. is at least 2/√SS = {bound:.3g} for this marker; printed {parse(slope.se).text}"
    return Outcome(holds, bound, math.inf, reason)


def matching_labels(
    slopes: dict[str, Slope], markers: dict[str, tuple[Group, Group]]
) -> list[dict[str, str]]:
    """Which assignments of markers to the rows of a logistic regression are possible?

    Parameters
    ----------
    slopes : dict of str to Slope
        Rows by the label printed before them.
    markers : dict of str to (Group, Group)
        For each label, the groups of cases and of controls.

    Returns
    -------
    list of dict
        Every assignment (printed label -> marker) in which no SE is below its bound, the one
        nearest to the linear-discriminant
        slopes first. The printed labels are refuted where the identity is not among them.
    """
    labels = list(slopes)
    assignments = [
        dict(zip(labels, order, strict=True)) for order in itertools.permutations(labels)
    ]
    possible = [
        a
        for a in assignments
        if all(check_slope_label(slopes[row], *markers[name]).holds for row, name in a.items())
    ]
    return sorted(
        possible,
        key=lambda a: sum(_slope_distance(slopes[row], *markers[name]) for row, name in a.items()),
    )


def icc_limits(
    icc: Value, n: int, k: int, form: str, confidence: float = 0.95
) -> tuple[Interval, Interval]:
    """Exact F limits of an intraclass correlation from its printed value.

    Single measures: F₀ = (1 + (k - 1) ICC)/(1 - ICC); F_L = F₀/F(1 - α/2; n - 1, v), F_U = F₀ F(1 -
    α/2; v, n - 1); limits
    (F - 1)/(F + k - 1). Average measures: F₀ = 1/(1 - ICC); limits 1 - 1/F. v = n (k - 1) for
    one-way forms and
    (n - 1)(k - 1) for consistency (Shrout & Fleiss 1979, *Psychol Bull* 86:420; McGraw & Wong 1996,
    *Psychol Methods* 1:30).

    Parameters
    ----------
    icc : str, Printed, Interval or number
    n, k : int
        Targets and raters.
    form : {"ICC(1,1)", "ICC(C,1)", "ICC(1,k)", "ICC(C,k)"}
    confidence : float

    Returns
    -------
    tuple of Interval
        Lower and upper limit. Both rise with the ICC, so the ends of its interval give theirs.

    Raises
    ------
    ValueError
        When the form is none of these.

    Examples
    --------
    >>> low, high = icc_limits(0.929, 70, 2, "ICC(C,1)")
    >>> round(low.middle, 3), round(high.middle, 3)
    (0.888, 0.955)
    """
    lower, upper = _factors(n, k, form, confidence)
    return _shifted(icc, k, lower, form), _shifted(icc, k, upper, form)


def recover_icc(
    low: Value, high: Value, n: int, k: int, form: str, confidence: float = 0.95
) -> Interval | None:
    """Interval of the ICC whose two limits print as ``low`` and ``high``; :func:`icc_limits`
    backwards.

    Parameters
    ----------
    low, high : str, Printed, Interval or number
    n, k : int
    form : str
        As in :func:`icc_limits`.
    confidence : float

    Returns
    -------
    Interval or None
        None where no ICC has both limits.
    """
    lower, upper = _factors(n, k, form, confidence)
    return _shifted(low, k, 1 / lower, form).intersect(_shifted(high, k, 1 / upper, form))


def check_icc(
    icc: Print,
    low: Print,
    high: Print,
    n: int,
    k: int,
    forms: Sequence[str] = ICC_FORMS,
    confidence: float = 0.95,
) -> dict[str, Outcome]:
    """Which forms of the ICC print the value and both limits at once?

    Parameters
    ----------
    icc, low, high : str or Printed
    n, k : int
    forms : sequence of str
    confidence : float

    Returns
    -------
    dict of str to Outcome
        By form. Where it holds, the interval is that of the ICC behind the three prints; else that
        of the lower limit.
    """
    found = {}
    for form in forms:
        lower, upper = icc_limits(icc, n, k, form, confidence)
        given = f"{form} with n = {n}, k = {k} gives {show(lower)} and {show(upper)}"
        reason = f"{given}; printed {parse(low).text} and {parse(high).text}"
        recovered = recover_icc(low, high, n, k, form, confidence)
        meant = recovered and recovered.intersect(as_interval(icc))
        found[form] = Outcome(
            meant is not None, (meant or lower).low, (meant or lower).high, reason
        )
    return found


def _factors(n, k, form, confidence):
    """What F₀ is multiplied with at the lower and at the upper limit."""
    if form not in ICC_FORMS:
        msg = (
            f"limits of {form!r} do not follow from its value, n and k; choose one of "
            f"{', '.join(ICC_FORMS)}"
        )
        raise ValueError(msg)
    df = (n - 1, n * (k - 1) if form.startswith("ICC(1") else (n - 1) * (k - 1))
    tail = (1 - confidence) / 2
    return 1 / stats.f.isf(tail, *df), stats.f.isf(tail, *df[::-1])


def _shifted(icc, k, factor, form):
    """The interval of ICCs whose F is ``factor`` times that of the given one."""
    return as_interval(icc).increasing(
        lambda x: _scaled_icc(x, k, factor, average=form.endswith("k)"))
    )


def _scaled_icc(icc, k, factor, average):
    if icc >= 1:
        return 1.0
    if not average:
        icc = max(icc, -1 / (k - 1))  # the least possible value, where F is zero
    if average:
        return 1 - (1 - icc) / factor
    ratio = (1 + (k - 1) * icc) / (1 - icc) * factor
    return (ratio - 1) / (ratio + k - 1)


def _slope_distance(slope, case, control):
    """How far B lies from the discriminant slope, in the slope's own standard errors."""
    return (
        abs(as_interval(slope.b).middle - discriminant_slope(case, control).middle)
        / as_interval(slope.se).middle
    )


def _positive(value):
    interval = as_interval(value)
    return Interval(max(interval.low, 0.0), max(interval.high, 0.0))
