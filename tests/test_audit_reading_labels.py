"""What headers, labels and cells of other papers' tables are taken for, and what of them is
asked.
"""

import pytest

from ivim.audit.reading import Answers, load_answers, read_tables
from ivim.audit.reading.labels import read_label, unit_of
from ivim.audit.reading.shown import reading_rows
from ivim.audit.reading.values import read_value, uses_commas


@pytest.mark.parametrize(
    ("text", "pattern", "numbers"),
    [
        ("0.876 (0.782~0.969)", "a (b-c)", ("0.876", "0.782", "0.969")),
        ("80.0(56.3–94.1)", "a (b-c)", ("80.0", "56.3", "94.1")),
        ("0.52 [0.30, 0.90]", "a (b-c)", ("0.52", "0.30", "0.90")),
        ("0.91 (95% CI: 0.85 to 0.95)", "a (b-c)", ("0.91", "0.85", "0.95")),
        ("−0.28 (−0.45, −0.11)", "a (b-c)", ("-0.28", "-0.45", "-0.11")),
        ("1.48\u2009±\u20090.22", "a ± b", ("1.48", "0.22")),
        ("21.96 +/- .782", "a ± b", ("21.96", ".782")),
        ("1.51 (±0.22)", "a ± b", ("1.51", "0.22")),
        ("56.2 (SD 10.1)", "a (SD b)", ("56.2", "10.1")),
        ("56.2 [SEM = 1.1]*", "a (SE b)", ("56.2", "1.1")),
        ("2.8\u2009(IQR,\u20091.8–4.1)", "a (IQR b-c)", ("2.8", "1.8", "4.1")),
        ("61 (range: 22 to 80)", "a (range b-c)", ("61", "22", "80")),
        ("12 (34.3%)", "a (b)", ("12", "34.3%")),
        ("88.9 (32/36)", "a (b/c)", ("88.9", "32", "36")),
        ("32/36 (88.9)", "a/b (c)", ("32", "36", "88.9")),
        ("<0.0001**", "a", ("<0.0001**",)),
        ("＜0.001", "a", ("<0.001",)),
        ("0.010 *", "a", ("0.010",)),
        ("0·70", "a", ("0.70",)),
        ("1,234.5", "a", ("1234.5",)),
        ("NS", "a", ("NS",)),
        ("0.82^{a}", "a", ("0.82",)),
        ("1.48 ± 0.22ᵃ", "a ± b", ("1.48", "0.22")),
        ("0.30-0.90", "a-b", ("0.30", "0.90")),
        ("11/9", "a/b", ("11", "9")),
        ("-", "nothing", ()),
        ("N/A", "nothing", ()),
        ("1 (reference)", "words", ()),
        ("lung", "words", ()),
        ("0,85", "words", ()),
    ],
)
def test_a_cell_is_read_by_its_pattern(text, pattern, numbers):
    """Numbers come out as printed, with a point and a plain minus; a comma that may be a decimal
    mark does not.
    """
    value = read_value(text)
    assert value.pattern == pattern
    assert tuple(number.rstrip("* ") for number in value.numbers) == tuple(
        number.rstrip("* ") for number in numbers
    )


@pytest.mark.parametrize(
    ("texts", "comma"),
    [
        (["0,85 ± 0,12", "1,20"], True),
        (["80,5 (66,3; 90,0)"], True),
        (["1.48", "1,234"], False),
        (["80 (66,90)"], None),
        (["1,234"], None),
        (["12", "a, b"], False),
    ],
)
def test_a_decimal_comma_is_known_or_asked(texts, comma):
    """Only a number that can be nothing else says that commas are decimal marks."""
    assert uses_commas(texts) is comma


@pytest.mark.parametrize(
    ("text", "kind", "name", "further"),
    [
        (
            "ADC<sub>".replace("<sub>", "fast") + " (×10^-3 mm2/s)",
            "parameter",
            "adc_fast",
            "10⁻³ mm²/s",
        ),
        ("Mean age (yrs) ^a", "parameter", "age", "years"),
        ("P-value", "statistic", "p", ""),
        ("P value†", "statistic", "p", ""),
        ("Cut-off value (×10−3 mm2/s)", "statistic", "cutoff", "10⁻³ mm²/s"),
        ("Sensitivity, %", "statistic", "sensitivity", "%"),
        ("Sensitivity % (95% CI)", "statistic", "sensitivity", "%"),
        ("OR (95% CI)", "statistic", "odds_ratio", ""),
        ("95% CI of OR", "statistic", "odds_ratio", ""),
        ("95%CI", "limits", "", ""),
        ("Lower", "statistic", "low", ""),
        ("Exp(B)", "statistic", "odds_ratio", ""),
        ("No. of patients", "statistic", "n", ""),
        ("LR+", "statistic", "lr_positive", ""),
        ("LR−", "statistic", "lr_negative", ""),
        ("κ", "statistic", "kappa", ""),
        ("F value", "statistic", "f", ""),
        ("Univariate analysis", "model", "univariable", ""),
        ("Reader 2", "item", "reader 2", ""),
        ("Model 1", "model", "model 1", ""),
        ("df", "skip", "", ""),
        ("f", "", "f", ""),
        ("Lung cancer", "", "", ""),
        ("Tumour size (mm)", "", "", "mm"),
    ],
)
def test_a_label_is_known_or_left_to_the_reader(text, kind, name, further):
    """Statistics and the registry's parameters are known; groups and other parameters are not
    guessed.
    """
    meaning = read_label(text, {})
    assert (meaning.kind, meaning.name, meaning.unit) == (kind, name, further)


@pytest.mark.parametrize(
    ("text", "unit"),
    [
        ("×10⁻³mm²/s", "10⁻³ mm²/s"),
        ("x 10-3 mm2/s", "10⁻³ mm²/s"),
        ("10−3 mm2/sec", "10⁻³ mm²/s"),
        ("µm2/ms", "µm²/ms"),
        ("mm2/s", "mm²/s"),
        ("yrs", "years"),
        ("min-1", "min⁻¹"),
        ("%", "%"),
        ("range", None),
        ("SD", None),
    ],
)
def test_units_have_one_spelling(text, unit):
    """The same unit in ASCII, with superscripts or in another order of blanks is one unit."""
    assert unit_of(text) == unit


def read(folder, content, told="", name="table1.csv"):
    """The reading of one table with answers."""
    (folder / name).write_text(content, encoding="utf-8")
    if not told:
        return read_tables([folder / name], Answers())
    (folder / "answers.toml").write_text(told, encoding="utf-8")
    return read_tables([folder / name], load_answers(folder / "answers.toml"))


def numbers(reading):
    """Claims without labels: (group, parameter, statistic, item, model) -> printed."""
    rows = reading.claims[~reading.claims["statistic"].isin(["label", "unit"])]
    keys = ["group", "parameter", "statistic", "item", "model"]
    return {tuple(row[key] for key in keys): row["printed"] for row in rows.to_dict("records")}


PATIENTS = """\
Variable,Benign (n = 24),Malignant (n = 36),P value
"Age (years), mean ± SD",61.1 ± 10.1,56.3 ± 12.5,0.12
"Sex, n (%)",,,0.60
  Male,14 (58.3),18 (50.0),
  Female,10 (41.7),18 (50.0),
"CRP (mg/l), median (IQR)",3.1 (1.0–6.2),6.2 (2.0–9.9),0.004
"""


def test_groups_in_columns_with_sizes_in_the_header(tmp_path):
    """Sizes, means, counts with shares, medians with quartiles and p values are told apart by
    headers and headings.
    """
    found = numbers(read(tmp_path, PATIENTS, '[table1]\ncolumns = "groups"\n'))
    assert found["benign", "", "n", "", ""] == "24"
    assert found["malignant", "age", "sd", "", ""] == "12.5"
    assert found["benign", "", "male", "", ""] == "14"
    assert found["benign", "female", "share", "", ""] == "41.7"
    assert found["malignant", "crp", "q3", "", ""] == "9.9"
    assert found["", "crp", "p", "", ""] == "0.004"
    assert len(found) == 2 + 4 + 8 + 6 + 3


def test_unknown_columns_are_asked(tmp_path):
    """Without an answer no number of a column that may be a group, a reader or a marker becomes a
    claim.
    """
    reading = read(tmp_path, PATIENTS)
    assert [q.key for q in reading.questions if q.needed] == ["columns"]
    assert set(reading.claims["statistic"]) <= {"p", "label", "unit"}


def test_an_ambiguous_pair_is_asked(tmp_path):
    """`a (b)` without a word is a mean and SD, a count and share, or something else: it is
    asked.
    """
    content = "Parameters,Control,Case\nDDC,1.48 (0.22),1.06 (0.25)\n"
    reading = read(tmp_path, content, '[table1]\ncolumns = "groups"\n')
    assert [q.key for q in reading.questions] == ['"a (b)"']
    assert reading.left_out == 2
    told = '[table1]\ncolumns = "groups"\n"a (b)" = "mean sd"\n'
    assert numbers(read(tmp_path, content, told))["case", "ddc", "sd", "", ""] == "0.25"


def test_an_answer_for_one_parameter_goes_before_the_tables(tmp_path):
    """`"age: a (b)"` is the answer for age, `"a (b)"` for the rest."""
    content = "Parameters,Control,Case\nAge,61 (10),56 (12)\nSmoker,12 (50),9 (25)\n"
    told = '[table1]\ncolumns = "groups"\n"a (b)" = "count share"\n"age: a (b)" = "mean sd"\n'
    found = numbers(read(tmp_path, content, told))
    assert found["case", "age", "sd", "", ""] == "12"
    assert found["case", "smoker", "share", "", ""] == "25"


def test_merged_headers_name_reader_and_statistic(tmp_path):
    """Two header rows, the upper one merged: the item is the reader, and shares with counts keep
    both.
    """
    content = (
        "<html><table><caption>Table 5</caption><thead>"
        "<tr><th rowspan=2>Marker</th><th colspan=2>Reader 1</th><th colspan=2>Reader 2</th></tr>"
        "<tr><th>AUC (95% CI)</th><th>Sensitivity (%)</th><th>AUC (95% "
        "CI)</th><th>Sensitivity (%)</th></tr>"
        "</thead><tr><td>DDC</td><td>0.89 (0.80, 0.96)</td><td>88.9 "
        "(32/36)</td><td>0.87</td><td>-</td></tr></table>"
    )
    reading = read(tmp_path, content, name="t.html")
    found = numbers(reading)
    assert found["", "ddc", "auc_low", "reader 1", ""] == "0.80"
    assert found["", "ddc", "tp", "reader 1", ""] == "32"
    assert found["", "ddc", "auc", "reader 2", ""] == "0.87"
    row = reading.claims[reading.claims["statistic"] == "sensitivity"].iloc[0]
    assert (row["n"], row["unit"]) == ("36", "%")


def test_models_side_by_side(tmp_path):
    """Univariable and multivariable odds ratios with separate limits are two models."""
    content = (
        "Factors\tUnivariate\t\t\tMultivariate\t\t\n"
        "\tOR\t95% CI\tP\tOR\t95% CI\tP\n"
        "DDC\t0.52\t0.30–0.90\t0.020\t0.61\t0.33–1.12\t0.110\n"
    ).replace("Univariate\t\t\t", "Univariate\tUnivariate\tUnivariate\t")
    content = content.replace("Multivariate\t\t\n", "Multivariate\tMultivariate\tMultivariate\n")
    found = numbers(read(tmp_path, content, name="table4.tsv"))
    assert found["", "ddc", "ci_high", "", "univariable"] == "0.90"
    assert found["", "ddc", "ci_low", "", "multivariable"] == "0.33"
    assert found["", "ddc", "p", "", "multivariable"] == "0.110"


def test_blank_headers_of_a_csv_are_asked(tmp_path):
    """A CSV does not say what is merged: a header may reach over the blanks to its right, or
    not.
    """
    content = (
        ",Univariate analysis,,Multivariate analysis,\nFactor,HR (95% CI),P value,HR "
        "(95% CI),P value\n"
        "DDC,1.52 (0.90–2.57),0.117,1.98 (1.11–3.52),0.021\n"
    )
    reading = read(tmp_path, content)
    assert [q.key for q in reading.questions] == ["merged"]
    assert reading.left_out == 2
    reading = read(tmp_path, content, "[table1]\nmerged = true\n")
    assert numbers(reading)["", "ddc", "p", "", "multivariable"] == "0.021"
    assert set(reading.claims["analysis"]) == {"cox", "label"}


def test_a_starred_parameter_is_another_one(tmp_path):
    """D* is not D with a footnote, and the unit of a marker is not that of its AUC."""
    content = "Parameter,AUC,Sens. (%)\nD (×10−3 mm2/s),0.89,88.9\nD*,0.62,55.6\nf (%),0.71,72.2\n"
    reading = read(tmp_path, content)
    assert set(numbers(reading)) >= {("", "d", "auc", "", ""), ("", "d*", "auc", "", "")}
    units = reading.claims.set_index(["parameter", "statistic"])["unit"]
    assert units["f", "auc"] == "" and units["f", "sensitivity"] == "%"


def test_headings_name_their_rows(tmp_path):
    """Rows under a heading belong to it, indented or not; sex in one row is two counts."""
    content = (
        "Characteristic,Benign,Malignant,t/χ2,p\nMale/Female,14/10,18/18,0.40,0.53\n"
        "Location [n (%)],,,0.11,0.74\n"
        " Lumbar,12 (50.0),18 (50.0),,\nTumor size (cm),,,,\nMean ± SD,2.9 ± 1.1,3.2 ± 1.3,,0.30\n"
        "Range,1.1–5.0,1.0–6.2,,\n"
    )
    found = numbers(read(tmp_path, content, '[table1]\ncolumns = "groups"\n'))
    assert found["malignant", "", "female", "", ""] == "18"
    assert found["", "sex", "p", "", ""] == "0.53"
    assert found["benign", "location_lumbar", "share", "", ""] == "50.0"
    assert found["benign", "tumor_size", "sd", "", ""] == "1.1"
    assert found["malignant", "tumor_size", "maximum", "", ""] == "6.2"
    assert ("", "sex", "t", "", "") not in found and ("", "sex", "chi2", "", "") not in found


def test_intra_and_inter_observer_are_items(tmp_path):
    """Two coefficients of one parameter are told apart by the repetition that their header
    names.
    """
    content = "Parameters,ICC (95% CI) intra-observer,ICC inter-reader\nDDC,0.91 (0.85–0.95),0.88\n"
    found = numbers(read(tmp_path, content))
    assert found["", "ddc", "icc_low", "intra-observer", ""] == "0.85"
    assert found["", "ddc", "icc", "inter-observer", ""] == "0.88"


def test_sex_in_per_cent_keeps_its_unit(tmp_path):
    """A column of men in per cent is no column of counts; a count with decimals and no per cent is
    left out.
    """
    content = "Group,No. of patients,Male (%),Female\nLung,24,58.3,41.7\n"
    reading = read(tmp_path, content)
    row = reading.claims[reading.claims["statistic"] == "male"].iloc[0]
    assert (row["printed"], row["unit"]) == ("58.3", "%")
    assert "female" not in set(reading.claims["statistic"])
    assert reading.left_out == 1


def test_a_cell_without_any_label_is_left_out(tmp_path):
    """A number whose row and column have no label is no claim."""
    assert read(tmp_path, "Age,\n,5\n").left_out == 1


def test_indented_groups_are_suggested_as_parts(tmp_path):
    """A group indented under another one is no group of its own by assumption: the structure file
    asks.
    """
    from ivim.audit.reading.design import structure_text

    content = "Group,No. of patients\nMetastasis,50\n  Lung,32\n  Breast,18\n"
    reading = read(tmp_path, content)
    assert '# "metastasis" = ["lung", "breast"]' in structure_text(reading)


def test_f_is_asked_where_it_can_be_both(tmp_path):
    """A column `f` with plain numbers beside groups may be the perfusion fraction or F."""
    reading = read(tmp_path, "Group,DDC,f\nLung,1.1,0.2\n", '[table1]\n"a" = "mean"\n')
    assert ("names", '"f"') in {(q.table, q.key) for q in reading.questions}
    told = '[names]\n"f" = "parameter f"\n[table1]\n"a" = "mean"\n'
    found = numbers(read(tmp_path, "Group,DDC,f\nLung,1.1,0.2\n", told))
    assert found["lung", "f", "mean", "", ""] == "0.2"


@pytest.mark.parametrize(
    ("told", "message"),
    [
        ('[table1]\nrows = "people"', "table1.rows is 'people'; give one of 'groups'"),
        ("[table1]\nrowz = 1", "unknown entry table1.rowz"),
        ('[tables]\nrows = "groups"', r"unknown section \[tables\]"),
        ("names = 3", r"names is 3; give the sections \[names\]"),
        ("[names]\na = 3", "names is"),
        ("[names", "not a TOML file"),
        ('[table1]\n"a ± b" = "mean"', "2 names are needed"),
        ('[table1]\n"a ± b" = "mean stdev"', "'stdev' is no statistic"),
    ],
)
def test_a_wrong_answer_is_one_line(told, message, tmp_path):
    """An unknown entry, a wrong choice or too few names say what is accepted."""
    with pytest.raises(ValueError, match=message) as error:
        read(tmp_path, "Group,DDC\nLung,1.1 ± 0.2\n", told)
    assert "\n" not in str(error.value)


def test_an_answers_file_that_is_not_there_is_one_line(tmp_path):
    """The line says how the file comes to be."""
    with pytest.raises(ValueError, match="run once without it"):
        load_answers(tmp_path / "none.toml")


def test_no_beside_yes_is_no_number_of_patients(tmp_path):
    """Rows "Yes" and "No" are two answers, columns A and B two groups: neither is a statistic."""
    content = "Characteristic,A,B\nSmoker,,\n  Yes,22 (36.1),14 (26.9)\n  No,39 (63.9),38 (73.1)\n"
    told = '[table1]\ncolumns = "groups"\n"a (b)" = "count share"\n'
    found = numbers(read(tmp_path, content, told))
    assert found["a", "smoker_yes", "count", "", ""] == "22"
    assert found["b", "smoker_no", "count", "", ""] == "38"


def test_a_cell_that_is_not_understood_is_shown(tmp_path):
    """Digits in a form that is not known are said to be left out, not passed over as words."""
    content = "Parameter,A (n = 61),p\nADC,1.1 to 1.3 (mostly),0.02\nMK,0.8 / 0.9 / 1.1,\n"
    line, *labels = reading_rows(read(tmp_path, content, '[table1]\ncolumns = "groups"\n'))
    assert "2 cells left out (numbers in a form that is not known)" in line
    assert labels[-2:] == ["    not read: '1.1 to 1.3 (mostly)'", "    not read: '0.8 / 0.9 / 1.1'"]


@pytest.mark.parametrize(
    ("cell", "proposal"), [("38 (59.4)", '"count share"'), ("1.4 (0.2)", '"mean sd"')]
)
def test_a_count_with_its_share_is_proposed_as_such(cell, proposal, tmp_path):
    """A whole number with a fraction in brackets is proposed as a count with its share."""
    reading = read(tmp_path, f"Parameter,A,B\nMale sex,{cell},{cell}\n")
    assert {q.key: q.example for q in reading.questions}['"a (b)"'] == proposal


def test_f_beside_m_is_a_sex(tmp_path):
    """Rows "M" and "F" under "Sex" are two sexes; the second is no F of an ANOVA."""
    content = "Characteristic,Case,Control\nSex,,\n  M,22 (36.1),14 (26.9)\n  F,39 (64),38 (73.1)\n"
    told = '[table1]\ncolumns = "groups"\n"a (b)" = "count share"\n'
    assert numbers(read(tmp_path, content, told))["control", "sex_f", "count", "", ""] == "38"
