"""The report as a plot: a panel for each workload, and one for each interpreter where it shows curves."""

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
LINE, HANDLE, CHARACTER = 0.18, 0.6, 0.08  # inches: of a legend, each line more, what is beside its texts, a letter
FEW = 8  # panels of curves that stand two in a row; more, three. Bars need the room for their labels
MOST_BARS = 24  # in a panel, of several interpreters
NAMED = 5  # interpreters that the heading names
STOPPED = "#d55e00"


Panel = tuple[str, panels.Kind, Sequence[Row]]
"""The title of one panel, and what it shows of which rows."""


def draw(report: Report, path: str | os.PathLike[str], workloads: Sequence[str] | None = None) -> None:
    """Write the report, or only these workloads, as .svg, .png or .pdf, by the name of the file.

    The same report makes the same file.
    """
    suffix = os.path.splitext(path)[1]
    if suffix not in style.FORMATS:
        raise ValueError(f"a plot is {', '.join(style.FORMATS)}, not {suffix or 'a file without a suffix'}")
    with style.styled():
        figure = drawn(report, workloads or report.workloads, HEAD)
        _heading(figure, report)
        style.save(figure, path)


def svg(report: Report, workload: str) -> str:
    """One block as SVG, without a title and a background, for a page that has its own."""
    with style.styled(), io.StringIO() as file:
        nothing = dict.fromkeys(("Creator", "Date", "Format", "Type"))
        drawn(report, [workload], 0).savefig(file, format="svg", transparent=True, metadata=nothing)
        return file.getvalue()


def drawn(report: Report, workloads: Sequence[str], head: float) -> Figure:
    """A figure of these workloads, with so many inches left free above."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    from matplotlib.layout_engine import ConstrainedLayoutEngine

    found = [panel for workload in workloads for panel in _panels(report, report.block(workload))]
    curves = all(kind is panels.CURVES for _, kind, _ in found)
    columns = min(3 if curves and len(found) > FEW else 2, len(found))
    lines = [found[first : first + columns] for first in range(0, len(found), columns)]
    heights = [max(kind.height(rows) for _, kind, rows in line) for line in lines]
    layout = ConstrainedLayoutEngine(w_pad=0.08, h_pad=0.06)
    figure = Figure(layout=layout)
    FigureCanvasAgg(figure)
    grid = figure.add_gridspec(len(lines), columns, height_ratios=heights)
    look = panels.Look(report)
    for place, line in enumerate(lines):
        for column, (title, kind, rows) in enumerate(line):
            axes = figure.add_subplot(grid[place, column])
            style.title(axes, title)
            kind.draw(axes, look, rows, heights[place])
            axes.minorticks_off()
    height = head + sum(heights) + _legend(figure, look)
    figure.set_size_inches(WIDTH, height)
    layout.set(rect=(0, 0, 1, 1 - head / height))
    return figure


def _legend(figure: Figure, look: panels.Look) -> float:
    """One for all panels, in as many columns as its longest text leaves room for. The inches that it takes."""
    handles, labels = look.explained()
    if not labels:
        return 0.0
    columns = max(1, min(len(labels), int(WIDTH / (HANDLE + CHARACTER * max(map(len, labels))))))
    figure.legend(handles, labels, loc="outside lower left", ncols=columns, fontsize=8.5)
    return FOOT + LINE * (math.ceil(len(labels) / columns) - 1)


def _panels(report: Report, rows: Sequence[Row]) -> Iterator[Panel]:
    """The panels of one workload."""
    kind = panels.kind(report, rows)
    sessions = list(dict.fromkeys(row.session for row in rows))
    title = f"{panels.shortened(rows[0].workload, 40)}: {kind.what}"
    if len(sessions) == 1 and len(report.sessions) > 1:
        title += f" ({sessions[0]})"
    if len(sessions) == 1:
        yield title, kind, rows
    elif kind.together:
        parts = min(math.ceil(len(rows) / MOST_BARS), len(sessions))
        for first, last in pairwise(len(sessions) * part // parts for part in range(parts + 1)):
            yield title, kind, [row for row in rows if row.session in sessions[first:last]]
    else:
        for session in sessions:
            yield f"{title}, {session}", kind, [row for row in rows if row.session == session]


def _heading(figure: Figure, report: Report) -> None:
    """What was measured, and where."""
    height = figure.get_figheight()
    title = "The same work in every way that Python offers" + ", as much for each worker" * report.weak
    figure.text(0.01, 1 - 0.2 / height, title, fontsize=12, fontweight="bold", va="center")
    if report.interrupted:
        figure.text(0.99, 1 - 0.2 / height, "interrupted", color=STOPPED, fontweight="bold", ha="right", va="center")
    line = f"{where(report)}; medians and their 95 % intervals"
    figure.text(0.01, 1 - 0.44 / height, line, fontsize=8, color=style.FAINT, va="center")


def where(report: Report) -> str:
    """Python, processor and cores, on a line."""
    known, sessions = report.facts, report.sessions
    beside = "".join(f", {name}" for name in sessions[1:])
    if len(sessions) > NAMED:
        beside = f" and {len(sessions) - 1} others"
    cores = counted(int(known["nk_usable_cores"]), "usable core")
    gil = "" if known["nk_gil_enabled"] else " without a GIL"
    return f"Python {known['python_version']}{gil}{beside}; {known['cpu_model_name']}, {cores}"
