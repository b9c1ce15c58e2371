"""The gate: workers begin at the same time, and fail if not all of them arrive."""

import pickle
import time
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import pytest

from nogil_kernels.workers import gate
from nogil_kernels.workers.gate import Gates, NotEnoughWorkers


@pytest.fixture
def short_timeout(monkeypatch):
    """Let gates time out soon."""
    monkeypatch.setattr(gate, "TIMEOUT", 0.3)


def test_no_worker_passes_the_gate_before_all_have_arrived(folder):
    gate_of_three, passed = Gates(folder).next(3), []

    def arrive(index):
        gate_of_three.wait(index)
        passed.append(index)

    with ThreadPoolExecutor(3) as threads:
        threads.submit(arrive, 0)
        threads.submit(arrive, 1)
        time.sleep(0.05)
        assert passed == []
        arrive(2)
    assert sorted(passed) == [0, 1, 2]


def test_missing_workers_are_counted(folder, short_timeout):
    with pytest.raises(NotEnoughWorkers, match=r"^only 1 of 2 workers reached the gate: another worker failed, or"):
        Gates(folder).next(2).wait(1)


def test_late_workers_fail_at_an_aborted_gate_and_the_next_gate_works(folder, short_timeout):
    gates = Gates(folder)
    first = gates.next(2)
    gates.abort()
    with pytest.raises(NotEnoughWorkers):
        first.wait(0)
    second = gates.next(2)
    with pytest.raises(NotEnoughWorkers):
        second.wait(0)
    second.wait(1)


def test_the_number_of_a_gate_is_a_byte_and_never_aborted(folder):
    gates = Gates(folder)
    numbers = [gates.next(1).sample for _ in range(600)]
    assert {*numbers} == {*range(1, 256)}
    assert gate.ABORTED not in numbers
    assert all(number != following for number, following in pairwise(numbers))


def test_earlier_numbers_do_not_open_a_gate(folder, monkeypatch):
    monkeypatch.setattr(gate, "TIMEOUT", 0.0)
    gates = Gates(folder)
    for _ in range(2 * 255):
        with pytest.raises(NotEnoughWorkers):
            gates.next(2).wait(0)


def test_a_gate_can_be_pickled(folder):
    original = Gates(folder).next(2)
    assert pickle.loads(pickle.dumps(original)) == original
