"""The results in a terminal: a table with bars for each group and type, then the goals beside what was measured."""

from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from .cases import GROUPS
from .goals import GOALS, Goal, Verdict, verdict
from .measured import Result, from_suite

BAR = 14  # characters of the longest bar
WIDE = 106  # columns that the widest table takes with its bars
EIGHTHS = " ▏▎▍▌▋▊▉█"


def show(suite: Any, console: Console) -> None:
    """Print the whole suite."""
    results, facts = from_suite(suite), suite.get_metadata()
    console.print(heading(facts), highlight=False, markup=False)
    for (group, dtype), rows in groupby(results, key=lambda result: (result.group, result.dtype)):
        console.print()
        console.print(f"{group}: {GROUPS.get(group, '')}, {dtype}", style="bold", highlight=False)
        console.print(table(list(rows), bars=console.width >= WIDE))
    console.print("\nGoals: the fastest peer's time by ours, and by which factor it has to be longer", style="bold")
    console.print(goals(results))


def heading(facts: Mapping[str, Any]) -> str:
    """Where it was measured, in two lines; a third where something is to be known about it."""
    lines = [
        f"{facts['cpu_model_name']}, {facts.get('nk_isa', facts['nk_backend'])}; Python {facts['python_version']}",
        f"{facts['nk_peers']}; OpenBLAS {facts['nk_openblas']}",
    ]
    if "nk_quick" in facts:
        lines.append("A quick look: few sizes and rounds. Quote figures of a whole run only.")
    if "nk_interrupted" in facts:
        lines.append("Interrupted: cases are missing.")
    return "\n".join(lines)


def table(rows: Sequence[Result], bars: bool) -> RenderableType:
    """Our time and rate, and how many times as fast as each peer we are; the bar compares with the fastest of them."""
    drawn = new_table()
    drawn.add_column("\ncase", no_wrap=True)
    drawn.add_column("\na call", justify="right", no_wrap=True)
    drawn.add_column(f"\n{rate_unit(rows[0])}", justify="right", no_wrap=True)
    peers = list(dict.fromkeys(peer for row in rows for peer in row.rivals))
    for peer in peers:
        drawn.add_column(title(peer), justify="right", no_wrap=True)
    if bars:
        drawn.add_column("fastest peer's\ntime / ours", no_wrap=True)
    longest = max(against_fastest(row) for row in rows)
    for row in rows:
        ratios = [f"{row.ratio(peer).median:.3g}" if peer in row.samples else "" for peer in peers]
        drawn.add_row(
            row.case,
            duration(row.seconds(row.own).median),
            f"{rate(row, row.own):.3g}",
            *ratios,
            *([bar(against_fastest(row), longest)] if bars else []),
        )
    return drawn


def new_table() -> Table:
    return Table(box=SIMPLE_HEAD, pad_edge=False, padding=(0, 1), collapse_padding=True, header_style="")


def title(peer: str) -> str:
    """A peer's name in two short lines: package, function."""
    package, _, function = peer.rpartition(".")
    return "\n".join((package.partition(".")[0], function.replace(", ", "\n")))


def against_fastest(row: Result) -> float:
    """How many times as fast as the fastest rival; 0 where there is none."""
    peer = row.fastest(row.rivals)
    return row.ratio(peer).median if peer else 0.0


def bar(ratio: float, longest: float) -> Text:
    """A bar up to `ratio`, with a mark at 1: what ends before the mark is slower than the fastest peer."""
    scale = BAR / max(longest, 1.0)
    eighths = round(8 * scale * ratio)
    text = "█" * (eighths // 8) + EIGHTHS[eighths % 8].strip()
    one = min(BAR - 1, round(scale))
    text = text.ljust(BAR)
    if ratio < 1:
        text = text[:one] + "│" + text[one + 1 :]
    return Text(text.rstrip(), style="green" if ratio >= 1 else "red")


def rate_unit(row: Result) -> str:
    return "GB/s" if is_sum(row) else "GFLOP/s"


def is_sum(row: Result) -> bool:
    """Whether reading is what counts: a sum does two operations for each number."""
    return row.group.startswith("sums")


def rate(row: Result, peer: str) -> float:
    """10**9 operations, or bytes of a sum, in a second."""
    return (row.bytes if is_sum(row) else row.flops) / row.seconds(peer).median / 1e9


def duration(seconds: float) -> str:
    for unit, size in (("s", 1.0), ("ms", 1e-3), ("µs", 1e-6)):
        if seconds >= size:
            return f"{seconds / size:.3g} {unit}"
    return f"{seconds * 1e9:.3g} ns"


def goals(results: Sequence[Result]) -> RenderableType:
    """Each goal beside what was measured of it."""
    drawn = new_table()
    drawn.add_column("goal")
    drawn.add_column("against")
    drawn.add_column("wanted", justify="right", no_wrap=True)
    drawn.add_column("measured (95 %)", no_wrap=True)
    drawn.add_column("", no_wrap=True)
    drawn.add_column("of")
    verdicts = [found for goal in GOALS if (found := verdict(goal, results))]
    for found in verdicts:
        measured, met, of = said(found)
        style = "green" if found.met else "red"
        drawn.add_row(named(found.goal), rivals(found.goal), f"{found.goal.ratio:g}", measured, Text(met, style), of)
    met_ones = sum(found.met for found in verdicts)
    return Group(drawn, f"{met_ones} of {len(verdicts)} are met; {len(GOALS) - len(verdicts)} were not measured")


def named(goal: Goal) -> str:
    """What the goal is about."""
    return goal.what + (f", {goal.dtypes[0]}" if len(goal.dtypes) == 1 else "")


def rivals(goal: Goal) -> str:
    """Whom it is against."""
    if goal.against[0].startswith("ceiling"):
        return "the machine's limit"
    return goal.against[0] if len(goal.against) == 1 else f"the fastest of {len(goal.against)}"


def said(found: Verdict) -> tuple[str, str, str]:
    """What was measured, whether it is enough, and of what. "Just" is where only the interval's end is."""
    of = f"{found.worst.case}, {found.worst.dtype}"
    if found.goal.mean:
        of = "1 case" if found.cases == 1 else f"{found.cases} cases"
    elif found.missed > 1:
        of = f"{of}; {found.missed} of {found.cases} missed"
    met = "met" if found.measured.median >= found.goal.ratio else "just met"
    return str(found.measured), met if found.met else "missed", of
