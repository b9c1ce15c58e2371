"""What the advice measures: the speed-up of threads, and the costs of executors."""

import json
import os
import signal
import sys
import threading
import time
from dataclasses import asdict, replace

import pytest
from reports import gain

from nogil_kernels.gil import costs, speed_up
from nogil_kernels.gil.forecast import Forecast

MAIN = threading.get_ident()


def test_waiting_threads_overlap_whatever_the_machine_does():
    measured = speed_up.measure(lambda: time.sleep(0.02), 0.02)
    assert measured.speed_up > 1.5
    assert measured.low <= measured.speed_up <= measured.high
    assert json.loads(json.dumps(asdict(measured)))["workers"] == 2


def test_the_slowest_thread_counts():
    """One thread needs 2 ms for its call, and so 4 ms for two. The other one needs 20 ms."""
    measured = speed_up.measure(lambda: time.sleep(0.002 if threading.get_ident() == MAIN else 0.02), 0.02, limit=0.5)
    assert measured.speed_up < 0.7


@pytest.mark.parametrize("fails_in_main", [True, False])
def test_an_error_in_any_thread_is_raised_and_no_thread_is_left(fails_in_main):
    def fail():
        if (threading.get_ident() == MAIN) == fails_in_main:
            raise KeyError("fails")

    before = threading.active_count()
    with pytest.raises(KeyError, match="fails"):
        speed_up.measure(fail, 0.02)
    assert threading.active_count() == before


@pytest.mark.skipif(sys.platform == "win32", reason="Windows sends no SIGINT to one process")
def test_ctrl_c_while_another_thread_still_calls_leaves_no_thread():
    def interrupt():
        if threading.get_ident() != MAIN:
            os.kill(os.getpid(), signal.SIGINT)
            time.sleep(0.1)

    before = threading.active_count()
    with pytest.raises(KeyboardInterrupt):
        speed_up.measure(interrupt, 0.02)
    assert threading.active_count() == before


def test_a_call_that_takes_too_long_is_not_repeated():
    assert speed_up.measure(lambda: 1 / 0, 0.25) is None
    assert speed_up.measure(lambda: 1 / 0, 0.07, workers=8) is None


def test_a_wide_interval_is_shown():
    assert gain(1.96).text() == "1.96x"
    assert replace(gain(1.04), low=0.8, high=1.24).text() == "1.04x (0.80x to 1.24x)"
    assert replace(gain(1.0), low=0.91, high=1.09).text() == "1.00x"


@pytest.mark.parametrize(
    ("low", "high", "agrees"), [(1.0, 1.3, False), (1.0, 1.36, True), (2.19, 3, True), (2.21, 3, False)]
)
def test_a_measurement_agrees_if_its_interval_overlaps_the_bracket_and_a_tenth(low, high, agrees):
    assert Forecast(2, 1.5, 2.0).agrees(low, high, 0.1) == agrees


def test_work_pays_from_twice_the_start_on():
    cost = costs.Cost(start=0.05, task=100e-6)
    assert cost.smallest_work() == 0.1
    assert [cost.calls_per_task(seconds) for seconds in (1.0, 101e-6, 10e-6, 1e-6)] == [1, 1, 11, 101]


def test_costs_of_threads_are_measured():
    cost = costs.measure("threads", 10**12)  # threads transfer no bytes
    assert 0 < cost.task < 0.1
    assert cost.task < cost.start + 0.1


@pytest.mark.parametrize("error", [OSError("no process"), RuntimeError("no interpreter")])
def test_a_way_that_fails_has_no_costs(error, monkeypatch):
    def fail(workers):
        raise error

    monkeypatch.setattr(costs, "find_way", lambda way: fail)
    assert costs.measure("processes") is None


def test_the_size_of_pickled_values():
    assert costs.pickled_bytes(bytes(1000)) in range(1000, 1100)
    assert costs.pickled_bytes(threading.Lock()) is None
