"""What has been run: results taken over all at once, the numbers and the record of every run kept
together.
"""

import hashlib
import json
import os
import sys
from collections.abc import Callable, Sequence
from importlib.metadata import version
from pathlib import Path

from ivim import files, notebook
from ivim.run import plan
from ivim.run.plan import Task

PACKAGES = (
    "numpy",
    "scipy",
    "lmfit",
    "pandas",
    "pingouin",
    "scikit-learn",
    "statsmodels",
    "seaborn",
    "matplotlib",
    "numba",
    "nibabel",
    "papermill",
    "nbval",
    "jupyter",
)


class RunError(ValueError):
    """A notebook failed; the message names the notebook, the cell and the error."""


def read(out: Path, say: Callable[[str], None] = lambda line: None) -> dict[str, dict]:
    """The record of earlier runs by notebook; a damaged one counts as none, and is said.

    Parameters
    ----------
    out : Path
        Folder of results.
    say : callable
        Receives a line for each damaged file.

    Returns
    -------
    dict of str to dict
        Entries as :func:`collect` makes them.
    """
    content = _read_json(out / "run.json", say)
    entries = content.get("notebooks")
    return {
        name: entry
        for name, entry in (entries.items() if isinstance(entries, dict) else ())
        if isinstance(entry, dict) and {"status", "files", "numbers"} <= entry.keys()
    }


def is_current(task: Task, entries: dict[str, dict], out: Path) -> bool:
    """True when the same inputs were run before and every file they gave is still what it was.

    Parameters
    ----------
    task : Task
    entries : dict of str to dict
        Of :func:`read`.
    out : Path
        Folder of results.

    Returns
    -------
    bool
    """
    entry = entries.get(task.name, {})
    if entry.get("status") != "done" or entry.get("fingerprint") != task.fingerprint:
        return False
    files_stand = all(
        (out / name).is_file() and plan.digest(out / name) == wanted
        for name, wanted in entry["files"].items()
    )
    numbers = _read_json(out / "numbers.json")
    return files_stand and all(
        _digest_json(numbers.get(section)) == wanted for section, wanted in entry["numbers"].items()
    )


def collect(task: Task, staging: Path, seconds: float) -> dict:
    """What one notebook gave, as an entry of the record.

    Parameters
    ----------
    task : Task
    staging : Path
        Folder in which the notebook's own folder lies.
    seconds : float
        How long it took.

    Returns
    -------
    dict
        ``status``, ``seconds``, ``fingerprint``, and the hashes of its ``files`` and of its
        sections of ``numbers.json``.
    """
    folder = staging / task.name
    found = {
        path.relative_to(folder).as_posix(): plan.digest(path)
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }
    found.pop("numbers.json", None)
    numbers = _read_json(folder / "numbers.json")
    return {
        "status": "done",
        "seconds": seconds,
        "fingerprint": task.fingerprint,
        "files": found,
        "numbers": {section: _digest_json(values) for section, values in numbers.items()},
    }


def replace(found: dict[str, dict], staging: Path, out: Path, tasks: Sequence[Task]) -> None:
    """Move every new file over the old one, take away what an earlier run gave and this one does
    not, and note it all.

    Two runs of different notebooks into one folder wait for each other here, so that neither loses
    the other's record.

    Parameters
    ----------
    found : dict of str to dict
        Of :func:`collect`, by notebook.
    staging, out : Path
        Where the files are, and where they go.
    tasks : sequence of Task
        All that were asked for; their parameters are noted.
    """
    with files.locked(out / "run.json"):
        entries = read(out)
        numbers = _read_json(out / "numbers.json")
        for name, entry in found.items():
            for file in entry["files"]:
                (out / file).parent.mkdir(parents=True, exist_ok=True)
                os.replace(staging / name / file, out / file)
            for file in set(entries.get(name, {}).get("files", ())) - set(entry["files"]):
                (out / file).unlink(missing_ok=True)
            numbers |= _read_json(staging / name / "numbers.json")
        files.write_text(
            out / "numbers.json",
            json.dumps(numbers, indent=1, sort_keys=True, ensure_ascii=False) + "\n",
        )
        _write(out, entries | found, tasks)


def keep_failed(staging: Path, out: Path) -> None:
    """Leave the notebook that failed where its reader can open it.

    Parameters
    ----------
    staging, out : Path
        Where it was run, and the folder of results; it goes to ``logs/`` there.
    """
    for path in staging.glob("*/notebooks/*.ipynb"):
        if '"output_type": "error"' in path.read_text(encoding="utf-8"):
            (out / "logs").mkdir(exist_ok=True)
            os.replace(path, out / "logs" / path.name)


def _write(out, entries, tasks):
    content = {
        "python": sys.version.split()[0],
        "versions": {name: version(name) for name in PACKAGES},
        "inputs": {plan.named(path): plan.digest(path) for path in plan.shared_inputs()},
        "seeds": {
            path.stem: {
                name: value
                for name, value in notebook.parameters_of(path).items()
                if "seed" in name
            }
            for path in sorted(files.NOTEBOOKS.glob("[0-9][0-9]_*.ipynb"))
        },
        "parameters": {task.name: task.parameters for task in tasks if task.parameters},
        "notebooks": dict(sorted(entries.items())),
    }
    files.write_json(out / "run.json", content, indent=1)


def _read_json(path, say=lambda line: None):
    """A JSON object; what is absent or damaged (cut off, conflict marks, no object) is an empty
    one.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, RecursionError):
        content = None
    if isinstance(content, dict):
        return content
    say(f"  {path.name} is damaged and counts as absent; what it held is made anew")
    return {}


def _digest_json(value):
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()
