"""A short run with two threads, beside native threads."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass
from statistics import median, quantiles
from time import perf_counter, process_time, thread_time
from typing import NamedTuple

from ..measure import ceiling
from ..measure.samples import interval

ROUNDS = 15
ROUND_SECONDS = 0.02  # the least work of one thread in a round
NATIVE_SECONDS = 1e-3  # about, of ceiling.arithmetic_call
MEMORY_BYTES = 1 << 26  # per thread, more than most caches have


@dataclass(frozen=True)
class SpeedUp:
    """How many times as fast `workers` threads are as one."""

    workers: int
    speed_up: float
    low: float
    high: float
    """The 95 % interval of the speed-up."""
    native: float
    """The speed-up of native threads in the same rounds: of multiply-adds, or of a hash on the pure backend."""
    own_threads: float
    """CPU time of the process, divided by that of the calling thread: 2 for calls that keep two threads busy."""
    cpu_growth: float
    """CPU time per call with all threads, divided by that with one thread."""

    def text(self) -> str:
        """Return "1.96x"; with its interval if that is wide: "1.04x (0.80x to 1.24x)"."""
        is_wide = self.high - self.low > 0.2 * self.speed_up
        return f"{self.speed_up:.2f}x" + (f" ({self.low:.2f}x to {self.high:.2f}x)" if is_wide else "")


def measure(
    call: Callable[[], object], seconds_per_call: float, workers: int = 2, limit: float = 3.0
) -> SpeedUp | None:
    """Return the speed-up of threads that make the same calls, or None if one call takes too long to repeat it.

    In each round one thread makes all calls, and then all threads share them. Native threads do the same in between.
    """
    seconds = max(seconds_per_call, ROUND_SECONDS / workers) * workers  # of one thread in a round
    rounds = min(ROUNDS, int(limit / (2 * seconds + 2 * ROUND_SECONDS)))
    if rounds < 3:
        return None
    with (
        Team(call, seconds_per_call, workers) as team,
        Team(ceiling.arithmetic_call(), NATIVE_SECONDS, workers) as native_team,
    ):
        results = [(team.round(), native_team.round()) for _ in range(rounds)]
    spread = interval([own.alone / own.together for own, _ in results])
    speed_up = ratio_of_quartiles([own for own, _ in results])
    return SpeedUp(
        workers,
        speed_up,
        min(speed_up, spread.low),
        max(speed_up, spread.high),
        ratio_of_quartiles([native for _, native in results]),
        median(own.own_threads for own, _ in results),
        median(own.cpu_growth for own, _ in results),
    )


def ratio_of_quartiles(rounds: Sequence[Round]) -> float:
    """Return the first quartile of the times of one thread, divided by that of the times of all threads.

    Medians would be biased: other programs slow some rounds, and all threads are as slow as the slowest one.
    """
    alone, together = quantiles(r.alone for r in rounds), quantiles(r.together for r in rounds)
    return float(alone[0] / together[0])


def memory_speed_up(workers: int) -> float | None:
    """Return the speed-up of native threads that read memory, or None if it cannot be measured here."""
    try:
        return ceiling.native_speed_up("memory", workers, MEMORY_BYTES, seconds=ROUND_SECONDS)
    except (ImportError, MemoryError, RuntimeError):  # it needs NumPy, memory and the compiled backend
        return None


class Round(NamedTuple):
    """What one round shows, see SpeedUp."""

    alone: float
    """Seconds in which one thread makes all calls."""
    together: float
    """Seconds in which all threads make them."""
    own_threads: float
    cpu_growth: float


def start_thread(target: Callable[..., object], *args: object) -> threading.Thread:
    """Start a daemon thread, or a plain one in a subinterpreter that forbids daemon threads."""
    try:
        thread = threading.Thread(target=target, args=args, daemon=True)
    except RuntimeError:
        thread = threading.Thread(target=target, args=args)
    thread.start()
    return thread


def seconds_of(call: Callable[[], object]) -> float:
    """Return the seconds of a call, at least 100 ns. The first call, which may fill caches, counts only if long."""
    for _ in range(2):
        begin = perf_counter()
        call()
        seconds = perf_counter() - begin
        if seconds > 1:
            break
    return max(seconds, 1e-7)


def repeat(call: Callable[[], object], calls: int) -> None:
    """Make calls."""
    for _ in range(calls):
        call()


class Team:
    """The calling thread and others. First it makes all calls alone, and then all threads share them."""

    def __init__(self, call: Callable[[], object], seconds_per_call: float, workers: int) -> None:
        self._call = call
        self._calls_per_thread = max(1, round(ROUND_SECONDS / seconds_per_call / workers))
        self._all = range(workers)
        self._active: Collection[int] = ()
        self._gate = threading.Barrier(workers)
        self._error: BaseException | None = None
        self._threads = [start_thread(self._work, i) for i in self._all[1:]]

    def round(self) -> Round:
        """Make the calls of all threads on this one, and then the share of each thread on that thread."""
        before = thread_time()
        alone, cpu_alone = self._run([0], len(self._all))
        own = thread_time() - before
        together, cpu_together = self._run(self._all)
        growth = cpu_together / cpu_alone if cpu_alone else 1.0
        return Round(alone, together, cpu_alone / own if own else 1.0, growth)

    def _run(self, active: Collection[int], shares: int = 1) -> tuple[float, float]:
        """Let some threads make their shares. Return elapsed and CPU time of the process. Raise what a call raises."""
        self._active = active
        self._gate.wait()
        begin, cpu_begin = perf_counter(), process_time()
        try:
            if 0 in active:
                repeat(self._call, shares * self._calls_per_thread)
        finally:
            self._gate.wait()
        if self._error:
            raise self._error
        return perf_counter() - begin, process_time() - cpu_begin

    def _work(self, index: int) -> None:
        with suppress(threading.BrokenBarrierError):
            while True:
                self._gate.wait()
                try:
                    if index in self._active:
                        repeat(self._call, self._calls_per_thread)
                except BaseException as error:
                    self._error = error
                self._gate.wait()

    def __enter__(self) -> Team:
        return self

    def __exit__(self, *exception: object) -> None:
        """End the threads at their next wait at the gate: after Ctrl-C it may be the first or the second of a run."""
        self._gate.abort()
        for thread in self._threads:
            thread.join()
