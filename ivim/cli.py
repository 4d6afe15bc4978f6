"""The command `ivim`: each sub-command reads its words, calls one room of the house, and answers in one line or many.

Exit code 0 only on success; bad input is one clear line on standard error and exit code 2, without a traceback unless --debug.
"""

import argparse
import sys


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
    for add in (_add_reproduce,):
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
