"""The gate: workers begin at one moment, and those that wait in vain are sent home."""

import pickle
import time
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import pytest

from nogil_kernels.workers import gate
from nogil_kernels.workers.gate import Gates, NotEnoughWorkers


@pytest.fixture
def impatient(monkeypatch):
    """Workers that do not come are given up soon."""
    monkeypatch.setattr(gate, "PATIENCE", 0.3)


def test_nobody_passes_the_gate_before_all_have_come(folder):
    opening, passed = Gates(folder).next(3), []

    def come(index):
        opening.wait(index)
        passed.append(index)

    with ThreadPoolExecutor(3) as threads:
        threads.submit(come, 0)
        threads.submit(come, 1)
        time.sleep(0.05)
        assert passed == []
        come(2)
    assert sorted(passed) == [0, 1, 2]


def test_workers_that_do_not_come_are_counted(folder, impatient):
    with pytest.raises(NotEnoughWorkers, match=r"^1 of 2 workers began their part; the executor must run as many"):
        Gates(folder).next(2).wait(1)


def test_an_aborted_gate_sends_home_who_comes_late_and_the_next_one_holds(folder, impatient):
    gates = Gates(folder)
    opening = gates.next(2)
    gates.abort()
    with pytest.raises(NotEnoughWorkers):
        opening.wait(0)
    following = gates.next(2)
    with pytest.raises(NotEnoughWorkers):
        following.wait(0)
    following.wait(1)


def test_a_gate_s_number_is_a_byte_and_never_that_of_an_abort(folder):
    gates = Gates(folder)
    numbers = [gates.next(1).sample for _ in range(600)]
    assert {*numbers} == {*range(1, 256)}
    assert gate.ABORTED not in numbers
    assert all(one != other for one, other in pairwise(numbers))


def test_no_earlier_number_opens_a_gate(folder, monkeypatch):
    monkeypatch.setattr(gate, "PATIENCE", 0.0)
    gates = Gates(folder)
    for _ in range(2 * 255):
        with pytest.raises(NotEnoughWorkers):
            gates.next(2).wait(0)


def test_a_gate_can_be_sent(folder):
    opening = Gates(folder).next(2)
    assert pickle.loads(pickle.dumps(opening)) == opening
