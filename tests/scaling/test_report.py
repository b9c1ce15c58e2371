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
from nogil_kernels.scaling.report.sentences import answer, meaning  # noqa: E402
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


def printed(report, width=80):
    console = Console(file=io.StringIO(), width=width)
    console.print(table.render(report, width))
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
        (1.31e-5, "13.1 µs"),
        (9.996e-7, "1.00 µs"),
        (2e-9, "2.00 ns"),
        (3e-11, "0.03 ns"),
        (1234.5, "1234 s"),
    ],
)
def test_a_duration_has_three_digits(seconds, text):
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


# Sentences


def sentence_of(session, workload="a:f", **options):
    """Return the sentence about one workload."""
    return meaning(report(session, **options), workload)


SEQUENTIAL = {"sequential": 1.0}
KERNEL = {("hold", "sequential"): 1.0, ("release", "sequential"): 1.0}
GOOD = rows("native-arithmetic", {"sequential": 1.0, "threads 4": 0.25})
POOR = rows("native-arithmetic", {"sequential": 1.0, "threads 4": 0.5})


@pytest.mark.parametrize(
    ("seconds", "sentence"),
    [
        (
            KERNEL | {("hold", "threads 4"): 1.0, ("release", "threads 4"): 0.25},
            "Released, 4 threads are 4.00x as fast as one, 100% of what native threads gain; held, 1.00x: the GIL makes"
            " the difference.",
        ),
        (
            KERNEL | {("hold", "threads 4"): 0.5, ("release", "threads 4"): 0.25},
            "Released, 4 threads are 4.00x as fast as one, 100% of what native threads gain; held, 2.00x.",
        ),
        (
            {("release", "sequential"): 1.0, ("release", "threads 4"): 0.25},
            "Released, 4 threads are 4.00x as fast as one, 100% of what native threads gain.",
        ),
        (
            KERNEL
            | {("hold", "threads 4"): 1.0, ("release", "threads 4"): 0.25}
            | {("hold", "pool 4"): 0.3125, ("hold", "processes 4"): 0.25, ("release", "processes 4"): 0.3},
            "Released, 4 threads are 4.00x as fast as one, 100% of what native threads gain; held, 1.00x: the GIL makes"
            " the difference. With the GIL held, a Pool's processes 3.20x, processes 4.00x: each has a GIL of"
            " its own.",
        ),
        (
            {("python", "sequential"): 1.0, ("python", "threads 4"): 1.0, ("python", "interpreters 4"): 0.25},
            "4 threads are 1.00x as fast as one: the GIL lets one of them at a time run Python. Interpreters 4.00x:"
            " each has a GIL of its own.",
        ),
        ({("python", "sequential"): 1.0, ("python", "threads 4"): 0.5}, "4 threads are 2.00x as fast as one."),
        (SEQUENTIAL | {"threads 4": 0.5}, "4 threads are 2.00x as fast as one, 50% of what native threads gain."),
        (SEQUENTIAL | {"processes 4": 0.25}, "Processes 4.00x."),
        (SEQUENTIAL | {"loky:get_reusable_executor 4": 0.25}, "Workers of loky 4.00x."),
        (SEQUENTIAL, "Only one worker: a speed-up needs two."),
    ],
)
def test_sentences_about_computing_explain_the_gil(seconds, sentence):
    assert sentence_of([*rows("a:f", seconds), *GOOD]) == sentence


def test_the_sentence_names_interpreters_without_a_gil_in_which_threads_scale():
    held = {("python", "sequential"): 1.0, ("python", "threads 4"): 1.0}
    free = {("python", "sequential"): 1.0, ("python", "threads 4"): 0.25}
    result = report([*rows("a:f", held), *GOOD], rows("a:f", free))
    for benchmark in result.suite:
        if benchmark.get_metadata()["nk_session"] != "3.14":
            benchmark.update_metadata({"nk_gil_enabled": 0})
    assert meaning(Report(result.suite), "a:f").endswith(
        "run Python. Without a GIL, threads are enough: 4.00x by Python 3.14t with the GIL off."
    )


def test_the_sentence_of_an_interpreter_without_a_gil():
    seconds = {("python", "sequential"): 1.0, ("python", "threads 4"): 0.25}
    sentence = sentence_of([*rows("a:f", seconds), *GOOD], nk_gil_enabled=0)
    assert sentence == "4 threads are 4.00x as fast as one: there is no GIL here."


def test_missing_cores_are_explained_first():
    sentence = sentence_of([*rows("a:f", SEQUENTIAL | {"threads 4": 0.5}), *POOR])
    assert sentence.startswith(
        "4 native threads, doing arithmetic without the GIL, gained only 2.00x here, so something other"
        " than the GIL limits the speed-up on this machine. 4 threads are 2.00x"
    )


VERDICTS = [
    ("held", "100 %", 1.0, "holds the GIL", "1.00x of 4.00x"),
    ("released", "1 %", 0.25, "releases the GIL", "4.00x of 4.00x"),
    ("partly", "62 %", 0.5, "holds the GIL 62 % of the time", "2.00x of 4.00x"),
]


@pytest.mark.parametrize(("verdict", "hold", "seconds", "does", "reached"), VERDICTS)
def test_the_probe_decides_what_a_function_does(verdict, hold, seconds, does, reached):
    probed = [*rows("a:f", SEQUENTIAL | {"threads 4": seconds}, verdict=verdict, hold=hold), *GOOD]
    assert sentence_of(probed).endswith(f"of what native threads gain: the function {does}.")
    assert answer(report(probed), "a:f") == f"a:f {does}: {reached} on 4 threads."
    assert printed(report(probed)).startswith(f"a:f {does}: {reached}")


def test_an_undecided_probe_gives_no_verdict():
    probed = [*rows("a:f", SEQUENTIAL | {"threads 4": 0.25}, hold="5 % to 15 %"), *GOOD]
    assert sentence_of(probed).endswith("Undecided: the function holds the GIL 5 % to 15 % of the time.")
    assert answer(report(probed), "a:f") == ""


@pytest.mark.parametrize(
    ("seconds", "sentence"),
    [
        (0.25, "Waiting needs no GIL: 4 threads 4.00x as fast as one after another."),
        (1.0, "4 threads 1.00x as fast as one after another: the threads wait for each other, as for a lock."),
    ],
)
def test_a_function_that_waits_has_no_ceiling(seconds, sentence):
    waiting = rows("a:f", SEQUENTIAL | {"threads 4": seconds}, limit="", verdict="waits", hold="0 %")
    assert sentence_of(waiting) == sentence
    assert answer(report(waiting), "a:f").startswith("a:f waits, with the GIL released: ")


def test_only_processes_that_gain_are_explained_by_their_own_gil():
    held = {("python", "sequential"): 1.0, ("python", "threads 4"): 1.0}
    for way in ("processes 4", "loky:get_reusable_executor 4"):
        for seconds in (1.0, 0.25):
            sentence = sentence_of([*rows("a:f", held | {("python", way): seconds}), *GOOD])
            assert sentence.endswith("each has a GIL of its own.") == ((way, seconds) == ("processes 4", 0.25))


def test_the_sentence_about_work_that_waits():
    assert sentence_of(made.waiting(), "sleep") == (
        "Waiting needs no GIL: 5 threads 5.00x, 5 coroutines 4.69x as fast as one after another."
    )


def test_the_sentence_about_lost_updates():
    assert sentence_of(made.counter(), "counter") == (
        "With a GIL (3.14) counter += 1 lost none, f(counter) + 1 lost 31%."
        " Only a lock guarantees that no update is lost."
    )


def test_the_sentence_about_a_convoy():
    assert sentence_of(made.convoy(), "convoy") == (
        "A call that takes 20.0 µs alone takes 5.00 ms beside a thread that runs Python, if it releases the GIL: it"
        " waits for a switch interval (5 ms) to get the GIL back. If it holds the GIL, it takes 40.0 µs."
    )


def test_the_sentence_without_a_convoy():
    same_times = [
        series("convoy", "sequential", 1, CALLS * 2e-5, side, setting, "")
        for setting in ("alone", "5 ms")
        for side in ("hold", "release")
    ]
    assert sentence_of(same_times, "convoy").startswith("Releasing the GIL cost little here")


@pytest.mark.parametrize(
    "session", [rows("a:f", SEQUENTIAL), [series("a:f", "sequential", 1, 1.0, "release", "alone", "")]]
)
def test_the_sentence_without_rows_to_compare_after_an_interruption(session):
    assert sentence_of(session, interrupted=True) == "Interrupted before there was anything to compare."


def test_every_sentence_starts_with_a_capital_or_digit_and_ends_with_a_full_stop():
    report = full_report()
    for workload in report.workloads:
        sentence = meaning(report, workload)
        assert sentence[0].isupper() or sentence[0].isdigit()
        assert sentence.endswith(".")
        assert ".." not in sentence
        assert "  " not in sentence


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


def test_the_table_shows_the_machine_notes_and_warnings():
    text = on_one_line(printed(report(rows("a:f", SEQUENTIAL), notes=["skipped x: reason"], nk_native_speed_up=1.0)))
    assert "Python 3.14.2, GIL on; nogil-kernels 1.0, compiled avx2 A Processor, 64 usable cores, L2 1 MiB" in text
    assert "- skipped x: reason" in text
    for warning in report(rows("a:f", SEQUENTIAL), nk_native_speed_up=1.0).warnings:
        assert f"- {on_one_line(warning)}" in text


def test_the_table_explains_held_for_interpreters_without_a_gil():
    text = on_one_line(printed(report(rows("a:f", SEQUENTIAL), nk_gil_enabled=0)))
    assert "the rows 'GIL held' scale like" in text
    assert "attached" not in printed(report(rows("a:f", SEQUENTIAL)))


def test_the_table_mentions_weak_scaling_and_an_interruption():
    text = printed(report(rows("a:f", SEQUENTIAL), weak=True, interrupted=True))
    assert "Weak scaling" in text
    assert "Interrupted: these are the results until then." in text
    assert "Weak scaling" not in printed(report(rows("a:f", SEQUENTIAL)))


# Progress


def test_the_progress_bar_shows_the_time_left_and_cleans_up():
    console = Console(file=io.StringIO(), force_terminal=True, width=80)
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
