"""Adapter of `ivim` for OSIPI's collection of IVIM codes (TF2.4_IVIM-MRI_CodeCollection).

Copy this file to `src/standardized/` of the collection; see README.md beside it.
"""

import numpy as np
from src.wrappers.OsipiBase import OsipiBase

import ivim

NAMES = {"S0": "s0", "f": "f", "Dp": "adc_fast", "D": "adc_slow"}


class IVIM_compendium_biexp(OsipiBase):
    """Bi-exponential fit, the global optimum of least squares within bounds, by `ivim`."""

    id_author = "The ivim developers"
    id_algorithm_type = "Bi-exponential fit"
    id_return_parameters = "f, D*, D"
    id_units = "seconds per milli metre squared"

    required_bvalues = 4
    required_thresholds = [0, 0]
    required_bounds = False
    required_bounds_optional = True
    required_initial_guess = False
    required_initial_guess_optional = True

    supported_bounds = True
    supported_initial_guess = False
    supported_thresholds = False
    supported_dimensions = 4
    supported_priors = False

    def __init__(self, bvalues=None, thresholds=None, bounds=None, initial_guess=None, **options):
        """`options` go to `ivim.fit_maps` (averages, sigma, method ...); `lmfit=True` uses
        lmfit.
        """
        super().__init__(bvalues, thresholds, bounds, initial_guess)
        self.use_bounds = dict.fromkeys(NAMES, True)
        self.use_initial_guess = dict.fromkeys(NAMES, False)
        self.reference = options.pop("lmfit", False)
        self.options = options
        if self.bvalues is not None:  # loads what is compiled, so that the first fit is quick too
            self._maps(np.exp(-1e-3 * self.bvalues)[None])

    def ivim_fit(self, signals, **kwargs):
        """Fit one signal; its S0 is near 1, as the base class normalises it."""
        if self.reference:
            options = {"bounds": self._bounds()} | self.options
            found = ivim.fit(signals, self.bvalues, **options).values
        else:
            found = {name: float(values[0]) for name, values in self._maps(signals[None]).items()}
        return {name: found[NAMES[name]] for name in ("f", "Dp", "D")}

    def ivim_fit_full_volume(self, signals, **kwargs):
        """Fit all voxels at once; each is divided by its mean signal at the lowest b."""
        lowest = self.bvalues == self.bvalues.min()
        with np.errstate(invalid="ignore", divide="ignore"):
            maps = self._maps(signals / signals[..., lowest].mean(axis=-1, keepdims=True))
        return {name: maps[NAMES[name]] for name in ("f", "Dp", "D")}

    def _maps(self, signals):
        return ivim.fit_maps(signals, self.bvalues, bounds=self._bounds(), **self.options)

    def _bounds(self):
        return {NAMES[name]: tuple(pair) for name, pair in (self.bounds or {}).items()}
