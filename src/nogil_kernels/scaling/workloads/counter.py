"""The counter that threads share, with and without a lock: what the GIL does not protect.

An update is three steps: read, add, write. Whoever loses the GIL in between writes an old number later, and all that
others counted meanwhile is gone. CPython 3.10 and later hand the GIL over only at calls and where a loop jumps back
(CHECK_EVAL_BREAKER in Python/ceval.c), so that no `counter += 1` is torn apart, though no rule of the language says so.
With a call within the update some are; without the GIL, some of either kind.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock

from ...workers.worker import Call, Job
from . import Workload

PLAIN, CALL, LOCKED = "plain", "call", "locked"
UPDATES = 10_000
"""In a call. Half a millisecond, so that equal shares of a sample are possible; the 5 ms after which a thread asks for
the GIL, and with them an update that is torn apart, fall inside a sample several times, however it is cut."""

counter = 0
lock = Lock()


class Counter(Workload):
    """Threads that add 1 to a global variable."""

    name = "counter"
    size = f"{UPDATES:_} updates of a variable that all share"
    sides = (PLAIN, CALL, LOCKED)
    ways = ("threads",)
    limit = ""  # how many are lost is what counts, not how fast
    updates = UPDATES

    def job(self, side: str, setting: str, way: str) -> Job:
        return Job(f"{__name__}:call", (side,))

    @contextmanager
    def around(self, side: str, setting: str) -> Iterator[None]:
        """Count from 0 in each sample."""
        global counter
        counter = 0
        yield

    def tally(self, calls: int) -> int:
        """How many updates of the last sample were lost."""
        return calls * UPDATES - counter


def call(side: str) -> Call:
    return {PLAIN: count, CALL: count_by_call, LOCKED: count_locked}[side]


def count() -> None:
    """Add 1, so many times, with nothing that takes care of other threads."""
    global counter
    for _ in range(UPDATES):
        counter += 1


def count_by_call() -> None:
    """The same with a call between reading and writing."""
    global counter
    for _ in range(UPDATES):
        counter = same(counter) + 1


def same(number: int) -> int:
    """That number: what is called could as well check or log it."""
    return number


def count_locked() -> None:
    """The same in the right way."""
    global counter
    for _ in range(UPDATES):
        with lock:
            counter += 1
