"""Reading a study's two tables: what is accepted, what is refused, and in which words."""

import numpy as np
import pandas as pd
import pytest

import ivim
from ivim.cohort import average_readers

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
    first, the disease last."""
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
            {"measurements": MEASUREMENTS.rsplit("3,B", 1)[0]},
            "patient '3' has no row by reader 'B'",
        ),
        (
            {"measurements": MEASUREMENTS.replace("2,A,5.0,0.2", "2,A,5.0,")},
            "f of patient '2' is blank",
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
