"""Notebooks executed without kernels, one after the other in this process: what the run does around
a notebook needs none, nor do the tables and figures that a notebook writes. That a kernel writes
the same, tests/test_report_own_table.py holds.
"""

import base64
import os
import threading
import time
from contextlib import contextmanager

import nbformat
import pytest

from ivim import run

# Where results go is a variable of the process: of two runs at once, one notebook after the other.
ONE_AT_A_TIME = threading.Lock()


@contextmanager
def without_kernels(execute):
    """`ivim reproduce` and whatever calls it run their notebooks by `execute`, in this process."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(run, "execute", execute)
        patch.setattr(run, "side_by_side", _one_by_one)
        patch.setattr(run, "prepare", lambda say: None)
        patch.setenv("IVIM_RESULTS", "")  # put back as it was afterwards
        yield


def _one_by_one(work, calls, jobs):
    for name, arguments in calls.items():
        yield name, work(*arguments)


def execute(path, folder, parameters, scratch):
    """As :func:`ivim.run.execute.execute`, by plain Python: no output is kept."""
    names = {}
    return _execute(path, folder, parameters, lambda code: exec(code, names) or [])


def execute_with_outputs(path, folder, parameters, scratch):
    """As :func:`ivim.run.execute.execute`, by an IPython shell: what is displayed is kept."""
    from IPython.core.interactiveshell import InteractiveShell

    shell = InteractiveShell.instance()
    shell.history_manager.enabled = False
    try:
        return _execute(path, folder, parameters, lambda code: _captured(shell, code))
    finally:
        InteractiveShell.clear_instance()


def _execute(path, folder, parameters, cell_outputs):
    began = time.perf_counter()
    (folder / "notebooks").mkdir(parents=True, exist_ok=True)
    notebook = nbformat.read(path, as_version=4)
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    with ONE_AT_A_TIME:
        os.environ["IVIM_RESULTS"] = str(folder)
        for number, cell in enumerate(cells, start=1):
            code = cell.source
            if "parameters" in cell.metadata.get("tags", ()):
                code += "".join(f"\n{name} = {value!r}" for name, value in parameters.items())
            cell.outputs = cell_outputs(code)
            cell.execution_count = number
    nbformat.write(notebook, folder / "notebooks" / path.name)
    return time.perf_counter() - began, ""


def _captured(shell, code):
    """Outputs of a cell, as a notebook stores them."""
    from IPython.utils.capture import capture_output

    with capture_output() as captured:
        shell.run_cell(code).raise_error()
    told = [nbformat.v4.new_output("stream", text=captured.stdout)] if captured.stdout else []
    return told + [
        nbformat.v4.new_output(
            "display_data", {kind: _text(one) for kind, one in shown.data.items()}
        )
        for shown in captured.outputs
    ]


def _text(content):
    return base64.b64encode(content).decode() if isinstance(content, bytes) else content
