"""Rewrites the README's performance section, and the plots that it shows, from baselines in bench/results."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from . import goals, plots, suite, tables

ROOT = Path(__file__).resolve().parent.parent
README, DOCS, RESULTS = ROOT / "README.md", ROOT / "docs", ROOT / "bench" / "results"
BEGIN, END = "<!-- performance: begin -->", "<!-- performance: end -->"
COMMAND = "python -m bench peers --json bench/results/NAME.json && python -m bench readme bench/results/*.json"


def main(arguments: Sequence[str] | None = None) -> int:
    """Rewrite README.md and docs/peers-NAME.svg."""
    asks = argparse.ArgumentParser(prog="python -m bench readme", description=__doc__)
    asks.add_argument("files", nargs="+", type=Path, metavar="FILE", help="baselines, as bench/results/NAME.json")
    files = asks.parse_args(arguments).files
    for file in files:
        found = suite.load(str(file))
        plots.draw(suite.from_suite(found), found.get_metadata(), str(plot(file)))
    README.write_text(rewritten(README.read_text(encoding="utf-8"), files), encoding="utf-8")
    return 0


def plot(baseline: Path) -> Path:
    """The plot that belongs to a baseline."""
    return DOCS / f"peers-{baseline.stem}.svg"


def rewritten(text: str, baselines: Sequence[Path]) -> str:
    """The README's text with its section made anew.

    Raises ValueError where the markers are missing.
    """
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"README.md needs the lines {BEGIN} and {END}, around the section that is written here")
    parts = "\n".join(section(baseline) for baseline in baselines)
    return f"{before}{BEGIN}\n## Against other packages\n\n{parts}\n{INTRODUCTION}\n{END}{after}"


INTRODUCTION = f"""Ratios are the peer's time divided by ours, of samples taken in turns, on one thread where nothing
else is said: median, and its 95 % interval. "Each" shows the case that is furthest from its goal. Every case, and what
is executed in it, stands in [bench/cases.py](bench/cases.py). Made by

    {COMMAND}"""


def section(baseline: Path) -> str:
    """One baseline: where it was measured, a table of the goals, the plot."""
    found = suite.load(str(baseline))
    results, facts = suite.from_suite(found), found.get_metadata()
    lines = [*tables.heading(facts).splitlines(), "", "| | against | goal | measured | |", "|---|---|---|---|---|"]
    for goal in goals.GOALS:
        if verdict := goals.verdict(goal, results):
            lines.append(row(verdict))
    name = f"{baseline.stem}: speed over size, against other packages"
    return "\n".join([*lines, "", f"![{name}]({plot(baseline).relative_to(ROOT).as_posix()})", ""])


def row(verdict: goals.Verdict) -> str:
    """A line of the table."""
    goal = verdict.goal
    measured, met, of = tables.said(verdict)
    return f"| {tables.named(goal)} | {tables.rivals(goal)} | {goal.ratio:g}x | {measured} | {met}; {of} |"


if __name__ == "__main__":
    sys.exit(main())
