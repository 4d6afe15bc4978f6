"""Who does the work: this process, all cores, or a Dask cluster; and what of it is kept.

One patient is one task. A record is kept as soon as it is finished, so an interrupt or a killed
worker costs the patients that were under way and no other. Records do not depend on who made them
or in which order.
"""

import json
import multiprocessing
import os
import signal
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import CancelledError, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from pathlib import Path

from ivim import files
from ivim.run.processes import end_with_parent
from ivim.study import record

ATTEMPTS = 3
"""Times that the processes may die before the work is given up."""

CLUSTER_PATIENCE_S = 15

WORTH_A_PROCESS = 6
"""Patients for which it pays to start another process, where nobody said how many: its start costs
some seconds."""


def run_tasks(
    tasks: list[record.Task],
    kept: str | Path,
    *,
    jobs: int | None = None,
    scheduler: str | None = None,
    progress: Callable[[int], None] | None = None,
) -> tuple[dict, set, dict]:
    """Measure every patient, or take what was kept.

    Parameters
    ----------
    tasks : list of ivim.study.record.Task
    kept : path
        Folder of the records.
    jobs : int, optional
        Processes; by default one per core.
    scheduler : str, optional
        Address of a Dask scheduler, or ``local`` for a cluster started here.
    progress : callable, optional
        Called with the number of patients done.

    Returns
    -------
    records : dict of str to dict
        By label, in the order of the tasks.
    fresh : set of str
        Labels that were measured now.
    hashes : dict of str to str
        SHA-256 of every input by its place in the study.

    Raises
    ------
    ValueError
        When no scheduler answers, or workers keep dying.
    """
    kept = Path(kept)
    records: dict[str, dict] = {}
    keys: dict[str, str] = {}
    hashes: dict[str, str] = {}
    for task in tasks:
        inputs = task.inputs()
        hashes |= inputs
        keys[task.label] = task.key(inputs)
        if found := _load(kept, task.label, keys[task.label]):
            records[task.label] = found
    due = [task for task in tasks if task.label not in records]
    done = len(records)
    if progress and done:
        progress(done)
    for finished in _finished(due, jobs, scheduler):
        label = finished["label"]
        _keep(kept, label, keys[label], finished)
        records[label] = finished
        if progress:
            progress(len(records))
    return (
        {task.label: records[task.label] for task in tasks},
        {task.label for task in due},
        hashes,
    )


def _finished(due, jobs, scheduler):
    """Records as they come."""
    if not due:
        return
    jobs = min(jobs or jobs_for(due), len(due))
    if scheduler:
        yield from _on_cluster(due, scheduler, jobs)
        return
    record.ready()
    yield from spread(record.measure_patient, due, jobs)


def spread(function: Callable, pieces: Sequence, jobs: int | None) -> Iterator:
    """Call a function on every piece of work, side by side on this machine.

    A process that dies is replaced, and only what was not finished is done again.

    Parameters
    ----------
    function : callable
        Importable by name; takes one piece.
    pieces : sequence
    jobs : int
        1 works in this process.

    Yields
    ------
    object
        What the function gives, in the order of finishing.

    Raises
    ------
    ValueError
        When processes die again and again.
    """
    if jobs == 1:
        yield from map(function, pieces)
        return
    left = dict(enumerate(pieces))
    for _ in range(ATTEMPTS):
        # Spawned, not forked: no thread and no open file of this process comes along.
        context = multiprocessing.get_context("spawn")
        pool = ProcessPoolExecutor(jobs, context, initializer=_begin_worker)
        try:
            running = {pool.submit(function, piece): number for number, piece in left.items()}
            for future in as_completed(running):
                finished = future.result()
                del left[running[future]]
                yield finished
            return
        except BrokenProcessPool:
            continue
        finally:
            pool.shutdown(wait=True, cancel_futures=True)
    msg = (
        f"processes were ended {ATTEMPTS} times with {len(left)} patients left; "
        "is the memory enough? fewer --jobs need less"
    )
    raise ValueError(msg)


def _on_cluster(due, scheduler, jobs):
    """On the workers of a Dask cluster; what a killed worker had is done again by another."""
    from distributed import as_completed as as_done

    with _client(scheduler, jobs) as client:
        futures = [
            client.submit(
                record.measure_there,
                task,
                task.inputs(),
                key=f"ivim-{task.label}-{os.urandom(8).hex()}",
            )
            for task in due
        ]
        for future in as_done(futures):
            finished = _result(future)
            if finished["code"] != record.code_hash():
                msg = (
                    "a worker of the cluster has another version of ivim or of its packages than "
                    "this process; install the same on all"
                )
                raise ValueError(msg)
            future.release()
            yield finished


def _result(future):
    from distributed.scheduler import KilledWorker

    try:
        return future.result()
    except CancelledError as error:
        msg = (
            "the connection to the Dask scheduler was lost; whoever is finished is kept: run again"
        )
        raise ValueError(msg) from error
    except KilledWorker as error:
        msg = (
            "workers of the cluster died again and again over one patient; is their memory enough?"
        )
        raise ValueError(msg) from error
    except ModuleNotFoundError as error:
        msg = f"a worker of the cluster cannot import {error.name}; install ivim there as here"
        raise ValueError(msg) from error


@contextmanager
def _client(scheduler, jobs):
    """A client of the cluster at an address, or of one that is started here and ends with the
    work."""
    try:
        import dask
        from distributed import Client, LocalCluster
    except ImportError as error:
        msg = (
            'Dask is not installed; --scheduler needs the extra "study": pip install "ivim[study]"'
        )
        raise ValueError(msg) from error
    with dask.config.set({"distributed.admin.low-level-log-length": 0}):
        if scheduler == "local":
            record.ready()
            cluster = LocalCluster(
                n_workers=jobs, threads_per_worker=1, host="127.0.0.1", dashboard_address=None
            )
            with cluster, Client(cluster) as client:
                yield client
            return
        try:
            client = Client(scheduler, timeout=CLUSTER_PATIENCE_S)
        except (OSError, ValueError) as error:
            msg = (
                f"--scheduler {scheduler}: no Dask scheduler answers there within "
                f"{CLUSTER_PATIENCE_S} s; give its address, for example tcp://127.0.0.1:8786, or "
                "local"
            )
            raise ValueError(msg) from error
        with client:
            yield client


def _begin_worker():
    """An interrupt is for the process that shares out the work; when that is gone, its workers go,
    too."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    end_with_parent()
    # Several threads in each of several processes only wait for each other.
    from threadpoolctl import threadpool_limits

    threadpool_limits(1)


def jobs_for(pieces: Sequence) -> int:
    """Processes for so many pieces of work: one per core, where its start pays.

    Parameters
    ----------
    pieces : sequence

    Returns
    -------
    int
    """
    affinity = getattr(os, "sched_getaffinity", None)
    cores = len(affinity(0)) if affinity else os.cpu_count() or 1
    return min(cores, -(-len(pieces) // WORTH_A_PROCESS))


def _path(kept, label, key):
    return kept / f"{label}-{key[:20]}.json"


def _load(kept, label, key):
    """The record of a key, or None where there is none or it cannot be read."""
    try:
        content = json.loads(_path(kept, label, key).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return content["record"] if content.get("key") == key else None


def _keep(kept, label, key, finished):
    kept.mkdir(parents=True, exist_ok=True)
    files.write_json(_path(kept, label, key), {"key": key, "record": finished}, indent=None)
