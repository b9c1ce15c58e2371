"""Write the generated sections of README.md and docs/*.md, and their plots, from the suites in bench/results.

A section lies between two marks, <!-- NAME: begin --> and <!-- NAME: end -->.
"""

import argparse
import io
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.console import Console, RenderableType

from nogil_kernels.scaling.report import plot, table
from nogil_kernels.scaling.report.suite import Report

from . import Impossible, suites
from .experiment import plain_errors
from .gemm.report import markdown
from .peers import goals
from .peers import plot as peers_plot
from .peers import report as peers_report
from .peers.measured import from_suite

ROOT = Path(__file__).resolve().parent.parent
README, DOCS, RESULTS = ROOT / "README.md", ROOT / "docs", ROOT / "bench" / "results"
PERFORMANCE, GEMM, GIL = DOCS / "performance.md", DOCS / "gemm.md", DOCS / "gil.md"
COMPARE = "compare"  # the prefix of files that `nogil-kernels compare --json` wrote
SECTION = re.compile(r"<!-- compare (\S+): begin -->")
WIDTH = 80  # columns of a report of `compare`
TWO_THREADS = {
    "pure Python": ("squares-python", "python"),
    "a kernel that holds the GIL": ("sum_of_squares", "hold"),
    "the same kernel, GIL released": ("sum_of_squares", "release"),
}
"""The README's table: the heading of each row, with its workload and side."""


def main(arguments: Sequence[str]) -> int:
    """Write the sections and plots that show these suites."""
    parser = argparse.ArgumentParser(prog="python -m bench docs", description=__doc__)
    names = ", ".join(f"{RESULTS.name}/{name}-MACHINE.json" for name in ("peers", "gemm_steps", COMPARE))
    parser.add_argument("files", nargs="+", metavar="FILE", type=Path, help=names)
    files = parser.parse_args(arguments).files
    with plain_errors(parser):
        comparisons = [file for file in files if file.stem.startswith(f"{COMPARE}-")]
        experiments = {file: suites.load(file, "peers", "gemm_steps") for file in files if file not in comparisons}
        baselines = {file: suite for file, suite in experiments.items() if suite.get_metadata()["nk_bench"] == "peers"}
        if baselines:
            write(PERFORMANCE, "peers", scoreboard(baselines))
        for file, suite in experiments.items():
            if file in baselines:
                peers_plot.draw(suite, str(plot_of(file)))
            else:
                write(GEMM, "gemm_steps", markdown(suite))
        for file in comparisons:
            show_comparison(file)
    return 0


def with_section(text: str, name: str, section: str) -> str:
    """Return the document with this section between the marks of that name; raise Impossible if a mark is missing."""
    begin, end = f"<!-- {name}: begin -->\n", f"<!-- {name}: end -->"
    before, begin_mark, rest = text.partition(begin)
    _, end_mark, after = rest.partition(end)
    if not begin_mark or not end_mark:
        raise Impossible(f"a mark is missing: the document needs the lines {begin.rstrip()} and {end}")
    return f"{before}{begin}{section}{end}{after}"


def write(document: Path, name: str, section: str) -> None:
    """Write one section of a document."""
    document.write_text(with_section(document.read_text(encoding="utf-8"), name, section), encoding="utf-8")


def table_row(*cells: str) -> str:
    """Return a row of a Markdown table."""
    return f"| {' | '.join(cells)} |"


# -- docs/performance.md, from suites of `python -m bench peers` ------------------------------------------------------


def machine_of(baseline: Path) -> str:
    """Return MACHINE of bench/results/peers-MACHINE.json."""
    return baseline.stem.removeprefix("peers-")


def plot_of(baseline: Path) -> Path:
    """Return the plot of a suite: docs/peers-MACHINE.svg."""
    return DOCS / f"{baseline.stem}.svg"


def scoreboard(baselines: dict[Path, Any]) -> str:
    """Return the table of all goals with a column per baseline, then each machine with its plot."""
    for file, suite in baselines.items():
        if suites.NOTES.keys() & suite.get_metadata().keys():
            raise Impossible(f"{file} was made with --quick or was interrupted: a baseline must be a whole run")
    results = [from_suite(suite) for suite in baselines.values()]
    lines = [
        table_row("", "against", "goal", *map(machine_of, baselines)),
        table_row(*("---" for _ in range(3 + len(baselines)))),
    ]
    for goal in goals.GOALS:
        verdicts = [goals.verdict(goal, result) for result in results]
        cells = [", ".join(peers_report.cells(verdict)[:2]) if verdict else "not measured" for verdict in verdicts]
        lines.append(table_row(peers_report.title(goal), peers_report.rivals(goal), f"{goal.ratio:g}x", *cells))
    for (baseline, suite), result in zip(baselines.items(), results, strict=True):
        name = f"{machine_of(baseline)}: speed over size, beside other packages"
        heading, errors = "; ".join(suites.heading(suite).splitlines()), peers_report.errors(result)
        lines += ["", f"**{machine_of(baseline)}**: {heading}." + (f" float32 sums: {errors}." if errors else ""), ""]
        lines += [f"![{name}]({plot_of(baseline).name})"]
    return "\n".join(lines) + "\n"


# -- README.md and docs/gil.md, from a report of `nogil-kernels compare` ----------------------------------------------


def show_comparison(file: Path) -> None:
    """Write every section `compare NAME` of both documents, and docs/compare-MACHINE.svg."""
    report = Report.load(file)
    if report.interrupted:
        raise Impossible(f"{file} was interrupted: a baseline must be a whole run")
    for document in (README, GIL):
        document.write_text(updated(document.read_text(encoding="utf-8"), report), encoding="utf-8")
    plot.draw(report, DOCS / f"{file.stem}.svg")


def updated(text: str, report: Report) -> str:
    """Return the document with every section `compare NAME` written again."""
    for name in SECTION.findall(text):
        if name == "two-threads":
            section = two_threads(report)
        elif name in ("heading", "costs"):
            section = printed([*(table.heading(report) if name == "heading" else table.costs(report))])
        elif name in report.workloads:
            section = printed([*table.block(report, name, WIDTH)])
        else:
            raise Impossible(f"the document has a section for the workload {name!r}, which the report does not have")
        text = with_section(text, f"compare {name}", section)
    return text


def two_threads(report: Report) -> str:
    """Return the speed-ups of two threads, with a GIL and without one."""
    with_gil = report.sessions[0]
    without = next(name for name in report.sessions if not report.facts_of(name)["nk_gil_enabled"])
    python = without.partition(" ")[0]  # "3.13t GIL off"
    lines = [
        table_row("2 threads against 1", f"CPython {with_gil}", f"CPython {python}, no GIL"),
        table_row("---", "---:", "---:"),
    ]
    for heading, (workload, side) in TWO_THREADS.items():
        cells = []
        for session in (with_gil, without):
            rows = [row for row in report.block(workload) if (row.side, row.session) == (side, session)]
            threads = next(row for row in rows if (row.way, row.workers) == ("threads", 2))
            speed_up = report.speed_up(threads)
            assert speed_up
            cells.append(f"{speed_up.median:.2f}x")
        lines.append(table_row(heading, *cells))
    return "\n".join(lines) + "\n"


def printed(parts: Sequence[RenderableType]) -> str:
    """Return a code block with what a terminal shows, without blanks at the ends of lines."""
    text = io.StringIO()
    console = Console(file=text, width=WIDTH)
    for part in parts:
        console.print(part)
    lines = "\n".join(line.rstrip() for line in text.getvalue().splitlines()).strip("\n")
    return f"```text\n{lines}\n```\n"
