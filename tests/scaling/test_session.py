"""A session: which rows it has, how many calls each makes, what a sample is, and what is left out."""

import math
import threading
import time
from contextlib import closing

import made_functions
import pytest

from nogil_kernels import build_info
from nogil_kernels.measure import machine
from nogil_kernels.scaling import compare
from nogil_kernels.scaling.run import session
from nogil_kernels.scaling.run.plan import Request, fitted, worker_counts
from nogil_kernels.scaling.run.session import Session
from nogil_kernels.scaling.workloads import WORKLOADS, Unavailable, Workload
from nogil_kernels.scaling.workloads.users import path_of
from nogil_kernels.workers import worker

FAST = ("sequential", "threads")


def opened(workloads, ways=FAST, workers=(2,), **options):
    """A session, as a context."""
    return closing(Session(Request(tuple(workloads), tuple(ways), tuple(workers), **options)))


def rows_of(session, workload):
    return [(row.side, row.way, row.workers) for row in session.rows if row.workload == workload]


# Rows


def test_work_done_one_call_after_the_other_is_always_measured():
    with opened(["squares-python"], ways=["threads"]) as here:
        assert rows_of(here, "squares-python") == [("python", "sequential", 1), ("python", "threads", 2)]


def test_each_side_has_a_row_for_each_way_and_number_of_workers(compiled_backend):
    with opened(["sum_of_squares"], workers=(2, 3)) as here:
        counts = {"sequential": (1,), "threads": (2, 3)}
        expected = [(side, way, count) for way in FAST for side in ("hold", "release") for count in counts[way]]
        assert rows_of(here, "sum_of_squares") == expected


def test_ways_that_make_no_sense_for_a_workload_have_no_rows():
    with opened(["sleep"], ways=["processes", "asyncio"]) as here:
        assert rows_of(here, "sleep") == [("", "sequential", 1), ("", "asyncio", 5)]


def test_without_a_number_of_workers_there_is_work_of_one_alone():
    with opened(["squares-python"], workers=()) as here:
        assert rows_of(here, "squares-python") == [("python", "sequential", 1)]


def test_the_native_ceiling_of_the_work_is_measured_beside_it():
    with opened(["squares-python"]) as here, opened(["squares-python"], first=False) as other:
        assert [row.way for row in here.rows if row.workload == "native-arithmetic"] == ["sequential", "threads"]
        assert not any(row.workload.startswith("native") for row in other.rows)


@pytest.mark.parametrize("workload", [name for name in WORKLOADS if name != "http-fetch"])
def test_every_workload_gives_samples_of_positive_time_in_every_way(workload):
    with opened([workload], ways=["threads", "asyncio"]) as here:
        if not rows_of(here, workload):
            pytest.skip(here.notes[0])
        for _, sample in here.round([row.work for row in here.rows], backwards=False):
            assert sample.seconds > 0


# Calls


def test_all_numbers_of_workers_make_the_same_number_of_calls_in_equal_shares():
    with opened(["squares-python"], workers=(2, 3)) as here:
        calls = {here.calls_of(row) for row in here.rows if row.way == "threads" and row.workload == "squares-python"}
        assert len(calls) == 1
        assert calls.pop() % 6 == 0


def test_of_slow_calls_no_row_makes_more_than_its_workers_need(monkeypatch):
    monkeypatch.setattr(session, "seconds_per_call", lambda call: 0.2)
    with opened(["made_functions:squares"], workers=(2, 3, 5)) as here:
        calls = [here.calls_of(row) for row in here.rows if row.workload == "made_functions:squares"]
        assert calls == [1, 2, 3, 5]


@pytest.mark.parametrize(("tries", "best"), [([0.5, 0.02, 0.03], 0.02), ([3.0], 3.0)])
def test_the_best_of_three_tries_tells_how_long_a_call_takes_and_a_slow_call_is_tried_once(tries, best, monkeypatch):
    times = iter(tries)
    monkeypatch.setattr(worker, "repeated", lambda call, count: (0, next(times)))
    assert session.seconds_per_call(int) == best
    assert next(times, None) is None


def test_weak_scaling_gives_each_worker_the_same_number_of_calls(monkeypatch):
    monkeypatch.setattr(session, "TAKING_TURNS", session.AT_ONCE)
    with opened(["squares-python"], workers=(2, 3), weak=True) as here:
        calls = [here.calls_of(row) / row.workers for row in here.rows if row.workload == "squares-python"]
        assert len(calls) == 3
        assert len(set(calls)) == 1


def test_calls_that_are_given_are_made():
    with opened(["squares-python"], calls={"squares-python/python/": 4, "squares-python/python/ in turns": 6}) as here:
        alone, together, *_ = here.rows
        assert (here.calls_of(alone), here.calls_of(together)) == (4, 6 if machine.gil_enabled() else 4)


def test_the_calls_of_a_row_stay_when_the_gil_is_switched_on_later(monkeypatch):
    with opened(["squares-python"]) as here:
        before = [here.calls_of(row) for row in here.rows]
        monkeypatch.setattr(machine, "gil_enabled", lambda: not before)
        assert [here.calls_of(row) for row in here.rows] == before


@pytest.mark.parametrize(
    ("took", "wanted", "shares", "calls"), [(0.001, 0.05, 2, 64), (1.0, 0.05, 2, 2), (0.001, 0.048, 6, 48)]
)
def test_calls_fit_the_time_by_powers_of_two(took, wanted, shares, calls):
    assert fitted(took, wanted, shares) == calls


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
    assert worker_counts(cores, quick=False) == counts


def test_quick_takes_at_most_three_numbers_of_workers():
    assert worker_counts(64, quick=True) == [1, 2, 64]


def test_equal_shares_never_ask_for_many_calls():
    for cores in range(1, 300):
        assert 4 * cores % math.lcm(*worker_counts(cores, quick=False)) == 0


# Samples


class Sleeper(Workload):
    """Sleeps for a tenth of a second, once."""

    name = "sleeper"
    size = "a tenth of a second"
    ways = FAST
    limit = ""
    calls = 2

    def job(self, side, setting, way):
        return worker.Job("functools:partial", (time.sleep, 0.1))


def test_a_sample_lasts_from_the_first_start_to_the_last_end(monkeypatch):
    monkeypatch.setattr(session.workloads, "find", lambda name, folder: Sleeper(folder))
    with opened(["sleeper"]) as here:
        alone, together = [sample for _, sample in here.round(["sleeper//"], backwards=False)]
        assert alone.seconds >= 0.2
        assert 0.1 <= together.seconds < 0.2
        assert together.overhead >= 0


def test_a_round_goes_forwards_or_backwards_over_the_works_that_are_named(compiled_backend):
    with opened(["sum_of_squares", "squares-python"]) as here:
        assert [index for index, _ in here.round(["sum_of_squares/hold/"], False)] == [0, 2]
        assert [index for index, _ in here.round(["squares-python/python/", "sum_of_squares/hold/"], True)] == [
            5,
            4,
            2,
            0,
        ]


def test_a_gate_s_number_comes_around_after_255_samples():
    with opened(["squares-python"], calls={"squares-python/python/": 2, "squares-python/python/ in turns": 2}) as here:
        threads = here.rows[1]
        assert all(here.sample(threads).seconds > 0 for _ in range(600))


@pytest.mark.skipif(not machine.affinity(), reason="this system does not keep threads to cores")
def test_a_worker_keeps_to_its_core_meanwhile_and_no_longer(monkeypatch):
    before = machine.affinity()
    with worker.on_core(min(before)):
        assert machine.affinity() == {min(before)}
    assert machine.affinity() == before
    with opened(["squares-python"]) as here:
        here.sample(here.rows[0])
    assert machine.affinity() == before


def test_starting_the_workers_of_a_way_is_timed_apart():
    with opened(["squares-python"]) as here:
        assert here.start_up.keys() == {*FAST}
        assert all(0 < seconds < 5 for seconds in here.start_up.values())


def test_the_facts_of_a_session_are_those_of_this_interpreter():
    with opened(["squares-python"]) as here:
        assert here.facts["nk_backend"] == build_info()["backend"]
        assert here.facts["nk_gil_after"] == machine.gil_enabled()


# What is left out


def test_what_cannot_run_here_is_left_out_with_its_reason(monkeypatch):
    def find(name, folder):
        raise Unavailable("there is no sleeper")

    monkeypatch.setattr(session.workloads, "find", find)
    with opened(["sleeper"]) as here:
        assert here.rows == []
        assert here.notes == ["sleeper is left out: there is no sleeper"]


def test_an_error_of_the_work_itself_comes_out():
    with pytest.raises(LookupError, match="nothing there"):
        Session(Request(("made_functions:fails",), FAST, (2,)))


def test_sys_exit_in_the_work_does_not_end_the_caller():
    with pytest.raises(RuntimeError, match=r"it called sys\.exit\(3\)"):
        Session(Request(("made_functions:exits",), FAST, (2,)))


@pytest.mark.parametrize("name", ["fails", "no_such_name"])
def test_beside_another_interpreter_work_that_fails_is_left_out(name):
    with opened([f"made_functions:{name}", "squares-python"], first=False) as here:
        assert {row.workload for row in here.rows} == {"squares-python"}
        assert here.notes[0].startswith(f"made_functions:{name} is left out: ")


def test_one_function_or_one_name_need_no_list():
    for workload in (made_functions.squares, "made_functions:squares"):
        assert compare(workload, ways=["threads"], workers=[2], seconds=0.01).workloads == ["made_functions:squares"]


def test_a_lambda_a_partial_and_a_nested_function_run_on_threads_only():
    def nested():
        made_functions.squares()

    path = path_of(nested)
    assert path_of(nested) == path
    with opened([path], ways=[*FAST, "pool", "processes"]) as here:
        assert rows_of(here, path) == [("", "sequential", 1), ("", "threads", 2)]
        assert here.notes == [
            f"{path} on pool, processes is left out: it cannot be imported there: move it to a module"
        ]
    assert worker.given == {}


def test_two_lambdas_have_two_names():
    one, other = path_of(lambda: 1), path_of(lambda: 2)
    try:
        assert one != other
        assert worker.itself(one)() == 1
        assert worker.itself(other)() == 2
    finally:
        worker.given.clear()


def test_a_function_of_a_module_is_named_by_its_path():
    assert path_of(made_functions.squares) == "made_functions:squares"


# The end


def test_nothing_is_left_of_a_session():
    threads = {*threading.enumerate()}
    with opened(["matmul", "squares-python"], ways=[*FAST, "asyncio"]) as here:
        folder = here.crew.folder.path
        assert folder.exists()
    assert not folder.exists()
    assert {*threading.enumerate()} == threads
    assert worker.calls == {}
