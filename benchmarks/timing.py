"""Seconds of a piece of work: CPU time beside wall clock, the best of several."""

import time
from dataclasses import dataclass


@dataclass(frozen=True)
class Seconds:
    """Least CPU time (of all threads of this process) and least wall clock."""

    cpu: float
    wall: float


def best_of(work, repeats=5):
    """Run `work` some times; other work on the machine can only make it slower."""
    return interleaved({"work": work}, repeats)["work"]


def interleaved(works, repeats=5):
    """Seconds of several pieces of work by name, taken in turns so that they share the weather."""
    cpu, wall = ({name: [] for name in works} for _ in range(2))
    for _ in range(repeats):
        for name, work in works.items():
            start = time.process_time(), time.perf_counter()
            work()
            cpu[name].append(time.process_time() - start[0])
            wall[name].append(time.perf_counter() - start[1])
    return {name: Seconds(min(cpu[name]), min(wall[name])) for name in works}
