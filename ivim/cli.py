"""The command `ivim`: each sub-command reads its words, calls one room of the house, and answers in one line or many.

Exit code 0 only on success; bad input is one clear line on standard error and exit code 2, without a traceback unless --debug.
"""

import argparse
import sys

_MODELS = ("monoexponential", "biexponential", "stretched", "kurtosis")
_METHODS = ("article", "full", "segmented")


def main(argv=None):
    """Run the command line; returns the exit code."""
    parser = _parser()
    args = parser.parse_args(argv)
    if not hasattr(args, "run"):
        parser.print_help()
        return 2
    try:
        return args.run(args) or 0
    except (ValueError, OSError) as error:
        if args.debug:
            raise
        print(f"ivim {args.command}: {_one_line(error)}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print(f"ivim {args.command}: stopped; nothing half-written was left behind", file=sys.stderr)
        return 130


def _one_line(error):
    return " ".join(str(error).split())


def _parser():
    parser = argparse.ArgumentParser(prog="ivim", description=__doc__.split(":")[0] + ": IVIM fits, statistics, tables, figures, audit.")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")
    for add in (_add_reproduce, _add_fit, _add_maps, _add_fetch_data, _add_audit, _add_reconstruct):
        add(commands)
    for command in commands.choices.values():
        command.add_argument("--debug", action="store_true", help="show the traceback of an error")
    return parser


def _add_reproduce(commands):
    command = commands.add_parser("reproduce", help="run the notebooks: Tables 1-5, Figures 1-3, the audit; or the same on your own table")
    command.add_argument("--patients", metavar="CSV", help="your patients (patient,group[,primary,sex,age])")
    command.add_argument("--measurements", metavar="CSV", help="your measurements (patient,reader,one column per parameter)")
    command.add_argument("--positive", metavar="NAME", help="the group that counts as disease (default: metastasis, else the last)")
    command.add_argument("--out", metavar="DIR", help="where results go (default: results/, or results/own-NAME/ for your own table)")
    command.add_argument("--only", metavar="NOTEBOOK", nargs="+", default=(), help="only these, by the beginning of the name, e.g. 05")
    command.add_argument("-p", dest="parameters", metavar="NAME=VALUE", action="append", default=[], help="set a notebook parameter")
    command.add_argument("--jobs", type=_positive, metavar="N", help="notebooks at a time (default: one per core)")
    command.add_argument("--force", action="store_true", help="run also what has not changed")
    command.add_argument("--update-notebooks", action="store_true", help="also store the executed notebooks in notebooks/ (for editors)")
    command.set_defaults(run=_reproduce)


def _reproduce(args):
    from ivim.run import reproduce

    return reproduce(
        args.out, jobs=args.jobs, only=args.only, force=args.force, patients=args.patients, measurements=args.measurements,
        positive=args.positive, parameters=_assignments(args.parameters), update_notebooks=args.update_notebooks,
    )


def _add_fit(commands):
    command = commands.add_parser("fit", help="fit the mean signal of an ROI with all models; values, standard errors, AICc")
    _add_scan(command)
    command.add_argument("--roi", metavar="MASK", required=True, help="mask or label map (NIfTI) on the grid of the image")
    command.add_argument("--label", type=int, metavar="N", help="only this region of a label map (default: each in turn)")
    command.add_argument("--model", choices=("all", *_MODELS), default="all", help="default: the article's three")
    command.add_argument("--out", metavar="CSV", help="write the table to this file as well")
    command.set_defaults(run=_fit)


def _fit(args):
    from ivim.imaging.jobs import fit_rois, fit_text

    table, notes = fit_rois(
        args.dwi, args.bval, args.roi, averages=_averages(args.averages), models=_models(args.model), label=args.label, out=args.out,
        force=args.force,
    )  # fmt: skip
    print("\n".join(notes))
    print(fit_text(table))


def _add_maps(commands):
    command = commands.add_parser("maps", help="parameter maps of a whole scan as NIfTI, with an overview picture")
    _add_scan(command)
    command.add_argument("--mask", metavar="MASK", help="only these voxels (default: every voxel with signal)")
    command.add_argument("--model", choices=("all", *_MODELS), default="all", help="default: the article's three")
    command.add_argument("--method", choices=_METHODS, default="article", help="how to fit; article: ADC from two b-values, the others in full")
    command.add_argument("--out", metavar="DIR", required=True, help="new or empty folder for the maps")
    command.set_defaults(run=_maps)


def _maps(args):
    from ivim.imaging.jobs import make_maps

    notes = make_maps(
        args.dwi, args.bval, args.out, mask=args.mask, averages=_averages(args.averages), models=_models(args.model), method=args.method,
        force=args.force, progress=sys.stderr.isatty(),
    )  # fmt: skip
    print("\n".join(notes))


def _add_fetch_data(commands):
    command = commands.add_parser("fetch-data", help="fetch openly licensed real scans, pinned and checked by SHA-256")
    command.add_argument("--out", metavar="DIR", help="folder for the scans (default: the user's cache)")
    command.set_defaults(run=_fetch_data)


def _fetch_data(args):
    from ivim.imaging.fetch import fetch_data

    for path in fetch_data(args.out):
        print(path)


def _add_scan(command):
    command.add_argument("--dwi", metavar="IMAGE", required=True, help="diffusion series, 4-D NIfTI, last axis b")
    command.add_argument("--bval", metavar="FILE", help="b-values in s/mm² (default: IMAGE's name with the ending .bval)")
    command.add_argument("--averages", metavar="N", nargs="+", help="averages per b-value, e.g. 2,2,2,1 (default: NumberOfAverages in IMAGE's .json)")
    command.add_argument("--force", action="store_true", help="replace existing files of the same names")


def _averages(words):
    return None if words is None else " ".join(words).replace(",", " ").split()


def _models(name):
    from ivim.signal.models import STUDY_MODELS

    return STUDY_MODELS if name == "all" else (name,)


def _add_audit(commands):
    command = commands.add_parser("audit", help="a verdict on every printed number of the article, or of yours")
    command.add_argument("claims", metavar="CSV", nargs="?", help="your claims (see data/published/README.md); default: the article's")
    command.add_argument("--structure", metavar="TOML", help="design facts (default: the TOML file beside the claims, else inferred)")
    command.add_argument("--patients", metavar="CSV", help="patients whose data are put through the pipeline (default: the reconstructed cohort)")
    command.add_argument("--measurements", metavar="CSV", help="their measurements")
    command.add_argument("--out", metavar="DIR", help="where the ledger goes (default: results/audit, or audit-NAME/ for your claims NAME.csv)")
    command.set_defaults(run=_audit)


def _audit(args):
    from pathlib import Path

    from ivim import files, judge, load_cohort
    from ivim.report import ledger
    from ivim.report.write import write_tables

    # A foreign article has no cohort here, unless its data come along.
    own = args.claims and not args.measurements
    pipeline = None if own else ledger.pipeline_frame(load_cohort(args.patients, args.measurements))
    audit = judge(args.claims, args.structure, pipeline)
    out = Path(args.out or (f"audit-{Path(args.claims).stem}" if args.claims else files.ROOT / "results" / "audit"))
    files = ledger.write_ledger(audit, out)
    write_tables(*ledger.corrected_tables(audit), folder=out)
    print(ledger.summary(audit))
    print(f"Written: {', '.join(files)} and the corrected tables under {out}")


def _add_reconstruct(commands):
    command = commands.add_parser("reconstruct", help="make the reconstructed cohort anew from a seed, or verify it cell by cell")
    command.add_argument("--seed", type=int, metavar="N", help="same seed, same files (default: that of the committed cohort)")
    command.add_argument("--out", metavar="DIR", help="where patients.csv and measurements.csv go; with --verify, where they are")
    command.add_argument("--verify", action="store_true", help="recompute every target from the two files; exit code 1 if one fails")
    command.set_defaults(run=_reconstruct)


def _reconstruct(args):
    from ivim.synthetic import cohort, verify

    if args.verify:
        return _print_verified(verify.verify(*([f"{args.out}/patients.csv", f"{args.out}/measurements.csv"] if args.out else [])))
    if not args.out:
        msg = "--out is missing; give the folder that patients.csv and measurements.csv are written to"
        raise ValueError(msg)
    seed = cohort.SEED if args.seed is None else args.seed
    if seed < 0:
        msg = f"--seed is {seed}; give 0 or more"
        raise ValueError(msg)
    tables = cohort.reconstruct(seed, progress=lambda line: print(line, file=sys.stderr, flush=True))
    paths = cohort.write(args.out, *tables)
    print(*paths, sep="\n")
    return _print_verified(verify.verify(*paths), quiet=True)


def _print_verified(table, quiet=False):
    for row in table.itertuples():
        name = " ".join(filter(None, (row.location, row.group, row.parameter, row.statistic)))
        note = "" if row.reason == "printed" else f"  ({row.reason})"
        if not (quiet and row.met):
            print(f"{'pass' if row.met else 'FAIL'}  {name}: wanted {row.wanted}, found {row.found}{note}")
    print(f"{table['met'].sum()} of {len(table)} targets met")
    return 0 if table["met"].all() else 1


def _positive(text):
    if not text.isdigit() or int(text) < 1:
        msg = f"{text!r} is not a number of notebooks; give 1 or more"
        raise argparse.ArgumentTypeError(msg)
    return int(text)


def _assignments(words):
    for word in words:
        if "=" not in word:
            msg = f"-p {word}: a parameter is given as NAME=VALUE"
            raise ValueError(msg)
    return dict(word.split("=", 1) for word in words)


if __name__ == "__main__":
    sys.exit(main())
