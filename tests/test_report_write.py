"""The table writer: five formats, golden texts, nothing that changes between two runs."""

import io
import zipfile

import pandas as pd
import pytest

from ivim import files
from ivim.report import page, provenance, write
from ivim.report.word import to_docx


@pytest.fixture
def table():
    """Marks, an indented sub-group, a heading with a unit, and a name that is special in every
    format."""
    frame = pd.DataFrame(
        {"group": ["a", "b"], "n": pd.array([3, None], dtype="Int64"), "mean": [1 / 3, 2e-9]}
    )
    cells = {
        "Group": ["50%_<b>|&", "\N{EM SPACE}ADC_{fast}"],
        "No.": ["3", "–"],
        "Mean\n10⁻³ mm²/s": ["0.33 ± 0.10", "/{f} < 10^{−5}"],
    }
    return write.Table(
        "demo", "Table 1. Means of /{f}", frame, pd.DataFrame(cells), ("Note: α ≥ 1.",)
    )


def test_csv_has_ten_significant_digits(table):
    """Numbers at full use, whole numbers whole, missing values empty."""
    assert files.csv_text(table.frame) == "group,n,mean\na,3,0.3333333333\nb,,2e-09\n"


def test_markdown(table):
    """The Markdown table to the letter."""
    assert write.to_md(table) == (
        "**Table 1.** Means of <i>f</i>\n\n"
        "| Group | No. | Mean<br>10⁻³ mm²/s |\n|:--|--:|:-:|\n"
        "| 50%\\_&lt;b&gt;\\|&amp; | 3 | 0.33 ± 0.10 |\n"
        "| &emsp;ADC<sub>fast</sub> | – | <i>f</i> &lt; 10<sup>−5</sup> |\n"
        "\nNote: α ≥ 1.\n"
    )


def test_latex(table):
    """The LaTeX table to the letter; every special character is escaped."""
    assert write.to_tex(table).splitlines() == [
        r"% needs \usepackage{booktabs,amssymb}",
        r"\begin{table}[htbp]",
        r"\centering",
        r"\caption{Means of \textit{f}}",
        r"\label{tab:demo}",
        r"\begin{tabular}{lrc}",
        r"\toprule",
        r"Group & No. & Mean \\",
        r" &  & 10\textsuperscript{$-$}\textsuperscript{3} mm\textsuperscript{2}/s \\",
        r"\midrule",
        r"50\%\_\textless{}b\textgreater{}|\& & 3 & 0.33 $\pm$ 0.10 \\",
        r"\quad{}ADC\textsubscript{fast} & -- & \textit{f} \textless{} 10\textsuperscript{$-$5} \\",
        r"\bottomrule",
        r"\end{tabular}",
        r"\par\smallskip{\footnotesize Note: $\alpha$ $\geq$ 1.\par}",
        r"\end{table}",
    ]


def test_html_reads_back(table):
    """The HTML page holds the same cells, escaped."""
    html = write.to_html(table)
    assert (
        "50%_&lt;b&gt;|&amp;" in html and "ADC<sub>fast</sub>" in html and "10<sup>−5</sup>" in html
    )
    cells = pd.read_html(io.StringIO(html), flavor="lxml")[0]
    assert cells.iloc[0, 0] == "50%_<b>|&" and cells.shape == (2, 3)
    assert html.count("<tr>") == 3 and html.count('scope="row"') == 2


def test_html_draws_estimates_with_their_limits(table):
    """A forest column draws one bar per row, within the axis, and nothing for a missing
    estimate."""
    nan = float("nan")
    drawn = write.replace(
        table, forest=write.Forest("AUC", [(0.75, 0.4, 0.9), (nan, nan, nan)], (0.5, 1.0))
    )
    html = page.to_html_fragment(drawn)
    assert html.count("<circle") == 1
    assert 'x1="0.0" x2="128.0"' in html and 'cx="80.0"' in html
    assert 'aria-label="0.750, 0.400 to 0.900"' in html


def test_word_holds_the_same_cells(table):
    """The Word document has the caption, the cells without marks, subscripts as subscripts, and the
    note."""
    import docx

    document = docx.Document(io.BytesIO(to_docx(table)))
    assert [paragraph.text for paragraph in document.paragraphs if paragraph.text] == [
        "Table 1. Means of f",
        "Note: α ≥ 1.",
    ]
    rows = [[cell.text for cell in row.cells] for row in document.tables[0].rows]
    assert rows[1:] == [["50%_<b>|&", "3", "0.33 ± 0.10"], ["\N{EM SPACE}ADCfast", "–", "f < 10−5"]]
    assert [
        run.text for run in document.tables[0].cell(2, 0).paragraphs[0].runs if run.font.subscript
    ] == ["fast"]


def test_word_has_no_time_in_it(table):
    """Each part is dated 1980 and the properties are fixed."""
    packed = zipfile.ZipFile(io.BytesIO(to_docx(table)))
    assert {info.date_time for info in packed.infolist()} == {(1980, 1, 1, 0, 0, 0)}
    assert b"2000-01-01T00:00:00Z" in packed.read("docProps/core.xml")


def test_same_table_same_bytes(table, tmp_path, monkeypatch):
    """Written twice, at different times, every format is the same to the byte."""
    first, second = tmp_path / "first", tmp_path / "second"
    names = write.write_table(table, first)
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    assert (
        write.write_tables(None, table, folder=second)
        == names
        == [f"demo.{kind}" for kind in ("csv", "md", "tex", "html", "docx")]
    )
    for name in names:
        assert (first / name).read_bytes() == (second / name).read_bytes(), name


def test_a_failed_write_leaves_the_old_file(tmp_path, monkeypatch):
    """The old file stays whole where the new one cannot be moved into its place."""
    path = provenance.write_file(tmp_path / "a.csv", "old\n")

    def refuse(*_):
        raise OSError("disk full")

    monkeypatch.setattr(provenance.files.os, "replace", refuse)
    with pytest.raises(ValueError, match="disk full"):
        provenance.write_file(path, "new\n")
    assert path.read_text() == "old\n"


def test_parameter_labels():
    """The article's parameters carry their subscripts; an own column is its own label."""
    assert [write.parameter(name) for name in ("adc_fast", "f", "ddc", "alpha", "my_own")] == [
        "ADC_{fast}",
        "/{f}",
        "DDC",
        "α",
        "my_own",
    ]
