"""Shared guards of the statistics: every wrong input is met here, once, with what was met and what is accepted."""

import numpy as np
import pandas as pd


def check_columns(frame, *columns):
    """Refuse anything but a filled frame that has all the named columns.

    Raises
    ------
    TypeError
        When `frame` is not a DataFrame.
    ValueError
        When a column is missing or the frame has no row.
    """
    if not isinstance(frame, pd.DataFrame):
        msg = f"a tidy pandas DataFrame is needed, one row per observation; met {type(frame).__name__}"
        raise TypeError(msg)
    missing = [column for column in columns if column not in frame.columns]
    if missing:
        msg = f"column {missing[0]!r} is not in the frame; its columns are {', '.join(map(repr, frame.columns))}"
        raise ValueError(msg)
    if frame.empty:
        msg = "the frame has no row; give one row per observation"
        raise ValueError(msg)


def name_list(values):
    """One column name or several, always as a list without repeats."""
    if values is None:
        msg = "no column was named; give values= a column name or a list of them"
        raise ValueError(msg)
    names = [values] if isinstance(values, str) or not np.iterable(values) else list(values)
    if not names or len(set(names)) < len(names):
        msg = f"a column name or a list of different column names is needed; met {values!r}"
        raise ValueError(msg)
    return names


def numbers(values, name):
    """Values as a finite float array, shape (n,).

    Raises
    ------
    ValueError
        When a value is text, missing or infinite.
    """
    try:
        array = np.asarray(values, dtype=float)
    except (TypeError, ValueError) as error:
        msg = f"{name!r} holds values that are not numbers ({error}); numbers are needed"
        raise ValueError(msg) from error
    if array.ndim != 1:
        msg = f"{name!r} has {array.ndim} dimensions; one value per observation is needed"
        raise ValueError(msg)
    missing = int((~np.isfinite(array)).sum())
    if missing:
        msg = f"{name!r} has {missing} missing or infinite value(s) among {array.size}; drop those rows first (dropna)"
        raise ValueError(msg)
    return array


def labels(values, name):
    """Group labels as a Series without blanks."""
    series = pd.Series(values).reset_index(drop=True)
    if series.isna().any():
        msg = f"{name!r} is missing in {int(series.isna().sum())} row(s); name the group or drop those rows first"
        raise ValueError(msg)
    return series


def binary(values, name="y"):
    """An outcome as an int array of 0 (control) and 1 (case), both present, shape (n,).

    Raises
    ------
    ValueError
        When a value is neither 0 nor 1, or only one of the two is there.
    """
    array = np.asarray(values)
    if array.ndim != 1:
        msg = f"{name!r} has {array.ndim} dimensions; one outcome per patient is needed"
        raise ValueError(msg)
    met = list(dict.fromkeys(array.tolist()))
    if any(not isinstance(value, (bool, int, float)) or value not in (0, 1) for value in met):
        shown = ", ".join(map(repr, met[:4])) + (", ..." if len(met) > 4 else "")
        msg = f"{name!r} holds {shown}; an outcome is 0 (control) or 1 (case), e.g. (frame['group'] == 'metastasis').astype(int)"
        raise ValueError(msg)
    if len(met) < 2:
        msg = f"{name!r} holds only {', '.join(map(repr, met)) or 'nothing'}; both cases (1) and controls (0) are needed"
        raise ValueError(msg)
    return array.astype(int)


def varying(array, name):
    """Refuse a constant: no test, curve or slope exists for it."""
    if array.size < 2 or np.all(array == array[0]):
        met = f"is {array[0]:g} in every row" if array.size else "is empty"
        msg = f"{name!r} {met}; a constant cannot be analysed, leave it out"
        raise ValueError(msg)
    return array


def proportion(value, name="confidence"):
    """A number strictly between 0 and 1, such as a confidence of 0.95."""
    if not 0 < value < 1:
        msg = f"{name} is {value}; a number between 0 and 1 is needed, e.g. 0.95 (not 95)"
        raise ValueError(msg)
    return float(value)


def one_of(value, accepted, name):
    """Refuse a word that is not among those accepted."""
    if value not in accepted:
        msg = f"{name} is {value!r}; accepted are {', '.join(map(repr, accepted))}"
        raise ValueError(msg)
    return value
