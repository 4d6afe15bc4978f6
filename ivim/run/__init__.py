"""Run the notebooks with papermill: side by side, only where something changed, replacing results
only when all is whole.
"""

import os
import shutil
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from ivim import files
from ivim.run import plan, record
from ivim.run.execute import execute, prepare
from ivim.run.processes import side_by_side
from ivim.run.record import RunError

__all__ = ["RunError", "reproduce"]


def reproduce(
    out: str | Path | None = None,
    *,
    jobs: int | None = None,
    only: Sequence[str] = (),
    force: bool = False,
    patients: str | Path | None = None,
    measurements: str | Path | None = None,
    positive: str | None = None,
    parameters: dict | None = None,
    update_notebooks: bool = False,
    say: Callable[[str], None] = print,
) -> int:
    """Run the numbered notebooks and put what they write under ``out``.

    Parameters
    ----------
    out : path, optional
        Where the results go; by default ``results/``, or ``results/own-NAME/`` for your own table
        NAME.csv.
    jobs : int, optional
        Notebooks run at a time; by default one per core.
    only : sequence of str
        Notebooks to run, by the beginning of their names ("05" or "05_group"); by default all that
        apply.
    force : bool
        Run also what has not changed, and allow ``out`` to be a folder with other files in it.
    patients, measurements : path, optional
        Your own tables; then the notebooks that do not take them (signal models, figures 1-2,
        audit) are left out.
    positive : str, optional
        Name of the group that counts as disease.
    parameters : dict, optional
        Further notebook parameters by name.
    update_notebooks : bool
        Also store the executed notebooks in ``notebooks/``; for whoever edits them.
    say : callable
        Receives each progress line.

    Returns
    -------
    int
        0; every failure is an exception.

    Raises
    ------
    RunError
        When a notebook fails; ``out`` is then as it was before.
    ValueError
        On bad input, before any notebook is started.
    """
    began = time.perf_counter()
    tables = plan.own_tables(patients, measurements, positive)
    out = plan.results_folder(out, measurements, force)
    tasks = plan.tasks(only, tables, parameters or {})
    if update_notebooks and any(task.parameters for task in tasks):
        msg = (
            "--update-notebooks stores what the notebooks give by default; "
            "run it without parameters or tables of your own"
        )
        raise ValueError(msg)
    entries = record.read(out, say)
    due = [
        task
        for task in tasks
        if force or update_notebooks or not record.is_current(task, entries, out)
    ]
    for task in tasks:
        if task not in due:
            say(f"  {task.name:<30} unchanged")
    if due:
        _run(due, out, entries, jobs or os.cpu_count() or 1, update_notebooks, say)
    seconds = time.perf_counter() - began
    say(f"{len(due)} of {len(tasks)} notebooks run in {seconds:.1f} s; results in {_short(out)}")
    return 0


def _run(tasks, out, entries, jobs, update_notebooks, say):
    _make(out)
    files.sweep(out)
    staging = Path(tempfile.mkdtemp(prefix=files.temporary_name("run-"), dir=out))
    # The longest first keeps both cores busy to the end; what was never run is taken as long.
    tasks = sorted(tasks, key=lambda task: -entries.get(task.name, {}).get("seconds", 1e9))
    prepare(say)
    say(f"running {len(tasks)} notebooks, {min(jobs, len(tasks))} at a time")
    try:
        calls = {
            task.name: (task.path, staging / task.name, task.parameters, staging) for task in tasks
        }
        seconds = _execute_all(calls, jobs, say)
        found = {task.name: record.collect(task, staging, seconds[task.name]) for task in tasks}
        record.replace(found, staging, out, tasks)
        if update_notebooks:
            for task in tasks:
                files.write_bytes(task.path, (out / "notebooks" / task.path.name).read_bytes())
    except RunError:
        record.keep_failed(staging, out)
        raise
    finally:
        shutil.rmtree(staging, ignore_errors=True)


def _execute_all(calls, jobs, say):
    """Seconds of each notebook; the first that fails ends the run."""
    seconds = {}
    for name, outcome in side_by_side(execute, calls, jobs):
        took, failure = outcome or (0.0, "because its process was ended from outside")
        if failure:
            say(f"  {name:<30} failed after {took:.1f} s")
            msg = f"{name} failed {failure}; results are as they were"
            raise RunError(msg)
        seconds[name] = round(took, 2)
        say(f"  {name:<30} {took:5.1f} s   ({len(seconds)} of {len(calls)})")
    return seconds


def _make(out):
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        msg = (
            f"{_short(out)}: cannot be made ({error.strerror}); "
            "give --out a folder that you may write to"
        )
        raise ValueError(msg) from error


def _short(path):
    try:
        return path.resolve().relative_to(Path.cwd()).as_posix()
    except ValueError:
        return str(path)
