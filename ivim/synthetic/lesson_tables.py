"""The experiments of the first notebook told: their tables with units, and the answer in three
sentences.
"""

import pandas as pd

from ivim import parameters
from ivim.report.cells import parameter
from ivim.report.headings import PARAMETER
from ivim.report.printing import half_up, number, with_limits
from ivim.report.write import Table
from ivim.signal.result import Fit
from ivim.synthetic import lessons

SIMULATED = lessons.SIMULATED
MODEL = "Model"


def protocol(lesion: lessons.Lesion) -> list[str]:
    """The article's protocol and a lesion's signal without noise, in sentences.

    Parameters
    ----------
    lesion : ivim.synthetic.lessons.Lesion

    Returns
    -------
    list of str
    """
    return [
        f"b-values (s/mm²): {' '.join(map(str, lessons.B.astype(int)))}",
        f"averages: {' '.join(map(str, lessons.AVERAGES))}",
        f"noise-free signal: {' '.join(f'{value:.1f}' for value in lesion.curve)}",
    ]


def in_one_minute(estimators: pd.DataFrame, needed: dict[str, float]) -> list[str]:
    """Three sentences that answer the question of the notebook.

    Parameters
    ----------
    estimators : DataFrame
        Of :func:`ivim.synthetic.lessons.estimators`.
    needed : dict of str to float
        Signal-to-noise ratio that ten per cent take in one voxel, by parameter.

    Returns
    -------
    list of str
    """
    over = estimators.set_index(["estimator", "parameter"])["error"]
    equal, weighted, floor = (
        over[way, "adc_slow"] for way in ("equal weights", "weights", "weights and noise floor")
    )
    return [
        "Two of the article's three equations are misprinted: one starts at the wrong signal and "
        "grows, the other has two parameters that cannot be told apart.",
        f"Fitted with equal weights, ADC slow errs by {equal:.2f} times the Cramér-Rao bound, the "
        f"least error of an unbiased estimator; weights alone make that {weighted:.2f}, weights "
        f"with the noise floor {floor:.2f}.",
        f"In one voxel ADC slow can be known to 10 % from a signal-to-noise ratio of "
        f"{needed['adc_slow']:.0f} on, ADC fast only from {needed['adc_fast']:.0f} on.",
    ]


def equations(lesion: lessons.Lesion) -> Table:
    """Corrected and printed equations at both ends of the protocol.

    Parameters
    ----------
    lesion : ivim.synthetic.lessons.Lesion

    Returns
    -------
    ivim.report.write.Table
    """
    frame = lessons.equations(lesion).reset_index()
    cells = {"Equation": list(frame["equation"])}
    for name in frame.columns[1:]:
        cells[name.replace(" at ", "\nat ") + " s/mm²"] = [f"{value:.4g}" for value in frame[name]]
    note = "DDC in 10⁻³ mm²/s."
    return _table("equations", "Equations. As meant and as printed", frame, cells, note)


def models(compared: pd.DataFrame) -> Table:
    """How well each model describes a signal for its number of parameters.

    Parameters
    ----------
    compared : DataFrame
        Of :func:`ivim.compare_models`.

    Returns
    -------
    ivim.report.write.Table
    """
    cells = {
        MODEL: list(compared["model"]),
        "Parameters": [str(count) for count in compared["k"]],
        "Sum of squares\nsignal²": [half_up(value, 2) for value in compared["sse"]],
        "AICc": [number(value, 2) for value in compared["aicc"]],
        "AICc above\nthe best": [half_up(value, 2) for value in compared["delta"]],
        "Weight": [half_up(value, 2) for value in compared["weight"]],
    }
    return _table("models", "Models. Which one the signal asks for", compared, cells)


def estimates(found: Fit) -> Table:
    """The parameters of a fit with their limits.

    Parameters
    ----------
    found : ivim.signal.result.Fit

    Returns
    -------
    ivim.report.write.Table
    """
    frame = found.table()
    rows = list(frame.itertuples())
    cells = {
        PARAMETER: [_labelled(row.parameter) for row in rows],
        "Value (95% CI)": [with_limits(row.value, row.ci_low, row.ci_high, 3) for row in rows],
        "Standard error": [half_up(row.stderr, 3) for row in rows],
    }
    return _table("estimates", "Estimates. The bi-exponential fit of the region", frame, cells)


def ways(estimators: pd.DataFrame) -> Table:
    """Error and bias of four ways to fit, as multiples of the Cramér-Rao bound.

    Parameters
    ----------
    estimators : DataFrame
        Of :func:`ivim.synthetic.lessons.estimators`.

    Returns
    -------
    ivim.report.write.Table
    """
    wide = estimators.pivot(index="estimator", columns="parameter").loc[list(lessons.WAYS)]
    cells = {"Way to fit": list(wide.index)}
    names = [name for name in parameters.SIX if name in wide["error"]]
    for what in ("error", "bias"):
        for name in names:
            values = wide[what][name]
            cells[f"{parameter(name)}\n{what}"] = [number(value, 2) for value in values]
    note = "Multiples of the Cramér–Rao bound; error: root mean square, bias: mean."
    return _table("ways", "Four ways to fit. Error and bias", estimators, cells, note)


def limits(frame: pd.DataFrame) -> Table:
    """ADC fast of one voxel and of its region, with limits by profile likelihood.

    Parameters
    ----------
    frame : DataFrame
        Of :func:`ivim.synthetic.lessons.limits`.

    Returns
    -------
    ivim.report.write.Table
    """
    unit = parameters.unit("adc_fast")
    rows = list(frame.itertuples())
    cells = {
        "Signal": list(frame.index),
        f"True\n{unit}": [half_up(row.true, 1) for row in rows],
        f"Estimate (95% CI)\n{unit}": [
            with_limits(row.value, row.ci_low, row.ci_high, 1) for row in rows
        ],
    }
    title = "ADC fast. One voxel and its region"
    return _table("limits", title, frame.rename_axis("signal").reset_index(), cells)


def means(frame: pd.DataFrame) -> Table:
    """Mean of the maps, fit of the mean and shrinkage beside the truth.

    Parameters
    ----------
    frame : DataFrame
        Of :func:`ivim.synthetic.lessons.mean_or_maps`.

    Returns
    -------
    ivim.report.write.Table
    """
    cells = {PARAMETER: [_labelled(name) for name in frame.index]}
    for name in frame.columns:
        title = name.replace(", ", "\n")
        cells[title[:1].upper() + title[1:]] = [number(value, 2) for value in frame[name]]
    title = "Three estimators. Means of the region, and errors per voxel"
    return _table("means", title, frame.reset_index(), cells)


def _labelled(name):
    if name == "s0":
        return "S_{0}"
    return ", ".join(filter(None, (parameter(name), parameters.unit(name))))


def _table(name, caption, frame, cells, *notes):
    layout = pd.DataFrame(cells)
    return Table(name, caption, frame, layout, (*notes, SIMULATED), source="simulated")
