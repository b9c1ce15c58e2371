"""What README.md and docs/gil.md show of a report of `nogil-kernels compare`: blocks of its text, and its plot."""

import io
import re
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console, RenderableType

from nogil_kernels.scaling.report import plot, table
from nogil_kernels.scaling.report.suite import Report

from . import Impossible
from .documents import DOCS, README, with_section

GIL = DOCS / "gil.md"
WIDTH = 80
SHORT = ("squares-python", "sum_of_squares", "http-fetch", "counter")
"""What the README's plot shows."""
SECTION = re.compile(r"<!-- compare (\S+): begin -->")


def update(file: Path) -> None:
    """Write every section `compare WORKLOAD` of both documents anew, and docs/compare-NAME.svg, and its short form."""
    report = Report.load(file)
    if report.interrupted:
        raise Impossible(f"{file} was interrupted; a baseline is a whole run")
    for document in (README, GIL):
        document.write_text(updated(document.read_text(encoding="utf-8"), report), encoding="utf-8")
    plot.draw(report, DOCS / f"{file.stem}.svg")
    plot.draw(report, DOCS / f"{file.stem}-short.svg", SHORT)


def updated(text: str, report: Report) -> str:
    """The document with the block of each workload that it has a section for."""
    for name in SECTION.findall(text):
        if name in ("heading", "costs"):
            parts = table.heading(report) if name == "heading" else table.costs(report)
        elif name in report.workloads:
            parts = table.block(report, name, WIDTH)
        else:
            raise Impossible(f"the report has no workload {name!r}, and the document shows it")
        text = with_section(text, f"compare {name}", f"```text\n{printed([*parts])}```\n")
    return text


def printed(parts: Sequence[RenderableType]) -> str:
    """As a terminal shows it, without blanks at the ends of lines."""
    console = Console(file=io.StringIO(), width=WIDTH)
    for part in parts:
        console.print(part)
    assert isinstance(console.file, io.StringIO)
    lines = [line.rstrip() for line in console.file.getvalue().splitlines()]
    return "\n".join(lines).strip("\n") + "\n"
