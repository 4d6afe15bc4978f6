"""What an intraclass correlation says and what its limits give away: bands, and the form behind a
print.
"""

import pandas as pd

from ivim import article
from ivim.cohort import Cohort
from ivim.report import compare, layout, printing
from ivim.report.analysis import analyse
from ivim.report.cells import parameter
from ivim.report.headings import PARAMETER
from ivim.report.write import Table
from ivim.stats.agreement import icc_from_mean_squares


def bands(cohort: Cohort, form: str = "ICC(A,1)") -> Table:
    """The band of each ICC and of its lower limit, by the article's words.

    Parameters
    ----------
    cohort : ivim.cohort.Cohort
    form : str

    Returns
    -------
    ivim.report.write.Table
        ``icc_bands``: ``parameter, form, icc, band, ci_low, band_of_low``.
    """
    found = analyse(cohort).agreement
    frame = found[found["form"] == form].reset_index(drop=True)
    frame = frame.assign(
        band=[_band(value) for value in frame["icc"]],
        band_of_low=[_band(value) for value in frame["ci_low"]],
    )[["parameter", "form", "icc", "band", "ci_low", "band_of_low"]]
    cells = {
        PARAMETER: [parameter(name) for name in frame["parameter"]],
        form: [f"{printing.number(row.icc, 3)}, {row.band}" for row in frame.itertuples()],
        "Lower limit": [
            f"{printing.number(row.ci_low, 3)}, {row.band_of_low}" for row in frame.itertuples()
        ],
    }
    notes = list(found.attrs["notes"])
    return layout.extra("icc_bands", "ICC. Bands of the article", frame, cells, notes, cohort)


def width(cohort: Cohort) -> Table | None:
    """The limits that each printed ICC would have as the reliability of one reader, or of the mean.

    Parameters
    ----------
    cohort : ivim.cohort.Cohort
        Its number of patients and readers is taken; the ICCs are the article's.

    Returns
    -------
    ivim.report.write.Table or None
        ``icc_width``: ``parameter, printed, printed_low, printed_high`` and the limits ``one_low,
        one_high, mean_low, mean_high``. None for a table of one's own.
    """
    if not cohort.reconstructed:
        return None
    printed = compare.claims("agreement")
    printed = printed.pivot(index="parameter", columns="statistic", values="printed")
    n, k = len(cohort.values), cohort.measurements["reader"].nunique()
    rows = []
    for name in cohort.parameters:
        value = float(printed.loc[name, "icc"])
        # Mean squares with this reliability, for one reader and for the mean of k.
        ratios = {"ICC(C,1)": (1 + (k - 1) * value) / (1 - value), "ICC(C,k)": 1 / (1 - value)}
        row = {"parameter": name, "printed": value}
        row |= {f"printed_{end}": float(printed.loc[name, f"icc_{end}"]) for end in ("low", "high")}
        for (form, ratio), short in zip(ratios.items(), ("one", "mean"), strict=True):
            found = icc_from_mean_squares(n, k, ratio, 1.0, 1.0).set_index("form").loc[form]
            row |= {f"{short}_low": found["ci_low"], f"{short}_high": found["ci_high"]}
        rows.append(row)
    frame = pd.DataFrame(rows)
    cells = {
        PARAMETER: [parameter(name) for name in frame["parameter"]],
        "ICC\nprinted": [printing.number(value, 3) for value in frame["printed"]],
    }
    titles = {"printed": "Limits\nprinted", "one": "Limits\nif of one reader"}
    titles |= {"mean": f"Limits\nif of the mean of {k}"}
    for short, title in titles.items():
        pairs = zip(frame[f"{short}_low"], frame[f"{short}_high"], strict=True)
        cells[title] = [printing.limits(low, high, 3) for low, high in pairs]
    one, mean = (_fitting(frame, short) for short in ("one", "mean"))
    note = f"Within .001 of both printed limits: {one} of {len(frame)} as the reliability of one "
    note += f"reader, {mean} as that of the mean. The printed ICCs are themselves rounded."
    whose = f"From printed numbers alone; {n} patients, {k} readers."
    made = layout.extra("icc_width", "ICC. Which limits fit the print", frame, cells, [], cohort)
    return made.replaced_notes(note, whose)


def _band(value):
    return next(word for upper, word in article.ICC_BANDS if value <= upper)


def _fitting(frame, short):
    away = [(frame[f"{short}_{end}"] - frame[f"printed_{end}"]).abs() for end in ("low", "high")]
    return int((pd.concat(away, axis=1) <= 0.001).all(axis=1).sum())
