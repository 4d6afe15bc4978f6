"""Work side by side, each piece in a process of its own; no process outlives the one that began it.

A pool would do the first; but its workers go on with the queue when their parent is killed, and a
kernel goes on when its worker is. So: one process per piece, each watching its parent, and ending
its own children (the kernel) with itself.
"""

import multiprocessing
import signal
import threading
from collections.abc import Callable, Iterator
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from typing import cast

import psutil


def side_by_side(work: Callable, calls: dict, jobs: int) -> Iterator[tuple]:
    """Call ``work(*arguments)`` for each piece, at most `jobs` at a time.

    Parameters
    ----------
    work : callable
        Importable by name.
    calls : dict of str to tuple
        The name of a piece to its arguments, in the order of starting.
    jobs : int

    Yields
    ------
    name : str
    outcome : object or None
        What `work` returned; None when its process was ended from outside.

    Notes
    -----
    When the caller stops early (an error, Ctrl-C, `close`), what still runs is ended with its
    children.
    """
    # Spawned, not forked: no thread, no open file of the parent comes along, and all systems behave
    # alike.
    context = multiprocessing.get_context("spawn")
    waiting = list(calls.items())
    running: dict[Connection, tuple[str, SpawnProcess]] = {}
    try:
        while waiting or running:
            while waiting and len(running) < jobs:
                name, arguments = waiting.pop(0)
                here, there = context.Pipe(duplex=False)
                process = context.Process(target=_piece, args=(there, work, arguments), daemon=True)
                process.start()
                there.close()
                running[here] = (name, process)
            for here in cast(list[Connection], wait(list(running))):
                name, process = running.pop(here)
                yield name, _received(here)
                process.join()
    finally:
        for _, process in running.values():
            end(cast(int, process.pid))


def end(pid: int) -> None:
    """End a process and all its children, the youngest first; one that is gone already is fine.

    Parameters
    ----------
    pid : int
        The number of the process.
    """
    try:
        parent = psutil.Process(pid)
        family = [*reversed(parent.children(recursive=True)), parent]
    except psutil.NoSuchProcess:
        return
    for process in family:
        try:
            process.kill()
        except psutil.NoSuchProcess:
            continue
    psutil.wait_procs(family, timeout=5)


def end_with_parent() -> None:
    """In a child: when the parent is gone, however it went, end the children and this process at
    once.
    """
    threading.Thread(target=_watch, daemon=True).start()


def _piece(there, work, arguments):
    # Ctrl-C in a terminal reaches every process; the parent alone decides what it means.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    end_with_parent()
    there.send(work(*arguments))
    there.close()


def _watch():
    wait([multiprocessing.parent_process().sentinel])
    end(psutil.Process().pid)


def _received(here):
    try:
        return here.recv()
    except EOFError:
        return None
    finally:
        here.close()
