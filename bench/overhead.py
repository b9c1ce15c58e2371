"""What a call costs before any work is done, stage by stage, in nanoseconds.

Each stage is the difference of two statements that differ by that stage alone, timed in the same rounds; beside the
whole calls stand those of NumPy and bottleneck on the same operands. A difference is no measurement of its own: the
processor works on two stages at once, so that one stage can hide behind another, and their sum is not the whole.
"""

import argparse
import sys
from array import array
from collections.abc import Sequence
from typing import Any

import numpy as np
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

import nogil_kernels
from nogil_kernels import backend
from nogil_kernels.extras import MissingExtra, require

from . import suites
from .timing import median, sample

SECONDS, QUICK_SECONDS = 8.0, 0.5

LOOP = "pass"
"""What the loop around a statement takes, and is taken off all of them."""

NOTHING, NOTHING_X, NOTHING_GIL = "nothing()", "nothing(x)", "nothing(x, gil='hold')"
TAKE, TAKE_ARRAY, TAKE_BYTES = "take_buffer(x)", "take_buffer(numbers)", "take_buffer(text)"
SUM, SUM_HELD, SUM_RELEASED = (f"sum_of_squares(x{gil})" for gil in ("", ", gil='hold'", ", gil='release'"))
MATMUL, MATMUL_INTO, EMPTY = "matmul(a, b)", "matmul(a, b, out=c)", "np.empty((4, 4))"
PEERS = ("bn.ss(x)", "np.dot(x, x)", "np.matmul(a, b)", "np.matmul(a, b, out=c)")

STATEMENTS = (
    *(NOTHING, NOTHING_X, NOTHING_GIL, TAKE, TAKE_ARRAY, TAKE_BYTES),
    *(SUM, SUM_HELD, SUM_RELEASED, MATMUL, MATMUL_INTO, EMPTY, *PEERS),
)
"""What is timed, as it is typed."""

STAGES = {
    "calling a compiled function": (NOTHING, LOOP),
    "an argument": (NOTHING_X, NOTHING),
    "the argument gil=": (NOTHING_GIL, NOTHING_X),
    "taking an ndarray's buffer, reading its format": (TAKE, NOTHING_X),
    "the same of an array.array": (TAKE_ARRAY, NOTHING_X),
    "the same of bytes, which fill in no format": (TAKE_BYTES, NOTHING_X),
    "choosing the kernel, 8 squares, the result": (SUM, TAKE),
    "releasing the GIL and getting it back": (SUM_RELEASED, SUM_HELD),
    "allocating the result of matmul": (MATMUL, MATMUL_INTO),
}
"""What lies between two statements."""


def operands() -> dict[str, Any]:
    """What the statements name. bottleneck is missing where it is not installed."""
    limits = backend.limits()
    found: dict[str, Any] = {
        "np": np,
        "matmul": nogil_kernels.matmul,
        "sum_of_squares": nogil_kernels.sum_of_squares,
        "nothing": limits.nothing,
        "take_buffer": limits.take_buffer,
        "x": np.arange(8.0),
        "numbers": array("d", range(8)),
        "text": bytes(64),
        "a": np.eye(4),
        "b": np.ones((4, 4)),
        "c": np.empty((4, 4)),
    }
    try:
        require("peers", "bottleneck")
    except MissingExtra as missing:
        print(f"without bottleneck: {missing}", file=sys.stderr)
    else:
        import bottleneck  # type: ignore[import-untyped]

        found["bn"] = bottleneck
    return found


def measure(seconds: float) -> Any:
    """The suite of all statements, timed in the same rounds."""
    namespace = operands()
    known = [code for code in (LOOP, *STATEMENTS) if "bn" in namespace or "bn." not in code]
    samples = sample({code: code for code in known}, namespace, seconds)
    return suites.make(samples, {code: {"nk_bench": "overhead"} for code in known})


def nanoseconds(longer: Sequence[float], shorter: Sequence[float]) -> tuple[str, str]:
    """How much longer, and within which limits, round by round."""
    found = median([1e9 * (long - short) for long, short in zip(longer, shorter, strict=True)])
    return f"{found.median:.0f}", f"{found.low:.0f} to {found.high:.0f}"


def show(suite: Any, console: Console) -> None:
    """Print the statements, and what lies between them."""
    values = {benchmark.get_name(): benchmark.get_values() for benchmark in suite}
    console.print(suites.heading(suite), style="dim", highlight=False)
    numbers = {code: str(number) for number, code in enumerate((code for code in values if code != LOOP), 1)}
    whole = _table("Statements, measured", "")
    for code, number in numbers.items():
        whole.add_row(number, code, *nanoseconds(values[code], values[LOOP]))
    console.print(whole)
    stages = _table("Stages, each the difference of two statements", "=")
    for stage, (longer, shorter) in STAGES.items():
        difference = " - ".join(numbers[code] for code in (longer, shorter) if code in numbers)
        stages.add_row(difference, stage, *nanoseconds(values[longer], values[shorter]))
    console.print(stages)
    console.print(
        f"Nanoseconds: medians of {len(values[LOOP])} rounds, with their 95 % interval. x: 8 float64; a, b, c: 4 x 4;"
        " numbers: array.array; text: bytes. nothing takes sum_of_squares' arguments and does nothing. Stages overlap"
        " in the processor: their sum is not the whole.",
        style="dim",
        highlight=False,
    )


def _table(title: str, number: str) -> Table:
    table = Table(box=SIMPLE_HEAD, header_style="dim", title=title, title_justify="left", title_style="bold")
    table.add_column(number, justify="right", style="dim", min_width=5)
    table.add_column("", min_width=46)
    table.add_column("ns", justify="right", min_width=4)
    table.add_column("95 %", justify="right", min_width=10)
    return table


def main(arguments: list[str] | None = None) -> int:
    """Measure or load, show, and write what was asked for."""
    parser = argparse.ArgumentParser(prog="python -m bench overhead", description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("--quick", action="store_true", help="fewer rounds: less than 2 seconds")
    parser.add_argument("--json", metavar="FILE", help="also write the samples to FILE, in the format of pyperf")
    parser.add_argument("--from", dest="source", metavar="FILE", help="show what --json wrote; measure nothing")
    options = parser.parse_args(arguments)
    try:
        if options.source:
            suite = suites.load(options.source, "overhead")
        else:
            suite = measure(QUICK_SECONDS if options.quick else SECONDS)
    except (OSError, RuntimeError, ValueError) as error:
        parser.exit(1, f"{parser.prog}: {error}\n")
    show(suite, Console())
    if options.json:
        suites.save(suite, options.json)
    return 0


if __name__ == "__main__":
    sys.exit(main())
