"""Run the notebooks with papermill: side by side, only where something changed, replacing results only when all is whole."""

import hashlib
import json
import os
import shutil
import sys
import time
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from ivim import files, notebook

NOTEBOOKS = files.ROOT / "notebooks"
RESULTS = files.ROOT / "results"
PACKAGES = ["numpy", "scipy", "lmfit", "pandas", "pingouin", "scikit-learn", "statsmodels", "seaborn", "matplotlib", "numba", "nibabel", "papermill", "nbval", "jupyter"]


class RunError(ValueError):
    """A notebook failed; the message names the notebook, the cell and the error."""


@dataclass(frozen=True)
class Task:
    """One notebook to run: its path, the parameters given to it, and the fingerprint of everything it depends on."""

    path: Path
    parameters: dict
    fingerprint: str

    @property
    def name(self):
        return self.path.stem


def reproduce(
    out=None,
    *,
    jobs=None,
    only=(),
    force=False,
    patients=None,
    measurements=None,
    positive=None,
    parameters=None,
    update_notebooks=False,
    say=print,
):
    """Run the numbered notebooks and put what they write under ``out``.

    Parameters
    ----------
    out : path, optional
        Where the results go; by default ``results/``, or ``results/own-NAME/`` for your own table NAME.csv.
    jobs : int, optional
        Notebooks run at a time; by default one per core.
    only : sequence of str
        Notebooks to run, by the beginning of their names ("05" or "05_group"); by default all that apply.
    force : bool
        Run also what has not changed, and allow ``out`` to be a folder with other files in it.
    patients, measurements : path, optional
        Your own tables; then the notebooks that do not take them (signal models, figures 1-2, audit) are left out.
    positive : str, optional
        Name of the group that counts as disease.
    parameters : dict, optional
        Further notebook parameters by name.
    update_notebooks : bool
        Also store the executed notebooks in ``notebooks/``; for whoever edits them.
    say : callable
        Receives each progress line.

    Raises
    ------
    RunError
        When a notebook fails; ``out`` is then as it was before.
    ValueError
        On bad input, before any notebook is started.
    """
    began = time.perf_counter()
    tables = _own_tables(patients, measurements, positive)
    out = _results_folder(out, measurements, force)
    tasks = _plan(only, {**tables, **(parameters or {})}, own="measurements" in tables)
    if update_notebooks and any(task.parameters for task in tasks):
        msg = "--update-notebooks stores what the notebooks give by default; run it without parameters or tables of your own"
        raise ValueError(msg)
    record = _read_record(out)
    due = [
        task for task in tasks if force or update_notebooks or not _is_current(task, record, out)
    ]
    for task in tasks:
        if task not in due:
            say(f"  {task.name:<30} unchanged")
    if due:
        _run_all(due, out, record, jobs or os.cpu_count() or 1, update_notebooks, say)
    say(
        f"{len(due)} of {len(tasks)} notebooks run in {time.perf_counter() - began:.1f} s; results in {_short(out)}"
    )
    return 0


# What to run ---------------------------------------------------------------------------------------------------------


def _own_tables(patients, measurements, positive):
    """Check a user's tables before a kernel starts, and return them as notebook parameters with absolute paths."""
    if (patients is None) != (measurements is None):
        given, missing = (
            ("--patients", "--measurements") if patients else ("--measurements", "--patients")
        )
        msg = f"{given} was given without {missing}; a study needs both tables (see data/README.md)"
        raise ValueError(msg)
    tables = {"positive": positive} if positive else {}
    if patients is not None:
        tables |= {
            "patients": str(Path(patients).resolve()),
            "measurements": str(Path(measurements).resolve()),
        }
    if tables:
        from ivim.cohort import load_cohort

        load_cohort(patients, measurements, positive)
    return tables


def _results_folder(out, measurements, force):
    if out is None:
        return RESULTS if measurements is None else RESULTS / f"own-{Path(measurements).stem}"
    out = Path(out).resolve()
    if out.exists() and not out.is_dir():
        msg = f"--out {out} is a file; give a folder"
        raise ValueError(msg)
    strange = (
        out.is_dir() and out != RESULTS and any(out.iterdir()) and not (out / "run.json").exists()
    )
    if strange and not force:
        msg = f"--out {out} holds files that are not from an earlier run; choose another folder, or --force to write into it"
        raise ValueError(msg)
    return out


def _plan(only, parameters, own):
    paths = sorted(NOTEBOOKS.glob("[0-9][0-9]_*.ipynb"))
    chosen = [
        path for path in paths if not only or any(path.stem.startswith(str(name)) for name in only)
    ]
    for name in only:
        if not any(path.stem.startswith(str(name)) for path in paths):
            msg = f"no notebook begins with {name!r}; there are {', '.join(path.stem for path in paths)}"
            raise ValueError(msg)
    known = {path: notebook.parameters_of(path) for path in chosen}
    if own:
        chosen = [path for path in chosen if "measurements" in known[path]]
    for name in parameters:
        if not any(name in known[path] for path in chosen):
            names = sorted({name for path in chosen for name in known[path]})
            msg = (
                f"no notebook that is to run has a parameter {name!r}; there are {', '.join(names)}"
            )
            raise ValueError(msg)
    shared = _fingerprint_of_shared_inputs()
    return [
        _task(
            path,
            {
                name: notebook.typed(name, parameters[name], known[path][name])
                for name in parameters
                if name in known[path]
            },
            shared,
        )
        for path in chosen
    ]


def _task(path, parameters, shared):
    digest = hashlib.sha256(shared.encode())
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    digest.update(
        json.dumps(
            [[cell["cell_type"], cell["source"], cell["metadata"]] for cell in cells]
        ).encode()
    )
    for name, value in sorted(parameters.items()):
        digest.update(f"{name}={value!r}".encode())
        if name in ("patients", "measurements"):
            digest.update(Path(value).read_bytes())
    return Task(path, parameters, digest.hexdigest())


def _fingerprint_of_shared_inputs():
    digest = hashlib.sha256(sys.version.encode())
    for path in _shared_inputs():
        digest.update(f"{path.relative_to(files.ROOT).as_posix()} {_hash(path)}\n".encode())
    return digest.hexdigest()


def _shared_inputs():
    code = sorted((files.ROOT / "ivim").rglob("*.py"))
    data = sorted(
        path
        for path in (files.ROOT / "data").rglob("*.*")
        if path.is_file() and "fetched" not in path.parts
    )
    return [*code, *data, files.ROOT / "requirements.lock"]


def _hash(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


# What has been run ---------------------------------------------------------------------------------------------------


def _read_record(out):
    try:
        return json.loads((out / "run.json").read_text(encoding="utf-8"))["notebooks"]
    except (OSError, ValueError, KeyError):
        return {}


def _is_current(task, record, out):
    """True when the same inputs were run before and every file they gave is still what it was."""
    entry = record.get(task.name, {})
    if entry.get("status") != "done" or entry.get("fingerprint") != task.fingerprint:
        return False
    files_stand = all(
        (out / name).is_file() and _hash(out / name) == digest
        for name, digest in entry["files"].items()
    )
    numbers = _read_numbers(out)
    return files_stand and all(
        _hash_json(numbers.get(section)) == digest for section, digest in entry["numbers"].items()
    )


def _read_numbers(folder):
    path = folder / "numbers.json"
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}


def _hash_json(value):
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()


# Running -------------------------------------------------------------------------------------------------------------


def _run_all(tasks, out, record, jobs, update_notebooks, say):
    out.mkdir(parents=True, exist_ok=True)
    staging = out / f".staging-{os.getpid()}"
    # The longest first keeps both cores busy to the end; what was never run is taken as long.
    tasks = sorted(tasks, key=lambda task: -record.get(task.name, {}).get("seconds", 1e9))
    _compile_once(say)
    say(f"running {len(tasks)} notebooks, {min(jobs, len(tasks))} at a time")
    try:
        seconds = _execute_side_by_side(tasks, staging, jobs, say)
        entries = {task.name: _collect(task, staging, seconds[task.name]) for task in tasks}
        _replace(entries, staging, out, record)
        if update_notebooks:
            for task in tasks:
                _write(task.path, (out / "notebooks" / task.path.name).read_bytes())
        _write_record(out, {**record, **entries}, tasks)
    except RunError:
        _keep_failed(staging, out)
        raise
    finally:
        shutil.rmtree(staging, ignore_errors=True)


def _compile_once(say):
    """Compile the voxel engine in a process of its own, where that has not been done.

    Notebooks side by side would each compile it; and code just compiled differs in the tenth digit
    from the same code read from numba's cache, so that a first run would not give the bytes of a
    second.
    """
    began = time.perf_counter()
    with ProcessPoolExecutor(max_workers=1) as pool:
        fresh = pool.submit(_compile).result()
    if fresh:
        say(f"compiled the voxel engine, once, in {time.perf_counter() - began:.0f} s")


def _compile():
    from ivim.signal.engine import compile_all

    return compile_all()


def _execute_side_by_side(tasks, staging, jobs, say):
    seconds = {}
    pool = ProcessPoolExecutor(max_workers=min(jobs, len(tasks)))
    try:
        running = {
            pool.submit(_execute, task.path, staging / task.name, task.parameters): task
            for task in tasks
        }
        for finished in as_completed(running):
            task = running[finished]
            took, failure = finished.result()
            if failure:
                say(f"  {task.name:<30} failed after {took:.1f} s")
                msg = f"{task.name} failed {failure}; results are as they were"
                raise RunError(msg)
            seconds[task.name] = round(took, 2)
            say(f"  {task.name:<30} {took:5.1f} s   ({len(seconds)} of {len(tasks)})")
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
    return seconds


def _execute(path, folder, parameters):
    """Execute one notebook into its own folder, in a process of its own; returns seconds and what failed, if anything."""
    import papermill

    (folder / "notebooks").mkdir(parents=True, exist_ok=True)
    os.environ.update(
        IVIM_RESULTS=str(folder),
        MPLBACKEND="module://matplotlib_inline.backend_inline",  # a user's own setting would hide the figures
        PYDEVD_DISABLE_FILE_VALIDATION="1",
    )
    began = time.perf_counter()
    executed = folder / "notebooks" / path.name
    for attempt in (1, 2):
        try:
            papermill.execute_notebook(
                str(path),
                str(executed),
                parameters=parameters,
                kernel_name="python3",
                cwd=str(folder),
                progress_bar=False,
                extra_arguments=["--IPKernelApp.log_level=50"],
            )
            break
        except papermill.PapermillExecutionError as error:
            return time.perf_counter() - began, _describe(error)
        except (
            RuntimeError
        ) as error:  # a kernel that dies at its start lost its port to another one: once more
            if attempt == 2:
                return time.perf_counter() - began, f"at the start of its kernel: {error}"
    _write(executed, notebook.clean(executed.read_text(encoding="utf-8")).encode())
    return time.perf_counter() - began, ""


def _describe(error):
    first = next(
        (line for line in error.source.splitlines() if line.strip() and not line.startswith("#")),
        "",
    )
    return f"in code cell {error.exec_count} ({first.strip()[:60]!r}): {error.ename}: {' '.join(error.evalue.split())[:400]}"


# Replacing results ---------------------------------------------------------------------------------------------------


def _collect(task, staging, seconds):
    folder = staging / task.name
    files = {
        path.relative_to(folder).as_posix(): _hash(path)
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }
    files.pop("numbers.json", None)
    return {
        "status": "done",
        "seconds": seconds,
        "fingerprint": task.fingerprint,
        "files": files,
        "numbers": {
            section: _hash_json(values) for section, values in _read_numbers(folder).items()
        },
    }


def _replace(entries, staging, out, record):
    """Move every new file over the old one, and take away what an earlier run of the same notebook gave and this one does not."""
    numbers = _read_numbers(out)
    for name, entry in entries.items():
        for file in entry["files"]:
            (out / file).parent.mkdir(parents=True, exist_ok=True)
            os.replace(staging / name / file, out / file)
        for file in set(record.get(name, {}).get("files", ())) - set(entry["files"]):
            (out / file).unlink(missing_ok=True)
        numbers |= _read_numbers(staging / name)
    _write(
        out / "numbers.json",
        (json.dumps(numbers, indent=1, sort_keys=True, ensure_ascii=False) + "\n").encode(),
    )


def _write_record(out, notebooks, tasks):
    record = {
        "python": sys.version.split()[0],
        "versions": {name: version(name) for name in PACKAGES},
        "inputs": {
            path.relative_to(files.ROOT).as_posix(): _hash(path) for path in _shared_inputs()
        },
        "seeds": {
            path.stem: {
                name: value
                for name, value in notebook.parameters_of(path).items()
                if "seed" in name
            }
            for path in sorted(NOTEBOOKS.glob("[0-9][0-9]_*.ipynb"))
        },
        "parameters": {task.name: task.parameters for task in tasks if task.parameters},
        "notebooks": dict(sorted(notebooks.items())),
    }
    _write(out / "run.json", (json.dumps(record, indent=1, ensure_ascii=False) + "\n").encode())


def _keep_failed(staging, out):
    """Leave the notebook that failed where its reader can open it."""
    for path in staging.glob("*/notebooks/*.ipynb"):
        if '"output_type": "error"' in path.read_text(encoding="utf-8"):
            (out / "logs").mkdir(exist_ok=True)
            os.replace(path, out / "logs" / path.name)


def _write(path, content):
    temporary = path.with_name(f".{path.name}.part")
    temporary.write_bytes(content)
    os.replace(temporary, path)


def _short(path):
    """A path as a reader of the terminal would type it."""
    return os.path.relpath(path) if path.is_relative_to(Path.cwd()) else str(path)
