"""The number of calls of each row: enough for a sample that can be measured, and shared equally."""

import pytest
from starting import Nap, started

from nogil_kernels.measure import machine
from nogil_kernels.scaling.rows import Row
from nogil_kernels.scaling.run import calls as run_calls
from nogil_kernels.scaling.run.calls import Calls, fit_calls
from nogil_kernels.workers import worker


def calls_of(start, workload, way=None):
    return [row.calls for row in start.rows if row.workload == workload and way in (None, row.way)]


def test_all_numbers_of_workers_share_the_same_calls_equally():
    with started(["squares-python"], workers=(2, 3)) as start:
        (calls,) = {*calls_of(start, "squares-python", "threads")}
        assert calls % 6 == 0


def test_each_worker_makes_one_slow_call(monkeypatch):
    monkeypatch.setattr(run_calls, "seconds_per_call", lambda call: 0.2)
    with started(["squares-python"], workers=(2, 3, 5)) as start:
        assert calls_of(start, "squares-python") == [1, 2, 3, 5]


@pytest.mark.parametrize(("seconds", "best"), [([0.5, 0.02, 0.03], 0.02), ([3.0], 3.0)])
def test_seconds_per_call_is_the_best_of_three_and_slow_calls_are_measured_once(seconds, best, monkeypatch):
    times = iter([0.0, *seconds])  # the first call only warms up
    monkeypatch.setattr(worker, "seconds_of", lambda job, count: next(times))
    assert run_calls.seconds_per_call(worker.Job("builtins:int")) == best
    assert next(times, None) is None


def test_fast_calls_are_repeated_until_their_time_can_be_measured(monkeypatch):
    counts = []

    def seconds_of(job, count):
        counts.append(count)
        return count * 0.003

    monkeypatch.setattr(worker, "seconds_of", seconds_of)
    assert run_calls.seconds_per_call(worker.Job("builtins:int")) == pytest.approx(0.003)
    assert counts == [1, 1, 2, 4, 4, 4]


def test_weak_scaling_gives_each_worker_the_same_number_of_calls(monkeypatch):
    monkeypatch.setattr(run_calls, "SERIAL_SECONDS", run_calls.PARALLEL_SECONDS)
    with started(["squares-python"], workers=(2, 3), weak=True) as start:
        sequential, two, three = calls_of(start, "squares-python")
        assert (two, three) == (2 * sequential, 3 * sequential)


def test_the_number_of_calls_can_be_given():
    calls = [("squares-python/python/", 4), ("squares-python/python/ serial", 6)]
    with started(["squares-python"], calls=calls) as start:
        assert calls_of(start, "squares-python") == [4, 6 if machine.gil_enabled() else 4]


def test_the_number_of_calls_does_not_change_when_the_gil_is_switched_on(monkeypatch):
    with started(["squares-python"]) as start:
        before = calls_of(start, "squares-python")
        monkeypatch.setattr(machine, "gil_enabled", lambda: not before)
        assert calls_of(start, "squares-python") == before


@pytest.mark.parametrize(
    ("seconds", "target", "multiple", "calls"), [(0.001, 0.05, 2, 64), (1.0, 0.05, 2, 2), (0.001, 0.048, 6, 48)]
)
def test_fit_calls_returns_a_multiple_by_a_power_of_two(seconds, target, multiple, calls):
    assert fit_calls(seconds, target, multiple) == calls


@pytest.mark.parametrize(("seconds", "calls"), [(1e-5, 4000), (0.005, 100), (0.02, 50), (2.0, 1)])
def test_a_sample_of_timed_calls_has_a_hundred_of_them_unless_they_are_slow(seconds, calls, folder, monkeypatch):
    monkeypatch.setattr(run_calls, "seconds_per_call", lambda job: seconds)
    workload = Nap(folder)
    workload.times_calls = True
    chosen = Calls({})
    chosen.fit(workload, "", "alone", [2], False)
    assert chosen.chosen == {"nap//alone": calls}


@pytest.mark.parametrize(("seconds", "calls"), [(0.001, 20), (0.5, 1)])
def test_each_worker_of_a_function_that_waits_makes_the_same_number_of_calls(seconds, calls, folder, monkeypatch):
    monkeypatch.setattr(run_calls, "seconds_per_call", lambda job: seconds)
    chosen = Calls({})
    chosen.fit(Nap(folder), "", "", [2, 8], False)
    row = Row("nap", "", "", "threads", 8, 1, "", "")
    assert chosen.of(row, False) == 8 * calls
