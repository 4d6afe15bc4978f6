"""The audit in a notebook: every table from the audit's own numbers, for any article."""

import re

import pandas as pd
import pytest

from ivim.audit.verdict import REFUTED, judge
from ivim.reconstruct.judged import judged
from ivim.report import audited, ledger

COLUMNS = "id,location,group,parameter,statistic,printed,unit,place,analysis\n"


@pytest.fixture(scope="module")
def article():
    """The audit of the article, with its reconstructed cohort."""
    return judged()


@pytest.fixture(scope="module")
def other(tmp_path_factory):
    """An honest little paper without a structure file."""
    path = tmp_path_factory.mktemp("claims") / "mine.csv"
    rows = [
        "a-n,table1,benign,,n,20,,Table 1,describe",
        "b-n,table1,malignant,,n,30,,Table 1,describe",
    ]
    rows += ["a-m,table1,benign,adc_slow,mean,1.10,10⁻³ mm²/s,Table 1,describe"]
    path.write_text(COLUMNS + "\n".join(rows) + "\n", encoding="utf-8")
    return judge(path)


def test_the_verdicts_add_up(article):
    """Both tables of verdicts count every claim once."""
    by_place = audited.by_place(article).frame.set_index("location")
    assert audited.verdicts(article).frame["claims"].sum() == len(article.ledger)
    assert by_place.to_numpy().sum() == len(article.ledger)
    assert by_place["misprint"].sum() == article.counts["misprint"]


def test_the_example_is_a_number_that_is_refuted(article):
    """Where a number is a misprint, it is one of these whose bonds are shown, the broken first."""
    name = audited.example(article)
    assert article.ledger.set_index("id").loc[name, "verdict"] == "misprint"
    bonds = audited.bonds(article)
    assert set(bonds.frame["id"]) == {name}
    marks = list(bonds.layout["Holds"])
    assert marks[0] == "✗" and marks == sorted(marks, reverse=True)


def test_slips_settle_what_the_audit_says(article):
    """A row per slip, and the sentence below has the audit's own counts."""
    table = audited.slips(article)
    assert list(table.frame["settles"]) == [len(slip.explained) for slip in article.slips]
    assert f"{article.settled} of {article.conflicts} broken bonds" in table.footnotes[0]


def test_what_is_left_is_called_by_its_place(article):
    """Bonds that no slip settles are told by where they stand, never by a code name."""
    told = audited.slips(article).footnotes[1]
    assert "Methods" in told and "Figure 1" in told
    assert not re.search(r"\w_\w{2,}|-claim|-rule", told)


def test_intervals_as_printed_and_put_right(article):
    """Putting the renal row right moves α's p from above .05 to an interval that reaches below."""
    table = audited.readings(article, ["results-anova-alpha-p"])
    rows = table.frame.set_index("reading")
    assert rows.loc["printed", "low"] > 0.05 > rows.loc["repaired", "low"]
    assert rows.loc["repaired", "high"] > 0.05
    assert list(table.layout.columns[2:]) == ["As printed\np from – to", "Put right\np from – to"]


def test_methods_are_counted_over_different_numbers(article):
    """Each method has one answer per printed number: six t, three areas, six ICCs."""
    names = {"student_t": "Student", "delong_limits": "DeLong", "icc_limits ICC(1,1)": "one-way"}
    frame = audited.methods(article, names).frame
    assert list(frame["possible"] + frame["excluded"]) == [6, 3, 6]


def test_the_minute_has_the_audits_numbers(article):
    """Three sentences whose counts are those of the ledger."""
    first, second, third = audited.in_one_minute(article)
    coverage = article.coverage
    assert f"{coverage['numbers']} numbers {coverage['verifiable']}" in first
    assert second.startswith(f"{len(article.refuted)} of {len(article.ledger)} claims")
    assert third.startswith(f"{len(article.slips)} slips explain {article.settled}")


def test_the_findings_minute_counts_conclusions(article):
    """Follow, can hold and not shown add up to the conclusions."""
    followed = ledger.followed(article)
    told = audited.findings_in_one_minute(article, followed)
    counts = [int(number) for number in re.findall(r"\d+", told[2])]
    assert counts[0] == len(followed) == sum(counts[1:])
    recovered = (article.refuted["recovered"] != "").sum()
    assert told[1].startswith(f"For {recovered} of them")


def test_any_other_paper_has_all_tables(other):
    """An honest paper without a structure file: tables without a misprint, three sentences."""
    assert other.counts["misprint"] == 0
    made = [audited.verdicts(other), audited.by_place(other), audited.bonds(other)]
    made += [audited.slips(other), audited.questions(other)]
    assert all(table._repr_html_() for table in made)
    assert audited.in_one_minute(other)[2] == "No bond between the numbers is broken."
    assert not any(f"{name}" in audited.in_one_minute(other)[1] for name in REFUTED)
    assert "target" not in " ".join(made[0].footnotes)


def test_what_is_quoted_is_of_the_audit(article):
    """Claims that hold are the reproduced and the consistent ones; targets and free ones add up."""
    quoted = audited.quoted(article)
    assert quoted["holding"] == article.counts["reproduced"] + article.counts["consistent"]
    assert quoted["target"] + quoted["free"] == article.counts["reproduced"]
    assert isinstance(quoted["claims"], int) and not isinstance(quoted["free"], pd.Series)
