"""The same calls in pure Python, with the GIL held and with it released: one thread against several.

What this is not: a measurement to quote. It keeps the median of a few runs and gives no spread; it knows nothing of a
container's limits nor of what else runs on the machine; it shows threads only. It is here to be read, and to show at a
glance that threads run at once where the GIL is released, and nowhere else (on a free-threaded Python: everywhere).
"""

import os
import threading
import time
from array import array
from collections.abc import Callable
from functools import partial
from statistics import median

from your_kernels import pure, sum_of_squares

ROUNDS = 9
# Arguments of a call. Long ones fit a core's L2, and take 30 us or more: far longer than passing on the GIL.
X = array("d", range(250_000))
LONG, SHORT = (X,), (X[:1_000],)

# Each thread has objects of its own: even a count of references to one array is memory that cores take from each other.
WAYS: dict[str, Callable[[], Callable[[], object]]] = {
    "pure Python": lambda: partial(pure.sum_of_squares, *(x[:] for x in SHORT)),
    "GIL held": lambda: partial(sum_of_squares, *(x[:] for x in LONG), gil="hold"),
    "GIL released": lambda: partial(sum_of_squares, *(x[:] for x in LONG), gil="release"),
}


def seconds(way: Callable[[], Callable[[], object]], calls: int, workers: int) -> float:
    """From the moment when the last thread is ready to the end of the last, `calls` shared equally among them."""
    starts: list[float] = []
    barrier = threading.Barrier(workers, action=lambda: starts.append(time.perf_counter()))

    def work() -> None:
        call = way()
        barrier.wait()
        for _ in range(calls // workers):
            call()

    threads = [threading.Thread(target=work) for _ in range(workers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return time.perf_counter() - starts[0]


if __name__ == "__main__":
    workers = min(4, os.cpu_count() or 1)
    for name, way in WAYS.items():
        calls = 12 * max(1, int(0.05 / seconds(way, 12, 1)))  # 12 come in equal shares for 1, 2, 3 or 4 threads
        rounds = [[seconds(way, calls, n) / calls * 1e6 for n in (1, workers)] for _ in range(ROUNDS)]
        one, all_ = map(median, zip(*rounds, strict=True))
        print(f"{name:12}  1 thread {one:3.0f} us a call   {workers} threads {all_:3.0f}   {one / all_:.2f}x")
