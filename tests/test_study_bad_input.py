"""The table of bad inputs in `data/README.md`, row by row: one clear line, a non-zero exit, nothing
left behind."""

import re

import bad_inputs
import pytest
import small_study

from ivim import cli
from ivim.files import DATA
from ivim.study import job, work

ROW = re.compile(r"\| ([\w-]+) \| (\w+) \| .+? \| `(.+)` \|")


def _table():
    text = (DATA / "README.md").read_text(encoding="utf-8")
    part = text[text.index("<!-- bad-input:begin -->") : text.index("<!-- bad-input:end -->")]
    return [found.groups() for found in map(ROW.fullmatch, part.splitlines()) if found]


TABLE = _table()


@pytest.fixture(scope="module")
def good(tmp_path_factory):
    """A study that is measured without a word."""
    return small_study.write_study(tmp_path_factory.mktemp("good") / "study", patients=2)


def _files(folder):
    """What lies in a folder, but for finished patients, which are whole and kept on purpose."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and job.KEPT not in path.parts
    }


def test_the_table_has_every_case_and_no_other():
    """At least sixty cases, each made here and named in the table."""
    assert [case for case, _, _ in TABLE] == list(bad_inputs.CASES)
    assert len(TABLE) >= 60


@pytest.mark.parametrize(("case", "command", "says"), TABLE, ids=[row[0] for row in TABLE])
def test_bad_input_is_refused_in_one_line(case, command, says, good, tmp_path, monkeypatch, capsys):
    """The command says what the table says, ends with 2, and leaves nothing behind."""
    monkeypatch.setattr(work, "CLUSTER_PATIENCE_S", 0.5)
    words, breaking = bad_inputs.CASES[case]
    assert words.split()[0] == command
    study, out = small_study.copy_study(good, tmp_path / "study"), tmp_path / "out"
    out.mkdir()
    breaking(study, out, tmp_path / "settings.toml")
    before = _files(out)
    try:
        code = cli.main(
            [w.format(study=study, out=out, file=tmp_path / "settings.toml") for w in words.split()]
        )
    except SystemExit as stopped:  # argparse ends by itself, after its usage
        code = stopped.code
    said = capsys.readouterr()
    assert code == 2
    line = said.err.splitlines()[-1]
    assert says in line and "Traceback" not in said.err and not said.out
    assert line.startswith(f"ivim {command}: ")
    assert _files(out) == before


def test_the_good_study_is_measured_without_a_word(good, tmp_path, capsys):
    """What the cases break is sound: exit code 0 and no line on standard error."""
    assert cli.main(["measure", str(good), "--out", str(tmp_path / "m.csv"), "--jobs", "1"]) == 0
    assert capsys.readouterr().err == ""


def test_scans_that_import_refuses_are_in_the_table_as_they_are_tested():
    """Every case of the import's own tests stands in the second table, with the words it is refused
    with."""
    import test_import_refused as refused

    text = (DATA / "README.md").read_text(encoding="utf-8")
    part = text[text.index("<!-- bad-import:begin -->") : text.index("<!-- bad-import:end -->")]
    rows = re.findall(r"^\| (\w+) \| (.+?) \| `(.+)` \|$", part, re.M)
    cases = {case.__name__: (case.__doc__, says) for case, says in refused.CASES.items()}
    assert [name for name, _, _ in rows] == list(cases)
    for name, what, says in rows:
        assert cases[name][0].rstrip(".") == what and re.search(cases[name][1], says)
