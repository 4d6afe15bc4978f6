"""What is to run: the notebooks that apply, the parameters they get, and a fingerprint of all they
depend on.
"""

import hashlib
import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ivim import files, notebook

TABLES = ("patients", "measurements", "positive")
"""Parameters of a notebook that have options of their own, which check them first."""


@dataclass(frozen=True)
class Task:
    """One notebook to run: its path, the parameters given to it, and the fingerprint of all it
    depends on.
    """

    path: Path
    parameters: dict
    fingerprint: str

    @property
    def name(self) -> str:
        """The notebook's name without ending."""
        return self.path.stem


def own_tables(
    patients: str | Path | None, measurements: str | Path | None, positive: str | None
) -> dict[str, str]:
    """Check a user's tables before a kernel starts, and return them as notebook parameters.

    Parameters
    ----------
    patients, measurements : path or None
        The two tables of a study; both or neither.
    positive : str or None
        The group that counts as disease.

    Returns
    -------
    dict of str to str
        By the names of :data:`TABLES`, those that were given; paths are absolute.

    Raises
    ------
    ValueError
        For one table without the other, a table that breaks its contract, an unknown group.
    """
    if (patients is None) != (measurements is None):
        given, missing = (
            ("--patients", "--measurements") if patients else ("--measurements", "--patients")
        )
        msg = f"{given} was given without {missing}; a study needs both tables (see data/README.md)"
        raise ValueError(msg)
    tables = {"positive": positive} if positive else {}
    if patients is not None and measurements is not None:
        tables |= {
            "patients": str(Path(patients).resolve()),
            "measurements": str(Path(measurements).resolve()),
        }
    if tables:
        from ivim.cohort import load_cohort

        load_cohort(patients, measurements, positive)
    return tables


def results_folder(out: str | Path | None, measurements: str | Path | None, force: bool) -> Path:
    """The folder that results go to.

    Parameters
    ----------
    out : path or None
        As asked for; without it ``results/``, or a folder in it for tables of one's own.
    measurements : path or None
        The own table, whose name that folder takes.
    force : bool
        Accept a folder that holds files which no earlier run wrote.

    Returns
    -------
    Path

    Raises
    ------
    ValueError
        When `out` is a file, or without `force` a folder of other files.
    """
    if out is None:
        name = None if measurements is None else f"own-{files.safe_name(Path(measurements).stem)}"
        return files.RESULTS / name if name else files.RESULTS
    out = Path(out).resolve()
    if out.exists() and not out.is_dir():
        msg = f"--out {out} is a file; give a folder"
        raise ValueError(msg)
    strange = (
        out.is_dir()
        and out != files.RESULTS
        and any(not path.name.startswith(".ivim-") for path in out.iterdir())
        and not (out / "run.json").exists()
    )
    if strange and not force:
        msg = (
            f"--out {out} holds files that are not from an earlier run; "
            "choose another folder, or --force to write into it"
        )
        raise ValueError(msg)
    return out


def tasks(
    only: Sequence[str], tables: Mapping[str, str], parameters: Mapping[str, object]
) -> list[Task]:
    """The notebooks to run, in order.

    Parameters
    ----------
    only : sequence of str
        Beginnings of names; none for all that apply.
    tables : dict
        Checked tables of one's own (:func:`own_tables`).
    parameters : dict
        Further parameters by name.

    Returns
    -------
    list of Task

    Raises
    ------
    ValueError
        For a name or a parameter that no notebook has, a wrong type, or a table given as a
        parameter.
    """
    paths = sorted(files.NOTEBOOKS.glob("[0-9][0-9]_*.ipynb"))
    names = ", ".join(path.stem for path in paths)
    for name in only:
        if not str(name).strip() or not any(path.stem.startswith(str(name)) for path in paths):
            msg = f"no notebook begins with {name!r}; there are {names}"
            raise ValueError(msg)
    if table := next((name for name in parameters if name in TABLES), None):
        msg = f"-p {table}=...: tables and groups are given by --{table}, which checks them first"
        raise ValueError(msg)
    chosen = [path for path in paths if not only or path.stem.startswith(tuple(map(str, only)))]
    known = {path: notebook.parameters_of(path) for path in chosen}
    if "measurements" in tables:
        chosen = [path for path in chosen if "measurements" in known[path]]
    given = {**tables, **parameters}
    _check_known(given, {path: known[path] for path in chosen})
    shared = _fingerprint_of_shared_inputs()
    return [_task(path, _typed(given, known[path]), shared) for path in chosen]


def shared_inputs() -> list[Path]:
    """Every file that all notebooks depend on: code, data, the lock."""
    code = sorted(Path(files.__file__).parent.rglob("*.py"))
    data = sorted(
        path for path in files.DATA.rglob("*.*") if path.is_file() and "fetched" not in path.parts
    )
    return [path for path in (*code, *data, files.ROOT / "requirements.lock") if path.is_file()]


def named(path: Path) -> str:
    """A shared input's name in the record.

    Parameters
    ----------
    path : Path
        One of :func:`shared_inputs`.

    Returns
    -------
    str
        Its place in the project.
    """
    base = files.PACKAGE.parent if path.suffix == ".py" else files.ROOT
    return path.relative_to(base).as_posix()


def digest(path: Path) -> str:
    """SHA-256 of a file.

    Parameters
    ----------
    path : Path

    Returns
    -------
    str
        In hexadecimal digits.
    """
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _typed(given, defaults):
    return {
        name: notebook.typed(name, given[name], defaults[name])
        for name in given
        if name in defaults
    }


def _check_known(given, known):
    for name in given:
        if not any(name in parameters for parameters in known.values()):
            names = sorted({name for parameters in known.values() for name in parameters})
            msg = (
                f"no notebook that is to run has a parameter {name!r}; there are {', '.join(names)}"
            )
            raise ValueError(msg)


def _task(path, parameters, shared):
    found = hashlib.sha256(shared.encode())
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    sources = [[cell["cell_type"], cell["source"], cell["metadata"]] for cell in cells]
    found.update(json.dumps(sources).encode())
    for name, value in sorted(parameters.items()):
        found.update(f"{name}={value!r}".encode())
        if name in ("patients", "measurements") and value:
            found.update(Path(value).read_bytes())
    return Task(path, parameters, found.hexdigest())


def _fingerprint_of_shared_inputs():
    found = hashlib.sha256(sys.version.encode())
    for path in shared_inputs():
        found.update(f"{named(path)} {digest(path)}\n".encode())
    return found.hexdigest()
