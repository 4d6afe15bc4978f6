"""The audit to read: what the pipeline prints as evidence, a summary, the ledger as csv, html and md, the tables corrected."""

import re
from html import escape
from pathlib import Path

import pandas as pd

from ivim.audit.claims import place_of
from ivim.audit.questions import open_questions
from ivim.audit.verdict import REFUTED, VERDICTS
from ivim.files import safe_name
from ivim.report import tables
from ivim.report.provenance import csv_text, results_folder, write_file
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
        ``analysis, group, parameter, statistic, value``: diffusivities in 10⁻³ mm²/s, shares in per cent; of the ICC the consistency form for
        single measures, ICC(C,1), the one whose limits an article's readers print.
    """
    found = [
        ("describe", row.group, "", name, getattr(row, name))
        for row in tables.table1(cohort).itertuples()
        for name in ("n", "male", "female")
    ]
    for row in tables.table1(cohort).itertuples():
        found += [
            ("describe", row.group, "age", "mean", row.age_mean),
            ("describe", row.group, "age", "sd", row.age_sd),
        ]
    for row in tables.table2(cohort).itertuples():
        found += [
            ("describe", row.group, row.parameter, "mean", row.mean),
            ("describe", row.group, row.parameter, "sd", row.sd),
        ]
    for row in tables.table3(cohort).itertuples():
        found += [("t-test", "", row.parameter, "p", row.p)]
        found += (
            [("t-test", "", row.parameter, "t", row.statistic)]
            if row.test in ("Student", "Welch")
            else []
        )
    for row in tables.anova(cohort).itertuples():
        found += [("anova", "", row.parameter, "p", row.p)]
    for row in tables.agreement(cohort).itertuples():
        if row.form == "ICC(C,1)":
            found += [
                ("agreement", "", row.parameter, name, value)
                for name, value in zip(
                    ("icc", "icc_low", "icc_high"), (row.icc, row.ci_low, row.ci_high)
                )
            ]
    regression, performance = tables.table4(cohort), tables.table5(cohort)
    found += [
        ("logistic", "", row["term"], name, row[name])
        for row in regression.to_dict("records")
        for name in regression.columns[1:]
    ]
    for row in performance.to_dict("records"):
        found += [
            ("roc", "", row["marker"], name, row[name])
            for name in ("auc", "auc_low", "auc_high", "cutoff")
        ]
        shares = [
            f"{name}{end}"
            for name in ("sensitivity", "specificity")
            for end in ("", "_low", "_high")
        ]
        found += [("roc", "", row["marker"], name, 100 * row[name]) for name in shares]
    return pd.DataFrame(found, columns=["analysis", "group", "parameter", "statistic", "value"])


# Places of the reconstruction's targets, as analyses of the claims.
_ANALYSIS_OF = {
    "table1": "describe",
    "table2": "describe",
    "table3": "t-test",
    "table4": "logistic",
    "table5": "roc",
}
_FORM = "ICC(C,1)"


def target_keys(targets):
    """What a cohort was built to print, in the keys of :func:`pipeline_frame`.

    Parameters
    ----------
    targets : sequence
        Objects with ``location, group, parameter, statistic`` (those of the reconstruction).

    Returns
    -------
    frozenset of tuple
        ``(analysis, group, parameter, statistic)``.
    """
    keys = set()
    for target in targets:
        location, statistic = target.location, target.statistic
        if statistic == "anova_p":
            keys.add(("anova", "", target.parameter, "p"))
        elif statistic.startswith("icc") and target.group == _FORM:
            keys.add(("agreement", "", target.parameter, statistic))
        elif location in _ANALYSIS_OF:
            keys.add((_ANALYSIS_OF[location], target.group, target.parameter, statistic))
    return frozenset(keys)


def coverage_text(audit):
    """In a sentence: how many numbers anything can be held against, and how many of these hold."""
    found = audit.coverage
    shares = [100 * found[name] / max(found["numbers"], 1) for name in ("verifiable", "verified")]
    return (
        f"Of {found['numbers']} numbers {found['verifiable']} ({shares[0]:.0f} %) can be checked against others, "
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
        f"{audit.structure.title or 'Audit'}: {total} printed quantities, {audit.conflicts} broken relations as printed"
    ]
    lines += [f"  {verdict:13} {counts[verdict]:4}  {MEANING[verdict]}" for verdict in VERDICTS]
    lines += [coverage_text(audit)]
    if audit.slips:
        lines += [
            f"What every smallest explanation of the broken relations has in common (settles {audit.settled} of {audit.conflicts}):"
        ]
    lines += [f"  {first_upper(slip.text)} (settles {len(slip.explained)})" for slip in audit.slips]
    if not audit.exact:
        lines += ["So many relations are broken that their smallest explanations were not all found."]
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
    """Words that a spreadsheet would run as a formula get an apostrophe before them; numbers stay as they are."""
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
    """The article's tables with every refuted number put right as far as the article itself allows; list of Table.

    A number that was put right carries a dagger, one that is refuted without a known value a double dagger. The frame behind
    each has ``id, group, parameter, statistic, printed, verdict, corrected``.
    """
    rows = {row["id"]: row for row in audit.ledger.to_dict("records")}
    return [
        _corrected(g, rows)
        for location in printed_tables(audit.claims)
        if (g := grid(audit.claims, location))
    ]


def to_md(audit):
    """The ledger as text: counts, slips, the refuted and unsupported claims, then everything by place."""
    counts = [
        f"| {verdict} | {audit.counts[verdict]} | {MEANING[verdict]} |" for verdict in VERDICTS
    ]
    found = audit.ledger[audit.ledger["verdict"].isin((*REFUTED, "disputed", "unsupported"))]
    parts = [
        f"# A verdict on every printed number\n\n{_md_cell(audit.structure.title)}: {len(audit.ledger)} printed quantities. "
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
        "† refuted as printed; recovered from the other printed numbers, with their rounding. ‡ refuted, nothing recovered.",
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
