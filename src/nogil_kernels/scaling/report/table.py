"""The report in a terminal: a block for each workload, drawn with rich."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from ...measure import style
from .labels import SIDES, counted, duration, interpreter, side, way
from .sentences import NEAR, meaning
from .suite import About, Report, Row, about

DETAILS, BRIEF = 52, 8  # columns of a terminal: the first interpreter and each other one


def show(report: Report, console: Console) -> None:
    """Print the whole report; into a file or a pipe without the blanks that fill lines up."""
    if console.is_terminal:
        console.print(render(report, console.width))
        return
    with console.capture() as captured:
        console.print(render(report, console.width))
    for line in captured.get().splitlines():
        print(line.rstrip(), file=console.file)


def render(report: Report, width: int) -> Group:
    """The report as one thing that rich can print, for so many columns."""
    blocks = (part for workload in report.workloads for part in block(report, workload, width))
    return Group(*heading(report), *blocks, *costs(report), *_notes(report))


def heading(report: Report) -> Iterator[RenderableType]:
    """Where it was measured."""
    facts = report.facts
    gil = "GIL on" if facts["nk_gil_enabled"] else "GIL off"
    kernels = " ".join(str(facts[name]) for name in ("nk_backend", "nk_isa") if name in facts)
    cores = counted(int(facts["nk_usable_cores"]), "usable core")
    lines = [
        f"Python {facts['python_version']}, {gil}; nogil-kernels {facts['nk_version']}, {kernels}",
        f"{facts['cpu_model_name']}, {cores}, L2 {int(facts['nk_l2_bytes']) / 2**20:.3g} MiB",
    ]
    if len(report.sessions) > 1:
        lines.append(f"Beside it: Python {', '.join(report.sessions[1:])}, each compared with itself")
    if report.weak:
        lines.append("Weak scaling: so much work for each worker")
    yield Text("\n".join(lines), style="dim")


def block(report: Report, workload: str, width: int) -> Iterator[RenderableType]:
    """One workload: its table, and what that says."""
    rows = report.block(workload)
    sizes = dict.fromkeys(row.size for row in rows)
    yield Text.assemble("\n", (workload, "bold"), "  ", ("; ".join(sizes), "dim"))
    here, *others = [name for name in report.sessions if any(row.session == name for row in rows)]
    beside = max(0, (width - DETAILS) // BRIEF)
    yield _fitting(report, rows, [here, *others[:beside]], width)
    step = max(1, beside)
    for first in range(beside, len(others), step):
        yield _fitting(report, rows, ["", *others[first : first + step]], width)
    yield Padding(Text(meaning(report, workload)), (0, 2))


def _fitting(report: Report, rows: Sequence[Row], sessions: Sequence[str], width: int) -> Table:
    """The table with as many details of the first interpreter as so many columns have room for; one at least."""
    console = Console(width=10 * width)
    details = len(TABLES[about(rows)].headings)
    for most in range(details, 0, -1):
        table = _table(report, rows, sessions, most)
        if console.measure(table).maximum <= width:
            break
    return table


def _table(report: Report, rows: Sequence[Row], sessions: Sequence[str], most: int) -> Table:
    """A line for each way, with the first interpreter in detail and one column for each other one."""
    first, *others = sessions
    cells = TABLES[about(rows)]
    headings = cells.headings[: min(most, cells.kept) if others else most] if first else ()
    table = style.table()
    table.add_column("", overflow="fold")  # where room is short, names take two lines, and no figure is cut
    for heading in [*headings, *(name.replace(" ", "\n", 1) for name in others)]:
        table.add_column(heading, justify="right", no_wrap=True, min_width=7)
    lines: dict[tuple[str, str, str, int], dict[str, Row]] = {}
    for row in sorted(rows, key=cells.order):  # which keeps the order of ways
        lines.setdefault((row.side, row.setting, row.way, row.workers), {})[row.session] = row
    group = ""
    for found in lines.values():
        one = next(iter(found.values()))
        here = found.get(first)
        if cells.group(one) != group:
            group = cells.group(one)
            table.add_row(Text("  " + group, style="dim"))
        details = cells.details(report, here)[: len(headings)] if here else [""] * len(headings)
        briefs = [cells.brief(report, found[name]) if name in found else "" for name in others]
        table.add_row(
            "    " + cells.label(one) if group else "  " + cells.label(one),
            *details,
            *briefs,
            style=_style(report, here),
        )
    return table


class _Scaling:
    """Ways beside one another, by speed-up."""

    headings: Sequence[str] = ("a call", "speed-up", "of\nceiling", "effi-\nciency", "95 %")
    kept = 3  # of these, beside other interpreters

    @staticmethod
    def order(row: Row) -> int:
        return list(SIDES).index(row.side) if row.side in SIDES else -1

    @staticmethod
    def group(row: Row) -> str:
        return side(row)

    @staticmethod
    def label(row: Row) -> str:
        return way(row)

    @staticmethod
    def details(report: Report, row: Row) -> list[str]:
        speed_up, share = report.speed_up(row), report.of_ceiling(row)
        took = duration(row.seconds_per_call.median)
        if row.way == "sequential" or speed_up is None:
            return [took, "", "", "", ""]
        spread = f"{speed_up.low:.2f}-{speed_up.high:.2f}" if speed_up.sure else ""
        efficiency = f"{speed_up.median / row.workers:.0%}"
        return [took, f"{speed_up.median:.2f}x", "" if share is None else f"{share:.0%}", efficiency, spread]

    @staticmethod
    def brief(report: Report, row: Row) -> str:
        speed_up = report.speed_up(row)
        if row.way == "sequential" or speed_up is None:
            return duration(row.seconds_per_call.median)
        return f"{speed_up.median:.2f}x"


class _Waiting(_Scaling):
    """Work that waits: the time of all calls together."""

    headings = ("all calls", "speed-up", "95 %")
    kept = 2

    @staticmethod
    def details(report: Report, row: Row) -> list[str]:
        _, speed_up, _, _, spread = _Scaling.details(report, row)
        return [duration(row.seconds_per_call.median * row.calls), speed_up, spread]

    @staticmethod
    def brief(report: Report, row: Row) -> str:
        if row.way == "sequential":
            return duration(row.seconds_per_call.median * row.calls)
        return _Scaling.brief(report, row)


class _Updates(_Scaling):
    """A counter: how many of its updates were lost."""

    headings = ("lost", "at most", "updates")
    kept = 1

    @staticmethod
    def group(row: Row) -> str:
        return ""

    @staticmethod
    def label(row: Row) -> str:
        return f"{side(row)}, {way(row)}"

    @staticmethod
    def details(report: Report, row: Row) -> list[str]:
        worst = max(row.tally, default=0) / row.updates
        return [_Updates.brief(report, row), f"{worst:.1%}" if worst else "none", f"{row.updates:,}"]

    @staticmethod
    def brief(report: Report, row: Row) -> str:
        return f"{row.lost:.1%}" if row.lost else "none"


class _Latency(_Scaling):
    """A call's latency, by setting."""

    headings = ("a call", "95 %")
    kept = 1

    @staticmethod
    def label(row: Row) -> str:
        return "alone" if row.setting == "alone" else f"beside Python, {row.setting}"

    @staticmethod
    def details(report: Report, row: Row) -> list[str]:
        took = row.seconds_per_call
        return [duration(took.median), took.span(duration)]

    @staticmethod
    def brief(report: Report, row: Row) -> str:
        return duration(row.seconds_per_call.median)


TABLES = {About.LOST: _Updates, About.LATENCY: _Latency, About.WAITING: _Waiting, About.SPEED_UP: _Scaling}


def _style(report: Report, row: Row | None) -> str:
    """Green for what ran at once."""
    efficiency = report.efficiency(row) if row is not None and row.workers > 1 else None
    return "green" if efficiency is not None and efficiency >= NEAR else ""


def costs(report: Report) -> Iterator[RenderableType]:
    """What workers cost beside the work: starting them, and handing them their parts."""
    costs = report.costs
    if not costs:
        return
    table = style.table()
    for heading in ("", "start", "a round"):
        table.add_column(heading, justify="right" if heading else "left", no_wrap=True, min_width=7)
    several = len(report.sessions) > 1
    for name in report.sessions:
        if several:
            table.add_row(Text("  " + interpreter(name), style="dim"))
        for row, start_up, overhead in (cost for cost in costs if cost[0].session == name):
            table.add_row(("    " if several else "  ") + way(row), duration(start_up), duration(overhead))
    yield Text.assemble("\n", ("What workers cost", "bold"), "  ", ("in none of the times above", "dim"))
    yield table
    said = "Start: until all of them ran. A round: handing out the parts, waiting for all, getting the answers."
    yield Padding(Text(said), (0, 2))


def _notes(report: Report) -> Iterator[RenderableType]:
    """What the reader must know of all blocks."""
    facts = report.facts
    fewest, *_, most = sorted(len(row.values) for row in (report.rows[0], *report.rows))
    samples = counted(most, "sample") if fewest == most else f"{fewest} to {counted(most, 'sample')}"
    notes = [
        f"a call: time of all the work / number of calls; medians of {samples}, taken in"
        " turns. Speed-up: against one after another, round by round, with the interval that holds it with 95 %"
        " confidence. Ceiling: what native threads gained meanwhile."
    ]
    if not facts["nk_gil_enabled"]:
        notes.append("This Python runs without a GIL: held means to stay attached, and scales like released.")
    notes += [f"- {note}" for note in (*report.notes, *report.warnings)]
    if report.interrupted:
        notes.append("Interrupted: this is what there was by then.")
    yield Text("\n" + "\n".join(notes), style="dim")
