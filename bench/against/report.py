"""What `against` shows: each group's geometric mean, the cases that are slower, and what calls cost."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from rich.console import RenderableType
from rich.table import Table

from nogil_kernels.measure import samples

from .. import tables

SIDES = ("old", "new")
"""The other build and this one."""
SLOWER = 0.95
CALLS = "calls"  # the group whose times are shown in nanoseconds


@dataclass(frozen=True)
class Work:
    """What both builds are timed at: a setup, and a statement that is executed many times."""

    group: str
    name: str
    dtype: str
    setup: str
    statement: str


Turns = dict[Work, dict[str, list[float]]]
"""Seconds of each work on each side, turn by turn."""


def ratios(times: Mapping[str, Sequence[float]]) -> list[float]:
    """Return how many times as fast this build is, turn by turn."""
    return [old / new for old, new in zip(times["old"], times["new"], strict=False)]


def spread(values: Sequence[float], digits: int) -> str:
    """Return the median of the turns and its interval; of fewer than 6 turns, their whole range."""
    found = samples.interval(values)
    return f"{found.median:.{digits}f} ({found.low:.{digits}f} to {found.high:.{digits}f})"


def render(turns: Turns) -> Iterator[RenderableType]:
    yield tables.titled("Geometric mean of each group: old / new, above 1 where this build is faster", groups(turns))
    slower = slower_cases(turns)
    title = f"Cases below {SLOWER} with the whole interval"
    yield tables.titled(title, slower if slower.row_count else tables.note("none"))
    if calls := {work: times for work, times in turns.items() if work.group == CALLS}:
        yield tables.titled("Calls, in nanoseconds", call_costs(calls))
    count = min(len(times["new"]) for times in turns.values())
    held = "holds the true median with 95 %" if count >= samples.FEWEST else "is the whole range"
    yield tables.note(
        f"How to read it: a ratio is the other build's time by this one's, in the same turn. Shown is the median of"
        f" {count} turns; the interval in brackets {held}. An interval that holds 1 shows no difference."
        " A time is that of the fastest sample in a process."
    )


def groups(turns: Turns) -> Table:
    """The geometric mean over each group's cases, turn by turn."""
    table = tables.table("", "cases", "old / new")
    for group in dict.fromkeys(work.group for work in turns):
        logs = [[*map(math.log, ratios(times))] for work, times in turns.items() if work.group == group]
        means = [math.exp(sum(turn) / len(logs)) for turn in zip(*logs, strict=False)]
        table.add_row(group, str(len(logs)), spread(means, 3))
    return table


def slower_cases(turns: Turns) -> Table:
    """The cases whose whole interval is below SLOWER."""
    table = tables.table("group", "case", "dtype", "old / new", left=4)
    for work, times in turns.items():
        if samples.interval(ratios(times)).high < SLOWER:
            table.add_row(work.group, work.name, work.dtype, spread(ratios(times), 3))
    return table


def call_costs(calls: Turns) -> Table:
    """The times of the shortest calls, and how much longer they take with this build."""
    table = tables.table("", *SIDES, "new - old")
    for work, times in calls.items():
        medians = [f"{1e9 * samples.interval(times[side]).median:.0f}" for side in SIDES]
        differences = [1e9 * (new - old) for old, new in zip(times["old"], times["new"], strict=False)]
        table.add_row(work.name, *medians, spread(differences, 1))
    return table
