"""What nbval cannot see: that every notebook is stored executed, in order, without error, and built
as the others are."""

import ast
import json
import re

import pytest

from ivim.notebook import clean
from ivim.files import NOTEBOOKS

PATHS = sorted(NOTEBOOKS.glob("*.ipynb"))
OWN_TABLE = [path for path in PATHS if path.name[:2] in ("03", "04", "05", "06", "07")]
LONGEST_FUNCTION = 10
MOST_CODE_CELLS = 15


def _cells(path, kind="code"):
    return [
        cell
        for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]
        if cell["cell_type"] == kind
    ]


def _source(cell):
    return "".join(cell["source"])


def test_the_notebooks_are_there_and_numbered():
    """Nine numbered notebooks, one after another, and no other."""
    assert [path.name[:2] for path in PATHS] == [f"{number:02d}" for number in range(9)]


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_stored_executed_in_order_without_error(path):
    """nbval compares nothing in a stripped notebook, so each code cell has its count, in order, and
    no error."""
    cells = _cells(path)
    assert [cell["execution_count"] for cell in cells] == list(range(1, len(cells) + 1))
    assert not [
        output for cell in cells for output in cell["outputs"] if output["output_type"] == "error"
    ]
    assert any(cell["outputs"] for cell in cells)


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_stored_as_the_run_leaves_it(path):
    """Stored bytes are those of `ivim reproduce --update-notebooks`: no times, no versions, no
    random ids."""
    text = path.read_text(encoding="utf-8")
    assert clean(text) == text


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_small_enough_to_read(path):
    """At most fifteen code cells, no function over ten lines, no file of its own read by number,
    text before the first cell."""
    cells = _cells(path)
    assert len(cells) <= MOST_CODE_CELLS
    for cell in cells:
        for node in ast.walk(ast.parse(re.sub(r"^[%!].*$", "", _source(cell), flags=re.M))):
            if isinstance(node, (ast.FunctionDef, ast.Lambda)):
                assert node.end_lineno - node.lineno < LONGEST_FUNCTION, (
                    f"{path.name}: {getattr(node, 'name', 'lambda')} is too long"
                )
    assert _source(json.loads(path.read_text(encoding="utf-8"))["cells"][0]).startswith("# ")


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_parameters_are_typed_and_literal(path):
    """One cell tagged "parameters", each with a type and a plain default that papermill can
    replace."""
    tagged = [cell for cell in _cells(path) if "parameters" in cell["metadata"].get("tags", ())]
    assert len(tagged) == 1
    body = ast.parse(_source(tagged[0])).body
    assert body and all(isinstance(node, ast.AnnAssign) for node in body)
    for node in body:
        ast.literal_eval(node.value)


@pytest.mark.parametrize("path", OWN_TABLE, ids=lambda path: path.stem)
def test_statistics_notebooks_take_an_own_table(path):
    """The notebooks of Tables 1-5 have the parameters that bring a user's own study."""
    tagged = next(cell for cell in _cells(path) if "parameters" in cell["metadata"].get("tags", ()))
    assert {"patients", "measurements", "positive"} <= {
        node.target.id for node in ast.parse(_source(tagged)).body
    }


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_pictures_have_alternative_text(path):
    """Every cell that shows a picture says in words what it shows."""
    for cell in _cells(path):
        if any("image/png" in output.get("data", {}) for output in cell["outputs"]):
            alt = cell["metadata"].get("mystnb", {}).get("image", {}).get("alt", "")
            assert len(alt) > 30, f"{path.name}, cell {cell['execution_count']}"


@pytest.mark.parametrize("path", OWN_TABLE, ids=lambda path: path.stem)
def test_reconstructed_numbers_are_called_reconstructed(path):
    """A notebook that shows the cohort's numbers says that the cohort is reconstructed, in its text
    and in its outputs."""
    assert any("reconstructed" in _source(cell) for cell in _cells(path, "markdown"))
    assert any("reconstructed" in json.dumps(cell["outputs"]) for cell in _cells(path))
