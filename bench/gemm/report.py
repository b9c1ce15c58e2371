"""What gemm_steps shows: the table in the terminal, and the one in docs/gemm.md. Metadata of a benchmark:

nk_step    a name in STEPS or MARKS
nk_n       the matrices are n x n
nk_flops   floating-point operations of one execution, 2 n**3 for a product
nk_compiler, nk_flags    what has compiled the steps
"""

import re
from collections.abc import Iterator, Sequence
from typing import Any

from rich.console import RenderableType

from nogil_kernels.measure import samples, style
from nogil_kernels.measure.samples import Interval

from .. import suites, tables

PURE, PACKAGE, NUMPY, PEAK = "pure Python", "nogil_kernels", "NumPy", "FMA peak"

C_STEPS = {  # the functions of gemm_steps.c, in its order, and the one idea of each
    "naive": "three loops in C",
    "unit_stride": "inner loop along rows",
    "strip": "C stays in registers",
    "simd_tile": "B serves MR rows of C",
    "blocked": "blocks fit L1 and L2",
    "packed": "panels lie as read",
    "a_in_place": "A read where it lies",
    "narrow_tiles": "narrow tiles at edges",
}
STEPS = {PURE: "three loops in Python", **C_STEPS, PACKAGE: "any shape and dtype"}
MARKS = {NUMPY: "its BLAS, one thread", PEAK: "FMAs in registers"}


class Report:
    """What follows from a suite's samples. Those of one n were sampled in turn: a gain is taken round by round."""

    def __init__(self, suite: Any) -> None:
        self._samples: dict[tuple[str, int], Sequence[float]] = {}
        self._flops: dict[tuple[str, int], int] = {}
        for benchmark in suite:
            metadata = benchmark.get_metadata()
            key = (metadata["nk_step"], metadata["nk_n"])
            self._samples[key] = benchmark.get_values()
            self._flops[key] = metadata["nk_flops"]
        self.sizes = sorted({n for _, n in self._samples})
        self.steps = [step for step in (*STEPS, *MARKS) if any((step, n) in self._samples for n in self.sizes)]

    def gflops(self, step: str, n: int) -> float | None:
        """GFLOP/s of the median; None where the step was not measured at n."""
        key = (step, n)
        return self._flops[key] / samples.interval(self._samples[key]).median / 1e9 if key in self._samples else None

    def gain(self, step: str, n: int) -> Interval | None:
        """How many times as fast as the step before; None for the first, for marks, and where rounds are missing."""
        order = list(STEPS)
        before = order[order.index(step) - 1] if step in order[1:] else ""
        slow, fast = self._samples.get((before, n), ()), self._samples.get((step, n), ())
        return samples.ratio(slow, fast) if slow and len(slow) == len(fast) else None

    def share(self, step: str, n: int) -> float | None:
        """Of the FMA peak that was measured beside it."""
        speed, peak = self.gflops(step, n), self.gflops(PEAK, n)
        return speed / peak if speed is not None and peak is not None else None


def render(suite: Any) -> Iterator[RenderableType]:
    """The table: gain and share at the largest n, where all steps but Python are."""
    report = Report(suite)
    largest = report.sizes[-1]
    table = style.table()
    table.add_column("step")
    table.add_column("its one idea")
    for title in (*map(str, report.sizes), f"gain at {largest}", "of peak"):
        table.add_column(title, justify="right", no_wrap=True)
    for step in report.steps:
        if step == NUMPY:
            table.add_section()
        share, gain = report.share(step, largest), report.gain(step, largest)
        table.add_row(
            step,
            STEPS.get(step) or MARKS[step],
            *(tables.number(report.gflops(step, n)) for n in report.sizes),
            "" if gain is None else gain.span(),
            "" if share is None else f"{share:.0%}",
        )
    title = f"C := A @ B, n x n float64, one core: GFLOP/s at n = {', '.join(map(str, report.sizes))}"
    yield tables.titled(title, table)
    yield tables.note("Medians. Gain: how many times as fast as the step before, the 95 % interval of its median.")


def markdown(suite: Any) -> str:
    """The table of docs/gemm.md: speed and gain at every n, share of the peak at the largest."""
    report = Report(suite)
    sizes, largest = report.sizes, report.sizes[-1]
    titles = ["step", *(f"n = {n}" for n in sizes), *(f"gain at {n}" for n in sizes), f"of peak at {largest}"]
    lines = [_line(titles), _line(["---"] + ["---:"] * (len(titles) - 1))]
    lines += [_line(_cells(report, step)) for step in report.steps]
    where = "; ".join(suites.heading(suite).splitlines())
    return f"{where}. GFLOP/s of one core, and gain over the step before (95 % interval):\n\n" + "\n".join(lines) + "\n"


def _cells(report: Report, step: str) -> Iterator[str]:
    yield f"`{step}`" if step in C_STEPS else step
    for n in report.sizes:
        yield tables.number(report.gflops(step, n))
    for n in report.sizes:
        gain = report.gain(step, n)
        yield "" if gain is None else gain.text()
    share = report.share(step, report.sizes[-1])
    yield "" if share is None else f"{share:.0%}"


def _line(cells: Any) -> str:
    return re.sub(r" +", " ", "| " + " | ".join(cells) + " |")
