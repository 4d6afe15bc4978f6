"""Tables in: this article's own tables, in every format, become its claims with nothing but answers
to questions.
"""

import re
from html import escape

import docx
import pandas as pd
import pytest

from ivim.audit.reading import Answers, load_answers, read_tables, write_reading
from ivim.audit.reading.answers import questions_text
from ivim.files import PUBLISHED, ROOT

# Tables 1-5 of Li et al. 2021 (doi:10.21203/rs.3.rs-495875/v1, CC BY 4.0), misprints included.
ARTICLE = """\
Table 1 Patient demographics

Patient group\tNo. of patients\tMale\tFemale\tMean age (yrs) ^a
Tuberculous Spondylitis\t20\t11\t9\t48.82 ± 19.84
spinal metastasis\t50\t30\t20\t56.92 ± 9.29
lung cancer\t32\t20\t12\t57.66 ± 9.40
breast cancer\t7\t0\t7\t53.29 ± 9.55
renal cancer\t11\t10\t1\t57.09 ± 9.12

Note: ^a Data are means ± standard deviations

Table 2 IVIM parameters among tuberculous spondylitis and spinal metastasis

Patient group\tADC _{stand} (×10 ⁻³ mm ² /s)\tADC _{slow} (×10 ⁻³ mm ² /s)\
\tADC _{fast} (×10 ⁻³ mm ² /s)\tf\
\tDDC (×10 ⁻³ mm ² /s)\tα
Tuberculous spondylitis\t1.11 ± 0.25\t0.77 ± 0.35\t21.96 ± .782\t0.45 ± 0.20\
\t1.22 ± 0.34\t0.77 ± 0.10
Spinal metastasis\t1.05 ± 0.27\t0.85 ± 0.28\t33.87 ± 6.87\t0.25 ± 0.15\t1.17 ± 0.44\t0.75 ± 0.09
lung cancer\t0.95 ± 0.23\t0.73 ± 0.23\t33.31 ± 5.44\t0.27 ± 0.18\t0.99 ± 0.29\t0.78 ± 0.07
breast cancer\t1.20 ± 0.30\t1.05 ± 0.29\t36.96 ± 10.45\t0.22 ± 0.14\t1.60 ± 0.50\t0.75 ± 0.08
renal cancer\t1.25 ± 0.23\t0.82 ± 0.30\t30.46 ± 8.93\t0.31 ± 0.19\t1.19 ± 0.41\t0.76 ± 0.09

Table 3 Comparison of mean IVIM-parameters for tuberculous spondylitis and spinal metastasis

Parameters\tt\tp
ADC _{stand}\t0.855\t0.395
ADC _{slow}\t-1.017\t0.313
ADC _{fast}\t-6.296\t<0.0001**
f\t4.645\t<0.0001**
DDC\t0.399\t0.691
α\t0.854\t0.396

Note: **p < 0.0001

Table 4. The result of Logistic regression model

Parameters\tB\tS.E.\tWald\tp\tOR\t95% C.I.OR\t
ADC _{fast}\t-6.185\t2.408\t6.597\t0.010*\t0.002\t0.001\t0.231
f\t0.235\t0.068\t11.847\t0.001*\t1.265\t1.107\t1.446

Note: *p < 0.05

Table 5. Efficacy of IVIM in the differential diagnosis of tuberculous spondylitis\
 and spinal metastasis

Parameters\tAUC (95%CI)\tCut-off values\tSensitivity (95%CI)\tSpecificity (95%CI)
ADC _{fast}\t0.876 (0.782~0.969)\t> 29.05\t80.0 (66.3~90.0)\t85.0 (62.1~96.6)
f\t0.823 (0.719~0.927)\t< 0.4\t86.0 (73.3~94.2)\t65.0 (40.8~84.5)
ADC _{fast} and f\t0.925 (0.858~0.992)\t\t94.0 (83.4~98.7)\t80.0(56.3~94.1)
"""

# The answers that the questions of the first reading ask for.
ANSWERS = """
[names]
"tuberculous spondylitis" = "tuberculosis"
"spinal metastasis" = "metastasis"
"lung cancer" = "lung"
"breast cancer" = "breast"
"renal cancer" = "renal"
"ADCfast and f" = "parameter adc_fast+f"
[table2]
"a ± b" = "mean sd"
[table5]
units."adc_fast cutoff" = "10⁻³ mm²/s"
"""
# The tables of this project print the reproduced number below the article's, and say less in their
# headers.
ANSWERS_PRINTED = (
    ANSWERS.replace("[table2]", '[table2]\nlines = "first"').replace(
        "[table5]", '[table5]\nlines = "first"'
    )
    + """
[table1]
lines = "first"
"a ± b" = "mean sd"
[table3]
lines = "first"
[table4]
lines = "first"
[units]
age = "years"
adc_stand = "10⁻³ mm²/s"
adc_slow = "10⁻³ mm²/s"
adc_fast = "10⁻³ mm²/s"
ddc = "10⁻³ mm²/s"
"""
)
WHAT = ["location", "group", "parameter", "statistic", "printed", "unit", "analysis", "item"]
WORDS = ("label", "unit", "significance")


@pytest.fixture(scope="module")
def published():
    """The article's claims of Tables 1-5, as they were transcribed and checked."""
    claims = pd.read_csv(PUBLISHED, dtype=str, keep_default_na=False)
    return claims[claims["location"].str.startswith("table")]


def answers(tmp_path, text):
    """Answers out of a file."""
    path = tmp_path / "answers.toml"
    path.write_text(text, encoding="utf-8")
    return load_answers(path)


def tables():
    """Caption, note and rows of each of the five tables."""
    parts = re.split(r"(?m)^(?=Table \d)", ARTICLE)[1:]
    for part in parts:
        blocks = [block for block in part.split("\n\n") if block.strip()]
        note = blocks[2] if len(blocks) > 2 else ""
        yield blocks[0], note.strip(), [line.split("\t") for line in blocks[1].splitlines()]


def as_markup(text):
    """A cell with subscripts and superscripts as HTML has them."""
    text = re.sub(r" ?_\{(\w+)\}", r"<sub>\1</sub>", escape(text, quote=False))
    text = re.sub(r" ?⁻³ ?", "<sup>−3</sup> ", text)
    return re.sub(r" ?\^(\w)", r"<sup>\1</sup>", text)


def write_text(folder):
    """All tables in one text, as they stand in the article."""
    (folder / "article.txt").write_text(ARTICLE, encoding="utf-8")
    return [folder / "article.txt"]


def write_csv(folder):
    """A CSV file per table; what caption and note say is lost."""
    paths = []
    for number, (_, _, rows) in enumerate(tables(), 1):
        paths.append(folder / f"table{number}.csv")
        frame = pd.DataFrame(rows)
        frame.to_csv(paths[-1], index=False, header=False)
    return paths


def _rows(rows, cell):
    """Rows in HTML, the header of the odds ratio's limits merged over two columns."""
    for row in rows:
        merged = row[-1] == "" and "95%" in row[-2]
        texts = row[:-1] if merged else row
        spans = [
            ' colspan="2"' if merged and i == len(texts) - 1 else "" for i in range(len(texts))
        ]
        cells = zip(texts, spans, strict=True)
        yield "".join(f"<{cell}{span}>{as_markup(t)}</{cell}>" for t, span in cells)


def write_html(folder):
    """One page with five tables."""
    body = ""
    for caption, note, rows in tables():
        head, *rest = _rows(rows, "td")
        lines = "".join(f"<tr>{line}</tr>" for line in rest)
        body += f"<table><caption>{caption}</caption><thead><tr>{head}</tr></thead>"
        body += f"<tbody>{lines}</tbody></table><p>{as_markup(note)}</p>"
    page = f"<!DOCTYPE html><html><head><title>x</title></head><body>{body}</body></html>"
    (folder / "article.html").write_text(page, encoding="utf-8")
    return [folder / "article.html"]


def write_jats(folder):
    """An article in JATS, with a document type that must not be fetched."""
    body = ""
    for caption, note, rows in tables():
        number = caption[:7]
        head, *rest = _rows(rows, "td")
        lines = "".join(f"<tr>{line}</tr>" for line in rest)
        body += (
            f"<table-wrap><label>{number}</label><caption><title>{caption[8:]}</title></caption>"
        )
        body += f"<table><thead><tr>{head}</tr></thead><tbody>{lines}</tbody></table>"
        body += f"<table-wrap-foot><fn><p>{as_markup(note)}</p></fn></table-wrap-foot></table-wrap>"
    kind = '<!DOCTYPE article PUBLIC "-//NLM//DTD JATS//EN" "http://127.0.0.1:9/JATS.dtd">'
    page = f'<?xml version="1.0" encoding="UTF-8"?>{kind}<article><body>{body}</body></article>'
    (folder / "article.xml").write_text(page.replace("sub>", "sub>"), encoding="utf-8")
    return [folder / "article.xml"]


def _entries(row):
    """Cells in the exchange model of OASIS, a header over two columns by the columns' names."""
    for number, text in enumerate(row, 1):
        merged = number == len(row) - 1 and "95%" in text and row[-1] == ""
        span = f' namest="c{number}" nameend="c{number + 1}"' if merged else ""
        if text or number < len(row):
            yield f"<oasis:entry{span}>{as_markup(text)}</oasis:entry>"


def write_cals(folder):
    """An article in JATS whose tables are of the OASIS exchange model."""
    body = ""
    for caption, note, rows in tables():
        specs = "".join(f'<oasis:colspec colname="c{i + 1}"/>' for i in range(len(rows[0])))
        head, *rest = (f"<oasis:row>{''.join(_entries(row))}</oasis:row>" for row in rows)
        body += (
            f"<table-wrap><label>{caption[:7]}</label><caption><title>{caption[8:]}</title>"
            f'</caption><oasis:table><oasis:tgroup cols="{len(rows[0])}">{specs}'
            f"<oasis:thead>{head}</oasis:thead><oasis:tbody>{''.join(rest)}</oasis:tbody>"
            "</oasis:tgroup></oasis:table>"
            f"<table-wrap-foot><fn><p>{as_markup(note)}</p></fn></table-wrap-foot></table-wrap>"
        )
    space = "http://www.niso.org/standards/z39-96/ns/oasis-exchange/table"
    page = f'<article xmlns:oasis="{space}"><body>{body}</body></article>'
    (folder / "article.xml").write_text(page, encoding="utf-8")
    return [folder / "article.xml"]


def write_docx(folder):
    """A Word document, superscripts as runs."""
    document = docx.Document()
    for caption, note, rows in tables():
        document.add_paragraph(caption)
        table = document.add_table(len(rows), len(rows[0]))
        for r, row in enumerate(rows):
            for c, text in enumerate(row):
                paragraph = table.cell(r, c).paragraphs[0]
                for i, piece in enumerate(re.split(r"<sup>(.*?)</sup>", as_markup(text))):
                    piece = re.sub(r"</?sub>", "", piece).replace("&lt;", "<").replace("&gt;", ">")
                    paragraph.add_run(piece).font.superscript = bool(i % 2)
        if rows[0][-1] == "":
            table.cell(0, len(rows[0]) - 2).merge(table.cell(0, len(rows[0]) - 1))
        document.add_paragraph(note)
    document.save(folder / "article.docx")
    return [folder / "article.docx"]


WRITERS = {
    "text": write_text,
    "html": write_html,
    "jats": write_jats,
    "cals": write_cals,
    "docx": write_docx,
}


@pytest.mark.parametrize("kind", WRITERS)
def test_the_articles_tables_become_its_claims(kind, tmp_path, published):
    """Every claim of Tables 1-5 is rebuilt, none is made up, and no question is left."""
    reading = read_tables(WRITERS[kind](tmp_path), answers(tmp_path, ANSWERS))
    assert _sets(published) == _sets(reading.claims)
    assert len(reading.claims) == len(published)
    assert reading.left_out == 0
    assert reading.questions == ()


def test_a_csv_file_per_table_gives_all_but_what_notes_say(tmp_path, published):
    """Without captions and notes two questions more are asked, and the meaning of the stars is not
    known.
    """
    told = ANSWERS + '[table1]\n"a ± b" = "mean sd"\n'
    reading = read_tables(write_csv(tmp_path), answers(tmp_path, told))
    missing, extra = (
        _sets(published) - _sets(reading.claims),
        _sets(reading.claims) - _sets(published),
    )
    assert {row[3] for row in missing} == {"significance"} and extra == set()


def test_places_name_the_row_and_the_column(tmp_path, published):
    """The place is that of the transcription, letter by letter, apart from case and the word
    "of".
    """
    reading = read_tables(write_text(tmp_path), answers(tmp_path, ANSWERS))
    both = published.merge(reading.claims, on="id", suffixes=("", "_read"))
    assert len(both) == len(published) - 2  # the notes on significance have other ids
    for transcribed, read in zip(both["place"], both["place_read"], strict=True):
        assert _letters(transcribed) == _letters(read)


@pytest.mark.parametrize("ending", ["html", "docx", "csv"])
def test_the_projects_printed_tables_become_the_claims(ending, tmp_path, published):
    """`results/tables/table*_printed` give every number of the article, with its unit and
    analysis.
    """
    paths = [ROOT / "results" / "tables" / f"table{n}_printed.{ending}" for n in range(1, 6)]
    reading = read_tables(paths, answers(tmp_path, ANSWERS_PRINTED))
    numbers = published[~published["statistic"].isin(WORDS)]
    assert _sets(numbers) == _sets(reading.claims[~reading.claims["statistic"].isin(WORDS)])
    assert reading.left_out == 0
    assert not any(question.needed for question in reading.questions)


def test_nothing_is_guessed_without_answers(tmp_path):
    """`a ± b` of Table 2 is not taken for mean and SD, and the unit of the cut-off is not assumed:
    both are asked.
    """
    reading = read_tables(write_text(tmp_path))
    asked = {(question.table, question.key) for question in reading.questions}
    assert asked == {
        ("table2", '"a ± b"'),
        ("table5", 'units."adc_fast cutoff"'),
        ("names", '"adcfast and f"'),
    }
    assert (reading.claims["location"] == "table2").sum() == 15  # labels and units alone
    assert reading.left_out == 30


def test_answered_questions_are_the_ones_that_were_asked(tmp_path):
    """The file of questions, with each "# " taken away, is a valid file of answers that settles
    them.
    """
    paths = write_text(tmp_path)
    text = questions_text(read_tables(paths).questions)
    live = re.sub(r'(?m)^# (?=\S.* = "[^"]+"$)(?!"label)', "", text)
    reading = read_tables(paths, answers(tmp_path, live))
    assert live.count("\n[") == text.count("\n[") == 3
    assert reading.questions == ()
    assert reading.left_out == 0


def test_files_of_the_user_are_kept(tmp_path):
    """Answers and structure that were filled in stay; claims that were edited are not replaced."""
    reading = read_tables(write_text(tmp_path), Answers())
    out = tmp_path / "out"
    assert write_reading(reading, out) == [
        "claims.csv",
        "reading.md",
        "answers.toml",
        "structure.toml",
    ]
    assert write_reading(reading, out)[0] == "claims.csv"
    (out / "answers.toml").write_text(ANSWERS, encoding="utf-8")
    assert "answers.toml" not in write_reading(reading, out)
    assert (out / "answers.toml").read_text(encoding="utf-8") == ANSWERS
    (out / "claims.csv").write_text("id\n", encoding="utf-8")
    with pytest.raises(ValueError, match="not as it was written here last; it is not replaced"):
        write_reading(reading, out)


def test_the_page_to_confirm_shows_every_cell(tmp_path):
    """`reading.md` has a line per cell with what it was taken for, and names what was left out."""
    reading = read_tables(write_text(tmp_path))
    write_reading(reading, tmp_path / "out")
    page = (tmp_path / "out" / "reading.md").read_text(encoding="utf-8")
    assert "| ADCfast | 95% C.I.OR | 0.001 | ci_low 0.001 |" in page
    assert (
        "| f | AUC (95%CI) | 0.823 (0.719~0.927) | auc 0.823, auc_low 0.719, auc_high 0.927 |"
        in page
    )
    assert "| 1.11 ± 0.25 | left out: what 'a ± b' stands for is to be answered |" in page


def _sets(claims):
    return set(map(tuple, claims[[*WHAT, "test", "quote"]].to_numpy()))


def _letters(place):
    return re.sub(r"[^a-zα]", "", re.sub(r"\bof\b", "", place.casefold()))
