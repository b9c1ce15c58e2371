"""The runner: order of rounds, when it stops sampling, and Ctrl-C."""

from types import SimpleNamespace

import pytest

from nogil_kernels.scaling.run import runner
from nogil_kernels.scaling.run.plan import Row, Sample

NATIVE = "native-arithmetic"


@pytest.fixture
def clock(monkeypatch):
    """A clock that advances only when a sample is taken."""
    clock = SimpleNamespace(now=0.0)
    monkeypatch.setattr(runner, "perf_counter", lambda: clock.now)
    return clock


class FakeSession:
    """A session whose samples take one second and have the given values."""

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
    """Return samples whose median is never known to 1 %."""
    return 1.0 + count % 2


def no_progress(elapsed, expected):
    """Ignore the progress."""


def counts_of(results):
    return [[len(series.samples) for series in session] for session in results]


def test_every_other_round_runs_backwards(clock):
    log = []
    here = FakeSession(clock, log, "a", "b", values=noisy)
    other = FakeSession(clock, log, "a", values=noisy)
    runner.run([here, other], 15, no_progress)
    forwards = [(here, 0), (here, 1), (here, 2), (here, 3), (other, 0), (other, 1)]
    assert log == [*forwards, *reversed(forwards)]


@pytest.mark.parametrize(
    ("workloads", "noisy_workloads", "seconds", "counts"),
    [
        pytest.param("ab", "ab", 0.5, [1, 1, 1, 1], id="one round is always completed"),
        pytest.param("a", "a", 7.5, [3, 3], id="no round starts that would not end in time"),
        pytest.param("ab", "b", 60, [runner.MIN_SAMPLES] * 2 + [21] * 2, id="precise work stops"),
        pytest.param(
            ["a", NATIVE], [NATIVE], 1000, [runner.MIN_SAMPLES] * 4, id="a noisy ceiling does not prolong the run"
        ),
        pytest.param(["a", NATIVE], "a", 80, [20] * 4, id="the ceiling is sampled as long as any work"),
        pytest.param("a", "a", 1e9, [runner.MAX_SAMPLES] * 2, id="noisy work has at most MAX_SAMPLES samples"),
    ],
)
def test_rows_are_sampled_until_they_are_precise_or_time_is_up(workloads, noisy_workloads, seconds, counts, clock):
    def values(workload, count):
        return noisy(workload, count) if workload in noisy_workloads else 1.0

    results, interrupted = runner.run([FakeSession(clock, [], *workloads, values=values)], seconds, no_progress)
    assert (counts_of(results), interrupted) == ([counts], False)


def test_ctrl_c_returns_the_samples_taken_so_far(clock):
    def values(workload, count):
        if (workload, count) == ("b", 2):
            raise KeyboardInterrupt
        return 1.0

    results, interrupted = runner.run([FakeSession(clock, [], "a", "b", values=values)], 60, no_progress)
    assert interrupted
    assert counts_of(results) == [[1, 1, 1, 1]]


def test_a_session_without_samples_does_not_affect_the_others(clock):
    class EndedSession(FakeSession):
        def round(self, works, backwards):
            return iter(())

    sessions = [FakeSession(clock, [], "a", values=noisy), EndedSession(clock, [], "a")]
    results, _ = runner.run(sessions, 7, no_progress)
    assert counts_of(results) == [[3, 3], [0, 0]]


@pytest.mark.parametrize(
    ("workloads", "seconds"), [("a", 4), pytest.param("ab", 1, id="the first round exceeds the given time")]
)
def test_progress_has_the_elapsed_and_the_expected_seconds(workloads, seconds, clock):
    calls = []
    session = FakeSession(clock, [], *workloads, values=noisy)
    runner.run([session], seconds, lambda *times: calls.append(times))
    assert calls == [(1.0, 4.0), (2.0, 4.0), (3.0, 4.0), (4.0, 4.0)]
