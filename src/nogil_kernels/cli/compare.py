"""`nogil-kernels compare`: measure with a progress bar, then print, save and draw the report."""

from __future__ import annotations

import argparse
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from .. import scaling
from ..gil.report import VERDICTS
from ..scaling.workloads import WORKLOADS
from ..workers import WAYS, search_path
from ..workers.errors import Failed, Unavailable
from ..workers.gate import MAX_WORKERS
from .outputs import INTERRUPTED, add_outputs, cannot, console, note, require_for, show, writable

if TYPE_CHECKING:
    from ..scaling.report import Report
COMPARE_OPTIONS = ("ways", "workers", "weak", "quick", "seconds", "pythons", "executors", "beside_python")

DESCRIPTION = """\
Measure how work scales with threads, processes, subinterpreters and asyncio, on this Python
and on others, with the GIL held and released. Native threads give the ceiling.

It takes 80 seconds, 35 more for each further interpreter, and with --quick 10. Functions
run in processes of their own, their standard input is empty, and their output is not shown.
Ctrl-C stops measuring and shows the results so far."""

EPILOG = f"""\
workloads: {", ".join(list(WORKLOADS)[:5])},
  {", ".join(list(WORKLOADS)[5:])}, or your own function without arguments.
  A module is looked for in Python's library, then in the current folder, then in the
  installed packages.
ways: {", ".join(WAYS)}

examples:
  nogil-kernels compare --quick ./jobs.py:work
  nogil-kernels compare mypackage.jobs:work --json work.json -o work.html
  nogil-kernels compare ./jobs.py:work --expect released --fail-under 1.6      # in CI
  nogil-kernels compare --beside-python ./jobs.py:work

Use compare for every way to run a function, with a report: it takes a minute. Use probe for
a verdict on one function or statement: it takes a second.

exit status: 0; 1 if nothing could be measured, if --expect or --fail-under is not met, also
because a function failed, or if a file could not be written; 2 if the request cannot be met;
130 after Ctrl-C, 143 after SIGTERM, 129 after SIGHUP"""


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of `compare` to its parser."""
    parser.description, parser.epilog = DESCRIPTION, EPILOG
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument(
        "workloads",
        nargs="*",
        metavar="WORKLOAD",
        help="a workload, or a function as module:function or ./file.py:function; by default all workloads",
    )
    parser.add_argument("--quick", action="store_true", help="few samples, and no search for other Pythons")
    parser.add_argument("--seconds", type=positive_seconds, metavar="N", help="measure for N seconds")
    parser.add_argument("--ways", type=names, metavar="WAY,...", help="ways to run work; sequential is always measured")
    parser.add_argument(
        "--workers", type=counts, metavar="N,...", help="numbers of workers; default: 2, 4, ... and the number of cores"
    )
    parser.add_argument("--weak", action="store_true", help="weak scaling: the same work per worker, not in total")
    parser.add_argument(
        "--python",
        action="append",
        dest="pythons",
        metavar="PATH",
        help="another interpreter to measure; can be repeated. By default python3.13t, python3.14t and python3.15t"
        " on PATH, unless --quick is given. Free-threaded interpreters are measured with the GIL off and on",
    )
    parser.add_argument(
        "--executor",
        action="append",
        default=[],
        dest="executors",
        metavar="MODULE:FACTORY",
        help="another way: FACTORY(workers) returns an executor; can be repeated",
    )
    parser.add_argument(
        "--beside-python",
        action="store_true",
        help="measure the time of single calls instead, alone and beside a thread that runs Python, for three switch"
        " intervals; with the GIL held and released if the function has a parameter gil",
    )
    parser.add_argument(
        "--expect",
        choices=VERDICTS,
        help="exit with status 1 for another verdict on a function; waits is also released",
    )
    parser.add_argument(
        "--fail-under",
        type=positive,
        metavar="X",
        help="exit with status 1 if threads gain less than X on a function",
    )
    add_outputs(parser)
    parser.add_argument("--json", metavar="FILE", type=writable, help="also save the samples in pyperf's format")
    parser.set_defaults(run=run)


def names(text: str) -> list[str]:
    """Return the words of a comma-separated list."""
    return [word.strip() for word in text.split(",")]


def counts(text: str) -> list[int]:
    """Return the numbers of workers in a comma-separated list."""
    words = text.split(",")
    for word in words:
        if not word.strip().isdecimal() or int(word) < 1:
            raise argparse.ArgumentTypeError(f"must be a positive integer, got {word!r}")
    numbers = [int(word) for word in words]
    if max(numbers) > MAX_WORKERS:
        raise argparse.ArgumentTypeError(f"must be at most {MAX_WORKERS}, got {max(numbers)}")
    return numbers


def positive(text: str, unit: str = "") -> float:
    """Return a positive, finite number."""
    try:
        number = float(text)
    except ValueError:
        number = 0.0
    if not 0 < number < float("inf"):
        raise argparse.ArgumentTypeError(f"must be a positive number{unit}, got {text!r}")
    return number


def positive_seconds(text: str) -> float:
    """Return a positive, finite number of seconds."""
    return positive(text, " of seconds")


@contextmanager
def interruptible() -> Iterator[list[int]]:
    """Let SIGTERM and SIGHUP act like Ctrl-C in this block, so that no samples are lost. Yield those that arrived."""
    arrived: list[int] = []

    def interrupt(number: int, frame: Any) -> None:
        if not arrived:  # `timeout` sends its signal twice
            arrived.append(number)
            raise KeyboardInterrupt

    numbers = [getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)]
    numbers = [number for number in numbers if signal.getsignal(number) == signal.SIG_DFL]  # nohup ignores SIGHUP
    for number in numbers:
        signal.signal(number, interrupt)
    try:
        yield arrived
    finally:
        for number in numbers:
            signal.signal(number, signal.SIG_DFL)


def run(options: argparse.Namespace) -> int:
    """Measure with a progress bar, show the report, and return the exit status."""
    require_for(options, options.json)
    with interruptible() as arrived:
        status = measure(options)
    return 128 + arrived[0] if arrived and status == INTERRUPTED else status


def measure(options: argparse.Namespace) -> int:
    """Measure, show and save the report, and return the exit status."""
    from ..scaling.run.progress import bar

    search_path.add_current_folder()  # for the user's own function
    try:
        with bar(console(stderr=True)) as progress:
            arguments = {name: getattr(options, name) for name in COMPARE_OPTIONS}
            report = scaling.compare(options.workloads or None, progress=progress, **arguments)
    except Unavailable as error:
        note(f"nogil-kernels compare: {error}")
        return 1
    except KeyboardInterrupt:
        note("Interrupted before the first sample: nothing was measured.")
        return INTERRUPTED
    except Failed as failure:
        note(f"{failure}\nnogil-kernels compare: nothing could be measured")
        return 1
    is_saved = not options.json or save(report, options.json)
    try:
        is_saved &= show(report, options)
    except OSError as error:
        if not options.json and not isinstance(error, BrokenPipeError):
            rescue(report)
        raise
    misses = [*unexpected(report, options.expect), *too_slow(report, options.fail_under)]
    if options.expect or options.fail_under:
        misses += [note for note in report.notes if note.startswith(("failed", "stopped"))]
    for miss in misses:
        note(f"nogil-kernels compare: {miss}")
    if not is_saved or misses:
        return 1
    return INTERRUPTED if report.interrupted else 0


def unexpected(report: Report, expected: str | None) -> list[str]:
    """Return a line per function with another verdict than the expected one."""
    accepted = {None: (), "released": ("released", "waits")}.get(expected, (expected,))
    return [
        f"{name}: expected {expected}, got {verdict or 'undecided'}"
        for name, verdict in report.verdicts.items()
        if expected and verdict not in accepted
    ]


def too_slow(report: Report, least: float | None) -> list[str]:
    """Return a line per function whose threads gain less than `least`, or of which no speed-up is known."""
    from ..scaling.report.claims import missing

    lines = []
    for name in report.verdicts if least else ():
        rows = [row for row in report.block(name) if row.session == report.sessions[0]]
        rows = [row for row in rows if row.way in ("threads", "asyncio")]
        gains = {row: speed_up.median for row in rows if row.workers > 1 and (speed_up := report.speed_up(row))}
        best = max(gains, key=lambda row: gains[row], default=None)
        if best is None or gains[best] < (least or 0.0):
            gain = f"{gains[best]:.2f}x" if best else "no measurement of threads"
            doubt = f" ({problem})" if best and (problem := missing(report, best)) else ""
            lines.append(f"{name}: expected a speed-up of at least {least:g}x, got {gain}{doubt}")
    return lines


def save(report: Report, path: str) -> bool:
    """Save the samples and print the outcome. Return False if writing failed."""
    if report.interrupted and os.path.isfile(path):  # an interrupted report overwrites no file: not a failure
        note(f"Interrupted: {path} was not overwritten")
        return True
    try:
        report.save(path)
    except OSError as error:
        note(f"nogil-kernels compare: {cannot('write', path, error)}")
        rescue(report)
        return False
    note(f"Saved the samples to {path}")
    return True


def rescue(report: Report) -> None:
    """Save the samples in the temporary folder instead, and print where."""
    from ..measure import suite_file

    try:
        path = suite_file.save_elsewhere(report.suite)
    except OSError as error:
        note(f"nogil-kernels compare: cannot save the samples elsewhere: {error.strerror or error}")
    else:
        note(f"Saved the samples to {path}")
