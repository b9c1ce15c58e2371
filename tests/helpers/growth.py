"""Make each kind of call many times and print how the memory grows: `python growth.py BACKEND SECONDS`.

It prints a line of JSON per kind: its name, the number of calls, and the growth in blocks of Python's allocator and in
bytes of the resident set. Each kind is measured twice, for a million calls or half of SECONDS, and printed once.
"""

import gc
import itertools
import json
import os
import sys
import time
from functools import partial

import kernel_calls

import nogil_kernels
from nogil_kernels import gil, pure

MAX_CALLS = 1_000_000  # per measurement
STEP = 50  # calls between two looks at the clock


def resident_bytes():
    """Return the size of the resident set, or 0 if this system has no /proc."""
    try:
        with open("/proc/self/statm") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        return 0


def repeat(call, seconds):
    """Make calls, and ignore their errors. Return their number."""
    end = time.perf_counter() + seconds
    count = 0
    while count < MAX_CALLS and time.perf_counter() < end:
        count += STEP
        for _ in itertools.repeat(None, STEP):
            try:  # noqa: SIM105 (a context manager takes longer than the call)
                call()
            except Exception:
                pass
    return count


def growth_of(call, seconds):
    """Return the number of calls, and the growth of the memory in blocks and bytes."""
    gc.collect()
    blocks, size = sys.getallocatedblocks(), resident_bytes()
    count = repeat(call, seconds)
    gc.collect()
    return {"calls": count, "blocks": sys.getallocatedblocks() - blocks, "bytes": resident_bytes() - size}


def main(backend, seconds):
    kernels = kernel_calls.kernels_of(backend)
    cases = {**kernel_calls.sums(kernels), **kernel_calls.products(kernels)}
    calls = {name: case.call for name, case in cases.items()} | {
        "build_info": nogil_kernels.build_info,
        "pure.sum_of_squares": partial(pure.sum_of_squares, [1, 2.5]),
        "pure.matmul": partial(pure.matmul, [[1, 2]], [[3], [4]]),
        "gil.hold_gil": partial(gil.hold_gil, 1e-6),
        "gil.release_gil": partial(gil.release_gil, 1e-6),
    }
    gc.collect()
    gc.freeze()  # makes the next collections short
    for name, call in calls.items():
        repeat(call, float(seconds) / 10)
        windows = [growth_of(call, float(seconds) / 2) for _ in range(2)]  # caches can grow in the first window
        print(json.dumps({"name": name, **min(windows, key=lambda window: window["blocks"])}), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
