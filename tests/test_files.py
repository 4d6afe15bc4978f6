"""How files are written: whole or not at all, harmless to a spreadsheet, swept when a process died."""  # noqa: E501

import os
import subprocess
import sys

import pandas as pd
import pytest

from ivim import files


def test_a_file_is_whole_or_absent(tmp_path):
    """When writing fails half-way, neither the file nor a temporary one is there, and an old one
    stays.
    """
    path = tmp_path / "a.csv"
    path.write_text("old")
    with pytest.raises(RuntimeError), files.replacing(path) as temporary:
        temporary.write_text("half")
        raise RuntimeError
    assert path.read_text() == "old" and list(tmp_path.iterdir()) == [path]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="the system has no FIFO")
def test_what_is_no_regular_file_is_not_replaced(tmp_path):
    """A FIFO stays a FIFO."""
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(ValueError, match="is no regular file; give the path of a file"):
        files.write_text(tmp_path / "pipe", "x")


def test_a_missing_folder_is_one_line(tmp_path):
    """Where a file cannot be, the path and what to do are said."""
    with pytest.raises(ValueError, match="a.txt: cannot be written .* give a path in a folder"):
        files.write_text(tmp_path / "no" / "a.txt", "x")


@pytest.mark.parametrize(
    ("value", "stored"),
    [
        ("=1+1", "'=1+1"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("-cmd", "'-cmd"),
        ("+a", "'+a"),
        ("-1.5", "-1.5"),
        ("+3e-5", "+3e-5"),
        ("-", "-"),
        ("a=b", "a=b"),
    ],
)
def test_no_cell_is_a_formula(value, stored):
    """A text that a spreadsheet would run gets an apostrophe; numbers and dashes stay."""
    assert files.csv_text(pd.DataFrame({"x": [value]})) == f"x\n{stored}\n"


def test_numbers_have_ten_digits_and_blanks_stay_blank():
    """Whole numbers stay whole, fractions have ten digits, what is missing is empty."""
    frame = pd.DataFrame({"n": [1, 2], "x": [1 / 3, None], "s": ["a", None]})
    assert files.csv_text(frame) == "n,x,s\n1,0.3333333333,a\n2,,\n"


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("table../../../x", "table..-..-..-x"),
        ("..", "unnamed"),
        ("", "unnamed"),
        ("/etc/passwd", "etc-passwd"),
        ("a b", "a-b"),
        ("CON:\\x\0y", "CON-x-y"),
        ("ü-1", "ü-1"),
    ],
)
def test_a_name_from_an_input_never_is_a_path(tmp_path, text, name):
    """Signs that lead elsewhere are gone; what is left lies in the folder that was meant."""
    assert files.safe_name(text) == name
    assert (tmp_path / files.safe_name(text)).resolve().parent == tmp_path.resolve()


def test_what_a_dead_process_left_is_swept(tmp_path):
    """Temporary things of a process that is gone are taken away; those of a living one and of
    others stay.
    """
    code = (
        "from ivim import files; from pathlib import Path; import sys;"
        "p = Path(sys.argv[1]) / files.temporary_name('x'); p.mkdir(); print(p.name)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, check=True
    )
    assert (tmp_path / done.stdout.strip()).is_dir()
    mine = tmp_path / files.temporary_name("mine")
    mine.touch()
    other = tmp_path / ".ivim-abcdef-1-x"
    other.touch()
    files.sweep(tmp_path)
    assert sorted(tmp_path.iterdir()) == sorted([mine, other])


def test_a_folder_that_cannot_be_made_is_one_line(tmp_path):
    """Where a file stands in the way, the path and what to do are said."""
    (tmp_path / "a").touch()
    with pytest.raises(ValueError, match=r"a: cannot be made \(a file is there\); give a folder"):
        files.new_folder(tmp_path / "a")
    with pytest.raises(ValueError, match="cannot be made .* give a folder of your own"):
        files.new_folder(tmp_path / "a" / "b")


def test_a_temporary_folder_is_not_named(tmp_path, monkeypatch):
    """When writing into a staged folder fails, the path that was asked for is told."""

    def full(*given):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(files.os, "replace", full)
    with (
        pytest.raises(ValueError, match="No space left") as refused,
        files.staged(tmp_path / "out") as stage,
    ):
        files.write_text(stage / "a.txt", "x")
    assert ".ivim-" not in str(refused.value) and "a.txt" in str(refused.value)


@pytest.mark.parametrize(
    ("value", "told"),
    [("a\nb", "'a\\\\nb'"), (1.5, "1.5"), ("x" * 100, "'" + "x" * 56 + "..."), ([1], "[1]")],
)
def test_a_value_is_shown_in_one_short_line(value, told):
    """Line ends are written, what is long is cut."""
    assert files.shown(value) == told.replace("\\\\", "\\")
    assert files.shown(16**5000) == "a int too long to write"
