"""The study's results as a Research Object Crate (RO-Crate 1.1, w3id.org/ro/crate/1.1): every file
and every input with its hash."""

from __future__ import annotations

import hashlib
import json
import mimetypes
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import ivim
from ivim import files

if TYPE_CHECKING:
    from ivim.study.job import Measured

NAME = "ro-crate-metadata.json"
HIDDEN = ("ro-crate-metadata.json", "run.json")
"""Not hashed: the crate itself, and the record of the run, which carries times."""


def write(out: Path, entry: dict, measured: Measured) -> None:
    """Write ``ro-crate-metadata.json``; left as it is where no file and no input has changed.

    Parameters
    ----------
    out : Path
    entry : dict
        Of the study in ``run.json``: options and input hashes.
    measured : ivim.study.job.Measured
    """
    path = out / NAME
    before = _read(path)
    now = datetime.now(UTC).replace(microsecond=0).isoformat()
    crate = build(out, entry, measured, before.get("date") or now)
    if before.get("text") == _text(crate):
        return
    files.write_text(path, _text(build(out, entry, measured, now)))


def build(out: Path, entry: dict, measured: Measured, date: str) -> dict:
    """The crate as JSON-LD.

    Parameters
    ----------
    out, entry, measured
        As for :func:`write`.
    date : str

    Returns
    -------
    dict
    """
    results = [_file(out, path) for path in _results(out)]
    inputs = [
        {"@id": f"#input/{name}", "@type": "CreativeWork", "name": name, "sha256": digest}
        for name, digest in sorted(entry["inputs"].items())
    ]
    refer = lambda items: [{"@id": item["@id"]} for item in items]  # noqa: E731
    root = {
        "@id": "./",
        "@type": "Dataset",
        "name": "An intravoxel incoherent motion study",
        "description": f"Measurements, tables, figures, pages of {len(measured.records)} patients",
        "datePublished": date,
        "license": "to be chosen by the authors",
        "hasPart": refer(results),
        "mentions": [{"@id": "#run"}],
    }
    run = {
        "@id": "#run",
        "@type": "CreateAction",
        "name": "ivim study",
        "instrument": {"@id": "#ivim"},
        "object": refer(inputs),
        "result": refer(results),
        "description": json.dumps(entry["options"], sort_keys=True, ensure_ascii=False),
    }
    software = {
        "@id": "#ivim",
        "@type": "SoftwareApplication",
        "name": "ivim",
        "version": ivim.__version__,
        "sha256": entry["code"],
    }
    descriptor = {
        "@id": NAME,
        "@type": "CreativeWork",
        "conformsTo": {"@id": "https://w3id.org/ro/crate/1.1"},
        "about": {"@id": "./"},
    }
    context = [
        "https://w3id.org/ro/crate/1.1/context",
        {"sha256": "https://w3id.org/ro/terms/sha256"},
    ]
    return {"@context": context, "@graph": [descriptor, root, run, software, *results, *inputs]}


def _results(out):
    return sorted(
        path
        for path in out.rglob("*")
        if path.is_file()
        and path.name not in HIDDEN
        and not any(part.startswith(".") for part in path.relative_to(out).parts)
    )


def _file(out, path):
    content = path.read_bytes()
    kind = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    return {
        "@id": path.relative_to(out).as_posix(),
        "@type": "File",
        "name": path.name,
        "encodingFormat": "text/markdown" if path.suffix == ".md" else kind,
        "contentSize": str(len(content)),
        "sha256": hashlib.sha256(content).hexdigest(),
    }


def _text(crate):
    return json.dumps(crate, indent=1, ensure_ascii=False) + "\n"


def _read(path):
    """Text and date of a crate that is there; nothing where there is none or it is damaged."""
    try:
        text = path.read_text(encoding="utf-8")
        root = next(one for one in json.loads(text)["@graph"] if one["@id"] == "./")
        return {"text": text, "date": root["datePublished"]}
    except (OSError, ValueError, KeyError, TypeError, StopIteration):
        return {}
