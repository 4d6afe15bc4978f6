"""Reading a claims file: every row checked, every fault named in one line."""

import difflib
import re
from pathlib import Path

import pandas as pd

from ivim.audit.claims import COLUMNS, FURTHER, PUBLISHED, Claim, Claims
from ivim.audit.vocabulary import ANALYSIS_OF, COUNTS, VERBAL, canonical, nearest

LARGEST = 10**8
"""No group of an article has more members than this."""

_P_BESIDE = {
    "logistic": {"b", "wald", "odds_ratio"},
    "cox": {"hr"},
    "anova": {"f"},
    "kruskal-wallis": {"h"},
    "chi2": {"chi2"},
    "mann-whitney": {"u", "w"},
    "correlation": {"r"},
}


def load_claims(path: str | Path | None = None) -> Claims:
    """Read an article's claims.

    Parameters
    ----------
    path : path, optional
        CSV file with the columns of ``data/published/README.md``; by default the claims of Li et
        al. 2021.

    Returns
    -------
    Claims

    Raises
    ------
    ValueError
        Where a column is missing, an id repeats, a statistic is unknown or a number is none; one
        line with the row and the
        value met.
    """
    path = Path(path or PUBLISHED)
    frame = _read(path)
    _check_columns(frame, path)
    known = [column for column in (*COLUMNS, *FURTHER) if column in frame]
    rows = [
        {name: str(value).strip() for name, value in row.items()}
        for row in frame[known].to_dict("records")
    ]
    for number, row in enumerate(rows, 2):
        _check_row(row, f"{path}: row {number} ({row['id']})")
    analyses = _analyses(rows)
    claims = [
        Claim(**{**row, "analysis": row.get("analysis") or analysis})
        for row, analysis in zip(rows, analyses, strict=True)
    ]
    _check_ids(claims, path)
    _check_names(claims, path)
    return Claims(claims)


def _read(path):
    if not path.is_file():
        msg = (
            f"{path}: no such file; give a CSV file with the columns {', '.join(COLUMNS)} (see "
            "data/published/README.md)"
        )
        raise ValueError(msg)
    try:
        frame = pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8-sig")
    except (pd.errors.ParserError, pd.errors.EmptyDataError, UnicodeError, ValueError) as error:
        told = " ".join(str(error).split())
        msg = f"{path}: not a CSV table ({told}); save it as comma-separated text in UTF-8"
        raise ValueError(msg) from error
    if frame.empty:
        msg = f"{path}: the table has a header but no row; add one row per printed quantity"
        raise ValueError(msg)
    return frame.fillna("")


def _check_columns(frame, path):
    met = [str(column) for column in frame.columns]
    if missing := [column for column in COLUMNS if column not in met]:
        shown = ", ".join(repr(name[:40]) for name in met[:20])
        msg = (
            f"{path}: column {missing[0]!r} is missing; met {shown}; needed are "
            f"{', '.join(COLUMNS)}"
        )
        raise ValueError(msg)
    for name in met:
        plain = re.sub(r"\.\d+$", "", name)
        if name not in (*COLUMNS, *FURTHER) and plain in (*COLUMNS, *FURTHER):
            msg = f"{path}: column {plain!r} is there twice; keep one of them"
            raise ValueError(msg)
        close = difflib.get_close_matches(name, (*COLUMNS, *FURTHER), n=1, cutoff=0.8)
        if close and name not in (*COLUMNS, *FURTHER):
            msg = f"{path}: column {name!r} is unknown; write {close[0]!r}, or take it out"
            raise ValueError(msg)


def _check_row(row, where):
    """Check a row in place; its statistic gets its canonical name."""
    empty = [name for name in ("printed", "statistic", "location") if not row[name]]
    if empty:
        msg = f"{where}: {empty[0]!r} is blank; fill it or take the row out"
        raise ValueError(msg)
    if not row["id"]:
        msg = f"{where}: id '' is blank; give each row a name of its own"
        raise ValueError(msg)
    statistic = canonical(row["statistic"])
    if statistic is None:
        like = nearest(row["statistic"])
        meant = (
            f"did you mean {', '.join(like)}?"
            if like
            else "use 'other' for a number that is only kept"
        )
        msg = (
            f"{where}: statistic {row['statistic'][:60]!r} is unknown; {meant} (all are in "
            "data/published/README.md)"
        )
        raise ValueError(msg)
    row["statistic"] = statistic
    if row.get("n") and not (row["n"].isdigit() and 0 < int(row["n"][:12]) <= LARGEST):
        msg = (
            f"{where}: n is {row['n'][:40]!r}; the sample size beside a number is a whole number "
            f"from 1 to {LARGEST}"
        )
        raise ValueError(msg)
    _check_number(row, where)


def _check_number(row, where):
    claim = Claim(**row)
    try:
        number = claim.number
    except ValueError as error:
        msg = f"{where}: {error}; for words use one of the statistics {', '.join(VERBAL)}"
        raise ValueError(msg) from error
    statistic, shown = claim.statistic, claim.printed[:40]
    if number is None or statistic not in COUNTS:
        if number is not None and statistic in ("sd", "se", "se_mean") and number.value < 0:
            msg = (
                f"{where}: {statistic} is {shown!r}; it is never negative, look at the "
                "transcription"
            )
            raise ValueError(msg)
        return
    share = statistic in COUNTS[1:4] and claim.percent
    if not share and (number.value != int(number.value) or number.value < 0):
        msg = (
            f"{where}: {statistic} is {shown!r}; a count is a whole number from 0 up (a share "
            "needs % in its unit)"
        )
        raise ValueError(msg)
    if number.value > LARGEST:
        msg = f"{where}: {statistic} is {shown!r}; no group has more than {LARGEST} members"
        raise ValueError(msg)
    if statistic == "n" and number.value < 1:
        msg = f"{where}: n is {shown!r}; a group has at least one member"
        raise ValueError(msg)


def _analyses(rows):
    """Analysis of each row where the column is left blank: a p or limit belongs to what is printed
    beside it.
    """
    beside = {}
    for row in rows:
        beside.setdefault(_spot(row), set()).add(row["statistic"])
    return [_analysis(row, beside[_spot(row)]) for row in rows]


def _spot(row):
    return (
        row["location"],
        row["parameter"],
        row.get("item"),
        row.get("model"),
        row.get("comparison"),
    )


def _analysis(row, beside):
    statistic = row["statistic"]
    if statistic in ("ci_low", "ci_high") and "hr" in beside:
        return "cox"
    if statistic not in ("p", "z"):
        return ANALYSIS_OF.get(statistic, "text")
    for analysis, signs in _P_BESIDE.items():
        if signs & beside:
            return analysis
    if "t" not in beside and {"auc", "auc_difference"} & beside:
        return "roc"
    return "t-test"


def _check_ids(claims, path):
    seen = set()
    for number, claim in enumerate(claims, 2):
        if claim.id in seen:
            msg = (
                f"{path}: row {number}: id {claim.id!r} is there twice; give each row a name of "
                "its own"
            )
            raise ValueError(msg)
        seen.add(claim.id)


def _check_names(claims, path):
    """Names that differ in case alone would be two groups without anybody meaning it."""
    for column in ("group", "parameter", "location"):
        first = {}
        for claim in claims:
            name = getattr(claim, column)
            other = first.setdefault(" ".join(name.lower().split()), name)
            if other != name:
                msg = (
                    f"{path}: {column} {name!r} ({claim.id}) is also written {other!r}; write one "
                    "name one way"
                )
                raise ValueError(msg)
