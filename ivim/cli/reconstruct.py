"""`ivim reconstruct`: the article's cohort from a seed, or its verification."""

import sys

from ivim.cli.words import Commands


def add(commands: Commands) -> None:
    """Add the command.

    Parameters
    ----------
    commands : argparse sub-parsers
        Of ``ivim``.
    """
    command = commands.add_parser(
        "reconstruct",
        help="make the reconstructed cohort anew from a seed, or verify it cell by cell",
    )
    command.add_argument(
        "--seed",
        type=int,
        metavar="N",
        help="same seed, same files (default: that of the committed cohort)",
    )
    command.add_argument(
        "--out",
        metavar="DIR",
        help="where patients.csv and measurements.csv go; with --verify, where they are",
    )
    command.add_argument(
        "--verify",
        action="store_true",
        help="recompute every target from the two files; exit code 1 if one fails",
    )
    command.set_defaults(run=_reconstruct)


def _reconstruct(args):
    from ivim import files
    from ivim.reconstruct import cohort, verify

    if args.verify:
        return _print_verified(
            verify.verify(
                *([f"{args.out}/patients.csv", f"{args.out}/measurements.csv"] if args.out else [])
            )
        )
    if not args.out:
        msg = (
            "--out is missing; give the folder that patients.csv and measurements.csv are "
            "written to"
        )
        raise ValueError(msg)
    seed = cohort.SEED if args.seed is None else args.seed
    if seed < 0:
        msg = f"--seed is {seed}; give 0 or more"
        raise ValueError(msg)
    # Before the work, so that nobody waits minutes for a refusal.
    files.new_folder(args.out)
    tables = cohort.reconstruct(
        seed, progress=lambda line: print(line, file=sys.stderr, flush=True)
    )
    paths = cohort.write(args.out, *tables)
    print(*paths, sep="\n")
    return _print_verified(verify.verify(*paths[:2]), quiet=True)


def _print_verified(table, quiet=False):
    for row in table.itertuples():
        name = " ".join(filter(None, (row.location, row.group, row.parameter, row.statistic)))
        note = "" if row.reason == "printed" else f"  ({row.reason})"
        if not (quiet and row.met):
            word = "pass" if row.met else "FAIL"
            print(f"{word}  {name}: wanted {row.wanted}, found {row.found}{note}")
    print(f"{table['met'].sum()} of {len(table)} targets met")
    return 0 if table["met"].all() else 1
