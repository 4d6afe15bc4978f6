"""A methods paragraph from what really ran: every number in it is read from the study and its
tables."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

import ivim
from ivim import article, parameters
from ivim.study.measure import ESTIMATORS

if TYPE_CHECKING:
    from ivim.cohort import Cohort
    from ivim.study.job import Measured
    from ivim.study.measure import Options

TESTS = {
    "Student": "Student's t test",
    "Welch": "Welch's t test",
    "Mann-Whitney": "the Mann–Whitney U test",
    "ANOVA": "analysis of variance",
    "Welch ANOVA": "Welch's analysis of variance",
    "Kruskal-Wallis": "the Kruskal–Wallis test",
}

REFERENCES = (
    "Le Bihan D, Breton E, Lallemand D, et al. Separation of diffusion and perfusion in "
    "intravoxel incoherent motion MR "
    "imaging. Radiology 1988;168:497-505.",
    "Bennett KM, Schmainda KM, Bennett RT, et al. Characterization of continuously distributed "
    "cortical water diffusion "
    "rates with a stretched-exponential model. Magn Reson Med 2003;50:727-734.",
    "Dice LR. Measures of the amount of ecologic association between species. Ecology "
    "1945;26:297-302.",
    "Shapiro SS, Wilk MB. An analysis of variance test for normality. Biometrika 1965;52:591-611.",
    "McGraw KO, Wong SP. Forming inferences about some intraclass correlation coefficients. "
    "Psychol Methods 1996;1:30-46.",
    "DeLong ER, DeLong DM, Clarke-Pearson DL. Comparing the areas under two or more correlated "
    "receiver operating "
    "characteristic curves. Biometrics 1988;44:837-845.",
    "Youden WJ. Index for rating diagnostic tests. Cancer 1950;3:32-35.",
    "Clopper CJ, Pearson ES. The use of confidence or fiducial limits illustrated in the case of "
    "the binomial. Biometrika "
    "1934;26:404-413.",
    "Orton MR, Collins DJ, Koh DM, Leach MO. Improved intravoxel incoherent motion analysis of "
    "diffusion weighted imaging "
    "by data driven Bayesian modeling. Magn Reson Med 2014;71:411-420.",
)


def text(measured: Measured, options: Options, cohort: Cohort, out: Path) -> str:
    """The methods of a study as Markdown.

    Parameters
    ----------
    measured : ivim.study.job.Measured
    options : ivim.study.measure.Options
    cohort : ivim.cohort.Cohort
    out : Path
        Where the tables lie.

    Returns
    -------
    str
    """
    cited = []

    def cite(beginning):
        """The number of a reference, which is listed when it is first cited."""
        reference = next(one for one in REFERENCES if one.startswith(beginning))
        if reference not in cited:
            cited.append(reference)
        return f" [{cited.index(reference) + 1}]"

    parts = {
        "Patients": patients(measured, cohort),
        "Imaging": imaging(measured),
        "Regions of interest": regions(measured, options, cite),
        "Signal models": models(measured, options, cite),
        "Statistics": statistics(cohort, out, cite),
        "Software": software(),
    }
    lines = [
        "# Methods",
        "",
        "Written from what ran; what only the authors know is in the checklist.",
    ]
    for title, sentences in parts.items():
        lines += ["", f"## {title}", "", " ".join(sentences)]
    references = [f"{number}. {one}" for number, one in enumerate(cited, start=1)]
    return "\n".join([*lines, "", "## References", "", *references])


def patients(measured: Measured, cohort: Cohort) -> list[str]:
    """Who took part, who was measured.

    Parameters
    ----------
    measured : ivim.study.job.Measured
    cohort : ivim.cohort.Cohort

    Returns
    -------
    list of str
        Sentences.
    """
    sizes = cohort.values["group"].value_counts()
    groups = ", ".join(f"{sizes[name]} {name}" for name in cohort.groups)
    told = [f"{len(cohort.values)} patients took part ({groups})."]
    lost = [label for label, record in measured.records.items() if not record["rows"]]
    if lost:
        told.append(f"{len(lost)} could not be measured ({', '.join(lost)}; reasons in flow.csv).")
    told += cohort.remarks
    told.append(f"The target condition was {cohort.positive}.")
    return told


def imaging(measured: Measured) -> list[str]:
    """b-values, averages and voxels, as the series have them.

    Parameters
    ----------
    measured : ivim.study.job.Measured

    Returns
    -------
    list of str
        Sentences.
    """
    scans = [record["scan"] for record in measured.records.values() if record["scan"]]
    counted = Counter(_protocol(scan) for scan in scans)
    if len(counted) == 1:
        return [f"All {len(scans)} diffusion series had {next(iter(counted))}."]
    told = [f"The {len(scans)} diffusion series followed {len(counted)} protocols."]
    return told + [f"{n} series had {protocol}." for protocol, n in counted.most_common()]


def regions(measured: Measured, options: Options, cite: Callable[[str], str]) -> list[str]:
    """Readers, the choice among lesions, areas, overlap.

    Parameters
    ----------
    measured : ivim.study.job.Measured
    options : ivim.study.measure.Options
    cite : callable
        Gives the mark of the reference whose first author it is called with.

    Returns
    -------
    list of str
        Sentences.
    """
    readers, flow = measured.layout.readers, measured.flow
    used = int((flow["status"] == "used").sum())
    who = f"readers {', '.join(readers)}" if len(readers) > 1 else f"one reader ({readers[0]})"
    told = [f"{used} regions of interest drawn by {who} were measured."]
    told.append(
        {
            "largest": "Of several regions the one with the largest area in a slice was taken.",
            "all": "All regions of a reader were taken together.",
        }.get(options.lesion, f"The region called {options.lesion} was taken.")
    )
    areas = [
        detail["area_mm2"]
        for record in measured.records.values()
        for detail in record["detail"]
        if detail["parameter"] == parameters.SIX[0]
    ]
    told.append(f"Their area was {_median_range(areas)} mm² (median, range).")
    if options.roi_area:
        low, high = options.roi_area
        outside = int(flow["why"].str.contains("is outside").sum())
        told.append(f"The protocol asked for {low:g} to {high:g} mm²; {outside} were outside.")
    overlaps = [pair["dice"] for record in measured.records.values() for pair in record["overlap"]]
    if overlaps:
        told.append(
            f"The Dice coefficient{cite('Dice')} of two readers was {_median_range(overlaps)} "
            "(median, range)."
        )
    return told


def models(measured: Measured, options: Options, cite: Callable[[str], str]) -> list[str]:
    """The recipe in words, with the b-values of the study's usual protocol.

    Parameters
    ----------
    measured : ivim.study.job.Measured
    options : ivim.study.measure.Options
    cite : callable
        Gives the mark of the reference whose first author it is called with.

    Returns
    -------
    list of str
        Sentences.
    """
    scans = [record["scan"] for record in measured.records.values() if record["scan"]]
    counted = Counter(str(scan) for scan in scans)
    usual = next(scan for scan in scans if str(scan) == counted.most_common(1)[0][0])
    told = [
        f"The bi-exponential{cite('Le Bihan')} and stretched{cite('Bennett')} exponential models "
        "and "
        "the apparent diffusion coefficient were used."
    ]
    told += options.recipe.sentences(np.array(usual["b"]), usual["averages"])
    shrinkage = cite("Orton") if options.estimator == "shrinkage" else ""
    told.append(f"A reader's value is the {ESTIMATORS[options.estimator]}{shrinkage}.")
    if len(measured.layout.readers) > 1:
        told.append("A patient's value is the mean of the readers who measured the patient.")
    return told


def statistics(cohort: Cohort, out: Path, cite: Callable[[str], str]) -> list[str]:
    """Which tests were used, read from the tables that were written.

    Parameters
    ----------
    cohort : ivim.cohort.Cohort
    out : Path
        Folder of the study's results.
    cite : callable
        Gives the mark of the reference whose first author it is called with.

    Returns
    -------
    list of str
        Sentences.
    """
    told = []
    table3 = read_table(out, "table3")
    if len(table3):
        used = table3.groupby("test", sort=False)["parameter"].apply(list)
        told += [
            f"{_names(columns)} {'was' if len(columns) == 1 else 'were'} compared between the "
            f"groups by {TESTS.get(test, test)}."
            for test, columns in used.items()
        ]
        told.append(
            f"The test follows from the Shapiro–Wilk test of normality{cite('Shapiro')} in every "
            f"group at {article.SIGNIFICANCE:g}."
        )
    if len(read_table(out, "agreement")):
        told.append(
            "Agreement of the readers was told by intraclass correlation "
            f"coefficients{cite('McGraw')} "
            "with 95 % limits."
        )
    if len(read_table(out, "anova")):
        told.append(
            f"Sub-groups ({', '.join(cohort.primaries)}) were compared by analysis of variance."
        )
    terms = [term for term in read_table(out, "table4").get("term", []) if term != "intercept"]
    if terms:
        told.append(
            f"Predictors of {cohort.positive} in a logistic regression were {_names(terms)}."
        )
    table5 = read_table(out, "table5")
    if len(table5):
        told.append(
            f"Areas under the ROC curve of {_names(table5['marker'])} have limits after "
            f"DeLong{cite('DeLong')}; cut-offs maximise the Youden index{cite('Youden')} in these "
            "data, "
            f"and their sensitivity and specificity have exact limits{cite('Clopper')}."
        )
    return told or ["No comparison could be made; the tables say why."]


def software() -> list[str]:
    """Versions of what computed."""
    names = ("numpy", "scipy", "lmfit", "statsmodels", "pingouin")
    versions = ", ".join(f"{name} {version(name)}" for name in names)
    return [f"ivim {ivim.__version__} with {versions}. Hashes of all inputs are in run.json."]


def _protocol(scan):
    b = ", ".join(f"{value:g}" for value in scan["b"])
    averages = scan["averages"]
    weights = (
        "averages " + ", ".join(f"{value:g}" for value in averages)
        if averages
        else "averages that are not known"
    )
    voxel = " × ".join(f"{edge:.3g}" for edge in scan["spacing_mm"])
    return f"b-values {b} s/mm², {weights}, and voxels of {voxel} mm"


def _median_range(values):
    return f"{np.median(values):.2f} ({np.min(values):.2f} to {np.max(values):.2f})"


def _names(names):
    return ", ".join(" and ".join(map(parameters.label, name.split("+"))) for name in names)


def read_table(out: Path, name: str) -> pd.DataFrame:
    """A table of the study's results; an empty one where it was not written.

    Parameters
    ----------
    out : Path
        Folder of the study's results.
    name : str
        As ``table3`` or ``agreement``.

    Returns
    -------
    DataFrame
    """
    path = out / "tables" / f"{name}.csv"
    return pd.read_csv(path) if path.is_file() else pd.DataFrame()
