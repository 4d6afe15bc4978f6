"""The two tables of a study as files: read, every cell checked, and refused in one line."""

import csv
import re
from pathlib import Path

import numpy as np
import pandas as pd

from ivim import parameters
from ivim.files import shown

MISSING = ("", "na", "n/a", "nan", "null", "none", ".", "-")
"""Words for a missing value in a column of numbers, or of sex and primary; a name may be any of
them.
"""

SEXES = {"male": "male", "m": "male", "female": "female", "f": "female"}
OLDEST = 130


def read_patients(path: str | Path) -> pd.DataFrame:
    """Read ``patients.csv``: ``patient`` and ``group`` are needed, ``primary``, ``sex`` and ``age``
    may be missing or blank.

    Parameters
    ----------
    path : path

    Returns
    -------
    DataFrame
        ``patient, group, primary, sex, age``; blank text where one of the last three is not
        known, no number for an age.

    Raises
    ------
    ValueError
        When the table breaks its contract; one line with the value met and what is accepted.
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

    Parameters
    ----------
    path : path

    Returns
    -------
    DataFrame
        ``patient, reader``, the six parameters that are there in their order, columns of one's
        own after them.

    Raises
    ------
    ValueError
        When the table breaks its contract; one line with the value met and what is accepted.
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
