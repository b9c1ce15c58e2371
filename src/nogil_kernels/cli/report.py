"""`nogil-kernels report`: show a saved report again."""

import argparse

from .outputs import add_outputs, cannot, note, require_for, show


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of `report` to its parser."""
    parser.description = "Show a report that `compare --json FILE` saved. Nothing is measured."
    parser.add_argument("file", metavar="FILE", help="a report that compare --json saved")
    add_outputs(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Show a saved report and return the exit status."""
    require_for(options, options.file)
    from ..scaling.report import Report

    try:
        report = Report.load(options.file)
    except OSError as error:
        note(f"nogil-kernels report: {cannot('read', options.file, error)}")
        return 2
    except ValueError:
        note(f"nogil-kernels report: {options.file!r} was not written by compare --json")
        return 2
    return 0 if show(report, options) else 1
