"""The command `nogil-kernels`. Each module except outputs.py defines a subcommand: its options and how to run it."""

import argparse
import io
import os
import sys
from collections.abc import Sequence
from difflib import get_close_matches
from typing import Any

from .. import __version__
from ..backend import BrokenBuild
from ..extras import MissingExtra
from . import compare, info, new, probe, report
from .outputs import INTERRUPTED as INTERRUPTED
from .outputs import writable as writable

COMMANDS: dict[str, tuple[Any, str]] = {
    "compare": (compare, "measure threads, processes, interpreters and asyncio, with the GIL held and released"),
    "probe": (probe, "say whether your code holds the GIL, and what threads would gain"),
    "report": (report, "show or plot a report that compare --json saved"),
    "new": (new, "create a project for your own extension, with tests, a benchmark and wheels"),
    "info": (info, "show the kernels in use, the state of the GIL, the machine, and warnings"),
}
"""Name -> (module, summary)."""
CLOSED = 141  # 128 + SIGPIPE: the status that shells report for a process that wrote to a closed pipe


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line `arguments`, by default sys.argv, and return the exit status."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal that cannot show µ shows ?
    parser = make_parser()
    if hint := near_command(sys.argv[1:] if arguments is None else arguments):
        print(hint, file=sys.stderr)
        return 2
    options = parser.parse_args(arguments)
    if options.run is None:
        parser.print_help(sys.stderr)
        return 2
    try:
        status = int(options.run(options))
        if sys.stdout is not None:
            sys.stdout.flush()
        return status
    except BrokenPipeError:  # for example, the reader in `nogil-kernels info | head` has exited
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # Python flushes stdout once more when it exits
        return CLOSED
    except (MissingExtra, BrokenBuild) as missing:
        print(missing, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return INTERRUPTED


def make_parser() -> argparse.ArgumentParser:
    """Return the parser of all subcommands."""
    parser = argparse.ArgumentParser(
        prog="nogil-kernels", description="Measure what releasing the GIL gains on this machine."
    )
    parser.add_argument("--version", action="version", version=f"nogil-kernels {__version__}")
    parser.set_defaults(run=None)
    commands = parser.add_subparsers(title="commands", metavar="COMMAND")
    for name, (command, summary) in COMMANDS.items():
        command.add_options(commands.add_parser(name, help=summary))
    return parser


def near_command(arguments: Sequence[str]) -> str:
    """Return an error message if the first argument is nearly a command, or ""."""
    first = arguments[0] if arguments else ""
    if first in COMMANDS or first.startswith("-") or not (near := get_close_matches(first, COMMANDS, 1)):
        return ""
    return f"nogil-kernels: unknown command {first!r}: did you mean {near[0]!r}?"
