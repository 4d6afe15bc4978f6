"""The adapter for OSIPI's collection, in a stand-in for the collection's base class."""

import importlib.util
import json
import sys
import types

import numpy as np
import pytest
from numpy.testing import assert_allclose

from ivim.files import ROOT

BOUNDS = {"S0": [0.7, 1.3], "f": [0, 1.0], "Dp": [0.005, 0.2], "D": [0, 0.005]}


@pytest.fixture
def adapter(monkeypatch):
    """The adapter's class; of the collection it needs what its base class keeps."""

    class OsipiBase:
        def __init__(self, bvalues=None, thresholds=None, bounds=None, initial_guess=None):
            self.bvalues = None if bvalues is None else np.asarray(bvalues)
            self.thresholds, self.initial_guess = thresholds, initial_guess
            self.bounds = BOUNDS if bounds is None else bounds

    for name in ("src", "src.wrappers", "src.wrappers.OsipiBase"):
        monkeypatch.setitem(sys.modules, name, types.ModuleType(name))
    sys.modules["src.wrappers.OsipiBase"].OsipiBase = OsipiBase
    path = ROOT / "contrib" / "osipi" / "IVIM_compendium_biexp.py"
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.IVIM_compendium_biexp


@pytest.mark.parametrize("lmfit", [False, True])
def test_tissues_of_the_collection(adapter, outside, lmfit):
    """Every tissue of the collection's own test within its tolerances, one by one and as a volume.

    Those with negative samples too; .1 + .2 for f, .1 + .5e-3 for D, .1 + .1 for D*.
    """
    cases = json.loads(outside("reference-signals/osipi_generic.json").read_text())["cases"]
    for case in cases:
        signal = np.array(case["signal"], float)
        fit = adapter(bvalues=np.array(case["bvalues"], float), bounds=BOUNDS, lmfit=lmfit)
        one, volume = fit.ivim_fit(signal / signal[0]), fit.ivim_fit_full_volume(signal[None, None])
        truth = {key: np.ravel(value)[0] for key, value in case["expected"].items()}
        assert_allclose(one["f"], truth["f"], rtol=0.1, atol=0.2)
        if truth["f"] < 0.8:
            assert_allclose(one["D"], truth["D"], rtol=0.1, atol=5e-4)
        if truth["f"] > 0.03:
            assert_allclose(one["Dp"], truth["Dstar"], rtol=0.1, atol=0.1)
        assert_allclose([volume[name][0, 0] for name in one], list(one.values()), rtol=1e-4)


def test_bounds_of_the_collection_are_kept(adapter):
    """What the collection's test of bounds asks for: results inside deliberately silly bounds."""
    b = np.array([0, 10, 20, 50, 100, 200, 400, 800], float)
    bounds = {"S0": [1.1, 1.3], "f": [0.2, 0.3], "Dp": [0.01, 0.02], "D": [0.0008, 0.0012]}
    found = adapter(bvalues=b, bounds=bounds).ivim_fit(np.exp(-2e-3 * b))
    for name, value in found.items():
        assert bounds[name][0] <= value <= bounds[name][1]
