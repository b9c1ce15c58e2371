"""The kinds of panels that a plot is made of: curves and bars of speed-up, times, lost updates, latency."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from ...measure import style
from ...measure.samples import Interval, interval
from ..workloads import HOLD
from . import labels
from .suite import About, Report, Row, about

if TYPE_CHECKING:
    from matplotlib.axes import Axes

BAR, AROUND, AXES = 0.2, 0.75, 2.9  # inches: a bar; what is around bars; a panel without bars
BAR_SHARE, THICKER = 0.72, 1.5  # of its place that a bar takes; how much thicker it gets beside a panel of more bars
MANY = 16  # workers, from which on both axes are logarithmic
BASE = 2
APART = 0.008  # of the axis: curves stand so far beside one another, so that their intervals do not cover each other
MARGIN = 1.3  # of logarithmic axes, the same for all panels of a workload
BRIEF = {"python": "", "hold": "held", "release": "released"}
ALONE = "alone"
LEGEND = ("ideal", NATIVE := "native threads", "GIL held", "GIL released")
"""In this order, after the ways."""

IDEAL: Any = {"color": style.FAINT, "linestyle": ":", "linewidth": 1.3}
CEILING: Any = {"color": style.FAINT, "linewidth": 5, "alpha": 0.35, "solid_capstyle": "butt"}
WHISKER: Any = {"ecolor": style.INK, "elinewidth": 1, "capsize": 2}
HEADING: Any = {"weight": "bold", "size": 8}
CURVE: Any = {"linewidth": 1.4, "markersize": 4.5, "capsize": 2, "elinewidth": 1}


class Look:
    """What the panels of one figure share: the colours of ways, and a legend of what any of them shows."""

    def __init__(self, report: Report) -> None:
        self.report = report
        self.colours = style.colours(dict.fromkeys(row.way for row in report.rows))
        self.legend: dict[str, Any] = {}

    def explain(self, label: str, **line: Any) -> None:
        """Have the legend show that line."""
        self.legend.setdefault(label, line)

    def explained(self) -> tuple[list[Any], list[str]]:
        """Handles and labels of the legend: ways first."""
        from matplotlib.lines import Line2D

        labels = sorted(self.legend, key=lambda label: LEGEND.index(label) if label in LEGEND else -1)
        return [Line2D([], [], **self.legend[label]) for label in labels], labels


def _compared(report: Report, rows: Sequence[Row]) -> list[Row]:
    return [row for row in rows if row.way != "sequential" and report.speed_up(row) is not None]


def _draw_curves(axes: Axes, look: Look, rows: Sequence[Row], inches: float) -> None:
    """Speed-up over the number of workers."""
    from matplotlib.ticker import LogLocator

    report, compared = look.report, _compared(look.report, rows)
    counts = sorted({1, *(row.workers for row in compared)})
    logarithmic = counts[-1] >= MANY
    axes.plot([1, counts[-1]], [1, counts[-1]], zorder=0.5, **IDEAL)
    look.explain("ideal", **IDEAL)
    if ceilings := {row.workers: found.median for row in compared if (found := report.ceiling(row))}:
        ceilings = dict(sorted((ceilings | {1: 1.0}).items()))
        axes.plot([*ceilings], [*ceilings.values()], zorder=0.4, **CEILING)
        look.explain(NATIVE, **CEILING)
    ways, sides = dict.fromkeys(row.way for row in rows), sorted({row.side for row in rows})
    groups = [[row for row in compared if (row.way, row.side) == (way, side)] for way in ways for side in sides]
    curves = [curve for curve in groups if curve]
    for place, curve in enumerate(curves):
        shift = place - (len(curves) - 1) / 2
        _plot(axes, look, curve, _beside(shift * APART, counts[-1], logarithmic))
    block = [found for row in report.block(rows[0].workload) if (found := report.speed_up(row))]
    top = max(counts[-1], *(one.high for one in block))
    if logarithmic:
        axes.set_xscale("log", base=BASE)
        axes.set_yscale("log", base=BASE)
        axes.yaxis.set_major_locator(LogLocator(BASE, numticks=99))
        axes.yaxis.set_major_formatter("{x:g}")
        axes.set_ylim(min(1.0, *(one.median for one in block)) / MARGIN, MARGIN * top)
    else:
        axes.set_ylim(0, 1.05 * top)
    axes.set_xticks(counts if len(counts) < 9 else counts[:: len(counts) // 6], minor=False)
    axes.xaxis.set_major_formatter("{x:g}")
    axes.set_xlabel("workers")
    axes.grid(alpha=0.25)


def _beside(share: float, most: int, logarithmic: bool) -> Callable[[float], float]:
    """Moves a number of workers by that share of the axis."""
    return lambda workers: workers * most**share if logarithmic else workers + share * most


def _plot(axes: Axes, look: Look, curve: Sequence[Row], place: Callable[[float], float]) -> None:
    """One curve: one side in one way."""
    way, held = curve[0].way, curve[0].side == HOLD
    colour, marker = look.colours[way], style.MARKERS.get(way, "P")
    points = {1: interval([1.0])} | {row.workers: look.report.speed_up(row) or interval([0.0]) for row in curve}
    axes.errorbar(
        [place(workers) for workers in points],
        [found.median for found in points.values()],
        yerr=style.whiskers([*points.values()]),
        color=colour,
        linestyle="--" if held else "-",
        marker=marker,
        markerfacecolor="none" if held else colour,
        **CURVE,
    )
    label = labels.WAYS[way][1] if way in labels.WAYS else shortened(way, 30)
    look.explain(label, color=colour, marker=marker, linestyle="none")
    if held:
        look.explain("GIL held", color=style.INK, linestyle="--", marker="o", markerfacecolor="none")
    if curve[0].side == "release":
        look.explain("GIL released", color=style.INK, marker="o")


def _height(rows: Sequence[Row]) -> float:
    """Inches that bars of these rows take, with a line above those of each interpreter."""
    sessions = {row.session for row in rows}
    return AROUND + BAR * (len(rows) + (len(sessions) if len(sessions) > 1 else 0))


def _draw_speed_ups(axes: Axes, look: Look, rows: Sequence[Row], inches: float) -> None:
    """Bars of the speed-up by one number of workers: a line of two points would say less."""
    found = {row: look.report.speed_up(row) or interval([0.0]) for row in _compared(look.report, rows)}
    most = max(found, key=lambda row: row.workers)
    axes.axvline(most.workers, zorder=0.5, **IDEAL)
    look.explain("ideal", **IDEAL)
    if ceiling := look.report.ceiling(most):
        axes.axvline(ceiling.median, zorder=0.5, **CEILING)
        look.explain(NATIVE, **CEILING)
    _bars(axes, look, found, inches, "{:.2f}x".format)
    axes.set_xlim(0, 1.1 * max(most.workers, *(one.high for one in found.values())))
    axes.set_xlabel("times as fast as one after another")


def _draw_times(axes: Axes, look: Look, rows: Sequence[Row], inches: float, of_all: bool = False) -> None:
    """Bars of how long a call takes, or all of them together."""
    from matplotlib.ticker import MaxNLocator

    found = {row: interval(row.values) if of_all else row.seconds_per_call for row in rows}
    _bars(axes, look, found, inches, labels.duration)
    axes.xaxis.set_major_locator(MaxNLocator(3))
    axes.xaxis.set_major_formatter(_seconds())
    axes.set_xlim(0, 1.1 * max(one.high for one in found.values()))
    axes.set_xlabel("all calls, less is better" if of_all else "less is better")


def _draw_lost(axes: Axes, look: Look, rows: Sequence[Row], inches: float) -> None:
    """Bars of the share of a counter's updates that were lost."""
    from matplotlib.ticker import PercentFormatter

    found = {row: interval([row.lost]) for row in rows if row.lost is not None}
    _bars(axes, look, found, inches, lambda value: f"{value:.1%}" if value else "none")
    most = max(0.01, 1.1 * max((one.high for one in found.values()), default=0.0))
    axes.xaxis.set_major_formatter(PercentFormatter(1.0, decimals=0 if most > 0.05 else 1))
    axes.set_xlim(0, most)
    axes.set_xlabel("of all updates")


def _draw_latency(axes: Axes, look: Look, rows: Sequence[Row], inches: float) -> None:
    """How long a call takes, by setting."""
    from matplotlib.ticker import LogLocator

    settings = list(dict.fromkeys(row.setting for row in rows))
    for shift, side in zip((-0.04, 0.04), dict.fromkeys(row.side for row in rows), strict=False):
        found = [row for row in rows if row.side == side]
        colour = style.SIDES.get(side, style.INK)
        line: Any = {"color": colour, "marker": "o", "linestyle": "--" if side == HOLD else "-"}
        line |= {"markerfacecolor": "none" if side == HOLD else colour}
        for part in (
            [row for row in found if row.setting == ALONE],
            [row for row in found if row.setting != ALONE],
        ):
            took = [row.seconds_per_call for row in part]
            places = [settings.index(row.setting) + shift for row in part]
            axes.errorbar(places, [one.median for one in took], yerr=style.whiskers(took), **line, **CURVE)
        look.explain(labels.SIDES.get(side, side), **line)
    block = [row.seconds_per_call for row in look.report.block(rows[0].workload)]
    axes.set_yscale("log")
    axes.set_ylim(min(one.median for one in block) / MARGIN, max(one.high for one in block) * MARGIN)
    axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5), numticks=99))
    axes.yaxis.set_major_formatter(_seconds())
    axes.set_xticks(range(len(settings)), settings)
    axes.set_xlim(-0.4, len(settings) - 0.6)
    axes.set_xlabel("beside a thread that runs Python, by switch interval")
    axes.grid(alpha=0.25)


def _bars(axes: Axes, look: Look, found: dict[Row, Interval], inches: float, written: Callable[[float], str]) -> None:
    """A bar for each row, in the order of the report, so that each way stands in the same place everywhere."""
    several = len({row.session for row in found}) > 1
    room = (inches - AROUND) / (_height([*found]) - AROUND)  # as much as bars need, or more where a neighbour has more
    thick = BAR_SHARE * min(1.0, THICKER / room)
    at, session = 0, ""
    ticks: dict[int, str] = {}
    for row, value in found.items():
        if several and row.session != session:
            session = row.session
            axes.text(-0.01, at, session, transform=axes.get_yaxis_transform(), ha="right", va="center", **HEADING)
            at += 1
        colour, held = look.colours[row.way], row.side == HOLD
        axes.barh(at, value.median, height=thick, color="none" if held else colour, edgecolor=colour, linewidth=1.2)
        if value.sure:
            axes.errorbar(value.median, at, xerr=style.whiskers([value]), fmt="none", **WHISKER)
        axes.text(1.02, at, written(value.median), transform=axes.get_yaxis_transform(), va="center_baseline", size=8)
        side = BRIEF.get(row.side, labels.side(row))
        ticks[at] = shortened(", ".join(filter(None, (labels.way(row), side))), 36)
        at += 1
    axes.set_yticks([*ticks], [*ticks.values()], fontsize=8)
    axes.tick_params(axis="y", length=0)
    axes.set_ylim(at - 0.4, -0.6)
    axes.grid(axis="x", alpha=0.25)


def shortened(text: str, most: int) -> str:
    """The end of a text that is longer: of a path, what names it."""
    return text if len(text) <= most else f"…{text[1 - most :]}"


def _seconds() -> Any:
    from matplotlib.ticker import EngFormatter

    return EngFormatter(unit="s")


@dataclass(frozen=True)
class Kind:
    """A kind of panel."""

    what: str
    """What is shown, for the title."""
    draw: Callable[[Axes, Look, Sequence[Row], float], None]
    """Draws into axes that get so many inches of height, maybe more than asked for."""
    together: bool = True
    """Whether one panel shows all interpreters, by bars."""

    def height(self, rows: Sequence[Row]) -> float:
        """Inches."""
        if not self.together:
            return AXES
        return _height([row for row in rows if self is not BARS or row.way != "sequential"])


BARS = Kind("speed-up", _draw_speed_ups)
CURVES = Kind("speed-up", _draw_curves, together=False)
CALLS = Kind("time of a call", _draw_times)
WAITS = Kind("time", partial(_draw_times, of_all=True))
LOST = Kind("updates lost", _draw_lost)
LATENCY = Kind("time of a call", _draw_latency, together=False)


def kind(report: Report, rows: Sequence[Row]) -> Kind:
    """How the rows of one workload are shown best."""
    subject = about(rows)
    if subject is not About.SPEED_UP:
        return {About.LOST: LOST, About.LATENCY: LATENCY, About.WAITING: WAITS}[subject]
    workers = {row.workers for row in _compared(report, rows)}
    return CALLS if not workers else CURVES if len(workers - {1}) > 1 else BARS
