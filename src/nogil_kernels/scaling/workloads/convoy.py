"""The convoy effect: the time of a short kernel beside a thread that runs Python, with the GIL held and released.

A kernel that releases the GIL must take it back. A thread that runs Python passes the GIL on only after the switch
interval, 5 ms by default. A kernel of 20 us that releases the GIL then takes 5 ms per call.
Source: D. Beazley, "Understanding the Python GIL", PyCon 2010, and bugs.python.org/issue7946.
"""

import os
import sys
from array import array
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from threading import Event, Thread

from ... import sum_of_squares
from ...measure.machine import gil_enabled, usable_cores
from ...workers.shared import Folder
from ...workers.worker import Call, Job, on_core
from . import HOLD, RELEASE
from .kernels import Kernel

# 1.6 MB take 15 to 20 us from a large L2 and 50 us from an L3. With a kernel of 10 us the convoy often does not form:
# the other thread takes longer to wake up, and the kernel has taken the GIL back by then.
COUNT = 200_000
WAKING = 1.5e-4  # seconds that a call waits in addition to the switch interval, for the timer and for waking up
ALONE = "alone"
INTERVALS = {"5 ms": 5e-3, "0.5 ms": 5e-4, "0.05 ms": 5e-5}
SAMPLE = 0.05  # seconds
SHORT_CALLS = 1_500  # take half of SAMPLE without another thread, and all of it if one runs half of the time


class Convoy(Kernel):
    """Calls of sum_of_squares on one thread, alone and beside a thread that always runs Python.

    No convoy forms on one usable core: the other thread wakes up but cannot run before the kernel takes the GIL back.
    """

    name = "convoy"
    size = f"sum_of_squares of {COUNT:_} float64"
    sides = (HOLD, RELEASE)
    settings = (ALONE, *INTERVALS)
    ways = ("sequential",)
    limit = ""
    stays_on_core = False  # `around` pins both threads

    def __init__(self, folder: Folder) -> None:
        super().__init__(folder)
        cores = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else [None]
        self.core, self.other_core = cores[0], cores[-1]

    def job(self, side: str, setting: str, way: str) -> Job:
        return Job(f"{__name__}:call", (COUNT, side))

    def calls_of(self, side: str, setting: str) -> int:
        """Return the calls for a sample of about SAMPLE seconds, if each call may wait for one switch interval."""
        if side == HOLD or setting == ALONE or not gil_enabled() or usable_cores() == 1:
            return SHORT_CALLS
        return round(SAMPLE / (INTERVALS[setting] + WAKING))

    @contextmanager
    def around(self, side: str, setting: str) -> Iterator[None]:
        """Run Python on another thread with this switch interval. Restore everything at the end."""
        with ExitStack() as stack:
            stack.enter_context(on_core(self.core))
            if setting != ALONE:
                stack.enter_context(python_thread(self.other_core))
                stack.enter_context(switch_interval(INTERVALS[setting]))
            yield


def call(count: int, gil: str) -> Call:
    return partial(sum_of_squares, array("d", [1.5]) * count, gil=gil)


@contextmanager
def switch_interval(seconds: float) -> Iterator[None]:
    """Set the switch interval during the block."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(seconds)
    try:
        yield
    finally:
        sys.setswitchinterval(before)


@contextmanager
def python_thread(core: int | None) -> Iterator[None]:
    """Run Python on another thread, pinned to this core, during the block."""
    running, stopped = Event(), Event()

    def run() -> None:
        with on_core(core):
            running.set()
            while not stopped.is_set():
                pass

    thread = Thread(target=run, name="nogil-kernels-convoy", daemon=True)
    thread.start()
    try:
        running.wait()
        yield
    finally:
        stopped.set()
        thread.join()
