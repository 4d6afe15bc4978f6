"""`ivim audit`: a verdict on every printed number."""

from ivim.cli import audit_tables


def add(commands):
    """Add the command."""
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
        help="design facts (default: the TOML file beside the claims, else inferred)",
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
        help="where the ledger goes (default: results/audit, or audit-NAME/ for your claims NAME.csv)",
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
    # A foreign article has no cohort here, unless its data come along.
    own = args.claims and not args.measurements
    pipeline = None if own else ledger.pipeline_frame(load_cohort(args.patients, args.measurements))
    audit = judge(args.claims, args.structure, pipeline)
    out = Path(
        args.out or (f"audit-{Path(args.claims).stem}" if args.claims else files.RESULTS / "audit")
    )
    files = ledger.write_ledger(audit, out)
    write_tables(*ledger.corrected_tables(audit), folder=out)
    print(ledger.summary(audit))
    print(f"Written: {', '.join(files)} and the corrected tables under {out}")
    return 0
