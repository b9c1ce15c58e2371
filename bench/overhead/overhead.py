"""The time of a call before the kernel computes anything, stage by stage, in nanoseconds.

The time of a stage is the difference between two statements that differ by this stage only. Both are timed in the same
rounds. The table of statements also has NumPy's calls on the same operands. The processor overlaps stages, so a
difference can be smaller than the time of the stage alone, and the stages do not add up to the call.
"""

import argparse
import importlib.util
import tempfile
from array import array
from collections.abc import Generator, Iterator, Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
from rich.console import RenderableType
from rich.table import Table

import nogil_kernels
from nogil_kernels.measure import style
from nogil_kernels.measure.samples import Interval, interval

from .. import Impossible, experiment, tables
from ..experiment import Batch, Statement

SECONDS, QUICK_SECONDS = 8.0, 0.5
SOURCE = Path(__file__).with_name("call_costs.pyx")
TREE = Path(__file__).parents[2] / "src"

LOOP = "pass"
"""The empty loop. Its time is subtracted from every statement."""

NOTHING, NOTHING_X, NOTHING_GIL = "nothing()", "nothing(x)", "nothing(x, gil='hold')"
TAKE, TAKE_ARRAY, TAKE_BYTES = "take_buffer(x)", "take_buffer(numbers)", "take_buffer(text)"
SUM, SUM_ARRAY = "sum_of_squares(x)", "sum_of_squares(numbers)"
MATMUL, MATMUL_INTO, EMPTY = "matmul(a, b)", "matmul(a, b, out=c)", "np.empty((4, 4))"
HELD, RELEASED = (f"matmul(a, b, out=c, gil='{gil}')" for gil in ("hold", "release"))

OWN = (SUM, SUM_ARRAY, MATMUL, MATMUL_INTO, HELD, RELEASED)
PEERS = ("np.dot(x, x)", "np.matmul(a, b)", "np.matmul(a, b, out=c)")
STATEMENTS = (LOOP, NOTHING, NOTHING_X, NOTHING_GIL, TAKE, TAKE_ARRAY, TAKE_BYTES, *OWN, EMPTY, *PEERS)
"""The statements that are timed."""

STAGES = {
    "calling a compiled function": (NOTHING, LOOP),
    "an argument": (NOTHING_X, NOTHING),
    "the argument gil=": (NOTHING_GIL, NOTHING_X),
    "reading an ndarray's struct": (TAKE, NOTHING_X),
    "taking an array.array's buffer and its format": (TAKE_ARRAY, NOTHING_X),
    "taking the buffer of bytes, which has no format": (TAKE_BYTES, NOTHING_X),
    "choosing the kernel, 8 squares, the result": (SUM, TAKE),
    "releasing the GIL and taking it again": (RELEASED, HELD),
    "allocating the result of matmul": (MATMUL, MATMUL_INTO),
}
"""The stages: each is the difference between two statements."""

Values = Mapping[str, Sequence[float]]


def batches(options: argparse.Namespace) -> Generator[Batch]:
    call_costs = compile_call_costs()
    operands: dict[str, Any] = {"np": np, "nothing": call_costs.nothing, "take_buffer": call_costs.take_buffer}
    operands |= {"matmul": nogil_kernels.matmul, "sum_of_squares": nogil_kernels.sum_of_squares}
    operands |= {"x": np.arange(8.0), "numbers": array("d", range(8)), "text": bytes(64)}
    operands |= {"a": np.eye(4), "b": np.ones((4, 4)), "c": np.empty((4, 4))}
    seconds = QUICK_SECONDS if options.quick else SECONDS
    yield Batch([Statement(code, code, {}) for code in STATEMENTS], operands, seconds, completed_share=1.0)


def compile_call_costs() -> ModuleType:
    """Compile call_costs.pyx with the .pxd files and headers of the kernels, in a temporary folder, and import it."""
    try:
        from Cython.Build import cythonize  # type: ignore[import-not-found, unused-ignore]
        from setuptools import Distribution, Extension  # type: ignore[import-untyped, unused-ignore]
        from setuptools.errors import CCompilerError, ExecError, PlatformError  # type: ignore[import-untyped, unused-ignore]
    except ImportError as error:
        raise Impossible(
            f"cannot compile call_costs.pyx: {error}. Run pip install 'Cython >= 3.3' 'setuptools >= 80'"
        ) from None
    headers = {
        "include_dirs": [str(TREE / "nogil_kernels"), np.get_include()],
        "define_macros": [("NK_NUMPY_HEADERS", "1"), ("NPY_TARGET_VERSION", "NPY_1_25_API_VERSION")],
    }
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:  # Windows cannot delete a loaded library
        extension = Extension("call_costs", [str(SOURCE)], **headers)
        options: Any = {"build_dir": folder, "include_path": [str(TREE)], "quiet": True}
        modules = cythonize([extension], **options)  # type: ignore[no-untyped-call, unused-ignore]
        command = Distribution({"ext_modules": modules}).get_command_obj("build_ext")
        command.build_lib = command.build_temp = folder
        command.ensure_finalized()
        try:
            command.run()
        except (CCompilerError, ExecError, PlatformError) as error:
            raise Impossible(f"cannot compile call_costs.pyx: {error}. Set CC to a working C compiler.") from error
        spec = importlib.util.spec_from_file_location("call_costs", command.get_ext_fullpath("call_costs"))
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return module


def nanoseconds(values: Values, longer: str, shorter: str = LOOP) -> Interval:
    """Return the time of one statement minus the time of another, computed per round."""
    return interval([1e9 * (long - short) for long, short in zip(values[longer], values[shorter], strict=True)])


def render(suite: Any) -> Iterator[RenderableType]:
    """Yield the table of the statements, the table of the stages, and a note that explains them."""
    values = {benchmark.get_name(): benchmark.get_values() for benchmark in suite}
    numbers = {code: str(number) for number, code in enumerate((code for code in values if code != LOOP), 1)}
    whole = _table("")
    for code, number in numbers.items():
        whole.add_row(number, code, *_cells(nanoseconds(values, code)))
    yield tables.titled("Statements", whole)
    stages = _table("=")
    for stage, (longer, shorter) in STAGES.items():
        difference = " - ".join(numbers[code] for code in (longer, shorter) if code in numbers)
        stages.add_row(difference, stage, *_cells(nanoseconds(values, longer, shorter)))
    yield tables.titled("Stages: each is the difference between two statements", stages)
    yield tables.note(
        f"How to read it: ns is the median of {len(values[LOOP])} rounds in nanoseconds, minus the empty loop, with its"
        " 95 % interval. x is an ndarray of 8 float64, numbers an array.array of the same, text has 64 bytes, and a, b"
        " and c are 4 x 4. nothing() parses the arguments of sum_of_squares and returns. The processor overlaps the"
        " stages, so they do not add up to the call."
    )


def _cells(time: Interval) -> tuple[str, str]:
    return f"{time.median:.0f}", time.span("{:.0f}".format)


def _table(number: str) -> Table:
    table = style.table()
    table.add_column(number, justify="right", style="dim", min_width=7)
    table.add_column("", min_width=46)
    table.add_column("ns", justify="right", min_width=4)
    table.add_column("95 %", justify="right", min_width=10)
    return table


main = experiment.Experiment(
    name="overhead", docstring=__doc__ or "", quick_help="fewer rounds: 1 s, not 8", batches=batches, render=render
).main
