"""How long a native call that stays attached delays gc.collect() of another thread, on a free-threaded build.

A collection stops the world: it waits until each other thread is detached, or runs Python code and answers. A native
call that holds the GIL on other builds stays attached on this one, and answers only when it returns. The kernels of
this package look for the request while they run, and then go on detached.
"""

import gc
import statistics
import sys
import threading
import time
from collections.abc import Callable

from nogil_kernels import sum_of_squares
from nogil_kernels.gil import hold_gil, release_gil

SECONDS = (0.0001, 0.001, 0.01, 0.1)  # of a call
COLLECTIONS = 15
PAUSE = 0.003  # seconds between two collections
NUMBERS = range(2 * 10**8)  # a sum of squares takes about 0.1 s


def collect_beside(call: Callable[[float], object], seconds: float) -> list[float]:
    """Return the seconds of each collection while another thread repeats a call."""
    is_over = threading.Event()

    def repeat() -> None:
        while not is_over.is_set():
            call(seconds)

    thread = threading.Thread(target=repeat)
    thread.start()
    times = []
    for _ in range(COLLECTIONS):
        time.sleep(PAUSE)
        begin = time.perf_counter()
        gc.collect()
        times.append(time.perf_counter() - begin)
    is_over.set()
    thread.join()
    return times


def main() -> None:
    """Print a line for each length of a call."""
    if getattr(sys, "_is_gil_enabled", lambda: True)():
        print("This Python runs with a GIL: a collection holds it, and stops no other thread.")
        return
    print("gc.collect() in ms, median (maximum), beside calls of another thread that last")
    for seconds in SECONDS:
        attached, detached = (collect_beside(call, seconds) for call in (hold_gil, release_gil))
        cells = [f"{statistics.median(times) * 1e3:6.1f} ({max(times) * 1e3:.1f})" for times in (attached, detached)]
        print(f"{seconds * 1e3:6g} ms: attached {cells[0]}, detached {cells[1]}")
    times = collect_beside(lambda _: sum_of_squares(NUMBERS, gil="hold"), 0)
    print(f"sum_of_squares(..., gil='hold'): {statistics.median(times) * 1e3:.1f} ({max(times) * 1e3:.1f})")


if __name__ == "__main__":
    main()
