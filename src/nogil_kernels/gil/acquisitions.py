"""Sample by acquiring the GIL, for builds without sampler.pyx (pure and abi3).

A Python thread sleeps again and again. If it wakes up late, it had to wait for the GIL. Acquiring the GIL interrupts
the sampled thread, so this is less accurate.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Callable

from .recording import HOLDS
from .speed_up import start_thread

INTERVAL = 0.001  # seconds between two acquisitions
LATE = 200e-6  # seconds; if the GIL is free, a thread wakes up within 60 µs on an idle machine
SWITCH_INTERVAL = 0.0005  # seconds; with the default of 5 ms, the thread would wait most of the time


class Sampler:
    """The interface of sampler.Sampler."""

    def __init__(self, memory: memoryview, interval: float) -> None:
        self._words = memory.cast("q")
        self._most = (len(self._words) - 2) // 4
        self._cpu, self._ready = _clocks()
        self._stop = threading.Event()
        self._interval = max(interval, INTERVAL)
        self._switch_interval = sys.getswitchinterval()
        sys.setswitchinterval(SWITCH_INTERVAL)
        self._write(held=True)
        self._thread = start_thread(self._watch)

    def stop(self) -> None:
        """End the thread."""
        self._stop.set()
        self._thread.join()
        sys.setswitchinterval(self._switch_interval)

    def _watch(self) -> None:
        while not self._stop.is_set():
            wake = time.perf_counter() + self._interval
            time.sleep(self._interval)
            self._write(held=time.perf_counter() - wake > LATE)
        self._words[1] = time.thread_time_ns()

    def _write(self, *, held: bool) -> None:
        count = self._words[0]
        if count < self._most:
            place = 2 + 4 * count
            self._words[place : place + 4] = memoryview(_packed(self._cpu(), self._ready(), held)).cast("q")
            self._words[0] = count + 1


def _packed(cpu: int, ready: int, held: bool) -> bytes:
    words = time.perf_counter_ns(), cpu, ready, HOLDS if held else 0
    return b"".join(word.to_bytes(8, sys.byteorder, signed=True) for word in words)


def _clocks() -> tuple[Callable[[], int], Callable[[], int]]:
    """Return two functions, for any thread: they read the CPU time of this thread, and its time in a run queue."""
    if not hasattr(time, "pthread_getcpuclockid"):
        return time.perf_counter_ns, lambda: -1  # the system has no such clocks: the thread counts as running
    clock = time.pthread_getcpuclockid(threading.get_ident())
    path = f"/proc/self/task/{threading.get_native_id()}/schedstat"

    def ready() -> int:
        try:
            with open(path, "rb", buffering=0) as file:
                return int(file.read().split()[1])
        except (OSError, IndexError, ValueError):
            return -1

    if not os.path.exists(path):
        return lambda: time.clock_gettime_ns(clock), lambda: -1
    return lambda: time.clock_gettime_ns(clock), ready
