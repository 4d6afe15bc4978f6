"""On correct studies of many designs the audit accuses nobody, and finds planted slips where they
are.

A sample of what `python benchmarks/audit.py` runs in full.
"""

import sys
from concurrent.futures import ThreadPoolExecutor

import pytest
from designs.design import draw
from designs.slips import KINDS, plant
from designs.study import study

from ivim.files import ROOT

sys.path.append(str(ROOT / "benchmarks"))
import audit as benchmark  # noqa: E402

SEEDS = range(12)


@pytest.fixture(scope="module")
def outcomes():
    """One refutable slip of each kind, in a study with its structure file."""
    with ThreadPoolExecutor(1) as pool:
        found = benchmark.slip_outcomes(pool, list(KINDS), wanted=1)
    return [one for one in found if one["refutable"]]


@pytest.mark.parametrize("columns", ["eight", "all"])
@pytest.mark.parametrize("seed", SEEDS)
def test_a_correct_study_is_not_accused(seed, columns):
    """No number of a correct study is misprint, impossible or contradicted, and no file is
    refused.
    """
    said = benchmark.judged(seed, columns)
    assert said["refused"] == ""
    assert [benchmark._told(row) for row in said["accused"]] == []


def test_slips_are_detected_at_the_right_cell(outcomes):
    """Of refutable slips of thirty kinds, 92 % are detected and 90 % of these with a wrong cell
    named.
    """
    assert len(outcomes) == len(KINDS) == 30
    detected = [one for one in outcomes if one["detected"]]
    missed = [(one["kind"], one["seed"], one["wrong"]) for one in outcomes if not one["detected"]]
    assert len(detected) >= benchmark.DETECTED * len(outcomes), missed
    elsewhere = [(one["kind"], one["seed"]) for one in detected if not one["right"]]
    assert len(elsewhere) <= (1 - benchmark.RIGHT) * len(detected), elsewhere


def test_a_slip_does_not_accuse_the_innocent_alone(outcomes):
    """With one slip planted nobody accuses only cells that are right."""
    assert [(one["kind"], one["seed"], one["named"]) for one in outcomes if one["innocent"]] == []


@pytest.mark.parametrize("seed", SEEDS)
def test_the_printed_numbers_of_a_correct_study_agree(seed):
    """What the numbers of a correct study owe to one another holds within their rounding."""
    made = study(seed)
    assert made.page.relations
    assert made.page.refuted({row["id"]: row["printed"] for row in made.rows}) == []


def test_a_study_is_a_function_of_its_seed():
    """Two runs print the same, two seeds do not."""
    assert study(3).table().equals(study(3).table())
    assert not study(3).table().equals(study(4).table())


def test_ids_are_unique_and_no_cell_is_blank():
    """Every row has a name of its own and a printed string."""
    table = study(5).table("eight")
    assert table["id"].is_unique
    assert (table["printed"] != "").all()


def test_the_designs_are_many():
    """The first 200 designs have each number of groups, test, kind of limits and percent style."""
    designs = [draw(seed) for seed in range(200)]
    assert {len(design.groups) for design in designs} == {2, 3}
    assert {design.test for design in designs} == {"student", "welch", "mann-whitney"}
    assert len({design.share_limits for design in designs}) == 6
    assert len({design.auc_limits for design in designs}) == 4
    assert {design.style.percent for design in designs} == {"fraction", "unit", "sign", "bare"}
    assert {design.style.rule for design in designs} == {"half_up", "half_even", "truncated"}
    assert {design.groups[-1] == design.positive for design in designs} == {True, False}


@pytest.mark.parametrize("kind", KINDS)
def test_a_slip_changes_only_the_cells_it_names(kind):
    """All other rows of the paper stay as they were."""
    made, slip = _first(kind)
    before = {row["id"]: row for row in made.rows}
    changed = [row["id"] for row in slip.rows if row != before[row["id"]]]
    assert sorted(changed) == sorted(slip.wrong)
    assert len(slip.rows) == len(made.rows)


@pytest.mark.parametrize(
    ("kind", "seed"),
    [
        ("digit dropped", 6003),  # false positives 39 printed as 9
        ("groups exchanged", 6002),  # a part and the whole, the sizes kept
        ("mean and SD exchanged", 6011),  # a mean and its standard error
        ("p ten times too large", 7001),  # < 0.01 printed as < 0.001
        ("percentage wrong", 8000),  # a sensitivity beside its Agresti limits
    ],
)
def test_the_wrong_cell_is_named_however_far_from_the_print(kind, seed):
    """Slips whose true value is far from the print, or moved with others, accuse no innocents."""
    made = study(seed)
    found = benchmark.outcome(made, plant(made, kind, seed))
    assert found["right"]
    assert not found["innocent"]


def _first(kind):
    for seed in range(60):
        made = study(seed)
        if slip := plant(made, kind, seed):
            return made, slip
    msg = f"no study of the first 60 has a place for {kind!r}"
    raise AssertionError(msg)


def test_the_page_quotes_the_stored_benchmark():
    """Every line of the tables in `docs/audit_a_paper.md` is a line of `benchmarks/audit.md`."""
    page = (ROOT / "docs" / "audit_a_paper.md").read_text(encoding="utf-8")
    stored = (ROOT / "benchmarks" / "audit.md").read_text(encoding="utf-8").splitlines()
    quoted = page.partition("<!-- from benchmarks/audit.md -->")[2].partition("<!-- end -->")[0]
    lines = [line for line in quoted.splitlines() if line.strip()]
    assert len(lines) >= 6
    assert set(lines) <= set(stored)
    assert sum(line.startswith(f"| {kind} |") for kind in KINDS for line in stored) == len(KINDS)
