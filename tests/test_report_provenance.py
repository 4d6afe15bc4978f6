"""Results folder, numbers.json and the stamp."""

import json
import math
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from ivim import files
from ivim.report import provenance


def test_results_folder_follows_the_environment(monkeypatch, tmp_path):
    """IVIM_RESULTS decides where it is set, the project's results/ elsewhere."""
    monkeypatch.setenv("IVIM_RESULTS", str(tmp_path))
    assert provenance.results_folder() == tmp_path
    monkeypatch.delenv("IVIM_RESULTS")
    assert provenance.results_folder() == files.ROOT / "results" / "scratch"


def test_numbers_are_plain_sorted_and_rounded(tmp_path):
    """Six significant digits, no numpy, no NaN, sorted keys, and an end of line."""
    provenance.record_numbers(
        "b",
        {
            "z": np.float64(1 / 3),
            "a": np.int64(7),
            "list": [np.nan, True, "x"],
            "m": {"k": math.inf},
        },
        tmp_path,
    )
    text = (tmp_path / "numbers.json").read_text(encoding="utf-8")
    assert json.loads(text) == {
        "b": {"a": 7, "list": [None, True, "x"], "m": {"k": None}, "z": 0.333333}
    }
    assert text.index('"a"') < text.index('"z"') and text.endswith("}\n")


def test_sections_replace_only_themselves(tmp_path):
    """A section is replaced whole; the others stay as they were."""
    provenance.record_numbers("one", {"a": 1, "old": 2}, tmp_path)
    provenance.record_numbers("two", {"b": 3}, tmp_path)
    provenance.record_numbers("one", {"a": 4}, tmp_path)
    assert json.loads((tmp_path / "numbers.json").read_text()) == {"one": {"a": 4}, "two": {"b": 3}}


def test_many_writers_at_a_time_lose_nothing(tmp_path):
    """Sixteen sections written by eight threads are all there, and no lock is left."""
    with ThreadPoolExecutor(8) as pool:
        list(
            pool.map(
                lambda at: provenance.record_numbers(f"s{at}", {"at": at}, tmp_path), range(16)
            )
        )
    assert json.loads((tmp_path / "numbers.json").read_text()) == {
        f"s{at}": {"at": at} for at in range(16)
    }
    assert [path.name for path in tmp_path.iterdir()] == ["numbers.json"]


def test_stamp_follows_the_input_and_nothing_else(tmp_path):
    """One changed byte changes the stamp; the folder of the file does not, and neither does the
    hour."""
    (tmp_path / "elsewhere").mkdir()
    for folder, text in ((tmp_path, "a,b\n"), (tmp_path / "elsewhere", "a,b\n")):
        (folder / "mine.csv").write_text(text)
    first = provenance.stamp(tmp_path / "mine.csv", "")
    assert first == provenance.stamp(tmp_path / "elsewhere" / "mine.csv")
    assert str(tmp_path) not in first and "numpy" in first
    (tmp_path / "mine.csv").write_text("a,c\n")
    assert provenance.stamp(tmp_path / "mine.csv") != first


def test_only_libraries_that_were_used_are_stamped():
    """A process that never loaded scikit-learn does not name it, one that did does."""
    told = "from ivim.report.provenance import packages_used; print(packages_used())"

    def run(code):
        return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout

    without, with_it = run(told), run(f"import sklearn; {told}")
    assert "pandas" in without and "scikit-learn" not in without
    assert "scikit-learn" in with_it
