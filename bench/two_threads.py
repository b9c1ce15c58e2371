"""The README's table and picture: two threads against one, on a build with a GIL and on one without."""

from __future__ import annotations

import os

from nogil_kernels.measure import style
from nogil_kernels.measure.samples import Interval
from nogil_kernels.scaling.report import Report

ROWS = {
    "pure Python": ("squares-python", "python"),
    "a kernel that holds the GIL": ("sum_of_squares", "hold"),
    "the same kernel, GIL released": ("sum_of_squares", "release"),
}
"""Heading -> workload and side."""
COLOURS = style.SIDE_COLOURS["hold"], style.SIDE_COLOURS["release"]
SIZE = 7.5, 2.9  # inches
BAR = 0.38  # of the distance between two headings


def builds(report: Report) -> dict[str, str]:
    """Return {"CPython 3.13": the session with a GIL, "CPython 3.13t, no GIL": the one without}."""
    without = next(name for name in report.sessions if not report.facts_of(name)["nk_gil_enabled"])
    python = without.partition(" ")[0]  # "3.13t GIL off" -> "3.13t"
    return {f"CPython {report.sessions[0]}": report.sessions[0], f"CPython {python}, no GIL": without}


def speed_ups(report: Report, session: str) -> list[Interval]:
    """Return the speed-up of two threads for each of ROWS."""
    values = []
    for workload, side in ROWS.values():
        rows = [row for row in report.block(workload) if (row.side, row.session) == (side, session)]
        speed_up = report.speed_up(next(row for row in rows if (row.way, row.workers) == ("threads", 2)))
        assert speed_up
        values.append(speed_up)
    return values


def markdown(report: Report) -> str:
    """Return the table."""
    columns = {name: speed_ups(report, session) for name, session in builds(report).items()}
    lines = [["2 threads against 1", *columns], ["---", *["---:"] * len(columns)]]
    for index, heading in enumerate(ROWS):
        lines.append([heading, *(f"{values[index].median:.2f}x" for values in columns.values())])
    return "".join(f"| {' | '.join(cells)} |\n" for cells in lines)


def draw(report: Report, path: str | os.PathLike[str]) -> None:
    """Draw six bars, with the 95 % intervals. The title is what they show."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    with style.styled():
        figure = Figure(figsize=SIZE, layout="constrained")
        FigureCanvasAgg(figure)
        axes = figure.add_subplot()
        top = 2.0
        for number, (name, session) in enumerate(builds(report).items()):
            values = speed_ups(report, session)
            top = max(top, *(value.high for value in values))
            places = [index + (number - 0.5) * BAR for index in range(len(values))]
            heights = [value.median for value in values]
            axes.bar(places, heights, 0.9 * BAR, color=COLOURS[number], label=name)
            axes.errorbar(places, heights, yerr=style.whiskers(values), fmt="none", ecolor=style.INK, capsize=2)
            for place, value in zip(places, values, strict=True):
                axes.text(place, value.high + 0.04, f"{value.median:.2f}x", ha="center", fontsize=8.5)
        axes.axhline(1.0, color=style.FAINT, linewidth=0.8)
        axes.set_xticks(range(len(ROWS)), list(ROWS))
        axes.tick_params(axis="x", length=0)
        axes.set_ylim(0, top + 0.25)
        axes.set_ylabel("times as fast as one thread")
        style.title(axes, title(report))
        figure.legend(loc="outside lower center", ncols=2, fontsize=8.5)
        style.save(figure, path)


def title(report: Report) -> str:
    """Return what the bars show: with a GIL, two threads gain only if the kernel releases it."""
    held, released = speed_ups(report, report.sessions[0])[1:]
    return (
        f"Two threads with a GIL: {held.median:.2f}x if the kernel holds it, {released.median:.2f}x if it releases it"
    )
