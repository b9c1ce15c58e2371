"""What peers shows: a table for each group and type, then the goals beside what was measured."""

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from nogil_kernels.measure import style
from nogil_kernels.scaling.report.labels import duration

from .. import tables
from .cases import GROUPS
from .goals import GOALS, Goal, Verdict, verdict
from .measured import Result, from_suite

SINGLE = 2.0**-32  # a relative error that no sum in float64 has, and each rounding to float32 may have


def render(suite: Any) -> Iterator[RenderableType]:
    results = from_suite(suite)
    for (group, dtype), found in groupby(results, key=lambda result: (result.group, result.dtype)):
        rows = list(found)
        title = f"{group}: {GROUPS.get(group, '')}, {dtype}"
        yield tables.titled(title, table(rows))
        if said_of_errors := errors(rows):
            yield tables.note(said_of_errors[0].upper() + said_of_errors[1:])
    yield tables.titled("Goals: the peer's time by ours, and how much it has to be at least", goals(results))
    if said_of_errors := errors(results):
        yield tables.note(f"Sums of float32: {said_of_errors}. The verdicts make no difference between them.")


def table(rows: Sequence[Result]) -> Table:
    """Our time and rate, and how many times as fast as each peer we are; red where a peer is faster."""
    peers = list(dict.fromkeys(peer for row in rows for peer in row.rivals))
    unit = "GB/s" if is_sum(rows[0]) else "GFLOP/s"
    drawn = tables.table("\ncase", "\na call", f"\n{unit}", *map(column, peers))
    for row in rows:
        drawn.add_row(
            row.case,
            duration(row.seconds(row.own).median),
            tables.number(rate(row, row.own)),
            *(ratio(row, peer) for peer in peers),
        )
    return drawn


def column(peer: str) -> str:
    """A peer's name in two short lines: package, function."""
    package, _, function = peer.rpartition(".")
    return "\n".join((package.partition(".")[0], function.replace(", ", "\n")))


def ratio(row: Result, peer: str) -> Text:
    """How many times as fast as that peer we are; empty where it did not take part."""
    if peer not in row.samples:
        return Text()
    faster = row.ratio(peer).median
    return Text(tables.number(faster), style="green" if faster >= 1 else "red")


def is_sum(row: Result) -> bool:
    """Whether reading is what counts: a sum does two operations for each number."""
    return row.group.startswith("sums")


def rate(row: Result, peer: str) -> float:
    """10**9 operations, or bytes of a sum, in a second."""
    return (row.bytes if is_sum(row) else row.flops) / row.seconds(peer).median / 1e9


def largest_errors(rows: Sequence[Result]) -> dict[str, float]:
    """The largest relative error of each peer's sums of float32."""
    found: dict[str, float] = {}
    for row in rows:
        if row.dtype == "float32":
            found |= {peer: max(error, found.get(peer, 0.0)) for peer, error in row.errors.items()}
    return found


def errors(rows: Sequence[Result]) -> str:
    """Who computes sums of float32 in float32, and how far off that is: less work than ours, which is in float64."""
    found = largest_errors(rows)
    single = [f"{peer} {error:.0e}" for peer, error in found.items() if error > SINGLE]
    double = [f"{peer} {error:.0e}" for peer, error in found.items() if error <= SINGLE]
    if not single:
        return ""
    return (
        f"largest relative errors of those that square or add in float32, which is less work: {', '.join(single)};"
        f" of those that compute in float64: {', '.join(double)}"
    )


def goals(results: Sequence[Result]) -> RenderableType:
    drawn = style.table()
    drawn.add_column("goal, against whom, where it is furthest off")
    drawn.add_column("at least", justify="right")
    drawn.add_column("measured (95 %)", no_wrap=True)
    drawn.add_column("", no_wrap=True)
    verdicts = [found for goal in GOALS if (found := verdict(goal, results))]
    for found in verdicts:
        measured, met, where = said(found)
        what = Text.assemble(named(found.goal), (f"\n  {rivals(found.goal)}; {where}", "dim"))
        drawn.add_row(what, f"{found.goal.ratio:g}", measured, Text(met, "green" if found.met else "red"))
    met_ones = sum(found.met for found in verdicts)
    left = len(GOALS) - len(verdicts)
    return Group(drawn, "", f"{met_ones} of {len(verdicts)} are met" + (f"; {left} were not measured" if left else ""))


def named(goal: Goal) -> str:
    return goal.what + (f", {goal.dtypes[0]}" if len(goal.dtypes) == 1 else "")


def rivals(goal: Goal) -> str:
    if goal.speed_up:
        return "speed-up of reading"
    if goal.against[0].startswith("ceiling"):
        return "the machine's limit"
    return goal.against[0] if len(goal.against) == 1 else f"the fastest of {len(goal.against)}"


def said(found: Verdict) -> tuple[str, str, str]:
    """What was measured, whether it is enough, and where. "Just" is where only the interval's end is enough."""
    where = f"{found.worst.case}, {found.worst.dtype}"
    if len(found.goal.against) > 1 and not found.peer.startswith("ceiling"):
        where = f"{where}: {found.peer}"
    if found.goal.mean:
        where = "1 case" if found.cases == 1 else f"{found.cases} cases"
    elif found.missed > 1:
        where = f"{where}; {found.missed} of {found.cases} missed"
    met = "met" if found.measured.median >= found.goal.ratio else "just met"
    return found.measured.text(), met if found.met else "missed", where
