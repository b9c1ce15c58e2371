"""How long calls go on after a signal (Ctrl-C, an alarm), in milliseconds, and what looking for signals costs.

An alarm rings at a random time while the main thread is in a call that would take minutes. Its handler raises an
exception. The latency is the time from the alarm to the exception, as median (maximum) of several alarms. "beside"
means beside another thread that runs Python code.

The kernels look for signals between units of work. The last lines show calls with the smallest units: how many looks
they take per second, and what share of the time that is.
"""

import random
import signal
import statistics
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial

import numpy as np
from numpy.lib.stride_tricks import as_strided

from nogil_kernels import matmul, sum_of_squares
from nogil_kernels.measure.limits import look_for_interrupts

ALARMS = 5
WAYS: dict[str, dict[str, object]] = {
    "hold": {"gil": "hold"},
    "release": {"gil": "release"},
    "2 threads": {"threads": 2},
}

PAGES = as_strided(np.zeros(2**27), (2**18,), (4096,))  # 1 GB, of which the system stores one page
LONG_CALLS: dict[str, Callable[..., object]] = {
    "sum: range": partial(sum_of_squares, range(10**12)),
    "sum: long rows": partial(sum_of_squares, np.broadcast_to(np.ones(10**6), (10**7, 10**6))),
    "sum: one number, repeated": partial(sum_of_squares, np.broadcast_to(1.5, (10**13,))),
    "sum: numbers a page apart": partial(sum_of_squares, np.broadcast_to(PAGES, (10**6, PAGES.size))),
    "sum: rows of 4": partial(sum_of_squares, np.broadcast_to(1.5, (10**8, 4)), axis=1),
    "matmul: 4000 x 10**6 x 4000": partial(
        matmul, np.broadcast_to(1.5, (4000, 10**6)), np.broadcast_to(1.5, (10**6, 4000))
    ),
    "matmul: 16 x 4*10**8 x 16": partial(
        matmul, np.broadcast_to(1.5, (16, 4 * 10**8)), np.broadcast_to(1.5, (4 * 10**8, 16))
    ),
    "matmul: 10**10 products": partial(matmul, np.broadcast_to(1.5, (10**10,)), np.broadcast_to(1.5, (10**10,))),
    "matmul: int64": partial(matmul, np.broadcast_to(3, (4000, 10**6)), np.broadcast_to(3, (10**6, 4000))),
    "matmul: complex long double": partial(
        matmul, np.broadcast_to(np.clongdouble(1j), (400, 10**6)), np.broadcast_to(np.clongdouble(1), (10**6, 400))
    ),
    "matmul: numbers a page apart": partial(
        matmul, np.broadcast_to(PAGES, (4000, PAGES.size)), np.broadcast_to(PAGES[:, None], (PAGES.size, 4000))
    ),
}

ROWS, PRODUCTS = np.ones((10**6, 4)), np.ones((10**5, 4, 4))
SMALL_UNITS: dict[str, tuple[float, Callable[[], object]]] = {
    "sum: rows of 4, one look per 8 rows": (len(ROWS) / 8, partial(sum_of_squares, ROWS, axis=1)),
    "matmul: 4 x 4 products, one look per product": (len(PRODUCTS), partial(matmul, PRODUCTS, PRODUCTS)),
}
"""A call with small units of work -> its number of looks, and the call."""


class Alarm(Exception):
    """The exception of the alarm's handler."""


def ring(*_: object) -> None:
    """Handle the alarm."""
    raise Alarm


def latency(call: Callable[[], object]) -> float:
    """Return the seconds from an alarm to the end of a call; nan if the call ends before the alarm."""
    delay = random.uniform(0.05, 0.1)
    alarm_time = time.perf_counter() + delay
    signal.setitimer(signal.ITIMER_REAL, delay)
    try:
        call()
        signal.setitimer(signal.ITIMER_REAL, 0)
    except Alarm:
        return time.perf_counter() - alarm_time
    return float("nan")


@contextmanager
def busy_thread() -> Iterator[None]:
    """Run Python code in another thread until the block ends."""
    is_over = False

    def work() -> None:
        while not is_over:
            sum(range(100))

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield
    finally:
        is_over = True
        thread.join()


def main() -> None:
    """Print both tables."""
    if sys.platform == "win32":
        print("Windows has no alarms.")
        return
    signal.signal(signal.SIGALRM, ring)
    print(f"{'latency in ms':30}", *(f"{way:>14} {'beside':>14}" for way in WAYS))
    for name, call in LONG_CALLS.items():
        cells = []
        for options in WAYS.values():
            alone = [latency(partial(call, **options)) for _ in range(ALARMS)]
            with busy_thread():
                beside = [latency(partial(call, **options)) for _ in range(ALARMS)]
            cells += [f"{statistics.median(times) * 1e3:.1f} ({max(times) * 1e3:.1f})" for times in (alone, beside)]
        print(f"{name:30}", *(f"{cell:>14}" for cell in cells), flush=True)
    looks = 10**7
    seconds_per_look = min(_seconds(partial(look_for_interrupts, looks)) for _ in range(9)) / looks
    print(f"\na look takes {seconds_per_look * 1e9:.2f} ns")
    for name, (call_looks, call) in SMALL_UNITS.items():
        rate = call_looks / min(_seconds(call) for _ in range(9))
        print(f"{name}: {rate / 1e6:.1f} million looks per second, {rate * seconds_per_look:.1%} of the time")


def _seconds(call: Callable[[], object]) -> float:
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


if __name__ == "__main__":
    main()
