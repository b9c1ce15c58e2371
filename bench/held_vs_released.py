"""Compare one thread with several: in pure Python, with the GIL held, and with the GIL released.

The threads share the calls equally. The table gives the time per number, because pure Python gets fewer numbers.
Do not quote these figures: they have no interval, and nothing checks what else runs on the machine.
"""

import os
import threading
import time
from array import array
from collections.abc import Callable
from functools import partial
from statistics import median

from nogil_kernels import pure, sum_of_squares

ROUNDS = 9
# The arguments of a call. The long ones take 30 us or more: with much shorter calls, releasing the GIL gains little.
X = array("q", range(2**40, 2**40 + 100_000))
LONG, SHORT = (X,), (range(1_000),)

# Each thread has its own arguments: cores would wait for the cache line with the reference count of a shared object.
WAYS: dict[str, tuple[int, Callable[[], Callable[[], object]]]] = {
    "pure Python": (len(SHORT[-1]), lambda: partial(pure.sum_of_squares, *(x[:] for x in SHORT))),
    "GIL held": (len(LONG[-1]), lambda: partial(sum_of_squares, *(x[:] for x in LONG), gil="hold")),
    "GIL released": (len(LONG[-1]), lambda: partial(sum_of_squares, *(x[:] for x in LONG), gil="release")),
}


def seconds(make_call: Callable[[], Callable[[], object]], calls: int, workers: int) -> float:
    """Return the seconds from the moment when all threads are ready to the end of the last thread."""
    starts: list[float] = []
    barrier = threading.Barrier(workers, action=lambda: starts.append(time.perf_counter()))

    def work() -> None:
        call = make_call()
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
    print(f"ns per number  numbers per call  1 thread  {workers} threads  speed-up")
    for name, (numbers_per_call, make_call) in WAYS.items():
        calls = 12 * max(1, int(0.05 / seconds(make_call, 12, 1)))  # 1, 2, 3 or 4 threads get equal shares of 12
        rounds = [[seconds(make_call, calls, thread_count) for thread_count in (1, workers)] for _ in range(ROUNDS)]
        ns_on_one, ns_on_all = (median(times) * 1e9 / calls / numbers_per_call for times in zip(*rounds, strict=True))
        print(f"{name:13}  {numbers_per_call:16,}  {ns_on_one:8.2f}  {ns_on_all:9.2f}  {ns_on_one / ns_on_all:7.2f}x")
