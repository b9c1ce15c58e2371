"""The assertions: what they decide, and what they say."""

import sys
import time
import unittest

import pytest
from reports import gain, report

from nogil_kernels import gil
from nogil_kernels.gil import probing, speed_up


@pytest.fixture
def result(monkeypatch):
    """Return a function that sets the report or the speed-up which an assertion gets."""

    def give(value):
        module = speed_up if value is None or isinstance(value, speed_up.SpeedUp) else probing
        monkeypatch.setattr(module, "measure", lambda *args, **kwargs: value)

    return give


def test_a_function_that_holds_the_gil_fails(result):
    result(report(0.62, interval=(0.6, 0.64)))
    held = r"the GIL is held 62 % of the time \(60 % to 64 %\), expected at most 10 %; the longest hold took 2 ms"
    with pytest.raises(AssertionError, match=held):
        gil.assert_releases_gil(int)
    result(report(0, hold_fraction=None))
    with pytest.raises(
        AssertionError, match=r"too few samples, 100 calls in 1 s\. An assertion needs some 0\.1 s of calls\."
    ):
        gil.assert_releases_gil(int)


def test_the_limit_can_be_higher(result):
    result(report(0.62))
    gil.assert_releases_gil(int, at_most=0.62)


@pytest.mark.parametrize(
    ("measured", "workers", "error", "message"),
    [
        (gain(1.2), 2, AssertionError, "2 threads are 1.20x as fast as one, expected 1.60x"),
        (gain(1.2, native=1.5), 2, unittest.SkipTest, "native threads gain 1.50x on this machine now, and 1.60x is"),
        (None, 2, AssertionError, "a call takes too long to repeat it: .*, at most 400 ms"),
        (None, 4, AssertionError, "a call takes too long to repeat it: .*, at most 200 ms"),
    ],
)
def test_what_does_not_scale_fails_unless_the_machine_does_not(measured, workers, error, message, result):
    result(measured)
    with pytest.raises(error, match=message):
        gil.assert_scales(int, workers=workers)


def test_what_scales_passes_even_if_native_threads_do_not(result):
    result(gain(1.7, native=1.0))
    gil.assert_scales(int)


def seconds_of(function, *args):
    begin = time.perf_counter()
    function(*args)
    return time.perf_counter() - begin


@pytest.mark.parametrize("compute", [gil.hold_gil, gil.release_gil])
@pytest.mark.parametrize("has_sampler", [True, False])
def test_the_functions_to_test_against_take_their_time(compute, has_sampler, monkeypatch):
    if not has_sampler:
        monkeypatch.setitem(sys.modules, "nogil_kernels.gil.sampler", None)
        monkeypatch.delattr("nogil_kernels.gil.sampler", raising=False)
    assert seconds_of(compute, 0.01) >= 0.01
    assert seconds_of(compute, -1.0) < 0.5


def test_an_async_function_is_refused_by_assert_scales():
    async def nap():
        pass

    with pytest.raises(TypeError, match="got the async function"):
        gil.assert_scales(nap)
