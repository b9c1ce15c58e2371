"""What the commands share: options for output files, and an exit status."""

from __future__ import annotations

import argparse
import errno
import logging
import os
import sys
from typing import TYPE_CHECKING

from ..extras import require
from ..workers.search_path import current_folder

if TYPE_CHECKING:
    from rich.console import Console

    from ..scaling.report import Report

PLOT_SUFFIXES = (".svg", ".png", ".pdf", ".html")
DEFAULT_WIDTH, MIN_WIDTH = 80, 40  # characters
INTERRUPTED = 130  # 128 + SIGINT: the status that shells report for a process that Ctrl-C ended


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
    path = os.path.expanduser(text)  # bash leaves the ~ of --json=~/x.json
    folder = os.path.dirname(path) or current_folder()
    problem = 0
    if os.path.isdir(path):
        problem = errno.EISDIR
    elif not path or not os.path.isdir(folder):
        problem = errno.ENOENT
    elif not os.access(path if os.path.exists(path) else folder, os.W_OK):
        problem = errno.EACCES
    if problem:
        raise argparse.ArgumentTypeError(f"cannot write {text!r}: {os.strerror(problem)}")
    return path


def require_for(options: argparse.Namespace) -> None:
    """Raise MissingExtra if a package that the options need is not installed."""
    logging.getLogger("matplotlib").setLevel(logging.ERROR)  # a home that cannot be written is no problem
    require("bench", "pyperf", "rich")
    if options.output:
        os.environ.pop("MPLBACKEND", None)  # a wrong one would fail, and drawing to files needs none
        require("bench", "matplotlib")


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
        are_written = [draw(report, path) for path in options.output]
    return all(are_written)


def draw(report: Report, path: str) -> bool:
    """Write a page or a plot, by the suffix of `path`. Print the outcome. Return False if writing failed."""
    from ..measure import style
    from ..scaling.report import page, plot

    write = page.write if path.endswith(".html") else plot.draw
    try:
        write(report, path)
    except OSError as error:
        print(f"nogil-kernels: cannot write {path!r}: {error.strerror}", file=sys.stderr)
        return False
    print(f"Wrote {path}", file=sys.stderr)
    names = [name for name in report.workloads if not style.is_drawable(name)]
    if names and not path.endswith((".svg", ".html")):
        print(f"The font of {path} lacks characters of {', '.join(names)}. Use a .svg.", file=sys.stderr)
    return True
