"""The reports of gemm_steps: a table in the terminal, and the table of docs/gemm.md. Metadata of a benchmark:

nk_step    a name in STEPS or REFERENCES
nk_n       the matrices are n x n
nk_flops   floating-point operations per execution, 2 n**3 for a product
nk_compiler, nk_flags    the compiler of the steps, and its flags
"""

import re
from collections.abc import Iterator, Sequence
from typing import Any

from rich.console import RenderableType

from nogil_kernels.measure import samples
from nogil_kernels.measure.samples import Interval

from .. import suites, tables

PURE, PACKAGE, NUMPY, PEAK = "pure Python", "nogil_kernels", "NumPy", "FMA peak"

# The functions of gemm_steps.c, in the order of that file.
C_STEPS = ("naive", "unit_stride", "strip", "simd_tile", "blocked", "packed", "a_in_place", "narrow_tiles")
STEPS, REFERENCES = (PURE, *C_STEPS, PACKAGE), (NUMPY, PEAK)


class Report:
    """The rates and gains of a suite. All statements of one n share their rounds, so a gain is computed per round."""

    def __init__(self, suite: Any) -> None:
        self._samples: dict[tuple[str, int], Sequence[float]] = {}
        self._flops: dict[tuple[str, int], int] = {}
        for benchmark in suite:
            metadata = benchmark.get_metadata()
            key = (metadata["nk_step"], metadata["nk_n"])
            self._samples[key] = benchmark.get_values()
            self._flops[key] = metadata["nk_flops"]
        self.sizes = sorted({n for _, n in self._samples})
        self.steps = [step for step in (*STEPS, *REFERENCES) if any((step, n) in self._samples for n in self.sizes)]

    def gflops(self, step: str, n: int) -> float | None:
        """Return the GFLOP/s of the median, or None if the step was not measured at n."""
        key = (step, n)
        return self._flops[key] / samples.interval(self._samples[key]).median / 1e9 if key in self._samples else None

    def gain(self, step: str, n: int) -> Interval | None:
        """Return the speed-up over the step before, or None if they have no rounds in common."""
        before = STEPS[STEPS.index(step) - 1] if step in STEPS[1:] else ""
        slow, fast = self._samples.get((before, n), ()), self._samples.get((step, n), ())
        return samples.ratio(slow, fast) if slow and len(slow) == len(fast) else None

    def share(self, step: str, n: int) -> float | None:
        """Return the speed as a share of the FMA peak at the same n."""
        speed, peak = self.gflops(step, n), self.gflops(PEAK, n)
        return speed / peak if speed is not None and peak is not None else None


def render(suite: Any) -> Iterator[RenderableType]:
    """Yield the table in the terminal."""
    report = Report(suite)
    table = tables.table(*_headings(report, report.sizes[-1:]))
    for step in report.steps:
        if step == NUMPY:
            table.add_section()
        table.add_row(*_cells(report, step, report.sizes[-1:]))
    yield tables.titled("C := A @ B, n x n float64, one core: GFLOP/s", table)
    yield tables.note("How to read it: gain is the speed-up over the step before. Medians, with the 95 % interval.")


def markdown(suite: Any) -> str:
    """Return the table of docs/gemm.md."""
    report = Report(suite)
    headings = _headings(report, report.sizes)
    lines = [_line(headings), _line(["---"] + ["---:"] * (len(headings) - 1))]
    for step in report.steps:
        name, *cells = _cells(report, step, report.sizes)
        lines.append(_line([f"`{name}`" if step in C_STEPS else name, *cells]))
    where = "; ".join(suites.heading(suite).splitlines())
    return f"{where}. GFLOP/s of one core, and gain over the step before (95 % interval):\n\n" + "\n".join(lines) + "\n"


def _headings(report: Report, compared: Sequence[int]) -> list[str]:
    """Return the headings: the speed at every n, the gain at the n in `compared`, the share of the peak at the last."""
    gains = [f"gain at {n}" for n in compared]
    return ["step", *(f"n = {n}" for n in report.sizes), *gains, f"of peak at {report.sizes[-1]}"]


def _cells(report: Report, step: str, compared: Sequence[int]) -> Iterator[str]:
    yield step
    for n in report.sizes:
        yield tables.number(report.gflops(step, n))
    for n in compared:
        gain = report.gain(step, n)
        yield "" if gain is None else gain.text()
    share = report.share(step, report.sizes[-1])
    yield "" if share is None else f"{share:.0%}"


def _line(cells: Any) -> str:
    return re.sub(r" +", " ", "| " + " | ".join(cells) + " |")
