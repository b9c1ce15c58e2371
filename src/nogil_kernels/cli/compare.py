"""`nogil-kernels compare`: measure with a progress bar, then print, save and draw the report."""

from __future__ import annotations

import argparse
import importlib
import os
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from .. import scaling
from ..scaling.workloads import WORKLOADS
from ..workers import WAYS
from ..workers.errors import Exited, Unavailable, Unknown
from ..workers.gate import MAX_WORKERS
from .outputs import INTERRUPTED, add_outputs, require_for, show, writable

if TYPE_CHECKING:
    from ..scaling.report import Report
COMPARE_OPTIONS = ("ways", "workers", "weak", "quick", "seconds", "pythons", "executors")


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of `compare` to its parser."""
    parser.description = (
        "Measure how work scales with threads, processes, subinterpreters and asyncio, on this Python and on others,"
        " with the GIL held and released. Native threads give the ceiling. Takes about a minute. Ctrl-C stops measuring"
        " and shows the results so far."
    )
    parser.epilog = (
        f"Workloads: {', '.join(WORKLOADS)}, or your own function as module:function. The function takes no arguments,"
        f" its module may be in the current folder, and its output is hidden. Ways: {', '.join(WAYS)}. Use probe for a"
        " verdict on one function: it takes a second."
    )
    parser.add_argument("workloads", nargs="*", metavar="WORKLOAD", help="what to measure; by default all of them")
    parser.add_argument("--quick", action="store_true", help="10 seconds: few samples, no search for other Pythons")
    parser.add_argument("--seconds", type=positive, metavar="N", help="measure for N seconds after the workers' start")
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


def positive(text: str) -> float:
    """Return a positive, finite number of seconds."""
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds < float("inf"):
        raise argparse.ArgumentTypeError(f"must be a positive number of seconds, got {text!r}")
    return seconds


def run(options: argparse.Namespace) -> int:
    """Measure with a progress bar, show the report, and return the exit status."""
    require_for(options)
    from rich.console import Console

    from ..scaling.run.progress import bar

    if os.getcwd() not in sys.path:
        sys.path.insert(0, os.getcwd())  # for the user's own function; `python -m` adds it by itself
    try:
        with bar(Console(stderr=True)) as progress, stdout_hidden():
            arguments = {name: getattr(options, name) for name in COMPARE_OPTIONS}
            report = scaling.compare(options.workloads or None, progress=progress, **arguments)
    except (Unknown, Unavailable) as error:
        print(f"nogil-kernels compare: {error}", file=sys.stderr)
        return 2 if isinstance(error, Unknown) else 1
    except Exception as error:
        if not (failure := user_traceback(error)):
            raise
        print(f"{failure}\nnogil-kernels compare: the measured function failed, so there is no report", file=sys.stderr)
        return 1
    is_saved = not options.json or save(report, options.json)
    show(report, options.output)
    if not is_saved:
        return 1
    return INTERRUPTED if report.interrupted else 0


@contextmanager
def stdout_hidden() -> Iterator[None]:
    """Discard stdout, also of worker processes, because a workload's output must not mix with the report."""
    if sys.stdout is None:  # stdout is closed
        yield
        return
    sys.stdout.flush()
    stdout = os.dup(1)
    with open(os.devnull, "wb") as devnull:
        os.dup2(devnull.fileno(), 1)
    try:
        yield
    finally:
        sys.stdout.flush()
        os.dup2(stdout, 1)
        os.close(stdout)


def user_traceback(error: Exception) -> str:
    """Return the part of the traceback that starts in the user's function, or "" if the error is our own."""
    if isinstance(error, Exited):
        return str(error).capitalize()
    package_folder = os.path.dirname(os.path.dirname(__file__)) + os.sep
    entry, user_entry = error.__traceback__, None
    while entry:
        name = entry.tb_frame.f_code.co_filename
        if name.startswith(package_folder):
            user_entry = None
        elif user_entry is None and not name.startswith("<frozen ") and name != importlib.__file__:
            user_entry = entry
        entry = entry.tb_next
    if user_entry is None and isinstance(error.__cause__, Exception):
        return user_traceback(error.__cause__)
    if user_entry is None and not isinstance(error, SyntaxError):  # the text of a SyntaxError names file and line
        return ""
    return "".join(traceback.format_exception(type(error), error, user_entry)).rstrip()


def save(report: Report, path: str) -> bool:
    """Save the samples and print the outcome. Return False if writing failed."""
    if report.interrupted and os.path.isfile(path):  # an interrupted report overwrites no file: not a failure
        print(f"Interrupted: {path} was not overwritten", file=sys.stderr)
        return True
    try:
        report.save(path)
    except OSError as error:
        print(f"nogil-kernels: cannot write {path!r}: {error.strerror}", file=sys.stderr)
        return False
    print(f"Saved the samples to {path}", file=sys.stderr)
    return True
