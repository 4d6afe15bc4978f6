"""A notebook executed without a kernel: what the run does around a notebook needs none."""

import os
import time

import nbformat


def execute(path, folder, parameters, scratch):
    """As :func:`ivim.run.execute.execute`, in this process: the cells one after the other."""
    began = time.perf_counter()
    os.environ["IVIM_RESULTS"] = str(folder)
    (folder / "notebooks").mkdir(parents=True, exist_ok=True)
    notebook, names = nbformat.read(path, as_version=4), {}
    for number, cell in enumerate(notebook.cells, start=1):
        code = cell.source
        if "parameters" in cell.metadata.get("tags", ()):
            code += "".join(f"\n{name} = {value!r}" for name, value in parameters.items())
        exec(code, names)
        cell.execution_count = number
    nbformat.write(notebook, folder / "notebooks" / path.name)
    return time.perf_counter() - began, ""
