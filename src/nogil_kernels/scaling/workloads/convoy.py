"""The convoy effect: how long a short kernel takes beside a thread that runs Python, with the GIL held and released.

Who releases the GIL has to get it back, and a thread that runs Python gives it up only when it has been asked for the
switch interval long, 5 ms by default. A kernel of 20 us that releases the GIL then takes 5 ms a call.
Source: D. Beazley, "Understanding the Python GIL", PyCon 2010, and bugs.python.org/issue7946.
"""

from __future__ import annotations

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

# 1.6 MB: 15 to 20 us from a large L2, 50 from an L3. With a kernel of 10 us the convoy often does not form: the other
# thread takes longer to wake up, and finds the GIL taken back.
COUNT = 200_000
WAKING = 1.5e-4  # seconds that a call waits on top of the switch interval: for a timer, and for being woken
ALONE = "alone"
INTERVALS = {"5 ms": 5e-3, "0.5 ms": 5e-4, "0.05 ms": 5e-5}
SAMPLE = 0.05  # seconds
SHORT_CALLS = 1_500  # that is half of SAMPLE; beside the other thread, which gets every second interval, all of it


class Convoy(Kernel):
    """Calls of sum_of_squares on one thread, alone and beside a thread that runs Python all the time.

    With one usable core no convoy forms: releasing the GIL wakes the other thread up, but does not let it run, and it
    finds the GIL taken back.
    """

    name = "convoy"
    size = f"sum_of_squares of {COUNT:_} float64"
    sides = (HOLD, RELEASE)
    settings = (ALONE, *INTERVALS)
    ways = ("sequential",)
    limit = ""
    stays_on_core = False  # the kernel and the other thread are put on cores here

    def __init__(self, folder: Folder) -> None:
        super().__init__(folder)
        cores = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else [None]
        self.core, self.other_core = cores[0], cores[-1]

    def job(self, side: str, setting: str, way: str) -> Job:
        return Job(f"{__name__}:call", (COUNT, side))

    def calls_of(self, side: str, setting: str) -> int:
        """The calls of a sample: so many that it lasts some SAMPLE seconds, though each may wait for an interval."""
        if side == HOLD or setting == ALONE or not gil_enabled() or usable_cores() == 1:
            return SHORT_CALLS
        return round(SAMPLE / (INTERVALS[setting] + WAKING))

    @contextmanager
    def around(self, side: str, setting: str) -> Iterator[None]:
        """Another thread runs Python meanwhile, with that switch interval; all is as it was afterwards."""
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
    """Threads ask for the GIL after so many seconds."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(seconds)
    try:
        yield
    finally:
        sys.setswitchinterval(before)


@contextmanager
def python_thread(core: int | None) -> Iterator[None]:
    """A thread runs Python all the time, on that core."""
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
