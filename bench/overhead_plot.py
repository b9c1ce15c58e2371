"""The overhead as a plot: whole calls beside those of NumPy and bottleneck, and what our own are made of."""

from collections.abc import Mapping
from typing import Any

from matplotlib.axes import Axes

from . import plots
from .overhead_report import EMPTY, OWN, PEERS, STAGES, nanoseconds, values_of
from .timing import Interval

COLOUR = {"bn.ss(x)": plots.COLOURS["bottleneck.ss"]}  # what is neither ours nor bottleneck's is NumPy's


def draw(suite: Any, path: str) -> None:
    """Write the plot: calls above, stages below."""
    values = values_of(suite)
    calls = {code: nanoseconds(values, code) for code in (*OWN, EMPTY, *PEERS) if code in values}
    stages = {stage: nanoseconds(values, *pair) for stage, pair in STAGES.items()}
    title = "What a call costs on 8 numbers or 4 x 4 matrices"
    with plots.figure(path, suite, title, (8, 6)) as figure:
        above, below = figure.subplots(2, 1, height_ratios=(len(calls), len(stages)))
        _bars(above, calls, "whole calls: ours black, NumPy's blue, bottleneck's red; with 95 % intervals")
        _bars(below, stages, "stages of ours, each the difference of two statements")
        below.set_xlabel("ns")


def _bars(axes: Axes, found: Mapping[str, Interval], title: str) -> None:
    names, medians = list(found), [interval.median for interval in found.values()]
    below = [interval.median - interval.low for interval in found.values()]
    above = [interval.high - interval.median for interval in found.values()]
    colours = [
        plots.OWN if name in OWN or name in STAGES else COLOUR.get(name, plots.COLOURS["numpy.dot"]) for name in names
    ]
    bars = axes.barh(names, medians, xerr=(below, above), color=colours, ecolor=plots.LIMIT, height=0.6)
    axes.bar_label(bars, [f"{value:.0f}" for value in medians], padding=4, fontsize=8)
    axes.invert_yaxis()
    axes.margins(x=0.08)
    axes.tick_params("y", length=0)
    plots.plain(axes, title)
    axes.grid(visible=False, axis="y")
