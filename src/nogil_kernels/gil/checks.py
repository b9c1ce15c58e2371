"""Assertions about the GIL, for pytest and unittest alike, and functions to test them against."""

from __future__ import annotations

import hashlib
import inspect
import time
import unittest
from collections.abc import Callable

from . import probing, speed_up
from .report import duration, percent
from .states import HoldFraction, Tally

LIMIT = 5.0  # seconds that an assertion takes at most
FEWEST_SAMPLES = 200
LONGEST_ROUND = 0.8  # seconds of calls on one thread, of which LIMIT allows three rounds


def assert_releases_gil(
    function: Callable[..., object], /, *args: object, at_most: float = 0.1, **kwargs: object
) -> None:
    """Raise AssertionError if a function holds the GIL for more than `at_most` of its time.

    Parameters
    ----------
    function, *args, **kwargs
        What to call. It runs in this thread alone.
    at_most
        The share of the time, 0 to 1.

    Raises
    ------
    AssertionError
        The hold fraction is larger, with its whole 95 % interval if 5 s suffice for that.

    Examples
    --------
    >>> import hashlib
    >>> from nogil_kernels.gil import assert_releases_gil
    >>> assert_releases_gil(hashlib.sha256, bytes(10**6))
    """

    def decides(fraction: HoldFraction, tally: Tally) -> bool:
        return tally.samples >= FEWEST_SAMPLES and not fraction.low <= at_most <= fraction.high

    result = probing.measure(function, args, kwargs, limit=LIMIT, parallel=False, advise=False, decides=decides)
    if result.hold_fraction is None or result.interval is None:
        raise AssertionError(f"{result.headline()} An assertion needs some 0.1 s of calls.")
    if result.hold_fraction > at_most:
        low, high = result.interval
        raise AssertionError(
            f"the GIL is held {percent(result.hold_fraction)} of the time ({percent(low)} to {percent(high)}), expected"
            f" at most {percent(at_most)}; the longest hold took {duration(result.longest_hold)}"
        )


def assert_scales(
    function: Callable[..., object], /, *args: object, workers: int = 2, at_least: float = 1.6, **kwargs: object
) -> None:
    """Raise AssertionError if `workers` threads are not `at_least` times as fast as one.

    Raises
    ------
    AssertionError
        The speed-up is too low, and native threads reached `at_least`.
    TypeError
        The function is asynchronous.
    unittest.SkipTest
        Native threads do not reach `at_least` on this machine, so that nothing can be said. pytest skips the test, too.

    Examples
    --------
    >>> import time
    >>> from nogil_kernels.gil import assert_scales
    >>> assert_scales(time.sleep, 0.01)
    """
    if inspect.iscoroutinefunction(function):
        raise TypeError(f"assert_scales needs a function that threads can call, got the async function {function}")

    def call() -> object:
        return function(*args, **kwargs)

    seconds = speed_up.seconds_of(call)
    measured = speed_up.measure(call, seconds, workers, limit=LIMIT)
    if measured is None:
        raise AssertionError(
            f"a call takes too long to repeat it: {duration(seconds)}, at most {duration(LONGEST_ROUND / workers)}"
        )
    if measured.speed_up >= at_least:
        return
    if measured.native < at_least:
        raise unittest.SkipTest(
            f"native threads gain {measured.native:.2f}x on this machine now, and {at_least:.2f}x is asserted"
        )
    raise AssertionError(f"{workers} threads are {measured.speed_up:.2f}x as fast as one, expected {at_least:.2f}x")


def hold_gil(seconds: float) -> None:
    """Compute for `seconds` without releasing the GIL, to test other code against.

    In pure and abi3 builds this is a Python loop, which passes on the GIL after a switch interval.
    """
    try:
        from . import sampler
    except ImportError:  # pure and abi3 builds
        end = time.perf_counter() + seconds
        while time.perf_counter() < end:
            sum(range(1000))
    else:
        sampler.hold_gil(seconds)


def release_gil(seconds: float) -> None:
    """Compute for `seconds` with the GIL released, to test other code against."""
    try:
        from . import sampler
    except ImportError:  # pure and abi3 builds
        data, end = bytes(1_000_000), time.perf_counter() + seconds
        while time.perf_counter() < end:
            hashlib.sha256(data)
    else:
        sampler.release_gil(seconds)
