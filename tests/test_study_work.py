"""Who does the work: what is kept, what an interrupt costs, and that workers change no byte."""

import os
import signal
import socket
import subprocess
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool

import pytest
import small_study as small

from ivim import cli
from ivim.files import ROOT
from ivim.study import job, record, work

PATIENTS = 10
ENVIRONMENT = os.environ | {
    "PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])
}


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    """Ten patients."""
    return small.write_study(tmp_path_factory.mktemp("work") / "study", PATIENTS)


@pytest.fixture(scope="module")
def alone(study, tmp_path_factory):
    """The tables as one process makes them."""
    out = tmp_path_factory.mktemp("alone")
    assert (
        cli.main(["measure", str(study), "--out", str(out / "measurements.csv"), "--jobs", "1"])
        == 0
    )
    return _tables(out)


def _tables(out):
    return {path.name: path.read_bytes() for path in sorted(out.glob("*.csv"))}


def _measure(study, out, *words):
    return cli.main(["measure", str(study), "--out", str(out / "measurements.csv"), *words])


@pytest.fixture
def counted(monkeypatch):
    """Labels of the patients that are measured."""
    labels, original = [], record.measure_patient

    def measure_patient(task):
        labels.append(task.label)
        return original(task)

    monkeypatch.setattr(record, "measure_patient", measure_patient)
    return labels


def test_a_finished_patient_is_not_measured_again(study, alone, tmp_path, counted):
    """The second run measures nobody and writes the same bytes."""
    _measure(study, tmp_path, "--jobs", "1")
    assert len(counted) == PATIENTS
    _measure(study, tmp_path, "--jobs", "1")
    assert len(counted) == PATIENTS and _tables(tmp_path) == alone


@pytest.mark.parametrize("changed", ["image", "bval", "sidecar", "roi"])
def test_a_changed_input_is_measured_again_alone(study, tmp_path, counted, changed):
    """Whatever file of a patient changes, that patient and no other is measured anew."""
    folder = small.copy_study(study, tmp_path / "study")
    out = tmp_path / "out"
    out.mkdir()
    _measure(folder, out, "--jobs", "1")
    counted.clear()
    if changed == "image":
        data = small.signal(1) * 1.5 + 0 * small.square()[..., None]
        small.write_image(small.dwi_path(folder, 2), data)
    elif changed == "bval":
        path = small.dwi_path(folder, 2, ".bval")
        path.write_text(path.read_text().replace("1200", "1100"))
    elif changed == "sidecar":
        small.dwi_path(folder, 2, ".json").write_text('{"NumberOfAverages": 1}')
    else:
        small.write_image(small.roi_path(folder, 2, "A"), small.square("B"))
    _measure(folder, out, "--jobs", "1")
    assert counted == ["sub-02"]


@pytest.mark.parametrize(
    "words", [("--recipe", "segmented"), ("--estimator", "mean"), ("--roi-area", "1", "9")]
)
def test_other_options_are_another_measurement(study, tmp_path, counted, words):
    """What was kept by one recipe is not taken for another; and the first is still there
    afterwards."""
    _measure(study, tmp_path, "--jobs", "1")
    counted.clear()
    _measure(study, tmp_path, "--jobs", "1", *words)
    assert len(counted) == PATIENTS
    _measure(study, tmp_path, "--jobs", "1")
    assert len(counted) == PATIENTS


def test_an_interrupt_costs_only_whom_it_met(study, alone, tmp_path, counted, monkeypatch):
    """Ctrl-C in the fifth patient: exit code 130, no table, and the first four are not measured
    again."""
    original = record.measure_patient

    def interrupted(task):
        if task.label == "sub-05":
            raise KeyboardInterrupt
        return original(task)

    monkeypatch.setattr(record, "measure_patient", interrupted)
    assert _measure(study, tmp_path, "--jobs", "1") == 130
    assert _tables(tmp_path) == {} and len(counted) == 4
    monkeypatch.setattr(record, "measure_patient", original)
    assert _measure(study, tmp_path, "--jobs", "1") == 0
    assert len(counted) == PATIENTS and _tables(tmp_path) == alone


def test_a_damaged_record_counts_as_none(study, alone, tmp_path, counted):
    """Half a record, or one of another key, is measured again."""
    _measure(study, tmp_path, "--jobs", "1")
    first, second = sorted((tmp_path / job.KEPT).glob("*.json"))[:2]
    first.write_text(first.read_text()[:50])
    second.write_text('{"key": "another", "record": {}}')
    counted.clear()
    _measure(study, tmp_path, "--jobs", "1")
    assert counted == ["sub-01", "sub-02"] and _tables(tmp_path) == alone


def test_processes_change_no_byte_even_where_one_is_killed(study, alone, tmp_path, monkeypatch):
    """Two processes, killed at their first piece of work and replaced, give the tables of one
    process."""
    pools = []

    class Killed(ProcessPoolExecutor):
        """A pool whose processes are killed with the first piece, if it is the first pool."""

        def __init__(self, *args, **options):
            super().__init__(*args, **options)
            pools.append(self)

        def submit(self, *args):
            future = super().submit(*args)
            if len(pools) == 1:
                for process in self._processes.values():
                    process.kill()
            return future

    monkeypatch.setattr(work, "ProcessPoolExecutor", Killed)
    assert _measure(study, tmp_path, "--jobs", "2") == 0
    assert len(pools) == 2 and _tables(tmp_path) == alone


def test_processes_that_die_again_and_again_end_the_work(monkeypatch):
    """No endless loop: one clear line."""

    class Broken:
        """A pool whose processes are always dead."""

        def __init__(self, *_, **__):
            pass

        def submit(self, *_):
            raise BrokenProcessPool

        def shutdown(self, **_):
            pass

    monkeypatch.setattr(work, "ProcessPoolExecutor", Broken)
    with pytest.raises(ValueError, match="processes were ended 3 times with 4 patients left"):
        list(work.spread(abs, range(4), 2))


def _free_port():
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


class Cluster:
    """A Dask scheduler and its workers as processes of their own, on the loopback address."""

    def __init__(self, folder):
        self.folder, self.processes = folder, []
        self.address = f"tcp://127.0.0.1:{_free_port()}"
        port = self.address.rsplit(":", 1)[1]
        self.scheduler = self._start(
            "scheduler", "--host", "127.0.0.1", "--port", port, "--no-dashboard"
        )

    def add_worker(self):
        """Start one worker; gives its process."""
        words = ("--nthreads", "1", "--no-nanny", "--no-dashboard")
        return self._start("worker", self.address, *words, "--local-directory", str(self.folder))

    def _start(self, *words):
        log = (self.folder / f"{words[0]}-{len(self.processes)}.log").open("w")
        command = [sys.executable, "-m", "distributed.cli.dask_" + words[0], *words[1:]]
        process = subprocess.Popen(
            command, env=ENVIRONMENT, cwd=self.folder, stdout=log, stderr=log
        )
        self.processes.append(process)
        return process

    def end(self):
        """End every process that was started here, by its id."""
        for process in self.processes:
            process.kill()
            process.wait(10)


@pytest.fixture
def cluster(tmp_path):
    """A scheduler with two workers, ended afterwards."""
    folder = tmp_path / "cluster"
    folder.mkdir()
    found = Cluster(folder)
    yield found
    found.end()


def test_a_cluster_that_loses_a_worker_half_way_changes_no_byte(study, alone, tmp_path, cluster):
    """Two workers, one killed after the third patient: the tables are those of one process, byte
    for byte."""
    from ivim.study.measure import Options

    doomed, _ = cluster.add_worker(), cluster.add_worker()
    seen = []

    def progress(done):
        seen.append(done)
        if done == 3:
            doomed.kill()

    measured = job.measure_study(
        study, Options(), tmp_path / "kept", scheduler=cluster.address, progress=progress
    )
    job.write_tables(measured, tmp_path / "measurements.csv")
    assert doomed.wait(10) == -signal.SIGKILL
    assert _tables(tmp_path) == alone and seen[-1] == PATIENTS


def test_no_scheduler_is_one_clear_line(study, tmp_path, monkeypatch, capsys):
    """An address where nobody answers is refused within the patience stated."""
    monkeypatch.setattr(work, "CLUSTER_PATIENCE_S", 0.5)
    began = time.monotonic()
    assert _measure(study, tmp_path, "--scheduler", f"tcp://127.0.0.1:{_free_port()}") == 2
    assert "no Dask scheduler answers there" in capsys.readouterr().err
    assert time.monotonic() - began < 20


def test_a_scheduler_that_goes_is_one_clear_line():
    """What a client gets of a lost connection becomes a line that says what to do."""

    class Lost:
        """A future of a scheduler that is gone."""

        def result(self):
            from distributed.client import FutureCancelledError

            raise FutureCancelledError("ivim-sub-01", "scheduler-connection-lost")

    with pytest.raises(ValueError, match="connection to the Dask scheduler was lost"):
        work._result(Lost())


def test_a_worker_that_sees_other_files_is_refused(study):
    """On a machine where a file is another one, nothing is measured."""
    from ivim.study.layout import read_layout
    from ivim.study.measure import Options

    found = read_layout(study)
    task = record.Task(str(study), found.patients[0], found.readers, Options())
    assert record.measure_there(task, task.inputs())["rows"]
    with pytest.raises(ValueError, match="does not see the files of sub-01 as they are here"):
        record.measure_there(task, task.inputs() | {"sub-01/dwi/sub-01_dwi.bval": "0"})
