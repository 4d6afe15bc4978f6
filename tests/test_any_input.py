"""Whatever a file holds, its reader gives a result or one line: any bytes, any cells, TOML and JSON
of any shape.

``IVIM_EXAMPLES=2000`` looks for new faults; by default few examples are tried, the same each time.
"""

import json
import os
from datetime import timedelta

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ivim.audit.reading.answers import load_answers
from ivim.audit.structure import Structure
from ivim.audit.structure_file import load_structure
from ivim.audit.transcript import load_claims
from ivim.audit.verdict import judge
from ivim.audit.vocabulary import COUNTS
from ivim.cohort import load_cohort
from ivim.files import DATA
from ivim.imaging.bids import read_bvecs, read_participants
from ivim.imaging.formats import load_regions
from ivim.imaging.series import read_averages, read_bvals
from ivim.signal.recipe import read_recipe
from ivim.synthetic.settings import DEFAULT, read_settings

EXAMPLES = int(os.environ.get("IVIM_EXAMPLES", 0))


def tried(examples):
    """Settings of a property: so many examples, none over the time in which a person gives up."""
    return settings(
        max_examples=EXAMPLES or examples,
        derandomize=not EXAMPLES,
        deadline=timedelta(seconds=20),
        suppress_health_check=list(HealthCheck),
        database=None,
    )


def one_line(read, *given):
    """What a reader gives, or None where it refuses with a ValueError of one line."""
    try:
        return read(*given)
    except ValueError as error:
        text = str(error)
        assert text and "\n" not in text and len(text) < 2000, text
        return None


# Cells that were typed, exported, damaged or made to break something.
CELLS = st.one_of(
    st.sampled_from(
        ["", "1", "-1", "0", "0.5", ".05", "1e999", "-1e999", "nan", "inf", "NA", "None", "n/a",
         "<.001", "> 0.05", "12 ± 3", "5 (2-7)", "95%", "1,234", "1.2.3", "1000000000000", "9" * 20,
         "1e-20", "1" * 5000, "٣", "½", "−5", "=1+1", "'x", '"', "\x00", "a", "b", "m", "f", "male",
         "+", "-", ".", "%", "e", "1e", "1e-400", "0x10", "1_000", "True", "[1]", "a vs b",
         "\ufeff", "x x", "<b>", "9**9**9", "S0/0", "exp", "(-1)**0.5", "[" * 150, "1 << 1"]
    ),
    st.text(max_size=12),
    st.floats().map(repr),
    st.integers(-(10**20), 10**20).map(str),
)  # fmt: skip
NAMES = st.one_of(st.sampled_from(["a", "b", "f", "adc_slow", "group", "", "tests", "mean"]), CELLS)
BYTES = st.one_of(st.binary(max_size=200), st.text(max_size=200).map(lambda text: text.encode()))
VALUES = st.recursive(
    st.one_of(
        st.booleans(), st.integers(-(10**25), 10**25), st.floats(), CELLS, st.just("1979-05-27")
    ),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(NAMES, inner, max_size=3)),
    max_leaves=8,
)


def toml(value):
    """A value as TOML writes it."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dict):
        return "{" + ", ".join(f"{toml(str(k))} = {toml(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(toml, value)) + "]"
    if isinstance(value, str):
        return json.dumps(value).replace("\x7f", "\\u007f")
    return repr(value)


def shaped(keys, values=VALUES):
    """Texts of TOML with known names and others, values of any kind; now and then no TOML."""
    names = st.one_of(st.sampled_from(sorted(keys)), NAMES)
    sections = st.dictionaries(names, st.one_of(st.dictionaries(names, values, max_size=4), values),
                               max_size=4)  # fmt: skip
    texts = sections.map(
        lambda found: "\n".join(f"{toml(name)} = {toml(value)}" for name, value in found.items())
    )
    return st.one_of(texts.map(lambda text: text.encode("utf-8", "surrogatepass")), BYTES)


def table(columns, cells=CELLS, separator=","):
    """Texts of a table: its columns in any order, some missing, doubled or unknown."""

    def written(rows):
        quoted = (
            separator.join('"' + cell.replace('"', '""') + '"' for cell in row) for row in rows
        )
        return "\n".join(quoted).encode("utf-8", "surrogatepass")

    names = st.one_of(st.permutations(columns), st.lists(st.sampled_from(columns), min_size=1),
                      st.lists(st.one_of(st.sampled_from(columns), CELLS), min_size=1))  # fmt: skip
    return names.flatmap(
        lambda header: st.lists(
            st.lists(cells, min_size=len(header), max_size=len(header)), max_size=5
        ).map(lambda rows: written([header, *rows]))
    )


CLAIM = ["id", "location", "group", "parameter", "statistic", "printed", "unit", "place"]
FURTHER = ["analysis", "item", "test", "quote", "model", "comparison", "method", "n"]
STATISTICS = [
    *sorted(COUNTS), "mean", "sd", "se", "t", "p", "f", "b", "wald", "odds_ratio", "ci_low",
    "ci_high", "auc", "auc_low", "auc_high", "cutoff", "sensitivity", "sensitivity_low",
    "specificity", "icc", "icc_low", "icc_high", "value", "equation", "claim", "label", "median",
]  # fmt: skip
PLAUSIBLE = st.fixed_dictionaries(
    {
        "location": st.sampled_from(["table1", "table2", "abstract", "results", "figure1"]),
        "group": st.sampled_from(["", "a", "b", "c"]),
        "parameter": st.sampled_from(["", "age", "f", "adc_slow", "x"]),
        "statistic": st.sampled_from(STATISTICS),
        "printed": CELLS,
        "unit": st.sampled_from(["", "%", "years", "mm²/s", "10⁻³ mm²/s"]),
        "place": st.just(""),
        "test": st.one_of(st.just(""), CELLS),
        "comparison": st.sampled_from(["", "a vs b", "a vs b vs c", "vs"]),
        "n": st.one_of(st.just(""), CELLS),
    }
)


def claims_text(rows):
    """Rows of claims as a file, each with an id of its own."""
    cells = [["id", *rows[0]], *([f"c{n}", *row.values()] for n, row in enumerate(rows))]
    return "\n".join(
        ",".join('"' + cell.replace('"', '""') + '"' for cell in row) for row in cells
    ).encode("utf-8", "surrogatepass")


@tried(40)
@given(content=st.one_of(BYTES, table([*CLAIM, *FURTHER])))
def test_any_file_of_claims_is_claims_or_one_line(tmp_path_factory, content):
    """Property: any bytes and any cells."""
    path = written(tmp_path_factory, "claims.csv", content)
    claims = one_line(load_claims, path)
    assert claims is None or len(claims)


@tried(40)
@given(rows=st.lists(PLAUSIBLE, min_size=1, max_size=8), knows=st.booleans())
def test_any_claims_are_judged_or_refused_in_one_line(tmp_path_factory, rows, knows):
    """Property: claims of known kinds with any number get a verdict each, or one line."""
    path = written(tmp_path_factory, "claims.csv", claims_text(rows))
    claims = one_line(load_claims, path)
    if claims is not None:
        known = Structure(complete=True, restated=True, compared=("a", "b"), positive="a")
        found = one_line(judge, claims, known if knows else Structure())
        assert found is None or len(found.ledger) == len(rows)


STRUCTURE = [
    "title", "restated", "comparisons", "denominators", "protocol", "equations", "references",
    "groups", "parameters", "tests", "printing", "agreement", "compared", "positive", "parts",
    "complete", "whole_numbers", "limits", "spread", "units", "method", "confidence", "rounding",
    "significance", "auc_limits", "odds_limits", "cutoff", "slopes", "raters", "age", "malignant",
]  # fmt: skip


@pytest.fixture(scope="module")
def claims():
    """The claims of the example study."""
    return load_claims(DATA / "example-audit" / "claims.csv")


@tried(150)
@given(content=shaped(STRUCTURE))
def test_any_structure_file_is_a_structure_or_one_line(tmp_path_factory, claims, content):
    """Property: TOML of any shape; what is accepted is something that claims can be judged by."""
    path = written(tmp_path_factory, "structure.toml", content)
    structure = one_line(load_structure, path, claims)
    assert structure is None or isinstance(structure, Structure)


RECIPE = ["name", "methods", "monoexponential", "biexponential", "stretched", "pair", "threshold",
          "bounds", "sigma", "averaging", "weights", "adc_slow", "adc_fast", "s0"]  # fmt: skip


@tried(150)
@given(content=shaped(RECIPE))
def test_any_recipe_is_a_recipe_or_one_line(tmp_path_factory, content):
    """Property: TOML of any shape; what is accepted can say what it does."""
    path = written(tmp_path_factory, "recipe.toml", content)
    recipe = one_line(read_recipe, path)
    assert recipe is None or one_line(recipe.sentences, np.array([0.0, 50, 200, 800, 1200])) != []


@tried(100)
@given(content=shaped(["name", "protocol", "lesion", "readers", "groups", "b", "snr"]))
def test_any_settings_of_a_study_are_settings_or_one_line(tmp_path_factory, content):
    """Property: TOML of any shape."""
    one_line(read_settings, written(tmp_path_factory, "study.toml", content))


@tried(100)
@given(data=st.data())
def test_settings_with_one_value_changed_are_settings_or_one_line(tmp_path_factory, data):
    """Property: the defaults with any value in one place."""
    lines = DEFAULT.read_text(encoding="utf-8").splitlines()
    at = data.draw(st.sampled_from([n for n, line in enumerate(lines) if " = " in line]))
    lines[at] = f"{lines[at].split(' = ')[0]} = {toml(data.draw(VALUES))}"
    content = "\n".join(lines).encode("utf-8", "surrogatepass")
    one_line(read_settings, written(tmp_path_factory, "study.toml", content))


@tried(100)
@given(content=shaped(["names", "units", "table1", "table2", "groups", "statistics"]))
def test_any_answers_are_answers_or_one_line(tmp_path_factory, content):
    """Property: TOML of any shape."""
    one_line(load_answers, written(tmp_path_factory, "answers.toml", content))


JSON = st.one_of(
    VALUES, st.fixed_dictionaries({"NumberOfAverages": st.one_of(VALUES, st.lists(CELLS))})
)


@tried(150)
@given(content=st.one_of(BYTES, JSON.map(json.dumps).map(str.encode)), count=st.integers(1, 4))
def test_any_sidecar_has_averages_or_none_or_one_line(tmp_path_factory, content, count):
    """Property: any bytes and any JSON; what is given are so many numbers above zero."""
    found = one_line(read_averages, written(tmp_path_factory, "dwi.json", content), count)
    assert found is None or (found.shape == (count,) and (found > 0).all())


WORDS = st.lists(CELLS, max_size=12).map(lambda words: " ".join(words).encode("utf-8", "replace"))


@tried(100)
@given(content=st.one_of(BYTES, WORDS))
def test_any_words_are_b_values_or_one_line(tmp_path_factory, content):
    """Property: what is given are finite numbers from zero on."""
    found = one_line(read_bvals, written(tmp_path_factory, "dwi.bval", content))
    assert found is None or (np.isfinite(found).all() and (found >= 0).all())


@tried(100)
@given(content=st.one_of(BYTES, st.lists(WORDS, max_size=4).map(b"\n".join)), n=st.integers(1, 4))
def test_any_words_are_directions_or_one_line(tmp_path_factory, content, n):
    """Property: what is given is finite."""
    found = one_line(read_bvecs, written(tmp_path_factory, "dwi.bvec", content), n)
    assert found is None or np.isfinite(found).all()


@tried(100)
@given(content=table(["participant_id", "group", "primary", "sex", "age"], separator="\t"))
def test_any_participants_are_a_table_or_one_line(tmp_path_factory, content):
    """Property: any cells."""
    path = written(tmp_path_factory, "participants.tsv", content)
    found = one_line(read_participants, path.parent)
    assert found is None or len(found)


PEOPLE = "patient,group,sex,age\n" + "".join(
    f"{n},{'ab'[n % 2]},m,{50 + n}\n" for n in range(6)
)  # fmt: skip


@tried(60)
@given(
    content=table(
        ["patient", "reader", "f", "adc_slow"],
        st.one_of(st.sampled_from([*"012345", "EZ", ".2", "1.1"]), CELLS),
    )
)
def test_any_measurements_are_a_cohort_or_one_line(tmp_path_factory, content):
    """Property: any cells beside patients that are as they should be."""
    people = written(tmp_path_factory, "patients.csv", PEOPLE.encode())
    path = written(tmp_path_factory, "measurements.csv", content)
    found = one_line(load_cohort, people, path)
    assert found is None or len(found.values)


POLYGONS = st.fixed_dictionaries(
    {
        "space": st.one_of(st.sampled_from(["RAS", "LPS"]), VALUES),
        "unit": st.one_of(st.just("mm"), VALUES),
        "polygons": st.one_of(
            VALUES,
            st.lists(
                st.fixed_dictionaries(
                    {
                        "name": VALUES,
                        "points": st.one_of(
                            VALUES, st.lists(st.lists(st.floats(), min_size=3, max_size=3))
                        ),
                    }
                ),
                max_size=3,
            ),
        ),
    }
)


@tried(60)
@given(content=POLYGONS)
def test_any_polygons_are_regions_or_one_line(tmp_path_factory, content):
    """Property: JSON of any shape under the names of polygons."""
    path = written(tmp_path_factory, "roi.json", json.dumps(content).encode())
    one_line(load_regions, path)


def written(folders, name, content):
    """A file with this content, in one folder for all examples."""
    folder = folders.getbasetemp() / "any"
    folder.mkdir(exist_ok=True)
    (folder / name).write_bytes(content)
    return folder / name
