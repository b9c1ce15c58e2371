"""How long a thread runs before the GIL goes to another one: in milliseconds, and in turns of a loop.

Two threads run the same loop and look at the clock in every turn. A jump of the clock is a time when the other one had
the GIL; from one jump to the next is a slice.
"""

import statistics
import sys
import threading
import time

SECONDS = 0.5
INTERVALS = (0.005, 0.001, 0.0001)  # the first is the default
JUMP = 0.3  # of an interval: a pause that long was no interrupt


def slices(seconds: float, jump: float, found: list[tuple[float, int]]) -> None:
    """Run for so long; into `found` goes each slice's length and its turns of the loop."""
    clock = time.perf_counter
    turns = 0
    now = begin = clock()
    end = now + seconds
    while now < end:
        last, now, turns = now, clock(), turns + 1
        if now - last > jump:
            found.append((last - begin, turns))
            begin, turns = now, 0


def main() -> None:
    """Print a line for each switch interval."""
    if not getattr(sys, "_is_gil_enabled", lambda: True)():
        print("There is no GIL here: threads run side by side, and wait for nothing.")
        return
    before = sys.getswitchinterval()
    for interval in INTERVALS:
        sys.setswitchinterval(interval)
        found: list[tuple[float, int]] = []
        threads = [threading.Thread(target=slices, args=(SECONDS, JUMP * interval, found)) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        length = statistics.median(seconds for seconds, _ in found)
        turns = statistics.median(turns for _, turns in found)
        print(
            f"switch interval {interval * 1e3:g} ms: {len(found)} slices, median {length * 1e3:.2f} ms,"
            f" {turns:,.0f} turns of a loop of some 15 bytecodes"
        )
    sys.setswitchinterval(before)


if __name__ == "__main__":
    main()
