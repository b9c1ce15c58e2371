"""Hardware limits: the arithmetic and read rates of one core, and the speed-up of native threads.

The loops are in loops.c and use the same instruction set as the kernels. The pure backend has no such loops: every
function except arithmetic_call raises RuntimeError.
"""

import threading
from collections.abc import Callable, Sequence
from functools import partial
from itertools import product
from statistics import median
from time import perf_counter
from types import ModuleType
from typing import Any

from .. import backend
from . import affinity

MULTIPLY_ADDS, HASHED_BYTES = 300_000, 1_500_000  # of arithmetic_call
SAMPLE_SECONDS = 0.002  # so short that interrupts and neighbours miss at least a few of ten samples
SAMPLES = 10
SHARED_SECONDS = 0.02  # work for all threads together: 200 times as long as waking a thread
SHARED_ROUNDS = 7
OUT_OF_CACHE = 1 << 28  # a buffer size in bytes that exceeds the caches of most machines

WAYS_TO_READ = tuple(product((1, 2, 4), (False, True)))
"""Arguments of `read`: (streams, prefetch). The fastest pair differs between caches and machines."""


def loops() -> ModuleType:
    """Return the module of compiled loops. Raise RuntimeError on the pure backend."""
    if backend.backend == "pure":
        raise RuntimeError(f"measuring a core's limits needs the compiled backend, got 'pure' ({backend.reason})")
    try:
        from . import limits
    except Exception as error:  # see backend.py
        raise backend.BrokenBuild(
            f"nogil_kernels.measure.limits cannot be imported: {error}. {backend.advice()}"
        ) from error
    return limits


def multiply_adds(dtype: str, count: int) -> int:
    """Do `count` multiply-adds per register with the GIL released. Return the number of floating-point operations."""
    return int(loops().multiply_adds(dtype, count))


def read(buffer: Any, streams: int, *, prefetch: bool = False, passes: int = 1) -> int:
    """Load every byte of a contiguous buffer `passes` times with the GIL released. Return the number of bytes read."""
    return int(loops().read(buffer, streams, prefetch=prefetch, passes=passes))


def arithmetic_call() -> Callable[[], object]:
    """Return a call of about 1 ms that needs no GIL: multiply-adds, or on the pure backend a hash."""
    if backend.backend == "pure":
        from hashlib import blake2b

        return partial(blake2b, bytes(HASHED_BYTES))
    return partial(multiply_adds, "float64", MULTIPLY_ADDS)


def multiply_add_rate(dtype: str) -> float:
    """Return the floating-point operations per second of one core: the best of several samples."""
    return _best_rate(partial(multiply_adds, dtype))


def read_rate(size_bytes: int) -> float:
    """Return the bytes per second that one core reads from a buffer of `size_bytes`: the best of WAYS_TO_READ."""
    return max(rate for rate, _, _ in read_rates(size_bytes))


def read_rates(size_bytes: int) -> list[tuple[float, int, bool]]:
    """Return (bytes per second, streams, prefetch) for each of WAYS_TO_READ, the fastest first."""
    buffer = _memory(size_bytes)
    return sorted(((_best_rate(_reader(buffer, *way)), *way) for way in WAYS_TO_READ), reverse=True)


def native_speed_up(
    work: str, workers: int, size_bytes: int = OUT_OF_CACHE, *, seconds: float = SHARED_SECONDS
) -> float:
    """Return the speed-up of `workers` native threads over one thread.

    Each thread makes one long call with the GIL released, on its own core if there are enough. The threads share
    only the clock rate of the cores and the memory, so this is the most that any threads can gain on this machine.

    work is "arithmetic" (multiply-adds in registers) or "memory" (each thread reads a separate buffer of size_bytes).
    In each round, one thread does `seconds` of work, then all threads share the same work. Return the ratio of the
    median times. Raise ValueError if work is unknown or workers is less than 1.
    """
    if work not in ("arithmetic", "memory"):
        raise ValueError(f"work must be 'arithmetic' or 'memory', got {work!r}")
    if workers < 1:
        raise ValueError(f"workers must be a positive integer, got {workers}")
    loop_per_thread: list[Loop]
    if work == "arithmetic":
        loop_per_thread = [partial(multiply_adds, "float64")] * workers
    else:
        _, streams, prefetch = read_rates(size_bytes)[0]
        loop_per_thread = [_reader(_memory(size_bytes), streams, prefetch) for _ in range(workers)]
    repeats_per_thread = _repeats_in(loop_per_thread[0], seconds / workers)
    seconds_alone, seconds_shared = [], []
    for _ in range(SHARED_ROUNDS):
        seconds_alone.append(_wall_seconds([partial(loop_per_thread[0], workers * repeats_per_thread)]))
        seconds_shared.append(_wall_seconds([partial(loop, repeats_per_thread) for loop in loop_per_thread]))
    return median(seconds_alone) / median(seconds_shared)


Loop = Callable[[int], int]  # loop(repeats) returns the amount of work done, in operations or bytes


def _reader(buffer: Any, streams: int, prefetch: bool) -> Loop:
    return lambda passes: read(buffer, streams, prefetch=prefetch, passes=passes)


def _memory(size_bytes: int) -> Any:
    """Return a NumPy array: like the arrays that the kernels read, it has large pages if it is large."""
    import numpy

    return numpy.ones(size_bytes, numpy.uint8)


def _repeats_in(loop: Loop, seconds: float) -> int:
    """Return how many repeats take `seconds`, at least 1. The trial repeats also warm up the core."""
    loop(1)
    repeats = 1
    while (elapsed := _loop_seconds(loop, repeats)) < seconds / 4:
        repeats *= 2
    return max(1, round(repeats * seconds / elapsed))


def _best_rate(loop: Loop) -> float:
    """Return the work per second of the fastest sample."""
    repeats = _repeats_in(loop, SAMPLE_SECONDS)
    work = loop(repeats)
    return work / min(_loop_seconds(loop, repeats) for _ in range(SAMPLES))


def _loop_seconds(loop: Loop, repeats: int) -> float:
    begin = perf_counter()
    loop(repeats)
    return perf_counter() - begin


def _wall_seconds(calls: Sequence[Callable[[], object]]) -> float:
    """Make each call on a separate thread. Return the seconds from the first start to the last end."""
    spans: list[tuple[float, float]] = []
    cores = sorted(affinity.cores() or ())
    barrier = threading.Barrier(len(calls))

    def work(index: int) -> None:
        if len(calls) <= len(cores):
            affinity.pin([cores[index]])  # of this thread only
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
