"""The run, tried on small notebooks of its own: what is run, what is replaced, and what a failure
leaves behind.
"""

import json
import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import light as lights
import nbformat
import psutil
import pytest

from ivim import cli, files, run
from ivim.notebook import clean
from ivim.run import record
from ivim.run.execute import compile_engine, prepare

WRITES = """
import os
from pathlib import Path
folder = Path(os.environ["IVIM_RESULTS"]) / "tables"
folder.mkdir(parents=True, exist_ok=True)
(folder / f"{name}.csv").write_text(f"value\\n{value}\\n")
(folder.parent / "numbers.json").write_text('{"%s": {"value": %d}}' % (name, value))
print(value)
"""


def _notebook(folder, name, parameters, code=WRITES):
    cells = [
        nbformat.v4.new_code_cell(parameters, metadata={"tags": ["parameters"]}),
        nbformat.v4.new_code_cell(code),
    ]
    metadata = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    nbformat.write(
        nbformat.v4.new_notebook(cells=cells, metadata=metadata), folder / f"{name}.ipynb"
    )


@pytest.fixture
def notebooks(tmp_path, monkeypatch):
    """Two notebooks; the second one divides by its parameter."""
    folder = tmp_path / "notebooks"
    folder.mkdir()
    _notebook(folder, "01_first", 'name: str = "first"\nvalue: int = 1')
    _notebook(
        folder,
        "02_second",
        'name: str = "second"\nvalue: int = 2\ndivisor: float = 1.0',
        WRITES + "value / divisor\n",
    )
    monkeypatch.setattr(files, "NOTEBOOKS", folder)
    monkeypatch.setattr(run, "prepare", lambda say: None)  # none of them fits anything
    return folder


@pytest.fixture
def light():
    """Notebooks without kernels and in this process, for what does not depend on them."""
    with lights.without_kernels(lights.execute):
        yield


@pytest.fixture
def out(tmp_path):
    return tmp_path / "out"


def _said(out, **options):
    lines = []
    run.reproduce(out, jobs=2, say=lines.append, **options)
    return lines


def _bytes(folder):
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and path.name != "run.json"
    }


def test_results_numbers_and_record_of_all_notebooks_come_together(light, notebooks, out):
    """Every notebook's files, merged numbers and a record with versions, hashes, seconds and status
    are there after a run.
    """
    lines = _said(out)
    record = json.loads((out / "run.json").read_text())
    assert (out / "tables" / "first.csv").read_text() == "value\n1\n"
    assert json.loads((out / "numbers.json").read_text()) == {
        "first": {"value": 1},
        "second": {"value": 2},
    }
    assert {entry["status"] for entry in record["notebooks"].values()} == {"done"}
    assert record["versions"]["numpy"] and record["inputs"]["requirements.lock"]
    assert sum("of 2)" in line for line in lines) == 2
    assert not list(out.glob(".ivim-*"))


def test_unchanged_notebooks_are_not_run_again_and_changed_ones_are(light, notebooks, out):
    """A second run runs nothing; a changed parameter, a changed source or a lost file runs that
    notebook only.
    """
    _said(out)
    assert _said(out)[-1].startswith("0 of 2")
    assert _said(out, parameters={"divisor": "2"})[-1].startswith("1 of 2")
    (out / "tables" / "first.csv").write_text("value\n9\n")
    again = _said(out, parameters={"divisor": "2"})
    assert (
        again[-1].startswith("1 of 2")
        and (out / "tables" / "first.csv").read_text() == "value\n1\n"
    )
    _notebook(notebooks, "01_first", 'name: str = "other"\nvalue: int = 1')
    assert _said(out, only=["01"])[-1].startswith("1 of 1")
    assert not (out / "tables" / "first.csv").exists(), (
        "what the notebook no longer gives is taken away"
    )


def test_two_runs_give_identical_bytes(notebooks, out, tmp_path):
    """Executed notebooks and results of two runs on one machine are the same to the byte."""
    _said(out, parameters={"value": "5"})
    _said(tmp_path / "again", parameters={"value": "5"})
    assert _bytes(out) == _bytes(tmp_path / "again")


def test_failing_notebook_stops_the_run_and_leaves_results_as_they_were(notebooks, out, capsys):
    """A failure names notebook, cell and error, exits with 2, replaces nothing, and keeps the
    failed notebook to look at.
    """
    _said(out)
    before = _bytes(out)
    code = cli.main(["reproduce", "--out", str(out), "-p", "divisor=0", "-p", "value=7"])
    message = capsys.readouterr().err
    assert code == 2
    assert (
        "02_second failed in code cell 3" in message
        and "ZeroDivisionError" in message
        and message.count("\n") == 1
    )
    assert (out / "logs" / "02_second.ipynb").exists()
    assert {
        name: content for name, content in _bytes(out).items() if not name.startswith("logs")
    } == before


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"parameters": {"vlaue": "3"}},
            "no notebook that is to run has a parameter 'vlaue'; there are divisor, name, value",
        ),
        (
            {"parameters": {"value": "three"}},
            "parameter value is 'three'; it has to be of type int",
        ),
        ({"only": ["09"]}, "no notebook begins with '09'; there are 01_first, 02_second"),
        ({"only": [""]}, "no notebook begins with ''; there are 01_first, 02_second"),
        ({"parameters": {"patients": "/nowhere"}}, "tables and groups are given by --patients"),
        ({"patients": "p.csv"}, "--patients was given without --measurements"),
        ({"patients": "p.csv", "measurements": "m.csv"}, "p.csv: no such file"),
    ],
)
def test_bad_input_is_refused_before_anything_runs(notebooks, out, options, message):
    """Unknown names, wrong types and missing tables give one clear line, and no folder is made."""
    with pytest.raises(ValueError, match=message):
        _said(out, **options)
    assert not out.exists()


def test_a_folder_with_other_files_is_not_written_into(light, notebooks, out):
    """A folder that no earlier run made is left alone unless it is asked for."""
    out.mkdir()
    (out / "thesis.txt").write_text("mine")
    with pytest.raises(ValueError, match="holds files that are not from an earlier run"):
        _said(out)
    _said(out, force=True)
    assert (out / "thesis.txt").read_text() == "mine"


def test_own_table_runs_only_the_notebooks_that_take_it(notebooks, out, tmp_path):
    """With a user's tables the notebooks about the article alone are left out, and the others get
    absolute paths.
    """
    (tmp_path / "p.csv").write_text("patient,group\na,benign\nb,malignant\n")
    (tmp_path / "m.csv").write_text("patient,reader,f\na,R1,0.1\nb,R1,0.2\n")
    _notebook(
        notebooks,
        "03_own",
        'patients: str = ""\nmeasurements: str = ""',
        "from pathlib import Path\nprint(Path(measurements).is_absolute())",
    )
    lines = _said(out, patients=tmp_path / "p.csv", measurements=tmp_path / "m.csv")
    assert lines[-1].startswith("1 of 1")
    assert "True" in (out / "notebooks" / "03_own.ipynb").read_text()


def test_printed_lines_that_came_in_pieces_are_stored_as_one_output():
    """Whether a kernel sends its lines at once or in pieces, with a progress bar between, the
    stored bytes are the same.
    """

    def stored(*outputs):
        cell = {"cell_type": "code", "metadata": {}, "outputs": list(outputs)}
        return clean(json.dumps({"cells": [cell], "metadata": {}}))

    def piece(text, name="stdout"):
        return {"output_type": "stream", "name": name, "text": text}

    assert stored(piece(["a\n", "b\n"])) == stored(
        piece(["a"]), piece(["50 %"], "stderr"), piece(["\n", "b\n"])
    )


def test_the_compiled_engine_is_where_the_run_looks_for_it():
    """After a first fit nothing is left to compile, so that a run compiles once only."""
    compile_engine()
    said = []
    prepare(said.append)
    assert said == []


# Faults ------------------------------------------------------------------------------------------

SLEEPS = """
import os, time
from pathlib import Path
Path(started).mkdir(exist_ok=True)
(Path(started) / f"{name}-{os.getpid()}").touch()
time.sleep(60)
"""


@pytest.fixture
def sleeping(notebooks, tmp_path):
    """Three notebooks that sleep, run two at a time by a process of their own; gives the process
    once two have started.
    """
    started = tmp_path / "started"
    for name in ("01_first", "02_second", "03_third"):
        _notebook(notebooks, name, f'name: str = "{name}"\nstarted: str = "{started}"', SLEEPS)
    code = (
        "import sys; from pathlib import Path; from ivim import cli, files, run;"
        "run.prepare = lambda say: None;"
        f"files.NOTEBOOKS = Path({str(notebooks)!r});"
        f"sys.exit(cli.main(['reproduce', '--jobs', '2', '--out', {str(tmp_path / 'out')!r}]))"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    _wait_for(lambda: started.is_dir() and len(list(started.iterdir())) == 2, "two notebooks")
    yield process, started
    process.kill()


def _wait_for(condition, what, seconds=60):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, f"waited {seconds} s for {what}"
        time.sleep(0.1)


def _kernels(started):
    pids = (int(path.name.split("-")[1]) for path in started.iterdir())
    return [pid for pid in pids if psutil.pid_exists(pid)]


@pytest.mark.skipif(os.name == "nt", reason="Windows ends processes without a signal")
def test_a_run_that_is_asked_to_end_leaves_nothing(sleeping, out):
    """SIGTERM: exit code 130, one line, no kernel, no temporary folder, and the third notebook
    never starts.
    """
    process, started = sleeping
    process.terminate()
    _, said = process.communicate(timeout=30)
    assert process.returncode == 130
    assert said.strip().splitlines() == [
        "ivim reproduce: stopped; nothing half-written was left behind"
    ]
    assert _kernels(started) == [] and len(list(started.iterdir())) == 2
    assert list(out.iterdir()) == []


def test_a_run_that_is_killed_takes_its_notebooks_with_it(sleeping, notebooks, out, tmp_path):
    """SIGKILL: workers and kernels end with their parent, no other notebook starts, and the next
    run sweeps what is left.
    """
    process, started = sleeping
    process.kill()
    process.wait()
    _wait_for(lambda: not _kernels(started), "the kernels' end", 20)
    assert len(list(started.iterdir())) == 2
    assert list(out.glob(".ivim-*"))
    for name in ("01_first", "02_second", "03_third"):
        _notebook(notebooks, name, f'name: str = "{name}"\nvalue: int = 1')
    _said(out)
    assert not list(out.glob(".ivim-*"))


@pytest.mark.parametrize(
    "damage", ["{", "[]", "7", "<<<<<<< HEAD\n{}\n=======\n", "\x00\xff", "[" * 100_000]
)
def test_a_damaged_record_counts_as_none_and_is_said(out, damage):
    """Cut off, of another shape, with conflict marks, binary, nested without end: no record, one
    line.
    """
    out.mkdir()
    (out / "run.json").write_bytes(damage.encode("latin-1"))
    said = []
    assert record.read(out, said.append) == {}
    assert said == ["  run.json is damaged and counts as absent; what it held is made anew"]


def test_damaged_numbers_are_made_anew(light, notebooks, out):
    """A run over damaged files runs everything again and gives what was there before the damage."""
    _said(out)
    whole = (out / "numbers.json").read_bytes()
    (out / "numbers.json").write_text("<<<<<<< HEAD")
    (out / "run.json").write_text("{")
    assert _said(out)[-1].startswith("2 of 2")
    assert (out / "numbers.json").read_bytes() == whole


def test_two_runs_at_once_keep_both_records(light, notebooks, out):
    """Two runs of different notebooks into one folder: both records and both sections of numbers
    are there.
    """
    with ThreadPoolExecutor(2) as pool:
        for done in [pool.submit(_said, out, only=[name]) for name in ("01", "02")]:
            done.result()
    stored = json.loads((out / "run.json").read_text())
    assert stored["notebooks"].keys() == {"01_first", "02_second"}
    assert json.loads((out / "numbers.json").read_text()).keys() == {"first", "second"}


def test_a_worker_that_is_killed_is_one_line(notebooks, out):
    """A notebook's process that something else kills (no memory) ends the run with the notebook's
    name.
    """
    code = "import os, psutil\npsutil.Process().parent().kill()\nimport time; time.sleep(30)"
    _notebook(notebooks, "01_first", 'name: str = "first"\nvalue: int = 1', code)
    with pytest.raises(run.RunError, match="01_first failed because its process was ended"):
        _said(out)


@pytest.mark.skipif(
    os.name == "nt" or os.geteuid() == 0, reason="needs a user whom permissions bind"
)
def test_a_folder_that_cannot_be_made_is_one_line(notebooks, tmp_path):
    """Where nothing may be written, the path and what to do are said."""
    tmp_path.chmod(0o500)
    with pytest.raises(ValueError, match="cannot be made .* give --out a folder"):
        _said(tmp_path / "closed" / "out")


def test_a_users_matplotlibrc_changes_nothing(notebooks, out, tmp_path, monkeypatch):
    """Settings of a user's own do not reach the notebooks."""
    (tmp_path / "matplotlibrc").write_text("lines.linewidth: 17\n")
    monkeypatch.setenv("MATPLOTLIBRC", str(tmp_path / "matplotlibrc"))
    code = "import matplotlib\nprint(matplotlib.rcParams['lines.linewidth'])"
    _notebook(notebooks, "01_first", 'name: str = "first"\nvalue: int = 1', code)
    _said(out, only=["01"])
    assert "1.5" in (out / "notebooks" / "01_first.ipynb").read_text()
