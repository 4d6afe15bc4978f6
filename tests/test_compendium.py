"""The descriptions of the compendium agree with what is in it, and with each other."""

import csv
import hashlib
import json
import sys
import tomllib
from pathlib import Path

import pytest
import yaml

import ivim
from ivim.files import ROOT
from ivim.report.frames import COLUMNS
from ivim.report.headings import RECONSTRUCTED

sys.path.insert(0, str(ROOT / "tools"))
import compendium

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
STARD = [*range(1, 10), "10a", "10b", 11, "12a", "12b", "13a", "13b", *range(14, 21)]
STARD = [str(item) for item in (*STARD, "21a", "21b", *range(22, 31))]


def _json(name):
    return json.loads((ROOT / name).read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def written():
    """Every description as the script makes it now."""
    return compendium.descriptions()


@pytest.mark.parametrize(
    "name",
    [
        "datapackage.json",
        "ro-crate-metadata.json",
        "codemeta.json",
        ".zenodo.json",
        "codecheck.yml",
    ],
)
def test_descriptions_are_those_of_todays_files(written, name):
    """Paths, hashes, columns and versions are what `make metadata` writes."""
    assert (ROOT / name).read_text(encoding="utf-8") == written[name], "run 'make metadata'"


def test_every_table_is_described_with_its_columns_and_hash():
    """Each CSV of data/ and results/ stands in the data package, column by column, with the SHA-256
    of its bytes.
    """
    resources = {one["path"]: one for one in _json("datapackage.json")["resources"]}
    assert set(resources) == set(compendium.tracked("data/*.csv", "results/*.csv"))
    for path, one in resources.items():
        content = compendium.content(path)
        assert one["hash"] == f"sha256:{hashlib.sha256(content).hexdigest()}"
        assert all(field["description"] for field in one["schema"]["fields"])


def test_diffusivities_carry_their_unit():
    """In the measurements, every diffusivity says 10⁻³ mm²/s and no fraction says a unit."""
    resources = {one["path"]: one for one in _json("datapackage.json")["resources"]}
    fields = resources["data/cohort/measurements.csv"]["schema"]["fields"]
    units = {field["name"]: field.get("unit") for field in fields}
    assert {units[name] for name in ("adc_stand", "adc_slow", "adc_fast", "ddc")} == {"10⁻³ mm²/s"}
    assert units["f"] is None and units["alpha"] is None


def test_one_version_everywhere():
    """Package, pyproject, CITATION.cff, CodeMeta, Zenodo, data package and crate say the same
    version.
    """
    crate = {one["@id"]: one for one in _json("ro-crate-metadata.json")["@graph"]}
    versions = {
        ivim.__version__,
        PROJECT["version"],
        str(yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))["version"]),
        _json("codemeta.json")["version"],
        _json(".zenodo.json")["version"],
        _json("datapackage.json")["version"],
        crate["./"]["version"],
    }
    assert len(versions) == 1


def test_one_licence_for_code_and_one_for_data():
    """MIT for the code and CC BY 4.0 for text, data and results, wherever a licence is named."""
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert {PROJECT["license"], citation["license"], _json(".zenodo.json")["license"]} == {"MIT"}
    assert "MIT License" in (ROOT / "LICENSE").read_text(encoding="utf-8")
    assert _json("datapackage.json")["licenses"][0]["name"] == "CC-BY-4.0"
    assert "CC BY 4.0" in (ROOT / "LICENSE-DATA").read_text(encoding="utf-8").splitlines()[0]
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert "MIT" in readme and "CC BY 4.0" in readme


@pytest.mark.parametrize("name", ["CITATION.cff", "codemeta.json", ".zenodo.json", "codecheck.yml"])
def test_no_placeholder(name):
    """Nothing waits to be filled in under a name that looks filled in."""
    text = (ROOT / name).read_text(encoding="utf-8").lower()
    assert not any(word in text for word in ("todo", "xxxx", "placeholder", "0000-0000", "example"))


def test_the_manifest_holds_files_that_exist():
    """Every file of the codecheck manifest is there, and nobody claims that it was checked."""
    manifest = yaml.safe_load((ROOT / "codecheck.yml").read_text(encoding="utf-8"))
    assert all((ROOT / one["file"]).is_file() for one in manifest["manifest"])
    assert manifest["summary"].startswith("Not yet checked")


def test_every_entity_of_the_crate_is_described():
    """Each identifier that the crate refers to is an entity of its graph, and every file exists."""
    graph = _json("ro-crate-metadata.json")["@graph"]
    known = {one["@id"] for one in graph} | {"https://w3id.org/ro/crate/1.1"}

    def references(value):
        if isinstance(value, dict):
            yield from [value["@id"]] if set(value) == {"@id"} else []
            yield from (name for item in value.values() for name in references(item))
        if isinstance(value, list):
            yield from (name for item in value for name in references(item))

    assert {name for one in graph for name in references(one)} <= known
    assert all((ROOT / one["@id"]).is_file() for one in graph if one["@type"] == "File")


def _stard():
    with (ROOT / "data" / "published" / "stard.csv").open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_every_item_of_stard_has_a_verdict():
    """The 30 items with their parts stand once each, in order; what is reported has a place and
    words from there.
    """
    rows = _stard()
    assert [row["item"] for row in rows] == STARD
    assert {row["verdict"] for row in rows} == {"reported", "partly", "not"}
    assert all(bool(row["quote"]) == (row["verdict"] != "not") for row in rows)
    assert all(bool(row["place"]) == bool(row["quote"]) for row in rows)


def test_quotes_of_stard_are_in_the_article(outside):
    """What the table quotes stands in the article's text, white space and mark-up aside."""
    text = " ".join(next(outside("article").glob("*.txt")).read_text(encoding="utf-8").split())
    missing = [row["item"] for row in _stard() if row["quote"] not in text]
    assert missing == []


def test_every_table_says_whose_numbers_it_holds():
    """Each CSV of tables and figures ends in the column `source`, but for those whose columns are
    fixed; their other formats say it in a footnote.
    """
    for name in compendium.tracked("results/tables/*.csv", "results/figures/*.csv"):
        with (ROOT / name).open(encoding="utf-8") as file:
            header, *rows = csv.reader(file)
        if Path(name).stem in COLUMNS:
            assert header == COLUMNS[Path(name).stem].split(), name
            for ending in (".md", ".tex", ".html"):
                beside = (ROOT / name).with_suffix(ending).read_text(encoding="utf-8")
                assert RECONSTRUCTED in beside, (name, ending)
        else:
            assert header[-1] == "source", name
            assert {row[-1] for row in rows} <= {"reconstructed", "simulated"}, name


def test_what_the_owner_gives_is_passed_on(monkeypatch):
    """Date, address and DOI of a release, said in CITATION.cff, reach the descriptions; without
    them nothing stands in their place.
    """
    for name in ("RELEASED", "HOME", "DOI"):
        monkeypatch.setattr(compendium, name, None)
    entities = {one["@id"]: one for one in compendium.crate()["@graph"]}
    assert not {"datePublished", "identifier"} & set(entities["./"])
    given = {"RELEASED": "2030-01-02", "HOME": "https://example.org/ivim", "DOI": "10.1234/5"}
    for name, value in given.items():
        monkeypatch.setattr(compendium, name, value)
    entities = {one["@id"]: one for one in compendium.crate()["@graph"]}
    assert entities["./"]["datePublished"] == compendium.zenodo()["publication_date"]
    assert entities["./"]["identifier"] == compendium.codemeta()["identifier"]
    assert compendium.codemeta()["codeRepository"] == "https://example.org/ivim"
