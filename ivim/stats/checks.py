"""Shared guards of the statistics: every wrong input is met here, once, with what is accepted."""

from collections.abc import Hashable, Iterable
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]


def check_columns(frame: pd.DataFrame, *columns: Hashable) -> None:
    """Refuse anything but a filled frame that has all the named columns.

    Parameters
    ----------
    frame : DataFrame
    *columns : str
        Names that have to be there.

    Raises
    ------
    TypeError
        When `frame` is not a DataFrame.
    ValueError
        When a column is missing or the frame has no row.
    """
    if not isinstance(frame, pd.DataFrame):
        met = type(frame).__name__
        msg = f"a tidy pandas DataFrame is needed, one row per observation; met {met}"
        raise TypeError(msg)
    missing = [column for column in columns if column not in frame.columns]
    if missing:
        met = ", ".join(map(repr, frame.columns))
        msg = f"column {missing[0]!r} is not in the frame; its columns are {met}"
        raise ValueError(msg)
    if frame.empty:
        msg = "the frame has no row; give one row per observation"
        raise ValueError(msg)


def name_list(values: Any) -> list[Any]:
    """One column name or several, always as a list without repeats.

    Parameters
    ----------
    values : str or list of str

    Returns
    -------
    list of str

    Raises
    ------
    ValueError
        When none is named, or one twice.
    """
    if values is None:
        msg = "no column was named; give values= a column name or a list of them"
        raise ValueError(msg)
    names = [values] if isinstance(values, str) or not np.iterable(values) else list(values)
    if not names or len(set(names)) < len(names):
        msg = f"a column name or a list of different column names is needed; met {values!r}"
        raise ValueError(msg)
    return names


def numbers(values: ArrayLike, name: Hashable, missing: bool = False) -> Floats:
    """Values as a float array, shape (n,).

    Parameters
    ----------
    values : array, shape (n,)
    name : str
        What the message calls them.
    missing : bool
        Accept missing values, as NaN.

    Returns
    -------
    array, shape (n,)

    Raises
    ------
    ValueError
        When a value is text or infinite, or missing and `missing` is not set.
    """
    try:
        if isinstance(values, pd.Series):  # pandas' own missing value becomes NaN
            array = values.to_numpy(dtype=float, na_value=np.nan)
        else:
            array = np.asarray(values, dtype=float)
    except (TypeError, ValueError) as error:
        msg = f"{name!r} holds values that are not numbers ({error}); numbers are needed"
        raise ValueError(msg) from error
    if array.ndim != 1:
        msg = f"{name!r} has {array.ndim} dimensions; one value per observation is needed"
        raise ValueError(msg)
    bad = np.isinf(array) if missing else ~np.isfinite(array)
    if bad.any():
        way_out = "blank infinite values first" if missing else "drop those rows first (dropna)"
        msg = f"{_missing(int(bad.sum()), array.size, name)}; {way_out}"
        raise ValueError(msg)
    return array


def missing_note(array: Floats, name: Hashable) -> str:
    """What an error of too little data adds where values are missing; empty where none is.

    Parameters
    ----------
    array : array, shape (n,)
    name : str

    Returns
    -------
    str
    """
    count = int(np.isnan(array).sum())
    return f" ({_missing(count, array.size, name)})" if count else ""


def left_out(counts: dict[Any, tuple[int, int]], what: str) -> list[str]:
    """Sentences on what is left out because a value is missing.

    Parameters
    ----------
    counts : dict of str to (int, int)
        Parameter to how many are left out, and of how many.
    what : str
        What is counted, in the plural.

    Returns
    -------
    list of str
        One sentence for each parameter that lacks a value.
    """
    return [
        f"{name}: {count} of {total} {what} left out, a value is missing."
        for name, (count, total) in counts.items()
        if count
    ]


def labels(values: ArrayLike, name: Hashable) -> pd.Series:
    """Group labels as a Series without blanks.

    Parameters
    ----------
    values : array, shape (n,)
    name : str
        What the message calls them.

    Returns
    -------
    Series, shape (n,)

    Raises
    ------
    ValueError
        When a label is missing.
    """
    series = pd.Series(values).reset_index(drop=True)
    if series.isna().any():
        count = int(series.isna().sum())
        msg = f"{name!r} is missing in {count} row(s); name the group or drop those rows first"
        raise ValueError(msg)
    return series


def binary(values: ArrayLike, name: Hashable = "y") -> NDArray[np.int_]:
    """An outcome as an int array of 0 (control) and 1 (case), both present, shape (n,).

    Parameters
    ----------
    values : array, shape (n,)
    name : str
        What the message calls it.

    Returns
    -------
    array of int, shape (n,)

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
        example = "(frame['group'] == 'metastasis').astype(int)"
        msg = f"{name!r} holds {shown}; an outcome is 0 (control) or 1 (case), e.g. {example}"
        raise ValueError(msg)
    if len(met) < 2:
        shown = ", ".join(map(repr, met)) or "nothing"
        msg = f"{name!r} holds only {shown}; both cases (1) and controls (0) are needed"
        raise ValueError(msg)
    return array.astype(int)


def varying(array: Floats, name: Hashable) -> Floats:
    """Refuse a constant: no test, curve or slope exists for it.

    Parameters
    ----------
    array : array, shape (n,)
    name : str
        What the message calls it.

    Returns
    -------
    array, shape (n,)

    Raises
    ------
    ValueError
        When fewer than two different values are there.
    """
    known = array[~np.isnan(array)]
    if known.size < 2 or np.all(known == known[0]):
        met = f"is {known[0]:g} in every row" if known.size else "is empty"
        note = missing_note(array, name)
        msg = f"{name!r} {met}; a constant cannot be analysed, leave it out{note}"
        raise ValueError(msg)
    return array


def proportion(value: float, name: str = "confidence") -> float:
    """A number strictly between 0 and 1, such as a confidence of 0.95.

    Parameters
    ----------
    value : float
    name : str
        What the message calls it.

    Returns
    -------
    float

    Raises
    ------
    ValueError
        When it is not between 0 and 1.
    """
    if not 0 < value < 1:
        msg = f"{name} is {value}; a number between 0 and 1 is needed, e.g. 0.95 (not 95)"
        raise ValueError(msg)
    return float(value)


def one_of(value: Any, accepted: Iterable[Any], name: str) -> Any:
    """Refuse a word that is not among those accepted.

    Parameters
    ----------
    value : str
    accepted : sequence of str
    name : str
        What the message calls it.

    Returns
    -------
    str

    Raises
    ------
    ValueError
        When it is another word.
    """
    accepted = tuple(accepted)
    if value not in accepted:
        msg = f"{name} is {value!r}; accepted are {', '.join(map(repr, accepted))}"
        raise ValueError(msg)
    return value


def _missing(count: int, total: int, name: Hashable) -> str:
    return f"{name!r} has {count} missing or infinite value(s) among {total}"
