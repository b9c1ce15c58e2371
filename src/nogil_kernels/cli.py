"""The command `nogil-kernels`: parsing and printing only."""

from __future__ import annotations

import argparse
import io
import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from . import __version__
from .extras import MissingExtra, require

if TYPE_CHECKING:
    from .scaling.report import Report

INTERRUPTED = 130  # as shells report an end by Ctrl-C: 128 + SIGINT


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
        return int(options.run(options))
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
    commands = parser.add_subparsers(title="commands", metavar="COMMAND")
    parser.set_defaults(run=None)
    compare = commands.add_parser(
        "compare",
        help="measure the kernels in pure Python, with the GIL held and released, on 1, 2, ... threads",
        description="Measure sum_of_squares and matmul in pure Python, with the GIL held and with it released, on"
        " 1, 2, ... threads up to the usable cores, and show how each scales. Takes about half a minute. Ctrl-C shows"
        " what there is by then.",
    )
    compare.add_argument("--quick", action="store_true", help="end within 10 seconds, with fewer samples")
    compare.add_argument(
        "--json", metavar="FILE", type=writable, help="also write the samples to FILE, in the format of pyperf"
    )
    compare.set_defaults(run=run_compare)
    info = commands.add_parser(
        "info",
        help="print which kernels are in use, the GIL's state, the machine, and what would spoil a measurement",
        description="Print which kernels are in use, the state of Python and its GIL, the machine, the BLAS libraries"
        " that NumPy brings, and what would spoil a measurement here, with what to do about it. Takes half a second.",
    )
    info.add_argument("--json", action="store_true", help="print the facts and warnings as JSON")
    info.set_defaults(run=run_info)
    return parser


def writable(path: str) -> str:
    """`path`, if a file can be written there: known before minutes are spent on what is to be written."""
    is_new = not os.path.exists(path)
    if not is_new and not os.path.isfile(path) and not os.path.isdir(path):
        return path  # a pipe or a device: to open it means something to its reader
    try:
        with open(path, "ab"):
            pass
        if is_new:
            os.unlink(path)
    except OSError as error:
        raise argparse.ArgumentTypeError(f"cannot write {path!r}: {error.strerror}") from None
    return path


def run_compare(options: argparse.Namespace) -> int:
    """Measure behind a progress bar, then print the report."""
    require("bench", "pyperf", "rich")
    from rich.console import Console

    from .scaling import compare
    from .scaling.progress import bar
    from .scaling.table import show

    with bar(Console(stderr=True)) as progress:
        report = compare(quick=options.quick, progress=progress)
    show(report, Console())
    if options.json and not save(report, options.json):
        return 1
    return INTERRUPTED if report.interrupted else 0


def save(report: Report, path: str) -> bool:
    """Write the samples and say so, or why not. An interrupted report leaves an older file alone."""
    if report.interrupted and os.path.isfile(path):
        print(f"\nInterrupted: {path} was left as it is", file=sys.stderr)
        return True
    try:
        report.save(path)
    except OSError as error:
        print(f"\nnogil-kernels: cannot write {path!r}: {error.strerror}", file=sys.stderr)
        return False
    print(f"\nSamples written to {path}", file=sys.stderr)
    return True


def run_info(options: argparse.Namespace) -> int:
    """Look around, then print what was found."""
    from .info import as_json, as_text, look

    seen = look()
    print(as_json(seen) if options.json else as_text(seen))
    return 0
