"""A study as its two tables, patients and measurements: held together, readers averaged."""

from dataclasses import dataclass
from itertools import combinations
from os.path import commonprefix
from pathlib import Path

import numpy as np
import pandas as pd

from ivim import article, files
from ivim.cohort_tables import read_measurements, read_patients
from ivim.files import shown

DATA = files.COHORT
LONG_WORD = 7
"""Letters from which on two names that differ by one were hardly meant to."""


@dataclass(frozen=True, eq=False)
class Cohort:
    """A checked study: who was measured, what each reader measured, and one value per patient.

    Attributes
    ----------
    patients : DataFrame
        ``patient, group, primary, sex, age``, one row per patient.
    measurements : DataFrame
        ``patient, reader`` and one column per parameter, one row per patient and reader.
    values : DataFrame
        ``patients`` joined with the mean over the readers of each parameter.
    parameters : tuple of str
        Measured columns, the article's six first, own columns after them.
    groups : tuple of str
        Group names, the positive one (the disease looked for) last.
    primaries : tuple of str
        Sub-groups named in column ``primary``, in the article's order where they are the article's.
    remarks : tuple of str
        What a person should look at, in sentences: groups whose names differ by a letter, values
        that are blank, patients whom not every reader measured, columns without any number. Empty
        for a complete study.
    """

    patients: pd.DataFrame
    measurements: pd.DataFrame
    values: pd.DataFrame
    parameters: tuple[str, ...]
    groups: tuple[str, ...]
    primaries: tuple[str, ...]
    remarks: tuple = ()

    def __repr__(self) -> str:
        """What is in it, in two lines."""
        kind = "reconstructed cohort" if self.reconstructed else "your own table"
        sizes = self.values["group"].value_counts()
        groups = ", ".join(f"{sizes[name]} {name}" for name in self.groups)
        readers = ", ".join(map(str, self.measurements["reader"].unique()))
        lines = [
            f"{kind}: {len(self.values)} patients ({groups}); disease: {self.positive}",
            f"readers: {readers}; parameters: {', '.join(self.parameters)}",
        ]
        return "\n".join([*lines, *self.remarks])

    @property
    def positive(self) -> str:
        """Name of the group that counts as disease."""
        return self.groups[-1]

    @property
    def reconstructed(self) -> bool:
        """True for the article's reconstructed cohort: its patients are named ``recon-...``, so the
        word travels with the rows.
        """
        return bool(self.patients["patient"].str.startswith("recon-").all())

    @property
    def outcome(self) -> np.ndarray:
        """1 for a patient of the positive group, 0 otherwise; shape (n,)."""
        return (self.values["group"] == self.positive).astype(int).to_numpy()


def load_cohort(
    patients: str | Path | None = None,
    measurements: str | Path | None = None,
    positive: str | None = None,
) -> Cohort:
    """Read and check a study's two tables.

    Parameters
    ----------
    patients, measurements : path, optional
        CSV files as described in ``data/README.md``; by default the reconstructed cohort of the
        article.
    positive : str, optional
        The group that counts as disease; by default ``metastasis`` where there is one, else the
        last group to appear.

    Returns
    -------
    Cohort

    Raises
    ------
    ValueError
        When a table breaks its contract; one line with the value met and what is accepted.
    """
    people = read_patients(patients or DATA / "patients.csv")
    readings = read_measurements(measurements or DATA / "measurements.csv")
    _check_same_patients(people, readings)
    readings, empty = _without_empty_columns(readings)
    parameters = tuple(column for column in readings.columns if column not in ("patient", "reader"))
    return Cohort(
        patients=people,
        measurements=readings,
        values=people.merge(average_readers(readings), on="patient", validate="one_to_one"),
        parameters=parameters,
        groups=_order_groups(people["group"], positive or None),
        primaries=_order_primaries(people["primary"]),
        remarks=(
            *_near_names(people["group"]),
            *empty,
            *_missing_remarks(readings, parameters),
        ),
    )


def average_readers(measurements: pd.DataFrame) -> pd.DataFrame:
    """Each patient's mean over the readers, as in Methods ("the average of the ROI measurements ...
    was taken").

    A blank is left out of the mean, and a patient without any value has none. Rounded to ten
    decimals, so that equal averages are equal numbers and tie in a ROC curve.

    Parameters
    ----------
    measurements : DataFrame
        Of :func:`ivim.cohort_tables.read_measurements`.

    Returns
    -------
    DataFrame
        ``patient`` and one column per parameter, one row per patient.
    """
    return (
        measurements.drop(columns="reader")
        .groupby("patient", sort=False)
        .mean()
        .round(10)
        .reset_index()
    )


def _without_empty_columns(readings):
    """The readings without columns that hold no number at all, and a remark on each of these."""
    empty = [column for column in readings.columns if readings[column].isna().all()]
    return readings.drop(columns=empty), [f"{name}: blank in every row." for name in empty]


def _missing_remarks(readings, columns):
    """Sentences on what is blank and on whom not every reader measured; nothing for a complete
    table.
    """
    remarks, patients = [], readings["patient"].nunique()
    for column in columns:
        found = readings.groupby("patient", sort=False)[column].count()
        if blank := found.index[found == 0].tolist():
            remarks.append(
                f"{column}: {patients - len(blank)} of {patients} patients have a value; "
                f"none for {', '.join(blank)}."
            )
    used = readings[readings[list(columns)].notna().any(axis=1)]
    for reader in dict.fromkeys(readings["reader"]):
        seen = set(used.loc[used["reader"] == reader, "patient"])
        # Who was measured by nobody has been named above.
        if lacking := [one for one in dict.fromkeys(used["patient"]) if one not in seen]:
            remarks.append(f"Reader {reader} did not measure {', '.join(lacking)}.")
    return remarks


def _check_same_patients(people, readings):
    measured, known = set(readings["patient"]), set(people["patient"])
    if unmeasured := sorted(known - measured):
        msg = (
            f"patient {shown(unmeasured[0])} has no measurement ({len(unmeasured)} such); add the "
            "rows or take the patient out of patients.csv"
        )
        raise ValueError(msg)
    if unknown := sorted(measured - known):
        msg = (
            f"patient {shown(unknown[0])} is measured but not in patients.csv "
            f"({len(unknown)} such); add the patient or take the rows out"
        )
        raise ValueError(msg)


def _order_groups(column, positive):
    names = list(dict.fromkeys(column))
    if positive is None:
        positive = article.POSITIVE if article.POSITIVE in names else names[-1]
    if positive not in names:
        msg = (
            f"positive group {shown(positive)} is not in the data; the groups are "
            f"{', '.join(map(repr, names))}"
        )
        raise ValueError(msg)
    return (*(name for name in names if name != positive), positive)


def _order_primaries(column):
    names = [name for name in dict.fromkeys(column) if name]
    return (
        *(name for name in article.PRIMARIES if name in names),
        *(name for name in names if name not in article.PRIMARIES),
    )


def _near_names(column):
    """A sentence for each two groups whose names are one slip of a letter apart."""
    for one, other in combinations(dict.fromkeys(column), 2):
        words = list(zip(one.casefold().split(), other.casefold().split(), strict=False))
        differing = [pair for pair in words if pair[0] != pair[1]]
        same_length = len(one.split()) == len(other.split())
        if same_length and len(differing) == 1 and _one_slip(*differing[0]):
            yield (
                f"Groups {shown(one)} and {shown(other)} differ by a letter; if they are one "
                "group, write both the same."
            )


def _one_slip(one, other):
    """Whether of two long words one has a letter more or another, or two letters exchanged."""
    long = min(len(one), len(other)) >= LONG_WORD and (one + other).isalpha()
    start = len(commonprefix([one, other]))
    one, other = one[start:], other[start:]
    end = len(commonprefix([one[::-1], other[::-1]]))
    one, other = (text[: len(text) - end] for text in (one, other))
    exchanged = len(one) == 2 and one[::-1] == other
    return long and (exchanged or max(len(one), len(other)) == 1)
