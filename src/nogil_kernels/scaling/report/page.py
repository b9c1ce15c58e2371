"""The report as one self-contained HTML file, for light and dark screens and for print."""

import os
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from html import escape
from importlib.resources import files
from pathlib import Path

from ...measure import style
from . import labels, plot
from .sentences import COSTS, INTERRUPTED, answer, meaning
from .suite import About, Report, Row, about

CSS = files(__package__).joinpath("page.css")
TITLE = "How the same work scales"
ROW_METADATA = (
    "name unit perf_version loops nk_calls nk_workload nk_side nk_setting nk_way nk_workers nk_size nk_limit nk_verdict"
    " nk_hold nk_session nk_overhead nk_start_up nk_updates nk_tally nk_lost nk_p99 nk_kept_waiting nk_own_threads"
    " nk_notes nk_interrupted"
)
"""Metadata that is not about the machine or the interpreter."""

Column = tuple[str, Callable[[Report, Row], str]]
"""(heading, function that returns the text of a cell)."""


def write(report: Report, path: str | os.PathLike[str]) -> None:
    """Write the page. Equal reports give equal files."""
    Path(path).write_text(page(report), encoding="utf-8")


def page(report: Report) -> str:
    """Return the HTML of the page."""
    body = [*_heading(report)]
    for index, workload in enumerate(report.workloads):
        body += _block(report, workload, f"p{index}-")
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
    yield from (_element("p", text) for workload in report.workloads if (text := answer(report, workload)))
    yield _element("p", plot.where(report))
    yield _element("p", "Measured " + str(report.facts["date"]), "faint")
    if report.interrupted:
        yield _element("p", INTERRUPTED, "mark")
    if report.weak:
        yield _element("p", "Weak scaling: the same work per worker.")
    yield "<details><summary>Where it was measured</summary>"
    yield _environment(report)
    yield "</details>"


def _environment(report: Report) -> str:
    """Return a table with one line per fact. Show equal values of all interpreters only once."""
    facts_of = {session: report.facts_of(session) for session in report.sessions}
    names = {name for facts in facts_of.values() for name in facts}
    lines = []
    for name in sorted(names - {*ROW_METADATA.split()}, key=lambda name: name.removeprefix("nk_")):
        values = [str(facts.get(name, "")) for facts in facts_of.values()]
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
    """Yield the columns of the table of a block. The caller omits empty ones."""
    subject = about(rows)
    if len(report.sessions) > 1:
        yield "Python", lambda report, row: row.session
    yield "way", lambda report, row: labels.way(row)
    yield "side", lambda report, row: labels.side(row)
    yield "beside Python, interval", lambda report, row: row.setting
    if subject is About.LOST:
        yield "updates", lambda report, row: f"{row.updates:,}"
        yield "lost", lambda report, row: _share(row.lost)
        yield "at most", lambda report, row: _share(max(row.lost_updates, default=0) / row.updates)
        return
    yield "time per call", lambda report, row: row.seconds_per_call.text(labels.duration)
    if subject is not About.LATENCY:
        yield "speed-up", _speed_up
        yield "efficiency", lambda report, row: "" if row.way == "sequential" else _share(report.efficiency(row))
        yield "of ceiling", lambda report, row: _share(report.of_ceiling(row))
    yield "samples", lambda report, row: str(len(row.values))


def _speed_up(report: Report, row: Row) -> str:
    """Return "" for sequential rows, which are the baseline."""
    speed_up = None if row.way == "sequential" else report.speed_up(row)
    return "" if speed_up is None else speed_up.text("{:.2f}x".format)


def _share(share: float | None) -> str:
    return "" if share is None else f"{share:.1%}" if 0 < share < 0.1 else f"{share:.0%}"


def _costs(report: Report) -> Iterator[str]:
    """Yield the table of start-up and overhead."""
    if not report.costs:
        return
    lines = [
        (row.session, labels.way(row), labels.duration(start_up), labels.duration(overhead))
        for row, start_up, overhead in report.costs
    ]
    yield "<section><h2>What workers cost</h2>"
    yield _element("p", COSTS)
    yield _element("p", "The times above include neither.", "faint")
    yield _table(["Python", "way", "start", "a sample"], lines)
    yield "</section>"


def _notes(report: Report) -> Iterator[str]:
    yield "<section><h2>Notes</h2>"
    yield "<ul>"
    yield _element(
        "li",
        "Times are for all calls, from the start of all workers to the end of the last one. Times per call are divided"
        " by the number of calls. Each round takes one sample of every row.",
    )
    yield _element(
        "li",
        "Speed-up: relative to sequential calls on the same Python, in the same rounds. Efficiency: speed-up divided by"
        " the number of workers. Of ceiling: speed-up divided by that of native threads in the same rounds. Brackets"
        " contain the 95 % confidence interval of the median.",
    )
    yield from (_element("li", note) for note in (*report.notes, *report.warnings))
    yield "</ul>"
    yield (
        "<p><code>nogil-kernels compare --json FILE</code> saves the samples for pyperf."
        " <code>nogil-kernels report FILE</code> makes this page from them.</p>"
    )
    yield "</section>"


def _inline(svg: str, prefix: str, label: str) -> str:
    """Adapt an SVG to the page: unique ids, and colours and fonts of the page."""
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r' xmlns(:xlink)?="[^"]*"', "", svg).replace("xlink:href", "href")
    used = {*re.findall(r'(?:href="|url\()#([^")]+)', svg)}
    svg = re.sub(r' id="([^"]*)"', lambda match: f' id="{prefix}{match[1]}"' if match[1] in used else "", svg)
    svg = re.sub(r'(href="|url\()#', rf"\g<1>#{prefix}", svg)
    svg = re.sub(r"'DejaVu Sans'[^;\"]*", "sans-serif", svg)
    # Remove comments and indentation, and round coordinates to 0.01 points.
    svg = re.sub(r"<!--.*?-->|^ +|(?<=\.\d\d)\d+", "", svg, flags=re.DOTALL | re.MULTILINE)
    svg = svg.replace(style.INK, "currentColor").replace(style.FAINT, "var(--faint)")
    return svg.replace("<svg", f'<svg role="img" aria-label="{escape(label)}: plot"', 1)


def _table(headings: Sequence[str], lines: Iterable[Sequence[str]]) -> str:
    """Return a table. The last cell of a short line spans the remaining columns."""
    head = "".join(_element("th", heading) for heading in headings)
    body = "\n".join(f"<tr>{''.join(_cells(line, len(headings)))}</tr>" for line in lines)
    table = f"<table><thead><tr>{head}</tr></thead><tbody>\n{body}\n</tbody></table>"
    return f'<div class="table">{table}</div>'


def _cells(texts: Sequence[str], columns: int) -> Iterator[str]:
    for index, text in enumerate(texts):
        extra = columns - len(texts) if index == len(texts) - 1 else 0
        yield f"<td{f' colspan={extra + 1}' if extra else ''}>{escape(text)}</td>"


def _element(tag: str, text: str, css_class: str = "") -> str:
    """Return an element with the escaped text."""
    return f"<{tag}{f' class={css_class}' if css_class else ''}>{escape(text)}</{tag}>"
