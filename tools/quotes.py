"""Every number that the README quotes, from the stored run: `make quotes` writes them into it.

A quoted number is followed by a comment that says where it comes from:

- ``<!-- 08_audit.claims -->``: that place in ``results/numbers.json``;
- ``<!-- count verdict=reproduced basis=target -->``: rows of the ledger with these values;
  ``basis`` is
  target or free, ``condition=yes`` a row whose claim was given a condition by hand;
- ``<!-- bench fast; against a loop of lmfit.minimize; 1 -->``: the first number that
  ``benchmarks/results.md`` gives in the row of this section that begins so;
- ``<!-- audit eight columns; 4; 1 -->``: the first number in the fourth cell after this heading of
  a row of ``benchmarks/audit.md``.
"""

import json
import re

import pandas as pd

from ivim import files
from ivim.reconstruct.targets import target_keys

README = files.ROOT / "README.md"
QUOTED = re.compile(r"(?P<printed>[−-]?\d[\d,.]*)<!-- (?P<source>[^>]+?) -->")


def quoted(text):
    """Every quoted number of a text.

    Parameters
    ----------
    text : str

    Returns
    -------
    list of (str, str)
        As printed, and its source.
    """
    return [(found["printed"], found["source"]) for found in QUOTED.finditer(text)]


def today(printed, source):
    """What a quoted number is today, printed as it is.

    Parameters
    ----------
    printed : str
        Its decimals are kept.
    source : str

    Returns
    -------
    str

    Raises
    ------
    ValueError
        When the source names nothing.
    """
    if source.startswith("bench "):
        return _benchmark(*(part.strip() for part in source.removeprefix("bench ").split(";")))
    if source.startswith("audit "):
        return _audit(*(part.strip() for part in source.removeprefix("audit ").split(";")))
    value = _count(source) if source.split()[0] == "count" else _number(source)
    return f"{value:.{len(printed.partition('.')[2])}f}"


def renewed(text):
    """A text with every quoted number as it is today.

    Parameters
    ----------
    text : str

    Returns
    -------
    str
    """
    return QUOTED.sub(
        lambda found: f"{today(found['printed'], found['source'])}<!-- {found['source']} -->", text
    )


def _number(source):
    value = json.loads((files.RESULTS / "numbers.json").read_text(encoding="utf-8"))
    for key in source.split("."):
        if not isinstance(value, dict) or key not in value:
            msg = f"results/numbers.json has no {source!r}"
            raise ValueError(msg)
        value = value[key]
    return value


def _count(source):
    rows = _ledger()
    for word in source.split()[1:]:
        column, _, wanted = word.partition("=")
        if column not in rows:
            msg = f"the ledger has no column {column!r}; it has {', '.join(rows.columns)}"
            raise ValueError(msg)
        rows = rows[rows[column] == wanted]
    return len(rows)


def _ledger():
    options = {"dtype": str, "keep_default_na": False}
    rows = pd.read_csv(files.RESULTS / "audit" / "ledger.csv", **options)
    claims = pd.read_csv(files.PUBLISHED, **options).set_index("id")
    condition = claims.loc[rows["id"], "test"].to_numpy() != ""
    rows["condition"] = ["yes" if given else "no" for given in condition]
    if "basis" not in rows:
        keys = target_keys()
        places = rows[["location", "group", "parameter", "statistic"]]
        found = ["target" if tuple(place) in keys else "free" for place in places.to_numpy()]
        rows["basis"] = found
    return rows


def _rows(page):
    text = (files.ROOT / "benchmarks" / page).read_text(encoding="utf-8")
    return [[cell.strip() for cell in line.split("|")] for line in text.splitlines()]


def _nth(cell, place):
    return re.findall(r"\d[\d,]*(?:\.\d+)?", cell)[int(place) - 1]


def _audit(row, cell, place):
    for cells in _rows("audit.md"):
        if len(cells) > 2 and cells[1].strip("*") == row:
            return _nth(cells[int(cell) + 1], place)
    msg = f"benchmarks/audit.md has no row {row!r}"
    raise ValueError(msg)


def _benchmark(section, what, place):
    for cells in _rows("results.md"):
        if len(cells) > 4 and cells[1] == section and cells[2].startswith(what):
            return _nth(cells[3], place)
    msg = f"benchmarks/results.md has no row {what!r} in section {section!r}"
    raise ValueError(msg)


if __name__ == "__main__":
    files.write_text(README, renewed(README.read_text(encoding="utf-8")))
