"""A study of one's own, or a simulated one, taken from its folder to its tables: what the notebook
on one's own study shows, step by step.
"""

import base64
import tempfile
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ivim import files, parameters
from ivim.cohort import Cohort, load_cohort
from ivim.report import layout, printing
from ivim.report.minutes import Sentences, listed
from ivim.report.palette import COLOURS, REFERENCE, styled
from ivim.report.picture import Picture, html_image
from ivim.report.write import Table
from ivim.signal.recipe import get_recipe
from ivim.study import job, measure, pictures, quality, record, tables
from ivim.synthetic.study import simulate

SIMULATED = "Simulated patients."
COMPARED = ("adc_slow", "adc_fast", "f")
"""The parameters that are held against the truth: those that a simulated patient is made from."""


@dataclass(frozen=True, repr=False)
class Still:
    """A picture of a patient in a notebook.

    Attributes
    ----------
    content : bytes
        A png.
    alt : str
        What it shows, for those who do not see it.
    """

    content: bytes
    alt: str

    def __repr__(self):
        return self.alt

    def _repr_html_(self):
        return html_image(self.content, self.alt)


@dataclass(frozen=True, eq=False)
class OwnStudy:
    """A measured study.

    Attributes
    ----------
    folder, out : Path
        The study, and where its tables are.
    measured : ivim.study.job.Measured
    options : ivim.study.measure.Options
    truth : DataFrame or None
        Of a simulated study: one row per patient, in table units.
    """

    folder: Path
    out: Path
    measured: job.Measured
    options: measure.Options
    truth: pd.DataFrame | None
    _temporary: Any = field(default=None, repr=False)

    def __repr__(self):
        used = int((self.measured.flow["status"] == "used").sum())
        kind = "simulated study" if self.truth is not None else "study"
        return f"{kind}: {len(self.measured.layout.patients)} patients, {used} ROIs measured"

    @cached_property
    def values(self) -> pd.DataFrame:
        """``measurements.csv``: a row per patient and reader."""
        return pd.read_csv(self.out / "measurements.csv")

    @cached_property
    def overlap(self) -> pd.DataFrame:
        """Dice coefficient and areas of every two readers."""
        return tables.overlap(self.measured.records)

    @cached_property
    def shown(self) -> tuple:
        """The patient whose pictures are drawn: series, masks by reader, slice, window."""
        first = next(one for one in self.measured.layout.patients if not one.problem)
        task = record.Task(
            str(self.measured.layout.folder), first, self.measured.layout.readers, self.options
        )
        series, chosen, failed = record.read(task)
        if series is None:
            raise ValueError("; ".join(failed.values()))
        masks = {reader: one.mask for reader, one in chosen.items()}
        z = pictures.slice_shown(list(masks.values()))
        flat = np.any(list(masks.values()), axis=0)[:, :, z]
        return series, masks, z, pictures.window_around(flat, series.grid.spacing)

    def cohort(self, positive: str = "") -> Cohort:
        """The study as the other notebooks take it.

        Parameters
        ----------
        positive : str
            The group that counts as disease; empty: metastasis, else the last group.

        Returns
        -------
        ivim.cohort.Cohort
        """
        return load_cohort(self.out / "patients.csv", self.out / "measurements.csv", positive)


def measured_study(
    study: str | Path = "",
    patients: int = 6,
    seed: int = 1,
    recipe: str = "article",
    estimator: str = "maps",
) -> OwnStudy:
    """Measure every ROI of a study.

    Parameters
    ----------
    study : path
        Folder of the study; empty: patients are simulated in a temporary folder.
    patients, seed : int
        How many are simulated, and of what draw.
    recipe : str
        How to fit: a name, or the path of a TOML file.
    estimator : {"maps", "mean", "shrinkage"}
        What one number per ROI is.

    Returns
    -------
    OwnStudy

    Raises
    ------
    ValueError
        When there is nothing to measure.
    """
    temporary = tempfile.TemporaryDirectory(prefix=files.temporary_name("own"))
    out = Path(temporary.name) / "out"
    out.mkdir()
    folder = Path(study) if study else Path(temporary.name) / "study"
    truth = None if study else simulate(folder, patients, seed, jobs=1)
    options = measure.Options(recipe=get_recipe(recipe), estimator=estimator)
    done = job.measure_study(folder, options, out / job.KEPT, jobs=1)
    job.write_tables(done, out / "measurements.csv")
    files.write_csv(out / "patients.csv", tables.people(done.layout))
    return OwnStudy(folder, out, done, options, truth, temporary)


def files_of_one(mine: OwnStudy) -> list[str]:
    """The files of the first patient, by their place in the study.

    Parameters
    ----------
    mine : OwnStudy

    Returns
    -------
    list of str
    """
    label = mine.measured.layout.patients[0].label
    paths = (path for path in mine.folder.rglob(f"*{label}*") if path.is_file())
    return [
        f"`{name}`" for name in sorted(path.relative_to(mine.folder).as_posix() for path in paths)
    ]


def participants(mine: OwnStudy) -> Table:
    """``participants.tsv``, as it is read.

    Parameters
    ----------
    mine : OwnStudy

    Returns
    -------
    ivim.report.write.Table
    """
    frame = tables.people(mine.measured.layout)
    cells = {name.capitalize(): [_text(value) for value in frame[name]] for name in frame}
    cells = {("Age\nyears" if name == "Age" else name): part for name, part in cells.items()}
    return _table(mine, "participants", "participants.tsv. Who was examined", frame, cells)


def recipe_in_words(mine: OwnStudy) -> list[str]:
    """How every model was fitted, in sentences for a methods section.

    Parameters
    ----------
    mine : OwnStudy

    Returns
    -------
    list of str
    """
    scan = next(one["scan"] for one in mine.measured.records.values() if one["scan"])
    return mine.options.recipe.sentences(np.array(scan["b"]), scan["averages"])


def measurements(mine: OwnStudy, rows: int = 4) -> Table:
    """The first rows of ``measurements.csv``.

    Parameters
    ----------
    mine : OwnStudy
    rows : int

    Returns
    -------
    ivim.report.write.Table
    """
    frame = mine.values.head(rows)
    cells = {"Patient": list(frame["patient"]), "Reader": list(frame["reader"])}
    for name in parameters.SIX:
        cells[layout.heading(name)] = [printing.number(value, 3) for value in frame[name]]
    title = f"measurements.csv. The first {len(frame)} of {len(mine.values)} rows"
    return _table(mine, "measurements", title, frame, cells)


def scan(mine: OwnStudy) -> Still:
    """The first patient's images with the outlines of the readers.

    Parameters
    ----------
    mine : OwnStudy

    Returns
    -------
    Still
    """
    series, masks, z, window = mine.shown
    low, high = (f"{end:g}" for end in (series.b.min(), series.b.max()))
    alt = (
        f"Three diffusion images of one patient: the whole slice at b = {low} s/mm², and the "
        f"lesion at b = {low} and {high}, with the outlines of {_and(masks)}."
    )
    return _still(pictures.scan_picture(series, masks, z, window), alt)


def maps(mine: OwnStudy) -> Still:
    """The six maps around the first patient's ROIs.

    Parameters
    ----------
    mine : OwnStudy

    Returns
    -------
    Still
    """
    series, masks, z, window = mine.shown
    around = np.zeros(series.grid.shape, bool)
    around[(*window, z)] = True
    found = measure.six_maps(series, around, mine.options.recipe)
    within = next(iter(masks.values()))
    spread = (
        f"{parameters.label(name)} "
        f"{100 * np.nanstd(found[name][within]) / np.nanmean(found[name][within]):.0f} %"
        for name in COMPARED
    )
    alt = (
        "Six parameter maps around the lesion, with colour bars and the outlines of "
        f"{_and(masks)}. "
        f"Standard deviation over mean within the first outline: {', '.join(spread)}."
    )
    return _still(pictures.maps_picture(found, masks, z, window, series.grid), alt)


def curve(mine: OwnStudy) -> Still:
    """The mean signal of the first reader's ROI, with its fits.

    Parameters
    ----------
    mine : OwnStudy

    Returns
    -------
    Still
    """
    series, masks, _, _ = mine.shown
    reader, mask = next(iter(masks.items()))
    signal = quality.mean_signal(series, mask)
    fits = quality.fits_of(signal, series, mine.options.recipe)
    alt = (
        f"Mean signal in the region of reader {reader} against b on a logarithmic scale, falling "
        f"from {signal[np.argmin(series.b)]:.0f} to {signal[np.argmax(series.b)]:.0f}, with "
        f"{len(fits)} fitted models and what they leave over below."
    )
    return _still(pictures.curve_picture(signal, series, fits), alt)


def overlap(mine: OwnStudy) -> Table:
    """How much of the same tissue two readers measured.

    Parameters
    ----------
    mine : OwnStudy

    Returns
    -------
    ivim.report.write.Table
    """
    frame = mine.overlap
    cells = {
        "Patient": list(frame["patient"]),
        "Readers": [f"{row.reader_a}, {row.reader_b}" for row in frame.itertuples()],
        "Dice\ncoefficient": [printing.number(value, 2) for value in frame["dice"]],
    }
    for name, title in (("area_a_mm2", "Area of the first"), ("area_b_mm2", "Area of the second"),
                        ("area_difference_mm2", "Difference")):  # fmt: skip
        cells[f"{title}\nmm²"] = [printing.number(value, 1) for value in frame[name]]
    notes = [] if len(frame) else ["One reader only: there is nothing to compare."]
    return _table(mine, "overlap", "Readers. Overlap of their regions", frame, cells, notes)


def against_truth(mine: OwnStudy) -> "Picture | Sentences":
    """Each patient's mean of the readers against the truth of the lesion.

    Parameters
    ----------
    mine : OwnStudy

    Returns
    -------
    ivim.report.picture.Picture or ivim.report.minutes.Sentences
        A sentence where the truth is not known.
    """
    if mine.truth is None:
        return Sentences(("Not drawn: nobody knows the truth of a real patient.",))
    import matplotlib.pyplot as plt

    frame = _with_truth(mine)
    with styled():
        figure, axes = plt.subplots(1, 3, figsize=(9.6, 3.4), layout="constrained")
        for place, name in zip(axes, COMPARED, strict=True):
            rows = frame[frame["parameter"] == name]
            place.plot(rows["truth"], rows["measured"], "o", color=COLOURS[0])
            both = rows[["truth", "measured"]].to_numpy()
            place.axline((both.min(),) * 2, slope=1, color=REFERENCE, linewidth=1)
            place.set_xlabel(f"true {parameters.axis_label(name)}")
            place.set_ylabel("measured")
        figure.supxlabel(SIMULATED, fontsize=8, color=REFERENCE, x=0.01, ha="left")
    plt.close(figure)
    told = "; ".join(
        f"{parameters.label(name)} measured {ratio:.2f} times the truth"
        for name, ratio in measured_over_true(mine).items()
    )
    alt = (
        "Measured against true ADC slow, ADC fast and f, one point per simulated patient, with the "
        f"line of equality. Medians: {told}."
    )
    return Picture("own_study_truth", figure, frame, alt, "simulated")


def measured_over_true(mine: OwnStudy) -> dict[str, float]:
    """Median over the patients of what was measured over what is true.

    Parameters
    ----------
    mine : OwnStudy

    Returns
    -------
    dict of str to float
        By parameter; empty where the truth is not known.
    """
    if mine.truth is None:
        return {}
    frame = _with_truth(mine)
    ratios = (frame["measured"] / frame["truth"]).groupby(frame["parameter"], sort=False).median()
    return {str(name): float(value) for name, value in ratios.items()}


def in_one_minute(mine: OwnStudy) -> list[str]:
    """What the way from scans to tables gave, in three sentences.

    Parameters
    ----------
    mine : OwnStudy

    Returns
    -------
    list of str
    """
    used = mine.measured.flow["status"] == "used"
    count = len(mine.measured.layout.patients)
    kind = "simulated patients" if mine.truth is not None else "patients"
    told = [f"{used.sum()} regions of {count} {kind} became {used.sum()} rows of a table."]
    if len(mine.overlap):
        dice = mine.overlap["dice"]
        told.append(
            f"Two readers share half of their tissue or less in "
            f"{(dice <= 0.5).sum()} of {len(dice)} pairs of regions (median Dice coefficient "
            f"{dice.median():.2f})."
        )
    else:
        told.append("There is one reader, so how far readers agree is not known.")
    ratios = measured_over_true(mine)
    if ratios:
        worst = max(ratios, key=lambda name: abs(np.log(ratios[name])))
        told.append(
            f"What is measured is not the truth: {listed([worst])} reads {ratios[worst]:.2f} times "
            "the truth in the middle patient."
        )
    else:
        told.append("What is measured is not the truth, and here the truth is not known.")
    return told


def study_tables(mine: OwnStudy, positive: str = "") -> list:
    """Tables 1 and 2 of the study; the other notebooks make all of them.

    Parameters
    ----------
    mine : OwnStudy
    positive : str
        As for :meth:`OwnStudy.cohort`.

    Returns
    -------
    list of ivim.report.write.Table or ivim.report.minutes.Sentences
        A sentence with the reason where the table cannot be read as groups to compare.
    """
    try:
        cohort = mine.cohort(positive)
    except ValueError as error:
        return [Sentences((f"No tables of groups: {error}.",))]
    return [layout.build(name, cohort) for name in ("table1", "table2")]


def _with_truth(mine):
    known = mine.truth.set_index("participant_id")[list(COMPARED)]
    values = mine.values.groupby("patient")[list(COMPARED)].mean()
    pairs = {"truth": known, "measured": values}
    long = {
        what: part.rename_axis("patient").melt(
            ignore_index=False, var_name="parameter", value_name=what
        ).set_index("parameter", append=True)[what]
        for what, part in pairs.items()
    }  # fmt: skip
    frame = pd.concat(long, axis=1).reset_index()
    order = {name: at for at, name in enumerate(COMPARED)}
    return frame.sort_values("parameter", key=lambda names: names.map(order), kind="stable")


def _text(value):
    if isinstance(value, float):
        return "–" if np.isnan(value) else f"{value:g}"
    return str(value) or "–"


def _and(readers):
    return (
        "readers " + " and ".join(readers) if len(readers) > 1 else f"reader {next(iter(readers))}"
    )


def _still(encoded, alt):
    return Still(base64.b64decode(encoded), alt)


def _table(mine, name, caption, frame, cells, notes=()):
    simulated = mine.truth is not None
    notes = (*notes, SIMULATED) if simulated else tuple(notes)
    source = "simulated" if simulated else "own"
    return Table(name, caption, frame, pd.DataFrame(cells), notes, source=source)
