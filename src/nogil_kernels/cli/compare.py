"""`nogil-kernels compare`: measure behind a progress bar, print the report, write and draw it."""

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
from ..workers.gate import MOST_WORKERS
from .outputs import INTERRUPTED, add_outputs, require_for, show, writable

if TYPE_CHECKING:
    from ..scaling.report.suite import Report
PASSED_ON = ("ways", "workers", "weak", "quick", "seconds", "pythons", "executors")


def add_options(parser: argparse.ArgumentParser) -> None:
    """The options of `compare`."""
    parser.description = (
        "Measure how work scales: by threads, processes, interpreters and asyncio, on this Python and on others, with"
        " the GIL held and released, beside native threads as the ceiling. Takes about a minute. Ctrl-C shows what"
        " there is by then."
    )
    parser.epilog = (
        f"Workloads: {', '.join(WORKLOADS)}; or module:function, a function of yours without arguments, found from the"
        f" current folder, too; what it prints to stdout is not shown. Ways: {', '.join(WAYS)}."
    )
    parser.add_argument("workloads", nargs="*", metavar="WORKLOAD", help="what to compare; all of them by default")
    parser.add_argument("--quick", action="store_true", help="10 seconds, with fewer samples and numbers of workers")
    parser.add_argument("--seconds", type=positive, metavar="N", help="measure for so long, after starting the workers")
    parser.add_argument(
        "--ways", type=names, metavar="WAY,...", help="only these; one after another is always measured"
    )
    parser.add_argument("--workers", type=counts, metavar="N,...", help="numbers of workers (2, 4, ... and all cores)")
    parser.add_argument(
        "--weak", action="store_true", help="weak scaling: as many calls for each worker, rather than for all together"
    )
    parser.add_argument(
        "--python",
        action="append",
        dest="pythons",
        metavar="PATH",
        help="another interpreter to run the same; can be repeated. Without it, python3.13t, python3.14t and"
        " python3.15t are looked for on PATH. Free-threaded ones run with the GIL off, and on",
    )
    parser.add_argument(
        "--executor",
        action="append",
        default=[],
        dest="executors",
        metavar="MODULE:FACTORY",
        help="one more way: FACTORY(workers) returns an executor; can be repeated",
    )
    add_outputs(parser)
    parser.add_argument("--json", metavar="FILE", type=writable, help="also write the samples, in the format of pyperf")
    parser.set_defaults(run=run)


def names(text: str) -> list[str]:
    """Words between commas."""
    return [word.strip() for word in text.split(",")]


def counts(text: str) -> list[int]:
    """Numbers of workers between commas."""
    words = text.split(",")
    for word in words:
        if not word.strip().isdecimal() or int(word) < 1:
            raise argparse.ArgumentTypeError(f"{word!r} is no number of workers: 1, 2, ...")
    numbers = [int(word) for word in words]
    if max(numbers) > MOST_WORKERS:
        raise argparse.ArgumentTypeError(f"{max(numbers)} workers are too many: {MOST_WORKERS} at most")
    return numbers


def positive(text: str) -> float:
    """A number of seconds above 0."""
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds < float("inf"):
        raise argparse.ArgumentTypeError(f"{text!r} is no time: a number of seconds above 0")
    return seconds


def run(options: argparse.Namespace) -> int:
    """Measure behind a progress bar, then show the report."""
    require_for(options)
    from rich.console import Console

    from ..scaling.run.progress import bar

    if os.getcwd() not in sys.path:
        sys.path.insert(0, os.getcwd())  # where a user's own function may be; `python -m` has it
    try:
        with bar(Console(stderr=True)) as progress, silent():
            asked = {name: getattr(options, name) for name in PASSED_ON}
            report = scaling.compare(options.workloads or None, progress=progress, **asked)
    except (Unknown, Unavailable) as error:
        print(f"nogil-kernels compare: {error}", file=sys.stderr)
        return 2 if isinstance(error, Unknown) else 1
    except Exception as error:
        if not (told := of_user(error)):
            raise
        print(f"{told}\nnogil-kernels compare: that failed, so there is nothing to compare", file=sys.stderr)
        return 1
    is_saved = not options.json or save(report, options.json)
    show(report, options.output)
    if not is_saved:
        return 1
    return INTERRUPTED if report.interrupted else 0


@contextmanager
def silent() -> Iterator[None]:
    """What a function prints, in whatever process, does not get between the lines of the report."""
    if sys.stdout is None:  # it was closed, and nothing is printed at all
        yield
        return
    sys.stdout.flush()
    kept = os.dup(1)
    with open(os.devnull, "wb") as nowhere:
        os.dup2(nowhere.fileno(), 1)
    try:
        yield
    finally:
        sys.stdout.flush()
        os.dup2(kept, 1)
        os.close(kept)


def of_user(error: Exception) -> str:
    """The traceback of an error within a user's function, from there on; "" for an error of our own."""
    if isinstance(error, Exited):
        return str(error).capitalize()
    ours = os.path.dirname(os.path.dirname(__file__)) + os.sep
    at, theirs = error.__traceback__, None
    while at:
        name = at.tb_frame.f_code.co_filename
        if name.startswith(ours):
            theirs = None
        elif theirs is None and not name.startswith("<frozen ") and name != importlib.__file__:
            theirs = at
        at = at.tb_next
    if theirs is None and isinstance(error.__cause__, Exception):
        return of_user(error.__cause__)
    if theirs is None and not isinstance(error, SyntaxError):  # whose place is in its text
        return ""
    return "".join(traceback.format_exception(type(error), error, theirs)).rstrip()


def save(report: Report, path: str) -> bool:
    """Write the samples and say so, or why not. An interrupted report leaves an older file alone."""
    if report.interrupted and os.path.isfile(path):
        print(f"Interrupted: {path} was left as it is", file=sys.stderr)
        return True
    try:
        report.save(path)
    except OSError as error:
        print(f"nogil-kernels: cannot write {path!r}: {error.strerror}", file=sys.stderr)
        return False
    print(f"Samples written to {path}", file=sys.stderr)
    return True
