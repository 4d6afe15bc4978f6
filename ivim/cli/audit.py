"""`ivim audit`: a verdict on every printed number."""

from ivim.cli import audit_tables
from ivim.cli.words import Commands


def add(commands: Commands) -> None:
    """Add the command.

    Parameters
    ----------
    commands : argparse sub-parsers
        Of ``ivim``.
    """
    command = commands.add_parser(
        "audit", help="a verdict on every printed number of the article, or of yours"
    )
    command.add_argument(
        "claims",
        metavar="CSV",
        nargs="?",
        help="your claims (see data/published/README.md); default: the article's",
    )
    command.add_argument(
        "--structure",
        metavar="TOML",
        help="design facts (default: the TOML file beside the claims; without one nothing is "
        "assumed)",
    )
    command.add_argument(
        "--ask",
        metavar="TOML",
        nargs="?",
        const="",
        help="write a structure file with the questions that are open, instead of auditing "
        "(default: NAME.toml beside your claims NAME.csv)",
    )
    command.add_argument(
        "--patients",
        metavar="CSV",
        help="patients whose data are put through the pipeline (default: the reconstructed cohort)",
    )
    command.add_argument("--measurements", metavar="CSV", help="their measurements")
    command.add_argument(
        "--out",
        metavar="DIR",
        help="where the ledger goes (default: results/audit, or audit-NAME/ for your claims "
        "NAME.csv)",
    )
    audit_tables.add_arguments(command)
    command.set_defaults(run=_audit)


def _audit(args):
    from pathlib import Path

    from ivim import files, judge, load_cohort
    from ivim.report import ledger
    from ivim.report.write import write_tables

    if args.table and not audit_tables.read(args):
        return 1
    if args.ask is not None:
        return _ask(args)
    # A foreign article has no cohort here, unless its data come along.
    own = args.claims and not args.measurements
    pipeline = None if own else ledger.pipeline_frame(load_cohort(args.patients, args.measurements))
    audit = judge(args.claims, args.structure, pipeline, frozenset() if own else _targets(args))
    out = Path(
        args.out or (f"audit-{Path(args.claims).stem}" if args.claims else files.RESULTS / "audit")
    )
    written = ledger.write_ledger(audit, out)
    write_tables(*ledger.corrected_tables(audit), folder=out)
    print(ledger.summary(audit))
    print(f"Written: {', '.join(written)} and the corrected tables under {out}")
    return 0


def _targets(args):
    """What the reconstructed cohort was built to print; nothing is known of other data."""
    from ivim.reconstruct.targets import target_quantities

    return frozenset() if args.patients or args.measurements else target_quantities()


def _ask(args):
    from pathlib import Path

    from ivim import files
    from ivim.audit.questions import structure_text
    from ivim.audit.structure_file import load_structure, structure_for
    from ivim.audit.transcript import load_claims

    if not args.claims:
        msg = "--ask needs claims; give your CSV file: ivim audit my-claims.csv --ask"
        raise ValueError(msg)
    claims = load_claims(args.claims)
    path = Path(args.ask or Path(args.claims).with_suffix(".toml"))
    if path.exists():
        msg = f"{path}: exists already; give another name (--ask FILE) or move it away"
        raise ValueError(msg)
    known = (
        load_structure(args.structure, claims)
        if args.structure
        else structure_for(args.claims, claims)
    )
    files.write_text(path, structure_text(claims, known))
    print(
        f"Written: {path}; take away the # before each line that you can answer, then run ivim "
        f"audit {args.claims}"
    )
    return 0
