"""What nbval cannot see: that every notebook is stored executed, in order, without error, and built
as the others are."""

import ast
import json
import re

import pytest

from ivim.files import NOTEBOOKS
from ivim.notebook import clean

PATHS = sorted(NOTEBOOKS.glob("*.ipynb"))
OWN_TABLE = [path for path in PATHS if path.name[:2] in ("03", "04", "05", "06", "07")]
READ_LIKE_A_BOOK = [path for path in PATHS if "01" <= path.name[:2] <= "07"]
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
    """Numbered notebooks, one after another without a gap, the article's eight among them."""
    numbers = [int(path.name[:2]) for path in PATHS]
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))
    assert set(range(1, 9)) <= set(numbers)


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
    """Every picture says in words what it shows: in its tag, or beside an image without one."""
    for cell in _cells(path):
        for output in cell["outputs"]:
            for image in re.findall(
                r"<img [^>]+>", "".join(output.get("data", {}).get("text/html", ""))
            ):
                assert len(re.search(r'alt="([^"]*)"', image)[1]) > 30, cell["id"]
        if any("image/png" in output.get("data", {}) for output in cell["outputs"]):
            alt = cell["metadata"].get("mystnb", {}).get("image", {}).get("alt", "")
            assert len(alt) > 30, f"{path.name}, cell {cell['execution_count']}"


@pytest.mark.parametrize("path", READ_LIKE_A_BOOK, ids=lambda path: path.stem)
def test_the_question_is_answered_at_once(path):
    """The question, the article's place, and three plain sentences written from the numbers."""
    first = _source(_cells(path, "markdown")[0])
    assert "**Question.**" in first and "**In the article.**" in first
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    heading = next(at for at, cell in enumerate(cells) if "## In one minute" in _source(cell))
    assert heading <= 5
    told = "".join(cells[heading + 1]["outputs"][0]["data"]["text/markdown"])
    assert told.count("\n") == 2 and re.search(r"\d", told)


@pytest.mark.parametrize("path", READ_LIKE_A_BOOK, ids=lambda path: path.stem)
def test_links_lead_to_neighbours_glossary_and_article(path):
    """Each notebook links to the next, to the glossary and to the article; every link leads
    somewhere.
    """
    text = "".join(_source(cell) for cell in _cells(path, "markdown"))
    links = re.findall(r"\]\(([^)]+)\)", text)
    assert "../docs/glossary.md" in links
    assert any("doi.org" in link for link in links)
    following = PATHS[PATHS.index(path) + 1]
    assert following.name in links
    for link in links:
        if not link.startswith("http"):
            target = path.parent / link.partition("#")[0]
            assert target.is_file(), link


@pytest.mark.parametrize("path", READ_LIKE_A_BOOK, ids=lambda path: path.stem)
def test_exercises_have_folded_answers(path):
    """Two or three exercises at the end, each with an answer that is folded away."""
    text = _source(_cells(path, "markdown")[-1])
    assert text.startswith("## Exercises")
    assert 2 <= text.count("<details><summary>Answer</summary>") <= 3


@pytest.mark.parametrize("path", READ_LIKE_A_BOOK, ids=lambda path: path.stem)
def test_code_is_short(path):
    """At most four import lines in one cell, and no line of code over a hundred characters."""
    for cell in _cells(path):
        lines = _source(cell).split("\n")
        assert max(map(len, lines)) <= 100
        assert sum(line.startswith(("import ", "from ")) for line in lines) <= 4


@pytest.mark.parametrize("path", READ_LIKE_A_BOOK, ids=lambda path: path.stem)
def test_tables_hold_without_their_style(path):
    """A notebook that is not trusted loses <style> and <svg>: printed and reproduced stay on two
    lines, columns aligned, and no drawing is lost."""
    for cell in _cells(path):
        for output in cell["outputs"]:
            html = "".join(output.get("data", {}).get("text/html", ""))
            bare = re.sub(r"<style>.*?</style>", "", html, flags=re.S)
            assert "<svg" not in bare
            assert not re.search(r"</small><b>", bare)
            if 'class="ivim"' in bare:
                assert re.search(r'<t[dh][^>]* align="', bare)


@pytest.mark.parametrize("path", OWN_TABLE, ids=lambda path: path.stem)
def test_reconstructed_numbers_are_called_reconstructed(path):
    """A notebook that shows the cohort's numbers says that the cohort is reconstructed, in its text
    and in its outputs."""
    assert any("reconstructed" in _source(cell) for cell in _cells(path, "markdown"))
    assert any("reconstructed" in json.dumps(cell["outputs"]) for cell in _cells(path))
