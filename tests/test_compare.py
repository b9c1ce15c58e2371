"""`compare`: rows, calls, samples, the pyperf file, and the table that is drawn from it."""

import io
import math
import os
import subprocess
import sys
import threading

import pytest

pyperf = pytest.importorskip("pyperf")
pytest.importorskip("rich")

from rich.console import Console  # noqa: E402

from nogil_kernels import build_info  # noqa: E402
from nogil_kernels.measure import facts, machine  # noqa: E402
from nogil_kernels.scaling import compare, runner  # noqa: E402
from nogil_kernels.scaling.progress import bar  # noqa: E402
from nogil_kernels.scaling.report import Report  # noqa: E402
from nogil_kernels.scaling.sentences import meaning  # noqa: E402
from nogil_kernels.scaling.table import duration, render  # noqa: E402
from nogil_kernels.scaling.ways import Threads  # noqa: E402
from nogil_kernels.scaling.workloads import Matmul, SumOfSquares  # noqa: E402

SIDES = ["python"] if build_info()["backend"] == "pure" else ["python", "hold", "release"]


@pytest.fixture(scope="module")
def report():
    return compare(seconds=0.01, workers=(1, 2))


def printed(report, width=80):
    console = Console(file=io.StringIO(), width=width)
    console.print(render(report))
    return console.file.getvalue()


class Made:
    """A workload of the tests' own."""

    name = "made"

    def size(self, gil):
        return f"nothing, {gil}"

    def call(self, gil):
        return lambda: None


def made_report(seconds, interrupted=False, samples=3, **other_facts):
    """A report of the given seconds, {(gil, workers): seconds}, measured under the given facts."""
    works = {gil: runner.Work(Made(), gil, [], 100) for gil, _ in seconds}
    series = [runner.Series(works[gil], workers, samples=[took] * samples) for (gil, workers), took in seconds.items()]
    report = Report.of(series, interrupted)
    for benchmark in report.suite:
        benchmark.update_metadata(other_facts)
    return report


SCALES = {("hold", 1): 2.0, ("hold", 4): 2.0, ("release", 1): 2.0, ("release", 4): 0.5}


def sentence(seconds, **other_facts):
    report = made_report(seconds, **{"nk_gil_enabled": 1, **other_facts})
    return meaning(report, report.rows)


# Rows and samples


def test_there_is_a_row_for_every_workload_side_and_number_of_workers(report):
    rows = [(row.workload, row.way, row.gil, row.workers) for row in report.rows]
    workloads = ("sum_of_squares", "matmul")
    assert rows == [(name, "threads", gil, workers) for name in workloads for gil in SIDES for workers in (1, 2)]


def test_every_number_of_workers_makes_the_same_number_of_calls_in_equal_shares(report):
    for row in report.rows:
        assert row.calls % 2 == 0
        assert {other.calls for other in report.rows if (other.workload, other.gil) == (row.workload, row.gil)} == {
            row.calls
        }


def test_every_row_has_samples_of_positive_time(report):
    assert all(row.values and min(row.values) > 0 for row in report.rows)


def test_one_worker_has_speed_up_and_efficiency_one(report):
    assert all(report.speed_up(row) == report.efficiency(row) == 1 for row in report.rows if row.workers == 1)


def test_speed_up_compares_with_the_same_row_on_one_worker():
    report = made_report(SCALES)
    assert [report.speed_up(row) for row in report.rows] == [1, 1, 1, 4]
    assert [report.efficiency(row) for row in report.rows] == [1, 0.25, 1, 1]
    assert [row.seconds_per_call for row in report.rows] == [0.02, 0.02, 0.02, 0.005]


def test_a_sample_waits_for_the_last_worker():
    gate = threading.Event()
    threading.Timer(0.2, gate.set).start()
    with Threads(2) as way:
        assert runner.sample(way, [lambda: None, gate.wait], 2) >= 0.1


def test_starting_the_workers_is_not_timed(monkeypatch):
    class SlowToStart(Threads):
        def submit(self, *task, **options):
            threading.Event().wait(0.1)
            return super().submit(*task, **options)

    with SlowToStart(2) as way:
        assert runner.sample(way, [lambda: None] * 2, 2) < 0.1


def test_an_error_in_a_worker_ends_the_measuring_with_that_error():
    def fail():
        raise MemoryError("too little")

    with pytest.raises(MemoryError, match="too little"), Threads(2) as way:
        runner.sample(way, [lambda: None, fail], 2)


def test_a_worker_that_waits_for_others_goes_home_when_the_way_ends():
    with Threads(2) as way:
        waiting = way.submit(runner.share, way.start, lambda: None, 1)
    assert isinstance(waiting.exception(timeout=10), threading.BrokenBarrierError)


# Numbers of workers and sizes


@pytest.mark.parametrize(
    ("cores", "counts"),
    [
        (1, [1]),
        (2, [1, 2]),
        (3, [1, 2, 3]),
        (6, [1, 2, 4, 6]),
        (8, [1, 2, 4, 8]),
        (12, [1, 2, 4, 8, 12]),
        (63, [1, 2, 4, 63]),
        (64, [1, 2, 4, 8, 16, 32, 64]),
    ],
)
def test_workers_double_up_to_the_usable_cores(cores, counts):
    assert runner.worker_counts(cores, quick=False) == counts


def test_quick_takes_at_most_three_numbers_of_workers():
    assert runner.worker_counts(64, quick=True) == [1, 2, 64]


def test_equal_shares_never_ask_for_many_calls():
    for cores in range(1, 300):
        assert 4 * cores % math.lcm(*runner.worker_counts(cores, quick=False)) == 0


@pytest.mark.parametrize(
    ("l2", "bytes_read"), [(1 << 18, 1 << 18), (1 << 20, 1 << 18), (3 << 19, 3 << 17), (1 << 24, 1 << 19)]
)
def test_sums_read_a_quarter_of_l2_between_a_quarter_and_half_a_mebibyte(l2, bytes_read):
    assert SumOfSquares(l2).bytes == bytes_read


@pytest.mark.skipif("release" not in SIDES, reason="the pure backend has no rows for kernels")
def test_workers_do_not_write_to_the_same_matrix(monkeypatch):
    monkeypatch.setattr(Matmul, "N", 32)
    matmul = Matmul()
    one, other = matmul.call("release")(), matmul.call("release")()
    assert one is not other


@pytest.mark.parametrize("bad", [{"workers": (0,)}, {"workers": (-1, 2)}, {"seconds": 0}, {"seconds": -1.0}])
def test_senseless_numbers_are_refused(bad):
    with pytest.raises(ValueError, match="must be"):
        compare(**bad)


# The file


def test_a_saved_report_is_loaded_as_it_was(report, tmp_path):
    report.save(tmp_path / "report.json")
    loaded = Report.load(tmp_path / "report.json")
    assert loaded.rows == report.rows
    assert loaded.facts == report.facts
    assert printed(loaded) == printed(report)


def test_saving_replaces_an_older_file(report, tmp_path):
    path = tmp_path / "report.json"
    path.write_text("old")
    report.save(path)
    assert Report.load(path).rows == report.rows


def test_a_benchmark_says_which_row_it_is(report, tmp_path):
    report.save(tmp_path / "report.json")
    for benchmark, row in zip(pyperf.BenchmarkSuite.load(str(tmp_path / "report.json")), report.rows, strict=True):
        metadata = benchmark.get_metadata()
        assert metadata["nk_workload"] == row.workload
        assert metadata["nk_way"] == "threads"
        assert metadata["nk_gil"] == row.gil
        assert metadata["nk_workers"] == row.workers
        assert benchmark.get_values() == row.values
        assert metadata.keys() >= facts.facts().keys() - {"load_avg_1min"}


@pytest.mark.parametrize("command", ["show", "stats", "compare_to", "check"])
def test_pyperf_reads_the_file(report, tmp_path, command):
    report.save(tmp_path / "report.json")
    files = ["report.json"] * (2 if command == "compare_to" else 1)
    done = subprocess.run(
        [sys.executable, "-m", "pyperf", command, *files],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    if command != "check":  # which names the noisy rows only
        assert "sum_of_squares-threads-python-2" in done.stdout


# Ctrl-C


def test_ctrl_c_gives_the_rows_that_there_are():
    told = iter(range(2))

    def interrupt_after_two(over, expected):
        if next(told) == 1:
            raise KeyboardInterrupt

    report = compare(workers=(1, 2), seconds=60, progress=interrupt_after_two)
    assert report.interrupted
    assert [row.workers for row in report.rows] == [1, 2]
    assert "Interrupted" in printed(report)


def test_ctrl_c_before_the_first_sample_is_raised(monkeypatch):
    def interrupt(*arguments):
        raise KeyboardInterrupt

    monkeypatch.setattr(runner, "sample", interrupt)
    with pytest.raises(KeyboardInterrupt):
        compare(workers=(1,), seconds=60)


# The table


def test_the_table_fits_80_columns_and_shows_every_row(report):
    text = printed(report)
    assert max(map(len, text.splitlines())) <= 80
    assert "…" not in text
    assert text.count("100%") >= len(report.rows) // 2
    assert "sum_of_squares on threads" in text
    assert "matmul on threads" in text


def test_a_row_shows_time_per_call_speed_up_and_efficiency():
    lines = printed(made_report(SCALES)).splitlines()
    assert any(line.split() == ["4", "5.00", "ms", "0%", "4.00x", "100%"] for line in lines)


def test_interrupted_rows_without_their_one_worker_have_no_speed_up():
    report = made_report({("hold", 1): 2.0, ("release", 2): 1.0}, interrupted=True)
    assert [report.speed_up(row) for row in report.rows] == [1, None]
    assert "Interrupted before there was anything to compare" in printed(report)


def test_interrupted_before_a_second_worker_had_a_turn_is_not_taken_for_one_core():
    report = made_report({("hold", 1): 2.0}, interrupted=True)
    assert "Interrupted before there was anything to compare" in printed(report)


def test_a_spread_takes_three_samples():
    assert " 0% " in printed(made_report(SCALES))
    assert " 0% " not in printed(made_report(SCALES, samples=2))


def test_without_a_gil_the_table_says_what_held_means():
    assert "held means to stay attached" in " ".join(printed(made_report(SCALES, nk_gil_enabled=0)).split())
    assert "attached" not in printed(made_report(SCALES, nk_gil_enabled=1))


def test_on_the_pure_backend_the_table_says_how_to_get_the_kernels():
    report = made_report({("python", 1): 1.0}, nk_backend="pure", nk_backend_reason="no compiler")
    text = " ".join(printed(report).split())
    assert "(no compiler)" in text
    assert "pip install --force-reinstall --no-binary nogil-kernels nogil-kernels" in text


@pytest.mark.parametrize(
    ("seconds", "other_facts", "said"),
    [
        (SCALES, {}, "Released, 4 threads are 4.00x as fast as one; GIL held 1.00x: the GIL is what keeps"),
        (
            {**SCALES, ("release", 4): 1.5},
            {},
            "Released, 4 threads are 1.33x as fast as one: 4 free cores would give",
        ),
        ({**SCALES, ("hold", 4): 1.0}, {}, "4.00x as fast as one; GIL held 2.00x."),
        ({("python", 1): 1.0, ("python", 2): 1.0}, {}, "pure Python 1.00x of one's speed: the GIL lets one thread"),
        ({("python", 1): 1.0, ("python", 2): 0.5}, {}, "2 threads against one: pure Python 2.00x."),
        ({("python", 1): 1.0}, {}, "One worker alone"),
        ({("hold", 1): 1.0, ("hold", 2): 0.5}, {"nk_gil_enabled": 0}, "Without a GIL 2 threads run at once"),
        ({("hold", 1): 1.0, ("hold", 2): 1.0}, {"nk_gil_enabled": 0}, "2 free cores would give more"),
    ],
)
def test_the_sentence_follows_the_numbers(seconds, other_facts, said):
    assert said in sentence(seconds, **other_facts)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(2.5, "2.50 s"), (0.9996, "1.00 s"), (0.0123456, "12.3 ms"), (1.31e-5, "13.1 µs"), (9.996e-7, "1.00 µs")],
)
def test_a_duration_has_three_digits(seconds, text):
    assert duration(seconds) == text


def test_the_progress_bar_shows_the_time_left_and_cleans_up():
    console = Console(file=io.StringIO(), force_terminal=True, width=80)
    with bar(console) as progress:
        progress(1.0, 8.4)
    assert "7 s left" in console.file.getvalue()
    assert console.file.getvalue().endswith(("\x1b[1A\x1b[2K", "\x1b[2K"))


def test_the_progress_bar_is_silent_where_there_is_no_terminal():
    console = Console(file=io.StringIO())
    with bar(console) as progress:
        progress(1.0, 8.4)
    assert console.file.getvalue().strip() == ""


# The machine


def test_the_machine_has_cores_an_l2_and_a_name():
    assert machine.usable_cores() >= 1
    assert machine.l2_bytes() >= 1 << 16
    assert machine.cpu_name()


@pytest.mark.parametrize(
    ("own", "files", "quota"),
    [
        ("0::/a/b\n", {"a/b/cpu.max": "max 100000", "a/cpu.max": "150000 100000"}, 1.5),
        ("0::/a/b\n", {"cpu.max": "400000 100000"}, 4),
        ("0::/\n", {"cpu.max": "max 100000"}, None),
        ("4:cpu,cpuacct:/a\n0::/\n", {"cpu/a/cpu.cfs_quota_us": "50000", "cpu/a/cpu.cfs_period_us": "100000"}, 0.5),
        ("4:cpu:/hidden\n", {"cpu/cpu.cfs_quota_us": "-1", "cpu/cpu.cfs_period_us": "100000"}, None),
        ("0::/a\n", {}, None),
    ],
)
def test_the_tightest_quota_of_all_cgroups_counts(own, files, quota, tmp_path):
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    (tmp_path / "own").write_text(own)
    assert machine.cgroup_quota(tmp_path, tmp_path / "own") == quota


def test_without_cgroups_there_is_no_quota(tmp_path):
    assert machine.cgroup_quota(tmp_path, tmp_path / "absent") is None


@pytest.mark.parametrize(("quota", "cores"), [(None, 8), (2.5, 2), (0.5, 1), (16.0, 8)])
def test_usable_cores_are_the_whole_cores_of_the_quota(quota, cores, monkeypatch):
    monkeypatch.setattr(machine, "_affinity", lambda: frozenset(range(8)))
    monkeypatch.setattr(machine.os, "process_cpu_count", lambda: 8, raising=False)
    monkeypatch.setattr(machine, "cgroup_quota", lambda: quota)
    assert machine.usable_cores() == cores


def test_a_cache_is_divided_among_the_usable_cores_that_share_it(tmp_path, monkeypatch):
    monkeypatch.setattr(machine, "_affinity", lambda: frozenset({0, 1, 8}))
    caches = (("1", "Data", "48K"), ("1", "Instruction", "16K"), ("2", "Unified", "2048K"))
    for cpu, sharers in ((0, "0-1"), (1, "0-1"), (8, "8,9")):
        for index, cache in enumerate(caches):
            folder = tmp_path / f"cpu{cpu}" / "cache" / f"index{index}"
            folder.mkdir(parents=True)
            for name, text in zip(("level", "type", "size", "shared_cpu_list"), (*cache, sharers), strict=True):
                (folder / name).write_text(text + "\n")
    assert [machine._cache_linux(level, tmp_path) for level in (1, 2, 3)] == [24 << 10, 1 << 20, None]
    assert machine._cache_linux(2, tmp_path / "absent") is None


def test_windows_records_tell_the_caches():
    import struct

    record = struct.Struct("@Pi0qBBHIi4x")
    core = record.pack(3, 0, 1, 0, 0, 0, 0)
    data, code = record.pack(3, 2, 1, 8, 64, 48 << 10, 2), record.pack(3, 2, 1, 8, 64, 16 << 10, 1)
    l2 = record.pack(3, 2, 2, 8, 64, 2 << 20, 0)
    sizes = [machine._cache_of_records(core + data + code + l2 + b"rest", level) for level in (1, 2, 3)]
    assert sizes == [24 << 10, 1 << 20, None]


@pytest.mark.skipif(not hasattr(os, "sched_getaffinity"), reason="this system does not keep threads to cores")
def test_each_worker_has_a_core_of_its_own_while_there_are_enough():
    cores = os.sched_getaffinity(0)

    def where(barrier):
        barrier.wait(60)
        return os.sched_getaffinity(0)

    with Threads(len(cores)) as way:
        places = [future.result() for future in [way.submit(where, way.start) for _ in cores]]
    assert sorted(core for place in places for core in place) == sorted(cores)
    with Threads(len(cores) + 1) as way:
        places = [future.result() for future in [way.submit(where, way.start) for _ in range(len(cores) + 1)]]
    assert cores in places
    assert os.sched_getaffinity(0) == cores
