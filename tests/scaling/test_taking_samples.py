"""The samples of rows, in this process: times, percentiles, lost updates and the cores of workers."""

import pytest
from starting import FAST, SQUARES, Nap, started

from nogil_kernels import build_info
from nogil_kernels.measure import affinity, machine
from nogil_kernels.scaling.run import preparing, sampling
from nogil_kernels.workers.crew import Timing


class TwoNaps(Nap):
    calls = 2


def test_a_sample_is_the_time_from_the_first_start_to_the_last_end(monkeypatch):
    monkeypatch.setattr(preparing.workloads, "find", lambda name, folder, path, beside_python: TwoNaps(folder))
    with started(["nap"]) as start:
        sequential, threads = [sample for _, sample in start.samples(start.rows)]
        assert sequential.seconds >= 0.199
        assert threads.seconds >= 0.099
        assert threads.seconds + threads.overhead < sequential.seconds + 10
        assert threads.overhead >= 0


def test_samples_have_the_order_of_the_given_rows():
    with started(["squares-python"]) as start:
        rows = start.rows[::-1]
        assert [row for row, _ in start.samples(rows)] == rows


def test_more_than_255_samples_reuse_the_numbers_of_gates():
    calls = [("squares-python/python/", 2), ("squares-python/python/ serial", 2)]
    with started(["squares-python"], calls=calls) as start:
        assert all(sample.seconds > 0 for _, sample in start.samples([start.rows[1]] * 258))


@pytest.mark.skipif(not affinity.cores(), reason="this system has no CPU affinity")
def test_a_worker_is_pinned_to_its_core_only_during_a_sample():
    before = affinity.cores()
    with affinity.pinned([min(before)]):
        assert affinity.cores() == {min(before)}
    assert affinity.cores() == before
    with started(["squares-python"]) as start:
        assert len([*start.samples(start.rows[:1])]) == 1
        assert start.changes() == {}
    assert affinity.cores() == before


def test_starting_the_workers_is_timed_separately():
    with started(["squares-python"]) as start:
        start_up = start.description()["start_up"]
        assert start_up.keys() == {*FAST}
        assert all(seconds > 0 for seconds in start_up.values())


def test_a_start_has_the_facts_of_its_interpreter():
    with started(["squares-python"]) as start:
        assert start.facts["nk_backend"] == build_info()["backend"]
        assert start.facts["nk_gil_after"] == machine.gil_enabled()


def test_a_sample_has_the_time_that_workers_waited_for_a_core_and_the_number_of_own_threads(monkeypatch):
    timing = Timing(2.0, 0.5, 0.25, 1.75)
    with started(["squares-python"]) as start:
        monkeypatch.setattr(start.crew, "run", lambda *arguments: timing)
        ((_, sample),) = start.samples(start.rows[:1])
    assert (sample.seconds, sample.overhead, sample.kept_waiting, sample.own_threads) == timing
    assert sample.p99 is None
    assert sample.lost is None


@pytest.mark.parametrize(("count", "rank"), [(1, 1), (2, 2), (99, 99), (100, 99), (101, 100), (200, 198)])
def test_99_percent_of_the_calls_take_at_most_the_percentile(count, rank):
    assert sampling.percentile99([*range(count, 0, -1)]) == rank


@pytest.mark.parametrize(
    ("workload", "sides"),
    [("convoy", ("hold", "release")), ("user_functions:takes_gil", ("hold", "release")), (SQUARES, ("",))],
)
def test_beside_python_samples_have_the_median_and_the_slowest_calls(workload, sides, request):
    if workload == "convoy":
        request.getfixturevalue("compiled_backend")
    settings = ["alone", "5 ms", "0.5 ms", "0.05 ms"]
    works = [(side, setting) for setting in settings for side in sides]
    calls = [(f"{workload}/{side}/{setting}", 3) for side, setting in works]
    with started([workload], beside_python=True, calls=calls) as start:
        assert [(row.side, row.setting, row.way) for row in start.rows] == [(*work, "sequential") for work in works]
        for row, sample in start.samples(start.rows):
            assert row.calls == 3
            assert 0 < sample.seconds / row.calls <= sample.p99


def test_the_counter_has_the_number_of_lost_updates():
    with started(["counter"]) as start:
        lost = {row.side: sample.lost for row, sample in start.samples(start.rows)}
        assert lost.keys() == {"plain", "call", "locked"}
        assert lost["locked"] == 0
        assert all(count >= 0 for count in lost.values())
