"""Files that tables come in: recognised by content, and refused in one line where they are broken
or meant to harm.
"""

import io
import sys
import zipfile

import docx
import pytest

from ivim.audit.reading import grid, read_tables, word
from ivim.audit.reading.shown import reading_text
from ivim.audit.reading.source import read_file
from ivim.cli import main

PAGE = "<html><body><table><caption>Table 7</caption>{rows}</table></body></html>"
ROWS = "<tr><th>Parameter</th><th>AUC</th></tr><tr><td>adc_slow</td><td>0.81</td></tr>"


def written(folder, name, content):
    """A file with the given content."""
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8"))
    return path


@pytest.mark.parametrize("name", ["table.html", "table.csv", "table"])
def test_the_content_tells_the_format(name, tmp_path):
    """A page is read as HTML whatever its name says."""
    claims = read_tables([written(tmp_path, name, PAGE.format(rows=ROWS))]).claims
    assert claims.loc[claims["statistic"] == "auc", "printed"].tolist() == ["0.81"]
    assert set(claims["location"]) == {"table7"}


def test_a_document_that_unpacks_to_much_is_refused(tmp_path, monkeypatch):
    """A DOCX of a few kB that would unpack to megabytes is refused by its directory, before it is
    unpacked.
    """
    assert word.LARGEST_UNPACKED == 200_000_000
    monkeypatch.setattr(word, "LARGEST_UNPACKED", 2_000_000)
    monkeypatch.setattr(word, "_start", None)  # nothing is unpacked
    path = tmp_path / "bomb.docx"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("word/document.xml", b"\0" * 3_000_000)
    assert path.stat().st_size < 10_000
    with pytest.raises(ValueError, match="unpacks to 3 MB"):
        read_tables([path])


def test_a_document_of_very_many_parts_is_refused(tmp_path):
    """Thousands of empty parts are no document."""
    path = tmp_path / "parts.docx"
    with zipfile.ZipFile(path, "w") as archive:
        for number in range(word.MOST_PARTS + 1):
            archive.writestr(str(number), b"")
    with pytest.raises(ValueError, match="in 5,001 parts"):
        read_tables([path])


def test_a_document_that_lies_about_its_size_is_refused(tmp_path):
    """Sizes in the directory of the archive that are smaller than what comes out do not help."""
    buffer = io.BytesIO()
    document = docx.Document()
    document.add_table(2, 2)
    document.save(buffer)
    content = bytearray(buffer.getvalue())
    at = content.rfind(b"word/document.xml") - 46
    content[at + 24 : at + 28] = (10).to_bytes(4, "little")
    with pytest.raises(ValueError, match="not a Word document"):
        read_tables([written(tmp_path, "lie.docx", bytes(content))])


@pytest.mark.parametrize(
    "declared",
    [
        '<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">',
        '<!ENTITY a SYSTEM "file:///etc/passwd">',
        '<!ENTITY % a SYSTEM "http://127.0.0.1:9/x.dtd"> %a;',
    ],
)
def test_entities_of_a_file_are_refused(declared, tmp_path):
    """Neither expansion without end nor a local or remote file gets in by an entity."""
    content = f"<?xml version='1.0'?><!DOCTYPE article [{declared}]><article>{ROWS}</article>"
    with pytest.raises(ValueError, match="declares entities of its own"):
        read_tables([written(tmp_path, "article.xml", content)])


def test_entities_in_utf16_do_not_get_in(tmp_path):
    """The same declaration in another encoding is not expanded either."""
    content = (
        "<?xml version='1.0' encoding='UTF-16'?><!DOCTYPE article [<!ENTITY a SYSTEM "
        "'file:///etc/hostname'>]>"
        "<article><table-wrap><label>Table "
        f"1</label><table>{ROWS.replace('0.81', '&a;')}</table></table-wrap></article>"
    )
    try:
        claims = read_tables([written(tmp_path, "article.xml", content.encode("utf-16"))]).claims
    except ValueError:
        return
    assert "auc" not in set(claims["statistic"])


def test_named_entities_of_a_document_type_are_not_lost(tmp_path):
    """`&middot;` of a DTD that is not loaded is a decimal point; an unknown name makes the cell
    unreadable, not wrong.
    """
    rows = ROWS.replace("0.81", "0&middot;81") + "<tr><td>DDC</td><td>1&odd;5</td></tr>"
    content = (
        '<?xml version="1.0"?><!DOCTYPE article PUBLIC "-//NLM//DTD JATS//EN" "x.dtd"><article>'
        f"<table-wrap><label>Table 1</label><table>{rows}</table></table-wrap></article>"
    )
    claims = read_tables([written(tmp_path, "article.xml", content)]).claims
    assert claims.loc[claims["statistic"] == "auc", "printed"].tolist() == ["0.81"]


def test_entities_of_a_word_document_are_refused(tmp_path):
    """A part of the document that declares an entity is not parsed."""
    path = tmp_path / "entity.docx"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("word/document.xml", '<!DOCTYPE x [<!ENTITY a "b">]><x>&a;</x>')
    with pytest.raises(ValueError, match="declares entities of its own"):
        read_tables([path])


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        ('<tr><td colspan="100000">a</td></tr>' + ROWS, "at most 500"),
        ('<tr><td rowspan="x">a</td></tr>' + ROWS, "rowspan 'x'"),
        ('<tr><td colspan="400" rowspan="400">a</td></tr>' + "<tr></tr>" * 400, "no table"),
    ],
)
def test_spans_cannot_blow_a_table_up(rows, told, tmp_path):
    """A merged cell covers 500 places at most, and a table has 100,000 cells at most."""
    with pytest.raises(ValueError, match=told):
        read_tables([written(tmp_path, "t.html", PAGE.format(rows=rows))])


CALS = (
    '<article><table-wrap><label>Table 2</label><table><tgroup cols="4">'
    '<colspec colname="name"/><colspec colname="a"/><colspec colname="b"/><colspec colname="p"/>'
    '<spanspec spanname="both" namest="a" nameend="b"/><thead><row><entry morerows="1">Marker'
    '</entry><entry spanname="both">Mean ± SD</entry><entry morerows="1">p</entry></row>'
    "<row><entry>benign</entry><entry>malignant</entry></row></thead><tbody>"
    "<row><entry>ADC</entry><entry>1.2 ± 0.3</entry><entry>0.9 ± 0.2</entry><entry>0.01</entry>"
    '</row><row><entry>DDC</entry><entry colname="b">0.8 ± 0.1</entry><entry>0.3</entry></row>'
    "</tbody></tgroup></table></table-wrap></article>"
)


def test_cells_of_cals_stand_below_their_headers(tmp_path):
    """Cells that span rows and columns, by name or by a named span, and cells that skip a column
    fall into their places.
    """
    (found,) = read_file(written(tmp_path, "article.xml", CALS))
    assert [[cell.text for cell in row] for row in found.rows] == [
        ["Marker", "Mean ± SD", "Mean ± SD", "p"],
        ["Marker", "benign", "malignant", "p"],
        ["ADC", "1.2 ± 0.3", "0.9 ± 0.2", "0.01"],
        ["DDC", "", "0.8 ± 0.1", "0.3"],
    ]
    assert (found.heads, found.number) == (2, 2)


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ('namest="a"', 'namest="x"', "column 'x', which no colspec names; known are name, a, b"),
        ('morerows="1"', 'morerows="one"', "entry has morerows 'one'; a whole number is needed"),
        ('morerows="1"', 'morerows="9000"', "a cell covers 9001 x 1 places"),
    ],
)
def test_broken_cals_is_refused_in_one_line(old, new, told, tmp_path):
    """A name that no column has, and a span that is no number or too large, are told."""
    with pytest.raises(ValueError, match=told):
        read_tables([written(tmp_path, "article.xml", CALS.replace(old, new))])


def test_a_huge_table_is_refused(tmp_path, monkeypatch):
    """More cells than any article prints are refused in one line."""
    assert grid.LARGEST_TABLE == 100_000
    monkeypatch.setattr(grid, "LARGEST_TABLE", 1_000)
    content = "\n".join(["a,b,c,d"] * 251)
    with pytest.raises(ValueError, match=r"more than 1,000 cells"):
        read_tables([written(tmp_path, "t.csv", content)])


def test_a_huge_file_is_refused(tmp_path):
    """A file of more than 50 MB is not read."""
    path = tmp_path / "t.csv"
    with path.open("wb") as stream:
        stream.truncate(grid.LARGEST_FILE + 1)
    with pytest.raises(ValueError, match="at most 50 MB"):
        read_tables([path])


def test_scripts_are_harmless(tmp_path):
    """A script in a cell is not read, and markup and formulas in a label do not get out."""
    rows = (
        "<tr><th>Parameter</th><th>AUC<script>alert(1)</script></th></tr>"
        "<tr><td>=cmd|' /C calc'!A0 &lt;img src=x onerror=alert(2)&gt;</td><td>0.81</td></tr>"
    )
    reading = read_tables([written(tmp_path, "t.html", PAGE.format(rows=rows))])
    page = reading_text(reading)
    assert "alert(1)" not in page
    assert "<img" not in page
    assert not reading.claims.map(lambda text: text.startswith(("=", "+", "@"))).to_numpy().any()


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("t.csv", b"\xff\xfe\xfa", "no text in UTF-8"),
        ("t.csv", b"a,b\x00\n1,2", "bytes that are no text"),
        ("t.csv", b'a,b\n"1,2\n', "not a CSV table"),
        ("t.csv", b"", "no table"),
        ("t.csv", b"one column\n1\n2\n", "no table"),
        ("t.docx", b"PK\x03\x04 and no more", "not a Word document"),
        ("t.xml", b"<article><table>", "not well-formed XML"),
        ("t.xml", b"<article><p/></article>", "no table"),
        ("t.html", b"<html></html>", "no table"),
        ("t.pdf", b"%PDF-1.4 broken", "t.pdf: "),
    ],
)
def test_a_broken_file_is_one_line(name, content, told, tmp_path):
    """What is wrong and what to do, with the name of the file, in a ValueError of one line."""
    with pytest.raises(ValueError, match=told) as error:
        read_tables([written(tmp_path, name, content)])
    assert "\n" not in str(error.value)


def test_a_missing_file_is_one_line(tmp_path):
    """A path without a file says what may be given."""
    with pytest.raises(ValueError, match="no such file; give a table as CSV"):
        read_tables([tmp_path / "none.csv"])


def test_a_pdf_without_pdfplumber_is_one_line(tmp_path, monkeypatch):
    """Without the extractor the line names it."""
    monkeypatch.setitem(sys.modules, "pdfplumber", None)
    with pytest.raises(ValueError, match="a PDF needs pdfplumber"):
        read_tables([written(tmp_path, "t.pdf", b"%PDF-1.4")])


def test_a_ruled_table_of_a_pdf_is_read(tmp_path):
    """Headers, labels and numbers of a table with lines come out of a PDF."""
    pytest.importorskip("pdfplumber")
    from matplotlib.backends.backend_pdf import FigureCanvasPdf
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6, 3))
    axes = figure.add_subplot()
    axes.axis("off")
    figure.text(0.1, 0.95, "Table 5. Diagnostic performance")
    text = [
        ["Parameters", "AUC (95% CI)"],
        ["DDC", "0.876 (0.782-0.969)"],
        ["f", "0.823 (0.719-0.927)"],
    ]
    axes.table(cellText=text, loc="center")
    FigureCanvasPdf(figure).print_pdf(tmp_path / "t.pdf")
    claims = read_tables([tmp_path / "t.pdf"]).claims
    numbers = claims[claims["statistic"].str.startswith("auc")]
    assert numbers["printed"].tolist() == ["0.876", "0.782", "0.969", "0.823", "0.719", "0.927"]
    assert set(numbers["location"]) == {"table5"}
    assert set(numbers["parameter"]) == {"ddc", "f"}


def test_the_command_reads_asks_and_audits(tmp_path, capsys, monkeypatch):
    """The first run asks and ends with 1, the run after the answers audits and ends with 0."""
    monkeypatch.chdir(tmp_path)
    rows = "Variable,Benign (n = 24),Malignant (n = 36)\nDDC,1.48 ± 0.22,1.06 ± 0.25\n"
    written(tmp_path, "t1.csv", rows)
    assert main(["audit", "--table", "t1.csv", "--out", "out"]) == 1
    assert 'what are the columns "Benign", "Malignant"?' in capsys.readouterr().out
    (tmp_path / "out" / "answers.toml").write_text(
        '[table1]\ncolumns = "groups"\n"a ± b" = "mean sd"\n', encoding="utf-8"
    )
    assert main(["audit", "--table", "t1.csv", "--out", "out"]) == 0
    assert (tmp_path / "out" / "ledger.csv").is_file()


def test_claims_and_tables_together_are_refused(tmp_path, capsys):
    """One of them is audited, not both."""
    path = written(tmp_path, "t1.csv", "a,b\n1,2\n")
    assert main(["audit", "claims.csv", "--table", str(path)]) == 2
    assert "give one of them" in capsys.readouterr().err


def test_a_text_may_begin_with_a_comparison(tmp_path):
    """A first cell `<0.001` makes no XML of a CSV file."""
    reading = read_tables([written(tmp_path, "t.csv", "<0.001 is bold,AUC\nDDC,0.81\n")])
    assert "0.81" in set(reading.claims["printed"])


def test_not_significant_is_no_number_of_another_statistic(tmp_path):
    """NS is a p; in a column of t it is left out."""
    reading = read_tables([written(tmp_path, "t.csv", "Parameter,t,p\nDDC,NS,NS\n")])
    numbers = reading.claims[reading.claims["statistic"].isin(["t", "p"])]
    assert numbers[["statistic", "printed"]].to_numpy().tolist() == [["p", "NS"]]
    assert reading.left_out == 1
