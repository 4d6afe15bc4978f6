"""The command `ivim`: each sub-command reads its words, calls one room, and answers in one line or
many.

Exit code 0 only on success; bad input is one clear line on standard error and exit code 2, without
a traceback unless --debug. A command is a module here with `add(commands)`; its parser names the
function to run.
"""

import argparse
import signal
import sys
from collections.abc import Sequence
from importlib import import_module

from ivim import __version__

COMMANDS = (
    "reproduce",
    "fit",
    "maps",
    "roi",
    "import_",
    "measure",
    "study",
    "simulate",
    "design",
    "fetch_data",
    "audit",
    "reconstruct",
)
"""Modules of this package, in the order of `ivim --help`."""

LONGEST = 1500
"""Signs of a message; a longer one quotes an input at length."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line.

    Parameters
    ----------
    argv : sequence of str, optional
        The words after ``ivim``; by default those that the process was started with.

    Returns
    -------
    int
        The exit code: 0 all done, 1 done but something named was left out, 2 bad input, 130
        stopped.
    """
    parser = _parser()
    args = parser.parse_args(argv)
    if not hasattr(args, "run"):
        parser.print_help()
        return 2
    signal.signal(signal.SIGTERM, _stop)
    try:
        return args.run(args) or 0
    except (ValueError, OSError) as error:
        if args.debug:
            raise
        print(f"ivim {args.command}: {_one_line(error)}", file=sys.stderr)
        return 2
    except (KeyboardInterrupt, SystemError) as error:
        # Compiled code that is interrupted answers with a SystemError around the interrupt.
        if not any(isinstance(one, KeyboardInterrupt) for one in (error, error.__cause__)):
            raise
        print(
            f"ivim {args.command}: stopped; nothing half-written was left behind", file=sys.stderr
        )
        return 130


def _stop(number, frame):
    """An end asked for politely from outside is as Ctrl-C: clean up, say so, exit with 130."""
    raise KeyboardInterrupt


def _one_line(error):
    text = " ".join(str(error).split())
    return text if len(text) <= LONGEST else f"{text[:LONGEST]} ..."


def _parser():
    parser = argparse.ArgumentParser(
        prog="ivim",
        description=__doc__.split(":")[0] + ": IVIM fits, statistics, tables, figures, audit.",
    )
    parser.add_argument("--version", action="version", version=f"ivim {__version__}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")
    for name in COMMANDS:
        import_module(f"ivim.cli.{name}").add(commands)
    for command in commands.choices.values():
        command.add_argument("--debug", action="store_true", help="show the traceback of an error")
    return parser
