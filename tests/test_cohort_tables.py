"""Reading a study's two tables: what is accepted, what is refused, and in which words."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import ivim
from ivim.cohort import average_readers, load_cohort, read_measurements, read_patients

PATIENTS = (
    "patient,group,primary,sex,age\n"
    "1,benign,,male,50\n2,malignant,lung,female,\n3,malignant,breast,F,61\n"
)
MEASUREMENTS = "patient,reader,stiffness,f,adc_slow\n" + "".join(
    f"{patient},{reader},{patient * 2.5},{0.1 * patient},{0.9 + shift}\n"
    for patient in (1, 2, 3)
    for reader, shift in (("A", 0.0), ("B", 0.1))
)


@pytest.fixture
def load(tmp_path):
    """Write two tables and load them."""

    def write_and_load(patients=PATIENTS, measurements=MEASUREMENTS, **options):
        (tmp_path / "p.csv").write_text(patients)
        (tmp_path / "m.csv").write_text(measurements)
        return ivim.load_cohort(tmp_path / "p.csv", tmp_path / "m.csv", **options)

    return write_and_load


def test_own_groups_and_columns_are_taken_as_they_come(load):
    """Group names, sub-groups and columns come from the tables; the article's parameters stand
    first, the disease last.
    """
    cohort = load()
    assert cohort.groups == ("benign", "malignant") and cohort.positive == "malignant"
    assert cohort.parameters == ("adc_slow", "f", "stiffness")
    assert cohort.primaries == ("lung", "breast")
    assert cohort.outcome.tolist() == [0, 1, 1]
    assert not cohort.reconstructed


def test_positive_group_is_chosen_by_name(load):
    """`positive` puts the named group last."""
    assert load(positive="benign").groups == ("malignant", "benign")


def test_readers_are_averaged_and_equal_means_tie():
    """The patient's value is the mean of the readers; means equal on paper are equal numbers."""
    frame = pd.DataFrame(
        {
            "patient": ["a", "a", "b", "b"],
            "reader": ["X", "Y"] * 2,
            "adc_fast": [29.0, 29.1, 28.9, 29.2],
        }
    )
    values = average_readers(frame)["adc_fast"]
    assert values.iloc[0] == values.iloc[1] == 29.05


def test_three_readers_are_averaged_by_their_mean():
    """Of three readings the mean is taken, not the median: one reader who is far off moves the
    value."""
    frame = pd.DataFrame({"patient": ["a"] * 3, "reader": list("XYZ"), "f": [0.2, 0.3, 0.7]})
    assert average_readers(frame)["f"].item() == 0.4


def test_missing_optional_columns_are_blank(load):
    """Only patient and group are needed."""
    cohort = load("patient,group\n1,a\n2,b\n3,b\n")
    assert cohort.patients["age"].isna().all() and cohort.primaries == ()
    assert np.isfinite(cohort.values["f"]).all()


def test_a_complete_study_has_no_remarks(load):
    """Nothing is missing, so nothing is said."""
    assert load().remarks == ()


def test_a_blank_leaves_the_mean_to_the_other_reader(load):
    """A value that one reader lacks is the other's; the patient is not lost."""
    cohort = load(measurements=MEASUREMENTS.replace("2,A,5.0,0.2,0.9", "2,A,5.0,0.2,"))
    assert cohort.values.set_index("patient").loc["2", "adc_slow"] == 1.0
    assert cohort.remarks == ()


def test_a_patient_without_a_value_stays_and_is_named(load):
    """A parameter that neither reader could measure is blank for that patient, who keeps the other
    ones.
    """
    lines = MEASUREMENTS.replace("2,A,5.0,0.2,0.9", "2,A,5.0,,0.9")
    cohort = load(measurements=lines.replace("2,B,5.0,0.2,1.0", "2,B,5.0,,1.0"))
    values = cohort.values.set_index("patient")
    assert (
        len(values) == 3 and np.isnan(values.loc["2", "f"]) and values.loc["2", "adc_slow"] == 0.95
    )
    assert cohort.remarks == ("f: 2 of 3 patients have a value; none for 2.",)


def test_a_patient_whom_one_reader_did_not_measure_is_named(load):
    """Unequal readers are taken, and said."""
    cohort = load(measurements=MEASUREMENTS.rsplit("3,B", 1)[0])
    assert cohort.values.set_index("patient").loc["3", "adc_slow"] == 0.9
    assert cohort.remarks == ("Reader B did not measure 3.",)


def test_a_column_without_any_number_is_left_out_and_named(load):
    """A parameter that nobody could measure is no column of the study."""
    cohort = load(measurements="patient,reader,f,adc_slow\n1,A,,1\n2,A,,1.1\n3,A,,1.2\n")
    assert cohort.parameters == ("adc_slow",)
    assert cohort.remarks == ("f: blank in every row.",)


@pytest.mark.parametrize(
    ("tables", "message"),
    [
        ({"patients": "patient,age\n1,50\n"}, "column 'group' is missing; met 'patient', 'age'"),
        ({"patients": "patient,group\n1,a\n1,b\n"}, "patient '1' stands in more than one row"),
        ({"patients": "patient,group\n1,a\n2,a\n"}, "a comparison needs at least two groups"),
        ({"patients": "patient,group\n1,a\n2,\n"}, "column 'group' is blank in data row 2"),
        (
            {"patients": PATIENTS.replace("50", "fifty")},
            "age of patient '1' is 'fifty'; it has to be a finite number or blank",
        ),
        ({"patients": PATIENTS + "4,benign,,male,40\n"}, "patient '4' has no measurement"),
        ({"patients": ""}, "not a CSV table"),
        ({"patients": "patient,group\n"}, "has a header but no row"),
        (
            {"measurements": MEASUREMENTS + "9,A,1,.1,.9\n9,B,1,.1,.9\n"},
            "patient '9' is measured but not in patients.csv",
        ),
        (
            {"measurements": MEASUREMENTS.replace("3,B,7.5", "3,A,7.5")},
            "reader 'A' has more than one row for patient '3'",
        ),
        (
            {"measurements": MEASUREMENTS.replace("2,A,5.0,0.2", "2,A,5.0,low")},
            "f of patient '2' is 'low'; it has to be a finite number or blank",
        ),
        (
            {"measurements": MEASUREMENTS.replace("2,A,5.0,0.2", "2,A,5.0,inf")},
            "f of patient '2' is",
        ),
        (
            {"measurements": "patient,reader,f\n1,A,\n2,A,\n3,A,\n"},
            "every value is blank; a study needs at least one measurement",
        ),
        (
            {"measurements": MEASUREMENTS.replace("2,A,5.0,0.2", "2,A,5.0,20")},
            "f is 20; it is a fraction",
        ),
        (
            {"measurements": MEASUREMENTS.replace("2,A,5.0,0.2,0.9", "2,A,5.0,0.2,-0.9")},
            "adc_slow is -0.9; a diffusivity is not negative",
        ),
        (
            {"measurements": "patient,reader,adc_slow\n1,A,.0009\n2,A,.001\n3,A,.0011\n"},
            "looks like mm²/s",
        ),
        ({"measurements": "patient,reader\n1,A\n2,A\n3,A\n"}, "no parameter column"),
        (
            {"positive": "cancer"},
            "positive group 'cancer' is not in the data; the groups are 'benign', 'malignant'",
        ),
    ],
)
def test_broken_tables_are_refused_with_the_value_met(load, tables, message):
    """One clear line says what is wrong, what was met and what is accepted."""
    with pytest.raises(ValueError, match=message) as caught:
        load(**tables)
    assert "\n" not in str(caught.value)


# What a table may not hold, and what is mended
# -----------------------------------------------------


@pytest.mark.parametrize(
    ("patients", "message"),
    [
        ("patient,group\na,x\nb,X \n", "groups 'x' and 'X' differ only in capitals"),
        ("patient,group\na,non lesion\nb,non_lesion\n", "differ only in capitals, blanks or signs"),
        ("patient,group,age\na,x,-5\nb,y,4\n", "age of patient 'a' is -5; an age is from 0 to 130"),
        ("patient,group,age\na,x,500\nb,y,4\n", "age of patient 'a' is 500"),
        ("patient,group,sex\na,x,x?\nb,y,M\n", "sex of patient 'a' is 'x\\?'; accepted are male"),
        ('"","patient","group"\n"1","a","x"\n', "column 1 has no name; name it, .* row.names"),
        ("patient,group\n1,a,x\n2,b,y\n", "data row 1 has 3 cells, the header 2"),
        ("patient,group,group\na,x,x\nb,y,y\n", "column 'group' stands there more than once"),
        ("", "not a CSV table .no row at all."),
        ("# only a remark\n", "not a CSV table .no row at all."),
        ('patient,group\n"a,x\n', "not a CSV table"),
    ],
)
def test_patients_that_would_be_misread_are_refused(tmp_path, patients, message):
    """What a reader of tables would mend in silence, wrongly, is one line with the value met."""
    path = tmp_path / "patients.csv"
    path.write_text(patients)
    with pytest.raises(ValueError, match=message):
        read_patients(path)


@pytest.mark.parametrize("column", ["group", "primary", "sex", "age"])
def test_a_patients_column_among_the_measurements_is_refused(tmp_path, column):
    """A group or an age is no marker."""
    path = tmp_path / "measurements.csv"
    path.write_text(f"patient,reader,f,{column}\na,R1,0.1,1\n")
    with pytest.raises(ValueError, match=f"column '{column}' tells of the patient"):
        read_measurements(path)


def test_names_are_names_and_blanks_around_them_do_not_count(tmp_path):
    """A group called NA and a patient called None are no blanks; blanks around a word are no part
    of it.
    """
    path = tmp_path / "patients.csv"
    path.write_text(
        "# where it is from\npatient,group,sex\nNone,NA ,M\n b ,tuberculosis , female\n"
    )
    frame = read_patients(path)
    assert frame["patient"].tolist() == ["None", "b"]
    assert frame["group"].tolist() == ["NA", "tuberculosis"]
    assert frame["sex"].tolist() == ["male", "female"]


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(content=st.one_of(st.binary(max_size=200), st.text(max_size=200).map(str.encode)))
@pytest.mark.parametrize("reader", [read_patients, read_measurements])
def test_any_bytes_give_a_table_or_one_line(tmp_path, reader, content):
    """Whatever a file holds, the answer is a frame or a ValueError in one line that names the
    file."""
    path = tmp_path / "table.csv"
    path.write_bytes(content)
    try:
        frame = reader(path)
    except ValueError as error:
        assert str(error).startswith(str(path))
    else:
        assert len(frame)


@pytest.mark.parametrize("start", [0, 1])
@pytest.mark.parametrize("name", ["X", "Unnamed: 0"])
def test_row_names_are_no_measurement(tmp_path, name, start):
    """A first column that counts the rows is refused; one that does not is a marker."""
    path = tmp_path / "measurements.csv"
    rows = [f"{start + n},{n},EZ,{0.1 * n:.1f}" for n in range(5)]
    path.write_text("\n".join([f"{name},patient,reader,f", *rows]))
    with pytest.raises(ValueError, match=f"column '{name}' counts the rows.*index=False"):
        read_measurements(path)
    path.write_text("\n".join([f"{name},patient,reader,f", *rows[::-1]]))
    assert name in read_measurements(path)


@pytest.mark.parametrize(
    ("one", "other", "said"),
    [
        ("tuberculosis", "tubercolosis", True),
        ("metastasis", "metastassis", True),
        ("responder", "repsonder", True),
        ("benign", "malignant", False),
        ("grade 1", "grade 2", False),
        ("responders A", "responders B", False),
        ("type i", "type ii", False),
        ("hypointense", "hyperintense", False),
    ],
)
def test_names_a_slip_apart_are_said(tmp_path, one, other, said):
    """Long words that differ by one letter, or by two exchanged, are told; other names are not."""
    names = [one, other] * 3
    people = [f"{n},{name}" for n, name in enumerate(names)]
    (tmp_path / "p.csv").write_text("\n".join(["patient,group", *people]))
    readings = [f"{n},EZ,{0.1 + 0.01 * n:.2f}" for n in range(6)]
    (tmp_path / "m.csv").write_text("\n".join(["patient,reader,f", *readings]))
    remarks = load_cohort(tmp_path / "p.csv", tmp_path / "m.csv").remarks
    assert any("differ by a letter" in remark for remark in remarks) is said
