"""The report as a page: one HTML file that needs nothing beside itself, in light and dark, on screen and on paper."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from html import escape
from importlib.resources import files
from pathlib import Path

from ...measure import style
from ...measure.samples import interval
from . import labels, plot
from .sentences import COSTS, INTERRUPTED, meaning
from .suite import About, Report, Row, about

CSS = files(__package__).joinpath("page.css")
TITLE = "How the same work scales"
OF_ROWS = (
    "name unit perf_version nk_workload nk_side nk_setting nk_way nk_workers nk_calls nk_size nk_limit nk_session"
    " nk_overhead nk_start_up nk_updates nk_tally nk_notes nk_interrupted"
)
"""Metadata that is of a row or of the file, not of where it was measured."""

Column = tuple[str, Callable[[Report, Row], str]]


def write(report: Report, path: str | os.PathLike[str]) -> None:
    """Write the page. The same report makes the same file."""
    Path(path).write_text(page(report), encoding="utf-8")


def page(report: Report) -> str:
    """All of it, as HTML."""
    body = [*_heading(report)]
    for place, workload in enumerate(report.workloads):
        body += _block(report, workload, f"p{place}-")
    body += [*_costs(report), *_notes(report)]
    lines = (
        "<!doctype html>",
        '<html lang="en">',
        '<head><meta charset="utf-8"><meta name="viewport" content="width=device-width">',
        f"<title>{TITLE}</title>",
        f"<style>\n{CSS.read_text(encoding='utf-8')}</style></head>",
        "<body>",
        *body,
        "</body></html>",
    )
    return "\n".join(lines) + "\n"


def _heading(report: Report) -> Iterator[str]:
    yield f"<h1>{TITLE}</h1>"
    yield _element("p", plot.where(report))
    yield _element("p", "Measured " + str(report.facts["date"]), "faint")
    if report.interrupted:
        yield _element("p", INTERRUPTED, "mark")
    if report.weak:
        yield _element("p", "Weak scaling: so much work for each worker.")
    yield "<details><summary>Where it was measured</summary>"
    yield _environment(report)
    yield "</details>"


def _environment(report: Report) -> str:
    """The facts: a line for each, once where all interpreters agree."""
    found = {session: report.facts_of(session) for session in report.sessions}
    every = {name for facts in found.values() for name in facts}
    lines = []
    for name in sorted(every - {*OF_ROWS.split()}, key=lambda name: name.removeprefix("nk_")):
        values = [str(facts.get(name, "")) for facts in found.values()]
        lines.append((name.removeprefix("nk_").replace("_", " "), *([values[0]] if len({*values}) == 1 else values)))
    return _table(["", *report.sessions], lines)


def _block(report: Report, workload: str, prefix: str) -> Iterator[str]:
    rows = report.block(workload)
    yield "<section>"
    yield f"<h2>{escape(workload)}</h2>"
    yield _element("p", "; ".join(size for size in dict.fromkeys(row.size for row in rows) if size), "faint")
    yield _element("p", meaning(report, workload))
    yield f"<figure>{_inline(plot.svg(report, workload), prefix, workload)}</figure>"
    columns = [column for column in _columns(report, rows) if any(column[1](report, row) for row in rows)]
    yield _table([heading for heading, _ in columns], [[cell(report, row) for _, cell in columns] for row in rows])
    yield "</section>"


def _columns(report: Report, rows: Sequence[Row]) -> Iterator[Column]:
    """What the table of a block tells; a column with nothing in it is left out."""
    subject = about(rows)
    if len(report.sessions) > 1:
        yield "Python", lambda report, row: row.session
    yield "way", lambda report, row: labels.way(row)
    yield "side", lambda report, row: labels.side(row)
    yield "beside Python, interval", lambda report, row: row.setting
    if subject is About.LOST:
        yield "updates", lambda report, row: f"{row.updates:,}"
        yield "lost", lambda report, row: _share(row.lost)
        yield "at most", lambda report, row: _share(max(row.tally, default=0) / row.updates)
        return
    if subject is About.WAITING:
        yield "all calls", lambda report, row: interval(row.values).text(labels.duration)
    else:
        yield "time per call", lambda report, row: row.seconds_per_call.text(labels.duration)
    if subject is not About.LATENCY:
        yield "speed-up", _speed_up
        yield "efficiency", lambda report, row: "" if row.way == "sequential" else _share(report.efficiency(row))
        yield "of ceiling", lambda report, row: _share(report.of_ceiling(row))
    yield "samples", lambda report, row: str(len(row.values))


def _speed_up(report: Report, row: Row) -> str:
    """Nothing where a row would be compared with itself."""
    speed_up = None if row.way == "sequential" else report.speed_up(row)
    return "" if speed_up is None else speed_up.text("{:.2f}x".format)


def _share(share: float | None) -> str:
    return "" if share is None else f"{share:.1%}" if 0 < share < 0.1 else f"{share:.0%}"


def _costs(report: Report) -> Iterator[str]:
    """What workers cost beside the work."""
    if not report.costs:
        return
    lines = [
        (row.session, labels.way(row), labels.duration(start_up), labels.duration(overhead))
        for row, start_up, overhead in report.costs
    ]
    yield "<section><h2>What workers cost</h2>"
    yield _element("p", COSTS)
    yield _element("p", "Neither is in the times above.", "faint")
    yield _table(["Python", "way", "start", "a round"], lines)
    yield "</section>"


def _notes(report: Report) -> Iterator[str]:
    yield "<section><h2>Notes</h2>"
    yield "<ul>"
    yield _element(
        "li",
        "A time is that of all the work, from the start of all workers to the end of the last; per call,"
        " divided by the number of all calls. Samples are taken in turns, round by round.",
    )
    yield _element(
        "li",
        "Speed-up: against the same work one call after another on the same Python, round by round;"
        " efficiency: by the number of workers; of ceiling: by what native threads gained in the same minute."
        " In brackets is the interval that holds the true median with 95 % confidence.",
    )
    yield from (_element("li", note) for note in (*report.notes, *report.warnings))
    yield "</ul>"
    yield (
        "<p>The samples are in the file that <code>nogil-kernels compare --json FILE</code> writes. From it"
        " <code>nogil-kernels report FILE</code> makes this page again, and pyperf reads it, too.</p>"
    )
    yield "</section>"


def _inline(svg: str, prefix: str, label: str) -> str:
    """An SVG as a part of a page: its ids its own, its colours the page's, texts in the page's font."""
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r' xmlns(:xlink)?="[^"]*"', "", svg).replace("xlink:href", "href")
    used = {*re.findall(r'(?:href="|url\()#([^")]+)', svg)}
    svg = re.sub(r' id="([^"]*)"', lambda found: f' id="{prefix}{found[1]}"' if found[1] in used else "", svg)
    svg = re.sub(r'(href="|url\()#', rf"\g<1>#{prefix}", svg)
    svg = re.sub(r"'DejaVu Sans'[^;\"]*", "sans-serif", svg)
    svg = re.sub(
        r"<!--.*?-->|^ +|(?<=\.\d\d)\d+", "", svg, flags=re.DOTALL | re.MULTILINE
    )  # a hundredth of a point will do
    svg = svg.replace(style.INK, "currentColor").replace(style.FAINT, "var(--faint)")
    return svg.replace("<svg", f'<svg role="img" aria-label="{escape(label)}: plot"', 1)


def _table(headings: Sequence[str], lines: Iterable[Sequence[str]]) -> str:
    """A table. The last cell of a short line goes on to the end."""
    head = "".join(_element("th", heading) for heading in headings)
    body = "\n".join(f"<tr>{''.join(_cells(line, len(headings)))}</tr>" for line in lines)
    table = f"<table><thead><tr>{head}</tr></thead><tbody>\n{body}\n</tbody></table>"
    return f'<div class="table">{table}</div>'


def _cells(texts: Sequence[str], columns: int) -> Iterator[str]:
    for place, text in enumerate(texts):
        left = columns - len(texts) if place == len(texts) - 1 else 0
        yield f"<td{f' colspan={left + 1}' if left else ''}>{escape(text)}</td>"


def _element(tag: str, text: str, kind: str = "") -> str:
    """An element with that text, whatever is in it."""
    return f"<{tag}{f' class={kind}' if kind else ''}>{escape(text)}</{tag}>"
