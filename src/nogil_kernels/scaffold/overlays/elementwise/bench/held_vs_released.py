"""The same loop in pure Python, with the GIL held and with it released: one thread against several.

What this is not: a measurement to quote. It keeps the best of a few runs and gives no spread; it knows nothing of a
container's limits nor of what else runs on the machine; it shows threads only. It is here to be read, and to show at a
glance that threads run at once where the GIL is released, and nowhere else (on a free-threaded Python: everywhere).
"""

import os
import threading
import time
from array import array
from collections.abc import Callable

from your_kernels import axpy, pure

ROUNDS = 9
NUMBERS = array("d", range(75_000))  # 1.2 MB with y fit a core's L2; 15 us a call outweigh passing on the GIL
FEW = NUMBERS[:1_000]


class OfThisThread(threading.local):
    """What a thread writes to, and no other: or the cores would take the memory from one another."""

    def __init__(self) -> None:
        self.numbers, self.few = NUMBERS[:], FEW[:]


Y = OfThisThread()
WAYS: dict[str, Callable[[], object]] = {
    "pure Python": lambda: pure.axpy(0.5, FEW, Y.few),
    "GIL held": lambda: axpy(0.5, NUMBERS, Y.numbers, gil="hold"),
    "GIL released": lambda: axpy(0.5, NUMBERS, Y.numbers, gil="release"),
}


def seconds(call: Callable[[], object], calls: int, workers: int) -> float:
    """From the moment when the last thread is ready to the end of the last, `calls` shared equally among them."""
    starts: list[float] = []
    barrier = threading.Barrier(workers, action=lambda: starts.append(time.perf_counter()))

    def work() -> None:
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
    for name, call in WAYS.items():
        calls = 12 * max(1, int(0.05 / seconds(call, 12, 1)))  # 12 come in equal shares for 1, 2, 3 or 4 threads
        one, all_ = (min(seconds(call, calls, n) for _ in range(ROUNDS)) / calls * 1e6 for n in (1, workers))
        print(f"{name:12}  1 thread {one:3.0f} us a call   {workers} threads {all_:3.0f}   {one / all_:.2f}x")
