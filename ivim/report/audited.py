"""An audit as a reader of a notebook sees it: tables with row labels to the left and no code names,
and the answer in three sentences. They work on any article's claims.
"""

import pandas as pd

from ivim.audit.claims import place_of
from ivim.audit.questions import open_questions
from ivim.audit.verdict import REFUTED, VERDICTS, Audit
from ivim.report.ledger import coverage_text
from ivim.report.redrawn import MEANING, about, first_upper
from ivim.report.write import Table

NUMBER, WORDS = "Claims", "Meaning"
WORST = {"misprint": 0, "impossible": 1, "contradicted": 2, "disputed": 3}
"""Which verdict makes the better example; any other comes after."""


def verdicts(audit: Audit) -> Table:
    """How many claims have which verdict, and what it means.

    Parameters
    ----------
    audit : ivim.audit.verdict.Audit

    Returns
    -------
    ivim.report.write.Table
        ``verdict, claims, meaning``.
    """
    rows = [(name, audit.counts[name], MEANING[name]) for name in VERDICTS]
    frame = pd.DataFrame(rows, columns=["verdict", "claims", "meaning"])
    cells = {
        "Verdict": list(frame["verdict"]),
        NUMBER: [str(count) for count in frame["claims"]],
        WORDS: list(frame["meaning"]),
    }
    basis = audit.ledger["basis"].value_counts()
    note = (
        f"Of those reproduced {basis.get('target', 0)} were a target of the search that made the "
        f"cohort, {basis.get('free', 0)} came out freely."
    )
    notes = [f"{coverage_text(audit)}.", *([note] if audit.counts["reproduced"] else [])]
    notes.append(
        f"{_conditions(audit)} claims in words carry a condition that was written by hand."
    )
    return _table("verdicts", "Verdicts. How the claims came out", frame, cells, notes)


def by_place(audit: Audit) -> Table:
    """Verdicts by place in the article.

    Parameters
    ----------
    audit : ivim.audit.verdict.Audit

    Returns
    -------
    ivim.report.write.Table
        ``location`` and a column per verdict that occurs.
    """
    ledger = audit.ledger
    occurring = [name for name in VERDICTS if audit.counts[name]]
    counts = pd.crosstab(ledger["location"], ledger["verdict"])
    counts = counts.reindex(index=ledger["location"].unique(), columns=occurring, fill_value=0)
    frame = counts.rename_axis(columns=None).reset_index()
    cells = {"Place": [_place(name) for name in frame["location"]]}
    cells |= {first_upper(name): [str(n) if n else "–" for n in frame[name]] for name in occurring}
    return _table("verdicts_by_place", "Verdicts. By place in the article", frame, cells)


def example(audit: Audit) -> str:
    """The number that shows best how a verdict is made: the first that is refuted, else disputed.

    Parameters
    ----------
    audit : ivim.audit.verdict.Audit

    Returns
    -------
    str
        Its id; the first number of all where none is refuted, and empty where there is no number.
    """
    numbers = [name for name in audit.ledger["id"] if audit.claims[name].number is not None]
    verdict = audit.ledger.set_index("id")["verdict"]
    return min(numbers, key=lambda name: WORST.get(verdict[name], 9), default="")


def bonds(audit: Audit, claim_id: str = "", most: int = 8) -> Table:
    """The bonds of one number: whether each holds as printed, and what it says.

    Parameters
    ----------
    audit : ivim.audit.verdict.Audit
    claim_id : str
        By default :func:`example`.
    most : int
        Rows at most; bonds that are broken come first.

    Returns
    -------
    ivim.report.write.Table
        Rows of ``audit.evidence``.
    """
    chosen = claim_id or example(audit)
    evidence = audit.evidence
    found = evidence[(evidence["id"] == chosen) & (evidence["reading"] == "printed")]
    found = found.drop_duplicates(["check", "reason"])
    found = found.sort_values("holds", kind="stable", key=lambda holds: holds == "yes").head(most)
    cells = {
        "Bond": [name.replace("_", " ") for name in found["check"]],
        "Holds": ["✓" if holds == "yes" else "✗" for holds in found["holds"]],
        "What it says": [first_upper(reason) for reason in found["reason"]],
    }
    if not chosen:
        return _table("bonds", "One number. None is printed", found, cells)
    row = audit.ledger.set_index("id").loc[chosen]
    place = audit.claims[chosen].place or _place(row["location"])
    caption = f"One number. {place}: printed {row['printed']}, {row['verdict']}"
    return _table("bonds", caption, found, cells, [f"{first_upper(row['reason']).rstrip('.')}."])


def slips(audit: Audit) -> Table:
    """What explains the broken bonds, and which of them nothing explains.

    Parameters
    ----------
    audit : ivim.audit.verdict.Audit

    Returns
    -------
    ivim.report.write.Table
        ``slip, kind, numbers, settles``.
    """
    rows = [(s.text, s.kind, len(s.blamed), len(s.explained)) for s in audit.slips]
    frame = pd.DataFrame(rows, columns=["slip", "kind", "numbers", "settles"])
    cells = {
        "Slip": [first_upper(text) for text in frame["slip"]],
        "Kind": list(frame["kind"]),
        "Numbers\nblamed": [str(count) for count in frame["numbers"]],
        "Bonds\nsettled": [str(count) for count in frame["settles"]],
    }
    notes = [
        f"{audit.settled} of {audit.conflicts} broken bonds are settled. "
        + ("The smallest explanations were all found." if audit.exact else
           "The search had to be cut short: there may be other explanations as small.")
    ]  # fmt: skip
    if audit.left:
        notes.append(f"Left over: {'; '.join(dict.fromkeys(_left(audit)))}.")
    return _table("slips", "Slips. What explains the broken bonds", frame, cells, notes)


def _left(audit):
    """The bonds that no slip settles by their places in the article."""
    ids = {claim.id for claim in audit.claims}
    for name in audit.left:
        known = [word.rstrip(":") for word in name.split() if word.rstrip(":") in ids]
        if known:
            claim = audit.claims[known[0]]
            yield f"{claim.place or _place(claim.location)} ({about(claim).strip()})"
        else:
            yield name


def questions(audit: Audit) -> Table:
    """What the design leaves open, with the numbers that wait for it.

    Parameters
    ----------
    audit : ivim.audit.verdict.Audit

    Returns
    -------
    ivim.report.write.Table
        ``line, question, waiting``.
    """
    asked = open_questions(audit.claims, audit.structure)
    frame = pd.DataFrame(
        [(q.line, q.text, q.waiting) for q in asked], columns=["line", "question", "waiting"]
    )
    cells = {
        "Line of the structure file": list(frame["line"]),
        "Question": list(frame["question"]),
        "Numbers\nwaiting": [str(count) for count in frame["waiting"]],
    }
    notes = [] if len(frame) else ["Nothing is open."]
    return _table("questions", "Open. What the audit would have to be told", frame, cells, notes)


def readings(audit: Audit, claim_ids: list[str], checks: tuple = ("anova", "p")) -> Table:
    """The interval of some numbers as the others are printed, and as they are put right.

    Parameters
    ----------
    audit : ivim.audit.verdict.Audit
    claim_ids : list of str
    checks : tuple of str
        Names of checks in ``audit.evidence``.

    Returns
    -------
    ivim.report.write.Table
        ``id, reading, low, high``.
    """
    found = audit.evidence
    found = found[found["id"].isin(claim_ids) & found["check"].isin(checks)]
    frame = found.drop_duplicates(["id", "reading"])[["id", "reading", "low", "high"]]
    wide = {key: rows.set_index("id") for key, rows in frame.groupby("reading", sort=False)}
    names = list(dict.fromkeys(frame["id"]))
    cells = {"Claim": [audit.claims[name].place or about(audit.claims[name]) for name in names]}
    cells["About"] = [about(audit.claims[name]) for name in names]
    for reading, title in (("printed", "As printed"), ("repaired", "Put right")):
        rows = wide.get(reading, frame.head(0).set_index("id")).reindex(names)
        cells[f"{title}\np from – to"] = [_interval(*row) for row in rows[["low", "high"]].values]
    return _table("readings", "Intervals. What the printed numbers allow", frame, cells)


def _interval(low, high):
    if low != low and high != high:
        return "–"
    return " – ".join(f"{end:.4f}" if end >= 0.0001 else "<0.0001" for end in (low, high))


def methods(audit: Audit, names: dict[str, str], statistics: tuple = ("t", "auc", "icc")) -> Table:
    """For each method that could have made some numbers: how many of them it can print.

    Parameters
    ----------
    audit : ivim.audit.verdict.Audit
    names : dict of str to str
        Name of a check in ``audit.evidence`` -> what the method is called.
    statistics : tuple of str
        What kind of claims is asked; a limit is asked with its estimate.

    Returns
    -------
    ivim.report.write.Table
        ``check, possible, excluded``; read with the slips put right.
    """
    asked = {claim.id for claim in audit.claims if claim.statistic in statistics}
    evidence = audit.evidence[audit.evidence["id"].isin(asked)]
    evidence = evidence[evidence["reading"] == ("repaired" if audit.slips else "printed")]
    rows = []
    for check in names:
        holds = evidence.loc[evidence["check"] == check].drop_duplicates("id")["holds"]
        rows.append((check, int((holds == "yes").sum()), int((holds == "no").sum())))
    frame = pd.DataFrame(rows, columns=["check", "possible", "excluded"])
    cells = {
        "Method": list(names.values()),
        "Numbers it\ncan print": [str(count) for count in frame["possible"]],
        "Numbers it\ncannot print": [str(count) for count in frame["excluded"]],
    }
    return _table("methods", "Methods. Which ones fit the print", frame, cells)


def conclusions(followed: pd.DataFrame) -> Table:
    """Each conclusion with what the numbers make of it.

    Parameters
    ----------
    followed : DataFrame
        Of :func:`ivim.report.ledger.followed`.

    Returns
    -------
    ivim.report.write.Table
    """
    cells = {
        "Claim": [f"“{row.claim}”" for row in followed.itertuples()],
        "About": [text.removesuffix("claim").strip() or "–" for text in followed["about"]],
        "Status": list(followed["status"]),
        "Why": list(followed["why"]),
    }
    return _table("conclusions", "Conclusions. What becomes of them", followed, cells)


def in_one_minute(audit: Audit) -> list[str]:
    """What an audit found, in three sentences.

    Parameters
    ----------
    audit : ivim.audit.verdict.Audit

    Returns
    -------
    list of str
    """
    counts = audit.counts
    told = ", ".join(f"{counts[name]} {name}" for name in (*REFUTED, "disputed") if counts[name])
    refuted = f"{len(audit.refuted)} of {len(audit.ledger)} claims are refuted"
    explained = (
        f"{len(audit.slips)} slips explain {audit.settled} of the {audit.conflicts} bonds between "
        "numbers that are broken as printed."
        if audit.conflicts
        else "No bond between the numbers is broken."
    )
    return [
        f"{coverage_text(audit)}.",
        f"{refuted}{f' or in dispute ({told})' if told else ''}.",
        explained,
    ]


def findings_in_one_minute(audit: Audit, followed: pd.DataFrame) -> list[str]:
    """What is wrong, what must have been meant, and what it does to the conclusions.

    Parameters
    ----------
    audit : ivim.audit.verdict.Audit
    followed : DataFrame
        Of :func:`ivim.report.ledger.followed`.

    Returns
    -------
    list of str
    """
    refuted = audit.refuted
    recovered = int((refuted["recovered"] != "").sum())
    by_verdict = ", ".join(f"{audit.counts[n]} {n}" for n in REFUTED if audit.counts[n])
    status = followed["status"].value_counts()
    told = ", ".join(
        f"{status[name]} {word}"
        for name, word in (("follows", "follow"), ("can hold", "can hold"),
                           ("not shown", "not shown"))
        if name in status
    )  # fmt: skip
    widest = max(audit.slips, key=lambda slip: len(slip.explained), default=None)
    first = f"{len(refuted)} printed claims cannot be right ({by_verdict})"
    return [
        f"{first}; the slip that breaks most: {widest.text}." if widest else f"{first}.",
        f"For {recovered} of them the other numbers give what must have been meant.",
        f"Of {len(followed)} conclusions, with the numbers put right: {told}.",
    ]


def _place(location):
    return first_upper(place_of(location).removeprefix("the "))


def quoted(audit: Audit) -> dict:
    """The counts that texts quote.

    Parameters
    ----------
    audit : ivim.audit.verdict.Audit

    Returns
    -------
    dict
        For the section of a notebook in ``numbers.json``.
    """
    basis = audit.ledger["basis"].value_counts()
    counts = audit.counts
    return {
        "claims": len(audit.ledger),
        "conflicts": audit.conflicts,
        "slips": len(audit.slips),
        "refuted": len(audit.refuted),
        "holding": counts["reproduced"] + counts["consistent"],
        "settled": audit.settled,
        "left": len(audit.left),
        "exact": audit.exact,
        "verdicts": counts,
        "coverage": audit.coverage,
        "conditions": _conditions(audit),
        "target": int(basis.get("target", 0)),
        "free": int(basis.get("free", 0)),
    }


def _conditions(audit):
    return sum(bool(claim.test) and claim.statistic != "definition" for claim in audit.claims)


def _table(name, caption, frame, cells, notes=()):
    return Table(name, caption, frame, pd.DataFrame(cells), tuple(notes))
