"""Bayesian shrinkage of the bi-exponential model over the voxels of a lesion: each voxel borrows
strength from its neighbours.

Orton MR, Collins DJ, Koh DM, Leach MO. Improved intravoxel incoherent motion analysis of diffusion
weighted imaging by data driven Bayesian modeling. Magn Reson Med 2014; 71:411.
"""

from dataclasses import dataclass

import numpy as np

from ivim import parameters
from ivim.signal import reasons
from ivim.signal.fit import fit
from ivim.signal.inputs import check_sigma
from ivim.signal.models import get_model
from ivim.signal.noise import floor_sigma

NAMES = ("adc_slow", "adc_fast", "f")
ADAPT = 50  # sweeps between two looks at the acceptance rate while the steps are tuned


@dataclass(frozen=True)
class Shrunk:
    """Posterior of an ROI.

    Attributes
    ----------
    values, sd : dict of str to array, shape (...)
        Posterior mean and standard deviation per voxel, ``s0`` among them; diffusivities in mm²/s;
        NaN where `reason` says so.
    centre : dict of str to float
        Values at the mean of the ROI's distribution, on the transformed scales carried back: its
        typical voxel.
    spread : array, shape (3, 3)
        Posterior mean of the covariance of (ln adc_slow, ln adc_fast, logit f) over the voxels.
    acceptance : float
        Share of accepted steps after the tuning; about .2 to .5 when the chain mixes well.
    reason : array of uint8, shape (...)
        Codes of :mod:`ivim.signal.reasons`.
    """

    values: dict
    sd: dict
    centre: dict
    spread: np.ndarray
    acceptance: float
    reason: np.ndarray


def shrink(
    signals,
    b,
    *,
    averages=None,
    sigma=None,
    averaging="magnitude",
    sweeps=2000,
    burn=1000,
    seed=0,
    saturation=None,
    progress=False,
):
    r"""Fit the bi-exponential model to all voxels of an ROI at once, as draws from one distribution
    that is estimated too.

    The voxels' :math:`\theta = (\ln D, \ln D^*, \mathrm{logit} f)` are Gaussian with unknown mean
    and covariance; the prior of these is Jeffreys', so nothing is set by hand. Signal :math:`S_0`
    and noise level are integrated out per voxel: :math:`p(y|\theta) \propto [y'Wy - (y'Wg)^2 /
    g'Wg]^{-(n-1)/2}` with the curve g and the averages as weights W. Metropolis steps for the
    voxels alternate with Gibbs draws of mean and covariance. Draws stay within the bounds of
    :mod:`ivim.parameters`.

    Shrinkage lowers the error of each voxel at the price of bias: a voxel unlike its ROI is drawn
    towards it. Give one tissue per call.

    Parameters
    ----------
    signals : array, shape (..., n)
        Magnitudes of the ROI's voxels, last axis b; ``data[mask]`` of an image.
    b : array, shape (n,), s/mm²
    averages : array, shape (n,), optional
        Excitations averaged in each sample.
    sigma : float or "estimate", optional
        Noise level of one excitation: the Rician mean is fitted, so that the noise floor is not
        taken for slow diffusion. ``"estimate"`` takes it from the residuals of plain fits.
    averaging : {"magnitude", "complex"}
        What the scanner averaged, see :mod:`ivim.signal.noise`.
    sweeps, burn : int
        Sweeps that are kept, and those before them in which the steps are tuned.
    seed : int
    saturation : float, optional
        The largest value that the scanner can store.
    progress : bool
        Show a progress bar on standard error.

    Returns
    -------
    Shrunk

    Raises
    ------
    ValueError
        When shapes do not match or fewer than 8 voxels can be used: their distribution could not be
        estimated.
    """
    signals, b, averages = _check(signals, b, averages, sweeps, burn)
    reason = np.asarray(reasons.check_signals(signals, b, saturation, top=np.nanmax(signals)))
    usable = reason == reasons.OK
    if usable.sum() < 8:
        msg = (
            f"{int(usable.sum())} usable voxel(s); shrinkage estimates their distribution and "
            "needs at least 8"
        )
        raise ValueError(msg)
    floor = _floor(signals[usable], b, averages, sigma, averaging)
    chain = _Chain(signals[usable], b, averages, floor, np.random.default_rng(seed))
    _run(chain, burn, sweeps, progress)
    mean, sd, centre, spread, acceptance = chain.summary()
    names = ("s0", *NAMES)
    return Shrunk(
        values={name: _scatter(mean[:, i], usable) for i, name in enumerate(names)},
        sd={name: _scatter(sd[:, i], usable) for i, name in enumerate(names)},
        centre=dict(zip(NAMES, centre.tolist(), strict=True)),
        spread=spread,
        acceptance=acceptance,
        reason=reason,
    )


def _run(chain, burn, sweeps, progress):
    """Tune the steps, then keep what the chain visits."""
    from tqdm import tqdm

    with tqdm(total=burn + sweeps, desc="shrinking", unit="sweep", disable=not progress) as bar:
        for sweep in range(burn):
            chain.step()
            bar.update()
            if sweep % ADAPT == ADAPT - 1:
                chain.tune()
        chain.forget()
        for _ in range(sweeps):
            chain.step()
            chain.record()
            bar.update()


def _floor(signals, b, averages, sigma, averaging):
    """Noise level at which each sample is Rician, shape (n,); empty without one."""
    sigma = check_sigma(sigma)
    if sigma is None:
        return np.empty(0)
    if sigma == "estimate":
        from ivim.signal.maps import estimate_sigma

        sigma = estimate_sigma(signals, b, averages=averages, averaging=averaging)
    return np.array(np.broadcast_to(floor_sigma(sigma, averages, averaging), b.shape), float)


class _Chain:
    """The state of the Markov chain over all voxels at once."""

    def __init__(self, signals, b, averages, floor, rng):
        from ivim.signal import solver

        self.rng, self.solver = rng, solver
        tables = solver.floor_tables() if floor.size else np.empty((2, 0))
        signals, weights = np.ascontiguousarray(signals), averages / averages.mean()
        self.voxels = len(signals)
        filled = np.resize(signals, (-(-self.voxels // solver.SLOTS) * solver.SLOTS, b.size))
        tall = filled.reshape(-1, solver.SLOTS, b.size).swapaxes(1, 2).ravel()
        energy = (weights * signals**2).sum(axis=1)
        self.data = signals, tall, energy, weights, b, floor, tables
        typical = fit(signals.mean(axis=0), b, averages=averages).values
        self.low, self.high = _forward(
            np.array([_inner(parameters.bounds_of(name)) for name in NAMES]).T
        )
        start = _forward(np.array([typical[name] for name in NAMES]))
        start = np.clip(start, self.low + 0.1, self.high - 0.1)
        scatter = np.array([0.2, 0.4, 0.4])
        self.theta = np.clip(
            start + scatter * rng.standard_normal((self.voxels, 3)), self.low, self.high
        )
        self.mean, self.covariance = start, np.diag(scatter**2)
        self.precision = np.diag(scatter**-2.0)
        self.step_size = np.full((self.voxels, 1), 0.7)
        self.loglik, self.s0 = np.empty(self.voxels), np.empty(self.voxels)
        solver.likelihoods(*self.data, self.theta, self.loglik, self.s0)
        self.forget()

    def forget(self):
        """Start the records anew."""
        self.accepted, self.count = np.zeros(self.voxels), 0
        self.sums, self.squares = np.zeros((self.voxels, 4)), np.zeros((self.voxels, 4))
        self.means, self.covariances = np.zeros(3), np.zeros((3, 3))
        self.tried = 0

    def step(self):
        """One sweep: a step of every voxel along the ROI's covariance, one along each axis, then
        mean and covariance anew."""
        root = np.linalg.cholesky(self.covariance)
        self._metropolis(
            self.theta + self.step_size * (self.rng.standard_normal((self.voxels, 3)) @ root.T)
        )
        for axis in range(3):
            move = np.zeros((self.voxels, 3))
            move[:, axis] = (
                1.5 * np.sqrt(self.covariance[axis, axis]) * self.rng.standard_normal(self.voxels)
            )
            self._metropolis(self.theta + self.step_size * move, count=False)
        self._hyper()

    def _metropolis(self, proposal, count=True):
        log_u, taken = np.log(self.rng.random(self.voxels)), np.empty(self.voxels, bool)
        new, height = np.empty(self.voxels), np.empty(self.voxels)
        self.solver.likelihoods(*self.data, proposal, new, height)
        self.solver.metropolis(
            self.low, self.high, self.mean, self.precision, proposal, new, height, log_u,
            self.theta, self.loglik, self.s0, taken,
        )  # fmt: skip
        if count:
            self.accepted += taken
            self.tried += 1

    def _hyper(self):
        """Gibbs draws: covariance from the inverse Wishart, mean from the Gaussian, both under
        Jeffreys' prior."""
        centre = self.theta.mean(axis=0)
        off = self.theta - centre
        # A floor of .01 on the log scales keeps the chain from freezing when all voxels agree.
        scatter = off.T @ off + 1e-4 * self.voxels * np.eye(3)
        draws = (
            self.rng.standard_normal((self.voxels - 1, 3))
            @ np.linalg.cholesky(np.linalg.inv(scatter)).T
        )
        self.precision = draws.T @ draws
        self.covariance = np.linalg.inv(self.precision)
        self.mean = self.rng.multivariate_normal(
            centre, self.covariance / self.voxels, check_valid="ignore"
        )

    def tune(self):
        """Widen or narrow the steps towards an acceptance of .3."""
        rate = self.accepted / max(self.tried, 1)
        self.step_size = np.clip(self.step_size * np.exp(rate - 0.3)[:, None], 0.02, 3.0)
        self.accepted, self.tried = np.zeros(self.voxels), 0

    def record(self):
        """Add the present state to the sums."""
        now = np.column_stack([self.s0, _backward(self.theta)])
        self.sums += now
        self.squares += now**2
        self.means += self.mean
        self.covariances += self.covariance
        self.count += 1

    def summary(self):
        """Posterior mean and SD per voxel, centre and spread of the ROI, acceptance."""
        mean = self.sums / self.count
        sd = np.sqrt(np.maximum(self.squares / self.count - mean**2, 0))
        acceptance = float(self.accepted.mean() / self.tried)
        return (
            mean,
            sd,
            _backward(self.means / self.count),
            self.covariances / self.count,
            acceptance,
        )


def _forward(values):
    """(adc_slow, adc_fast, f) to (ln, ln, logit)."""
    slow, fast, f = np.moveaxis(np.asarray(values, float), -1, 0)
    return np.stack([np.log(slow), np.log(fast), np.log(f / (1 - f))], axis=-1)


def _backward(theta):
    """The inverse of :func:`_forward`."""
    slow, fast, odds = np.moveaxis(theta, -1, 0)
    return np.stack([np.exp(slow), np.exp(fast), 1 / (1 + np.exp(-odds))], axis=-1)


def _inner(bounds):
    """Bounds whose logarithm or logit is finite: a thousandth of the width inside, where an edge is
    0 or 1."""
    low, high = bounds
    return (low or 1e-3 * high, high - 1e-3 if high == 1 else high)


def _scatter(values, usable):
    out = np.full(usable.shape, np.nan)
    out[usable] = values
    return out


def _check(signals, b, averages, sweeps, burn):
    signals, b = np.asarray(signals, float), np.asarray(b, float)
    averages = np.ones_like(b) if averages is None else np.asarray(averages, float)
    if (
        b.ndim != 1
        or signals.ndim < 2
        or signals.shape[-1:] != b.shape
        or averages.shape != b.shape
    ):
        msg = (
            f"signals have shape {signals.shape}, b {b.shape}, averages {averages.shape}; the last "
            "axis has to be that of b"
        )
        raise ValueError(msg)
    if np.unique(b).size < len(get_model("biexponential").parameters):
        msg = f"{np.unique(b).size} different b-value(s); the bi-exponential model needs at least 4"
        raise ValueError(msg)
    if sweeps < 1 or burn < ADAPT:
        msg = f"sweeps is {sweeps} and burn {burn}; give at least 1 and {ADAPT}"
        raise ValueError(msg)
    return signals, b, averages
