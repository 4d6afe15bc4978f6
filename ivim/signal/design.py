"""Protocol design: what a protocol measures at best, and averages that measure more in its time.

Fisher's information adds up over excitations, so that a protocol's Cramer-Rao bound follows from
those of its b-values (Lemke et al. 2011, Magn Reson Imaging 29:766, for IVIM; Zhang et al. 2012,
Magn Reson Med 67:89, for the choice of b).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from ivim.signal.crlb import check_design, crlb, rician_information
from ivim.signal.inputs import check_samples
from ivim.signal.model import SignalModel
from ivim.signal.models import get_model

TISSUES = {
    "bone marrow": {"adc_slow": 0.43e-3, "adc_fast": 0.05, "f": 0.145},
    "liver": {"adc_slow": 1.5e-3, "adc_fast": 0.1, "f": 0.11},
    "muscle": {"adc_slow": 1.37e-3, "adc_fast": 0.0263, "f": 0.1},
    "pancreas": {"adc_slow": 1.3e-3, "adc_fast": 0.01, "f": 0.15},
    "spinal cord": {"adc_slow": 0.41e-3, "adc_fast": 0.0289, "f": 0.178},
    "spleen": {"adc_slow": 1.3e-3, "adc_fast": 0.03, "f": 0.2},
}
"""Bi-exponential tissues in mm²/s, as the digital phantom of OSIPI's TF2.4 collection has them
(tests/IVIMmodels/unit_tests/generic.json of commit f91b53ce, Apache-2.0)."""

DEFAULT_TISSUE = "bone marrow"

RESTARTS = 6
"""Random allocations from which a search sets out, besides the protocol itself."""

SINGULAR = 1e-14
"""Determinant of the information with a unit diagonal below which a protocol tells nothing."""

MOST_CANDIDATES = 200
"""Different b-values among which a search looks."""


@dataclass(frozen=True)
class Design:
    """A protocol and what it can measure.

    Attributes
    ----------
    b, averages : array, shape (n,)
        s/mm²; excitations at each b.
    errors : DataFrame
        ``parameter, value, stderr, percent``: the Cramer-Rao bound of the standard error, in the
        units of the API, and in percent of the value.
    score : float
        Root mean square of the relative standard errors of the parameters asked for.
    """

    b: np.ndarray
    averages: np.ndarray
    errors: pd.DataFrame
    score: float


def evaluate(
    b: ArrayLike,
    averages: ArrayLike | None = None,
    values: Mapping[str, float] | None = None,
    model: str | SignalModel = "biexponential",
    snr: float = 20.0,
    *,
    aims: Sequence[str] | None = None,
    **options: Any,
) -> Design:
    """What a protocol can measure at best.

    Parameters
    ----------
    b : array, shape (n,), s/mm²
    averages : array, shape (n,), optional
        Excitations at each b; 1 by default.
    values : dict of str to float, optional
        Tissue by parameter name, mm²/s; bone marrow of :data:`TISSUES` by default.
    model : str or SignalModel
    snr : float
        Signal at b = 0 over the noise level of one excitation.
    aims : sequence of str, optional
        Parameters that count in the score; by default all but s0.
    **options
        ``noise, averaging, voxels`` of :func:`ivim.crlb`.

    Returns
    -------
    Design

    Raises
    ------
    ValueError
        As :func:`ivim.crlb`, and for aims that are no parameters.
    """
    model, values = get_model(model), _tissue(values)
    b, averages = _protocol(b, averages, model)
    bounds = crlb(model, values, b, averages, snr, **options)
    truth = {"s0": 1.0} | dict(values)
    rows = [(name, truth[name], bounds[name]) for name in model.parameters]
    errors = pd.DataFrame(rows, columns=["parameter", "value", "stderr"])
    with np.errstate(divide="ignore"):
        errors["percent"] = 100 * errors["stderr"] / np.abs(errors["value"])
    chosen = errors.set_index("parameter")["percent"][list(_aims(aims, model))]
    return Design(b, averages, errors, float(np.sqrt(np.mean((chosen / 100) ** 2))))


def improve(
    b: ArrayLike,
    averages: ArrayLike | None = None,
    values: Mapping[str, float] | None = None,
    model: str | SignalModel = "biexponential",
    snr: float = 20.0,
    *,
    candidates: ArrayLike | None = None,
    budget: int | None = None,
    aims: Sequence[str] | None = None,
    seed: int = 0,
    noise: str = "rician",
    averaging: str = "magnitude",
    voxels: int = 1,
) -> Design:
    """A better allocation of the same number of excitations, and so of the same time.

    Excitations move from one b-value to another, many at a time and then one by one, as long as
    the score falls, from the protocol itself and from random allocations; the best end is returned.
    The score is the root mean square of the relative standard errors of `aims`.

    Parameters
    ----------
    b, averages, values, model, snr, aims
        As for :func:`evaluate`.
    candidates : array, s/mm², optional
        b-values to choose from; those of the protocol by default.
    budget : int, optional
        Excitations in all; those of the protocol by default.
    seed : int
        Of the random allocations; the same seed gives the same answer.
    noise, averaging, voxels
        As for :func:`ivim.crlb`.

    Returns
    -------
    Design
        Only b-values with at least one excitation, in increasing order.

    Raises
    ------
    ValueError
        When the budget is too small for the model, or the candidates are too few.
    """
    model, values = get_model(model), {"s0": 1.0} | dict(_tissue(values))
    b, averages = _protocol(b, averages, model)
    check_design(model, values, b, averages, snr, noise, averaging)
    total = int(round(averages.sum())) if budget is None else budget
    nodes = np.unique(b if candidates is None else np.asarray(candidates, float))
    _check(model, nodes, total)
    aims = _aims(aims, model)
    scale = np.array([abs(values[name]) or np.inf for name in model.parameters])
    wanted = np.isin(model.parameters, aims)
    information = _information(model, values, nodes, total, snr, noise, averaging, voxels)
    rng = np.random.default_rng(seed)
    starts = [_onto(nodes, b, averages, total)]
    starts += [rng.multinomial(total, np.full(nodes.size, 1 / nodes.size)) for _ in range(RESTARTS)]
    score = partial(_score, scale=scale, wanted=wanted)
    ends = [_exchange(information, score, start) for start in starts]
    _, counts = min(ends, key=lambda end: end[0])
    used = counts > 0
    return evaluate(
        nodes[used], counts[used], values, model, snr, aims=aims, noise=noise, averaging=averaging,
        voxels=voxels,
    )  # fmt: skip


def _protocol(b, averages, model):
    """b and averages as arrays of one length; refuses what no scanner does."""
    b = np.atleast_1d(np.asarray(b, float))
    if averages is not None and np.shape(averages) != b.shape:
        msg = f"{b.size} b-value(s) but {np.size(averages)} averages; give one number per b-value"
        raise ValueError(msg)
    _, b, averages = check_samples(np.ones(b.size), b, averages, model)
    return b, averages


def _tissue(values):
    return TISSUES[DEFAULT_TISSUE] if values is None else values


def _aims(aims, model):
    aims = model.measured if aims is None else tuple(aims)
    for name in aims:
        if name not in model.parameters:
            msg = (
                f"{name!r} is no parameter of the {model.name} model; it has "
                f"{', '.join(model.parameters)}"
            )
            raise ValueError(msg)
    if not aims:
        msg = f"no parameter to aim at; give one or more of {', '.join(model.parameters)}"
        raise ValueError(msg)
    return aims


def _check(model, nodes, total):
    needed = len(model.parameters)
    if not (np.isfinite(nodes).all() and (nodes >= 0).all()):
        msg = f"candidates hold {nodes[~(nodes >= 0)][0]:g}; b-values are not negative, in s/mm²"
        raise ValueError(msg)
    if not needed <= nodes.size <= MOST_CANDIDATES:
        msg = f"{nodes.size} candidates; give {needed} to {MOST_CANDIDATES} different b-values"
        raise ValueError(msg)
    if isinstance(total, bool) or not isinstance(total, (int, np.integer)) or total < needed:
        msg = f"the budget is {total!r} excitations; give a whole number from {needed} on"
        raise ValueError(msg)
    if total > 10_000:
        msg = f"the budget is {total} excitations; a protocol has up to 10000"
        raise ValueError(msg)


def _information(model, values, nodes, total, snr, noise, averaging, voxels):
    """Fisher's information of 0, 1, 2 ... excitations at each node: (nodes, total + 1, k, k)."""
    values = {name: float(values[name]) for name in model.parameters}
    sigma = values["s0"] / snr
    counts = np.arange(total + 1)
    amplitude = model.function(nodes, **values) / sigma
    if noise == "gaussian":
        share = np.ones((nodes.size, counts.size))
    elif averaging == "magnitude":
        share = np.repeat(rician_information(amplitude)[:, None], counts.size, axis=1)
    else:
        share = np.stack([rician_information(amplitude * np.sqrt(n)) for n in counts], axis=1)
    jacobian = model.jacobian(nodes, **values)
    outer = jacobian[:, :, None] * jacobian[:, None, :] * (voxels / sigma**2)
    return (counts * share)[:, :, None, None] * outer[:, None]


def _onto(nodes, b, averages, total):
    """The protocol's excitations at the nearest candidates, scaled to the budget."""
    counts = np.zeros(nodes.size)
    np.add.at(counts, np.abs(nodes - b[:, None]).argmin(axis=1), averages)
    counts *= total / counts.sum()
    whole = np.floor(counts).astype(int)
    left = np.argsort(whole - counts, kind="stable")[: total - whole.sum()]
    whole[left] += 1
    return whole


def _score(total, scale, wanted):
    """Root mean square of the relative standard errors for information matrices (..., k, k)."""
    diagonal = np.sqrt(np.maximum(np.einsum("...ii->...i", total), 0))
    known = (diagonal > 0).all(axis=-1)
    scaled = total / np.maximum(diagonal[..., :, None] * diagonal[..., None, :], 1e-300)
    known &= np.linalg.det(np.where(known[..., None, None], scaled, 0)) > SINGULAR
    inverse = np.linalg.inv(np.where(known[..., None, None], scaled, np.eye(scale.size)))
    # Where nothing is known the variance is none, and is not looked at.
    diagonal = np.where(known[..., None], diagonal, 1.0)
    variance = np.einsum("...ii->...i", inverse) / diagonal**2 / scale**2
    return np.where(known, np.sqrt(variance[..., wanted].mean(axis=-1)), np.inf)


def _exchange(information, score, counts):
    """Move excitations, many at a time, then fewer, down to one: the best move each time.

    Returns
    -------
    score : float
    counts : array of int, shape (nodes,)
    """
    nodes = np.arange(counts.size)
    counts, best = counts.copy(), float(score(information[nodes, counts].sum(axis=0)))
    step = 1 << max(int(counts.sum()).bit_length() - 2, 0)
    while step:
        sources = np.flatnonzero(counts)
        moved = np.minimum(counts[sources], step)
        scores = score(_after_moves(information, counts, sources, moved))
        # A gain below rounding would let the processor decide.
        if scores.min() < best * (1 - 1e-9):
            i, j = np.argwhere(scores <= scores.min() * (1 + 1e-9))[0]
            counts[sources[i]] -= moved[i]
            counts[j] += moved[i]
            best = float(scores[i, j])
        else:
            step //= 2
    return best, counts


def _after_moves(information, counts, sources, moved):
    """Information when `moved` excitations go from each source to each node: (s, nodes, k, k)."""
    nodes = np.arange(counts.size)
    now = information[nodes, counts]
    lost = information[sources, counts[sources] - moved] - now[sources]
    most = information.shape[1] - 1
    gained = information[nodes, np.minimum(counts + moved[:, None], most)] - now
    total = now.sum(axis=0) + lost[:, None] + gained
    total[np.arange(sources.size), sources] = now.sum(axis=0)
    return total
