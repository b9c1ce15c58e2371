"""The runner: rounds, their order, when work is known well enough, and what Ctrl-C leaves."""

import pytest

from nogil_kernels.scaling.run import runner
from nogil_kernels.scaling.run.plan import Row, Sample


class Clock:
    """Time that passes only when a sample is taken."""

    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock(monkeypatch):
    clock = Clock()
    monkeypatch.setattr(runner, "perf_counter", clock)
    return clock


class Made:
    """A session whose samples take a second, and say what they are told to."""

    def __init__(self, clock, log, *workloads, values=lambda workload, count: 1.0):
        self.rows = [
            Row(workload, "", "", *way, "", "arithmetic")
            for workload in workloads
            for way in (("sequential", 1), ("threads", 2))
        ]
        self.clock, self.log, self.values = clock, log, values
        self.counts = dict.fromkeys(range(len(self.rows)), 0)

    def round(self, works, backwards):
        indices = [index for index, row in enumerate(self.rows) if row.work in works]
        for index in reversed(indices) if backwards else indices:
            self.clock.now += 1
            self.log.append((self, index))
            self.counts[index] += 1
            yield index, Sample(self.values(self.rows[index].workload, self.counts[index]), 0.0)


def noisy(workload, count):
    """Samples of which nobody knows the median to 1 %."""
    return 1.0 + count % 2


def silent(over, expected):
    """Progress for nobody."""


def counts_of(found):
    return [[len(series.samples) for series in session] for session in found]


def test_every_other_round_goes_backwards_over_all_interpreters(clock):
    log = []
    here, other = Made(clock, log, "a", "b", values=noisy), Made(clock, log, "a", values=noisy)
    runner.run([here, other], 15, silent)
    there = [(here, 0), (here, 1), (here, 2), (here, 3), (other, 0), (other, 1)]
    assert log == [*there, *reversed(there)]


def test_one_round_is_finished_whatever_the_clock_says(clock):
    found, interrupted = runner.run([Made(clock, [], "a", "b", values=noisy)], 0.5, silent)
    assert (counts_of(found), interrupted) == ([[1, 1, 1, 1]], False)


def test_no_round_is_begun_that_would_not_end_in_time(clock):
    found, _ = runner.run([Made(clock, [], "a", values=noisy)], 7.5, silent)
    assert counts_of(found) == [[3, 3]]


def test_work_drops_out_with_all_its_rows_when_each_is_known_well_enough(clock):
    values = lambda workload, count: 1.0 if workload == "known" else noisy(workload, count)  # noqa: E731
    found, _ = runner.run([Made(clock, [], "known", "noisy", values=values)], 60, silent)
    assert counts_of(found) == [[runner.ENOUGH] * 2 + [21] * 2]


def test_measuring_ends_early_when_all_is_known_and_the_ceiling_keeps_nobody(clock):
    values = lambda workload, count: noisy(workload, count) if workload.startswith("native-") else 1.0  # noqa: E731
    found, _ = runner.run([Made(clock, [], "a", "native-arithmetic", values=values)], 1000, silent)
    assert counts_of(found) == [[runner.ENOUGH] * 4]


def test_the_ceiling_is_measured_as_long_as_any_work(clock):
    values = lambda workload, count: 1.0 if workload.startswith("native-") else noisy(workload, count)  # noqa: E731
    found, _ = runner.run([Made(clock, [], "a", "native-arithmetic", values=values)], 80, silent)
    assert counts_of(found) == [[20] * 4]


def test_work_that_never_settles_has_no_more_than_the_most_samples(clock):
    found, _ = runner.run([Made(clock, [], "a", values=noisy)], 1e9, silent)
    assert counts_of(found) == [[runner.MOST_SAMPLES] * 2]


def test_ctrl_c_gives_the_samples_that_there_are(clock):
    def values(workload, count):
        if (workload, count) == ("b", 2):
            raise KeyboardInterrupt
        return 1.0

    found, interrupted = runner.run([Made(clock, [], "a", "b", values=values)], 60, silent)
    assert interrupted
    assert counts_of(found) == [[1, 1, 1, 2 - 1]]


def test_a_session_that_gives_no_more_samples_leaves_the_others_alone(clock):
    class Ended(Made):
        def round(self, works, backwards):
            return iter(())

    found, _ = runner.run([Made(clock, [], "a", values=noisy), Ended(clock, [], "a")], 7, silent)
    assert counts_of(found) == [[3, 3], [0, 0]]


def test_progress_tells_what_is_over_and_what_is_expected_in_all(clock):
    told = []
    runner.run([Made(clock, [], "a", values=noisy)], 4, lambda *times: told.append(times))
    assert told == [(1.0, 4.0), (2.0, 4.0), (3.0, 4.0), (4.0, 4.0)]


def test_a_first_round_that_takes_longer_than_asked_for_is_expected_to(clock):
    told = []
    runner.run([Made(clock, [], "a", "b", values=noisy)], 1, lambda *times: told.append(times))
    assert told == [(1.0, 4.0), (2.0, 4.0), (3.0, 4.0), (4.0, 4.0)]
