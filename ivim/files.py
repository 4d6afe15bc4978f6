"""Where the project's files lie, and how a file is written: whole or not at all. Nothing else
writes a file by hand.
"""

import hashlib
import json
import os
import platform
import re
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

PACKAGE = Path(__file__).resolve().parent
IN_CHECKOUT = (PACKAGE.parent / "notebooks").is_dir() and (
    PACKAGE.parent / "pyproject.toml"
).is_file()
"""Whether this runs from the project's folder; installed as a wheel, it brings its own copies."""

ROOT = PACKAGE.parent if IN_CHECKOUT else PACKAGE / "bundle"
"""The project's folder; every path is taken from here, so that a notebook runs from any folder."""

DATA = ROOT / "data"
PUBLISHED = DATA / "published" / "claims.csv"
COHORT = DATA / "cohort"
NOTEBOOKS = ROOT / "notebooks"
RESULTS = ROOT / "results" if IN_CHECKOUT else Path.cwd() / "results"
"""Of the checkout, or of the folder that an installed ivim is called in."""


_HOST = hashlib.sha256(platform.node().encode()).hexdigest()[:6]
_LOCK_PATIENCE_S = 20.0


def temporary_name(what: str = "") -> str:
    """Beginning of a name for something temporary: it tells machine and process, so that a later
    run can sweep it.

    Parameters
    ----------
    what : str
        A word to tell several things of one process apart.

    Returns
    -------
    str
    """
    return f".ivim-{_HOST}-{os.getpid()}-{what}"


def sweep(folder: str | Path) -> None:
    """Take away what processes of this machine left in `folder` when they were killed.

    Things of running processes and of other machines (a shared disk) stay.

    Parameters
    ----------
    folder : path
    """
    import psutil

    for path in Path(folder).glob(f".ivim-{_HOST}-*"):
        pid = path.name.split("-")[2]
        if pid.isdigit() and int(pid) != os.getpid() and not psutil.pid_exists(int(pid)):
            shutil.rmtree(path, ignore_errors=True) if path.is_dir() else path.unlink()


@contextmanager
def locked(path: str | Path) -> Iterator[None]:
    """Hold a lock file beside `path`; one left behind by a process that died is taken over after a
    while.

    Parameters
    ----------
    path : path

    Yields
    ------
    None
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    lock = path.with_name(f".{path.name}.lock")
    waited_from = time.monotonic()
    while True:
        try:
            os.close(os.open(lock, os.O_CREAT | os.O_EXCL))
            break
        except FileExistsError:
            if time.monotonic() - waited_from > _LOCK_PATIENCE_S:
                lock.unlink(missing_ok=True)
            time.sleep(0.02)
    try:
        yield
    finally:
        lock.unlink(missing_ok=True)


@contextmanager
def replacing(path: str | Path) -> Iterator[Path]:
    """A temporary path beside `path` that takes its place when the block ends well; after an error
    nothing is there.

    The temporary name keeps the ending (``.nii.gz``), because some writers choose the format by it.

    Parameters
    ----------
    path : path

    Yields
    ------
    Path
        Where to write.

    Raises
    ------
    ValueError
        When the folder of `path` is missing or cannot be written to.
    """
    path = Path(path)
    if path.exists() and not path.is_file():
        msg = f"{path}: is no regular file; give the path of a file"
        raise ValueError(msg)
    found = re.search(r"(\.nii)?(\.\w+)?$", path.name.lower())
    ending = found.group() if found else ""
    try:
        handle, name = tempfile.mkstemp(prefix=temporary_name(), suffix=ending, dir=path.parent)
    except OSError as error:
        msg = f"{path}: cannot be written ({error.strerror}); give a path in a folder of your own"
        raise ValueError(msg) from error
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        temporary.chmod(0o644)
        os.replace(temporary, path)
    except OSError as error:
        msg = (
            f"{_final(path)}: cannot be written ({error.strerror or error}); free some space or "
            "give another path"
        )
        raise ValueError(msg) from error
    finally:
        temporary.unlink(missing_ok=True)


def _final(path):
    """Where a file of a temporary folder is to go, as far as its path tells."""
    parts = [part for part in path.parts if not part.startswith(".ivim-")]
    return Path(*parts)


def write_bytes(path: str | Path, content: bytes) -> None:
    """Write bytes, whole or not at all.

    Parameters
    ----------
    path : path
    content : bytes
    """
    with replacing(path) as temporary:
        temporary.write_bytes(content)


def write_text(path: str | Path, text: str) -> None:
    """Write text in UTF-8 with plain line ends, whole or not at all.

    Parameters
    ----------
    path : path
    text : str
    """
    write_bytes(path, text.encode("utf-8"))


def write_json(path: str | Path, content: Any, indent: int = 2) -> None:
    """Write JSON in UTF-8 with a line end behind the last line, whole or not at all.

    Parameters
    ----------
    path : path
    content : object
        Of plain types.
    indent : int
    """
    write_text(path, json.dumps(content, indent=indent, ensure_ascii=False) + "\n")


def write_csv(path: str | Path, frame: "pd.DataFrame") -> None:
    """Write a frame as :func:`csv_text` gives it, whole or not at all.

    Parameters
    ----------
    path : path
    frame : DataFrame
    """
    write_text(path, csv_text(frame))


DIGITS = 10
"""Significant digits of a table that others compute with: sums and ratios of its input, on which
all processors agree.
"""

FITTED_DIGITS = 6
"""Significant digits of numbers behind which an optimiser or a library's iteration stands (plotted
numbers, fits, quoted numbers): processors and releases differ from about the ninth on.
"""


def rounded(value: float, digits: int = FITTED_DIGITS) -> float:
    """A number to so many significant digits.

    Parameters
    ----------
    value : float
    digits : int

    Returns
    -------
    float
    """
    return float(f"{value:.{digits}g}")


def csv_text(frame: "pd.DataFrame", digits: int = DIGITS) -> str:
    """A frame as CSV; whole numbers stay whole, missing ones are empty.

    A text that a spreadsheet would run as a formula (it begins with = + - or @ and is no number)
    gets an apostrophe in front (OWASP, "CSV Injection").

    Parameters
    ----------
    frame : DataFrame
    digits : int
        Significant digits of numbers that are not whole.

    Returns
    -------
    str
    """
    safe = frame.rename(columns=_no_formula)
    for column in safe.select_dtypes(exclude="number"):
        safe[column] = safe[column].map(_no_formula)
    return safe.to_csv(index=False, float_format=f"%.{digits}g", lineterminator="\n")


_FORMULA = re.compile(r"[=+\-@\t\r]")
_HARMLESS = re.compile(r"[-+]?([\d.,]+([eE][-+]?\d+)?%?)?")


def _no_formula(value):
    if isinstance(value, str) and _FORMULA.match(value) and not _HARMLESS.fullmatch(value):
        return f"'{value}"
    return value


@contextmanager
def staged(folder: str | Path, force: bool = False) -> Iterator[Path]:
    """A temporary folder whose files move into `folder` when the block ends well; after an error
    nothing is there.

    Parameters
    ----------
    folder : path
        Made when missing.
    force : bool
        Allow a folder that holds files; those of the same names are replaced one by one, others
        stay.

    Yields
    ------
    Path
        The temporary folder.

    Raises
    ------
    ValueError
        When `folder` is a file, holds files (without `force`), or cannot be written to.
    """
    folder = Path(folder)
    if folder.exists() and not folder.is_dir():
        msg = f"{folder}: is a file; give a folder for the results"
        raise ValueError(msg)
    if folder.is_dir() and any(folder.iterdir()) and not force:
        msg = (
            f"{folder}: holds files already; give an empty or new folder, or --force to replace "
            "files of the same names"
        )
        raise ValueError(msg)
    above = next(parent for parent in (folder, *folder.absolute().parents) if parent.is_dir())
    sweep(above)
    try:
        stage = Path(tempfile.mkdtemp(prefix=temporary_name(), dir=above))
    except OSError as error:
        msg = f"{folder}: cannot be written to ({error.strerror}); give a folder of your own"
        raise ValueError(msg) from error
    try:
        yield stage
        for file in sorted(path for path in stage.rglob("*") if path.is_file()):
            target = folder / file.relative_to(stage)
            target.parent.mkdir(parents=True, exist_ok=True)
            os.replace(file, target)
        folder.mkdir(parents=True, exist_ok=True)
    finally:
        shutil.rmtree(stage, ignore_errors=True)


def shown(value: object, longest: int = 60) -> str:
    """A value of an input as a message shows it: in one line, and not longer than a person reads.

    Parameters
    ----------
    value : object
    longest : int
        Signs; what is beyond is left out.

    Returns
    -------
    str
    """
    try:
        text = repr(value)
    except (ValueError, RecursionError):  # a whole number of more than 4300 digits
        text = f"a {type(value).__name__} too long to write"
    return text if len(text) <= longest else f"{text[: longest - 3]}..."


def new_folder(path: str | Path) -> Path:
    """Make a folder and those above it, where they are missing.

    Parameters
    ----------
    path : path

    Returns
    -------
    Path

    Raises
    ------
    ValueError
        When there is a file, or the place cannot be written to.
    """
    path = Path(path)
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        why = "a file is there" if path.exists() else error.strerror
        msg = f"{path}: cannot be made ({why}); give a folder of your own"
        raise ValueError(msg) from error
    return path


def safe_name(text: str) -> str:
    """A name from an input as part of a file name: letters, digits, dot, dash and underscore; never
    a path.

    Parameters
    ----------
    text : str

    Returns
    -------
    str
        Other characters become ``-``; leading dots are taken away; an empty name is ``unnamed``.
    """
    return re.sub(r"[^\w.-]+", "-", str(text)).lstrip(".-") or "unnamed"
