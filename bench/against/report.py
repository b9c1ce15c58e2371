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
SLOWER_BELOW = 0.95  # a case counts as slower if its whole interval of old / new is below this
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


def median_and_interval(values: Sequence[float], digits: int) -> str:
    """Return the median over the rounds with its 95 % interval, or with the whole range of fewer than 6 rounds."""
    interval = samples.interval(values)
    return f"{interval.median:.{digits}f} ({interval.low:.{digits}f} to {interval.high:.{digits}f})"


def render(rounds: Rounds) -> Iterator[RenderableType]:
    """Yield the tables, and a note that explains them."""
    yield tables.titled("Geometric mean per group: old / new, above 1 if this build is faster", groups(rounds))
    slower = slower_cases(rounds)
    title = f"Slower cases: the whole interval is below {SLOWER_BELOW}"
    yield tables.titled(title, slower if slower.row_count else tables.note("none"))
    if calls := {work: times for work, times in rounds.items() if work.group == CALLS}:
        yield tables.titled("Short calls, in nanoseconds", call_costs(calls))
    round_count = min(len(times["new"]) for times in rounds.values())
    meaning_of_brackets = "their 95 % interval" if round_count >= samples.MIN_VALUES else "their whole range"
    yield tables.note(
        "How to read it: old / new is the time of the other build divided by the time of this build, in the same round."
        f" The number is the median of {round_count} rounds, with {meaning_of_brackets} in brackets. If the brackets"
        " include 1, no difference was measured. The time of a round is the time of the fastest sample that the worker"
        " process took in it."
    )


def groups(rounds: Rounds) -> Table:
    """Return the geometric mean over the cases of each group, computed per round."""
    table = tables.table("", "cases", "old / new")
    for group in dict.fromkeys(work.group for work in rounds):
        logs_per_case = [[*map(math.log, ratios(times))] for work, times in rounds.items() if work.group == group]
        means = [math.exp(sum(logs) / len(logs)) for logs in zip(*logs_per_case, strict=False)]
        table.add_row(group, str(len(logs_per_case)), median_and_interval(means, 3))
    return table


def slower_cases(rounds: Rounds) -> Table:
    """Return the cases whose whole interval is below SLOWER_BELOW."""
    table = tables.table("group", "case", "dtype", "old / new", text_columns=4)
    for work, times in rounds.items():
        if samples.interval(ratios(times)).high < SLOWER_BELOW:
            table.add_row(work.group, work.name, work.dtype, median_and_interval(ratios(times), 3))
    return table


def call_costs(calls: Rounds) -> Table:
    """Return the time of each short call with both builds, and the difference."""
    table = tables.table("", *SIDES, "new - old")
    for work, times in calls.items():
        medians = [f"{1e9 * samples.interval(times[side]).median:.0f}" for side in SIDES]
        differences = [1e9 * (new - old) for old, new in zip(times["old"], times["new"], strict=False)]
        table.add_row(work.name, *medians, median_and_interval(differences, 1))
    return table
