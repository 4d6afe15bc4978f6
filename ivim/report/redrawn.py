"""The article's tables redrawn from its claims: which number stands in which cell."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from ivim import parameters
from ivim.audit.claims import Claim, Claims
from ivim.report.cells import literal, parameter
from ivim.report.headings import GROUPS

MEANING = {
    "reproduced": "the reconstructed cohort, put through the pipeline, prints the same digits",
    "consistent": "follows from other printed numbers within rounding",
    "misprint": "refuted, and what must have been meant is recovered",
    "impossible": "refuted, nothing recovered",
    "contradicted": "another place in the article says otherwise, and the evidence sides with that",
    "disputed": "this number and others named with it cannot all be right; "
    "which of them is wrong is open",
    "unsupported": "a claim without the test, number or reference that it needs",
    "unverifiable": "nothing to hold it against",
}
LARGEST_TABLE = 5000
"""Numbers of a place beyond which it is listed, not redrawn as a table."""

# Numbers that an article prints in one cell, and what stands between and behind them.
_TOGETHER = (
    (("mean", " ± "), ("sd", "")),
    *(
        ((name, " ("), (f"{name}_low", " to "), (f"{name}_high", ")"))
        for name in ("auc", "sensitivity", "specificity", "icc")
    ),
    (("ci_low", " to "), ("ci_high", "")),
)
_HEADINGS = {
    "n": "No. of patients",
    "male": "Male",
    "female": "Female",
    "mean": "Mean ± SD",
    "t": "/{t}",
    "p": "/{p}",
    "b": "B",
    "se": "S.E.",
    "wald": "Wald",
    "odds_ratio": "OR",
    "ci_low": "95% CI of OR",
    "auc": "AUC (95% CI)",
    "cutoff": "Cut-off",
    "sensitivity": "Sensitivity (95% CI)",
    "specificity": "Specificity (95% CI)",
    "icc": "ICC (95% CI)",
}


@dataclass(frozen=True)
class Grid:
    """A printed table redrawn: where each of its claims stands.

    Attributes
    ----------
    location : str
    labels : list of str
        Id of the label claim of each row, or the row's name where the label is no claim.
    headings : list of str
    cells : list of list of list of (str, str)
        Row, column, then (text before, claim id); an empty id ends the cell.
    """

    location: str
    labels: list[str]
    headings: list[str]
    cells: list[list[list[tuple[str, str]]]]


def grid(claims: Claims, location: str) -> Grid | None:
    """Redraw a table of the article from its claims.

    Parameters
    ----------
    claims : ivim.audit.claims.Claims
    location : str
        "table1" ...

    Returns
    -------
    Grid or None
        None where no number stands there, or more than :data:`LARGEST_TABLE`.
    """
    numbers = [c for c in claims.where(location=location) if c.number and (c.group or c.parameter)]
    if not numbers or len(numbers) > LARGEST_TABLE:
        return None
    axis, across = ("group", "parameter") if any(c.group for c in numbers) else ("parameter", "")
    present = {c.statistic for c in numbers}

    def row_of(claim):
        return getattr(claim, axis), *claim.variant

    names = list(dict.fromkeys(map(row_of, numbers)))
    columns: dict[tuple[str, str], set[str]] = {}
    for c in numbers:
        column = getattr(c, across) if across else "", _lead(c.statistic, present)
        columns.setdefault(column, set()).add(c.unit)
    by_place: dict[tuple, list[str]] = {}
    for c in numbers:
        key = row_of(c), getattr(c, across) if across else "", c.statistic
        by_place.setdefault(key, []).append(c.id)
    labels = {
        getattr(c, axis): c.id
        for c in claims.where(location=location, statistic="label")
        if getattr(c, axis)
    }
    cells = [[_cell(by_place, name, *column) for column in columns] for name in names]
    return Grid(
        location,
        [
            labels.get(name[0], name[0]) if not any(name[1:]) else ", ".join(filter(None, name))
            for name in names
        ],
        [_with_unit(_column_heading(*column), units) for column, units in columns.items()],
        cells,
    )


def printed_tables(claims: Claims) -> list[str]:
    """Locations of the article's tables, in order.

    Parameters
    ----------
    claims : ivim.audit.claims.Claims

    Returns
    -------
    list of str
    """
    return [
        location
        for location in dict.fromkeys(c.location for c in claims)
        if location.startswith("table")
    ]


def claim_ids(g: Grid) -> list[str]:
    """Ids (or names) of all labels and numbers of a grid.

    Parameters
    ----------
    g : Grid

    Returns
    -------
    list of str
    """
    return [*g.labels, *(name for row in g.cells for cell in row for _, name in cell if name)]


def row_label(name: str) -> str:
    """A row's name as the writer marks it up.

    Parameters
    ----------
    name : str

    Returns
    -------
    str
    """
    return parameter(name) if name in parameters.SIX else GROUPS.get(name, literal(name))


def interval_text(row: Mapping) -> str:
    """The recomputed interval of a ledger row in words.

    Parameters
    ----------
    row : mapping
        With ``low`` and ``high``.

    Returns
    -------
    str
        Empty where there is none.
    """
    if math.isnan(row["low"]) and math.isnan(row["high"]):
        return ""
    low, high = ("" if math.isnan(row[end]) else f"{row[end]:.5g}" for end in ("low", "high"))
    return low if low == high else f"{low} to {high}"


def about(claim: Claim) -> str:
    """What a claim is about, in words.

    Parameters
    ----------
    claim : ivim.audit.claims.Claim

    Returns
    -------
    str
    """
    words = (
        claim.item,
        claim.group,
        parameters.label(claim.parameter),
        claim.statistic.replace("_", " "),
    )
    return " ".join(word for word in words if word)


def first_upper(text: str) -> str:
    """The text with a capital first letter.

    Parameters
    ----------
    text : str

    Returns
    -------
    str
    """
    return text[:1].upper() + text[1:]


def _lead(statistic, present):
    """The first of the statistics that share a cell with this one."""
    for cell in _TOGETHER:
        names = [name for name, _ in cell]
        if statistic in names:
            return next(name for name in names if name in present)
    return statistic


def _cell(by_place, row, column, lead):
    cell = next((cell for cell in _TOGETHER if lead in [name for name, _ in cell]), ((lead, ""),))
    parts, before = [], ""
    for name, after in cell:
        for place, claim in enumerate(by_place.get((row, column, name), ())):
            parts.append((before if not place else " | ", claim))
            before = after
    # What closes the cell closes only what was opened.
    return [*parts, (cell[-1][1] if len(parts) > 1 else "", "")] if parts else []


def _with_unit(heading, units):
    """The unit on a second line, where the whole column has one."""
    return f"{heading}\n{literal(*units)}" if len(units) == 1 and any(units) else heading


def _column_heading(name, lead):
    if not name:
        return _HEADINGS.get(lead, literal(lead))
    label = parameter(name) if name in parameters.SIX else literal(name.capitalize())
    return label if lead in ("mean", "sd") else f"{label}, {_HEADINGS.get(lead, literal(lead))}"
