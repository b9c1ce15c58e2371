"""Jobs that look alike from outside: `nogil-kernels compare --quick ./examples/jobs.py:JOB ...`."""

import hashlib
import threading
import time
import zlib

BLOCK = bytes(100_000)
TEXT = b" ".join(b"%d" % number for number in range(20_000))
LOCK = threading.Lock()


def spin() -> None:
    """Hold the GIL for 20 ms. Two threads finish as soon as one, but each does half of the work."""
    end = time.perf_counter() + 0.02
    while time.perf_counter() < end:
        pass


def hash_and_loop() -> None:
    """Release the GIL for a part of the time."""
    hashlib.sha256(BLOCK)
    for _ in range(3_000):
        pass


def digest() -> None:
    """Release the GIL for 50 us."""
    hashlib.sha256(BLOCK)


def compress() -> None:
    """Release the GIL for milliseconds."""
    zlib.compress(TEXT)


def nap() -> None:
    """Wait, so that many threads wait at once."""
    time.sleep(0.01)


def locked_nap() -> None:
    """Wait under a lock, so that one thread waits at a time."""
    with LOCK:
        time.sleep(0.01)
