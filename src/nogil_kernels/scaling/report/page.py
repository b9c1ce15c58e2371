"""The report as one self-contained HTML file, for light and dark screens and for print."""

import os
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from html import escape
from importlib.resources import files
from itertools import repeat
from pathlib import Path

from ...measure import style
from ...measure.files import replaced
from . import labels, plot
from .answers import answer
from .columns import columns
from .sentences import COSTS, INTERRUPTED, LEGEND, meaning
from .suite import Report, Row

CSS = files(__package__).joinpath("page.css")
TITLE = "How the same work scales"
ROW_METADATA = (
    "name unit perf_version loops nk_calls nk_workload nk_side nk_setting nk_way nk_workers nk_size nk_limit nk_verdict"
    " nk_hold nk_session nk_overhead nk_start_up nk_updates nk_tally nk_lost nk_p99 nk_kept_waiting nk_own_threads"
    " nk_slow_down"
    " nk_notes nk_interrupted"
)
"""Metadata that is not about the machine or the interpreter."""

LABEL, NUMBER, MINOR = "label", "", "minor"
"""Classes of cells: on phones, labels wrap and minor numbers are not shown."""
Cell = Callable[[Report, Row], str]


def write(report: Report, path: str | os.PathLike[str]) -> None:
    """Write the page. Equal reports give equal files."""
    with replaced(path) as target:
        Path(target).write_text(page(report), encoding="utf-8")


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
    for result in (answer(report, workload) for workload in report.workloads):
        yield _element("p", result.text, f"answer {result.verdict}".rstrip())
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
    if text := meaning(report, workload):
        yield _element("p", text)
    yield f"<figure>{_inline(plot.svg(report, workload), prefix, workload)}</figure>"
    shown = [column for column in _columns(report, rows) if any(column[1](report, row) for row in rows)]
    headings, cells, classes = zip(*shown, strict=True)
    yield _table(headings, [[cell(report, row) for cell in cells] for row in rows], classes)
    yield "</section>"


def _columns(report: Report, rows: Sequence[Row]) -> Iterator[tuple[str, Cell, str]]:
    """Yield (heading, function that returns a cell, class). The caller omits empty columns."""
    if len(report.sessions) > 1:
        yield "Python", lambda report, row: row.session, LABEL
    if len({(row.way, row.workers) for row in rows}) > 1:
        yield "way", lambda report, row: labels.way(row), LABEL
    if len({row.side for row in rows}) > 1:
        yield "side", lambda report, row: labels.side(row), LABEL
    yield "beside Python, switch interval", lambda report, row: row.setting, LABEL
    for column in columns(rows):
        yield column.title, column.cell, MINOR if column.is_minor else NUMBER
    yield "starts", lambda report, row: str(len(row.values)), MINOR


def _costs(report: Report) -> Iterator[str]:
    """Yield the table of start-up and overhead."""
    if not report.costs:
        return
    lines = [
        (row.session, labels.way(row), labels.duration(start_up), labels.duration(overhead))
        for row, start_up, overhead in report.costs
    ]
    yield "<details><summary>What workers cost</summary>"
    yield _element("p", COSTS)
    yield _element("p", "The times above include neither.", "faint")
    yield _table(["Python", "way", "start", "a sample"], lines)
    yield "</details>"


def _notes(report: Report) -> Iterator[str]:
    yield "<details><summary>Columns</summary>"
    yield from (_element("p", sentence) for sentence in LEGEND)
    yield "</details>"
    if notes := [*report.notes, *report.warnings]:
        yield "<section><h2>Notes</h2><ul>"
        yield from (_element("li", note) for note in notes)
        yield "</ul></section>"
    yield (
        "<p><code>nogil-kernels compare --json FILE</code> saves the samples for pyperf."
        " <code>nogil-kernels report FILE</code> makes this page from them.</p>"
    )


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


def _table(headings: Sequence[str], lines: Iterable[Sequence[str]], classes: Sequence[str] = ()) -> str:
    """Return a table. The last cell of a short line spans the remaining columns."""
    classes = classes or [""] * len(headings)
    head = "".join(map(_element, repeat("th"), headings, classes))
    body = "\n".join(f"<tr>{''.join(_cells(line, classes))}</tr>" for line in lines)
    table = f"<table><thead><tr>{head}</tr></thead><tbody>\n{body}\n</tbody></table>"
    return f'<div class="table">{table}</div>'


def _cells(texts: Sequence[str], classes: Sequence[str]) -> Iterator[str]:
    *first, last = texts
    yield from map(_element, repeat("td"), first, classes)
    extra = len(classes) - len(texts)
    yield f"<td colspan={extra + 1}>{escape(last)}</td>" if extra else _element("td", last, classes[-1])


def _element(tag: str, text: str, css_class: str = "") -> str:
    """Return an element with the escaped text."""
    attribute = f' class="{css_class}"' if css_class else ""
    return f"<{tag}{attribute}>{escape(text)}</{tag}>"
