"""The two example cases told: their tables, their figure, and the answer in three sentences."""

from collections.abc import Mapping

import pandas as pd

from ivim import article, parameters
from ivim.report.cells import parameter
from ivim.report.headings import PARAMETER
from ivim.report.minutes import listed
from ivim.report.picture import Picture
from ivim.report.printing import number, with_unit
from ivim.report.write import Table
from ivim.synthetic import cases, panels
from ivim.synthetic.phantom import Case

TITLES = {"figure1": "Figure 1", "figure2": "Figure 2"}
PHANTOM = "Synthetic phantom, not a patient."


def regions(measured: Mapping[str, cases.Measured]) -> list[str]:
    """The protocol and the size of every region, one sentence each.

    Parameters
    ----------
    measured : dict of str to ivim.synthetic.cases.Measured
        By figure.

    Returns
    -------
    list of str
    """
    told = [f"b-values (s/mm²): {' '.join(map(str, article.B_VALUES))}"]
    told.append(f"averages: {' '.join(map(str, article.AVERAGES))}")
    for one in measured.values():
        sizes = one.table.dropna().drop_duplicates("reader")
        areas = ", ".join(
            f"{row.reader} {row.area_mm2:.1f} mm² ({row.voxels} voxels)"
            for row in sizes.itertuples()
        )
        told.append(f"{one.case.title}: region of {areas}")
    low, high = article.ROI_AREA_MM2
    return [*told, f"the article's regions (Methods): {low:g} to {high:g} mm²"]


def in_one_minute(
    patients: Mapping[str, Case],
    beside: Mapping[str, pd.DataFrame],
    verdicts: Mapping[str, pd.DataFrame],
    spread: Mapping[str, pd.DataFrame],
) -> list[str]:
    """Three sentences that answer the question of the notebook.

    Parameters
    ----------
    patients, beside, verdicts, spread : dict by figure
        Cases, and what :func:`ivim.synthetic.cases.beside_caption`,
        :func:`ivim.synthetic.cases.judge_by_rules` and
        :func:`ivim.synthetic.explore.placement_and_noise` give for them.

    Returns
    -------
    list of str
    """
    same = [
        f"{table['same'].sum()} of {len(table)} for {TITLES[name]}"
        for name, table in beside.items()
    ]
    snr = " and ".join(f"{case.snr:.0f}" for case in patients.values())
    wrong = [
        f"{TITLES[name]}'s by that of {listed(table.loc[~table['right'], 'parameter'])}"
        for name, table in verdicts.items()
        if not table["right"].all()
    ]
    by_name = {name: table.set_index("parameter") for name, table in spread.items()}
    fast = [f"{table.loc['adc_fast', 'noise']:.1f} ({TITLES[n]})" for n, table in by_name.items()]
    return [
        f"One scan can print all six values of a caption: {' and '.join(same)} have the printed "
        f"digits, with signal-to-noise ratios of {snr}; the phantoms were calibrated to do so.",
        f"Of the article's two rules each calls one representative patient wrong: "
        f"{', '.join(wrong)}.",
        "Scanned again with new noise and the same region, ADC fast moves by a standard deviation "
        f"of {' and '.join(fast)} × 10⁻³ mm²/s.",
    ]


def picture(measured: cases.Measured, figure: str) -> Picture:
    """The article's figure from a phantom.

    Parameters
    ----------
    measured : ivim.synthetic.cases.Measured
    figure : {"figure1", "figure2"}

    Returns
    -------
    ivim.report.picture.Picture
        Its data: every reader's six values with the caption's.
    """
    import matplotlib.pyplot as plt

    drawn = panels.draw_panels(measured, figure)
    plt.close(drawn)
    beside = cases.beside_caption(measured, figure)
    rows = measured.table.merge(beside[["parameter", "printed", "same"]], on="parameter")
    values = ", ".join(
        f"{parameters.label(row.parameter)} {row.measured}" for row in beside.itertuples()
    )
    alt = (
        f"Synthetic phantom for {TITLES[figure]}: axial slice through a vertebra with a lesion, "
        "diffusion-weighted image and maps of six parameters with colour bars and the overlapping "
        f"regions of readers EZ and XX. Mean of both readers: {values}."
    )
    return Picture(figure, drawn, rows, alt, "simulated")


def beside_table(beside: pd.DataFrame, figure: str) -> Table:
    """A caption's values beside the measured ones.

    Parameters
    ----------
    beside : DataFrame
        Of :func:`ivim.synthetic.cases.beside_caption`.
    figure : str

    Returns
    -------
    ivim.report.write.Table
    """
    cells = {
        "Panel": list(beside["panel"]),
        PARAMETER: [parameter(name) for name in beside["parameter"]],
        "Unit": [unit or "–" for unit in beside["unit"]],
        "Printed": list(beside["printed"]),
        "Measured": [f"{row.measured} {'✓' if row.same else '✗'}" for row in beside.itertuples()],
    }
    caption = f"{TITLES[figure]}. Caption and phantom, mean of readers EZ and XX"
    return _table(f"{figure}_caption", caption, beside, cells)


def verdict_table(verdicts: Mapping[str, pd.DataFrame]) -> Table:
    """What the two cut-offs of Table 5 make of each case.

    Parameters
    ----------
    verdicts : dict of str to DataFrame
        By figure, of :func:`ivim.synthetic.cases.judge_by_rules`.

    Returns
    -------
    ivim.report.write.Table
    """
    frame = _stacked(verdicts)
    cells = {
        "Case": [f"{TITLES[row.figure]}, {row.group}" for row in frame.itertuples()],
        "Rule for metastasis": [
            f"{parameter(row.parameter)} {row.rule}" for row in frame.itertuples()
        ],
        "Measured": [_value(row.parameter, row.value) for row in frame.itertuples()],
        "Called": [f"{row.called} {'✓' if row.right else '✗ wrong'}" for row in frame.itertuples()],
    }
    return _table("figure_rules", "Rules. The article's cut-offs on its own cases", frame, cells)


def spread_table(spread: Mapping[str, pd.DataFrame]) -> Table:
    """Scatter by the reader's placement and by noise.

    Parameters
    ----------
    spread : dict of str to DataFrame
        By figure, of :func:`ivim.synthetic.explore.placement_and_noise`.

    Returns
    -------
    ivim.report.write.Table
    """
    return _two_columns(
        spread, ("placement", "noise"), "scatter", "Scatter. Standard deviation by its cause"
    )


def estimator_table(estimators: Mapping[str, pd.DataFrame]) -> Table:
    """Mean of the maps beside the fit of the mean signal.

    Parameters
    ----------
    estimators : dict of str to DataFrame
        By figure, of :func:`ivim.synthetic.cases.compare_estimators`.

    Returns
    -------
    ivim.report.write.Table
    """
    return _two_columns(
        estimators, ("mean of maps", "fit of the mean"), "estimators", "Estimators. Two ways to six"
    )


def put_in_table(patients: Mapping[str, Case]) -> Table:
    """The calibrated numbers of each phantom.

    Parameters
    ----------
    patients : dict of str to ivim.synthetic.phantom.Case
        By figure.

    Returns
    -------
    ivim.report.write.Table
        Its frame: ``number`` and a column per figure, in table units.
    """
    values = {
        name: parameters.to_table({key: getattr(case.lesion, key, case.snr) for key in cases.FREE})
        for name, case in patients.items()
    }
    frame = pd.DataFrame(values).rename_axis("number").reset_index()
    cells = {
        "Number": [_labelled(key) for key in frame["number"]],
        **{TITLES[name]: [number(value, 3) for value in frame[name]] for name in values},
    }
    return _table("put_in", "Put in. The truth of each phantom's lesion", frame, cells)


def _two_columns(frames, columns, name, caption):
    frame = _stacked(frames)
    cells = {PARAMETER: [_labelled(key) for key in parameters.SIX]}
    for figure, table in frames.items():
        rows = table.set_index("parameter").loc[list(parameters.SIX)]
        for column in columns:
            cells[f"{TITLES[figure]}\n{column}"] = [number(value, 3) for value in rows[column]]
    return _table(name, caption, frame, cells)


def _stacked(frames):
    parts = [table.assign(figure=name) for name, table in frames.items()]
    return pd.concat(parts, ignore_index=True)


def _labelled(name):
    if name not in parameters.REGISTRY:
        return "SNR" if name == "snr" else name
    return ", ".join(filter(None, (parameter(name), parameters.unit(name))))


def _value(name, value):
    return with_unit(number(value, 3), parameters.unit(name))


def _table(name, caption, frame, cells):
    return Table(name, caption, frame, pd.DataFrame(cells), (PHANTOM,), source="simulated")
