"""The report in a terminal: one block per workload, drawn with rich."""

from collections.abc import Iterator, Sequence

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from ...measure import style
from .answers import ALONE, answer
from .columns import Column, columns
from .labels import SIDES, counted, duration, interpreter, side, way
from .sentences import COSTS, INTERRUPTED, LEGEND, meaning
from .suite import About, Report, Row, about

FIRST_WIDTH, OTHER_WIDTH = 52, 8  # characters for the first interpreter and for each other one
BELOW_TABLE = (0, 2, 1, 2)
"""Padding of a text. Like a table, it ends with an empty line."""
NEAR = 0.8  # an efficiency from which the workers ran in parallel
COLOURS = {"released": "green", "waits": "green", "partly": "yellow", "held": "red"}
"""Verdict -> the colour of an answer."""


def show(report: Report, console: Console, details: bool = False) -> None:
    """Print the report. In files and pipes, remove blanks at the end of lines."""
    text = render(report, console.width, details)
    if console.is_terminal:
        console.print(text)
        return
    with console.capture() as captured:
        console.print(text)
    for line in captured.get().splitlines():
        print(line.rstrip(), file=console.file)


def render(report: Report, width: int, details: bool = False) -> Group:
    """Return the report for rich, `width` characters wide: the answers, then the machine and the tables."""
    blocks = (part for workload in report.workloads for part in block(report, workload, width))
    ends = [*costs(report), *_legend()] if details else []
    return Group(*answers(report), *heading(report), *blocks, *ends, *_notes(report, details))


def answers(report: Report) -> Iterator[RenderableType]:
    """Yield the answer for each workload, in the colour of its verdict."""
    for workload in report.workloads:
        result = answer(report, workload)
        yield Text(result.text, style=COLOURS.get(result.verdict, ""))


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
    yield Text("\n".join(lines) + "\n", style="dim")


def block(report: Report, workload: str, width: int) -> Iterator[RenderableType]:
    """Yield the table of one workload and its explanation."""
    rows = report.block(workload)
    sizes = dict.fromkeys(row.size for row in rows)
    yield Text.assemble((workload, "bold"), "  ", ("; ".join(sizes), "dim"))
    here, *others = [name for name in report.sessions if any(row.session == name for row in rows)]
    fitting = max(0, (width - FIRST_WIDTH) // OTHER_WIDTH)
    yield from _fitted_table(report, rows, [here, *others[:fitting]], width)
    step = max(1, fitting)
    for first in range(fitting, len(others), step):
        yield from _fitted_table(report, rows, ["", *others[first : first + step]], width)
    if text := meaning(report, workload):
        yield Padding(Text(text), BELOW_TABLE)


def _fitted_table(report: Report, rows: Sequence[Row], sessions: Sequence[str], width: int) -> Iterator[RenderableType]:
    """Yield the table with as many columns for the first interpreter as fit into `width`, at least one.

    Then yield the headings of the other columns, if there are any.
    """
    console = Console(width=10 * width)
    shown = [column for column in columns(rows) if column.beside_others or len(sessions) == 1]
    for count in range(len(shown), 0, -1):
        table = _table(report, rows, sessions, shown[:count])
        if console.measure(table).maximum <= width:
            break
    yield table
    if sessions[0] and (hidden := ", ".join(column.title for column in shown[count:])):
        yield Padding(Text(f"No room in {width} characters for: {hidden}", style="dim"), BELOW_TABLE)


def _table(report: Report, rows: Sequence[Row], sessions: Sequence[str], shown: Sequence[Column]) -> Table:
    """Return a table with a line per way, these columns for the first interpreter and one for each other."""
    first, *others = sessions
    subject = about(rows)
    shown = shown if first else ()
    table = style.table()
    table.add_column("", overflow="fold")  # long names wrap, so that no figure is cut
    for heading in [*(column.heading for column in shown), *(name.replace(" ", "\n", 1) for name in others)]:
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
        cells = [column.cell(report, here) if here else "" for column in shown]
        briefs = [_brief(report, by_session[name]) if name in by_session else "" for name in others]
        colour = "green" if here and _is_parallel(report, here) else ""
        table.add_row(("    " if group else "  ") + _label(row, subject), *cells, *briefs, style=colour)
    return table


def _is_parallel(report: Report, row: Row) -> bool:
    """Return whether the workers ran in parallel with 95 % confidence."""
    speed_up = report.speed_up(row) if row.workers > 1 else None
    return speed_up is not None and speed_up.has_95_percent and speed_up.low >= NEAR * row.workers


def _label(row: Row, subject: About) -> str:
    if subject is About.LATENCY:
        return "alone" if row.setting == ALONE else f"beside Python, {row.setting}"
    return f"{side(row)}, {way(row)}" if subject is About.LOST else way(row)


def _brief(report: Report, row: Row) -> str:
    """Return the cell of another interpreter: the speed-up, or the first column if there is none."""
    first, second, *_ = (column.cell(report, row) for column in columns([row]))
    return second or first if about([row]) in (About.WAITING, About.SPEED_UP) else first


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
    yield Text.assemble(("What workers cost", "bold"), "  ", ("not included in the times above", "dim"))
    yield table
    yield Padding(Text(COSTS), BELOW_TABLE)


def _legend() -> Iterator[RenderableType]:
    """Yield the explanation of the columns."""
    yield Text("Columns", style="bold")
    yield Padding(Text("\n".join(LEGEND), style="dim"), BELOW_TABLE)


def _notes(report: Report, details: bool) -> Iterator[RenderableType]:
    """Yield warnings and failures, then what was skipped, or what the details add."""
    skipped = [note for note in report.notes if note.startswith("skipped")]
    problems = [note for note in report.notes if note not in skipped] + report.warnings
    lines = [f"- {problem}" for problem in problems] + [INTERRUPTED] * report.interrupted
    if lines:
        yield Text("\n".join(lines) + "\n", style="yellow")
    if details:
        yield from (Text(f"- {note}", style="dim") for note in skipped)
        return
    hidden = ["costs of workers"] * bool(report.costs) + ["the legend"]
    hidden += [counted(len(skipped), "note")] * bool(skipped)
    text = " and ".join(filter(None, (", ".join(hidden[:-1]), hidden[-1])))
    yield Text(f"{text[0].upper()}{text[1:]}: --details", style="dim")
