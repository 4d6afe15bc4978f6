"""Names that mean something to HTML, Markdown, LaTeX, Word, a spreadsheet or a figure are names and
nothing else.
"""

import csv
import html
import re

import matplotlib as mpl
import numpy as np
import pytest

from ivim import files, load_cohort, report
from ivim.report.cells import literal, plain, spans
from ivim.report.labels import marker_label, marker_parts
from ivim.report.markup import escape_md
from ivim.report.write import write_table

GROUPS = ("a$b_{x}$", "<script>alert(1)</script>")
PRIMARIES = ("=1+1", "x&y_%^{2}")
READERS = ("R$1/{i}", "_R2|`c`")
MARKER = "$m_{a}$ & =1+1 %"
TABLES = ["table1", "table2", "table3", "table5", "agreement", "anova", "posthoc"]
TABLES += ["reader_differences", "group_tests", "balance", "sexes", "auc_differences", "optimism"]
TABLES += ["worked_patient", "table4_with_age", "odds_per_sd", "predictive_values"]
SHOWN = {
    "table1": (*GROUPS, *PRIMARIES), "table2": (*GROUPS, *PRIMARIES, MARKER), "table3": (MARKER,),
    "posthoc": (*PRIMARIES, MARKER), "reader_differences": (*READERS, MARKER),
    "group_tests": (*GROUPS, MARKER), "sexes": GROUPS, "anova": (MARKER,), "agreement": (MARKER,),
}  # fmt: skip
"""Which names each table has in it."""


@pytest.fixture(scope="module")
def cohort(tmp_path_factory):
    """Forty patients of two groups, two readers and two markers with hostile names."""
    folder, draw = tmp_path_factory.mktemp("names"), np.random.default_rng(1)
    patients, rows = ["patient,group,primary,sex"], [f"patient,reader,f,{MARKER}"]
    for number in range(40):
        primary = PRIMARIES[number % 4 // 2] if number % 2 else ""
        patients.append(f'p{number},"{GROUPS[number % 2]}",{primary},{"mf"[number % 3 // 2]}')
        for reader in READERS:
            values = f"{draw.uniform():.3f},{draw.normal(number % 2):.3f}"
            rows.append(f"p{number},{reader},{values}")
    (folder / "p.csv").write_text("\n".join(patients), encoding="utf-8")
    (folder / "m.csv").write_text("\n".join(rows), encoding="utf-8")
    return load_cohort(folder / "p.csv", folder / "m.csv")


def _options(name):
    return {"resamples": 20} if name == "optimism" else {}


@pytest.fixture(scope="module")
def written(cohort, tmp_path_factory):
    """A folder with every table in five formats."""
    folder = tmp_path_factory.mktemp("tables")
    for name in TABLES:
        write_table(report.table(name, cohort, **_options(name)), folder)
    return folder


@pytest.mark.parametrize("name", TABLES)
def test_tables_show_names_and_run_nothing(written, name):
    """No mark-up of a name reaches HTML, Markdown or LaTeX, no formula a CSV."""
    text = {end: (written / f"{name}{end}").read_text("utf-8") for end in (".html", ".md", ".tex")}
    assert not any("<script" in text[end] for end in (".html", ".md"))
    assert "$b_{x}$" not in text[".tex"]
    with (written / f"{name}.csv").open(encoding="utf-8") as file:
        assert not [cell for row in csv.reader(file) for cell in row if cell[:1] in ("=", "@")]


@pytest.mark.parametrize(("name", "shown"), SHOWN.items(), ids=SHOWN)
def test_a_page_shows_names_as_they_are(written, name, shown):
    """What a browser shows holds each name letter by letter, and no sub- or superscript of it."""
    import lxml.html

    page = lxml.html.parse(written / f"{name}.html").getroot()
    text = page.text_content().replace("\N{NO-BREAK SPACE}", " ")
    assert not [word for word in shown if word not in text]
    assert not {"x", "a", "2", "i"} & {e.text for e in page.iter("sub", "sup", "i") if e.text}


@pytest.mark.parametrize(("name", "shown"), SHOWN.items(), ids=SHOWN)
def test_markdown_shows_names_as_they_are(written, name, shown):
    """Once entities and backslashes are read as Markdown reads them, each name stands there."""
    text = (written / f"{name}.md").read_text("utf-8")
    assert not re.search(r"<(sub|sup|i)>[xai2]</", text)
    read = html.unescape(re.sub(r"\\([\\`*_|\[\]~$])", r"\1", text))
    assert not [word for word in shown if word not in read]


@pytest.mark.parametrize(("name", "shown"), SHOWN.items(), ids=SHOWN)
def test_a_word_document_shows_names_as_they_are(written, name, shown):
    """The cells and footnotes hold each name, and nothing of it is raised, lowered or slanted."""
    import docx

    document = docx.Document(written / f"{name}.docx")
    cells = [cell for table in document.tables for row in table.rows for cell in row.cells]
    lines = [*document.paragraphs, *(line for cell in cells for line in cell.paragraphs)]
    text = "\n".join(line.text for line in lines)
    assert not [word for word in shown if word not in text]
    styled = {
        run.text
        for line in lines
        for run in line.runs
        if run.font.subscript or run.font.superscript or run.italic
    }
    assert not {"x", "a", "2", "i"} & styled


@pytest.mark.parametrize(("name", "shown"), SHOWN.items(), ids=SHOWN)
def test_latex_sets_names_as_they_are(written, name, shown):
    """Every special sign of a name is written by its command."""
    escaped = {
        GROUPS[0]: r"a\$b\_\{x\}\$",
        GROUPS[1]: r"\textless{}script\textgreater{}alert(1)\textless{}/script\textgreater{}",
        PRIMARIES[1]: r"x\&y\_\%\textasciicircum{}\{2\}",
        READERS[0]: r"R\$1/\{i\}",
        READERS[1]: r"\_R2|`c`",
        MARKER: r"\$m\_\{a\}\$ \& =1+1 \%",
    }
    text = (written / f"{name}.tex").read_text("utf-8")
    assert not [word for word in shown if escaped.get(word, word) not in text]


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("figure3", (MARKER,)),
        ("groups", (*GROUPS, MARKER)),
        ("primaries", (*PRIMARIES, MARKER)),
        ("bland_altman", (*READERS, MARKER)),
    ],
)
def test_figures_show_names_as_they_are(cohort, name, shown, tmp_path):
    """A dollar sign or a brace begins no formula in a figure, whatever stands between two of
    them.
    """
    from lxml import etree

    picture = report.figure(name, cohort)
    picture.save(tmp_path)
    texts = [
        "".join(node.itertext())
        for node in etree.parse(tmp_path / f"{name}.svg").iter("{http://www.w3.org/2000/svg}text")
    ]
    assert not [word for word in shown if not any(word in text for text in texts)]
    with mpl.rc_context({"svg.fonttype": "path"}):
        picture.figure.savefig(tmp_path / "drawn.svg")


@pytest.mark.parametrize(
    "text",
    ["b_{x}", "a/{b}^{c}", "_{_{x}}", "plain", "_{", "x_{}", "α^{−1}", "^{2}_{i}/{p}"],
)
def test_literal_words_carry_no_mark(text):
    """Whatever looks like a mark is shown letter by letter."""
    assert spans(literal(text)) == [("", text)] and plain(literal(text)) == text


@pytest.mark.parametrize("text", ["<b>", "a|b", r"\*x\*", "[a](b)", "`x`", "$x$ ~~y~~", "&lt;"])
def test_markdown_reads_back_what_was_written(text):
    """Text that passes a reader of Markdown comes out as it went in."""
    from markdown_it import MarkdownIt

    shown = re.sub(r"</?p>", "", MarkdownIt("commonmark").render(escape_md(text)))
    assert html.unescape(shown).strip() == text


@pytest.mark.parametrize(
    ("markers", "parts"),
    [
        (["adc_fast", "f", "adc_fast+f"], [["adc_fast"], ["f"], ["adc_fast", "f"]]),
        (["ki67+", "f", "ki67++f"], [["ki67+"], ["f"], ["ki67+", "f"]]),
        (["a+b"], [["a+b"]]),
        (["a+b", "f"], [["a+b"], ["f"]]),
    ],
)
def test_a_plus_in_a_column_is_no_combination(markers, parts):
    """A marker is a combination only of the markers that stand beside it."""
    assert [marker_parts(name, markers) for name in markers] == parts
    assert marker_label("a+b", ["a+b"]) == "a+b"


def test_every_csv_of_the_package_goes_through_one_writer():
    """Only the module that guards cells against formulas writes CSV; the key of an import, which
    cleans its own, and tab-separated files of simulated studies stand beside it.
    """
    wild = [
        path.relative_to(files.ROOT).as_posix()
        for path in (files.ROOT / "ivim").rglob("*.py")
        if re.search(r"\.to_csv\(|csv\.(Dict)?[wW]riter\(", path.read_text("utf-8"))
    ]
    assert sorted(wild) == [
        "ivim/files.py",
        "ivim/imaging/dicom/people.py",
        "ivim/synthetic/study.py",
    ]


@pytest.fixture(scope="module")
def audited(tmp_path_factory):
    """The audit of a paper whose groups and numbers are hostile, written."""
    from ivim import judge
    from ivim.report import ledger

    folder = tmp_path_factory.mktemp("audit")
    rows = ["id,location,group,parameter,statistic,printed,unit,place"]
    for number, group in enumerate(GROUPS):
        for name, printed in (("n", "20"), ("mean", "1.1"), ("sd", "=0.2")):
            rows.append(f"c{number}{name},table1,{group},{MARKER},{name},{printed},,Table_{{1}}")
    rows.append(f"label,table1,{GROUPS[1]},,label,{GROUPS[1]},,Table 1")
    (folder / "claims.csv").write_text("\n".join(rows), encoding="utf-8")
    audit = judge(folder / "claims.csv")
    ledger.write_ledger(audit, folder)
    for table in ledger.corrected_tables(audit):
        write_table(table, folder)
    return folder


@pytest.mark.parametrize("name", ["ledger.html", "table1_corrected.html"])
def test_an_audit_shows_names_as_they_are(audited, name):
    """A page of an audit holds the paper's words letter by letter, runs nothing of them, and
    reads no mark in them.
    """
    import lxml.html

    page = lxml.html.parse(audited / name).getroot()
    text = page.text_content().replace("\N{NO-BREAK SPACE}", " ")
    assert not [word for word in (*GROUPS, MARKER) if word not in text]
    assert not [one for one in page.iter("script") if "alert" in (one.text or "")]
    assert not {"x", "a"} & {one.text for one in page.iter("sub") if one.text}


@pytest.mark.parametrize("name", ["ledger.md", "table1_corrected.md"])
def test_the_text_of_an_audit_runs_nothing(audited, name):
    """Its Markdown has no tag and no mark of the paper's words."""
    text = (audited / name).read_text("utf-8")
    assert "<script" not in text and "<sub>x</sub>" not in text and "<sub>a</sub>" not in text


def test_no_cell_of_an_audit_is_a_formula(audited):
    """Every CSV of an audit is safe to open in a spreadsheet."""
    for path in audited.glob("*_corrected.csv"):
        with path.open(encoding="utf-8") as file:
            assert not [cell for row in csv.reader(file) for cell in row if cell[:1] in ("=", "@")]
    with (audited / "ledger.csv").open(encoding="utf-8") as file:
        assert not [cell for row in csv.reader(file) for cell in row if cell[:1] in ("=", "@")]
