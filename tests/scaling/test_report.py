"""The report: its file, derived numbers, names, sentences, and the table."""

import io

import pytest

pyperf = pytest.importorskip("pyperf")
pytest.importorskip("rich")

import fake_reports as made  # noqa: E402
from fake_reports import CALLS, FACTS, native, report, series  # noqa: E402
from rich.console import Console  # noqa: E402
from support import completed  # noqa: E402

from nogil_kernels.scaling.report import (  # noqa: E402
    Report,
    labels,
    table,
)
from nogil_kernels.scaling.report.sentences import COSTS, LEGEND  # noqa: E402
from nogil_kernels.scaling.run.progress import bar  # noqa: E402

STEADY = (1.0,) * 6


def rows(workload, seconds, **options):
    """Return series from {way or (side, way): seconds}. A way is "sequential", or a name and a number of workers."""
    all_series = []
    for key, value in seconds.items():
        side, way = key if isinstance(key, tuple) else ("", key)
        name, _, workers = way.partition(" ")
        all_series.append(series(workload, name, int(workers or 1), value, side, **{"spread": STEADY} | options))
    return all_series


def full_report(interpreters=4):
    """Return a report with every type of workload and this number of interpreters."""
    session = made.kernels((2, 64)) + made.waiting() + made.counter() + made.convoy() + native((2, 64))
    return report(*[session] * interpreters, notes=["skipped something: a reason"])


def printed(report, width=80, **options):
    console = Console(file=io.StringIO(), width=width)
    console.print(table.render(report, width, **options))
    return console.file.getvalue()


def on_one_line(text):
    """Return the text without line breaks."""
    return " ".join(text.split())


# The file


def test_a_saved_report_replaces_an_older_file_and_loads_equal(tmp_path):
    report = full_report()
    for name in ("report.json", "report.json.gz"):
        (tmp_path / name).write_text("old")
        report.save(tmp_path / name)
        loaded = Report.load(tmp_path / name)
        assert loaded.rows == report.rows
        assert loaded.sessions == report.sessions
        assert all(loaded.facts_of(session) == report.facts_of(session) for session in report.sessions)
        assert (loaded.notes, loaded.weak, loaded.interrupted) == (report.notes, report.weak, report.interrupted)
        assert printed(loaded) == printed(report)


def test_an_older_file_is_converted(tmp_path):
    """Its values are the seconds of all calls, in one run."""
    facts = {**FACTS, "nk_session": "3.14", "nk_scaling": "strong", "nk_notes": "[]", "unit": "second"}
    row = {"nk_workload": "counter", "nk_side": "call", "nk_way": "threads", "nk_workers": 2, "nk_overhead": 0.002}
    row |= {"nk_calls": 4, "nk_start_up": 0.1, "nk_updates": 40, "nk_tally": "0 10", "name": "counter-call-threads-2"}
    run = pyperf.Run([0.4, 0.8], metadata=facts | row, collect_metadata=False)
    pyperf.BenchmarkSuite([pyperf.Benchmark([run])]).dump(str(tmp_path / "older.json"))
    (loaded,) = Report.load(tmp_path / "older.json").rows
    assert (loaded.calls, loaded.values, loaded.lost_updates) == (4, (0.1, 0.2), (0, 10))
    assert loaded.lost == 10 / 80


def test_pyperf_compares_two_files(tmp_path):
    for name, factor in (("a.json", 1.0), ("b.json", 2.0)):
        rows_of_file = [
            series("squares-python", way, workers, factor) for way, workers in (("sequential", 1), ("threads", 2))
        ]
        report(rows_of_file).save(tmp_path / name)
    process = completed("-m", "pyperf", "compare_to", str(tmp_path / "a.json"), str(tmp_path / "b.json"))
    assert process.returncode == 0, process.stderr
    assert process.stdout.count("2.00x slower") == 3  # each row, and their mean


def test_the_metadata_of_a_benchmark_has_the_row_and_the_facts(tmp_path):
    report = full_report()
    report.save(tmp_path / "report.json")
    for benchmark, row in zip(pyperf.BenchmarkSuite.load(str(tmp_path / "report.json")), report.rows, strict=True):
        metadata = benchmark.get_metadata()
        for name in ("workload", "way", "workers", "session"):
            assert metadata[f"nk_{name}"] == getattr(row, name)
        assert metadata["loops"] == row.calls
        for name in ("side", "setting", "limit"):
            assert metadata.get(f"nk_{name}", "") == getattr(row, name)
        assert benchmark.get_values() == row.values
        assert metadata.keys() >= FACTS.keys()


def test_names_of_benchmarks_are_unique_and_omit_the_first_interpreter():
    names = [benchmark.get_name() for benchmark in full_report().suite]
    assert len({*names}) == len(names)
    assert "matmul-release-threads-64" in names
    assert "matmul-release-threads-64-3.14t_GIL_off" in names
    assert "convoy-release-0.05_ms-sequential-1" in names


@pytest.mark.parametrize("command", ["show", "stats", "compare_to", "check"])
def test_pyperf_reads_the_file(command, tmp_path):
    full_report().save(tmp_path / "report.json")
    files = ["report.json"] * (2 if command == "compare_to" else 1)
    process = completed("-m", "pyperf", command, *files, cwd=tmp_path)
    assert process.returncode == 0, process.stderr
    if command != "check":  # which names only noisy rows
        assert "matmul-release-threads-64" in process.stdout


# Numbers


def test_seconds_per_call_is_the_time_divided_by_the_number_of_calls():
    (row,) = report(rows("a:f", {"sequential": 1.92}, spread=(1.0, 1.5, 2.0))).rows
    assert sorted(row.values) == pytest.approx([0.01, 0.015, 0.02])
    assert row.seconds_per_call.median == pytest.approx(0.015)


def test_a_speed_up_is_the_median_of_ratios_to_the_sequential_row():
    sequential = rows("a:f", {"sequential": 1.0}, spread=(1.0, 2.0, 4.0))
    threads = rows("a:f", {"threads 4": 1.0}, spread=(0.5, 0.5, 4.0))
    result = report([*sequential, *threads])
    _, row = result.rows
    assert result.speed_up(row).median == 2.0  # of 2, 4 and 1
    assert result.efficiency(row) == 0.5


def test_speed_ups_compare_rows_of_the_same_side_setting_and_interpreter():
    first = rows("a:f", {("hold", "sequential"): 1.0, ("release", "sequential"): 8.0, ("release", "threads 2"): 2.0})
    second = rows("a:f", {("release", "sequential"): 6.0, ("release", "threads 2"): 2.0})
    result = report(first, second)
    assert [result.speed_up(row).median for row in result.rows if row.way == "threads"] == [4.0, 3.0]


def test_without_the_sequential_row_there_is_no_speed_up():
    result = report(rows("a:f", {"threads 2": 1.0}))
    (row,) = result.rows
    derived = result.baseline(row), result.speed_up(row), result.efficiency(row), result.of_ceiling(row)
    assert derived == (None,) * 4


def test_the_ceiling_is_the_speed_up_of_native_threads_in_the_first_interpreter():
    work = rows("a:f", {"sequential": 1.0, "threads 2": 0.75, "threads 4": 0.5})
    ceiling = rows("native-arithmetic", {"sequential": 1.0, "threads 2": 0.625})
    result = report([*work, *ceiling], work)
    by_row = {(row.session, row.workers): (result.ceiling(row), result.of_ceiling(row)) for row in result.block("a:f")}
    for session in result.sessions:
        assert by_row[session, 1] == (None, None)
        assert by_row[session, 2][0].median == pytest.approx(1.6)
        assert by_row[session, 2][1] == pytest.approx((1 / 0.75) / 1.6)
        assert by_row[session, 4] == (None, None)


def test_work_that_waits_has_no_ceiling():
    result = report([*made.waiting(), *native((2, 5))])
    assert all(result.ceiling(row) is None for row in result.block("sleep"))


def test_lost_updates_are_a_share_of_all_updates():
    (row,) = report([series("counter", "threads", 2, 1.0, "call", lost=0.25, spread=(1.0, 1.0, 1.2))]).rows
    assert row.updates == CALLS * 1000
    assert row.lost == pytest.approx(0.25 * 3.2 / 3)  # of all samples together
    assert report(rows("a:f", {"sequential": 1.0})).rows[0].lost is None


def test_the_costs_of_a_way_are_its_start_up_and_the_median_overhead():
    result = report(rows("a:f", {"sequential": 1.0, "threads 2": 1.0, "processes 2": 1.0, "processes 4": 1.0}))
    assert [(row.way, row.workers, *rest) for row, *rest in result.costs] == [
        ("threads", 2, 0.001, 0.002),
        ("processes", 4, 0.3, 0.002),
    ]


def test_native_ceilings_are_not_workloads_of_the_report():
    assert full_report().workloads == ["matmul", "sleep", "http-fetch", "counter", "convoy"]


# Names


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (2.5, "2.50 s"),
        (0.9996, "1.00 s"),
        (0.0123456, "12.3 ms"),
        (0.123456, "123 ms"),
        (1.31e-5, "13.1 us"),
        (9.994e-3, "9.99 ms"),
        (9.996e-3, "10.0 ms"),
        (9.996e-7, "1.00 us"),
        (2e-9, "2.00 ns"),
        (3e-11, "0.03 ns"),
        (1234.5, "1234 s"),
    ],
)
def test_a_duration_in_a_table_has_three_digits(seconds, text):
    assert labels.duration(seconds) == text


@pytest.mark.parametrize(
    ("way", "text"),
    [
        ("sequential", "one after another"),
        ("threads 1", "1 thread"),
        ("threads 2", "2 threads"),
        ("pool 2", "2 processes, Pool"),
        ("processes 3", "3 processes"),
        ("interpreters 2", "2 interpreters"),
        ("asyncio 5", "5 coroutines"),
        ("loky:get_reusable_executor 2", "2 workers of loky"),
    ],
)
def test_the_label_of_a_way_has_the_number_of_workers(way, text):
    assert labels.way(report(rows("a:f", {way: 1.0})).rows[0]) == text


@pytest.mark.parametrize(
    ("session", "text"), [("3.14", "Python 3.14"), ("3.13t GIL off", "Python 3.13t with the GIL off")]
)
def test_the_name_of_an_interpreter_in_a_sentence(session, text):
    assert labels.interpreter(session) == text


def test_counted_adds_the_plural_s():
    assert (labels.counted(1, "core"), labels.counted(1200, "call")) == ("1 core", "1,200 calls")


SEQUENTIAL = {"sequential": 1.0}
GOOD = rows("native-arithmetic", {"sequential": 1.0, "threads 4": 0.25})


# The table


@pytest.mark.parametrize("interpreters", [1, 4, 8])
@pytest.mark.parametrize("width", [80, 120])
def test_the_table_fits_and_shows_every_row_of_every_interpreter(interpreters, width):
    result = full_report(interpreters)
    text = printed(result, width)
    assert max(map(len, text.splitlines())) <= width
    assert "…" not in text
    expected = ("64 threads", "64 processes, Pool", "5 coroutines", "with a lock, 4 threads", "beside Python, 0.05 ms")
    for label in (*expected, *(session.split(" ")[0] for session in result.sessions[1:])):
        assert label in text


def test_a_narrow_table_has_fewer_columns_but_complete_ones():
    seconds = {"threads 4": 0.25, "a.long.module.name:of_an_executor 4": 0.25}
    result = report([*rows("a:f", SEQUENTIAL | seconds), *GOOD])
    assert "speed-up" in printed(full_report(), 45)  # of the first interpreter
    wide, narrow = printed(result, 120), printed(result, 60)
    assert "effi-" in wide
    assert "effi-" not in narrow
    for words in ("4 workers of a.long.module.name", "4.00x", "speed-up"):
        assert words in narrow


def test_a_file_has_the_lines_of_the_terminal_without_trailing_blanks():
    file, terminal = io.StringIO(), io.StringIO()
    table.show(full_report(), Console(file=file, width=80))
    table.show(
        full_report(), Console(file=terminal, width=80, force_terminal=True, color_system=None, legacy_windows=False)
    )
    lines = file.getvalue().splitlines()
    assert lines == [line.rstrip() for line in terminal.getvalue().splitlines()]
    assert lines == [line.rstrip() for line in lines]


def test_a_row_shows_time_per_call_speed_up_share_of_the_ceiling_efficiency_and_interval():
    text = printed(report([*rows("a:f", {"sequential": 1.92, "threads 4": 0.48}), *GOOD]))
    assert "4 threads 2.50 ms 4.00x 100% 100% 4.00-4.00" in on_one_line(text)


@pytest.mark.parametrize("count", [1, 2, 5])
def test_rows_with_fewer_than_six_samples_have_no_interval(count):
    text = printed(report(rows("a:f", {"sequential": 1.92, "threads 4": 0.48}, spread=(1.0,) * count)))
    assert "4.00x" in text
    assert "4.00-" not in text


def test_rows_without_a_sequential_row_have_no_speed_up():
    text = printed(report(rows("a:f", {"threads 4": 0.48}), interrupted=True))
    assert "4 threads 2.50 ms Interrupted" in on_one_line(text)


def test_work_that_waits_has_no_ceiling_and_no_efficiency():
    text = printed(report(rows("a:f", {"sequential": 1.92, "threads 4": 0.48}, limit="")))
    assert "4 threads 2.50 ms 4.00x 4.00-4.00" in on_one_line(text)
    assert "ceiling" not in text
    assert "effi-" not in text


def test_a_latency_has_the_time_of_99_percent_of_the_calls_if_it_was_measured():
    (alone,) = [row for row in report(made.convoy()).rows if (row.side, row.setting) == ("release", "alone")]
    assert f"alone 20.0 us 40.0 us {alone.seconds_per_call.span(labels.duration)}" in on_one_line(
        printed(report(made.convoy()))
    )
    assert "99 %" not in printed(report([series("convoy", "sequential", 1, 1.0, "release", "alone", "")]))


def test_counters_show_the_share_and_the_most_of_lost_updates():
    line = "counter = f(counter) + 1, 4 threads"
    assert f"{line} 31.0% 31.9% 192,000" in on_one_line(printed(report(made.counter())))
    assert f"{line} 31.0% 31.0%" in on_one_line(printed(report(made.counter(), made.counter())))


def test_workers_that_ran_in_parallel_are_green_if_the_whole_interval_agrees():
    for spread, is_green in ((STEADY, True), ((1.0,) * 5, False), ((1.0,) * 4 + (1.3,) * 3, False)):
        result = report(
            [*rows("a:f", SEQUENTIAL, spread=(1.0,) * len(spread)), *rows("a:f", {"threads 4": 0.25}, spread=spread)]
        )
        console = Console(
            file=io.StringIO(), width=80, force_terminal=True, color_system="standard", legacy_windows=False
        )
        table.show(result, console)
        assert ("\x1b[32m" in console.file.getvalue()) == is_green, spread


def test_the_report_begins_with_the_answers_and_the_machine():
    probed = report([*rows("a:f", SEQUENTIAL | {"threads 4": 1.0}, verdict="held", hold="100 %"), *GOOD])
    console = Console(file=io.StringIO(), width=80, force_terminal=True, color_system="standard", legacy_windows=False)
    table.show(probed, console)
    answer, python, machine, *_ = console.file.getvalue().splitlines()
    assert answer == "\x1b[31ma:f holds the GIL: 1.00x of 4.00x on 4 threads.\x1b[0m"
    assert python == "\x1b[2mPython 3.14.2, GIL on; nogil-kernels 1.0, compiled avx2\x1b[0m"
    assert machine == "\x1b[2mA Processor, 64 usable cores, L2 1 MiB\x1b[0m"


def test_costs_legend_and_skipped_work_are_details():
    notes = ["skipped x: reason", "skipped y: reason"]
    result = report([*rows("a:f", SEQUENTIAL | {"threads 4": 1.0}), *GOOD], notes=notes)
    brief, full = on_one_line(printed(result)), on_one_line(printed(result, details=True))
    assert brief.endswith("Costs of workers, the legend and 2 notes: --details")
    for text in ("What workers cost", COSTS, *LEGEND, *notes):
        assert text not in brief
        assert text in full
    assert "--details" not in full


@pytest.mark.parametrize(
    ("seconds", "notes", "line"),
    [
        (SEQUENTIAL, [], "The legend: --details"),
        (SEQUENTIAL, ["skipped x"], "The legend and 1 note: --details"),
        (SEQUENTIAL | {"threads 4": 1.0}, [], "Costs of workers and the legend: --details"),
    ],
)
def test_the_last_line_says_what_the_details_add(seconds, notes, line):
    assert printed(report(rows("a:f", seconds), notes=notes)).splitlines()[-1] == line


@pytest.mark.parametrize("details", [False, True])
def test_failures_and_warnings_are_always_shown(details):
    notes = ["stopped a:f on threads early: ValueError", "a:f failed"]
    result = report(rows("a:f", SEQUENTIAL), notes=notes, nk_native_speed_up=1.0)
    text = on_one_line(printed(result, details=details))
    assert result.warnings
    for problem in (*notes, *result.warnings):
        assert f"- {on_one_line(problem)}" in text


def test_the_table_mentions_weak_scaling_and_an_interruption():
    text = printed(report(rows("a:f", SEQUENTIAL), weak=True, interrupted=True))
    assert "Weak scaling" in text
    assert "Interrupted: these are the results until then." in text
    assert "Weak scaling" not in printed(report(rows("a:f", SEQUENTIAL)))


# Progress


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_the_progress_bar_shows_the_time_left_and_cleans_up():
    console = Console(file=Terminal(), force_terminal=True, width=80)
    with bar(console) as progress:
        progress(1.0, 8.4)
    assert "7 s left" in console.file.getvalue()
    assert console.file.getvalue().endswith(("\x1b[1A\x1b[2K", "\x1b[2K"))


def test_the_progress_bar_is_not_shown_without_a_terminal():
    console = Console(file=io.StringIO())
    with bar(console) as progress:
        progress(1.0, 8.4)
    assert console.file.getvalue().strip() == ""


# From Python


def test_a_report_has_verdicts_a_text_and_a_plot(tmp_path):
    probed = report([*rows("a:f", SEQUENTIAL | {"threads 4": 0.25}, verdict="released", hold="1 %"), *GOOD])
    assert probed.verdicts == {"a:f": "released"}
    assert str(probed).startswith("a:f releases the GIL: 4.00x of 4.00x on 4 threads.")
    pytest.importorskip("matplotlib")
    probed.plot(tmp_path / "plot.svg")
    assert (tmp_path / "plot.svg").stat().st_size > 1000
    assert "a:f releases the GIL: 4.00x" in probed._repr_html_()
