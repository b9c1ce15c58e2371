"""The report as a plot: one panel per workload, or one per workload and interpreter for curves."""

from __future__ import annotations

import io
import math
import os
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

from ...measure import style
from . import panels
from .labels import counted
from .suite import Report, Row

if TYPE_CHECKING:
    from matplotlib.figure import Figure

WIDTH = 9.5  # inches: an SVG of 912 pixels
HEAD, FOOT = 0.6, 0.35  # inches: the title, the legend
LINE, HANDLE, CHARACTER = 0.18, 0.6, 0.08  # inches in a legend: a line, the space beside a text, a character
TWO_COLUMNS = 8  # a plot of more panels has three columns if all are curves; any other plot has at most two
TITLE = 72  # characters of one title above all columns
MAX_BARS = 24  # in a panel with several interpreters
MAX_NAMES = 5  # interpreters in the heading
STOPPED = "#d55e00"


Panel = tuple[str, panels.PanelType, Sequence[Row]]
"""(title, type, rows)."""


def draw(report: Report, path: str | os.PathLike[str], workloads: Sequence[str] | None = None) -> None:
    """Write the report, or these workloads of it, in the format given by the suffix: .svg, .png or .pdf.

    Equal reports give equal files. Raise ValueError for another suffix.
    """
    suffix = os.path.splitext(path)[1]
    if suffix not in style.FORMATS:
        raise ValueError(f"suffix must be one of {', '.join(style.FORMATS)}, got {suffix or 'none'}")
    with style.styled():
        figure = draw_figure(report, workloads or report.workloads, HEAD)
        _heading(figure, report)
        style.save(figure, path)


def svg(report: Report, workload: str) -> str:
    """Return the plot of one workload as SVG, without title and background, for the page."""
    with style.styled(), io.StringIO() as file:
        no_metadata = dict.fromkeys(("Creator", "Date", "Format", "Type"))
        draw_figure(report, [workload], 0).savefig(file, format="svg", transparent=True, metadata=no_metadata)
        return file.getvalue()


def draw_figure(report: Report, workloads: Sequence[str], head: float) -> Figure:
    """Return the figure of these workloads, with `head` inches of free space at the top."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    from matplotlib.layout_engine import ConstrainedLayoutEngine

    all_panels = [panel for workload in workloads for panel in _panels(report, report.block(workload))]
    only_curves = all(panel_type is panels.CURVES for _, panel_type, _ in all_panels)
    columns = min(3 if only_curves and len(all_panels) > TWO_COLUMNS else 2, len(all_panels))
    lines = [all_panels[first : first + columns] for first in range(0, len(all_panels), columns)]
    heights = [max(panel_type.height(rows) for _, panel_type, rows in line) for line in lines]
    layout = ConstrainedLayoutEngine(w_pad=0.08, h_pad=0.06)
    figure = Figure(layout=layout)
    FigureCanvasAgg(figure)
    grid = figure.add_gridspec(len(lines), columns, height_ratios=heights)
    shared = panels.SharedStyle(report)
    for index, line in enumerate(lines):
        for column, (title, panel_type, rows) in enumerate(line):
            axes = figure.add_subplot(grid[index, column])
            style.title(axes, title if len(title) <= TITLE // columns else title.replace(": ", ":\n", 1))
            panel_type.draw(axes, shared, rows, heights[index])
            axes.minorticks_off()
    height = head + sum(heights) + _legend(figure, shared)
    figure.set_size_inches(WIDTH, height)
    layout.set(rect=(0, 0, 1, 1 - head / height))
    return figure


def _legend(figure: Figure, shared: panels.SharedStyle) -> float:
    """Draw one legend for all panels, in as many columns as fit. Return its height in inches."""
    handles, labels = shared.legend_entries()
    if not labels:
        return 0.0
    columns = max(1, min(len(labels), int(WIDTH / (HANDLE + CHARACTER * max(map(len, labels))))))
    figure.legend(handles, labels, loc="outside lower left", ncols=columns, fontsize=8.5)
    return FOOT + LINE * (math.ceil(len(labels) / columns) - 1)


def _panels(report: Report, rows: Sequence[Row]) -> Iterator[Panel]:
    """Yield the panels of one workload."""
    panel_type = panels.panel_type(report, rows)
    sessions = list(dict.fromkeys(row.session for row in rows))
    parts = len(sessions)
    if panel_type.together:
        parts = min(math.ceil(len(rows) / MAX_BARS), parts)
    for first, last in pairwise(len(sessions) * part // parts for part in range(parts + 1)):
        shown = [row for row in rows if row.session in sessions[first:last]]
        yield panels.title(report, shown, panel_type), panel_type, shown


def _heading(figure: Figure, report: Report) -> None:
    """Draw the title, and the machine and interpreters."""
    height = figure.get_figheight()
    title = "The same work in every way that Python offers" + ", the same work per worker" * report.weak
    figure.text(0.01, 1 - 0.2 / height, title, fontsize=12, fontweight="bold", va="center")
    if report.interrupted:
        figure.text(0.99, 1 - 0.2 / height, "interrupted", color=STOPPED, fontweight="bold", ha="right", va="center")
    values = "medians and their 95 % intervals" if _has_intervals(report) else "medians"
    line = f"{where(report)}; {values}"
    figure.text(0.01, 1 - 0.44 / height, line, fontsize=8, color=style.FAINT, va="center")


def _has_intervals(report: Report) -> bool:
    return any(row.seconds_per_call.has_95_percent for row in report.rows)


def where(report: Report) -> str:
    """Return one line with the interpreters, the processor and the number of cores."""
    facts, sessions = report.facts, report.sessions
    others = "".join(f", {name}" for name in sessions[1:])
    if len(sessions) > MAX_NAMES:
        others = f" and {len(sessions) - 1} others"
    cores = counted(int(facts["nk_usable_cores"]), "usable core")
    gil = "" if facts["nk_gil_enabled"] else " without a GIL"
    return f"Python {facts['python_version']}{gil}{others}; {facts['cpu_model_name']}, {cores}"
