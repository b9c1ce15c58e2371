"""A session: its rows, the number of calls, samples, and what it skips."""

import math
import threading
import time
from contextlib import closing

import pytest
import user_functions

import nogil_kernels
from nogil_kernels import build_info
from nogil_kernels.measure import machine
from nogil_kernels.scaling import compare
from nogil_kernels.scaling.run import session
from nogil_kernels.scaling.run.plan import Request, fit_calls, worker_counts
from nogil_kernels.scaling.run.session import Session
from nogil_kernels.scaling.workloads import WORKLOADS, Unavailable, Workload
from nogil_kernels.scaling.workloads.users import path_of
from nogil_kernels.workers import worker
from nogil_kernels.workers.errors import Unknown

FAST = ("sequential", "threads")


def open_session(workloads, ways=FAST, workers=(2,), **options):
    """Return a context manager that closes the session."""
    return closing(Session(Request(tuple(workloads), tuple(ways), tuple(workers), **options)))


def rows_of(session, workload):
    return [(row.side, row.way, row.workers) for row in session.rows if row.workload == workload]


# Rows


def test_sequential_calls_are_always_measured():
    with open_session(["squares-python"], ways=["threads"]) as here:
        assert rows_of(here, "squares-python") == [("python", "sequential", 1), ("python", "threads", 2)]


def test_each_side_has_one_row_per_way_and_number_of_workers(compiled_backend):
    with open_session(["sum_of_squares"], workers=(2, 3)) as here:
        counts = {"sequential": (1,), "threads": (2, 3)}
        expected = [(side, way, count) for way in FAST for side in ("hold", "release") for count in counts[way]]
        assert rows_of(here, "sum_of_squares") == expected


def test_ways_that_do_not_suit_a_workload_have_no_rows():
    with open_session(["sleep"], ways=["processes", "asyncio"]) as here:
        assert rows_of(here, "sleep") == [("", "sequential", 1), ("", "asyncio", 5)]


def test_without_numbers_of_workers_only_sequential_calls_are_measured():
    with open_session(["squares-python"], workers=()) as here:
        assert rows_of(here, "squares-python") == [("python", "sequential", 1)]


def test_only_the_first_session_measures_the_native_ceiling():
    with open_session(["squares-python"]) as here, open_session(["squares-python"], is_local=False) as other:
        assert [row.way for row in here.rows if row.workload == "native-arithmetic"] == ["sequential", "threads"]
        assert not any(row.workload.startswith("native") for row in other.rows)


@pytest.mark.parametrize("workload", [name for name in WORKLOADS if name != "http-fetch"])
def test_samples_of_every_workload_take_positive_time(workload):
    with open_session([workload], ways=["threads", "asyncio"]) as here:
        if not rows_of(here, workload):
            pytest.skip(here.notes[0])
        for _, sample in here.round([row.work for row in here.rows], backwards=False):
            assert sample.seconds > 0


# Calls


def test_all_numbers_of_workers_share_the_same_calls_equally():
    with open_session(["squares-python"], workers=(2, 3)) as here:
        calls = {here.calls_of(row) for row in here.rows if row.way == "threads" and row.workload == "squares-python"}
        assert [count % 6 for count in calls] == [0]


def test_each_worker_makes_one_slow_call(monkeypatch):
    monkeypatch.setattr(session, "seconds_per_call", lambda call: 0.2)
    with open_session(["user_functions:squares"], workers=(2, 3, 5)) as here:
        calls = [here.calls_of(row) for row in here.rows if row.workload == "user_functions:squares"]
        assert calls == [1, 2, 3, 5]


@pytest.mark.parametrize(("seconds", "best"), [([0.5, 0.02, 0.03], 0.02), ([3.0], 3.0)])
def test_seconds_per_call_is_the_best_of_three_and_slow_calls_are_measured_once(seconds, best, monkeypatch):
    times = iter(seconds)
    monkeypatch.setattr(worker, "repeat_call", lambda call, count: (0, next(times)))
    assert session.seconds_per_call(int) == best
    assert next(times, None) is None


def test_weak_scaling_gives_each_worker_the_same_number_of_calls(monkeypatch):
    monkeypatch.setattr(session, "SERIAL_SECONDS", session.PARALLEL_SECONDS)
    with open_session(["squares-python"], workers=(2, 3), weak=True) as here:
        calls = [here.calls_of(row) / row.workers for row in here.rows if row.workload == "squares-python"]
        assert calls == [calls[0]] * 3


def test_the_number_of_calls_can_be_set():
    calls = {"squares-python/python/": 4, "squares-python/python/ serial": 6}
    with open_session(["squares-python"], calls=calls) as here:
        sequential, threads, *_ = here.rows
        assert (here.calls_of(sequential), here.calls_of(threads)) == (4, 6 if machine.gil_enabled() else 4)


def test_the_number_of_calls_does_not_change_when_the_gil_is_switched_on(monkeypatch):
    with open_session(["squares-python"]) as here:
        before = [here.calls_of(row) for row in here.rows]
        monkeypatch.setattr(machine, "gil_enabled", lambda: not before)
        assert [here.calls_of(row) for row in here.rows] == before


@pytest.mark.parametrize(
    ("seconds", "target", "multiple", "calls"), [(0.001, 0.05, 2, 64), (1.0, 0.05, 2, 2), (0.001, 0.048, 6, 48)]
)
def test_fit_calls_returns_a_multiple_by_a_power_of_two(seconds, target, multiple, calls):
    assert fit_calls(seconds, target, multiple) == calls


@pytest.mark.parametrize(
    ("cores", "counts", "quick"),
    [
        (1, [1], False),
        (2, [1, 2], False),
        (3, [1, 2, 3], False),
        (6, [1, 2, 4, 6], False),
        (8, [1, 2, 4, 8], False),
        (12, [1, 2, 4, 8, 12], False),
        (63, [1, 2, 4, 63], False),
        (64, [1, 2, 4, 8, 16, 32, 64], False),
        (64, [1, 2, 64], True),
    ],
)
def test_worker_counts_double_up_to_the_number_of_cores_or_are_at_most_three(cores, counts, quick):
    assert worker_counts(cores, quick) == counts


def test_equal_shares_need_few_calls():
    for cores in range(1, 300):
        assert 4 * cores % math.lcm(*worker_counts(cores, quick=False)) == 0


# Samples


class Sleeper(Workload):
    """Sleep for 0.1 s per call."""

    name = "sleeper"
    size = "0.1 s"
    ways = FAST
    limit = ""
    calls = 2

    def job(self, side, setting, way):
        return worker.Job("functools:partial", (time.sleep, 0.1))


def test_a_sample_is_the_time_from_the_first_start_to_the_last_end(monkeypatch):
    monkeypatch.setattr(session.workloads, "find", lambda name, folder: Sleeper(folder))
    with open_session(["sleeper"]) as here:
        sequential, threads = [sample for _, sample in here.round(["sleeper//"], backwards=False)]
        assert sequential.seconds >= 0.2
        assert 0.1 <= threads.seconds < 0.2
        assert threads.overhead >= 0


def test_a_round_yields_the_rows_of_the_given_works_in_either_direction(compiled_backend):
    with open_session(["sum_of_squares", "squares-python"]) as here:
        assert [index for index, _ in here.round(["sum_of_squares/hold/"], False)] == [0, 2]
        works = ["squares-python/python/", "sum_of_squares/hold/"]
        assert [index for index, _ in here.round(works, True)] == [5, 4, 2, 0]


def test_more_than_255_samples_reuse_the_numbers_of_gates():
    calls = {"squares-python/python/": 2, "squares-python/python/ serial": 2}
    with open_session(["squares-python"], calls=calls) as here:
        assert all(here.sample(here.rows[1]).seconds > 0 for _ in range(600))


@pytest.mark.skipif(not machine.affinity(), reason="this system has no CPU affinity")
def test_a_worker_is_pinned_to_its_core_only_during_a_sample(monkeypatch):
    before = machine.affinity()
    with worker.on_core(min(before)):
        assert machine.affinity() == {min(before)}
    assert machine.affinity() == before
    with open_session(["squares-python"]) as here:
        here.sample(here.rows[0])
    assert machine.affinity() == before


def test_starting_the_workers_is_timed_separately():
    with open_session(["squares-python"]) as here:
        assert here.start_up.keys() == {*FAST}
        assert all(0 < seconds < 5 for seconds in here.start_up.values())


def test_a_session_has_the_facts_of_its_interpreter():
    with open_session(["squares-python"]) as here:
        assert here.facts["nk_backend"] == build_info()["backend"]
        assert here.facts["nk_gil_after"] == machine.gil_enabled()


# What is skipped


def test_an_unavailable_workload_is_skipped_with_the_reason(monkeypatch):
    def find(name, folder):
        raise Unavailable("no sleeper")

    monkeypatch.setattr(session.workloads, "find", find)
    with open_session(["sleeper"]) as here:
        assert here.rows == []
        assert here.notes == ["skipped sleeper: no sleeper"]


def test_an_error_of_the_function_propagates():
    with pytest.raises(LookupError, match="nothing there"):
        Session(Request(("user_functions:fails",), FAST, (2,)))


def test_sys_exit_in_the_function_does_not_end_the_caller():
    with pytest.raises(RuntimeError, match=r"the function called sys\.exit\(3\)"):
        Session(Request(("user_functions:exits",), FAST, (2,)))


@pytest.mark.parametrize("name", ["fails", "no_such_name"])
def test_other_sessions_skip_work_that_fails(name):
    with open_session([f"user_functions:{name}", "squares-python"], is_local=False) as here:
        assert {row.workload for row in here.rows} == {"squares-python"}
        assert here.notes[0].startswith(f"skipped user_functions:{name}: ")


def test_a_single_workload_needs_no_list():
    for workload in (user_functions.squares, "user_functions:squares"):
        assert compare(workload, ways=["threads"], workers=[2], seconds=0.01).workloads == ["user_functions:squares"]


def test_functions_without_an_import_path_run_on_threads_only():
    def nested():
        user_functions.squares()

    path = path_of(nested)
    assert path_of(nested) == path
    with open_session([path], ways=[*FAST, "pool", "processes"]) as here:
        assert rows_of(here, path) == [("", "sequential", 1), ("", "threads", 2)]
        assert here.notes == [
            f"skipped {path} on pool, processes: workers cannot import the function; move it to a module"
        ]
    assert worker.local_functions == {}


def test_a_function_of_a_module_is_named_by_its_import_path_and_two_lambdas_have_two_names():
    assert path_of(user_functions.squares) == "user_functions:squares"
    first, second = path_of(lambda: 1), path_of(lambda: 2)
    try:
        assert first != second
        assert worker.user_function(first)() == 1
        assert worker.user_function(second)() == 2
    finally:
        worker.local_functions.clear()


# Closing


def test_close_removes_files_threads_and_calls():
    threads = {*threading.enumerate()}
    with open_session(["matmul", "squares-python"], ways=[*FAST, "asyncio"]) as here:
        folder = here.crew.folder.path
        assert folder.exists()
    assert not folder.exists()
    assert {*threading.enumerate()} == threads
    assert worker.calls == {}


# Functions of the user


def test_a_function_is_probed_before_it_is_measured():
    def nap():
        time.sleep(0.005)

    with open_session([path_of(nap)]) as here:
        (workload,) = here.workloads.values()
        assert (workload.verdict, workload.limit) == ("waits", "")
        assert {row.verdict for row in here.rows} == {"waits"}


def test_another_session_takes_over_what_the_first_one_has_probed():
    probed = {"user_functions:squares": ["held", "100 %", "arithmetic"]}
    with open_session(["user_functions:squares"], is_local=False, probed=probed) as there:
        assert {(row.verdict, row.hold, row.limit) for row in there.rows} == {("held", "100 %", "arithmetic")}


def test_a_lazy_result_is_refused():
    with pytest.raises(Unknown, match="computed nothing yet"), open_session([path_of(lambda: map(str, [1]))]):
        pass


def test_one_way_and_one_number_need_no_list():
    report = nogil_kernels.scaling.compare("squares-python", ways="threads", workers=2, seconds=0.1)
    assert {(row.way, row.workers) for row in report.block("squares-python")} == {("sequential", 1), ("threads", 2)}
