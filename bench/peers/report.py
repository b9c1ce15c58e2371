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

# Larger than the relative error of a sum in float64, smaller than that of a rounding to float32.
FLOAT32_ERROR = 2.0**-32


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
    result_table = tables.table("\ncase", "\nper call", f"\n{unit}", *map(column, peers))
    for row in rows:
        result_table.add_row(
            row.case,
            duration(row.seconds(row.own_name).median),
            tables.number(rate(row, row.own_name)),
            *(ratio(row, peer) for peer in peers),
        )
    return result_table


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
    """Return whether the rate is in bytes per second. A sum has two operations per number, so reading limits it."""
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
    float32_errors = [f"{peer} {error:.0e}" for peer, error in largest.items() if error > FLOAT32_ERROR]
    float64_errors = [f"{peer} {error:.0e}" for peer, error in largest.items() if error <= FLOAT32_ERROR]
    if not float32_errors:
        return ""
    return (
        "largest relative errors: packages with a step in float32 (less work):"
        f" {', '.join(float32_errors)}; packages that compute in float64: {', '.join(float64_errors)}"
    )


def goals(results: Sequence[Result]) -> RenderableType:
    """Return a table of the goals that were measured, and the number of those that are met."""
    goal_table = style.table()
    goal_table.add_column("goal; peer; worst case")
    goal_table.add_column("at least", justify="right")
    goal_table.add_column("measured (95 %)", no_wrap=True)
    goal_table.add_column("", no_wrap=True)
    verdicts = [goal_verdict for goal in GOALS if (goal_verdict := verdict(goal, results))]
    for goal_verdict in verdicts:
        measured, outcome, worst = cells(goal_verdict)
        description = Text.assemble(title(goal_verdict.goal), (f"\n  {rivals(goal_verdict.goal)}; {worst}", "dim"))
        coloured_outcome = Text(outcome, "green" if goal_verdict.met else "red")
        goal_table.add_row(description, f"{goal_verdict.goal.ratio:g}", measured, coloured_outcome)
    met = sum(goal_verdict.met for goal_verdict in verdicts)
    unmeasured = len(GOALS) - len(verdicts)
    unmeasured_note = f"; {unmeasured} were not measured" if unmeasured else ""
    return Group(goal_table, "", f"{met} of {len(verdicts)} goals are met{unmeasured_note}")


def title(goal: Goal) -> str:
    """Return what a goal is about, with the dtype if there is only one."""
    return goal.title + (f", {goal.dtypes[0]}" if len(goal.dtypes) == 1 else "")


def rivals(goal: Goal) -> str:
    """Return the peers of a goal in a few words."""
    if goal.speed_up:
        return "speed-up of reading"
    if goal.against[0].startswith("ceiling"):
        return "the machine's limit"
    return goal.against[0] if len(goal.against) == 1 else f"the fastest of {len(goal.against)}"


def cells(goal_verdict: Verdict) -> tuple[str, str, str]:
    """Return the measured ratio, the outcome, and the worst case. For a mean, the third text is the number of cases.

    The outcome is "met", "just met" if only the upper end of the interval reaches the goal, or "missed".
    """
    worst = f"{goal_verdict.worst.case}, {goal_verdict.worst.dtype}"
    if len(goal_verdict.goal.against) > 1 and not goal_verdict.peer.startswith("ceiling"):
        worst = f"{worst}: {goal_verdict.peer}"
    if goal_verdict.goal.mean:
        worst = "1 case" if goal_verdict.cases == 1 else f"{goal_verdict.cases} cases"
    elif goal_verdict.missed > 1:
        worst = f"{worst}; {goal_verdict.missed} of {goal_verdict.cases} missed"
    outcome = "met" if goal_verdict.measured.median >= goal_verdict.goal.ratio else "just met"
    return goal_verdict.measured.text(), outcome if goal_verdict.met else "missed", worst
