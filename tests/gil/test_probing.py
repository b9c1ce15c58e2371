"""Verdicts about functions whose behaviour is known, in this process."""

import asyncio
import gc
import hashlib
import os
import sys
import threading
import time
import unittest
import zlib

import pytest
from native import count_threads, needs_a_gil, needs_native, soon_has_threads

from nogil_kernels import gil
from nogil_kernels.gil import acquisitions, probing

DATA = bytes(1_000_000)
LOCK = threading.Lock()


def spin():
    end = time.perf_counter() + 0.005
    while time.perf_counter() < end:
        pass


def partly():
    hashlib.sha256(DATA[:100_000])
    sum(range(5_000))


def sleep_under_a_lock():
    with LOCK:
        time.sleep(0.005)


@pytest.mark.parametrize(
    ("function", "arguments", "verdict"),
    [
        (spin, (), "held"),
        (sum, (range(100_000),), "held"),
        (gil.hold_gil, (0.003,), "held"),
        (hashlib.sha256, (DATA,), "released"),
        (zlib.compress, (DATA,), "released"),
        (gil.release_gil, (0.003,), "released"),
        (time.sleep, (0.01,), "waits"),
        (sleep_under_a_lock, (), "waits"),
    ],
)
@needs_native
def test_the_verdict_is_right(function, arguments, verdict):
    report = probing.measure(function, arguments, parallel=False)
    assert report.verdict == verdict, report
    assert report.calls > 0
    assert sum(report.states.values()) == pytest.approx(report.seconds)


@needs_native
def test_a_call_that_does_both_is_held_in_part():
    report = probing.measure(partly, parallel=False, limit=1.0)
    assert report.verdict == "partly", report
    assert report.interval[0] <= report.hold_fraction <= report.interval[1]


@needs_native
@pytest.mark.parametrize("held", [0.1, 0.5, 0.9])
def test_a_known_fraction_is_read(held):
    from nogil_kernels.gil import sampler

    report = probing.measure(sampler.alternate, (held * 2e-3, (1 - held) * 2e-3, 4), parallel=False, limit=1.0)
    assert report.hold_fraction == pytest.approx(held, abs=0.06), report


@needs_a_gil
def test_acquisitions_tell_held_from_released(monkeypatch):
    monkeypatch.setattr(probing, "native_works", lambda: False)
    held = probing.measure(spin, parallel=False)
    released = probing.measure(hashlib.sha256, (DATA,), parallel=False)
    assert held.by_acquisitions
    assert held.hold_fraction > released.hold_fraction + 0.3
    assert "Sampled by acquiring the GIL" in str(held)


def test_acquisitions_give_no_verdict_without_a_gil(monkeypatch):
    monkeypatch.setattr(probing, "native_works", lambda: False)
    monkeypatch.setattr(probing.machine, "gil_enabled", lambda: False)
    report = probing.measure(spin, parallel=False, limit=0.1)
    assert str(report).startswith("Undecided: this build has no sampler, and its substitute needs a GIL.")
    assert (report.verdict, report.hold_fraction, report.advice) == ("", None, [])


def test_a_recording_of_any_limit_fits_into_memory():
    assert 100_000 <= probing.most_samples(5.0) < probing.most_samples(1e300) < 2_000_000


def test_acquisitions_restore_the_switch_interval():
    before = sys.getswitchinterval()
    sampler = acquisitions.Sampler(memoryview(bytearray(1600)), 0.001)
    sampler.stop()
    assert sys.getswitchinterval() == before


def test_the_text_has_the_forecast_and_the_measured_speed_up():
    text = str(gil.probe(time.sleep, 0.005))
    assert "2 threads: forecast 2.0x, measured" in text
    assert "use asyncio, or a ThreadPoolExecutor with up to" in text


async def nap():
    await asyncio.sleep(0.005)


async def stall():
    time.sleep(0.02)


def test_an_async_function_runs_in_a_loop_and_its_longest_stall_is_told():
    assert gil.probe(stall).longest_stall >= 0.019


@pytest.mark.parametrize("lazy", [lambda: (i for i in range(3)), lambda: map(str, [1]), lambda: asyncio.sleep(0)])
@pytest.mark.filterwarnings("ignore:coroutine")
def test_a_lazy_result_is_refused(lazy):
    with pytest.raises(TypeError, match=r"Probe a call that consumes it|Probe the `async def` function"):
        gil.probe(lazy)


def test_an_error_of_the_function_ends_the_sampler():
    def fail():
        raise KeyError("fails")

    threads = count_threads()
    with pytest.raises(KeyError, match="fails"):
        gil.probe(fail)
    gc.collect()
    assert soon_has_threads(threads)


@needs_native
@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_a_fork_while_sampling_leaves_no_thread_and_does_not_hang():
    def fork():
        child = os.fork()
        if child == 0:
            os._exit(0)
        os.waitpid(child, 0)

    assert probing.measure(fork, parallel=False, limit=0.3).calls > 0


@needs_native
def test_the_assertion_passes_and_fails():
    gil.assert_releases_gil(hashlib.sha256, DATA)
    gil.assert_releases_gil(time.sleep, 0.005)
    with pytest.raises(AssertionError, match="expected at most 10 %"):
        gil.assert_releases_gil(gil.hold_gil, 0.002)


def test_waiting_scales():
    gil.assert_scales(time.sleep, 0.01)


@needs_a_gil
def test_what_does_not_scale_fails_or_is_skipped_on_a_busy_machine():
    with pytest.raises((AssertionError, unittest.SkipTest), match=r"as fast as one|native threads gain"):
        gil.assert_scales(gil.hold_gil, 0.002)
