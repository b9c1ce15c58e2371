"""Writes what README.md, docs/gemm.md and docs/gil.md show of the suites in bench/results, between two marks each."""

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
GEMM, GIL = DOCS / "gemm.md", DOCS / "gil.md"
COMPARE = "compare"  # what the names of such files begin with: nogil-kernels compare --json
SECTION = re.compile(r"<!-- compare (\S+): begin -->")
WIDTH = 80  # of a report of `compare`, in columns
SHORT = ("squares-python", "sum_of_squares", "http-fetch", "counter")
"""What the README's plot of a comparison shows."""


def main(arguments: Sequence[str]) -> int:
    """Rewrite README.md and docs/peers-NAME.svg of all baselines that are named, and what else shows a file's numbers:
    docs/gemm.md that of the steps, README.md and docs/gil.md that of a comparison.
    """
    parser = argparse.ArgumentParser(prog="python -m bench readme", description=__doc__)
    kinds = ", ".join(f"{RESULTS.name}/{name}-NAME.json" for name in ("peers", "gemm_steps", COMPARE))
    parser.add_argument("files", nargs="+", metavar="FILE", type=Path, help=kinds)
    files = parser.parse_args(arguments).files
    with plain_errors(parser):
        comparisons = [file for file in files if file.stem.startswith(f"{COMPARE}-")]
        found = {file: suites.load(file, "peers", "gemm_steps") for file in files if file not in comparisons}
        baselines = {file: suite for file, suite in found.items() if suite.get_metadata()["nk_bench"] == "peers"}
        if baselines:
            write(README, "performance", section(baselines))
        for file, suite in found.items():
            if file in baselines:
                peers_plot.draw(suite, str(plot_of(file)))
            else:
                write(GEMM, "gemm_steps", markdown(suite))
        for file in comparisons:
            show_comparison(file)
    return 0


def with_section(text: str, name: str, section: str) -> str:
    """Return the document with this text between the marks of that name; raise Impossible where they are missing."""
    begin, end = f"<!-- {name}: begin -->\n", f"<!-- {name}: end -->"
    before, found, rest = text.partition(begin)
    _, ended, after = rest.partition(end)
    if not found or not ended:
        raise Impossible(f"the document needs the lines {begin.rstrip()} and {end}, around the section that is written")
    return f"{before}{begin}{section}{end}{after}"


def write(document: Path, name: str, text: str) -> None:
    document.write_text(with_section(document.read_text(encoding="utf-8"), name, text), encoding="utf-8")


def named(baseline: Path) -> str:
    """The name of a baseline, bench/results/peers-NAME.json."""
    return baseline.stem.removeprefix("peers-")


def plot_of(baseline: Path) -> Path:
    return DOCS / f"{baseline.stem}.svg"


def section(baselines: dict[Path, Any]) -> str:
    """What is compared, the goals beside what each baseline says, and for each its machine and its plot."""
    for file, suite in baselines.items():
        if suites.NOTES.keys() & suite.get_metadata().keys():
            raise Impossible(f"{file} is a quick look or was interrupted; a baseline is a whole run")
    results = [from_suite(suite) for suite in baselines.values()]
    lines = [INTRODUCTION, ""]
    lines += [columns("", "against", "goal", *map(named, baselines))]
    lines += [columns(*("---" for _ in range(3 + len(baselines))))]
    for goal in goals.GOALS:
        verdicts = [goals.verdict(goal, each) for each in results]
        cells = [", ".join(peers_report.cells(each)[:2]) if each else "not measured" for each in verdicts]
        lines.append(columns(peers_report.title(goal), peers_report.rivals(goal), f"{goal.ratio:g}x", *cells))
    for (baseline, suite), result in zip(baselines.items(), results, strict=True):
        name = f"{named(baseline)}: speed over size, beside other packages"
        where = "; ".join(suites.heading(suite).splitlines())
        errors = peers_report.errors(result)
        lines += ["", f"**{named(baseline)}**: {where}." + (f" float32 sums: {errors}." if errors else ""), ""]
        lines += [f"![{name}]({plot_of(baseline).relative_to(ROOT).as_posix()})"]
    return "\n".join(lines) + "\n"


INTRODUCTION = """## Against other packages

Speed-up over other packages: their time divided by ours, of samples taken in turns; the median, and the interval that
holds the true one with 95 % confidence. Results go to arrays that are there (`out=`). The goals are this project's own:
met where the interval's upper end reaches them, "just met" where the median does not, and what is missed is shown, too.
Where cases are compared one by one, the worst is shown. A mean over all sizes is mostly one of small products, whose
calls cost a seventh of NumPy's; the lines for n >= 256 say what is left of that. A column's name says machine and
instruction set: on one machine with AVX-512, `avx2` holds every package to AVX2.
[bench/peers/cases.py](bench/peers/cases.py) says what is executed, and this measures it on your machine:

    pip install -e ".[bench,peers]" && python -m bench peers"""


def columns(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"


# -- a report of `nogil-kernels compare` ------------------------------------------------------------------------------


def show_comparison(file: Path) -> None:
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
    text = io.StringIO()
    console = Console(file=text, width=WIDTH)
    for part in parts:
        console.print(part)
    lines = [line.rstrip() for line in text.getvalue().splitlines()]
    return "\n".join(lines).strip("\n") + "\n"
