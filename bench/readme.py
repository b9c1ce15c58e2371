"""Rewrites the README's performance section, and the plots that it shows, from baselines in bench/results."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from . import goals, measured, plots, tables

ROOT = Path(__file__).resolve().parent.parent
README, DOCS, RESULTS = ROOT / "README.md", ROOT / "docs", ROOT / "bench" / "results"
BEGIN, END = "<!-- performance: begin -->", "<!-- performance: end -->"


def main(arguments: Sequence[str] | None = None) -> int:
    """Rewrite README.md and docs/peers-NAME.svg."""
    asks = argparse.ArgumentParser(prog="python -m bench readme", description=__doc__)
    asks.add_argument("files", nargs="+", type=Path, metavar="FILE", help="baselines, as bench/results/peers-NAME.json")
    files = asks.parse_args(arguments).files
    text = rewritten(README.read_text(encoding="utf-8"), files)
    for file in files:
        found = measured.load(str(file))
        plots.draw(measured.from_suite(found), found.get_metadata(), str(plot(file)))
    README.write_text(text, encoding="utf-8")
    return 0


def named(baseline: Path) -> str:
    """The name of a baseline, bench/results/peers-NAME.json."""
    return baseline.stem.removeprefix("peers-")


def plot(baseline: Path) -> Path:
    """The plot that belongs to a baseline."""
    return DOCS / f"{baseline.stem}.svg"


def rewritten(text: str, baselines: Sequence[Path]) -> str:
    """The README's text with its section made anew.

    Raises ValueError where the markers are missing, and for files that are no baselines.
    """
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"README.md needs the lines {BEGIN} and {END}, around the section that is written here")
    return f"{before}{BEGIN}\n{section(baselines)}\n{END}{after}"


def section(baselines: Sequence[Path]) -> str:
    """What is compared, the goals beside what each baseline says, and for each its machine and its plot."""
    suites = {baseline: whole(baseline) for baseline in baselines}
    results = [measured.from_suite(found) for found in suites.values()]
    lines = [INTRODUCTION, ""]
    lines += [columns("", "against", "goal", *map(named, baselines))]
    lines += [columns(*("---" for _ in range(3 + len(baselines))))]
    for goal in goals.GOALS:
        cells = [cell(goals.verdict(goal, each)) for each in results]
        lines.append(columns(tables.named(goal), tables.rivals(goal), f"{goal.ratio:g}x", *cells))
    for baseline, found in suites.items():
        name = f"{named(baseline)}: speed over size, beside other packages"
        where = "; ".join(tables.heading(found.get_metadata()).splitlines())
        lines += [
            "",
            f"**{named(baseline)}**: {where}.",
            "",
            f"![{name}]({plot(baseline).relative_to(ROOT).as_posix()})",
        ]
    return "\n".join(lines)


INTRODUCTION = """## Against other packages

How many times as fast as others we are: their time divided by ours, of samples taken in turns; the median, and the
interval that holds the true one with 95 % confidence. Where many cases are compared one by one, the worst is shown.
[bench/cases.py](bench/cases.py) says what is executed, and this measures it on your machine:

    pip install -e ".[bench,peers]" && python -m bench peers"""


def whole(baseline: Path) -> Any:
    """The suite of a baseline, which is a whole run."""
    found = measured.load(str(baseline))
    if {"nk_quick", "nk_interrupted"} & found.get_metadata().keys():
        raise ValueError(f"{baseline} is a quick look or was interrupted; a baseline is a whole run")
    return found


def columns(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"


def cell(verdict: goals.Verdict | None) -> str:
    """What was measured, and whether it is enough."""
    if verdict is None:
        return "not measured"
    ratio, met, _ = tables.said(verdict)
    return f"{ratio}, {met}"


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (OSError, ValueError) as error:  # no baselines, or no markers
        sys.exit(f"bench readme: {error}")
