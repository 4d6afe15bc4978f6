"""Which table is which: by its caption, by the name of its file, else in the order given."""

import re
from collections.abc import Sequence
from pathlib import PurePath

from ivim.audit.reading.grid import Grid

_IN_NAME = re.compile(r"(?:^|[^a-z])t(?:able|ab)?[ _-]?(\d{1,2})(?!\d)", re.IGNORECASE)


def numbered(grids: Sequence[Grid]) -> list[tuple[str, Grid]]:
    """A location for every table, each once.

    Parameters
    ----------
    grids : sequence of Grid

    Returns
    -------
    list of (str, Grid)
        ``table2`` and the table, in the order given.
    """
    taken = {grid.number for grid in grids if grid.number is not None}
    per_file: dict[str, int] = {}
    for grid in grids:
        per_file[grid.source] = per_file.get(grid.source, 0) + 1
    used, result = set(), []
    for grid in grids:
        number = grid.number
        if number is None and per_file[grid.source] == 1:
            named = _IN_NAME.search(PurePath(grid.source).stem)
            number = int(named[1]) if named else None
        if number is None or number in used:
            number = next(n for n in range(1, 10_000) if n not in used and n not in taken)
        used.add(number)
        result.append((f"table{number}", grid))
    return result
