"""What was made of a table."""

from dataclasses import dataclass, field

from ivim.audit.reading.answers import Question
from ivim.audit.reading.grid import Grid
from ivim.audit.reading.layout import Layout

UNKNOWN_FORM = "numbers in a form that is not known"


@dataclass
class Interpreted:
    """What was made of a table.

    Attributes
    ----------
    location : str
    grid, layout
        The table and its places.
    labels : list of (str, str)
        Every header and label with what it was taken for.
    cells : dict of (int, int) to str
        What every cell of the body was taken for, or why it was left out.
    rows : list of dict
        Rows of claims.
    questions : list of Question
    parts : dict of str to list of str
        Groups with the groups indented under them.
    units : dict of str to str
        Unit of a parameter by its label.
    """

    location: str
    grid: Grid
    layout: Layout
    labels: list[tuple[str, str]] = field(default_factory=list)
    cells: dict[tuple[int, int], str] = field(default_factory=dict)
    rows: list[dict[str, str]] = field(default_factory=list)
    questions: list[Question] = field(default_factory=list)
    parts: dict[str, list[str]] = field(default_factory=dict)
    units: dict[str, str] = field(default_factory=dict)

    @property
    def left_out(self) -> list[tuple[int, int]]:
        """Cells with numbers of which no claim was made."""
        out = {place for place, said in self.cells.items() if said.startswith("left out")}
        values = self.layout.values
        return sorted(p for p in out if values[p].holds_numbers or p in self.not_understood)

    @property
    def not_understood(self) -> list:
        """Cells with digits that are printed in a form that is not known."""
        return sorted(place for place, said in self.cells.items() if said.endswith(UNKNOWN_FORM))
