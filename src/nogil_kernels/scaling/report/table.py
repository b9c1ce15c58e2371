"""The report in a terminal: one block per workload, drawn with rich."""

from collections.abc import Iterator, Sequence

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from ...measure import style
from .labels import SIDES, counted, duration, interpreter, side, way
from .sentences import COSTS, INTERRUPTED, NEAR, answer, meaning
from .suite import About, Report, Row, about

FIRST_WIDTH, OTHER_WIDTH = 52, 8  # characters for the first interpreter and for each other one
HEADINGS = {
    About.LOST: ("lost", "at most", "updates"),
    About.LATENCY: ("a call", "95 %"),
    About.WAITING: ("all calls", "speed-up", "95 %"),
    About.SPEED_UP: ("a call", "speed-up", "of\nceiling", "effi-\nciency", "95 %"),
}
COLOURS = {"released": "green", "waits": "green", "partly": "yellow", "held": "red"}
"""Verdict -> the colour of an answer."""
BESIDE_OTHERS = {About.LOST: 1, About.LATENCY: 1, About.WAITING: 2, About.SPEED_UP: 3}
"""How many of these columns remain if there are other interpreters."""


def show(report: Report, console: Console) -> None:
    """Print the report. In files and pipes, remove blanks at the end of lines."""
    if console.is_terminal:
        console.print(render(report, console.width))
        return
    with console.capture() as captured:
        console.print(render(report, console.width))
    for line in captured.get().splitlines():
        print(line.rstrip(), file=console.file)


def render(report: Report, width: int) -> Group:
    """Return the report for rich, `width` characters wide."""
    blocks = (part for workload in report.workloads for part in block(report, workload, width))
    return Group(*answers(report), *heading(report), *blocks, *costs(report), *_notes(report))


def answers(report: Report) -> Iterator[RenderableType]:
    """Yield the answer for each function of the user, before everything else."""
    for workload in report.workloads:
        if text := answer(report, workload):
            yield Text(text, style=COLOURS[report.block(workload)[0].verdict])


def heading(report: Report) -> Iterator[RenderableType]:
    """Yield the lines about the interpreters and the machine."""
    facts = report.facts
    gil = "GIL on" if facts["nk_gil_enabled"] else "GIL off"
    kernels = " ".join(str(facts[name]) for name in ("nk_backend", "nk_isa") if name in facts)
    cores = counted(int(facts["nk_usable_cores"]), "usable core")
    lines = [
        f"Python {facts['python_version']}, {gil}; nogil-kernels {facts['nk_version']}, {kernels}",
        f"{facts['cpu_model_name']}, {cores}, L2 {int(facts['nk_l2_bytes']) / 2**20:.3g} MiB",
    ]
    if len(report.sessions) > 1:
        others = ", ".join(report.sessions[1:])
        lines.append(f"Also measured: Python {others}; each Python is compared only with itself")
    if report.weak:
        lines.append("Weak scaling: the same work per worker")
    yield Text("\n".join(lines), style="dim")


def block(report: Report, workload: str, width: int) -> Iterator[RenderableType]:
    """Yield the table of one workload and its explanation."""
    rows = report.block(workload)
    sizes = dict.fromkeys(row.size for row in rows)
    yield Text.assemble("\n", (workload, "bold"), "  ", ("; ".join(sizes), "dim"))
    here, *others = [name for name in report.sessions if any(row.session == name for row in rows)]
    fitting = max(0, (width - FIRST_WIDTH) // OTHER_WIDTH)
    yield _fitted_table(report, rows, [here, *others[:fitting]], width)
    step = max(1, fitting)
    for first in range(fitting, len(others), step):
        yield _fitted_table(report, rows, ["", *others[first : first + step]], width)
    yield Padding(Text(meaning(report, workload)), (0, 2))


def _fitted_table(report: Report, rows: Sequence[Row], sessions: Sequence[str], width: int) -> Table:
    """Return the table with as many columns for the first interpreter as fit into `width`, at least one."""
    console = Console(width=10 * width)
    for columns in range(len(HEADINGS[about(rows)]), 0, -1):
        table = _table(report, rows, sessions, columns)
        if console.measure(table).maximum <= width:
            break
    return table


def _table(report: Report, rows: Sequence[Row], sessions: Sequence[str], columns: int) -> Table:
    """Return a table with a line per way, several columns for the first interpreter and one for each other."""
    first, *others = sessions
    subject = about(rows)
    headings = HEADINGS[subject][: min(columns, BESIDE_OTHERS[subject]) if others else columns] if first else ()
    table = style.table()
    table.add_column("", overflow="fold")  # long names wrap, so that no figure is cut
    for heading in [*headings, *(name.replace(" ", "\n", 1) for name in others)]:
        table.add_column(heading, justify="right", no_wrap=True, min_width=7)
    lines: dict[tuple[str, str, str, int], dict[str, Row]] = {}
    sides = list(SIDES)
    for row in sorted(rows, key=lambda row: sides.index(row.side) if row.side in SIDES else -1):  # stable for ways
        lines.setdefault((row.side, row.setting, row.way, row.workers), {})[row.session] = row
    group = ""
    for by_session in lines.values():
        row = next(iter(by_session.values()))
        here = by_session.get(first)
        if subject is not About.LOST and side(row) != group:
            group = side(row)
            table.add_row(Text("  " + group, style="dim"))
        details = _details(report, here, subject)[: len(headings)] if here else [""] * len(headings)
        briefs = [_brief(report, by_session[name], subject) if name in by_session else "" for name in others]
        efficiency = report.efficiency(here) if here and here.workers > 1 else None
        is_parallel = efficiency is not None and efficiency >= NEAR
        indent = "    " if group else "  "
        table.add_row(indent + _label(row, subject), *details, *briefs, style="green" if is_parallel else "")
    return table


def _label(row: Row, subject: About) -> str:
    if subject is About.LATENCY:
        return "alone" if row.setting == "alone" else f"beside Python, {row.setting}"
    return f"{side(row)}, {way(row)}" if subject is About.LOST else way(row)


def _details(report: Report, row: Row, subject: About) -> list[str]:
    """Return the cells of the first interpreter, in the order of HEADINGS."""
    seconds = row.seconds_per_call
    if subject is About.LOST:
        worst = max(row.lost_updates, default=0) / row.updates
        return [f"{share:.1%}" if share else "none" for share in (row.lost, worst)] + [f"{row.updates:,}"]
    if subject is About.LATENCY:
        return [duration(seconds.median), seconds.span(duration)]
    speed_up, share = report.speed_up(row), report.of_ceiling(row)
    gain = efficiency = spread = reached = ""
    if row.way != "sequential" and speed_up is not None:
        gain, efficiency = f"{speed_up.median:.2f}x", f"{speed_up.median / row.workers:.0%}"
        spread = f"{speed_up.low:.2f}-{speed_up.high:.2f}" if speed_up.has_95_percent else ""
        reached = "" if share is None else f"{share:.0%}"
    if subject is About.WAITING:
        return [duration(seconds.median * row.calls), gain, spread]
    return [duration(seconds.median), gain, reached, efficiency, spread]


def _brief(report: Report, row: Row, subject: About) -> str:
    """Return the cell of another interpreter: the speed-up, or the first column if there is none."""
    first, second, *_ = _details(report, row, subject)
    return second or first if subject in (About.WAITING, About.SPEED_UP) else first


def costs(report: Report) -> Iterator[RenderableType]:
    """Yield the table of start-up and overhead."""
    costs = report.costs
    if not costs:
        return
    table = style.table()
    for heading in ("", "start", "a sample"):
        table.add_column(heading, justify="right" if heading else "left", no_wrap=True, min_width=7)
    several = len(report.sessions) > 1
    for name in report.sessions:
        if several:
            table.add_row(Text("  " + interpreter(name), style="dim"))
        for row, start_up, overhead in (cost for cost in costs if cost[0].session == name):
            table.add_row(("    " if several else "  ") + way(row), duration(start_up), duration(overhead))
    yield Text.assemble("\n", ("What workers cost", "bold"), "  ", ("not included in the times above", "dim"))
    yield table
    yield Padding(Text(COSTS), (0, 2))


def _notes(report: Report) -> Iterator[RenderableType]:
    """Yield the notes on all blocks."""
    facts = report.facts
    fewest, *_, most = sorted(len(row.values) for row in (report.rows[0], *report.rows))
    samples = counted(most, "sample") if fewest == most else f"{fewest} to {counted(most, 'sample')}"
    notes = [
        f"a call: time of all the work / number of calls; medians of {samples}, taken in turns. Speed-up: relative to"
        " the row 'one after another' in the same round, with its 95 % interval. Ceiling: the speed-up"
        " of native threads in the same rounds."
    ]
    if not facts["nk_gil_enabled"]:
        notes.append("This Python runs without a GIL: the rows 'GIL held' scale like the rows 'GIL released'.")
    notes += [f"- {note}" for note in (*report.notes, *report.warnings)]
    if report.interrupted:
        notes.append(INTERRUPTED)
    yield Text("\n" + "\n".join(notes), style="dim")
