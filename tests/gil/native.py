"""The native sampler: whether it works here, and how many threads run."""

import os
import sys
import threading
import time

import pytest

from nogil_kernels.gil import probing
from nogil_kernels.measure import machine

needs_native = pytest.mark.skipif(not probing.native_works(), reason="this build has no native sampler")
needs_a_gil = pytest.mark.skipif(not machine.gil_enabled(), reason="without a GIL nothing holds it")


def count_threads():
    """Return the number of threads, on Linux with native ones."""
    return len(os.listdir("/proc/self/task")) if sys.platform == "linux" else threading.active_count()


def soon_has_threads(count):
    """Return whether at most that number of threads is left. A joined thread may still exist for a moment."""
    end = time.perf_counter() + 5
    while count_threads() > count and time.perf_counter() < end:
        time.sleep(0.001)
    return count_threads() <= count
