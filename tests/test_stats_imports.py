"""What the statistics load, and when: heavy packages late, and only the parts that are needed."""

import subprocess
import sys

import pytest

from ivim.files import ROOT

DATA = """
import numpy as np, pandas as pd
from ivim.stats import agreement, groups, logistic, roc
rng = np.random.default_rng(0)
frame = pd.DataFrame({"patient": np.repeat(range(20), 2), "reader": ["a", "b"] * 20,
                      "group": np.repeat(["x", "y"], 20), "f": rng.normal(size=40)})
y = (frame["group"] == "x").astype(int)
"""


def loaded(code):
    """The modules that a fresh Python holds after some code."""
    code += "\nimport sys; print(' '.join(sys.modules))"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(run.stdout.split())


def test_importing_the_statistics_loads_no_statistics_package():
    """Importing every module of the room loads neither pingouin nor statsmodels nor sklearn."""
    modules = [path.stem for path in (ROOT / "ivim" / "stats").glob("[a-z]*.py")]
    found = loaded("\n".join(f"import ivim.stats.{name}" for name in modules))
    assert "ivim.stats.roc" in found
    assert not found & {"pingouin", "statsmodels", "sklearn", "seaborn"}


@pytest.mark.parametrize(
    ("work", "needed", "spared"),
    [
        (
            "agreement.icc(frame, values='f'), groups.compare_groups(frame, 'f'), "
            "groups.anova(frame, 'f')",
            {"pingouin"},
            {"statsmodels.formula", "sklearn"},
        ),
        (
            "logistic.logistic(frame.assign(y=y), 'y', 'f'), roc.roc(y, frame['f'])",
            {"statsmodels", "sklearn"},
            {"pingouin", "statsmodels.api", "sklearn.linear_model", "seaborn"},
        ),
    ],
)
def test_only_the_parts_that_are_needed_are_loaded(work, needed, spared):
    """Agreement and group tests do not wait for regression, nor regression and curves for them."""
    found = loaded(DATA + work)
    assert needed <= found and not spared & found
