"""What overhead shows: the statements, and the stages, which are differences of two of them."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rich.console import RenderableType
from rich.table import Table

from nogil_kernels.measure import style
from nogil_kernels.measure.samples import Interval, interval

from .. import tables

LOOP = "pass"
"""What the loop around a statement takes, and is taken off all of them."""

NOTHING, NOTHING_X, NOTHING_GIL = "nothing()", "nothing(x)", "nothing(x, gil='hold')"
TAKE, TAKE_ARRAY, TAKE_BYTES = "take_buffer(x)", "take_buffer(numbers)", "take_buffer(text)"
SUM, SUM_ARRAY = "sum_of_squares(x)", "sum_of_squares(numbers)"
MATMUL, MATMUL_INTO, EMPTY = "matmul(a, b)", "matmul(a, b, out=c)", "np.empty((4, 4))"
HELD, RELEASED = (f"matmul(a, b, out=c, gil='{gil}')" for gil in ("hold", "release"))

OWN = (SUM, SUM_ARRAY, MATMUL, MATMUL_INTO, HELD, RELEASED)
PEERS = ("np.dot(x, x)", "np.matmul(a, b)", "np.matmul(a, b, out=c)")
STATEMENTS = (LOOP, NOTHING, NOTHING_X, NOTHING_GIL, TAKE, TAKE_ARRAY, TAKE_BYTES, *OWN, EMPTY, *PEERS)
"""What is timed, as it is typed."""

STAGES = {
    "calling a compiled function": (NOTHING, LOOP),
    "an argument": (NOTHING_X, NOTHING),
    "the argument gil=": (NOTHING_GIL, NOTHING_X),
    "reading an ndarray's struct": (TAKE, NOTHING_X),
    "taking an array.array's buffer and its format": (TAKE_ARRAY, NOTHING_X),
    "the same of bytes, which have no format": (TAKE_BYTES, NOTHING_X),
    "choosing the kernel, 8 squares, the result": (SUM, TAKE),
    "releasing the GIL and getting it back": (RELEASED, HELD),
    "allocating the result of matmul": (MATMUL, MATMUL_INTO),
}
"""What lies between two statements."""

Values = Mapping[str, Sequence[float]]


def values_of(suite: Any) -> Values:
    """Seconds of each statement."""
    return {benchmark.get_name(): benchmark.get_values() for benchmark in suite}


def nanoseconds(values: Values, longer: str, shorter: str = LOOP) -> Interval:
    """How much longer one statement takes than another, round by round."""
    return interval([1e9 * (long - short) for long, short in zip(values[longer], values[shorter], strict=True)])


def render(suite: Any) -> Iterator[RenderableType]:
    """The statements, and what lies between them."""
    values = values_of(suite)
    numbers = {code: str(number) for number, code in enumerate((code for code in values if code != LOOP), 1)}
    whole = _table("")
    for code, number in numbers.items():
        whole.add_row(number, code, *_cells(nanoseconds(values, code)))
    yield tables.titled("Statements, measured", whole)
    stages = _table("=")
    for stage, (longer, shorter) in STAGES.items():
        difference = " - ".join(numbers[code] for code in (longer, shorter) if code in numbers)
        stages.add_row(difference, stage, *_cells(nanoseconds(values, longer, shorter)))
    yield tables.titled("Stages, each the difference of two statements", stages)
    yield tables.note(
        f"Nanoseconds: medians of {len(values[LOOP])} rounds, with their 95 % interval, the empty loop taken off. x: 8"
        " float64; numbers: the same in an array.array; text: 64 bytes; a, b, c: 4 x 4. nothing takes sum_of_squares'"
        " arguments and does nothing. Stages overlap in the processor: their sum is not the whole."
    )


def _cells(found: Interval) -> tuple[str, str]:
    return f"{found.median:.0f}", found.span("{:.0f}".format)


def _table(number: str) -> Table:
    table = style.table()
    table.add_column(number, justify="right", style="dim", min_width=7)
    table.add_column("", min_width=46)
    table.add_column("ns", justify="right", min_width=4)
    table.add_column("95 %", justify="right", min_width=10)
    return table
