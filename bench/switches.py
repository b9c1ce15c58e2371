"""How long a thread runs before another thread gets the GIL, in milliseconds and in iterations of a loop.

Two threads run the same loop and read the clock in each iteration. If the clock jumps, the other thread had the GIL in
between. A slice is the time from one jump to the next.
"""

import statistics
import sys
import threading
import time

SECONDS = 0.5
INTERVALS = (0.005, 0.001, 0.0001)  # the first is the default
JUMP = 0.3  # a pause longer than this share of the switch interval counts as a jump; interrupts are shorter


def record_slices(seconds: float, jump: float, slices: list[tuple[float, int]]) -> None:
    """Run the loop for `seconds`; append the length of each slice and its number of iterations to `slices`."""
    clock = time.perf_counter
    iterations = 0
    current_time = begin = clock()
    end = current_time + seconds
    while current_time < end:
        previous_time, current_time, iterations = current_time, clock(), iterations + 1
        if current_time - previous_time > jump:
            slices.append((previous_time - begin, iterations))
            begin, iterations = current_time, 0


def main() -> None:
    """Print a line for each switch interval."""
    if not getattr(sys, "_is_gil_enabled", lambda: True)():
        print("This Python runs without a GIL: its threads run in parallel, so there are no slices to measure.")
        return
    previous_interval = sys.getswitchinterval()
    for interval in INTERVALS:
        sys.setswitchinterval(interval)
        slices: list[tuple[float, int]] = []
        threads = [threading.Thread(target=record_slices, args=(SECONDS, JUMP * interval, slices)) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        median_seconds = statistics.median(seconds for seconds, _ in slices)
        iterations = statistics.median(iterations for _, iterations in slices)
        print(
            f"switch interval {interval * 1e3:g} ms: {len(slices)} slices, median {median_seconds * 1e3:.2f} ms,"
            f" {iterations:,.0f} iterations of about 15 bytecodes"
        )
    sys.setswitchinterval(previous_interval)


if __name__ == "__main__":
    main()
