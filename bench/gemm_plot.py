"""The steps as a plot: a bar for each step and n on a logarithmic scale, and the FMA peak as a line."""

from typing import Any

from . import plots, tables
from .gemm_report import MARKS, PEAK, STEPS, Report

SHADES = ("#9ecae1", "#4292c6", "#08519c")
INK = ("black", "black", "white")  # of the numbers in the bars


def draw(suite: Any, path: str) -> None:
    """Write the plot."""
    report = Report(suite)
    steps = [step for step in report.steps if step != PEAK]
    height = 0.84 / len(report.sizes)
    size = (8, 0.9 + len(steps) * (0.1 + 0.17 * len(report.sizes)))
    title = "From three loops to the SIMD tile: C := A @ B, n x n float64, one core"
    with plots.figure(path, suite, title, size) as figure:
        axes = figure.subplots()
        for index, n in enumerate(report.sizes):
            known = [(row, speed) for row, step in enumerate(steps) if (speed := report.gflops(step, n)) is not None]
            at = [row + (index - (len(report.sizes) - 1) / 2) * height for row, _ in known]
            bars = axes.barh(at, [speed for _, speed in known], height, label=f"n = {n}", color=SHADES[index % 3])
            numbers = [tables.number(speed) for _, speed in known]
            for text in axes.bar_label(bars, numbers, padding=-3, fontsize=7, color=INK[index % 3]):
                text.set_horizontalalignment("right")  # inside its bar, clear of the line of the peak
        if peak := report.gflops(PEAK, report.sizes[-1]):
            axes.axvline(peak, label=f"FMA peak, {tables.number(peak)} GFLOP/s", **plots.LIMIT_LINE)
        plots.plain(axes, "")
        axes.set_xscale("log")
        axes.set_xlim(left=min(speed for n in report.sizes for step in steps if (speed := report.gflops(step, n))) / 3)
        axes.xaxis.set_major_formatter("{x:g}")
        axes.set_yticks(range(len(steps)), [f"{step}\n{STEPS.get(step) or MARKS[step]}" for step in steps], fontsize=8)
        axes.invert_yaxis()
        axes.tick_params("y", length=0)
        axes.grid(visible=False, axis="y")
        axes.set_xlabel("GFLOP/s, each number at the end of its bar")
        axes.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=len(report.sizes) + 1, borderaxespad=0.2)
