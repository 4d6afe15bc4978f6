"""The audit to read: what the pipeline prints as evidence, a summary, the ledger as csv, html and
md, the tables corrected."""

import re
from html import escape
from pathlib import Path

import pandas as pd

from ivim.audit.claims import place_of
from ivim.audit.questions import open_questions
from ivim.audit.verdict import REFUTED, VERDICTS
from ivim.files import csv_text, safe_name
from ivim.report.analysis import analyse
from ivim.report.ledger_page import to_html
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


def coverage_text(audit):
    """In a sentence: how many numbers anything can be held against, and how many of these hold."""
    found = audit.coverage
    shares = [100 * found[name] / max(found["numbers"], 1) for name in ("verifiable", "verified")]
    return (
        f"Of {found['numbers']} numbers {found['verifiable']} ({shares[0]:.0f} %) can be checked "
        "against others, "
        f"and {found['verified']} ({shares[1]:.0f} %) hold"
    )


def summary(audit):
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
        "ledger.csv": csv_text(_harmless(audit.ledger)),
        "ledger.html": to_html(audit),
        "ledger.md": to_md(audit),
    }
    return [write_file(folder / name, text).name for name, text in content.items()]


def _harmless(frame):
    """Words that a spreadsheet would run as a formula get an apostrophe before them; numbers stay
    as they are.
    """
    safe = frame.copy()
    for column in ("id", "location", "group", "parameter", "statistic", "reason"):
        safe[column] = [_plain_cell(text) for text in safe[column]]
    for column in ("printed", "recovered"):
        safe[column] = [text if _NUMBER.match(text) else _plain_cell(text) for text in safe[column]]
    return safe


_NUMBER = re.compile(r"[-+−–]?\s*[\d.][\d.eE+\-−–*†‡% to]*$")


def _plain_cell(text):
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t", "\r") else text


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
        f"{safe_name(g.location)}_corrected",
        f"{name}. The article's table with refuted numbers corrected",
        frame,
        layout,
        notes,
    )


def _md_cell(cell):
    """Text that neither breaks the table nor is read as mark-up or HTML."""
    text = escape(" ".join(str(cell).split()), quote=False).replace("\\", "\\\\")
    return re.sub(r"([|*_`\[\]~])", r"\\\1", text)


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


def followed(audit, location="abstract"):
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
