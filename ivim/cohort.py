"""The two tables of a study, patients and measurements: read, check, average the readers."""

import csv
import re
from dataclasses import dataclass
from itertools import combinations
from os.path import commonprefix
from pathlib import Path

import numpy as np
import pandas as pd

from ivim import article, files, parameters
from ivim.files import shown

DATA = files.COHORT

MISSING = ("", "na", "n/a", "nan", "null", "none", ".", "-")
"""Words for a missing value in a column of numbers, or of sex and primary; a name may be any of
them.
"""

SEXES = {"male": "male", "m": "male", "female": "female", "f": "female"}
OLDEST = 130
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


def read_patients(path: str | Path) -> pd.DataFrame:
    """Read ``patients.csv``: ``patient`` and ``group`` are needed, ``primary``, ``sex`` and ``age``
    may be missing or blank.
    """
    frame = _read_csv(path, needed=("patient", "group"))
    frame = frame.assign(**{name: "" for name in ("primary", "sex", "age") if name not in frame})
    _check_filled(frame, ("patient", "group"), path)
    repeated = frame.loc[frame["patient"].duplicated(), "patient"]
    if len(repeated):
        msg = (
            f"{path}: patient {shown(repeated.iloc[0])} stands in more than one row; give each "
            "patient one row"
        )
        raise ValueError(msg)
    frame["primary"] = frame["primary"].where(~frame["primary"].str.lower().isin(MISSING), "")
    frame["sex"], frame["age"] = _sexes(frame, path), _ages(frame, path)
    _check_groups(frame["group"], path)
    return frame[["patient", "group", "primary", "sex", "age"]]


def read_measurements(path: str | Path) -> pd.DataFrame:
    """Read ``measurements.csv``: ``patient``, ``reader`` and one numeric column per parameter,
    diffusivities in 10⁻³ mm²/s.

    A value may be blank (a fit that failed), and a patient may lack a reader; at least one value
    has to be there.
    """
    frame = _read_csv(path, needed=("patient", "reader"))
    _refuse_row_names(frame, path)
    _check_filled(frame, ("patient", "reader"), path)
    twice = frame.duplicated(["patient", "reader"])
    if twice.any():
        row = frame[twice].iloc[0]
        msg = (
            f"{path}: reader {shown(row['reader'])} has more than one row for patient "
            f"{shown(row['patient'])}; give one row each"
        )
        raise ValueError(msg)
    columns = [column for column in frame.columns if column not in ("patient", "reader")]
    if foreign := next(
        (name for name in columns if name in ("group", "primary", "sex", "age")), ""
    ):
        msg = (
            f"{path}: column {shown(foreign)} tells of the patient, not of a reading; move it to "
            "patients.csv"
        )
        raise ValueError(msg)
    if not columns:
        msg = (
            f"{path}: no parameter column; add at least one of {', '.join(parameters.SIX)} or a "
            "column of your own"
        )
        raise ValueError(msg)
    for column in columns:
        frame[column] = _numbers(frame, column, path)
        _check_range(frame[column].dropna(), column, path)
    if frame[columns].isna().all(axis=None):
        msg = f"{path}: every value is blank; a study needs at least one measurement"
        raise ValueError(msg)
    known = [column for column in parameters.SIX if column in columns]
    return frame[
        ["patient", "reader", *known, *(column for column in columns if column not in known)]
    ]


def average_readers(measurements: pd.DataFrame) -> pd.DataFrame:
    """Each patient's mean over the readers, as in Methods ("the average of the ROI measurements ...
    was taken").

    A blank is left out of the mean, and a patient without any value has none. Rounded to ten
    decimals, so that equal averages are equal numbers and tie in a ROC curve.
    """
    return (
        measurements.drop(columns="reader")
        .groupby("patient", sort=False)
        .mean()
        .round(10)
        .reset_index()
    )


def _read_csv(path, needed):
    """A CSV table with every cell as stripped text; what pandas would mend in silence is
    refused."""
    path = Path(path)
    if not path.is_file():
        msg = (
            f"{path}: no such file; give the path of a CSV file with the columns "
            f"{', '.join(needed)}"
        )
        raise ValueError(msg)
    header, rows = _cells(path)
    _check_header(header, needed, path)
    for number, row in enumerate(rows, start=1):
        if len(row) != len(header):
            msg = (
                f"{path}: data row {number} has {len(row)} cells, the header {len(header)}; "
                "quote cells that hold a comma, and write no row names"
            )
            raise ValueError(msg)
    if not rows:
        msg = f"{path}: the table has a header but no row; add one row per patient"
        raise ValueError(msg)
    return pd.DataFrame(rows, columns=header, dtype=str)


def _cells(path):
    """Header and rows; blank lines and lines that begin with # (a note on where a table is from)
    are passed over.
    """
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
        kept = [line for line in lines if line.strip(" ,") and not line.startswith("#")]
        header, *rows = [[cell.strip() for cell in row] for row in csv.reader(kept, strict=True)]
    except (csv.Error, ValueError) as error:
        reason = "no row at all" if "not enough values" in str(error) else error
        msg = f"{path}: not a CSV table ({reason}); save it as comma-separated text in UTF-8"
        raise ValueError(msg) from error
    return header, rows


def _check_header(header, needed, path):
    if "" in header:
        msg = (
            f"{path}: column {header.index('') + 1} has no name; name it, or leave it out "
            "(in R: row.names = FALSE)"
        )
        raise ValueError(msg)
    if twice := next((name for name in header if header.count(name) > 1), None):
        msg = f"{path}: column {shown(twice)} stands there more than once; keep one"
        raise ValueError(msg)
    if missing := [column for column in needed if column not in header]:
        met = ", ".join(map(shown, header[:40]))
        msg = (
            f"{path}: column {shown(missing[0])} is missing; met {met}; "
            f"needed are {', '.join(needed)}"
        )
        raise ValueError(msg)


def _refuse_row_names(frame, path):
    """Row names that a program wrote as a first column would be measured like a marker."""
    first, rows = frame.columns[0], len(frame)
    counts = [list(map(str, range(start, start + rows))) for start in (0, 1)]
    if rows > 2 and first not in ("patient", "reader") and frame[first].tolist() in counts:
        msg = (
            f"{path}: column {shown(first)} counts the rows, which is no measurement; leave it out "
            "(in R: row.names = FALSE, in pandas: index=False)"
        )
        raise ValueError(msg)


def _check_filled(frame, columns, path):
    for column in columns:
        blank = frame[column] == ""
        if blank.any():
            row = int(np.flatnonzero(blank)[0]) + 1
            msg = (
                f"{path}: column {shown(column)} is blank in data row {row}; fill it or take the "
                "row out"
            )
            raise ValueError(msg)


def _numbers(frame, column, path):
    """A column of numbers; the usual words for a missing value are blanks."""
    words = frame[column].where(~frame[column].str.lower().isin(MISSING), "")
    numbers = pd.to_numeric(words.replace("", np.nan), errors="coerce").astype(float)
    bad = ~np.isfinite(numbers) & (words != "")
    if bad.any():
        row = frame[bad].iloc[0]
        msg = (
            f"{path}: {column} of patient {shown(row['patient'])} is {shown(row[column][:40])}; "
            "it has to be a finite number or blank"
        )
        raise ValueError(msg)
    return numbers


def _sexes(frame, path):
    """`male`, `female` or blank, in whatever usual spelling it came."""
    words = frame["sex"].where(~frame["sex"].str.lower().isin(MISSING), "")
    found = words.str.lower().map(SEXES | {"": ""})
    if found.isna().any():
        met = frame.loc[found.isna()].iloc[0]
        msg = (
            f"{path}: sex of patient {shown(met['patient'])} is {shown(met['sex'])}; "
            "accepted are male, female, M, F or blank"
        )
        raise ValueError(msg)
    return found


def _ages(frame, path):
    ages = _numbers(frame, "age", path)
    if (wrong := (ages < 0) | (ages > OLDEST)).any():
        met = frame[wrong].iloc[0]
        msg = (
            f"{path}: age of patient {shown(met['patient'])} is {met['age']}; "
            f"an age is from 0 to {OLDEST} years"
        )
        raise ValueError(msg)
    return ages


def _check_groups(column, path):
    names = list(dict.fromkeys(column))
    if len(names) < 2:
        msg = (
            f"{path}: column 'group' holds only {shown(names[0])}; "
            "a comparison needs at least two groups"
        )
        raise ValueError(msg)
    seen = {}
    for name in names:
        alike = seen.setdefault(re.sub(r"[\W_]+", "", name).casefold() or name, name)
        if alike != name:
            msg = (
                f"{path}: groups {shown(alike)} and {shown(name)} differ only in capitals, blanks "
                "or signs; write both the same if they are one group, or tell them apart by a "
                "letter"
            )
            raise ValueError(msg)


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


def _check_range(values, column, path):
    if column in ("f", "alpha") and not values.between(0, 1).all():
        met = values[~values.between(0, 1)].iloc[0]
        msg = (
            f"{path}: {column} is {met:g}; it is a fraction from 0 to 1 (divide a percentage by "
            "100)"
        )
        raise ValueError(msg)
    if parameters.is_diffusivity(column) and (values < 0).any():
        msg = f"{path}: {column} is {values.min():g}; a diffusivity is not negative"
        raise ValueError(msg)
    # 0.02e-3 mm²/s is a hundredth of free water: a whole column below it was written in mm²/s.
    if parameters.is_diffusivity(column) and values.max() < 0.02 + 0.2 * (column == "adc_fast"):
        msg = (
            f"{path}: {column} is at most {values.max():g}, which looks like mm²/s; tables are in "
            "10⁻³ mm²/s, so multiply by 1000"
        )
        raise ValueError(msg)


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
