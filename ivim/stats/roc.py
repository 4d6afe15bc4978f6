"""ROC curves: DeLong's limits and paired comparison, Youden's cut-off with exact limits."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from ivim.stats import checks
from ivim.stats.checks import Floats
from ivim.stats.proportions import exact_limits
from ivim.stats.ranks import area, covariance, curve_counts, placements, youden

DIRECTIONS = (">", "<")
"""``>``: disease lies above the cut-off; ``<``: below (pROC's opposite: controls < cases)."""


@dataclass(frozen=True)
class Roc:
    """A ROC curve and its Youden cut-off.

    Attributes
    ----------
    auc, se, ci_low, ci_high : float
        Area under the curve with DeLong's standard error and limits, clipped to 0-1.
    cutoff : float
        Youden's cut-off; a score on the side `direction` (``>`` or ``<``) of it counts as diseased.
    direction : str
        ``>`` or ``<``.
    tp, fn, tn, fp : int
        Counts at the cut-off.
    sensitivity, sensitivity_low, sensitivity_high : float
        Fractions 0-1 with exact (Clopper-Pearson) limits.
    specificity, specificity_low, specificity_high : float
        Likewise.
    cutoffs : tuple of float
        Every cut-off that reaches the same Youden index; `cutoff` is that of highest sensitivity.
    curve : DataFrame
        ``threshold, fpr, tpr`` from (0, 0) to (1, 1); thresholds lie midway between adjacent
        scores, infinite at the ends.
    """

    auc: float
    se: float
    ci_low: float
    ci_high: float
    cutoff: float
    direction: str
    tp: int
    fn: int
    tn: int
    fp: int
    sensitivity: float
    sensitivity_low: float
    sensitivity_high: float
    specificity: float
    specificity_low: float
    specificity_high: float
    cutoffs: tuple[float, ...]
    curve: pd.DataFrame = field(repr=False, compare=False)

    @property
    def n(self) -> int:
        """Patients with a score."""
        return self.tp + self.fn + self.tn + self.fp


def roc(y: ArrayLike, score: ArrayLike, direction: str = "auto", confidence: float = 0.95) -> Roc:
    """The ROC curve of one score.

    Parameters
    ----------
    y : array, shape (n,)
        1 for a case, 0 for a control; at least two of each.
    score : array, shape (n,)
        The marker; patients without one are left out (`Roc.n` counts those that have it).
    direction : {"auto", ">", "<"}
        Side of the disease; "auto" takes ``>`` unless the cases' median is below the controls', as
        pROC does. Choosing the side from the data makes an AUC near 0.5 optimistic; give the
        direction where it was known before.
    confidence : float
        Two-sided level of all limits.

    Returns
    -------
    Roc

    Raises
    ------
    ValueError
        When `y` is not binary, a group has fewer than two scores, or the score is constant.

    Notes
    -----
    The curve by scikit-learn. Ours, for no library here has them: DeLong, DeLong & Clarke-Pearson,
    Biometrics 1988;44:837, ties counting one half; limits symmetric and clipped to 0-1 as in pROC
    (Robin et al., BMC Bioinformatics 2011;12:77). When no case overlaps a control the AUC is 1 and
    DeLong's error 0: both limits are then 1, and only the exact limits of sensitivity and
    specificity still tell the uncertainty. The cut-off maximises Youden's index (Cancer
    1950;3:32), compared in whole numbers so that ties are ties; among ties the highest sensitivity
    wins, the fewest missed cases.

    Examples
    --------
    >>> curve = roc([0, 0, 0, 1, 1, 1], [1, 2, 3, 2.5, 4, 5])
    >>> curve.direction, curve.cutoff, round(curve.auc, 4)
    ('>', 2.25, 0.8889)
    """
    y, (score,) = _known(y, {"score": score})
    direction = _direction(y, score, direction)
    upward = score if direction == ">" else -score
    counts = curve_counts(y, upward)
    auc, (cases, controls) = area(y, upward), placements(y, upward)
    se = float(np.sqrt(covariance(cases[None], controls[None])[0, 0]))
    low, high = _normal_limits(auc, se, confidence)
    n1, n0 = int(y.sum()), int((1 - y).sum())
    best = youden(counts)
    tp, fp = int(counts["tp"][best[0]]), int(counts["fp"][best[0]])
    thresholds = counts["threshold"] if direction == ">" else -counts["threshold"]
    return Roc(
        auc=auc,
        se=se,
        ci_low=max(low, 0.0),
        ci_high=min(high, 1.0),
        cutoff=float(thresholds[best[0]]),
        direction=direction,
        tp=tp,
        fn=n1 - tp,
        tn=n0 - fp,
        fp=fp,
        **_fractions((tp, n0 - fp), (n1, n0), confidence),
        cutoffs=tuple(float(value) for value in thresholds[best]),
        curve=pd.DataFrame(
            {"threshold": thresholds, "fpr": counts["fp"] / n0, "tpr": counts["tp"] / n1}
        ),
    )


def compare_auc(
    y: ArrayLike,
    score_a: ArrayLike,
    score_b: ArrayLike,
    direction: str | Sequence[str] = "auto",
    confidence: float = 0.95,
) -> pd.DataFrame:
    """DeLong's paired comparison of two scores measured on the same patients.

    Parameters
    ----------
    y, confidence
        As for :func:`roc`.
    score_a, score_b : array, shape (n,)
        Two markers of the same patients, in the same order; patients without both are left out.
    direction : {"auto", ">", "<"} or a pair of these
        One for both, or one each.

    Returns
    -------
    DataFrame
        One row: ``auc_a, auc_b, difference, se, ci_low, ci_high, z, p``; `difference` is a - b, p
        two-sided. ``.attrs["n"]`` counts the patients.

    Raises
    ------
    ValueError
        As :func:`roc`.

    Notes
    -----
    DeLong et al. 1988, with the covariance of the two areas; the limits are those of the
    difference. Two scores that rank alike give z = 0 and p = 1.
    """
    sides = [direction] * 2 if isinstance(direction, str) else list(direction)
    if len(sides) != 2:
        msg = f"direction is {direction!r}; one for both scores or a pair is needed"
        raise ValueError(msg)
    outcome, scores = _known(y, {"score_a": score_a, "score_b": score_b})
    upward = [
        score if _direction(outcome, score, side) == ">" else -score
        for score, side in zip(scores, sides, strict=True)
    ]
    auc_a, auc_b = (area(outcome, score) for score in upward)
    cases, controls = (
        np.array(part)
        for part in zip(*(placements(outcome, score) for score in upward), strict=True)
    )
    spread = covariance(cases, controls)
    difference, variance = auc_a - auc_b, spread[0, 0] + spread[1, 1] - 2 * spread[0, 1]
    # Rounding leaves 1e-18 where two scores rank alike; their difference has no variance.
    se = float(np.sqrt(variance)) if variance > 1e-15 else 0.0
    z = difference / se if se else np.sign(difference) * np.inf if abs(difference) > 1e-12 else 0.0
    low, high = _normal_limits(difference, se, confidence)
    row = {
        "auc_a": auc_a,
        "auc_b": auc_b,
        "difference": difference,
        "se": se,
        "ci_low": low,
        "ci_high": high,
        "z": z,
    }
    table = pd.DataFrame([{**row, "p": 2 * stats.norm.sf(abs(z))}])
    table.attrs = {"n": outcome.size, "left_out": np.size(y) - outcome.size}
    return table


def hanley_mcneil_se(auc: ArrayLike, cases: int, controls: int) -> Floats:
    """Standard error of an AUC from its size and the sample sizes, as older programmes print it.

    Parameters
    ----------
    auc : float or array
        Area, 0-1.
    cases, controls : int
        Sample sizes.

    Returns
    -------
    float or array

    Raises
    ------
    ValueError
        When an area is not from 0 to 1, or a group has nobody.

    Notes
    -----
    SE² = [A(1-A) + (n₁-1)(Q₁-A²) + (n₀-1)(Q₂-A²)] / (n₁n₀), Q₁ = A/(2-A), Q₂ = 2A²/(1+A); Hanley &
    McNeil, Radiology 1982;143:29.
    """
    area = np.asarray(auc, dtype=float)
    if not np.all((area >= 0) & (area <= 1)) or min(cases, controls) < 1:
        msg = (
            f"auc {auc!r} with {cases} cases and {controls} controls; an area from 0 to 1 and at "
            "least one of each are needed"
        )
        raise ValueError(msg)
    q1, q2 = area / (2 - area), 2 * area**2 / (1 + area)
    variance = area * (1 - area) + (cases - 1) * (q1 - area**2) + (controls - 1) * (q2 - area**2)
    se: Floats = np.sqrt(variance / (cases * controls))[()]
    return se


def _known(y: ArrayLike, scores: dict[str, ArrayLike]) -> tuple[NDArray[np.int_], list[Floats]]:
    """The outcome and the scores of the patients who have all of them."""
    outcome = checks.binary(y)
    arrays = {name: checks.numbers(score, name, missing=True) for name, score in scores.items()}
    for name, array in arrays.items():
        if array.shape != outcome.shape:
            msg = (
                f"{name!r} has {array.size} values for {outcome.size} outcomes; one per patient is "
                "needed"
            )
            raise ValueError(msg)
    note = "".join(checks.missing_note(array, name) for name, array in arrays.items())
    known = ~np.isnan(list(arrays.values())).any(axis=0)
    outcome = outcome[known]
    if min(outcome.sum(), (1 - outcome).sum()) < 2:
        msg = (
            f"{outcome.sum()} case(s) and {(1 - outcome).sum()} control(s); at least two of each "
            f"are needed for a standard error{note}"
        )
        raise ValueError(msg)
    return outcome, [checks.varying(array[known], name) for name, array in arrays.items()]


def _direction(y: NDArray[np.int_], score: Floats, direction: str) -> str:
    if checks.one_of(direction, ("auto", *DIRECTIONS), "direction") != "auto":
        return direction
    return ">" if np.median(score[y == 1]) >= np.median(score[y == 0]) else "<"


def _normal_limits(value: float, se: float, confidence: float) -> tuple[float, float]:
    half = stats.norm.isf((1 - checks.proportion(confidence)) / 2) * se
    return float(value - half), float(value + half)


def _fractions(
    counts: tuple[int, int], totals: tuple[int, int], confidence: float
) -> dict[str, float]:
    lows, highs = exact_limits(counts, totals, confidence)
    row = {}
    for at, name in enumerate(("sensitivity", "specificity")):
        row[name] = counts[at] / totals[at]
        row |= {f"{name}_low": float(lows[at]), f"{name}_high": float(highs[at])}
    return row
