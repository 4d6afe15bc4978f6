"""Printed beside reproduced: the marks are computed, number by number."""

import pandas as pd
import pytest

from ivim.report import compare, tables
from ivim.report.compare import DIFFERENT, SAME


def _marks(table):
    return table.frame.set_index(["parameter", "statistic"])[["reproduced", "mark"]].apply(
        tuple, axis=1
    )


@pytest.mark.parametrize(
    ("p", "shown", "mark"),
    [
        (0.39549, "0.395", SAME),
        (0.3946, "0.395", SAME),
        (0.3955, "0.396", DIFFERENT),
        (0.39449, "0.394", DIFFERENT),
    ],
)
def test_a_mark_is_the_printed_digits(p, shown, mark):
    """Table 3 prints p = 0.395 for ADC stand: exactly what rounds half up to it is marked as the
    same.
    """
    frame = pd.DataFrame(
        [{"parameter": "adc_stand", "test": "Student", "statistic": 0.855, "df": 68, "p": p}]
    )
    assert _marks(compare.compare("table3", frame))["adc_stand", "p"] == (shown, mark)


@pytest.mark.parametrize(("p", "mark"), [(2.6e-8, SAME), (0.00009, SAME), (0.00011, DIFFERENT)])
def test_a_bound_has_to_hold(p, mark):
    """ "<0.0001**" is met by everything below, and by nothing above."""
    frame = pd.DataFrame(
        [{"parameter": "f", "test": "Student", "statistic": 4.645, "df": 68, "p": p}]
    )
    assert _marks(compare.compare("table3", frame))["f", "p"][1] == mark


def test_a_rank_sum_is_not_a_t():
    """Where another test is chosen, its statistic is not held against the printed t."""
    frame = pd.DataFrame(
        [
            {
                "parameter": "f",
                "test": "Mann-Whitney",
                "statistic": 4.645,
                "df": float("nan"),
                "p": 1e-5,
            }
        ]
    )
    assert _marks(compare.compare("table3", frame))["f", "t"] == ("–", DIFFERENT)


@pytest.mark.parametrize(
    ("direction", "value", "shown", "mark"),
    [
        (">", 29.05, "> 29.05", SAME),
        (">", 29.0549, "> 29.05", SAME),
        ("<", 29.05, "< 29.05", DIFFERENT),
        (">", 29.15, "> 29.15", DIFFERENT),
    ],
)
def test_a_cutoff_has_a_direction(direction, value, shown, mark):
    """ "> 29.05" is met by the number and the side, not by any number above it."""
    frame = pd.DataFrame(
        [{"marker": "adc_fast", "cutoff": value, "direction": direction, "sensitivity": 0.8}]
    )
    marks = _marks(compare.compare("table5", frame))
    assert marks["adc_fast", "cutoff"] == (shown, mark)
    assert marks["adc_fast", "sensitivity"] == (
        "80.0",
        SAME,
    )  # a fraction beside a printed percentage


def test_a_slip_of_the_point_shows_in_the_decimals_of_its_column():
    """Table 2 prints ".782" where 7.82 is meant: not the same, and shown as 7.82."""
    frame = pd.DataFrame(
        [{"group": "tuberculosis", "parameter": "adc_fast", "n": 20, "mean": 21.96, "sd": 7.8165}]
    )
    row = compare.compare("table2", frame).frame.set_index("id").loc["t2-tuberculosis-adc_fast-sd"]
    assert (row["printed"], row["reproduced"], row["mark"]) == (".782", "7.82", DIFFERENT)


def test_labels_put_right():
    """Table 4 differs as printed and agrees where its row labels are exchanged."""
    frame = pd.DataFrame(
        [{"term": "f", "b": -6.1849, "se": 2.408}, {"term": "adc_fast", "b": 0.2352, "se": 0.0683}]
    )
    as_printed = compare.compare("table4", frame)
    put_right = compare.compare("table4", frame, relabel={"adc_fast": "f", "f": "adc_fast"})
    assert compare.counts(as_printed) == {"printed": 14, "same": 0}
    assert compare.counts(put_right) == {"printed": 14, "same": 4}
    assert put_right.name != as_printed.name


def test_what_is_missing_is_different():
    """A printed number that the pipeline does not give is never marked as the same."""
    for item in ("table1", "table2", "table3", "table4", "table5", "anova"):
        empty = pd.DataFrame(columns=tables.COLUMNS[item].split())
        counts = compare.counts(compare.compare(item, empty))
        assert counts["same"] == 0 and counts["printed"] > 0, item


@pytest.mark.parametrize(
    ("item", "printed"),
    [
        ("table1", 25),
        ("table2", 60),
        ("table3", 12),
        ("table4", 14),
        ("table5", 29),
        ("agreement", 18),
        ("anova", 4),
    ],
)
def test_every_printed_number_is_compared(item, printed):
    """The count of numbers in each of the article's tables (cells of Table 2 hold a mean and an
    SD).
    """
    assert len(compare.claims(item)) == printed


def test_best_form_of_the_icc():
    """The form that gives most of the printed digits is found, not assumed."""
    rows = [
        {"parameter": "adc_stand", "form": form, "icc": icc, "ci_low": 0.889, "ci_high": 0.956}
        for form, icc in (("A", 0.93), ("B", 0.929))
    ]
    assert compare.best_form(pd.DataFrame(rows)) == ("B", {"A": 2, "B": 3})


def test_forms_that_fit_equally_well():
    """Where several forms give the same digits, absolute agreement of single readings is shown."""
    rows = [
        {"parameter": "f", "form": form, "icc": 0.868, "ci_low": 0.796, "ci_high": 0.916}
        for form in ("ICC(1,1)", "ICC(A,1)", "ICC(C,1)")
    ]
    assert compare.best_form(pd.DataFrame(rows))[0] == "ICC(A,1)"


def test_nothing_to_compare_for_an_own_table():
    """Without a reconstructed cohort there is nothing beside it, and nothing is counted."""

    class Own:
        reconstructed = False

    assert compare.beside(Own, None) is None
    assert compare.counts(None) == {}


def test_unknown_item():
    """A wrong name is answered with the names there are."""
    with pytest.raises(ValueError, match="nothing is printed for 'table9'; there are table1"):
        compare.compare("table9", pd.DataFrame())
