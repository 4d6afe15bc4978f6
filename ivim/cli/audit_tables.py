"""`ivim audit --table`: tables of a paper are read into claims before they are audited."""

import argparse


def add_arguments(command: argparse.ArgumentParser) -> None:
    """Add the arguments to the command.

    Parameters
    ----------
    command : ArgumentParser
        Of ``ivim audit``.
    """
    command.add_argument(
        "--table",
        metavar="FILE",
        nargs="+",
        action="extend",
        help="tables as they are printed (CSV, TSV, HTML, DOCX, JATS XML, PDF) instead of claims: "
        "they are read, shown to confirm, and what they leave open is asked",
    )
    command.add_argument(
        "--answers",
        metavar="TOML",
        help="answers on how the tables are to be read (default: answers.toml under --out)",
    )


def read(args: argparse.Namespace) -> bool:
    """Read the tables into ``claims.csv`` under ``--out``; what is audited is that file.

    Parameters
    ----------
    args : argparse.Namespace
        ``table``, ``claims``, ``answers``, ``out``; ``claims`` and ``out`` are set.

    Returns
    -------
    bool
        False where numbers wait for an answer, so that there is nothing to audit yet.
    """
    from pathlib import Path

    from ivim.audit.reading import load_answers, read_tables, write_reading
    from ivim.audit.reading.shown import question_rows, reading_rows

    if args.claims:
        msg = f"both claims ({args.claims}) and --table are given; give one of them"
        raise ValueError(msg)
    out = Path(args.out or f"audit-{Path(args.table[0]).stem}")
    beside = out / "answers.toml"
    reading = read_tables(
        args.table, load_answers(args.answers or (beside if beside.is_file() else None))
    )
    written = write_reading(reading, out)
    print("\n".join(reading_rows(reading)))
    print(f"Read: {len(reading.claims)} numbers; confirm how in {out / 'reading.md'}")
    print(f"Written: {', '.join(written)} under {out}")
    for line in question_rows(reading):
        print(f"? {line}")
    args.claims, args.out = str(out / "claims.csv"), str(out)
    if any(question.needed for question in reading.questions):
        answers = args.answers or beside
        print(f'Answer in {answers} (or with "skip") and run the same command again.')
        return False
    return True
