"""Plots and the page of a report. The tests write files and read them back."""

import functools
import re
import xml.etree.ElementTree as ET
from html.parser import HTMLParser

import pytest

for module in ("pyperf", "matplotlib"):
    pytest.importorskip(module)

from fake_reports import amdahl, convoy, counter, kernels, native, report, scaling, series, waiting  # noqa: E402
from matplotlib.container import ErrorbarContainer  # noqa: E402

from nogil_kernels.measure import style  # noqa: E402
from nogil_kernels.scaling.report import (  # noqa: E402
    Report,
    labels,
    page,
    panels,
    plot,
)

UP_TO_64, ONLY_2 = (1, 2, 4, 8, 16, 32, 64), (2,)
AWKWARD = "my.module:<lambda> & $x$ 'co'"


def squares(counts, **options):
    ways = {
        ("python", "threads"): amdahl(1.0),
        ("python", "pool"): amdahl(0.06),
        ("python", "interpreters"): amdahl(0.02),
    }
    return scaling("squares-python", ways, counts, ("python",), **options)


OTHERS = waiting() + counter() + convoy()
REPORTS = {
    "curves": report(squares(UP_TO_64) + kernels(UP_TO_64) + native(UP_TO_64)),
    "bars": report(squares(ONLY_2) + kernels(ONLY_2) + native(ONLY_2), squares(ONLY_2), squares(ONLY_2)),
    "others": report(OTHERS, OTHERS),
    "counter": report(counter()),
    "weak": report(squares(UP_TO_64), weak=True),
    "one core": report(
        [series("matmul", "sequential", 1, 0.5, side) for side in ("hold", "release")], nk_usable_cores=1
    ),
    "one worker": report(squares((1,))),
    "twelve interpreters": report(*[squares(ONLY_2)] * 12),
    "interrupted": report(squares(ONLY_2)[1:], interrupted=True, notes=["<b>skipped</b>"]),
    "ten curves": report(*[squares(UP_TO_64) + kernels(UP_TO_64)] * 5),
    "long names": report(
        [
            *scaling(
                "a_long_package.and_module:a_function_name",
                {("", "threads"): amdahl(0.62)},
                ONLY_2,
                verdict="partly",
                hold="62 %",
            ),
            *native(ONLY_2),
            *convoy(),
        ]
    ),
    "one start": report(squares(ONLY_2, spread=(1.0,)) + convoy(spread=(1.0,))),
    "one sample": report(
        scaling("matmul", {("release", "threads"): amdahl(0.1)}, UP_TO_64, ("release",), spread=(1.0,))
    ),
    "awkward": report(
        scaling(AWKWARD, {("", "threads"): amdahl(0.5), ("", "a.b:<c>"): amdahl(0.2)}, UP_TO_64, size="<size>")
    ),
}
each = pytest.mark.parametrize("name", REPORTS)


@pytest.fixture(scope="module")
def plot_texts(tmp_path_factory):
    """Return a function that returns the texts in the plot of a report. Each plot is drawn once."""

    @functools.cache
    def texts(name):
        file = tmp_path_factory.mktemp("plot") / "plot.svg"
        plot.draw(REPORTS[name], file)
        return [element.text for element in ET.parse(file).iter("{http://www.w3.org/2000/svg}text")]

    return texts


@functools.cache
def figure_of(name):
    with style.styled():
        return plot.draw_figure(REPORTS[name], REPORTS[name].workloads, plot.HEAD)


@functools.cache
def page_of(name):
    return page.page(REPORTS[name])


@each
def test_an_svg_is_well_formed_and_names_every_workload(plot_texts, name):
    texts = plot_texts(name)
    for workload in REPORTS[name].workloads:
        assert any(re.match(rf"{re.escape(panels.shortened(workload, 36))}( \(3\.\d+.*\))?:", text) for text in texts)
    assert any(text.startswith("Python 3.14.2") and "A Processor" in text for text in texts)
    assert ("interrupted" in texts) == REPORTS[name].interrupted


@pytest.mark.parametrize("name", ["curves", "interrupted", "awkward"])
def test_equal_reports_give_equal_files_whatever_the_matplotlibrc(tmp_path, name):
    import matplotlib as mpl

    REPORTS[name].save(tmp_path / "report.json")
    for loaded, size in ((REPORTS[name], 9), (Report.load(tmp_path / "report.json"), 20)):
        with mpl.rc_context({"font.size": size, "axes.facecolor": "red"}):
            plot.draw(loaded, tmp_path / f"{size}.svg")
            page.write(loaded, tmp_path / f"{size}.html")
    for suffix in ("svg", "html"):
        assert (tmp_path / f"9.{suffix}").read_bytes() == (tmp_path / f"20.{suffix}").read_bytes()


def test_png_and_pdf_have_their_format_and_are_reproducible(tmp_path):
    for suffix, start in (("png", b"\x89PNG\r\n\x1a\n"), ("pdf", b"%PDF-")):
        files = [tmp_path / f"{number}.{suffix}" for number in (1, 2)]
        for file in files:
            plot.draw(REPORTS["one core"], file)
        assert files[0].read_bytes().startswith(start)
        assert files[0].read_bytes() == files[1].read_bytes()
    assert int.from_bytes((tmp_path / "1.png").read_bytes()[16:20], "big") == int(150 * plot.WIDTH)


def test_other_suffixes_are_rejected(tmp_path):
    with pytest.raises(ValueError, match=r"\.svg, \.png, \.pdf, got \.gif"):
        plot.draw(REPORTS["bars"], tmp_path / "plot.gif")


@pytest.mark.parametrize(
    ("name", "workload", "panel_type"),
    [
        ("curves", "matmul", panels.CURVES),
        ("bars", "matmul", panels.BARS),
        ("one core", "matmul", panels.CALLS),
        ("one worker", "squares-python", panels.BARS),
        ("interrupted", "squares-python", panels.CALLS),
        ("others", "sleep", panels.BARS),
        ("others", "counter", panels.LOST),
        ("others", "convoy", panels.LATENCY),
    ],
)
def test_the_panel_type_suits_the_workload(name, workload, panel_type):
    assert panels.panel_type(REPORTS[name], REPORTS[name].block(workload)) is panel_type


def test_bars_show_every_row_with_its_speed_up(plot_texts):
    bars = REPORTS["bars"]
    texts = plot_texts("bars")
    rows = [row for workload in bars.workloads for row in bars.block(workload) if row.way != "sequential"]
    for row in rows:
        assert f"{bars.speed_up(row).median:.2f}x" in texts
    assert sum(text.startswith("2 ") for text in texts) == len(rows)
    assert {"3.14", "3.14t GIL off", "3.14t GIL on", "ideal", "native threads"} <= {*texts}


def test_the_legend_of_curves_has_every_label_once(plot_texts):
    texts = plot_texts("curves")
    for label in ("threads", "processes, Pool", "interpreters", "ideal", "native threads", "GIL held"):
        assert texts.count(label) == 1


def test_lost_updates_are_shown_as_a_share_or_none(plot_texts):
    texts = plot_texts("counter")
    assert texts.count("none") == 2
    assert "31.0%" in texts


def test_a_title_has_the_answer_of_its_first_interpreter(plot_texts):
    assert "squares-python: holds the GIL, 0.99x" in plot_texts("curves")
    assert "matmul: released 39x, held 0.99x" in plot_texts("curves")
    assert {"squares-python (3.14):", "holds the GIL, 1.01x"} <= {*plot_texts("bars")}
    assert "squares-python: speed-up" not in plot_texts("curves")
    assert "matmul: speed-up" in plot_texts("one sample")


@pytest.mark.parametrize(("name", "has_intervals"), [("one start", False), ("one sample", False), ("bars", True)])
def test_fewer_than_six_values_have_no_whiskers_and_no_intervals(plot_texts, name, has_intervals):
    assert any("95 % intervals" in text for text in plot_texts(name)) == has_intervals
    error_bars = [
        bars for axes in figure_of(name).axes for bars in axes.containers if isinstance(bars, ErrorbarContainer)
    ]
    assert any(bars.has_xerr or bars.has_yerr for bars in error_bars) == has_intervals


@pytest.mark.parametrize(("name", "axis"), [("curves", "y"), ("bars", "x")])
def test_a_line_is_at_a_speed_up_of_1(name, axis):
    for axes in figure_of(name).axes:
        assert [1, 1] in [list(getattr(line, f"get_{axis}data")()) for line in axes.lines]


def test_every_way_has_a_unique_colour():
    ways = [*style.WAY_COLOURS, "a:b", "c:d", "e:f"]
    assert len({*style.colours(ways).values()}) == len(ways)
    assert style.colours(["threads"])["threads"] == style.colours(ways)["threads"]


def visible_boxes(axes):
    """Yield the boxes of all visible texts of a panel. Labels of ticks beyond the axes are not visible."""
    for axis, (low, high) in ((axes.xaxis, axes.get_xlim()), (axes.yaxis, sorted(axes.get_ylim()))):
        for place, label in zip(axis.get_majorticklocs(), axis.get_ticklabels(), strict=True):
            if low <= place <= high:
                yield label.get_window_extent()
    for text in (*axes.texts, axes.title):
        yield text.get_window_extent()


@each
def test_texts_are_inside_the_figure_and_do_not_overlap(name):
    figure = figure_of(name)
    with style.styled():
        figure.draw_without_rendering()
        for axes in figure.axes:
            boxes = [*visible_boxes(axes)]
            assert len(boxes) > 3
            assert all(figure.bbox.x0 <= box.x0 and box.x1 <= figure.bbox.x1 for box in boxes)
            assert not any(box.overlaps(other) for index, box in enumerate(boxes) for other in boxes[:index])


class PageParser(HTMLParser):
    """Collect the texts and attributes of a page. Check that every tag is closed in the right order."""

    def __init__(self, text):
        super().__init__()
        self.open, self.attributes, self.texts, self.cells = [], [], [], []
        self.feed(text)
        self.close()
        assert not self.open

    def handle_starttag(self, tag, attributes):
        self.attributes += attributes
        if tag != "meta":  # which has no end tag
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        assert "svg" in self.open, f"<{tag}/> is valid only in SVG"
        self.attributes += attributes

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.texts.append(data)
        if self.open and self.open[-1] == "td":
            self.cells.append(data)


def first_number(report, row):
    """Return the first number of a row in the page: updates, the time of all calls for waits, or the time per call."""
    panel_type = panels.panel_type(report, report.block(row.workload))
    return f"{row.updates:,}" if panel_type is panels.LOST else labels.duration(row.seconds_per_call.median)


@each
def test_a_page_is_complete_and_loads_nothing(name):
    report = REPORTS[name]
    text = page_of(name)
    parsed = PageParser(text)
    assert not re.search(r"https?:|<script|<link|@import|src=", text)
    assert all(value.startswith("#") for key, value in parsed.attributes if key.endswith("href"))
    assert len(text) < 500_000
    ids = [value for key, value in parsed.attributes if key == "id"]
    assert len(ids) == len({*ids})
    assert {*re.findall(r'(?:href="|url\()#([^")]+)', text)} == {*ids}
    for workload in report.workloads:
        assert workload in parsed.texts
        ways = {labels.way(row) for row in report.block(workload)}
        assert len(ways) == 1 or ways <= {*parsed.cells}
        for row in report.block(workload):
            assert first_number(report, row) in parsed.cells
    assert ("Interrupted: these are the results until then." in parsed.texts) == report.interrupted


def test_names_sizes_and_notes_are_escaped():
    assert AWKWARD in PageParser(page_of("awkward")).texts
    for name in ("awkward", "interrupted"):
        assert not re.search("<lambda>|<size>|<b>|<c>", page_of(name))


def test_a_row_has_speed_up_interval_efficiency_and_share_of_the_ceiling():
    bars = REPORTS["bars"]
    row = next(row for row in bars.block("matmul") if row.side == "release" and row.way == "threads")
    speed_up = bars.speed_up(row)
    assert speed_up.low < speed_up.median < speed_up.high
    cells = PageParser(page_of("bars")).cells
    assert f"{speed_up.median:.2f}x" in cells
    assert f"{speed_up.low:.2f}-{speed_up.high:.2f}" in cells
    assert f"{bars.efficiency(row):.0%}" in cells
    assert f"{bars.of_ceiling(row):.0%}" in cells


def test_phones_omit_the_least_important_columns():
    text = page_of("bars")
    assert re.findall('<th class="minor">([^<]*)</th>', text) == ["efficiency", "starts"] * 2
    assert re.search(r"@media \(max-width: 600px\) \{[^@]*\.minor \{ display: none \}", text)


def test_a_page_begins_with_the_answers_in_the_colour_of_their_verdict():
    text = page_of("curves")
    assert '<p class="answer held">squares-python holds the GIL: 0.99x of 60x on 64 threads.</p>' in text
    assert '<p class="answer released">matmul: released 39x' in text
    assert text.index('class="answer') < text.index("A Processor")


def test_texts_of_a_page_are_ascii():
    assert page_of("others").isascii()


def test_a_page_shows_the_costs_notes_and_warnings():
    with_note = report(squares(UP_TO_64), notes=["skipped interpreters: reason"], nk_native_speed_up=1.2)
    texts = " ".join(PageParser(page.page(with_note)).texts)
    assert "What workers cost" in texts
    assert "200 ms" in texts  # the start of the pool
    assert "skipped interpreters: reason" in texts
    assert "Two native threads were 1.20 times as fast" in texts


@pytest.mark.parametrize(("name", "has_intervals"), [("one start", False), ("one sample", False), ("others", True)])
def test_fewer_than_six_values_have_no_interval_in_the_page(name, has_intervals):
    cells = PageParser(page_of(name)).cells
    assert any(re.fullmatch(r"[\d.]+-[\d.]+|\d.* to .*", cell) for cell in cells) == has_intervals
