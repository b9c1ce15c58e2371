"""The report of `peers`: a table per group and dtype, then the goals with the verdicts."""

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

SINGLE = 2.0**-32  # a relative error above that of a sum in float64, and below that of a rounding to float32


def render(suite: Any) -> Iterator[RenderableType]:
    """Yield a table per group and dtype, the goals, and notes."""
    results = from_suite(suite)
    for (group, dtype), members in groupby(results, key=lambda result: (result.group, result.dtype)):
        rows = list(members)
        yield tables.titled(f"{group}: {GROUPS.get(group, '')}, {dtype}", table(rows))
        if sentence := errors(rows):
            yield tables.note(sentence[0].upper() + sentence[1:])
    yield tables.titled("Goals: the time of the peer divided by the time of nogil_kernels", goals(results))
    if sentence := errors(results):
        yield tables.note(f"Sums of float32: {sentence}. The goals ignore this difference.")


def table(rows: Sequence[Result]) -> Table:
    """Return a table with the time and rate of nogil_kernels, and its speed-up over each peer, red if below 1."""
    peers = list(dict.fromkeys(peer for row in rows for peer in row.rivals))
    unit = "GB/s" if is_sum(rows[0]) else "GFLOP/s"
    drawn = tables.table("\ncase", "\nper call", f"\n{unit}", *map(column, peers))
    for row in rows:
        drawn.add_row(
            row.case,
            duration(row.seconds(row.own).median),
            tables.number(rate(row, row.own)),
            *(ratio(row, peer) for peer in peers),
        )
    return drawn


def column(peer: str) -> str:
    """Return a peer's name in two short lines: package and function."""
    package, _, function = peer.rpartition(".")
    return "\n".join((package.partition(".")[0], function.replace(", ", "\n")))


def ratio(row: Result, peer: str) -> Text:
    """Return the speed-up over a peer, or an empty text if the peer has no samples."""
    if peer not in row.samples:
        return Text()
    speed_up = row.ratio(peer).median
    return Text(tables.number(speed_up), style="green" if speed_up >= 1 else "red")


def is_sum(row: Result) -> bool:
    """Return whether the rate is in bytes: a sum does two operations per number, so reading limits it."""
    return row.group.startswith("sums")


def rate(row: Result, peer: str) -> float:
    """Return the rate in 10**9 bytes per second for a sum, in 10**9 operations per second otherwise."""
    return (row.bytes if is_sum(row) else row.flops) / row.seconds(peer).median / 1e9


def largest_errors(rows: Sequence[Result]) -> dict[str, float]:
    """Return the largest relative error of each peer in sums of float32."""
    largest: dict[str, float] = {}
    for row in rows:
        if row.dtype == "float32":
            largest |= {peer: max(error, largest.get(peer, 0.0)) for peer, error in row.errors.items()}
    return largest


def errors(rows: Sequence[Result]) -> str:
    """Return a sentence with the errors in sums of float32, or an empty string if all peers compute in float64."""
    largest = largest_errors(rows)
    single = [f"{peer} {error:.0e}" for peer, error in largest.items() if error > SINGLE]
    double = [f"{peer} {error:.0e}" for peer, error in largest.items() if error <= SINGLE]
    if not single:
        return ""
    return (
        f"the largest relative errors of packages with a step in float32, which is less work, are {', '.join(single)};"
        f" those of packages that compute in float64 are {', '.join(double)}"
    )


def goals(results: Sequence[Result]) -> RenderableType:
    """Return a table of the goals that were measured, and the number of those that are met."""
    drawn = style.table()
    drawn.add_column("goal; peer; worst case")
    drawn.add_column("at least", justify="right")
    drawn.add_column("measured (95 %)", no_wrap=True)
    drawn.add_column("", no_wrap=True)
    verdicts = [judged for goal in GOALS if (judged := verdict(goal, results))]
    for judged in verdicts:
        measured, outcome, worst = cells(judged)
        what = Text.assemble(title(judged.goal), (f"\n  {rivals(judged.goal)}; {worst}", "dim"))
        drawn.add_row(what, f"{judged.goal.ratio:g}", measured, Text(outcome, "green" if judged.met else "red"))
    met = sum(judged.met for judged in verdicts)
    unmeasured = len(GOALS) - len(verdicts)
    rest = f"; {unmeasured} were not measured" if unmeasured else ""
    return Group(drawn, "", f"{met} of {len(verdicts)} goals are met{rest}")


def title(goal: Goal) -> str:
    """Return what a goal is about, with the dtype if there is only one."""
    return goal.what + (f", {goal.dtypes[0]}" if len(goal.dtypes) == 1 else "")


def rivals(goal: Goal) -> str:
    """Return the peers of a goal in a few words."""
    if goal.speed_up:
        return "speed-up of reading"
    if goal.against[0].startswith("ceiling"):
        return "the machine's limit"
    return goal.against[0] if len(goal.against) == 1 else f"the fastest of {len(goal.against)}"


def cells(judged: Verdict) -> tuple[str, str, str]:
    """Return the measured ratio, the outcome, and the worst case (for a mean, the number of cases).

    The outcome is "met", "just met" if only the upper end of the interval reaches the goal, or "missed".
    """
    worst = f"{judged.worst.case}, {judged.worst.dtype}"
    if len(judged.goal.against) > 1 and not judged.peer.startswith("ceiling"):
        worst = f"{worst}: {judged.peer}"
    if judged.goal.mean:
        worst = "1 case" if judged.cases == 1 else f"{judged.cases} cases"
    elif judged.missed > 1:
        worst = f"{worst}; {judged.missed} of {judged.cases} missed"
    outcome = "met" if judged.measured.median >= judged.goal.ratio else "just met"
    return judged.measured.text(), outcome if judged.met else "missed", worst
