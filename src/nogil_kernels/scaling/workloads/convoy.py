"""The convoy effect: the time of single calls beside a thread that runs Python, with the GIL held and released.

A kernel that releases the GIL must take it back. A thread that runs Python passes the GIL on only after the switch
interval, 5 ms by default. A kernel of 20 us that releases the GIL then takes 5 ms per call.
Source: D. Beazley, "Understanding the Python GIL", PyCon 2010, and bugs.python.org/issue7946.
"""

import inspect
import sys
from array import array
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from threading import Event, Thread
from time import perf_counter

from ... import sum_of_squares
from ...measure import affinity
from ...workers.errors import Unknown
from ...workers.worker import Call, Job, resolve
from . import HOLD, INTERVALS, RELEASE, Workload
from .kernels import Kernel
from .users import UserFunction

# 1.6 MB take 15 to 20 us from a large L2 and 50 us from an L3. With a kernel of 10 us the convoy often does not form:
# the other thread takes longer to wake up, and the kernel has taken the GIL back by then.
COUNT = 200_000
ALONE = "alone"

durations: list[float] = []
"""The seconds of each call since `latencies` was called."""


class BesidePython(Workload):
    """Calls on one thread, alone and beside a thread that always runs Python. Each call is timed.

    No convoy forms on one usable core: the other thread wakes up but cannot run before the call takes the GIL back.
    """

    settings = (ALONE, *INTERVALS)
    ways = ("sequential",)
    limit = ""
    times_calls = True
    stays_on_core = False  # `around` pins both threads

    @contextmanager
    def around(self, side: str, setting: str) -> Iterator[None]:
        """Run Python on another thread with this switch interval. Restore everything at the end."""
        cores = sorted(affinity.cores() or ())
        with ExitStack() as stack:
            stack.enter_context(affinity.pinned(cores[:1] or None))
            if setting != ALONE:
                stack.enter_context(python_thread(cores[-1:] or None))
                stack.enter_context(switch_interval(INTERVALS[setting]))
            yield

    def latencies(self) -> list[float]:
        """Return the seconds of each call since the last call of this method."""
        values = durations[:]
        durations.clear()
        return values


class Convoy(BesidePython, Kernel):
    """Calls of sum_of_squares."""

    name = "convoy"
    size = f"sum_of_squares of {COUNT:_} float64"
    sides = (HOLD, RELEASE)

    def job(self, side: str, setting: str, way: str) -> Job:
        return Job(f"{__name__}:kernel_call", (COUNT, side))


class FunctionBesidePython(BesidePython, UserFunction):
    """Calls of a function of the user: with the GIL held and released if it has a parameter `gil`."""

    def __init__(self, name: str, files: Mapping[str, str]) -> None:
        UserFunction.__init__(self, name, files)
        if self.is_async:
            raise Unknown(f"{name} is async: beside Python, the function must not be async")
        self.ways = ("sequential",)
        try:
            has_both = "gil" in inspect.signature(self.function).parameters
        except ValueError:  # a builtin without a signature
            has_both = False
        self.sides = (HOLD, RELEASE) if has_both else ("",)

    def job(self, side: str, setting: str, way: str) -> Job:
        job = super().job(side, setting, way)
        return Job(f"{__name__}:function_call", (job.make, job.arguments, side))


def timed(call: Call) -> Call:
    """Return a call that also appends its duration to `durations`."""

    def timed_call() -> None:
        begin = perf_counter()
        call()
        durations.append(perf_counter() - begin)

    return timed_call


def kernel_call(count: int, gil: str) -> Call:
    return timed(partial(sum_of_squares, array("d", [1.5]) * count, gil=gil))


def function_call(make: str, arguments: tuple[str], gil: str) -> Call:
    function = resolve(make)(*arguments)
    return timed(partial(function, gil=gil) if gil else function)


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
def python_thread(cores: Sequence[int] | None) -> Iterator[None]:
    """Run Python on another thread, pinned to these cores, during the block."""
    running, stopped = Event(), Event()

    def run() -> None:
        with affinity.pinned(cores):
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
