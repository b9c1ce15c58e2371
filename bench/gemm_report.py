"""What gemm_steps shows: table, plot and the table in docs/gemm.md, all of them from a pyperf suite and nothing else.

Metadata of a benchmark beside the facts of the machine:

nk_step    a name in STEPS or MARKS
nk_n       the matrices are n x n
nk_flops   floating-point operations of one execution, 2 n**3 for a product

Values are seconds per execution; those of one n were sampled in turn, so a ratio is taken round by round.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pyperf  # type: ignore[import-untyped]  # it ships no types
from rich.box import SIMPLE_HEAD
from rich.console import Group
from rich.table import Table
from rich.text import Text

from nogil_kernels.measure.facts import Fact

from . import timing

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

DOCS = Path(__file__).resolve().parent.parent / "docs" / "gemm.md"
BEGIN, END = "<!-- gemm_steps: begin -->\n", "<!-- gemm_steps: end -->"


def suite_of(samples: Mapping[tuple[str, int], list[float]], flops: Mapping[tuple[str, int], int], here: Any) -> Any:
    """The pyperf suite of samples by (step, n), measured where the facts `here` hold."""
    return pyperf.BenchmarkSuite(
        [
            pyperf.Benchmark([pyperf.Run(values, metadata=_metadata(key, flops[key], here), collect_metadata=False)])
            for key, values in samples.items()
        ]
    )


def _metadata(key: tuple[str, int], flops: int, here: Mapping[str, Fact]) -> dict[str, Fact]:
    step, n = key
    return {**here, "name": f"{step}-{n}", "unit": "second", "nk_step": step, "nk_n": n, "nk_flops": flops}


class Report:
    """What follows from a suite's samples."""

    def __init__(self, suite: Any) -> None:
        self.suite = suite
        self.facts: Mapping[str, Fact] = suite.get_metadata()
        self._samples: dict[tuple[str, int], tuple[float, ...]] = {}
        self._flops: dict[tuple[str, int], int] = {}
        for benchmark in suite:
            metadata = benchmark.get_metadata()
            key = (metadata["nk_step"], metadata["nk_n"])
            self._samples[key] = benchmark.get_values()
            self._flops[key] = metadata["nk_flops"]
        self.sizes = sorted({n for _, n in self._samples})
        self.steps = [step for step in (*STEPS, *MARKS) if any((step, n) in self._samples for n in self.sizes)]

    @classmethod
    def load(cls, path: str) -> Report:
        """The report whose suite was dumped to a file."""
        return cls(pyperf.BenchmarkSuite.load(path))

    def gflops(self, step: str, n: int) -> float | None:
        """GFLOP/s of the median; None where the step was not measured at n."""
        key = (step, n)
        return self._flops[key] / timing.median(self._samples[key]).median / 1e9 if key in self._samples else None

    def gain(self, step: str, n: int) -> timing.Interval | None:
        """How many times as fast as the step before; None for the first, for marks, and where rounds are missing."""
        order = list(STEPS)
        before = order[order.index(step) - 1] if step in order[1:] else ""
        slow, fast = self._samples.get((before, n), ()), self._samples.get((step, n), ())
        return timing.ratio(slow, fast) if slow and len(slow) == len(fast) else None

    def share(self, step: str, n: int) -> float | None:
        """Of the FMA peak that was measured beside it."""
        speed, peak = self.gflops(step, n), self.gflops(PEAK, n)
        return speed / peak if speed is not None and peak is not None else None


def _number(value: float | None) -> str:
    """Three digits: 0.0571, 1.52, 91.7, 121."""
    if value is None:
        return ""
    return f"{value:.3g}" if value < 100 else f"{value:.0f}"


def _heading(report: Report) -> str:
    facts = report.facts
    kernels = f"nogil-kernels {facts['nk_version']}, {facts['nk_backend']} {facts.get('nk_isa', '')}".rstrip()
    return f"{facts['cpu_model_name']}, one core; {kernels}; {facts['nk_compiler']}, {facts['nk_flags']}"


def render(report: Report) -> Group:
    """The report as one thing that rich can print: gain and share at the largest n, where all steps but Python are."""
    largest = report.sizes[-1]
    table = Table("step", "its one idea", box=SIMPLE_HEAD, show_edge=False, pad_edge=False, collapse_padding=True)
    for title in (*map(str, report.sizes), f"gain at {largest}", "of peak"):
        table.add_column(title, justify="right", no_wrap=True)
    for step in report.steps:
        if step == NUMPY:
            table.add_section()
        share, gain = report.share(step, largest), report.gain(step, largest)
        table.add_row(
            step,
            STEPS.get(step) or MARKS[step],
            *(_number(report.gflops(step, n)) for n in report.sizes),
            "" if gain is None else f"{gain.low:.2f} to {gain.high:.2f}",
            "" if share is None else f"{share:.0%}",
        )
    title = f"C := A @ B, n x n float64: GFLOP/s at n = {', '.join(map(str, report.sizes))}"
    note = "Medians. Gain: how many times as fast as the step before; 95 % confidence for the median of all rounds."
    return Group(Text(title, style="bold"), Text(_heading(report), style="dim"), "", table, "", note)


# ---- docs/gemm.md ----


def markdown(report: Report) -> str:
    """The table of docs/gemm.md: speed and gain at every n, share of the peak at the largest."""
    sizes, largest = report.sizes, report.sizes[-1]
    titles = ["step", *(f"n = {n}" for n in sizes), *(f"gain at {n}" for n in sizes), f"of peak at {largest}"]
    lines = [_line(titles), _line(["---"] + ["---:"] * (len(titles) - 1))]
    lines += [_line(_cells(report, step)) for step in report.steps]
    return f"{_heading(report)}. GFLOP/s, and gain over the step before (95 % interval):\n\n" + "\n".join(lines) + "\n"


def _cells(report: Report, step: str) -> Iterator[str]:
    yield f"`{step}`" if step in C_STEPS else step
    for n in report.sizes:
        yield _number(report.gflops(step, n))
    for n in report.sizes:
        gain = report.gain(step, n)
        yield "" if gain is None else str(gain)
    share = report.share(step, report.sizes[-1])
    yield "" if share is None else f"{share:.0%}"


def _line(cells: Any) -> str:
    return re.sub(r" +", " ", "| " + " | ".join(cells) + " |")


def with_table(text: str, report: Report) -> str:
    """The document with this report's table between its two marks."""
    before, rest = text.split(BEGIN)
    after = rest.split(END)[1]
    return f"{before}{BEGIN}{markdown(report)}{END}{after}"


# ---- plot ----


def plot(report: Report, path: str) -> None:
    """A bar a step and n, on a logarithmic scale, and the FMA peak as a line; format by the file's name."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    steps = [step for step in report.steps if step != PEAK]
    shades = ["#9ecae1", "#4292c6", "#08519c", "#08306b"]
    height = 0.8 / len(report.sizes)
    figure = Figure(figsize=(8, 0.45 * len(steps) + 1.5), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    for index, n in enumerate(report.sizes):
        known = [(row, speed) for row, step in enumerate(steps) if (speed := report.gflops(step, n)) is not None]
        at = [row + (index - (len(report.sizes) - 1) / 2) * height for row, _ in known]
        bars = axes.barh(at, [speed for _, speed in known], height, label=f"n = {n}", color=shades[index % 4])
        labels = axes.bar_label(bars, [_number(speed) for _, speed in known], padding=2, fontsize=7)
        for label in labels:
            label.set_bbox({"facecolor": "white", "edgecolor": "none", "pad": 0.5})  # above the line of the peak
    peak = report.gflops(PEAK, report.sizes[-1])
    if peak is not None:
        axes.axvline(peak, color="#cb181d", linestyle="--", linewidth=1, label=f"FMA peak, {_number(peak)}")
    axes.set_xscale("log")
    axes.xaxis.set_major_formatter("{x:g}")
    axes.set_yticks(range(len(steps)), steps)
    axes.invert_yaxis()
    axes.set_xlabel("GFLOP/s, one core, float64")
    axes.spines[["top", "right"]].set_visible(False)
    axes.margins(x=0.1)
    axes.legend(loc="lower left", frameon=False, fontsize=8, bbox_to_anchor=(0, 1), ncols=len(report.sizes) + 1)
    figure.savefig(path, dpi=150)
