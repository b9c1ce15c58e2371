"""Probe a function in this process."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from types import ModuleType
from typing import Any, Protocol

from ..measure import machine
from . import acquisitions, advice, costs, report, speed_up, target
from .recording import Recording
from .states import HoldFraction, Tally

INTERVAL = 50e-6  # seconds between two samples, on average
LIMIT = 5.0  # seconds
MOST_SECONDS = 60.0  # that a recording has space for, even if the limit is higher: 38 MB
WIDTH, BUSY_WIDTH = 0.02, 0.04  # an interval that is narrow enough, on a quiet and on a busy machine
SPAN_SECONDS = 0.002  # short calls are grouped into spans of about this length
CHECK_SECONDS = 0.02  # between two looks at the interval
LEAST_SECONDS = 0.1


def probe(function: Callable[..., object], /, *args: object, **kwargs: object) -> report.GilReport:
    """Say whether a function holds the GIL, and what threads would gain.

    Call it again and again for about a second, at most 5 s. A native thread samples who holds the GIL. Then run the
    function in two threads, in turns with two threads that need no GIL.

    Parameters
    ----------
    function
        Any callable. An `async def` function runs in an event loop of its own.
    *args, **kwargs
        The arguments of each call.

    Returns
    -------
    GilReport
        Print it, or read its fields.

    Raises
    ------
    TypeError
        The result is lazy: a generator, an iterator or an awaitable.

    Notes
    -----
    The function runs in this process, many times, and in two threads at once. An endless call is not interrupted, a
    crash ends this process, and the function's output is printed. The command `nogil-kernels probe` runs the function
    in another process, and so protects from all of these.

    Examples
    --------
    >>> from nogil_kernels import gil
    >>> gil.probe(sum, range(100_000)).verdict
    'held'
    """
    return measure(function, args, kwargs)


def measure(
    function: Callable[..., object],
    args: Sequence[object] = (),
    kwargs: Mapping[str, object] | None = None,
    *,
    limit: float = LIMIT,
    parallel: bool = True,
    advise: bool = True,
    decides: Callable[[HoldFraction, Tally], bool] | None = None,
) -> report.GilReport:
    """Probe with options: seconds at most, whether to run two threads and to give advice, when the interval decides."""
    most = most_samples(limit)
    recording = Recording(bytearray(Recording.size_for(most)), most)
    with target.as_call(function, *args, **(kwargs or {})) as (call, stalls):
        rule = StopRule(recording, limit, decides or is_narrow)
        facts = sample(call, recording, rule.is_over)
        rule.tally.finish()
        result = report.make(
            rule.tally, finished=rule.finished, longest_stall=stalls.longest if stalls else None, **facts
        )
        measured = speed_up.measure(call, result.seconds_per_call) if parallel and not stalls else None
    arguments_bytes = costs.pickled_bytes(args, kwargs)
    if arguments_bytes is None or result.data_bytes is None:
        result.data_bytes = None
    else:
        result.data_bytes += arguments_bytes
    if advise:
        advice.complete(result, measured)
    return result


def sample(call: Callable[[], object], recording: Recording, is_over: Callable[[], bool]) -> dict[str, Any]:
    """Sample the calling thread while it makes calls. Return the facts of a report that the recording does not have."""
    sampler, facts = start_sampler(recording.for_sampler)
    begin, idle = time.perf_counter(), idle_seconds()
    try:
        facts["data_bytes"] = run_calls(call, recording, is_over)
    finally:
        sampler.stop()
    facts["core_was_free"] = not idle or idle_seconds() - idle > (time.perf_counter() - begin) / 2
    return facts


def run_calls(call: Callable[[], object], recording: Recording, is_over: Callable[[], bool]) -> int | None:
    """Make calls in spans until it is over. Return the size of the pickled result, or None if it cannot be pickled.

    The first call is a span of its own. Raise TypeError if its result is lazy.
    """
    clock = time.perf_counter_ns
    recording.begin(clock(), 1)
    result = call()
    recording.end(clock())
    target.check_result(result)
    result_bytes = costs.pickled_bytes(result)
    del result
    first = recording.span(0)
    assert first
    calls = 1
    seconds = (first.end - first.begin) * 1e-9
    while not is_over():
        if seconds < SPAN_SECONDS / 4:
            calls = min(2 * calls, 1_000_000)
        elif seconds > 2 * SPAN_SECONDS:
            calls = max(1, int(calls * SPAN_SECONDS / seconds))
        began = clock()
        if not recording.begin(began, calls):
            break
        for _ in range(calls):
            call()
        ended = clock()
        recording.end(ended)
        seconds = (ended - began) * 1e-9
    return result_bytes


class StopRule:
    """Says when the interval is narrow enough. It computes the interval now and then."""

    def __init__(self, recording: Recording, limit: float, decides: Callable[[HoldFraction, Tally], bool]) -> None:
        self.tally = Tally(recording)
        self.finished = False
        self._began = self._checked = time.perf_counter()
        self._limit, self._decides = limit, decides

    def is_over(self) -> bool:
        """Return whether the interval decides, or the limit is reached."""
        now = time.perf_counter()
        if now - self._checked >= max(CHECK_SECONDS, (now - self._began) / 10):  # each check reads all blocks
            self.tally.update()
            self._checked = time.perf_counter()
            fraction = self.tally.hold_fraction()
            self.finished = fraction is not None and self._decides(fraction, self.tally)
        return self.finished or now - self._began > self._limit


def is_narrow(fraction: HoldFraction, tally: Tally) -> bool:
    """Return whether the interval is as narrow as the machine allows."""
    total = tally.total
    return total.total >= LEAST_SECONDS and fraction.width <= (BUSY_WIDTH if report.is_busy(total) else WIDTH)


def most_samples(limit: float) -> int:
    """Return the number of samples that a recording has space for."""
    return int(min(limit, MOST_SECONDS) / INTERVAL) + 1000


class Sampler(Protocol):
    """A sampler of the thread that created it."""

    def stop(self) -> None:
        """End the sampler."""


def start_sampler(memory: memoryview) -> tuple[Sampler, dict[str, Any]]:
    """Sample the calling thread. Return the sampler, and facts of a report."""
    facts = {"gil_enabled": machine.gil_enabled(), "knows_wants": False, "by_acquisitions": True}
    if not native_works():
        return acquisitions.Sampler(memory, INTERVAL), facts
    from . import sampler

    facts |= {"knows_wants": sampler.knows_wants, "by_acquisitions": False}
    return sampler.Sampler(memory, INTERVAL), facts


SELF_TEST = ((0.0, 1e-3, 1), (5e-4, 5e-4, 1), (1e-3, 0.0, 1))
"""What the self-test runs: arguments of `sampler.alternate`."""
TOLERANCE = 0.2  # a wrong address reads 0 or 1 throughout
TRIES = 3  # a run that is preempted at the wrong moment proves nothing
ENOUGH_SAMPLES = 50


self_test_results: list[bool] = []  # empty before the self-test


def native_works() -> bool:
    """Return whether this build has the native sampler, and whether it reads known fractions here: 20 ms, once."""
    if not self_test_results:
        self_test_results.append(_passes_self_test())
    return self_test_results[0]


def _passes_self_test() -> bool:
    try:
        from . import sampler
    except ImportError:  # pure and abi3 builds
        return False
    return all(any(_reads_correctly(sampler, *known) for _ in range(TRIES)) for known in SELF_TEST)


def _reads_correctly(sampler: ModuleType, held: float, released: float, times: int) -> bool:
    recording = Recording(bytearray(Recording.size_for(ENOUGH_SAMPLES)), ENOUGH_SAMPLES)
    tally = Tally(recording)
    sampling = sampler.Sampler(recording.for_sampler, INTERVAL)
    end = time.perf_counter() + 1.0  # 4 ms suffice on a quiet machine
    try:
        while tally.samples < ENOUGH_SAMPLES and time.perf_counter() < end:
            recording.begin(time.perf_counter_ns(), 1)
            sampler.alternate(held, released, times)
            recording.end(time.perf_counter_ns())
            tally.update()
    finally:
        sampling.stop()
    tally.finish()
    total = tally.total
    return total.counted > 0 and abs(total.held / total.counted - held / (held + released)) < TOLERANCE


def idle_seconds() -> float:
    """Return the idle time of all cores together, or 0 if it is unknown."""
    if not native_works():
        return 0.0
    from . import sampler

    return max(0.0, sampler.idle_seconds())
