"""The report in a terminal: a block for each workload, drawn with rich."""

from collections.abc import Iterator, Sequence
from itertools import groupby

from rich.box import SIMPLE_HEAD
from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from .report import Report, Row
from .sentences import NAMES, NEAR, meaning
from .workloads import PYTHON

ADVICE = (
    "To get them: unset NOGIL_KERNELS_BACKEND if it is set, or, with a C compiler,"
    " `pip install --force-reinstall --no-binary nogil-kernels nogil-kernels`."
)


def show(report: Report, console: Console) -> None:
    """Print the whole report."""
    console.print(render(report))


def render(report: Report) -> Group:
    """The report as one thing that rich can print."""
    return Group(_heading(report), *_blocks(report), *_notes(report))


def _heading(report: Report) -> Text:
    facts = report.facts
    gil = "GIL on" if facts["nk_gil_enabled"] else "GIL off"
    kernels = " ".join(str(facts[name]) for name in ("nk_backend", "nk_isa") if name in facts)
    cores = _counted(int(facts["nk_usable_cores"]), "usable core")
    lines = (
        f"Python {facts['python_version']}, {gil}; nogil-kernels {facts['nk_version']}, {kernels}",
        f"{facts['cpu_model_name']}, {cores}, L2 {int(facts['nk_l2_bytes']) / 2**20:.3g} MiB",
    )
    return Text("\n".join(lines), style="dim")


def _blocks(report: Report) -> Iterator[RenderableType]:
    for (workload, way), rows in groupby(report.rows, key=lambda row: (row.workload, row.way)):
        block = list(rows)
        yield Text.assemble("\n", (workload, "bold"), f" on {way}\n", (_sizes(block), "dim"))
        yield _table(report, block)
        yield Padding(Text(meaning(report, block)), (0, 2))


def _sizes(block: Sequence[Row]) -> str:
    """What a call works on; the twin, a hundred times slower, on less than the kernel."""
    kernel = {row.size for row in block if row.gil != PYTHON}
    twin = {row.size for row in block if row.gil == PYTHON}
    return "; ".join(["a call: " + size for size in kernel] + ["pure Python: " + size for size in twin])


def _table(report: Report, block: Sequence[Row]) -> Table:
    table = Table(box=SIMPLE_HEAD, header_style="dim")
    table.add_column("way", min_width=13, no_wrap=True)
    for heading, width in (("workers", 7), ("per call", 9), ("±", 4), ("speed-up", 8), ("efficiency", 10)):
        table.add_column(heading, justify="right", min_width=width, no_wrap=True)
    for gil, rows in groupby(block, key=lambda row: row.gil):
        for first, row in enumerate(rows):
            speed_up, efficiency = report.speed_up(row), report.efficiency(row)
            table.add_row(
                NAMES[gil] if not first else "",
                str(row.workers),
                duration(row.seconds_per_call),
                f"{row.spread:.0%}" if len(row.values) > 2 else "",
                "" if speed_up is None else f"{speed_up:.2f}x",
                "" if efficiency is None else f"{efficiency:.0%}",
                style="green" if row.workers > 1 and efficiency is not None and efficiency >= NEAR else "",
            )
    return table


def _notes(report: Report) -> Iterator[RenderableType]:
    """What the reader must know of all blocks."""
    facts = report.facts
    fewest = min(len(row.values) for row in report.rows)
    notes = [
        f"per call: time of all the work / number of calls; median of {_counted(fewest, 'sample')} or more,"
        " ± their median deviation. Speed-up: against the same row's one worker. Efficiency: speed-up / workers."
    ]
    if not facts["nk_gil_enabled"]:
        notes.append("This Python runs without a GIL: held means to stay attached, and scales like released.")
    if facts["nk_backend"] == "pure":
        reason = f" ({facts['nk_backend_reason']})" if "nk_backend_reason" in facts else ""
        notes.append(f"Pure-Python twins only, since the compiled kernels are not in use{reason}. {ADVICE}")
    if report.interrupted:
        notes.append("Interrupted: this is what there was by then.")
    yield Text("\n" + "\n".join(notes), style="dim")


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def duration(seconds: float) -> str:
    """Three digits and the unit that fits: 13.1 µs.

    >>> duration(0.0000131), duration(0.9996), duration(0.0009996)
    ('13.1 µs', '1.00 s', '1.00 ms')
    """
    units = (("s", 1.0), ("ms", 1e3), ("µs", 1e6), ("ns", 1e9))
    unit, scale = next((unit for unit in units if seconds * unit[1] >= 0.9995), units[-1])
    number = seconds * scale
    digits = 2 if number < 9.995 else 1 if number < 99.95 else 0
    return f"{number:.{digits}f} {unit}"
