"""Prints in one run how exact, fast and accurate the fits are, beside their peers, as one table.

    python benchmarks/run.py [--quick] [--only SECTION ...] [--out FILE]

Peers that are not installed are named as skipped; `pip install .[bench]` brings them. Exit code 1
when a line is missed.
"""

import argparse
import os
import platform
import sys
import time
from importlib.metadata import version
from pathlib import Path

import accuracy
import exactness
import first
import limits
import speed
import volume

from ivim.files import write_text

SECTIONS = {
    "exact": exactness,
    "fast": speed,
    "first": first,
    "accurate": accuracy,
    "limits": limits,
    "volume": volume,
}


def main():
    """Run the sections, print the table as it grows, write it as Markdown on request."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--quick", action="store_true", help="fewer voxels: a minute instead of many"
    )
    parser.add_argument(
        "--only", nargs="+", choices=SECTIONS, default=list(SECTIONS), help="sections to run"
    )
    parser.add_argument("--out", type=Path, help="write the table to this Markdown file too")
    args = parser.parse_args()
    print(machine())
    before = load()
    print(before)
    rows, start = [], time.perf_counter()
    for name in args.only:
        for row in SECTIONS[name].rows(args.quick):
            rows.append(row)
            print(
                f"{row.section:9} {row.what:75} {row.value:32} {_line(row):12} {_verdict(row)}",
                flush=True,
            )
    met, missed = (sum(row.met is verdict for row in rows) for verdict in (True, False))
    print(f"{time.perf_counter() - start:.0f} s; lines met: {met}, missed: {missed}")
    if args.out:
        write_text(args.out, markdown(rows, args.quick, before))
    return 1 if any(row.met is False for row in rows) else 0


def machine():
    """Processor, cores and versions; no name of a host, no path, no date."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    packages = ", ".join(f"{name} {version(name)}" for name in ("numpy", "scipy", "numba", "lmfit"))
    system = f"{platform.system()}, Python {platform.python_version()}"
    return f"{cores} cores of {_processor()}, {system}, {packages}"


def load():
    """How busy other work keeps the machine: CPU times bear that better than wall clock."""
    if not hasattr(os, "getloadavg"):
        return "The load of the machine is not known."
    return f"Load before the run: {os.getloadavg()[0]:.1f} of {os.cpu_count()} cores."


def markdown(rows, quick, before):
    """The table as Markdown."""
    lines = [
        "# Benchmarks",
        "",
        f"Made by `make bench`{' (quick run)' if quick else ''} on {machine()}.",
        f"{before} CPU time is that of all threads; every time is the best of several.",
        "",
    ]
    lines += ["| section | what | measured | line to meet | |", "|---|---|---|---|---|"]
    lines += [
        f"| {row.section} | {row.what.strip()} | {row.value} | {row.line} | {_verdict(row)} |"
        for row in rows
    ]
    return "\n".join(lines) + "\n"


def _line(row):
    return f"({row.line})" if row.line else ""


def _verdict(row):
    return {True: "met", False: "MISSED", None: ""}[row.met]


def _processor():
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        return next(line.split(":")[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.machine()


if __name__ == "__main__":
    sys.exit(main())
