"""What the commands share: options for output files, messages, and an exit status."""

from __future__ import annotations

import argparse
import errno
import logging
import os
import sys
from contextlib import suppress
from typing import TYPE_CHECKING

from ..extras import require
from ..workers.errors import Unknown

if TYPE_CHECKING:
    from rich.console import Console

    from ..scaling.report import Report

PLOT_SUFFIXES = (".svg", ".png", ".pdf", ".html")
DEFAULT_WIDTH, MIN_WIDTH = 80, 40  # characters
INTERRUPTED = 130  # 128 + SIGINT: the status that shells report for a process that Ctrl-C ended


def note(text: str) -> None:
    """Print a message to stderr. If that fails, go on: the report and its files are more important."""
    with suppress(OSError):
        print(text, file=sys.stderr, flush=True)


def cannot(verb: str, path: str, error: OSError) -> str:
    """Return the message for a file that cannot be read or written."""
    return f"cannot {verb} {path!r}: {error.strerror or error}"


def add_outputs(parser: argparse.ArgumentParser) -> None:
    """Add the options for the output of a report."""
    parser.add_argument(
        "--details", action="store_true", help="also print what workers cost, the legend of the tables, and all notes"
    )
    parser.add_argument(
        "-o",
        "--output",
        action="append",
        default=[],
        metavar="FILE",
        type=drawable,
        help="also draw a plot (.svg, .png or .pdf) or write a page with the whole report (.html); can be repeated",
    )


def drawable(path: str) -> str:
    """Return `path` if its suffix is one of PLOT_SUFFIXES and a file can be written there."""
    suffix = os.path.splitext(path)[1]
    if suffix not in PLOT_SUFFIXES:
        raise argparse.ArgumentTypeError(f"must end in {', '.join(PLOT_SUFFIXES)}, got {path!r}")
    return writable(path)


def writable(text: str) -> str:
    """Return the path with ~ expanded if a file can be written there. The check is before the long measurement."""
    path = place = os.path.expanduser(text)  # bash does not expand the ~ in --json=~/x.json
    try:
        if os.path.isdir(path):
            raise OSError(errno.EISDIR, os.strerror(errno.EISDIR))
        try:
            os.stat(path)
        except FileNotFoundError:
            place = os.path.dirname(os.path.realpath(path)) if path else ""  # a link may lead to another folder
            os.stat(place)
        if not os.access(place, os.W_OK):
            raise OSError(errno.EACCES, "no permission, or a read-only file system")
    except OSError as error:
        raise argparse.ArgumentTypeError(cannot("write", text, error)) from None
    return path


def require_for(options: argparse.Namespace, *files: str | None) -> None:
    """Check what the options need, before anything runs. `files` are paths that the command reads or writes, too.

    Raise MissingExtra if a package is not installed, and Unknown if a file would be written twice.
    """
    paths = [path for path in (*files, *options.output) if path]
    if len({os.path.realpath(path) for path in paths}) < len(paths):
        raise Unknown(f"each file must have its own name, got {', '.join(map(repr, paths))}")
    logging.getLogger("matplotlib").setLevel(logging.ERROR)  # it warns of a home that cannot be written
    require("bench", "pyperf", "rich")
    if options.output:
        os.environ.pop("MPLBACKEND", None)  # a wrong one would fail, and drawing to files needs none
        os.environ["MATPLOTLIBRC"] = os.devnull  # drawings have settings of their own, see style.styled
        try:
            require("bench", "matplotlib")
        except (OSError, ValueError) as error:
            raise Unknown(f"cannot import matplotlib: {error}. Check the file matplotlibrc in this folder") from None


def console(stderr: bool = False) -> Console:
    """Return a console that is wide enough for a table. COLUMNS=0 means that the width is unknown."""
    from rich.console import Console

    result = Console(stderr=stderr)
    result.width = max(result.width or DEFAULT_WIDTH, MIN_WIDTH)
    return result


def show(report: Report, options: argparse.Namespace) -> bool:
    """Print the report, then write the pages and plots, even if stdout is closed. Return whether all were written."""
    from ..scaling.report import table

    try:
        if sys.stdout is None:
            raise OSError(errno.EBADF, os.strerror(errno.EBADF))
        table.show(report, console(), details=options.details)
        sys.stdout.flush()
    finally:
        written = [draw(report, path) for path in options.output]
    return all(written)


def draw(report: Report, path: str) -> bool:
    """Write a page or a plot, by the suffix of `path`. Print the outcome. Return False if writing failed."""
    from ..measure import style
    from ..scaling.report import page, plot

    write = page.write if path.endswith(".html") else plot.draw
    try:
        write(report, path)
    except OSError as error:
        note(f"nogil-kernels: {cannot('write', path, error)}")
        return False
    note(f"Wrote {path}")
    names = [] if path.endswith((".svg", ".html")) else report.workloads
    if names := [name for name in names if not style.is_drawable(name)]:
        note(f"The font of {path} lacks characters of {', '.join(names)}. Use a .svg.")
    return True
