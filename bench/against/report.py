"""The report of `against`: the geometric mean of each group, the cases that are slower, and the time of short calls."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from rich.console import RenderableType
from rich.table import Table

from nogil_kernels.measure import samples

from .. import tables

SIDES = ("old", "new")
"""The other build and this build."""
SLOWER = 0.95
CALLS = "calls"  # the group of short calls, whose times are shown in nanoseconds


@dataclass(frozen=True)
class Work:
    """A statement that both builds execute many times, and its setup."""

    group: str
    name: str
    dtype: str
    setup: str
    statement: str


Rounds = dict[Work, dict[str, list[float]]]
"""The seconds per execution of each work on each side, one number per round."""


def ratios(times: Mapping[str, Sequence[float]]) -> list[float]:
    """Return the speed-up of this build over the other one in each round."""
    return [old / new for old, new in zip(times["old"], times["new"], strict=False)]


def spread(values: Sequence[float], digits: int) -> str:
    """Return the median of the rounds and its interval, or their whole range if there are fewer than 6."""
    interval = samples.interval(values)
    return f"{interval.median:.{digits}f} ({interval.low:.{digits}f} to {interval.high:.{digits}f})"


def render(rounds: Rounds) -> Iterator[RenderableType]:
    """Yield the tables, and a note that explains them."""
    yield tables.titled("Geometric mean per group: old / new, above 1 if this build is faster", groups(rounds))
    slower = slower_cases(rounds)
    title = f"Slower cases: the whole interval is below {SLOWER}"
    yield tables.titled(title, slower if slower.row_count else tables.note("none"))
    if calls := {work: times for work, times in rounds.items() if work.group == CALLS}:
        yield tables.titled("Short calls, in nanoseconds", call_costs(calls))
    count = min(len(times["new"]) for times in rounds.values())
    brackets = "their 95 % interval" if count >= samples.MIN_VALUES else "their whole range"
    yield tables.note(
        "How to read it: old / new is the time of the other build divided by the time of this build, in the same round."
        f" The number is the median of {count} rounds, with {brackets} in brackets. If the brackets include 1, no"
        " difference was measured. The time of a round is the fastest sample of a worker process."
    )


def groups(rounds: Rounds) -> Table:
    """Return the geometric mean over the cases of each group, computed per round."""
    table = tables.table("", "cases", "old / new")
    for group in dict.fromkeys(work.group for work in rounds):
        logs = [[*map(math.log, ratios(times))] for work, times in rounds.items() if work.group == group]
        means = [math.exp(sum(logs_of_round) / len(logs)) for logs_of_round in zip(*logs, strict=False)]
        table.add_row(group, str(len(logs)), spread(means, 3))
    return table


def slower_cases(rounds: Rounds) -> Table:
    """Return the cases whose whole interval is below SLOWER."""
    table = tables.table("group", "case", "dtype", "old / new", left=4)
    for work, times in rounds.items():
        if samples.interval(ratios(times)).high < SLOWER:
            table.add_row(work.group, work.name, work.dtype, spread(ratios(times), 3))
    return table


def call_costs(calls: Rounds) -> Table:
    """Return the time of each short call with both builds, and the difference."""
    table = tables.table("", *SIDES, "new - old")
    for work, times in calls.items():
        medians = [f"{1e9 * samples.interval(times[side]).median:.0f}" for side in SIDES]
        differences = [1e9 * (new - old) for old, new in zip(times["old"], times["new"], strict=False)]
        table.add_row(work.name, *medians, spread(differences, 1))
    return table
