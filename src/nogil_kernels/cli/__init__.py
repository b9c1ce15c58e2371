"""The command `nogil-kernels`: parsing and printing only."""

from __future__ import annotations

import argparse
import importlib
import io
import os
import sys
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from .. import __version__
from ..extras import MissingExtra, require
from ..scaling.workloads import WORKLOADS
from ..workers import WAYS
from ..workers.errors import Exited, Unavailable, Unknown
from ..workers.gate import MOST_WORKERS
from .new import add_options as add_new

if TYPE_CHECKING:
    from ..scaling.report.suite import Report

DRAWN = (".svg", ".png", ".pdf", ".html")
INTERRUPTED = 130  # as shells report an end by Ctrl-C: 128 + SIGINT
CLOSED = 141  # and one by a pipe that nobody reads: 128 + SIGPIPE


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
        status = int(options.run(options))
        if sys.stdout is not None:
            sys.stdout.flush()
        return status
    except BrokenPipeError:  # `| head` has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # or Python would try once more to write, at its end
        return CLOSED
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
    add_compare(
        commands.add_parser("compare", help="the same work in every way that Python offers, GIL held and released")
    )
    add_report(commands.add_parser("report", help="show, plot or export a report that compare --json wrote"))
    add_new(commands.add_parser("new", help="write a project for an extension of your own, with all that this one has"))
    info = commands.add_parser(
        "info",
        help="print which kernels are in use, the GIL's state, the machine, and what would spoil a measurement",
        description="Print which kernels are in use, the state of Python and its GIL, the machine, the BLAS libraries"
        " that NumPy brings, and what would spoil a measurement here, with what to do about it. Takes half a second.",
    )
    info.add_argument("--json", action="store_true", help="print the facts and warnings as JSON")
    info.set_defaults(run=run_info)
    return parser


def add_compare(parser: argparse.ArgumentParser) -> None:
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
        metavar="PATH",
        help="another interpreter to run the same; can be repeated. Without it, python3.13t, python3.14t and"
        " python3.15t are looked for on PATH. Free-threaded ones run with the GIL off, and on",
    )
    parser.add_argument(
        "--executor",
        action="append",
        default=[],
        metavar="MODULE:FACTORY",
        help="one more way: FACTORY(workers) returns an executor; can be repeated",
    )
    add_outputs(parser)
    parser.add_argument("--json", metavar="FILE", type=writable, help="also write the samples, in the format of pyperf")
    parser.set_defaults(run=run_compare)


def add_report(parser: argparse.ArgumentParser) -> None:
    """The options of `report`."""
    parser.description = "Show again what `compare --json FILE` measured; nothing is measured anew."
    parser.add_argument("file", metavar="FILE", help="what compare --json wrote")
    add_outputs(parser)
    parser.set_defaults(run=run_report)


def add_outputs(parser: argparse.ArgumentParser) -> None:
    """What else a report can be written to."""
    parser.add_argument(
        "-o",
        "--output",
        action="append",
        default=[],
        metavar="FILE",
        type=drawable,
        help="also draw: FILE.svg, .png or .pdf, or .html for a page with everything; can be repeated",
    )


def names(text: str) -> list[str]:
    """Words between commas."""
    return [word.strip() for word in text.split(",")]


def counts(text: str) -> list[int]:
    """Numbers of workers between commas."""
    numbers = [positive_int(word) for word in text.split(",")]
    if max(numbers) > MOST_WORKERS:
        raise argparse.ArgumentTypeError(f"{max(numbers)} workers are too many: {MOST_WORKERS} at most")
    return numbers


def positive_int(text: str) -> int:
    """An integer from 1 on."""
    if not text.strip().isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of workers: 1, 2, ...")
    return int(text)


def positive(text: str) -> float:
    """A number of seconds above 0."""
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds < float("inf"):
        raise argparse.ArgumentTypeError(f"{text!r} is no time: a number of seconds above 0")
    return seconds


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


def run_compare(options: argparse.Namespace) -> int:
    """Measure behind a progress bar, then show the report."""
    require_for(options)
    from rich.console import Console

    from ..scaling import compare
    from ..scaling.run.progress import bar

    if os.getcwd() not in sys.path:
        sys.path.insert(0, os.getcwd())  # where a user's own function may be; `python -m` has it
    try:
        with bar(Console(stderr=True)) as progress, silent():
            report = compare(
                options.workloads or None,
                ways=options.ways,
                workers=options.workers,
                weak=options.weak,
                quick=options.quick,
                seconds=options.seconds,
                pythons=options.python,
                executors=options.executor,
                progress=progress,
            )
    except (Unknown, Unavailable) as error:
        print(f"nogil-kernels compare: {error}", file=sys.stderr)
        return 2 if isinstance(error, Unknown) else 1
    except Exception as error:
        if not (told := of_user(error)):
            raise
        print(f"{told}\nnogil-kernels compare: that failed, so there is nothing to compare", file=sys.stderr)
        return 1
    is_saved = not options.json or save(report, options.json)
    try:
        show(report)
    finally:  # who reads along a pipe may have seen enough, and the samples took a minute
        draw(report, options.output)
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


def run_report(options: argparse.Namespace) -> int:
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
    show(report)
    draw(report, options.output)
    return 0


def require_for(options: argparse.Namespace) -> None:
    """Raise MissingExtra where what the options ask for is not installed."""
    require("bench", "pyperf", "rich", *(["matplotlib"] if options.output else []))


def show(report: Report) -> None:
    """Print the report."""
    from rich.console import Console

    from ..scaling.report import table

    table.show(report, Console())


def draw(report: Report, paths: Sequence[str]) -> None:
    """Write the pages and the plots."""
    for path in paths:
        if path.endswith(".html"):
            from ..scaling.report import page

            page.write(report, path)
        else:
            from ..scaling.report import plot

            plot.draw(report, path)
        print(f"Drawn: {path}", file=sys.stderr)


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


def run_info(options: argparse.Namespace) -> int:
    """Look around, then print what was found."""
    from .info import as_json, as_text, look

    seen = look()
    print(as_json(seen) if options.json else as_text(seen))
    return 0
