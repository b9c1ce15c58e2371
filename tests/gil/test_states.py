"""From samples to states, with recordings written by hand."""

import random

import pytest
from recordings import US, recording

from nogil_kernels.gil.recording import HOLDS, MOST_SPANS, OTHERS, WANTS
from nogil_kernels.gil.states import FEWEST, States, Tally, fraction_of, hold_fraction, merged


def total(samples, spans):
    tally = Tally(recording(samples, spans))
    tally.finish()
    return tally.total


@pytest.mark.parametrize(
    ("flags", "cpu", "state"),
    [
        (HOLDS, 100, "serial"),
        (HOLDS, 0, "blocked"),
        (0, 100, "parallel"),
        (0, 0, "waiting"),
        (WANTS | OTHERS, 0, "waiting_for_gil"),
    ],
)
def test_flags_and_cpu_time_give_the_state(flags, cpu, state):
    states = total([(0, 0, 0, flags), (100 * US, cpu * US, 0, flags)], [(0, 100 * US, 1)])
    assert getattr(states, state) == pytest.approx(100e-6)
    assert states.total == pytest.approx(100e-6)
    assert states.held_by_others == pytest.approx(100e-6 if flags & OTHERS else 0)


def test_time_in_a_run_queue_is_preempted_also_when_linux_counts_it_late():
    samples = [(0, 0, 0, HOLDS), (100 * US, 10 * US, 0, HOLDS), (200 * US, 10 * US, 0, HOLDS)]
    samples += [(300 * US, 50 * US, 150 * US, HOLDS)]
    states = total(samples, [(0, 300 * US, 1)])
    assert states.preempted == pytest.approx(150e-6)
    assert states.serial == pytest.approx(50e-6)
    assert states.blocked == pytest.approx(100e-6)


def test_a_sleep_before_the_run_queue_stays_waiting():
    samples = [(0, 0, 0, 0), (100 * US, 0, 0, 0), (200 * US, 0, 0, 0), (300 * US, 50 * US, 20 * US, 0)]
    states = total(samples, [(0, 300 * US, 1)])
    assert states.preempted == pytest.approx(20e-6)
    assert states.waiting == pytest.approx(230e-6)


def test_time_outside_of_spans_is_not_counted():
    samples = [(i * 10 * US, i * 10 * US, 0, HOLDS if 20 < i < 40 else 0) for i in range(61)]
    states = total(samples, [(0, 200 * US, 1), (400 * US, 600 * US, 1)])
    assert states.serial == pytest.approx(0)
    assert states.parallel == pytest.approx(400e-6)


def test_a_span_without_a_sample_has_no_state():
    states = total([(0, 0, 0, HOLDS), (100 * US, 100 * US, 0, HOLDS)], [(20 * US, 40 * US, 1)])
    assert states.total == 0


def test_a_span_that_has_not_ended_is_counted_up_to_the_last_sample():
    unfinished = recording([(i * 100 * US, i * 100 * US, 0, HOLDS) for i in range(11)], [])
    unfinished.begin(0, 1)
    tally = Tally(unfinished)
    tally.finish()
    assert tally.total.serial == pytest.approx(1e-3)
    assert tally.spans == []


def test_the_longest_hold_ends_with_its_span():
    samples = [(i * 100 * US, i * 100 * US, 0, HOLDS) for i in range(21)]
    tally = Tally(recording(samples, [(0, 1000 * US, 1), (1000 * US, 2000 * US, 1)]))
    tally.finish()
    assert tally.longest_hold == pytest.approx(1e-3)


def test_an_interval_needs_some_blocks():
    block = States(serial=1e-3, parallel=1e-3)
    assert hold_fraction([block] * (FEWEST - 1), 1000) is None
    assert hold_fraction([block] * FEWEST, 1000).value == 0.5


def test_equal_blocks_leave_the_rule_of_three():
    fraction = hold_fraction([States(serial=1e-3)] * 20, 1000)
    assert (fraction.low, fraction.high) == (pytest.approx(1 - 3 / 1000), 1)


def test_of_many_intervals_95_percent_contain_the_truth():
    rng = random.Random(0)
    contained = 0
    for _ in range(1000):
        held = [rng.random() * 1e-3 for _ in range(30)]
        fraction = hold_fraction([States(serial=h, waiting=1e-3 - h) for h in held], 10**6)
        contained += fraction.low <= 0.5 <= fraction.high
    assert contained >= 935


def test_a_sample_without_the_time_in_a_run_queue_counts_none():
    """A program that closes all descriptors closes the file of that time too."""
    samples = [(0, 0, 10**9, 0), (100 * US, 100 * US, -1, 0), (200 * US, 200 * US, -1, 0)]
    states = total(samples, [(0, 200 * US, 1)])
    assert (states.parallel, states.preempted) == (pytest.approx(200e-6), 0)


def test_a_hold_lasts_for_half_of_the_time_to_the_samples_beside_it():
    samples = [(i * 100 * US, i * 100 * US, 0, HOLDS if i in (2, 3, 6) else 0) for i in range(9)]
    tally = Tally(recording(samples, [(0, 800 * US, 1)]))
    tally.finish()
    assert tally.longest_hold == pytest.approx(200e-6)  # from 150 to 350 us


def test_few_long_calls_are_cut_into_slices():
    samples = [(i * 1000 * US, i * 1000 * US, 0, HOLDS if i % 2 else 0) for i in range(101)]
    tally = Tally(recording(samples, [(0, 100_000 * US, 1)]))
    tally.finish()
    assert len(tally.spans) == 1
    assert [slice.total for slice in tally.slices] == [pytest.approx(5e-3)] * 20
    assert tally.hold_fraction().value == pytest.approx(0.5)


def test_many_blocks_are_merged():
    blocks = merged([States(serial=1.0)] * 125)
    assert [block.serial for block in blocks] == [3.0] * 41  # the last two have no third one
    assert merged([]) == []


@pytest.mark.parametrize(
    ("spans", "seconds"),
    [
        ([], 100e-9),
        ([(0, 3000, 3)], 1e-6),
        ([(0, 3000, 3), (3000, 0, 5)], 1e-6),  # the last one still runs
        ([(0, 3000, 3), (3000, 7000, 2)], 2e-6),
        ([(0, 10, 10)], 100e-9),
    ],
)
def test_the_last_span_that_ended_gives_the_seconds_per_call(spans, seconds):
    assert recording([], spans).seconds_per_call() == pytest.approx(seconds)


def test_spans_are_refused_when_their_space_is_full():
    full = recording([], [(i, i + 1, 1) for i in range(MOST_SPANS)])
    assert not full.begin(0, 1)
    assert full.span(MOST_SPANS) is None


def test_a_long_sleep_is_read_in_linear_time():
    count = 100_000  # an hour in quadratic time
    states = total([(i * 50 * US, 0, 0, 0) for i in range(count + 1)], [(0, count * 50 * US, 1)])
    assert states.waiting == pytest.approx(count * 50e-6)


def test_the_share_on_a_core_has_an_interval_too():
    running = [0.8e-4, 1.1e-4] * 10
    blocks = [States(parallel=seconds, waiting=1e-3 - seconds) for seconds in running]
    share = fraction_of(blocks, running, 0.0)
    assert share.value == pytest.approx(0.095)
    assert share.low < 0.09 < 0.1 < share.high
