"""The command `nogil-kernels`. Each module except outputs.py defines a subcommand: its options and how to run it."""

import argparse
import errno
import io
import os
import sys
from collections.abc import Sequence
from difflib import get_close_matches
from typing import Any, NoReturn

from .. import __version__
from ..backend import BrokenBuild
from ..extras import MissingExtra
from ..workers.errors import Unknown
from . import compare, info, new, probe, report
from .outputs import INTERRUPTED as INTERRUPTED
from .outputs import note
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
NOT_PRINTED = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EBADF, errno.EIO)  # of a full disk or a closed stream


class Parser(argparse.ArgumentParser):
    """A parser whose errors are one line, with the nearest option for an unknown one."""

    def _print_message(self, message: str, file: Any = None) -> None:
        if file and file is sys.stdout:
            file.write(message)  # argparse would ignore an error
        else:
            super()._print_message(message, file)

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: {message}. See {self.prog} --help\n")

    def parse_known_args(self, *args: Any, **kwargs: Any) -> Any:
        options, unknown = super().parse_known_args(*args, **kwargs)
        if unknown:
            unknown = [word for word in unknown if word != "--"] or unknown
            near = get_close_matches(unknown[0].partition("=")[0], self._option_string_actions, 1)
            hint = f": did you mean {near[0]}?" if near else ""
            self.exit(2, f"{self.prog}: unknown argument {unknown[0]!r}{hint or f'. See {self.prog} --help'}\n")
        return options, unknown


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line `arguments`, by default sys.argv, and return the exit status."""
    open_streams()
    words = sys.argv[1:] if arguments is None else arguments
    name = " ".join(["nogil-kernels", *(word for word in words[:1] if word in COMMANDS)])
    try:
        try:
            return run(words)
        finally:  # also after --help, which exits
            if sys.stdout is not None:
                sys.stdout.flush()
    except BrokenPipeError:  # for example, the reader in `nogil-kernels info | head` has exited
        discard_stdout()
        return CLOSED
    except Unknown as error:
        note(f"{name}: {error}")
        return 2
    except (MissingExtra, BrokenBuild) as missing:
        note(f"{name}: {missing}")
    except OSError as error:
        problem = f"cannot use {error.filename!r}: " if error.filename else ""
        if not problem and error.errno in NOT_PRINTED:
            problem = "cannot print: "
            discard_stdout()
        note(f"{name}: {problem}{error.strerror or error}")
    except KeyboardInterrupt:
        return INTERRUPTED
    return 1


def run(words: Sequence[str]) -> int:
    """Parse the command line and run its command."""
    parser = make_parser()
    if hint := near_command(words):
        note(hint)
        return 2
    options = parser.parse_args(words)
    if options.run is None:
        parser.print_help(sys.stderr)
        return 2
    return int(options.run(options))


def open_streams() -> None:
    """Open standard streams that are closed.

    Otherwise the next file that is opened gets number 1 or 2, and messages are written into that file.
    """
    for descriptor in range(3):
        try:
            os.fstat(descriptor)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # gets the smallest number that is free
    if sys.stderr is None:
        sys.stderr = os.fdopen(2, "w", encoding="utf-8")
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal that cannot show µ shows ?


def discard_stdout() -> None:
    """Let Python drop what could not be printed. It would try again when it exits."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)


def make_parser() -> argparse.ArgumentParser:
    """Return the parser of all subcommands."""
    parser = Parser(prog="nogil-kernels", description="Measure what releasing the GIL gains on this machine.")
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
