"""Names that mean something to HTML, LaTeX, a spreadsheet or a figure are names and nothing else."""  # noqa: E501

import csv
import re

import matplotlib as mpl
import numpy as np
import pytest

from ivim import load_cohort, report
from ivim.report.write import write_table

GROUPS = ("a$b_{x}$", "<script>alert(1)</script>")
MARKER = "$m_{a}$ & =1+1 %"


@pytest.fixture(scope="module")
def cohort(tmp_path_factory):
    """Forty patients of two groups, two readers and two markers with hostile names."""
    folder, draw = tmp_path_factory.mktemp("names"), np.random.default_rng(1)
    patients, rows = ["patient,group,primary"], [f"patient,reader,f,{MARKER}"]
    for number in range(40):
        primary = ("=1+1", "x&y_%")[number % 4 // 2] if number % 2 else ""
        patients.append(f'p{number},"{GROUPS[number % 2]}",{primary}')
        for reader in ("R$1", "R_2"):
            values = f"{draw.uniform():.3f},{draw.normal(number % 2):.3f}"
            rows.append(f"p{number},{reader},{values}")
    (folder / "p.csv").write_text("\n".join(patients), encoding="utf-8")
    (folder / "m.csv").write_text("\n".join(rows), encoding="utf-8")
    return load_cohort(folder / "p.csv", folder / "m.csv")


@pytest.mark.parametrize(
    "name", ["table1", "table2", "table3", "table5", "agreement", "anova", "posthoc"]
)
def test_tables_show_names_and_run_nothing(cohort, name, tmp_path):
    """No mark-up of a name reaches HTML, Markdown or LaTeX, no formula a CSV."""
    write_table(report.table(name, cohort), tmp_path)
    endings = (".html", ".md", ".tex")
    text = {end: (tmp_path / f"{name}{end}").read_text(encoding="utf-8") for end in endings}
    assert not any(re.search(r"<\\?script", text[end]) for end in (".html", ".md"))
    assert "$b_{x}$" not in text[".tex"]
    with (tmp_path / f"{name}.csv").open(encoding="utf-8") as file:
        assert not [cell for row in csv.reader(file) for cell in row if cell[:1] in ("=", "@")]


@pytest.mark.parametrize("name", ["figure3", "groups", "primaries", "bland_altman"])
def test_figures_can_be_drawn(cohort, name, tmp_path):
    """A dollar sign or a brace begins no formula in a figure, whatever stands between two of them."""  # noqa: E501
    with mpl.rc_context({"svg.fonttype": "none"}):
        report.figure(name, cohort).figure.savefig(tmp_path / "figure.svg")
    assert (tmp_path / "figure.svg").stat().st_size > 1000
