"""A counter that threads share, with and without a lock: the GIL does not make updates atomic.

An update reads, adds and writes. If a thread loses the GIL in between, it then writes an old number, and the updates of
other threads are lost. CPython 3.10 and later pass the GIL on only at calls and at backward jumps (CHECK_EVAL_BREAKER
in Python/ceval.c). `counter += 1` therefore loses no update, although the language does not guarantee this. An update
that contains a call does lose some. Without the GIL, both lose some.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock

from ...workers.worker import Call, Job
from . import Workload

PLAIN, CALL, LOCKED = "plain", "call", "locked"
UPDATES = 10_000
"""Updates per call, which take half a millisecond. A sample contains several switch intervals of 5 ms, each of which
can interrupt an update."""

counter = 0
lock = Lock()


class Counter(Workload):
    """Threads add 1 to a global variable."""

    name = "counter"
    size = f"{UPDATES:_} updates of a variable that all share"
    sides = (PLAIN, CALL, LOCKED)
    ways = ("threads",)
    limit = ""  # the result is the number of lost updates, not the speed
    updates = UPDATES

    def job(self, side: str, setting: str, way: str) -> Job:
        return Job(f"{__name__}:call", (side,))

    @contextmanager
    def around(self, side: str, setting: str) -> Iterator[None]:
        """Set the counter to 0 before each sample."""
        global counter
        counter = 0
        yield

    def lost(self, calls: int) -> int:
        """Return the number of lost updates of the last sample."""
        return calls * UPDATES - counter


def call(side: str) -> Call:
    return {PLAIN: count, CALL: count_by_call, LOCKED: count_locked}[side]


def count() -> None:
    """Add 1 UPDATES times, without synchronization."""
    global counter
    for _ in range(UPDATES):
        counter += 1


def count_by_call() -> None:
    """Do the same with a call between reading and writing."""
    global counter
    for _ in range(UPDATES):
        counter = same(counter) + 1


def same(number: int) -> int:
    """Return the number. A real program could check or log it here."""
    return number


def count_locked() -> None:
    """Do the same with a lock, which is correct."""
    global counter
    for _ in range(UPDATES):
        with lock:
            counter += 1
