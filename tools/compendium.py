"""Write the machine-readable descriptions of the compendium from what is in it: `make metadata`.

datapackage.json (tables, columns, units, SHA-256), ro-crate-metadata.json (Process Run Crate 0.5 of
the committed results), codemeta.json, .zenodo.json and codecheck.yml. Each is derived; a test holds
the committed files to this script.
"""

import csv
import hashlib
import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import yaml

from ivim import files, parameters

ROOT = files.ROOT
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
CITATION = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
DATA_LICENCE = "CC-BY-4.0"
ARTICLE = f"https://doi.org/{CITATION['references'][0]['doi']}"
# What only the owner can give at a release; said once, in CITATION.cff, and passed on from there.
RELEASED, HOME, DOI = map(CITATION.get, ("date-released", "repository-code", "doi"))


def tracked(*patterns):
    """Paths of the files that git tracks, relative to the project, in order."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--", *patterns], cwd=ROOT, capture_output=True, check=True
    )
    return sorted(name for name in listed.stdout.decode().split("\0") if (ROOT / name).is_file())


def content(name):
    """A tracked file's bytes as git holds them: a run on another processor may differ in the tenth
    digit of what it writes, and is still the same compendium.
    """
    shown = subprocess.run(
        ["git", "cat-file", "blob", f":{name}"], cwd=ROOT, capture_output=True, check=True
    )
    return shown.stdout


def digest(name):
    """SHA-256 of a tracked file."""
    return hashlib.sha256(content(name)).hexdigest()


# Tables -----------------------------------------------------------------------------------------


def datapackage():
    """The tables of data/ and results/ as a Frictionless data package, version 1."""
    dictionary = tomllib.loads((ROOT / "data" / "columns.toml").read_text(encoding="utf-8"))
    tables = tracked("data/*.csv", "results/*.csv")
    return {
        "profile": "tabular-data-package",
        "name": PROJECT["name"],
        "title": CITATION["title"],
        "version": PROJECT["version"],
        "description": (
            "The cohort is reconstructed from the article's printed numbers: no patient's data. "
            "Diffusivities are in 10⁻³ mm²/s, fractions from 0 to 1."
        ),
        "licenses": [{"name": DATA_LICENCE, "path": "LICENSE-DATA"}],
        "sources": [{"title": CITATION["references"][0]["title"], "path": ARTICLE}],
        "resources": [_resource(name, dictionary) for name in tables],
    }


def _resource(name, dictionary):
    held = content(name)
    lines = held.decode("utf-8").splitlines()
    comments = sum(1 for line in lines if line.startswith("#"))
    header, *rows = csv.reader(line for line in lines if not line.startswith("#"))
    columns = zip(*rows, strict=True) if rows else ([] for _ in header)
    fields = [
        _field(name, column, values, dictionary)
        for column, values in zip(header, columns, strict=True)
    ]
    return {
        "name": re.sub(r"[^a-z0-9]+", "-", name.removesuffix(".csv").lower()),
        "path": name,
        "profile": "tabular-data-resource",
        "format": "csv",
        "mediatype": "text/csv",
        "encoding": "utf-8",
        **({"dialect": {"commentChar": "#"}} if comments else {}),
        "bytes": len(held),
        "hash": f"sha256:{hashlib.sha256(held).hexdigest()}",
        "schema": {"fields": fields, "missingValues": [""]},
    }


def _field(name, column, values, dictionary):
    known = dictionary.get("file", {}).get(name, {}).get(column)
    if known is None and column in parameters.REGISTRY:
        found = parameters.REGISTRY[column]
        known = {"description": found.long_name}
        known |= {"unit": found.table_unit} if found.table_unit else {}
    known = known or dictionary["columns"].get(column)
    if known is None:
        msg = f"{name}: column {column!r} is not described; add it to data/columns.toml"
        raise ValueError(msg)
    return {"name": column, "type": _type(values), **known}


def _type(values):
    filled = [value for value in values if value]
    if filled and all(re.fullmatch(r"-?\d+", value) for value in filled):
        return "integer"
    if filled and all(re.fullmatch(r"-?\d*\.?\d+(e[-+]?\d+)?", value) for value in filled):
        return "number"
    return "boolean" if filled and set(filled) <= {"True", "False"} else "string"


# The compendium ---------------------------------------------------------------------------------


def codemeta():
    """CodeMeta 3.0."""
    return {
        "@context": "https://w3id.org/codemeta/3.0",
        "type": "SoftwareSourceCode",
        "name": PROJECT["name"],
        "description": PROJECT["description"],
        "version": PROJECT["version"],
        "license": f"https://spdx.org/licenses/{PROJECT['license']}",
        "programmingLanguage": {"type": "ComputerLanguage", "name": "Python"},
        "runtimePlatform": f"Python {PROJECT['requires-python']}",
        "softwareRequirements": sorted(PROJECT["dependencies"]),
        "keywords": PROJECT["keywords"],
        "author": [{"type": "Organization", "name": a["name"]} for a in PROJECT["authors"]],
        "citation": ARTICLE,
        "readme": "README.md",
        "developmentStatus": "active",
        **_given("datePublished", RELEASED),
        **_given("codeRepository", HOME),
        **_given("identifier", DOI and f"https://doi.org/{DOI}"),
    }


def zenodo():
    """Metadata for a deposit; identifiers are the owner's to give, so none stands here."""
    return {
        "title": CITATION["title"],
        "upload_type": "software",
        "version": PROJECT["version"],
        "description": PROJECT["description"],
        "creators": [{"name": author["name"]} for author in CITATION["authors"]],
        "license": PROJECT["license"],
        "keywords": PROJECT["keywords"],
        "related_identifiers": [
            {"identifier": ARTICLE, "relation": "isDerivedFrom"},
            *([{"identifier": HOME, "relation": "isSupplementTo"}] if HOME else []),
        ],
        **_given("publication_date", RELEASED),
    }


OUTPUTS = {
    "results/tables/table1.csv": "Table 1, patients",
    "results/tables/table2.csv": "Table 2, parameters by group",
    "results/tables/table3.csv": "Table 3, group comparison",
    "results/tables/table4.csv": "Table 4, logistic regression",
    "results/tables/table5.csv": "Table 5, diagnostic performance",
    "results/tables/agreement.csv": "reader agreement",
    "results/figures/figure1.png": "Figure 1, phantom of the metastasis shown",
    "results/figures/figure2.png": "Figure 2, phantom of the tuberculosis shown",
    "results/figures/figure3.png": "Figure 3, ROC curves",
    "results/audit/ledger.csv": "verdict on every printed number",
}


def codecheck():
    """What a codechecker is to look at; no check has taken place yet."""
    return {
        "version": "https://codecheck.org.uk/spec/config/1.0/",
        "paper": {
            "title": CITATION["references"][0]["title"],
            "authors": [
                {"name": f"{author['given-names']} {author['family-names']}"}
                for author in CITATION["references"][0]["authors"]
            ],
            "reference": ARTICLE,
        },
        "manifest": [{"file": name, "comment": text} for name, text in OUTPUTS.items()],
        "summary": "Not yet checked. To check: make reproduce, then compare the manifest with git.",
    }


def crate():
    """The committed results as a Process Run Crate: which notebook with which inputs gave which
    files.
    """
    inputs = tracked("data/cohort/*.csv", "data/published/*")
    outputs = tracked("results")
    notebooks = tracked("notebooks/*.ipynb")
    return {
        "@context": [
            "https://w3id.org/ro/crate/1.1/context",
            "https://w3id.org/ro/terms/workflow-run/context",
        ],
        "@graph": [
            {
                "@id": "ro-crate-metadata.json",
                "@type": "CreativeWork",
                "conformsTo": {"@id": "https://w3id.org/ro/crate/1.1"},
                "about": {"@id": "./"},
            },
            {
                "@id": "./",
                "@type": "Dataset",
                "conformsTo": {"@id": "https://w3id.org/ro/wfrun/process/0.5"},
                "name": CITATION["title"],
                "description": PROJECT["description"],
                "license": {"@id": "LICENSE-DATA"},
                "version": PROJECT["version"],
                "hasPart": _ids([*inputs, *notebooks, *outputs, *_OTHERS]),
                **_given("datePublished", RELEASED),
                **_given("identifier", DOI and f"https://doi.org/{DOI}"),
                "mentions": {"@id": "#reproduce"},
            },
            {
                "@id": "https://w3id.org/ro/wfrun/process/0.5",
                "@type": "CreativeWork",
                "name": "Process Run Crate",
                "version": "0.5",
            },
            {
                "@id": "#reproduce",
                "@type": "CreateAction",
                "name": "make reproduce",
                "actionStatus": "http://schema.org/CompletedActionStatus",
                "instrument": {"@id": "#ivim"},
                "object": _ids([*inputs, *notebooks]),
                "result": _ids(outputs),
            },
            {
                "@id": "#ivim",
                "@type": "SoftwareApplication",
                "name": PROJECT["name"],
                "version": PROJECT["version"],
                "softwareRequirements": {"@id": "requirements.lock"},
            },
            *(_file(name) for name in (*inputs, *notebooks, *outputs, *_OTHERS)),
        ],
    }


_OTHERS = ("LICENSE", "LICENSE-DATA", "requirements.lock")


def _given(name, value):
    """An entry where there is something to say, nothing where there is not."""
    return {name: str(value)} if value else {}


def _ids(names):
    return [{"@id": name} for name in names]


def _file(name):
    endings = {
        ".csv": "text/csv",
        ".json": "application/json",
        ".html": "text/html",
        ".md": "text/markdown",
        ".tex": "application/x-tex",
        ".png": "image/png",
        ".svg": "image/svg+xml",
        ".ipynb": "application/x-ipynb+json",
        ".toml": "application/toml",
        ".docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    }
    return {
        "@id": name,
        "@type": "File",
        "name": Path(name).name,
        "encodingFormat": endings.get(Path(name).suffix, "text/plain"),
        "contentSize": str(len(content(name))),
        "sha256": digest(name),
    }


def descriptions():
    """File name to content, of every description."""

    def as_json(described):
        return json.dumps(described, indent=1, ensure_ascii=False) + "\n"

    return {
        "datapackage.json": as_json(datapackage()),
        "ro-crate-metadata.json": as_json(crate()),
        "codemeta.json": as_json(codemeta()),
        ".zenodo.json": as_json(zenodo()),
        "codecheck.yml": "# Made by tools/compendium.py; not yet checked by anybody.\n"
        + yaml.safe_dump(codecheck(), sort_keys=False, allow_unicode=True),
    }


def main():
    """Write every description whose content changed."""
    for name, text in descriptions().items():
        if not (ROOT / name).is_file() or (ROOT / name).read_text(encoding="utf-8") != text:
            files.write_text(ROOT / name, text)
            print(f"written: {name}")


if __name__ == "__main__":
    sys.exit(main())
