"""The command `nogil-kernels`. Each file here is one command: it parses, calls and prints."""

from __future__ import annotations

import argparse
import io
import os
import sys
from collections.abc import Sequence

from .. import __version__
from ..extras import MissingExtra
from . import compare, info, new, report
from .outputs import INTERRUPTED as INTERRUPTED
from .outputs import writable as writable

CLOSED = 141  # as shells report an end by a pipe that nobody reads: 128 + SIGPIPE


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit status."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal without a µ shows a ? rather than a traceback
    parser = make_parser()
    options = parser.parse_args(arguments)
    if options.run is None:
        parser.print_help(sys.stderr)
        return 2
    try:
        status = int(options.run(options))
        if sys.stdout is not None:
            sys.stdout.flush()
        return status
    except BrokenPipeError:  # `| head` has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # or Python would try once more to write, at its end
        return CLOSED
    except MissingExtra as missing:
        print(missing, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return INTERRUPTED


def make_parser() -> argparse.ArgumentParser:
    """The command line."""
    parser = argparse.ArgumentParser(
        prog="nogil-kernels", description="See what releasing the GIL buys, on this machine."
    )
    parser.add_argument("--version", action="version", version=f"nogil-kernels {__version__}")
    parser.set_defaults(run=None)
    commands = parser.add_subparsers(title="commands", metavar="COMMAND")
    for name, command, text in (
        ("compare", compare, "the same work in every way that Python offers, GIL held and released"),
        ("report", report, "show, plot or export a report that compare --json wrote"),
        ("new", new, "write a project for an extension of your own, with all that this one has"),
        ("info", info, "print the kernels in use, the GIL's state, the machine, and what would spoil a measurement"),
    ):
        command.add_options(commands.add_parser(name, help=text))
    return parser
