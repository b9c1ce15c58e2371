"""What the commands share: files to write reports to, and exit statuses."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from ..extras import require

if TYPE_CHECKING:
    from ..scaling.report.suite import Report

DRAWN = (".svg", ".png", ".pdf", ".html")
INTERRUPTED = 130  # as shells report an end by Ctrl-C: 128 + SIGINT


def add_outputs(parser: argparse.ArgumentParser) -> None:
    """The options of what a report is drawn to."""
    parser.add_argument(
        "-o",
        "--output",
        action="append",
        default=[],
        metavar="FILE",
        type=drawable,
        help="also draw: FILE.svg, .png or .pdf, or .html for a page with everything; can be repeated",
    )


def drawable(path: str) -> str:
    """`path`, if a report can be drawn there."""
    suffix = os.path.splitext(path)[1]
    if suffix not in DRAWN:
        raise argparse.ArgumentTypeError(f"cannot draw {path!r}: name a file that ends in {', '.join(DRAWN)}")
    return writable(path)


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


def require_for(options: argparse.Namespace) -> None:
    """Raise MissingExtra where what the options ask for is not installed."""
    require("bench", "pyperf", "rich", *(["matplotlib"] if options.output else []))


def show(report: Report, paths: Sequence[str]) -> None:
    """Print the report, then write the pages and the plots, even where nobody reads what is printed."""
    from rich.console import Console

    from ..scaling.report import table

    try:
        table.show(report, Console())
    finally:
        for path in paths:
            draw(report, path)
            print(f"Drawn: {path}", file=sys.stderr)


def draw(report: Report, path: str) -> None:
    """Write a page or a plot."""
    from ..scaling.report import page, plot

    write = page.write if path.endswith(".html") else plot.draw
    write(report, path)
