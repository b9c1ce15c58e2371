"""The false verdicts of assert_releases_gil on a hold of 1 % and of 100 %, and the time that it takes."""

import statistics
import time
from collections.abc import Callable, Iterator

from rich.console import RenderableType

from nogil_kernels.gil import assert_releases_gil, hold_gil, sampler

from .. import tables

CALLS: dict[float, Callable[[], object]] = {
    0.01: lambda: sampler.alternate(20e-6, 1980e-6, 5),
    1.0: lambda: hold_gil(0.01),
}
"""Hold fraction -> a call of 10 ms."""


def run(times: int) -> Iterator[RenderableType]:
    """Yield the number of false verdicts and the seconds of an assertion, per call."""
    table = tables.table("held", "false verdicts", "median", "maximum", text_columns=0)
    for truth, call in CALLS.items():
        failures, seconds = 0, []
        for _ in range(times):
            begin = time.perf_counter()
            try:
                assert_releases_gil(call)
            except AssertionError:
                failures += 1
            seconds.append(time.perf_counter() - begin)
        false_verdicts = failures if truth < 0.1 else times - failures
        durations = [f"{value:.3f} s" for value in (statistics.median(seconds), max(seconds))]
        table.add_row(f"{truth:.0%}", f"{false_verdicts} of {times}", *durations)
    yield tables.titled("assert_releases_gil", table)
