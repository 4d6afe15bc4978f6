"""The audit to read: what the pipeline prints as evidence, a summary, the ledger as csv, html and
md, the tables corrected."""

from pathlib import Path

import pandas as pd

from ivim.audit.claims import place_of
from ivim.audit.verdict import REFUTED, VERDICTS
from ivim.files import csv_text
from ivim.report.analysis import analyse
from ivim.report.provenance import results_folder, write_file
from ivim.report.redrawn import (
    MEANING,
    about,
    claim_ids,
    first_upper,
    grid,
    interval_text,
    printed_tables,
    row_label,
    to_html,
)
from ivim.report.write import Table


def pipeline_frame(cohort):
    """What the pipeline computes from a cohort, as evidence for :func:`ivim.judge`.

    Parameters
    ----------
    cohort : ivim.cohort.Cohort

    Returns
    -------
    DataFrame
        ``analysis, group, parameter, statistic, value``: diffusivities in 10⁻³ mm²/s, shares in per
        cent; of the ICC the consistency form for single measures, ICC(C,1), the one whose limits an
        article's readers print.
    """
    found = analyse(cohort).quantities()
    found = found[found["analysis"].isin(("describe", "t-test", "anova", "logistic", "roc"))
                  | (found["item"] == "ICC(C,1)")]  # fmt: skip
    columns = ["analysis", "group", "parameter", "statistic", "value"]
    return found.loc[found["value"].notna(), columns].reset_index(drop=True)


def summary(audit):
    """The counts by verdict, the slips and the refuted numbers in a few lines of text."""
    total, counts = len(audit.ledger), audit.counts
    lines = [
        f"{audit.structure.title or 'Audit'}: {total} printed quantities, {audit.conflicts} "
        "broken relations as printed"
    ]
    lines += [f"  {verdict:13} {counts[verdict]:4}  {MEANING[verdict]}" for verdict in VERDICTS]
    lines += ["What explains the conflicts:"] * bool(audit.slips)
    lines += [f"  {first_upper(slip.text)} (settles {len(slip.explained)})" for slip in audit.slips]
    lines += [f"Design facts: {audit.structure.source}"]
    return "\n".join(lines)


def write_ledger(audit, folder=None):
    """Write ``ledger.csv``, ``ledger.html`` and ``ledger.md``.

    Parameters
    ----------
    audit : ivim.audit.verdict.Audit
    folder : path, optional
        By default ``audit`` under :func:`ivim.report.provenance.results_folder`.

    Returns
    -------
    list of str
        File names.
    """
    folder = Path(folder or results_folder() / "audit")
    content = {
        "ledger.csv": csv_text(audit.ledger),
        "ledger.html": to_html(audit),
        "ledger.md": to_md(audit),
    }
    return [write_file(folder / name, text).name for name, text in content.items()]


def excerpt(audit, rows, caption):
    """Rows of the ledger as a table to read.

    Parameters
    ----------
    audit : ivim.audit.verdict.Audit
    rows : DataFrame
        A part of ``audit.ledger``.
    caption : str

    Returns
    -------
    ivim.report.write.Table
    """
    records = rows.to_dict("records")
    layout = pd.DataFrame(
        {
            "Place": [audit.claims[row["id"]].place or row["location"] for row in records],
            "Printed": [_short(row["printed"]) for row in records],
            "Verdict": [row["verdict"] for row in records],
            "Meant": [row["recovered"] or "–" for row in records],
            "Why": [first_upper(row["reason"]) for row in records],
        }
    )
    return Table("excerpt", caption, rows, layout)


def _short(text, length=48):
    return text if len(text) <= length else f"{text[: length - 1]}…"


def corrected_tables(audit):
    """The article's tables with every refuted number put right as far as the article itself allows;
    list of Table.

    A number that was put right carries a dagger, one that is refuted without a known value a double
    dagger. The frame behind each has ``id, group, parameter, statistic, printed, verdict,
    corrected``.
    """
    rows = {row["id"]: row for row in audit.ledger.to_dict("records")}
    return [
        _corrected(g, rows)
        for location in printed_tables(audit.claims)
        if (g := grid(audit.claims, location))
    ]


def to_md(audit):
    """The ledger as text: counts, slips, the refuted and unsupported claims, then everything by
    place."""
    counts = [
        f"| {verdict} | {audit.counts[verdict]} | {MEANING[verdict]} |" for verdict in VERDICTS
    ]
    found = audit.ledger[audit.ledger["verdict"].isin((*REFUTED, "unsupported"))]
    parts = [
        f"# A verdict on every printed number\n\n{audit.structure.title}: {len(audit.ledger)} "
        "printed quantities.\n",
        "| verdict | claims | meaning |\n|---|---|---|\n" + "\n".join(counts) + "\n",
        "## What explains the conflicts\n\n"
        + "\n".join(f"{i}. {first_upper(s.text)}." for i, s in enumerate(audit.slips, 1))
        + "\n",
        "## Refuted or unsupported\n\n" + _md_rows(audit, found),
    ]
    for location, rows in audit.ledger.groupby("location", sort=False):
        parts.append(f"## {first_upper(place_of(location))}\n\n" + _md_rows(audit, rows))
    return "\n".join(parts)


def _corrected(g, rows):
    def text(name):
        row = rows[name]
        if row["verdict"] not in REFUTED:
            return row["printed"]
        return f"{row['recovered']}†" if row["recovered"] else f"{row['printed']}‡"

    labels = [text(label) if label in rows else row_label(label) for label in g.labels]
    cells = [
        [
            (
                "".join(before + (text(name) if name else "") for before, name in cell) or "–"
            ).replace("-", "−")
            for cell in row
        ]
        for row in g.cells
    ]
    named = [name for name in claim_ids(g) if name in rows]
    frame = pd.DataFrame(
        [
            {k: rows[n][k] for k in ("id", "group", "parameter", "statistic", "printed", "verdict")}
            | {"corrected": text(n)}
            for n in named
        ]
    )
    layout = pd.DataFrame(cells, columns=g.headings)
    layout.insert(0, "", labels)
    notes = (
        "† refuted as printed; recovered from the other printed numbers, with their rounding. ‡ "
        "refuted, nothing recovered.",
    )
    name = place_of(g.location)
    return Table(
        f"{g.location}_corrected",
        f"{name}. The article's table with refuted numbers corrected",
        frame,
        layout,
        notes,
    )


def _md_rows(audit, rows):
    lines = [
        "| what | printed | verdict | recomputed | meant | reason |",
        "|---|---|---|---|---|---|",
    ]
    for row in rows.to_dict("records"):
        cells = (
            about(audit.claims[row["id"]]),
            row["printed"],
            row["verdict"],
            interval_text(row),
            row["recovered"],
            row["reason"],
        )
        lines.append(
            "| "
            + " | ".join(str(cell).replace("|", "\\|").replace("*", "\\*") for cell in cells)
            + " |"
        )
    return "\n".join(lines) + "\n"
