"""Execute one notebook in a process of its own, in surroundings that are the same everywhere."""

import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

from ivim import files, notebook
from ivim.run.processes import side_by_side

ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
"""Sums in BLAS depend on the number of threads in the last digit, and threads of several processes
only wait for each other."""

SURROUNDINGS = {
    # A user's own settings would change or hide the figures.
    "MPLBACKEND": "module://matplotlib_inline.backend_inline",
    "PYDEVD_DISABLE_FILE_VALIDATION": "1",
    **ONE_THREAD,
}


def prepare(say: Callable[[str], None]) -> None:
    """Compile the voxel engine in a process of its own, where that has not been done for this
    processor.

    Notebooks side by side would each compile it; and code just compiled differs in the tenth digit
    from the same code read from numba's cache, so that a first run would not give the bytes of a
    second.

    Parameters
    ----------
    say : callable
        Receives a line where something was compiled.
    """
    began = time.perf_counter()
    for _, fresh in side_by_side(compile_engine, {"compile": ()}, 1):
        if fresh:
            say(f"compiled the voxel engine, once, in {time.perf_counter() - began:.0f} s")


def compile_engine() -> bool:
    """Compile the engine where numba's cache has nothing for this processor; True if it had not."""
    from ivim.signal.compiling import compile_all

    return compile_all()


def execute(path: Path, folder: Path, parameters: dict, scratch: Path) -> tuple[float, str]:
    """Execute one notebook into its own folder.

    Parameters
    ----------
    path : Path
        The notebook.
    folder : Path
        Where its results and the executed notebook go.
    parameters : dict
        Values by the name of a parameter of the notebook.
    scratch : Path
        A folder for settings.

    Returns
    -------
    seconds : float
    failure : str
        What failed, in words; empty when nothing did.
    """
    papermill = _papermill()
    (folder / "notebooks").mkdir(parents=True, exist_ok=True)
    settings = scratch / "matplotlibrc"
    settings.touch()
    os.environ.update(SURROUNDINGS, IVIM_RESULTS=str(folder), MATPLOTLIBRC=str(settings))
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
        except RuntimeError as error:
            # A kernel that dies at its start lost its port to another one: once more.
            if attempt == 2:
                return time.perf_counter() - began, f"at the start of its kernel: {error}"
        except OSError as error:
            why = (
                f"when writing: {error.strerror or error} (free some space, or give another --out)"
            )
            return time.perf_counter() - began, why
    files.write_text(executed, notebook.clean(executed.read_text(encoding="utf-8")))
    return time.perf_counter() - began, ""


def _papermill():
    """papermill, but not the grammar of internationalised addresses that its reader of schemas
    compiles when it is imported: a second per notebook, and no notebook has such an address."""
    sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]
    import papermill

    return papermill


def _describe(error):
    lines = (line.strip() for line in error.source.splitlines())
    first = next((line for line in lines if line and not line.startswith("#")), "")
    words = " ".join(error.evalue.split())[:400]
    return f"in code cell {error.exec_count} ({first[:60]!r}): {error.ename}: {words}"
