"""`nogil-kernels probe`: say whether statements or functions hold the GIL, and what threads would gain."""

from __future__ import annotations

import argparse

from ..gil import isolated, probing, report
from ..workers import pythons, search_path
from .compare import positive_seconds
from .outputs import note

DESCRIPTION = """\
Say whether code holds the GIL, and what threads would gain.

The code runs in a process of its own, again and again for about a second, while a native
thread samples who holds the GIL. Then two threads run it, in turns with two threads that
need no GIL ("native threads"). Its standard input is empty, and its output is only shown if
it fails."""

EPILOG = """\
examples:
  nogil-kernels probe -s "import hashlib; data = bytes(10**6)" "hashlib.sha256(data)"
  nogil-kernels probe ./jobs.py:work mypackage.jobs:work
  nogil-kernels probe --expect released ./jobs.py:work      # in CI

Use probe for one function: it takes a second and gives a verdict. Use compare for every
way to run it, with a report: it takes a minute.

exit status: 0; 1 if a verdict is not the one of --expect; 2 if a target fails"""


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of `probe`."""
    parser.description = DESCRIPTION
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = EPILOG
    parser.add_argument(
        "targets",
        nargs="+",
        metavar="STATEMENT",
        help="Python code, or a function as module:function or ./file.py:function; several give one line each",
    )
    parser.add_argument("-s", "--setup", action="append", default=[], help="code to run once before; can be repeated")
    parser.add_argument(
        "--limit", type=positive_seconds, default=probing.LIMIT, metavar="N", help="most seconds per target (default 5)"
    )
    parser.add_argument(
        "--no-parallel", action="store_true", help="never run two calls at once, for code that is not thread-safe"
    )
    parser.add_argument(
        "--python",
        action="append",
        default=[],
        metavar="PATH",
        help="also measure two threads in this interpreter, for example python3.14t; can be repeated",
    )
    parser.add_argument(
        "--expect", choices=report.VERDICTS, help="exit with status 1 for another verdict; waits is also released"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object per target instead of text")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Probe each target and print its report."""
    if options.python and options.no_parallel:
        note("nogil-kernels probe: --python runs two calls at once, and --no-parallel forbids it")
        return 2
    try:
        others = [pythons.inspect(path) for path in options.python]
    except pythons.PythonError as error:
        note(f"nogil-kernels probe: cannot use --python {str(error).removeprefix('skipped ')}")
        return 2
    search_path.add_current_folder()  # for the user's own function
    return max(probe(target, options, others) for target in options.targets)


def probe(target: str, options: argparse.Namespace, others: list[pythons.Python]) -> int:
    """Probe one target, print its report and return the exit status."""
    setup, parallel = "\n".join(options.setup), not options.no_parallel
    try:
        result = isolated.probe(target, setup=setup, limit=options.limit, parallel=parallel, others=others)
    except isolated.Failed as failure:
        in_setup = str(failure).partition('File "')[2].startswith("<setup>")  # the first place of the traceback
        note(f"{failure}\nnogil-kernels probe: {'the setup of ' * in_setup}{target!r} failed: no report")
        return 2
    if options.json:
        print(result.to_json(target=target))
    else:
        print(f"{target}: {result.headline()}" if len(options.targets) > 1 else result)
    if options.expect in (None, result.verdict) or (options.expect, result.verdict) == ("released", "waits"):
        return 0
    verdict = result.verdict or "undecided"
    note(f"nogil-kernels probe: {target!r}: expected {options.expect}, got {verdict}")
    return 1
