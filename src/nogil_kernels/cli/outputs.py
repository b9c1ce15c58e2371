"""What the commands share: options for output files, and an exit status."""

from __future__ import annotations

import argparse
import os
import sys
from typing import TYPE_CHECKING

from ..extras import require

if TYPE_CHECKING:
    from ..scaling.report import Report

PLOT_SUFFIXES = (".svg", ".png", ".pdf", ".html")
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


def writable(path: str) -> str:
    """Return `path` if a file can be written there. The check comes before the measurement, which takes long."""
    is_new = not os.path.exists(path)
    if not is_new and not os.path.isfile(path) and not os.path.isdir(path):
        return path  # a pipe or a device: to open and close it would end the program that reads it
    try:
        with open(path, "ab"):
            pass
        if is_new:
            os.unlink(path)
    except OSError as error:
        raise argparse.ArgumentTypeError(f"cannot write {path!r}: {error.strerror}") from None
    return path


def require_for(options: argparse.Namespace) -> None:
    """Raise MissingExtra if a package that the options need is not installed."""
    require("bench", "pyperf", "rich", *(["matplotlib"] if options.output else []))


def show(report: Report, options: argparse.Namespace) -> None:
    """Print the report, then write the pages and plots, even if stdout is closed."""
    from rich.console import Console

    from ..scaling.report import table

    try:
        table.show(report, Console(), details=options.details)
    finally:
        for path in options.output:
            draw(report, path)
            print(f"Wrote {path}", file=sys.stderr)


def draw(report: Report, path: str) -> None:
    """Write a page or a plot, by the suffix of `path`."""
    from ..scaling.report import page, plot

    write = page.write if path.endswith(".html") else plot.draw
    write(report, path)
