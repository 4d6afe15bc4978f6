"""The audit to read: what the pipeline prints as evidence, a summary, the ledger as csv, html and
md, the tables corrected."""

from pathlib import Path

import pandas as pd

from ivim.audit.claims import place_of
from ivim.audit.questions import open_questions
from ivim.audit.verdict import REFUTED, VERDICTS, Audit
from ivim.cohort import Cohort
from ivim.files import csv_text, safe_name
from ivim.report.analysis import analyse
from ivim.report.cells import literal
from ivim.report.ledger_page import to_html
from ivim.report.markup import escape_md
from ivim.report.provenance import results_folder, write_file
from ivim.report.redrawn import (
    MEANING,
    Grid,
    about,
    claim_ids,
    first_upper,
    grid,
    interval_text,
    printed_tables,
    row_label,
)
from ivim.report.write import Table


def pipeline_frame(cohort: Cohort) -> pd.DataFrame:
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


def coverage_text(audit: Audit) -> str:
    """In a sentence: how many numbers anything can be held against, and how many of these hold.

    Parameters
    ----------
    audit : ivim.audit.verdict.Audit

    Returns
    -------
    str
    """
    found = audit.coverage
    shares = [100 * found[name] / max(found["numbers"], 1) for name in ("verifiable", "verified")]
    return (
        f"Of {found['numbers']} numbers {found['verifiable']} ({shares[0]:.0f} %) can be checked "
        "against others, "
        f"and {found['verified']} ({shares[1]:.0f} %) hold"
    )


def summary(audit: Audit) -> str:
    """The counts by verdict, the slips, what was not checked and why, in a few lines of text.

    Parameters
    ----------
    audit : ivim.audit.verdict.Audit

    Returns
    -------
    str
    """
    total, counts = len(audit.ledger), audit.counts
    lines = [
        f"{audit.structure.title or 'Audit'}: {total} printed quantities, {audit.conflicts} "
        "broken relations as printed"
    ]
    lines += [f"  {verdict:13} {counts[verdict]:4}  {MEANING[verdict]}" for verdict in VERDICTS]
    lines += [coverage_text(audit)]
    if audit.slips:
        lines += [
            "What every smallest explanation of the broken relations has in common (settles "
            f"{audit.settled} of {audit.conflicts}):"
        ]
    lines += [f"  {first_upper(slip.text)} (settles {len(slip.explained)})" for slip in audit.slips]
    if not audit.exact:
        lines += [
            "So many relations are broken that their smallest explanations were not all found."
        ]
    questions = open_questions(audit.claims, audit.structure)
    if questions:
        lines += ["Not known, and therefore not used (ivim audit --ask writes these questions):"]
    lines += [f"  {q.line.splitlines()[0]:44} {q.waiting:4} numbers: {q.text}" for q in questions]
    lines += [f"Design facts: {audit.structure.source or 'none given; nothing was assumed'}"]
    return "\n".join(lines)


def write_ledger(audit: Audit, folder: str | Path | None = None) -> list[str]:
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


def excerpt(audit: Audit, rows: pd.DataFrame, caption: str) -> Table:
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
            "Place": [literal(audit.claims[row["id"]].place or row["location"]) for row in records],
            "Printed": [literal(_short(row["printed"])) for row in records],
            "Verdict": [row["verdict"] for row in records],
            "Meant": [literal(row["recovered"]) or "–" for row in records],
            "Why": [literal(first_upper(row["reason"])) for row in records],
        }
    )
    return Table("excerpt", caption, rows, layout)


def _short(text, length=48):
    return text if len(text) <= length else f"{text[: length - 1]}…"


def corrected_tables(audit: Audit) -> list[Table]:
    """The article's tables with every refuted number put right as far as the article itself allows.

    A number that was put right carries a dagger, one that is refuted without a known value a double
    dagger.

    Parameters
    ----------
    audit : ivim.audit.verdict.Audit

    Returns
    -------
    list of ivim.report.write.Table
        The frame behind each has ``id, group, parameter, statistic, printed, verdict, corrected``;
        its numbers are printed ones and what follows from them, nothing of a cohort.
    """
    rows = {row["id"]: row for row in audit.ledger.to_dict("records")}
    return [
        _corrected(g, rows)
        for location in printed_tables(audit.claims)
        if (g := grid(audit.claims, location))
    ]


def to_md(audit: Audit) -> str:
    """The ledger as text: counts, slips, the refuted and unsupported claims, then everything by
    place.

    Parameters
    ----------
    audit : ivim.audit.verdict.Audit

    Returns
    -------
    str
        Markdown.
    """
    counts = [
        f"| {verdict} | {audit.counts[verdict]} | {MEANING[verdict]} |" for verdict in VERDICTS
    ]
    found = audit.ledger[audit.ledger["verdict"].isin((*REFUTED, "disputed", "unsupported"))]
    parts = [
        f"# A verdict on every printed number\n\n{_md_cell(audit.structure.title)}: "
        f"{len(audit.ledger)} printed quantities. "
        f"{coverage_text(audit)}.\n",
        "| verdict | claims | meaning |\n|---|---|---|\n" + "\n".join(counts) + "\n",
        "## What explains the conflicts\n\n"
        + "\n".join(f"{i}. {_md_cell(first_upper(s.text))}." for i, s in enumerate(audit.slips, 1))
        + "\n",
        "## Refuted, disputed or unsupported\n\n" + _md_rows(audit, found),
    ]
    for location, rows in audit.ledger.groupby("location", sort=False):
        parts.append(f"## {_md_cell(first_upper(place_of(location)))}\n\n" + _md_rows(audit, rows))
    return "\n".join(parts)


def _corrected(g: Grid, rows: dict) -> Table:
    def text(name):
        row = rows[name]
        if row["verdict"] not in REFUTED:
            return row["printed"]
        return f"{row['recovered']}†" if row["recovered"] else f"{row['printed']}‡"

    labels = [literal(text(label)) if label in rows else row_label(label) for label in g.labels]
    cells = [
        [
            (
                "".join(before + (literal(text(name)) if name else "") for before, name in cell)
                or "–"
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
    name = literal(place_of(g.location))
    return Table(
        f"{safe_name(g.location)}_corrected",
        f"{name}. The article's table with refuted numbers corrected",
        frame,
        layout,
        notes,
    )


def _md_cell(cell):
    """Text on one line that neither breaks the table nor is read as mark-up or HTML."""
    return escape_md(" ".join(str(cell).split()))


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
        lines.append("| " + " | ".join(_md_cell(cell) for cell in cells) + " |")
    return "\n".join(lines) + "\n"


def followed(audit: Audit, location: str = "abstract") -> pd.DataFrame:
    """What an article claims in words, and whether it follows from its numbers.

    Parameters
    ----------
    audit : ivim.audit.verdict.Audit
    location : str
        Where the claims stand.

    Returns
    -------
    DataFrame
        ``id, claim, about, status, why``. ``follows``: true for every value that the prints allow;
        ``can hold``: true for some; ``not shown``: unsupported, contradicted or in dispute, or
        without a condition that numbers could tell.
    """
    rows = audit.ledger.set_index("id")
    found = []
    for claim in audit.claims.where(location=location, statistic="claim"):
        reading = "repaired" if audit.slips else "printed"
        evidence = audit.evidence[
            (audit.evidence["id"] == claim.id) & (audit.evidence["reading"] == reading)
        ]
        verdict = rows.loc[claim.id, "verdict"]
        if verdict not in ("consistent", "reproduced") or evidence.empty:
            status = "not shown"
        else:
            sure = [" can hold" not in reason for reason in evidence["reason"]]
            status = "follows" if all(sure) else "can hold"
        found.append((claim.id, claim.printed, about(claim), status, rows.loc[claim.id, "reason"]))
    return pd.DataFrame(found, columns=["id", "claim", "about", "status", "why"])
