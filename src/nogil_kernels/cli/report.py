"""`nogil-kernels report`: show again what `compare --json` measured."""

from __future__ import annotations

import argparse
import sys

from .outputs import add_outputs, require_for, show


def add_options(parser: argparse.ArgumentParser) -> None:
    """The options of `report`."""
    parser.description = "Show again what `compare --json FILE` measured; nothing is measured anew."
    parser.add_argument("file", metavar="FILE", help="what compare --json wrote")
    add_outputs(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Show a report that was saved."""
    require_for(options)
    from ..scaling.report.suite import Report

    try:
        report = Report.load(options.file)
    except OSError as error:
        print(f"nogil-kernels report: cannot read {options.file!r}: {error.strerror}", file=sys.stderr)
        return 2
    except ValueError as error:
        print(f"nogil-kernels report: {options.file!r} is no report of compare --json: {error}", file=sys.stderr)
        return 2
    show(report, options.output)
    return 0
