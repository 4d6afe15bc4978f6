"""Where results go and what they came from: the results folder, atomic files, ``numbers.json``, and
a stamp without time or path."""

import hashlib
import json
import os
import sys
from importlib.metadata import version
from pathlib import Path

import pandas as pd

import ivim
from ivim import files
from ivim.cohort import DATA
from ivim.files import rounded

_PACKAGES = {
    "numpy": "numpy", "scipy": "scipy", "pandas": "pandas", "statsmodels": "statsmodels",
    "pingouin": "pingouin", "sklearn": "scikit-learn", "lmfit": "lmfit", "numba": "numba",
    "nibabel": "nibabel", "matplotlib": "matplotlib", "seaborn": "seaborn",
}  # fmt: skip
"""Name that is imported -> name that is installed."""


def results_folder() -> Path:
    """The folder that results are written to.

    Returns
    -------
    Path
        ``IVIM_RESULTS`` where the environment sets it, as ``ivim reproduce`` does; else
        ``results/scratch``, so that a notebook that is run by hand changes no stored result.
    """
    return Path(os.environ.get("IVIM_RESULTS") or files.RESULTS / "scratch")


def write_file(path: str | Path, content: str | bytes) -> Path:
    """Write a file whole or not at all: under a temporary name first, then moved into place.

    Parameters
    ----------
    path : path
        Missing folders are made.
    content : str or bytes
        Text is written as UTF-8 with "\\n" line ends on every platform.

    Returns
    -------
    Path
    """
    path = Path(path)
    files.new_folder(path.parent)
    files.write_bytes(path, content.encode("utf-8") if isinstance(content, str) else content)
    return path


def marked(frame: pd.DataFrame, source: str) -> pd.DataFrame:
    """A frame with a last column ``source`` that says whose numbers it holds.

    Parameters
    ----------
    frame : DataFrame
    source : str
        "reconstructed", "simulated", "own"; empty leaves the frame as it is.

    Returns
    -------
    DataFrame
    """
    return frame.assign(source=source) if source else frame


def record_numbers(section: str, numbers: dict, folder: str | Path | None = None) -> dict:
    """Put the numbers that a text quotes into ``numbers.json``, one section per notebook.

    The section is replaced whole; other sections stay. Numbers are kept to six significant digits,
    keys are sorted, so that the same numbers give the same bytes. Two writers at a time wait for
    each other.

    Parameters
    ----------
    section : str
        Name of the notebook, for example "05_group_comparison".
    numbers : dict
        Names to numbers, strings, truth values, or lists and dicts of these; a missing number
        becomes null.
    folder : path, optional
        By default :func:`results_folder`.

    Returns
    -------
    dict
        The section as stored.
    """
    path = Path(folder or results_folder()) / "numbers.json"
    stored = _plain(numbers)
    with files.locked(path):
        everything = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
        everything[section] = stored
        write_file(
            path, json.dumps(everything, indent=1, sort_keys=True, ensure_ascii=False) + "\n"
        )
    return stored


def stamp(*inputs: str | Path) -> str:
    """What a result was made with: versions of the packages and the first digits of each input's
    SHA-256.

    Parameters
    ----------
    *inputs : path
        By default the two tables of the reconstructed cohort; an empty string stands for its
        default.

    Returns
    -------
    str
        Two lines; no time and no path, so that the same inputs give the same stamp.
    """
    paths = [Path(path) for path in inputs if path] or [
        DATA / "patients.csv",
        DATA / "measurements.csv",
    ]
    hashes = (f"{path.name} {hashlib.sha256(path.read_bytes()).hexdigest()[:12]}" for path in paths)
    versions = (f"{name} {version(name)}" for name in packages_used())
    return "\n".join(
        [
            f"inputs    {' · '.join(hashes)}",
            f"made with {' · '.join([f'ivim {ivim.__version__}', *versions])}",
        ]
    )


def packages_used() -> list[str]:
    """The libraries that this process has worked with so far, by the names they are installed
    under.

    Returns
    -------
    list of str
        A library that is installed but was never loaded made nothing, and is not named.
    """
    return [name for module, name in _PACKAGES.items() if module in sys.modules]


def _plain(value):
    """Numbers as JSON keeps them: no numpy types, no NaN, six significant digits."""
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    value = value.item() if hasattr(value, "item") else value
    if isinstance(value, float):
        return rounded(value) if abs(value) < float("inf") else None
    return value
