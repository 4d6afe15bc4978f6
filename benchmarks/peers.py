"""Other ways to fit the bi-exponential to many voxels: each a function of (signals (m, b), b) that
gives D, D*, f by name.

A peer that is not installed raises ImportError with the reason; nothing of the project needs any of
them but lmfit and scipy.
"""

import warnings

import numpy as np

START = {"s0": 1.0, "adc_slow": 1e-3, "adc_fast": 2e-2, "f": 0.2}


def lmfit_loop(signals, b):
    """`lmfit.minimize` on one voxel after the other, from one start, within the same bounds."""
    import lmfit

    from ivim.parameters import bounds_of

    def residual(params, y):
        p = params.valuesdict()
        return (
            p["s0"]
            * ((1 - p["f"]) * np.exp(-b * p["adc_slow"]) + p["f"] * np.exp(-b * p["adc_fast"]))
            - y
        )

    params = lmfit.Parameters()
    for name, value in START.items():
        params.add(name, value=value, min=bounds_of(name)[0], max=bounds_of(name)[1])
    fits = [
        lmfit.minimize(residual, params, args=(y / y.max(),)).params.valuesdict() for y in signals
    ]
    return {name: np.array([fit[name] for fit in fits]) for name in START}


def scipy_loop(signals, b):
    """`scipy.optimize.least_squares` with Jacobian on one voxel after the other, from one start,
    within the same bounds.
    """
    return _columns([scipy_fit(y, b, [list(START.values())])[0] for y in signals])


def scipy_multistart(signals, b):
    """The best of six starts per voxel, to full precision: what counts as the optimum. Returns the
    sums of squares.
    """
    starts = [(1.0, 1e-3, fast, f) for fast in (6e-3, 25e-3, 150e-3) for f in (0.1, 0.4)]
    return np.array([scipy_fit(y, b, starts)[1] * y.max() ** 2 for y in signals])


def scipy_fit(y, b, starts):
    """Best of bounded least squares from several starts: values and sum of squares, both of the
    signal over its peak.
    """
    from scipy.optimize import least_squares

    from ivim.signal.models import MODELS, s0_scale

    model = MODELS["biexponential"]
    low, high = np.array([model.bounds[name] for name in model.parameters]).T
    y, relative = y / y.max(), s0_scale(1.0, b)
    low[0], high[0] = low[0] * relative, high[0] * relative
    scale = np.array([1.0, 1e-3, 3e-2, 0.3])
    fits = [
        least_squares(
            lambda x: model.function(b, *(x * scale)) - y, np.array(start) / scale,
            lambda x: model.jacobian(b, *(x * scale)) * scale,
            bounds=(low / scale, high / scale), xtol=1e-13, ftol=1e-13, gtol=1e-13,
        )
        for start in starts
    ]  # fmt: skip
    best = min(fits, key=lambda fit: fit.cost)
    return best.x * scale, 2 * best.cost


def dipy_trr(signals, b):
    """dipy's IvimModel, trust-region method (needs `dipy`)."""
    return _dipy(signals, b, "trr")


def dipy_varpro(signals, b):
    """dipy's IvimModel, variable projection (needs `dipy` and `cvxpy`)."""
    import cvxpy  # noqa: F401 - dipy fails without it in its own way

    return _dipy(signals, b, "VarPro")


def osipy_full(signals, b):
    """osipy's vectorised bi-exponential fit, all voxels at once (needs `osipy`)."""
    from osipy.ivim import FittingMethod, fit_ivim

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        fit = fit_ivim(signals.reshape(-1, 1, 1, b.size), b, method=FittingMethod.FULL)
    named = {"s0": fit.s0_map, "adc_slow": fit.d_map, "adc_fast": fit.d_star_map, "f": fit.f_map}
    return {
        name: np.asarray(getattr(found, "values", found), float).ravel()
        for name, found in named.items()
    }


def _dipy(signals, b, method):
    from dipy.core.gradients import gradient_table
    from dipy.reconst.ivim import IvimModel

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        directions = np.tile([1.0, 0.0, 0.0], (b.size, 1)) * (b > 0)[:, None]
        model = IvimModel(gradient_table(b, bvecs=directions, b0_threshold=0), fit_method=method)
        found = model.fit(signals.reshape(-1, 1, 1, b.size)).model_params.reshape(-1, 4)
    return _columns(found[:, [0, 3, 2, 1]])  # dipy's order is S0, f, D*, D


def _columns(rows):
    return dict(zip(START, np.array(rows).T, strict=True))
