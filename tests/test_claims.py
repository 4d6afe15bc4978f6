"""The transcription: every printed string is in the article, every number of its tables is
transcribed, bad files get one clear line.
"""

import re

import pandas as pd
import pytest

from ivim import article as facts
from ivim import parameters
from ivim.audit.claims import COLUMNS, PUBLISHED
from ivim.audit.structure import infer_structure
from ivim.audit.structure_file import load_structure
from ivim.audit.transcript import load_claims

CLAIMS = load_claims()
LOCATIONS = {
    "abstract",
    "methods",
    "results",
    "discussion",
    "figure1",
    "figure2",
    *(f"table{i}" for i in range(1, 6)),
}
# The article's row labels as it prints them.
ROWS = {
    "tuberculous spondylitis": "tuberculosis",
    "spinal metastasis": "metastasis",
    "lung cancer": "lung",
    "breast cancer": "breast",
    "renal cancer": "renal",
    "adcstand": "adc_stand",
    "adcslow": "adc_slow",
    "adcfast": "adc_fast",
    "f": "f",
    "ddc": "ddc",
    "α": "alpha",
    "adcfast and f": "adc_fast+f",
}


def plain(text):
    """The article's text without mark-up and white space, so that a line break or a subscript does
    not matter.
    """
    for _ in range(3):
        text = re.sub(r"\\text\s*\{([^{}]*)\}", r"\1", text)
    text = (
        text.replace(r"\times", "×")
        .replace(r"\pm", "±")
        .replace(r"\exp", "exp")
        .replace(r"\alpha", "α")
    )
    return re.sub(r"[\\{}_^$\s]", "", text)


@pytest.fixture
def article(outside):
    """The article's extracted text."""
    return next(outside("article").glob("*.txt")).read_text(encoding="utf-8")


def test_the_contract_columns_come_first():
    """The columns are those of the data dictionary, in its order."""
    assert tuple(pd.read_csv(PUBLISHED, nrows=0).columns[: len(COLUMNS)]) == COLUMNS


def test_claims_cover_every_place():
    """At least 350 quantities, from every part of the article that prints results."""
    assert len(CLAIMS) >= 350
    assert {claim.location for claim in CLAIMS} == LOCATIONS
    assert {claim.parameter for claim in CLAIMS} <= {*parameters.SIX, "age", "adc_fast+f", ""}
    assert {claim.group for claim in CLAIMS} <= {*facts.GROUPS, *facts.PRIMARIES, ""}


def test_every_quoted_string_is_in_the_article(article):
    """A second pass over the text: each quote stands in the article, and the printed string stands
    in its quote.
    """
    text = plain(article)
    quoted = [claim for claim in CLAIMS if claim.quote]
    assert [claim.id for claim in quoted if plain(claim.quote) not in text] == []
    apart = [
        claim.id
        for claim in quoted
        if plain(claim.printed) not in plain(claim.quote) and claim.statistic != "equation"
    ]
    assert apart == []
    assert {c.location for c in CLAIMS if not c.quote} <= {f"table{i}" for i in range(1, 6)}


def test_every_number_of_the_tables_is_transcribed(article):
    """Tables 1-5 read by code from the text give exactly the transcribed strings, row by row and in
    order.
    """
    seen = 0
    for number in range(1, 6):
        table = (
            article.split(f"\nTable {number}")[1]
            .split("\nNote")[0]
            .split("\nTable ")[0]
            .split("\nFigures")[0]
        )
        for line in table.splitlines():
            label, *cells = line.split("\t")
            name = ROWS.get(plain_label(label))
            if not cells or name is None:
                continue
            column = "group" if number < 3 else "parameter"
            rows = [
                c for c in CLAIMS.where(location=f"table{number}", **{column: name}) if c.number
            ]
            printed = re.findall(
                r"[<>] ?\d*\.?\d+\**|-?\d*\.?\d+\**", " ".join(cells).replace("~", " ~ ")
            )
            assert [c.printed for c in rows] == printed, (number, name)
            seen += 1
    assert seen == 5 + 5 + 6 + 2 + 3


def plain_label(text):
    """A row label without mark-up and capitals."""
    return re.sub(r"[_{}$]|\s(?=_)", "", text).strip().lower()


def test_numbers_read_as_printed():
    """Stars, signs, missing zeros and number words are read, and the string is kept."""
    assert CLAIMS["t2-tuberculosis-adc_fast-sd"].printed == ".782"
    assert (
        CLAIMS["t3-adc_fast-p"].number.comparison == "<"
        and CLAIMS["t3-adc_fast-p"].number.marks == "**"
    )
    assert CLAIMS["t5-adc_fast-cutoff"].number.comparison == ">"
    assert CLAIMS["methods-readers"].number.value == 2


def test_design_facts_hold_no_verdict():
    """The structure file is about design: groups, tests, protocol, references; nothing in it names
    a claim or a verdict.
    """
    text = PUBLISHED.with_name("structure.toml").read_text(encoding="utf-8")
    assert not [claim.id for claim in CLAIMS if re.search(rf"\b{re.escape(claim.id)}\b", text)]
    for word in ("misprint", "impossible", "contradicted", "recovered", "swap"):
        assert word not in text


def test_design_is_inferred_from_the_claims():
    """Without a structure file the sub-groups, the comparison and the readers follow from the
    claims.
    """
    known, inferred = (
        load_structure(PUBLISHED.with_name("structure.toml"), CLAIMS),
        infer_structure(CLAIMS),
    )
    assert inferred.parts == known.parts
    assert set(inferred.compared) == set(known.compared) and inferred.positive == known.positive
    assert inferred.raters == known.raters


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ({"printed": "about 12"}, "not a printed number: 'about 12'"),
        ({"id": "b"}, "'b' is there twice"),
        ({"printed": ""}, "'printed' is blank"),
        ({"statistic": "n", "printed": "12.5"}, "n is '12.5'; a count is a whole number"),
    ],
)
def test_a_bad_row_is_named(tmp_path, row, message):
    """One line says which row of the file is wrong, with the value met."""
    good = {
        "id": "a",
        "location": "table1",
        "group": "x",
        "parameter": "age",
        "statistic": "mean",
        "printed": "51.2",
        "unit": "years",
        "place": "",
    }
    path = tmp_path / "claims.csv"
    pd.DataFrame([good | {"id": "b"}, good | {"parameter": "weight"} | row]).to_csv(
        path, index=False
    )
    with pytest.raises(ValueError, match=re.escape(message)):
        load_claims(path)


def test_a_missing_column_is_named(tmp_path):
    """The message lists what was met and what is needed."""
    path = tmp_path / "claims.csv"
    path.write_text("id,location,printed\na,table1,3\n")
    with pytest.raises(ValueError, match="column 'group' is missing"):
        load_claims(path)


def test_an_unknown_design_fact_is_refused(tmp_path):
    """A misspelt entry of a structure file is named, with those that are known."""
    path = tmp_path / "structure.toml"
    path.write_text("[tests]\nconfidance = 0.95\n")
    with pytest.raises(ValueError, match="unknown entry 'tests.confidance'"):
        load_structure(path, CLAIMS)
