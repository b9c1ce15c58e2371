"""The panels of a plot: curves and bars of speed-up, times, lost updates, latency."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ...gil.report import duration
from ...measure import style
from ...measure.samples import Interval, interval
from ..workloads import HOLD
from . import labels
from .answers import ALONE, answer
from .suite import About, Report, Row, about

if TYPE_CHECKING:
    from matplotlib.axes import Axes

BAR, FRAME, CURVES_HEIGHT = 0.2, 0.75, 2.9  # inches: the space of a bar, around all bars, and of a panel without bars
BAR_SHARE, MAX_STRETCH = 0.72, 1.5  # the share of its space that a bar fills, and how much thicker it may get
MANY = 16  # workers from which both axes are logarithmic
BASE = 2
SHIFT = 0.008  # horizontal distance of curves, as a share of the axis, so that their intervals do not overlap
MARGIN = 1.3  # factor between data and the end of a logarithmic axis
BRIEF = {"python": "", "hold": "held", "release": "released"}
LEGEND = ("ideal", NATIVE := "native threads", "GIL held", "GIL released")
"""The order of labels after the ways."""

ONE: Any = {"color": style.INK, "linewidth": 0.6, "zorder": 0.3}
"""The line of a speed-up of 1."""
IDEAL: Any = {"color": style.FAINT, "linestyle": ":", "linewidth": 1.3}
CEILING: Any = {"color": style.FAINT, "linewidth": 5, "alpha": 0.35, "solid_capstyle": "butt"}
WHISKER: Any = {"ecolor": style.INK, "elinewidth": 1, "capsize": 2}
HEADING: Any = {"weight": "bold", "size": 8}
CURVE: Any = {"linewidth": 1.4, "markersize": 4.5, "capsize": 2, "elinewidth": 1}


class SharedStyle:
    """The colours of ways and the legend, which all panels of a figure share."""

    def __init__(self, report: Report) -> None:
        self.report = report
        self.colours = style.colours(dict.fromkeys(row.way for row in report.rows))
        self.legend: dict[str, Any] = {}

    def add_to_legend(self, label: str, **line: Any) -> None:
        """Add a line to the legend unless its label exists."""
        self.legend.setdefault(label, line)

    def legend_entries(self) -> tuple[list[Any], list[str]]:
        """Return the handles and labels of the legend, ways first."""
        from matplotlib.lines import Line2D

        labels = sorted(self.legend, key=lambda label: LEGEND.index(label) if label in LEGEND else -1)
        return [Line2D([], [], **self.legend[label]) for label in labels], labels


def _compared(report: Report, rows: Sequence[Row]) -> list[Row]:
    return [row for row in rows if row.way != "sequential" and report.speed_up(row) is not None]


def _draw_curves(axes: Axes, shared: SharedStyle, rows: Sequence[Row], inches: float) -> None:
    """Draw speed-up over the number of workers."""
    from matplotlib.ticker import LogLocator

    report, compared = shared.report, _compared(shared.report, rows)
    counts = sorted({1, *(row.workers for row in compared)})
    logarithmic = counts[-1] >= MANY
    axes.axhline(1, **ONE)
    axes.plot([1, counts[-1]], [1, counts[-1]], zorder=0.5, **IDEAL)
    shared.add_to_legend("ideal", **IDEAL)
    if ceilings := {row.workers: ceiling.median for row in compared if (ceiling := report.ceiling(row))}:
        ceilings = dict(sorted((ceilings | {1: 1.0}).items()))
        axes.plot([*ceilings], [*ceilings.values()], zorder=0.4, **CEILING)
        shared.add_to_legend(NATIVE, **CEILING)
    ways, sides = dict.fromkeys(row.way for row in rows), sorted({row.side for row in rows})
    groups = [[row for row in compared if (row.way, row.side) == (way, side)] for way in ways for side in sides]
    curves = [curve for curve in groups if curve]
    for index, curve in enumerate(curves):
        shift = index - (len(curves) - 1) / 2
        _plot(axes, shared, curve, _shifted(shift * SHIFT, counts[-1], logarithmic))
    speed_ups = [speed_up for row in report.block(rows[0].workload) if (speed_up := report.speed_up(row))]
    top = max(counts[-1], *(speed_up.high for speed_up in speed_ups))
    if logarithmic:
        axes.set_xscale("log", base=BASE)
        axes.set_yscale("log", base=BASE)
        axes.yaxis.set_major_locator(LogLocator(BASE, numticks=99))
        axes.yaxis.set_major_formatter("{x:g}")
        axes.set_ylim(min(1.0, *(speed_up.median for speed_up in speed_ups)) / MARGIN, MARGIN * top)
    else:
        axes.set_ylim(0, 1.05 * top)
    axes.set_xticks(counts if len(counts) < 9 else counts[:: len(counts) // 6], minor=False)
    axes.xaxis.set_major_formatter("{x:g}")
    axes.set_xlabel("workers")
    axes.set_ylabel("speed-up")
    axes.grid(alpha=0.25)


def _shifted(share: float, maximum: int, logarithmic: bool) -> Callable[[float], float]:
    """Return a function that moves a number of workers by this share of the axis."""
    return lambda workers: workers * maximum**share if logarithmic else workers + share * maximum


def _plot(axes: Axes, shared: SharedStyle, curve: Sequence[Row], shift: Callable[[float], float]) -> None:
    """Draw the curve of one side in one way."""
    way, held = curve[0].way, curve[0].side == HOLD
    colour, marker = shared.colours[way], style.MARKERS.get(way, "P")
    points = {1: interval([1.0])} | {row.workers: shared.report.speed_up(row) or interval([0.0]) for row in curve}
    axes.errorbar(
        [shift(workers) for workers in points],
        [speed_up.median for speed_up in points.values()],
        yerr=_whiskers([*points.values()]),
        color=colour,
        linestyle="--" if held else "-",
        marker=marker,
        markerfacecolor="none" if held else colour,
        **CURVE,
    )
    label = labels.WAYS[way][1] if way in labels.WAYS else shortened(way, 30)
    shared.add_to_legend(label, color=colour, marker=marker, linestyle="none")
    if held:
        shared.add_to_legend("GIL held", color=style.INK, linestyle="--", marker="o", markerfacecolor="none")
    if curve[0].side == "release":
        shared.add_to_legend("GIL released", color=style.INK, marker="o")


def _whiskers(values: Sequence[Interval]) -> Any:
    """Return the lengths of error bars, or None if no value has an interval."""
    return style.whiskers(values) if any(value.has_95_percent for value in values) else None


def _height(rows: Sequence[Row]) -> float:
    """Return the height in inches of bars for these rows, with a heading per interpreter."""
    sessions = {row.session for row in rows}
    return FRAME + BAR * (len(rows) + (len(sessions) if len(sessions) > 1 else 0))


def _draw_speed_ups(axes: Axes, shared: SharedStyle, rows: Sequence[Row], inches: float) -> None:
    """Draw bars of the speed-up for one number of workers."""
    speed_ups = {row: shared.report.speed_up(row) or interval([0.0]) for row in _compared(shared.report, rows)}
    largest = max(speed_ups, key=lambda row: row.workers)
    axes.axvline(1, **ONE)
    axes.axvline(largest.workers, zorder=0.5, **IDEAL)
    shared.add_to_legend("ideal", **IDEAL)
    if ceiling := shared.report.ceiling(largest):
        axes.axvline(ceiling.median, zorder=0.5, **CEILING)
        shared.add_to_legend(NATIVE, **CEILING)
    _bars(axes, shared, speed_ups, inches, "{:.2f}x".format)
    axes.set_xlim(0, 1.1 * max(largest.workers, *(speed_up.high for speed_up in speed_ups.values())))
    axes.set_xlabel("times as fast as one after another")


def _draw_times(axes: Axes, shared: SharedStyle, rows: Sequence[Row], inches: float) -> None:
    """Draw bars of the time per call."""
    from matplotlib.ticker import MaxNLocator

    times = {row: row.seconds_per_call for row in rows}
    _bars(axes, shared, times, inches, labels.duration)
    axes.xaxis.set_major_locator(MaxNLocator(3))
    axes.xaxis.set_major_formatter(_seconds)
    axes.set_xlim(0, 1.1 * max(time.high for time in times.values()))
    axes.set_xlabel("time of a call, less is better")


def _draw_lost(axes: Axes, shared: SharedStyle, rows: Sequence[Row], inches: float) -> None:
    """Draw bars of the share of lost updates."""
    from matplotlib.ticker import PercentFormatter

    shares = {row: interval([row.lost]) for row in rows if row.lost is not None}
    _bars(axes, shared, shares, inches, lambda share: f"{share:.1%}" if share else "none")
    end = max(0.01, 1.1 * max((share.high for share in shares.values()), default=0.0))
    axes.xaxis.set_major_formatter(PercentFormatter(1.0, decimals=0 if end > 0.05 else 1))
    axes.set_xlim(0, end)
    axes.set_xlabel("lost, of all updates")


def _draw_latency(axes: Axes, shared: SharedStyle, rows: Sequence[Row], inches: float) -> None:
    """Draw the time per call over the setting."""
    from matplotlib.ticker import LogLocator

    settings = list(dict.fromkeys(row.setting for row in rows))
    for shift, side in zip((-0.04, 0.04), dict.fromkeys(row.side for row in rows), strict=False):
        same_side = [row for row in rows if row.side == side]
        colour = style.SIDE_COLOURS.get(side, style.INK)
        line: Any = {"color": colour, "marker": "o", "linestyle": "--" if side == HOLD else "-"}
        line |= {"markerfacecolor": "none" if side == HOLD else colour}
        for part in (
            [row for row in same_side if row.setting == ALONE],
            [row for row in same_side if row.setting != ALONE],
        ):
            times = [row.seconds_per_call for row in part]
            places = [settings.index(row.setting) + shift for row in part]
            axes.errorbar(places, [time.median for time in times], yerr=_whiskers(times), **line, **CURVE)
        shared.add_to_legend(labels.SIDES.get(side, side), **line)
    all_times = [row.seconds_per_call for row in shared.report.block(rows[0].workload)]
    axes.set_yscale("log")
    axes.set_ylim(min(time.median for time in all_times) / MARGIN, max(time.high for time in all_times) * MARGIN)
    axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5), numticks=99))
    axes.yaxis.set_major_formatter(_seconds)
    axes.set_xticks(range(len(settings)), settings)
    axes.set_xlim(-0.4, len(settings) - 0.6)
    axes.set_xlabel("beside a thread that runs Python, by switch interval")
    axes.set_ylabel("time of a call")
    axes.grid(alpha=0.25)


def _bars(
    axes: Axes, shared: SharedStyle, values: dict[Row, Interval], inches: float, formatter: Callable[[float], str]
) -> None:
    """Draw a bar per row, in the order of the report."""
    several = len({row.session for row in values}) > 1
    stretch = (inches - FRAME) / (_height([*values]) - FRAME)  # above 1 if the neighbouring panel has more bars
    thickness = BAR_SHARE * min(1.0, MAX_STRETCH / stretch)
    y, session = 0, ""
    ticks: dict[int, str] = {}
    for row, value in values.items():
        if several and row.session != session:
            session = row.session
            axes.text(-0.01, y, session, transform=axes.get_yaxis_transform(), ha="right", va="center", **HEADING)
            y += 1
        colour, held = shared.colours[row.way], row.side == HOLD
        axes.barh(y, value.median, height=thickness, color="none" if held else colour, edgecolor=colour, linewidth=1.2)
        if value.has_95_percent:
            axes.errorbar(value.median, y, xerr=style.whiskers([value]), fmt="none", **WHISKER)
        axes.text(1.02, y, formatter(value.median), transform=axes.get_yaxis_transform(), va="center_baseline", size=8)
        side = BRIEF.get(row.side, labels.side(row))
        ticks[y] = shortened(", ".join(filter(None, (labels.way(row), side))), 36)
        y += 1
    axes.set_yticks([*ticks], [*ticks.values()], fontsize=8)
    axes.tick_params(axis="y", length=0)
    axes.set_ylim(y - 0.4, -0.6)
    axes.grid(axis="x", alpha=0.25)


def shortened(text: str, length: int) -> str:
    """Return the text, or "…" and its end if it is longer than `length`."""
    return text if len(text) <= length else f"…{text[1 - length :]}"


def _seconds(seconds: float, _: float) -> str:
    """Return the label of a tick, in the units of the tables."""
    return duration(seconds) if seconds else "0"


def title(report: Report, rows: Sequence[Row], panel_type: PanelType) -> str:
    """Return the workload with its answer in the first interpreter of the rows, or with what the panel shows."""
    workload, session = rows[0].workload, rows[0].session
    suffix = f" ({session})" if len(report.sessions) > 1 else ""
    short = answer(report, workload, session).short
    return f"{shortened(workload, 36 - len(suffix))}{suffix}: {short or panel_type.subject}"


@dataclass(frozen=True)
class PanelType:
    """What a panel shows, and how it is drawn."""

    subject: str
    """What is shown, for the title."""
    draw: Callable[[Axes, SharedStyle, Sequence[Row], float], None]
    """Draws into axes. The last argument, their height in inches, may exceed `height(rows)`."""
    together: bool = True
    """Whether one panel shows all interpreters, as bars."""

    def height(self, rows: Sequence[Row]) -> float:
        """Return the required height in inches."""
        if not self.together:
            return CURVES_HEIGHT
        return _height([row for row in rows if self is not BARS or row.way != "sequential"])


BARS = PanelType("speed-up", _draw_speed_ups)
CURVES = PanelType("speed-up", _draw_curves, together=False)
CALLS = PanelType("time of a call", _draw_times)
LOST = PanelType("updates lost", _draw_lost)
LATENCY = PanelType("time of a call", _draw_latency, together=False)


def panel_type(report: Report, rows: Sequence[Row]) -> PanelType:
    """Return the type of panel for the rows of one workload."""
    subject = about(rows)
    if subject in (About.LOST, About.LATENCY):
        return LOST if subject is About.LOST else LATENCY
    workers = {row.workers for row in _compared(report, rows)}
    return CALLS if not workers else CURVES if len(workers - {1}) > 1 else BARS
