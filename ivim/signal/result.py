"""What a fit of one signal found: values, standard errors, confidence limits, and the reason where
there are none."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from ivim.signal import reasons

if TYPE_CHECKING:
    from lmfit.model import ModelResult

    from ivim.signal.problem import Problem

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Fit:
    """The fit of one signal.

    Attributes
    ----------
    model, method : str
    values, stderr : dict of str to float
        By parameter name, ``s0`` among them; diffusivities in mm²/s. The standard error is NaN for
        a parameter that lies on a bound or has no influence on the signal; those of the others then
        hold with that parameter fixed.
    aicc : float
        Corrected information criterion, see :func:`ivim.signal.models.aicc`.
    sse : float
        Sum of squares, weighted by the averages divided by their mean.
    residuals : array, shape (n,)
        Measured minus fitted, unweighted, in the order of the input.
    success : bool
        True where the values stand; `reason` says why they do not, or with what remark.
    reason : int
        Code of :mod:`ivim.signal.reasons`.
    sigma : float or None
        Noise level of one excitation where the noise floor was fitted.
    lmfit : lmfit.model.ModelResult or None
    """

    model: str
    method: str
    values: dict[str, float]
    stderr: dict[str, float]
    aicc: float
    sse: float
    residuals: Floats
    success: bool
    reason: int
    sigma: float | None = None
    lmfit: ModelResult | None = None
    problem: Problem = field(kw_only=True, repr=False)

    @property
    def reason_text(self) -> str:
        """The reason in words."""
        return reasons.REASONS[self.reason]

    def predict(self, b: ArrayLike) -> Floats:
        """The fitted model without noise floor.

        Parameters
        ----------
        b : array, s/mm²

        Returns
        -------
        array
            Shape of b, in units of the signal; NaN where there is no fit.
        """
        if not self.success:
            return np.full(np.shape(b), np.nan)
        return self.problem.model.function(np.asarray(b, float), **self.values)

    def confidence(self, level: float = 0.95, limits: str = "wald") -> pd.DataFrame:
        """Confidence limits of every parameter.

        Parameters
        ----------
        level : float
        limits : {"wald", "profile"}
            Wald: value ± t x standard error, cut at the bounds. Profile: where the sum of squares,
            with the other parameters fitted anew, exceeds its minimum by the F quantile; honest for
            D*, whose likelihood is skewed: in single voxels 95 % Wald limits of D* hold the truth
            in 91 to 93 % only.
            A limit at a bound says that the data exclude nothing on that side.

        Returns
        -------
        DataFrame
            ``parameter, value, stderr, ci_low, ci_high``; diffusivities in mm²/s.

        Raises
        ------
        ValueError
            For other limits, or profile limits of another method than ``full``.
        """
        if limits not in ("wald", "profile"):
            msg = f"limits is {limits!r}; accepted are 'wald' and 'profile'"
            raise ValueError(msg)
        if limits == "profile" and self.method != "full":
            msg = f"profile limits need method 'full', this is {self.method!r}; use limits='wald'"
            raise ValueError(msg)
        if limits == "profile":
            from ivim.signal.profile import profile_limits

            edges = profile_limits(self, level)
        else:
            edges = {name: _wald_limits(self, name, level) for name in self.values}
        rows = [(name, self.values[name], self.stderr[name], *edges[name]) for name in self.values]
        return pd.DataFrame(rows, columns=["parameter", "value", "stderr", "ci_low", "ci_high"])

    def table(self, level: float = 0.95) -> pd.DataFrame:
        """The Wald limits as a table to print.

        Parameters
        ----------
        level : float

        Returns
        -------
        DataFrame
            ``model, parameter, value, stderr, ci_low, ci_high, unit``; diffusivities in 10⁻³ mm²/s.
        """
        frame = self.confidence(level)
        definitions = self.problem.model.definitions
        scale = frame["parameter"].map(lambda name: definitions[name].scale)
        columns = ["value", "stderr", "ci_low", "ci_high"]
        frame[columns] = frame[columns].mul(scale, axis=0)
        frame.insert(0, "model", self.model)
        frame["unit"] = frame["parameter"].map(lambda name: definitions[name].table_unit)
        return frame


def _wald_limits(fitted, name, level):
    freedom = fitted.residuals.size - fitted.problem.free
    if freedom < 1 or not np.isfinite(fitted.stderr[name]):
        return np.nan, np.nan
    reach = stats.t.ppf((1 + level) / 2, freedom) * fitted.stderr[name]
    return tuple(
        np.clip(
            [fitted.values[name] - reach, fitted.values[name] + reach], *fitted.problem.limits[name]
        )
    )
