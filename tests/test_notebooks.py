"""What nbval cannot see: that every notebook is stored executed, in order, without error, and built
as the others are."""

import ast
import json
import re

import pytest

from ivim import article
from ivim.files import NOTEBOOKS
from ivim.notebook import clean

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


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_the_question_is_answered_at_once(path):
    """The question, the article's place, and three plain sentences written from the numbers."""
    first = _source(_cells(path, "markdown")[0])
    assert "**Question.**" in first and "**In the article.**" in first
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    heading = next(at for at, cell in enumerate(cells) if "## In one minute" in _source(cell))
    assert heading <= 5
    told = "".join(cells[heading + 1]["outputs"][0]["data"]["text/markdown"])
    assert told.count("\n") == 2 and re.search(r"\d", told)


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_links_lead_to_neighbours_glossary_and_article(path):
    """First and last cell link to the notebooks before and after (at the ends, to the start page),
    to the glossary and to the article; every link leads to a file and to a heading of it.
    """
    cells = [_source(cell) for cell in _cells(path, "markdown")]
    at = PATHS.index(path)
    start = "../docs/index.md"
    around = {PATHS[at - 1].name if at else start}
    around |= {PATHS[at + 1].name if at + 1 < len(PATHS) else start}
    for cell in (cells[0], cells[-1]):
        assert {*around, "../docs/glossary.md", article.ADDRESS} <= set(_links(cell))
    for link in _links("\n".join(cells)):
        if not link.startswith("http"):
            target, _, heading = link.partition("#")
            assert (path.parent / target).is_file(), link
            assert not heading or heading in _headings(path.parent / target), link


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_the_article_is_linked_at_its_places(path):
    """Each link into the article leads to one of the places whose words are known to stand there;
    each table, figure and section that the first cell names is such a link.
    """
    text = "\n".join(_source(cell) for cell in _cells(path, "markdown"))
    known = {article.link(place) for place in article.PLACES} | {article.ADDRESS}
    assert {link for link in _links(text) if article.ADDRESS in link} <= known
    first = _source(_cells(path, "markdown")[0])
    place = re.search(r"\*\*In the article\.\*\*(.*?)\n\n", first, flags=re.S)[1]
    bare = re.sub(r"\[[^]]*\]\([^)]*\)", "", place)
    assert not re.search(r"Table \d|Figure \d", bare), bare


def _links(text):
    return re.findall(r"\]\(([^)\s]+)\)", text)


def _headings(path):
    """Anchors of a page's headings, as GitHub and the site make them."""
    titles = re.findall(r"^#{1,3} (.+)$", path.read_text(encoding="utf-8"), flags=re.M)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def test_the_places_stand_in_the_article(outside):
    """The words that the links look for are those of the article's text, each once as written."""
    (path,) = outside("article").glob("*.txt")
    text = " ".join(path.read_text(encoding="utf-8").split())
    assert [words for words in article.PLACES.values() if words not in text] == []


TERMS = {
    "cramér-rao-bound": r"Cram[ée]r.Rao",
    "shrinkage": r"[Ss]hrinkage",
    "youden-index": "Youden",
    "delongs-method": "DeLong",
    "wald-test": "Wald",
    "holms-correction": "Holm",
    "firths-penalty": "Firth",
    "shapiro-wilk-test": "Shapiro",
    "mann-whitney-test": "Mann.Whitney",
    "students-and-welchs-t-test": "Welch",
    "intraclass-correlation-coefficient-icc": r"\bICC",
    "dice-coefficient": "Dice",
    "profile-likelihood": "profile likelihood",
    "signal-to-noise-ratio-snr": "signal-to-noise",
    "grim-test": "GRIM",
    "clopper-pearson-limits": "Clopper",
    "odds-ratio": "[Oo]dds ratio",
    "predictive-value": "predictive value",
    "likelihood-ratio": r"[Ll]ikelihood ratios",
}
"""Entry of the glossary and how a text calls it."""


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_a_term_is_explained_at_its_first_use(path):
    """The first cell of text that uses a term of the trade links to its entry in the glossary."""
    cells = [_source(cell) for cell in _cells(path, "markdown")]
    for anchor, called in TERMS.items():
        using = [cell for cell in cells if re.search(called, cell)]
        assert not using or f"../docs/glossary.md#{anchor}" in using[0], called


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_both_names_of_a_parameter_stand_together(path):
    """Where a notebook speaks of ADC fast, its first cell calls it D* as well, and ADC slow D."""
    first = _source(_cells(path, "markdown")[0])
    everything = path.read_text(encoding="utf-8")
    if "ADC fast" in everything:
        assert "D\\*" in first and "ADC slow" in first and re.search(r"\bD\b(?!\\)", first)


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_readers_are_ez_and_xx(path):
    """The article's readers have the article's initials; those of simulated studies are R1 and R2,
    and a text that has them says so.
    """
    text = path.read_text(encoding="utf-8")
    assert not re.search(r"\b[Rr]eaders? (1|2|A|B|one|two)\b", text)
    if re.search(r"\bR1\b", text):
        first = _source(_cells(path, "markdown")[0])
        assert "readers of a simulated study are called R1 and R2" in first


LONGEST_PARAGRAPH, LONGEST_SENTENCE = 640, 45  # letters, words


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_prose_is_short(path):
    """No paragraph over about five lines, no sentence over forty-five words."""
    for cell in _cells(path, "markdown"):
        text = re.sub(r"```.*?```|\[([^]]*)\]\([^)]*\)", r"\1", _source(cell), flags=re.S)
        for paragraph in re.split(r"\n\s*\n|\n\s*- |\n\|", text):
            assert len(paragraph) <= LONGEST_PARAGRAPH, paragraph
            for sentence in re.split(r"[.:;?!]\s", paragraph):
                assert len(sentence.split()) <= LONGEST_SENTENCE, sentence


AMERICAN = (
    r"\b(colors?|colored|gray|grayed|tumors?|centers?|centered|analyz\w+|behavior\w*|"
    r"favor\w*|randomiz\w+|standardiz\w+|normaliz\w+|penaliz\w+|modeling|labeled|judgment)\b"
)


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_spelling_is_british(path):
    """Text is written in British spelling; what is quoted keeps its own."""
    for cell in _cells(path, "markdown"):
        text = re.sub(r'"[^"]*"|“[^”]*”|`[^`]*`', "", _source(cell))
        assert not re.search(AMERICAN, text), re.search(AMERICAN, text)[0]


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_saving_is_hidden(path):
    """Cells that a reader does not need, which save and stamp, are tagged to be hidden."""
    for cell in _cells(path):
        if re.search(r"report\.(save|stamp)\(", _source(cell)):
            assert "hide-input" in cell["metadata"].get("tags", ()), _source(cell)


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_no_table_is_a_bare_frame(path):
    """Tables have a caption, units and labels; none is a data frame with code names."""
    for cell in _cells(path):
        for output in cell["outputs"]:
            assert 'class="dataframe"' not in "".join(output.get("data", {}).get("text/html", ""))


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_exercises_have_folded_answers(path):
    """Two or three exercises at the end, each with an answer that is folded away."""
    text = _source(_cells(path, "markdown")[-1])
    assert text.startswith("## Exercises")
    assert text.index("<details>") < text.index("</details>")
    assert 2 <= text.count("<details><summary>Answer</summary>") <= 3


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_code_is_short(path):
    """At most four import lines in one cell, and no line of code over a hundred characters."""
    for cell in _cells(path):
        lines = _source(cell).split("\n")
        assert max(map(len, lines)) <= 100
        assert sum(line.startswith(("import ", "from ")) for line in lines) <= 4


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
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
