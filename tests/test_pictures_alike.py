"""Pictures are the same for everybody: grey where the data do not decide, no user's settings, and
the stored runs on other processors."""

import re
import sys

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest

from ivim import files, parameters
from ivim.files import ROOT
from ivim.imaging import output
from ivim.imaging.grid import Grid
from ivim.report import palette
from ivim.report.picture import Picture, png
from ivim.study import pictures

sys.path.append(str(ROOT / "tools"))
import mutants  # noqa: E402
import processors  # noqa: E402

PROCESSORS = ROOT / "benchmarks" / "processors.md"
MUTANTS = ROOT / "benchmarks" / "mutants.md"
GRID = Grid((6, 5, 1), np.eye(4), (1.0, 1.0, 1.0))
MAPS = {name: np.full((6, 5, 1), 1.2e-3) for name in parameters.SIX}


def drawn(values, tied=None):
    """One map as a picture, as bytes."""
    with palette.styled(axes_grid=False):
        import matplotlib.pyplot as plt

        figure, axes = plt.subplots()
        output.draw_map(axes, values, "adc_slow", tied=tied)
        plt.close(figure)
    return png(figure)


def test_which_of_two_values_won_does_not_show():
    """A voxel where two sets of values fit equally well is grey, whichever of them the map has."""
    one = np.full((6, 5), 1e-3)
    other, tied = one.copy(), np.zeros((6, 5), bool)
    other[2, 3], tied[2, 3] = 2.4e-3, True
    assert drawn(one) != drawn(other)
    assert drawn(one, tied) == drawn(other, tied) != drawn(one)


@pytest.mark.parametrize("tied", [False, True])
def test_an_overview_says_what_grey_means(tmp_path, monkeypatch, tied):
    """The legend stands where something is grey, and nowhere else."""
    titles = []
    monkeypatch.setattr(
        mpl.figure.Figure, "suptitle", lambda self, text, **look: titles.append(text)
    )
    ties = {name: np.full((6, 5, 1), tied) for name in MAPS}
    output.overview(tmp_path / "a.png", MAPS, GRID, ties=ties)
    assert (output.TIED_TEXT in titles[0]) is tied


def all_pictures(folder):
    """A figure as files, an overview and a page's picture, as bytes."""
    with palette.styled() as _:
        import matplotlib.pyplot as plt

        figure, axes = plt.subplots(figsize=(3, 2))
        axes.plot([1, 2, 3], label="a")
        axes.legend()
        plt.close(figure)
    Picture("figure", figure, pd.DataFrame({"x": [1]}), "alt").save(folder)
    output.overview(folder / "overview.png", MAPS, GRID)
    window = (slice(None), slice(None))
    page = pictures.maps_picture(MAPS, {"a": MAPS["adc_slow"] > 0}, 0, window, GRID)
    return [page, *(path.read_bytes() for path in sorted(folder.iterdir()))]


def test_a_users_settings_change_no_picture(tmp_path):
    """Figures, overviews and the pictures of a page are the same bytes under any matplotlibrc."""
    (tmp_path / "plain").mkdir()
    (tmp_path / "ugly").mkdir()
    plain = all_pictures(tmp_path / "plain")
    (tmp_path / "matplotlibrc").write_text(processors.UGLY)
    with mpl.rc_context(fname=tmp_path / "matplotlibrc"):
        assert mpl.rcParams["font.size"] == 23
        assert all_pictures(tmp_path / "ugly") == plain


def test_fitted_numbers_have_six_digits():
    """The ninth digit, in which processors differ, is not stored."""
    assert files.rounded(1.23456789012) == 1.23457
    frame = pd.DataFrame({"x": [1.23456789012], "n": [123456789]})
    assert files.csv_text(frame, files.FITTED_DIGITS) == "x,n\n1.23457,123456789\n"


def test_no_stored_byte_hangs_on_the_processor():
    """The stored runs are those of the tool's settings, and no file differs in one of them."""
    rows = [line.split(" | ") for line in PROCESSORS.read_text(encoding="utf-8").splitlines()
            if line.startswith("| ")][1:]  # fmt: skip
    assert [row[0].removeprefix("| ") for row in rows] == list(processors.SETTINGS)
    assert all(row[-1] == "none |" for row in rows), rows


def test_the_page_of_processors_tells_what_differs():
    """A file that differs is named."""
    rows = dict.fromkeys(processors.SETTINGS, [])
    told = processors.page(7, rows | {"a user's matplotlibrc": ["figures/a.png"]})
    assert told.splitlines()[-1].endswith("| figures/a.png |") and "the 7 files" in told
    assert processors.differing({"a": "1", "b": "2"}, {"a": "1", "b": "3", "c": "4"}) == ["b", "c"]


COUNTED = re.compile(
    r"^## (\S+)\n\n(\d+) of \d+ possible changes \(seed \d+\): "
    r"(\d+) of (\d+) caught, (\d+) make no difference\.$",
    re.M,
)


def test_nine_of_ten_changes_are_noticed():
    """Every room of the tool has a stored run; each caught 90 % of what makes a difference, and
    names what it did not."""
    text = MUTANTS.read_text(encoding="utf-8")
    found = {room: tuple(map(int, numbers)) for room, *numbers in COUNTED.findall(text)}
    assert set(found) <= set(mutants.ROOMS) and {"stats", "audit/checks"} <= set(found)
    for room, (drawn_, caught, told, equivalent) in found.items():
        assert told + equivalent == drawn_ and caught >= mutants.ENOUGH * told, room
        part = text.split(f"## {room}\n")[1].split("\n## ")[0]
        assert part.count("\n| ivim/") == told - caught
