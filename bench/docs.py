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

from nogil_kernels.scaling.report import Report, plot, table

from . import Impossible, suites, two_threads
from .experiment import plain_errors
from .gemm.report import markdown
from .peers import goals
from .peers import plot as peers_plot
from .peers import report as peers_report
from .peers.measured import from_suite

ROOT = Path(__file__).resolve().parent.parent
README, DOCS, RESULTS = ROOT / "README.md", ROOT / "docs", ROOT / "bench" / "results"
PERFORMANCE, GEMM, GIL = DOCS / "performance.md", DOCS / "gemm.md", DOCS / "gil.md"
COMPARE_PREFIX = "compare"  # of the files that `nogil-kernels compare --json` wrote
SECTION = re.compile(r"<!-- compare (\S+): begin -->")
WIDTH = 80  # columns of a report of `compare`


def main(arguments: Sequence[str]) -> int:
    """Write the sections and plots that show these suites."""
    parser = argparse.ArgumentParser(prog="python -m bench docs", description=__doc__)
    names = ", ".join(f"{RESULTS.name}/{name}-MACHINE.json" for name in ("peers", "gemm_steps", COMPARE_PREFIX))
    parser.add_argument("files", nargs="+", metavar="FILE", type=Path, help=names)
    files = parser.parse_args(arguments).files
    with plain_errors(parser):
        compare_files = [file for file in files if file.stem.startswith(f"{COMPARE_PREFIX}-")]
        suites_by_file = {file: suites.load(file, "peers", "gemm_steps") for file in files if file not in compare_files}
        peers_files = [file for file, suite in suites_by_file.items() if suite.get_metadata()["nk_bench"] == "peers"]
        if peers_files:
            write(PERFORMANCE, "peers", scoreboard({file: suites_by_file[file] for file in peers_files}))
        for file, suite in suites_by_file.items():
            if file in peers_files:
                peers_plot.draw(suite, str(plot_of(file)))
            else:
                write(GEMM, "gemm_steps", markdown(suite))
        for file in compare_files:
            show_comparison(file)
    return 0


def with_section(text: str, name: str, section: str) -> str:
    """Return the document with this section between the marks of that name; raise Impossible if a mark is missing."""
    begin, end = f"<!-- {name}: begin -->\n", f"<!-- {name}: end -->"
    text_before, begin_mark, text_from_section = text.partition(begin)
    _, end_mark, text_after = text_from_section.partition(end)
    if not begin_mark or not end_mark:
        raise Impossible(f"a mark is missing: the document needs the lines {begin.rstrip()} and {end}")
    return f"{text_before}{begin}{section}{end}{text_after}"


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
    results_by_machine = [from_suite(suite) for suite in baselines.values()]
    lines = [
        table_row("", "against", "goal", *map(machine_of, baselines)),
        table_row(*("---" for _ in range(3 + len(baselines)))),
    ]
    for goal in goals.GOALS:
        verdicts = [goals.verdict(goal, results) for results in results_by_machine]
        cells = [", ".join(peers_report.cells(verdict)[:2]) if verdict else "not measured" for verdict in verdicts]
        lines.append(table_row(peers_report.title(goal), peers_report.rivals(goal), f"{goal.ratio:g}x", *cells))
    for (baseline, suite), results in zip(baselines.items(), results_by_machine, strict=True):
        name = f"{machine_of(baseline)}: speed over size, beside other packages"
        heading, errors = "; ".join(suites.heading(suite).splitlines()), peers_report.errors(results)
        lines += ["", f"**{machine_of(baseline)}**: {heading}." + (f" float32 sums: {errors}." if errors else ""), ""]
        lines += [f"![{name}]({plot_of(baseline).name})"]
    return "\n".join(lines) + "\n"


# -- README.md and docs/gil.md, from a report of `nogil-kernels compare` ----------------------------------------------


def show_comparison(file: Path) -> None:
    """Write every section `compare NAME` of both documents, docs/compare-MACHINE.svg and docs/two-threads.svg."""
    report = Report.load(file)
    if report.interrupted:
        raise Impossible(f"{file} was interrupted: a baseline must be a whole run")
    for document in (README, GIL):
        document.write_text(with_compare_sections(document.read_text(encoding="utf-8"), report), encoding="utf-8")
    plot.draw(report, DOCS / f"{file.stem}.svg")
    two_threads.draw(report, DOCS / "two-threads.svg")


def with_compare_sections(text: str, report: Report) -> str:
    """Return the document with every section `compare NAME` written again."""
    for name in SECTION.findall(text):
        if name == "two-threads":
            section = two_threads.markdown(report)
        elif name in ("heading", "costs"):
            section = as_code_block([*(table.heading(report) if name == "heading" else table.costs(report))])
        elif name in report.workloads:
            section = as_code_block([*table.block(report, name, WIDTH)])
        else:
            raise Impossible(f"the document has a section for the workload {name!r}, which the report does not have")
        text = with_section(text, f"compare {name}", section)
    return text


def as_code_block(parts: Sequence[RenderableType]) -> str:
    """Return a Markdown code block with the text that a terminal shows, without spaces at the ends of lines."""
    text = io.StringIO()
    console = Console(file=text, width=WIDTH)
    for part in parts:
        console.print(part)
    lines = "\n".join(line.rstrip() for line in text.getvalue().splitlines()).strip("\n")
    return f"```text\n{lines}\n```\n"
