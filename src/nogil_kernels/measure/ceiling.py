"""What the machine can do at most: one core's arithmetic and reading, and what threads gain where no GIL plays a part.

The loops are in limits.pyx, for the instruction set that the kernels use; on the pure backend there are none, and
every function here raises RuntimeError.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Sequence
from functools import partial
from itertools import product
from statistics import median
from time import perf_counter
from types import ModuleType
from typing import Any

from .. import backend

SAMPLE_SECONDS = 0.002  # of one sample: a few of ten are let alone by interrupts and neighbours
SAMPLES = 10
SHARED_SECONDS = 0.02  # of work to share: two hundred times what it takes to wake a thread
SHARED_ROUNDS = 7
OUT_OF_CACHE = 1 << 28
"""Bytes that come from memory on most machines."""

WAYS_TO_READ = tuple(product((1, 2, 4), (False, True)))
"""What `read` can be told: the number of streams, and whether to prefetch. Which is the fastest differs."""


def loops() -> ModuleType:
    """Return the compiled loops. Raise RuntimeError on the pure backend: plain Python is far below a core's limits."""
    if backend.backend == "pure":
        raise RuntimeError(f"a core's limits are measured by compiled loops, and the backend is pure: {backend.reason}")
    from . import limits

    return limits


def multiply_adds(dtype: str, count: int) -> int:
    """Multiply-adds in registers, `count` for each of them; the floating-point operations done. Releases the GIL."""
    return int(loops().multiply_adds(dtype, count))


def read(buffer: Any, streams: int, *, prefetch: bool = False, passes: int = 1) -> int:
    """Load every byte of a contiguous buffer, `passes` times; the bytes read. Releases the GIL."""
    return int(loops().read(buffer, streams, prefetch=prefetch, passes=passes))


def multiply_add_rate(dtype: str) -> float:
    """Floating-point operations per second of one core, "float64" or "float32": the best of several samples."""
    return _best(partial(multiply_adds, dtype))


def read_rate(size_bytes: int) -> float:
    """Bytes per second that one core reads of a buffer of that size, again and again: the best of all ways to read."""
    return max(rate for rate, _, _ in read_rates(size_bytes))


def read_rates(size_bytes: int) -> list[tuple[float, int, bool]]:
    """The best bytes per second of each way to read a buffer of that size: (rate, streams, prefetch), best first."""
    buffer = _memory(size_bytes)
    return sorted(((_best(_reader(buffer, *way)), *way) for way in WAYS_TO_READ), reverse=True)


def native_speed_up(
    work: str, workers: int, size_bytes: int = OUT_OF_CACHE, *, seconds: float = SHARED_SECONDS
) -> float:
    """How many times as fast so many threads are as one, where each makes one long call with the GIL released.

    It is what the machine gives to threads that never meet: each is on a core of its own while there are enough of
    them, and all that they share is the cores' clock and the memory. `work` is "arithmetic", in registers, or "memory",
    for which every worker reads a buffer of `size_bytes` of its own. One worker does all the work; then all of them
    share it. Returns the ratio of both medians over several rounds, 1 by 1, of `seconds` of work each.

    Raises ValueError for other work and for less than one worker.
    """
    if work not in ("arithmetic", "memory"):
        raise ValueError(f"work must be 'arithmetic' or 'memory', not {work!r}")
    if workers < 1:
        raise ValueError(f"workers must be 1 or more, not {workers}")
    parts: list[Part]
    if work == "arithmetic":
        parts = [partial(multiply_adds, "float64")] * workers
    else:
        _, streams, prefetch = read_rates(size_bytes)[0]
        parts = [_reader(_memory(size_bytes), streams, prefetch) for _ in range(workers)]
    share = _count(parts[0], seconds / workers)
    alone, together = [], []
    for _ in range(SHARED_ROUNDS):
        alone.append(_seconds([partial(parts[0], workers * share)]))
        together.append(_seconds([partial(part, share) for part in parts]))
    return median(alone) / median(together)


Part = Callable[[int], int]
"""Does its work so many times, in one call, and returns how much that was: operations or bytes."""


def _reader(buffer: Any, streams: int, prefetch: bool) -> Part:
    return lambda passes: read(buffer, streams, prefetch=prefetch, passes=passes)


def _memory(size_bytes: int) -> Any:
    """A buffer in the kind of memory that arrays are in: NumPy asks for large pages where an array is large."""
    import numpy

    return numpy.ones(size_bytes, numpy.uint8)


def _count(part: Part, seconds: float) -> int:
    """How many times to do it in a call that takes so long, at least once; warms up, too."""
    part(1)
    count = 1
    while (took := _seconds_here(part, count)) < seconds / 4:
        count *= 2
    return max(1, round(count * seconds / took))


def _best(part: Part) -> float:
    """How much it does in a second, at best."""
    count = _count(part, SAMPLE_SECONDS)
    done = part(count)
    return done / min(_seconds_here(part, count) for _ in range(SAMPLES))


def _seconds_here(part: Part, count: int) -> float:
    begin = perf_counter()
    part(count)
    return perf_counter() - begin


def _seconds(calls: Sequence[Callable[[], object]]) -> float:
    """From the moment when all threads are ready to the end of the last, each of them making one call."""
    spans: list[tuple[float, float]] = []
    cores = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []
    barrier = threading.Barrier(len(calls))

    def work(index: int) -> None:
        if len(calls) <= len(cores):
            os.sched_setaffinity(0, {cores[index]})  # of this thread
        barrier.wait()
        begin = perf_counter()
        calls[index]()
        spans.append((begin, perf_counter()))

    threads = [threading.Thread(target=work, args=(index,)) for index in range(len(calls))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return max(end for _, end in spans) - min(begin for begin, _ in spans)
