"""A table that is long already: one number per row, with a column for what it is."""

from ivim.audit.reading.answers import Answers
from ivim.audit.reading.grid import Grid
from ivim.audit.reading.interpreted import Interpreted
from ivim.audit.reading.layout import lay_out
from ivim.audit.reading.rows import finish, new_row
from ivim.audit.reading.text import squeezed

NEEDED = ("statistic", "printed")
TAKEN = ("group", "parameter", "unit", "item", "model", "comparison", "n")


def is_long(grid: Grid) -> bool:
    """True where the header names a column ``statistic`` and a column ``printed``.

    Parameters
    ----------
    grid : Grid

    Returns
    -------
    bool
    """
    return set(NEEDED) <= {squeezed(cell.text) for cell in grid.rows[0]}


def read_long(grid: Grid, location: str, answers: Answers) -> Interpreted:
    """Rows of claims of a long table.

    Parameters
    ----------
    grid : ivim.audit.reading.grid.Grid
    location : str
    answers : ivim.audit.reading.answers.Answers
        For the units that it does not give.

    Returns
    -------
    Interpreted
    """
    found = Interpreted(location, grid, lay_out(grid, {"decimal": "point", "lines": "first"}))
    found.questions.clear()
    heads = {squeezed(cell.text): at for at, cell in enumerate(grid.rows[0])}
    found.labels = [(name, name) for name in heads if name in (*NEEDED, *TAKEN)]
    found.cells = dict.fromkeys(found.layout.values, "")
    for line in grid.rows[1:]:
        told = {name: line[heads[name]].text for name in (*NEEDED, *TAKEN) if name in heads}
        if not told["printed"] or not told["statistic"]:
            continue
        words = ", ".join(
            filter(None, (told.get(k, "") for k in ("group", "parameter", "statistic")))
        )
        statistic, printed = told.pop("statistic"), told.pop("printed").replace("−", "-")
        unit = answers.unit(location, told.get("parameter", ""), statistic)
        if unit is not None and statistic in ("mean", "sd", "cutoff", "median", "q1", "q3"):
            told["unit"] = unit
        found.rows.append(new_row(found, statistic, printed, words, **told))
    finish(found, answers)
    return found
