"""The report in a terminal: a block for each workload, drawn with rich."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby

from rich.box import SIMPLE_HEAD
from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from .names import counted, duration, side, way
from .report import Report, Row
from .sentences import NEAR, meaning

ADVICE = (
    "To get them: unset NOGIL_KERNELS_BACKEND if it is set, or, with a C compiler,"
    " `pip install --force-reinstall --no-binary nogil-kernels nogil-kernels`."
)


def show(report: Report, console: Console) -> None:
    """Print the whole report."""
    console.print(render(report))


def render(report: Report) -> Group:
    """The report as one thing that rich can print."""
    blocks = (part for workload in report.workloads for part in _block(report, workload))
    return Group(_heading(report), *blocks, *_costs(report), *_notes(report))


def _heading(report: Report) -> Text:
    facts = report.facts
    gil = "GIL on" if facts["nk_gil_enabled"] else "GIL off"
    kernels = " ".join(str(facts[name]) for name in ("nk_backend", "nk_isa") if name in facts)
    cores = counted(int(facts["nk_usable_cores"]), "usable core")
    lines = [
        f"Python {facts['python_version']}, {gil}; nogil-kernels {facts['nk_version']}, {kernels}",
        f"{facts['cpu_model_name']}, {cores}, L2 {int(facts['nk_l2_bytes']) / 2**20:.3g} MiB",
    ]
    if len(report.sessions) > 1:
        lines.append(f"Beside it: Python {', '.join(report.sessions[1:])}; speed-up against the same Python")
    if report.weak:
        lines.append("Weak scaling: so much work for each worker")
    return Text("\n".join(lines), style="dim")


def _block(report: Report, workload: str) -> Iterator[RenderableType]:
    rows = report.block(workload)
    sizes = dict.fromkeys(row.size for row in rows)
    yield Text.assemble("\n", (workload, "bold"), "  ", ("; ".join(sizes), "dim"))
    yield _table(report, rows)
    yield Padding(Text(meaning(report, workload)), (0, 2))


def _table(report: Report, rows: Sequence[Row]) -> Table:
    """A line for each way, with the interpreter of the command in detail and one column for each other one."""
    first, others = report.sessions[0], [name for name in report.sessions[1:] if any(r.session == name for r in rows)]
    cells = _kind(rows)
    table = Table(box=SIMPLE_HEAD, header_style="dim")
    table.add_column("", no_wrap=True)
    for heading in cells.headings:
        table.add_column(heading, justify="right", no_wrap=True)
    for name in others:
        table.add_column(name.replace(" GIL", "\nGIL"), justify="right", no_wrap=True)
    lines: dict[tuple[str, str, str, int], dict[str, Row]] = {}
    for row in rows:
        lines.setdefault((row.side, row.setting, row.way, row.workers), {})[row.session] = row
    for group, keys in groupby(lines, key=lambda key: cells.group(next(iter(lines[key].values())))):
        if group:
            table.add_row(Text(group, style="bold"))
        for key in keys:
            here = lines[key].get(first)
            one = here or next(iter(lines[key].values()))
            details = cells.details(report, here) if here else [""] * len(cells.headings)
            briefs = [cells.brief(report, lines[key][name]) if name in lines[key] else "" for name in others]
            table.add_row(("  " if group else "") + cells.label(one), *details, *briefs, style=_style(report, here))
    return table


class _Scaling:
    """Ways beside one another, by speed-up."""

    headings = ("a call", "speed-up", "95 %", "of ceiling")

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
            return [took, "", "", ""]
        spread = "" if speed_up.low is None else f"{speed_up.low:.2f} to {speed_up.high:.2f}"
        return [took, f"{speed_up.median:.2f}x", spread, "" if share is None else f"{share:.0%}"]

    @staticmethod
    def brief(report: Report, row: Row) -> str:
        speed_up = report.speed_up(row)
        if row.way == "sequential" or speed_up is None:
            return duration(row.seconds_per_call.median)
        return f"{speed_up.median:.2f}x"


class _Waiting(_Scaling):
    """Work that waits: the time of all calls together."""

    headings = ("all calls", "speed-up", "95 %")

    @staticmethod
    def details(report: Report, row: Row) -> list[str]:
        _, *rest = _Scaling.details(report, row)[:3]
        return [duration(row.seconds_per_call.median * row.calls), *rest]

    @staticmethod
    def brief(report: Report, row: Row) -> str:
        if row.way == "sequential":
            return duration(row.seconds_per_call.median * row.calls)
        return _Scaling.brief(report, row)


class _Updates(_Scaling):
    """A counter: how many of its updates were lost."""

    headings = ("updates", "lost", "at most")

    @staticmethod
    def group(row: Row) -> str:
        return ""

    @staticmethod
    def label(row: Row) -> str:
        return f"{side(row)}, {way(row)}"

    @staticmethod
    def details(report: Report, row: Row) -> list[str]:
        worst = max(row.tally, default=0) / row.updates
        return [f"{row.updates:,}", _Updates.brief(report, row), f"{worst:.1%}" if worst else "none"]

    @staticmethod
    def brief(report: Report, row: Row) -> str:
        return f"{row.lost:.1%}" if row.lost else "none"


class _Latency(_Scaling):
    """A call's latency, by setting."""

    headings = ("a call", "95 %")

    @staticmethod
    def label(row: Row) -> str:
        return "alone" if row.setting == "alone" else f"beside Python, {row.setting}"

    @staticmethod
    def details(report: Report, row: Row) -> list[str]:
        took = row.seconds_per_call
        spread = "" if took.low is None or took.high is None else f"{duration(took.low)} to {duration(took.high)}"
        return [duration(took.median), spread]

    @staticmethod
    def brief(report: Report, row: Row) -> str:
        return duration(row.seconds_per_call.median)


def _kind(rows: Sequence[Row]) -> type[_Scaling]:
    """What a block's table is about."""
    if rows[0].updates:
        return _Updates
    if any(row.setting for row in rows):
        return _Latency
    return _Scaling if any(row.limit for row in rows) else _Waiting


def _style(report: Report, row: Row | None) -> str:
    """Green for what ran at once."""
    efficiency = report.efficiency(row) if row is not None and row.workers > 1 else None
    return "green" if efficiency is not None and efficiency >= NEAR else ""


def _costs(report: Report) -> Iterator[RenderableType]:
    """What workers cost beside the work: starting them, and handing them their parts."""
    table = Table(box=SIMPLE_HEAD, header_style="dim")
    table.add_column("", no_wrap=True)
    for name in report.sessions:
        for heading in ("start", "a round"):
            table.add_column(f"{name.replace(' GIL', chr(10) + 'GIL')}\n{heading}", justify="right", no_wrap=True)
    most: dict[str, Row] = {}
    for row in report.rows:
        if row.way != "sequential" and (row.way not in most or row.workers > most[row.way].workers):
            most[row.way] = row
    for key, label in ((key, way(row)) for key, row in most.items()):
        cells: list[str] = []
        for name in report.sessions:
            of = [row for row in report.rows if (row.way, row.session) == (key, name)]
            start = max((row.start_up for row in of), default=0.0)
            overhead = sorted(row.overhead for row in of)
            cells += [duration(start) if start else "", duration(overhead[len(overhead) // 2]) if of else ""]
        table.add_row(label, *cells)
    if most:
        yield Text.assemble("\n", ("What workers cost", "bold"), "  ", ("in none of the times above", "dim"))
        yield table
        yield Padding(Text("Start: until all of them ran. A round: to hand out the parts, wait, and get the answers."), (0, 2))


def _notes(report: Report) -> Iterator[RenderableType]:
    """What the reader must know of all blocks."""
    facts = report.facts
    samples = [len(row.values) for row in report.rows]
    notes = [
        f"a call: time of all the work / number of calls; medians of {min(samples)} to {max(samples)} samples, taken in"
        " turns. Speed-up: against one after another, round by round, with the interval that holds it with 95 %"
        " confidence. Ceiling: what native threads gained meanwhile."
    ]
    if not facts["nk_gil_enabled"]:
        notes.append("This Python runs without a GIL: held means to stay attached, and scales like released.")
    if facts["nk_backend"] == "pure":
        notes.append(f"Without the compiled kernels. {ADVICE}")
    notes += [f"- {note}" for note in report.notes]
    if report.interrupted:
        notes.append("Interrupted: this is what there was by then.")
    yield Text("\n" + "\n".join(notes), style="dim")
