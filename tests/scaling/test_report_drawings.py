"""What is drawn of a report: plots and the page. Files are written, and read back."""

import re
import xml.etree.ElementTree as ET
from html.parser import HTMLParser

import pytest

for module in ("pyperf", "matplotlib"):
    pytest.importorskip(module)

from made_reports import amdahl, convoy, counter, kernels, native, report, scaling, series, waiting  # noqa: E402

from nogil_kernels.measure import style  # noqa: E402
from nogil_kernels.scaling.report import labels, page, panels, plot  # noqa: E402
from nogil_kernels.scaling.report.suite import Report  # noqa: E402

MANY, FEW = (1, 2, 4, 8, 16, 32, 64), (2,)
AWKWARD = "my.module:<lambda> & $x$ 'co'"
VOID = {"meta"}


def squares(counts):
    ways = {
        ("python", "threads"): amdahl(1.0),
        ("python", "pool"): amdahl(0.06),
        ("python", "interpreters"): amdahl(0.02),
    }
    return scaling("squares-python", ways, counts, ("python",))


def special():
    return waiting() + counter() + convoy()


REPORTS = {
    "curves": report(squares(MANY) + kernels(MANY) + native(MANY)),
    "bars": report(squares(FEW) + kernels(FEW) + native(FEW), squares(FEW), squares(FEW)),
    "special": report(special(), special()),
    "weak": report(squares(MANY), weak=True),
    "one core": report(
        [series("matmul", "sequential", 1, 0.5, side) for side in ("hold", "release")], nk_usable_cores=1
    ),
    "one worker": report(squares((1,))),
    "twelve interpreters": report(*[squares(FEW)] * 12),
    "interrupted": report(squares(FEW)[1:], interrupted=True, notes=["<b>left out</b>"]),
    "one sample": report(scaling("matmul", {("release", "threads"): amdahl(0.1)}, MANY, ("release",), spread=(1.0,))),
    "awkward": report(
        scaling(AWKWARD, {("", "threads"): amdahl(0.5), ("", "a.b:<c>"): amdahl(0.2)}, MANY, size="<size>")
    ),
}
each = pytest.mark.parametrize("name", REPORTS)


# Plots


def texts(made, folder):
    """The texts of the plot of a report."""
    plot.draw(made, folder / "plot.svg")
    return [element.text for element in ET.parse(folder / "plot.svg").iter("{http://www.w3.org/2000/svg}text")]


@each
def test_an_svg_is_well_formed_and_names_every_workload(tmp_path, name):
    found = texts(REPORTS[name], tmp_path)
    for workload in REPORTS[name].workloads:
        assert any(text.startswith(f"{workload}: ") for text in found)
    assert any(text.startswith("Python 3.14.2") and "A Processor" in text for text in found)
    assert ("interrupted" in found) == REPORTS[name].interrupted


@pytest.mark.parametrize("name", ["curves", "interrupted", "awkward"])
def test_the_same_report_makes_the_same_svg_and_page_whatever_matplotlibrc_says(tmp_path, name):
    import matplotlib as mpl

    REPORTS[name].save(tmp_path / "report.json")
    for loaded, size in ((REPORTS[name], 9), (Report.load(tmp_path / "report.json"), 20)):
        with mpl.rc_context({"font.size": size, "axes.facecolor": "red"}):
            plot.draw(loaded, tmp_path / f"{size}.svg")
            page.write(loaded, tmp_path / f"{size}.html")
    for kind in ("svg", "html"):
        assert (tmp_path / f"9.{kind}").read_bytes() == (tmp_path / f"20.{kind}").read_bytes()


def test_png_and_pdf_are_what_they_are_called_and_always_the_same(tmp_path):
    for kind, start in (("png", b"\x89PNG\r\n\x1a\n"), ("pdf", b"%PDF-")):
        files = [tmp_path / f"{again}.{kind}" for again in (1, 2)]
        for file in files:
            plot.draw(REPORTS["one core"], file)
        one, other = (file.read_bytes() for file in files)
        assert one.startswith(start)
        assert one == other
    width = int.from_bytes((tmp_path / "1.png").read_bytes()[16:20], "big")
    assert width == int(150 * plot.WIDTH)


def test_other_kinds_of_files_are_refused(tmp_path):
    with pytest.raises(ValueError, match=r"\.svg, \.png, \.pdf, not \.gif"):
        plot.draw(REPORTS["bars"], tmp_path / "plot.gif")


@pytest.mark.parametrize(
    ("name", "workload", "kind"),
    [
        ("curves", "matmul", panels.CURVES),
        ("bars", "matmul", panels.BARS),
        ("one core", "matmul", panels.CALLS),
        ("one worker", "squares-python", panels.BARS),
        ("interrupted", "squares-python", panels.CALLS),
        ("special", "sleep", panels.WAITS),
        ("special", "counter", panels.LOST),
        ("special", "convoy", panels.LATENCY),
    ],
)
def test_a_block_is_drawn_as_what_it_is(name, workload, kind):
    assert panels.kind(REPORTS[name], REPORTS[name].block(workload)) is kind


def test_bars_show_every_row_with_its_number(tmp_path):
    made = REPORTS["bars"]
    found = texts(made, tmp_path)
    rows = [row for workload in made.workloads for row in made.block(workload) if row.way != "sequential"]
    for row in rows:
        assert f"{made.speed_up(row).median:.2f}x" in found
    assert sum(text.startswith("2 ") for text in found) == len(rows)
    assert {"3.14", "3.14t GIL off", "3.14t GIL on", "ideal", "native threads"} <= {*found}


def test_curves_say_what_is_drawn_once(tmp_path):
    found = texts(REPORTS["curves"], tmp_path)
    for label in ("threads", "processes, Pool", "interpreters", "ideal", "native threads", "GIL held"):
        assert found.count(label) == 1


def test_lost_updates_are_a_share_and_none_is_said(tmp_path):
    found = texts(report(counter()), tmp_path)
    assert found.count("none") == 2
    assert "31.0%" in found


def test_a_way_has_one_colour_and_no_two_have_the_same():
    ways = [*style.WAYS, "a:b", "c:d", "e:f"]
    assert len({*style.colours(ways).values()}) == len(ways)
    assert style.colours(["threads"])["threads"] == style.colours(ways)["threads"]


def shown(axes):
    """The boxes of all texts of a panel; labels of ticks beyond its ends are not drawn."""
    for axis, (low, high) in ((axes.xaxis, axes.get_xlim()), (axes.yaxis, sorted(axes.get_ylim()))):
        for place, label in zip(axis.get_majorticklocs(), axis.get_ticklabels(), strict=True):
            if low <= place <= high:
                yield label.get_window_extent()
    for text in (*axes.texts, axes.title):
        yield text.get_window_extent()


@each
def test_no_text_leaves_the_figure_or_lies_on_another(name):
    with style.styled():
        figure = plot.drawn(REPORTS[name], REPORTS[name].workloads, plot.HEAD)
        figure.draw_without_rendering()
        for axes in figure.axes:
            boxes = [*shown(axes)]
            assert len(boxes) > 3
            assert all(figure.bbox.x0 <= box.x0 and box.x1 <= figure.bbox.x1 for box in boxes)
            assert not any(one.overlaps(other) for place, one in enumerate(boxes) for other in boxes[:place])


# The page


class Parsed(HTMLParser):
    """A page: its texts, its attributes, and whether every tag is closed in its turn."""

    def __init__(self, text):
        super().__init__()
        self.open, self.attributes, self.texts, self.cells = [], [], [], []
        self.feed(text)
        self.close()
        assert not self.open

    def handle_starttag(self, tag, attributes):
        self.attributes += attributes
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        assert "svg" in self.open, f"<{tag}/> closes itself in SVG alone"
        self.attributes += attributes

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.texts.append(data)
        if self.open and self.open[-1] == "td":
            self.cells.append(data)


def told(made, row):
    """The first number of a row in the page: updates, the time of all calls of what waits, else that of one."""
    kind = panels.kind(made, made.block(row.workload))
    took = row.seconds_per_call.median * (row.calls if kind is panels.WAITS else 1)
    return f"{row.updates:,}" if kind is panels.LOST else labels.duration(took)


@each
def test_a_page_is_whole_and_loads_nothing(name):
    made = REPORTS[name]
    text = page.page(made)
    parsed = Parsed(text)
    assert not re.search(r"https?:|<script|<link|@import|src=", text)
    assert all(value.startswith("#") for key, value in parsed.attributes if key.endswith("href"))
    assert len(text) < 500_000
    ids = [value for key, value in parsed.attributes if key == "id"]
    assert len(ids) == len({*ids})
    assert {*re.findall(r'(?:href="|url\()#([^")]+)', text)} == {*ids}
    for workload in made.workloads:
        assert workload in parsed.texts
        for row in made.block(workload):
            assert labels.way(row) in parsed.cells
            assert any(cell.startswith(told(made, row)) for cell in parsed.cells)
    assert ("Interrupted: this is what there was by then." in parsed.texts) == made.interrupted


def test_names_sizes_and_notes_are_escaped():
    assert AWKWARD in Parsed(page.page(REPORTS["awkward"])).texts
    for name in ("awkward", "interrupted"):
        text = page.page(REPORTS[name])
        assert not re.search("<lambda>|<size>|<b>|<c>", text)


def test_a_row_of_the_table_has_speed_up_interval_efficiency_and_share_of_the_ceiling():
    made = REPORTS["bars"]
    row = next(row for row in made.block("matmul") if row.side == "release" and row.way == "threads")
    gain = made.speed_up(row)
    assert gain.low < gain.median < gain.high
    cells = Parsed(page.page(made)).cells
    assert f"{gain.median:.2f}x ({gain.low:.2f}x to {gain.high:.2f}x)" in cells
    assert f"{made.efficiency(row):.0%}" in cells
    assert f"{made.of_ceiling(row):.0%}" in cells


def test_a_page_tells_what_workers_cost_and_what_was_left_out():
    made = report(squares(MANY), notes=["interpreters are left out: why"], nk_native_speed_up=1.2)
    texts = " ".join(Parsed(page.page(made)).texts)
    assert "What workers cost" in texts
    assert "200 ms" in texts  # the start of the pool
    assert "interpreters are left out: why" in texts
    assert "Two threads that need neither GIL nor memory were 1.20 times as fast" in texts


def test_a_single_sample_has_no_interval():
    made = REPORTS["one sample"]
    assert all(len(row.values) == 1 for row in made.rows)
    assert " to " not in " ".join(Parsed(page.page(made)).cells)
