"""Diagnostic accuracy: what the AUC, its limits, an operating point and a cut-off say about each
other.

An AUC by the trapezoid rule from n₁ cases and n₀ controls is j/(2 n₁ n₀) with a whole number j: the
pairs in the right order,
ties counting half (Bamber 1975, *J Math Psychol* 12:387). That makes the printed AUC a member of a
short list.
"""

import math
from fractions import Fraction

import numpy as np
from scipy import stats

from ivim.audit.checks.interval import Interval
from ivim.audit.checks.moments import Group
from ivim.audit.checks.pvalues import normal_quantile
from ivim.audit.checks.rounding import (
    Outcome,
    Print,
    Value,
    as_interval,
    cannot_tell,
    compare,
    parse,
    prints_as,
    show,
)
from ivim.stats.roc import hanley_mcneil_se

DENSE = 20_000
"""Possible AUCs behind one print beyond which they are not listed any more."""


def auc_grid(auc: Print, cases: int, controls: int, rule: str = "any") -> tuple[Fraction, ...]:
    """The possible AUCs that print as shown.

    Parameters
    ----------
    auc : str or Printed
    cases, controls : int
        Group sizes n₁ and n₀.
    rule : {"any", "half_up", "half_even"}
        How ties print.

    Returns
    -------
    tuple of Fraction
        Multiples of 1/(2 n₁ n₀); an even numerator means an even number of tied pairs.
    """
    printed, pairs = parse(auc), 2 * cases * controls
    low, high = math.floor(printed.ends[0] * pairs), math.ceil(printed.ends[1] * pairs)
    grid = (Fraction(j, pairs) for j in range(max(low, 0), min(high, pairs) + 1))
    return tuple(value for value in grid if prints_as(value, printed, rule))


def wald_aucs(
    auc: Print, low: Print, high: Print, cases: int, controls: int, rule: str = "any"
) -> tuple[Fraction, ...]:
    """The possible AUCs that lie midway between limits which print as shown, as DeLong's and every
    other Wald interval has it.

    A limit that prints 1 (or 0) may be cut off there, and then only bounds the half-width from
    below.

    Parameters
    ----------
    auc, low, high : str or Printed
    cases, controls : int
    rule : {"any", "half_up", "half_even"}

    Returns
    -------
    tuple of Fraction
        The members of :func:`auc_grid` that some half-width turns into the printed limits; empty
        where the limits are not symmetric.

    Examples
    --------
    >>> wald_aucs("0.876", "0.782", "0.969", 50, 20, rule="half_up")
    (Fraction(1751, 2000),)
    """
    return tuple(
        value
        for value in auc_grid(auc, cases, controls, rule)
        if _half_widths(value, parse(low), parse(high), rule)
    )


def largest_delong_se(auc: float | Fraction, cases: int, controls: int) -> float:
    """An upper bound of DeLong's SE, √(A (1 - A)(1/(n₁ - 1) + 1/(n₀ - 1))).

    SE² = S₁₀/n₁ + S₀₁/n₀ with the variances of the placement values (DeLong et al. 1988,
    *Biometrics* 44:837). These lie in [0, 1]
    with mean A, so each variance is at most A (1 - A) n/(n - 1).

    Parameters
    ----------
    auc : float or Fraction
    cases, controls : int

    Returns
    -------
    float
        Infinite where a group has a single member, whose placement has no variance.
    """
    if min(cases, controls) < 2:
        return math.inf
    a = float(auc)
    return math.sqrt(a * (1 - a) * (1 / (cases - 1) + 1 / (controls - 1)))


def check_auc_limits(
    auc: Print,
    low: Print,
    high: Print,
    cases: int,
    controls: int,
    rule: str = "any",
    confidence: float = 0.95,
) -> dict[str, Outcome]:
    """Which kinds of interval can the printed AUC and its limits be?

    Parameters
    ----------
    auc, low, high : str or Printed
    cases, controls : int
    rule : {"any", "half_up", "half_even"}
    confidence : float

    Returns
    -------
    dict of str to Outcome
        ``wald``: symmetric about a possible AUC; the interval is that of these AUCs. ``delong``:
        symmetric, with an SE that DeLong's estimate can have; the interval is that of the SE.
        ``hanley_mcneil``: symmetric, with the SE of that formula. A False excludes the method;
        whether the article used it, only the article knows. None in a study so large that the
        possible AUCs are too dense to tell anything.
    """
    if 4 * cases * controls * parse(auc).half_unit > DENSE:
        reason = (
            f"{cases} cases and {controls} controls make possible AUCs so dense that any print fits"
        )
        return dict.fromkeys(("wald", "delong", "hanley_mcneil"), cannot_tell(reason))
    values = wald_aucs(auc, low, high, cases, controls, rule)
    if not values:
        grid = f"no multiple of 1/{2 * cases * controls} that prints {parse(auc).text}"
        reason = f"{grid} lies midway between {parse(low).text} and {parse(high).text}"
        return dict.fromkeys(
            ("wald", "delong", "hanley_mcneil"), Outcome(False, math.nan, math.nan, reason)
        )
    z = normal_quantile(confidence)
    widths = [_half_widths(value, parse(low), parse(high), rule) for value in values]
    se = Interval(min(w.low for w in widths), max(w.high for w in widths)) / z
    limit = max(largest_delong_se(value, cases, controls) for value in values)
    formula = [float(hanley_mcneil_se(float(value), cases, controls)) for value in values]
    fits = any((size * z).overlaps(width) for size, width in zip(formula, widths, strict=True))
    listed = ", ".join(
        f"{float(value):g} = {float(value * cases * controls):g}/{cases * controls}"
        for value in values[:5]
    )
    more, needed = " ..." if len(values) > 5 else "", f"the limits need an SE of {show(se)}"
    given = f"Hanley and McNeil's formula gives {min(formula):.4f} to {max(formula):.4f}"
    return {
        "wald": Outcome(
            True,
            float(values[0]),
            float(values[-1]),
            f"the limits are symmetric about {listed}{more}",
        ),
        "delong": Outcome(
            se.low <= limit,
            se.low,
            se.high,
            f"{needed}; DeLong's is at most {limit:.4f} for this AUC",
        ),
        "hanley_mcneil": Outcome(fits, min(formula), max(formula), f"{needed}; {given}"),
    }


def binormal_auc(case: Group, control: Group) -> Interval:
    """AUC of two normal groups, Φ(\\|m₁ - m₀\\|/√(s₁² + s₀²)), from their printed means and SDs.

    Exact as an interval (each number stands once), but only as good as normality: a guide, no bound
    (Pepe 2003, *The Statistical
    Evaluation of Medical Tests*, 4.4).

    Parameters
    ----------
    case, control : Group
        With SDs.

    Returns
    -------
    Interval
    """
    ratio = (
        abs(case.mean - control.mean) / (case.known_sd.square() + control.known_sd.square()).sqrt()
    )
    return ratio.increasing(stats.norm.cdf)


def auc_bounds(
    tp: int, cases: int, fp: int, controls: int, youden: bool = False, ties: bool = True
) -> Interval:
    """The range of AUCs of all ROC curves that pass through an operating point.

    The curve rises, so it is at least TPR to the right of FPR: AUC >= TPR (1 - FPR). To the left it
    is at most TPR: AUC <= 1 - FPR
    (1 - TPR). Where the point has the largest Youden index J, no vertex lies above TPR = FPR + J,
    which caps the curve everywhere.
    With tied values the curve may run along chords between vertices, at most along the concave
    majorant of the caps.

    Parameters
    ----------
    tp, fp : int
        Cases and controls called positive.
    cases, controls : int
    youden : bool
        True where the point maximises sensitivity + specificity.
    ties : bool
        False where no case ties with a control.

    Returns
    -------
    Interval

    Raises
    ------
    ValueError
        When a count is negative or larger than its group.

    Examples
    --------
    >>> bound = auc_bounds(40, 50, 3, 20)
    >>> round(bound.low, 3), round(bound.high, 3)
    (0.68, 0.97)
    """
    for name, count, size in (("tp", tp, cases), ("fp", fp, controls)):
        if not 0 <= count <= size:
            msg = f"{name} has to be a count from 0 to {size}; met {count!r}"
            raise ValueError(msg)
    fprs = np.arange(controls + 1)
    # The highest vertex over each false-positive count, in whole cases: floor(tp + (i - fp)
    # cases/controls) under Youden's cap.
    caps = np.where(fprs < fp, tp, cases)
    if youden:
        caps = np.minimum(caps, np.floor(tp + (fprs - fp) * cases / controls + 1e-9).astype(int))
    caps = np.clip(caps, 0, cases)
    heights = caps[:-1] if not ties else _majorant(caps, fp, tp)
    high = heights.sum() / (cases * controls)
    return Interval(tp * (controls - fp) / (cases * controls), high).widen(1e-12)


def check_auc_point(
    auc: Print, tp: int, cases: int, fp: int, controls: int, youden: bool = True, ties: bool = True
) -> Outcome:
    """Can the printed AUC belong to a curve through this operating point? See :func:`auc_bounds`.

    Parameters
    ----------
    auc : str or Printed
    tp, cases, fp, controls : int
        As in :func:`auc_bounds`.
    youden, ties : bool

    Returns
    -------
    Outcome
        ``low`` and ``high``: the bounds of the AUC.
    """
    kind = "the largest Youden index at" if youden else "passing through"
    source = f"{kind} {tp}/{cases} true and {fp}/{controls} false positives"
    return compare(auc_bounds(tp, cases, fp, controls, youden, ties), auc, source)


def classify(value: Value, cutoff: Print) -> bool | None:
    """What a published cut-off says about one patient.

    Parameters
    ----------
    value : str, Printed or number
        The patient's value, in the cut-off's unit.
    cutoff : str or Printed
        With its direction, such as ``> 29.05`` (positive above) or ``< 0.4``.

    Returns
    -------
    bool or None
        True for positive; None where rounding leaves it open.

    Raises
    ------
    ValueError
        When the cut-off has no direction.
    """
    rule, value = parse(cutoff), as_interval(value)
    if rule.comparison == "=":
        msg = f"a cut-off needs a direction, such as > 29.05; met {rule.text!r}"
        raise ValueError(msg)
    if value.overlaps(rule.rounding):
        return None
    return (value.low > rule.rounding.high) == (rule.comparison == ">")


def check_case(value: Value, cutoff: Print, positive: bool) -> Outcome:
    """Does a published rule put a published case where it belongs?

    Parameters
    ----------
    value : str, Printed or number
    cutoff : str or Printed
        With its direction.
    positive : bool
        Whether the case has the disease.

    Returns
    -------
    Outcome
        ``low`` and ``high``: the case's value. False means that the rule misclassifies the case,
        which is possible, not a misprint.

    Raises
    ------
    ValueError
        When the cut-off has no direction.
    """
    verdict, interval = classify(value, cutoff), as_interval(value)
    called = "neither" if verdict is None else "positive" if verdict else "negative"
    reason = (
        f"{show(interval)} is {called} by the rule {parse(cutoff).text}; the case is "
        f"{'positive' if positive else 'negative'}"
    )
    return Outcome(
        None if verdict is None else verdict == positive, interval.low, interval.high, reason
    )


def _half_widths(value, low, high, rule):
    """The half-widths w with value - w printing ``low`` and value + w printing ``high``, as an
    Interval, or None.
    """
    below = _cell(low, rule, cut=Fraction(0))
    above = _cell(high, rule, cut=Fraction(1))
    # w runs over value - below and above - value; an end counts only where the tie prints.
    starts = [
        (value - below[1][0], below[1][1]),
        (above[0][0] - value, above[0][1]),
        (Fraction(0), True),
    ]
    stops = [(value - below[0][0], below[0][1]), (above[1][0] - value, above[1][1])]
    start, stop = max(end for end, _ in starts), min(end for end, _ in stops)
    closed = all(flag for end, flag in (*starts, *stops) if end in (start, stop))
    return Interval(start, stop) if start < stop or (start == stop and closed) else None


def _cell(printed, rule, cut):
    """Both ends of a rounding cell as (end, does it print so?); unbounded beyond 0 or 1, where a
    limit is cut off.
    """
    ends = list(printed.ends)
    cell = [(end, prints_as(end, printed, rule)) for end in ends]
    if ends[0] <= cut <= ends[1]:
        cell[0 if cut == 0 else 1] = (Fraction(-2) if cut == 0 else Fraction(3), True)
    return cell


def _majorant(caps, fp, tp):
    """Mean height over each control under the least concave curve above the caps, on either side of
    the operating point.

    The point is a vertex itself, so chords do not cross it: ties join cases and controls of one
    value, and its cut-off parts them.
    """
    caps = caps.astype(float)
    left, right = caps[: fp + 1].copy(), caps[fp:].copy()
    left[-1], curve = tp, []
    for piece in (left, right):
        hull = _concave(piece)
        curve.append((hull[:-1] + hull[1:]) / 2)
    return np.concatenate(curve)


def _concave(heights):
    """Least concave majorant at the points 0, 1, 2, ... (upper hull by a monotone chain)."""
    chain = []
    for point in enumerate(heights):
        while len(chain) > 1 and _turns_up(*chain[-2:], point):
            chain.pop()
        chain.append(point)
    return np.interp(np.arange(len(heights)), *zip(*chain, strict=True))


def _turns_up(a, b, c):
    return (b[1] - a[1]) * (c[0] - a[0]) <= (c[1] - a[1]) * (b[0] - a[0])
