"""An installed ivim without a checkout: the wheel carries notebooks and data, and results go to
where it is called."""

import json
import os
import shutil
import subprocess
import sys
import zipfile

import pytest

from ivim.files import ROOT


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """The wheel, built and unpacked; returns the folder to put on the path."""
    folder = tmp_path_factory.mktemp("wheel")
    source = folder / "source"
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True)
    if listed.returncode:
        pytest.skip("not a git checkout")
    for name in listed.stdout.splitlines():
        carried = name.startswith(("ivim/", "data/", "notebooks/")) or "/" not in name
        if carried and (ROOT / name).is_file():
            (source / name).parent.mkdir(parents=True, exist_ok=True)
            (source / name).write_bytes((ROOT / name).read_bytes())
    command = [sys.executable, "-c", "from setuptools.build_meta import build_wheel as b; b('..')"]
    subprocess.run(command, cwd=source, check=True, capture_output=True)
    with zipfile.ZipFile(next(folder.glob("ivim-*.whl"))) as packed:
        packed.extractall(folder / "unpacked")
    _share_compiled_code(folder / "unpacked" / "ivim" / "signal")
    return folder / "unpacked"


def _share_compiled_code(signal):
    """Give the copy the checkout's compiled engine, which numba takes for a source of the same
    age and size; compiling it anew takes a minute and shows nothing here."""
    ours = ROOT / "ivim" / "signal"
    for source in ours.glob("*.py"):
        shutil.copystat(source, signal / source.name)
    (signal / "__pycache__").mkdir(exist_ok=True)
    for compiled in (ours / "__pycache__").glob("*.nb[ic]"):
        shutil.copy2(compiled, signal / "__pycache__" / compiled.name)


def _run(installed, folder, *words):
    code = "import sys; from ivim.cli import main; sys.exit(main(sys.argv[1:]))"
    environment = {**os.environ, "PYTHONPATH": str(installed)}
    environment.pop("IVIM_RESULTS", None)
    return subprocess.run(
        [sys.executable, "-c", code, *words],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
    )


def test_the_wheel_carries_notebooks_data_and_lock(installed):
    """Every notebook, the cohort, the claims and the lock are in the wheel, and nothing fetched."""
    bundle = installed / "ivim" / "bundle"
    names = {path.name for path in (ROOT / "notebooks").glob("[0-9]*.ipynb")}
    assert {path.name for path in (bundle / "notebooks").glob("*.ipynb")} == names
    for name in ("data/cohort/measurements.csv", "data/published/claims.csv", "requirements.lock"):
        assert (bundle / name).read_bytes() == (ROOT / name).read_bytes()
    assert not list(bundle.rglob("fetched"))


def test_an_installed_ivim_reproduces_where_it_is_called(installed, tmp_path):
    """`ivim reproduce` runs a notebook of the wheel and writes to ./results, as a checkout does."""
    done = _run(installed, tmp_path, "reproduce", "--only", "03")
    assert done.returncode == 0, done.stderr
    table = tmp_path / "results" / "tables" / "table1.csv"
    assert table.read_bytes() == (ROOT / "results" / "tables" / "table1.csv").read_bytes()
    record = json.loads((tmp_path / "results" / "run.json").read_text(encoding="utf-8"))
    assert record["notebooks"]["03_patients"]["status"] == "done"
    assert "data/cohort/measurements.csv" in record["inputs"]


def test_version(installed, tmp_path):
    """`ivim --version` tells the version of the package that runs."""
    import ivim

    done = _run(installed, tmp_path, "--version")
    assert (done.returncode, done.stdout.strip()) == (0, f"ivim {ivim.__version__}")
