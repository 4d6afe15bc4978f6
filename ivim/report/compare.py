"""Printed beside reproduced: every number that the article prints in a table, next to the number of
the reconstructed cohort.

A mark is computed for each number: ✓ where the reproduced value, printed half up to the printed
decimals, gives the printed digits, ✗ otherwise. Whether a ✗ is an error of the article is for the
audit to say (notebook 08).
"""

import math
from typing import Any

import pandas as pd

from ivim import article, files
from ivim.audit.checks.rounding import parse
from ivim.cohort import Cohort
from ivim.report import construction, labels, printing
from ivim.report.cells import INDENT
from ivim.report.headings import COLUMNS, GROUP, GROUPS, PARAMETER, TITLES
from ivim.report.quantities import quantities_of
from ivim.report.write import Table

CLAIMS = files.PUBLISHED
SAME, DIFFERENT = "✓", "✗"
AUDIT = "✗: the digits differ; whether the article errs is for the audit to say (notebook 08)."

# The article's cells, each made of one to three printed numbers. Rows are groups or parameters.
_CELLS = {
    "table1": {"n": "{n}", "male": "{male}", "female": "{female}", "age": "{mean} ± {sd}"},
    "table2": "{mean} ± {sd}",
    "table3": {"t": "{t}", "p": "{p}"},
    "table4": {
        "b": "{b}",
        "se": "{se}",
        "wald": "{wald}",
        "p": "{p}",
        "odds_ratio": "{odds_ratio}",
        "odds_limits": "{ci_low} to {ci_high}",
    },
    "table5": {
        "auc": "{auc} ({auc_low}–{auc_high})",
        "cutoff": "{cutoff}",
        "sensitivity": "{sensitivity} ({sensitivity_low}–{sensitivity_high})",
        "specificity": "{specificity} ({specificity_low}–{specificity_high})",
    },
    "agreement": {"icc": "{icc} ({icc_low}–{icc_high})"},
    "anova": {"p": "{p}"},
}


def beside(cohort: Cohort, table: Table, **options: Any) -> Table | None:
    """The printed numbers beside a computed table, or None for a table of one's own, where nothing
    is printed to compare with.

    Parameters
    ----------
    cohort : ivim.cohort.Cohort
    table : ivim.report.write.Table
        As :func:`ivim.report.layout.build` gives it.
    **options
        As for :func:`compare`.
    """
    return compare(table.name, table.frame, **options) if cohort.reconstructed else None


def compare(
    item: str, frame: pd.DataFrame, form: str | None = None, relabel: dict | None = None
) -> Table:
    """Hold a table of the reconstructed cohort against the printed one.

    Parameters
    ----------
    item : str
        table1 ... table5, agreement (the ICCs of the Results text) or anova (the p-values there).
    frame : DataFrame
        What the builder of this name in :mod:`ivim.report.tables` gives.
    form : str, optional
        For agreement: the form of the ICC that is compared.
    relabel : dict, optional
        Printed row label -> parameter meant, to compare a table with its labels put right.

    Returns
    -------
    ivim.report.write.Table
        The article's layout, printed above reproduced in each cell; its frame has one row per
        printed number: ``id, group, parameter, statistic, printed, reproduced, mark, target``, the
        reproduced in the printed decimals, half up.
    """
    printed = claims(item)
    printed["parameter"] = printed["parameter"].replace(relabel or {})
    found = _reproduced(item, frame, form)
    keys = printed[["group", "parameter", "statistic"]].itertuples(index=False, name=None)
    values = [found.get(key, ("", math.nan)) for key in keys]
    digits = _common_decimals(printed)
    rows = [
        _held_against(claim, sign, value, digits)
        for claim, (sign, value) in zip(printed.itertuples(), values, strict=True)
    ]
    result = printed[["id", "group", "parameter", "statistic", "printed"]].assign(
        reproduced=[text for text, _ in rows],
        mark=[SAME if same else DIFFERENT for _, same in rows],
        target=[
            construction.is_target(*row)
            for row in printed[["analysis", "group", "parameter", "statistic"]].itertuples(
                index=False, name=None
            )
        ],
    )
    return _side_by_side(item, result, relabel)


def counts(table: Table | None) -> dict:
    """How many numbers are printed and how many of them have the same digits; nothing for None.

    Parameters
    ----------
    table : ivim.report.write.Table or None

    Returns
    -------
    dict
    """
    return (
        {}
        if table is None
        else {"printed": len(table.frame), "same": int((table.frame["mark"] == SAME).sum())}
    )


def claims(item: str) -> pd.DataFrame:
    """The article's printed numbers of one item, as strings with their place, from
    ``data/published/claims.csv``.

    Parameters
    ----------
    item : str

    Returns
    -------
    DataFrame
    """
    if item not in _CELLS:
        msg = f"nothing is printed for {item!r}; there are {', '.join(_CELLS)}"
        raise ValueError(msg)
    everything = pd.read_csv(CLAIMS, dtype=str, keep_default_na=False)
    statistics = {name for cell in _templates(item) for name in _names(cell)}
    of_item = everything["analysis" if item in ("agreement", "anova") else "location"] == item
    in_place = everything["location"].isin(("results", item))
    return everything[of_item & in_place & everything["statistic"].isin(statistics)].reset_index(
        drop=True
    )


def best_form(frame: pd.DataFrame) -> tuple[str, dict[str, int]]:
    """The form of the ICC that gives most of the printed digits, and how many each form gives.

    Parameters
    ----------
    frame : DataFrame

    Returns
    -------
    tuple of (str, dict)
        Among forms that give equally many, absolute agreement of single readings, ICC(A,1), comes
        first.
    """
    same = {
        form: counts(compare("agreement", frame, form=form))["same"]
        for form in frame["form"].unique()
    }
    return max(same, key=lambda form: (same[form], form == "ICC(A,1)")), same


def _reproduced(item, frame, form):
    """(group, parameter, statistic) -> (sign, value) of a computed table, in the units of print."""
    found = quantities_of(item, frame)
    found = found[found["item"] == form] if item == "agreement" else found
    signs = dict(zip(frame["marker"], frame["direction"], strict=True)) if item == "table5" else {}
    return {
        (row.group, row.parameter, row.statistic): (
            signs.get(row.parameter, "") if row.statistic == "cutoff" else "",
            row.value,
        )
        for row in found.itertuples()
    }


def _held_against(claim, sign, value, common):
    """The reproduced number in the printed decimals, and whether its digits are the printed
    ones."""
    print_ = parse(claim.printed)
    if math.isnan(value):
        return printing.MISSING, False
    if claim.statistic == "cutoff":  # "> 29.05" is a number with a direction
        text = printing.half_up(value, print_.decimals)
        return f"{sign} {text}", text == format(print_.value, "f") and sign == print_.comparison
    same = print_.admits(value, "half_up")
    if print_.comparison == "<":
        return printing.p_value(value), same
    # A slip of the decimal point (".782") is easier to see in the decimals of its column.
    text = printing.half_up(
        value, print_.decimals if same else common[claim.statistic, claim.parameter]
    )
    return (f"{value:.2e}" if value and not float(text) else text), same


def _common_decimals(printed):
    decimals = printed["printed"].map(lambda text: parse(text).decimals)
    return (
        decimals.groupby([printed["statistic"], printed["parameter"]])
        .agg(lambda column: column.mode().iloc[0])
        .to_dict()
    )


def _side_by_side(item, result, relabel):
    by_parameter = item not in ("table1", "table2")
    result = result.assign(row=result["parameter"] if by_parameter else result["group"])
    keys = list(dict.fromkeys(result["row"]))
    cells, classes = {}, {}
    for title, template, part in _columns(item, result):
        found = {
            key: {row.statistic: row for row in rows.itertuples()}
            for key, rows in part.groupby("row")
        }
        texts = [_cell(template, found.get(key, {})) for key in keys]
        cells[title], classes[title] = [text for text, _ in texts], [style for _, style in texts]
    labels = [_row_label(key, by_parameter) for key in keys]
    first = PARAMETER if by_parameter else GROUP
    same = (result["mark"] == SAME).sum()
    built = ((result["mark"] == SAME) & result["target"]).sum()
    note = "Above: printed in the article. Below: reproduced from the reconstructed cohort. "
    note += f"{same} of {len(result)} numbers agree"
    why = f", {built} of them by construction: the cohort was sought so that it prints them"
    note += f"{why if built else ''}."
    right = " with its row labels put right" if relabel else ""
    return Table(
        f"{item}_printed" + ("_relabelled" if relabel else ""),
        f"{TITLES[item]}. Printed and reproduced{right}",
        result.drop(columns="row"),
        pd.DataFrame({first: labels} | cells),
        (note,) if same == len(result) else (note, AUDIT),
        classes=pd.DataFrame({first: [""] * len(keys)} | classes),
        source="reconstructed",
    )


def _columns(item, result):
    """Heading, template and numbers of each column of the article's table."""
    template = _CELLS[item]
    if isinstance(template, str):
        return [
            (labels.heading(name), template, part)
            for name, part in result.groupby("parameter", sort=False)
        ]
    return [(COLUMNS[name], cell, result) for name, cell in template.items()]


def _cell(template, found):
    if not found.keys() & set(_names(template)):
        return "not printed", ""
    text = {
        side: {
            name: getattr(found[name], side) if name in found else "–" for name in _names(template)
        }
        for side in ("printed", "reproduced")
    }
    same = all(found[name].mark == SAME for name in _names(template) if name in found)
    mark, style = (SAME, "same") if same else (DIFFERENT, "differs")
    both = f"{template.format(**text['printed'])}\n{template.format(**text['reproduced'])} {mark}"
    return both.replace("-", printing.MINUS), style


def _row_label(key, by_parameter):
    if by_parameter:
        return labels.marker_label(key, key.split("+"))
    return (INDENT if key in article.PRIMARIES else "") + GROUPS.get(key, key)


def _templates(item):
    return [_CELLS[item]] if isinstance(_CELLS[item], str) else list(_CELLS[item].values())


def _names(template):
    return [part.split("}")[0] for part in template.split("{")[1:]]
