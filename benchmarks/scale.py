"""How `ivim measure` grows: wall time by patients and workers, what each patient costs, memory per
worker.

python benchmarks/scale.py [--patients 70 300 1000] [--workers 1 2] [--out benchmarks/scale.md]

Seventy simulated patients are made; more are the same files under other labels (hard links), so
that reading costs what it costs. Every run begins with nothing kept.
"""

import argparse
import os
import platform
import shutil
import sys
import tempfile
import time
from pathlib import Path

import psutil

SIMULATED = 70
HEAD = (
    "patients", "workers", "wall s", "s per patient", "reading ms", "fitting ms", "writing ms",
    "worker MB, first tenth", "worker MB, last tenth",
)  # fmt: skip


def main():
    """Make the study, measure it in every size and with every number of workers, print the
    table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--patients", type=int, nargs="+", default=[70, 300, 1000])
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--out", metavar="FILE", help="write the table to this file, too")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        source = simulated(Path(folder))
        rows = []
        for patients in args.patients:
            study = grown(source, Path(folder) / f"study-{patients}", patients)
            for workers in args.workers:
                rows.append(measured(study, patients, workers, Path(folder) / "out"))
                print(line(rows[-1]), file=sys.stderr, flush=True)
            shutil.rmtree(study)
    text = "\n".join([*heading(), line(HEAD), line(["--:"] * len(HEAD)), *map(line, rows)]) + "\n"
    print(text)
    if args.out:
        Path(args.out).write_text(text, encoding="utf-8")


def simulated(folder):
    """Seventy simulated patients."""
    from ivim.synthetic.study import simulate

    simulate(folder / "simulated", SIMULATED, 1)
    return folder / "simulated"


def grown(source, target, patients):
    """A study of so many patients, each the files of one of the seventy."""
    lines = ["participant_id\tgroup"]
    for number in range(patients):
        old, new = f"sub-{number % SIMULATED + 1:02d}", f"sub-{number + 1:04d}"
        lines.append(f"{new}\t{('a', 'b')[number % 2]}")
        for place in (Path(old), Path("derivatives") / "rois" / old):
            for path in (source / place).rglob("*.*"):
                inside = path.relative_to(source).as_posix().replace(old, new)
                (target / inside).parent.mkdir(parents=True, exist_ok=True)
                os.link(path, target / inside)
    (target / "participants.tsv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return target


def measured(study, patients, workers, out):
    """Measure once with nothing kept; gives a row of the table."""
    from ivim.study import job, work
    from ivim.study.measure import Options

    shutil.rmtree(out, ignore_errors=True)
    out.mkdir()
    memory, written = [], Stopwatch()
    keep = work._keep
    work._keep = written.around(keep)
    began = time.perf_counter()
    try:
        found = job.measure_study(
            study,
            Options(),
            out / "kept",
            jobs=workers,
            progress=lambda done: memory.append(peak(workers)),
        )
    finally:
        work._keep = keep
    written.around(job.write_tables)(found, out / "measurements.csv")
    wall = time.perf_counter() - began
    spent = [
        sum(one["seconds"][kind] for one in found.records.values())
        for kind in ("reading", "fitting")
    ]
    tenth = max(len(memory) // 10, 1)
    per_patient = [1000 * seconds / patients for seconds in (*spent, written.seconds)]
    numbers = [f"{wall:.1f}", f"{wall / patients:.3f}", *(f"{ms:.1f}" for ms in per_patient)]
    sizes = [f"{max(part):.0f}" for part in (memory[:tenth], memory[-tenth:])]
    return (patients, workers, *numbers, *sizes)


class Stopwatch:
    """Adds up the seconds of what it is put around."""

    def __init__(self):
        self.seconds = 0.0

    def around(self, function):
        """The function, timed."""

        def timed(*args, **options):
            began = time.perf_counter()
            try:
                return function(*args, **options)
            finally:
                self.seconds += time.perf_counter() - began

        return timed


def peak(workers):
    """Memory of the largest worker in MB; of this process where it works alone."""
    own, sizes = psutil.Process(), [0.0]
    for one in [own] if workers == 1 else own.children(recursive=True):
        try:
            sizes.append(one.memory_info().rss / 1e6)
        except psutil.NoSuchProcess:
            continue
    return max(sizes)


def heading():
    """Where the numbers come from."""
    machine = f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores"
    return [
        "# How `ivim measure` grows",
        "",
        f"{machine}, Python {platform.python_version()}, "
        f"load {os.getloadavg()[0]:.1f} at the end. "
        "Written by `python benchmarks/scale.py`; two readers, estimator maps, recipe article.",
        "",
    ]


def line(cells):
    """A row of a Markdown table."""
    return f"| {' | '.join(map(str, cells))} |"


if __name__ == "__main__":
    main()
