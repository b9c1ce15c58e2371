"""The runner: rounds, their order, when work is known well enough, and what Ctrl-C leaves."""

from types import SimpleNamespace

import pytest

from nogil_kernels.scaling.run import runner
from nogil_kernels.scaling.run.plan import Row, Sample


@pytest.fixture
def clock(monkeypatch):
    """Time that passes only when a sample is taken."""
    clock = SimpleNamespace(now=0.0)
    monkeypatch.setattr(runner, "perf_counter", lambda: clock.now)
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


NATIVE = "native-arithmetic"


@pytest.mark.parametrize(
    ("workloads", "noisy_ones", "seconds", "counts"),
    [
        pytest.param("ab", "ab", 0.5, [1, 1, 1, 1], id="one round is finished whatever the clock says"),
        pytest.param("a", "a", 7.5, [3, 3], id="no round is begun that would not end in time"),
        pytest.param("ab", "b", 60, [runner.ENOUGH] * 2 + [21] * 2, id="work drops out with all its known rows"),
        pytest.param(["a", NATIVE], [NATIVE], 1000, [runner.ENOUGH] * 4, id="the ceiling keeps nobody"),
        pytest.param(["a", NATIVE], "a", 80, [20] * 4, id="the ceiling is measured as long as any work"),
        pytest.param("a", "a", 1e9, [runner.MOST_SAMPLES] * 2, id="work that never settles has the most samples"),
    ],
)
def test_each_row_gets_samples_until_it_is_known_or_time_is_up(workloads, noisy_ones, seconds, counts, clock):
    def values(workload, count):
        return noisy(workload, count) if workload in noisy_ones else 1.0

    found, interrupted = runner.run([Made(clock, [], *workloads, values=values)], seconds, silent)
    assert (counts_of(found), interrupted) == ([counts], False)


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


@pytest.mark.parametrize(
    ("workloads", "seconds"),
    [("a", 4), pytest.param("ab", 1, id="the first round takes longer than asked for, and is expected to")],
)
def test_progress_tells_what_is_over_and_what_is_expected_in_all(workloads, seconds, clock):
    told = []
    runner.run([Made(clock, [], *workloads, values=noisy)], seconds, lambda *times: told.append(times))
    assert told == [(1.0, 4.0), (2.0, 4.0), (3.0, 4.0), (4.0, 4.0)]
