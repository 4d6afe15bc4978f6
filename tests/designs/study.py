"""A correct study: drawn, measured, analysed and printed from its seed alone."""

import itertools
import math
import warnings
from dataclasses import dataclass, field, replace
from pathlib import Path

import pandas as pd

from designs import diagnosis, sections
from designs.design import draw
from designs.page import EIGHT, FURTHER, Page
from designs.patients import patients

TABLES = {
    "markers": sections.markers,
    "group tests": sections.group_tests,
    "part tests": sections.part_tests,
    "logistic": diagnosis.logistic,
    "cox": diagnosis.cox,
    "roc": diagnosis.roc,
    "agreement": diagnosis.agreement,
    "correlation": diagnosis.correlation,
}


@dataclass
class Study:
    """A study and its paper.

    Attributes
    ----------
    design, frame, page
        See the modules of these names.
    sizes : dict of str to str
        Row id of every group's size.
    described : dict
        By marker and group: row ids of size, mean and spread.
    signs : dict
        By place and pair of groups: row ids of each t and of the two means behind it.
    areas, shares : dict
        Row ids of printed areas and rates, for the abstract.
    """

    design: object
    frame: pd.DataFrame
    page: Page
    sizes: dict = field(default_factory=dict)
    described: dict = field(default_factory=dict)
    signs: dict = field(default_factory=dict)
    areas: dict = field(default_factory=dict)
    shares: dict = field(default_factory=dict)

    @property
    def rows(self):
        """The rows of the paper; list of dict."""
        return self.page.rows

    def table(self, columns="all", rows=None):
        """The claims as a frame: ``eight`` columns, or ``all``."""
        rows = self.rows if rows is None else rows
        if columns == "eight":
            rows = [row | {"statistic": row["plain"]} for row in rows]
            return pd.DataFrame(rows)[list(EIGHT)]
        return pd.DataFrame(rows)[[*EIGHT, *FURTHER]]

    def write(self, folder, columns="all", rows=None):
        """Write ``claims.csv`` and, with all columns, a truthful ``structure.toml``; returns the
        path of the claims.
        """
        folder = Path(folder)
        path = folder / "claims.csv"
        self.table(columns, rows).to_csv(path, index=False)
        if columns == "all":
            (folder / "structure.toml").write_text(structure(self.design), encoding="utf-8")
        return path


def study(seed, **changes):
    """The correct study of a seed.

    Parameters
    ----------
    seed : int
    **changes
        Fields of the design to set, for a study that has to have them.

    Returns
    -------
    Study
    """
    design = replace(draw(seed), **changes)
    made = Study(design, patients(design), Page(design))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        sections.demographics(made, "table1")
        names = [n for n in TABLES if n in design.sections or n == "markers"]
        names.sort(key=lambda n: design.order[list(TABLES).index(n)])
        for number, name in enumerate(names, 2):
            TABLES[name](made, f"table{number}")
        if "abstract" in design.sections:
            _abstract(made)
        if "statements" in design.sections:
            _statements(made)
    return made


def _abstract(made):
    """Numbers that stand in a table already, with fewer decimals or as another kind of share."""
    page, design = made.page, made.design
    for (name, item), ids in list(made.areas.items())[:2]:
        first = next(row for row in page.rows if row["id"] == ids[0])
        again = page.text(
            "abstract",
            "auc",
            first["printed"],
            parameter=name,
            unit=first["unit"],
            analysis="roc",
            item=item,
            method=first["method"],
        )
        page.same_scale(again, ids[0])
        page.relate("restated", (ids[0], again), _overlap)
    for (name, item, key), (row_id, value) in list(made.shares.items())[:4]:
        more = {"parameter": name, "analysis": "roc", "item": item}
        if key in ("ppv", "npv", "accuracy"):
            continue
        again = page.percentage("abstract", key, value, design.style.share_decimals, "unit", **more)
        page.relate("restated", (row_id, again), _overlap)
    _means_again(made)
    for group in design.groups if design.seed % 2 else ():
        again = page.number(
            "abstract",
            "n",
            sections.members(made, group).sum(),
            0,
            group=group,
            analysis="describe",
        )
        page.relate("restated", (made.sizes[group], again), _overlap)


def _means_again(made):
    """Means in another unit, which a table has in 10⁻³ mm²/s or in mm."""
    design, page = made.design, made.page
    for marker in design.markers if design.seed % 5 == 1 else ():
        if not marker.other or marker.name not in made.described:
            continue
        unit, factor = marker.other
        decimals = max(0, marker.decimals + 1 - round(math.log10(factor)))
        for group in design.groups:
            row_id = made.described[marker.name][group][1]
            value = made.frame.loc[sections.members(made, group), marker.name].dropna().mean()
            more = {"group": group, "parameter": marker.name, "unit": unit, "analysis": "describe"}
            again = page.number("abstract", "mean", value, decimals, factor=factor, **more)
            page.relate("restated", (row_id, again), _overlap)


def _overlap(a, b):
    return a[0] <= b[1] and b[0] <= a[1]


def _statements(made):
    """Sentences on what is higher, each true of the printed numbers, with the condition that says
    so.
    """
    design, page = made.design, made.page
    low, high = design.groups[0], design.groups[-1]
    for name, cells in made.described.items():
        if name == "age":
            continue
        ends = {g: page.interval(cells[g][1], _printed(page, cells[g][1])) for g in (low, high)}
        if ends[low][1] >= ends[high][0] and ends[high][1] >= ends[low][0]:
            continue
        sign, word = ("<", "lower") if ends[low][1] < ends[high][0] else (">", "higher")
        test = f"mean({low}; {name}) {sign} mean({high}; {name})"
        means = (cells[low][1], cells[high][1])
        page.relate("statement", means, _lower if sign == "<" else _higher)
        page.text(
            "results", "claim", f"{name} was {word}", parameter=name, analysis="describe", test=test
        )


def _lower(a, b):
    return a[0] <= b[1]


def _higher(a, b):
    return a[1] >= b[0]


def _printed(page, row_id):
    return next(row["printed"] for row in page.rows if row["id"] == row_id)


def structure(design):
    """A ``structure.toml`` that says of the design all that such a file can say, truthfully."""
    lines = [f'title = "Study {design.seed}"', "restated = true", "[comparisons]"]
    if len(design.groups) == 3:
        pairs = itertools.combinations(design.groups, 2)
        lines += [f'"{a} vs {b}" = {_names((a, b))}' for a, b in pairs]
    lines += [f'"parts of {whole}" = {_names(parts)}' for whole, parts in design.parts.items()]
    lines += ["[groups]", f"compared = {_names(design.groups)}", f'positive = "{design.positive}"']
    lines.append(f"complete = {str(not design.missing and not design.lesions).lower()}")
    lines.append("[groups.parts]")
    lines += [f'"{whole}" = {_names(parts)}' for whole, parts in design.parts.items()]
    if design.total:
        lines.append(f'"{design.total}" = {_names(design.groups)}')
    whole = ["age"] if design.ages_whole and "age" in design.sections else []
    lines += ["[parameters]", f"whole_numbers = {_names(whole)}", "[parameters.spread]"]
    lines += ['age = "sd"'] * ("age" in design.sections)
    if not (design.medians and design.test == "mann-whitney"):
        lines += [f'{marker.name} = "{design.style.spread}"' for marker in design.markers]
    lines.append("[parameters.limits]")
    lines += [f"{m.name} = [0, 1]" for m in design.markers if m.shape == "beta"]
    return "\n".join([*lines, *_tests(design), ""])


def _tests(design):
    """The methods behind tests and limits, and how numbers were rounded."""
    lines = ["[tests]", f"confidence = {design.confidence}", "significance = 0.05"]
    lines += [f'method = "{design.test}"', f'limits = "{design.share_limits}"']
    lines += [f'auc_limits = "{design.auc_limits}"', f'odds_limits = "{design.limits}"']
    lines += ['cutoff = "youden"'] + ['slopes = "table units"'] * (design.seed % 3 > 0)
    if design.style.rule == design.style.share_rule:
        lines += ["[printing]", f'rounding = "{design.style.rule.replace("_", " ")}"']
    return [*lines, "[agreement]", "raters = 2"]


def _names(names):
    return "[" + ", ".join(f'"{name}"' for name in names) + "]"
