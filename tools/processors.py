"""Whether another processor, other libraries' code paths or a user's settings change a stored byte.

    python tools/processors.py [--only NAME ...] [--write]

The whole run (``ivim reproduce``) is made in a copy of the project, once as it is and once under
each of ``SETTINGS``: compiled code for the oldest 64-bit processor, linear algebra of older ones,
numpy without its newer instructions, a matplotlibrc that changes every picture. Each file that a
run gives is held against the first run, byte by byte. ``--write`` stores the outcome as
``benchmarks/processors.md``. Exit code 0 when no file differs.
"""

import argparse
import hashlib
import importlib.util
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "benchmarks" / "processors.md"
OLD_NUMPY = "X86_V3 X86_V4 AVX512_ICL AVX512_SPR"
UGLY = "font.size: 23\nlines.linewidth: 17\naxes.facecolor: pink\nimage.cmap: jet\n"
SETTINGS = {
    "compiled code for any 64-bit processor": {"NUMBA_CPU_NAME": "generic"},
    "linear algebra of Haswell": {"OPENBLAS_CORETYPE": "Haswell"},
    "linear algebra of Prescott": {"OPENBLAS_CORETYPE": "Prescott"},
    "numpy without newer instructions": {"NPY_DISABLE_CPU_FEATURES": OLD_NUMPY},
    "a user's matplotlibrc": {"MATPLOTLIBRC": "matplotlibrc"},
}
"""What is changed, in words -> the environment that changes it."""
UNTRACKED = {"run.json"}
"""Times and versions of a run; all else is compared."""


def copied(folder: Path) -> Path:
    """A copy of the project's files, as they stand."""
    spec = importlib.util.spec_from_file_location("mutants", ROOT / "tools" / "mutants.py")
    mutants = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(mutants)
    return mutants.copied(folder)


def run(project: Path, out: Path, settings: dict) -> dict:
    """One whole run.

    Parameters
    ----------
    project : Path
        The copy.
    out : Path
        A new folder for what the run gives.
    settings : dict of str to str
        Added to the environment.

    Returns
    -------
    dict of str to str
        SHA-256 by the name of the file.
    """
    ours = ("NUMBA_", "OPENBLAS_CORE", "NPY_", "MPL", "MATPLOTLIB")
    plain = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    # numba keeps one cache for all processors that it is told to compile for.
    cache = {"NUMBA_CACHE_DIR": str(project.parent / settings.get("NUMBA_CPU_NAME", "native"))}
    subprocess.run(
        [sys.executable, "-m", "ivim.cli", "reproduce", "--force", "--out", str(out)],
        cwd=project, check=True, stdout=subprocess.DEVNULL,
        env=plain | {"PYTHONPATH": str(project)} | cache | settings,
    )  # fmt: skip
    return {
        path.relative_to(out).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(out.rglob("*"))
        if path.is_file() and path.name not in UNTRACKED
    }


def committed(found: dict) -> list[str]:
    """Files of a run that are not what git has under ``results/`` and ``notebooks/``."""
    places = {name: ROOT / (name if name.startswith("notebooks/") else f"results/{name}")
              for name in found}  # fmt: skip
    return [
        name for name, path in places.items()
        if not path.is_file() or hashlib.sha256(path.read_bytes()).hexdigest() != found[name]
    ]  # fmt: skip


def differing(one: dict, other: dict) -> list[str]:
    """Names of the files that only one run has, or that are other bytes."""
    return sorted(name for name in one.keys() | other.keys() if one.get(name) != other.get(name))


def page(files: int, rows: dict) -> str:
    """The stored outcome.

    Parameters
    ----------
    files : int
        Compared in each run.
    rows : dict of str to list of str
        By setting, the files that differ.

    Returns
    -------
    str
        Markdown.
    """
    names = ("numpy", "scipy", "numba", "lmfit", "matplotlib")
    made = ", ".join(f"{name} {version(name)}" for name in names)
    lines = [
        "# The same bytes on other processors\n",
        f"Made by `python tools/processors.py --write` on {platform.system()}, Python "
        f"{platform.python_version()}, {made}.",
        f"Whole runs; each of the {files} files that a run gives (tables, figures, audit, numbers, "
        "executed notebooks) is held against the run as it is, byte by byte.\n",
        "| changed | by | files that differ |",
        "|---|---|---|",
    ]
    for name, found in rows.items():
        by = " ".join(f"`{key}={value}`" for key, value in SETTINGS[name].items())
        lines.append(f"| {name} | {by} | {', '.join(found) or 'none'} |")
    return "\n".join(lines) + "\n"


def main() -> int:
    """Make the runs and say what differs."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", nargs="+", choices=SETTINGS, default=list(SETTINGS),
                        metavar="SETTING", help="of: " + "; ".join(SETTINGS))  # fmt: skip
    parser.add_argument("--write", action="store_true", help=f"store {PAGE.name} (all settings)")
    parser.add_argument("--keep", type=Path, help="a new folder that keeps what the runs gave")
    options = parser.parse_args()
    if options.write and len(options.only) < len(SETTINGS):
        parser.error("--write stores the runs of all settings; leave --only away")
    rows = {}
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        project = copied(folder)
        (folder / "matplotlibrc").write_text(UGLY, encoding="utf-8")
        first = run(project, folder / "runs" / "as it is", {})
        print(f"as it is: {len(first)} files; other than committed: "
              + (", ".join(committed(first)) or "none"), flush=True)  # fmt: skip
        for name in options.only:
            settings = {key: str(folder / value) if key == "MATPLOTLIBRC" else value
                        for key, value in SETTINGS[name].items()}  # fmt: skip
            rows[name] = differing(first, run(project, folder / "runs" / name, settings))
            print(f"{name}: {', '.join(rows[name]) or 'none differs'}", flush=True)
        if options.keep:
            shutil.copytree(folder / "runs", options.keep)
    if options.write:
        PAGE.write_text(page(len(first), rows), encoding="utf-8")
    return 1 if any(rows.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
